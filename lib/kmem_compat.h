/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What older kernels lack of the names that the suites use.
 *
 * The suites are written for the newest kernel. This header and kmem_series.h,
 * and nothing else, know that others exist: here an older series is mapped onto
 * the newest one's names, by looking for the feature itself. Where the series
 * promise different behaviour, kmem_series.h has a predicate.
 */
#ifndef _KMEM_COMPAT_H
#define _KMEM_COMPAT_H

/* what it is for stands behind each, unless it is for all; with () if the suites call it, too */
#include <kunit/test.h>
#include <linux/cleanup.h>	/* kfree_sensitive kvfree kvfree_atomic */
#include <linux/completion.h>	/* kunit_add_action_or_reset */
#include <linux/dcache.h>	/* kmem_mkdir */
#include <linux/device.h>	/* devres_for_each_res devm_is_action_added devm_free_percpu */
#include <linux/err.h>		/* kmem_mkdir */
#include <linux/fs.h>		/* kmem_mkdir */
#include <linux/kthread.h>	/* kunit_add_action_or_reset kmem_compat_vm_mmap */
#include <linux/list_lru.h>	/* KMEM_LRU_WALK_CB */
#include <linux/mempool.h>	/* mempool_is_saturated mempool_alloc_bulk */
#include <linux/mm.h>		/* kmem_compat_vm_mmap */
#include <linux/mman.h>		/* kmem_compat_vm_mmap */
#include <linux/namei.h>	/* kmem_mkdir */
#include <linux/overflow.h>	/* kvcalloc_node devm_krealloc_array */
#include <linux/rcupdate.h>	/* kmem_kfree_rcu_barrier */
#include <linux/sched/mm.h>	/* kmem_compat_vm_mmap */
#include <linux/sched/signal.h>	/* kmem_compat_vm_mmap */
#include <linux/slab.h>
#include <linux/string.h>	/* kvmemdup */
#include <linux/string_helpers.h>	/* kstrdup_and_replace */
#include <linux/vmalloc.h>	/* kmem_vrealloc */

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

struct kmem_compat_cleanup {
	struct kmem_compat_action *action;
	struct completion done;
};

static inline int kmem_compat_clean_up(void *context)
{
	struct kmem_compat_cleanup *cleanup = context;

	cleanup->action->action(cleanup->action->context);
	kthread_complete_and_exit(&cleanup->done, 0);
}

