// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmalloc()'s size classes.
 *
 * A request is served from the smallest class that it fits into, by whichever
 * function and whether or not the compiler knows the size. What lies beyond
 * the classes, and what is refused, is kmem_kmalloc_limits' concern.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_kmalloc'
 */
#include <kunit/test.h>
#include <linux/build_bug.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/kfence.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include "kmem_kmalloc.h"
#include "kmem_kunit.h"

/* up to here every single size is tried, beyond it those around each class */
#define ALL_SIZES_TO	512
/* objects of a class that are live at once: more than one slab of the larger ones */
#define MANY		24

DEFINE_WAY(kmalloc, kmalloc(size, gfp))
DEFINE_WAY(kzalloc, kzalloc(size, gfp))
DEFINE_WAY(kmalloc_node, kmalloc_node(size, gfp, numa_mem_id()))
DEFINE_WAY(kmalloc_any_node, kmalloc_node(size, gfp, NUMA_NO_NODE))
DEFINE_WAY(kzalloc_node, kzalloc_node(size, gfp, numa_mem_id()))
DEFINE_WAY(track_caller, kmalloc_track_caller(size, gfp))
DEFINE_WAY(node_track_caller, kmalloc_node_track_caller(size, gfp, numa_mem_id()))
DEFINE_WAY(kmalloc_array, kmalloc_array(1, size, gfp))
DEFINE_WAY(kmalloc_array_node, kmalloc_array_node(size, 1, gfp, numa_mem_id()))
DEFINE_WAY(kcalloc, kcalloc(size, 1, gfp))
DEFINE_WAY(kcalloc_node, kcalloc_node(1, size, gfp, numa_mem_id()))
DEFINE_WAY(krealloc, krealloc(NULL, size, gfp))
DEFINE_WAY(krealloc_array, krealloc_array(NULL, 1, size, gfp))
DEFINE_WAY(kvmalloc, kvmalloc(size, gfp))
DEFINE_WAY(kvmalloc_node, kvmalloc_node(size, gfp, numa_mem_id()))
DEFINE_WAY(kvmalloc_array, kvmalloc_array(1, size, gfp))

static const struct way ways[] = {
	WAY(kmalloc),
	WAY(kzalloc),
	WAY(kmalloc_node),
	WAY(kmalloc_any_node),
	WAY(kzalloc_node),
	WAY(track_caller),
	WAY(node_track_caller),
	WAY(kmalloc_array),
	WAY(kmalloc_array_node),
	WAY(kcalloc),
	WAY(kcalloc_node),
	WAY(krealloc),
	WAY(krealloc_array),
	WAY(kvmalloc),
	WAY(kvmalloc_node),
	WAY(kvmalloc_array),
};

KUNIT_ARRAY_PARAM_DESC(way, ways, name);

/*
 * The class of a size: the powers of two, and 96 and 192 where they are
 * aligned well enough. Source: __kmalloc_index() in include/linux/slab.h.
 */
static size_t class_of(size_t size)
{
	if (size <= KMALLOC_MIN_SIZE)
		return KMALLOC_MIN_SIZE;
	if (KMALLOC_MIN_SIZE <= 32 && size > 64 && size <= 96)
		return 96;
	if (KMALLOC_MIN_SIZE <= 64 && size > 128 && size <= 192)
		return 192;
	return roundup_pow_of_two(size);
}

/* The size to try after this one. */
static size_t next_size(size_t size)
{
	size_t class = class_of(size);

	if (size < ALL_SIZES_TO || size == class)
		return size + 1;
	return size < class - 1 ? class - 1 : class;
}

static void require_static_classes(struct kunit *test)
{
	if (dma_get_cache_alignment() > ARCH_KMALLOC_MINALIGN)
		kunit_skip(test, "needs a machine whose DMA does not do without small classes");
}

/* What kmalloc() calls a class: "kmalloc-96", "kmalloc-1k". */
static const char *class_name(size_t class)
{
	static char name[32];

	if (class < SZ_1K)
		snprintf(name, sizeof(name), "-%zu", class);
	else
		snprintf(name, sizeof(name), "-%zuk", class / SZ_1K);
	return name;
}

