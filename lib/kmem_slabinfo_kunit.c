// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel tells its users about a cache in /proc/slabinfo and in sysfs.
 *
 * Every cache here is private: merged with no other and untouched by the boot's
 * slab_debug=, so that what is seen is this case's doing.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_slabinfo'
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmstat.h>
#include <mm/slab.h>
#include "kmem_kunit.h"

#define OBJECT_SIZE	64
/* more than the objects of several slabs */
#define MANY		512

/*
 * A cache has a line of its own in /proc/slabinfo, from its creation to its
 * destruction. Source: kernel-doc of kmem_cache_create(), "A string which is
 * used in /proc/slabinfo to identify this cache".
 */
static void name_shows_in_slabinfo(struct kunit *test)
{
	struct kmem_cache *cache;

	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, "kmem_named").lines, 0);
	cache = kmem_private_cache(test, "kmem_named", OBJECT_SIZE, 0, NULL);
	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, "kmem_named").lines, 1);
	kmem_private_cache_destroy(test, cache);
	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, "kmem_named").lines, 0);
}

/* lines for more than 4 KiB: no more than a page of them is made at once */
#define LINES		64

/*
 * Each cache has one line, also where a reading of the file ends and the next
 * one goes on. Source: Documentation/filesystems/proc.rst, slabinfo; slab_start().
 */
static void each_cache_has_one_line(struct kunit *test)
{
	char (*names)[16] = kunit_kzalloc(test, LINES * sizeof(*names), GFP_KERNEL);
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KUNIT_ASSERT_NOT_NULL(test, names);
	for (i = 0; i < LINES; i++) {
		snprintf(names[i], sizeof(names[i]), "kmem_line_%u", i);
		kmem_private_cache(test, names[i], OBJECT_SIZE, 0, NULL);
	}
	for (i = 0; i < LINES; i++)
		KUNIT_EXPECT_EQ_MSG(test, kmem_slabinfo(test, names[i]).lines, 1, "%s", names[i]);
}

/*
 * One reading of the file gives as many lines as there is room for. Source:
 * Documentation/filesystems/seq_file.rst, "The next() function should return a pointer
 * to the next object, or NULL if there is none".
 */
static void reading_gives_many_lines(struct kunit *test)
{
	char *text = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	unsigned int lines = 0;
	ssize_t len, i;

	KUNIT_ASSERT_NOT_NULL(test, text);
	len = kmem_slabinfo_read(test, text, PAGE_SIZE);
	for (i = 0; i < len; i++)
		lines += text[i] == '\n';
	/* the header has two */
	KUNIT_EXPECT_GT_MSG(test, lines, 2 + 1, "%zd bytes", len);
}

/*
 * Nobody but root may read /proc/slabinfo, let alone write to it. Source:
 * SLABINFO_RIGHTS, mm/slab_common.c.
 */
static void slabinfo_is_for_root_alone(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmem_slabinfo_mode(test) & 0777, 0400);
}

/*
 * The figures in /proc/slabinfo agree with each other and with the cache: an
 * object has the room that was asked for, the objects of a slab fit into its
 * pages, and all slabs have the same number of them; CPUs share none. Source:
 * cache_show().
 */
static void slabinfo_figures_agree(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 8, 24, 64, 100, 700, 4096, 10000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct kmem_cache *cache;
		struct kmem_batch *batch;
		struct kmem_slabinfo info;

		cache = kmem_private_cache(test, "kmem_figures", sizes[i], 0, NULL);
		batch = kmem_take(test, cache, 100);
		info = kmem_slabinfo(test, "kmem_figures");
		KUNIT_EXPECT_GE(test, info.objsize, sizes[i]);
		KUNIT_EXPECT_GE(test, info.objperslab, 1);
		KUNIT_EXPECT_LE(test, info.objsize * info.objperslab,
				info.pagesperslab * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, info.num_objs, info.num_slabs * info.objperslab);
		KUNIT_EXPECT_LE(test, info.active_objs, info.num_objs);
		KUNIT_EXPECT_EQ(test, info.sharedavail, 0);
		kmem_give_back(test, batch);
		kmem_private_cache_destroy(test, cache);
	}
}

