// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prefilled sheaves: objects taken in advance, for allocations that must not
 * fail.
 *
 * See the comments on kmem_cache_prefill_sheaf() and its relatives in
 * mm/slub.c, and struct kmem_cache_args.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_prefill'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_count.h"
#include "kmem_text.h"

#define OBJECT_SIZE	64
/* more than the default for the size, so that it is the capacity */
#define CAPACITY	128
#define DIRT		0xd1
#define BUILT		0xb1

KUNIT_ARRAY_PARAM_DESC(kind, kmem_kinds, name);

static struct kmem_cache *cache_with_sheaves(struct kunit *test, unsigned int size,
					     unsigned int capacity, void (*ctor)(void *))
{
	const struct kmem_kind *kind = test->param_value;
	struct kmem_cache *cache;

	if (kind->debug)
		KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_create_with_sheaves("kmem_sheaf", size, capacity,
					 SLAB_NO_MERGE | SLAB_NO_USER_FLAGS | kind->flags, ctor);
	kmem_adopt_cache(test, cache);
	return cache;
}

static void require_sheaf_calls(struct kunit *test)
{
	if (!kmem_can_call_sheaves())
		kunit_skip(test, "needs sheaves, and the suite built in");
}

/*
 * A cache has the sheaves that were asked for, or larger ones; none with debug
 * checks or SLAB_NOLEAKTRACE. Source: struct kmem_cache_args, "the
 * sheaf_capacity argument is ignored", calculate_sheaf_capacity().
 */
static void capacity_is_what_was_asked_for(struct kunit *test)
{
	const struct kmem_kind *kind = test->param_value;
	unsigned int capacity;

	require_sheaf_calls(test);
	kmem_require_counters(test);
	for (capacity = 0; capacity < 300; capacity += CAPACITY) {
		struct kmem_cache *cache = cache_with_sheaves(test, OBJECT_SIZE, capacity, NULL);
		unsigned long real = kmem_attribute(test, cache, "sheaf_capacity");

		if (kind->flags)
			KUNIT_EXPECT_EQ_MSG(test, real, 0, "asked for %u", capacity);
		else if (capacity)
			KUNIT_EXPECT_EQ_MSG(test, real, capacity, "asked for %u", capacity);
		else
			KUNIT_EXPECT_GE(test, real, 1);
		kmem_private_cache_destroy(test, cache);
	}
}

/* What one may ask of a sheaf: less, as much, and more than its capacity. */
static const unsigned int sizes[] = { 1, 2, 31, CAPACITY - 1, CAPACITY, CAPACITY + 1, 250 };

/* Take all that a sheaf holds, and see that it says how much this is. */
static unsigned int empty(struct kunit *test, struct kmem_cache *cache, struct slab_sheaf *sheaf,
			  gfp_t gfp, void **objects)
{
	unsigned int size = kmem_cache_sheaf_size(sheaf), i;

	for (i = 0; i < size; i++) {
		KUNIT_ASSERT_EQ_MSG(test, kmem_cache_sheaf_size(sheaf), size - i, "of %u", size);
		objects[i] = kmem_cache_alloc_from_sheaf(cache, gfp, sheaf);
		KUNIT_ASSERT_NOT_NULL_MSG(test, objects[i], "object %u of %u", i, size);
	}
	KUNIT_ASSERT_EQ(test, kmem_cache_sheaf_size(sheaf), 0);
	return size;
}

static struct slab_sheaf *prefill(struct kunit *test, struct kmem_cache *cache, unsigned int size)
{
	struct slab_sheaf *sheaf = kmem_cache_prefill_sheaf(cache, GFP_KERNEL, size);

	KUNIT_ASSERT_NOT_NULL_MSG(test, sheaf, "size %u", size);
	KUNIT_ASSERT_GE(test, kmem_cache_sheaf_size(sheaf), size);
	return sheaf;
}

