# SPDX-License-Identifier: GPL-2.0-only
"""What is found of the kernel's functions in our own C."""
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmem_kunit import reach
from kmem_kunit.errors import UserError
from kmem_kunit.kernel import Kernel

API = ("kmalloc", "kzalloc", "kcalloc", "kvmalloc", "kfree", "kvfree", "kstrdup", "krealloc",
       "kmem_cache_alloc", "kmem_cache_free", "kmem_cache_create", "kfree_rcu", "ksize", "kmemdup")

SUITE = r"""
#include <kunit/test.h>
#include <linux/no_such_header.h>
#include "kmem_shared.h"

/* kvmalloc() in a comment, "kvmalloc" in a string: neither is a use. */
#define DEFINE_ALLOCATOR(name, plain, zeroed)			\
	static void *name##_plain(size_t size) { return plain; }	\
	static void *name##_zeroed(size_t size) { return zeroed; }
#define ROW(name, release)	{ #name, name##_zeroed, release }

DEFINE_ALLOCATOR(one, kmalloc(size, GFP_KERNEL), kzalloc(size, GFP_KERNEL))
DEFINE_ALLOCATOR(two, kstrdup("kcalloc", GFP_KERNEL), kcalloc(1, size, GFP_KERNEL))

static const struct row {
	const char *name;
	void *(*zeroed)(size_t size);
	void (*release)(const void *memory);
} rows[] = { ROW(one, kfree), ROW(two, kvfree) };

KUNIT_ARRAY_PARAM_DESC(row, rows, name)
KUNIT_DEFINE_ACTION_WRAPPER(free_action, kfree, const void *)

static void of_table(struct kunit *test)
{
	const struct row *row = test->param_value;
	row->release(row->zeroed(8));
}

static void of_macro(struct kunit *test)
{
	EXPECT_SAME(test, krealloc(NULL, 8, GFP_KERNEL), "kmemdup");
	kunit_add_action(test, free_action, NULL);
}

static void helper(struct kunit *test, int depth) __maybe_unused;
static noinline __printf(1, 2) void *(*indirect)(size_t size) = one_plain;

static void __maybe_unused helper(struct kunit *test, int depth)
{
	if (depth) helper(test, depth - 1);
	indirect(8);
	ops.kvmalloc = 0; ops->ksize(8);
}

static void of_helper(struct kunit *test) { helper(test, '"'); }
static void of_shared(struct kunit *test) { shared_helper(test); }

/* Internal names are their public ones, cleanup classes are uses. */
static void of_internal(struct kunit *test)
{
	void *memory __free(kvfree) = __kmalloc_noprof(8, GFP_KERNEL);
}

static void of_feature(struct kunit *test)
{
#if defined(FEATURE) && LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	kfree_rcu(test, rcu);
#else
	ksize(test);
#endif
#ifdef CONFIG_ANY
	kvmalloc(8, GFP_KERNEL);
#endif
}

static void of_compat(struct kunit *test) { kmem_cache_create("x", 8, 0, 0, NULL); }
static void unlisted(struct kunit *test) { kmemdup(test, 8, GFP_KERNEL); }
static void of_nothing(struct kunit *test) { static int kmem; kmem++; }

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(of_table, row_gen_params),
	KUNIT_CASE(of_macro), KUNIT_CASE(of_helper), KUNIT_CASE(of_shared),
	KUNIT_CASE(of_internal), KUNIT_CASE_SLOW(of_feature), KUNIT_CASE(of_compat),
	KUNIT_CASE(of_nothing),
	{}
};
static struct kunit_suite suite = { .name = "kmem_a", .init = unlisted, .test_cases = cases };
kunit_test_suite(suite);
MODULE_LICENSE("GPL");
"""

HEADER = """
#include <linux/slab.h>
#define EXPECT_SAME(test, expression, text) do { typeof(expression) __a = (expression); } while (0)
void shared_helper(struct kunit *test);
#ifndef KUNIT_CASE_SLOW
#define KUNIT_CASE_SLOW(name) { .run_case = name }
#endif
#ifndef kmem_cache_create
#define kmem_cache_create(name, size, align, flags, \\
			  ctor) kmem_cache_alloc(name)
#endif
"""

SHARED = """
#include "kmem_shared.h"
static void one_plain(struct kmem_cache *cache) { kmem_cache_alloc(cache, GFP_KERNEL); }
static void free_all(void *c) { kmem_cache_free(c, c); }
void shared_helper(struct kunit *test)
{
	one_plain(NULL);
	kunit_add_action(test, free_all, NULL);
}
EXPORT_SYMBOL_GPL(shared_helper);
"""


