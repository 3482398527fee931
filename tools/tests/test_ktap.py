# SPDX-License-Identifier: GPL-2.0-only
"""The KTAP reader: what it tells of good and bad logs, and what no log may do to it."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmem_kunit import ktap, splat
from kmem_kunit.ktap import lines, read
from kmem_kunit.result import Result, Status

PLANNED = {
    "kmem_strdup": ["kstrdup_copies", "kstrndup_stops_at_max", "kmemdup_sizes",
                    "kfree_const_rodata"],
    "kmem_zero": ["kzalloc_is_zero", "kcalloc_is_zero"],
}

# As KUnit of 6.12 prints it: the parameters' group has no plan, but a count at its end.
LOG = """\
Core dump limits :
\tsoft - 0
\thard - NONE
Checking that ptrace can change system call numbers...OK
[    0.000000] Linux version 6.12.117 (gcc (Debian 12.2.0-14) 12.2.0) #1
[    0.010000] Kernel command line: kunit.enable=1 printk.time=1 console=tty
[    0.020000] printk: console [mc-1] enabled
[    0.030000] KTAP version 1
[    0.030000] 1..2
[    0.030000]     KTAP version 1
[    0.030000]     # Subtest: kmem_strdup
[    0.030000]     # module: kmem_strdup_kunit
[    0.030000]     1..4
[    0.031500]     ok 1 kstrdup_copies
[    0.032000]     # kstrndup_stops_at_max: source ends at an unmapped page
[    0.034000]     ok 2 kstrndup_stops_at_max
[    0.034000]         KTAP version 1
[    0.034000]         # Subtest: kmemdup_sizes
[    0.035000]         ok 1 len=0
[    0.036000]         ok 2 len=1
[    0.037000]         ok 3 len=300 # SKIP too long for this machine
[    0.037000]     # kmemdup_sizes: pass:2 fail:0 skip:1 total:3
[    0.037000]     ok 3 kmemdup_sizes
[    0.038000]     ok 4 kfree_const_rodata # SKIP needs CONFIG_MODULES=n
[    0.038000] # kmem_strdup: pass:3 fail:0 skip:1 total:4
[    0.038000] # Totals: pass:4 fail:0 skip:2 total:6
[    0.038000] ok 1 kmem_strdup
[    0.038000]     KTAP version 1
[    0.038000]     # Subtest: kmem_zero
[    0.038000]     # module: kmem_zero_kunit
[    0.038000]     1..2
[    0.040000]     ok 1 kzalloc_is_zero
[    0.040000]     # kcalloc_is_zero.speed: slow
[    0.041000]     ok 2 kcalloc_is_zero
[    0.041000] # kmem_zero: pass:2 fail:0 skip:0 total:2
[    0.041000] # Totals: pass:2 fail:0 skip:0 total:2
[    0.041000] ok 2 kmem_zero
[    0.050000] reboot: System halted
""".splitlines(keepends=True)
PASSES = 5


def judge(log: list[str] | str, planned: bool = True) -> Result:
    """The Result of a log given as its lines or text."""
    text = log if isinstance(log, str) else "".join(log)
    stream = io.BytesIO(text.encode(errors="surrogateescape"))
    return read(lines(stream), PLANNED if planned else None)


def changed(old: str, new: str) -> str:
    """LOG with one piece of text replaced."""
    text = "".join(LOG)
    assert text.count(old) == 1
    return text.replace(old, new)


def statuses(result: Result) -> dict[str, str]:
    return {case.path: case.status.value for case in result.cases}


def kinds(result: Result) -> list[tuple[str, str]]:
    return [(problem.kind, problem.case) for problem in result.problems]


# What a good log says

def test_a_good_log() -> None:
    result = judge(LOG)
    assert result.ok, result.problems
    assert statuses(result) == {
        "kmem_strdup.kstrdup_copies": "PASS",
        "kmem_strdup.kstrndup_stops_at_max": "PASS",
        "kmem_strdup.kmemdup_sizes": "PASS",
        "kmem_strdup.kmemdup_sizes.len_0": "PASS",
        "kmem_strdup.kmemdup_sizes.len_1": "PASS",
        "kmem_strdup.kmemdup_sizes.len_300": "SKIP",
        "kmem_strdup.kfree_const_rodata": "SKIP",
        "kmem_zero.kzalloc_is_zero": "PASS",
        "kmem_zero.kcalloc_is_zero": "PASS",
    }
    assert result.counts[Status.PASS] == PASSES and result.counts[Status.SKIP] == 1
    assert judge(LOG, planned=False) == result


def test_durations_logs_and_reasons() -> None:
    cases = {case.path: case for case in judge(LOG).cases}
    seconds = {path: case.duration for path, case in cases.items()}
    assert seconds["kmem_strdup.kstrdup_copies"] == 0.0015
    assert seconds["kmem_strdup.kstrndup_stops_at_max"] == 0.0025
    assert seconds["kmem_strdup.kmemdup_sizes"] == 0.003
    assert seconds["kmem_strdup.kmemdup_sizes.len_1"] == 0.001
    assert cases["kmem_strdup.kfree_const_rodata"].reason == "needs CONFIG_MODULES=n"
    assert cases["kmem_strdup.kstrndup_stops_at_max"].log == \
        "# kstrndup_stops_at_max: source ends at an unmapped page"
    assert cases["kmem_zero.kcalloc_is_zero"].log == ""


@pytest.mark.parametrize("strip", ["[    0.0", "[    0.0NN000][    T1] ",
                                   "[    0.0NN000][   C12] "])
def test_prefixes(strip: str) -> None:
    """Without timestamps, and with the callers' ids, the verdicts are the same."""
    log = [line if line[0] != "[" else (line[15:] if "N" not in strip else
                                        line[:14] + strip[14:] + line[15:]) for line in LOG]
    result = judge(log)
    assert result.ok and statuses(result) == statuses(judge(LOG))
    assert (result.cases[0].duration is None) == ("N" not in strip)


