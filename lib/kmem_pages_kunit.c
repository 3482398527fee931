// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whole pages: get_zeroed_page(), alloc_pages_exact(), alloc_pages_bulk(), and what frees
 * pages; vm_map_ram(); and what vmalloc() does when there are single ones only.
 *
 * The contracts are those of the kernel-doc in mm/page_alloc.c, and of mm/vmalloc.c.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_pages'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/numa.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "kmem_haul.h"
#include "kmem_hoard.h"
#include "kmem_text.h"
#include "kmem_vmalloc.h"

#define DIRT		0xd1
/* so many that some of them come back: they are freed to where they were found */
#define NR_DIRTY	256

static void free_some(struct page **pages, unsigned int nr)
{
	while (nr--)
		if (pages[nr])
			__free_page(pages[nr]);
}

static void free_all(void *pages)
{
	free_some(pages, NR_DIRTY);
}

/* Bulk allocation may give less than it is asked for, and goes on behind what is there. */
static unsigned int fill(gfp_t gfp, unsigned int nr, struct page **pages)
{
	unsigned int before, now = 0;

	do {
		before = now;
		now = alloc_pages_bulk(gfp, nr, pages);
	} while (now > before && now < nr);
	return now;
}

static unsigned int zeroed_one_by_one(struct page **pages)
{
	unsigned int i;

	for (i = 0; i < NR_DIRTY; i++) {
		unsigned long page = get_zeroed_page(GFP_KERNEL);

		if (!page)
			break;
		pages[i] = virt_to_page((void *)page);
	}
	return i;
}

static unsigned int zeroed_in_bulk(struct page **pages)
{
	return fill(GFP_KERNEL | __GFP_ZERO, NR_DIRTY, pages);
}

/*
 * struct zeroer - one way to get zeroed pages
 * @name: of the parameter
 * @get: gets NR_DIRTY of them; returns how many there were
 */
static const struct zeroer {
	const char *name;
	unsigned int (*get)(struct page **pages);
} zeroers[] = {
	{ "get_zeroed_page", zeroed_one_by_one },
	{ "alloc_pages_bulk", zeroed_in_bulk },
};

KUNIT_ARRAY_PARAM_DESC(zeroer, zeroers, name);

/*
 * A page of get_zeroed_page(), or one that was asked for as such, is zero to its last
 * byte, though it was dirty when it was freed. Source: "%__GFP_ZERO returns a zeroed page
 * on success".
 */
static void zeroed_page_is_zero(struct kunit *test)
{
	struct page **dirty = kunit_kcalloc(test, NR_DIRTY, sizeof(*dirty), GFP_KERNEL);
	struct page **pages = kunit_kcalloc(test, NR_DIRTY, sizeof(*pages), GFP_KERNEL);
	const struct zeroer *zeroer = test->param_value;
	unsigned int i, j, stained = 0, reused = 0;

	KUNIT_ASSERT_NOT_NULL(test, dirty);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	for (i = 0; i < NR_DIRTY; i++) {
		dirty[i] = alloc_page(GFP_KERNEL);
		if (dirty[i])
			memset(page_address(dirty[i]), DIRT, PAGE_SIZE);
	}
	free_all(dirty);

	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_all, pages), 0);
	KUNIT_ASSERT_EQ(test, zeroer->get(pages), NR_DIRTY);
	for (i = 0; i < NR_DIRTY; i++) {
		stained += !!memchr_inv(page_address(pages[i]), 0, PAGE_SIZE);
		for (j = 0; j < NR_DIRTY; j++)
			reused += pages[i] == dirty[j];
	}
	KUNIT_EXPECT_EQ(test, stained, 0);
	KUNIT_EXPECT_GT_MSG(test, reused, 0, "no page came back, nothing is proved");
}

/* Expect the pages of @memory to be apart from each other: each may be freed alone. */
static void expect_single_pages(struct kunit *test, const void *memory, size_t size)
{
	struct page *page = virt_to_page(memory);
	unsigned int i;

	for (i = 0; i < DIV_ROUND_UP(size, PAGE_SIZE); i++) {
		KUNIT_ASSERT_FALSE_MSG(test, PageCompound(page + i), "page %u of %zu bytes", i,
				       size);
		KUNIT_ASSERT_EQ_MSG(test, page_count(page + i), 1, "page %u of %zu bytes", i,
				    size);
	}
}

/*
 * There are as many pages as the size needs, the last of which may be used in part,
 * and all are the caller's. Source: kernel-doc of alloc_pages_exact(), "allocates the
 * minimum number of pages to satisfy the request".
 */
