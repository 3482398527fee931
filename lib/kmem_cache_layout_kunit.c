// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a kmem_cache lays out its objects in slabs: alignment and distance of
 * objects, and how many pages a slab has.
 *
 * What is too small crashes. What is too large only wastes memory, for years,
 * so here it is a failure.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_cache_layout'
 */
#include <kunit/test.h>
#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_kunit.h"

#define PRIVATE		(SLAB_NO_MERGE | SLAB_NO_USER_FLAGS)
#define NAME		"kmem_layout"
/* what one might ask for on a command line */
#define MAX_ORDERS	9
#define MAX_SLAB_ORDER	(IS_ENABLED(CONFIG_SLUB_TINY) ? 1 : PAGE_ALLOC_COSTLY_ORDER)

static void construct_nothing(void *object)
{
}

/* What sysfs says of a cache that is created for it, and destroyed again. */
struct layout {
	unsigned int align, slab_size, order, objects, min_partial;
};

static struct layout layout_of(struct kunit *test, unsigned int size, unsigned int align,
			       slab_flags_t flags, void (*ctor)(void *))
{
	struct kmem_cache *cache = kmem_cache_create(NAME, size, align, flags | PRIVATE, ctor);
	struct layout layout;

	KUNIT_ASSERT_NOT_NULL_MSG(test, cache, "size %u, align %u", size, align);
	kmem_adopt_cache(test, cache);
	layout.align = kmem_sysfs_number(test, NAME, "align");
	layout.slab_size = kmem_sysfs_number(test, NAME, "slab_size");
	layout.order = kmem_sysfs_number(test, NAME, "order");
	layout.objects = kmem_sysfs_number(test, NAME, "objs_per_slab");
	layout.min_partial = kmem_sysfs_number(test, NAME, "min_partial");
	kmem_private_cache_destroy(test, cache);
	return layout;
}

static void require_bare_objects(struct kunit *test)
{
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which keeps data beside the objects");
}

static void require_default_orders(struct kunit *test)
{
	if (kmem_boot_has(test, "_order=") || kmem_boot_has(test, "_objects=") ||
	    kmem_boot_has(test, "debug_guardpage"))
		kunit_skip(test, "needs a boot without slab_min_order= and its like");
}

/* From small sizes one by one to some that share few factors. */
static unsigned int next_size(unsigned int size)
{
	return size < 40 ? size + 1 : size + size / 7 + 1;
}

/*
 * The alignment of a cache is the one that was asked for, or the least that any
 * object needs. Source: calculate_alignment(), arch_slab_minalign().
 */
static void alignment_is_what_was_asked_for(struct kunit *test)
{
	unsigned int size, align;

	for (align = 0; align <= SZ_4K; align = align ? 2 * align : 1) {
		for (size = 1; size < 600; size += 97)
			KUNIT_EXPECT_EQ_MSG(test, layout_of(test, size, align, 0, NULL).align,
					    max_t(unsigned int, align, arch_slab_minalign()),
					    "size %u, align %u", size, align);
	}
}

/*
 * With SLAB_HWCACHE_ALIGN, objects are aligned to a cache line, the small ones
 * only to that part of it which they fit into; a larger alignment holds. Source:
 * calculate_alignment(), "if the object is sufficiently large".
 */
static void hwcache_alignment_fits_the_object(struct kunit *test)
{
	unsigned int line = cache_line_size(), size, align;

	for (size = 1; size <= 2 * line + 1; size++) {
		unsigned int part = min_t(unsigned long, line, roundup_pow_of_two(size));

		for (align = 0; align <= 4 * line; align = align ? 4 * align : 8)
			KUNIT_EXPECT_EQ_MSG(test,
					    layout_of(test, size, align, SLAB_HWCACHE_ALIGN,
						      NULL).align,
					    max3(part, align,
						 (unsigned int)arch_slab_minalign()),
					    "size %u, align %u", size, align);
	}
}