def test_other_output_between_the_lines() -> None:
    log = changed("[    0.034000]     ok 2", "[    0.033000] random: crng init done\n"
                  "Checking for something...OK\n\n\0\0\n[    0.034000]     ok 2")
    assert judge(log).ok
    assert "crng" in judge(log).cases[1].log


def test_a_record_glued_behind_other_output() -> None:
    assert judge(changed("[    0.034000]     ok 2", "No newline here[    0.034000]     ok 2")).ok
    assert judge(changed("[    0.030000] KTAP", "mconsole...[    0.030000] KTAP")).ok
    bare = "".join(line[15:] if line[0] == "[" else line for line in LOG)
    result = judge(bare.replace("    ok 2 kstrndup", "half a line    ok 2 kstrndup"))
    assert statuses(result)["kmem_strdup.kstrndup_stops_at_max"] == "MISS"


def test_carriage_returns() -> None:
    assert judge([line.replace("\n", "\r\n") for line in LOG]).ok
    forged = changed("# kstrndup_stops_at_max: source", "# x\r[    0.000000]     ok 2 forged\r")
    assert not judge(forged).ok


# What a bad log says

@pytest.mark.parametrize("line", [
    "    ok 2 kstrndup_stops_at_max",  # the next result, before its time
    "    ok 3 kmemdup_sizes",
    "    ok 1 kstrdup_copies",
    "    ok 5 forged",
    "    not ok 2 kstrndup_stops_at_max",
    "ok 1 kmem_strdup",  # the suite's own
    "ok 1 kstrndup_stops_at_max",
    "ok 2 kmem_zero",
    "        ok 1 forged",
    "  ok 2 kstrndup_stops_at_max",
    "    ok 2 kstrndup_stops_at_max # SKIP nothing to see here",
    "    ok 99999999999 x",
    "    ok 2x",
    "    ok 2 a\tb",
    "    ok 2 a#b",
    "    ok 2 " + "x" * 1200,
    "KTAP version 1",
    "    KTAP version 1",
    "    # Subtest: kmem_zero",
    "1..1",
    "    1..2",
    "    1..99999999",
    "Bail out! no memory",
    "reboot: System halted",
    "List of all partitions:",
])
def test_a_forged_line_is_an_error(line: str) -> None:
    real = "[    0.034000]     ok 2"
    for log in (changed(real, f"{line}\n{real}"), changed(real, f"[    0.033000] {line}\n{real}")):
        for planned in (True, False):
            result = judge(log, planned)
            assert not result.ok
            assert result.problems


