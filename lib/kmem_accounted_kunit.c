// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accounted memory that is allocated by others than kmalloc() and the functions of
 * a cache: copies, elements of pools, memory of devices, mapped memory, objects of
 * prefilled sheaves; and what a cgroup is, and is not, given along with its objects.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_accounted'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/list_lru.h>
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/string_helpers.h>
#include <linux/vmalloc.h>
#include "kmem_count.h"
#include "kmem_device.h"
#include "kmem_haul.h"
#include "kmem_hoard.h"
#include "kmem_vmalloc.h"

/* Not constant, or kstrdup_const() would not copy it. */
static char text[OBJECT_SIZE] = { [0 ... OBJECT_SIZE - 2] = 't' };

static __printf(2, 3) const char *format_const(gfp_t gfp, const char *fmt, ...)
{
	const char *result;
	va_list args;

	va_start(args, fmt);
	result = kvasprintf_const(gfp, fmt, args);
	va_end(args);
	return result;
}

static void *resized(gfp_t gfp)
{
	void *small = kmalloc(1, GFP_KERNEL), *large = krealloc(small, OBJECT_SIZE, gfp);

	if (!large)
		kfree(small);
	return large;
}

/* Each way to have OBJECT_SIZE bytes of a size that is not told to kmalloc() itself. */
#define COPY(name, expression)							\
static unsigned int by_##name(struct kmem_cache *cache, gfp_t gfp, void **objects) \
{										\
	objects[0] = (void *)(expression);					\
	return !!objects[0];							\
}

COPY(kmemdup, kmemdup(text, OBJECT_SIZE, gfp))
COPY(kmemdup_array, kmemdup_array(text, OBJECT_SIZE / 8, 8, gfp))
COPY(kmemdup_nul, kmemdup_nul(text, OBJECT_SIZE - 1, gfp))
COPY(kvmemdup, kvmemdup(text, OBJECT_SIZE, gfp))
COPY(kstrdup, kstrdup(text, gfp))
COPY(kstrdup_const, kstrdup_const(text, gfp))
COPY(kstrndup, kstrndup(text, OBJECT_SIZE, gfp))
COPY(kstrdup_and_replace, kstrdup_and_replace(text, 't', 'u', gfp))
COPY(kstrdup_quotable, kstrdup_quotable(text, gfp))
COPY(kasprintf, kasprintf(gfp, "%s", text))
COPY(kvasprintf_const, format_const(gfp, "%.*s!", (int)OBJECT_SIZE - 2, text))
COPY(krealloc, resized(gfp))
COPY(kvmalloc, kvmalloc(OBJECT_SIZE, gfp))

static void free_copy(struct kmem_cache *cache, void **objects)
{
	kvfree(objects[0]);
}

/* what is behind the prefix of each of BULK strings */
#define NUMBER_SIZE	sizeof("-15")

static unsigned int strings_alloc(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	objects[0] = kasprintf_strarray(gfp, text + NUMBER_SIZE - 1, BULK);
	return objects[0] ? BULK : 0;
}

static void strings_free(struct kmem_cache *cache, void **objects)
{
	kfree_strarray(objects[0], BULK);
}

#define COPIED(name)	{ #name, 0, __GFP_ACCOUNT, by_##name, free_copy, 1 }

static const struct allocator copies[] = {
	COPIED(kmemdup), COPIED(kmemdup_array), COPIED(kmemdup_nul), COPIED(kvmemdup),
	COPIED(kstrdup), COPIED(kstrdup_const), COPIED(kstrndup), COPIED(kstrdup_and_replace),
	COPIED(kstrdup_quotable), COPIED(kasprintf), COPIED(kvasprintf_const), COPIED(krealloc),
	COPIED(kvmalloc),
	{ "kasprintf_strarray", 0, __GFP_ACCOUNT, strings_alloc, strings_free, BULK },
};

KUNIT_ARRAY_PARAM_DESC(copy, copies, name);

/*
 * Who copies or formats on a cgroup's account has it charged for the memory.
 * Source: kernel-doc in mm/util.c, "@gfp: GFP mask to use"; __GFP_ACCOUNT in
 * <linux/gfp_types.h>.
 */
