// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that fail, wait, or have to make do with less, because there is no
 * memory of the size that they want; and the reserves for those who may use them.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_exhausted'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/page-flags.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/vmstat.h>
#include <mm/slab.h>
#include "kmem_count.h"
#include "kmem_hoard.h"
#include "kmem_memcg.h"

#define SMALL_SIZE	96

/*
 * Free objects on another node are used now and then only. Source:
 * remote_node_defrag_ratio in Documentation/ABI/testing/sysfs-kernel-slab.
 */
static void require_one_node(struct kunit *test)
{
	if (num_node_state(N_MEMORY) > 1)
		kunit_skip(test, "needs a single node of memory, whose free objects are all used");
}

/*
 * A cache that finds no memory for a slab gives NULL, quietly where it is asked
 * to be, and goes on as soon as there is some. Source: ___slab_alloc(), and
 * slab_out_of_memory(), which names the cache.
 */
static void cache_gives_null(struct kunit *test)
{
	const struct kmem_report *report;
	struct hoard *hoard;
	bool got = true;

	require_one_node(test);
	hoard = exhaust(test, 0);
	report = KMEM_CAPTURE(test, got = hoard_one(hoard, NO_RECLAIM));
	KUNIT_EXPECT_FALSE(test, got);
	KUNIT_EXPECT_NULL(test, strstr(report->text, "Unable to allocate"));
	KUNIT_EXPECT_NULL(test, strstr(report->text, "page allocation failure"));

	report = KMEM_CAPTURE(test, got = hoard_one(hoard, 0));
	KUNIT_EXPECT_FALSE(test, got);
	if (IS_ENABLED(CONFIG_SLUB_DEBUG)) {
		kmem_expect_text(test, report, "SLUB: Unable to allocate memory on");
		kmem_expect_text(test, report, "cache: kmem_huge, object size: %lu", HUGE_SIZE);
	}

	release_some(hoard, 1);
	KUNIT_EXPECT_TRUE(test, hoard_one(hoard, NO_RECLAIM));
}

/* Debugged caches allocate in bulk by another way. */
static const struct way {
	const char *name;
	slab_flags_t flags;
} ways[] = {
	{ "plain", 0 },
	{ "checked", SLAB_CONSISTENCY_CHECKS },
};

KUNIT_ARRAY_PARAM_DESC(way, ways, name);

/*
 * A bulk that runs out of memory, at once or half-way, gives nothing, and what it
 * had got can be allocated again, but not what lies before its array. Source:
 * kmem_cache_alloc_bulk(), its error path.
 */
static void bulk_gives_all_back(struct kunit *test)
{
	const struct way *way = test->param_value;
	struct hoard *hoard;
	struct {
		void *before[4], *objects[16];
	} array;
	unsigned int given, i;
	bool got;

	require_one_node(test);
	hoard = exhaust(test, way->flags);
	memcpy(array.before, hoard->objects, sizeof(array.before));
	for (given = 0; given < 8; given++) {
		release_some(hoard, given);
		got = kmem_cache_alloc_bulk(hoard->cache, NO_RECLAIM,
					    ARRAY_SIZE(array.objects), array.objects);
		for (i = 0; i < given; i++)
			KUNIT_EXPECT_TRUE_MSG(test, hoard_one(hoard, NO_RECLAIM),
					      "object %u of %u is lost", i, given);
		KUNIT_EXPECT_FALSE_MSG(test, got, "%u objects were left", given);
		if (got)
			kmem_cache_free_bulk(hoard->cache, ARRAY_SIZE(array.objects),
					     array.objects);
		KUNIT_EXPECT_FALSE_MSG(test, hoard_one(hoard, NO_RECLAIM),
				       "%u objects were left, and more came back", given);
	}
}

/*
 * So it does if there are several objects in a slab: none of them is lost, be the
 * slab one that has others as well, one that is empty then, or one that is in use by
 * the CPU. Source: as bulk_gives_all_back(); a cache that has lost some says so when
 * it is destroyed.
 */
