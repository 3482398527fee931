// SPDX-License-Identifier: GPL-2.0-only
/*
 * Caches that cannot be created, as one of the allocations that
 * kmem_cache_create() makes on its way fails.
 *
 * These are, in this order: the copy of the name, the random sequence of the
 * freelist, what each node has, what each CPU has, and a lot for sysfs. That of
 * struct kmem_cache is none of them, as failslab passes over it.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_creation'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <mm/slab.h>
#include "kmem_count.h"
#include "kmem_kunit.h"

#define MANY		64

/* No constants, so that they have to be copied. */
static char name[32];
/* so long that a copy is from kmalloc-4k, which hardly anybody else uses */
static char long_name[3000];

/**
 * struct kind - a kind of cache that is to be created
 * @size: of its objects
 * @capacity: of its sheaves, or 0
 * @flags: SLAB_*
 */
struct kind {
	unsigned int size;
	unsigned int capacity;
	slab_flags_t flags;
};

/* Its random sequence is so long, and its sheaf so large, that both are from kmalloc-2k. */
static const struct kind private = { 8, 200, SLAB_NO_MERGE | SLAB_NO_USER_FLAGS };
/* Nobody has objects of that size. */
static const struct kind mergeable = { 5224, 0, SLAB_NO_USER_FLAGS };
static const struct kind tracked = { 8, 0, SLAB_STORE_USER | SLAB_NO_MERGE | SLAB_NO_USER_FLAGS };

#define ROUNDS		8

/* Have names, and callers with sheaves, so that SLUB needs none amid what is to fail. */
static void prepare(struct kunit *test)
{
	unsigned int i;

	kmem_require_counters(test);
	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	strscpy(name, "kmem_creation", sizeof(name));
	memset(long_name, 'n', sizeof(long_name) - 1);
	for (i = 0; i < ROUNDS; i++) {
		const struct kind *kind = i % 2 ? &private : &mergeable;

		kmem_cache_destroy(kmem_create_with_sheaves(name, kind->size, kind->capacity,
							    kind->flags, NULL));
	}
}

/**
 * struct attempt - what became of a creation in which an allocation failed
 * @cache: the cache, if there is one
 * @failed: whether so many allocations were made
 * @in_sysfs: whether it is the first one of sysfs
 * @told: whether the kernel said that sysfs lacks the cache, or its alias
 * @refused: whether it said that there is no cache
 */
struct attempt {
	struct kmem_cache *cache;
	bool failed;
	bool in_sysfs;
	bool told;
	bool refused;
};

static bool tells(const struct kmem_report *report, const char *what, const char *called)
{
	const char *found = strstr(report->text, what);

	return found && str_has_prefix(found + strlen(what), called);
}

static struct attempt create_failing(struct kunit *test, const struct kind *kind,
				     const char *called, unsigned int nth)
{
	const struct kmem_report *report;
	struct attempt attempt = {};
	gfp_t allowed;

	allowed = kmem_reclaim_forbid(test);
	report = KMEM_CAPTURE(test, {
		kmem_fail_begin(test, nth);
		attempt.cache = kmem_create_with_sheaves(called, kind->size, kind->capacity,
							 kind->flags, NULL);
		attempt.failed = !kmem_fail_cancel();
	});
	kmem_reclaim_allow(allowed);
	kmem_expect_heads(test, report, "kmem_cache_create()", 0, 0);
	attempt.in_sysfs = strstr(report->text, "can not set name properly");
	attempt.told = tells(report, "Unable to add cache ", called) ||
		       tells(report, "Unable to add cache alias ", called);
	attempt.refused = strstr(report->text, ") failed with error -");
	return attempt;
}

static void destroy(struct kunit *test, struct kmem_cache *cache, unsigned int nth)
{
	const struct kmem_report *report = KMEM_CAPTURE(test, kmem_cache_destroy(cache));

	KUNIT_EXPECT_EQ_MSG(test, report->bugs + report->warnings, 0, "allocation %u", nth);
}

static bool has_files(struct kunit *test, const struct kind *kind)
{
	return kmem_sysfs_number(test, name, "object_size") == kind->size;
}

static void expect_gone(struct kunit *test, unsigned int nth)
{
	KUNIT_EXPECT_EQ_MSG(test, kmem_slabinfo(test, name).lines, 0, "allocation %u", nth);
	KUNIT_EXPECT_NULL_MSG(test, kmem_sysfs_text(test, name, "object_size"), "allocation %u",
			      nth);
}

