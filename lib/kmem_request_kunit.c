// SPDX-License-Identifier: GPL-2.0-only
/*
 * The red zone behind what kmalloc() was asked for.
 *
 * kmalloc() rounds sizes up to those of its caches. Where such a cache has
 * SLAB_STORE_USER, SLUB keeps the size that was asked for, and with
 * SLAB_RED_ZONE it guards what was added to it. The cases do so with a cache of
 * their own that is made like kmalloc()'s, and with kmalloc() itself where the
 * boot debugs it.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_request'
 */
#include <kunit/test.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/numa.h>
#include <linux/poison.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <mm/slab.h>
#include "kmem_debug.h"

#define NAME		"kmem_requested"
#define HEAD		"BUG " NAME " ("
#define SIZE		64

/* A cache of @size bytes that is made like kmalloc()'s. */
static struct kmem_cache *request_cache_of(struct kunit *test, unsigned int size,
					   slab_flags_t flags)
{
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	if (!kmem_requests_are_guarded())
		kunit_skip(test, "needs Linux 6.2, which guards what kmalloc() rounds up");
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which keeps data of its own in there");
	return kmem_private_cache(test, NAME, size, SLAB_KMALLOC | flags, NULL);
}

static struct kmem_cache *request_cache(struct kunit *test, slab_flags_t flags)
{
	return request_cache_of(test, SIZE, flags);
}

static u8 *request(struct kunit *test, struct kmem_cache *cache, size_t size, gfp_t gfp)
{
	u8 *memory = kmem_cache_kmalloc(cache, size, gfp);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	return memory;
}

/* Is this the first byte that is not what it shall be? */
static void expect_bytes(struct kunit *test, const u8 *bytes, size_t from, size_t to, u8 value,
			 size_t size)
{
	size_t i;

	for (i = from; i < to && kmem_peek(bytes + i) == value; i++)
		;
	KUNIT_EXPECT_EQ_MSG(test, i, max(from, to), "asked for %zu: byte %zu is 0x%02x", size, i,
			    i < to ? kmem_peek(bytes + i) : 0);
}

/*
 * What was asked for carries the poison of fresh memory, and the rest of the
 * object the red zone's pattern, for every size. Source: init_object(), which
 * limits the poison to the original size, mm/slub.c.
 */
static void rest_of_object_is_red_zone(struct kunit *test)
{
	struct kmem_cache *cache = request_cache(test, KMEM_ALL_CHECKS);
	size_t size;

	for (size = 1; size <= SIZE; size++) {
		u8 *memory = request(test, cache, size, GFP_KERNEL);

		expect_bytes(test, memory, 0, size - 1, POISON_FREE, size);
		expect_bytes(test, memory, size - 1, size, POISON_END, size);
		expect_bytes(test, memory, size, cache->inuse, SLUB_RED_ACTIVE, size);
		kmem_cache_free(cache, memory);
		/* it is a free object like any other then */
		expect_bytes(test, memory, 0, SIZE - 1, POISON_FREE, size);
		expect_bytes(test, memory, SIZE - 1, SIZE, POISON_END, size);
		expect_bytes(test, memory, SIZE, cache->inuse, SLUB_RED_INACTIVE, size);
	}
}

/*
 * Zeroed memory is zero as far as it was asked for, and no further. Source:
 * slab_post_alloc_hook(), "limit zeroing to orig_size if we track it".
 */
static void zeroing_spares_the_red_zone(struct kunit *test)
{
	static const slab_flags_t flags[] = {
		KMEM_ALL_CHECKS, SLAB_RED_ZONE | SLAB_STORE_USER,
	};
	unsigned int i;
	size_t size;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct kmem_cache *cache = request_cache(test, flags[i]);

		for (size = 1; size <= SIZE; size++) {
			u8 *memory = request(test, cache, size, GFP_KERNEL | __GFP_ZERO);

			expect_bytes(test, memory, 0, size, 0, size);
			expect_bytes(test, memory, size, cache->inuse, SLUB_RED_ACTIVE, size);
			KMEM_EXPECT_SILENCE(test, kmem_cache_free(cache, memory));
		}
		kmem_private_cache_destroy(test, cache);
	}
}

/*
 * A write to any byte behind what was asked for is noticed by validation, and
 * the byte restored. Source: check_object(), "kmalloc Redzone", mm/slub.c.
 */
