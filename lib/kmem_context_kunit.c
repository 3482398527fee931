// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contexts in which memory is allocated and freed.
 *
 * With GFP_ATOMIC or GFP_NOWAIT, memory can be had in interrupts, with
 * interrupts, softirqs or preemption disabled, and under locks, and it can be
 * freed there, wherever it is from.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_context'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include "kmem_count.h"
#include "kmem_kunit.h"

#define OBJECT_SIZE	128

/*
 * Contexts
 */

/**
 * struct errand - what is to be done in some context
 * @run: does it
 * @work: brings it into a hard interrupt
 * @tasklet: brings it into a softirq
 * @irqs_were_off: interrupts were disabled before
 * @irqs_are_off: interrupts were disabled afterwards
 * @in_context: it was the right one
 */
struct errand {
	void (*run)(struct errand *errand);
	struct irq_work work;
	struct tasklet_struct tasklet;
	bool irqs_were_off, irqs_are_off, in_context;
};

static void run_errand(struct errand *errand)
{
	errand->irqs_were_off = irqs_disabled();
	errand->run(errand);
	errand->irqs_are_off = irqs_disabled();
}

static void in_a_task(struct errand *errand)
{
	run_errand(errand);
	errand->in_context = !errand->irqs_were_off;
}

static void with_preemption_off(struct errand *errand)
{
	preempt_disable();
	run_errand(errand);
	preempt_enable();
	errand->in_context = !errand->irqs_were_off;
}

static void under_spinlock(struct errand *errand)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	run_errand(errand);
	spin_unlock(&lock);
	errand->in_context = !errand->irqs_were_off;
}

static void under_irq_spinlock(struct errand *errand)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock_irq(&lock);
	run_errand(errand);
	spin_unlock_irq(&lock);
	errand->in_context = errand->irqs_were_off;
}

static void with_softirqs_off(struct errand *errand)
{
	local_bh_disable();
	run_errand(errand);
	local_bh_enable();
	errand->in_context = !errand->irqs_were_off;
}

static void with_irqs_off(struct errand *errand)
{
	unsigned long flags;

	local_irq_save(flags);
	run_errand(errand);
	local_irq_restore(flags);
	errand->in_context = errand->irqs_were_off;
}

static void tasklet_errand(struct tasklet_struct *tasklet)
{
	struct errand *errand = container_of(tasklet, struct errand, tasklet);

	run_errand(errand);
	errand->in_context = in_serving_softirq() && !errand->irqs_were_off;
}

static void in_softirq_context(struct errand *errand)
{
	tasklet_setup(&errand->tasklet, tasklet_errand);
	/* it runs when softirqs are enabled again */
	local_bh_disable();
	tasklet_schedule(&errand->tasklet);
	local_bh_enable();
	tasklet_kill(&errand->tasklet);
}

static void irq_errand(struct irq_work *work)
{
	struct errand *errand = container_of(work, struct errand, work);

	run_errand(errand);
	errand->in_context = in_hardirq() && errand->irqs_were_off;
}

static void in_hard_interrupt(struct errand *errand)
{
	errand->work = IRQ_WORK_INIT_HARD(irq_errand);
	irq_work_queue(&errand->work);
	irq_work_sync(&errand->work);
}

static const struct context {
	const char *name;
	void (*enter)(struct errand *errand);
	/* interrupts are enabled, as bulk calls need them */
	bool bulk;
} contexts[] = {
	{ "task", in_a_task, true },
	{ "preemption_off", with_preemption_off, true },
	{ "spinlock", under_spinlock, true },
	{ "irq_spinlock", under_irq_spinlock, false },
	{ "softirqs_off", with_softirqs_off, true },
	{ "irqs_off", with_irqs_off, false },
	{ "softirq", in_softirq_context, true },
	{ "hardirq", in_hard_interrupt, false },
};

KUNIT_ARRAY_PARAM_DESC(context, contexts, name);

