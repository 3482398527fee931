// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel tells about a pointer, kmem_dump_obj() and mem_dump_obj(), about
 * mapped memory, and about who has run out of memory.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_dump'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>
#include "kmem_count.h"
#include "kmem_hoard.h"
#include "kmem_kunit.h"
#include "kmem_vmalloc.h"

#define OBJECT_SIZE	100
#define NAME		"kmem_dumped"
#define SLAB_PREFIX	(IS_ENABLED(CONFIG_MMU) ? " slab" : " slab/vmalloc")

/* The size of an object as it is told, where it is. */
static const char *size_text(unsigned int size)
{
	static char text[24];

	*text = '\0';
	if (kmem_dump_tells_the_size())
		snprintf(text, sizeof(text), " size %u", size);
	return text;
}

static const unsigned int offsets[] = { 0, 1, 50, OBJECT_SIZE - 1 };

static const struct kind {
	const char *name;
	slab_flags_t flags;
	unsigned int align, left;
} kinds[] = {
	{ "plain", 0, 0, 0 },
	{ "hwcache_align", SLAB_HWCACHE_ALIGN, 0, 0 },
	{ "typesafe_by_rcu", SLAB_TYPESAFE_BY_RCU, 0, 0 },
	{ "poison", SLAB_POISON, 0, 0 },
	{ "red_zone", SLAB_RED_ZONE, 16, 16 },
	{ "wide_red_zone", SLAB_RED_ZONE | SLAB_POISON, 128, 128 },
};

KUNIT_ARRAY_PARAM_DESC(kind, kinds, name);

static struct kmem_cache *create(struct kunit *test, const struct kind *kind)
{
	struct kmem_cache *cache;

	KMEM_REQUIRE(test, CONFIG_PRINTK);
	if (kind->flags & (SLAB_POISON | SLAB_RED_ZONE | SLAB_STORE_USER))
		KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_cache_create(NAME, OBJECT_SIZE, kind->align,
				  kind->flags | SLAB_NO_MERGE | SLAB_NO_USER_FLAGS, NULL);
	kmem_adopt_cache(test, cache);
	return cache;
}

/*
 * An object is told by its cache, the begin of its place in the slab, how much
 * of that lies before the object, where in the object the pointer points to,
 * and the size, for any pointer into any object of a slab. Source: kernel-doc of
 * kmem_dump_obj(), __kmem_obj_info().
 */
static void object_is_told_by_cache_and_place(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	struct kmem_cache *cache = create(test, kind);
	struct kmem_batch *batch = kmem_take(test, cache, 20);
	unsigned int i, j;

	for (i = 0; i < batch->nr; i++) {
		void *object = batch->objects[i];
		char left[32] = "";

		if (kind->left)
			snprintf(left, sizeof(left), " data offset %u", kind->left);
		for (j = 0; j < ARRAY_SIZE(offsets); j++) {
			const struct kmem_report *report;
			bool told = false;

			report = KMEM_CAPTURE(test, told = kmem_dump_obj(object + offsets[j]));
			KUNIT_EXPECT_TRUE_MSG(test, told, "object %u, offset %u", i, offsets[j]);
			kmem_expect_text(test, report,
					 "%s " NAME " start %px%s pointer offset %u%s",
					 SLAB_PREFIX, object - kind->left, left, offsets[j],
					 size_text(OBJECT_SIZE));
			KUNIT_EXPECT_NULL(test, strstr(report->text, " allocated at "));
			if (!kind->left)
				KUNIT_EXPECT_NULL(test, strstr(report->text, "data offset"));
		}
	}
}

/* What is to be found in the stacks. */
static noinline void *allocate_here(struct kmem_cache *cache)
{
	void *object = kmem_cache_alloc(cache, GFP_KERNEL);

	barrier();
	return object;
}

static noinline void free_here(struct kmem_cache *cache, void *object)
{
	kmem_cache_free(cache, object);
	barrier();
}

