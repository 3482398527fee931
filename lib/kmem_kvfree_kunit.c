// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvfree() and its relatives, for memory of kmalloc() and of vmalloc().
 *
 * Memory of kmalloc() that is free is handed out again. The pages of mapped
 * memory are held while it is freed, so that they can still be looked at: the
 * address leads nowhere then, and nobody else holds them.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_kvfree'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include "kmem_kunit.h"
#include "kmem_realloc.h"

/* a few pages and a bit */
#define SIZE		(3 * PAGE_SIZE + 100)

static const size_t kmalloc_sizes[] = { 8, 96, SZ_1K, SZ_8K, 4 * KMALLOC_MAX_CACHE_SIZE };

/*
 * Nothing is freed silently, whatever its size is said to be. Source: kvfree(),
 * which hands what is not mapped to kfree(), and kvfree_sensitive(), which looks
 * for ZERO_OR_NULL_PTR() before it wipes.
 */
static void nothing_is_freed_silently(struct kunit *test)
{
	KMEM_EXPECT_SILENCE(test, {
		kvfree(NULL);
		kvfree(ZERO_SIZE_PTR);
		kvfree_sensitive(NULL, 64);
		kvfree_sensitive(ZERO_SIZE_PTR, 64);
		kvfree_atomic(NULL);
		kvfree_atomic(ZERO_SIZE_PTR);
	});
}

static void *cycle_of_kmalloc(struct kunit *test, size_t size)
{
	void *memory = kmalloc_unfenced(test, size, GFP_KERNEL);

	kvfree(memory);
	return memory;
}

static void *cycle_of_kvmalloc(struct kunit *test, size_t size)
{
	void *memory = kvmalloc(size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	kvfree(memory);
	return memory;
}

static void *cycle_of_sensitive(struct kunit *test, size_t size)
{
	void *memory = kmalloc_unfenced(test, size, GFP_KERNEL);

	kvfree_sensitive(memory, size);
	return memory;
}

static void *cycle_of_atomic(struct kunit *test, size_t size)
{
	void *memory = kmalloc_unfenced(test, size, GFP_KERNEL);

	preempt_disable();
	kvfree_atomic(memory);
	preempt_enable();
	return memory;
}

static const struct way {
	const char *name;
	void *(*cycle)(struct kunit *test, size_t size);
} ways[] = {
	{ "kmalloc", cycle_of_kmalloc },
	{ "kvmalloc", cycle_of_kvmalloc },
	{ "sensitive", cycle_of_sensitive },
	{ "atomic", cycle_of_atomic },
};

KUNIT_ARRAY_PARAM_DESC(way, ways, name);

/*
 * Memory of kmalloc() is freed: it is handed out again. Source: kvfree()'s
 * kernel-doc, "frees memory allocated by any of vmalloc(), kmalloc() or
 * kvmalloc()".
 */
static void kmalloc_memory_is_freed(struct kunit *test)
{
	const struct way *way = test->param_value;
	unsigned int i;

	require_reuse(test);
	for (i = 0; i < ARRAY_SIZE(kmalloc_sizes); i++)
		KUNIT_EXPECT_TRUE_MSG(test, is_recycled(test, way->cycle, kmalloc_sizes[i]),
				      "size %zu", kmalloc_sizes[i]);
}

/*
 * Memory of vmalloc() is unmapped, and its pages are freed. Source: as above.
 */
static void mapped_memory_is_freed(struct kunit *test)
{
	u8 *memory[] = { vmalloc(SIZE), vmalloc(1), kvmalloc(KMALLOC_MAX_SIZE + 1, GFP_KERNEL) };
	static const size_t sizes[] = { SIZE, 1, KMALLOC_MAX_SIZE + 1 };
	struct held_pages held;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(memory); i++) {
		hold_pages(test, &held, memory[i], sizes[i]);
		KMEM_EXPECT_SILENCE(test, kvfree(memory[i]));
		expect_unmapped(test, &held, memory[i]);
		release_pages_held(&held);
	}
}