/* Do something in a case's context, which must be left as it was found. */
static void enter(struct kunit *test, struct errand *errand, void (*run)(struct errand *errand))
{
	const struct context *context = test->param_value;

	errand->run = run;
	context->enter(errand);
	KUNIT_ASSERT_TRUE(test, errand->in_context);
	KUNIT_ASSERT_EQ(test, errand->irqs_are_off, errand->irqs_were_off);
	KUNIT_ASSERT_FALSE(test, irqs_disabled());
}

static void require_atomic_allocations(struct kunit *test)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "needs CONFIG_PREEMPT_RT=n, where these contexts may allocate");
}

/*
 * Hauls: memory of all kinds
 */

enum { PLAIN, DIRECT, TRACKED, CACHES };
enum { PIECES = 15, ROUNDS = 20 };

struct piece {
	void *memory;
	size_t size;
	bool zero;
};

struct haul {
	struct errand errand;
	gfp_t gfp;
	struct kmem_cache *caches[CACHES];
	struct piece pieces[ROUNDS][PIECES];
};

static struct haul *new_haul(struct kunit *test)
{
	struct haul *haul = kunit_kzalloc(test, sizeof(*haul), GFP_KERNEL);

	require_atomic_allocations(test);
	KUNIT_ASSERT_NOT_NULL(test, haul);
	haul->gfp = GFP_ATOMIC;
	haul->caches[PLAIN] = kmem_private_cache(test, "kmem_plain", OBJECT_SIZE, 0, NULL);
	haul->caches[DIRECT] = kmem_private_cache(test, "kmem_direct", OBJECT_SIZE,
						  SLAB_NOLEAKTRACE, NULL);
	haul->caches[TRACKED] = kmem_private_cache(test, "kmem_tracked", OBJECT_SIZE,
						   IS_ENABLED(CONFIG_SLUB_DEBUG) ?
						   SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE |
						   SLAB_POISON | SLAB_STORE_USER : 0, NULL);
	return haul;
}

static const char text[] = "a text to be copied";

static void take_pieces(struct haul *haul, struct piece *pieces)
{
	const gfp_t gfp = haul->gfp;
	unsigned int i;

	pieces[0] = (struct piece){ kmalloc(8, gfp), 8 };
	pieces[1] = (struct piece){ kmalloc(192, gfp), 192 };
	pieces[2] = (struct piece){ kmalloc(1000, gfp), 1000 };
	pieces[3] = (struct piece){ kmalloc(8192, gfp), 8192 };
	pieces[4] = (struct piece){ kmalloc(3 * PAGE_SIZE, gfp), 3 * PAGE_SIZE };
	pieces[5] = (struct piece){ kzalloc(64, gfp), 64, true };
	pieces[6] = (struct piece){ kcalloc(5, 100, gfp), 500, true };
	pieces[7] = (struct piece){ kstrdup(text, gfp), sizeof(text) };
	pieces[8] = (struct piece){ kmemdup(text, sizeof(text), gfp), sizeof(text) };
	pieces[9] = (struct piece){ krealloc(kmalloc(16, gfp), 300, gfp), 300 };
	pieces[10] = (struct piece){ kmalloc_node(512, gfp, NUMA_NO_NODE), 512 };
	for (i = 0; i < CACHES; i++)
		pieces[11 + i] = (struct piece){ kmem_cache_alloc(haul->caches[i], gfp),
						 OBJECT_SIZE };
	pieces[14] = (struct piece){ kmem_cache_zalloc(haul->caches[PLAIN], gfp), OBJECT_SIZE,
				     true };
}

static void take_haul(struct errand *errand)
{
	struct haul *haul = container_of(errand, struct haul, errand);
	unsigned int round;

	for (round = 0; round < ROUNDS; round++)
		take_pieces(haul, haul->pieces[round]);
}

static void give_pieces(struct haul *haul, struct piece *pieces)
{
	unsigned int i;

	/* some by their cache, some by kfree() */
	kmem_cache_free(haul->caches[PLAIN], pieces[11].memory);
	kmem_cache_free(haul->caches[DIRECT], pieces[12].memory);
	kmem_cache_free(haul->caches[TRACKED], pieces[13].memory);
	kfree_sensitive(pieces[2].memory);
	for (i = 0; i < PIECES; i++)
		if (i != 2 && (i < 11 || i > 13))
			kfree(pieces[i].memory);
}

