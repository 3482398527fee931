// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapped memory: what vmalloc()'s siblings give, what of it user space may map,
 * how it is resized, and that vfree() takes all of it back.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_mapped'
 */
#include <kunit/test.h>
#include <linux/bottom_half.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "kmem_count.h"
#include "kmem_dirt.h"
#include "kmem_kunit.h"
#include "kmem_realloc.h"
#include "kmem_vmalloc.h"

/* a few pages and a bit, and as many pages as that takes */
#define SIZE		(3 * PAGE_SIZE + 100)
#define PAGES		4

#define DEFINE_WAY(name, call)						\
	static void *by_##name(void)					\
	{								\
		return call;						\
	}

DEFINE_WAY(vmalloc, vmalloc(SIZE))
DEFINE_WAY(vzalloc, vzalloc(SIZE))
DEFINE_WAY(vzalloc_node, vzalloc_node(SIZE, numa_mem_id()))
DEFINE_WAY(vmalloc_user, vmalloc_user(SIZE))
DEFINE_WAY(vmalloc_32_user, vmalloc_32_user(SIZE))
DEFINE_WAY(vmalloc_huge, vmalloc_huge(SIZE, GFP_KERNEL | __GFP_ZERO))

/**
 * struct way - a function that maps memory
 * @name: of the parameter
 * @alloc: calls it, for SIZE bytes
 * @zeroes: it gives zeroes
 * @for_user: user space may map it
 */
struct way {
	const char *name;
	void *(*alloc)(void);
	bool zeroes, for_user;
};

static const struct way ways[] = {
	{ "vmalloc", by_vmalloc, false, false },
	{ "vzalloc", by_vzalloc, true, false },
	{ "vzalloc_node", by_vzalloc_node, true, false },
	{ "vmalloc_user", by_vmalloc_user, true, true },
	{ "vmalloc_32_user", by_vmalloc_32_user, true, true },
	{ "vmalloc_huge", by_vmalloc_huge, true, false },
};

KUNIT_ARRAY_PARAM_DESC(way, ways, name);

/*
 * Memory that is to be zero is, up to the end of its last page, on pages that
 * were dirty before. Source: kernel-doc of each, "The memory allocated is set to
 * zero", "zeroed so it can be mapped to userspace without leaking data"; __GFP_ZERO in
 * include/linux/gfp_types.h.
 */
static void zeroed_memory_is_zero(struct kunit *test)
{
	/* KASAN reports who looks behind what was asked for */
	size_t size = IS_ENABLED(CONFIG_KASAN_VMALLOC) ? SIZE : PAGES * PAGE_SIZE;
	const struct way *way = test->param_value;
	struct kmem_dirt dirt;
	u8 *memory, *stain;

	if (!way->zeroes)
		kunit_skip(test, "needs a function that zeroes");
	memory = KMEM_MAP_ON_DIRT(test, &dirt, SIZE, way->alloc());
	stain = memchr_inv(memory, 0, size);
	KUNIT_EXPECT_NULL_MSG(test, stain, "offset %td", stain - memory);
	vfree(memory);
}

static int map_from_offset(struct file *file, struct vm_area_struct *vma)
{
	return remap_vmalloc_range(vma, file->private_data, vma->vm_pgoff);
}

static const struct file_operations mapped_fops = { .mmap = map_from_offset };

/* Let user space map pages, as drivers do in their mmap(); return where, or an error. */
static unsigned long map_to_user(struct kunit *test, void *memory, unsigned int first,
				 unsigned int pages)
{
	struct file *file = kmem_anon_file(test, "[kmem]", &mapped_fops, memory);

	return vm_mmap(file, 0, pages * PAGE_SIZE, PROT_READ, MAP_SHARED, first * PAGE_SIZE);
}

/*
 * User space may map what was allocated for it, from any page on, and sees what is
 * there, and no other memory, and no more of it than there is. Source: kernel-doc
 * of vmalloc_user() and remap_vmalloc_range(), "checks that addr is a valid
 * vmalloc'ed area, and that it is big enough to cover the vma", "@pgoff: number of
 * pages into addr before first page to map".
 */
