/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the series promise different behaviour: one predicate for each such
 * place, so that a case can state both contracts side by side. Included by
 * kmem_compat.h.
 */
#ifndef _KMEM_SERIES_H
#define _KMEM_SERIES_H

/**
 * kmem_has_sheaves() - Do caches keep free objects in sheaves?
 *
 * 7.0 made sheaves the layer of each CPU, for all caches but those with debug
 * checks, and brought SLAB_NO_SHEAVES.
 *
 * Return: true if they do.
 */
static inline bool kmem_has_sheaves(void)
{
#ifdef SLAB_NO_SHEAVES
	return !IS_ENABLED(CONFIG_SLUB_TINY);
#else
	return false;
#endif
}

/**
 * kmem_has_cpu_slabs() - Does each CPU hold a slab of its own?
 *
 * Up to 6.19, the free objects of that slab count as used, and it is on no
 * list. 7.x has no such slabs: its caches have sheaves, or nothing for a CPU.
 * SLAB_NO_SHEAVES came with that.
 *
 * Return: true if CPUs have slabs.
 */
static inline bool kmem_has_cpu_slabs(void)
{
#ifdef SLAB_NO_SHEAVES
	return false;
#else
	return true;
#endif
}

/**
 * kmem_user_copies_are_bucketed() - What memdup_user() and its like allocate from.
 *
 * Since 6.11, with CONFIG_SLAB_BUCKETS, what user space fills is kept apart from
 * all else, in caches named after memdup_user().
 *
 * Return: true if it is, false if it is in the caches of kmalloc().
 */
static inline bool kmem_user_copies_are_bucketed(void)
{
#ifdef kmem_buckets_alloc
	return IS_ENABLED(CONFIG_SLAB_BUCKETS);
#else
	return false;
#endif
}

/**
 * kmem_kstrdup_adds_the_nul() - Where the NUL of kstrdup()'s copies is from.
 *
 * Up to 6.x, kstrdup() copies the NUL of its source, where there may be none any
 * more by then. __kmemdup_nul() of 7.x has "Ensure the buf is always NUL-terminated,
 * regardless of @s". SLAB_NO_SHEAVES is of 7.x.
 *
 * Return: true if it is added, false if it is copied.
 */
static inline bool kmem_kstrdup_adds_the_nul(void)
{
#ifdef SLAB_NO_SHEAVES
	return true;
#else
	return false;
#endif
}

/**
 * kmem_memdup_user_nul_is_hardened() - Does memdup_user_nul() do as memdup_user().
 *
 * Up to 6.x, memdup_user_nul() used plain kmalloc(), without a bucket, and with a
 * warning of its own for a size that user space may choose. SLAB_NO_SHEAVES is of
 * 7.x.
 *
 * Return: true if it allocates from a bucket, and silently.
 */
static inline bool kmem_memdup_user_nul_is_hardened(void)
{
#ifdef SLAB_NO_SHEAVES
	return true;
#else
	return false;
#endif
}

/**
 * kmem_cross_free_leaks() - What becomes of an object freed into the wrong cache.
 *
 * Up to 6.19, cache_from_obj() found the true cache and the object was freed
 * there. 7.x's kmem_cache_free() leaks it on purpose, for "it would be too
 * dangerous to continue". SLAB_NO_SHEAVES came with the same rework.
 *
 * Return: true if the object is leaked, false if it returns to its true cache.
 */
static inline bool kmem_cross_free_leaks(void)
{
#ifdef SLAB_NO_SHEAVES
	return true;
#else
	return false;
#endif
}

/**
 * kmem_double_free_cuts_freelist() - What a double free does before it is found.
 *
 * Up to 6.7, slab_free_freelist_hook() linked even a single object anew before
 * any check, so that an object that was free already lost what followed it on
 * the freelist. 6.8's slab_free() leaves a single object alone; the macro that
 * tells is of the same release.
 *
 * Return: true if the objects behind it are lost, false if it does no harm.
 */