static bool ends_with(const char *string, const char *end)
{
	size_t length = strlen(string), end_length = strlen(end);

	return length >= end_length && !strcmp(string + length - end_length, end);
}

/* Expect that an object of @size bytes is from its class, and no other. */
static void expect_class(struct kunit *test, const void *object, size_t size)
{
	struct kmem_origin origin = kmem_origin(object);
	size_t class = class_of(size);

	KUNIT_ASSERT_NOT_NULL_MSG(test, origin.name, "size %zu", size);
	KUNIT_EXPECT_EQ_MSG(test, origin.size, class, "size %zu", size);
	KUNIT_EXPECT_TRUE_MSG(test, strstarts(origin.name, "kmalloc-") &&
			      ends_with(origin.name, class_name(class)),
			      "size %zu is from %s", size, origin.name);
	if (!is_kfence_address(object))
		KUNIT_EXPECT_EQ_MSG(test, ksize(object), class, "size %zu", size);
}

/*
 * A request is served from the smallest class that it fits into, which has
 * that size's name, and all of the class's bytes are the object's. Source:
 * kmalloc_slab(), kmalloc_info[] and create_kmalloc_caches().
 */
static void size_lands_in_its_class(struct kunit *test)
{
	const struct way *way = test->param_value;
	size_t size;

	require_static_classes(test);
	for (size = 1; size <= KMALLOC_MAX_CACHE_SIZE; size = next_size(size)) {
		void *object = way->alloc(size, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL_MSG(test, object, "size %zu", size);
		expect_class(test, object, size);
		kvfree(object);
	}
}

/* The first and the last size of each class. */
static const size_t constant_sizes[] = {
	1, 8, 9, 16, 17, 32, 33, 64, 65, 96, 97, 128, 129, 192, 193, 256, 257,
	512, 513, 1024, 1025, 2048, 2049, 4096, 4097, 8192,
};

enum function {
	KMALLOC,
	KZALLOC,
	KMALLOC_NODE,
	KMALLOC_ARRAY,
	KMALLOC_ARRAY_NODE,
};

/* Call a function with a size that the compiler knows. */
static __always_inline void *constant_call(enum function function, size_t size, gfp_t gfp)
{
	BUILD_BUG_ON(!__builtin_constant_p(size));
	switch (function) {
	case KMALLOC: return kmalloc(size, gfp);
	case KZALLOC: return kzalloc(size, gfp);
	case KMALLOC_NODE: return kmalloc_node(size, gfp, NUMA_NO_NODE);
	case KMALLOC_ARRAY: return kmalloc_array(size, 1, gfp);
	default: return kmalloc_array_node(1, size, gfp, NUMA_NO_NODE);
	}
}

static __always_inline void *constant_alloc(enum function function, size_t size, gfp_t gfp)
{
	switch (size) {
	case 1: return constant_call(function, 1, gfp);
	case 8: return constant_call(function, 8, gfp);
	case 9: return constant_call(function, 9, gfp);
	case 16: return constant_call(function, 16, gfp);
	case 17: return constant_call(function, 17, gfp);
	case 32: return constant_call(function, 32, gfp);
	case 33: return constant_call(function, 33, gfp);
	case 64: return constant_call(function, 64, gfp);
	case 65: return constant_call(function, 65, gfp);
	case 96: return constant_call(function, 96, gfp);
	case 97: return constant_call(function, 97, gfp);
	case 128: return constant_call(function, 128, gfp);
	case 129: return constant_call(function, 129, gfp);
	case 192: return constant_call(function, 192, gfp);
	case 193: return constant_call(function, 193, gfp);
	case 256: return constant_call(function, 256, gfp);
	case 257: return constant_call(function, 257, gfp);
	case 512: return constant_call(function, 512, gfp);
	case 513: return constant_call(function, 513, gfp);
	case 1024: return constant_call(function, 1024, gfp);
	case 1025: return constant_call(function, 1025, gfp);
	case 2048: return constant_call(function, 2048, gfp);
	case 2049: return constant_call(function, 2049, gfp);
	case 4096: return constant_call(function, 4096, gfp);
	case 4097: return constant_call(function, 4097, gfp);
	case 8192: return constant_call(function, 8192, gfp);
	default: return NULL;
	}
}

static void *constant_kmalloc(size_t size, gfp_t gfp)
{
	return constant_alloc(KMALLOC, size, gfp);
}

static void *constant_kzalloc(size_t size, gfp_t gfp)
{
	return constant_alloc(KZALLOC, size, gfp);
}

static void *constant_kmalloc_node(size_t size, gfp_t gfp)
{
	return constant_alloc(KMALLOC_NODE, size, gfp);
}

static void *constant_kmalloc_array(size_t size, gfp_t gfp)
{
	return constant_alloc(KMALLOC_ARRAY, size, gfp);
}

static void *constant_kmalloc_array_node(size_t size, gfp_t gfp)
{
	return constant_alloc(KMALLOC_ARRAY_NODE, size, gfp);
}

static const struct way constant_ways[] = {
	{ "kmalloc", constant_kmalloc },
	{ "kzalloc", constant_kzalloc },
	{ "kmalloc_node", constant_kmalloc_node },
	{ "kmalloc_array", constant_kmalloc_array },
	{ "kmalloc_array_node", constant_kmalloc_array_node },
};

KUNIT_ARRAY_PARAM_DESC(constant_way, constant_ways, name);

/*
 * A size that the compiler knows is served from the same class as if it did
 * not. Source: kmalloc(), which has kmalloc_index() find the cache inline.
 */
static void constant_size_lands_in_its_class(struct kunit *test)
{
	const struct way *way = test->param_value;
	unsigned int i;

	require_static_classes(test);
	for (i = 0; i < ARRAY_SIZE(constant_sizes); i++) {
		size_t size = constant_sizes[i];
		void *object = way->alloc(size, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL_MSG(test, object, "size %zu", size);
		if (size <= KMALLOC_MAX_CACHE_SIZE)
			expect_class(test, object, size);
		kfree(object);
	}
}

/*
 * A size that the compiler knows is zeroed, too, with __GFP_ZERO, on memory that
 * was dirty. Source: __GFP_ZERO in include/linux/gfp_types.h.
 */
static void constant_size_is_zero_if_asked(struct kunit *test)
{
	const struct way *way = test->param_value;
	unsigned int i, back = 0;

	KMEM_REQUIRE_NOT(test, CONFIG_KASAN_GENERIC, "whose quarantine keeps memory");
	for (i = 0; i < ARRAY_SIZE(constant_sizes); i++) {
		size_t size = constant_sizes[i];
		void *dirty = way->alloc(size, GFP_KERNEL), *object;

		KUNIT_ASSERT_NOT_NULL_MSG(test, dirty, "size %zu", size);
		memset(dirty, 0xd1, size);
		kfree(dirty);
		object = way->alloc(size, GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL_MSG(test, object, "size %zu", size);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(object, 0, size), "size %zu", size);
		back += object == dirty;
		kfree(object);
	}
	KUNIT_EXPECT_GT_MSG(test, back, 0, "no memory came back, nothing is proved");
}

/*
 * The index of a size is that of the cache with its class, and beyond the
 * caches it goes on with the powers of two. Source: the comment above
 * __kmalloc_index(), "Figure out which kmalloc slab an allocation of a certain
 * size belongs to".
 */
static void index_is_that_of_the_class(struct kunit *test)
{
	size_t size;

	require_static_classes(test);
	for (size = 1; size <= KMALLOC_MAX_CACHE_SIZE; size++) {
		unsigned int index = __kmalloc_index(size, false);

		KUNIT_ASSERT_LE_MSG(test, index, KMALLOC_SHIFT_HIGH, "size %zu", size);
		KUNIT_ASSERT_NOT_NULL_MSG(test, kmalloc_caches[KMALLOC_NORMAL][index],
					  "size %zu", size);
		if (kmem_cache_size(kmalloc_caches[KMALLOC_NORMAL][index]) != class_of(size))
			KUNIT_FAIL(test, "size %zu has index %u", size, index);
	}
	for (; size <= SZ_2M; size = next_size(size))
		KUNIT_EXPECT_EQ_MSG(test, __kmalloc_index(size, false), ilog2(class_of(size)),
				    "size %zu", size);
	KUNIT_EXPECT_EQ(test, __kmalloc_index(0, false), 0);
}

/*
 * kmalloc_size_roundup() tells, without an allocation, how many bytes a request
 * would really get. Source: its kernel-doc.
 */
static void roundup_foretells_the_class(struct kunit *test)
{
	size_t size;

	require_static_classes(test);
	for (size = 1; size <= KMALLOC_MAX_CACHE_SIZE; size++)
		if (kmalloc_size_roundup(size) != class_of(size))
			KUNIT_FAIL(test, "size %zu is rounded up to %zu", size,
				   kmalloc_size_roundup(size));
}

/*
 * Who asks for all that kmalloc_size_roundup() promises gets no more than that:
 * rounding up twice changes nothing. Source: kmalloc_size_roundup(), "Use this
 * to kmalloc() the full bucket size ahead of time".
 */
static void roundup_is_stable(struct kunit *test)
{
	size_t size;

	for (size = 0; size <= KMALLOC_MAX_SIZE; size = size ? next_size(size) : 1) {
		size_t whole = kmalloc_size_roundup(size);

		KUNIT_EXPECT_GE_MSG(test, whole, size, "size %zu", size);
		KUNIT_EXPECT_EQ_MSG(test, kmalloc_size_roundup(whole), whole, "size %zu", size);
	}
}

/* Many objects of one request, all live at once. */
struct pile {
	size_t size;
	u8 *objects[MANY];
};

static void free_pile(void *context)
{
	struct pile *pile = context;
	unsigned int i;

	for (i = 0; i < MANY; i++)
		kfree(pile->objects[i]);
	kfree(pile);
}

static struct pile *pile_up(struct kunit *test, size_t size, gfp_t gfp)
{
	struct pile *pile = kzalloc(sizeof(*pile), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, pile);
	pile->size = size;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_pile, pile), 0);
	for (i = 0; i < MANY; i++) {
		pile->objects[i] = kmalloc_way(size, gfp);
		KUNIT_ASSERT_NOT_NULL_MSG(test, pile->objects[i], "size %zu, object %u", size, i);
	}
	return pile;
}

