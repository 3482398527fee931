// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a kmem_cache: its name, its end, and arguments to be refused.
 *
 * Every cache here is private: merged with no other and untouched by the boot's
 * slab_debug=, so that what is seen is this case's doing.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_cache'
 */
#include <kunit/test.h>
#include <linux/bottom_half.h>
#include <linux/kfence.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_kunit.h"

#define OBJECT_SIZE	64
/* more than the objects of several slabs */
#define MANY		512
#define PRIVATE		(SLAB_NO_MERGE | SLAB_NO_USER_FLAGS)

/*
 * The name of a destroyed cache is free for another one, as often as one likes.
 * Source: kmem_cache_destroy(), which takes the cache off the list and out of
 * sysfs before it returns.
 */
static void name_may_be_used_again(struct kunit *test)
{
	int i;

	for (i = 0; i < 4; i++) {
		struct kmem_cache *cache;

		cache = kmem_private_cache(test, "kmem_again", OBJECT_SIZE << i, 0, NULL);
		kmem_give_back(test, kmem_take(test, cache, 10));
		KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, "kmem_again").lines, 1);
		kmem_private_cache_destroy(test, cache);
	}
	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, "kmem_again").lines, 0);
}

/*
 * The name is copied: the caller's string may change or go. Source:
 * kmem_cache_create(), kstrdup_const().
 */
static void name_is_copied(struct kunit *test)
{
	char name[] = "kmem_mine";

	kmem_private_cache(test, name, OBJECT_SIZE, 0, NULL);
	strscpy(name, "kmem_gone", sizeof(name));
	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, "kmem_mine").lines, 1);
	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, "kmem_gone").lines, 0);
}

/*
 * A name is kept to its end: caches are told apart by the last character. Source:
 * kernel-doc of kmem_cache_create(), "A string which is used in /proc/slabinfo to
 * identify this cache"; sysfs_slab_add().
 */
static void long_names_are_told_apart(struct kunit *test)
{
	static const char * const names[] = {
		"kmem_whose_name_has_more_than_sixty_characters_and_ends_with_a",
		"kmem_whose_name_has_more_than_sixty_characters_and_ends_with_b",
	};
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		kmem_private_cache(test, names[i], OBJECT_SIZE << i, 0, NULL);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		KUNIT_EXPECT_EQ_MSG(test, kmem_slabinfo(test, names[i]).lines, 1, "%s", names[i]);
		KUNIT_EXPECT_EQ_MSG(test, kmem_sysfs_number(test, names[i], "object_size"),
				    OBJECT_SIZE << i, "%s", names[i]);
	}
}

/*
 * A second cache of a name is created all the same and is a cache of its own.
 * Since 6.12, each is warned of with CONFIG_DEBUG_VM. Source: WARN() of
 * kmem_cache_sanity_check(); sysfs_slab_add(), which lets the newer cache take over
 * the name in sysfs.
 */
static void second_cache_of_a_name_is_separate(struct kunit *test)
{
	static const char * const names[] = { "kmem_double", "kmem_twin" };
	struct kmem_cache *first[ARRAY_SIZE(names)], *second[ARRAY_SIZE(names)] = { };
	bool warns = kmem_duplicate_names_are_reported();
	const struct kmem_report *report;
	struct kmem_batch *batch;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		first[i] = kmem_private_cache(test, names[i], OBJECT_SIZE, 0, NULL);
	report = KMEM_CAPTURE(test, {
		for (i = 0; i < ARRAY_SIZE(names); i++)
			second[i] = kmem_cache_create(names[i], 2 * OBJECT_SIZE, 0, PRIVATE, NULL);
	});
	kmem_expect_heads(test, report, "the second kmem_cache_create()", 0,
			  warns ? ARRAY_SIZE(names) : 0);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (warns)
			kmem_expect_text(test, report, "kmem_cache of name '%s' already exists",
					 names[i]);
		else
			KUNIT_EXPECT_NULL(test, strstr(report->text, names[i]));
	}
	for (i = 0; i < ARRAY_SIZE(names); i++)
		kmem_adopt_cache(test, second[i]);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, names[i]).lines, 2);
		if (IS_ENABLED(CONFIG_SYSFS) && IS_ENABLED(CONFIG_SLUB_DEBUG))
			KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, names[i], "object_size"),
					2 * OBJECT_SIZE);

		batch = kmem_take(test, second[i], MANY);
		kmem_mark(batch, 2 * OBJECT_SIZE);
		kmem_give_back(test, kmem_take(test, first[i], MANY));
		KMEM_EXPECT_SILENCE(test, kmem_private_cache_destroy(test, first[i]));
		KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, names[i]).lines, 1);
		KUNIT_EXPECT_EQ(test, kmem_count_overwritten(batch, 2 * OBJECT_SIZE), 0);
	}
}

