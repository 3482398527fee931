// SPDX-License-Identifier: GPL-2.0-only
/*
 * Duplication of user memory: memdup_user(), vmemdup_user(), memdup_user_nul(),
 * strndup_user(), memdup_array_user() and vmemdup_array_user(). What is true of
 * strings only is in kmem_user_string.
 *
 * Each case has user mappings of its own, with a hole behind them. The contracts
 * are those of the kernel-doc in mm/util.c and include/linux/string.h.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_user'
 */
#include <kunit/test.h>
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "kmem_kunit.h"
#include "kmem_text.h"
#include "kmem_user.h"

/* Each way to copy user memory. What takes a string is given its NUL, too. */
static void *dup_memory(const void __user *src, size_t size)
{
	return memdup_user(src, size);
}

static void *dup_mappable(const void __user *src, size_t size)
{
	return vmemdup_user(src, size);
}

static void *dup_nul(const void __user *src, size_t size)
{
	return memdup_user_nul(src, size);
}

static void *dup_array(const void __user *src, size_t size)
{
	return memdup_array_user(src, size, 1);
}

static void *dup_mappable_array(const void __user *src, size_t size)
{
	return vmemdup_array_user(src, 1, size);
}

static void *dup_string(const void __user *src, size_t size)
{
	return strndup_user(src, size);
}

static const struct duplicator {
	const char *name;
	void *(*dup)(const void __user *src, size_t size);
	bool string;		/* ends at a NUL, and needs one */
	bool maps;		/* falls back to mapped pages */
} duplicators[] = {
	{ "memdup_user", dup_memory },
	{ "vmemdup_user", dup_mappable, .maps = true },
	{ "memdup_user_nul", dup_nul },
	{ "memdup_array_user", dup_array },
	{ "vmemdup_array_user", dup_mappable_array, .maps = true },
	{ "strndup_user", dup_string, .string = true },
};

KUNIT_ARRAY_PARAM_DESC(duplicator, duplicators, name);

/* A copy by the function of this case. */
static char *make_copy(struct kunit *test, const char __user *src, size_t size)
{
	const struct duplicator *duplicator = test->param_value;
	char *copy = duplicator->dup(src, size);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR_OR_NULL(copy), "size=%zu gave %ld", size,
			       (long)copy);
	return copy;
}

static const size_t sizes[] = {
	1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 95, 96, 97, 127, 128, 129, 191, 192,
	193, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, 4097,
	8191, 8192, 8193, 12288, 16383, 16384, 70000,
};

#define LARGEST_PAGES	(70000 / PAGE_SIZE + 1)

/*
 * The copy holds the same bytes as user memory, for every size, wherever these
 * begin in a page and however many pages they are in. Source: kernel-doc of
 * each, "duplicate memory region from user space".
 */
static void copy_is_exact(struct kunit *test)
{
	static const size_t offsets[] = { 0, 1, 100, 4000 };
	char __user *area = map_user(test, LARGEST_PAGES);
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *text = kmem_make_text(test, sizes[i] - 1, i);

		for (j = 0; j < ARRAY_SIZE(offsets); j++) {
			char *copy;

			if (offsets[j] + sizes[i] > LARGEST_PAGES * PAGE_SIZE)
				continue;
			write_user(test, area + offsets[j], text, sizes[i]);
			copy = make_copy(test, area + offsets[j], sizes[i]);
			kmem_expect_same(test, copy, text, sizes[i]);
			kvfree(copy);
		}
		kunit_kfree(test, text);
	}
}

/* The copy is the kernel's own: user space may write what it likes afterwards. */
static void copy_is_separate(struct kunit *test)
{
	const size_t size = 200;
	char __user *area = map_user(test, 1);
	char *text = kmem_make_text(test, size - 1, 1);
	char *other = kmem_make_text(test, size - 1, 2);
	char *copy;

	write_user(test, area, text, size);
	copy = make_copy(test, area, size);
	write_user(test, area, other, size);
	kmem_expect_same(test, copy, text, size);

	memset(copy, 'x', size);
	KUNIT_EXPECT_EQ(test, copy_from_user(copy, area, size), 0);
	kmem_expect_same(test, copy, other, size);
	kvfree(copy);
}

/* Not a byte is read behind the user's memory: it may end where the mapping does. */
static void source_is_not_read_past_its_end(struct kunit *test)
{
	char __user *area = map_user(test, LARGEST_PAGES);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		char __user *edge = area + LARGEST_PAGES * PAGE_SIZE - sizes[i];
		char *text = kmem_make_text(test, sizes[i] - 1, i);
		char *copy;

		write_user(test, edge, text, sizes[i]);
		copy = make_copy(test, edge, sizes[i]);
		kmem_expect_same(test, copy, text, sizes[i]);
		kvfree(copy);
		kunit_kfree(test, text);
	}
}