static void only_user_memory_can_be_mapped(struct kunit *test)
{
	const struct way *way = test->param_value;
	u8 *memory, *seen = kunit_kzalloc(test, SIZE, GFP_KERNEL);
	unsigned long area;
	unsigned int first;

	KUNIT_ASSERT_NOT_NULL(test, seen);
	kmem_user_map(test, PAGE_SIZE);
	memory = way->alloc();
	KUNIT_ASSERT_NOT_NULL(test, memory);
	pattern_renew();
	pattern_fill(memory, SIZE);

	for (first = 0; first < PAGES; first++) {
		size_t offset = first * PAGE_SIZE, size = SIZE - offset;
		unsigned int pages = PAGES - first;

		area = map_to_user(test, memory, first, pages + 1);
		KUNIT_EXPECT_EQ_MSG(test, (long)area, -EINVAL, "page %u", first);
		area = map_to_user(test, memory, first, pages);
		if (!way->for_user) {
			KUNIT_EXPECT_EQ_MSG(test, (long)area, -EINVAL, "page %u", first);
			continue;
		}
		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR_VALUE(area), "page %u, %ld", first, (long)area);
		KUNIT_EXPECT_EQ(test, copy_from_user(seen, (void __user *)area, size), 0);
		KUNIT_EXPECT_EQ_MSG(test, memcmp(seen, memory + offset, size), 0, "page %u", first);
		KUNIT_EXPECT_EQ(test, vm_munmap(area, pages * PAGE_SIZE), 0);
	}
	area = map_to_user(test, memory + 8, 0, 1);
	KUNIT_EXPECT_EQ_MSG(test, (long)area, -EINVAL, "from the midst of a page");
	KUNIT_EXPECT_EQ(test, pattern_kept(memory, SIZE), SIZE);
	vfree(memory);
}

/*
 * What user space has mapped of it can neither be expanded, to what lies behind
 * it, nor is it in a core dump. Source: remap_vmalloc_range_partial(); VM_DONTEXPAND,
 * "Cannot expand with mremap()", and VM_DONTDUMP, "Do not include in the core dump".
 */
static void user_mapping_cannot_be_expanded(struct kunit *test)
{
	struct vm_area_struct *vma;
	unsigned long area, flags;
	u8 *memory;

	kmem_user_map(test, PAGE_SIZE);
	memory = vmalloc_user(SIZE);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	area = map_to_user(test, memory, 0, PAGES);
	mmap_read_lock(current->mm);
	vma = find_vma(current->mm, area);
	flags = vma ? vma->vm_flags : 0;
	mmap_read_unlock(current->mm);
	KUNIT_EXPECT_EQ(test, flags & VM_DONTEXPAND, VM_DONTEXPAND);
	KUNIT_EXPECT_EQ(test, flags & VM_DONTDUMP, VM_DONTDUMP);
	KUNIT_EXPECT_EQ(test, vm_munmap(area, PAGES * PAGE_SIZE), 0);
	vfree(memory);
}

/*
 * Memory that shrinks and grows again is all there each time, as far as it was
 * asked for, with its contents. Source: kvrealloc()'s kernel-doc, "contents
 * remain unchanged"; vrealloc(), "use them", of the bytes in the allocation.
 */
