// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvrealloc() with __GFP_ZERO, and the red zones of resized memory.
 *
 * As kmem_krealloc_zero, for memory that may be mapped, or become so.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_kvrealloc_zero'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "kmem_kunit.h"
#include "kmem_realloc.h"

/* the smallest size that kmalloc() cannot have */
#define MAPPED_SIZE	((size_t)KMALLOC_MAX_SIZE + 1)

DEFINE_ZERO_REQUESTS(requests);

KUNIT_ARRAY_PARAM_DESC(request, requests, name);

static gfp_t request_flags(struct kunit *test)
{
	const struct zero_request *request = test->param_value;

	if (!kmem_kvrealloc_in_place())
		kunit_skip(test, "needs Linux 6.12");
	if (!want_init_on_alloc(request->flags))
		kunit_skip(test, "needs a boot with init_on_alloc=1");
	return request->flags;
}

/* Resize, and expect that what is common is kept and that all else is zero. */
static u8 *expect_zero(struct kunit *test, u8 *memory, size_t from, size_t to, gfp_t flags)
{
	size_t kept = min(from, to);
	bool mapped = is_vmalloc_addr(memory);
	u8 *resized = kmem_kvrealloc(memory, from, to, flags), *stain;

	KUNIT_ASSERT_NOT_NULL(test, resized);
	stain = memchr_inv(resized + kept, 0, to - kept);
	KUNIT_ASSERT_NULL_MSG(test, stain, "from %zu to %zu, mapped: %d, offset %td", from, to,
			      mapped, stain - resized);
	KUNIT_ASSERT_EQ_MSG(test, pattern_kept(resized, kept), kept,
			    "from %zu to %zu, mapped: %d", from, to, mapped);
	return resized;
}

/*
 * What a larger size adds to mapped memory is zero, in place and after a move,
 * though a smaller size gave it up before. Source: kvrealloc()'s kernel-doc, "If
 * __GFP_ZERO logic is requested", and vrealloc(), 'Zero out "freed" memory'.
 */
static void growth_of_mapped_memory_is_zero(struct kunit *test)
{
	gfp_t flags = request_flags(test);
	static const size_t stops[] = {
		3 * PAGE_SIZE, PAGE_SIZE + 1, 2 * PAGE_SIZE, 10, 11, PAGE_SIZE, PAGE_SIZE - 1,
		PAGE_SIZE, 5 * PAGE_SIZE + 1, 6 * PAGE_SIZE,
	};
	size_t size = 2 * PAGE_SIZE + 5;
	u8 *memory = __vmalloc(size, flags);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, memory);
	for (i = 0; i < ARRAY_SIZE(stops); i++) {
		pattern_renew();
		pattern_fill(memory, size);
		memory = expect_zero(test, memory, size, stops[i], flags);
		size = stops[i];
	}
	kvfree(memory);
}

static const struct stay {
	const char *name;
	gfp_t flags;
	bool for_user;
} stays[] = {
	{ "nofs", GFP_NOFS, false },
	{ "noio", GFP_NOIO, false },
	{ "user", GFP_KERNEL, true },
};

KUNIT_ARRAY_PARAM_DESC(stay, stays, name);

/*
 * So it is where no page is freed when memory shrinks, and the pages that were given up
 * come back as they were left. Source: vrealloc(), "unused memory will have already been
 * zeroed [...] during realloc shrink time"; what it says of GFP_NOFS, GFP_NOIO and
 * VM_USERMAP (7.x).
 */
static void growth_is_zero_on_pages_that_stayed(struct kunit *test)
{
	const struct stay *stay = test->param_value;
	const size_t size = 4 * PAGE_SIZE;
	gfp_t flags = stay->flags | __GFP_ZERO;
	u8 *memory;

	if (!kmem_kvrealloc_in_place())
		kunit_skip(test, "needs Linux 6.12");
	memory = stay->for_user ? vmalloc_user(size) : __vmalloc(size, flags);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	pattern_renew();
	pattern_fill(memory, size);
	memory = expect_zero(test, memory, size, 1, flags);
	kvfree(expect_zero(test, memory, 1, size, flags));
}

/*
 * What a larger size adds to memory of kmalloc() is zero, in place, after a move
 * within kmalloc(), and in mapped memory. Source: as above, and krealloc()'s
 * kernel-doc.
 */
static void growth_of_kmalloc_memory_is_zero(struct kunit *test)
{
	static const struct { size_t from, to; } growths[] = {
		{ 128, 200 }, { 128, 1000 }, { SZ_1K, PAGE_SIZE + 1 }, { SZ_1K, 5 * PAGE_SIZE },
		{ 64, MAPPED_SIZE },
	};
	gfp_t flags = request_flags(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(growths); i++) {
		size_t from = growths[i].from, to = growths[i].to;
		u8 *memory = kmalloc_unfenced(test, from, flags);

		pattern_renew();
		pattern_fill(memory, from);
		kvfree(expect_zero(test, memory, from, to, flags));
	}
}

/*
 * What lies behind the bytes that were asked for is not handed on as contents,
 * be it the rest of the object or its neighbour. Source: kvrealloc()'s
 * kernel-doc, "the contents of the object pointed to are preserved up to the
 * lesser of the new and old sizes".
 */
