// SPDX-License-Identifier: GPL-2.0-only
/*
 * Typed allocations: kmalloc_obj(), kmalloc_objs(), kmalloc_flex(), and their
 * zeroing and kv forms.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_obj'
 */
#include <kunit/test.h>
#include <linux/compiler_attributes.h>
#include <linux/gfp.h>
#include <linux/kfence.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "kmem_kunit.h"

#ifndef __counted_by
#define __counted_by(member)
#endif

#define DIRT	0xd1
/* how many allocations may pass until the freed memory comes back */
#define TRIES	4096

/* An object of an odd size, whose class is larger. */
struct thing {
	u64 numbers[16];
	u8 tail;
};

struct flexible {
	u32 nr;
	u64 elements[] __counted_by(nr);
};

struct small_counter {
	u8 nr;
	u8 elements[] __counted_by(nr);
};

struct uncounted {
	u64 head;
	u32 elements[];
};

static void require_typed(struct kunit *test)
{
	if (!kmem_has_typed_allocation())
		kunit_skip(test, "needs kmalloc_obj(), of Linux 7.x and of updates of 6.12");
}

/* The ways to allocate: each form for one object, several, and a flexible one. */
struct form {
	const char *name;
	void *(*obj)(gfp_t gfp);
	void *(*objs)(size_t count, gfp_t gfp);
	void *(*flex)(size_t count, gfp_t gfp);
	void *(*uncounted)(size_t count, gfp_t gfp);
	bool maps;
};

#define DEFINE_FORM(form)						\
	static noinline void *form##_one(gfp_t gfp)			\
	{								\
		struct thing *thing = form##_obj(struct thing, gfp);	\
									\
		return thing;						\
	}								\
	static noinline void *form##_many(size_t count, gfp_t gfp)	\
	{								\
		struct thing *things = form##_objs(struct thing, count, gfp); \
									\
		return things;						\
	}								\
	static noinline void *form##_flexible(size_t count, gfp_t gfp)	\
	{								\
		struct flexible *flexible = form##_flex(struct flexible, elements, count, gfp); \
									\
		return flexible;					\
	}								\
	static noinline void *form##_uncounted(size_t count, gfp_t gfp)	\
	{								\
		struct uncounted *uncounted = form##_flex(struct uncounted, elements, count, gfp); \
									\
		return uncounted;					\
	}

DEFINE_FORM(kmalloc)
DEFINE_FORM(kzalloc)
DEFINE_FORM(kvmalloc)
DEFINE_FORM(kvzalloc)

#define FORM(form, ...)							\
	{ #form, form##_one, form##_many, form##_flexible, form##_uncounted, __VA_ARGS__ }

static const struct form forms[] = {
	FORM(kmalloc),
	FORM(kzalloc),
	FORM(kvmalloc, .maps = true),
	FORM(kvzalloc, .maps = true),
};

static const struct form zeroing_forms[] = {
	FORM(kzalloc),
	FORM(kvzalloc),
};

KUNIT_ARRAY_PARAM_DESC(form, forms, name);
KUNIT_ARRAY_PARAM_DESC(zeroing_form, zeroing_forms, name);

/* Expect room for @size bytes, and not for a class more. */
static void expect_room(struct kunit *test, void *memory, size_t size, const char *what,
			size_t count)
{
	KUNIT_ASSERT_NOT_NULL_MSG(test, memory, "%s of %zu", what, count);
	if (!is_kfence_address(memory) && !is_vmalloc_addr(memory))
		KUNIT_EXPECT_EQ_MSG(test, ksize(memory), kmalloc_size_roundup(size), "%s of %zu",
				    what, count);
	memset(memory, DIRT, size);
	kvfree(memory);
}

/*
 * As much is allocated as the type needs: once, as often as asked for, or with
 * as many elements. Source: __alloc_objs() and __alloc_flex().
 */
static void type_fits(struct kunit *test)
{
	static const size_t counts[] = { 1, 2, 3, 7, 10, 63, 64, 500 };
	const struct form *form = test->param_value;
	unsigned int i;

	require_typed(test);
	expect_room(test, form->obj(GFP_KERNEL), sizeof(struct thing), "obj", 1);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		size_t count = counts[i];

		expect_room(test, form->objs(count, GFP_KERNEL), count * sizeof(struct thing),
			    "objs", count);
		expect_room(test, form->flex(count, GFP_KERNEL),
			    offsetof(struct flexible, elements) + count * sizeof(u64), "flex",
			    count);
		expect_room(test, form->uncounted(count, GFP_KERNEL),
			    offsetof(struct uncounted, elements) + count * sizeof(u32),
			    "uncounted flex", count);
	}
	expect_room(test, form->flex(0, GFP_KERNEL), sizeof(struct flexible), "flex", 0);
	KUNIT_EXPECT_PTR_EQ(test, form->objs(0, GFP_KERNEL), ZERO_SIZE_PTR);
}

