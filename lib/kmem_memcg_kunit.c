// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that are charged to a memory cgroup.
 *
 * The cgroup is our own, made once and kept for the rest of the boot. Charges
 * are cached per CPU, so that its counter is right to within STOCK pages; what
 * is allocated here is many times that.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_memcg'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_haul.h"
#include "kmem_text.h"

static unsigned int cache_alloc(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	objects[0] = kmem_cache_alloc(cache, gfp);
	return !!objects[0];
}

static void cache_free(struct kmem_cache *cache, void **objects)
{
	kmem_cache_free(cache, objects[0]);
}

/* One that is as large as BULK of the others. */
static unsigned int cache_large_alloc(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	return cache_alloc(cache, gfp, objects) ? BULK : 0;
}

static unsigned int bulk_alloc(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	return kmem_cache_alloc_bulk(cache, gfp, BULK, objects) ? BULK : 0;
}

static unsigned int bulk_of_one_alloc(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	return kmem_alloc_bulk(cache, gfp, 1, objects);
}

static unsigned int small_alloc(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	objects[0] = kmalloc(OBJECT_SIZE, gfp);
	return !!objects[0];
}

static unsigned int node_alloc(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	objects[0] = kmem_cache_alloc_node(cache, gfp, numa_mem_id());
	return !!objects[0];
}

static unsigned int large_alloc(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	objects[0] = kmalloc(BULK * OBJECT_SIZE, gfp);
	return objects[0] ? BULK : 0;
}

static void bulk_of_kmalloc_free(struct kmem_cache *cache, void **objects)
{
	kfree_bulk(1, objects);
}

static void many_of_kmalloc_free(struct kmem_cache *cache, void **objects)
{
	kfree_bulk(BULK, objects);
}

static unsigned int many_alloc(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	unsigned int nr;

	for (nr = 0; nr < BULK; nr++) {
		if (small_alloc(cache, gfp, &objects[nr]))
			continue;
		kfree_bulk(nr, objects);
		return 0;
	}
	return BULK;
}

struct late_object {
	struct rcu_head rcu;
};

static void late_free(struct kmem_cache *cache, void **objects)
{
	kfree_rcu((struct late_object *)objects[0], rcu);
}

static void require_checks(struct kunit *test)
{
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
}

static struct file *high;

static void close_high(void *file)
{
	fput(file);
}

static void open_high(struct kunit *test)
{
	struct vfsmount *mnt = kern_mount(get_fs_type("cgroup2"));

	KUNIT_ASSERT_FALSE(test, IS_ERR(mnt));
	high = file_open_root_mnt(mnt, "/kmem_kunit/memory.high", O_WRONLY, 0);
	kern_unmount(mnt);
	KUNIT_ASSERT_FALSE(test, IS_ERR(high));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, close_high, high), 0);
}

static void set_high(const char *text)
{
	loff_t pos = 0;

	kernel_write(high, text, strlen(text), &pos);
}

/*
 * As small_alloc(), after which the stocks are drained, with a page in them. Source:
 * memory_high_write(), which does so, and reclaims if that is not enough.
 */
static unsigned int drained_alloc(struct kmem_cache *cache, gfp_t gfp, void **objects)
{
	unsigned int got;
	char text[24];

	kfree(kmalloc(1, gfp));
	got = small_alloc(cache, gfp, objects);
	snprintf(text, sizeof(text), "%lu", (charged() - 1) * PAGE_SIZE);
	set_high(text);
	set_high("max");
	return got;
}

#define CHECKED		(SLAB_ACCOUNT | SLAB_CONSISTENCY_CHECKS)
#define DIRECT		(SLAB_ACCOUNT | SLAB_NOLEAKTRACE)
#define RECLAIMABLE	(__GFP_ACCOUNT | __GFP_RECLAIMABLE)

