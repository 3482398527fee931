// SPDX-License-Identifier: GPL-2.0-only
/*
 * Actions of a device: functions that are called in their turn when it goes.
 *
 * Each case has a device of its own, and actions that write down when they are
 * run. The contracts are those of the kernel-doc in drivers/base/devres.c.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_devm_action'
 */
#include <kunit/test.h>
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_device.h"
#include "kmem_devres.h"
#include "kmem_kunit.h"
#include "kmem_text.h"

static void act(void *letter)
{
	note_context();
	write_down(*(char *)letter);
}

static void act_otherwise(void *letter)
{
	write_down(*(char *)letter + 1);
}

/*
 * An action is run once when the device goes, with its data, in its turn among
 * all resources, and may sleep. Source: kernel-doc of devm_add_action(), "executed
 * as part of standard resource unwinding"; release_nodes(), which no lock is held for.
 */
static void actions_run_in_their_turn(struct kunit *test)
{
	struct device *dev = make_watched(test);

	add_resources(test, dev, "A");
	KUNIT_EXPECT_EQ(test, devm_add_action(dev, act, "1"), 0);
	add_resources(test, dev, "b");
	KUNIT_EXPECT_EQ(test, devm_add_action(dev, act, "2"), 0);
	KUNIT_EXPECT_EQ(test, devm_add_action_or_reset(dev, act_otherwise, "3"), 0);
	drop_and_expect_released(test, dev, "42b1A");
}

/*
 * devm_remove_action() takes an action away and does not run it. Source: its
 * kernel-doc, "Both action and data should match".
 */
static void removed_action_does_not_run(struct kunit *test)
{
	static char one = '1', same = '1';
	struct device *dev = make_watched(test);

	KUNIT_ASSERT_EQ(test, devm_add_action(dev, act, &one), 0);
	KUNIT_ASSERT_EQ(test, devm_add_action(dev, act, &same), 0);
	KUNIT_ASSERT_EQ(test, devm_add_action(dev, act_otherwise, &one), 0);
	KMEM_EXPECT_SILENCE(test, devm_remove_action(dev, act, &one));
	KMEM_EXPECT_WARN(test, devm_remove_action(dev, act, &one), "devres.");
	drop_and_expect_released(test, dev, "21");
}

/*
 * devm_release_action() takes an action away and runs it now, once. Source: its
 * kernel-doc, "Releases and removes instance of @action".
 */
static void released_action_runs_now(struct kunit *test)
{
	static char one = '1', two = '2';
	struct device *dev = make_watched(test);

	KUNIT_ASSERT_EQ(test, devm_add_action(dev, act, &one), 0);
	KUNIT_ASSERT_EQ(test, devm_add_action(dev, act, &two), 0);
	KMEM_EXPECT_SILENCE(test, devm_release_action(dev, act, &one));
	expect_released(test, "1");
	KMEM_EXPECT_WARN(test, devm_release_action(dev, act, &one), "devres.");
	KMEM_EXPECT_WARN(test, devm_release_action(dev, act_otherwise, &two), "devres.");
	drop_and_expect_released(test, dev, "2");
}

/*
 * Of actions alike, the latest one is removed or released: those that are left keep
 * their turn. Source: devres_action_find(), find_dr() (6.x), which go through the list
 * in reverse; kernel-doc of devres_find(), "Find the latest devres".
 */
static void latest_of_actions_alike_is_taken_away(struct kunit *test)
{
	struct device *dev = make_watched(test);
	static char one = '1';

	KUNIT_ASSERT_EQ(test, devm_add_action(dev, act, &one), 0);
	add_resources(test, dev, "A");
	KUNIT_ASSERT_EQ(test, devm_add_action(dev, act, &one), 0);
	add_resources(test, dev, "b");
	KUNIT_ASSERT_EQ(test, devm_add_action(dev, act, &one), 0);
	devm_remove_action(dev, act, &one);
	devm_release_action(dev, act, &one);
	expect_released(test, "1");
	drop_and_expect_released(test, dev, "bA1");
}

