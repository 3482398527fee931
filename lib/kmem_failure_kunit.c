// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that fail because failslab makes them.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_failure'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/list_lru.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/string_helpers.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>
#include <linux/vmstat.h>
#include "kmem_kunit.h"
#include "kmem_vmalloc.h"

#define OBJECT_SIZE	96
#define MANY		64
#define QUIET		(GFP_NOWAIT | __GFP_NOWARN)

/**
 * struct allocator - a function that allocates OBJECT_SIZE bytes
 * @name: of the parameter
 * @alloc: calls it; @cache is for those that need one
 */
struct allocator {
	const char *name;
	void *(*alloc)(struct kmem_cache *cache, size_t size, gfp_t gfp);
};

/* to be copied, and filling OBJECT_SIZE with its NUL */
static const char *text(void)
{
	static char writable[OBJECT_SIZE];

	memset(writable, 'x', OBJECT_SIZE - 1);
	return writable;
}

#define DEFINE_ALLOCATOR(name, call)					\
	static void *alloc_##name(struct kmem_cache *cache, size_t size, gfp_t gfp) \
	{								\
		return call;						\
	}

DEFINE_ALLOCATOR(kmalloc, kmalloc(size, gfp))
DEFINE_ALLOCATOR(kmalloc_constant, kmalloc(OBJECT_SIZE, gfp))
DEFINE_ALLOCATOR(kzalloc, kzalloc(size, gfp))
DEFINE_ALLOCATOR(kcalloc, kcalloc(2, size / 2, gfp))
DEFINE_ALLOCATOR(kmalloc_array, kmalloc_array(size / 2, 2, gfp))
DEFINE_ALLOCATOR(kmalloc_node, kmalloc_node(size, gfp, numa_mem_id()))
DEFINE_ALLOCATOR(node_constant, kmalloc_node(OBJECT_SIZE, gfp, NUMA_NO_NODE))
DEFINE_ALLOCATOR(kzalloc_node, kzalloc_node(size, gfp, NUMA_NO_NODE))
DEFINE_ALLOCATOR(kcalloc_node, kcalloc_node(2, size / 2, gfp, NUMA_NO_NODE))
DEFINE_ALLOCATOR(kmalloc_array_node, kmalloc_array_node(2, size / 2, gfp, numa_mem_id()))
DEFINE_ALLOCATOR(track_caller, kmalloc_track_caller(size, gfp))
DEFINE_ALLOCATOR(node_track_caller, kmalloc_node_track_caller(size, gfp, NUMA_NO_NODE))
DEFINE_ALLOCATOR(reclaimable, kmalloc(size, gfp | __GFP_RECLAIMABLE))
DEFINE_ALLOCATOR(accounted, kmalloc(size, gfp | __GFP_ACCOUNT))
DEFINE_ALLOCATOR(krealloc, krealloc(NULL, size, gfp))
DEFINE_ALLOCATOR(kvmalloc, kvmalloc(size, gfp))
DEFINE_ALLOCATOR(kvzalloc, kvzalloc(size, gfp))
DEFINE_ALLOCATOR(kvcalloc, kvcalloc(2, size / 2, gfp))
DEFINE_ALLOCATOR(kmemdup, kmemdup(cache, size, gfp))
DEFINE_ALLOCATOR(kvmemdup, kvmemdup(cache, size, gfp))
DEFINE_ALLOCATOR(kmemdup_nul, kmemdup_nul(text(), size - 1, gfp))
DEFINE_ALLOCATOR(kstrdup, kstrdup(text(), gfp))
DEFINE_ALLOCATOR(kstrndup, kstrndup(text(), size - 1, gfp))
DEFINE_ALLOCATOR(kstrdup_quotable, kstrdup_quotable(text(), gfp))
DEFINE_ALLOCATOR(kasprintf, kasprintf(gfp, "%*s", (int)size - 1, ""))
DEFINE_ALLOCATOR(cache_alloc, kmem_cache_alloc(cache, gfp))
DEFINE_ALLOCATOR(cache_zalloc, kmem_cache_zalloc(cache, gfp))
DEFINE_ALLOCATOR(cache_node, kmem_cache_alloc_node(cache, gfp, numa_mem_id()))
DEFINE_ALLOCATOR(cache_lru, kmem_cache_alloc_lru(cache, NULL, gfp))

