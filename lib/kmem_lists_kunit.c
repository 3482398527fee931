// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a slab: new, full, partial, empty, given back.
 *
 * A slab is on its node's partial list while it has free objects, is kept
 * there when it becomes empty as long as the list is short (min_partial), and
 * goes back to the page allocator otherwise. The counters in
 * /sys/kernel/slab/<cache>/ tell each of these steps, so the cases follow
 * them, step by step.
 *
 * The first slabs of a CPU, where a series has them, are on no list: see
 * struct shelf.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_lists'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/hash.h>
#include <linux/math.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmstat.h>
#include "kmem_count.h"

#define SMALL		256
/* a slab holds one of these */
#define LARGE		20000
#define SLABS		6
/* more than SLUB would ever keep by itself */
#define KEEP_ALL	1000

/* The kinds of caches whose counters follow each step. */
static const struct kmem_kind exact_kinds[] = {
	KMEM_KIND_DIRECT, KMEM_KIND_CHECKED, KMEM_KIND_TRACKED,
};

KUNIT_ARRAY_PARAM_DESC(exact_kind, exact_kinds, name);
KUNIT_ARRAY_PARAM_DESC(kind, kmem_kinds, name);

/**
 * struct shelf - a cache all of whose slabs are full
 * @cache: the cache
 * @size: of its objects
 * @per_slab: how many objects a slab holds
 * @slabs: how many slabs there are, but for the last one, which a CPU may hold
 * @nr: how many objects these slabs hold
 * @objects: by slab, each live or NULL; those of the last slab stand behind
 */
struct shelf {
	struct kmem_cache *cache;
	unsigned int size, per_slab, slabs, nr;
	void *objects[];
};

static void clear_shelf(void *context)
{
	struct shelf *shelf = context;
	unsigned int i;

	for (i = 0; i < shelf->nr + shelf->per_slab; i++)
		if (shelf->objects[i])
			kmem_cache_free(shelf->cache, shelf->objects[i]);
	kvfree(shelf);
}

/* Have the objects of each slab stand together, and those of @last's at the end. */
static void sort_shelf(struct shelf *shelf, const void *last)
{
	unsigned int i, all = shelf->nr + shelf->per_slab;

	kmem_sort(shelf->objects, all);
	for (i = 0; i < shelf->nr; i += shelf->per_slab) {
		unsigned int j;

		if (kmem_slab_of(shelf->objects[i]) != kmem_slab_of(last))
			continue;
		for (j = 0; j < shelf->per_slab; j++)
			swap(shelf->objects[i + j], shelf->objects[shelf->nr + j]);
		break;
	}
}

/* Fill slabs until @slabs + 1 are full. */
static struct shelf *fill_shelf(struct kunit *test, unsigned int size, unsigned int slabs)
{
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_shelf", size, 0, NULL);
	unsigned int i, all, per_slab;
	struct shelf *shelf;
	void *last = NULL;

	kmem_require_exact(test);
	per_slab = kmem_attribute(test, cache, "objs_per_slab");
	all = (slabs + 1) * per_slab;
	shelf = kvzalloc(struct_size(shelf, objects, all), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, shelf);
	*shelf = (struct shelf){ cache, size, per_slab, slabs, slabs * per_slab };
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, clear_shelf, shelf), 0);
	for (i = 0; i < all; i++) {
		last = kmem_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, last);
		shelf->objects[i] = last;
	}
	sort_shelf(shelf, last);
	kmem_write_marks(shelf->objects, all, size, 0);

	KMEM_ASSERT_COUNT(test, cache, "slabs", slabs + 1, "size %u", size);
	KMEM_ASSERT_COUNT(test, cache, "objects", all, "size %u", size);
	KMEM_ASSERT_COUNT(test, cache, "partial", 0, "size %u", size);
	return shelf;
}

/* Free what is on a shelf, and its cache. */
static void put_away(struct kunit *test, struct shelf *shelf)
{
	struct kmem_cache *cache = shelf->cache;

	kunit_release_action(test, clear_shelf, shelf);
	kmem_private_cache_destroy(test, cache);
}

/* Free object @i of slab @slab. */
static void take_off(struct shelf *shelf, unsigned int slab, unsigned int i)
{
	void **object = &shelf->objects[slab * shelf->per_slab + i];

	kmem_cache_free(shelf->cache, *object);
	*object = NULL;
}

