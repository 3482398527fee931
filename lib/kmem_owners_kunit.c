// SPDX-License-Identifier: GPL-2.0-only
/*
 * The owners of accounted objects: for each object of a slab, SLUB keeps which
 * memory cgroup to uncharge when it is freed.
 *
 * On 7.x, that is kept in what a slab has unused, behind each object or behind the last
 * one, where it must be out of the reach of all that is written to the objects.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_owners'
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/list_lru.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poison.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <mm/slab.h>
#include "kmem_count.h"
#include "kmem_memcg.h"

/**
 * struct place - where SLUB can keep the owners of a slab's objects
 * @name: of the parameter
 * @size: of an object, in whole words
 * @align: its alignment
 * @flags: SLAB_*
 * @padded: each object has room for its owner
 */
struct place {
	const char *name;
	unsigned int size, align;
	slab_flags_t flags;
	bool padded;
};

/* of what an array has for each object */
#ifdef CONFIG_SLAB_OBJ_EXT
#define OWNER_SIZE	sizeof(struct slabobj_ext)
#else
#define OWNER_SIZE	sizeof(void *)
#endif

/*
 * Objects that fill their slab, whose pages go at once or after a grace period, those with room
 * behind each of them, and those with room behind the last one.
 */
static const struct place places[] = {
	{ "apart", 64, 0, 0, false },
	{ "apart_with_rcu", 64, 0, SLAB_TYPESAFE_BY_RCU, false },
	{ "in_padding", 72, 128, 0, true },
	{ "in_padding_of_large", SZ_128K - 64, SZ_4K, 0, true },
	{ "in_last_word", 56, 64, 0, true },
	{ "behind_free_pointer", 72, 128, SLAB_TYPESAFE_BY_RCU, true },
	{ "behind_checks", 40, 256, KMEM_ALL_CHECKS, true },
	{ "in_padding_of_aligned", 264, 0, SLAB_HWCACHE_ALIGN, true },
	{ "in_leftover", 264, 0, 0, false },
	{ "in_all_of_leftover", 504, 0, 0, false },
};

KUNIT_ARRAY_PARAM_DESC(place, places, name);

static struct kmem_cache *cache_of(struct kunit *test, const struct place *place)
{
	struct kmem_cache *cache;

	if (place->flags & KMEM_ALL_CHECKS)
		KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_cache_create("kmem_owned", place->size, place->align, place->flags |
				  SLAB_ACCOUNT | SLAB_NO_MERGE | SLAB_NO_USER_FLAGS, NULL);
	kmem_adopt_cache(test, cache);
	return cache;
}

#define OWNED_PAGES	((long)(SZ_1M / PAGE_SIZE))
/* what is charged for the owner itself: a word of an object that has eight at least */
#define OWNER_PAGES	(OWNED_PAGES / 8)

/*
 * Each object of a slab has an owner of its own: whoever frees it, and whatever is
 * written to it and its neighbours, the cgroup that it was charged to is uncharged.
 * Source: __memcg_slab_post_alloc_hook(), __memcg_slab_free_hook();
 * alloc_slab_obj_exts_early() (7.x).
 */
