// SPDX-License-Identifier: GPL-2.0-only
/*
 * The objects of a kmem_cache: size, alignment, and what a constructor built.
 *
 * Every cache here is private: merged with no other and untouched by the boot's
 * slab_debug=, so that what is seen is this case's doing.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_cache_objects'
 */
#include <kunit/test.h>
#include <linux/cache.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/list_lru.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/topology.h>
#include "kmem_count.h"
#include "kmem_kunit.h"

#define OBJECT_SIZE	64
/* more than the objects of several slabs */
#define MANY		512
#define PRIVATE		(SLAB_NO_MERGE | SLAB_NO_USER_FLAGS)

static unsigned int count_misaligned(struct kmem_batch *batch, unsigned int align)
{
	unsigned int i, misaligned = 0;

	for (i = 0; i < batch->nr; i++)
		misaligned += !IS_ALIGNED((unsigned long)batch->objects[i], align);
	return misaligned;
}

/* What a cache may be created with, besides a size. */
static const struct kind {
	const char *name;
	slab_flags_t flags;
} kinds[] = {
	{ "plain", 0 },
	{ "hwcache_align", SLAB_HWCACHE_ALIGN },
	{ "consistency_checks", SLAB_CONSISTENCY_CHECKS },
	{ "red_zone", SLAB_RED_ZONE },
	{ "poison", SLAB_POISON },
	{ "store_user", SLAB_STORE_USER },
	{ "all_checks", KMEM_ALL_CHECKS },
};

KUNIT_ARRAY_PARAM_DESC(kind, kinds, name);

/* The kind of cache of this case, if the kernel has it. */
static const struct kind *the_kind(struct kunit *test)
{
	const struct kind *kind = test->param_value;

	if (kind->flags & KMEM_ALL_CHECKS)
		KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	return kind;
}

static void construct_nothing(void *object)
{
}

/*
 * Expect that some objects of a cache have their size, alignment and all of
 * their bytes for themselves: none changes another one, or a red zone.
 */
static void expect_sound_objects(struct kunit *test, unsigned int size, unsigned int align,
				 slab_flags_t flags, void (*ctor)(void *), unsigned int aligned_to)
{
	struct kmem_cache *cache = kmem_cache_create("kmem_sound", size, align, flags | PRIVATE,
						     ctor);
	struct kmem_batch *batch;

	KUNIT_ASSERT_NOT_NULL_MSG(test, cache, "size %u, align %u", size, align);
	kmem_adopt_cache(test, cache);
	KUNIT_EXPECT_EQ(test, kmem_cache_size(cache), size);

	batch = kmem_take(test, cache, size < PAGE_SIZE ? 24 : 5);
	kmem_mark(batch, size);
	KUNIT_EXPECT_EQ_MSG(test, count_misaligned(batch, aligned_to), 0, "size %u, align %u",
			    size, align);
	KUNIT_EXPECT_EQ_MSG(test, kmem_count_overwritten(batch, size), 0, "size %u, align %u",
			    size, align);
	kmem_give_back(test, batch);
	kmem_private_cache_destroy(test, cache);
}

/* Small sizes one by one, then in ever larger odd steps. */
static unsigned int next_size(unsigned int size)
{
	return size < 24 ? size + 1 : size + size / 3 + 1;
}

/*
 * Objects have the size that was asked for and are usable to their last byte:
 * what is written there reaches no other object and no red zone. Source:
 * kernel-doc of kmem_cache_create(), "The size of objects".
 */
static void objects_are_usable_to_the_last_byte(struct kunit *test)
{
	const struct kind *kind = the_kind(test);
	unsigned int size;

	for (size = 1; size <= 9 * PAGE_SIZE; size = next_size(size)) {
		expect_sound_objects(test, size, 0, kind->flags, NULL, sizeof(void *));
		expect_sound_objects(test, size, 0, kind->flags, construct_nothing, sizeof(void *));
	}
}

/* SLOB looks for room in single pages. */
#define LARGEST_ALIGNMENT	(IS_ENABLED(CONFIG_SLOB) ? PAGE_SIZE : 2 * PAGE_SIZE)

/*
 * Objects are aligned as asked for, whatever their size and flags, and to a
 * word at least. Source: kernel-doc of kmem_cache_create(), "The required
 * alignment for the objects", and calculate_alignment().
 */
