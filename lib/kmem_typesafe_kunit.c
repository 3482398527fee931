// SPDX-License-Identifier: GPL-2.0-only
/*
 * SLAB_TYPESAFE_BY_RCU.
 *
 * Under rcu_read_lock(), an object of such a cache may be freed, and even be
 * handed out again, while one looks at it; but it stays an object of its cache.
 * So nothing may be written to it but by its users, and its page may not go
 * back to the page allocator before a grace period is over.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_typesafe'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmstat.h>
#include "kmem_count.h"

#define OBJECT_SIZE	64
#define MANY		400
#define SLABS		24
#define BUILT		0xb1

KUNIT_ARRAY_PARAM_DESC(kind, kmem_kinds, name);

/* Kinds of caches that give up an empty slab with the last free. */
static const struct kmem_kind exact_kinds[] = {
	KMEM_KIND_DIRECT, KMEM_KIND_CHECKED, KMEM_KIND_TRACKED,
};

KUNIT_ARRAY_PARAM_DESC(exact_kind, exact_kinds, name);

static struct kmem_cache *typesafe_cache(struct kunit *test, void (*ctor)(void *))
{
	return kmem_cache_of_kind(test, "kmem_typesafe", OBJECT_SIZE, SLAB_TYPESAFE_BY_RCU, ctor);
}

/* Fill an object with what its address says, and see whether it still holds that. */
static void sign(void *object)
{
	memset64(object, ~(u64)(unsigned long)object, OBJECT_SIZE / sizeof(u64));
}

static unsigned int altered_words(const void *object)
{
	unsigned int i, altered = 0;

	for (i = 0; i < OBJECT_SIZE / sizeof(u64); i++)
		altered += ((const u64 *)object)[i] != ~(u64)(unsigned long)object;
	return altered;
}

static unsigned int count_altered(void **objects, unsigned int nr)
{
	unsigned int i, altered = 0;

	for (i = 0; i < nr; i++)
		altered += !!altered_words(objects[i]);
	return altered;
}

/* Take objects and sign them. */
static struct kmem_batch *take_signed(struct kunit *test, struct kmem_cache *cache,
				      unsigned int nr)
{
	struct kmem_batch *batch = kmem_take(test, cache, nr);
	unsigned int i;

	for (i = 0; i < nr; i++)
		sign(batch->objects[i]);
	return batch;
}

/*
 * A freed object keeps each of its bytes as long as a reader may look at it:
 * it is not poisoned, not wiped, and no pointer of the allocator is in it.
 * Source: SLAB_TYPESAFE_BY_RCU in include/linux/slab.h; calculate_sizes(), "not
 * permitted to overwrite the first word of the object on kmem_cache_free".
 */
static void freed_object_is_intact(struct kunit *test)
{
	struct kmem_cache *cache = typesafe_cache(test, NULL);
	struct kmem_batch *batch = take_signed(test, cache, MANY);
	unsigned int i, single, bulk;

	rcu_read_lock();
	for (i = 0; i < MANY / 2; i++)
		kmem_cache_free(cache, batch->objects[i]);
	single = count_altered(batch->objects, MANY / 2);
	kmem_cache_free_bulk(cache, MANY / 2, &batch->objects[MANY / 2]);
	bulk = count_altered(batch->objects, MANY);
	rcu_read_unlock();
	batch->nr = 0;
	KUNIT_EXPECT_EQ(test, single, 0);
	KUNIT_EXPECT_EQ(test, bulk, 0);
}

/*
 * An object that is handed out again is as it was freed, so that a lock or a
 * counter in it is valid all the time; no boot option wipes it. Source:
 * SLAB_TYPESAFE_BY_RCU in include/linux/slab.h, slab_want_init_on_alloc(),
 * slab_want_init_on_free().
 */
