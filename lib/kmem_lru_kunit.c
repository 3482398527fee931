// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists of objects in the order of their use, as a shrinker walks them: list_lru
 * without memory cgroups, each list of which is its node's.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_lru'
 */
#include <kunit/test.h>
#include <linux/irqflags.h>
#include <linux/list.h>
#include <linux/list_lru.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include "kmem_kunit.h"

#define NR_LISTED	4

static void destroy_list(void *lru)
{
	list_lru_destroy(lru);
}

static void make_list(struct kunit *test, struct list_lru *lru)
{
	KUNIT_ASSERT_EQ(test, list_lru_init(lru), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy_list, lru), 0);
}

static struct list_head *make_object(struct kunit *test)
{
	struct list_head *object = kunit_kzalloc(test, sizeof(*object), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, object);
	INIT_LIST_HEAD(object);
	return object;
}

/* All on one node, which is returned. */
static int list_objects(struct kunit *test, struct list_lru *lru)
{
	struct list_head *objects = kunit_kcalloc(test, NR_LISTED, sizeof(*objects), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, objects);
	make_list(test, lru);
	for (i = 0; i < NR_LISTED; i++) {
		INIT_LIST_HEAD(&objects[i]);
		KUNIT_ASSERT_TRUE(test, list_lru_add_obj(lru, &objects[i]));
	}
	return page_to_nid(virt_to_page(objects));
}

/*
 * An object is added to its list once, and taken off once: the second time does
 * nothing, and says so. Source: <linux/list_lru.h>, kernel-doc of list_lru_add_obj() and
 * list_lru_del_obj(), "true if the list was updated, false otherwise".
 */
static void object_is_on_its_list_once(struct kunit *test)
{
	static struct list_lru lru;
	struct list_head *object = make_object(test);
	unsigned int i;

	make_list(test, &lru);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ_MSG(test, list_lru_add_obj(&lru, object), !i, "time %u", i);
		KUNIT_EXPECT_EQ(test, list_lru_count(&lru), 1);
	}
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ_MSG(test, list_lru_del_obj(&lru, object), !i, "time %u", i);
		KUNIT_EXPECT_EQ(test, list_lru_count(&lru), 0);
	}
}

/**
 * struct walk - what a walk of a list comes by
 * @nr: how many objects
 * @irqs_off: whether interrupts were off
 */
struct walk {
	unsigned int nr;
	bool irqs_off;
};

static KMEM_LRU_WALK_CB(skip)
{
	struct walk *walk = context;

	walk->nr++;
	walk->irqs_off = irqs_disabled();
	return LRU_SKIP;
}

/* Walk a list, and expect so many objects to be scanned, and all of them left on it. */
static void expect_scanned(struct kunit *test, list_lru_walk_cb callback, unsigned int nr)
{
	static struct list_lru lru;
	const int node = list_objects(test, &lru);
	unsigned long to_walk = nr;
	struct walk walk = { };

	KUNIT_EXPECT_EQ(test, list_lru_walk_one(&lru, node, NULL, callback, &walk, &to_walk), 0);
	KUNIT_EXPECT_EQ(test, walk.nr, nr);
	KUNIT_EXPECT_EQ(test, to_walk, 0);
	KUNIT_EXPECT_EQ(test, list_lru_count_one(&lru, node, NULL), NR_LISTED);
}

/*
 * A walk goes no further than it is asked to, also if it leaves the objects where they
 * are. Source: <linux/list_lru.h>, kernel-doc of list_lru_walk_one(), "@nr_to_walk does
 * not mean how many objects will be freed, just how many objects will be scanned".
 */
static void skipped_objects_count_as_scanned(struct kunit *test)
{
	expect_scanned(test, skip, NR_LISTED - 2);
}

static KMEM_LRU_WALK_CB(try_again)
{
	struct walk *walk = context;

	if (++walk->nr > 3 * NR_LISTED)
		return LRU_SKIP;
	kmem_lru_unlock(list);
	return LRU_RETRY;
}

