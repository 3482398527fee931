// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a report of SLUB tells.
 *
 * With SLAB_STORE_USER, SLUB keeps for each object who allocated it and who
 * freed it last: function, task, processor and time. Reports show them, and the
 * bytes of the object and of what is around it.
 *
 *	kunit.py run --kunitconfig=lib/kmem_kunit 'kmem_track'
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/numa.h>
#include <linux/poison.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <mm/slab.h>
#include "kmem_debug.h"
#include "kmem_device.h"

#define NAME		"kmem_tracked"
#define HEAD		"BUG " NAME " ("
#define OBJECT_SIZE	52
/* above and below the first line of a report, of 77 characters each */
#define EQUALS		"==================="
#define HEADLINE	EQUALS EQUALS EQUALS EQUALS "="
#define DASHES		"-------------------"
#define RULE		DASHES DASHES DASHES DASHES "-"

/* The callers that reports shall name; what follows the call keeps it from being a jump. */
#define CALLED(call) ({ void *__memory = call; barrier(); __memory; })

static noinline void *allocate_singly(struct kmem_cache *cache)
{
	return CALLED(kmem_cache_alloc(cache, GFP_KERNEL));
}

static noinline void *allocate_on_node(struct kmem_cache *cache)
{
	return CALLED(kmem_cache_alloc_node(cache, GFP_KERNEL, NUMA_NO_NODE));
}

static noinline void *allocate_zeroed(struct kmem_cache *cache)
{
	return CALLED(kmem_cache_zalloc(cache, GFP_KERNEL));
}

static noinline void *allocate_for_lru(struct kmem_cache *cache)
{
	return CALLED(kmem_cache_alloc_lru(cache, NULL, GFP_KERNEL));
}

static noinline void *allocate_in_bulk(struct kmem_cache *cache)
{
	void *object;

	return kmem_cache_alloc_bulk(cache, GFP_KERNEL, 1, &object) ? object : NULL;
}

static noinline void free_singly(struct kmem_cache *cache, void *object)
{
	kmem_cache_free(cache, object);
	barrier();
}

static noinline void free_in_bulk(struct kmem_cache *cache, void *object)
{
	kmem_cache_free_bulk(cache, 1, &object);
	barrier();
}

static noinline void free_without_cache(struct kmem_cache *cache, void *object)
{
	kfree(object);
	barrier();
}

static const struct users {
	const char *name;
	void *(*allocate)(struct kmem_cache *cache);
	const char *allocator;	/* NULL: not told, but a function of the allocator's own */
	void (*free)(struct kmem_cache *cache, void *object);
	const char *freer;
} users[] = {
	{ "singly", allocate_singly, "allocate_singly", free_singly, "free_singly" },
	{ "in_bulk", allocate_in_bulk, NULL, free_in_bulk, "free_in_bulk" },
	{ "on_node", allocate_on_node, "allocate_on_node", free_without_cache,
	  "free_without_cache" },
	{ "zeroed", allocate_zeroed, "allocate_zeroed", free_singly, "free_singly" },
	{ "for_lru", allocate_for_lru, "allocate_for_lru", free_singly, "free_singly" },
};

KUNIT_ARRAY_PARAM_DESC(users, users, name);

static struct kmem_cache *tracked_cache(struct kunit *test, slab_flags_t flags)
{
	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE(test, CONFIG_KALLSYMS);
	return kmem_private_cache(test, NAME, OBJECT_SIZE,
				  SLAB_STORE_USER | SLAB_POISON | flags, NULL);
}

/* What a report says of an allocation or a free; when is relative to the report. */
struct told {
	unsigned long age;
	unsigned int cpu;
	int pid;
};

static struct told expect_told(struct kunit *test, const struct kmem_report *report,
			       const char *what, const char *function)
{
	struct told told = { .pid = -1 };
	const char *line;
	char head[64];

	snprintf(head, sizeof(head), "%s in %s%s", what, function ?: "", function ? "+" : "");
	kmem_expect_text(test, report, "%s", head);
	line = strstr(report->text, head);
	line = line ? strstr(line, " age=") : NULL;
	KUNIT_EXPECT_NOT_NULL(test, line);
	if (line)
		KUNIT_EXPECT_EQ(test, 3, sscanf(line, " age=%lu cpu=%u pid=%d", &told.age,
						&told.cpu, &told.pid));
	return told;
}

