// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory pools: what a mempool does with the callbacks it is given.
 *
 * The pools here get their elements from a source that counts, and fails when
 * it is told to. So nothing depends on how much memory there is.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_mempool'
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_kunit.h"
#include "kmem_mempool.h"
#include "kmem_text.h"

#define FEW		5

/* The four ways to make a pool, and the flags with which its elements are allocated. */
static const struct maker {
	const char *name;
	bool embedded;
	bool on_node;
	gfp_t gfp;
} makers[] = {
	{ "create", false, false, GFP_KERNEL },
	{ "create_node", false, true, GFP_NOWAIT },
	{ "init", true, false, GFP_KERNEL },
	{ "init_node", true, true, GFP_NOWAIT },
};

KUNIT_ARRAY_PARAM_DESC(maker, makers, name);

/* Make a pool, in @embedded where the maker does not allocate it, or give its NULL or error. */
static mempool_t *make(const struct maker *maker, mempool_t *embedded, int min_nr,
		       struct source *source)
{
	gfp_t gfp = maker->gfp;
	int error;

	if (!maker->embedded)
		return maker->on_node ?
			mempool_create_node(min_nr, source_alloc, source_free, source, gfp,
					    NUMA_NO_NODE) :
			mempool_create(min_nr, source_alloc, source_free, source);

	memset(embedded, 0, sizeof(*embedded));
	error = maker->on_node ?
		mempool_init_node(embedded, min_nr, source_alloc, source_free, source, gfp,
				  NUMA_NO_NODE) :
		mempool_init(embedded, min_nr, source_alloc, source_free, source);
	return error ? ERR_PTR(error) : embedded;
}

static void unmake(const struct maker *maker, mempool_t *pool)
{
	if (maker->embedded)
		mempool_exit(pool);
	else
		mempool_destroy(pool);
}

/*
 * A new pool holds its minimum, allocated one by one with the flags of its
 * creation, and frees each of them at its end. Source: mempool_init_node(),
 * "pre-allocate the guaranteed number of buffers".
 */
static void new_pool_holds_its_minimum(struct kunit *test)
{
	const struct maker *maker = test->param_value;
	struct source *source = source_create(test);
	mempool_t embedded, *pool;
	int min_nr, i;

	for (min_nr = 1; min_nr <= SOURCE_ELEMENTS; min_nr *= 2) {
		source_script(source, NEVER, 0);
		pool = make(maker, &embedded, min_nr, source);
		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR_OR_NULL(pool), "min_nr %d", min_nr);
		KUNIT_EXPECT_EQ_MSG(test, source->calls, min_nr, "min_nr %d", min_nr);
		KUNIT_EXPECT_EQ_MSG(test, source->out, min_nr, "min_nr %d", min_nr);
		KUNIT_EXPECT_TRUE_MSG(test, mempool_is_saturated(pool), "min_nr %d", min_nr);
		for (i = 0; i < min_nr; i++)
			KUNIT_EXPECT_EQ_MSG(test, (__force u32)source->gfp[i],
					    (__force u32)maker->gfp, "min_nr %d, element %d",
					    min_nr, i);
		unmake(maker, pool);
		KUNIT_EXPECT_EQ_MSG(test, source->frees, min_nr, "min_nr %d", min_nr);
		KUNIT_EXPECT_EQ_MSG(test, source->out, 0, "min_nr %d", min_nr);
	}
	KUNIT_EXPECT_EQ(test, source->wrong, 0);
}

/*
 * Where one of its elements cannot be allocated, there is no pool but -ENOMEM or NULL,
 * and those allocated before are freed. Source: mempool_init_node(), mempool_init(),
 * "Return: %0 on success, negative error code otherwise".
 */
