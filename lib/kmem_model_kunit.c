// SPDX-License-Identifier: GPL-2.0-only
/*
 * A long random sequence of allocations and frees, against a model of what each
 * live object must contain.
 *
 * Every object is filled with a pattern of its own as soon as it is ours, and
 * each of its bytes is compared when it is resized or freed, and now and then
 * in between. So two objects that overlap, a byte that the allocator writes
 * where it must not, or contents that a reallocation loses do not go unnoticed.
 * What an allocation promises of its contents is checked before they are filled.
 *
 * The sequence depends on nothing but the seed. A failure names the step, and
 * the boot arguments that stop there:
 *
 *	kmem_model_kunit.seed=1 kmem_model_kunit.steps=4711
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_model'
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include "kmem_kunit.h"

static unsigned int steps = 8000;
module_param(steps, uint, 0444);
MODULE_PARM_DESC(steps, "number of steps of each sequence");

static ulong seed = 1;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "what the sequences are derived from");

#define MAX_OBJECTS	3000
#define MAX_BULK	48
#define RESERVE		8
/* steps until the number of objects to be reached is chosen anew */
#define TIDE		512
#define CONSTRUCTED	0xc5

enum home { KMALLOC, VMALLOC, CACHE, POOL };

/**
 * struct object - an object that is ours
 * @memory: where it is
 * @size: bytes that we may use
 * @id: what its pattern is derived from
 * @home: who takes it back
 * @cache: index of its cache, where it has one that we know
 * @zeroing: it was zeroed, so krealloc() with __GFP_ZERO may go on zeroing
 */
struct object {
	u8 *memory;
	size_t size;
	u32 id;
	enum home home;
	unsigned int cache;
	bool zeroing;
};

/* The caches, of all shapes; boot parameters and merging may change what allows it. */
#define OWN	(SLAB_NO_MERGE | SLAB_NO_USER_FLAGS)
#define CHECKED	(OWN | SLAB_CONSISTENCY_CHECKS)

static const struct shape {
	const char *name;
	unsigned int size, align;
	slab_flags_t flags;
	bool constructed;
} shapes[] = {
	{ "kmem_m_8", 8, 0, OWN },
	{ "kmem_m_24", 24, 8, 0 },
	{ "kmem_m_merging", 64, 0, 0 },
	{ "kmem_m_hwcache", 40, 0, SLAB_NO_MERGE | SLAB_HWCACHE_ALIGN },
	{ "kmem_m_ctor", 56, 0, SLAB_NO_MERGE, true },
	{ "kmem_m_aligned", 100, 64, OWN },
	{ "kmem_m_typesafe", 192, 0, OWN | SLAB_TYPESAFE_BY_RCU },
	{ "kmem_m_both", 200, 0, OWN | SLAB_TYPESAFE_BY_RCU, true },
	{ "kmem_m_debug", 72, 0, CHECKED | SLAB_POISON | SLAB_RED_ZONE | SLAB_STORE_USER },
	{ "kmem_m_checked", 520, 0, CHECKED },
	{ "kmem_m_guarded", 33, 0, CHECKED | SLAB_RED_ZONE, true },
	{ "kmem_m_account", 256, 0, OWN | SLAB_ACCOUNT | SLAB_RECLAIM_ACCOUNT },
	{ "kmem_m_1032", 1032, 0, SLAB_NO_MERGE },
	{ "kmem_m_4096", 4096, 4096, OWN },
	{ "kmem_m_6000", 6000, 0, OWN },
};

#define NR_CACHES	ARRAY_SIZE(shapes)
#define POOL_CACHE	1

struct model;

/* What is done in a step, and how often in comparison to others. */
struct mix {
	const char *name;
	unsigned int kmalloc, cache, bulk, pool, resize, rare;
};

/**
 * struct model - all that the sequence knows
 * @test: the test context
 * @mix: what it is made of
 * @random: state of the generator
 * @step: number of the step, from 1
 * @failed: the sequence has ended with a failure
 * @goal: number of objects to be reached
 * @live: number of objects
 * @next_id: of the next object
 * @objects: the objects, in no order
 * @caches: of @shapes
 * @pool: a reserve in front of one of them
 * @source: what memory and strings are copied from
 */
