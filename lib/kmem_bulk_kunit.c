// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bulk allocation and free.
 *
 * kmem_cache_alloc_bulk() takes many objects at once, or none, and
 * kmem_cache_free_bulk() gives them back in any order; both must do to each
 * object what the single calls do to it.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_bulk'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/page-flags.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_count.h"

#define OBJECT_SIZE	64
/* of several slabs and sheaves, also where a slab has some hundred of them */
#define MANY		1200
#define DIRT		0xd1
#define BUILT		0xb1

KUNIT_ARRAY_PARAM_DESC(kind, kmem_kinds, name);

/* Numbers of objects: none too many for one slab or sheaf, and far more. */
static const unsigned int counts[] = { 1, 2, 3, 7, 8, 31, 32, 33, 59, 60, 61, 64, 121, 180, MANY };

static void take_bulk(struct kunit *test, struct kmem_cache *cache, gfp_t gfp, unsigned int nr,
		      void **objects)
{
	KUNIT_ASSERT_TRUE_MSG(test, kmem_alloc_bulk(cache, gfp, nr, objects), "%u objects", nr);
}

/*
 * As many objects as were asked for are live, distinct, and do not overlap;
 * freed in bulk, all of them are free. Source: kmem_cache_alloc_bulk() and
 * kmem_cache_free_bulk() in include/linux/slab.h, "Bulk allocation and freeing
 * operations".
 */
static void objects_are_distinct_and_all_freed(struct kunit *test)
{
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_bulk", OBJECT_SIZE, 0, NULL);
	void **objects = kmem_make_array(test, MANY);
	unsigned int i, round;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		/* from new slabs, then from what was freed before */
		for (round = 0; round < 2; round++) {
			unsigned int nr = counts[i];

			take_bulk(test, cache, GFP_KERNEL, nr, objects);
			KUNIT_ASSERT_EQ_MSG(test, kmem_count_twice(test, objects, nr), 0,
					    "%u objects, round %u", nr, round);
			kmem_write_marks(objects, nr, OBJECT_SIZE, round);
			KUNIT_EXPECT_EQ_MSG(test, kmem_count_wrong_marks(objects, nr, OBJECT_SIZE,
									 round), 0,
					    "%u objects, round %u", nr, round);
			kmem_cache_free_bulk(cache, nr, objects);
		}
		kmem_cache_shrink(cache);
	}
}

/*
 * The counters know of each object that is live, and of no other, also when some hundred
 * of a slab are freed at once. Source:
 * Documentation/ABI/testing/sysfs-kernel-slab on objects, get_freelist_nofreeze(),
 * alloc_from_new_slab(), deactivate_slab().
 */
static void objects_are_counted(struct kunit *test)
{
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_bulk", sizeof(long), 0, NULL);
	void **objects = kmem_make_array(test, MANY);
	unsigned int i, nr, live;

	kmem_require_counters(test);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		nr = counts[i];
		take_bulk(test, cache, GFP_KERNEL, nr, objects);
		kmem_expect_live(test, cache, nr, "taken");
		for (live = nr; live; live -= DIV_ROUND_UP(live, 3)) {
			unsigned int some = DIV_ROUND_UP(live, 3);

			kmem_cache_free_bulk(cache, some, &objects[live - some]);
			kmem_expect_live(test, cache, live - some, "freed a third");
		}
	}
}

/* Take some in bulk, of which there are as many in slabs that the cache has. */
static void retake(struct kunit *test, struct kmem_batch *batch, unsigned int nr,
		   unsigned long slabs)
{
	take_bulk(test, batch->cache, GFP_KERNEL, nr, &batch->objects[batch->nr]);
	batch->nr += nr;
	KMEM_EXPECT_COUNT(test, batch->cache, "slabs", slabs, "%u objects", nr);
}

/*
 * In bulk, too, a new slab is taken when all others are full, and not before, be the
 * free objects those of one slab or of several, and more than are wanted or just as many.
 * Source: ___slab_alloc(), "New slabs are allocated if there are no partial ones"; "we
 * already have min and this would get us over the max" (7.x).
 */
