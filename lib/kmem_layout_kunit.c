// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where SLUB's debug checks keep what they need, and that it is guarded.
 *
 * The layout is that of the comments above check_pad_bytes() in mm/slub.c: left
 * red zone, object, right red zone or alignment padding, free pointer, tracking,
 * padding. These cases compute it anew from those rules. The kernel must agree
 * with them, must notice a write to any byte that is nobody's, and must not
 * notice any write that an owner of an object may make.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_layout'
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/cache.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poison.h>
#include <linux/slab.h>
#include <linux/stackdepot.h>
#include <linux/string.h>
#include <mm/slab.h>
#include "kmem_debug.h"

#define CONSTRUCTED	0x37
#define WORD		((unsigned int)sizeof(void *))

/* What mm/slub.c keeps of an allocation, and of a free. */
struct track {
	unsigned long addr;
#ifdef CONFIG_STACKDEPOT
	depot_stack_handle_t handle;
#endif
	int cpu;
	int pid;
	unsigned long when;
};

/* Kinds of caches, each of which has its own reasons where things lie. */
static const struct kind {
	const char *name;
	slab_flags_t flags;
	unsigned int align;
	bool constructed;
} kinds[] = {
	{ "plain", 0, 0 },
	{ "hwcache_align", SLAB_HWCACHE_ALIGN, 0 },
	{ "align_16", 0, 16 },
	{ "align_256", 0, 256 },
	{ "typesafe_by_rcu", SLAB_TYPESAFE_BY_RCU, 0 },
	{ "constructed", 0, 0, true },
	{ "kmalloc", SLAB_KMALLOC, 0 },
};

KUNIT_ARRAY_PARAM_DESC(kind, kinds, name);

static const slab_flags_t checks[] = {
	SLAB_CONSISTENCY_CHECKS, SLAB_RED_ZONE, SLAB_POISON, SLAB_STORE_USER,
};

/* All combinations of the checks have a number each. */
#define COMBINATIONS	BIT(ARRAY_SIZE(checks))

static slab_flags_t combination(unsigned int number)
{
	slab_flags_t flags = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(checks); i++)
		flags |= number & BIT(i) ? checks[i] : 0;
	return flags;
}

/* A constructor is told only where the object is, not how large. */
static unsigned int constructed_size;

static void construct(void *object)
{
	memset(object, CONSTRUCTED, constructed_size);
}

static void destroy_cache(void *cache)
{
	kmem_cache_destroy(cache);
}

/* As kmem_private_cache(), which takes no alignment, and named after the size. */
static struct kmem_cache *cache_of_kind(struct kunit *test, unsigned int size, slab_flags_t flags)
{
	const struct kind *kind = test->param_value;
	struct kmem_cache *cache;
	char name[32];

	constructed_size = size;
	snprintf(name, sizeof(name), "kmem_layout-%u", size);
	cache = kmem_cache_create(name, size, kind->align,
				  kind->flags | flags | SLAB_NO_MERGE | SLAB_NO_USER_FLAGS,
				  kind->constructed ? construct : NULL);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy_cache, cache), 0);
	cache->flags |= SLAB_SKIP_KFENCE;
	return cache;
}

static void require_kind(struct kunit *test)
{
	const struct kind *kind = test->param_value;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	if ((kind->flags & SLAB_KMALLOC) && !kmem_requests_are_guarded())
		kunit_skip(test, "needs Linux 6.2, where a cache may be made like kmalloc()'s");
	if (want_init_on_free() && !kmem_init_on_free_spares_free_pointer())
		kunit_skip(test, "needs Linux 6.10, or a boot without init_on_free=1");
}

/* Where things lie, from the rules above; offsets count from the object. */
struct layout {
	unsigned int left;	/* bytes of the left red zone */
	unsigned int inuse;	/* where the object and its right red zone end */
	unsigned int pointer;	/* where the free pointer is */
	unsigned int metadata;	/* where free pointer and tracking behind the object end */
	unsigned int stride;	/* from one object to the next */
};

