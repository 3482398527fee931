// SPDX-License-Identifier: GPL-2.0-only
/*
 * Private caches, and the few things that need to look inside of one.
 */
#include <kunit/test.h>
#include <linux/kasan.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <mm/slab.h>
#include "kmem_kunit.h"

static void destroy_cache(void *cache)
{
	kmem_cache_destroy(cache);
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
 * and its objects never come from KFENCE's pool. It is destroyed with the case,
 * unless kmem_private_cache_destroy() does so before.
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
	cache->flags |= SLAB_SKIP_KFENCE;
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