struct model {
	struct kunit *test;
	const struct mix *mix;
	u64 random;
	unsigned int step;
	bool failed;
	unsigned int goal, live;
	u32 next_id;
	struct object objects[MAX_OBJECTS];
	struct kmem_cache *caches[NR_CACHES];
	mempool_t *pool;
	char source[256];
};

/* Marsaglia's xorshift, with a multiplication (xorshift64*). */
static u32 roll(struct model *model, u32 below)
{
	model->random ^= model->random >> 12;
	model->random ^= model->random << 25;
	model->random ^= model->random >> 27;
	return ((model->random * 0x2545f4914f6cdd1dULL >> 32) * below) >> 32;
}

__printf(2, 3) static void fail(struct model *model, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	if (model->failed)
		return;
	model->failed = true;
	va_start(args, fmt);
	vaf.va = &args;
	KUNIT_FAIL(model->test,
		   "step %u: %pV; replay with kmem_model_kunit.seed=%lu kmem_model_kunit.steps=%u",
		   model->step, &vaf, seed, model->step);
	va_end(args);
}

/*
 * Patterns
 */

static u64 pattern(u32 id, size_t word)
{
	return (id + 0x9e3779b97f4a7c15ULL) * (2 * word + 0x632be59bd9b4e019ULL);
}

static void fill(const struct object *object)
{
	size_t i;

	for (i = 0; i < object->size; i += sizeof(u64)) {
		u64 value = pattern(object->id, i / sizeof(u64));

		memcpy(object->memory + i, &value, min(sizeof(value), object->size - i));
	}
}

/* Compare the first @size bytes of an object with its pattern. */
static void check(struct model *model, const struct object *object, size_t size)
{
	size_t i;

	for (i = 0; i < size; i += sizeof(u64)) {
		u64 value = pattern(object->id, i / sizeof(u64));

		if (memcmp(object->memory + i, &value, min(sizeof(value), size - i)))
			return fail(model, "object %u of size %zu (%s) was overwritten near %zu",
				    object->id, object->size, object->home == KMALLOC ? "kmalloc" :
				    object->home == VMALLOC ? "kvmalloc" :
				    shapes[object->cache].name, i);
	}
}

static void expect_bytes(struct model *model, const struct object *object, size_t from, int value,
			 const char *what)
{
	u8 *wrong = memchr_inv(object->memory + from, value, object->size - from);

	if (wrong)
		fail(model, "%s of size %zu: byte %td is %#x, not %#x", what, object->size,
		     wrong - object->memory, *wrong, value);
}

static void expect_alignment(struct model *model, const struct object *object, size_t align,
			     const char *what)
{
	if (align && !IS_ALIGNED((unsigned long)object->memory, align))
		fail(model, "%s of size %zu: %p is not aligned to %zu", what, object->size,
		     object->memory, align);
}

static void construct(void *memory)
{
	/* each cache constructs its objects to its own size, which is at least this */
	memset(memory, CONSTRUCTED, 33);
}

/*
 * Getting objects
 */

/* The object becomes ours, and gets its pattern. */
static void adopt(struct model *model, struct object object)
{
	object.id = model->next_id++;
	fill(&object);
	model->objects[model->live++] = object;
}

static size_t random_size(struct model *model)
{
	size_t power = 8UL << roll(model, 10);

	switch (roll(model, 16)) {
	case 0 ... 5:
		return 1 + roll(model, 128);
	case 6 ... 8:
		return 1 + roll(model, 520);
	case 9 ... 10:
		return power;
	case 11:
		return power + roll(model, 3) - 1;
	case 12:
		return 1 + roll(model, 4200);
	case 13:
		return 1 + (roll(model, 8) ? roll(model, 9000) : roll(model, 70000));
	default:
		return 1 + roll(model, 32);
	}
}

static gfp_t random_gfp(struct model *model)
{
	static const gfp_t gfps[] = {
		GFP_KERNEL, GFP_KERNEL, GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT | __GFP_NOWARN,
		GFP_NOFS, GFP_KERNEL_ACCOUNT, GFP_KERNEL | __GFP_RECLAIMABLE,
	};

	return gfps[roll(model, ARRAY_SIZE(gfps))];
}

