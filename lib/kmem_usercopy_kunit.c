// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies to and from user space that hardened user copies must allow.
 *
 * A copy that is refused ends in a BUG(), so these cases do not fail but die,
 * if they fail.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_usercopy'
 */
#include <kunit/test.h>
#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/thread_info.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/sections.h>
#include "kmem_kunit.h"

#define OBJECT_SIZE	72

/* A copy of a size that the compiler does not know, which is what is checked. */
static void copy(const void *from, size_t size)
{
	OPTIMIZER_HIDE_VAR(size);
	check_object_size(from, size, true);
	check_object_size(from, size, false);
}

/* All copies that lie in a region of an object, by both ends. */
static void copy_all_of(const u8 *region, unsigned int size)
{
	unsigned int offset, len;

	for (offset = 0; offset <= size; offset++) {
		for (len = 0; len <= size - offset; len++)
			copy(region + offset, len);
	}
}

static const struct window {
	const char *name;
	unsigned int offset, size;
} windows[] = {
	{ "all", 0, OBJECT_SIZE },
	{ "first_byte", 0, 1 },
	{ "last_byte", OBJECT_SIZE - 1, 1 },
	{ "inside", 9, 13 },
	{ "all_but_the_first", 1, OBJECT_SIZE - 1 },
	{ "all_but_the_last", 0, OBJECT_SIZE - 1 },
};

KUNIT_ARRAY_PARAM_DESC(window, windows, name);

/*
 * Every copy within the region of a cache is allowed, to the byte at both ends,
 * of each object of a slab and whatever lies between the objects. So is a copy
 * of nothing, anywhere. Source: __check_heap_object(), "Allow address range
 * falling entirely within usercopy region"; __check_object_size(), "Skip all
 * tests if size is zero".
 */
static void region_may_be_copied(struct kunit *test)
{
	static const slab_flags_t kinds[] = {
		0, SLAB_HWCACHE_ALIGN, SLAB_RED_ZONE, SLAB_POISON, KMEM_ALL_CHECKS,
		SLAB_TYPESAFE_BY_RCU,
	};
	const struct window *window = test->param_value;
	unsigned int i, j;

	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct kmem_cache *cache;
		struct kmem_batch *batch;

		cache = kmem_cache_create_usercopy("kmem_window", OBJECT_SIZE, 0,
						   kinds[i] | SLAB_NO_MERGE | SLAB_NO_USER_FLAGS,
						   window->offset, window->size, NULL);
		kmem_adopt_cache(test, cache);
		batch = kmem_take(test, cache, 60);
		for (j = 0; j < batch->nr; j++) {
			copy(batch->objects[j] + window->offset, window->size);
			copy(batch->objects[j], 0);
			copy(batch->objects[j] + OBJECT_SIZE, 0);
		}
		copy_all_of(batch->objects[0] + window->offset, window->size);
		kmem_give_back(test, batch);
		kmem_private_cache_destroy(test, cache);
	}
	KUNIT_SUCCEED(test);
}

/*
 * Every copy within a region is allowed, also where it begins more than 64 KB behind
 * the begin of the object, or is larger than that. Source: as above.
 */
static void region_may_lie_far_inside(struct kunit *test)
{
	static const struct { unsigned int offset, size; } regions[] = {
		{ 70000, 16 }, { 0, 80000 },
	};
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	for (i = 0; i < ARRAY_SIZE(regions); i++) {
		struct kmem_cache *cache;
		struct kmem_batch *batch;
		u8 *region;

		cache = kmem_cache_create_usercopy("kmem_far_window", 100000, 0,
						   SLAB_NO_MERGE | SLAB_NO_USER_FLAGS,
						   regions[i].offset, regions[i].size, NULL);
		kmem_adopt_cache(test, cache);
		batch = kmem_take(test, cache, 1);
		region = batch->objects[0] + regions[i].offset;
		if (IS_ENABLED(CONFIG_SLUB))
			KUNIT_ASSERT_EQ(test, kmem_origin(region).usersize, regions[i].size);
		copy(region, regions[i].size);
		copy_all_of(region + regions[i].size - 16, 16);
		kmem_give_back(test, batch);
		kmem_private_cache_destroy(test, cache);
	}
	KUNIT_SUCCEED(test);
}

struct kmem_window {
	u64 secret;
	char field[21];
	u8 other;
};

/*
 * KMEM_CACHE_USERCOPY() and struct kmem_cache_args allow copies of the region
 * that they name. Source: include/linux/slab.h, "To whitelist a single field for
 * copying to/from usercopy".
 */
static void region_may_be_named_in_other_ways(struct kunit *test)
{
	struct kmem_cache_args args = {
		.useroffset = offsetof(struct kmem_window, field),
		.usersize = sizeof_field(struct kmem_window, field),
	};
	struct kmem_cache *caches[2];
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	caches[0] = KMEM_CACHE_USERCOPY(kmem_window, 0, field);
	caches[1] = kmem_cache_create_with("kmem_window_args", sizeof(struct kmem_window), &args,
					   0);
	for (i = 0; i < ARRAY_SIZE(caches); i++) {
		struct kmem_window *object;

		kmem_adopt_cache(test, caches[i]);
		object = kmem_take(test, caches[i], 1)->objects[0];
		copy_all_of(object->field, sizeof(object->field));
	}
	KUNIT_SUCCEED(test);
}

static void kmalloc_and_copy(struct kunit *test, size_t size, gfp_t type)
{
	u8 *memory = kmalloc(size, type);
	size_t offset;

	KUNIT_ASSERT_NOT_NULL_MSG(test, memory, "size %zu", size);
	for (offset = 0; offset < size; offset += size / 8 + 1) {
		copy(memory + offset, size - offset);
		copy(memory + offset, 1);
	}
	copy(memory + size - 1, 1);
	kfree(memory);
}

