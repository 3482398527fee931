// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strings that are formatted into memory of their own: kasprintf(), kvasprintf(),
 * kvasprintf_const() and kasprintf_strarray().
 *
 * The contracts are those of lib/kasprintf.c and of the kernel-doc in
 * lib/string_helpers.c.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_sprintf'
 */
#include <kunit/test.h>
#include <linux/compiler.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/string_helpers.h>
#include "kmem_device.h"
#include "kmem_kunit.h"
#include "kmem_text.h"

/* every length up to this one, which passes through a dozen size classes */
#define SHORT_MAX	300

static const size_t long_lengths[] = {
	510, 511, 512, 1022, 1023, 1024, 2047, 2048, 4094, 4095, 4096, 8191, 8192, 65535, 65536,
};

/* Each way to format a string. */
static __printf(2, 3) char *by_kasprintf(gfp_t gfp, const char *fmt, ...)
{
	va_list args;
	char *result;

	va_start(args, fmt);
	result = kvasprintf(gfp, fmt, args);
	va_end(args);
	return result;
}

static __printf(2, 3) char *by_kvasprintf_const(gfp_t gfp, const char *fmt, ...)
{
	const char *result;
	va_list args;

	va_start(args, fmt);
	result = kvasprintf_const(gfp, fmt, args);
	va_end(args);
	return (char *)result;
}

static const struct formatter {
	const char *name;
	char *(*format)(gfp_t gfp, const char *fmt, ...) __printf(2, 3);
} formatters[] = {
	{ "kasprintf", kasprintf },
	{ "kvasprintf", by_kasprintf },
	{ "kvasprintf_const", by_kvasprintf_const },
};

KUNIT_ARRAY_PARAM_DESC(formatter, formatters, name);

static void expect_exact_result(struct kunit *test, size_t len)
{
	const struct formatter *formatter = test->param_value;
	char *text = kmem_make_text(test, len, len);
	char *result = formatter->format(GFP_KERNEL, "%.*s%s", (int)(len / 3), text,
					 text + len / 3);

	KUNIT_ASSERT_NOT_NULL_MSG(test, result, "len=%zu", len);
	kmem_expect_same(test, result, text, len + 1);
	kfree(result);
	kunit_kfree(test, text);
}

/*
 * The result is the formatted string, whole and with its NUL, for every length
 * from the empty string on. Source: kvasprintf() in lib/kasprintf.c.
 */
static void result_is_exact(struct kunit *test)
{
	size_t i;

	for (i = 0; i <= SHORT_MAX; i++)
		expect_exact_result(test, i);
	for (i = 0; i < ARRAY_SIZE(long_lengths); i++)
		expect_exact_result(test, long_lengths[i]);
}

/*
 * Both passes over the arguments begin at the first one: what is formatted from
 * many arguments of several types is what snprintf() makes of them.
 */
static void arguments_are_read_twice(struct kunit *test)
{
	const struct formatter *formatter = test->param_value;
	static const char fmt[] = "%d %s %lx %c %llu %s %5d %-5d| %s %u %%";
	char wanted[128], *result;

	snprintf(wanted, sizeof(wanted), fmt, -1, "two", 3UL, '4', 5ULL, "six", 7, 8, "nine", 10U);
	result = formatter->format(GFP_KERNEL, fmt, -1, "two", 3UL, '4', 5ULL, "six", 7, 8, "nine",
				   10U);
	KUNIT_ASSERT_NOT_NULL(test, result);
	KUNIT_EXPECT_STREQ(test, result, wanted);
	kfree(result);
}

/* A NUL that is formatted is a character like others: what follows it is there. */
static void embedded_nul_is_kept(struct kunit *test)
{
	const struct formatter *formatter = test->param_value;
	char *result = formatter->format(GFP_KERNEL, "ab%cef%c", 0, 0);

	KUNIT_ASSERT_NOT_NULL(test, result);
	kmem_expect_same(test, result, "ab\0ef\0", 7);
	kfree(result);
}

static char *format_text(struct kunit *test, const char *text, size_t size)
{
	const struct formatter *formatter = test->param_value;

	return formatter->format(GFP_KERNEL, "%.3s%s", text, text + min_t(size_t, size - 1, 3));
}

/*
 * Nothing is written behind the result: one that fills its slab object to the
 * last byte, or just does not fit into a smaller one, leaves its neighbours alone.
 */