static void take_all_off(struct shelf *shelf, unsigned int slab)
{
	unsigned int i;

	for (i = 0; i < shelf->per_slab; i++)
		take_off(shelf, slab, i);
}

/* Expect the counters of a shelf, with the slab behind it. */
static void expect_shelf(struct kunit *test, struct shelf *shelf, unsigned int slabs,
			 unsigned int partial, unsigned int live, const char *when, unsigned int nr)
{
	unsigned int all = live + shelf->per_slab, full = slabs + 1 - partial;

	KMEM_EXPECT_COUNT(test, shelf->cache, "slabs", slabs + 1, "%s %u", when, nr);
	KMEM_EXPECT_COUNT(test, shelf->cache, "total_objects", (slabs + 1) * shelf->per_slab,
			  "%s %u", when, nr);
	KMEM_EXPECT_COUNT(test, shelf->cache, "partial", partial, "%s %u", when, nr);
	KMEM_EXPECT_COUNT(test, shelf->cache, "objects", all, "%s %u", when, nr);
	KMEM_EXPECT_COUNT(test, shelf->cache, "objects_partial", all - full * shelf->per_slab,
			  "%s %u", when, nr);
}

/*
 * A new slab is taken when all others are full, and not before; until it is
 * full itself, it is on the partial list. Source: ___slab_alloc(), "New slabs
 * are allocated if there are no partial ones".
 */
static void new_slab_comes_when_all_are_full(struct kunit *test)
{
	const struct kmem_kind *kind = test->param_value;
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_shelf", SMALL, 0, NULL);
	unsigned int i, per_slab;

	kmem_require_exact(test);
	per_slab = kmem_attribute(test, cache, "objs_per_slab");
	for (i = 1; i <= 3 * per_slab + 1; i++) {
		unsigned int slabs = DIV_ROUND_UP(i, per_slab);

		kmem_take(test, cache, 1);
		KMEM_ASSERT_COUNT(test, cache, "slabs", slabs, "object %u", i);
		KMEM_EXPECT_COUNT(test, cache, "total_objects", slabs * per_slab, "object %u", i);
		/* all of a CPU's slab counts as used */
		if (!kind->debug && kmem_has_cpu_slabs())
			continue;
		KMEM_EXPECT_COUNT(test, cache, "objects", i, "object %u", i);
		KMEM_EXPECT_COUNT(test, cache, "partial", !!(i % per_slab), "object %u", i);
		KMEM_EXPECT_COUNT(test, cache, "objects_partial", i % per_slab, "object %u", i);
	}
}

/*
 * The first free puts a full slab on the partial list, the next ones leave it
 * there. Source: __slab_free(), free_to_partial_list(), "was on full list".
 */
static void first_free_makes_a_full_slab_partial(struct kunit *test)
{
	struct shelf *shelf = fill_shelf(test, SMALL, SLABS);
	unsigned int slab, round, freed = 0;

	for (round = 0; round < shelf->per_slab - 1; round++) {
		for (slab = 0; slab < shelf->slabs; slab++) {
			take_off(shelf, slab, round);
			freed++;
			expect_shelf(test, shelf, SLABS, round ? SLABS : slab + 1,
				     shelf->nr - freed, "freed", freed);
		}
	}
}

/*
 * A slab that becomes empty is kept while the partial list is shorter than
 * min_partial, itself included if it is on it; else it is given back. Source:
 * __slab_free(), "we have enough", and free_to_partial_list().
 */
static void emptied_slab_is_kept_up_to_min_partial(struct kunit *test)
{
	static const unsigned int sizes[] = { SMALL, LARGE };
	unsigned int s, min_partial, slab;

	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		for (min_partial = 0; min_partial < SLABS; min_partial += 1 + min_partial / 2) {
			struct shelf *shelf = fill_shelf(test, sizes[s], SLABS);
			/* one of many objects was on the list before it became empty */
			unsigned int keep = shelf->per_slab == 1 ? min_partial :
					    max(min_partial, 1U) - 1;

			kmem_set_attribute(test, shelf->cache, "min_partial", min_partial);
			for (slab = 0; slab < SLABS; slab++) {
				unsigned int kept = min(slab + 1, keep);

				take_all_off(shelf, slab);
				expect_shelf(test, shelf, SLABS - slab - 1 + kept, kept,
					     (SLABS - slab - 1) * shelf->per_slab,
					     "min_partial", min_partial);
			}
			put_away(test, shelf);
		}
	}
}

