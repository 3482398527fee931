// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages, per-cpu memory and arrays of strings that are freed with their device:
 * devm_get_free_pages(), devm_alloc_percpu() and devm_kasprintf_strarray().
 *
 * The contracts are those of the kernel-doc in drivers/base/devres.c, and of
 * lib/string_helpers.c.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_devm_pages'
 */
#include <kunit/test.h>
#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/string_helpers.h>
#include "kmem_device.h"
#include "kmem_kunit.h"
#include "kmem_text.h"

/* of a mebibyte, which the zones see come and go at once */
#define LARGE_ORDER	get_order(SZ_1M)
#define LARGE_PAGES	((long)(SZ_1M / PAGE_SIZE))

/*
 * There are as many pages as the order says, aligned to their size, the
 * caller's to the last byte, and of nobody else. Source: kernel-doc, "Managed
 * get_free_pages".
 */
static void pages_are_as_many_as_the_order_says(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	unsigned long pages[6][2];
	unsigned int order, i;

	for (order = 0; order < ARRAY_SIZE(pages); order++) {
		for (i = 0; i < 2; i++) {
			unsigned long address = devm_get_free_pages(dev, GFP_KERNEL, order);

			KUNIT_ASSERT_NE_MSG(test, address, 0, "order %u", order);
			KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED(address, PAGE_SIZE << order),
					      "order %u, %#lx", order, address);
			memset((void *)address, 2 * order + i, PAGE_SIZE << order);
			pages[order][i] = address;
		}
	}
	for (order = 0; order < ARRAY_SIZE(pages); order++) {
		for (i = 0; i < 2; i++)
			KUNIT_EXPECT_NULL_MSG(test, memchr_inv((void *)pages[order][i],
							       2 * order + i, PAGE_SIZE << order),
					      "order %u, number %u", order, i);
	}
	KMEM_EXPECT_SILENCE(test, kunit_release_action(test, drop_device, dev));
}

/* Pages are zero if the flags say so: these, at least, are handed on. */
static void flags_are_the_callers(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	unsigned int i;

	for (i = 0; i < 32; i++) {
		unsigned long address = devm_get_free_pages(dev, GFP_KERNEL | __GFP_ZERO, 0);

		KUNIT_ASSERT_NE(test, address, 0);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv((void *)address, 0, PAGE_SIZE), "round %u",
				      i);
		memset((void *)address, 0xd1, PAGE_SIZE);
		devm_free_pages(dev, address);
	}
}

/*
 * They are one compound page only if the flags say so, as each may be given away by
 * itself otherwise. Source: __GFP_COMP in <linux/gfp_types.h>, split_page().
 */
static void pages_are_compound_only_if_asked_for(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	unsigned int i;

	for (i = 0; i < 2; i++) {
		gfp_t gfp = GFP_KERNEL | (i ? __GFP_COMP : 0);
		unsigned long address = devm_get_free_pages(dev, gfp, 2);

		KUNIT_ASSERT_NE(test, address, 0);
		KUNIT_EXPECT_EQ(test, !!PageCompound(virt_to_page((void *)address)), i);
	}
	KMEM_EXPECT_SILENCE(test, kunit_release_action(test, drop_device, dev));
}

static void take_pages(struct kunit *test, struct device *dev)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_NE(test, devm_get_free_pages(dev, GFP_KERNEL, LARGE_ORDER), 0);
}

/*
 * Pages stay until the device goes, and are free from then on, all of them.
 * Source: kernel-doc, "automatically freed on driver detach".
 */
static void pages_live_as_long_as_their_device(struct kunit *test)
{
	expect_device_keeps(test, 4 * LARGE_PAGES, take_pages);
}

static void get_and_free_pages(struct kunit *test, void *dev)
{
	unsigned long address = devm_get_free_pages(dev, GFP_KERNEL, LARGE_ORDER);

	KUNIT_ASSERT_NE(test, address, 0);
	devm_free_pages(dev, address);
}

/*
 * devm_free_pages() frees the pages at once, as many as there are without being
 * told, and the device frees none of them again. Source: its kernel-doc, "there
 * is no need to supply the @order".
 */
static void devm_free_pages_frees_at_once(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");

	kmem_expect_no_leak(test, SZ_1M, get_and_free_pages, dev);
	KMEM_EXPECT_SILENCE(test, kunit_release_action(test, drop_device, dev));
}