static int add_failing(struct kunit *test, struct device *dev, bool or_reset)
{
	static char one = '1';

	if (or_reset)
		return KMEM_FAILING_BLOCKING(test, 1, devm_add_action_or_reset(dev, act, &one));
	return KMEM_FAILING_BLOCKING(test, 1, devm_add_action(dev, act, &one));
}

/*
 * An action that cannot be added for lack of memory is -ENOMEM, and run at once
 * by devm_add_action_or_reset() alone; it is not run again when the device goes.
 * Source: __devm_add_action_or_reset().
 */
static void failed_addition_runs_only_with_reset(struct kunit *test)
{
	struct device *dev = make_watched(test);
	int error = 0;

	KMEM_CAPTURE(test, error = add_failing(test, dev, false));
	KUNIT_EXPECT_EQ(test, error, -ENOMEM);
	expect_released(test, "");
	KMEM_CAPTURE(test, error = add_failing(test, dev, true));
	KUNIT_EXPECT_EQ(test, error, -ENOMEM);
	expect_released(test, "1");
	drop_and_expect_released(test, dev, "");
}

/*
 * devm_is_action_added() says whether the device has an action with this function
 * and these data, until the last one of them was removed or released. Source:
 * devm_is_action_added().
 */
static void added_action_is_known(struct kunit *test)
{
	static char one = '1', same = '1';
	struct device *dev = make_watched(test), *other = make_device(test, "kmem_devm_other");

	if (!kmem_can_ask_for_actions())
		kunit_skip(test, "needs Linux 7, for devm_is_action_added()");
	KUNIT_EXPECT_FALSE(test, devm_is_action_added(dev, act, &one));
	KUNIT_ASSERT_EQ(test, devm_add_action(dev, act, &one), 0);
	KUNIT_ASSERT_EQ(test, devm_add_action(dev, act, &one), 0);
	KUNIT_EXPECT_TRUE(test, devm_is_action_added(dev, act, &one));
	KUNIT_EXPECT_FALSE(test, devm_is_action_added(dev, act, &same));
	KUNIT_EXPECT_FALSE(test, devm_is_action_added(dev, act, NULL));
	KUNIT_EXPECT_FALSE(test, devm_is_action_added(dev, act_otherwise, &one));
	KUNIT_EXPECT_FALSE(test, devm_is_action_added(other, act, &one));

	devm_remove_action(dev, act, &one);
	KUNIT_EXPECT_TRUE(test, devm_is_action_added(dev, act, &one));
	expect_released(test, "");
	devm_release_action(dev, act, &one);
	KUNIT_EXPECT_FALSE(test, devm_is_action_added(dev, act, &one));
	expect_released(test, "1");

	/* an earlier one is found behind later ones, whatever these are */
	KUNIT_ASSERT_EQ(test, devm_add_action(dev, act, &one), 0);
	KUNIT_ASSERT_EQ(test, devm_add_action(dev, act_otherwise, &one), 0);
	add_resources(test, dev, "Ab");
	KUNIT_EXPECT_TRUE(test, devm_is_action_added(dev, act, &one));
	drop_and_expect_released(test, dev, "bA21");
}

/*
 * devm_remove_action_nowarn() takes an action away and does not run it; where there
 * is none it is -ENOENT, and quiet. Source: its kernel-doc, "this function does not
 * WARN()".
 */
static void removal_may_be_tried_quietly(struct kunit *test)
{
	static char one = '1', two = '2';
	struct device *dev = make_watched(test);
	int error = 0;

	if (!kmem_can_ask_for_actions())
		kunit_skip(test, "needs Linux 7, for devm_remove_action_nowarn()");
	KUNIT_ASSERT_EQ(test, devm_add_action(dev, act, &one), 0);
	KUNIT_ASSERT_EQ(test, devm_add_action(dev, act, &two), 0);
	KMEM_EXPECT_SILENCE(test, error = devm_remove_action_nowarn(dev, act_otherwise, &one));
	KUNIT_EXPECT_EQ(test, error, -ENOENT);
	KMEM_EXPECT_SILENCE(test, error = devm_remove_action_nowarn(dev, act, &one));
	KUNIT_EXPECT_EQ(test, error, 0);
	KMEM_EXPECT_SILENCE(test, error = devm_remove_action_nowarn(dev, act, &one));
	KUNIT_EXPECT_EQ(test, error, -ENOENT);
	drop_and_expect_released(test, dev, "2");
}

