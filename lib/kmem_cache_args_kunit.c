// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a kmem_cache is created with: both forms of kmem_cache_create(), each
 * member of struct kmem_cache_args, each flag, and the macros for structs.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_cache_args'
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmstat.h>
#include "kmem_kunit.h"

#define OBJECT_SIZE	64
#define PRIVATE		(SLAB_NO_MERGE | SLAB_NO_USER_FLAGS)
#define BUILT		0xb1
#define FILL		0x77

static void build(void *object)
{
	memset(object, BUILT, OBJECT_SIZE);
}

/* Create a cache from a struct kmem_cache_args, to be destroyed with the case. */
static struct kmem_cache *create(struct kunit *test, const char *name, unsigned int size,
				 struct kmem_cache_args *args, slab_flags_t flags)
{
	struct kmem_cache *cache = kmem_cache_create_with(name, size, args, flags | PRIVATE);

	kmem_adopt_cache(test, cache);
	return cache;
}

/* Expect that no cache came of it, and that this was reported as no more than that. */
static void expect_refusal(struct kunit *test, const struct kmem_report *report,
			   struct kmem_cache *cache, const char *name)
{
	kmem_expect_heads(test, report, name, 0, 0);
	kmem_expect_text(test, report, "(%s) failed with error %d", name, -EINVAL);
	kmem_expect_trace(test, report);
	KUNIT_EXPECT_NULL_MSG(test, cache, "%s", name);
	kmem_cache_destroy(cache);
}

/*
 * The form of kmem_cache_create() with five arguments and the one with a struct
 * make the same cache of the same values. Source: kernel-doc of
 * kmem_cache_create(), "The align and ctor parameters map to the respective
 * fields of &struct kmem_cache_args".
 */
static void both_forms_of_create_agree(struct kunit *test)
{
	static const char * const attributes[] = {
		"align", "object_size", "slab_size", "objs_per_slab", "order", "min_partial",
		"cpu_partial", "hwcache_align", "reclaim_account", "destroy_by_rcu", "usersize",
	};
	struct kmem_cache_args args = { .align = 512, .ctor = build };
	struct kmem_cache *legacy, *modern;
	unsigned int i;
	void *object;

	legacy = kmem_cache_create("kmem_legacy", OBJECT_SIZE, 512, PRIVATE | SLAB_RECLAIM_ACCOUNT,
				   build);
	kmem_adopt_cache(test, legacy);
	modern = create(test, "kmem_modern", OBJECT_SIZE, &args, SLAB_RECLAIM_ACCOUNT);

	object = kmem_take(test, legacy, 1)->objects[0];
	KUNIT_EXPECT_NULL(test, memchr_inv(object, BUILT, OBJECT_SIZE));
	object = kmem_take(test, modern, 1)->objects[0];
	KUNIT_EXPECT_NULL(test, memchr_inv(object, BUILT, OBJECT_SIZE));
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)object, 512));

	for (i = 0; i < ARRAY_SIZE(attributes); i++)
		KUNIT_EXPECT_EQ_MSG(test, kmem_sysfs_number(test, "kmem_legacy", attributes[i]),
				    kmem_sysfs_number(test, "kmem_modern", attributes[i]),
				    "%s", attributes[i]);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, "kmem_legacy", "align"), 512);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, "kmem_legacy", "reclaim_account"), 1);
	KUNIT_EXPECT_STREQ(test, kmem_sysfs_text(test, "kmem_legacy", "ctor"),
			   kmem_sysfs_text(test, "kmem_modern", "ctor"));
}

/*
 * No arguments are the default ones: a word's alignment, no constructor, no
 * region for user copies. Source: kernel-doc of kmem_cache_create(), "Passing
 * %NULL means defaults will be used for all the arguments".
 */
static void null_args_are_the_defaults(struct kunit *test)
{
	struct kmem_cache_args none = {};
	struct kmem_cache *cache;

	cache = kmem_cache_create_with("kmem_default", OBJECT_SIZE, NULL, PRIVATE);
	kmem_adopt_cache(test, cache);
	kmem_give_back(test, kmem_take(test, cache, 10));
	KUNIT_EXPECT_EQ(test, kmem_cache_size(cache), OBJECT_SIZE);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, "kmem_default", "align"),
			arch_slab_minalign());
	KUNIT_EXPECT_STREQ(test, kmem_sysfs_text(test, "kmem_default", "ctor"), "");
	if (IS_ENABLED(CONFIG_HARDENED_USERCOPY))
		KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, "kmem_default", "usersize"), 0);

	create(test, "kmem_none", OBJECT_SIZE, &none, 0);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, "kmem_none", "slab_size"),
			kmem_sysfs_number(test, "kmem_default", "slab_size"));
}