static void failed_creation_frees_its_elements(struct kunit *test)
{
	const struct maker *maker = test->param_value;
	struct source *source = source_create(test);
	mempool_t embedded, *pool;
	unsigned int n;

	memset(&embedded, 0, sizeof(embedded));
	for (n = 0; n < FEW; n++) {
		source_script(source, n, 1);
		pool = make(maker, &embedded, FEW, source);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR(pool), maker->embedded ? -ENOMEM : 0,
				    "element %u of %d", n, FEW);
		KUNIT_EXPECT_EQ_MSG(test, source->calls, n + 1, "element %u of %d", n, FEW);
		KUNIT_EXPECT_EQ_MSG(test, source->frees, n, "element %u of %d", n, FEW);
		KUNIT_EXPECT_EQ_MSG(test, source->out, 0, "element %u of %d", n, FEW);
		KUNIT_EXPECT_FALSE_MSG(test, mempool_initialized(&embedded), "element %u", n);
		if (!IS_ERR_OR_NULL(pool))
			unmake(maker, pool);
	}
	KUNIT_EXPECT_EQ(test, source->wrong, 0);
}

/*
 * Nor is there one where its elements are more than memory has: of their size, nothing
 * is cut off. Source: mempool_kmalloc(), "size_t size".
 */
static void pool_of_too_large_elements_is_null(struct kunit *test)
{
	mempool_t *pool = NULL;

	/* the page allocator warns of so many pages */
	KMEM_CAPTURE(test, pool = mempool_create_kmalloc_pool(1, KMEM_VAST + 8));
	KUNIT_EXPECT_NULL(test, pool);
	mempool_destroy(pool);
}

/*
 * Where the pool itself, or its array, cannot be allocated, no element is asked for, and
 * it is told of unless the flags say not to. Source: mempool_create_node(), "or %NULL on
 * error"; __GFP_NOWARN in <linux/gfp_types.h>.
 */
static void no_memory_for_a_pool_gives_null(struct kunit *test)
{
	const gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN;
	struct source *source = source_create(test);
	mempool_t *pool, embedded = {};
	const struct kmem_report *report;
	int nth, error = 0;

	for (nth = 1; nth <= 2; nth++) {
		pool = KMEM_FAILING(test, nth,
				    mempool_create_node(FEW, source_alloc, source_free, source,
							gfp, NUMA_NO_NODE));
		KUNIT_EXPECT_NULL_MSG(test, pool, "allocation %d", nth);
		mempool_destroy(pool);
	}
	report = KMEM_CAPTURE(test, {
		error = KMEM_FAILING(test, 1,
				     mempool_init_node(&embedded, FEW, source_alloc, source_free,
						       source, gfp & ~__GFP_NOWARN, NUMA_NO_NODE));
	});
	kmem_expect_text(test, report, "forcing a failure");
	KUNIT_EXPECT_EQ(test, error, -ENOMEM);
	KUNIT_EXPECT_FALSE(test, mempool_initialized(&embedded));
	KUNIT_EXPECT_EQ(test, source->calls, 0);
}

/*
 * mempool_initialized() tells whether a pool was made and not yet ended.
 * Source: include/linux/mempool.h.
 */
static void pool_is_initialized_until_its_exit(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t pool = {};

	KUNIT_EXPECT_FALSE(test, mempool_initialized(&pool));
	KUNIT_ASSERT_EQ(test, mempool_init(&pool, FEW, source_alloc, source_free, source), 0);
	KUNIT_EXPECT_TRUE(test, mempool_initialized(&pool));
	mempool_exit(&pool);
	KUNIT_EXPECT_FALSE(test, mempool_initialized(&pool));
}

/*
 * A zeroed pool that was never made may be ended, one that was ended may be
 * ended again, and NULL may be destroyed. Source: mempool_exit(), "May be called
 * on a zeroed but uninitialized mempool"; mempool_destroy().
 */
static void end_of_no_pool_does_nothing(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t pool = {};

	KMEM_EXPECT_SILENCE(test, {
		mempool_exit(&pool);
		mempool_destroy(NULL);
	});
	KUNIT_ASSERT_EQ(test, mempool_init(&pool, FEW, source_alloc, source_free, source), 0);
	KMEM_EXPECT_SILENCE(test, {
		mempool_exit(&pool);
		mempool_exit(&pool);
	});
	KUNIT_EXPECT_EQ(test, source->frees, FEW);
	KUNIT_EXPECT_EQ(test, source->wrong, 0);
}

