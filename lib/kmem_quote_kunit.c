// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strings that are copied to be quoted: kstrdup_quotable(),
 * kstrdup_quotable_cmdline(), kstrdup_quotable_file() and kstrdup_and_replace().
 *
 * The contracts are those of the comments in lib/string_helpers.c.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_quote'
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/string_helpers.h>
#include <linux/uaccess.h>
#include "kmem_kunit.h"
#include "kmem_memcg.h"
#include "kmem_text.h"

/* The characters that would break a quoted string or a log, which are escaped. */
static const char specials[] = "\f\n\r\t\v\a\x1b\\\"";

/* Write to @quoted what is to become of @text, and return its length. */
static size_t quote(char *quoted, const char *text)
{
	size_t len = 0;

	for (; *text; text++) {
		if (strchr(specials, *text))
			len += sprintf(quoted + len, "\\x%02x", (u8)*text);
		else
			quoted[len++] = *text;
	}
	quoted[len] = '\0';
	return len;
}

static void expect_quoted(struct kunit *test, const char *text)
{
	size_t len = strlen(text);
	char *wanted = kunit_kmalloc(test, 4 * len + 1, GFP_KERNEL);
	char *result = kstrdup_quotable(text, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, wanted);
	KUNIT_ASSERT_NOT_NULL_MSG(test, result, "len=%zu", len);
	KUNIT_EXPECT_PTR_NE(test, (const char *)result, text);
	len = quote(wanted, text);
	kmem_expect_same(test, result, wanted, len + 1);
	KUNIT_EXPECT_LE_MSG(test, ksize(result), kmem_room(len + 1), "len=%zu", len);
	kfree(result);
	kunit_kfree(test, wanted);
}

/*
 * Of all characters, those that would end a quoted string or move a cursor
 * become \xNN, and all others are kept. Source: comment of kstrdup_quotable(),
 * "escaped of special characters and double quotes", and its list of them.
 */
static void specials_are_escaped(struct kunit *test)
{
	char text[4] = "a b";
	unsigned int c;

	for (c = 1; c < 256; c++) {
		text[1] = c;
		expect_quoted(test, text);
	}
	expect_quoted(test, specials);
}

/* Strings of every length, plain and with specials among them, are quoted whole. */
static void strings_of_every_length_are_quoted(struct kunit *test)
{
	static const size_t long_lengths[] = { 511, 512, 1023, 1024, 2048, 4095, 4096, 9000 };
	size_t len;

	for (len = 0; len < 130; len++) {
		char *text = kmem_make_text(test, len, len);

		expect_quoted(test, text);
		memset(text, 'x', len);
		expect_quoted(test, text);
		memset(text, '"', len);
		expect_quoted(test, text);
		kunit_kfree(test, text);
	}
	for (len = 0; len < ARRAY_SIZE(long_lengths); len++)
		expect_quoted(test, kmem_make_text(test, long_lengths[len], len));
}

/* Text of which each fourth byte stands for four: as large as @size in the end. */
static char *quote_quotes(struct kunit *test, const char *text, size_t size)
{
	char *result = kstrdup_quotable(text, GFP_KERNEL);
	char *quotes = kunit_kmalloc(test, size, GFP_KERNEL);

	/* the neighbours are made of quotes, between results that are text */
	KUNIT_ASSERT_NOT_NULL(test, result);
	KUNIT_ASSERT_NOT_NULL(test, quotes);
	memset(quotes, '"', (size - 1) / 4);
	quotes[(size - 1) / 4] = '\0';
	kfree(kstrdup_quotable(quotes, GFP_KERNEL));
	kunit_kfree(test, quotes);
	memcpy(result, text, size);
	return result;
}

/* Nothing is written behind the result, be it escaped or not. */
static void result_is_not_written_past_its_end(struct kunit *test)
{
	static const size_t objects[] = { 8, 16, 32, 64, 96, 128, 192, 256, 512 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		kmem_expect_neighbours_kept(test, objects[i], quote_quotes);
		kmem_expect_neighbours_kept(test, objects[i] + 1, quote_quotes);
	}
}