static void exact_pages_are_enough(struct kunit *test)
{
	static const size_t sizes[] = {
		1, PAGE_SIZE, PAGE_SIZE + 1, 2 * PAGE_SIZE + 100, 3 * PAGE_SIZE, 9 * PAGE_SIZE - 1,
	};
	void *memory[ARRAY_SIZE(sizes)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		memory[i] = alloc_pages_exact(sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL_MSG(test, memory[i], "%zu bytes", sizes[i]);
		KUNIT_EXPECT_TRUE_MSG(test, PAGE_ALIGNED(memory[i]), "%zu bytes", sizes[i]);
		expect_single_pages(test, memory[i], sizes[i]);
		memset(memory[i], i, sizes[i]);
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(memory[i], i, sizes[i]), "%zu bytes",
				      sizes[i]);
		KMEM_EXPECT_SILENCE(test, free_pages_exact(memory[i], sizes[i]));
	}
}

static void use_exact_pages(struct kunit *test, void *unused)
{
	const size_t size = 2 * PAGE_SIZE + 1;
	void *memory = alloc_pages_exact(size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	free_pages_exact(memory, size);
}

/*
 * All pages are freed, one that is used in part as well, and so is what a power of two has
 * beyond them. Source: kernel-doc of free_pages_exact(), "Release the memory".
 */
static void exact_pages_leave_nothing(struct kunit *test)
{
	kmem_expect_no_leak(test, PAGE_SIZE, use_exact_pages, NULL);
}

/*
 * They are no compound page, and no high memory, whatever the caller asks for, who is told
 * of it once. Source: kernel-doc of alloc_pages_exact(), "must not contain __GFP_COMP";
 * WARN_ON_ONCE(gfp_mask & (__GFP_COMP | __GFP_HIGHMEM)).
 */
static void exact_pages_are_not_compound(struct kunit *test)
{
	static const gfp_t bad[] = { __GFP_COMP, __GFP_HIGHMEM };
	const size_t size = 3 * PAGE_SIZE;
	void *memory = NULL, *more = NULL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KMEM_EXPECT_WARN(test, {
			memory = alloc_pages_exact(size, GFP_KERNEL | bad[i]);
			more = alloc_pages_exact(size, GFP_KERNEL | bad[i]);
		}, "mm/page_alloc.c:");
		KUNIT_ASSERT_NOT_NULL(test, memory);
		KUNIT_ASSERT_NOT_NULL(test, more);
		free_pages_exact(more, size);
		expect_single_pages(test, memory, size);
		KMEM_EXPECT_SILENCE(test, free_pages_exact(memory, size));
	}
}

/* No page is freed where there is none. Source: free_pages(), "if (addr != 0)". */
static void address_zero_may_be_freed(struct kunit *test)
{
	KMEM_EXPECT_SILENCE(test, {
		free_page(0);
		free_pages(0, 2);
	});
}

/* of a mebibyte, which the zones see come and go at once */
#define LARGE_ORDER	get_order(SZ_1M)

static void free_while_held(struct kunit *test, void *unused)
{
	struct page *page = alloc_pages(GFP_KERNEL, LARGE_ORDER);

	KUNIT_ASSERT_NOT_NULL(test, page);
	get_page(page);
	__free_pages(page, LARGE_ORDER);
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	put_page(page);
}

/*
 * Pages of which somebody else holds the first are freed but for that, which is freed
 * by who puts it last. Source: kernel-doc of __free_pages(), "To prevent the remaining
 * pages from being leaked, we free the subsequent pages here".
 */
static void held_page_is_freed_when_it_is_put(struct kunit *test)
{
	kmem_expect_no_leak(test, SZ_1M, free_while_held, NULL);
}

#define HOLES		8

/*
 * Pages that are in the array already stay where they are, and new ones come before and
 * between them. Source: comment of __alloc_pages_bulk(), "only the elements in @page_array
 * that were cleared to %NULL on entry are populated", "including ones already allocated".
 */
static void bulk_of_pages_fills_holes_alone(struct kunit *test)
{
	struct page *pages[HOLES] = { }, *first, *second;
	unsigned int filled, i, j, same = 0;

	first = alloc_page(GFP_KERNEL);
	second = alloc_page(GFP_KERNEL);
	pages[1] = first;
	pages[HOLES / 2] = second;
	filled = fill(GFP_KERNEL, HOLES, pages);
	for (i = 0; i < HOLES; i++)
		for (j = 0; j < i; j++)
			same += pages[i] == pages[j];
	KUNIT_EXPECT_EQ(test, filled, HOLES);
	KUNIT_EXPECT_EQ(test, same, 0);
	KUNIT_EXPECT_PTR_EQ(test, pages[1], first);
	KUNIT_EXPECT_PTR_EQ(test, pages[HOLES / 2], second);
	free_some(pages, HOLES);
}

