// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arrays of vmalloc(): vmalloc_array(), vcalloc(), and the forms of both that
 * take flags.
 *
 * They are for what may be larger than kmalloc() can give, and so is the number
 * of elements that they are asked for.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_vmalloc'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "kmem_dirt.h"
#include "kmem_hoard.h"
#include "kmem_memcg.h"
#include "kmem_realloc.h"
#include "kmem_text.h"

static void *by_vmalloc_array(size_t n, size_t size, gfp_t flags)
{
	return vmalloc_array(n, size);
}

static void *by___vmalloc_array(size_t n, size_t size, gfp_t flags)
{
	return __vmalloc_array(n, size, flags);
}

static void *by_vcalloc(size_t n, size_t size, gfp_t flags)
{
	return vcalloc(n, size);
}

static void *by___vcalloc(size_t n, size_t size, gfp_t flags)
{
	return __vcalloc(n, size, flags);
}

/**
 * struct way - a function that allocates an array
 * @name: of the parameter
 * @alloc: calls it
 * @heeds: it takes flags
 * @zeroes: it zeroes without being asked to
 */
struct way {
	const char *name;
	void *(*alloc)(size_t n, size_t size, gfp_t flags);
	bool heeds, zeroes;
};

static const struct way ways[] = {
	{ "vmalloc_array", by_vmalloc_array, false, false },
	{ "__vmalloc_array", by___vmalloc_array, true, false },
	{ "vcalloc", by_vcalloc, false, true },
	{ "__vcalloc", by___vcalloc, true, true },
};

KUNIT_ARRAY_PARAM_DESC(way, ways, name);

static const struct shape {
	size_t n, size;
} shapes[] = {
	{ 1, 1 }, { 3, 1 }, { 1, PAGE_SIZE }, { PAGE_SIZE, 1 }, { PAGE_SIZE + 1, 1 },
	{ 1, PAGE_SIZE + 1 }, { 2, PAGE_SIZE / 2 }, { 7, 1000 }, { 1000, 7 }, { 5, PAGE_SIZE },
	{ PAGE_SIZE, 24 }, { SZ_64K + 1, 5 },
};

/*
 * An array is mapped memory, has room for all of its elements up to the last
 * byte of the last one, and ends with the page of that. Source: __vmalloc_array(),
 * "virtually contiguous array"; __vmalloc_node_range(), "Allocate enough pages to
 * cover".
 */
static void array_has_room_for_all_elements(struct kunit *test)
{
	const struct way *way = test->param_value;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		size_t n = shapes[i].n, size = shapes[i].size, bytes = n * size;
		u8 *arrays[2];

		for (j = 0; j < ARRAY_SIZE(arrays); j++) {
			u8 *array = way->alloc(n, size, GFP_KERNEL);

			KUNIT_ASSERT_NOT_NULL_MSG(test, array, "%zu of %zu", n, size);
			KUNIT_ASSERT_TRUE_MSG(test, is_vmalloc_addr(array), "%zu of %zu", n, size);
			KUNIT_EXPECT_TRUE_MSG(test, PAGE_ALIGNED(array), "%zu of %zu", n, size);
			KUNIT_ASSERT_NOT_NULL_MSG(test, vmalloc_to_page(array + bytes - 1),
						  "%zu of %zu", n, size);
			KUNIT_EXPECT_NULL_MSG(test, vmalloc_to_page(array + PAGE_ALIGN(bytes)),
					      "%zu of %zu", n, size);
			arrays[j] = array;
		}
		pattern_renew();
		pattern_fill(arrays[0], bytes);
		memset(arrays[1], 0, bytes);
		KUNIT_EXPECT_EQ_MSG(test, pattern_kept(arrays[0], bytes), bytes, "%zu of %zu", n,
				    size);
		for (j = 0; j < ARRAY_SIZE(arrays); j++)
			vfree(arrays[j]);
	}
}

KUNIT_ARRAY_PARAM_DESC(overflow, kmem_overflows, name);

/*
 * An array whose size overflows is not allocated, silently. Source:
 * __vmalloc_array(), with check_mul_overflow().
 */
static void overflowing_array_gives_null(struct kunit *test)
{
	const struct kmem_overflow *overflow = test->param_value;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		void *array = test;

		KMEM_EXPECT_SILENCE(test, array = ways[i].alloc(overflow->n, overflow->size,
								GFP_KERNEL));
		KUNIT_EXPECT_NULL_MSG(test, array, "%s", ways[i].name);
	}
}

