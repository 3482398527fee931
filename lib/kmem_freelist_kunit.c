// SPDX-License-Identifier: GPL-2.0-only
/*
 * Freelists: random order, and obfuscated pointers.
 *
 * SLAB_FREELIST_RANDOM hands out the objects of a fresh slab in an order that is
 * computed for each cache, begun at a random place for each slab.
 * SLAB_FREELIST_HARDENED stores the pointer from a free object to the next one
 * such that who reads it learns nothing, and who overwrites it gains nothing.
 *
 * The caches have SLAB_CONSISTENCY_CHECKS, which no per-cpu layer stands before:
 * what is freed is on the freelist of its slab, and the last one freed is first.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_freelist'
 */
#include <kunit/test.h>
#include <linux/math.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/numa.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/swab.h>
#include <mm/slab.h>
#include "kmem_count.h"
#include "kmem_debug.h"

#define OBJECT_SIZE	64
#define SLABS		16
/* more objects than so many slabs have */
#define MANY		4096

static struct kmem_cache *direct_cache(struct kunit *test, const char *name, unsigned int size,
				       slab_flags_t flags, void (*ctor)(void *))
{
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	return kmem_private_cache(test, name, size, SLAB_CONSISTENCY_CHECKS | flags, ctor);
}

/* The order in which a cache hands out objects, as offsets from the first; or NULL. */
static const unsigned int *sequence_of(const struct kmem_cache *cache)
{
#ifdef CONFIG_SLAB_FREELIST_RANDOM
	return cache->random_seq;
#else
	return NULL;
#endif
}

static const unsigned int *require_sequence(struct kunit *test, const struct kmem_cache *cache)
{
	KMEM_REQUIRE(test, CONFIG_SLAB_FREELIST_RANDOM);
	KUNIT_ASSERT_NOT_NULL(test, sequence_of(cache));
	return sequence_of(cache);
}

static unsigned int objects_per_slab(struct kunit *test, struct kmem_cache *cache)
{
	return kmem_take_slab(test, cache)->nr;
}

/*
 * Expect the order of a cache to have each of the @nr objects of a slab once; return how
 * many of them have the place that their address would give them.
 */
static unsigned int expect_permutation(struct kunit *test, const struct kmem_cache *cache,
				       unsigned int nr)
{
	const unsigned int *sequence = require_sequence(test, cache);
	u8 *seen = kunit_kzalloc(test, nr, GFP_KERNEL);
	unsigned int i, in_place = 0;

	KUNIT_ASSERT_NOT_NULL(test, seen);
	for (i = 0; i < nr; i++) {
		KUNIT_ASSERT_EQ_MSG(test, sequence[i] % cache->size, 0,
				    "size %u, place %u", cache->object_size, i);
		KUNIT_ASSERT_LT_MSG(test, sequence[i] / cache->size, nr,
				    "size %u, place %u", cache->object_size, i);
		KUNIT_EXPECT_EQ_MSG(test, seen[sequence[i] / cache->size]++, 0,
				    "size %u, place %u", cache->object_size, i);
		in_place += sequence[i] == i * cache->size;
	}
	kunit_kfree(test, seen);
	return in_place;
}

/* Create a cache, and expect that of it. */
static unsigned int expect_permutation_of(struct kunit *test, unsigned int size)
{
	struct kmem_cache *cache = direct_cache(test, "kmem_ordered", size, 0, NULL);
	struct kmem_batch *batch = kmem_take_slab(test, cache);
	unsigned int in_place = batch->nr;

	if (batch->nr > 1)
		in_place = expect_permutation(test, cache, batch->nr);
	kmem_give_back(test, batch);
	kmem_private_cache_destroy(test, cache);
	return in_place;
}