/*
 * A full slab all of whose objects are freed at once was not on the partial
 * list, and is kept while that is shorter than min_partial. Source:
 * __slab_free(), "could have a single object and thus go from full to empty in
 * a single free", and free_to_partial_list().
 */
static void slab_emptied_at_once_is_kept_up_to_min_partial(struct kunit *test)
{
	unsigned int min_partial, slab;

	for (min_partial = 0; min_partial < SLABS; min_partial++) {
		struct shelf *shelf = fill_shelf(test, SMALL, SLABS);

		kmem_set_attribute(test, shelf->cache, "min_partial", min_partial);
		for (slab = 0; slab < SLABS; slab++) {
			void **objects = &shelf->objects[slab * shelf->per_slab];
			unsigned int kept = min(slab + 1, min_partial);

			kmem_cache_free_bulk(shelf->cache, shelf->per_slab, objects);
			memset(objects, 0, shelf->per_slab * sizeof(*objects));
			expect_shelf(test, shelf, SLABS - slab - 1 + kept, kept,
				     (SLABS - slab - 1) * shelf->per_slab,
				     "min_partial", min_partial);
		}
		put_away(test, shelf);
	}
}

/*
 * Free objects of partial slabs are handed out before a new slab is taken,
 * each once, and a slab whose last one is taken leaves the partial list.
 * Source: get_from_partial_node(), get_partial_node().
 */
static void free_objects_are_used_before_a_new_slab(struct kunit *test)
{
	struct shelf *shelf = fill_shelf(test, SMALL, SLABS);
	unsigned int slab, i, freed = 0;
	struct kmem_batch *batch;
	void *gone[SLABS * 3];

	for (slab = 0; slab < SLABS; slab++)
		for (i = 0; i < 3; i++)
			gone[freed++] = shelf->objects[slab * shelf->per_slab + 2 * i];
	for (slab = 0; slab < SLABS; slab++)
		for (i = 0; i < 3; i++)
			take_off(shelf, slab, 2 * i);
	expect_shelf(test, shelf, SLABS, SLABS, shelf->nr - freed, "freed", freed);

	batch = kmem_take(test, shelf->cache, freed);
	expect_shelf(test, shelf, SLABS, 0, shelf->nr, "taken again", freed);
	for (i = 0; i < freed; i++)
		KUNIT_EXPECT_EQ_MSG(test, kmem_count(batch, gone[i]), 1, "object %u", i);

	kmem_take(test, shelf->cache, 1);
	KMEM_EXPECT_COUNT(test, shelf->cache, "slabs", SLABS + 2, "all were full");
}

/*
 * The slab that had its first free first is the first to be used again, until
 * it is full. Source: __slab_free() and free_to_partial_list(), which add to
 * the tail of the partial list, and get_from_partial_node(), from its head.
 */
static void partial_slabs_are_used_in_the_order_of_their_frees(struct kunit *test)
{
	static const unsigned int order[] = { 3, 0, 4, 1, 5, 2 };
	struct shelf *shelf = fill_shelf(test, SMALL, SLABS);
	void *slabs[SLABS];
	unsigned int i;

	for (i = 0; i < SLABS; i++)
		slabs[i] = kmem_slab_of(shelf->objects[order[i] * shelf->per_slab]);
	for (i = 0; i < 2 * SLABS; i++)
		take_off(shelf, order[i % SLABS], i / SLABS);
	for (i = 0; i < 2 * SLABS; i++) {
		struct kmem_batch *batch = kmem_take(test, shelf->cache, 1);

		KUNIT_EXPECT_PTR_EQ_MSG(test, kmem_slab_of(batch->objects[0]), slabs[i / 2],
					"allocation %u", i);
	}
}

/*
 * After a shrink, the slabs that are nearest to being full are used first, so
 * that the others may become empty. Source: __kmem_cache_do_shrink(), "promotes
 * the slabs filled up most to the head of the partial lists".
 */