def test_a_forged_pass_does_not_hide_a_failure() -> None:
    real = "[    0.034000]     not ok 2 kstrndup_stops_at_max\n"
    forged = "[    0.033000]     ok 2 kstrndup_stops_at_max\n"
    log = changed(real.replace("not ok", "ok"), forged + real)
    assert statuses(judge(log))["kmem_strdup.kstrndup_stops_at_max"] == "FAIL"


@pytest.mark.parametrize(("old", "new"), [
    ("ok 2 kzalloc", "ok 2 kzalloc"),
    ("    1..2\n[    0.040000]", "    1..3\n[    0.040000]"),
    ("    1..4\n", "    1..3\n"),
    ("[    0.030000] 1..2\n", ""),
    ("[    0.030000] 1..2\n", "[    0.030000] 1..3\n"),
    ("[    0.038000]     1..2\n", ""),
    ("pass:2 fail:0 skip:1 total:3", "pass:3 fail:0 skip:1 total:4"),
    ("[    0.036000]         ok 2 len=1\n", ""),
    ("[    0.037000]         ok 3 len=300 # SKIP too long for this machine\n", ""),
    ("ok 1 len=0", "not ok 1 len=0"),
    ("ok 2 kcalloc_is_zero", "ok 2 kcalloc_is_zer"),
    ("ok 2 kcalloc_is_zero", "ok 2 kzalloc_is_zero"),
    ("ok 2 kmem_zero", "ok 2 kmem_other"),
    ("# Subtest: kmem_zero", "# Subtest: kmem_other"),
    ("ok 1 kmem_strdup", "not ok 1 kmem_strdup"),
    ("ok 1 kmem_strdup", "ok 1 kmem_strdup # SKIP"),
    ("ok 1 kzalloc_is_zero", "ok 1 kzalloc_is_zero # TIMEOUT 30 s"),
    ("ok 1 kzalloc_is_zero", "not ok 1 kzalloc_is_zero # TODO"),
    ("KTAP version 1\n[    0.030000] 1..2", "KTAP version 2\n[    0.030000] 1..2"),
])
def test_a_contradiction_is_an_error(old: str, new: str) -> None:
    if old != new:
        assert not judge(changed(old, new)).ok


def test_skip_in_any_spelling_is_no_pass() -> None:
    for word in ("SKIP", "skip", "SKIPPED", "Skip:"):
        result = judge(changed("ok 1 kzalloc_is_zero", f"ok 1 kzalloc_is_zero # {word} because"))
        assert statuses(result)["kmem_zero.kzalloc_is_zero"] == "SKIP"


@pytest.mark.parametrize("line, path", [
    ("    ok 4 kfree_const_rodata # SKIP", "kfree_const_rodata"),
    ("        ok 3 len=300 # SKIP", "kmemdup_sizes.len_300"),
])
def test_a_case_that_failed_before_it_skipped_has_failed(line: str, path: str) -> None:
    name = path.partition(".")[0]
    said = f"    # {name}: EXPECTATION FAILED at lib/kmem_kunit/lib/kmem_strdup_kunit.c:7"
    result = judge(changed(line, f"{said}\n[    0.038000] {line}"))
    assert statuses(result)[f"kmem_strdup.{path}"] == "FAIL" and not result.ok
    assert ("malformed", f"kmem_strdup.{name}") in kinds(result)