static void what_lies_behind_is_not_handed_on(struct kunit *test)
{
	gfp_t flags = request_flags(test), failable = flags & ~__GFP_RECLAIM;
	u8 *memory[MANY_ROUNDS];
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	for (i = 0; i < ARRAY_SIZE(memory); i++) {
		memory[i] = kmalloc_unfenced(test, 100, flags);
		pattern_fill(memory[i], 100);
	}
	kvfree(expect_zero(test, memory[0], 100, MAPPED_SIZE, flags));
	for (i = 1; i < ARRAY_SIZE(memory); i++) {
		u8 *resized = KMEM_FAILING(test, 1, kmem_kvrealloc(memory[i], 100, 1000,
								   failable | __GFP_NOWARN));

		KUNIT_ASSERT_NOT_NULL(test, resized);
		KUNIT_ASSERT_NULL_MSG(test, memchr_inv(resized + 100, 0, 900), "object %u", i);
		KUNIT_EXPECT_EQ(test, pattern_kept(resized, 100), 100);
		kvfree(resized);
	}
}

/*
 * Bytes of mapped memory that a smaller size gives up are wiped, where the boot has
 * memory wiped when it is freed or allocated. Source: vrealloc(), 'Zero out "freed"
 * memory'; init_on_free= in Documentation/admin-guide/kernel-parameters.txt.
 */
static void what_mapped_memory_gives_up_is_wiped(struct kunit *test)
{
	static const size_t stops[] = { 3 * PAGE_SIZE, 2 * PAGE_SIZE + 1, PAGE_SIZE - 1, 100, 1 };
	size_t size = 3 * PAGE_SIZE + 100;
	u8 *memory;
	unsigned int i;

	if (!kmem_kvrealloc_in_place())
		kunit_skip(test, "needs Linux 6.12");
	if (!want_init_on_free() && !want_init_on_alloc(GFP_KERNEL))
		kunit_skip(test, "needs a boot with init_on_free=1 or init_on_alloc=1");
	memory = vmalloc_filled(test, size);
	for (i = 0; i < ARRAY_SIZE(stops); i++) {
		/* pages behind it may be gone */
		size_t end = min_t(size_t, size, PAGE_ALIGN(stops[i])), offset = stops[i];

		KUNIT_ASSERT_PTR_EQ(test, kmem_kvrealloc(memory, size, stops[i], GFP_KERNEL),
				    memory);
		while (offset < end && !kmem_peek(memory + offset))
			offset++;
		KUNIT_EXPECT_EQ_MSG(test, offset, end, "from %zu to %zu", size, stops[i]);
		size = stops[i];
		KUNIT_EXPECT_EQ(test, pattern_kept(memory, size), size);
	}
	vfree(memory);
}

static void *resize(struct kunit *test, void *memory, size_t size)
{
	return kmem_kvrealloc(memory, 30, size, GFP_KERNEL);
}

static void *resize_on_second_try(struct kunit *test, void *memory, size_t size)
{
	return KMEM_FAILING(test, 1, kmem_kvrealloc(memory, 30, size, GFP_NOWAIT | __GFP_NOWARN));
}

/*
 * Where the boot guards the size that kmalloc() was asked for, the byte behind
 * the new size is guarded: after a move, also on a second try, and in place
 * where the series guards that at all. Source: __do_krealloc(), and kvrealloc(),
 * which is kvmalloc() on its second try.
 */
static void write_behind_the_new_size_is_reported(struct kunit *test)
{
	u8 *moved, *tried, *stayed;
	bool has_moved;

	if (!kmem_kvrealloc_in_place())
		kunit_skip(test, "needs Linux 6.12");
	require_guards(test);
	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	moved = resize_unfenced(test, resize, 30, 50, &has_moved);
	KUNIT_EXPECT_TRUE(test, has_moved);
	tried = resize_unfenced(test, resize_on_second_try, 30, 50, &has_moved);
	KUNIT_EXPECT_TRUE(test, has_moved);
	stayed = resize_unfenced(test, resize, 30, GUARDED_SIZE, &has_moved);
	KUNIT_EXPECT_FALSE(test, has_moved);
	kmem_poke(moved + 50, 0x11);
	kmem_poke(tried + 50, 0x11);
	kmem_poke(stayed + GUARDED_SIZE, 0x11);
	KMEM_EXPECT_REPORT(test, kvfree(moved), "kmalloc Redzone overwritten");
	KMEM_EXPECT_REPORT(test, kvfree(tried), "kmalloc Redzone overwritten");
	if (kmem_krealloc_knows_request())
		KMEM_EXPECT_REPORT(test, kvfree(stayed), "kmalloc Redzone overwritten");
	else
		KMEM_EXPECT_SILENCE(test, kvfree(stayed));
}

static struct kunit_case kvrealloc_zero_cases[] = {
	KUNIT_CASE_PARAM(growth_of_mapped_memory_is_zero, request_gen_params),
	KUNIT_CASE_PARAM(growth_is_zero_on_pages_that_stayed, stay_gen_params),
	KUNIT_CASE_PARAM(growth_of_kmalloc_memory_is_zero, request_gen_params),
	KUNIT_CASE_PARAM(what_lies_behind_is_not_handed_on, request_gen_params),
	KUNIT_CASE(what_mapped_memory_gives_up_is_wiped),
	KUNIT_CASE(write_behind_the_new_size_is_reported),
	{}
};

static struct kunit_suite kvrealloc_zero_suite = {
	.name = "kmem_kvrealloc_zero",
	.init = kmem_suite_init,
	.test_cases = kvrealloc_zero_cases,
};

kunit_test_suite(kvrealloc_zero_suite);

MODULE_DESCRIPTION("KUnit tests for kvrealloc() with __GFP_ZERO");
MODULE_LICENSE("GPL");