static const struct kind {
	const char *name;
	slab_flags_t flags;
	void (*ctor)(void *object);
	bool pointer;
} kinds[] = {
	{ "plain", 0, NULL, false },
	{ "hwcache_align", SLAB_HWCACHE_ALIGN, NULL, false },
	{ "consistency_checks", SLAB_CONSISTENCY_CHECKS, NULL, false },
	{ "reclaim_account", SLAB_RECLAIM_ACCOUNT, NULL, false },
	{ "ctor", 0, construct_nothing, true },
	{ "typesafe_by_rcu", SLAB_TYPESAFE_BY_RCU, NULL, true },
	{ "poison", SLAB_POISON, NULL, true },
};

KUNIT_ARRAY_PARAM_DESC(kind, kinds, name);

/*
 * Objects lie as close as size and alignment allow: a free object holds the free
 * pointer itself, unless it has to keep what is in it. Source:
 * calculate_sizes().
 */
static void objects_lie_close(struct kunit *test)
{
	static const unsigned int alignments[] = { 0, 16, 64, 256 };
	const struct kind *kind = test->param_value;
	unsigned int i, size;

	require_bare_objects(test);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	for (i = 0; i < ARRAY_SIZE(alignments); i++) {
		for (size = 1; size < 3000; size = next_size(size)) {
			struct layout layout;
			unsigned int needed;

			layout = layout_of(test, size, alignments[i], kind->flags, kind->ctor);
			needed = ALIGN(size, sizeof(void *));
			if (kind->pointer)
				needed += sizeof(void *);
			KUNIT_EXPECT_EQ_MSG(test, layout.slab_size, ALIGN(needed, layout.align),
					    "size %u, align %u", size, alignments[i]);
		}
	}
}

/*
 * All of a slab is used for objects: there is no room for another one. Source:
 * order_objects().
 */
static void slab_is_full_of_objects(struct kunit *test)
{
	unsigned int size;

	for (size = 1; size < 40 * PAGE_SIZE; size = next_size(size)) {
		struct layout layout = layout_of(test, size, 0, 0, NULL);

		KUNIT_EXPECT_EQ_MSG(test, layout.objects,
				    (PAGE_SIZE << layout.order) / layout.slab_size,
				    "size %u, order %u", size, layout.order);
	}
}

/* How many objects a slab shall have, for the CPUs that take from it. */
static unsigned int wanted_objects(void)
{
	unsigned int cpus = num_present_cpus();

	if (cpus <= 1)
		cpus = nr_cpu_ids;
	return 4 * (fls(cpus) + 1);
}

static unsigned int waste(unsigned int order, unsigned int slab_size)
{
	return (PAGE_SIZE << order) % slab_size;
}

/* The smallest share of a slab that some order from @min on can keep the waste to. */
static unsigned int least_share(unsigned int min, unsigned int slab_size)
{
	unsigned int share, order;

	for (share = 16; share > 2; share /= 2) {
		for (order = min; order <= MAX_SLAB_ORDER; order++) {
			if (waste(order, slab_size) <= (PAGE_SIZE << order) / share)
				return share;
		}
	}
	return 2;
}

/*
 * A slab has the fewest pages that hold enough objects and waste little: a
 * sixteenth if any size of slab can do that, else an eighth, a quarter, or a
 * half. Source: calculate_order(), "Attempt to find best configuration for a
 * slab".
 */
static void slab_is_as_small_as_waste_allows(struct kunit *test)
{
	unsigned int size;

	require_default_orders(test);
	for (size = 1; size <= PAGE_SIZE << MAX_SLAB_ORDER; size = next_size(size)) {
		struct layout layout = layout_of(test, size, 0, 0, NULL);
		unsigned int slab_size = layout.slab_size, wanted, share, min, order;

		if (slab_size > PAGE_SIZE << MAX_SLAB_ORDER)
			break;
		wanted = min_t(unsigned int, wanted_objects(),
			       (PAGE_SIZE << MAX_SLAB_ORDER) / slab_size);
		min = get_order(wanted * slab_size);
		share = least_share(min, slab_size);
		if (share == 2 && !kmem_half_of_a_slab_may_be_waste())
			continue;

		KUNIT_EXPECT_GE_MSG(test, layout.objects, wanted, "size %u", size);
		KUNIT_EXPECT_LE_MSG(test, layout.order, MAX_SLAB_ORDER, "size %u", size);
		KUNIT_EXPECT_LE_MSG(test, waste(layout.order, slab_size),
				    (PAGE_SIZE << layout.order) / share,
				    "size %u, order %u", size, layout.order);
		for (order = min; order < layout.order; order++)
			KUNIT_EXPECT_GT_MSG(test, waste(order, slab_size),
					    (PAGE_SIZE << order) / share,
					    "size %u, order %u would do", size, order);
	}
}

