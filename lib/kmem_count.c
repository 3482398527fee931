// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting slabs and objects, by the counters in /sys/kernel/slab/<cache>/.
 */
#include <kunit/test.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <mm/slab.h>
#include "kmem_count.h"

const struct kmem_kind kmem_kinds[4] = {
	KMEM_KIND_PLAIN, KMEM_KIND_DIRECT, KMEM_KIND_CHECKED, KMEM_KIND_TRACKED,
};
EXPORT_SYMBOL_GPL(kmem_kinds);

/**
 * kmem_cache_of_kind() - Create a private cache of the kind that is the case's parameter.
 * @test: the test context
 * @name: of the cache
 * @size: of its objects, in bytes
 * @flags: SLAB_* besides those of the kind
 * @ctor: constructor, or NULL
 *
 * Return: the cache; the case is skipped if the kernel lacks the kind.
 */
struct kmem_cache *kmem_cache_of_kind(struct kunit *test, const char *name, unsigned int size,
				      slab_flags_t flags, void (*ctor)(void *))
{
	const struct kmem_kind *kind = test->param_value;

	if (kind->debug)
		KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	return kmem_private_cache(test, name, size, flags | kind->flags, ctor);
}
EXPORT_SYMBOL_GPL(kmem_cache_of_kind);

/**
 * kmem_require_counters() - Skip the case unless sysfs shows the counters of caches.
 * @test: the test context
 */
void kmem_require_counters(struct kunit *test)
{
	KMEM_REQUIRE(test, CONFIG_SYSFS);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	if (IS_ENABLED(CONFIG_SLUB_TINY))
		kunit_skip(test, "needs CONFIG_SLUB_TINY=n, which has no counters");
}
EXPORT_SYMBOL_GPL(kmem_require_counters);

/**
 * kmem_require_exact() - Skip the case unless the counters follow each allocation and free.
 * @test: the test context, whose parameter is a &struct kmem_kind
 */
void kmem_require_exact(struct kunit *test)
{
	const struct kmem_kind *kind = test->param_value;

	kmem_require_counters(test);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "whose quarantine delays frees");
	if (!kind->debug && kmem_has_cpu_slabs() && num_possible_cpus() > 1)
		kunit_skip(test, "needs a single CPU, as each one holds slabs of its own");
	if (!kind->debug && !kind->flags)
		kunit_skip(test, "needs a cache without objects held for CPUs");
}
EXPORT_SYMBOL_GPL(kmem_require_exact);

/**
 * kmem_attribute() - Read a number from sysfs.
 * @test: the test context; skipped without sysfs
 * @cache: of which cache
 * @name: of the file
 *
 * Return: the number; the case ends here if there is none.
 */
unsigned long kmem_attribute(struct kunit *test, struct kmem_cache *cache, const char *name)
{
	int value;

	kmem_require_counters(test);
	value = kmem_sysfs_number(test, cache->name, name);
	KUNIT_ASSERT_GE_MSG(test, value, 0, "%s", name);
	return value;
}
EXPORT_SYMBOL_GPL(kmem_attribute);

/**
 * kmem_set_attribute() - Write a number to sysfs.
 * @test: the test context; skipped without sysfs
 * @cache: of which cache
 * @name: of the file
 * @value: to be written
 */
void kmem_set_attribute(struct kunit *test, struct kmem_cache *cache, const char *name,
			unsigned long value)
{
	char text[24];

	scnprintf(text, sizeof(text), "%lu\n", value);
	kmem_require_counters(test);
	KUNIT_ASSERT_EQ_MSG(test, kmem_sysfs_store(test, cache->name, name, text), 0, "%s = %lu",
			    name, value);
}
EXPORT_SYMBOL_GPL(kmem_set_attribute);

/**
 * kmem_expect_live() - Expect a number of live objects after all free ones are given up.
 * @test: the test context
 * @cache: in which cache
 * @nr: how many live objects it has
 * @when: after what, for the message
 */
void kmem_expect_live(struct kunit *test, struct kmem_cache *cache, unsigned long nr,
		      const char *when)
{
	kmem_cache_shrink(cache);
	KMEM_EXPECT_COUNT(test, cache, "objects", nr, "%s", when);
	KMEM_EXPECT_COUNT(test, cache, "objects_partial",
			  nr - (kmem_attribute(test, cache, "slabs") -
				kmem_attribute(test, cache, "partial")) *
			  kmem_attribute(test, cache, "objs_per_slab"), "%s", when);
	if (!nr)
		KMEM_EXPECT_COUNT(test, cache, "slabs", 0, "%s", when);
}
EXPORT_SYMBOL_GPL(kmem_expect_live);

/**
 * kmem_gauge() - Get ready to count the objects of a cache that is somebody else's.
 * @test: the test context; skipped without sysfs
 * @name: of the cache, such as "kmalloc-64"
 *
 * Return: a gauge, which goes with the case; it ends here if there is no such cache.
 */