static void objects_are_aligned(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 24, 65, 1000 };
	const struct kind *kind = the_kind(test);
	unsigned int align, i;

	for (align = 1; align <= LARGEST_ALIGNMENT; align *= 2) {
		unsigned int aligned_to = max_t(unsigned int, align, sizeof(void *));

		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			expect_sound_objects(test, sizes[i], align, kind->flags, NULL, aligned_to);
			expect_sound_objects(test, sizes[i], align, kind->flags, construct_nothing,
					     aligned_to);
		}
	}
}

/*
 * With SLAB_HWCACHE_ALIGN, an object lies in as few cache lines as it can: a
 * large one begins with a line, a small one crosses none. Source:
 * calculate_alignment(), "if the object is sufficiently large".
 */
static void hwcache_align_saves_cache_lines(struct kunit *test)
{
	unsigned int line = cache_line_size(), size;

	for (size = 1; size <= 4 * line; size++)
		expect_sound_objects(test, size, 0, SLAB_HWCACHE_ALIGN, NULL,
				     min_t(unsigned long, line, roundup_pow_of_two(size)));
}

/*
 * An alignment that is no power of two is not refused. It means nothing, but
 * the objects are aligned to a word and do not overlap. Source:
 * calculate_alignment(), and ALIGN() in calculate_sizes(), which never yields
 * less than the size.
 */
static void odd_alignment_does_no_harm(struct kunit *test)
{
	static const unsigned int alignments[] = { 3, 12, 24, 48, 100, 1000 };
	unsigned int i, size;

	for (i = 0; i < ARRAY_SIZE(alignments); i++) {
		for (size = 1; size < 200; size += 11)
			expect_sound_objects(test, size, alignments[i], 0, NULL, sizeof(void *));
	}
}

#define ARMY	100000

static int compare_pointers(const void *a, const void *b)
{
	void *left = *(void * const *)a, *right = *(void * const *)b;

	return (left > right) - (left < right);
}

/*
 * A hundred thousand objects, all live, are distinct, aligned and do not
 * overlap: sorted by address, each ends before the next one begins, and each
 * holds to the end what was written into it. Freed in another order, they leave
 * an empty cache.
 */
static void many_objects_are_distinct(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_army", OBJECT_SIZE, 0, NULL);
	unsigned int i, overlaps = 0, overwritten = 0;
	struct kmem_batch *batch;

	batch = kmem_take(test, cache, ARMY);
	KUNIT_EXPECT_EQ(test, count_misaligned(batch, sizeof(void *)), 0);
	for (i = 0; i < ARMY; i++)
		memset64(batch->objects[i], i * 0x9e3779b97f4a7c15ull, OBJECT_SIZE / sizeof(u64));
	for (i = 0; i < ARMY; i++) {
		u64 *word = batch->objects[i];

		overwritten += word[0] != i * 0x9e3779b97f4a7c15ull ||
			       memcmp(word, word + 1, OBJECT_SIZE - sizeof(u64));
	}
	KUNIT_EXPECT_EQ(test, overwritten, 0);

	sort(batch->objects, ARMY, sizeof(void *), compare_pointers, NULL);
	for (i = 1; i < ARMY; i++)
		overlaps += batch->objects[i - 1] + OBJECT_SIZE > batch->objects[i];
	KUNIT_EXPECT_EQ(test, overlaps, 0);

	/* 7919 is prime to their number, so it leads to each of them */
	for (i = 0; i < ARMY; i++)
		kmem_cache_free(cache, batch->objects[i * 7919 % ARMY]);
	batch->nr = 0;
	KUNIT_EXPECT_EQ(test, kmem_cache_shrink(cache), 0);
}

static struct list_lru nobodys_lru;

static void *alloc_plain(struct kmem_cache *cache)
{
	return kmem_cache_alloc(cache, GFP_KERNEL);
}

static void *alloc_zeroed(struct kmem_cache *cache)
{
	return kmem_cache_zalloc(cache, GFP_KERNEL);
}

static void *alloc_on_any_node(struct kmem_cache *cache)
{
	return kmem_cache_alloc_node(cache, GFP_KERNEL, NUMA_NO_NODE);
}

