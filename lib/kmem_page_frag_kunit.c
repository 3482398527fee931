// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fragments of pages: page_frag_alloc(), page_frag_alloc_align(), page_frag_free(), and
 * the end of the cache that they come from.
 *
 * The contracts are those of Documentation/mm/page_frags.rst, and of page_frag_alloc() and
 * its relatives in mm/.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_page_frag'
 */
#include <kunit/test.h>
#include <linux/align.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/string.h>
#include "kmem_count.h"
#include "kmem_hoard.h"
#include "kmem_text.h"

/* of several pages of a cache, as these have 32 KiB */
#define NR_FRAGMENTS	100
#define SIZE		1000

static void drain(void *cache)
{
	kmem_page_frag_cache_drain(cache);
}

static struct page_frag_cache *make_cache(struct kunit *test)
{
	struct page_frag_cache *cache = kunit_kzalloc(test, sizeof(*cache), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, drain, cache), 0);
	return cache;
}

/* Fragments of one size after the other, so that they begin anywhere. */
static const unsigned int sizes[] = { 1, 100, 7, 1500, 64, 33, PAGE_SIZE / 2 + 1, PAGE_SIZE };

static unsigned int size_of(unsigned int i)
{
	return sizes[i % ARRAY_SIZE(sizes)];
}

static const struct alignment {
	const char *name;
	unsigned int align;
} alignments[] = {
	{ "none", 0 }, { "of_a_byte", 1 }, { "of_8_bytes", 8 }, { "of_a_line", SMP_CACHE_BYTES },
	{ "of_half_a_page", PAGE_SIZE / 2 },
};

KUNIT_ARRAY_PARAM_DESC(alignment, alignments, name);

/*
 * Each fragment is aligned as asked for, and its user's alone to its end, until it is
 * freed, whatever becomes of others. Source: page_frags.rst, "arbitrary-length
 * arbitrary-offset area of memory", "individually refcounted".
 */
static void fragments_are_apart(struct kunit *test)
{
	const struct alignment *alignment = test->param_value;
	struct page_frag_cache *cache = make_cache(test);
	void **fragments = kmem_make_array(test, NR_FRAGMENTS);
	unsigned int i, round;

	for (round = 1; round <= 2; round++) {
		for (i = 0; i < NR_FRAGMENTS; i += round) {
			if (fragments[i])
				page_frag_free(fragments[i]);
			fragments[i] = alignment->align ?
				page_frag_alloc_align(cache, size_of(i), GFP_KERNEL,
						      alignment->align) :
				page_frag_alloc(cache, size_of(i), GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL_MSG(test, fragments[i], "fragment %u", i);
			if (alignment->align)
				KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((long)fragments[i],
								       alignment->align),
						      "%u bytes at %p", size_of(i), fragments[i]);
			memset(fragments[i], i, size_of(i));
		}
	}
	for (i = 0; i < NR_FRAGMENTS; i++) {
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(fragments[i], i, size_of(i)),
				      "fragment %u of %u bytes", i, size_of(i));
		page_frag_free(fragments[i]);
	}
}

/*
 * A fragment outlives the cache that it is from, whose page is free when the last one is.
 * Source: page_frags.rst, "individually refcounted, in the page's reference counter";
 * __page_frag_cache_drain().
 */
static void fragments_outlive_their_cache(struct kunit *test)
{
	struct page_frag_cache *cache = make_cache(test);
	void *fragments[3];
	struct page *page;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fragments); i++) {
		fragments[i] = page_frag_alloc(cache, SIZE, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, fragments[i]);
		memset(fragments[i], i, SIZE);
	}
	page = virt_to_head_page(fragments[0]);
	kmem_page_frag_cache_drain(cache);
	for (i = 0; i < ARRAY_SIZE(fragments); i++) {
		KUNIT_EXPECT_PTR_EQ(test, virt_to_head_page(fragments[i]), page);
		KUNIT_EXPECT_EQ(test, page_count(page), ARRAY_SIZE(fragments) - i);
		KUNIT_EXPECT_NULL(test, memchr_inv(fragments[i], i, SIZE));
		page_frag_free(fragments[i]);
	}
}

/* Free some while the cache has their page, and some when there is no cache any more. */
static void use_and_drain(struct kunit *test, void *cache)
{
	void *fragments[NR_FRAGMENTS];
	unsigned int i;

	for (i = 0; i < NR_FRAGMENTS; i++) {
		fragments[i] = page_frag_alloc(cache, SIZE, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, fragments[i]);
		if (i % 2)
			page_frag_free(fragments[i]);
	}
	kmem_page_frag_cache_drain(cache);
	for (i = 0; i < NR_FRAGMENTS; i += 2)
		page_frag_free(fragments[i]);
}

/* Nothing is left of fragments that are freed, nor of their cache. Source: as before. */
static void fragments_leave_nothing(struct kunit *test)
{
	kmem_expect_no_leak(test, PAGE_FRAG_CACHE_MAX_SIZE, use_and_drain, make_cache(test));
}

