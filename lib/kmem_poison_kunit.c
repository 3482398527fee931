// SPDX-License-Identifier: GPL-2.0-only
/*
 * What SLAB_POISON and SLAB_RED_ZONE promise.
 *
 * The patterns are those of include/linux/poison.h; where they lie is told by
 * the comment above check_pad_bytes() in mm/slub.c. Each violation is made on
 * purpose, found by the cache's own validation (what "validate" in sysfs does),
 * and must be reported for the right cache, bytes and values.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_poison'
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poison.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <mm/slab.h>
#include "kmem_kunit.h"

/* Full slabs are validated only where SLUB keeps a list of them. */
#define VALIDATED	SLAB_STORE_USER

#define NAME		"kmem_poisoned"

static const struct object_size {
	const char *name;
	unsigned int bytes;
} sizes[] = {
	{ "1 byte", 1 },
	{ "8 bytes", 8 },
	{ "13 bytes", 13 },
	{ "64 bytes", 64 },
	{ "100 bytes", 100 },
	{ "1000 bytes", 1000 },
	{ "a page", PAGE_SIZE },
	{ "100000 bytes", 100000 },
};

KUNIT_ARRAY_PARAM_DESC(size, sizes, name);

static unsigned int size_of(struct kunit *test)
{
	const struct object_size *size = test->param_value;

	return size->bytes;
}

static struct kmem_cache *poisoned_cache(struct kunit *test, slab_flags_t flags)
{
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	/* poison keeps init_on_free away, and larger objects hold their free pointer */
	if (!(flags & SLAB_POISON) && size_of(test) < sizeof(void *) && want_init_on_free() &&
	    !kmem_init_on_free_spares_free_pointer())
		kunit_skip(test, "needs Linux 6.10, or a boot without init_on_free=1");
	if (size_of(test) == PAGE_SIZE && kmem_boot_keeps_orders(test))
		kunit_skip(test, "needs a boot without slab_debug=O, which spares such objects");
	return kmem_private_cache(test, NAME, size_of(test), flags | VALIDATED, NULL);
}

/* An object, filled with what its owner would have in it. */
static u8 *used_object(struct kunit *test, struct kmem_cache *cache)
{
	u8 *object = kmem_cache_alloc(cache, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, object);
	memset(object, 0x11, size_of(test));
	return object;
}

/* The freed object carries the pattern of SLAB_POISON to its last byte. */
static void expect_pattern(struct kunit *test, const u8 *object)
{
	unsigned int i, size = size_of(test);

	for (i = 0; i < size - 1; i++)
		if (kmem_peek(object + i) != POISON_FREE)
			break;
	KUNIT_EXPECT_EQ_MSG(test, i, size - 1, "byte %u is 0x%02x", i, kmem_peek(object + i));
	KUNIT_EXPECT_EQ(test, kmem_peek(object + size - 1), POISON_END);
}

/*
 * Overwrite one byte and expect validation to report just that, and to restore
 * it, so that the next validation has nothing to say.
 */
static void expect_overwrite_report(struct kunit *test, struct kmem_cache *cache, u8 *byte,
				    u8 pattern, const char *what)
{
	const u8 *slab = slab_address(virt_to_slab(byte));
	const struct kmem_report *report;

	KUNIT_EXPECT_EQ_MSG(test, kmem_peek(byte), pattern, "%s at slab offset %zd", what,
			    byte - slab);
	kmem_poke(byte, 0x99);
	report = KMEM_EXPECT_REPORT(test, kmem_validate(test, cache), "BUG " NAME " (");
	kmem_expect_text(test, report, "%s overwritten", what);
	kmem_expect_text(test, report,
			 "0x%p-0x%p @offset=%tu. First byte 0x99 instead of 0x%x",
			 byte, byte, byte - slab, pattern);
	kmem_expect_text(test, report, "FIX " NAME ": Restoring %s 0x%p-0x%p=0x%x", what,
			 byte, byte, pattern);
	KUNIT_EXPECT_EQ(test, kmem_peek(byte), pattern);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
}

/*
 * A fresh object of a poisoned cache carries POISON_FREE and ends in
 * POISON_END, the first time and after it was used and freed. Source:
 * init_object(); alloc_debug_processing() (since 6.3), init_tracking's callers
 * (before 6.3), mm/slub.c.
 */