static void bulk_of_small_objects_gives_all_back(struct kunit *test)
{
	const unsigned int nr = SCATTERED * HUGE_SIZE / 2 / PAGE_SIZE;
	const struct way *way = test->param_value;
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_pages", PAGE_SIZE, way->flags,
						      NULL);
	struct kmem_batch *kept = kmem_take(test, cache, 3);
	void **objects = kmem_make_array(test, nr);
	struct hoard *hoard;
	bool got;

	require_one_node(test);
	hoard = exhaust(test, 0);
	got = kmem_alloc_bulk(cache, NO_RECLAIM, nr, objects);
	free_hoard(hoard);
	KUNIT_EXPECT_FALSE_MSG(test, got, "there was memory for all");
	if (got)
		kmem_cache_free_bulk(cache, nr, objects);
	kmem_expect_live(test, cache, 3, "it failed");
	kmem_give_back(test, kept);
	kmem_private_cache_destroy(test, cache);
}

/*
 * Where there are no pages of that size, a large kmalloc() gives NULL, quietly
 * where it is asked to be, and krealloc() leaves the memory alone. Source:
 * kmalloc(), krealloc().
 */
static void large_kmalloc_gives_null(struct kunit *test)
{
	struct hoard *hoard = exhaust(test, 0);
	long before = global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
	const struct kmem_report *report;
	void *memory = NULL, *small;

	small = kmalloc(SMALL_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, small);
	memset(small, 0x55, SMALL_SIZE);
	report = KMEM_CAPTURE(test, memory = kmalloc(HUGE_SIZE, NO_RECLAIM));
	KUNIT_EXPECT_NULL(test, memory);
	KUNIT_EXPECT_NULL(test, strstr(report->text, "page allocation failure"));
	kfree(memory);
	memory = krealloc(small, HUGE_SIZE, NO_RECLAIM);
	KUNIT_EXPECT_NULL(test, memory);
	if (!memory)
		KUNIT_EXPECT_NULL(test, memchr_inv(small, 0x55, SMALL_SIZE));
	kfree(memory ?: small);

	/* what was not allocated is not counted */
	KUNIT_EXPECT_LT(test, global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B) - before,
			HUGE_SIZE / PAGE_SIZE);
	release_some(hoard, 2);
}

/*
 * Eight pages are best for a slab of these, as four would leave too much waste
 * with two objects a page, and one page is enough.
 */
#define BEST_ORDER	3
#define TWO_IN_A_PAGE	(PAGE_SIZE * 41 / 100)

static const struct fallback {
	const char *name;
	unsigned int size;
	slab_flags_t flags;
} fallbacks[] = {
	{ "one_object", PAGE_SIZE - 96, 0 },
	{ "two_objects", TWO_IN_A_PAGE, 0 },
	{ "one_checked_object", PAGE_SIZE - 300, KMEM_ALL_CHECKS },
	{ "two_checked_objects", TWO_IN_A_PAGE - 104, KMEM_ALL_CHECKS },
	/* with no room for its owner behind it */
	{ "one_accounted_object", PAGE_SIZE, SLAB_ACCOUNT },
};

KUNIT_ARRAY_PARAM_DESC(fallback, fallbacks, name);

/* so many that what the counters of memory lose on the way does not matter */
#define SMALL_SLABS	256
#define SLOP		((long)(130 * num_online_cpus() + 100))

static long slab_pages(void)
{
	return global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
}

static struct kmem_cache *modest_cache(struct kunit *test, const struct fallback *fallback)
{
	KMEM_REQUIRE(test, CONFIG_SLUB);
	if (fallback->flags & KMEM_ALL_CHECKS)
		KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	if (fallback->flags & SLAB_ACCOUNT)
		enter(test);
	return kmem_private_cache(test, "kmem_modest", fallback->size, fallback->flags, NULL);
}

/* Take all memory but for blocks that are too small for the best slab of a cache. */
static struct hoard *exhaust_best_slabs(struct kunit *test, struct kmem_cache *cache)
{
	struct kmem_batch *batch = kmem_take(test, cache, 1);
	struct hoard *hoard;
	unsigned int order;

	if (compound_order(virt_to_head_page(batch->objects[0])) < BEST_ORDER)
		kunit_skip(test, "needs a boot without slab_max_order=, and CONFIG_SLUB_TINY=n");
	kmem_give_back(test, batch);
	kmem_cache_shrink(cache);

	hoard = exhaust(test, 0);
	/*
	 * so many that no watermark keeps us from taking what is larger; not
	 * smaller, as others need them so large for the stacks of their threads
	 */
	scatter(hoard, SCATTERED, BEST_ORDER - 1);
	for (order = SPARE_ORDER; order >= BEST_ORDER; order--)
		spare_all(hoard, order);
	return hoard;
}

