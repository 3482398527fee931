// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the allocators cost: patterns of use, whose operations are counted and not
 * judged. tools/kmem-kunit bench runs them where they can be counted exactly, and
 * compares; what is counted is told in kmem_bench_count.c.
 *
 *	tools/kmem-kunit bench --kernel 7.3
 */
#include <kunit/test.h>
#include <linux/build_bug.h>
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "kmem_bench.h"
#include "kmem_kunit.h"

#define TEXT_MOST	4096

static char text[TEXT_MOST] __aligned(TEXT_MOST);	/* what a copy costs depends on it */
static struct kmem_cache *cache;
static void *bulk_objects[64];

static int kmem_bench_case_init(struct kunit *test)
{
	KMEM_REQUIRE_NOT(test, CONFIG_DEBUG_ATOMIC_SLEEP, "which reports what may sleep");
	KMEM_REQUIRE_NOT(test, CONFIG_PREEMPT_RT, "whose locks sleep");
	return kmem_suite_init(test);
}

static void give_kfree(void *object)
{
	kfree(object);
}

/* The size is known to the compiler, as it is to most callers. */
#define TAKE(size)							\
static void *kmalloc_##size(void)					\
{									\
	return kmalloc(size, GFP_KERNEL);				\
}									\
static_assert(true)

TAKE(8);
TAKE(16);
TAKE(32);
TAKE(64);
TAKE(96);
TAKE(128);
TAKE(192);
TAKE(256);
TAKE(512);
TAKE(1024);
TAKE(2048);
TAKE(4096);
TAKE(8192);

static const struct {
	unsigned int size;
	void *(*take)(void);
} classes[] = {
	{ 8, kmalloc_8 }, { 16, kmalloc_16 }, { 32, kmalloc_32 }, { 64, kmalloc_64 },
	{ 96, kmalloc_96 }, { 128, kmalloc_128 }, { 192, kmalloc_192 }, { 256, kmalloc_256 },
	{ 512, kmalloc_512 }, { 1024, kmalloc_1024 }, { 2048, kmalloc_2048 },
	{ 4096, kmalloc_4096 }, { 8192, kmalloc_8192 },
};

/* The same object again and again; several at once; and given back in another order. */
static const struct {
	const char *name;
	unsigned int burst;
	bool shuffled;
} shapes[] = {
	{ "hot", 1 }, { "burst of 16", 16 }, { "burst of 256", 256 },
	{ "burst of 10000", 10000 }, { "random", 10000, true },
};

static struct kmem_bench kmalloc_patterns[ARRAY_SIZE(classes) * ARRAY_SIZE(shapes)];
static char kmalloc_names[ARRAY_SIZE(kmalloc_patterns)][32];

static int kmem_bench_suite_init(struct kunit_suite *suite)
{
	unsigned int i, class, shape;

	for (i = 0; i < ARRAY_SIZE(kmalloc_patterns); i++) {
		class = i / ARRAY_SIZE(shapes);
		shape = i % ARRAY_SIZE(shapes);
		scnprintf(kmalloc_names[i], sizeof(kmalloc_names[i]), "%u %s",
			  classes[class].size, shapes[shape].name);
		kmalloc_patterns[i] = (struct kmem_bench){
			.name = kmalloc_names[i],
			.take = classes[class].take,
			.give = give_kfree,
			.burst = shapes[shape].burst,
			.shuffled = shapes[shape].shuffled,
		};
	}
	return kmem_bench_init(suite);
}

KUNIT_ARRAY_PARAM_DESC(kmalloc, kmalloc_patterns, name);

/* What kmalloc() and kfree() cost, for each size class. */
static void kmalloc_and_kfree(struct kunit *test)
{
	kmem_bench(test, test->param_value);
}

static void *kzalloc_64(void)
{
	return kzalloc(64, GFP_KERNEL);
}

static void *kzalloc_4096(void)
{
	return kzalloc(4096, GFP_KERNEL);
}

static void *kcalloc_16_4(void)
{
	unsigned int n = 16;

	OPTIMIZER_HIDE_VAR(n);
	return kcalloc(n, 4, GFP_KERNEL);
}

static void *kmalloc_varying(void)
{
	size_t size = 64;

	OPTIMIZER_HIDE_VAR(size);
	return kmalloc(size, GFP_KERNEL);
}

static const struct kmem_bench zeroed_patterns[] = {
	{ "kzalloc 64 hot", kzalloc_64, give_kfree, 1 },
	{ "kzalloc 64 burst of 256", kzalloc_64, give_kfree, 256 },
	{ "kzalloc 4096 hot", kzalloc_4096, give_kfree, 1 },
	{ "kcalloc 16 of 4 hot", kcalloc_16_4, give_kfree, 1 },
	{ "kmalloc of any size, 64 hot", kmalloc_varying, give_kfree, 1 },
};

KUNIT_ARRAY_PARAM_DESC(zeroed, zeroed_patterns, name);

/* What relatives of kmalloc() cost. */
static void relatives(struct kunit *test)
{
	kmem_bench(test, test->param_value);
}