static struct layout layout_of(struct kunit *test, unsigned int size, unsigned int align,
			       slab_flags_t flags)
{
	const struct kind *kind = test->param_value;
	bool kmalloc = (kind->flags & SLAB_KMALLOC) && (flags & SLAB_STORE_USER);
	struct layout l = { };

	l.inuse = ALIGN(size, WORD);
	if ((flags & SLAB_RED_ZONE) && l.inuse == size)
		l.inuse += WORD;
	l.metadata = l.inuse;
	if ((kind->flags & SLAB_TYPESAFE_BY_RCU) || kind->constructed || (flags & SLAB_POISON) ||
	    ((flags & SLAB_RED_ZONE) && (size < WORD || kmalloc))) {
		l.pointer = l.inuse;
		l.metadata += WORD;
	} else {
		l.pointer = ALIGN_DOWN(size / 2, WORD);
	}
	if (flags & SLAB_STORE_USER)
		l.metadata += 2 * sizeof(struct track);
	if (kmalloc)
		l.metadata += sizeof(unsigned long);
	l.stride = l.metadata;
	if (flags & SLAB_RED_ZONE) {
		l.left = ALIGN(WORD, align);
		l.stride += WORD + l.left;
	}
	l.stride = ALIGN(l.stride, align);
	return l;
}

static void require_known_layout(struct kunit *test)
{
	require_kind(test);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which keeps data of its own in a slab");
}

/* The objects of a cache are aligned as asked for, and by default to words. */
static unsigned int expected_align(const struct kind *kind, unsigned int size)
{
	unsigned int align = max_t(unsigned int, kind->align, ARCH_SLAB_MINALIGN);

	if (kind->flags & SLAB_HWCACHE_ALIGN) {
		unsigned int line = cache_line_size();

		while (size <= line / 2)
			line /= 2;
		align = max(align, line);
	}
	return ALIGN(align, WORD);
}

static const unsigned int sizes[] = {
	1, 2, 3, 7, 8, 9, 12, 15, 16, 17, 23, 24, 25, 31, 32, 33, 40, 63, 64, 65, 96, 100,
	127, 128, 129, 192, 200, 255, 256, 257, 300, 1000, 2048, 4096, 4097,
};

/* The size whose checks a boot switches off that shall not need larger slabs, or 0. */
static unsigned int spared_size(struct kunit *test)
{
	return kmem_boot_keeps_orders(test) ? PAGE_SIZE : 0;
}

/*
 * Red zones, free pointer, tracking and padding lie where they are documented to
 * lie, so that none overlaps another. Source: the comment above
 * check_pad_bytes(), and calculate_sizes(), mm/slub.c.
 */
static void everything_lies_where_documented(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	unsigned int i, number, spared = spared_size(test);

	require_known_layout(test);
	for (number = 0; number < COMBINATIONS; number++) {
		slab_flags_t flags = combination(number);

		for (i = number % 3; i < ARRAY_SIZE(sizes); i += 3) {
			unsigned int align = expected_align(kind, sizes[i]);
			struct layout l = layout_of(test, sizes[i], align, flags);
			struct kmem_cache *cache;
			const char *what = "";

			if (sizes[i] == spared)
				continue;
			cache = cache_of_kind(test, sizes[i], flags);
			if (cache->align != align)
				what = "alignment";
			else if (cache->object_size != sizes[i])
				what = "size";
			else if ((flags & SLAB_RED_ZONE) && cache->red_left_pad != l.left)
				what = "left red zone";
			else if (cache->inuse != l.inuse)
				what = "right red zone";
			else if (cache->offset != l.pointer)
				what = "free pointer";
			else if (cache->size != l.stride)
				what = "distance of objects";
			KUNIT_EXPECT_STREQ_MSG(test, what, "", "size %u, checks %u", sizes[i],
					       number);
			kunit_release_action(test, destroy_cache, cache);
		}
	}
}

#define USED	4

/* Use objects of a cache in all the ways that their owners may; say what was wrong. */
static const char *use_correctly(struct kunit *test, struct kmem_cache *cache)
{
	const struct kind *kind = test->param_value;
	unsigned int i, round, size = cache->object_size;
	void *objects[USED] = { };
	const char *wrong = "";

	for (round = 0; round < 2; round++) {
		for (i = 0; i < USED / 2; i++)
			objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		if (!kmem_cache_alloc_bulk(cache, GFP_KERNEL, USED / 2, objects + USED / 2))
			return "bulk allocation failed";
		for (i = 0; i < USED; i++) {
			if (!objects[i])
				return "allocation failed";
			if (!IS_ALIGNED((unsigned long)objects[i], cache->align))
				wrong = "alignment";
			if (kind->constructed && memchr_inv(objects[i], CONSTRUCTED, size))
				wrong = "constructed object";
			memset(objects[i], 0xf0 + i, size);
		}
		kmem_validate(test, cache);
		for (i = 0; i < USED; i++)
			if (memchr_inv(objects[i], 0xf0 + i, size))
				wrong = "object after validation";
		for (i = 0; kind->constructed && i < USED; i++)
			construct(objects[i]);
		kmem_cache_free(cache, objects[1]);
		kmem_validate(test, cache);
		if (!kind->constructed && (memchr_inv(objects[0], 0xf0, size) ||
					   memchr_inv(objects[2], 0xf2, size) ||
					   memchr_inv(objects[3], 0xf3, size)))
			wrong = "neighbour of a freed object";
		objects[1] = objects[3];
		kmem_cache_free_bulk(cache, 3, objects);
		kmem_validate(test, cache);
	}
	kmem_cache_shrink(cache);
	return wrong;
}

