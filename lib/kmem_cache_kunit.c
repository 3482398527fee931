// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a kmem_cache: creation and its arguments, objects, constructors,
 * and destruction.
 *
 * Every cache here is private: merged with no other and untouched by the boot's
 * slab_debug=, so that what is seen is this case's doing.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_cache'
 */
#include <kunit/test.h>
#include <linux/bottom_half.h>
#include <linux/cache.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/kfence.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/uio.h>
#include "kmem_kunit.h"

#define OBJECT_SIZE	64
/* more than the objects of several slabs */
#define MANY		512
#define PRIVATE		(SLAB_NO_MERGE | SLAB_NO_USER_FLAGS)
#define ALL_CHECKS	(SLAB_CONSISTENCY_CHECKS | SLAB_POISON | SLAB_RED_ZONE | SLAB_STORE_USER)

/*
 * A cache whose destruction failed keeps its name up to 6.11. From 6.12 on, it
 * is off the list and out of sysfs at once; the same release made
 * kmem_cache_create() a macro.
 */
static bool failed_destroy_keeps_the_name(void)
{
#ifdef kmem_cache_create
	return false;
#else
	return true;
#endif
}

/* Two caches of one name are worth a warning to 6.12 and later. */
static bool duplicate_names_are_reported(void)
{
#ifdef kmem_cache_create
	return true;
#else
	return false;
#endif
}

static void destroy_cache(void *cache)
{
	kmem_cache_destroy(cache);
}

/* Fill each object with a byte of its own, and see whether it is still there. */
static void mark(struct kmem_batch *batch, unsigned int size)
{
	unsigned int i;

	for (i = 0; i < batch->nr; i++)
		memset(batch->objects[i], i + 1, size);
}

static unsigned int count_overwritten(struct kmem_batch *batch, unsigned int size)
{
	unsigned int i, overwritten = 0;

	for (i = 0; i < batch->nr; i++)
		overwritten += !!memchr_inv(batch->objects[i], i + 1, size);
	return overwritten;
}

/* Free every other object, so that no slab is empty, and out of quarantine. */
static void free_half(struct kmem_cache *cache, struct kmem_batch *batch)
{
	unsigned int i;

	for (i = 0; i < batch->nr / 2; i++) {
		kmem_cache_free(cache, batch->objects[2 * i]);
		batch->objects[i] = batch->objects[2 * i + 1];
	}
	batch->nr /= 2;
	if (IS_ENABLED(CONFIG_KASAN_GENERIC))
		kmem_cache_shrink(cache);
}

static unsigned int count_misaligned(struct kmem_batch *batch, unsigned int align)
{
	unsigned int i, misaligned = 0;

	for (i = 0; i < batch->nr; i++)
		misaligned += !IS_ALIGNED((unsigned long)batch->objects[i], align);
	return misaligned;
}

/*
 * What the kernel tells its users about a cache
 */

static struct vfsmount *proc, *sysfs;

/* Nobody mounts anything before the tests run, so they do it themselves. */
static struct vfsmount *mounted(struct kunit *test, struct vfsmount **mnt, const char *type)
{
	if (!*mnt) {
		struct vfsmount *new = kern_mount(get_fs_type(type));

		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(new), "cannot mount %s", type);
		*mnt = new;
	}
	return *mnt;
}

static void unmount_all(struct kunit_suite *suite)
{
	if (proc)
		kern_unmount(proc);
	if (sysfs)
		kern_unmount(sysfs);
	proc = NULL;
	sysfs = NULL;
}

/* /proc/slabinfo has no way to be read into kernel memory but its seq_file's. */
static ssize_t read_some(struct file *file, char *buffer, size_t size, loff_t *pos)
{
	struct kvec vec = { .iov_base = buffer, .iov_len = size };
	struct iov_iter to;
	struct kiocb iocb;
	ssize_t len;

	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = *pos;
	iov_iter_kvec(&to, READ, &vec, 1, size);
	len = file->f_op->read_iter ? file->f_op->read_iter(&iocb, &to) : seq_read_iter(&iocb, &to);
	*pos = iocb.ki_pos;
	return len;
}

/* All of a file; NULL if there is none. */
static char *read_file(struct kunit *test, struct vfsmount *mnt, const char *path)
{
	struct file *file = file_open_root_mnt(mnt, path, O_RDONLY, 0);
	size_t size = SZ_64K, used = 0;
	ssize_t len;
	loff_t pos = 0;
	char *text;

	if (IS_ERR(file))
		return NULL;
	text = kunit_kzalloc(test, size, GFP_KERNEL);
	do {
		len = text ? read_some(file, text + used, size - 1 - used, &pos) : -ENOMEM;
		used += max_t(ssize_t, len, 0);
	} while (len > 0);
	__fput_sync(file);
	KUNIT_ASSERT_EQ(test, len, 0);
	return text;
}

/* One line of /proc/slabinfo; see Documentation/filesystems/proc.rst. */
struct slabinfo {
	unsigned int lines;
	unsigned long active_objs, num_objs, num_slabs;
	unsigned int objsize, objperslab, pagesperslab;
};

static bool slabinfo_is_there(void)
{
	return IS_ENABLED(CONFIG_PROC_FS) && IS_ENABLED(CONFIG_SLUB_DEBUG);
}

static struct slabinfo slabinfo(struct kunit *test, const char *name)
{
	struct slabinfo info = {};
	size_t len = strlen(name);
	char *text, *line;

