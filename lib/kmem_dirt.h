/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that vmalloc() maps on pages which were full of dirt just before.
 *
 * A CPU keeps the pages that it freed in a list for each order, and hands out the
 * last ones first. vmalloc() asks for single pages, for one or for as many at once
 * as it needs, and frees them one by one: that its own come back is luck.
 * Where it may map huge pages, what kvmalloc() falls back to asks for these first.
 */
#ifndef _KMEM_DIRT_H
#define _KMEM_DIRT_H

#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

/* what dirty pages are full of */
#define KMEM_DIRT		0xd1

#define KMEM_DIRT_ORDERS	4
/* enough for what vmalloc() allocates for itself */
#define KMEM_DIRT_BLOCKS	8
/* how often memory is mapped until some of it was dirty, and how much of it stays meanwhile */
#define KMEM_DIRT_TRIES		64
#define KMEM_DIRT_KEPT		SZ_32M

/* single pages last: larger ones may be followed by all of them */
static const unsigned int kmem_dirt_order[KMEM_DIRT_ORDERS] = {
	IS_ENABLED(CONFIG_HAVE_ARCH_HUGE_VMALLOC) ? PMD_SHIFT - PAGE_SHIFT : 3, 2, 1, 0,
};

struct kmem_dirt {
	unsigned long frames[KMEM_DIRT_ORDERS][KMEM_DIRT_BLOCKS];
};

/* Free dirty pages in blocks of each order. */
static inline void kmem_dirty_pages(struct kunit *test, struct kmem_dirt *dirt)
{
	struct page *blocks[KMEM_DIRT_BLOCKS];
	unsigned int o, i, j;

	for (o = 0; o < KMEM_DIRT_ORDERS; o++) {
		unsigned int order = kmem_dirt_order[o];

		for (i = 0; i < KMEM_DIRT_BLOCKS; i++) {
			blocks[i] = alloc_pages(GFP_KERNEL | __GFP_HIGHMEM, order);
			KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
			dirt->frames[o][i] = page_to_pfn(blocks[i]);
			for (j = 0; j < 1 << order; j++)
				memset_page(blocks[i] + j, 0, KMEM_DIRT, PAGE_SIZE);
		}
		for (i = 0; i < KMEM_DIRT_BLOCKS; i++)
			__free_pages(blocks[i], order);
	}
}

/**
 * kmem_is_of_dirt() - Is a page one that was dirty?
 * @dirt: of kmem_dirty_pages()
 * @address: in memory that vmalloc() mapped
 *
 * Return: whether it is.
 */
static inline bool kmem_is_of_dirt(const struct kmem_dirt *dirt, const void *address)
{
	unsigned long frame = vmalloc_to_pfn(address);
	unsigned int o, i;

	for (o = 0; o < KMEM_DIRT_ORDERS; o++)
		for (i = 0; i < KMEM_DIRT_BLOCKS; i++)
			if (!((frame ^ dirt->frames[o][i]) >> kmem_dirt_order[o]))
				return true;
	return false;
}

static inline bool kmem_holds_dirt(const struct kmem_dirt *dirt, const u8 *memory, size_t size)
{
	size_t offset;

	for (offset = 0; offset < size; offset += PAGE_SIZE)
		if (kmem_is_of_dirt(dirt, memory + offset))
			return true;
	return false;
}

/**
 * KMEM_MAP_ON_DIRT() - Map memory on some pages at least that were dirty before.
 * @test: the running test, which ends here if none comes back time and again
 * @dirt: a struct kmem_dirt, for kmem_is_of_dirt()
 * @size: of the memory, in bytes
 * @expression: allocates it
 *
 * Return: the memory, which the caller frees.
 */
#define KMEM_MAP_ON_DIRT(test, dirt, size, expression) ({			\
	struct kmem_dirt *__dirt = (dirt);					\
	struct kunit *__test = (test);						\
	unsigned int __tries = KMEM_DIRT_TRIES, __nr = 0;			\
	const size_t __size = (size);						\
	u8 *__kept[KMEM_DIRT_TRIES], *__mapped;					\
	bool __holds;								\
										\
	for (;;) {								\
		kmem_dirty_pages(__test, __dirt);				\
		__mapped = (expression);					\
		__holds = __mapped && is_vmalloc_addr(__mapped) &&		\
			  kmem_holds_dirt(__dirt, __mapped, __size);		\
		if (!__mapped || __holds || !--__tries)				\
			break;							\
		/* or its pages would come again */				\
		if (__nr * __size < KMEM_DIRT_KEPT)				\
			__kept[__nr++] = __mapped;				\
		else								\
			kvfree(__mapped);					\
	}									\
	while (__nr)								\
		kvfree(__kept[--__nr]);						\
	KUNIT_ASSERT_NOT_NULL(__test, __mapped);				\
	KUNIT_ASSERT_TRUE(__test, is_vmalloc_addr(__mapped));			\
	KUNIT_ASSERT_TRUE_MSG(__test, __holds, "no page came back, nothing is proved"); \
	__mapped;								\
})

#endif /* _KMEM_DIRT_H */
