// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files of /sys/kernel/slab: what they say, and what may be written to them.
 *
 * A cache with SLAB_CONSISTENCY_CHECKS has no CPU hold free objects ready, so
 * that each object counts the moment it is allocated or freed, on all series.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_slab_sysfs'
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_kunit.h"
#include "kmem_text.h"

#define NAME		"kmem_sysfs"
#define OBJECT_SIZE	128

static int number(struct kunit *test, const char *attribute)
{
	return kmem_sysfs_number(test, NAME, attribute);
}

static int store(struct kunit *test, const char *attribute, const char *text)
{
	return kmem_sysfs_store(test, NAME, attribute, text);
}

/* A cache of which every object counts at once. */
static struct kmem_cache *exact_cache(struct kunit *test)
{
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN_GENERIC, "whose quarantine counts as in use");
	return kmem_private_cache(test, NAME, OBJECT_SIZE, SLAB_CONSISTENCY_CHECKS, NULL);
}

/*
 * The sizes in sysfs are those of the cache: of the object as it was asked for,
 * of its place in the slab, and of the slab, which is what /proc/slabinfo says.
 * Source: Documentation/ABI/testing/sysfs-kernel-slab.
 */
static void sizes_are_told(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 63, 64, 200, 1000, 5000, 40000, 100000, SZ_1M };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct kmem_cache *cache;
		struct kmem_slabinfo info;

		cache = kmem_private_cache(test, NAME, sizes[i], SLAB_CONSISTENCY_CHECKS, NULL);
		info = kmem_slabinfo(test, NAME);
		KUNIT_EXPECT_EQ(test, number(test, "object_size"), sizes[i]);
		KUNIT_EXPECT_GE(test, number(test, "slab_size"), sizes[i]);
		KUNIT_EXPECT_EQ(test, number(test, "slab_size"), info.objsize);
		KUNIT_EXPECT_EQ(test, number(test, "objs_per_slab"), info.objperslab);
		KUNIT_EXPECT_EQ(test, BIT(number(test, "order")), info.pagesperslab);
		KUNIT_EXPECT_EQ(test, number(test, "slab_size") % number(test, "align"), 0);
		kmem_private_cache_destroy(test, cache);
	}
}

/*
 * A name is taken as it is, and means nothing to printf(). Source: kernel-doc of
 * kmem_cache_create(), "A string which is used in /proc/slabinfo to identify this
 * cache"; sysfs_slab_add().
 */
static void name_is_no_format(struct kunit *test)
{
	static const char name[] = "kmem_%s_%d%%";
	struct kmem_cache *cache;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_private_cache(test, name, OBJECT_SIZE, 0, NULL);
	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, name).lines, 1);
	KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, name, "object_size"), OBJECT_SIZE);
	kmem_private_cache_destroy(test, cache);
}

static void construct_nothing(void *object)
{
}

/*
 * ctor names the constructor, and is empty if there is none. Source:
 * Documentation/ABI/testing/sysfs-kernel-slab.
 */
static void constructor_is_named(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, NAME, OBJECT_SIZE, 0,
						      construct_nothing);
	char wanted[160];

	snprintf(wanted, sizeof(wanted), "%pS", construct_nothing);
	KUNIT_EXPECT_STREQ(test, kmem_sysfs_text(test, NAME, "ctor"), wanted);
	kmem_private_cache_destroy(test, cache);
	kmem_private_cache(test, NAME, OBJECT_SIZE, 0, NULL);
	KUNIT_EXPECT_STREQ(test, kmem_sysfs_text(test, NAME, "ctor"), "");
}

/*
 * ctor without a constructor, shrink and validate read as no byte at all; a
 * constructor's name ends its line. Source: ctor_show(), shrink_show(),
 * validate_show().
 */