/*
 * What is no struct kmem_cache_args is refused with a warning. Source:
 * __kmem_cache_default_args(), "Make sure we don't get passed garbage".
 */
static void garbage_for_args_is_refused(struct kunit *test)
{
	struct kmem_cache *cache = NULL;
	void *garbage = test;

	if (!kmem_has_freeptr_offset(false))
		kunit_skip(test, "needs Linux 6.12, which brought struct kmem_cache_args");
	KMEM_EXPECT_WARN(test, cache = kmem_cache_create_with("kmem_garbage", OBJECT_SIZE, garbage,
							      PRIVATE),
			 "include/linux/slab.h:");
	KUNIT_EXPECT_PTR_EQ(test, cache, (struct kmem_cache *)ERR_PTR(-EINVAL));
}

struct kmem_shape {
	char head[24];
	u64 field[2];
	char tail[13];
} __aligned(32);

/*
 * KMEM_CACHE() takes name, size and alignment of the cache from the struct.
 * Source: its comment, "The alignment of the struct determines object
 * alignment".
 */
static void macro_takes_all_from_the_struct(struct kunit *test)
{
	struct kmem_cache *cache = KMEM_CACHE(kmem_shape, PRIVATE);
	struct kmem_batch *batch;
	unsigned int i;

	kmem_adopt_cache(test, cache);
	KUNIT_EXPECT_EQ(test, kmem_cache_size(cache), sizeof(struct kmem_shape));
	batch = kmem_take(test, cache, 20);
	for (i = 0; i < batch->nr; i++)
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)batch->objects[i], 32));
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, "kmem_shape", "object_size"),
			sizeof(struct kmem_shape));
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, "kmem_shape", "align"), 32);
	KUNIT_EXPECT_STREQ(test, kmem_sysfs_text(test, "kmem_shape", "ctor"), "");
	if (IS_ENABLED(CONFIG_HARDENED_USERCOPY))
		KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, "kmem_shape", "usersize"), 0);
}

/*
 * KMEM_CACHE_USERCOPY() allows user copies of the one field, besides. Source:
 * its comment, "To whitelist a single field". Where the region begins is for
 * kmem_usercopy.
 */
static void usercopy_macro_allows_the_field(struct kunit *test)
{
	struct kmem_cache *cache = KMEM_CACHE_USERCOPY(kmem_shape, PRIVATE, field);

	kmem_adopt_cache(test, cache);
	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, "kmem_shape", "object_size"),
			sizeof(struct kmem_shape));
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, "kmem_shape", "align"), 32);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, "kmem_shape", "usersize"),
			sizeof_field(struct kmem_shape, field));
}

/*
 * The free pointer
 */

static const struct freeptr {
	const char *name;
	unsigned int offset;
	bool ctor, both;
} freeptrs[] = {
	{ "rcu_first", 0 },
	{ "rcu_second", 8 },
	{ "rcu_last", OBJECT_SIZE - sizeof(void *) },
	{ "rcu_far", 1000 },
	{ "ctor_first", 0, true },
	{ "ctor_inside", 24, true },
	{ "ctor_last", OBJECT_SIZE - sizeof(void *), true },
	{ "both_first", 0, true, true },
	{ "both_inside", 24, true, true },
};

KUNIT_ARRAY_PARAM_DESC(freeptr, freeptrs, name);

static void require_freeptr_offset(struct kunit *test, bool with_ctor)
{
	if (!kmem_has_freeptr_offset(with_ctor))
		kunit_skip(test, "needs a place for the free pointer that one may choose");
}

/*
 * With freeptr_offset, the allocator writes into a free object just there, and
 * the object does not grow by a free pointer. All other bytes keep what they
 * held, in every boot. Source: kernel-doc of struct kmem_cache_args, "a custom
 * free pointer offset in their data structure where the free pointer will be
 * placed".
 */