/* After a case that was aborted, it is init that cleans up: no kernel thread, as cases are. */
static inline void kmem_compat_action_run(struct kunit_resource *resource)
{
	struct kmem_compat_action *action = resource->data;
	struct kmem_compat_cleanup cleanup = {
		.action = action,
		.done = COMPLETION_INITIALIZER_ONSTACK(cleanup.done),
	};

	if (!(current->flags & PF_KTHREAD) &&
	    !IS_ERR(kthread_run(kmem_compat_clean_up, &cleanup, "kmem_cleanup")))
		wait_for_completion(&cleanup.done);
	else
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

/*
 * 6.12 brought struct kmem_cache_args, and the form of kmem_cache_create() that
 * takes one, or NULL: kmem_cache_create_with(name, size, args, flags).
 */
#ifdef kmem_cache_create
#define kmem_cache_create_with(name, size, args, flags)			\
	kmem_cache_create(name, size, args, flags)
#else
struct kmem_cache_args {
	unsigned int align, useroffset, usersize, freeptr_offset;
	bool use_freeptr_offset;
	void (*ctor)(void *object);
};

static inline struct kmem_cache *kmem_cache_create_with(const char *name, unsigned int size,
							const struct kmem_cache_args *args,
							slab_flags_t flags)
{
	static const struct kmem_cache_args defaults;

	args = args ?: &defaults;
	return kmem_cache_create_usercopy(name, size, args->align, flags, args->useroffset,
					  args->usersize, args->ctor);
}
#endif

/* 7.0 brought sheaves for all; before, there is no capacity to ask for. */
#ifdef SLAB_NO_SHEAVES
#define kmem_args_set_sheaf_capacity(args, capacity)	((args)->sheaf_capacity = (capacity))
#else
#define kmem_args_set_sheaf_capacity(args, capacity)	((void)(args), (void)(capacity))
#endif

/**
 * kmem_mkdir() - Make a folder in a filesystem that is mounted inside of the kernel only.
 * @parent: where
 * @name: its name
 *
 * 6.16's lookups by &struct qstr do their own locking; 6.3 brought mount idmaps,
 * for which 6.8's macro stands here. kmem_rmdir() removes one that is empty.
 *
 * Return: 0, or a negative error code.
 */
#ifdef QSTR_LEN
static inline int kmem_mkdir(struct dentry *parent, const char *name)
{
	struct dentry *dentry = start_creating_noperm(parent, &QSTR(name));

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	dentry = vfs_mkdir(&nop_mnt_idmap, d_inode(parent), dentry, 0755, NULL);
	end_creating(dentry);
	return PTR_ERR_OR_ZERO(dentry);
}

static inline int kmem_rmdir(struct dentry *parent, const char *name)
{
	struct dentry *dentry = start_removing_noperm(parent, &QSTR(name));
	int err;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	err = vfs_rmdir(&nop_mnt_idmap, d_inode(parent), dentry, NULL);
	end_removing(dentry);
	return err;
}
#else
#ifdef KUNIT_DEFINE_ACTION_WRAPPER
#define KMEM_IDMAP	(&nop_mnt_idmap)
#else
#define KMEM_IDMAP	(&init_user_ns)
#endif

static inline int kmem_mkdir(struct dentry *parent, const char *name)
{
	struct dentry *dentry;
	int err;

	inode_lock_nested(d_inode(parent), I_MUTEX_PARENT);
	dentry = lookup_one_len(name, parent, strlen(name));
	err = PTR_ERR_OR_ZERO(dentry);
	if (!err)
		err = d_is_positive(dentry) ? -EEXIST :
					      vfs_mkdir(KMEM_IDMAP, d_inode(parent), dentry,
							0755);
	inode_unlock(d_inode(parent));
	if (!IS_ERR(dentry))
		dput(dentry);
	return err;
}

static inline int kmem_rmdir(struct dentry *parent, const char *name)
{
	struct dentry *dentry;
	int err;

	inode_lock_nested(d_inode(parent), I_MUTEX_PARENT);
	dentry = lookup_one_len(name, parent, strlen(name));
	err = PTR_ERR_OR_ZERO(dentry);
	if (!err)
		err = vfs_rmdir(KMEM_IDMAP, d_inode(parent), dentry);
	inode_unlock(d_inode(parent));
	if (!IS_ERR(dentry))
		dput(dentry);
	return err;
}
#endif

/*
 * 6.4 brought kvmemdup(), 6.6 kstrdup_and_replace(), 6.8 kmemdup_array() and the
 * macro that tells.
 */
#ifndef KUNIT_DEFINE_ACTION_WRAPPER
static inline void *kmem_compat_kvmemdup(const void *src, size_t len, gfp_t gfp)
{
	void *copy = kvmalloc(len, gfp);

	return copy ? memcpy(copy, src, len) : NULL;
}

static inline char *kmem_compat_kstrdup_and_replace(const char *src, char old, char new,
						    gfp_t gfp)
{
	char *copy = kstrdup(src, gfp);

	if (copy)
		strreplace(copy, old, new);
	return copy;
}

#define kvmemdup(src, len, gfp)		kmem_compat_kvmemdup(src, len, gfp)
#define kmemdup_array(src, n, size, gfp) kmemdup(src, size_mul(size, n), gfp)
#define kstrdup_and_replace(src, old, new, gfp) \
	kmem_compat_kstrdup_and_replace(src, old, new, gfp)
#endif

/* 6.8 gave other arguments to the functions of these names up to 6.7. */
#ifndef KUNIT_DEFINE_ACTION_WRAPPER
#define list_lru_add_obj(lru, item)	list_lru_add(lru, item)
#define list_lru_del_obj(lru, item)	list_lru_del(lru, item)
#endif

/*
 * A function that list_lru_walk_one() calls has the arguments item, list and context, and
 * returns LRU_REMOVED_RETRY without the lock; up to 6.12, it was given the lock as well,
 * and had it when it returned. SLAB_NO_SHEAVES is of 7.x.
 */
#ifdef SLAB_NO_SHEAVES
#define KMEM_LRU_WALK_CB(name)						\
	enum lru_status name(struct list_head *item, struct list_lru_one *list, void *context)
#define kmem_lru_unlock(list)	spin_unlock(&(list)->lock)
#else
#define KMEM_LRU_WALK_CB(name)						\
	enum lru_status name(struct list_head *item, struct list_lru_one *list, \
			     spinlock_t *lock, void *context)
#define kmem_lru_unlock(list)	((void)(list))
#endif

/* 7.2 brought list_lru_add_irq(), and the tokens of kmalloc(), which the preprocessor sees. */
#ifdef DECL_TOKEN_PARAMS
#define kmem_list_lru_add_irq(lru, item, nid)	list_lru_add_irq(lru, item, nid, NULL)
#else
#define kmem_list_lru_add_irq(lru, item, nid)	((void)(nid), list_lru_add_obj(lru, item))
#endif

/*
 * 6.7 brought devm_krealloc_array() and 6.14 devm_kmemdup_array(); the header
 * that tells is of 6.14, too, and of the stable kernels that took the latter.
 */
#if !__has_include("linux/device/devres.h")
static inline void *kmem_compat_devm_krealloc_array(struct device *dev, void *ptr, size_t n,
						    size_t size, gfp_t gfp)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return NULL;
	return devm_krealloc(dev, ptr, bytes, gfp);
}

