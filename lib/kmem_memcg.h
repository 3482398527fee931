/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites about accounted memory share: memory cgroups of their own, and
 * what is charged to them.
 *
 * A cgroup is made once and kept for the rest of the boot, but for those that a case
 * removes. Charges are cached per CPU, so that a counter is right to within STOCK pages.
 */
#ifndef _KMEM_MEMCG_H
#define _KMEM_MEMCG_H

#include <kunit/test.h>
#include <linux/cgroup.h>
#include <linux/cpumask.h>
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/list_lru.h>
#include <linux/memcontrol.h>
#include <linux/mount.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include "kmem_kunit.h"

/* pages of a stock: MEMCG_CHARGE_BATCH, and two of bytes not yet given back, in it and beside it */
#define STOCK		66
/* no reclaim, so that nobody is killed when a limit is reached */
#define GFP_ATTEMPT	(GFP_NOWAIT | __GFP_NOWARN)

static struct mem_cgroup *memcg;

#ifdef CONFIG_MEMCG
static inline long pages_of(struct mem_cgroup *whose)
{
	return page_counter_read(&whose->memory);
}

static inline void set_limit(struct mem_cgroup *whose, unsigned long pages)
{
	xchg(&whose->memory.max, pages);
}

static inline struct mem_cgroup *memcg_of(struct cgroup *cgroup)
{
	return mem_cgroup_from_css(cgroup_get_e_css(cgroup, &memory_cgrp_subsys));
}
#else
static inline long pages_of(struct mem_cgroup *whose)
{
	return 0;
}

static inline void set_limit(struct mem_cgroup *whose, unsigned long pages)
{
}

static inline struct mem_cgroup *memcg_of(struct cgroup *cgroup)
{
	return NULL;
}
#endif

static inline long charged(void)
{
	return pages_of(memcg);
}

static inline void leave(void *old)
{
	set_active_memcg(old);
}

static inline int write_file(struct vfsmount *mnt, const char *path, const char *text)
{
	struct file *file = file_open_root_mnt(mnt, path, O_WRONLY, 0);
	ssize_t written;
	loff_t pos = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	written = kernel_write(file, text, strlen(text), &pos);
	__fput_sync(file);
	return min_t(ssize_t, written, 0);
}

/* Make a cgroup, unless it is there. */
static inline struct mem_cgroup *make_memcg(struct kunit *test, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	const int length = name - path;
	struct mem_cgroup *made;
	struct cgroup *cgroup;
	struct vfsmount *mnt;
	struct file *parent;
	char control[64];
	int err;

	mnt = kern_mount(get_fs_type("cgroup2"));
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(mnt), "cannot mount cgroup2");
	snprintf(control, sizeof(control), "%.*scgroup.subtree_control", length, path);
	err = write_file(mnt, control, "+memory");
	control[length] = '\0';
	parent = file_open_root_mnt(mnt, control, O_RDONLY | O_DIRECTORY, 0);
	if (!err)
		err = PTR_ERR_OR_ZERO(parent);
	if (!err)
		err = kmem_mkdir(parent->f_path.dentry, name);
	if (!IS_ERR(parent))
		__fput_sync(parent);
	kern_unmount(mnt);
	if (err == -EEXIST)
		err = 0;
	KUNIT_ASSERT_EQ_MSG(test, err, 0, "cannot make a cgroup");
	cgroup = cgroup_get_from_path(path);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cgroup));
	made = memcg_of(cgroup);
	KUNIT_ASSERT_NOT_NULL(test, made);
	cgroup_put(cgroup);
	return made;
}