static void every_byte_behind_the_request_is_guarded(struct kunit *test)
{
	struct kmem_cache *cache = request_cache(test, KMEM_ALL_CHECKS);
	size_t size, i;

	for (size = 1; size <= SIZE; size += 1 + size / 4) {
		u8 *memory = request(test, cache, size, GFP_KERNEL);

		for (i = 0; i < cache->inuse; i++) {
			int errors;

			kmem_poke(memory + i, 0x99);
			errors = KMEM_COUNT_ERRORS(test, kmem_validate(test, cache));
			KUNIT_EXPECT_EQ_MSG(test, errors, i < size ? 0 : 2, "byte %zu of %zu", i,
					    size);
			KUNIT_EXPECT_EQ_MSG(test, kmem_peek(memory + i),
					    i < size ? 0x99 : SLUB_RED_ACTIVE, "byte %zu of %zu", i,
					    size);
		}
		kmem_cache_free(cache, memory);
	}
}

/*
 * A write past what was asked for is reported as that when the memory is freed:
 * in all its length, and with its values. Source: as above.
 */
static void write_past_request_is_reported(struct kunit *test)
{
	struct kmem_cache *cache = request_cache(test, KMEM_ALL_CHECKS);
	u8 *memory = request(test, cache, 18, GFP_KERNEL);
	const struct kmem_report *report;

	kmem_poke(memory + 18, 0x98);
	kmem_poke(memory + SIZE - 1, 0x99);
	report = KMEM_EXPECT_REPORT(test, kfree(memory), HEAD);
	kmem_expect_text(test, report, "kmalloc Redzone overwritten");
	kmem_expect_text(test, report, "0x%p-0x%p @offset=%tu. First byte 0x98 instead of 0xcc",
			 memory + 18, memory + SIZE - 1,
			 memory + 18 - (u8 *)slab_address(virt_to_slab(memory)));
	kmem_expect_text(test, report, "FIX " NAME ": Restoring kmalloc Redzone 0x%p-0x%p=0xcc",
			 memory + 18, memory + SIZE - 1);
	kmem_expect_text(test, report, "FIX " NAME ": Object at 0x%p not freed", memory);
	KMEM_EXPECT_SILENCE(test, kfree(memory));
}

/*
 * Memory that is allocated again is guarded by what is asked for then, not by
 * what was asked for before; and what is allocated as an object of the cache is
 * the owner's to its end. Source: alloc_debug_processing(), set_orig_size().
 */
static void latest_request_counts(struct kunit *test)
{
	struct kmem_cache *cache = request_cache(test, KMEM_ALL_CHECKS);
	u8 *first = request(test, cache, 10, GFP_KERNEL), *memory;

	kfree(first);
	memory = request(test, cache, 40, GFP_KERNEL);
	KUNIT_ASSERT_PTR_EQ(test, memory, first);
	memset(memory, 0x11, 40);
	KMEM_EXPECT_SILENCE(test, kfree(memory));

	memory = request(test, cache, 39, GFP_KERNEL);
	KUNIT_ASSERT_PTR_EQ(test, memory, first);
	kmem_poke(memory + 39, 0x99);
	KUNIT_EXPECT_EQ(test, KMEM_COUNT_ERRORS(test, kmem_validate(test, cache)), 2);
	kfree(memory);

	memory = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_PTR_EQ(test, memory, first);
	memset(memory, 0x11, SIZE);
	KMEM_EXPECT_SILENCE(test, kmem_cache_free(cache, memory));
}

/*
 * A request of more than 64 KiB is the owner's to its end, too, and guarded behind
 * that. Source: set_orig_size(), get_orig_size().
 */
static void large_request_is_guarded_at_its_end(struct kunit *test)
{
	struct kmem_cache *cache = request_cache_of(test, 80000, SLAB_CONSISTENCY_CHECKS |
						    SLAB_RED_ZONE | SLAB_STORE_USER);
	u8 *memory = request(test, cache, 70000, GFP_KERNEL);

	memset(memory, 0x11, 70000);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
	kmem_poke(memory + 70000, 0x99);
	KUNIT_EXPECT_EQ(test, KMEM_COUNT_ERRORS(test, kmem_validate(test, cache)), 2);
	KMEM_EXPECT_SILENCE(test, kfree(memory));
}

static void *alloc_single(struct kmem_cache *cache, gfp_t gfp)
{
	return kmem_cache_alloc(cache, gfp);
}

static void *alloc_single_on_node(struct kmem_cache *cache, gfp_t gfp)
{
	return kmem_cache_alloc_node(cache, gfp, numa_mem_id());
}

static void *alloc_single_for_list(struct kmem_cache *cache, gfp_t gfp)
{
	return kmem_cache_alloc_lru(cache, NULL, gfp);
}

