// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfree_rcu() and its relatives.
 *
 * Memory that is given to them stays as it is until all readers of that time
 * are gone, and is freed once after that, be it of kmalloc(), large kmalloc(),
 * vmalloc() or a cache, and wherever in it the head is.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_rcu'
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poison.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/vmstat.h>
#include "kmem_count.h"

#define OBJECT_SIZE	128
#define MANY		600

KUNIT_ARRAY_PARAM_DESC(kind, kmem_kinds, name);

/* Memory with a head at some offset, and the call that frees it. */
#define DEFINE_NODE(offset)						\
	struct node_##offset { u8 before[offset]; struct rcu_head rcu; }; \
	static void free_##offset(void *memory)				\
	{								\
		struct node_##offset *node = memory;			\
		kvfree_rcu(node, rcu);					\
	}

DEFINE_NODE(0)
DEFINE_NODE(8)
DEFINE_NODE(64)
DEFINE_NODE(112)
DEFINE_NODE(1000)
DEFINE_NODE(4080)

static void free_mightsleep(void *memory)
{
	if (is_vmalloc_addr(memory))
		kvfree_rcu_mightsleep(memory);
	else
		kfree_rcu_mightsleep(memory);
}

/**
 * struct memory - memory to be freed after a grace period
 * @name: of the parameter
 * @alloc: allocates it
 * @size: of it
 * @offset: of the head in it
 * @free: frees it
 */
struct memory {
	const char *name;
	void *(*alloc)(size_t size);
	size_t size;
	unsigned int offset;
	void (*free)(void *memory);
};

static void *alloc_kmalloc(size_t size)
{
	return kmalloc(size, GFP_KERNEL);
}

static void *alloc_vmalloc(size_t size)
{
	return vmalloc(size);
}

static const struct memory memories[] = {
	{ "kmalloc_16_at_0", alloc_kmalloc, 16, 0, free_0 },
	{ "kmalloc_96_at_8", alloc_kmalloc, 96, 8, free_8 },
	{ "kmalloc_128_at_112", alloc_kmalloc, 128, 112, free_112 },
	{ "kmalloc_192_at_64", alloc_kmalloc, 192, 64, free_64 },
	{ "kmalloc_1k_at_1000", alloc_kmalloc, SZ_1K, 1000, free_1000 },
	{ "kmalloc_8k_at_4080", alloc_kmalloc, SZ_8K, 4080, free_4080 },
	{ "large_64k_at_0", alloc_kmalloc, SZ_64K, 0, free_0 },
	{ "large_64k_at_4080", alloc_kmalloc, SZ_64K, 4080, free_4080 },
	{ "vmalloc_12k_at_0", alloc_vmalloc, 3 * SZ_4K, 0, free_0 },
	{ "vmalloc_12k_at_1000", alloc_vmalloc, 3 * SZ_4K, 1000, free_1000 },
	{ "vmalloc_12k_at_4080", alloc_vmalloc, 3 * SZ_4K, 4080, free_4080 },
};

KUNIT_ARRAY_PARAM_DESC(memory, memories, name);

static void fill(const struct memory *memory, u8 *bytes, unsigned int seed)
{
	size_t i;

	for (i = 0; i < memory->size; i++)
		bytes[i] = i * 7 + seed;
}

/* Count the bytes besides the head that are not what fill() wrote. */
static size_t altered(const struct memory *memory, const u8 *bytes, unsigned int seed)
{
	size_t i, count = 0;

	for (i = 0; i < memory->size; i++) {
		if (i >= memory->offset && i < memory->offset + sizeof(struct rcu_head))
			continue;
		count += bytes[i] != (u8)(i * 7 + seed);
	}
	return count;
}

#define NODES	24

/*
 * While a reader may look at it, memory is neither changed, but for the head,
 * nor handed out again. Source: the kernel-doc of kfree_rcu(), "kfree an object
 * after a grace period".
 */