static void expect_not_told(struct kunit *test, const struct kmem_report *report, const char *what)
{
	KUNIT_EXPECT_NULL_MSG(test, strstr(report->text, what), "the report has \"%s\"", what);
}

/* Damage the right red zone of an object, and let SLUB tell of it. */
static const struct kmem_report *tell(struct kunit *test, struct kmem_cache *cache, u8 *object)
{
	kmem_poke(object + OBJECT_SIZE, 0x99);
	return KMEM_EXPECT_REPORT(test, kmem_validate(test, cache), HEAD);
}

/*
 * A report names the function that allocated the object, and the one that freed
 * it last, if any did, with their stacks where these can be saved. Source:
 * print_tracking(), print_track(), init_tracking(), set_track(), mm/slub.c.
 */
static void report_names_allocator_and_freer(struct kunit *test)
{
	const struct users *user = test->param_value;
	struct kmem_cache *cache = tracked_cache(test, SLAB_RED_ZONE);
	struct kmem_batch *others = kmem_take(test, cache, 2);
	const struct kmem_report *report;
	void *object, *again;
	char frame[64];

	snprintf(frame, sizeof(frame), " %s+", __func__);
	object = user->allocate(cache);
	KUNIT_ASSERT_NOT_NULL(test, object);
	report = tell(test, cache, object);
	expect_told(test, report, "Allocated", user->allocator);
	expect_not_told(test, report, "Freed in");

	user->free(cache, object);
	report = tell(test, cache, object);
	expect_told(test, report, "Allocated", user->allocator);
	expect_told(test, report, "Freed", user->freer);
	if (kmem_stacks_are_saved(__func__)) {
		kmem_expect_between(test, report, "Allocated in ", "Freed in ", frame);
		kmem_expect_between(test, report, "Freed in ", "Slab 0x", frame);
	}

	/* the next owner replaces the one, and leaves the other */
	again = allocate_singly(cache);
	KUNIT_ASSERT_PTR_EQ(test, again, object);
	report = tell(test, cache, object);
	expect_told(test, report, "Allocated", "allocate_singly");
	expect_told(test, report, "Freed", user->freer);
	kmem_cache_free(cache, again);
	kmem_give_back(test, others);
}

/* Each object of a bulk free is tracked as freed. Source: free_debug_processing(). */
static void bulk_free_tracks_each_object(struct kunit *test)
{
	struct kmem_cache *cache = tracked_cache(test, SLAB_RED_ZONE);
	struct kmem_batch *batch = kmem_take(test, cache, 5);
	void *objects[3];
	unsigned int i;

	batch->nr -= 3;
	memcpy(objects, batch->objects + batch->nr, sizeof(objects));
	kmem_cache_free_bulk(cache, 3, objects);
	for (i = 0; i < 3; i++)
		expect_told(test, tell(test, cache, batch->objects[batch->nr + i]), "Freed",
			    __func__);
}

struct errand {
	struct kmem_cache *cache;
	void *object;
	pid_t pid;
	struct completion done;
};

static int run_errand(void *context)
{
	struct errand *errand = context;

	errand->pid = current->pid;
	if (errand->object)
		free_singly(errand->cache, errand->object);
	else
		errand->object = allocate_singly(errand->cache);
	complete(&errand->done);
	return 0;
}

static void send(struct kunit *test, struct errand *errand)
{
	struct task_struct *task;

	init_completion(&errand->done);
	task = kthread_run(run_errand, errand, "kmem_track");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	wait_for_completion(&errand->done);
}

/*
 * A report tells on behalf of which task an object was allocated and freed, on
 * an existing processor, and how many jiffies ago. Source: set_track_update(),
 * print_track(), mm/slub.c.
 */