	KMEM_REQUIRE(test, CONFIG_PROC_FS);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	text = read_file(test, mounted(test, &proc, "proc"), "slabinfo");
	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_ASSERT_NOT_NULL(test, strstr(text, " - version: 2."));
	while ((line = strsep(&text, "\n"))) {
		if (strncmp(line, name, len) || line[len] != ' ')
			continue;
		info.lines++;
		KUNIT_EXPECT_EQ_MSG(test, 6,
				    sscanf(line + len,
					   "%lu %lu %u %u %u : tunables %*u %*u %*u : slabdata %*u %lu",
					   &info.active_objs, &info.num_objs, &info.objsize,
					   &info.objperslab, &info.pagesperslab, &info.num_slabs),
				    "cannot read \"%s\"", line);
	}
	return info;
}

/* A number from /sys/kernel/slab/<name>/; -1 if it is not there. */
static int sysfs_number(struct kunit *test, const char *name, const char *attribute)
{
	char path[80], *text;
	int number;

	KMEM_REQUIRE(test, CONFIG_SYSFS);
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	snprintf(path, sizeof(path), "kernel/slab/%s/%s", name, attribute);
	text = read_file(test, mounted(test, &sysfs, "sysfs"), path);
	if (!text || kstrtoint(strstrip(text), 10, &number))
		return -1;
	return number;
}

/*
 * A cache has a line of its own in /proc/slabinfo, from its creation to its
 * destruction. Source: kernel-doc of kmem_cache_create(), "A string which is
 * used in /proc/slabinfo to identify this cache".
 */
static void name_shows_in_slabinfo(struct kunit *test)
{
	struct kmem_cache *cache;

	KUNIT_EXPECT_EQ(test, slabinfo(test, "kmem_named").lines, 0);
	cache = kmem_private_cache(test, "kmem_named", OBJECT_SIZE, 0, NULL);
	KUNIT_EXPECT_EQ(test, slabinfo(test, "kmem_named").lines, 1);
	kmem_private_cache_destroy(test, cache);
	KUNIT_EXPECT_EQ(test, slabinfo(test, "kmem_named").lines, 0);
}

/*
 * The name of a destroyed cache is free for another one, as often as one likes.
 * Source: kmem_cache_destroy(), which takes the cache off the list and out of
 * sysfs before it returns.
 */
static void name_may_be_used_again(struct kunit *test)
{
	int i;

	for (i = 0; i < 4; i++) {
		struct kmem_cache *cache;

		cache = kmem_private_cache(test, "kmem_again", OBJECT_SIZE << i, 0, NULL);
		kmem_give_back(test, kmem_take(test, cache, 10));
		KUNIT_EXPECT_EQ(test, slabinfo(test, "kmem_again").lines, 1);
		kmem_private_cache_destroy(test, cache);
	}
	KUNIT_EXPECT_EQ(test, slabinfo(test, "kmem_again").lines, 0);
}

/*
 * The name is copied: the caller's string may change or go. Source:
 * kmem_cache_create(), kstrdup_const().
 */
static void name_is_copied(struct kunit *test)
{
	char name[] = "kmem_mine";

	kmem_private_cache(test, name, OBJECT_SIZE, 0, NULL);
	strscpy(name, "kmem_gone", sizeof(name));
	KUNIT_EXPECT_EQ(test, slabinfo(test, "kmem_mine").lines, 1);
	KUNIT_EXPECT_EQ(test, slabinfo(test, "kmem_gone").lines, 0);
}

/*
 * A second cache of a name is created all the same and is a cache of its own;
 * with CONFIG_DEBUG_VM, 6.12 and later warn. Source: kmem_cache_sanity_check(),
 * sysfs_slab_add(), which lets the newer cache take over the name in sysfs.
 */
static void second_cache_of_a_name_is_separate(struct kunit *test)
{
	bool warns = duplicate_names_are_reported() && IS_ENABLED(CONFIG_DEBUG_VM);
	const struct kmem_report *report;
	struct kmem_cache *first, *second = NULL;
	struct kmem_batch *batch;

	first = kmem_private_cache(test, "kmem_double", OBJECT_SIZE, 0, NULL);
	report = KMEM_CAPTURE(test, second = kmem_cache_create("kmem_double", 2 * OBJECT_SIZE, 0,
							       PRIVATE, NULL));
	kmem_expect_heads(test, report, "the second kmem_cache_create()", 0, warns);
	if (warns)
		kmem_expect_text(test, report, "kmem_cache of name 'kmem_double' already exists");
	else
		KUNIT_EXPECT_NULL(test, strstr(report->text, "kmem_double"));
	KUNIT_ASSERT_NOT_NULL(test, second);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy_cache, second), 0);
	KUNIT_EXPECT_EQ(test, slabinfo(test, "kmem_double").lines, 2);

	batch = kmem_take(test, second, MANY);
	mark(batch, 2 * OBJECT_SIZE);
	kmem_give_back(test, kmem_take(test, first, MANY));
	KMEM_EXPECT_SILENCE(test, kmem_private_cache_destroy(test, first));
	KUNIT_EXPECT_EQ(test, slabinfo(test, "kmem_double").lines, 1);
	KUNIT_EXPECT_EQ(test, count_overwritten(batch, 2 * OBJECT_SIZE), 0);
}

/*
 * The figures in /proc/slabinfo agree with each other and with the cache: an
 * object has the room that was asked for, the objects of a slab fit into its
 * pages, and all slabs have the same number of them. Source: cache_show().
 */