/* The order that the boot gives as slab_<which>_order=, or UINT_MAX. */
static unsigned int order_of_the_boot(struct kunit *test, const char *which)
{
	unsigned int order;
	char text[32];

	for (order = 0; order <= MAX_ORDERS; order++) {
		scnprintf(text, sizeof(text), "_%s_order=%u", which, order);
		if (kmem_boot_has(test, text))
			return order;
	}
	return UINT_MAX;
}

/*
 * A slab has no fewer pages than slab_min_order= says and no more than
 * slab_max_order= does, unless an object would not fit. Source: both of them in
 * Documentation/admin-guide/kernel-parameters.txt, "Determines the maximum allowed
 * order for slabs".
 */
static void slab_has_an_order_that_the_boot_allows(struct kunit *test)
{
	unsigned int least = order_of_the_boot(test, "min"), most = order_of_the_boot(test, "max");
	bool reached[2] = {};
	unsigned int size;

	if (least > most || most > MAX_ORDERS)
		kunit_skip(test, "needs a boot with slab_min_order= and slab_max_order=");
	for (size = 8; size <= KMALLOC_MAX_SIZE; size = next_size(size)) {
		struct layout layout = layout_of(test, size, 0, 0, NULL);

		KUNIT_EXPECT_GE_MSG(test, layout.order, least, "size %u", size);
		if (layout.slab_size <= PAGE_SIZE << most)
			KUNIT_EXPECT_LE_MSG(test, layout.order, most, "size %u", size);
		else
			KUNIT_EXPECT_EQ_MSG(test, layout.order, get_order(layout.slab_size),
					    "size %u", size);
		KUNIT_EXPECT_GE_MSG(test, layout.objects, 1, "size %u", size);
		reached[0] |= layout.order == least;
		reached[1] |= layout.order == most;
	}
	KUNIT_EXPECT_TRUE_MSG(test, reached[0], "no slab of order %u", least);
	KUNIT_EXPECT_TRUE_MSG(test, reached[1], "no slab of order %u", most);
}

/*
 * A slab has as many objects at least as slab_min_objects= says, or as fit into
 * the largest slab that the boot allows. Source: slab_min_objects= in
 * Documentation/admin-guide/kernel-parameters.txt, "The minimum number of objects
 * per slab"; calculate_order().
 */
static void slab_holds_what_the_boot_asks_for(struct kunit *test)
{
	unsigned int most = order_of_the_boot(test, "max"), size;

	if (!kmem_boot_has(test, "_min_objects=64") || most > MAX_ORDERS)
		kunit_skip(test, "needs a boot with slab_min_objects=64 and slab_max_order=");
	if (!kmem_half_of_a_slab_may_be_waste())
		kunit_skip(test, "needs Linux 6.8, which does not rather ask for fewer");
	for (size = 8; size <= PAGE_SIZE << most; size = next_size(size)) {
		struct layout layout = layout_of(test, size, 0, 0, NULL);
		unsigned int fit = (PAGE_SIZE << most) / layout.slab_size;

		KUNIT_EXPECT_GE_MSG(test, layout.objects, min_t(unsigned int, 64, fit), "size %u",
				    size);
	}
}

/* As the boot does: 0, or an error code. */
static int tell(const char *text)
{
#ifndef MODULE
	char words[64];

	strscpy(words, text, sizeof(words));
	/* -1 is the level of those that the kernel has itself */
	return PTR_ERR_OR_ZERO(parse_args("kmem", words, __start___param,
					  __stop___param - __start___param, -1, -1, NULL, NULL));
#else
	return -ENOENT;
#endif
}

static void tell_default_orders(void *unused)
{
	char text[64];

	scnprintf(text, sizeof(text), "slab_min_order=0 slab_max_order=%u", MAX_SLAB_ORDER);
	tell(text);
}

