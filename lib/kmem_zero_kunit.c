// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zeroed allocations.
 *
 * Memory that nobody has used yet is often zero by luck. So every case here
 * first fills the memory, frees it, and allocates until the same memory comes
 * back; if it never does, nothing is proved and the case fails. That this
 * procedure does yield dirty memory is a case of its own, on the same
 * allocators without __GFP_ZERO.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_zero'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/kfence.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>
#include "kmem_dirt.h"
#include "kmem_kunit.h"

#define DIRT		0xd1
#define SMALLEST	8
#define OBJECT_SIZE	64
/* how many allocations may pass until the freed memory comes back */
#define TRIES		512
#define TRIES_OF_ONE	64
/* what the allocator may have written into freed memory: a free pointer, KASAN's data */
#define FREE_METADATA	((IS_ENABLED(CONFIG_KASAN) ? 4 : 1) * sizeof(void *))
/* from here on, a size is what the page allocator deals in */
#define COARSE_SIZE	(2 * KMALLOC_MAX_CACHE_SIZE)

/**
 * struct allocator - a function that zeroes, and its twin that does not
 * @name: of the parameter
 * @zeroed: allocates zeroed memory
 * @plain: allocates from the same place, by the same way, as it is
 * @release: frees memory of both
 * @largest: the largest size to try
 */
struct allocator {
	const char *name;
	void *(*zeroed)(size_t size);
	void *(*plain)(size_t size);
	void (*release)(const void *memory);
	size_t largest;
};

#define DEFINE_ALLOCATOR(name, zeroed, plain)				\
	static void *name##_zeroed(size_t size) { return zeroed; }	\
	static void *name##_plain(size_t size) { return plain; }

DEFINE_ALLOCATOR(kzalloc, kzalloc(size, GFP_KERNEL), kmalloc(size, GFP_KERNEL))
DEFINE_ALLOCATOR(kzalloc_atomic, kzalloc(size, GFP_ATOMIC), kmalloc(size, GFP_ATOMIC))
DEFINE_ALLOCATOR(kzalloc_node, kzalloc_node(size, GFP_KERNEL, numa_mem_id()),
		 kmalloc_node(size, GFP_KERNEL, numa_mem_id()))
DEFINE_ALLOCATOR(kcalloc, kcalloc(size, 1, GFP_KERNEL), kmalloc_array(size, 1, GFP_KERNEL))
DEFINE_ALLOCATOR(kcalloc_node, kcalloc_node(1, size, GFP_KERNEL, NUMA_NO_NODE),
		 kmalloc_array_node(1, size, GFP_KERNEL, NUMA_NO_NODE))
DEFINE_ALLOCATOR(kmalloc_gfp_zero, kmalloc(size, GFP_KERNEL | __GFP_ZERO),
		 kmalloc(size, GFP_KERNEL))
DEFINE_ALLOCATOR(kmalloc_reclaimable, kmalloc(size, GFP_KERNEL | __GFP_RECLAIMABLE | __GFP_ZERO),
		 kmalloc(size, GFP_KERNEL | __GFP_RECLAIMABLE))
DEFINE_ALLOCATOR(kmalloc_array_gfp_zero, kmalloc_array(1, size, GFP_KERNEL | __GFP_ZERO),
		 kmalloc_array(1, size, GFP_KERNEL))
DEFINE_ALLOCATOR(kvzalloc, kvzalloc(size, GFP_KERNEL), kvmalloc(size, GFP_KERNEL))
DEFINE_ALLOCATOR(kvzalloc_node, kvzalloc_node(size, GFP_KERNEL, numa_mem_id()),
		 kvmalloc_node(size, GFP_KERNEL, numa_mem_id()))
DEFINE_ALLOCATOR(kvcalloc, kvcalloc(size, 1, GFP_KERNEL), kvmalloc_array(size, 1, GFP_KERNEL))
DEFINE_ALLOCATOR(kvcalloc_node, kvcalloc_node(1, size, GFP_KERNEL, numa_mem_id()),
		 kvmalloc_node(size, GFP_KERNEL, numa_mem_id()))