/* The user memory of the case below, as its callback has no argument for it. */
static char __user *neighbours_area;

static char *write_and_copy(struct kunit *test, const char *text, size_t size)
{
	write_user(test, neighbours_area, text, size);
	return make_copy(test, neighbours_area, size);
}

/*
 * Nothing is written behind the copy: one that fills its slab object to the last
 * byte, or just does not fit into a smaller one, leaves its neighbours alone.
 */
static void copy_is_not_written_past_its_end(struct kunit *test)
{
	static const size_t objects[] = { 8, 16, 32, 64, 96, 128, 192, 256, 512 };
	const struct duplicator *duplicator = test->param_value;
	size_t i;

	neighbours_area = map_user(test, 1);
	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		/* what adds a NUL fills the object with one byte less */
		size_t size = objects[i] - (duplicator->dup == dup_nul);

		kmem_expect_neighbours_kept(test, size, write_and_copy);
		kmem_expect_neighbours_kept(test, size + 1, write_and_copy);
	}
}

/* Where user memory is missing, from the beginning of the hole or of its end. */
static const struct hole {
	const char *name;
	long offset;		/* of the source, from the hole */
	size_t size;
} holes[] = {
	{ "all of it", 0, 100 },
	{ "one byte", 0, 1 },
	{ "the last byte", -99, 100 },
	{ "all but the first byte", -1, 100 },
	{ "the second page", -4096, 8192 },
	{ "the last byte of pages", -8191, 8192 },
};

KUNIT_ARRAY_PARAM_DESC(hole, holes, name);

/*
 * User memory of which any byte is missing, wherever, cannot be copied: the
 * result is -EFAULT and nothing else, from each function. Source: mm/util.c.
 */
static void missing_user_memory_is_efault(struct kunit *test)
{
	const struct hole *hole = test->param_value;
	char __user *area = map_user(test, 2);
	char *text = kmem_make_text(test, 2 * PAGE_SIZE, 3);
	size_t i;

	write_user(test, area, text, 2 * PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(duplicators); i++) {
		void *copy = duplicators[i].dup(area + 2 * PAGE_SIZE + hole->offset, hole->size);

		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR(copy), -EFAULT, "%s", duplicators[i].name);
	}
}

/* NULL is no user memory: -EFAULT, as for any address that is not mapped. */
static void null_is_efault(struct kunit *test)
{
	const struct duplicator *duplicator = test->param_value;

	map_user(test, 1);
	KUNIT_EXPECT_EQ(test, PTR_ERR(duplicator->dup(NULL, 10)), -EFAULT);
}

/*
 * Memory of the kernel is not copied for a user who gives its address. Source:
 * access_ok() in copy_from_user().
 */
static void kernel_memory_is_efault(struct kunit *test)
{
	const struct duplicator *duplicator = test->param_value;
	char *secret = kmem_make_text(test, 100, 4);
	void *copy;

	map_user(test, 1);
	copy = duplicator->dup((void __user *)secret, 50);
	KUNIT_EXPECT_EQ(test, PTR_ERR(copy), -EFAULT);

	/* the last page of all is nobody's */
	copy = duplicator->dup((void __user *)-PAGE_SIZE, 50);
	KUNIT_EXPECT_TRUE(test, IS_ERR(copy));
	/* UML's strnlen_user() has a result of its own for it, and strndup_user() -ENOMEM */
	if (!duplicator->string || !IS_ENABLED(CONFIG_UML))
		KUNIT_EXPECT_EQ(test, PTR_ERR(copy), -EFAULT);
}

/* User memory that may not be read is not copied, what may be read only is. */
static void protection_is_respected(struct kunit *test)
{
	const struct duplicator *duplicator = test->param_value;
	unsigned long area;
	char *copy;

	/* the case's thread has its memory from here on */
	map_user(test, 1);
	area = vm_mmap(NULL, 0, PAGE_SIZE, PROT_NONE, MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(area));
	copy = duplicator->dup((void __user *)area, 100);
	KUNIT_EXPECT_EQ(test, PTR_ERR(copy), -EFAULT);

	area = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ, MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(area));
	copy = make_copy(test, (char __user *)area, 100);
	KUNIT_EXPECT_NULL(test, memchr_inv(copy, 0, duplicator->string ? 1 : 100));
	kvfree(copy);
}