static void slabinfo_figures_agree(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 8, 24, 64, 100, 700, 4096, 10000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct kmem_cache *cache;
		struct kmem_batch *batch;
		struct slabinfo info;

		cache = kmem_private_cache(test, "kmem_figures", sizes[i], 0, NULL);
		batch = kmem_take(test, cache, 100);
		info = slabinfo(test, "kmem_figures");
		KUNIT_EXPECT_GE(test, info.objsize, sizes[i]);
		KUNIT_EXPECT_GE(test, info.objperslab, 1);
		KUNIT_EXPECT_LE(test, info.objsize * info.objperslab,
				info.pagesperslab * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, info.num_objs, info.num_slabs * info.objperslab);
		KUNIT_EXPECT_LE(test, info.active_objs, info.num_objs);
		kmem_give_back(test, batch);
		kmem_private_cache_destroy(test, cache);
	}
}

/*
 * The number of active objects counts at least those that are live, and just
 * those once the cache is shrunk; before that, free objects that a CPU holds
 * ready count as active. Source: get_slabinfo().
 */
static void slabinfo_counts_objects(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_count", OBJECT_SIZE, 0, NULL);
	struct kmem_batch *first, *second;
	struct slabinfo info;

	KUNIT_EXPECT_EQ(test, slabinfo(test, "kmem_count").num_objs, 0);
	first = kmem_take(test, cache, MANY);
	KUNIT_EXPECT_GE(test, slabinfo(test, "kmem_count").active_objs, MANY);
	second = kmem_take(test, cache, 3 * MANY);
	KUNIT_EXPECT_GE(test, slabinfo(test, "kmem_count").active_objs, 4 * MANY);

	/* of the slabs of the second batch few are left, of the first one's all */
	kmem_give_back(test, second);
	free_half(cache, first);
	kmem_cache_shrink(cache);
	info = slabinfo(test, "kmem_count");
	KUNIT_EXPECT_EQ(test, info.active_objs, MANY / 2);
	KUNIT_EXPECT_GE(test, info.num_objs, MANY);
	KUNIT_EXPECT_LT(test, info.num_objs, 2 * MANY);

	kmem_give_back(test, first);
	kmem_cache_shrink(cache);
	info = slabinfo(test, "kmem_count");
	KUNIT_EXPECT_EQ(test, info.active_objs, 0);
	KUNIT_EXPECT_EQ(test, info.num_objs, 0);
}

/*
 * kmem_cache_shrink() gives all slabs back if no object is live, and says so
 * with 0; it leaves a live object alone, and says so too. Source: its
 * kernel-doc.
 */
static void shrink_spares_live_objects(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_shrink", OBJECT_SIZE, 0, NULL);
	u8 *live;

	kmem_give_back(test, kmem_take(test, cache, MANY));
	KUNIT_EXPECT_EQ(test, kmem_cache_shrink(cache), 0);

	live = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, live);
	memset(live, 0x77, OBJECT_SIZE);
	kmem_give_back(test, kmem_take(test, cache, MANY));
	KUNIT_EXPECT_NE(test, kmem_cache_shrink(cache), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(live, 0x77, OBJECT_SIZE));
	kmem_cache_free(cache, live);
	KUNIT_EXPECT_EQ(test, kmem_cache_shrink(cache), 0);
}

static const struct shown_flag {
	const char *attribute;
	slab_flags_t flag;
} shown_flags[] = {
	{ "hwcache_align", SLAB_HWCACHE_ALIGN },
	{ "reclaim_account", SLAB_RECLAIM_ACCOUNT },
	{ "destroy_by_rcu", SLAB_TYPESAFE_BY_RCU },
	{ "sanity_checks", SLAB_CONSISTENCY_CHECKS },
	{ "red_zone", SLAB_RED_ZONE },
	{ "poison", SLAB_POISON },
	{ "store_user", SLAB_STORE_USER },
};

KUNIT_ARRAY_PARAM_DESC(shown_flag, shown_flags, attribute);

/*
 * A cache has the flag that it was created with, and those alone. Source:
 * Documentation/ABI/testing/sysfs-kernel-slab.
 */
static void flag_is_kept(struct kunit *test)
{
	const struct shown_flag *shown = test->param_value;
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	kmem_private_cache(test, "kmem_flags", OBJECT_SIZE, shown->flag, NULL);
	for (i = 0; i < ARRAY_SIZE(shown_flags); i++) {
		const char *attribute = shown_flags[i].attribute;

		KUNIT_EXPECT_EQ_MSG(test, sysfs_number(test, "kmem_flags", attribute),
				    &shown_flags[i] == shown, "%s", attribute);
	}
}

/*
 * Objects
 */

/* What a cache may be created with, besides a size. */
static const struct kind {
	const char *name;
	slab_flags_t flags;
} kinds[] = {
	{ "plain", 0 },
	{ "hwcache_align", SLAB_HWCACHE_ALIGN },
	{ "consistency_checks", SLAB_CONSISTENCY_CHECKS },
	{ "red_zone", SLAB_RED_ZONE },
	{ "poison", SLAB_POISON },
	{ "store_user", SLAB_STORE_USER },
	{ "all_checks", ALL_CHECKS },
};

KUNIT_ARRAY_PARAM_DESC(kind, kinds, name);

/* The kind of cache of this case, if the kernel has it. */
static const struct kind *the_kind(struct kunit *test)
{
	const struct kind *kind = test->param_value;

	if (kind->flags & ALL_CHECKS)
		KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	return kind;
}

static void construct_nothing(void *object)
{
}

/*
 * Expect that some objects of a cache have their size, alignment and all of
 * their bytes for themselves: none changes another one, or a red zone.
 */