/* devm_free_pages() frees what it is given, wherever it is among the others. */
static void devm_free_pages_spares_the_others(struct kunit *test)
{
	static const unsigned int order[] = { 1, 3, 0, 2 };
	struct device *dev = make_device(test, "kmem_devm");
	unsigned long pages[ARRAY_SIZE(order)];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		pages[i] = devm_get_free_pages(dev, GFP_KERNEL, 0);
		KUNIT_ASSERT_NE(test, pages[i], 0);
		memset((void *)pages[i], 'a' + i, PAGE_SIZE);
	}
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		devm_free_pages(dev, pages[order[i]]);
		pages[order[i]] = 0;
		/* who would get a page that was freed wrongly */
		KUNIT_ASSERT_NE(test, devm_get_free_pages(dev, GFP_KERNEL | __GFP_ZERO, 0), 0);
		for (j = 0; j < ARRAY_SIZE(order); j++)
			KUNIT_EXPECT_TRUE_MSG(test, !pages[j] ||
					      !memchr_inv((void *)pages[j], 'a' + j, PAGE_SIZE),
					      "page %u after %u", j, order[i]);
	}
}

/*
 * devm_free_pages() of what the device has not is reported each time, and frees nothing.
 * Source: devm_free_pages(), WARN_ON().
 */
static void devm_free_pages_of_unmanaged_pages_is_reported(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	unsigned long mine = __get_free_pages(GFP_KERNEL, 0);

	KUNIT_ASSERT_NE(test, mine, 0);
	KUNIT_ASSERT_NE(test, devm_get_free_pages(dev, GFP_KERNEL, 0), 0);
	KMEM_EXPECT_WARN_EACH_TIME(test, devm_free_pages(dev, mine), "drivers/base/devres.c:");
	KUNIT_EXPECT_EQ(test, page_count(virt_to_page((void *)mine)), 1);
	free_pages(mine, 0);
}

/*
 * More pages than can be had give 0, which is reported unless the flags say not to.
 * Source: kernel-doc of devm_get_free_pages(), "0 on failure"; __GFP_NOWARN in
 * <linux/gfp_types.h>.
 */
static void too_many_pages_give_none(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	unsigned int order = get_order(KMALLOC_MAX_SIZE) + 1;
	unsigned long address = 1;

	KMEM_EXPECT_SILENCE(test, {
		address = devm_get_free_pages(dev, GFP_KERNEL | __GFP_NOWARN, order);
	});
	KUNIT_EXPECT_EQ(test, address, 0);
	KMEM_EXPECT_WARN(test, address = devm_get_free_pages(dev, GFP_KERNEL, order),
			 "mm/page_alloc.c:");
	KUNIT_EXPECT_EQ(test, address, 0);
}

static void fail_pages(struct kunit *test, void *dev)
{
	unsigned long address = 1;

	KMEM_CAPTURE(test, address = KMEM_FAILING_BLOCKING(test, 1,
							   devm_get_free_pages(dev, GFP_KERNEL,
									       LARGE_ORDER)));
	KUNIT_EXPECT_EQ(test, address, 0);
}

/*
 * Pages that the device has no memory to keep account of are freed at once, all of
 * them. Source: kernel-doc of devm_get_free_pages(), "0 on failure".
 */
static void failed_pages_leave_nothing(struct kunit *test)
{
	kmem_expect_no_leak(test, SZ_1M, fail_pages, make_device(test, "kmem_devm"));
}

/* a share of it for each processor, large enough to be noticed */
struct share {
	u8 bytes[1024];
} __aligned(64);

/*
 * Each processor has a share of its own, aligned, zeroed, and its to the last
 * byte. Source: kernel-doc of devm_alloc_percpu(), "Managed alloc_percpu".
 */
static void each_processor_has_its_share(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	struct share __percpu *first = devm_alloc_percpu(dev, struct share);
	struct share __percpu *second = devm_alloc_percpu(dev, struct share);
	int cpu;

	KUNIT_ASSERT_TRUE(test, first && second);
	for_each_possible_cpu(cpu) {
		struct share *share = per_cpu_ptr(first, cpu);

		KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((unsigned long)share, 64), "cpu %d", cpu);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(share, 0, sizeof(*share)), "cpu %d", cpu);
		memset(share, 1 + cpu % 100, sizeof(*share));
		memset(per_cpu_ptr(second, cpu), 101 + cpu % 100, sizeof(*share));
	}
	for_each_possible_cpu(cpu)
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(per_cpu_ptr(first, cpu), 1 + cpu % 100,
						       sizeof(struct share)), "cpu %d", cpu);
}

/*
 * More than a unit of a processor's memory has, nothing, and an alignment that is no
 * power of two or more than a page, cannot be had, which is reported. Source:
 * pcpu_alloc(), "illegal size (%zu) or align (%zu) for percpu allocation".
 */
