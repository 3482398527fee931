// SPDX-License-Identifier: GPL-2.0-only
/*
 * The resources of a device: devres_alloc() and its family, and groups of
 * resources. For actions, see kmem_devm_action.
 *
 * Each case has a device of its own, and resources that write down when they are
 * released. The contracts are those of the kernel-doc in drivers/base/devres.c.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_devres'
 */
#include <kunit/test.h>
#include <linux/compiler.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_device.h"
#include "kmem_devres.h"
#include "kmem_kunit.h"
#include "kmem_text.h"

#define DIRT		0xd1
/* how many allocations may pass until the freed memory comes back */
#define TRIES		512

static int match(struct device *dev, void *resource, void *letter)
{
	return *(char *)resource == *(char *)letter;
}

static const size_t sizes[] = { 1, 8, 40, 64, 100, 128, 200, 256, 500, 1000, 4000, 8000, 20000 };

/* From the same place, by which kmalloc() may choose among its caches. */
static noinline void *make_resource(size_t size)
{
	void *resource = devres_alloc(release, size, GFP_KERNEL);

	barrier();	/* or it would be left for the place that it was called from */
	return resource;
}

/*
 * A resource is zero to its last byte, also where the memory was dirty before,
 * and is aligned for whatever is to be in it. Source: kernel-doc of
 * __devres_alloc_node(), "The allocated area is zeroed".
 */
static void resource_is_zero(struct kunit *test)
{
	size_t i;

	kmem_require_no_quarantine(test);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u8 *dirty = make_resource(sizes[i]), *resource = NULL, *stain;
		static void *kept[TRIES];
		unsigned int nr = 0;

		KUNIT_ASSERT_NOT_NULL(test, dirty);
		memset(dirty, DIRT, sizes[i]);
		devres_free(dirty);
		while (nr < TRIES) {
			resource = make_resource(sizes[i]);
			if (!resource || resource == dirty)
				break;
			kept[nr++] = resource;
		}
		KUNIT_EXPECT_PTR_EQ_MSG(test, resource, dirty,
					"size %zu did not come back, nothing is proved", sizes[i]);
		stain = memchr_inv(resource, 0, sizes[i]);
		KUNIT_EXPECT_NULL_MSG(test, stain, "size %zu, offset %td", sizes[i],
				      stain - resource);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)resource, ARCH_KMALLOC_MINALIGN));
		if (resource == dirty)
			devres_free(resource);
		while (nr)
			devres_free(kept[--nr]);
	}
}

/*
 * When memory runs out the result is NULL, which is reported unless the flags say not
 * to; a size too large for what is kept with it is NULL, too. Source: kernel-doc, "NULL
 * on failure"; __GFP_NOWARN in <linux/gfp_types.h>.
 */
static void failed_allocation_gives_null(struct kunit *test)
{
	const gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN;
	const struct kmem_report *report;
	size_t size = SIZE_MAX - 7;
	void *resource = NULL;

	OPTIMIZER_HIDE_VAR(size);
	KUNIT_EXPECT_NULL(test, KMEM_FAILING(test, 1, devres_alloc(release, 100, gfp)));
	report = KMEM_CAPTURE(test, {
		resource = KMEM_FAILING(test, 1, devres_alloc(release, 100, gfp & ~__GFP_NOWARN));
	});
	KUNIT_EXPECT_NULL(test, resource);
	kmem_expect_text(test, report, "forcing a failure");
	KMEM_EXPECT_SILENCE(test, resource = devres_alloc(release, size, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, resource);
	KMEM_EXPECT_SILENCE(test, devres_free(NULL));
}

static void alloc_and_free(struct kunit *test, void *context)
{
	devres_free(devres_alloc(release, SZ_1M - 512, GFP_KERNEL));
}

/* devres_free() frees a resource that no device has, and does not release it. */
static void devres_free_frees_only(struct kunit *test)
{
	memset(&diary, 0, sizeof(diary));
	kmem_expect_no_leak(test, SZ_1M, alloc_and_free, NULL);
	expect_released(test, "");
}

/*
 * When the device goes all of its resources are released, once each, the latest
 * first, and are told which device it was; it has them no more, and their release
 * may sleep. Source: kernel-doc of devres_add(), "On driver detach", and
 * devres_release_all(), which holds no lock then.
 */
static void device_releases_in_reverse_order(struct kunit *test)
{
	struct device *dev = make_watched(test);

	add_resources(test, dev, "ABcDefG");
	drop_and_expect_released(test, dev, "GfeDcBA");
	KUNIT_EXPECT_PTR_EQ(test, diary.dev, dev);
}

/* A device without resources goes silently. */
static void empty_device_releases_nothing(struct kunit *test)
{
	drop_and_expect_released(test, make_watched(test), "");
}

static void release_large(struct device *dev, void *resource)
{
	write_down('L');
}

static void take_resources(struct kunit *test, struct device *dev)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		void *resource = devres_alloc(release_large, SZ_1M - 512, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, resource);
		devres_add(dev, resource);
	}
}

