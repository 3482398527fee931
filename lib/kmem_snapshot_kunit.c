// SPDX-License-Identifier: GPL-2.0-only
/*
 * Snapshots of the pages that memory is made of: snapshot_page().
 *
 * It is what dump_page() and /proc/kpageflags tell of a page, which may change
 * while they look at it. The contracts are those of its kernel-doc, mm/util.c.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_snapshot'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/page-flags.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_kunit.h"
#include "kmem_text.h"

#define DIRT	0xa5

static struct page *take_pages(struct kunit *test, unsigned int order)
{
	struct page *page;

	if (!kmem_can_snapshot_pages())
		kunit_skip(test, "needs snapshots of pages");
	page = alloc_pages(GFP_KERNEL | (order ? __GFP_COMP : 0), order);
	KUNIT_ASSERT_NOT_NULL(test, page);
	return page;
}

/* A snapshot, taken into memory that was used for something else. */
static struct page_snapshot *take_snapshot(struct kunit *test, const struct page *page)
{
	struct page_snapshot *ps = kunit_kmalloc(test, sizeof(*ps), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ps);
	memset(ps, DIRT, sizeof(*ps));
	snapshot_page(ps, page);
	return ps;
}

static void expect_zero(struct kunit *test, const void *start, const void *end)
{
	KUNIT_EXPECT_NULL_MSG(test, memchr_inv(start, 0, end - start),
			      "what the folio does not have is not zeroed");
}

/*
 * A page that stands alone is a folio of its own, which has nothing behind its
 * struct page. Source: kernel-doc of snapshot_page(), "store both its struct
 * page and struct folio representations".
 */
static void single_page_is_its_own_folio(struct kunit *test)
{
	struct page *page = take_pages(test, 0);
	struct page_snapshot *ps = take_snapshot(test, page);

	KUNIT_EXPECT_EQ(test, ps->pfn, page_to_pfn(page));
	KUNIT_EXPECT_EQ(test, ps->idx, 0);
	KUNIT_EXPECT_EQ(test, ps->flags, PAGE_SNAPSHOT_FAITHFUL);
	KUNIT_EXPECT_TRUE(test, snapshot_page_is_faithful(ps));
	kmem_expect_same(test, &ps->page_snapshot, page, sizeof(*page));
	kmem_expect_same(test, &ps->folio_snapshot, page, sizeof(*page));
	expect_zero(test, (void *)&ps->folio_snapshot + sizeof(*page), &ps->folio_snapshot + 1);
	__free_pages(page, 0);
}

/*
 * Each page of a larger folio is told with its place in it, and with all of the
 * folio, of which no more is copied than its pages have room for. Source:
 * kernel-doc of snapshot_page(), "both its struct page and struct folio
 * representations"; struct folio, which is laid over its first pages.
 */
static void page_of_a_large_folio_is_told_with_it(struct kunit *test)
{
	unsigned int order, i;

	for (order = 1; order <= 4; order++) {
		struct page *page = take_pages(test, order);
		size_t size = min(3UL, 1UL << order) * sizeof(*page);

		for (i = 0; i < 1U << order; i++) {
			struct page_snapshot *ps = take_snapshot(test, page + i);

			KUNIT_EXPECT_EQ(test, ps->pfn, page_to_pfn(page) + i);
			KUNIT_EXPECT_EQ_MSG(test, ps->idx, i, "order=%u", order);
			KUNIT_EXPECT_EQ_MSG(test, ps->flags, PAGE_SNAPSHOT_FAITHFUL,
					    "order=%u page=%u", order, i);
			kmem_expect_same(test, &ps->page_snapshot, page + i, sizeof(*page));
			kmem_expect_same(test, &ps->folio_snapshot, page, size);
			if (order == 1)
				expect_zero(test, (void *)&ps->folio_snapshot + size,
					    &ps->folio_snapshot + 1);
			KUNIT_EXPECT_EQ(test, folio_nr_pages(&ps->folio_snapshot), 1UL << order);
			kunit_kfree(test, ps);
		}
		__free_pages(page, order);
	}
}

/*
 * The page of an object is told to be a slab's, and not to be free, though nobody may
 * refer to it. Source: PG_slab, <linux/page-flags.h>; set_ps_flags(), mm/util.c.
 */