#define devm_krealloc_array(dev, ptr, n, size, gfp) \
	kmem_compat_devm_krealloc_array(dev, ptr, n, size, gfp)
#define devm_kmemdup_array(dev, src, n, size, gfp) \
	devm_kmemdup(dev, src, size_mul(size, n), gfp)
#endif

/* 6.15 brought devm_kmemdup_const(); SLAB_NO_SHEAVES is of 7.x. */
#ifndef SLAB_NO_SHEAVES
static inline const void *kmem_compat_devm_kmemdup_const(struct device *dev, const void *src,
							 size_t len, gfp_t gfp)
{
	/* devm_kstrdup_const() knows what is read-only, as a module cannot */
	const void *shared = devm_kstrdup_const(dev, src, gfp);

	if (!shared || shared == src)
		return shared;
	devm_kfree(dev, shared);
	return devm_kmemdup(dev, src, len, gfp);
}

#define devm_kmemdup_const(dev, src, len, gfp) \
	kmem_compat_devm_kmemdup_const(dev, src, len, gfp)
#endif

/*
 * 6.11 brought user mappings for tests, and bucketed caches, whose macro can be
 * seen. Before 6.11, a test attaches its memory itself; for a module, what it takes
 * is not exported.
 */
static inline unsigned long kmem_compat_vm_mmap(struct kunit *test, size_t size)
{
	const unsigned long prot = PROT_READ | PROT_WRITE, flags = MAP_ANONYMOUS | MAP_PRIVATE;

	if (!IS_ENABLED(CONFIG_MMU))
		kunit_skip(test, "needs CONFIG_MMU=y");
#ifdef kmem_buckets_alloc
	return kunit_vm_mmap(test, NULL, 0, size, prot, flags, 0);
#elif defined(MODULE)
	kunit_skip(test, "needs Linux 6.11 for user mappings in a module");
	return 0;
#else
	if (!current->mm) {
		struct mm_struct *mm = mm_alloc();

		KUNIT_ASSERT_NOT_NULL(test, mm);
		mm->task_size = TASK_SIZE;
		arch_pick_mmap_layout(mm, &current->signal->rlim[RLIMIT_STACK]);
		/* dropped when this case's thread ends */
		kthread_use_mm(mm);
	}
	return vm_mmap(NULL, 0, size, prot, flags, 0);
#endif
}

