// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmalloc()'s kinds of caches: normal, reclaimable, accounted and DMA memory.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_kinds'
 */
#include <kunit/test.h>
#include <linux/build_bug.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/vmstat.h>
#include "kmem_kmalloc.h"
#include "kmem_kunit.h"

/* the sizes of the classes, as far as they exist everywhere */
static const size_t classes[] = {
	8, 16, 32, 64, 96, 128, 192, 256, SZ_512, SZ_1K, SZ_2K, SZ_4K, SZ_8K,
};

/* The kinds that there can be, with what tells their caches apart. */
enum kind {
	NORMAL,
	RECLAIMABLE,
	ACCOUNTED,
	DMA,
};

static const struct {
	const char *prefix;
	slab_flags_t flags;
} kinds[] = {
	[NORMAL] = { "kmalloc-", 0 },
	[RECLAIMABLE] = { "kmalloc-rcl-", SLAB_RECLAIM_ACCOUNT },
	[ACCOUNTED] = { "kmalloc-cg-", SLAB_ACCOUNT },
	[DMA] = { "dma-kmalloc-", SLAB_CACHE_DMA },
};

#define KIND_FLAGS	(SLAB_RECLAIM_ACCOUNT | SLAB_ACCOUNT | SLAB_CACHE_DMA)

/* The flags that choose among them: DMA goes before reclaimable, that before accounted. */
static const struct choice {
	const char *name;
	gfp_t gfp;
	enum kind kind;
} choices[] = {
	{ "none", 0, NORMAL },
	{ "zero", __GFP_ZERO, NORMAL },
	{ "reclaimable", __GFP_RECLAIMABLE, RECLAIMABLE },
	{ "account", __GFP_ACCOUNT, ACCOUNTED },
	{ "dma", __GFP_DMA, DMA },
	{ "reclaimable_account", __GFP_RECLAIMABLE | __GFP_ACCOUNT, RECLAIMABLE },
	{ "dma_reclaimable", __GFP_DMA | __GFP_RECLAIMABLE, DMA },
	{ "dma_account", __GFP_DMA | __GFP_ACCOUNT, DMA },
	{ "all", __GFP_DMA | __GFP_RECLAIMABLE | __GFP_ACCOUNT, DMA },
};

KUNIT_ARRAY_PARAM_DESC(choice, choices, name);

/* What a kernel does not tell apart is chosen by the flags that are left, or normal. */
static enum kind kind_of(gfp_t gfp)
{
	if (gfp & __GFP_DMA && KMALLOC_DMA != KMALLOC_NORMAL)
		return DMA;
	if (gfp & __GFP_RECLAIMABLE && KMALLOC_RECLAIM != KMALLOC_NORMAL)
		return RECLAIMABLE;
	if (gfp & __GFP_ACCOUNT && !(gfp & __GFP_RECLAIMABLE) && KMALLOC_CGROUP != KMALLOC_NORMAL)
		return ACCOUNTED;
	return NORMAL;
}

static void require_kind(struct kunit *test, const struct choice *choice)
{
	if (choice->kind == DMA)
		KMEM_REQUIRE(test, CONFIG_ZONE_DMA);
	if (choice->kind == RECLAIMABLE && IS_ENABLED(CONFIG_SLUB_TINY))
		kunit_skip(test, "needs CONFIG_SLUB_TINY=n");
	if (choice->kind == ACCOUNTED) {
		KMEM_REQUIRE(test, CONFIG_MEMCG);
		if (kmem_boot_has(test, "nokmem"))
			kunit_skip(test, "needs a boot without cgroup.memory=nokmem");
	}
}

/* A size that the compiler knows has kmalloc() choose the cache inline. */
static __always_inline void *constant_call(size_t size, gfp_t gfp, int node)
{
	BUILD_BUG_ON(!__builtin_constant_p(size));
	return node == NUMA_NO_NODE ? kmalloc(size, gfp) : kmalloc_node(size, gfp, node);
}