static void new_slab_comes_when_all_are_full(struct kunit *test)
{
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_bulk", OBJECT_SIZE, 0, NULL);
	unsigned int per_slab, nr, i;
	struct kmem_batch *batch;
	unsigned long slabs;

	kmem_require_exact(test);
	if (num_node_state(N_MEMORY) > 1)
		kunit_skip(test, "needs a single node, whose slabs are all used");
	per_slab = kmem_attribute(test, cache, "objs_per_slab");
	batch = kmem_take(test, cache, 5 * per_slab);
	slabs = kmem_attribute(test, cache, "slabs");
	KUNIT_ASSERT_EQ(test, slabs, 5);
	for (nr = 1; nr <= 4; nr++) {
		batch->nr -= 2 * nr;
		kmem_cache_free_bulk(cache, 2 * nr, &batch->objects[batch->nr]);
		retake(test, batch, nr, slabs);
		retake(test, batch, nr, slabs);
	}
	for (i = 0; i < 4; i++) {
		void **object = &batch->objects[i * per_slab];

		kmem_cache_free(cache, *object);
		*object = batch->objects[--batch->nr];
	}
	retake(test, batch, 4, slabs);
}

/*
 * What is taken in bulk is not taken from others: what lies between single
 * allocations and frees keeps its contents. Source: as before, both are the
 * same cache's objects.
 */
static void bulk_and_single_calls_mix(struct kunit *test)
{
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_bulk", OBJECT_SIZE, 0, NULL);
	struct kmem_batch *singles = kmem_take(test, cache, 100);
	void **objects = kmem_make_array(test, MANY);
	unsigned int i;

	kmem_write_marks(singles->objects, 100, OBJECT_SIZE, 1000);
	take_bulk(test, cache, GFP_KERNEL, 100, objects);
	kmem_write_marks(objects, 100, OBJECT_SIZE, 2000);
	KUNIT_EXPECT_EQ(test, kmem_count_wrong_marks(singles->objects, 100, OBJECT_SIZE, 1000), 0);

	/* taken one by one, freed in bulk; and the other way round */
	kmem_cache_free_bulk(cache, 50, &singles->objects[50]);
	singles->nr = 50;
	for (i = 50; i < 100; i++)
		kmem_cache_free(cache, objects[i]);
	take_bulk(test, cache, GFP_KERNEL, 100, &objects[50]);
	kmem_write_marks(&objects[50], 100, OBJECT_SIZE, 3000);
	KUNIT_EXPECT_EQ(test, kmem_count_wrong_marks(singles->objects, 50, OBJECT_SIZE, 1000), 0);
	KUNIT_EXPECT_EQ(test, kmem_count_wrong_marks(objects, 50, OBJECT_SIZE, 2000), 0);
	KUNIT_EXPECT_EQ(test, kmem_count_wrong_marks(&objects[50], 100, OBJECT_SIZE, 3000), 0);
	KUNIT_EXPECT_EQ(test, kmem_count_twice(test, objects, 150), 0);
	kmem_cache_free_bulk(cache, 150, objects);
}

/* The orders in which objects are freed: how far apart those of a slab stand. */
static void arrange(void **objects, unsigned int nr, unsigned int order, u32 *random)
{
	unsigned int i;

	kmem_sort(objects, nr);
	switch (order) {
	case 0:	/* by slab */
		break;
	case 1:	/* by slab, backwards */
		for (i = 0; i < nr / 2; i++)
			swap(objects[i], objects[nr - 1 - i]);
		break;
	case 2:	/* one of the first slabs, one of the last ones */
		for (i = 0; i < nr / 2; i += 2)
			swap(objects[i], objects[nr - 1 - i]);
		break;
	case 3:	/* every third one is a stranger: at the edge of the look-ahead */
		for (i = 0; i + nr / 2 < nr; i += 3)
			swap(objects[i], objects[i + nr / 2]);
		break;
	default:
		kmem_shuffle(objects, nr, random);
	}
}

/*
 * Objects are freed in bulk in whatever order they and their slabs come, each
 * once, and those that are not freed keep their contents. Source:
 * build_detached_freelist(), "limited look ahead".
 */
