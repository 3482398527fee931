/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What older kernels lack of the names that the suites use.
 *
 * The suites are written for the newest kernel. This header, and nothing else,
 * knows that others exist: it maps an older series onto the newest one's names,
 * by looking for the feature itself, and offers one predicate for each place
 * where the series promise different behaviour.
 */
#ifndef _KMEM_COMPAT_H
#define _KMEM_COMPAT_H

#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>

/* 6.4 brought SLAB_NO_MERGE; before it, any flag of SLAB_NEVER_MERGE will do. */
#ifndef SLAB_NO_MERGE
#define SLAB_NO_MERGE		SLAB_NOLEAKTRACE
#endif

/* 6.7 */
#ifndef KUNIT_ARRAY_PARAM_DESC
static inline const void *kmem_compat_next_param(const void *array, size_t array_size,
						 size_t size, size_t desc_offset,
						 const void *prev, char *desc)
{
	const void *next = prev ? prev + size : array;

	if (next == array + array_size)
		return NULL;
	strscpy(desc, *(const char **)(next + desc_offset), KUNIT_PARAM_DESC_SIZE);
	return next;
}

#define KUNIT_ARRAY_PARAM_DESC(name, array, desc_member)		\
	static const void *name##_gen_params(const void *prev, char *desc) \
	{								\
		return kmem_compat_next_param(array, sizeof(array),	\
					      sizeof((array)[0]),	\
					      offsetof(typeof((array)[0]), desc_member), \
					      prev, desc);		\
	}
#endif

/*
 * 6.5 brought deferred actions; a test managed resource does the same. 6.8's
 * wrapper macro is the nearest thing to them that the preprocessor can see.
 */
#ifndef KUNIT_DEFINE_ACTION_WRAPPER
typedef void (kunit_action_t)(void *);

struct kmem_compat_action {
	kunit_action_t *action;
	void *context;
};

static inline int kmem_compat_action_init(struct kunit_resource *resource, void *action)
{
	resource->data = kmemdup(action, sizeof(struct kmem_compat_action), GFP_KERNEL);
	return resource->data ? 0 : -ENOMEM;
}

static inline void kmem_compat_action_run(struct kunit_resource *resource)
{
	struct kmem_compat_action *action = resource->data;

	action->action(action->context);
	kfree(action);
}

static inline bool kmem_compat_action_match(struct kunit *test, struct kunit_resource *resource,
					    void *wanted)
{
	return resource->free == kmem_compat_action_run &&
	       !memcmp(resource->data, wanted, sizeof(struct kmem_compat_action));
}

static inline int kunit_add_action_or_reset(struct kunit *test, kunit_action_t *action,
					    void *context)
{
	struct kmem_compat_action deferred = { action, context };

	if (kunit_alloc_resource(test, kmem_compat_action_init, kmem_compat_action_run,
				 GFP_KERNEL, &deferred))
		return 0;
	action(context);
	return -ENOMEM;
}

static inline void kunit_release_action(struct kunit *test, kunit_action_t *action, void *context)
{
	struct kmem_compat_action deferred = { action, context };

	kunit_destroy_resource(test, kmem_compat_action_match, &deferred);
}
#endif

/**
 * kmem_cross_free_leaks() - What becomes of an object freed into the wrong cache.
 *
 * Up to 6.19, cache_from_obj() found the true cache and the object was freed
 * there. 7.x's kmem_cache_free() leaks it on purpose, for "it would be too
 * dangerous to continue". SLAB_NO_SHEAVES came with the same rework.
 *
 * Return: true if the object is leaked, false if it returns to its true cache.
 */
static inline bool kmem_cross_free_leaks(void)
{
#ifdef SLAB_NO_SHEAVES
	return true;
#else
	return false;
#endif
}

/**
 * kmem_double_free_cuts_freelist() - What a double free does before it is found.
 *
 * Up to 6.7, slab_free_freelist_hook() linked even a single object anew before
 * any check, so that an object that was free already lost what followed it on
 * the freelist. 6.8's slab_free() leaves a single object alone; the macro that
 * tells is of the same release.
 *
 * Return: true if the objects behind it are lost, false if it does no harm.
 */
static inline bool kmem_double_free_cuts_freelist(void)
{
#ifdef KUNIT_DEFINE_ACTION_WRAPPER
	return false;
#else
	return true;
#endif
}

#endif /* _KMEM_COMPAT_H */
