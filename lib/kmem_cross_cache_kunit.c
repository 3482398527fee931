// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frees into the wrong kmem_cache.
 *
 * Where CONFIG_SLAB_FREELIST_HARDENED is set, or a cache has
 * SLAB_CONSISTENCY_CHECKS, kmem_cache_free() compares the cache that it is
 * given with the cache that the object's slab belongs to.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_cross_cache'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_kunit.h"

#define OBJECT_SIZE	64
/* more than the objects of several slabs, so that every free one is handed out */
#define MANY		512

/* The two ways in which a cache gets its frees checked. */
static const struct detector {
	const char *name;
	slab_flags_t flags;
} detectors[] = {
	{ "freelist_hardened", 0 },
	{ "consistency_checks", SLAB_CONSISTENCY_CHECKS },
	{ "all_checks", KMEM_ALL_CHECKS },
};

KUNIT_ARRAY_PARAM_DESC(detector, detectors, name);

/* Two caches that nothing but their names tells apart. */
struct orchard {
	struct kmem_cache *apples;
	struct kmem_cache *pears;
};

static void require_detector(struct kunit *test)
{
	const struct detector *detector = test->param_value;

	if (detector->flags)
		KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	else
		KMEM_REQUIRE(test, CONFIG_SLAB_FREELIST_HARDENED);
}

static struct orchard plant(struct kunit *test)
{
	const struct detector *detector = test->param_value;

	require_detector(test);
	return (struct orchard){
		kmem_private_cache(test, "kmem_apples", OBJECT_SIZE, detector->flags, NULL),
		kmem_private_cache(test, "kmem_pears", OBJECT_SIZE, detector->flags, NULL),
	};
}

/* Free @object, which is @origin's, into @wrong, and expect the series' own words. */
static void expect_wrong_cache(struct kunit *test, struct kmem_cache *wrong, void *object,
			       const char *wrong_name, const char *origin_name)
{
	if (kmem_cross_free_leaks())
		KMEM_EXPECT_WARN(test, kmem_cache_free(wrong, object),
				 "kmem_cache_free(%s, %p): object belongs to different cache %s",
				 wrong_name, object, origin_name);
	else
		KMEM_EXPECT_WARN(test, kmem_cache_free(wrong, object),
				 "Wrong slab cache. %s but object is from %s",
				 wrong_name, origin_name);
}

/*
 * Allocate an apple. Others of its slab stay allocated until the case ends, so
 * that its memory stays the cache's when it is freed.
 */
static void *pick_apple(struct kunit *test, struct orchard *orchard)
{
	struct kmem_batch *batch = kmem_take(test, orchard->apples, 3);

	swap(batch->objects[1], batch->objects[2]);
	return batch->objects[--batch->nr];
}

/* Allocate an apple and free it into the pears. */
static void *mix_up(struct kunit *test, struct orchard *orchard)
{
	void *apple = pick_apple(test, orchard);

	expect_wrong_cache(test, orchard->pears, apple, "kmem_pears", "kmem_apples");
	return apple;
}

/* What the wrong free has left to be freed. */
static void clean_up(struct kmem_cache *cache, void *object)
{
	if (kmem_cross_free_leaks())
		kmem_cache_free(cache, object);
}

/*
 * A free into the wrong cache is reported once, and the report names the cache
 * that was given and the one that the object is from, in this order. Source:
 * cache_from_obj() in mm/slab.h and mm/slub.c (6.x), warn_free_bad_obj() (7.x).
 */
static void wrong_cache_is_reported(struct kunit *test)
{
	struct orchard orchard = plant(test);
	void *apple = mix_up(test, &orchard);

	clean_up(orchard.apples, apple);
}

/*
 * Free after free into the wrong cache is reported. On 6.x, each is, with WARN(). On
 * 7.x, only the first one of a boot is, with WARN_ONCE().
 * Source: cache_from_obj() (6.x), warn_free_bad_obj() (7.x).
 */
static void wrong_cache_is_reported_again(struct kunit *test)
{
	struct orchard orchard = plant(test);
	struct kmem_batch *apples = kmem_take(test, orchard.apples, 3);
	const struct kmem_report *report;

	report = KMEM_CAPTURE(test, {
		kmem_cache_free(orchard.pears, apples->objects[0]);
		kmem_cache_free(orchard.pears, apples->objects[1]);
		kmem_cache_free(orchard.pears, apples->objects[2]);
	});
	kmem_expect_heads(test, report, "three wrong frees", 0, kmem_cross_free_leaks() ? 1 : 3);

	/* what was not leaked was freed, and must not be freed again */
	if (!kmem_cross_free_leaks())
		apples->nr = 0;
}