/* 6.7 brought __free(kvfree). 6.1 has only __free(kfree), from its stable updates. */
#ifndef KUNIT_DEFINE_ACTION_WRAPPER
DEFINE_FREE(kvfree, void *, if (!IS_ERR_OR_NULL(_T)) kvfree(_T))
#endif

/* 6.11 brought kmem_buckets; before it, a case can only skip. */
#ifdef kmem_buckets_alloc
#define kmem_has_buckets()	true
#else
#define kmem_has_buckets()	false
#define kmem_buckets	typeof(struct kmem_cache *[KMALLOC_SHIFT_HIGH + 1])

static inline kmem_buckets *kmem_buckets_create(const char *name, slab_flags_t flags,
						unsigned int useroffset, unsigned int usersize,
						void (*ctor)(void *))
{
	return NULL;
}

static inline void *kmem_buckets_alloc(kmem_buckets *buckets, size_t size, gfp_t gfp)
{
	return NULL;
}

#define kmem_buckets_alloc_track_caller	kmem_buckets_alloc
#define kmem_buckets_valloc		kmem_buckets_alloc
#endif

/* 6.16 brought buckets on a node. */
#ifndef kmem_buckets_alloc_node_track_caller
#define kmem_buckets_alloc_node_track_caller(b, size, gfp, node)	\
	((void)(node), kmem_buckets_alloc_track_caller(b, size, gfp))
#endif

/* 6.10 brought arrays on a node. */
#ifndef kvcalloc_node
static inline void *kvcalloc_node(size_t n, size_t size, gfp_t gfp, int node)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return NULL;
	return kvmalloc_node(bytes, gfp | __GFP_ZERO, node);
}
#endif

/* 7.x brought kmalloc_nolock(); before it, a case can only skip. */
#ifdef kmalloc_nolock
#define kmem_has_nolock()	true
#define kmem_node_of(object) ({						\
	const struct slab *__slab = virt_to_slab(object);		\
									\
	__slab->slab_cache->per_node[slab_nid(__slab)].node;		\
})
#define kmem_slab_has_room(object) ({					\
	const struct slab *__slab = virt_to_slab(object);		\
									\
	__slab->inuse < __slab->objects;				\
})
#else
#define kmem_has_nolock()	false
#define kmem_node_of(object)	((void)(object), NULL)
#define kmem_slab_has_room(object)	((void)(object), false)

static inline void *kmalloc_nolock(size_t size, gfp_t gfp, int node)
{
	return NULL;
}

static inline void kfree_nolock(const void *memory)
{
}
#endif

/* 7.x's typed allocations, which updates of 6.12 have too; before, a case can only skip. */
#ifdef kmalloc_obj
#define kmem_has_typed_allocation()	true
#else
#define kmem_has_typed_allocation()	false
#define kmem_compat_no_obj(p, ...)	((typeof(p) *)NULL)
#define kmalloc_obj	kmem_compat_no_obj
#define kzalloc_obj	kmem_compat_no_obj
#define kvmalloc_obj	kmem_compat_no_obj
#define kvzalloc_obj	kmem_compat_no_obj
#define kmalloc_objs	kmem_compat_no_obj
#define kzalloc_objs	kmem_compat_no_obj
#define kvmalloc_objs	kmem_compat_no_obj
#define kvzalloc_objs	kmem_compat_no_obj
#define kmalloc_flex	kmem_compat_no_obj
#define kzalloc_flex	kmem_compat_no_obj
#define kvmalloc_flex	kmem_compat_no_obj
#define kvzalloc_flex	kmem_compat_no_obj
#endif

