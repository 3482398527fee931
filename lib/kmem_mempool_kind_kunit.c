// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory pools: of slab caches, kmalloc() and pages, how they
 * are resized, their own memory, and the checks of their reserve.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_mempool_kind'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poison.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_kunit.h"
#include "kmem_mempool.h"

#define FEW		5
#define OBJECT_SIZE	72
#define LARGE_SIZE	(KMALLOC_MAX_CACHE_SIZE + 1)
/* how often memory may be allocated and freed until it must have come back once */
#define ROUNDS		64

enum kind_source {
	SLAB,
	KMALLOC,
#ifdef KMEM_HAS_MEMPOOL_KVMALLOC
	KVMALLOC,
#endif
	PAGES,
};

/* A pool's kind: where its elements come from. */
static const struct kind {
	const char *name;
	enum kind_source source;
	size_t size;
	int order;
	slab_flags_t flags;
} kinds[] = {
	{ "slab", SLAB, OBJECT_SIZE },
	{ "kmalloc_8", KMALLOC, 8 },
	{ "kmalloc_100", KMALLOC, 100 },
	{ "kmalloc_large", KMALLOC, LARGE_SIZE },
#ifdef KMEM_HAS_MEMPOOL_KVMALLOC
	{ "kvmalloc_100", KVMALLOC, 100 },
	{ "kvmalloc_large", KVMALLOC, LARGE_SIZE },
#endif
	{ "page", PAGES, PAGE_SIZE, 0 },
	{ "2_pages", PAGES, 2 * PAGE_SIZE, 1 },
	{ "8_pages", PAGES, 8 * PAGE_SIZE, 3 },
};

KUNIT_ARRAY_PARAM_DESC(kind, kinds, name);

static struct kmem_cache *kind_cache(struct kunit *test, const struct kind *kind)
{
	if (kind->source != SLAB)
		return NULL;
	if (kind->flags)
		KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	return kmem_private_cache(test, "kmem_pool", kind->size, kind->flags, NULL);
}

static mempool_t *kind_create(const struct kind *kind, struct kmem_cache *cache, int min_nr)
{
	switch (kind->source) {
	case SLAB:
		return mempool_create_slab_pool(min_nr, cache);
	case KMALLOC:
		return mempool_create_kmalloc_pool(min_nr, kind->size);
#ifdef KMEM_HAS_MEMPOOL_KVMALLOC
	case KVMALLOC:
		return mempool_create_kvmalloc_pool(min_nr, kind->size);
#endif
	case PAGES:
		return mempool_create_page_pool(min_nr, kind->order);
	}
	return NULL;
}

static int kind_init(const struct kind *kind, mempool_t *pool, struct kmem_cache *cache, int min_nr)
{
	switch (kind->source) {
	case SLAB:
		return mempool_init_slab_pool(pool, min_nr, cache);
	case KMALLOC:
		return mempool_init_kmalloc_pool(pool, min_nr, kind->size);
#ifdef KMEM_HAS_MEMPOOL_KVMALLOC
	case KVMALLOC:
		return mempool_init_kvmalloc_pool(pool, min_nr, kind->size);
#endif
	case PAGES:
		return mempool_init_page_pool(pool, min_nr, kind->order);
	}
	return -EINVAL;
}

/* As kind_create(), with the allocator's two functions named by the caller. */
static mempool_t *kind_compose(const struct kind *kind, struct kmem_cache *cache, int min_nr)
{
	void *size = (void *)kind->size, *order = (void *)(long)kind->order;

	switch (kind->source) {
	case SLAB:
		return mempool_create(min_nr, mempool_alloc_slab, mempool_free_slab, cache);
	case KMALLOC:
		return mempool_create(min_nr, mempool_kmalloc, mempool_kfree, size);
#ifdef KMEM_HAS_MEMPOOL_KVMALLOC
	case KVMALLOC:
		return mempool_create(min_nr, mempool_kvmalloc, mempool_kvfree, size);
#endif
	case PAGES:
		return mempool_create(min_nr, mempool_alloc_pages, mempool_free_pages, order);
	}
	return NULL;
}