static void memory_is_kept_for_readers(struct kunit *test)
{
	const struct memory *memory = test->param_value;
	void *nodes[NODES], *others[2 * NODES] = {};
	unsigned int i, j, again = 0;
	size_t bytes = 0;

	for (i = 0; i < NODES; i++) {
		nodes[i] = memory->alloc(memory->size);
		KUNIT_ASSERT_NOT_NULL(test, nodes[i]);
		fill(memory, nodes[i], i);
	}
	rcu_read_lock();
	for (i = 0; i < NODES; i++)
		memory->free(nodes[i]);
	/* large memory is kept from others by what is seen in it */
	for (i = 0; i < 2 * NODES && memory->size <= SZ_8K; i++)
		others[i] = kmalloc(memory->size, GFP_ATOMIC);
	for (i = 0; i < NODES; i++) {
		bytes += altered(memory, nodes[i], i);
		for (j = 0; j < 2 * NODES; j++)
			again += nodes[i] == others[j];
	}
	rcu_read_unlock();
	for (i = 0; i < 2 * NODES; i++)
		kfree(others[i]);
	KUNIT_EXPECT_EQ(test, bytes, 0);
	KUNIT_EXPECT_EQ(test, again, 0);
	kmem_kfree_rcu_barrier(test);
}

/* Pages of slabs and of large kmalloc(). */
static long slab_pages(void)
{
	return global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
}

/*
 * so many are looked at, on each CPU: some of them come back, or one comes twice; and more,
 * as other slabs may have room for these, until all are found
 */
#define LEAST	(40 * NODES)
#define MOST	(400 * NODES)
/* pages that others may take or give back meanwhile */
#define NOISE	16

/* Allocate nodes, and a mate for each, which stays and keeps the slab. */
static void alloc_nodes(struct kunit *test, const struct memory *memory, void **nodes)
{
	unsigned int i;

	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "whose quarantine delays frees");
	for (i = 0; i < 2 * NODES; i++) {
		nodes[i] = memory->alloc(memory->size);
		KUNIT_ASSERT_NOT_NULL(test, nodes[i]);
		fill(memory, nodes[i], i);
	}
}

static void free_mates(void **nodes)
{
	unsigned int i;

	for (i = 0; i < NODES; i++)
		kvfree(nodes[2 * i + 1]);
}

/* Count those of the nodes that are unmapped or handed out again, on whichever CPU they are. */
static unsigned int count_freed(struct kunit *test, const struct memory *memory, void **nodes)
{
	unsigned int i, cpu, home = raw_smp_processor_id(), nr = 0, freed = 0;
	unsigned int most = max_t(size_t, LEAST, min_t(size_t, MOST, SZ_16M / memory->size));
	void **again;

	if (is_vmalloc_addr(nodes[0])) {
		for (i = 0; i < NODES; i++)
			freed += !vmalloc_to_page(nodes[2 * i]);
		return freed;
	}
	again = kvmalloc_array(num_online_cpus(), most * sizeof(*again), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, again);
	for_each_online_cpu(cpu) {
		unsigned int least = nr + LEAST, end = nr + most;

		KUNIT_EXPECT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(cpu)), 0);
		while (nr < least || (nr < end && freed < NODES)) {
			again[nr] = memory->alloc(memory->size);
			if (!again[nr])
				break;
			for (i = 0; i < NODES; i++)
				freed += again[nr] == nodes[2 * i];
			nr++;
		}
	}
	KUNIT_EXPECT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(home)), 0);
	KUNIT_EXPECT_EQ(test, kmem_count_twice(test, again, nr), 0);
	while (nr)
		kfree(again[--nr]);
	kvfree(again);
	return freed;
}

/* Expect that all nodes are free, by what can be seen of memory of their kind. */
static void expect_freed(struct kunit *test, const struct memory *memory, void **nodes, long before)
{
	long pages = NODES * (memory->size >> PAGE_SHIFT);
	unsigned int freed, tries;

	if (memory->size > KMALLOC_MAX_CACHE_SIZE && !is_vmalloc_addr(nodes[0])) {
		if (!IS_ENABLED(CONFIG_SMP))
			KUNIT_EXPECT_LE_MSG(test, abs(before - slab_pages() - pages), NOISE,
					    "%ld pages, were %ld", slab_pages(), before);
		return;
	}
	freed = count_freed(test, memory, nodes);
	/* in a softirq, vfree() leaves the rest to a work */
	for (tries = 0; is_vmalloc_addr(nodes[0]) && freed < NODES && tries < 1000; tries++) {
		schedule_timeout_uninterruptible(1);
		freed = count_freed(test, memory, nodes);
	}
	/* others may have been quicker than we */
	KUNIT_EXPECT_GE(test, freed, is_vmalloc_addr(nodes[0]) ? NODES : 1);
	KUNIT_EXPECT_LE(test, freed, NODES);
}

