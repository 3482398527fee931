// SPDX-License-Identifier: GPL-2.0-only
/*
 * Duplication of strings and memory.
 *
 * The contracts are those of the kernel-doc above kstrdup(), kstrdup_const(),
 * kstrndup(), kmemdup() and kmemdup_nul() in mm/util.c.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_strdup'
 */
#include <kunit/test.h>
#include <linux/compiler.h>
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "kmem_kunit.h"
#include "kmem_text.h"

/* every length up to this one, which passes through a dozen size classes */
#define SHORT_MAX	300

static const size_t long_lengths[] = {
	511, 512, 513, 1023, 1024, 2047, 2048, 4094, 4095, 4096, 4097, 8191, 8192, 8193,
	65535, 65536, 1 << 20,
};

/* Each way to copy a string of a known length. */
static char *dup_kstrdup(const char *s, size_t len, gfp_t gfp)
{
	return kstrdup(s, gfp);
}

static char *dup_kstrdup_const(const char *s, size_t len, gfp_t gfp)
{
	const char *copy = kstrdup_const(s, gfp);

	return (char *)copy;
}

static char *dup_kstrndup(const char *s, size_t len, gfp_t gfp)
{
	return kstrndup(s, len, gfp);
}

static char *dup_kmemdup(const char *s, size_t len, gfp_t gfp)
{
	return kmemdup(s, len + 1, gfp);
}

static char *dup_kmemdup_nul(const char *s, size_t len, gfp_t gfp)
{
	return kmemdup_nul(s, len, gfp);
}

static const struct duplicator {
	const char *name;
	char *(*dup)(const char *s, size_t len, gfp_t gfp);
	bool reads_nul;		/* the source's NUL, besides its len bytes */
	bool string;		/* stops at a NUL */
} duplicators[] = {
	{ "kstrdup", dup_kstrdup, true, true },
	{ "kstrdup_const", dup_kstrdup_const, true, true },
	{ "kstrndup", dup_kstrndup, false, true },
	{ "kmemdup", dup_kmemdup, true, false },
	{ "kmemdup_nul", dup_kmemdup_nul, false, false },
};

KUNIT_ARRAY_PARAM_DESC(duplicator, duplicators, name);

/* A copy by the function of this case: some, and not the source itself. */
static char *make_copy(struct kunit *test, const char *text, size_t len)
{
	const struct duplicator *duplicator = test->param_value;
	char *copy = duplicator->dup(text, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL_MSG(test, copy, "len=%zu", len);
	KUNIT_ASSERT_PTR_NE_MSG(test, (const char *)copy, text, "len=%zu", len);
	return copy;
}

static void expect_exact_copy(struct kunit *test, size_t len)
{
	char *text = kmem_make_text(test, len, len);
	char *copy = make_copy(test, text, len);

	kmem_expect_same(test, copy, text, len + 1);
	kfree(copy);
	kunit_kfree(test, text);
}

/*
 * The copy holds the same bytes as the source and ends in a NUL, for every
 * length from the empty string on. Source: kernel-doc in mm/util.c.
 */
static void copy_is_exact(struct kunit *test)
{
	size_t i;

	for (i = 0; i <= SHORT_MAX; i++)
		expect_exact_copy(test, i);
	for (i = 0; i < ARRAY_SIZE(long_lengths); i++)
		expect_exact_copy(test, long_lengths[i]);
}

/*
 * Source and copy do not share storage: a write to one leaves the other as it
 * was. Source: kernel-doc, "allocate space for and copy".
 */
static void copy_is_separate(struct kunit *test)
{
	const size_t len = 40;
	char *text = kmem_make_text(test, len, 1);
	char *same = kmem_make_text(test, len, 1);
	char *copy = make_copy(test, text, len);

	memset(text, 'x', len);
	kmem_expect_same(test, copy, same, len + 1);

	kmem_write_text(text, len, 1);
	memset(copy, 'y', len + 1);
	kmem_expect_same(test, text, same, len + 1);
	kfree(copy);
}

/* The copy outlives its source, also when other users get the source's memory. */
static void copy_survives_free_of_source(struct kunit *test)
{
	const size_t len = 63;
	char *same = kmem_make_text(test, len, 2);
	char *text = kmalloc(len + 1, GFP_KERNEL);
	char *copy, *others[16];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, text);
	memcpy(text, same, len + 1);
	copy = make_copy(test, text, len);
	kfree(text);
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		others[i] = kmalloc(len + 1, GFP_KERNEL);
		if (others[i])
			memset(others[i], 'z', len + 1);
	}
	kmem_expect_same(test, copy, same, len + 1);
	for (i = 0; i < ARRAY_SIZE(others); i++)
		kfree(others[i]);
	kfree(copy);
}