static void copies_are_charged_until_they_are_freed(struct kunit *test)
{
	expect_charged_until_freed(test, test->param_value);
}

/*
 * An array of strings is on the same account as they are: it is from a cache of those
 * that are accounted. Source: kernel-doc of kasprintf_strarray(), "flags for the slab
 * allocator".
 */
static void array_of_strings_is_charged_with_them(struct kunit *test)
{
	char **strings;

	enter(test);
	strings = kasprintf_strarray(GFP_KERNEL_ACCOUNT, "kmem", BULK);
	KUNIT_ASSERT_NOT_NULL(test, strings);
	KUNIT_EXPECT_TRUE(test, kmem_origin(strings).flags & SLAB_ACCOUNT);
	KUNIT_EXPECT_TRUE(test, kmem_origin(strings[BULK - 1]).flags & SLAB_ACCOUNT);
	kfree_strarray(strings, BULK);
}

static unsigned int pool_slab_alloc(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	objects[0] = mempool_alloc_slab(gfp, cache);
	return !!objects[0];
}

static void pool_slab_free(struct kmem_cache *cache, void **objects)
{
	mempool_free_slab(objects[0], cache);
}

static unsigned int pool_kmalloc_alloc(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	objects[0] = mempool_kmalloc(gfp, (void *)OBJECT_SIZE);
	return !!objects[0];
}

static void pool_kmalloc_free(struct kmem_cache *cache, void **objects)
{
	mempool_kfree(objects[0], (void *)OBJECT_SIZE);
}

#define BULK_ORDER	get_order(BULK * OBJECT_SIZE)

static unsigned int pool_pages_alloc(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	objects[0] = mempool_alloc_pages(gfp, (void *)(long)BULK_ORDER);
	return objects[0] ? BULK : 0;
}

static void pool_pages_free(struct kmem_cache *cache, void **objects)
{
	mempool_free_pages(objects[0], (void *)(long)BULK_ORDER);
}

static const struct allocator pooled[] = {
	{ "slab", 0, __GFP_ACCOUNT, pool_slab_alloc, pool_slab_free, 1 },
	{ "kmalloc", 0, __GFP_ACCOUNT, pool_kmalloc_alloc, pool_kmalloc_free, 1 },
	{ "pages", 0, __GFP_ACCOUNT, pool_pages_alloc, pool_pages_free, BULK },
};

KUNIT_ARRAY_PARAM_DESC(pooled, pooled, name);

/*
 * What a pool of any kind allocates for its caller is charged as that asks for.
 * Source: kernel-doc of mempool_alloc(), gfp_mask; mempool_alloc_slab(),
 * mempool_kmalloc() and mempool_alloc_pages().
 */
static void elements_of_pools_are_charged_until_they_are_freed(struct kunit *test)
{
	expect_charged_until_freed(test, test->param_value);
}

/*
 * So is the pool itself, and the array of what it holds ready: they are from caches of
 * those that are accounted. Source: kernel-doc of mempool_create_node(), "memory
 * allocation flags"; __GFP_ACCOUNT in <linux/gfp_types.h>.
 */