static void report_tells_task_processor_and_age(struct kunit *test)
{
	struct kmem_cache *cache = tracked_cache(test, SLAB_RED_ZONE);
	struct kmem_batch *other = kmem_take(test, cache, 1);
	struct errand errand = { .cache = cache };
	unsigned long before = jiffies, after;
	struct told allocated, freed, own;
	pid_t allocator;

	send(test, &errand);
	KUNIT_ASSERT_NOT_NULL(test, errand.object);
	allocator = errand.pid;
	send(test, &errand);
	allocated = expect_told(test, tell(test, cache, errand.object), "Allocated",
				"allocate_singly");
	freed = expect_told(test, tell(test, cache, errand.object), "Freed", "free_singly");
	own = expect_told(test, tell(test, cache, other->objects[0]), "Allocated", "kmem_take");
	after = jiffies;

	KUNIT_EXPECT_EQ(test, allocated.pid, allocator);
	KUNIT_EXPECT_EQ(test, freed.pid, errand.pid);
	KUNIT_EXPECT_EQ(test, own.pid, current->pid);
	KUNIT_EXPECT_LT(test, allocated.cpu, nr_cpu_ids);
	KUNIT_EXPECT_LT(test, freed.cpu, nr_cpu_ids);
	KUNIT_EXPECT_LE(test, allocated.age, after - before);
	KUNIT_EXPECT_LE(test, freed.age, after - before);
	KUNIT_EXPECT_LE(test, freed.age, allocated.age + (after - before));
}

/*
 * Without SLAB_STORE_USER, nobody is named. Source: print_tracking(), mm/slub.c.
 */
static void untracked_report_names_nobody(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_cache *cache;
	struct kmem_batch *batch;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	cache = kmem_private_cache(test, NAME, OBJECT_SIZE, SLAB_RED_ZONE | SLAB_POISON, NULL);
	batch = kmem_take(test, cache, 2);
	report = tell(test, cache, batch->objects[0]);
	expect_not_told(test, report, "Allocated in");
	expect_not_told(test, report, "Freed in");
}

/*
 * kmem_dump_obj() tells who allocated an object, where it starts, and how far
 * into it a pointer is, red zone or not. Source: kmem_dump_obj(), kernel-doc;
 * __kmem_obj_info(), mm/slub.c.
 */
static void kmem_dump_obj_tells_who_and_where(struct kunit *test)
{
	static const slab_flags_t flags[] = { 0, SLAB_RED_ZONE, KMEM_ALL_CHECKS };
	const int digits = 2 * sizeof(void *);
	const struct kmem_report *report;
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_PRINTK);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct kmem_cache *cache = tracked_cache(test, flags[i]);
		unsigned int left = flags[i] & SLAB_RED_ZONE ? cache->red_left_pad : 0;
		void *neighbour = allocate_singly(cache), *object = allocate_singly(cache);

		KUNIT_ASSERT_NOT_NULL(test, neighbour);
		KUNIT_ASSERT_NOT_NULL(test, object);
		report = KMEM_CAPTURE(test, kmem_dump_obj(object + 5));
		kmem_expect_text(test, report, " slab %s start %0*lx", NAME, digits,
				 (unsigned long)object - left);
		if (left)
			kmem_expect_text(test, report, " data offset %u pointer offset 5 ", left);
		else
			kmem_expect_text(test, report, "%0*lx pointer offset 5 ", digits,
					 (unsigned long)object);
		/* the size may be told only of what may be copied to user space */
		if (kmem_requests_are_guarded())
			kmem_expect_text(test, report, " size %u", OBJECT_SIZE);
		kmem_expect_text(test, report, " allocated at allocate_singly+");
		kmem_cache_free(cache, object);
		kmem_cache_free(cache, neighbour);
		kmem_private_cache_destroy(test, cache);
	}
}

/* what memory is copied from, is kept with, and where it is */
static struct {
	char __user *user;
	struct device *dev;
	void *memory;
} scene;

/* A function that allocates, of which that is not the last thing it does. */
#define CALLER(what, allocation)					\
static noinline void call_##what(size_t size)				\
{									\
	scene.memory = (allocation);					\
	barrier();							\
}

CALLER(kmalloc, kmalloc(size, GFP_KERNEL))
CALLER(kmalloc_with_a_constant, kmalloc(OBJECT_SIZE, GFP_KERNEL))
CALLER(kmalloc_node, kmalloc_node(size, GFP_KERNEL, 0))
CALLER(kmalloc_node_with_a_constant, kmalloc_node(OBJECT_SIZE, GFP_KERNEL, 0))
CALLER(kmalloc_nolock, kmalloc_nolock(size, 0, NUMA_NO_NODE))
CALLER(kcalloc, kcalloc(size, 1, GFP_KERNEL))
CALLER(krealloc, krealloc(NULL, size, GFP_KERNEL))
CALLER(kmemdup, kmemdup(_ctype, size, GFP_KERNEL))
CALLER(kstrdup, kstrdup("Hello, World !", GFP_KERNEL))
CALLER(memdup_user, memdup_user(scene.user, size))
CALLER(devm_kmalloc, devm_kmalloc(scene.dev, size, GFP_KERNEL))

