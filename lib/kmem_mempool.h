/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites about mempools share: a source of elements that does as it is
 * told and keeps account of what the pool asks of it.
 */
#ifndef _KMEM_MEMPOOL_H
#define _KMEM_MEMPOOL_H

#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/mempool.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include "kmem_kunit.h"

#define SOURCE_ELEMENTS	64
#define SOURCE_CALLS	64
/* whoever asks more often than that does not know when to stop */
#define SOURCE_PATIENCE	100
#define NEVER		UINT_MAX

/* What mempool_alloc() adds to the flags it is given, and leaves out of a first try. */
#define MEMPOOL_ADDS	(__GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN)
#define MEMPOOL_DEFERS	(__GFP_DIRECT_RECLAIM | __GFP_IO)

/**
 * struct source - where a pool's elements come from, and its pool_data
 * @fail_after: so many calls succeed before one fails
 * @fail_times: so many calls fail then, before they succeed again
 * @may_wait: it may also fail when reclaim is allowed, after which a pool sleeps
 * @calls: of the allocator, those that failed included
 * @gfp: flags of the first of these calls
 * @out: elements that were allocated and not freed
 * @frees: elements that were freed
 * @wrong: frees of what is no allocated element, and calls that no pool should make, such
 *         as those with interrupts off: an allocator may sleep
 * @used: which elements are out
 * @elements: what is handed out, in no order that a pool could know
 */
struct source {
	unsigned int fail_after;
	unsigned int fail_times;
	bool may_wait;
	unsigned int calls;
	gfp_t gfp[SOURCE_CALLS];
	unsigned int out;
	unsigned int frees;
	unsigned int wrong;
	bool used[SOURCE_ELEMENTS];
	u8 elements[SOURCE_ELEMENTS];
};

static inline bool source_fails(struct source *source, gfp_t gfp)
{
	bool forever = source->fail_times == NEVER;

	if (source->fail_after) {
		if (source->fail_after != NEVER)
			source->fail_after--;
		return false;
	}
	if (!source->fail_times)
		return false;
	/* a pool that is broken shall not hang */
	if (source->calls >= SOURCE_PATIENCE ||
	    (forever && !source->may_wait && (gfp & __GFP_DIRECT_RECLAIM))) {
		source->wrong++;
		return false;
	}
	if (!forever)
		source->fail_times--;
	return true;
}

static inline void *source_alloc(gfp_t gfp, void *pool_data)
{
	struct source *source = pool_data;
	unsigned int i, slot;

	source->wrong += irqs_disabled();
	if (source->calls < SOURCE_CALLS)
		source->gfp[source->calls] = gfp;
	source->calls++;
	if (source_fails(source, gfp))
		return NULL;
	for (i = 0; i < SOURCE_ELEMENTS; i++) {
		slot = i * 37 % SOURCE_ELEMENTS;
		if (source->used[slot])
			continue;
		source->used[slot] = true;
		source->out++;
		return &source->elements[slot];
	}
	return NULL;
}

static inline void source_free(void *element, void *pool_data)
{
	struct source *source = pool_data;
	size_t slot = (u8 *)element - source->elements;

	source->wrong += irqs_disabled();
	if (slot >= SOURCE_ELEMENTS || !source->used[slot]) {
		source->wrong++;
		return;
	}
	source->used[slot] = false;
	source->out--;
	source->frees++;
}

/* From now on, the next @succeed calls succeed, then @fail of them fail. */
static inline void source_script(struct source *source, unsigned int succeed, unsigned int fail)
{
	source->fail_after = succeed;
	source->fail_times = fail;
	source->may_wait = false;
	source->calls = 0;
	source->frees = 0;
}

static inline struct source *source_create(struct kunit *test)
{
	struct source *source = kunit_kzalloc(test, sizeof(*source), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, source);
	source_script(source, NEVER, 0);
	return source;
}

static inline void kmem_mempool_destroy_action(void *pool)
{
	mempool_destroy(pool);
}

/* A pool of @min_nr elements, which ends with its case. */
static inline mempool_t *pool_create(struct kunit *test, struct source *source, int min_nr)
{
	mempool_t *pool;

	source_script(source, NEVER, 0);
	pool = mempool_create(min_nr, source_alloc, source_free, source);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, kmem_mempool_destroy_action, pool),
			0);
	source_script(source, NEVER, 0);
	return pool;
}

/* End a pool, and expect that everything went back to where it came from. */
static inline void pool_destroy(struct kunit *test, struct source *source, mempool_t *pool)
{
	kunit_release_action(test, kmem_mempool_destroy_action, pool);
	KUNIT_EXPECT_EQ_MSG(test, source->out, 0, "elements were lost");
	KUNIT_EXPECT_EQ_MSG(test, source->wrong, 0, "the pool's callbacks were misused");
}

/* Let the allocator fail from now on, and take @nr elements out of the reserve. */
static inline void exhaust(struct kunit *test, struct source *source, mempool_t *pool,
			   void **elements, unsigned int nr)
{
	unsigned int i;

	source_script(source, 0, NEVER);
	for (i = 0; i < nr; i++) {
		elements[i] = mempool_alloc(pool, GFP_NOWAIT);
		KUNIT_ASSERT_NOT_NULL_MSG(test, elements[i], "element %u of %u", i, nr);
	}
}

/* Someone who waits on a pool, and only counts how often it is woken. */
struct probe {
	wait_queue_entry_t entry;
	unsigned int woken;
};

static inline int probe_wake(wait_queue_entry_t *entry, unsigned int mode, int flags, void *key)
{
	container_of(entry, struct probe, entry)->woken++;
	return 0;
}

static inline void probe_begin(struct probe *probe, mempool_t *pool)
{
	probe->woken = 0;
	init_waitqueue_func_entry(&probe->entry, probe_wake);
	add_wait_queue(&pool->wait, &probe->entry);
}

static inline void probe_end(struct probe *probe, mempool_t *pool)
{
	remove_wait_queue(&pool->wait, &probe->entry);
}

/* Give elements to a pool, the last one first. */
static inline void refill(mempool_t *pool, void **elements, unsigned int nr)
{
	while (nr)
		mempool_free(elements[--nr], pool);
}

#endif /* _KMEM_MEMPOOL_H */