static void objects_have_owners_of_their_own(struct kunit *test)
{
	const struct place *place = test->param_value;
	struct mem_cgroup *neighbour, *owners[3];
	struct kmem_cache *cache;
	unsigned int nr, i;
	long mine, others;
	void **objects;

	enter(test);
	neighbour = make_memcg(test, "/kmem_kunit_neighbour");
	cache = cache_of(test, place);
	nr = 3 * (SZ_1M / kmem_attribute(test, cache, "slab_size"));
	objects = kmem_make_array(test, nr);
	owners[0] = memcg;
	owners[1] = neighbour;
	owners[2] = NULL;
	mine = charged();
	others = pages_of(neighbour);
	for (i = 0; i < nr; i++) {
		set_active_memcg(owners[i % 3]);
		kmem_take_array(test, cache, 1, &objects[i]);
	}
	kmem_write_marks(objects, nr, place->size, 1);
	expect_charged(test, mine, OWNED_PAGES, OWNER_PAGES, "by allocating");
	expect_pages(test, pages_of(neighbour) - others, OWNED_PAGES, OWNER_PAGES,
		     "next to it by allocating");

	set_active_memcg(neighbour);
	for (i = 0; i < nr; i += 3)
		kmem_cache_free(cache, objects[i]);
	expect_charged(test, mine, 0, 0, "after its objects were freed");
	expect_pages(test, pages_of(neighbour) - others, OWNED_PAGES, OWNER_PAGES,
		     "next to it by freeing");
	for (i = 0; i < nr; i += 3)
		kmem_take_array(test, cache, 1, &objects[i]);
	expect_charged(test, mine, 0, 0, "after its objects were taken by another one");
	expect_pages(test, pages_of(neighbour) - others, 2 * OWNED_PAGES, 2 * OWNER_PAGES,
		     "that took the objects of another one");

	kmem_write_marks(objects, nr, place->size, 2);
	KUNIT_EXPECT_EQ(test, kmem_count_wrong_marks(objects, nr, place->size, 2), 0);
	set_active_memcg(memcg);
	kmem_free_array(cache, nr, objects);
	expect_charged(test, mine, 0, 0, "after all was freed");
	expect_pages(test, pages_of(neighbour) - others, 0, 0, "next to it after all was freed");
	kmem_expect_live(test, cache, 0, "all were freed");
}

/*
 * Objects that are freed in bulk are uncharged, whatever is wiped of them. Source:
 * memcg_slab_free_hook() in free_to_pcs_bulk() (7.x) and slab_free_bulk(), before
 * slab_free_hook(), "clear the object and the metadata", mm/slub.c.
 */
static void objects_of_a_bulk_are_uncharged(struct kunit *test)
{
	struct kmem_cache *cache;
	unsigned int nr, round;
	void **objects;
	long before;

	enter(test);
	cache = cache_of(test, test->param_value);
	nr = SZ_1M / kmem_attribute(test, cache, "slab_size");
	objects = kmem_make_array(test, nr);
	before = charged();
	for (round = 0; round < 2; round++) {
		kmem_take_array(test, cache, nr, objects);
		expect_charged(test, before, OWNED_PAGES, OWNER_PAGES, "by allocating");
		if (round)
			kfree_bulk(nr, objects);
		else
			kmem_cache_free_bulk(cache, nr, objects);
		expect_charged(test, before, 0, 0, "after all was freed");
	}
}

#define NR_WORDS	(16 * 1024)
/* pages that are charged in part, before and after, of which each CPU may have some */
#define FRACTIONS	(6 * (long)num_online_cpus())

/* Expect that words are charged with their owners, and uncharged however many are freed at once. */
static void expect_words_charged(struct kunit *test, struct kmem_cache *cache)
{
	const long pages = NR_WORDS * 2 * sizeof(void *) / PAGE_SIZE;
	void **objects = kmem_make_array(test, NR_WORDS);
	long before;

	drain_stocks(test, "/kmem_kunit/memory.high");
	before = charged();
	kmem_take_array(test, cache, NR_WORDS, objects);
	drain_stocks(test, "/kmem_kunit/memory.high");
	KUNIT_EXPECT_GE(test, charged() - before, pages - FRACTIONS);
	kmem_sort(objects, NR_WORDS);
	kfree_bulk(NR_WORDS, objects);
	drain_stocks(test, "/kmem_kunit/memory.high");
	KUNIT_EXPECT_LE(test, charged() - before, FRACTIONS);
}

/*
 * What is kept of the owner of an object is charged to it as well, however small the
 * object, and uncharged however many of a slab are freed at once. Source: obj_full_size(),
 * "Charge it too"; memcg_slab_free_hook() in slab_free_bulk(), mm/slub.c.
 */