static void object_keeps_its_state_when_reused(struct kunit *test)
{
	struct kmem_cache *cache = typesafe_cache(test, NULL);
	unsigned int i, reused = 0, altered = 0, round;
	struct kmem_batch *before, *after;
	void **freed = kunit_kcalloc(test, MANY, sizeof(*freed), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, freed);
	for (round = 0; round < 2; round++) {
		before = take_signed(test, cache, MANY);
		/* some stay, so that not every slab is given up */
		for (i = 0; i < MANY / 2; i++) {
			freed[i] = before->objects[2 * i];
			before->objects[i] = before->objects[2 * i + 1];
			kmem_cache_free(cache, freed[i]);
		}
		before->nr = MANY / 2;
		rcu_barrier();
		after = kmem_take(test, cache, MANY / 2);
		for (i = 0; i < MANY / 2; i++) {
			if (!kmem_count(after, freed[i]))
				continue;
			reused++;
			altered += !!altered_words(freed[i]);
		}
		KUNIT_EXPECT_GT_MSG(test, reused, 0, "none came back, nothing is proved");
		KUNIT_EXPECT_EQ_MSG(test, altered, 0, "of %u, round %u", reused, round);
		kmem_give_back(test, before);
		kmem_give_back(test, after);
	}
}

static unsigned int built;

static void build(void *object)
{
	memset(object, BUILT, OBJECT_SIZE);
	built++;
}

/*
 * The constructor runs when a slab comes, and never on an object that a reader
 * may look at. Source: the kernel-doc of kmem_cache_args.ctor, SLAB_TYPESAFE_BY_RCU
 * in include/linux/slab.h.
 */
static void constructor_runs_with_the_slab_only(struct kunit *test)
{
	unsigned int i, round, wrong, constructed;
	struct kmem_batch *batch, *keep;
	struct kmem_cache *cache;

	KMEM_REQUIRE_NOT(test, CONFIG_SLUB_RCU_DEBUG, "which keeps freed objects for a while");
	cache = typesafe_cache(test, build);
	built = 0;
	keep = kmem_take(test, cache, MANY);
	constructed = built;
	KUNIT_EXPECT_GE(test, constructed, MANY);
	KUNIT_EXPECT_LT(test, constructed, 3 * MANY);
	/* every other one is free, so no slab comes or goes */
	for (i = 0; i < MANY / 2; i++) {
		void *object = keep->objects[2 * i];

		keep->objects[i] = keep->objects[2 * i + 1];
		kmem_cache_free(cache, object);
	}
	keep->nr = MANY / 2;
	for (round = 0; round < 4; round++) {
		batch = kmem_take(test, cache, MANY / 2);
		for (i = 0, wrong = 0; i < MANY / 2; i++)
			wrong += !!memchr_inv(batch->objects[i], BUILT, OBJECT_SIZE);
		KUNIT_EXPECT_EQ_MSG(test, wrong, 0, "round %u", round);
		kmem_give_back(test, batch);
	}
	KUNIT_EXPECT_EQ(test, built, constructed);
}

/*
 * With __GFP_ZERO, an object is zero, as of any other cache. Source: __GFP_ZERO
 * in include/linux/gfp_types.h, slab_want_init_on_alloc().
 */
static void zeroed_object_is_zero(struct kunit *test)
{
	struct kmem_cache *cache = typesafe_cache(test, NULL);
	struct kmem_batch *batch = take_signed(test, cache, MANY);
	unsigned int i, dirty = 0;

	while (batch->nr > MANY / 2)
		kmem_cache_free(cache, batch->objects[--batch->nr]);
	for (i = MANY / 2; i < MANY; i++) {
		void *object = kmem_cache_zalloc(cache, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, object);
		dirty += !!memchr_inv(object, 0, OBJECT_SIZE);
		batch->objects[batch->nr++] = object;
	}
	KUNIT_EXPECT_EQ(test, dirty, 0);
}

/* What the memory statistics say of slabs, in pages. */
static long slab_pages(void)
{
	return global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
}

/* what others may take or give back meanwhile */
#define NOISE	6

static void require_statistics(struct kunit *test)
{
	kmem_require_exact(test);
	KMEM_REQUIRE_NOT(test, CONFIG_SMP, "where each CPU has counters of its own");
}

/* A cache that gives up each empty slab, some of its slabs full, and their pages. */
static struct kmem_batch *fill_slabs(struct kunit *test, unsigned long keep, long *pages)
{
	struct kmem_cache *cache = typesafe_cache(test, NULL);
	unsigned long per_slab;

