// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lists of who allocated the objects of a cache, and who freed them before,
 * in /sys/kernel/debug/slab.
 *
 * Documentation/admin-guide/mm/slab.rst (up to 6.12: Documentation/mm/slub.rst)
 * describes them under "DebugFS files for SLUB".
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_traces'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_count.h"
#include "kmem_debug.h"

#define NAME		"kmem_traces"
#define OBJECT_SIZE	128
#define ALLOCATED	"alloc_traces"
#define FREED		"free_traces"
#define NOBODY		"<not-available>"

static struct kmem_cache *traced_cache(struct kunit *test, slab_flags_t flags)
{
	KMEM_REQUIRE(test, CONFIG_DEBUG_FS);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE(test, CONFIG_KALLSYMS);
	return kmem_private_cache(test, NAME, OBJECT_SIZE, SLAB_STORE_USER | flags, NULL);
}

/* Free some objects of a batch and take others instead of them. */
static noinline void renew(struct kmem_batch *batch, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		kmem_cache_free(batch->cache, batch->objects[i]);
		batch->objects[i] = kmem_cache_alloc(batch->cache, GFP_KERNEL | __GFP_NOFAIL);
	}
}

/* As renew(), with kmalloc() of @size bytes each. */
static noinline void request(struct kmem_batch *batch, unsigned int nr, size_t size)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		kmem_cache_free(batch->cache, batch->objects[i]);
		batch->objects[i] = kmem_cache_kmalloc(batch->cache, size,
						       GFP_KERNEL | __GFP_NOFAIL);
	}
}

/* The number that follows a text in an entry. */
static long number_after(struct kunit *test, const char *entry, const char *text)
{
	const char *found = strstr(entry, text);
	long number = 0;
	int read;

	KUNIT_ASSERT_NOT_NULL_MSG(test, found, "no%s in \"%s\"", text, entry);
	read = sscanf(found + strlen(text), "%ld", &number);
	KUNIT_ASSERT_EQ_MSG(test, read, 1, "%s", entry);
	return number;
}

/**
 * struct traced - what a list says of a function
 * @place: of its first entry in the list, from 1; 0 if it has none
 * @objects: how many objects it has allocated or freed
 * @waste: how many bytes more than were asked for these have
 * @last: all of its last entry but the stack
 */
struct traced {
	unsigned int place;
	unsigned long objects, waste;
	char last[128];
};

static struct traced traced(struct kunit *test, const char *list, const char *function)
{
	char *text = kmem_debugfs_text(test, NAME, list), *rest = text, *line;
	struct traced traced = {};
	unsigned int place = 0;

	KUNIT_ASSERT_NOT_NULL_MSG(test, text, "no %s", list);
	while ((line = strsep(&rest, "\n"))) {
		unsigned long objects;
		char name[64];

		if (sscanf(line, "%lu %63[^+. ]", &objects, name) != 2)
			continue;
		place++;
		if (strcmp(name, function))
			continue;
		if (!traced.place)
			traced.place = place;
		traced.objects += objects;
		if (strstr(line, " waste="))
			traced.waste += number_after(test, line, " waste=");
		strscpy(traced.last, line, sizeof(traced.last));
	}
	kunit_kfree(test, text);
	return traced;
}

/*
 * Each object in use counts for who allocated it, be its slab full or not, and
 * free ones do not count. Source: slab.rst, "Prints information about unique
 * allocation traces of the currently allocated objects".
 */
static void objects_in_use_are_counted(struct kunit *test)
{
	struct kmem_cache *cache = traced_cache(test, 0);
	struct kmem_batch *slab = kmem_take_slab(test, cache);
	struct kmem_batch *more = kmem_take(test, cache, 2 * slab->nr + 8);

	KUNIT_EXPECT_EQ(test, traced(test, ALLOCATED, "kmem_take").objects, slab->nr + more->nr);
	kmem_cache_free(cache, slab->objects[--slab->nr]);
	kmem_free_half(more);
	KUNIT_EXPECT_EQ(test, traced(test, ALLOCATED, "kmem_take").objects, slab->nr + more->nr);
	kmem_give_back(test, more);
	kmem_give_back(test, slab);
	KUNIT_EXPECT_STREQ(test, kmem_debugfs_text(test, NAME, ALLOCATED), "No data\n");
	KUNIT_EXPECT_STREQ(test, kmem_debugfs_text(test, NAME, FREED), "No data\n");
}

/*
 * Who allocated most comes first, whoever was the first to allocate. Source:
 * slab.rst, "The output is sorted by frequency of each trace".
 */
static void most_frequent_is_first(struct kunit *test)
{
	struct kmem_batch *batch = kmem_take(test, traced_cache(test, 0), 8);
	unsigned int renewed;

	for (renewed = 2; renewed <= 6; renewed += 4) {
		struct traced first, other;

		renew(batch, renewed);
		first = traced(test, ALLOCATED, renewed < 4 ? "kmem_take" : "renew");
		other = traced(test, ALLOCATED, renewed < 4 ? "renew" : "kmem_take");
		KUNIT_EXPECT_EQ(test, first.objects, 6);
		KUNIT_EXPECT_EQ(test, first.place, 1);
		KUNIT_EXPECT_EQ(test, other.objects, 2);
		KUNIT_EXPECT_EQ(test, other.place, 2);
	}
}

/*
 * Each entry has the stack of its own function. Source: slab.rst, "alloc_traces",
 * whose entries end with it; slab_debugfs_show(), mm/slub.c.
 */