static void owner_is_charged_for_being_known(struct kunit *test)
{
	enter(test);
	expect_words_charged(test, kmem_private_cache(test, "kmem_owned", sizeof(void *),
						      SLAB_ACCOUNT, NULL));
}

/*
 * So it is where a slab has so many objects that their owners are in pages of their own.
 * Source: alloc_slab_obj_exts(), and kmalloc() of more than KMALLOC_MAX_CACHE_SIZE.
 */
static void owners_of_very_many_objects_are_kept(struct kunit *test)
{
	struct kmem_cache *cache;

	enter(test);
	cache = kmem_private_cache(test, "kmem_owned", sizeof(void *), SLAB_ACCOUNT, NULL);
	if (kmem_attribute(test, cache, "objs_per_slab") * OWNER_SIZE <= KMALLOC_MAX_CACHE_SIZE)
		kunit_skip(test, "needs a boot with slab_min_order=2");
	expect_words_charged(test, cache);
}

/*
 * kfree_sensitive(), which wipes all of an object's memory up to ksize(), leaves
 * it known whom to uncharge. Source: slab_ksize(), mm/slub.c, on metadata behind
 * the object.
 */
static void wiped_objects_are_uncharged(struct kunit *test)
{
	const struct place *place = test->param_value;
	struct kmem_cache *cache;
	void **objects;
	unsigned int nr;
	long before;

	enter(test);
	cache = cache_of(test, place);
	nr = SZ_1M / kmem_attribute(test, cache, "slab_size");
	objects = kmem_make_array(test, nr);
	before = charged();
	kmem_take_array(test, cache, nr, objects);
	expect_charged(test, before, OWNED_PAGES, OWNER_PAGES, "by allocating");
	while (nr)
		kfree_sensitive(objects[--nr]);
	expect_charged(test, before, 0, 0, "after all were wiped and freed");
}

#define NR_SLABS	100
/* what others may allocate meanwhile, and what is kept for the first slab of a cache */
#define NOISE		10

/* Say whether the owners of a slab's objects fit behind each object, or behind the last one. */
static bool owners_fit(struct kunit *test, struct kmem_cache *cache, const struct place *place,
		       unsigned int per_slab)
{
	unsigned long left = (PAGE_SIZE << kmem_attribute(test, cache, "order")) -
			     per_slab * kmem_attribute(test, cache, "slab_size");

	return (place->padded && IS_ENABLED(CONFIG_64BIT)) || left >= per_slab * OWNER_SIZE;
}

/*
 * The owners of a slab's objects need one array at most. On 7.x, they need none if each
 * object has room for its owner, or the slab for all of them. Source:
 * alloc_slab_obj_exts_early(), "from unused space"; alloc_slab_obj_exts().
 */
static void owners_take_up_unused_space(struct kunit *test)
{
	const struct place *place = test->param_value;
	struct kmem_gauge gauge;
	struct kmem_cache *cache;
	unsigned int per_slab, i;
	void **objects, *array;
	long before, arrays;

	if (IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_MEM_ALLOC_PROFILING))
		kunit_skip(test, "needs CONFIG_KASAN=n and CONFIG_MEM_ALLOC_PROFILING=n");
	if (kmem_is_partitioned())
		kunit_skip(test, "needs an unpartitioned kmalloc(): another caller, another cache");
	enter(test);
	cache = cache_of(test, place);
	per_slab = kmem_attribute(test, cache, "objs_per_slab");
	if (per_slab == 1)
		kunit_skip(test, "needs larger arrays: of one word, too many are in use on a CPU");
	objects = kmem_make_array(test, NR_SLABS * per_slab);
	array = kmalloc_array(per_slab, OWNER_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, array);
	gauge = kmem_gauge(test, kmem_origin(array).name);
	kfree(array);
	before = kmem_gauge_read(test, &gauge);
	kmem_take_array(test, cache, NR_SLABS * per_slab, objects);
	arrays = kmem_gauge_read(test, &gauge) - before;
	if (kmem_owners_lie_in_slabs() && owners_fit(test, cache, place, per_slab))
		KUNIT_EXPECT_LE_MSG(test, arrays, NOISE, "%u a slab", per_slab);
	else
		KUNIT_EXPECT_GE_MSG(test, arrays, NR_SLABS - NOISE, "%u a slab", per_slab);
	KUNIT_EXPECT_LE_MSG(test, arrays, NR_SLABS + NOISE, "%u a slab", per_slab);
	for (i = 0; i < NR_SLABS * per_slab; i++)
		kmem_cache_free(cache, objects[i]);
	kmem_cache_shrink(cache);
	KUNIT_EXPECT_LE(test, kmem_gauge_read(test, &gauge) - before, NOISE);
}

