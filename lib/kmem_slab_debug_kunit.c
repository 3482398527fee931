// SPDX-License-Identifier: GPL-2.0-only
/*
 * The boot parameter slab_debug=, and what sysfs tells of it.
 *
 * The documentation of SLUB, Documentation/admin-guide/mm/slab.rst or Documentation/mm/slub.rst,
 * lists the options. What a boot asked for is read from its command line, which
 * is why most of it needs the suite built in.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit --kernel_args=slab_debug=FZPU \
 *		'kmem_slab_debug'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kernfs.h>
#include <linux/kmsg_dump.h>
#include <linux/kobject.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poison.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <mm/slab.h>
#include "kmem_debug.h"

#define OBJECT_SIZE	100
#define TOLD_FLAGS	(KMEM_ALL_CHECKS | SLAB_TRACE)

/* What follows slab_debug (or slub_debug) on a command line, or NULL. */
static __maybe_unused const char *find_slab_debug(const char *line)
{
	const char *word;

	for (word = line; *word; word += strspn(word, " ")) {
		if (str_has_prefix(word, "slab_debug") || str_has_prefix(word, "slub_debug"))
			return word + strlen("slab_debug");
		word += strcspn(word, " ");
	}
	return NULL;
}

/* What a boot says of slab_debug=, or an empty string; skips where nobody can know. */
static const char *boot_options(struct kunit *test)
{
	static char options[128];
	const char *found = NULL;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
#ifndef MODULE
	found = find_slab_debug(saved_command_line);
#else
	kunit_skip(test, "needs the suite built in, as no module sees the command line");
#endif
	if (!found)
		return "";
	if (*found != '=')
		return "FZPU";
	strscpy(options, found + 1, sizeof(options));
	options[strcspn(options, " ")] = '\0';
	return options;
}

/* The flags that letters stand for; skips where some of them are for some caches only. */
static slab_flags_t boot_flags(struct kunit *test)
{
	const char *options = boot_options(test);
	slab_flags_t flags = 0;

	if (IS_ENABLED(CONFIG_SLUB_DEBUG_ON))
		kunit_skip(test, "needs CONFIG_SLUB_DEBUG_ON=n");
	for (; *options; options++) {
		switch (*options | 0x20) {
		case 'f':
			flags |= SLAB_CONSISTENCY_CHECKS;
			break;
		case 'z':
			flags |= SLAB_RED_ZONE;
			break;
		case 'p':
			flags |= SLAB_POISON;
			break;
		case 'u':
			flags |= SLAB_STORE_USER;
			break;
		default:
			kunit_skip(test, "needs a boot with no more than slab_debug=FZPU");
		}
	}
	return flags;
}

static void construct(void *object)
{
}

/*
 * A cache that the boot's options do apply to. One with a constructor is merged
 * with no other, whose flags it would have.
 */
static struct kmem_cache *open_cache(struct kunit *test, const char *name, slab_flags_t flags,
				     void (*ctor)(void *))
{
	struct kmem_cache *cache = kmem_cache_create(name, OBJECT_SIZE, 0, flags, ctor);

	kmem_adopt_cache(test, cache);
	return cache;
}

static void expect_flags(struct kunit *test, const struct kmem_cache *cache, slab_flags_t flags)
{
	KUNIT_EXPECT_EQ_MSG(test, (__force unsigned int)(cache->flags & TOLD_FLAGS),
			    (__force unsigned int)flags, "%s", cache->name);
}

/*
 * A new cache gets the checks that the boot asks for, and no others; without
 * slab_debug= it gets none. Source: slab.rst, "Given a list of debug options";
 * kmem_cache_flags(), parse_slub_debug_flags(), mm/slub.c.
 */
static void new_cache_has_the_boots_checks(struct kunit *test)
{
	slab_flags_t flags = boot_flags(test);

	expect_flags(test, open_cache(test, "kmem_open", 0, construct), flags);
}

/* The caches of kmalloc() have the boot's checks too. Source: as above. */
static void kmalloc_has_the_boots_checks(struct kunit *test)
{
	static const size_t requests[] = { 8, 100, 192, 1000, KMALLOC_MAX_CACHE_SIZE };
	slab_flags_t flags = boot_flags(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		void *memory = kmalloc(requests[i], GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, memory);
		expect_flags(test, virt_to_slab(memory)->slab_cache, flags);
		kfree(memory);
	}
}