static const struct allocator accounted[] = {
	{ "cache", SLAB_ACCOUNT, 0, cache_alloc, cache_free, 1 },
	{ "cache_zeroed", SLAB_ACCOUNT, __GFP_ZERO, cache_alloc, cache_free, 1 },
	{ "cache_node", SLAB_ACCOUNT, 0, node_alloc, cache_free, 1 },
	{ "cache_reclaimable", SLAB_ACCOUNT | SLAB_RECLAIM_ACCOUNT, 0, cache_alloc, cache_free, 1 },
	{ "cache_large", SLAB_ACCOUNT, 0, cache_large_alloc, cache_free, BULK,
	  .size = BULK * OBJECT_SIZE },
	{ "cache_bulk", SLAB_ACCOUNT, 0, bulk_alloc, bulk_free, BULK },
	{ "cache_bulk_checked", CHECKED, 0, bulk_alloc, bulk_free, BULK, require_checks },
	{ "cache_bulk_direct", DIRECT, 0, bulk_alloc, bulk_free, BULK },
	{ "cache_bulk_of_one", SLAB_ACCOUNT, 0, bulk_of_one_alloc, plain_free, 1 },
	{ "cache_kfree", SLAB_ACCOUNT, 0, cache_alloc, plain_free, 1 },
	{ "cache_kfree_rcu", SLAB_ACCOUNT, 0, cache_alloc, late_free, 1,
	  kmem_require_kfree_rcu_barrier, kmem_kfree_rcu_barrier },
	{ "cache_gfp", 0, __GFP_ACCOUNT, cache_alloc, cache_free, 1 },
	{ "cache_gfp_bulk", 0, __GFP_ACCOUNT, bulk_alloc, bulk_free, BULK },
	{ "kmalloc", 0, __GFP_ACCOUNT, small_alloc, plain_free, 1 },
	{ "kmalloc_reclaimable", 0, RECLAIMABLE, small_alloc, plain_free, 1 },
	{ "kmalloc_bulk", 0, __GFP_ACCOUNT, small_alloc, bulk_of_kmalloc_free, 1 },
	{ "kmalloc_many", 0, __GFP_ACCOUNT, many_alloc, many_of_kmalloc_free, BULK },
	{ "kmalloc_drained", 0, __GFP_ACCOUNT, drained_alloc, plain_free, 1, open_high },
	{ "kmalloc_large", 0, __GFP_ACCOUNT, large_alloc, plain_free, BULK },
};

KUNIT_ARRAY_PARAM_DESC(accounted, accounted, name);

static const struct allocator unaccounted[] = {
	{ "cache", 0, 0, cache_alloc, cache_free, 1 },
	{ "cache_bulk", 0, 0, bulk_alloc, bulk_free, BULK },
	{ "kmalloc", 0, 0, small_alloc, plain_free, 1 },
	{ "kmalloc_large", 0, 0, large_alloc, plain_free, BULK },
};

KUNIT_ARRAY_PARAM_DESC(unaccounted, unaccounted, name);

/*
 * What is allocated with __GFP_ACCOUNT or from a SLAB_ACCOUNT cache is charged to the cgroup that
 * is active, and uncharged when it is freed, whoever is active then; and so is what waits in stock.
 * Source: <linux/gfp_types.h>, __GFP_ACCOUNT; <linux/slab.h>, SLAB_ACCOUNT; set_active_memcg();
 * drain_obj_stock(), mm/memcontrol.c
 */
static void accounted_memory_is_charged_until_it_is_freed(struct kunit *test)
{
	expect_charged_until_freed(test, test->param_value);
}

/*
 * Memory that nobody asked to account is charged to no cgroup.
 * Source: <linux/gfp_types.h>, __GFP_ACCOUNT
 */
static void other_memory_is_not_charged(struct kunit *test)
{
	struct haul *haul;
	long before;

	enter(test);
	before = charged();
	haul = take_all(test, "kmem_charged", test->param_value, GFP_KERNEL);
	expect_charged(test, before, 0, 0, "by allocating");
	expect_uncharged(test, haul, before);
}

/*
 * An allocation that its cgroup has no room for and that may not wait fails, all of it, and keeps
 * neither memory nor charge; what was freed can be had again.
 * Source: memcg_slab_post_alloc_hook(), mm/slub.c; Documentation/admin-guide/cgroup-v2.rst,
 * memory.max
 */