static void *constant_kmalloc(size_t size, gfp_t gfp, int node)
{
	switch (size) {
	case 8: return constant_call(8, gfp, node);
	case 16: return constant_call(16, gfp, node);
	case 32: return constant_call(32, gfp, node);
	case 64: return constant_call(64, gfp, node);
	case 96: return constant_call(96, gfp, node);
	case 128: return constant_call(128, gfp, node);
	case 192: return constant_call(192, gfp, node);
	case 256: return constant_call(256, gfp, node);
	case 512: return constant_call(512, gfp, node);
	case 1024: return constant_call(1024, gfp, node);
	case 2048: return constant_call(2048, gfp, node);
	case 4096: return constant_call(4096, gfp, node);
	case 8192: return constant_call(8192, gfp, node);
	default: return NULL;
	}
}

#define NR_WAYS	7

/* Allocate in one of several ways. */
static noinline void *allocate(unsigned int way, size_t size, gfp_t gfp)
{
	OPTIMIZER_HIDE_VAR(size);
	switch (way) {
	case 0: return kmalloc(size, gfp);
	case 1: return kmalloc_node(size, gfp, numa_mem_id());
	case 2: return constant_kmalloc(size, gfp, NUMA_NO_NODE);
	case 3: return constant_kmalloc(size, gfp, numa_mem_id());
	case 4: return kmalloc_track_caller(size, gfp);
	case 5: return kmalloc_array(size, 1, gfp);
	default: return kvmalloc(size, gfp);
	}
}

/*
 * Each kind of memory is from caches of its own, whose names tell it, in every
 * class and by every function. Source: kmalloc_type(), "Their priorities in
 * decreasing order", and INIT_KMALLOC_INFO().
 */
static void kind_has_caches_of_its_own(struct kunit *test)
{
	const struct choice *choice = test->param_value;
	unsigned int i, way;

	require_kind(test, choice);
	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		for (way = 0; way < NR_WAYS; way++) {
			void *object = allocate(way, classes[i], GFP_KERNEL | choice->gfp);
			struct kmem_origin origin;
			char name[32];

			KUNIT_ASSERT_NOT_NULL(test, object);
			origin = kmem_origin(object);
			snprintf(name, sizeof(name), "%s%s", kinds[kind_of(choice->gfp)].prefix,
				 class_suffix(kmalloc_size_roundup(classes[i])));
			KUNIT_ASSERT_NOT_NULL(test, origin.name);
			if (kind_of(choice->gfp) != NORMAL || !kmem_is_partitioned())
				KUNIT_EXPECT_STREQ_MSG(test, origin.name, name, "size %zu, way %u",
						       classes[i], way);
			kvfree(object);
		}
	}
}

/*
 * The caches of a kind are created for it: reclaimable ones count as such,
 * accounted ones account all of their objects, DMA ones are of DMA memory, and
 * no cache is more than one of these. Source: new_kmalloc_cache().
 */
static void caches_have_the_flags_of_their_kind(struct kunit *test)
{
	const struct choice *choice = test->param_value;
	unsigned int i;

	require_kind(test, choice);
	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		void *object = kmalloc(classes[i], GFP_KERNEL | choice->gfp);
		struct kmem_origin origin;

		KUNIT_ASSERT_NOT_NULL(test, object);
		origin = kmem_origin(object);
		KUNIT_EXPECT_EQ_MSG(test, (__force u32)(origin.flags & KIND_FLAGS),
				    (__force u32)kinds[kind_of(choice->gfp)].flags, "%s",
				    origin.name);
		kfree(object);
	}
}

/* more than the caches may have had free before */
#define PAGES	512

