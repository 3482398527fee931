// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmalloc() at its limits: no bytes, whole pages, more than there can be,
 * arrays whose size overflows, and flags that are not for slab.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_kmalloc_limits'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/kfence.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/vmstat.h>
#include "kmem_kmalloc.h"
#include "kmem_kunit.h"

/* the first size that no cache has */
#define LARGE		(KMALLOC_MAX_CACHE_SIZE + 1)

DEFINE_WAY(kmalloc, kmalloc(size, gfp))
DEFINE_WAY(kzalloc, kzalloc(size, gfp))
DEFINE_WAY(kmalloc_node, kmalloc_node(size, gfp, numa_mem_id()))
DEFINE_WAY(kmalloc_any_node, kmalloc_node(size, gfp, NUMA_NO_NODE))
DEFINE_WAY(track_caller, kmalloc_track_caller(size, gfp))
DEFINE_WAY(node_track_caller, kmalloc_node_track_caller(size, gfp, numa_mem_id()))
DEFINE_WAY(kmalloc_array, kmalloc_array(1, size, gfp))
DEFINE_WAY(kmalloc_array_node, kmalloc_array_node(size, 1, gfp, NUMA_NO_NODE))
DEFINE_WAY(kcalloc, kcalloc(size, 1, gfp))
DEFINE_WAY(krealloc, krealloc(NULL, size, gfp))

/* The sizes that constant_size_way() knows beforehand. */
#define TOO_LARGE	(KMALLOC_MAX_SIZE + 1)

static void *constant_size_way(size_t size, gfp_t gfp)
{
	switch (size) {
	case LARGE: return kmalloc(LARGE, gfp);
	case 2 * KMALLOC_MAX_CACHE_SIZE: return kmalloc(2 * KMALLOC_MAX_CACHE_SIZE, gfp);
	case SZ_256K: return kmalloc(SZ_256K, gfp);
	case TOO_LARGE: return kmalloc(TOO_LARGE, gfp);
	default: return kmalloc_way(size, gfp);
	}
}

static void *constant_size_node_way(size_t size, gfp_t gfp)
{
	switch (size) {
	case LARGE: return kmalloc_node(LARGE, gfp, numa_mem_id());
	case 2 * KMALLOC_MAX_CACHE_SIZE:
		return kmalloc_node(2 * KMALLOC_MAX_CACHE_SIZE, gfp, NUMA_NO_NODE);
	case SZ_256K: return kmalloc_node(SZ_256K, gfp, NUMA_NO_NODE);
	case TOO_LARGE: return kmalloc_node(TOO_LARGE, gfp, numa_mem_id());
	default: return kmalloc_node_way(size, gfp);
	}
}

static const struct way ways[] = {
	WAY(kmalloc),
	WAY(kzalloc),
	WAY(kmalloc_node),
	WAY(kmalloc_any_node),
	WAY(track_caller),
	WAY(node_track_caller),
	WAY(kmalloc_array),
	WAY(kmalloc_array_node),
	WAY(kcalloc),
	WAY(krealloc),
	WAY(constant_size),
	WAY(constant_size_node),
};

KUNIT_ARRAY_PARAM_DESC(way, ways, name);

/*
 * No bytes
 */

/*
 * No bytes give ZERO_SIZE_PTR, by whatever function, whether the compiler knows
 * of it or not, and whatever the flags. Source: ZERO_SIZE_PTR in
 * include/linux/slab.h, "will be returned for zero sized kmalloc requests".
 */
static void no_bytes_give_zero_size_ptr(struct kunit *test)
{
	const struct way *way = test->param_value;

	KUNIT_EXPECT_PTR_EQ(test, way->alloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, way->alloc(0, GFP_ATOMIC | __GFP_ZERO), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, way->alloc(0, GFP_KERNEL_ACCOUNT), ZERO_SIZE_PTR);
}