#define ALLOCATOR(name)		{ #name, alloc_##name }

static const struct allocator allocators[] = {
	ALLOCATOR(kmalloc),
	ALLOCATOR(kmalloc_constant),
	ALLOCATOR(kzalloc),
	ALLOCATOR(kcalloc),
	ALLOCATOR(kmalloc_array),
	ALLOCATOR(kmalloc_node),
	ALLOCATOR(node_constant),
	ALLOCATOR(kzalloc_node),
	ALLOCATOR(kcalloc_node),
	ALLOCATOR(kmalloc_array_node),
	ALLOCATOR(track_caller),
	ALLOCATOR(node_track_caller),
	ALLOCATOR(reclaimable),
	ALLOCATOR(accounted),
	ALLOCATOR(krealloc),
	ALLOCATOR(kvmalloc),
	ALLOCATOR(kvzalloc),
	ALLOCATOR(kvcalloc),
	ALLOCATOR(kmemdup),
	ALLOCATOR(kvmemdup),
	ALLOCATOR(kmemdup_nul),
	ALLOCATOR(kstrdup),
	ALLOCATOR(kstrndup),
	ALLOCATOR(kstrdup_quotable),
	ALLOCATOR(kasprintf),
	ALLOCATOR(cache_alloc),
	ALLOCATOR(cache_zalloc),
	ALLOCATOR(cache_node),
	ALLOCATOR(cache_lru),
};

KUNIT_ARRAY_PARAM_DESC(allocator, allocators, name);

static struct kmem_cache *small_cache(struct kunit *test)
{
	return kmem_private_cache(test, "kmem_failing", OBJECT_SIZE, 0, NULL);
}

/*
 * An allocation that fails gives NULL, says nothing where __GFP_NOWARN is given,
 * and the same one works the next time. Source: kmalloc() in
 * include/linux/slab.h; "%__GFP_NOWARN suppresses allocation failure reports".
 */
static void failed_allocation_gives_null(struct kunit *test)
{
	const struct allocator *allocator = test->param_value;
	struct kmem_cache *cache = small_cache(test);
	const struct kmem_report *report;
	void *memory = NULL;

	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	report = KMEM_CAPTURE(test, {
		kmem_fail_begin(test, 1);
		memory = allocator->alloc(cache, OBJECT_SIZE, QUIET);
	});
	KUNIT_EXPECT_EQ_MSG(test, kmem_fail_cancel(), 0, "no allocation was made to fail");
	KUNIT_EXPECT_NULL(test, memory);
	KUNIT_EXPECT_EQ(test, report->bugs + report->warnings, 0);
	KUNIT_EXPECT_NULL(test, strstr(report->text, "FAULT_INJECTION"));
	KUNIT_EXPECT_NULL(test, strstr(report->text, "Unable to allocate"));
	kvfree(memory);

	memory = allocator->alloc(cache, OBJECT_SIZE, QUIET);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	memset(memory, 0x33, OBJECT_SIZE);
	kvfree(memory);
	KMEM_EXPECT_SILENCE(test, kmem_private_cache_destroy(test, cache));
}

/*
 * failslab leaves alone who must not fail, and, as it is set up at boot, who may
 * reclaim. Source: should_failslab(), __GFP_NOFAIL and ignore-gfp-wait in
 * Documentation/fault-injection/fault-injection.rst.
 */
static void failslab_passes_over_who_may_reclaim(struct kunit *test)
{
	static const gfp_t gfps[] = {
		GFP_KERNEL, GFP_NOIO, GFP_NOFS, GFP_KERNEL | __GFP_NOFAIL, GFP_KERNEL_ACCOUNT,
	};
	const struct allocator *allocator = test->param_value;
	struct kmem_cache *cache = small_cache(test);
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(gfps); i++) {
		unsigned int passed_over = 0;
		void *memory[3];

		for (j = 0; j < ARRAY_SIZE(memory); j++) {
			kmem_fail_begin(test, 1);
			memory[j] = allocator->alloc(cache, OBJECT_SIZE, gfps[i]);
			passed_over += kmem_fail_cancel();
			KUNIT_EXPECT_NOT_NULL_MSG(test, memory[j], "gfp %#x",
						  (__force u32)gfps[i]);
		}
		while (j)
			kvfree(memory[--j]);
		/* a new slab's array of owners is allocated without reclaim, and may do without */
		KUNIT_EXPECT_GE_MSG(test, passed_over,
				    gfps[i] & __GFP_ACCOUNT ? 1 : ARRAY_SIZE(memory), "gfp %#x",
				    (__force u32)gfps[i]);
	}
}