static void free_pointer_lies_where_asked(struct kunit *test)
{
	const struct freeptr *freeptr = test->param_value;
	struct kmem_cache_args args = {
		.freeptr_offset = freeptr->offset,
		.use_freeptr_offset = true,
		.ctor = freeptr->ctor ? build : NULL,
	};
	slab_flags_t flags = freeptr->ctor && !freeptr->both ? 0 : SLAB_TYPESAFE_BY_RCU;
	unsigned int size = freeptr->offset < OBJECT_SIZE ? OBJECT_SIZE : 2 * freeptr->offset;
	struct kmem_batch *batch;
	unsigned int i, touched = 0;
	struct kmem_cache *cache;
	u8 *object;

	require_freeptr_offset(test, freeptr->ctor);
	cache = create(test, "kmem_freeptr", size, &args, flags);
	batch = kmem_take(test, cache, 3);
	object = batch->objects[--batch->nr];
	memset(object, FILL, size);
	kmem_cache_free(cache, object);
	/* from wherever free objects wait, back into the slab, which others keep */
	rcu_barrier();
	kmem_cache_shrink(cache);

	for (i = 0; i < size; i++) {
		bool changed = kmem_peek(object + i) != FILL;

		if (i - freeptr->offset < sizeof(void *))
			touched += changed;
		else
			KUNIT_EXPECT_FALSE_MSG(test, changed, "offset %u", i);
	}
	KUNIT_EXPECT_GT_MSG(test, touched, 0, "no free pointer at %u", freeptr->offset);
	if (!IS_ENABLED(CONFIG_KASAN))
		KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, "kmem_freeptr", "slab_size"), size);
}

/*
 * Without freeptr_offset, a cache whose objects must keep their contents holds
 * the free pointer outside of the object, so no byte changes. Source:
 * calculate_sizes(), "Relocate free pointer after the object".
 */
static void free_pointer_lies_outside_by_default(struct kunit *test)
{
	static const slab_flags_t flags[] = { SLAB_TYPESAFE_BY_RCU, 0 };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct kmem_cache_args args = { .ctor = flags[i] ? NULL : build };
		struct kmem_cache *cache = create(test, "kmem_outside", OBJECT_SIZE, &args,
						  flags[i]);
		struct kmem_batch *batch = kmem_take(test, cache, 3);
		u8 *object = batch->objects[--batch->nr];

		memset(object, FILL, OBJECT_SIZE);
		kmem_cache_free(cache, object);
		rcu_barrier();
		kmem_cache_shrink(cache);
		for (j = 0; j < OBJECT_SIZE; j++)
			KUNIT_EXPECT_EQ_MSG(test, kmem_peek(object + j), FILL,
					    "kind %u, offset %u", i, j);
		kmem_give_back(test, batch);
		kmem_private_cache_destroy(test, cache);
	}
}

/*
 * Objects that are too large for any slab with what their checks add to them are
 * refused, though they were not without. Source: kernel-doc of
 * kmem_cache_create(), "%NULL on failure"; calculate_order(), mm/slub.c.
 */
static void object_too_large_with_its_red_zone_is_refused(struct kunit *test)
{
	struct kmem_cache_args none = {};
	const struct kmem_report *report;
	struct kmem_cache *cache = NULL;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	create(test, "kmem_largest", KMALLOC_MAX_SIZE, &none, 0);
	report = KMEM_CAPTURE(test, cache = kmem_cache_create("kmem_too_large", KMALLOC_MAX_SIZE, 0,
							      PRIVATE | SLAB_RED_ZONE, NULL));
	expect_refusal(test, report, cache, "kmem_too_large");
}

static const struct bad_freeptr {
	const char *name;
	unsigned int offset;
	slab_flags_t flags;
	bool ctor;
} bad_freeptrs[] = {
	{ "at_the_end", OBJECT_SIZE, SLAB_TYPESAFE_BY_RCU },
	{ "far_beyond", UINT_MAX - 7, SLAB_TYPESAFE_BY_RCU },
	{ "misaligned", sizeof(void *) / 2, SLAB_TYPESAFE_BY_RCU },
	{ "misaligned_by_one", 1, SLAB_TYPESAFE_BY_RCU },
	{ "plain_cache", 0, 0 },
	{ "ctor_at_the_end", OBJECT_SIZE, 0, true },
	{ "ctor_misaligned", sizeof(void *) * 3 / 2, 0, true },
	{ "ctor_of_6_12", 8, 0, true },
};

