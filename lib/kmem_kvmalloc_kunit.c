// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmalloc(): kmalloc() where it succeeds, else vmalloc().
 *
 * A kmalloc() of more than KMALLOC_MAX_SIZE always fails. A smaller one that is
 * still of a slab can be made to fail, so that the fallback of a few pages is
 * seen too. That kvzalloc() and kvcalloc() zero is kmem_zero's.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_kvmalloc'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/numa.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>
#include "kmem_dirt.h"
#include "kmem_hoard.h"
#include "kmem_kunit.h"
#include "kmem_realloc.h"

/* the smallest size that kmalloc() cannot have */
#define MAPPED_SIZE	((size_t)KMALLOC_MAX_SIZE + 1)

/* Those for which kmalloc() has caches, and pages enough. */
static const size_t sizes[] = {
	1, 8, 9, 96, 97, 192, 193, 1000, SZ_2K, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1,
	2 * PAGE_SIZE, 2 * PAGE_SIZE + 1, 4 * PAGE_SIZE + 1, 16 * PAGE_SIZE,
};

/* Those for which it has caches, but kvmalloc() need not have them. */
static const size_t mappable_sizes[] = {
	PAGE_SIZE + 1, PAGE_SIZE + PAGE_SIZE / 2, 2 * PAGE_SIZE - 1, 2 * PAGE_SIZE,
};

/*
 * Whatever kmalloc() can give is kmalloc()'s, as large as if it was asked
 * itself. Source: kvmalloc_node()'s kernel-doc, "Uses kmalloc to get the memory
 * but if the allocation fails then falls back".
 */
static void what_kmalloc_has_is_not_mapped(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];
		u8 *memory[] = {
			kvmalloc(size, GFP_KERNEL), kvmalloc(size, GFP_NOWAIT),
			kvmalloc_node(size, GFP_KERNEL, numa_mem_id()),
			kvmalloc_array(1, size, GFP_KERNEL), kvcalloc(size, 1, GFP_KERNEL),
		};
		unsigned int j;

		for (j = 0; j < ARRAY_SIZE(memory); j++) {
			KUNIT_ASSERT_NOT_NULL_MSG(test, memory[j], "size %zu, way %u", size, j);
			KUNIT_EXPECT_FALSE_MSG(test, is_vmalloc_addr(memory[j]),
					       "size %zu, way %u", size, j);
			pattern_fill(memory[j], size);
		}
		for (j = 0; j < ARRAY_SIZE(memory); j++) {
			KUNIT_EXPECT_EQ_MSG(test, pattern_kept(memory[j], size), size,
					    "size %zu, way %u", size, j);
			if (!is_vmalloc_addr(memory[j]) && !is_kfence_address(memory[j]))
				KUNIT_EXPECT_EQ_MSG(test, ksize(memory[j]),
						    kmalloc_size_roundup(size),
						    "size %zu, way %u", size, j);
			kvfree(memory[j]);
		}
	}
}

/*
 * Nothing is what kmalloc() gives for it. Source: __kvmalloc_node(), which asks
 * kmalloc() first.
 */
static void size_zero_gives_zero_size_ptr(struct kunit *test)
{
	KUNIT_EXPECT_PTR_EQ(test, kvmalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, kvmalloc_array(0, 8, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, kvcalloc(8, 0, GFP_KERNEL), ZERO_SIZE_PTR);
}

/*
 * One byte more than kmalloc() can ever give is mapped, silently, and all of it
 * can be used. Source: __kvmalloc_node(), and "no allocation failure warnings as
 * we have a fallback" in kmalloc_gfp_adjust() (6.x), __GFP_NOWARN there (7.x).
 */
static void more_than_kmalloc_has_is_mapped(struct kunit *test)
{
	static const size_t larger[] = {
		MAPPED_SIZE, MAPPED_SIZE + PAGE_SIZE - 1, MAPPED_SIZE + PAGE_SIZE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(larger); i++) {
		size_t size = larger[i];
		u8 *memory = NULL;

		KMEM_EXPECT_SILENCE(test, memory = kvmalloc(size, GFP_KERNEL));
		KUNIT_ASSERT_NOT_NULL_MSG(test, memory, "size %zu", size);
		KUNIT_EXPECT_TRUE_MSG(test, is_vmalloc_addr(memory), "size %zu", size);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)memory, PAGE_SIZE));
		memory[0] = 0x21;
		memory[size - 1] = 0x22;
		KUNIT_EXPECT_NOT_NULL(test, vmalloc_to_page(memory + size - 1));
		KUNIT_EXPECT_EQ(test, memory[0], 0x21);
		kvfree(memory);
	}
}