static void *get_copy(struct model *model, struct object *object, gfp_t gfp)
{
	size_t size = 1 + roll(model, sizeof(model->source));
	const char *start = model->source + sizeof(model->source) - size;
	const char *what = "kmemdup()";

	object->size = size;
	switch (roll(model, 3)) {
	case 0:
		object->memory = kmemdup(start, size, gfp);
		break;
	case 1:
		object->memory = kstrdup(start, gfp);
		what = "kstrdup()";
		break;
	default:
		object->memory = kasprintf(gfp, "%s", start);
		what = "kasprintf()";
	}
	if (object->memory && memcmp(object->memory, start, size))
		fail(model, "%s of size %zu is no true copy", what, size);
	return object->memory;
}

/* kmalloc() and its relatives. */
static void get_kmalloc(struct model *model)
{
	struct object object = { .size = random_size(model), .home = KMALLOC };
	gfp_t gfp = random_gfp(model);
	size_t n = 1 + roll(model, 4);

	switch (roll(model, 12)) {
	case 0:
		object.memory = kzalloc(object.size, gfp);
		object.zeroing = true;
		break;
	case 1:
		object.memory = kcalloc(n, object.size, gfp);
		object.size *= n;
		object.zeroing = true;
		break;
	case 2:
		object.memory = kmalloc_array(object.size, n, gfp);
		object.size *= n;
		break;
	case 3:
		object.memory = kmalloc_node(object.size, gfp, numa_mem_id());
		break;
	case 4:
		object.memory = kzalloc_node(object.size, gfp, NUMA_NO_NODE);
		object.zeroing = true;
		break;
	case 5:
		object.memory = kvmalloc(object.size, GFP_KERNEL);
		object.home = VMALLOC;
		break;
	case 6:
		object.memory = kvcalloc(n, object.size, GFP_KERNEL);
		object.size *= n;
		object.home = VMALLOC;
		object.zeroing = true;
		break;
	case 7:
		get_copy(model, &object, gfp);
		break;
	case 8:
		object.memory = krealloc(NULL, object.size, gfp);
		break;
	default:
		object.memory = kmalloc(object.size, gfp);
	}
	if (!object.memory)
		return fail(model, "kmalloc of size %zu failed", object.size);
	if (object.zeroing)
		expect_bytes(model, &object, 0, 0, "zeroed kmalloc");
	expect_alignment(model, &object, is_power_of_2(object.size) ?
			 min_t(size_t, object.size, PAGE_SIZE) : ARCH_KMALLOC_MINALIGN, "kmalloc");
	adopt(model, object);
}

/* What a cache promises of an object that it hands out. */
static void adopt_from_cache(struct model *model, unsigned int cache, void *memory, bool zeroed,
			     enum home home)
{
	const struct shape *shape = &shapes[cache];
	struct object object = {
		.memory = memory, .size = shape->size, .home = home, .cache = cache,
	};
	bool init = want_init_on_alloc(GFP_KERNEL) && shape->flags == OWN;

	if (shape->constructed) {
		u8 *wrong = memchr_inv(memory, CONSTRUCTED, 33);

		if (wrong)
			fail(model, "%s: byte %td is not as constructed", shape->name,
			     wrong - object.memory);
	} else if (zeroed || init) {
		expect_bytes(model, &object, 0, 0, shape->name);
	}
	expect_alignment(model, &object, shape->align ?: __alignof__(void *), shape->name);
	adopt(model, object);
}

static void get_from_cache(struct model *model)
{
	unsigned int index = roll(model, NR_CACHES);
	struct kmem_cache *cache = model->caches[index];
	gfp_t gfp = random_gfp(model) & ~__GFP_RECLAIMABLE;
	bool zeroed = false;
	void *memory;

	switch (roll(model, 6)) {
	case 0:
		/* constructed objects and zeroes exclude each other */
		zeroed = !shapes[index].constructed;
		memory = zeroed ? kmem_cache_zalloc(cache, gfp) : kmem_cache_alloc(cache, gfp);
		break;
	case 1:
		memory = kmem_cache_alloc_node(cache, gfp, numa_mem_id());
		break;
	case 2: {
		unsigned long flags;

		local_irq_save(flags);
		memory = kmem_cache_alloc(cache, GFP_ATOMIC);
		local_irq_restore(flags);
		break;
	}
	default:
		memory = kmem_cache_alloc(cache, gfp);
	}
	if (!memory)
		return fail(model, "%s: allocation failed", shapes[index].name);
	adopt_from_cache(model, index, memory, zeroed, CACHE);
}