/*
 * With SLAB_STORE_USER, the caller who allocated the object is told and, where
 * the kernel can save stacks, its stack, and that of who freed it last, down to where
 * the case's thread begins. Source: KS_ADDRS_COUNT; kernel-doc of kmem_dump_obj(),
 * "return address, and stack trace from the allocation and last free path of that
 * object".
 */
static void users_of_an_object_are_told(struct kunit *test)
{
	static const struct kind kind = { .flags = SLAB_STORE_USER };
	struct kmem_cache *cache = create(test, &kind);
	const struct kmem_report *report;
	const char *free_path;
	bool told = false;
	void *object;

	KMEM_REQUIRE(test, CONFIG_KALLSYMS);
	kmem_take(test, cache, 1);
	object = allocate_here(cache);
	KUNIT_ASSERT_NOT_NULL(test, object);
	report = KMEM_CAPTURE(test, told = kmem_dump_obj(object));
	KUNIT_EXPECT_TRUE(test, told);
	kmem_expect_text(test, report, "%s allocated at allocate_here+", size_text(OBJECT_SIZE));
	KUNIT_EXPECT_NULL(test, strstr(report->text, "Free path:"));
	if (kmem_stacks_are_saved(__func__)) {
		kmem_expect_text(test, report, "    allocate_here+");
		kmem_expect_text(test, report, "    %s+", __func__);
	}
	if (kmem_stacks_are_saved("kthread"))
		kmem_expect_text(test, report, "    kthread+");

	free_here(cache, object);
	report = KMEM_CAPTURE(test, kmem_dump_obj(object));
	kmem_expect_text(test, report, " " NAME " start %px", object);
	if (kmem_stacks_are_saved(__func__)) {
		kmem_expect_text(test, report, "Free path:");
		kmem_expect_text(test, report, "    free_here+");
	}
	if (kmem_stacks_are_saved("kthread")) {
		free_path = strstr(report->text, "    free_here+");
		KUNIT_ASSERT_NOT_NULL(test, free_path);
		KUNIT_EXPECT_NOT_NULL(test, strstr(free_path, "    kthread+"));
	}
}

static noinline void *allocate_deeper(struct kmem_cache *cache)
{
	void *object = allocate_here(cache);

	barrier();
	return object;
}

static noinline void *allocate_deepest(struct kmem_cache *cache)
{
	void *object = allocate_deeper(cache);

	barrier();
	return object;
}

static noinline void free_deeper(struct kmem_cache *cache, void *object)
{
	free_here(cache, object);
	barrier();
}

static noinline void free_deepest(struct kmem_cache *cache, void *object)
{
	free_deeper(cache, object);
	barrier();
}

/*
 * A stack is told to its end and no further, however many functions it has: nothing of
 * what was saved behind it, which would have no name. Source: __kmem_obj_info(), which
 * takes as many entries as stack_depot_fetch() returns.
 */
static void told_stacks_have_an_end(struct kunit *test)
{
	static const struct {
		void *(*allocate)(struct kmem_cache *cache);
		void (*free)(struct kmem_cache *cache, void *object);
		const char *name;
	} ways[] = {
		{ allocate_here, free_here, "here" },
		{ allocate_deeper, free_deeper, "deeper" },
		{ allocate_deepest, free_deepest, "deepest" },
	};
	static const struct kind kind = { .flags = SLAB_STORE_USER | SLAB_POISON };
	struct kmem_cache *cache = create(test, &kind);
	void *objects[ARRAY_SIZE(ways)];
	const struct kmem_report *report;
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_KALLSYMS);
	if (!kmem_stacks_are_saved(__func__))
		kunit_skip(test, "needs a kernel that can save stacks");
	kmem_take(test, cache, 1);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		objects[i] = ways[i].allocate(cache);
		KUNIT_ASSERT_NOT_NULL(test, objects[i]);
	}
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		ways[i].free(cache, objects[i]);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		report = KMEM_CAPTURE(test, kmem_dump_obj(objects[i]));
		kmem_expect_text(test, report, "    allocate_%s+", ways[i].name);
		kmem_expect_text(test, report, "    free_%s+", ways[i].name);
		KUNIT_EXPECT_NULL_MSG(test, strstr(report->text, "    0x"), "%s", ways[i].name);
	}
}

