// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvrealloc(), within memory of kmalloc() and of vmalloc(), and from the one to
 * the other. What __GFP_ZERO adds to this is kmem_kvrealloc_zero's.
 *
 * Up to 6.11, kvrealloc() is another function: it is told the old size, stays in
 * place only if the new one is not larger, and knows no size 0.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_kvrealloc'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/numa.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "kmem_kunit.h"
#include "kmem_realloc.h"

/* the smallest size that kmalloc() cannot have */
#define MAPPED_SIZE	((size_t)KMALLOC_MAX_SIZE + 1)

static const size_t kmalloc_sizes[] = {
	1, 8, 100, 193, SZ_1K, PAGE_SIZE, PAGE_SIZE + 1, 2 * PAGE_SIZE, 5 * PAGE_SIZE,
};

static const size_t vmalloc_sizes[] = { 100, PAGE_SIZE, PAGE_SIZE + 1, 3 * PAGE_SIZE + 5 };

static void require_in_place(struct kunit *test)
{
	if (!kmem_kvrealloc_in_place())
		kunit_skip(test, "needs Linux 6.12");
}

/* Resize @memory, and expect that what is common to both sizes is kept. */
static void expect_kept(struct kunit *test, u8 *memory, size_t from, size_t to)
{
	size_t kept = min(from, to);
	bool mapped = is_vmalloc_addr(memory);
	u8 *resized = kmem_kvrealloc(memory, from, to, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL_MSG(test, resized, "from %zu to %zu, mapped: %d", from, to, mapped);
	KUNIT_ASSERT_EQ_MSG(test, pattern_kept(resized, kept), kept,
			    "from %zu to %zu, mapped: %d", from, to, mapped);
	pattern_fill(resized, to);
	kvfree(resized);
}

/*
 * The contents are the same up to the smaller of both sizes, wherever the memory
 * is from. Source: kvrealloc()'s kernel-doc, "the contents of the object pointed
 * to are preserved up to the lesser of the new and old sizes".
 */
static void contents_are_kept(struct kunit *test)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(kmalloc_sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(kmalloc_sizes); j++)
			expect_kept(test, kmalloc_filled(test, kmalloc_sizes[i]), kmalloc_sizes[i],
				    kmalloc_sizes[j]);
		for (j = 0; j < ARRAY_SIZE(vmalloc_sizes); j++)
			expect_kept(test, vmalloc_filled(test, vmalloc_sizes[j]), vmalloc_sizes[j],
				    kmalloc_sizes[i]);
	}
	expect_kept(test, kmalloc_filled(test, SZ_16K), SZ_16K, MAPPED_SIZE);
	expect_kept(test, kmalloc_filled(test, 100), 100, MAPPED_SIZE);
	expect_kept(test, kmalloc_filled(test, SZ_256K), SZ_256K, MAPPED_SIZE);
	expect_kept(test, vmalloc_filled(test, PAGE_SIZE + 1), PAGE_SIZE + 1, MAPPED_SIZE);
}

/*
 * Memory of kmalloc() stays where it is as long as the new size fits into what
 * kmalloc() gave. Source: kvrealloc(), which tries krealloc() first.
 */
static void kmalloc_memory_stays_where_it_fits(struct kunit *test)
{
	unsigned int i;

	require_in_place(test);
	for (i = 0; i < ARRAY_SIZE(kmalloc_sizes); i++) {
		size_t size = kmalloc_sizes[i], whole = kmalloc_size_roundup(size);
		u8 *memory = kmalloc_filled(test, size), *resized;

		KUNIT_ASSERT_PTR_EQ_MSG(test, kmem_kvrealloc(memory, size, whole, GFP_KERNEL),
					memory, "from %zu to %zu", size, whole);
		KUNIT_ASSERT_PTR_EQ_MSG(test, kmem_kvrealloc(memory, whole, 1, GFP_KERNEL), memory,
					"from %zu to 1", whole);
		resized = kmem_kvrealloc(memory, 1, whole + 1, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, resized);
		KUNIT_EXPECT_PTR_NE_MSG(test, resized, memory, "from 1 to %zu", whole + 1);
		kvfree(resized);
	}
}

/*
 * Mapped memory stays where it is as long as the new size fits into its pages,
 * and stays mapped. Source: vrealloc(), "We already have the bytes available in
 * the allocation; use them".
 */