static void use_one_by_one(struct kunit *test, void *cache)
{
	unsigned int i;

	for (i = 0; i < NR_FRAGMENTS; i++) {
		void *fragment = page_frag_alloc(cache, SIZE, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, fragment);
		page_frag_free(fragment);
	}
}

/*
 * A cache whose fragments are all free has no more than a page, however many there were.
 * Source: __page_frag_alloc_align(), "OK, page count is 0, we can safely set it".
 */
static void page_without_fragments_is_used_again(struct kunit *test)
{
	struct page_frag_cache *cache = make_cache(test);

	kmem_expect_no_leak(test, PAGE_FRAG_CACHE_MAX_SIZE, use_one_by_one, cache);
}

/*
 * There is no larger fragment than a cache's page, and the cache can be used all the same.
 * Source: __page_frag_alloc_align(), "the cache isn't big enough to satisfy the request".
 */
static void fragment_is_no_larger_than_the_page(struct kunit *test)
{
	struct page_frag_cache *cache = make_cache(test);
	void *before = page_frag_alloc(cache, SIZE, GFP_KERNEL), *behind;

	KUNIT_ASSERT_NOT_NULL(test, before);
	memset(before, 1, SIZE);
	KUNIT_EXPECT_NULL(test, page_frag_alloc(cache, PAGE_FRAG_CACHE_MAX_SIZE + 1, GFP_KERNEL));
	behind = page_frag_alloc(cache, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, behind);
	memset(behind, 2, PAGE_SIZE);
	KUNIT_EXPECT_NULL(test, memchr_inv(before, 1, SIZE));
	page_frag_free(behind);
	page_frag_free(before);
}

/*
 * Where there are single pages only, fragments are had from these. Source:
 * __page_frag_cache_refill().
 */
static void single_page_has_fragments(struct kunit *test)
{
	struct page_frag_cache *cache = make_cache(test);
	struct hoard *hoard;
	void *fragments[3];
	unsigned int i, flags;

	KMEM_REQUIRE_NOT(test, CONFIG_HIGHMEM, "whose pages no cache takes");
	hoard = exhaust_to_pages(test, SCATTERED / 4);
	flags = memalloc_noreclaim_save();
	for (i = 0; i < ARRAY_SIZE(fragments); i++)
		fragments[i] = page_frag_alloc(cache, PAGE_SIZE / 2, __GFP_NOWARN);
	memalloc_noreclaim_restore(flags);
	kunit_release_action(test, free_hoard, hoard);
	for (i = 0; i < ARRAY_SIZE(fragments); i++) {
		KUNIT_ASSERT_NOT_NULL_MSG(test, fragments[i], "fragment %u", i);
		KUNIT_EXPECT_FALSE_MSG(test, PageCompound(virt_to_page(fragments[i])),
				       "fragment %u", i);
		memset(fragments[i], i, PAGE_SIZE / 2);
	}
	for (i = 0; i < ARRAY_SIZE(fragments); i++) {
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(fragments[i], i, PAGE_SIZE / 2),
				      "fragment %u", i);
		page_frag_free(fragments[i]);
	}
}

/*
 * No fragment is larger than the page where that is a single one. Source:
 * __page_frag_alloc_align(), "may happen in low memory conditions".
 */
static void single_page_has_no_larger_fragment(struct kunit *test)
{
	struct page_frag_cache *cache = make_cache(test);
	struct hoard *hoard;
	unsigned int flags;
	void *fragment;

	if (!kmem_large_page_frag_ends())
		kunit_skip(test, "needs Linux 6.13, before which it is looked for without an end");
	KMEM_REQUIRE_NOT(test, CONFIG_HIGHMEM, "whose pages no cache takes");
	hoard = exhaust_to_pages(test, SCATTERED / 4);
	flags = memalloc_noreclaim_save();
	fragment = page_frag_alloc(cache, PAGE_SIZE + 1, __GFP_NOWARN);
	memalloc_noreclaim_restore(flags);
	kunit_release_action(test, free_hoard, hoard);
	KUNIT_EXPECT_NULL(test, fragment);
}

static struct kunit_case kmem_page_frag_cases[] = {
	KUNIT_CASE_PARAM(fragments_are_apart, alignment_gen_params),
	KUNIT_CASE(fragments_outlive_their_cache),
	KUNIT_CASE(fragments_leave_nothing),
	KUNIT_CASE(page_without_fragments_is_used_again),
	KUNIT_CASE(fragment_is_no_larger_than_the_page),
	KUNIT_CASE(single_page_has_fragments),
	KUNIT_CASE(single_page_has_no_larger_fragment),
	{}
};

static struct kunit_suite kmem_page_frag_suite = {
	.name = "kmem_page_frag",
	.init = kmem_suite_init,
	.test_cases = kmem_page_frag_cases,
};

kunit_test_suite(kmem_page_frag_suite);

MODULE_DESCRIPTION("KUnit tests for fragments of pages");
MODULE_LICENSE("GPL");
