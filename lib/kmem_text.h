/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites about copies share: texts in which any two places differ,
 * buffers at the edge of the mapped memory, and ways to see a leak.
 */
#ifndef _KMEM_TEXT_H
#define _KMEM_TEXT_H

#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/vmstat.h>
#include "kmem_kunit.h"

/* A text without NUL that repeats itself after 64 KiB only; not terminated. */
static inline void kmem_write_text(char *buf, size_t len, unsigned int seed)
{
	unsigned int value = seed % 255, column = 0;

	/* byte i is 1 + (7 * i + i / 255 + seed) % 255, without divisions */
	while (len--) {
		*buf++ = 1 + value;
		value += 7;
		if (++column == 255) {
			column = 0;
			value++;
		}
		if (value >= 255)
			value -= 255;
	}
}

/* A test managed buffer with a terminated text. */
static inline char *kmem_make_text(struct kunit *test, size_t len, unsigned int seed)
{
	char *text = kunit_kmalloc(test, len + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	kmem_write_text(text, len, seed);
	text[len] = '\0';
	return text;
}

/* KUNIT_EXPECT_MEMEQ(), but for its dump of a megabyte. */
static inline void kmem_expect_same(struct kunit *test, const void *copy, const void *text,
				    size_t size)
{
	const char *left = copy, *right = text;
	size_t i = 0;

	if (!memcmp(copy, text, size))
		return;
	while (i < size && left[i] == right[i])
		i++;
	KUNIT_FAIL(test, "of %zu bytes, byte %zu differs: %#x, not %#x", size, i, (u8)left[i],
		   (u8)right[i]);
}

static inline void kmem_free_edge(void *area)
{
	vfree(area);
}

/* A buffer of which the last byte is the last one before an unmapped page. */
static inline char *kmem_make_edge(struct kunit *test, size_t size)
{
	size_t area_size = PAGE_ALIGN(max_t(size_t, size, 1));
	char *area = vmalloc(area_size);

	KUNIT_ASSERT_NOT_NULL(test, area);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, kmem_free_edge, area), 0);
	KUNIT_ASSERT_NULL_MSG(test, vmalloc_to_page(area + area_size), "the next page is mapped");
	/* FORTIFY_SOURCE would stop who reads on behind it, before the page does. */
	OPTIMIZER_HIDE_VAR(area);
	return area + area_size - size;
}

/* Copies that fill an object to the last byte, or just do not fit into a smaller one. */
#define KMEM_NEIGHBOURS	32

/*
 * Make copies of @size bytes side by side, each second one again between live
 * ones, and expect that each holds what was put into it. @make is given a text
 * of @size - 1 bytes and a NUL.
 */
static inline void kmem_expect_neighbours_kept(struct kunit *test, size_t size,
					       char *(*make)(struct kunit *test, const char *text,
							     size_t size))
{
	char **copies = kunit_kcalloc(test, KMEM_NEIGHBOURS, sizeof(*copies), GFP_KERNEL);
	char *text = kmem_make_text(test, size - 1, 0);
	unsigned int i, round;

	KUNIT_ASSERT_NOT_NULL(test, copies);
	for (round = 1; round <= 2; round++) {
		for (i = 0; i < KMEM_NEIGHBOURS; i += round) {
			kfree(copies[i]);
			kmem_write_text(text, size - 1, i);
			copies[i] = make(test, text, size);
			KUNIT_ASSERT_NOT_NULL_MSG(test, copies[i], "size=%zu", size);
		}
	}
	for (i = 0; i < KMEM_NEIGHBOURS; i++) {
		kmem_write_text(text, size - 1, i);
		kmem_expect_same(test, copies[i], text, size);
		kfree(copies[i]);
	}
	kunit_kfree(test, copies);
	kunit_kfree(test, text);
}

/* More bytes than memory has. */
#define KMEM_VAST	((size_t)1 << (IS_ENABLED(CONFIG_64BIT) ? 40 : 31))

/* A leak is looked for with so many pages in all, or more, and seen as half of them. */
#define KMEM_LEAK_PAGES(size) ((size) < PAGE_SIZE ? 256 : 1024)
#define KMEM_LEAK_ROUNDS 3

/* What was freed does not come back at once: it cannot be told from what was leaked. */
static inline void kmem_require_no_quarantine(struct kunit *test)
{
	if (IS_ENABLED(CONFIG_KASAN_GENERIC))
		kunit_skip(test, "needs CONFIG_KASAN_GENERIC=n, which keeps freed memory");
}

/* The pages that are free now, with those that the lists of CPUs give back when they will. */
static inline long kmem_free_pages(void)
{
	int node, zone, cpu;
	long pages = 0;

	for_each_online_node(node) {
		for (zone = 0; zone < MAX_NR_ZONES; zone++) {
			struct zone *here = &NODE_DATA(node)->node_zones[zone];

			if (!populated_zone(here))
				continue;
			pages += zone_page_state_snapshot(here, NR_FREE_PAGES);
			for_each_possible_cpu(cpu)
				pages += per_cpu_ptr(here->per_cpu_pageset, cpu)->count;
		}
	}
	return pages;
}

/*
 * Call @round so often that KMEM_LEAK_PAGES() are gone if each call leaks @size
 * bytes, and expect them not to be. What is in slabs may stay in a quarantine,
 * for which see above.
 */
static inline void kmem_expect_no_leak(struct kunit *test, size_t size,
				       void (*round)(struct kunit *test, void *context),
				       void *context)
{
	unsigned long rounds = max_t(unsigned long, KMEM_LEAK_ROUNDS,
				     DIV_ROUND_UP(KMEM_LEAK_PAGES(size) * PAGE_SIZE, size)), i;
	long before, allowed = rounds * size / 2 / PAGE_SIZE;

	/* what is allocated once and kept */
	round(test, context);
	before = kmem_free_pages();
	for (i = 0; i < rounds; i++)
		round(test, context);
	KUNIT_EXPECT_LT_MSG(test, before - kmem_free_pages(), allowed,
			    "pages lost in %lu rounds of %zu bytes", rounds, size);
}

/**
 * kmem_room() - Say how much kmalloc() takes.
 * @bytes: that are asked for
 *
 * SLOB's kmalloc_size_roundup() forgets that large memory is whole pages.
 *
 * Return: the size of what it gives, in bytes.
 */
static inline size_t kmem_room(size_t bytes)
{
	if (IS_ENABLED(CONFIG_SLOB) && bytes >= PAGE_SIZE)
		return PAGE_SIZE << get_order(bytes);
	return kmalloc_size_roundup(bytes);
}

#endif /* _KMEM_TEXT_H */