/*
 * If kmalloc() fails for more than a page, the memory is mapped, for every way
 * to ask for it. Source: __kvmalloc_node(), "fallback to vmalloc".
 */
static void failing_kmalloc_falls_back(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mappable_sizes); i++) {
		size_t size = mappable_sizes[i];
		u8 *memory;

#define EXPECT_MAPPED(expression) do {						\
	memory = KMEM_FAILING_BLOCKING(test, 1, expression);			\
	KUNIT_ASSERT_NOT_NULL_MSG(test, memory, "size %zu: " #expression, size); \
	KUNIT_EXPECT_TRUE_MSG(test, is_vmalloc_addr(memory), "size %zu: " #expression, size); \
	pattern_fill(memory, size);						\
	KUNIT_EXPECT_EQ(test, pattern_kept(memory, size), size);		\
	kvfree(memory);								\
} while (0)

		EXPECT_MAPPED(kvmalloc(size, GFP_KERNEL));
		EXPECT_MAPPED(kvmalloc(size, GFP_KERNEL | __GFP_RETRY_MAYFAIL));
		EXPECT_MAPPED(kvmalloc(size, GFP_KERNEL_ACCOUNT));
		EXPECT_MAPPED(kvmalloc(size, GFP_KERNEL | __GFP_NOFAIL));
		EXPECT_MAPPED(kvmalloc_node(size, GFP_KERNEL, numa_mem_id()));
		EXPECT_MAPPED(kvmalloc_array(size, 1, GFP_KERNEL));
		EXPECT_MAPPED(kvzalloc(size, GFP_KERNEL));
	}
}

static void *kvzalloc_mapped(struct kunit *test, size_t size)
{
	return KMEM_FAILING_BLOCKING(test, 1, kvzalloc(size, GFP_KERNEL));
}

/*
 * What is mapped because kmalloc() failed is zero if zeroes are asked for.
 * Source: __kvmalloc_node(), which hands its flags on to vmalloc.
 */
static void fallback_is_zero(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mappable_sizes); i++) {
		size_t size = mappable_sizes[i];
		struct kmem_dirt dirt;
		u8 *memory;

		memory = KMEM_MAP_ON_DIRT(test, &dirt, size, kvzalloc_mapped(test, size));
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(memory, 0, size), "size %zu", size);
		kvfree(memory);
	}
}

/*
 * A page or less is never mapped: if kmalloc() fails, there is nothing. Source:
 * __kvmalloc_node(), "It doesn't really make sense to fallback to vmalloc for
 * sub page requests".
 */
static void page_or_less_does_not_fall_back(struct kunit *test)
{
	unsigned int i;

	for (i = 0; sizes[i] <= PAGE_SIZE; i++) {
		u8 *memory = KMEM_FAILING_BLOCKING(test, 1, kvmalloc(sizes[i], GFP_KERNEL |
								     __GFP_NOWARN));

		KUNIT_EXPECT_NULL_MSG(test, memory, "size %zu", sizes[i]);
		kvfree(memory);
		memory = KMEM_FAILING(test, 1, kvmalloc(sizes[i], GFP_NOWAIT | __GFP_NOWARN));
		KUNIT_EXPECT_NULL_MSG(test, memory, "size %zu", sizes[i]);
		kvfree(memory);
	}
}

#define INJECTED	"forcing a failure"

/*
 * A kmalloc() that fails is not reported if there is a fallback, and is if there
 * is none. Source: kmalloc_gfp_adjust(), __GFP_NOWARN for more than a page.
 */
