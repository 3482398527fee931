# SPDX-License-Identifier: GPL-2.0-only
"""Mutants are where they should be, and a kernel with all of them acts as the plain edits do."""
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from clang import cindex  # type: ignore[import]

from kmem_kunit import arch, host, mutants, overlay, schemata
from kmem_kunit.mutant import OPERATORS, SWITCHES, Mutant, acts

LLVM = arch.find("uml-clang").llvm
PROGRAM = """\
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
typedef unsigned int gfp_t;
typedef unsigned int slab_flags_t;
#define __GFP_ZERO ((gfp_t)1u)
#define __GFP_NOWARN ((gfp_t)2u)
#define SLAB_HWCACHE_ALIGN ((slab_flags_t)4u)
#define SLAB_RECLAIM_ACCOUNT ((slab_flags_t)8u)
#define __OBJECT_POISON ((slab_flags_t)(1u << 4))
#define SLAB_ALLOC_DEFAULT 0
#define SLAB_ALLOC_NOLOCK 0x01
#define SWAP(a, b) do { int swap_c = (a); (a) = (b); (b) = swap_c; } while (0)
#define IS_ENABLED(x) (x)
#define LOW (1 << SHIFT)
#define SHIFT 2
#define IS_BIG(x) ((x) > 2)
#define STORE_TO(x, value) do { *(volatile int *)&(x) = (value); } while (0)
#define STORE(x, value) do { (void)sizeof(x); STORE_TO(x, value); } while (0)
#define SAY(format, ...) printf(format, ##__VA_ARGS__)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define PAIR(a, b) a + b
#define BOTH(a, b) (a), (b)
static int limit = 3;
enum { FEW = 2 };
enum kind { NONE, SOME, MANY };
#define CHECKED(name) static inline int *check_##name(void) { return &(name); }
CHECKED(limit)

static int between(int low, int value, int high)
{
	return value >= low && value <= high;
}

static const char *name(int number)
{
	static const int known = 4;

	if (!number)
		return "none";
	switch (number) {
	case 1:
		return "one";
	case FEW:
		return "few";
	}
	return number > known ? "many" : "some";
}

static gfp_t flags(gfp_t gfp)
{
	gfp |= __GFP_ZERO; /* as ever */
	return gfp & ~__GFP_NOWARN;
}

static slab_flags_t slab_flags(int a, int alloc)
{
	slab_flags_t found = a & SLAB_ALLOC_NOLOCK ? __OBJECT_POISON : SLAB_HWCACHE_ALIGN;

	if (alloc == SLAB_ALLOC_DEFAULT)
		return 0;
	return found | 1;
}

static int part(int a)
{
	a /= 2;
	return (a + 9) / (3) % 5;
}

static int work(int a, int b)
{
	unsigned char sum = 0;
	int i;

	for (i = 0; i < limit; i++) {
		if (i == b)
			continue;
		if (i > 40)
			break;
		sum += a +
		       i;
	}
	while (sum > 100)
		sum -= 10;
	do {
		sum++;
	} while (sum & 3);
	SWAP(sum, b);
	if (IS_ENABLED(1) && sizeof(a) == 4)
		sum = sum << 1;
	return between(0, sum, 1000) ? sum - b : b;
}

static int handed(int a, int b)
{
	STORE(a, a & ~LOW);
	SAY("%d %d ", a << SHIFT, b);
	if (unlikely(a && !IS_BIG(b)))
		return LOW;
	return PAIR(a, b);
}

static enum kind kind(int a, const char *text)
{
	const char *end = text;

	while (*end)
		end++;
	if (!a && end - text > 3)
		return NONE;
	return a > 1 ? MANY : SOME;
}

static char letter(const char *text)
{
	return __builtin_return_address(0) ? *text : 'x';
}

static bool is_dull(int a, int b)
{
	if (!a)
		return !b;
	return !(a & 1) || b;
}

static int three(int a, const char *text, int b)
{
	if (!*text) {
		goto none;
	} else if (a > b) {
		return a;
	}
	if (a == b)
		goto none;
	else
		return b - a;
none:
	return a + 7;
}

static int called(int a, int b)
{
	static const struct { int (*call)(int, const char *, int); } by = { three };

	return by.call(a, name(a), b) + between(BOTH(a, b), 7);
}

static unsigned long wide(unsigned long x)
{
	unsigned long low = (x << 40) & ~0xffffffff;

	return low + (x << 33 & ~0x7ffffffe) + (-1 < 1U) + (x - 0);
}

static int mixed(int a, int b)
{
	return (a & b ^ 5) + (a && b || a > 2) + (a << 1 & b + 1);
}

int main(void)
{
	int a, b;

	for (a = 0; a < 6; a++) {
		for (b = 0; b < 4; b++)
			printf("%d %d ", work(a, b), part(b) + handed(a, b));
		printf("%s %u %lu %d ", name(a), flags(a), wide(a + 1), mixed(a, 3));
		printf("%d %c %d ", kind(a, name(a)), letter(name(a)), is_dull(a, 2));
		printf("%d %u\\n", called(a, 3), slab_flags(a, a / 2));
	}
	return 0;
}
"""
SWITCH = """\
#include <stdlib.h>
static int mutant;
__attribute__((constructor)) static void choose(void) { mutant = atoi(getenv("MUTANT")); }
#define kmem_mutant(id) (mutant == (id))
"""


