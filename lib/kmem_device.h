/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device of their own, for the suites about memory that goes with it.
 */
#ifndef _KMEM_DEVICE_H
#define _KMEM_DEVICE_H

#include <kunit/test.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include "kmem_kunit.h"
#include "kmem_text.h"

static inline void drop_device(void *dev)
{
	root_device_unregister(dev);
}

/* A device that goes with the case. */
static inline struct device *make_device(struct kunit *test, const char *name)
{
	struct device *dev = root_device_register(name);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR_OR_NULL(dev), "root_device_register() gave %ld",
			       (long)dev);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, drop_device, dev), 0);
	return dev;
}

/*
 * Others take and return pages meanwhile: threads that end, mappings torn down late,
 * per-cpu memory given back by a worker. A few do not matter, and many do not come
 * in most of three counts.
 */
#define KMEM_STRAY_PAGES 128

/* Expect most of three @counts of pages to be @expected, which is a multiple of 256. */
static inline void expect_most_counts(struct kunit *test, const long counts[3], long expected)
{
	long median = max(min(counts[0], counts[1]),
			  min(max(counts[0], counts[1]), counts[2]));

	KUNIT_EXPECT_GT(test, median, expected - KMEM_STRAY_PAGES);
	KUNIT_EXPECT_LT(test, median, expected + KMEM_STRAY_PAGES);
}

/*
 * Expect a device to have @pages pages after @take was called, until it goes, and
 * none afterwards.
 */
static inline void expect_device_keeps(struct kunit *test, long pages,
				       void (*take)(struct kunit *test, struct device *dev))
{
	long kept[3], left[3];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct device *dev = make_device(test, "kmem_device");
		long before = kmem_free_pages();

		take(test, dev);
		kept[i] = before - kmem_free_pages();
		kunit_release_action(test, drop_device, dev);
		left[i] = before - kmem_free_pages();
	}
	expect_most_counts(test, kept, pages);
	expect_most_counts(test, left, 0);
}

#endif /* _KMEM_DEVICE_H */