static void allocation_beyond_the_limit_fails(struct kunit *test)
{
	expect_failure_beyond_the_limit(test, test->param_value);
}

#define REFUSALS	8

/*
 * A bulk that its cgroup has room for half of keeps nothing of that: what was free before can still
 * be had. Source: __memcg_slab_post_alloc_hook(), "kmem_cache_free_bulk() will uncharge any objects
 * that were already charged".
 */
static void refused_bulk_keeps_no_charge(struct kunit *test)
{
	unsigned int i, round, nr, refused = 0;
	void *objects[BULK];
	struct haul *haul;

	enter(test);
	limit_charges(test, LIMIT);
	haul = take(test, "kmem_charged", &accounted[0], GFP_ATTEMPT);
	nr = haul->nr;
	KUNIT_ASSERT_GE(test, nr, REFUSALS * BULK / 2);
	for (round = 0; round < REFUSALS; round++) {
		for (i = 0; i < BULK / 2; i++)
			cache_free(haul->cache, &haul->objects[--haul->nr]);
		if (bulk_alloc(haul->cache, GFP_ATTEMPT, objects))
			bulk_free(haul->cache, objects);
		else
			refused++;
		while (haul->nr < NR_OBJECTS &&
		       cache_alloc(haul->cache, GFP_ATTEMPT, &haul->objects[haul->nr]))
			haul->nr++;
	}
	/* others may give back some memory meanwhile */
	KUNIT_EXPECT_GT(test, refused, REFUSALS / 2);
	KUNIT_EXPECT_GT(test, haul->nr + BULK, nr);
}

static const char *const kinds[] = {
	"slab_unreclaimable", "slab_reclaimable", "slab", "kernel"
};

#define NR_KINDS	ARRAY_SIZE(kinds)

/* A line of memory.stat, in pages. */
static long memory_stat(struct kunit *test, unsigned int kind)
{
	return cgroup_figure(test, "/kmem_kunit/memory.stat", kinds[kind]) / PAGE_SIZE;
}

static void read_stat(struct kunit *test, long *now)
{
	unsigned int i;

	for (i = 0; i < NR_KINDS; i++)
		now[i] = memory_stat(test, i);
}

/* Expect so much more slab memory of a kind, no more of the other one, and as much of both. */
static void expect_stat(struct kunit *test, const long *since, bool reclaimable,
			long pages, long slack)
{
	unsigned int i;

	for (i = 0; i < NR_KINDS; i++) {
		bool grows = i != !reclaimable;

		expect_pages(test, memory_stat(test, i) - since[i], grows ? pages : 0,
			     grows ? slack : 0, kinds[i]);
	}
}

/*
 * memory.stat tells what slab memory a cgroup has, reclaimable or not; large memory of kmalloc()
 * is of that, too. All of it is slab memory, and kernel memory.
 * Source: Documentation/admin-guide/cgroup-v2.rst, memory.stat
 */
static void memory_stat_tells_slab_memory(struct kunit *test)
{
	const struct allocator *by = test->param_value;
	struct haul *haul;
	bool reclaimable;
	long before[NR_KINDS];

	enter(test);
	read_stat(test, before);
	haul = take_all(test, "kmem_charged", by, GFP_KERNEL);
	reclaimable = kmem_origin(haul->objects[0]).flags & SLAB_RECLAIM_ACCOUNT;
	expect_stat(test, before, reclaimable, NR_PAGES, OVERHEAD);
	give_back(haul);
	expect_stat(test, before, reclaimable, 0, other_stocks(by));
}

struct errand {
	struct tasklet_struct tasklet;
	struct mem_cgroup *choice;
	void *objects[3 * STOCK];
	unsigned int nr;
	bool in_interrupt;
};

