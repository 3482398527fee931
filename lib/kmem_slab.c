// SPDX-License-Identifier: GPL-2.0-only
/*
 * Private caches, and the few things that need to look inside of one.
 */
#include <kunit/test.h>
#include <linux/kasan.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <mm/slab.h>
#include "kmem_kunit.h"

const struct kmem_overflow kmem_overflows[6] = {
	{ "max_by_2", SIZE_MAX, 2 },
	{ "2_by_max", 2, SIZE_MAX },
	{ "max_by_max", SIZE_MAX, SIZE_MAX },
	{ "wraps_to_0", SIZE_MAX / 2 + 1, 2 },
	{ "wraps_to_16", SIZE_MAX / 16 + 2, 16 },
	{ "16_wraps_to_16", 16, SIZE_MAX / 16 + 2 },
};
EXPORT_SYMBOL_GPL(kmem_overflows);

static void destroy_cache(void *cache)
{
	kmem_cache_destroy(cache);
}

/*
 * What is freed is to be SLUB's at once: KASAN would keep it in quarantine, and
 * a list of its own inside of it, but takes nothing from a cache without room
 * for that. Source: kasan_quarantine_put(), mm/kasan/quarantine.c; the value is
 * KASAN_NO_FREE_META of mm/kasan/kasan.h.
 */
static void keep_from_others(struct kmem_cache *cache)
{
	cache->flags |= SLAB_SKIP_KFENCE;
#ifdef CONFIG_KASAN_GENERIC
	cache->kasan_info.free_meta_offset = INT_MAX;
#endif
}

/**
 * kmem_private_cache() - Create a cache that nobody else uses, for one case.
 * @test: the test context
 * @name: its name, without spaces
 * @size: of its objects, in bytes
 * @flags: SLAB_*
 * @ctor: constructor, or NULL
 *
 * It is merged with no other cache, the boot's slab_debug= does not change it,
 * its objects never come from KFENCE's pool, nor do they go to KASAN's
 * quarantine. It is destroyed with the case, unless kmem_private_cache_destroy()
 * does so before.
 *
 * Return: the cache; the case ends here if it cannot be created.
 */
struct kmem_cache *kmem_private_cache(struct kunit *test, const char *name, unsigned int size,
				      slab_flags_t flags, void (*ctor)(void *))
{
	struct kmem_cache *cache;

	cache = kmem_cache_create(name, size, 0, flags | SLAB_NO_MERGE | SLAB_NO_USER_FLAGS, ctor);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy_cache, cache), 0);
	keep_from_others(cache);
	return cache;
}
EXPORT_SYMBOL_GPL(kmem_private_cache);

/**
 * kmem_private_cache_destroy() - Destroy a private cache before its case ends.
 * @test: the test context
 * @cache: from kmem_private_cache()
 */
void kmem_private_cache_destroy(struct kunit *test, struct kmem_cache *cache)
{
	kunit_release_action(test, destroy_cache, cache);
}
EXPORT_SYMBOL_GPL(kmem_private_cache_destroy);

/**
 * kmem_validate() - Let SLUB check every slab of a cache, as sysfs's validate does.
 * @test: the test context; skipped without CONFIG_SLUB_DEBUG
 * @cache: checked as far as its flags go; full slabs only with SLAB_STORE_USER
 */
void kmem_validate(struct kunit *test, struct kmem_cache *cache)
{
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
#ifdef CONFIG_SLUB_DEBUG
	validate_slab_cache(cache);
#endif
}
EXPORT_SYMBOL_GPL(kmem_validate);

static void free_batch(void *context)
{
	struct kmem_batch *batch = context;

	while (batch->nr)
		kmem_cache_free(batch->cache, batch->objects[--batch->nr]);
	kvfree(batch);
}

/**
 * kmem_take() - Allocate a number of objects and keep all of them.
 * @test: the test context
 * @cache: where to allocate
 * @nr: how many
 *
 * They are freed with the case, unless kmem_give_back() does so before.
 *
 * Return: the objects; the case ends here if one cannot be allocated.
 */
struct kmem_batch *kmem_take(struct kunit *test, struct kmem_cache *cache, unsigned int nr)
{
	struct kmem_batch *batch = kvmalloc(struct_size(batch, objects, nr), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, batch);
	batch->cache = cache;
	batch->nr = 0;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_batch, batch), 0);
	while (batch->nr < nr) {
		void *object = kmem_cache_alloc(cache, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL_MSG(test, object, "object %u of %u", batch->nr, nr);
		batch->objects[batch->nr++] = object;
	}
	return batch;
}
EXPORT_SYMBOL_GPL(kmem_take);

/**
 * kmem_give_back() - Free the objects of a batch before the case ends.
 * @test: the test context
 * @batch: from kmem_take(); freed with its objects
 */
void kmem_give_back(struct kunit *test, struct kmem_batch *batch)
{
	kunit_release_action(test, free_batch, batch);
}
EXPORT_SYMBOL_GPL(kmem_give_back);

/**
 * kmem_count() - Count how often a batch holds an object.
 * @batch: from kmem_take()
 * @object: the object
 *
 * Return: how often; more than once means that an object was handed out twice.
 */
unsigned int kmem_count(const struct kmem_batch *batch, const void *object)
{
	unsigned int i, count = 0;

	for (i = 0; i < batch->nr; i++)
		count += batch->objects[i] == object;
	return count;
}
EXPORT_SYMBOL_GPL(kmem_count);

