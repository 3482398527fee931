// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfree() and its relatives.
 *
 * That memory is freed is seen in two ways: the allocator hands it out again,
 * and a private cache whose objects are all freed can be destroyed without
 * complaint.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_kfree'
 */
#include <kunit/test.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/kfence.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/vmstat.h>
#include "kmem_kunit.h"

#define DIRT		0xd1
/* how many allocations may pass until the freed memory comes back */
#define TRIES		4096
/* what the allocator may write into freed memory: a free pointer, KASAN's data */
#define FREE_METADATA	((IS_ENABLED(CONFIG_KASAN) ? 4 : 1) * sizeof(void *))
/* more than a cache puts into one slab */
#define MANY		80

/**
 * struct release - a function that frees memory
 * @name: of the parameter
 * @free: calls it
 */
struct release {
	const char *name;
	void (*free)(void *memory, size_t size);
};

static void free_by_kfree(void *memory, size_t size)
{
	kfree(memory);
}

static void free_by_kfree_const(void *memory, size_t size)
{
	kfree_const(memory);
}

static void free_by_kfree_sensitive(void *memory, size_t size)
{
	kfree_sensitive(memory);
}

static void free_by_kvfree(void *memory, size_t size)
{
	kvfree(memory);
}

static void free_by_kvfree_sensitive(void *memory, size_t size)
{
	kvfree_sensitive(memory, size);
}

static void free_by_kfree_scope(void *memory, size_t size)
{
	void *scoped __free(kfree) = memory;

	/* or the compiler finds scoped unused */
	OPTIMIZER_HIDE_VAR(scoped);
}

static void free_by_kvfree_scope(void *memory, size_t size)
{
	void *scoped __free(kvfree) = memory;

	OPTIMIZER_HIDE_VAR(scoped);
}

static void free_by_kfree_sensitive_scope(void *memory, size_t size)
{
	void *scoped __free(kfree_sensitive) = memory;

	OPTIMIZER_HIDE_VAR(scoped);
}

static void free_by_kvfree_atomic_scope(void *memory, size_t size)
{
	void *scoped __free(kvfree_atomic) = memory;

	OPTIMIZER_HIDE_VAR(scoped);
}

static void free_by_kfree_bulk(void *memory, size_t size)
{
	if (!ZERO_OR_NULL_PTR(memory))
		kfree_bulk(1, &memory);
}

#define RELEASE(function)	{ #function, free_by_##function }

static const struct release releases[] = {
	RELEASE(kfree),
	RELEASE(kfree_const),
	RELEASE(kfree_sensitive),
	RELEASE(kvfree),
	RELEASE(kvfree_sensitive),
	RELEASE(kfree_scope),
	RELEASE(kvfree_scope),
	RELEASE(kfree_sensitive_scope),
	RELEASE(kvfree_atomic_scope),
	RELEASE(kfree_bulk),
};

KUNIT_ARRAY_PARAM_DESC(release, releases, name);

/*
 * NULL and ZERO_SIZE_PTR may be freed like anything else, and nothing is done.
 * Source: kfree(), "If @object is NULL, no operation is performed"; the comment
 * on ZERO_SIZE_PTR; kvfree_sensitive(), whose length does not matter then.
 */
static void nothing_may_be_freed(struct kunit *test)
{
	const struct release *release = test->param_value;

	KMEM_EXPECT_SILENCE(test, release->free(NULL, 0));
	KMEM_EXPECT_SILENCE(test, release->free(NULL, 16));
	KMEM_EXPECT_SILENCE(test, release->free(ZERO_SIZE_PTR, 0));
	KMEM_EXPECT_SILENCE(test, release->free(ZERO_SIZE_PTR, 16));
	KMEM_EXPECT_SILENCE(test, kfree_bulk(0, NULL));
}

/* Where to get memory from: a private cache, or kmalloc() if it is NULL. */
static noinline void *take(struct kmem_cache *cache, size_t size)
{
	return cache ? kmem_cache_alloc(cache, GFP_KERNEL) : kmalloc(size, GFP_KERNEL);
}

/**
 * struct dirty - memory that is full of dirt
 * @cache: where it is from, or NULL for kmalloc()
 * @size: that was asked for
 * @whole: what kfree_sensitive() takes for its size
 * @memory: the memory
 * @neighbours: more of it from before and after, so that the slab is not given up
 */
struct dirty {
	struct kmem_cache *cache;
	size_t size, whole;
	u8 *memory, *neighbours[2];
};