/* With a size that the compiler knows, kmalloc() finds the cache inline. */
static void *kmalloc_constant(size_t size, gfp_t gfp)
{
	switch (size) {
	case 8: return kmalloc(8, gfp);
	case 16: return kmalloc(16, gfp);
	case 32: return kmalloc(32, gfp);
	case 64: return kmalloc(64, gfp);
	case 65: return kmalloc(65, gfp);
	case 96: return kmalloc(96, gfp);
	case 128: return kmalloc(128, gfp);
	case 129: return kmalloc(129, gfp);
	case 192: return kmalloc(192, gfp);
	case 256: return kmalloc(256, gfp);
	case SZ_512: return kmalloc(SZ_512, gfp);
	case SZ_1K: return kmalloc(SZ_1K, gfp);
	case SZ_2K: return kmalloc(SZ_2K, gfp);
	case SZ_4K: return kmalloc(SZ_4K, gfp);
	case SZ_8K: return kmalloc(SZ_8K, gfp);
	case SZ_16K: return kmalloc(SZ_16K, gfp);
	case SZ_1M: return kmalloc(SZ_1M, gfp);
	default: return kmalloc(size, gfp);
	}
}

DEFINE_ALLOCATOR(constant_size, kmalloc_constant(size, GFP_KERNEL | __GFP_ZERO),
		 kmalloc_constant(size, GFP_KERNEL))