/*
 * The order that is computed for a cache has each of its objects once, and few of them
 * where their addresses would have put them, however many there are: so many less than
 * once in 2^290 times. Source: cache_random_seq_create(), freelist_randomize(),
 * mm/slab_common.c; init_cache_random_seq(), "Transform to an offset on the set of
 * pages", mm/slub.c.
 */
static void order_is_a_permutation(struct kunit *test)
{
	static const unsigned int sizes[] = { 8, 24, 64, 100, 500, 1024 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_LT_MSG(test, expect_permutation_of(test, sizes[i]), 64, "size %u",
				    sizes[i]);
}

/*
 * So does that of few objects, where a mistake at an end of the list is likely: of
 * three, one in four times, and never in 32 caches less than once in 2^13 times. Nor
 * is any order left out: two of six have none of the three in its place, and so have
 * all of 32 caches less than once in 2^50 times. Source: as above; freelist_randomize(),
 * "Fisher-Yates shuffle".
 */
static void order_of_few_is_a_permutation(struct kunit *test)
{
	unsigned int i, in_place = 0;

	for (i = 0; i < 32; i++)
		in_place += expect_permutation_of(test, 9000);
	KUNIT_EXPECT_GT_MSG(test, in_place, 0, "no order leaves an object in its place");
}

/*
 * The caches of kmalloc() have such an order, though they are older than what it
 * is computed with. Source: init_freelist_randomization(), "Setup random freelists
 * for each cache".
 */
static void order_of_kmalloc_is_a_permutation(struct kunit *test)
{
	size_t size;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	for (size = KMALLOC_MIN_SIZE; size <= KMALLOC_MAX_CACHE_SIZE / 2; size *= 2) {
		void *memory = kunit_kmalloc(test, size, GFP_KERNEL);
		const struct kmem_cache *cache;

		KUNIT_ASSERT_NOT_NULL(test, memory);
		cache = virt_to_slab(memory)->slab_cache;
		expect_permutation(test, cache, kmem_slabinfo(test, cache->name).objperslab);
	}
}

/*
 * The order is random: it is not that of the addresses, and not that of another
 * cache. Chance makes it so less than once in 2^60 times. Source: Kconfig,
 * SLAB_FREELIST_RANDOM, "Randomizes the freelist order".
 */
static void order_is_random(struct kunit *test)
{
	struct kmem_cache *one = direct_cache(test, "kmem_one", OBJECT_SIZE, 0, NULL);
	struct kmem_cache *two = direct_cache(test, "kmem_two", OBJECT_SIZE, 0, NULL);
	unsigned int nr = objects_per_slab(test, one), i, same = 0, successors = 0;
	const unsigned int *sequence = require_sequence(test, one);

	KUNIT_ASSERT_GE(test, nr, 40);
	for (i = 0; i < nr; i++) {
		same += sequence[i] == require_sequence(test, two)[i];
		successors += i && sequence[i] == sequence[i - 1] + one->size;
	}
	KUNIT_EXPECT_LT(test, same, nr / 2);
	KUNIT_EXPECT_LT(test, successors, nr / 2);
}

/*
 * A fresh slab hands out its objects in the cache's order, begun at a random
 * place: sixteen slabs do not all begin at the same one. Chance makes them so
 * less than once in 2^80 times. Source: shuffle_freelist() (6.x),
 * init_slab_obj_iter() and next_slab_obj() (7.x), mm/slub.c.
 */
static void fresh_slabs_begin_at_random_places(struct kunit *test)
{
	struct kmem_cache *cache = direct_cache(test, "kmem_ordered", OBJECT_SIZE, 0, NULL);
	const unsigned int *sequence = require_sequence(test, cache);
	unsigned int nr, slab, i, first = 0, different = 0;
	struct kmem_batch *batch;

	batch = kmem_take(test, cache, 1);
	nr = virt_to_slab(batch->objects[0])->objects;
	kmem_give_back(test, batch);
	KUNIT_ASSERT_GE(test, nr, 40);
	kmem_cache_shrink(cache);
	KUNIT_ASSERT_EQ(test, kmem_validate_slabs(test, cache), 0);

	batch = kmem_take(test, cache, SLABS * nr);
	for (slab = 0; slab < SLABS; slab++) {
		void **objects = batch->objects + slab * nr;
		void *start = slab_address(virt_to_slab(objects[0]));
		unsigned int begin;

		for (begin = 0; begin < nr && sequence[begin] != objects[0] - start; begin++)
			;
		for (i = 0; i < nr; i++)
			if (objects[i] != start + sequence[(begin + i) % nr])
				break;
		KUNIT_EXPECT_EQ_MSG(test, i, nr, "slab %u, begun at place %u of %u", slab, begin,
				    nr);
		if (!slab)
			first = begin;
		different += begin != first;
	}
	KUNIT_EXPECT_GT(test, different, 0);
}

/*
 * Even of two objects, either may be the first in a cache's order, and in a fresh
 * slab. Chance makes 32 caches alike less than once in 2^28 times. Source:
 * freelist_randomize(), mm/slab_common.c; shuffle_freelist() (6.x),
 * init_slab_obj_iter() (7.x), mm/slub.c.
 */
static void either_of_two_may_be_first(struct kunit *test)
{
	const unsigned int size = (PAGE_SIZE << PAGE_ALLOC_COSTLY_ORDER) * 2 / 5, nr = 32;
	unsigned int i, second_in_order = 0, second_in_slab = 0;

	for (i = 0; i < nr; i++) {
		struct kmem_cache *cache = direct_cache(test, "kmem_two", size, 0, NULL);
		struct kmem_batch *batch = kmem_take(test, cache, 1);
		struct slab *slab = virt_to_slab(batch->objects[0]);

		if (slab->objects != 2)
			kunit_skip(test, "needs a boot where a slab has two large objects");
		second_in_order += require_sequence(test, cache)[0] != 0;
		second_in_slab += batch->objects[0] != slab_address(slab);
		kmem_give_back(test, batch);
		kmem_private_cache_destroy(test, cache);
	}
	KUNIT_EXPECT_GT(test, second_in_order, 0);
	KUNIT_EXPECT_LT(test, second_in_order, nr);
	KUNIT_EXPECT_GT(test, second_in_slab, 0);
	KUNIT_EXPECT_LT(test, second_in_slab, nr);
}

/*
 * So do the slabs of kmalloc_nolock(), which cannot wait for a random number: the
 * first objects of sixteen are not all in one place. Source: init_slab_obj_iter(),
 * "An interrupt or NMI handler might interrupt"; kmem_cache_init_late().
 */
static void slabs_without_lock_begin_at_random_places(struct kunit *test)
{
	void **objects = kmem_make_array(test, MANY), *start;
	unsigned int nr = 0, slabs = 0, different = 0;
	struct kmem_cache *cache;
	ptrdiff_t first = 0;

	KMEM_REQUIRE(test, CONFIG_SLAB_FREELIST_RANDOM);
	if (!kmem_has_nolock())
		kunit_skip(test, "needs Linux 7, which brought kmalloc_nolock()");
	objects[nr] = kmalloc_nolock(256, 0, NUMA_NO_NODE);
	cache = objects[nr] ? virt_to_slab(objects[nr])->slab_cache : NULL;
	kfree(objects[nr]);
	if (!cache || !(cache->flags & SLAB_STORE_USER))
		kunit_skip(test, "needs a boot with slab_debug=U, where no object is kept ready");
	/* no slab of it is empty then, so one with a single object is fresh */
	kmem_cache_shrink(cache);
	for (; nr < MANY && slabs < SLABS; nr++) {
		objects[nr] = kmalloc_nolock(256, 0, NUMA_NO_NODE);
		if (!objects[nr])
			break;
		start = slab_address(virt_to_slab(objects[nr]));
		if (virt_to_slab(objects[nr])->inuse > 1)
			continue;
		if (!slabs++)
			first = objects[nr] - start;
		different += objects[nr] - start != first;
	}
	while (nr)
		kfree(objects[--nr]);
	KUNIT_EXPECT_EQ(test, slabs, SLABS);
	KUNIT_EXPECT_GT(test, different, 0);
}

/*
 * Whatever the order, a slab hands out each of its objects once: from slabs of
 * one object to slabs of hundreds. Source: as above.
 */
static void slabs_are_handed_out_completely(struct kunit *test)
{
	static const unsigned int sizes[] = { 8, 64, 200, 1000, 2048, 4096, 10000, 20000, 40000 };
	static const slab_flags_t flags[] = { SLAB_CONSISTENCY_CHECKS, KMEM_ALL_CHECKS };
	unsigned int i, j;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	for (i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(flags); i++) {
		unsigned int size = sizes[i % ARRAY_SIZE(sizes)], nr;
		struct kmem_cache *cache;
		struct kmem_batch *batch;
		void *start;

		cache = kmem_private_cache(test, "kmem_complete", size,
					   flags[i / ARRAY_SIZE(sizes)], NULL);
		batch = kmem_take_slab(test, cache);
		nr = batch->nr;
		start = slab_address(virt_to_slab(batch->objects[0]));
		if (cache->flags & SLAB_RED_ZONE)
			start += cache->red_left_pad;
		KUNIT_EXPECT_EQ_MSG(test, nr, slab_size(virt_to_slab(start)) / cache->size,
				    "size %u", size);
		for (j = 0; j < nr; j++)
			KUNIT_EXPECT_PTR_EQ_MSG(test, batch->objects[j], start + j * cache->size,
						"size %u, object %u of %u", size, j, nr);
		kmem_give_back(test, batch);
		kmem_private_cache_destroy(test, cache);
	}
}

/*
 * The per-cpu layers keep the order random: what a plain cache hands out first
 * is not in the order of addresses, neither up nor down. Source: as above;
 * alloc_from_new_slab() (7.x).
 */
static void plain_caches_are_random_too(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_plain", OBJECT_SIZE, 0, NULL);
	struct kmem_batch *batch;
	unsigned int i, neighbours = 0;

	KMEM_REQUIRE(test, CONFIG_SLAB_FREELIST_RANDOM);
	batch = kmem_take(test, cache, 60);
	for (i = 1; i < batch->nr; i++) {
		ptrdiff_t step = batch->objects[i] - batch->objects[i - 1];

		neighbours += step == cache->size || -step == cache->size;
	}
	KUNIT_EXPECT_LT(test, neighbours, batch->nr / 2);
}

/* What is stored as pointer from @object to @next, freed of @next. */
static unsigned long key_of(struct kmem_cache *cache, const void *object, const void *next)
{
	return kmem_peek_word(object + cache->offset) ^ (unsigned long)next;
}

#define FREED	5

/* Free some objects of a new slab, each of which then points to the one before it. */
static struct kmem_cache *free_some(struct kunit *test, const char *name, void **freed)
{
	struct kmem_cache *cache = direct_cache(test, name, OBJECT_SIZE, 0, NULL);
	struct kmem_batch *batch;
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLAB_FREELIST_HARDENED);
	batch = kmem_take_slab(test, cache);
	for (i = 0; i < FREED; i++) {
		freed[i] = batch->objects[--batch->nr];
		kmem_cache_free(cache, freed[i]);
	}
	KUNIT_ASSERT_PTR_EQ(test, virt_to_slab(freed[0])->freelist, freed[FREED - 1]);
	return cache;
}