static void expect_usable(struct kunit *test, struct kmem_cache *cache, unsigned int nth)
{
	void *objects[MANY];
	unsigned int i;

	KUNIT_EXPECT_EQ_MSG(test, kmem_slabinfo(test, name).lines, 1, "allocation %u", nth);
	for (i = 0; i < MANY; i++) {
		objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		KUNIT_EXPECT_NOT_NULL_MSG(test, objects[i], "allocation %u", nth);
	}
	for (i = 0; i < MANY; i++)
		kmem_cache_free(cache, objects[i]);
}

static void expect_complete(struct kunit *test, const struct kind *kind,
			    struct kmem_cache *cache, unsigned int nth)
{
	KUNIT_EXPECT_TRUE_MSG(test, has_files(test, kind), "allocation %u", nth);
	expect_usable(test, cache, nth);
}

/* How many allocations a cache cannot do without, on the smallest machine. */
static unsigned int least_failures(void)
{
	/* name and node; sequence; barn and sheaf */
	return 2 + IS_ENABLED(CONFIG_SLAB_FREELIST_RANDOM) + 2 * kmem_has_sheaves();
}

/*
 * Where one of the allocations that a cache consists of fails, there is no cache:
 * the result is NULL, which is reported, its name is in neither slabinfo nor sysfs, and
 * can be used afterwards. Source: kmem_cache_create(), "NULL on failure", "failed with
 * error"; create_cache().
 */
static void inner_failure_fails_the_creation(struct kunit *test)
{
	unsigned int nth, failures = 0;
	struct attempt attempt;

	prepare(test);
	for (nth = 1; ; nth++) {
		attempt = create_failing(test, &private, name, nth);
		KUNIT_ASSERT_TRUE_MSG(test, attempt.failed, "allocation %u", nth);
		if (attempt.in_sysfs)
			break;
		if (attempt.cache) {
			/* it is of what one can do without, such as a sheaf of kmalloc() */
			expect_complete(test, &private, attempt.cache, nth);
			destroy(test, attempt.cache, nth);
		} else {
			failures++;
		}
		KUNIT_EXPECT_EQ_MSG(test, attempt.refused, !attempt.cache, "allocation %u", nth);
		expect_gone(test, nth);
	}
	destroy(test, attempt.cache, nth);
	KUNIT_EXPECT_GE(test, failures, least_failures());
	kmem_take(test, kmem_private_cache(test, name, private.size, 0, NULL), MANY);
	KUNIT_EXPECT_TRUE(test, has_files(test, &private));
}

/* Let each allocation fail in turn, and expect that those of sysfs are none to fail for. */
static void fail_in_sysfs(struct kunit *test, const struct kind *kind)
{
	bool in_sysfs = false;
	struct attempt attempt;
	unsigned int nth;

	prepare(test);
	for (nth = 1; ; nth++) {
		attempt = create_failing(test, kind, name, nth);
		if (!attempt.failed)
			break;
		in_sysfs |= attempt.in_sysfs;
		if (in_sysfs && !kmem_cache_needs_sysfs())
			KUNIT_ASSERT_NOT_NULL_MSG(test, attempt.cache, "allocation %u", nth);
		if (attempt.cache && kind == &private && !kmem_cache_needs_sysfs())
			KUNIT_EXPECT_EQ_MSG(test, attempt.told, !has_files(test, kind),
					    "allocation %u", nth);
		/* a link that cannot be made is nobody's concern */
		if (in_sysfs && attempt.cache && kmem_cache_needs_sysfs() && kind == &private)
			expect_complete(test, kind, attempt.cache, nth);
		else if (attempt.cache)
			expect_usable(test, attempt.cache, nth);
		destroy(test, attempt.cache, nth);
		expect_gone(test, nth);
	}
	KUNIT_EXPECT_TRUE(test, in_sysfs);
	expect_complete(test, kind, attempt.cache, nth);
	destroy(test, attempt.cache, nth);
}

/*
 * An allocation for sysfs that fails does no harm. On 6.x, there is no cache then. On
 * 7.x, there is one that works, may lack its files, which is told, and goes silently.
 * Source: do_kmem_cache_create(), "Failing to create sysfs files is not critical to
 * SLUB functionality" and "Unable to add cache %s to sysfs".
 */
static void cache_may_do_without_sysfs(struct kunit *test)
{
	fail_in_sysfs(test, &private);
}

/*
 * A cache that others may share has a link for its name in sysfs, to files of
 * another name. On 6.x, it is NULL where that fails. On 7.x, it works and goes
 * silently then as any other. Source: as for cache_may_do_without_sysfs(), create_unique_id().
 */
static void shared_cache_may_do_without_sysfs(struct kunit *test)
{
	fail_in_sysfs(test, &mergeable);
}

