// SPDX-License-Identifier: GPL-2.0-only
/*
 * What booting with init_on_alloc=1 and init_on_free=1 promises.
 *
 * As both may be on at once, a case cannot make memory dirty by using and
 * freeing it. What init_on_alloc does is seen on memory that was written to
 * after it was freed; what init_on_free does, on memory that is looked at after
 * it was freed.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit \
 *		--kernel_args='init_on_alloc=1 init_on_free=1' 'kmem_init'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/numa.h>
#include <linux/poison.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <mm/slab.h>
#include "kmem_count.h"
#include "kmem_debug.h"

#define NAME	"kmem_initialised"
#define DIRT	0xd1

static void require_init_on_alloc(struct kunit *test)
{
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which keeps freed memory and its own data");
	if (!want_init_on_alloc(0))
		kunit_skip(test, "needs a boot with init_on_alloc=1");
}

static void require_init_on_free(struct kunit *test)
{
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which keeps freed memory and its own data");
	if (!want_init_on_free())
		kunit_skip(test, "needs a boot with init_on_free=1");
}

/*
 * The boot parameters turn on what they are called after, and nothing else.
 * Source: Documentation/admin-guide/kernel-parameters.txt, init_on_alloc= and
 * init_on_free=.
 */
static void boot_parameters_turn_it_on(struct kunit *test)
{
#ifndef MODULE
	const char *line = saved_command_line;
	bool on_alloc = strstr(line, "init_on_alloc=1"), on_free = strstr(line, "init_on_free=1");

	if (!strstr(line, "init_on_alloc="))
		on_alloc = IS_ENABLED(CONFIG_INIT_ON_ALLOC_DEFAULT_ON);
	if (!strstr(line, "init_on_free="))
		on_free = IS_ENABLED(CONFIG_INIT_ON_FREE_DEFAULT_ON);
	if (strstr(line, "page_poison=1"))
		kunit_skip(test, "needs a boot without page_poison=1, which turns it off");
	KUNIT_EXPECT_EQ(test, want_init_on_alloc(0), on_alloc);
	KUNIT_EXPECT_TRUE(test, want_init_on_alloc(__GFP_ZERO));
	KUNIT_EXPECT_EQ(test, want_init_on_free(), on_free);
#else
	kunit_skip(test, "needs the suite built in, as no module sees the command line");
#endif
}

static void *alloc_one(struct kmem_cache *cache)
{
	return kmem_cache_alloc(cache, GFP_KERNEL);
}

static void *alloc_atomic(struct kmem_cache *cache)
{
	return kmem_cache_alloc(cache, GFP_ATOMIC);
}

static void *alloc_node(struct kmem_cache *cache)
{
	return kmem_cache_alloc_node(cache, GFP_KERNEL, NUMA_NO_NODE);
}

static void *alloc_lru(struct kmem_cache *cache)
{
	return kmem_cache_alloc_lru(cache, NULL, GFP_KERNEL);
}

static void *alloc_bulk(struct kmem_cache *cache)
{
	void *object;

	return kmem_cache_alloc_bulk(cache, GFP_KERNEL, 1, &object) ? object : NULL;
}

static void *alloc_request(struct kmem_cache *cache)
{
	return kmem_cache_kmalloc(cache, kmem_cache_size(cache), GFP_KERNEL);
}

static const struct way {
	const char *name;
	void *(*alloc)(struct kmem_cache *cache);
} ways[] = {
	{ "kmem_cache_alloc", alloc_one },
	{ "atomic", alloc_atomic },
	{ "kmem_cache_alloc_node", alloc_node },
	{ "kmem_cache_alloc_lru", alloc_lru },
	{ "kmem_cache_alloc_bulk", alloc_bulk },
	{ "kmalloc", alloc_request },
};

KUNIT_ARRAY_PARAM_DESC(way, ways, name);

#define REUSED	20
/* more objects than are free where these are */
#define MANY	2048
/* has a slab of its own, and no length or offset in it fits into 16 bits */
#define HUGE_SIZE	200000

