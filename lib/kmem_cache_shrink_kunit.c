// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmem_cache_shrink(): empty slabs are given back, the others are sorted.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_cache_shrink'
 */
#include <kunit/test.h>
#include <linux/math.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/swap.h>
#include "kmem_count.h"
#include "kmem_kunit.h"
#include "kmem_text.h"

#define NAME		"kmem_shrink"
#define OBJECT_SIZE	64

static void construct_nothing(void *object)
{
}

static const struct kind {
	const char *name;
	slab_flags_t flags;
	void (*ctor)(void *object);
} kinds[] = {
	{ "plain", 0, NULL },
	{ "hwcache_align", SLAB_HWCACHE_ALIGN, NULL },
	{ "ctor", 0, construct_nothing },
	{ "typesafe_by_rcu", SLAB_TYPESAFE_BY_RCU, NULL },
	{ "consistency_checks", SLAB_CONSISTENCY_CHECKS, NULL },
	{ "all_checks", KMEM_ALL_CHECKS, NULL },
};

KUNIT_ARRAY_PARAM_DESC(kind, kinds, name);

static struct kmem_cache *create(struct kunit *test)
{
	const struct kind *kind = test->param_value;

	return kmem_private_cache(test, NAME, OBJECT_SIZE, kind->flags, kind->ctor);
}

/* Shrink, when also CONFIG_SLUB_RCU_DEBUG has freed what was freed. */
static int shrink(struct kmem_cache *cache)
{
	rcu_barrier();
	return kmem_cache_shrink(cache);
}

/*
 * A cache that nobody has used, or that everything was given back to, is empty
 * after a shrink, which says so with 0, however many objects there were. Source:
 * kernel-doc of kmem_cache_shrink(), "%0 if all slabs were released".
 */
static void unused_cache_shrinks_to_nothing(struct kunit *test)
{
	static const unsigned int numbers[] = { 0, 1, 100, 5000 };
	struct kmem_cache *cache = create(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		kmem_give_back(test, kmem_take(test, cache, numbers[i]));
		KUNIT_EXPECT_EQ_MSG(test, shrink(cache), 0, "%u objects", numbers[i]);
		if (kmem_slabinfo_is_there())
			KUNIT_EXPECT_EQ_MSG(test, kmem_slabinfo(test, NAME).num_slabs, 0,
					    "%u objects", numbers[i]);
	}
}

/*
 * Where objects are live, just their slabs are left, and the objects are as they
 * were; a shrink says that not all is gone. Source: kernel-doc of
 * kmem_cache_shrink(), "Releases as many slabs as possible".
 */
static void only_slabs_in_use_are_left(struct kunit *test)
{
	struct kmem_cache *cache = create(test);
	struct kmem_batch *batch = kmem_take(test, cache, 1500);
	const void *live_slabs[3];
	void *live[3];
	unsigned int i, nr = 0;

	/* keep the first object of each of three slabs */
	for (i = 0; i < batch->nr && nr < 3; i++) {
		unsigned int j;

		for (j = 0; j < nr && live_slabs[j] != kmem_slab_of(batch->objects[i]);)
			j++;
		if (j < nr)
			continue;
		live[nr] = batch->objects[i];
		live_slabs[nr] = kmem_slab_of(live[nr]);
		nr++;
		batch->objects[i--] = batch->objects[--batch->nr];
	}
	KUNIT_EXPECT_EQ(test, nr, 3);
	for (i = 0; i < nr; i++)
		memset(live[i], 0x77, OBJECT_SIZE);
	kmem_give_back(test, batch);

	KUNIT_EXPECT_EQ(test, shrink(cache), 1);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(live[i], 0x77, OBJECT_SIZE), "object %u", i);
	if (kmem_slabinfo_is_there()) {
		KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, NAME).num_slabs, 3);
		KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, NAME).active_objs, 3);
	}
	while (nr)
		kmem_cache_free(cache, live[--nr]);
	KUNIT_EXPECT_EQ(test, shrink(cache), 0);
}

/*
 * A slab that is full is not released, and a shrink says so, though it is on no
 * list. Source: kernel-doc of kmem_cache_shrink(), "%0 if all slabs were
 * released".
 */
