// SPDX-License-Identifier: GPL-2.0-only
/*
 * krealloc() with __GFP_ZERO, and the red zones of resized objects.
 *
 * If all that ever sized an object had __GFP_ZERO, what each new size adds is
 * zero. The same goes for a boot with init_on_alloc=1, whatever the flags. The
 * memory here is known to be dirty, so that zeroes are never luck.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_krealloc_zero'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_kunit.h"
#include "kmem_realloc.h"

DEFINE_ZERO_REQUESTS(requests);

KUNIT_ARRAY_PARAM_DESC(request, requests, name);

static gfp_t request_flags(struct kunit *test)
{
	const struct zero_request *request = test->param_value;

	if (!kmem_krealloc_zeroes())
		kunit_skip(test, "needs Linux 6.10, before which __GFP_ZERO is ignored");
	if (!want_init_on_alloc(request->flags))
		kunit_skip(test, "needs a boot with init_on_alloc=1");
	return request->flags;
}

/* What is new can only be told from a red zone where krealloc() knows the old size. */
static void require_exact_growth(struct kunit *test)
{
	if (!kmem_krealloc_knows_request() && requests_are_guarded(test))
		kunit_skip(test, "needs an exact krealloc(), or a boot without slab_debug=Z");
}

#define PRIMED	8

/* Leave dirty memory of a class behind, for the next ones who allocate. */
static void prime(struct kunit *test, size_t size, void *primed[PRIMED])
{
	unsigned int i;

	for (i = 0; i < PRIMED; i++) {
		primed[i] = kmalloc_unfenced(test, kmalloc_size_roundup(size), GFP_KERNEL);
		memset(primed[i], 0xd1, kmalloc_size_roundup(size));
	}
	for (i = 0; i < PRIMED; i++)
		kfree(primed[i]);
}

static bool was_primed(void *primed[PRIMED], const void *object)
{
	unsigned int i;

	for (i = 0; i < PRIMED; i++)
		if (primed[i] == object)
			return true;
	return false;
}

/* From one size to another one, within a class and beyond it. */
static const struct growth {
	size_t from, to;
} growths[] = {
	{ 1, 2 }, { 1, 8 }, { 5, 9 }, { 10, 16 }, { 10, 17 }, { 8, 100 }, { 33, 63 }, { 65, 96 },
	{ 65, 97 }, { 97, 127 }, { 100, 4000 }, { 129, 192 }, { 600, 1000 }, { 1000, 1025 },
	{ SZ_2K + 1, SZ_4K }, { SZ_4K, SZ_4K + 1 }, { SZ_4K + 1, SZ_8K }, { SZ_4K, SZ_16K },
	{ SZ_8K + 1, SZ_16K }, { SZ_16K, SZ_64K }, { SZ_16K + 1, SZ_32K - 1 },
};

/*
 * What a larger size adds is zero, from the last byte of the old size to the
 * last of the new one, and the contents before it are kept. Source: krealloc()'s
 * kernel-doc, "If __GFP_ZERO logic is requested", and its drawing.
 */
static void growth_is_zero(struct kunit *test)
{
	gfp_t flags = request_flags(test);
	unsigned int i, known_dirty = 0;

	require_exact_growth(test);
	for (i = 0; i < ARRAY_SIZE(growths); i++) {
		size_t from = growths[i].from, to = growths[i].to;
		void *primed[PRIMED], *primed_larger[PRIMED];
		u8 *object, *resized, *stain;

		prime(test, from, primed);
		prime(test, to, primed_larger);
		object = kmalloc(from, flags);
		KUNIT_ASSERT_NOT_NULL(test, object);
		known_dirty += was_primed(primed, object) || was_primed(primed_larger, object);
		pattern_renew();
		pattern_fill(object, from);
		resized = krealloc(object, to, flags);
		KUNIT_ASSERT_NOT_NULL(test, resized);
		stain = memchr_inv(resized + from, 0, to - from);
		KUNIT_ASSERT_NULL_MSG(test, stain, "from %zu to %zu, offset %td", from, to,
				      stain - resized);
		KUNIT_ASSERT_EQ_MSG(test, pattern_kept(resized, from), from, "from %zu to %zu",
				    from, to);
		pattern_fill(resized, to);
		kfree(resized);
	}
	if (!IS_ENABLED(CONFIG_KASAN_GENERIC))
		KUNIT_EXPECT_GT_MSG(test, known_dirty, 0, "no memory came back, nothing is proved");
}

/*
 * A move copies nothing that lies behind the old object: what the larger size
 * adds is zero though the old object's neighbours are not. Source:
 * __do_krealloc(), which copies no more than the old object holds.
 */
