// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arrays of vmalloc(): vmalloc_array(), vcalloc(), and the forms of both that
 * take flags; how flags and alignments of mapped memory are heeded; and what
 * vmalloc(), vmap() and their like refuse to do.
 *
 * The arrays are for what may be larger than kmalloc() can give, and so is the
 * number of elements that they are asked for.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_vmalloc'
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/numa.h>
#include <linux/pgtable.h>
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
#include "kmem_vmalloc.h"

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

static const char *report_of_too_large(struct kunit *test, const struct way *way, gfp_t flags)
{
	const struct kmem_report *report;
	void *array = test;
	const char *told;

	report = KMEM_CAPTURE(test, array = way->alloc(totalram_pages() + 1, PAGE_SIZE, flags));
	KUNIT_ASSERT_NULL_MSG(test, array, "%s", way->name);
	told = strstr(report->text, KMEM_TOO_LARGE_TO_MAP);
	if (told) {
		kmem_expect_text(test, report, "vmalloc error: size %lu, " KMEM_TOO_LARGE_TO_MAP,
				 (totalram_pages() + 1) * PAGE_SIZE);
		kmem_expect_trace(test, report);
	}
	return told;
}

/*
 * An array larger than all memory is not allocated. With __GFP_NOWARN, that is not
 * reported; without, it is, with its size in bytes and who asked for it, but for this
 * kind of report once in ten seconds. Source: __vmalloc_node_range(), "exceeds total
 * pages"; __vmalloc_array() and __vcalloc(), "@flags: the type of memory to allocate";
 * warn_alloc().
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

/*
 * Memory that is not mapped any more is not resized: that is reported each time. Source:
 * vrealloc(), WARN(), "Trying to vrealloc() nonexistent vm area".
 */
static void vrealloc_of_what_was_freed_is_reported(struct kunit *test)
{
	void *memory = vmalloc(PAGE_SIZE), *resized = test;
	const struct kmem_report *report;

	KUNIT_ASSERT_NOT_NULL(test, memory);
	vfree(memory);
	if (!kmem_has_node_align())
		kunit_skip(test, "needs Linux 6.18, where modules may call vrealloc()");
	report = KMEM_CAPTURE(test, resized = kmem_vrealloc(memory, 2 * PAGE_SIZE, GFP_KERNEL) ?:
					      kmem_vrealloc(memory, 2 * PAGE_SIZE, GFP_KERNEL));
	kmem_expect_heads(test, report, "vrealloc()", 0, 2);
	kmem_expect_text(test, report, "Trying to vrealloc() nonexistent vm area");
	KUNIT_EXPECT_NULL(test, resized);
}

/*
 * Memory cannot be aligned to what is no power of two. Source: alloc_vmap_area(),
 * is_power_of_2().
 */
static void odd_alignment_gives_null(struct kunit *test)
{
	void *memory;

	if (!kmem_has_node_align())
		kunit_skip(test, "needs Linux 6.18, whose vrealloc() can be told an alignment");
	memory = vrealloc_node_align(NULL, PAGE_SIZE, 3 * PAGE_SIZE, GFP_KERNEL | __GFP_NOWARN,
				     NUMA_NO_NODE);
	KUNIT_EXPECT_NULL(test, memory);
	vfree(memory);
}

/*
 * More pages than there are cannot be mapped: not one of them is looked at. Source:
 * vmap(), totalram_pages(); its kernel-doc, "or %NULL on failure".
 */
static void more_pages_than_memory_has_are_not_mapped(struct kunit *test)
{
	struct page *none = NULL;
	void *memory = test;

	KMEM_EXPECT_SILENCE(test, memory = vmap(&none, totalram_pages() + 1, VM_MAP, PAGE_KERNEL));
	KUNIT_EXPECT_NULL(test, memory);
}

static void free_a_page(void *page)
{
	__free_page(page);
}

/*
 * Nor are pages whose permissions vunmap() would have to reset, which it does not: that
 * is reported. Source: vmap(), WARN_ON_ONCE(flags & VM_FLUSH_RESET_PERMS).
 */