/* A constant of zero takes another way through kmalloc() than a variable. */
static void constant_zero_gives_zero_size_ptr(struct kunit *test)
{
	KUNIT_EXPECT_PTR_EQ(test, kmalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, kzalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, kmalloc_node(0, GFP_KERNEL, numa_mem_id()), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, kmalloc_track_caller(0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, kmalloc_array(0, 8, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, kmalloc_array(8, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, kcalloc(0, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, kvmalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, kvmalloc_array(0, 8, GFP_KERNEL), ZERO_SIZE_PTR);
}

/*
 * What has no bytes has no size: NULL and ZERO_SIZE_PTR have ksize() 0, and no
 * bytes are rounded up to none. Source: ksize(), kmalloc_size_roundup().
 */
static void nothing_has_no_size(struct kunit *test)
{
	const void *zero_size = ZERO_SIZE_PTR, *null = NULL;

	OPTIMIZER_HIDE_VAR(zero_size);
	OPTIMIZER_HIDE_VAR(null);
	KUNIT_EXPECT_EQ(test, ksize(null), 0);
	KUNIT_EXPECT_EQ(test, ksize(zero_size), 0);
	KUNIT_EXPECT_EQ(test, kmalloc_size_roundup(0), 0);
}

/*
 * To ask for the size of what is not kmalloc()'s is reported each time, and no more
 * than the page is promised. Source: __ksize(), WARN_ON(), "Delete this after we're
 * sure there are no users" (7.x).
 */
static void size_of_a_plain_page_is_not_told_silently(struct kunit *test)
{
	struct page *page;
	size_t size = 0;

	KMEM_REQUIRE_NOT(test, CONFIG_SLOB, "which knows no pages from others");
	page = alloc_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KMEM_EXPECT_WARN_EACH_TIME(test, size = ksize(page_address(page)), "WARNING:");
	__free_page(page);
	KUNIT_EXPECT_LE(test, size, PAGE_SIZE);
}

/*
 * Whole pages
 */

/* From a power of two to the next one: itself, the next, half as much again, and all but one. */
static size_t next_large_size(size_t size)
{
	size_t power = rounddown_pow_of_two(size);

	if (size == power)
		return size + 1;
	if (size < power + power / 2)
		return power + power / 2;
	return size < 2 * power - 1 ? 2 * power - 1 : 2 * power;
}

/*
 * What no cache has is given in whole pages, a power of two of them, aligned to
 * all of it, in no slab, and usable to the last byte; ksize() and
 * kmalloc_size_roundup() know of it. Source: ___kmalloc_large_node(),
 * kmalloc_size_roundup(), __ksize().
 */
static void large_size_is_whole_pages(struct kunit *test)
{
	const struct way *way = test->param_value;
	size_t size;

	for (size = LARGE; size <= SZ_512K; size = next_large_size(size)) {
		size_t whole = PAGE_SIZE << get_order(size);
		u8 *memory = way->alloc(size, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL_MSG(test, memory, "size %zu", size);
		KUNIT_EXPECT_NULL_MSG(test, kmem_origin(memory).name, "size %zu", size);
		KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((uintptr_t)memory, whole), "size %zu", size);
		memory[0] = 1;
		memory[size - 1] = 2;
		KUNIT_EXPECT_EQ_MSG(test, ksize(memory), whole, "size %zu", size);
		KUNIT_EXPECT_EQ_MSG(test, kmalloc_size_roundup(size), whole, "size %zu", size);
		kfree(memory);
	}
}

/*
 * The largest size is KMALLOC_MAX_SIZE, and it can be had. Source:
 * KMALLOC_MAX_SIZE, "Maximum allocatable size".
 */
static void largest_size_can_be_had(struct kunit *test)
{
	size_t sizes[] = { KMALLOC_MAX_SIZE - 1, KMALLOC_MAX_SIZE }, i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u8 *memory = kmalloc_way(sizes[i], GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL_MSG(test, memory, "size %zu", sizes[i]);
		memory[sizes[i] - 1] = 1;
		KUNIT_EXPECT_EQ(test, ksize(memory), KMALLOC_MAX_SIZE);
		kfree(memory);
	}
	KUNIT_EXPECT_EQ(test, kmalloc_size_roundup(KMALLOC_MAX_SIZE - 1), KMALLOC_MAX_SIZE);
	KUNIT_EXPECT_EQ(test, kmalloc_size_roundup(KMALLOC_MAX_SIZE), KMALLOC_MAX_SIZE);
}

/*
 * A size that kmalloc() cannot give is rounded up to itself: never to less, and
 * never to 0, which it can give. Up to 6.6, that is so of SIZE_MAX only. Source:
 * kmalloc_size_roundup(), "Return 'size' for 0 ... and very large size".
 */
static void too_large_size_is_not_rounded(struct kunit *test)
{
	size_t sizes[] = { KMALLOC_MAX_SIZE + 1, KMALLOC_MAX_SIZE + PAGE_SIZE, SIZE_MAX / 2 + 2,
			   SIZE_MAX - PAGE_SIZE, SIZE_MAX - 1, SIZE_MAX }, i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		if (sizes[i] == SIZE_MAX || kmem_roundup_keeps_too_large())
			KUNIT_EXPECT_EQ(test, kmalloc_size_roundup(sizes[i]), sizes[i]);
}

/* Counters are exact without SMP, while nobody else can allocate. */
static void require_exact_counters(struct kunit *test)
{
	KMEM_REQUIRE_NOT(test, CONFIG_SMP, "where each CPU has counters of its own");
	if (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		kunit_skip(test, "needs CONFIG_DEBUG_KMEMLEAK=n, which allocates on its own");
}

struct counters {
	unsigned long slab, free;
};

static struct counters count(void)
{
	return (struct counters){
		.slab = global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B),
		.free = global_zone_page_state(NR_FREE_PAGES),
	};
}

/* Allocate and free large memory, and count the pages before, meanwhile, and after. */
static void count_large(struct kunit *test, const struct way *way, size_t size,
			struct counters counters[3])
{
	unsigned long irqflags;
	void *memory;

	local_irq_save(irqflags);
	counters[0] = count();
	memory = way->alloc(size, GFP_ATOMIC);
	counters[1] = count();
	kfree(memory);
	counters[2] = count();
	local_irq_restore(irqflags);
	KUNIT_ASSERT_NOT_NULL_MSG(test, memory, "size %zu", size);
}

/*
 * Large memory counts as slab that cannot be reclaimed as long as it lives, to
 * the page, and no longer. Source: ___kmalloc_large_node() and
 * free_large_kmalloc(), NR_SLAB_UNRECLAIMABLE_B.
 */
static void large_memory_is_counted(struct kunit *test)
{
	const struct way *way = test->param_value;
	struct counters counters[3];
	size_t size;

	require_exact_counters(test);
	for (size = LARGE; size <= SZ_512K; size = next_large_size(size)) {
		count_large(test, way, size, counters);
		KUNIT_EXPECT_EQ_MSG(test, counters[1].slab - counters[0].slab,
				    1UL << get_order(size), "size %zu", size);
		KUNIT_EXPECT_EQ_MSG(test, counters[2].slab, counters[0].slab, "size %zu", size);
	}
}

/*
 * Large memory is returned to the page allocator, all of it, as soon as it is
 * freed. Source: free_large_kmalloc().
 */
static void large_memory_is_returned(struct kunit *test)
{
	struct counters counters[3];
	size_t size;

	require_exact_counters(test);
	/* what is not cached per CPU, by no kernel */
	for (size = PAGE_SIZE << (PAGE_ALLOC_COSTLY_ORDER + 1); size <= SZ_512K; size *= 2) {
		count_large(test, &ways[0], size, counters);
		KUNIT_EXPECT_EQ_MSG(test, counters[0].free - counters[1].free, size / PAGE_SIZE,
				    "size %zu", size);
		KUNIT_EXPECT_EQ_MSG(test, counters[2].free, counters[0].free, "size %zu", size);
	}
}

/*
 * Too much
 */

static const size_t too_large_sizes[] = {
	TOO_LARGE, 2 * KMALLOC_MAX_SIZE, SIZE_MAX / 2, SIZE_MAX - PAGE_SIZE, SIZE_MAX,
};

/*
 * What is larger than KMALLOC_MAX_SIZE is not given, and that is worth one
 * warning of the page allocator. Source: __alloc_pages(),
 * WARN_ON_ONCE_GFP(order > MAX_PAGE_ORDER, gfp).
 */
static void too_large_is_reported(struct kunit *test)
{
	const struct way *way = test->param_value;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(too_large_sizes); i++) {
		void *memory = NULL;

		KMEM_EXPECT_WARN(test, memory = way->alloc(too_large_sizes[i], GFP_KERNEL),
				 "mm/page_alloc.c:");
		KUNIT_EXPECT_NULL_MSG(test, memory, "size %zu", too_large_sizes[i]);
	}
}

/*
 * With __GFP_NOWARN, it is not given and not reported. Source: __GFP_NOWARN in
 * include/linux/gfp_types.h, "suppresses allocation failure reports".
 */
static void too_large_is_silent_if_asked(struct kunit *test)
{
	const struct way *way = test->param_value;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(too_large_sizes); i++) {
		void *memory = NULL;

		KMEM_EXPECT_SILENCE(test, memory = way->alloc(too_large_sizes[i],
							      GFP_KERNEL | __GFP_NOWARN));
		KUNIT_EXPECT_NULL_MSG(test, memory, "size %zu", too_large_sizes[i]);
	}
}

/*
 * Arrays
 */

/**
 * struct array_way - a function that allocates an array
 * @name: of the parameter
 * @alloc: calls it
 */
struct array_way {
	const char *name;
	void *(*alloc)(size_t n, size_t size, gfp_t gfp);
};

#define DEFINE_ARRAY_WAY(name, call)					\
	static noinline void *name##_elements(size_t n, size_t size, gfp_t gfp) \
	{								\
		OPTIMIZER_HIDE_VAR(n);					\
		OPTIMIZER_HIDE_VAR(size);				\
		return call;						\
	}

DEFINE_ARRAY_WAY(kmalloc, kmalloc_array(n, size, gfp))
DEFINE_ARRAY_WAY(kmalloc_node, kmalloc_array_node(n, size, gfp, NUMA_NO_NODE))
DEFINE_ARRAY_WAY(kcalloc, kcalloc(n, size, gfp))
DEFINE_ARRAY_WAY(kcalloc_node, kcalloc_node(n, size, gfp, NUMA_NO_NODE))
DEFINE_ARRAY_WAY(krealloc, krealloc_array(NULL, n, size, gfp))
DEFINE_ARRAY_WAY(kvmalloc, kvmalloc_array(n, size, gfp))
DEFINE_ARRAY_WAY(kvcalloc, kvcalloc(n, size, gfp))

#define ARRAY_WAY(name)	{ #name, name##_elements }

static const struct array_way array_ways[] = {
	ARRAY_WAY(kmalloc),
	ARRAY_WAY(kmalloc_node),
	ARRAY_WAY(kcalloc),
	ARRAY_WAY(kcalloc_node),
	ARRAY_WAY(krealloc),
	ARRAY_WAY(kvmalloc),
	ARRAY_WAY(kvcalloc),
};

KUNIT_ARRAY_PARAM_DESC(array_way, array_ways, name);

#define HALF_BITS	(BITS_PER_LONG / 2)

/*
 * An array whose size in bytes does not fit into a size_t is not allocated:
 * NULL, and no report, even where what is left of the size could be had.
 * Source: kmalloc_array() and its kin, with check_mul_overflow().
 */
static void overflowing_array_gives_null(struct kunit *test)
{
	static const struct {
		size_t n, size;
	} arrays[] = {
		{ 2, SIZE_MAX }, { SIZE_MAX, 2 }, { SIZE_MAX, SIZE_MAX },
		{ SIZE_MAX / 2 + 1, 2 }, { 2, SIZE_MAX / 2 + 1 },
		{ SIZE_MAX / 16 + 2, 16 }, { 16, SIZE_MAX / 16 + 2 },
		{ 1UL << HALF_BITS, 1UL << HALF_BITS },
		{ (1UL << HALF_BITS) + 1, 1UL << HALF_BITS },
		{ SIZE_MAX / 3 + 1, 3 }, { SIZE_MAX, 8 }, { 8, SIZE_MAX },
	};
	const struct array_way *way = test->param_value;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(arrays); i++) {
		void *array = NULL;

		KMEM_EXPECT_SILENCE(test, array = way->alloc(arrays[i].n, arrays[i].size,
							     GFP_KERNEL));
		KUNIT_EXPECT_NULL_MSG(test, array, "%zu elements of %zu bytes", arrays[i].n,
				      arrays[i].size);
		kvfree(array);
	}
}

/*
 * An array has room for all of its elements, and no more than kmalloc() of as
 * many bytes. Source: kmalloc_array(), "number of elements" and "element size".
 */
static void array_holds_its_elements(struct kunit *test)
{
	static const struct {
		size_t n, size;
	} arrays[] = {
		{ 1, 1 }, { 3, 5 }, { 5, 3 }, { 8, 8 }, { 13, 5 }, { 2, 96 }, { 96, 2 },
		{ 100, 24 }, { 1000, 8 }, { 8, 1000 }, { 3, 4096 }, { 4097, 3 }, { 1025, 64 },
		{ 8, 2048 },
	};
	const struct array_way *way = test->param_value;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(arrays); i++) {
		size_t size = arrays[i].n * arrays[i].size;
		void *array = way->alloc(arrays[i].n, arrays[i].size, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, array);
		memset(array, 0xaa, size);
		if (!is_kfence_address(array) && !is_vmalloc_addr(array))
			KUNIT_EXPECT_EQ_MSG(test, ksize(array), kmalloc_size_roundup(size),
					    "%zu elements of %zu bytes", arrays[i].n,
					    arrays[i].size);
		kvfree(array);
	}
}

