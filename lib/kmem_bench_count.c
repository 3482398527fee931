// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a pattern of kmem_bench costs: instructions where the time-stamp counter
 * counts them, as under QEMU's -icount, nanoseconds in any case, and SLUB's own
 * events where it is built to count them.
 *
 * An operation costs what twice as many cost more, less what that is with a pattern
 * that does nothing; so neither the loops nor the reading of the counter are in it.
 * Before it is counted, a pattern is run once to get all of its memory, and what
 * happened before is made to matter as little as can be: see settle() and hoard().
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/kernfs.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/sysfs.h>
#include <linux/timex.h>
#include <mm/internal.h>
#if __has_include("mm/page_alloc.h")	/* of 7.3, which moved zone_pcp_disable() */
#include "mm/page_alloc.h"
#endif
#include <mm/slab.h>
#include "kmem_bench.h"
#include "kmem_kunit.h"

#define OPERATIONS	1024U			/* of a pattern whose halves are counted together */
#define STEPS		2			/* turns of others */
#define ATTEMPTS	5			/* until no tick falls into a turn */
#define SEED		20261130
#define STOCK		(128UL << 20)		/* bytes of pages that are ours to be taken from */

/* The time-stamp counter, and the clock. */
struct counts {
	s64 ticks, ns;
};

/* Where each operation takes long, as with all checks, fewer are enough. */
static unsigned int most = KMEM_BENCH_MOST;
module_param(most, uint, 0444);
MODULE_PARM_DESC(most, "How many objects at once a pattern may take, and about how many it takes in all");

static void *objects[KMEM_BENCH_MOST];
static unsigned int missing;	/* of those that were to be taken */
static u16 in_order[KMEM_BENCH_MOST], shuffled[KMEM_BENCH_MOST];
static LIST_HEAD(fragments);
static char *page;

/* Events, in the words of the files below /sys/kernel/slab/. */
static const char * const events[] = {
	"alloc_fastpath", "alloc_slowpath", "free_fastpath", "free_slowpath",
	"alloc_slab", "free_slab", "alloc_from_partial", "alloc_refill", "alloc_node_mismatch",
	"free_frozen", "free_add_partial", "free_remove_partial",
	"cpuslab_flush", "deactivate_full", "deactivate_empty", "deactivate_to_head",
	"deactivate_to_tail", "deactivate_remote_frees", "deactivate_bypass",
	"cpu_partial_alloc", "cpu_partial_free", "cpu_partial_node", "cpu_partial_drain",
	"free_rcu_sheaf", "free_rcu_sheaf_fail", "sheaf_refill", "sheaf_flush", "sheaf_alloc",
	"sheaf_free", "barn_get", "barn_get_fail", "barn_put", "barn_put_fail",
	"order_fallback", "cmpxchg_double_cpu_fail", "cmpxchg_double_fail",
};

/* Of each, how many there have been. */
struct reading {
	unsigned long counts[ARRAY_SIZE(events)];
};

static void *take_nothing(void)
{
	return objects;
}

static void give_nothing(void *object)
{
}

/*
 * The read of a file below /sys/kernel/slab/, without the allocations that opening it
 * takes: they might be from the very cache.
 */
static unsigned long event(struct kmem_cache *cache, const char *name)
{
	struct kernfs_node *node = kernfs_find_and_get(cache->kobj.sd, name);
	unsigned long count = 0;

	if (!node)
		return 0;
	if (cache->kobj.ktype->sysfs_ops->show(&cache->kobj, node->priv, page) > 0)
		sscanf(page, "%lu", &count);
	kernfs_put(node);
	return count;
}

static void read_events(struct kmem_cache *cache, struct reading *reading)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		reading->counts[i] = event(cache, events[i]);
}

/* All pages of one kind that lie in blocks smaller than the largest. */
static void take_fragments(struct zone *zone, int type, gfp_t gfp)
{
	unsigned int order;
	struct page *block;

	for (order = 0; order < ARRAY_SIZE(zone->free_area) - 1; order++)
		while (!list_empty(&zone->free_area[order].free_list[type])) {
			block = alloc_pages(gfp | __GFP_NOWARN | __GFP_NORETRY, order);
			if (!block)
				return;
			set_page_private(block, order);
			list_add(&block->lru, &fragments);
		}
}

/*
 * Leave the page allocator nothing but whole blocks of the largest order, and a
 * stock of them that need not be taken over from another kind of pages. How the
 * memory came to be divided before, which the size of the kernel decides, then has
 * no part in what it costs to get some.
 */
static void hoard(void)
{
	struct zone *zone = page_zone(virt_to_page(page));
	unsigned int order = ARRAY_SIZE(zone->free_area) - 1;
	struct page *block;
	unsigned long got;
	LIST_HEAD(stock);

	zone_pcp_disable(zone);	/* which has CPUs divide blocks to come */
	take_fragments(zone, MIGRATE_UNMOVABLE, GFP_KERNEL);
	take_fragments(zone, MIGRATE_RECLAIMABLE, GFP_KERNEL | __GFP_RECLAIMABLE);
	take_fragments(zone, MIGRATE_MOVABLE, GFP_HIGHUSER_MOVABLE);
	for (got = 0; got < STOCK; got += PAGE_SIZE << order) {
		block = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, order);
		if (!block)
			break;
		list_add(&block->lru, &stock);
	}
	while (!list_empty(&stock)) {
		block = list_first_entry(&stock, struct page, lru);
		list_del(&block->lru);
		__free_pages(block, order);
	}
	zone_pcp_enable(zone);
}

