// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sheaves: arrays of free objects that a CPU keeps (a main and a spare one),
 * and a node keeps for its CPUs (the barn).
 *
 * Objects go from sheaf to sheaf and must neither be lost nor be handed out
 * twice on the way, whatever the number of objects. See struct kmem_cache_args.
 * Before 7.0, CPUs had slabs in their place, of which holds what says nothing of sheaves.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_sheaf'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <mm/slab.h>
#include "kmem_count.h"

/* full sheaves that a node keeps, and the two of a CPU */
#define KEPT_SHEAVES	(10 + 2)
/* more than the default for 64 bytes */
#define CAPACITY	128

KUNIT_ARRAY_PARAM_DESC(kind, kmem_kinds, name);

static struct kmem_cache *cache_with_sheaves(struct kunit *test, unsigned int size,
					     unsigned int capacity, slab_flags_t flags)
{
	struct kmem_cache *cache;

	cache = kmem_create_with_sheaves("kmem_sheaf", size, capacity,
					 SLAB_NO_MERGE | SLAB_NO_USER_FLAGS | flags, NULL);
	kmem_adopt_cache(test, cache);
	return cache;
}

static void require_sheaves(struct kunit *test)
{
	if (!kmem_has_sheaves())
		kunit_skip(test, "needs sheaves");
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "whose quarantine delays frees");
}

static void require_single_cpu(struct kunit *test)
{
	if (num_possible_cpus() > 1)
		kunit_skip(test, "needs a single CPU, as each one has sheaves of its own");
}

/* Sizes of objects: the larger they are, the fewer does a sheaf hold. */
static const struct tide {
	const char *name;
	unsigned int size;
	/* what a sheaf holds by default, at the least */
	unsigned int capacity;
} tides[] = {
	{ "64", 64, 60 },
	{ "256", 256, 26 },
	{ "1024", 1024, 12 },
	{ "4096", 4096, 4 },
};

KUNIT_ARRAY_PARAM_DESC(tide, tides, name);

static struct kmem_cache *tide_cache(struct kunit *test)
{
	const struct tide *tide = test->param_value;

	return kmem_private_cache(test, "kmem_sheaf", tide->size, 0, NULL);
}

/*
 * So many objects that a number of 16 bits would be too small are counted, and are free
 * when they were freed at once. Source: Documentation/ABI/testing/sysfs-kernel-slab on
 * total_objects; free_to_pcs_bulk() (7.x), build_detached_freelist().
 */
static void objects_are_freed_by_the_tens_of_thousands(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_sheaf", sizeof(long), 0, NULL);
	struct kmem_batch *batch;

	kmem_require_counters(test);
	batch = kmem_take(test, cache, SZ_64K);
	KUNIT_EXPECT_GE(test, kmem_attribute(test, cache, "total_objects"), SZ_64K);
	kmem_cache_free_bulk(cache, SZ_64K, batch->objects);
	batch->nr = 0;
	kmem_expect_live(test, cache, 0, "all were freed");
}

/*
 * A prefilled sheaf can be had and returned with interrupts off, which stay off, be it
 * the CPU's spare one or one that the node keeps. Source: GFP_NOWAIT in
 * include/linux/gfp_types.h; barn_get_full_or_empty_sheaf(), spin_lock_irqsave().
 */
static void interrupts_stay_off(struct kunit *test)
{
	struct kmem_cache *cache = cache_with_sheaves(test, 64, CAPACITY, 0);
	struct slab_sheaf *sheaves[4];
	unsigned int i;

	require_sheaves(test);
	if (!kmem_can_call_sheaves())
		kunit_skip(test, "needs the suite built in");
	/* full sheaves for a CPU, and for the node */
	kmem_give_back(test, kmem_take(test, cache, 8 * CAPACITY));
	for (i = 0; i < ARRAY_SIZE(sheaves); i++) {
		KMEM_WITH_IRQS_OFF(test, sheaves[i] = kmem_cache_prefill_sheaf(cache, GFP_NOWAIT,
									       1));
		KUNIT_ASSERT_NOT_NULL(test, sheaves[i]);
	}
	for (i = 0; i < ARRAY_SIZE(sheaves); i++)
		KMEM_WITH_IRQS_OFF(test, kmem_cache_return_sheaf(cache, GFP_NOWAIT, sheaves[i]));
}

