// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory pools: allocation and free of many elements at once, and allocations that
 * are made to fall back on the reserve.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_mempool_bulk'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/mempool.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_kunit.h"
#include "kmem_mempool.h"

#define FEW		5
#define FIRST_TRY	((__force u32)((GFP_KERNEL | MEMPOOL_ADDS) & ~MEMPOOL_DEFERS))
#define SECOND_TRY	((__force u32)(GFP_KERNEL | MEMPOOL_ADDS))

static void require_bulk(struct kunit *test)
{
	if (!KMEM_HAS_MEMPOOL_BULK)
		kunit_skip(test, "needs Linux 7.0");
}

static void expect_distinct(struct kunit *test, void **elements, unsigned int nr)
{
	unsigned int i, j;

	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_NOT_NULL_MSG(test, elements[i], "element %u", i);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_PTR_NE_MSG(test, elements[i], elements[j],
						"elements %u and %u", i, j);
	}
}

/* Take @nr elements out of the reserve. */
static void drain(struct kunit *test, struct source *source, mempool_t *pool, void **elements,
		  unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		elements[i] = mempool_alloc_preallocated(pool);
		KUNIT_ASSERT_NOT_NULL_MSG(test, elements[i], "element %u of %u", i, nr);
	}
}

/*
 * Elements in bulk come from the allocator as far as that gives them, the rest
 * from the reserve, and all are distinct; for none, nobody is asked. Source:
 * mempool_alloc_bulk(), "dipping into the reserved pool when alloc_fn fails".
 */
static void bulk_takes_the_rest_from_the_reserve(struct kunit *test)
{
	struct source *source = source_create(test);
	void *elements[FEW], *left[FEW];
	unsigned int given, count, i;

	require_bulk(test);
	for (count = 0; count <= FEW; count++)
		for (given = 0; given <= count; given++) {
			mempool_t *pool = pool_create(test, source, FEW);
			unsigned int rest = count - given;

			/* the reserve has no more than what lacks */
			drain(test, source, pool, left, FEW - rest);
			memset(elements, 0, sizeof(elements));
			source_script(source, given, NEVER);
			KUNIT_EXPECT_EQ_MSG(test, mempool_alloc_bulk(pool, elements, count), 0,
					    "%u of %u", given, count);
			KUNIT_EXPECT_EQ_MSG(test, source->calls, given + !!rest, "%u of %u",
					    given, count);
			for (i = 0; i < source->calls; i++)
				KUNIT_EXPECT_EQ_MSG(test, (__force u32)source->gfp[i], FIRST_TRY,
						    "%u of %u", given, count);
			expect_distinct(test, elements, count);
			KUNIT_EXPECT_EQ_MSG(test, source->out, FEW + given, "%u of %u", given,
					    count);
			KUNIT_EXPECT_NULL_MSG(test, mempool_alloc_preallocated(pool), "%u of %u",
					      given, count);
			refill(pool, left, FEW - rest);
			refill(pool, elements, count);
			pool_destroy(test, source, pool);
		}
}

/*
 * Where the reserve does not have all that lacks, it is left alone, and the
 * allocator is asked for the rest again, with all flags; what it gave before is
 * kept. Source: mempool_alloc_bulk(), mempool_alloc_from_pool().
 */
static void bulk_asks_again_with_all_flags(struct kunit *test)
{
	struct source *source = source_create(test);
	void *out[FEW], *elements[FEW];
	unsigned int held, given, i;

	require_bulk(test);
	for (held = 0; held < FEW; held++)
		for (given = 0; given < FEW - held; given++) {
			mempool_t *pool = pool_create(test, source, FEW);

			drain(test, source, pool, out, FEW - held);
			source_script(source, given, 1);
			KUNIT_EXPECT_EQ(test, mempool_alloc_bulk(pool, elements, FEW), 0);
			KUNIT_EXPECT_EQ_MSG(test, source->calls, FEW + 1, "held %u, given %u",
					    held, given);
			for (i = 0; i < FEW + 1; i++)
				KUNIT_EXPECT_EQ_MSG(test, (__force u32)source->gfp[i],
						    i <= given ? FIRST_TRY : SECOND_TRY,
						    "held %u, given %u, call %u", held, given, i);
			expect_distinct(test, elements, FEW);
			KUNIT_EXPECT_EQ_MSG(test, source->out, 2 * FEW, "held %u, given %u", held,
					    given);
			refill(pool, elements, FEW);
			refill(pool, out, FEW - held);
			pool_destroy(test, source, pool);
		}
}