static const struct telling {
	const char *name, *text;
	int error;
	unsigned int size, order;
} tellings[] = {
	{ "minimum_above_maximum", "slab_max_order=0x1 slab_min_order=0x2", 0, 64, 2 },
	{ "maximum_below_minimum", "slab_max_order=3 slab_min_order=3 slab_max_order=1", 0, 64, 1 },
	{ "minimum_no_number", "slab_min_order=1 slab_min_order=many", -EINVAL, 64, 1 },
	{ "maximum_no_number", "slab_min_order=1 slab_max_order=many", -EINVAL, 64, 1 },
	{ "maximum_too_large", "slab_max_order=99", 0, KMALLOC_MAX_SIZE / 8,
	  KMALLOC_SHIFT_MAX - PAGE_SHIFT },
};

KUNIT_ARRAY_PARAM_DESC(telling, tellings, name);

/*
 * The last order that the boot gives is heeded, and the other bound gives way to it; what
 * is no number is refused, and changes nothing; no slab is larger than the largest block
 * of pages. Source: slab_min_order= in Documentation/admin-guide/kernel-parameters.txt,
 * "Must be lower or equal to slab_max_order"; setup_slub_min_order(),
 * setup_slub_max_order().
 */
static void orders_of_the_boot_are_reconciled(struct kunit *test)
{
	const struct telling *telling = test->param_value;
	int error;

	if (!kmem_can_tell_orders())
		kunit_skip(test, "needs orders that can be told, and the suite built in");
	if (system_state > SYSTEM_SCHEDULING)
		kunit_skip(test, "needs to run while the kernel boots, whose code it calls");
	require_bare_objects(test);
	require_default_orders(test);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, tell_default_orders, NULL), 0);
	KMEM_CAPTURE(test, error = tell(telling->text));
	KUNIT_EXPECT_EQ(test, error, telling->error);
	KUNIT_EXPECT_EQ(test, layout_of(test, telling->size, 0, 0, NULL).order, telling->order);
}

/*
 * An object that is too large for a usual slab gets one of its own, no larger
 * than need be. Source: calculate_order(), "this slab cannot be placed using
 * slab_max_order".
 */
static void huge_object_has_a_slab_of_its_own(struct kunit *test)
{
	unsigned int order;

	require_bare_objects(test);
	require_default_orders(test);
	for (order = MAX_SLAB_ORDER + 1; PAGE_SIZE << order <= KMALLOC_MAX_SIZE; order++) {
		unsigned int fits = PAGE_SIZE << order;
		struct layout full = layout_of(test, fits, 0, 0, NULL);
		struct layout least = layout_of(test, fits / 2 + 1, 0, 0, NULL);

		KUNIT_EXPECT_EQ_MSG(test, full.order, order, "size %u", fits);
		KUNIT_EXPECT_EQ_MSG(test, full.objects, 1, "size %u", fits);
		KUNIT_EXPECT_EQ_MSG(test, least.order, order, "size %u", fits / 2 + 1);
		KUNIT_EXPECT_EQ_MSG(test, least.objects, 1, "size %u", fits / 2 + 1);
	}
}

/*
 * The larger the objects, the more empty slabs a node keeps: half of the size's
 * binary logarithm, but five at least and ten at most. Source:
 * kmem_cache_open() (6.1), do_kmem_cache_create(), "the more slabs we want on
 * the partial list".
 */
static void min_partial_grows_with_the_size(struct kunit *test)
{
	unsigned int size;

	for (size = 8; size <= KMALLOC_MAX_SIZE; size *= 2) {
		struct layout layout = layout_of(test, size, 0, 0, NULL);

		KUNIT_EXPECT_EQ_MSG(test, layout.min_partial,
				    clamp_t(unsigned int, ilog2(layout.slab_size) / 2, 5, 10),
				    "size %u", size);
	}
}