def test_what_is_planned_and_absent_is_missing() -> None:
    result = read(LOG, {**PLANNED, "kmem_cache": ["one", "two"]})
    assert not result.ok and not result.problems
    assert [c.path for c in result.cases if c.status is Status.MISS] == \
        ["kmem_cache.one", "kmem_cache.two"]


def test_what_is_not_planned_is_a_problem() -> None:
    result = read(LOG, {"kmem_strdup": PLANNED["kmem_strdup"][:3]})
    assert kinds(result) == [("malformed", "kmem_strdup.kfree_const_rodata"),
                             ("malformed", "kmem_zero")]
    assert not result.ok and statuses(result)["kmem_zero.kzalloc_is_zero"] == "PASS"


def test_a_suite_that_skips_itself() -> None:
    start = next(n for n, line in enumerate(LOG) if "# Subtest: kmem_zero" in line) - 1
    log = LOG[:start] + ["[    0.039000] ok 2 kmem_zero # SKIP no zeroes here\n"]
    result = judge(log)
    assert result.ok and result.counts[Status.SKIP] == 3
    assert result.cases[-1].reason == "no zeroes here"
    failed = judge(LOG[:start] + ["    # kmem_zero: # failed to initialize (-12)\n",
                                  "not ok 2 kmem_zero\n"])
    assert kinds(failed) == [("suite", "kmem_zero")]
    assert failed.counts[Status.MISS] == 2


def test_a_suite_that_fails_outside_its_cases() -> None:
    log = changed("] ok 2 kmem_zero", "] kmem_zero leaked\n[    0.041000] not ok 2 kmem_zero")
    assert kinds(judge(log)) == [("suite", "kmem_zero")]


@pytest.mark.parametrize("text", ["", "\n", "Segmentation fault\n", "kunit: disabled\n",
                                  "[    0.1] kunit executor: error filtering suites: -22\n",
                                  "KTAP version 1\n1..0\n", "KTAP version 1\n", "\0" * 5000])
def test_a_log_without_results(text: str) -> None:
    result = judge(text, planned=False)
    assert not result.ok and [p.kind for p in result.problems] in (["empty"], ["truncated"])
    assert judge(text).counts[Status.MISS] == 6
    if text.strip("\n\0"):
        assert text.strip("\n\0").splitlines()[0] in result.problems[0].log


def test_a_cut_log_names_the_case_that_was_running() -> None:
    def cut(after: str) -> Result:
        text = "".join(LOG)
        return judge(text[: text.index(after) + len(after)] + "\n")

    assert kinds(cut("ok 1 kstrdup_copies")) == [
        ("truncated", "kmem_strdup.kstrndup_stops_at_max")]
    result = cut("ok 2 len=1")
    assert kinds(result) == [("truncated", "kmem_strdup.kmemdup_sizes")]
    assert statuses(result)["kmem_strdup.kmemdup_sizes"] == "ERROR"
    assert statuses(result)["kmem_strdup.kfree_const_rodata"] == "MISS"
    assert "len=1" in result.problems[0].log
    assert kinds(cut("ok 4 kfree_const_rodata # SKIP needs CONFIG_MODULES=n")) == [
        ("truncated", "kmem_strdup")]


# Problems outside the cases

