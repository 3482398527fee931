// SPDX-License-Identifier: GPL-2.0-only
/*
 * What processes have: their mappings, vm_mmap(), and their command line,
 * get_cmdline(); and of which file a folio of theirs is, folio_mapping().
 *
 * The process is the case's own, as only a few of its fields matter. The contracts
 * are those of the comments in mm/util.c.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_process'
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "kmem_kunit.h"
#include "kmem_text.h"

#define DIRT	0xa5
#define ROOM	64

/* What is in the memory of a process, one behind the other, and what is shown of it. */
static const struct command {
	const char *name, *args;
	int args_size;
	const char *env;
	int env_size;
	int size;
	const char *shown;
	int shown_size;
} commands[] = {
	{ "all", "ls\0-l", 6, "A=1", 4, ROOM, "ls\0-l", 6 },
	{ "nothing but a NUL", "", 1, "A=1", 4, ROOM, "", 1 },
	{ "nothing at all", "", 0, "A=1", 4, ROOM, "", 0 },
	{ "no buffer", "ls", 3, "A=1", 4, 0, "", 0 },
	{ "as large as the buffer", "ls\0-l", 6, "A=1", 4, 6, "ls\0-l", 6 },
	{ "too large", "ls\0-l", 6, "A=1", 4, 5, "ls\0-l", 5 },
	{ "much too large", "ls\0-l", 6, "A=1", 4, 1, "l", 1 },
	{ "overwritten", "title\0-l", 8, "A=1", 4, ROOM, "title", 5 },
	{ "overwritten at once", "\0s\0-l", 5, "A=1", 4, ROOM, "", 0 },
	{ "overwritten, in all of a buffer", "title\0-l", 8, "A=1", 4, 8, "title\0-l", 8 },
	{ "overwritten into the environment", "a long", 6, " title", 7, ROOM, "a long title", 12 },
	{ "overwritten up to there", "a long", 6, "\0itle", 6, ROOM, "a long", 6 },
	{ "overwritten with all", "a long", 6, " title", 6, ROOM, "a long title", 12 },
	{ "a single character, overwritten", "a", 1, "bc", 3, ROOM, "abc", 3 },
	{ "overwritten with more than fits", "a long", 6, " title", 7, 9, "a long ti", 9 },
	{ "overwritten with what just fits", "a long", 6, " title", 7, 12, "a long title", 12 },
	{ "no environment", "a long", 6, "", 0, ROOM, "a long", 6 },
};

KUNIT_ARRAY_PARAM_DESC(command, commands, name);

static struct task_struct *make_process(struct kunit *test, const struct command *command)
{
	struct task_struct *task = kunit_kzalloc(test, sizeof(*task), GFP_KERNEL);
	unsigned long area = kmem_user_map(test, 2 * PAGE_SIZE), env = area + PAGE_SIZE;
	void *other = kunit_kmalloc(test, ROOM, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, task);
	KUNIT_ASSERT_NOT_NULL(test, other);
	/* what lies behind is not zero, as if by chance */
	memset(other, 'x', ROOM);
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)area, other, ROOM), 0);
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)env, other, ROOM), 0);
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)area, command->args,
					   command->args_size), 0);
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)env, command->env, command->env_size), 0);
	spin_lock_init(&task->alloc_lock);
	task->mm = current->mm;
	task->mm->arg_start = area;
	task->mm->arg_end = area + command->args_size;
	task->mm->env_start = env;
	task->mm->env_end = env + command->env_size;
	return task;
}

/*
 * A command line is shown as it is, as much as fits. If its last NUL is gone, the
 * process shows a title, which ends with a NUL, and may go on in the environment.
 * Source: kernel-doc of get_cmdline(), "Larger cmdline values are truncated",
 * "does not guarantee an ending NULL byte"; comment in it, "assume application is
 * using setproctitle(3)".
 */
static void command_line_is_what_a_process_shows(struct kunit *test)
{
	const struct command *command = test->param_value;
	struct task_struct *task = make_process(test, command);
	int users = atomic_read(&task->mm->mm_users), size;
	char room[ROOM + 2], *buffer = room + 1;

	memset(room, DIRT, sizeof(room));
	size = get_cmdline(task, buffer, command->size);
	KUNIT_EXPECT_EQ(test, size, command->shown_size);
	kmem_expect_same(test, buffer, command->shown, command->shown_size);
	KUNIT_EXPECT_NULL_MSG(test, memchr_inv(buffer + command->size, DIRT,
					       ROOM + 1 - command->size),
			      "written behind the buffer");
	KUNIT_EXPECT_EQ(test, atomic_read(&task->mm->mm_users), users);
}

/*
 * Who has no memory, or has not been given arguments yet, shows nothing. Source:
 * get_cmdline(), get_task_mm(), "No looking before we're done".
 */