/* A figure in a file of a cgroup, such as a line of memory.stat. */
static inline unsigned long cgroup_figure(struct kunit *test, const char *path, const char *name)
{
	const size_t size = SZ_16K;
	char *text = kunit_kzalloc(test, size, GFP_KERNEL), *line, key[32];
	struct vfsmount *mnt = kern_mount(get_fs_type("cgroup2"));
	unsigned long figure = 0;
	struct file *file;
	ssize_t length;
	int found;

	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_ASSERT_FALSE(test, IS_ERR(mnt));
	file = file_open_root_mnt(mnt, path, O_RDONLY, 0);
	length = IS_ERR(file) ? PTR_ERR(file) : kmem_file_read(file, text, size - 1);
	if (!IS_ERR(file))
		__fput_sync(file);
	kern_unmount(mnt);
	KUNIT_ASSERT_GT(test, length, 0);
	snprintf(key, sizeof(key), "%s ", name);
	line = strstr(text, key);
	KUNIT_ASSERT_NOT_NULL_MSG(test, line, "no %s in %s", name, path);
	found = sscanf(line + strlen(key), "%lu", &figure);
	KUNIT_ASSERT_EQ_MSG(test, found, 1, "%s", name);
	kunit_kfree(test, text);
	return figure;
}

/*
 * Have all CPUs give back what they have in stock for a cgroup and those below, this
 * one at once. Source: memory_high_write(), which begins with it.
 */
static inline void drain_stocks(struct kunit *test, const char *file)
{
	/* what is opened for it is on nobody's account */
	struct mem_cgroup *old = set_active_memcg(NULL);
	struct vfsmount *mnt = kern_mount(get_fs_type("cgroup2"));
	int err = PTR_ERR_OR_ZERO(mnt);

	if (!err) {
		err = write_file(mnt, file, "0") ?: write_file(mnt, file, "max");
		kern_unmount(mnt);
	}
	set_active_memcg(old);
	KUNIT_EXPECT_EQ_MSG(test, err, 0, "cannot write %s", file);
}

/* Skips the case where no memory is accounted. */
static inline void require_memcg(struct kunit *test)
{
	KMEM_REQUIRE(test, CONFIG_MEMCG);
	KMEM_REQUIRE_NOT(test, CONFIG_SLOB, "whose objects are on nobody's account");
	if (kmem_boot_has(test, "nokmem"))
		kunit_skip(test, "needs a boot without cgroup.memory=nokmem");
	if (!memcg)
		memcg = make_memcg(test, "/kmem_kunit");
}

/* From here to the end of the case, this task's accounted memory is our cgroup's. */
static inline void enter(struct kunit *test)
{
	struct mem_cgroup *old;
	unsigned int cpu;

	require_memcg(test);
	/* each CPU has a stock: all cases use the same */
	cpu = cpumask_first(cpu_online_mask);
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(cpu)), 0);
	old = set_active_memcg(memcg);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, leave, old), 0);
	/* what cases before have left to RCU, such as files of cgroups, is uncharged by then */
	rcu_barrier();
}

/*
 * Expect that many pages, up to slack more, and what is in stock: another CPU has one as
 * soon as it frees something of the cgroup's.
 */
static inline void expect_pages(struct kunit *test, long now, long pages, long slack,
				const char *when)
{
	const long stocks = num_online_cpus() * STOCK;

	KUNIT_EXPECT_GE_MSG(test, now, pages - stocks, "charged to the cgroup %s", when);
	KUNIT_EXPECT_LE_MSG(test, now, pages + slack + stocks, "charged to the cgroup %s", when);
}

static inline void expect_charged(struct kunit *test, long since, long pages, long slack,
				  const char *when)
{
	expect_pages(test, charged() - since, pages, slack, when);
}

static inline void destroy_list(void *lru)
{
	list_lru_destroy(lru);
}

/* Makes a list for each cgroup. */
static inline void make_lists(struct kunit *test, struct list_lru *lru)
{
	KUNIT_ASSERT_EQ(test, list_lru_init_memcg(lru, NULL), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy_list, lru), 0);
}

/* As before, and the cache of what may be on them. */
static inline struct kmem_cache *listed_cache(struct kunit *test, struct list_lru *lru,
					      slab_flags_t flags)
{
	make_lists(test, lru);
	return kmem_private_cache(test, "kmem_listed", sizeof(struct list_head),
				  SLAB_ACCOUNT | flags, NULL);
}

#endif /* _KMEM_MEMCG_H */