static void expect_sound_objects(struct kunit *test, unsigned int size, unsigned int align,
				 slab_flags_t flags, void (*ctor)(void *), unsigned int aligned_to)
{
	struct kmem_cache *cache = kmem_cache_create("kmem_sound", size, align, flags | PRIVATE,
						     ctor);
	struct kmem_batch *batch;

	KUNIT_ASSERT_NOT_NULL_MSG(test, cache, "size %u, align %u", size, align);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy_cache, cache), 0);
	KUNIT_EXPECT_EQ(test, kmem_cache_size(cache), size);

	batch = kmem_take(test, cache, size < PAGE_SIZE ? 24 : 5);
	mark(batch, size);
	KUNIT_EXPECT_EQ_MSG(test, count_misaligned(batch, aligned_to), 0, "size %u, align %u",
			    size, align);
	KUNIT_EXPECT_EQ_MSG(test, count_overwritten(batch, size), 0, "size %u, align %u",
			    size, align);
	kmem_give_back(test, batch);
	kunit_release_action(test, destroy_cache, cache);
}

/* Small sizes one by one, then in ever larger odd steps. */
static unsigned int next_size(unsigned int size)
{
	return size < 24 ? size + 1 : size + size / 3 + 1;
}

/*
 * Objects have the size that was asked for and are usable to their last byte:
 * what is written there reaches no other object and no red zone. Source:
 * kernel-doc of kmem_cache_create(), "The size of objects".
 */
static void objects_are_usable_to_the_last_byte(struct kunit *test)
{
	const struct kind *kind = the_kind(test);
	unsigned int size;

	for (size = 1; size <= 9 * PAGE_SIZE; size = next_size(size)) {
		expect_sound_objects(test, size, 0, kind->flags, NULL, sizeof(void *));
		expect_sound_objects(test, size, 0, kind->flags, construct_nothing, sizeof(void *));
	}
}

/*
 * Objects are aligned as asked for, whatever their size and flags, and to a
 * word at least. Source: kernel-doc of kmem_cache_create(), "The required
 * alignment for the objects", and calculate_alignment().
 */
static void objects_are_aligned(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 24, 65, 1000 };
	const struct kind *kind = the_kind(test);
	unsigned int align, i;

	for (align = 1; align <= PAGE_SIZE; align *= 2) {
		unsigned int aligned_to = max_t(unsigned int, align, sizeof(void *));

		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			expect_sound_objects(test, sizes[i], align, kind->flags, NULL, aligned_to);
			expect_sound_objects(test, sizes[i], align, kind->flags, construct_nothing,
					     aligned_to);
		}
	}
}

/*
 * With SLAB_HWCACHE_ALIGN, an object lies in as few cache lines as it can: a
 * large one begins with a line, a small one crosses none. Source:
 * calculate_alignment(), "if the object is sufficiently large".
 */
static void hwcache_align_saves_cache_lines(struct kunit *test)
{
	unsigned int line = cache_line_size(), size;

	for (size = 1; size <= 4 * line; size++)
		expect_sound_objects(test, size, 0, SLAB_HWCACHE_ALIGN, NULL,
				     min_t(unsigned long, line, roundup_pow_of_two(size)));
}

/*
 * An alignment that is no power of two is not refused. It means nothing, but
 * the objects are aligned to a word and do not overlap. Source:
 * calculate_alignment(), and ALIGN() in calculate_sizes(), which never yields
 * less than the size.
 */
static void odd_alignment_does_no_harm(struct kunit *test)
{
	static const unsigned int alignments[] = { 3, 12, 24, 48, 100, 1000 };
	unsigned int i, size;

	for (i = 0; i < ARRAY_SIZE(alignments); i++) {
		for (size = 1; size < 200; size += 11)
			expect_sound_objects(test, size, alignments[i], 0, NULL, sizeof(void *));
	}
}

#define ARMY	100000

static int compare_pointers(const void *a, const void *b)
{
	void *left = *(void * const *)a, *right = *(void * const *)b;

	return (left > right) - (left < right);
}

/*
 * A hundred thousand objects, all live, are distinct, aligned and do not
 * overlap: sorted by address, each ends before the next one begins, and each
 * holds to the end what was written into it. Freed in another order, they leave
 * an empty cache.
 */
static void many_objects_are_distinct(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_army", OBJECT_SIZE, 0, NULL);
	unsigned int i, overlaps = 0, overwritten = 0;
	struct kmem_batch *batch;

	batch = kmem_take(test, cache, ARMY);
	KUNIT_EXPECT_EQ(test, count_misaligned(batch, sizeof(void *)), 0);
	for (i = 0; i < ARMY; i++)
		memset64(batch->objects[i], i * 0x9e3779b97f4a7c15ull, OBJECT_SIZE / sizeof(u64));
	for (i = 0; i < ARMY; i++) {
		u64 *word = batch->objects[i];

		overwritten += word[0] != i * 0x9e3779b97f4a7c15ull ||
			       memcmp(word, word + 1, OBJECT_SIZE - sizeof(u64));
	}
	KUNIT_EXPECT_EQ(test, overwritten, 0);

	sort(batch->objects, ARMY, sizeof(void *), compare_pointers, NULL);
	for (i = 1; i < ARMY; i++)
		overlaps += batch->objects[i - 1] + OBJECT_SIZE > batch->objects[i];
	KUNIT_EXPECT_EQ(test, overlaps, 0);

	/* 7919 is prime to their number, so it leads to each of them */
	for (i = 0; i < ARMY; i++)
		kmem_cache_free(cache, batch->objects[(u64)i * 7919 % ARMY]);
	batch->nr = 0;
	KUNIT_EXPECT_EQ(test, kmem_cache_shrink(cache), 0);
}