/*
 * The flags that kmem_cache_create() takes. SLAB_KMALLOC is left out: it is
 * taken since 6.12, but nobody's business.
 */
#define KMEM_PUBLIC_SLAB_FLAGS						\
	(SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER | \
	 SLAB_TRACE | SLAB_HWCACHE_ALIGN | SLAB_CACHE_DMA | SLAB_CACHE_DMA32 | \
	 SLAB_PANIC | SLAB_TYPESAFE_BY_RCU | SLAB_DEBUG_OBJECTS | SLAB_NOLEAKTRACE | \
	 SLAB_RECLAIM_ACCOUNT | SLAB_TEMPORARY | SLAB_ACCOUNT | SLAB_NO_USER_FLAGS | \
	 SLAB_NO_MERGE)

/* Where it still exists, SLAB_MEM_SPREAD is a public flag, too. */
static inline bool kmem_is_public_slab_flag(slab_flags_t flag)
{
#ifdef SLAB_MEM_SPREAD
	if (flag == SLAB_MEM_SPREAD)
		return true;
#endif
	return !!(flag & KMEM_PUBLIC_SLAB_FLAGS);
}

/* 6.18 brought alignment and node to the functions that reallocate. */
#ifdef krealloc_node_align
static inline bool kmem_has_node_align(void) { return true; }

#define kmem_vrealloc(p, size, flags)	vrealloc(p, size, flags)
#else
static inline bool kmem_has_node_align(void) { return false; }

/* it was not for modules, or not there */
#define kmem_vrealloc(p, size, flags)	((void)(p), (void)(size), (void)(flags), NULL)
#define vrealloc_node_align(p, size, align, flags, nid)			\
	((void)(align), (void)(nid), kmem_vrealloc(p, size, flags))

#define krealloc_node_align(p, size, align, flags, nid)			\
	((void)(align), (void)(nid), krealloc(p, size, flags))
#define kvmalloc_node_align(size, align, flags, nid)			\
	((void)(align), kvmalloc_node(size, flags, nid))
#define krealloc_node(p, size, flags, nid)				\
	((void)(nid), krealloc(p, size, flags))
#define kvrealloc_node(p, size, flags, nid)				\
	((void)(nid), kmem_kvrealloc(p, 0, size, flags))
#define kvrealloc_node_align(p, size, align, flags, nid)		\
	((void)(align), (void)(nid), kmem_kvrealloc(p, 0, size, flags))
#endif

/* 6.3 brought vmap()'s check for VM_FLUSH_RESET_PERMS; the macro that tells is of 6.8. */
static inline bool kmem_vmap_refuses_reset_of_permissions(void)
{
#ifdef KUNIT_DEFINE_ACTION_WRAPPER
	return true;
#else
	return false;
#endif
}

/* Until 6.11, kvrealloc() took the old size, and resized kmalloc() memory only by moving it. */
#ifdef vrealloc
static inline bool kmem_kvrealloc_in_place(void) { return true; }

#define kmem_kvrealloc(p, old_size, size, flags)			\
	((void)(old_size), kvrealloc(p, size, flags))
#else
static inline bool kmem_kvrealloc_in_place(void) { return false; }

#define kmem_kvrealloc(p, old_size, size, flags)	kvrealloc(p, old_size, size, flags)
#endif

/* 7.x declares it in drivers/base/base.h alone, and exports it as ever. */
void devres_for_each_res(struct device *dev, dr_release_t release, dr_match_t match,
			 void *match_data, void (*fn)(struct device *, void *, void *), void *data);

/* 7.x has no devm_free_percpu() any more; SLAB_NO_SHEAVES is of 7.x. */
#ifdef SLAB_NO_SHEAVES
#define kmem_has_devm_free_percpu()	false

static inline void devm_free_percpu(struct device *dev, void __percpu *memory)
{
}
#else
#define kmem_has_devm_free_percpu()	true
#endif