static struct dirty make_dirty(struct kunit *test, struct kmem_cache *cache, size_t size)
{
	struct dirty dirty = { .cache = cache, .size = size };

	if (!cache)
		KMEM_REQUIRE_NOT(test, CONFIG_KASAN_GENERIC, "whose quarantine keeps kmalloc()'s");
	dirty.neighbours[0] = take(cache, size);
	dirty.memory = take(cache, size);
	dirty.neighbours[1] = take(cache, size);
	KUNIT_ASSERT_NOT_NULL_MSG(test, dirty.neighbours[0], "size %zu", size);
	KUNIT_ASSERT_NOT_NULL_MSG(test, dirty.memory, "size %zu", size);
	KUNIT_ASSERT_NOT_NULL_MSG(test, dirty.neighbours[1], "size %zu", size);
	/* KFENCE does not use memory again soon; two in a row are not from it */
	if (is_kfence_address(dirty.memory))
		swap(dirty.memory, dirty.neighbours[0]);
	dirty.whole = IS_ENABLED(CONFIG_KASAN) ? size : ksize(dirty.memory);
	memset(dirty.memory, DIRT, dirty.whole);
	return dirty;
}

/* Allocate until the memory comes back, and keep that only. */
static void expect_back(struct kunit *test, const struct dirty *dirty)
{
	static void *kept[TRIES];
	void *memory = NULL;
	unsigned int nr = 0;

	while (nr < TRIES) {
		memory = take(dirty->cache, dirty->size);
		if (!memory || memory == dirty->memory)
			break;
		kept[nr++] = memory;
	}
	while (nr)
		kfree(kept[--nr]);
	KUNIT_ASSERT_PTR_EQ_MSG(test, memory, dirty->memory, "size %zu: it did not come back",
				dirty->size);
}

static void free_dirty(const struct dirty *dirty)
{
	kfree(dirty->memory);
	kfree(dirty->neighbours[0]);
	kfree(dirty->neighbours[1]);
}

/* Sizes of every class, and of what no class has. */
static const size_t sizes[] = {
	8, 16, 32, 64, 96, 128, 192, 256, SZ_512, SZ_1K, SZ_2K, SZ_4K, SZ_8K, SZ_16K, SZ_32K,
};

/*
 * What was freed is handed out again, be it from a slab or whole pages. Source:
 * kfree(), "free previously allocated memory".
 */
static void freed_memory_comes_back(struct kunit *test)
{
	const struct release *release = test->param_value;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct dirty dirty = make_dirty(test, NULL, sizes[i]);

		release->free(dirty.memory, sizes[i]);
		expect_back(test, &dirty);
		free_dirty(&dirty);
	}
}

/*
 * Any cache's objects may be freed, each of them goes back to its own cache,
 * and when all have, the cache can be destroyed. Source: kfree(), "pointer
 * returned by kmalloc() ... or kmem_cache_alloc()".
 */
static void freed_objects_leave_their_cache_empty(struct kunit *test)
{
	const struct release *release = test->param_value;
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_kfree", 100, 0, NULL);
	struct kmem_batch *batch = kmem_take(test, cache, MANY);

	KMEM_EXPECT_SILENCE(test, {
		while (batch->nr)
			release->free(batch->objects[--batch->nr], 100);
		kmem_private_cache_destroy(test, cache);
	});
}

/* How many bytes of memory are still dirt. */
static size_t count_dirt(const u8 *memory, size_t size)
{
	size_t i, count = 0;

	for (i = 0; i < size; i++)
		count += memory[i] == DIRT;
	return count;
}

static void require_lasting_dirt(struct kunit *test)
{
	if (want_init_on_alloc(GFP_KERNEL) || want_init_on_free())
		kunit_skip(test, "needs a boot without init_on_alloc=1 and init_on_free=1");
}

static void expect_wiped(struct kunit *test, const struct release *release, struct dirty dirty)
{
	/* the length that is given is what was asked for, the other function finds its own */
	size_t size = release->free == free_by_kvfree_sensitive ? dirty.size : dirty.whole;

	release->free(dirty.memory, dirty.size);
	expect_back(test, &dirty);
	KUNIT_EXPECT_LE_MSG(test, count_dirt(dirty.memory, size), FREE_METADATA,
			    "size %zu of %zu", dirty.size, dirty.whole);
	free_dirty(&dirty);
}

static const struct release wiping_releases[] = {
	RELEASE(kfree_sensitive),
	RELEASE(kfree_sensitive_scope),
	RELEASE(kvfree_sensitive),
};