/* How many pages of each kind of slab a number of allocations takes. */
static void count_pages(struct kunit *test, gfp_t gfp, long *reclaimable, long *unreclaimable)
{
	static void *objects[PAGES];
	unsigned long irqflags;
	unsigned int i;

	local_irq_save(irqflags);
	*reclaimable = -global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B);
	*unreclaimable = -global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
	for (i = 0; i < PAGES; i++)
		objects[i] = kmalloc(SZ_4K, GFP_ATOMIC | gfp);
	*reclaimable += global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B);
	*unreclaimable += global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
	local_irq_restore(irqflags);
	for (i = 0; i < PAGES; i++) {
		KUNIT_EXPECT_NOT_NULL(test, objects[i]);
		kfree(objects[i]);
	}
}

/*
 * Reclaimable memory counts as reclaimable slab, and all other as slab that is
 * not. Source: account_slab() with cache_vmstat_idx().
 */
static void reclaimable_memory_is_counted_as_such(struct kunit *test)
{
	const struct choice *choice = test->param_value;
	long reclaimable, unreclaimable;

	require_kind(test, choice);
	KMEM_REQUIRE_NOT(test, CONFIG_SMP, "where each CPU has counters of its own");
	count_pages(test, choice->gfp, &reclaimable, &unreclaimable);
	if (kind_of(choice->gfp) == RECLAIMABLE) {
		KUNIT_EXPECT_GE(test, reclaimable, PAGES / 2);
		KUNIT_EXPECT_LE(test, unreclaimable, PAGES / 16);
	} else {
		KUNIT_EXPECT_EQ(test, reclaimable, 0);
		KUNIT_EXPECT_GE(test, unreclaimable, PAGES / 2);
	}
}

#define LARGE_PAGES	64
#define NR_LARGE	16

/*
 * Large memory counts as slab that is not reclaimable until it is freed, by kfree_bulk() as
 * well. Source: ___kmalloc_large_node(), free_large_kmalloc(), build_detached_freelist().
 */
static void large_memory_of_a_bulk_is_uncounted(struct kunit *test)
{
	/* what others take or give back meanwhile, and what a CPU has not told yet, is less */
	const long some = LARGE_PAGES * NR_LARGE / 2;
	void *objects[NR_LARGE];
	unsigned int nr = 0;
	long held, left;

	/* slabs of others that are freed after a grace period */
	rcu_barrier();
	held = -global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
	left = held;
	while (nr < NR_LARGE && (objects[nr] = kmalloc(LARGE_PAGES * PAGE_SIZE, GFP_KERNEL)))
		nr++;
	held += global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
	kfree_bulk(nr, objects);
	left += global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
	KUNIT_ASSERT_EQ(test, nr, NR_LARGE);
	KUNIT_EXPECT_GT(test, held, some);
	KUNIT_EXPECT_LT(test, left, some);
}

/*
 * All of an object of kmalloc() may be copied to and from user space. Source:
 * create_kmalloc_cache(), with a usersize of the object's size.
 */
static void kmalloc_memory_may_be_copied_to_user(struct kunit *test)
{
	const struct choice *choice = test->param_value;
	unsigned int i;

	require_kind(test, choice);
	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		void *object = kmalloc(classes[i], GFP_KERNEL | choice->gfp);
		struct kmem_origin origin;

		KUNIT_ASSERT_NOT_NULL(test, object);
		origin = kmem_origin(object);
		KUNIT_EXPECT_EQ_MSG(test, origin.useroffset, 0, "%s", origin.name);
		KUNIT_EXPECT_EQ_MSG(test, origin.usersize, origin.size, "%s", origin.name);
		kfree(object);
	}
}

/*
 * A cache that others might share is never kmalloc()'s: what a kmalloc() leaks
 * or corrupts is not to be some cache's objects. Source: new_kmalloc_cache(),
 * SLAB_NO_MERGE, and slab_unmergeable(), for the sake of usersize.
 */