/*
 * A prefilled sheaf gives as many objects as were asked for, at least, and
 * nothing after its last one. Source: kmem_cache_prefill_sheaf(), "returns a
 * sheaf that has at least the requested size"; kmem_cache_alloc_from_sheaf(),
 * "After the sheaf is emptied, it fails".
 */
static void prefilled_sheaf_gives_what_was_asked_for(struct kunit *test)
{
	struct kmem_cache *cache = cache_with_sheaves(test, OBJECT_SIZE, CAPACITY, NULL);
	void **objects = kmem_make_array(test, 1000), *beyond = test;
	struct slab_sheaf *sheaf;
	unsigned int i, round, nr;

	require_sheaf_calls(test);
	kmem_require_counters(test);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (round = 0; round < 3; round++) {
			sheaf = prefill(test, cache, sizes[i]);
			if (sizes[i] > CAPACITY)
				KUNIT_EXPECT_EQ(test, kmem_cache_sheaf_size(sheaf), sizes[i]);
			nr = empty(test, cache, sheaf, GFP_NOWAIT, objects);
			KMEM_EXPECT_SILENCE(test, beyond = kmem_cache_alloc_from_sheaf(cache,
										       GFP_KERNEL,
										       sheaf));
			KUNIT_EXPECT_NULL_MSG(test, beyond, "size %u", sizes[i]);
			KUNIT_EXPECT_EQ_MSG(test, kmem_count_twice(test, objects, nr), 0,
					    "size %u", sizes[i]);
			kmem_write_marks(objects, nr, OBJECT_SIZE, round);
			KUNIT_EXPECT_EQ_MSG(test, kmem_count_wrong_marks(objects, nr, OBJECT_SIZE,
									 round), 0,
					    "size %u", sizes[i]);
			kmem_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
			kmem_expect_live(test, cache, nr, "emptied");
			kmem_free_array(cache, nr, objects);
			if (round)
				kmem_expect_live(test, cache, 0, "freed");
		}
	}
	KUNIT_EXPECT_NULL(test, kmem_cache_prefill_sheaf(cache, GFP_KERNEL, 0));
}

/*
 * Nobody else is given the objects of a prefilled sheaf, however much is
 * allocated and freed meanwhile. Source: kmem_cache_alloc_from_sheaf(),
 * "Guaranteed not to fail as many allocations as was the requested size".
 */
static void prefilled_sheaf_is_nobody_elses(struct kunit *test)
{
	struct kmem_cache *cache = cache_with_sheaves(test, OBJECT_SIZE, CAPACITY, NULL);
	void **objects = kmem_make_array(test, 4000);
	unsigned int i, nr;

	require_sheaf_calls(test);
	kmem_require_counters(test);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct slab_sheaf *first, *second;

		/* some sheaves are full, some are empty */
		kmem_take_array(test, cache, 3 * CAPACITY, objects);
		kmem_free_array(cache, 2 * CAPACITY, &objects[CAPACITY]);
		first = prefill(test, cache, sizes[i]);
		second = prefill(test, cache, sizes[i]);
		nr = CAPACITY;
		kmem_take_array(test, cache, 15 * CAPACITY, &objects[nr]);
		nr += 15 * CAPACITY;
		nr += empty(test, cache, first, GFP_KERNEL, &objects[nr]);
		kmem_cache_shrink(cache);
		nr += empty(test, cache, second, GFP_KERNEL, &objects[nr]);
		KUNIT_EXPECT_EQ_MSG(test, kmem_count_twice(test, objects, nr), 0,
				    "size %u", sizes[i]);
		kmem_cache_return_sheaf(cache, GFP_KERNEL, first);
		kmem_cache_return_sheaf(cache, GFP_KERNEL, second);
		kmem_expect_live(test, cache, nr, "returned");
		kmem_free_array(cache, nr, objects);
	}
	kmem_expect_live(test, cache, 0, "freed");
}

#define MANY_SHEAVES	16

/*
 * A sheaf that is returned takes back what it still holds, be there room for a
 * sheaf or not. Source: kmem_cache_return_sheaf(), "the sheaf is instead flushed
 * and freed".
 */