static void growth_is_zero_among_dirty_neighbours(struct kunit *test)
{
	static const size_t classes[] = { 8, 32, 96, SZ_512, SZ_2K };
	gfp_t flags = request_flags(test);
	u8 *objects[MANY_ROUNDS];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		size_t from = classes[i], to = 3 * from;

		for (j = 0; j < ARRAY_SIZE(objects); j++) {
			objects[j] = kmalloc(from, flags);
			KUNIT_ASSERT_NOT_NULL(test, objects[j]);
			pattern_fill(objects[j], from);
		}
		for (j = 0; j < ARRAY_SIZE(objects); j++) {
			u8 *resized = krealloc(objects[j], to, flags), *stain;

			KUNIT_ASSERT_NOT_NULL(test, resized);
			stain = memchr_inv(resized + from, 0, to - from);
			KUNIT_ASSERT_NULL_MSG(test, stain, "from %zu to %zu, object %u, offset %td",
					      from, to, j, stain - resized);
			kfree(resized);
		}
	}
}

/*
 * What a smaller size gave up is zero when a larger one brings it back, in
 * steps or at once, and what was kept all the time is untouched. Source:
 * __do_krealloc(), "Zero out spare memory".
 */
static void shrunk_part_comes_back_zero(struct kunit *test)
{
	gfp_t flags = request_flags(test);
	size_t whole;

	for (whole = 8; whole <= SZ_256K; whole *= 2) {
		size_t kept[] = { 1, whole / 2 - 1, whole / 2, whole - 2 };
		unsigned int i;

		for (i = 0; i < ARRAY_SIZE(kept); i++) {
			size_t stops[] = { kept[i] + (whole - kept[i]) / 2, whole };
			u8 *object = kmalloc_unfenced(test, whole, flags);
			unsigned int j;

			pattern_renew();
			pattern_fill(object, whole);
			KUNIT_ASSERT_PTR_EQ(test, krealloc(object, kept[i], flags), object);
			for (j = 0; j < ARRAY_SIZE(stops); j++) {
				u8 *stain;

				KUNIT_ASSERT_PTR_EQ(test, krealloc(object, stops[j], flags),
						    object);
				stain = memchr_inv(object + kept[i], 0, stops[j] - kept[i]);
				KUNIT_ASSERT_NULL_MSG(test, stain, "%zu, %zu, %zu, offset %td",
						      whole, kept[i], stops[j], stain - object);
				KUNIT_ASSERT_EQ_MSG(test, pattern_kept(object, kept[i]), kept[i],
						    "%zu, %zu, %zu", whole, kept[i], stops[j]);
			}
			kfree(object);
		}
	}
}

/*
 * To zero what a smaller size gives up ends where the object ends: its
 * neighbours keep what they hold. Source: __do_krealloc(), as above.
 */
static void zeroing_spares_the_neighbours(struct kunit *test)
{
	gfp_t flags = request_flags(test);
	u8 *objects[MANY_ROUNDS];
	size_t size;
	unsigned int i;

	for (size = 8; size <= 2 * KMALLOC_MAX_CACHE_SIZE; size *= 2) {
		unsigned int nr = size > SZ_4K ? 8 : ARRAY_SIZE(objects);

		for (i = 0; i < nr; i++) {
			objects[i] = kmalloc_unfenced(test, size, flags);
			pattern_fill(objects[i], size);
		}
		for (i = 0; i < nr; i++)
			KUNIT_ASSERT_PTR_EQ(test, krealloc(objects[i], size - i % 2, flags),
					    objects[i]);
		for (i = 0; i < nr; i++) {
			KUNIT_ASSERT_EQ_MSG(test, pattern_kept(objects[i], size - i % 2),
					    size - i % 2, "size %zu, object %u", size, i);
			kfree(objects[i]);
		}
	}
}

/*
 * Without an old object, all that krealloc() gives is zero. Source: krealloc()'s
 * kernel-doc, "If @p is %NULL, krealloc() behaves exactly like kmalloc()".
 */
static void growth_of_nothing_is_zero(struct kunit *test)
{
	gfp_t flags = request_flags(test);
	unsigned int i, known_dirty = 0;

	for (i = 0; i < ARRAY_SIZE(growths); i++) {
		size_t size = growths[i].to;
		void *primed[PRIMED];
		u8 *object;

		prime(test, size, primed);
		object = krealloc(i % 2 ? NULL : ZERO_SIZE_PTR, size, flags);
		KUNIT_ASSERT_NOT_NULL(test, object);
		known_dirty += was_primed(primed, object);
		KUNIT_ASSERT_NULL_MSG(test, memchr_inv(object, 0, size), "size %zu", size);
		kfree(object);
	}
	if (!IS_ENABLED(CONFIG_KASAN_GENERIC))
		KUNIT_EXPECT_GT_MSG(test, known_dirty, 0, "no memory came back, nothing is proved");
}

/* As growth_is_zero(), for the elements that krealloc_array() adds. Source: its kernel-doc. */
static void new_elements_are_zero(struct kunit *test)
{
	gfp_t flags = request_flags(test);
	size_t n;

	require_exact_growth(test);
	for (n = 1; n <= 100; n++) {
		void *primed[PRIMED];
		u8 *array, *resized;

		prime(test, 12 * (n + 3), primed);
		array = kmalloc_array(n, 12, flags);
		KUNIT_ASSERT_NOT_NULL(test, array);
		pattern_renew();
		pattern_fill(array, 12 * n);
		resized = krealloc_array(array, n + 3, 12, flags);
		KUNIT_ASSERT_NOT_NULL(test, resized);
		KUNIT_ASSERT_NULL_MSG(test, memchr_inv(resized + 12 * n, 0, 3 * 12), "%zu", n);
		KUNIT_ASSERT_EQ_MSG(test, pattern_kept(resized, 12 * n), 12 * n, "%zu", n);
		kfree(resized);
	}
}

