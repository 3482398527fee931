// SPDX-License-Identifier: GPL-2.0-only
/*
 * Caches that are merged, and caches that must not be.
 *
 * The sizes here are no other cache's, so a cache is merged with its twin of the
 * same case or not at all. Most have SLAB_NO_USER_FLAGS, so that they merge in
 * a boot with slab_debug= as well.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_cache_merge'
 */
#include <kunit/test.h>
#include <linux/init.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_kunit.h"

#define SIZE		5000
#define FIRST		"kmem_twin_1"
#define SECOND		"kmem_twin_2"
#define MANY		24

/**
 * struct shape - what a cache is created with
 * @size: of its objects
 * @align: their alignment
 * @flags: SLAB_*
 * @ctor: constructor
 * @usersize: bytes at the beginning that may be copied to and from user space
 * @sheaf_capacity: as of struct kmem_cache_args
 */
struct shape {
	unsigned int size, align;
	slab_flags_t flags;
	void (*ctor)(void *object);
	unsigned int usersize, sheaf_capacity;
};

static void construct_nothing(void *object)
{
}

static struct kmem_cache *create_with_user_flags(struct kunit *test, const char *name,
						 const struct shape *shape)
{
	struct kmem_cache_args args = {
		.align = shape->align,
		.ctor = shape->ctor,
		.usersize = shape->usersize,
	};
	struct kmem_cache *cache;

	kmem_args_set_sheaf_capacity(&args, shape->sheaf_capacity);
	cache = kmem_cache_create_with(name, shape->size, &args, shape->flags);
	kmem_adopt_cache(test, cache);
	return cache;
}

static struct kmem_cache *create(struct kunit *test, const char *name, const struct shape *shape)
{
	struct shape own = *shape;

	own.flags |= SLAB_NO_USER_FLAGS;
	return create_with_user_flags(test, name, &own);
}

/* Without this, nothing is merged, and to find that is no proof. */
static void require_merging(struct kunit *test)
{
	if (kmem_boot_has(test, "slab_nomerge") || kmem_boot_has(test, "slub_nomerge"))
		kunit_skip(test, "needs a boot without slab_nomerge");
	if (!IS_ENABLED(CONFIG_SLAB_MERGE_DEFAULT) && !kmem_boot_has(test, "slab_merge"))
		kunit_skip(test, "needs CONFIG_SLAB_MERGE_DEFAULT=y or slab_merge");
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which keeps data beside the objects");
}

static const struct pair {
	const char *name;
	struct shape first, second;
	bool realigned;
} alike[] = {
	{ "same", { SIZE }, { SIZE } },
	{ "smaller_within_a_word", { SIZE }, { SIZE - 7 } },
	{ "larger_within_a_word", { SIZE - 7 }, { SIZE } },
	{ "both_padded", { SIZE, 64 }, { SIZE, 64 } },
	{ "first_padded", { SIZE, 64 }, { 5050 } },
	{ "second_padded", { 5056 }, { SIZE, 64 }, true },
	{ "second_less_aligned", { SIZE, 64 }, { 5056, 32 } },
	{ "hwcache_align", { SIZE, 0, SLAB_HWCACHE_ALIGN }, { SIZE, 0, SLAB_HWCACHE_ALIGN } },
	{ "one_hwcache_align", { 5120 }, { 5120, 0, SLAB_HWCACHE_ALIGN }, true },
	{ "reclaim_account", { SIZE, 0, SLAB_RECLAIM_ACCOUNT }, { SIZE, 0, SLAB_RECLAIM_ACCOUNT } },
	{ "account", { SIZE, 0, SLAB_ACCOUNT }, { SIZE, 0, SLAB_ACCOUNT } },
	{ "dma", { SIZE, 0, SLAB_CACHE_DMA }, { SIZE, 0, SLAB_CACHE_DMA } },
	{ "dma32", { SIZE, 0, SLAB_CACHE_DMA32 }, { SIZE, 0, SLAB_CACHE_DMA32 } },
	{ "one_panic", { SIZE }, { SIZE, 0, SLAB_PANIC } },
};

KUNIT_ARRAY_PARAM_DESC(alike, alike, name);

/*
 * Caches whose objects fit into the same places are merged: if their sizes
 * differ by less than a word, after alignment, and what they want of their
 * memory is the same. Source: find_mergeable().
 */