/*
 * SLAB_NO_USER_FLAGS keeps the boot's checks from a cache; those that it is
 * created with it has in any boot. Source: SLAB_NO_USER_FLAGS in
 * include/linux/slab.h; kmem_cache_flags(), mm/slub.c.
 */
static void own_checks_are_kept(struct kunit *test)
{
	static const slab_flags_t own[] = {
		0, SLAB_CONSISTENCY_CHECKS, SLAB_RED_ZONE, SLAB_POISON, SLAB_STORE_USER,
		KMEM_ALL_CHECKS,
	};
	slab_flags_t flags = boot_flags(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(own); i++) {
		struct kmem_cache *cache = kmem_private_cache(test, "kmem_own", OBJECT_SIZE, own[i],
							      NULL);

		expect_flags(test, cache, own[i]);
		kmem_private_cache_destroy(test, cache);
		cache = open_cache(test, "kmem_open", own[i], construct);
		expect_flags(test, cache, flags | own[i]);
		kmem_private_cache_destroy(test, cache);
	}
}

/*
 * A cache of a debugging tool (SLAB_NOLEAKTRACE) gets the boot's checks, but is
 * not tracked. Source: kmem_cache_flags(), "don't store user (stack trace)
 * information by default", mm/slub.c.
 */
static void tools_are_not_tracked(struct kunit *test)
{
	expect_flags(test, open_cache(test, "kmem_tool", SLAB_NOLEAKTRACE, construct),
		     boot_flags(test) & ~SLAB_STORE_USER);
}

/*
 * Caches with red zones, poison or tracking are not merged, though they were
 * else alike. Source: SLAB_NEVER_MERGE; find_mergeable(), mm/slab_common.c.
 */
static void checked_caches_are_not_merged(struct kunit *test)
{
	struct kmem_cache *one, *two;

	if (!(boot_flags(test) & (SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)))
		kunit_skip(test, "needs a boot with slab_debug=Z, P or U");
	one = open_cache(test, "kmem_one", 0, NULL);
	two = open_cache(test, "kmem_two", 0, NULL);
	KUNIT_EXPECT_PTR_NE(test, one, two);
	KUNIT_EXPECT_STREQ(test, one->name, "kmem_one");
	KUNIT_EXPECT_STREQ(test, two->name, "kmem_two");
	expect_flags(test, one, boot_flags(test));
	expect_flags(test, two, boot_flags(test));
}

/*
 * What the boot asks for is done: a write past the end of an object of any cache
 * is found when it is freed. Source: slab.rst.
 */
static void boots_checks_find_overflow(struct kunit *test)
{
	const slab_flags_t needed = SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE;
	struct kmem_cache *cache;
	u8 *object;

	if ((boot_flags(test) & needed) != needed)
		kunit_skip(test, "needs a boot with slab_debug=FZ");
	cache = open_cache(test, "kmem_open", 0, NULL);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	kmem_poke(object + OBJECT_SIZE, 0x99);
	kmem_expect_text(test, KMEM_EXPECT_REPORT(test, kmem_cache_free(cache, object),
						  "BUG kmem_open ("),
			 "Right Redzone overwritten");
	KMEM_EXPECT_SILENCE(test, kmem_cache_free(cache, object));
}

/*
 * The cache of nodes passes the checks that the boot asks for, though its first
 * object is older than the allocator and is made by hand. Source: slab.rst, "SLUB
 * can validate all object if the kernel was booted with slab_debug";
 * early_kmem_cache_node_alloc(), mm/slub.c.
 */
static void cache_of_nodes_is_sound(struct kunit *test)
{
	const slab_flags_t needed = SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE;
	const struct kmem_report *report;
	int err = -EIO;

	if ((boot_flags(test) & needed) != needed)
		kunit_skip(test, "needs a boot with slab_debug=FZ");
	report = KMEM_CAPTURE(test, err = kmem_sysfs_store(test, "kmem_cache_node", "validate",
							   "1"));
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, report->bugs, 0);
}

/*
 * The slabs that the cache of nodes has are those that it is counted to have, from
 * the very first one on. Source: validate_slab_node(), early_kmem_cache_node_alloc().
 */
