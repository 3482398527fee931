/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites about accounted memory share that allocate much of it: the ways
 * to do so, and what a cgroup is charged for it.
 *
 * What is allocated here is many times what a CPU may have in stock.
 */
#ifndef _KMEM_HAUL_H
#define _KMEM_HAUL_H

#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include "kmem_memcg.h"

#define OBJECT_SIZE	SZ_4K
#define NR_OBJECTS	(SZ_8M / OBJECT_SIZE)
#define NR_PAGES	((long)(SZ_8M / PAGE_SIZE))
#define BULK		16
#define LIMIT		512
/* pages that all objects may cost beyond themselves: owners, red zones as large as they */
#define OVERHEAD	(2 * NR_PAGES)

static inline void lift_limit(void *unused)
{
	set_limit(memcg, PAGE_COUNTER_MAX);
}

/* Until the end of the case, the cgroup has room for so many pages more. */
static inline void limit_charges(struct kunit *test, unsigned long pages)
{
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, lift_limit, NULL), 0);
	set_limit(memcg, charged() + pages);
}

/**
 * struct allocator - one way to allocate a number of objects, and to free them
 * @name: of the parameter
 * @flags: of the cache
 * @gfp: to allocate with, beside what tells how hard to try
 * @alloc: allocates nr objects; returns how many it got
 * @release: frees them
 * @step: how many it takes at a time
 * @require: skips the case where this cannot be done, or NULL
 * @settle: waits for the frees of all, wherever they are done, or NULL
 * @size: of the cache's objects, if it is not OBJECT_SIZE
 */
struct allocator {
	const char *name;
	slab_flags_t flags;
	gfp_t gfp;
	unsigned int (*alloc)(struct kmem_cache *cache, gfp_t gfp, void **objects);
	void (*release)(struct kmem_cache *cache, void **objects);
	unsigned int step;
	void (*require)(struct kunit *test);
	void (*settle)(struct kunit *test);
	unsigned int size;
};

static inline void bulk_free(struct kmem_cache *cache, void **objects)
{
	kmem_cache_free_bulk(cache, BULK, objects);
}

static inline void plain_free(struct kmem_cache *cache, void **objects)
{
	kfree(objects[0]);
}

/* What one case has allocated. */
struct haul {
	struct kunit *test;
	const struct allocator *by;
	struct kmem_cache *cache;
	unsigned int nr;
	void *objects[NR_OBJECTS];
};

static inline void give_back(void *context)
{
	struct haul *haul = context;

	if (!haul->nr)
		return;
	for (; haul->nr; haul->nr -= haul->by->step)
		haul->by->release(haul->cache, &haul->objects[haul->nr - haul->by->step]);
	if (haul->by->settle)
		haul->by->settle(haul->test);
}

/* Allocates until there are NR_OBJECTS or no more can be had. */
static inline struct haul *take(struct kunit *test, const char *name, const struct allocator *by,
				gfp_t gfp)
{
	struct haul *haul = kunit_kzalloc(test, sizeof(*haul), GFP_KERNEL);
	unsigned int got;

	KUNIT_ASSERT_NOT_NULL(test, haul);
	if (by->require)
		by->require(test);
	haul->test = test;
	haul->by = by;
	haul->cache = kmem_private_cache(test, name, by->size ?: OBJECT_SIZE, by->flags, NULL);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, give_back, haul), 0);
	do {
		got = by->alloc(haul->cache, by->gfp | gfp, &haul->objects[haul->nr]);
		haul->nr += got;
	} while (got && haul->nr < NR_OBJECTS);
	return haul;
}

/* As before, for a case that cannot do without any of them. */
static inline struct haul *take_all(struct kunit *test, const char *name,
				    const struct allocator *by, gfp_t gfp)
{
	struct haul *haul = take(test, name, by, gfp);

	KUNIT_ASSERT_EQ(test, haul->nr, NR_OBJECTS);
	return haul;
}

/* What was freed on other CPUs may be in their stocks. */
static inline long other_stocks(const struct allocator *by)
{
	return by->settle ? (num_online_cpus() - 1) * STOCK : 0;
}

static inline void expect_uncharged(struct kunit *test, struct haul *haul, long since)
{
	give_back(haul);
	expect_charged(test, since, 0, 0, "after all was freed");
}

/* Expect a charge for what is allocated, until it is freed, whoever is active then. */
static inline void expect_charged_until_freed(struct kunit *test, const struct allocator *by)
{
	struct haul *haul;
	long before;

	enter(test);
	before = charged();
	haul = take_all(test, "kmem_charged", by, GFP_KERNEL);
	expect_charged(test, before, NR_PAGES, OVERHEAD, "by allocating");
	set_active_memcg(NULL);
	expect_uncharged(test, haul, before);
}

/* Expect that no more can be had than the cgroup has room for, and that again when it is free. */
static inline void expect_failure_beyond_the_limit(struct kunit *test, const struct allocator *by)
{
	/* what other CPUs have in stock now is given back when there is no more room */
	const long stocks = num_online_cpus() * STOCK;
	struct haul *haul;
	unsigned int nr;
	long before;

	enter(test);
	before = charged();
	limit_charges(test, LIMIT);
	haul = take(test, "kmem_charged", by, GFP_ATTEMPT);
	nr = haul->nr;
	KUNIT_EXPECT_LE(test, nr, (LIMIT + stocks) * PAGE_SIZE / OBJECT_SIZE);
	KUNIT_EXPECT_GE(test, nr, (LIMIT - STOCK) * PAGE_SIZE / OBJECT_SIZE / 4);
	KUNIT_EXPECT_LE_MSG(test, charged(), before + LIMIT, "charged beyond the limit");
	expect_uncharged(test, haul, before);
	haul = take(test, "kmem_charged_again", by, GFP_ATTEMPT);
	KUNIT_EXPECT_GE_MSG(test,
			    haul->nr + (STOCK + other_stocks(by)) * PAGE_SIZE / OBJECT_SIZE, nr,
			    "objects to be had after all were freed");
}

#endif /* _KMEM_HAUL_H */