static void pool_is_charged_with_its_elements(struct kunit *test)
{
	mempool_t *pool;

	enter(test);
	pool = mempool_create_node(BULK, mempool_kmalloc, mempool_kfree, (void *)OBJECT_SIZE,
				   GFP_KERNEL_ACCOUNT, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_EXPECT_TRUE(test, kmem_origin(pool).flags & SLAB_ACCOUNT);
	KUNIT_EXPECT_TRUE(test, kmem_origin(pool->elements).flags & SLAB_ACCOUNT);
	mempool_destroy(pool);
}

static struct device *owner;

static void make_owner(struct kunit *test)
{
	owner = make_device(test, "kmem_charged");
}

/* room for what a device keeps with its memory */
#define DEVRES_SIZE	256
#define OWNED_SIZE	(OBJECT_SIZE - DEVRES_SIZE)

static void *devm_resized(gfp_t gfp)
{
	void *small = devm_kmalloc(owner, 1, GFP_KERNEL), *large;

	large = devm_krealloc(owner, small, OWNED_SIZE, gfp);
	if (!large)
		devm_kfree(owner, small);
	return large;
}

COPY(devm_kmalloc, devm_kmalloc(owner, OWNED_SIZE, gfp))
COPY(devm_krealloc, devm_resized(gfp))
COPY(devm_kmemdup, devm_kmemdup(owner, text, OWNED_SIZE, gfp))
COPY(devm_kasprintf, devm_kasprintf(owner, gfp, "%.*s", (int)OWNED_SIZE - 1, text))

static void devm_free(struct kmem_cache *cache, void **objects)
{
	devm_kfree(owner, objects[0]);
}

static unsigned int devm_pages_alloc(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	objects[0] = (void *)devm_get_free_pages(owner, gfp, BULK_ORDER);
	return objects[0] ? BULK : 0;
}

static void devm_pages_free(struct kmem_cache *cache, void **objects)
{
	devm_free_pages(owner, (unsigned long)objects[0]);
}

#define OWNED(name)	{ #name, 0, __GFP_ACCOUNT, by_##name, devm_free, 1, make_owner }

static const struct allocator owned[] = {
	OWNED(devm_kmalloc), OWNED(devm_krealloc), OWNED(devm_kmemdup), OWNED(devm_kasprintf),
	{ "devm_get_free_pages", 0, __GFP_ACCOUNT, devm_pages_alloc, devm_pages_free, BULK,
	  make_owner },
};

KUNIT_ARRAY_PARAM_DESC(owned, owned, name);

/*
 * Memory that goes with a device is charged, too, if that is asked for, and when it has
 * moved to grow. Source: kernel-doc of devm_kmalloc() and its like, "gfp flags".
 */
static void memory_of_devices_is_charged_until_it_is_freed(struct kunit *test)
{
	expect_charged_until_freed(test, test->param_value);
}

/* the smallest size that kmalloc() cannot have */
#define MAPPED_SIZE	((size_t)KMALLOC_MAX_SIZE + 1)
#define MAPPED_PAGES	((long)DIV_ROUND_UP(MAPPED_SIZE, PAGE_SIZE))

static void *map_new(gfp_t gfp)
{
	return kvmalloc(MAPPED_SIZE, gfp);
}

static void *map_huge(gfp_t gfp)
{
	return vmalloc_huge(MAPPED_SIZE, gfp);
}

static void *map_copy(gfp_t gfp)
{
	void *source = vmalloc(MAPPED_SIZE), *copy = NULL;

	if (source)
		copy = kvmemdup(source, MAPPED_SIZE, gfp);
	vfree(source);
	return copy;
}

static void *map_grown(void *memory, gfp_t gfp)
{
	void *grown = kmem_kvrealloc(memory, PAGE_SIZE, MAPPED_SIZE, gfp);

	if (!grown)
		kvfree(memory);
	return grown;
}

static void *map_grown_kmalloc(gfp_t gfp)
{
	return map_grown(kmalloc(PAGE_SIZE, GFP_KERNEL), gfp);
}

static void *map_grown_mapping(gfp_t gfp)
{
	return map_grown(vmalloc(PAGE_SIZE), gfp);
}

static const struct mapper {
	const char *name;
	void *(*map)(gfp_t gfp);
} mappers[] = {
	{ "kvmalloc", map_new },
	{ "vmalloc_huge", map_huge },
	{ "kvmemdup", map_copy },
	{ "kvrealloc_of_kmalloc", map_grown_kmalloc },
	{ "kvrealloc_of_mapping", map_grown_mapping },
};

KUNIT_ARRAY_PARAM_DESC(mapper, mappers, name);

/* Expect about so many pages that are mapped, and more if they are huge, in memory.stat. */
static void expect_mapped(struct kunit *test, unsigned long since, long pages)
{
	unsigned long now = cgroup_figure(test, "/kmem_kunit/memory.stat", "vmalloc");
	/* what a CPU has counted may be there later */
	long grown = (long)(now - since) / (long)PAGE_SIZE, stale = MAPPED_PAGES / 2;

	KUNIT_EXPECT_GE(test, grown, pages - stale);
	KUNIT_EXPECT_LE(test, grown, 2 * pages + stale);
}

/*
 * Memory that is mapped because it is too much for kmalloc() is charged as well,
 * and counted as mapped, until it is freed. Source: kvmalloc_node() and kvrealloc(),
 * which hand on their flags; kernel-doc of vmalloc_huge_node(), "flags for the page
 * level allocator"; __GFP_ACCOUNT in <linux/gfp_types.h>;
 * Documentation/admin-guide/cgroup-v2.rst, memory.stat, vmalloc.
 */
static void mapped_memory_is_charged_until_it_is_freed(struct kunit *test)
{
	const struct mapper *mapper = test->param_value;
	unsigned long mapped;
	void *memory;
	long before;

	enter(test);
	mapped = cgroup_figure(test, "/kmem_kunit/memory.stat", "vmalloc");
	before = charged();
	memory = mapper->map(GFP_KERNEL_ACCOUNT);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(memory));
	/* a mapping may be of huge pages */
	expect_charged(test, before, MAPPED_PAGES, MAPPED_PAGES, "by mapping");
	expect_mapped(test, mapped, MAPPED_PAGES);
	set_active_memcg(NULL);
	kvfree(memory);
	expect_charged(test, before, 0, 0, "after all was freed");
	expect_mapped(test, mapped, 0);
}