static void impossible_share_is_reported(struct kunit *test)
{
	static const struct {
		size_t size, align;
	} impossible[] = {
		{ PCPU_MIN_UNIT_SIZE + 8, 8 }, { 0, 8 }, { 8, 24 }, { 8, 2 * PAGE_SIZE },
	};
	struct device *dev = make_device(test, "kmem_devm");
	void __percpu *memory = NULL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(impossible); i++) {
		size_t size = impossible[i].size, align = impossible[i].align;

		KMEM_EXPECT_WARN(test, memory = __devm_alloc_percpu(dev, size, align),
				 "illegal size (%zu) or align (%zu) for percpu allocation",
				 size, align);
		KUNIT_EXPECT_TRUE_MSG(test, !memory, "size %zu, align %zu", size, align);
	}
}

static void fail_percpu(struct kunit *test, struct device *dev)
{
	struct share __percpu *memory = NULL;

	KMEM_CAPTURE(test, memory = KMEM_FAILING_BLOCKING(test, 1,
							  devm_alloc_percpu(dev, struct share)));
	KUNIT_EXPECT_TRUE(test, !memory);
}

/* Expect that the per-cpu memory of a device can be had again when that is gone, and is zero. */
static void expect_percpu_reused(struct kunit *test, bool fails_before)
{
	struct share __percpu *seen[16];
	unsigned int i, j, reused = 0;
	int cpu;

	for (i = 0; i < ARRAY_SIZE(seen); i++) {
		struct device *dev = make_device(test, "kmem_devm");

		if (fails_before)
			fail_percpu(test, dev);
		seen[i] = devm_alloc_percpu(dev, struct share);
		KUNIT_ASSERT_TRUE(test, !!seen[i]);
		for (j = 0; j < i; j++)
			reused += seen[j] == seen[i];
		for_each_possible_cpu(cpu) {
			struct share *share = per_cpu_ptr(seen[i], cpu);

			KUNIT_EXPECT_NULL_MSG(test, memchr_inv(share, 0, sizeof(*share)),
					      "round %u, cpu %d", i, cpu);
			memset(share, 0xd1, sizeof(*share));
		}
		kunit_release_action(test, drop_device, dev);
	}
	KUNIT_EXPECT_GT(test, reused, 0);
}

/*
 * Per-cpu memory is freed with its device: it can be had again, and is zeroed for
 * who gets it then. Source: pcpu_alloc(), "clear the areas and return address".
 */
static void percpu_memory_is_freed_with_its_device(struct kunit *test)
{
	expect_percpu_reused(test, false);
}

/*
 * Nor is any left if the device has no memory to keep account of it. Source:
 * kernel-doc of __devm_alloc_percpu(), "NULL on failure".
 */
static void failed_percpu_memory_leaves_nothing(struct kunit *test)
{
	expect_percpu_reused(test, true);
}

/*
 * devm_free_percpu() frees what it is given at once, so that it can be had again, and
 * not what the device has got since. Source: its kernel-doc, "Free memory allocated
 * with devm_alloc_percpu()".
 */
static void devm_free_percpu_frees_what_it_is_given(struct kunit *test)
{
	struct share __percpu *freed[16], *kept[ARRAY_SIZE(freed)];
	struct device *dev = make_device(test, "kmem_devm");
	unsigned int i, j, reused = 0;

	if (!kmem_has_devm_free_percpu())
		kunit_skip(test, "needs Linux 6, which has devm_free_percpu()");
	for (i = 0; i < ARRAY_SIZE(freed); i++) {
		freed[i] = devm_alloc_percpu(dev, struct share);
		kept[i] = devm_alloc_percpu(dev, struct share);
		KUNIT_ASSERT_TRUE(test, freed[i] && kept[i]);
		for (j = 0; j < i; j++) {
			reused += freed[j] == freed[i];
			KUNIT_EXPECT_TRUE_MSG(test, kept[j] != freed[i] && kept[j] != kept[i],
					      "number %u is not kept after %u", j, i);
		}
		KMEM_EXPECT_SILENCE(test, devm_free_percpu(dev, freed[i]));
	}
	KUNIT_EXPECT_GT(test, reused, 0);
	KMEM_EXPECT_SILENCE(test, kunit_release_action(test, drop_device, dev));
}

/*
 * An array of strings holds the prefix and a number from 0 on, as that of
 * kasprintf_strarray() does. Source: devm_kasprintf_strarray().
 */
static void array_holds_numbered_strings(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	char **names = devm_kasprintf_strarray(dev, "kmem", 12), wanted[16];
	unsigned int i;

	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(names));
	for (i = 0; i < 12; i++) {
		snprintf(wanted, sizeof(wanted), "kmem-%u", i);
		KUNIT_EXPECT_STREQ(test, names[i], wanted);
	}
	KMEM_EXPECT_SILENCE(test, kunit_release_action(test, drop_device, dev));
}