static void alike_caches_are_merged(struct kunit *test)
{
	const struct pair *pair = test->param_value;
	struct kmem_cache *first, *second;

	require_merging(test);
	first = create(test, FIRST, &pair->first);
	if (kmem_slabinfo_is_there())
		KUNIT_ASSERT_EQ(test, kmem_slabinfo(test, FIRST).lines, 1);
	second = create(test, SECOND, &pair->second);
	if (pair->realigned && !kmem_merging_aligns())
		KUNIT_EXPECT_PTR_NE(test, first, second);
	else
		KUNIT_EXPECT_PTR_EQ(test, first, second);
}

/*
 * With slab_nomerge, caches are separate however alike they are, each with its
 * own name and no alias. Source: slab_nomerge in
 * Documentation/admin-guide/kernel-parameters.txt, "Disable merging of slabs".
 */
static void boot_can_forbid_merging(struct kunit *test)
{
	const struct pair *pair = test->param_value;
	struct kmem_cache *first, *second;

	if (!kmem_boot_has(test, "slab_nomerge") && !kmem_boot_has(test, "slub_nomerge"))
		kunit_skip(test, "needs a boot with slab_nomerge");
	first = create(test, FIRST, &pair->first);
	second = create(test, SECOND, &pair->second);
	KUNIT_EXPECT_PTR_NE(test, first, second);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, FIRST, "aliases"), 0);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, SECOND, "aliases"), 0);
	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, FIRST).lines, 1);
	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, SECOND).lines, 1);
}

static const struct pair unlike[] = {
	{ "larger_by_a_word", { SIZE }, { SIZE + 8 } },
	{ "smaller_by_a_word", { SIZE }, { SIZE - 8 } },
	{ "larger_by_a_byte", { SIZE }, { SIZE + 1 } },
	{ "second_aligned", { SIZE }, { SIZE, 64 } },
	{ "second_page_aligned", { SIZE }, { SIZE, 4096 } },
	{ "first_aligned", { SIZE, 64 }, { SIZE } },
	{ "second_hwcache_align", { SIZE }, { SIZE, 0, SLAB_HWCACHE_ALIGN } },
};

KUNIT_ARRAY_PARAM_DESC(unlike, unlike, name);

/*
 * Caches whose objects do not fit into each other's places, or would waste a
 * word, are not merged. Source: find_mergeable().
 */
static void caches_of_unlike_size_are_separate(struct kunit *test)
{
	const struct pair *pair = test->param_value;
	struct kmem_cache *first, *second;

	require_merging(test);
	first = create(test, FIRST, &pair->first);
	second = create(test, SECOND, &pair->second);
	KUNIT_EXPECT_PTR_NE(test, first, second);
}

static const struct odd {
	const char *name;
	struct shape shape;
} odds[] = {
	{ "reclaim_account", { SIZE, 0, SLAB_RECLAIM_ACCOUNT } },
	{ "account", { SIZE, 0, SLAB_ACCOUNT } },
	{ "dma", { SIZE, 0, SLAB_CACHE_DMA } },
	{ "dma32", { SIZE, 0, SLAB_CACHE_DMA32 } },
	{ "no_merge", { SIZE, 0, SLAB_NO_MERGE } },
	{ "noleaktrace", { SIZE, 0, SLAB_NOLEAKTRACE } },
	{ "typesafe_by_rcu", { SIZE, 0, SLAB_TYPESAFE_BY_RCU } },
	{ "consistency_checks", { SIZE, 0, SLAB_CONSISTENCY_CHECKS } },
	{ "red_zone", { SIZE, 0, SLAB_RED_ZONE } },
	{ "poison", { SIZE, 0, SLAB_POISON } },
	{ "store_user", { SIZE, 0, SLAB_STORE_USER } },
	{ "trace", { SIZE, 0, SLAB_TRACE } },
	{ "ctor", { SIZE, .ctor = construct_nothing } },
	{ "usercopy", { SIZE, .usersize = 8 } },
	{ "sheaf_capacity", { SIZE, .sheaf_capacity = 64 } },
};

KUNIT_ARRAY_PARAM_DESC(odd, odds, name);