static void memory_grows_again(struct kunit *test)
{
	const size_t stops[] = {
		1, PAGE_SIZE, 2 * PAGE_SIZE, PAGE_SIZE + 1, 3 * PAGE_SIZE, PAGE_SIZE,
		3 * PAGE_SIZE + 1,
	};
	size_t size = 3 * PAGE_SIZE, kept, page;
	u8 *memory = vmalloc_filled(test, size);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stops); i++) {
		memory = kmem_kvrealloc(memory, size, stops[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL_MSG(test, memory, "from %zu to %zu", size, stops[i]);
		/* who touches what is not there ends the boot */
		for (page = 0; is_vmalloc_addr(memory) && page < stops[i]; page += PAGE_SIZE)
			KUNIT_ASSERT_NOT_NULL_MSG(test, vmalloc_to_page(memory + page),
						  "from %zu to %zu, offset %zu", size, stops[i],
						  page);
		kept = min(size, stops[i]);
		KUNIT_EXPECT_EQ_MSG(test, pattern_kept(memory, kept), kept, "from %zu to %zu",
				    size, stops[i]);
		size = stops[i];
		pattern_renew();
		pattern_fill(memory, size);
	}
	kvfree(memory);
}

static const struct shrink {
	const char *name;
	gfp_t flags;
	bool frees;
} shrinks[] = {
	{ "kernel", GFP_KERNEL, true },
	{ "nofs", GFP_NOFS, false },
	{ "noio", GFP_NOIO, false },
};

KUNIT_ARRAY_PARAM_DESC(shrink, shrinks, name);

/*
 * Pages that a shrink cuts off are unmapped and freed, at once and once, and the
 * others stay; all do where this could come back to a file system or to I/O.
 * Source: vrealloc(), "Free tail pages when shrink crosses a page boundary", "Skip
 * if either GFP_NOFS or GFP_NOIO are used"; vm_area_free_pages(), "Caller is
 * responsible for unmapping".
 */
static void shrink_frees_what_it_cuts_off(struct kunit *test)
{
	const struct shrink *shrink = test->param_value;
	u8 *memory = vmalloc_filled(test, PAGES * PAGE_SIZE);
	struct held_pages held;
	unsigned int i;

	hold_pages(test, &held, memory, PAGES * PAGE_SIZE);
	KUNIT_ASSERT_PTR_EQ(test, kmem_kvrealloc(memory, PAGES * PAGE_SIZE, PAGE_SIZE + 1,
						 shrink->flags), memory);
	for (i = 0; i < PAGES; i++) {
		bool stays = i < 2 || !shrink->frees || !kmem_vrealloc_frees_the_tail();

		KUNIT_EXPECT_PTR_EQ_MSG(test, vmalloc_to_page(memory + i * PAGE_SIZE),
					stays ? held.pages[i] : NULL, "page %u", i);
		KUNIT_EXPECT_EQ_MSG(test, page_count(held.pages[i]), held.counts[i] + stays,
				    "page %u", i);
	}
	KUNIT_EXPECT_EQ(test, pattern_kept(memory, PAGE_SIZE + 1), PAGE_SIZE + 1);
	vfree(memory);
	expect_unmapped(test, &held, memory);
	release_pages_held(&held);
}

/*
 * Of memory that user space may map, none is cut off. Source: vrealloc(), "Skip
 * VM_USERMAP, as remap_vmalloc_range_partial() validates mapping requests against
 * the unchanged vm->size".
 */
static void user_memory_stays_whole(struct kunit *test)
{
	u8 *memory = vmalloc_user(PAGES * PAGE_SIZE);
	struct held_pages held;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, memory);
	hold_pages(test, &held, memory, PAGES * PAGE_SIZE);
	KUNIT_ASSERT_PTR_EQ(test, kmem_kvrealloc(memory, PAGES * PAGE_SIZE, 1, GFP_KERNEL),
			    memory);
	for (i = 0; i < PAGES; i++)
		KUNIT_EXPECT_PTR_EQ_MSG(test, vmalloc_to_page(memory + i * PAGE_SIZE),
					held.pages[i], "page %u", i);
	release_pages_held(&held);
	vfree(memory);
}

/*
 * Nothing is resized as vmalloc() allocates. Source: vrealloc()'s kernel-doc, "If
 * @p is %NULL", "behaves exactly like".
 */
static void nothing_is_resized_by_vmalloc(struct kunit *test)
{
	u8 *memory;

	if (!kmem_has_node_align())
		kunit_skip(test, "needs Linux 6.18, where modules may call vrealloc()");
	memory = kmem_vrealloc(NULL, SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(memory));
	KUNIT_EXPECT_NOT_NULL(test, vmalloc_to_page(memory + SIZE - 1));
	vfree(memory);
}

#define ROUNDS		64
/* as many pages as make their array an object of kmalloc()'s that is large */
#define MANY_PAGES	(SZ_4K / sizeof(struct page *))