static noinline void *allocate_below(struct kmem_cache *cache, unsigned int depth)
{
	void *object = depth ? allocate_below(cache, depth - 1) : allocate_here(cache);

	barrier();
	return object;
}

static noinline void free_below(struct kmem_cache *cache, void *object, unsigned int depth)
{
	if (depth)
		free_below(cache, object, depth - 1);
	else
		free_here(cache, object);
	barrier();
}

/* KS_ADDRS_COUNT, mm/slab.h */
#define TOLD_FUNCTIONS	16

/*
 * Of deep stacks, as many functions are told as are kept, of each its own, from the
 * innermost on. Source: struct kmem_obj_info, kp_stack and kp_free_stack; kmem_dump_obj().
 */
static void deep_stacks_are_told_as_far_as_kept(struct kunit *test)
{
	static const struct kind kind = { .flags = SLAB_STORE_USER | SLAB_POISON };
	struct kmem_cache *cache = create(test, &kind);
	const struct kmem_report *report;
	void *object;

	KMEM_REQUIRE(test, CONFIG_KALLSYMS);
	if (!kmem_stacks_are_saved(__func__))
		kunit_skip(test, "needs a kernel that can save stacks");
	object = allocate_below(cache, TOLD_FUNCTIONS);
	KUNIT_ASSERT_NOT_NULL(test, object);
	report = KMEM_CAPTURE(test, kmem_dump_obj(object));
	/* and who allocated it, in the line before */
	KUNIT_EXPECT_EQ(test, kmem_count_text(report, "+0x"), 1 + TOLD_FUNCTIONS);
	free_below(cache, object, TOLD_FUNCTIONS);
	report = KMEM_CAPTURE(test, kmem_dump_obj(object));
	KUNIT_EXPECT_EQ(test, kmem_count_text(report, "+0x"), 1 + 2 * TOLD_FUNCTIONS);
}

/*
 * The object that follows in the slab is told as its own: with its own users.
 * Source: get_track().
 */
static void users_of_neighbours_are_told_apart(struct kunit *test)
{
	static const struct kind kind = { .flags = SLAB_STORE_USER | SLAB_RED_ZONE, .align = 16 };
	struct kmem_cache *cache = create(test, &kind);
	struct kmem_batch *batch = kmem_take(test, cache, 30);
	const struct kmem_report *report;
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_KALLSYMS);
	for (i = 0; i < batch->nr; i += 3) {
		kmem_cache_free(cache, batch->objects[i]);
		batch->objects[i] = allocate_here(cache);
		KUNIT_ASSERT_NOT_NULL(test, batch->objects[i]);
	}
	for (i = 0; i < batch->nr; i++) {
		report = KMEM_CAPTURE(test, kmem_dump_obj(batch->objects[i] + 3));
		kmem_expect_text(test, report, " pointer offset 3%s allocated at %s+",
				 size_text(OBJECT_SIZE), i % 3 ? "kmem_take" : "allocate_here");
	}
}

/*
 * What the objects leave of a slab is no object: a pointer to it is warned of, and
 * nobody is named as its user. Source: __kmem_obj_info(), "objp >= base + slab->objects *
 * s->size".
 */
static void rest_of_a_slab_has_no_users(struct kunit *test)
{
	static const struct kind kind = { .flags = SLAB_STORE_USER };
	struct kmem_cache *cache = create(test, &kind);
	const struct kmem_report *report;
	struct folio *slab;
	unsigned long used;
	u8 *rest;

	kmem_require_counters(test);
	slab = virt_to_folio(kmem_take(test, cache, 1)->objects[0]);
	used = kmem_attribute(test, cache, "objs_per_slab") *
	       kmem_attribute(test, cache, "slab_size");
	if (used >= folio_size(slab))
		kunit_skip(test, "needs slabs of which the objects leave something");
	rest = folio_address(slab) + used;
	report = KMEM_EXPECT_WARN(test, kmem_dump_obj(rest), "WARNING:");
	KUNIT_EXPECT_NULL(test, strstr(report->text, " allocated at "));
}