struct kmem_gauge kmem_gauge(struct kunit *test, const char *name)
{
	kmem_require_counters(test);
	return (struct kmem_gauge){
		.name = name,
		.shrink = kmem_sysfs_open(test, name, "shrink", O_WRONLY),
		.objects = kmem_sysfs_open(test, name, "objects", O_RDONLY),
	};
}
EXPORT_SYMBOL_GPL(kmem_gauge);

/**
 * kmem_gauge_of_size() - Get ready to count the objects of kmalloc() of a size.
 * @test: the test context; skipped without sysfs, or where several caches have them
 * @size: what is asked for
 *
 * Return: as kmem_gauge().
 */
struct kmem_gauge kmem_gauge_of_size(struct kunit *test, size_t size)
{
	const char *name;
	void *model;

	kmem_require_counters(test);
	if (kmem_is_partitioned())
		kunit_skip(test, "needs kmalloc() to have one cache for each size");
	model = kmalloc(size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model);
	name = kmem_origin(model).name;
	kfree(model);
	KUNIT_ASSERT_NOT_NULL(test, name);
	return kmem_gauge(test, name);
}
EXPORT_SYMBOL_GPL(kmem_gauge_of_size);

/**
 * kmem_gauge_read() - Count the objects that are in use.
 * @test: the test context
 * @gauge: from kmem_gauge()
 *
 * What waits for RCU is freed, and what CPUs hold ready is given up before. That
 * the files are open already keeps the count itself from taking any.
 *
 * Return: how many they are.
 */
long kmem_gauge_read(struct kunit *test, const struct kmem_gauge *gauge)
{
	char text[64] = "";
	long objects = -1;
	loff_t pos = 0;

	rcu_barrier();
	kmem_kfree_rcu_barrier(test);
	KUNIT_ASSERT_EQ_MSG(test, kernel_write(gauge->shrink, "1", 1, &pos), 1, "%s", gauge->name);
	KUNIT_ASSERT_GT_MSG(test, kmem_file_read(gauge->objects, text, sizeof(text) - 1), 0, "%s",
			    gauge->name);
	text[strspn(text, "0123456789")] = '\0';
	KUNIT_ASSERT_EQ_MSG(test, kstrtol(text, 10, &objects), 0, "%s: %s", gauge->name, text);
	return objects;
}
EXPORT_SYMBOL_GPL(kmem_gauge_read);

/**
 * kmem_expect_none_left() - Expect that not one object in two rounds is left.
 * @test: the test context
 * @gauge: from kmem_gauge()
 * @before: what kmem_gauge_read() gave before these rounds
 * @rounds: how many there were
 * @of: what the objects are, for the message
 *
 * They may be freed by a worker.
 */
void kmem_expect_none_left(struct kunit *test, const struct kmem_gauge *gauge, long before,
			   unsigned int rounds, const char *of)
{
	const long limit = rounds / 2;
	unsigned int tries = 5 * HZ;
	long left;

	while ((left = kmem_gauge_read(test, gauge) - before) >= limit && --tries)
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_LT_MSG(test, left, limit, "%s", of);
}
EXPORT_SYMBOL_GPL(kmem_expect_none_left);

/**
 * kmem_more_than_memory() - Say how many objects of KMEM_HUGE bytes no memory is enough for.
 * @test: the test context; skipped where using all of memory is no good idea
 *
 * They are to be allocated with __GFP_NOWARN alone: without reclaim, and
 * without waking up those who reclaim. Until they are freed, little is left for
 * anything else.
 *
 * Return: how many.
 */
unsigned int kmem_more_than_memory(struct kunit *test)
{
	kmem_require_counters(test);
	if (want_init_on_alloc(GFP_KERNEL) || want_init_on_free())
		kunit_skip(test, "needs a boot without init_on_alloc=1 and init_on_free=1");
	if (totalram_pages() > SZ_4G >> PAGE_SHIFT || IS_ENABLED(CONFIG_KASAN))
		kunit_skip(test, "needs at most 4 GiB of memory, to use all of it");
	if (((const struct kmem_kind *)test->param_value)->flags & SLAB_POISON)
		kunit_skip(test, "needs a cache that does not write to all of memory");
	return totalram_pages() / (KMEM_HUGE / PAGE_SIZE) + 2;
}
EXPORT_SYMBOL_GPL(kmem_more_than_memory);

/**
 * kmem_make_array() - Make an array for objects, which goes with the case.
 * @test: the test context
 * @nr: for how many
 *
 * Return: the array, without a pointer in it; the case ends here if there is no memory.
 */
void **kmem_make_array(struct kunit *test, unsigned int nr)
{
	void **objects = kunit_kcalloc(test, nr, sizeof(*objects), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, objects);
	return objects;
}
EXPORT_SYMBOL_GPL(kmem_make_array);