static const struct mask {
	const char *name;
	gfp_t gfp;
} masks[] = {
	{ "kernel", GFP_KERNEL },
	{ "noio", GFP_NOIO },
	{ "nofs", GFP_NOFS },
	{ "nowait", GFP_NOWAIT },
	{ "atomic", GFP_ATOMIC },
	{ "io_only", GFP_NOWAIT | __GFP_IO },
	{ "reclaimable", GFP_KERNEL | __GFP_RECLAIMABLE },
};

KUNIT_ARRAY_PARAM_DESC(mask, masks, name);

/*
 * An allocation asks the allocator first: without reclaim and I/O, not for the
 * emergency reserves, without retries and warnings. The pool's own reserve is
 * left alone. Source: mempool_alloc(), "This is done by first calling into the
 * alloc_fn"; mempool_adjust_gfp() (7.x).
 */
static void allocator_is_asked_first(struct kunit *test)
{
	const struct mask *mask = test->param_value;
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, FEW);
	void *element = mempool_alloc(pool, mask->gfp);

	KUNIT_EXPECT_NOT_NULL(test, element);
	KUNIT_EXPECT_EQ(test, source->calls, 1);
	KUNIT_EXPECT_EQ(test, source->out, FEW + 1);
	KUNIT_EXPECT_TRUE(test, mempool_is_saturated(pool));
	KUNIT_EXPECT_EQ(test, (__force u32)source->gfp[0],
			(__force u32)((mask->gfp | MEMPOOL_ADDS) & ~MEMPOOL_DEFERS));
	mempool_free(element, pool);
	KUNIT_EXPECT_EQ(test, source->frees, 1);
	pool_destroy(test, source, pool);
}

/*
 * Where the first try fails and the reserve is empty, the allocator is asked
 * again with reclaim and I/O, as far as the caller allows them. Source:
 * mempool_alloc(), "Retry the allocation with all flags set in that case".
 */
static void second_try_has_all_flags(struct kunit *test)
{
	const struct mask *mask = test->param_value;
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, FEW);
	void *elements[FEW], *element;
	bool deferred = mask->gfp & MEMPOOL_DEFERS;

	exhaust(test, source, pool, elements, FEW);
	source_script(source, 0, 1);
	element = mempool_alloc(pool, mask->gfp);
	KUNIT_EXPECT_EQ(test, source->calls, deferred ? 2 : 1);
	KUNIT_EXPECT_EQ(test, (__force u32)source->gfp[0],
			(__force u32)((mask->gfp | MEMPOOL_ADDS) & ~MEMPOOL_DEFERS));
	if (deferred) {
		KUNIT_EXPECT_NOT_NULL(test, element);
		KUNIT_EXPECT_EQ(test, (__force u32)source->gfp[1],
				(__force u32)(mask->gfp | MEMPOOL_ADDS));
		mempool_free(element, pool);
	} else {
		KUNIT_EXPECT_NULL(test, element);
	}
	source_script(source, NEVER, 0);
	refill(pool, elements, FEW);
	pool_destroy(test, source, pool);
}

/*
 * While the allocator fails, the reserve gives its elements, each of them once,
 * and after a single try. Source: mempool_alloc(), "dipping into the reserved
 * pool when alloc_fn fails to allocate an element".
 */
static void reserve_gives_each_element_once(struct kunit *test)
{
	const struct mask *mask = test->param_value;
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, FEW);
	void *elements[FEW];
	int i, j;

	source_script(source, 0, NEVER);
	for (i = 0; i < FEW; i++) {
		elements[i] = mempool_alloc(pool, mask->gfp);
		KUNIT_ASSERT_NOT_NULL_MSG(test, elements[i], "element %d", i);
		KUNIT_EXPECT_EQ_MSG(test, source->calls, i + 1, "element %d", i);
		KUNIT_EXPECT_EQ_MSG(test, source->out, FEW, "element %d", i);
		KUNIT_EXPECT_FALSE_MSG(test, mempool_is_saturated(pool), "element %d", i);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_PTR_NE_MSG(test, elements[i], elements[j],
						"elements %d and %d", i, j);
	}
	source_script(source, NEVER, 0);
	refill(pool, elements, FEW);
	KUNIT_EXPECT_EQ(test, source->frees, 0);
	KUNIT_EXPECT_TRUE(test, mempool_is_saturated(pool));
	pool_destroy(test, source, pool);
}

