// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is freed with its device: devm_kmalloc() and its family, strings,
 * pages and per-cpu memory.
 *
 * Each case has devices of its own. The contracts are those of the kernel-doc in
 * drivers/base/devres.c. What is true of all resources is in kmem_devres.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_devm'
 */
#include <kunit/test.h>
#include <linux/compiler.h>
#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/string_helpers.h>
#include "kmem_device.h"
#include "kmem_kunit.h"
#include "kmem_text.h"

#define DIRT		0xd1
/* how many allocations may pass until the freed memory comes back */
#define TRIES		512
/* large enough for its pages to be counted, with what a resource needs besides */
#define LARGE		(SZ_1M - 512)
#define LARGE_PAGES	((long)(SZ_1M / PAGE_SIZE))

/* Each way to have memory with a device. */
static void *by_kmalloc(struct device *dev, size_t size, gfp_t gfp)
{
	return devm_kmalloc(dev, size, gfp);
}

static void *by_kzalloc(struct device *dev, size_t size, gfp_t gfp)
{
	return devm_kzalloc(dev, size, gfp);
}

static void *by_array(struct device *dev, size_t size, gfp_t gfp)
{
	return devm_kmalloc_array(dev, size, 1, gfp);
}

static void *by_calloc(struct device *dev, size_t size, gfp_t gfp)
{
	return devm_kcalloc(dev, 1, size, gfp);
}

static void *by_realloc(struct device *dev, size_t size, gfp_t gfp)
{
	return devm_krealloc(dev, NULL, size, gfp);
}

static void *by_realloc_of_nothing(struct device *dev, size_t size, gfp_t gfp)
{
	return devm_krealloc(dev, ZERO_SIZE_PTR, size, gfp);
}

static void *by_realloc_array(struct device *dev, size_t size, gfp_t gfp)
{
	return devm_krealloc_array(dev, NULL, 1, size, gfp);
}

static void *by_zero_flag(struct device *dev, size_t size, gfp_t gfp)
{
	return devm_kmalloc(dev, size, gfp | __GFP_ZERO);
}

static const struct allocator {
	const char *name;
	void *(*alloc)(struct device *dev, size_t size, gfp_t gfp);
	bool zeroes;
} allocators[] = {
	{ "devm_kmalloc", by_kmalloc },
	{ "devm_kzalloc", by_kzalloc, true },
	{ "devm_kmalloc_array", by_array },
	{ "devm_kcalloc", by_calloc, true },
	{ "devm_krealloc of NULL", by_realloc },
	{ "devm_krealloc of nothing", by_realloc_of_nothing },
	{ "devm_krealloc_array", by_realloc_array },
	{ "__GFP_ZERO", by_zero_flag, true },
};

KUNIT_ARRAY_PARAM_DESC(allocator, allocators, name);

static const size_t sizes[] = {
	1, 7, 8, 9, 24, 56, 63, 64, 65, 96, 128, 192, 200, 256, 500, 1024, 2000, 4096, 8192, 20000,
};

#define SET	8

/*
 * The memory is the caller's to the last byte of its size, apart from all other
 * and from what the device keeps with it, and aligned for DMA. Source:
 * kernel-doc of devm_kmalloc(), struct devres in drivers/base/devres.c.
 */
static void memory_is_whole_and_aligned(struct kunit *test)
{
	const struct allocator *allocator = test->param_value;
	struct device *dev = make_device(test, "kmem_devm");
	u8 *memory[ARRAY_SIZE(sizes)][SET];
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < SET; j++) {
			memory[i][j] = allocator->alloc(dev, sizes[i], GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL_MSG(test, memory[i][j], "size %zu", sizes[i]);
			KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((unsigned long)memory[i][j],
							       ARCH_KMALLOC_MINALIGN),
					      "size %zu, at %p", sizes[i], memory[i][j]);
			memset(memory[i][j], i * SET + j, sizes[i]);
		}
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (j = 0; j < SET; j++)
			KUNIT_EXPECT_NULL_MSG(test, memchr_inv(memory[i][j], i * SET + j, sizes[i]),
					      "size %zu, number %zu", sizes[i], j);
	/* half of it by hand, the rest with the device */
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (j = i % 2; j < SET; j += 2)
			devm_kfree(dev, memory[i][j]);
	KMEM_EXPECT_SILENCE(test, kunit_release_action(test, drop_device, dev));
}

