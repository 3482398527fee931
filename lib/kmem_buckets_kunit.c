// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buckets: kmalloc()'s classes once more, for one user alone.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_buckets'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "kmem_count.h"
#include "kmem_kmalloc.h"
#include "kmem_kunit.h"

/* the sizes of the classes, as far as they exist everywhere */
static const size_t classes[] = {
	8, 16, 32, 64, 96, 128, 192, 256, SZ_512, SZ_1K, SZ_2K, SZ_4K, SZ_8K,
};

/* the flags that buckets may be given */
#define GIVEN_FLAGS	(SLAB_ACCOUNT | SLAB_RECLAIM_ACCOUNT)

static bool are_buckets_separate(void)
{
	return IS_ENABLED(CONFIG_SLAB_BUCKETS);
}

static void destroy_buckets(void *context)
{
	kmem_buckets *buckets = context;
	unsigned int i, j;

	/* several indices may have one cache */
	for (i = 0; i < ARRAY_SIZE(*buckets); i++) {
		struct kmem_cache *cache = (*buckets)[i];

		for (j = i; j < ARRAY_SIZE(*buckets); j++)
			if ((*buckets)[j] == cache)
				(*buckets)[j] = NULL;
		kmem_cache_destroy(cache);
	}
	kfree(buckets);
}

static kmem_buckets *make_buckets(struct kunit *test, const char *name, slab_flags_t flags,
				  unsigned int useroffset, unsigned int usersize,
				  void (*ctor)(void *))
{
	kmem_buckets *buckets;

	if (!kmem_has_buckets())
		kunit_skip(test, "needs Linux 6.11, for kmem_buckets_create()");
	buckets = kmem_buckets_create(name, flags, useroffset, usersize, ctor);
	KUNIT_ASSERT_NOT_NULL(test, buckets);
	if (are_buckets_separate())
		KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy_buckets, buckets), 0);
	else
		KUNIT_ASSERT_PTR_EQ(test, (void *)buckets, ZERO_SIZE_PTR);
	return buckets;
}

static noinline void *bucket_alloc(unsigned int way, kmem_buckets *buckets, size_t size, gfp_t gfp)
{
	switch (way) {
	case 0: return kmem_buckets_alloc(buckets, size, gfp);
	case 1: return kmem_buckets_alloc_track_caller(buckets, size, gfp);
	case 2: return kmem_buckets_alloc_node_track_caller(buckets, size, gfp, numa_mem_id());
	default: return kmem_buckets_valloc(buckets, size, gfp);
	}
}

#define NR_BUCKET_WAYS	4

/*
 * Buckets serve each size from a cache of their own, with the same classes as
 * kmalloc() and the given name before the size. Without CONFIG_SLAB_BUCKETS,
 * kmalloc() serves them. Source: kmem_buckets_create().
 */
static void bucket_serves_every_size(struct kunit *test)
{
	kmem_buckets *buckets = make_buckets(test, "kmem_bucket", 0, 0, 0, NULL);
	const char *prefix = are_buckets_separate() ? "kmem_bucket-" : "kmalloc-";
	unsigned int way;
	size_t size;

	for (way = 0; way < NR_BUCKET_WAYS; way++) {
		for (size = 1; size <= KMALLOC_MAX_CACHE_SIZE; size += size < 200 ? 1 : 97) {
			void *object = bucket_alloc(way, buckets, size, GFP_KERNEL);
			size_t class = kmalloc_size_roundup(size);
			struct kmem_origin origin;
			char name[32];

			KUNIT_ASSERT_NOT_NULL_MSG(test, object, "size %zu, way %u", size, way);
			origin = kmem_origin(object);
			snprintf(name, sizeof(name), "%s%s", prefix, class_suffix(class));
			KUNIT_ASSERT_NOT_NULL_MSG(test, origin.name, "size %zu, way %u", size, way);
			KUNIT_EXPECT_EQ_MSG(test, origin.size, class, "size %zu, way %u", size,
					    way);
			if (are_buckets_separate() || !kmem_is_partitioned())
				KUNIT_EXPECT_STREQ_MSG(test, origin.name, name, "size %zu, way %u",
						       size, way);
			memset(object, 0xaa, size);
			kvfree(object);
		}
	}
}