/* Numbers of objects: one less and one more than a growing number of sheaves hold. */
static unsigned int next_tide(unsigned int nr, unsigned int capacity)
{
	unsigned int sheaves = nr / capacity;

	if (nr % capacity != 1)
		return nr + 1;
	return (sheaves ? sheaves + (sheaves + 1) / 2 : 1) * capacity - 1;
}

#define MOST_SHEAVES	26

/*
 * However many objects come and go at once, and in whatever order they go,
 * each is live once and keeps what was written to it. Source:
 * __pcs_replace_empty_main(), __pcs_replace_full_main(), and the lists of a
 * node's sheaves.
 */
static void objects_come_and_go_in_any_number(struct kunit *test)
{
	const struct tide *tide = test->param_value;
	struct kmem_cache *cache = tide_cache(test);
	void **objects = kmem_make_array(test, 2 * MOST_SHEAVES * tide->capacity);
	unsigned int nr, order;
	u32 random = 3;

	for (nr = 1; nr < MOST_SHEAVES * tide->capacity; nr = next_tide(nr, tide->capacity)) {
		for (order = 0; order < 3; order++) {
			kmem_take_array(test, cache, nr, objects);
			KUNIT_ASSERT_EQ_MSG(test, kmem_count_twice(test, objects, nr), 0,
					    "%u objects, order %u", nr, order);
			kmem_write_marks(objects, nr, tide->size, order);
			KUNIT_EXPECT_EQ_MSG(test, kmem_count_wrong_marks(objects, nr, tide->size,
									 order), 0,
					    "%u objects, order %u", nr, order);
			if (order == 1)
				kmem_sort(objects, nr);
			else if (order == 2)
				kmem_shuffle(objects, nr, &random);
			kmem_free_array(cache, nr, objects);
		}
	}
	kmem_expect_live(test, cache, 0, "all were freed");
}

/*
 * Whatever number of objects was freed, a shrink has exactly the live ones
 * left, so none of the free ones is lost in a sheaf, and none is freed twice.
 * Source: kmem_cache_shrink(), flush_all(), barn_shrink(), pcs_flush_all().
 */
static void shrink_leaves_live_objects_only(struct kunit *test)
{
	const struct tide *tide = test->param_value;
	unsigned int nr, some, live = 2 * MOST_SHEAVES * tide->capacity;
	struct kmem_cache *cache = tide_cache(test);
	void **objects = kmem_make_array(test, live);

	kmem_require_counters(test);
	kmem_take_array(test, cache, live, objects);
	kmem_write_marks(objects, live, tide->size, 1);
	kmem_expect_live(test, cache, live, "taken");
	for (nr = 1; nr < MOST_SHEAVES * tide->capacity; nr = next_tide(nr, tide->capacity)) {
		some = min(nr, live);
		kmem_free_array(cache, some, &objects[live - some]);
		kmem_expect_live(test, cache, live - some, "freed");
		KUNIT_EXPECT_EQ_MSG(test, kmem_count_wrong_marks(objects, live - some, tide->size,
								 1), 0, "freed %u", some);
		live -= some;
	}
	kmem_free_array(cache, live, objects);
	kmem_expect_live(test, cache, 0, "all were freed");
}

/*
 * A shrink leaves no free object behind in a sheaf of a CPU, however many of them
 * were taken out before: not in the spare one either while the main one is empty.
 * Source: has_pcs_used(), pcs_flush_all().
 */