static void fresh_object_carries_the_pattern(struct kunit *test)
{
	struct kmem_cache *cache = poisoned_cache(test, SLAB_POISON);
	u8 *object = kmem_cache_alloc(cache, GFP_KERNEL);
	unsigned int tries;

	KUNIT_ASSERT_NOT_NULL(test, object);
	expect_pattern(test, object);
	for (tries = 0; tries < 4; tries++) {
		memset(object, 0x11, size_of(test));
		kmem_cache_free(cache, object);
		object = kmem_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, object);
		expect_pattern(test, object);
	}
	kmem_cache_free(cache, object);
}

/*
 * Who reads a freed object finds the pattern, and nothing of what it held.
 * Source: init_object(), called by free_debug_processing(), mm/slub.c.
 */
static void freed_object_is_repoisoned(struct kunit *test)
{
	struct kmem_cache *cache = poisoned_cache(test, SLAB_POISON);
	u8 *object = used_object(test, cache);

	kmem_cache_free(cache, object);
	expect_pattern(test, object);
}

/*
 * A write after free is reported with its exact place: at the first byte, in
 * the middle, and at the last one, which has a pattern of its own. Source:
 * check_object(), "Poison" and "End Poison", mm/slub.c.
 */
static void write_after_free_is_reported(struct kunit *test)
{
	struct kmem_cache *cache = poisoned_cache(test, SLAB_POISON);
	u8 *keep = used_object(test, cache);
	u8 *object = used_object(test, cache);
	unsigned int size = size_of(test);

	kmem_cache_free(cache, object);
	if (size > 1) {
		expect_overwrite_report(test, cache, object, POISON_FREE, "Poison");
		expect_overwrite_report(test, cache, object + (size - 1) / 2, POISON_FREE,
					"Poison");
		expect_overwrite_report(test, cache, object + size - 2, POISON_FREE, "Poison");
	}
	expect_overwrite_report(test, cache, object + size - 1, POISON_END, "End Poison");
	kmem_cache_free(cache, keep);
}

/*
 * A write after free that spans bytes, or pages, is reported from its first to its last
 * wrong byte, and all of it is restored. Source: check_bytes_and_report(),
 * restore_bytes(), mm/slub.c.
 */
static void report_spans_all_wrong_bytes(struct kunit *test)
{
	static const unsigned int lasts[] = { 30, 2 * PAGE_SIZE };
	const struct kmem_report *report;
	struct kmem_cache *cache;
	unsigned int i;
	u8 *object;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_private_cache(test, NAME, 3 * PAGE_SIZE, SLAB_POISON | VALIDATED, NULL);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	kmem_cache_free(cache, object);

	for (i = 0; i < ARRAY_SIZE(lasts); i++) {
		kmem_poke(object + 17, 0x42);
		kmem_poke(object + lasts[i], 0x43);
		report = KMEM_EXPECT_REPORT(test, kmem_validate(test, cache), "BUG " NAME " (");
		kmem_expect_text(test, report, "Poison overwritten");
		kmem_expect_text(test, report, "0x%p-0x%p @offset=", object + 17,
				 object + lasts[i]);
		kmem_expect_text(test, report, "First byte 0x42 instead of 0x6b");
		KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
		KUNIT_EXPECT_EQ(test, kmem_peek(object + lasts[i]), POISON_FREE);
	}
}

/*
 * With SLAB_CONSISTENCY_CHECKS, a write after free is also found when the
 * object would be allocated again, wherever it was. Its whole slab is then given
 * up: the object comes from another one, and the cache counts as used for ever.
 * Source: alloc_debug_processing(), "Marking all objects used", mm/slub.c.
 */
static void write_after_free_is_found_at_allocation(struct kunit *test)
{
	static const unsigned int offsets[] = { 0, 31, 62, 63 };
	const struct kmem_report *report;
	struct kmem_cache *cache;
	void *object, *next = NULL;
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		cache = kmem_private_cache(test, "kmem_given_up", 64,
					   SLAB_POISON | SLAB_CONSISTENCY_CHECKS, NULL);
		object = kmem_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, object);
		kmem_cache_free(cache, object);

		kmem_poke(object + offsets[i], 0x99);
		report = KMEM_EXPECT_REPORT(test, next = kmem_cache_alloc(cache, GFP_KERNEL),
					    "BUG kmem_given_up (");
		kmem_expect_text(test, report, "%sPoison overwritten",
				 offsets[i] == 63 ? "End " : "");
		kmem_expect_text(test, report, "0x%p-0x%p @offset=", object + offsets[i],
				 object + offsets[i]);
		kmem_expect_text(test, report, "FIX kmem_given_up: Marking all objects used");
		KUNIT_ASSERT_NOT_NULL(test, next);
		KUNIT_EXPECT_PTR_NE(test, virt_to_slab(next), virt_to_slab(object));
		kmem_cache_free(cache, next);
		KMEM_EXPECT_WARN(test, kmem_private_cache_destroy(test, cache),
				 "kmem_cache_destroy kmem_given_up: Slab cache still has objects");
	}
}