/*
 * A cache that finds no pages side by side makes do with a slab of the smallest
 * size that has room for an object, and all is well with what is in it and with
 * what is behind it. Source: allocate_slab(), "Try a lower order alloc if
 * possible"; next_slab_obj(), "the number of objects on the page might be smaller".
 */
static void slab_is_as_small_as_need_be(struct kunit *test)
{
	const struct fallback *fallback = test->param_value;
	struct kmem_cache *cache = modest_cache(test, fallback);
	struct hoard *hoard = exhaust_best_slabs(test, cache);
	struct kmem_batch *batch;
	unsigned int i;

	batch = kmem_take(test, cache, 16);
	for (i = 0; i < batch->nr; i++) {
		KUNIT_ASSERT_STREQ_MSG(test, kmem_origin(batch->objects[i]).name, "kmem_modest",
				       "object %u", i);
		KUNIT_EXPECT_EQ_MSG(test, compound_order(virt_to_head_page(batch->objects[i])), 0,
				    "object %u", i);
		KUNIT_EXPECT_LE_MSG(test, offset_in_page(batch->objects[i]) + fallback->size,
				    PAGE_SIZE, "object %u", i);
		KUNIT_EXPECT_EQ_MSG(test, kmem_count(batch, batch->objects[i]), 1, "object %u", i);
	}
	kmem_mark(batch, fallback->size);
	if (fallback->flags & KMEM_ALL_CHECKS)
		KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
	KUNIT_EXPECT_EQ(test, kmem_count_overwritten(batch, fallback->size), 0);
	KMEM_EXPECT_SILENCE(test, kmem_free_half(batch));
	KUNIT_EXPECT_EQ(test, count_overwritten_spares(hoard), 0);
	KMEM_EXPECT_SILENCE(test, kmem_give_back(test, batch));
}

/*
 * Slabs of the smallest size are counted for what they are, with their objects
 * and their pages, and are given back like others. Source: inc_slabs_node(),
 * account_slab(); kernel-doc of kmem_cache_shrink(), "Releases as many slabs as
 * possible".
 */
static void small_slabs_are_counted_as_such(struct kunit *test)
{
	struct kmem_cache *cache = modest_cache(test, test->param_value);
	unsigned long slabs, per_slab;
	struct kmem_batch *batch;
	long before, pages;

	kmem_require_counters(test);
	per_slab = PAGE_SIZE / kmem_attribute(test, cache, "slab_size");
	exhaust_best_slabs(test, cache);
	before = slab_pages();
	batch = kmem_take(test, cache, SMALL_SLABS * per_slab);
	pages = slab_pages() - before;
	slabs = kmem_attribute(test, cache, "slabs");
	KUNIT_EXPECT_GE(test, slabs, SMALL_SLABS);
	KMEM_EXPECT_COUNT(test, cache, "total_objects", slabs * per_slab, "taken");
	KUNIT_EXPECT_LE(test, abs(pages - (long)slabs), SLOP);

	kmem_give_back(test, batch);
	KUNIT_EXPECT_EQ(test, kmem_cache_shrink(cache), 0);
	KMEM_EXPECT_COUNT(test, cache, "slabs", 0, "given back");
	KMEM_EXPECT_COUNT(test, cache, "total_objects", 0, "given back");
	KUNIT_EXPECT_LE(test, abs(slab_pages() - before), SLOP);
}

/*
 * A slab of the smallest size that claims one object more than it has room for is
 * reported. Source: check_slab(), "objects %u > max %u", mm/slub.c.
 */
static void small_slab_cannot_claim_more(struct kunit *test)
{
#ifdef CONFIG_SLUB_DEBUG
	static const struct fallback checked = {
		.size = TWO_IN_A_PAGE - 104, .flags = KMEM_ALL_CHECKS,
	};
	struct kmem_cache *cache = modest_cache(test, &checked);
	struct slab *slab;

	exhaust_best_slabs(test, cache);
	slab = virt_to_slab(kmem_take(test, cache, 1)->objects[0]);
	slab->objects++;
	KMEM_EXPECT_REPORT(test, kmem_validate(test, cache), "objects %u > max %u",
			   0 + slab->objects, slab->objects - 1);
	slab->objects--;
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
#else
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
#endif
}

/*
 * The smallest slab of these is of two pages: more than there are side by side, and
 * as many as __GFP_NOFAIL may ask for.
 */