/*
 * An empty pool whose allocator fails gives NULL to who may not wait. Source:
 * mempool_alloc(), "We must not sleep if __GFP_DIRECT_RECLAIM is not set".
 */
static void empty_pool_gives_null_without_reclaim(struct kunit *test)
{
	static const gfp_t gfps[] = { GFP_NOWAIT, GFP_ATOMIC, GFP_NOWAIT | __GFP_IO, 0 };
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, FEW);
	unsigned long sleeps = current->nvcsw;
	void *elements[FEW];
	int i;

	exhaust(test, source, pool, elements, FEW);
	for (i = 0; i < ARRAY_SIZE(gfps); i++) {
		source_script(source, 0, NEVER);
		KUNIT_EXPECT_NULL_MSG(test, mempool_alloc(pool, gfps[i]), "gfp %#x",
				      (__force u32)gfps[i]);
		KUNIT_EXPECT_EQ_MSG(test, source->calls, gfps[i] & __GFP_IO ? 2 : 1, "gfp %#x",
				    (__force u32)gfps[i]);
	}
	KUNIT_EXPECT_EQ_MSG(test, current->nvcsw - sleeps, 0, "it slept");
	refill(pool, elements, FEW);
	pool_destroy(test, source, pool);
}

/*
 * A freed element goes into the reserve as long as that lacks one, and back to
 * the allocator when it does not; whoever waits is woken for each that goes into
 * the reserve. Source: mempool_free(), "Returns @element to @pool if it needs
 * replenishing, else frees it".
 */
static void free_refills_the_reserve_first(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, FEW);
	void *reserved[FEW], *more[FEW];
	struct probe probe;
	int i;

	for (i = 0; i < FEW; i++)
		more[i] = mempool_alloc(pool, GFP_KERNEL);
	exhaust(test, source, pool, reserved, FEW);

	probe_begin(&probe, pool);
	for (i = 0; i < FEW; i++) {
		KUNIT_EXPECT_FALSE_MSG(test, mempool_is_saturated(pool), "element %d", i);
		mempool_free(more[i], pool);
		KUNIT_EXPECT_EQ_MSG(test, source->frees, 0, "element %d", i);
		KUNIT_EXPECT_EQ_MSG(test, probe.woken, i + 1, "element %d", i);
	}
	probe_end(&probe, pool);
	for (i = 0; i < FEW; i++) {
		KUNIT_EXPECT_TRUE_MSG(test, mempool_is_saturated(pool), "element %d", i);
		mempool_free(reserved[i], pool);
		KUNIT_EXPECT_EQ_MSG(test, source->frees, i + 1, "element %d", i);
	}
	pool_destroy(test, source, pool);
}

/*
 * Who has interrupts off has them off also after the reserve gave an element, or got it
 * back. Source: kernel-doc of mempool_resize(), "might be called (eg. from IRQ contexts)".
 */
static void interrupts_stay_off(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, 1);
	void *element;

	source_script(source, 0, NEVER);
	KMEM_WITH_IRQS_OFF(test, element = mempool_alloc(pool, GFP_ATOMIC));
	KUNIT_EXPECT_NOT_NULL(test, element);
	KMEM_WITH_IRQS_OFF(test, mempool_free(element, pool));
	KMEM_WITH_IRQS_OFF(test, element = mempool_alloc_preallocated(pool));
	mempool_free(element, pool);
	/* it has counted calls with interrupts off, which was our doing */
	source->wrong = 0;
	pool_destroy(test, source, pool);
}

/* NULL may be freed, also into a pool that lacks an element. Source: mempool_free(). */
static void free_of_null_does_nothing(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, 1);
	void *element;

	KMEM_EXPECT_SILENCE(test, mempool_free(NULL, pool));
	exhaust(test, source, pool, &element, 1);
	KMEM_EXPECT_SILENCE(test, mempool_free(NULL, pool));
	KUNIT_EXPECT_FALSE(test, mempool_is_saturated(pool));
	KUNIT_EXPECT_NULL(test, mempool_alloc(pool, GFP_NOWAIT));
	refill(pool, &element, 1);
	pool_destroy(test, source, pool);
	KUNIT_EXPECT_EQ(test, source->frees, 1);
}