static void *alloc_on_this_node(struct kmem_cache *cache)
{
	return kmem_cache_alloc_node(cache, GFP_KERNEL, numa_mem_id());
}

static void *alloc_for_a_list(struct kmem_cache *cache)
{
	return kmem_cache_alloc_lru(cache, &nobodys_lru, GFP_KERNEL);
}

static void *alloc_in_bulk(struct kmem_cache *cache)
{
	void *object = NULL;

	return kmem_cache_alloc_bulk(cache, GFP_KERNEL, 1, &object) ? object : NULL;
}

/*
 * Whatever way they are allocated, objects are of one cache: distinct, whole,
 * counted, and freed by kmem_cache_free(). Source: kernel-doc of
 * kmem_cache_alloc(), kmem_cache_alloc_node(), and include/linux/slab.h.
 */
static void objects_can_be_had_in_any_way(struct kunit *test)
{
	static void *(* const ways[])(struct kmem_cache *cache) = {
		alloc_plain, alloc_zeroed, alloc_on_any_node, alloc_on_this_node, alloc_for_a_list,
		alloc_in_bulk,
	};
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_ways", OBJECT_SIZE, 0, NULL);
	struct kmem_batch *batch = kmem_take(test, cache, MANY);
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		kmem_cache_free(cache, batch->objects[i]);
		batch->objects[i] = ways[i % ARRAY_SIZE(ways)](cache);
		KUNIT_EXPECT_NOT_NULL_MSG(test, batch->objects[i], "way %zu",
					  i % ARRAY_SIZE(ways));
		if (!batch->objects[i])
			batch->objects[i] = kmem_cache_alloc(cache, GFP_KERNEL | __GFP_NOFAIL);
	}
	kmem_mark(batch, OBJECT_SIZE);
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_EQ_MSG(test, kmem_count(batch, batch->objects[i]), 1, "object %u", i);
	KUNIT_EXPECT_EQ(test, kmem_count_overwritten(batch, OBJECT_SIZE), 0);
	if (kmem_slabinfo_is_there()) {
		kmem_cache_shrink(cache);
		KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, "kmem_ways").active_objs, MANY);
	}
	kmem_give_back(test, batch);
	KUNIT_EXPECT_EQ(test, kmem_cache_shrink(cache), 0);
}

static const struct context {
	const char *name;
	gfp_t gfp;
	bool irqs_off;
} contexts[] = {
	{ "GFP_KERNEL", GFP_KERNEL },
	{ "GFP_ATOMIC", GFP_ATOMIC },
	{ "GFP_NOWAIT", GFP_NOWAIT },
	{ "GFP_ATOMIC_irqs_off", GFP_ATOMIC, true },
	{ "GFP_NOWAIT_irqs_off", GFP_NOWAIT, true },
};

KUNIT_ARRAY_PARAM_DESC(context, contexts, name);

/*
 * Objects can be had wherever the GFP flags allow for it, new slabs included,
 * and be freed there. Source: Documentation/core-api/memory-allocation.rst.
 */
static void objects_can_be_had_in_any_context(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_context", OBJECT_SIZE, 0, NULL);
	const struct context *context = test->param_value;
	unsigned long irqs = 0;
	unsigned int nr, got;
	void **objects;

	objects = kunit_kmalloc_array(test, MANY, sizeof(*objects), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objects);
	if (context->irqs_off)
		local_irq_save(irqs);
	for (nr = 0; nr < MANY; nr++) {
		objects[nr] = kmem_cache_alloc(cache, context->gfp);
		if (!objects[nr])
			break;
		memset(objects[nr], 0x77, OBJECT_SIZE);
	}
	got = nr;
	while (nr)
		kmem_cache_free(cache, objects[--nr]);
	if (context->irqs_off)
		local_irq_restore(irqs);
	KUNIT_EXPECT_EQ(test, got, MANY);
}

/*
 * An allocation that fails gives NULL, and the cache is as good as before.
 * Source: Documentation/core-api/memory-allocation.rst.
 */