static void shrink_puts_the_fullest_slab_first(struct kunit *test)
{
	/* how many objects of a slab are freed; slabs in an order that is none */
	static const unsigned int frees[SLABS] = { 4, 1, 6, 2, 5, 3 };
	struct shelf *shelf = fill_shelf(test, SMALL, SLABS);
	unsigned int wanted, slab, i;

	for (slab = 0; slab < SLABS; slab++)
		for (i = 0; i < frees[slab]; i++)
			take_off(shelf, slab, i);
	KUNIT_EXPECT_NE(test, kmem_cache_shrink(shelf->cache), 0);
	expect_shelf(test, shelf, SLABS, SLABS, shelf->nr - SLABS * (SLABS + 1) / 2, "freed", 0);

	for (wanted = 1; wanted <= SLABS; wanted++) {
		for (slab = 0; frees[slab] != wanted; slab++)
			;
		for (i = 0; i < wanted; i++) {
			struct kmem_batch *batch = kmem_take(test, shelf->cache, 1);
			/* of this slab, the last object is still live */
			void *mate = shelf->objects[(slab + 1) * shelf->per_slab - 1];

			KUNIT_EXPECT_PTR_EQ_MSG(test, kmem_slab_of(batch->objects[0]),
						kmem_slab_of(mate), "object %u of %u", i, wanted);
		}
	}
}

/*
 * A shrink gives back each empty slab, however many may be kept, and leaves
 * all others and their objects alone; it returns 0 if none is left. Source:
 * kmem_cache_shrink(), "a zero exit status indicates all slabs were released".
 */
static void shrink_gives_back_empty_slabs_only(struct kunit *test)
{
	struct shelf *shelf = fill_shelf(test, SMALL, SLABS);
	unsigned int slab, i;

	kmem_set_attribute(test, shelf->cache, "min_partial", KEEP_ALL);
	for (slab = 0; slab < SLABS; slab += 2)
		take_all_off(shelf, slab);
	take_off(shelf, 1, 0);
	expect_shelf(test, shelf, SLABS, SLABS / 2 + 1, shelf->nr / 2 - 1, "freed", 0);

	KUNIT_EXPECT_NE(test, kmem_cache_shrink(shelf->cache), 0);
	expect_shelf(test, shelf, SLABS / 2, 1, shelf->nr / 2 - 1, "shrunk", 0);
	for (i = 0; i < shelf->nr; i++)
		if (shelf->objects[i])
			KUNIT_EXPECT_PTR_EQ_MSG(test, *(void **)shelf->objects[i],
						(void *)((i + 1) * GOLDEN_RATIO_PRIME),
						"object %u", i);

	for (slab = 1; slab < SLABS; slab += 2)
		for (i = slab == 1; i < shelf->per_slab; i++)
			take_off(shelf, slab, i);
	for (i = 0; i < shelf->per_slab; i++)
		take_off(shelf, shelf->slabs, i);
	KUNIT_EXPECT_EQ(test, kmem_cache_shrink(shelf->cache), 0);
	KMEM_EXPECT_COUNT(test, shelf->cache, "slabs", 0, "all were freed");
	KMEM_EXPECT_COUNT(test, shelf->cache, "total_objects", 0, "all were freed");
	KMEM_EXPECT_COUNT(test, shelf->cache, "partial", 0, "all were freed");
}

/* A cache as the counters should show it. */
#define MODEL_SLABS	64
struct model {
	struct kmem_cache *cache;
	unsigned int per_slab, min_partial, slabs, partial, live;
	void *slab[MODEL_SLABS];
	unsigned int inuse[MODEL_SLABS];
};

static unsigned int find_slab(struct model *model, const void *slab)
{
	unsigned int i;

	for (i = 0; i < model->slabs && model->slab[i] != slab; i++)
		;
	return i;
}

static void model_drop(struct model *model, unsigned int slab)
{
	model->slabs--;
	model->partial--;
	model->slab[slab] = model->slab[model->slabs];
	model->inuse[slab] = model->inuse[model->slabs];
}

static void model_alloc(struct kunit *test, struct model *model, const void *object, bool exact)
{
	unsigned int i = find_slab(model, kmem_slab_of(object));

	model->live++;
	if (i == model->slabs) {
		KUNIT_ASSERT_LT(test, i, MODEL_SLABS);
		if (exact)
			KUNIT_EXPECT_EQ_MSG(test, model->partial, 0, "live %u", model->live);
		model->slab[i] = kmem_slab_of(object);
		model->inuse[i] = 0;
		model->slabs++;
		model->partial++;
	}
	KUNIT_ASSERT_LT_MSG(test, model->inuse[i], model->per_slab, "live %u", model->live);
	if (++model->inuse[i] == model->per_slab)
		model->partial--;
}