/* more than eight bits can count, and so long that each has pages of its own */
#define STRINGS		256
#define LONG_PREFIX	(2 * PAGE_SIZE)

static void take_strings(struct kunit *test, struct device *dev)
{
	char *prefix = kmem_make_text(test, LONG_PREFIX, 1);
	char **names = devm_kasprintf_strarray(dev, prefix, STRINGS);

	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(names));
	KUNIT_EXPECT_EQ(test, memcmp(names[STRINGS - 1], prefix, LONG_PREFIX), 0);
	kunit_kfree(test, prefix);
}

/* The strings stay until the device goes, and are free from then on, all of them. */
static void array_lives_as_long_as_its_device(struct kunit *test)
{
	expect_device_keeps(test, STRINGS * (kmem_room(LONG_PREFIX + 5) / PAGE_SIZE), take_strings);
}

/* No strings are no error. Source: devm_kasprintf_strarray(), kasprintf_strarray(). */
static void array_of_nothing_is_no_error(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");

	KUNIT_EXPECT_FALSE(test, IS_ERR_OR_NULL(devm_kasprintf_strarray(dev, "x", 0)));
	KMEM_EXPECT_SILENCE(test, kunit_release_action(test, drop_device, dev));
}

/*
 * Whichever allocation fails, the resource's, the array's or any string's, the result
 * is -ENOMEM and not NULL, and the device is as it was. Source:
 * devm_kasprintf_strarray().
 */
static void array_fails_at_any_allocation(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	const size_t n = 3;
	unsigned int nth;
	char **names;

	for (nth = 1; nth <= 2 + n; nth++) {
		KMEM_CAPTURE(test, names = KMEM_FAILING_BLOCKING(test, nth,
								 devm_kasprintf_strarray(dev, "x",
											 n)));
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR(names), -ENOMEM, "allocation %u", nth);
	}
	KMEM_EXPECT_SILENCE(test, kunit_release_action(test, drop_device, dev));
}

static void fail_array(struct kunit *test, void *dev)
{
	size_t n = SIZE_MAX / sizeof(char *) + 2;

	OPTIMIZER_HIDE_VAR(n);
	KUNIT_EXPECT_EQ(test, PTR_ERR(devm_kasprintf_strarray(dev, "x", n)), -ENOMEM);
}

/*
 * An array that cannot be had is -ENOMEM, silently, and leaves nothing with the
 * device. Source: devm_kasprintf_strarray().
 */
static void array_of_too_much_is_enomem(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	size_t n = SIZE_MAX / 2;

	OPTIMIZER_HIDE_VAR(n);
	KMEM_EXPECT_SILENCE(test, (void)devm_kasprintf_strarray(dev, "x", n));
	kmem_require_no_quarantine(test);
	kmem_expect_no_leak(test, 48, fail_array, dev);
}

static struct kunit_case kmem_devm_pages_cases[] = {
	KUNIT_CASE(pages_are_as_many_as_the_order_says),
	KUNIT_CASE(flags_are_the_callers),
	KUNIT_CASE(pages_are_compound_only_if_asked_for),
	KUNIT_CASE(pages_live_as_long_as_their_device),
	KUNIT_CASE(devm_free_pages_frees_at_once),
	KUNIT_CASE(devm_free_pages_spares_the_others),
	KUNIT_CASE(devm_free_pages_of_unmanaged_pages_is_reported),
	KUNIT_CASE(too_many_pages_give_none),
	KUNIT_CASE(failed_pages_leave_nothing),
	KUNIT_CASE(each_processor_has_its_share),
	KUNIT_CASE(impossible_share_is_reported),
	KUNIT_CASE(percpu_memory_is_freed_with_its_device),
	KUNIT_CASE(failed_percpu_memory_leaves_nothing),
	KUNIT_CASE(devm_free_percpu_frees_what_it_is_given),
	KUNIT_CASE(array_holds_numbered_strings),
	KUNIT_CASE(array_lives_as_long_as_its_device),
	KUNIT_CASE(array_of_nothing_is_no_error),
	KUNIT_CASE(array_fails_at_any_allocation),
	KUNIT_CASE(array_of_too_much_is_enomem),
	{}
};

static struct kunit_suite kmem_devm_pages_suite = {
	.name = "kmem_devm_pages",
	.init = kmem_suite_init,
	.test_cases = kmem_devm_pages_cases,
};

kunit_test_suite(kmem_devm_pages_suite);

MODULE_DESCRIPTION("KUnit tests for pages that are freed with their device");
MODULE_LICENSE("GPL");