/*
 * A cache whose users are stored, and that sysfs has no memory for, has its lists of
 * traces all the same. Source: do_kmem_cache_create(), debugfs_slab_add(), as above.
 */
static void tracked_cache_without_sysfs_has_its_traces(struct kunit *test)
{
	static const char * const lists[] = { "alloc_traces", "free_traces" };
	struct attempt attempt;
	unsigned int nth = 0, i;

	prepare(test);
	KMEM_REQUIRE(test, CONFIG_DEBUG_FS);
	if (kmem_cache_needs_sysfs())
		kunit_skip(test, "needs Linux 7, where there is a cache without its files");
	do {
		attempt = create_failing(test, &tracked, name, ++nth);
		if (!attempt.told)
			destroy(test, attempt.cache, nth);
	} while (attempt.failed && !attempt.told);
	KUNIT_ASSERT_TRUE(test, attempt.told);
	for (i = 0; i < ARRAY_SIZE(lists); i++)
		KUNIT_EXPECT_NOT_NULL_MSG(test, kmem_debugfs_text(test, name, lists[i]), "%s",
					  lists[i]);
	destroy(test, attempt.cache, nth);
}

/*
 * An alias that sysfs has no memory for is one without its link, which is told, and
 * holds the cache as any other. Source: __kmem_cache_alias(), "Unable to add cache
 * alias %s to sysfs".
 */
static void alias_may_do_without_its_link(struct kunit *test)
{
	static const char alias[] = "kmem_linked";
	struct kmem_cache *cache, *other;
	struct attempt attempt = { .failed = true };
	unsigned int nth;

	prepare(test);
	if (kmem_cache_needs_sysfs())
		kunit_skip(test, "needs Linux 7, where there is an alias without its link");
	cache = kmem_cache_create(name, mergeable.size, 0, mergeable.flags, NULL);
	kmem_adopt_cache(test, cache);
	other = kmem_cache_create(alias, mergeable.size, 0, mergeable.flags, NULL);
	kmem_cache_destroy(other);
	if (other != cache)
		kunit_skip(test, "needs caches that are merged");
	for (nth = 1; attempt.failed; nth++) {
		attempt = create_failing(test, &mergeable, alias, nth);
		KUNIT_ASSERT_PTR_EQ_MSG(test, attempt.cache, cache, "allocation %u", nth);
		KUNIT_ASSERT_EQ_MSG(test, kmem_sysfs_number(test, name, "aliases"), 1,
				    "allocation %u", nth);
		KUNIT_EXPECT_EQ_MSG(test, attempt.told,
				    kmem_sysfs_number(test, alias, "aliases") < 0,
				    "allocation %u", nth);
		destroy(test, attempt.cache, nth);
		expect_usable(test, cache, nth);
	}
}

/*
 * The descriptor of a cache is nothing that failslab lets fail. Source:
 * should_failslab(), "No fault-injection for bootstrap cache".
 */
static void failslab_passes_over_descriptors(struct kunit *test)
{
#ifndef MODULE
	struct kmem_cache *descriptor;

	KMEM_REQUIRE_NOT(test, CONFIG_DEBUG_KMEMLEAK, "which gives up without memory");
	kmem_fail_begin(test, 1);
	descriptor = kmem_cache_alloc(kmem_cache, GFP_NOWAIT | __GFP_NOWARN);
	kmem_fail_cancel();
	KUNIT_ASSERT_NOT_NULL(test, descriptor);
	kmem_cache_free(kmem_cache, descriptor);
#else
	kunit_skip(test, "needs to be built in, to allocate a descriptor");
#endif
}

/* Create and destroy ROUNDS times; say how the last time went, and how often it failed. */
static struct attempt create_and_destroy(struct kunit *test, unsigned int nth,
					 unsigned int *failures)
{
	struct attempt attempt = {};
	unsigned int i;

	*failures = 0;
	for (i = 0; i < ROUNDS; i++) {
		attempt = create_failing(test, &private, long_name, nth);
		*failures += !attempt.cache;
		kmem_cache_destroy(attempt.cache);
	}
	return attempt;
}

/*
 * Wherever a creation fails, it frees all that it has allocated so far. On 6.x, the
 * name that it gave to sysfs is left. Source: __kmem_cache_release(),
 * create_cache(), __kmem_cache_create_args(), sysfs_slab_add().
 */