/*
 * The number of active objects counts at least those that are live, and just
 * those once the cache is shrunk; before that, free objects that a CPU holds
 * ready count as active. Source: get_slabinfo().
 */
static void slabinfo_counts_objects(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_count", OBJECT_SIZE, 0, NULL);
	struct kmem_batch *first, *second;
	struct kmem_slabinfo info;

	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, "kmem_count").num_objs, 0);
	first = kmem_take(test, cache, MANY);
	KUNIT_EXPECT_GE(test, kmem_slabinfo(test, "kmem_count").active_objs, MANY);
	second = kmem_take(test, cache, 3 * MANY);
	KUNIT_EXPECT_GE(test, kmem_slabinfo(test, "kmem_count").active_objs, 4 * MANY);

	/* of the slabs of the second batch few are left, of the first one's all */
	kmem_give_back(test, second);
	kmem_free_half(first);
	kmem_cache_shrink(cache);
	info = kmem_slabinfo(test, "kmem_count");
	KUNIT_EXPECT_EQ(test, info.active_objs, MANY / 2);
	KUNIT_EXPECT_GE(test, info.num_objs, MANY);
	KUNIT_EXPECT_LT(test, info.num_objs, 2 * MANY);

	kmem_give_back(test, first);
	kmem_cache_shrink(cache);
	info = kmem_slabinfo(test, "kmem_count");
	KUNIT_EXPECT_EQ(test, info.active_objs, 0);
	KUNIT_EXPECT_EQ(test, info.num_objs, 0);
}

#define LARGE_SIZE	512
#define LONG_LIST	10500

/*
 * The objects of very many partial slabs are counted or estimated; where those
 * at one end of the list are alike, and those at the other, the estimate is exact.
 * Source: count_partial_free_approx(), "Scan from both the list's head and tail".
 */
static void slabinfo_estimates_long_lists(struct kunit *test)
{
	struct kmem_cache *cache;
	unsigned int i, kept = 0, nr;
	struct kmem_slabinfo info;
	struct kmem_batch *batch;

	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which is too slow for so many objects");
	cache = kmem_private_cache(test, "kmem_long", LARGE_SIZE, SLAB_CONSISTENCY_CHECKS, NULL);
	nr = LONG_LIST * kmem_slabinfo(test, "kmem_long").objperslab;
	batch = kmem_take(test, cache, nr);
	for (i = 0; i < nr; i++) {
		/* every fourth, wherever the objects are in the slab */
		bool fourth = (unsigned long)batch->objects[i] / LARGE_SIZE % 4 == 0;

		/* is freed of the first half of the slabs, and kept of the second */
		if (fourth == (i < nr / 2))
			kmem_cache_free(cache, batch->objects[i]);
		else
			batch->objects[kept++] = batch->objects[i];
	}
	batch->nr = kept;
	KUNIT_EXPECT_EQ(test, kept, nr / 2);
	info = kmem_slabinfo(test, "kmem_long");
	KUNIT_EXPECT_EQ(test, info.num_slabs, LONG_LIST);
	KUNIT_EXPECT_EQ(test, info.num_objs, nr);
	KUNIT_EXPECT_EQ(test, info.active_objs, kept);
}

#ifndef MODULE
/* of an object that fills its slab */
#define SINGLE_SIZE	(SZ_128K - 100)

/* Expect a line of a cache in a list, with what it uses, and of how much. */
static void expect_listed(struct kunit *test, const char *list, const char *name)
{
	struct kmem_slabinfo info = kmem_slabinfo(test, name);
	unsigned long used, total;
	const char *line;
	int found;

	line = strstr(list, name);
	KUNIT_ASSERT_NOT_NULL_MSG(test, line, "%s", name);
	found = sscanf(line + strlen(name), " %luKB %luKB", &used, &total);
	KUNIT_ASSERT_EQ_MSG(test, found, 2, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, used, info.active_objs * info.objsize / SZ_1K, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, total, info.num_objs * info.objsize / SZ_1K, "%s", name);
}
#endif

