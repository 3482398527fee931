// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is left of a kmem_cache that is no more: nothing.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_cache_leak'
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <mm/slab.h>
#include "kmem_count.h"
#include "kmem_kunit.h"

#define OBJECT_SIZE	64
#define PRIVATE		(SLAB_NO_MERGE | SLAB_NO_USER_FLAGS)

/* What caches are made of: their descriptors, nodes, names, sheaves and more. */
static const char * const parts[] = {
	"kmem_cache", "kmem_cache_node", "kmalloc-8", "kmalloc-16", "kmalloc-32", "kmalloc-64",
	"kmalloc-96", "kmalloc-128", "kmalloc-192", "kmalloc-256", "kmalloc-512", "kmalloc-1k",
};

/* Enough for a leak to be seen, whatever free objects were there before. */
#define MANY_CACHES	300
/* How many are there at once: each waits for a grace period at its end, better together. */
#define AT_ONCE		50
/* Of a size that nothing else of a cache has; not constant, so that each cache has a copy. */
static char long_name[] = { [0 ... 169] = 'k', '\0' };

static void count_parts(struct kunit *test, unsigned long *counts)
{
	unsigned int i;

	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "whose quarantine counts as in use");
	rcu_barrier();
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		counts[i] = kmem_slabinfo(test, parts[i]).active_objs;
}

/* Which of the parts has as many more as there were caches, or near? */
static const char *leaked(struct kunit *test, const unsigned long *before, unsigned int caches)
{
	unsigned long after[ARRAY_SIZE(parts)];
	unsigned int i;

	count_parts(test, after);
	/* some objects that are free count as active, and may be used instead of new ones */
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		if (after[i] >= before[i] + caches / 2)
			return parts[i];
	}
	return NULL;
}

/* The rest of the kernel allocates too, but not so much each time. */
#define ATTEMPTS	3

/*
 * struct made_of - caches that are created and destroyed
 * @name: of the parameter
 * @flags: of each
 * @step: by how many bytes the objects of one are larger than those of the one before
 */
static const struct made_of {
	const char *name;
	slab_flags_t flags;
	unsigned int step;
} made_of[] = {
	{ "plain", PRIVATE },
	{ "all_checks", PRIVATE | KMEM_ALL_CHECKS },
	/* so unlike all others that they are not merged, though they could be */
	{ "mergeable", SLAB_CACHE_DMA32, 2 * sizeof(void *) },
};

KUNIT_ARRAY_PARAM_DESC(made_of, made_of, name);

/* Of these no CPU has free objects for whose return each has to be asked. */
static const struct made_of checked = { "checked", PRIVATE | SLAB_CONSISTENCY_CHECKS };

/*
 * struct doomed - a cache to be destroyed
 * @work: does so
 * @cache: this one
 */
static struct doomed {
	struct work_struct work;
	struct kmem_cache *cache;
} doomed[AT_ONCE];

static void destroy(struct work_struct *work)
{
	kmem_cache_destroy(container_of(work, struct doomed, work)->cache);
}

static void destroy_workqueue_action(void *workqueue)
{
	destroy_workqueue(workqueue);
}

static struct workqueue_struct *make_workqueue(struct kunit *test)
{
	struct workqueue_struct *workqueue = alloc_workqueue("kmem_destroy", WQ_UNBOUND, AT_ONCE);

	KUNIT_ASSERT_NOT_NULL(test, workqueue);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy_workqueue_action, workqueue),
			0);
	return workqueue;
}

static void create_and_destroy(struct kunit *test, struct workqueue_struct *workqueue,
			       const struct made_of *made_of)
{
	unsigned int i;

	for (i = 0; i < MANY_CACHES; i++) {
		unsigned int at = i % AT_ONCE;
		struct doomed *next = doomed + at;
		void *object;

		long_name[0] = '0' + at;
		next->cache = kmem_cache_create(long_name, OBJECT_SIZE + at * made_of->step, 0,
						made_of->flags, NULL);
		KUNIT_ASSERT_NOT_NULL_MSG(test, next->cache, "cache %u", i);
		KUNIT_ASSERT_EQ_MSG(test, next->cache->refcount, 1, "cache %u was merged", i);
		object = i % 2 ? kmem_cache_alloc(next->cache, GFP_KERNEL) : NULL;
		if (object)
			kmem_cache_free(next->cache, object);
		INIT_WORK(&next->work, destroy);
		queue_work(workqueue, &next->work);
		if (at == AT_ONCE - 1)
			flush_workqueue(workqueue);
	}
}

/*
 * A cache that is destroyed gives back all that it was made of, whether it was
 * used or not. Source: kmem_cache_destroy(), slab_kmem_cache_release(),
 * __kmem_cache_release().
 */
static void destroyed_caches_leave_nothing_behind(struct kunit *test)
{
	const struct made_of *made_of = test->param_value;
	struct workqueue_struct *workqueue = make_workqueue(test);
	unsigned long before[ARRAY_SIZE(parts)];
	const char *leak = "";
	unsigned int i;

	/* once for the free objects that CPUs and nodes come to hold */
	create_and_destroy(test, workqueue, made_of);
	for (i = 0; i < ATTEMPTS && leak; i++) {
		count_parts(test, before);
		create_and_destroy(test, workqueue, made_of);
		leak = leaked(test, before, MANY_CACHES);
	}
	KUNIT_EXPECT_NULL_MSG(test, leak, "%s", leak);
}