/*
 * An array of no elements, or of elements of no bytes, has no bytes. Source:
 * kmalloc_array(), as kmalloc(0).
 */
static void array_of_nothing_gives_zero_size_ptr(struct kunit *test)
{
	const struct array_way *way = test->param_value;

	KUNIT_EXPECT_PTR_EQ(test, way->alloc(0, 8, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, way->alloc(8, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, way->alloc(0, SIZE_MAX, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, way->alloc(SIZE_MAX, 0, GFP_KERNEL), ZERO_SIZE_PTR);
}

/*
 * Flags
 */

/* The flags that slab does not take. */
static const struct bad_flag {
	const char *name;
	gfp_t gfp;
} bad_flags[] = {
	{ "highmem", __GFP_HIGHMEM },
	{ "dma32", __GFP_DMA32 },
};

KUNIT_ARRAY_PARAM_DESC(bad_flag, bad_flags, name);

/*
 * Flags that are not for slab are reported and dropped, and the memory is given
 * all the same, where it can be reached: when a new slab is needed. Source:
 * new_slab(), GFP_SLAB_BUG_MASK, kmalloc_fix_flags().
 */
static void bad_flag_for_a_slab_is_dropped(struct kunit *test)
{
	const struct bad_flag *bad = test->param_value;
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_flags", 64, 0, NULL);
	const struct kmem_report *report;
	void *object = NULL;

	report = KMEM_CAPTURE(test, object = kmem_cache_alloc(cache, GFP_KERNEL | bad->gfp));
	kmem_expect_heads(test, report, "bad flag", 0, 0);
	kmem_expect_text(test, report, "Unexpected gfp: %#x (%pGg). Fixing up to gfp: ",
			 (__force unsigned int)bad->gfp, &bad->gfp);
	kmem_expect_trace(test, report);
	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_EXPECT_TRUE(test, virt_addr_valid(object));
	memset(object, 0xaa, 64);
	kmem_cache_free(cache, object);
}

/*
 * So it is for large memory, each time, and the other flags still count. Source:
 * ___kmalloc_large_node(), as above.
 */
static void bad_flag_for_pages_is_dropped(struct kunit *test)
{
	const struct bad_flag *bad = test->param_value;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		const struct kmem_report *report;
		gfp_t good = GFP_KERNEL;
		void *memory = NULL;

		if (ways[i].alloc == kzalloc_way || ways[i].alloc == kcalloc_way)
			good |= __GFP_ZERO;
		report = KMEM_CAPTURE(test, {
			memory = ways[i].alloc(LARGE, GFP_NOIO | bad->gfp);
			if (memory)
				memset(memory, 0xaa, LARGE);
			kfree(memory);
			memory = ways[i].alloc(LARGE, GFP_KERNEL | bad->gfp);
		});
		kmem_expect_heads(test, report, ways[i].name, 0, 0);
		kmem_expect_text(test, report,
				 "Unexpected gfp: %#x (%pGg). Fixing up to gfp: %#x (%pGg). ",
				 (__force unsigned int)bad->gfp, &bad->gfp,
				 (__force unsigned int)good, &good);
		KUNIT_ASSERT_NOT_NULL_MSG(test, memory, "%s", ways[i].name);
		KUNIT_EXPECT_TRUE_MSG(test, virt_addr_valid(memory), "%s", ways[i].name);
		if (good & __GFP_ZERO)
			KUNIT_EXPECT_NULL_MSG(test, memchr_inv(memory, 0, LARGE), "%s",
					      ways[i].name);
		memset(memory, 0xaa, LARGE);
		kfree(memory);
	}
}

/*
 * Flags that are for slab are not reported, neither for a new slab nor for
 * pages. Source: GFP_SLAB_BUG_MASK, which lacks them.
 */
static void good_flag_is_silent(struct kunit *test)
{
	static const gfp_t good[] = {
		GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT, GFP_NOIO, GFP_NOFS, GFP_USER, GFP_DMA,
		GFP_KERNEL_ACCOUNT, GFP_KERNEL | __GFP_ZERO, GFP_KERNEL | __GFP_RECLAIMABLE,
		GFP_KERNEL | __GFP_NOWARN, GFP_KERNEL | __GFP_NORETRY,
		GFP_KERNEL | __GFP_RETRY_MAYFAIL,
		GFP_KERNEL | __GFP_THISNODE, GFP_KERNEL | __GFP_HARDWALL, GFP_KERNEL | __GFP_COMP,
		GFP_KERNEL | __GFP_NOMEMALLOC, GFP_KERNEL | __GFP_HIGH,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		struct kmem_cache *cache = kmem_private_cache(test, "kmem_flags", 64, 0, NULL);
		const struct kmem_report *report;
		void *object = NULL, *large = NULL;

		report = KMEM_CAPTURE(test, {
			object = kmem_cache_alloc(cache, good[i]);
			large = kmalloc_way(LARGE, good[i]);
		});
		kmem_expect_heads(test, report, "good flags", 0, 0);
		KUNIT_EXPECT_NULL_MSG(test, strstr(report->text, "Unexpected gfp"), "%pGg",
				      &good[i]);
		KUNIT_EXPECT_NOT_NULL_MSG(test, object, "%pGg", &good[i]);
		KUNIT_EXPECT_NOT_NULL_MSG(test, large, "%pGg", &good[i]);
		kfree(large);
		if (object)
			kmem_cache_free(cache, object);
		kmem_private_cache_destroy(test, cache);
	}
}

static struct kunit_case kmem_kmalloc_limits_cases[] = {
	KUNIT_CASE_PARAM(no_bytes_give_zero_size_ptr, way_gen_params),
	KUNIT_CASE(constant_zero_gives_zero_size_ptr),
	KUNIT_CASE(nothing_has_no_size),
	KUNIT_CASE(size_of_a_plain_page_is_not_told_silently),
	KUNIT_CASE_PARAM(large_size_is_whole_pages, way_gen_params),
	KUNIT_CASE(largest_size_can_be_had),
	KUNIT_CASE(too_large_size_is_not_rounded),
	KUNIT_CASE_PARAM(large_memory_is_counted, way_gen_params),
	KUNIT_CASE(large_memory_is_returned),
	KUNIT_CASE_PARAM(too_large_is_reported, way_gen_params),
	KUNIT_CASE_PARAM(too_large_is_silent_if_asked, way_gen_params),
	KUNIT_CASE_PARAM(overflowing_array_gives_null, array_way_gen_params),
	KUNIT_CASE_PARAM(array_holds_its_elements, array_way_gen_params),
	KUNIT_CASE_PARAM(array_of_nothing_gives_zero_size_ptr, array_way_gen_params),
	KUNIT_CASE_PARAM(bad_flag_for_a_slab_is_dropped, bad_flag_gen_params),
	KUNIT_CASE_PARAM(bad_flag_for_pages_is_dropped, bad_flag_gen_params),
	KUNIT_CASE(good_flag_is_silent),
	{}
};

static struct kunit_suite kmem_kmalloc_limits_suite = {
	.name = "kmem_kmalloc_limits",
	.init = kmem_suite_init,
	.test_cases = kmem_kmalloc_limits_cases,
};

kunit_test_suite(kmem_kmalloc_limits_suite);

MODULE_DESCRIPTION("KUnit tests for kmalloc() at its limits");
MODULE_LICENSE("GPL");