/*
 * vfree() takes back what vmalloc() has allocated for itself: what describes the
 * area, and the array of its pages, which is mapped memory as well if it is large.
 * Source: vfree()'s kernel-doc, "Free the virtually continuous memory area".
 */
static void vfree_leaves_nothing(struct kunit *test)
{
	struct kmem_gauge areas = kmem_gauge_of_size(test, sizeof(struct vm_struct));
	struct kmem_gauge arrays = kmem_gauge_of_size(test, SZ_4K);
	long areas_before = kmem_gauge_read(test, &areas);
	long arrays_before = kmem_gauge_read(test, &arrays);
	unsigned int i;

	for (i = 0; i < 2 * ROUNDS; i++) {
		void *memory = vmalloc((MANY_PAGES + i % 2) * PAGE_SIZE);

		KUNIT_ASSERT_NOT_NULL(test, memory);
		vfree(memory);
	}
	kmem_expect_none_left(test, &areas, areas_before, ROUNDS, "areas");
	kmem_expect_none_left(test, &arrays, arrays_before, ROUNDS, "arrays");
}

/* Map a page; return where it is mapped no more. */
static void *vmap_and_vunmap(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *memory;

	KUNIT_ASSERT_NOT_NULL(test, page);
	memory = vmap(&page, 1, VM_MAP, PAGE_KERNEL);
	vunmap(memory);
	__free_page(page);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	return memory;
}

/*
 * vunmap() takes back what describes the area. Source: its kernel-doc, "Free the
 * virtually contiguous memory area".
 */
static void vunmap_leaves_nothing(struct kunit *test)
{
	struct kmem_gauge areas = kmem_gauge_of_size(test, sizeof(struct vm_struct));
	long before = kmem_gauge_read(test, &areas);
	unsigned int i;

	for (i = 0; i < ROUNDS; i++)
		vmap_and_vunmap(test);
	kmem_expect_none_left(test, &areas, before, ROUNDS, "areas");
}

/*
 * A vmap() that finds a page missing is reported, and takes back what describes the
 * area as well. Source: vmap()'s kernel-doc, "or %NULL on failure"; WARN_ON(!page).
 */
static void failed_vmap_leaves_nothing(struct kunit *test)
{
	struct kmem_gauge areas = kmem_gauge_of_size(test, sizeof(struct vm_struct));
	long before = kmem_gauge_read(test, &areas);
	struct page *missing = NULL;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		void *memory = test;

		KMEM_EXPECT_WARN(test, memory = vmap(&missing, 1, VM_MAP, PAGE_KERNEL),
				 "mm/vmalloc.c:");
		KUNIT_ASSERT_NULL(test, memory);
	}
	kmem_expect_none_left(test, &areas, before, ROUNDS, "areas");
}

static const struct patience {
	const char *name;
	gfp_t flags;
} patiences[] = {
	{ "may_sleep", GFP_KERNEL | __GFP_NOWARN },
	{ "may_not_sleep", GFP_NOWAIT | __GFP_NOWARN },
};

KUNIT_ARRAY_PARAM_DESC(patience, patiences, name);

/*
 * Without memory for what vmalloc() needs for itself the result is NULL, and what
 * it had got of that is freed; where it may not sleep, by a worker. Source:
 * __vmalloc_node_range()'s kernel-doc, "or %NULL on failure".
 */
static void failed_vmalloc_leaves_nothing(struct kunit *test)
{
	const struct patience *patience = test->param_value;
	struct kmem_gauge areas = kmem_gauge_of_size(test, sizeof(struct vm_struct));
	long before = kmem_gauge_read(test, &areas);
	unsigned int nth, i, lost, failed = 1, failures = 0;

	if (!gfpflags_allow_blocking(patience->flags) && !kmem_has_sheaves())
		kunit_skip(test, "needs a vmalloc() that need not sleep");
	/* what SLUB allocates for itself comes in some rounds only, and may fail without harm */
	for (nth = 1; failed; nth++) {
		failed = 0;
		lost = 0;
		for (i = 0; i < 4 * ROUNDS && lost < ROUNDS; i++) {
			gfp_t allowed = kmem_reclaim_forbid(test);
			void *memory;

			kmem_fail_begin(test, nth);
			memory = __vmalloc(PAGE_SIZE, patience->flags);
			failed += !kmem_fail_cancel();
			kmem_reclaim_allow(allowed);
			lost += !memory;
			vfree(memory);
		}
		failures += lost;
	}
	KUNIT_EXPECT_GE_MSG(test, failures, 2 * ROUNDS, "of %u allocations", nth - 2);
	kmem_expect_none_left(test, &areas, before, ROUNDS, "areas");
}