/*
 * An object of kmalloc() is told by its cache, as large as it really is. Source:
 * as for any other object.
 */
static void kmalloc_object_is_told(struct kunit *test)
{
	u8 *object = kmalloc(48, GFP_KERNEL);
	const struct kmem_report *report;
	bool told = false;

	KMEM_REQUIRE(test, CONFIG_PRINTK);
	KUNIT_ASSERT_NOT_NULL(test, object);
	report = KMEM_CAPTURE(test, told = kmem_dump_obj(object + 5));
	kfree(object);
	KUNIT_EXPECT_TRUE(test, told);
	kmem_expect_text(test, report, "%s kmalloc-", SLAB_PREFIX);
	kmem_expect_text(test, report, " pointer offset 5%s", size_text(kmalloc_size_roundup(48)));
}

static int in_the_image;

/* Expect the words of mem_dump_obj() for what kmem_dump_obj() does not know. */
static void expect_no_object(struct kunit *test, void *pointer, const char *words)
{
	const struct kmem_report *report;
	bool told = true;

	report = KMEM_CAPTURE(test, told = kmem_dump_obj(pointer));
	KUNIT_EXPECT_FALSE_MSG(test, told, "%s", words);
	KUNIT_EXPECT_NULL_MSG(test, strstr(report->text, " slab "), "%s", words);
	report = KMEM_CAPTURE(test, mem_dump_obj(pointer));
	kmem_expect_text(test, report, "%s", words);
	KUNIT_EXPECT_EQ_MSG(test, kmem_count_text(report, "memory"), !!strstr(words, "memory"),
			    "%s", words);
}

/*
 * What is no object of a slab is not told as one, and nothing is read through
 * it: mem_dump_obj() says what else it is. Source: kernel-doc of kmem_dump_obj()
 * and mem_dump_obj().
 */
static void what_is_no_object_is_told_apart(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *large = kmalloc(KMALLOC_MAX_CACHE_SIZE + 1, GFP_KERNEL);
	void *mapped = vmalloc(2 * PAGE_SIZE);

	KMEM_REQUIRE(test, CONFIG_PRINTK);
	expect_no_object(test, NULL, " NULL pointer");
	expect_no_object(test, ZERO_SIZE_PTR, " zero-size pointer");
	expect_no_object(test, (void *)PAGE_SIZE - 1, " non-paged memory");
	if (page)
		expect_no_object(test, page_address(page) + 7, " non-slab/vmalloc memory");
	if (large)
		expect_no_object(test, large, " non-slab/vmalloc memory");
	if (mapped && IS_ENABLED(CONFIG_MMU))
		expect_no_object(test, mapped, "-page vmalloc region starting at ");
	if (!IS_MODULE(CONFIG_KMEM_DUMP_KUNIT_TEST))
		expect_no_object(test, &in_the_image, is_vmalloc_addr(&in_the_image) ?
						      " vmalloc memory" :
						      " non-slab/vmalloc memory");

	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_NOT_NULL(test, large);
	KUNIT_EXPECT_NOT_NULL(test, mapped);
	if (page)
		__free_page(page);
	kfree(large);
	vfree(mapped);
	if (mapped && IS_ENABLED(CONFIG_MMU))
		expect_no_object(test, mapped, " vmalloc memory");
}

/* Of these, two that lie side by side never belong to the same vmap node, if there are several. */
#define ZONE_PAGES	16
#define MAPPED_PAGES	(4 * ZONE_PAGES)

static void unmap(void *mapped)
{
	vfree(mapped);
}