/*
 * 7.x can be asked whether a device has an action; before it, a case can only
 * skip. SLAB_NO_SHEAVES is the nearest thing that the preprocessor can see.
 */
#ifdef SLAB_NO_SHEAVES
#define kmem_can_ask_for_actions()	true
#else
#define kmem_can_ask_for_actions()	false

static inline bool devm_is_action_added(struct device *dev, void (*action)(void *), void *data)
{
	return false;
}

static inline int devm_remove_action_nowarn(struct device *dev, void (*action)(void *), void *data)
{
	return -EOPNOTSUPP;
}
#endif

/* 7.x brought __free(kfree_sensitive). */
#ifndef SLAB_NO_SHEAVES
DEFINE_FREE(kfree_sensitive, void *, kfree_sensitive(_T))
#endif

/* 7.2 brought kvfree_atomic(), and the tokens of kmalloc() with it. */
#ifdef DECL_TOKEN_PARAMS
static inline bool kmem_has_kvfree_atomic(void) { return true; }
#else
static inline bool kmem_has_kvfree_atomic(void) { return false; }

#define kvfree_atomic(p)	kvfree(p)
DEFINE_FREE(kvfree_atomic, void *, if (!IS_ERR_OR_NULL(_T)) kvfree(_T))
#endif

/*
 * kmem_cache_alloc_bulk() returns how many it has taken up to 6.19, and whether
 * it has taken them since: all or none of them, in either case.
 */
static inline bool kmem_alloc_bulk(struct kmem_cache *cache, gfp_t gfp, size_t nr, void **objects)
{
	return kmem_cache_alloc_bulk(cache, gfp, nr, objects);
}

#if !defined(SLAB_NO_SHEAVES) || defined(MODULE)
struct slab_sheaf;

static inline void *kmem_compat_no_sheaf(struct kmem_cache *cache, gfp_t gfp, const void *what,
					 unsigned int size)
{
	return NULL;
}

#define kmem_cache_prefill_sheaf(cache, gfp, size)			\
	((struct slab_sheaf *)kmem_compat_no_sheaf(cache, gfp, NULL, size))
#define kmem_cache_refill_sheaf(cache, gfp, sheaf, size)		\
	(kmem_compat_no_sheaf(cache, gfp, sheaf, size) ? 0 : -EINVAL)
#define kmem_cache_return_sheaf(cache, gfp, sheaf)			\
	((void)kmem_compat_no_sheaf(cache, gfp, sheaf, 0))
#define kmem_cache_sheaf_size(sheaf)					\
	(kmem_compat_no_sheaf(NULL, 0, sheaf, 0) ? 1U : 0U)
#undef kmem_cache_alloc_from_sheaf
#define kmem_cache_alloc_from_sheaf(cache, gfp, sheaf)			\
	kmem_compat_no_sheaf(cache, gfp, sheaf, 0)
#endif

/* 7.0 gave the flags of mappings a type. */
#ifndef EMPTY_VMA_FLAGS
#define EMPTY_VMA_FLAGS	0
#endif

/* 6.17 brought snapshots of pages. */
#ifdef PAGE_SNAPSHOT_FAITHFUL
#define kmem_can_snapshot_pages()	true
#else
#define kmem_can_snapshot_pages()	false
#define PAGE_SNAPSHOT_FAITHFUL		BIT(0)
#define PAGE_SNAPSHOT_PG_BUDDY		BIT(1)
#define snapshot_page(ps, page)		((void)(ps), (void)(page))
#define snapshot_page_is_faithful(ps)	((ps)->flags & PAGE_SNAPSHOT_FAITHFUL)

struct page_snapshot {
	struct folio folio_snapshot;
	struct page page_snapshot;
	unsigned long pfn, idx, flags;
};
#endif

/* Whether a node keeps sheaves of a cache, and has to; for users of mm/slab.h. */
#ifdef SLAB_NO_SHEAVES
#define kmem_node_keeps_sheaves(cache, nid)	(!!(cache)->per_node[nid].barn)
#define kmem_wants_sheaves(cache)		(!!(cache)->sheaf_capacity)
#else
#define kmem_node_keeps_sheaves(cache, nid)	((void)(cache), (void)(nid), false)
#define kmem_wants_sheaves(cache)		((void)(cache), false)
#endif

