// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several memory cgroups in turn, and what remains of one that is removed: its memory
 * and its lists are its parent's from then on, and it goes with the last of them.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_memcg_tree'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/list_lru.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/overflow.h>
#include <linux/percpu-refcount.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "kmem_count.h"
#include "kmem_family.h"

/*
 * In turn
 */

#define ROUNDS		200
#define SMALL		100

/*
 * The charge of each cgroup is right, however many allocate in turn. Source: struct
 * obj_stock_pcp, refill_obj_stock(), mm/memcontrol.c, "The leftover is flushed to the
 * centralized per-memcg value".
 */
static void many_cgroups_in_turn_are_charged_for_their_own(struct kunit *test)
{
	const long pages = ROUNDS * SMALL / PAGE_SIZE, slack = 3 * pages;
	struct family *family = found_family(test, MANY);
	struct kmem_cache *cache;
	unsigned int i, nr = 0;
	void **objects;

	cache = kmem_private_cache(test, "kmem_in_turn", SMALL, SLAB_ACCOUNT, NULL);
	objects = kmem_make_array(test, ROUNDS * MANY);
	while (nr < ROUNDS * MANY) {
		set_active_memcg(family->children[nr % MANY]);
		kmem_take_array(test, cache, 1, &objects[nr++]);
	}
	for (i = 0; i < MANY; i++) {
		const long now = pages_of(family->children[i]);

		KUNIT_EXPECT_GE_MSG(test, now, pages, "charged to cgroup %u", i);
		KUNIT_EXPECT_LE_MSG(test, now, pages + slack + STOCK, "charged to cgroup %u", i);
	}
	kmem_free_array(cache, nr, objects);
	for (i = 0; i < MANY; i++)
		expect_pages(test, pages_of(family->children[i]), 0, 0, "after all was freed");
	disband(family);
	expect_pages(test, pages_of(family->parent), 0, 0, "above those that are gone");
}

#define LARGE		2048
#define NR_LARGE	(SZ_2M / LARGE)

static const struct slab_memory {
	const char *name, *figure;
	slab_flags_t flags;
} slab_memories[] = {
	{ "unreclaimable", "slab_unreclaimable", 0 },
	{ "reclaimable", "slab_reclaimable", SLAB_RECLAIM_ACCOUNT },
};

KUNIT_ARRAY_PARAM_DESC(slab_memory, slab_memories, name);

static long slab_pages(struct kunit *test, const char *path)
{
	const struct slab_memory *memory = test->param_value;

	return cgroup_figure(test, path, memory->figure) / PAGE_SIZE;
}

/*
 * memory.stat tells of each cgroup the slab memory that is its own, also of two that
 * allocate in turn. Source: Documentation/admin-guide/cgroup-v2.rst, memory.stat.
 */
static void cgroups_in_turn_have_their_own_memory_stat(struct kunit *test)
{
	static const char *const paths[] = {
		"/kmem_kunit/memory.stat", "/kmem_kunit_neighbour/memory.stat"
	};
	const long pages = NR_LARGE * LARGE / PAGE_SIZE, stale = pages / 4;
	const struct slab_memory *memory = test->param_value;
	const slab_flags_t flags = SLAB_ACCOUNT | memory->flags;
	struct kmem_cache *small, *large;
	struct mem_cgroup *neighbour;
	void **objects;
	unsigned int i;
	long before[2];

	if (memory != slab_memories)
		KMEM_REQUIRE_NOT(test, CONFIG_SLUB_TINY, "which has no reclaimable caches");
	enter(test);
	neighbour = make_memcg(test, "/kmem_kunit_neighbour");
	small = kmem_private_cache(test, "kmem_small", 8, flags, NULL);
	large = kmem_private_cache(test, "kmem_large", LARGE, flags, NULL);
	objects = kmem_make_array(test, 2 * NR_LARGE);
	for (i = 0; i < 2; i++)
		before[i] = slab_pages(test, paths[i]);
	for (i = 0; i < NR_LARGE; i++) {
		set_active_memcg(memcg);
		kmem_take_array(test, small, 1, &objects[i]);
		set_active_memcg(neighbour);
		kmem_take_array(test, large, 1, &objects[NR_LARGE + i]);
	}
	KUNIT_EXPECT_LE(test, slab_pages(test, paths[0]) - before[0], stale);
	KUNIT_EXPECT_GE(test, slab_pages(test, paths[1]) - before[1], pages - stale);
	kmem_free_array(large, NR_LARGE, &objects[NR_LARGE]);
	kmem_free_array(small, NR_LARGE, objects);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_LE_MSG(test, slab_pages(test, paths[i]) - before[i], stale, "%s",
				    paths[i]);
}