/* Where the memory of an element is. */
static u8 *memory_of(const struct kind *kind, void *element)
{
	return kind->source == PAGES ? page_address(element) : element;
}

/* From the reserve, and where a series cannot take from there at will, from the allocator. */
static void *take_reserved(mempool_t *pool)
{
	return mempool_alloc_preallocated(pool) ?: mempool_alloc(pool, GFP_KERNEL);
}

/* Use a pool up to twice its minimum; each element must be whole, and its own, its pages single. */
static void use_pool(struct kunit *test, const struct kind *kind, mempool_t *pool)
{
	void *elements[2 * FEW];
	unsigned int i;

	for (i = 0; i < 2 * FEW; i++) {
		elements[i] = i % 2 ? take_reserved(pool) : mempool_alloc(pool, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL_MSG(test, elements[i], "element %u", i);
		if (kind->source == KMALLOC)
			KUNIT_EXPECT_GE_MSG(test, ksize(elements[i]), kind->size, "element %u", i);
		if (kind->source == PAGES)
			KUNIT_EXPECT_FALSE_MSG(test, PageCompound(elements[i]), "element %u", i);
		memset(memory_of(kind, elements[i]), i + 1, kind->size);
	}
	for (i = 0; i < 2 * FEW; i++) {
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(memory_of(kind, elements[i]), i + 1,
						       kind->size),
				      "element %u was overwritten", i);
		mempool_free(elements[i], pool);
	}
	KUNIT_EXPECT_TRUE(test, mempool_is_saturated(pool));
}

/*
 * A pool of any kind hands out elements of the size asked for, which do not
 * overlap, from its allocator and from its reserve, and takes all of them back.
 * Source: mempool_create_slab_pool() and its like; __GFP_COMP in <linux/gfp_types.h>.
 */
static void elements_are_whole_and_distinct(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	struct kmem_cache *cache = kind_cache(test, kind);
	mempool_t embedded = {}, *pool;

	pool = kind_create(kind, cache, FEW);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	use_pool(test, kind, pool);
	mempool_destroy(pool);

	pool = kind_compose(kind, cache, FEW);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	use_pool(test, kind, pool);
	mempool_destroy(pool);

	KUNIT_ASSERT_EQ(test, kind_init(kind, &embedded, cache, FEW), 0);
	use_pool(test, kind, &embedded);
	mempool_exit(&embedded);
	if (cache)
		KMEM_EXPECT_SILENCE(test, kmem_private_cache_destroy(test, cache));
}

/*
 * The flags are the caller's: where a cache or kmalloc() has nothing for who may
 * not wait, there is no element, or failslab would not have had its say. Source:
 * mempool_alloc_slab() and its relatives, gfp_mask.
 */
static void elements_are_allocated_with_the_callers_flags(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_pool", OBJECT_SIZE, 0, NULL);
	void *size = (void *)(long)OBJECT_SIZE, *element;
	const gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN;

	element = KMEM_FAILING(test, 1, mempool_alloc_slab(gfp, cache));
	KUNIT_EXPECT_NULL(test, element);
	if (element)
		mempool_free_slab(element, cache);
	element = KMEM_FAILING(test, 1, mempool_kmalloc(gfp, size));
	KUNIT_EXPECT_NULL(test, element);
	mempool_kfree(element, size);
#ifdef KMEM_HAS_MEMPOOL_KVMALLOC
	element = KMEM_FAILING(test, 1, mempool_kvmalloc(gfp, size));
	KUNIT_EXPECT_NULL(test, element);
	mempool_kvfree(element, size);
#endif
}

/* Does any of these addresses occur twice? */
static bool any_came_back(void **addresses, unsigned int nr)
{
	unsigned int i, j;

	for (i = 0; i < nr; i++)
		for (j = 0; j < i; j++)
			if (addresses[i] == addresses[j])
				return true;
	return false;
}

static void require_reuse(struct kunit *test)
{
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN_GENERIC, "whose quarantine delays reuse");
}

/*
 * A pool of any kind frees the memory of its elements whole: what leaks, in part
 * or all of it, could never come back. Source: mempool_free_pages() and its like.
 */