static void only_the_lack_of_a_fallback_is_reported(struct kunit *test)
{
	const struct kmem_report *report;
	u8 *memory = NULL;
	gfp_t allowed;

#define CAPTURE_FAILING(size, flags) ({						\
	allowed = kmem_reclaim_forbid(test);					\
	report = KMEM_CAPTURE(test, {						\
		kmem_fail_begin(test, 1);					\
		memory = kvmalloc(size, flags);					\
	});									\
	kmem_reclaim_allow(allowed);						\
	kmem_fail_end(test, 1);							\
	kvfree(memory);								\
})

	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	CAPTURE_FAILING(PAGE_SIZE, GFP_KERNEL);
	kmem_expect_text(test, report, INJECTED);
	CAPTURE_FAILING(PAGE_SIZE, GFP_KERNEL | __GFP_NOWARN);
	KUNIT_EXPECT_NULL(test, strstr(report->text, INJECTED));
	CAPTURE_FAILING(PAGE_SIZE + 1, GFP_KERNEL);
	KUNIT_EXPECT_NULL(test, strstr(report->text, INJECTED));
	CAPTURE_FAILING(PAGE_SIZE + 1, GFP_KERNEL | __GFP_RETRY_MAYFAIL);
	KUNIT_EXPECT_NULL(test, strstr(report->text, INJECTED));
}

/* Would kmalloc() below kvmalloc() fail though it is not known that it cannot reclaim? */
static bool can_fail(struct kunit *test, size_t size, gfp_t flags, bool *mapped)
{
	unsigned int left;
	void *memory;

	kmem_fail_begin(test, 1);
	memory = kvmalloc(size, flags);
	left = kmem_fail_cancel();
	KUNIT_EXPECT_NOT_NULL_MSG(test, memory, "size %zu, flags %#x", size, (__force u32)flags);
	*mapped = is_vmalloc_addr(memory);
	kvfree(memory);
	return !left;
}

/*
 * kvmalloc() may reclaim for a page or less, and for what must not fail. On 7.x, it
 * does not reclaim for contiguous memory, if it can map pages instead, unless
 * __GFP_RETRY_MAYFAIL prefers contiguous memory. On 6.x, it reclaims for that, too.
 * (Failslab fails what cannot reclaim.) Source: kmalloc_gfp_adjust(), "do not direct
 * reclaim unless physically continuous memory is preferred", and "nofail semantic is
 * implemented by the vmalloc fallback".
 */
static void contiguous_memory_is_not_worth_reclaim(struct kunit *test)
{
	bool mapped, at_once = kmem_kvmalloc_maps_at_once();
	gfp_t retry = GFP_KERNEL | __GFP_RETRY_MAYFAIL, nofail = GFP_KERNEL | __GFP_NOFAIL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mappable_sizes); i++) {
		KUNIT_EXPECT_EQ(test, can_fail(test, mappable_sizes[i], GFP_KERNEL, &mapped),
				at_once);
		KUNIT_EXPECT_EQ(test, mapped, at_once);
		KUNIT_EXPECT_EQ(test, can_fail(test, mappable_sizes[i], nofail, &mapped), at_once);
		KUNIT_EXPECT_EQ(test, mapped, at_once);
		KUNIT_EXPECT_FALSE(test, can_fail(test, mappable_sizes[i], retry, &mapped));
		KUNIT_EXPECT_FALSE(test, mapped);
	}
	for (i = 0; sizes[i] <= PAGE_SIZE; i++) {
		KUNIT_EXPECT_FALSE(test, can_fail(test, sizes[i], GFP_KERNEL, &mapped));
		KUNIT_EXPECT_FALSE(test, can_fail(test, sizes[i], retry, &mapped));
		KUNIT_EXPECT_FALSE(test, can_fail(test, sizes[i], nofail, &mapped));
	}
}

/*
 * Nobody is killed for contiguous memory, where pages can be mapped instead. Source:
 * kmalloc_gfp_adjust(), "no OOM killer and no allocation failure warnings as we have
 * a fallback" (6.x); as above (7.x).
 */
static void nobody_is_killed_for_contiguous_memory(struct kunit *test)
{
	struct hoard *hoard;
	void *memory;

	KMEM_REQUIRE(test, CONFIG_MMU);
	/* more than the watermarks may have been raised to, so that pages can be mapped */
	hoard = exhaust_to_pages(test, SCATTERED);
	memory = kvmalloc(4 * PAGE_SIZE, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, memory);
	KUNIT_EXPECT_PTR_NE_MSG(test, hoard->needy, current, "the OOM killer was called");
	/* unless another was given what it then found */
	if (!hoard->needy)
		KUNIT_EXPECT_TRUE_MSG(test, is_vmalloc_addr(memory), "it was contiguous anyway");
	kvfree(memory);
}

