// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several threads allocate and free at once.
 *
 * Each writes its mark to what it takes, checks the mark before it frees, and
 * hands objects to the others, so that they are freed by a thread, and where
 * there are several, on a CPU, that did not allocate them. The outcome does not
 * depend on how the threads take turns.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_threads'
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_count.h"

#define THREADS		4
#define TURNS		3000
#define RING		128
#define OBJECT_SIZE	96
#define BULK		16
/* of a sheaf: more than the default for the size */
#define CAPACITY	128
/* that a case with sheaves of these has at once */
#define MOST_OBJECTS	(24 * CAPACITY)

KUNIT_ARRAY_PARAM_DESC(kind, kmem_kinds, name);

struct parcel {
	unsigned long address, mark;
	struct rcu_head rcu;
	unsigned long rest[(OBJECT_SIZE - sizeof(struct rcu_head)) / sizeof(long) - 2];
};

/**
 * struct market - where threads hand objects to each other
 * @cache: where the objects are from
 * @ring: objects that nobody owns at the moment, or NULL
 * @kfree_rcu: some are freed after a grace period
 */
struct market {
	struct kmem_cache *cache;
	struct parcel *ring[RING];
	bool kfree_rcu;
};

/**
 * struct trader - a thread
 * @market: where it works
 * @task: itself
 * @done: it is through
 * @seed: its numbers
 * @wrong: objects that did not hold what was written to them
 * @failed: allocations that failed
 */
struct trader {
	struct market *market;
	struct task_struct *task;
	struct completion done;
	u32 seed;
	unsigned int wrong, failed;
};

static void pack(struct parcel *parcel, unsigned long mark)
{
	parcel->address = (unsigned long)parcel;
	parcel->mark = mark;
	memset_l(parcel->rest, mark, ARRAY_SIZE(parcel->rest));
}

static bool is_intact(const struct parcel *parcel)
{
	unsigned int i, wrong = parcel->address != (unsigned long)parcel;

	for (i = 0; i < ARRAY_SIZE(parcel->rest); i++)
		wrong += parcel->rest[i] != parcel->mark;
	return !wrong;
}

/* Check an object and free it, in one of the ways there are. */
static void consume(struct trader *trader, struct parcel *parcel, unsigned int way)
{
	if (!parcel)
		return;
	trader->wrong += !is_intact(parcel);
	/* whoever sees it from now on must not take it for a good one */
	parcel->address = 0;
	if (!way && trader->market->kfree_rcu)
		kfree_rcu(parcel, rcu);
	else if (way == 1)
		kfree(parcel);
	else
		kmem_cache_free(trader->market->cache, parcel);
}

static void trade_one(struct trader *trader)
{
	struct market *market = trader->market;
	struct parcel *parcel = kmem_cache_alloc(market->cache, GFP_KERNEL);
	unsigned int slot = kmem_next_random(&trader->seed, RING);

	if (!parcel) {
		trader->failed++;
		return;
	}
	pack(parcel, trader->seed);
	consume(trader, xchg(&market->ring[slot], parcel), kmem_next_random(&trader->seed, 8));
}

static void trade_many(struct trader *trader)
{
	struct market *market = trader->market;
	void *parcels[BULK];
	unsigned int i;

	if (!kmem_alloc_bulk(market->cache, GFP_KERNEL, BULK, parcels)) {
		trader->failed++;
		return;
	}
	for (i = 0; i < BULK; i++)
		pack(parcels[i], trader->seed + i);
	for (i = 0; i < BULK; i++) {
		unsigned int slot = kmem_next_random(&trader->seed, RING);
		struct parcel *other = xchg(&market->ring[slot], parcels[i]);

		if (other) {
			trader->wrong += !is_intact(other);
			other->address = 0;
		}
		parcels[i] = other;
	}
	/* what was in the ring goes, in bulk too */
	for (i = 0; i < BULK && parcels[i]; i++)
		;
	kmem_cache_free_bulk(market->cache, i, parcels);
	for (; i < BULK; i++)
		if (parcels[i])
			kmem_cache_free(market->cache, parcels[i]);
}

static int trade(void *data)
{
	struct trader *trader = data;
	unsigned int turn;

	for (turn = 0; turn < TURNS; turn++) {
		if (turn % 32 == 31)
			trade_many(trader);
		else
			trade_one(trader);
		/* let the others have their turn, in the midst of this one */
		if (kmem_next_random(&trader->seed, 5) == 0)
			schedule();
	}
	complete(&trader->done);
	return 0;
}

/* Start traders, spread over the CPUs. */
static void open_market(struct kunit *test, struct market *market, struct trader *traders)
{
	unsigned int i, cpu = cpumask_first(cpu_online_mask);

	for (i = 0; i < THREADS; i++) {
		struct trader *trader = &traders[i];

		*trader = (struct trader){ .market = market, .seed = 100 + i };
		init_completion(&trader->done);
		trader->task = kthread_create(trade, trader, "kmem_trader/%u", i);
		if (IS_ERR(trader->task)) {
			complete(&trader->done);
			KUNIT_FAIL(test, "thread %u cannot be created", i);
			continue;
		}
		kthread_bind(trader->task, cpu);
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
	}
	for (i = 0; i < THREADS; i++)
		if (!IS_ERR(traders[i].task))
			wake_up_process(traders[i].task);
}

