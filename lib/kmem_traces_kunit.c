// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lists of who allocated the objects of a cache, and who freed them before,
 * in /sys/kernel/debug/slab.
 *
 * The documentation of SLUB, Documentation/admin-guide/mm/slab.rst or Documentation/mm/slub.rst,
 * describes them under "DebugFS files for SLUB".
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_traces'
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include "kmem_count.h"
#include "kmem_debug.h"
#include "kmem_text.h"

#define NAME		"kmem_traces"
#define OBJECT_SIZE	128
#define LARGER		1024
#define ALLOCATED	"alloc_traces"
#define FREED		"free_traces"
#define NOBODY		"<not-available>"
#define TIMES		3
/* so many that their maps fill more slabs than a CPU holds unseen */
#define ROUNDS		2000
/* more than two pages have room for */
#define MANY_SIZES	110

static const char * const lists[] = { ALLOCATED, FREED };

static struct kmem_cache *traced_cache_of(struct kunit *test, unsigned int size,
					  slab_flags_t flags)
{
	KMEM_REQUIRE(test, CONFIG_DEBUG_FS);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE(test, CONFIG_KALLSYMS);
	return kmem_private_cache(test, NAME, size, SLAB_STORE_USER | flags, NULL);
}

static struct kmem_cache *traced_cache(struct kunit *test, slab_flags_t flags)
{
	return traced_cache_of(test, OBJECT_SIZE, flags);
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
 * @entries: how many it has
 * @objects: how many objects it has allocated or freed
 * @waste: how many bytes more than were asked for these have
 * @last: all of its last entry but the stack
 */
struct traced {
	unsigned int place, entries;
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
		traced.entries++;
		traced.objects += objects;
		if (strstr(line, " waste="))
			traced.waste += number_after(test, line, " waste=");
		strscpy(traced.last, line, sizeof(traced.last));
	}
	kunit_kfree(test, text);
	return traced;
}

/*
 * Each object in use counts for who allocated it, be its slab full or not, and be they
 * few or hundreds, and free ones do not count. Source: slab.rst, "Prints information
 * about unique allocation traces of the currently allocated objects".
 */