/*
 * It does so also where nobody can reclaim for the moment, and mapped memory comes
 * as well. What a cache needs for itself may fail, now and then: hence three times.
 * Source: "%__GFP_NOFAIL: The VM implementation _must_ retry infinitely"; kvmalloc(),
 * "nofail semantic is implemented by the vmalloc fallback".
 */
static void nofail_does_not_fail(struct kunit *test)
{
	const struct allocator *allocator = test->param_value;
	/* where page tables need an object, vmalloc() tries for ever if there is none */
	const bool maps = !(IS_ENABLED(CONFIG_S390) && ALLOC_SPLIT_PTLOCKS);
	struct kmem_cache *cache = small_cache(test);
	const struct kmem_report *report;
	void *memory[6];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(memory); i++) {
		gfp_t allowed = kmem_reclaim_forbid(test);
		gfp_t gfp = GFP_KERNEL | __GFP_NOFAIL;

		kmem_capture_begin(test);
		kmem_fail_begin(test, 1);
		memory[i] = i % 2 && maps ? kvmalloc(KMALLOC_MAX_SIZE + 1, gfp) :
					    allocator->alloc(cache, OBJECT_SIZE, gfp);
		kmem_fail_cancel();
		report = kmem_capture_end();
		kmem_reclaim_allow(allowed);
		KUNIT_EXPECT_NOT_NULL_MSG(test, memory[i], "%u", i);
		kmem_expect_heads(test, report, "__GFP_NOFAIL", 0, 0);
	}
	while (i)
		kvfree(memory[--i]);
}

/*
 * Without __GFP_NOWARN, failslab says what it does, and to whom. Source:
 * should_failslab(), FAULT_NOWARN; verbose in
 * Documentation/fault-injection/fault-injection.rst, "'2' will print a call trace too".
 */
static void failslab_speaks_without_nowarn(struct kunit *test)
{
	const struct allocator *allocator = test->param_value;
	struct kmem_cache *cache = small_cache(test);
	const struct kmem_report *report;
	void *memory = NULL;

	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	report = KMEM_CAPTURE(test, {
		kmem_fail_begin(test, 1);
		memory = allocator->alloc(cache, OBJECT_SIZE, GFP_NOWAIT & ~__GFP_NOWARN);
	});
	KUNIT_EXPECT_EQ(test, kmem_fail_cancel(), 0);
	KUNIT_EXPECT_NULL(test, memory);
	kmem_expect_text(test, report, "FAULT_INJECTION: forcing a failure");
	kmem_expect_trace(test, report);
	kvfree(memory);
}

/*
 * What failslab says of itself is how it was set up, as it stays: no limit of times is
 * not counted down. Source: FAULT_ATTR_INITIALIZER; failslab= in
 * Documentation/fault-injection/fault-injection.rst, "'-1' means no limit".
 */
static void report_tells_how_failslab_is_set_up(struct kunit *test)
{
	const char *figures = "interval 1, probability 0, space 0, times ";
	const struct kmem_report *report;
	void *memory = NULL;
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	if (kmem_boot_has(test, "failslab=1,0,0,-1"))
		figures = "interval 1, probability 0, space 0, times -1";
	else if (kmem_boot_has(test, "failslab="))
		kunit_skip(test, "needs a boot without failslab=, or with failslab=1,0,0,-1");
	for (i = 0; i < 2; i++) {
		report = KMEM_CAPTURE(test, {
			kmem_fail_begin(test, 1);
			memory = kmalloc(OBJECT_SIZE, GFP_NOWAIT & ~__GFP_NOWARN);
		});
		KUNIT_EXPECT_EQ(test, kmem_fail_cancel(), 0);
		kmem_expect_text(test, report, "%s", figures);
		kfree(memory);
	}
}

