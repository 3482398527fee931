// SPDX-License-Identifier: GPL-2.0-only
/*
 * What SLAB_CONSISTENCY_CHECKS promise of slabs, freelists and bad frees.
 *
 * Each case damages one thing of a slab on purpose: a counter, a link of its
 * freelist, its padding, or the pointer that is handed to a free. The damage
 * must be reported for what it is, be mended as far as the report says, and
 * spread no further. What SLUB does not mend, the case mends itself, so that the
 * cache can be destroyed.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_damage'
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/poison.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <mm/slab.h>
#include "kmem_debug.h"

#define NAME		"kmem_damaged"
#define HEAD		"BUG " NAME " ("
#define OBJECT_SIZE	102
#define FREED		3

/* A slab of a checked cache whose objects are in use, but for the first three. */
struct patient {
	struct kmem_cache *cache;
	struct slab *slab;
	struct kmem_batch *batch;	/* those in use; the last ones by address */
	unsigned int nr;		/* objects of the slab */
	void *freed[FREED];		/* linked from the last to the first */
};

/* A bit-field has no type that KUnit could compare. */
static unsigned int in_use(const struct patient *p)
{
	return p->slab->inuse;
}

static struct patient admit(struct kunit *test, slab_flags_t flags)
{
	struct patient p = { };
	unsigned int i;

	p.cache = kmem_private_cache(test, NAME, OBJECT_SIZE,
				     SLAB_CONSISTENCY_CHECKS | SLAB_POISON | flags, NULL);
	p.batch = kmem_take_slab(test, p.cache);
	p.nr = p.batch->nr;
	KUNIT_ASSERT_GT(test, p.nr, 2 * FREED);
	p.slab = virt_to_slab(p.batch->objects[0]);
	for (i = 0; i < FREED; i++) {
		p.freed[i] = p.batch->objects[i];
		kmem_cache_free(p.cache, p.freed[i]);
	}
	p.batch->nr -= FREED;
	memmove(p.batch->objects, p.batch->objects + FREED, p.batch->nr * sizeof(void *));
	KUNIT_ASSERT_PTR_EQ(test, p.slab->freelist, p.freed[FREED - 1]);
	KUNIT_ASSERT_EQ(test, in_use(&p), p.nr - FREED);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, p.cache));
	return p;
}

static void expect_slab_is_sound(struct kunit *test, struct patient *p)
{
	KUNIT_EXPECT_EQ(test, 0 + p->slab->objects, p->nr);
	KUNIT_EXPECT_EQ(test, in_use(p), p->nr - FREED);
	KUNIT_EXPECT_PTR_EQ(test, p->slab->freelist, p->freed[FREED - 1]);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, p->cache));
}

/* Since 6.12, a trace comes with a warning: expect as many of them as there are reports. */
static void expect_traces(struct kunit *test, const struct kmem_report *report)
{
	kmem_expect_trace(test, report);
	if (report->warnings)
		KUNIT_EXPECT_EQ(test, report->warnings, report->bugs);
}

/*
 * A slab that claims more objects than it has room for is reported, each time with
 * a trace. Source: check_slab(), "objects %u > max %u"; slab_err(), mm/slub.c.
 */
static void more_objects_than_fit_are_reported(struct kunit *test)
{
	const struct kmem_report *report;
	struct patient p;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	p = admit(test, SLAB_STORE_USER);
	p.slab->objects++;
	report = KMEM_CAPTURE(test, {
		kmem_validate(test, p.cache);
		kmem_validate(test, p.cache);
	});
	kmem_expect_heads(test, report, "validation", 2, 0);
	kmem_expect_text(test, report, HEAD);
	kmem_expect_text(test, report, "objects %u > max %u", p.nr + 1, p.nr);
	expect_traces(test, report);
	p.slab->objects--;
	expect_slab_is_sound(test, &p);
}

/*
 * A slab that claims more objects in use than it has is reported. Source:
 * check_slab(), "inuse %u > max %u", mm/slub.c.
 */
