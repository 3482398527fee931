// SPDX-License-Identifier: GPL-2.0-only
/*
 * Choosing the mutants that act, and telling which ones are reached.
 *
 *   kmem_mutant=N,...	these act, and the first case that fails ends the boot; at
 *			the end, each that was reached is told
 *   kmem_mutant=watch	none acts; at the end, those that each case reached are told
 *   kmem_cases=HEX	only these cases run: a digit for each four of them, in
 *			the order of their suites, the first one in the lowest bit
 *
 * The end is where the machine halts or panics. What is told there is
 * "kmem_mutants ROW FIRST HEX": ROW is 0 for what the boot has reached before
 * KUnit began, and from 1 on counts the cases, but if mutants act it is 0 for
 * all of the boot; HEX has a byte for each eight mutants from FIRST on.
 *
 * This file is compiled into mm/ with KMEM_MUTANTS, the highest number.
 */
#include <kunit/test.h>
#include <linux/hex.h>
#include <linux/init.h>
#include <linux/kmem_mutant.h>
#include <linux/kstrtox.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/string.h>

#define REACHED		4	/* by the present case: not to be watched until its end */
#define CASES		2048
#define BYTES_A_LINE	64

unsigned char kmem_mutants[KMEM_MUTANTS + 1];
static bool watching, acting;

bool kmem_mutant_acts(unsigned int id)
{
	if (kmem_mutants[id] & KMEM_MUTANT_ACTS) {
		kmem_mutants[id] |= REACHED;
		return true;
	}
	kmem_mutants[id] = REACHED;
	return false;
}

static int __init choose_mutant(char *text)
{
	unsigned int id;
	char *number;

	if (!strcmp(text, "watch")) {
		watching = true;
		memset(kmem_mutants, KMEM_MUTANT_WATCHED, sizeof(kmem_mutants));
		return 0;
	}
	while ((number = strsep(&text, ","))) {
		if (!kstrtouint(number, 10, &id) && id <= KMEM_MUTANTS) {
			acting = true;
			kmem_mutants[id] = KMEM_MUTANT_ACTS;
		}
	}
	return 0;
}
early_param("kmem_mutant", choose_mutant);

static char chosen[CASES / 4 + 1] __initdata;

static int __init choose_cases(char *text)
{
	strscpy(chosen, text, sizeof(chosen));
	return 0;
}
early_param("kmem_cases", choose_cases);

static bool __init is_chosen(unsigned int nr)
{
	return nr / 4 < strlen(chosen) && hex_to_bin(chosen[nr / 4]) >> nr % 4 & 1;
}

static int __init keep_chosen_cases(void)
{
	struct kunit_suite * const *suite;
	unsigned int nr = 0;

	for (suite = __kunit_suites_start; *chosen && suite < __kunit_suites_end; suite++) {
		struct kunit_case *from, *to = (*suite)->test_cases;

		for (from = to; from->run_case; from++, nr++)
			if (is_chosen(nr))
				*to++ = *from;
		*to = (struct kunit_case){};
		if (to == (*suite)->test_cases) {
			(*suite)->suite_init = NULL;
			(*suite)->suite_exit = NULL;
		}
	}
	return 0;
}
late_initcall(keep_chosen_cases);

static unsigned char reached[CASES + 1][KMEM_MUTANTS / 8 + 1];
static unsigned int rows;

static void end_row(void)
{
	unsigned int id;

	for (id = 0; id <= KMEM_MUTANTS && rows <= CASES; id++) {
		if (kmem_mutants[id] & REACHED)
			reached[rows][id / 8] |= 1 << id % 8;
		if (watching)
			kmem_mutants[id] = KMEM_MUTANT_WATCHED;
	}
	rows++;
}

/* KUnit has printed the result line of a case. */
void kmem_case_ended(bool failed)
{
	if (watching)
		end_row();
	else if (acting && failed)
		kernel_halt();
}

static int tell(struct notifier_block *block, unsigned long action, void *data)
{
	unsigned int row, at, i;

	if (acting)
		end_row();
	for (row = 0; row < rows && row <= CASES; row++) {
		for (at = 0; at < sizeof(reached[0]); at += BYTES_A_LINE) {
			unsigned int size = min_t(unsigned int, BYTES_A_LINE,
						  sizeof(reached[0]) - at);

			for (i = 0; i < size && !reached[row][at + i]; i++)
				;
			if (i < size)
				pr_info("kmem_mutants %u %u %*phN\n", row, at * 8, size,
					&reached[row][at]);
		}
	}
	return NOTIFY_DONE;
}

static int tell_in_panic(struct notifier_block *block, unsigned long action, void *data)
{
	if (watching)
		end_row();
	return tell(block, action, data);
}

static struct notifier_block teller = { .notifier_call = tell };
/* the architecture's own one does not return */
static struct notifier_block panic_teller = { .notifier_call = tell_in_panic, .priority = INT_MAX };

static int __init begin_to_watch(void)
{
	if (watching)
		end_row();
	if (watching || acting) {
		register_reboot_notifier(&teller);
		atomic_notifier_chain_register(&panic_notifier_list, &panic_teller);
	}
	return 0;
}
late_initcall_sync(begin_to_watch);