/*
 * Who may not sleep gets what can be had without, silently. On 7.x, that is mapped
 * memory. On 6.x, that is nothing. Source: kvmalloc_node()'s kernel-doc, "GFP_NOWAIT and
 * GFP_ATOMIC are supported" (7.x), "non-sleeping allocations are not supported by
 * vmalloc" (6.x).
 */
static void mapping_without_sleep_is_up_to_the_series(struct kunit *test)
{
	static const gfp_t flags[] = { GFP_NOWAIT | __GFP_NOWARN, GFP_ATOMIC | __GFP_NOWARN };
	size_t size = PAGE_SIZE + 1, large = MAPPED_SIZE;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		u8 *memory = NULL;

		KMEM_EXPECT_SILENCE(test, memory = kvmalloc(large, flags[i]));
		KUNIT_EXPECT_EQ_MSG(test, is_vmalloc_addr(memory), kmem_kvmalloc_maps_at_once(),
				    "flags %#x", (__force u32)flags[i]);
		KUNIT_EXPECT_EQ(test, !!memory, kmem_kvmalloc_maps_at_once());
		kvfree(memory);

		memory = KMEM_FAILING(test, 1, kvmalloc(size, flags[i]));
		KUNIT_EXPECT_EQ_MSG(test, is_vmalloc_addr(memory), kmem_kvmalloc_maps_at_once(),
				    "flags %#x", (__force u32)flags[i]);
		KUNIT_EXPECT_EQ(test, !!memory, kmem_kvmalloc_maps_at_once());
		kvfree(memory);
	}
}

/*
 * More than INT_MAX bytes are refused, the first time with a warning of kvmalloc()
 * itself, which __GFP_NOWARN silences. Source: __kvmalloc_node(), "Don't even allow
 * crazy sizes", WARN_ON_ONCE().
 */
static void crazy_sizes_are_refused(struct kunit *test)
{
	static const size_t crazy[] = { (size_t)INT_MAX + 1, UINT_MAX, SIZE_MAX / 2 + 1, SIZE_MAX };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(crazy); i++) {
		const struct kmem_report *report;
		size_t size = crazy[i];
		void *memory = NULL;

		OPTIMIZER_HIDE_VAR(size);
		KMEM_EXPECT_SILENCE(test, memory = kvmalloc(size, GFP_KERNEL | __GFP_NOWARN));
		KUNIT_EXPECT_NULL_MSG(test, memory, "size %zu", size);
		report = KMEM_EXPECT_WARN(test, memory = kvmalloc(size, GFP_KERNEL) ?:
							 kvmalloc(size, GFP_KERNEL),
					  "kvmalloc_node");
		KUNIT_EXPECT_NULL_MSG(test, memory, "size %zu", size);
		KUNIT_EXPECT_NULL(test, strstr(report->text, "vmalloc error"));
	}
}

/*
 * INT_MAX bytes are not refused as such: it is vmalloc that has to find them,
 * and says so at most once in a while. Source: as above.
 */