static void each_entry_has_its_stack(struct kunit *test)
{
	struct kmem_batch *batch = kmem_take(test, traced_cache(test, 0), 8);
	struct kmem_report list = {};

	if (!kmem_stacks_are_saved(__func__))
		kunit_skip(test, "needs an architecture and a kernel that save stacks");
	renew(batch, 3);
	list.text = kmem_debugfs_text(test, NAME, ALLOCATED);
	KUNIT_ASSERT_NOT_NULL(test, list.text);
	kmem_expect_between(test, &list, " 5 kmem_take", "\n\n", "        kmem_take");
	kmem_expect_between(test, &list, " 3 renew", "\n\n", "        renew");
}

/*
 * An entry tells the task that allocated, and since when at most. Source:
 * slab.rst, "minimal/average/maximal jiffies since alloc, pid range of the
 * allocating processes".
 */
static void task_and_age_are_told(struct kunit *test)
{
	unsigned long before = jiffies;
	struct traced told;

	kmem_take(test, traced_cache(test, 0), 3);
	told = traced(test, ALLOCATED, "kmem_take");
	KUNIT_EXPECT_LE(test, number_after(test, told.last, " age="), jiffies - before);
	KUNIT_EXPECT_EQ(test, number_after(test, told.last, " pid="), task_pid_nr(current));
	KUNIT_EXPECT_NULL_MSG(test, strstr(told.last, " waste="), "%s", told.last);
}

/*
 * What kmalloc() gave more than it was asked for is told of all objects, and of
 * each, separately for each size. Source: slab.rst, "possible memory wastage of
 * kmalloc objects(total/per-object)".
 */
static void waste_is_told(struct kunit *test)
{
	struct kmem_batch *batch;
	struct traced told;

	if (!kmem_requests_are_guarded())
		kunit_skip(test, "needs Linux 6.8, where a cache of one's own can be kmalloc()'s");
	batch = kmem_take(test, traced_cache(test, SLAB_KMALLOC), 5);
	request(batch, 3, 100);
	told = traced(test, ALLOCATED, "request");
	KUNIT_EXPECT_EQ(test, told.objects, 3);
	KUNIT_EXPECT_EQ(test, told.waste, 3 * (OBJECT_SIZE - 100));
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(told.last, "/28 age="), "%s", told.last);

	request(batch, 1, 120);
	told = traced(test, ALLOCATED, "request");
	KUNIT_EXPECT_EQ(test, told.objects, 3);
	KUNIT_EXPECT_EQ(test, told.waste, 2 * (OBJECT_SIZE - 100) + OBJECT_SIZE - 120);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(told.last, " waste=8/8 age="), "%s", told.last);
	KUNIT_EXPECT_EQ(test, traced(test, ALLOCATED, "kmem_take").waste, 0);
}

/*
 * Each object in use counts for who freed it before, if anybody did. Source:
 * slab.rst, "The freeing traces thus come from the previous life-cycle of the
 * objects and are reported as not available for objects allocated for the first
 * time".
 */
static void former_free_is_told(struct kunit *test)
{
	struct kmem_cache *cache = traced_cache(test, 0);
	unsigned int nr = kmem_attribute(test, cache, "objs_per_slab");
	struct kmem_batch *batch = kmem_take(test, cache, nr);

	KUNIT_EXPECT_EQ(test, traced(test, FREED, NOBODY).objects, nr);
	/* the slab is full, so that what is freed is what comes next */
	renew(batch, 3);
	KUNIT_EXPECT_EQ(test, traced(test, FREED, NOBODY).objects, nr - 3);
	KUNIT_EXPECT_EQ(test, traced(test, FREED, "renew").objects, 3);
}

/*
 * The files are there as long as their cache, and not without tracking. Source:
 * slab.rst, "created only for caches with enabled user tracking";
 * debugfs_slab_add(), debugfs_slab_release().
 */
static void tracked_caches_alone_have_lists(struct kunit *test)
{
	static const char * const lists[] = { ALLOCATED, FREED };
	struct kmem_cache *cache = traced_cache(test, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lists); i++)
		KUNIT_EXPECT_NOT_NULL_MSG(test, kmem_debugfs_text(test, NAME, lists[i]), "%s",
					  lists[i]);
	kmem_private_cache_destroy(test, cache);
	for (i = 0; i < ARRAY_SIZE(lists); i++)
		KUNIT_EXPECT_NULL_MSG(test, kmem_debugfs_text(test, NAME, lists[i]), "%s",
				      lists[i]);
	kmem_private_cache(test, NAME, OBJECT_SIZE, KMEM_ALL_CHECKS & ~SLAB_STORE_USER, NULL);
	for (i = 0; i < ARRAY_SIZE(lists); i++)
		KUNIT_EXPECT_NULL_MSG(test, kmem_debugfs_text(test, NAME, lists[i]), "%s",
				      lists[i]);
}

static struct kunit_case kmem_traces_cases[] = {
	KUNIT_CASE(objects_in_use_are_counted),
	KUNIT_CASE(most_frequent_is_first),
	KUNIT_CASE(each_entry_has_its_stack),
	KUNIT_CASE(task_and_age_are_told),
	KUNIT_CASE(waste_is_told),
	KUNIT_CASE(former_free_is_told),
	KUNIT_CASE(tracked_caches_alone_have_lists),
	{}
};

static struct kunit_suite kmem_traces_suite = {
	.name = "kmem_traces",
	.init = kmem_suite_init,
	.test_cases = kmem_traces_cases,
};

kunit_test_suite(kmem_traces_suite);

MODULE_DESCRIPTION("KUnit tests for the lists of who allocated and freed objects");
MODULE_LICENSE("GPL");