static void process_without_arguments_shows_nothing(struct kunit *test)
{
	static const struct command command = { .args = "ls", .args_size = 3, .env = "" };
	struct task_struct *task = make_process(test, &command);
	struct mm_struct *mm = task->mm;
	int users = atomic_read(&mm->mm_users);
	char buffer[ROOM];

	KUNIT_EXPECT_EQ(test, get_cmdline(task, buffer, ROOM), 3);
	task->flags = PF_KTHREAD;
	KUNIT_EXPECT_EQ(test, get_cmdline(task, buffer, ROOM), 0);
	task->flags = 0;
	task->mm = NULL;
	KUNIT_EXPECT_EQ(test, get_cmdline(task, buffer, ROOM), 0);
	task->mm = mm;
	mm->arg_end = 0;
	KUNIT_EXPECT_EQ(test, get_cmdline(task, buffer, ROOM), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&mm->mm_users), users);
}

/* What can no longer be read is not shown. Source: access_process_vm(), mm/memory.c. */
static void arguments_that_are_unmapped_are_not_shown(struct kunit *test)
{
	static const struct command command = { .args = "ls", .args_size = 3, .env = "" };
	struct task_struct *task = make_process(test, &command);
	char buffer[ROOM] = "";

	KUNIT_ASSERT_EQ(test, vm_munmap(task->mm->arg_start, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, get_cmdline(task, buffer, ROOM), 0);
	KUNIT_EXPECT_STREQ(test, buffer, "");
}

/**
 * struct mapping - what a file was told when it was mapped
 * @calls: how often
 * @size: in bytes
 * @pgoff: the page of the file that is the first
 * @flags: the VM_ flags
 * @file: which file
 */
struct mapping {
	unsigned int calls;
	unsigned long size, pgoff, flags;
	struct file *file;
};

static int note_mapping(struct file *file, struct vm_area_struct *vma)
{
	struct mapping *mapping = file->private_data;

	mapping->calls++;
	mapping->size = vma->vm_end - vma->vm_start;
	mapping->pgoff = vma->vm_pgoff;
	mapping->flags = vma->vm_flags;
	mapping->file = vma->vm_file;
	return 0;
}

static const struct file_operations noting_fops = { .mmap = note_mapping };

/*
 * A file is mapped from the page on that the offset says, as large, and with the
 * rights, that were asked for. Source: comment of vm_mmap(), "same work as if
 * userland were invoking mmap"; mmap(2).
 */
static void file_is_mapped_from_its_offset(struct kunit *test)
{
	static const unsigned long offsets[] = { 0, 1, 2, 7, (ULONG_MAX >> PAGE_SHIFT >> 1) - 3 };
	struct mapping mapping = {};
	struct file *file = kmem_anon_file(test, "[kmem]", &noting_fops, &mapping);
	unsigned int i;

	kmem_user_map(test, PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		unsigned long area = vm_mmap(file, 0, 2 * PAGE_SIZE + 1, PROT_READ, MAP_SHARED,
					     offsets[i] << PAGE_SHIFT);

		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR_VALUE(area), "page %lu: %ld", offsets[i],
				       (long)area);
		KUNIT_EXPECT_EQ(test, mapping.calls, i + 1);
		KUNIT_EXPECT_EQ(test, mapping.size, 3 * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, mapping.pgoff, offsets[i]);
		KUNIT_EXPECT_EQ(test, mapping.flags & (VM_READ | VM_WRITE | VM_EXEC), VM_READ);
		KUNIT_EXPECT_PTR_EQ(test, mapping.file, file);
		KUNIT_EXPECT_EQ(test, vm_munmap(area, 3 * PAGE_SIZE), 0);
	}
	KUNIT_EXPECT_FALSE_MSG(test, rwsem_is_locked(&current->mm->mmap_lock), "still locked");
}

/*
 * Offsets that are in a page, or at which the mapping would wrap around, are
 * refused. Source: comment of vm_mmap(), "checked for overflow and page alignment".
 */
static void offsets_that_cannot_be_are_refused(struct kunit *test)
{
	static const struct {
		unsigned long offset, size;
	} refused[] = {
		{ 1, PAGE_SIZE },
		{ PAGE_SIZE - 1, PAGE_SIZE },
		{ 3 * PAGE_SIZE + 8, PAGE_SIZE },
		{ -PAGE_SIZE, PAGE_SIZE },
		{ -PAGE_SIZE, 1 },
		{ -PAGE_SIZE, 2 * PAGE_SIZE },
		{ -2 * PAGE_SIZE, PAGE_SIZE + 1 },
	};
	struct mapping mapping = {};
	struct file *file = kmem_anon_file(test, "[kmem]", &noting_fops, &mapping);
	unsigned int i;

	kmem_user_map(test, PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(refused); i++)
		KUNIT_EXPECT_EQ_MSG(test, -EINVAL,
				    (long)vm_mmap(file, 0, refused[i].size, PROT_READ, MAP_SHARED,
						  refused[i].offset),
				    "offset=%#lx", refused[i].offset);
	KUNIT_EXPECT_EQ(test, mapping.calls, 0);
	KUNIT_EXPECT_EQ_MSG(test, -ENOMEM,
			    (long)vm_mmap(file, 0, ULONG_MAX, PROT_READ, MAP_SHARED, PAGE_SIZE),
			    "a size that wraps around");
	KUNIT_EXPECT_EQ_MSG(test, -EINVAL,
			    (long)vm_mmap(file, 0, 0, PROT_READ, MAP_SHARED, PAGE_SIZE), "no size");
	KUNIT_EXPECT_FALSE_MSG(test, rwsem_is_locked(&current->mm->mmap_lock), "still locked");
}