static void elements_come_back_after_destroy(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	struct kmem_cache *cache = kind_cache(test, kind);
	void *reserved[ROUNDS], *extra[ROUNDS];
	unsigned int i;

	require_reuse(test);
	for (i = 0; i < ROUNDS; i++) {
		mempool_t *pool = kind_create(kind, cache, 1);

		KUNIT_ASSERT_NOT_NULL_MSG(test, pool, "round %u", i);
		reserved[i] = pool->elements[0];
		extra[i] = mempool_alloc(pool, GFP_KERNEL);
		mempool_free(extra[i], pool);
		mempool_destroy(pool);
	}
	KUNIT_EXPECT_TRUE(test, any_came_back(reserved, ROUNDS));
	KUNIT_EXPECT_TRUE(test, any_came_back(extra, ROUNDS));
}

enum life { DESTROY, EXIT, FAIL_CREATE, FAIL_INIT, GROW, SHRINK };

static const struct end {
	const char *name;
	enum life life;
} ends[] = {
	{ "destroy", DESTROY },
	{ "exit", EXIT },
	{ "failed_create", FAIL_CREATE },
	{ "failed_init", FAIL_INIT },
	{ "grow", GROW },
	{ "shrink", SHRINK },
};

KUNIT_ARRAY_PARAM_DESC(end, ends, name);

/* Let a pool be made and ended, or fail, in the way of @life. */
static void live(struct source *source, enum life life)
{
	mempool_t embedded = {}, *pool;

	switch (life) {
	case EXIT:
		if (!mempool_init(&embedded, FEW, source_alloc, source_free, source))
			mempool_exit(&embedded);
		return;
	case FAIL_CREATE:
		source_script(source, FEW - 1, 1);
		mempool_destroy(mempool_create(FEW, source_alloc, source_free, source));
		return;
	case FAIL_INIT:
		source_script(source, FEW - 1, 1);
		if (!mempool_init(&embedded, FEW, source_alloc, source_free, source))
			mempool_exit(&embedded);
		return;
	default:
		pool = mempool_create(FEW, source_alloc, source_free, source);
		if (pool && life != DESTROY)
			mempool_resize(pool, life == GROW ? 2 * FEW : 1);
		mempool_destroy(pool);
	}
}

/*
 * A pool frees its own memory, whether it lived, was resized or was never
 * finished: a like one made next finds it again. Source: mempool_exit(),
 * mempool_destroy(), mempool_resize() and mempool_create_node().
 */
static void pool_leaks_nothing_of_its_own(struct kunit *test)
{
	const struct end *end = test->param_value;
	struct source *source = source_create(test);
	void *pools[ROUNDS], *arrays[ROUNDS];
	unsigned int i;

	require_reuse(test);
	for (i = 0; i < ROUNDS; i++) {
		mempool_t *pool;

		live(source, end->life);
		source_script(source, NEVER, 0);
		pool = mempool_create(FEW, source_alloc, source_free, source);
		KUNIT_ASSERT_NOT_NULL_MSG(test, pool, "round %u", i);
		pools[i] = pool;
		arrays[i] = pool->elements;
		mempool_destroy(pool);
	}
	KUNIT_EXPECT_TRUE_MSG(test, any_came_back(pools, ROUNDS), "the pool leaks");
	KUNIT_EXPECT_TRUE_MSG(test, any_came_back(arrays, ROUNDS), "its array leaks");
	KUNIT_EXPECT_EQ(test, source->out, 0);
	KUNIT_EXPECT_EQ(test, source->wrong, 0);
}

/* How many elements the reserve gives while the allocator fails; they are freed again. */
static unsigned int reserve_of(struct kunit *test, struct source *source, mempool_t *pool)
{
	void *elements[SOURCE_ELEMENTS], *element;
	unsigned int nr = 0, i;

	source_script(source, 0, NEVER);
	while (nr < SOURCE_ELEMENTS && (element = mempool_alloc(pool, GFP_NOWAIT)))
		elements[nr++] = element;
	KUNIT_EXPECT_FALSE_MSG(test, any_came_back(elements, nr), "an element was given twice");
	for (i = 0; i < nr; i++)
		mempool_free(elements[i], pool);
	source_script(source, NEVER, 0);
	return nr;
}

