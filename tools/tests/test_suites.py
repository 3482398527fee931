# SPDX-License-Identifier: GPL-2.0-only
"""What the scanner of our C understands, and what KUnit's filter selects."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmem_kunit import overlay, suites
from kmem_kunit.errors import UserError

SOURCE = r"""
// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file's own comment, e.g. with KUNIT_CASE(not_this) in it.
 */
#include <kunit/test.h>
#define FAMILY \
	KUNIT_CASE(nor_this), /* spread over \
	two lines */

static const struct way {
	const char *name;
	char *(*dup)(const char *s, size_t len);
} ways[] = {
	{ "quote \" and } brace", dup_a }, { "// no comment", '"' == '\'' ? dup_b : dup_c },
};

KUNIT_ARRAY_PARAM_DESC(way, ways, name)

/*
 * The copy ends at max, i.e. after its last byte. And this is more
 * (mm/util.c).
 */
static void stops_at_max(struct kunit *test)
{
	const char *s = "static struct kunit_suite x = { .name = \"no\" };";
}

/* One line without a stop */
static void one_line(struct kunit *test) { if (1) { } }

/**
 * Kernel-doc style: kmalloc() of 0 is ZERO_SIZE_PTR!
 *
 * A second paragraph.
 */
static noinline void __maybe_unused kernel_doc(struct kunit *test)
{
}

/* Not directly above. */

static void bare(struct kunit *test)
{
}

/* A family's contract. */
DEFINE_CASE(of_family, kmalloc(8, GFP_KERNEL))

// A comment in C++ style.
static void slow(struct kunit *test)
{
}

static struct kunit_case __refdata kmem_a_cases[] = {
	KUNIT_CASE(stops_at_max),	/* a remark */
#ifdef CONFIG_X
	KUNIT_CASE_PARAM(one_line, way_gen_params),
#endif
	KUNIT_CASE_PARAM_ATTR(kernel_doc, way_gen_params, (struct kunit_attributes){
		.speed = KUNIT_SPEED_VERY_SLOW }),
	KUNIT_CASE(bare), KUNIT_CASE_PARAM_WITH_INIT(of_family, gen, init, exit),
	KUNIT_CASE_SLOW(slow),
	{}
};