/* To destroy no cache is to do nothing. Source: kmem_cache_destroy(). */
static void destroy_of_null_does_nothing(struct kunit *test)
{
	KMEM_EXPECT_SILENCE(test, kmem_cache_destroy(NULL));
}

/*
 * Caches that were merged are destroyed one by one: the objects of the others
 * live on. Source: kmem_cache_destroy(), which counts references.
 */
static void merged_caches_outlive_each_other(struct kunit *test)
{
	struct kmem_cache *first, *second;
	struct kmem_batch *batch;

	first = kmem_cache_create("kmem_twin_1", 328, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, first);
	second = kmem_cache_create("kmem_twin_2", 328, 0, 0, NULL);
	if (first != second) {
		kmem_cache_destroy(first);
		kmem_cache_destroy(second);
		kunit_skip(test, "needs CONFIG_SLAB_MERGE_DEFAULT=y and no slab_debug=");
	}
	kmem_adopt_cache(test, second);

	batch = kmem_take(test, second, MANY);
	kmem_mark(batch, 328);
	KMEM_EXPECT_SILENCE(test, kmem_cache_destroy(first));
	kmem_give_back(test, kmem_take(test, second, MANY));
	KUNIT_EXPECT_EQ(test, kmem_count_overwritten(batch, 328), 0);
	kmem_give_back(test, batch);
	KMEM_EXPECT_SILENCE(test, kmem_private_cache_destroy(test, second));
}

/* How many objects are left in a cache that is destroyed. */
static const struct leak {
	const char *name, *cache;
	unsigned int nr;
	slab_flags_t flags;
} leaks[] = {
	{ "one", "kmem_left_1", 1 },
	{ "three", "kmem_left_3", 3 },
	{ "three_with_all_checks", "kmem_left_checked", 3, KMEM_ALL_CHECKS },
};

KUNIT_ARRAY_PARAM_DESC(leak, leaks, name);

/* Not with the case, but for good: its objects are never freed. */
static struct kmem_cache *leaky_cache(struct kunit *test, const struct leak *leak, void **left)
{
	struct kmem_cache *cache;
	unsigned int i;

	if (leak->flags)
		KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_cache_create(leak->cache, OBJECT_SIZE, 0, leak->flags | PRIVATE, NULL);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	for (i = 0; i < leak->nr; i++) {
		do {
			left[i] = kmem_cache_alloc(cache, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, left[i]);
			/* KFENCE's objects are in no slab of this cache, so not left there */
		} while (is_kfence_address(left[i]));
		memset(left[i], 0x77, OBJECT_SIZE);
	}
	return cache;
}

/*
 * The destruction of a cache with live objects is reported: one warning that
 * names the cache and the caller and, with SLUB_DEBUG, one bug for each slab
 * that tells how many objects are left and which. Source: kmem_cache_destroy(),
 * list_slab_objects().
 */
static void destroy_with_live_objects_is_reported(struct kunit *test)
{
	const struct leak *leak = test->param_value;
	const struct kmem_report *report;
	struct kmem_cache *cache;
	void *left[3];
	unsigned int i;

	cache = leaky_cache(test, leak, left);
	report = KMEM_CAPTURE(test, kmem_cache_destroy(cache));
	kmem_expect_heads(test, report, "kmem_cache_destroy()",
			  IS_ENABLED(CONFIG_SLUB_DEBUG) ? 1 : 0, 1);
	kmem_expect_text(test, report,
			 "kmem_cache_destroy %s: Slab cache still has objects when called from",
			 leak->cache);
	if (IS_ENABLED(CONFIG_KALLSYMS))
		kmem_expect_text(test, report, "objects when called from %s+", __func__);
	if (IS_ENABLED(CONFIG_SLUB_DEBUG)) {
		kmem_expect_text(test, report, "BUG %s (", leak->cache);
		kmem_expect_text(test, report, "): Objects remaining ");
		kmem_expect_text(test, report, " used=%u ", leak->nr);
		for (i = 0; i < leak->nr; i++)
			kmem_expect_text(test, report, "Object 0x%p @offset=", left[i]);
		KUNIT_EXPECT_EQ(test, kmem_count_text(report, "Object 0x"), leak->nr);
		KUNIT_EXPECT_EQ(test, kmem_count_text(report, "Allocated in leaky_cache+"),
				leak->flags && IS_ENABLED(CONFIG_KALLSYMS) ? leak->nr : 0);
	}
}