static void freed_in_any_order(struct kunit *test)
{
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_bulk", OBJECT_SIZE, 0, NULL);
	void **objects = kmem_make_array(test, MANY);
	struct kmem_batch *kept = kmem_take(test, cache, 60);
	unsigned int order;
	u32 random = 7;

	kmem_require_counters(test);
	kmem_write_marks(kept->objects, 60, OBJECT_SIZE, 9);
	for (order = 0; order < 8; order++) {
		unsigned int rest = MANY / 5;

		take_bulk(test, cache, GFP_KERNEL, MANY, objects);
		KUNIT_ASSERT_EQ_MSG(test, kmem_count_twice(test, objects, MANY), 0,
				    "order %u", order);
		arrange(objects, MANY, order, &random);
		kmem_write_marks(objects, MANY, OBJECT_SIZE, order);
		/* a part of each slab stays live meanwhile */
		kmem_cache_free_bulk(cache, MANY - rest, &objects[rest]);
		kmem_expect_live(test, cache, 60 + rest, "freed most");
		KUNIT_EXPECT_EQ_MSG(test, kmem_count_wrong_marks(objects, rest, OBJECT_SIZE, order),
				    0, "order %u", order);
		kmem_cache_free_bulk(cache, rest, objects);
		kmem_expect_live(test, cache, 60, "freed the rest");
	}
	KUNIT_EXPECT_EQ(test, kmem_count_wrong_marks(kept->objects, 60, OBJECT_SIZE, 9), 0);
}

/*
 * No objects are no work: a bulk allocation of none gives none, and a bulk free
 * of none does nothing. Source: kmem_cache_alloc_bulk(), "must be larger than
 * 0" (7.x), and kmem_cache_free_bulk(), both of which return at once.
 */
static void none_is_nothing(struct kunit *test)
{
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_bulk", OBJECT_SIZE, 0, NULL);
	void *object = test;

	KMEM_EXPECT_SILENCE(test, kmem_cache_free_bulk(cache, 0, &object));
	KUNIT_EXPECT_FALSE(test, kmem_alloc_bulk(cache, GFP_KERNEL, 0, &object));
	KUNIT_EXPECT_PTR_EQ(test, object, (void *)test);
	kmem_expect_live(test, cache, 0, "none was taken");
}

/*
 * Dirty objects and free every other one, in bulk: no slab is given up. Whose
 * they were is in @before, sorted.
 */
static void leave_dirt(struct kunit *test, struct kmem_cache *cache, unsigned int nr,
		       void **before)
{
	struct kmem_batch *batch = kmem_take(test, cache, 2 * nr);
	unsigned int i;

	for (i = 0; i < 2 * nr; i++)
		memset(batch->objects[i], DIRT, OBJECT_SIZE);
	for (i = 0; i < nr; i++) {
		before[i] = batch->objects[2 * i];
		batch->objects[i] = batch->objects[2 * i + 1];
	}
	batch->nr = nr;
	kmem_cache_free_bulk(cache, nr, before);
	if (IS_ENABLED(CONFIG_KASAN_GENERIC))
		kmem_cache_shrink(cache);
	kmem_sort(before, nr);
}

/* Count those of @objects that are in @before, sorted. */
static unsigned int count_reused(void **objects, void **before, unsigned int nr)
{
	unsigned int i, j, reused = 0;

	kmem_sort(objects, nr);
	for (i = 0, j = 0; i < nr && j < nr; ) {
		reused += objects[i] == before[j];
		if (objects[i] < before[j])
			i++;
		else
			j++;
	}
	return reused;
}

/*
 * With __GFP_ZERO each of the objects is zero, though their memory was dirty.
 * Source: __GFP_ZERO in include/linux/gfp_types.h, slab_post_alloc_hook(),
 * which goes through all of them.
 */
static void zeroed_objects_are_zero(struct kunit *test)
{
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_bulk", OBJECT_SIZE, 0, NULL);
	void **objects = kmem_make_array(test, MANY), **before = kmem_make_array(test, MANY);
	unsigned int c, i;

	for (c = 0; c < ARRAY_SIZE(counts); c++) {
		unsigned int nr = counts[c], dirty = 0;

		leave_dirt(test, cache, nr, before);
		take_bulk(test, cache, GFP_KERNEL | __GFP_ZERO, nr, objects);
		for (i = 0; i < nr; i++)
			dirty += !!memchr_inv(objects[i], 0, OBJECT_SIZE);
		KUNIT_EXPECT_EQ_MSG(test, dirty, 0, "%u objects", nr);
		/* SLOB goes on where it last found room */
		if (nr > 2 && !IS_ENABLED(CONFIG_KASAN) && !IS_ENABLED(CONFIG_SLOB))
			KUNIT_EXPECT_GT_MSG(test, count_reused(objects, before, nr), 0,
					    "%u objects: none came back, nothing is proved", nr);
		kmem_cache_free_bulk(cache, nr, objects);
	}
}

