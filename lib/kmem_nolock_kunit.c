// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmalloc_nolock() and kfree_nolock(), for callers that may hold any lock.
 *
 * Where a CPU cannot exchange two words at once, as UML's, there is such memory
 * only in a boot with slab_debug=.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit --kernel_args=slab_debug=FZPU \
 *		'kmem_nolock'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/page-flags.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <mm/slab.h>
#include "kmem_haul.h"
#include "kmem_hoard.h"
#include "kmem_kunit.h"

#define DIRT		0xd1
/* how many allocations may pass until the freed memory comes back */
#define TRIES		4096
/* objects that wait to be freed, and as many between them */
#define MANY		32

static const size_t sizes[] = { 1, 8, 33, 64, 96, 100, 192, 256, 1000, SZ_2K, SZ_4K, SZ_8K };

static void require_nolock(struct kunit *test)
{
	if (!kmem_has_nolock())
		kunit_skip(test, "needs Linux 7.x, for kmalloc_nolock()");
}

/* Does the kernel have to serve kmalloc_nolock(), or must it not? */
static bool is_served(struct kunit *test)
{
	void *object = kmalloc(64, GFP_KERNEL);
	struct kmem_origin origin;

	KUNIT_ASSERT_NOT_NULL(test, object);
	origin = kmem_origin(object);
	kfree(object);
	if (origin.flags & (KMEM_ALL_CHECKS | SLAB_TRACE))
		return true;
	if (!IS_ENABLED(CONFIG_UML) && !IS_ENABLED(CONFIG_X86_64) && !IS_ENABLED(CONFIG_ARM64) &&
	    !IS_ENABLED(CONFIG_S390))
		kunit_skip(test, "needs an architecture known to have a two-word cmpxchg or not");
	return !IS_ENABLED(CONFIG_UML);
}

static void require_service(struct kunit *test)
{
	require_nolock(test);
	if (!is_served(test))
		kunit_skip(test, "needs a two-word cmpxchg, or a boot with slab_debug=");
}

/* kfree_nolock() may put off the free; a cache is only destroyed when all of these are done. */
static void wait_for_frees(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_wait", 64, 0, NULL);

	kmem_private_cache_destroy(test, cache);
}

/*
 * An object is from the same cache as kmalloc()'s. Where locks cannot be done
 * without, there is none: NULL, not a lock taken. Source:
 * __kmalloc_nolock_noprof(), "not supported on architectures that don't
 * implement cmpxchg16b".
 */
static void nolock_takes_from_kmallocs_caches(struct kunit *test)
{
	bool served;
	unsigned int i;

	require_nolock(test);
	served = is_served(test);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *object = kmalloc_nolock(sizes[i], 0, NUMA_NO_NODE);
		struct kmem_origin origin;

		if (!served) {
			KUNIT_EXPECT_NULL_MSG(test, object, "size %zu", sizes[i]);
			continue;
		}
		KUNIT_ASSERT_NOT_NULL_MSG(test, object, "size %zu", sizes[i]);
		origin = kmem_origin(object);
		KUNIT_EXPECT_TRUE_MSG(test, strstarts(origin.name, "kmalloc-"), "%s", origin.name);
		/* another CPU may make it take the next larger one */
		if (num_possible_cpus() == 1)
			KUNIT_EXPECT_EQ_MSG(test, origin.size, kmalloc_size_roundup(sizes[i]),
					    "size %zu is from %s", sizes[i], origin.name);
		memset(object, DIRT, sizes[i]);
		kfree_nolock(object);
	}
	wait_for_frees(test);
}

/*
 * With __GFP_ACCOUNT, it is from the cache of accounted memory. Source:
 * kmalloc_nolock(), "Only __GFP_ACCOUNT and __GFP_ZERO allowed".
 */
static void nolock_may_be_accounted(struct kunit *test)
{
	struct kmem_origin origin;
	void *object;

	KMEM_REQUIRE(test, CONFIG_MEMCG);
	require_service(test);
	object = kmalloc_nolock(64, __GFP_ACCOUNT, numa_mem_id());
	KUNIT_ASSERT_NOT_NULL(test, object);
	origin = kmem_origin(object);
	KUNIT_EXPECT_STREQ(test, origin.name, "kmalloc-cg-64");
	kfree(object);
}