/* From the same place, by which kmalloc() may choose among its caches. */
static noinline void *allocate(const struct allocator *allocator, struct device *dev, size_t size)
{
	void *memory = allocator->alloc(dev, size, GFP_KERNEL);

	barrier();	/* or it would be left for the place that it was called from */
	return memory;
}

/* Dirty and free memory of a device, and allocate until it comes back. */
static u8 *recycle(struct kunit *test, struct device *dev, size_t size)
{
	const struct allocator *allocator = test->param_value;
	u8 *dirty = allocate(allocator, dev, size), *memory = NULL;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, dirty);
	memset(dirty, DIRT, size);
	devm_kfree(dev, dirty);
	/* the others are freed with the device */
	for (i = 0; i < TRIES && memory != dirty; i++) {
		memory = allocate(allocator, dev, size);
		KUNIT_ASSERT_NOT_NULL(test, memory);
	}
	KUNIT_ASSERT_PTR_EQ_MSG(test, memory, dirty,
				"size %zu did not come back, nothing is proved", size);
	return memory;
}

/*
 * Zeroed memory is zero to its last byte, also where it was dirty before; what
 * does not ask for it gets the memory as it is. Source: alloc_dr(), "No need to
 * clear memory twice", and devm_kzalloc().
 */
static void recycled_memory_is_zero(struct kunit *test)
{
	const struct allocator *allocator = test->param_value;
	struct device *dev = make_device(test, "kmem_devm");
	size_t i;

	if (!allocator->zeroes)
		kunit_skip(test, "needs a function that zeroes");
	kmem_require_no_quarantine(test);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u8 *memory = recycle(test, dev, sizes[i]);
		u8 *stain = memchr_inv(memory, 0, sizes[i]);

		KUNIT_EXPECT_NULL_MSG(test, stain, "size %zu, offset %td", sizes[i],
				      stain - memory);
	}
}

static void alloc_and_kfree(struct kunit *test, void *dev)
{
	const struct allocator *allocator = test->param_value;

	devm_kfree(dev, allocator->alloc(dev, LARGE, GFP_KERNEL));
}

/*
 * devm_kfree() frees the memory at once, and once: the device frees nothing of
 * it again. Source: kernel-doc of devm_kfree().
 */
static void devm_kfree_frees_at_once(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");

	kmem_expect_no_leak(test, SZ_1M, alloc_and_kfree, dev);
	KMEM_EXPECT_SILENCE(test, kunit_release_action(test, drop_device, dev));
}

static void take_and_fill(struct kunit *test, struct device *dev)
{
	const struct allocator *allocator = test->param_value;
	u8 *memory[4];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(memory); i++) {
		memory[i] = allocator->alloc(dev, LARGE, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, memory[i]);
		memset(memory[i], i, LARGE);
	}
	for (i = 0; i < ARRAY_SIZE(memory); i++)
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(memory[i], i, LARGE), "number %zu", i);
}

/*
 * Memory that nobody frees stays, whole, until the device goes, and is free from
 * then on. Source: kernel-doc of devm_kmalloc(), "automatically freed on driver
 * detach".
 */
static void memory_lives_as_long_as_its_device(struct kunit *test)
{
	expect_device_keeps(test, 4 * LARGE_PAGES, take_and_fill);
}

/* What one device has is not freed with another, nor by it. */
static void devices_keep_their_memory_apart(struct kunit *test)
{
	struct device *mine = make_device(test, "kmem_mine");
	struct device *other = make_device(test, "kmem_other");
	char *kept = devm_kstrdup(mine, "kept", GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, kept);
	KUNIT_ASSERT_NOT_NULL(test, devm_kstrdup(other, "gone", GFP_KERNEL));
	KMEM_EXPECT_WARN(test, devm_kfree(other, kept), "drivers/base/devres.c:");
	kunit_release_action(test, drop_device, other);
	KUNIT_EXPECT_STREQ(test, kept, "kept");
	KMEM_EXPECT_SILENCE(test, devm_kfree(mine, kept));
}

/*
 * devm_kfree() frees what it is given and nothing else, wherever that is among
 * what the device has. Source: devm_kmalloc_match().
 */