/*
 * A pool that grows allocates what it lacks, and keeps what it has; one that
 * shrinks frees what it has too much; to its own size, neither. Source:
 * mempool_resize(), "This function shrinks/grows the pool".
 */
static void resized_pool_holds_its_new_minimum(struct kunit *test)
{
	struct source *source = source_create(test);
	unsigned int old, new, i;

	for (old = 1; old <= FEW + 1; old++)
		for (new = 1; new <= 2 * FEW; new++) {
			mempool_t *pool = pool_create(test, source, old);
			unsigned int more = new > old ? new - old : 0;

			KUNIT_EXPECT_EQ_MSG(test, mempool_resize(pool, new), 0, "%u to %u", old,
					    new);
			KUNIT_EXPECT_EQ_MSG(test, source->calls, more, "%u to %u", old, new);
			for (i = 0; i < more; i++)
				KUNIT_EXPECT_EQ_MSG(test, (__force u32)source->gfp[i],
						    (__force u32)GFP_KERNEL, "%u to %u", old, new);
			KUNIT_EXPECT_EQ_MSG(test, source->frees, old + more - new, "%u to %u",
					    old, new);
			KUNIT_EXPECT_EQ_MSG(test, source->out, new, "%u to %u", old, new);
			KUNIT_EXPECT_TRUE_MSG(test, mempool_is_saturated(pool), "%u to %u", old,
					      new);
			KUNIT_EXPECT_EQ_MSG(test, reserve_of(test, source, pool), new, "%u to %u",
					    old, new);
			pool_destroy(test, source, pool);
		}
}

/*
 * A pool may be resized while elements are out: only what it holds is freed, and
 * what comes back refills it up to the new size. Source: mempool_resize(), "new
 * mempool_free() calls will refill it".
 */
static void resize_leaves_elements_that_are_out(struct kunit *test)
{
	struct source *source = source_create(test);
	unsigned int new, out, i;
	void *elements[FEW];

	for (new = 1; new <= 2 * FEW; new++)
		for (out = 1; out <= FEW; out++) {
			mempool_t *pool = pool_create(test, source, FEW);
			unsigned int held = FEW - out;
			unsigned int back = new > held ? min(new - held, out) : 0;

			source_script(source, 0, NEVER);
			source->may_wait = true;
			for (i = 0; i < out; i++)
				elements[i] = mempool_alloc(pool, GFP_NOWAIT);
			KUNIT_EXPECT_EQ_MSG(test, mempool_resize(pool, new), 0, "%u out, to %u",
					    out, new);
			KUNIT_EXPECT_EQ_MSG(test, source->frees, held > new ? held - new : 0,
					    "%u out, to %u", out, new);
			for (i = 0; i < out; i++)
				mempool_free(elements[i], pool);
			KUNIT_EXPECT_EQ_MSG(test, reserve_of(test, source, pool),
					    min(held, new) + back, "%u out, to %u", out, new);
			KUNIT_EXPECT_EQ_MSG(test, mempool_is_saturated(pool), new <= FEW,
					    "%u out, to %u", out, new);
			KUNIT_EXPECT_EQ_MSG(test, source->out, min(held, new) + back,
					    "%u out, to %u", out, new);
			pool_destroy(test, source, pool);
		}
}

/*
 * A pool that cannot get a longer array says so and stays as it is. Source:
 * mempool_resize(), "negative error code otherwise".
 */
static void failed_resize_changes_nothing(struct kunit *test)
{
	struct source *source = source_create(test);
	mempool_t *pool = pool_create(test, source, FEW);
	int error = 0, huge = INT_MAX;

	OPTIMIZER_HIDE_VAR(huge);
	/* the page allocator warns of so many pages */
	KMEM_CAPTURE(test, error = mempool_resize(pool, huge));
	KUNIT_EXPECT_EQ(test, error, -ENOMEM);
	KUNIT_EXPECT_EQ(test, source->calls, 0);
	KUNIT_EXPECT_TRUE(test, mempool_is_saturated(pool));
	KUNIT_EXPECT_EQ(test, reserve_of(test, source, pool), FEW);
	pool_destroy(test, source, pool);
}