#define PAIR_SIZE	(PAGE_SIZE + 8)
#define PATIENT_BULK	4

static const struct patient {
	const char *name;
	bool bulk;
} patients[] = {
	{ "object", false },
	{ "bulk", true },
};

KUNIT_ARRAY_PARAM_DESC(patient, patients, name);

/* How many of them were allocated. */
static unsigned int take_pairs(const struct patient *patient, struct kmem_cache *cache, gfp_t gfp,
			       void **objects)
{
	if (patient->bulk)
		return kmem_alloc_bulk(cache, gfp, PATIENT_BULK, objects) ? PATIENT_BULK : 0;
	objects[0] = kmem_cache_alloc(cache, gfp);
	return !!objects[0];
}

/* By then, somebody has looked for memory in vain. */
static int free_spares_later(void *context)
{
	schedule_timeout_uninterruptible(2);
	free_spares(*(struct hoard **)context);
	return 0;
}

static void finish(void *task)
{
	kthread_stop(task);
	put_task_struct(task);
}

/*
 * Who must not fail waits until there is memory for a slab. __GFP_NORETRY is for the
 * OOM killer, which it keeps from helping. Source: "%__GFP_NOFAIL: The VM
 * implementation _must_ retry infinitely"; allocate_slab(), which tries without for
 * the best slab only.
 */
static void nofail_waits_for_memory(struct kunit *test)
{
	const struct patient *patient = test->param_value;
	struct kmem_cache *cache;
	void *objects[PATIENT_BULK];
	unsigned int early, nr;
	struct task_struct *task;
	struct hoard *hoard;

	KMEM_REQUIRE(test, CONFIG_SLUB);
	cache = kmem_private_cache(test, "kmem_pair", PAIR_SIZE, 0, NULL);
	/* while there is memory for its stack */
	task = kthread_create(free_spares_later, &hoard, "kmem_exhausted");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, finish, task), 0);
	hoard = exhaust_to_pages(test, SCATTERED / 4);

	early = take_pairs(patient, cache, NO_RECLAIM, objects);
	kmem_free_array(cache, early, objects);
	wake_up_process(task);
	nr = take_pairs(patient, cache, GFP_KERNEL | __GFP_NORETRY | __GFP_NOFAIL, objects);
	kunit_release_action(test, finish, task);
	KUNIT_EXPECT_EQ(test, early, 0);
	KUNIT_EXPECT_EQ(test, nr, patient->bulk ? PATIENT_BULK : 1);
	kmem_free_array(cache, nr, objects);
}

/* When there is nothing but the reserves, who is urgent finds memory, and no other. */
static void expect_urgency_to_help(struct kunit *test, struct kmem_cache *cache, int node,
				   gfp_t patience, gfp_t urgency)
{
	struct hoard *hoard = exhaust(test, 0);
	void *patient, *urgent;

	spare_everything(hoard);
	patient = kmem_cache_alloc_node(cache, NO_RECLAIM | patience, node);
	urgent = kmem_cache_alloc_node(cache, NO_RECLAIM | urgency, node);
	kunit_release_action(test, free_hoard, hoard);
	kmem_private_cache_destroy(test, hoard->cache);
	KUNIT_EXPECT_NULL(test, patient);
	KUNIT_EXPECT_NOT_NULL(test, urgent);
	kfree(patient);
	kfree(urgent);
}

/*
 * What an allocation for a node does not find at first, it finds as any other
 * does; if it is to be from there, it is as urgent at once. Source: kernel-doc of
 * kmem_cache_alloc_node(), "Fallback to other node is possible if __GFP_THISNODE is not
 * set"; ___slab_alloc(), "retry with original gfpflags" (7.x).
 */
static void allocation_for_a_node_is_as_urgent(struct kunit *test)
{
	struct kmem_cache *cache;

	require_one_node(test);
	KMEM_REQUIRE_NOT(test, CONFIG_SLOB, "whose pages have room for objects of any cache");
	/* without sheaves, which are filled as for any node */
	cache = kmem_private_cache(test, "kmem_urgent", SMALL_SIZE, SLAB_NOLEAKTRACE, NULL);
	expect_urgency_to_help(test, cache, numa_mem_id(), 0, __GFP_HIGH);
	kmem_cache_shrink(cache);
	expect_urgency_to_help(test, cache, numa_mem_id(), __GFP_THISNODE,
			       __GFP_THISNODE | __GFP_HIGH);
}