/*
 * So is a write behind the last object of a slab, when any of its objects would be
 * allocated: nothing is lost by that, and the slab goes on. Source:
 * alloc_consistency_checks(), check_slab(), "Slab_pad_check fixes things up after
 * itself", mm/slub.c.
 */
static void write_behind_the_slab_is_found_at_allocation(struct kunit *test)
{
	struct kmem_cache *cache;
	const struct kmem_report *report;
	void *object, *next = NULL;
	struct slab *slab;
	u8 *last;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_private_cache(test, NAME, 3000, SLAB_POISON | SLAB_CONSISTENCY_CHECKS, NULL);
	object = kmem_take(test, cache, 1)->objects[0];
	slab = virt_to_slab(object);
	if (slab->objects < 2 || slab_size(slab) % cache->size == 0)
		kunit_skip(test, "needs slabs that objects of 3000 bytes leave some of");
	last = slab_address(slab) + slab_size(slab) - 1;
	kmem_poke(last, 0x99);
	report = KMEM_EXPECT_REPORT(test, next = kmem_cache_alloc(cache, GFP_KERNEL),
				    "BUG " NAME " (");
	kmem_expect_text(test, report, "Padding overwritten. 0x%p-0x%p @offset=%zu", last, last,
			 slab_size(slab) - 1);
	KUNIT_ASSERT_NOT_NULL(test, next);
	KUNIT_EXPECT_PTR_EQ(test, virt_to_slab(next), slab);
	KUNIT_EXPECT_EQ(test, kmem_peek(last), POISON_INUSE);
	KMEM_EXPECT_SILENCE(test, kmem_cache_free(cache, next));
}

/*
 * A write one byte past a live object is reported, and one to the last byte of
 * the right red zone. Source: check_object(), "Right Redzone", mm/slub.c.
 */
static void write_past_end_is_reported(struct kunit *test)
{
	struct kmem_cache *cache = poisoned_cache(test, SLAB_RED_ZONE);
	u8 *object = used_object(test, cache);

	KUNIT_ASSERT_GT(test, cache->inuse, size_of(test));
	expect_overwrite_report(test, cache, object + size_of(test), SLUB_RED_ACTIVE,
				"Right Redzone");
	expect_overwrite_report(test, cache, object + cache->inuse - 1, SLUB_RED_ACTIVE,
				"Right Redzone");
	kmem_cache_free(cache, object);
}

/*
 * A write one byte before a live object is reported, and one to the first byte
 * of the left red zone. Source: check_object(), "Left Redzone", mm/slub.c.
 */
static void write_before_start_is_reported(struct kunit *test)
{
	struct kmem_cache *cache = poisoned_cache(test, SLAB_RED_ZONE);
	u8 *object = used_object(test, cache);

	KUNIT_ASSERT_GT(test, cache->red_left_pad, 0);
	expect_overwrite_report(test, cache, object - 1, SLUB_RED_ACTIVE, "Left Redzone");
	expect_overwrite_report(test, cache, object - cache->red_left_pad, SLUB_RED_ACTIVE,
				"Left Redzone");
	kmem_cache_free(cache, object);
}

/*
 * The red zones of a freed object are guarded too, with the pattern for objects
 * that are not in use. Source: init_object(), check_object(), mm/slub.c.
 */
static void red_zones_of_freed_object_are_guarded(struct kunit *test)
{
	struct kmem_cache *cache = poisoned_cache(test, SLAB_RED_ZONE);
	u8 *keep = used_object(test, cache);
	u8 *object = used_object(test, cache);

	kmem_cache_free(cache, object);
	expect_overwrite_report(test, cache, object + size_of(test), SLUB_RED_INACTIVE,
				"Right Redzone");
	expect_overwrite_report(test, cache, object - 1, SLUB_RED_INACTIVE, "Left Redzone");
	kmem_cache_free(cache, keep);
}

/*
 * With SLAB_CONSISTENCY_CHECKS, a write out of bounds is also found when the
 * object is freed. Source: free_consistency_checks(), mm/slub.c.
 */