KUNIT_ARRAY_PARAM_DESC(wiping_release, wiping_releases, name);

/*
 * Sensitive memory is cleared before it is freed: kfree_sensitive() clears all
 * that ksize() says, which may be more than was asked for, kvfree_sensitive()
 * as much as it is told. Source: their kernel-doc.
 */
static void sensitive_object_is_wiped(struct kunit *test)
{
	static const unsigned int object_sizes[] = { 8, 24, 63, 64, 100, 1000, 2050, 4096, 8000 };
	const struct release *release = test->param_value;
	unsigned int i;

	require_lasting_dirt(test);
	for (i = 0; i < ARRAY_SIZE(object_sizes); i++) {
		struct kmem_cache *cache = kmem_private_cache(test, "kmem_kfree", object_sizes[i],
							      0, NULL);

		expect_wiped(test, release, make_dirty(test, cache, object_sizes[i]));
		kmem_private_cache_destroy(test, cache);
	}
}

/* So is kmalloc()'s, of all classes and of whole pages. */
static void sensitive_memory_is_wiped(struct kunit *test)
{
	const struct release *release = test->param_value;
	unsigned int i;

	require_lasting_dirt(test);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct dirty dirty = make_dirty(test, NULL, sizes[i] - 3);

		/* poison would cover the dirt */
		if (kmem_origin(dirty.memory).flags & SLAB_POISON) {
			free_dirty(&dirty);
			continue;
		}
		expect_wiped(test, release, dirty);
	}
}

/* That plain kfree() leaves the dirt where it is shows that the two cases above see it. */
static void plain_memory_is_not_wiped(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_kfree", 1000, 0, NULL);
	struct dirty dirty;

	require_lasting_dirt(test);
	dirty = make_dirty(test, cache, 1000);
	kfree(dirty.memory);
	expect_back(test, &dirty);
	KUNIT_EXPECT_GE(test, count_dirt(dirty.memory, 1000), 1000 - FREE_METADATA);
	free_dirty(&dirty);
}

#define MAPPED_PAGES	4
#define MAPPED_SIZE	(MAPPED_PAGES * PAGE_SIZE)

/**
 * struct mapping - memory of vmalloc(), whose pages outlive it
 * @memory: it
 * @pages: each with a reference of our own
 */
struct mapping {
	u8 *memory;
	struct page *pages[MAPPED_PAGES];
};

static void put_pages(void *context)
{
	struct mapping *mapping = context;
	unsigned int i;

	for (i = 0; i < MAPPED_PAGES; i++)
		put_page(mapping->pages[i]);
}

static struct mapping *map_dirty(struct kunit *test)
{
	struct mapping *mapping = kunit_kzalloc(test, sizeof(*mapping), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, mapping);
	mapping->memory = vmalloc(MAPPED_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, mapping->memory);
	memset(mapping->memory, DIRT, MAPPED_SIZE);
	for (i = 0; i < MAPPED_PAGES; i++) {
		mapping->pages[i] = vmalloc_to_page(mapping->memory + i * PAGE_SIZE);
		get_page(mapping->pages[i]);
	}
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, put_pages, mapping), 0);
	return mapping;
}

static u8 byte_of(const struct mapping *mapping, size_t offset)
{
	return kmem_peek(page_address(mapping->pages[offset / PAGE_SIZE]) + offset % PAGE_SIZE);
}

static const struct release mapped_releases[] = {
	RELEASE(kvfree),
	RELEASE(kvfree_scope),
	RELEASE(kvfree_sensitive),
};

KUNIT_ARRAY_PARAM_DESC(mapped_release, mapped_releases, name);

/*
 * kvfree() and its forms free mapped memory as well: nobody but us holds its
 * pages afterwards. Source: kvfree(), "frees memory allocated by any of
 * vmalloc(), kmalloc() or kvmalloc()".
 */
static void mapped_memory_is_freed(struct kunit *test)
{
	const struct release *release = test->param_value;
	struct mapping *mapping = map_dirty(test);
	unsigned int i;

	release->free(mapping->memory, MAPPED_SIZE);
	for (i = 0; i < MAPPED_PAGES; i++)
		KUNIT_EXPECT_EQ_MSG(test, page_count(mapping->pages[i]), 1, "page %u", i);
}

/*
 * kvfree_sensitive() clears mapped memory before it is freed, as much as it is
 * told and no more. Source: its kernel-doc, "length of the data object".
 */