/*
 * A boot with init_on_alloc=1 gives zeroed objects to those who do not ask for
 * them, in bulk too, but not from a cache that is poisoned; a boot without
 * gives them as they are. Source: init_on_alloc= in
 * Documentation/admin-guide/kernel-parameters.txt, slab_want_init_on_alloc().
 */
static void plain_objects_are_as_the_boot_says(struct kunit *test)
{
	const struct kmem_kind *kind = test->param_value;
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_bulk", OBJECT_SIZE, 0, NULL);
	void **objects = kmem_make_array(test, MANY), **before = kmem_make_array(test, MANY);
	unsigned int i, zero = 0, dirt = 0;
	bool poisoned = kind->flags & SLAB_POISON;

	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which keeps its data in free objects");
	KMEM_REQUIRE_NOT(test, CONFIG_SLOB, "which keeps its data in free objects");
	leave_dirt(test, cache, MANY, before);
	take_bulk(test, cache, GFP_KERNEL, MANY, objects);
	KUNIT_ASSERT_GT(test, count_reused(objects, before, MANY), MANY / 2);
	for (i = 0; i < MANY; i++) {
		u8 *object = objects[i];

		zero += !memchr_inv(object, 0, OBJECT_SIZE);
		/* but for a pointer in the middle */
		dirt += object[0] == DIRT && object[OBJECT_SIZE - 1] == DIRT;
	}
	if (poisoned) {
		KUNIT_EXPECT_EQ(test, zero, 0);
		KUNIT_EXPECT_EQ(test, dirt, 0);
	} else if (want_init_on_alloc(GFP_KERNEL)) {
		KUNIT_EXPECT_EQ(test, zero, MANY);
	} else if (!want_init_on_free()) {
		/* SLAB's freelist may lie in one object of a slab */
		KUNIT_EXPECT_GE(test, dirt, IS_ENABLED(CONFIG_SLUB) ?
					    count_reused(objects, before, MANY) : MANY / 2);
	}
	kmem_cache_free_bulk(cache, MANY, objects);
}

static void expect_wiped(struct kunit *test, struct kmem_cache *cache, void **objects,
			 bool as_kmalloc)
{
	unsigned int i, byte, left = 0;

	take_bulk(test, cache, GFP_KERNEL, MANY, objects);
	kmem_sort(objects, MANY);
	kmem_write_marks(objects, MANY, OBJECT_SIZE, 5);
	/* their neighbours stay live */
	for (i = 0; i < MANY / 2; i++)
		swap(objects[i], objects[2 * i]);
	kmem_write_marks(objects, MANY, OBJECT_SIZE, 5);
	if (as_kmalloc)
		kfree_bulk(MANY / 2, objects);
	else
		kmem_cache_free_bulk(cache, MANY / 2, objects);
	for (i = 0; i < MANY / 2; i++) {
		unsigned int dirty = 0;

		for (byte = 0; byte < OBJECT_SIZE; byte++)
			dirty += !!kmem_peek(objects[i] + byte);
		left += dirty > sizeof(void *);
	}
	KUNIT_EXPECT_EQ(test, left, 0);
	for (i = MANY / 2; i < MANY; i++)
		KUNIT_EXPECT_EQ_MSG(test, *(unsigned long *)objects[i],
				    (5UL + i + 1) * GOLDEN_RATIO_PRIME, "object %u", i);
	kmem_cache_free_bulk(cache, MANY / 2, &objects[MANY / 2]);
}

/*
 * A boot with init_on_free=1 wipes each object that is freed in bulk, also by
 * kfree_bulk(), but for the allocator's pointer, and no object that is still live.
 * Source: init_on_free= in Documentation/admin-guide/kernel-parameters.txt.
 */
static void freed_objects_are_wiped(struct kunit *test)
{
	const struct kmem_kind *kind = test->param_value;
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_bulk", OBJECT_SIZE, 0, NULL);
	void **objects = kmem_make_array(test, MANY);

	if (!want_init_on_free())
		kunit_skip(test, "needs a boot with init_on_free=1");
	if (kind->flags & SLAB_POISON)
		kunit_skip(test, "needs a cache that is not poisoned instead");
	expect_wiped(test, cache, objects, false);
	if (!IS_ENABLED(CONFIG_SLOB))
		expect_wiped(test, cache, objects, true);
}

static unsigned int built;

static void build(void *object)
{
	memset(object, BUILT, OBJECT_SIZE);
	built++;
}