#define ALLOCATOR(name, release, largest)				\
	{ #name, name##_zeroed, name##_plain, release, largest }

static const struct allocator allocators[] = {
	ALLOCATOR(kzalloc, kfree, KMALLOC_MAX_SIZE),
	ALLOCATOR(constant_size, kfree, SZ_1M),
	ALLOCATOR(kzalloc_atomic, kfree, SZ_64K),
	ALLOCATOR(kzalloc_node, kfree, SZ_1M),
	ALLOCATOR(kcalloc, kfree, SZ_1M),
	ALLOCATOR(kcalloc_node, kfree, SZ_64K),
	ALLOCATOR(kmalloc_gfp_zero, kfree, SZ_1M),
	ALLOCATOR(kmalloc_reclaimable, kfree, SZ_64K),
	ALLOCATOR(kmalloc_array_gfp_zero, kfree, SZ_64K),
	ALLOCATOR(kvzalloc, kvfree, KMALLOC_MAX_SIZE),
	ALLOCATOR(kvzalloc_node, kvfree, SZ_64K),
	ALLOCATOR(kvcalloc, kvfree, SZ_1M),
	ALLOCATOR(kvcalloc_node, kvfree, SZ_64K),
};

KUNIT_ARRAY_PARAM_DESC(allocator, allocators, name);

/*
 * The next size to try. From a power of two c to the next one, these are c and
 * c + 1, the three around 3c / 2, and 2c - 1: all of kmalloc's classes, 96 and
 * 192 among them, with what lies next to them and in between. Where only pages
 * count, c and c + 1 will do.
 */
static size_t next_size(size_t size)
{
	size_t power = rounddown_pow_of_two(size);
	size_t middle = power + power / 2;

	if (size == power)
		return size + 1;
	if (power >= COARSE_SIZE)
		return 2 * power;
	if (size < middle - 1)
		return middle - 1;
	if (size <= middle)
		return size + 1;
	if (size < 2 * power - 1)
		return 2 * power - 1;
	return 2 * power;
}

/*
 * Allocate, dirty and free as much memory as an allocation of @size really is,
 * then allocate @size bytes until that memory comes back. A page of a block that
 * is of another kind, or of another CPU's list, may not: then other memory is
 * dirtied, now and then.
 */
static u8 *recycle(struct kunit *test, void *(*alloc)(size_t size),
		   void (*release)(const void *memory), size_t size)
{
	size_t whole = kmalloc_size_roundup(size);
	static void *kept[2 + TRIES];
	void *dirty = NULL, *memory = NULL;
	unsigned int i, nr = 0;

	if (kmem_is_partitioned() &&
	    (alloc == constant_size_zeroed || alloc == constant_size_plain))
		kunit_skip(test, "needs an unpartitioned kmalloc(): each size is a caller");
	for (i = 0; i <= TRIES; i++) {
		/* one call for both: the caller may decide on the kmalloc cache */
		memory = alloc(dirty ? size : whole);
		if (!memory || memory == dirty)
			break;
		/* KFENCE does not use memory again soon */
		if (dirty || is_kfence_address(memory)) {
			kept[nr++] = memory;
			if (i % TRIES_OF_ONE == 0)
				dirty = NULL;
			continue;
		}

		/* a neighbour, so that the slab is not given up */
		if (whole <= KMALLOC_MAX_CACHE_SIZE)
			kept[nr++] = alloc(whole);
		dirty = memory;
		memset(dirty, DIRT, whole);
		release(dirty);
	}
	while (nr)
		release(kept[--nr]);
	KUNIT_ASSERT_NOT_NULL_MSG(test, memory, "size %zu", size);
	KUNIT_ASSERT_PTR_EQ_MSG(test, memory, dirty,
				"size %zu: the memory did not come back, nothing is proved", size);
	return memory;
}

static void require_no_init(struct kunit *test)
{
	if (want_init_on_alloc(GFP_KERNEL) || want_init_on_free())
		kunit_skip(test, "needs a boot without init_on_alloc=1 and init_on_free=1");
}

/*
 * Every byte that was asked for is zero, whatever the memory held before.
 * Source: __GFP_ZERO in include/linux/gfp_types.h, "returns a zeroed page on
 * success", and slab_post_alloc_hook(), which zeroes at least the size that was
 * asked for.
 */
static void recycled_memory_is_zero(struct kunit *test)
{
	const struct allocator *allocator = test->param_value;
	size_t size;

	KMEM_REQUIRE_NOT(test, CONFIG_KASAN_GENERIC, "which keeps freed memory");
	for (size = SMALLEST; size <= allocator->largest; size = next_size(size)) {
		u8 *memory = recycle(test, allocator->zeroed, allocator->release, size);
		u8 *stain = memchr_inv(memory, 0, size);

		KUNIT_EXPECT_NULL_MSG(test, stain, "size %zu, offset %td", size, stain - memory);
		allocator->release(memory);
	}
}

/*
 * What does not ask for zeroes gets the memory as it is: so the procedure of
 * this suite does hand out dirty memory, and it is __GFP_ZERO that cleans it.
 */
static void recycled_plain_memory_is_dirty(struct kunit *test)
{
	const struct allocator *allocator = test->param_value;
	size_t size;

	KMEM_REQUIRE_NOT(test, CONFIG_KASAN_GENERIC, "which keeps freed memory");
	require_no_init(test);
	for (size = SMALLEST; size <= allocator->largest; size = next_size(size)) {
		u8 *memory = recycle(test, allocator->plain, allocator->release, size);
		size_t i, clean = 0;

		for (i = 0; i < size; i++)
			clean += !memory[i];
		KUNIT_EXPECT_LE_MSG(test, clean, FREE_METADATA, "size %zu", size);
		allocator->release(memory);
	}
}

/* SLUB knows who allocated an object where it also keeps the size asked for. */
static bool requests_are_tracked(struct kunit *test)
{
	void *object = kmalloc(32, GFP_KERNEL);
	const struct kmem_report *report;

	KUNIT_ASSERT_NOT_NULL(test, object);
	report = KMEM_CAPTURE(test, kmem_dump_obj(object));
	kfree(object);
	return strstr(report->text, " allocated at ");
}

/*
 * What ksize() has beyond the size that was asked for is zero as well, so that
 * a later krealloc() may hand it out. Source: slab_post_alloc_hook(), "zero the
 * whole object_size to handle possible later krealloc() with __GFP_ZERO", and
 * kmalloc_large(), which gets whole pages. Since 6.2, not so where the size asked for is
 * tracked (SLAB_STORE_USER), as the rest is red zone then.
 */
static void recycled_slack_is_zero(struct kunit *test)
{
	const struct allocator *allocator = test->param_value;
	size_t size;

	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "to which the slack is out of bounds");
	if (requests_are_tracked(test))
		kunit_skip(test, "needs a boot without slab_debug=U, which limits the zeroing");

	for (size = SMALLEST; size <= allocator->largest; size = next_size(size)) {
		size_t whole = kmalloc_size_roundup(size);
		u8 *memory = recycle(test, allocator->zeroed, allocator->release, size);
		u8 *stain;

		OPTIMIZER_HIDE_VAR(memory);
		KUNIT_EXPECT_EQ_MSG(test, ksize(memory), whole, "size %zu", size);
		stain = memchr_inv(memory + size, 0, whole - size);
		KUNIT_EXPECT_NULL_MSG(test, stain, "size %zu of %zu, offset %td", size, whole,
				      stain - memory);
		allocator->release(memory);
	}
}