static void returned_objects_are_free_again(struct kunit *test)
{
	struct kmem_cache *cache = cache_with_sheaves(test, OBJECT_SIZE, CAPACITY, NULL);
	void **objects = kmem_make_array(test, MANY_SHEAVES * CAPACITY);
	struct slab_sheaf *sheaves[MANY_SHEAVES];
	unsigned int i, size, s, used;
	/* without memory, it cannot be refilled first */
	static const gfp_t gfps[] = { GFP_KERNEL, GFP_NOWAIT | __GFP_NOWARN, 0 };

	require_sheaf_calls(test);
	kmem_require_counters(test);
	for (s = 0; s < ARRAY_SIZE(sizes) * ARRAY_SIZE(gfps); s++) {
		size = sizes[s % ARRAY_SIZE(sizes)];
		used = 0;
		for (i = 0; i < MANY_SHEAVES; i++)
			sheaves[i] = prefill(test, cache, size);
		for (i = 0; i < MANY_SHEAVES; i++) {
			struct slab_sheaf *sheaf = sheaves[i];

			for (; kmem_cache_sheaf_size(sheaf) > size / 2 && used % 17 != 16; used++)
				objects[used] = kmem_cache_alloc_from_sheaf(cache, 0, sheaf);
		}
		for (i = 0; i < MANY_SHEAVES; i++)
			kmem_cache_return_sheaf(cache, gfps[s / ARRAY_SIZE(sizes)], sheaves[i]);
		KUNIT_EXPECT_EQ_MSG(test, kmem_count_twice(test, objects, used), 0,
				    "size %u", size);
		kmem_write_marks(objects, used, OBJECT_SIZE, s);
		if (s & 1)
			kmem_expect_live(test, cache, used, "returned");
		KUNIT_EXPECT_EQ_MSG(test, kmem_count_wrong_marks(objects, used, OBJECT_SIZE, s), 0,
				    "size %u", size);
		kmem_free_array(cache, used, objects);
	}
	kmem_expect_live(test, cache, 0, "freed");
}

#define LARGE_SHEAF	500

static void prefill_and_return(struct kunit *test, void *context)
{
	struct kmem_cache *cache = context;

	kmem_cache_return_sheaf(cache, GFP_KERNEL, prefill(test, cache, LARGE_SHEAF));
}

/*
 * A sheaf that was made for more objects than those of the cache hold goes when
 * it is returned. Source: kmem_cache_prefill_sheaf(), "oversize sheaves are always
 * flushed and freed when returned".
 */
static void returned_large_sheaf_leaves_nothing(struct kunit *test)
{
	struct kmem_cache *cache = cache_with_sheaves(test, OBJECT_SIZE, CAPACITY, NULL);

	require_sheaf_calls(test);
	kmem_require_no_quarantine(test);
	kmem_expect_no_leak(test, LARGE_SHEAF * sizeof(void *), prefill_and_return, cache);
}

/*
 * A sheaf can be refilled to any size: it stays the same one up to its
 * capacity, and is replaced beyond, and no object is lost. Source:
 * kmem_cache_refill_sheaf(), "The sheaf will contain at least @size objects".
 */