static void free_and_expect_freed(struct kunit *test, const struct memory *memory,
				  void (*free)(void *))
{
	void *nodes[2 * NODES];
	unsigned int i;
	long before;

	alloc_nodes(test, memory, nodes);
	before = slab_pages();
	for (i = 0; i < NODES; i++)
		free(nodes[2 * i]);
	kmem_kfree_rcu_barrier(test);
	expect_freed(test, memory, nodes, before);
	free_mates(nodes);
}

/*
 * After the barrier, memory is free, and can be allocated again, each piece
 * once. Source: the kernel-doc of kvfree_rcu_barrier(), "Wait until all
 * in-flight kvfree_rcu() complete".
 */
static void memory_is_free_after_the_barrier(struct kunit *test)
{
	const struct memory *memory = test->param_value;

	free_and_expect_freed(test, memory, memory->free);
}

/*
 * Without a head, memory is freed as well, by a call that may sleep. Source: the
 * kernel-doc of kfree_rcu_mightsleep(), "head-less".
 */
static void memory_without_a_head_is_freed(struct kunit *test)
{
	free_and_expect_freed(test, test->param_value, free_mightsleep);
}

/* Heads of a cache's objects. */
static void (*const frees[])(void *memory) = { free_0, free_8, free_64, free_112 };

/*
 * Objects of a cache that is not kmalloc()'s are freed, too, each once, whether
 * they are few or many, and their cache knows. Source: the kernel-doc of
 * kfree_rcu(), "allocated either by kmalloc(), kmalloc_nolock(), or
 * kmem_cache_alloc()".
 */
static void objects_of_a_cache_are_freed_once(struct kunit *test)
{
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_rcu", OBJECT_SIZE, 0, NULL);
	static const unsigned int counts[] = { 1, 2, 33, 61, MANY };
	struct kmem_batch *batch;
	unsigned int c, i;

	kmem_require_kfree_rcu_barrier(test);
	kmem_require_counters(test);
	for (c = 0; c < ARRAY_SIZE(counts); c++) {
		struct kmem_batch *kept = kmem_take(test, cache, 50);

		batch = kmem_take(test, cache, counts[c]);
		kmem_write_marks(kept->objects, 50, OBJECT_SIZE, 1);
		for (i = 0; i < counts[c]; i++)
			frees[i % ARRAY_SIZE(frees)](batch->objects[i]);
		batch->nr = 0;
		kmem_kfree_rcu_barrier(test);
		kmem_expect_live(test, cache, 50, "after the barrier");
		KUNIT_EXPECT_EQ_MSG(test, kmem_count_wrong_marks(kept->objects, 50, OBJECT_SIZE, 1),
				    0, "freed %u", counts[c]);

		/* none is handed out twice */
		batch = kmem_take(test, cache, MANY);
		KUNIT_EXPECT_EQ_MSG(test, kmem_count_twice(test, batch->objects, MANY), 0,
				    "freed %u", counts[c]);
		kmem_give_back(test, batch);
		kmem_give_back(test, kept);
	}
}

/*
 * An object of a cache keeps its contents for readers, wherever its head is,
 * and is not handed out to others meanwhile. Source: as before.
 */
