// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects of kmalloc() that change their size.
 *
 * An object stays where it is as long as the new size fits into what kmalloc()
 * really gave, which kmalloc_size_roundup() tells; otherwise its contents move
 * to a new object, and the old one is freed. What __GFP_ZERO adds to this is
 * kmem_krealloc_zero's.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_krealloc'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include "kmem_kunit.h"
#include "kmem_realloc.h"

/* All of kmalloc()'s classes and what comes after them, the page allocator's first among it. */
static const size_t sizes[] = {
	1, 7, 8, 9, 16, 17, 32, 33, 64, 65, 96, 97, 128, 129, 192, 193, 256, 257, SZ_512,
	SZ_512 + 1, SZ_1K, SZ_1K + 1, SZ_2K, SZ_2K + 1, SZ_4K, SZ_4K + 1, SZ_8K, SZ_8K + 1,
	SZ_16K, SZ_16K + 1, SZ_64K,
};

/* One of a kind: the smallest class, one that is no power of two, pages. */
static const size_t few_sizes[] = { 8, 96, SZ_1K, SZ_8K, 4 * KMALLOC_MAX_CACHE_SIZE };

/*
 * The contents are the same up to the smaller of both sizes, from every size to
 * every size, and all of the new size may be used. Source: krealloc()'s
 * kernel-doc, "the contents of the object pointed to are preserved up to the
 * lesser of the new and old sizes".
 */
static void contents_are_kept(struct kunit *test)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			size_t kept = min(sizes[i], sizes[j]);
			u8 *object = kmalloc(sizes[i], GFP_KERNEL), *resized;

			KUNIT_ASSERT_NOT_NULL(test, object);
			pattern_renew();
			pattern_fill(object, sizes[i]);
			resized = krealloc(object, sizes[j], GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, resized);
			KUNIT_ASSERT_EQ_MSG(test, pattern_kept(resized, kept), kept,
					    "from %zu to %zu bytes", sizes[i], sizes[j]);
			pattern_fill(resized, sizes[j]);
			kfree(resized);
		}
	}
}

/* So are those of large memory. Source: as above. */
static void contents_of_large_memory_are_kept(struct kunit *test)
{
	u8 *memory = kmalloc_filled(test, SZ_128K), *resized;

	resized = krealloc(memory, SZ_256K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, resized);
	KUNIT_EXPECT_EQ(test, pattern_kept(resized, SZ_128K), SZ_128K);
	pattern_fill(resized, SZ_256K);
	kfree(resized);
}

/*
 * An object stays where it is if the new size fits into it, up to the last byte
 * that kmalloc() gave. Source: __do_krealloc(), "if the new size is less than
 * the current allocated size, the current allocation will be preserved".
 */
static void object_stays_where_it_fits(struct kunit *test)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t whole = kmalloc_size_roundup(sizes[i]);
		u8 *object = kmalloc_unfenced(test, sizes[i], GFP_KERNEL);

		for (j = 0; j <= ARRAY_SIZE(sizes); j++) {
			size_t size = j < ARRAY_SIZE(sizes) ? sizes[j] : whole;
			u8 *resized;

			if (size > whole)
				continue;
			resized = krealloc(object, size, GFP_KERNEL);
			KUNIT_ASSERT_PTR_EQ_MSG(test, kasan_reset_tag(resized),
						kasan_reset_tag(object), "from %zu to %zu bytes",
						sizes[i], size);
			object = resized;
		}
		kfree(object);
	}
}

/*
 * An object moves if the new size is one byte more than kmalloc() gave, and
 * what it gets is as large as if kmalloc() was asked for it. Source:
 * __do_krealloc(), "If the old object doesn't fit, allocate a bigger one".
 */