static void shrink_empties_main_and_spare_sheaf(struct kunit *test)
{
	struct kmem_cache *cache = tide_cache(test);
	unsigned int capacity, all, taken;
	void **objects;

	require_sheaves(test);
	capacity = kmem_attribute(test, cache, "sheaf_capacity");
	all = 2 * capacity + 1;
	objects = kmem_make_array(test, all);
	for (taken = 0; taken <= capacity; taken++) {
		kmem_take_array(test, cache, all, objects);
		kmem_free_array(cache, all, objects);
		kmem_take_array(test, cache, taken, objects);
		kmem_expect_live(test, cache, taken, "some of the free ones were taken");
		kmem_free_array(cache, taken, objects);
		kmem_expect_live(test, cache, 0, "all were freed");
	}
}

/*
 * Objects that were freed to sheaves are the first to be handed out again, all of them,
 * one by one or at once. Source: struct kmem_cache_args, "@sheaf_capacity", on how full
 * and empty sheaves are exchanged, and "Bulk allocation and free operations also".
 */
static void freed_objects_are_the_next_ones(struct kunit *test)
{
	const struct tide *tide = test->param_value;
	unsigned int capacity, nr, all, i, bulk;
	struct kmem_cache *cache = tide_cache(test);
	void **objects;

	require_sheaves(test);
	capacity = kmem_attribute(test, cache, "sheaf_capacity");
	KUNIT_ASSERT_GE(test, capacity, tide->capacity);
	all = 2 * KEPT_SHEAVES * capacity;
	objects = kmem_make_array(test, all + KEPT_SHEAVES * capacity);

	for (nr = 1; nr <= KEPT_SHEAVES * capacity; nr = next_tide(nr, capacity)) {
		for (bulk = 0; bulk < 2; bulk++) {
			unsigned int back = 0;

			kmem_take_array(test, cache, all, objects);
			kmem_free_array(cache, nr, &objects[all - nr]);
			if (bulk)
				KUNIT_ASSERT_TRUE(test, kmem_alloc_bulk(cache, GFP_KERNEL, nr,
									&objects[all]));
			else
				kmem_take_array(test, cache, nr, &objects[all]);
			kmem_sort(&objects[all - nr], nr);
			kmem_sort(&objects[all], nr);
			for (i = 0; i < nr; i++)
				back += objects[all - nr + i] == objects[all + i];
			KUNIT_EXPECT_EQ_MSG(test, back, nr, "%u freed, bulk %u", nr, bulk);
			KUNIT_EXPECT_EQ_MSG(test, kmem_count_twice(test, objects, all), 0,
					    "%u freed, bulk %u", nr, bulk);
			kmem_free_array(cache, all - nr, objects);
			kmem_free_array(cache, nr, &objects[all]);
			kmem_expect_live(test, cache, 0, "all were freed");
		}
	}
}

/*
 * What is freed at once fills the empty sheaves of the CPU and of the node. Source:
 * struct kmem_cache_args, "Bulk allocation and free operations also try to use" them.
 */