/*
 * With SLAB_STORE_USER, the report tells who allocated the object. Source:
 * print_tracking() in cache_from_obj() (6.x) and warn_free_bad_obj() (7.x).
 */
static void report_tells_who_allocated(struct kunit *test)
{
	struct kmem_cache *apples, *pears;
	const struct kmem_report *report;
	void *apple;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE(test, CONFIG_KALLSYMS);
	apples = kmem_private_cache(test, "kmem_apples", OBJECT_SIZE,
				    SLAB_CONSISTENCY_CHECKS | SLAB_STORE_USER, NULL);
	pears = kmem_private_cache(test, "kmem_pears", OBJECT_SIZE, 0, NULL);
	apple = kmem_cache_alloc(apples, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, apple);

	/* a plain cache checks nothing unless frees are hardened */
	if (!IS_ENABLED(CONFIG_SLAB_FREELIST_HARDENED)) {
		kmem_cache_free(apples, apple);
		kunit_skip(test, "needs CONFIG_SLAB_FREELIST_HARDENED=y");
	}
	report = KMEM_CAPTURE(test, kmem_cache_free(pears, apple));
	kmem_expect_heads(test, report, "wrong free", 0, 1);
	kmem_expect_text(test, report, "Allocated in %s+", __func__);
	clean_up(apples, apple);
}

/*
 * An object is not lost to its owner by a wrong free. On 6.x, it is back in its true
 * cache. On 7.x, it is leaked on purpose: its owner still has it, whole, and may free
 * it rightly.
 * Source: kmem_cache_free(), "Intentionally leak the object" (7.x).
 */
static void object_goes_where_the_series_says(struct kunit *test)
{
	struct orchard orchard = plant(test);
	void *apple = pick_apple(test, &orchard);
	struct kmem_batch *batch;

	memset(apple, 0x77, OBJECT_SIZE);
	expect_wrong_cache(test, orchard.pears, apple, "kmem_pears", "kmem_apples");

	batch = kmem_take(test, orchard.apples, MANY);
	if (!kmem_cross_free_leaks()) {
		KUNIT_EXPECT_EQ(test, kmem_count(batch, apple), 1);
		return;
	}

	KUNIT_EXPECT_EQ(test, kmem_count(batch, apple), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(apple, 0x77, OBJECT_SIZE));
	KMEM_EXPECT_SILENCE(test, kmem_cache_free(orchard.apples, apple));
	batch = kmem_take(test, orchard.apples, MANY);
	KUNIT_EXPECT_EQ(test, kmem_count(batch, apple), 1);
}

/*
 * The wrong cache never hands out the object that was freed into it. Source:
 * cache_from_obj() and kmem_cache_free(), which do not use the given cache any
 * more once it is known to be wrong.
 */
static void wrong_cache_never_hands_it_out(struct kunit *test)
{
	struct orchard orchard = plant(test);
	struct kmem_batch *pears;
	void *apple;

	/* the wrong cache has free objects of its own, or has none: both ways */
	apple = mix_up(test, &orchard);
	pears = kmem_take(test, orchard.pears, MANY);
	KUNIT_EXPECT_EQ(test, kmem_count(pears, apple), 0);
	clean_up(orchard.apples, apple);

	kmem_give_back(test, pears);
	apple = mix_up(test, &orchard);
	pears = kmem_take(test, orchard.pears, MANY);
	KUNIT_EXPECT_EQ(test, kmem_count(pears, apple), 0);
	clean_up(orchard.apples, apple);
}

/*
 * The true cache hands the object out once, not twice, after it was freed into
 * the wrong cache and then, where that leaks it, into the right one.
 */
static void true_cache_hands_it_out_once(struct kunit *test)
{
	struct orchard orchard = plant(test);
	void *apple = mix_up(test, &orchard);
	struct kmem_batch *apples;

	clean_up(orchard.apples, apple);
	apples = kmem_take(test, orchard.apples, MANY);
	KUNIT_EXPECT_EQ(test, kmem_count(apples, apple), 1);
}

/* Fill each object with a byte of its own. */
static void mark(struct kmem_batch *batch, u8 seed)
{
	unsigned int i;

	for (i = 0; i < batch->nr; i++)
		memset(batch->objects[i], (u8)(seed + i), OBJECT_SIZE);
}