static void give_haul(struct errand *errand)
{
	struct haul *haul = container_of(errand, struct haul, errand);
	unsigned int round;

	for (round = 0; round < ROUNDS; round++)
		give_pieces(haul, haul->pieces[round]);
}

/* Expect that all is there, is zero where it must be, and does not overlap. */
static void expect_haul(struct kunit *test, struct haul *haul)
{
	struct piece *pieces = haul->pieces[0];
	unsigned int i, wrong = 0;

	for (i = 0; i < ROUNDS * PIECES; i++) {
		KUNIT_ASSERT_FALSE_MSG(test, ZERO_OR_NULL_PTR(pieces[i].memory),
				       "piece %u, round %u", i % PIECES, i / PIECES);
		if (pieces[i].zero)
			KUNIT_EXPECT_NULL_MSG(test, memchr_inv(pieces[i].memory, 0, pieces[i].size),
					      "piece %u, round %u", i % PIECES, i / PIECES);
	}
	for (i = 0; i < ROUNDS * PIECES; i++)
		memset(pieces[i].memory, i, pieces[i].size);
	for (i = 0; i < ROUNDS * PIECES; i++)
		wrong += !!memchr_inv(pieces[i].memory, i, pieces[i].size);
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

static void expect_haul_live(struct kunit *test, struct haul *haul, unsigned int rounds,
			     const char *when)
{
	if (!IS_ENABLED(CONFIG_SLUB_DEBUG) || IS_ENABLED(CONFIG_SLUB_TINY))
		return;
	kmem_expect_live(test, haul->caches[PLAIN], 2 * rounds, when);
	kmem_expect_live(test, haul->caches[DIRECT], rounds, when);
	kmem_expect_live(test, haul->caches[TRACKED], rounds, when);
}

/*
 * With GFP_ATOMIC and with GFP_NOWAIT, memory of all kinds can be had in any
 * context, and interrupts are left as they were. Source: the kernel-doc of
 * GFP_ATOMIC and GFP_NOWAIT in include/linux/gfp_types.h;
 * Documentation/core-api/memory-allocation.rst, "from an atomic context".
 */
static void memory_is_had_in_any_context(struct kunit *test)
{
	static const gfp_t gfps[] = { GFP_ATOMIC, GFP_NOWAIT | __GFP_NOWARN };
	struct haul *haul = new_haul(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(gfps); i++) {
		haul->gfp = gfps[i];
		enter(test, &haul->errand, take_haul);
		expect_haul(test, haul);
		expect_haul_live(test, haul, ROUNDS, "taken in the context");
		give_haul(&haul->errand);
		expect_haul_live(test, haul, 0, "freed in a task");
	}
}

/*
 * Memory that a task has allocated can be freed in any context, and is free
 * then. Source: kfree() and kmem_cache_free(), which never sleep.
 */
static void memory_is_freed_in_any_context(struct kunit *test)
{
	struct haul *haul = new_haul(test);

	haul->gfp = GFP_KERNEL;
	take_haul(&haul->errand);
	expect_haul(test, haul);
	enter(test, &haul->errand, give_haul);
	expect_haul_live(test, haul, 0, "freed in the context");
}

#define TURNS	40

static void take_and_give(struct errand *errand)
{
	unsigned int i;

	for (i = 0; i < TURNS; i++) {
		take_haul(errand);
		give_haul(errand);
	}
}

/*
 * Memory can come and go in any context as often as one likes. Source: as
 * before.
 */
static void memory_comes_and_goes_in_any_context(struct kunit *test)
{
	struct haul *haul = new_haul(test);

	enter(test, &haul->errand, take_and_give);
	expect_haul_live(test, haul, 0, "all were freed");
	enter(test, &haul->errand, take_haul);
	expect_haul(test, haul);
	give_haul(&haul->errand);
}

enum { CROWD = 300 };

struct crowd {
	struct errand errand;
	struct kmem_cache *cache;
	bool taken;
	void *objects[CROWD];
};

static struct crowd *new_crowd(struct kunit *test, unsigned int cache)
{
	struct crowd *crowd = kunit_kzalloc(test, sizeof(*crowd), GFP_KERNEL);
	static const struct kmem_kind kinds[] = { KMEM_KIND_PLAIN, KMEM_KIND_DIRECT,
						  KMEM_KIND_TRACKED };

	require_atomic_allocations(test);
	KUNIT_ASSERT_NOT_NULL(test, crowd);
	crowd->cache = kmem_private_cache(test, "kmem_crowd", OBJECT_SIZE,
					  IS_ENABLED(CONFIG_SLUB_DEBUG) || !kinds[cache].debug ?
					  kinds[cache].flags : 0, NULL);
	return crowd;
}

static void take_crowd(struct errand *errand)
{
	struct crowd *crowd = container_of(errand, struct crowd, errand);
	unsigned int i;

	crowd->taken = true;
	for (i = 0; i < CROWD; i++) {
		crowd->objects[i] = kmem_cache_alloc(crowd->cache, GFP_ATOMIC);
		crowd->taken = crowd->taken && crowd->objects[i];
	}
}

static void give_crowd(struct errand *errand)
{
	struct crowd *crowd = container_of(errand, struct crowd, errand);
	unsigned int i;

	for (i = 0; i < CROWD; i++)
		kmem_cache_free(crowd->cache, crowd->objects[i]);
}

/*
 * More objects than slabs or sheaves of a CPU hold can be taken in any context
 * and freed in any other one, and none is lost on the way. Source: as before;
 * ___slab_alloc(), __pcs_replace_empty_main(), __pcs_replace_full_main().
 */
static void many_objects_change_contexts(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < CACHES; i++) {
		struct crowd *crowd = new_crowd(test, i);

		/* taken here, freed there */
		take_crowd(&crowd->errand);
		KUNIT_ASSERT_TRUE(test, crowd->taken);
		kmem_write_marks(crowd->objects, CROWD, OBJECT_SIZE, i);
		KUNIT_EXPECT_EQ(test, kmem_count_wrong_marks(crowd->objects, CROWD, OBJECT_SIZE, i),
				0);
		enter(test, &crowd->errand, give_crowd);
		kmem_expect_live(test, crowd->cache, 0, "freed in the context");

		/* taken there, freed here */
		enter(test, &crowd->errand, take_crowd);
		KUNIT_ASSERT_TRUE(test, crowd->taken);
		kmem_write_marks(crowd->objects, CROWD, OBJECT_SIZE, i);
		KUNIT_EXPECT_EQ(test, kmem_count_wrong_marks(crowd->objects, CROWD, OBJECT_SIZE, i),
				0);
		kmem_expect_live(test, crowd->cache, CROWD, "taken in the context");
		give_crowd(&crowd->errand);
		kmem_expect_live(test, crowd->cache, 0, "freed in a task");
		kmem_private_cache_destroy(test, crowd->cache);
	}
}