static void refilled_sheaf_gives_what_was_asked_for(struct kunit *test)
{
	struct kmem_cache *cache = cache_with_sheaves(test, OBJECT_SIZE, CAPACITY, NULL);
	void **objects = kmem_make_array(test, 2000);
	unsigned int from, to, nr, capacity;

	require_sheaf_calls(test);
	kmem_require_counters(test);
	for (from = 0; from < ARRAY_SIZE(sizes); from++) {
		struct slab_sheaf *sheaf = prefill(test, cache, sizes[from]), *old = sheaf;

		nr = 0;
		capacity = kmem_cache_sheaf_size(sheaf);
		for (to = 0; to < ARRAY_SIZE(sizes); to++) {
			unsigned int size = kmem_cache_sheaf_size(sheaf);

			while (kmem_cache_sheaf_size(sheaf) > to)
				objects[nr++] = kmem_cache_alloc_from_sheaf(cache, 0, sheaf);
			old = sheaf;
			size = kmem_cache_sheaf_size(sheaf);
			KUNIT_ASSERT_EQ_MSG(test, kmem_cache_refill_sheaf(cache, GFP_KERNEL, &sheaf,
									  sizes[to]), 0,
					    "%u of %u to %u", size, sizes[from], sizes[to]);
			KUNIT_ASSERT_GE_MSG(test, kmem_cache_sheaf_size(sheaf), sizes[to],
					    "%u of %u", size, sizes[from]);
			if (sizes[to] <= capacity)
				KUNIT_EXPECT_PTR_EQ_MSG(test, sheaf, old, "%u of %u to %u", size,
							sizes[from], sizes[to]);
			capacity = max(capacity, kmem_cache_sheaf_size(sheaf));

			/* it has that many already */
			size = kmem_cache_sheaf_size(sheaf);
			old = sheaf;
			KUNIT_EXPECT_EQ(test, kmem_cache_refill_sheaf(cache, 0, &sheaf, size), 0);
			KUNIT_EXPECT_PTR_EQ(test, sheaf, old);
			KUNIT_EXPECT_EQ(test, kmem_cache_sheaf_size(sheaf), size);
		}
		nr += empty(test, cache, sheaf, GFP_KERNEL, &objects[nr]);
		KUNIT_EXPECT_EQ_MSG(test, kmem_count_twice(test, objects, nr), 0, "from %u",
				    sizes[from]);
		kmem_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
		kmem_expect_live(test, cache, nr, "returned");
		kmem_free_array(cache, nr, objects);
	}
	kmem_expect_live(test, cache, 0, "freed");
}

/*
 * There must be a sheaf to be refilled. Source: kmem_cache_refill_sheaf(), which
 * returns -EINVAL.
 */