static unsigned int nolock_alloc(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	objects[0] = kmalloc_nolock(OBJECT_SIZE, gfp & __GFP_ACCOUNT, NUMA_NO_NODE);
	return !!objects[0];
}

static void nolock_free(struct kmem_cache *cache, void **objects)
{
	kfree_nolock(objects[0]);
}

static const struct allocator accounted[] = {
	{ "kfree_nolock", 0, __GFP_ACCOUNT, nolock_alloc, nolock_free, 1, require_service,
	  wait_for_frees },
	{ "kfree", 0, __GFP_ACCOUNT, nolock_alloc, plain_free, 1, require_service },
};

KUNIT_ARRAY_PARAM_DESC(accounted, accounted, name);

/*
 * With __GFP_ACCOUNT, it is charged to the cgroup that is active, until
 * kfree_nolock() or kfree() frees it. Source: as before, and slab_free_hook(),
 * "Alloc hooks called for kmalloc_nolock()", which has memcg_slab_post_alloc_hook().
 */
static void nolock_memory_is_charged_until_it_is_freed(struct kunit *test)
{
	require_nolock(test);
	expect_charged_until_freed(test, test->param_value);
}

/*
 * Where its cgroup has no room for it, it is not to be had. Source:
 * memcg_slab_post_alloc_hook(), which __kmalloc_nolock_noprof() does not force;
 * Documentation/admin-guide/cgroup-v2.rst, memory.max.
 */
static void nolock_beyond_the_limit_fails(struct kunit *test)
{
	require_nolock(test);
	expect_failure_beyond_the_limit(test, test->param_value);
}

/* Allocate until the memory comes back, and keep that only. */
static u8 *take_again(struct kunit *test, const void *memory, size_t size, gfp_t gfp)
{
	static void *kept[TRIES];
	unsigned int nr = 0;
	void *again = NULL;

	while (nr < TRIES) {
		again = kmalloc_nolock(size, gfp, NUMA_NO_NODE);
		if (!again || again == memory)
			break;
		kept[nr++] = again;
	}
	while (nr)
		kfree(kept[--nr]);
	KUNIT_ASSERT_PTR_EQ_MSG(test, again, (void *)memory, "size %zu: it did not come back",
				size);
	return again;
}

/*
 * With __GFP_ZERO, all that was asked for is zero, whatever the memory held.
 * Source: kmalloc_nolock(), as above.
 */
static void nolock_memory_is_zero_if_asked(struct kunit *test)
{
	unsigned int i;

	require_service(test);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN_GENERIC, "whose quarantine keeps memory");
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u8 *before = kmalloc_nolock(sizes[i], 0, NUMA_NO_NODE);
		u8 *dirty = kmalloc_nolock(sizes[i], 0, NUMA_NO_NODE), *memory;
		u8 *after = kmalloc_nolock(sizes[i], 0, NUMA_NO_NODE);

		KUNIT_ASSERT_NOT_NULL(test, dirty);
		memset(dirty, DIRT, sizes[i]);
		kfree(dirty);
		memory = take_again(test, dirty, sizes[i], __GFP_ZERO);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(memory, 0, sizes[i]), "size %zu", sizes[i]);
		kfree(memory);
		kfree(before);
		kfree(after);
	}
}

/*
 * No bytes are ZERO_SIZE_PTR; more than a slab holds is not to be had, as pages
 * need locks, and there is no report of it. Source: __kmalloc_nolock_noprof().
 */
static void nolock_has_limits(struct kunit *test)
{
	size_t large[] = { KMALLOC_MAX_CACHE_SIZE + 1, KMALLOC_MAX_SIZE, SIZE_MAX }, i;

	require_nolock(test);
	KUNIT_EXPECT_PTR_EQ(test, kmalloc_nolock(0, 0, NUMA_NO_NODE), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, kmalloc_nolock(0, __GFP_ZERO, numa_mem_id()), ZERO_SIZE_PTR);
	for (i = 0; i < ARRAY_SIZE(large); i++) {
		void *memory = NULL;

		OPTIMIZER_HIDE_VAR(large[i]);
		KMEM_EXPECT_SILENCE(test, memory = kmalloc_nolock(large[i], 0, NUMA_NO_NODE));
		KUNIT_EXPECT_NULL_MSG(test, memory, "size %zu", large[i]);
	}
}

