/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kmem suites share: private caches, quiet capture of the kernel's
 * reports, deliberate bad accesses, and allocations that fail on demand.
 */
#ifndef _KMEM_KUNIT_H
#define _KMEM_KUNIT_H

#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>
#include "kmem_compat.h"

/*
 * Every suite has this as its .init. A report that the kernel makes during a
 * case or its clean-up, outside of a capture, fails the case.
 */
int kmem_suite_init(struct kunit *test);

/**
 * KMEM_REQUIRE() - Skip the case unless the kernel has a configuration option.
 * @test: the test context
 * @CONFIG_option: its name
 */
#define KMEM_REQUIRE(test, CONFIG_option) do {				\
	if (!IS_ENABLED(CONFIG_option))					\
		kunit_skip(test, "needs " #CONFIG_option "=y");		\
} while (0)

/**
 * KMEM_REQUIRE_NOT() - Skip the case if the kernel has a configuration option.
 * @test: the test context
 * @CONFIG_option: its name
 * @what: it does that the case cannot do with, a string that goes on after a comma
 */
#define KMEM_REQUIRE_NOT(test, CONFIG_option, what) do {		\
	if (IS_ENABLED(CONFIG_option))					\
		kunit_skip(test, "needs " #CONFIG_option "=n, " what);	\
} while (0)

/*
 * Caches
 */

/* Every check that SLUB has, and full slabs that can be validated. */
#define KMEM_ALL_CHECKS	(SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)

struct kmem_cache *kmem_private_cache(struct kunit *test, const char *name, unsigned int size,
				      slab_flags_t flags, void (*ctor)(void *));
void kmem_private_cache_destroy(struct kunit *test, struct kmem_cache *cache);
void kmem_validate(struct kunit *test, struct kmem_cache *cache);

/**
 * struct kmem_batch - objects of one cache, all live at once
 * @cache: where they are from
 * @nr: how many they are
 * @objects: the objects, in the order of their allocation
 */
struct kmem_batch {
	struct kmem_cache *cache;
	unsigned int nr;
	void *objects[];
};

struct kmem_batch *kmem_take(struct kunit *test, struct kmem_cache *cache, unsigned int nr);
void kmem_give_back(struct kunit *test, struct kmem_batch *batch);
unsigned int kmem_count(const struct kmem_batch *batch, const void *object);
void kmem_adopt_cache(struct kunit *test, struct kmem_cache *cache);
void kmem_mark(struct kmem_batch *batch, unsigned int size);
unsigned int kmem_count_overwritten(struct kmem_batch *batch, unsigned int size);
void kmem_free_half(struct kmem_batch *batch);
void kmem_keep_slab(struct kmem_batch *batch);

/*
 * What the kernel tells its users about a cache
 */

/**
 * struct kmem_slabinfo - a line of /proc/slabinfo
 * @lines: how many lines have the name; the rest is the last one of them
 * @active_objs: objects in use, with the free ones that a CPU holds ready
 * @num_objs: all objects
 * @active_slabs: slabs in use
 * @num_slabs: all slabs
 * @objsize: bytes from one object to the next one
 * @objperslab: objects in a slab
 * @pagesperslab: pages of a slab
 * @limit: no such tunable since SLAB is gone
 * @batchcount: as @limit
 * @shared: as @limit
 * @sharedavail: objects that CPUs share, nothing but 0 since SLAB is gone
 *
 * See Documentation/filesystems/proc.rst and slabinfo(5).
 */
struct kmem_slabinfo {
	unsigned int lines;
	unsigned long active_objs, num_objs, active_slabs, num_slabs;
	unsigned int objsize, objperslab, pagesperslab;
	unsigned int limit, batchcount, shared;
	unsigned long sharedavail;
};

bool kmem_slabinfo_is_there(void);
struct kmem_slabinfo kmem_slabinfo(struct kunit *test, const char *name);
ssize_t kmem_slabinfo_read(struct kunit *test, char *buffer, size_t size);
umode_t kmem_slabinfo_mode(struct kunit *test);
unsigned long kmem_meminfo(struct kunit *test, const char *name);
const char *kmem_vmallocinfo(struct kunit *test, const char *words);
char *kmem_sysfs_text(struct kunit *test, const char *name, const char *attribute);
int kmem_sysfs_number(struct kunit *test, const char *name, const char *attribute);
int kmem_sysfs_store(struct kunit *test, const char *name, const char *attribute, const char *text);
long kmem_sysctl(struct kunit *test, const char *name);
int kmem_sysctl_store(struct kunit *test, const char *name, const char *text);
struct file *kmem_sysfs_open(struct kunit *test, const char *name, const char *attribute,
			     int flags);