static void object_moves_where_it_does_not_fit(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t whole = kmalloc_size_roundup(sizes[i]);
		u8 *object = kmalloc(sizes[i], GFP_KERNEL), *resized;

		KUNIT_ASSERT_NOT_NULL(test, object);
		resized = krealloc(object, whole + 1, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, resized);
		KUNIT_EXPECT_PTR_NE_MSG(test, kasan_reset_tag(resized), kasan_reset_tag(object),
					"from %zu to %zu bytes", sizes[i], whole + 1);
		if (!is_kfence_address(resized))
			KUNIT_EXPECT_EQ_MSG(test, ksize(resized), kmalloc_size_roundup(whole + 1),
					    "from %zu to %zu bytes", sizes[i], whole + 1);
		kfree(resized);
	}
}

/* Move an object, and return where it was. */
static void *cycle_of_a_move(struct kunit *test, size_t size)
{
	void *object = kmalloc_unfenced(test, size, GFP_KERNEL), *resized;

	resized = krealloc(object, kmalloc_size_roundup(size) + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, resized);
	KUNIT_ASSERT_PTR_NE(test, kasan_reset_tag(resized), kasan_reset_tag(object));
	kfree(resized);
	return object;
}

/*
 * When an object moves, the old one is freed: its memory is handed out again.
 * Source: krealloc(), which calls kfree() if the pointers differ.
 */
static void old_object_is_freed_by_a_move(struct kunit *test)
{
	unsigned int i;

	require_reuse(test);
	for (i = 0; i < ARRAY_SIZE(few_sizes); i++)
		KUNIT_EXPECT_TRUE_MSG(test, is_recycled(test, cycle_of_a_move, few_sizes[i]),
				      "size %zu", few_sizes[i]);
}

/*
 * An object that stays is not freed: nobody else gets its memory. Source:
 * krealloc(), which calls kfree() only if the pointers differ.
 */
static void object_that_stays_is_not_freed(struct kunit *test)
{
	unsigned int i;

	require_reuse(test);
	for (i = 0; i < ARRAY_SIZE(few_sizes); i++) {
		size_t size = few_sizes[i];
		u8 *object = kmalloc_unfenced(test, size, GFP_KERNEL), *resized;

		pattern_fill(object, size - 1);
		resized = krealloc(object, size - 1, GFP_KERNEL);
		KUNIT_ASSERT_PTR_EQ(test, resized, object);
		KUNIT_EXPECT_FALSE_MSG(test, is_handed_out(object, size), "size %zu", size);
		KUNIT_EXPECT_EQ(test, pattern_kept(object, size - 1), size - 1);
		kfree(resized);
	}
}

/* Free an object by asking for nothing, and return where it was. */
static void *cycle_of_size_zero(struct kunit *test, size_t size)
{
	void *object = kmalloc_unfenced(test, size, GFP_KERNEL);
	void *nothing = krealloc(object, 0, GFP_KERNEL);

	KUNIT_EXPECT_PTR_EQ_MSG(test, nothing, ZERO_SIZE_PTR, "size %zu", size);
	return object;
}

/*
 * A new size of 0 frees the object and gives ZERO_SIZE_PTR. Source: krealloc()'s
 * kernel-doc, "If @new_size is 0 and @p is not a %NULL pointer, the object
 * pointed to is freed".
 */
static void size_zero_frees(struct kunit *test)
{
	unsigned int i;

	require_reuse(test);
	for (i = 0; i < ARRAY_SIZE(few_sizes); i++)
		KUNIT_EXPECT_TRUE_MSG(test, is_recycled(test, cycle_of_size_zero, few_sizes[i]),
				      "size %zu", few_sizes[i]);
}

/*
 * From nothing to nothing gives ZERO_SIZE_PTR, also as an array. Source:
 * krealloc(), which returns ZERO_SIZE_PTR for every @new_size of 0.
 */