/*
 * Memory that its cgroup has no room for is not mapped, keeps no charge, and that it
 * failed is reported. Source: cgroup-v2.rst, memory.max; __vmalloc_area_node(),
 * "failed to allocate pages".
 */
static void mapping_beyond_the_limit_fails(struct kunit *test)
{
	unsigned int tries = 5 * HZ;
	long before;

	enter(test);
	before = charged();
	limit_charges(test, LIMIT);
	/* reclaims, but kills nobody */
	KMEM_EXPECT_VMALLOC_ERROR(test, __vmalloc(SZ_8M, GFP_KERNEL_ACCOUNT | __GFP_NORETRY));
	/* a worker frees what it had got */
	while (charged() - before > STOCK && --tries)
		schedule_timeout_uninterruptible(1);
	expect_charged(test, before, 0, 0, "after it failed");
}

static void require_sheaf_calls(struct kunit *test)
{
	if (!kmem_can_call_sheaves())
		kunit_skip(test, "needs sheaves, and the suite built in");
}

/* All of a sheaf's objects, or none. */
static unsigned int sheaf_alloc(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	struct slab_sheaf *sheaf = kmem_cache_prefill_sheaf(cache, gfp & ~__GFP_ACCOUNT, BULK);
	unsigned int nr;

	if (!sheaf)
		return 0;
	for (nr = 0; nr < BULK; nr++) {
		objects[nr] = kmem_cache_alloc_from_sheaf(cache, gfp & __GFP_ACCOUNT, sheaf);
		if (!objects[nr])
			break;
	}
	kmem_cache_return_sheaf(cache, gfp & ~__GFP_ACCOUNT, sheaf);
	if (nr == BULK)
		return BULK;
	kmem_cache_free_bulk(cache, nr, objects);
	return 0;
}

static const struct allocator prefilled[] = {
	{ "cache", SLAB_ACCOUNT, 0, sheaf_alloc, bulk_free, BULK, require_sheaf_calls },
	{ "gfp", 0, __GFP_ACCOUNT, sheaf_alloc, bulk_free, BULK, require_sheaf_calls },
};

KUNIT_ARRAY_PARAM_DESC(prefilled, prefilled, name);

static unsigned long nr_beyond_the_limit(struct kunit *test)
{
	return cgroup_figure(test, "/kmem_kunit/memory.events", "max");
}

/*
 * Expect all to be had and charged, which the cgroup has no room for, and that it says
 * so. Source: cgroup-v2.rst, memory.events, "max"; try_charge_memcg(), "don't forget to
 * raise a MEMCG_MAX event".
 */