static void devm_kfree_spares_the_others(struct kunit *test)
{
	static const unsigned int order[] = { 2, 0, 4, 1, 3 };
	struct device *dev = make_device(test, "kmem_devm");
	char *memory[ARRAY_SIZE(order)], *others[ARRAY_SIZE(order)];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		memory[i] = devm_kmalloc(dev, 100, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, memory[i]);
		memset(memory[i], 'a' + i, 100);
	}
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		devm_kfree(dev, memory[order[i]]);
		memory[order[i]] = NULL;
		/* the memory of a wrong one would be given to these */
		others[i] = devm_kzalloc(dev, 100, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, others[i]);
		for (j = 0; j < ARRAY_SIZE(memory); j++)
			KUNIT_EXPECT_TRUE_MSG(test, !memory[j] ||
					      !memchr_inv(memory[j], 'a' + j, 100),
					      "number %u after %u", j, order[i]);
	}
}

/* devm_kfree() of the same memory again is reported, and frees nothing. */
static void second_devm_kfree_is_reported(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	char *memory = devm_kmalloc(dev, 100, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	KMEM_EXPECT_SILENCE(test, devm_kfree(dev, memory));
	KMEM_EXPECT_WARN(test, devm_kfree(dev, memory), "drivers/base/devres.c:");
}

/*
 * devm_kfree() of memory that no device manages is reported each time, and the memory
 * stays its owner's. Source: devm_kfree(), WARN_ON(rc).
 */
static void devm_kfree_of_unmanaged_memory_is_reported(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	char *memory = kstrdup("plain kmalloc", GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	KMEM_EXPECT_WARN_EACH_TIME(test, devm_kfree(dev, memory), "drivers/base/devres.c:");
	KUNIT_EXPECT_STREQ(test, memory, "plain kmalloc");
	KMEM_EXPECT_SILENCE(test, kfree(memory));
}

/* Data of the kernel that is a string, and read-only. */
#define RODATA	((const char *)_ctype)

/*
 * devm_kfree() of no memory, of no bytes, and of a constant does nothing, and
 * says nothing. Source: devm_kfree(), "Special cases".
 */
static void devm_kfree_takes_what_is_not_allocated(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");

	KMEM_EXPECT_SILENCE(test, {
		devm_kfree(dev, NULL);
		devm_kfree(dev, ZERO_SIZE_PTR);
		devm_kfree(dev, RODATA);
		devm_kfree(dev, devm_kstrdup_const(dev, RODATA, GFP_KERNEL));
	});
	KUNIT_EXPECT_TRUE(test, isalpha('a'));
}

/* No bytes give ZERO_SIZE_PTR, which may be freed. Source: devm_kmalloc(). */
static void zero_size_gives_zero_size_ptr(struct kunit *test)
{
	const struct allocator *allocator = test->param_value;
	struct device *dev = make_device(test, "kmem_devm");
	void *memory = allocator->alloc(dev, 0, GFP_KERNEL);

	KUNIT_EXPECT_PTR_EQ(test, memory, ZERO_SIZE_PTR);
	KMEM_EXPECT_SILENCE(test, devm_kfree(dev, memory));
}

/*
 * When memory runs out the result is NULL and the device is as it was; the flags
 * are the caller's, or failslab would not have had its say. Source: kernel-doc,
 * "NULL on failure".
 */
static void failed_allocation_gives_null(struct kunit *test)
{
	const struct allocator *allocator = test->param_value;
	const gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN;
	struct device *dev = make_device(test, "kmem_devm");
	void *memory;

	memory = KMEM_FAILING(test, 1, allocator->alloc(dev, 100, gfp));
	KUNIT_EXPECT_NULL(test, memory);
	memory = allocator->alloc(dev, 100, gfp);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	KMEM_EXPECT_SILENCE(test, devm_kfree(dev, memory));
}

/* The flags are the caller's: memory can be had where nothing may sleep. */
static void memory_can_be_had_in_atomic_context(struct kunit *test)
{
	const struct allocator *allocator = test->param_value;
	struct device *dev = make_device(test, "kmem_devm");
	void *memory;

	preempt_disable();
	memory = allocator->alloc(dev, 100, GFP_ATOMIC);
	preempt_enable();
	KUNIT_EXPECT_NOT_NULL(test, memory);
}

/*
 * A size that leaves no room for what the device keeps with it gives NULL,
 * silently. Source: check_dr_size(), "near-SIZE_MAX cases that could overflow".
 */
static void size_near_the_largest_gives_null(struct kunit *test)
{
	static const size_t largest[] = { SIZE_MAX, SIZE_MAX - 7, SIZE_MAX - 31 };
	const struct allocator *allocator = test->param_value;
	struct device *dev = make_device(test, "kmem_devm");
	void *memory = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(largest); i++) {
		size_t size = largest[i];

		OPTIMIZER_HIDE_VAR(size);
		KMEM_EXPECT_SILENCE(test, memory = allocator->alloc(dev, size, GFP_KERNEL));
		KUNIT_EXPECT_NULL_MSG(test, memory, "size %zu", size);
	}
}

KUNIT_ARRAY_PARAM_DESC(overflow, kmem_overflows, name);

/*
 * An array whose size overflows is not allocated, silently, and what was to be
 * resized stays as it was. Source: check_mul_overflow() in devm_kmalloc_array()
 * and devm_krealloc_array(), size_mul() in devm_kmemdup_array().
 */
static void overflowing_array_gives_null(struct kunit *test)
{
	const struct kmem_overflow *overflow = test->param_value;
	size_t n = overflow->n, size = overflow->size;
	struct device *dev = make_device(test, "kmem_devm");
	char *kept = devm_kstrdup(dev, "kept as it is", GFP_KERNEL);
	void *results[4] = { kept, kept, kept, kept };
	size_t i;

	OPTIMIZER_HIDE_VAR(n);
	OPTIMIZER_HIDE_VAR(size);
	KUNIT_ASSERT_NOT_NULL(test, kept);
	KMEM_EXPECT_SILENCE(test, {
		results[0] = devm_kmalloc_array(dev, n, size, GFP_KERNEL);
		results[1] = devm_kcalloc(dev, n, size, GFP_KERNEL);
		results[2] = devm_krealloc_array(dev, kept, n, size, GFP_KERNEL);
		results[3] = devm_kmemdup_array(dev, kept, n, size, GFP_KERNEL);
	});
	for (i = 0; i < ARRAY_SIZE(results); i++)
		KUNIT_EXPECT_NULL_MSG(test, results[i], "function %zu", i);
	KUNIT_EXPECT_STREQ(test, kept, "kept as it is");
	KMEM_EXPECT_SILENCE(test, devm_kfree(dev, kept));
}

/* An array is as long as all its elements: each of their bytes can be used. */
static void array_has_room_for_all(struct kunit *test)
{
	static const size_t shapes[][2] = {
		{ 3, 5 }, { 5, 3 }, { 8, 8 }, { 100, 16 }, { 2, 3000 },
	};
	struct device *dev = make_device(test, "kmem_devm");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		size_t n = shapes[i][0], size = shapes[i][1], bytes = n * size;
		char *text = kmem_make_text(test, bytes, i);
		char *plain = devm_kmalloc_array(dev, n, size, GFP_KERNEL);
		char *zeroed = devm_kcalloc(dev, n, size, GFP_KERNEL);
		char *copy = devm_kmemdup_array(dev, text, n, size, GFP_KERNEL);
		char *resized = devm_krealloc_array(dev, NULL, n, size, GFP_KERNEL);

		KUNIT_ASSERT_TRUE_MSG(test, plain && zeroed && copy && resized, "%zu by %zu", n,
				      size);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(zeroed, 0, bytes), "%zu by %zu", n, size);
		memset(plain, 'p', bytes);
		memset(zeroed, 'z', bytes);
		memset(resized, 'r', bytes);
		kmem_expect_same(test, copy, text, bytes);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(plain, 'p', bytes), "%zu by %zu", n, size);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(zeroed, 'z', bytes), "%zu by %zu", n, size);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(resized, 'r', bytes), "%zu by %zu", n, size);
	}
}