/*
 * An array of nothing is NULL, with a warning, other than kmalloc()'s, which is
 * ZERO_SIZE_PTR. Source: __vmalloc_node_range(), WARN_ON_ONCE(!size).
 */
static void array_of_nothing_gives_null(struct kunit *test)
{
	static const struct shape nothings[] = { { 0, 8 }, { 8, 0 }, { 0, SIZE_MAX }, { 0, 0 } };
	const struct way *way = test->param_value;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nothings); i++) {
		void *array = test;

		KMEM_EXPECT_WARN(test, array = way->alloc(nothings[i].n, nothings[i].size,
							  GFP_KERNEL), "mm/vmalloc.c:");
		KUNIT_EXPECT_NULL_MSG(test, array, "%zu of %zu", nothings[i].n, nothings[i].size);
	}
}

#define REPORT	"exceeds total pages"

static const char *report_of_too_large(struct kunit *test, const struct way *way, gfp_t flags)
{
	const struct kmem_report *report;
	void *array = test;

	report = KMEM_CAPTURE(test, array = way->alloc(totalram_pages() + 1, PAGE_SIZE, flags));
	KUNIT_ASSERT_NULL_MSG(test, array, "%s", way->name);
	return strstr(report->text, REPORT);
}

/*
 * An array larger than all memory is not allocated. With __GFP_NOWARN, that is not
 * reported; without, it is, but for this kind of report once in ten seconds. Source:
 * __vmalloc_node_range(), "exceeds total pages"; __vmalloc_array() and __vcalloc(),
 * "@flags: the type of memory to allocate"; warn_alloc().
 */
static void too_large_array_is_reported_if_wanted(struct kunit *test)
{
	bool reported = false;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		if (ways[i].heeds)
			KUNIT_ASSERT_NULL_MSG(test, report_of_too_large(test, &ways[i], GFP_KERNEL |
									__GFP_NOWARN),
					      "%s", ways[i].name);
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		reported |= !!report_of_too_large(test, &ways[i], GFP_KERNEL);
	if (!reported)
		kunit_skip(test, "needs ten seconds without such a report");
}

/* pages that exhaust() leaves */
#define SCATTERED_PAGES	((long)(SCATTERED << SPARE_ORDER))

/*
 * An array that there are some pages for, but not enough, is NULL, and none of these
 * pages is lost; they may be freed by a worker. Source: __vmalloc_area_node(), "If not
 * enough pages were obtained to accomplish an allocation request, free them".
 */
static void unfinished_array_leaves_nothing(struct kunit *test)
{
	unsigned int tries = 5 * HZ;
	void *array;
	long before;

	exhaust(test, 0);
	before = kmem_free_pages();
	array = __vmalloc_array(4 * SCATTERED_PAGES, PAGE_SIZE, NO_RECLAIM);
	KUNIT_EXPECT_NULL(test, array);
	vfree(array);
	while (before - kmem_free_pages() > SCATTERED_PAGES / 2 && --tries)
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_GT_MSG(test, tries, 0, "of %ld free pages, %ld are left", before,
			    kmem_free_pages());
}

#define ELEMENT		24
#define ELEMENTS	(4 * PAGE_SIZE / ELEMENT)
#define ARRAY_BYTES	(ELEMENTS * ELEMENT)

static u8 *array_on_dirt(struct kunit *test, struct kmem_dirt *dirt, gfp_t flags)
{
	const struct way *way = test->param_value;

	return KMEM_MAP_ON_DIRT(test, dirt, ARRAY_BYTES, way->alloc(ELEMENTS, ELEMENT, flags));
}

/*
 * vcalloc() and __vcalloc() give zeroes, and so does __GFP_ZERO, up to the last
 * byte, on pages that were dirty before. Source: vcalloc(), "allocate and zero
 * memory"; __GFP_ZERO in include/linux/gfp_types.h.
 */
static void zeroed_array_is_zero(struct kunit *test)
{
	const struct way *way = test->param_value;
	struct kmem_dirt dirt;
	u8 *array, *stain;

	if (!way->heeds && !way->zeroes)
		kunit_skip(test, "needs a function that takes flags, or zeroes without");
	array = array_on_dirt(test, &dirt, GFP_KERNEL | (way->zeroes ? 0 : __GFP_ZERO));
	stain = memchr_inv(array, 0, ARRAY_BYTES);
	KUNIT_EXPECT_NULL_MSG(test, stain, "offset %td", stain - array);
	vfree(array);
}