static const unsigned int sizes[] = { 8, 9, 15, 24, 64, 100, 1000, 4097, HUGE_SIZE };

static void pollute(u8 *bytes, size_t from, size_t to)
{
	for (; from < to; from++)
		kmem_poke(bytes + from, DIRT);
}

/* Make a freed object dirty, but for its free pointer. */
static void pollute_object(struct kmem_cache *cache, u8 *object)
{
	unsigned int size = cache->object_size;

	pollute(object, 0, min(cache->offset, size));
	pollute(object, min_t(unsigned int, cache->offset + sizeof(void *), size), size);
}

/*
 * With init_on_alloc=1, every function of a cache hands out zeroed objects,
 * though nobody asks for it. Source: kernel-parameters.txt, init_on_alloc=;
 * slab_want_init_on_alloc(), slab_post_alloc_hook().
 */
static void dirty_object_is_handed_out_zeroed(struct kunit *test)
{
	const struct way *way = test->param_value;
	static const slab_flags_t flags[] = { 0, SLAB_RED_ZONE, SLAB_STORE_USER,
					      SLAB_CONSISTENCY_CHECKS };
	unsigned int i, j;

	require_init_on_alloc(test);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(flags); j++) {
			struct kmem_cache *cache = kmem_private_cache(test, NAME, sizes[i],
								      flags[j], NULL);
			struct kmem_batch *batch = kmem_take(test, cache, 1);
			u8 *dirty, *object;

			/* none of these checks what is in a freed object */
			dirty = kmem_cache_alloc(cache, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, dirty);
			kmem_cache_free(cache, dirty);
			pollute_object(cache, dirty);
			object = way->alloc(cache);
			KUNIT_EXPECT_PTR_EQ_MSG(test, object, dirty, "size %u, flags %u", sizes[i],
						j);
			KUNIT_EXPECT_NULL_MSG(test, memchr_inv(object, 0, sizes[i]),
					      "size %u, flags %u", sizes[i], j);
			kmem_cache_free(cache, object);
			kmem_give_back(test, batch);
			kmem_private_cache_destroy(test, cache);
		}
	}
}

/*
 * With init_on_alloc=1, each object of a bulk allocation is zeroed. Source: as
 * above.
 */
static void dirty_bulk_is_handed_out_zeroed(struct kunit *test)
{
	struct kmem_cache *cache;
	void *objects[8];
	unsigned int i;

	require_init_on_alloc(test);
	cache = kmem_private_cache(test, NAME, 100, 0, NULL);
	kmem_take(test, cache, 1);
	KUNIT_ASSERT_TRUE(test, kmem_cache_alloc_bulk(cache, GFP_KERNEL, 8, objects));
	for (i = 0; i < 8; i++)
		kmem_cache_free(cache, objects[i]);
	for (i = 0; i < 8; i++)
		pollute_object(cache, objects[i]);
	KUNIT_ASSERT_TRUE(test, kmem_cache_alloc_bulk(cache, GFP_KERNEL, 8, objects));
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(objects[i], 0, 100), "object %u", i);
	kmem_cache_free_bulk(cache, 8, objects);
}

/*
 * With init_on_free=1, a freed object is zero from its first to its last byte,
 * but for the free pointer: freed alone, in bulk, or by kfree(). Source:
 * kernel-parameters.txt, init_on_free=; slab_free_hook(), mm/slub.c.
 */
