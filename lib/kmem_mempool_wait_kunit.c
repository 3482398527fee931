// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory pools: who waits for elements, and what ends a wait.
 *
 * Nothing is timed. Who is woken does not sleep any more when the function that
 * woke him returns; who is not sleeps on, for the five seconds after which he
 * would look by himself.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_mempool_wait'
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mempool.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/signal.h>
#include "kmem_kunit.h"
#include "kmem_mempool.h"

#define FEW		5
/* ticks; only a broken kernel makes anyone wait for so long */
#define LONG_WHILE	(20 * HZ)

/**
 * struct waiter - someone who waits for elements in a thread of its own
 * @pool: from which
 * @gfp: the flags of a single one
 * @nr: how many, at once
 * @elements: what it has got
 * @task: the thread
 * @asks: it has begun to
 * @done: it has got them
 */
struct waiter {
	mempool_t *pool;
	gfp_t gfp;
	unsigned int nr;
	void *elements[FEW];
	struct task_struct *task;
	bool asks;
	struct completion done;
};

static int wait_for_elements(void *context)
{
	struct waiter *waiter = context;

	allow_signal(SIGUSR1);
	WRITE_ONCE(waiter->asks, true);
	if (waiter->nr > 1)
		(void)mempool_alloc_bulk(waiter->pool, waiter->elements, waiter->nr);
	else
		waiter->elements[0] = mempool_alloc(waiter->pool, waiter->gfp);
	complete(&waiter->done);
	return 0;
}

/* The source of these pools does not sleep: who does so waits for an element. */
static bool is_asleep(struct waiter *waiter)
{
	unsigned int state;

	if (!READ_ONCE(waiter->asks))
		return false;
	/* what the thread sleeps for at its end comes after it was done */
	state = smp_load_acquire(&waiter->task->__state);
	return (state & TASK_NORMAL) && !completion_done(&waiter->done);
}

/* Give it time to fall asleep; false if it does not, as when it has what it wants. */
static bool falls_asleep(struct waiter *waiter)
{
	unsigned int ticks = 0;

	while (!is_asleep(waiter)) {
		if (completion_done(&waiter->done) || ticks++ == LONG_WHILE)
			return false;
		schedule_timeout_uninterruptible(1);
	}
	return true;
}

/* It says so between the time that it is about to sleep and that it does. */
static bool waits_for_io(struct waiter *waiter)
{
	unsigned int ticks;

	for (ticks = 0; ticks < HZ; ticks++) {
		if (waiter->task->in_iowait)
			return true;
		schedule_timeout_uninterruptible(1);
	}
	return false;
}

/* Let it ask, while the allocator fails, until it sleeps. */
static void start(struct kunit *test, struct source *source, struct waiter *waiter)
{
	source_script(source, 0, NEVER);
	source->may_wait = true;
	init_completion(&waiter->done);
	waiter->task = kthread_create(wait_for_elements, waiter, "kmem_waiter");
	KUNIT_ASSERT_FALSE(test, IS_ERR(waiter->task));
	get_task_struct(waiter->task);
	wake_up_process(waiter->task);
	KUNIT_EXPECT_TRUE_MSG(test, falls_asleep(waiter), "nobody waits, gfp %#x",
			      (__force u32)waiter->gfp);
}

static void finish(struct waiter *waiter)
{
	wait_for_completion(&waiter->done);
	kthread_stop(waiter->task);
	put_task_struct(waiter->task);
}

static void require_bulk(struct kunit *test)
{
	if (!KMEM_HAS_MEMPOOL_BULK)
		kunit_skip(test, "needs Linux 7.0");
}

/*
 * With reclaim, an allocation from an empty pool whose allocator fails waits,
 * is woken by the free of an element, and gets it. It counts as one who waits for I/O,
 * which is to free an element. Source: mempool_alloc(), "Allocation failure can only
 * happen when @gfp_mask does not include %__GFP_DIRECT_RECLAIM", and its
 * io_schedule_timeout(); mempool_free_bulk(), "waking up the waiters" (7.x).
 */
static void empty_pool_makes_wait_with_reclaim(struct kunit *test)
{
	static const gfp_t gfps[] = { GFP_KERNEL, GFP_NOIO, __GFP_DIRECT_RECLAIM };
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, 2);
	void *elements[2];
	int i;

	exhaust(test, source, pool, elements, 2);
	for (i = 0; i < ARRAY_SIZE(gfps); i++) {
		struct waiter waiter = { .pool = pool, .gfp = gfps[i], .nr = 1 };

		start(test, source, &waiter);
		/* it has tried twice before */
		KUNIT_EXPECT_GE_MSG(test, source->calls, 2, "gfp %#x", (__force u32)gfps[i]);
		KUNIT_EXPECT_TRUE_MSG(test, waits_for_io(&waiter), "gfp %#x",
				      (__force u32)gfps[i]);
		mempool_free(elements[1], pool);
		KUNIT_EXPECT_FALSE_MSG(test, is_asleep(&waiter), "it sleeps on, gfp %#x",
				       (__force u32)gfps[i]);
		finish(&waiter);
		KUNIT_EXPECT_PTR_EQ_MSG(test, waiter.elements[0], elements[1], "gfp %#x",
					(__force u32)gfps[i]);
		KUNIT_EXPECT_FALSE(test, mempool_is_saturated(pool));
	}
	refill(pool, elements, 2);
	pool_destroy(test, source, pool);
}

/*
 * Who waits sleeps, and asks again now and then only. Source: "io_schedule_timeout(5 * HZ)"
 * in mempool_alloc(), in mempool_alloc_from_pool() (7.x).
 */