static void take_crowd_in_bulk(struct errand *errand)
{
	struct crowd *crowd = container_of(errand, struct crowd, errand);

	crowd->taken = kmem_alloc_bulk(crowd->cache, GFP_ATOMIC, CROWD, crowd->objects);
}

static void give_crowd_in_bulk(struct errand *errand)
{
	struct crowd *crowd = container_of(errand, struct crowd, errand);

	kmem_cache_free_bulk(crowd->cache, CROWD, crowd->objects);
}

/*
 * Bulk calls are good for any context that has interrupts enabled. Source:
 * kmem_cache_alloc_bulk(), "interrupts must be enabled when calling this
 * function".
 */
static void bulk_calls_need_interrupts_only(struct kunit *test)
{
	const struct context *context = test->param_value;
	unsigned int i;

	if (!context->bulk)
		kunit_skip(test, "needs a context with interrupts enabled");
	for (i = 0; i < CACHES; i++) {
		struct crowd *crowd = new_crowd(test, i);

		enter(test, &crowd->errand, take_crowd_in_bulk);
		KUNIT_ASSERT_TRUE(test, crowd->taken);
		kmem_write_marks(crowd->objects, CROWD, OBJECT_SIZE, i);
		KUNIT_EXPECT_EQ(test, kmem_count_wrong_marks(crowd->objects, CROWD, OBJECT_SIZE, i),
				0);
		enter(test, &crowd->errand, give_crowd_in_bulk);
		kmem_expect_live(test, crowd->cache, 0, "freed");
		kmem_private_cache_destroy(test, crowd->cache);
	}
}