@pytest.fixture(scope="module", name="source")
def _source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kernel")
    (folder / "mm").mkdir()
    (folder / "mm/x.c").write_text(PROGRAM)
    return folder


@pytest.fixture(scope="module", name="found")
def _found(source: Path) -> list[Mutant]:
    if not cindex.Config.loaded:
        cindex.Config.set_library_file(str(host.LIBCLANG))
    unit = cindex.TranslationUnit.from_source(
        str(source / "mm/x.c"),
        options=cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD)
    assert not list(unit.diagnostics)
    return [each for each in mutants.find(unit, source, {"mm/x.c": PROGRAM.encode()}) if each.function != "main"]


def edits(found: list[Mutant], operator: str, function: str) -> list[tuple[str, str | None]]:
    """Return what an operator does in a function: pairs of old and new text, on a line each."""
    data = PROGRAM.encode()
    return [(" ".join(data[each.start : each.end].decode().split()),
             None if each.replacement is None else " ".join(each.replacement.split()))
            for each in found if (each.operator, each.function) == (operator, function)]


def test_comparisons_and_logic_are_replaced(found: list[Mutant]) -> None:
    assert edits(found, "relational", "between") == [
        ("value >= low", "value > low"), ("value >= low", "value < low"),
        ("value <= high", "value < high"), ("value <= high", "value > high")]
    assert edits(found, "logical", "between") == [
        ("value >= low && value <= high", "value >= low || value <= high")]
    assert edits(found, "logical", "name") == [("!number", "!!number")]


def test_arithmetic_is_replaced(found: list[Mutant]) -> None:
    assert ("sum += a + i", "sum -= a + i") in edits(found, "arithmetic", "work")
    assert ("a + i", "a - i") in edits(found, "arithmetic", "work")
    assert ("i++", "i--") in edits(found, "arithmetic", "work")
    assert edits(found, "bitwise", "work") == [("sum & 3", "sum | 3"), ("sum << 1", "sum >> 1")]


def test_conditions_are_negated_unless_a_comparison_is(found: list[Mutant]) -> None:
    assert edits(found, "condition", "work") == [
        ("sum & 3", "!(sum & 3)"), ("between(0, sum, 1000)", "!(between(0, sum, 1000))")]


def test_what_begins_with_a_negation_is_negated_unless_it_is_one(found: list[Mutant]) -> None:
    assert edits(found, "condition", "kind") == [
        ("*end", "!(*end)"), ("!a && end - text > 3", "!(!a && end - text > 3)")]
    assert edits(found, "condition", "is_dull") == []
    assert edits(found, "result", "is_dull") == [("!(a & 1) || b", "!(!(a & 1) || b)")]
    assert edits(found, "logical", "is_dull") == [
        ("!a", "!!a"), ("!b", "!!b"), ("!(a & 1) || b", "!(a & 1) && b"), ("!(a & 1)", "!!(a & 1)")]


def test_pointers_are_not_added(found: list[Mutant]) -> None:
    assert edits(found, "arithmetic", "kind") == [("end++", "end--")]


def test_numbers_become_their_neighbours_and_zero(found: list[Mutant]) -> None:
    assert ("40", "0") in edits(found, "constant", "work")
    assert ("40", "41") in edits(found, "constant", "work")
    assert ("40", "39") in edits(found, "constant", "work")
    assert ("1000", "1001") in edits(found, "constant", "work")