/* The memory of a resource is freed after it was released, with the device. */
static void released_memory_is_freed(struct kunit *test)
{
	memset(&diary, 0, sizeof(diary));
	expect_device_keeps(test, 4 * (long)(SZ_1M / PAGE_SIZE), take_resources);
	expect_released(test, "LLLLLLLLLLLL");
}

/*
 * devres_find() gives the latest one of its kind that matches, and leaves it
 * where it is; without a match function, the latest of its kind. Source: its
 * kernel-doc, "Find the latest devres".
 */
static void latest_match_is_found(struct kunit *test)
{
	struct device *dev = make_watched(test);
	char *first, *second, *other;

	KUNIT_EXPECT_NULL(test, devres_find(dev, release, NULL, NULL));
	first = alloc_resource(test, release, 'A');
	devres_add(dev, first);
	second = alloc_resource(test, release, 'A');
	devres_add(dev, second);
	devres_add(dev, alloc_resource(test, release, 'B'));
	other = alloc_resource(test, release_other, 'A');
	devres_add(dev, other);

	KUNIT_EXPECT_PTR_EQ(test, (char *)devres_find(dev, release, match, "A"), second);
	KUNIT_EXPECT_EQ(test, *(char *)devres_find(dev, release, match, "B"), 'B');
	KUNIT_EXPECT_EQ(test, *(char *)devres_find(dev, release, NULL, NULL), 'B');
	KUNIT_EXPECT_PTR_EQ(test, (char *)devres_find(dev, release_other, match, "A"), other);
	KUNIT_EXPECT_NULL(test, devres_find(dev, release_other, match, "B"));
	KUNIT_EXPECT_NULL(test, devres_find(dev, release_large, NULL, NULL));
	drop_and_expect_released(test, dev, "ABAA");
}

static void act_on_nothing(void *data)
{
}

/* What devres_for_each_res() has called with: the letters, and all else that it hands on. */
struct visit {
	char letters[16];
	struct device *dev;
	bool wrong_device;
};

static void visit(struct device *dev, void *resource, void *context)
{
	struct visit *visit = context;
	size_t len = strlen(visit->letters);

	if (len < sizeof(visit->letters) - 1)
		visit->letters[len] = *(char *)resource;
	visit->wrong_device |= dev != visit->dev;
}

static void expect_visited(struct kunit *test, struct device *dev, dr_release_t kind,
			   dr_match_t is_wanted, const char *letter, const char *letters)
{
	struct visit this = { .dev = dev };

	devres_for_each_res(dev, kind, is_wanted, (void *)letter, visit, &this);
	KUNIT_EXPECT_STREQ(test, this.letters, letters);
	KUNIT_EXPECT_FALSE(test, this.wrong_device);
}

/*
 * devres_for_each_res() calls with each resource of its kind that matches, the
 * latest first, with the device and the caller's data, and leaves them where they
 * are; with no function there is nothing to call. Source: its kernel-doc, "Call @fn
 * for each devres", and its list_for_each_entry_safe_reverse().
 */