/* Each way to have a copy with a device. */
static void *dup_string(struct device *dev, const char *s, size_t len, gfp_t gfp)
{
	return devm_kstrdup(dev, s, gfp);
}

static void *dup_string_const(struct device *dev, const char *s, size_t len, gfp_t gfp)
{
	return (void *)devm_kstrdup_const(dev, s, gfp);
}

static void *dup_memory(struct device *dev, const char *s, size_t len, gfp_t gfp)
{
	return devm_kmemdup(dev, s, len + 1, gfp);
}

static void *dup_memory_const(struct device *dev, const char *s, size_t len, gfp_t gfp)
{
	return (void *)devm_kmemdup_const(dev, s, len + 1, gfp);
}

static void *dup_array(struct device *dev, const char *s, size_t len, gfp_t gfp)
{
	return devm_kmemdup_array(dev, s, len + 1, 1, gfp);
}

static void *dup_format(struct device *dev, const char *s, size_t len, gfp_t gfp)
{
	return devm_kasprintf(dev, gfp, "%.*s%s", (int)len / 3, s, s + len / 3);
}

static __printf(3, 4) char *format_list(struct device *dev, gfp_t gfp, const char *fmt, ...)
{
	va_list args;
	char *result;

	va_start(args, fmt);
	result = devm_kvasprintf(dev, gfp, fmt, args);
	va_end(args);
	return result;
}