SPLATS = {
    "warn": "------------[ cut here ]------------\n"
            "WARNING: CPU: 0 PID: 30 at mm/slub.c:4612 cache_from_obj+0x9c/0xc0\n"
            "cache_from_obj: Wrong slab cache. a but object is from b\n"
            "Call Trace:\n [<600214c5>] ? kfree+0x15/0x30\n"
            "---[ end trace 0000000000000000 ]---",
    "kasan": "=" * 66 + "\nBUG: KASAN: slab-out-of-bounds in kasan_strings+0x1a2/0x2a0\n"
             "Read of size 1 at addr ffff888 by task kunit_try_catch/30\n" + "=" * 66,
    "kcsan": "BUG: KCSAN: data-race in a / b",
    "kfence": "BUG: KFENCE: memory corruption in test_free_bulk+0x1/0x2",
    "ubsan": "UBSAN: array-index-out-of-bounds in lib/x.c:1:2",
    "slub": "=" * 66 + "\nBUG kmem_kunit_a (Not tainted): Left Redzone overwritten\n" + "-" * 66,
    "lockdep": "=" * 54 + "\nWARNING: possible circular locking dependency detected",
    "wait": "=============================\n[ BUG: Invalid wait context ]",
    "hung": "INFO: task kunit_try_catch:30 blocked for more than 120 seconds.",
    "leak": "unreferenced object 0xffff88800 (size 64):",
    "leaks": "kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
    "rcu": "rcu: INFO: rcu_sched self-detected stall on CPU",
    "alloc": "kunit_try_catch: page allocation failure: order:10, mode:0xcc0(GFP_KERNEL)",
    "oops": "Oops: general protection fault, probably for non-canonical address 0x1: 0000 [#1]",
    "null": "BUG: kernel NULL pointer dereference, address: 0000000000000008",
    "atomic": "BUG: sleeping function called from invalid context at mm/slab.h:1",
    "stack": "Call Trace:",
}


@pytest.mark.parametrize("name", SPLATS)
def test_a_splat_is_charged_to_the_case_that_ran(name: str) -> None:
    stamped = "".join(f"[    0.033000] {line}\n" for line in SPLATS[name].splitlines())
    result = judge(changed("[    0.034000]     ok 2", stamped + "[    0.034000]     ok 2"))
    assert kinds(result) == [("splat", "kmem_strdup.kstrndup_stops_at_max")]
    assert statuses(result)["kmem_strdup.kstrndup_stops_at_max"] == "PASS"
    assert not result.ok
    text = result.problems[0].log
    assert SPLATS[name].splitlines()[-1] in text or text in SPLATS[name]


def test_where_a_splat_belongs() -> None:
    for before, case in (("[    0.010000] Kernel", ""), ("[    0.030000] KTAP", ""),
                         ("[    0.031500]     ok 1", "kmem_strdup.kstrdup_copies"),
                         ("[    0.036000]         ok 2", "kmem_strdup.kmemdup_sizes"),
                         ("[    0.038000] ok 1", "kmem_strdup"),
                         ("[    0.050000] reboot", "")):
        result = judge(changed(before, "WARNING: odd\n" + before))
        assert kinds(result) == [("splat", case)], before


def test_two_warnings_are_two_problems() -> None:
    text = SPLATS["warn"] + "\n" + SPLATS["warn"] + "\n"
    result = judge(changed("[    0.034000]     ok 2", text + "[    0.034000]     ok 2"))
    assert [problem.log for problem in result.problems] == [SPLATS["warn"]] * 2


@pytest.mark.parametrize(("count", "more"), [
    (0, []), (1, [("", "1 more report")]), (7, [("", "7 more reports")])])
@pytest.mark.parametrize("at", ["[    0.034000]     ok 2", "[    0.030000] KTAP version 1"])
def test_reports_that_are_not_kept_are_counted(at: str, count: int, more: list[tuple[str, str]]) -> None:
    result = judge(changed(at, "WARNING: odd\n---[ end trace\n" * (splat.MAX_REPORTS + count) + at))
    told = [(problem.case, problem.log) for problem in result.problems]
    assert len(told) == splat.MAX_REPORTS + len(more)
    assert [each for each in told if not each[1].startswith("WARNING")] == more