/* Nothing is read behind the source's NUL. */
static void source_is_not_read_past_its_end(struct kunit *test)
{
	char *edge = kmem_make_edge(test, 9);
	char *copy;

	memcpy(edge, "\"quoted\"", 9);
	expect_quoted(test, edge);
	copy = kstrdup_and_replace(edge, '"', '\'', GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_STREQ(test, copy, "'quoted'");
	kfree(copy);
}

/* No string in, no string out. Source: the first lines of each. */
static void null_gives_null(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, kstrdup_quotable(NULL, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, kstrdup_and_replace(NULL, 'a', 'b', GFP_KERNEL));
}

/*
 * When memory runs out the result is NULL, and the source is as it was; the
 * flags are the caller's, or failslab would not have had its say. What is more
 * than a page is not mapped instead, as it is to be freed by kfree().
 */
static void failed_allocation_gives_null(struct kunit *test)
{
	const gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN;
	char *large = kmem_make_text(test, PAGE_SIZE + 100, 8);
	char text[] = "some \"text\"";

	memset(large, 'x', PAGE_SIZE + 100);
	KUNIT_EXPECT_NULL(test, KMEM_FAILING(test, 1, kstrdup_quotable(large, gfp)));
	KUNIT_EXPECT_NULL(test, KMEM_FAILING(test, 1, kstrdup_quotable(text, gfp)));
	KUNIT_EXPECT_NULL(test, KMEM_FAILING(test, 1, kstrdup_and_replace(text, 't', 'x', gfp)));
	KUNIT_EXPECT_NULL(test, KMEM_FAILING(test, 1, kstrdup_quotable_file(NULL, gfp)));
	KUNIT_EXPECT_STREQ(test, text, "some \"text\"");
}

/* What the allocation changes into a special: current->fail_nth counts down. */
static char *quote_changing(struct kunit *test)
{
	char *text = kmem_changing_text(test) + IS_ENABLED(CONFIG_CPU_BIG_ENDIAN), *result;

	kmem_fail_begin(test, '\r' + 1);
	result = kstrdup_quotable(text, GFP_NOWAIT | __GFP_NOWARN);
	kmem_fail_cancel();
	return result;
}

/*
 * A string that has other specials when it is quoted than when its result was allocated
 * is reported. Source: WARN_ON() in kstrdup_quotable().
 */
static void changing_string_is_reported(struct kunit *test)
{
	char *result = NULL;

	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	KMEM_EXPECT_WARN(test, result = quote_changing(test), "lib/string_helpers.c:");
	KUNIT_EXPECT_NOT_NULL(test, result);
	kfree(result);
}

/* The flags are the caller's: a string can be had where nothing may sleep. */
static void result_can_be_had_in_atomic_context(struct kunit *test)
{
	char *quoted, *replaced;

	preempt_disable();
	quoted = kstrdup_quotable("\\", GFP_ATOMIC);
	replaced = kstrdup_and_replace("aba", 'a', 'c', GFP_ATOMIC);
	preempt_enable();
	KUNIT_ASSERT_NOT_NULL(test, quoted);
	KUNIT_ASSERT_NOT_NULL(test, replaced);
	KUNIT_EXPECT_STREQ(test, quoted, "\\x5c");
	KUNIT_EXPECT_STREQ(test, replaced, "cbc");
	kfree(quoted);
	kfree(replaced);
}

/* Texts, what is replaced in them by '.', and what they become. */
static const struct replacement {
	const char *name, *text;
	char old;
	const char *result;
} replacements[] = {
	{ "none", "abc", 'x', "abc" },
	{ "first", "abc", 'a', ".bc" },
	{ "last", "abc", 'c', "ab." },
	{ "several", "a,b,,c,", ',', "a.b..c." },
	{ "all", ",,,,", ',', "...." },
	{ "empty", "", ',', "" },
	{ "sign", "\xe4\xe4x", '\xe4', "..x" },
};

KUNIT_ARRAY_PARAM_DESC(replacement, replacements, name);

/*
 * kstrdup_and_replace() gives a copy, from its beginning, in which each old
 * character is the new one, and leaves its source alone. Source: its comment.
 */
static void each_old_character_is_replaced(struct kunit *test)
{
	const struct replacement *replacement = test->param_value;
	char text[16], *copy;

	strscpy(text, replacement->text, sizeof(text));
	copy = kstrdup_and_replace(text, replacement->old, '.', GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_PTR_NE(test, copy, (char *)text);
	KUNIT_EXPECT_STREQ(test, copy, replacement->result);
	KUNIT_EXPECT_STREQ(test, text, replacement->text);
	KMEM_EXPECT_SILENCE(test, kfree(copy));
}

/* It does so in a text of more than a page, too. Source: as above. */
static void long_text_is_replaced_to_its_end(struct kunit *test)
{
	const size_t len = PAGE_SIZE + 100;
	char *text = kunit_kzalloc(test, len + 1, GFP_KERNEL), *copy;

	KUNIT_ASSERT_NOT_NULL(test, text);
	memset(text, 'a', len);
	copy = kstrdup_and_replace(text, 'a', 'b', GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_EQ(test, strspn(copy, "b"), len);
	KUNIT_EXPECT_EQ(test, copy[len], '\0');
	kfree(copy);
}

/* Arguments of a process as they are in its memory, and what is shown of them. */
static const struct cmdline {
	const char *name, *args;
	size_t size;
	const char *result;
} cmdlines[] = {
	{ "one", "init", 5, "init" },
	{ "several", "ls\0-l\0/", 8, "ls -l /" },
	{ "an empty one", "a\0\0b", 5, "a  b" },
	{ "empty ones behind", "a\0b\0\0\0\0", 8, "a b" },
	{ "empty ones only", "\0\0\0\0", 5, "" },
	{ "specials", "say\0\"hi\"\n\0", 11, "say \\x22hi\\x22\\x0a" },
	{ "one character", "x", 2, "x" },
};

KUNIT_ARRAY_PARAM_DESC(cmdline, cmdlines, name);

/*
 * A process of which all that matters is where its arguments are: get_cmdline()
 * looks at its memory and at its flags. This is the case's own user memory, as
 * the thread of a case is a kernel thread, which has no arguments.
 */
static struct task_struct *make_process(struct kunit *test, const char *args, size_t size)
{
	struct task_struct *task = kunit_kzalloc(test, sizeof(*task), GFP_KERNEL);
	unsigned long area = kmem_user_map(test, 4 * PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, task);
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)area, args, size), 0);
	spin_lock_init(&task->alloc_lock);
	task->mm = current->mm;
	task->mm->arg_start = area;
	task->mm->arg_end = area + size;
	task->mm->env_start = area + size;
	task->mm->env_end = area + size;
	return task;
}