static void *dup_list(struct device *dev, const char *s, size_t len, gfp_t gfp)
{
	return format_list(dev, gfp, "%.*s%s", (int)len / 3, s, s + len / 3);
}

static const struct duplicator {
	const char *name;
	void *(*dup)(struct device *dev, const char *s, size_t len, gfp_t gfp);
} duplicators[] = {
	{ "devm_kstrdup", dup_string },
	{ "devm_kstrdup_const", dup_string_const },
	{ "devm_kmemdup", dup_memory },
	{ "devm_kmemdup_const", dup_memory_const },
	{ "devm_kmemdup_array", dup_array },
	{ "devm_kasprintf", dup_format },
	{ "devm_kvasprintf", dup_list },
};

KUNIT_ARRAY_PARAM_DESC(duplicator, duplicators, name);

/* more bytes than 16 bits can count */
#define LONGEST	70000

/*
 * The copy holds what the source does, to the NUL, for every length, and nothing
 * is read behind the source; it is the device's. Source: kernel-doc of each.
 */
static void copy_is_exact(struct kunit *test)
{
	const struct duplicator *duplicator = test->param_value;
	struct device *dev = make_device(test, "kmem_devm");
	char *edge = kmem_make_edge(test, LONGEST + 1);
	size_t len;

	for (len = 0; len <= LONGEST; len += len < 140 ? 1 : len < SZ_4K ? 61 : 9000) {
		char *text = edge + LONGEST - len;
		char *copy;

		kmem_write_text(text, len, len);
		text[len] = '\0';
		copy = duplicator->dup(dev, text, len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL_MSG(test, copy, "len=%zu", len);
		KUNIT_ASSERT_PTR_NE(test, copy, text);
		kmem_expect_same(test, copy, text, len + 1);
		if (len % 2)
			devm_kfree(dev, copy);
	}
	KMEM_EXPECT_SILENCE(test, kunit_release_action(test, drop_device, dev));
}

/*
 * Nothing is written behind the copy: one that fills its slab object to the last
 * byte leaves its neighbours alone, and what the device keeps with each of them.
 */
static void copy_is_not_written_past_its_end(struct kunit *test)
{
	const struct duplicator *duplicator = test->param_value;
	struct device *dev = make_device(test, "kmem_devm");
	char *text = kmem_make_text(test, 256, 0), *copies[8];
	unsigned int i;
	size_t len;

	/* whatever the device keeps with them, some of these fill their objects */
	for (len = 1; len < 200; len++) {
		for (i = 0; i < ARRAY_SIZE(copies); i++) {
			kmem_write_text(text, len, i);
			text[len] = '\0';
			copies[i] = duplicator->dup(dev, text, len, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, copies[i]);
		}
		for (i = 0; i < ARRAY_SIZE(copies); i++) {
			kmem_write_text(text, len, i);
			text[len] = '\0';
			kmem_expect_same(test, copies[i], text, len + 1);
			devm_kfree(dev, copies[i]);
		}
	}
}

/* When memory runs out there is no copy: the result is NULL. */
static void failed_copy_gives_null(struct kunit *test)
{
	const struct duplicator *duplicator = test->param_value;
	const gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN;
	struct device *dev = make_device(test, "kmem_devm");
	char text[] = "text", *copy;

	copy = KMEM_FAILING(test, 1, duplicator->dup(dev, text, 4, gfp));
	KUNIT_EXPECT_NULL(test, copy);
	copy = duplicator->dup(dev, text, 4, gfp);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_STREQ(test, copy, "text");
}

/* No string in, no string out; no bytes give ZERO_SIZE_PTR. */
static void nothing_gives_nothing(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");

	KUNIT_EXPECT_NULL(test, devm_kstrdup(dev, NULL, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, devm_kstrdup_const(dev, NULL, GFP_KERNEL));
	KUNIT_EXPECT_PTR_EQ(test, devm_kmemdup(dev, "", 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, devm_kmemdup_array(dev, "", 0, 10, GFP_KERNEL), ZERO_SIZE_PTR);
}

/*
 * What is read-only is shared and not copied, and may be freed all the same; other
 * data of the kernel is copied. Source: kernel-doc of devm_kstrdup_const() and
 * devm_kmemdup_const(), "if it is in .rodata section".
 */
static void constant_is_shared(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	const char *string = devm_kstrdup_const(dev, RODATA, GFP_KERNEL);
	const char *memory = devm_kmemdup_const(dev, RODATA, 10, GFP_KERNEL);
	const char *empty = RODATA + 128;
	static char writable[9] = "writable";

	KUNIT_EXPECT_PTR_EQ(test, string, RODATA);
	KUNIT_EXPECT_PTR_EQ(test, devm_kstrdup_const(dev, empty, GFP_KERNEL), empty);
	KUNIT_EXPECT_PTR_EQ(test, memory, RODATA);
	KUNIT_EXPECT_PTR_NE(test, devm_kstrdup_const(dev, writable, GFP_KERNEL),
			    (const char *)writable);
	KUNIT_EXPECT_PTR_NE(test, devm_kmemdup_const(dev, writable, 9, GFP_KERNEL),
			    (const void *)writable);
	KMEM_EXPECT_SILENCE(test, {
		devm_kfree(dev, memory);
		kunit_release_action(test, drop_device, dev);
	});
	KUNIT_EXPECT_TRUE(test, isalpha('a'));
}

static struct kunit_case kmem_devm_cases[] = {
	KUNIT_CASE_PARAM(memory_is_whole_and_aligned, allocator_gen_params),
	KUNIT_CASE_PARAM(recycled_memory_is_zero, allocator_gen_params),
	KUNIT_CASE_PARAM(devm_kfree_frees_at_once, allocator_gen_params),
	KUNIT_CASE_PARAM(memory_lives_as_long_as_its_device, allocator_gen_params),
	KUNIT_CASE(devices_keep_their_memory_apart),
	KUNIT_CASE(devm_kfree_spares_the_others),
	KUNIT_CASE(second_devm_kfree_is_reported),
	KUNIT_CASE(devm_kfree_of_unmanaged_memory_is_reported),
	KUNIT_CASE(devm_kfree_takes_what_is_not_allocated),
	KUNIT_CASE_PARAM(zero_size_gives_zero_size_ptr, allocator_gen_params),
	KUNIT_CASE_PARAM(failed_allocation_gives_null, allocator_gen_params),
	KUNIT_CASE_PARAM(memory_can_be_had_in_atomic_context, allocator_gen_params),
	KUNIT_CASE_PARAM(size_near_the_largest_gives_null, allocator_gen_params),
	KUNIT_CASE_PARAM(overflowing_array_gives_null, overflow_gen_params),
	KUNIT_CASE(array_has_room_for_all),
	KUNIT_CASE_PARAM(copy_is_exact, duplicator_gen_params),
	KUNIT_CASE_PARAM(copy_is_not_written_past_its_end, duplicator_gen_params),
	KUNIT_CASE_PARAM(failed_copy_gives_null, duplicator_gen_params),
	KUNIT_CASE(nothing_gives_nothing),
	KUNIT_CASE(constant_is_shared),
	{}
};

static struct kunit_suite kmem_devm_suite = {
	.name = "kmem_devm",
	.init = kmem_suite_init,
	.test_cases = kmem_devm_cases,
};

kunit_test_suite(kmem_devm_suite);

MODULE_DESCRIPTION("KUnit tests for memory that is freed with its device");
MODULE_LICENSE("GPL");