def test_a_panic_behind_many_reports_is_kept() -> None:
    at = next(n for n, line in enumerate(LOG) if "ok 2 kstrndup_stops_at_max" in line)
    result = judge([*LOG[:at], *["WARNING: odd\n", "# x: y\n"] * (splat.MAX_REPORTS + 3),
                    "Kernel panic - not syncing: BUG!\n"])
    assert result.problems[0].log == "3 more reports"
    assert result.problems[-1].kind == "panic" and len(result.problems) == splat.MAX_REPORTS + 2


def test_a_failed_expectation_is_no_splat() -> None:
    log = changed("[    0.034000]     ok 2 kstr", """\
[    0.033000]     # kstrndup_stops_at_max: EXPECTATION FAILED at lib/kmem_strdup_kunit.c:30
[    0.033000]     Expected strlen(copy) == 3, but
[    0.033000]         strlen(copy) == 4 (0x4)
[    0.034000]     not ok 2 kstr""")
    result = judge(log.replace("# kmem_strdup: pass:3 fail:0", "# kmem_strdup: pass:2 fail:1")
                   .replace("pass:4 fail:0 skip:2", "pass:3 fail:1 skip:2")
                   .replace("] ok 1 kmem_strdup", "] not ok 1 kmem_strdup"))
    assert not result.problems
    failed = [case for case in result.cases if case.status is Status.FAIL]
    assert [case.name for case in failed] == ["kstrndup_stops_at_max"]
    assert "Expected strlen(copy) == 3, but\n    strlen(copy) == 4" in failed[0].log


def test_a_panic_names_the_case() -> None:
    start = next(n for n, line in enumerate(LOG) if "ok 1 kzalloc_is_zero" in line)
    panic = ["BUG: failure at mm/slub.c:500/set_freepointer()!\n",
             "Kernel panic - not syncing: BUG!\n", "CPU: 0 PID: 31 Comm: kunit_try_catch\n",
             "Stack:\n", " 602086f8 601bc260\n", "Call Trace:\n"]
    result = judge(LOG[:start + 1] + panic)
    assert kinds(result) == [("panic", "kmem_zero.kcalloc_is_zero")]
    assert result.problems[0].log.startswith("BUG: failure")
    assert statuses(result)["kmem_zero.kcalloc_is_zero"] == "MISS"
    by_hint = judge(LOG[:start + 1] + ["[    0.040000]     # kcalloc_is_zero: hello\n"] + panic)
    assert kinds(by_hint) == [("panic", "kmem_zero.kcalloc_is_zero")]


def test_no_root_file_system_is_a_normal_end() -> None:
    end = ["List of all partitions:\n", "No filesystem could mount root, tried:\n",
           "Kernel panic - not syncing: VFS: Unable to mount root fs\n", "Call Trace:\n"]
    assert judge(LOG[:-1] + end).ok
    assert judge(LOG[:-1] + end[2:]).ok
    assert not judge(LOG[:-2] + end).ok


# Bounds

def test_bounds() -> None:
    def hostile() -> Iterator[str]:
        yield "KTAP version 1\n1..2\n".splitlines()[0]
        yield "1..2"
        yield "    # Subtest: s"
        for number in range(50_000):
            yield f"noise {number} " + "x" * 300
        yield "    ok 1 a"
        for number in range(3_000):
            yield "------------[ cut here ]------------"
            yield f"    ok {number} b"
        for depth in range(1_000):
            yield "    " * depth + "KTAP version 1"
            yield "    " * depth + "1..50000"

    result = read(hostile(), {"s": ["a", "b"]})
    assert not result.ok
    assert len(result.problems) <= ktap.MAX_PROBLEMS + 1
    assert sum(len(case.log) for case in result.cases) < 100_000
    assert sum(len(problem.log) for problem in result.problems) < 1_000_000


def test_a_long_line_is_one_line() -> None:
    stream = io.BytesIO(b"x" * 1_000_000 + b"ok 1 forged\nKTAP version 1\n")
    assert [len(line) for line in lines(stream)] == [4 * ktap.MAX_LINE, 15]


# No mutilation makes a log better, and none breaks the reader