static void more_in_use_than_objects_is_reported(struct kunit *test)
{
	const struct kmem_report *report;
	struct patient p;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which reports such frees itself");
	p = admit(test, SLAB_STORE_USER);
	p.slab->inuse = p.nr + 1;
	report = KMEM_EXPECT_REPORT(test, kmem_validate(test, p.cache), HEAD);
	kmem_expect_text(test, report, "inuse %u > max %u", p.nr + 1, p.nr);
	kmem_expect_text(test, report, "Slab 0x%p objects=%u used=%u fp=0x%p flags=",
			 p.slab, p.nr, p.nr + 1, p.freed[FREED - 1]);

	/* a free into such a slab is refused for the same reason */
	report = KMEM_EXPECT_REPORT(test, kmem_cache_free(p.cache, p.batch->objects[0]), HEAD);
	kmem_expect_text(test, report, "inuse %u > max %u", p.nr + 1, p.nr);
	kmem_expect_text(test, report, "FIX " NAME ": Object at 0x%p not freed",
			 p.batch->objects[0]);
	p.slab->inuse = p.nr - FREED;
	expect_slab_is_sound(test, &p);
}

/*
 * All objects in use, and all of them free, are no damage: the limits belong to
 * what is allowed. Source: check_slab(), on_freelist(), mm/slub.c.
 */
static void full_and_empty_slabs_are_sound(struct kunit *test)
{
	struct kmem_batch *batch;
	struct kmem_cache *cache;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_private_cache(test, NAME, OBJECT_SIZE, KMEM_ALL_CHECKS, NULL);
	batch = kmem_take_slab(test, cache);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
	KMEM_EXPECT_SILENCE(test, kmem_give_back(test, batch));
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
	KMEM_EXPECT_SILENCE(test, kmem_cache_shrink(cache));
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
}

/*
 * A count of objects in use that does not agree with the freelist is reported
 * with both numbers, and set right: too high and too low. Source: on_freelist(),
 * "Wrong object count", mm/slub.c.
 */
static void wrong_object_count_is_adjusted(struct kunit *test)
{
	static const int errors[] = { 1, -1 };
	const struct kmem_report *report;
	struct patient p;
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	p = admit(test, SLAB_STORE_USER);
	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		p.slab->inuse += errors[i];
		report = KMEM_EXPECT_REPORT(test, kmem_validate(test, p.cache), HEAD);
		kmem_expect_text(test, report,
				 "Wrong object count. Counter is %d but counted were %d",
				 p.nr - FREED + errors[i], p.nr - FREED);
		kmem_expect_text(test, report, "FIX " NAME ": Object count adjusted");
		kmem_expect_trace(test, report);
		expect_slab_is_sound(test, &p);
	}
}

/*
 * A slab that claims fewer objects than fit is reported with both numbers, and
 * set right. Source: on_freelist(), "Wrong number of objects", mm/slub.c.
 */
static void wrong_number_of_objects_is_adjusted(struct kunit *test)
{
	const struct kmem_report *report;
	struct patient p;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	p = admit(test, SLAB_STORE_USER);
	p.slab->objects--;
	report = KMEM_EXPECT_REPORT(test, kmem_validate(test, p.cache), HEAD);
	kmem_expect_text(test, report, "Wrong number of objects. Found %d but should be %d",
			 p.nr - 1, p.nr);
	kmem_expect_text(test, report, "FIX " NAME ": Number of objects adjusted");
	expect_slab_is_sound(test, &p);
}

/*
 * A freelist that does not begin with an object is cleared, so that none of the
 * slab is handed out any more, and its objects are not looked at, as it is not
 * known which of them are free. Source: on_freelist(), "Freepointer corrupt" and
 * "Freelist cleared", mm/slub.c.
 */
static void bad_head_of_freelist_is_cleared(struct kunit *test)
{
	const struct kmem_report *report;
	struct patient p;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	p = admit(test, SLAB_STORE_USER | SLAB_RED_ZONE);
	p.slab->freelist = p.freed[FREED - 1] + 1;
	report = KMEM_EXPECT_REPORT(test, kmem_validate(test, p.cache), HEAD);
	kmem_expect_text(test, report, "Freepointer corrupt");
	kmem_expect_text(test, report, "FIX " NAME ": Freelist cleared");
	KUNIT_EXPECT_NULL(test, p.slab->freelist);
	KUNIT_EXPECT_EQ(test, in_use(&p), p.nr);

	p.slab->freelist = p.freed[FREED - 1];
	p.slab->inuse = p.nr - FREED;
	expect_slab_is_sound(test, &p);
}