KUNIT_ARRAY_PARAM_DESC(bad_freeptr, bad_freeptrs, name);

/*
 * A free pointer that would not lie in the object, aligned, or in a cache whose
 * objects may be overwritten when free, is refused. Source: create_cache(),
 * "make sure it's sane".
 */
static void insane_free_pointer_is_refused(struct kunit *test)
{
	const struct bad_freeptr *bad = test->param_value;
	struct kmem_cache_args args = {
		.freeptr_offset = bad->offset,
		.use_freeptr_offset = true,
		.ctor = bad->ctor ? build : NULL,
	};
	const struct kmem_report *report;
	struct kmem_cache *cache = NULL;

	require_freeptr_offset(test, false);
	if (bad->offset == 8 && kmem_has_freeptr_offset(bad->ctor))
		kunit_skip(test, "needs a kernel where no constructor may be had with it");
	report = KMEM_CAPTURE(test, cache = kmem_cache_create_with("kmem_insane", OBJECT_SIZE,
								   &args, bad->flags | PRIVATE));
	expect_refusal(test, report, cache, "kmem_insane");
	if (kmem_slabinfo_is_there())
		KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, "kmem_insane").lines, 0);
}

/*
 * An offset counts only with use_freeptr_offset: without it, any offset makes the
 * same cache as none. Source: kernel-doc of struct kmem_cache_args, "in order to
 * interpret the field as used".
 */
static void offset_counts_only_if_it_is_used(struct kunit *test)
{
	static const unsigned int offsets[] = { 0, 8, 12, OBJECT_SIZE, UINT_MAX };
	static const slab_flags_t flags[] = { 0, SLAB_TYPESAFE_BY_RCU };
	unsigned int i;

	require_freeptr_offset(test, false);
	for (i = 0; i < ARRAY_SIZE(offsets) * ARRAY_SIZE(flags) * 2; i++) {
		struct kmem_cache_args with = {
			.freeptr_offset = offsets[i / 4],
			.ctor = i & 1 ? build : NULL,
		};
		struct kmem_cache_args without = { .ctor = with.ctor };
		slab_flags_t flag = flags[i / 2 % 2];
		struct kmem_cache *caches[2];

		caches[0] = create(test, "kmem_unused", OBJECT_SIZE, &with, flag);
		caches[1] = create(test, "kmem_none", OBJECT_SIZE, &without, flag);
		KUNIT_EXPECT_EQ_MSG(test, kmem_sysfs_number(test, "kmem_unused", "slab_size"),
				    kmem_sysfs_number(test, "kmem_none", "slab_size"),
				    "offset %u, kind %u", offsets[i / 4], i % 4);
		kmem_private_cache_destroy(test, caches[1]);
		kmem_private_cache_destroy(test, caches[0]);
	}
}

/*
 * Sheaves
 */

/* a sheaf is as large as kmalloc() makes it, and holds words */
#define MOST_SMALL	(IS_ENABLED(CONFIG_64BIT) ? 119 : 127)

static const struct sheaves {
	const char *name;
	unsigned int size;
	unsigned int asked;
	unsigned int low, high;
	slab_flags_t flags;
} sheaves[] = {
	{ "small", 8, 0, 60, MOST_SMALL },
	{ "below_256", 248, 0, 60, MOST_SMALL },
	{ "from_256", 256, 0, 26, 59 },
	{ "below_1024", 1016, 0, 26, 59 },
	{ "from_1024", 1024, 0, 12, 25 },
	{ "below_a_page", PAGE_SIZE - 8, 0, 12, 25 },
	{ "from_a_page", PAGE_SIZE, 0, 4, 11 },
	{ "fewer_asked", 64, 7, 60, MOST_SMALL },
	{ "many_asked", 64, 1000, 1000, 1000 },
	{ "many_asked_large", PAGE_SIZE, 100, 100, 100 },
	{ "hwcache_aligned", 64, 0, 60, MOST_SMALL, SLAB_HWCACHE_ALIGN },
	{ "checked", 64, 32, 0, 0, SLAB_CONSISTENCY_CHECKS },
	{ "poisoned", 64, 32, 0, 0, SLAB_POISON },
	{ "noleaktrace", 64, 32, 0, 0, SLAB_NOLEAKTRACE },
};