/* How an object of GUARDED_SIZE bytes, or what it became, is resized. */
static const struct resizing {
	const char *name;
	size_t from, to;
	bool moves;
} resizings[] = {
	{ "shrinks", 30, GUARDED_SIZE, false },
	{ "shrinks_far", 190, 1, false },
	{ "shrinks_whole", 64, GUARDED_SIZE, false },
	{ "stays", GUARDED_SIZE, GUARDED_SIZE, false },
	{ "grows", GUARDED_SIZE, 27, false },
	{ "moves", GUARDED_SIZE, 50, true },
	{ "moves_far", GUARDED_SIZE, 900, true },
};

KUNIT_ARRAY_PARAM_DESC(resizing, resizings, name);

static void *resize(struct kunit *test, void *object, size_t size)
{
	return krealloc(object, size, GFP_KERNEL);
}

/*
 * Where the boot guards the size that kmalloc() was asked for, the first byte
 * behind the new size is guarded after krealloc(). On 6.12, only that of an
 * object that moved is. Source: __do_krealloc(), "Setup kmalloc redzone when
 * needed" (7.x); skip_orig_size_check() in ksize() (6.12).
 */
static void write_behind_the_new_size_is_reported(struct kunit *test)
{
	const struct resizing *resizing = test->param_value;
	u8 *resized;
	bool moved;

	require_guards(test);
	resized = resize_unfenced(test, resize, resizing->from, resizing->to, &moved);
	KUNIT_ASSERT_EQ(test, moved, resizing->moves);
	memset(resized, 0x11, resizing->to);
	kmem_poke(resized + resizing->to, 0x11);
	if (resizing->moves || kmem_krealloc_knows_request())
		KMEM_EXPECT_REPORT(test, kfree(resized), "kmalloc Redzone overwritten");
	else
		KMEM_EXPECT_SILENCE(test, kfree(resized));
}

/*
 * All of the new size may be used: it is no red zone, and what is one is whole.
 * Source: as above.
 */
static void all_of_the_new_size_may_be_used(struct kunit *test)
{
	const struct resizing *resizing = test->param_value;
	u8 *object = kmalloc_filled(test, resizing->from), *resized;

	resized = krealloc(object, resizing->to, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, resized);
	KUNIT_EXPECT_EQ(test, pattern_kept(resized, min(resizing->from, resizing->to)),
			min(resizing->from, resizing->to));
	memset(resized, 0x11, resizing->to);
	KMEM_EXPECT_SILENCE(test, kfree(resized));
}

/*
 * The last byte that kmalloc() gave is guarded as well. Source: as above; the
 * red zone goes up to the end of the object.
 */
static void write_to_the_last_spare_byte_is_reported(struct kunit *test)
{
	const struct resizing *resizing = test->param_value;
	u8 *resized;
	bool moved;

	require_guards(test);
	resized = resize_unfenced(test, resize, resizing->from, resizing->to, &moved);
	KUNIT_ASSERT_EQ(test, moved, resizing->moves);
	kmem_poke(resized + max(kmalloc_size_roundup(resizing->to),
				resizing->moves ? 0 : kmalloc_size_roundup(resizing->from)) - 1,
		  0x11);
	if (resizing->moves || kmem_krealloc_knows_request())
		KMEM_EXPECT_REPORT(test, kfree(resized), "kmalloc Redzone overwritten");
	else
		KMEM_EXPECT_SILENCE(test, kfree(resized));
}

static struct kunit_case krealloc_zero_cases[] = {
	KUNIT_CASE_PARAM(growth_is_zero, request_gen_params),
	KUNIT_CASE_PARAM(growth_is_zero_among_dirty_neighbours, request_gen_params),
	KUNIT_CASE_PARAM(shrunk_part_comes_back_zero, request_gen_params),
	KUNIT_CASE_PARAM(zeroing_spares_the_neighbours, request_gen_params),
	KUNIT_CASE_PARAM(growth_of_nothing_is_zero, request_gen_params),
	KUNIT_CASE_PARAM(new_elements_are_zero, request_gen_params),
	KUNIT_CASE_PARAM(write_behind_the_new_size_is_reported, resizing_gen_params),
	KUNIT_CASE_PARAM(all_of_the_new_size_may_be_used, resizing_gen_params),
	KUNIT_CASE_PARAM(write_to_the_last_spare_byte_is_reported, resizing_gen_params),
	{}
};

static struct kunit_suite krealloc_zero_suite = {
	.name = "kmem_krealloc_zero",
	.init = kmem_suite_init,
	.test_cases = krealloc_zero_cases,
};

kunit_test_suite(krealloc_zero_suite);

MODULE_DESCRIPTION("KUnit tests for krealloc() with __GFP_ZERO");
MODULE_LICENSE("GPL");