static const struct context {
	const char *name;
	gfp_t gfp;
	bool irqs_off;
} contexts[] = {
	{ "GFP_KERNEL", GFP_KERNEL },
	{ "GFP_ATOMIC", GFP_ATOMIC },
	{ "GFP_NOWAIT", GFP_NOWAIT },
	{ "GFP_ATOMIC_irqs_off", GFP_ATOMIC, true },
	{ "GFP_NOWAIT_irqs_off", GFP_NOWAIT, true },
};

KUNIT_ARRAY_PARAM_DESC(context, contexts, name);

/*
 * Objects can be had wherever the GFP flags allow for it, new slabs included,
 * and be freed there. Source: Documentation/core-api/memory-allocation.rst.
 */
static void objects_can_be_had_in_any_context(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_context", OBJECT_SIZE, 0, NULL);
	const struct context *context = test->param_value;
	unsigned long irqs = 0;
	unsigned int nr, got;
	void **objects;

	objects = kunit_kmalloc_array(test, MANY, sizeof(*objects), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objects);
	if (context->irqs_off)
		local_irq_save(irqs);
	for (nr = 0; nr < MANY; nr++) {
		objects[nr] = kmem_cache_alloc(cache, context->gfp);
		if (!objects[nr])
			break;
		memset(objects[nr], 0x77, OBJECT_SIZE);
	}
	got = nr;
	while (nr)
		kmem_cache_free(cache, objects[--nr]);
	if (context->irqs_off)
		local_irq_restore(irqs);
	KUNIT_EXPECT_EQ(test, got, MANY);
}

/*
 * An allocation that fails gives NULL, and the cache is as good as before.
 * Source: Documentation/core-api/memory-allocation.rst.
 */
static void failed_allocation_gives_null(struct kunit *test)
{
	struct kmem_cache *cache = kmem_private_cache(test, "kmem_fails", OBJECT_SIZE, 0, NULL);
	struct kmem_batch *batch;
	void *object;
	int i;

	for (i = 0; i < 3; i++) {
		object = KMEM_FAILING(test, 1, kmem_cache_alloc(cache, GFP_NOWAIT | __GFP_NOWARN));
		KUNIT_EXPECT_NULL(test, object);
		kmem_give_back(test, kmem_take(test, cache, 1));
	}
	batch = kmem_take(test, cache, MANY);
	mark(batch, OBJECT_SIZE);
	KUNIT_EXPECT_EQ(test, count_overwritten(batch, OBJECT_SIZE), 0);
	kmem_give_back(test, batch);
	KUNIT_EXPECT_EQ(test, kmem_cache_shrink(cache), 0);
}

/*
 * Constructors
 */

#define BUILT		0xb1
#define MAX_BUILDINGS	4096

static struct {
	unsigned int nr;
	unsigned int size;
	void *at[MAX_BUILDINGS];
} buildings;

static void build(void *object)
{
	if (buildings.nr < MAX_BUILDINGS)
		buildings.at[buildings.nr] = object;
	buildings.nr++;
	memset(object, BUILT, buildings.size);
}

static struct kmem_cache *built_cache(struct kunit *test, const char *name, unsigned int size,
				      slab_flags_t flags)
{
	buildings.nr = 0;
	buildings.size = size;
	return kmem_private_cache(test, name, size, flags, build);
}

/* How often was the place of an object built upon? */
static unsigned int times_built(const void *object)
{
	unsigned int i, times = 0;

	for (i = 0; i < min_t(unsigned int, buildings.nr, MAX_BUILDINGS); i++)
		times += buildings.at[i] == object;
	return times;
}

static unsigned int count_spoilt(struct kmem_batch *batch)
{
	unsigned int i, spoilt = 0;

	for (i = 0; i < batch->nr; i++)
		spoilt += !!memchr_inv(batch->objects[i], BUILT, buildings.size);
	return spoilt;
}

/*
 * The constructor runs once for each object of a new slab, free ones included,
 * and before anybody gets one. Source: kernel-doc of kmem_cache_create(), "run
 * when new pages are allocated by the cache".
 */
static void constructor_runs_once_per_object(struct kunit *test)
{
	const struct kind *kind = the_kind(test);
	struct kmem_cache *cache = built_cache(test, "kmem_built", OBJECT_SIZE, kind->flags);
	struct kmem_batch *batch;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, buildings.nr, 0);
	batch = kmem_take(test, cache, MANY);
	KUNIT_EXPECT_GE(test, buildings.nr, MANY);
	KUNIT_EXPECT_LE(test, buildings.nr, MAX_BUILDINGS);
	KUNIT_EXPECT_EQ(test, count_spoilt(batch), 0);
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_EQ_MSG(test, times_built(batch->objects[i]), 1, "object %u", i);
	if (slabinfo_is_there())
		KUNIT_EXPECT_EQ(test, slabinfo(test, "kmem_built").num_objs, buildings.nr);
}

/*
 * An object that is freed and handed out again is not constructed again: what
 * the constructor built is still there, whole, whatever the flags of the cache
 * and of the boot. Source: Documentation/core-api/memory-allocation.rst,
 * slab_want_init_on_free(), and calculate_sizes(), which keeps free pointer and
 * poison out of constructed objects.
 */