/*
 * Two sets of buckets share nothing, even if their flags and sizes are the
 * same. Source: kmem_buckets_create(), SLAB_NO_MERGE.
 */
static void buckets_share_no_cache(struct kunit *test)
{
	kmem_buckets *first, *second;
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLAB_BUCKETS);
	first = make_buckets(test, "kmem_first", SLAB_ACCOUNT, 0, 0, NULL);
	second = make_buckets(test, "kmem_second", SLAB_ACCOUNT, 0, 0, NULL);
	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		void *one = kmem_buckets_alloc(first, classes[i], GFP_KERNEL);
		void *two = kmem_buckets_alloc(second, classes[i], GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, one);
		KUNIT_ASSERT_NOT_NULL(test, two);
		KUNIT_EXPECT_TRUE(test, strstarts(kmem_origin(one).name, "kmem_first-"));
		KUNIT_EXPECT_TRUE(test, strstarts(kmem_origin(two).name, "kmem_second-"));
		kfree(one);
		kfree(two);
	}
}

/*
 * The flags given are those of each cache. Source: kmem_buckets_create(),
 * "SLAB flags (see kmem_cache_create() for details)".
 */
static void buckets_have_the_given_flags(struct kunit *test)
{
	static const slab_flags_t flags[] = { 0, SLAB_ACCOUNT, SLAB_RECLAIM_ACCOUNT };
	unsigned int i, j;

	KMEM_REQUIRE(test, CONFIG_SLAB_BUCKETS);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		kmem_buckets *buckets = make_buckets(test, "kmem_bucket", flags[i], 0, 0, NULL);

		for (j = 0; j < ARRAY_SIZE(classes); j++) {
			void *object = kmem_buckets_alloc(buckets, classes[j], GFP_KERNEL);

			KUNIT_ASSERT_NOT_NULL(test, object);
			KUNIT_EXPECT_EQ_MSG(test, (__force u32)(kmem_origin(object).flags &
								GIVEN_FLAGS),
					    (__force u32)flags[i], "size %zu", classes[j]);
			kfree(object);
		}
		kunit_release_action(test, destroy_buckets, buckets);
	}
}

/*
 * The region that may be copied to user space is the given one, as much of it
 * as each class has. Source: kmem_buckets_create(), "How many bytes, starting
 * at @useroffset".
 */
static void bucket_has_the_given_user_region(struct kunit *test)
{
	static const struct {
		unsigned int offset, size;
	} regions[] = {
		{ 0, 0 }, { 0, 8 }, { 0, INT_MAX }, { 16, 40 }, { 8, 8 }, { 96, 4000 }, { 100, 1 },
	};
	unsigned int i, j;

	KMEM_REQUIRE(test, CONFIG_SLAB_BUCKETS);
	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	for (i = 0; i < ARRAY_SIZE(regions); i++) {
		unsigned int offset = regions[i].offset, size = regions[i].size;
		kmem_buckets *buckets = make_buckets(test, "kmem_bucket", 0, offset, size, NULL);

		for (j = 0; j < ARRAY_SIZE(classes); j++) {
			u8 *object = kmem_buckets_alloc(buckets, classes[j], GFP_KERNEL);
			struct kmem_origin origin;

			KUNIT_ASSERT_NOT_NULL(test, object);
			origin = kmem_origin(object);
			if (offset >= origin.size) {
				KUNIT_EXPECT_EQ_MSG(test, origin.usersize, 0, "%s, %u at %u",
						    origin.name, size, offset);
			} else {
				KUNIT_EXPECT_EQ(test, origin.useroffset, offset);
				KUNIT_EXPECT_EQ_MSG(test, origin.usersize,
						    min(size, origin.size - offset),
						    "%s, %u at %u", origin.name, size, offset);
			}
			kfree(object);
		}
		kunit_release_action(test, destroy_buckets, buckets);
	}
}

#define MAGIC	0x6b6d656d6b756e69ULL

static void construct(void *object)
{
	*(u64 *)object = MAGIC;
}

/*
 * The constructor is run on every object of every class. Source:
 * kmem_buckets_create(), "A constructor for the objects".
 */
static void bucket_objects_are_constructed(struct kunit *test)
{
	kmem_buckets *buckets;
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLAB_BUCKETS);
	buckets = make_buckets(test, "kmem_bucket", 0, 0, 0, construct);
	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		u64 *object = kmem_buckets_alloc(buckets, classes[i], GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, object);
		KUNIT_EXPECT_EQ_MSG(test, *object, MAGIC, "size %zu", classes[i]);
		kfree(object);
	}
}