/* Elements that are freed just when the pool allocates others. */
struct race {
	struct source *source;
	mempool_t *pool;
	unsigned int nr;
	void *elements[2];
};

static void *racing_alloc(gfp_t gfp, void *pool_data)
{
	struct race *race = pool_data;

	if (race->nr)
		mempool_free(race->elements[--race->nr], race->pool);
	return source_alloc(gfp, race->source);
}

static void racing_free(void *element, void *pool_data)
{
	struct race *race = pool_data;

	source_free(element, race->source);
}

/*
 * Elements that are freed while the pool grows count: what was allocated beyond
 * them is freed. Source: mempool_resize(), "Raced".
 */
static void resize_takes_what_is_freed_meanwhile(struct kunit *test)
{
	struct source *source = source_create(test);
	struct race race = { .source = source };
	mempool_t *pool = mempool_create(2, racing_alloc, racing_free, &race);

	KUNIT_ASSERT_NOT_NULL(test, pool);
	race.pool = pool;
	source_script(source, 0, NEVER);
	race.elements[0] = mempool_alloc(pool, GFP_NOWAIT);
	race.elements[1] = mempool_alloc(pool, GFP_NOWAIT);
	race.nr = 2;
	source_script(source, NEVER, 0);

	KUNIT_EXPECT_EQ(test, mempool_resize(pool, 3), 0);
	KUNIT_EXPECT_EQ(test, source->calls, 2);
	KUNIT_EXPECT_EQ(test, source->frees, 1);
	KUNIT_EXPECT_TRUE(test, mempool_is_saturated(pool));
	KUNIT_EXPECT_EQ(test, reserve_of(test, source, pool), 3);
	mempool_destroy(pool);
	KUNIT_EXPECT_EQ(test, source->out, 0);
	KUNIT_EXPECT_EQ(test, source->wrong, 0);
}

/* Does the pool write to its reserve? Only where debugging was asked for. */
static bool reserve_is_written(const struct kind *kind, mempool_t *pool)
{
	void *element = mempool_alloc_preallocated(pool);
	u8 *memory = memory_of(kind, element);

	memset(memory, 0x11, kind->size);
	mempool_free(element, pool);
	return kmem_peek(memory) != 0x11 || kmem_peek(memory + kind->size / 2) != 0x11;
}

static const struct kind poisoned_kinds[] = {
	{ "slab", SLAB, OBJECT_SIZE },
	{ "slab_with_red_zone", SLAB, OBJECT_SIZE, 0, SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE },
	{ "kmalloc_100", KMALLOC, 100 },
	{ "page", PAGES, PAGE_SIZE, 0 },
	{ "2_pages", PAGES, 2 * PAGE_SIZE, 1 },
};

KUNIT_ARRAY_PARAM_DESC(poisoned_kind, poisoned_kinds, name);

static mempool_t *poisoned_pool(struct kunit *test, const struct kind *kind)
{
	mempool_t *pool;

	if (!KMEM_HAS_MEMPOOL_PREALLOCATED)
		kunit_skip(test, "needs Linux 6.7");
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which replaces the poison");
	pool = kind_create(kind, kind_cache(test, kind), 2);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, kmem_mempool_destroy_action, pool),
			0);
	if (!reserve_is_written(kind, pool))
		kunit_skip(test, "needs CONFIG_SLUB_DEBUG_ON=y, or mempool_debug");
	return pool;
}

/*
 * With debugging, each byte of an element in reserve is poison, none of one that is
 * given from it, and none that is behind it. Source: __poison_element() and __check_element().
 */
