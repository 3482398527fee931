/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites share that count slabs and objects: caches of several kinds,
 * the counters that sysfs shows of them, and arrays of marked objects.
 */
#ifndef _KMEM_COUNT_H
#define _KMEM_COUNT_H

#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/types.h>
#include "kmem_kunit.h"

/**
 * struct kmem_kind - a way in which SLUB manages a cache
 * @name: of the parameter
 * @flags: SLAB_* that lead there
 * @debug: by the slow path alone, with CONFIG_SLUB_DEBUG
 */
struct kmem_kind {
	const char *name;
	slab_flags_t flags;
	bool debug;
};

#define KMEM_KIND_PLAIN		{ "plain", 0, false }
#define KMEM_KIND_DIRECT	{ "direct", SLAB_NOLEAKTRACE, false }
#define KMEM_KIND_CHECKED	{ "checked", SLAB_CONSISTENCY_CHECKS, true }
#define KMEM_KIND_TRACKED						\
	{ "tracked", KMEM_ALL_CHECKS, true }

/*
 * plain	sheaves, or a slab for each CPU
 * direct	no sheaves, where a series has them (SLAB_NOLEAKTRACE)
 * checked	no sheaves, no slabs for CPUs; frees are checked
 * tracked	as checked, with poison, red zones, and a list of full slabs
 */
extern const struct kmem_kind kmem_kinds[4];

struct kmem_cache *kmem_cache_of_kind(struct kunit *test, const char *name, unsigned int size,
				      slab_flags_t flags, void (*ctor)(void *));

void kmem_require_counters(struct kunit *test);
void kmem_require_exact(struct kunit *test);
unsigned long kmem_attribute(struct kunit *test, struct kmem_cache *cache, const char *name);
void kmem_set_attribute(struct kunit *test, struct kmem_cache *cache, const char *name,
			unsigned long value);
void kmem_expect_live(struct kunit *test, struct kmem_cache *cache, unsigned long nr,
		      const char *when);

/**
 * struct kmem_gauge - counts the objects of a cache that is somebody else's
 * @name: of the cache
 * @shrink: an open file of the cache in sysfs
 * @objects: as @shrink
 */
struct kmem_gauge {
	const char *name;
	struct file *shrink, *objects;
};

struct kmem_gauge kmem_gauge(struct kunit *test, const char *name);
struct kmem_gauge kmem_gauge_of_size(struct kunit *test, size_t size);
long kmem_gauge_read(struct kunit *test, const struct kmem_gauge *gauge);
void kmem_expect_none_left(struct kunit *test, const struct kmem_gauge *gauge, long before,
			   unsigned int rounds, const char *of);

/**
 * KMEM_EXPECT_COUNT() - Expect that a counter in sysfs has a value.
 * @test: the test context
 * @cache: whose counter
 * @name: of the counter: slabs, objects, total_objects, partial, objects_partial
 * @value: the expected one
 * @fmt: of the inputs
 * @...: its arguments
 */
#define KMEM_EXPECT_COUNT(test, cache, name, value, fmt, ...) do {		\
	struct kunit *count_test = (test);				\
	const char *count_name = (name);				\
									\
	KUNIT_EXPECT_EQ_MSG(count_test,					\
			    kmem_attribute(count_test, cache, count_name), \
			    (unsigned long)(value), "%s, " fmt, count_name, \
			    ##__VA_ARGS__);				\
} while (0)

/* As KMEM_EXPECT_COUNT(), and end the case otherwise. */
#define KMEM_ASSERT_COUNT(test, cache, name, value, fmt, ...) do {		\
	struct kunit *count_test = (test);				\
	const char *count_name = (name);				\
									\
	KUNIT_ASSERT_EQ_MSG(count_test,					\
			    kmem_attribute(count_test, cache, count_name), \
			    (unsigned long)(value), "%s, " fmt, count_name, \
			    ##__VA_ARGS__);				\
} while (0)

/* the largest objects: of them, memory has few */
#define KMEM_HUGE		KMALLOC_MAX_SIZE
unsigned int kmem_more_than_memory(struct kunit *test);

void **kmem_make_array(struct kunit *test, unsigned int nr);
void kmem_take_array(struct kunit *test, struct kmem_cache *cache, unsigned int nr, void **objects);
void kmem_free_array(struct kmem_cache *cache, unsigned int nr, void **objects);
void *kmem_slab_of(const void *object);
void kmem_sort(void **objects, unsigned int nr);
unsigned int kmem_count_twice(struct kunit *test, void **objects, unsigned int nr);
void kmem_write_marks(void **objects, unsigned int nr, unsigned int size, unsigned long seed);
unsigned int kmem_count_wrong_marks(void **objects, unsigned int nr, unsigned int size,
				    unsigned long seed);
unsigned int kmem_next_random(u32 *state, unsigned int below);
void kmem_shuffle(void **objects, unsigned int nr, u32 *state);

#endif /* _KMEM_COUNT_H */