/* Wait until all are through, and free what is left. */
static void close_market(struct kunit *test, struct market *market, struct trader *traders)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < THREADS; i++)
		wait_for_completion(&traders[i].done);
	for (i = 0; i < RING; i++)
		consume(&traders[0], market->ring[i], 2);
	for (i = 0; i < THREADS; i++) {
		wrong += traders[i].wrong;
		KUNIT_EXPECT_EQ_MSG(test, traders[i].failed, 0, "thread %u", i);
	}
	KUNIT_EXPECT_EQ_MSG(test, wrong, 0, "objects that were overwritten");
}

/*
 * Objects that threads hand to each other keep their contents, and all of them
 * can be freed by whoever has them. Source: Documentation/mm/slab.rst;
 * __slab_free(), on frees by others than the CPU that a slab belongs to.
 */
static void threads_hand_objects_to_each_other(struct kunit *test)
{
	struct market *market = kunit_kzalloc(test, sizeof(*market), GFP_KERNEL);
	static struct trader traders[THREADS];

	KUNIT_ASSERT_NOT_NULL(test, market);
	market->cache = kmem_cache_of_kind(test, "kmem_market", OBJECT_SIZE, 0, NULL);
	open_market(test, market, traders);
	close_market(test, market, traders);
	kmem_expect_live(test, market->cache, 0, "all were freed");
}

/*
 * So do those of which some are freed after a grace period. Source: the
 * kernel-doc of kfree_rcu().
 */
static void threads_free_after_the_readers(struct kunit *test)
{
	struct market *market = kunit_kzalloc(test, sizeof(*market), GFP_KERNEL);
	static struct trader traders[THREADS];

	kmem_require_kfree_rcu_barrier(test);
	KUNIT_ASSERT_NOT_NULL(test, market);
	market->cache = kmem_cache_of_kind(test, "kmem_market", OBJECT_SIZE, 0, NULL);
	market->kfree_rcu = true;
	open_market(test, market, traders);
	close_market(test, market, traders);
	kmem_kfree_rcu_barrier(test);
	kmem_expect_live(test, market->cache, 0, "all were freed");
}

#define CACHES	60

/*
 * Caches can be created, filled, shrunk and destroyed while others are in use.
 * Source: kmem_cache_create() and kmem_cache_destroy(), under slab_mutex.
 */
static void caches_come_and_go_meanwhile(struct kunit *test)
{
	struct market *market = kunit_kzalloc(test, sizeof(*market), GFP_KERNEL);
	static struct trader traders[THREADS];
	unsigned int i, lost = 0;

	KUNIT_ASSERT_NOT_NULL(test, market);
	market->cache = kmem_cache_of_kind(test, "kmem_market", OBJECT_SIZE, 0, NULL);
	open_market(test, market, traders);
	for (i = 0; i < CACHES; i++) {
		struct kmem_cache *cache = kmem_cache_create("kmem_guest", 32 + 8 * i, 0,
							     SLAB_NO_MERGE | SLAB_NO_USER_FLAGS,
							     NULL);
		void *object = cache ? kmem_cache_zalloc(cache, GFP_KERNEL) : NULL;

		lost += !object;
		schedule();
		if (object)
			kmem_cache_free(cache, object);
		/* the traders' free objects are flushed while they trade */
		kmem_cache_shrink(i & 1 ? market->cache : cache ?: market->cache);
		kmem_cache_destroy(cache);
	}
	close_market(test, market, traders);
	KUNIT_EXPECT_EQ(test, lost, 0);
	kmem_expect_live(test, market->cache, 0, "all were freed");
}

/* What others do with a cache while a task allocates from it, of whose sheaves it tells. */
static const struct errand {
	const char *name;
	unsigned int freed, taken;
} errands[] = {
	{ "main_gets_an_object", 1, 0 },
	{ "spare_gets_full", CAPACITY + 1, 0 },
	{ "spare_gets_full_main_empty", CAPACITY + 1, 1 },
	{ "spare_gets_empty", CAPACITY + 1, 2 },
	{ "both_get_empty", CAPACITY + 1, CAPACITY + 1 },
};

KUNIT_ARRAY_PARAM_DESC(errand, errands, name);

static struct {
	const struct errand *errand;
	struct kmem_cache *cache;
	unsigned int nr;
	void **objects;
} others;

/* A constructor is called without a lock: it is as if others had their turn there. */
static void run_errand(void *unused)
{
	const struct errand *errand = others.errand;
	unsigned int i;

	if (!errand)
		return;
	others.errand = NULL;
	others.nr -= errand->freed;
	kmem_free_array(others.cache, errand->freed, &others.objects[others.nr]);
	for (i = 0; i < errand->taken; i++)
		others.objects[others.nr++] = kmem_cache_alloc(others.cache,
							       GFP_KERNEL | __GFP_NOFAIL);
}