/*
 * A freelist that leads out of its objects is cut behind the last good one, and
 * what was behind is not handed out again. Source: on_freelist(), "Freechain
 * corrupt", mm/slub.c.
 */
static void broken_freelist_is_cut(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_batch *taken;
	struct patient p;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which reports such frees itself");
	p = admit(test, SLAB_STORE_USER);
	kmem_redirect(p.cache, p.freed[1], p.freed[0], p.freed[0] + 1);
	report = KMEM_CAPTURE(test, kmem_validate(test, p.cache));
	kmem_expect_heads(test, report, "validation", 2, 0);
	kmem_expect_text(test, report, "Freechain corrupt");
	kmem_expect_text(test, report, "Object 0x%p @offset=%tu fp=0x%p", p.freed[1],
			 p.freed[1] - slab_address(p.slab), p.freed[0] + 1);
	kmem_expect_text(test, report, "Wrong object count. Counter is %d but counted were %d",
			 p.nr - FREED, p.nr - FREED + 1);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, p.cache));

	taken = kmem_take(test, p.cache, 2 * p.nr);
	KUNIT_EXPECT_EQ(test, kmem_count(taken, p.freed[0]), 0);
	KUNIT_EXPECT_EQ(test, kmem_count(taken, p.freed[1]), 1);
	KUNIT_EXPECT_EQ(test, kmem_count(taken, p.freed[2]), 1);
	kmem_give_back(test, taken);
	KMEM_EXPECT_SILENCE(test, kmem_cache_free(p.cache, p.freed[0]));
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, p.cache));
}

/*
 * A freelist that bites its own tail is found and cleared. Source: on_freelist(),
 * "Freelist cycle detected", mm/slub.c. On 6.x, the walk does not end.
 */
static void cycle_in_freelist_is_cleared(struct kunit *test)
{
	const struct kmem_report *report;
	struct patient p;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	if (!kmem_freelist_cycle_is_found())
		kunit_skip(test, "needs Linux 7.x, which looks for cycles");
	p = admit(test, SLAB_STORE_USER | SLAB_RED_ZONE);
	kmem_redirect(p.cache, p.freed[0], NULL, p.freed[2]);
	report = KMEM_EXPECT_REPORT(test, kmem_validate(test, p.cache), HEAD);
	kmem_expect_text(test, report, "Freelist cycle detected");
	kmem_expect_text(test, report, "FIX " NAME ": Freelist cleared");
	KUNIT_EXPECT_NULL(test, p.slab->freelist);
	KUNIT_EXPECT_EQ(test, in_use(&p), p.nr);

	kmem_redirect(p.cache, p.freed[0], p.freed[2], NULL);
	p.slab->freelist = p.freed[FREED - 1];
	p.slab->inuse = p.nr - FREED;
	expect_slab_is_sound(test, &p);
}

/*
 * The free pointer of an object in use is checked too, where it lies behind the
 * object, and is cleared. Source: check_object(), "Freepointer corrupt".
 */
static void bad_free_pointer_of_used_object_is_cleared(struct kunit *test)
{
	const struct kmem_report *report;
	struct patient p;
	void *object;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which reports such frees itself");
	p = admit(test, SLAB_STORE_USER);
	object = p.batch->objects[1];
	kmem_redirect(p.cache, object, NULL, (void *)1);
	report = KMEM_EXPECT_REPORT(test, kmem_validate(test, p.cache), HEAD);
	kmem_expect_text(test, report, "Freepointer corrupt");
	kmem_expect_text(test, report, "Object 0x%p @offset=%tu", object,
			 object - slab_address(p.slab));
	expect_slab_is_sound(test, &p);

	/* Before 6.8, a free writes the pointer anew before anything is checked */
	if (kmem_double_free_cuts_freelist())
		return;
	kmem_redirect(p.cache, object, NULL, (void *)1);
	report = KMEM_EXPECT_REPORT(test, kmem_cache_free(p.cache, object), HEAD);
	kmem_expect_text(test, report, "Freepointer corrupt");
	kmem_expect_text(test, report, "FIX " NAME ": Object at 0x%p not freed", object);
	expect_slab_is_sound(test, &p);
}

