// SPDX-License-Identifier: GPL-2.0-only
/*
 * User memory for cases.
 *
 * All of them share one address space. One for each case would be torn down
 * when that case's thread ends, which is later than the case: its pages would
 * come back while another case counts pages.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/workqueue.h>
#include "kmem_kunit.h"

static struct mm_struct *user_mm;

/**
 * struct user_area - user memory of a case
 * @unmap: gives it back
 * @start: where it begins
 * @size: how many bytes it has
 */
struct user_area {
	struct work_struct unmap;
	unsigned long start;
	size_t size;
};

static void unmap_area(struct work_struct *work)
{
	struct user_area *area = container_of(work, struct user_area, unmap);

	kthread_use_mm(user_mm);
	vm_munmap(area->start, area->size);
	kthread_unuse_mm(user_mm);
}

/* What ends a case has no address space, and is no kernel thread in each series. */
static void wait_for_unmap(void *context)
{
	struct user_area *area = context;

	schedule_work(&area->unmap);
	flush_work(&area->unmap);
}

/**
 * kmem_user_map() - Map user memory that this case may read and write.
 * @test: the test context; skips if there can be none
 * @size: of the memory, in bytes; a multiple of PAGE_SIZE
 *
 * The case may unmap some of it. What is left is unmapped before the next case.
 *
 * Return: its address; a failure ends the case.
 */
unsigned long kmem_user_map(struct kunit *test, size_t size)
{
	struct user_area *area;
	unsigned long start;

	if (user_mm && !current->mm) {
		/* the thread of a case puts it when it ends */
		mmget(user_mm);
		kthread_use_mm(user_mm);
	}
	start = kmem_compat_vm_mmap(test, size);
	KUNIT_ASSERT_NE(test, start, 0);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR_VALUE(start), "vm_mmap() gave %ld", (long)start);
	if (!user_mm) {
		user_mm = current->mm;
		mmget(user_mm);
	}

	area = kunit_kzalloc(test, sizeof(*area), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, area);
	INIT_WORK(&area->unmap, unmap_area);
	area->start = start;
	area->size = size;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, wait_for_unmap, area), 0);
	return start;
}
EXPORT_SYMBOL_GPL(kmem_user_map);

/**
 * kmem_user_exit() - Drop the address space of all cases.
 */
void kmem_user_exit(void)
{
	if (user_mm)
		mmput(user_mm);
}