static void run_errand(struct tasklet_struct *tasklet)
{
	struct errand *errand = container_of(tasklet, struct errand, tasklet);
	struct mem_cgroup *old = set_active_memcg(errand->choice);

	errand->in_interrupt = in_serving_softirq();
	while (errand->nr < ARRAY_SIZE(errand->objects) &&
	       small_alloc(NULL, GFP_ATOMIC | __GFP_ACCOUNT, &errand->objects[errand->nr]))
		errand->nr++;
	set_active_memcg(old);
}

/* Let an interrupt allocate for a cgroup of its choice, or for none. */
static void expect_charge_by_interrupt(struct kunit *test, struct mem_cgroup *choice, long pages)
{
	struct errand *errand = kunit_kzalloc(test, sizeof(*errand), GFP_KERNEL);
	long before = charged();

	KUNIT_ASSERT_NOT_NULL(test, errand);
	errand->choice = choice;
	tasklet_setup(&errand->tasklet, run_errand);
	/* it runs when softirqs are enabled again, on top of this task */
	local_bh_disable();
	tasklet_schedule(&errand->tasklet);
	local_bh_enable();
	tasklet_kill(&errand->tasklet);
	KUNIT_EXPECT_TRUE(test, errand->in_interrupt);
	KUNIT_EXPECT_EQ(test, errand->nr, ARRAY_SIZE(errand->objects));
	expect_charged(test, before, pages, 2 * pages, "by an interrupt");
	while (errand->nr)
		kfree(errand->objects[--errand->nr]);
	expect_charged(test, before, 0, 0, "after all was freed");
}

/*
 * What an interrupt allocates is not charged to the cgroup that is active in the task that it came
 * upon. Source: int_active_memcg, mm/memcontrol.c, "Active memory cgroup to use from an interrupt
 * context"; set_active_memcg()
 */
static void interrupt_is_not_charged_to_the_task(struct kunit *test)
{
	enter(test);
	expect_charge_by_interrupt(test, NULL, 0);
}

/* It is charged to the one that the interrupt makes active, if it does. Source: as before. */
static void interrupt_charges_whom_it_likes(struct kunit *test)
{
	enter(test);
	set_active_memcg(NULL);
	expect_charge_by_interrupt(test, memcg, 3 * STOCK * OBJECT_SIZE / PAGE_SIZE);
}

/*
 * Where there is nobody to charge, such as before there is any cgroup, memory to
 * account can be had all the same, each object and many at once. Source:
 * memcg_slab_post_alloc_hook(), mm/slub.c.
 */
static void accounted_memory_needs_no_cgroup(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_charged", OBJECT_SIZE,
						      SLAB_ACCOUNT, NULL);
	void *objects[BULK];

	kmem_take(test, cache, BULK);
	KUNIT_ASSERT_TRUE(test, kmem_cache_alloc_bulk(cache, GFP_KERNEL, BULK, objects));
	kmem_cache_free_bulk(cache, BULK, objects);
}

/*
 * kmem_cache_charge() succeeds where there is nobody to charge, such as before there is any cgroup.
 * Source: kmem_cache_charge(), <linux/slab.h>, "true even if the charging was not done"
 */
static void charge_of_nobody_succeeds(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_charged", OBJECT_SIZE, 0, NULL);
	struct kmem_batch *batch = kmem_take(test, cache, BULK);
	unsigned int i;

	if (!kmem_has_cache_charge())
		kunit_skip(test, "needs Linux 6.12");
	for (i = 0; i < batch->nr; i++)
		KUNIT_EXPECT_TRUE_MSG(test, kmem_cache_charge(batch->objects[i], GFP_KERNEL),
				      "number %u", i);
}

static const struct allocator chargeable[] = {
	{ "cache", 0, 0, cache_alloc, cache_free, 1 },
	{ "kmalloc_large", 0, 0, large_alloc, plain_free, BULK },
};

KUNIT_ARRAY_PARAM_DESC(chargeable, chargeable, name);

/* Takes memory on nobody's account, and enters the cgroup that it can be charged to. */
static struct haul *take_unaccounted(struct kunit *test, const struct allocator *by)
{
	struct haul *haul;
	long before;