static void *alloc_single_in_bulk(struct kmem_cache *cache, gfp_t gfp)
{
	void *object = NULL;

	return kmem_alloc_bulk(cache, gfp, 1, &object) ? object : NULL;
}

static void *alloc_single_of_sheaf(struct kmem_cache *cache, gfp_t gfp)
{
	struct slab_sheaf *sheaf = kmem_cache_prefill_sheaf(cache, GFP_KERNEL, 1);
	void *object = NULL;

	if (sheaf) {
		object = kmem_cache_alloc_from_sheaf(cache, gfp, sheaf);
		kmem_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
	}
	return object;
}

static const struct single {
	const char *name;
	void *(*alloc)(struct kmem_cache *cache, gfp_t gfp);
} singles[] = {
	{ "kmem_cache_alloc", alloc_single },
	{ "kmem_cache_alloc_node", alloc_single_on_node },
	{ "kmem_cache_alloc_lru", alloc_single_for_list },
	{ "kmem_cache_alloc_bulk", alloc_single_in_bulk },
	{ "kmem_cache_alloc_from_sheaf", alloc_single_of_sheaf },
};

KUNIT_ARRAY_PARAM_DESC(single, singles, name);

/*
 * However an object of such a cache is allocated, it is the owner's to its end: zero
 * if that was asked for, and none of it guarded. Source: slab_alloc_context (7.x),
 * .orig_size; slab_post_alloc_hook(), "limit zeroing to orig_size if we track it".
 */
static void object_is_the_owners_to_its_end(struct kunit *test)
{
	struct kmem_cache *cache = request_cache(test, KMEM_ALL_CHECKS);
	const struct single *single = test->param_value;
	u8 *first, *object;

	if (single->alloc == alloc_single_of_sheaf && !kmem_can_call_sheaves())
		kunit_skip(test, "needs sheaves, and the suite built in");
	first = request(test, cache, 10, GFP_KERNEL);
	kfree(first);
	object = single->alloc(cache, GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_PTR_EQ(test, object, first);
	expect_bytes(test, object, 0, SIZE, 0, SIZE);
	expect_bytes(test, object, SIZE, cache->inuse, SLUB_RED_ACTIVE, SIZE);
	memset(object, 0x11, SIZE);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
	KMEM_EXPECT_SILENCE(test, kmem_cache_free(cache, object));
}

/*
 * With SLAB_STORE_USER but no red zones there is nothing to be reported, and
 * without SLAB_STORE_USER no size is kept. Source: slub_debug_orig_size().
 */
static void unguarded_rest_is_silent(struct kunit *test)
{
	static const slab_flags_t flags[] = {
		SLAB_CONSISTENCY_CHECKS | SLAB_STORE_USER,
		SLAB_CONSISTENCY_CHECKS | SLAB_POISON | SLAB_STORE_USER,
		SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE,
		SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct kmem_cache *cache = request_cache(test, flags[i]);
		u8 *memory = request(test, cache, 18, GFP_KERNEL);
		size_t at;

		for (at = 0; at < SIZE; at++)
			kmem_poke(memory + at, 0x11);
		KMEM_EXPECT_SILENCE(test, kfree(memory));
		kmem_private_cache_destroy(test, cache);
	}
}

/*
 * What init_on_free wipes does not make SLUB forget what was asked for, and no
 * free of intact memory is reported. Source: slab_free_hook(), "Restore
 * orig_size, otherwise kmalloc redzone overwritten would be reported".
 */
static void intact_memory_is_freed_silently(struct kunit *test)
{
	struct kmem_cache *cache = request_cache(test, SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE |
						 SLAB_STORE_USER);
	size_t size;

	for (size = 1; size <= SIZE; size++) {
		u8 *memory = request(test, cache, size, GFP_KERNEL);

		memset(memory, 0x11, size);
		KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
		KMEM_EXPECT_SILENCE(test, kfree(memory));
		KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
	}
}

/*
 * krealloc() in place moves the red zone to the new end: what was added may be
 * written, and what was given up may not. Source: krealloc(), "Setup kmalloc
 * redzone when needed", mm/slub.c. On 6.x, krealloc() gives the red zone up.
 */
static void krealloc_moves_the_red_zone(struct kunit *test)
{
	static const size_t requests[] = { 20, 40, 30, 64, 1, 33 };
	struct kmem_cache *cache = request_cache(test, KMEM_ALL_CHECKS);
	u8 *memory = request(test, cache, requests[0], GFP_KERNEL);
	unsigned int i;

	OPTIMIZER_HIDE_VAR(memory);
	for (i = 1; i < ARRAY_SIZE(requests); i++) {
		size_t size = requests[i], kept = min(size, requests[i - 1]);
		u8 *moved;

		memset(memory, 0x40 + i, requests[i - 1]);
		moved = krealloc(memory, size, GFP_KERNEL);
		KUNIT_ASSERT_PTR_EQ_MSG(test, moved, memory, "to %zu", size);
		expect_bytes(test, memory, 0, kept, 0x40 + i, size);
		if (kmem_cross_free_leaks())
			expect_bytes(test, memory, size, cache->inuse, SLUB_RED_ACTIVE, size);
		memset(memory, 0x11, size);
		KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
	}
	if (kmem_cross_free_leaks()) {
		kmem_poke(memory + requests[i - 1], 0x99);
		KUNIT_EXPECT_EQ(test, KMEM_COUNT_ERRORS(test, kmem_validate(test, cache)), 2);
	}
	KMEM_EXPECT_SILENCE(test, kfree(memory));
}

/*
 * What krealloc() added in place is kept when the memory is moved after that, guarded
 * or not. Source: krealloc(), "the contents of the object pointed to are preserved
 * up to the lesser of the new and old sizes".
 */
static void krealloc_keeps_what_it_added(struct kunit *test)
{
	static const slab_flags_t flags[] = { 0, SLAB_STORE_USER, SLAB_RED_ZONE, KMEM_ALL_CHECKS };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct kmem_cache *cache = request_cache(test, flags[i]);
		u8 *memory = request(test, cache, 10, GFP_KERNEL), *moved;

		OPTIMIZER_HIDE_VAR(memory);
		moved = krealloc(memory, 60, GFP_KERNEL);
		KUNIT_ASSERT_PTR_EQ(test, moved, memory);
		memset(memory, 0x11, 60);
		moved = krealloc(memory, 200, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, moved);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(moved, 0x11, 60), "flags %u", i);
		kfree(moved);
		kmem_private_cache_destroy(test, cache);
	}
}