static void sensitive_mapped_memory_is_wiped(struct kunit *test)
{
	static const size_t lengths[] = {
		1, 100, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, 2 * PAGE_SIZE + 77, MAPPED_SIZE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct mapping *mapping = map_dirty(test);
		size_t length = 0;

		kvfree_sensitive(mapping->memory, lengths[i]);
		while (length < MAPPED_SIZE && !byte_of(mapping, length))
			length++;
		KUNIT_EXPECT_EQ(test, length, lengths[i]);
		while (length < MAPPED_SIZE && byte_of(mapping, length) == DIRT)
			length++;
		KUNIT_EXPECT_EQ_MSG(test, length, MAPPED_SIZE, "%zu bytes", lengths[i]);
	}
}

/* How the objects of an array follow on each other: a letter of whom each one is. */
static const struct pattern {
	const char *name;
	const char *order;
} patterns[] = {
	{ "one", "a" },
	{ "one_cache", "aa" },
	{ "two_caches", "ab" },
	{ "three_caches", "abc" },
	{ "five_apart", "abbbbbcccccc" },
	{ "pages_only", "L" },
	{ "pages_first", "Laaabbb" },
	{ "pages_last", "aaabbbL" },
	{ "pages_between", "aLbLcL" },
	{ "kmalloc", "aklmLkb" },
};

KUNIT_ARRAY_PARAM_DESC(pattern, patterns, name);

/*
 * kfree_bulk() frees every object of an array, from whichever caches they are,
 * large memory among them, and nothing besides: who was not in the array keeps
 * what it holds. Source: kfree_bulk(), build_detached_freelist().
 */
static void bulk_frees_all_and_nothing_else(struct kunit *test)
{
	const struct pattern *pattern = test->param_value;
	struct kmem_cache *caches[] = {
		kmem_private_cache(test, "kmem_bulk_a", 40, 0, NULL),
		kmem_private_cache(test, "kmem_bulk_b", 500, 0, NULL),
		kmem_private_cache(test, "kmem_bulk_c", 500, 0, NULL),
	};
	static void *freed[MANY], *kept[MANY];
	unsigned int i, pass;

	for (i = 0; i < MANY; i++) {
		char who = pattern->order[i % strlen(pattern->order)];

		for (pass = 0; pass < 2; pass++) {
			void *memory;

			if (who == 'L')
				memory = kmalloc(SZ_16K, GFP_KERNEL);
			else if (who >= 'k')
				memory = kmalloc(50 * (who - 'k') + 10, GFP_KERNEL);
			else
				memory = kmem_cache_alloc(caches[who - 'a'], GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, memory);
			*(pass ? &kept[i] : &freed[i]) = memory;
		}
		memset(freed[i], DIRT, 10);
		memset(kept[i], i, 10);
	}

	KMEM_EXPECT_SILENCE(test, kfree_bulk(MANY, freed));
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(kept[i], i, 10), "object %u", i);

	/* one by one for the rest, and the caches are empty */
	KMEM_EXPECT_SILENCE(test, {
		for (i = 0; i < MANY; i++)
			kfree(kept[i]);
		for (i = 0; i < ARRAY_SIZE(caches); i++)
			kmem_private_cache_destroy(test, caches[i]);
	});
}

/* kfree_bulk() returns large memory to the page allocator. */
static void bulk_returns_large_memory(struct kunit *test)
{
	struct dirty dirty = make_dirty(test, NULL, SZ_32K);
	void *array[] = { kmalloc(32, GFP_KERNEL), dirty.memory, kmalloc(32, GFP_KERNEL) };

	kfree_bulk(ARRAY_SIZE(array), array);
	expect_back(test, &dirty);
	free_dirty(&dirty);
}

/* Holds an object in a scope of each kind in turn, and takes it out of all of them. */
static noinline void *taken_out_of_all(void *object)
{
	void *one __free(kfree) = object;
	void *two __free(kvfree) = no_free_ptr(one);
	void *three __free(kfree_sensitive) = no_free_ptr(two);
	void *four __free(kvfree_atomic) = no_free_ptr(three);

	return no_free_ptr(four);
}

static noinline void *taken_out(void *object)
{
	void *scoped __free(kfree) = object;

	return_ptr(scoped);
}

/*
 * What is taken out of a scope with no_free_ptr() or return_ptr() is not freed
 * at its end. Source: include/linux/cleanup.h.
 */