/*
 * The checks of padding take no owner behind an object, or behind the last one of
 * a slab, for damage. Source: check_pad_bytes(), slab_pad_check(), mm/slub.c.
 */
static void checks_spare_the_owners(struct kunit *test)
{
	static const struct place checked[] = {
		{ .size = 40 }, { .size = 40, .align = 64 }, { .size = 40, .align = 256 },
		{ .size = 40, .align = 1024 }, { .size = 264 }, { .size = 1300 }, { .size = 3000 },
	};
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	enter(test);
	for (i = 0; i < ARRAY_SIZE(checked); i++) {
		const struct place place = {
			.size = checked[i].size,
			.align = checked[i].align,
			.flags = KMEM_ALL_CHECKS,
		};
		struct kmem_cache *cache = cache_of(test, &place);
		struct kmem_batch *batch = kmem_take(test, cache, 100);

		kmem_mark(batch, place.size);
		KMEM_EXPECT_SILENCE(test, {
			kmem_validate(test, cache);
			kmem_free_half(batch);
			kmem_validate(test, cache);
			kmem_give_back(test, batch);
			kmem_private_cache_destroy(test, cache);
		});
	}
}

/*
 * What is left of the place of an object behind its owner is padding: guarded to
 * its last byte, and shown without the owner. Source: check_pad_bytes(),
 * print_trailer(), mm/slub.c.
 */
static void padding_behind_an_owner_is_guarded(struct kunit *test)
{
	static const struct place place = {
		.size = 40, .align = 256, .flags = SLAB_POISON | SLAB_STORE_USER,
	};
	const struct kmem_report *report;
	struct kmem_cache *cache;
	u8 *object, *last;

	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which keeps data of its own there");
	enter(test);
	cache = cache_of(test, &place);
	object = kmem_take(test, cache, 2)->objects[0];
	last = object + kmem_attribute(test, cache, "slab_size") - 1;
	KUNIT_EXPECT_EQ(test, kmem_peek(last), POISON_INUSE);
	kmem_poke(last, 0x99);
	report = KMEM_EXPECT_REPORT(test, kmem_validate(test, cache), "BUG kmem_owned (");
	kmem_expect_text(test, report, "Object padding overwritten");
	kmem_expect_text(test, report, "0x%p-0x%p @offset=", last, last);
	kmem_expect_between(test, report, "Padding  ", "\n", ": 5a 5a 5a 5a ");
	KUNIT_EXPECT_EQ(test, kmem_peek(last), POISON_INUSE);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
}

/*
 * What is left of a slab behind the owners of its objects is guarded to its last
 * byte. Source: slab_pad_check(), mm/slub.c.
 */