/*
 * No free pointer is stored as it is, not even NULL. Source:
 * freelist_ptr_encode() (6.x: freelist_ptr()), mm/slub.c.
 */
static void free_pointers_are_hidden(struct kunit *test)
{
	void *freed[FREED];
	struct kmem_cache *cache = free_some(test, "kmem_hidden", freed);
	unsigned int i;

	for (i = 0; i < FREED; i++)
		KUNIT_EXPECT_NE_MSG(test, key_of(cache, freed[i], i ? freed[i - 1] : NULL), 0,
				    "object %u", i);
}

/*
 * The same pointer is stored differently in each place, and the difference is
 * the address with its bytes swapped, so that it is in the random bits. Source:
 * freelist_ptr_encode(), "an XOR of the address where the pointer is held";
 * 1ad53d9fa3f6 ("slub: improve bit diffusion for freelist ptr obfuscation").
 */
static void hiding_depends_on_the_place(struct kunit *test)
{
	void *freed[FREED];
	struct kmem_cache *cache = free_some(test, "kmem_hidden", freed);
	unsigned long first = key_of(cache, freed[0], NULL);
	unsigned long at = (unsigned long)freed[0] + cache->offset;
	unsigned int i;

	for (i = 1; i < FREED; i++) {
		unsigned long key = key_of(cache, freed[i], freed[i - 1]);
		unsigned long place = (unsigned long)freed[i] + cache->offset;

		KUNIT_EXPECT_NE_MSG(test, key, first, "object %u", i);
		KUNIT_EXPECT_EQ_MSG(test, key ^ first, swab(place) ^ swab(at), "object %u", i);
	}
}