static void slabs_of_nodes_are_counted(struct kunit *test)
{
	const struct kmem_report *report;
	int err = -EIO;

	if (!(boot_flags(test) & SLAB_STORE_USER))
		kunit_skip(test, "needs a boot with slab_debug=U, where full slabs are listed");
	report = KMEM_CAPTURE(test, err = kmem_sysfs_store(test, "kmem_cache_node", "validate",
							   "1"));
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_NULL_MSG(test, strstr(report->text, " slabs counted but "), "%s",
			      report->text);
}

#define SELECTIVE	"ZU,kmem_glob*,kmem_exact;p,kmem_second,kmem_last;F,kmem_third*;T,kmem_told"

/*
 * Options may be for caches of given names, with or without a star at the end;
 * other caches get none. Source: slab.rst, "slab_debug=<Debug-Options>,<slab
 * name1>,<slab name2>,...".
 */
static void options_may_be_for_some_caches(struct kunit *test)
{
	static const struct {
		const char *name;
		slab_flags_t flags;
	} named[] = {
		{ "kmem_glob", SLAB_RED_ZONE | SLAB_STORE_USER },
		{ "kmem_global", SLAB_RED_ZONE | SLAB_STORE_USER },
		{ "kmem_glo", 0 },
		{ "kmem_exact", SLAB_RED_ZONE | SLAB_STORE_USER },
		{ "kmem_exactly", 0 },
		{ "kmem_exac", 0 },
		{ "kmem_second", SLAB_POISON },
		{ "kmem_seconds", 0 },
		{ "kmem_last", SLAB_POISON },
		{ "kmem_third", SLAB_CONSISTENCY_CHECKS },
		{ "kmem_third_one", SLAB_CONSISTENCY_CHECKS },
		{ "kmem_told", SLAB_TRACE },
		{ "kmem_fourth", 0 },
	};
	unsigned int i;

	if (strcmp(boot_options(test), SELECTIVE))
		kunit_skip(test, "needs a boot with slab_debug=" SELECTIVE);
	for (i = 0; i < ARRAY_SIZE(named); i++)
		expect_flags(test, open_cache(test, named[i].name, 0, construct), named[i].flags);
	expect_flags(test, kmem_private_cache(test, "kmem_globe", OBJECT_SIZE, 0, NULL), 0);
	/* nor are they lost to a cache that could serve as well */
	expect_flags(test, open_cache(test, "kmem_fourth_open", 0, NULL), 0);
	expect_flags(test, open_cache(test, "kmem_global_open", 0, NULL),
		     SLAB_RED_ZONE | SLAB_STORE_USER);
	/* nor does a cache lose what it is created with */
	expect_flags(test, open_cache(test, "kmem_global_own", SLAB_POISON, construct),
		     SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER);
	/* nor is a tool spared what is asked for by its name */
	expect_flags(test, open_cache(test, "kmem_global_tool", SLAB_NOLEAKTRACE, construct),
		     SLAB_RED_ZONE | SLAB_STORE_USER);
}

/* what was behind an object when the boot had just begun, before any other case */
static int behind_early_object = -1;

#ifndef MODULE
static int __init look_behind_early_object(void)
{
	struct kmem_cache *cache = kmem_cache_create("kmem_global_early", OBJECT_SIZE, 0, 0,
						     construct);
	u8 *object = cache ? kmem_cache_alloc(cache, GFP_KERNEL) : NULL;

	if (object) {
		behind_early_object = kmem_peek(object + OBJECT_SIZE);
		kmem_cache_free(cache, object);
	}
	kmem_cache_destroy(cache);
	return 0;
}
late_initcall(look_behind_early_object);	/* when caches are destroyed at once */
#endif

/*
 * What is asked for some caches is done to them, though nobody has asked for any
 * checks of all caches, nor has a cache been created with some of its own. Source:
 * slab.rst, "Enable options only for select slabs"; setup_slub_debug(),
 * slub_debug_enabled.
 */
static void options_for_some_caches_are_enough(struct kunit *test)
{
	if (strcmp(boot_options(test), SELECTIVE))
		kunit_skip(test, "needs a boot with slab_debug=" SELECTIVE);
	KUNIT_EXPECT_EQ(test, behind_early_object, SLUB_RED_ACTIVE);
}

/* the first complaint of the boot about what it was asked for, or about caches of it */
static char boot_complaint[160];

