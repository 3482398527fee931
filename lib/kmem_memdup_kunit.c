// SPDX-License-Identifier: GPL-2.0-only
/*
 * Duplication of memory: kmemdup(), kmemdup_array() and kvmemdup().
 *
 * The contracts are those of the kernel-doc in mm/util.c. What a copy of a
 * string promises is in kmem_strdup.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_memdup'
 */
#include <kunit/test.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "kmem_kunit.h"
#include "kmem_text.h"

/* every size up to this one, which passes through a dozen size classes */
#define SHORT_MAX	300

static const size_t long_sizes[] = {
	511, 512, 513, 1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, 4097, 8191, 8192, 8193,
	65535, 65536, 65537, 1 << 20,
};

/* Each way to copy memory of a known size. */
static void *dup_memory(const void *src, size_t size, gfp_t gfp)
{
	return kmemdup(src, size, gfp);
}

static void *dup_bytes(const void *src, size_t size, gfp_t gfp)
{
	return kmemdup_array(src, size, 1, gfp);
}

static void *dup_one(const void *src, size_t size, gfp_t gfp)
{
	return kmemdup_array(src, 1, size, gfp);
}

static void *dup_mappable(const void *src, size_t size, gfp_t gfp)
{
	return kvmemdup(src, size, gfp);
}

static const struct duplicator {
	const char *name;
	void *(*dup)(const void *src, size_t size, gfp_t gfp);
	bool maps;		/* falls back to mapped pages */
} duplicators[] = {
	{ "kmemdup", dup_memory },
	{ "kmemdup_array of bytes", dup_bytes },
	{ "kmemdup_array of one", dup_one },
	{ "kvmemdup", dup_mappable, .maps = true },
};

KUNIT_ARRAY_PARAM_DESC(duplicator, duplicators, name);

/* A copy by the function of this case: some, and not the source itself. */
static char *make_copy(struct kunit *test, const char *src, size_t size)
{
	const struct duplicator *duplicator = test->param_value;
	char *copy = duplicator->dup(src, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL_MSG(test, copy, "size=%zu", size);
	KUNIT_ASSERT_PTR_NE_MSG(test, (const char *)copy, src, "size=%zu", size);
	return copy;
}

static void expect_exact_copy(struct kunit *test, size_t size)
{
	char *text = kmem_make_text(test, size, size);
	char *copy = make_copy(test, text, size);

	kmem_expect_same(test, copy, text, size);
	kvfree(copy);
	kunit_kfree(test, text);
}

/*
 * The copy holds the same bytes as the source, for every size. Source:
 * kernel-doc of each, "duplicate region of memory".
 */
static void copy_is_exact(struct kunit *test)
{
	size_t i;

	for (i = 1; i <= SHORT_MAX; i++)
		expect_exact_copy(test, i);
	for (i = 0; i < ARRAY_SIZE(long_sizes); i++)
		expect_exact_copy(test, long_sizes[i]);
}

/* Source and copy do not share storage: a write to one leaves the other as it was. */
static void copy_is_separate(struct kunit *test)
{
	const size_t size = 40;
	char *text = kmem_make_text(test, size, 1);
	char *same = kmem_make_text(test, size, 1);
	char *copy = make_copy(test, text, size);

	memset(text, 'x', size);
	kmem_expect_same(test, copy, same, size);

	kmem_write_text(text, size, 1);
	memset(copy, 'y', size);
	kmem_expect_same(test, text, same, size);
	kvfree(copy);
}

/* Nothing is read behind the source: it may end where the mapped memory does. */
static void source_is_not_read_past_its_end(struct kunit *test)
{
	static const size_t sizes[] = { 1, 7, 8, 9, 15, 63, 64, 65, 255, 4095, 4096, 4097 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *edge = kmem_make_edge(test, sizes[i]);
		char *copy;

		kmem_write_text(edge, sizes[i], 3);
		copy = make_copy(test, edge, sizes[i]);
		kmem_expect_same(test, copy, edge, sizes[i]);
		kvfree(copy);
	}
}

/*
 * Nothing is written behind the copy: one that fills its slab object to the last
 * byte, or just does not fit into a smaller one, leaves its neighbours alone.
 */
static void copy_is_not_written_past_its_end(struct kunit *test)
{
	static const size_t objects[] = { 8, 16, 32, 64, 96, 128, 192, 256, 512, 1024 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		kmem_expect_neighbours_kept(test, objects[i], make_copy);
		kmem_expect_neighbours_kept(test, objects[i] + 1, make_copy);
	}
}

/*
 * When memory runs out the result is NULL, and the source is as it was; the
 * flags are the caller's, or failslab would not have had its say. What is to be
 * contiguous is not mapped instead. Source: kernel-doc, "or %NULL in case of error",
 * "physically contiguous. Use kfree() to free".
 */
static void failed_allocation_gives_null(struct kunit *test)
{
	static const size_t sizes[] = { 100, PAGE_SIZE + 100 };
	const struct duplicator *duplicator = test->param_value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes) - duplicator->maps; i++) {
		const gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN;
		size_t size = sizes[i];
		char *text = kmem_make_text(test, size, 4);
		char *same = kmem_make_text(test, size, 4);
		char *copy;

		copy = KMEM_FAILING(test, 1, duplicator->dup(text, size, gfp));
		KUNIT_EXPECT_NULL_MSG(test, copy, "size=%zu", size);
		kmem_expect_same(test, text, same, size);

		copy = duplicator->dup(text, size, gfp);
		KUNIT_ASSERT_NOT_NULL_MSG(test, copy, "size=%zu", size);
		kmem_expect_same(test, copy, text, size);
		kvfree(copy);
	}
}