/* A bulk that is larger than the pool could never be sure to end: it warns. */
static void bulk_beyond_the_minimum_warns(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, FEW - 1);
	void *elements[FEW];

	require_bulk(test);
	KMEM_REQUIRE(test, CONFIG_DEBUG_VM);
	KMEM_EXPECT_WARN(test, mempool_alloc_bulk(pool, elements, FEW), "mempool");
	refill(pool, elements, FEW);
	KMEM_EXPECT_SILENCE(test, mempool_alloc_bulk(pool, elements, FEW - 1));
	refill(pool, elements, FEW - 1);
	pool_destroy(test, source, pool);
}

/*
 * A free in bulk gives the pool what it lacks, from the start of the array, and
 * leaves the others to the caller, whole. Who waits is woken if there was
 * anything. Source: mempool_free_bulk(), "Return: number of elements transferred".
 */
static void expect_bulk_free(struct kunit *test, struct source *source, unsigned int lacks,
			     unsigned int count)
{
	mempool_t *pool = pool_create(test, source, FEW);
	void *out[FEW], *elements[2 * FEW] = {}, *before[FEW];
	unsigned int i, taken, held;
	struct probe probe;

	for (i = 0; i < count; i++)
		elements[i] = mempool_alloc(pool, GFP_KERNEL);
	memcpy(before, elements, sizeof(before));
	drain(test, source, pool, out, lacks);
	probe_begin(&probe, pool);
	taken = mempool_free_bulk(pool, elements, count);
	probe_end(&probe, pool);
	KUNIT_EXPECT_EQ_MSG(test, taken, min(lacks, count), "lacks %u of %u", lacks, count);
	KUNIT_EXPECT_EQ_MSG(test, !!probe.woken, !!taken, "lacks %u of %u", lacks, count);
	KUNIT_EXPECT_EQ_MSG(test, source->frees, 0, "lacks %u of %u", lacks, count);
	KUNIT_EXPECT_EQ_MSG(test, mempool_is_saturated(pool), lacks <= count, "lacks %u of %u",
			    lacks, count);
	for (i = taken; i < count; i++)
		KUNIT_EXPECT_PTR_EQ_MSG(test, elements[i], before[i], "lacks %u of %u", lacks,
					count);

	/* the reserve has all others, each once */
	held = FEW - lacks + taken;
	drain(test, source, pool, elements + count, held);
	KUNIT_EXPECT_NULL(test, mempool_alloc_preallocated(pool));
	expect_distinct(test, elements + taken, count - taken + held);
	refill(pool, elements + taken, count - taken + held);
	refill(pool, out, lacks);
	pool_destroy(test, source, pool);
}

/*
 * A bulk free refills the reserve from the front of the array and says how many
 * elements it took; the others stay the caller's. Source: the kernel-doc of
 * mempool_free_bulk(), mm/mempool.c.
 */
static void bulk_free_gives_what_the_pool_lacks(struct kunit *test)
{
	struct source *source = source_create(test);
	unsigned int lacks, count;

	require_bulk(test);
	for (lacks = 0; lacks <= FEW; lacks++)
		for (count = 0; count <= FEW; count++)
			expect_bulk_free(test, source, lacks, count);
}

/*
 * A pool of no minimum takes one element of a bulk, and only if it has none.
 * Source: mempool_free_bulk(), "Handle the min_nr = 0 edge case".
 */