/* What follows the allocation keeps it from being a jump. */
#define DEFINE_MAPPER(name, call)					\
	static noinline void *map_##name(size_t size)			\
	{								\
		void *mapped = call;					\
									\
		barrier();						\
		return mapped;						\
	}

DEFINE_MAPPER(here, vmalloc(size))
DEFINE_MAPPER(zeroed_here, vzalloc(size))
DEFINE_MAPPER(on_node_here, vmalloc_node(size, numa_mem_id()))
DEFINE_MAPPER(zeroed_on_node_here, vzalloc_node(size, numa_mem_id()))
DEFINE_MAPPER(low_here, vmalloc_32(size))
DEFINE_MAPPER(with_flags_here, __vmalloc(size, GFP_KERNEL))
DEFINE_MAPPER(for_user_here, vmalloc_user(size))
DEFINE_MAPPER(instead_here, kvmalloc(size, GFP_KERNEL))
DEFINE_MAPPER(by_vrealloc_here, kmem_vrealloc(NULL, size, GFP_KERNEL))

/*
 * A mapping is told by any address in it, not just by those near its begin, with
 * where that is, and who mapped it. Source: mem_dump_obj(), vmalloc_dump_obj(), and
 * what find_vmap_area() says of addresses in other vmap nodes.
 */
static void mapping_is_told_by_any_of_its_pages(struct kunit *test)
{
	u8 *mapped = map_here(MAPPED_PAGES * PAGE_SIZE);
	unsigned int page;
	char words[80];

	KUNIT_ASSERT_NOT_NULL(test, mapped);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unmap, mapped), 0);
	KMEM_REQUIRE(test, CONFIG_PRINTK);
	KMEM_REQUIRE(test, CONFIG_MMU);
	snprintf(words, sizeof(words), " 64-page vmalloc region starting at %#lx allocated at %s",
		 (unsigned long)mapped, IS_ENABLED(CONFIG_KALLSYMS) ? "map_here+" : "");
	for (page = 0; page < MAPPED_PAGES; page += ZONE_PAGES)
		expect_no_object(test, mapped + page * PAGE_SIZE + 5, words);
}

/*
 * A mapping is told with who asked for it, be it of vmalloc() and its like or of
 * kvmalloc(), which maps what is too large for kmalloc(). Source: vmalloc_dump_obj(),
 * "allocated at"; vmalloc() and the others, which hand down __builtin_return_address(0).
 */
static void mapping_is_told_with_its_caller(struct kunit *test)
{
	static const struct {
		void *(*map)(size_t size);
		size_t size;
		const char *name;
	} callers[] = {
		{ map_here, PAGE_SIZE, "map_here" },
		{ map_zeroed_here, PAGE_SIZE, "map_zeroed_here" },
		{ map_on_node_here, PAGE_SIZE, "map_on_node_here" },
		{ map_zeroed_on_node_here, PAGE_SIZE, "map_zeroed_on_node_here" },
		{ map_low_here, PAGE_SIZE, "map_low_here" },
		{ map_with_flags_here, PAGE_SIZE, "map_with_flags_here" },
		{ map_for_user_here, PAGE_SIZE, "map_for_user_here" },
		{ map_by_vrealloc_here, PAGE_SIZE, "map_by_vrealloc_here" },
		{ map_instead_here, KMALLOC_MAX_SIZE + PAGE_SIZE, "map_instead_here" },
	};
	const struct kmem_report *report;
	unsigned int i;
	void *mapped;

	KMEM_REQUIRE(test, CONFIG_PRINTK);
	KMEM_REQUIRE(test, CONFIG_KALLSYMS);
	KMEM_REQUIRE(test, CONFIG_MMU);
	for (i = 0; i < ARRAY_SIZE(callers); i++) {
		if (callers[i].map == map_by_vrealloc_here && !kmem_has_node_align())
			continue;
		mapped = callers[i].map(callers[i].size);
		KUNIT_ASSERT_NOT_NULL(test, mapped);
		report = KMEM_CAPTURE(test, mem_dump_obj(mapped));
		vfree(mapped);
		kmem_expect_text(test, report, " allocated at %s+", callers[i].name);
	}
}