KUNIT_ARRAY_PARAM_DESC(sheaves, sheaves, name);

/*
 * Sheaves hold what was asked for at least, fewer of larger objects, and a cache
 * that is debugged or traced by kmemleak has none. Source: kernel-doc of struct
 * kmem_cache_args, "When slub_debug is enabled for the cache, the sheaf_capacity
 * argument is ignored", and calculate_sheaf_capacity().
 */
static void sheaves_hold_what_was_asked_for(struct kunit *test)
{
	const struct sheaves *want = test->param_value;
	struct kmem_cache_args args = {};
	struct kmem_batch *batch;
	struct kmem_cache *cache;
	int capacity;

	if (!kmem_has_sheaves())
		kunit_skip(test, "needs sheaves");
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which makes objects larger");
	kmem_args_set_sheaf_capacity(&args, want->asked);
	cache = create(test, "kmem_sheaves", want->size, &args, want->flags);
	capacity = kmem_sysfs_number(test, "kmem_sheaves", "sheaf_capacity");
	KUNIT_EXPECT_GE(test, capacity, want->low);
	KUNIT_EXPECT_LE(test, capacity, want->high);

	batch = kmem_take(test, cache, 2 * want->asked + 10);
	kmem_mark(batch, want->size);
	KUNIT_EXPECT_EQ(test, kmem_count_overwritten(batch, want->size), 0);
}

/*
 * Flags
 */

/*
 * The public flags are taken, each of them, and none of the others. Source:
 * __kmem_cache_create_args() and kmem_cache_create_usercopy() (6.1), with
 * SLAB_FLAGS_PERMITTED.
 */
static void just_the_public_flags_are_taken(struct kunit *test)
{
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		slab_flags_t flag = (__force slab_flags_t)BIT(bit);
		const struct kmem_report *report;
		struct kmem_cache *cache = NULL;

		if (flag == SLAB_KMALLOC)
			continue;
		report = KMEM_CAPTURE(test, cache = kmem_cache_create("kmem_flag", OBJECT_SIZE, 0,
								      flag | PRIVATE, NULL));
		if (!kmem_is_public_slab_flag(flag)) {
			expect_refusal(test, report, cache, "kmem_flag");
			continue;
		}
		KUNIT_EXPECT_NOT_NULL_MSG(test, cache, "flag %#x", (__force unsigned int)flag);
		kmem_expect_heads(test, report, "kmem_cache_create()", 0, 0);
		/* what it says of each object is not for here */
		if (cache && flag != SLAB_TRACE)
			kmem_give_back(test, kmem_take(test, cache, 5));
		kmem_cache_destroy(cache);
	}
}

#define RECLAIMABLE_PAGES	1500
/* of the counters, that the CPUs keep for themselves, and of other users */
#define SLOP			((long)(130 * num_online_cpus() + 100))

static long slab_pages(bool reclaimable)
{
	return global_node_page_state_pages(reclaimable ? NR_SLAB_RECLAIMABLE_B :
							  NR_SLAB_UNRECLAIMABLE_B);
}

/* SLUB_TINY has no such flag */
#define IS_RECLAIMABLE		(!IS_ENABLED(CONFIG_SLUB_TINY))

static const struct accounting {
	const char *name;
	slab_flags_t flags;
	bool reclaimable;
} accountings[] = {
	{ "plain", 0, false },
	{ "reclaim_account", SLAB_RECLAIM_ACCOUNT, IS_RECLAIMABLE },
	{ "temporary", SLAB_TEMPORARY, IS_RECLAIMABLE },
};

KUNIT_ARRAY_PARAM_DESC(accounting, accountings, name);

/*
 * The slabs of a cache count as reclaimable memory if it was created with
 * SLAB_RECLAIM_ACCOUNT, or SLAB_TEMPORARY, and as unreclaimable if not, until
 * they are given back. Source: SLAB_RECLAIM_ACCOUNT, "Objects are reclaimable",
 * and cache_vmstat_idx().
 */