static void size_zero_of_nothing_gives_zero_size_ptr(struct kunit *test)
{
	u8 *object = kmalloc(64, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_EXPECT_PTR_EQ(test, krealloc(NULL, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, krealloc(ZERO_SIZE_PTR, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, krealloc_array(NULL, 0, 8, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, krealloc_array(object, 8, 0, GFP_KERNEL), ZERO_SIZE_PTR);
}

/*
 * Without an old object, krealloc() is kmalloc(): of the same size, silent, and
 * free to be freed. Source: krealloc()'s kernel-doc, "If @p is %NULL, krealloc()
 * behaves exactly like kmalloc()", and ZERO_OR_NULL_PTR() in __do_krealloc().
 */
static void nothing_is_resized_by_kmalloc(struct kunit *test)
{
	void *nothings[] = { NULL, ZERO_SIZE_PTR };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(nothings); j++) {
			u8 *object = krealloc(nothings[j], sizes[i], GFP_KERNEL);

			KUNIT_ASSERT_FALSE_MSG(test, ZERO_OR_NULL_PTR(object), "size %zu",
					       sizes[i]);
			pattern_fill(object, sizes[i]);
			if (!is_kfence_address(object))
				KUNIT_EXPECT_EQ(test, ksize(object),
						kmalloc_size_roundup(sizes[i]));
			kfree(object);
		}
	}
}

/*
 * If there is no memory, the object stays as it was and is not freed. Source:
 * krealloc()'s kernel-doc, "%NULL in case of error", and krealloc(), which frees
 * @p only if there is something new.
 */
static void object_survives_a_failure(struct kunit *test)
{
	unsigned int i;

	for (i = 0; few_sizes[i] < KMALLOC_MAX_CACHE_SIZE; i++) {
		size_t size = kmalloc_size_roundup(few_sizes[i]);
		u8 *object = kmalloc_unfenced(test, size, GFP_KERNEL), *resized;

		pattern_fill(object, size);
		resized = KMEM_FAILING(test, 1, krealloc(object, size + 1,
							 GFP_NOWAIT | __GFP_NOWARN));
		KUNIT_ASSERT_NULL_MSG(test, resized, "size %zu", size);
		if (!IS_ENABLED(CONFIG_KASAN_GENERIC))
			KUNIT_EXPECT_FALSE_MSG(test, is_handed_out(object, size), "size %zu", size);
		KUNIT_EXPECT_EQ_MSG(test, pattern_kept(object, size), size, "size %zu", size);
		kfree(object);
	}
}

/*
 * An object that stays needs no memory, so that it cannot fail. Source:
 * __do_krealloc(), which allocates only to move.
 */
static void staying_allocates_nothing(struct kunit *test)
{
	u8 *object = kmalloc_unfenced(test, 100, GFP_KERNEL), *resized;

	kmem_fail_begin(test, 1);
	resized = krealloc(object, kmalloc_size_roundup(100), GFP_NOWAIT | __GFP_NOWARN);
	KUNIT_EXPECT_EQ(test, kmem_fail_cancel(), 1);
	KUNIT_EXPECT_PTR_EQ(test, resized, object);
	kfree(object);
}

/*
 * A size beyond KMALLOC_MAX_SIZE is refused with a warning, silently with
 * __GFP_NOWARN, and the object stays as it was. Source: the page allocator's
 * WARN_ON_ONCE_GFP(order > MAX_PAGE_ORDER, gfp).
 */
static void too_large_is_refused(struct kunit *test)
{
	size_t too_large[] = { (size_t)KMALLOC_MAX_SIZE + 1, SIZE_MAX };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(few_sizes); i++) {
		size_t size = few_sizes[i];
		u8 *object = kmalloc_unfenced(test, size, GFP_KERNEL), *resized = NULL;

		pattern_fill(object, size);
		for (j = 0; j < ARRAY_SIZE(too_large); j++) {
			size_t wanted = too_large[j];

			KMEM_EXPECT_SILENCE(test, resized = krealloc(object, wanted,
								     GFP_KERNEL | __GFP_NOWARN));
			KUNIT_ASSERT_NULL(test, resized);
			KMEM_EXPECT_WARN(test, resized = krealloc(object, wanted, GFP_KERNEL),
					 "mm/page_alloc.c:");
			KUNIT_ASSERT_NULL(test, resized);
		}
		if (!IS_ENABLED(CONFIG_KASAN_GENERIC))
			KUNIT_EXPECT_FALSE(test, is_handed_out(object, size));
		KUNIT_EXPECT_EQ(test, pattern_kept(object, size), size);
		kfree(object);
	}
}

/*
 * An address inside of large memory is none that could be resized: that is reported each
 * time. Source: __do_krealloc() (7.x), __ksize() (6.x), WARN_ON().
 */
static void address_inside_of_large_memory_is_reported(struct kunit *test)
{
	const size_t too_large = (size_t)KMALLOC_MAX_SIZE + 1;
	void *memory, *resized = NULL;

	KMEM_REQUIRE_NOT(test, CONFIG_SLOB, "which does not look");
	memory = kmalloc_unfenced(test, 2 * KMALLOC_MAX_CACHE_SIZE, GFP_KERNEL);
	/* to a size that cannot be had, as no good could come of any other */
	KMEM_EXPECT_WARN_EACH_TIME(test, resized = krealloc(memory + 8, too_large,
							    GFP_KERNEL | __GFP_NOWARN),
				   "WARNING:");
	KUNIT_EXPECT_NULL(test, resized);
	kfree(memory);
}

/*
 * An array of n elements gets n times their size, by the same rules. Source:
 * krealloc_array()'s kernel-doc.
 */
static void array_is_n_by_size(struct kunit *test)
{
	static const struct { size_t n, size; } arrays[] = {
		{ 1, 100 }, { 100, 1 }, { 3, 40 }, { 40, 30 }, { 30, 40 }, { 5, SZ_8K },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(arrays); i++) {
		size_t n = arrays[i].n, size = arrays[i].size;
		size_t whole = kmalloc_size_roundup(n * size);
		u8 *array = kmalloc_unfenced(test, 8, GFP_KERNEL), *resized;

		pattern_fill(array, 8);
		resized = krealloc_array(array, n, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, resized);
		KUNIT_EXPECT_EQ_MSG(test, pattern_kept(resized, 8), 8, "%zu by %zu", n, size);
		pattern_fill(resized, n * size);
		if (!is_kfence_address(resized)) {
			KUNIT_EXPECT_EQ_MSG(test, ksize(resized), whole, "%zu by %zu", n, size);
			array = krealloc_array(resized, 1, whole, GFP_KERNEL);
			KUNIT_ASSERT_PTR_EQ_MSG(test, array, resized, "%zu by %zu", n, size);
		}
		kfree(resized);
	}
}

KUNIT_ARRAY_PARAM_DESC(overflow, kmem_overflows, name);

/*
 * An array whose size overflows is refused, silently, and the old one stays as
 * it was. Source: krealloc_array() in include/linux/slab.h, with
 * check_mul_overflow().
 */
static void overflowing_array_is_refused(struct kunit *test)
{
	const struct kmem_overflow *overflow = test->param_value;
	u8 *array = kmalloc_unfenced(test, 64, GFP_KERNEL), *resized = array;

	pattern_fill(array, 64);
	KMEM_EXPECT_SILENCE(test, resized = krealloc_array(array, overflow->n, overflow->size,
							   GFP_KERNEL));
	KUNIT_ASSERT_NULL(test, resized);
	KUNIT_EXPECT_NULL(test, krealloc_array(NULL, overflow->n, overflow->size, GFP_KERNEL));
	if (!IS_ENABLED(CONFIG_KASAN_GENERIC))
		KUNIT_EXPECT_FALSE(test, is_handed_out(array, 64));
	KUNIT_EXPECT_EQ(test, pattern_kept(array, 64), 64);
	kfree(array);
}

/*
 * An object that moves does so into the cache that the flags ask for, as one of
 * kmalloc() with these flags would be from. Source: __do_krealloc(), which hands
 * on its flags.
 */
static void flags_choose_the_new_cache(struct kunit *test)
{
	static const gfp_t flags[] = {
		GFP_KERNEL, GFP_KERNEL | __GFP_RECLAIMABLE, GFP_KERNEL_ACCOUNT,
	};
	char wanted[64], seen[64];
	unsigned int i;

	if (kmem_is_partitioned())
		kunit_skip(test, "needs an unpartitioned kmalloc(): another caller, another cache");
	KMEM_REQUIRE(test, CONFIG_PRINTK);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		u8 *model = kmalloc_unfenced(test, 200, flags[i]);
		u8 *object = krealloc(kmalloc(100, GFP_KERNEL), 200, flags[i]);

		KUNIT_ASSERT_NOT_NULL(test, object);
		read_cache(test, model, wanted, sizeof(wanted));
		read_cache(test, object, seen, sizeof(seen));
		KUNIT_EXPECT_STREQ_MSG(test, seen, wanted, "flags %#x", (__force u32)flags[i]);
		kfree(model);
		kfree(object);
	}
}