/*
 * Nothing is read behind the source: it may end where the mapped memory does.
 * What takes a length does not even read a NUL behind it.
 */
static void source_is_not_read_past_its_end(struct kunit *test)
{
	static const size_t lengths[] = { 0, 1, 7, 8, 15, 63, 64, 255, 4095, 4096 };
	const struct duplicator *duplicator = test->param_value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t len = lengths[i];
		char *edge = kmem_make_edge(test, len + duplicator->reads_nul);
		char *copy;

		kmem_write_text(edge, len, 3);
		if (duplicator->reads_nul)
			edge[len] = '\0';
		copy = make_copy(test, edge, len);
		kmem_expect_same(test, copy, edge, len);
		KUNIT_EXPECT_EQ_MSG(test, copy[len], '\0', "len=%zu", len);
		kfree(copy);
	}
}

/* Make many copies of texts of one length, among them some between live ones. */
static void expect_untouched_neighbours(struct kunit *test, char **copies, unsigned int nr,
					char *text, size_t len)
{
	unsigned int i, round;

	/* all of them once, then each second one again */
	for (round = 1; round <= 2; round++) {
		for (i = 0; i < nr; i += round) {
			kfree(copies[i]);
			kmem_write_text(text, len, i);
			text[len] = '\0';
			copies[i] = make_copy(test, text, len);
		}
	}
	for (i = 0; i < nr; i++) {
		kmem_write_text(text, len, i);
		text[len] = '\0';
		kmem_expect_same(test, copies[i], text, len + 1);
		kfree(copies[i]);
		copies[i] = NULL;
	}
}

/*
 * Nothing is written behind the copy, nor before it: copies that fill their
 * slab objects to the last byte, or just do not fit into a smaller one, leave
 * their neighbours alone.
 */
static void copy_is_not_written_past_its_end(struct kunit *test)
{
	static const size_t objects[] = { 8, 16, 32, 64, 96, 128, 192, 256, 512 };
	const unsigned int nr = 128;
	char **copies = kunit_kcalloc(test, nr, sizeof(*copies), GFP_KERNEL);
	char *text = kmem_make_text(test, 512, 0);
	size_t i;

	KUNIT_ASSERT_NOT_NULL(test, copies);
	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		expect_untouched_neighbours(test, copies, nr, text, objects[i] - 1);
		expect_untouched_neighbours(test, copies, nr, text, objects[i]);
	}
}

/*
 * When memory runs out, the result is NULL, and the source is as it was; what is
 * more than a page is not mapped instead. Source: kernel-doc, "or %NULL in case of
 * error", and of kmemdup(), "physically contiguous. Use kfree() to free".
 */
static void failed_allocation_gives_null(struct kunit *test)
{
	static const size_t lengths[] = { 100, PAGE_SIZE + 100 };
	const struct duplicator *duplicator = test->param_value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		const gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN;
		size_t len = lengths[i];
		char *text = kmem_make_text(test, len, 4);
		char *same = kmem_make_text(test, len, 4);
		char *copy;

		copy = KMEM_FAILING(test, 1, duplicator->dup(text, len, gfp));
		KUNIT_EXPECT_NULL_MSG(test, copy, "len=%zu", len);
		kmem_expect_same(test, text, same, len + 1);

		copy = duplicator->dup(text, len, gfp);
		KUNIT_EXPECT_NOT_NULL_MSG(test, copy, "len=%zu", len);
		kfree(copy);
	}
}

/*
 * A copy ends in a NUL though its source does not any more when it is copied: it
 * may change meanwhile. Source: __kmemdup_nul(), "Ensure the buf is always
 * NUL-terminated, regardless of @s" (7.x); kstrndup().
 */
static void copy_of_what_changes_ends_in_nul(struct kunit *test)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(duplicators); i++) {
		const struct duplicator *duplicator = &duplicators[i];
		char *text, *copy;

		if (!duplicator->string ||
		    (duplicator->reads_nul && !kmem_kstrdup_adds_the_nul()))
			continue;
		text = kmem_changing_text(test);
		copy = duplicator->dup(text, 4, GFP_NOWAIT | __GFP_NOWARN);
		kmem_fail_cancel();
		KUNIT_ASSERT_NOT_NULL_MSG(test, copy, "%s", duplicator->name);
		KUNIT_EXPECT_EQ_MSG(test, *copy, '\0', "%s", duplicator->name);
		kfree(copy);
	}
}