static void full_slab_is_left(struct kunit *test)
{
	struct kmem_cache *cache = create(test);
	struct kmem_batch *batch = kmem_take(test, cache, 1500);

	kmem_keep_slab(batch);
	KUNIT_EXPECT_EQ(test, shrink(cache), 1);
	if (kmem_slabinfo_is_there()) {
		KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, NAME).num_slabs, 1);
		KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, NAME).objperslab, batch->nr);
	}
	kmem_give_back(test, batch);
	KUNIT_EXPECT_EQ(test, shrink(cache), 0);
}

/* The free objects of each slab, in the order in which the slabs are to be used. */
static const unsigned int free_objects[] = { 1, 2, 5, 31, 32, 33, 34 };
#define NR_SLABS	ARRAY_SIZE(free_objects)

/* Free a number of objects of one slab. */
static void free_some_of(struct kmem_batch *batch, const void *slab, unsigned int nr)
{
	unsigned int i = 0;

	while (nr && i < batch->nr) {
		if (kmem_slab_of(batch->objects[i]) != slab) {
			i++;
			continue;
		}
		kmem_cache_free(batch->cache, batch->objects[i]);
		batch->objects[i] = batch->objects[--batch->nr];
		nr--;
	}
}

/*
 * After a shrink, the fullest slabs are used first, so that the emptiest have a
 * chance to become empty. Source: __kmem_cache_do_shrink(), "promotes the slabs
 * filled up most to the head of the partial lists".
 */
static void fullest_slabs_are_used_first(struct kunit *test)
{
	const void *slabs[NR_SLABS];
	struct kmem_cache *cache;
	struct kmem_batch *batch;
	unsigned int i, j, per_slab, nr = 0;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	/* no CPU holds free objects ready */
	cache = kmem_private_cache(test, NAME, OBJECT_SIZE, SLAB_CONSISTENCY_CHECKS, NULL);
	per_slab = kmem_slabinfo(test, NAME).objperslab;
	if (per_slab < 35)
		kunit_skip(test, "needs slabs of more than 34 objects");
	batch = kmem_take(test, cache, NR_SLABS * per_slab);
	for (i = 0; i < batch->nr && nr < NR_SLABS; i += per_slab)
		slabs[nr++] = kmem_slab_of(batch->objects[i]);
	KUNIT_ASSERT_EQ(test, kmem_slabinfo(test, NAME).num_slabs, NR_SLABS);

	/* an emptier one becomes partial first, so it would be used first; the emptiest follows */
	for (i = NR_SLABS - 1; i-- > 0;)
		free_some_of(batch, slabs[i], free_objects[i]);
	free_some_of(batch, slabs[NR_SLABS - 1], free_objects[NR_SLABS - 1]);
	KUNIT_EXPECT_EQ(test, kmem_cache_shrink(cache), 1);
	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, NAME).num_slabs, NR_SLABS);

	for (i = 0; i < NR_SLABS; i++) {
		struct kmem_batch *next = kmem_take(test, cache, free_objects[i]);

		for (j = 0; j < next->nr; j++)
			KUNIT_EXPECT_PTR_EQ_MSG(test, kmem_slab_of(next->objects[j]), slabs[i],
						"slab with %u free objects, object %u",
						free_objects[i], j);
	}
	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, NAME).num_slabs, NR_SLABS);
}

/*
 * A shrunk cache goes on as before: objects can be had, keep what is written
 * into them, and shrink away again, any number of times.
 */
static void shrunk_cache_goes_on(struct kunit *test)
{
	struct kmem_cache *cache = create(test);
	struct kmem_batch *live = kmem_take(test, cache, 40);
	unsigned int i;

	kmem_mark(live, OBJECT_SIZE);
	for (i = 0; i < 5; i++) {
		struct kmem_batch *batch = kmem_take(test, cache, 300);

		kmem_mark(batch, OBJECT_SIZE);
		KUNIT_EXPECT_EQ_MSG(test, shrink(cache), 1, "round %u", i);
		KUNIT_EXPECT_EQ_MSG(test, kmem_count_overwritten(batch, OBJECT_SIZE), 0,
				    "round %u", i);
		KMEM_EXPECT_SILENCE(test, kmem_give_back(test, batch));
		KUNIT_EXPECT_EQ_MSG(test, shrink(cache), 1, "round %u", i);
	}
	KUNIT_EXPECT_EQ(test, kmem_count_overwritten(live, OBJECT_SIZE), 0);
}