/*
 * Removal
 */

#ifdef CONFIG_MEMCG
static struct obj_cgroup *get_owner(struct kunit *test, unsigned long page)
{
	const unsigned long data = virt_to_page((void *)page)->memcg_data;
	struct obj_cgroup *owner = (void *)(data - MEMCG_DATA_KMEM);

	KUNIT_ASSERT_NE(test, data, 0);
	obj_cgroup_get(owner);
	return owner;
}

/* Tells whether nobody else has it any more. */
static bool put_owner(struct obj_cgroup *owner)
{
	bool gone;

	/* it is freed after a grace period */
	rcu_read_lock();
	obj_cgroup_put(owner);
	gone = percpu_ref_is_zero(&owner->refcnt);
	rcu_read_unlock();
	return gone;
}

static struct mem_cgroup *memcg_of_owner(const struct obj_cgroup *owner)
{
	return READ_ONCE(owner->memcg);
}
#else
static struct obj_cgroup *get_owner(struct kunit *test, unsigned long page)
{
	return NULL;
}

static bool put_owner(struct obj_cgroup *owner)
{
	return true;
}

static struct mem_cgroup *memcg_of_owner(const struct obj_cgroup *owner)
{
	return NULL;
}
#endif

static void use_object(struct kunit *test)
{
	void *object = kmalloc(SMALL, GFP_KERNEL_ACCOUNT);

	KUNIT_EXPECT_NOT_NULL(test, object);
	kfree(object);
}

static void use_listed_object(struct kunit *test)
{
	static struct list_lru lru;
	struct kmem_cache *cache = listed_cache(test, &lru, 0);
	void *object = kmem_cache_alloc_lru(cache, &lru, GFP_KERNEL);

	KUNIT_EXPECT_NOT_NULL(test, object);
	if (object)
		kmem_cache_free(cache, object);
	/* before its cgroups go */
	kunit_release_action(test, destroy_list, &lru);
}

static void use_large_object(struct kunit *test)
{
	void *object = kmalloc(SZ_64K, GFP_KERNEL_ACCOUNT);

	KUNIT_EXPECT_NOT_NULL(test, object);
	kfree(object);
}

static void use_split_pages(struct kunit *test)
{
	const size_t size = 3 * PAGE_SIZE;
	void *pages = alloc_pages_exact(size, GFP_KERNEL_ACCOUNT);

	KUNIT_ASSERT_NOT_NULL(test, pages);
	free_pages_exact(pages, size);
}

static void use_mapping(struct kunit *test)
{
	void *memory = __vmalloc(SZ_1M, GFP_KERNEL_ACCOUNT);

	KUNIT_EXPECT_NOT_NULL(test, memory);
	vfree(memory);
}