/**
 * kmem_adopt_cache() - Have a cache destroyed with the case.
 * @test: the test context
 * @cache: the cache, which the case has created in its own way; it ends here if this is NULL
 *
 * Its objects never come from KFENCE's pool, nor do they go to KASAN's
 * quarantine. kmem_private_cache_destroy() destroys it before the case ends.
 */
void kmem_adopt_cache(struct kunit *test, struct kmem_cache *cache)
{
	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy_cache, cache), 0);
	keep_from_others(cache);
}
EXPORT_SYMBOL_GPL(kmem_adopt_cache);

/**
 * kmem_mark() - Fill each object of a batch with a byte of its own.
 * @batch: from kmem_take()
 * @size: of the objects
 */
void kmem_mark(struct kmem_batch *batch, unsigned int size)
{
	unsigned int i;

	for (i = 0; i < batch->nr; i++)
		memset(batch->objects[i], i + 1, size);
}
EXPORT_SYMBOL_GPL(kmem_mark);

/**
 * kmem_count_overwritten() - Count the objects that do not hold what kmem_mark() wrote.
 * @batch: as for kmem_mark()
 * @size: as for kmem_mark()
 *
 * Return: how many they are.
 */
unsigned int kmem_count_overwritten(struct kmem_batch *batch, unsigned int size)
{
	unsigned int i, overwritten = 0;

	for (i = 0; i < batch->nr; i++)
		overwritten += !!memchr_inv(batch->objects[i], i + 1, size);
	return overwritten;
}
EXPORT_SYMBOL_GPL(kmem_count_overwritten);

/**
 * kmem_free_half() - Free every other object of a batch, and out of quarantine.
 * @batch: from kmem_take(), of an even number; keeps the others, in their order
 *
 * So no slab with two of them becomes empty.
 */
void kmem_free_half(struct kmem_batch *batch)
{
	unsigned int i;

	for (i = 0; i < batch->nr / 2; i++) {
		kmem_cache_free(batch->cache, batch->objects[2 * i]);
		batch->objects[i] = batch->objects[2 * i + 1];
	}
	batch->nr /= 2;
	if (IS_ENABLED(CONFIG_KASAN_GENERIC))
		kmem_cache_shrink(batch->cache);
}
EXPORT_SYMBOL_GPL(kmem_free_half);

/**
 * kmem_keep_slab() - Free all objects of a batch but those of one slab.
 * @batch: from kmem_take(); keeps what is in the slab of its first object
 */
void kmem_keep_slab(struct kmem_batch *batch)
{
	const struct page *slab = virt_to_head_page(batch->objects[0]);
	unsigned int i, kept = 0;

	for (i = 0; i < batch->nr; i++) {
		if (virt_to_head_page(batch->objects[i]) == slab)
			batch->objects[kept++] = batch->objects[i];
		else
			kmem_cache_free(batch->cache, batch->objects[i]);
	}
	batch->nr = kept;
}
EXPORT_SYMBOL_GPL(kmem_keep_slab);

/**
 * kmem_origin() - Tell which cache an object is from.
 * @memory: an object, or any other memory that is mapped linearly
 *
 * Return: what is known of the cache.
 */
struct kmem_origin kmem_origin(const void *memory)
{
#ifdef CONFIG_SLOB	/* whose slabs are no cache's */
	return (struct kmem_origin){ };
#else
	const struct slab *slab = virt_to_slab(memory);
	const struct kmem_cache *cache;

	if (!slab)
		return (struct kmem_origin){ };
	cache = slab->slab_cache;
	return (struct kmem_origin){
		.name = cache->name,
		.size = cache->object_size,
		.flags = cache->flags,
		.gfp = cache->allocflags,
#ifdef CONFIG_HARDENED_USERCOPY
		.useroffset = cache->useroffset,
		.usersize = cache->usersize,
#endif
	};
#endif
}
EXPORT_SYMBOL_GPL(kmem_origin);

/**
 * kmem_list_lock() - Find the lock that SLUB takes to list an object's slab.
 * @object: an object
 *
 * It is the first member of struct kmem_cache_node, which is mm/slub.c's own.
 *
 * Return: the lock, NULL without kmalloc_nolock().
 */
spinlock_t *kmem_list_lock(const void *object)
{
	return (spinlock_t *)kmem_node_of(object);
}
EXPORT_SYMBOL_GPL(kmem_list_lock);

/**
 * kmem_poke() - Write a byte where nobody may write.
 * @address: of the byte
 * @value: its new value
 */
void kmem_poke(void *address, u8 value)
{
	kasan_disable_current();
	WRITE_ONCE(*(u8 *)address, value);
	kasan_enable_current();
}
EXPORT_SYMBOL_GPL(kmem_poke);

/**
 * kmem_peek() - Read a byte that nobody may read, such as one of a freed object.
 * @address: of the byte
 *
 * Return: the byte.
 */
u8 kmem_peek(const void *address)
{
	u8 value;

	kasan_disable_current();
	value = READ_ONCE(*(const u8 *)address);
	kasan_enable_current();
	return value;
}
EXPORT_SYMBOL_GPL(kmem_peek);

MODULE_DESCRIPTION("Helpers of the kmem KUnit suites");
MODULE_LICENSE("GPL");