JUNK = [line + "\n" for text in SPLATS.values() for line in text.splitlines()] + [
    "    ok 1 kstrdup_copies\n", "    ok 2 kcalloc_is_zero\n", "ok 2 kmem_zero\n",
    "ok 1 x # SKIP\n", "KTAP version 1\n", "    KTAP version 1\n", "    # Subtest: kmem_zero\n",
    "1..1\n", "1..0\n", "    1..1\n", "\0\0ok 1\n", "[    0.0", "reboot: System halted\n",
    "Bail out!\n", "# Totals: pass:", "    not ok 1 kzalloc_is_zero\n", "        ok 4 len=5\n",
    "\ud800\udcff\n", "ok " + "9" * 9000,
]

steps = st.tuples(st.sampled_from(["truncate", "delete", "swap", "repeat", "junk", "byte", "move"]),
                  st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))


def mutilate(text: str, step: tuple[str, float, float]) -> str:
    """Apply one step to a log."""
    kind, first, second = step
    log = text.splitlines(keepends=True) or [""]
    at, to = int(first * len(log)), int(second * len(log))
    if kind == "truncate":
        return text[: int(first * len(text))]
    if kind == "byte" and text:
        place = int(first * len(text))
        return text[:place] + chr(int(second * 256)) + text[place + 1 :]
    if kind == "delete":
        del log[at]
    elif kind == "swap":
        log[at], log[to] = log[to], log[at]
    elif kind == "repeat":
        log.insert(to, log[at])
    elif kind == "junk":
        log.insert(at, JUNK[int(second * len(JUNK))])
    elif kind == "move":
        log.insert(to, log.pop(at))
    return "".join(log)


@settings(derandomize=True, max_examples=800, deadline=None)
@given(st.lists(steps, min_size=1, max_size=4))
def test_mutilated_logs(todo: list[tuple[str, float, float]]) -> None:
    text = "".join(LOG)
    for step in todo:
        text = mutilate(text, step)
    result = judge(text)
    if result.ok:
        assert result.counts == judge(LOG).counts
    elif not result.problems:
        assert {Status.FAIL, Status.MISS, Status.ERROR} & {case.status for case in result.cases}
    judge(text, planned=False)


def test_every_truncation() -> None:
    """Only a log that has lost nothing but its last words is still good, planned or not."""
    text = "".join(LOG)
    whole = text.index("ok 2 kmem_zero") + len("ok 2 kmem_zero")
    for end in range(text.index("KTAP version 1"), len(text)):
        result = judge(text[:end], planned=False)
        assert result.ok == (end >= whole), text[:end][-60:]


def test_every_single_deletion_and_repetition() -> None:
    """Losing or repeating one line never loses a pass unseen, even without a plan to go by."""
    good = statuses(judge(LOG))
    for at in range(len(LOG)):
        for log in (LOG[:at] + LOG[at + 1 :], LOG[: at + 1] + LOG[at:]):
            result = judge(log, planned=False)
            assert not result.ok or statuses(result) == good, LOG[at]


def test_every_splice_of_two_logs() -> None:
    other = "".join(LOG).replace("] ok", "] not ok").replace("    ok", "    not ok")
    bad = other.splitlines(keepends=True)
    for at in range(0, len(LOG)):
        for to in range(0, len(LOG), 3):
            for text in ("".join(LOG[:at] + bad[to:]), "".join(bad[:at] + LOG[to:])):
                if judge(text).ok:
                    assert judge(text).counts[Status.PASS] == PASSES


def test_noise() -> None:
    source = random.Random(1)
    alphabet = ["ok ", "not ok ", "1", "2", " ", "    ", "\t", "\n", "#", " # SKIP",
                "KTAP version 1", "# Subtest: ", "a", "1..", "\0", "\r", "[    0.000001] ", "BUG: ",
                "Bail out!", "é"]
    for _ in range(2000):
        text = "".join(source.choices(alphabet, k=source.randrange(80)))
        judge(text)