/*
 * What a cache has for each CPU goes with it. Source: __kmem_cache_release(),
 * free_percpu().
 */
static void destroyed_caches_leave_no_percpu_memory(struct kunit *test)
{
	struct workqueue_struct *workqueue = make_workqueue(test);
	unsigned long before, after = 0;
	unsigned int i, rounds;

	create_and_destroy(test, workqueue, &checked);
	for (i = 0; i < ATTEMPTS; i++) {
		before = kmem_meminfo(test, "Percpu");
		/* more than is free in what is there */
		for (rounds = 0; rounds < 10; rounds++)
			create_and_destroy(test, workqueue, &checked);
		after = kmem_meminfo(test, "Percpu");
		if (after <= before)
			break;
	}
	KUNIT_EXPECT_LE_MSG(test, after, before, "kB for %u caches", 10 * MANY_CACHES);
}

#define MANY_REFUSALS	60

static void be_refused(struct kunit *test, unsigned int times)
{
	struct kmem_cache *cache = NULL;

	while (times--) {
		const struct kmem_report *report;

		report = KMEM_CAPTURE(test, cache = kmem_cache_create(long_name, KMALLOC_MAX_SIZE,
								      0, SLAB_RED_ZONE | PRIVATE,
								      NULL));
		KUNIT_ASSERT_NULL(test, cache);
		kmem_expect_text(test, report, "kkk) failed with error %d",
				 -EINVAL);
	}
}

/*
 * A cache that cannot be created takes nothing with it. One whose objects become
 * too large with their red zones fails late, when there is already a name and a
 * descriptor. Source: __kmem_cache_create_args() and create_cache().
 */
static void refused_caches_leave_nothing_behind(struct kunit *test)
{
	unsigned long before[ARRAY_SIZE(parts)];
	const char *leak = "";
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	for (i = 0; i < ATTEMPTS && leak; i++) {
		count_parts(test, before);
		be_refused(test, MANY_REFUSALS);
		leak = leaked(test, before, MANY_REFUSALS);
	}
	KUNIT_EXPECT_NULL_MSG(test, leak, "%s", leak);
}

#define EMPTY_PAGES	2048

/*
 * A cache that is destroyed with an object left gives back all slabs but that object's,
 * the empty ones it had kept as well. Source: __kmem_cache_shutdown(), free_partial(),
 * "Attempt to free all partial slabs on a node".
 */
static void cache_with_a_live_object_gives_back_all_other_slabs(struct kunit *test)
{
	const long held = EMPTY_PAGES * (PAGE_SIZE / SZ_1K);
	struct kmem_cache *cache;
	struct kmem_batch *batch;
	unsigned long slabs;
	long before, left;

	kmem_require_counters(test);
	/* whose empty slabs no CPU holds */
	cache = kmem_private_cache(test, "kmem_left_one", PAGE_SIZE, SLAB_CONSISTENCY_CHECKS, NULL);
	kmem_set_attribute(test, cache, "min_partial", EMPTY_PAGES);
	before = kmem_meminfo(test, "SUnreclaim");
	batch = kmem_take(test, cache, EMPTY_PAGES);
	slabs = kmem_attribute(test, cache, "slabs");
	while (batch->nr > 1)
		kmem_cache_free(cache, batch->objects[--batch->nr]);
	KMEM_EXPECT_COUNT(test, cache, "slabs", slabs, "all but one of them are empty");

	KMEM_CAPTURE(test, kmem_private_cache_destroy(test, cache));
	left = kmem_meminfo(test, "SUnreclaim") - before;
	KUNIT_EXPECT_LT_MSG(test, left, held / 2, "kB left of %ld", held);
}

/*
 * An object that is left is listed, though it is the last one of a slab of hundreds.
 * Source: list_slab_objects(), mm/slub.c.
 */
static void last_object_of_a_slab_is_listed(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_cache *cache;
	struct kmem_batch *batch;
	void *left;

	kmem_require_counters(test);
	/* whose objects no CPU holds */
	cache = kmem_private_cache(test, "kmem_left_last", sizeof(long), SLAB_CONSISTENCY_CHECKS,
				   NULL);
	batch = kmem_take(test, cache, kmem_attribute(test, cache, "objs_per_slab"));
	kmem_sort(batch->objects, batch->nr);
	left = batch->objects[--batch->nr];
	kmem_give_back(test, batch);
	report = KMEM_CAPTURE(test, kmem_private_cache_destroy(test, cache));
	kmem_expect_text(test, report, "Object 0x%p @offset=%tu", left, left - kmem_slab_of(left));
}

static struct kunit_case kmem_cache_leak_cases[] = {
	KUNIT_CASE_PARAM(destroyed_caches_leave_nothing_behind, made_of_gen_params),
	KUNIT_CASE(destroyed_caches_leave_no_percpu_memory),
	KUNIT_CASE(refused_caches_leave_nothing_behind),
	KUNIT_CASE(cache_with_a_live_object_gives_back_all_other_slabs),
	KUNIT_CASE(last_object_of_a_slab_is_listed),
	{}
};

static struct kunit_suite kmem_cache_leak_suite = {
	.name = "kmem_cache_leak",
	.init = kmem_suite_init,
	.test_cases = kmem_cache_leak_cases,
};

kunit_test_suite(kmem_cache_leak_suite);

MODULE_DESCRIPTION("KUnit tests for what a kmem_cache leaves behind");
MODULE_LICENSE("GPL");