static void what_says_nothing_is_empty(struct kunit *test)
{
	static const char * const attributes[] = { "ctor", "shrink", "validate" };
	struct kmem_cache *cache;
	char text[160], wanted[160];
	unsigned int i;

	kmem_private_cache(test, NAME, OBJECT_SIZE, SLAB_CONSISTENCY_CHECKS, NULL);
	for (i = 0; i < ARRAY_SIZE(attributes); i++) {
		struct file *file = kmem_sysfs_open(test, NAME, attributes[i], O_RDONLY);

		KUNIT_EXPECT_EQ_MSG(test, kmem_file_read(file, text, sizeof(text)), 0, "%s",
				    attributes[i]);
	}

	cache = kmem_private_cache(test, NAME "_ctor", OBJECT_SIZE, 0, construct_nothing);
	snprintf(wanted, sizeof(wanted), "%pS\n", construct_nothing);
	memset(text, 0, sizeof(text));
	KUNIT_EXPECT_EQ(test, kmem_file_read(kmem_sysfs_open(test, NAME "_ctor", "ctor", O_RDONLY),
					     text, sizeof(text) - 1), (ssize_t)strlen(wanted));
	KUNIT_EXPECT_STREQ(test, text, wanted);
	kmem_private_cache_destroy(test, cache);
}

/*
 * The allocator's own caches tell what they are: nothing of theirs may be copied to
 * users, nobody can reclaim them, they are aligned, and they serve nobody else. Source:
 * Documentation/ABI/testing/sysfs-kernel-slab; kmem_cache_init(), create_boot_cache().
 */
static void own_caches_are_described(struct kunit *test)
{
	static const char * const own[] = { "kmem_cache", "kmem_cache_node" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(own); i++) {
		KUNIT_EXPECT_EQ_MSG(test, kmem_sysfs_number(test, own[i], "hwcache_align"), 1, "%s",
				    own[i]);
		KUNIT_EXPECT_EQ_MSG(test, kmem_sysfs_number(test, own[i], "reclaim_account"), 0,
				    "%s", own[i]);
		KUNIT_EXPECT_EQ_MSG(test, kmem_sysfs_number(test, own[i], "aliases"), 0, "%s",
				    own[i]);
		KUNIT_EXPECT_EQ_MSG(test, kmem_sysfs_number(test, own[i], "usersize"),
				    IS_ENABLED(CONFIG_HARDENED_USERCOPY) ? 0 : -1, "%s", own[i]);
	}
}

/* What sysfs and slabinfo say, compared with what there is. */
static void expect_counts(struct kunit *test, const char *when, int slabs, int partial, int objects,
			  int objects_partial)
{
	int per_slab = number(test, "objs_per_slab");
	struct kmem_slabinfo info = kmem_slabinfo(test, NAME);

	KUNIT_EXPECT_EQ_MSG(test, number(test, "slabs"), slabs, "%s", when);
	KUNIT_EXPECT_EQ_MSG(test, number(test, "total_objects"), slabs * per_slab, "%s", when);
	KUNIT_EXPECT_EQ_MSG(test, number(test, "objects"), objects, "%s", when);
	KUNIT_EXPECT_EQ_MSG(test, number(test, "partial"), partial, "%s", when);
	KUNIT_EXPECT_EQ_MSG(test, number(test, "objects_partial"), objects_partial, "%s", when);
	KUNIT_EXPECT_EQ_MSG(test, number(test, "cpu_slabs"), 0, "%s", when);
	KUNIT_EXPECT_EQ_MSG(test, info.num_slabs, slabs, "%s", when);
	KUNIT_EXPECT_EQ_MSG(test, info.active_slabs, slabs, "%s", when);
	KUNIT_EXPECT_EQ_MSG(test, info.num_objs, slabs * per_slab, "%s", when);
	KUNIT_EXPECT_EQ_MSG(test, info.active_objs, objects, "%s", when);
	KUNIT_EXPECT_EQ_MSG(test, info.limit + info.batchcount + info.shared, 0, "%s", when);
}

/*
 * The numbers of slabs and objects, in all and in partial slabs, are exact
 * whenever an object was allocated or freed. Source:
 * Documentation/ABI/testing/sysfs-kernel-slab, show_slab_objects(),
 * get_slabinfo().
 */