/* The flags are the caller's: a copy can be had where nothing may sleep. */
static void copy_can_be_made_in_atomic_context(struct kunit *test)
{
	const struct duplicator *duplicator = test->param_value;
	const size_t size = 1000;
	char *text = kmem_make_text(test, size, 5);
	char *copy;

	preempt_disable();
	copy = duplicator->dup(text, size, GFP_ATOMIC);
	preempt_enable();
	KUNIT_ASSERT_NOT_NULL(test, copy);
	kmem_expect_same(test, copy, text, size);
	kvfree(copy);
}

/* A copy of nothing is ZERO_SIZE_PTR, as kmalloc(0) is; the source is not read. */
static void copy_of_nothing_is_zero_size_ptr(struct kunit *test)
{
	const struct duplicator *duplicator = test->param_value;
	char *edge = kmem_make_edge(test, 1) + 1;
	void *copy = duplicator->dup(edge, 0, GFP_KERNEL);

	KUNIT_EXPECT_PTR_EQ(test, copy, ZERO_SIZE_PTR);
	KMEM_EXPECT_SILENCE(test, kvfree(copy));
}

/* An array without elements is ZERO_SIZE_PTR, however large they would be. */
static void array_of_nothing_is_zero_size_ptr(struct kunit *test)
{
	size_t n = 0, size = SIZE_MAX;
	char *edge = kmem_make_edge(test, 1) + 1;

	OPTIMIZER_HIDE_VAR(n);
	OPTIMIZER_HIDE_VAR(size);
	KUNIT_EXPECT_PTR_EQ(test, kmemdup_array(edge, n, size, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, kmemdup_array(edge, size, n, GFP_KERNEL), ZERO_SIZE_PTR);
}

/*
 * What is too large is not allocated, says nothing with __GFP_NOWARN, and
 * nothing is copied from the source, which is not that long.
 */
static void copy_of_too_much_gives_null(struct kunit *test)
{
	static const size_t sizes[] = { (size_t)INT_MAX + 1, KMEM_VAST, SIZE_MAX };
	const struct duplicator *duplicator = test->param_value;
	const char *source = "short";
	void *copy = NULL;
	size_t i;

	OPTIMIZER_HIDE_VAR(source);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];

		OPTIMIZER_HIDE_VAR(size);
		KMEM_EXPECT_SILENCE(test, {
			copy = duplicator->dup(source, size, GFP_KERNEL | __GFP_NOWARN);
		});
		KUNIT_EXPECT_NULL_MSG(test, copy, "size=%zu", size);
	}
}

/* Arrays of elements of some sizes: all of their bytes are copied, none behind. */
static const struct shape {
	const char *name;
	size_t n, size;
} shapes[] = {
	{ "1_by_1", 1, 1 }, { "3_by_5", 3, 5 }, { "5_by_3", 5, 3 }, { "7_by_8", 7, 8 },
	{ "8_by_8", 8, 8 }, { "100_by_16", 100, 16 }, { "2_by_2048", 2, 2048 },
	{ "1000_by_24", 1000, 24 }, { "17_by_4099", 17, 4099 },
};

KUNIT_ARRAY_PARAM_DESC(shape, shapes, name);

/*
 * kmemdup_array() copies count elements of element_size bytes, to the last of
 * them, in an object that is not larger than it takes. Source: kernel-doc.
 */