static void page_of_an_object_is_a_slabs(struct kunit *test)
{
	struct page_snapshot *ps, *of_page;
	struct page *page = take_pages(test, 0);
	void *object = kmalloc(64, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, object);
	ps = take_snapshot(test, virt_to_page(object));
	of_page = take_snapshot(test, page);
	KUNIT_EXPECT_TRUE(test, folio_test_slab(&ps->folio_snapshot));
	KUNIT_EXPECT_FALSE(test, folio_test_slab(&of_page->folio_snapshot));
	KUNIT_EXPECT_EQ(test, ps->flags, PAGE_SNAPSHOT_FAITHFUL);
	kfree(object);
	__free_pages(page, 0);
}

/* More pages than are kept for a CPU, so that freed ones are free at once. */
#define FREE_ORDER	(PAGE_ALLOC_COSTLY_ORDER + 2)

/*
 * All pages of a free block are told to be free, not just the first. Source:
 * comment of set_ps_flags(), mm/util.c, "check manually whether this page is
 * part of a high-order buddy page".
 */
static void pages_of_a_free_block_are_free(struct kunit *test)
{
	struct page *page = take_pages(test, FREE_ORDER);
	struct page_snapshot *ps = kunit_kmalloc_array(test, 1 << FREE_ORDER, sizeof(*ps),
						       GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, ps);
	preempt_disable();
	__free_pages(page, FREE_ORDER);
	for (i = 0; i < 1 << FREE_ORDER; i++)
		snapshot_page(&ps[i], page + i);
	preempt_enable();
	for (i = 0; i < 1 << FREE_ORDER; i++)
		KUNIT_EXPECT_EQ_MSG(test, ps[i].flags,
				    PAGE_SNAPSHOT_FAITHFUL | PAGE_SNAPSHOT_PG_BUDDY, "page=%u", i);
}

/* Split the folio that @page begins behind the back of its others, and look at one of these. */
static void snapshot_split(struct page_snapshot *ps, struct page *page, unsigned int i)
{
	struct folio *folio = page_folio(page);
	unsigned long flags;

	local_irq_save(flags);
	__folio_clear_head(folio);
	snapshot_page(ps, page + i);
	__folio_set_head(folio);
	local_irq_restore(flags);
}

static void expect_unfaithful(struct kunit *test, unsigned int i)
{
	struct page_snapshot *ps = kunit_kmalloc(test, sizeof(*ps), GFP_KERNEL);
	struct page *page = take_pages(test, 3);
	struct page alone;

	KUNIT_ASSERT_NOT_NULL(test, ps);
	memset(ps, DIRT, sizeof(*ps));
	snapshot_split(ps, page, i);
	alone = page[i];
	clear_compound_head(&alone);
	KUNIT_EXPECT_FALSE_MSG(test, snapshot_page_is_faithful(ps), "page=%u", i);
	KUNIT_EXPECT_EQ_MSG(test, ps->flags, 0, "page=%u", i);
	KUNIT_EXPECT_EQ_MSG(test, ps->idx, 0, "page=%u", i);
	KUNIT_EXPECT_EQ(test, ps->pfn, page_to_pfn(page) + i);
	kmem_expect_same(test, &ps->page_snapshot, &alone, sizeof(alone));
	kmem_expect_same(test, &ps->folio_snapshot, &alone, sizeof(alone));
	__free_pages(page, 3);
}

/*
 * A page whose head knows nothing of it, as its folio is being split, is told as
 * one that stands alone, and the snapshot as unfaithful. Source: kernel-doc of
 * snapshot_page(), "falls back to treating @page as a single page".
 */
static void page_of_a_split_folio_is_unfaithful(struct kunit *test)
{
	unsigned int i;

	for (i = 2; i < 8; i++)
		expect_unfaithful(test, i);
}

/* The page behind such a head is no other. Source: as page_of_a_split_folio_is_unfaithful(). */
static void page_behind_a_split_head_is_unfaithful(struct kunit *test)
{
	expect_unfaithful(test, 1);
}

static struct kunit_case kmem_snapshot_cases[] = {
	KUNIT_CASE(single_page_is_its_own_folio),
	KUNIT_CASE(page_of_a_large_folio_is_told_with_it),
	KUNIT_CASE(page_of_an_object_is_a_slabs),
	KUNIT_CASE(pages_of_a_free_block_are_free),
	KUNIT_CASE(page_of_a_split_folio_is_unfaithful),
	KUNIT_CASE(page_behind_a_split_head_is_unfaithful),
	{}
};

static struct kunit_suite kmem_snapshot_suite = {
	.name = "kmem_snapshot",
	.init = kmem_suite_init,
	.test_cases = kmem_snapshot_cases,
};

kunit_test_suite(kmem_snapshot_suite);

MODULE_DESCRIPTION("KUnit tests for snapshots of pages");
MODULE_LICENSE("GPL");