/* The odd one of this case, if the kernel knows of what makes it odd. */
static const struct shape *the_odd_one(struct kunit *test)
{
	const struct odd *odd = test->param_value;
	const struct shape *shape = &odd->shape;

	require_merging(test);
	if (shape->flags & (KMEM_ALL_CHECKS | SLAB_TRACE))
		KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	if (shape->flags == SLAB_CONSISTENCY_CHECKS && kmem_checked_caches_merge())
		kunit_skip(test, "needs a merge that SLAB_CONSISTENCY_CHECKS prevents");
	if (shape->usersize)
		KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	if (shape->sheaf_capacity && !kmem_has_sheaves())
		kunit_skip(test, "needs sheaves");
	if (!shape->flags && !shape->ctor && !shape->usersize && !shape->sheaf_capacity)
		kunit_skip(test, "needs CONFIG_MEMCG=y, for SLAB_ACCOUNT");
	return shape;
}

/*
 * A cache that needs its slabs for itself, or another kind of memory, is not
 * merged into a plain one of the right size. Source: find_mergeable(),
 * SLAB_NEVER_MERGE and SLAB_MERGE_SAME.
 */
static void odd_cache_is_not_merged_into_a_plain_one(struct kunit *test)
{
	const struct shape *odd = the_odd_one(test), plain = { odd->size };
	struct kmem_cache *first, *second;

	first = create(test, FIRST, &plain);
	second = create(test, SECOND, odd);
	KUNIT_EXPECT_PTR_NE(test, first, second);
}

/*
 * Nor is a plain cache merged into such a one, if it is only created after it.
 * Source: slab_unmergeable(), SLAB_MERGE_SAME.
 */
static void plain_cache_is_not_merged_into_an_odd_one(struct kunit *test)
{
	const struct shape *odd = the_odd_one(test);
	struct kmem_cache *first, *second;
	struct shape plain = { odd->size };

	first = create(test, FIRST, odd);
	/* as large as the other one has become, so that it would fit */
	plain.size = kmem_slabinfo(test, FIRST).objsize;
	second = create(test, SECOND, &plain);
	KUNIT_EXPECT_PTR_NE(test, first, second);
}

/*
 * The caches that the allocator keeps its own data in are nobody else's: a cache
 * of the same size is not merged into them. Source: create_boot_cache(), "Exempt
 * from merging for now"; create_kmalloc_caches(), SLAB_NO_MERGE.
 */
static void caches_of_the_allocator_are_its_own(struct kunit *test)
{
	static const char * const names[] = { "kmem_cache", "kmem_cache_node", "kmalloc_buckets" };
	unsigned int i, nr = ARRAY_SIZE(names) - !IS_ENABLED(CONFIG_SLAB_BUCKETS);

	require_merging(test);
	for (i = 0; i < nr; i++) {
		struct shape shape = { kmem_slabinfo(test, names[i]).objsize };
		struct kmem_cache *cache;

		KUNIT_ASSERT_GT_MSG(test, shape.size, 0, "%s", names[i]);
		cache = create(test, FIRST, &shape);
		KUNIT_EXPECT_EQ_MSG(test, kmem_sysfs_number(test, names[i], "aliases"), 0, "%s",
				    names[i]);
		KUNIT_EXPECT_EQ_MSG(test, kmem_cache_size(cache), shape.size, "%s", names[i]);
		kmem_private_cache_destroy(test, cache);
	}
}

/*
 * The options of slab_debug= are not lost by merging: what they are applied to
 * is not merged, and without them it is. Source: Documentation on slab_debug,
 * kmem_cache_flags(), SLAB_NEVER_MERGE.
 */
static void debugging_of_the_boot_prevents_merging(struct kunit *test)
{
	static const struct shape shape = { SIZE };
	struct kmem_cache *first, *second;
	bool debugged;

	require_merging(test);
	first = create_with_user_flags(test, FIRST, &shape);
	second = create_with_user_flags(test, SECOND, &shape);
	debugged = kmem_sysfs_number(test, FIRST, "poison") > 0 ||
		   kmem_sysfs_number(test, FIRST, "red_zone") > 0 ||
		   kmem_sysfs_number(test, FIRST, "store_user") > 0 ||
		   (!kmem_checked_caches_merge() &&
		    kmem_sysfs_number(test, FIRST, "sanity_checks") > 0);
	KUNIT_EXPECT_EQ(test, first != second, debugged);
	if (kmem_boot_has(test, "_debug=FZPU"))
		KUNIT_EXPECT_TRUE(test, debugged);
}