/*
 * A variable stands for its type, is not read, and the result has that type.
 * Source: kmalloc_obj(), "@VAR_OR_TYPE: Variable or type to allocate".
 */
static void variable_stands_for_its_type(struct kunit *test)
{
	struct thing *thing = NULL, *things = NULL;
	struct flexible *flexible = NULL;

	require_typed(test);
	thing = kmalloc_obj(*thing);
	things = kzalloc_objs(*things, 3);
	flexible = kvmalloc_flex(*flexible, elements, 5);
	expect_room(test, thing, sizeof(*thing), "obj", 1);
	expect_room(test, things, 3 * sizeof(*things), "objs", 3);
	expect_room(test, flexible, offsetof(struct flexible, elements) + 5 * sizeof(u64), "flex",
		    5);
}

/*
 * The count is evaluated once. Source: any macro that looks like a function.
 */
static void count_is_evaluated_once(struct kunit *test)
{
	size_t evaluated = 0;

	require_typed(test);
	kfree(kmalloc_objs(struct thing, (evaluated++, 4)));
	KUNIT_EXPECT_EQ(test, evaluated, 1);
	kfree(kzalloc_flex(struct flexible, elements, (evaluated++, 4)));
	KUNIT_EXPECT_EQ(test, evaluated, 2);
	kvfree(kvmalloc_objs(struct thing, (evaluated++, 4)));
	KUNIT_EXPECT_EQ(test, evaluated, 3);
	kvfree(kvzalloc_flex(struct uncounted, elements, (evaluated++, 4)));
	KUNIT_EXPECT_EQ(test, evaluated, 4);
}

/*
 * What does not fit into a size_t is not allocated. Source: __alloc_objs() with
 * size_mul(), __alloc_flex() with struct_size_t(), which saturate.
 */
static void overflow_gives_null(struct kunit *test)
{
	size_t objs[] = { SIZE_MAX, SIZE_MAX / sizeof(struct thing) + 1,
			  SIZE_MAX / sizeof(struct thing) + 2, SIZE_MAX / 2 };
	size_t elements[] = { SIZE_MAX, SIZE_MAX / 8, SIZE_MAX / 8 + 1, SIZE_MAX / 8 + 2 };
	const struct form *form = test->param_value;
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;
	unsigned int i;

	require_typed(test);
	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		void *many = NULL, *flex = NULL, *uncounted = NULL;

		OPTIMIZER_HIDE_VAR(objs[i]);
		OPTIMIZER_HIDE_VAR(elements[i]);
		KMEM_EXPECT_SILENCE(test, {
			many = form->objs(objs[i], gfp);
			flex = form->flex(elements[i], gfp);
			uncounted = form->uncounted(2 * elements[i] + 1, gfp);
		});
		KUNIT_EXPECT_NULL_MSG(test, many, "%zu objs", objs[i]);
		KUNIT_EXPECT_NULL_MSG(test, flex, "%zu elements", elements[i]);
		if (2 * elements[i] + 1 > SIZE_MAX / sizeof(u32) / 2)
			KUNIT_EXPECT_NULL_MSG(test, uncounted, "%zu elements", 2 * elements[i] + 1);
	}
}