def test_numbers_keep_their_type(found: list[Mutant]) -> None:
    """Or the kernel would calculate with another one although no mutant acts."""
    assert edits(found, "constant", "wide") == [
        ("40", "0"), ("40", "41"), ("40", "39"),
        ("0xffffffff", "0U"), ("0xffffffff", "0xfffffffeU"),
        ("33", "0"), ("33", "34"), ("33", "32"),
        ("0x7ffffffe", "0"), ("0x7ffffffe", "0x7fffffff"), ("0x7ffffffe", "0x7ffffffd"),
        ("1", "0"), ("1", "2"), ("1U", "0U"), ("1U", "2U"), ("0", "1"), ("0", "-1")]


def test_nothing_is_divided_by_zero(found: list[Mutant]) -> None:
    assert edits(found, "constant", "part") == [
        ("2", "3"), ("2", "1"), ("9", "0"), ("9", "10"), ("9", "8"), ("3", "4"), ("3", "2"),
        ("5", "6"), ("5", "4")]


def test_statements_are_left_out(found: list[Mutant]) -> None:
    left_out = [old for old, new in edits(found, "statement", "work") if new is None]
    assert left_out == ["continue", "break", "sum += a + i", "sum -= 10", "sum++", "SWAP(sum, b)",
                        "sum = sum << 1"]


def test_jumps_are_left_out_where_something_follows(found: list[Mutant]) -> None:
    """Not the last one, without which a function returns nothing."""
    assert edits(found, "statement", "three") == [
        ("goto none", None), ("return a", None), ("return b - a", None)]
    assert edits(found, "statement", "is_dull") == [("return !b", None)]


def test_flags_are_dropped_and_swapped(found: list[Mutant]) -> None:
    assert edits(found, "flag", "flags") == [
        ("__GFP_ZERO", "(gfp_t)0"), ("__GFP_ZERO", "__GFP_NOWARN"),
        ("__GFP_NOWARN", "(gfp_t)0"), ("__GFP_NOWARN", "__GFP_ZERO")]
    assert edits(found, "flag", "slab_flags") == [
        ("SLAB_ALLOC_NOLOCK", "0"),
        ("__OBJECT_POISON", "(slab_flags_t)0"), ("__OBJECT_POISON", "SLAB_HWCACHE_ALIGN"),
        ("SLAB_HWCACHE_ALIGN", "(slab_flags_t)0"), ("SLAB_HWCACHE_ALIGN", "SLAB_RECLAIM_ACCOUNT")]


def test_results_and_arguments_change(found: list[Mutant]) -> None:
    assert ('"none"', "NULL") in edits(found, "result", "name")
    assert ("gfp & ~__GFP_NOWARN", "0") in edits(found, "result", "flags")
    assert edits(found, "result", "kind") == [("a > 1 ? MANY : SOME", "0")]
    assert [new for _, new in edits(found, "result", "letter")] == ["0"]
    assert edits(found, "argument", "work") == [
        ("between(0, sum, 1000)", "between(sum, 0, 1000)"),
        ("between(0, sum, 1000)", "between(1000, sum, 0)"),
        ("between(0, sum, 1000)", "between(0, 1000, sum)")]
    assert edits(found, "argument", "called") == [
        ("by.call(a, name(a), b)", "by.call(b, name(a), a)")]  # and none of BOTH()


def test_what_the_compiler_must_know_is_left_alone(found: list[Mutant]) -> None:
    assert edits(found, "constant", "name") == [] == edits(found, "constant", "letter")
    assert not [each for each in found if each.function == "check_limit"]
    for operator in OPERATORS:
        assert not [old for old, _ in edits(found, operator, "work") if "IS_ENABLED" in old]


def test_what_is_handed_to_a_macro_may_end_in_one(found: list[Mutant]) -> None:
    assert edits(found, "bitwise", "handed") == [
        ("a & ~LOW", "a | ~LOW"), ("a << SHIFT", "a >> SHIFT")]
    assert edits(found, "logical", "handed") == [
        ("a && !IS_BIG(b)", "a || !IS_BIG(b)"), ("!IS_BIG(b)", "!!IS_BIG(b)")]
    assert edits(found, "result", "handed") == [("LOW", "0")]


def test_place_is_where_it_differs(found: list[Mutant]) -> None:
    lines = PROGRAM.splitlines()
    for each in found:
        if each.operator in ("relational", "logical") and not (each.replacement or "").startswith("!!"):
            assert lines[each.line - 1][each.column - 1] in "<>=&|"