static void object_of_a_cache_is_kept_for_readers(struct kunit *test)
{
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_rcu", OBJECT_SIZE, 0, NULL);
	static const unsigned int offsets[] = { 0, 8, 64, 112 };
	struct kmem_batch *batch = kmem_take(test, cache, MANY);
	void **others = kunit_kcalloc(test, MANY, sizeof(*others), GFP_KERNEL);
	unsigned int i, j, wrong = 0, again = 0;

	kmem_require_kfree_rcu_barrier(test);
	KUNIT_ASSERT_NOT_NULL(test, others);
	for (i = 0; i < MANY; i++)
		memset(batch->objects[i], i, OBJECT_SIZE);
	rcu_read_lock();
	for (i = 0; i < MANY; i++)
		frees[i % ARRAY_SIZE(frees)](batch->objects[i]);
	for (i = 0; i < MANY; i++)
		others[i] = kmem_cache_alloc(cache, GFP_ATOMIC);
	for (i = 0; i < MANY; i++) {
		unsigned int head = offsets[i % ARRAY_SIZE(frees)];

		wrong += memchr_inv(batch->objects[i], i, head) ||
			 memchr_inv(batch->objects[i] + head + sizeof(struct rcu_head), i,
				    OBJECT_SIZE - head - sizeof(struct rcu_head));
		for (j = i % 16; j < MANY; j += 16)
			again += batch->objects[i] == others[j];
	}
	rcu_read_unlock();
	batch->nr = 0;
	for (i = 0; i < MANY; i++)
		if (others[i])
			kmem_cache_free(cache, others[i]);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, again, 0);
	kmem_kfree_rcu_barrier(test);
	kmem_expect_live(test, cache, 0, "after the barrier");
}

/*
 * The object is freed from its beginning to its end, as the poison shows.
 * Source: kvmalloc_obj_start_addr() (7.x), kvfree() of the head minus its
 * offset (6.x); init_object().
 */
static void freed_object_is_poisoned(struct kunit *test)
{
	struct kmem_cache *cache;
	struct kmem_batch *batch;
	void *objects[ARRAY_SIZE(frees)];
	unsigned int i, byte;

	kmem_require_kfree_rcu_barrier(test);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_private_cache(test, "kmem_rcu", OBJECT_SIZE,
				   SLAB_CONSISTENCY_CHECKS | SLAB_POISON, NULL);
	/* the others keep the slab */
	batch = kmem_take(test, cache, 2 + ARRAY_SIZE(frees));
	for (i = 0; i < ARRAY_SIZE(frees); i++) {
		objects[i] = batch->objects[--batch->nr];
		memset(objects[i], 0x77, OBJECT_SIZE);
		frees[i](objects[i]);
	}
	kmem_kfree_rcu_barrier(test);
	if (IS_ENABLED(CONFIG_KASAN))
		kmem_cache_shrink(cache);
	for (i = 0; i < ARRAY_SIZE(frees); i++) {
		unsigned int wrong = 0;

		for (byte = 0; byte < OBJECT_SIZE - 1; byte++)
			wrong += kmem_peek(objects[i] + byte) != POISON_FREE;
		wrong += kmem_peek(objects[i] + byte) != POISON_END;
		KUNIT_EXPECT_EQ_MSG(test, wrong, 0, "head %u", i);
	}
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
}

/*
 * A cache can be destroyed right after its objects were given to kfree_rcu().
 * Before 6.12, that is not promised. Source: kmem_cache_destroy(), "in-flight
 * kfree_rcu()'s may include objects from our cache".
 */
static void destroy_waits_for_kfree_rcu(struct kunit *test)
{
	struct kmem_cache *cache;
	struct kmem_batch *batch;
	unsigned int i, round;

	if (!kmem_destroy_waits_for_kfree_rcu())
		kunit_skip(test, "needs Linux 6.12");
	for (round = 0; round < 3; round++) {
		cache = kmem_cache_of_kind(test, "kmem_rcu", OBJECT_SIZE, 0, NULL);
		batch = kmem_take(test, cache, MANY);
		for (i = 0; i < MANY; i++)
			frees[round](batch->objects[i]);
		batch->nr = 0;
		KMEM_EXPECT_SILENCE(test, kmem_private_cache_destroy(test, cache));
	}
}

/*
 * The barrier of a single cache waits for that cache's objects. Source: the
 * kernel-doc of kvfree_rcu_barrier_on_cache().
 */
