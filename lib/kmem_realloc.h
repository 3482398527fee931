/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites about krealloc(), kvmalloc() and kvrealloc() share: a pattern
 * to recognise contents by, and proofs that memory was freed, or was not.
 */
#ifndef _KMEM_REALLOC_H
#define _KMEM_REALLOC_H

#include <linux/compiler.h>
#include <linux/kasan.h>
#include <linux/kfence.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "kmem_kunit.h"

/*
 * Bytes 1 to 251, over and over: none is 0, and a copy that is off by n is seen.
 * They begin with another one after each pattern_renew(), so that what memory
 * still holds of an older pattern is not taken for the new one.
 */
#define PATTERN_PERIOD	251
static unsigned int pattern_start;

static inline void pattern_renew(void)
{
	pattern_start = (pattern_start + 17) % PATTERN_PERIOD;
}

/* more than the objects that a cpu keeps at hand, so that freed memory is handed out again */
#define MANY_ROUNDS	64

static inline void pattern_fill(void *memory, size_t size)
{
	u8 *bytes = memory;
	size_t i;

	for (i = 0; i < min_t(size_t, size, PATTERN_PERIOD); i++)
		bytes[i] = 1 + (i + pattern_start) % PATTERN_PERIOD;
	for (i = PATTERN_PERIOD; i < size; i += PATTERN_PERIOD)
		memcpy(bytes + i, bytes, min_t(size_t, PATTERN_PERIOD, size - i));
}

/* How many bytes of the pattern are there, at most @size. */
static inline size_t pattern_kept(const void *memory, size_t size)
{
	const u8 *bytes = memory;
	size_t i;

	/* else GCC 12 warns of what no small size comes to, in the loop or of the memory */
	OPTIMIZER_HIDE_VAR(size);
	OPTIMIZER_HIDE_VAR(bytes);
	for (i = 0; i < size; i++) {
		if (i >= PATTERN_PERIOD && i + PATTERN_PERIOD <= size &&
		    !(i % PATTERN_PERIOD) && !memcmp(bytes + i, bytes, PATTERN_PERIOD)) {
			i += PATTERN_PERIOD - 1;
			continue;
		}
		if (bytes[i] != 1 + (i + pattern_start) % PATTERN_PERIOD)
			break;
	}
	return i;
}

/* Allocate from kmalloc()'s caches, not from KFENCE's pool: kmalloc_size_roundup() holds. */
static inline void *kmalloc_unfenced(struct kunit *test, size_t size, gfp_t flags)
{
	void *memory = NULL, *fenced[8];
	unsigned int nr = 0;

	while (nr < ARRAY_SIZE(fenced)) {
		memory = kmalloc(size, flags);
		if (!is_kfence_address(memory))
			break;
		fenced[nr++] = memory;
	}
	while (nr)
		kfree(fenced[--nr]);
	KUNIT_ASSERT_NOT_NULL_MSG(test, memory, "size %zu", size);
	OPTIMIZER_HIDE_VAR(memory);
	return memory;
}

static inline u8 *vmalloc_filled(struct kunit *test, size_t size)
{
	u8 *memory = vmalloc(size);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	pattern_renew();
	pattern_fill(memory, size);
	return memory;
}

static inline u8 *kmalloc_filled(struct kunit *test, size_t size)
{
	u8 *memory = kmalloc_unfenced(test, size, GFP_KERNEL);

	pattern_renew();
	pattern_fill(memory, size);
	return memory;
}

/* Would @memory, of @size bytes, be handed out again, as if it were free? */
static inline bool is_handed_out(const void *memory, size_t size)
{
	void *kept[MANY_ROUNDS];
	unsigned int i, nr = 0;
	bool found = false;

	for (i = 0; i < (size > KMALLOC_MAX_CACHE_SIZE ? 4 : MANY_ROUNDS); i++) {
		kept[nr] = kmalloc(size, GFP_KERNEL);
		found = found || kasan_reset_tag(kept[nr]) == kasan_reset_tag(memory);
		nr++;
	}
	while (nr)
		kfree(kept[--nr]);
	return found;
}

/*
 * Does @cycle, which returns memory that it has freed, do so with the same
 * memory time and again? It would not if it leaked the memory.
 */
static inline bool is_recycled(struct kunit *test, void *(*cycle)(struct kunit *test, size_t size),
			       size_t size)
{
	const void *seen[MANY_ROUNDS];
	unsigned int i, nr;

	for (nr = 0; nr < ARRAY_SIZE(seen); nr++) {
		seen[nr] = kasan_reset_tag(cycle(test, size));
		for (i = 0; i < nr; i++)
			if (seen[i] == seen[nr])
				return true;
	}
	return false;
}

