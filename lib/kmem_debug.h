/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites about SLUB's debug checks share: whole slabs, and the free
 * pointers in them.
 */
#ifndef _KMEM_DEBUG_H
#define _KMEM_DEBUG_H

#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <mm/slab.h>
#include "kmem_kunit.h"

static inline int kmem_compare_addresses(const void *a, const void *b)
{
	const void *left = *(void * const *)a, *right = *(void * const *)b;

	return (left > right) - (left < right);
}

/* Take all objects of the first slab of a cache, in the order of their addresses. */
static inline struct kmem_batch *kmem_take_slab(struct kunit *test, struct kmem_cache *cache)
{
	struct kmem_batch *batch = kmem_take(test, cache, 1);
	struct slab *slab = virt_to_slab(batch->objects[0]);
	unsigned int i, nr = slab->objects;

	kmem_give_back(test, batch);
	batch = kmem_take(test, cache, nr);
	sort(batch->objects, nr, sizeof(void *), kmem_compare_addresses, NULL);
	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_PTR_EQ_MSG(test, virt_to_slab(batch->objects[i]), slab,
					"object %u of %u", i, nr);
	return batch;
}

static inline unsigned long kmem_peek_word(const void *address)
{
	unsigned long word;
	unsigned int i;

	for (i = 0; i < sizeof(word); i++)
		((u8 *)&word)[i] = kmem_peek(address + i);
	return word;
}

static inline void kmem_poke_word(void *address, unsigned long word)
{
	unsigned int i;

	for (i = 0; i < sizeof(word); i++)
		kmem_poke(address + i, ((u8 *)&word)[i]);
}

/*
 * Make the free pointer of an object, which points to @from, point to @to. It is
 * stored in a form that neither knows nor needs to: XORed with a constant.
 */
static inline void kmem_redirect(struct kmem_cache *cache, void *object, const void *from,
				 const void *to)
{
	void *word = object + cache->offset;

	kmem_poke_word(word, kmem_peek_word(word) ^ (unsigned long)from ^ (unsigned long)to);
}

/* As kmem_validate(), and how many slabs it visited. */
static inline long kmem_validate_slabs(struct kunit *test, struct kmem_cache *cache)
{
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
#ifdef CONFIG_SLUB_DEBUG
	return validate_slab_cache(cache);
#else
	return 0;
#endif
}

#endif /* _KMEM_DEBUG_H */