static void pages_with_permissions_to_reset_are_not_mapped(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *memory = test;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_a_page, page), 0);
	if (!kmem_vmap_refuses_reset_of_permissions())
		kunit_skip(test, "needs a vmap() that looks at this flag");
	KMEM_EXPECT_WARN(test, memory = vmap(&page, 1, VM_MAP | VM_FLUSH_RESET_PERMS, PAGE_KERNEL),
			 "mm/vmalloc.c:");
	KUNIT_EXPECT_NULL(test, memory);
	vunmap(memory);
}

/*
 * Mapped memory is known by its address, from the first byte of where it may be to the
 * last one. Source: is_vmalloc_addr(), VMALLOC_START and VMALLOC_END.
 */
static void place_of_mapped_memory_has_an_end(struct kunit *test)
{
#ifdef MODULE
	kunit_skip(test, "needs to be built in, for VMALLOC_START");
#else
	KUNIT_EXPECT_FALSE(test, is_vmalloc_addr((void *)VMALLOC_START - 1));
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr((void *)VMALLOC_START));
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr((void *)VMALLOC_END - 1));
	KUNIT_EXPECT_FALSE(test, is_vmalloc_addr((void *)VMALLOC_END));
#endif
}

static const struct extent {
	const char *name;
	size_t offset;
	unsigned long first;
} extents[] = {
	{ "begins_beyond_all_bytes", 0, 1UL << (BITS_PER_LONG - PAGE_SHIFT) },
	{ "ends_beyond_all_bytes", PAGE_SIZE, ULONG_MAX >> PAGE_SHIFT },
	{ "begins_within_a_page", 8, 0 },
};

KUNIT_ARRAY_PARAM_DESC(extent, extents, name);

struct wish {
	void *memory;
	unsigned long first;
};

static int map_as_asked(struct file *file, struct vm_area_struct *vma)
{
	const struct wish *wish = file->private_data;

	return remap_vmalloc_range(vma, wish->memory, wish->first);
}

static const struct file_operations wish_fops = { .mmap = map_as_asked };

/*
 * User space cannot map what does not lie in the memory, however it is counted, nor
 * what does not begin with a page. Source: kernel-doc of remap_vmalloc_range(), "checks
 * that addr is a valid vmalloc'ed area, and that it is big enough to cover the vma".
 */
static void user_cannot_map_what_lies_outside(struct kunit *test)
{
	const struct extent *extent = test->param_value;
	struct wish wish = { .first = extent->first };
	struct file *file = kmem_anon_file(test, "[kmem]", &wish_fops, &wish);
	unsigned long area;
	u8 *memory;

	kmem_user_map(test, PAGE_SIZE);
	memory = vmalloc_user(3 * PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	wish.memory = memory + extent->offset;
	area = vm_mmap(file, 0, PAGE_SIZE, PROT_READ, MAP_SHARED, 0);
	KUNIT_EXPECT_EQ(test, (long)area, -EINVAL);
	if (!IS_ERR_VALUE(area))
		vm_munmap(area, PAGE_SIZE);
	vfree(memory);
}

static const struct scope {
	const char *name;
	unsigned int flags;
} scopes[] = {
	{ "none", 0 },
	{ "nofs", PF_MEMALLOC_NOFS },
	{ "noio", PF_MEMALLOC_NOIO },
};

KUNIT_ARRAY_PARAM_DESC(scope, scopes, name);

static unsigned int enter_scope(unsigned int scope)
{
	const unsigned int all = PF_MEMALLOC | PF_MEMALLOC_NOFS | PF_MEMALLOC_NOIO;
	const unsigned int old = current->flags & all;

	current->flags = (current->flags & ~all) | scope;
	return old;
}

/*
 * With GFP_NOFS, GFP_NOIO and GFP_NOWAIT, a task is in a scope of that kind for the sake
 * of page tables, and leaves it again, and no other one. Source: __vmalloc_area_node(), "page
 * tables allocations ignore external gfp mask, enforce it by the scope API"; kernel-doc
 * of memalloc_nofs_restore(), "the scope from the pairing memalloc_nofs_save() call".
 */
static void task_stays_in_its_scope(struct kunit *test)
{
	static const gfp_t gfps[] = {
		GFP_KERNEL, GFP_NOFS, GFP_NOIO, GFP_KERNEL | __GFP_NORETRY,
		GFP_KERNEL | __GFP_RETRY_MAYFAIL, GFP_NOWAIT | __GFP_NOWARN,
	};
	const struct scope *scope = test->param_value;
	unsigned int i, j, old, left;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		for (j = 0; ways[i].heeds && j < ARRAY_SIZE(gfps); j++) {
			void *array;

			/* On 7.x, need not sleep */
			if (!gfpflags_allow_blocking(gfps[j]) && !kmem_has_sheaves())
				continue;
			old = enter_scope(scope->flags);
			array = ways[i].alloc(ELEMENTS, ELEMENT, gfps[j]);
			left = enter_scope(old);
			KUNIT_EXPECT_NOT_NULL_MSG(test, array, "%s", ways[i].name);
			KUNIT_EXPECT_EQ_MSG(test, left, scope->flags, "%s, gfp %#x", ways[i].name,
					    (__force u32)gfps[j]);
			vfree(array);
		}
	}
}