static void bulk_free_fills_empty_sheaves(struct kunit *test)
{
	struct kmem_cache *cache = cache_with_sheaves(test, 64, CAPACITY, 0);
	void **objects = kmem_make_array(test, 4 * CAPACITY + 1);
	struct slab_sheaf *sheaf;
	unsigned int one_by_one;
	unsigned long kept;

	require_sheaves(test);
	require_single_cpu(test);
	if (!kmem_can_call_sheaves())
		kunit_skip(test, "needs the suite built in");
	/* the CPU's main one has room, and there is no other */
	kmem_take_array(test, cache, 4, objects);
	sheaf = kmem_cache_prefill_sheaf(cache, GFP_KERNEL, 1);
	KUNIT_ASSERT_NOT_NULL(test, sheaf);
	kept = kmem_attribute(test, cache, "objects");
	kmem_cache_free_bulk(cache, 4, objects);
	KMEM_EXPECT_COUNT(test, cache, "objects", kept, "the sheaf holds what was freed");
	kmem_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
	kmem_expect_live(test, cache, 0, "all were freed");
	/* CPU and node get two empty sheaves each */
	kmem_take_array(test, cache, 4 * CAPACITY, objects);
	kmem_free_array(cache, 4 * CAPACITY, objects);
	kmem_take_array(test, cache, 4 * CAPACITY, objects);
	kept = kmem_attribute(test, cache, "objects");
	kmem_cache_free_bulk(cache, 4 * CAPACITY, objects);
	KMEM_EXPECT_COUNT(test, cache, "objects", kept, "sheaves hold what was freed");
	for (one_by_one = 0; one_by_one < 2; one_by_one++) {
		kmem_take_array(test, cache, 4 * CAPACITY, &objects[1]);
		/* the CPU's spare one is what this takes */
		sheaf = kmem_cache_prefill_sheaf(cache, GFP_KERNEL, 1);
		KUNIT_ASSERT_NOT_NULL(test, sheaf);
		kept = kmem_attribute(test, cache, "objects");
		if (one_by_one)
			kmem_free_array(cache, 2 * CAPACITY, &objects[1]);
		else
			kmem_cache_free_bulk(cache, 2 * CAPACITY, &objects[1]);
		KMEM_EXPECT_COUNT(test, cache, "objects", kept, "so does one of the node's");
		kmem_take_array(test, cache, 2 * CAPACITY + 1, objects);
		KUNIT_EXPECT_EQ(test, kmem_count_twice(test, objects, 4 * CAPACITY + 1), 0);
		kmem_free_array(cache, 4 * CAPACITY + 1, objects);
		kmem_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
	}
	kmem_expect_live(test, cache, 0, "all were freed");
}

/*
 * Of many free objects, sheaves keep a limited number, before a shrink and after
 * it; the rest goes back to the slabs. Source: MAX_FULL_SHEAVES,
 * barn_replace_full_sheaf(), "reject this with -E2BIG"; pcs_flush_all().
 */
static void sheaves_keep_a_limited_number(struct kunit *test)
{
	unsigned int capacity, nr, kept, round;
	struct kmem_cache *cache = tide_cache(test);
	void **objects;

	require_sheaves(test);
	require_single_cpu(test);
	capacity = kmem_attribute(test, cache, "sheaf_capacity");
	nr = 3 * KEPT_SHEAVES * capacity;
	objects = kmem_make_array(test, nr);
	for (round = 0; round < 2; round++) {
		kmem_take_array(test, cache, nr, objects);
		kmem_free_array(cache, nr, objects);
		kept = kmem_attribute(test, cache, "objects");
		KUNIT_EXPECT_LE_MSG(test, kept, KEPT_SHEAVES * capacity, "%u shrinks", round);
		KUNIT_EXPECT_GE_MSG(test, kept, 2 * capacity, "%u shrinks", round);
		kmem_expect_live(test, cache, 0, "all were freed");
	}
}

#define RETURNED	40

/* Have sheaves filled, return them, and say how many objects slabs had given meanwhile. */
static unsigned int prefill_and_return(struct kunit *test, struct kmem_cache *cache,
				       unsigned int nr, unsigned int capacity)
{
	struct slab_sheaf *sheaves[RETURNED];
	unsigned int objects, i;

	for (i = 0; i < nr; i++) {
		sheaves[i] = kmem_cache_prefill_sheaf(cache, GFP_KERNEL, capacity);
		if (!sheaves[i])
			break;
	}
	KUNIT_EXPECT_EQ(test, i, nr);
	objects = kmem_attribute(test, cache, "objects");
	while (i)
		kmem_cache_return_sheaf(cache, GFP_KERNEL, sheaves[--i]);
	return objects;
}

/*
 * So do sheaves that were prefilled and are returned; those that are kept are had
 * again. Source: kmem_cache_return_sheaf(), "If the barn has too many full sheaves";
 * kmem_cache_prefill_sheaf(), "when prefilling is needed".
 */