/* Takes what a CPU has in stock for a cgroup that is full, and is refused more. */
static void use_stock_up(struct kunit *test)
{
	const gfp_t gfp = GFP_ATTEMPT | __GFP_ACCOUNT;
	void **pages = kmem_make_array(test, 2 * STOCK), *object;
	unsigned int nr = 0;

	while (nr < 2 * STOCK && (pages[nr] = (void *)__get_free_page(gfp)))
		nr++;
	KUNIT_EXPECT_LT(test, nr, 2 * STOCK);
	object = kmalloc(SMALL, gfp);
	KUNIT_EXPECT_NULL(test, object);
	kfree(object);
	while (nr)
		free_page((unsigned long)pages[--nr]);
}

/*
 * struct use - a use of memory that nothing is left of
 * @name: of the parameter
 * @memory: uses it on the account of the cgroup that is active
 * @full: the cgroup has no room for more than what is in stock
 */
static const struct use {
	const char *name;
	void (*memory)(struct kunit *test);
	bool full;
} uses[] = {
	{ "object", use_object },
	{ "listed_object", use_listed_object },
	{ "large_object", use_large_object },
	{ "split_pages", use_split_pages },
	{ "mapping", use_mapping },
	{ "refused", use_stock_up, true },
};

KUNIT_ARRAY_PARAM_DESC(use, uses, name);

/*
 * A cgroup that is removed is gone when all its memory is freed, and so is what its
 * memory had for an owner, whether or not it was refused some. Source:
 * Documentation/admin-guide/cgroup-v2.rst, nr_dying_descendants; obj_cgroup_get(),
 * obj_cgroup_release(), mm/memcontrol.c.
 */
static void nothing_is_left_of_a_removed_cgroup(struct kunit *test)
{
	const struct use *use = test->param_value;
	struct family *family = found_family(test, 1);
	struct obj_cgroup *owner;
	unsigned long page;

	set_active_memcg(family->children[0]);
	page = __get_free_page(GFP_KERNEL_ACCOUNT);
	KUNIT_ASSERT_NE(test, page, 0);
	owner = get_owner(test, page);
	free_page(page);
	if (use->full)
		set_limit(family->children[0], 0);
	use->memory(test);
	set_limit(family->children[0], PAGE_COUNTER_MAX);
	disband(family);
	KUNIT_EXPECT_TRUE_MSG(test, put_owner(owner), "somebody has a reference to the owner");
}

/*
 * What is allocated on behalf of a cgroup that was removed is charged to its parent.
 * Source: current_obj_cgroup(), __get_obj_cgroup_from_memcg() (6.1), which go on with
 * parent_mem_cgroup().
 */
static void parent_pays_for_a_removed_cgroup(struct kunit *test)
{
	const long pages = NR_LARGE * LARGE / PAGE_SIZE;
	struct family *family = found_family(test, 1);
	void **objects = kmem_make_array(test, NR_LARGE);
	struct kmem_cache *cache;
	long before;

	cache = kmem_private_cache(test, "kmem_large", LARGE, SLAB_ACCOUNT, NULL);
	bury_youngest(family);
	before = pages_of(family->parent);
	set_active_memcg(family->children[0]);
	kmem_take_array(test, cache, NR_LARGE, objects);
	expect_pages(test, pages_of(family->parent) - before, pages, pages, "above a removed one");
	kmem_free_array(cache, NR_LARGE, objects);
	expect_pages(test, pages_of(family->parent) - before, 0, 0, "after all was freed");
	disband(family);
}

/*
 * Memory of a cgroup that is removed is its parent's, and when that is removed as well,
 * that one's parent's. Source: memcg_reparent_objcgs(), "Reparent active objcg and
 * already reparented objcgs to parent".
 */