static void expect_correct_use_is_silent(struct kunit *test, unsigned int size, slab_flags_t flags)
{
	struct kmem_cache *cache = cache_of_kind(test, size, flags);
	const struct kmem_report *report;
	const char *wrong = "";

	report = KMEM_CAPTURE(test, wrong = use_correctly(test, cache));
	KUNIT_EXPECT_STREQ_MSG(test, wrong, "", "size %u, flags %x", size, (__force int)flags);
	kmem_expect_heads(test, report, cache->name, 0, 0);
	kunit_release_action(test, destroy_cache, cache);
}

/*
 * With any combination of checks, correct use is not reported: objects are
 * aligned, may be written from their first to their last byte, and change
 * neither each other nor what is behind them; constructed ones are handed out as
 * constructed. Source: check_object(), mm/slub.c.
 */
static void correct_use_is_silent(struct kunit *test)
{
	unsigned int i, number, spared = spared_size(test);

	require_kind(test);
	/* but not without any check: then, there is nothing to validate by */
	for (number = 1; number < COMBINATIONS; number++)
		for (i = number % 5; i < ARRAY_SIZE(sizes); i += 5)
			if (sizes[i] != spared)
				expect_correct_use_is_silent(test, sizes[i], combination(number));
}

/*
 * As above, with all checks at once, for objects of every size. Source: as above.
 */
static void correct_use_of_any_size_is_silent(struct kunit *test)
{
	unsigned int size;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	test->param_value = &kinds[0];
	for (size = 1; size <= 300; size++)
		expect_correct_use_is_silent(test, size, KMEM_ALL_CHECKS);
}

/* What guards a byte of a slot, and what it must hold; NULL for what nobody checks. */
static const char *guard_of(const struct layout *l, unsigned int size, slab_flags_t flags,
			    bool poisoned, bool in_use, int offset, u8 *value)
{
	u8 red = in_use ? SLUB_RED_ACTIVE : SLUB_RED_INACTIVE;
	unsigned int end = l->stride - l->left;

	if (offset < 0) {
		*value = red;
		return "Left Redzone";
	}
	if (offset < size) {
		*value = offset == size - 1 ? POISON_END : POISON_FREE;
		return poisoned && !in_use ? "Poison" : NULL;
	}
	if (offset < l->inuse) {
		*value = flags & SLAB_RED_ZONE ? red : POISON_INUSE;
		return flags & SLAB_RED_ZONE ? "Right Redzone" :
		       flags & SLAB_POISON ? "Alignment padding" : NULL;
	}
	*value = POISON_INUSE;
	return offset >= l->metadata && offset < end && (flags & SLAB_POISON) ? "Object padding" :
	       NULL;
}

/*
 * Overwrite each byte of the slot of an object in turn, and expect it to be
 * noticed and restored where it is a guard, and not where it is not.
 */