/*
 * Who asks with ksize() how much there is may use all of it. Source:
 * slab_ksize(), "only use the space before that information", and
 * skip_orig_size_check() in __ksize().
 */
static void what_ksize_says_may_be_used(struct kunit *test)
{
	struct kmem_cache *cache = request_cache(test, KMEM_ALL_CHECKS);
	u8 *memory = request(test, cache, 18, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(memory);
	KUNIT_EXPECT_EQ(test, ksize(memory), SIZE);
	memset(memory, 0x11, SIZE);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
	KMEM_EXPECT_SILENCE(test, kfree(memory));
}

/*
 * What a cache keeps behind its objects, be it tracks, free pointers or padding that is
 * checked, is behind all that ksize() says there is. Source: slab_ksize(), "only use the
 * space before that information", "Debugging requires use of the padding".
 */
static void ksize_spares_what_is_behind_the_object(struct kunit *test)
{
	static const slab_flags_t flags[] = { SLAB_STORE_USER, SLAB_TYPESAFE_BY_RCU, SLAB_POISON };
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct kmem_cache *cache = kmem_private_cache(test, "kmem_behind", SIZE, flags[i],
							      NULL);
		struct kmem_batch *batch = kmem_take(test, cache, 1);

		KUNIT_EXPECT_EQ_MSG(test, ksize(batch->objects[0]), SIZE, "flags %u", i);
		kmem_give_back(test, batch);
		kmem_private_cache_destroy(test, cache);
	}
}

static void *alloc(size_t size)
{
	return kmalloc(size, GFP_KERNEL);
}

static void *alloc_zeroed(size_t size)
{
	return kzalloc(size, GFP_KERNEL);
}

static void *alloc_on_node(size_t size)
{
	return kmalloc_node(size, GFP_KERNEL, NUMA_NO_NODE);
}

static void *alloc_constant_on_node(size_t size)
{
	return size == 18 ? kmalloc_node(18, GFP_KERNEL, NUMA_NO_NODE) : alloc_on_node(size);
}

static void *alloc_for_caller(size_t size)
{
	return kmalloc_track_caller(size, GFP_KERNEL);
}

static void *alloc_to_be_mapped(size_t size)
{
	return kvmalloc(size, GFP_KERNEL);
}

static void *alloc_without_lock(size_t size)
{
	return kmalloc_nolock(size, 0, NUMA_NO_NODE);
}

static void *realloc_nothing(size_t size)
{
	return krealloc(NULL, size, GFP_KERNEL);
}