static unsigned long random_of(const struct kmem_cache *cache)
{
#ifdef CONFIG_SLAB_FREELIST_HARDENED
	return cache->random;
#else
	return 0;
#endif
}

/*
 * Each cache hides its pointers with a random number of its own. Source:
 * do_kmem_cache_create() (6.1: kmem_cache_open()), get_random_long(), mm/slub.c.
 */
static void hiding_depends_on_the_cache(struct kunit *test)
{
	static const char * const names[] = { "kmem_one", "kmem_two", "kmem_three" };
	unsigned long seen[ARRAY_SIZE(names)];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		void *freed[FREED];
		struct kmem_cache *cache = free_some(test, names[i], freed);
		unsigned long at = (unsigned long)freed[0] + cache->offset;

		seen[i] = random_of(cache);
		KUNIT_EXPECT_NE(test, seen[i], 0);
		KUNIT_EXPECT_EQ(test, key_of(cache, freed[0], NULL) ^ swab(at), seen[i]);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_NE_MSG(test, seen[i], seen[j], "caches %u and %u", i, j);
	}
}

/*
 * A free pointer that was overwritten with a plain address does not lead there:
 * it is found to be no object. Source: freelist_ptr_decode(); check_object(),
 * "Freepointer corrupt", and on_freelist(), "Freechain corrupt", mm/slub.c.
 */