static void mapped_memory_stays_where_it_fits(struct kunit *test)
{
	static const size_t stops[] = {
		3 * PAGE_SIZE, 2 * PAGE_SIZE + 1, 3 * PAGE_SIZE, 2 * PAGE_SIZE + 1, 100, 1,
		PAGE_SIZE,
	};
	size_t size = 2 * PAGE_SIZE + 5;
	u8 *memory, *resized;
	unsigned int i;

	require_in_place(test);
	memory = vmalloc_filled(test, size);
	for (i = 0; i < ARRAY_SIZE(stops); i++) {
		size_t kept = min(size, stops[i]);

		resized = kmem_kvrealloc(memory, size, stops[i], GFP_KERNEL);
		KUNIT_ASSERT_PTR_EQ_MSG(test, resized, memory, "from %zu to %zu", size, stops[i]);
		KUNIT_EXPECT_EQ_MSG(test, pattern_kept(memory, kept), kept, "from %zu to %zu",
				    size, stops[i]);
		size = stops[i];
		pattern_fill(memory, size);
	}
	kvfree(memory);
}

/*
 * Mapped memory that does not fit any more moves, and the old mapping and its
 * pages are freed. Source: vrealloc(), which calls vfree() once it has copied.
 */
static void mapped_memory_is_freed_by_a_move(struct kunit *test)
{
	static const size_t sizes[] = { 1, PAGE_SIZE, 2 * PAGE_SIZE + 5 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i], larger = PAGE_ALIGN(size) + 1;
		u8 *memory = vmalloc_filled(test, size), *resized;
		struct held_pages held;

		hold_pages(test, &held, memory, size);
		resized = kmem_kvrealloc(memory, size, larger, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, resized);
		KUNIT_EXPECT_PTR_NE_MSG(test, resized, memory, "size %zu", size);
		KUNIT_EXPECT_EQ(test, pattern_kept(resized, size), size);
		expect_unmapped(test, &held, memory);
		release_pages_held(&held);
		kvfree(resized);
	}
}

static void *cycle_of_mapping(struct kunit *test, size_t size)
{
	u8 *memory = kmalloc_filled(test, size), *resized = NULL;

	KMEM_EXPECT_SILENCE(test, resized = kmem_kvrealloc(memory, size, MAPPED_SIZE, GFP_KERNEL));
	KUNIT_ASSERT_NOT_NULL(test, resized);
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(resized));
	KUNIT_EXPECT_EQ(test, pattern_kept(resized, size), size);
	kvfree(resized);
	return memory;
}

static void *cycle_of_moving(struct kunit *test, size_t size)
{
	u8 *memory = kmalloc_filled(test, size), *resized;

	resized = kmem_kvrealloc(memory, size, kmalloc_size_roundup(size) + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, resized);
	KUNIT_EXPECT_FALSE(test, is_vmalloc_addr(resized));
	KUNIT_EXPECT_EQ(test, pattern_kept(resized, size), size);
	kvfree(resized);
	return memory;
}

/* krealloc() fails below kvrealloc(), which then does itself what is to be done. */
static void *cycle_of_second_try(struct kunit *test, size_t size)
{
	u8 *memory = kmalloc_filled(test, size), *resized;

	resized = KMEM_FAILING(test, 1, kmem_kvrealloc(memory, size, kmalloc_size_roundup(size) + 1,
						       GFP_NOWAIT | __GFP_NOWARN));
	KUNIT_ASSERT_NOT_NULL(test, resized);
	KUNIT_EXPECT_FALSE(test, is_vmalloc_addr(resized));
	KUNIT_EXPECT_EQ(test, pattern_kept(resized, size), size);
	kvfree(resized);
	return memory;
}

static const struct move {
	const char *name;
	void *(*cycle)(struct kunit *test, size_t size);
	bool in_two_steps;
} moves[] = {
	{ "to_kmalloc", cycle_of_moving },
	{ "to_vmalloc", cycle_of_mapping },
	{ "second_try", cycle_of_second_try, true },
};

KUNIT_ARRAY_PARAM_DESC(move, moves, name);

/*
 * Memory of kmalloc() that does not fit any more moves, silently, to kmalloc()'s
 * if that has enough, else to mapped memory, and the old one is freed. Source:
 * kvrealloc(), "We failed to krealloc(), fall back to kvmalloc()".
 */
static void kmalloc_memory_is_freed_by_a_move(struct kunit *test)
{
	static const size_t sizes[] = { 8, 96, SZ_1K };
	const struct move *move = test->param_value;
	unsigned int i;

	require_reuse(test);
	if (move->in_two_steps)
		require_in_place(test);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_TRUE_MSG(test, is_recycled(test, move->cycle, sizes[i]), "size %zu",
				      sizes[i]);
}