/* From one cache, also where that is chosen by who calls; stops when there is no more. */
static noinline unsigned int take_some(void **objects, unsigned int nr, size_t size)
{
	unsigned int taken = 0;

	while (taken < nr) {
		objects[taken] = kmalloc_nolock(size, 0, NUMA_NO_NODE);
		if (!objects[taken])
			break;
		taken++;
	}
	return taken;
}

/*
 * That there is no memory is told by NULL alone, though nothing forbids a warning.
 * Source: kernel-doc of kmalloc_nolock(), "__GFP_NOWARN and __GFP_NOMEMALLOC are allowed
 * but added internally"; slab_out_of_memory().
 */
static void nolock_fails_in_silence(struct kunit *test)
{
	static void *kept[TRIES];
	const struct kmem_report *report;
	struct hoard *hoard;
	unsigned int nr = 0;

	require_service(test);
	hoard = exhaust(test, 0);
	spare_everything(hoard);
	report = KMEM_CAPTURE(test, nr = take_some(kept, TRIES, KMALLOC_MAX_CACHE_SIZE));
	kunit_release_action(test, free_hoard, hoard);
	KUNIT_EXPECT_LT(test, nr, TRIES);
	KUNIT_EXPECT_NULL(test, strstr(report->text, "SLUB: Unable to allocate memory on"));
	while (nr)
		kfree(kept[--nr]);
}

/*
 * Who may use the reserves gets nothing of them this way. Source: as above, for
 * __GFP_NOMEMALLOC; pfmemalloc_match().
 */
static void nolock_leaves_the_reserves_alone(struct kunit *test)
{
	unsigned int nr, i, taken, flags, reserved = 0;
	void *before[MANY], *objects[MANY];
	struct kmem_origin origin;
	struct folio *slab = NULL;

	require_service(test);
	KUNIT_ASSERT_EQ(test, take_some(before, 1, 64), 1);
	origin = kmem_origin(before[0]);
	kfree(before[0]);
	if (!(origin.flags & KMEM_ALL_CHECKS))
		kunit_skip(test, "needs a boot with slab_debug=, for free objects in slabs alone");

	/* the slab from which the next object would be */
	for (nr = 0; nr < MANY && !slab; nr++) {
		KUNIT_ASSERT_EQ(test, take_some(before + nr, 1, 64), 1);
		if (kmem_slab_has_room(before[nr]))
			slab = virt_to_folio(before[nr]);
	}
	KUNIT_ASSERT_NOT_NULL(test, slab);
	folio_set_active(slab);
	flags = memalloc_noreclaim_save();
	taken = take_some(objects, MANY, 64);
	memalloc_noreclaim_restore(flags);
	folio_clear_active(slab);

	for (i = 0; i < taken; i++) {
		reserved += virt_to_folio(objects[i]) == slab;
		kfree(objects[i]);
	}
	while (nr)
		kfree(before[--nr]);
	KUNIT_EXPECT_GT(test, taken, 0);
	KUNIT_EXPECT_EQ(test, reserved, 0);
}

/*
 * Flags that may sleep, or mean another zone, are reported once; those that it is
 * documented to take are not. Source: kmalloc_nolock(), with VM_WARN_ON_ONCE().
 */
static void nolock_reports_flags(struct kunit *test)
{
	static const gfp_t good[] = {
		0, __GFP_ZERO, __GFP_ACCOUNT, __GFP_NOWARN, __GFP_NOMEMALLOC,
		__GFP_ZERO | __GFP_ACCOUNT | __GFP_NOWARN | __GFP_NOMEMALLOC,
	};
	static const gfp_t bad[] = {
		GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT, __GFP_RECLAIMABLE, __GFP_NOFAIL,
	};
	void *object = NULL;
	unsigned int i;

	require_nolock(test);
	KMEM_REQUIRE(test, CONFIG_DEBUG_VM);
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		KMEM_EXPECT_SILENCE(test, object = kmalloc_nolock(64, good[i], NUMA_NO_NODE));
		kfree(object);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KMEM_EXPECT_WARN(test, {
			kfree(kmalloc_nolock(64, bad[i], NUMA_NO_NODE));
			object = kmalloc_nolock(64, bad[i], NUMA_NO_NODE);
		}, "mm/slub.c:");
		kfree(object);
	}
}