static void returned_sheaves_are_kept_in_a_limited_number(struct kunit *test)
{
	struct kmem_cache *cache = tide_cache(test);
	unsigned int capacity, kept;

	require_sheaves(test);
	if (!kmem_can_call_sheaves())
		kunit_skip(test, "needs the suite built in");
	capacity = kmem_attribute(test, cache, "sheaf_capacity");
	prefill_and_return(test, cache, RETURNED, capacity);
	kept = kmem_attribute(test, cache, "objects");
	KUNIT_EXPECT_LE(test, kept, KEPT_SHEAVES * capacity);
	if (num_possible_cpus() == 1) {
		/* all but the main one, of which objects are allocated */
		KUNIT_EXPECT_EQ(test, kept, (KEPT_SHEAVES - 1) * capacity);
		KUNIT_EXPECT_EQ(test, prefill_and_return(test, cache, KEPT_SHEAVES - 1, capacity),
				kept);
	}
	kmem_expect_live(test, cache, 0, "all were returned");
}

/* The kmalloc cache that an allocation of a size is from. */
static struct kmem_cache *kmalloc_cache(size_t size)
{
	return kmalloc_caches[KMALLOC_NORMAL][__kmalloc_index(size, false)];
}

#define MOST_OF_A_HEAD	256

/*
 * By default a sheaf wastes nothing of its memory: with its head, which is the
 * same for all, each is as large as an object of kmalloc()'s. Source:
 * calculate_sheaf_capacity(), "to make sheaf exactly a kmalloc size bucket".
 */
static void default_sheaf_fills_its_memory(struct kunit *test)
{
	unsigned int capacities[ARRAY_SIZE(tides)], head, fit = 0, i;

	require_sheaves(test);
	for (i = 0; i < ARRAY_SIZE(tides); i++) {
		struct kmem_cache *cache = cache_with_sheaves(test, tides[i].size, 0, 0);

		capacities[i] = kmem_attribute(test, cache, "sheaf_capacity");
		kmem_private_cache_destroy(test, cache);
	}
	for (head = 0; head <= MOST_OF_A_HEAD && fit < ARRAY_SIZE(tides); head += sizeof(void *)) {
		for (i = 0, fit = 0; i < ARRAY_SIZE(tides); i++) {
			size_t size = head + capacities[i] * sizeof(void *);

			fit += kmalloc_size_roundup(size) == size;
		}
	}
	KUNIT_EXPECT_EQ_MSG(test, fit, ARRAY_SIZE(tides), "capacities %u, %u, %u and %u",
			    capacities[0], capacities[1], capacities[2], capacities[3]);
}

/*
 * The caches of kmalloc() have sheaves as large as any other cache for objects of
 * that size. Source: bootstrap_cache_sheaves(), "Finish the sheaves initialization
 * done normally".
 */
static void kmalloc_has_sheaves_like_others(struct kunit *test)
{
	const struct tide *tide = test->param_value;
	struct kmem_cache *cache = tide_cache(test);

	require_sheaves(test);
	if (kmalloc_cache(tide->size)->flags & SLAB_DEBUG_FLAGS)
		kunit_skip(test, "needs caches of kmalloc() without debug checks");
	KUNIT_EXPECT_EQ(test, kmem_attribute(test, kmalloc_cache(tide->size), "sheaf_capacity"),
			kmem_attribute(test, cache, "sheaf_capacity"));
}

/*
 * Nodes keep sheaves of the caches that have some, as all of kmalloc()'s do that are
 * not debugged, and of no other. Source: struct kmem_cache_args, "%0 means no sheaves
 * will be created"; bootstrap_cache_sheaves(), bootstrap_kmalloc_sheaves().
 */