static void *cycle_of_size_zero(struct kunit *test, size_t size)
{
	u8 *memory = kmalloc_filled(test, size);

	KUNIT_EXPECT_PTR_EQ(test, kmem_kvrealloc(memory, size, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	return memory;
}

/*
 * A new size of 0 frees the memory, of either kind. Source: kvrealloc()'s
 * kernel-doc, "If @size is 0 and @p is not a %NULL pointer, the object pointed
 * to is freed".
 */
static void size_zero_frees(struct kunit *test)
{
	struct held_pages held;
	u8 *memory;

	require_in_place(test);
	memory = vmalloc_filled(test, 3 * PAGE_SIZE);
	hold_pages(test, &held, memory, 3 * PAGE_SIZE);
	KUNIT_EXPECT_NULL(test, kmem_kvrealloc(memory, 3 * PAGE_SIZE, 0, GFP_KERNEL));
	expect_unmapped(test, &held, memory);
	release_pages_held(&held);

	KUNIT_EXPECT_PTR_EQ(test, kmem_kvrealloc(NULL, 0, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	require_reuse(test);
	KUNIT_EXPECT_TRUE(test, is_recycled(test, cycle_of_size_zero, 100));
	KUNIT_EXPECT_TRUE(test, is_recycled(test, cycle_of_size_zero, SZ_16K));
}

/*
 * Without old memory, kvrealloc() is kvmalloc(), of the same size and kind.
 * Source: kvrealloc()'s kernel-doc, "If @p is %NULL, kvrealloc() behaves exactly
 * like kvmalloc()".
 */
static void nothing_is_resized_by_kvmalloc(struct kunit *test)
{
	void *nothings[] = { NULL, ZERO_SIZE_PTR };
	unsigned int i, j;
	u8 *memory;

	for (j = 0; j < ARRAY_SIZE(nothings); j++) {
		for (i = 0; i < ARRAY_SIZE(kmalloc_sizes); i++) {
			size_t size = kmalloc_sizes[i];

			memory = kmem_kvrealloc(nothings[j], 0, size, GFP_KERNEL);
			KUNIT_ASSERT_FALSE_MSG(test, ZERO_OR_NULL_PTR(memory), "size %zu", size);
			KUNIT_ASSERT_FALSE_MSG(test, is_vmalloc_addr(memory), "size %zu", size);
			pattern_fill(memory, size);
			if (!is_kfence_address(memory))
				KUNIT_EXPECT_EQ(test, ksize(memory), kmalloc_size_roundup(size));
			kvfree(memory);
		}
		KMEM_EXPECT_SILENCE(test, memory = kmem_kvrealloc(nothings[j], 0, MAPPED_SIZE,
								  GFP_KERNEL));
		KUNIT_ASSERT_NOT_NULL(test, memory);
		KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(memory));
		memory[MAPPED_SIZE - 1] = 0x21;
		kvfree(memory);
	}
}

/*
 * A size that there cannot be is refused with a warning, silently with
 * __GFP_NOWARN, and the memory stays as it was. Source: kvrealloc()'s
 * kernel-doc, "%NULL in case of error", and kvmalloc()'s "crazy sizes".
 */
static void crazy_sizes_are_refused(struct kunit *test)
{
	u8 *objects[] = { kmalloc_filled(test, SZ_1K), vmalloc_filled(test, SZ_1K) };
	static const size_t crazy[] = { SIZE_MAX / 2 + 1, SIZE_MAX - PAGE_SIZE };
	gfp_t quiet = GFP_KERNEL | __GFP_NOWARN;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		bool mapped = is_vmalloc_addr(objects[i]);
		u8 *resized = NULL;

		pattern_fill(objects[i], SZ_1K);
		for (j = 0; j < ARRAY_SIZE(crazy); j++) {
			size_t size = crazy[j];

			OPTIMIZER_HIDE_VAR(size);
			KMEM_EXPECT_SILENCE(test, resized = kmem_kvrealloc(objects[i], SZ_1K, size,
									   quiet));
			KUNIT_ASSERT_NULL_MSG(test, resized, "size %zu, mapped: %d", size, mapped);
			if (mapped)
				continue;
			KMEM_EXPECT_WARN(test, resized = kmem_kvrealloc(objects[i], SZ_1K, size,
									GFP_KERNEL),
					 "kvmalloc_node");
			KUNIT_ASSERT_NULL_MSG(test, resized, "size %zu, mapped: %d", size, mapped);
		}
		if (!mapped && !IS_ENABLED(CONFIG_KASAN_GENERIC))
			KUNIT_EXPECT_FALSE(test, is_handed_out(objects[i], SZ_1K));
		KUNIT_EXPECT_EQ_MSG(test, pattern_kept(objects[i], SZ_1K), SZ_1K, "mapped: %d",
				    mapped);
		kvfree(objects[i]);
	}
}

/* Would kmalloc() below kvrealloc() fail though it is not known that it cannot reclaim? */
static bool can_fail(struct kunit *test, size_t size, gfp_t flags)
{
	u8 *memory = kmalloc_filled(test, 8), *resized;
	unsigned int left;

	kmem_fail_begin(test, 1);
	resized = kmem_kvrealloc(memory, 8, size, flags);
	left = kmem_fail_cancel();
	KUNIT_ASSERT_NOT_NULL_MSG(test, resized, "size %zu, flags %#x", size, (__force u32)flags);
	KUNIT_EXPECT_EQ(test, pattern_kept(resized, 8), 8);
	kvfree(resized);
	return !left;
}

/*
 * kvrealloc() may reclaim for a page or less. On 7.x, it does not reclaim for
 * contiguous memory, unless __GFP_RETRY_MAYFAIL prefers it. (Failslab fails what
 * cannot reclaim.) Source: kmalloc_gfp_adjust(), which kvrealloc()
 * applies to krealloc()'s flags.
 */
static void contiguous_memory_is_not_worth_reclaim(struct kunit *test)
{
	gfp_t retry = GFP_KERNEL | __GFP_RETRY_MAYFAIL;

	KUNIT_EXPECT_FALSE(test, can_fail(test, PAGE_SIZE, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, can_fail(test, PAGE_SIZE + 1, GFP_KERNEL),
			kmem_kvmalloc_maps_at_once());
	KUNIT_EXPECT_FALSE(test, can_fail(test, PAGE_SIZE + 1, retry));
}

static void require_node_align(struct kunit *test)
{
	if (!kmem_has_node_align())
		kunit_skip(test, "needs Linux 6.18");
}

static u8 *resize_aligned(struct kunit *test, u8 *memory, size_t size, unsigned long align)
{
	u8 *resized = kvrealloc_node_align(memory, size, align, GFP_KERNEL, NUMA_NO_NODE);

	KUNIT_ASSERT_NOT_NULL_MSG(test, resized, "size %zu, %#lx", size, align);
	KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((unsigned long)resized, align), "size %zu, %#lx",
			      size, align);
	KUNIT_EXPECT_EQ_MSG(test, pattern_kept(resized, 100), 100, "size %zu, %#lx", size, align);
	return resized;
}

/*
 * Memory that becomes mapped has the alignment that was asked for, and so has mapped
 * memory that moves. Source: kvrealloc_node_align(), which hands it on to kvmalloc()
 * and to vrealloc_node_align().
 */
static void memory_moves_to_aligned_memory(struct kunit *test)
{
	static const unsigned long alignments[] = { SZ_16K, SZ_64K, SZ_1M };
	/* it is cut off to be too small, and for others to find memory */
	static const size_t sizes[] = { MAPPED_SIZE, PAGE_SIZE, PAGE_SIZE + 1 };
	unsigned int i, j, k;

	require_node_align(test);
	for (i = 0; i < ARRAY_SIZE(alignments); i++) {
		u8 *resized[3];

		for (j = 0; j < ARRAY_SIZE(resized); j++) {
			resized[j] = kmalloc_filled(test, 100);
			for (k = 0; k < ARRAY_SIZE(sizes); k++)
				resized[j] = resize_aligned(test, resized[j], sizes[k],
							    alignments[i]);
		}
		for (j = 0; j < ARRAY_SIZE(resized); j++)
			kvfree(resized[j]);
	}
}

#define ODD_SIZE	96
#define ALIGNMENT	64

/* An object of a class that does not align to ALIGNMENT, and is not aligned to it. */
static u8 *misaligned_object(struct kunit *test)
{
	void *others[MANY_ROUNDS];
	unsigned int nr = 0;
	u8 *object = NULL;

	while (nr < ARRAY_SIZE(others) && !object) {
		object = kmalloc_filled(test, ODD_SIZE);
		if (IS_ALIGNED((unsigned long)object, ALIGNMENT)) {
			others[nr++] = object;
			object = NULL;
		}
	}
	while (nr)
		kfree(others[--nr]);
	if (!object)
		kunit_skip(test, "needs a class whose objects are not all aligned alike");
	return object;
}

/*
 * An object that is not aligned as asked for moves though it fits, also on a
 * second try, and no more is written than fits into the new one. Source:
 * kvrealloc_node_align(), which copies the smaller of both sizes.
 */
static void misaligned_object_moves(struct kunit *test)
{
	u8 *resized[2 * MANY_ROUNDS], *object;
	unsigned int i;

	require_node_align(test);
	for (i = 0; i < ARRAY_SIZE(resized); i++) {
		object = misaligned_object(test);
		if (i % 2)
			resized[i] = kvrealloc_node_align(object, ALIGNMENT, ALIGNMENT, GFP_KERNEL,
							  NUMA_NO_NODE);
		else
			resized[i] = KMEM_FAILING(test, 1, kvrealloc_node_align(object, ALIGNMENT,
										ALIGNMENT,
										GFP_NOWAIT,
										NUMA_NO_NODE));
		KUNIT_ASSERT_NOT_NULL(test, resized[i]);
		KUNIT_ASSERT_TRUE(test, IS_ALIGNED((unsigned long)resized[i], ALIGNMENT));
		KUNIT_ASSERT_EQ(test, pattern_kept(resized[i], ALIGNMENT), ALIGNMENT);
		memset(resized[i], i, ALIGNMENT);
	}
	for (i = 0; i < ARRAY_SIZE(resized); i++) {
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(resized[i], i, ALIGNMENT), "object %u", i);
		kvfree(resized[i]);
	}
}

/*
 * Mapped memory that is not aligned as asked for is not resized, which is
 * reported, and stays as it was. Source: vrealloc_node_align()'s kernel-doc,
 * "Requesting an alignment that is bigger than the alignment of the existing
 * allocation will fail".
 */
static void mapped_memory_is_not_aligned_anew(struct kunit *test)
{
	unsigned long align = SZ_16M;
	u8 *memory, *resized = NULL;

	require_node_align(test);
	memory = vmalloc_filled(test, 100);
	/* two areas of two pages, of which one at most is so well aligned */
	if (IS_ALIGNED((unsigned long)memory, align)) {
		resized = vmalloc_filled(test, 100);
		swap(memory, resized);
		vfree(resized);
	}
	KMEM_EXPECT_WARN(test, resized = kvrealloc_node_align(memory, 50, align, GFP_KERNEL,
							      NUMA_NO_NODE),
			 "will not reallocate with a bigger alignment (0x%lx)", align);
	KUNIT_ASSERT_NULL(test, resized);
	KUNIT_EXPECT_EQ(test, pattern_kept(memory, 100), 100);
	vfree(memory);
}

/*
 * To be on this node only does not move memory that is there. Source:
 * vrealloc_node_align()'s kernel-doc, "the function will try to avoid
 * reallocation", and __do_krealloc().
 */
static void memory_stays_on_its_node(struct kunit *test)
{
	u8 *memory;
	int node;

	require_node_align(test);
	memory = kmalloc_filled(test, 100);
	node = page_to_nid(virt_to_page(memory));
	KUNIT_EXPECT_PTR_EQ(test, kvrealloc_node(memory, 50, GFP_KERNEL | __GFP_THISNODE, node),
			    memory);
	kvfree(memory);

	memory = vmalloc_filled(test, 100);
	node = page_to_nid(vmalloc_to_page(memory));
	KUNIT_EXPECT_PTR_EQ(test, kvrealloc_node_align(memory, 50, 1, GFP_KERNEL | __GFP_THISNODE,
						       node), memory);
	kvfree(memory);
}

static struct kunit_case kvrealloc_cases[] = {
	KUNIT_CASE(contents_are_kept),
	KUNIT_CASE(kmalloc_memory_stays_where_it_fits),
	KUNIT_CASE(mapped_memory_stays_where_it_fits),
	KUNIT_CASE(mapped_memory_is_freed_by_a_move),
	KUNIT_CASE_PARAM(kmalloc_memory_is_freed_by_a_move, move_gen_params),
	KUNIT_CASE(size_zero_frees),
	KUNIT_CASE(nothing_is_resized_by_kvmalloc),
	KUNIT_CASE(crazy_sizes_are_refused),
	KUNIT_CASE(contiguous_memory_is_not_worth_reclaim),
	KUNIT_CASE(memory_moves_to_aligned_memory),
	KUNIT_CASE(misaligned_object_moves),
	KUNIT_CASE(mapped_memory_is_not_aligned_anew),
	KUNIT_CASE(memory_stays_on_its_node),
	{}
};

static struct kunit_suite kvrealloc_suite = {
	.name = "kmem_kvrealloc",
	.init = kmem_suite_init,
	.test_cases = kvrealloc_cases,
};

kunit_test_suite(kvrealloc_suite);

MODULE_DESCRIPTION("KUnit tests for kvrealloc()");
MODULE_LICENSE("GPL");
