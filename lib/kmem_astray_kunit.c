// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slabs that are not where, or not what, SLUB takes them for: missing on their
 * list, with a page that is no slab any more, or without a cache.
 *
 * Each case leads one slab astray on purpose, which must be reported, do no harm
 * to any other, and be no reason to touch what is in it. Then it puts the slab
 * right, so that the cache can be destroyed.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_astray'
 */
#include <kunit/test.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/page-flags.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <mm/slab.h>
#include "kmem_debug.h"

#define NAME		"kmem_astray"
#define HEAD		"BUG " NAME " ("
#define OBJECT_SIZE	100

static struct kmem_cache *checked_cache(struct kunit *test, slab_flags_t flags)
{
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	return kmem_private_cache(test, NAME, OBJECT_SIZE, SLAB_CONSISTENCY_CHECKS | flags, NULL);
}

/* Validate while a slab is on no list, and expect one error with a text. */
static void expect_missed(struct kunit *test, struct kmem_cache *cache, struct slab *slab,
			  const char *text)
{
	struct list_head *before = slab->slab_list.prev;
	const struct kmem_report *report;
	int errors = 0;

	KUNIT_EXPECT_EQ(test, KMEM_COUNT_ERRORS(test, kmem_validate(test, cache)), 0);
	list_del(&slab->slab_list);
	report = KMEM_CAPTURE(test, errors = KMEM_COUNT_ERRORS(test, kmem_validate(test, cache)));
	list_add(&slab->slab_list, before);
	KUNIT_EXPECT_EQ(test, errors, 1);
	kmem_expect_text(test, report, "%s", text);
	KUNIT_EXPECT_EQ(test, KMEM_COUNT_ERRORS(test, kmem_validate(test, cache)), 0);
}

/*
 * Validation notices that a slab with free objects is not on the list of these.
 * Source: validate_slab_node(), "partial slabs counted but counter=".
 */
static void missing_partial_slab_is_reported(struct kunit *test)
{
	struct kmem_cache *cache = checked_cache(test, 0);
	void *object = kmem_take(test, cache, 1)->objects[0];

	expect_missed(test, cache, virt_to_slab(object),
		      "SLUB " NAME ": 0 partial slabs counted but counter=1");
}

/*
 * Where full slabs are on a list too, validation notices that one is not. Source:
 * validate_slab_node(), "slabs counted but counter=".
 */
static void missing_full_slab_is_reported(struct kunit *test)
{
	struct kmem_cache *cache = checked_cache(test, SLAB_STORE_USER);
	void *object = kmem_take_slab(test, cache)->objects[0];

	expect_missed(test, cache, virt_to_slab(object),
		      "SLUB: " NAME " 0 slabs counted but counter=1");
}

/*
 * Validation reports a page that is no slab any more, and neither looks at what is
 * in it nor mends it. Source: validate_slab() (7.x), check_slab() (6.x), "Not a
 * valid slab page".
 */
static void page_that_is_no_slab_is_not_validated(struct kunit *test)
{
	struct kmem_cache *cache = checked_cache(test, SLAB_POISON);
	struct kmem_batch *batch = kmem_take(test, cache, 2);
	u8 *freed = batch->objects[--batch->nr];
	struct folio *folio = virt_to_folio(freed);
	const struct kmem_report *report;

	kmem_cache_free(cache, freed);
	kmem_poke(freed, 0x99);
	__folio_clear_slab(folio);
	report = KMEM_CAPTURE(test, kmem_validate(test, cache));
	__folio_set_slab(folio);
	kmem_expect_heads(test, report, "validation", 1, 0);
	kmem_expect_text(test, report, HEAD);
	kmem_expect_text(test, report, "Not a valid slab page");
	KUNIT_EXPECT_EQ(test, kmem_peek(freed), 0x99);

	KMEM_EXPECT_REPORT(test, kmem_validate(test, cache), "Poison overwritten");
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
}

/*
 * Out of a page that is no slab any more, nothing is allocated: that is reported,
 * and the object comes from another slab. Source: alloc_single_from_partial()
 * (7.x), alloc_consistency_checks() (6.x).
 */
static void page_that_is_no_slab_gives_no_object(struct kunit *test)
{
	struct kmem_cache *cache = checked_cache(test, 0);
	void *used = kmem_take(test, cache, 1)->objects[0], *object = NULL;
	struct folio *folio = virt_to_folio(used);
	struct slab *slab = virt_to_slab(used);
	void *freelist = slab->freelist;
	const struct kmem_report *report;

	KUNIT_ASSERT_NOT_NULL(test, freelist);
	__folio_clear_slab(folio);
	report = KMEM_CAPTURE(test, object = kmem_cache_alloc(cache, GFP_KERNEL));
	__folio_set_slab(folio);
	kmem_expect_heads(test, report, "allocation", 1, 0);
	kmem_expect_text(test, report, HEAD);
	kmem_expect_text(test, report, "Not a valid slab page");
	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_EXPECT_PTR_NE(test, virt_to_slab(object), slab);

	/* On 6.x, the page is looked at when the object has been taken already */
	slab->freelist = freelist;
	slab->inuse = 1;
	kmem_cache_free(cache, object);
	KUNIT_EXPECT_EQ(test, KMEM_COUNT_ERRORS(test, kmem_validate(test, cache)), 0);
}

/*
 * The free of an object whose slab has lost its cache is reported as the free into
 * a wrong one, and does nothing. Source: warn_free_bad_obj(), mm/slub.c (7.x).
 */
static void object_of_no_cache_is_not_freed(struct kunit *test)
{
	struct kmem_cache *cache = checked_cache(test, 0);
	void *object = kmem_take(test, cache, 1)->objects[0];
	struct slab *slab = virt_to_slab(object);
	const struct kmem_report *report;

	if (!kmem_cross_free_leaks())
		kunit_skip(test, "needs Linux 7.x, where a slab without a cache is a wrong one");
	memset(object, 0x11, OBJECT_SIZE);
	slab->slab_cache = NULL;
	report = KMEM_CAPTURE(test, kmem_cache_free(cache, object));
	slab->slab_cache = cache;
	kmem_expect_heads(test, report, "kmem_cache_free()", 0, 1);
	kmem_expect_text(test, report, "kmem_cache_free(" NAME
			 ", %p): object belongs to different cache (NULL)", object);
	KUNIT_EXPECT_NULL(test, memchr_inv(object, 0x11, OBJECT_SIZE));
	KUNIT_EXPECT_EQ(test, KMEM_COUNT_ERRORS(test, kmem_validate(test, cache)), 0);
}

static struct kunit_case kmem_astray_cases[] = {
	KUNIT_CASE(missing_partial_slab_is_reported),
	KUNIT_CASE(missing_full_slab_is_reported),
	KUNIT_CASE(page_that_is_no_slab_is_not_validated),
	KUNIT_CASE(page_that_is_no_slab_gives_no_object),
	KUNIT_CASE(object_of_no_cache_is_not_freed),
	{}
};

static struct kunit_suite kmem_astray_suite = {
	.name = "kmem_astray",
	.init = kmem_suite_init,
	.test_cases = kmem_astray_cases,
};

kunit_test_suite(kmem_astray_suite);

MODULE_DESCRIPTION("KUnit tests for slabs that have gone astray");
MODULE_LICENSE("GPL");