/*
 * A test may count what is wrong with a cache, for which nothing is printed
 * then: of a destruction, one for each slab and one for each object. Source:
 * slab_in_kunit_test(), list_slab_objects() (6.12).
 */
static void counted_live_objects_are_not_reported(struct kunit *test)
{
	const struct leak *leak = test->param_value;
	const struct kmem_report *report;
	struct kmem_cache *cache;
	void *left[3];
	int errors;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	if (kmem_failed_destroy_keeps_the_name())
		kunit_skip(test, "needs Linux 6.12");
	cache = leaky_cache(test, leak, left);
	report = KMEM_CAPTURE(test, errors = KMEM_COUNT_ERRORS(test, kmem_cache_destroy(cache)));
	kmem_expect_heads(test, report, "destruction", 0, 0);
	KUNIT_EXPECT_EQ(test, kmem_count_text(report, "Object 0x"), 0);
	KUNIT_EXPECT_EQ(test, errors, 1 + leak->nr);
}

static const struct leak full_leaks[] = {
	{ "plain", "kmem_left_full" },
	{ "all_checks", "kmem_left_full_checked", 0, KMEM_ALL_CHECKS },
};

/*
 * The destruction of a cache is reported, too, if all slabs that are left are
 * full, and so on no list that SLUB goes through; and that of each cache is.
 * Source: __kmem_cache_shutdown(); kmem_cache_destroy(), WARN().
 */
static void destroy_with_full_slabs_is_reported(struct kunit *test)
{
	struct kmem_cache *caches[ARRAY_SIZE(full_leaks)];
	const struct kmem_report *report;
	struct kmem_batch *batch;
	unsigned int i;

	if (!kmem_slabinfo_is_there())
		kunit_skip(test, "needs CONFIG_PROC_FS=y and CONFIG_SLUB_DEBUG=y");
	for (i = 0; i < ARRAY_SIZE(caches); i++) {
		const struct leak *leak = &full_leaks[i];

		caches[i] = kmem_cache_create(leak->cache, OBJECT_SIZE, 0, leak->flags | PRIVATE,
					      NULL);
		KUNIT_ASSERT_NOT_NULL(test, caches[i]);
		batch = kmem_take(test, caches[i], MANY);
		kmem_keep_slab(batch);
		KUNIT_ASSERT_EQ(test, batch->nr, kmem_slabinfo(test, leak->cache).objperslab);
	}
	report = KMEM_CAPTURE(test, {
		for (i = 0; i < ARRAY_SIZE(caches); i++)
			kmem_cache_destroy(caches[i]);
	});
	kmem_expect_heads(test, report, "kmem_cache_destroy()", 0, ARRAY_SIZE(caches));
	for (i = 0; i < ARRAY_SIZE(caches); i++)
		kmem_expect_text(test, report,
				 "kmem_cache_destroy %s: Slab cache still has objects when called from",
				 full_leaks[i].cache);
}

/*
 * The destruction of a cache with live objects is survivable: what is left is
 * as it was, because its owner may use it yet, and other caches go on. Up to 6.11,
 * the name stays with what is left of the cache. Since 6.12, it is free for
 * another cache. Source: kmem_cache_destroy(), shutdown_cache() (6.1).
 */
static void destroy_with_live_objects_is_survivable(struct kunit *test)
{
	static const struct leak leak = { .cache = "kmem_left_behind", .nr = 3 };
	struct kmem_cache *cache, *other;
	struct kmem_batch *batch;
	void *left[3];
	unsigned int i;

	cache = leaky_cache(test, &leak, left);
	KMEM_CAPTURE(test, kmem_cache_destroy(cache));

	other = kmem_private_cache(test, "kmem_other", OBJECT_SIZE, 0, NULL);
	batch = kmem_take(test, other, 4 * MANY);
	kmem_mark(batch, OBJECT_SIZE);
	for (i = 0; i < leak.nr; i++) {
		KUNIT_EXPECT_NULL(test, memchr_inv(left[i], 0x77, OBJECT_SIZE));
		KUNIT_EXPECT_EQ(test, kmem_count(batch, left[i]), 0);
		memset(left[i], 0x88, OBJECT_SIZE);
	}
	KUNIT_EXPECT_EQ(test, kmem_count_overwritten(batch, OBJECT_SIZE), 0);

	if (!kmem_slabinfo_is_there())
		return;
	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, leak.cache).lines,
			kmem_failed_destroy_keeps_the_name());
	KUNIT_EXPECT_EQ(test, !!kmem_sysfs_text(test, leak.cache, "object_size"),
			kmem_failed_destroy_keeps_the_name());
	if (!kmem_failed_destroy_keeps_the_name()) {
		other = kmem_private_cache(test, leak.cache, OBJECT_SIZE, 0, NULL);
		kmem_give_back(test, kmem_take(test, other, MANY));
		KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, leak.cache).lines, 1);
	}
}