/*
 * An array that must not be refused is not, even to a task that is being killed and
 * takes page by page, as for accounted memory. Source: vm_area_alloc_pages(), which
 * looks at fatal_signal_pending() without __GFP_NOFAIL only; __alloc_pages_bulk(),
 * which has none of it for __GFP_ACCOUNT.
 */
static void nofail_array_is_for_the_dying_too(struct kunit *test)
{
	const struct way *way = test->param_value;
	bool dying;
	u8 *array;

	if (!way->heeds)
		kunit_skip(test, "needs a function that takes flags");
	enter(test);
	dying = kmem_begin_to_die();
	array = way->alloc(ELEMENTS, ELEMENT, GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
	kmem_stay_alive();
	KUNIT_EXPECT_TRUE(test, dying);
	KUNIT_ASSERT_NOT_NULL(test, array);
	memset(array, 0, ARRAY_BYTES);
	vfree(array);
}

/*
 * Mapped memory has the alignment that was asked for, wherever other areas end. Source:
 * kernel-doc of __vmalloc_node(), "@align: desired alignment".
 */
static void mapping_is_aligned(struct kunit *test)
{
#ifdef MODULE
	kunit_skip(test, "needs the suite to be built in");
#else
	static const unsigned long alignments[] = { 1, PAGE_SIZE, 16 * PAGE_SIZE, SZ_1M };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(alignments); i++) {
		void *memory[3];

		for (j = 0; j < ARRAY_SIZE(memory); j++) {
			memory[j] = __vmalloc_node(PAGE_SIZE, alignments[i], GFP_KERNEL,
						   NUMA_NO_NODE, __builtin_return_address(0));
			KUNIT_EXPECT_NOT_NULL(test, memory[j]);
			KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((long)memory[j], alignments[i]),
					      "%#lx", alignments[i]);
		}
		while (j)
			vfree(memory[--j]);
	}
#endif
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
	KUNIT_CASE(vrealloc_of_what_was_freed_is_reported),
	KUNIT_CASE(odd_alignment_gives_null),
	KUNIT_CASE(more_pages_than_memory_has_are_not_mapped),
	KUNIT_CASE(pages_with_permissions_to_reset_are_not_mapped),
	KUNIT_CASE(place_of_mapped_memory_has_an_end),
	KUNIT_CASE_PARAM(user_cannot_map_what_lies_outside, extent_gen_params),
	KUNIT_CASE_PARAM(task_stays_in_its_scope, scope_gen_params),
	KUNIT_CASE_PARAM(nofail_array_is_for_the_dying_too, way_gen_params),
	KUNIT_CASE(mapping_is_aligned),
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