static const struct reclaim {
	const char *name;
	unsigned int size, nr;
} reclaims[] = {
	{ "small", OBJECT_SIZE, 1000 },
	{ "of_two_pages", 2 * PAGE_SIZE, 100 },
};

KUNIT_ARRAY_PARAM_DESC(reclaim, reclaims, name);

/*
 * Who reclaims memory is told how many pages a shrink gave back. Source:
 * kernel-doc of mm_account_reclaimed_pages(); __free_slab() (6.1).
 */
static void pages_given_back_are_reclaimed(struct kunit *test)
{
	const struct reclaim *reclaim = test->param_value;
	struct kmem_slabinfo before, after;
	struct reclaim_state state = { };
	struct kmem_cache *cache;
	struct kmem_batch *batch;
	unsigned long pages;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	kmem_require_no_quarantine(test);
	/* no other task frees objects for this one */
	cache = kmem_private_cache(test, NAME, reclaim->size, SLAB_CONSISTENCY_CHECKS, NULL);
	batch = kmem_take(test, cache, reclaim->nr);
	before = kmem_slabinfo(test, NAME);
	/* what RCU frees in this task's time would count as its own */
	rcu_barrier();
	current->reclaim_state = &state;
	kmem_give_back(test, batch);
	kmem_cache_shrink(cache);
	current->reclaim_state = NULL;
	after = kmem_slabinfo(test, NAME);
	/* the first member, whose name is not the same everywhere */
	pages = *(unsigned long *)&state;
	KUNIT_EXPECT_GT(test, before.num_slabs, 2);
	KUNIT_EXPECT_GE(test, before.pagesperslab, DIV_ROUND_UP(reclaim->size, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, pages, (before.num_slabs - after.num_slabs) * before.pagesperslab);
}

/*
 * A slab that a CPU held is empty when it is flushed, and kept only if the node has
 * fewer than min_partial of them. Source: Documentation/ABI/testing/sysfs-kernel-slab,
 * min_partial, "how many empty slabs shall remain on a node's partial list";
 * cpu_partial_store(), flush_all().
 */
static void flushed_slab_is_kept_up_to_min_partial(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, NAME, OBJECT_SIZE, 0, NULL);
	unsigned long least;

	kmem_require_no_quarantine(test);
	if (!kmem_has_cpu_slabs())
		kunit_skip(test, "needs Linux 6, where CPUs hold slabs");
	for (least = 0; least <= 1; least++) {
		kmem_set_attribute(test, cache, "min_partial", least);
		kmem_give_back(test, kmem_take(test, cache, 8));
		kmem_set_attribute(test, cache, "cpu_partial", 0);
		KMEM_EXPECT_COUNT(test, cache, "slabs", least, "min_partial %lu", least);
	}
}

static struct kunit_case kmem_cache_shrink_cases[] = {
	KUNIT_CASE_PARAM(unused_cache_shrinks_to_nothing, kind_gen_params),
	KUNIT_CASE_PARAM(only_slabs_in_use_are_left, kind_gen_params),
	KUNIT_CASE_PARAM(full_slab_is_left, kind_gen_params),
	KUNIT_CASE(fullest_slabs_are_used_first),
	KUNIT_CASE_PARAM(shrunk_cache_goes_on, kind_gen_params),
	KUNIT_CASE_PARAM(pages_given_back_are_reclaimed, reclaim_gen_params),
	KUNIT_CASE(flushed_slab_is_kept_up_to_min_partial),
	{}
};

static struct kunit_suite kmem_cache_shrink_suite = {
	.name = "kmem_cache_shrink",
	.init = kmem_suite_init,
	.test_cases = kmem_cache_shrink_cases,
};

kunit_test_suite(kmem_cache_shrink_suite);

MODULE_DESCRIPTION("KUnit tests for kmem_cache_shrink()");
MODULE_LICENSE("GPL");