static void model_free(struct model *model, const void *object, bool exact)
{
	unsigned int i = find_slab(model, kmem_slab_of(object));
	unsigned int listed = model->partial;

	model->live--;
	if (model->inuse[i] == model->per_slab)
		model->partial++;
	if (!--model->inuse[i] && exact && listed >= model->min_partial)
		model_drop(model, i);
}

/* Shrink a cache, and its model: no empty slab is left. */
static void model_shrink(struct model *model)
{
	unsigned int i;

	kmem_cache_shrink(model->cache);
	for (i = model->slabs; i-- > 0; )
		if (!model->inuse[i])
			model_drop(model, i);
}

static void expect_model(struct kunit *test, struct model *model, unsigned int step)
{
	KMEM_ASSERT_COUNT(test, model->cache, "slabs", model->slabs, "step %u", step);
	KMEM_ASSERT_COUNT(test, model->cache, "partial", model->partial, "step %u", step);
	KMEM_ASSERT_COUNT(test, model->cache, "objects", model->live, "step %u", step);
	KMEM_ASSERT_COUNT(test, model->cache, "objects_partial", model->live -
			  (model->slabs - model->partial) * model->per_slab, "step %u", step);
}

#define MODEL_STEPS	3000
#define MODEL_OBJECTS	256

/*
 * Through a long mixture of allocations and frees, the counters say of each
 * fourth step what a simple model of the lists says; where a CPU holds objects,
 * they do so after each shrink. Each object keeps what was written to it. Source:
 * Documentation/ABI/testing/sysfs-kernel-slab.
 */
static void counters_follow_a_model(struct kunit *test)
{
	const struct kmem_kind *kind = test->param_value;
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_model", SMALL, 0, NULL);
	bool exact = kind->debug || (kind->flags && !kmem_has_cpu_slabs());
	struct model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	struct kmem_batch *batch = kmem_take(test, cache, MODEL_OBJECTS);
	unsigned int step, i, nr = batch->nr, wrong = 0;
	u32 random = 1;

	kmem_require_counters(test);
	exact = exact && !IS_ENABLED(CONFIG_KASAN);
	KUNIT_ASSERT_NOT_NULL(test, model);
	model->cache = cache;
	model->per_slab = kmem_attribute(test, cache, "objs_per_slab");
	model->min_partial = 3;
	kmem_set_attribute(test, cache, "min_partial", model->min_partial);
	for (i = 0; i < nr; i++) {
		model_alloc(test, model, batch->objects[i], false);
		memset(batch->objects[i], (unsigned long)batch->objects[i] >> 5, SMALL);
	}

	/* two waves from many objects to few and back */
	for (step = 0; step < MODEL_STEPS; step++) {
		unsigned int tide = step / (MODEL_STEPS / 4) % 2 ? 7 : 3;

		if (batch->nr && (batch->nr == nr || kmem_next_random(&random, 10) >= tide)) {
			void **object = &batch->objects[kmem_next_random(&random, batch->nr)];

			wrong += !!memchr_inv(*object, (unsigned long)*object >> 5, SMALL);
			model_free(model, *object, exact);
			kmem_cache_free(cache, *object);
			*object = batch->objects[--batch->nr];
		} else {
			void *object = kmem_cache_alloc(cache, GFP_KERNEL);

			KUNIT_ASSERT_NOT_NULL(test, object);
			batch->objects[batch->nr++] = object;
			model_alloc(test, model, object, exact);
			memset(object, (unsigned long)object >> 5, SMALL);
		}
		if (!exact && step % 64 == 3)
			model_shrink(model);
		if (step % (exact ? 4 : 64) == 3)
			expect_model(test, model, step);
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

/* What the memory statistics say of slabs, in pages. */
static long slab_pages(enum node_stat_item item)
{
	return global_node_page_state_pages(item);
}

#define ACCOUNTED_SLABS	64
/* what others may take or give back meanwhile, in slabs */
#define NOISE		8

/*
 * The pages of slabs are counted as reclaimable or unreclaimable slab memory
 * from their allocation until they are given back. Source: account_slab(),
 * unaccount_slab(), Documentation/filesystems/proc.rst on SReclaimable.
 */
static void slabs_are_accounted_as_slab_memory(struct kunit *test)
{
	static const struct {
		slab_flags_t flags;
		enum node_stat_item item, other;
	} types[] = {
		{ 0, NR_SLAB_UNRECLAIMABLE_B, NR_SLAB_RECLAIMABLE_B },
		{ SLAB_RECLAIM_ACCOUNT, NR_SLAB_RECLAIMABLE_B, NR_SLAB_UNRECLAIMABLE_B },
	};
	unsigned int i;

	kmem_require_exact(test);
	KMEM_REQUIRE_NOT(test, CONFIG_SMP, "where each CPU has counters of its own");
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_shelf", SMALL,
							      types[i].flags, NULL);
		unsigned int order = kmem_attribute(test, cache, "order");
		long pages = ACCOUNTED_SLABS << order, noise = NOISE << order;
		unsigned int nr = ACCOUNTED_SLABS * kmem_attribute(test, cache, "objs_per_slab");
		long item = slab_pages(types[i].item), other = slab_pages(types[i].other);
		struct kmem_batch *batch = kmem_take(test, cache, nr);

		KUNIT_EXPECT_LE_MSG(test, abs(slab_pages(types[i].item) - item - pages), noise,
				    "taken, type %u: %ld, were %ld", i,
				    slab_pages(types[i].item), item);
		KUNIT_EXPECT_LE_MSG(test, abs(slab_pages(types[i].other) - other), noise,
				    "taken, other of type %u", i);
		kmem_give_back(test, batch);
		kmem_cache_shrink(cache);
		KUNIT_EXPECT_LE_MSG(test, abs(slab_pages(types[i].item) - item), noise,
				    "given back, type %u: %ld, were %ld", i,
				    slab_pages(types[i].item), item);
		kmem_private_cache_destroy(test, cache);
	}
}