/*
 * Objects of a cache with a constructor are constructed when their slab comes,
 * not when they are taken, and keep their state through bulk free and bulk
 * allocation. Source: the kernel-doc of kmem_cache_args.ctor, "invoked for each
 * object in a newly allocated slab page".
 */
static void constructed_state_is_kept(struct kunit *test)
{
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_bulk", OBJECT_SIZE, 0, build);
	void **objects = kmem_make_array(test, MANY);
	unsigned int round, i, wrong, first = 0;

	kmem_require_counters(test);
	built = 0;
	for (round = 0; round < 3; round++) {
		wrong = 0;
		take_bulk(test, cache, GFP_KERNEL, MANY, objects);
		for (i = 0; i < MANY; i++)
			wrong += !!memchr_inv(objects[i], BUILT, OBJECT_SIZE);
		KUNIT_EXPECT_EQ_MSG(test, wrong, 0, "round %u", round);
		if (!round)
			first = built;
		kmem_cache_free_bulk(cache, MANY / 2, objects);
		kmem_cache_free_bulk(cache, MANY / 2, &objects[MANY / 2]);
		if (!round)
			KUNIT_EXPECT_GE(test, first, MANY);
	}
	/* some slabs may have been given back, all of them never are */
	KUNIT_EXPECT_LT(test, built, 3 * first);
}

/*
 * If memory runs out at some object, none is handed out, and those that were
 * taken before are given back. Source: kmem_cache_alloc_bulk(), whose error
 * path frees what it has, "Return: true if the allocation succeeded" (7.x).
 */
static void failure_gives_all_back(struct kunit *test)
{
	unsigned int nr = kmem_more_than_memory(test), round;
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_huge", KMEM_HUGE, 0, NULL);
	struct kmem_batch *kept = kmem_take(test, cache, 3);
	void **objects = kmem_make_array(test, nr);

	kmem_write_marks(kept->objects, 3, PAGE_SIZE, 3);

	for (round = 0; round < 2; round++) {
		KUNIT_EXPECT_FALSE(test, kmem_alloc_bulk(cache, __GFP_NOWARN, nr, objects));
		kmem_expect_live(test, cache, 3, "it failed");
		KUNIT_EXPECT_EQ_MSG(test, kmem_count_wrong_marks(kept->objects, 3, PAGE_SIZE, 3),
				    0, "round %u", round);
	}
	take_bulk(test, cache, GFP_KERNEL, 5, objects);
	kmem_cache_free_bulk(cache, 5, objects);
	kmem_expect_live(test, cache, 3, "it succeeded");
}

/*
 * An injected failure, too, hands out nothing and leaves the array alone.
 * Source: slab_pre_alloc_hook(), Documentation/fault-injection/fault-injection.rst.
 */
static void injected_failure_gives_none(struct kunit *test)
{
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_bulk", OBJECT_SIZE, 0, NULL);
	void *objects[4] = { test, test, test, test };
	unsigned int i;
	bool taken;

	taken = KMEM_FAILING(test, 1, kmem_alloc_bulk(cache, GFP_NOWAIT | __GFP_NOWARN, 4,
						      objects));
	KUNIT_EXPECT_FALSE(test, taken);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_PTR_EQ(test, objects[i], (void *)test);
	kmem_expect_live(test, cache, 0, "it failed");
}

/*
 * Objects of a slab that is from the reserves, freed among others, are for those
 * alone who may use the reserves, and are free as the others are. Source:
 * free_to_pcs_bulk(), can_free_to_pcs() (7.x); pfmemalloc_match().
 */
static void objects_of_the_reserves_are_kept_back(struct kunit *test)
{
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_reserve", OBJECT_SIZE, 0, NULL);
	struct kmem_batch *batch = kmem_take(test, cache, MANY), *others;
	unsigned int i, at = 0, given = 0;
	/* of the middle, so that it is full */
	void *slab = kmem_slab_of(batch->objects[MANY / 2]);

	KMEM_REQUIRE(test, CONFIG_SLUB);
	folio_set_active(virt_to_folio(slab));
	/* each one behind another's, among the first, which sheaves have room for */
	for (i = 0; i < MANY; i++) {
		if (kmem_slab_of(batch->objects[i]) == slab && at < MANY) {
			swap(batch->objects[i], batch->objects[at]);
			at += 2;
		}
	}
	/* all but one of that slab, so that it stays */
	kmem_cache_free_bulk(cache, MANY - 1, &batch->objects[1]);
	batch->nr = 1;

	others = kmem_take(test, cache, MANY);
	for (i = 0; i < MANY; i++)
		given += kmem_slab_of(others->objects[i]) == slab;
	KUNIT_EXPECT_EQ(test, given, 0);
	KUNIT_EXPECT_EQ(test, kmem_count_twice(test, others->objects, MANY), 0);
	kmem_give_back(test, others);
	kmem_give_back(test, batch);
	KMEM_EXPECT_SILENCE(test, kmem_private_cache_destroy(test, cache));
}