static void counts_follow_the_objects(struct kunit *test)
{
	struct kmem_cache *cache = exact_cache(test);
	int per_slab = number(test, "objs_per_slab");
	struct kmem_batch *batch;
	void *full;

	KUNIT_ASSERT_GT(test, per_slab, 4);
	expect_counts(test, "created", 0, 0, 0, 0);
	batch = kmem_take(test, cache, 2 * per_slab + 3);
	expect_counts(test, "two slabs and three", 3, 1, 2 * per_slab + 3, 3);

	full = batch->objects[0];
	batch->objects[0] = batch->objects[--batch->nr];
	kmem_cache_free(cache, full);
	expect_counts(test, "one of a full slab freed", 3, 2, 2 * per_slab + 2, per_slab + 2);

	kmem_cache_free(cache, batch->objects[--batch->nr]);
	expect_counts(test, "one of the last freed", 3, 2, 2 * per_slab + 1, per_slab + 1);

	kmem_give_back(test, batch);
	expect_counts(test, "all freed", 3, 3, 0, 0);
	KUNIT_EXPECT_EQ(test, kmem_cache_shrink(cache), 0);
	expect_counts(test, "shrunk", 0, 0, 0, 0);
}

/*
 * A shrink settles the counts of a plain cache as well, whose CPUs hold free
 * objects ready. Source: as for counts_follow_the_objects(), flush_all().
 */
static void counts_are_exact_after_a_shrink(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, NAME, OBJECT_SIZE, 0, NULL);
	struct kmem_batch *batch;
	int per_slab, slabs;

	per_slab = number(test, "objs_per_slab");
	batch = kmem_take(test, cache, 6 * per_slab);
	kmem_free_half(batch);
	kmem_cache_shrink(cache);
	KUNIT_EXPECT_EQ(test, number(test, "objects"), 3 * per_slab);
	slabs = number(test, "slabs");
	KUNIT_EXPECT_GE(test, slabs, 3);
	KUNIT_EXPECT_EQ(test, number(test, "total_objects"), slabs * per_slab);
	KUNIT_EXPECT_LE(test, number(test, "partial"), slabs);
	KUNIT_EXPECT_EQ(test, number(test, "objects_partial"),
			3 * per_slab - (slabs - number(test, "partial")) * per_slab);
	KUNIT_EXPECT_EQ(test, number(test, "cpu_slabs"), 0);
	KUNIT_EXPECT_EQ(test, kmem_slabinfo(test, NAME).active_objs, 3 * per_slab);
}

/*
 * cpu_slabs counts the slabs that CPUs have taken for themselves. On 6.x, that is one for
 * each CPU that allocates, until cpu_partial is written. Since 7.0, CPUs take no slabs.
 * Source: show_slab_objects() with SO_CPU, cpu_slabs_show() (7.x); cpu_partial_store().
 */
static void cpu_slabs_are_counted(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, NAME, OBJECT_SIZE, 0, NULL);

	KUNIT_EXPECT_EQ(test, number(test, "cpu_slabs"), 0);
	kmem_take(test, cache, 1);
	KUNIT_EXPECT_EQ(test, number(test, "cpu_slabs"), kmem_has_sheaves() ? 0 : 1);
	KUNIT_EXPECT_STREQ(test, kmem_sysfs_text(test, NAME, "slabs_cpu_partial"), "0(0)");
	KUNIT_EXPECT_EQ(test, store(test, "cpu_partial", "0"), 0);
	KUNIT_EXPECT_EQ(test, number(test, "cpu_slabs"), 0);
}

/*
 * min_partial bounds how many empty slabs are kept; 0 keeps none. Source:
 * Documentation/ABI/testing/sysfs-kernel-slab, "how many empty slabs shall
 * remain on a node's partial list".
 */
static void min_partial_bounds_the_empty_slabs(struct kunit *test)
{
	static const char * const texts[] = { "0", "1", "2", "7", "10" };
	struct kmem_cache *cache = exact_cache(test);
	int per_slab = number(test, "objs_per_slab");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		int least, most;

		KUNIT_ASSERT_EQ(test, kstrtoint(texts[i], 10, &most), 0);
		least = max(most - 1, 0);
		KUNIT_EXPECT_EQ_MSG(test, store(test, "min_partial", texts[i]), 0, "%s", texts[i]);
		KUNIT_EXPECT_EQ(test, number(test, "min_partial"), most);
		kmem_give_back(test, kmem_take(test, cache, 15 * per_slab));
		KUNIT_EXPECT_LE_MSG(test, number(test, "slabs"), most, "min_partial %s", texts[i]);
		KUNIT_EXPECT_GE_MSG(test, number(test, "slabs"), least, "min_partial %s", texts[i]);
	}
}