static void each_match_is_visited(struct kunit *test)
{
	struct device *dev = make_watched(test);

	expect_visited(test, dev, release, NULL, NULL, "");
	add_resources(test, dev, "ABAcBd");
	expect_visited(test, dev, release, NULL, NULL, "BABA");
	expect_visited(test, dev, release, match, "A", "AA");
	expect_visited(test, dev, release, match, "c", "");
	expect_visited(test, dev, release_other, NULL, NULL, "dc");
	expect_visited(test, dev, release_other, match, "c", "c");
	expect_visited(test, dev, release_large, NULL, NULL, "");
	devres_for_each_res(dev, release, NULL, NULL, NULL, NULL);
	drop_and_expect_released(test, dev, "dBcABA");
}

/*
 * An action or a group is no resource of anybody's kind, though it has the kind's
 * release function for its data or its ID: devres_find() and devres_for_each_res()
 * pass over it. Source: find_dr() and devres_for_each_res(), "associated with
 * @release".
 */
static void only_resources_are_found(struct kunit *test)
{
	struct device *dev = make_watched(test);
	struct visit this = { .dev = dev };

	KUNIT_ASSERT_EQ(test, devm_add_action(dev, act_on_nothing, release), 0);
	KUNIT_ASSERT_NOT_NULL(test, devres_open_group(dev, release, GFP_KERNEL));
	devres_close_group(dev, release);
	KUNIT_EXPECT_NULL(test, devres_find(dev, release, NULL, NULL));
	devres_for_each_res(dev, release, NULL, NULL, visit, &this);
	KUNIT_EXPECT_STREQ(test, this.letters, "");
	drop_and_expect_released(test, dev, "");
}

/*
 * devres_get() gives what matches, and frees the new one without releasing it; if nothing
 * does, it adds the new one. It leaves interrupts as they are. Source: its kernel-doc, and
 * the spin_lock_irqsave() in it.
 */
static void devres_get_adds_what_is_missing(struct kunit *test)
{
	struct device *dev = make_watched(test);
	char *first = alloc_resource(test, release, 'A'), *other, *found;

	KMEM_WITH_IRQS_OFF(test, found = devres_get(dev, first, match, "A"));
	KUNIT_EXPECT_PTR_EQ(test, found, first);
	found = devres_get(dev, alloc_resource(test, release, 'A'), match, "A");
	KUNIT_EXPECT_PTR_EQ(test, found, first);
	other = alloc_resource(test, release_other, 'A');
	KMEM_WITH_IRQS_OFF(test, found = devres_get(dev, other, match, "A"));
	KUNIT_EXPECT_PTR_EQ(test, found, other);
	drop_and_expect_released(test, dev, "AA");
}

/*
 * devres_remove() takes the latest match from the device, unreleased, and gives
 * NULL if there is none. Source: its kernel-doc.
 */
static void devres_remove_takes_one_away(struct kunit *test)
{
	struct device *dev = make_watched(test);
	char *removed;

	add_resources(test, dev, "ABAc");
	removed = devres_remove(dev, release, match, "A");
	KUNIT_ASSERT_NOT_NULL(test, removed);
	KUNIT_EXPECT_EQ(test, *removed, 'A');
	KUNIT_EXPECT_NULL(test, devres_remove(dev, release_other, match, "A"));
	KUNIT_EXPECT_PTR_NE(test, (char *)devres_find(dev, release, match, "A"), removed);
	/* it is its owner's: to be freed, or added again */
	devres_add(dev, removed);
	drop_and_expect_released(test, dev, "AcBA");
}

/*
 * devres_destroy() frees the latest match without releasing it; -ENOENT if there
 * is none. Source: its kernel-doc, "the release function for the resource will
 * not be called".
 */
static void devres_destroy_does_not_release(struct kunit *test)
{
	struct device *dev = make_watched(test);

	add_resources(test, dev, "ABAc");
	KUNIT_EXPECT_EQ(test, devres_destroy(dev, release, match, "A"), 0);
	KUNIT_EXPECT_EQ(test, devres_destroy(dev, release, match, "x"), -ENOENT);
	KUNIT_EXPECT_EQ(test, devres_destroy(dev, release_other, match, "B"), -ENOENT);
	drop_and_expect_released(test, dev, "cBA");
}