/*
 * No bytes give ZERO_SIZE_PTR, which may be freed. Source: ZERO_SIZE_PTR in
 * include/linux/slab.h, "zero sized kmalloc requests".
 */
static void zero_size_gives_zero_size_ptr(struct kunit *test)
{
	const struct allocator *allocator = test->param_value;
	void *memory = allocator->zeroed(0);

	KUNIT_EXPECT_PTR_EQ(test, memory, ZERO_SIZE_PTR);
	allocator->release(memory);
}

KUNIT_ARRAY_PARAM_DESC(overflow, kmem_overflows, name);

/*
 * An array whose size overflows is not allocated, silently. Source:
 * kmalloc_array() and kvmalloc_array() in include/linux/slab.h, with
 * check_mul_overflow().
 */
static void overflowing_array_gives_null(struct kunit *test)
{
	const struct kmem_overflow *overflow = test->param_value;
	size_t n = overflow->n, size = overflow->size;

	KUNIT_EXPECT_NULL(test, kcalloc(n, size, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, kcalloc_node(n, size, GFP_KERNEL, NUMA_NO_NODE));
	KUNIT_EXPECT_NULL(test, kmalloc_array(n, size, GFP_KERNEL | __GFP_ZERO));
	KUNIT_EXPECT_NULL(test, kvcalloc(n, size, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, kvcalloc_node(n, size, GFP_KERNEL, NUMA_NO_NODE));
}

/*
 * What is too large is not allocated, and says nothing with __GFP_NOWARN.
 * Source: __alloc_pages() for more than KMALLOC_MAX_SIZE, kvmalloc_node() for
 * more than INT_MAX.
 */
static void too_large_gives_null(struct kunit *test)
{
	size_t kmalloc_max = KMALLOC_MAX_SIZE, kvmalloc_max = INT_MAX;

	OPTIMIZER_HIDE_VAR(kmalloc_max);
	OPTIMIZER_HIDE_VAR(kvmalloc_max);
	KUNIT_EXPECT_NULL(test, kzalloc(kmalloc_max + 1, GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, kcalloc(2, kmalloc_max, GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, kvzalloc(kvmalloc_max + 1, GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, kvcalloc(2, kvmalloc_max, GFP_KERNEL | __GFP_NOWARN));
}

static const struct allocator mapped_allocators[] = {
	ALLOCATOR(kvzalloc, kvfree, 0),
	ALLOCATOR(kvcalloc, kvfree, 0),
};

KUNIT_ARRAY_PARAM_DESC(mapped_allocator, mapped_allocators, name);

#define MAPPED_SIZE	(KMALLOC_MAX_SIZE + PAGE_SIZE + 1)

/*
 * Memory too large for kmalloc() is zero too, and pages of it were dirty before.
 * Source: kvmalloc_node(), which falls back to vmalloc with the same flags.
 */
static void recycled_mapped_pages_are_zero(struct kunit *test)
{
	const struct allocator *allocator = test->param_value;
	struct kmem_dirt dirt;
	u8 *memory, *stain;

	/* most of it comes back where vmalloc() takes single pages */
	memory = kvzalloc_plain(MAPPED_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	memset(memory, KMEM_DIRT, MAPPED_SIZE);
	kvfree(memory);
	memory = KMEM_MAP_ON_DIRT(test, &dirt, MAPPED_SIZE, allocator->zeroed(MAPPED_SIZE));
	stain = memchr_inv(memory, 0, MAPPED_SIZE);
	KUNIT_EXPECT_NULL_MSG(test, stain, "offset %td", stain - memory);
	kvfree(memory);
}

/* As recycled_plain_memory_is_dirty(), for pages: those that came back are dirty. */
static void recycled_plain_mapped_pages_are_dirty(struct kunit *test)
{
	struct kmem_dirt dirt;
	size_t offset;
	u8 *memory;

	require_no_init(test);
	memory = KMEM_MAP_ON_DIRT(test, &dirt, MAPPED_SIZE, kvzalloc_plain(MAPPED_SIZE));
	for (offset = 0; offset < MAPPED_SIZE; offset += PAGE_SIZE)
		if (kmem_is_of_dirt(&dirt, memory + offset))
			KUNIT_EXPECT_EQ_MSG(test, memory[offset], KMEM_DIRT, "offset %zu", offset);
	kvfree(memory);
}

static void *cache_zalloc(struct kmem_cache *cache)
{
	return kmem_cache_zalloc(cache, GFP_KERNEL);
}

static void *cache_alloc_zero(struct kmem_cache *cache)
{
	return kmem_cache_alloc(cache, GFP_NOWAIT | __GFP_ZERO);
}

static void *cache_alloc_node_zero(struct kmem_cache *cache)
{
	return kmem_cache_alloc_node(cache, GFP_KERNEL | __GFP_ZERO, numa_mem_id());
}

static void *cache_alloc_bulk_zero(struct kmem_cache *cache)
{
	void *object;

	return kmem_cache_alloc_bulk(cache, GFP_KERNEL | __GFP_ZERO, 1, &object) ? object : NULL;
}

/* The ways to get a zeroed object, in a cache of these flags. */
static const struct way {
	const char *name;
	void *(*zeroed)(struct kmem_cache *cache);
	slab_flags_t flags;
} ways[] = {
	{ "kmem_cache_zalloc", cache_zalloc, 0 },
	{ "kmem_cache_alloc", cache_alloc_zero, 0 },
	{ "kmem_cache_alloc_node", cache_alloc_node_zero, 0 },
	{ "kmem_cache_alloc_bulk", cache_alloc_bulk_zero, 0 },
	{ "hwcache_align", cache_zalloc, SLAB_HWCACHE_ALIGN },
	{ "typesafe_by_rcu", cache_zalloc, SLAB_TYPESAFE_BY_RCU },
	{ "red_zone", cache_zalloc, SLAB_RED_ZONE },
	{ "poison", cache_zalloc, SLAB_POISON },
	{ "all_checks", cache_zalloc,
	  SLAB_CONSISTENCY_CHECKS | SLAB_POISON | SLAB_RED_ZONE | SLAB_STORE_USER },
};

KUNIT_ARRAY_PARAM_DESC(way, ways, name);

static const unsigned int object_sizes[] = {
	1, 7, 8, 9, 24, 63, 64, 65, 100, 255, 1000, 2047, 4097, 12345, 100000,
};

static const unsigned int alignments[] = { 0, 128 };

/* Dirty and free an object, and take objects until it comes back. */
static u8 *recycle_object(struct kunit *test, struct kmem_cache *cache,
			  void *(*zeroed)(struct kmem_cache *cache))
{
	static void *kept[1 + TRIES];
	void *dirty, *object = NULL;
	unsigned int i, nr = 0;

	dirty = kmem_cache_alloc(cache, GFP_KERNEL);
	kept[nr++] = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, dirty);
	KUNIT_ASSERT_NOT_NULL(test, kept[0]);
	if (is_kfence_address(dirty))
		swap(dirty, kept[0]);
	memset(dirty, DIRT, kmem_cache_size(cache));
	kmem_cache_free(cache, dirty);
	/* then an object of SLAB_TYPESAFE_BY_RCU, or its slab, waits for readers */
	if (IS_ENABLED(CONFIG_SLUB_RCU_DEBUG) || IS_ENABLED(CONFIG_SLUB_TINY))
		rcu_barrier();

	for (i = 0; i < TRIES; i++) {
		object = zeroed(cache);
		if (!object || object == dirty)
			break;
		kept[nr++] = object;
	}
	while (nr)
		kmem_cache_free(cache, kept[--nr]);
	KUNIT_ASSERT_PTR_EQ_MSG(test, object, dirty,
				"the object did not come back, nothing is proved");
	return object;
}

/*
 * An object of a cache is zero up to its last byte, for every size, alignment
 * and debug option. Source: slab_post_alloc_hook(), which zeroes object_size.
 */
static void recycled_object_is_zero(struct kunit *test)
{
	const struct way *way = test->param_value;
	unsigned int i, j;

	if (way->flags & (SLAB_RED_ZONE | SLAB_POISON))
		KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	for (i = 0; i < ARRAY_SIZE(object_sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(alignments); j++) {
			struct kmem_cache *cache;
			u8 *object, *stain;

			cache = kmem_cache_create("kmem_zero", object_sizes[i], alignments[j],
						  way->flags | SLAB_NO_MERGE | SLAB_NO_USER_FLAGS,
						  NULL);
			kmem_adopt_cache(test, cache);
			object = recycle_object(test, cache, way->zeroed);
			stain = memchr_inv(object, 0, object_sizes[i]);
			KUNIT_EXPECT_NULL_MSG(test, stain, "size %u, align %u, offset %td",
					      object_sizes[i], alignments[j], stain - object);
			kmem_cache_free(cache, object);
			kmem_private_cache_destroy(test, cache);
		}
	}
}

/* many more than a slab has, of which the last one may have some that are fresh */
#define BULK	512

/*
 * All objects of a bulk allocation are zero, not only the first. Source:
 * kmem_cache_alloc_bulk(), which passes all of them to slab_post_alloc_hook().
 */
static void recycled_bulk_is_zero(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_zero_bulk", 100, 0, NULL);
	void **objects = kunit_kcalloc(test, BULK, sizeof(*objects), GFP_KERNEL);
	struct kmem_batch *batch = kmem_take(test, cache, 4 * BULK);
	unsigned int i, back = 0;

	KUNIT_ASSERT_NOT_NULL(test, objects);
	for (i = 0; i < batch->nr; i++)
		memset(batch->objects[i], DIRT, 100);
	/* every other one, so that the slabs stay */
	for (i = 1; i < batch->nr; i += 2)
		kmem_cache_free(cache, batch->objects[i]);
	KUNIT_ASSERT_TRUE(test, kmem_cache_alloc_bulk(cache, GFP_KERNEL | __GFP_ZERO, BULK,
						      objects));

	for (i = 0; i < BULK; i++) {
		back += kmem_count(batch, objects[i]);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(objects[i], 0, 100), "object %u", i);
	}
	KUNIT_EXPECT_GT_MSG(test, back, BULK / 2, "too few came back, nothing is proved");

	kmem_cache_free_bulk(cache, BULK, objects);
	for (i = 0; 2 * i < batch->nr; i++)
		batch->objects[i] = batch->objects[2 * i];
	batch->nr = i;
}

/*
 * Zeroing ends where the object ends: the neighbours keep what they hold.
 * Source: slab_post_alloc_hook(), as above.
 */
static void zeroing_spares_the_neighbours(struct kunit *test)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(object_sizes); i++) {
		unsigned int size = object_sizes[i];
		struct kmem_cache *cache = kmem_private_cache(test, "kmem_zero", size, 0, NULL);
		struct kmem_batch *batch = kmem_take(test, cache, 32);

		for (j = 0; j < batch->nr; j++)
			memset(batch->objects[j], DIRT, size);
		for (j = 1; j < batch->nr; j += 2)
			kmem_cache_free(cache, batch->objects[j]);
		for (j = 1; j < batch->nr; j += 2) {
			batch->objects[j] = kmem_cache_zalloc(cache, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, batch->objects[j]);
		}
		for (j = 0; j < batch->nr; j++)
			KUNIT_EXPECT_NULL_MSG(test, memchr_inv(batch->objects[j],
							       j % 2 ? 0 : DIRT, size),
					      "size %u, object %u", size, j);
		kmem_give_back(test, batch);
		kmem_private_cache_destroy(test, cache);
	}
}

static void construct(void *object)
{
	memset(object, DIRT, OBJECT_SIZE);
}

/*
 * To zero what a constructor has built makes no sense, and is reported once, however
 * many slabs are made so. Source: new_slab(), WARN_ON_ONCE(s->ctor && (flags & __GFP_ZERO)).
 */
static void zeroing_a_constructed_object_is_reported(struct kunit *test)
{
	struct kmem_cache *caches[2] = {
		kmem_private_cache(test, "kmem_zero_ctor", OBJECT_SIZE, 0, construct),
		kmem_private_cache(test, "kmem_zero_other", OBJECT_SIZE, 0, construct),
	};
	void *objects[2] = {};
	unsigned int i;

	KMEM_EXPECT_WARN(test, {
		for (i = 0; i < ARRAY_SIZE(objects); i++)
			objects[i] = kmem_cache_zalloc(caches[i], GFP_KERNEL);
	}, "mm/%s.c:", IS_ENABLED(CONFIG_SLUB) ? "slub" : "slab");
	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		KUNIT_ASSERT_NOT_NULL(test, objects[i]);
		kmem_cache_free(caches[i], objects[i]);
	}
}

static struct kunit_case kmem_zero_cases[] = {
	KUNIT_CASE_PARAM(recycled_memory_is_zero, allocator_gen_params),
	KUNIT_CASE_PARAM(recycled_plain_memory_is_dirty, allocator_gen_params),
	KUNIT_CASE_PARAM(recycled_slack_is_zero, allocator_gen_params),
	KUNIT_CASE_PARAM(recycled_mapped_pages_are_zero, mapped_allocator_gen_params),
	KUNIT_CASE(recycled_plain_mapped_pages_are_dirty),
	KUNIT_CASE_PARAM(recycled_object_is_zero, way_gen_params),
	KUNIT_CASE(recycled_bulk_is_zero),
	KUNIT_CASE(zeroing_spares_the_neighbours),
	KUNIT_CASE(zeroing_a_constructed_object_is_reported),
	KUNIT_CASE_PARAM(zero_size_gives_zero_size_ptr, allocator_gen_params),
	KUNIT_CASE_PARAM(overflowing_array_gives_null, overflow_gen_params),
	KUNIT_CASE(too_large_gives_null),
	{}
};

static struct kunit_suite kmem_zero_suite = {
	.name = "kmem_zero",
	.init = kmem_suite_init,
	.test_cases = kmem_zero_cases,
};

kunit_test_suite(kmem_zero_suite);

MODULE_DESCRIPTION("KUnit tests for zeroed allocations");
MODULE_LICENSE("GPL");