/* Give a slab that SLUB has given up back to it, full. */
static void discharge(struct patient *p)
{
	unsigned int i;

	p->slab->frozen = 0;
	for (i = 0; i < FREED; i++)
		kmem_cache_free(p->cache, p->freed[i]);
}

/* The slab was given up: counted as used for ever, and none of it handed out. */
static void expect_given_up(struct kunit *test, struct patient *p, void *object)
{
	struct kmem_batch *taken;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_EXPECT_PTR_NE(test, virt_to_slab(object), p->slab);
	KUNIT_EXPECT_EQ(test, in_use(p), p->nr);
	KUNIT_EXPECT_NULL(test, p->slab->freelist);
	KUNIT_EXPECT_TRUE(test, p->slab->frozen);
	kmem_cache_free(p->cache, object);

	taken = kmem_take(test, p->cache, 2 * p->nr);
	for (i = 0; i < taken->nr; i++)
		KUNIT_EXPECT_PTR_NE(test, virt_to_slab(taken->objects[i]), p->slab);
	kmem_give_back(test, taken);
}

/*
 * A freelist that does not begin with an object is found when the next one is
 * allocated: the slab is given up, and the object comes from another. Source:
 * alloc_consistency_checks(), "Freelist Pointer check fails", mm/slub.c.
 */
static void bad_freelist_gives_up_the_slab(struct kunit *test)
{
	const struct kmem_report *report;
	void *object = NULL;
	struct patient p;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which reports such frees itself");
	p = admit(test, 0);
	p.slab->freelist = p.freed[FREED - 1] + 1;
	report = KMEM_EXPECT_REPORT(test, object = kmem_cache_alloc(p.cache, GFP_KERNEL), HEAD);
	kmem_expect_text(test, report, "Freelist Pointer check fails");
	kmem_expect_between(test, report, "Freelist Pointer check fails", "Invalid pointer",
			    "Slab 0x");
	kmem_expect_text(test, report, "Invalid pointer 0x%p", p.freed[FREED - 1] + 1);
	kmem_expect_text(test, report, "FIX " NAME ": Marking all objects used");
	expect_given_up(test, &p, object);
	discharge(&p);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, p.cache));
}

/*
 * A slab that was given up stays so: its objects in use keep what they hold, and
 * their frees are reported and refused. Source: check_slab(), "Slab disabled
 * since SLUB metadata consistency check failed", mm/slub.c.
 */
static void slab_given_up_takes_nothing_back(struct kunit *test)
{
	const struct kmem_report *report;
	void *object = NULL;
	struct patient p;
	u8 *used;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which reports such frees itself");
	p = admit(test, 0);
	used = p.batch->objects[0];
	memset(used, 0x11, OBJECT_SIZE);
	kmem_poke(p.freed[FREED - 1], 0x99);
	report = KMEM_EXPECT_REPORT(test, object = kmem_cache_alloc(p.cache, GFP_KERNEL), HEAD);
	kmem_expect_text(test, report, "Poison overwritten");
	kmem_expect_text(test, report, "FIX " NAME ": Marking all objects used");
	expect_given_up(test, &p, object);

	report = KMEM_EXPECT_REPORT(test, kmem_cache_free(p.cache, used), HEAD);
	kmem_expect_text(test, report,
			 "Slab disabled since SLUB metadata consistency check failed");
	kmem_expect_text(test, report, "FIX " NAME ": Object at 0x%p not freed", used);
	KUNIT_EXPECT_NULL(test, memchr_inv(used, 0x11, OBJECT_SIZE));
	expect_given_up(test, &p, kmem_cache_alloc(p.cache, GFP_KERNEL));
	discharge(&p);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, p.cache));
}

/* The last byte of what alignment leaves behind an object. */
static u8 *last_of_padding(const struct patient *p, void *object)
{
	return object + p->cache->size - 1;
}

/*
 * What has gone wrong behind all that belongs to an object stops it as well: it is not
 * freed, and its slab is given up when it would be handed out. Source: check_object(),
 * "if (!check_pad_bytes())", mm/slub.c.
 */