/* The kinds of memory whose caches differ. */
static const struct kind {
	const char *name;
	gfp_t gfp;
} kinds[] = {
	{ "normal", GFP_KERNEL },
	{ "reclaimable", GFP_KERNEL | __GFP_RECLAIMABLE },
	{ "accounted", GFP_KERNEL_ACCOUNT },
	{ "dma", GFP_KERNEL | GFP_DMA },
};

KUNIT_ARRAY_PARAM_DESC(kind, kinds, name);

/* The alignment that the documentation of kmalloc() promises. */
static size_t promised_alignment(size_t size)
{
	size_t divisor = size & -size;

	if (!is_power_of_2(size) && !kmem_kmalloc_aligns_to_divisor())
		return ARCH_KMALLOC_MINALIGN;
	return max_t(size_t, divisor, ARCH_KMALLOC_MINALIGN);
}

/*
 * Every object is aligned to the largest power of two that divides its size,
 * and at least to ARCH_KMALLOC_MINALIGN. Up to 6.10, only powers of two are.
 * Red zones and whatever else debugging puts between objects change nothing in it.
 * Source: kernel-doc of kmalloc(), create_boot_cache().
 */
static void object_is_aligned(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	size_t size;

	for (size = 8; size <= KMALLOC_MAX_CACHE_SIZE;
	     size += max_t(size_t, 8, rounddown_pow_of_two(size) / 4)) {
		struct pile *pile = pile_up(test, size, kind->gfp);
		size_t alignment = promised_alignment(size);
		unsigned int i;

		for (i = 0; i < MANY; i++)
			KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((uintptr_t)pile->objects[i],
							       alignment),
					      "size %zu, object %u, not aligned to %zu", size, i,
					      alignment);
		kunit_release_action(test, free_pile, pile);
	}
}