#ifndef MODULE
static int __init look_at_the_log(void)
{
	static const char * const complaints[] __initconst = {
		"invalid for parameter `slab_debug'", "_debug option '",
		"SLUB: Unable to add boot slab ",
	};
	struct kmsg_dump_iter iter;
	unsigned int i;
	char line[256];
	size_t len;

	kmsg_dump_rewind(&iter);
	while (!*boot_complaint &&
	       kmsg_dump_get_line(&iter, false, line, sizeof(line) - 1, &len)) {
		line[len] = '\0';
		for (i = 0; i < ARRAY_SIZE(complaints); i++)
			if (strstr(line, complaints[i]))
				strscpy(boot_complaint, line, sizeof(boot_complaint));
	}
	return 0;
}
late_initcall_sync(look_at_the_log);
#endif

/*
 * The boot takes the options without complaint, and puts all of its caches and their
 * aliases into sysfs. Source: param_ops_slab_debug, whose errors parse_args() tells;
 * parse_slub_debug_flags(), slab_late_init().
 */
static void boot_has_no_complaint(struct kunit *test)
{
	KMEM_REQUIRE(test, CONFIG_PRINTK);
	boot_options(test);	/* skips where nobody has looked */
	KUNIT_EXPECT_STREQ(test, boot_complaint, "");
}

/*
 * Addresses are printed as they are in a boot with debugging, be it for some caches
 * only, and hashed in others. Source: slab_debug= in kernel-parameters.txt, 'Using this
 * option implies the "no_hash_pointers" option'; __slub_debug_enabled().
 */
static void addresses_are_shown_while_debugging(struct kunit *test)
{
	const char *options = boot_options(test);
	char printed[32], plain[32];

	if (IS_ENABLED(CONFIG_SLUB_DEBUG_ON) || kmem_boot_has(test, "hash_pointers"))
		kunit_skip(test, "needs CONFIG_SLUB_DEBUG_ON=n, and no boot with hash_pointers");
	snprintf(printed, sizeof(printed), "%p", test);
	snprintf(plain, sizeof(plain), "%0*lx", (int)(2 * sizeof(test)), (unsigned long)test);
	KUNIT_EXPECT_EQ(test, !strcmp(printed, plain), options[strspn(options, "-Oo")] != '\0');
}

#define EXCEPTIONS	"U-FZ;-,kmem_spared*,kmem_both,kmem_left;P,kmem_both;,kmem_full;A,kmem_failing"

/*
 * Options for all caches are not for those that a block of others names, where
 * the first such block counts: none at all, full debugging if there are no
 * letters, or to be failslab's. Of the letters of a block, those before a dash count no
 * more. Source: slab.rst, "Options of the first "select slabs" blocks that matches the
 * slab's name are applied", "slab_debug=FZ;-,zs_handle,zspage", "slab_debug=,dentry",
 * "-: Switch all debugging off" and "A: Enable failslab filter mark for the cache".
 */
static void first_block_with_the_name_counts(struct kunit *test)
{
	static const struct {
		const char *name;
		slab_flags_t flags, failslab;
	} named[] = {
		{ "kmem_other", SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE, 0 },
		{ "kmem_spared", 0, 0 },
		{ "kmem_spared_too", 0, 0 },
		{ "kmem_both", 0, 0 },
		{ "kmem_left", 0, 0 },
		{ "kmem_full", KMEM_ALL_CHECKS, 0 },
		{ "kmem_failing", 0, SLAB_FAILSLAB },
	};
	struct kmem_cache *large;
	unsigned int i;

	if (strcmp(boot_options(test), EXCEPTIONS))
		kunit_skip(test, "needs a boot with slab_debug=" EXCEPTIONS);
	for (i = 0; i < ARRAY_SIZE(named); i++) {
		struct kmem_cache *cache = open_cache(test, named[i].name, 0, construct);

		expect_flags(test, cache, named[i].flags);
		KUNIT_EXPECT_EQ_MSG(test, (__force unsigned int)(cache->flags & SLAB_FAILSLAB),
				    (__force unsigned int)named[i].failslab, "%s", named[i].name);
	}
	/* O, which would spare it the red zones, has not been asked for */
	large = kmem_cache_create("kmem_large", PAGE_SIZE, 0, 0, construct);
	kmem_adopt_cache(test, large);
	expect_flags(test, large, SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE);
}