char *kmem_debugfs_text(struct kunit *test, const char *name, const char *list);
struct file *kmem_debugfs_open(struct kunit *test, const char *name, const char *list);
struct file *kmem_anon_file(struct kunit *test, const char *name,
			    const struct file_operations *operations, void *data);
ssize_t kmem_file_read(struct file *file, char *buffer, size_t size);
bool kmem_boot_has(struct kunit *test, const char *text);
bool kmem_boot_keeps_orders(struct kunit *test);

unsigned long kmem_user_map(struct kunit *test, size_t size);
void kmem_user_exit(void);

/**
 * struct kmem_origin - the cache that an object is from
 * @name: its name, or NULL for what is in no slab, such as a large kmalloc()
 * @size: of its objects, as it was asked for
 * @flags: SLAB_*
 * @gfp: what its slabs are allocated with in any case
 * @useroffset: where the region that may be copied to user space begins
 * @usersize: the size of that region
 */
struct kmem_origin {
	const char *name;
	unsigned int size;
	slab_flags_t flags;
	gfp_t gfp;
	unsigned int useroffset;
	unsigned int usersize;
};

struct kmem_origin kmem_origin(const void *memory);
spinlock_t *kmem_list_lock(const void *object);

/*
 * Reports
 */

/**
 * struct kmem_report - what the kernel printed during a capture
 * @bugs: number of "BUG" heads (SLUB's and the sanitizers' reports)
 * @warnings: number of "WARNING:" heads (WARN() and its family)
 * @lost: records were overwritten before they could be read
 * @text: all of it, a line each, with printk's prefixes
 */
struct kmem_report {
	int bugs;
	int warnings;
	bool lost;
	const char *text;
};

void kmem_capture_begin(struct kunit *test);
const struct kmem_report *kmem_capture_end(void);
unsigned int kmem_count_text(const struct kmem_report *report, const char *text);
__printf(3, 4) void kmem_expect_text(struct kunit *test, const struct kmem_report *report,
				     const char *fmt, ...);
void kmem_expect_between(struct kunit *test, const struct kmem_report *report, const char *head,
			 const char *next, const char *text);
void kmem_expect_trace(struct kunit *test, const struct kmem_report *report);
bool kmem_stacks_are_saved(const char *caller);
void kmem_expect_heads(struct kunit *test, const struct kmem_report *report, const char *what,
		       int bugs, int warnings);

/**
 * KMEM_CAPTURE() - Run a statement and keep what the kernel prints off the console.
 * @test: the test context
 * @statement: what to run; no KUnit expectation, its message would be captured too
 *
 * Return: the captured &struct kmem_report, valid until the next capture.
 */
#define KMEM_CAPTURE(test, statement) ({				\
	kmem_capture_begin(test);					\
	statement;							\
	kmem_capture_end();						\
})

/**
 * KMEM_COUNT_ERRORS() - Run a statement and count what SLUB has to say of it.
 * @test: the test context
 * @statement: what to run
 *
 * Nothing is printed. SLUB counts one for a report, and one more for each thing
 * that it then mends, and keeps no reference to where it counts. Source:
 * slab_add_kunit_errors(), mm/slub.c; kernel-doc of kunit_find_resource().
 *
 * Return: the count.
 */
#define KMEM_COUNT_ERRORS(test, statement) ({				\
	struct kunit_resource __resource = { };				\
	struct kunit *__test = (test);					\
	int __errors = 0;						\
									\
	kunit_add_named_resource(__test, NULL, NULL, &__resource, "slab_errors", &__errors); \
	statement;							\
	KUNIT_EXPECT_EQ_MSG(__test, kref_read(&__resource.refcount), 1,	\
			    "SLUB has kept a reference");		\
	kunit_remove_resource(__test, &__resource);			\
	__errors;							\
})