/* A cache with sheaves of a size of one's own choice, or with those that there are. */
static inline struct kmem_cache *kmem_create_with_sheaves(const char *name, unsigned int size,
							  unsigned int capacity, slab_flags_t flags,
							  void (*ctor)(void *))
{
#ifdef SLAB_NO_SHEAVES
	struct kmem_cache_args args = { .sheaf_capacity = capacity, .ctor = ctor };

	return kmem_cache_create(name, size, &args, flags);
#else
	return kmem_cache_create(name, size, 0, flags, ctor);
#endif
}

/* A cache with its free pointer where one wants it, or where the series puts it. */
static inline struct kmem_cache *kmem_create_with_freeptr(const char *name, unsigned int size,
							  unsigned int offset, slab_flags_t flags)
{
#ifdef kmem_cache_create
	struct kmem_cache_args args = { .freeptr_offset = offset, .use_freeptr_offset = true };

	return kmem_cache_create(name, size, &args, flags);
#else
	return kmem_cache_create(name, size, 0, flags, NULL);
#endif
}

/* kvfree_rcu_barrier() came with 6.12; modules cannot call it in 7.x. */
#if defined(kmem_cache_create) && !(defined(MODULE) && defined(SLAB_NO_SHEAVES))
#define KMEM_HAS_KVFREE_RCU_BARRIER
#endif

/**
 * kmem_require_kfree_rcu_barrier() - Skip a case that cannot wait for kfree_rcu().
 * @test: the test context
 *
 * For a case whose own cache must not go with objects that are still waiting.
 */
static inline void kmem_require_kfree_rcu_barrier(struct kunit *test)
{
#ifndef KMEM_HAS_KVFREE_RCU_BARRIER
	if (!IS_ENABLED(CONFIG_TINY_RCU))
		kunit_skip(test, "needs a kvfree_rcu_barrier() to be called");
#endif
}

/**
 * kmem_kfree_rcu_barrier() - Wait for all that was handed to kfree_rcu() to be freed.
 * @test: the test context; skipped if that is not possible
 *
 * Without kvfree_rcu_barrier(), rcu_barrier() does it where kfree_rcu() is no
 * more than call_rcu().
 */
static inline void kmem_kfree_rcu_barrier(struct kunit *test)
{
	kmem_require_kfree_rcu_barrier(test);
#ifdef KMEM_HAS_KVFREE_RCU_BARRIER
	kvfree_rcu_barrier();
#else
	rcu_barrier();
#endif
}

/**
 * kmem_kfree_rcu_barrier_on_cache() - As kmem_kfree_rcu_barrier(), for a single cache.
 * @test: the test context; skipped if there is no such function
 * @cache: the cache
 */
static inline void kmem_kfree_rcu_barrier_on_cache(struct kunit *test, struct kmem_cache *cache)
{
#if defined(SLAB_NO_SHEAVES) && !defined(MODULE)
	kvfree_rcu_barrier_on_cache(cache);
#else
	kunit_skip(test, "needs kvfree_rcu_barrier_on_cache(), and the suite built in");
#endif
}

/* 7.3 brought kfree_rcu_nolock() and its own kind of head; before it, a case can only skip. */
#ifdef kfree_rcu_nolock
#define kmem_has_kfree_rcu_nolock()	true
#define kmem_nolock_head		kvfree_rcu_head
#else
#define kmem_has_kfree_rcu_nolock()	false
#define kmem_nolock_head		rcu_head
#define kfree_rcu_nolock(memory, head)	kvfree_rcu(memory, head)
#endif