static noinline void *move_on_behalf(void *object, size_t size)
{
	void *resized = krealloc(object, size, GFP_KERNEL);

	/* no tail call: it shall return to here */
	barrier();
	return resized;
}

/*
 * SLUB takes krealloc()'s caller for the one who allocated the new object.
 * Source: __do_krealloc(), kmalloc_node_track_caller() with _RET_IP_.
 */
static void caller_has_allocated(struct kunit *test)
{
	const struct kmem_report *report;
	u8 *object;

	KMEM_REQUIRE(test, CONFIG_KALLSYMS);
	if (!requests_are_tracked(test))
		kunit_skip(test, "needs a boot with slab_debug=U");
	object = move_on_behalf(kmalloc(8, GFP_KERNEL), 64);
	KUNIT_ASSERT_NOT_NULL(test, object);
	report = KMEM_CAPTURE(test, kmem_dump_obj(object));
	kmem_expect_text(test, report, " allocated at move_on_behalf");
	kfree(object);
}

static void require_node_align(struct kunit *test)
{
	if (!kmem_has_node_align())
		kunit_skip(test, "needs Linux 6.18");
}

/*
 * To be on this node only does not move an object that is there, nor does
 * another node that is merely preferred. Source: __do_krealloc(), "the current
 * allocation will be preserved unless __GFP_THISNODE is set".
 */