/*
 * When memory has run out, the kernel lists what is in use of the caches that
 * nobody can empty, by their names, however long, and of all there is, also if none of
 * it is in use, or that is a single object, and leaves out those that a shrinker could,
 * and those that have no slab.
 * Source: dump_unreclaimable_slab(), mm/slab_common.c.
 */
static void unreclaimable_slabs_are_listed(struct kunit *test)
{
#ifndef MODULE
	static const char name[] = "kmem_listed_with_more_than_forty_characters";
	struct kmem_cache *cache, *other, *unused, *single;
	const struct kmem_report *report;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE(test, CONFIG_PRINTK);
	cache = kmem_private_cache(test, name, LARGE_SIZE, 0, NULL);
	other = kmem_private_cache(test, "kmem_unlisted", LARGE_SIZE, SLAB_RECLAIM_ACCOUNT, NULL);
	kmem_private_cache(test, "kmem_empty", LARGE_SIZE, 0, NULL);
	/* keeps an empty slab, which no CPU holds */
	unused = kmem_private_cache(test, "kmem_unused", LARGE_SIZE, SLAB_CONSISTENCY_CHECKS,
				    NULL);
	single = kmem_private_cache(test, "kmem_single", SINGLE_SIZE, SLAB_CONSISTENCY_CHECKS,
				    NULL);
	/* so many that kB differ from what is nearly that */
	kmem_free_half(kmem_take(test, cache, SZ_2M / LARGE_SIZE));
	kmem_take(test, other, MANY);
	kmem_take(test, single, 1);
	kmem_cache_shrink(cache);
	kmem_give_back(test, kmem_take(test, unused, 8));
	KUNIT_ASSERT_GT(test, kmem_slabinfo(test, "kmem_unused").num_objs, 0);

	report = KMEM_CAPTURE(test, dump_unreclaimable_slab());
	kmem_expect_text(test, report, "Unreclaimable slab info:");
	expect_listed(test, report->text, name);
	expect_listed(test, report->text, "kmem_unused");
	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, "kmem_single").num_objs, 1);
	expect_listed(test, report->text, "kmem_single");
	if (SLAB_RECLAIM_ACCOUNT)
		KUNIT_EXPECT_NULL(test, strstr(report->text, "kmem_unlisted "));
	KUNIT_EXPECT_NULL(test, strstr(report->text, "kmem_empty "));
#else
	kunit_skip(test, "needs to be built in, for dump_unreclaimable_slab()");
#endif
}

/*
 * That list does not wait for who creates or destroys a cache meanwhile: there is
 * none, and its mutex stays with whom it belongs to. Source: as above, "Use
 * mutex_trylock to protect the list traverse, dump nothing without acquiring the
 * mutex".
 */
static void unreclaimable_slabs_are_not_waited_for(struct kunit *test)
{
#ifndef MODULE
	const struct kmem_report *report;
	bool held = false;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE(test, CONFIG_PRINTK);
	report = KMEM_CAPTURE(test, {
		mutex_lock(&slab_mutex);
		dump_unreclaimable_slab();
		held = mutex_is_locked(&slab_mutex);
		if (held)
			mutex_unlock(&slab_mutex);
	});
	KUNIT_EXPECT_TRUE(test, held);
	kmem_expect_text(test, report, "unreclaimable slab but cannot dump stats");
	KUNIT_EXPECT_NULL(test, strstr(report->text, "Unreclaimable slab info:"));
#else
	kunit_skip(test, "needs to be built in, for dump_unreclaimable_slab()");
#endif
}

#ifndef MODULE
/**
 * struct visit - what somebody else does with caches
 * @test: the test context
 * @cache: the one to destroy, or NULL to list all
 * @done: when it is over
 */