static void forged_free_pointer_is_found(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_cache *cache;
	void *freed[FREED];

	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which reports further frees of an object");
	cache = free_some(test, "kmem_forged", freed);
	/* the head's pointer, to an object that is even free */
	kmem_poke_word(freed[FREED - 1] + cache->offset, (unsigned long)freed[0]);
	report = KMEM_CAPTURE(test, kmem_validate(test, cache));
	kmem_expect_text(test, report, "BUG kmem_forged (");
	kmem_expect_text(test, report, "Freechain corrupt");
	KUNIT_EXPECT_GE(test, report->bugs, 1);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));

	/* what was behind it counts as used now */
	for (unsigned int i = 0; i < FREED - 1; i++)
		kmem_cache_free(cache, freed[i]);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
}

static void construct(void *object)
{
	memset(object, 0x37, OBJECT_SIZE);
}

/*
 * In an object that nobody may look at, the free pointer lies in the middle, far
 * from what overflows from its neighbours reach first; all else stays as it was.
 * Source: calculate_sizes(), "Store freelist pointer near middle of object".
 */
static void free_pointer_is_in_the_middle(struct kunit *test)
{
	static const unsigned int sizes[] = { 8, 16, 24, 64, 100, 200, 1000 };
	unsigned int i, j;

	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which keeps data of its own in there");
	if (want_init_on_free())
		kunit_skip(test, "needs a boot without init_on_free, which wipes all else");
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct kmem_cache *cache = direct_cache(test, "kmem_middle", sizes[i], 0, NULL);
		unsigned int middle = ALIGN_DOWN(sizes[i] / 2, (unsigned int)sizeof(void *));
		struct kmem_batch *batch = kmem_take(test, cache, 2);
		u8 *object = batch->objects[--batch->nr];

		for (j = 0; j < sizes[i]; j++)
			object[j] = 0x11;
		kmem_cache_free(cache, object);
		for (j = 0; j < sizes[i]; j++)
			if (kmem_peek(object + j) != 0x11 &&
			    (j < middle || j >= middle + sizeof(void *)))
				break;
		KUNIT_EXPECT_EQ_MSG(test, j, sizes[i], "size %u", sizes[i]);
		KUNIT_EXPECT_NE_MSG(test, kmem_peek_word(object + middle), 0x1111111111111111UL,
				    "size %u", sizes[i]);
		kmem_give_back(test, batch);
		kmem_private_cache_destroy(test, cache);
	}
}