static inline void require_reuse(struct kunit *test)
{
	if (IS_ENABLED(CONFIG_KASAN_GENERIC))
		kunit_skip(test, "needs CONFIG_KASAN_GENERIC=n, which keeps freed memory back");
}

/* SLUB knows who allocated an object where it also keeps the size asked for. */
static inline bool requests_are_tracked(struct kunit *test)
{
	void *object = kmalloc_unfenced(test, 32, GFP_KERNEL);
	const struct kmem_report *report;

	report = KMEM_CAPTURE(test, kmem_dump_obj(object));
	kfree(object);
	return strstr(report->text, " allocated at ");
}

/* What kmem_dump_obj() says of an object's cache: "slab" and its name. */
static inline void read_cache(struct kunit *test, void *object, char *text, size_t size)
{
	const struct kmem_report *report = KMEM_CAPTURE(test, kmem_dump_obj(object));
	const char *name = strstr(report->text, "slab ");

	KUNIT_ASSERT_NOT_NULL(test, name);
	strscpy(text, name, min(size, strcspn(name + 5, " ") + 6));
}

typedef void *(resize_t)(struct kunit *test, void *memory, size_t size);

/*
 * Resize filled memory of kmalloc() by @resize until KFENCE, which has a guard
 * of its own, has no part in it. If it did not move, *@moved is false.
 */
static inline u8 *resize_unfenced(struct kunit *test, resize_t *resize, size_t from, size_t to,
				  bool *moved)
{
	u8 *memory, *resized;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		memory = kmalloc_filled(test, from);
		resized = resize(test, memory, to);
		KUNIT_ASSERT_NOT_NULL_MSG(test, resized, "from %zu to %zu", from, to);
		*moved = resized != memory;
		if (!is_kfence_address(resized))
			break;
		kvfree(resized);
	}
	return resized;
}

#define GUARDED_SIZE	20

/* Is there a red zone right behind the bytes asked for? The boot's slab_debug= decides. */
static inline bool requests_are_guarded(struct kunit *test)
{
	u8 *object;

	if (!kmem_requests_are_guarded())	/* SLOB has the next object's size there */
		return false;
	object = kmalloc_unfenced(test, GUARDED_SIZE, GFP_KERNEL);
	kmem_poke(object + GUARDED_SIZE, ~kmem_peek(object + GUARDED_SIZE));
	return KMEM_CAPTURE(test, kfree(object))->bugs;
}

/* The two ways to ask for zeroes. */
struct zero_request {
	const char *name;
	gfp_t flags;
};

#define DEFINE_ZERO_REQUESTS(requests)					\
	static const struct zero_request requests[] = {			\
		{ "gfp_zero", GFP_KERNEL | __GFP_ZERO },		\
		{ "init_on_alloc", GFP_KERNEL },			\
	}

static inline void require_guards(struct kunit *test)
{
	if (!requests_are_guarded(test))
		kunit_skip(test, "needs a guarded request, and a boot with slab_debug=UZ");
}

/* Pages of mapped memory, which we hold so that nobody can reuse them. */
#define HELD_PAGES	8

struct held_pages {
	unsigned int nr;
	struct page *pages[HELD_PAGES];
	int counts[HELD_PAGES];
};

static inline void hold_pages(struct kunit *test, struct held_pages *held, const void *memory,
			      size_t size)
{
	KUNIT_ASSERT_TRUE(test, is_vmalloc_addr(memory));
	for (held->nr = 0; held->nr < HELD_PAGES && held->nr * PAGE_SIZE < size; held->nr++) {
		struct page *page = vmalloc_to_page(memory + held->nr * PAGE_SIZE);

		KUNIT_ASSERT_NOT_NULL(test, page);
		held->pages[held->nr] = page;
		held->counts[held->nr] = page_count(page);
		get_page(page);
	}
}

/* Expect that @memory is mapped no more, and that its pages are held by nobody but us. */
static inline void expect_unmapped(struct kunit *test, const struct held_pages *held,
				   const void *memory)
{
	unsigned int i;

	for (i = 0; i < held->nr; i++) {
		KUNIT_EXPECT_NULL_MSG(test, vmalloc_to_page(memory + i * PAGE_SIZE),
				      "page %u is still mapped", i);
		KUNIT_EXPECT_EQ_MSG(test, page_count(held->pages[i]), held->counts[i],
				    "page %u was not freed", i);
	}
}

static inline void release_pages_held(struct held_pages *held)
{
	while (held->nr)
		put_page(held->pages[--held->nr]);
}

#endif /* _KMEM_REALLOC_H */