static void nodes_keep_sheaves_of_caches_with_some(struct kunit *test)
{
	unsigned int type, index, node;

	require_sheaves(test);
	for (type = 0; type < NR_KMALLOC_TYPES; type++) {
		for (index = 0; index <= KMALLOC_SHIFT_HIGH; index++) {
			struct kmem_cache *cache = kmalloc_caches[type][index];

			if (!cache)
				continue;
			if (!(cache->flags & SLAB_DEBUG_FLAGS))
				KUNIT_EXPECT_TRUE_MSG(test, kmem_wants_sheaves(cache), "%s",
						      cache->name);
			for_each_online_node(node)
				KUNIT_EXPECT_EQ_MSG(test, kmem_node_keeps_sheaves(cache, node),
						    kmem_wants_sheaves(cache), "%s", cache->name);
		}
	}
}

#define CACHES		24
/* what others may allocate meanwhile */
#define NOISE		8
/* a sheaf so large that hardly anybody else allocates memory of its size */
#define RARE_CAPACITY	600

/*
 * Sheaves are memory themselves, and are freed with their cache and by a
 * shrink, be they full or empty. Source: pcs_destroy(), barn_shrink(),
 * pcs_flush_all().
 */
static void sheaves_are_freed_with_their_cache(struct kunit *test)
{
	unsigned int nr = 14 * RARE_CAPACITY, i;
	unsigned long before, after;
	struct kmem_cache *bucket;
	void **objects;

	require_sheaves(test);
	kmem_require_counters(test);
	objects = kmem_make_array(test, nr);
	bucket = kmalloc_cache(RARE_CAPACITY * sizeof(void *));
	kmem_cache_shrink(bucket);
	before = kmem_attribute(test, bucket, "objects");
	for (i = 0; i < CACHES; i++) {
		struct kmem_cache *cache = cache_with_sheaves(test, 16, RARE_CAPACITY, 0);
		unsigned int some = i % 3 ? i % 3 * RARE_CAPACITY : nr;

		kmem_take_array(test, cache, some, objects);
		kmem_free_array(cache, some, objects);
		if (i & 1)
			kmem_cache_shrink(cache);
		if (i & 2) {
			/* what objects were taken from is empty then */
			kmem_take_array(test, cache, some, objects);
			kmem_cache_shrink(cache);
			kmem_free_array(cache, some, objects);
		}
		kmem_private_cache_destroy(test, cache);
	}
	kmem_cache_shrink(bucket);
	after = kmem_attribute(test, bucket, "objects");
	KUNIT_EXPECT_LE_MSG(test, after, before + NOISE, "there were %lu", before);
}

/*
 * A free that gets no memory for a new sheaf still frees the object, and so do
 * all that follow, to sheaves again. Source: __pcs_replace_full_main(), "we flushed
 * the main sheaf", __free_to_pcs_batch(), "no_empty".
 */
static void free_succeeds_without_a_new_sheaf(struct kunit *test)
{
	struct kmem_cache *cache = tide_cache(test);
	unsigned int capacity, nr, i;
	unsigned long kept;
	void **objects;

	require_sheaves(test);
	capacity = kmem_attribute(test, cache, "sheaf_capacity");
	nr = 2 * KEPT_SHEAVES * capacity;
	objects = kmem_make_array(test, nr);
	for (i = 1; i <= 3; i++) {
		kmem_take_array(test, cache, nr, objects);
		KMEM_FAILING(test, i, ({
			kmem_free_array(cache, nr - capacity, &objects[capacity]);
			0;
		}));
		kmem_free_array(cache, 1, objects);
		kmem_take_array(test, cache, 1, objects);
		kept = kmem_attribute(test, cache, "objects");
		kmem_free_array(cache, 1, objects);
		KMEM_EXPECT_COUNT(test, cache, "objects", kept, "a sheaf holds what was freed");
		kmem_take_array(test, cache, 1, objects);
		kmem_expect_live(test, cache, capacity, "one sheaf could not be had");
		kmem_free_array(cache, capacity, objects);
	}
}

/*
 * An allocation that gets no memory for a new sheaf takes its object from a
 * slab. Source: alloc_from_pcs(), __pcs_replace_empty_main(), ___slab_alloc(),
 * "We failed to allocate via percpu sheaves".
 */