/* A size that kmalloc() has not: from one byte more on. */
static const size_t too_large[] = {
	KMALLOC_MAX_SIZE + 1, (size_t)INT_MAX, (size_t)INT_MAX + 1, KMEM_VAST,
	(size_t)SSIZE_MAX + 1, SIZE_MAX - PAGE_SIZE, SIZE_MAX - 1,
};

/*
 * A size that cannot be had is -ENOMEM, and no reason to warn: user space chose
 * it; but what may be mapped warns of a caller who limits nothing. Source:
 * __GFP_NOWARN in memdup_user(), commit 6c8fcc096be9 and its like;
 * __kvmalloc_node_noprof(), "Don't even allow crazy sizes".
 */
static void too_much_is_enomem(struct kunit *test)
{
	const struct duplicator *duplicator = test->param_value;
	char __user *area = map_user(test, 1);
	void *copy = NULL;
	size_t i;

	if (duplicator->string)
		kunit_skip(test, "needs a string as long as that");
	for (i = 0; i < ARRAY_SIZE(too_large); i++) {
		const struct kmem_report *report;

		if (duplicator->maps && too_large[i] <= INT_MAX)
			continue;
		report = KMEM_CAPTURE(test, copy = duplicator->dup(area, too_large[i]));
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR(copy), -ENOMEM, "size=%zu", too_large[i]);
		if (duplicator->dup == dup_nul && !kmem_memdup_user_nul_is_hardened())
			continue;
		kmem_expect_heads(test, report, "size too large", 0, duplicator->maps);
	}
}

/*
 * When memory runs out the result is -ENOMEM; what is to be contiguous is not mapped
 * instead. While there may be some yet, the copy waits for it: failslab passes over it,
 * as over all who may reclaim. Source: kernel-doc, "physically contiguous"; GFP_USER
 * in mm/util.c.
 */
static void failed_allocation_is_enomem(struct kunit *test)
{
	const struct duplicator *duplicator = test->param_value;
	size_t size = duplicator->maps ? 100 : PAGE_SIZE + 100;
	char *text = kmem_make_text(test, size - 1, 8), *copy = NULL;
	char __user *area = map_user(test, 2);

	write_user(test, area, text, size);
	KMEM_CAPTURE(test, copy = KMEM_FAILING_BLOCKING(test, 1, duplicator->dup(area, size)));
	KUNIT_EXPECT_EQ(test, PTR_ERR(copy), -ENOMEM);

	kmem_fail_begin(test, 1);
	copy = duplicator->dup(area, size);
	KUNIT_EXPECT_EQ_MSG(test, kmem_fail_cancel(), 1, "it does not reclaim");
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(copy));
	kmem_expect_same(test, copy, text, size);
	kvfree(copy);
}

KUNIT_ARRAY_PARAM_DESC(overflow, kmem_overflows, name);

/*
 * An array whose size overflows is -EOVERFLOW, silently, and is not copied in
 * part. Source: memdup_array_user() and vmemdup_array_user().
 */
static void overflowing_array_is_eoverflow(struct kunit *test)
{
	const struct kmem_overflow *overflow = test->param_value;
	size_t n = overflow->n, size = overflow->size;
	char __user *area = map_user(test, 1);
	void *copy = NULL, *mappable = NULL;

	OPTIMIZER_HIDE_VAR(n);
	OPTIMIZER_HIDE_VAR(size);
	KMEM_EXPECT_SILENCE(test, {
		copy = memdup_array_user(area, n, size);
		mappable = vmemdup_array_user(area, n, size);
	});
	KUNIT_EXPECT_EQ(test, PTR_ERR(copy), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, PTR_ERR(mappable), -EOVERFLOW);
}

/* An array is copied whole: each byte of n elements of some size. */
static void array_is_copied_whole(struct kunit *test)
{
	static const size_t shapes[][2] = {
		{ 1, 1 }, { 3, 5 }, { 8, 8 }, { 100, 16 }, { 2, 2000 },
	};
	char __user *area = map_user(test, 1);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		size_t n = shapes[i][0], size = shapes[i][1], bytes = n * size;
		char __user *edge = area + PAGE_SIZE - bytes;
		char *text = kmem_make_text(test, bytes, i), *copy;

		write_user(test, edge, text, bytes);
		copy = memdup_array_user(edge, n, size);
		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR_OR_NULL(copy), "%zu by %zu", n, size);
		kmem_expect_same(test, copy, text, bytes);
		KUNIT_EXPECT_LE(test, ksize(copy), kmalloc_size_roundup(bytes));
		kfree(copy);

		copy = vmemdup_array_user(edge, n, size);
		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR_OR_NULL(copy), "%zu by %zu", n, size);
		kmem_expect_same(test, copy, text, bytes);
		kvfree(copy);
	}
}