static void freed_object_is_zero(struct kunit *test)
{
	static const slab_flags_t flags[] = { 0, SLAB_RED_ZONE, SLAB_STORE_USER,
					      SLAB_RED_ZONE | SLAB_STORE_USER |
					      SLAB_CONSISTENCY_CHECKS };
	unsigned int i, j, way;

	require_init_on_free(test);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	for (i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(flags); i++) {
		unsigned int size = sizes[i % ARRAY_SIZE(sizes)];
		struct kmem_cache *cache = kmem_private_cache(test, NAME, size,
							      flags[i / ARRAY_SIZE(sizes)], NULL);
		struct kmem_batch *batch = kmem_take(test, cache, 1);

		for (way = 0; way < 3; way++) {
			void *object = kmem_cache_alloc(cache, GFP_KERNEL);

			KUNIT_ASSERT_NOT_NULL(test, object);
			memset(object, DIRT, size);
			if (way == 0)
				kmem_cache_free(cache, object);
			else if (way == 1)
				kmem_cache_free_bulk(cache, 1, &object);
			else
				kfree(object);
			for (j = 0; j < size; j++)
				if (kmem_peek(object + j) &&
				    (j < cache->offset || j >= cache->offset + sizeof(void *)))
					break;
			KUNIT_EXPECT_EQ_MSG(test, j, size, "flags %zu, way %u",
					    i / ARRAY_SIZE(sizes), way);
		}
		kmem_give_back(test, batch);
		kmem_private_cache_destroy(test, cache);
	}
}

/*
 * With init_on_free=1, each object of a bulk free is wiped. Source:
 * slab_free_freelist_hook(), free_to_pcs_bulk() (7.x), mm/slub.c.
 */
static void freed_bulk_is_zero(struct kunit *test)
{
	static const slab_flags_t flags[] = { 0, SLAB_RED_ZONE };
	void *objects[8];
	unsigned int i, j, k;

	require_init_on_free(test);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	for (k = 0; k < ARRAY_SIZE(flags); k++) {
		struct kmem_cache *cache = kmem_private_cache(test, NAME, 100, flags[k], NULL);
		struct kmem_batch *batch = kmem_take(test, cache, 1);

		KUNIT_ASSERT_TRUE(test, kmem_cache_alloc_bulk(cache, GFP_KERNEL, 8, objects));
		for (i = 0; i < 8; i++)
			memset(objects[i], DIRT, 100);
		kmem_cache_free_bulk(cache, 8, objects);
		for (i = 0; i < 8; i++) {
			for (j = 0; j < 100; j++)
				if (kmem_peek(objects[i] + j) &&
				    (j < cache->offset || j >= cache->offset + sizeof(void *)))
					break;
			KUNIT_EXPECT_EQ_MSG(test, j, 100, "object %u, flags %u", i, k);
		}
		kmem_give_back(test, batch);
		kmem_private_cache_destroy(test, cache);
	}
}

/* Free half of what is taken, and expect it to be zero when it is handed out again. */
static void expect_zero_again(struct kunit *test, struct kmem_cache *cache, const struct way *way)
{
	struct kmem_batch *batch = kmem_take(test, cache, 2 * REUSED);
	unsigned int i, nr, back = 0, size = cache->object_size;
	void *freed[REUSED], **objects = kmem_make_array(test, MANY);

	for (i = 0; i < 2 * REUSED; i++)
		memset(batch->objects[i], DIRT, size);
	for (i = 0; i < REUSED; i++)
		freed[i] = batch->objects[2 * i];
	kmem_free_half(batch);
	/* from wherever objects wait, into slabs, where each has a free pointer */
	kmem_cache_shrink(cache);
	for (nr = 0; nr < MANY && back < REUSED; nr++) {
		objects[nr] = way->alloc(cache);
		KUNIT_ASSERT_NOT_NULL(test, objects[nr]);
		for (i = 0; i < REUSED && freed[i] != objects[nr]; i++)
			;
		if (i == REUSED)
			continue;
		back++;
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(objects[nr], 0, size), "size %u, flags %#x",
				      size, (__force unsigned int)cache->flags);
	}
	KUNIT_EXPECT_EQ_MSG(test, back, REUSED, "size %u", size);
	kmem_free_array(cache, nr, objects);
	kmem_give_back(test, batch);
}

/*
 * With init_on_free=1 alone, an object that is handed out again is zero, and so
 * is the place where its free pointer was. Source: maybe_wipe_obj_freeptr(), "make
 * sure it's fully initialized by zeroing out freelist pointer", mm/slub.c.
 */