/*
 * Among merged caches, objects have the size of the largest: it is what
 * kmem_cache_size() and sysfs tell, and a smaller one that comes later takes
 * nothing away. Source: __kmem_cache_alias(), "Adjust the object sizes".
 */
static void merged_cache_has_the_largest_size(struct kunit *test)
{
	static const unsigned int sizes[] = { SIZE - 4, SIZE - 6, SIZE, SIZE - 2 };
	unsigned int i, largest = 0;

	require_merging(test);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		const struct shape shape = { sizes[i] };
		struct kmem_cache *cache = create(test, i ? SECOND : FIRST, &shape);

		largest = max(largest, sizes[i]);
		KUNIT_EXPECT_EQ_MSG(test, kmem_cache_size(cache), largest, "cache %u", i);
		KUNIT_EXPECT_EQ_MSG(test, kmem_sysfs_number(test, FIRST, "object_size"), largest,
				    "cache %u", i);
		KUNIT_EXPECT_EQ_MSG(test, kmem_sysfs_number(test, FIRST, "slab_size"), SIZE,
				    "cache %u", i);
	}
}

/*
 * kmem_cache_zalloc() zeroes all that the largest of merged caches has asked
 * for. Source: __kmem_cache_alias(), "so that we clear the complete object on
 * kzalloc".
 */
static void merged_object_is_zeroed_whole(struct kunit *test)
{
	static const struct shape small = { SIZE - 7 }, large = { SIZE };
	unsigned int i, back = 0;
	struct kmem_batch *dirty;
	struct kmem_cache *cache;
	u8 *objects[2 * MANY];

	require_merging(test);
	cache = create(test, FIRST, &small);
	KUNIT_ASSERT_PTR_EQ(test, create(test, SECOND, &large), cache);
	dirty = kmem_take(test, cache, 2 * MANY);
	for (i = 0; i < dirty->nr; i++)
		memset(dirty->objects[i], 0x77, SIZE);
	for (i = 0; i < MANY; i++)
		kmem_cache_free(cache, dirty->objects[--dirty->nr]);

	for (i = 0; i < MANY; i++) {
		unsigned int j;

		objects[i] = kmem_cache_zalloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objects[i]);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(objects[i], 0, SIZE), "object %u", i);
		for (j = 0; j < MANY; j++)
			back += dirty->objects[MANY + j] == objects[i];
	}
	while (i)
		kmem_cache_free(cache, objects[--i]);
	KUNIT_EXPECT_GT_MSG(test, back, 0, "no object came back, nothing is proved");
}

/*
 * Objects of merged caches are aligned as the strictest of them has asked.
 * Source: find_mergeable(), "Check if alignment is compatible".
 */
static void merged_objects_have_the_strictest_alignment(struct kunit *test)
{
	static const struct shape loose = { 5120 }, strict = { 5100, 1024 };
	struct kmem_batch *batch;
	struct kmem_cache *cache;
	unsigned int i;

	require_merging(test);
	if (!kmem_merging_aligns())
		kunit_skip(test, "needs an allocator that aligns a cache anew");
	cache = create(test, FIRST, &loose);
	KUNIT_ASSERT_PTR_EQ(test, create(test, SECOND, &strict), cache);
	batch = kmem_take(test, cache, MANY);
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((unsigned long)batch->objects[i], 1024),
				      "object %u", i);
}

/*
 * The aliases of a cache are counted while they come and go, and the cache goes
 * with the last of them, whichever that is. Source: kmem_cache_destroy(), and
 * aliases in Documentation/ABI/testing/sysfs-kernel-slab.
 */
static void aliases_are_counted(struct kunit *test)
{
	static const struct shape shape = { SIZE };
	struct kmem_cache *cache;
	struct kmem_batch *batch;
	int i;

	require_merging(test);
	cache = create(test, FIRST, &shape);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, FIRST, "aliases"), 0);
	for (i = 1; i <= 3; i++) {
		create(test, SECOND, &shape);
		KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, FIRST, "aliases"), i);
	}
	batch = kmem_take(test, cache, MANY);
	kmem_mark(batch, SIZE);
	for (i = 2; i >= 0; i--) {
		KMEM_EXPECT_SILENCE(test, kmem_private_cache_destroy(test, cache));
		KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, FIRST, "aliases"), i);
		kmem_give_back(test, kmem_take(test, cache, MANY));
	}
	KUNIT_EXPECT_EQ(test, kmem_count_overwritten(batch, SIZE), 0);
	kmem_give_back(test, batch);
	KMEM_EXPECT_SILENCE(test, kmem_private_cache_destroy(test, cache));
	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, FIRST).lines, 0);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, FIRST, "aliases"), -1);
}