static void expect_charged_beyond_the_limit(struct kunit *test, const struct allocator *by)
{
	unsigned long nr_before;
	struct haul *haul;
	long before;

	enter(test);
	nr_before = nr_beyond_the_limit(test);
	before = charged();
	limit_charges(test, LIMIT);
	haul = take_all(test, "kmem_charged", by, GFP_ATTEMPT);
	expect_charged(test, before, NR_PAGES, OVERHEAD, "by allocating");
	expect_uncharged(test, haul, before);
	KUNIT_EXPECT_GT(test, nr_beyond_the_limit(test), nr_before);
}

/*
 * Objects of a prefilled sheaf are charged, and can be had also where the cgroup
 * is full. Source: kmem_cache_alloc_from_sheaf(), "Guaranteed not to fail", "memcg
 * charging is forced over limit if necessary".
 */
static void prefilled_objects_are_charged_beyond_the_limit(struct kunit *test)
{
	expect_charged_beyond_the_limit(test, test->param_value);
}

COPY(kmalloc, kmalloc(OBJECT_SIZE, gfp))

static unsigned int by_reclaimer(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	unsigned int flags = memalloc_noreclaim_save();
	unsigned int got = by_kmalloc(cache, gfp, objects);

	memalloc_noreclaim_restore(flags);
	return got;
}

static const struct allocator urgent[] = {
	{ "atomic", 0, __GFP_ACCOUNT | __GFP_HIGH, by_kmalloc, free_copy, 1 },
	{ "reclaimer", 0, __GFP_ACCOUNT, by_reclaimer, free_copy, 1 },
};

KUNIT_ARRAY_PARAM_DESC(urgent, urgent, name);

/*
 * Who cannot wait, or frees memory by what he allocates, is not held to the limit of his
 * cgroup. Source: try_charge_memcg(), "let these go through as privileged allocations",
 * "we prefer facilitating memory reclaim".
 */
static void urgent_memory_is_charged_beyond_the_limit(struct kunit *test)
{
	expect_charged_beyond_the_limit(test, test->param_value);
}

static void hoard_the_rest(struct hoard *hoard, gfp_t gfp)
{
	while (hoard_one(hoard, gfp))
		;
}

/*
 * Where there is no memory for an object, there is nothing to charge either. Source:
 * __memcg_slab_post_alloc_hook(), "we might be called with a single NULL object" (6.12).
 */
static void lack_of_memory_is_not_charged(struct kunit *test)
{
	struct hoard *hoard;

	enter(test);
	hoard = exhaust(test, 0);
	KMEM_EXPECT_SILENCE(test, hoard_the_rest(hoard, NO_RECLAIM | __GFP_ACCOUNT));
	KUNIT_EXPECT_LT(test, hoard->nr, MAX_HOARD);
}

#define LARGE_SHEAF	(SZ_512K / sizeof(void *))

/*
 * A sheaf that an accounted allocation takes for its cache is not charged. Source:
 * OBJCGS_CLEAR_MASK in mm/slub.c, "The allocated objcg pointers array or sheaf is
 * not accounted directly".
 */
static void sheaves_are_not_charged(struct kunit *test)
{
	struct kmem_cache *cache;
	void *object;
	long before;

	if (!kmem_has_sheaves())
		kunit_skip(test, "needs sheaves");
	enter(test);
	cache = kmem_create_with_sheaves("kmem_charged", sizeof(void *), LARGE_SHEAF,
					 SLAB_NO_MERGE | SLAB_NO_USER_FLAGS, NULL);
	kmem_adopt_cache(test, cache);
	before = charged();
	object = kmem_cache_alloc(cache, GFP_KERNEL_ACCOUNT);
	KUNIT_ASSERT_NOT_NULL(test, object);
	expect_charged(test, before, 0, 0, "for an object and a sheaf");
	KUNIT_EXPECT_GE_MSG(test, kmem_attribute(test, cache, "objects"), LARGE_SHEAF,
			    "the sheaf was not filled");
	kmem_cache_free(cache, object);
}