struct readable {
	u8 before[32];
	struct rcu_head rcu;
};

static void give_crowd_after_readers(struct errand *errand)
{
	struct crowd *crowd = container_of(errand, struct crowd, errand);
	unsigned int i;

	for (i = 0; i < CROWD; i++) {
		struct readable *object = crowd->objects[i];

		kfree_rcu(object, rcu);
	}
}

/*
 * kfree_rcu() with a head never sleeps, and may be called in any context, too.
 * Source: the kernel-doc of kfree_rcu_mightsleep(), "Otherwise, please switch
 * and embed the rcu_head structure".
 */
static void kfree_rcu_is_good_for_any_context(struct kunit *test)
{
	unsigned int i;

	kmem_require_kfree_rcu_barrier(test);
	for (i = 0; i < CACHES; i++) {
		struct crowd *crowd = new_crowd(test, i);

		take_crowd(&crowd->errand);
		KUNIT_ASSERT_TRUE(test, crowd->taken);
		enter(test, &crowd->errand, give_crowd_after_readers);
		kmem_kfree_rcu_barrier(test);
		kmem_expect_live(test, crowd->cache, 0, "freed");
		kmem_private_cache_destroy(test, crowd->cache);
	}
}

/**
 * struct attempt - to allocate in some context what is to fail in a task
 * @errand: brings it there
 * @in_a_task: it was one, whatever was disabled
 * @memory: what it got
 */
struct attempt {
	struct errand errand;
	bool in_a_task;
	void *memory;
};

static void attempt_to_allocate(struct errand *errand)
{
	struct attempt *attempt = container_of(errand, struct attempt, errand);

	attempt->in_a_task = in_task();
	attempt->memory = kmalloc(OBJECT_SIZE, GFP_ATOMIC | __GFP_NOWARN);
}

/*
 * The allocation of a task that is to fail is none that an interrupt makes meanwhile,
 * which is neither failed nor counted. Source: should_fail_ex(), in_task();
 * /proc/<pid>/fail-nth in Documentation/fault-injection/fault-injection.rst, "N-th
 * call in the task".
 */
static void failure_of_a_task_is_not_for_interrupts(struct kunit *test)
{
	struct attempt *attempt = kunit_kzalloc(test, sizeof(*attempt), GFP_KERNEL);
	unsigned int left;

	require_atomic_allocations(test);
	KUNIT_ASSERT_NOT_NULL(test, attempt);
	kmem_fail_begin(test, 1);
	enter(test, &attempt->errand, attempt_to_allocate);
	left = kmem_fail_cancel();
	KUNIT_EXPECT_EQ(test, left, !attempt->in_a_task);
	KUNIT_EXPECT_EQ(test, !attempt->memory, attempt->in_a_task);
	kfree(attempt->memory);
}

static struct kunit_case kmem_context_cases[] = {
	KUNIT_CASE_PARAM(memory_is_had_in_any_context, context_gen_params),
	KUNIT_CASE_PARAM(memory_is_freed_in_any_context, context_gen_params),
	KUNIT_CASE_PARAM(memory_comes_and_goes_in_any_context, context_gen_params),
	KUNIT_CASE_PARAM(many_objects_change_contexts, context_gen_params),
	KUNIT_CASE_PARAM(bulk_calls_need_interrupts_only, context_gen_params),
	KUNIT_CASE_PARAM(kfree_rcu_is_good_for_any_context, context_gen_params),
	KUNIT_CASE_PARAM(failure_of_a_task_is_not_for_interrupts, context_gen_params),
	{}
};

static struct kunit_suite kmem_context_suite = {
	.name = "kmem_context",
	.init = kmem_suite_init,
	.test_cases = kmem_context_cases,
};

kunit_test_suite(kmem_context_suite);

MODULE_DESCRIPTION("KUnit tests for the contexts in which memory is allocated");
MODULE_LICENSE("GPL");