static void wait_does_not_poll(struct kunit *test)
{
	const unsigned int ticks = 8;
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, 1);
	struct waiter waiter = { .pool = pool, .gfp = GFP_KERNEL, .nr = 1 };
	unsigned int calls;
	void *element;

	exhaust(test, source, pool, &element, 1);
	start(test, source, &waiter);
	calls = source->calls;
	schedule_timeout_uninterruptible(ticks);
	KUNIT_EXPECT_LT(test, source->calls - calls, ticks / 2);
	mempool_free(element, pool);
	finish(&waiter);
	mempool_free(waiter.elements[0], pool);
	pool_destroy(test, source, pool);
}

/*
 * A wait is not ended by a signal, pending or not: mempool_alloc() has no failure to tell
 * of it. Source: TASK_UNINTERRUPTIBLE in mempool_alloc(); in mempool_alloc_from_pool()
 * (7.x).
 */
static void wait_ignores_signals(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, 1);
	struct waiter waiter = { .pool = pool, .gfp = GFP_KERNEL, .nr = 1 };
	void *element;

	exhaust(test, source, pool, &element, 1);
	start(test, source, &waiter);
	send_sig(SIGUSR1, waiter.task, 1);
	KUNIT_EXPECT_TRUE_MSG(test, falls_asleep(&waiter), "it asks on without a pause");
	mempool_free(element, pool);
	finish(&waiter);
	mempool_free(waiter.elements[0], pool);
	pool_destroy(test, source, pool);
}

/*
 * A bulk that neither the allocator nor the reserve can give waits until the
 * pool has all of it. Source: mempool_alloc_bulk(), "On return all @count
 * elements in @elems will be populated".
 */
static void bulk_waits_until_the_pool_has_all(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, FEW);
	struct waiter waiter = { .pool = pool, .nr = FEW };
	void *elements[FEW];
	unsigned int i, j;

	require_bulk(test);
	exhaust(test, source, pool, elements, FEW);
	start(test, source, &waiter);
	for (i = 0; i < FEW; i++) {
		KUNIT_EXPECT_TRUE_MSG(test, falls_asleep(&waiter), "%u of %u", i, FEW);
		mempool_free(elements[i], pool);
	}
	finish(&waiter);
	for (i = 0; i < FEW; i++) {
		KUNIT_EXPECT_NOT_NULL_MSG(test, waiter.elements[i], "element %u", i);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_PTR_NE_MSG(test, waiter.elements[i], waiter.elements[j],
						"elements %u and %u", i, j);
	}
	KUNIT_EXPECT_EQ(test, source->out, FEW);
	KUNIT_EXPECT_NULL(test, mempool_alloc_preallocated(pool));
	refill(pool, waiter.elements, FEW);
	pool_destroy(test, source, pool);
}

/*
 * A free of several elements wakes as many who wait for one each. Source:
 * mempool_free_bulk(), "waking up the waiters".
 */
static void bulk_free_ends_several_waits(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, FEW);
	struct waiter waiters[FEW];
	void *elements[FEW], *freed[FEW];
	unsigned int i;

	require_bulk(test);
	exhaust(test, source, pool, elements, FEW);
	for (i = 0; i < FEW; i++) {
		waiters[i] = (struct waiter){ .pool = pool, .gfp = GFP_KERNEL, .nr = 1 };
		start(test, source, &waiters[i]);
	}
	memcpy(freed, elements, sizeof(freed));
	KUNIT_EXPECT_EQ(test, mempool_free_bulk(pool, freed, FEW), FEW);
	for (i = 0; i < FEW; i++)
		KUNIT_EXPECT_FALSE_MSG(test, is_asleep(&waiters[i]), "number %u sleeps on", i);
	for (i = 0; i < FEW; i++)
		finish(&waiters[i]);
	refill(pool, elements, FEW);
	pool_destroy(test, source, pool);
}

/*
 * A free of one element ends the wait for one, though somebody has waited for
 * longer who needs many. Source: as above.
 */
static void wait_for_one_is_not_behind_that_for_many(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, FEW);
	struct waiter many = { .pool = pool, .nr = FEW };
	struct waiter one = { .pool = pool, .gfp = GFP_KERNEL, .nr = 1 };
	void *elements[FEW];

	require_bulk(test);
	exhaust(test, source, pool, elements, FEW);
	start(test, source, &many);
	start(test, source, &one);
	mempool_free(elements[0], pool);
	KUNIT_EXPECT_FALSE_MSG(test, is_asleep(&one), "it sleeps on");
	finish(&one);
	KUNIT_EXPECT_PTR_EQ(test, one.elements[0], elements[0]);
	refill(pool, elements, FEW);
	finish(&many);
	refill(pool, many.elements, FEW);
	pool_destroy(test, source, pool);
}

static struct kunit_case kmem_mempool_wait_cases[] = {
	KUNIT_CASE(empty_pool_makes_wait_with_reclaim),
	KUNIT_CASE(wait_does_not_poll),
	KUNIT_CASE(wait_ignores_signals),
	KUNIT_CASE(bulk_waits_until_the_pool_has_all),
	KUNIT_CASE(bulk_free_ends_several_waits),
	KUNIT_CASE(wait_for_one_is_not_behind_that_for_many),
	{}
};

static struct kunit_suite kmem_mempool_wait_suite = {
	.name = "kmem_mempool_wait",
	.init = kmem_suite_init,
	.test_cases = kmem_mempool_wait_cases,
};

kunit_test_suite(kmem_mempool_wait_suite);

MODULE_DESCRIPTION("KUnit tests for waiting for elements of memory pools");
MODULE_LICENSE("GPL");