/*
 * Memory that is not mapped any more is not freed again: that is reported each time.
 * Source: vfree(), WARN(), "Trying to vfree() nonexistent vm area".
 */
static void second_vfree_is_reported(struct kunit *test)
{
	void *memory = vmalloc(SIZE);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	vfree(memory);
	KMEM_EXPECT_WARN_EACH_TIME(test, vfree(memory), "Trying to vfree() nonexistent vm area");
}

/* Nor is it unmapped again. Source: vunmap(), "nonexistent vm area". */
static void second_vunmap_is_reported(struct kunit *test)
{
	KMEM_EXPECT_WARN(test, vunmap(vmap_and_vunmap(test)), "() nonexistent vm area");
}

/*
 * NULL is nothing to free, also where nobody may sleep, and nothing to unmap. Source:
 * vfree()'s kernel-doc, "If @addr is NULL, no operation is performed"; vunmap().
 */
static void nothing_is_freed_in_silence(struct kunit *test)
{
	KMEM_EXPECT_SILENCE(test, vfree(NULL));
	KMEM_EXPECT_SILENCE(test, vunmap(NULL));
	KMEM_EXPECT_SILENCE(test, {
		local_bh_disable();
		vfree(NULL);
		local_bh_enable();
	});
}

#define ARRAY_BYTES	(PAGES * sizeof(struct page *))

/* Map pages that, with their array, go with the mapping. */
static noinline void *vmap_to_keep(struct kunit *test, struct page **pages)
{
	unsigned int i;
	void *memory;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	for (i = 0; i < PAGES; i++) {
		pages[i] = alloc_page(GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, pages[i]);
	}
	memory = vmap(pages, PAGES, VM_MAP | VM_MAP_PUT_PAGES, PAGE_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	return memory;
}

/*
 * Pages that vmap() was given are given up by vfree(), and so is their array.
 * Source: vmap()'s kernel-doc, VM_MAP_PUT_PAGES, "ownership of the pages array
 * itself [...] and one reference per page in it are transferred".
 */
static void vfree_puts_pages_it_was_given(struct kunit *test)
{
	void *memory = vmap_to_keep(test, kmalloc(ARRAY_BYTES, GFP_KERNEL));
	struct held_pages held;

	hold_pages(test, &held, memory, PAGES * PAGE_SIZE);
	vfree(memory);
	expect_unmapped(test, &held, memory);
	release_pages_held(&held);
}

static void unmap(void *memory)
{
	vfree(memory);
}

/*
 * /proc/vmallocinfo tells that vmap() has mapped an area, how many pages that was given,
 * and whether their array is mapped memory itself. Source:
 * Documentation/filesystems/proc.rst, vmallocinfo, "vmap()ed pages", "buffer for pages
 * pointers was vmalloced".
 */
static void vmallocinfo_tells_vmap_and_its_array(struct kunit *test)
{
	unsigned int mapped;

	for (mapped = 0; mapped < 2; mapped++) {
		void *memory = vmap_to_keep(test, mapped ? vmalloc(ARRAY_BYTES) :
							   kmalloc(ARRAY_BYTES, GFP_KERNEL));
		const char *line;

		KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unmap, memory), 0);
		line = kmem_vmallocinfo(test, " vmap_to_keep+");
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(line, " pages=4 vmap"), "%s", line);
		KUNIT_EXPECT_EQ_MSG(test, !!strstr(line, " vpages"), mapped, "%s", line);
		kunit_release_action(test, unmap, memory);
	}
}