/*
 * Mapped memory that cannot be described is not to be had, and that is reported.
 * Source: __vmalloc_node_range(), "vm_struct allocation failed".
 */
static void failed_vmalloc_is_reported(struct kunit *test)
{
	KMEM_EXPECT_VMALLOC_ERROR(test, KMEM_FAILING_BLOCKING(test, 1, vmalloc(PAGE_SIZE)));
}

/* Objects in bulk: all of them or none. */
static unsigned int take_bulk(struct kmem_cache *cache, gfp_t gfp, unsigned int nr, void **objects)
{
	memset(objects, 0, nr * sizeof(*objects));
	return kmem_cache_alloc_bulk(cache, gfp, nr, objects) ? nr : 0;
}

/*
 * A bulk that fails gives no object, and loses none. Source:
 * kmem_cache_alloc_bulk(), which returns none or false.
 */
static void failed_bulk_gives_nothing(struct kunit *test)
{
	struct kmem_cache *cache = small_cache(test);
	void *objects[MANY];
	unsigned int nr;

	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	for (nr = 1; nr <= MANY; nr++) {
		unsigned int got = KMEM_FAILING(test, 1, take_bulk(cache, QUIET, nr, objects));

		KUNIT_ASSERT_EQ_MSG(test, got, 0, "%u objects", nr);
		KUNIT_ASSERT_EQ_MSG(test, take_bulk(cache, QUIET, nr, objects), nr, "%u objects",
				    nr);
		kmem_cache_free_bulk(cache, nr, objects);
	}
	KMEM_EXPECT_SILENCE(test, kmem_private_cache_destroy(test, cache));
}

/* More than the free lists of a CPU hold ready. */
#define SEVERAL_SHEAVES	600

/*
 * What SLUB needs for itself, such as an empty sheaf, it can do without: no
 * allocation fails for the lack of it. Source: __pcs_replace_empty_main().
 */