static void what_constructor_built_survives_reuse(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 8, 24, 65, 512, 1000 };
	const struct kind *kind = the_kind(test);
	unsigned int i, j, back;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct kmem_cache *cache = built_cache(test, "kmem_built", sizes[i], kind->flags);
		struct kmem_batch *old = kmem_take(test, cache, 128), *new;
		void *freed[64];

		for (j = 0; j < 64; j++)
			freed[j] = old->objects[2 * j];
		free_half(cache, old);
		new = kmem_take(test, cache, 256);
		KUNIT_EXPECT_EQ_MSG(test, count_spoilt(new), 0, "size %u", sizes[i]);

		for (j = 0, back = 0; j < 64; j++) {
			if (!kmem_count(new, freed[j]))
				continue;
			KUNIT_EXPECT_EQ_MSG(test, times_built(freed[j]), 1, "size %u, object %u",
					    sizes[i], j);
			back++;
		}
		KUNIT_EXPECT_GE_MSG(test, back, 32, "size %u: too few came back", sizes[i]);
		kmem_give_back(test, old);
		kmem_give_back(test, new);
		kmem_private_cache_destroy(test, cache);
	}
}

/*
 * New slabs are constructed, also on pages that were this cache's before: after
 * a shrink, even objects that were spoilt and freed are as the constructor
 * builds them. Source: allocate_slab() and setup_object().
 */
static void constructor_runs_again_for_new_slabs(struct kunit *test)
{
	struct kmem_cache *cache = built_cache(test, "kmem_rebuilt", OBJECT_SIZE, 0);
	struct kmem_batch *batch = kmem_take(test, cache, MANY);
	unsigned int i, before = buildings.nr;

	for (i = 0; i < MANY; i++)
		memset(batch->objects[i], 0x77, OBJECT_SIZE);
	kmem_give_back(test, batch);
	KUNIT_EXPECT_EQ(test, kmem_cache_shrink(cache), 0);
	batch = kmem_take(test, cache, MANY);
	KUNIT_EXPECT_GE(test, buildings.nr, before + MANY);
	KUNIT_EXPECT_EQ(test, count_spoilt(batch), 0);
}

/*
 * The end of a cache
 */

/* To destroy no cache is to do nothing. Source: kmem_cache_destroy(). */
static void destroy_of_null_does_nothing(struct kunit *test)
{
	KMEM_EXPECT_SILENCE(test, kmem_cache_destroy(NULL));
}

/*
 * Caches that were merged are destroyed one by one: the objects of the others
 * live on. Source: kmem_cache_destroy(), which counts references.
 */
static void merged_caches_outlive_each_other(struct kunit *test)
{
	struct kmem_cache *first, *second;
	struct kmem_batch *batch;

	first = kmem_cache_create("kmem_twin_1", 328, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, first);
	second = kmem_cache_create("kmem_twin_2", 328, 0, 0, NULL);
	if (first != second) {
		kmem_cache_destroy(first);
		kmem_cache_destroy(second);
		kunit_skip(test, "needs CONFIG_SLAB_MERGE_DEFAULT=y and no slab_debug=");
	}
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy_cache, second), 0);

	batch = kmem_take(test, second, MANY);
	mark(batch, 328);
	KMEM_EXPECT_SILENCE(test, kmem_cache_destroy(first));
	kmem_give_back(test, kmem_take(test, second, MANY));
	KUNIT_EXPECT_EQ(test, count_overwritten(batch, 328), 0);
	kmem_give_back(test, batch);
	KMEM_EXPECT_SILENCE(test, kunit_release_action(test, destroy_cache, second));
}

/* How many objects are left in a cache that is destroyed. */
static const struct leak {
	const char *name, *cache;
	unsigned int nr;
	slab_flags_t flags;
} leaks[] = {
	{ "one", "kmem_left_1", 1 },
	{ "three", "kmem_left_3", 3 },
	{ "three_with_all_checks", "kmem_left_checked", 3, ALL_CHECKS },
};

KUNIT_ARRAY_PARAM_DESC(leak, leaks, name);

/* Not with the case, but for good: its objects are never freed. */
static struct kmem_cache *leaky_cache(struct kunit *test, const struct leak *leak, void **left)
{
	struct kmem_cache *cache;
	unsigned int i;

	if (leak->flags)
		KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_cache_create(leak->cache, OBJECT_SIZE, 0, leak->flags | PRIVATE, NULL);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	for (i = 0; i < leak->nr; i++) {
		do {
			left[i] = kmem_cache_alloc(cache, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, left[i]);
			/* KFENCE's objects are in no slab of this cache, so not left there */
		} while (is_kfence_address(left[i]));
		memset(left[i], 0x77, OBJECT_SIZE);
	}
	return cache;
}

static unsigned int count_text(const char *text, const char *wanted)
{
	unsigned int count = 0;

	while ((text = strstr(text, wanted))) {
		text += strlen(wanted);
		count++;
	}
	return count;
}

/*
 * The destruction of a cache with live objects is reported: one warning that
 * names the cache and the caller and, with SLUB_DEBUG, one bug for each slab
 * that tells how many objects are left and which. Source: kmem_cache_destroy(),
 * list_slab_objects().
 */