/*
 * /proc/vmallocinfo tells of an area how large it is, with the guard page, how many pages
 * it has, without those that a shrink has freed, and whether user space may map it. Source:
 * Documentation/filesystems/proc.rst, vmallocinfo, "size in bytes", "pages=nr",
 * "VM_USERMAP area"; __get_vm_area_node(), VM_NO_GUARD.
 */
static void vmallocinfo_tells_pages_and_user(struct kunit *test)
{
	void *mapped = map_here(3 * PAGE_SIZE);
	char size[32];
	const char *line;

	KUNIT_ASSERT_NOT_NULL(test, mapped);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unmap, mapped), 0);
	line = kmem_vmallocinfo(test, " map_here+");
	snprintf(size, sizeof(size), " %lu map_here+", 4 * PAGE_SIZE);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(line, size), "%s", line);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(line, " pages=3 vmalloc"), "%s", line);
	KUNIT_EXPECT_NULL_MSG(test, strstr(line, " user"), "%s", line);

	KUNIT_ASSERT_PTR_EQ(test, kmem_kvrealloc(mapped, 3 * PAGE_SIZE, 1, GFP_KERNEL), mapped);
	line = kmem_vmallocinfo(test, " map_here+");
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(line, kmem_vrealloc_frees_the_tail() ?
						     " pages=1 vmalloc" : " pages=3 vmalloc"),
				  "%s", line);

	mapped = map_for_user_here(2 * PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, mapped);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unmap, mapped), 0);
	line = kmem_vmallocinfo(test, " map_for_user_here+");
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(line, " pages=2 vmalloc user"), "%s", line);
}

#define ALL_ALLOCATIONS	1000

/* vmalloc() while the last thing that it allocates for itself fails: the array of its pages. */
static void *map_without_array(struct kunit *test)
{
	unsigned int tries, nth;
	gfp_t allowed;
	void *mapped;

	/* what a cache needs for itself comes in between now and then */
	for (tries = 0; tries < 8; tries++) {
		allowed = kmem_reclaim_forbid(test);
		kmem_fail_begin(test, ALL_ALLOCATIONS);
		vfree(vmalloc(PAGE_SIZE));
		nth = ALL_ALLOCATIONS - kmem_fail_cancel();
		kmem_fail_begin(test, nth);
		mapped = vmalloc(PAGE_SIZE);
		kmem_fail_cancel();
		kmem_reclaim_allow(allowed);
		if (!mapped)
			return NULL;
		vfree(mapped);
	}
	KUNIT_FAIL(test, "the last allocation did not fail");
	return NULL;
}

/*
 * That vmalloc() has no memory for its array of pages is reported. Source:
 * __vmalloc_area_node(), "failed to allocated page array".
 */
static void lack_of_memory_for_a_mapping_is_reported(struct kunit *test)
{
	if (!kmem_vmalloc_tells_of_its_array())
		kunit_skip(test, "needs Linux 6.12");
	KMEM_REQUIRE_NOT(test, CONFIG_DEBUG_KMEMLEAK, "which gives up without memory");
	KMEM_EXPECT_VMALLOC_ERROR(test, map_without_array(test));
}

/*
 * mem_dump_obj() tells an object of a slab as kmem_dump_obj() does, also by a pointer
 * more than 64 KiB into it. Source: kernel-doc of mem_dump_obj().
 */
static void mem_dump_obj_knows_objects(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, NAME, 100000, 0, NULL);
	void *object = kmem_take(test, cache, 1)->objects[0];
	const struct kmem_report *report;

	KMEM_REQUIRE(test, CONFIG_PRINTK);
	report = KMEM_CAPTURE(test, mem_dump_obj(object + 70000));
	kmem_expect_text(test, report, "%s " NAME " start %px pointer offset 70000%s", SLAB_PREFIX,
			 object, size_text(100000));
	KUNIT_EXPECT_NULL(test, strstr(report->text, "memory"));
}