static void write_past_end_is_found_at_free(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_cache *cache;
	u8 *object, *end;

	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which lets nobody free an object again");
	cache = poisoned_cache(test, SLAB_RED_ZONE | SLAB_CONSISTENCY_CHECKS);
	object = used_object(test, cache);
	end = object + size_of(test);
	kmem_poke(end, 0x99);
	report = KMEM_EXPECT_REPORT(test, kmem_cache_free(cache, object), "BUG " NAME " (");
	kmem_expect_text(test, report, "Right Redzone overwritten");
	kmem_expect_text(test, report, "0x%p-0x%p @offset=", end, end);

	/* the report mended the red zone, and the object was kept from the freelist */
	kmem_expect_text(test, report, "FIX " NAME ": Object at 0x%p not freed", object);
	KMEM_EXPECT_SILENCE(test, kmem_cache_free(cache, object));
}

/**
 * struct late_free - a free that a kernel thread is to do
 * @work: does so
 * @cache: of which cache
 * @object: of which object
 */
struct late_free {
	struct work_struct work;
	struct kmem_cache *cache;
	void *object;
};

static void free_late(struct work_struct *work)
{
	struct late_free *late = container_of(work, struct late_free, work);

	kmem_cache_free(late->cache, late->object);
}

static void free_in_thread(struct kmem_cache *cache, void *object)
{
	struct late_free late = { .cache = cache, .object = object };

	INIT_WORK_ONSTACK(&late.work, free_late);
	schedule_work(&late.work);
	flush_work(&late.work);
	destroy_work_on_stack(&late.work);
}

/*
 * A report is made in any thread, not only in those that run a test and may have
 * it counted instead. Source: slab_in_kunit_test(), slab_add_kunit_errors(),
 * mm/slub.c.
 */
static void violation_is_reported_in_any_thread(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_cache *cache;
	void *object;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which lets nobody free an object again");
	/* poison keeps init_on_free away, which wipes what is freed, be that refused or not */
	cache = kmem_private_cache(test, NAME, 64, SLAB_POISON | SLAB_RED_ZONE |
				   SLAB_CONSISTENCY_CHECKS, NULL);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	kmem_poke(object + 64, 0x99);
	report = KMEM_EXPECT_REPORT(test, free_in_thread(cache, object), "BUG " NAME " (");
	kmem_expect_text(test, report, "Right Redzone overwritten");
	kmem_expect_text(test, report, "FIX " NAME ": Object at 0x%p not freed", object);
	KMEM_EXPECT_SILENCE(test, kmem_cache_free(cache, object));

	/* what is wrong with a slab is reported in another way */
	cache = kmem_private_cache(test, "kmem_inner", 64, SLAB_POISON | VALIDATED |
				   SLAB_CONSISTENCY_CHECKS, NULL);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	report = KMEM_EXPECT_REPORT(test, free_in_thread(cache, object + 1),
				    "Invalid object pointer 0x%p", object + 1);
	kmem_expect_text(test, report, "Slab 0x%p objects=", virt_to_slab(object));
	KMEM_EXPECT_SILENCE(test, kmem_cache_free(cache, object));
}

/*
 * With SLAB_CONSISTENCY_CHECKS, a double free is reported for the object, which
 * is then on the freelist once and not twice. Source: on_freelist() in
 * free_consistency_checks(), "Object already free", mm/slub.c.
 *
 * Before 6.8, the second free cuts the freelist behind the object before it is
 * checked: validation finds the rest missing, and counts it as used for ever.
 */
static void double_free_is_reported(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_cache *cache;
	struct kmem_batch *batch;
	u8 *keep, *object;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which reports double frees itself");
	cache = kmem_private_cache(test, "kmem_freed_twice", 64,
				   SLAB_POISON | SLAB_CONSISTENCY_CHECKS | VALIDATED, NULL);
	keep = kmem_cache_alloc(cache, GFP_KERNEL);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, keep);
	KUNIT_ASSERT_NOT_NULL(test, object);

	kmem_cache_free(cache, object);
	report = KMEM_EXPECT_REPORT(test, kmem_cache_free(cache, object),
				    "BUG kmem_freed_twice (");
	kmem_expect_text(test, report, "Object already free");
	kmem_expect_text(test, report, "Object 0x%p @offset=%tu", object,
			 object - (u8 *)slab_address(virt_to_slab(object)));
	kmem_expect_text(test, report, "FIX kmem_freed_twice: Object at 0x%p not freed", object);

	if (kmem_double_free_cuts_freelist())
		KMEM_EXPECT_REPORT(test, kmem_validate(test, cache), "Wrong object count");
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
	batch = kmem_take(test, cache, 200);
	KUNIT_EXPECT_EQ(test, kmem_count(batch, object), 1);
	KUNIT_EXPECT_EQ(test, kmem_count(batch, keep), 0);
	kmem_give_back(test, batch);
	kmem_cache_free(cache, keep);

	report = KMEM_CAPTURE(test, kmem_private_cache_destroy(test, cache));
	if (kmem_double_free_cuts_freelist())
		kmem_expect_text(test, report, "Slab cache still has objects");
	else
		kmem_expect_heads(test, report, "kmem_cache_destroy()", 0, 0);
}