/*
 * min_partial may be larger than any number of slabs. It reads as it was written,
 * and keeps all of them. Source: min_partial_store(), min_partial_show(), which are
 * of an unsigned long.
 */
static void large_min_partial_is_kept(struct kunit *test)
{
	static const unsigned long larges[] = { 1UL << (BITS_PER_LONG / 2), LONG_MAX, ULONG_MAX };
	struct kmem_cache *cache = exact_cache(test);
	int per_slab = number(test, "objs_per_slab");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(larges); i++) {
		char text[32];

		snprintf(text, sizeof(text), "%lu", larges[i]);
		KUNIT_EXPECT_EQ_MSG(test, store(test, "min_partial", text), 0, "%s", text);
		KUNIT_EXPECT_STREQ(test, kmem_sysfs_text(test, NAME, "min_partial"), text);
		kmem_give_back(test, kmem_take(test, cache, 15 * per_slab));
		KUNIT_EXPECT_EQ_MSG(test, number(test, "slabs"), 15, "min_partial %s", text);
		kmem_cache_shrink(cache);
	}
}

static const struct written {
	const char *name, *attribute, *text;
	int error;
} writings[] = {
	{ "min_partial_word", "min_partial", "many", -EINVAL },
	{ "min_partial_negative", "min_partial", "-1", -EINVAL },
	{ "min_partial_hex", "min_partial", "0x10", -EINVAL },
	{ "min_partial_too_large", "min_partial", "18446744073709551616", -ERANGE },
	{ "min_partial_newline", "min_partial", "12\n", 0 },
	{ "cpu_partial_none", "cpu_partial", "0", 0 },
	{ "cpu_partial_hex", "cpu_partial", "0x0", -EINVAL },
	{ "cpu_partial_some", "cpu_partial", "1", -EINVAL },
	{ "cpu_partial_word", "cpu_partial", "some", -EINVAL },
	{ "cpu_partial_negative", "cpu_partial", "-1", -EINVAL },
	{ "cpu_partial_largest", "cpu_partial", "4294967295", -EINVAL },
	{ "cpu_partial_too_large", "cpu_partial", "4294967296", -ERANGE },
	{ "shrink", "shrink", "1", 0 },
	{ "shrink_0", "shrink", "0", -EINVAL },
	{ "shrink_word", "shrink", "yes", -EINVAL },
	{ "shrink_2", "shrink", "2", -EINVAL },
	{ "shrink_space", "shrink", " 1", -EINVAL },
	{ "shrink_minus", "shrink", "-1", -EINVAL },
	{ "shrink_newline", "shrink", "1\n", 0 },
	{ "validate", "validate", "1", 0 },
	{ "validate_0", "validate", "0", -EINVAL },
	{ "validate_word", "validate", "yes", -EINVAL },
	{ "validate_2", "validate", "2", -EINVAL },
	{ "validate_space", "validate", " 1", -EINVAL },
	{ "validate_minus", "validate", "-1", -EINVAL },
	{ "validate_newline", "validate", "1\n", 0 },
};

KUNIT_ARRAY_PARAM_DESC(written, writings, name);

/*
 * What is written is taken if it makes sense for a checked cache, and refused
 * with the right error if not. Source: min_partial_store(), cpu_partial_store(),
 * shrink_store(), validate_store().
 */
static void nonsense_is_refused(struct kunit *test)
{
	const struct written *written = test->param_value;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	kmem_private_cache(test, NAME, OBJECT_SIZE, SLAB_CONSISTENCY_CHECKS, NULL);
	KUNIT_EXPECT_EQ(test, store(test, written->attribute, written->text), written->error);
	KUNIT_EXPECT_EQ(test, number(test, "cpu_partial"), 0);
}

/*
 * What describes a cache cannot be written to, not even by root. Source: the
 * modes in Documentation/ABI/testing/sysfs-kernel-slab, SLAB_ATTR_RO().
 */
