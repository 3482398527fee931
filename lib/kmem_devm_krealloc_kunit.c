// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a device that is resized: devm_krealloc().
 *
 * The contracts are those of its kernel-doc in drivers/base/devres.c.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_devm_krealloc'
 */
#include <kunit/test.h>
#include <linux/compiler.h>
#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_device.h"
#include "kmem_kunit.h"
#include "kmem_text.h"

/* large enough for its pages to be counted, with what a resource needs besides */
#define LARGE		(SZ_1M - 512)
#define LARGE_PAGES	((long)(SZ_1M / PAGE_SIZE))

/* Memory of a device with a text in it, of so many bytes with its NUL. */
static char *make_text(struct kunit *test, struct device *dev, size_t size)
{
	char *text = devm_kmalloc(dev, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL_MSG(test, text, "size %zu", size);
	kmem_write_text(text, size - 1, size);
	text[size - 1] = '\0';
	return text;
}

static void expect_text(struct kunit *test, const char *text, size_t size)
{
	char *same = kmem_make_text(test, size - 1, size);

	kmem_expect_same(test, text, same, size);
	kunit_kfree(test, same);
}

static const size_t sizes[] = { 1, 8, 24, 64, 65, 128, 200, 500, 1000, 4096, 9000, 70000 };

/*
 * The contents are kept up to the smaller one of both sizes, whether the memory
 * moves or not, and all of the new size is the caller's. Source: kernel-doc,
 * "The contents of the memory are preserved".
 */
static void contents_are_kept(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			char *text = make_text(test, dev, sizes[i]), *same;
			char *resized = devm_krealloc(dev, text, sizes[j], GFP_KERNEL);

			KUNIT_ASSERT_NOT_NULL_MSG(test, resized, "%zu to %zu", sizes[i], sizes[j]);
			same = make_text(test, dev, sizes[i]);
			kmem_expect_same(test, resized, same, min(sizes[i], sizes[j]));
			memset(resized, 'x', sizes[j]);
			expect_text(test, same, sizes[i]);
			devm_kfree(dev, same);
			devm_kfree(dev, resized);
		}
	}
}

/* Memory that grows by and by keeps what was written at each size. */
static void memory_grows_step_by_step(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	char *text = kmem_make_text(test, 3000, 1), *memory = NULL;
	size_t size, before = 0;

	for (size = 1; size <= 3000; size += 1 + size / 16) {
		memory = devm_krealloc(dev, memory, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL_MSG(test, memory, "size %zu", size);
		kmem_expect_same(test, memory, text, before);
		memcpy(memory, text, size);
		before = size;
	}
	KMEM_EXPECT_SILENCE(test, devm_kfree(dev, memory));
}

/*
 * What fits stays where it is, and stays the device's. Source: devm_krealloc(),
 * "just return the same pointer".
 */
static void what_fits_stays_in_place(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *text = make_text(test, dev, sizes[i]);

		for (j = i + 1; j--; ) {
			char *resized = devm_krealloc(dev, text, sizes[j], GFP_KERNEL);

			KUNIT_EXPECT_PTR_EQ_MSG(test, resized, text, "%zu to %zu", sizes[i],
						sizes[j]);
		}
		expect_text(test, text, sizes[i]);
		KMEM_EXPECT_SILENCE(test, devm_kfree(dev, text));
	}
}

/* What fits needs no allocation, so none can fail. */
static void what_fits_needs_no_allocation(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	char *text = make_text(test, dev, 100), *resized, *spare = NULL;

	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	/* the failure waits for the allocation behind it */
	resized = KMEM_FAILING(test, 1, ({
		char *same = devm_krealloc(dev, text, 50, GFP_NOWAIT | __GFP_NOWARN);

		spare = kmalloc(8, GFP_NOWAIT | __GFP_NOWARN);
		same;
	}));
	KUNIT_EXPECT_PTR_EQ(test, resized, text);
	KUNIT_EXPECT_NULL(test, spare);
	kfree(spare);
}

static void take_large(struct kunit *test, struct device *dev)
{
	make_text(test, dev, LARGE);
}