struct visit {
	struct kunit *test;
	struct kmem_cache *cache;
	struct completion done;
};

static int pay_visit(void *context)
{
	struct visit *visit = context;

	if (!visit->cache)
		kmem_slabinfo(visit->test, "kmem_held");
	kmem_cache_destroy(visit->cache);
	complete(&visit->done);
	return 0;
}

/* Expect that somebody else waits for who holds the mutex. */
static void expect_to_be_waited_for(struct kunit *test, struct visit *visit)
{
	struct task_struct *task = kthread_create(pay_visit, visit, "kmem_visitor");
	unsigned int ticks = HZ / 20 + 1;
	bool early, held;

	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	init_completion(&visit->done);
	mutex_lock(&slab_mutex);
	wake_up_process(task);
	while (ticks-- && !completion_done(&visit->done))
		schedule_timeout_uninterruptible(1);
	early = completion_done(&visit->done);
	held = mutex_is_locked(&slab_mutex);
	if (held)
		mutex_unlock(&slab_mutex);
	wait_for_completion(&visit->done);
	kthread_stop(task);
	put_task_struct(task);
	KUNIT_EXPECT_FALSE(test, early);
	KUNIT_EXPECT_TRUE(test, held);
}
#endif

/*
 * Who lists the caches waits for who changes them, and so does who destroys one.
 * Source: "The slab cache mutex protects the management structures during changes",
 * mm/slab.h; slab_start(), kmem_cache_destroy().
 */
static void mutex_keeps_caches_as_they_are(struct kunit *test)
{
#ifndef MODULE
	struct visit visit = { .test = test };

	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, "kmem_held").lines, 0);
	expect_to_be_waited_for(test, &visit);
	visit.cache = kmem_cache_create("kmem_held", OBJECT_SIZE, 0, SLAB_NO_MERGE, NULL);
	KUNIT_ASSERT_NOT_NULL(test, visit.cache);
	expect_to_be_waited_for(test, &visit);
	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, "kmem_held").lines, 0);
#else
	kunit_skip(test, "needs to be built in, for slab_mutex");
#endif
}

/* so many that neither other users matter nor what CPUs have not yet added to a counter */
#define NR_PAGES	2048

static const char * const figures[] = { "Slab", "SReclaimable", "SUnreclaim", "KReclaimable" };

/*
 * struct told - a kind of caches, and which figures of /proc/meminfo have its slabs
 * @name: of the parameter
 * @flags: SLAB_*
 * @grows: for each of the figures
 */
static const struct told {
	const char *name;
	slab_flags_t flags;
	bool grows[ARRAY_SIZE(figures)];
} tolds[] = {
	{ "plain", 0, { true, false, true, false } },
	{ "reclaim_account", SLAB_RECLAIM_ACCOUNT, { true, true, false, true } },
};

KUNIT_ARRAY_PARAM_DESC(told, tolds, name);

/*
 * /proc/meminfo tells all slabs, and apart from each other those that can be reclaimed
 * and those that cannot, of which the former are among all that can. Source:
 * Documentation/filesystems/proc.rst, Slab, SReclaimable, "Part of Slab, that might be
 * reclaimed", SUnreclaim, KReclaimable, "Includes SReclaimable".
 */
static void meminfo_tells_slabs_by_kind(struct kunit *test)
{
	const struct told *told = test->param_value;
	const long half = NR_PAGES / 2 * (PAGE_SIZE / SZ_1K);
	long grown[ARRAY_SIZE(figures)];
	struct kmem_cache *cache;
	unsigned int i;

	KMEM_REQUIRE_NOT(test, CONFIG_SLOB, "which has one kind of slabs");
	if (told->grows[1] && !SLAB_RECLAIM_ACCOUNT)
		kunit_skip(test, "needs CONFIG_SLUB_TINY=n, for SLAB_RECLAIM_ACCOUNT");
	cache = kmem_private_cache(test, "kmem_told", PAGE_SIZE, told->flags, NULL);
	for (i = 0; i < ARRAY_SIZE(figures); i++)
		grown[i] = -kmem_meminfo(test, figures[i]);
	kmem_take(test, cache, NR_PAGES);
	for (i = 0; i < ARRAY_SIZE(figures); i++) {
		grown[i] += kmem_meminfo(test, figures[i]);
		KUNIT_EXPECT_EQ_MSG(test, grown[i] > half, told->grows[i], "%s grew by %ld kB",
				    figures[i], grown[i]);
	}
}