static void barrier_on_a_cache_waits_for_its_objects(struct kunit *test)
{
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_rcu", OBJECT_SIZE, 0, NULL);
	struct kmem_batch *batch = kmem_take(test, cache, MANY);
	unsigned int i;

	if (!kmem_can_call_sheaves())
		kunit_skip(test, "needs sheaves, and the suite built in");
	for (i = 0; i < MANY; i++)
		free_64(batch->objects[i]);
	batch->nr = 0;
	kmem_kfree_rcu_barrier_on_cache(test, cache);
	kmem_expect_live(test, cache, 0, "after the barrier");
}

struct nolock_node {
	u8 before[48];
	struct kmem_nolock_head head;
	u8 after[OBJECT_SIZE - 48 - sizeof(struct kmem_nolock_head)];
};

/*
 * kfree_rcu_nolock() keeps memory for readers and frees it once, as kfree_rcu()
 * does, and the barriers wait for it. Source: the kernel-doc of
 * kfree_rcu_nolock(), "a version of kfree_rcu() that can be called in any
 * context".
 */
static void nolock_frees_after_the_readers(struct kunit *test)
{
	unsigned int i, wrong = 0;
	struct kmem_cache *cache;
	struct kmem_batch *batch;

	if (!kmem_has_kfree_rcu_nolock())
		kunit_skip(test, "needs Linux 7.3");
	cache = kmem_cache_of_kind(test, "kmem_rcu", OBJECT_SIZE, 0, NULL);
	batch = kmem_take(test, cache, MANY);
	for (i = 0; i < MANY; i++)
		memset(batch->objects[i], i, OBJECT_SIZE);
	rcu_read_lock();
	for (i = 0; i < MANY / 2; i++) {
		struct nolock_node *node = batch->objects[i];

		kfree_rcu_nolock(node, head);
	}
	/* until a tick has done what could not be done at once */
	mdelay(2 * MSEC_PER_SEC / HZ + 1);
	for (i = 0; i < MANY; i++) {
		struct nolock_node *node = batch->objects[i];

		wrong += memchr_inv(node->before, i, sizeof(node->before)) ||
			 memchr_inv(node->after, i, sizeof(node->after));
	}
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, wrong, 0);
	memmove(batch->objects, &batch->objects[MANY / 2], MANY / 2 * sizeof(void *));
	batch->nr = MANY / 2;
	kmem_kfree_rcu_barrier(test);
	kmem_expect_live(test, cache, MANY / 2, "after the barrier");

	/* and so does the destruction */
	for (i = 0; i < MANY / 2; i++) {
		struct nolock_node *node = batch->objects[i];

		kfree_rcu_nolock(node, head);
	}
	batch->nr = 0;
	KMEM_EXPECT_SILENCE(test, kmem_private_cache_destroy(test, cache));
}

/*
 * The barriers wait for what kfree_rcu_nolock() has put off, be it a single object or
 * a few. Source: defer_kfree_rcu(), mm/slub.c; kvfree_rcu_barrier(),
 * "Wait until all in-flight kvfree_rcu() complete", and kvfree_rcu_barrier_on_cache(),
 * "See the description of kvfree_rcu_barrier()".
 */
static void barrier_waits_for_nolock(struct kunit *test)
{
	struct kmem_batch *batch, *again;
	unsigned int round, nr, i, back;
	struct kmem_cache *cache;
	void *freed[3];

	if (!kmem_has_kfree_rcu_nolock())
		kunit_skip(test, "needs Linux 7.3");
	cache = kmem_cache_of_kind(test, "kmem_rcu", OBJECT_SIZE, 0, NULL);
	for (round = 0; round < 6; round++) {
		nr = 1 + round / 2;
		batch = kmem_take(test, cache, nr);
		while (batch->nr) {
			struct nolock_node *node = batch->objects[--batch->nr];

			freed[batch->nr] = node;
			kfree_rcu_nolock(node, head);
		}
		if (round % 2 && kmem_can_call_sheaves())
			kmem_kfree_rcu_barrier_on_cache(test, cache);
		else
			kmem_kfree_rcu_barrier(test);
		/* also before a shrink has collected what lies about, if it is on this CPU */
		if (IS_ENABLED(CONFIG_TINY_RCU) && !IS_ENABLED(CONFIG_KASAN)) {
			again = kmem_take(test, cache, MANY);
			for (i = back = 0; i < nr; i++)
				back += kmem_count(again, freed[i]);
			KUNIT_EXPECT_EQ_MSG(test, back, nr, "round %u", round);
			kmem_give_back(test, again);
		}
		kmem_expect_live(test, cache, 0, "after the barrier");
	}
}