#define LARGEST_SIZE	((unsigned int)KMALLOC_MAX_SIZE - 100)
#define MAX_HUGE	((unsigned int)(SZ_2G / KMALLOC_MAX_SIZE))

/* Add up what is said of the slabs of each node. */
static unsigned int sum_slabs(const char *text, unsigned int *objects, unsigned int *unused)
{
	unsigned int slabs, objs, free, sum = 0;

	for (*objects = *unused = 0; (text = strstr(text, "slabs: ")); text++) {
		if (sscanf(text, "slabs: %u, objs: %u, free: %u", &slabs, &objs, &free) != 3)
			continue;
		sum += slabs;
		*objects += objs;
		*unused += free;
	}
	return sum;
}

/*
 * An allocation that finds no memory for a slab is reported with its flags, the cache,
 * its sizes and what it has on each node, and with the node that was asked for, -1
 * for any, unless __GFP_NOWARN asks for silence.
 * Source: slab_out_of_memory().
 */
static void lack_of_memory_is_reported(struct kunit *test)
{
	/* nothing is reclaimed, nobody woken up */
	const gfp_t gfp = __GFP_NOMEMALLOC, silent = gfp | __GFP_NOWARN;
	const struct kmem_report *report;
	struct kmem_cache *cache;
	unsigned int nr = 0, got, slabs, objs, unused;
	void **objects;
	void *more = NULL;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	if (want_init_on_alloc(0) || want_init_on_free())
		kunit_skip(test, "needs a boot without init_on_alloc=1 and init_on_free=1");
	if (IS_ENABLED(CONFIG_KASAN) || totalram_pages() > SZ_2G >> PAGE_SHIFT)
		kunit_skip(test, "needs CONFIG_KASAN=n and at most 2 GB of memory to use up");
	cache = kmem_private_cache(test, "kmem_huge", LARGEST_SIZE, 0, NULL);
	objects = kunit_kcalloc(test, MAX_HUGE + 1, sizeof(*objects), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objects);

	report = KMEM_CAPTURE(test, {
		while (nr <= MAX_HUGE && (objects[nr] = kmem_cache_alloc(cache, silent)))
			nr++;
	});
	got = nr;
	KUNIT_EXPECT_NULL(test, strstr(report->text, "kmem_huge"));
	if (got && got <= MAX_HUGE) {
		report = KMEM_CAPTURE(test, more = kmem_cache_alloc(cache, gfp));
		kmem_expect_heads(test, report, "kmem_cache_alloc()", 0, 0);
		kmem_expect_between(test, report, "SLUB: Unable to allocate memory", " gfp=",
				    " on node -1,");
		kmem_expect_text(test, report, " gfp=%#x(%pGg)", (__force u32)gfp, &gfp);
		kmem_expect_text(test, report,
				 "cache: kmem_huge, object size: %u, buffer size: %u, default order: %u, min order: %u",
				 LARGEST_SIZE, kmem_slabinfo(test, "kmem_huge").objsize,
				 get_order(LARGEST_SIZE), get_order(LARGEST_SIZE));
		/* of a cache without any */
		KUNIT_EXPECT_NULL(test, strstr(report->text, "debugging increased min order"));
		kmem_expect_text(test, report, "node 0: slabs: ");
		slabs = sum_slabs(report->text, &objs, &unused);
		KUNIT_EXPECT_EQ(test, slabs, objs);
		KUNIT_EXPECT_EQ(test, objs - unused, got);
		if (num_node_state(N_MEMORY) == 1)	/* what others have is not always used */
			KUNIT_EXPECT_EQ(test, unused, 0);
		KUNIT_EXPECT_NULL(test, more);
	}
	while (nr)
		kmem_cache_free(cache, objects[--nr]);
	KUNIT_EXPECT_GT(test, got, 0);
	KUNIT_EXPECT_LE_MSG(test, got, MAX_HUGE, "memory did not run out, nothing is proved");
}