/* Strings of so many characters, with the NUL, are the ends of one. */
static void *kstrdup_16(void)
{
	return kstrdup(text + TEXT_MOST - 16, GFP_KERNEL);
}

static void *kstrdup_256(void)
{
	return kstrdup(text + TEXT_MOST - 256, GFP_KERNEL);
}

static void *kstrdup_4096(void)
{
	return kstrdup(text, GFP_KERNEL);
}

static void *kmemdup_64(void)
{
	return kmemdup(text, 64, GFP_KERNEL);
}

static void *kmemdup_4096(void)
{
	return kmemdup(text, 4096, GFP_KERNEL);
}

static void *krealloc_moving(void)
{
	return krealloc(kmalloc(64, GFP_KERNEL), 128, GFP_KERNEL);
}

static void *krealloc_in_place(void)
{
	return krealloc(kmalloc(40, GFP_KERNEL), 64, GFP_KERNEL);
}

static const struct kmem_bench copy_patterns[] = {
	{ "kstrdup 16", kstrdup_16, give_kfree, 1 },
	{ "kstrdup 256", kstrdup_256, give_kfree, 1 },
	{ "kstrdup 4096", kstrdup_4096, give_kfree, 1 },
	{ "kmemdup 64", kmemdup_64, give_kfree, 1 },
	{ "kmemdup 4096", kmemdup_4096, give_kfree, 1 },
	{ "kmalloc 40, krealloc to 64", krealloc_in_place, give_kfree, 1 },
	{ "kmalloc 64, krealloc to 128", krealloc_moving, give_kfree, 1 },
};

KUNIT_ARRAY_PARAM_DESC(copies, copy_patterns, name);

/* What duplicates and reallocations cost. */
static void copies(struct kunit *test)
{
	memset(text, 'x', TEXT_MOST - 1);
	kmem_bench(test, test->param_value);
}

static void *cache_alloc(void)
{
	return kmem_cache_alloc(cache, GFP_KERNEL);
}

static void *cache_zalloc(void)
{
	return kmem_cache_zalloc(cache, GFP_KERNEL);
}

static void cache_free(void *object)
{
	kmem_cache_free(cache, object);
}

static void construct(void *object)
{
	memset(object, 0x5a, 8);
}

static const struct kmem_bench cache_patterns[] = {
	{ "alloc hot", cache_alloc, cache_free, 1 },
	{ "alloc burst of 256", cache_alloc, cache_free, 256 },
	{ "alloc burst of 10000", cache_alloc, cache_free, 10000 },
	{ "zalloc hot", cache_zalloc, cache_free, 1 },
	{ "zalloc burst of 256", cache_zalloc, cache_free, 256 },
};

KUNIT_ARRAY_PARAM_DESC(caches, cache_patterns, name);

static void bench_cache(struct kunit *test, void (*ctor)(void *))
{
	cache = kmem_cache_create("kmem_bench", 200, 0, SLAB_NO_MERGE, ctor);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	kmem_adopt_cache(test, cache);
	kmem_bench(test, test->param_value);
}

/* What objects of a cache cost. */
static void objects_of_a_cache(struct kunit *test)
{
	bench_cache(test, NULL);
}

static const struct kmem_bench ctor_patterns[] = {
	{ "alloc hot", cache_alloc, cache_free, 1 },
	{ "alloc burst of 256", cache_alloc, cache_free, 256 },
	{ "alloc burst of 10000", cache_alloc, cache_free, 10000 },
};

KUNIT_ARRAY_PARAM_DESC(ctors, ctor_patterns, name);

/* What objects cost that a constructor prepares. */
static void constructed_objects(struct kunit *test)
{
	bench_cache(test, construct);
}

static void *take_bulk_16(void)
{
	return kmem_cache_alloc_bulk(cache, GFP_KERNEL, 16, bulk_objects) ? bulk_objects : NULL;
}

static void give_bulk_16(void *taken)
{
	kmem_cache_free_bulk(cache, 16, bulk_objects);
}

static void *take_bulk_64(void)
{
	return kmem_cache_alloc_bulk(cache, GFP_KERNEL, 64, bulk_objects) ? bulk_objects : NULL;
}

static void give_bulk_64(void *taken)
{
	kmem_cache_free_bulk(cache, 64, bulk_objects);
}

static const struct kmem_bench bulk_patterns[] = {
	{ "16", take_bulk_16, give_bulk_16, 1, .objects = 16, .cache = &cache },
	{ "64", take_bulk_64, give_bulk_64, 1, .objects = 64, .cache = &cache },
};

KUNIT_ARRAY_PARAM_DESC(bulks, bulk_patterns, name);

/* What objects cost that are taken and given back as a bulk, each of them. */
static void bulk(struct kunit *test)
{
	bench_cache(test, NULL);
}

static void *cache_create(void)
{
	return kmem_cache_create("kmem_bench", 200, 0, SLAB_NO_MERGE, NULL);
}

static void cache_destroy(void *created)
{
	kmem_cache_destroy(created);
}

