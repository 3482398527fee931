// SPDX-License-Identifier: GPL-2.0-only
/*
 * The textbook programs on kernel memory, as test cases.
 *
 * Each is as short as in a textbook, and says in its expectations what the
 * memory holds. To learn from them, change one and run it:
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_example'
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/poison.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_kunit.h"

#define HELLO	"Hello, World !"

/* kmalloc() gives memory for a string, which the caller fills. */
static void string_with_kmalloc(struct kunit *test)
{
	char *s = kmalloc(sizeof(HELLO), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	strscpy(s, HELLO, sizeof(HELLO));
	KUNIT_EXPECT_STREQ(test, s, HELLO);
	kfree(s);
}

/* kmalloc() gives memory for a number. */
static void int_with_kmalloc(struct kunit *test)
{
	int *n = kmalloc(sizeof(*n), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, n);
	*n = 42;
	KUNIT_EXPECT_EQ(test, *n, 42);
	kfree(n);
}

/* kmalloc_array() gives memory for several, and checks the multiplication. */
static void int_array_with_kmalloc(struct kunit *test)
{
	int i, *a = kmalloc_array(10, sizeof(*a), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, a);
	for (i = 0; i < 10; i++)
		a[i] = i * i;
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, a[i], i * i);
	kfree(a);
}

/* kzalloc() gives memory that is zero: as a string, the empty one. */
static void string_with_kzalloc(struct kunit *test)
{
	char *s = kzalloc(sizeof(HELLO), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_EXPECT_STREQ(test, s, "");
	memcpy(s, HELLO, strlen(HELLO));
	KUNIT_EXPECT_STREQ(test, s, HELLO);
	kfree(s);
}

/* kzalloc() gives memory that is zero: as a number, 0. */
static void int_with_kzalloc(struct kunit *test)
{
	int *n = kzalloc(sizeof(*n), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, n);
	KUNIT_EXPECT_EQ(test, *n, 0);
	kfree(n);
}

/* kcalloc() is to kmalloc_array() what kzalloc() is to kmalloc(). */
static void int_array_with_kcalloc(struct kunit *test)
{
	int i, *a = kcalloc(10, sizeof(*a), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, a);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, a[i], 0);
	kfree(a);
}

/* kstrdup() allocates and copies in one. */
static void string_with_kstrdup(struct kunit *test)
{
	char *s = kstrdup(HELLO, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_EXPECT_STREQ(test, s, HELLO);
	s[0] = 'J';
	KUNIT_EXPECT_STREQ(test, s, "Jello, World !");
	kfree(s);
}

/* A cache serves objects of one size, here strings of up to 31 characters. */
static void cache_of_strings(struct kunit *test)
{
	struct kmem_cache *cache = kmem_cache_create("kmem_example_string", 32, 0, 0, NULL);
	char *a, *b;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	a = kmem_cache_alloc(cache, GFP_KERNEL);
	b = kmem_cache_alloc(cache, GFP_KERNEL);
	if (a && b) {
		strscpy(a, HELLO, 32);
		strscpy(b, "Goodbye", 32);
		KUNIT_EXPECT_STREQ(test, a, HELLO);
		KUNIT_EXPECT_STREQ(test, b, "Goodbye");
	} else {
		KUNIT_FAIL(test, "out of memory");
	}
	if (b)
		kmem_cache_free(cache, b);
	if (a)
		kmem_cache_free(cache, a);
	kmem_cache_destroy(cache);
}

/* An object may be as small as a char. */
static void cache_of_chars(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_example_char", sizeof(char),
						      0, NULL);
	char *c = kmem_cache_alloc(cache, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	*c = 'c';
	KUNIT_EXPECT_EQ(test, *c, 'c');
	kmem_cache_free(cache, c);
}

/* kmem_cache_zalloc() is to kmem_cache_alloc() what kzalloc() is to kmalloc(). */
static void cache_of_ints(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_example_int", sizeof(int),
						      0, NULL);
	int *n = kmem_cache_zalloc(cache, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, n);
	KUNIT_EXPECT_EQ(test, *n, 0);
	kmem_cache_free(cache, n);
}

/* An object of a cache may be an array. */
static void cache_of_int_arrays(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_example_ints",
						      10 * sizeof(int), 0, NULL);
	int i, *a = kmem_cache_alloc(cache, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, a);
	for (i = 0; i < 10; i++)
		a[i] = i * i;
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, a[i], i * i);
	kmem_cache_free(cache, a);
}

static void say_hello(void *object)
{
	strscpy(object, HELLO, 32);
}

/* With a constructor, objects come ready for use, the first time and later. */
static void cache_with_constructor(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_example_ctor", 32, 0,
						      say_hello);
	char *s = kmem_cache_alloc(cache, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_EXPECT_STREQ(test, s, HELLO);
	kmem_cache_free(cache, s);

	s = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_EXPECT_STREQ(test, s, HELLO);
	kmem_cache_free(cache, s);
}

/* With SLAB_POISON, memory that nobody has written yet is easy to tell. */
static void cache_with_poison(struct kunit *test)
{
	struct kmem_cache *cache;
	u8 *p;
	int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_private_cache(test, "kmem_example_poison", 32, SLAB_POISON, NULL);
	p = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	for (i = 0; i < 31; i++)
		KUNIT_EXPECT_EQ(test, p[i], POISON_FREE);
	KUNIT_EXPECT_EQ(test, p[31], POISON_END);
	kmem_cache_free(cache, p);
}

/* With SLAB_POISON, who reads freed memory finds the poison, not the string. */
static void memory_after_free(struct kunit *test)
{
	struct kmem_cache *cache;
	char *s;
	int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_private_cache(test, "kmem_example_freed", 32, SLAB_POISON, NULL);
	s = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, s);
	strscpy(s, HELLO, sizeof(HELLO));
	kmem_cache_free(cache, s);
	for (i = 0; i < 31; i++)
		KUNIT_EXPECT_EQ(test, kmem_peek(s + i), POISON_FREE);
	KUNIT_EXPECT_EQ(test, kmem_peek(s + 31), POISON_END);
}

static struct kunit_case kmem_example_cases[] = {
	KUNIT_CASE(string_with_kmalloc),
	KUNIT_CASE(int_with_kmalloc),
	KUNIT_CASE(int_array_with_kmalloc),
	KUNIT_CASE(string_with_kzalloc),
	KUNIT_CASE(int_with_kzalloc),
	KUNIT_CASE(int_array_with_kcalloc),
	KUNIT_CASE(string_with_kstrdup),
	KUNIT_CASE(cache_of_strings),
	KUNIT_CASE(cache_of_chars),
	KUNIT_CASE(cache_of_ints),
	KUNIT_CASE(cache_of_int_arrays),
	KUNIT_CASE(cache_with_constructor),
	KUNIT_CASE(cache_with_poison),
	KUNIT_CASE(memory_after_free),
	{}
};

static struct kunit_suite kmem_example_suite = {
	.name = "kmem_example",
	.init = kmem_suite_init,
	.test_cases = kmem_example_cases,
};

kunit_test_suite(kmem_example_suite);

MODULE_DESCRIPTION("KUnit tests that show how to allocate memory");
MODULE_LICENSE("GPL");