static void memory_passes_on_from_generation_to_generation(struct kunit *test)
{
	struct family *family = found_generations(test, 3);
	struct obj_cgroup *owner;
	unsigned long page;
	unsigned int i;

	set_active_memcg(family->children[2]);
	page = __get_free_page(GFP_KERNEL_ACCOUNT);
	KUNIT_ASSERT_NE(test, page, 0);
	owner = get_owner(test, page);
	set_active_memcg(memcg);
	KUNIT_EXPECT_PTR_EQ(test, memcg_of_owner(owner), family->children[2]);
	for (i = 3; i-- > 0;) {
		bury_youngest(family);
		KUNIT_EXPECT_PTR_EQ_MSG(test, memcg_of_owner(owner),
					i ? family->children[i - 1] : family->parent,
					"generation %u is gone", i);
	}
	free_page(page);
	disband(family);
	KUNIT_EXPECT_TRUE_MSG(test, put_owner(owner), "somebody has a reference to the owner");
}

static void free_object(void *object)
{
	kfree(object);
}

/* Put a new object on its list, and free it with the case. */
static bool add_new(struct kunit *test, struct list_lru *lru, struct list_head *object)
{
	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_object, object), 0);
	INIT_LIST_HEAD(object);
	return list_lru_add_obj(lru, object);
}

/*
 * An object on the list of a cgroup that is removed is on that of its parent from then
 * on, which is there as soon as the cgroup has its own. Source: __memcg_list_lru_alloc(),
 * "we should make sure that this cgroup and all its ancestors have allocated";
 * memcg_reparent_list_lrus().
 */
static void parent_inherits_the_list_of_a_removed_cgroup(struct kunit *test)
{
	struct family *family = found_family(test, 1);
	struct mem_cgroup *parent = family->parent, *child = family->children[0];
	struct list_head *object, *heir;
	static struct list_lru lru;
	struct kmem_cache *cache;
	int node;

	cache = listed_cache(test, &lru, 0);
	set_active_memcg(child);
	object = kmem_cache_alloc_lru(cache, &lru, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, add_new(test, &lru, object));
	node = page_to_nid(virt_to_page(object));
	KUNIT_EXPECT_EQ(test, list_lru_count_one(&lru, node, child), 1);
	KUNIT_EXPECT_EQ(test, list_lru_count_one(&lru, node, parent), 0);

	set_active_memcg(parent);
	heir = kmem_cache_alloc_node(cache, GFP_KERNEL, node);
	KUNIT_EXPECT_TRUE(test, add_new(test, &lru, heir));
	KUNIT_ASSERT_EQ_MSG(test, list_lru_count_one(&lru, node, parent), 1,
			    "the parent has no list");

	disband(family);
	KUNIT_EXPECT_EQ(test, list_lru_count_one(&lru, node, parent), 2);
	KUNIT_EXPECT_EQ(test, list_lru_count_node(&lru, node), 2);
	KUNIT_EXPECT_TRUE(test, list_lru_del_obj(&lru, object));
	KUNIT_EXPECT_EQ(test, list_lru_count_one(&lru, node, parent), 1);
	KUNIT_EXPECT_TRUE(test, list_lru_del_obj(&lru, heir));
	KUNIT_EXPECT_EQ(test, list_lru_count_one(&lru, node, parent), 0);
	KUNIT_EXPECT_EQ(test, list_lru_count_node(&lru, node), 0);
}

#define LISTS		64

/* Allocate an object for the list of a cgroup, and let one allocation fail, if there is one. */
static bool fail_to_list(struct kunit *test, struct kmem_cache *cache, unsigned int nth)
{
	static struct list_lru lru;
	void *object;
	bool failed;

	KUNIT_ASSERT_EQ(test, list_lru_init_memcg(&lru, NULL), 0);
	kmem_fail_begin(test, nth);
	object = kmem_cache_alloc_lru(cache, &lru, GFP_NOWAIT | __GFP_NOWARN);
	failed = !kmem_fail_cancel();
	if (object)
		kmem_cache_free(cache, object);
	list_lru_destroy(&lru);
	return failed;
}

/*
 * What a cgroup and its ancestors need for a list, with the first object for it, goes
 * with the list, or, if there is no memory for all of it, at once. Source:
 * memcg_list_lru_alloc(), list_lru_destroy().
 */