static const struct memory {
	const char *name;
	slab_flags_t flags;
	gfp_t gfp;
} memories[] = {
	{ "any", 0, 0 },
	{ "dma", SLAB_CACHE_DMA, GFP_DMA },
	{ "dma32", SLAB_CACHE_DMA32, GFP_DMA32 },
	/* no flag with CONFIG_SLUB_TINY */
	{ "reclaimable", SLAB_RECLAIM_ACCOUNT, SLAB_RECLAIM_ACCOUNT ? __GFP_RECLAIMABLE : 0 },
};

KUNIT_ARRAY_PARAM_DESC(memory, memories, name);

/*
 * Whatever memory slabs are of, it is what the cache asked for, and each is one: every
 * object in any of its pages is known to be the cache's, and can be freed by kfree().
 * Source: SLAB_CACHE_DMA, "Use GFP_DMA memory", and its like in include/linux/slab.h;
 * calculate_sizes(), __GFP_COMP.
 */
static void objects_on_all_pages_are_the_caches(struct kunit *test)
{
	const struct memory *memory = test->param_value;
	struct kmem_cache *cache = kmem_cache_create(NAME, 2 * SZ_1K, 0, memory->flags | PRIVATE,
						     NULL);
	static void *objects[64];
	unsigned int i;
	gfp_t gfp;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	kmem_adopt_cache(test, cache);
	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL_MSG(test, objects[i], "object %u", i);
	}
	gfp = kmem_origin(objects[0]).gfp & (GFP_ZONEMASK | __GFP_RECLAIMABLE);
	KUNIT_EXPECT_TRUE_MSG(test, gfp == memory->gfp, "of %pGg", &gfp);
	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		KUNIT_ASSERT_NOT_NULL_MSG(test, kmem_origin(objects[i]).name, "object %u", i);
		KUNIT_EXPECT_STREQ_MSG(test, kmem_origin(objects[i]).name, NAME, "object %u", i);
	}
	KMEM_EXPECT_SILENCE(test, {
		for (i = 0; i < ARRAY_SIZE(objects); i++)
			kfree(objects[i]);
		kmem_private_cache_destroy(test, cache);
	});
}

#define TINY_SIZE	8
/* in no step with the objects of a slab */
#define STRIDE		17

/*
 * Where an object lies in its slab is known of each, also of the last ones of very many.
 * Source: kernel-doc of kmem_dump_obj(); __kmem_obj_info(), obj_to_index().
 */
static void objects_of_a_full_slab_are_told_by_place(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, NAME, TINY_SIZE, 0, NULL);
	struct kmem_batch *batch = kmem_take(test, cache, 2 * PAGE_SIZE / TINY_SIZE);
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_PRINTK);
	for (i = 0; i < batch->nr; i += STRIDE) {
		const struct kmem_report *report;

		report = KMEM_CAPTURE(test, kmem_dump_obj(batch->objects[i]));
		kmem_expect_text(test, report, " " NAME " start %px pointer offset 0",
				 batch->objects[i]);
	}
}

static struct kunit_case kmem_cache_layout_cases[] = {
	KUNIT_CASE(alignment_is_what_was_asked_for),
	KUNIT_CASE(hwcache_alignment_fits_the_object),
	KUNIT_CASE_PARAM(objects_lie_close, kind_gen_params),
	KUNIT_CASE(slab_is_full_of_objects),
	KUNIT_CASE(slab_is_as_small_as_waste_allows),
	KUNIT_CASE(slab_has_an_order_that_the_boot_allows),
	KUNIT_CASE(slab_holds_what_the_boot_asks_for),
	KUNIT_CASE_PARAM(orders_of_the_boot_are_reconciled, telling_gen_params),
	KUNIT_CASE(huge_object_has_a_slab_of_its_own),
	KUNIT_CASE(min_partial_grows_with_the_size),
	KUNIT_CASE_PARAM(objects_on_all_pages_are_the_caches, memory_gen_params),
	KUNIT_CASE(objects_of_a_full_slab_are_told_by_place),
	{}
};

static struct kunit_suite kmem_cache_layout_suite = {
	.name = "kmem_cache_layout",
	.init = kmem_suite_init,
	.test_cases = kmem_cache_layout_cases,
};

kunit_test_suite(kmem_cache_layout_suite);

MODULE_DESCRIPTION("KUnit tests for the layout of slabs");
MODULE_LICENSE("GPL");
