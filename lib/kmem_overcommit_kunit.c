// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much memory may be promised to processes: __vm_enough_memory(),
 * vm_commit_limit() and vm_memory_committed(), and the sysctls that they follow.
 *
 * The contracts are those of Documentation/mm/overcommit-accounting.rst and
 * Documentation/admin-guide/sysctl/vm.rst.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_overcommit'
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/hugetlb.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/percpu_counter.h>
#include <linux/swap.h>
#include "kmem_kunit.h"

#define POLICY	"vm/overcommit_memory"
#define RATIO	"vm/overcommit_ratio"
#define KBYTES	"vm/overcommit_kbytes"

#define PAGES_OF(kbytes)	((kbytes) >> (PAGE_SHIFT - 10))

/* kB, and no whole number of pages */
#define RESERVE	4003

/**
 * struct sysctls - what was set before a case
 * @test: the case
 * @policy: vm.overcommit_memory
 * @ratio: vm.overcommit_ratio
 * @kbytes: vm.overcommit_kbytes
 * @admin_reserve: vm.admin_reserve_kbytes
 * @user_reserve: vm.user_reserve_kbytes
 */
struct sysctls {
	struct kunit *test;
	long policy, ratio, kbytes;
	unsigned long admin_reserve, user_reserve;
};

static void set(struct kunit *test, const char *name, long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld\n", number);
	KUNIT_EXPECT_EQ_MSG(test, kmem_sysctl_store(test, name, text), 0, "%s = %ld", name, number);
}

static void restore(void *context)
{
	struct sysctls *old = context;

	if (old->kbytes)
		set(old->test, KBYTES, old->kbytes);
	else
		set(old->test, RATIO, old->ratio);
	set(old->test, POLICY, old->policy);
	sysctl_admin_reserve_kbytes = old->admin_reserve;
	sysctl_user_reserve_kbytes = old->user_reserve;
}

/* From here to the end of the case, memory is promised by this policy. */
static void promise(struct kunit *test, int policy)
{
	struct sysctls *old;

	old = kunit_kzalloc(test, sizeof(*old), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, old);
	old->test = test;
	old->policy = kmem_sysctl(test, POLICY);
	old->ratio = kmem_sysctl(test, RATIO);
	old->kbytes = kmem_sysctl(test, KBYTES);
	old->admin_reserve = sysctl_admin_reserve_kbytes;
	old->user_reserve = sysctl_user_reserve_kbytes;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, restore, old), 0);
	set(test, POLICY, policy);
}

/* From here on no more is promised than a limit; return how many pages are left of it. */
static long promise_no_more(struct kunit *test)
{
	long room;

	promise(test, OVERCOMMIT_NEVER);
	set(test, RATIO, 60);
	room = vm_commit_limit() - vm_memory_committed() - 1;
	KUNIT_ASSERT_GT(test, room, PAGES_OF(RESERVE));
	return room;
}

/*
 * Ask for so many pages, as what is mapped does. They count while they are
 * promised, and no longer if they are not.
 */
static int ask(struct kunit *test, struct mm_struct *mm, long pages, int admin)
{
	unsigned long before = vm_memory_committed();
	int err;

	KMEM_CAPTURE(test, err = __vm_enough_memory(mm, pages, admin));
	KUNIT_EXPECT_EQ_MSG(test, vm_memory_committed(), before + (err ? 0 : pages),
			    "pages=%ld err=%d", pages, err);
	if (!err)
		vm_unacct_memory(pages);
	return err;
}

/* There is enough for @pages, and not for one more. */
static void expect_room(struct kunit *test, struct mm_struct *mm, long pages, int admin)
{
	KUNIT_EXPECT_EQ_MSG(test, ask(test, mm, pages, admin), 0, "pages=%ld", pages);
	KUNIT_EXPECT_EQ_MSG(test, ask(test, mm, pages + 1, admin), -ENOMEM, "pages=%ld", pages);
}

/* Who is refused is named, for whom looks into the log. Source: __vm_enough_memory(). */
static void refusal_is_told(struct kunit *test)
{
	const struct kmem_report *report;
	int err;

	promise(test, OVERCOMMIT_GUESS);
	report = KMEM_CAPTURE(test, err = __vm_enough_memory(NULL, LONG_MAX >> PAGE_SHIFT, 1));
	KUNIT_EXPECT_EQ(test, err, -ENOMEM);
	kmem_expect_text(test, report, "pid: %d, comm: %s", current->pid, current->comm);
	/* there may be the words, but no number */
	if (!strstr(report->text, "no enough memory for the allocation"))
		kmem_expect_text(test, report, "bytes: %lu not enough memory for the allocation",
				 LONG_MAX >> PAGE_SHIFT << PAGE_SHIFT);
}

/*
 * All is promised to whom asks for it. Source: overcommit-accounting.rst, 1,
 * "Always overcommit".
 */