/**
 * KMEM_EXPECT_REPORT() - Expect that a statement makes SLUB report exactly one bug.
 * @test: the test context
 * @statement: what to run
 * @...: a format and its arguments: a text that the report contains
 *
 * Return: the report, for more expectations on its text.
 */
#define KMEM_EXPECT_REPORT(test, statement, ...) ({			\
	struct kunit *__test = (test);					\
	const struct kmem_report *__report = KMEM_CAPTURE(__test, statement); \
									\
	kmem_expect_heads(__test, __report, #statement, 1, 0);		\
	kmem_expect_text(__test, __report, __VA_ARGS__);		\
	__report;							\
})

/**
 * KMEM_EXPECT_WARN() - Expect that a statement makes the kernel WARN exactly once.
 * @test: the test context
 * @statement: what to run
 * @...: a format and its arguments: a text that the warning contains
 *
 * Return: the report, for more expectations on its text.
 */
#define KMEM_EXPECT_WARN(test, statement, ...) ({			\
	struct kunit *__test = (test);					\
	const struct kmem_report *__report = KMEM_CAPTURE(__test, statement); \
									\
	kmem_expect_heads(__test, __report, #statement, 0, 1);		\
	kmem_expect_text(__test, __report, __VA_ARGS__);		\
	__report;							\
})

/**
 * KMEM_EXPECT_WARN_EACH_TIME() - Expect that a statement makes the kernel WARN, and does again.
 * @test: the test context
 * @statement: what to run, twice
 * @...: a format and its arguments: a text that the warnings contain
 */
#define KMEM_EXPECT_WARN_EACH_TIME(test, statement, ...) do {		\
	struct kunit *__test = (test);					\
	const struct kmem_report *__report;				\
	unsigned int __time;						\
									\
	kmem_capture_begin(__test);					\
	for (__time = 0; __time < 2; __time++) {			\
		statement;						\
	}								\
	__report = kmem_capture_end();					\
	kmem_expect_heads(__test, __report, #statement, 0, 2);		\
	kmem_expect_text(__test, __report, __VA_ARGS__);		\
} while (0)

/**
 * KMEM_EXPECT_SILENCE() - Expect that a statement makes the kernel report nothing.
 * @test: the test context
 * @statement: what to run
 */
#define KMEM_EXPECT_SILENCE(test, statement) do {			\
	struct kunit *__test = (test);					\
	const struct kmem_report *__report = KMEM_CAPTURE(__test, statement); \
									\
	kmem_expect_heads(__test, __report, #statement, 0, 0);		\
} while (0)

/**
 * struct kmem_overflow - an array whose size in bytes does not fit into a size_t
 * @name: of the parameter: what is left of it
 * @n: number of elements
 * @size: of an element
 */
struct kmem_overflow {
	const char *name;
	size_t n, size;
};

extern const struct kmem_overflow kmem_overflows[6];

/*
 * Deliberate bad accesses, which neither the compiler nor KASAN shall see
 */

void kmem_poke(void *address, u8 value);
u8 kmem_peek(const void *address);

/*
 * Contexts
 */

/**
 * KMEM_IRQS_STAY_OFF() - Run a statement with interrupts off.
 * @statement: what to run; with PREEMPT_RT, whose locks may sleep, with interrupts on
 *
 * Return: whether it left them as they were.
 */
#define KMEM_IRQS_STAY_OFF(statement) ({				\
	bool __realtime = IS_ENABLED(CONFIG_PREEMPT_RT), __off;		\
	unsigned long __flags = 0;					\
									\
	if (!__realtime)						\
		local_irq_save(__flags);				\
	statement;							\
	__off = irqs_disabled();					\
	if (!__realtime)						\
		local_irq_restore(__flags);				\
	__off != __realtime;						\
})

/**
 * KMEM_WITH_IRQS_OFF() - As before, and expect that.
 * @test: the test context
 * @statement: as for KMEM_IRQS_STAY_OFF()
 */
#define KMEM_WITH_IRQS_OFF(test, statement) do {			\
	bool __stayed = KMEM_IRQS_STAY_OFF(statement);			\
									\
	KUNIT_EXPECT_TRUE_MSG(test, __stayed, "%s", #statement);	\
} while (0)

/*
 * Failing allocations
 */