static inline bool kmem_double_free_cuts_freelist(void)
{
#ifdef KUNIT_DEFINE_ACTION_WRAPPER
	return false;
#else
	return true;
#endif
}

/**
 * kmem_cache_needs_sysfs() - What becomes of a cache that sysfs has no memory for.
 *
 * Up to 6.x, kmem_cache_create() failed; 7.x has "Failing to create sysfs files is
 * not critical to SLUB functionality". SLAB_NO_SHEAVES is of 7.x.
 *
 * Return: true if there is no cache then, false if it has no files.
 */
static inline bool kmem_cache_needs_sysfs(void)
{
#ifdef SLAB_NO_SHEAVES
	return false;
#else
	return true;
#endif
}

/**
 * kmem_failed_sysfs_leaks_a_name() - What a creation that fails in sysfs leaves behind.
 *
 * Up to 6.x, the name of the kobject, which is a copy unless the cache's name is
 * constant: kobject_put() would free the cache as well, and so is not called. 7.x
 * calls it when the cache is destroyed.
 *
 * Return: true if it leaks that name.
 */
static inline bool kmem_failed_sysfs_leaks_a_name(void)
{
	return kmem_cache_needs_sysfs();
}

/**
 * kmem_failed_destroy_keeps_the_name() - What becomes of a name with live objects.
 *
 * A cache whose destruction failed kept its name up to 6.11. From 6.12 on, it
 * is off the list and out of sysfs at once; the same release made
 * kmem_cache_create() a macro.
 *
 * Return: true if the name is still taken, false if it is free.
 */
static inline bool kmem_failed_destroy_keeps_the_name(void)
{
#ifdef kmem_cache_create
	return false;
#else
	return true;
#endif
}

/**
 * kmem_duplicate_names_are_reported() - Does a second cache of a name make a warning?
 *
 * Two caches of one name are worth a WARN() to 6.12 and later, where
 * CONFIG_DEBUG_VM looks for them; the same release made kmem_cache_create() a
 * macro.
 *
 * Return: true if they are reported.
 */
static inline bool kmem_duplicate_names_are_reported(void)
{
#ifdef kmem_cache_create
	return IS_ENABLED(CONFIG_DEBUG_VM);
#else
	return false;
#endif
}

/**
 * kmem_has_freeptr_offset() - Can a cache say where its free pointer lies?
 * @with_ctor: a cache with a constructor, instead of one with SLAB_TYPESAFE_BY_RCU
 *
 * 6.12 brought freeptr_offset for SLAB_TYPESAFE_BY_RCU, 7.0 for constructors,
 * together with sheaves.
 *
 * Return: true if it can.
 */
static inline bool kmem_has_freeptr_offset(bool with_ctor)
{
#ifdef SLAB_NO_SHEAVES
	return true;
#elif defined(kmem_cache_create)
	return !with_ctor;
#else
	return false;
#endif
}

/**
 * kmem_merging_aligns() - What becomes of a cache that one with more alignment joins.
 *
 * find_mergeable() says "!(IS_ENABLED(CONFIG_SLAB) && align && ...)": SLAB's caches
 * stay as they are, so that it gets one of its own. SLUB's are aligned as it wants.
 *
 * Return: true if it shares the objects.
 */
static inline bool kmem_merging_aligns(void)
{
	return !IS_ENABLED(CONFIG_SLAB);
}

/**
 * kmem_checked_caches_merge() - May SLAB_CONSISTENCY_CHECKS be lost by merging?
 *
 * 7.0 made all debug flags prevent merging. Before, SLAB_CONSISTENCY_CHECKS did
 * not, and was not compared either.
 *
 * Return: true if a cache with this flag is merged with one without.
 */
static inline bool kmem_checked_caches_merge(void)
{
	return kmem_has_cpu_slabs();
}