/*
 * An object that kmem_cache_alloc_lru() gave can be put on its cgroup's own list, once,
 * and counts for it and for the node. Source: memcg_slab_post_alloc_hook(), which calls
 * memcg_list_lru_alloc(); list_lru_add_obj(), list_lru_count_one(), <linux/list_lru.h>,
 * "true if the list was updated, false otherwise".
 */
static void object_has_a_list_of_its_cgroup(struct kunit *test)
{
	static struct list_lru lru;
	struct kmem_cache *cache;
	struct list_head *object;
	unsigned int i;
	int node;

	enter(test);
	cache = listed_cache(test, &lru, 0);
	object = kmem_cache_alloc_lru(cache, &lru, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	INIT_LIST_HEAD(object);
	node = page_to_nid(virt_to_page(object));
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ_MSG(test, list_lru_add_obj(&lru, object), !i, "time %u", i);
		KUNIT_EXPECT_EQ(test, list_lru_count_one(&lru, node, memcg), 1);
		KUNIT_EXPECT_EQ(test, list_lru_count_node(&lru, node), 1);
	}
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ_MSG(test, list_lru_del_obj(&lru, object), !i, "time %u", i);
		KUNIT_EXPECT_EQ(test, list_lru_count_one(&lru, node, memcg), 0);
		KUNIT_EXPECT_EQ(test, list_lru_count_node(&lru, node), 0);
	}
	kmem_cache_free(cache, object);
}

/*
 * Where there is no memory for the list, there is no object either, which could not be
 * put on it. Source: __memcg_slab_post_alloc_hook(), memcg_slab_pre_alloc_hook() (6.1).
 */
static void object_without_a_list_is_not_to_be_had(struct kunit *test)
{
	static struct list_lru lru;
	struct kmem_cache *cache;
	void *first, *object;

	enter(test);
	/* without sheaves: they would be allocated first */
	cache = listed_cache(test, &lru, SLAB_NOLEAKTRACE);
	/* has a slab made, and room for its owners */
	first = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, first);
	object = KMEM_FAILING(test, 2, kmem_cache_alloc_lru(cache, &lru, GFP_ATTEMPT));
	KUNIT_EXPECT_NULL(test, object);
	if (object)
		kmem_cache_free(cache, object);
	object = kmem_cache_alloc_lru(cache, &lru, GFP_ATTEMPT);
	KUNIT_EXPECT_NOT_NULL(test, object);
	if (object)
		kmem_cache_free(cache, object);
	kmem_cache_free(cache, first);
}

static struct kunit_case kmem_accounted_cases[] = {
	KUNIT_CASE_PARAM(copies_are_charged_until_they_are_freed, copy_gen_params),
	KUNIT_CASE(array_of_strings_is_charged_with_them),
	KUNIT_CASE_PARAM(elements_of_pools_are_charged_until_they_are_freed, pooled_gen_params),
	KUNIT_CASE(pool_is_charged_with_its_elements),
	KUNIT_CASE_PARAM(memory_of_devices_is_charged_until_it_is_freed, owned_gen_params),
	KUNIT_CASE_PARAM(mapped_memory_is_charged_until_it_is_freed, mapper_gen_params),
	KUNIT_CASE(mapping_beyond_the_limit_fails),
	KUNIT_CASE_PARAM(prefilled_objects_are_charged_beyond_the_limit, prefilled_gen_params),
	KUNIT_CASE_PARAM(urgent_memory_is_charged_beyond_the_limit, urgent_gen_params),
	KUNIT_CASE(lack_of_memory_is_not_charged),
	KUNIT_CASE(sheaves_are_not_charged),
	KUNIT_CASE(object_has_a_list_of_its_cgroup),
	KUNIT_CASE(object_without_a_list_is_not_to_be_had),
	{}
};

static struct kunit_suite kmem_accounted_suite = {
	.name = "kmem_accounted",
	.init = kmem_suite_init,
	.test_cases = kmem_accounted_cases,
};

kunit_test_suite(kmem_accounted_suite);

MODULE_DESCRIPTION("KUnit tests for accounted memory of other functions than kmalloc()");
MODULE_LICENSE("GPL");