static void allocation_succeeds_without_a_new_sheaf(struct kunit *test)
{
	struct kmem_cache *cache = tide_cache(test);
	void *object;

	require_sheaves(test);
	/* the first allocation is the object's, the second one the sheaf's */
	object = KMEM_FAILING(test, 2, kmem_cache_alloc(cache, GFP_NOWAIT | __GFP_NOWARN));
	KUNIT_ASSERT_NOT_NULL(test, object);
	kmem_expect_live(test, cache, 1, "no sheaf could be had");
	kmem_cache_free(cache, object);
}

/*
 * If all memory is in use, sheaves give up what they could fill, allocations
 * fail only when there is no object left, and no object is lost by that.
 * Source: __pcs_replace_empty_main(), "we must be very low on memory".
 */
static void exhaustion_loses_no_object(struct kunit *test)
{
	const struct kmem_kind *kind = test->param_value;
	unsigned int most = kmem_more_than_memory(test), nr = 0, taken, i, wrong = 0;
	struct kmem_cache *cache = cache_with_sheaves(test, KMEM_HUGE, 37, kind->flags);
	void **objects = kmem_make_array(test, most);

	while (nr < most) {
		objects[nr] = kmem_cache_alloc(cache, __GFP_NOWARN);
		if (!objects[nr])
			break;
		*(unsigned int *)objects[nr] = nr;
		nr++;
	}
	taken = nr;
	/* leave some memory to the rest of the kernel */
	nr /= 2;
	kmem_free_array(cache, taken - nr, &objects[nr]);
	kmem_cache_shrink(cache);
	KUNIT_EXPECT_GT(test, taken, 0);
	KUNIT_EXPECT_LT(test, taken, most);
	KUNIT_EXPECT_EQ(test, kmem_count_twice(test, objects, nr), 0);
	kmem_expect_live(test, cache, nr, "all memory was taken");
	for (i = 0; i < nr; i++) {
		wrong += *(unsigned int *)objects[i] != i;
		kmem_cache_free(cache, objects[i]);
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	kmem_expect_live(test, cache, 0, "all was freed");
}

static struct kunit_case kmem_sheaf_cases[] = {
	KUNIT_CASE(objects_are_freed_by_the_tens_of_thousands),
	KUNIT_CASE(interrupts_stay_off),
	KUNIT_CASE_PARAM(objects_come_and_go_in_any_number, tide_gen_params),
	KUNIT_CASE_PARAM(shrink_leaves_live_objects_only, tide_gen_params),
	KUNIT_CASE_PARAM(shrink_empties_main_and_spare_sheaf, tide_gen_params),
	KUNIT_CASE_PARAM(freed_objects_are_the_next_ones, tide_gen_params),
	KUNIT_CASE(bulk_free_fills_empty_sheaves),
	KUNIT_CASE_PARAM(sheaves_keep_a_limited_number, tide_gen_params),
	KUNIT_CASE_PARAM(returned_sheaves_are_kept_in_a_limited_number, tide_gen_params),
	KUNIT_CASE(default_sheaf_fills_its_memory),
	KUNIT_CASE_PARAM(kmalloc_has_sheaves_like_others, tide_gen_params),
	KUNIT_CASE(nodes_keep_sheaves_of_caches_with_some),
	KUNIT_CASE(sheaves_are_freed_with_their_cache),
	KUNIT_CASE_PARAM(free_succeeds_without_a_new_sheaf, tide_gen_params),
	KUNIT_CASE_PARAM(allocation_succeeds_without_a_new_sheaf, tide_gen_params),
	KUNIT_CASE_PARAM(exhaustion_loses_no_object, kind_gen_params),
	{}
};

static struct kunit_suite kmem_sheaf_suite = {
	.name = "kmem_sheaf",
	.init = kmem_suite_init,
	.test_cases = kmem_sheaf_cases,
};

kunit_test_suite(kmem_sheaf_suite);

MODULE_DESCRIPTION("KUnit tests for the sheaves of a kmem_cache");
MODULE_LICENSE("GPL");