/*
 * Nothing is copied as ZERO_SIZE_PTR, without a look at user memory; with a NUL
 * to be added, as the empty string. Source: kmalloc(0).
 */
static void nothing_is_copied_without_a_look(struct kunit *test)
{
	char __user *hole = map_user(test, 1) + PAGE_SIZE;
	char *empty = memdup_user_nul(hole, 0);

	KUNIT_EXPECT_PTR_EQ(test, memdup_user(hole, 0), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, vmemdup_user(hole, 0), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, memdup_array_user(hole, 0, 100), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, memdup_array_user(hole, 100, 0), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, vmemdup_array_user(hole, 0, 100), ZERO_SIZE_PTR);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(empty));
	KUNIT_EXPECT_STREQ(test, empty, "");
	kfree(empty);
}

/* so much of user space is read before the hole, or there is none of it */
struct attempt {
	const char __user *src;
	size_t size;
};

static void fail_to_copy(struct kunit *test, void *context)
{
	const struct duplicator *duplicator = test->param_value;
	const struct attempt *attempt = context;
	void *copy = duplicator->dup(attempt->src, attempt->size);

	if (!IS_ERR(copy)) {
		kvfree(copy);
		KUNIT_FAIL(test, "a copy of what is not there");
	}
}

/*
 * What was allocated for a copy that then failed is freed, by kmalloc() or, what
 * is too large for it, in mapped pages. Source: mm/util.c, the error paths.
 */
static void failed_copy_leaves_nothing(struct kunit *test)
{
	const struct duplicator *duplicator = test->param_value;
	struct attempt attempt = { map_user(test, 1) + 1, SZ_256K };

	if (duplicator->string)
		kunit_skip(test, "needs memory that vanishes after strnlen_user()");
	kmem_expect_no_leak(test, attempt.size, fail_to_copy, &attempt);
	if (duplicator->dup == dup_mappable) {
		attempt.size = KMALLOC_MAX_SIZE + PAGE_SIZE;
		kmem_expect_no_leak(test, attempt.size, fail_to_copy, &attempt);
	}
}

static void copy_and_free(struct kunit *test, void *context)
{
	const struct attempt *attempt = context;

	kvfree(make_copy(test, attempt->src, attempt->size));
}

/* A copy is all that is allocated: once it is freed, nothing is left. */
static void freed_copy_leaves_nothing(struct kunit *test)
{
	struct attempt attempt = { map_user(test, 16), 16 * PAGE_SIZE };
	char *text = kmem_make_text(test, 16 * PAGE_SIZE - 1, 5);

	write_user(test, (char __user *)attempt.src, text, attempt.size);
	kmem_expect_no_leak(test, attempt.size, copy_and_free, &attempt);
}

#define MAPPED_PAGES	(KMALLOC_MAX_SIZE / PAGE_SIZE + 2)

/*
 * memdup_user() gives physically contiguous memory or none; vmemdup_user() maps
 * single pages for what kmalloc() has not, and copies it exactly. Source:
 * kernel-doc of both.
 */
static void only_vmemdup_user_maps_what_is_large(struct kunit *test)
{
	char __user *area = map_user(test, MAPPED_PAGES);
	size_t size = MAPPED_PAGES * PAGE_SIZE - 5, i;
	char page[64], *copy;

	for (i = 0; i < MAPPED_PAGES; i++) {
		memset(page, 1 + i % 255, sizeof(page));
		write_user(test, area + 5 + i * PAGE_SIZE, page, sizeof(page));
	}
	KUNIT_EXPECT_EQ(test, PTR_ERR(memdup_user(area + 5, size)), -ENOMEM);
	copy = vmemdup_user(area + 5, size);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(copy));
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(copy));
	for (i = 0; i < MAPPED_PAGES; i++) {
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(copy + i * PAGE_SIZE, 1 + i % 255,
						       sizeof(page)), "page %zu", i);
		KUNIT_EXPECT_EQ_MSG(test, copy[i * PAGE_SIZE + sizeof(page)], 0, "page %zu", i);
	}
	kvfree(copy);

	copy = memdup_user(area, 32 * PAGE_SIZE);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(copy));
	KUNIT_EXPECT_FALSE(test, is_vmalloc_addr(copy));
	kfree(copy);
}

/*
 * Copies of user memory are kept apart from all else, in caches of their own,
 * each in the one for its size. Source: init_user_buckets() in mm/util.c.
 */