/*
 * The arguments of a process are shown with a blank between them, without the
 * empty ones at the end, and quoted. Source: kstrdup_quotable_cmdline().
 */
static void arguments_are_shown_in_a_line(struct kunit *test)
{
	const struct cmdline *cmdline = test->param_value;
	struct task_struct *task = make_process(test, cmdline->args, cmdline->size);
	char *result = kstrdup_quotable_cmdline(task, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, result);
	KUNIT_EXPECT_STREQ(test, result, cmdline->result);
	kfree(result);
}

/*
 * Of arguments that are longer than a page, so much is shown as fits into one
 * with a NUL. Source: kstrdup_quotable_cmdline(), get_cmdline().
 */
static void long_arguments_are_cut(struct kunit *test)
{
	static const size_t sizes[] = {
		PAGE_SIZE - 2, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, 3 * PAGE_SIZE,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t shown = min_t(size_t, sizes[i], PAGE_SIZE - 1);
		char *args = kmem_make_text(test, sizes[i], i);
		struct task_struct *task;
		char *result;

		memset(args, 'x', sizes[i]);
		args[0] = 'a';
		args[shown - 1] = 'z';
		task = make_process(test, args, sizes[i] + 1);
		result = kstrdup_quotable_cmdline(task, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, result);
		KUNIT_EXPECT_EQ_MSG(test, strlen(result), shown, "size=%zu", sizes[i]);
		kmem_expect_same(test, result, args, shown);
		kfree(result);
	}
}