static void result_is_not_written_past_its_end(struct kunit *test)
{
	static const size_t objects[] = { 8, 16, 32, 64, 96, 128, 192, 256, 512 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		kmem_expect_neighbours_kept(test, objects[i], format_text);
		kmem_expect_neighbours_kept(test, objects[i] + 1, format_text);
	}
}

/* The result takes no larger an object than it needs, up to its NUL. */
static void result_fits_its_object(struct kunit *test)
{
	const struct formatter *formatter = test->param_value;
	size_t len;

	for (len = 1; len < SHORT_MAX; len += 3) {
		char *text = kmem_make_text(test, len, len);
		char *result = formatter->format(GFP_KERNEL, "%s%s", text, "");

		KUNIT_ASSERT_NOT_NULL(test, result);
		KUNIT_EXPECT_GE_MSG(test, ksize(result), len + 1, "len=%zu", len);
		KUNIT_EXPECT_LE_MSG(test, ksize(result), kmalloc_size_roundup(len + 1), "len=%zu",
				    len);
		kfree(result);
		kunit_kfree(test, text);
	}
}

/*
 * When memory runs out the result is NULL; the flags are the caller's, or
 * failslab would not have had its say. What is more than a page is not mapped
 * instead, as it is to be freed by kfree(). Source: kvasprintf(), "return NULL".
 */
static void failed_allocation_gives_null(struct kunit *test)
{
	static const int widths[] = { 1, PAGE_SIZE + 100 };
	const struct formatter *formatter = test->param_value;
	char *result;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(widths); i++) {
		result = KMEM_FAILING(test, 1, formatter->format(GFP_NOWAIT | __GFP_NOWARN,
								 "%*d%s", widths[i], 1, "2"));
		KUNIT_EXPECT_NULL_MSG(test, result, "width %d", widths[i]);
	}

	result = formatter->format(GFP_NOWAIT | __GFP_NOWARN, "%d%s", 1, "2");
	KUNIT_ASSERT_NOT_NULL(test, result);
	KUNIT_EXPECT_STREQ(test, result, "12");
	kfree(result);
}

/* The flags are the caller's: a string can be had where nothing may sleep. */
static void result_can_be_had_in_atomic_context(struct kunit *test)
{
	const struct formatter *formatter = test->param_value;
	char *result;

	preempt_disable();
	result = formatter->format(GFP_ATOMIC, "%s %d", "atomic", 1);
	preempt_enable();
	KUNIT_ASSERT_NOT_NULL(test, result);
	KUNIT_EXPECT_STREQ(test, result, "atomic 1");
	kfree(result);
}

/*
 * What the allocation itself changes: current->fail_nth counts down. So as four
 * bytes, formatted as an IPv4 address, it is a value that differs from one pass
 * to the next.
 */
static char *format_changing(struct kunit *test, unsigned int nth)
{
	char *result = NULL;

	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
#ifdef CONFIG_FAULT_INJECTION
	WRITE_ONCE(current->fail_nth, nth);
	result = kasprintf(GFP_NOWAIT, "%pI4", &current->fail_nth);
	WRITE_ONCE(current->fail_nth, 0);
#endif
	return result;
}

/*
 * A string that gets shorter while it is formatted is reported, with both
 * lengths and the format, and is a string all the same. Source: kvasprintf(),
 * "different return values".
 */
static void shrinking_string_is_reported(struct kunit *test)
{
	char wanted[16], *result = NULL;

	KMEM_EXPECT_WARN(test, result = format_changing(test, 10),
			 "different return values (8 and 7) from vsnprintf(\"%%pI4\", ...)");
	KUNIT_ASSERT_NOT_NULL(test, result);
	snprintf(wanted, sizeof(wanted), "%pI4", &(unsigned int){ 9 });
	KUNIT_EXPECT_STREQ(test, result, wanted);
	kfree(result);
}

/* Each such string is reported, not the first one alone. Source: WARN() in kvasprintf(). */
static void each_string_that_changes_is_reported(struct kunit *test)
{
	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	KMEM_EXPECT_WARN_EACH_TIME(test, kfree(format_changing(test, 10)),
				   "different return values");
}

/*
 * A string that gets longer while it is formatted is reported, and is cut where
 * its memory ends, which is after a NUL. Source: as above.
 */