static void get_bulk(struct model *model)
{
	unsigned int index = roll(model, NR_CACHES), nr = 1 + roll(model, MAX_BULK), i;
	bool zeroed = !shapes[index].constructed && roll(model, 2);
	void *objects[MAX_BULK];

	if (model->live + nr > MAX_OBJECTS)
		return;
	if (!kmem_cache_alloc_bulk(model->caches[index], zeroed ? GFP_KERNEL | __GFP_ZERO :
				   GFP_KERNEL, nr, objects))
		return fail(model, "%s: %u in bulk failed", shapes[index].name, nr);
	for (i = 0; i < nr; i++)
		adopt_from_cache(model, index, objects[i], zeroed, CACHE);
}

static void get_from_pool(struct model *model)
{
	void *memory = NULL;

	if (roll(model, 2))
		memory = mempool_alloc_preallocated(model->pool);
	if (!memory)
		memory = mempool_alloc(model->pool, roll(model, 2) ? GFP_KERNEL : GFP_ATOMIC);
	if (!memory)
		return fail(model, "the pool is empty");
	adopt_from_cache(model, POOL_CACHE, memory, false, POOL);
}

/*
 * Giving them back
 */

struct rcu_object {
	struct rcu_head rcu;
};

/* The object is no longer in the model; it was whole until now. */
static struct object disown(struct model *model, unsigned int i)
{
	struct object object = model->objects[i];

	check(model, &object, object.size);
	model->objects[i] = model->objects[--model->live];
	if (object.home != KMALLOC && object.home != VMALLOC && shapes[object.cache].constructed)
		memset(object.memory, CONSTRUCTED, object.size);
	return object;
}

static void give_back_kmalloc(struct model *model, const struct object *object)
{
	unsigned long flags;

	switch (roll(model, 12)) {
	case 0:
		kfree_sensitive(object->memory);
		break;
	case 1:
		kvfree(object->memory);
		break;
	case 2:
		local_irq_save(flags);
		kfree(object->memory);
		local_irq_restore(flags);
		break;
	case 3:
		if (object->size >= sizeof(struct rcu_object)) {
			kfree_rcu((struct rcu_object *)object->memory, rcu);
			break;
		}
		fallthrough;
	default:
		kfree(object->memory);
	}
}

static void give_back(struct model *model, unsigned int i)
{
	struct object object = disown(model, i);
	unsigned long flags;

	switch (object.home) {
	case KMALLOC:
		return give_back_kmalloc(model, &object);
	case VMALLOC:
		return kvfree(object.memory);
	case POOL:
		return mempool_free(object.memory, model->pool);
	case CACHE:
		switch (roll(model, 6)) {
		case 0:
			return kfree(object.memory);
		case 1:
			local_irq_save(flags);
			kmem_cache_free(model->caches[object.cache], object.memory);
			local_irq_restore(flags);
			return;
		default:
			return kmem_cache_free(model->caches[object.cache], object.memory);
		}
	}
}

/* Free in bulk: objects of one cache, or of kmalloc() and any caches. */
static void give_back_bulk(struct model *model)
{
	unsigned int first = roll(model, model->live), wanted = 1 + roll(model, MAX_BULK);
	bool any = roll(model, 2) || model->objects[first].home != CACHE;
	unsigned int cache = model->objects[first].cache, nr = 0, i;
	void *objects[MAX_BULK];

	for (i = model->live; i-- && nr < wanted;) {
		const struct object *object = &model->objects[i];

		if (object->home != CACHE && (!any || object->home != KMALLOC))
			continue;
		if (any || object->cache == cache)
			objects[nr++] = disown(model, i).memory;
	}
	if (any)
		kfree_bulk(nr, objects);
	else
		kmem_cache_free_bulk(model->caches[cache], nr, objects);
}

