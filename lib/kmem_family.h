/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Families: cgroups that are made for a case and removed with it.
 */
#ifndef _KMEM_FAMILY_H
#define _KMEM_FAMILY_H

#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/memcontrol.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "kmem_memcg.h"

#define FAMILY		"/kmem_kunit_family"
/* more than a CPU has stocks for */
#define MANY		8

/**
 * struct family - cgroups of one parent, which is there for the rest of the boot
 * @test: the test context
 * @parent: is below the root
 * @children: are below the parent, or each below the one before
 * @generations: it is the latter
 * @nr: how many there are
 * @nr_present: of them, those that are not removed
 * @dying: how many there were that some other case removed, and that are not gone
 */
struct family {
	struct kunit *test;
	struct mem_cgroup *parent, *children[MANY];
	bool generations;
	unsigned int nr, nr_present;
	unsigned long dying;
};

static inline const char *path_of_child(const struct family *family, unsigned int i)
{
	static char path[sizeof(FAMILY) + 2 * MANY];

	if (family->generations)
		snprintf(path, sizeof(path), FAMILY "%.*s", 2 * (i + 1), "/0/1/2/3/4/5/6/7");
	else
		snprintf(path, sizeof(path), FAMILY "/%u", i);
	return path;
}

static inline void remove_youngest(struct family *family)
{
	struct vfsmount *mnt = kern_mount(get_fs_type("cgroup2"));
	struct kunit *test = family->test;
	char folder[64], *name;
	struct file *parent;
	int err;

	KUNIT_ASSERT_FALSE(test, IS_ERR(mnt));
	strscpy(folder, path_of_child(family, --family->nr_present), sizeof(folder));
	name = strrchr(folder, '/');
	*name++ = '\0';
	parent = file_open_root_mnt(mnt, folder, O_RDONLY | O_DIRECTORY, 0);
	err = PTR_ERR_OR_ZERO(parent);
	if (!err) {
		err = kmem_rmdir(parent->f_path.dentry, name);
		__fput_sync(parent);
	}
	kern_unmount(mnt);
	KUNIT_EXPECT_EQ_MSG(test, err, 0, "cannot remove a cgroup");
}

/* As before, and wait until its parent has taken over. */
static inline void bury_youngest(struct family *family)
{
	const unsigned long end = jiffies + 2 * HZ;
	struct mem_cgroup *youngest;

	remove_youngest(family);
	youngest = family->children[family->nr_present];
	while (mem_cgroup_online(youngest) && time_before(jiffies, end))
		schedule_timeout_uninterruptible(1);
	KUNIT_ASSERT_FALSE(family->test, mem_cgroup_online(youngest));
}

static inline unsigned long nr_dying(struct kunit *test)
{
	return cgroup_figure(test, FAMILY "/cgroup.stat", "nr_dying_descendants");
}

/* A cgroup is in the stocks of a CPU for as long as others do not need the place. */
static inline void leave_stocks(struct family *family)
{
	unsigned long page;
	unsigned int i;

	for (i = 0; i < family->nr; i++) {
		set_active_memcg(family->children[i]);
		/* a stock without pages is not given back */
		free_page(__get_free_page(GFP_KERNEL_ACCOUNT));
	}
	set_active_memcg(family->parent);
	page = __get_free_page(GFP_KERNEL_ACCOUNT);
	/* On 6.x, it takes the place of the one before */
	kfree(kmalloc(sizeof(page), GFP_KERNEL_ACCOUNT));
	drain_stocks(family->test, FAMILY "/memory.high");
	free_page(page);
}

/* Remove the children, and wait until they are gone. None of them is active any more. */
static inline void disband(void *context)
{
	const unsigned long end = jiffies + 2 * HZ;
	struct family *family = context;

	if (!family->nr)
		return;
	leave_stocks(family);
	set_active_memcg(memcg);
	while (family->nr_present)
		remove_youngest(family);
	while (family->nr)
		mem_cgroup_put(family->children[--family->nr]);
	while (nr_dying(family->test) > family->dying && time_before(jiffies, end))
		schedule_timeout_uninterruptible(1);
	/* references are counted by CPU until a grace period has passed */
	rcu_barrier();
	KUNIT_EXPECT_LE_MSG(family->test, nr_dying(family->test), family->dying,
			    "removed cgroups that are not gone");
}

static inline struct family *found(struct kunit *test, unsigned int nr, bool generations)
{
	struct family *family = kunit_kzalloc(test, sizeof(*family), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, family);
	enter(test);
	family->test = test;
	family->generations = generations;
	family->parent = make_memcg(test, FAMILY);
	family->dying = nr_dying(test);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, disband, family), 0);
	for (; family->nr < nr; family->nr++, family->nr_present++)
		family->children[family->nr] = make_memcg(test, path_of_child(family, family->nr));
	return family;
}

static inline struct family *found_family(struct kunit *test, unsigned int nr)
{
	return found(test, nr, false);
}

static inline struct family *found_generations(struct kunit *test, unsigned int nr)
{
	return found(test, nr, true);
}

#endif /* _KMEM_FAMILY_H */