static const struct caller {
	const char *name;
	void (*call)(size_t size);
} callers[] = {
	{ "call_kmalloc", call_kmalloc },
	{ "call_kmalloc_with_a_constant", call_kmalloc_with_a_constant },
	{ "call_kmalloc_node", call_kmalloc_node },
	{ "call_kmalloc_node_with_a_constant", call_kmalloc_node_with_a_constant },
	{ "call_kmalloc_nolock", call_kmalloc_nolock },
	{ "call_kcalloc", call_kcalloc },
	{ "call_krealloc", call_krealloc },
	{ "call_kmemdup", call_kmemdup },
	{ "call_kstrdup", call_kstrdup },
	{ "call_memdup_user", call_memdup_user },
	{ "call_devm_kmalloc", call_devm_kmalloc },
};

KUNIT_ARRAY_PARAM_DESC(caller, callers, name);

/*
 * What is tracked of kmalloc()'s memory is the caller, and where a function of
 * the kernel's library allocates for somebody, its caller. Source:
 * include/linux/slab.h, "kmalloc_track_caller is a special version of kmalloc that
 * records the calling function of the routine calling it"; devm_kmalloc(), "use raw
 * alloc_dr for kmalloc caller tracing".
 */
static void kmalloc_is_tracked_to_its_caller(struct kunit *test)
{
	const struct caller *caller = test->param_value;
	const struct kmem_report *report;
	size_t size = OBJECT_SIZE;

	KMEM_REQUIRE(test, CONFIG_PRINTK);
	KMEM_REQUIRE(test, CONFIG_KALLSYMS);
	OPTIMIZER_HIDE_VAR(size);
	if (caller->call == call_memdup_user)
		scene.user = (char __user *)kmem_user_map(test, PAGE_SIZE);
	if (caller->call == call_devm_kmalloc)
		scene.dev = make_device(test, "kmem_track");
	caller->call(size);
	if (!scene.memory && caller->call == call_kmalloc_nolock)
		kunit_skip(test, "needs slab_debug=U, and kmalloc_nolock()");
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(scene.memory));
	report = KMEM_CAPTURE(test, kmem_dump_obj(scene.memory));
	if (caller->call != call_devm_kmalloc)
		kfree(scene.memory);
	if (!strstr(report->text, " allocated at "))
		kunit_skip(test, "needs slab_debug=U, for kmalloc()'s caches");
	kmem_expect_text(test, report, " allocated at %s+", caller->name);
}

/* Expect a dump of bytes, as it is made of a copy of them, under a label. */
static void expect_dump(struct kunit *test, const struct kmem_report *report, const char *label,
			const void *address, const void *copy, size_t size)
{
	size_t at;

	for (at = 0; at < size; at += 16) {
		char line[80];

		hex_dump_to_buffer(copy + at, min_t(size_t, size - at, 16), 16, 1, line,
				   sizeof(line), true);
		kmem_expect_text(test, report, "%-9s%p: %s", label, address + at, line);
	}
}

/*
 * A report shows the object, its red zones and its padding, completely and as
 * they are, and the state of its slab. Source: print_trailer(),
 * print_slab_info(), mm/slub.c.
 */