static void wiped_object_is_handed_out_zero(struct kunit *test)
{
	static const slab_flags_t flags[] = { 0, SLAB_NOLEAKTRACE, SLAB_CONSISTENCY_CHECKS };
	unsigned int i, j;

	require_init_on_free(test);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	if (want_init_on_alloc(0))
		kunit_skip(test, "needs a boot without init_on_alloc=1, which would do the same");
	/* an object that is alone in its slab has no free pointer that follows it */
	for (i = 0; sizes[i] < HUGE_SIZE; i++) {
		for (j = 0; j < ARRAY_SIZE(flags); j++) {
			struct kmem_cache *cache = kmem_private_cache(test, NAME, sizes[i],
								      flags[j], NULL);

			expect_zero_again(test, cache, test->param_value);
			kmem_private_cache_destroy(test, cache);
		}
	}
}

/*
 * So it is for an object that is alone in its slab, and whose free pointer, which leads
 * nowhere, is not zero as it is obfuscated. Source: as above; freelist_ptr_encode() (6.1:
 * freelist_ptr()), mm/slub.c.
 */
static void wiped_huge_object_is_handed_out_zero(struct kunit *test)
{
	/* whose slabs take back what is freed at once */
	static const slab_flags_t flags[] = { SLAB_NOLEAKTRACE, SLAB_CONSISTENCY_CHECKS };
	const struct way *way = test->param_value;
	unsigned int i;

	require_init_on_free(test);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE(test, CONFIG_SLAB_FREELIST_HARDENED);
	if (want_init_on_alloc(0))
		kunit_skip(test, "needs a boot without init_on_alloc=1, which would do the same");
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct kmem_cache *cache = kmem_private_cache(test, NAME, HUGE_SIZE, flags[i],
							      NULL);
		struct kmem_batch *batch = kmem_take(test, cache, 1);
		void *dirty = batch->objects[0], *object;

		memset(dirty, DIRT, HUGE_SIZE);
		kmem_give_back(test, batch);
		object = way->alloc(cache);
		KUNIT_EXPECT_PTR_EQ_MSG(test, object, dirty, "flags %u", i);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(object, 0, HUGE_SIZE), "flags %u", i);
		kmem_cache_free(cache, object);
		kmem_private_cache_destroy(test, cache);
	}
}

/*
 * Wiping ends where the object ends: neighbours keep what they hold, and red
 * zones what they must. Source: slab_free_hook(), "don't touch the SLAB redzone".
 */
static void wiping_spares_what_is_around(struct kunit *test)
{
	static const slab_flags_t flags[] = {
		0, SLAB_CONSISTENCY_CHECKS, SLAB_RED_ZONE | SLAB_CONSISTENCY_CHECKS,
		SLAB_RED_ZONE | SLAB_STORE_USER | SLAB_CONSISTENCY_CHECKS,
		SLAB_STORE_USER | SLAB_CONSISTENCY_CHECKS,
	};
	unsigned int i, j;

	require_init_on_free(test);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	for (i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(flags); i++) {
		unsigned int size = sizes[i % ARRAY_SIZE(sizes)];
		slab_flags_t flag = flags[i / ARRAY_SIZE(sizes)];
		struct kmem_cache *cache = kmem_private_cache(test, NAME, size, flag, NULL);
		struct kmem_batch *batch = kmem_take(test, cache, 9);

		for (j = 0; j < batch->nr; j++)
			memset(batch->objects[j], DIRT, size);
		KMEM_EXPECT_SILENCE(test, {
			for (j = 1; j < 9; j += 2)
				kmem_cache_free(cache, batch->objects[j]);
			if (flag)
				kmem_validate(test, cache);
		});
		for (j = 0; j < 9; j += 2) {
			KUNIT_EXPECT_NULL_MSG(test, memchr_inv(batch->objects[j], DIRT, size),
					      "size %u, flags %zu, object %u", size,
					      i / ARRAY_SIZE(sizes), j);
			batch->objects[j / 2] = batch->objects[j];
		}
		batch->nr = 5;
		kmem_give_back(test, batch);
		kmem_private_cache_destroy(test, cache);
	}
}