static void failed_allocation_gives_null(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_fails", OBJECT_SIZE, 0, NULL);
	struct kmem_batch *batch;
	void *object;
	int i;

	for (i = 0; i < 3; i++) {
		object = KMEM_FAILING(test, 1, kmem_cache_alloc(cache, GFP_NOWAIT | __GFP_NOWARN));
		KUNIT_EXPECT_NULL(test, object);
		kmem_give_back(test, kmem_take(test, cache, 1));
	}
	batch = kmem_take(test, cache, MANY);
	kmem_mark(batch, OBJECT_SIZE);
	KUNIT_EXPECT_EQ(test, kmem_count_overwritten(batch, OBJECT_SIZE), 0);
	kmem_give_back(test, batch);
	KUNIT_EXPECT_EQ(test, kmem_cache_shrink(cache), 0);
}

/*
 * Constructors
 */

#define BUILT		0xb1
#define MAX_BUILDINGS	4096

static struct {
	unsigned int nr;
	unsigned int size;
	void *at[MAX_BUILDINGS];
} buildings;

static void build(void *object)
{
	if (buildings.nr < MAX_BUILDINGS)
		buildings.at[buildings.nr] = object;
	buildings.nr++;
	memset(object, BUILT, buildings.size);
}

static struct kmem_cache *built_cache(struct kunit *test, const char *name, unsigned int size,
				      slab_flags_t flags)
{
	buildings.nr = 0;
	buildings.size = size;
	return kmem_private_cache(test, name, size, flags, build);
}

/* How often was the place of an object built upon? */
static unsigned int times_built(const void *object)
{
	unsigned int i, times = 0;

	for (i = 0; i < min_t(unsigned int, buildings.nr, MAX_BUILDINGS); i++)
		times += buildings.at[i] == object;
	return times;
}

static unsigned int count_spoilt(struct kmem_batch *batch)
{
	unsigned int i, spoilt = 0;

	for (i = 0; i < batch->nr; i++)
		spoilt += !!memchr_inv(batch->objects[i], BUILT, buildings.size);
	return spoilt;
}

/*
 * The constructor runs once for each object of a new slab, free ones included,
 * and before anybody gets one. Source: kernel-doc of kmem_cache_create(), "run
 * when new pages are allocated by the cache".
 */
static void constructor_runs_once_per_object(struct kunit *test)
{
	const struct kind *kind = the_kind(test);
	struct kmem_cache *cache = built_cache(test, "kmem_built", OBJECT_SIZE, kind->flags);
	struct kmem_batch *batch;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, buildings.nr, 0);
	batch = kmem_take(test, cache, MANY);
	KUNIT_EXPECT_GE(test, buildings.nr, MANY);
	KUNIT_EXPECT_LE(test, buildings.nr, MAX_BUILDINGS);
	KUNIT_EXPECT_EQ(test, count_spoilt(batch), 0);
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_EQ_MSG(test, times_built(batch->objects[i]), 1, "object %u", i);
	if (kmem_slabinfo_is_there())
		KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, "kmem_built").num_objs, buildings.nr);
}

/*
 * An object that is freed and handed out again is not constructed again: what
 * the constructor built is still there, whole, whatever the flags of the cache
 * and of the boot. Source: Documentation/core-api/memory-allocation.rst,
 * slab_want_init_on_free(), and calculate_sizes(), which keeps free pointer and
 * poison out of constructed objects.
 */
static void what_constructor_built_survives_reuse(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 8, 24, 65, 512, 1000 };
	const struct kind *kind = the_kind(test);
	unsigned int i, j, back;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct kmem_cache *cache = built_cache(test, "kmem_built", sizes[i], kind->flags);
		struct kmem_batch *old = kmem_take(test, cache, 128), *new;
		void *freed[64];

		for (j = 0; j < 64; j++)
			freed[j] = old->objects[2 * j];
		kmem_free_half(old);
		new = kmem_take(test, cache, 256);
		KUNIT_EXPECT_EQ_MSG(test, count_spoilt(new), 0, "size %u", sizes[i]);

		for (j = 0, back = 0; j < 64; j++) {
			if (!kmem_count(new, freed[j]))
				continue;
			KUNIT_EXPECT_EQ_MSG(test, times_built(freed[j]), 1, "size %u, object %u",
					    sizes[i], j);
			back++;
		}
		KUNIT_EXPECT_GE_MSG(test, back, 32, "size %u: too few came back", sizes[i]);
		kmem_give_back(test, old);
		kmem_give_back(test, new);
		kmem_private_cache_destroy(test, cache);
	}
}

