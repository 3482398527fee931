// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quiet capture of the kernel's reports.
 *
 * A record that the console level hides is still in the log buffer. So a
 * capture lowers the level, lets the kernel complain, raises the level again
 * and reads the records that came in between. This needs no hook in mm/, works
 * alike for SLUB's reports and for WARN()s on every series, and yields the
 * text, so that a case can ask what was reported and not only that something
 * was.
 *
 * One capture at a time: KUnit runs one case at a time.
 */
#define DEBUG	/* console_settle() needs its pr_debug() */
#include <kunit/test.h>
#include <linux/bug.h>
#include <linux/console.h>
#include <linux/cpumask.h>
#include <linux/kallsyms.h>
#include <linux/kmsg_dump.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/smp.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <asm/sections.h>
#include "kmem_kunit.h"

/* printk's longest record, with room for its prefixes */
#define LINE_SIZE	2048
/* an object of a page in hexadecimal, a stack, and as much again */
#define TEXT_SIZE	SZ_64K
/* how much of a report is shown when it is not the expected one */
#define SHOWN_LINES	12

static struct {
	struct kmem_report report;
	u64 watched;		/* records before this one have been looked at */
	int loglevel;		/* of the console, to be restored */
	bool active;
	char stray[128];	/* head of the first unexpected report of a case */
	char line[LINE_SIZE];
	char text[TEXT_SIZE];
} capture;

/* The sequence number of the record to be printed next. */
static u64 log_end(void)
{
	struct kmsg_dump_iter iter;

	kmsg_dump_rewind(&iter);
	return iter.next_seq;
}

/*
 * Let the console show, or pass over, all that was printed so far. A record
 * without a newline, such as KUnit's result lines, waits for the next one in
 * case that continues it, so there must be a next one.
 */
static void console_settle(const char *mark)
{
	pr_debug("kmem_kunit: %s of capture\n", mark);
	kmem_consoles_flush();
}

/*
 * WARN_ONCE() and its family are silent from the second time on, so each case
 * and each capture starts with all of them unused, as after a write to
 * clear_warn_once in debugfs. A module cannot do that.
 */
static void warn_once_rearm(void)
{
#ifndef MODULE
	generic_bug_clear_once();
	memset(__start_once, 0, __end_once - __start_once);
#endif
}

/* Skip the prefixes "<level>", "[time]" and "[caller]". */
static const char *message(const char *line)
{
	if (*line == '<')
		line = strchrnul(line, '>') + 1;
	while (*line == '[' && line[1 + strspn(line + 1, " .0123456789TC")] == ']') {
		line = strchr(line, ']') + 1;
		if (*line == ' ')
			line++;
	}
	return line;
}

static bool is_bug_head(const char *msg)
{
	return str_has_prefix(msg, "BUG");
}

static bool is_warning_head(const char *msg)
{
	return str_has_prefix(msg, "WARNING:");
}

/* Does this record, printed outside of a capture, speak of something wrong? */
static bool is_stray(const char *line)
{
	const char *msg = message(line);

	/* KUnit reports failed expectations at the level of errors */
	if (str_has_prefix(msg, "    ") || str_has_prefix(msg, "# "))
		return false;
	return line[1] <= '3' || is_bug_head(msg) || is_warning_head(msg) ||
	       strstr(msg, "page allocation failure");
}

/* Look for unexpected reports in the records since the last look. */
static void watch_strays(void)
{
	struct kmsg_dump_iter iter = { .cur_seq = capture.watched };
	u64 end = log_end();
	size_t len;

	while (iter.cur_seq < end &&
	       kmsg_dump_get_line(&iter, true, capture.line, LINE_SIZE - 1, &len)) {
		capture.line[len] = '\0';
		if (!*capture.stray && is_stray(capture.line))
			strscpy(capture.stray, message(capture.line), sizeof(capture.stray));
	}
	capture.watched = end;
}