	require_statistics(test);
	per_slab = kmem_attribute(test, cache, "objs_per_slab");
	kmem_set_attribute(test, cache, "min_partial", keep);
	*pages = SLABS << kmem_attribute(test, cache, "order");
	return take_signed(test, cache, SLABS * per_slab);
}

static void free_all(struct kmem_batch *batch)
{
	unsigned int i;

	for (i = 0; i < batch->nr; i++)
		kmem_cache_free(batch->cache, batch->objects[i]);
	batch->nr = 0;
}

#define SPARES	64

/*
 * A slab all of whose objects are free stays a slab, with all that is in it,
 * until the readers of that time are gone; then its pages are given back.
 * Source: free_slab(), which leaves that to call_rcu(); SLAB_TYPESAFE_BY_RCU in
 * include/linux/slab.h, "delays freeing the SLAB page by a grace period".
 */
static void empty_slab_is_given_back_after_the_readers(struct kunit *test)
{
	unsigned int i, j, order, nr, altered, gone = 0, taken = 0;
	struct page *spares[SPARES];
	struct kmem_batch *batch;
	long pages, full, held, after;

	batch = fill_slabs(test, 0, &pages);
	order = kmem_attribute(test, batch->cache, "order");
	nr = batch->nr;
	full = slab_pages();

	rcu_read_lock();
	free_all(batch);
	held = slab_pages();
	/* were they free, these pages would be the next to be handed out */
	for (i = 0; i < SPARES; i++)
		spares[i] = alloc_pages(GFP_ATOMIC | __GFP_NOWARN | __GFP_COMP, order);
	altered = count_altered(batch->objects, nr);
	for (i = 0; i < nr; i++) {
		struct page *page = virt_to_head_page(batch->objects[i]);

		gone += !PageSlab(page);
		for (j = 0; j < SPARES; j++)
			taken += spares[j] == page;
	}
	rcu_read_unlock();
	for (i = 0; i < SPARES; i++)
		if (spares[i])
			__free_pages(spares[i], order);

	KUNIT_EXPECT_EQ(test, altered, 0);
	KUNIT_EXPECT_EQ(test, gone, 0);
	KUNIT_EXPECT_EQ(test, taken, 0);
	KUNIT_EXPECT_LE_MSG(test, abs(held - full), NOISE, "%ld pages, were %ld", held, full);
	rcu_barrier();
	after = slab_pages();
	/* the last slab may be a CPU's */
	KUNIT_EXPECT_GE_MSG(test, full - after, pages - pages / SLABS - NOISE,
			    "%ld pages, were %ld", after, full);
	kmem_expect_live(test, batch->cache, 0, "all were freed");
}

/*
 * When kmem_cache_destroy() returns, the pages are given back, too, whether
 * their slabs were given up before or are so by it, and the cache is theirs
 * until then. Source: kmem_cache_destroy(), which waits with rcu_barrier().
 */
static void destroy_waits_for_the_pages(struct kunit *test)
{
	static const unsigned int keeps[] = { 0, SLABS + 1 };
	unsigned int i;

	/* earlier, a work waited in its place */
	if (!kmem_destroy_waits_for_kfree_rcu())
		kunit_skip(test, "needs a place for the free pointer that one may choose");

	for (i = 0; i < ARRAY_SIZE(keeps); i++) {
		struct kmem_batch *batch;
		struct kmem_cache *cache;
		long pages, full, after;

		batch = fill_slabs(test, keeps[i], &pages);
		cache = batch->cache;
		full = slab_pages();
		free_all(batch);
		kmem_private_cache_destroy(test, cache);
		after = slab_pages();
		KUNIT_EXPECT_LE_MSG(test, abs(full - after - pages), NOISE,
				    "keeps %u slabs: %ld pages, were %ld", keeps[i], after, full);
	}
}

/*
 * Memory of the cache is nobody else's while a reader may look at it: no other
 * cache, and not kmalloc(), is given a freed object. Source: as before, and
 * SLAB_NEVER_MERGE.
 */