/*
 * What else there is
 */

static void resize(struct model *model)
{
	struct object *object = &model->objects[roll(model, model->live)];
	bool zeroing = object->zeroing && roll(model, 2);
	size_t old = object->size, new = roll(model, 2) ? random_size(model) : 1 + roll(model, old);
	gfp_t gfp = zeroing ? GFP_KERNEL | __GFP_ZERO : GFP_KERNEL;
	void *memory;

	check(model, object, old);
	if (object->home == KMALLOC)
		memory = krealloc(object->memory, new, gfp);
	else if (object->home == VMALLOC)
		memory = kmem_kvrealloc(object->memory, old, new, GFP_KERNEL);
	else
		return;
	if (!memory)
		return fail(model, "reallocation of %zu to %zu failed", old, new);
	object->memory = memory;
	object->size = new;
	object->zeroing = zeroing && object->home == KMALLOC;
	check(model, object, min(old, new));
	if (object->zeroing && new > old && kmem_krealloc_knows_request())
		expect_bytes(model, object, old, 0, "krealloc() with __GFP_ZERO");
	fill(object);
}

static struct kmem_cache *create(unsigned int index)
{
	const struct shape *shape = &shapes[index];

	return kmem_cache_create(shape->name, shape->size, shape->align, shape->flags,
				 shape->constructed ? construct : NULL);
}

/* Free all objects of a cache, destroy it, and create it anew. */
static void recreate(struct model *model)
{
	unsigned int index = 2 + roll(model, NR_CACHES - 2), i;

	for (i = model->live; i--;) {
		const struct object *object = &model->objects[i];

		if (object->home == CACHE && object->cache == index)
			kmem_cache_free(model->caches[index], disown(model, i).memory);
	}
	kmem_cache_destroy(model->caches[index]);
	model->caches[index] = create(index);
	KUNIT_ASSERT_NOT_NULL_MSG(model->test, model->caches[index], "step %u: %s", model->step,
				  shapes[index].name);
}

/* An allocation that is made to fail must do so, and change nothing. */
static void get_nothing(struct model *model)
{
	unsigned int index = roll(model, NR_CACHES);
	const gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN;
	size_t size = 1 + roll(model, 4096);
	void *objects[MAX_BULK], *memory;

	if (!IS_ENABLED(CONFIG_FAILSLAB))
		return;
	memory = KMEM_FAILING(model->test, 1, kmalloc(size, gfp));
	if (memory)
		fail(model, "kmalloc of size %zu did not fail", size);
	memory = KMEM_FAILING(model->test, 1, kmem_cache_alloc(model->caches[index], gfp));
	if (memory)
		fail(model, "%s: allocation did not fail", shapes[index].name);
	if (KMEM_FAILING(model->test, 1, kmem_cache_alloc_bulk(model->caches[index], gfp, MAX_BULK,
							       objects)))
		fail(model, "%s: allocation in bulk did not fail", shapes[index].name);
}

