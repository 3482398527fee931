// SPDX-License-Identifier: GPL-2.0-only
/*
 * What must stop the kernel: refused copies to and from user space, hardened
 * freelists, caches and pools that may not fail.
 *
 * Each case is for a boot of its own, and has passed if just the words that it
 * announces are what this boot ends with. So in any other boot all of them are
 * skipped; tools/kmem-kunit boots each. By hand:
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit \
 *		--kernel_args=kmem_fatal_kunit.die=1 'kmem_fatal.double_free_in_a_row'
 */
#include <kunit/test.h>
#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/panic.h>
#include <linux/sched/task_stack.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/stdarg.h>
#include <linux/string.h>
#include <linux/thread_info.h>
#include <linux/vmalloc.h>
#include <asm/sections.h>
#include <mm/slab.h>
#include "kmem_kunit.h"

#define OBJECT_SIZE	72
/* the region of an object that user space may see */
#define OFFSET		24
#define SIZE		16

#define ALLOCATOR	(IS_ENABLED(CONFIG_SLUB) ? "SLUB" : "SLAB")

static bool may_die;
module_param_named(die, may_die, bool, 0);
MODULE_PARM_DESC(die, "run the cases, each of which stops the kernel");

/* Say what the kernel must say at its end; skip the case where it may not end. */
static __printf(2, 3) void announce(struct kunit *test, const char *fmt, ...)
{
	char words[128];
	va_list args;

	if (!IS_ENABLED(CONFIG_UML))
		kunit_skip(test, "needs CONFIG_UML=y, where a BUG() stops the kernel");
	if (!may_die)
		kunit_skip(test, "needs a boot of its own, with kmem_fatal_kunit.die=1");
	va_start(args, fmt);
	vscnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	kunit_info(test, "must stop the kernel: %s\n", words);
}

#define EXPECT_DEATH(test, statement, ...) do {				\
	struct kunit *__test = (test);					\
									\
	announce(__test, __VA_ARGS__);					\
	statement;							\
	KUNIT_FAIL(__test, #statement " does not stop the kernel");	\
} while (0)

/*
 * An object that is freed twice in a row is found by the hardened freelist.
 * Source: set_freepointer(), "naive detection of double free or corruption".
 * On 7.x, a sheaf would take it, which SLAB_NOLEAKTRACE prevents.
 */
static void double_free_in_a_row(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_twice", OBJECT_SIZE,
						      SLAB_NOLEAKTRACE, NULL);
	void *object = kmem_take(test, cache, 1)->objects[0];

	KMEM_REQUIRE(test, CONFIG_SLUB);
	KMEM_REQUIRE(test, CONFIG_SLAB_FREELIST_HARDENED);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which finds it first");
	OPTIMIZER_HIDE_VAR(object);
	EXPECT_DEATH(test, ({
		kmem_cache_free(cache, object);
		kmem_cache_free(cache, object);
	}), "/set_freepointer()!");
}

/* A copy of a size that the compiler does not know, which is what is checked. */
static void copy(const void *from, size_t size, bool to_user)
{
	OPTIMIZER_HIDE_VAR(size);
	check_object_size(from, size, to_user);
}

/* An object with the region in it; anything but that region is refused. */
static void *object_with_region(struct kunit *test, slab_flags_t flags)
{
	struct kmem_cache *cache;

	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	cache = kmem_cache_create_usercopy("kmem_region", OBJECT_SIZE, 0,
					   flags | SLAB_NO_MERGE | SLAB_NO_USER_FLAGS,
					   OFFSET, SIZE, NULL);
	kmem_adopt_cache(test, cache);
	return kmem_take(test, cache, 1)->objects[0];
}

/*
 * No byte before the region of a cache goes to user space. Source:
 * __check_heap_object(), "Allow address range falling entirely within usercopy
 * region".
 */
static void copy_from_before_the_region(struct kunit *test)
{
	void *object = object_with_region(test, 0);

	EXPECT_DEATH(test, copy(object + OFFSET - 1, SIZE, true),
		     "exposure attempt detected from %s object 'kmem_region' (offset %u, size %u)!",
		     ALLOCATOR, OFFSET - 1, SIZE);
}

/* No byte behind it does. Source: as above. */
static void copy_from_behind_the_region(struct kunit *test)
{
	void *object = object_with_region(test, 0);

	EXPECT_DEATH(test, copy(object + OFFSET, SIZE + 1, true),
		     "exposure attempt detected from %s object 'kmem_region' (offset %u, size %u)!",
		     ALLOCATOR, OFFSET, SIZE + 1);
}