static void objects_in_use_are_counted(struct kunit *test)
{
	struct kmem_cache *cache = traced_cache(test, 0);
	struct kmem_batch *slab = kmem_take_slab(test, cache);
	struct kmem_batch *more = kmem_take(test, cache, 2 * slab->nr + 400);

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
 * An entry tells the task that allocated, since when at most, and, where there are
 * several, on which CPU and from which node. Source: slab.rst, "minimal/average/maximal
 * jiffies since alloc, pid range of the allocating processes, cpu mask of allocating
 * cpus, numa node mask of origins of memory"; slab_debugfs_show().
 */
static void task_and_age_are_told(struct kunit *test)
{
	unsigned long before = jiffies;
	struct kmem_batch *batch;
	struct traced told;

	batch = kmem_take(test, traced_cache(test, 0), 3);
	told = traced(test, ALLOCATED, "kmem_take");
	KUNIT_EXPECT_LE(test, number_after(test, told.last, " age="), jiffies - before);
	KUNIT_EXPECT_EQ(test, number_after(test, told.last, " pid="), task_pid_nr(current));
	KUNIT_EXPECT_NULL_MSG(test, strstr(told.last, " waste="), "%s", told.last);
	if (num_online_cpus() > 1)
		KUNIT_EXPECT_EQ(test, number_after(test, told.last, " cpus="),
				raw_smp_processor_id());
	else
		KUNIT_EXPECT_NULL_MSG(test, strstr(told.last, " cpus="), "%s", told.last);
	if (nr_online_nodes > 1)
		KUNIT_EXPECT_EQ(test, number_after(test, told.last, " nodes="),
				page_to_nid(virt_to_page(batch->objects[0])));
	else
		KUNIT_EXPECT_NULL_MSG(test, strstr(told.last, " nodes="), "%s", told.last);
}

/*
 * The age of objects that were allocated at different times is that of the youngest,
 * the mean of all, and that of the oldest. Source: slab.rst, "minimal/average/maximal
 * jiffies since alloc".
 */
static void ages_are_averaged(struct kunit *test)
{
	struct kmem_batch *batch = kmem_take(test, traced_cache(test, 0), TIMES + 1);
	unsigned long before[TIMES], after[TIMES], now;
	unsigned long least = 0, most = 0, min, mean, max;
	struct traced told;
	const char *age;
	unsigned int i;

	for (i = 0; i < TIMES; i++) {
		/* one call in a loop, not three with a stack each */
		OPTIMIZER_HIDE_VAR(i);
		before[i] = jiffies;
		renew(batch, 1);
		after[i] = jiffies;
		swap(batch->objects[0], batch->objects[i + 1]);
		schedule_timeout_uninterruptible(2);
	}
	now = jiffies;
	told = traced(test, ALLOCATED, "renew");
	for (i = 0; i < TIMES; i++) {
		least += now - after[i];
		most += jiffies - before[i];
	}
	age = strstr(told.last, " age=");
	KUNIT_ASSERT_NOT_NULL_MSG(test, age, "%s", told.last);
	i = sscanf(age, " age=%lu/%lu/%lu", &min, &mean, &max);
	KUNIT_ASSERT_EQ_MSG(test, i, 3, "%s", told.last);
	KUNIT_EXPECT_GE(test, mean, least / TIMES);
	KUNIT_EXPECT_LE(test, mean, most / TIMES);
	KUNIT_EXPECT_GE(test, min, now - after[TIMES - 1]);
	KUNIT_EXPECT_LE(test, min, jiffies - before[TIMES - 1]);
	KUNIT_EXPECT_GE(test, max, now - after[0]);
	KUNIT_EXPECT_LE(test, max, jiffies - before[0]);
}

struct errand {
	struct kmem_cache *cache;
	void *object;
	pid_t pid;
	struct completion done;
};

static int fetch(void *context)
{
	struct errand *errand = context;

	errand->pid = task_pid_nr(current);
	errand->object = kmem_cache_alloc(errand->cache, GFP_KERNEL | __GFP_NOFAIL);
	complete(&errand->done);
	return 0;
}

static void expect_range_of_tasks(struct kunit *test, struct kmem_cache *cache)
{
	struct errand errands[2] = {};
	struct task_struct *task;
	struct traced told;
	char range[32];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errands); i++) {
		errands[i].cache = cache;
		init_completion(&errands[i].done);
		task = kthread_run(fetch, &errands[i], "kmem_traces");
		KUNIT_ASSERT_FALSE(test, IS_ERR(task));
		wait_for_completion(&errands[i].done);
	}
	told = traced(test, ALLOCATED, "fetch");
	for (i = 0; i < ARRAY_SIZE(errands); i++)
		kmem_cache_free(cache, errands[i].object);
	KUNIT_EXPECT_EQ(test, told.entries, 1);
	snprintf(range, sizeof(range), " pid=%d-%d", min(errands[0].pid, errands[1].pid),
		 max(errands[0].pid, errands[1].pid));
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(told.last, range), "no%s in \"%s\"", range,
				  told.last);
}

/*
 * Tasks that allocate in the same way have an entry for all of them. Source: slab.rst,
 * "pid range of the allocating processes".
 */
static void range_of_tasks_is_told(struct kunit *test)
{
	struct kmem_cache *cache = traced_cache(test, 0);

	kmem_take(test, cache, 1);	/* makes the slab, with a stack of its own */
	expect_range_of_tasks(test, cache);
	/* what was freed last is next: their objects lie the other way round */
	expect_range_of_tasks(test, cache);
}

/*
 * A function has an entry for each of the stacks that it allocates on, however they
 * take turns. Source: slab.rst, "unique allocation traces"; add_location().
 */
