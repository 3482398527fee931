/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device of their own, for the suites about memory that goes with it.
 */
#ifndef _KMEM_DEVICE_H
#define _KMEM_DEVICE_H

#include <kunit/test.h>
#include <linux/device.h>
#include <linux/err.h>
#include "kmem_kunit.h"

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

#endif /* _KMEM_DEVICE_H */
