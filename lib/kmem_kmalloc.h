/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites about kmalloc() and its relatives share: ways to call them,
 * and the names of the caches behind them.
 */
#ifndef _KMEM_KMALLOC_H
#define _KMEM_KMALLOC_H

#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/types.h>

/**
 * struct way - a function that allocates a number of bytes
 * @name: of the parameter
 * @alloc: calls it with a size that the compiler does not know, if it can
 */
struct way {
	const char *name;
	void *(*alloc)(size_t size, gfp_t gfp);
};

#define DEFINE_WAY(name, call)						\
	static noinline void *name##_way(size_t size, gfp_t gfp)	\
	{								\
		OPTIMIZER_HIDE_VAR(size);				\
		return call;						\
	}

#define WAY(name)	{ #name, name##_way }

/* "96", "1k": the last part of the name of a class's caches */
static inline const char *class_suffix(size_t class)
{
	static char suffix[16];

	if (class < SZ_1K)
		snprintf(suffix, sizeof(suffix), "%zu", class);
	else
		snprintf(suffix, sizeof(suffix), "%zuk", class / SZ_1K);
	return suffix;
}

#endif /* _KMEM_KMALLOC_H */