def make(folder: Path, suite: str = SUITE, features: str = "") -> tuple[Path, Kernel]:
    """Write a lib folder of ours, and a kernel's headers that define some macros."""
    lib, kernel = folder / "lib", folder / "kernel"
    for path in (lib, kernel / "include/linux", kernel / "include/kunit"):
        path.mkdir(parents=True, exist_ok=True)
    (lib / "kmem_a_kunit.c").write_text(suite)
    (lib / "kmem_shared.h").write_text(HEADER)
    (lib / "kmem_shared.c").write_text(SHARED)
    (kernel / "include/linux/x.h").write_text(features)
    return lib, Kernel("x", kernel, "6.12.3-rc1")


def reached(lib: Path, kernel: Kernel) -> dict[str, str]:
    """Return what each case reaches, the closest first."""
    found = reach.reached(lib, kernel, API)
    assert {suite for suite, _ in found} == {"kmem_a"}
    return {case: " ".join(sorted(names, key=lambda n: (names[n], n)))
            for (_, case), names in found.items()}


def test_reached(tmp_path: Path) -> None:
    assert reached(*make(tmp_path)) == {
        "of_table": "kfree kvfree kcalloc kzalloc",
        "of_macro": "krealloc kfree",
        "of_helper": "kmalloc",
        "of_shared": "kmem_cache_alloc kmem_cache_free",
        "of_internal": "kmalloc kvfree",
        "of_feature": "ksize kvmalloc",
        "of_compat": "kmem_cache_create",
        "of_nothing": "",
    }


def test_what_the_kernel_has_decides(tmp_path: Path) -> None:
    lib, kernel = make(tmp_path, features="#define FEATURE 1\n#define kmem_cache_create(a...) b\n")
    found = reached(lib, kernel)
    assert found["of_feature"] == "kfree_rcu kvmalloc"
    assert found["of_compat"] == "kmem_cache_create"
    assert reached(lib, Kernel("x", kernel.path, "6.1.4"))["of_feature"] == "ksize kvmalloc"


def test_what_is_closer_counts_as_closer(tmp_path: Path) -> None:
    found = reach.reached(*make(tmp_path), API)
    assert found["kmem_a", "of_macro"]["krealloc"] == 1
    assert found["kmem_a", "of_internal"] == {"kvfree": 1, "kmalloc": 1}
    assert 3 <= found["kmem_a", "of_table"]["kzalloc"] < 10
    assert min(found["kmem_a", "of_shared"].values()) > 100


@pytest.mark.parametrize(("old", "new", "says"), [
    ("of_nothing(struct kunit *test) {", "of_nothing(struct kunit *test) { (", "nothing closes"),
    ('#include "kmem_shared.h"', '#include "no_such.h"', "no_such.h"),
    ("#ifdef CONFIG_ANY", "#ifdef", "kmem_a_kunit.c"),
    ("#ifdef CONFIG_ANY", "", "#endif without #if"),
    ("#ifdef CONFIG_ANY", "#error \x1b[2J\n#ifdef CONFIG_ANY", "#error"),
    ('#include "kmem_shared.h"', '#include "kmem_a_kunit.c"', "kmem_a_kunit.c"),
])
def test_what_is_not_clear_is_an_error(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in SUITE
    with pytest.raises(UserError) as caught:
        reach.reached(*make(tmp_path, SUITE.replace(old, new)), API)
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_macros_that_expand_without_end(tmp_path: Path) -> None:
    laughs = "#define L0 kfree,kfree,kfree,kfree,kfree,kfree,kfree,kfree,kfree,kfree\n"
    for i in range(1, 7):
        laughs += f"#define L{i} " + ",".join([f"L{i - 1}"] * 10) + "\n"
    lib, kernel = make(tmp_path, laughs + SUITE + "static int laughs[] = { L6 };\n")
    with pytest.raises(UserError, match="too much"):
        reach.reached(lib, kernel, API)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    lib, kernel = make(tmp_path)
    noise = b'/* \xff\xfe */ static char x[] = "\xff";'
    (lib / "kmem_a_kunit.c").write_bytes(SUITE.encode() + noise)
    assert reached(lib, kernel)["of_macro"] == "krealloc kfree"


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.integers(0, len(SUITE)), st.integers(0, len(SUITE)), st.sampled_from('"\'/*{}()\\#,;='))
def test_broken_sources_do_not_break_the_scanner(start: int, end: int, extra: str) -> None:
    try:
        reach.scan(SUITE[:start] + extra + SUITE[end:], "a.c")
    except UserError as error:
        assert "\n" not in str(error)