static struct kmem_cache *cache_with_others(struct kunit *test)
{
	struct kmem_cache *cache;

	kmem_require_counters(test);
	cache = kmem_create_with_sheaves("kmem_errand", OBJECT_SIZE, CAPACITY,
					 SLAB_NO_MERGE | SLAB_NO_USER_FLAGS, run_errand);
	kmem_adopt_cache(test, cache);
	others.cache = cache;
	return cache;
}

/* What is freed is kept in a sheaf: nobody has left them locked. */
static void expect_sheaves_to_work(struct kunit *test, struct kmem_cache *cache,
				   unsigned int round)
{
	unsigned long kept;

	if (!kmem_has_sheaves())
		return;
	others.objects[0] = kmem_cache_alloc(cache, GFP_KERNEL | __GFP_NOFAIL);
	kept = kmem_attribute(test, cache, "objects");
	kmem_cache_free(cache, others.objects[0]);
	KUNIT_EXPECT_EQ_MSG(test, kmem_attribute(test, cache, "objects"), kept,
			    "round %u: no sheaf holds what was freed", round);
}

/* An object is made while others have their turn, then all is freed, and none is lost. */
static void let_others_come_and_go(struct kunit *test, unsigned int round)
{
	struct kmem_cache *cache = others.cache;

	kmem_take_array(test, cache, 4 * CAPACITY, others.objects);
	kmem_write_marks(others.objects, 2 * CAPACITY, OBJECT_SIZE, round);
	kmem_cache_shrink(cache);
	others.nr = 4 * CAPACITY;
	others.errand = test->param_value;
	while (others.errand && others.nr < MOST_OBJECTS) {
		void *object = kmem_cache_alloc(cache, GFP_KERNEL | __GFP_NOFAIL);

		others.objects[others.nr++] = object;
	}
	KUNIT_EXPECT_NULL_MSG(test, others.errand, "no new slab was needed");
	others.errand = NULL;
	KUNIT_EXPECT_EQ(test, kmem_count_twice(test, others.objects, others.nr), 0);
	if (round & 1)
		kmem_expect_live(test, cache, others.nr, "others came meanwhile");
	KUNIT_EXPECT_EQ(test, kmem_count_wrong_marks(others.objects, 2 * CAPACITY, OBJECT_SIZE,
						     round), 0);
	kmem_free_array(cache, others.nr, others.objects);
	expect_sheaves_to_work(test, cache, round);
	kmem_expect_live(test, cache, 0, "all were freed");
}

/*
 * Objects that others free and allocate while one is being made are neither lost nor
 * handed out twice. Source: __pcs_replace_empty_main(), "racing or being migrated to a
 * different cpu" (7.x); ___slab_alloc(), "retry_load_slab" (6.x).
 */
static void objects_that_come_and_go_meanwhile_are_not_lost(struct kunit *test)
{
	unsigned int round;

	cache_with_others(test);
	others.objects = kmem_make_array(test, MOST_OBJECTS);
	for (round = 0; round < 2; round++)
		let_others_come_and_go(test, round);
}

#define ROUNDS		8

/*
 * Nor are the sheaves lost that are in no use after that. Source:
 * __pcs_replace_empty_main(), "put any empty or full sheaf to the barn".
 */
static void sheaves_that_come_and_go_meanwhile_are_not_lost(struct kunit *test)
{
	struct kmem_gauge sheaves = kmem_gauge_of_size(test, (CAPACITY + 1) * sizeof(void *));
	struct kmem_cache *cache;
	unsigned int round;
	long before;

	if (!kmem_has_sheaves())
		kunit_skip(test, "needs sheaves");
	others.objects = kmem_make_array(test, MOST_OBJECTS);
	before = kmem_gauge_read(test, &sheaves);
	cache = cache_with_others(test);
	for (round = 0; round < ROUNDS; round++)
		let_others_come_and_go(test, round);
	kmem_private_cache_destroy(test, cache);
	kmem_expect_none_left(test, &sheaves, before, ROUNDS, "sheaves");
}

static struct kunit_case kmem_threads_cases[] = {
	KUNIT_CASE_PARAM(threads_hand_objects_to_each_other, kind_gen_params),
	KUNIT_CASE_PARAM(threads_free_after_the_readers, kind_gen_params),
	KUNIT_CASE_PARAM(caches_come_and_go_meanwhile, kind_gen_params),
	KUNIT_CASE_PARAM(objects_that_come_and_go_meanwhile_are_not_lost, errand_gen_params),
	KUNIT_CASE_PARAM(sheaves_that_come_and_go_meanwhile_are_not_lost, errand_gen_params),
	{}
};

static struct kunit_suite kmem_threads_suite = {
	.name = "kmem_threads",
	.init = kmem_suite_init,
	.test_cases = kmem_threads_cases,
};

kunit_test_suite(kmem_threads_suite);

MODULE_DESCRIPTION("KUnit tests with several threads that allocate and free");
MODULE_LICENSE("GPL");