static void slabs_are_accounted_by_kind(struct kunit *test)
{
	const struct accounting *accounting = test->param_value;
	bool kind = accounting->reclaimable;
	long mine = slab_pages(kind), others = slab_pages(!kind);
	struct kmem_cache *cache;

	cache = kmem_private_cache(test, "kmem_account", PAGE_SIZE, accounting->flags, NULL);
	kmem_take(test, cache, RECLAIMABLE_PAGES);
	KUNIT_EXPECT_GE(test, slab_pages(kind) - mine, RECLAIMABLE_PAGES - SLOP);
	KUNIT_EXPECT_LE(test, slab_pages(!kind) - others, SLOP);
}

/*
 * As slabs_are_accounted_by_kind(): what was given back is accounted no more.
 * Source: unaccount_slab().
 */
static void slabs_given_back_are_not_accounted(struct kunit *test)
{
	const struct accounting *accounting = test->param_value;
	bool kind = accounting->reclaimable;
	long mine = slab_pages(kind), others = slab_pages(!kind);
	struct kmem_cache *cache;

	cache = kmem_private_cache(test, "kmem_account", PAGE_SIZE, accounting->flags, NULL);
	kmem_give_back(test, kmem_take(test, cache, RECLAIMABLE_PAGES));
	KUNIT_EXPECT_EQ(test, kmem_cache_shrink(cache), 0);
	KUNIT_EXPECT_LE(test, abs(slab_pages(kind) - mine), SLOP);
	KUNIT_EXPECT_LE(test, abs(slab_pages(!kind) - others), SLOP);
}

/*
 * The slabs of reclaimable objects are grouped: most of them are in blocks of
 * pages for what can be reclaimed, and most of the others are not. Source:
 * SLAB_RECLAIM_ACCOUNT, "slab pages are allocated with __GFP_RECLAIMABLE, which
 * affects grouping pages by mobility".
 */
static void slabs_are_grouped_by_kind(struct kunit *test)
{
#ifndef MODULE
	const struct accounting *accounting = test->param_value;
	struct kmem_batch *batch;
	struct kmem_cache *cache;
	unsigned int i, grouped = 0;

	if (page_group_by_mobility_disabled)
		kunit_skip(test, "needs more memory, of which pages are grouped");
	cache = kmem_private_cache(test, "kmem_grouped", PAGE_SIZE, accounting->flags, NULL);
	batch = kmem_take(test, cache, RECLAIMABLE_PAGES);
	for (i = 0; i < batch->nr; i++)
		grouped += get_pageblock_migratetype(virt_to_page(batch->objects[i])) ==
			   MIGRATE_RECLAIMABLE;
	KUNIT_EXPECT_EQ_MSG(test, grouped > batch->nr / 2, accounting->reclaimable, "%u of %u",
			    grouped, batch->nr);
#else
	kunit_skip(test, "needs to be built in, to know the kind of a block of pages");
#endif
}

static struct kunit_case kmem_cache_args_cases[] = {
	KUNIT_CASE(both_forms_of_create_agree),
	KUNIT_CASE(null_args_are_the_defaults),
	KUNIT_CASE(garbage_for_args_is_refused),
	KUNIT_CASE(macro_takes_all_from_the_struct),
	KUNIT_CASE(usercopy_macro_allows_the_field),
	KUNIT_CASE_PARAM(free_pointer_lies_where_asked, freeptr_gen_params),
	KUNIT_CASE(free_pointer_lies_outside_by_default),
	KUNIT_CASE(object_too_large_with_its_red_zone_is_refused),
	KUNIT_CASE_PARAM(insane_free_pointer_is_refused, bad_freeptr_gen_params),
	KUNIT_CASE(offset_counts_only_if_it_is_used),
	KUNIT_CASE_PARAM(sheaves_hold_what_was_asked_for, sheaves_gen_params),
	KUNIT_CASE(just_the_public_flags_are_taken),
	KUNIT_CASE_PARAM(slabs_are_accounted_by_kind, accounting_gen_params),
	KUNIT_CASE_PARAM(slabs_given_back_are_not_accounted, accounting_gen_params),
	KUNIT_CASE_PARAM(slabs_are_grouped_by_kind, accounting_gen_params),
	{}
};

static struct kunit_suite kmem_cache_args_suite = {
	.name = "kmem_cache_args",
	.init = kmem_suite_init,
	.test_cases = kmem_cache_args_cases,
};

kunit_test_suite(kmem_cache_args_suite);

MODULE_DESCRIPTION("KUnit tests for the arguments of kmem_cache_create()");
MODULE_LICENSE("GPL");