/* Until 6.13, a fragment larger than a page of the reserves is looked for without an end. */
#if __has_include("linux/page_frag_cache.h")
#include <linux/page_frag_cache.h>	/* page_frag_alloc() */
#define kmem_large_page_frag_ends()	true
#else
#define kmem_large_page_frag_ends()	false
#endif

/* 6.9 brought page_frag_cache_drain(), and 6.10 alloc_pages() as a macro. */
#ifdef alloc_pages
#define kmem_page_frag_cache_drain(cache)	page_frag_cache_drain(cache)
#else
static inline void kmem_page_frag_cache_drain(struct page_frag_cache *cache)
{
	if (cache->va)
		__page_frag_cache_drain(virt_to_head_page(cache->va), cache->pagecnt_bias);
	cache->va = NULL;
}
#endif

#ifndef alloc_pages_bulk
#define alloc_pages_bulk(gfp, nr, pages)	alloc_pages_bulk_array(gfp, nr, pages)
#endif

/*
 * 6.7 brought mempool_alloc_preallocated() and mempool_is_saturated(); 6.10's
 * macro is the nearest thing to them that the preprocessor can see.
 */
#ifdef mempool_create
#define KMEM_HAS_MEMPOOL_PREALLOCATED	true
#else
#define KMEM_HAS_MEMPOOL_PREALLOCATED	false
static inline bool mempool_is_saturated(mempool_t *pool)
{
	return READ_ONCE(pool->curr_nr) >= pool->min_nr;
}

static inline void *mempool_alloc_preallocated(mempool_t *pool)
{
	return NULL;
}
#endif

/* 6.12 */
#ifdef mempool_alloc_noreserve
#define KMEM_HAS_MEMPOOL_NORESERVE	true
#else
#define KMEM_HAS_MEMPOOL_NORESERVE	false
static inline void *mempool_alloc_noreserve(mempool_t *pool, gfp_t gfp)
{
	return NULL;
}
#endif

/* 7.0 */
#ifdef mempool_alloc_bulk
#define KMEM_HAS_MEMPOOL_BULK		true
#else
#define KMEM_HAS_MEMPOOL_BULK		false
static inline int mempool_alloc_bulk(mempool_t *pool, void **elements, unsigned int count)
{
	return -EOPNOTSUPP;
}

static inline unsigned int mempool_free_bulk(mempool_t *pool, void **elements,
					     unsigned int count)
{
	return 0;
}
#endif

/* Pools that kvmalloc() fills came with 6.10 and went with 7.0. */
#if defined(mempool_create) && !defined(mempool_alloc_bulk)
#define KMEM_HAS_MEMPOOL_KVMALLOC
#endif

/**
 * kmem_cache_kmalloc() - Allocate from a cache as kmalloc() does from its own.
 * @cache: with SLAB_KMALLOC
 * @size: what is asked for
 * @gfp: how
 *
 * Up to 6.1 no cache but kmalloc()'s own may have SLAB_KMALLOC, and there is no
 * red zone behind what was asked for: see kmem_requests_are_guarded().
 * kmem_buckets are of the release that gave the function its name.
 *
 * Return: the memory, or NULL.
 */
#ifdef kmem_buckets_alloc
#define kmem_cache_kmalloc(cache, size, gfp) \
	alloc_hooks(__kmalloc_cache_noprof(cache, gfp, size))
#else
#define kmem_cache_kmalloc(cache, size, gfp)	kmalloc_trace(cache, gfp, size)
#endif

/**
 * kmem_consoles_flush() - Wait until the consoles have printed, or passed over, all there is.
 *
 * Those of 8250 on 7.x print in a thread of their own, which console_unlock() does
 * not wait for. pr_flush() was not public on 6.1, and a module cannot call it.
 */
#if defined(KUNIT_DEFINE_ACTION_WRAPPER) && !defined(MODULE)
#define kmem_consoles_flush()	pr_flush(1000, true)
#else
#define kmem_consoles_flush()	({ console_lock(); console_unlock(); })
#endif

#include "kmem_series.h"

#endif /* _KMEM_COMPAT_H */