/* All that is tiny, and of each class its last size and one in between. */
static size_t next_pile_size(size_t size)
{
	size_t class = class_of(size);

	if (size < 16)
		return size + 1;
	return size == class ? size + size / 4 + 1 : class;
}

/*
 * An object is its owner's up to the last byte that was asked for, and nobody
 * else's: what the others are filled with does not change it, nor does it
 * upset the allocator. Source: the purpose of kmalloc().
 */
static void every_byte_is_the_owners(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	size_t size;

	for (size = 1; size <= KMALLOC_MAX_CACHE_SIZE; size = next_pile_size(size)) {
		struct pile *pile = pile_up(test, size, kind->gfp);
		unsigned int i;

		for (i = 0; i < MANY; i++)
			memset(pile->objects[i], 0xa0 + i, size);
		for (i = 0; i < MANY; i++)
			KUNIT_EXPECT_NULL_MSG(test, memchr_inv(pile->objects[i], 0xa0 + i, size),
					      "size %zu, object %u", size, i);
		kunit_release_action(test, free_pile, pile);
	}
}

/*
 * Memory that was asked for on a node is of that node, if it is asked for with
 * __GFP_THISNODE. Source: kmalloc_node(), and __GFP_THISNODE in
 * include/linux/gfp_types.h.
 */