static void bulk_free_fills_a_pool_without_minimum(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, 0);
	void *elements[FEW], *element;
	unsigned int i;

	require_bulk(test);
	for (i = 0; i < FEW; i++)
		elements[i] = mempool_alloc(pool, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mempool_free_bulk(pool, elements, FEW), 0);
	element = mempool_alloc_preallocated(pool);
	KUNIT_ASSERT_NOT_NULL(test, element);
	KUNIT_EXPECT_EQ(test, mempool_free_bulk(pool, elements, FEW), 1);
	KUNIT_EXPECT_EQ(test, mempool_free_bulk(pool, elements + 1, FEW - 1), 0);
	refill(pool, elements + 1, FEW - 1);
	mempool_free(element, pool);
	KUNIT_EXPECT_EQ(test, source->frees, FEW);
	pool_destroy(test, source, pool);
}

/* Expect to be told so often who was made to use the reserve, and of no other failure. */
static void expect_forced(struct kunit *test, const struct kmem_report *report,
			  unsigned int times, const char *caller)
{
	KUNIT_EXPECT_EQ(test, kmem_count_text(report, "forcing mempool usage"), times);
	kmem_expect_text(test, report, "forcing mempool usage for %s",
			 IS_ENABLED(CONFIG_KALLSYMS) ? caller : "");
	KUNIT_EXPECT_NULL(test, strstr(report->text, "FAULT_INJECTION"));
}

/*
 * Fault injection makes an allocation use the reserve though the allocator could
 * give an element, and says so each time, and for whom. Source: should_fail_ex() in
 * mempool_alloc(), with FAULT_NOWARN and _RET_IP_.
 */
static void injected_failure_uses_the_reserve(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, FEW);
	const struct kmem_report *report;
	void *elements[2] = {};
	unsigned int i;

	require_bulk(test);
	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	report = KMEM_CAPTURE(test, {
		for (i = 0; i < 2; i++)
			elements[i] = KMEM_FAILING(test, 1, mempool_alloc(pool, GFP_KERNEL));
	});
	expect_forced(test, report, 2, __func__);
	KUNIT_EXPECT_EQ(test, source->calls, 0);
	expect_distinct(test, elements, 2);
	KUNIT_EXPECT_FALSE(test, mempool_is_saturated(pool));
	refill(pool, elements, 2);
	KUNIT_EXPECT_TRUE(test, mempool_is_saturated(pool));
	pool_destroy(test, source, pool);
}

/* As injected_failure_uses_the_reserve(), of all elements of a bulk. */
static void injected_failure_of_a_bulk_uses_the_reserve(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, FEW);
	const struct kmem_report *report;
	void *elements[FEW];
	int error = -EINVAL;

	require_bulk(test);
	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	report = KMEM_CAPTURE(test, error = KMEM_FAILING(test, 1,
							 mempool_alloc_bulk(pool, elements, FEW)));
	expect_forced(test, report, 1, __func__);
	KUNIT_EXPECT_EQ(test, error, 0);
	KUNIT_EXPECT_EQ(test, source->calls, 0);
	expect_distinct(test, elements, FEW);
	KUNIT_EXPECT_NULL(test, mempool_alloc_preallocated(pool));
	refill(pool, elements, FEW);
	pool_destroy(test, source, pool);
}

static struct kunit_case kmem_mempool_bulk_cases[] = {
	KUNIT_CASE(bulk_takes_the_rest_from_the_reserve),
	KUNIT_CASE(bulk_asks_again_with_all_flags),
	KUNIT_CASE(bulk_beyond_the_minimum_warns),
	KUNIT_CASE(bulk_free_gives_what_the_pool_lacks),
	KUNIT_CASE(bulk_free_fills_a_pool_without_minimum),
	KUNIT_CASE(injected_failure_uses_the_reserve),
	KUNIT_CASE(injected_failure_of_a_bulk_uses_the_reserve),
	{}
};

static struct kunit_suite kmem_mempool_bulk_suite = {
	.name = "kmem_mempool_bulk",
	.init = kmem_suite_init,
	.test_cases = kmem_mempool_bulk_cases,
};

kunit_test_suite(kmem_mempool_bulk_suite);

MODULE_DESCRIPTION("KUnit tests for memory pools in bulk");
MODULE_LICENSE("GPL");