/* What SLUB allocates for itself in a free fails, and nobody notices. */
static void give_back_without_help(struct model *model)
{
	unsigned int nr = roll(model, 64);

	if (!IS_ENABLED(CONFIG_FAILSLAB) || IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		return;
	while (nr-- && model->live) {
		kmem_fail_begin(model->test, 1);
		give_back(model, roll(model, model->live));
		kmem_fail_cancel();
	}
}

static void do_rare(struct model *model)
{
	unsigned int resizes = model->pool->min_nr == RESERVE ? 2 * RESERVE : RESERVE;

	switch (roll(model, 6)) {
	case 0:
		return recreate(model);
	case 4:
		return give_back_without_help(model);
	case 1:
		return get_nothing(model);
	case 2:
		if (mempool_resize(model->pool, resizes))
			fail(model, "the pool cannot be resized");
		return;
	case 3:
		kfree(kmalloc(0, GFP_KERNEL));
		kfree(NULL);
		return;
	default:
		kmem_cache_shrink(model->caches[roll(model, NR_CACHES)]);
	}
}

/* Allocate or free, whichever leads to the number of objects to be reached. */
static void do_step(struct model *model)
{
	const struct mix *mix = model->mix;
	unsigned int all = mix->kmalloc + mix->cache + mix->bulk + mix->pool + mix->resize;
	unsigned int dice = roll(model, all * 64);
	bool grow = model->live < model->goal ? roll(model, 8) : !roll(model, 8);

	if (model->step % TIDE == 1)
		model->goal = roll(model, 4) ? roll(model, MAX_OBJECTS) : roll(model, 4);
	if (dice < mix->rare)
		return do_rare(model);
	dice %= all;
	if (dice < mix->resize && model->live)
		return resize(model);
	dice = dice < mix->resize ? 0 : dice - mix->resize;

	if (!model->live || (grow && model->live < MAX_OBJECTS)) {
		if (dice < mix->bulk)
			return get_bulk(model);
		dice -= mix->bulk;
		if (dice < mix->kmalloc)
			return get_kmalloc(model);
		return dice < mix->kmalloc + mix->cache ? get_from_cache(model) :
							  get_from_pool(model);
	}
	if (dice < mix->bulk)
		return give_back_bulk(model);
	give_back(model, roll(model, model->live));
}

static const struct mix mixes[] = {
	{ "all", .kmalloc = 8, .cache = 8, .bulk = 2, .pool = 2, .resize = 3, .rare = 6 },
	{ "kmalloc", .kmalloc = 8, .resize = 4, .bulk = 0, .rare = 2 },
	{ "caches", .cache = 12, .bulk = 1, .rare = 4 },
	{ "bulk", .kmalloc = 3, .cache = 2, .bulk = 6, .rare = 3 },
	{ "life", .kmalloc = 4, .cache = 6, .bulk = 1, .pool = 4, .resize = 1, .rare = 40 },
};

KUNIT_ARRAY_PARAM_DESC(mix, mixes, name);

static void end_model(void *context)
{
	struct model *model = context;
	unsigned int i;

	while (model->live)
		give_back(model, model->live - 1);
	mempool_destroy(model->pool);
	rcu_barrier();
	for (i = 0; i < NR_CACHES; i++)
		kmem_cache_destroy(model->caches[i]);
	kvfree(model);
}

static struct model *begin_model(struct kunit *test)
{
	struct model *model = kvzalloc(sizeof(*model), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, model);
	model->test = test;
	model->mix = test->param_value;
	/* any seed but 0 will do; mix it, so that small ones differ */
	model->random = ((u64)seed + (model->mix - mixes)) * 0x9e3779b97f4a7c15ULL ?: 1;
	for (i = 0; i < sizeof(model->source) - 1; i++)
		model->source[i] = '!' + i % 90;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_model, model), 0);
	for (i = 0; i < NR_CACHES; i++) {
		model->caches[i] = create(i);
		KUNIT_ASSERT_NOT_NULL_MSG(test, model->caches[i], "%s", shapes[i].name);
	}
	model->pool = mempool_create_slab_pool(RESERVE, model->caches[POOL_CACHE]);
	KUNIT_ASSERT_NOT_NULL(test, model->pool);
	return model;
}

/*
 * Whatever is allocated, resized and freed in whatever order, each object has
 * what its allocation promises, and keeps what its owner writes to it; and a
 * cache whose objects are freed can be destroyed, silently. Source: the whole of
 * mm/slub.c, Documentation/core-api/memory-allocation.rst.
 */
static void random_sequence_matches_the_model(struct kunit *test)
{
	struct model *model = begin_model(test);

	while (model->step < steps && !model->failed) {
		model->step++;
		do_step(model);
	}
	KMEM_EXPECT_SILENCE(test, kunit_release_action(test, end_model, model));
}

static struct kunit_case kmem_model_cases[] = {
	KUNIT_CASE_PARAM(random_sequence_matches_the_model, mix_gen_params),
	{}
};

static struct kunit_suite kmem_model_suite = {
	.name = "kmem_model",
	.init = kmem_suite_init,
	.test_cases = kmem_model_cases,
};

kunit_test_suite(kmem_model_suite);

MODULE_DESCRIPTION("KUnit tests of random allocations against a model");
MODULE_LICENSE("GPL");
