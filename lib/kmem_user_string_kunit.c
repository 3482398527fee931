// SPDX-License-Identifier: GPL-2.0-only
/*
 * Duplication of strings of user space: strndup_user().
 *
 * Each case has user mappings of its own. The contracts are those of the
 * kernel-doc in mm/util.c. What is true of all copies of user memory is in
 * kmem_user.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_user_string'
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "kmem_kunit.h"
#include "kmem_text.h"
#include "kmem_user.h"

/* What strndup_user() makes of "0123456789", for each relation of n to its size. */
static const struct limit {
	const char *name;
	long n;
	long error;
} limits[] = {
	{ "one", 1, -EINVAL },
	{ "shorter", 9, -EINVAL },
	{ "the length", 10, -EINVAL },
	{ "the size", 11, 0 },
	{ "more by one", 12, 0 },
	{ "a page", 4096, 0 },
	{ "more than kmalloc has", 1 << 30, 0 },
};

KUNIT_ARRAY_PARAM_DESC(limit, limits, name);

/*
 * strndup_user() copies a string of n bytes at most, its NUL among them; a longer
 * one is -EINVAL and not cut. Source: kernel-doc, "Maximum number of bytes to
 * copy, including the trailing NUL", and mm/util.c.
 */
static void strndup_user_counts_the_nul(struct kunit *test)
{
	const struct limit *limit = test->param_value;
	char __user *area = map_user(test, 2);
	char *copy;

	/* within a page, across pages, and up to the hole */
	static const size_t places[] = { 0, 4090, 8192 - 11 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		write_user(test, area + places[i], "0123456789", 11);
		copy = strndup_user(area + places[i], limit->n);
		if (limit->error) {
			KUNIT_EXPECT_EQ_MSG(test, PTR_ERR(copy), limit->error, "at %zu", places[i]);
			continue;
		}
		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR_OR_NULL(copy), "at %zu", places[i]);
		KUNIT_EXPECT_STREQ_MSG(test, copy, "0123456789", "at %zu", places[i]);
		KUNIT_EXPECT_LE_MSG(test, ksize(copy), max(KMALLOC_MIN_SIZE, 16), "at %zu",
				    places[i]);
		kfree(copy);
	}
}

/* The empty string is a string of one byte; with no room for it, it is an error. */
static void strndup_user_copies_the_empty_string(struct kunit *test)
{
	char __user *area = map_user(test, 1);
	char *copy = strndup_user(area, 1);

	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(copy));
	KUNIT_EXPECT_STREQ(test, copy, "");
	kfree(copy);
	KUNIT_EXPECT_TRUE(test, IS_ERR(strndup_user(area, 0)));
}

/*
 * A string without an end before the hole is -EFAULT if its limit is behind the
 * hole, and -EINVAL if it is not. Source: strndup_user(), strnlen_user().
 */
static void strndup_user_needs_an_end(struct kunit *test)
{
	char __user *area = map_user(test, 1);
	char *text = kmem_make_text(test, PAGE_SIZE, 7);

	write_user(test, area, text, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, PTR_ERR(strndup_user(area, PAGE_SIZE)), -EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(strndup_user(area + 1, PAGE_SIZE - 1)), -EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(strndup_user(area, PAGE_SIZE + 1)), -EFAULT);
	KUNIT_EXPECT_EQ(test, PTR_ERR(strndup_user(area + 4000, PAGE_SIZE)), -EFAULT);
}

/* The page of the kernel's memory that the file is about is the user's, too. */
static int map_page(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, page_to_pfn(virt_to_page(file->private_data)),
			       PAGE_SIZE, vma->vm_page_prot);
}

static const struct file_operations page_operations = {
	.owner = THIS_MODULE,
	.mmap = map_page,
};

/* Where user space sees the page of the kernel's memory with this address. */
static char __user *show_user(struct kunit *test, void *address)
{
	unsigned long area = kmem_user_map(test, PAGE_SIZE);
	struct file *file = kmem_anon_file(test, "[kmem]", &page_operations, address);

	KUNIT_ASSERT_EQ(test, vm_mmap(file, area, PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, 0),
			area);
	return (char __user *)area + offset_in_page(address);
}

/*
 * The copy ends in a NUL though user space changes the string after its length was
 * found. Source: strndup_user(), "p[length - 1] = '\0'".
 */
static void copy_of_what_changes_ends_in_nul(struct kunit *test)
{
	char __user *text = show_user(test, kmem_changing_text(test));
	gfp_t allowed = kmem_reclaim_forbid(test);
	char *copy;

	/* as new, whatever was allocated since */
	kmem_changing_text(test);
	copy = strndup_user(text, 4);
	kmem_fail_cancel();
	kmem_reclaim_allow(allowed);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(copy));
	KUNIT_EXPECT_EQ(test, *copy, '\0');
	kfree(copy);
}

static struct kunit_case kmem_user_string_cases[] = {
	KUNIT_CASE_PARAM(strndup_user_counts_the_nul, limit_gen_params),
	KUNIT_CASE(strndup_user_copies_the_empty_string),
	KUNIT_CASE(strndup_user_needs_an_end),
	KUNIT_CASE(copy_of_what_changes_ends_in_nul),
	{}
};

static struct kunit_suite kmem_user_string_suite = {
	.name = "kmem_user_string",
	.init = kmem_suite_init,
	.test_cases = kmem_user_string_cases,
};

kunit_test_suite(kmem_user_string_suite);

MODULE_DESCRIPTION("KUnit tests for duplication of strings of user space");
MODULE_LICENSE("GPL");