/*
 * The others give memory as it is, unless the boot says otherwise, which shows
 * that the case above sees dirt. Source: init_on_alloc= and init_on_free= in
 * Documentation/admin-guide/kernel-parameters.txt.
 */
static void plain_array_is_as_it_was(struct kunit *test)
{
	bool zero = want_init_on_alloc(GFP_KERNEL) || want_init_on_free();
	const struct way *way = test->param_value;
	struct kmem_dirt dirt;
	size_t offset;
	u8 *array;

	if (way->zeroes)
		kunit_skip(test, "needs a function that does not zero");
	if (IS_ENABLED(CONFIG_PAGE_POISONING) || IS_ENABLED(CONFIG_KASAN_VMALLOC))
		kunit_skip(test, "needs CONFIG_PAGE_POISONING=n and CONFIG_KASAN_VMALLOC=n");
	array = array_on_dirt(test, &dirt, GFP_KERNEL);
	for (offset = 0; offset < ARRAY_BYTES; offset += PAGE_SIZE)
		if (kmem_is_of_dirt(&dirt, array + offset))
			KUNIT_EXPECT_EQ_MSG(test, array[offset], zero ? 0 : KMEM_DIRT,
					    "offset %zu", offset);
	vfree(array);
}

#define ACCOUNTED_BYTES	SZ_1M
#define ACCOUNTED_PAGES	((long)(ACCOUNTED_BYTES / PAGE_SIZE))

static void expect_charged_for_arrays(struct kunit *test, size_t size, gfp_t flags)
{
	const struct way *way = test->param_value;
	unsigned int nr = ACCOUNTED_BYTES / size, i;
	void **arrays = kunit_kcalloc(test, nr, sizeof(*arrays), GFP_KERNEL);
	long pages = way->heeds && (flags & __GFP_ACCOUNT) ? ACCOUNTED_PAGES : 0;
	long before = charged();

	KUNIT_ASSERT_NOT_NULL(test, arrays);
	for (i = 0; i < nr; i++) {
		arrays[i] = way->alloc(size / ELEMENT, ELEMENT, flags);
		KUNIT_EXPECT_NOT_NULL(test, arrays[i]);
	}
	expect_charged(test, before, pages, 0, "by allocating");
	for (i = 0; i < nr; i++)
		vfree(arrays[i]);
	expect_charged(test, before, 0, 0, "after it was freed");
}

/*
 * With GFP_KERNEL_ACCOUNT an array is charged to the cgroup that is active, until
 * it is freed; without, it is charged to none; and so are many of a page. Source:
 * __GFP_ACCOUNT in include/linux/gfp_types.h; __vmalloc_array() and __vcalloc(),
 * "@flags".
 */
static void array_is_charged_if_asked_for(struct kunit *test)
{
	static const size_t sizes[] = { ACCOUNTED_BYTES, PAGE_SIZE };
	unsigned int i;

	enter(test);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		expect_charged_for_arrays(test, sizes[i], GFP_KERNEL);
		expect_charged_for_arrays(test, sizes[i], GFP_KERNEL_ACCOUNT);
	}
}

static struct kunit_case kmem_vmalloc_cases[] = {
	KUNIT_CASE(too_large_array_is_reported_if_wanted),
	KUNIT_CASE_PARAM(array_has_room_for_all_elements, way_gen_params),
	KUNIT_CASE_PARAM(overflowing_array_gives_null, overflow_gen_params),
	KUNIT_CASE_PARAM(array_of_nothing_gives_null, way_gen_params),
	KUNIT_CASE(unfinished_array_leaves_nothing),
	KUNIT_CASE_PARAM(zeroed_array_is_zero, way_gen_params),
	KUNIT_CASE_PARAM(plain_array_is_as_it_was, way_gen_params),
	KUNIT_CASE_PARAM(array_is_charged_if_asked_for, way_gen_params),
	{}
};

static struct kunit_suite kmem_vmalloc_suite = {
	.name = "kmem_vmalloc",
	.init = kmem_suite_init,
	.test_cases = kmem_vmalloc_cases,
};

kunit_test_suite(kmem_vmalloc_suite);

MODULE_DESCRIPTION("KUnit tests for arrays of vmalloc()");
MODULE_LICENSE("GPL");