static void growing_string_is_cut(struct kunit *test)
{
	char wanted[16], *result = NULL;

	KMEM_EXPECT_WARN(test, result = format_changing(test, 0x100),
			 "different return values (7 and 9) from vsnprintf(\"%%pI4\", ...)");
	KUNIT_ASSERT_NOT_NULL(test, result);
	/* seven characters and a NUL: the rest of eight bytes would be a neighbour's */
	snprintf(wanted, 8, "%pI4", &(unsigned int){ 0xff });
	kmem_expect_same(test, result, wanted, 8);
	kfree(result);
}

/*
 * So is one of a device, silently. Source: devm_kvasprintf(), which knows the length of the
 * first pass alone.
 */
static void growing_string_of_a_device_is_cut(struct kunit *test)
{
	struct device *dev = make_device(test, "kmem_devm");
	char *result = devm_kasprintf(dev, GFP_NOWAIT, "%s", kmem_changing_text(test));

	kmem_fail_cancel();
	KUNIT_ASSERT_NOT_NULL(test, result);
	KUNIT_EXPECT_STREQ(test, result, "");
}

/* Data of the kernel that is a string, without a '%' in it, and read-only. */
#define RODATA	((const char *)_ctype)

/*
 * A read-only string is shared, not copied, when it is the whole format or the
 * only argument of "%s". Source: comment of kvasprintf_const().
 */
static void constant_is_shared(struct kunit *test)
{
	const char *(*format)(gfp_t gfp, const char *fmt, ...) = (void *)by_kvasprintf_const;
	const char *whole, *argument;

	KUNIT_ASSERT_NULL(test, strchr(RODATA, '%'));
	whole = format(GFP_KERNEL, RODATA);
	argument = format(GFP_KERNEL, "%s", RODATA);
	KUNIT_EXPECT_PTR_EQ(test, whole, RODATA);
	KUNIT_EXPECT_PTR_EQ(test, argument, RODATA);
	KMEM_EXPECT_SILENCE(test, {
		kfree_const(whole);
		kfree_const(argument);
	});
}

/* Formats that mean more than their argument, and what they make of "text". */
static const struct meaning {
	const char *name, *fmt, *result;
} meanings[] = {
	{ "no percent", "plain", "plain" },
	{ "s", "%s", "text" },
	{ "s and more", "%s!", "text!" },
	{ "more and s", "!%s", "!text" },
	{ "s of two", "%.2s", "te" },
	{ "percent", "100%%", "100%" },
	{ "percent s", "%%s", "%s" },
	{ "wide", "%6s", "  text" },
};

KUNIT_ARRAY_PARAM_DESC(meaning, meanings, name);

/*
 * What is not read-only is copied by kvasprintf_const(), be it the format or its
 * argument, and formatted if there is anything to format.
 */
static void what_is_not_constant_is_copied(struct kunit *test)
{
	char *(*format)(gfp_t gfp, const char *fmt, ...) = (void *)by_kvasprintf_const;
	const struct meaning *meaning = test->param_value;
	char fmt[16], text[] = "text", *result;

	strscpy(fmt, meaning->fmt, sizeof(fmt));
	result = format(GFP_KERNEL, fmt, text);
	KUNIT_ASSERT_NOT_NULL(test, result);
	KUNIT_EXPECT_PTR_NE(test, result, (char *)fmt);
	KUNIT_EXPECT_PTR_NE(test, result, (char *)text);
	memset(fmt, 'x', sizeof(fmt));
	memset(text, 'y', sizeof(text));
	KUNIT_EXPECT_STREQ(test, result, meaning->result);
	kfree_const(result);
}

/* A copy by kvasprintf_const() of what is constant no more fails as any other. */
static void failed_copy_gives_null(struct kunit *test)
{
	char *(*format)(gfp_t gfp, const char *fmt, ...) = (void *)by_kvasprintf_const;
	const gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN;
	char text[] = "text";

	KUNIT_EXPECT_NULL(test, KMEM_FAILING(test, 1, format(gfp, text)));
	KUNIT_EXPECT_NULL(test, KMEM_FAILING(test, 1, format(gfp, "%s", text)));
}

static const size_t counts[] = { 1, 2, 9, 10, 11, 100, 101, 300 };

static void expect_array(struct kunit *test, char **names, const char *prefix, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		char wanted[64];

		snprintf(wanted, sizeof(wanted), "%s-%zu", prefix, i);
		KUNIT_ASSERT_STREQ_MSG(test, names[i], wanted, "string %zu of %zu", i, n);
	}
}

/*
 * An array of n strings has the prefix and a number from 0 on, each a string of
 * its own. Source: kernel-doc of kasprintf_strarray().
 */
