/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User memory with a hole behind it, for the suites about copies of it.
 */
#ifndef _KMEM_USER_H
#define _KMEM_USER_H

#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/uaccess.h>
#include "kmem_kunit.h"

/* Where the user memory of this case is: so many pages, then one that is not mapped. */
static inline char __user *map_user(struct kunit *test, unsigned int pages)
{
	unsigned long start = kmem_user_map(test, (pages + 1) * PAGE_SIZE);
	unsigned long hole = start + pages * PAGE_SIZE;

	KUNIT_ASSERT_EQ(test, vm_munmap(hole, PAGE_SIZE), 0);
	KUNIT_ASSERT_EQ_MSG(test, clear_user((void __user *)start, pages * PAGE_SIZE), 0,
			    "the mapping cannot be written to");
	KUNIT_ASSERT_EQ_MSG(test, clear_user((void __user *)hole, 1), 1, "there is no hole");
	return (char __user *)start;
}

static inline void write_user(struct kunit *test, char __user *dst, const void *src,
			      size_t size)
{
	KUNIT_ASSERT_EQ_MSG(test, copy_to_user(dst, src, size), 0, "size=%zu", size);
}

#endif /* _KMEM_USER_H */