static void lists_of_cgroups_leave_nothing(struct kunit *test)
{
	/* On 6.x, a pair of pointers for each of the levels */
	const size_t table_size = 3 * 2 * sizeof(void *);
	const size_t list_size = struct_size((struct list_lru_memcg *)NULL, node, nr_node_ids);
	long tables_before, lists_before;
	struct kmem_gauge tables, lists;
	unsigned int nth = 0, failures, i;
	struct kmem_cache *cache;
	struct family *family;

	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	tables = kmem_gauge_of_size(test, table_size);
	lists = kmem_gauge_of_size(test, list_size);
	family = found_generations(test, 2);
	cache = kmem_private_cache(test, "kmem_listed", SMALL, SLAB_ACCOUNT, NULL);
	tables_before = kmem_gauge_read(test, &tables);
	lists_before = kmem_gauge_read(test, &lists);
	set_active_memcg(family->children[1]);
	do {
		failures = 0;
		nth++;
		for (i = 0; i < LISTS; i++)
			failures += fail_to_list(test, cache, nth);
	} while (failures);
	set_active_memcg(memcg);
	KUNIT_EXPECT_GT(test, nth, 2);
	kmem_expect_none_left(test, &tables, tables_before, LISTS, "tables");
	kmem_expect_none_left(test, &lists, lists_before, LISTS, "lists");
}

#define NR_LISTS	256

/*
 * The lists of a cgroup that is removed are freed. Source: memcg_reparent_list_lrus(), "we can
 * safely free this lru".
 */
static void lists_of_a_removed_cgroup_are_freed(struct kunit *test)
{
	const size_t list_size = struct_size((struct list_lru_memcg *)NULL, node, nr_node_ids);
	struct kmem_gauge lists = kmem_gauge_of_size(test, list_size);
	struct list_lru *lrus = kunit_kcalloc(test, NR_LISTS, sizeof(*lrus), GFP_KERNEL);
	struct family *family = found_family(test, 1);
	struct kmem_cache *cache;
	unsigned int i;
	long before;

	KUNIT_ASSERT_NOT_NULL(test, lrus);
	cache = kmem_private_cache(test, "kmem_listed", sizeof(struct list_head), SLAB_ACCOUNT,
				   NULL);
	set_active_memcg(family->children[0]);
	for (i = 0; i < NR_LISTS; i++) {
		void *object;

		make_lists(test, &lrus[i]);
		object = kmem_cache_alloc_lru(cache, &lrus[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, object);
		kmem_cache_free(cache, object);
	}
	before = kmem_gauge_read(test, &lists);
	disband(family);
	KUNIT_EXPECT_GT(test, before - kmem_gauge_read(test, &lists), NR_LISTS / 2);
}

static struct kunit_case kmem_memcg_tree_cases[] = {
	KUNIT_CASE(many_cgroups_in_turn_are_charged_for_their_own),
	KUNIT_CASE_PARAM(cgroups_in_turn_have_their_own_memory_stat, slab_memory_gen_params),
	KUNIT_CASE_PARAM(nothing_is_left_of_a_removed_cgroup, use_gen_params),
	KUNIT_CASE(parent_pays_for_a_removed_cgroup),
	KUNIT_CASE(memory_passes_on_from_generation_to_generation),
	KUNIT_CASE(parent_inherits_the_list_of_a_removed_cgroup),
	KUNIT_CASE(lists_of_cgroups_leave_nothing),
	KUNIT_CASE(lists_of_a_removed_cgroup_are_freed),
	{}
};

static struct kunit_suite kmem_memcg_tree_suite = {
	.name = "kmem_memcg_tree",
	.init = kmem_suite_init,
	.test_cases = kmem_memcg_tree_cases,
};

kunit_test_suite(kmem_memcg_tree_suite);

MODULE_DESCRIPTION("KUnit tests for memory cgroups beside and above each other");
MODULE_LICENSE("GPL");