/*
 * The flags given are used. Source: kmalloc_obj(), "optional GFP flags for the
 * allocation".
 */
static void given_flags_are_used(struct kunit *test)
{
	const struct form *form = test->param_value;
	gfp_t gfp = GFP_KERNEL | __GFP_RECLAIMABLE;
	void *memory[] = { NULL, NULL, NULL };
	unsigned int i;

	require_typed(test);
	if (IS_ENABLED(CONFIG_SLUB_TINY))
		kunit_skip(test, "needs CONFIG_SLUB_TINY=n, to tell reclaimable memory");
	memory[0] = form->obj(gfp);
	memory[1] = form->objs(2, gfp);
	memory[2] = form->flex(2, gfp);
	for (i = 0; i < ARRAY_SIZE(memory); i++) {
		KUNIT_ASSERT_NOT_NULL(test, memory[i]);
		KUNIT_EXPECT_TRUE_MSG(test, strstarts(kmem_origin(memory[i]).name, "kmalloc-rcl-"),
				      "function %u: %s", i, kmem_origin(memory[i]).name);
		kvfree(memory[i]);
	}
	KUNIT_EXPECT_NULL(test, KMEM_FAILING(test, 1, form->obj(GFP_NOWAIT)));
	KUNIT_EXPECT_NULL(test, KMEM_FAILING(test, 1, form->objs(2, GFP_NOWAIT)));
	KUNIT_EXPECT_NULL(test, KMEM_FAILING(test, 1, form->flex(2, GFP_NOWAIT)));
}

/*
 * Without flags, GFP_KERNEL is meant, which may reclaim: failslab passes over
 * such allocations, and fails the next one that may not. Source: kmalloc_obj(),
 * "GFP_KERNEL when not specified".
 */
static void flags_are_gfp_kernel_if_not_given(struct kunit *test)
{
	void *memory[3] = { NULL, NULL, NULL }, *failed;
	unsigned int i;

	require_typed(test);
	kmem_fail_begin(test, 1);
	memory[0] = kmalloc_obj(struct thing);
	memory[1] = kzalloc_objs(struct thing, 2);
	memory[2] = kvmalloc_flex(struct flexible, elements, 3);
	failed = kmalloc(8, GFP_NOWAIT);
	kmem_fail_end(test, 1);
	KUNIT_EXPECT_NULL(test, failed);
	for (i = 0; i < ARRAY_SIZE(memory); i++) {
		KUNIT_EXPECT_NOT_NULL_MSG(test, memory[i], "function %u", i);
		kvfree(memory[i]);
	}
}

/* Allocate from a form's function number @which. */
static void *take(const struct form *form, unsigned int which)
{
	if (which == 0)
		return form->obj(GFP_KERNEL);
	if (which == 1)
		return form->objs(3, GFP_KERNEL);
	return form->uncounted(9, GFP_KERNEL);
}

/*
 * The kz and kvz forms zero all of it, even if the memory was in use before.
 * Source: "All kzalloc aliases for kmalloc_(obj|objs|flex)".
 */
static void zeroing_forms_zero(struct kunit *test)
{
	static const size_t sizes[] = {
		sizeof(struct thing), 3 * sizeof(struct thing), sizeof(struct uncounted) + 9 * 4,
	};
	const struct form *form = test->param_value;
	static void *kept[TRIES];
	unsigned int which, nr;

	require_typed(test);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN_GENERIC, "whose quarantine keeps memory");
	for (which = 0; which < ARRAY_SIZE(sizes); which++) {
		void *before = take(form, which), *dirty = take(form, which);
		void *after = take(form, which), *memory = NULL;

		KUNIT_ASSERT_NOT_NULL(test, dirty);
		memset(dirty, DIRT, sizes[which]);
		kfree(dirty);
		for (nr = 0; nr < TRIES; nr++) {
			memory = take(form, which);
			if (!memory || memory == dirty)
				break;
			kept[nr] = memory;
		}
		KUNIT_EXPECT_PTR_EQ_MSG(test, memory, dirty, "function %u: it did not come back",
					which);
		if (memory == dirty)
			KUNIT_EXPECT_NULL_MSG(test, memchr_inv(memory, 0, sizes[which]),
					      "function %u", which);
		while (nr)
			kfree(kept[--nr]);
		if (memory == dirty)
			kfree(memory);
		kfree(before);
		kfree(after);
	}
}