/* Expect that a report shows an object with nothing around it. */
static void expect_bare_object(struct kunit *test, struct kmem_cache *cache)
{
	const struct kmem_report *report;
	struct kmem_batch *batch;
	void *object;

	if (kmem_double_free_cuts_freelist())
		return;
	batch = kmem_take(test, cache, 2);	/* of an empty slab, more is said */
	object = batch->objects[--batch->nr];
	kmem_cache_free(cache, object);
	report = KMEM_EXPECT_REPORT(test, kmem_cache_free(cache, object), "Object already free");
	KUNIT_EXPECT_EQ(test, kmem_count_text(report, "Redzone  "), 0);
	KUNIT_EXPECT_EQ(test, kmem_count_text(report, "Padding  "), 0);
}

/*
 * O switches off what takes room where it would need larger slabs; caches that are
 * alike are in sysfs under names of their own even so. Source: slab.rst, "O: Switch
 * debugging off for caches that would have caused higher minimum slab orders".
 */
static void debugging_may_be_kept_from_raising_orders(struct kunit *test)
{
	static const slab_flags_t own[] = { 0, 0, SLAB_CONSISTENCY_CHECKS };
	const char *options = boot_options(test);
	slab_flags_t roomless = *options == 'F' ? SLAB_CONSISTENCY_CHECKS : 0;
	unsigned int i;

	if (strcmp(options + !!roomless, "ZPUO"))
		kunit_skip(test, "needs a boot with slab_debug=ZPUO or slab_debug=FZPUO");
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN_GENERIC, "which takes room as well");
	expect_flags(test, open_cache(test, "kmem_open", 0, construct),
		     roomless | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER);
	for (i = 0; i < ARRAY_SIZE(own); i++) {
		struct kmem_cache *cache;
		char name[16];

		snprintf(name, sizeof(name), "kmem_page_%u", i);
		cache = kmem_cache_create(name, PAGE_SIZE, 0, own[i], NULL);
		kmem_adopt_cache(test, cache);
		expect_flags(test, cache, roomless | own[i]);
		KUNIT_EXPECT_EQ(test, kmem_sysfs_number(test, name, "slab_size"), PAGE_SIZE);
		if (cache->flags & SLAB_CONSISTENCY_CHECKS)
			expect_bare_object(test, cache);
	}
}

/*
 * A cache with SLAB_TRACE prints each allocation and free, with who called and all
 * of the freed object. Source: slab.rst, "T: Trace"; trace(), mm/slub.c.
 */
static void traced_cache_prints_each_use(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_cache *cache;
	u8 *object = NULL;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_private_cache(test, "kmem_traced", OBJECT_SIZE, SLAB_TRACE, NULL);
	report = KMEM_CAPTURE(test, object = kmem_cache_alloc(cache, GFP_KERNEL));
	kmem_expect_heads(test, report, "allocation", 0, 0);
	KUNIT_ASSERT_NOT_NULL(test, object);
	kmem_expect_text(test, report, "TRACE kmem_traced alloc 0x%p inuse=1 fp=0x%p", object,
			 virt_to_slab(object)->freelist);
	kmem_expect_trace(test, report);
	memset(object, 0x11, OBJECT_SIZE);
	memset(object + 16, 0x22, 16);
	memset(object + OBJECT_SIZE - 4, 0x33, 4);
	report = KMEM_CAPTURE(test, kmem_cache_free(cache, object));
	kmem_expect_heads(test, report, "free", 0, 0);
	kmem_expect_text(test, report, "TRACE kmem_traced free 0x%p inuse=1 fp=0x", object);
	kmem_expect_trace(test, report);
	if (want_init_on_free())
		return;
	kmem_expect_text(test, report, "Object %p: 11 11 11 11", object);
	kmem_expect_text(test, report, "Object %p: 22 22 22 22", object + 16);
	kmem_expect_text(test, report, "Object %p: 33 33 33 33", object + OBJECT_SIZE - 4);
}

/* Of a bulk free, each object is traced. Source: free_debug_processing(). */
static void bulk_free_is_traced_by_object(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_cache *cache;
	void *objects[3] = { };
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_private_cache(test, "kmem_traced", OBJECT_SIZE, SLAB_TRACE, NULL);
	KMEM_CAPTURE(test, kmem_cache_alloc_bulk(cache, GFP_KERNEL, 3, objects));
	KUNIT_ASSERT_NOT_NULL(test, objects[2]);
	report = KMEM_CAPTURE(test, kmem_cache_free_bulk(cache, 3, objects));
	for (i = 0; i < 3; i++)
		kmem_expect_text(test, report, "TRACE kmem_traced free 0x%p inuse=3 ", objects[i]);
}