/*
 * devres_release() releases the latest match, once, and frees it; -ENOENT if
 * there is none. Source: its kernel-doc, "removed atomically, the release function
 * called".
 */
static void devres_release_releases_one(struct kunit *test)
{
	struct device *dev = make_watched(test);

	add_resources(test, dev, "ABAc");
	KUNIT_EXPECT_EQ(test, devres_release(dev, release, match, "B"), 0);
	expect_released(test, "B");
	KUNIT_EXPECT_PTR_EQ(test, diary.dev, dev);
	KUNIT_EXPECT_EQ(test, devres_release(dev, release, match, "B"), -ENOENT);
	KUNIT_EXPECT_EQ(test, devres_release(dev, release_other, NULL, NULL), 0);
	expect_released(test, "c");
	drop_and_expect_released(test, dev, "AA");
}

static void add_large(struct device *dev)
{
	void *resource = devres_alloc(release_large, SZ_1M - 512, GFP_KERNEL);

	if (resource)
		devres_add(dev, resource);
}

static void add_and_destroy(struct kunit *test, void *dev)
{
	add_large(dev);
	KUNIT_EXPECT_EQ(test, devres_destroy(dev, release_large, NULL, NULL), 0);
	add_large(dev);
	KUNIT_EXPECT_EQ(test, devres_release(dev, release_large, NULL, NULL), 0);
	add_large(dev);
	devres_free(devres_remove(dev, release_large, NULL, NULL));
	add_large(dev);
	KUNIT_EXPECT_NOT_NULL(test, devres_get(dev, devres_alloc(release_large, SZ_1M - 512,
								 GFP_KERNEL), NULL, NULL));
	devres_destroy(dev, release_large, NULL, NULL);
}

/* What was taken from the device in any way is freed, and nothing of it is left. */
static void destroyed_resource_leaves_nothing(struct kunit *test)
{
	kmem_expect_no_leak(test, SZ_1M, add_and_destroy, make_watched(test));
}

/*
 * The release of a closed group releases what was added between its ends, the
 * latest first, tells how many they were, and leaves all others. Source:
 * kernel-doc of devres_release_group().
 */
static void closed_group_is_released_alone(struct kunit *test)
{
	struct device *dev = make_watched(test);
	void *group;

	add_resources(test, dev, "Ab");
	group = devres_open_group(dev, NULL, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, group);
	add_resources(test, dev, "CdE");
	devres_close_group(dev, group);
	add_resources(test, dev, "fG");
	KUNIT_EXPECT_EQ(test, devres_release_group(dev, group), 3);
	expect_released(test, "EdC");
	drop_and_expect_released(test, dev, "GfbA");
}

/* An open group has all that was added since. */
static void open_group_has_all_since(struct kunit *test)
{
	struct device *dev = make_watched(test);

	add_resources(test, dev, "A");
	KUNIT_ASSERT_NOT_NULL(test, devres_open_group(dev, NULL, GFP_KERNEL));
	add_resources(test, dev, "bC");
	KUNIT_EXPECT_EQ(test, devres_release_group(dev, NULL), 2);
	expect_released(test, "Cb");
	add_resources(test, dev, "D");
	drop_and_expect_released(test, dev, "DA");
}

/*
 * A group within a group goes with it; one that only overlaps with it stays, and
 * with it what is in both of them no more. Source: devres_release_group(), "groups
 * properly nested inside the selected group are removed".
 */