/*
 * Nothing is freed by an address inside of a mapping, which is reported each time.
 * Source: remove_vm_area(), WARN(), "Trying to vfree() bad address".
 */
static void address_inside_a_mapping_is_reported(struct kunit *test)
{
	static const size_t offsets[] = { 1, 8, PAGE_SIZE - 1, SIZE - 1 };
	u8 *memory = vmalloc_filled(test, SIZE);
	const struct kmem_report *report;
	unsigned int i;

	report = KMEM_CAPTURE(test, {
		for (i = 0; i < ARRAY_SIZE(offsets); i++)
			kvfree(memory + offsets[i]);
	});
	KUNIT_ASSERT_NOT_NULL(test, vmalloc_to_page(memory));
	for (i = 0; i < ARRAY_SIZE(offsets); i++)
		kmem_expect_text(test, report, "Trying to vfree() bad address (%p)",
				 memory + offsets[i]);
	KUNIT_EXPECT_EQ(test, pattern_kept(memory, SIZE), SIZE);
	KMEM_EXPECT_SILENCE(test, kvfree(memory));
}

/*
 * kvfree_sensitive() wipes as many bytes of mapped memory as it is told, and
 * frees it all. Source: its kernel-doc, "@len: length of the data object".
 */
static void sensitive_mapped_memory_is_wiped(struct kunit *test)
{
	static const size_t lengths[] = {
		SIZE, SIZE - 1, PAGE_SIZE + 1, PAGE_SIZE, PAGE_SIZE - 1, 1, 0,
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t length = lengths[i], wiped = 0, untouched = 0;
		u8 *memory = vmalloc(PAGE_ALIGN(SIZE)), *again;
		struct held_pages held;

		KUNIT_ASSERT_NOT_NULL(test, memory);
		memset(memory, 0x5e, PAGE_ALIGN(SIZE));
		hold_pages(test, &held, memory, SIZE);
		kvfree_sensitive(memory, length);
		expect_unmapped(test, &held, memory);
		again = vmap(held.pages, held.nr, VM_MAP, PAGE_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, again);
		while (wiped < SIZE && !again[wiped])
			wiped++;
		for (j = length; j < SIZE; j++)
			untouched += again[j] == 0x5e;
		vunmap(again);
		release_pages_held(&held);
		KUNIT_EXPECT_EQ(test, wiped, length);
		KUNIT_EXPECT_EQ_MSG(test, untouched, SIZE - length, "length %zu", length);
	}
}

#define LARGE_SIZE	SZ_256K

/*
 * Of large memory that is not mapped, kfree_sensitive() wipes all, too. Who has some of
 * its pages meanwhile does not write that byte all over them. Source: its kernel-doc,
 * "memory ... is zeroed before freed".
 */