static void release_silently(struct device *dev, void *resource)
{
}

/*
 * A resource is no action, though what is in it looks like one: it is neither
 * found nor taken away. Source: devm_remove_action(), "Both action and data should
 * match one of the existing entries".
 */
static void resource_is_no_action(struct kunit *test)
{
	struct device *dev = make_watched(test);
	void **resource = devres_alloc(release_silently, 2 * sizeof(*resource), GFP_KERNEL);
	/* data and function stand side by side, or the data in the release function's place */
	void *data[] = { diary.letters, release_silently };
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, resource);
	devres_add(dev, resource);
	for (i = 0; i < ARRAY_SIZE(data); i++) {
		resource[0] = i ? (void *)act_otherwise : data[i];
		resource[1] = act_otherwise;
		if (kmem_can_ask_for_actions())
			KUNIT_EXPECT_FALSE(test, devm_is_action_added(dev, act_otherwise, data[i]));
		KMEM_EXPECT_WARN(test, devm_remove_action(dev, act_otherwise, data[i]), "devres.");
		KUNIT_ASSERT_PTR_EQ(test, devres_find(dev, release_silently, NULL, NULL),
				    (void *)resource);
	}
	drop_and_expect_released(test, dev, "");
}

static void add_and_end_actions(struct kunit *test, void *dev)
{
	static char one = '1';

	KUNIT_ASSERT_EQ(test, devm_add_action(dev, act, &one), 0);
	devm_remove_action(dev, act, &one);
	KUNIT_ASSERT_EQ(test, devm_add_action(dev, act, &one), 0);
	devm_release_action(dev, act, &one);
	memset(diary.letters, 0, sizeof(diary.letters));
}

/* An action that was removed or released leaves nothing. */
static void ended_action_leaves_nothing(struct kunit *test)
{
	kmem_require_no_quarantine(test);
	kmem_expect_no_leak(test, 64, add_and_end_actions, make_watched(test));
}

#define MANY_ACTIONS	512

static void drop_device_with_actions(struct kunit *test, void *context)
{
	struct device *dev = make_watched(test);
	static char one = '1';
	unsigned int i;

	for (i = 0; i < MANY_ACTIONS; i++)
		KUNIT_ASSERT_EQ(test, devm_add_action(dev, act, &one), 0);
	kunit_release_action(test, drop_device, dev);
}

/* Nor does one that runs when its device goes. */
static void action_leaves_nothing_when_it_has_run(struct kunit *test)
{
	kmem_require_no_quarantine(test);
	kmem_expect_no_leak(test, MANY_ACTIONS * 64, drop_device_with_actions, NULL);
}

static struct kunit_case kmem_devm_action_cases[] = {
	KUNIT_CASE(actions_run_in_their_turn),
	KUNIT_CASE(failed_addition_runs_only_with_reset),
	KUNIT_CASE(added_action_is_known),
	KUNIT_CASE(removed_action_does_not_run),
	KUNIT_CASE(removal_may_be_tried_quietly),
	KUNIT_CASE(released_action_runs_now),
	KUNIT_CASE(latest_of_actions_alike_is_taken_away),
	KUNIT_CASE(resource_is_no_action),
	KUNIT_CASE(ended_action_leaves_nothing),
	KUNIT_CASE(action_leaves_nothing_when_it_has_run),
	{}
};

static struct kunit_suite kmem_devm_action_suite = {
	.name = "kmem_devm_action",
	.init = kmem_suite_init,
	.test_cases = kmem_devm_action_cases,
};

kunit_test_suite(kmem_devm_action_suite);

MODULE_DESCRIPTION("KUnit tests for the actions of a device");
MODULE_LICENSE("GPL");