/* a slab of one page would be waste by a quarter, one of eight pages is not */
#define SCARCE_SIZE	(PAGE_SIZE * 3 / 8)

/*
 * What a node has is told in slabs and in objects, and in objects that are free, if
 * not for everybody; the sizes of a slab are the usual one, and that for a single
 * object. Interrupts that are off stay off meanwhile. Source: slab_out_of_memory(),
 * count_partial_free_approx(); pfmemalloc_match().
 */
static void lack_of_memory_is_told_in_slabs_and_objects(struct kunit *test)
{
	unsigned long slabs, total, used, order, size;
	const struct kmem_report *report;
	struct kmem_cache *cache;
	struct kmem_batch *batch;
	struct hoard *hoard;
	struct folio *slab;
	void *more = NULL;
	bool off = false;

	kmem_require_counters(test);
	cache = kmem_private_cache(test, "kmem_scarce", SCARCE_SIZE, SLAB_CONSISTENCY_CHECKS, NULL);
	total = kmem_attribute(test, cache, "objs_per_slab");
	batch = kmem_take(test, cache, round_down(total, 2));
	slab = virt_to_folio(batch->objects[0]);
	kmem_free_half(batch);
	/* as if it were from the reserves */
	folio_set_active(slab);
	slabs = kmem_attribute(test, cache, "slabs");
	used = kmem_attribute(test, cache, "objects");
	order = kmem_attribute(test, cache, "order");
	size = kmem_attribute(test, cache, "slab_size");

	hoard = exhaust(test, 0);
	/* at once, as others may give memory back meanwhile */
	report = KMEM_CAPTURE(test, {
		spare_everything(hoard);
		off = KMEM_IRQS_STAY_OFF(more = kmem_cache_alloc(cache, 0));
	});
	kunit_release_action(test, free_hoard, hoard);
	KUNIT_EXPECT_TRUE(test, off);
	KUNIT_EXPECT_NULL(test, more);
	if (more)
		kmem_cache_free(cache, more);
	KUNIT_EXPECT_EQ(test, slabs, 1);
	kmem_expect_text(test, report,
			 "cache: kmem_scarce, object size: %lu, buffer size: %lu, default order: %lu, min order: %d",
			 SCARCE_SIZE, size, order, get_order(size));
	kmem_expect_text(test, report, "node %d: slabs: %lu, objs: %lu, free: %lu",
			 folio_nid(slab), slabs, total, total - used);
}

static struct kunit_case kmem_dump_cases[] = {
	KUNIT_CASE_PARAM(object_is_told_by_cache_and_place, kind_gen_params),
	KUNIT_CASE(users_of_an_object_are_told),
	KUNIT_CASE(told_stacks_have_an_end),
	KUNIT_CASE(deep_stacks_are_told_as_far_as_kept),
	KUNIT_CASE(users_of_neighbours_are_told_apart),
	KUNIT_CASE(rest_of_a_slab_has_no_users),
	KUNIT_CASE(kmalloc_object_is_told),
	KUNIT_CASE(what_is_no_object_is_told_apart),
	KUNIT_CASE(mapping_is_told_by_any_of_its_pages),
	KUNIT_CASE(mapping_is_told_with_its_caller),
	KUNIT_CASE(vmallocinfo_tells_pages_and_user),
	KUNIT_CASE(lack_of_memory_for_a_mapping_is_reported),
	KUNIT_CASE(mem_dump_obj_knows_objects),
	KUNIT_CASE(lack_of_memory_is_reported),
	KUNIT_CASE(lack_of_memory_is_told_in_slabs_and_objects),
	{}
};

static struct kunit_suite kmem_dump_suite = {
	.name = "kmem_dump",
	.init = kmem_suite_init,
	.test_cases = kmem_dump_cases,
};

kunit_test_suite(kmem_dump_suite);

MODULE_DESCRIPTION("KUnit tests for kmem_dump_obj() and mem_dump_obj()");
MODULE_LICENSE("GPL");