/**
 * kmem_bench_init() - Prepare all that the patterns of a suite need; its .suite_init.
 * @suite: which
 *
 * Return: 0, or -ENOMEM.
 */
int kmem_bench_init(struct kunit_suite *suite)
{
	unsigned int i;

	page = (char *)__get_free_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	for (i = 0; i < KMEM_BENCH_MOST; i++)
		in_order[i] = i;
	hoard();
	return 0;
}

/**
 * kmem_bench_exit() - Give back what kmem_bench_init() has taken; its .suite_exit.
 * @suite: which
 */
void kmem_bench_exit(struct kunit_suite *suite)
{
	while (!list_empty(&fragments)) {
		struct page *block = list_first_entry(&fragments, struct page, lru);

		list_del(&block->lru);
		__free_pages(block, page_private(block));
	}
	free_page((unsigned long)page);
}

/* Mix the places of a burst, in a way that is always the same. */
static void shuffle(unsigned int burst)
{
	struct rnd_state random;
	unsigned int i, other;

	prandom_seed_state(&random, SEED);
	for (i = 0; i < burst; i++)
		shuffled[i] = i;
	for (i = burst - 1; i > 0; i--) {
		other = prandom_u32_state(&random) % (i + 1);
		swap(shuffled[i], shuffled[other]);
	}
}

/* Let what was put off be done, and begin a tick: the next one is as far as can be. */
static void settle(void)
{
	rcu_barrier();
	schedule_timeout_uninterruptible(1);
}

static noinline void take_all(void *(*take)(void), unsigned int burst)
{
	unsigned int i;

	for (i = 0; i < burst; i++) {
		objects[i] = take();
		missing += !objects[i];
	}
}

static noinline void give_all(void (*give)(void *), unsigned int burst, const u16 *order)
{
	unsigned int i;

	for (i = 0; i < burst; i++)
		give(objects[order[i]]);
}

static noinline void take_and_give(const struct kmem_bench *bench, unsigned int turns,
				   const u16 *order)
{
	while (turns--) {
		take_all(bench->take, bench->burst);
		give_all(bench->give, bench->burst, order);
	}
}

/* What a burst or turns cost; always the same instructions count them. */
static noinline struct counts count(const struct kmem_bench *bench, enum kmem_bench_half half,
				    unsigned int turns, const u16 *order)
{
	s64 ns = ktime_get_ns(), ticks = get_cycles();

	switch (half) {
	case KMEM_BENCH_BOTH:
		take_and_give(bench, turns, order);
		break;
	case KMEM_BENCH_TAKE:
		take_all(bench->take, bench->burst);
		break;
	case KMEM_BENCH_GIVE:
		give_all(bench->give, bench->burst, order);
		break;
	}
	ticks = get_cycles() - ticks;
	return (struct counts){ .ticks = ticks, .ns = ktime_get_ns() - ns };
}

static void take_here(void *bench)
{
	const struct kmem_bench *here = bench;

	take_all(here->take, here->burst);
}

static void take_uncounted(const struct kmem_bench *bench)
{
	unsigned int other = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());

	if (bench->elsewhere)
		smp_call_function_single(other, take_here, (void *)bench, true);
	else
		take_here((void *)bench);
}

/* Count one half of one turn; returns whether nothing came in between. */
static bool step(const struct kmem_bench *bench, const u16 *order, struct counts *counts)
{
	bool take = bench->half == KMEM_BENCH_TAKE;
	unsigned long flags = 0, begun;
	struct counts seen;

	if (!take)
		take_uncounted(bench);
	settle();
	begun = jiffies;
	if (!bench->may_sleep)
		local_irq_save(flags);
	seen = count(bench, bench->half, 1, order);
	if (!bench->may_sleep)
		local_irq_restore(flags);
	begun -= jiffies;
	if (take)
		give_all(bench->give, bench->burst, order);
	if (begun)
		return false;
	counts->ticks += seen.ticks;
	counts->ns += seen.ns;
	return true;
}

static struct counts count_steps(struct kunit *test, const struct kmem_bench *bench,
				 const u16 *order, unsigned int steps)
{
	struct counts counts = {};
	unsigned int i, attempt;

	for (i = 0; i < steps; i++) {
		for (attempt = 0; attempt < ATTEMPTS; attempt++)
			if (step(bench, order, &counts))
				break;
		KUNIT_ASSERT_LT_MSG(test, attempt, ATTEMPTS, "a tick falls into each turn");
	}
	return counts;
}

static struct counts minus(struct counts a, struct counts b)
{
	return (struct counts){ .ticks = a.ticks - b.ticks, .ns = a.ns - b.ns };
}