static void object_with_wrong_padding_stays_where_it_is(struct kunit *test)
{
	const struct kmem_report *report;
	void *used, *object = NULL;
	struct patient p;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which reports such frees itself");
	if (kmem_double_free_cuts_freelist())
		kunit_skip(test, "needs Linux 6.8, where wrong padding stops a free");
	p = admit(test, SLAB_HWCACHE_ALIGN);
	/* behind the free pointer, too */
	KUNIT_ASSERT_GT(test, p.cache->size, p.cache->inuse + sizeof(void *));
	used = p.batch->objects[0];
	kmem_poke(last_of_padding(&p, used), 0x99);
	report = KMEM_EXPECT_REPORT(test, kmem_cache_free(p.cache, used), HEAD);
	kmem_expect_text(test, report, "Object padding overwritten");
	kmem_expect_text(test, report, "FIX " NAME ": Object at 0x%p not freed", used);
	expect_slab_is_sound(test, &p);

	kmem_poke(last_of_padding(&p, p.freed[FREED - 1]), 0x99);
	report = KMEM_EXPECT_REPORT(test, object = kmem_cache_alloc(p.cache, GFP_KERNEL), HEAD);
	kmem_expect_text(test, report, "Object padding overwritten");
	kmem_expect_text(test, report, "FIX " NAME ": Marking all objects used");
	expect_given_up(test, &p, object);
	discharge(&p);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, p.cache));
}

/*
 * A write after free is found at the latest when the slab is given back to the
 * page allocator. Source: free_slab(), mm/slub.c.
 */
static void write_after_free_is_found_when_slab_is_freed(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_cache *cache;
	struct kmem_batch *batch;
	u8 *first, *last, *pad;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_private_cache(test, NAME, OBJECT_SIZE, KMEM_ALL_CHECKS, NULL);
	batch = kmem_take_slab(test, cache);
	first = batch->objects[0];
	last = batch->objects[batch->nr - 1];
	pad = slab_address(virt_to_slab(last)) + batch->nr * cache->size;
	kmem_give_back(test, batch);
	KUNIT_ASSERT_PTR_EQ(test, virt_to_slab(pad), virt_to_slab(last));

	kmem_poke(first + 7, 0x98);
	kmem_poke(last + OBJECT_SIZE - 2, 0x99);
	kmem_poke(pad, 0x97);
	report = KMEM_CAPTURE(test, kmem_cache_shrink(cache));
	kmem_expect_heads(test, report, "kmem_cache_shrink()", 3, 0);
	kmem_expect_text(test, report, "Padding overwritten. 0x%p-0x%p @offset=", pad, pad);
	kmem_expect_text(test, report, "0x%p-0x%p @offset=", first + 7, first + 7);
	kmem_expect_text(test, report, "First byte 0x98 instead of 0x6b");
	kmem_expect_text(test, report, "First byte 0x99 instead of 0x6b");
}

/*
 * The bytes of a slab behind its last object are guarded, each of them. Source:
 * slab_pad_check(), "Padding overwritten", mm/slub.c.
 */
static void padding_of_slab_is_guarded(struct kunit *test)
{
	const struct kmem_report *report;
	struct patient p;
	u8 *start, *pad, *end;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	p = admit(test, SLAB_STORE_USER | SLAB_RED_ZONE);
	start = slab_address(p.slab);
	end = start + slab_size(p.slab);
	pad = start + p.nr * p.cache->size;
	KUNIT_ASSERT_GE(test, end - pad, 8);

	kmem_poke(pad + 1, 0x98);
	kmem_poke(end - 1, 0x99);
	report = KMEM_EXPECT_REPORT(test, kmem_validate(test, p.cache), HEAD);
	kmem_expect_text(test, report, "Padding overwritten. 0x%p-0x%p @offset=%tu",
			 pad + 1, end - 1, pad + 1 - start);
	kmem_expect_text(test, report, "Padding %p: 5a 98 5a 5a", pad);
	kmem_expect_text(test, report, "FIX " NAME ": Restoring slab padding 0x%p-0x%p=0x%x",
			 pad + 1, end - 1, POISON_INUSE);

	for (; pad < end; pad++) {
		KUNIT_EXPECT_EQ_MSG(test, kmem_peek(pad), POISON_INUSE, "%td before the end",
				    end - pad);
		kmem_poke(pad, 0x99);
		KMEM_EXPECT_REPORT(test, kmem_validate(test, p.cache),
				   "Padding overwritten. 0x%p-0x%p @offset=%tu", pad, pad,
				   pad - start);
		KUNIT_EXPECT_EQ_MSG(test, kmem_peek(pad), POISON_INUSE, "%td before the end",
				    end - pad);
	}
	expect_slab_is_sound(test, &p);
}