/*
 * Who frees memory by what he allocates may have all there is, unless he is denied
 * that. Source: "%__GFP_MEMALLOC allows access to all memory", and %__GFP_NOMEMALLOC,
 * "This takes precedence".
 */
static void flag_gives_access_to_the_reserves(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_last", SMALL_SIZE, 0, NULL);

	KMEM_REQUIRE(test, CONFIG_SLUB);
	expect_urgency_to_help(test, cache, NUMA_NO_NODE, __GFP_MEMALLOC | __GFP_NOMEMALLOC,
			       __GFP_MEMALLOC);
}

/*
 * A slab that is taken from the reserves is marked, so that others do not live on
 * them, and as small as need be. Source: alloc_slab_page(), page_is_pfmemalloc();
 * SL_pfmemalloc, "Was allocated from PF_MEMALLOC reserves"; __GFP_NOMEMALLOC.
 */
static void slab_of_the_reserves_is_marked(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_reserve", SMALL_SIZE, 0, NULL);
	bool usual_is_marked, last_is_marked;
	void *usual, *last;
	struct hoard *hoard;
	unsigned int flags;

	KMEM_REQUIRE(test, CONFIG_SLUB);
	usual = kmem_take(test, cache, 1)->objects[0];
	usual_is_marked = folio_test_active(virt_to_folio(usual));
	cache = kmem_private_cache(test, "kmem_last", fallbacks[0].size, 0, NULL);
	hoard = exhaust(test, 0);
	spare_everything(hoard);
	flags = memalloc_noreclaim_save();
	last = kmem_cache_alloc(cache, NO_RECLAIM | __GFP_DIRECT_RECLAIM);
	memalloc_noreclaim_restore(flags);
	last_is_marked = last && folio_test_active(virt_to_folio(last));
	kunit_release_action(test, free_hoard, hoard);

	KUNIT_EXPECT_TRUE(test, last_is_marked);
	KUNIT_EXPECT_FALSE(test, usual_is_marked);
	KUNIT_ASSERT_NOT_NULL(test, last);
	KUNIT_EXPECT_EQ(test, compound_order(virt_to_head_page(last)), 0);
	kmem_cache_free(cache, last);
}

/* more objects than a sheaf and a slab have */
#define MANY_OBJECTS	512

static const struct filling {
	const char *name;
	bool again;
} fillings[] = {
	{ "prefilled", false },
	{ "refilled", true },
};

KUNIT_ARRAY_PARAM_DESC(filling, fillings, name);

static bool fill(struct kmem_cache *cache, gfp_t gfp, struct slab_sheaf **sheaf)
{
	if (*sheaf)
		return !kmem_cache_refill_sheaf(cache, gfp, sheaf, 1);
	*sheaf = kmem_cache_prefill_sheaf(cache, gfp, 1);
	return *sheaf;
}

/*
 * Who may use the reserves can fill a sheaf from them; what he leaves in it is not
 * for others. Source: __prefill_sheaf_pfmemalloc(), "if we are allowed to, refill
 * sheaf with pfmemalloc but then remember it for when it's returned".
 */
static void sheaf_of_the_reserves_is_kept_back(struct kunit *test)
{
	const struct filling *filling = test->param_value;
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_sheaf", SMALL_SIZE, 0, NULL);
	void **objects = kmem_make_array(test, MANY_OBJECTS), *other;
	struct slab_sheaf *sheaf = NULL;
	unsigned int nr = 0, flags;
	bool patient, urgent;
	struct hoard *hoard;

	if (!kmem_can_call_sheaves())
		kunit_skip(test, "needs sheaves, and the suite built in");
	require_one_node(test);
	hoard = exhaust(test, 0);
	if (filling->again && fill(cache, NO_RECLAIM, &sheaf))
		while (kmem_cache_sheaf_size(sheaf))
			objects[nr++] = kmem_cache_alloc_from_sheaf(cache, 0, sheaf);
	spare_everything(hoard);
	while (nr < MANY_OBJECTS && (objects[nr] = kmem_cache_alloc(cache, NO_RECLAIM)))
		nr++;

	patient = fill(cache, NO_RECLAIM, &sheaf);
	flags = memalloc_noreclaim_save();
	urgent = fill(cache, NO_RECLAIM, &sheaf);
	memalloc_noreclaim_restore(flags);
	if (sheaf)
		kmem_cache_return_sheaf(cache, NO_RECLAIM, sheaf);
	other = kmem_cache_alloc(cache, NO_RECLAIM);
	kunit_release_action(test, free_hoard, hoard);

	KUNIT_EXPECT_FALSE(test, patient);
	KUNIT_EXPECT_TRUE(test, urgent);
	KUNIT_EXPECT_NULL(test, other);
	if (other)
		kmem_cache_free(cache, other);
	kmem_free_array(cache, nr, objects);
}