static void description_cannot_be_written(struct kunit *test)
{
	static const char * const attributes[] = {
		"align", "object_size", "slab_size", "objs_per_slab", "order", "ctor", "aliases",
		"hwcache_align", "reclaim_account", "destroy_by_rcu", "sanity_checks", "red_zone",
		"poison", "store_user", "trace", "slabs", "objects", "total_objects", "partial",
		"objects_partial", "cpu_slabs", "slabs_cpu_partial",
	};
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	kmem_private_cache(test, NAME, OBJECT_SIZE, 0, NULL);
	for (i = 0; i < ARRAY_SIZE(attributes); i++) {
		KUNIT_EXPECT_NOT_NULL_MSG(test, kmem_sysfs_text(test, NAME, attributes[i]), "%s",
					  attributes[i]);
		KUNIT_EXPECT_EQ_MSG(test, store(test, attributes[i], "1"), -EACCES, "%s",
				    attributes[i]);
	}
}

/*
 * A write of 1 to shrink gives empty slabs back, and other writes do not. To
 * read it says nothing. Source: Documentation/ABI/testing/sysfs-kernel-slab.
 */
static void shrink_gives_empty_slabs_back(struct kunit *test)
{
	struct kmem_cache *cache = exact_cache(test);
	int per_slab = number(test, "objs_per_slab");

	kmem_give_back(test, kmem_take(test, cache, 3 * per_slab));
	KUNIT_EXPECT_EQ(test, number(test, "slabs"), 3);
	KUNIT_EXPECT_EQ(test, store(test, "shrink", "0"), -EINVAL);
	KUNIT_EXPECT_EQ(test, number(test, "slabs"), 3);
	KUNIT_EXPECT_STREQ(test, kmem_sysfs_text(test, NAME, "shrink"), "");
	KUNIT_EXPECT_EQ(test, store(test, "shrink", "1"), 0);
	KUNIT_EXPECT_EQ(test, number(test, "slabs"), 0);
}

/*
 * A write of 1 to validate looks for damage in all slabs of a checked cache, and
 * is refused for a cache without checks. Source:
 * Documentation/ABI/testing/sysfs-kernel-slab, validate_store().
 */
static void validate_finds_damage(struct kunit *test)
{
	struct kmem_cache *cache;
	struct kmem_batch *batch;
	u8 *object, old;
	int error = 0;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_private_cache(test, NAME, OBJECT_SIZE, SLAB_RED_ZONE | SLAB_STORE_USER, NULL);
	batch = kmem_take(test, cache, 3);
	KMEM_EXPECT_SILENCE(test, error = store(test, "validate", "1"));
	KUNIT_EXPECT_EQ(test, error, 0);

	object = batch->objects[1];
	old = kmem_peek(object + OBJECT_SIZE);
	kmem_poke(object + OBJECT_SIZE, 0x77);
	KMEM_EXPECT_REPORT(test, error = store(test, "validate", "1"), "BUG " NAME);
	KUNIT_EXPECT_EQ(test, error, 0);
	kmem_poke(object + OBJECT_SIZE, old);
	KMEM_EXPECT_SILENCE(test, store(test, "validate", "1"));
	kmem_give_back(test, batch);

	kmem_private_cache_destroy(test, cache);
	kmem_private_cache(test, NAME, OBJECT_SIZE, 0, NULL);
	KUNIT_EXPECT_EQ(test, store(test, "validate", "1"), -EINVAL);
	KUNIT_EXPECT_STREQ(test, kmem_sysfs_text(test, NAME, "validate"), "");
}

static void read_counter(struct kunit *test, void *file)
{
	char text[32];

	KUNIT_ASSERT_GT(test, kmem_file_read(file, text, sizeof(text)), 0);
}

/* To count slabs for a reader leaks nothing. Source: show_slab_objects(), kfree(nodes). */
static void reading_leaks_nothing(struct kunit *test)
{
	kmem_require_no_quarantine(test);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	kmem_private_cache(test, NAME, OBJECT_SIZE, 0, NULL);
	kmem_expect_no_leak(test, sizeof(long), read_counter,
			    kmem_sysfs_open(test, NAME, "slabs", O_RDONLY));
}

/*
 * A counter that cannot be read for want of memory is -ENOMEM, rather than empty.
 * What the file needs for itself it keeps from its first read on. Source:
 * show_slab_objects(), seq_read_iter().
 */