/**
 * kmem_take_array() - Allocate objects one by one.
 * @test: the test context
 * @cache: where
 * @nr: how many; the case ends here if one cannot be allocated
 * @objects: filled with them, for kmem_free_array()
 */
void kmem_take_array(struct kunit *test, struct kmem_cache *cache, unsigned int nr, void **objects)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL_MSG(test, objects[i], "object %u of %u", i, nr);
	}
}
EXPORT_SYMBOL_GPL(kmem_take_array);

/**
 * kmem_free_array() - Free objects one by one, the last one first.
 * @cache: theirs
 * @nr: how many
 * @objects: the objects
 */
void kmem_free_array(struct kmem_cache *cache, unsigned int nr, void **objects)
{
	while (nr)
		kmem_cache_free(cache, objects[--nr]);
}
EXPORT_SYMBOL_GPL(kmem_free_array);

/**
 * kmem_slab_of() - Find the slab of an object.
 * @object: the object
 *
 * Return: where the slab begins.
 */
void *kmem_slab_of(const void *object)
{
	return page_address(virt_to_head_page(object));
}
EXPORT_SYMBOL_GPL(kmem_slab_of);

static int compare_objects(const void *a, const void *b)
{
	unsigned long left = *(const unsigned long *)a, right = *(const unsigned long *)b;

	return (left > right) - (left < right);
}

/**
 * kmem_sort() - Sort objects by address, so that those of a slab stand together.
 * @objects: the array
 * @nr: its size
 */
void kmem_sort(void **objects, unsigned int nr)
{
	sort(objects, nr, sizeof(*objects), compare_objects, NULL);
}
EXPORT_SYMBOL_GPL(kmem_sort);

/**
 * kmem_count_twice() - Count the objects that stand in an array more than once, or are NULL.
 * @test: the test context
 * @objects: the array
 * @nr: its size
 *
 * Return: how many they are.
 */
unsigned int kmem_count_twice(struct kunit *test, void **objects, unsigned int nr)
{
	void **sorted = kunit_kmalloc_array(test, nr, sizeof(*sorted), GFP_KERNEL);
	unsigned int i, twice = 0;

	KUNIT_ASSERT_NOT_NULL(test, sorted);
	memcpy(sorted, objects, nr * sizeof(*sorted));
	kmem_sort(sorted, nr);
	for (i = 0; i < nr; i++)
		twice += !sorted[i] || (i && sorted[i] == sorted[i - 1]);
	kunit_kfree(test, sorted);
	return twice;
}
EXPORT_SYMBOL_GPL(kmem_count_twice);

static unsigned long mark(unsigned int object, unsigned int word, unsigned long seed)
{
	return (seed + object + 1) * GOLDEN_RATIO_PRIME + word;
}

/**
 * kmem_write_marks() - Fill objects, each with words that no other one has.
 * @objects: the array
 * @nr: its size
 * @size: of an object, in whole words
 * @seed: tells one array of objects from another
 */
void kmem_write_marks(void **objects, unsigned int nr, unsigned int size, unsigned long seed)
{
	unsigned int i, word;

	for (i = 0; i < nr; i++)
		for (word = 0; word < size / sizeof(long); word++)
			((unsigned long *)objects[i])[word] = mark(i, word, seed);
}
EXPORT_SYMBOL_GPL(kmem_write_marks);

/**
 * kmem_count_wrong_marks() - Count the objects that do not hold what kmem_write_marks() wrote.
 * @objects: as for kmem_write_marks()
 * @nr: as for kmem_write_marks()
 * @size: as for kmem_write_marks()
 * @seed: as for kmem_write_marks()
 *
 * Return: how many they are.
 */
unsigned int kmem_count_wrong_marks(void **objects, unsigned int nr, unsigned int size,
				    unsigned long seed)
{
	unsigned int i, word, wrong = 0;

	for (i = 0; i < nr; i++) {
		for (word = 0; word < size / sizeof(long); word++) {
			if (((unsigned long *)objects[i])[word] != mark(i, word, seed)) {
				wrong++;
				break;
			}
		}
	}
	return wrong;
}
EXPORT_SYMBOL_GPL(kmem_count_wrong_marks);

/**
 * kmem_next_random() - The next number of a sequence that is the same in every run.
 * @state: of the sequence, not 0
 * @below: more than the largest number
 *
 * Return: a number.
 */
unsigned int kmem_next_random(u32 *state, unsigned int below)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state % below;
}
EXPORT_SYMBOL_GPL(kmem_next_random);

/**
 * kmem_shuffle() - Bring objects into an order that has nothing to do with their slabs.
 * @objects: the array
 * @nr: its size
 * @state: of kmem_next_random()
 */
void kmem_shuffle(void **objects, unsigned int nr, u32 *state)
{
	for (; nr > 1; nr--) {
		unsigned int other = kmem_next_random(state, nr);

		swap(objects[nr - 1], objects[other]);
	}
}
EXPORT_SYMBOL_GPL(kmem_shuffle);