static void free_in_way(unsigned int way, void *memory)
{
	unsigned long irqflags;

	if (way == 0) {
		kfree(memory);
	} else if (way == 1) {
		kfree_nolock(memory);
	} else {
		local_irq_save(irqflags);
		kfree_nolock(memory);
		local_irq_restore(irqflags);
	}
}

/*
 * What was freed is handed out again, whether kfree_nolock() or kfree() freed
 * it, and also if interrupts were off. Source: kfree_nolock(), and kfree(),
 * "pointer returned by kmalloc(), kmalloc_nolock()".
 */
static void nolock_memory_comes_back(struct kunit *test)
{
	unsigned int i, way;

	require_service(test);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN_GENERIC, "whose quarantine keeps memory");
	for (way = 0; way < 3; way++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			/* from before and after, so that the slab is not given up */
			u8 *before = kmalloc_nolock(sizes[i], 0, NUMA_NO_NODE);
			u8 *memory = kmalloc_nolock(sizes[i], 0, NUMA_NO_NODE);
			u8 *after = kmalloc_nolock(sizes[i], 0, NUMA_NO_NODE);

			KUNIT_ASSERT_NOT_NULL(test, memory);
			free_in_way(way, memory);
			wait_for_frees(test);
			kfree(take_again(test, memory, sizes[i], 0));
			kfree(before);
			kfree(after);
		}
	}
}

/*
 * All that were freed before the frees can be done come back, not just one of them.
 * Source: kfree_nolock(), defer_free().
 */
static void nolock_frees_all_that_was_put_off(struct kunit *test)
{
	static void *kept[TRIES];
	unsigned int i, nr, back = 0;
	void *objects[MANY];
	unsigned long irqflags;

	require_service(test);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN_GENERIC, "whose quarantine keeps memory");
	for (i = 0; i < MANY; i++) {
		objects[i] = kmalloc_nolock(64, 0, NUMA_NO_NODE);
		KUNIT_ASSERT_NOT_NULL(test, objects[i]);
	}
	/* every other one, so that the slabs are not given up */
	local_irq_save(irqflags);
	for (i = 0; i < MANY; i += 2)
		kfree_nolock(objects[i]);
	local_irq_restore(irqflags);
	wait_for_frees(test);

	for (nr = 0; nr < TRIES && back < MANY / 2; nr++) {
		kept[nr] = kmalloc_nolock(64, 0, NUMA_NO_NODE);
		for (i = 0; i < MANY; i += 2)
			back += kept[nr] && kept[nr] == objects[i];
	}
	while (nr)
		kfree(kept[--nr]);
	for (i = 1; i < MANY; i += 2)
		kfree(objects[i]);
	KUNIT_EXPECT_EQ(test, back, MANY / 2);
}

/*
 * With init_on_free=1, all that was asked for is zero, and so is the place where
 * the free pointer was. Source: kernel-parameters.txt, init_on_free=;
 * maybe_wipe_obj_freeptr(), "make sure it's fully initialized by zeroing out
 * freelist pointer".
 */
static void nolock_memory_was_wiped(struct kunit *test)
{
	unsigned int i;

	require_service(test);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which keeps data of its own in freed memory");
	if (!want_init_on_free())
		kunit_skip(test, "needs a boot with init_on_free=1");
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u8 *objects[3];
		unsigned int j;

		for (j = 0; j < ARRAY_SIZE(objects); j++) {
			objects[j] = kmalloc_nolock(sizes[i], 0, NUMA_NO_NODE);
			KUNIT_ASSERT_NOT_NULL(test, objects[j]);
			memset(objects[j], DIRT, sizes[i]);
		}
		if (kmem_origin(objects[1]).flags & SLAB_POISON)
			kunit_skip(test, "needs a boot without slab_debug=P, which goes before");
		kfree(objects[1]);
		objects[1] = take_again(test, objects[1], sizes[i], 0);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(objects[1], 0, sizes[i]), "size %zu",
				      sizes[i]);
		for (j = 0; j < ARRAY_SIZE(objects); j++)
			kfree(objects[j]);
	}
}