static void refill_needs_a_sheaf(struct kunit *test)
{
	struct kmem_cache *cache = cache_with_sheaves(test, OBJECT_SIZE, CAPACITY, NULL);
	struct slab_sheaf *none = NULL;

	require_sheaf_calls(test);
	KUNIT_EXPECT_EQ(test, kmem_cache_refill_sheaf(cache, GFP_KERNEL, NULL, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmem_cache_refill_sheaf(cache, GFP_KERNEL, &none, 1), -EINVAL);
	KUNIT_EXPECT_NULL(test, none);
}

/*
 * A sheaf that cannot be filled is NULL, and what was taken for it is given
 * back; the cache has objects to give afterwards. Source:
 * kmem_cache_prefill_sheaf(), "return NULL if sheaf allocation or prefilling
 * failed".
 */
static void failed_prefill_gives_all_back(struct kunit *test)
{
	unsigned int most = kmem_more_than_memory(test), i;
	/* one that is larger than those of the cache, and one of the cache */
	const unsigned int capacities[] = { 10, most };

	require_sheaf_calls(test);
	for (i = 0; i < ARRAY_SIZE(capacities); i++) {
		struct kmem_cache *cache = cache_with_sheaves(test, KMEM_HUGE, capacities[i], NULL);
		void *object;

		KUNIT_EXPECT_NULL(test, kmem_cache_prefill_sheaf(cache, __GFP_NOWARN, most));
		kmem_expect_live(test, cache, 0, "it failed");
		object = kmem_cache_alloc(cache, __GFP_NOWARN);
		KUNIT_EXPECT_NOT_NULL(test, object);
		kmem_expect_live(test, cache, 1, "a single object was taken");
		kmem_cache_free(cache, object);
		kmem_private_cache_destroy(test, cache);
	}
}

#define IMPOSSIBLE	20000

static void fail_to_prefill(struct kunit *test, void *cache)
{
	KUNIT_EXPECT_NULL(test, kmem_cache_prefill_sheaf(cache, __GFP_NOWARN, IMPOSSIBLE));
}

/*
 * Nor does the sheaf itself stay that could not be filled. Source: as before.
 */
static void failed_prefill_leaves_no_sheaf(struct kunit *test)
{
	unsigned int most = kmem_more_than_memory(test);
	struct kmem_cache *cache = cache_with_sheaves(test, KMEM_HUGE, 10, NULL);

	require_sheaf_calls(test);
	KUNIT_ASSERT_LT(test, most, IMPOSSIBLE);
	kmem_expect_no_leak(test, IMPOSSIBLE * sizeof(void *), fail_to_prefill, cache);
}

/*
 * A sheaf that cannot be refilled stays the same one, with the objects that it
 * had, at least, and none is lost. Source: kmem_cache_refill_sheaf(), "Return:
 * -ENOMEM on failure", "the sheaf will not be replaced".
 */
static void failed_refill_keeps_the_sheaf(struct kunit *test)
{
	unsigned int most = kmem_more_than_memory(test), i, nr, kept;
	/* to be replaced by a larger one, and to be filled again */
	const unsigned int froms[] = { 10, most / 3 * 2 }, tos[] = { most, most / 3 * 2 };
	void **objects = kmem_make_array(test, 2 * most);

	require_sheaf_calls(test);
	for (i = 0; i < ARRAY_SIZE(froms); i++) {
		struct kmem_cache *cache = cache_with_sheaves(test, KMEM_HUGE, froms[i], NULL);
		struct slab_sheaf *sheaf = prefill(test, cache, froms[i]), *old = sheaf;

		for (nr = 0; kmem_cache_sheaf_size(sheaf) > 3; nr++)
			objects[nr] = kmem_cache_alloc_from_sheaf(cache, 0, sheaf);
		KUNIT_EXPECT_EQ_MSG(test, kmem_cache_refill_sheaf(cache, __GFP_NOWARN, &sheaf,
								  tos[i]), -ENOMEM,
				    "to %u", tos[i]);
		kept = kmem_cache_sheaf_size(sheaf);
		nr += empty(test, cache, sheaf, 0, &objects[nr]);
		kmem_cache_return_sheaf(cache, __GFP_NOWARN, sheaf);
		/* leave some memory to the rest of the kernel */
		while (nr > 20)
			kmem_cache_free(cache, objects[--nr]);
		kmem_cache_shrink(cache);
		KUNIT_EXPECT_PTR_EQ(test, sheaf, old);
		KUNIT_EXPECT_GE(test, kept, 3);
		KUNIT_EXPECT_LT(test, kept, tos[i]);
		KUNIT_EXPECT_EQ(test, kmem_count_twice(test, objects, nr), 0);
		kmem_expect_live(test, cache, nr, "it was not refilled");
		kmem_free_array(cache, nr, objects);
		kmem_private_cache_destroy(test, cache);
	}
}

/*
 * Without memory for the sheaf itself, there is none. Source: as before.
 */
static void injected_failure_gives_no_sheaf(struct kunit *test)
{
	struct kmem_cache *cache = cache_with_sheaves(test, OBJECT_SIZE, CAPACITY, NULL);
	struct slab_sheaf *sheaf;
	unsigned int size;

	require_sheaf_calls(test);
	for (size = CAPACITY; size <= CAPACITY + 1; size++) {
		sheaf = KMEM_FAILING(test, 1, kmem_cache_prefill_sheaf(cache,
								       GFP_NOWAIT | __GFP_NOWARN,
								       size));
		KUNIT_EXPECT_NULL_MSG(test, sheaf, "size %u", size);
		kmem_expect_live(test, cache, 0, "it failed");
	}
}

/*
 * With __GFP_ZERO, an object of a sheaf is zero, though its memory was dirty;
 * without, it is as the boot says. Source: kmem_cache_alloc_from_sheaf(), "The
 * gfp parameter is meant only to specify __GFP_ZERO or __GFP_ACCOUNT".
 */
static void object_is_zeroed_when_it_is_taken(struct kunit *test)
{
	const struct kmem_kind *kind = test->param_value;
	struct kmem_cache *cache = cache_with_sheaves(test, OBJECT_SIZE, CAPACITY, NULL);
	void **objects = kmem_make_array(test, CAPACITY);
	bool initialised = want_init_on_alloc(0) || want_init_on_free();
	unsigned int i, dirty, round;

	require_sheaf_calls(test);
	for (round = 0; round < 2; round++) {
		gfp_t gfp = round ? 0 : __GFP_ZERO;
		struct slab_sheaf *sheaf;

		kmem_take_array(test, cache, CAPACITY, objects);
		for (i = 0; i < CAPACITY; i++)
			memset(objects[i], DIRT, OBJECT_SIZE);
		/* one stays, so that a slab does */
		kmem_free_array(cache, CAPACITY - 1, &objects[1]);
		if (IS_ENABLED(CONFIG_KASAN_GENERIC))
			kmem_cache_shrink(cache);

		sheaf = prefill(test, cache, CAPACITY - 1);
		for (i = 1, dirty = 0; i < CAPACITY; i++) {
			objects[i] = kmem_cache_alloc_from_sheaf(cache, gfp, sheaf);
			KUNIT_ASSERT_NOT_NULL(test, objects[i]);
			dirty += !!memchr_inv(objects[i], 0, OBJECT_SIZE);
		}
		if (gfp || (initialised && !(kind->flags & SLAB_POISON)))
			KUNIT_EXPECT_EQ_MSG(test, dirty, 0, "round %u", round);
		else if (!IS_ENABLED(CONFIG_KASAN))
			KUNIT_EXPECT_GT_MSG(test, dirty, CAPACITY / 4, "round %u", round);
		kmem_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
		kmem_free_array(cache, CAPACITY, objects);
	}
}

static void build(void *object)
{
	memset(object, BUILT, OBJECT_SIZE);
}

/*
 * A sheaf's objects are constructed ones. Source: the kernel-doc of
 * kmem_cache_args.ctor, next_slab_obj().
 */
static void constructed_state_is_kept(struct kunit *test)
{
	struct kmem_cache *cache = cache_with_sheaves(test, OBJECT_SIZE, CAPACITY, build);
	void **objects = kmem_make_array(test, 4 * CAPACITY);
	unsigned int round, i, nr, wrong;

	require_sheaf_calls(test);
	for (round = 0; round < 3; round++) {
		struct slab_sheaf *sheaf = prefill(test, cache, 2 * CAPACITY * !!round + 1);

		nr = empty(test, cache, sheaf, GFP_KERNEL, objects);
		kmem_take_array(test, cache, CAPACITY, &objects[nr]);
		nr += CAPACITY;
		for (i = 0, wrong = 0; i < nr; i++)
			wrong += !!memchr_inv(objects[i], BUILT, OBJECT_SIZE);
		KUNIT_EXPECT_EQ_MSG(test, wrong, 0, "round %u", round);
		kmem_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
		kmem_free_array(cache, nr, objects);
	}
}

#define HELD	24

struct tide {
	struct kmem_cache *cache;
	void **objects;
};

static void come_and_go(struct kunit *test, void *context)
{
	struct tide *tide = context;
	struct slab_sheaf *sheaf;

	/* empty sheaves are put in a node's list, */
	kmem_take_array(test, tide->cache, 6 * CAPACITY, tide->objects);
	/* a CPU's spare one is taken, and another is needed by the frees */
	sheaf = prefill(test, tide->cache, 1);
	kmem_free_array(tide->cache, 4 * CAPACITY, &tide->objects[2 * CAPACITY]);
	kmem_cache_return_sheaf(tide->cache, GFP_KERNEL, sheaf);
	kmem_free_array(tide->cache, 2 * CAPACITY, tide->objects);
}

/*
 * Sheaves that were emptied are filled again, or go: however often objects come
 * and go, there are no more of them. Source: barn_get_empty_sheaf(),
 * barn_replace_empty_sheaf().
 */
static void emptied_sheaves_are_used_again(struct kunit *test)
{
	struct tide tide = {
		.cache = cache_with_sheaves(test, OBJECT_SIZE, CAPACITY, NULL),
		.objects = kmem_make_array(test, 6 * CAPACITY),
	};

	require_sheaf_calls(test);
	kmem_require_no_quarantine(test);
	if (!kmem_attribute(test, tide.cache, "sheaf_capacity"))
		kunit_skip(test, "needs a cache with sheaves");
	kmem_expect_no_leak(test, CAPACITY * sizeof(void *), come_and_go, &tide);
}

/*
 * What a node keeps of full and empty sheaves is given out as often as it was
 * put there, whichever way it is asked for. Source: struct node_barn, nr_full
 * and nr_empty, which say whether its lists are empty.
 */
static void sheaves_are_counted_in_and_out(struct kunit *test)
{
	struct kmem_cache *cache = cache_with_sheaves(test, OBJECT_SIZE, CAPACITY, NULL);
	void **objects = kmem_make_array(test, (HELD + 1) * 2 * CAPACITY);
	struct tide tide = { .cache = cache, .objects = objects };
	static struct slab_sheaf *held[HELD];
	unsigned int i, nr = 0;

	require_sheaf_calls(test);
	for (i = 0; i < 8; i++)
		come_and_go(test, &tide);
	/* more than there can be, full or empty */
	for (i = 0; i < HELD; i++)
		held[i] = prefill(test, cache, CAPACITY);
	for (i = 0; i < HELD; i++)
		nr += empty(test, cache, held[i], GFP_NOWAIT, &objects[nr]);
	KUNIT_EXPECT_EQ(test, kmem_count_twice(test, objects, nr), 0);
	for (i = 0; i < HELD; i++)
		kmem_cache_return_sheaf(cache, GFP_KERNEL, held[i]);
	kmem_free_array(cache, nr, objects);
	kmem_expect_live(test, cache, 0, "after all was freed");
}

static struct kunit_case kmem_prefill_cases[] = {
	KUNIT_CASE_PARAM(capacity_is_what_was_asked_for, kind_gen_params),
	KUNIT_CASE_PARAM(prefilled_sheaf_gives_what_was_asked_for, kind_gen_params),
	KUNIT_CASE_PARAM(prefilled_sheaf_is_nobody_elses, kind_gen_params),
	KUNIT_CASE_PARAM(returned_objects_are_free_again, kind_gen_params),
	KUNIT_CASE_PARAM(returned_large_sheaf_leaves_nothing, kind_gen_params),
	KUNIT_CASE_PARAM(refilled_sheaf_gives_what_was_asked_for, kind_gen_params),
	KUNIT_CASE_PARAM(refill_needs_a_sheaf, kind_gen_params),
	KUNIT_CASE_PARAM(failed_prefill_gives_all_back, kind_gen_params),
	KUNIT_CASE_PARAM(failed_prefill_leaves_no_sheaf, kind_gen_params),
	KUNIT_CASE_PARAM(failed_refill_keeps_the_sheaf, kind_gen_params),
	KUNIT_CASE_PARAM(injected_failure_gives_no_sheaf, kind_gen_params),
	KUNIT_CASE_PARAM(object_is_zeroed_when_it_is_taken, kind_gen_params),
	KUNIT_CASE_PARAM(constructed_state_is_kept, kind_gen_params),
	KUNIT_CASE_PARAM(emptied_sheaves_are_used_again, kind_gen_params),
	KUNIT_CASE_PARAM(sheaves_are_counted_in_and_out, kind_gen_params),
	{}
};

static struct kunit_suite kmem_prefill_suite = {
	.name = "kmem_prefill",
	.init = kmem_suite_init,
	.test_cases = kmem_prefill_cases,
};

kunit_test_suite(kmem_prefill_suite);

MODULE_DESCRIPTION("KUnit tests for prefilled sheaves");
MODULE_LICENSE("GPL");