def built(folder: Path, name: str, text: bytes) -> Path:
    """Compile a program."""
    source, program = folder / f"{name}.c", folder / name
    source.write_bytes(text)
    subprocess.run([f"clang{LLVM}", "-w", "-O1", "-fwrapv", "-o", program, source], check=True)
    return program


def output(program: Path, number: int = 0) -> tuple[int, str]:
    """Run a program with a mutant; what does not end is as good as another text."""
    done = subprocess.run(["timeout", "-s", "KILL", "1", program], env={"MUTANT": str(number)},
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout if done.returncode == 0 else ""


def test_each_mutant_acts_as_the_plain_edit(tmp_path: Path, found: list[Mutant]) -> None:
    data = PROGRAM.encode()
    text, regions = schemata.render(data, dict(enumerate(found, 1)))
    text = text.replace(b"#include <linux/kmem_mutant.h>\n", SWITCH.encode())
    together = built(tmp_path, "together", text)
    assert output(together) == output(built(tmp_path, "plain", data))
    assert {number for region in regions for number in region.mutants} == set(
        range(1, len(found) + 1))

    def alone(pair: tuple[int, Mutant]) -> tuple[int, str]:
        number, each = pair
        edited = data[: each.start] + each.text(data) + data[each.end :]
        return output(built(tmp_path, f"alone{number}", edited))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outputs = list(pool.map(alone, enumerate(found, 1)))
    for number, (each, expected) in enumerate(zip(found, outputs), 1):
        assert output(together, number) == expected, each
    assert sum(expected != output(together) for expected in outputs) > len(found) // 2


@pytest.mark.parametrize(("file", "suites"), [("mm/slab.h", False), ("include/linux/slab.h", True)])
@pytest.mark.parametrize(("name", "suite"), [
    ("lib/kmem_kunit/lib/kmem_kunit_helpers", True), ("lib/tests/slub_kunit", True),
    ("lib/slub_kunit", True), ("mm/slub", False), ("mm/x", False), ("lib/kasprintf", False),
    ("./bounds", False)])
def test_mutants_of_headers_act_outside_of_suites_or_in_them_only(
        tmp_path: Path, file: str, suites: bool, name: str, suite: bool) -> None:
    text, _ = schemata.render(b"int f(void) { return 1; }\n", {
        7: Mutant(file, 21, 22, "constant", "2", 1, 22, "f")}, SWITCHES[file])
    (tmp_path / "linux").mkdir()
    (tmp_path / "linux/compiler.h").write_text("#define __always_inline inline\n#define unlikely(x) (x)\n")
    (tmp_path / "linux/types.h").write_text("#include <stdbool.h>\n")
    header = overlay.REPO / "tools/mutation/kmem_mutant.h"
    (tmp_path / "linux/kmem_mutant.h").write_bytes(header.read_bytes())
    (tmp_path / "x.c").write_bytes(text)
    command = [f"clang{LLVM}", "-O1", f"-I{tmp_path}", f'-DKBUILD_MODFILE="{name}"', "-c", "-o",
               str(tmp_path / "x.o"), str(tmp_path / "x.c")]
    subprocess.run(command, check=True)
    assert (b"kmem_mutant_acts" in (tmp_path / "x.o").read_bytes()) is (suite is suites)
    assert acts(file, command) is (suite is suites)


def test_all_lines_stay_where_they_are(found: list[Mutant]) -> None:
    text, _ = schemata.render(PROGRAM.encode(), dict(enumerate(found, 1)))
    _, _, own = text.partition(b"#line 1\n")
    old, new = PROGRAM.splitlines(), own.decode().splitlines()
    assert len(old) == len(new)
    for number, line in enumerate(old):
        for word in ("static", "return", "while", "switch"):
            assert (word in line) <= (word in new[number])


def test_place_of_an_error_names_the_mutants(found: list[Mutant]) -> None:
    numbered = dict(enumerate(found, 1))
    text, regions = schemata.render(PROGRAM.encode(), numbered)
    for number, each in numbered.items():
        if each.replacement is not None:
            switch = b"kmem_mutant(%d) ? (" % number
            assert schemata.at(regions, text.index(switch) + len(switch)) == (number,)
        else:
            assert number in schemata.at(regions, text.index(b"!kmem_mutant(%d)" % number))
    assert schemata.at(regions, text.index(b"printf")) == ()