static void nested_groups_go_overlapping_ones_stay(struct kunit *test)
{
	struct device *dev = make_watched(test);
	int earlier, outer, inner, later;

	KUNIT_ASSERT_NOT_NULL(test, devres_open_group(dev, &earlier, GFP_KERNEL));
	add_resources(test, dev, "f");
	KUNIT_ASSERT_NOT_NULL(test, devres_open_group(dev, &outer, GFP_KERNEL));
	add_resources(test, dev, "A");
	devres_close_group(dev, &earlier);
	KUNIT_ASSERT_NOT_NULL(test, devres_open_group(dev, &inner, GFP_KERNEL));
	add_resources(test, dev, "b");
	devres_close_group(dev, &inner);
	KUNIT_ASSERT_NOT_NULL(test, devres_open_group(dev, &later, GFP_KERNEL));
	add_resources(test, dev, "C");
	devres_close_group(dev, &outer);
	add_resources(test, dev, "d");
	devres_close_group(dev, &later);
	add_resources(test, dev, "E");

	KUNIT_EXPECT_EQ(test, devres_release_group(dev, &outer), 3);
	expect_released(test, "CbA");
	KUNIT_EXPECT_EQ(test, devres_release_group(dev, &later), 1);
	expect_released(test, "d");
	KUNIT_EXPECT_EQ(test, devres_release_group(dev, &earlier), 1);
	expect_released(test, "f");
	KMEM_EXPECT_WARN(test, devres_release_group(dev, &inner), "drivers/base/devres.c:");
	drop_and_expect_released(test, dev, "E");
}

/* Without an ID, it is the latest open group that is meant, for all functions. */
static void latest_open_group_is_meant(struct kunit *test)
{
	struct device *dev = make_watched(test);
	int first, second;

	KUNIT_EXPECT_PTR_EQ(test, devres_open_group(dev, &first, GFP_KERNEL), (void *)&first);
	add_resources(test, dev, "A");
	KUNIT_EXPECT_PTR_EQ(test, devres_open_group(dev, &second, GFP_KERNEL), (void *)&second);
	add_resources(test, dev, "b");
	devres_close_group(dev, NULL);
	add_resources(test, dev, "C");
	devres_close_group(dev, NULL);
	add_resources(test, dev, "d");

	KUNIT_EXPECT_EQ(test, devres_release_group(dev, &second), 1);
	expect_released(test, "b");
	KUNIT_EXPECT_EQ(test, devres_release_group(dev, &first), 2);
	expect_released(test, "CA");

	KUNIT_ASSERT_NOT_NULL(test, devres_open_group(dev, &first, GFP_KERNEL));
	KMEM_EXPECT_SILENCE(test, devres_remove_group(dev, NULL));
	KMEM_EXPECT_WARN(test, devres_release_group(dev, &first), "drivers/base/devres.c:");
	drop_and_expect_released(test, dev, "d");
}

/*
 * devres_remove_group() forgets the group and leaves the resources. Source: its
 * kernel-doc, "removing a group doesn't affect any other resources".
 */
static void removed_group_leaves_its_resources(struct kunit *test)
{
	struct device *dev = make_watched(test);
	void *group = devres_open_group(dev, NULL, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, group);
	add_resources(test, dev, "Ab");
	devres_close_group(dev, group);
	KMEM_EXPECT_SILENCE(test, devres_remove_group(dev, group));
	expect_released(test, "");
	KMEM_EXPECT_WARN(test, devres_release_group(dev, group), "drivers/base/devres.c:");
	drop_and_expect_released(test, dev, "bA");
}

/* A group that the device has not is reported, by each function, and changes nothing. */
static void unknown_group_is_reported(struct kunit *test)
{
	struct device *dev = make_watched(test);
	int unknown, released = 1;

	add_resources(test, dev, "A");
	KMEM_EXPECT_WARN(test, devres_close_group(dev, &unknown), "drivers/base/devres.c:");
	KMEM_EXPECT_WARN(test, devres_remove_group(dev, &unknown), "drivers/base/devres.c:");
	KMEM_EXPECT_WARN(test, released = devres_release_group(dev, &unknown),
			 "drivers/base/devres.c:");
	KUNIT_EXPECT_EQ(test, released, 0);
	drop_and_expect_released(test, dev, "A");
}