static void destroy_with_live_objects_is_reported(struct kunit *test)
{
	const struct leak *leak = test->param_value;
	const struct kmem_report *report;
	struct kmem_cache *cache;
	void *left[3];
	unsigned int i;

	cache = leaky_cache(test, leak, left);
	report = KMEM_CAPTURE(test, kmem_cache_destroy(cache));
	kmem_expect_heads(test, report, "kmem_cache_destroy()",
			  IS_ENABLED(CONFIG_SLUB_DEBUG) ? 1 : 0, 1);
	kmem_expect_text(test, report,
			 "kmem_cache_destroy %s: Slab cache still has objects when called from",
			 leak->cache);
	if (IS_ENABLED(CONFIG_SLUB_DEBUG)) {
		kmem_expect_text(test, report, "BUG %s (", leak->cache);
		kmem_expect_text(test, report, "): Objects remaining ");
		kmem_expect_text(test, report, " used=%u ", leak->nr);
		for (i = 0; i < leak->nr; i++)
			kmem_expect_text(test, report, "Object 0x%p @offset=", left[i]);
		KUNIT_EXPECT_EQ(test, count_text(report->text, "Object 0x"), leak->nr);
		KUNIT_EXPECT_EQ(test, count_text(report->text, "Allocated in leaky_cache+"),
				leak->flags && IS_ENABLED(CONFIG_KALLSYMS) ? leak->nr : 0);
	}
}

/*
 * The destruction of a cache with live objects is survivable: what is left is
 * as it was, because its owner may use it yet, and other caches go on. The name
 * stays with what is left of the cache up to 6.11, and is free for another cache
 * since 6.12. Source: kmem_cache_destroy(), shutdown_cache() (6.1).
 */
static void destroy_with_live_objects_is_survivable(struct kunit *test)
{
	static const struct leak leak = { .cache = "kmem_left_behind", .nr = 3 };
	struct kmem_cache *cache, *other;
	struct kmem_batch *batch;
	void *left[3];
	unsigned int i;

	cache = leaky_cache(test, &leak, left);
	KMEM_CAPTURE(test, kmem_cache_destroy(cache));

	other = kmem_private_cache(test, "kmem_other", OBJECT_SIZE, 0, NULL);
	batch = kmem_take(test, other, 4 * MANY);
	mark(batch, OBJECT_SIZE);
	for (i = 0; i < leak.nr; i++) {
		KUNIT_EXPECT_NULL(test, memchr_inv(left[i], 0x77, OBJECT_SIZE));
		KUNIT_EXPECT_EQ(test, kmem_count(batch, left[i]), 0);
		memset(left[i], 0x88, OBJECT_SIZE);
	}
	KUNIT_EXPECT_EQ(test, count_overwritten(batch, OBJECT_SIZE), 0);

	if (!slabinfo_is_there())
		return;
	KUNIT_EXPECT_EQ(test, slabinfo(test, leak.cache).lines, failed_destroy_keeps_the_name());
	if (!failed_destroy_keeps_the_name()) {
		other = kmem_private_cache(test, leak.cache, OBJECT_SIZE, 0, NULL);
		kmem_give_back(test, kmem_take(test, other, MANY));
		KUNIT_EXPECT_EQ(test, slabinfo(test, leak.cache).lines, 1);
	}
}

/*
 * Arguments
 */

/* Expect that no cache came of it, and that this was reported as no more than that. */
static void expect_refusal(struct kunit *test, const struct kmem_report *report,
			   struct kmem_cache *cache, const char *name, int error)
{
	kmem_expect_heads(test, report, "kmem_cache_create()", 0, 0);
	kmem_expect_text(test, report, "(%s) failed with error %d", name, error);
	KUNIT_EXPECT_NULL(test, cache);
	kmem_cache_destroy(cache);
}

/*
 * A cache without a name is refused. Source: kmem_cache_sanity_check() with
 * CONFIG_DEBUG_VM; else kmem_cache_create(), which cannot copy the name.
 */
static void null_name_is_refused(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_cache *cache = NULL;

	report = KMEM_CAPTURE(test, cache = kmem_cache_create(NULL, OBJECT_SIZE, 0, PRIVATE, NULL));
	expect_refusal(test, report, cache, "(null)",
		       IS_ENABLED(CONFIG_DEBUG_VM) ? -EINVAL : -ENOMEM);
}

/*
 * Objects larger than KMALLOC_MAX_SIZE are refused, and those of just this size
 * are not. Source: kmem_cache_sanity_check() with CONFIG_DEBUG_VM; else
 * calculate_order(), which finds no slab for them.
 */
static void too_large_objects_are_refused(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_cache *cache = NULL;
	void *object;

	report = KMEM_CAPTURE(test, cache = kmem_cache_create("kmem_large", KMALLOC_MAX_SIZE + 1, 0,
							      PRIVATE, NULL));
	expect_refusal(test, report, cache, "kmem_large", -EINVAL);
	cache = kmem_private_cache(test, "kmem_large", KMALLOC_MAX_SIZE, 0, NULL);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	memset(object, 0x77, KMALLOC_MAX_SIZE);
	kmem_cache_free(cache, object);
}

/*
 * Flags that are no caller's business are refused. Source: kmem_cache_create(),
 * SLAB_FLAGS_PERMITTED, which the topmost bit is not in.
 */
static void unknown_flags_are_refused(struct kunit *test)
{
	slab_flags_t topmost = (__force slab_flags_t)BIT(31);
	const struct kmem_report *report;
	struct kmem_cache *cache = NULL;

	report = KMEM_CAPTURE(test, cache = kmem_cache_create("kmem_topmost", OBJECT_SIZE, 0,
							      PRIVATE | topmost, NULL));
	expect_refusal(test, report, cache, "kmem_topmost", -EINVAL);
}

/*
 * A cache cannot be created in interrupt context, which includes disabled
 * bottom halves. Source: kernel-doc of kmem_cache_create(), "Cannot be called
 * within a interrupt", and kmem_cache_sanity_check().
 */