/*
 * An array that is full gets no page, and what is behind it is left alone, in whatever
 * way the pages would be allocated. Source: comment of __alloc_pages_bulk(), "@nr_pages is
 * the maximum number of pages that will be stored in the array".
 */
static void bulk_of_pages_leaves_a_full_array_alone(struct kunit *test)
{
	static const gfp_t ways[] = { GFP_KERNEL, GFP_KERNEL_ACCOUNT };
	struct page *pages[HOLES + 1];
	unsigned int i;

	enter(test);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		memset(pages, 0, sizeof(pages));
		KUNIT_EXPECT_EQ(test, fill(ways[i], HOLES, pages), HOLES);
		KUNIT_EXPECT_EQ_MSG(test, alloc_pages_bulk(ways[i], HOLES, pages), HOLES,
				    "way %u", i);
		KUNIT_EXPECT_NULL_MSG(test, pages[HOLES], "way %u", i);
		free_some(pages, HOLES + 1);
	}
}

#define BULK_BYTES	(BULK * OBJECT_SIZE)
#define BULK_PAGES	max_t(unsigned int, BULK_BYTES / PAGE_SIZE, 1)

static unsigned int exact_alloc(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	objects[0] = alloc_pages_exact(BULK_BYTES, gfp);
	return objects[0] ? BULK : 0;
}

static void exact_free(struct kmem_cache *cache, void **objects)
{
	free_pages_exact(objects[0], BULK_BYTES);
}

static void bulk_pages_free(struct kmem_cache *cache, void **objects)
{
	free_some((struct page **)objects, BULK_PAGES);
}

static unsigned int bulk_alloc(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	if (fill(gfp, BULK_PAGES, (struct page **)objects) == BULK_PAGES)
		return BULK;
	bulk_pages_free(cache, objects);
	return 0;
}

static const struct allocator accounted[] = {
	{ "alloc_pages_exact", 0, __GFP_ACCOUNT, exact_alloc, exact_free, BULK },
	{ "alloc_pages_bulk", 0, __GFP_ACCOUNT, bulk_alloc, bulk_pages_free, BULK },
};

KUNIT_ARRAY_PARAM_DESC(accounted, accounted, name);

/*
 * Pages that are allocated with __GFP_ACCOUNT are charged to the cgroup that is active,
 * those that are allocated in bulk as well. Source: <linux/gfp_types.h>, __GFP_ACCOUNT.
 */
static void accounted_pages_are_charged_until_they_are_freed(struct kunit *test)
{
	expect_charged_until_freed(test, test->param_value);
}

/* more pages than a stock has, so that they are charged to the cgroup itself */
#define UNSTOCKED_ORDER	order_base_2(STOCK)

static void fail_to_charge(struct kunit *test, void *unused)
{
	unsigned long pages = __get_free_pages(GFP_ATTEMPT | __GFP_ACCOUNT, UNSTOCKED_ORDER);

	KUNIT_EXPECT_EQ(test, pages, 0);
	free_pages(pages, UNSTOCKED_ORDER);
}

/*
 * Pages that their cgroup has no room for are not to be had, and are free again.
 * Source: __alloc_pages() and its successors; cgroup-v2.rst, memory.max.
 */
static void pages_beyond_the_limit_are_freed(struct kunit *test)
{
	enter(test);
	limit_charges(test, 0);
	kmem_expect_no_leak(test, PAGE_SIZE << UNSTOCKED_ORDER, fail_to_charge, NULL);
}

/* so few that their array is had from a single page, and so often that the count tells */
#define SINGLE_PAGES	64L
#define MAPPINGS	8
#define MAPPED_BYTES	(MAPPINGS * SINGLE_PAGES * (long)PAGE_SIZE)

/*
 * Take page by page, whatever the watermarks are: memory that is accounted is had in no
 * bulk.
 */
static void *map_single_pages(void)
{
	const unsigned int flags = memalloc_noreclaim_save();
	void *memory = __vmalloc(SINGLE_PAGES * PAGE_SIZE, __GFP_ACCOUNT);

	memalloc_noreclaim_restore(flags);
	return memory;
}

static struct hoard *leave_single_pages(struct kunit *test)
{
	KMEM_REQUIRE_NOT(test, CONFIG_HIGHMEM, "whose pages no cache takes");
	enter(test);
	return exhaust_to_pages(test, SCATTERED / 4);
}