static void inner_failure_leaks_nothing(struct kunit *test)
{
	/* where that is from of which a cache consists */
	static const char * const origins[] = {
		"kmem_cache", "kmem_cache_node", "kernfs_node_cache",
		KMALLOC_MIN_SIZE > 64 ? "kmalloc-128" : "kmalloc-64", "kmalloc-2k", "kmalloc-4k",
	};
	struct kmem_gauge gauges[ARRAY_SIZE(origins)];
	long counts[ARRAY_SIZE(origins)];
	struct attempt attempt = { .failed = true };
	bool may_leak = false;
	unsigned int nth, i, failures;

	prepare(test);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN_GENERIC, "which keeps freed memory");
	for (i = 0; i < ARRAY_SIZE(origins); i++)
		gauges[i] = kmem_gauge(test, origins[i]);
	create_and_destroy(test, UINT_MAX, &failures);
	for (i = 0; i < ARRAY_SIZE(origins); i++)
		counts[i] = kmem_gauge_read(test, &gauges[i]);
	for (nth = 1; attempt.failed; nth++) {
		attempt = create_and_destroy(test, nth, &failures);
		for (i = 0; i < ARRAY_SIZE(origins); i++) {
			bool is_name = !strcmp(origins[i], "kmalloc-4k");
			long leaked = may_leak && is_name ? failures : 0;
			long before = counts[i];

			counts[i] = kmem_gauge_read(test, &gauges[i]);
			KUNIT_EXPECT_LT_MSG(test, counts[i] - before, leaked + ROUNDS / 2,
					    "%s, allocation %u", origins[i], nth);
		}
		may_leak |= attempt.in_sysfs && kmem_failed_sysfs_leaks_a_name();
	}
}

/* so many that what is leaked does not fit into what percpu memory has free */
#define PERCPU_ROUNDS	4096

/* Which allocation is the last one of a creation that fails without it. */
static unsigned int last_to_fail_for(struct kunit *test)
{
	struct attempt attempt;
	unsigned int nth, last = 0;

	for (nth = 1; ; nth++) {
		attempt = create_failing(test, &private, name, nth);
		if (!attempt.cache)
			last = nth;
		kmem_cache_destroy(attempt.cache);
		KUNIT_ASSERT_TRUE_MSG(test, attempt.failed, "allocation %u", nth);
		if (attempt.in_sysfs)
			return last;
	}
}

/*
 * A failed creation frees what it has allocated for each CPU. Source:
 * __kmem_cache_release(), pcs_destroy() (7.x).
 */
static void failed_creation_leaks_no_percpu_memory(struct kunit *test)
{
	struct kmem_cache *cache = NULL;
	unsigned int nth, i;
	long before, grown;
	gfp_t allowed;

	if (!kmem_has_sheaves())
		kunit_skip(test, "needs sheaves, which are large enough to be missed");
	if (kmem_boot_has(test, "cgroup.memory=nokmem"))
		kunit_skip(test, "needs a boot without cgroup.memory=nokmem");
	prepare(test);
	nth = last_to_fail_for(test);
	before = kmem_meminfo(test, "Percpu");
	allowed = kmem_reclaim_forbid(test);
	kmem_capture_begin(test);
	for (i = 0; i < PERCPU_ROUNDS && !cache; i++) {
		kmem_fail_begin(test, nth);
		cache = kmem_create_with_sheaves(name, private.size, private.capacity,
						 private.flags, NULL);
		kmem_fail_cancel();
	}
	kmem_capture_end();
	kmem_reclaim_allow(allowed);
	KUNIT_EXPECT_NULL(test, cache);
	kmem_cache_destroy(cache);
	grown = (long)kmem_meminfo(test, "Percpu") - before;
	KUNIT_EXPECT_LT_MSG(test, grown, PERCPU_ROUNDS * 16 / SZ_1K / 2, "kB after %u failures", i);
}

static struct kunit_case kmem_creation_cases[] = {
	KUNIT_CASE(inner_failure_fails_the_creation),
	KUNIT_CASE(cache_may_do_without_sysfs),
	KUNIT_CASE(shared_cache_may_do_without_sysfs),
	KUNIT_CASE(tracked_cache_without_sysfs_has_its_traces),
	KUNIT_CASE(alias_may_do_without_its_link),
	KUNIT_CASE(failslab_passes_over_descriptors),
	KUNIT_CASE(inner_failure_leaks_nothing),
	KUNIT_CASE(failed_creation_leaks_no_percpu_memory),
	{}
};

static struct kunit_suite kmem_creation_suite = {
	.name = "kmem_creation",
	.init = kmem_suite_init,
	.test_cases = kmem_creation_cases,
};

kunit_test_suite(kmem_creation_suite);

MODULE_DESCRIPTION("KUnit tests for caches that cannot be created");
MODULE_LICENSE("GPL");