/* Free the first two of @nr objects of a slab, and the first one again, in bulk. */
static struct kmem_batch *free_in_bulk_with_one_twice(struct kunit *test, struct kmem_cache *cache,
						      unsigned int nr, const char *report)
{
	const struct kmem_kind *kind = test->param_value;
	struct kmem_batch *batch = kmem_take(test, cache, nr);
	void *twice[3] = { batch->objects[0], batch->objects[1], batch->objects[0] };

	if (!kind->debug)
		kunit_skip(test, "needs a cache whose frees are checked");
	if (kmem_slab_of(twice[0]) != kmem_slab_of(twice[1]) || IS_ENABLED(CONFIG_KASAN))
		kunit_skip(test, "needs two objects of one slab, and CONFIG_KASAN=n");
	KMEM_EXPECT_REPORT(test, kmem_cache_free_bulk(cache, 3, twice), report);
	return batch;
}

/*
 * An object that stands twice in a bulk free is reported where frees are
 * checked, and the cache lives on. Source: free_debug_processing(), "Bulk free
 * expected".
 */
static void object_freed_twice_in_bulk_is_reported(struct kunit *test)
{
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_bulk", OBJECT_SIZE, 0, NULL);
	struct kmem_batch *batch;

	batch = free_in_bulk_with_one_twice(test, cache, 4,
					    "Bulk free expected 3 objects but found 1");
	/* the first one is free, the second one is not */
	batch->objects[0] = batch->objects[--batch->nr];
	kmem_expect_live(test, cache, 3, "one was freed");
}

/*
 * More frees than a slab has live objects are refused as a whole. Source:
 * free_debug_processing(), "allocated objects but".
 */
static void more_frees_than_objects_are_refused(struct kunit *test)
{
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_bulk", OBJECT_SIZE, 0, NULL);

	free_in_bulk_with_one_twice(test, cache, 2,
				    "Slab has 2 allocated objects but 3 are to be freed");
	kmem_expect_live(test, cache, 2, "none was freed");
}

static struct kunit_case kmem_bulk_cases[] = {
	KUNIT_CASE_PARAM(objects_are_distinct_and_all_freed, kind_gen_params),
	KUNIT_CASE_PARAM(objects_are_counted, kind_gen_params),
	KUNIT_CASE_PARAM(new_slab_comes_when_all_are_full, kind_gen_params),
	KUNIT_CASE_PARAM(bulk_and_single_calls_mix, kind_gen_params),
	KUNIT_CASE_PARAM(freed_in_any_order, kind_gen_params),
	KUNIT_CASE_PARAM(none_is_nothing, kind_gen_params),
	KUNIT_CASE_PARAM(zeroed_objects_are_zero, kind_gen_params),
	KUNIT_CASE_PARAM(plain_objects_are_as_the_boot_says, kind_gen_params),
	KUNIT_CASE_PARAM(freed_objects_are_wiped, kind_gen_params),
	KUNIT_CASE_PARAM(constructed_state_is_kept, kind_gen_params),
	KUNIT_CASE_PARAM(failure_gives_all_back, kind_gen_params),
	KUNIT_CASE_PARAM(injected_failure_gives_none, kind_gen_params),
	KUNIT_CASE_PARAM(objects_of_the_reserves_are_kept_back, kind_gen_params),
	KUNIT_CASE_PARAM(object_freed_twice_in_bulk_is_reported, kind_gen_params),
	KUNIT_CASE_PARAM(more_frees_than_objects_are_refused, kind_gen_params),
	{}
};

static struct kunit_suite kmem_bulk_suite = {
	.name = "kmem_bulk",
	.init = kmem_suite_init,
	.test_cases = kmem_bulk_cases,
};

kunit_test_suite(kmem_bulk_suite);

MODULE_DESCRIPTION("KUnit tests for bulk allocation and free");
MODULE_LICENSE("GPL");