/*
 * An alias is in sysfs under its own name, which leads to the cache; in
 * /proc/slabinfo is the cache's first name alone. Source: sysfs_slab_alias().
 */
static void alias_has_its_name_in_sysfs(struct kunit *test)
{
	static const struct shape shape = { SIZE }, other = { SIZE - 3 };

	require_merging(test);
	create(test, FIRST, &shape);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, FIRST, "object_size"), SIZE);
	/* a name of its own, as other cases leave links behind */
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, "kmem_alias", "object_size"), -1);
	create(test, "kmem_alias", &other);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, "kmem_alias", "object_size"), SIZE);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, "kmem_alias", "aliases"), 1);
	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, FIRST).lines, 1);
	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, "kmem_alias").lines, 0);
}

#define EARLY_SIZE	5016
static const char * const early_names[] = { "kmem_early_1", "kmem_early_2", "kmem_early_3" };

#ifndef MODULE
/* before there is a sysfs for them */
static int __init create_early(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(early_names); i++)
		kmem_cache_create(early_names[i], EARLY_SIZE, 0, 0, NULL);
	return 0;
}
core_initcall(create_early);
#endif

/*
 * So is each alias that was created before sysfs was there. Source:
 * sysfs_slab_alias(), "Need to buffer aliases during bootup until sysfs becomes
 * available lest we lose that information".
 */
static void early_alias_has_its_name_in_sysfs(struct kunit *test)
{
	unsigned int i;

#ifdef MODULE
	kunit_skip(test, "needs to be built in, to create a cache that early");
#endif
	for (i = 0; i < ARRAY_SIZE(early_names); i++)
		KUNIT_EXPECT_EQ_MSG(test, kmem_sysfs_number(test, early_names[i], "object_size"),
				    EARLY_SIZE, "%s", early_names[i]);
}

/*
 * The name of an alias that is gone is free for another cache, merged or not.
 * Source: sysfs_slab_alias() and sysfs_slab_add(), "If we have a leftover link
 * then remove it".
 */
static void name_of_an_alias_may_be_used_again(struct kunit *test)
{
	static const struct shape shape = { SIZE }, own = { 3 * SIZE, .flags = SLAB_NO_MERGE };
	static const struct shape mergeable = { 2 * SIZE };
	struct kmem_cache *cache;

	require_merging(test);
	cache = create(test, FIRST, &shape);
	create(test, SECOND, &shape);
	kmem_private_cache_destroy(test, cache);
	cache = create(test, SECOND, &mergeable);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, SECOND, "object_size"), 2 * SIZE);
	kmem_private_cache_destroy(test, cache);
	create(test, SECOND, &own);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, SECOND, "object_size"), 3 * SIZE);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, FIRST, "object_size"), SIZE);
}

static const struct id {
	const char *name;
	slab_flags_t flags;
	const char *path;
} ids[] = {
	{ "plain", 0, ":0005000" },
	{ "reclaim_account", SLAB_RECLAIM_ACCOUNT, ":a-0005000" },
	{ "account", SLAB_ACCOUNT, ":A-0005000" },
	{ "dma", SLAB_CACHE_DMA, ":d-0005000" },
	{ "dma32", SLAB_CACHE_DMA32, ":D-0005000" },
	{ "two", SLAB_RECLAIM_ACCOUNT | SLAB_CACHE_DMA, ":da-0005000" },
	{ "unmergeable", SLAB_NO_MERGE, NULL },
};

KUNIT_ARRAY_PARAM_DESC(id, ids, name);

/*
 * A cache that others can be merged into is in sysfs under an id of its size and
 * flags, so that caches which differ in these do not clash; one that they cannot
 * be merged into is there under its name alone. Source: create_unique_id(),
 * sysfs_slab_add().
 */