/*
 * The report on memory that comes with a failed allocation tells both kinds of slabs in
 * pages. Source: show_free_areas(), on NR_SLAB_RECLAIMABLE_B and NR_SLAB_UNRECLAIMABLE_B.
 */
static void report_on_memory_tells_slabs_by_kind(struct kunit *test)
{
#ifndef MODULE
	const struct kmem_report *report;
	long reclaimable, unreclaimable;
	struct kmem_cache *cache;
	const char *line;
	int found;

	/* for two figures that differ */
	cache = kmem_private_cache(test, "kmem_told", PAGE_SIZE, 0, NULL);
	kmem_take(test, cache, NR_PAGES);
	report = KMEM_CAPTURE(test, __show_mem(0, NULL, MAX_NR_ZONES - 1));
	line = strstr(report->text, "slab_reclaimable:");
	KUNIT_ASSERT_NOT_NULL(test, line);
	found = sscanf(line, "slab_reclaimable:%ld slab_unreclaimable:%ld", &reclaimable,
		       &unreclaimable);
	KUNIT_ASSERT_EQ(test, found, 2);
	reclaimable -= global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B);
	unreclaimable -= global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
	KUNIT_EXPECT_LT_MSG(test, abs(reclaimable), NR_PAGES / 8, "%ld pages", reclaimable);
	KUNIT_EXPECT_LT_MSG(test, abs(unreclaimable), NR_PAGES / 8, "%ld pages", unreclaimable);
#else
	kunit_skip(test, "needs to be built in, for __show_mem()");
#endif
}

/*
 * kmem_cache_shrink() gives all slabs back if no object is live, and says so
 * with 0; it leaves a live object alone, and says so too. Source: its
 * kernel-doc.
 */
static void shrink_spares_live_objects(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_shrink", OBJECT_SIZE, 0, NULL);
	u8 *live;

	kmem_give_back(test, kmem_take(test, cache, MANY));
	KUNIT_EXPECT_EQ(test, kmem_cache_shrink(cache), 0);

	live = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, live);
	memset(live, 0x77, OBJECT_SIZE);
	kmem_give_back(test, kmem_take(test, cache, MANY));
	KUNIT_EXPECT_NE(test, kmem_cache_shrink(cache), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(live, 0x77, OBJECT_SIZE));
	kmem_cache_free(cache, live);
	KUNIT_EXPECT_EQ(test, kmem_cache_shrink(cache), 0);
}

static const struct shown_flag {
	const char *attribute;
	slab_flags_t flag;
} shown_flags[] = {
	{ "hwcache_align", SLAB_HWCACHE_ALIGN },
	{ "reclaim_account", SLAB_RECLAIM_ACCOUNT },
	{ "destroy_by_rcu", SLAB_TYPESAFE_BY_RCU },
	{ "sanity_checks", SLAB_CONSISTENCY_CHECKS },
	{ "red_zone", SLAB_RED_ZONE },
	{ "poison", SLAB_POISON },
	{ "store_user", SLAB_STORE_USER },
	{ "trace", SLAB_TRACE },
};

KUNIT_ARRAY_PARAM_DESC(shown_flag, shown_flags, attribute);

/*
 * A cache has the flag that it was created with, and those alone. Source:
 * Documentation/ABI/testing/sysfs-kernel-slab.
 */