/* The flags are the caller's: a copy can be had where nothing may sleep. */
static void copy_can_be_made_in_atomic_context(struct kunit *test)
{
	const struct duplicator *duplicator = test->param_value;
	const size_t len = 30;
	char *text = kmem_make_text(test, len, 5);
	char *copy;

	preempt_disable();
	copy = duplicator->dup(text, len, GFP_ATOMIC);
	preempt_enable();
	KUNIT_ASSERT_NOT_NULL(test, copy);
	kmem_expect_same(test, copy, text, len + 1);
	kfree(copy);
}

/* No string in, no string out. Source: the first lines of each, in mm/util.c. */
static void null_gives_null(struct kunit *test)
{
	/* a size that the compiler cannot know */
	size_t len = 10;

	OPTIMIZER_HIDE_VAR(len);
	KUNIT_EXPECT_NULL(test, kstrdup(NULL, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, kstrdup_const(NULL, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, kstrndup(NULL, len, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, kmemdup_nul(NULL, len, GFP_KERNEL));
	kfree_const(NULL);
}

/*
 * kstrdup() ends its copy at the first NUL, in the smallest object that holds
 * it: what the source has behind the NUL is not copied.
 */
static void kstrdup_stops_at_first_nul(struct kunit *test)
{
	char text[2 * KMALLOC_MIN_SIZE + 64] = "short\0and then a tail, not to be copied";
	char *copy = kstrdup(text, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_STREQ(test, copy, "short");
	KUNIT_EXPECT_LT(test, ksize(copy), sizeof(text));
	kfree(copy);
}

/* What kstrndup() makes of "0123456789", for each relation of max to its length. */
static const struct limit {
	const char *name;
	size_t max;
	const char *result;
} limits[] = {
	{ "zero", 0, "" },
	{ "one", 1, "0" },
	{ "shorter", 9, "012345678" },
	{ "equal", 10, "0123456789" },
	{ "longer by one", 11, "0123456789" },
	{ "longer", 4096, "0123456789" },
	{ "largest", SIZE_MAX, "0123456789" },
};

KUNIT_ARRAY_PARAM_DESC(limit, limits, name);

/*
 * kstrndup() copies at most max characters and always adds a NUL, in an object
 * for what it copied and not for max. Source: kernel-doc of kstrndup().
 */
static void kstrndup_stops_at_max(struct kunit *test)
{
	const struct limit *limit = test->param_value;
	char *copy = kstrndup("0123456789", limit->max, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_STREQ(test, copy, limit->result);
	KUNIT_EXPECT_LT(test, ksize(copy), 4096);
	kfree(copy);
}

/*
 * kstrndup() stops at a NUL before max: it reads nothing behind that NUL, and
 * allocates nothing for it.
 */
static void kstrndup_stops_at_nul(struct kunit *test)
{
	char *edge = kmem_make_edge(test, 6);
	char *text = kmem_make_text(test, 4096, 7);
	char *copy;

	memcpy(edge, "abcde", 6);
	copy = kstrndup(edge, 4096, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_STREQ(test, copy, "abcde");
	kfree(copy);

	memcpy(text, "ab", 3);
	copy = kstrndup(text, 4096, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_STREQ(test, copy, "ab");
	KUNIT_EXPECT_LT(test, ksize(copy), 4096);
	kfree(copy);
}

/*
 * kmemdup() and kmemdup_nul() copy bytes, whatever they are: NULs inside are
 * bytes like others. Source: kernel-doc, "memory region", "unterminated data".
 */
static void kmemdup_keeps_embedded_nuls(struct kunit *test)
{
	static const char bytes[9] = { 'a', 0, 0, 'b', 0, 'c', 0x7f, 0, 'd' };
	char *copy = kmemdup(bytes, sizeof(bytes), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	kmem_expect_same(test, copy, bytes, sizeof(bytes));
	kfree(copy);

	copy = kmemdup_nul(bytes, sizeof(bytes), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	kmem_expect_same(test, copy, bytes, sizeof(bytes));
	KUNIT_EXPECT_EQ(test, copy[sizeof(bytes)], '\0');
	kfree(copy);
}

/* kmemdup() of nothing is ZERO_SIZE_PTR, as kmalloc(0) is; its source is not read. */
static void kmemdup_of_nothing_is_zero_size_ptr(struct kunit *test)
{
	char *edge = kmem_make_edge(test, 1) + 1;

	KUNIT_EXPECT_PTR_EQ(test, kmemdup(edge, 0, GFP_KERNEL), ZERO_SIZE_PTR);
}

/*
 * kmemdup() of more than can be had is NULL, and nothing is copied from the
 * source, which is not that long. Source: kernel-doc of kmemdup().
 */
static void kmemdup_of_too_much_gives_null(struct kunit *test)
{
	static const size_t sizes[] = { KMALLOC_MAX_SIZE + 1, KMEM_VAST, SIZE_MAX };
	const char *source = "short";
	size_t i;

	/* nor FORTIFY_SOURCE may know */
	OPTIMIZER_HIDE_VAR(source);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];

		OPTIMIZER_HIDE_VAR(size);
		KUNIT_EXPECT_NULL_MSG(test, kmemdup(source, size, GFP_KERNEL | __GFP_NOWARN),
				      "size=%zu", size);
	}
}

/*
 * kstrdup_const() gives a string of the kernel's read-only data itself, and
 * kfree_const() leaves it alone; other data of the kernel is copied. Source:
 * kernel-doc of both, in mm/util.c.
 */
static void kstrdup_const_shares_rodata(struct kunit *test)
{
	/* of a string of 128 characters, of one, and of an empty one */
	static const unsigned char starts[] = { 0, 127, 128 };
	static char writable[9] = "writable";
	const char *copy;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		const char *rodata = (const char *)_ctype + starts[i];

		copy = kstrdup_const(rodata, GFP_KERNEL);
		KUNIT_EXPECT_PTR_EQ_MSG(test, copy, rodata, "length %zu", strlen(rodata));
		KMEM_EXPECT_SILENCE(test, kfree_const(copy));
	}
	copy = kstrdup_const(writable, GFP_KERNEL);
	KUNIT_EXPECT_PTR_NE(test, copy, (const char *)writable);
	KMEM_EXPECT_SILENCE(test, kfree_const(copy));
	KUNIT_EXPECT_TRUE(test, isalpha('a'));
}

/*
 * What kstrdup_const() had to copy is freed by kfree_const(): the memory can be
 * allocated again.
 */
static void kfree_const_frees_copies(struct kunit *test)
{
	const size_t len = 700;
	char *text = kmem_make_text(test, len, 6);
	const char **seen;
	unsigned int i, reused = 0;

	KMEM_REQUIRE_NOT(test, CONFIG_KASAN_GENERIC, "which keeps freed memory");
	seen = kunit_kcalloc(test, 256, sizeof(*seen), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, seen);
	for (i = 0; i < 256; i++) {
		unsigned int j;

		seen[i] = kstrdup_const(text, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, seen[i]);
		for (j = 0; j < i; j++)
			reused += seen[j] == seen[i];
		kfree_const(seen[i]);
	}
	KUNIT_EXPECT_GT(test, reused, 0);
}

static struct kunit_case kmem_strdup_cases[] = {
	KUNIT_CASE_PARAM(copy_is_exact, duplicator_gen_params),
	KUNIT_CASE_PARAM(copy_is_separate, duplicator_gen_params),
	KUNIT_CASE_PARAM(copy_survives_free_of_source, duplicator_gen_params),
	KUNIT_CASE_PARAM(source_is_not_read_past_its_end, duplicator_gen_params),
	KUNIT_CASE_PARAM(copy_is_not_written_past_its_end, duplicator_gen_params),
	KUNIT_CASE_PARAM(failed_allocation_gives_null, duplicator_gen_params),
	KUNIT_CASE(copy_of_what_changes_ends_in_nul),
	KUNIT_CASE_PARAM(copy_can_be_made_in_atomic_context, duplicator_gen_params),
	KUNIT_CASE(null_gives_null),
	KUNIT_CASE(kstrdup_stops_at_first_nul),
	KUNIT_CASE_PARAM(kstrndup_stops_at_max, limit_gen_params),
	KUNIT_CASE(kstrndup_stops_at_nul),
	KUNIT_CASE(kmemdup_keeps_embedded_nuls),
	KUNIT_CASE(kmemdup_of_nothing_is_zero_size_ptr),
	KUNIT_CASE(kmemdup_of_too_much_gives_null),
	KUNIT_CASE(kstrdup_const_shares_rodata),
	KUNIT_CASE(kfree_const_frees_copies),
	{}
};

static struct kunit_suite kmem_strdup_suite = {
	.name = "kmem_strdup",
	.init = kmem_suite_init,
	.test_cases = kmem_strdup_cases,
};

kunit_test_suite(kmem_strdup_suite);

MODULE_DESCRIPTION("KUnit tests for string and memory duplication");
MODULE_LICENSE("GPL");