/*
 * mempool_alloc_preallocated() gives what the reserve has and nothing else: it
 * never asks the allocator, and gives NULL at once when the reserve is empty.
 * Source: its kernel-doc.
 */
static void preallocated_elements_come_from_the_reserve(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, FEW);
	void *elements[FEW];
	unsigned long sleeps;
	int i, j;

	if (!KMEM_HAS_MEMPOOL_PREALLOCATED)
		kunit_skip(test, "needs Linux 6.7");
	for (i = 0; i < FEW; i++) {
		elements[i] = mempool_alloc_preallocated(pool);
		KUNIT_ASSERT_NOT_NULL_MSG(test, elements[i], "element %d", i);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_PTR_NE_MSG(test, elements[i], elements[j],
						"elements %d and %d", i, j);
	}
	sleeps = current->nvcsw;
	KUNIT_EXPECT_NULL(test, mempool_alloc_preallocated(pool));
	KUNIT_EXPECT_EQ_MSG(test, current->nvcsw - sleeps, 0, "it slept");
	KUNIT_EXPECT_EQ(test, source->calls, 0);
	refill(pool, elements, FEW);
	KUNIT_EXPECT_TRUE(test, mempool_is_saturated(pool));
	pool_destroy(test, source, pool);
}

/*
 * mempool_alloc_noreserve() asks the allocator with the flags as they are, and
 * leaves the reserve alone where that fails. Source: include/linux/mempool.h,
 * "without dipping into the pool's reserves or waiting".
 */
static void noreserve_leaves_the_reserve_alone(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, FEW);
	void *element;

	if (!KMEM_HAS_MEMPOOL_NORESERVE)
		kunit_skip(test, "needs Linux 6.12");
	element = mempool_alloc_noreserve(pool, GFP_NOIO);
	KUNIT_EXPECT_NOT_NULL(test, element);
	KUNIT_EXPECT_EQ(test, (__force u32)source->gfp[0], (__force u32)GFP_NOIO);
	mempool_free(element, pool);

	source_script(source, 0, NEVER);
	source->may_wait = true;
	KUNIT_EXPECT_NULL(test, mempool_alloc_noreserve(pool, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, source->calls, 1);
	KUNIT_EXPECT_TRUE(test, mempool_is_saturated(pool));
	pool_destroy(test, source, pool);
}

/*
 * A pool of no minimum gives elements as any other. Since 7.0, it holds one, so
 * that who waits for one can be woken by its free. Before 7.0, it holds none and
 * frees all. Source:
 * mempool_init_node(), "pre-allocate 1 element for zero minimum pool", and
 * mempool_free(), "Handle the min_nr = 0 edge case" (7.x).
 */
static void pool_without_minimum(struct kunit *test)
{
	unsigned int held = kmem_mempool_without_minimum_holds_one() ? 1 : 0;
	struct source *source = source_create(test);
	mempool_t *pool = mempool_create(0, source_alloc, source_free, source);
	void *element, *other;
	struct probe probe;

	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_EXPECT_EQ(test, source->calls, held);
	KUNIT_EXPECT_TRUE(test, mempool_is_saturated(pool));
	other = mempool_alloc(pool, GFP_KERNEL);

	source_script(source, 0, NEVER);
	element = mempool_alloc(pool, GFP_NOWAIT);
	KUNIT_EXPECT_EQ(test, !!element, held);
	KUNIT_EXPECT_NULL(test, mempool_alloc(pool, GFP_NOWAIT));

	probe_begin(&probe, pool);
	mempool_free(other, pool);
	KUNIT_EXPECT_EQ(test, source->frees, !held);
	KUNIT_EXPECT_EQ(test, probe.woken, held);
	mempool_free(element, pool);
	KUNIT_EXPECT_EQ(test, source->frees, 1);
	probe_end(&probe, pool);

	if (held) {
		KUNIT_EXPECT_PTR_EQ(test, mempool_alloc(pool, GFP_NOWAIT), other);
		mempool_free(other, pool);
	}
	mempool_destroy(pool);
	KUNIT_EXPECT_EQ(test, source->out, 0);
	KUNIT_EXPECT_EQ(test, source->wrong, 0);
}