/**
 * kmem_half_of_a_slab_may_be_waste() - How calculate_order() gives in.
 *
 * Up to 6.7, calculate_order() rather asked for fewer objects than that it
 * accepted more than a quarter of waste. The macro that tells is of 6.8.
 *
 * Return: true if it accepts a half.
 */
static inline bool kmem_half_of_a_slab_may_be_waste(void)
{
#ifdef KUNIT_DEFINE_ACTION_WRAPPER
	return true;
#else
	return false;
#endif
}

/**
 * kmem_failslab_can_be_switched() - Is /sys/kernel/slab/<cache>/failslab writable?
 *
 * It was read-only from 5.9 to 6.1, and is not any more where
 * kmem_cache_create() is a macro, as since 6.12.
 *
 * Return: true if it is.
 */
static inline bool kmem_failslab_can_be_switched(void)
{
#ifdef kmem_cache_create
	return true;
#else
	return false;
#endif
}

/**
 * kmem_dump_tells_the_size() - Does kmem_dump_obj() print the size of an object?
 *
 * 6.1 does not, 6.12 does, whose kmem_cache_create() is a macro.
 *
 * Return: true if it does.
 */
static inline bool kmem_dump_tells_the_size(void)
{
#ifdef kmem_cache_create
	return true;
#else
	return false;
#endif
}

/**
 * kmem_has_cache_charge() - Is there a kmem_cache_charge()?
 *
 * 6.12 brought it, and made kmem_cache_create() a macro.
 *
 * Return: whether it is there; where not, it is a function that refuses.
 */
#ifdef kmem_cache_create
static inline bool kmem_has_cache_charge(void)
{
	return true;
}
#else
static inline bool kmem_has_cache_charge(void)
{
	return false;
}

static inline bool kmem_cache_charge(void *object, gfp_t gfp)
{
	return false;
}
#endif

/**
 * kmem_kmalloc_aligns_to_divisor() - Which sizes kmalloc() promises to align.
 *
 * Up to 6.10, only powers of two were aligned to their size. 6.11 extended this
 * to all sizes, and brought kmem_buckets_alloc().
 *
 * Return: true if every object is aligned to the largest power of two that
 * divides its size, false if that is so for powers of two only.
 */
static inline bool kmem_kmalloc_aligns_to_divisor(void)
{
#ifdef kmem_buckets_alloc
	return true;
#else
	return false;
#endif
}

/**
 * kmem_roundup_keeps_too_large() - What kmalloc_size_roundup() makes of too large a size.
 *
 * Up to 6.6, it rounded up even what kmalloc() cannot give, and overflowed for
 * the largest sizes. 6.7 returns them as they are; the macro that tells is of 6.8.
 *
 * Return: true if they are returned unchanged.
 */
static inline bool kmem_roundup_keeps_too_large(void)
{
#ifdef KUNIT_DEFINE_ACTION_WRAPPER
	return true;
#else
	return false;
#endif
}

/**
 * kmem_kfree_checks_pages() - Does kfree() know the pages that kmalloc() gave?
 *
 * 6.15 gave the pages of large memory a type of their own. SLAB_NO_SHEAVES is
 * the next thing after it that the preprocessor can see.
 *
 * Return: true if it refuses all others, false if it knows them by size alone.
 */
static inline bool kmem_kfree_checks_pages(void)
{
#ifdef SLAB_NO_SHEAVES
	return true;
#else
	return false;
#endif
}

/**
 * kmem_flex_is_counted() - Does kmalloc_flex() set the counter of the array?
 *
 * 7.x sets what __counted_by() names, where the compiler can tell it. The
 * updates that brought kmalloc_flex() to 6.12 left this out.
 *
 * Return: true if it does.
 */
static inline bool kmem_flex_is_counted(void)
{
#if defined(__flex_counter) && !defined(CONFIG_CC_HAS_BROKEN_COUNTED_BY_REF)
	return __has_builtin(__builtin_counted_by_ref);
#else
	return false;
#endif
}