/* Map anonymous memory, and return how many of its pages can be read without a fault. */
static long pages_at_once(struct kunit *test, unsigned long pages, unsigned long flags)
{
	unsigned long i, area = vm_mmap(NULL, 0, pages * PAGE_SIZE, PROT_READ | PROT_WRITE,
					MAP_ANONYMOUS | MAP_PRIVATE | flags, 0);
	long there = 0;
	char byte;

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR_VALUE(area), "%ld", (long)area);
	for (i = 0; i < pages; i++)
		if (!copy_from_user_nofault(&byte, (void __user *)(area + i * PAGE_SIZE), 1))
			there++;
	KUNIT_EXPECT_EQ(test, vm_munmap(area, pages * PAGE_SIZE), 0);
	return there;
}

/*
 * Pages are there at once if that is asked for, and else when they are touched.
 * Source: comment of vm_mmap(), "memory population are handled"; MAP_POPULATE in
 * mmap(2).
 */
static void pages_are_there_at_once_if_asked_for(struct kunit *test)
{
	kmem_user_map(test, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, pages_at_once(test, 5, 0), 0);
	KUNIT_EXPECT_EQ(test, pages_at_once(test, 5, MAP_POPULATE), 5);
}

/* An address that has to be is that of the mapping. Source: MAP_FIXED in mmap(2). */
static void fixed_address_is_kept(struct kunit *test)
{
	unsigned long area = kmem_user_map(test, 4 * PAGE_SIZE), wanted = area + 2 * PAGE_SIZE;

	KUNIT_EXPECT_EQ(test, wanted,
			vm_mmap(NULL, wanted, PAGE_SIZE, PROT_READ,
				MAP_ANONYMOUS | MAP_PRIVATE | MAP_FIXED, 0));
	KUNIT_EXPECT_NE_MSG(test, clear_user((void __user *)wanted, 1), 0, "can be written to");
}

/*
 * A folio of a file is the file's, and one that is a process' own, or a slab's, is
 * no file's. Source: kernel-doc of folio_mapping(), "return the mapping that this
 * page belongs to", "aren't in the swap cache or page cache and it will return NULL".
 */
static void folio_of_a_file_is_the_files(struct kunit *test)
{
	unsigned long area = kmem_user_map(test, PAGE_SIZE);
	struct file *file = shmem_kernel_file_setup("kmem", 2 * PAGE_SIZE, EMPTY_VMA_FLAGS);
	void *object = kmalloc(64, GFP_KERNEL);
	struct page *page;

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	KUNIT_EXPECT_NOT_NULL(test, object);
	if (object)
		KUNIT_EXPECT_NULL(test, folio_mapping(virt_to_folio(object)));
	kfree(object);

	page = shmem_read_mapping_page(file->f_mapping, 1);
	KUNIT_EXPECT_FALSE(test, IS_ERR(page));
	if (!IS_ERR(page)) {
		KUNIT_EXPECT_PTR_EQ(test, folio_mapping(page_folio(page)), file->f_mapping);
		put_page(page);
	}
	fput(file);

	KUNIT_ASSERT_EQ(test, clear_user((void __user *)area, PAGE_SIZE), 0);
	KUNIT_ASSERT_EQ(test, get_user_pages_fast(area, 1, 0, &page), 1);
	KUNIT_EXPECT_TRUE(test, PageAnon(page));
	KUNIT_EXPECT_NULL(test, folio_mapping(page_folio(page)));
	put_page(page);
}

static struct kunit_case kmem_process_cases[] = {
	KUNIT_CASE_PARAM(command_line_is_what_a_process_shows, command_gen_params),
	KUNIT_CASE(process_without_arguments_shows_nothing),
	KUNIT_CASE(arguments_that_are_unmapped_are_not_shown),
	KUNIT_CASE(file_is_mapped_from_its_offset),
	KUNIT_CASE(offsets_that_cannot_be_are_refused),
	KUNIT_CASE(pages_are_there_at_once_if_asked_for),
	KUNIT_CASE(fixed_address_is_kept),
	KUNIT_CASE(folio_of_a_file_is_the_files),
	{}
};

static struct kunit_suite kmem_process_suite = {
	.name = "kmem_process",
	.init = kmem_suite_init,
	.test_cases = kmem_process_cases,
};

kunit_test_suite(kmem_process_suite);

MODULE_DESCRIPTION("KUnit tests for what processes have");
MODULE_LICENSE("GPL");