static void report_shows_all_bytes(struct kunit *test)
{
	struct kmem_cache *cache;
	const struct kmem_report *report;
	unsigned int left, inuse, end, i, shown;
	struct kmem_batch *batch;
	struct slab *slab;
	u8 copy[256], *object;
	char line[32];
	void *fp;

	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which keeps data of its own in a slab");
	cache = tracked_cache(test, KMEM_ALL_CHECKS);
	batch = kmem_take(test, cache, 3);
	object = batch->objects[1];
	slab = virt_to_slab(object);
	left = cache->red_left_pad;
	inuse = cache->inuse;
	end = cache->size - left;
	KUNIT_ASSERT_LE(test, cache->size, sizeof(copy));
	for (i = 0; i < OBJECT_SIZE; i++)
		object[i] = 0x30 + i;
	kmem_poke(object + OBJECT_SIZE + 1, 0x99);
	for (i = 0; i < cache->size; i++)
		copy[i] = kmem_peek(object - left + i);
	fp = slab->freelist;

	report = KMEM_EXPECT_REPORT(test, kmem_validate(test, cache), HEAD);
	expect_dump(test, report, "Redzone", object - left, copy, left);
	expect_dump(test, report, "Object", object, copy + left, OBJECT_SIZE);
	expect_dump(test, report, "Redzone", object + OBJECT_SIZE, copy + left + OBJECT_SIZE,
		    inuse - OBJECT_SIZE);
	for (i = end; i > 0 && copy[left + i - 1] == POISON_INUSE; i--)
		;
	/* what of tracking looks like padding is not known from outside */
	KUNIT_EXPECT_GE(test, end - i, sizeof(void *));
	/* all addresses look the same as long as there is nothing to hash them with */
	for (shown = 0; !shown && i < end; i++) {
		scnprintf(line, sizeof(line), "Padding  %p: 5a", object + i);
		shown = kmem_count_text(report, line);
	}
	KUNIT_EXPECT_EQ(test, shown, 1);
	KUNIT_EXPECT_EQ(test, kmem_count_text(report, "Padding  "), 1);
	KUNIT_EXPECT_EQ(test, kmem_count_text(report, "Redzone  "), 2);
	KUNIT_EXPECT_EQ(test, kmem_count_text(report, "Object   "), DIV_ROUND_UP(OBJECT_SIZE, 16));
	kmem_expect_text(test, report, "Slab 0x%p objects=%u used=%u fp=0x%p flags=%pGp", slab,
			 0 + slab->objects, 3, fp, &slab_folio(slab)->flags);
	kmem_expect_text(test, report, "Object 0x%p @offset=%tu fp=0x", object,
			 object - (u8 *)slab_address(slab));
	/* KUnit taints the kernel */
	kmem_expect_between(test, report, HEADLINE, RULE, HEAD "Tainted: ");
	kmem_expect_trace(test, report);
}

/*
 * Where there are no red zones, a report shows what is before the object, and
 * of a large object its first page. Source: print_trailer(), "Bytes b4".
 */
static void report_shows_what_is_before(struct kunit *test)
{
	const unsigned int size = PAGE_SIZE + 61;
	const struct kmem_report *report;
	struct kmem_cache *cache;
	struct kmem_batch *batch;
	u8 *object, before[16];
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which keeps data of its own in a slab");
	cache = kmem_private_cache(test, NAME, size, SLAB_POISON | SLAB_STORE_USER, NULL);
	batch = kmem_take_slab(test, cache);
	KUNIT_ASSERT_GE(test, batch->nr, 2);
	object = batch->objects[--batch->nr];
	kmem_cache_free(cache, object);
	kmem_poke(object, 0x99);
	for (i = 0; i < sizeof(before); i++)
		before[i] = kmem_peek(object - sizeof(before) + i);
	report = KMEM_EXPECT_REPORT(test, kmem_validate(test, cache), HEAD);
	expect_dump(test, report, "Bytes b4", object - sizeof(before), before, sizeof(before));
	KUNIT_EXPECT_EQ(test, kmem_count_text(report, "Bytes b4 "), 1);
	KUNIT_EXPECT_EQ(test, kmem_count_text(report, "Object   "), PAGE_SIZE / 16);
	KUNIT_EXPECT_EQ(test, kmem_count_text(report, "Redzone  "), 0);
}

/*
 * What is in front of the slab is not shown, though the first objects have less
 * before them. Source: print_trailer(), "Bytes b4".
 */
static void report_shows_nothing_before_the_slab(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_cache *cache;
	struct kmem_batch *batch;
	unsigned int i;

	KMEM_REQUIRE(test, CONFIG_SLUB_DEBUG);
	KMEM_REQUIRE_NOT(test, CONFIG_KASAN, "which reports double frees itself");
	if (kmem_double_free_cuts_freelist())
		kunit_skip(test, "needs Linux 6.8, where a double free does no harm");
	if (want_init_on_free())
		kunit_skip(test, "needs a boot without init_on_free=1, which wipes free pointers");
	cache = kmem_private_cache(test, NAME, 8, SLAB_CONSISTENCY_CHECKS, NULL);
	batch = kmem_take_slab(test, cache);
	for (i = 0; i < 4; i++) {
		u8 *object = batch->objects[i];
		unsigned int offset = i * cache->size;

		batch->objects[i] = batch->objects[--batch->nr];
		kmem_cache_free(cache, object);
		report = KMEM_EXPECT_REPORT(test, kmem_cache_free(cache, object),
					    "Object already free");
		kmem_expect_text(test, report, "Object 0x%p @offset=%u ", object, offset);
		KUNIT_EXPECT_EQ_MSG(test, kmem_count_text(report, "Bytes b4 "), offset > 16,
				    "offset %u", offset);
	}
}