static void rest_behind_the_owners_is_guarded(struct kunit *test)
{
	static const struct place place = { .size = 3000, .flags = SLAB_POISON | SLAB_STORE_USER };
	unsigned long whole, stride;
	struct kmem_cache *cache;
	void *object;
	u8 *last;

	enter(test);
	cache = cache_of(test, &place);
	object = kmem_take(test, cache, 1)->objects[0];
	whole = page_size(virt_to_head_page(object));
	stride = kmem_attribute(test, cache, "slab_size");
	/* a word may be lost to align the owners */
	if (whole % stride <= whole / stride * OWNER_SIZE + sizeof(void *))
		kunit_skip(test, "needs slabs that objects of 3000 bytes leave more of");
	last = kmem_slab_of(object) + whole - 1;
	KUNIT_EXPECT_EQ(test, kmem_peek(last), POISON_INUSE);
	kmem_poke(last, 0x99);
	KMEM_EXPECT_REPORT(test, kmem_validate(test, cache),
			   "Padding overwritten. 0x%p-0x%p @offset=%lu", last, last, whole - 1);
	KUNIT_EXPECT_EQ(test, kmem_peek(last), POISON_INUSE);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
}

/*
 * Where there is no memory to keep the owner of an object in, the object can be
 * had all the same, and nobody is charged for it. Source: kmem_cache_charge(),
 * <linux/slab.h>, "Allocating internal metadata has failed";
 * __memcg_slab_post_alloc_hook().
 */
static void objects_without_an_owner_are_not_charged(struct kunit *test)
{
	/* they fill their slab, without sheaves: only owners need memory beside them */
	const unsigned int size = 64, nr = SZ_1M / size;
	struct kmem_cache *cache;
	void **objects;
	unsigned int i;
	long before;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_MEM_ALLOC_PROFILING, "which has owners made as well");
	enter(test);
	cache = kmem_private_cache(test, "kmem_owned", size, SLAB_CONSISTENCY_CHECKS, NULL);
	objects = kmem_make_array(test, nr);
	before = charged();
	for (i = 0; i < nr; i++) {
		/* the first allocation is the object itself, the second one is for owners */
		objects[i] = KMEM_FAILING(test, 2, kmem_cache_alloc(cache, GFP_NOWAIT |
								    __GFP_NOWARN | __GFP_ACCOUNT));
		KUNIT_ASSERT_NOT_NULL_MSG(test, objects[i], "object %u", i);
	}
	expect_charged(test, before, 0, 0, "without owners");
	kmem_free_array(cache, nr, objects);
	expect_charged(test, before, 0, 0, "after all was freed");
	kmem_expect_live(test, cache, 0, "all were freed");
}

#define CONTESTED_SIZE	SZ_8K
#define CONTESTED_PAGES	((long)(CONTESTED_SIZE / PAGE_SIZE))
#define NR_CONTESTS	100

/* Somebody of another cgroup, who takes an object of a slab as soon as that is made. */
static struct rival {
	struct kmem_cache *cache;
	struct mem_cgroup *memcg;
	struct task_struct *waiting;
	struct completion done;
	void *object;
} rival;

static int take_for_rival(void *unused)
{
	struct mem_cgroup *old = set_active_memcg(rival.memcg);

	rival.object = kmem_cache_alloc(rival.cache, GFP_KERNEL_ACCOUNT);
	set_active_memcg(old);
	complete(&rival.done);
	return 0;
}

static void wake_rival(void *object)
{
	struct task_struct *task = xchg(&rival.waiting, NULL);

	if (task)
		wake_up_process(task);
}

/* Take the first object of a new slab, and let the rival have another one meanwhile. */
static void contest(struct kunit *test, void **objects)
{
	struct task_struct *task = kthread_create(take_for_rival, NULL, "kmem_rival");

	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	kthread_bind(task, raw_smp_processor_id());
	sched_set_fifo(task);
	init_completion(&rival.done);
	xchg(&rival.waiting, task);
	objects[0] = kmem_cache_alloc(rival.cache, GFP_KERNEL_ACCOUNT);
	/* unless the slab was there already */
	wake_rival(NULL);
	wait_for_completion(&rival.done);
	kthread_stop(task);
	put_task_struct(task);
	objects[1] = rival.object;
	KUNIT_ASSERT_NOT_NULL(test, objects[0]);
	KUNIT_ASSERT_NOT_NULL(test, objects[1]);
}