/*
 * Arguments
 */

/* Expect that no cache came of it, and that this was reported as no more than that. */
static void expect_refusal(struct kunit *test, const struct kmem_report *report,
			   struct kmem_cache *cache, const char *name, int error)
{
	kmem_expect_heads(test, report, "kmem_cache_create()", 0, 0);
	kmem_expect_text(test, report, "(%s) failed with error %d", name, error);
	kmem_expect_trace(test, report);
	KUNIT_EXPECT_NULL(test, cache);
	kmem_cache_destroy(cache);
}

/*
 * A cache without a name is refused. Source: kmem_cache_sanity_check() with
 * CONFIG_DEBUG_VM; else kmem_cache_create(), which cannot copy the name.
 */
static void null_name_is_refused(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_cache *cache = NULL;

	report = KMEM_CAPTURE(test, cache = kmem_cache_create(NULL, OBJECT_SIZE, 0, PRIVATE, NULL));
	expect_refusal(test, report, cache, "(null)",
		       IS_ENABLED(CONFIG_DEBUG_VM) ? -EINVAL : -ENOMEM);
}

/*
 * Objects larger than KMALLOC_MAX_SIZE are refused, and those of just this size
 * are not. Source: kmem_cache_sanity_check() with CONFIG_DEBUG_VM; else
 * calculate_order(), which finds no slab for them.
 */
static void too_large_objects_are_refused(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_cache *cache = NULL;
	void *object;

	report = KMEM_CAPTURE(test, cache = kmem_cache_create("kmem_large", KMALLOC_MAX_SIZE + 1, 0,
							      PRIVATE, NULL));
	expect_refusal(test, report, cache, "kmem_large", -EINVAL);
	cache = kmem_private_cache(test, "kmem_large", KMALLOC_MAX_SIZE, 0, NULL);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	memset(object, 0x77, KMALLOC_MAX_SIZE);
	kmem_cache_free(cache, object);
}

/*
 * Flags that are no caller's business are refused, and each cache that is, is told.
 * Source: kmem_cache_create(), SLAB_FLAGS_PERMITTED, which the topmost bit is not in;
 * "%s(%s) failed with error %d".
 */
static void unknown_flags_are_refused(struct kunit *test)
{
	static const char * const names[] = { "kmem_topmost", "kmem_topmost_too" };
	slab_flags_t topmost = (__force slab_flags_t)BIT(31);
	struct kmem_cache *caches[ARRAY_SIZE(names)] = { };
	const struct kmem_report *report;
	unsigned int i;

	report = KMEM_CAPTURE(test, {
		for (i = 0; i < ARRAY_SIZE(names); i++)
			caches[i] = kmem_cache_create(names[i], OBJECT_SIZE, 0, PRIVATE | topmost,
						      NULL);
	});
	for (i = 0; i < ARRAY_SIZE(names); i++)
		expect_refusal(test, report, caches[i], names[i], -EINVAL);
}

/*
 * A cache cannot be created in interrupt context, which includes disabled
 * bottom halves; each one is told. Source: kernel-doc of kmem_cache_create(), "Cannot
 * be called within a interrupt", and kmem_cache_sanity_check().
 */
static void creation_in_interrupt_is_refused(struct kunit *test)
{
	static const char * const names[] = { "kmem_interrupt", "kmem_bottom_half" };
	struct kmem_cache *caches[ARRAY_SIZE(names)] = { };
	const struct kmem_report *report;
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_DEBUG_VM);
	report = KMEM_CAPTURE(test, {
		local_bh_disable();
		for (i = 0; i < ARRAY_SIZE(names); i++)
			caches[i] = kmem_cache_create(names[i], OBJECT_SIZE, 0, PRIVATE, NULL);
		local_bh_enable();
	});
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		KUNIT_EXPECT_NULL(test, caches[i]);
		kmem_expect_text(test, report, "kmem_cache_create(%s) integrity check failed",
				 names[i]);
		kmem_cache_destroy(caches[i]);
	}
}