/*
 * At their limits, buckets do as kmalloc() does: no bytes are ZERO_SIZE_PTR,
 * what no class has is whole pages, what is too large is refused, and
 * kmem_buckets_valloc() maps even that. Source: kmem_buckets_alloc(), which is
 * __kmalloc_node(), and kmem_buckets_valloc().
 */
static void bucket_has_kmallocs_limits(struct kunit *test)
{
	kmem_buckets *buckets = make_buckets(test, "kmem_bucket", 0, 0, 0, NULL);
	size_t large = KMALLOC_MAX_CACHE_SIZE + 1, too_large = KMALLOC_MAX_SIZE + 1;
	unsigned int way;
	void *memory;

	OPTIMIZER_HIDE_VAR(too_large);
	for (way = 0; way < NR_BUCKET_WAYS; way++) {
		KUNIT_EXPECT_PTR_EQ(test, bucket_alloc(way, buckets, 0, GFP_KERNEL), ZERO_SIZE_PTR);
		memory = bucket_alloc(way, buckets, large, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, memory);
		if (!is_vmalloc_addr(memory)) {
			KUNIT_EXPECT_NULL(test, kmem_origin(memory).name);
			KUNIT_EXPECT_EQ(test, ksize(memory), PAGE_SIZE << get_order(large));
		}
		kvfree(memory);
	}
	KUNIT_EXPECT_NULL(test, bucket_alloc(0, buckets, too_large, GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, bucket_alloc(1, buckets, too_large, GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, bucket_alloc(2, buckets, too_large, GFP_KERNEL | __GFP_NOWARN));
	memory = kmem_buckets_valloc(buckets, too_large, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(memory));
	kvfree(memory);
}

/*
 * Buckets whose caches cannot be created are NULL, with a warning each time. Source:
 * kmem_buckets_create(), "NULL on failure", WARN_ON().
 */
static void impossible_buckets_give_null(struct kunit *test)
{
	slab_flags_t unknown = (__force slab_flags_t)BIT(31);
	kmem_buckets *buckets = NULL;

	if (!kmem_has_buckets())
		kunit_skip(test, "needs Linux 6.11, for kmem_buckets_create()");
	KMEM_REQUIRE(test, CONFIG_SLAB_BUCKETS);
	KMEM_EXPECT_WARN_EACH_TIME(test,
				   buckets = kmem_buckets_create("kmem_bucket", unknown, 0, 0,
								 NULL),
				   "failed with error -22");
	KUNIT_EXPECT_NULL(test, buckets);
}

/* so long that the names of the caches are from kmalloc-4k */
static char long_name[3000];

/* Create buckets while an allocation fails, and say how many were still to be made before it. */
static unsigned int create_failing(struct kunit *test, unsigned int nth, kmem_buckets **buckets)
{
	gfp_t allowed = kmem_reclaim_forbid(test);
	const struct kmem_report *report;
	unsigned int left = 0;

	report = KMEM_CAPTURE(test, {
		kmem_fail_begin(test, nth);
		*buckets = kmem_buckets_create(long_name, 0, 0, 0, NULL);
		left = kmem_fail_cancel();
	});
	kmem_reclaim_allow(allowed);
	KUNIT_EXPECT_EQ(test, report->bugs, 0);
	KUNIT_EXPECT_EQ_MSG(test, !*buckets, report->warnings > 0, "allocation %u", nth);
	return left;
}

/* Many, and so that each kind of allocation has its turn in one bucket or the other. */
#define STEP	7

/*
 * Where an allocation fails without which there is a cache missing, the result is
 * NULL with a warning, and no bucket is left; nothing is left of buckets that are
 * destroyed, either. Source: kmem_buckets_create(), "NULL on failure".
 */
static void failed_buckets_leave_nothing(struct kunit *test)
{
	static const char * const origins[] = {
		"kmem_cache", "kmem_cache_node", "kmalloc_buckets", "kmalloc-4k",
	};
	struct kmem_gauge gauges[ARRAY_SIZE(origins)];
	unsigned int nth, i, left, failures = 0;
	long before[ARRAY_SIZE(origins)];
	kmem_buckets *buckets;

	if (!kmem_has_buckets())
		kunit_skip(test, "needs Linux 6.11, for kmem_buckets_create()");
	KMEM_REQUIRE(test, CONFIG_SLAB_BUCKETS);
	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN_GENERIC, "which keeps freed memory");
	memset(long_name, 'b', sizeof(long_name) - 1);
	for (i = 0; i < ARRAY_SIZE(origins); i++)
		gauges[i] = kmem_gauge(test, origins[i]);
	create_failing(test, UINT_MAX, &buckets);
	KUNIT_ASSERT_NOT_NULL(test, buckets);
	destroy_buckets(buckets);
	for (i = 0; i < ARRAY_SIZE(origins); i++)
		before[i] = kmem_gauge_read(test, &gauges[i]);

	for (nth = 1, left = 0; !left; nth += STEP) {
		left = create_failing(test, nth, &buckets);
		if (buckets)
			destroy_buckets(buckets);
		else
			failures++;
		for (i = 0; i < ARRAY_SIZE(origins) - 1; i++)
			KUNIT_EXPECT_EQ_MSG(test, kmem_gauge_read(test, &gauges[i]), before[i],
					    "%s, allocation %u", origins[i], nth);
	}
	KUNIT_EXPECT_GT(test, failures, 1);
	KUNIT_EXPECT_NOT_NULL(test, buckets);

	/* each bucket had a name for a moment; others may have taken some of these */
	before[i] = kmem_gauge_read(test, &gauges[i]);
	create_failing(test, UINT_MAX, &buckets);
	if (buckets)
		destroy_buckets(buckets);
	KUNIT_EXPECT_LT(test, kmem_gauge_read(test, &gauges[i]) - before[i], ARRAY_SIZE(classes));
}

/*
 * What memdup_user() copies to is like memory of kmalloc(), in caches of its own: they
 * have the same checks, and may be copied to and from user memory whole. Source:
 * init_user_buckets(), with no flags, and a region of any size.
 */
static void user_copies_have_caches_like_kmallocs(struct kunit *test)
{
	static const char * const sizes[] = { "64", "192", "1k" };
	static const char * const attributes[] = {
		"object_size", "usersize", "sanity_checks", "red_zone", "poison", "store_user",
		"hwcache_align", "reclaim_account", "cache_dma", "destroy_by_rcu",
	};
	unsigned int i, j;

	if (!kmem_has_buckets())
		kunit_skip(test, "needs Linux 6.11, for kmem_buckets_create()");
	KMEM_REQUIRE(test, CONFIG_SLAB_BUCKETS);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		char own[24], kmallocs[24];

		snprintf(own, sizeof(own), "memdup_user-%s", sizes[i]);
		snprintf(kmallocs, sizeof(kmallocs), "kmalloc-%s", sizes[i]);
		KUNIT_ASSERT_GT(test, kmem_sysfs_number(test, own, "object_size"), 0);
		for (j = 0; j < ARRAY_SIZE(attributes); j++)
			KUNIT_EXPECT_EQ_MSG(test, kmem_sysfs_number(test, own, attributes[j]),
					    kmem_sysfs_number(test, kmallocs, attributes[j]),
					    "%s, %s", own, attributes[j]);
	}
}

static struct kunit_case kmem_buckets_cases[] = {
	KUNIT_CASE(bucket_serves_every_size),
	KUNIT_CASE(buckets_share_no_cache),
	KUNIT_CASE(buckets_have_the_given_flags),
	KUNIT_CASE(bucket_has_the_given_user_region),
	KUNIT_CASE(bucket_objects_are_constructed),
	KUNIT_CASE(bucket_has_kmallocs_limits),
	KUNIT_CASE(impossible_buckets_give_null),
	KUNIT_CASE(failed_buckets_leave_nothing),
	KUNIT_CASE(user_copies_have_caches_like_kmallocs),
	{}
};

static struct kunit_suite kmem_buckets_suite = {
	.name = "kmem_buckets",
	.init = kmem_suite_init,
	.test_cases = kmem_buckets_cases,
};

kunit_test_suite(kmem_buckets_suite);

MODULE_DESCRIPTION("KUnit tests for kmem_buckets_create()");
MODULE_LICENSE("GPL");