static void large_sensitive_memory_is_wiped(struct kunit *test)
{
	size_t i, dirt = 0;
	u8 *memory;

	KMEM_REQUIRE_NOT(test, CONFIG_DEBUG_PAGEALLOC, "which may unmap what is free");
	memory = kmalloc(LARGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	memset(memory, 0x5e, LARGE_SIZE);
	OPTIMIZER_HIDE_VAR(memory);
	kfree_sensitive(memory);
	for (i = 0; i < LARGE_SIZE; i++)
		dirt += kmem_peek(memory + i) == 0x5e;
	KUNIT_EXPECT_LT(test, dirt, PAGE_SIZE);
}

static struct page *free_in_softirq(const void *memory)
{
	struct page *during;

	local_bh_disable();
	kvfree(memory);
	during = vmalloc_to_page(memory);
	local_bh_enable();
	return during;
}

struct interrupt {
	struct irq_work work;
	const void *memory;
	struct page *during;
};

static void free_and_look(struct irq_work *work)
{
	struct interrupt *irq = container_of(work, struct interrupt, work);

	kvfree(irq->memory);
	irq->during = vmalloc_to_page(irq->memory);
}

static struct page *free_in_hard_interrupt(const void *memory)
{
	struct interrupt irq = { .work = IRQ_WORK_INIT_HARD(free_and_look), .memory = memory };

	irq_work_queue(&irq.work);
	irq_work_sync(&irq.work);
	return irq.during;
}

static struct page *free_atomically(const void *memory)
{
	struct page *during;

	preempt_disable();
	kvfree_atomic(memory);
	during = vmalloc_to_page(memory);
	preempt_enable();
	return during;
}

static void leave_scope(const void *memory)
{
	void *scoped __free(kvfree_atomic) = (void *)memory;

	OPTIMIZER_HIDE_VAR(scoped);
}

static struct page *free_by_atomic_scope(const void *memory)
{
	struct page *during;

	preempt_disable();
	leave_scope(memory);
	during = vmalloc_to_page(memory);
	preempt_enable();
	return during;
}

/*
 * struct context - where nobody may sleep
 * @name: of the parameter
 * @release: frees there; returns where the memory led to right after
 * @atomic: by kvfree_atomic()
 */
static const struct context {
	const char *name;
	struct page *(*release)(const void *memory);
	bool atomic;
} contexts[] = {
	{ "softirq", free_in_softirq },
	{ "hardirq", free_in_hard_interrupt },
	{ "atomic", free_atomically, true },
	{ "atomic_scope", free_by_atomic_scope, true },
};

KUNIT_ARRAY_PARAM_DESC(context, contexts, name);

static void do_nothing(struct work_struct *work)
{
}

/*
 * Let what was queued to the workqueue before be done. Work that takes long, as
 * on a busy host, may be overtaken by ours: let it have the processor too.
 */
static void let_work_be_done(const struct page *freed_last)
{
	struct work_struct work;
	unsigned int i;

	for (i = 0; i < 5 * HZ; i++) {
		INIT_WORK_ONSTACK(&work, do_nothing);
		schedule_work(&work);
		flush_work(&work);
		destroy_work_on_stack(&work);
		if (page_count(freed_last) == 1)
			break;
		schedule_timeout_uninterruptible(1);
	}
}

/*
 * Where nobody may sleep, mapped memory is freed later, by a worker, and not in
 * place. Source: kvfree()'s kernel-doc, "Context: Either preemptible task
 * context or not-NMI interrupt"; kvfree_atomic(), which "uses vfree_atomic()".
 */
static void mapped_memory_is_freed_later(struct kunit *test)
{
	const struct context *context = test->param_value;
	u8 *memory = vmalloc(SIZE);
	struct held_pages held;
	struct page *during;

	KUNIT_ASSERT_NOT_NULL(test, memory);
	if (context->atomic && !kmem_has_kvfree_atomic()) {
		vfree(memory);
		kunit_skip(test, "needs kvfree_atomic()");
	}
	hold_pages(test, &held, memory, SIZE);
	during = context->release(memory);
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		KUNIT_EXPECT_PTR_EQ_MSG(test, during, held.pages[0], "it was freed at once");
	let_work_be_done(held.pages[held.nr - 1]);
	expect_unmapped(test, &held, memory);
	release_pages_held(&held);
}

static struct kunit_case kvfree_cases[] = {
	KUNIT_CASE(nothing_is_freed_silently),
	KUNIT_CASE_PARAM(kmalloc_memory_is_freed, way_gen_params),
	KUNIT_CASE(mapped_memory_is_freed),
	KUNIT_CASE(address_inside_a_mapping_is_reported),
	KUNIT_CASE(sensitive_mapped_memory_is_wiped),
	KUNIT_CASE(large_sensitive_memory_is_wiped),
	KUNIT_CASE_PARAM(mapped_memory_is_freed_later, context_gen_params),
	{}
};

static struct kunit_suite kvfree_suite = {
	.name = "kmem_kvfree",
	.init = kmem_suite_init,
	.test_cases = kvfree_cases,
};

kunit_test_suite(kvfree_suite);

MODULE_DESCRIPTION("KUnit tests for kvfree()");
MODULE_LICENSE("GPL");