/**
 * kmem_krealloc_knows_request() - Whether krealloc() uses the size that was asked for.
 *
 * Where SLUB tracks it (SLAB_STORE_USER), 6.12's krealloc() gives that up, as it
 * calls ksize(). 7.x's keeps it exact, and with it the red zone behind it.
 *
 * Return: true if what is new to the caller is zeroed and guarded to the byte.
 */
static inline bool kmem_krealloc_knows_request(void)
{
	return kmem_has_node_align();
}

/**
 * kmem_krealloc_zeroes() - Whether krealloc() heeds __GFP_ZERO.
 *
 * "__GFP_ZERO flag is effectively ignored", says the documentation until 6.12,
 * which then says when it is not. 6.10's allocation profiling made krealloc() a
 * macro.
 *
 * Return: true if it does.
 */
static inline bool kmem_krealloc_zeroes(void)
{
#ifdef krealloc
	return true;
#else
	return false;
#endif
}

/**
 * kmem_kvmalloc_maps_at_once() - How far kvmalloc() goes to find contiguous memory.
 *
 * 6.x's kvmalloc() lets kmalloc() reclaim, and does not fall back to vmalloc()
 * where the caller may not sleep. 7.x's does neither, except that it lets
 * __GFP_RETRY_MAYFAIL reclaim.
 *
 * Return: true if it prefers mapped pages to reclaim, for those who may not sleep too.
 */
static inline bool kmem_kvmalloc_maps_at_once(void)
{
	return kmem_has_node_align();
}

/**
 * kmem_kvmalloc_names_caller() - Whether SLUB learns who called kvmalloc().
 *
 * Return: true if it does (7.x), false if it may be told of kvmalloc() itself (6.x).
 */
static inline bool kmem_kvmalloc_names_caller(void)
{
	return kmem_has_node_align();
}

/**
 * kmem_vmalloc_tells_of_its_array() - Whether vmalloc() says that its array of pages failed.
 *
 * 6.1 adds __GFP_NOWARN to the flags before it comes to that. 6.12's form of
 * kmem_cache_create() is later than what mended it.
 *
 * Return: true if it says so.
 */
static inline bool kmem_vmalloc_tells_of_its_array(void)
{
#ifdef kmem_cache_create
	return true;
#else
	return false;
#endif
}

/**
 * kmem_vrealloc_frees_the_tail() - What becomes of pages that a shrink leaves behind.
 *
 * Up to 6.x, they stayed mapped until the memory was freed. SLAB_NO_SHEAVES is of
 * 7.x.
 *
 * Return: true if they are unmapped and freed.
 */
static inline bool kmem_vrealloc_frees_the_tail(void)
{
#ifdef SLAB_NO_SHEAVES
	return true;
#else
	return false;
#endif
}

/**
 * kmem_can_call_sheaves() - Are there prefilled sheaves, and can we call for them?
 *
 * The functions came with the sheaves, and are not exported to modules.
 *
 * Return: true if so; else the functions are replaced by ones that give nothing.
 */
static inline bool kmem_can_call_sheaves(void)
{
#if defined(SLAB_NO_SHEAVES) && !defined(MODULE)
	return true;
#else
	return false;
#endif
}

/**
 * kmem_can_tell_orders() - Can we say slab_min_order= and slab_max_order= once more?
 *
 * 7.x made them parameters, which can be set as the boot does; up to 6.19, none but the
 * boot reads them. The parameters are not exported to modules.
 *
 * Return: true if so.
 */
static inline bool kmem_can_tell_orders(void)
{
#if defined(SLAB_NO_SHEAVES) && !defined(MODULE)
	return true;
#else
	return false;
#endif
}