/* Nor does one that begins behind it. Source: as above. */
static void copy_of_a_byte_behind_the_region(struct kunit *test)
{
	void *object = object_with_region(test, 0);

	EXPECT_DEATH(test, copy(object + OFFSET + SIZE + 1, 1, true),
		     "exposure attempt detected from %s object 'kmem_region' (offset %u, size 1)!",
		     ALLOCATOR, OFFSET + SIZE + 1);
}

/* User space cannot write there either. Source: as above; usercopy_abort(). */
static void copy_to_behind_the_region(struct kunit *test)
{
	void *object = object_with_region(test, 0);

	EXPECT_DEATH(test, copy(object + OFFSET + 1, SIZE, false),
		     "overwrite attempt detected to %s object 'kmem_region' (offset %u, size %u)!",
		     ALLOCATOR, OFFSET + 1, SIZE);
}

/*
 * With a red zone before the object, the region is counted from the object's
 * first byte. Source: __check_heap_object(), "Adjust for redzone".
 */
static void copy_from_behind_the_region_with_red_zone(struct kunit *test)
{
	void *object = object_with_region(test, SLAB_RED_ZONE);

	EXPECT_DEATH(test, copy(object + OFFSET, SIZE + 1, true),
		     "exposure attempt detected from %s object 'kmem_region' (offset %u, size %u)!",
		     ALLOCATOR, OFFSET, SIZE + 1);
}

/* The red zone itself is no part of it. Source: as above, "reject if within the redzone". */
static void copy_of_the_red_zone(struct kunit *test)
{
	void *object;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	object = object_with_region(test, SLAB_RED_ZONE);
	EXPECT_DEATH(test, copy(object - 1, 1, true),
		     "exposure attempt detected from SLUB object in left red zone 'kmem_region' (offset %zu, size 1)!",
		     sizeof(void *) - 1);
}

/*
 * A cache that names no region shows user space nothing. Source:
 * kmem_cache_create(), include/linux/slab.h, "usersize: Usercopy region size, 0
 * indicates no usercopy region".
 */
static void copy_from_a_cache_without_region(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_secret", OBJECT_SIZE, 0, NULL);
	void *object = kmem_take(test, cache, 1)->objects[0];

	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	EXPECT_DEATH(test, copy(object, 1, true),
		     "exposure attempt detected from %s object 'kmem_secret' (offset 0, size 1)!",
		     ALLOCATOR);
}

/* kmalloc() memory ends where its size class does. Source: create_kmalloc_cache(). */
static void copy_from_behind_kmalloc_memory(struct kunit *test)
{
	size_t size = kmalloc_size_roundup(100);
	void *memory = kunit_kmalloc(test, size, GFP_KERNEL);

	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	EXPECT_DEATH(test, copy(memory, size + 1, true), "(offset 0, size %zu)!", size + 1);
}

/* more than 64 KiB */
#define FAR		((size_t)70000)

/*
 * Large kmalloc() memory ends with its pages, wherever in it a copy begins. Source:
 * check_heap_object().
 */
static void copy_from_behind_large_kmalloc_memory(struct kunit *test)
{
	void *memory = kunit_kmalloc(test, SZ_128K, GFP_KERNEL);
	size_t size = SZ_128K - FAR + 1;

	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	EXPECT_DEATH(test, copy(memory + FAR, size, true),
		     "exposure attempt detected from page alloc (offset %zu, size %zu)!", FAR,
		     size);
}

static void unmap(void *memory)
{
	vfree(memory);
}

/*
 * Mapped memory ends with its mapping, a page behind it, wherever in it a copy
 * begins. Source: check_heap_object(); vmalloc(), which appends a guard page.
 */
static void copy_from_behind_mapped_memory(struct kunit *test)
{
	size_t size = SZ_128K;
	u8 *memory = vmalloc(size);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unmap, memory), 0);
	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	EXPECT_DEATH(test, copy(memory + FAR, size, true),
		     "exposure attempt detected from vmalloc (offset %zu, size %zu)!", FAR, size);
}