/*
 * Expect that nobody told of a failure. That shows if it was our turn, as it is when this
 * suite runs alone: see kmem_vmalloc.h. Source: warn_alloc().
 */
static void expect_no_failure(struct kunit *test, const struct kmem_report *report)
{
	KUNIT_EXPECT_NULL(test, strstr(report->text, ", nodemask="));
}

/*
 * When there are single pages only, these are mapped, and counted as others are; that there
 * was nothing larger is not told. Source: vm_area_alloc_pages(), "fallback to a single page
 * allocator"; vmalloc_gfp_adjust(), __GFP_NOWARN; Documentation/filesystems/proc.rst,
 * "VmallocUsed".
 */
static void single_pages_are_mapped_in_silence(struct kunit *test)
{
	long before = kmem_meminfo(test, "VmallocUsed");
	struct hoard *hoard = leave_single_pages(test);
	const struct kmem_report *report;
	void *memory[MAPPINGS];
	unsigned int i;

	report = KMEM_CAPTURE(test, {
		for (i = 0; i < MAPPINGS; i++)
			memory[i] = map_single_pages();
	});
	kunit_release_action(test, free_hoard, hoard);
	expect_no_failure(test, report);
	kmem_expect_mapped(test, before, MAPPED_BYTES, MAPPED_BYTES / 2);
	for (i = 0; i < MAPPINGS; i++) {
		KUNIT_EXPECT_NOT_NULL(test, memory[i]);
		vfree(memory[i]);
	}
	kmem_expect_mapped(test, before, 0, MAPPED_BYTES / 2);
}

/*
 * A task that is being killed takes none of them, and has nothing to tell. Source:
 * vm_area_alloc_pages(), fatal_signal_pending(); __vmalloc_area_node(), "a pending fatal
 * signal", "a warning for either is spurious" (6.12).
 */
static void dying_task_maps_no_single_pages(struct kunit *test)
{
	struct hoard *hoard = leave_single_pages(test);
	const struct kmem_report *report;
	void *memory = test;
	bool dying;

	report = KMEM_CAPTURE(test, {
		dying = kmem_begin_to_die();
		memory = map_single_pages();
		kmem_stay_alive();
	});
	kunit_release_action(test, free_hoard, hoard);
	KUNIT_EXPECT_TRUE(test, dying);
	KUNIT_EXPECT_NULL(test, memory);
	expect_no_failure(test, report);
	vfree(memory);
}

/* of one block at most, which vm_map_ram() gives to several */
#define BLOCK_PAGES	BITS_PER_LONG

/* What vm_map_ram() has mapped. */
struct window {
	u8 *memory;
	unsigned int count;
};

static void close_window(void *context)
{
	const struct window *window = context;

	vm_unmap_ram(window->memory, window->count);
}

static struct window *open_window(struct kunit *test, struct page **pages, unsigned int count)
{
	struct window *window = kunit_kzalloc(test, sizeof(*window), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, window);
	window->count = count;
	window->memory = vm_map_ram(pages, count, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, window->memory);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, close_window, window), 0);
	return window;
}

/* Expect that it leads to these pages, or nowhere. */
static void expect_view(struct kunit *test, const struct window *window, struct page **pages)
{
	unsigned int i;

	for (i = 0; i < window->count; i++)
		KUNIT_EXPECT_PTR_EQ_MSG(test, vmalloc_to_page(window->memory + i * PAGE_SIZE),
					pages ? pages[i] : NULL, "page %u of %u", i, window->count);
}

static struct page **pages_to_map(struct kunit *test)
{
	struct page **pages = kunit_kcalloc(test, NR_DIRTY, sizeof(*pages), GFP_KERNEL);

	KMEM_REQUIRE(test, CONFIG_MMU);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_all, pages), 0);
	KUNIT_ASSERT_EQ(test, fill(GFP_KERNEL, NR_DIRTY, pages), NR_DIRTY);
	return pages;
}

/*
 * vm_unmap_ram() unmaps what vm_map_ram() has mapped, and nothing beside it. Source:
 * kernel-doc of vm_unmap_ram(), "the count passed to that vm_map_ram call".
 */
static void pages_beside_unmapped_ones_stay_mapped(struct kunit *test)
{
	struct page **pages = pages_to_map(test);
	/* a block has room for two at least, so that the second one has a neighbour */
	struct window *windows[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(windows); i++)
		windows[i] = open_window(test, pages + i * BLOCK_PAGES, BLOCK_PAGES);
	kunit_release_action(test, close_window, windows[1]);
	expect_view(test, windows[0], pages);
	expect_view(test, windows[1], NULL);
	expect_view(test, windows[2], pages + 2 * BLOCK_PAGES);
}