static void allocation_survives_inner_failure(struct kunit *test)
{
	struct kmem_cache *cache = small_cache(test);
	struct kmem_batch *batch = kmem_take(test, cache, SEVERAL_SHEAVES);
	unsigned int i, round;

	if (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		kunit_skip(test, "needs CONFIG_DEBUG_KMEMLEAK=n, which gives up without memory");
	for (round = 0; round < 3; round++) {
		while (batch->nr)
			kmem_cache_free(cache, batch->objects[--batch->nr]);
		kmem_cache_shrink(cache);
		for (i = 0; i < SEVERAL_SHEAVES; i++) {
			void *object;

			kmem_fail_begin(test, 2);
			object = kmem_cache_alloc(cache, QUIET);
			kmem_fail_cancel();
			KUNIT_ASSERT_NOT_NULL_MSG(test, object, "object %u", i);
			batch->objects[batch->nr++] = object;
		}
	}
	kmem_give_back(test, batch);
	KMEM_EXPECT_SILENCE(test, kmem_private_cache_destroy(test, cache));
}

/*
 * Nor does a free fail: what is freed can be allocated again, each object once.
 * Source: __pcs_replace_full_main(), which flushes what it cannot exchange (7.x).
 */
static void free_survives_inner_failure(struct kunit *test)
{
	struct kmem_cache *cache = small_cache(test);
	struct kmem_batch *batch = kmem_take(test, cache, SEVERAL_SHEAVES);
	unsigned int round, i;

	if (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		kunit_skip(test, "needs CONFIG_DEBUG_KMEMLEAK=n, which gives up without memory");
	for (round = 0; round < 3; round++) {
		while (batch->nr) {
			unsigned int nr = min(round + 1, batch->nr);

			batch->nr -= nr;
			kmem_fail_begin(test, 1);
			if (nr == 1)
				kmem_cache_free(cache, batch->objects[batch->nr]);
			else
				kmem_cache_free_bulk(cache, nr, &batch->objects[batch->nr]);
			kmem_fail_cancel();
		}
		for (i = 0; i < SEVERAL_SHEAVES; i++) {
			batch->objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL_MSG(test, batch->objects[i], "object %u", i);
			batch->nr++;
			memset(batch->objects[i], i, OBJECT_SIZE);
		}
		for (i = 0; i < SEVERAL_SHEAVES; i++)
			KUNIT_EXPECT_NULL_MSG(test, memchr_inv(batch->objects[i], i, OBJECT_SIZE),
					      "object %u was given twice", i);
	}
	kmem_give_back(test, batch);
	KMEM_EXPECT_SILENCE(test, kmem_private_cache_destroy(test, cache));
}

static u8 *filled(size_t size)
{
	u8 *memory = kmalloc(size, GFP_KERNEL);

	if (memory)
		memset(memory, 0x44, size);
	return memory;
}

/*
 * Memory that cannot grow stays as it is, and whose it is. Source: krealloc(),
 * which frees the old memory only when there is new.
 */
static void failed_krealloc_keeps_the_memory(struct kunit *test)
{
	static const size_t sizes[] = {
		KMALLOC_MIN_SIZE, 96, 1024, KMALLOC_MAX_CACHE_SIZE / 4,
	};
	int i;

	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];
		u8 *memory = filled(size), *larger, *others[8];
		int j;

		KUNIT_ASSERT_NOT_NULL(test, memory);
		larger = KMEM_FAILING(test, 1, krealloc(memory, 4 * size, QUIET));
		KUNIT_EXPECT_NULL_MSG(test, larger, "size %zu", size);
		if (larger)
			continue;
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(memory, 0x44, size), "size %zu", size);
		for (j = 0; j < ARRAY_SIZE(others); j++)
			others[j] = filled(size);
		for (j = 0; j < ARRAY_SIZE(others); j++) {
			KUNIT_EXPECT_PTR_NE_MSG(test, others[j], memory, "size %zu", size);
			kfree(others[j]);
		}
		larger = krealloc(memory, 4 * size, QUIET);
		KUNIT_ASSERT_NOT_NULL_MSG(test, larger, "size %zu", size);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(larger, 0x44, size), "size %zu", size);
		kfree(larger);
	}
}

/*
 * Memory that must grow does, even to a size that only mapped memory has. Source:
 * kernel-doc of kvrealloc(), "behaves exactly like kvmalloc()"; kvmalloc(), "nofail
 * semantic is implemented by the vmalloc fallback".
 */
static void nofail_kvrealloc_does_not_fail(struct kunit *test)
{
	gfp_t allowed = kmem_reclaim_forbid(test);
	u8 *memory = filled(OBJECT_SIZE), *larger = NULL;

	if (memory) {
		kmem_fail_begin(test, 1);
		larger = kmem_kvrealloc(memory, OBJECT_SIZE, KMALLOC_MAX_SIZE + 1,
					GFP_KERNEL | __GFP_NOFAIL);
		kmem_fail_cancel();
	}
	kmem_reclaim_allow(allowed);
	KUNIT_EXPECT_NOT_NULL(test, larger);
	if (larger)
		KUNIT_EXPECT_NULL(test, memchr_inv(larger, 0x44, OBJECT_SIZE));
	kvfree(larger ?: memory);
}

/* Pages that slabs and large kmalloc() hold. */
static long slab_pages(void)
{
	return global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B) +
	       global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B);
}

static struct kmem_cache *create_too_large(const char *name)
{
	return kmem_cache_create(name, KMALLOC_MAX_SIZE, 0,
				 SLAB_RED_ZONE | SLAB_STORE_USER | SLAB_NO_MERGE, NULL);
}

#define ROUNDS		256
/* so long that its copies, if they leak, fill pages */
#define NAME_SIZE	240

/*
 * A cache that cannot be created is none: it leaves nothing behind, and its name
 * can be used. Source: kmem_cache_create(), "%NULL on failure".
 */