static void construct(void *object)
{
	memset(object, 0x37, 64);
}

/* What init_on_alloc and init_on_free do not touch. */
static const struct exempt {
	const char *name;
	slab_flags_t flags;
	void (*ctor)(void *object);
} exempts[] = {
	{ "constructed", 0, construct },
	{ "typesafe_by_rcu", SLAB_TYPESAFE_BY_RCU, NULL },
	{ "both", SLAB_TYPESAFE_BY_RCU, construct },
	{ "constructed_and_checked", SLAB_CONSISTENCY_CHECKS, construct },
	{ "typesafe_and_checked", SLAB_TYPESAFE_BY_RCU | SLAB_CONSISTENCY_CHECKS, NULL },
};

KUNIT_ARRAY_PARAM_DESC(exempt, exempts, name);

/*
 * What was constructed, or may still be read after its free, is neither wiped
 * when it is freed nor zeroed when it is handed out again: in any boot. Source:
 * slab_want_init_on_alloc(), slab_want_init_on_free(), mm/slab.h.
 */
static void what_must_stay_stays(struct kunit *test)
{
	const struct exempt *exempt = test->param_value;
	struct kmem_cache *cache;
	void *object, *again;
	void *bulk[2];

	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which keeps freed memory and its own data");
	cache = kmem_private_cache(test, NAME, 64, exempt->flags, exempt->ctor);
	kmem_take(test, cache, 1);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	if (exempt->ctor)
		KUNIT_EXPECT_NULL(test, memchr_inv(object, 0x37, 64));
	memset(object, 0x37, 64);
	kmem_cache_free(cache, object);
	KUNIT_EXPECT_NULL(test, memchr_inv(object, 0x37, 64));
	again = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, again, object);
	KUNIT_EXPECT_NULL(test, memchr_inv(again, 0x37, 64));
	kmem_cache_free(cache, again);

	KUNIT_ASSERT_TRUE(test, kmem_cache_alloc_bulk(cache, GFP_KERNEL, 2, bulk));
	memset(bulk[0], 0x37, 64);
	memset(bulk[1], 0x37, 64);
	kmem_cache_free_bulk(cache, 2, bulk);
	KUNIT_EXPECT_NULL(test, memchr_inv(bulk[0], 0x37, 64));
	KUNIT_EXPECT_NULL(test, memchr_inv(bulk[1], 0x37, 64));
}

/*
 * Poison takes precedence: a poisoned cache hands out poison, not zeroes, unless
 * zeroes are asked for, and leaves poison behind. Source: kernel-parameters.txt
 * and setup_slub_debug(), "SLAB_POISON will take precedence over
 * init_on_alloc/init_on_free".
 */
static void poison_takes_precedence(struct kunit *test)
{
	struct kmem_cache *cache;
	unsigned int i;
	u8 *object;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_private_cache(test, NAME, 64, SLAB_POISON, NULL);
	kmem_take(test, cache, 1);
	for (i = 0; i < 2; i++) {
		object = kmem_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, object);
		KUNIT_EXPECT_NULL(test, memchr_inv(object, POISON_FREE, 63));
		KUNIT_EXPECT_EQ(test, object[63], POISON_END);
		memset(object, DIRT, 64);
		kmem_cache_free(cache, object);
		if (IS_ENABLED(CONFIG_KASAN))
			continue;
		KUNIT_EXPECT_EQ(test, kmem_peek(object), POISON_FREE);
		KUNIT_EXPECT_EQ(test, kmem_peek(object + 62), POISON_FREE);
		KUNIT_EXPECT_EQ(test, kmem_peek(object + 63), POISON_END);
	}
	object = kmem_cache_zalloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_EXPECT_NULL(test, memchr_inv(object, 0, 64));
	kmem_cache_free(cache, object);
}

/* Sizes of kmalloc()'s caches, and beyond them, of the page allocator. */
static const size_t requests[] = {
	1, 8, 17, 64, 100, 200, 1000, 3000, KMALLOC_MAX_CACHE_SIZE,
	KMALLOC_MAX_CACHE_SIZE + 1, 4 * KMALLOC_MAX_CACHE_SIZE,
};