static unsigned int count_in(const struct kmem_batch *batch, const struct folio *slab)
{
	unsigned int i, count = 0;

	for (i = 0; i < batch->nr; i++)
		count += virt_to_folio(batch->objects[i]) == slab;
	return count;
}

/*
 * Free objects of a slab that is from the reserves are for those alone who may
 * use the reserves, and the slab's mark goes with it. They end in no sheaf, which is
 * everybody's, whoever has it filled. Source: pfmemalloc_match(), can_free_to_pcs() and
 * __pcs_replace_empty_main(), "gfp | __GFP_NOMEMALLOC" (7.x), __free_slab().
 */
static void objects_of_the_reserves_are_kept_back(struct kunit *test)
{
	const struct kmem_kind *kind = test->param_value;
	struct kmem_cache *cache = kmem_cache_of_kind(test, "kmem_reserve", 256, 0, NULL);
	struct kmem_batch *batch, *others;
	unsigned int nr, flags;
	struct folio *slab;

	KMEM_REQUIRE(test, CONFIG_SLUB);
	batch = kmem_take(test, cache, 1);
	nr = folio_size(virt_to_folio(batch->objects[0])) / 256;
	batch = kmem_take(test, cache, 6 * nr);
	/* of the middle, so that it is full, and no CPU's own */
	slab = virt_to_folio(batch->objects[2 * nr]);
	folio_set_active(slab);
	kmem_free_half(batch);
	KUNIT_ASSERT_GT(test, count_in(batch, slab), 0);

	KUNIT_EXPECT_EQ(test, count_in(kmem_take(test, cache, nr), slab), 0);
	kmem_cache_shrink(cache);
	others = kmem_take(test, cache, 4 * nr);
	KUNIT_EXPECT_EQ(test, count_in(others, slab), 0);
	flags = memalloc_noreclaim_save();
	others = kmem_take(test, cache, 4 * nr);
	memalloc_noreclaim_restore(flags);
	if (kind->flags || !kmem_has_sheaves())
		KUNIT_EXPECT_GT(test, count_in(others, slab), 0);
	else
		KUNIT_EXPECT_EQ(test, count_in(others, slab), 0);
}

KUNIT_ARRAY_PARAM_DESC(kind, kmem_kinds, name);

static struct kunit_case kmem_exhausted_cases[] = {
	KUNIT_CASE_PARAM(slab_is_as_small_as_need_be, fallback_gen_params),
	KUNIT_CASE_PARAM(small_slabs_are_counted_as_such, fallback_gen_params),
	KUNIT_CASE(small_slab_cannot_claim_more),
	KUNIT_CASE_PARAM(nofail_waits_for_memory, patient_gen_params),
	KUNIT_CASE(flag_gives_access_to_the_reserves),
	KUNIT_CASE(slab_of_the_reserves_is_marked),
	KUNIT_CASE_PARAM(sheaf_of_the_reserves_is_kept_back, filling_gen_params),
	/*
	 * after all that need the reserves: where a slab has several pages, what is left
	 * of a block is kept for urgent allocations of several from now on
	 */
	KUNIT_CASE(allocation_for_a_node_is_as_urgent),
	KUNIT_CASE_PARAM(objects_of_the_reserves_are_kept_back, kind_gen_params),
	KUNIT_CASE(large_kmalloc_gives_null),
	KUNIT_CASE_PARAM(bulk_gives_all_back, way_gen_params),
	KUNIT_CASE_PARAM(bulk_of_small_objects_gives_all_back, way_gen_params),
	/* last, as the page allocator's own warning comes once in a while only */
	KUNIT_CASE(cache_gives_null),
	{}
};

static struct kunit_suite kmem_exhausted_suite = {
	.name = "kmem_exhausted",
	.init = kmem_suite_init,
	.test_cases = kmem_exhausted_cases,
};

kunit_test_suite(kmem_exhausted_suite);

MODULE_DESCRIPTION("KUnit tests for a lack of memory");
MODULE_LICENSE("GPL");