/* What @turns cost beyond those of @nothing. */
static struct counts count_turns(const struct kmem_bench *bench, const struct kmem_bench *nothing,
				 const u16 *order, unsigned int turns)
{
	struct counts once, twice, nothing_once, nothing_twice;
	unsigned long flags;

	settle();
	local_irq_save(flags);
	take_and_give(bench, turns, order);
	take_and_give(nothing, turns, order);
	once = count(bench, KMEM_BENCH_BOTH, turns, order);
	twice = count(bench, KMEM_BENCH_BOTH, 2 * turns, order);
	nothing_once = count(nothing, KMEM_BENCH_BOTH, turns, order);
	nothing_twice = count(nothing, KMEM_BENCH_BOTH, 2 * turns, order);
	local_irq_restore(flags);
	return minus(minus(twice, once), minus(nothing_twice, nothing_once));
}

/* The same, of one half of each turn. */
static struct counts count_halves(struct kunit *test, const struct kmem_bench *bench,
				  const struct kmem_bench *nothing, const u16 *order,
				  unsigned int turns)
{
	struct counts once = count_steps(test, bench, order, turns);
	struct counts twice = count_steps(test, bench, order, 2 * turns);
	struct counts nothing_once = count_steps(test, nothing, order, turns);
	struct counts nothing_twice = count_steps(test, nothing, order, 2 * turns);

	return minus(minus(twice, once), minus(nothing_twice, nothing_once));
}

/* Take and give one burst, and find out whose objects they are. */
static struct kmem_cache *warm_up(struct kunit *test, const struct kmem_bench *bench)
{
	struct kmem_cache *cache = bench->cache ? *bench->cache : NULL;

	missing = 0;
	take_uncounted(bench);
	if (!missing && !bench->cache && !is_vmalloc_addr(objects[0])) {
		struct slab *slab = virt_to_slab(objects[0]);

		cache = slab ? slab->slab_cache : NULL;
	}
	give_all(bench->give, bench->burst, in_order);
	return cache;
}

static void report_events(struct kunit *test, const struct reading *readings, u64 operations)
{
	char *text = kunit_kzalloc(test, 1024, GFP_KERNEL);
	unsigned int i, size = 0;

	KUNIT_ASSERT_NOT_NULL(test, text);
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		/* between the first two was nothing but reading them */
		long reading = readings[1].counts[i] - readings[0].counts[i];
		long count = readings[2].counts[i] - readings[1].counts[i] - reading;

		if (count)
			size += scnprintf(text + size, 1024 - size, " %s=%ld", events[i], count);
	}
	kunit_info(test, "events operations=%llu%s", operations, text);
}

/**
 * kmem_bench() - Count what a pattern costs, and print it.
 * @test: the test context
 * @bench: the pattern
 *
 * Prints a line "counts ticks=T ns=N operations=O": so many operations, each of which
 * is that an object is taken and given back, or the half of that which is counted,
 * took T ticks of the time-stamp counter and N nanoseconds. With CONFIG_SLUB_STATS,
 * a second line "events operations=O NAME=N ..." has those of the cache that are
 * not 0, of all operations between two readings. A pattern that needs more objects
 * at once than the parameter "most" allows is "not counted", and skipped.
 */
void kmem_bench(struct kunit *test, const struct kmem_bench *bench)
{
	bool whole = bench->half == KMEM_BENCH_BOTH;
	unsigned int turns = whole ? max(1U, min(OPERATIONS, most) / bench->burst) : STEPS;
	u64 each = (u64)bench->burst * (bench->objects ?: 1);
	struct kmem_bench nothing = *bench;
	const u16 *order = bench->shuffled ? shuffled : in_order;
	struct reading *readings;
	struct kmem_cache *cache;
	struct counts counts;

	if (bench->burst > most) {
		/* not all series say of a parameter that it is skipped */
		kunit_info(test, "not counted");
		kunit_skip(test, "needs a boot with " KBUILD_MODNAME ".most=%u or more",
			   bench->burst);
	}
	nothing.take = take_nothing;
	nothing.give = give_nothing;
	shuffle(bench->burst);
	readings = kunit_kcalloc(test, 3, sizeof(*readings), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, readings);
	KUNIT_ASSERT_EQ(test, kmem_sysctl_store(test, "vm/stat_refresh", "1"), 0);
	cache = warm_up(test, bench);
	drain_local_pages(NULL);
	if (cache && IS_ENABLED(CONFIG_SLUB_STATS)) {
		read_events(cache, &readings[0]);
		read_events(cache, &readings[1]);
	}
	if (whole)
		counts = count_turns(bench, &nothing, order, turns);
	else
		counts = count_halves(test, bench, &nothing, order, turns);
	if (cache && IS_ENABLED(CONFIG_SLUB_STATS)) {
		read_events(cache, &readings[2]);
		report_events(test, readings, (whole ? 4 : 3) * turns * each);
	}
	KUNIT_ASSERT_EQ_MSG(test, missing, 0, "objects that could not be had");
	kunit_info(test, "counts ticks=%lld ns=%lld operations=%llu", counts.ticks, counts.ns,
		   turns * each);
}
