/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How to take all memory that there is, but for pieces that are too small for what a
 * case wants, and to give it back.
 */
#ifndef _KMEM_HOARD_H
#define _KMEM_HOARD_H

#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/oom.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_kunit.h"

/*
 * Slabs so large that all memory is soon used up. Nothing is written to them, so
 * that this takes little time; no flag lets the page allocator reclaim, nor wake
 * who does, so nobody else notices.
 */
#define HUGE_SIZE	(KMALLOC_MAX_SIZE / 2)
#define MAX_HOARD	2048
#define NO_RECLAIM	__GFP_NOWARN
/* objects that are broken up; a quarter of them is left, 32 MiB with 4 KiB pages */
#define SCATTERED	64

/* a quarter of an object */
#define SPARE_ORDER	(get_order(HUGE_SIZE) - 2)
#define SPARE_BYTES	64
#define SPARE_FILL	0x33

/**
 * struct hoard - all the memory that there is
 * @cache: of huge objects
 * @lock: see below
 * @nr: how many objects were allocated
 * @objects: these objects
 * @spares: smaller blocks; the private field of each is its order, and it begins
 *          with SPARE_BYTES of SPARE_FILL
 * @need: called before the OOM killer panics, as there is no process to kill
 * @needy: the last thread that the OOM killer was called for
 */
struct hoard {
	struct kmem_cache *cache;
	/* of all that follows: others take it in their need */
	struct mutex lock;
	unsigned int nr;
	void *objects[MAX_HOARD];
	struct list_head spares;
	struct notifier_block need;
	struct task_struct *needy;
};

static inline void free_spare(struct page *spare)
{
	unsigned int order = page_private(spare);

	list_del(&spare->lru);
	set_page_private(spare, 0);
	__free_pages(spare, order);
}

static inline void free_spares(struct hoard *hoard)
{
	struct page *spare, *next;

	mutex_lock(&hoard->lock);
	list_for_each_entry_safe(spare, next, &hoard->spares, lru)
		free_spare(spare);
	mutex_unlock(&hoard->lock);
}

/* One more; false if there is no memory. */
static inline bool hoard_one(struct hoard *hoard, gfp_t gfp)
{
	void *object;

	mutex_lock(&hoard->lock);
	object = hoard->nr < MAX_HOARD ? kmem_cache_alloc(hoard->cache, gfp) : NULL;
	if (object)
		hoard->objects[hoard->nr++] = object;
	mutex_unlock(&hoard->lock);
	return object;
}

static inline void release_some(struct hoard *hoard, unsigned int nr)
{
	mutex_lock(&hoard->lock);
	while (nr-- && hoard->nr)
		kmem_cache_free(hoard->cache, hoard->objects[--hoard->nr]);
	mutex_unlock(&hoard->lock);
}

static inline void free_hoard(void *context)
{
	struct hoard *hoard = context;

	release_some(hoard, MAX_HOARD);
	free_spares(hoard);
}

/*
 * Kernel threads are made with memory that has to be there, and may be made at any
 * time: the kernel would panic, so theirs is more important than the case.
 */
static inline int help_others(struct notifier_block *need, unsigned long unused, void *freed)
{
	struct hoard *hoard = container_of(need, struct hoard, need);

	hoard->needy = current;
	if (hoard->nr || !list_empty(&hoard->spares))
		++*(unsigned long *)freed;
	free_hoard(hoard);
	return NOTIFY_OK;
}

static inline void stop_helping(void *hoard)
{
	unregister_oom_notifier(&((struct hoard *)hoard)->need);
}

/* Take all blocks of that order. */
static inline void spare_all(struct hoard *hoard, unsigned int order)
{
	struct page *page;

	mutex_lock(&hoard->lock);
	while ((page = alloc_pages(NO_RECLAIM, order))) {
		set_page_private(page, order);
		list_add(&page->lru, &hoard->spares);
		memset(page_address(page), SPARE_FILL, SPARE_BYTES);
	}
	mutex_unlock(&hoard->lock);
}

/* Take all blocks, from the largest to single pages. */
static inline void spare_everything(struct hoard *hoard)
{
	unsigned int order = SPARE_ORDER + 1;

	while (order--)
		spare_all(hoard, order);
}

static inline unsigned int count_overwritten_spares(struct hoard *hoard)
{
	unsigned int overwritten = 0;
	struct page *spare;

	mutex_lock(&hoard->lock);
	list_for_each_entry(spare, &hoard->spares, lru)
		overwritten += !!memchr_inv(page_address(spare), SPARE_FILL, SPARE_BYTES);
	mutex_unlock(&hoard->lock);
	return overwritten;
}

/*
 * Break so many objects into blocks of that order, and free one of each four
 * side by side: it has none to join.
 */
static inline void scatter(struct hoard *hoard, unsigned int nr, unsigned int order)
{
	struct page *spare, *next;

	release_some(hoard, nr);
	kmem_cache_shrink(hoard->cache);
	spare_all(hoard, order);
	mutex_lock(&hoard->lock);
	list_for_each_entry_safe(spare, next, &hoard->spares, lru) {
		if (page_private(spare) == order && (page_to_pfn(spare) >> order) % 4 == 0)
			free_spare(spare);
	}
	mutex_unlock(&hoard->lock);
}

/*
 * Take all memory in pieces of an object, and leave SCATTERED quarters of one, no
 * two of them side by side: others find as much as they need, and there is no
 * room for an object.
 */
static inline struct hoard *exhaust(struct kunit *test, slab_flags_t flags)
{
	struct hoard *hoard;

	if (want_init_on_alloc(0) || want_init_on_free())
		kunit_skip(test, "needs a boot without init_on_alloc=1 and init_on_free=1");
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which would poison all memory");
	if (totalram_pages() / (HUGE_SIZE / PAGE_SIZE) >= MAX_HOARD)
		kunit_skip(test, "needs less memory, such as mem=1G");
	if (totalram_pages() / (HUGE_SIZE / PAGE_SIZE) < 4 * SCATTERED)
		kunit_skip(test, "needs more memory, such as mem=1G");

	hoard = kunit_kzalloc(test, sizeof(*hoard), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, hoard);
	INIT_LIST_HEAD(&hoard->spares);
	mutex_init(&hoard->lock);
	hoard->need.notifier_call = help_others;
	hoard->cache = kmem_private_cache(test, "kmem_huge", HUGE_SIZE, flags, NULL);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_hoard, hoard), 0);
	KUNIT_ASSERT_EQ(test, register_oom_notifier(&hoard->need), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, stop_helping, hoard), 0);
	while (hoard_one(hoard, NO_RECLAIM))
		;
	KUNIT_ASSERT_GT_MSG(test, hoard->nr, 2 * SCATTERED, "not even a few could be allocated");
	scatter(hoard, SCATTERED, SPARE_ORDER);
	/* what the watermarks had kept from us */
	while (hoard_one(hoard, NO_RECLAIM))
		;
	return hoard;
}

/* The same, and leave nothing but single pages, those of a quarter of so many objects. */
static inline struct hoard *exhaust_to_pages(struct kunit *test, unsigned int objects)
{
	struct hoard *hoard = exhaust(test, 0);
	unsigned int order, flags;

	spare_all(hoard, SPARE_ORDER);
	scatter(hoard, objects, 0);
	/* whatever the watermarks are, which are raised as memory becomes scarce */
	flags = memalloc_noreclaim_save();
	for (order = SPARE_ORDER; order; order--)
		spare_all(hoard, order);
	memalloc_noreclaim_restore(flags);
	return hoard;
}

#endif /* _KMEM_HOARD_H */