static struct kunit_suite kmem_a_suite = {
	.name = "kmem" "_a",
	.init = kmem_a_init,
	.test_cases = kmem_a_cases,
};
kunit_test_suites(&kmem_a_suite);
MODULE_LICENSE("GPL");
"""



def test_scan() -> None:
    (suite,) = suites.scan(SOURCE, "kmem_a_kunit.c")
    assert (suite.name, suite.file) == ("kmem_a", "kmem_a_kunit.c")
    assert [(c.name, c.contract, c.parametrised, c.slow) for c in suite.cases] == [
        ("stops_at_max", "The copy ends at max, i.e. after its last byte.", False, False),
        ("one_line", "One line without a stop", True, False),
        ("kernel_doc", "Kernel-doc style: kmalloc() of 0 is ZERO_SIZE_PTR!", True, True),
        ("bare", "", False, False),
        ("of_family", "A family's contract.", True, False),
        ("slow", "A comment in C++ style.", False, True),
    ]


@pytest.mark.parametrize(("old", "new", "says"), [
    ("KUNIT_CASE(stops_at_max),", "FAMILY_CASES,", "'FAMILY_CASES' is no KUNIT_CASE"),
    (".test_cases = kmem_a_cases", ".test_cases = others", "'others' of kmem_a_suite is not to be"),
    ('.name = "kmem" "_a",', "", "has no .name"),
    ("MODULE_LICENSE(", "/* never closed ", "has no end"),
    ('MODULE_LICENSE("GPL");', '"open', "has no end"),
    ('MODULE_LICENSE("GPL");', "void f(void) { (", "nothing closes this {"),
])
def test_what_is_not_clear_is_an_error(old: str, new: str, says: str) -> None:
    assert old in SOURCE
    with pytest.raises(UserError) as caught:
        suites.scan(SOURCE.replace(old, new), "a.c")
    assert says in str(caught.value) and str(caught.value).startswith("a.c:")


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.integers(0, len(SOURCE)), st.integers(0, len(SOURCE)), st.sampled_from('"\'/*{}()\\#,;='))
def test_broken_sources_do_not_break_the_scanner(start: int, end: int, extra: str) -> None:
    try:
        suites.scan(SOURCE[:start] + extra + SOURCE[end:], "a.c")
    except UserError as error:
        assert "\n" not in str(error)


def test_problems() -> None:
    assert suites.problems(suites.scan(SOURCE, "a.c")) == [
        "a.c: kmem_a.bare has no contract above it"]
    source = SOURCE.replace("KUNIT_CASE(bare)", "KUNIT_CASE(stops_at_max)") \
        .replace("one_line", "test_one")
    twice = suites.scan(source, "a.c") * 2
    assert suites.problems(twice)[:3] == [
        "two suites are called kmem_a", "a.c: kmem_a.stops_at_max is listed 2 times",
        "a.c: 'test_one' is no name for a suite or case: letters, digits and _, without \"test\""]
    assert suites.problems([suites.Suite("kmem_b", "b.c", ())]) == ["b.c: kmem_b has no case"]
    latest = suites.scan(source.replace("test_one", "latest_one"), "a.c")
    assert not [problem for problem in suites.problems(latest) if "latest" in problem]


def test_load(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no kmem_"):
        suites.load(tmp_path)
    other = SOURCE.replace("kmem_a", "kmem_b").replace('_a"', '_b"')
    (tmp_path / "kmem_b_kunit.c").write_text(other)
    (tmp_path / "kmem_a_kunit.c").write_bytes(SOURCE.encode() + b"/* \xff\xfe */")
    (tmp_path / "kmem_helper.c").write_text("int x;")
    assert [suite.name for suite in suites.load(tmp_path)] == ["kmem_a", "kmem_b"]
    (tmp_path / "kmem_c_kunit.c").write_text("int x;")
    with pytest.raises(UserError, match="has no struct kunit_suite"):
        suites.load(tmp_path)


def test_our_own_suites() -> None:
    """Every case of ours has a contract and a fit name."""
    assert not suites.problems(suites.load(Path(__file__).parents[2] / "lib"))


def case(name: str) -> suites.CaseInfo:
    return suites.CaseInfo(name, "x", False, False)


BOTH = (suites.Suite("kmem_strdup", "a.c", (case("copies"), case("stops_at_max"))),
        suites.Suite("kmem_zero", "b.c", (case("copies"), case("big"))))


@pytest.mark.parametrize(("glob", "chosen"), [
    ("", "copies stops_at_max, copies big"),
    ("*", "copies stops_at_max, copies big"),
    ("kmem_strdup", "copies stops_at_max, "),
    ("kmem_*.copies", "copies, copies"),
    ("*.*_at_*", "stops_at_max, "),
    ("kmem_[yz]ero", ", copies big"),
    ("kmem_[^z]ero", ", copies big"),
    ("kmem_[!z]*", "copies stops_at_max, "),
    ("kmem_[a-t]*.[bc]*", "copies, "),
    ("kmem_zer?.bi\\g", ", big"),
    ("*_???o.*", ", copies big"),
])
def test_select(glob: str, chosen: str) -> None:
    found = suites.select(BOTH, glob)
    assert ", ".join(" ".join(found.get(suite.name, [])) for suite in BOTH) == chosen


@pytest.mark.parametrize("glob", ["nothing", "kmem_zero.stops_at_max", "kmem", "*.", ".copies", "[",
                                  "kmem_zero.big.param", "KMEM_ZERO", "[z-a]*", "\\"])
def test_a_filter_that_matches_nothing_is_an_error(glob: str) -> None:
    with pytest.raises(UserError) as caught:
        suites.select(BOTH, glob)
    assert "\n" not in str(caught.value)
    if glob != "[z-a]*":
        assert "the suites are kmem_strdup, kmem_zero" in str(caught.value)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text("*?[]!-\\.^az_", max_size=12))
def test_any_filter_is_understood(glob: str) -> None:
    try:
        assert suites.select(BOTH, glob)
    except UserError:
        pass


def test_each_suite_has_its_option() -> None:
    kconfig = (overlay.REPO / "Kconfig").read_text(encoding="utf-8").splitlines()
    options = [f"config {suite.name.upper()}_KUNIT_TEST" for suite in suites.load(overlay.REPO / "lib")]
    assert not set(options) - set(kconfig)


def test_suites_to_measure_may_be_the_kernels(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "lib/tests").mkdir(parents=True)
    (tmp_path / "lib/tests/slub_kunit.c").write_bytes(
        b'/* \xff */ struct { } x = { .name = "of_array" };\n'
        b'static struct kunit_suite test_suite = {\n\t.init = f,\n\t.name\t= "slub_test",\n};\n')
    ours = suites.load(repo / "lib")
    for glob in ("kmem_tiny", "slub_test", "[!k]*", "slub_*.case"):
        suites.check_measured(ours, tmp_path, glob)
    for glob in ("kmem_b*", "of_array", ""):
        with pytest.raises(UserError, match=f"no suite matches {re.escape(repr(glob))}: ours are kmem_tiny"):
            suites.check_measured(ours, tmp_path, glob)