/*
 * No pointer into the slot of an object, but the one to the object itself, can
 * be freed: not into its red zones, its metadata, or its padding. Source:
 * check_valid_pointer() in free_consistency_checks(), mm/slub.c.
 */
static void only_the_object_itself_can_be_freed(struct kunit *test)
{
	struct patient p;
	int offset, left;
	u8 *object;
	void *past;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which reports such frees itself");
	if (kmem_double_free_cuts_freelist())
		kunit_skip(test, "needs Linux 6.8, which does not write before it checks");
	p = admit(test, SLAB_STORE_USER | SLAB_RED_ZONE);
	left = p.cache->red_left_pad;
	object = p.batch->objects[0];
	memset(object, 0x11, OBJECT_SIZE);
	for (offset = -left; offset < (int)p.cache->size - left; offset++) {
		int errors = 2;

		if (offset)
			errors = KMEM_COUNT_ERRORS(test, kmem_cache_free(p.cache, object + offset));
		KUNIT_EXPECT_EQ_MSG(test, errors, 2, "offset %d", offset);
	}

	/* where the next objects would be, if the slab held more */
	past = slab_address(p.slab) + p.nr * p.cache->size + left;
	if (virt_to_slab(past) == p.slab)
		KUNIT_EXPECT_EQ(test, KMEM_COUNT_ERRORS(test, kmem_cache_free(p.cache, past)), 2);
	/* and before the first one, which only its red zone precedes */
	KUNIT_EXPECT_EQ(test, KMEM_COUNT_ERRORS(test, kmem_cache_free(p.cache,
								      slab_address(p.slab))), 2);
	KUNIT_EXPECT_NULL(test, memchr_inv(object, 0x11, OBJECT_SIZE));
	expect_slab_is_sound(test, &p);
}

/*
 * An object is known to be free wherever in the freelist it is, and each further
 * free of it is reported, with a trace. Source: on_freelist(), "Object already free";
 * object_err(), mm/slub.c.
 */
static void double_free_is_found_at_any_depth(struct kunit *test)
{
	const struct kmem_report *report;
	struct patient p;
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which reports double frees itself");
	if (kmem_double_free_cuts_freelist())
		kunit_skip(test, "needs Linux 6.8, where a double free does no harm");
	p = admit(test, SLAB_STORE_USER);
	for (i = 0; i < FREED; i++) {
		void *object = p.freed[i];

		report = KMEM_CAPTURE(test, {
			kmem_cache_free(p.cache, object);
			kmem_cache_free(p.cache, object);
		});
		kmem_expect_heads(test, report, "two more frees", 2, 0);
		expect_traces(test, report);
		kmem_expect_text(test, report, "Object already free");
		kmem_expect_text(test, report, "Object 0x%p @offset=", object);
		kmem_expect_text(test, report, "FIX " NAME ": Object at 0x%p not freed", object);
	}
	expect_slab_is_sound(test, &p);
}

/*
 * A slab with fewer objects in use than are to be freed is reported, and nothing
 * is freed. Source: free_debug_processing(), "Slab has %d allocated objects but
 * %d are to be freed", mm/slub.c.
 */
static void free_of_more_than_in_use_is_reported(struct kunit *test)
{
	const struct kmem_report *report;
	struct patient p;
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which reports such frees itself");
	p = admit(test, SLAB_STORE_USER);
	for (i = 1; i <= 2; i++) {
		p.slab->inuse = i - 1;
		report = KMEM_EXPECT_REPORT(test,
					    kmem_cache_free_bulk(p.cache, i, p.batch->objects),
					    HEAD);
		kmem_expect_text(test, report,
				 "Slab has %u allocated objects but %u are to be freed", i - 1, i);
		kmem_expect_text(test, report, "FIX " NAME ": Object at 0x%p not freed",
				 p.batch->objects[i - 1]);
	}
	p.slab->inuse = p.nr - FREED;
	expect_slab_is_sound(test, &p);
}