/*
 * New slabs are constructed, also on pages that were this cache's before: after
 * a shrink, even objects that were spoilt and freed are as the constructor
 * builds them. Source: allocate_slab() and setup_object().
 */
static void constructor_runs_again_for_new_slabs(struct kunit *test)
{
	struct kmem_cache *cache = built_cache(test, "kmem_rebuilt", OBJECT_SIZE, 0);
	struct kmem_batch *batch = kmem_take(test, cache, MANY);
	unsigned int i, before = buildings.nr;

	for (i = 0; i < MANY; i++)
		memset(batch->objects[i], 0x77, OBJECT_SIZE);
	kmem_give_back(test, batch);
	KUNIT_EXPECT_EQ(test, kmem_cache_shrink(cache), 0);
	batch = kmem_take(test, cache, MANY);
	KUNIT_EXPECT_GE(test, buildings.nr, before + MANY);
	KUNIT_EXPECT_EQ(test, count_spoilt(batch), 0);
}

static struct {
	struct kmem_cache *cache;
	void *object;
} meanwhile;

static void take_one_meanwhile(void *object)
{
	struct kmem_cache *cache = meanwhile.cache;

	meanwhile.cache = NULL;
	if (cache)
		meanwhile.object = kmem_cache_alloc(cache, GFP_ATOMIC);
}

/*
 * While a slab is made, others may allocate from the cache, such as a constructor, and
 * what they had made is not lost; nor do interrupts come on for it. Source:
 * ___slab_alloc(), which looks again for a slab of this CPU, and deactivate_slab()
 * (6.x); __pcs_replace_empty_main(), barn_put_full_sheaf() (7.x).
 */
static void slab_made_meanwhile_is_not_lost(struct kunit *test)
{
	struct kmem_cache *cache;
	unsigned long flags;
	bool irqs_are_off;
	void *object;

	kmem_require_counters(test);
	KMEM_REQUIRE_NOT(test, CONFIG_PREEMPT_RT, "which cannot allocate with interrupts off");
	cache = kmem_private_cache(test, "kmem_meanwhile", OBJECT_SIZE, 0, take_one_meanwhile);
	meanwhile.object = NULL;
	meanwhile.cache = cache;
	local_irq_save(flags);
	object = kmem_cache_alloc(cache, GFP_ATOMIC);
	irqs_are_off = irqs_disabled();
	local_irq_restore(flags);
	KUNIT_EXPECT_TRUE(test, irqs_are_off);
	KUNIT_EXPECT_NOT_NULL(test, object);
	KUNIT_EXPECT_NOT_NULL(test, meanwhile.object);
	KUNIT_EXPECT_PTR_NE(test, object, meanwhile.object);
	if (meanwhile.object)
		kmem_cache_free(cache, meanwhile.object);
	if (object && object != meanwhile.object)
		kmem_cache_free(cache, object);
	kmem_expect_live(test, cache, 0, "all is freed");
}

static struct kunit_case kmem_cache_objects_cases[] = {
	KUNIT_CASE_PARAM(objects_are_usable_to_the_last_byte, kind_gen_params),
	KUNIT_CASE_PARAM(objects_are_aligned, kind_gen_params),
	KUNIT_CASE(hwcache_align_saves_cache_lines),
	KUNIT_CASE(odd_alignment_does_no_harm),
	KUNIT_CASE(many_objects_are_distinct),
	KUNIT_CASE(objects_can_be_had_in_any_way),
	KUNIT_CASE_PARAM(objects_can_be_had_in_any_context, context_gen_params),
	KUNIT_CASE(failed_allocation_gives_null),
	KUNIT_CASE_PARAM(constructor_runs_once_per_object, kind_gen_params),
	KUNIT_CASE_PARAM(what_constructor_built_survives_reuse, kind_gen_params),
	KUNIT_CASE(constructor_runs_again_for_new_slabs),
	KUNIT_CASE(slab_made_meanwhile_is_not_lost),
	{}
};

static struct kunit_suite kmem_cache_objects_suite = {
	.name = "kmem_cache_objects",
	.init = kmem_suite_init,
	.test_cases = kmem_cache_objects_cases,
};

kunit_test_suite(kmem_cache_objects_suite);

MODULE_DESCRIPTION("KUnit tests for the objects of a kmem_cache");
MODULE_LICENSE("GPL");