/*
 * In an object that may be looked at while it is free, or that stays
 * constructed, the free pointer lies behind the object. Source:
 * calculate_sizes(), "Relocate free pointer after the object", mm/slub.c.
 */
static void free_pointer_spares_what_must_stay(struct kunit *test)
{
	static const unsigned int size = OBJECT_SIZE;
	struct kmem_cache *caches[2];
	unsigned int i;

	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which keeps data of its own in there");
	caches[0] = direct_cache(test, "kmem_constructed", size, 0, construct);
	caches[1] = direct_cache(test, "kmem_typesafe", size, SLAB_TYPESAFE_BY_RCU, NULL);
	for (i = 0; i < ARRAY_SIZE(caches); i++) {
		struct kmem_batch *batch = kmem_take(test, caches[i], 3);
		u8 *object = batch->objects[--batch->nr];
		u8 *second = batch->objects[--batch->nr];

		memset(object, 0x37, size);
		memset(second, 0x37, size);
		kmem_cache_free(caches[i], object);
		kmem_cache_free(caches[i], second);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(object, 0x37, size), "%s", caches[i]->name);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(second, 0x37, size), "%s", caches[i]->name);
	}
}

static struct kunit_case kmem_freelist_cases[] = {
	KUNIT_CASE(order_is_a_permutation),
	KUNIT_CASE(order_of_few_is_a_permutation),
	KUNIT_CASE(order_of_kmalloc_is_a_permutation),
	KUNIT_CASE(order_is_random),
	KUNIT_CASE(fresh_slabs_begin_at_random_places),
	KUNIT_CASE(either_of_two_may_be_first),
	KUNIT_CASE(slabs_without_lock_begin_at_random_places),
	KUNIT_CASE(slabs_are_handed_out_completely),
	KUNIT_CASE(plain_caches_are_random_too),
	KUNIT_CASE(free_pointers_are_hidden),
	KUNIT_CASE(hiding_depends_on_the_place),
	KUNIT_CASE(hiding_depends_on_the_cache),
	KUNIT_CASE(forged_free_pointer_is_found),
	KUNIT_CASE(free_pointer_is_in_the_middle),
	KUNIT_CASE(free_pointer_spares_what_must_stay),
	{}
};

static struct kunit_suite kmem_freelist_suite = {
	.name = "kmem_freelist",
	.init = kmem_suite_init,
	.test_cases = kmem_freelist_cases,
};

kunit_test_suite(kmem_freelist_suite);

MODULE_DESCRIPTION("KUnit tests for the hardening of slab freelists");
MODULE_LICENSE("GPL");