/*
 * A bulk free checks each of its objects, and frees none of them if one is bad.
 * Source: free_debug_processing(), mm/slub.c.
 */
static void bulk_free_checks_each_object(struct kunit *test)
{
	const struct kmem_report *report;
	struct patient p;
	unsigned int i;
	void **bulk;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which reports such frees itself");
	if (kmem_double_free_cuts_freelist())
		kunit_skip(test, "needs Linux 6.8, where wrong padding stops a free");
	p = admit(test, SLAB_STORE_USER);
	bulk = p.batch->objects + p.batch->nr - 3;
	KUNIT_ASSERT_GT(test, p.cache->inuse, OBJECT_SIZE);
	for (i = 0; i < 3; i++) {
		u8 *end = bulk[i] + OBJECT_SIZE;

		kmem_poke(end, 0x99);
		report = KMEM_EXPECT_REPORT(test, kmem_cache_free_bulk(p.cache, 3, bulk), HEAD);
		kmem_expect_text(test, report, "Alignment padding overwritten");
		kmem_expect_text(test, report, "0x%p-0x%p @offset=", end, end);
		kmem_expect_text(test, report, "FIX " NAME ": Object at 0x%p not freed", bulk[i]);
		expect_slab_is_sound(test, &p);
	}
	p.batch->nr -= 3;
	KMEM_EXPECT_SILENCE(test, kmem_cache_free_bulk(p.cache, 3, bulk));
	KUNIT_EXPECT_EQ(test, in_use(&p), p.nr - FREED - 3);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, p.cache));
}

/*
 * An object that is twice in one bulk free makes a list with fewer objects than
 * were announced: that is reported, and what was found is freed, once. Source:
 * free_debug_processing(), "Bulk free expected %d objects but found %d".
 */
static void bulk_free_of_a_duplicate_is_reported(struct kunit *test)
{
	const struct kmem_report *report;
	struct patient p;
	void *bulk[3];

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which reports double frees itself");
	p = admit(test, SLAB_STORE_USER);
	bulk[0] = p.batch->objects[--p.batch->nr];
	bulk[1] = p.batch->objects[p.batch->nr - 1];
	bulk[2] = bulk[0];
	report = KMEM_EXPECT_REPORT(test, kmem_cache_free_bulk(p.cache, 3, bulk), HEAD);
	kmem_expect_text(test, report, "Bulk free expected 3 objects but found 1");
	KUNIT_EXPECT_EQ(test, in_use(&p), p.nr - FREED - 1);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, p.cache));
}

/*
 * Where kmem_cache_free_bulk() does not compare caches itself, the checks of a
 * debugged cache do: an object of another cache is reported and not freed.
 * Source: free_consistency_checks(), "page slab pointer corrupt.", mm/slub.c.
 */
static void bulk_free_of_a_foreign_object_is_reported(struct kunit *test)
{
	struct kmem_cache *cache, *other;
	const struct kmem_report *report;
	struct kmem_batch *batch;
	unsigned long word;
	struct slab *slab;
	void *object;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which reports such frees itself");
	if (!kmem_cross_free_leaks())
		kunit_skip(test, "needs Linux 7.x, whose bulk free compares no caches");
	cache = kmem_private_cache(test, NAME, OBJECT_SIZE, KMEM_ALL_CHECKS, NULL);
	other = kmem_private_cache(test, "kmem_other", OBJECT_SIZE, KMEM_ALL_CHECKS, NULL);
	batch = kmem_take_slab(test, cache);
	object = batch->objects[0];
	slab = virt_to_slab(object);
	word = kmem_peek_word(object + cache->offset);

	report = KMEM_EXPECT_REPORT(test, kmem_cache_free_bulk(other, 1, &object),
				    "BUG kmem_other (");
	kmem_expect_text(test, report, "page slab pointer corrupt.");
	kmem_expect_text(test, report, "FIX kmem_other: Object at 0x%p not freed", object);

	slab->slab_cache = NULL;
	report = KMEM_EXPECT_REPORT(test, kmem_cache_free_bulk(other, 1, &object),
				    "BUG <unknown> (");
	kmem_expect_text(test, report, "No slab cache for object 0x%p", object);
	slab->slab_cache = cache;

	/* the wrong cache has written its free pointer, which only it can read */
	kmem_poke_word(object + cache->offset, word);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
	KMEM_EXPECT_SILENCE(test, kmem_give_back(test, batch));
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
}