static void object_stays_on_its_node(struct kunit *test)
{
	static const size_t node_sizes[] = { 8, 100, SZ_4K, 2 * KMALLOC_MAX_CACHE_SIZE };
	unsigned int i;

	require_node_align(test);
	for (i = 0; i < ARRAY_SIZE(node_sizes); i++) {
		u8 *object = kmalloc_unfenced(test, node_sizes[i], GFP_KERNEL);
		int node = page_to_nid(virt_to_page(object));
		size_t size = node_sizes[i] - 1;

		KUNIT_EXPECT_PTR_EQ(test, krealloc_node_align(object, size, 1, GFP_KERNEL |
							      __GFP_THISNODE, node), object);
		KUNIT_EXPECT_PTR_EQ(test, krealloc_node_align(object, size, 1, GFP_KERNEL |
							      __GFP_THISNODE, NUMA_NO_NODE),
				    object);
		KUNIT_EXPECT_PTR_EQ(test, krealloc_node(object, size, GFP_KERNEL, node), object);
		kfree(object);
	}
}

/* Classes that do not align to some alignment, which is no less than a smaller class. */
static const struct odd {
	const char *name;
	size_t size, alignment;
} odds[] = {
	{ "96", 96, 64 },
	{ "192", 192, 128 },
};

KUNIT_ARRAY_PARAM_DESC(odd, odds, name);

/* An object of such a class, which is aligned all the same or not. */
static u8 *object_with_alignment(struct kunit *test, bool aligned)
{
	const struct odd *odd = test->param_value;
	void *others[MANY_ROUNDS];
	unsigned int nr = 0;
	u8 *object = NULL;

	while (nr < ARRAY_SIZE(others)) {
		object = kmalloc_unfenced(test, odd->size, GFP_KERNEL);
		if (IS_ALIGNED((unsigned long)object, odd->alignment) == aligned)
			break;
		others[nr++] = object;
		object = NULL;
	}
	while (nr)
		kfree(others[--nr]);
	if (!object)
		kunit_skip(test, "needs a class whose objects are not all aligned alike");
	pattern_renew();
	pattern_fill(object, odd->size);
	return object;
}

/*
 * An object moves if it does not satisfy the new alignment, though it fits, and
 * the new one does; its contents come with it. Source: __do_krealloc(), "If the
 * old object doesn't satisfy the new alignment, allocate a new one".
 */