static void reading_without_memory_is_enomem(struct kunit *test)
{
	static const char * const counters[] = {
		"slabs", "objects", "total_objects", "partial", "objects_partial",
	};
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	kmem_private_cache(test, NAME, OBJECT_SIZE, 0, NULL);
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		struct file *file = kmem_sysfs_open(test, NAME, counters[i], O_RDONLY);
		char byte;
		ssize_t len;

		read_counter(test, file);
		KMEM_CAPTURE(test, len = KMEM_FAILING_BLOCKING(test, 1,
							       kmem_file_read(file, &byte, 1)));
		KUNIT_EXPECT_EQ_MSG(test, len, -ENOMEM, "%s", counters[i]);
		read_counter(test, file);
	}
}

/*
 * A validation without memory for a copy of what is written, or for a map of the
 * objects, is -ENOMEM. Source: kernfs_fop_write_iter(), validate_slab_cache().
 */
static void validation_without_memory_is_enomem(struct kunit *test)
{
	struct file *file;
	unsigned int nth;
	loff_t pos = 0;
	ssize_t len;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	kmem_private_cache(test, NAME, OBJECT_SIZE, SLAB_CONSISTENCY_CHECKS, NULL);
	file = kmem_sysfs_open(test, NAME, "validate", O_WRONLY);
	for (nth = 1; nth <= 2; nth++) {
		KMEM_CAPTURE(test, len = KMEM_FAILING_BLOCKING(test, nth,
							       kernel_write(file, "1", 1, &pos)));
		KUNIT_EXPECT_EQ_MSG(test, len, -ENOMEM, "allocation %u", nth);
	}
	KUNIT_EXPECT_EQ(test, kernel_write(file, "1", 1, &pos), 1);
}

static void validate(struct kunit *test, void *cache)
{
	kmem_validate(test, cache);
}

/*
 * Nor does a validation, which makes a map of the objects of a slab. Source:
 * validate_slab_cache(), bitmap_free().
 */
static void validation_leaks_nothing(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, NAME, sizeof(long), 0, NULL);

	kmem_require_no_quarantine(test);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	kmem_expect_no_leak(test, number(test, "objs_per_slab") / BITS_PER_BYTE, validate, cache);
}

static const struct debugged {
	const char *name;
	slab_flags_t flags;
	bool debugged, store_user;
} debugged[] = {
	{ "plain", 0, true, true },
	{ "noleaktrace", SLAB_NOLEAKTRACE, true, false },
	{ "no_user_flags", SLAB_NO_USER_FLAGS, false, false },
	{ "poison", SLAB_POISON, true, true },
};

KUNIT_ARRAY_PARAM_DESC(debugged, debugged, name);

/*
 * The options of slab_debug= apply to all caches, except for SLAB_NO_USER_FLAGS;
 * the users of what traces leaks are not stored. Without them, a cache has what
 * it asks for. Source: kmem_cache_flags().
 */
static void debugging_of_the_boot_is_applied(struct kunit *test)
{
	const struct debugged *want = test->param_value;
	bool boot = kmem_boot_has(test, "_debug=FZPU") || kmem_boot_has(test, "slab_debug ") ||
		    kmem_boot_has(test, "slub_debug ");
	bool poison = want->flags & SLAB_POISON;
	struct kmem_cache *cache;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	if (!boot && (IS_ENABLED(CONFIG_SLUB_DEBUG_ON) || kmem_boot_has(test, "slab_debug") ||
		      kmem_boot_has(test, "slub_debug")))
		kunit_skip(test, "needs a boot with slab_debug=FZPU or without slab_debug");
	/* of a size that no other cache has, so as not to be merged */
	cache = kmem_cache_create(NAME, 5208, 0, want->flags, NULL);
	kmem_adopt_cache(test, cache);
	KUNIT_EXPECT_EQ(test, number(test, "sanity_checks"), boot && want->debugged);
	KUNIT_EXPECT_EQ(test, number(test, "red_zone"), boot && want->debugged);
	KUNIT_EXPECT_EQ(test, number(test, "poison"), poison || (boot && want->debugged));
	KUNIT_EXPECT_EQ(test, number(test, "store_user"), boot && want->store_user);
	KUNIT_EXPECT_EQ(test, number(test, "trace"), 0);
}

/*
 * failslab is off for a new cache, and is what was written to it. Source:
 * Documentation/ABI/testing/sysfs-kernel-slab.
 */