/*
 * Several things wrong with one object make one report, which lists all of them,
 * and all are mended. Source: check_object(), mm/slub.c.
 */
static void all_that_is_wrong_is_listed_once(struct kunit *test)
{
	const struct kmem_report *report;
	struct kmem_cache *cache;
	struct kmem_batch *batch;
	u8 *object;

	if (!kmem_requests_are_guarded())
		kunit_skip(test, "needs Linux 6.8, which goes on after the first thing");
	cache = tracked_cache(test, KMEM_ALL_CHECKS);
	batch = kmem_take(test, cache, 2);
	object = batch->objects[--batch->nr];
	kmem_cache_free(cache, object);
	kmem_poke(object - 1, 0x99);
	kmem_poke(object + 3, 0x98);
	kmem_poke(object + OBJECT_SIZE - 1, 0x97);
	kmem_poke(object + OBJECT_SIZE, 0x96);
	report = KMEM_EXPECT_REPORT(test, kmem_validate(test, cache), HEAD);
	kmem_expect_text(test, report, "[Left Redzone overwritten]");
	kmem_expect_text(test, report, "First byte 0x99 instead of 0xbb");
	kmem_expect_text(test, report, "[Right Redzone overwritten]");
	kmem_expect_text(test, report, "First byte 0x96 instead of 0xbb");
	kmem_expect_text(test, report, "[Poison overwritten]");
	kmem_expect_text(test, report, "First byte 0x98 instead of 0x6b");
	kmem_expect_text(test, report, "[End Poison overwritten]");
	kmem_expect_text(test, report, "First byte 0x97 instead of 0xa5");
	KMEM_EXPECT_SILENCE(test, kmem_validate(test, cache));
}

/*
 * Destroying a cache that has objects left lists these, with who allocated them,
 * and not those that are free. Source: list_slab_objects(), mm/slub.c.
 */
static void leftover_objects_are_listed(struct kunit *test)
{
	struct kmem_cache *cache = tracked_cache(test, SLAB_POISON | SLAB_RED_ZONE);
	void *freed = allocate_zeroed(cache), *left = allocate_singly(cache);
	const struct kmem_report *report;

	KUNIT_ASSERT_NOT_NULL(test, freed);
	KUNIT_ASSERT_NOT_NULL(test, left);
	kmem_cache_free(cache, freed);
	report = KMEM_CAPTURE(test, kmem_private_cache_destroy(test, cache));
	kmem_expect_text(test, report, "Objects remaining");
	kmem_expect_text(test, report, "__kmem_cache_shutdown()");
	kmem_expect_text(test, report, "Object 0x%p @offset=%tu", left,
			 left - slab_address(virt_to_slab(left)));
	kmem_expect_text(test, report, "Allocated in allocate_singly+");
	expect_not_told(test, report, "allocate_zeroed+");
	kmem_expect_text(test, report, "kmem_cache_destroy " NAME
			 ": Slab cache still has objects");
}

static struct kunit_case kmem_track_cases[] = {
	KUNIT_CASE_PARAM(report_names_allocator_and_freer, users_gen_params),
	KUNIT_CASE(bulk_free_tracks_each_object),
	KUNIT_CASE(report_tells_task_processor_and_age),
	KUNIT_CASE(untracked_report_names_nobody),
	KUNIT_CASE(kmem_dump_obj_tells_who_and_where),
	KUNIT_CASE_PARAM(kmalloc_is_tracked_to_its_caller, caller_gen_params),
	KUNIT_CASE(report_shows_all_bytes),
	KUNIT_CASE(report_shows_what_is_before),
	KUNIT_CASE(report_shows_nothing_before_the_slab),
	KUNIT_CASE(all_that_is_wrong_is_listed_once),
	KUNIT_CASE(leftover_objects_are_listed),
	{}
};

static struct kunit_suite kmem_track_suite = {
	.name = "kmem_track",
	.init = kmem_suite_init,
	.test_cases = kmem_track_cases,
};

kunit_test_suite(kmem_track_suite);

MODULE_DESCRIPTION("KUnit tests for the reports of slab debugging");
MODULE_LICENSE("GPL");