static void flag_is_kept(struct kunit *test)
{
	const struct shown_flag *shown = test->param_value;
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	kmem_private_cache(test, "kmem_flags", OBJECT_SIZE, shown->flag, NULL);
	for (i = 0; i < ARRAY_SIZE(shown_flags); i++) {
		const char *attribute = shown_flags[i].attribute;

		KUNIT_EXPECT_EQ_MSG(test, kmem_sysfs_number(test, "kmem_flags", attribute),
				    &shown_flags[i] == shown, "%s", attribute);
	}
}

/*
 * A number of slabs or objects is a line: it ends with a newline, behind what each
 * node has of it. Source: show_slab_objects(), mm/slub.c.
 */
static void numbers_end_their_line(struct kunit *test)
{
	static const char * const attributes[] = {
		"slabs", "objects", "total_objects", "partial", "objects_partial",
	};
	char *text = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	struct kmem_cache *cache;
	unsigned int i;
	ssize_t len;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KUNIT_ASSERT_NOT_NULL(test, text);
	cache = kmem_private_cache(test, "kmem_lines", OBJECT_SIZE, 0, NULL);
	kmem_free_half(kmem_take(test, cache, MANY));
	for (i = 0; i < ARRAY_SIZE(attributes); i++) {
		len = kmem_file_read(kmem_sysfs_open(test, "kmem_lines", attributes[i], O_RDONLY),
				     text, PAGE_SIZE);
		KUNIT_ASSERT_GT_MSG(test, len, 0, "%s", attributes[i]);
		KUNIT_EXPECT_PTR_EQ_MSG(test, memchr(text, '\n', len), text + len - 1, "%s",
					attributes[i]);
	}
}

/*
 * failslab is switched on by 1 alone, and by nothing else that is written to it.
 * Source: slab.rst, "writing 1 or 0 will enable or disable the option at runtime";
 * failslab_store(), mm/slub.c.
 */
static void failslab_is_switched_on_by_1_alone(struct kunit *test)
{
	static const char * const texts[] = { "2", "no", "1", "off", "1\n", "-1" };
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	if (!kmem_failslab_can_be_switched())
		kunit_skip(test, "needs Linux 6.12, where failslab can be written to");
	kmem_private_cache(test, "kmem_failing", OBJECT_SIZE, 0, NULL);
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		kmem_sysfs_store(test, "kmem_failing", "failslab", texts[i]);
		KUNIT_EXPECT_EQ_MSG(test, kmem_sysfs_number(test, "kmem_failing", "failslab"),
				    *texts[i] == '1', "%s", texts[i]);
	}
}

static struct kunit_case kmem_slabinfo_cases[] = {
	KUNIT_CASE(name_shows_in_slabinfo),
	KUNIT_CASE(each_cache_has_one_line),
	KUNIT_CASE(reading_gives_many_lines),
	KUNIT_CASE(slabinfo_is_for_root_alone),
	KUNIT_CASE(slabinfo_figures_agree),
	KUNIT_CASE(slabinfo_counts_objects),
	KUNIT_CASE(slabinfo_estimates_long_lists),
	KUNIT_CASE(unreclaimable_slabs_are_listed),
	KUNIT_CASE(unreclaimable_slabs_are_not_waited_for),
	KUNIT_CASE(mutex_keeps_caches_as_they_are),
	KUNIT_CASE_PARAM(meminfo_tells_slabs_by_kind, told_gen_params),
	KUNIT_CASE(report_on_memory_tells_slabs_by_kind),
	KUNIT_CASE(shrink_spares_live_objects),
	KUNIT_CASE_PARAM(flag_is_kept, shown_flag_gen_params),
	KUNIT_CASE(numbers_end_their_line),
	KUNIT_CASE(failslab_is_switched_on_by_1_alone),
	{}
};

static struct kunit_suite kmem_slabinfo_suite = {
	.name = "kmem_slabinfo",
	.init = kmem_suite_init,
	.test_cases = kmem_slabinfo_cases,
};

kunit_test_suite(kmem_slabinfo_suite);

MODULE_DESCRIPTION("KUnit tests for what the kernel tells about a kmem_cache");
MODULE_LICENSE("GPL");