static void freed_object_is_nobody_elses(struct kunit *test)
{
	struct kmem_cache *cache = typesafe_cache(test, NULL);
	struct kmem_cache *other = kmem_cache_of_kind(test, "kmem_other", OBJECT_SIZE, 0, NULL);
	struct kmem_batch *batch = take_signed(test, cache, MANY);
	void **others = kunit_kcalloc(test, 2 * MANY, sizeof(*others), GFP_KERNEL);
	unsigned int i, altered;

	KUNIT_ASSERT_NOT_NULL(test, others);
	rcu_read_lock();
	free_all(batch);
	for (i = 0; i < MANY; i++) {
		others[i] = kmem_cache_alloc(other, GFP_ATOMIC);
		others[MANY + i] = kmalloc(OBJECT_SIZE, GFP_ATOMIC);
		if (others[i])
			memset(others[i], 0, OBJECT_SIZE);
		if (others[MANY + i])
			memset(others[MANY + i], 0, OBJECT_SIZE);
	}
	altered = count_altered(batch->objects, MANY);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, altered, 0);
	for (i = 0; i < MANY; i++) {
		if (others[i])
			kmem_cache_free(other, others[i]);
		kfree(others[MANY + i]);
	}
}

/*
 * A cache that says where its free pointer may go has it there, and nowhere
 * else in the object, which need not grow for it. Source: the kernel-doc of
 * kmem_cache_args.freeptr_offset.
 */
static void free_pointer_is_where_it_was_put(struct kunit *test)
{
	static const unsigned int offsets[] = { 0, 8, 24, OBJECT_SIZE - sizeof(void *) };
	const struct kmem_kind *kind = test->param_value;
	struct kmem_cache *usual = typesafe_cache(test, NULL);
	unsigned int o, i, outside;

	if (!kmem_has_freeptr_offset(false))
		kunit_skip(test, "needs a place for the free pointer that one may choose");
	kmem_require_counters(test);
	for (o = 0; o < ARRAY_SIZE(offsets); o++) {
		struct kmem_cache *cache;
		struct kmem_batch *batch;

		cache = kmem_create_with_freeptr("kmem_freeptr", OBJECT_SIZE, offsets[o],
						 kind->flags | SLAB_TYPESAFE_BY_RCU |
						 SLAB_NO_MERGE | SLAB_NO_USER_FLAGS);
		kmem_adopt_cache(test, cache);
		if (!(kind->flags & SLAB_POISON))
			KUNIT_EXPECT_LT(test, kmem_attribute(test, cache, "slab_size"),
					kmem_attribute(test, usual, "slab_size"));
		batch = take_signed(test, cache, MANY);
		rcu_read_lock();
		free_all(batch);
		for (i = 0, outside = 0; i < MANY; i++) {
			u64 *word = batch->objects[i] + round_down(offsets[o], sizeof(u64));
			bool altered = *word != ~(u64)(unsigned long)batch->objects[i];

			outside += altered_words(batch->objects[i]) != altered;
		}
		rcu_read_unlock();
		KUNIT_EXPECT_EQ_MSG(test, outside, 0, "offset %u", offsets[o]);
		kmem_private_cache_destroy(test, cache);
	}
}

static struct kunit_case kmem_typesafe_cases[] = {
	KUNIT_CASE_PARAM(freed_object_is_intact, kind_gen_params),
	KUNIT_CASE_PARAM(object_keeps_its_state_when_reused, kind_gen_params),
	KUNIT_CASE_PARAM(constructor_runs_with_the_slab_only, kind_gen_params),
	KUNIT_CASE_PARAM(zeroed_object_is_zero, kind_gen_params),
	KUNIT_CASE_PARAM(empty_slab_is_given_back_after_the_readers, exact_kind_gen_params),
	KUNIT_CASE_PARAM(destroy_waits_for_the_pages, exact_kind_gen_params),
	KUNIT_CASE_PARAM(freed_object_is_nobody_elses, kind_gen_params),
	KUNIT_CASE_PARAM(free_pointer_is_where_it_was_put, kind_gen_params),
	{}
};

static struct kunit_suite kmem_typesafe_suite = {
	.name = "kmem_typesafe",
	.init = kmem_suite_init,
	.test_cases = kmem_typesafe_cases,
};

kunit_test_suite(kmem_typesafe_suite);

MODULE_DESCRIPTION("KUnit tests for SLAB_TYPESAFE_BY_RCU");
MODULE_LICENSE("GPL");