/*
 * Two who give a slab its array of owners at the same time agree on one of them: both
 * objects have the right owner. Source: alloc_slab_obj_exts(), "somebody can allocate
 * and assign slabobj_exts in parallel".
 */
static void owners_survive_a_rival(struct kunit *test)
{
	unsigned int per_slab, i, nr;
	long mine, others;
	void **objects;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	enter(test);
	rival.memcg = make_memcg(test, "/kmem_kunit_neighbour");
	/* without SLAB_ACCOUNT the array is made last, without sheaves nothing else is */
	rival.cache = kmem_private_cache(test, "kmem_owned", CONTESTED_SIZE,
					 SLAB_CONSISTENCY_CHECKS, wake_rival);
	per_slab = kmem_attribute(test, rival.cache, "objs_per_slab");
	if (per_slab < 2)
		kunit_skip(test, "needs slabs of several objects");
	nr = NR_CONTESTS * per_slab;
	objects = kmem_make_array(test, nr);
	mine = charged();
	others = pages_of(rival.memcg);
	for (i = 0; i < nr; i += per_slab) {
		contest(test, &objects[i]);
		kmem_take_array(test, rival.cache, per_slab - 2, &objects[i + 2]);
	}
	expect_charged(test, mine, NR_CONTESTS * CONTESTED_PAGES, NR_CONTESTS / 8,
		       "by allocating");
	expect_pages(test, pages_of(rival.memcg) - others, NR_CONTESTS * CONTESTED_PAGES,
		     NR_CONTESTS / 8, "next to it by allocating");
	kmem_free_array(rival.cache, nr, objects);
	expect_charged(test, mine, 0, 0, "after all was freed");
	expect_pages(test, pages_of(rival.memcg) - others, 0, 0, "next to it after all was freed");
}

#define MERGED_SIZE	1360

/*
 * In a cache that others are merged into, larger objects than its own do not reach
 * their owners. Source: calculate_sizes(), slab_args_unmergeable() (7.x).
 */
static void merged_objects_do_not_reach_their_owners(struct kunit *test)
{
	const slab_flags_t flags = SLAB_ACCOUNT | SLAB_NO_USER_FLAGS;
	struct kmem_cache *small, *large;
	void **objects;
	unsigned int nr;
	long before;

	if (kmem_boot_has(test, "_nomerge") || !IS_ENABLED(CONFIG_SLAB_MERGE_DEFAULT))
		kunit_skip(test, "needs CONFIG_SLAB_MERGE_DEFAULT=y, and no slab_nomerge");
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which keeps data beside the objects");
	enter(test);
	small = kmem_cache_create("kmem_small", MERGED_SIZE - 8, 16, flags, NULL);
	kmem_adopt_cache(test, small);
	large = kmem_cache_create("kmem_large", MERGED_SIZE, 0, flags, NULL);
	kmem_adopt_cache(test, large);
	KUNIT_ASSERT_PTR_EQ(test, large, small);
	nr = SZ_1M / MERGED_SIZE;
	objects = kmem_make_array(test, nr);
	/* what the cases before have closed is given back late, beside all of a stock */
	drain_stocks(test, "/kmem_kunit/memory.high");
	before = charged();
	kmem_take_array(test, large, nr, objects);
	kmem_write_marks(objects, nr, MERGED_SIZE, 1);
	expect_charged(test, before, OWNED_PAGES, OWNER_PAGES, "by allocating");
	KUNIT_EXPECT_EQ(test, kmem_count_wrong_marks(objects, nr, MERGED_SIZE, 1), 0);
	kmem_free_array(large, nr, objects);
	expect_charged(test, before, 0, 0, "after all was freed");
}