/*
 * All of what kmalloc() returns may be copied, from any type of its caches and
 * beyond them. Source: create_kmalloc_cache(), with a region of the whole
 * object; check_page_span() and its successors for large ones.
 */
static void all_of_kmalloc_may_be_copied(struct kunit *test)
{
	static const gfp_t types[] = {
		GFP_KERNEL, GFP_KERNEL | __GFP_RECLAIMABLE, GFP_KERNEL_ACCOUNT,
		GFP_KERNEL | GFP_DMA,
	};
	unsigned int i;
	size_t size;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		for (size = 1; size <= 4 * KMALLOC_MAX_CACHE_SIZE; size += size / 3 + 1) {
			kmalloc_and_copy(test, size, types[i]);
			kmalloc_and_copy(test, kmalloc_size_roundup(size), types[i]);
		}
	}
}

/*
 * What is on the stack may be copied, up to the stack's last byte. Source:
 * check_stack_object(), "Check if object is safely within a valid frame".
 */
static void stack_may_be_copied_up_to_its_end(struct kunit *test)
{
	u8 *end = task_stack_page(current) + THREAD_SIZE, first = 0;

	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	if (IS_ENABLED(CONFIG_HAVE_ARCH_WITHIN_STACK_FRAMES) && IS_ENABLED(CONFIG_FRAME_POINTER))
		kunit_skip(test, "needs a stack without frames, which each copy is to keep to");
	copy(&first, end - &first);
	copy(end - 8, 8);
	KUNIT_SUCCEED(test);
}

/*
 * What lies right before the stack, or right behind it, may be copied. Source:
 * check_stack_object(), "Object is not on the stack at all".
 */
static void neighbours_of_the_stack_may_be_copied(struct kunit *test)
{
	void *stack = task_stack_page(current), *pages;
	unsigned long flags;

	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	pages = alloc_pages_exact(3 * THREAD_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	/* the stack is said to lie between pages of ours, as long as nobody needs to know */
	local_irq_save(flags);
	current->stack = pages + THREAD_SIZE;
	copy(pages + THREAD_SIZE - 8, 8);
	copy(pages + 2 * THREAD_SIZE, 8);
	current->stack = stack;
	local_irq_restore(flags);
	free_pages_exact(pages, 3 * THREAD_SIZE);
	KUNIT_SUCCEED(test);
}

static void copy_both_ends_of(const void *memory, size_t size)
{
	copy(memory, size);
	copy(memory + 1, size - 1);
	copy(memory + size - 1, 1);
}

/*
 * Mapped memory may be copied as far as it is mapped, by whatever function. Source:
 * check_heap_object(), which looks for a mapping, and not for who asked for it.
 */
static void all_of_mapped_memory_may_be_copied(struct kunit *test)
{
	void *mapped, *window = NULL;
	struct page *page;

	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	mapped = vmalloc(3 * PAGE_SIZE);
	page = alloc_page(GFP_KERNEL);
	if (page)
		window = vm_map_ram(&page, 1, NUMA_NO_NODE);
	if (mapped)
		copy_both_ends_of(mapped, 3 * PAGE_SIZE);
	if (window) {
		copy_both_ends_of(window, PAGE_SIZE);
		vm_unmap_ram(window, 1);
	}
	vfree(mapped);
	if (page)
		__free_page(page);
	KUNIT_EXPECT_NOT_NULL(test, mapped);
	KUNIT_EXPECT_NOT_NULL(test, window);
}

/*
 * What lies right before the kernel's code, or right behind it, may be copied. Source:
 * overlaps(), "Does not overlap if entirely above or entirely below".
 */
static void neighbours_of_kernel_text_may_be_copied(struct kunit *test)
{
	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	/* on which nobody else gets pages there */
	KMEM_REQUIRE(test, CONFIG_UML);
#ifndef MODULE
	copy(_stext - 8, 8);
	copy(_etext, 8);
	KUNIT_SUCCEED(test);
#else
	kunit_skip(test, "needs to be built in, to know where the kernel's code is");
#endif
}

/*
 * A copy may end with the last byte of all, which is not yet round the end. Source:
 * check_bogus_address(), "Reject if object wraps past end of memory".
 */
static void copy_may_end_where_memory_does(struct kunit *test)
{
	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	copy((const void *)-8L, 8);
	KUNIT_SUCCEED(test);
}

static struct kunit_case kmem_usercopy_cases[] = {
	KUNIT_CASE_PARAM(region_may_be_copied, window_gen_params),
	KUNIT_CASE(region_may_lie_far_inside),
	KUNIT_CASE(region_may_be_named_in_other_ways),
	KUNIT_CASE(all_of_kmalloc_may_be_copied),
	KUNIT_CASE(stack_may_be_copied_up_to_its_end),
	KUNIT_CASE(neighbours_of_the_stack_may_be_copied),
	KUNIT_CASE(all_of_mapped_memory_may_be_copied),
	KUNIT_CASE(neighbours_of_kernel_text_may_be_copied),
	KUNIT_CASE(copy_may_end_where_memory_does),
	{}
};

static struct kunit_suite kmem_usercopy_suite = {
	.name = "kmem_usercopy",
	.init = kmem_suite_init,
	.test_cases = kmem_usercopy_cases,
};

kunit_test_suite(kmem_usercopy_suite);

MODULE_DESCRIPTION("KUnit tests for the user copy regions of caches");
MODULE_LICENSE("GPL");