/**
 * KMEM_FAILING() - Evaluate an expression while one allocation of this task fails.
 * @test: the test context
 * @nth: which slab allocation fails, counted from 1
 * @expression: its slab allocations must not be allowed to reclaim (GFP_NOWAIT),
 *              as failslab passes over all others
 *
 * Fails the case if fewer than @nth allocations were made. Skips it without
 * CONFIG_FAILSLAB. Source: Documentation/fault-injection/fault-injection.rst,
 * /proc/self/fail-nth.
 *
 * Return: the expression's value.
 */
#define KMEM_FAILING(test, nth, expression) ({				\
	struct kunit *__test = (test);					\
	unsigned int __nth = (nth);					\
	typeof(expression) __value;					\
									\
	kmem_fail_begin(__test, __nth);					\
	__value = (expression);						\
	kmem_fail_end(__test, __nth);					\
	__value;							\
})

static inline void kmem_fail_begin(struct kunit *test, unsigned int nth)
{
	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
#ifdef CONFIG_FAULT_INJECTION
	WRITE_ONCE(current->fail_nth, nth);
#endif
}

static inline void kmem_fail_end(struct kunit *test, unsigned int nth)
{
#ifdef CONFIG_FAULT_INJECTION
	unsigned int left = READ_ONCE(current->fail_nth);

	WRITE_ONCE(current->fail_nth, 0);
	KUNIT_EXPECT_EQ_MSG(test, left, 0, "allocation %u was not reached", nth);
#endif
}

/**
 * KMEM_FAILING_BLOCKING() - As KMEM_FAILING(), for an allocation that may reclaim.
 * @test: the test context; skipped in a module, which cannot do this
 * @nth: which slab allocation fails, counted from 1
 * @expression: its allocations cannot reclaim meanwhile, and so may fail
 *
 * Return: the expression's value.
 */
#define KMEM_FAILING_BLOCKING(test, nth, expression) ({			\
	struct kunit *__kunit = (test);					\
	gfp_t __allowed = kmem_reclaim_forbid(__kunit);			\
	typeof(expression) __result;					\
									\
	__result = KMEM_FAILING(__kunit, nth, expression);		\
	kmem_reclaim_allow(__allowed);					\
	__result;							\
})

static inline gfp_t kmem_reclaim_forbid(struct kunit *test)
{
	gfp_t allowed = 0;

	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
#ifdef MODULE
	kunit_skip(test, "needs to be built in, for gfp_allowed_mask");
#else
	allowed = gfp_allowed_mask;
	gfp_allowed_mask = allowed & ~__GFP_DIRECT_RECLAIM;
#endif
	return allowed;
}

static inline void kmem_reclaim_allow(gfp_t allowed)
{
#ifndef MODULE
	gfp_allowed_mask = allowed;
#endif
}

/**
 * kmem_fail_cancel() - Let no allocation fail any more.
 *
 * Return: how many that could have failed were still to be made, 0 if one has failed.
 */
static inline unsigned int kmem_fail_cancel(void)
{
	unsigned int left = 0;

#ifdef CONFIG_FAULT_INJECTION
	left = READ_ONCE(current->fail_nth);
	WRITE_ONCE(current->fail_nth, 0);
#endif
	return left;
}

/**
 * kmem_changing_text() - Give a string that an allocation of this task changes.
 * @test: the test context
 *
 * current->fail_nth counts down: two of its bytes are zero, until the next slab
 * allocation that cannot reclaim. Then they are 0xff, and the string is not empty any
 * more. kmem_fail_cancel() is to follow.
 *
 * Return: the empty string.
 */
static inline char *kmem_changing_text(struct kunit *test)
{
	char *text = NULL;

	kmem_fail_begin(test, 0x10000);
#ifdef CONFIG_FAULT_INJECTION
	text = (char *)&current->fail_nth + (IS_ENABLED(CONFIG_CPU_BIG_ENDIAN) ? 2 : 0);
#endif
	return text;
}

/* Has each class of kmalloc() several caches, one of which is chosen by who calls? */
static inline bool kmem_is_partitioned(void)
{
	return IS_ENABLED(CONFIG_RANDOM_KMALLOC_CACHES) ||
	       IS_ENABLED(CONFIG_KMALLOC_PARTITION_CACHES);
}

#endif /* _KMEM_KUNIT_H */