/**
 * kmem_capture_begin() - Hide the kernel's messages from the console, and keep them.
 * @test: the test context
 */
void kmem_capture_begin(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_PRINTK))
		kunit_skip(test, "needs CONFIG_PRINTK=y");

	console_settle("begin");
	watch_strays();
	warn_once_rearm();
	capture.loglevel = console_loglevel;
	console_loglevel = CONSOLE_LOGLEVEL_SILENT;
	capture.active = true;
}
EXPORT_SYMBOL_GPL(kmem_capture_begin);

static void console_restore(void)
{
	console_settle("end");
	console_loglevel = capture.loglevel;
	capture.active = false;
}

/**
 * kmem_capture_end() - End a capture.
 *
 * Return: what was printed since kmem_capture_begin(), valid until the next capture.
 */
const struct kmem_report *kmem_capture_end(void)
{
	struct kmsg_dump_iter iter = { .cur_seq = capture.watched };
	u64 seq = capture.watched, end;
	size_t used = 0, len;

	console_restore();
	end = log_end();
	capture.report = (struct kmem_report){ .text = capture.text };
	while (seq < end && kmsg_dump_get_line(&iter, false, capture.line, LINE_SIZE - 1, &len)) {
		capture.line[len] = '\0';
		if (iter.cur_seq != seq + 1)
			capture.report.lost = true;
		seq = iter.cur_seq;
		capture.report.bugs += is_bug_head(message(capture.line));
		capture.report.warnings += is_warning_head(message(capture.line));
		if (used + len < TEXT_SIZE) {
			memcpy(capture.text + used, capture.line, len);
			used += len;
		} else {
			capture.report.lost = true;
		}
	}
	capture.text[min_t(size_t, used, TEXT_SIZE - 1)] = '\0';
	capture.watched = end;
	return &capture.report;
}
EXPORT_SYMBOL_GPL(kmem_capture_end);

static const char *next_line(const char *line)
{
	line = strchrnul(line, '\n');
	return line + (*line == '\n');
}

/* Show where a report that is not the expected one begins: what precedes a head is another's. */
static void show_report(struct kunit *test, const struct kmem_report *report)
{
	const char *line = report->text;
	int i;

	if (!*line)
		kunit_info(test, "nothing was reported\n");
	if (report->bugs + report->warnings > 0)
		while (*line && !is_bug_head(message(line)) && !is_warning_head(message(line)))
			line = next_line(line);
	for (i = 0; i < SHOWN_LINES && *line; i++) {
		const char *text = message(line);

		kunit_info(test, "reported: %.*s\n", (int)strcspn(text, "\n"), text);
		line = next_line(line);
	}
}

/**
 * kmem_count_text() - Count how often a report contains a text.
 * @report: what was captured
 * @text: the text, which may not span lines
 *
 * Return: how often.
 */
unsigned int kmem_count_text(const struct kmem_report *report, const char *text)
{
	const char *found = report->text;
	unsigned int count = 0;

	while ((found = strstr(found, text))) {
		found += strlen(text);
		count++;
	}
	return count;
}
EXPORT_SYMBOL_GPL(kmem_count_text);

/**
 * kmem_expect_text() - Expect that a report contains a text.
 * @test: the test context
 * @report: what was captured
 * @fmt: the text, which may not span lines
 *
 * Pointers are formatted with %p, as the kernel does: hashed or not, they agree.
 */