static struct kmem_cache *no_cache;
static const struct kmem_bench life_patterns[] = {
	{ "create", cache_create, cache_destroy, 1, .half = KMEM_BENCH_TAKE, .may_sleep = true,
	  .cache = &no_cache },
	{ "destroy", cache_create, cache_destroy, 1, .half = KMEM_BENCH_GIVE, .may_sleep = true,
	  .cache = &no_cache },
};

KUNIT_ARRAY_PARAM_DESC(lives, life_patterns, name);

/* What it costs to create a cache, and to destroy it. */
static void life_of_a_cache(struct kunit *test)
{
	kmem_bench(test, test->param_value);
}

/* Up to KMALLOC_MAX_SIZE, kvmalloc() gets what is contiguous, while there is some. */
static void *kvmalloc_contiguous(void)
{
	return kvmalloc(KMALLOC_MAX_SIZE, GFP_KERNEL);
}

static void *kvmalloc_mapped(void)
{
	return kvmalloc(KMALLOC_MAX_SIZE + PAGE_SIZE, GFP_KERNEL);
}

static void give_kvfree(void *memory)
{
	kvfree(memory);
}

static const struct kmem_bench large_patterns[] = {
	{ "largest contiguous, kvmalloc", kvmalloc_contiguous, give_kvfree, 1,
	  .half = KMEM_BENCH_TAKE, .may_sleep = true },
	{ "largest contiguous, kvfree", kvmalloc_contiguous, give_kvfree, 1,
	  .half = KMEM_BENCH_GIVE, .may_sleep = true },
	{ "smallest mapped, kvmalloc", kvmalloc_mapped, give_kvfree, 1,
	  .half = KMEM_BENCH_TAKE, .may_sleep = true },
	{ "smallest mapped, kvfree", kvmalloc_mapped, give_kvfree, 1,
	  .half = KMEM_BENCH_GIVE, .may_sleep = true },
};

KUNIT_ARRAY_PARAM_DESC(large, large_patterns, name);

/* What memory costs that is too large for a cache, around what is still contiguous. */
static void large_memory(struct kunit *test)
{
	kmem_bench(test, test->param_value);
}

struct deferred {
	struct rcu_head rcu;
	char room[48];
};

static void *take_deferred(void)
{
	return kmalloc(sizeof(struct deferred), GFP_KERNEL);
}

static void give_deferred(void *object)
{
	kfree_rcu((struct deferred *)object, rcu);
}

static const struct kmem_bench deferred_patterns[] = {
	{ "hot", take_deferred, give_deferred, 1, .half = KMEM_BENCH_GIVE },
	{ "burst of 256", take_deferred, give_deferred, 256, .half = KMEM_BENCH_GIVE },
};

KUNIT_ARRAY_PARAM_DESC(deferrals, deferred_patterns, name);

/* What the call of kfree_rcu() costs. */
static void kfree_after_rcu(struct kunit *test)
{
	kmem_bench(test, test->param_value);
}

static void *take_atomic(void)
{
	return kmalloc(64, GFP_ATOMIC);
}

static const struct kmem_bench elsewhere_patterns[] = {
	{ "kfree hot", take_atomic, give_kfree, 1, .half = KMEM_BENCH_GIVE, .elsewhere = true },
	{ "kfree burst of 256", take_atomic, give_kfree, 256, .half = KMEM_BENCH_GIVE,
	  .elsewhere = true },
	{ "kfree burst of 10000", take_atomic, give_kfree, 10000, .half = KMEM_BENCH_GIVE,
	  .elsewhere = true },
};

KUNIT_ARRAY_PARAM_DESC(elsewhere, elsewhere_patterns, name);

/* What it costs to free what another CPU has allocated. */
static void kfree_elsewhere(struct kunit *test)
{
	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
	kmem_bench(test, test->param_value);
}

static struct kunit_case kmem_bench_cases[] = {
	KUNIT_CASE_PARAM(kmalloc_and_kfree, kmalloc_gen_params),
	KUNIT_CASE_PARAM(relatives, zeroed_gen_params),
	KUNIT_CASE_PARAM(copies, copies_gen_params),
	KUNIT_CASE_PARAM(objects_of_a_cache, caches_gen_params),
	KUNIT_CASE_PARAM(constructed_objects, ctors_gen_params),
	KUNIT_CASE_PARAM(bulk, bulks_gen_params),
	KUNIT_CASE_PARAM(life_of_a_cache, lives_gen_params),
	KUNIT_CASE_PARAM(large_memory, large_gen_params),
	KUNIT_CASE_PARAM(kfree_after_rcu, deferrals_gen_params),
	KUNIT_CASE_PARAM(kfree_elsewhere, elsewhere_gen_params),
	{}
};

static struct kunit_suite kmem_bench_suite = {
	.name = "kmem_bench",
	.suite_init = kmem_bench_suite_init,
	.suite_exit = kmem_bench_exit,
	.init = kmem_bench_case_init,
	.test_cases = kmem_bench_cases,
};

kunit_test_suite(kmem_bench_suite);

MODULE_DESCRIPTION("KUnit patterns that count what allocations cost");
MODULE_LICENSE("GPL");