/*
 * Who holds the lock of the object's own slab may free it: the free is put off, not
 * waited with. Poison tells when it is done. Source: kfree_nolock(), "it might need to
 * take spin_lock for further processing. Avoid the complexity and simply add to a
 * deferred list".
 */
static void nolock_frees_under_the_lock_of_a_slab(struct kunit *test)
{
	unsigned long irqflags;
	unsigned int i;

	require_service(test);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u8 *object = kmalloc_nolock(sizes[i], 0, NUMA_NO_NODE), left;
		/* what an object is freed under that is not put off */
		spinlock_t *lock;
		bool poisoned;

		KUNIT_ASSERT_NOT_NULL(test, object);
		memset(object, DIRT, sizes[i]);
		poisoned = kmem_origin(object).flags & SLAB_POISON;
		lock = kmem_list_lock(object);
		spin_lock_irqsave(lock, irqflags);
		kfree_nolock(object);
		left = kmem_peek(object);
		spin_unlock_irqrestore(lock, irqflags);
		if (poisoned)
			KUNIT_EXPECT_EQ_MSG(test, left, DIRT, "size %zu", sizes[i]);
	}
	wait_for_frees(test);
}

/*
 * NULL and ZERO_SIZE_PTR may be freed. Source: kfree_nolock(), as kfree().
 */
static void nolock_may_free_nothing(struct kunit *test)
{
	require_nolock(test);
	KMEM_EXPECT_SILENCE(test, kfree_nolock(NULL));
	KMEM_EXPECT_SILENCE(test, kfree_nolock(ZERO_SIZE_PTR));
}

/*
 * Large memory is not kmalloc_nolock()'s: to free it so is reported once, and it
 * stays allocated. Source: kfree_nolock(), WARN_ONCE(), "large_kmalloc is not supported".
 */
static void nolock_does_not_free_pages(struct kunit *test)
{
	u8 *memory;

	require_nolock(test);
	memory = kmalloc(KMALLOC_MAX_CACHE_SIZE + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	memset(memory, DIRT, PAGE_SIZE);
	KMEM_EXPECT_WARN(test, {
		kfree_nolock(memory);
		kfree_nolock(memory);
	}, "large_kmalloc is not supported by kfree_nolock()");
	KUNIT_EXPECT_NULL(test, memchr_inv(memory, DIRT, PAGE_SIZE));
	KMEM_EXPECT_SILENCE(test, kfree(memory));
}

static struct kunit_case kmem_nolock_cases[] = {
	KUNIT_CASE(nolock_takes_from_kmallocs_caches),
	KUNIT_CASE(nolock_may_be_accounted),
	KUNIT_CASE_PARAM(nolock_memory_is_charged_until_it_is_freed, accounted_gen_params),
	KUNIT_CASE_PARAM(nolock_beyond_the_limit_fails, accounted_gen_params),
	KUNIT_CASE(nolock_memory_is_zero_if_asked),
	KUNIT_CASE(nolock_has_limits),
	KUNIT_CASE(nolock_fails_in_silence),
	KUNIT_CASE(nolock_leaves_the_reserves_alone),
	KUNIT_CASE(nolock_reports_flags),
	KUNIT_CASE(nolock_memory_comes_back),
	KUNIT_CASE(nolock_frees_all_that_was_put_off),
	KUNIT_CASE(nolock_memory_was_wiped),
	KUNIT_CASE(nolock_frees_under_the_lock_of_a_slab),
	KUNIT_CASE(nolock_may_free_nothing),
	KUNIT_CASE(nolock_does_not_free_pages),
	{}
};

static struct kunit_suite kmem_nolock_suite = {
	.name = "kmem_nolock",
	.init = kmem_suite_init,
	.test_cases = kmem_nolock_cases,
};

kunit_test_suite(kmem_nolock_suite);

MODULE_DESCRIPTION("KUnit tests for kmalloc_nolock()");
MODULE_LICENSE("GPL");