static void array_holds_numbered_strings(struct kunit *test)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		char prefix[] = "kmem %s", **names;

		names = kasprintf_strarray(GFP_KERNEL, prefix, counts[i]);
		KUNIT_ASSERT_NOT_NULL_MSG(test, names, "n=%zu", counts[i]);
		expect_array(test, names, "kmem %s", counts[i]);
		memset(prefix, 'x', sizeof(prefix) - 1);
		memset(names[0], 'y', strlen(names[0]));
		if (counts[i] > 1)
			KUNIT_EXPECT_STREQ(test, names[1], "kmem %s-1");
		kfree_strarray(names, counts[i]);
	}
}

/*
 * Whichever allocation fails, the array's or any string's, the result is NULL,
 * the flags are the caller's, who is told of it unless they say not to, and what was
 * had before is freed but once. Source: kasprintf_strarray(), gfp; __GFP_NOWARN in
 * <linux/gfp_types.h>.
 */
static void array_fails_at_any_allocation(struct kunit *test)
{
	const gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN;
	const struct kmem_report *report;
	const size_t n = 6;
	unsigned int nth;
	char **names;

	for (nth = 1; nth <= n + 1; nth++) {
		names = KMEM_FAILING(test, nth, kasprintf_strarray(gfp, "x", n));
		KUNIT_EXPECT_NULL_MSG(test, names, "allocation %u", nth);
		report = KMEM_CAPTURE(test, {
			names = KMEM_FAILING(test, nth,
					     kasprintf_strarray(gfp & ~__GFP_NOWARN, "x", n));
		});
		KUNIT_EXPECT_NULL_MSG(test, names, "allocation %u", nth);
		kmem_expect_text(test, report, "forcing a failure");
	}
	names = kasprintf_strarray(gfp, "x", n);
	KUNIT_ASSERT_NOT_NULL(test, names);
	expect_array(test, names, "x", n);
	kfree_strarray(names, n);
}

#define LONG_PREFIX	2040

static void fail_array(struct kunit *test, void *context)
{
	char **names = KMEM_FAILING(test, 5, kasprintf_strarray(GFP_NOWAIT | __GFP_NOWARN, context,
								8));

	KUNIT_EXPECT_NULL(test, names);
}

/* An array that failed half way leaves nothing: its first strings are freed. */
static void failed_array_leaves_nothing(struct kunit *test)
{
	kmem_require_no_quarantine(test);
	kmem_expect_no_leak(test, 3 * 2048, fail_array, kmem_make_text(test, LONG_PREFIX, 1));
}

static void make_and_free_array(struct kunit *test, void *context)
{
	char **names = kasprintf_strarray(GFP_KERNEL, context, 2);

	KUNIT_ASSERT_NOT_NULL(test, names);
	kfree_strarray(names, 2);
}

#define MANY		300

static void make_and_free_many(struct kunit *test, void *context)
{
	char **names = kcalloc(MANY, sizeof(*names), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, names);
	for (i = 0; i < MANY; i++)
		names[i] = kzalloc(2048, GFP_KERNEL);
	kfree_strarray(names, MANY);
}

/*
 * kfree_strarray() frees every string, to the last of many, and the array. Source: its
 * kernel-doc.
 */
static void freed_array_leaves_nothing(struct kunit *test)
{
	kmem_require_no_quarantine(test);
	/* one string of two left behind is a leak as well */
	kmem_expect_no_leak(test, 2048, make_and_free_array, kmem_make_text(test, LONG_PREFIX, 1));
	/* so is half of many */
	kmem_expect_no_leak(test, MANY / 2 * 2048, make_and_free_many, NULL);
}

static void make_and_free_pointers(struct kunit *test, void *context)
{
	kfree_strarray(kcalloc(256, sizeof(char *), GFP_KERNEL), 0);
}

static void make_and_free_holes(struct kunit *test, void *context)
{
	char **names = kcalloc(3, sizeof(*names), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, names);
	names[1] = kstrdup(context, GFP_KERNEL);
	kfree_strarray(names, 3);
}

/* A string behind a NULL is freed like others. Source: as above, "@n: Number of strings". */
static void kfree_strarray_goes_on_after_null(struct kunit *test)
{
	kmem_require_no_quarantine(test);
	kmem_expect_no_leak(test, 2048, make_and_free_holes, kmem_make_text(test, LONG_PREFIX, 1));
}