static void reserve_is_poisoned(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	mempool_t *pool = poisoned_pool(test, kind);
	void *element;
	u8 *memory;
	size_t i;

	element = mempool_alloc_preallocated(pool);
	KUNIT_ASSERT_NOT_NULL(test, element);
	memory = memory_of(kind, element);
	KUNIT_EXPECT_NULL(test, memchr_inv(memory, POISON_INUSE, kind->size));
	memset(memory, 0x11, kind->size);
	mempool_free(element, pool);
	for (i = 0; i < kind->size; i++)
		KUNIT_ASSERT_EQ_MSG(test, kmem_peek(memory + i),
				    i < kind->size - 1 ? POISON_FREE : POISON_END, "byte %zu", i);
	KMEM_EXPECT_SILENCE(test, kunit_release_action(test, kmem_mempool_destroy_action, pool));
}

/*
 * Expect that it is told how many elements are left, of which one a byte is wrong, and
 * which bytes are around that.
 */
static void expect_bytes_around(struct kunit *test, const struct kmem_report *report, u8 *memory,
				size_t size, size_t byte)
{
	size_t start = byte - min(byte, sizeof(long)), end = min(byte + sizeof(long), size), i;
	char line[80];
	int length;

	length = scnprintf(line, sizeof(line), "%s0x", start ? "... " : "");
	for (i = start; i < end; i++)
		length += scnprintf(line + length, sizeof(line) - length, "%x ",
				    i == byte ? 0x99 : i < size - 1 ? POISON_FREE : POISON_END);
	kmem_expect_text(test, report, " nr=1 @ %p: %s%s\n", memory, line, end < size ? "..." : "");
}

/*
 * With debugging, a write to an element in reserve is reported when the element
 * leaves it, be it at the pool's end, wherever the first wrong byte is, with some bytes
 * before and after it. Source: remove_element(), poison_error().
 */
static void write_to_reserve_is_reported(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	mempool_t *pool = poisoned_pool(test, kind);
	/* before the second one there is a single byte that is not shown */
	size_t offsets[] = {
		0, sizeof(long) + 1, kind->size / 2, kind->size - 2, kind->size - 1,
	};
	const struct kmem_report *report;
	void *element;
	int i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		/* the same element leaves and enters */
		element = mempool_alloc_preallocated(pool);
		mempool_free(element, pool);
		kmem_poke(memory_of(kind, element) + offsets[i], 0x99);
		report = KMEM_EXPECT_REPORT(test, element = mempool_alloc_preallocated(pool),
					    "mempool element poison mismatch");
		kmem_expect_text(test, report, "Mempool %p size %zu", pool, kind->size);
		kmem_expect_trace(test, report);
		expect_bytes_around(test, report, memory_of(kind, element), kind->size,
				    offsets[i]);
		mempool_free(element, pool);
	}
	KMEM_EXPECT_SILENCE(test, element = mempool_alloc_preallocated(pool));
	mempool_free(element, pool);
	memset(memory_of(kind, element), 0x99, 2);
	KMEM_EXPECT_REPORT(test,
			   kunit_release_action(test, kmem_mempool_destroy_action, pool),
			   "mempool element poison mismatch");
}

static struct kunit_case kmem_mempool_kind_cases[] = {
	KUNIT_CASE_PARAM(elements_are_whole_and_distinct, kind_gen_params),
	KUNIT_CASE(elements_are_allocated_with_the_callers_flags),
	KUNIT_CASE_PARAM(elements_come_back_after_destroy, kind_gen_params),
	KUNIT_CASE_PARAM(pool_leaks_nothing_of_its_own, end_gen_params),
	KUNIT_CASE(resized_pool_holds_its_new_minimum),
	KUNIT_CASE(resize_leaves_elements_that_are_out),
	KUNIT_CASE(failed_resize_changes_nothing),
	KUNIT_CASE(resize_takes_what_is_freed_meanwhile),
	KUNIT_CASE_PARAM(reserve_is_poisoned, poisoned_kind_gen_params),
	KUNIT_CASE_PARAM(write_to_reserve_is_reported, poisoned_kind_gen_params),
	{}
};

static struct kunit_suite kmem_mempool_kind_suite = {
	.name = "kmem_mempool_kind",
	.init = kmem_suite_init,
	.test_cases = kmem_mempool_kind_cases,
};

kunit_test_suite(kmem_mempool_kind_suite);

MODULE_DESCRIPTION("KUnit tests for the kinds of memory pools");
MODULE_LICENSE("GPL");