/*
 * A pool without minimum can be given one. Source: mempool_resize(), which grows
 * from the pool's min_nr, whatever that is.
 */
static void pool_without_minimum_can_grow(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, 0);

	KUNIT_EXPECT_EQ(test, mempool_resize(pool, FEW), 0);
	KUNIT_EXPECT_EQ(test, source->out, FEW);
	KUNIT_EXPECT_TRUE(test, mempool_is_saturated(pool));
	pool_destroy(test, source, pool);
}

/*
 * A resize to the minimum that a pool has needs no memory, so it cannot fail for want of
 * it. Source: mempool_resize(), "new_min_nr <= pool->min_nr", before it allocates.
 */
static void resize_to_the_same_minimum_allocates_nothing(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, FEW);
	gfp_t allowed = kmem_reclaim_forbid(test);
	int error;

	kmem_fail_begin(test, 1);
	error = mempool_resize(pool, FEW);
	kmem_reclaim_allow(allowed);
	KUNIT_EXPECT_EQ_MSG(test, kmem_fail_cancel(), 1, "it allocates");
	KUNIT_EXPECT_EQ(test, error, 0);
	pool_destroy(test, source, pool);
}

/*
 * mempool_alloc() does not zero, and warns who asks for it, once for all. Source: its
 * kernel-doc, "%__GFP_ZERO is not supported"; VM_WARN_ON_ONCE().
 */
static void zeroing_is_not_supported(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, 1);
	void *element, *other;

	KMEM_REQUIRE(test, CONFIG_DEBUG_VM);
	KMEM_EXPECT_WARN(test, {
		element = mempool_alloc(pool, GFP_KERNEL | __GFP_ZERO);
		other = mempool_alloc(pool, GFP_KERNEL | __GFP_ZERO);
	}, "mempool");
	mempool_free(element, pool);
	mempool_free(other, pool);
	KMEM_EXPECT_SILENCE(test, element = mempool_alloc(pool, GFP_KERNEL));
	mempool_free(element, pool);
	pool_destroy(test, source, pool);
}

static struct kunit_case kmem_mempool_cases[] = {
	KUNIT_CASE_PARAM(new_pool_holds_its_minimum, maker_gen_params),
	KUNIT_CASE_PARAM(failed_creation_frees_its_elements, maker_gen_params),
	KUNIT_CASE(pool_of_too_large_elements_is_null),
	KUNIT_CASE(no_memory_for_a_pool_gives_null),
	KUNIT_CASE(pool_is_initialized_until_its_exit),
	KUNIT_CASE(end_of_no_pool_does_nothing),
	KUNIT_CASE_PARAM(allocator_is_asked_first, mask_gen_params),
	KUNIT_CASE_PARAM(second_try_has_all_flags, mask_gen_params),
	KUNIT_CASE_PARAM(reserve_gives_each_element_once, mask_gen_params),
	KUNIT_CASE(empty_pool_gives_null_without_reclaim),
	KUNIT_CASE(free_refills_the_reserve_first),
	KUNIT_CASE(interrupts_stay_off),
	KUNIT_CASE(free_of_null_does_nothing),
	KUNIT_CASE(preallocated_elements_come_from_the_reserve),
	KUNIT_CASE(noreserve_leaves_the_reserve_alone),
	KUNIT_CASE(pool_without_minimum),
	KUNIT_CASE(pool_without_minimum_can_grow),
	KUNIT_CASE(resize_to_the_same_minimum_allocates_nothing),
	KUNIT_CASE(zeroing_is_not_supported),
	{}
};

static struct kunit_suite kmem_mempool_suite = {
	.name = "kmem_mempool",
	.init = kmem_suite_init,
	.test_cases = kmem_mempool_cases,
};

kunit_test_suite(kmem_mempool_suite);

MODULE_DESCRIPTION("KUnit tests for memory pools");
MODULE_LICENSE("GPL");