/* Memory that is no longer mapped holds nothing to copy. Source: check_heap_object(), "no area". */
static void copy_from_unmapped_memory(struct kunit *test)
{
	u8 *memory = vmalloc(PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	vfree(memory);
	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	OPTIMIZER_HIDE_VAR(memory);
	EXPECT_DEATH(test, copy(memory, 1, true),
		     "exposure attempt detected from vmalloc 'no area' (offset 0, size 1)!");
}

/*
 * No copy goes round the end of the address space. Source:
 * check_bogus_address(), "Reject if object wraps past end of memory".
 */
static void copy_round_the_end_of_memory(struct kunit *test)
{
	u8 *memory = kunit_kmalloc(test, OBJECT_SIZE, GFP_KERNEL);

	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	EXPECT_DEATH(test, copy(memory, SIZE_MAX, true),
		     "exposure attempt detected from wrapped address (offset 0, size %lu)!",
		     (unsigned long)memory - 1);
}

/* ZERO_SIZE_PTR holds nothing to copy. Source: check_bogus_address(), "Reject if NULL or". */
static void copy_from_zero_size_memory(struct kunit *test)
{
	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	EXPECT_DEATH(test, copy(ZERO_SIZE_PTR, 1, true),
		     "exposure attempt detected from null address (offset %lu, size 1)!",
		     (unsigned long)ZERO_SIZE_PTR);
}

/* The kernel's own code is not for user space. Source: __check_object_size(), "text exposure". */
static void copy_from_kernel_text(struct kunit *test)
{
	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	EXPECT_DEATH(test, copy((const void *)vfree, 16, true),
		     "exposure attempt detected from kernel text");
}

#ifndef MODULE
#define TEXT_BEGIN	((unsigned long)_stext)
#define TEXT_END	((unsigned long)_etext)
#else	/* which nobody tells where the kernel is */
#define TEXT_BEGIN	0UL
#define TEXT_END	0UL
#endif

static void expect_no_text(struct kunit *test, unsigned long start, size_t size)
{
	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	if (!TEXT_BEGIN)
		kunit_skip(test, "needs to be built in, to know where the kernel's code is");
	EXPECT_DEATH(test, copy((const void *)start, size, true),
		     "exposure attempt detected from kernel text (offset %lu, size %zu)!",
		     start - TEXT_BEGIN, size);
}

/* Nor is what only ends with the first of it. Source: overlaps(), "any portion". */
static void copy_from_before_kernel_text(struct kunit *test)
{
	expect_no_text(test, TEXT_BEGIN - 8, 16);
}

/* Nor the last of it. Source: as above. */
static void copy_of_the_last_of_kernel_text(struct kunit *test)
{
	expect_no_text(test, TEXT_END - 1, 1);
}

/*
 * No copy begins before the stack, and none ends behind it. Source:
 * check_stack_object(), "Reject: object partially overlaps the stack".
 */
static void copy_from_before_the_stack(struct kunit *test)
{
	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	EXPECT_DEATH(test, copy(task_stack_page(current) - 8, 16, true),
		     "exposure attempt detected from process stack");
}

/* Source: as above. */
static void copy_to_behind_the_stack(struct kunit *test)
{
	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	EXPECT_DEATH(test, copy(task_stack_page(current) + THREAD_SIZE - 8, 16, false),
		     "overwrite attempt detected to process stack");
}

/*
 * With SLAB_PANIC, a cache that cannot be created stops the kernel. Source:
 * include/linux/slab.h, "SLAB_PANIC: Panic if kmem_cache_create() fails".
 */
static void cache_that_may_not_fail(struct kunit *test)
{
	unsigned int size = KMALLOC_MAX_SIZE + 1;

	OPTIMIZER_HIDE_VAR(size);
	EXPECT_DEATH(test, kmem_cache_create("kmem_needed", size, 0, SLAB_PANIC, NULL),
		     "Failed to create slab 'kmem_needed'. Error -22");
}

/*
 * What SLUB finds wrong with a slab taints the kernel, not only what it finds
 * wrong with an object: who wants to stop then, does. Source: "B" in
 * Documentation/admin-guide/tainted-kernels.rst; __slab_err() (6.x: slab_err()).
 */
static void report_of_a_slab_with_panic_on_taint(struct kunit *test)
{
#if defined(CONFIG_SLUB_DEBUG) && !defined(MODULE)
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_tainting", OBJECT_SIZE,
						      SLAB_CONSISTENCY_CHECKS, NULL);
	struct slab *slab = virt_to_slab(kmem_take(test, cache, 1)->objects[0]);

	EXPECT_DEATH(test, ({
		panic_on_taint = BIT(TAINT_BAD_PAGE);
		slab->objects++;
		kmem_validate(test, cache);
	}), "panic_on_taint set");
#else
	kunit_skip(test, "needs CONFIG_SLUB_DEBUG=y, and to be built in, to set panic_on_taint");
#endif
}