static void each_stack_has_one_entry(struct kunit *test)
{
	struct kmem_cache *cache = traced_cache(test, 0);
	unsigned int i, nr = kmem_attribute(test, cache, "objs_per_slab") / 4 - 1;
	struct traced told;

	if (!kmem_stacks_are_saved(__func__))
		kunit_skip(test, "needs a kernel that can save stacks");
	kmem_take(test, cache, 1);
	for (i = 0; i < nr; i++) {
		kmem_take(test, cache, 1);
		kmem_take(test, cache, 1);
		kmem_take(test, cache, 1);
		kmem_take(test, cache, 1);
	}
	told = traced(test, ALLOCATED, "kmem_take");
	KUNIT_EXPECT_EQ(test, told.objects, 4 * nr + 1);
	KUNIT_EXPECT_EQ(test, told.entries, 5);
}

/*
 * The stack of an entry is that of its objects, from the innermost function on.
 * Source: slab.rst, "stack trace"; kmem_dump_obj(), which tells that of one object.
 */
static void stack_is_that_of_the_objects(struct kunit *test)
{
	void *object = kmem_take(test, traced_cache(test, 0), 1)->objects[0];
	char *rest = kmem_debugfs_text(test, NAME, ALLOCATED), *frame;
	const struct kmem_report *report;
	const char *dumped;
	unsigned int nr = 0;

	KMEM_REQUIRE(test, CONFIG_PRINTK);
	KUNIT_ASSERT_NOT_NULL(test, rest);
	if (!kmem_stacks_are_saved(__func__))
		kunit_skip(test, "needs a kernel that can save stacks");
	report = KMEM_CAPTURE(test, kmem_dump_obj(object));
	dumped = strstr(report->text, " allocated at ");
	KUNIT_ASSERT_NOT_NULL(test, dumped);
	strsep(&rest, "\n");
	while ((frame = strsep(&rest, "\n")) && *frame) {
		dumped = strchrnul(dumped, '\n');
		dumped += *dumped == '\n';
		KUNIT_EXPECT_NOT_NULL_MSG(test, strnstr(dumped, skip_spaces(frame),
							strcspn(dumped, "\n")),
					  "frame %u is \"%s\", not \"%.60s\"", nr, frame, dumped);
		nr++;
	}
	KUNIT_EXPECT_GT(test, nr, 0);
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
	batch = kmem_take(test, traced_cache_of(test, LARGER, SLAB_KMALLOC), 5);
	request(batch, 3, 100);
	told = traced(test, ALLOCATED, "request");
	KUNIT_EXPECT_EQ(test, told.objects, 3);
	KUNIT_EXPECT_EQ(test, told.waste, 3 * (LARGER - 100));
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(told.last, "/924 age="), "%s", told.last);

	request(batch, 1, LARGER - 8);
	told = traced(test, ALLOCATED, "request");
	KUNIT_EXPECT_EQ(test, told.objects, 3);
	KUNIT_EXPECT_EQ(test, told.waste, 2 * (LARGER - 100) + 8);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(told.last, " waste=8/8 age="), "%s", told.last);
	KUNIT_EXPECT_EQ(test, traced(test, ALLOCATED, "kmem_take").waste, 0);

	/* it is nothing of who freed an object before */
	told = traced(test, FREED, "request");
	KUNIT_EXPECT_GT(test, told.objects, 0);
	KUNIT_EXPECT_EQ(test, told.waste, 0);
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

static void expect_lists(struct kunit *test, const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		struct file *file = kmem_debugfs_open(test, name, lists[i]);

		KUNIT_EXPECT_FALSE_MSG(test, IS_ERR(file), "%s of %s", lists[i], name);
		if (!IS_ERR(file))
			__fput_sync(file);
	}
}

/*
 * Tracked caches that are older than debugfs have lists, too, the allocator's own among
 * them. Source: as above; slab_late_init().
 */