/*
 * With SLAB_CONSISTENCY_CHECKS, a pointer into an object is not taken for the
 * object. Source: check_valid_pointer() in free_consistency_checks(), mm/slub.c.
 */
static void free_of_inner_pointer_is_reported(struct kunit *test)
{
	struct kmem_cache *cache;
	u8 *object;

	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which reports such frees itself");
	cache = poisoned_cache(test, SLAB_POISON | SLAB_CONSISTENCY_CHECKS);
	object = used_object(test, cache);
	KMEM_EXPECT_REPORT(test, kmem_cache_free(cache, object + 1),
			   "Invalid object pointer 0x%p", object + 1);
	KMEM_EXPECT_SILENCE(test, kmem_cache_free(cache, object));
}

/*
 * Correct use is not reported: objects may be written from their first to their
 * last byte, with any value, and freed in any order.
 */
static void correct_use_is_silent(struct kunit *test)
{
	struct kmem_cache *cache = poisoned_cache(test, SLAB_POISON | SLAB_RED_ZONE |
						  SLAB_CONSISTENCY_CHECKS);
	unsigned int i, nr = size_of(test) > PAGE_SIZE ? 10 : 100;
	struct kmem_batch *batch;

	KMEM_EXPECT_SILENCE(test, {
		kmem_validate(test, cache);
		batch = kmem_take(test, cache, nr);
		kmem_validate(test, cache);
		for (i = 0; i < batch->nr; i++)
			memset(batch->objects[i], i, size_of(test));
		kmem_validate(test, cache);
		for (i = 0; i < nr / 2; i++)
			swap(batch->objects[i], batch->objects[(i * 37 + 11) % nr]);
		for (; batch->nr > nr / 2; batch->nr--)
			kmem_cache_free(cache, batch->objects[batch->nr - 1]);
		kmem_validate(test, cache);
		kmem_give_back(test, batch);
		kmem_validate(test, cache);
		kmem_private_cache_destroy(test, cache);
	});
}

/*
 * ksize() of an object is what its owner may write to, and ends before what is
 * guarded. Source: slab_ksize(), "Debugging requires use of the padding".
 */
static void ksize_ends_before_what_is_guarded(struct kunit *test)
{
	static const slab_flags_t guards[] = { SLAB_RED_ZONE, SLAB_POISON };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(guards); i++) {
		struct kmem_cache *cache = poisoned_cache(test, guards[i]);
		u8 *object = used_object(test, cache);

		KUNIT_EXPECT_EQ_MSG(test, ksize(object), size_of(test), "guard %u", i);
		kmem_cache_free(cache, object);
		kmem_private_cache_destroy(test, cache);
	}
}

static struct kunit_case kmem_poison_cases[] = {
	KUNIT_CASE_PARAM(fresh_object_carries_the_pattern, size_gen_params),
	KUNIT_CASE_PARAM(freed_object_is_repoisoned, size_gen_params),
	KUNIT_CASE_PARAM(write_after_free_is_reported, size_gen_params),
	KUNIT_CASE(report_spans_all_wrong_bytes),
	KUNIT_CASE(write_after_free_is_found_at_allocation),
	KUNIT_CASE(write_behind_the_slab_is_found_at_allocation),
	KUNIT_CASE_PARAM(write_past_end_is_reported, size_gen_params),
	KUNIT_CASE_PARAM(write_before_start_is_reported, size_gen_params),
	KUNIT_CASE_PARAM(red_zones_of_freed_object_are_guarded, size_gen_params),
	KUNIT_CASE_PARAM(write_past_end_is_found_at_free, size_gen_params),
	KUNIT_CASE(violation_is_reported_in_any_thread),
	KUNIT_CASE(double_free_is_reported),
	KUNIT_CASE_PARAM(free_of_inner_pointer_is_reported, size_gen_params),
	KUNIT_CASE_PARAM(ksize_ends_before_what_is_guarded, size_gen_params),
	KUNIT_CASE_PARAM(correct_use_is_silent, size_gen_params),
	{}
};

static struct kunit_suite kmem_poison_suite = {
	.name = "kmem_poison",
	.init = kmem_suite_init,
	.test_cases = kmem_poison_cases,
};

kunit_test_suite(kmem_poison_suite);

MODULE_DESCRIPTION("KUnit tests for slab poisoning and red zones");
MODULE_LICENSE("GPL");