/*
 * A slab is not kept among the partial ones when it is full: a shrink, which sorts them
 * by how many objects are free, has no place for it. Source: __kmem_cache_do_shrink(),
 * "We do not keep full slabs on the list".
 */
static void shrink_of_a_full_slab_among_partial_ones(struct kunit *test)
{
#ifdef CONFIG_SLUB_DEBUG
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_full", OBJECT_SIZE,
						      SLAB_CONSISTENCY_CHECKS, NULL);
	struct slab *slab = virt_to_slab(kmem_take(test, cache, 1)->objects[0]);

	EXPECT_DEATH(test, ({
		slab->inuse = slab->objects;
		kmem_cache_shrink(cache);
	}), "/__kmem_cache_do_shrink()!");
#else
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
#endif
}

static void *alloc_nothing(gfp_t gfp, void *data)
{
	return data;
}

static void free_nothing(void *element, void *data)
{
}

static void destroy_pool(void *pool)
{
	mempool_destroy(pool);
}

/* A pool cannot be resized to nothing. Source: mempool_resize(), BUG_ON(new_min_nr <= 0). */
static void mempool_resized_to_nothing(struct kunit *test)
{
	mempool_t *pool = mempool_create(1, alloc_nothing, free_nothing, test);

	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy_pool, pool), 0);
	EXPECT_DEATH(test, (void)mempool_resize(pool, 0), "/mempool_resize()!");
}

static void construct_nothing(void *object)
{
}

/*
 * A pool's elements are of no cache with a constructor, whose work its poison would
 * undo. Source: mempool_alloc_slab(), VM_BUG_ON(mem->ctor).
 */
static void mempool_of_constructed_objects(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_constructed", OBJECT_SIZE, 0,
						      construct_nothing);

	KMEM_REQUIRE(test, CONFIG_DEBUG_VM);
	EXPECT_DEATH(test, mempool_destroy(mempool_create_slab_pool(1, cache)),
		     "/mempool_alloc_slab()!");
}

static struct kunit_case kmem_fatal_cases[] = {
	KUNIT_CASE(double_free_in_a_row),
	KUNIT_CASE(copy_from_before_the_region),
	KUNIT_CASE(copy_from_behind_the_region),
	KUNIT_CASE(copy_of_a_byte_behind_the_region),
	KUNIT_CASE(copy_to_behind_the_region),
	KUNIT_CASE(copy_from_behind_the_region_with_red_zone),
	KUNIT_CASE(copy_of_the_red_zone),
	KUNIT_CASE(copy_from_a_cache_without_region),
	KUNIT_CASE(copy_from_behind_kmalloc_memory),
	KUNIT_CASE(copy_from_behind_large_kmalloc_memory),
	KUNIT_CASE(copy_from_behind_mapped_memory),
	KUNIT_CASE(copy_from_unmapped_memory),
	KUNIT_CASE(copy_round_the_end_of_memory),
	KUNIT_CASE(copy_from_zero_size_memory),
	KUNIT_CASE(copy_from_kernel_text),
	KUNIT_CASE(copy_from_before_kernel_text),
	KUNIT_CASE(copy_of_the_last_of_kernel_text),
	KUNIT_CASE(copy_from_before_the_stack),
	KUNIT_CASE(copy_to_behind_the_stack),
	KUNIT_CASE(cache_that_may_not_fail),
	KUNIT_CASE(report_of_a_slab_with_panic_on_taint),
	KUNIT_CASE(shrink_of_a_full_slab_among_partial_ones),
	KUNIT_CASE(mempool_resized_to_nothing),
	KUNIT_CASE(mempool_of_constructed_objects),
	{}
};

static struct kunit_suite kmem_fatal_suite = {
	.name = "kmem_fatal",
	.init = kmem_suite_init,
	.test_cases = kmem_fatal_cases,
};

kunit_test_suite(kmem_fatal_suite);

MODULE_DESCRIPTION("KUnit tests for what must stop the kernel");
MODULE_LICENSE("GPL");