static struct kobject *kobject_of(struct kmem_cache *cache)
{
#if defined(CONFIG_SYSFS) && !defined(CONFIG_SLUB_TINY)
	return &cache->kobj;
#else
	return NULL;
#endif
}

/* The attribute behind the file of this name, in the cache's folder. */
static struct attribute *find_attribute(struct kunit *test, struct kobject *kobject,
					const char *name)
{
	struct kernfs_node *file = kernfs_find_and_get(kobject->sd, name);
	struct attribute *attribute = file ? file->priv : NULL;

	KUNIT_EXPECT_NOT_NULL_MSG(test, file, "no file %s", name);
	kernfs_put(file);
	return attribute;
}

static void free_buffer(void *buffer)
{
	free_page((unsigned long)buffer);
}

/* What /sys/kernel/slab/<cache>/<name> says, as a number. */
static long shown(struct kunit *test, struct kmem_cache *cache, char *buffer, const char *name)
{
	struct kobject *kobject = kobject_of(cache);
	struct attribute *attribute = find_attribute(test, kobject, name);
	long value = -1;

	if (attribute && kobject->ktype->sysfs_ops->show(kobject, attribute, buffer) > 0)
		sscanf(buffer, "%ld", &value);
	return value;
}

static ssize_t store(struct kunit *test, struct kmem_cache *cache, const char *name,
		     const char *value)
{
	struct kobject *kobject = kobject_of(cache);
	struct attribute *attribute = find_attribute(test, kobject, name);

	if (!attribute)
		return -ENOENT;
	return kobject->ktype->sysfs_ops->store(kobject, attribute, value, strlen(value));
}

static char *require_sysfs(struct kunit *test)
{
	char *buffer;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE(test, CONFIG_SYSFS);
	if (IS_ENABLED(CONFIG_SLUB_TINY))
		kunit_skip(test, "needs CONFIG_SLUB_TINY=n");
	buffer = (char *)__get_free_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buffer);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_buffer, buffer), 0);
	return buffer;
}

/*
 * sysfs shows which checks a cache has, each under its name. Source:
 * Documentation/ABI/testing/sysfs-kernel-slab; sanity_checks_show() and others.
 */
static void sysfs_shows_the_checks(struct kunit *test)
{
	static const struct {
		const char *name;
		slab_flags_t flag;
	} attributes[] = {
		{ "sanity_checks", SLAB_CONSISTENCY_CHECKS },
		{ "red_zone", SLAB_RED_ZONE },
		{ "poison", SLAB_POISON },
		{ "store_user", SLAB_STORE_USER },
		{ "trace", SLAB_TRACE },
		{ "hwcache_align", SLAB_HWCACHE_ALIGN },
		{ "destroy_by_rcu", SLAB_TYPESAFE_BY_RCU },
		{ "reclaim_account", SLAB_RECLAIM_ACCOUNT },
	};
	char *buffer = require_sysfs(test);
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(attributes); i++) {
		struct kmem_cache *cache = kmem_private_cache(test, "kmem_shown", OBJECT_SIZE,
							      attributes[i].flag, NULL);

		for (j = 0; j < ARRAY_SIZE(attributes); j++)
			KUNIT_EXPECT_EQ_MSG(test, shown(test, cache, buffer, attributes[j].name),
					    i == j, "%s of a cache with %s", attributes[j].name,
					    attributes[i].name);
		kmem_private_cache_destroy(test, cache);
	}
}

/*
 * sysfs shows the sizes of a cache, and how many slabs and objects it has. To write
 * to them is -EIO, whatever the mode of the file. Source: as above;
 * show_slab_objects(), slab_attr_store(), mm/slub.c.
 */