/*
 * The kv forms map what kmalloc() cannot give, the others do not. Source: "All
 * kvmalloc aliases for kmalloc_(obj|objs|flex)".
 */
static void kv_forms_map_large_arrays(struct kunit *test)
{
	const struct form *form = test->param_value;
	size_t count = KMALLOC_MAX_SIZE / sizeof(struct thing) + 1;
	size_t elements = KMALLOC_MAX_SIZE / sizeof(u64) + 1;
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;
	void *objs, *flex;

	require_typed(test);
	objs = form->objs(count, gfp);
	flex = form->flex(elements, gfp);
	KUNIT_EXPECT_EQ(test, !!objs, form->maps);
	KUNIT_EXPECT_EQ(test, !!flex, form->maps);
	KUNIT_EXPECT_EQ(test, is_vmalloc_addr(objs), form->maps);
	KUNIT_EXPECT_EQ(test, is_vmalloc_addr(flex), form->maps);
	if (flex)
		((struct flexible *)flex)->elements[elements - 1] = 1;
	kvfree(objs);
	kvfree(flex);
}

/*
 * No member of what kmalloc_flex() gives is set but the counter of the array. On 7.x,
 * the counter is the number of elements, if it is annotated with __counted_by() and
 * the compiler knows it. Up to 6.x, the counter is not set either. Source:
 * __alloc_flex() with __set_flex_counter(), "a no-op if no annotation exists".
 */
static void flexible_array_is_counted(struct kunit *test)
{
	static const size_t counts[] = { 0, 1, 2, 200, 255 };
	unsigned int i;

	require_typed(test);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		struct flexible *flexible = kzalloc_flex(*flexible, elements, counts[i]);
		struct small_counter *small = kvzalloc_flex(*small, elements, counts[i]);
		struct uncounted *uncounted = kzalloc_flex(*uncounted, elements, counts[i]);

		KUNIT_ASSERT_NOT_NULL(test, flexible);
		KUNIT_ASSERT_NOT_NULL(test, small);
		KUNIT_ASSERT_NOT_NULL(test, uncounted);
		KUNIT_EXPECT_EQ(test, flexible->nr, kmem_flex_is_counted() ? counts[i] : 0);
		KUNIT_EXPECT_EQ(test, small->nr, kmem_flex_is_counted() ? counts[i] : 0);
		KUNIT_EXPECT_EQ(test, uncounted->head, 0);
		kfree(flexible);
		kvfree(small);
		kfree(uncounted);
	}
}

static struct kunit_case kmem_obj_cases[] = {
	KUNIT_CASE_PARAM(type_fits, form_gen_params),
	KUNIT_CASE(variable_stands_for_its_type),
	KUNIT_CASE(count_is_evaluated_once),
	KUNIT_CASE_PARAM(overflow_gives_null, form_gen_params),
	KUNIT_CASE_PARAM(given_flags_are_used, form_gen_params),
	KUNIT_CASE(flags_are_gfp_kernel_if_not_given),
	KUNIT_CASE_PARAM(zeroing_forms_zero, zeroing_form_gen_params),
	KUNIT_CASE_PARAM(kv_forms_map_large_arrays, form_gen_params),
	KUNIT_CASE(flexible_array_is_counted),
	{}
};

static struct kunit_suite kmem_obj_suite = {
	.name = "kmem_obj",
	.init = kmem_suite_init,
	.test_cases = kmem_obj_cases,
};

kunit_test_suite(kmem_obj_suite);

MODULE_DESCRIPTION("KUnit tests for typed allocations");
MODULE_LICENSE("GPL");