/*
 * A name with a space in it is warned about each time, as "it confuses parsers" of
 * /proc/slabinfo; the cache is created. Source: kmem_cache_sanity_check(), WARN_ON().
 */
static void name_with_a_space_is_reported(struct kunit *test)
{
	struct kmem_cache *cache = NULL;

	KMEM_REQUIRE(test, CONFIG_DEBUG_VM);
	KMEM_EXPECT_WARN_EACH_TIME(test, {
		kmem_cache_destroy(cache);
		cache = kmem_cache_create("kmem space", OBJECT_SIZE, 0, PRIVATE, NULL);
	}, "mm/slab_common.c:");
	KUNIT_EXPECT_NOT_NULL(test, cache);
	kmem_cache_destroy(cache);
}

static const struct region {
	const char *name;
	unsigned int offset, size;
} regions[] = {
	{ "too_large", 0, OBJECT_SIZE + 1 },
	{ "ends_beyond", OBJECT_SIZE - 1, 2 },
	{ "begins_beyond", OBJECT_SIZE + 1, 1 },
	{ "empty_but_not_at_0", 8, 0 },
	{ "wraps_around", UINT_MAX, 2 },
};

KUNIT_ARRAY_PARAM_DESC(region, regions, name);

/*
 * A region for user copies that does not lie in the object is warned about each time,
 * and the cache gets none at all. Source: kmem_cache_create_usercopy(), WARN_ON(), "Fail
 * closed on bad usersize of useroffset values".
 */
static void bad_usercopy_region_fails_closed(struct kunit *test)
{
	const struct region *region = test->param_value;
	struct kmem_cache *cache = NULL;

	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	KMEM_EXPECT_WARN_EACH_TIME(test, {
		kmem_cache_destroy(cache);
		cache = kmem_cache_create_usercopy("kmem_region", OBJECT_SIZE, 0, PRIVATE,
						   region->offset, region->size, NULL);
	}, "mm/slab_common.c:");
	kmem_adopt_cache(test, cache);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, "kmem_region", "usersize"), 0);
}

/*
 * A region for user copies that lies in the object is kept, and no more.
 * Source: kmem_cache_create_usercopy().
 */
static void good_usercopy_region_is_kept(struct kunit *test)
{
	struct kmem_cache *cache;

	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	cache = kmem_cache_create_usercopy("kmem_region", OBJECT_SIZE, 0, PRIVATE, OBJECT_SIZE - 8,
					   8, NULL);
	kmem_adopt_cache(test, cache);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, "kmem_region", "usersize"), 8);
}

static struct kunit_case kmem_cache_cases[] = {
	KUNIT_CASE(name_may_be_used_again),
	KUNIT_CASE(name_is_copied),
	KUNIT_CASE(long_names_are_told_apart),
	KUNIT_CASE(second_cache_of_a_name_is_separate),
	KUNIT_CASE(destroy_of_null_does_nothing),
	KUNIT_CASE(merged_caches_outlive_each_other),
	KUNIT_CASE_PARAM(destroy_with_live_objects_is_reported, leak_gen_params),
	KUNIT_CASE_PARAM(counted_live_objects_are_not_reported, leak_gen_params),
	KUNIT_CASE(destroy_with_full_slabs_is_reported),
	KUNIT_CASE(destroy_with_live_objects_is_survivable),
	KUNIT_CASE(null_name_is_refused),
	KUNIT_CASE(too_large_objects_are_refused),
	KUNIT_CASE(unknown_flags_are_refused),
	KUNIT_CASE(creation_in_interrupt_is_refused),
	KUNIT_CASE(name_with_a_space_is_reported),
	KUNIT_CASE_PARAM(bad_usercopy_region_fails_closed, region_gen_params),
	KUNIT_CASE(good_usercopy_region_is_kept),
	{}
};

static struct kunit_suite kmem_cache_suite = {
	.name = "kmem_cache",
	.init = kmem_suite_init,
	.test_cases = kmem_cache_cases,
};

kunit_test_suite(kmem_cache_suite);

MODULE_DESCRIPTION("KUnit tests for the life of a kmem_cache");
MODULE_LICENSE("GPL");