static void take_and_move(struct kunit *test, struct device *dev)
{
	char *memory = devm_krealloc(dev, make_text(test, dev, LARGE), 2 * LARGE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	expect_text(test, memory, LARGE);
}

/*
 * What moves is freed where it was, at once, and with the device where it is.
 * The device has nothing of both afterwards.
 */
static void what_moves_is_freed_once(struct kunit *test)
{
	expect_device_keeps(test, LARGE_PAGES, take_large);
	expect_device_keeps(test, 2 * LARGE_PAGES, take_and_move);
}

/* The device knows what moved by its new address, and by its old one no more. */
static void what_moves_is_known_by_its_new_address(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	char *text = make_text(test, dev, 100), *moved;

	moved = devm_krealloc(dev, text, 1000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, moved);
	KUNIT_ASSERT_PTR_NE(test, moved, text);
	KMEM_EXPECT_WARN(test, devm_kfree(dev, text), "drivers/base/devres.c:");
	expect_text(test, moved, 100);
	KMEM_EXPECT_SILENCE(test, devm_kfree(dev, moved));
	KMEM_EXPECT_WARN(test, devm_kfree(dev, moved), "drivers/base/devres.c:");
}

/* Of all that the device has, only what is resized moves. */
static void the_others_stay(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	char *first = make_text(test, dev, 90), *memory = make_text(test, dev, 91);
	char *last = make_text(test, dev, 92);

	memory = devm_krealloc(dev, memory, 5000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	/* who would get the memory of a wrong one */
	KUNIT_ASSERT_NOT_NULL(test, devm_kzalloc(dev, 90, GFP_KERNEL));
	KUNIT_ASSERT_NOT_NULL(test, devm_kzalloc(dev, 90, GFP_KERNEL));
	expect_text(test, first, 90);
	expect_text(test, memory, 91);
	expect_text(test, last, 92);
	KMEM_EXPECT_SILENCE(test, {
		devm_kfree(dev, last);
		devm_kfree(dev, first);
		devm_kfree(dev, memory);
	});
}

static void note_free_pages(void *pages)
{
	*(long *)pages = kmem_free_pages();
}

/*
 * What moves keeps its turn among all that is released with the device: after
 * what came later, before what came earlier. Source: kernel-doc, "doesn't change
 * the order in which the release callback for the re-alloc'ed devres will be
 * called".
 */
static void what_moves_keeps_its_turn(struct kunit *test)
{
	static long later, earlier;
	long between[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(between); i++) {
		struct device *dev = make_device(test, "kmem_devm");
		void *memory;

		KUNIT_ASSERT_EQ(test, devm_add_action(dev, note_free_pages, &earlier), 0);
		memory = devm_kmalloc(dev, 100, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, memory);
		KUNIT_ASSERT_EQ(test, devm_add_action(dev, note_free_pages, &later), 0);
		memory = devm_krealloc(dev, memory, LARGE, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, memory);
		kunit_release_action(test, drop_device, dev);
		between[i] = earlier - later;
	}
	expect_most_counts(test, between, LARGE_PAGES);
}

#define SMALL		100
#define GROWN		1000
#define DIRT		0xd1
/* how many allocations may pass until the freed memory comes back */
#define TRIES		512

/* From the same place, by which kmalloc() may choose among its caches. */
static noinline u8 *make_and_grow(struct device *dev)
{
	u8 *memory = devm_kzalloc(dev, SMALL, GFP_KERNEL);

	memory = memory ? devm_krealloc(dev, memory, GROWN, GFP_KERNEL | __GFP_ZERO) : NULL;
	barrier();	/* or it would be left for the place that it was called from */
	return memory;
}

/*
 * Zeroed memory that grows with __GFP_ZERO is zero to the end, also where it was
 * dirty before. Source: kernel-doc, "similarly to regular krealloc()", whose
 * kernel-doc has "starting with the initial memory allocation"; alloc_dr().
 */
static void growth_is_zeroed_if_asked_for(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	u8 *dirty = make_and_grow(dev), *memory = NULL, *stain;
	unsigned int i;

	kmem_require_no_quarantine(test);
	KUNIT_ASSERT_NOT_NULL(test, dirty);
	memset(dirty, DIRT, GROWN);
	devm_kfree(dev, dirty);
	for (i = 0; i < TRIES && memory != dirty; i++) {
		memory = make_and_grow(dev);
		KUNIT_ASSERT_NOT_NULL(test, memory);
		stain = memchr_inv(memory, 0, GROWN);
		KUNIT_ASSERT_NULL_MSG(test, stain, "number %u, offset %td", i, stain - memory);
	}
	KUNIT_EXPECT_PTR_EQ_MSG(test, memory, dirty, "it did not come back, nothing is proved");
}

/* Either of them takes the same room. */
#define COPIED		600
#define EXTENDED	800

/*
 * So is a copy that was made with it: what lies behind it is zero when it is the
 * caller's. Source: as above; devm_kmemdup(), "GFP mask to use".
 */
static void growth_of_a_copy_is_zeroed_if_asked_for(struct kunit *test)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_ZERO;
	struct device *dev = make_device(test, "kmem_devm");
	char *text = kmem_make_text(test, EXTENDED, 1);
	u8 *dirty = devm_kmemdup(dev, text, EXTENDED, GFP_KERNEL), *copy = NULL, *stain;
	unsigned int i;

	kmem_require_no_quarantine(test);
	KUNIT_ASSERT_NOT_NULL(test, dirty);
	devm_kfree(dev, dirty);
	for (i = 0; i < TRIES && copy != dirty; i++) {
		u8 *memory;

		copy = devm_kmemdup(dev, text, COPIED, gfp);
		KUNIT_ASSERT_NOT_NULL(test, copy);
		memory = devm_krealloc(dev, copy, EXTENDED, gfp);
		KUNIT_ASSERT_NOT_NULL(test, memory);
		kmem_expect_same(test, memory, text, COPIED);
		stain = memchr_inv(memory + COPIED, 0, EXTENDED - COPIED);
		KUNIT_ASSERT_NULL_MSG(test, stain, "number %u, offset %td", i, stain - memory);
	}
	KUNIT_EXPECT_PTR_EQ_MSG(test, copy, dirty, "it did not come back, nothing is proved");
}

static void alloc_and_resize_to_nothing(struct kunit *test, void *dev)
{
	void *memory = devm_kmalloc(dev, LARGE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	KUNIT_EXPECT_PTR_EQ(test, devm_krealloc(dev, memory, 0, GFP_KERNEL), ZERO_SIZE_PTR);
}

/*
 * A new size of no bytes frees the memory, at once. Source: kernel-doc, "If
 * new_size is zero, it frees the previously allocated memory".
 */
static void no_bytes_free_the_memory(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");

	kmem_expect_no_leak(test, SZ_1M, alloc_and_resize_to_nothing, dev);
	KMEM_EXPECT_SILENCE(test, {
		void *memory = devm_krealloc(dev, NULL, 0, GFP_KERNEL);

		memory = devm_krealloc(dev, memory, 0, GFP_KERNEL);
		devm_kfree(dev, memory);
	});
}

/*
 * When memory runs out the result is NULL, and the memory stays where it is, with
 * its contents and as the device's. Source: kernel-doc, "similarly to regular
 * krealloc()".
 */
static void failed_resize_changes_nothing(struct kunit *test)
{
	const gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN;
	struct device *dev = make_device(test, "kmem_devm");
	char *text = make_text(test, dev, 100), *resized;

	resized = KMEM_FAILING(test, 1, devm_krealloc(dev, text, 1000, gfp));
	KUNIT_EXPECT_NULL(test, resized);
	expect_text(test, text, 100);
	KMEM_EXPECT_SILENCE(test, devm_kfree(dev, text));
}

/* A size that cannot be had is NULL, silently, and changes nothing either. */
static void size_near_the_largest_changes_nothing(struct kunit *test)
{
	static const size_t largest[] = { SIZE_MAX, SIZE_MAX - 7, SIZE_MAX - 31 };
	struct device *dev = make_device(test, "kmem_devm");
	char *text = make_text(test, dev, 100), *resized = text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(largest); i++) {
		size_t size = largest[i];

		OPTIMIZER_HIDE_VAR(size);
		KMEM_EXPECT_SILENCE(test, resized = devm_krealloc(dev, text, size, GFP_KERNEL));
		KUNIT_EXPECT_NULL_MSG(test, resized, "size %zu", size);
	}
	expect_text(test, text, 100);
	KMEM_EXPECT_SILENCE(test, devm_kfree(dev, text));
}

/* The flags are the caller's: memory can be resized where nothing may sleep. */
static void memory_can_be_resized_in_atomic_context(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	char *text = make_text(test, dev, 100), *resized;

	preempt_disable();
	resized = devm_krealloc(dev, text, 1000, GFP_ATOMIC);
	preempt_enable();
	KUNIT_ASSERT_NOT_NULL(test, resized);
	expect_text(test, resized, 100);
}

/*
 * Who has interrupts off has them off also after memory was had from a device, was moved,
 * or was freed. Source: the spin_lock_irqsave() of devres_lock in drivers/base/devres.c.
 */
static void interrupts_stay_off(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	char *memory = NULL, *moved = NULL;

	KMEM_WITH_IRQS_OFF(test, memory = devm_kmalloc(dev, 100, GFP_ATOMIC));
	KUNIT_ASSERT_NOT_NULL(test, memory);
	KMEM_WITH_IRQS_OFF(test, moved = devm_krealloc(dev, memory, 1000, GFP_ATOMIC));
	KUNIT_ASSERT_NOT_NULL(test, moved);
	KUNIT_EXPECT_PTR_NE(test, moved, memory);
	KMEM_WITH_IRQS_OFF(test, devm_kfree(dev, moved));
}

/*
 * Memory of another device is not resized, which is reported each time: it stays with its
 * contents where it is. Source: devm_krealloc(), "Memory chunk not managed or
 * managed by a different device".
 */
static void memory_of_another_device_is_reported(struct kunit *test)
{
	struct device *mine = make_device(test, "kmem_mine");
	struct device *other = make_device(test, "kmem_other");
	char *text = make_text(test, mine, 100), *resized = text;

	/* not for want of anything to resize */
	make_text(test, other, 50);
	KMEM_EXPECT_WARN_EACH_TIME(test, resized = devm_krealloc(other, text, 1000, GFP_KERNEL),
				   "Memory chunk not managed or managed by a different device.");
	KUNIT_EXPECT_NULL(test, resized);
	kunit_release_action(test, drop_device, other);
	expect_text(test, text, 100);
	KMEM_EXPECT_SILENCE(test, devm_kfree(mine, text));
}

static void free_one_page(void *page)
{
	__free_page(page);
}

/*
 * Nor is what is in a page that no kmalloc() gave, which devm_krealloc() reports besides
 * what ksize() has to say of it. On 7.x, ksize() takes it for the page's. Source:
 * devm_krealloc(), "Pointer doesn't point to dynamically allocated memory".
 */
static void page_is_reported(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	struct page *page = alloc_page(GFP_KERNEL);
	const struct kmem_report *report;
	void *resized = page;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_one_page, page), 0);
	report = KMEM_CAPTURE(test, resized = devm_krealloc(dev, page_address(page) + PAGE_SIZE / 2,
							    2 * PAGE_SIZE, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, resized);
	KUNIT_EXPECT_EQ(test, report->bugs, 0);
	kmem_expect_text(test, report, "drivers/base/devres.c:");
}