#define NR_LISTED	4

/**
 * struct walk - what a walk of a list comes by
 * @nr: how many objects
 * @seen: these objects
 */
struct walk {
	unsigned int nr;
	struct list_head *seen[NR_LISTED];
};

static KMEM_LRU_WALK_CB(take_off)
{
	struct walk *walk = context;

	if (walk->nr == NR_LISTED)
		return LRU_SKIP;
	walk->seen[walk->nr++] = item;
	list_lru_isolate(list, item);
	return LRU_REMOVED;
}

/* Fill a list of the cgroup's. */
static struct kmem_batch *list_objects(struct kunit *test, struct list_lru *lru)
{
	struct kmem_cache *cache;
	struct kmem_batch *batch;
	unsigned int i;
	void *object;

	enter(test);
	cache = listed_cache(test, lru, 0);
	/* from here on, the cgroup has a list */
	object = kmem_cache_alloc_lru(cache, lru, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	kmem_cache_free(cache, object);

	batch = kmem_take(test, cache, NR_LISTED);
	for (i = 0; i < NR_LISTED; i++) {
		INIT_LIST_HEAD(batch->objects[i]);
		KUNIT_EXPECT_TRUE(test, list_lru_add_obj(lru, batch->objects[i]));
	}
	return batch;
}

/*
 * The list of a cgroup's objects is walked from the one that was added first, as far as
 * it is asked for, also when all lists of a node are walked; what is isolated counts no
 * more, neither for the cgroup nor for the node. Source: <linux/list_lru.h>, kernel-doc of
 * list_lru_add(), "add an element to the lru list's tail", and of list_lru_walk_one(),
 * "how many items to scan", "the number of objects effectively removed from the LRU".
 */
static void listed_objects_are_walked_in_their_order(struct kunit *test)
{
	static struct list_lru lru;
	struct kmem_batch *batch = list_objects(test, &lru);
	const int node = page_to_nid(virt_to_page(batch->objects[0]));
	unsigned long to_walk = 1;
	struct walk walk = { };
	unsigned int i;

	KUNIT_EXPECT_EQ(test, list_lru_walk_one(&lru, node, memcg, take_off, &walk, &to_walk), 1);
	KUNIT_EXPECT_EQ(test, to_walk, 0);
	KUNIT_EXPECT_EQ(test, list_lru_count_one(&lru, node, memcg), NR_LISTED - 1);
	KUNIT_EXPECT_EQ(test, list_lru_count_node(&lru, node), NR_LISTED - 1);

	to_walk = NR_LISTED;
	KUNIT_EXPECT_EQ(test, list_lru_walk_node(&lru, node, take_off, &walk, &to_walk),
			NR_LISTED - 1);
	KUNIT_EXPECT_EQ(test, to_walk, 1);
	KUNIT_EXPECT_EQ(test, list_lru_count_one(&lru, node, memcg), 0);
	KUNIT_EXPECT_EQ(test, list_lru_count_node(&lru, node), 0);
	for (i = 0; i < NR_LISTED; i++) {
		KUNIT_EXPECT_PTR_EQ_MSG(test, walk.seen[i], batch->objects[i], "object %u", i);
		KUNIT_EXPECT_FALSE_MSG(test, list_lru_del_obj(&lru, batch->objects[i]),
				       "object %u is still on a list", i);
	}
}

static KMEM_LRU_WALK_CB(rotate_first)
{
	struct walk *walk = context;

	return walk->nr++ ? LRU_SKIP : LRU_ROTATE;
}

/*
 * An object that a walk rotates stays on its list, as the one that is met last from then
 * on. Source: LRU_ROTATE in <linux/list_lru.h>, "item referenced, give another pass".
 */
static void rotated_object_is_met_last(struct kunit *test)
{
	static struct list_lru lru;
	struct kmem_batch *batch = list_objects(test, &lru);
	unsigned long to_walk = NR_LISTED;
	const int node = page_to_nid(virt_to_page(batch->objects[0]));
	struct walk walk = { };
	unsigned int i;

	KUNIT_EXPECT_EQ(test, list_lru_walk_one(&lru, node, memcg, rotate_first, &walk, &to_walk),
			0);
	KUNIT_EXPECT_EQ(test, list_lru_count_one(&lru, node, memcg), NR_LISTED);

	walk.nr = 0;
	to_walk = NR_LISTED;
	KUNIT_EXPECT_EQ(test, list_lru_walk_one(&lru, node, memcg, take_off, &walk, &to_walk),
			NR_LISTED);
	for (i = 0; i < NR_LISTED; i++)
		KUNIT_EXPECT_PTR_EQ_MSG(test, walk.seen[i], batch->objects[(i + 1) % NR_LISTED],
					"object %u", i);
}

static KMEM_LRU_WALK_CB(move_away)
{
	list_lru_isolate_move(list, item, context);
	return LRU_REMOVED;
}

/*
 * An object that a walk moves to another list is there, and counts no more. Source:
 * list_lru_isolate_move(); kernel-doc of list_lru_walk_one(), "the number of objects
 * effectively removed from the LRU".
 */
static void objects_that_are_moved_away_count_no_more(struct kunit *test)
{
	static struct list_lru lru;
	struct kmem_batch *batch = list_objects(test, &lru);
	const int node = page_to_nid(virt_to_page(batch->objects[0]));
	unsigned long to_walk = 2;
	LIST_HEAD(away);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, list_lru_walk_one(&lru, node, memcg, move_away, &away, &to_walk), 2);
	KUNIT_EXPECT_EQ(test, list_lru_count_one(&lru, node, memcg), NR_LISTED - 2);
	KUNIT_EXPECT_EQ(test, list_lru_count_node(&lru, node), NR_LISTED - 2);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_PTR_EQ(test, away.prev, (struct list_head *)batch->objects[i]);
		list_del_init(batch->objects[i]);
	}
	KUNIT_EXPECT_TRUE(test, list_empty(&away));
	for (; i < NR_LISTED; i++)
		KUNIT_EXPECT_TRUE(test, list_lru_del_obj(&lru, batch->objects[i]));
}