static void tracked_caches_of_the_boot_have_lists(struct kunit *test)
{
	void *object = kunit_kmalloc(test, OBJECT_SIZE, GFP_KERNEL);
	struct kmem_origin origin;

	KUNIT_ASSERT_NOT_NULL(test, object);
	origin = kmem_origin(object);
	if (!(origin.flags & SLAB_STORE_USER))
		kunit_skip(test, "needs a boot with slab_debug=U");
	expect_lists(test, origin.name);
	expect_lists(test, "kmem_cache");
	expect_lists(test, "kmem_cache_node");
}

static struct file *open_list(struct kunit *test, const char *list)
{
	struct file *file = kmem_debugfs_open(test, NAME, list);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(file), "cannot open %s", list);
	return file;
}

/* They are for root alone: they tell the kernel's addresses. Source: debugfs_slab_add(). */
static void lists_are_for_root_alone(struct kunit *test)
{
	unsigned int i;

	traced_cache(test, 0);
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		struct file *file = open_list(test, lists[i]);

		KUNIT_EXPECT_EQ_MSG(test, file_inode(file)->i_mode & 0777, 0400, "%s", lists[i]);
		__fput_sync(file);
	}
}

/*
 * A file that is open has one and the same list whenever it is read from its
 * beginning. Source: slab_debug_trace_open(), slab_debugfs_start().
 */
static void list_can_be_read_again(struct kunit *test)
{
	char *first = kunit_kzalloc(test, 2 * PAGE_SIZE, GFP_KERNEL), *again = first + PAGE_SIZE;
	struct kmem_batch *batch = kmem_take(test, traced_cache(test, 0), 8);
	ssize_t len[2];
	struct file *file;

	KUNIT_ASSERT_NOT_NULL(test, first);
	renew(batch, 2);
	file = open_list(test, ALLOCATED);
	len[0] = kmem_file_read(file, first, PAGE_SIZE - 1);
	len[1] = kmem_file_read(file, again, PAGE_SIZE - 1);
	__fput_sync(file);
	KUNIT_EXPECT_GT(test, len[0], 0);
	KUNIT_EXPECT_EQ(test, len[1], len[0]);
	KUNIT_EXPECT_STREQ(test, again, first);
}

static void open_and_close(struct kunit *test, void *list)
{
	__fput_sync(open_list(test, list));
}

/* The cache that the private data of an open list is from. */
static const char *private_origin(struct kunit *test)
{
	struct file *file = open_list(test, ALLOCATED);
	const char *name = kmem_origin(((struct seq_file *)file->private_data)->private).name;

	__fput_sync(file);
	KUNIT_ASSERT_NOT_NULL(test, name);
	return name;
}

/*
 * A list that was closed leaves nothing behind, neither of itself, nor of its file,
 * nor of the map of objects that it was made with. Source: slab_debug_trace_open(),
 * slab_debug_trace_release().
 */
static void closed_list_leaves_nothing(struct kunit *test)
{
	struct kmem_cache *cache = traced_cache(test, 0);
	struct kmem_gauge gauges[2];
	unsigned long *map;
	unsigned int i;
	long before[2];

	kmem_require_no_quarantine(test);
	kmem_take(test, cache, 1);
	map = bitmap_alloc(kmem_attribute(test, cache, "objs_per_slab"), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, map);
	gauges[0] = kmem_gauge(test, private_origin(test));
	gauges[1] = kmem_gauge(test, kmem_origin(map).name);
	bitmap_free(map);
	for (i = 0; i < 2; i++)
		before[i] = kmem_gauge_read(test, &gauges[i]);
	for (i = 0; i < ROUNDS; i++)
		open_and_close(test, ALLOCATED);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_LT_MSG(test, kmem_gauge_read(test, &gauges[i]) - before[i], ROUNDS / 2,
				    "%s", gauges[i].name);
	kmem_expect_no_leak(test, PAGE_SIZE, open_and_close, FREED);
}

/*
 * A list may outgrow the page that it begins with, more than once: it loses no entry,
 * has one for all objects that are alike, and leaks nothing. Source: add_location(),
 * alloc_loc_track().
 */