static void array_is_copied_whole(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	size_t bytes = shape->n * shape->size;
	char *edge = kmem_make_edge(test, bytes);
	char *copy;

	kmem_write_text(edge, bytes, 6);
	copy = kmemdup_array(edge, shape->n, shape->size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	kmem_expect_same(test, copy, edge, bytes);
	KUNIT_EXPECT_GE(test, ksize(copy), bytes);
	KUNIT_EXPECT_LE(test, ksize(copy), kmem_room(bytes));
	kfree(copy);
}

KUNIT_ARRAY_PARAM_DESC(overflow, kmem_overflows, name);

/*
 * An array whose size overflows is not copied in part. Source: kmemdup_array(),
 * size_mul(), which saturates.
 */
static void overflowing_array_gives_null(struct kunit *test)
{
	const struct kmem_overflow *overflow = test->param_value;
	const char *source = "sixteen bytes..";
	size_t n = overflow->n, size = overflow->size;
	void *copy = NULL;

	OPTIMIZER_HIDE_VAR(source);
	OPTIMIZER_HIDE_VAR(n);
	OPTIMIZER_HIDE_VAR(size);
	KMEM_EXPECT_SILENCE(test, {
		copy = kmemdup_array(source, n, size, GFP_KERNEL | __GFP_NOWARN);
	});
	KUNIT_EXPECT_NULL(test, copy);
}

/*
 * kmemdup() and kmemdup_array() give physically contiguous memory, whatever the
 * size; kvmemdup() gives it where that is to be had easily. Source: kernel-doc,
 * "result is physically contiguous", "may be not physically contiguous".
 */
static void copy_is_contiguous(struct kunit *test)
{
	static const size_t sizes[] = { 1, 100, 4096, 8192 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *text = kmem_make_text(test, sizes[i], 7);
		char *copy = make_copy(test, text, sizes[i]);

		KUNIT_EXPECT_FALSE_MSG(test, is_vmalloc_addr(copy), "size=%zu", sizes[i]);
		kvfree(copy);
	}
}

/* kmalloc() has no such size: what copies it has to map single pages. */
#define MAPPED_SIZE	(KMALLOC_MAX_SIZE + PAGE_SIZE + 3)

static void free_mapped(void *memory)
{
	vfree(memory);
}

/*
 * kvmemdup() copies what is too large for kmalloc(), exactly, into mapped pages.
 * Source: kernel-doc, "Use kvfree() to free".
 */
static void kvmemdup_maps_what_is_large(struct kunit *test)
{
	size_t size = MAPPED_SIZE;
	char *text = vmalloc(size), *copy;

	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_mapped, text), 0);
	kmem_write_text(text, size, 8);
	OPTIMIZER_HIDE_VAR(size);
	KUNIT_EXPECT_NULL(test, kmemdup(text, size, GFP_KERNEL | __GFP_NOWARN));

	copy = kvmemdup(text, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(copy));
	kmem_expect_same(test, copy, text, size);
	KMEM_EXPECT_SILENCE(test, kvfree(copy));
}

static void copy_and_free(struct kunit *test, void *context)
{
	const struct duplicator *duplicator = test->param_value;

	kvfree(duplicator->dup(context, SZ_256K, GFP_KERNEL));
}

/* A copy is all that is allocated: once it is freed, nothing is left. */
static void freed_copy_leaves_nothing(struct kunit *test)
{
	kmem_expect_no_leak(test, SZ_256K, copy_and_free, kmem_make_text(test, SZ_256K, 9));
}

static struct kunit_case kmem_memdup_cases[] = {
	KUNIT_CASE_PARAM(copy_is_exact, duplicator_gen_params),
	KUNIT_CASE_PARAM(copy_is_separate, duplicator_gen_params),
	KUNIT_CASE_PARAM(source_is_not_read_past_its_end, duplicator_gen_params),
	KUNIT_CASE_PARAM(copy_is_not_written_past_its_end, duplicator_gen_params),
	KUNIT_CASE_PARAM(failed_allocation_gives_null, duplicator_gen_params),
	KUNIT_CASE_PARAM(copy_can_be_made_in_atomic_context, duplicator_gen_params),
	KUNIT_CASE_PARAM(copy_of_nothing_is_zero_size_ptr, duplicator_gen_params),
	KUNIT_CASE_PARAM(copy_of_too_much_gives_null, duplicator_gen_params),
	KUNIT_CASE_PARAM(copy_is_contiguous, duplicator_gen_params),
	KUNIT_CASE_PARAM(freed_copy_leaves_nothing, duplicator_gen_params),
	KUNIT_CASE(array_of_nothing_is_zero_size_ptr),
	KUNIT_CASE_PARAM(array_is_copied_whole, shape_gen_params),
	KUNIT_CASE_PARAM(overflowing_array_gives_null, overflow_gen_params),
	KUNIT_CASE(kvmemdup_maps_what_is_large),
	{}
};

static struct kunit_suite kmem_memdup_suite = {
	.name = "kmem_memdup",
	.init = kmem_suite_init,
	.test_cases = kmem_memdup_cases,
};

kunit_test_suite(kmem_memdup_suite);

MODULE_DESCRIPTION("KUnit tests for duplication of memory");
MODULE_LICENSE("GPL");