static void node_is_obeyed(struct kunit *test)
{
	static const size_t sizes[] = { 8, 96, 100, 1000, 5000, 20000 };
	unsigned int i;
	int nid;

	for_each_node_state(nid, N_MEMORY) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			gfp_t gfp = GFP_KERNEL | __GFP_THISNODE;
			void *objects[] = {
				kmalloc_node(sizes[i], gfp, nid),
				kmalloc_node_track_caller(sizes[i], gfp, nid),
				kmalloc_array_node(1, sizes[i], gfp, nid),
			};
			unsigned int j;

			for (j = 0; j < ARRAY_SIZE(objects); j++) {
				KUNIT_EXPECT_NOT_NULL_MSG(test, objects[j], "size %zu, node %d",
							  sizes[i], nid);
				if (objects[j])
					KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(objects[j])),
							nid);
				kfree(objects[j]);
			}
		}
	}
}

/*
 * When no object is to be had, NULL is returned, silently, and the next call
 * is as good as ever. Source: kmalloc()'s callers, every one of them.
 */
static void failure_gives_null(struct kunit *test)
{
	const struct way *way = test->param_value;
	gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN;
	void *object;

	KUNIT_EXPECT_NULL(test, KMEM_FAILING(test, 1, way->alloc(64, gfp)));
	object = way->alloc(64, gfp);
	KUNIT_EXPECT_NOT_NULL(test, object);
	kfree(object);
}

/*
 * Whoever runs after boot is told that the allocator can be used. Source:
 * slab_is_available(), mm/slab_common.c.
 */
static void allocator_says_that_it_is_there(struct kunit *test)
{
#ifndef MODULE
	KUNIT_EXPECT_TRUE(test, slab_is_available());
#else
	kunit_skip(test, "needs to be built in, to call slab_is_available()");
#endif
}

static struct kunit_case kmem_kmalloc_cases[] = {
	KUNIT_CASE_PARAM(size_lands_in_its_class, way_gen_params),
	KUNIT_CASE_PARAM(constant_size_lands_in_its_class, constant_way_gen_params),
	KUNIT_CASE_PARAM(constant_size_is_zero_if_asked, constant_way_gen_params),
	KUNIT_CASE(index_is_that_of_the_class),
	KUNIT_CASE(roundup_foretells_the_class),
	KUNIT_CASE(roundup_is_stable),
	KUNIT_CASE_PARAM(object_is_aligned, kind_gen_params),
	KUNIT_CASE_PARAM(every_byte_is_the_owners, kind_gen_params),
	KUNIT_CASE(node_is_obeyed),
	KUNIT_CASE_PARAM(failure_gives_null, way_gen_params),
	KUNIT_CASE(allocator_says_that_it_is_there),
	{}
};

static struct kunit_suite kmem_kmalloc_suite = {
	.name = "kmem_kmalloc",
	.init = kmem_suite_init,
	.test_cases = kmem_kmalloc_cases,
};

kunit_test_suite(kmem_kmalloc_suite);

MODULE_DESCRIPTION("KUnit tests for the size classes of kmalloc()");
MODULE_LICENSE("GPL");