static void copies_come_from_buckets(struct kunit *test)
{
	static const char * const classes[] = { "8", "16", "32", "64", "96", "128", "192", "256",
						"512", "1k", "2k", "4k", "8k" };
	static const size_t objects[] = { 8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096,
					  8192 };
	const struct duplicator *duplicator = test->param_value;
	char __user *area = map_user(test, 2);
	char *text = kmem_make_text(test, 2 * PAGE_SIZE, 6);
	bool bucketed = kmem_user_copies_are_bucketed();
	size_t i;

	if (duplicator->dup == dup_nul && !kmem_memdup_user_nul_is_hardened())
		bucketed = false;
	if (!bucketed)
		kunit_skip(test, "needs CONFIG_SLAB_BUCKETS=y, and a function that heeds it");
	write_user(test, area, text, 2 * PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		size_t size = objects[i] - (duplicator->dup == dup_nul);
		const struct kmem_report *report;
		char *copy;

		if (kmalloc_size_roundup(objects[i]) != objects[i])
			continue;
		write_user(test, area + objects[i] - 1, "", 1);
		copy = make_copy(test, area, size);
		report = KMEM_CAPTURE(test, kmem_dump_obj(copy));
		if (!strstr(report->text, "kfence"))
			kmem_expect_text(test, report, " memdup_user-%s start", classes[i]);
		kvfree(copy);
		write_user(test, area + objects[i] - 1, text, 1);
	}
}

/* What memdup_user_nul() adds is a NUL, also in memory that was dirty before. */
static void nul_is_added_to_dirty_memory(struct kunit *test)
{
	char __user *area = map_user(test, 1);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes) && sizes[i] < PAGE_SIZE; i++) {
		size_t size = sizes[i], whole = kmalloc_size_roundup(size + 1);
		char *text = kmem_make_text(test, whole, i), *copy;
		unsigned int round;

		/* the memory that comes next was filled to the end in the round before */
		for (round = 0; round < 4; round++) {
			write_user(test, area, text, min_t(size_t, whole - 1, PAGE_SIZE));
			copy = memdup_user_nul(area, min_t(size_t, whole - 1, PAGE_SIZE));
			KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(copy));
			memset(copy, 'x', min_t(size_t, whole - 1, PAGE_SIZE));
			kfree(copy);

			copy = memdup_user_nul(area, size);
			KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(copy));
			kmem_expect_same(test, copy, text, size);
			KUNIT_EXPECT_EQ_MSG(test, copy[size], '\0', "size=%zu", size);
			kfree(copy);
		}
		kunit_kfree(test, text);
	}
}

static struct kunit_case kmem_user_cases[] = {
	KUNIT_CASE_PARAM(copy_is_exact, duplicator_gen_params),
	KUNIT_CASE_PARAM(copy_is_separate, duplicator_gen_params),
	KUNIT_CASE_PARAM(source_is_not_read_past_its_end, duplicator_gen_params),
	KUNIT_CASE_PARAM(copy_is_not_written_past_its_end, duplicator_gen_params),
	KUNIT_CASE_PARAM(missing_user_memory_is_efault, hole_gen_params),
	KUNIT_CASE_PARAM(null_is_efault, duplicator_gen_params),
	KUNIT_CASE_PARAM(kernel_memory_is_efault, duplicator_gen_params),
	KUNIT_CASE_PARAM(protection_is_respected, duplicator_gen_params),
	KUNIT_CASE_PARAM(too_much_is_enomem, duplicator_gen_params),
	KUNIT_CASE_PARAM(failed_allocation_is_enomem, duplicator_gen_params),
	KUNIT_CASE_PARAM(overflowing_array_is_eoverflow, overflow_gen_params),
	KUNIT_CASE(array_is_copied_whole),
	KUNIT_CASE(nothing_is_copied_without_a_look),
	KUNIT_CASE_PARAM(failed_copy_leaves_nothing, duplicator_gen_params),
	KUNIT_CASE_PARAM(freed_copy_leaves_nothing, duplicator_gen_params),
	KUNIT_CASE(only_vmemdup_user_maps_what_is_large),
	KUNIT_CASE_PARAM(copies_come_from_buckets, duplicator_gen_params),
	KUNIT_CASE(nul_is_added_to_dirty_memory),
	{}
};

static struct kunit_suite kmem_user_suite = {
	.name = "kmem_user",
	.init = kmem_suite_init,
	.test_cases = kmem_user_cases,
};

kunit_test_suite(kmem_user_suite);

MODULE_DESCRIPTION("KUnit tests for duplication of user memory");
MODULE_LICENSE("GPL");