static void int_max_is_not_crazy(struct kunit *test)
{
	const struct kmem_report *report;
	size_t size = INT_MAX;
	void *memory = NULL;

	if (totalram_pages() > size >> PAGE_SHIFT)
		kunit_skip(test, "needs a machine that lacks 2 GiB of memory");
	report = KMEM_CAPTURE(test, memory = kvmalloc(size, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, memory);
	kmem_expect_heads(test, report, "kvmalloc(INT_MAX)", 0, 0);
}

/* What is reserved for a mapping of that many bytes, which may be of huge pages. */
static size_t mapped_size(size_t size)
{
	if (IS_ENABLED(CONFIG_HAVE_ARCH_HUGE_VMALLOC) && size >= PMD_SIZE)
		return ALIGN(size, PMD_SIZE);
	return PAGE_ALIGN(size);
}

/*
 * An array of n elements gets n times their size. Source: kvmalloc_array() in
 * include/linux/slab.h.
 */
static void array_is_n_by_size(struct kunit *test)
{
	static const struct { size_t n, size; } arrays[] = {
		{ 1, 100 }, { 100, 1 }, { 3, 40 }, { 40, 30 }, { 8, 8 }, { 2, 512 }, { 5, SZ_4K },
	};
	size_t many = MAPPED_SIZE / 64 + 1;
	unsigned int i;
	u8 *array;

	for (i = 0; i < ARRAY_SIZE(arrays); i++) {
		size_t n = arrays[i].n, size = arrays[i].size;
		unsigned int zero;

		for (zero = 0; zero < 2; zero++) {
			array = zero ? kvcalloc(n, size, GFP_KERNEL) :
				       kvmalloc_array(n, size, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL_MSG(test, array, "%zu by %zu", n, size);
			if (zero)
				KUNIT_EXPECT_NULL_MSG(test, memchr_inv(array, 0, n * size),
						      "%zu by %zu", n, size);
			pattern_fill(array, n * size);
			if (!is_vmalloc_addr(array) && !is_kfence_address(array))
				KUNIT_EXPECT_EQ_MSG(test, ksize(array),
						    kmalloc_size_roundup(n * size),
						    "%zu by %zu", n, size);
			kvfree(array);
		}
	}
	array = kvmalloc_array(many, 64, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, array);
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(array));
	KUNIT_EXPECT_NOT_NULL(test, vmalloc_to_page(array + 64 * many - 1));
	KUNIT_EXPECT_NULL(test, vmalloc_to_page(array + mapped_size(64 * many)));
	kvfree(array);
}

KUNIT_ARRAY_PARAM_DESC(overflow, kmem_overflows, name);

/*
 * An array whose size overflows is refused, silently. Source: kvmalloc_array()
 * in include/linux/slab.h, with check_mul_overflow().
 */
static void overflowing_array_is_refused(struct kunit *test)
{
	const struct kmem_overflow *overflow = test->param_value;
	void *array = NULL;

	KMEM_EXPECT_SILENCE(test, array = kvmalloc_array(overflow->n, overflow->size, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, array);
	KMEM_EXPECT_SILENCE(test, array = kvcalloc(overflow->n, overflow->size, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, array);
}

/*
 * Memory that is mapped has the alignment that was asked for, not by luck: the
 * areas before it end anywhere. Source: kvmalloc_node_align(), which hands it on
 * to vmalloc.
 */
static void mapped_memory_is_aligned(struct kunit *test)
{
	static const unsigned long alignments[] = { 1, SZ_16K, SZ_64K, SZ_1M };
	unsigned int i;

	if (!kmem_has_node_align())
		kunit_skip(test, "needs Linux 6.18");
	for (i = 0; i < ARRAY_SIZE(alignments); i++) {
		unsigned long align = alignments[i];
		u8 *memory[3];
		unsigned int j;

		for (j = 0; j < ARRAY_SIZE(memory); j++) {
			memory[j] = KMEM_FAILING(test, 1, kvmalloc_node_align(PAGE_SIZE + 1, align,
									      GFP_NOWAIT,
									      NUMA_NO_NODE));
			KUNIT_ASSERT_NOT_NULL(test, memory[j]);
			KUNIT_ASSERT_TRUE(test, is_vmalloc_addr(memory[j]));
			KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((unsigned long)memory[j], align),
					      "%#lx", align);
		}
		for (j = 0; j < ARRAY_SIZE(memory); j++)
			kvfree(memory[j]);
	}
}

/*
 * Memory of kmalloc() is from the cache that the flags ask for, as one of
 * kmalloc() with these flags would be. Source: __kvmalloc_node(), which hands
 * on its flags.
 */
static void flags_choose_the_cache(struct kunit *test)
{
	static const gfp_t flags[] = {
		GFP_KERNEL, GFP_KERNEL | __GFP_RECLAIMABLE, GFP_KERNEL_ACCOUNT,
	};
	char wanted[64], seen[64];
	unsigned int i;

	if (kmem_is_partitioned())
		kunit_skip(test, "needs an unpartitioned kmalloc(): another caller, another cache");
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		u8 *model = kmalloc_unfenced(test, 200, flags[i]);
		u8 *memory = kvmalloc(200, flags[i]);

		KUNIT_ASSERT_NOT_NULL(test, memory);
		read_cache(test, model, wanted, sizeof(wanted));
		read_cache(test, memory, seen, sizeof(seen));
		KUNIT_EXPECT_STREQ_MSG(test, seen, wanted, "flags %#x", (__force u32)flags[i]);
		kfree(model);
		kvfree(memory);
	}
}

/*
 * Where the boot guards the size that kmalloc() was asked for, kvmalloc()'s is
 * guarded alike. Source: __kvmalloc_node(), which hands on its size.
 */
static void write_behind_the_size_is_reported(struct kunit *test)
{
	unsigned int i, tries = 8;

	require_guards(test);
	for (i = 0; i < 3; i++) {
		u8 *memory = i == 0 ? kvmalloc(GUARDED_SIZE, GFP_KERNEL) :
			     i == 1 ? kvmalloc_array(GUARDED_SIZE / 4, 4, GFP_KERNEL) :
				      kvcalloc(4, GUARDED_SIZE / 4, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, memory);
		/* KFENCE has a guard of its own */
		if (is_kfence_address(memory) && --tries) {
			kvfree(memory);
			i--;
			continue;
		}
		memset(memory, 0x11, GUARDED_SIZE);
		kmem_poke(memory + GUARDED_SIZE, 0x11);
		KMEM_EXPECT_REPORT(test, kvfree(memory), "kmalloc Redzone overwritten");
	}
}

static noinline void *allocate_on_behalf(size_t size)
{
	void *memory = kvmalloc(size, GFP_KERNEL);

	/* no tail call: it shall return to here */
	barrier();
	return memory;
}

/*
 * SLUB takes kvmalloc()'s caller for the one who allocated the memory. On 6.x, it
 * is up to the compiler whether it is kvmalloc() itself. Source: _RET_IP_ in
 * __kvmalloc_node().
 */
static void caller_has_allocated(struct kunit *test)
{
	const struct kmem_report *report;
	u8 *memory;

	KMEM_REQUIRE(test, CONFIG_KALLSYMS);
	if (!kmem_kvmalloc_names_caller())
		kunit_skip(test, "needs Linux 7.2");
	if (!requests_are_tracked(test))
		kunit_skip(test, "needs a boot with slab_debug=U");
	memory = allocate_on_behalf(64);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	report = KMEM_CAPTURE(test, kmem_dump_obj(memory));
	kmem_expect_text(test, report, " allocated at allocate_on_behalf");
	kvfree(memory);
}

static struct kunit_case kvmalloc_cases[] = {
	KUNIT_CASE(what_kmalloc_has_is_not_mapped),
	KUNIT_CASE(size_zero_gives_zero_size_ptr),
	KUNIT_CASE(more_than_kmalloc_has_is_mapped),
	KUNIT_CASE(failing_kmalloc_falls_back),
	KUNIT_CASE(fallback_is_zero),
	KUNIT_CASE(page_or_less_does_not_fall_back),
	KUNIT_CASE(only_the_lack_of_a_fallback_is_reported),
	KUNIT_CASE(contiguous_memory_is_not_worth_reclaim),
	KUNIT_CASE(nobody_is_killed_for_contiguous_memory),
	KUNIT_CASE(mapping_without_sleep_is_up_to_the_series),
	KUNIT_CASE(crazy_sizes_are_refused),
	KUNIT_CASE(int_max_is_not_crazy),
	KUNIT_CASE(array_is_n_by_size),
	KUNIT_CASE_PARAM(overflowing_array_is_refused, overflow_gen_params),
	KUNIT_CASE(mapped_memory_is_aligned),
	KUNIT_CASE(flags_choose_the_cache),
	KUNIT_CASE(write_behind_the_size_is_reported),
	KUNIT_CASE(caller_has_allocated),
	{}
};

static struct kunit_suite kvmalloc_suite = {
	.name = "kmem_kvmalloc",
	.init = kmem_suite_init,
	.test_cases = kvmalloc_cases,
};

kunit_test_suite(kvmalloc_suite);

MODULE_DESCRIPTION("KUnit tests for kvmalloc()");
MODULE_LICENSE("GPL");