static void misaligned_object_moves(struct kunit *test)
{
	const size_t alignment = ((const struct odd *)test->param_value)->alignment;
	u8 *object, *resized;

	require_node_align(test);
	object = object_with_alignment(test, false);
	resized = krealloc_node_align(object, alignment, alignment, GFP_KERNEL, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, resized);
	KUNIT_EXPECT_PTR_NE(test, kasan_reset_tag(resized), kasan_reset_tag(object));
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)resized, alignment));
	KUNIT_EXPECT_EQ(test, pattern_kept(resized, alignment), alignment);
	kfree(resized);
}

/*
 * An object that satisfies the alignment stays where it fits. Source:
 * __do_krealloc(), IS_ALIGNED((unsigned long)p, align).
 */
static void aligned_object_stays(struct kunit *test)
{
	const size_t alignment = ((const struct odd *)test->param_value)->alignment;
	u8 *object;

	require_node_align(test);
	object = object_with_alignment(test, true);
	KUNIT_EXPECT_PTR_EQ(test, krealloc_node_align(object, alignment, alignment, GFP_KERNEL,
						      NUMA_NO_NODE), object);
	KUNIT_EXPECT_EQ(test, pattern_kept(object, alignment), alignment);
	kfree(object);
}

/*
 * A move into a smaller object writes no more than fits there. Source:
 * __do_krealloc(), which copies the smaller of both sizes.
 */
static void move_for_alignment_spares_the_neighbours(struct kunit *test)
{
	const size_t alignment = ((const struct odd *)test->param_value)->alignment;
	u8 *moved[MANY_ROUNDS], *object;
	unsigned int i;

	require_node_align(test);
	for (i = 0; i < ARRAY_SIZE(moved); i++) {
		object = object_with_alignment(test, false);
		moved[i] = krealloc_node_align(object, alignment, alignment, GFP_KERNEL,
					       NUMA_NO_NODE);
		KUNIT_ASSERT_NOT_NULL(test, moved[i]);
		memset(moved[i], i, alignment);
	}
	for (i = 0; i < ARRAY_SIZE(moved); i++) {
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(moved[i], i, alignment), "object %u", i);
		kfree(moved[i]);
	}
}

static struct kunit_case krealloc_cases[] = {
	KUNIT_CASE(contents_are_kept),
	KUNIT_CASE(contents_of_large_memory_are_kept),
	KUNIT_CASE(object_stays_where_it_fits),
	KUNIT_CASE(object_moves_where_it_does_not_fit),
	KUNIT_CASE(old_object_is_freed_by_a_move),
	KUNIT_CASE(object_that_stays_is_not_freed),
	KUNIT_CASE(size_zero_frees),
	KUNIT_CASE(size_zero_of_nothing_gives_zero_size_ptr),
	KUNIT_CASE(nothing_is_resized_by_kmalloc),
	KUNIT_CASE(object_survives_a_failure),
	KUNIT_CASE(staying_allocates_nothing),
	KUNIT_CASE(too_large_is_refused),
	KUNIT_CASE(address_inside_of_large_memory_is_reported),
	KUNIT_CASE(array_is_n_by_size),
	KUNIT_CASE_PARAM(overflowing_array_is_refused, overflow_gen_params),
	KUNIT_CASE(flags_choose_the_new_cache),
	KUNIT_CASE(caller_has_allocated),
	KUNIT_CASE(object_stays_on_its_node),
	KUNIT_CASE_PARAM(misaligned_object_moves, odd_gen_params),
	KUNIT_CASE_PARAM(aligned_object_stays, odd_gen_params),
	KUNIT_CASE_PARAM(move_for_alignment_spares_the_neighbours, odd_gen_params),
	{}
};

static struct kunit_suite krealloc_suite = {
	.name = "kmem_krealloc",
	.init = kmem_suite_init,
	.test_cases = krealloc_cases,
};

kunit_test_suite(krealloc_suite);

MODULE_DESCRIPTION("KUnit tests for krealloc()");
MODULE_LICENSE("GPL");