static const struct way {
	const char *name;
	void *(*alloc)(size_t size);
} ways[] = {
	{ "kmalloc", alloc },
	{ "kzalloc", alloc_zeroed },
	{ "kmalloc_node", alloc_on_node },
	{ "kmalloc_node_of_a_constant", alloc_constant_on_node },
	{ "kmalloc_track_caller", alloc_for_caller },
	{ "kvmalloc", alloc_to_be_mapped },
	{ "kmalloc_nolock", alloc_without_lock },
	{ "krealloc", realloc_nothing },
};

KUNIT_ARRAY_PARAM_DESC(way, ways, name);

/*
 * kmalloc() itself is guarded like that where the boot debugs it, and so is all
 * that allocates as it does. Source: Documentation/mm/slub.rst (or
 * admin-guide/mm/slab.rst), slab_debug=FZU.
 */
static void kmalloc_is_guarded(struct kunit *test)
{
	const slab_flags_t needed = KMEM_ALL_CHECKS & ~SLAB_POISON;
	static const size_t requests[] = { 1, 5, 18, 100, 200, 300 };
	const struct way *way = test->param_value;
	const struct kmem_report *report;
	unsigned int i;
	u8 *memory;

	request_cache(test, 0);
	if (way->alloc == alloc_without_lock && !kmem_has_nolock())
		kunit_skip(test, "needs kmalloc_nolock()");
	memory = kmalloc(SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	i = (virt_to_slab(memory)->slab_cache->flags & needed) == needed;
	kfree(memory);
	if (!i)
		kunit_skip(test, "needs a boot with slab_debug=FZU");

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		size_t size = requests[i];

		memory = way->alloc(size);
		KUNIT_ASSERT_NOT_NULL(test, memory);
		memset(memory, 0x11, size);
		KMEM_EXPECT_SILENCE(test, kfree(memory));

		memory = way->alloc(size);
		KUNIT_ASSERT_NOT_NULL(test, memory);
		kmem_poke(memory + size, 0x99);
		report = KMEM_EXPECT_REPORT(test, kfree(memory), "BUG kmalloc-");
		kmem_expect_text(test, report, "kmalloc Redzone overwritten");
		kmem_expect_text(test, report, "0x%p-0x%p @offset=", memory + size, memory + size);
		KMEM_EXPECT_SILENCE(test, kfree(memory));
	}
}

/*
 * What a report calls padding begins behind the size that was asked for, which
 * SLUB keeps behind the object. Source: print_trailer(), mm/slub.c.
 */
static void report_shows_padding_only(struct kunit *test)
{
	struct kmem_cache *cache = request_cache(test, KMEM_ALL_CHECKS);
	u8 *memory = request(test, cache, SIZE / 2, GFP_KERNEL);
	const struct kmem_report *report;
	const char *line;

	kmem_poke(memory + SIZE / 2, 0x99);
	report = KMEM_EXPECT_REPORT(test, kmem_validate(test, cache), HEAD);
	line = strstr(report->text, "Padding  ");
	KUNIT_ASSERT_NOT_NULL(test, line);
	line = strchr(line, ':');
	KUNIT_ASSERT_NOT_NULL(test, line);
	KUNIT_EXPECT_TRUE_MSG(test, strstarts(line, ": 5a 5a 5a 5a "), "%.60s", line);
	kmem_cache_free(cache, memory);
}

static struct kunit_case kmem_request_cases[] = {
	KUNIT_CASE(rest_of_object_is_red_zone),
	KUNIT_CASE(zeroing_spares_the_red_zone),
	KUNIT_CASE(every_byte_behind_the_request_is_guarded),
	KUNIT_CASE(write_past_request_is_reported),
	KUNIT_CASE(latest_request_counts),
	KUNIT_CASE(large_request_is_guarded_at_its_end),
	KUNIT_CASE_PARAM(object_is_the_owners_to_its_end, single_gen_params),
	KUNIT_CASE(unguarded_rest_is_silent),
	KUNIT_CASE(intact_memory_is_freed_silently),
	KUNIT_CASE(krealloc_moves_the_red_zone),
	KUNIT_CASE(krealloc_keeps_what_it_added),
	KUNIT_CASE(what_ksize_says_may_be_used),
	KUNIT_CASE(ksize_spares_what_is_behind_the_object),
	KUNIT_CASE_PARAM(kmalloc_is_guarded, way_gen_params),
	KUNIT_CASE(report_shows_padding_only),
	{}
};

static struct kunit_suite kmem_request_suite = {
	.name = "kmem_request",
	.init = kmem_suite_init,
	.test_cases = kmem_request_cases,
};

kunit_test_suite(kmem_request_suite);

MODULE_DESCRIPTION("KUnit tests for the red zone behind kmalloc() requests");
MODULE_LICENSE("GPL");
