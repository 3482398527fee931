/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites share that map memory: how much there is, whether vmalloc() says
 * so when it fails, and how a task is killed that lives on.
 *
 * Of such failures, and of others, the kernel reports one in ten seconds. Whose turn
 * it is cannot be asked, but who comes next has it if the one before was silent.
 */
#ifndef _KMEM_VMALLOC_H
#define _KMEM_VMALLOC_H

#include <kunit/test.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "kmem_kunit.h"

/**
 * kmem_expect_mapped() - Expect so much mapped memory more than there was
 * @test: the test context
 * @since: "VmallocUsed" of kmem_meminfo() then, in kB
 * @bytes: how much
 * @error: how many bytes others may map or unmap meanwhile, and CPUs keep for themselves
 *
 * Source: Documentation/filesystems/proc.rst, "VmallocUsed".
 */
static inline void kmem_expect_mapped(struct kunit *test, long since, long bytes, long error)
{
	const long used = kmem_meminfo(test, "VmallocUsed") - since;

	KUNIT_EXPECT_GT(test, used, (bytes - error) / SZ_1K);
	KUNIT_EXPECT_LT(test, used, (bytes + error) / SZ_1K);
}

/* Have this task killed, as far as others can see; false if they cannot. */
static inline bool kmem_begin_to_die(void)
{
	allow_signal(SIGKILL);
	send_sig(SIGKILL, current, 1);
	return fatal_signal_pending(current);
}

static inline void kmem_stay_alive(void)
{
	flush_signals(current);
	disallow_signal(SIGKILL);
}

#define KMEM_TOO_LARGE_TO_MAP	"exceeds total pages"

/* More than all memory: fails at once. */
static inline void kmem_vmalloc_too_much(void)
{
	vfree(vmalloc((totalram_pages() + 1) * PAGE_SIZE));
}

/* As long as the first ten seconds last, no time passes that gives a second turn. */
static inline bool kmem_turn_is_the_first(void)
{
	return time_before(jiffies, (unsigned long)INITIAL_JIFFIES + 10 * HZ);
}

/**
 * KMEM_EXPECT_VMALLOC_ERROR() - Expect vmalloc() to fail, and to say so if it is its turn.
 * @test: the test context
 * @expression: gives what was mapped, without __GFP_NOWARN
 *
 * Source: warn_alloc(), DEFINE_RATELIMIT_STATE(nopage_rs, 10*HZ, 1).
 */
#define KMEM_EXPECT_VMALLOC_ERROR(test, expression) do {			\
	const struct kmem_report *__errors;					\
	struct kunit *__unit = (test);						\
	void *__mapped = NULL;							\
										\
	__errors = KMEM_CAPTURE(__unit, {					\
		__mapped = (expression);					\
		kmem_vmalloc_too_much();					\
	});									\
	KUNIT_EXPECT_NULL(__unit, __mapped);					\
	vfree(__mapped);							\
	if (kmem_turn_is_the_first())						\
		KUNIT_EXPECT_NULL_MSG(__unit, strstr(__errors->text, KMEM_TOO_LARGE_TO_MAP), \
				      "what failed before was silent");		\
} while (0)

#endif /* _KMEM_VMALLOC_H */