/*
 * A walk comes to its end also if it has to begin anew with each object. Source:
 * __list_lru_walk_one(), "so that we don't livelock if we get stuck on large numbers of
 * LRU_RETRY items".
 */
static void objects_to_be_tried_again_count_as_scanned(struct kunit *test)
{
	expect_scanned(test, try_again, NR_LISTED + 2);
}

static KMEM_LRU_WALK_CB(take_off_and_unlock)
{
	list_lru_isolate(list, item);
	kmem_lru_unlock(list);
	return LRU_REMOVED_RETRY;
}

/*
 * An object that is taken off by who then lets go of the lock has been removed as any
 * other, and the walk goes on. Source: LRU_REMOVED_RETRY in <linux/list_lru.h>, "item
 * removed, but lock has been dropped"; kernel-doc of list_lru_walk_one(), "the number of
 * objects effectively removed from the LRU".
 */
static void objects_removed_without_the_lock_are_counted(struct kunit *test)
{
	static struct list_lru lru;
	const int node = list_objects(test, &lru);
	unsigned long to_walk = NR_LISTED + 1;

	KUNIT_EXPECT_EQ(test, list_lru_walk_one(&lru, node, NULL, take_off_and_unlock, NULL,
						&to_walk), NR_LISTED);
	KUNIT_EXPECT_EQ(test, to_walk, 1);
	KUNIT_EXPECT_EQ(test, list_lru_count_one(&lru, node, NULL), 0);
	KUNIT_EXPECT_EQ(test, list_lru_count_node(&lru, node), 0);
}

/* Expect interrupts to be on, and see to it. */
static __maybe_unused void expect_irqs_on(struct kunit *test, const char *after)
{
	bool off = irqs_disabled();

	if (off)
		local_irq_enable();
	KUNIT_EXPECT_FALSE_MSG(test, off, "after %s", after);
}

/*
 * The functions with _irq have interrupts off while they hold the lock, and no longer.
 * Source: <linux/list_lru.h>, kernel-doc of list_lru_walk_one_irq(), "the spinlock is
 * acquired with spin_lock_irq()".
 */
static void interrupts_are_off_with_the_lock_only(struct kunit *test)
{
#ifndef MODULE
	static struct list_lru lru;
	const int node = list_objects(test, &lru);
	struct list_head *object = make_object(test);
	unsigned long to_walk = 1, walked;
	struct walk walk = { };
	bool added;

	added = kmem_list_lru_add_irq(&lru, object, page_to_nid(virt_to_page(object)));
	expect_irqs_on(test, "list_lru_add_irq()");
	KUNIT_EXPECT_TRUE(test, added);
	walked = list_lru_walk_one_irq(&lru, node, NULL, skip, &walk, &to_walk);
	expect_irqs_on(test, "list_lru_walk_one_irq()");
	KUNIT_EXPECT_EQ(test, walked, 0);
	KUNIT_EXPECT_EQ(test, walk.nr, 1);
	KUNIT_EXPECT_EQ(test, walk.irqs_off, !IS_ENABLED(CONFIG_PREEMPT_RT));
#else
	kunit_skip(test, "needs to be built in, for list_lru_walk_one_irq()");
#endif
}

static struct kunit_case kmem_lru_cases[] = {
	KUNIT_CASE(object_is_on_its_list_once),
	KUNIT_CASE(skipped_objects_count_as_scanned),
	KUNIT_CASE(objects_to_be_tried_again_count_as_scanned),
	KUNIT_CASE(objects_removed_without_the_lock_are_counted),
	KUNIT_CASE(interrupts_are_off_with_the_lock_only),
	{}
};

static struct kunit_suite kmem_lru_suite = {
	.name = "kmem_lru",
	.init = kmem_suite_init,
	.test_cases = kmem_lru_cases,
};

kunit_test_suite(kmem_lru_suite);

MODULE_DESCRIPTION("KUnit tests for lists of objects in the order of their use");
MODULE_LICENSE("GPL");