	if (!kmem_has_cache_charge())
		kunit_skip(test, "needs Linux 6.12");
	require_memcg(test);
	before = charged();
	haul = take_all(test, "kmem_charged", by, GFP_KERNEL);
	expect_charged(test, before, 0, 0, "by allocating");
	enter(test);
	return haul;
}

/* Returns for how many objects a charge succeeded. */
static unsigned int charge_all(struct haul *haul, gfp_t gfp)
{
	unsigned int i, done = 0;

	for (i = 0; i < haul->nr; i += haul->by->step)
		done += kmem_cache_charge(haul->objects[i], gfp) ? haul->by->step : 0;
	return done;
}

/*
 * kmem_cache_charge() charges an object that was allocated without, or large memory of kmalloc(),
 * once; freeing uncharges it.
 * Source: kmem_cache_charge(), <linux/slab.h>
 */
static void object_can_be_charged_later(struct kunit *test)
{
	struct haul *haul = take_unaccounted(test, test->param_value);
	long before = charged(), pages;

	KUNIT_ASSERT_EQ(test, charge_all(haul, GFP_KERNEL), NR_OBJECTS);
	expect_charged(test, before, NR_PAGES, OVERHEAD, "by charging");
	pages = charged() - before;
	before = charged();
	KUNIT_ASSERT_EQ(test, charge_all(haul, GFP_KERNEL), NR_OBJECTS);
	expect_charged(test, before, 0, 0, "by charging again");
	give_back(haul);
	expect_charged(test, before, -pages, pages - NR_PAGES,
		       "by freeing, beyond what was before");
}

/*
 * What kmem_cache_charge() charges is slab memory of the cgroup from then on, and no more of it
 * for the node than before.
 * Source: memcg_slab_post_charge(), mm/slub.c, "subtract from the global and use the interface
 * which adds to both"; Documentation/filesystems/proc.rst, SUnreclaim
 */
static void later_charge_counts_memory_once(struct kunit *test)
{
	struct haul *haul = take_unaccounted(test, test->param_value);
	const long node = kmem_meminfo(test, "SUnreclaim") * SZ_1K / PAGE_SIZE;
	long before[NR_KINDS];

	read_stat(test, before);
	KUNIT_ASSERT_EQ(test, charge_all(haul, GFP_KERNEL), NR_OBJECTS);
	expect_stat(test, before, false, NR_PAGES, OVERHEAD);
	KUNIT_EXPECT_LT_MSG(test, abs((long)kmem_meminfo(test, "SUnreclaim") * SZ_1K / PAGE_SIZE -
				      node), NR_PAGES / 2,
			    "the node's slab memory changes with the charge");
}

/*
 * kmem_cache_charge() charges nothing for small kmalloc() memory that was allocated without
 * __GFP_ACCOUNT.
 * Source: kmem_cache_charge(), <linux/slab.h>, "There are several cases"
 */
static void charge_of_kmalloc_depends_on_its_kind(struct kunit *test)
{
	struct haul *haul;
	long before;

	KMEM_REQUIRE_NOT(test, CONFIG_SLUB_TINY, "its caches are those of reclaimable memory too");
	haul = take_unaccounted(test, &unaccounted[2]);
	before = charged();
	KUNIT_ASSERT_EQ(test, charge_all(haul, GFP_KERNEL), NR_OBJECTS);
	expect_charged(test, before, 0, 0, "by charging kmalloc()'s");
}

/*
 * kmem_cache_charge() fails when the cgroup is full, and leaves the object as it was.
 * Source: kmem_cache_charge(), <linux/slab.h>, "true if charge was successful otherwise false"
 */