/**
 * kmem_destroy_waits_for_kfree_rcu() - Does kmem_cache_destroy() wait for kfree_rcu()?
 *
 * It does so since 6.12, which brought kvfree_rcu_barrier() and made
 * kmem_cache_create() a macro. Before, one had to wait oneself.
 *
 * Return: true if it does.
 */
static inline bool kmem_destroy_waits_for_kfree_rcu(void)
{
#ifdef kmem_cache_create
	return true;
#else
	return false;
#endif
}

/**
 * kmem_mempool_without_minimum_holds_one() - What a mempool of min_nr 0 holds.
 *
 * Up to 6.19, nothing: all that is freed into it goes back to its allocator, and
 * who waits for an element is woken by nobody. 7.0 preallocates one element, in
 * the release that brought bulk allocation.
 *
 * Return: true if it holds one element, false if none.
 */
static inline bool kmem_mempool_without_minimum_holds_one(void)
{
#ifdef mempool_alloc_bulk
	return true;
#else
	return false;
#endif
}

/**
 * kmem_freelist_cycle_is_found() - Whether a freelist is checked for cycles.
 *
 * Up to 6.x, on_freelist() takes a cycle for a wrong count of objects, and what
 * comes next walks it for ever. 7.x has "Freelist cycle detected";
 * SLAB_NO_SHEAVES is of the same releases.
 *
 * Return: true if a cycle is found.
 */
static inline bool kmem_freelist_cycle_is_found(void)
{
#ifdef SLAB_NO_SHEAVES
	return true;
#else
	return false;
#endif
}

/**
 * kmem_requests_are_guarded() - Whether SLUB guards what kmalloc() rounds up.
 *
 * 6.2 brought the "kmalloc Redzone" between the size that was asked for and the
 * size of the object. The macro that tells is of 6.8.
 *
 * Return: true if it does.
 */
static inline bool kmem_requests_are_guarded(void)
{
#ifdef KUNIT_DEFINE_ACTION_WRAPPER
	return true;
#else
	return false;
#endif
}

/**
 * kmem_init_on_free_spares_free_pointer() - What init_on_free does to a free pointer.
 *
 * Up to 6.9, maybe_wipe_obj_freeptr() zeroes the free pointer of an object that
 * is handed out also where it lies behind the object, and is checked there:
 * with SLAB_RED_ZONE, correct use of an object smaller than a pointer is then
 * reported as "Freepointer corrupt". 8f828aa48812 ("mm/slub: avoid zeroing
 * outside-object freepointer for single free") mended that. The macro that tells
 * is of 6.11.
 *
 * Return: true if it is left alone there.
 */
static inline bool kmem_init_on_free_spares_free_pointer(void)
{
#ifdef kmem_buckets_alloc
	return true;
#else
	return false;
#endif
}

/**
 * kmem_owners_lie_in_slabs() - Where SLUB keeps which cgroup an object is charged to.
 *
 * Up to 6.19, in an array of its own for each slab. 7.0 prefers what a slab has
 * unused, and has a flag for caches with room in each of their objects, which is
 * used on 64-bit machines only.
 *
 * Return: true if unused space is preferred.
 */
static inline bool kmem_owners_lie_in_slabs(void)
{
#ifdef SLAB_OBJ_EXT_IN_OBJ
	return true;
#else
	return false;
#endif
}

/*
 * User-Mode Linux has one memset() for all. Where the compiler does not have files
 * that KASAN shall check call another, KASAN checks what SLUB itself writes, and
 * suppresses it. Before 6.3, a macro kept it from that.
 */
#if defined(KUNIT_DEFINE_ACTION_WRAPPER) && defined(CONFIG_UML) && \
	defined(CONFIG_KASAN_GENERIC) && !defined(CONFIG_CC_HAS_KASAN_MEMINTRINSIC_PREFIX)
#error "with KASAN, SLUB needs clang 15, GCC 13 or later here"
#endif

#endif /* _KMEM_SERIES_H */