static void kmalloc_shares_no_cache(struct kunit *test)
{
	static const slab_flags_t flags[] = { 0, SLAB_RECLAIM_ACCOUNT, SLAB_ACCOUNT };
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	for (i = 0; i < ARRAY_SIZE(classes) * ARRAY_SIZE(flags); i++) {
		size_t size = classes[i / ARRAY_SIZE(flags)];
		struct kmem_cache *cache = kmem_cache_create("kmem_shared", size, 0,
							     flags[i % ARRAY_SIZE(flags)], NULL);
		void *object;

		KUNIT_ASSERT_NOT_NULL(test, cache);
		object = kmem_cache_alloc(cache, GFP_KERNEL);
		KUNIT_EXPECT_NOT_NULL(test, object);
		if (object) {
			KUNIT_EXPECT_NULL_MSG(test, strstr(kmem_origin(object).name, "kmalloc-"),
					      "%s", kmem_origin(object).name);
			kmem_cache_free(cache, object);
		}
		kmem_cache_destroy(cache);
	}
}

/*
 * No other cache is merged with one of kmalloc(), all of whose objects user space may
 * be given. Source: Documentation/ABI/testing/sysfs-kernel-slab, aliases, "how many caches
 * have merged into this cache"; slab_unmergeable() or slab_args_unmergeable(), usersize.
 */
static void nothing_is_merged_with_kmalloc(struct kunit *test)
{
	static const gfp_t gfps[] = { 0, __GFP_RECLAIMABLE, __GFP_ACCOUNT };
	unsigned int i, j;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	for (i = 0; i < ARRAY_SIZE(gfps); i++) {
		for (j = 0; j < ARRAY_SIZE(classes); j++) {
			void *memory = kmalloc(classes[j], GFP_KERNEL | gfps[i]);
			const char *name;

			KUNIT_ASSERT_NOT_NULL(test, memory);
			name = kmem_origin(memory).name;
			kfree(memory);
			KUNIT_EXPECT_EQ_MSG(test, kmem_sysfs_number(test, name, "aliases"), 0,
					    "%s", name);
		}
	}
}

/*
 * Where no memory of the kernel is accounted, what asks for that is from the same caches
 * as what does not. Source: new_kmalloc_cache(), mem_cgroup_kmem_disabled().
 */
static void unaccounted_memory_has_no_caches_of_its_own(struct kunit *test)
{
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_MEMCG);
	KMEM_REQUIRE(test, CONFIG_SLUB);
	if (!kmem_boot_has(test, "nokmem"))
		kunit_skip(test, "needs a boot with cgroup.memory=nokmem");
	if (kmem_is_partitioned())
		kunit_skip(test, "needs an unpartitioned kmalloc(): another caller, another cache");
	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		void *plain = kmalloc(classes[i], GFP_KERNEL);
		void *accounted = kmalloc(classes[i], GFP_KERNEL_ACCOUNT);

		KUNIT_ASSERT_NOT_NULL(test, plain);
		KUNIT_ASSERT_NOT_NULL(test, accounted);
		KUNIT_EXPECT_STREQ(test, kmem_origin(accounted).name, kmem_origin(plain).name);
		kfree(plain);
		kfree(accounted);
	}
}

static struct kunit_case kmem_kinds_cases[] = {
	KUNIT_CASE_PARAM(kind_has_caches_of_its_own, choice_gen_params),
	KUNIT_CASE_PARAM(caches_have_the_flags_of_their_kind, choice_gen_params),
	KUNIT_CASE_PARAM(reclaimable_memory_is_counted_as_such, choice_gen_params),
	KUNIT_CASE(large_memory_of_a_bulk_is_uncounted),
	KUNIT_CASE_PARAM(kmalloc_memory_may_be_copied_to_user, choice_gen_params),
	KUNIT_CASE(kmalloc_shares_no_cache),
	KUNIT_CASE(nothing_is_merged_with_kmalloc),
	KUNIT_CASE(unaccounted_memory_has_no_caches_of_its_own),
	{}
};

static struct kunit_suite kmem_kinds_suite = {
	.name = "kmem_kinds",
	.init = kmem_suite_init,
	.test_cases = kmem_kinds_cases,
};

kunit_test_suite(kmem_kinds_suite);

MODULE_DESCRIPTION("KUnit tests for kmalloc()'s kinds of caches");
MODULE_LICENSE("GPL");