static void all_is_promised_if_asked_for(struct kunit *test)
{
	promise(test, OVERCOMMIT_ALWAYS);
	KUNIT_EXPECT_EQ(test, ask(test, NULL, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, ask(test, NULL, totalram_pages() + total_swap_pages + 1, 0), 0);
	KUNIT_EXPECT_EQ(test, ask(test, NULL, LONG_MAX >> PAGE_SHIFT, 0), 0);
}

/*
 * What is more than there is at all is not promised at once. Source:
 * overcommit-accounting.rst, 0, "Obvious overcommits of address space are refused";
 * vm.rst, "the kernel compares the userspace memory request size against total
 * memory plus swap and rejects obvious overcommits".
 */
static void obvious_overcommit_is_refused(struct kunit *test)
{
	int admin;

	promise(test, OVERCOMMIT_GUESS);
	for (admin = 0; admin < 2; admin++)
		expect_room(test, NULL, totalram_pages() + total_swap_pages, admin);
}

/*
 * No more is promised than the limit, of what was promised to all. Source:
 * overcommit-accounting.rst, 2, "The total address space commit for the system is
 * not permitted to exceed swap + a configurable amount".
 */
static void limit_is_kept(struct kunit *test)
{
	long room = promise_no_more(test);

	expect_room(test, NULL, room, 1);
	vm_acct_memory(1000);
	expect_room(test, NULL, room - 1000, 1);
	vm_unacct_memory(1000);
}

/*
 * Some is kept for administrators. Source: vm.rst, admin_reserve_kbytes, "reserved
 * for users with the capability cap_sys_admin".
 */
static void administrators_have_a_reserve(struct kunit *test)
{
	long room = promise_no_more(test);

	sysctl_admin_reserve_kbytes = RESERVE;
	expect_room(test, NULL, room, 1);
	expect_room(test, NULL, room - PAGES_OF(RESERVE), 0);
}

/*
 * A process does not get all, so that a user can end it: a share of its own size is
 * kept, or what is set if that is less. Source: vm.rst, user_reserve_kbytes,
 * "reserve min(3% of current process size, user_reserve_kbytes) of free memory";
 * a part in 32 is what it calls 3%.
 */
static void users_have_a_reserve(struct kunit *test)
{
	struct mm_struct *mm = kunit_kzalloc(test, sizeof(*mm), GFP_KERNEL);
	long room = promise_no_more(test);

	KUNIT_ASSERT_NOT_NULL(test, mm);
	sysctl_user_reserve_kbytes = RESERVE;
	expect_room(test, mm, room, 1);
	mm->total_vm = 32 * 100 + 31;
	expect_room(test, mm, room - 100, 1);
	mm->total_vm = 32 * PAGES_OF(RESERVE) + 32 * 100;
	expect_room(test, mm, room - PAGES_OF(RESERVE), 1);
}

static void expect_limit(struct kunit *test, unsigned long pages)
{
	KUNIT_EXPECT_EQ(test, vm_commit_limit(), pages + total_swap_pages);
	KUNIT_EXPECT_EQ(test, kmem_meminfo(test, "CommitLimit"),
			(pages + total_swap_pages) << (PAGE_SHIFT - 10));
}

/*
 * The limit is a share of the memory, without huge pages, or a size, and swap.
 * Source: vm.rst, overcommit_ratio, "swap plus this percentage of physical RAM",
 * overcommit_kbytes, "swap plus this amount of physical RAM"; the formula of
 * CommitLimit in Documentation/filesystems/proc.rst.
 */
static void limit_is_what_is_set(struct kunit *test)
{
	static const long ratios[] = { 1, 37, 50, 99, 100, 150 }, sizes[] = { 4, 4099, 123456 };
	unsigned int i;

	promise(test, OVERCOMMIT_NEVER);
	for (i = 0; i < ARRAY_SIZE(ratios); i++) {
		set(test, RATIO, ratios[i]);
		expect_limit(test, (totalram_pages() - hugetlb_total_pages()) * ratios[i] / 100);
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		set(test, KBYTES, sizes[i]);
		expect_limit(test, PAGES_OF(sizes[i]));
	}
}

/*
 * Of share and size, what is set last counts, and the other is then 0. Source:
 * vm.rst, overcommit_kbytes, "Only one of them may be specified at a time. Setting
 * one disables the other (which then appears as 0 when read)".
 */
static void one_limit_takes_the_place_of_the_other(struct kunit *test)
{
	promise(test, OVERCOMMIT_NEVER);
	set(test, KBYTES, 4096);
	KUNIT_EXPECT_EQ(test, kmem_sysctl(test, RATIO), 0);
	KUNIT_EXPECT_EQ(test, kmem_sysctl(test, KBYTES), 4096);
	set(test, RATIO, 42);
	KUNIT_EXPECT_EQ(test, kmem_sysctl(test, KBYTES), 0);
	KUNIT_EXPECT_EQ(test, kmem_sysctl(test, RATIO), 42);
	KUNIT_EXPECT_LT(test, kmem_sysctl_store(test, KBYTES, "many\n"), 0);
	KUNIT_EXPECT_EQ(test, kmem_sysctl(test, RATIO), 42);
	set(test, KBYTES, 8192);
	KUNIT_EXPECT_LT(test, kmem_sysctl_store(test, RATIO, "half\n"), 0);
	KUNIT_EXPECT_EQ(test, kmem_sysctl(test, KBYTES), 8192);
}

/*
 * There are three policies, and no others; to write nothing changes none. Source:
 * vm.rst, overcommit_memory; overcommit_policy_handler().
 */
static void policy_is_one_of_three(struct kunit *test)
{
	static const char * const others[] = { "-1\n", "3\n", "no\n" };
	unsigned int i;
	long policy;

	promise(test, OVERCOMMIT_GUESS);
	for (policy = OVERCOMMIT_GUESS; policy <= OVERCOMMIT_NEVER; policy++) {
		set(test, POLICY, policy);
		KUNIT_EXPECT_EQ(test, kmem_sysctl(test, POLICY), policy);
		KUNIT_EXPECT_EQ(test, sysctl_overcommit_memory, policy);
		for (i = 0; i < ARRAY_SIZE(others); i++)
			KUNIT_EXPECT_EQ_MSG(test, kmem_sysctl_store(test, POLICY, others[i]),
					    -EINVAL, "%s", others[i]);
		KUNIT_EXPECT_EQ(test, kmem_sysctl_store(test, POLICY, ""), 0);
		KUNIT_EXPECT_EQ(test, sysctl_overcommit_memory, policy);
	}
}

/*
 * Who turns the limit on has all counted that each CPU has promised before. Source:
 * comment of overcommit_policy_handler(), "sync percpu count on each CPU".
 */
static void strict_policy_knows_all_promises(struct kunit *test)
{
	KMEM_REQUIRE(test, CONFIG_SMP);
	promise(test, OVERCOMMIT_ALWAYS);
	vm_acct_memory(3);
	KUNIT_EXPECT_NE_MSG(test, percpu_counter_read(&vm_committed_as),
			    percpu_counter_sum(&vm_committed_as), "nothing is kept back");
	set(test, POLICY, OVERCOMMIT_NEVER);
	KUNIT_EXPECT_EQ(test, percpu_counter_read(&vm_committed_as),
			percpu_counter_sum(&vm_committed_as));
	vm_unacct_memory(3);
}

/*
 * What is mapped to be written to is promised until it is unmapped, and what only
 * to be read is not. Source: overcommit-accounting.rst, "For an anonymous or
 * /dev/zero map: PRIVATE writable mappings: size of mapping per instance".
 */
static void mappings_are_promises(struct kunit *test)
{
	unsigned long before, area;

	promise(test, OVERCOMMIT_GUESS);
	kmem_user_map(test, PAGE_SIZE);
	before = vm_memory_committed();
	area = vm_mmap(NULL, 0, 7 * PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(area));
	KUNIT_EXPECT_EQ(test, vm_memory_committed(), before + 7);
	KUNIT_EXPECT_EQ(test, kmem_meminfo(test, "Committed_AS"),
			(before + 7) << (PAGE_SHIFT - 10));
	KUNIT_EXPECT_EQ(test, vm_munmap(area, 7 * PAGE_SIZE), 0);
	area = vm_mmap(NULL, 0, 7 * PAGE_SIZE, PROT_READ, MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(area));
	KUNIT_EXPECT_EQ(test, vm_memory_committed(), before);
	KUNIT_EXPECT_EQ(test, vm_munmap(area, 7 * PAGE_SIZE), 0);
}

static struct kunit_case kmem_overcommit_cases[] = {
	KUNIT_CASE(refusal_is_told),
	KUNIT_CASE(all_is_promised_if_asked_for),
	KUNIT_CASE(obvious_overcommit_is_refused),
	KUNIT_CASE(limit_is_kept),
	KUNIT_CASE(administrators_have_a_reserve),
	KUNIT_CASE(users_have_a_reserve),
	KUNIT_CASE(limit_is_what_is_set),
	KUNIT_CASE(one_limit_takes_the_place_of_the_other),
	KUNIT_CASE(policy_is_one_of_three),
	KUNIT_CASE(strict_policy_knows_all_promises),
	KUNIT_CASE(mappings_are_promises),
	{}
};

static struct kunit_suite kmem_overcommit_suite = {
	.name = "kmem_overcommit",
	.init = kmem_suite_init,
	.test_cases = kmem_overcommit_cases,
};

kunit_test_suite(kmem_overcommit_suite);

MODULE_DESCRIPTION("KUnit tests for how much memory is promised");
MODULE_LICENSE("GPL");