static void sysfs_shows_the_numbers(struct kunit *test)
{
	char *buffer = require_sysfs(test);
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_shown", OBJECT_SIZE,
						      KMEM_ALL_CHECKS, NULL);
	struct kmem_batch *batch = kmem_take_slab(test, cache);
	struct slab *slab = virt_to_slab(batch->objects[0]);
	unsigned int nr = batch->nr, i;
	const struct {
		const char *name;
		long value;
	} numbers[] = {
		{ "object_size", OBJECT_SIZE },
		{ "slab_size", cache->size },
		{ "align", ALIGN(arch_slab_minalign(), sizeof(void *)) },
		{ "objs_per_slab", nr },
		{ "order", slab_order(slab) },
		{ "slabs", 3 },
		{ "objects", 2 * nr + 5 },
		{ "total_objects", 3 * nr },
		{ "partial", 1 },
		{ "objects_partial", 5 },
		{ "aliases", 0 },
	};

	kmem_take(test, cache, nr + 5);
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		KUNIT_EXPECT_EQ_MSG(test, shown(test, cache, buffer, numbers[i].name),
				    numbers[i].value, "%s", numbers[i].name);
		KUNIT_EXPECT_EQ_MSG(test, store(test, cache, numbers[i].name, "1"), -EIO, "%s",
				    numbers[i].name);
	}
}

/*
 * "1" written to validate checks all objects of a cache; anything else, and any
 * cache without checks, is refused. That full slabs are listed only where users
 * are stored is no error. Source: sysfs-kernel-slab, validate; validate_store(),
 * validate_slab_node(), mm/slub.c.
 */
static void sysfs_validates(struct kunit *test)
{
	struct kmem_cache *cache, *unchecked, *unlisted;
	const struct kmem_report *report;
	ssize_t ret = 0;
	u8 *object;

	require_sysfs(test);
	cache = kmem_private_cache(test, "kmem_stored", OBJECT_SIZE, KMEM_ALL_CHECKS, NULL);
	unchecked = kmem_private_cache(test, "kmem_unchecked", OBJECT_SIZE, 0, NULL);
	object = kmem_take(test, cache, 2)->objects[0];
	kmem_poke(object + OBJECT_SIZE, 0x99);
	KMEM_EXPECT_SILENCE(test, ret = store(test, cache, "validate", "0"));
	KUNIT_EXPECT_EQ(test, ret, -EINVAL);
	KMEM_EXPECT_REPORT(test, ret = store(test, cache, "validate", "1"), "BUG kmem_stored (");
	KUNIT_EXPECT_EQ(test, ret, 1);
	KMEM_EXPECT_SILENCE(test, ret = store(test, unchecked, "validate", "1"));
	KUNIT_EXPECT_EQ(test, ret, -EINVAL);

	unlisted = kmem_private_cache(test, "kmem_unlisted", OBJECT_SIZE, SLAB_CONSISTENCY_CHECKS,
				      NULL);
	kmem_take_slab(test, unlisted);
	report = KMEM_CAPTURE(test, ret = store(test, unlisted, "validate", "1"));
	KUNIT_EXPECT_EQ(test, ret, 1);
	KUNIT_EXPECT_NULL_MSG(test, strstr(report->text, "kmem_unlisted"), "%s", report->text);
}

static struct kunit_case kmem_slab_debug_cases[] = {
	KUNIT_CASE(new_cache_has_the_boots_checks),
	KUNIT_CASE(kmalloc_has_the_boots_checks),
	KUNIT_CASE(own_checks_are_kept),
	KUNIT_CASE(tools_are_not_tracked),
	KUNIT_CASE(checked_caches_are_not_merged),
	KUNIT_CASE(boots_checks_find_overflow),
	KUNIT_CASE(cache_of_nodes_is_sound),
	KUNIT_CASE(slabs_of_nodes_are_counted),
	KUNIT_CASE(options_may_be_for_some_caches),
	KUNIT_CASE(options_for_some_caches_are_enough),
	KUNIT_CASE(boot_has_no_complaint),
	KUNIT_CASE(addresses_are_shown_while_debugging),
	KUNIT_CASE(first_block_with_the_name_counts),
	KUNIT_CASE(debugging_may_be_kept_from_raising_orders),
	KUNIT_CASE(traced_cache_prints_each_use),
	KUNIT_CASE(bulk_free_is_traced_by_object),
	KUNIT_CASE(sysfs_shows_the_checks),
	KUNIT_CASE(sysfs_shows_the_numbers),
	KUNIT_CASE(sysfs_validates),
	{}
};

static struct kunit_suite kmem_slab_debug_suite = {
	.name = "kmem_slab_debug",
	.init = kmem_suite_init,
	.test_cases = kmem_slab_debug_cases,
};

kunit_test_suite(kmem_slab_debug_suite);

MODULE_DESCRIPTION("KUnit tests for the boot parameter slab_debug");
MODULE_LICENSE("GPL");