static void scope_spares_what_is_taken_out(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_kfree", 64, 0, NULL);
	struct kmem_batch *batch = kmem_take(test, cache, 2);
	void *object = batch->objects[1], *out = NULL;

	memset(object, DIRT, 64);
	KUNIT_EXPECT_PTR_EQ(test, taken_out(object), object);
	KUNIT_EXPECT_PTR_EQ(test, taken_out_of_all(object), object);
	{
		void *scoped __free(kfree) = object;

		out = no_free_ptr(scoped);
		KUNIT_EXPECT_NULL(test, scoped);
	}
	KUNIT_EXPECT_PTR_EQ(test, out, object);
	KUNIT_EXPECT_NULL(test, memchr_inv(object, DIRT, 64));
	KUNIT_EXPECT_EQ(test, kmem_count(kmem_take(test, cache, MANY), object), 0);
}

/*
 * A scope may also hold NULL or an error instead of memory, but no error if it
 * wipes. Source: DEFINE_FREE(kfree) in include/linux/slab.h, with
 * IS_ERR_OR_NULL(), unlike DEFINE_FREE(kfree_sensitive).
 */
static void scope_spares_errors(struct kunit *test)
{
	KMEM_EXPECT_SILENCE(test, {
		free_by_kfree_scope(NULL, 0);
		free_by_kfree_scope(ERR_PTR(-ENOMEM), 0);
		free_by_kfree_scope(ERR_PTR(-1), 0);
		free_by_kfree_scope(ERR_PTR(-MAX_ERRNO), 0);
		free_by_kvfree_scope(NULL, 0);
		free_by_kfree_sensitive_scope(NULL, 0);
		free_by_kvfree_scope(ERR_PTR(-ENOMEM), 0);
		free_by_kvfree_atomic_scope(ERR_PTR(-ENOMEM), 0);
	});
}

/*
 * A page of the page allocator is not kmalloc()'s, and to free it is reported.
 * On 7.x, it is then left alone, and the next one is no news. On 6.x, it is only found
 * to be too small for large memory, and freed. Source: free_large_kmalloc(), WARN_ON_ONCE().
 */
static void page_is_reported(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *memory;

	if (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		kunit_skip(test, "needs CONFIG_DEBUG_KMEMLEAK=n, which reports it as well");
	KUNIT_ASSERT_NOT_NULL(test, page);
	memory = page_address(page);
	memset(memory, DIRT, PAGE_SIZE);
	if (kmem_kfree_checks_pages()) {
		KMEM_EXPECT_WARN(test, {
			kfree(memory);
			kfree(memory);
		}, "page dumped because: Not a kmalloc alloc");
		KUNIT_EXPECT_EQ(test, page_count(page), 1);
		KUNIT_EXPECT_NULL(test, memchr_inv(memory, DIRT, PAGE_SIZE));
		__free_page(page);
		return;
	}

	KMEM_EXPECT_WARN(test, kfree(memory), "object pointer: 0x%p", memory);
	KUNIT_EXPECT_EQ(test, page_count(page), 0);
	/* it was counted as if it were slab */
	mod_node_page_state(page_pgdat(page), NR_SLAB_UNRECLAIMABLE_B, PAGE_SIZE);
}

static struct kunit_case kmem_kfree_cases[] = {
	KUNIT_CASE_PARAM(nothing_may_be_freed, release_gen_params),
	KUNIT_CASE_PARAM(freed_memory_comes_back, release_gen_params),
	KUNIT_CASE_PARAM(freed_objects_leave_their_cache_empty, release_gen_params),
	KUNIT_CASE_PARAM(sensitive_object_is_wiped, wiping_release_gen_params),
	KUNIT_CASE_PARAM(sensitive_memory_is_wiped, wiping_release_gen_params),
	KUNIT_CASE(plain_memory_is_not_wiped),
	KUNIT_CASE_PARAM(mapped_memory_is_freed, mapped_release_gen_params),
	KUNIT_CASE(sensitive_mapped_memory_is_wiped),
	KUNIT_CASE_PARAM(bulk_frees_all_and_nothing_else, pattern_gen_params),
	KUNIT_CASE(bulk_returns_large_memory),
	KUNIT_CASE(scope_spares_what_is_taken_out),
	KUNIT_CASE(scope_spares_errors),
	KUNIT_CASE(page_is_reported),
	{}
};

static struct kunit_suite kmem_kfree_suite = {
	.name = "kmem_kfree",
	.init = kmem_suite_init,
	.test_cases = kmem_kfree_cases,
};

kunit_test_suite(kmem_kfree_suite);

MODULE_DESCRIPTION("KUnit tests for kfree() and its relatives");
MODULE_LICENSE("GPL");