static const struct amount {
	const char *name;
	unsigned int nr;
	size_t size;
} amounts[] = {
	{ "at_once", 1, SZ_8M },
	{ "by_page", SZ_4M / PAGE_SIZE, PAGE_SIZE },
};

KUNIT_ARRAY_PARAM_DESC(amount, amounts, name);

/*
 * What is mapped is counted while it is, in kB, and what a shrink has freed is not.
 * Source: Documentation/filesystems/proc.rst, "VmallocUsed"; vm_area_free_pages() (7.x).
 */
static void mapped_memory_is_counted(struct kunit *test)
{
	const struct amount *amount = test->param_value;
	void **memory = kunit_kcalloc(test, amount->nr, sizeof(*memory), GFP_KERNEL);
	long total = amount->nr * amount->size, before = kmem_meminfo(test, "VmallocUsed");
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, memory);
	for (i = 0; i < amount->nr; i++)
		memory[i] = vmalloc(amount->size);
	kmem_expect_mapped(test, before, total, total / 2);
	for (i = 0; i < amount->nr; i++)
		memory[i] = kmem_kvrealloc(memory[i], amount->size, PAGE_SIZE, GFP_KERNEL);
	kmem_expect_mapped(test, before, kmem_vrealloc_frees_the_tail() ? amount->nr * PAGE_SIZE :
								      total, total / 2);
	for (i = 0; i < amount->nr; i++)
		vfree(memory[i]);
	kmem_expect_mapped(test, before, 0, total / 2);
}

/*
 * Pages that vmap() was given are not among what is counted, and none of that is
 * taken off when they go. Source: vfree(), with VM_MAP_PUT_PAGES.
 */
static void pages_it_was_given_are_not_counted(struct kunit *test)
{
	/* a count that could not become smaller would hide it */
	void *counted = vmalloc(SZ_8M);
	long before = kmem_meminfo(test, "VmallocUsed");
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, counted);
	for (i = 0; i < SZ_4M / (PAGES * PAGE_SIZE); i++)
		vfree(vmap_to_keep(test, kmalloc(ARRAY_BYTES, GFP_KERNEL)));
	kmem_expect_mapped(test, before, 0, SZ_2M);
	vfree(counted);
}

static struct kunit_case kmem_mapped_cases[] = {
	KUNIT_CASE_PARAM(zeroed_memory_is_zero, way_gen_params),
	KUNIT_CASE_PARAM(only_user_memory_can_be_mapped, way_gen_params),
	KUNIT_CASE(user_mapping_cannot_be_expanded),
	KUNIT_CASE(memory_grows_again),
	KUNIT_CASE_PARAM(shrink_frees_what_it_cuts_off, shrink_gen_params),
	KUNIT_CASE(user_memory_stays_whole),
	KUNIT_CASE(nothing_is_resized_by_vmalloc),
	KUNIT_CASE(vfree_leaves_nothing),
	KUNIT_CASE(vunmap_leaves_nothing),
	KUNIT_CASE(failed_vmap_leaves_nothing),
	KUNIT_CASE_PARAM(failed_vmalloc_leaves_nothing, patience_gen_params),
	KUNIT_CASE(second_vfree_is_reported),
	KUNIT_CASE(second_vunmap_is_reported),
	KUNIT_CASE(nothing_is_freed_in_silence),
	KUNIT_CASE(vfree_puts_pages_it_was_given),
	KUNIT_CASE(vmallocinfo_tells_vmap_and_its_array),
	KUNIT_CASE_PARAM(mapped_memory_is_counted, amount_gen_params),
	KUNIT_CASE(pages_it_was_given_are_not_counted),
	{}
};

static struct kunit_suite kmem_mapped_suite = {
	.name = "kmem_mapped",
	.init = kmem_suite_init,
	.test_cases = kmem_mapped_cases,
};

kunit_test_suite(kmem_mapped_suite);

MODULE_DESCRIPTION("KUnit tests for mapped memory");
MODULE_LICENSE("GPL");