static struct kunit_case kmem_owners_cases[] = {
	KUNIT_CASE_PARAM(objects_have_owners_of_their_own, place_gen_params),
	KUNIT_CASE_PARAM(objects_of_a_bulk_are_uncharged, place_gen_params),
	KUNIT_CASE(owner_is_charged_for_being_known),
	KUNIT_CASE(owners_of_very_many_objects_are_kept),
	KUNIT_CASE_PARAM(wiped_objects_are_uncharged, place_gen_params),
	KUNIT_CASE_PARAM(owners_take_up_unused_space, place_gen_params),
	KUNIT_CASE(checks_spare_the_owners),
	KUNIT_CASE(padding_behind_an_owner_is_guarded),
	KUNIT_CASE(rest_behind_the_owners_is_guarded),
	KUNIT_CASE(objects_without_an_owner_are_not_charged),
	KUNIT_CASE(owners_survive_a_rival),
	KUNIT_CASE(merged_objects_do_not_reach_their_owners),
	KUNIT_CASE(listed_objects_are_walked_in_their_order),
	KUNIT_CASE(rotated_object_is_met_last),
	KUNIT_CASE(objects_that_are_moved_away_count_no_more),
	{}
};

static struct kunit_suite kmem_owners_suite = {
	.name = "kmem_owners",
	.init = kmem_suite_init,
	.test_cases = kmem_owners_cases,
};

kunit_test_suite(kmem_owners_suite);

MODULE_DESCRIPTION("KUnit tests for the owners of accounted objects");
MODULE_LICENSE("GPL");