static void resize_of_another(struct kunit *test, void *context)
{
	struct device **devices = context;
	char *text = make_text(test, devices[0], 100), *resized = text;

	KMEM_CAPTURE(test, resized = devm_krealloc(devices[1], text, LARGE, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, resized);
	devm_kfree(devices[0], text);
}

/* What was allocated for a resize that was refused is freed. */
static void refused_resize_leaves_nothing(struct kunit *test)
{
	struct device *devices[] = {
		make_device(test, "kmem_mine"), make_device(test, "kmem_other"),
	};

	kmem_expect_no_leak(test, SZ_1M, resize_of_another, devices);
}

/*
 * A constant that devm_kstrdup_const() gave cannot be resized, which is reported.
 * Source: devm_krealloc(), "We cannot reliably realloc a const string".
 */
static void constant_is_reported(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	char *constant = (char *)devm_kstrdup_const(dev, (const char *)_ctype, GFP_KERNEL);
	char *resized = constant;

	KUNIT_ASSERT_PTR_EQ(test, constant, (char *)_ctype);
	KMEM_EXPECT_WARN(test, resized = devm_krealloc(dev, constant, 1000, GFP_KERNEL),
			 "drivers/base/devres.c:");
	KUNIT_EXPECT_NULL(test, resized);
	KMEM_EXPECT_WARN(test, resized = devm_krealloc(dev, constant, 1, GFP_KERNEL),
			 "drivers/base/devres.c:");
	KUNIT_EXPECT_NULL(test, resized);
}

static struct kunit_case kmem_devm_krealloc_cases[] = {
	KUNIT_CASE(contents_are_kept),
	KUNIT_CASE(memory_grows_step_by_step),
	KUNIT_CASE(what_fits_stays_in_place),
	KUNIT_CASE(what_fits_needs_no_allocation),
	KUNIT_CASE(what_moves_is_freed_once),
	KUNIT_CASE(what_moves_is_known_by_its_new_address),
	KUNIT_CASE(the_others_stay),
	KUNIT_CASE(what_moves_keeps_its_turn),
	KUNIT_CASE(growth_is_zeroed_if_asked_for),
	KUNIT_CASE(growth_of_a_copy_is_zeroed_if_asked_for),
	KUNIT_CASE(no_bytes_free_the_memory),
	KUNIT_CASE(failed_resize_changes_nothing),
	KUNIT_CASE(size_near_the_largest_changes_nothing),
	KUNIT_CASE(memory_can_be_resized_in_atomic_context),
	KUNIT_CASE(interrupts_stay_off),
	KUNIT_CASE(memory_of_another_device_is_reported),
	KUNIT_CASE(page_is_reported),
	KUNIT_CASE(refused_resize_leaves_nothing),
	KUNIT_CASE(constant_is_reported),
	{}
};

static struct kunit_suite kmem_devm_krealloc_suite = {
	.name = "kmem_devm_krealloc",
	.init = kmem_suite_init,
	.test_cases = kmem_devm_krealloc_cases,
};

kunit_test_suite(kmem_devm_krealloc_suite);

MODULE_DESCRIPTION("KUnit tests for devm_krealloc()");
MODULE_LICENSE("GPL");