/*
 * All pages that vm_map_ram() is given are mapped, in their order, be they many or few.
 * Source: its kernel-doc, "map pages linearly", "number of pages".
 */
static void pages_are_mapped_in_their_order(struct kunit *test)
{
	static const unsigned int counts[] = { 1, 4, BLOCK_PAGES, BLOCK_PAGES + 1, NR_DIRTY };
	struct page **pages = pages_to_map(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		struct window *window = open_window(test, pages, counts[i]);

		expect_view(test, window, pages);
		kunit_release_action(test, close_window, window);
		expect_view(test, window, NULL);
	}
}

/*
 * /proc/vmallocinfo and mem_dump_obj() know of such a mapping no more than that it is one.
 * Source: Documentation/filesystems/proc.rst, vmallocinfo, "size in bytes";
 * vmalloc_info_show(), "vm_map_ram"; mem_dump_obj(), "vmalloc memory".
 */
static void mapped_pages_are_told_without_a_caller(struct kunit *test)
{
	const unsigned int count = BLOCK_PAGES + 1;
	struct window *window = open_window(test, pages_to_map(test), count);
	const struct kmem_report *report;
	char words[40];

	snprintf(words, sizeof(words), " %lu vm_map_ram", count * PAGE_SIZE);
	kmem_vmallocinfo(test, words);
	report = KMEM_CAPTURE(test, mem_dump_obj(window->memory));
	kmem_expect_text(test, report, " vmalloc memory");
}

static void *map_a_page(gfp_t gfp)
{
	return __vmalloc(PAGE_SIZE, gfp);
}

static void *map_a_huge_page(gfp_t gfp)
{
	return vmalloc_huge(PAGE_SIZE, gfp);
}

/*
 * Flags that vmalloc() has no use for are dropped, and the memory is given all the same;
 * that is reported once. Source: vmalloc_fix_flags(), GFP_VMALLOC_SUPPORTED, WARN_ONCE().
 */
static void bad_flag_for_mapped_memory_is_dropped(struct kunit *test)
{
	static void *(* const maps[])(gfp_t gfp) = { map_a_page, map_a_huge_page };
	const gfp_t bad = __GFP_COMP, good = GFP_KERNEL;
	void *memory = NULL;
	unsigned int i;

	if (!kmem_has_sheaves())
		kunit_skip(test, "needs a vmalloc() that looks at its flags");
	for (i = 0; i < ARRAY_SIZE(maps); i++) {
		KMEM_EXPECT_WARN(test, {
			vfree(maps[i](good | bad));
			memory = maps[i](good | bad);
		}, "Unexpected gfp: %#x (%pGg). Fixing up to gfp: %#x (%pGg). ",
		(__force unsigned int)bad, &bad, (__force unsigned int)good, &good);
		KUNIT_EXPECT_NOT_NULL(test, memory);
		vfree(memory);
	}
}

static struct kunit_case kmem_pages_cases[] = {
	KUNIT_CASE_PARAM(zeroed_page_is_zero, zeroer_gen_params),
	KUNIT_CASE(exact_pages_are_enough),
	KUNIT_CASE(exact_pages_leave_nothing),
	KUNIT_CASE(exact_pages_are_not_compound),
	KUNIT_CASE(address_zero_may_be_freed),
	KUNIT_CASE(held_page_is_freed_when_it_is_put),
	KUNIT_CASE(bulk_of_pages_fills_holes_alone),
	KUNIT_CASE(bulk_of_pages_leaves_a_full_array_alone),
	KUNIT_CASE_PARAM(accounted_pages_are_charged_until_they_are_freed, accounted_gen_params),
	KUNIT_CASE(pages_beyond_the_limit_are_freed),
	KUNIT_CASE(single_pages_are_mapped_in_silence),
	KUNIT_CASE(dying_task_maps_no_single_pages),
	KUNIT_CASE(pages_beside_unmapped_ones_stay_mapped),
	KUNIT_CASE(pages_are_mapped_in_their_order),
	KUNIT_CASE(mapped_pages_are_told_without_a_caller),
	KUNIT_CASE(bad_flag_for_mapped_memory_is_dropped),
	{}
};

static struct kunit_suite kmem_pages_suite = {
	.name = "kmem_pages",
	.init = kmem_suite_init,
	.test_cases = kmem_pages_cases,
};

kunit_test_suite(kmem_pages_suite);

MODULE_DESCRIPTION("KUnit tests for whole pages");
MODULE_LICENSE("GPL");