static void expect_guards(struct kunit *test, struct kmem_cache *cache, const struct layout *l,
			  slab_flags_t flags, u8 *object, bool in_use)
{
	const struct kind *kind = test->param_value;
	bool poisoned = (flags & SLAB_POISON) && !kind->constructed &&
			!(kind->flags & SLAB_TYPESAFE_BY_RCU);
	unsigned int size = cache->object_size;
	int offset, errors;

	for (offset = -(int)l->left; offset < (int)(l->stride - l->left); offset++) {
		u8 value, before = kmem_peek(object + offset);
		const char *guard = guard_of(l, size, flags, poisoned, in_use, offset, &value);

		/* the free pointer and tracking have cases of their own */
		if (offset >= (int)l->inuse && offset < (int)l->metadata)
			continue;
		if (!guard && !in_use && l->pointer < l->inuse)
			continue;
		if (guard)
			KUNIT_EXPECT_EQ_MSG(test, before, value, "size %u, flags %x, offset %d, %s",
					    size, (__force int)flags, offset, guard);
		kmem_poke(object + offset, before ^ 0x80);
		errors = KMEM_COUNT_ERRORS(test, kmem_validate(test, cache));
		KUNIT_EXPECT_EQ_MSG(test, errors, guard ? 2 : 0,
				    "size %u, flags %x, offset %d, %s", size, (__force int)flags,
				    offset, guard ?: "not guarded");
		KUNIT_EXPECT_EQ_MSG(test, kmem_peek(object + offset),
				    guard ? before : (u8)(before ^ 0x80),
				    "size %u, flags %x, offset %d, %s", size, (__force int)flags,
				    offset, guard ?: "not guarded");
		kmem_poke(object + offset, before);
	}
}

static const slab_flags_t guards[] = {
	SLAB_RED_ZONE,
	SLAB_POISON,
	SLAB_RED_ZONE | SLAB_POISON,
	SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER,
	SLAB_POISON | SLAB_STORE_USER,
};

static const unsigned int guarded_sizes[] = { 1, 2, 5, 8, 13, 24, 65 };

/*
 * A write to any byte of red zones, poison and padding is noticed, and the byte
 * restored, both while the object is in use and while it is free; a write to any
 * other byte is not. Source: check_object(), check_pad_bytes(), mm/slub.c.
 */
static void every_byte_of_a_guard_is_guarded(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	unsigned int i, j;

	require_known_layout(test);
	for (i = 0; i < ARRAY_SIZE(guards); i++) {
		for (j = i % 2; j < ARRAY_SIZE(guarded_sizes); j += 2) {
			unsigned int size = guarded_sizes[j];
			struct kmem_cache *cache = cache_of_kind(test, size, guards[i]);
			struct layout l = layout_of(test, size, expected_align(kind, size),
						    guards[i]);
			struct kmem_batch *batch = kmem_take(test, cache, 2);

			/* both have a neighbour, and the slab is not full */
			KUNIT_ASSERT_GT(test, 0 + virt_to_slab(batch->objects[0])->objects, 2);
			expect_guards(test, cache, &l, guards[i], batch->objects[0], true);
			kmem_cache_free(cache, batch->objects[--batch->nr]);
			expect_guards(test, cache, &l, guards[i], batch->objects[batch->nr], false);
			kmem_give_back(test, batch);
			kunit_release_action(test, destroy_cache, cache);
		}
	}
}

/* What overwrites of each guard are called, and the patterns that it must hold. */
static const struct named_guard {
	const char *name;
	slab_flags_t flags;
	bool padding;	/* behind all else, not behind the object */
	const char *what;
	u8 pattern;
} named_guards[] = {
	{ "alignment", SLAB_POISON, false, "Alignment padding", POISON_INUSE },
	{ "object", SLAB_RED_ZONE | SLAB_POISON, true, "Object padding", POISON_INUSE },
	{ "tracked", KMEM_ALL_CHECKS, true, "Object padding", POISON_INUSE },
};

KUNIT_ARRAY_PARAM_DESC(named_guard, named_guards, name);

/*
 * An overwrite of padding is reported as that, with its exact place and value.
 * Source: check_object(), "Alignment padding"; check_pad_bytes(), "Object
 * padding", mm/slub.c.
 */
static void overwritten_padding_is_named(struct kunit *test)
{
	const struct named_guard *guard = test->param_value;
	const struct kmem_report *report;
	struct kmem_cache *cache;
	u8 *object, *byte;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_private_cache(test, "kmem_padded", 13, guard->flags, NULL);
	object = kmem_take(test, cache, 1)->objects[0];
	byte = guard->padding ? object + cache->size - cache->red_left_pad - 1 : object + 13;
	KUNIT_EXPECT_EQ(test, kmem_peek(byte), guard->pattern);
	kmem_poke(byte, 0x99);
	report = KMEM_EXPECT_REPORT(test, kmem_validate(test, cache), "BUG kmem_padded (");
	kmem_expect_text(test, report, "%s overwritten", guard->what);
	kmem_expect_text(test, report, "0x%p-0x%p @offset=%tu. First byte 0x99 instead of 0x%x",
			 byte, byte, byte - (u8 *)slab_address(virt_to_slab(byte)),
			 guard->pattern);
	kmem_expect_text(test, report, "FIX kmem_padded: Restoring %s 0x%p-0x%p=0x%x",
			 guard->what, byte, byte, guard->pattern);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
}