static void creation_in_interrupt_is_refused(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_cache *cache = NULL;

	KMEM_REQUIRE(test, CONFIG_DEBUG_VM);
	report = KMEM_CAPTURE(test, {
		local_bh_disable();
		cache = kmem_cache_create("kmem_interrupt", OBJECT_SIZE, 0, PRIVATE, NULL);
		local_bh_enable();
	});
	KUNIT_EXPECT_NULL(test, cache);
	kmem_expect_text(test, report,
			 "kmem_cache_create(kmem_interrupt) integrity check failed");
	kmem_cache_destroy(cache);
}

/*
 * A name with a space in it is warned about, as "it confuses parsers" of
 * /proc/slabinfo; the cache is created. Source: kmem_cache_sanity_check().
 */
static void name_with_a_space_is_reported(struct kunit *test)
{
	struct kmem_cache *cache = NULL;

	KMEM_REQUIRE(test, CONFIG_DEBUG_VM);
	KMEM_EXPECT_WARN(test,
			 cache = kmem_cache_create("kmem space", OBJECT_SIZE, 0, PRIVATE, NULL),
			 "mm/slab_common.c:");
	KUNIT_EXPECT_NOT_NULL(test, cache);
	kmem_cache_destroy(cache);
}

static const struct region {
	const char *name;
	unsigned int offset, size;
} regions[] = {
	{ "too_large", 0, OBJECT_SIZE + 1 },
	{ "ends_beyond", OBJECT_SIZE - 1, 2 },
	{ "begins_beyond", OBJECT_SIZE + 1, 1 },
	{ "empty_but_not_at_0", 8, 0 },
	{ "wraps_around", UINT_MAX, 2 },
};

KUNIT_ARRAY_PARAM_DESC(region, regions, name);

/*
 * A region for user copies that does not lie in the object is warned about, and
 * the cache gets none at all. Source: kmem_cache_create_usercopy(), "Fail closed
 * on bad usersize of useroffset values".
 */
static void bad_usercopy_region_fails_closed(struct kunit *test)
{
	const struct region *region = test->param_value;
	struct kmem_cache *cache = NULL;

	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	KMEM_EXPECT_WARN(test,
			 cache = kmem_cache_create_usercopy("kmem_region", OBJECT_SIZE, 0, PRIVATE,
							    region->offset, region->size, NULL),
			 "mm/slab_common.c:");
	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy_cache, cache), 0);
	KUNIT_EXPECT_EQ(test, sysfs_number(test, "kmem_region", "usersize"), 0);
}

/*
 * A region for user copies that lies in the object is kept, and no more.
 * Source: kmem_cache_create_usercopy().
 */
static void good_usercopy_region_is_kept(struct kunit *test)
{
	struct kmem_cache *cache;

	KMEM_REQUIRE(test, CONFIG_HARDENED_USERCOPY);
	cache = kmem_cache_create_usercopy("kmem_region", OBJECT_SIZE, 0, PRIVATE, OBJECT_SIZE - 8,
					   8, NULL);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy_cache, cache), 0);
	KUNIT_EXPECT_EQ(test, sysfs_number(test, "kmem_region", "usersize"), 8);
}

static struct kunit_case kmem_cache_cases[] = {
	KUNIT_CASE(name_shows_in_slabinfo),
	KUNIT_CASE(name_may_be_used_again),
	KUNIT_CASE(name_is_copied),
	KUNIT_CASE(second_cache_of_a_name_is_separate),
	KUNIT_CASE(slabinfo_figures_agree),
	KUNIT_CASE(slabinfo_counts_objects),
	KUNIT_CASE(shrink_spares_live_objects),
	KUNIT_CASE_PARAM(flag_is_kept, shown_flag_gen_params),
	KUNIT_CASE_PARAM(objects_are_usable_to_the_last_byte, kind_gen_params),
	KUNIT_CASE_PARAM(objects_are_aligned, kind_gen_params),
	KUNIT_CASE(hwcache_align_saves_cache_lines),
	KUNIT_CASE(odd_alignment_does_no_harm),
	KUNIT_CASE(many_objects_are_distinct),
	KUNIT_CASE_PARAM(objects_can_be_had_in_any_context, context_gen_params),
	KUNIT_CASE(failed_allocation_gives_null),
	KUNIT_CASE_PARAM(constructor_runs_once_per_object, kind_gen_params),
	KUNIT_CASE_PARAM(what_constructor_built_survives_reuse, kind_gen_params),
	KUNIT_CASE(constructor_runs_again_for_new_slabs),
	KUNIT_CASE(destroy_of_null_does_nothing),
	KUNIT_CASE(merged_caches_outlive_each_other),
	KUNIT_CASE_PARAM(destroy_with_live_objects_is_reported, leak_gen_params),
	KUNIT_CASE(destroy_with_live_objects_is_survivable),
	KUNIT_CASE(null_name_is_refused),
	KUNIT_CASE(too_large_objects_are_refused),
	KUNIT_CASE(unknown_flags_are_refused),
	KUNIT_CASE(creation_in_interrupt_is_refused),
	KUNIT_CASE(name_with_a_space_is_reported),
	KUNIT_CASE_PARAM(bad_usercopy_region_fails_closed, region_gen_params),
	KUNIT_CASE(good_usercopy_region_is_kept),
	{}
};

static struct kunit_suite kmem_cache_suite = {
	.name = "kmem_cache",
	.suite_exit = unmount_all,
	.init = kmem_suite_init,
	.test_cases = kmem_cache_cases,
};

kunit_test_suite(kmem_cache_suite);

MODULE_DESCRIPTION("KUnit tests for the life of a kmem_cache");
MODULE_LICENSE("GPL");