/* kmalloc()'s caches have poison, which takes precedence, in some boots. */
static void require_plain_kmalloc(struct kunit *test)
{
	void *memory = kmalloc(8, GFP_KERNEL);
	bool poisoned;

	KUNIT_ASSERT_NOT_NULL(test, memory);
	poisoned = virt_to_slab(memory)->slab_cache->flags & SLAB_POISON;
	kfree(memory);
	if (poisoned)
		kunit_skip(test, "needs a boot without slab_debug=P, which takes precedence");
}

/*
 * With init_on_alloc=1, kmalloc() and kvmalloc() of any size give zeroes, and so
 * does what krealloc() adds. Source: kernel-parameters.txt, init_on_alloc=.
 */
static void kmalloc_gives_zeroes(struct kunit *test)
{
	unsigned int i;

	require_init_on_alloc(test);
	require_plain_kmalloc(test);
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		size_t size = requests[i];
		u8 *memory = kmalloc(size, GFP_KERNEL), *grown;

		KUNIT_ASSERT_NOT_NULL(test, memory);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(memory, 0, size), "kmalloc(%zu)", size);
		memset(memory, DIRT, size);
		grown = krealloc(memory, 2 * size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, grown);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(grown, DIRT, size), "krealloc(%zu)", size);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(grown + size, 0, size), "krealloc(%zu)",
				      size);
		memset(grown, DIRT, 2 * size);
		kfree(grown);
		memory = kvmalloc(size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, memory);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(memory, 0, size), "kvmalloc(%zu)", size);
		kvfree(memory);
	}
}

/*
 * With init_on_free=1, kfree() leaves nothing behind, whatever the size. Source:
 * kernel-parameters.txt, init_on_free=; clear pages in free_pages_prepare().
 */
static void kfree_leaves_nothing(struct kunit *test)
{
	unsigned int i;

	require_init_on_free(test);
	require_plain_kmalloc(test);
	if (debug_pagealloc_enabled())
		kunit_skip(test, "needs a boot without debug_pagealloc, which unmaps pages");
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		size_t size = requests[i], j, left = 0;
		u8 *memory = kmalloc(size, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, memory);
		memset(memory, DIRT, size);
		kfree(memory);
		for (j = 0; j < size; j++)
			left += kmem_peek(memory + j) == DIRT;
		/* by chance, a byte of the free pointer may be dirt's */
		KUNIT_EXPECT_LE_MSG(test, left, size <= KMALLOC_MAX_CACHE_SIZE ? sizeof(void *) : 0,
				    "kfree() of %zu", size);
	}
}

static struct kunit_case kmem_init_cases[] = {
	KUNIT_CASE(boot_parameters_turn_it_on),
	KUNIT_CASE_PARAM(dirty_object_is_handed_out_zeroed, way_gen_params),
	KUNIT_CASE(dirty_bulk_is_handed_out_zeroed),
	KUNIT_CASE(freed_object_is_zero),
	KUNIT_CASE(freed_bulk_is_zero),
	KUNIT_CASE_PARAM(wiped_object_is_handed_out_zero, way_gen_params),
	KUNIT_CASE_PARAM(wiped_huge_object_is_handed_out_zero, way_gen_params),
	KUNIT_CASE(wiping_spares_what_is_around),
	KUNIT_CASE_PARAM(what_must_stay_stays, exempt_gen_params),
	KUNIT_CASE(poison_takes_precedence),
	KUNIT_CASE(kmalloc_gives_zeroes),
	KUNIT_CASE(kfree_leaves_nothing),
	{}
};

static struct kunit_suite kmem_init_suite = {
	.name = "kmem_init",
	.init = kmem_suite_init,
	.test_cases = kmem_init_cases,
};

kunit_test_suite(kmem_init_suite);

MODULE_DESCRIPTION("KUnit tests for init_on_alloc and init_on_free");
MODULE_LICENSE("GPL");