static void expect_marks(struct kunit *test, struct kmem_batch *batch, u8 seed)
{
	unsigned int i;

	for (i = 0; i < batch->nr; i++)
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(batch->objects[i], (u8)(seed + i),
						       OBJECT_SIZE),
				      "object %u of %u was overwritten", i, batch->nr);
}

/*
 * Neither cache is corrupted by a wrong free: both go on to hand out objects
 * that do not overlap, pass SLUB's validation, and can be destroyed empty.
 */
static void neither_cache_is_corrupted(struct kunit *test)
{
	struct orchard orchard = plant(test);
	struct kmem_batch *apples, *pears;

	apples = kmem_take(test, orchard.apples, 16);
	while (apples->nr) {
		void *apple = apples->objects[--apples->nr];

		expect_wrong_cache(test, orchard.pears, apple, "kmem_pears", "kmem_apples");
		clean_up(orchard.apples, apple);
	}

	apples = kmem_take(test, orchard.apples, MANY);
	pears = kmem_take(test, orchard.pears, MANY);
	mark(apples, 1);
	mark(pears, 101);
	expect_marks(test, apples, 1);
	expect_marks(test, pears, 101);

	KMEM_EXPECT_SILENCE(test, {
		if (IS_ENABLED(CONFIG_SLUB_DEBUG)) {
			kmem_validate(test, orchard.apples);
			kmem_validate(test, orchard.pears);
		}
		kmem_give_back(test, apples);
		kmem_give_back(test, pears);
		kmem_private_cache_destroy(test, orchard.apples);
		kmem_private_cache_destroy(test, orchard.pears);
	});
}

/*
 * The classic way into this bug: the only pointer to a cache is overwritten by
 * a second kmem_cache_create(), and what came from the first one is freed into
 * the second.
 */
static void overwritten_cache_pointer_is_reported(struct kunit *test)
{
	const struct detector *detector = test->param_value;
	struct kmem_cache *cache, *first;
	void *object;

	require_detector(test);
	first = kmem_private_cache(test, "kmem_first", OBJECT_SIZE, detector->flags, NULL);
	cache = first;
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);

	cache = kmem_private_cache(test, "kmem_second", OBJECT_SIZE, detector->flags, NULL);
	expect_wrong_cache(test, cache, object, "kmem_second", "kmem_first");
	clean_up(first, object);
}

/*
 * An object of kmalloc() is not a private cache's: the report names the
 * kmalloc cache that it is from. Source: as for any other cache.
 */