static void long_list_is_whole(struct kunit *test)
{
	struct kmem_batch *batch;
	struct traced told;
	unsigned int i;

	if (!kmem_requests_are_guarded())
		kunit_skip(test, "needs Linux 6.8, where a cache of one's own can be kmalloc()'s");
	batch = kmem_take(test, traced_cache(test, SLAB_KMALLOC), 2 * MANY_SIZES);
	for (i = 0; i < batch->nr; i++) {
		OPTIMIZER_HIDE_VAR(i);
		kmem_cache_free(batch->cache, batch->objects[i]);
		batch->objects[i] = kmem_cache_kmalloc(batch->cache, 1 + i % MANY_SIZES,
						       GFP_KERNEL | __GFP_NOFAIL);
	}
	told = traced(test, ALLOCATED, __func__);
	KUNIT_EXPECT_EQ(test, told.objects, 2 * MANY_SIZES);
	KUNIT_EXPECT_EQ(test, told.entries, MANY_SIZES);
	kmem_expect_no_leak(test, PAGE_SIZE, open_and_close, ALLOCATED);
}

/* Open a list while an allocation fails, and say how many were still to be made before it. */
static unsigned int open_failing(struct kunit *test, unsigned int nth, int *error)
{
	gfp_t allowed = kmem_reclaim_forbid(test);
	unsigned int left = 0;
	struct file *file;

	KMEM_CAPTURE(test, {
		kmem_fail_begin(test, nth);
		file = kmem_debugfs_open(test, NAME, ALLOCATED);
		left = kmem_fail_cancel();
	});
	kmem_reclaim_allow(allowed);
	*error = PTR_ERR_OR_ZERO(file);
	if (!IS_ERR(file))
		__fput_sync(file);
	return left;
}

/*
 * A list that cannot be opened for want of memory is -ENOMEM, and leaves nothing
 * behind. Source: slab_debug_trace_open().
 */
static void opening_without_memory_is_enomem(struct kunit *test)
{
	unsigned int nth, failures = 0, round;
	struct kmem_gauge gauge;
	long before;
	int error;

	kmem_require_no_quarantine(test);
	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	kmem_take(test, traced_cache(test, 0), 1);
	gauge = kmem_gauge(test, private_origin(test));
	before = kmem_gauge_read(test, &gauge);
	for (round = 0; round < 20; round++) {
		for (nth = 1; !open_failing(test, nth, &error); nth++) {
			if (!error)
				continue;
			KUNIT_EXPECT_EQ_MSG(test, error, -ENOMEM, "allocation %u", nth);
			failures++;
		}
		KUNIT_EXPECT_EQ(test, error, 0);
	}
	/* the private data, the file's, and the map of the objects */
	KUNIT_EXPECT_GE(test, failures, 3 * round);
	KUNIT_EXPECT_LT(test, kmem_gauge_read(test, &gauge) - before, round / 2);
}

static struct kunit_case kmem_traces_cases[] = {
	KUNIT_CASE(objects_in_use_are_counted),
	KUNIT_CASE(most_frequent_is_first),
	KUNIT_CASE(each_entry_has_its_stack),
	KUNIT_CASE(task_and_age_are_told),
	KUNIT_CASE(ages_are_averaged),
	KUNIT_CASE(range_of_tasks_is_told),
	KUNIT_CASE(each_stack_has_one_entry),
	KUNIT_CASE(stack_is_that_of_the_objects),
	KUNIT_CASE(waste_is_told),
	KUNIT_CASE(former_free_is_told),
	KUNIT_CASE(tracked_caches_alone_have_lists),
	KUNIT_CASE(tracked_caches_of_the_boot_have_lists),
	KUNIT_CASE(lists_are_for_root_alone),
	KUNIT_CASE(list_can_be_read_again),
	KUNIT_CASE(closed_list_leaves_nothing),
	KUNIT_CASE(long_list_is_whole),
	KUNIT_CASE(opening_without_memory_is_enomem),
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