/*
 * kfree_strarray() of no array does nothing, whatever the number; of an array
 * without strings it frees the array. Source: its kernel-doc, "Passing a
 * non-NULL @array and @n == 0 as well as NULL @array are valid use-cases".
 */
static void kfree_strarray_takes_what_is_empty(struct kunit *test)
{
	char **names = kcalloc(4, sizeof(*names), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, names);
	names[0] = kstrdup("first", GFP_KERNEL);
	KMEM_EXPECT_SILENCE(test, {
		kfree_strarray(NULL, 0);
		kfree_strarray(NULL, 5);
		/* NULLs among the strings are no harm */
		kfree_strarray(names, 4);
		kfree_strarray(kasprintf_strarray(GFP_KERNEL, "none", 0), 0);
	});

	kmem_require_no_quarantine(test);
	kmem_expect_no_leak(test, 256 * sizeof(char *), make_and_free_pointers, NULL);
}

/* kfree_strarray() frees the n strings that it is told of, and no more. */
static void kfree_strarray_spares_other_strings(struct kunit *test)
{
	char **names = kcalloc(3, sizeof(*names), GFP_KERNEL);
	char *kept, *others[8];
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, names);
	names[0] = kstrdup("freed", GFP_KERNEL);
	names[1] = kstrdup("freed", GFP_KERNEL);
	kept = kstrdup("kept", GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, kept);
	names[2] = kept;
	kfree_strarray(names, 2);
	/* who would get its memory */
	for (i = 0; i < ARRAY_SIZE(others); i++)
		others[i] = kzalloc(5, GFP_KERNEL);
	KUNIT_EXPECT_STREQ(test, kept, "kept");
	for (i = 0; i < ARRAY_SIZE(others); i++)
		kfree(others[i]);
	KMEM_EXPECT_SILENCE(test, kfree(kept));
}

/* An array too large for any memory is NULL, silently, and nothing is formatted. */
static void array_of_too_much_gives_null(struct kunit *test)
{
	size_t n = SIZE_MAX / sizeof(char *) + 2;
	char **names = NULL;

	OPTIMIZER_HIDE_VAR(n);
	KMEM_EXPECT_SILENCE(test, names = kasprintf_strarray(GFP_KERNEL, "x", n));
	KUNIT_EXPECT_NULL(test, names);
}

static struct kunit_case kmem_sprintf_cases[] = {
	KUNIT_CASE_PARAM(result_is_exact, formatter_gen_params),
	KUNIT_CASE_PARAM(arguments_are_read_twice, formatter_gen_params),
	KUNIT_CASE_PARAM(embedded_nul_is_kept, formatter_gen_params),
	KUNIT_CASE_PARAM(result_is_not_written_past_its_end, formatter_gen_params),
	KUNIT_CASE_PARAM(result_fits_its_object, formatter_gen_params),
	KUNIT_CASE_PARAM(failed_allocation_gives_null, formatter_gen_params),
	KUNIT_CASE_PARAM(result_can_be_had_in_atomic_context, formatter_gen_params),
	KUNIT_CASE(shrinking_string_is_reported),
	KUNIT_CASE(each_string_that_changes_is_reported),
	KUNIT_CASE(growing_string_is_cut),
	KUNIT_CASE(growing_string_of_a_device_is_cut),
	KUNIT_CASE(constant_is_shared),
	KUNIT_CASE_PARAM(what_is_not_constant_is_copied, meaning_gen_params),
	KUNIT_CASE(failed_copy_gives_null),
	KUNIT_CASE(array_holds_numbered_strings),
	KUNIT_CASE(array_fails_at_any_allocation),
	KUNIT_CASE(failed_array_leaves_nothing),
	KUNIT_CASE(freed_array_leaves_nothing),
	KUNIT_CASE(kfree_strarray_goes_on_after_null),
	KUNIT_CASE(kfree_strarray_takes_what_is_empty),
	KUNIT_CASE(kfree_strarray_spares_other_strings),
	KUNIT_CASE(array_of_too_much_gives_null),
	{}
};

static struct kunit_suite kmem_sprintf_suite = {
	.name = "kmem_sprintf",
	.init = kmem_suite_init,
	.test_cases = kmem_sprintf_cases,
};

kunit_test_suite(kmem_sprintf_suite);

MODULE_DESCRIPTION("KUnit tests for strings that are formatted into new memory");
MODULE_LICENSE("GPL");