/*
 * Validation visits every slab of a cache, full ones included where they are
 * listed (SLAB_STORE_USER), and tells their number. Source:
 * validate_slab_cache(), validate_slab_node(), mm/slub.c.
 */
static void validation_visits_every_slab(struct kunit *test)
{
	struct kmem_batch *batch;
	struct kmem_cache *cache;
	unsigned int i, nr;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_private_cache(test, NAME, OBJECT_SIZE, KMEM_ALL_CHECKS, NULL);
	KUNIT_EXPECT_EQ(test, kmem_validate_slabs(test, cache), 0);
	batch = kmem_take_slab(test, cache);
	nr = batch->nr;
	kmem_give_back(test, batch);
	batch = kmem_take(test, cache, 3 * nr + 1);
	KUNIT_EXPECT_EQ(test, kmem_validate_slabs(test, cache), 4);
	for (i = 0; i < batch->nr; i += nr) {
		kmem_poke(batch->objects[i] - 1, 0x99);
		KUNIT_EXPECT_EQ_MSG(test, KMEM_COUNT_ERRORS(test, kmem_validate(test, cache)), 2,
				    "object %u of %u", i, batch->nr);
	}
	kmem_give_back(test, batch);
	KMEM_EXPECT_SILENCE(test, kmem_cache_shrink(cache));
	KUNIT_EXPECT_EQ(test, kmem_validate_slabs(test, cache), 0);
}

/*
 * A report taints the kernel with 'B', so that what comes later is not blamed on
 * somebody else. Source: object_err(), slab_err(), add_taint(TAINT_BAD_PAGE).
 */
static void report_taints_the_kernel(struct kunit *test)
{
	struct patient p;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	p = admit(test, SLAB_STORE_USER);
	kmem_poke(p.freed[0], 0x99);
	KMEM_EXPECT_REPORT(test, kmem_validate(test, p.cache), HEAD);
	KUNIT_EXPECT_TRUE(test, test_taint(TAINT_BAD_PAGE));
}

static struct kunit_case kmem_damage_cases[] = {
	KUNIT_CASE(report_taints_the_kernel), /* first, as a taint stays */
	KUNIT_CASE(more_objects_than_fit_are_reported),
	KUNIT_CASE(more_in_use_than_objects_is_reported),
	KUNIT_CASE(full_and_empty_slabs_are_sound),
	KUNIT_CASE(wrong_object_count_is_adjusted),
	KUNIT_CASE(wrong_number_of_objects_is_adjusted),
	KUNIT_CASE(bad_head_of_freelist_is_cleared),
	KUNIT_CASE(broken_freelist_is_cut),
	KUNIT_CASE(cycle_in_freelist_is_cleared),
	KUNIT_CASE(bad_free_pointer_of_used_object_is_cleared),
	KUNIT_CASE(bad_freelist_gives_up_the_slab),
	KUNIT_CASE(slab_given_up_takes_nothing_back),
	KUNIT_CASE(object_with_wrong_padding_stays_where_it_is),
	KUNIT_CASE(write_after_free_is_found_when_slab_is_freed),
	KUNIT_CASE(padding_of_slab_is_guarded),
	KUNIT_CASE(only_the_object_itself_can_be_freed),
	KUNIT_CASE(double_free_is_found_at_any_depth),
	KUNIT_CASE(free_of_more_than_in_use_is_reported),
	KUNIT_CASE(bulk_free_checks_each_object),
	KUNIT_CASE(bulk_free_of_a_duplicate_is_reported),
	KUNIT_CASE(bulk_free_of_a_foreign_object_is_reported),
	KUNIT_CASE(validation_visits_every_slab),
	{}
};

static struct kunit_suite kmem_damage_suite = {
	.name = "kmem_damage",
	.init = kmem_suite_init,
	.test_cases = kmem_damage_cases,
};

kunit_test_suite(kmem_damage_suite);

MODULE_DESCRIPTION("KUnit tests for slab consistency checks");
MODULE_LICENSE("GPL");