static void mergeable_cache_has_an_id_in_sysfs(struct kunit *test)
{
	const struct id *id = test->param_value;
	const struct shape shape = { SIZE, .flags = id->flags };
	unsigned int i;

	require_merging(test);
	if (kmem_boot_keeps_orders(test))
		kunit_skip(test, "needs a boot without slab_debug=O, where each has its own name");
	if (strstr(id->path ?: "", "A-") && !id->flags)
		kunit_skip(test, "needs CONFIG_MEMCG=y, for SLAB_ACCOUNT");
	create(test, FIRST, &shape);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, FIRST, "slab_size"), SIZE);
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		if (ids[i].path)
			KUNIT_EXPECT_EQ_MSG(test,
					    kmem_sysfs_number(test, ids[i].path, "object_size"),
					    &ids[i] == id ? SIZE : -1, "%s", ids[i].path);
	}
}

/*
 * failslab cannot be told to fail allocations of just one of merged caches.
 * Source: failslab_store().
 */
static void merged_cache_cannot_be_picked_for_failslab(struct kunit *test)
{
	static const struct shape shape = { SIZE };
	struct kmem_cache *cache;

	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	if (!kmem_failslab_can_be_switched())
		kunit_skip(test, "needs Linux 6.12, where failslab can be written to");
	require_merging(test);
	cache = create(test, FIRST, &shape);
	create(test, SECOND, &shape);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_store(test, FIRST, "failslab", "1"), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, FIRST, "failslab"), 0);
	kmem_private_cache_destroy(test, cache);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_store(test, FIRST, "failslab", "1"), 0);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, FIRST, "failslab"), 1);
}

/*
 * No cache is merged into one that failslab is told to fail: its allocations
 * would fail, too. Source: SLAB_NEVER_MERGE, which has SLAB_FAILSLAB;
 * slab_unmergeable(), mm/slab_common.c. What sysfs then makes of two ids that are
 * the same is not for here.
 */
static void cache_picked_for_failslab_is_not_shared(struct kunit *test)
{
	static const struct shape shape = { SIZE };
	struct kmem_cache *cache, *second = NULL;

	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	if (!kmem_failslab_can_be_switched())
		kunit_skip(test, "needs Linux 6.12, where failslab can be written to");
	require_merging(test);
	cache = create(test, FIRST, &shape);
	KUNIT_ASSERT_EQ(test, kmem_sysfs_store(test, FIRST, "failslab", "1"), 0);
	KMEM_CAPTURE(test, second = kmem_cache_create(SECOND, SIZE, 0, SLAB_NO_USER_FLAGS, NULL));
	KMEM_CAPTURE(test, kmem_cache_destroy(second));
	KUNIT_EXPECT_PTR_NE(test, second, cache);
}

static struct kunit_case kmem_cache_merge_cases[] = {
	KUNIT_CASE_PARAM(alike_caches_are_merged, alike_gen_params),
	KUNIT_CASE_PARAM(boot_can_forbid_merging, alike_gen_params),
	KUNIT_CASE_PARAM(caches_of_unlike_size_are_separate, unlike_gen_params),
	KUNIT_CASE_PARAM(odd_cache_is_not_merged_into_a_plain_one, odd_gen_params),
	KUNIT_CASE_PARAM(plain_cache_is_not_merged_into_an_odd_one, odd_gen_params),
	KUNIT_CASE(caches_of_the_allocator_are_its_own),
	KUNIT_CASE(debugging_of_the_boot_prevents_merging),
	KUNIT_CASE(merged_cache_has_the_largest_size),
	KUNIT_CASE(merged_object_is_zeroed_whole),
	KUNIT_CASE(merged_objects_have_the_strictest_alignment),
	KUNIT_CASE(aliases_are_counted),
	KUNIT_CASE(alias_has_its_name_in_sysfs),
	KUNIT_CASE(early_alias_has_its_name_in_sysfs),
	KUNIT_CASE(name_of_an_alias_may_be_used_again),
	KUNIT_CASE_PARAM(mergeable_cache_has_an_id_in_sysfs, id_gen_params),
	KUNIT_CASE(merged_cache_cannot_be_picked_for_failslab),
	KUNIT_CASE(cache_picked_for_failslab_is_not_shared),
	{}
};

static struct kunit_suite kmem_cache_merge_suite = {
	.name = "kmem_cache_merge",
	.init = kmem_suite_init,
	.test_cases = kmem_cache_merge_cases,
};

kunit_test_suite(kmem_cache_merge_suite);

MODULE_DESCRIPTION("KUnit tests for merged caches");
MODULE_LICENSE("GPL");