/* Groups that are left, open or closed, go with the device and its resources. */
static void groups_go_with_the_device(struct kunit *test)
{
	struct device *dev = make_watched(test);
	int closed, open;

	KUNIT_ASSERT_NOT_NULL(test, devres_open_group(dev, &closed, GFP_KERNEL));
	add_resources(test, dev, "Ab");
	devres_close_group(dev, &closed);
	KUNIT_ASSERT_NOT_NULL(test, devres_open_group(dev, &open, GFP_KERNEL));
	add_resources(test, dev, "C");
	drop_and_expect_released(test, dev, "CbA");
}

static void release_group(void *id)
{
	devres_release_group(diary.dev, id);
}

/*
 * Who releases a group while its device goes, which has taken it away before, does
 * nothing, silently. Source: devres_release_group(), "dev is probably dying via
 * devres_release_all() ... don't touch and don't warn".
 */
static void group_of_a_dying_device_is_not_missed(struct kunit *test)
{
	struct device *dev = make_watched(test);
	int id;

	diary.dev = dev;
	KUNIT_ASSERT_NOT_NULL(test, devres_open_group(dev, &id, GFP_KERNEL));
	add_resources(test, dev, "Ab");
	devres_close_group(dev, &id);
	KUNIT_ASSERT_EQ(test, devm_add_action(dev, release_group, &id), 0);
	drop_and_expect_released(test, dev, "bA");
}

static void open_and_end_groups(struct kunit *test, void *dev)
{
	int id;

	KUNIT_ASSERT_NOT_NULL(test, devres_open_group(dev, &id, GFP_KERNEL));
	devres_close_group(dev, &id);
	devres_remove_group(dev, &id);
	KUNIT_ASSERT_NOT_NULL(test, devres_open_group(dev, &id, GFP_KERNEL));
	devres_release_group(dev, &id);
}

/* A group that was removed or released leaves nothing, and one not to be had is NULL. */
static void ended_group_leaves_nothing(struct kunit *test)
{
	struct device *dev = make_watched(test);
	void *group;

	group = KMEM_FAILING(test, 1, devres_open_group(dev, NULL, GFP_NOWAIT | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, group);
	kmem_require_no_quarantine(test);
	/* the device has one of its own, or a resource at all */
	add_resources(test, dev, "A");
	kmem_expect_no_leak(test, 96, open_and_end_groups, dev);
	drop_and_expect_released(test, dev, "A");
}

static struct kunit_case kmem_devres_cases[] = {
	KUNIT_CASE(resource_is_zero),
	KUNIT_CASE(failed_allocation_gives_null),
	KUNIT_CASE(devres_free_frees_only),
	KUNIT_CASE(device_releases_in_reverse_order),
	KUNIT_CASE(empty_device_releases_nothing),
	KUNIT_CASE(released_memory_is_freed),
	KUNIT_CASE(latest_match_is_found),
	KUNIT_CASE(each_match_is_visited),
	KUNIT_CASE(only_resources_are_found),
	KUNIT_CASE(devres_get_adds_what_is_missing),
	KUNIT_CASE(devres_remove_takes_one_away),
	KUNIT_CASE(devres_destroy_does_not_release),
	KUNIT_CASE(devres_release_releases_one),
	KUNIT_CASE(destroyed_resource_leaves_nothing),
	KUNIT_CASE(closed_group_is_released_alone),
	KUNIT_CASE(open_group_has_all_since),
	KUNIT_CASE(nested_groups_go_overlapping_ones_stay),
	KUNIT_CASE(latest_open_group_is_meant),
	KUNIT_CASE(removed_group_leaves_its_resources),
	KUNIT_CASE(unknown_group_is_reported),
	KUNIT_CASE(groups_go_with_the_device),
	KUNIT_CASE(group_of_a_dying_device_is_not_missed),
	KUNIT_CASE(ended_group_leaves_nothing),
	{}
};

static struct kunit_suite kmem_devres_suite = {
	.name = "kmem_devres",
	.init = kmem_suite_init,
	.test_cases = kmem_devres_cases,
};

kunit_test_suite(kmem_devres_suite);

MODULE_DESCRIPTION("KUnit tests for the resources of a device");
MODULE_LICENSE("GPL");