static void charge_beyond_the_limit_fails(struct kunit *test)
{
	struct haul *haul = take_unaccounted(test, test->param_value);
	long before = charged();
	unsigned int i, done;

	for (i = 0; i < haul->nr; i += haul->by->step)
		memset(haul->objects[i], i, OBJECT_SIZE);
	limit_charges(test, LIMIT);
	done = charge_all(haul, GFP_ATTEMPT);
	for (i = 0; i < haul->nr; i += haul->by->step)
		if (memchr_inv(haul->objects[i], i, OBJECT_SIZE))
			KUNIT_FAIL(test, "object %u was changed", i);
	KUNIT_EXPECT_GE(test, done, (LIMIT - STOCK) * PAGE_SIZE / OBJECT_SIZE / 2);
	KUNIT_EXPECT_LE(test, done, (LIMIT + STOCK) * PAGE_SIZE / OBJECT_SIZE);
	expect_uncharged(test, haul, before);
}

/*
 * With __GFP_NOFAIL, kmem_cache_charge() charges beyond the limit.
 * Source: kmem_cache_charge(), <linux/slab.h>, "Including __GFP_NOFAIL denotes that overcharging is
 * requested instead of failure"
 */
static void charge_can_be_forced(struct kunit *test)
{
	struct haul *haul = take_unaccounted(test, test->param_value);
	long before = charged();

	limit_charges(test, LIMIT);
	KUNIT_EXPECT_EQ(test, charge_all(haul, GFP_ATTEMPT | __GFP_NOFAIL), NR_OBJECTS);
	expect_charged(test, before, NR_PAGES, OVERHEAD, "beyond its limit");
	expect_uncharged(test, haul, before);
}

#define OWNED	(PAGE_SIZE / 64)

static void use_a_slab(struct kunit *test, void *context)
{
	struct kmem_cache *cache = context;
	static void *objects[OWNED];
	unsigned int i;

	for (i = 0; i < OWNED; i++) {
		objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objects[i]);
	}
	for (i = 0; i < OWNED; i++)
		kmem_cache_free(cache, objects[i]);
	kmem_cache_shrink(cache);
}

/*
 * What is kept of who owns the objects of a slab goes with the slab. Source:
 * alloc_slab_obj_exts(), free_slab_obj_exts().
 */
static void slab_leaves_nothing_of_its_owners(struct kunit *test)
{
	kmem_require_no_quarantine(test);
	enter(test);
	kmem_expect_no_leak(test, OWNED * sizeof(void *), use_a_slab,
			    kmem_private_cache(test, "kmem_owned", 64, SLAB_ACCOUNT, NULL));
}

static struct kunit_case kmem_memcg_cases[] = {
	/* as long as there is no cgroup */
	KUNIT_CASE(accounted_memory_needs_no_cgroup),
	KUNIT_CASE(charge_of_nobody_succeeds),
	KUNIT_CASE_PARAM(accounted_memory_is_charged_until_it_is_freed, accounted_gen_params),
	KUNIT_CASE_PARAM(other_memory_is_not_charged, unaccounted_gen_params),
	KUNIT_CASE_PARAM(allocation_beyond_the_limit_fails, accounted_gen_params),
	KUNIT_CASE(refused_bulk_keeps_no_charge),
	KUNIT_CASE_PARAM(memory_stat_tells_slab_memory, accounted_gen_params),
	KUNIT_CASE(interrupt_is_not_charged_to_the_task),
	KUNIT_CASE(interrupt_charges_whom_it_likes),
	KUNIT_CASE_PARAM(object_can_be_charged_later, chargeable_gen_params),
	KUNIT_CASE_PARAM(later_charge_counts_memory_once, chargeable_gen_params),
	KUNIT_CASE(charge_of_kmalloc_depends_on_its_kind),
	KUNIT_CASE_PARAM(charge_beyond_the_limit_fails, chargeable_gen_params),
	KUNIT_CASE_PARAM(charge_can_be_forced, chargeable_gen_params),
	KUNIT_CASE(slab_leaves_nothing_of_its_owners),
	{}
};

static struct kunit_suite kmem_memcg_suite = {
	.name = "kmem_memcg",
	.init = kmem_suite_init,
	.test_cases = kmem_memcg_cases,
};

kunit_test_suite(kmem_memcg_suite);

MODULE_DESCRIPTION("KUnit tests for allocations charged to a memory cgroup");
MODULE_LICENSE("GPL");
