/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the patterns of kmem_bench are written down, and counted.
 */
#ifndef _KMEM_BENCH_H
#define _KMEM_BENCH_H

#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/types.h>

#define KMEM_BENCH_MOST	10000	/* objects at once */

/**
 * enum kmem_bench_half - what of a pattern is counted
 * @KMEM_BENCH_BOTH: taking and giving back, turn after turn, with interrupts off
 * @KMEM_BENCH_TAKE: the taking alone, each turn by itself
 * @KMEM_BENCH_GIVE: the giving back alone, each turn by itself
 */
enum kmem_bench_half { KMEM_BENCH_BOTH, KMEM_BENCH_TAKE, KMEM_BENCH_GIVE };

/**
 * struct kmem_bench - a pattern of use
 * @name: of the parameter
 * @take: allocates; NULL is a failure
 * @give: undoes that
 * @burst: how many are taken before the first is given back
 * @shuffled: they are given back in another order, always the same
 * @half: what is counted
 * @may_sleep: what is counted, so that interrupts stay on
 * @elsewhere: they are taken on another CPU
 * @objects: that @take and @give treat at once, 0 for 1
 * @cache: whose events are counted, NULL for that of what @take returns
 */
struct kmem_bench {
	const char *name;
	void *(*take)(void);
	void (*give)(void *object);
	unsigned int burst;
	bool shuffled;
	enum kmem_bench_half half;
	bool may_sleep;
	bool elsewhere;
	unsigned int objects;
	struct kmem_cache **cache;
};

int kmem_bench_init(struct kunit_suite *suite);
void kmem_bench_exit(struct kunit_suite *suite);
void kmem_bench(struct kunit *test, const struct kmem_bench *bench);

#endif