static void failslab_can_be_switched(struct kunit *test)
{
	KMEM_REQUIRE(test, CONFIG_FAILSLAB);
	if (!kmem_failslab_can_be_switched())
		kunit_skip(test, "needs Linux 6.12, where failslab can be written to");
	kmem_private_cache(test, NAME, OBJECT_SIZE, 0, NULL);
	KUNIT_EXPECT_EQ(test, number(test, "failslab"), 0);
	KUNIT_EXPECT_EQ(test, store(test, "failslab", "1"), 0);
	KUNIT_EXPECT_EQ(test, number(test, "failslab"), 1);
	KUNIT_EXPECT_EQ(test, store(test, "failslab", "0"), 0);
	KUNIT_EXPECT_EQ(test, number(test, "failslab"), 0);
}

/*
 * A file that is open while its cache is destroyed is -ENODEV from then on, to
 * read and to write, also when there is a new cache of that name. Source:
 * kernfs_seq_start() and kernfs_fop_write_iter(), sysfs_slab_unlink().
 */
static void file_of_a_destroyed_cache_is_enodev(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, NAME, OBJECT_SIZE, 0, NULL);
	struct file *was_read = kmem_sysfs_open(test, NAME, "object_size", O_RDONLY);
	struct file *unread = kmem_sysfs_open(test, NAME, "object_size", O_RDONLY);
	struct file *trigger = kmem_sysfs_open(test, NAME, "shrink", O_WRONLY);
	unsigned int round;
	char text[16];

	KUNIT_ASSERT_EQ(test, kmem_file_read(was_read, text, sizeof(text)), strlen("128\n"));
	KMEM_EXPECT_SILENCE(test, kmem_private_cache_destroy(test, cache));
	for (round = 0; round < 2; round++) {
		loff_t pos = 0;

		KUNIT_EXPECT_EQ(test, kmem_file_read(was_read, text, sizeof(text)), -ENODEV);
		KUNIT_EXPECT_EQ(test, kmem_file_read(unread, text, sizeof(text)), -ENODEV);
		KUNIT_EXPECT_EQ(test, kernel_write(trigger, "1", 1, &pos), -ENODEV);
		KUNIT_EXPECT_EQ(test, number(test, "object_size"), round ? OBJECT_SIZE / 2 : -1);
		if (!round)
			kmem_private_cache(test, NAME, OBJECT_SIZE / 2, 0, NULL);
	}
}

static struct kunit_case kmem_slab_sysfs_cases[] = {
	KUNIT_CASE(sizes_are_told),
	KUNIT_CASE(name_is_no_format),
	KUNIT_CASE(constructor_is_named),
	KUNIT_CASE(what_says_nothing_is_empty),
	KUNIT_CASE(own_caches_are_described),
	KUNIT_CASE(counts_follow_the_objects),
	KUNIT_CASE(counts_are_exact_after_a_shrink),
	KUNIT_CASE(cpu_slabs_are_counted),
	KUNIT_CASE(min_partial_bounds_the_empty_slabs),
	KUNIT_CASE(large_min_partial_is_kept),
	KUNIT_CASE_PARAM(nonsense_is_refused, written_gen_params),
	KUNIT_CASE(description_cannot_be_written),
	KUNIT_CASE(shrink_gives_empty_slabs_back),
	KUNIT_CASE(validate_finds_damage),
	KUNIT_CASE(reading_without_memory_is_enomem),
	KUNIT_CASE(validation_without_memory_is_enomem),
	KUNIT_CASE(reading_leaks_nothing),
	KUNIT_CASE(validation_leaks_nothing),
	KUNIT_CASE_PARAM(debugging_of_the_boot_is_applied, debugged_gen_params),
	KUNIT_CASE(failslab_can_be_switched),
	KUNIT_CASE(file_of_a_destroyed_cache_is_enodev),
	{}
};

static struct kunit_suite kmem_slab_sysfs_suite = {
	.name = "kmem_slab_sysfs",
	.init = kmem_suite_init,
	.test_cases = kmem_slab_sysfs_cases,
};

kunit_test_suite(kmem_slab_sysfs_suite);

MODULE_DESCRIPTION("KUnit tests for the attributes of caches in sysfs");
MODULE_LICENSE("GPL");