/* A kernel thread has no arguments: what is shown is the empty string. */
static void kernel_thread_has_no_arguments(struct kunit *test)
{
	char *result = kstrdup_quotable_cmdline(current, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, result);
	KUNIT_EXPECT_STREQ(test, result, "");
	kfree(result);
}

/* Without a buffer for the arguments there is no result. Source: as above. */
static void cmdline_needs_a_buffer(struct kunit *test)
{
	char *result = NULL;

	KMEM_CAPTURE(test, result = KMEM_FAILING_BLOCKING(test, 1,
							  kstrdup_quotable_cmdline(current,
										   GFP_KERNEL)));
	KUNIT_EXPECT_NULL(test, result);
	kfree(result);
}

static void fail_cmdline(struct kunit *test, void *context)
{
	char *result;

	result = KMEM_FAILING(test, 1, kstrdup_quotable_cmdline(current,
								GFP_NOWAIT | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, result);
	kfree(kstrdup_quotable_cmdline(current, GFP_KERNEL));
}

/* The buffer for the arguments is freed, whether they could be quoted or not. */
static void cmdline_leaves_nothing(struct kunit *test)
{
	kmem_require_no_quarantine(test);
	kmem_expect_no_leak(test, PAGE_SIZE, fail_cmdline, NULL);
}

static const struct file_operations no_operations = {};

/* A file with a name of our choice. */
static struct file *make_file(struct kunit *test, const char *name)
{
	return kmem_anon_file(test, name, &no_operations, NULL);
}

/* A file whose name is too long for a path. */
static struct file *make_file_without_path(struct kunit *test)
{
	char *name = kunit_kzalloc(test, NAME_MAX + 50, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, name);
	memset(name, 'x', NAME_MAX + 49);
	return make_file(test, name);
}

/*
 * A file is shown as its path, quoted. Source: comment of
 * kstrdup_quotable_file(), "with special characters escaped".
 */
static void path_is_quoted(struct kunit *test)
{
	char *result = kstrdup_quotable_file(make_file(test, "[kmem \"x\"\n]"), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, result);
	KUNIT_EXPECT_STREQ(test, result, "anon_inode:[kmem \\x22x\\x22\\x0a]");
	kfree(result);
}

/*
 * Where there is no path the reason is shown, and begins with '<'. Source: as
 * above, "If there is an error, the leading character will be '<'".
 */
static void missing_path_is_explained(struct kunit *test)
{
	char *result = kstrdup_quotable_file(NULL, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, result);
	KUNIT_EXPECT_STREQ(test, result, "<unknown>");
	kfree(result);

	result = kstrdup_quotable_file(make_file_without_path(test), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, result);
	KUNIT_EXPECT_STREQ(test, result, "<too_long>");
	kfree(result);
}

/*
 * The flags are the caller's for what is shown instead of a path, too, or failslab
 * would not have had its say. Source: kstrdup_quotable_file(), gfp.
 */
static void explanation_may_fail(struct kunit *test)
{
	struct file *file = make_file_without_path(test);
	char *result;

	result = KMEM_FAILING(test, 1, kstrdup_quotable_file(file, GFP_NOWAIT | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, result);
	kfree(result);
}

/* So is that there was no memory for it. Source: as above, "<no_memory>". */
static void missing_memory_is_explained(struct kunit *test)
{
	struct file *file = make_file(test, "[kmem]");
	char *result = NULL;

	KMEM_CAPTURE(test, result = KMEM_FAILING_BLOCKING(test, 1,
							  kstrdup_quotable_file(file, GFP_KERNEL)));
	KUNIT_ASSERT_NOT_NULL(test, result);
	KUNIT_EXPECT_STREQ(test, result, "<no_memory>");
	kfree(result);
}

static void expect_accounted(struct kunit *test, char *result)
{
	KUNIT_ASSERT_NOT_NULL(test, result);
	KUNIT_EXPECT_TRUE_MSG(test, kmem_origin(result).flags & SLAB_ACCOUNT, "%s", result);
	kfree(result);
}

/*
 * What is shown is on the account of the caller's cgroup if the flags say so: it is from a
 * cache of those that are accounted. Source: kstrdup_quotable_file() and
 * kstrdup_quotable_cmdline(), gfp; __GFP_ACCOUNT in <linux/gfp_types.h>.
 */
static void result_is_accounted_if_asked_for(struct kunit *test)
{
	struct task_struct *task = make_process(test, "init", 5);
	struct file *file = make_file(test, "[kmem]");

	enter(test);
	expect_accounted(test, kstrdup_quotable_file(file, GFP_KERNEL_ACCOUNT));
	expect_accounted(test, kstrdup_quotable_cmdline(task, GFP_KERNEL_ACCOUNT));
}

/* So is that there was no memory. Source: as above. */
static void explanation_is_accounted_if_asked_for(struct kunit *test)
{
	struct file *file = make_file(test, "[kmem]");
	char *result = NULL;

	enter(test);
	KMEM_CAPTURE(test, {
		result = KMEM_FAILING_BLOCKING(test, 1,
					       kstrdup_quotable_file(file, GFP_KERNEL_ACCOUNT));
	});
	expect_accounted(test, result);
}

/*
 * A path is shown from its root, and may be longer than a name can be. Source: as
 * above, "string containing pathname"; PATH_MAX in kstrdup_quotable_file().
 */
static void long_path_is_shown_from_its_root(struct kunit *test)
{
	char name[NAME_MAX], wanted[NAME_MAX + 50], *result;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	kmem_private_cache(test, name, 64, 0, NULL);
	result = kstrdup_quotable_file(kmem_sysfs_open(test, name, "shrink", O_RDONLY), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, result);
	snprintf(wanted, sizeof(wanted), "/kernel/slab/%s/shrink", name);
	KUNIT_EXPECT_STREQ(test, result, wanted);
	kfree(result);
}

static void fail_file(struct kunit *test, void *file)
{
	char *result;

	result = KMEM_FAILING(test, 1, kstrdup_quotable_file(file, GFP_NOWAIT | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, result);
	kfree(kstrdup_quotable_file(file, GFP_KERNEL));
}

/* The buffer for the path is freed, whether it could be quoted or not. */
static void file_leaves_nothing(struct kunit *test)
{
	kmem_require_no_quarantine(test);
	kmem_expect_no_leak(test, PATH_MAX, fail_file, make_file(test, "[kmem]"));
}

static struct kunit_case kmem_quote_cases[] = {
	KUNIT_CASE(specials_are_escaped),
	KUNIT_CASE(strings_of_every_length_are_quoted),
	KUNIT_CASE(result_is_not_written_past_its_end),
	KUNIT_CASE(source_is_not_read_past_its_end),
	KUNIT_CASE(null_gives_null),
	KUNIT_CASE(failed_allocation_gives_null),
	KUNIT_CASE(changing_string_is_reported),
	KUNIT_CASE(result_can_be_had_in_atomic_context),
	KUNIT_CASE_PARAM(each_old_character_is_replaced, replacement_gen_params),
	KUNIT_CASE(long_text_is_replaced_to_its_end),
	KUNIT_CASE_PARAM(arguments_are_shown_in_a_line, cmdline_gen_params),
	KUNIT_CASE(long_arguments_are_cut),
	KUNIT_CASE(kernel_thread_has_no_arguments),
	KUNIT_CASE(cmdline_needs_a_buffer),
	KUNIT_CASE(cmdline_leaves_nothing),
	KUNIT_CASE(path_is_quoted),
	KUNIT_CASE(missing_path_is_explained),
	KUNIT_CASE(explanation_may_fail),
	KUNIT_CASE(missing_memory_is_explained),
	KUNIT_CASE(result_is_accounted_if_asked_for),
	KUNIT_CASE(explanation_is_accounted_if_asked_for),
	KUNIT_CASE(long_path_is_shown_from_its_root),
	KUNIT_CASE(file_leaves_nothing),
	{}
};

static struct kunit_suite kmem_quote_suite = {
	.name = "kmem_quote",
	.init = kmem_suite_init,
	.test_cases = kmem_quote_cases,
};

kunit_test_suite(kmem_quote_suite);

MODULE_DESCRIPTION("KUnit tests for strings that are copied to be quoted");
MODULE_LICENSE("GPL");
