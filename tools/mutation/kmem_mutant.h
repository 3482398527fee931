/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The switch that mutant schemata are made with.
 *
 * A boot chooses the mutant that acts, or none, before it allocates memory for
 * the first time. See tools/kmem_kunit/schemata.py.
 */
#ifndef _LINUX_KMEM_MUTANT_H
#define _LINUX_KMEM_MUTANT_H

#include <linux/compiler.h>
#include <linux/types.h>

#define KMEM_MUTANT_ACTS	1
#define KMEM_MUTANT_WATCHED	2

extern unsigned char kmem_mutants[];
bool kmem_mutant_acts(unsigned int id);

static __always_inline bool kmem_mutant(unsigned int id)
{
	return unlikely(kmem_mutants[id] & (KMEM_MUTANT_ACTS | KMEM_MUTANT_WATCHED)) &&
	       kmem_mutant_acts(id);
}

/*
 * What is compiled into a suite is no part of what it tests: it looks at slabs
 * with mm/slab.h, too, and is to see what is there. What it is compiled with of
 * include/linux/slab.h is what it tests: that is as it was for all others, whose
 * calls fold.
 */
#define KMEM_MUTANT_SUITE							\
	(!__builtin_strncmp(KBUILD_MODFILE, "lib/kmem_kunit/", 15) ||		\
	 (sizeof(KBUILD_MODFILE) > sizeof("_kunit") &&				\
	  !__builtin_strcmp(KBUILD_MODFILE + sizeof(KBUILD_MODFILE) -		\
			    sizeof("_kunit"), "_kunit")))

#define kmem_mutant_outside(id) (!KMEM_MUTANT_SUITE && kmem_mutant(id))
#define kmem_mutant_inside(id) (KMEM_MUTANT_SUITE && kmem_mutant(id))

void kmem_case_ended(bool failed);

/* the linker's: all suites that are built in */
struct kunit_suite;
extern struct kunit_suite * const __kunit_suites_start[];
extern struct kunit_suite * const __kunit_suites_end[];

#endif