/*
 * Validation finds every slab that there is, full ones too where a cache lists
 * them, so that a bad byte in a full slab is reported. Source:
 * validate_slab_node(), "slabs counted but counter=", add_full(), remove_full().
 */
static void full_slabs_are_listed_for_validation(struct kunit *test)
{
	const struct kmem_kind *kind = test->param_value;
	struct shelf *shelf = fill_shelf(test, SMALL, SLABS);
	unsigned int slab;
	u8 *behind, good;

	KMEM_EXPECT_SILENCE(test, kmem_validate(test, shelf->cache));
	if (!(kind->flags & SLAB_STORE_USER))
		return;

	behind = (u8 *)shelf->objects[2 * shelf->per_slab] + SMALL;
	good = kmem_peek(behind);
	kmem_poke(behind, good ^ 0xff);
	KMEM_EXPECT_REPORT(test, kmem_validate(test, shelf->cache), "BUG kmem_shelf");
	kmem_poke(behind, good);

	for (slab = 0; slab < SLABS; slab++) {
		take_off(shelf, slab, 0);
		KMEM_EXPECT_SILENCE(test, kmem_validate(test, shelf->cache));
	}
	kmem_take(test, shelf->cache, SLABS);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, shelf->cache));
}

static struct kunit_case kmem_lists_cases[] = {
	KUNIT_CASE_PARAM(new_slab_comes_when_all_are_full, exact_kind_gen_params),
	KUNIT_CASE_PARAM(first_free_makes_a_full_slab_partial, exact_kind_gen_params),
	KUNIT_CASE_PARAM(emptied_slab_is_kept_up_to_min_partial, exact_kind_gen_params),
	KUNIT_CASE_PARAM(slab_emptied_at_once_is_kept_up_to_min_partial, exact_kind_gen_params),
	KUNIT_CASE_PARAM(free_objects_are_used_before_a_new_slab, exact_kind_gen_params),
	KUNIT_CASE_PARAM(partial_slabs_are_used_in_the_order_of_their_frees,
			 exact_kind_gen_params),
	KUNIT_CASE_PARAM(shrink_puts_the_fullest_slab_first, exact_kind_gen_params),
	KUNIT_CASE_PARAM(shrink_gives_back_empty_slabs_only, exact_kind_gen_params),
	KUNIT_CASE_PARAM(counters_follow_a_model, kind_gen_params),
	KUNIT_CASE_PARAM(slabs_are_accounted_as_slab_memory, exact_kind_gen_params),
	KUNIT_CASE_PARAM(full_slabs_are_listed_for_validation, exact_kind_gen_params),
	{}
};

static struct kunit_suite kmem_lists_suite = {
	.name = "kmem_lists",
	.init = kmem_suite_init,
	.test_cases = kmem_lists_cases,
};

kunit_test_suite(kmem_lists_suite);

MODULE_DESCRIPTION("KUnit tests for the lists that slabs are on");
MODULE_LICENSE("GPL");