void kmem_expect_text(struct kunit *test, const struct kmem_report *report, const char *fmt, ...)
{
	static char wanted[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(wanted, sizeof(wanted), fmt, args);
	va_end(args);

	if (strstr(report->text, wanted))
		return;
	KUNIT_FAIL(test, "the report lacks \"%s\"", wanted);
	show_report(test, report);
}
EXPORT_SYMBOL_GPL(kmem_expect_text);

/**
 * kmem_expect_between() - Expect a text in a part of a report.
 * @test: the test context
 * @report: what was captured
 * @head: the part begins with it, where it is first
 * @next: the part ends before it
 * @text: the expected text
 */
void kmem_expect_between(struct kunit *test, const struct kmem_report *report, const char *head,
			 const char *next, const char *text)
{
	const char *part = strstr(report->text, head);
	const char *end = part ? strstr(part, next) : NULL;
	const char *found = end ? strstr(part, text) : NULL;

	if (found && found < end)
		return;
	KUNIT_FAIL(test, "the report lacks \"%s\" between \"%s\" and \"%s\"", text, head, next);
	show_report(test, report);
}
EXPORT_SYMBOL_GPL(kmem_expect_between);

/**
 * kmem_expect_trace() - Expect that a report says how the kernel came there.
 * @test: the test context
 * @report: what was captured
 *
 * Source: dump_stack() and WARN_ON(), which the reports of mm/ end with.
 */
void kmem_expect_trace(struct kunit *test, const struct kmem_report *report)
{
	if (strstr(report->text, "Call Trace:") || strstr(report->text, "Call trace:"))
		return;
	/* show_regs() does without the heading there */
	if (IS_ENABLED(CONFIG_RISCV) && strstr(report->text, "] [<"))
		return;
	KUNIT_FAIL(test, "the report has no trace");
	show_report(test, report);
}
EXPORT_SYMBOL_GPL(kmem_expect_trace);

/**
 * kmem_stacks_are_saved() - Can the kernel save the stacks of who uses an object?
 * @caller: the function that asks
 *
 * Without frame pointers or unwind tables, some architectures do not see the caller.
 *
 * Return: whether its own stack can be.
 */
noinline bool kmem_stacks_are_saved(const char *caller)
{
	unsigned long entries[16];
	unsigned int i, nr = stack_trace_save(entries, ARRAY_SIZE(entries), 0);
	char name[KSYM_NAME_LEN];

	for (i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "%ps", (void *)entries[i]);
		if (!strcmp(name, caller))
			return IS_ENABLED(CONFIG_STACKDEPOT);
	}
	return false;
}
EXPORT_SYMBOL_GPL(kmem_stacks_are_saved);

/**
 * kmem_expect_heads() - Expect a number of reports in a capture.
 * @test: the test context
 * @report: what was captured
 * @what: the captured statement, for the message
 * @bugs: number of SLUB's bug reports; each may come with a WARN() of its own
 * @warnings: number of WARN()s besides those
 */
void kmem_expect_heads(struct kunit *test, const struct kmem_report *report, const char *what,
		       int bugs, int warnings)
{
	KUNIT_EXPECT_FALSE_MSG(test, report->lost, "%s: the log buffer is too small", what);
	if (report->bugs == bugs && report->warnings >= warnings &&
	    report->warnings <= warnings + bugs)
		return;
	KUNIT_FAIL(test, "%s: expected %d bugs and %d warnings, saw %d and %d", what, bugs,
		   warnings, report->bugs, report->warnings);
	show_report(test, report);
}
EXPORT_SYMBOL_GPL(kmem_expect_heads);

/*
 * The last thing of a case, after all that it has left for KUnit to clean up:
 * fail it if the kernel reported anything unasked.
 */
static void expect_no_stray(void *context)
{
	struct kunit *test = context;

	if (capture.active)
		console_restore();
	watch_strays();
	if (*capture.stray)
		KUNIT_FAIL(test, "unexpected report: %s", capture.stray);
}

/**
 * kmem_suite_init() - Begin a case: from here on, a stray report fails it.
 * @test: the test context
 *
 * The case stays on the CPU that it is on, as what it frees does.
 *
 * Return: 0, or an error.
 */
int kmem_suite_init(struct kunit *test)
{
	int error = set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id()));

	if (error)
		return error;
	warn_once_rearm();
	capture.watched = log_end();
	*capture.stray = '\0';
	return kunit_add_action_or_reset(test, expect_no_stray, test);
}
EXPORT_SYMBOL_GPL(kmem_suite_init);