static void failed_creation_leaves_nothing(struct kunit *test)
{
	char *name = kunit_kzalloc(test, NAME_SIZE, GFP_KERNEL);
	struct kmem_cache *cache = NULL;
	long before, grown;
	int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN_GENERIC, "whose quarantine keeps what was freed");
	KUNIT_ASSERT_NOT_NULL(test, name);
	memset(name, 'n', NAME_SIZE - 1);
	KMEM_CAPTURE(test, cache = create_too_large(name));
	KUNIT_ASSERT_NULL(test, cache);

	before = slab_pages();
	kmem_capture_begin(test);
	for (i = 0; i < ROUNDS && !cache; i++)
		cache = create_too_large(name);
	kmem_capture_end();
	grown = slab_pages() - before;
	KUNIT_EXPECT_NULL(test, cache);
	kmem_cache_destroy(cache);
	KUNIT_EXPECT_LT_MSG(test, grown, (long)(ROUNDS * NAME_SIZE / PAGE_SIZE / 2),
			    "%d failures left %ld pages behind", ROUNDS, grown);

	name[8] = '\0';
	KMEM_CAPTURE(test, cache = create_too_large(name));
	KUNIT_ASSERT_NULL(test, cache);
	cache = kmem_private_cache(test, name, OBJECT_SIZE, 0, NULL);
	kmem_take(test, cache, MANY);
}

/*
 * A failed creation says so, with the name of the cache and who asked for it. Source:
 * kmem_cache_create(), "failed with error", dump_stack().
 */
static void failed_creation_is_reported(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_cache *cache = NULL;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	report = KMEM_CAPTURE(test, cache = create_too_large("kmem_too_large"));
	KUNIT_EXPECT_NULL(test, cache);
	kmem_cache_destroy(cache);
	kmem_expect_text(test, report, "(kmem_too_large) failed with error -22");
	kmem_expect_trace(test, report);
}

/*
 * Failures that nobody notices but their caller leave all counts as they were.
 * Source: slab_pre_alloc_hook(), which comes before anything is counted.
 */
static void failures_leak_nothing(struct kunit *test)
{
	const struct allocator *allocator = test->param_value;
	struct kmem_cache *cache = small_cache(test);
	long before;
	int i;

	kvfree(allocator->alloc(cache, OBJECT_SIZE, QUIET));
	before = slab_pages();
	for (i = 0; i < ROUNDS; i++) {
		void *memory = KMEM_FAILING(test, 1, allocator->alloc(cache, OBJECT_SIZE, QUIET));

		KUNIT_ASSERT_NULL_MSG(test, memory, "round %d", i);
	}
	KUNIT_EXPECT_LE(test, slab_pages() - before,
			(long)(ROUNDS * OBJECT_SIZE / PAGE_SIZE / 2));
	KMEM_EXPECT_SILENCE(test, kmem_private_cache_destroy(test, cache));
}

static struct kunit_case kmem_failure_cases[] = {
	KUNIT_CASE(failed_vmalloc_is_reported),
	KUNIT_CASE_PARAM(failed_allocation_gives_null, allocator_gen_params),
	KUNIT_CASE_PARAM(failslab_passes_over_who_may_reclaim, allocator_gen_params),
	KUNIT_CASE_PARAM(nofail_does_not_fail, allocator_gen_params),
	KUNIT_CASE_PARAM(failslab_speaks_without_nowarn, allocator_gen_params),
	KUNIT_CASE(report_tells_how_failslab_is_set_up),
	KUNIT_CASE_PARAM(failures_leak_nothing, allocator_gen_params),
	KUNIT_CASE(failed_bulk_gives_nothing),
	KUNIT_CASE(allocation_survives_inner_failure),
	KUNIT_CASE(free_survives_inner_failure),
	KUNIT_CASE(failed_krealloc_keeps_the_memory),
	KUNIT_CASE(nofail_kvrealloc_does_not_fail),
	KUNIT_CASE(failed_creation_leaves_nothing),
	KUNIT_CASE(failed_creation_is_reported),
	{}
};

static struct kunit_suite kmem_failure_suite = {
	.name = "kmem_failure",
	.init = kmem_suite_init,
	.test_cases = kmem_failure_cases,
};

kunit_test_suite(kmem_failure_suite);

MODULE_DESCRIPTION("KUnit tests for allocations that fail");
MODULE_LICENSE("GPL");