/*
 * Without a head, memory is freed at once where nothing is put off: a grace period has
 * passed by then. Source: kernel-doc of kfree_rcu_mightsleep() or kvfree_rcu_arg_1();
 * synchronize_rcu() in kvfree_call_rcu().
 */
static void mightsleep_waits_for_readers(struct kunit *test)
{
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_TINY_RCU);
	for (i = 0; i < 16; i++) {
		void *memory = kmalloc(OBJECT_SIZE, GFP_KERNEL);
		unsigned long cookie = get_state_synchronize_rcu();

		KUNIT_ASSERT_NOT_NULL(test, memory);
		free_mightsleep(memory);
		KUNIT_EXPECT_TRUE_MSG(test, poll_state_synchronize_rcu(cookie), "call %u", i);
	}
}

/*
 * A shrink meanwhile loses nothing of what waits for its readers, be it much or
 * little, nor of what comes to wait after it. Source: pcs_flush_all(), which sends
 * the sheaf of such objects on; kfree_rcu_sheaf(), mm/slub.c.
 */
static void shrink_keeps_what_waits(struct kunit *test)
{
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_rcu", OBJECT_SIZE, 0, NULL);
	static const unsigned int some[] = { 1, 5, 40, 200 };
	unsigned int round, i;

	kmem_require_kfree_rcu_barrier(test);
	for (round = 0; round < 3 * ARRAY_SIZE(some); round++) {
		struct kmem_batch *batch = kmem_take(test, cache, 2 * some[round % 4]);

		for (i = 0; i < batch->nr; i++) {
			if (i == batch->nr / 2)
				kmem_cache_shrink(cache);
			frees[i % ARRAY_SIZE(frees)](batch->objects[i]);
		}
		batch->nr = 0;
		if (round % 3)
			rcu_barrier();
	}
	kmem_kfree_rcu_barrier(test);
	kmem_expect_live(test, cache, 0, "after the barrier");
}

static struct kunit_case kmem_rcu_cases[] = {
	KUNIT_CASE_PARAM(memory_is_kept_for_readers, memory_gen_params),
	KUNIT_CASE_PARAM(memory_is_free_after_the_barrier, memory_gen_params),
	KUNIT_CASE_PARAM(memory_without_a_head_is_freed, memory_gen_params),
	KUNIT_CASE_PARAM(objects_of_a_cache_are_freed_once, kind_gen_params),
	KUNIT_CASE_PARAM(object_of_a_cache_is_kept_for_readers, kind_gen_params),
	KUNIT_CASE_PARAM(shrink_keeps_what_waits, kind_gen_params),
	KUNIT_CASE(freed_object_is_poisoned),
	KUNIT_CASE_PARAM(destroy_waits_for_kfree_rcu, kind_gen_params),
	KUNIT_CASE_PARAM(barrier_on_a_cache_waits_for_its_objects, kind_gen_params),
	KUNIT_CASE_PARAM(nolock_frees_after_the_readers, kind_gen_params),
	KUNIT_CASE_PARAM(barrier_waits_for_nolock, kind_gen_params),
	KUNIT_CASE(mightsleep_waits_for_readers),
	{}
};

static struct kunit_suite kmem_rcu_suite = {
	.name = "kmem_rcu",
	.init = kmem_suite_init,
	.test_cases = kmem_rcu_cases,
};

kunit_test_suite(kmem_rcu_suite);

MODULE_DESCRIPTION("KUnit tests for kfree_rcu()");
MODULE_LICENSE("GPL");