/*
 * What the objects leave of a slab is guarded to its last byte, however much that
 * is, and an overwrite is reported with the state of the slab. Source:
 * slab_pad_check(), mm/slub.c.
 */
static void long_rest_of_slab_is_guarded(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_cache *cache;
	struct slab *slab;
	u8 *start, *rest, *last;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_private_cache(test, "kmem_rest", 3000, KMEM_ALL_CHECKS, NULL);
	slab = virt_to_slab(kmem_take(test, cache, 1)->objects[0]);
	start = slab_address(slab);
	rest = start + slab->objects * cache->size;
	last = start + slab_size(slab) - 1;
	if (last - rest < 500)
		kunit_skip(test, "needs slabs that objects of 3000 bytes leave more of");
	KUNIT_EXPECT_EQ(test, kmem_peek(last), POISON_INUSE);
	kmem_poke(last, 0x99);
	report = KMEM_EXPECT_REPORT(test, kmem_validate(test, cache), "BUG kmem_rest (");
	kmem_expect_text(test, report, "Padding overwritten. 0x%p-0x%p @offset=%tu", last, last,
			 last - start);
	kmem_expect_text(test, report, "Slab 0x%p objects=%u used=1 fp=0x%p flags=", slab,
			 0 + slab->objects, slab->freelist);
	kmem_expect_trace(test, report);
	KUNIT_EXPECT_EQ(test, kmem_peek(last), POISON_INUSE);
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
}

/*
 * Memory that its owner may look at before it was ever used is not poisoned as
 * free, but carries POISON_INUSE where nothing was constructed. Source:
 * setup_slab_debug(); calculate_sizes(), "we should never poison the object
 * itself", mm/slub.c.
 */
static void untouchable_objects_are_not_poisoned(struct kunit *test)
{
	static const unsigned int size = 64;
	struct kmem_cache *cache;
	struct kmem_batch *batch;
	u8 *object;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_private_cache(test, "kmem_typesafe", size, SLAB_TYPESAFE_BY_RCU |
				   KMEM_ALL_CHECKS, NULL);
	batch = kmem_take(test, cache, 2);
	object = batch->objects[--batch->nr];
	KUNIT_EXPECT_NULL(test, memchr_inv(object, POISON_INUSE, size));
	memset(object, 0x11, size);
	kmem_cache_free(cache, object);
	if (!IS_ENABLED(CONFIG_KASAN))
		KUNIT_EXPECT_NULL(test, memchr_inv(object, 0x11, size));

	constructed_size = size;
	cache = kmem_private_cache(test, "kmem_constructed", size, KMEM_ALL_CHECKS, construct);
	batch = kmem_take(test, cache, 2);
	object = batch->objects[--batch->nr];
	KUNIT_EXPECT_NULL(test, memchr_inv(object, CONSTRUCTED, size));
	kmem_cache_free(cache, object);
	if (!IS_ENABLED(CONFIG_KASAN))
		KUNIT_EXPECT_NULL(test, memchr_inv(object, CONSTRUCTED, size));
}

static struct kunit_case kmem_layout_cases[] = {
	KUNIT_CASE_PARAM(everything_lies_where_documented, kind_gen_params),
	KUNIT_CASE_PARAM(correct_use_is_silent, kind_gen_params),
	KUNIT_CASE(correct_use_of_any_size_is_silent),
	KUNIT_CASE_PARAM(every_byte_of_a_guard_is_guarded, kind_gen_params),
	KUNIT_CASE_PARAM(overwritten_padding_is_named, named_guard_gen_params),
	KUNIT_CASE(long_rest_of_slab_is_guarded),
	KUNIT_CASE(untouchable_objects_are_not_poisoned),
	{}
};

static struct kunit_suite kmem_layout_suite = {
	.name = "kmem_layout",
	.init = kmem_suite_init,
	.test_cases = kmem_layout_cases,
};

kunit_test_suite(kmem_layout_suite);

MODULE_DESCRIPTION("KUnit tests for the layout of debugged slab objects");
MODULE_LICENSE("GPL");