static void kmalloc_object_is_reported(struct kunit *test)
{
	const struct detector *detector = test->param_value;
	struct kmem_cache *cache;
	void *object;

	require_detector(test);
	cache = kmem_private_cache(test, "kmem_pears", OBJECT_SIZE, detector->flags, NULL);
	object = kmalloc(OBJECT_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	expect_wrong_cache(test, cache, object, "kmem_pears", "kmalloc-");

	/* still ours to free, or free already */
	if (kmem_cross_free_leaks())
		KMEM_EXPECT_SILENCE(test, kfree(object));
}

/* Free what is not in a slab at all, and expect the series' own words. */
static void expect_no_slab(struct kunit *test, struct kmem_cache *cache, void *memory)
{
	memset(memory, 0x77, PAGE_SIZE);
	if (kmem_cross_free_leaks())
		KMEM_EXPECT_WARN(test, kmem_cache_free(cache, memory),
				 "kmem_cache_free(kmem_pears, %p): object is not in a slab page",
				 memory);
	else
		KMEM_EXPECT_WARN(test, kmem_cache_free(cache, memory),
				 "virt_to_cache: Object is not a Slab page!");
	KUNIT_EXPECT_NULL(test, memchr_inv(memory, 0x77, PAGE_SIZE));
}

/*
 * A page of the page allocator is no cache's object: the free is reported and
 * does nothing. Source: virt_to_cache() (6.x), warn_free_bad_obj() (7.x).
 */
static void page_is_reported(struct kunit *test)
{
	const struct detector *detector = test->param_value;
	struct kmem_cache *cache;
	struct page *page;

	require_detector(test);
	cache = kmem_private_cache(test, "kmem_pears", OBJECT_SIZE, detector->flags, NULL);
	page = alloc_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	expect_no_slab(test, cache, page_address(page));
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	__free_page(page);
}

/*
 * kmalloc() of more than a slab holds comes from the page allocator, and is no
 * cache's object either.
 */
static void large_kmalloc_is_reported(struct kunit *test)
{
	const struct detector *detector = test->param_value;
	struct kmem_cache *cache;
	void *memory;

	require_detector(test);
	cache = kmem_private_cache(test, "kmem_pears", OBJECT_SIZE, detector->flags, NULL);
	memory = kmalloc(KMALLOC_MAX_CACHE_SIZE + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	expect_no_slab(test, cache, memory);
	KMEM_EXPECT_SILENCE(test, kfree(memory));
}

/*
 * kmem_cache_free_bulk() checks each object's cache, through
 * build_detached_freelist(). Since 7.0, it does not, and so promises nothing.
 */
static void wrong_cache_in_bulk_is_reported(struct kunit *test)
{
	struct orchard orchard = plant(test);
	struct kmem_batch *pears, *all;
	void *mixed[3], *apple;

	if (kmem_cross_free_leaks())
		kunit_skip(test, "needs Linux 6.x, whose kmem_cache_free_bulk() checks caches");

	apple = pick_apple(test, &orchard);
	pears = kmem_take(test, orchard.pears, 2);
	mixed[0] = pears->objects[0];
	mixed[1] = apple;
	mixed[2] = pears->objects[1];
	pears->nr = 0;
	KMEM_EXPECT_WARN(test, kmem_cache_free_bulk(orchard.pears, 3, mixed),
			 "Wrong slab cache. kmem_pears but object is from kmem_apples");

	all = kmem_take(test, orchard.pears, MANY);
	KUNIT_EXPECT_EQ(test, kmem_count(all, apple), 0);
	all = kmem_take(test, orchard.apples, MANY);
	KUNIT_EXPECT_EQ(test, kmem_count(all, apple), 1);
}

/*
 * A free into the right cache is not reported: by kmem_cache_free(), by
 * kmem_cache_free_bulk(), and by kfree(), which finds the cache by itself.
 */
static void right_cache_is_silent(struct kunit *test)
{
	struct orchard orchard = plant(test);
	struct kmem_batch *apples = kmem_take(test, orchard.apples, MANY);
	struct kmem_batch *pears = kmem_take(test, orchard.pears, MANY);
	unsigned int i;

	KMEM_EXPECT_SILENCE(test, {
		for (i = 0; i < MANY; i += 2) {
			kmem_cache_free(orchard.apples, apples->objects[i]);
			kfree(pears->objects[i]);
		}
		for (i = 1; i < MANY; i += 2) {
			kmem_cache_free_bulk(orchard.apples, 1, &apples->objects[i]);
			kmem_cache_free(orchard.pears, pears->objects[i]);
		}
	});
	apples->nr = 0;
	pears->nr = 0;
	KMEM_EXPECT_SILENCE(test, {
		kmem_private_cache_destroy(test, orchard.apples);
		kmem_private_cache_destroy(test, orchard.pears);
	});
}

static struct kunit_case kmem_cross_cache_cases[] = {
	KUNIT_CASE_PARAM(wrong_cache_is_reported, detector_gen_params),
	KUNIT_CASE_PARAM(wrong_cache_is_reported_again, detector_gen_params),
	KUNIT_CASE(report_tells_who_allocated),
	KUNIT_CASE_PARAM(object_goes_where_the_series_says, detector_gen_params),
	KUNIT_CASE_PARAM(wrong_cache_never_hands_it_out, detector_gen_params),
	KUNIT_CASE_PARAM(true_cache_hands_it_out_once, detector_gen_params),
	KUNIT_CASE_PARAM(neither_cache_is_corrupted, detector_gen_params),
	KUNIT_CASE_PARAM(overwritten_cache_pointer_is_reported, detector_gen_params),
	KUNIT_CASE_PARAM(kmalloc_object_is_reported, detector_gen_params),
	KUNIT_CASE_PARAM(page_is_reported, detector_gen_params),
	KUNIT_CASE_PARAM(large_kmalloc_is_reported, detector_gen_params),
	KUNIT_CASE_PARAM(wrong_cache_in_bulk_is_reported, detector_gen_params),
	KUNIT_CASE_PARAM(right_cache_is_silent, detector_gen_params),
	{}
};

static struct kunit_suite kmem_cross_cache_suite = {
	.name = "kmem_cross_cache",
	.init = kmem_suite_init,
	.test_cases = kmem_cross_cache_cases,
};

kunit_test_suite(kmem_cross_cache_suite);

MODULE_DESCRIPTION("KUnit tests for frees into the wrong kmem_cache");
MODULE_LICENSE("GPL");
