# SPDX-License-Identifier: GPL-2.0-only
"""A against B: each kind of finding, where it is due and where it is not, and what always holds."""
import datetime
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmem_kunit import gate
from kmem_kunit.gate import Finding, Kind
from kmem_kunit.kcidb import Run
from kmem_kunit.quarantine import Entry
from kmem_kunit.result import Case, Problem, Result, Status

PASS, FAIL, SKIP, MISS, ERROR = Status.PASS, Status.FAIL, Status.SKIP, Status.MISS, Status.ERROR
DAY = datetime.date(2026, 6, 30)
START = datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.timezone.utc)
COMMAND = "kmem-kunit run --kernel 6.12 --jobs 2 --json /tmp/x --boot-args 'a=1 b'"


def run_of(
    cases: Sequence[Case], problems: Sequence[Problem] = (), cell: str = "6.12/plain"
) -> Run:
    return Run("6.12.3", "x", "um", "default", "gcc", COMMAND, START, "c",
               Result(tuple(cases), tuple(problems)), cell)


def case(name: str, status: Status = PASS, param: str = "", log: str = "") -> Case:
    return Case("kmem_tiny", name, param, status, log=log)


def boot(*statuses: Status | None, cell: str = "6.12/plain") -> Run:
    """A boot of cases a, b, c, ... that came out so; None is one that is not there."""
    named = zip("abcdef", statuses)
    return run_of([case(name, status) for name, status in named if status], cell=cell)


def entry(name: str = "kmem_tiny.a", cells: Sequence[str] = ("6.12/*",),
          expires: datetime.date = DAY, unstable: bool = False) -> Entry:
    return Entry(name, tuple(cells), "it is broken", "a link", "us", expires, unstable)


def compare(base: Sequence[Run], head: Sequence[Run], *entries: Entry) -> tuple[Finding, ...]:
    return gate.compare(base, head, entries, DAY)


def kinds(base: Sequence[Run], head: Sequence[Run], *entries: Entry) -> list[tuple[Kind, str]]:
    return [(each.kind, each.name) for each in compare(base, head, *entries)]


def fails(findings: Sequence[Finding]) -> bool:
    return any(each.kind.fails for each in findings)


# How a case was, how it is, and what is to be said; b passes in both.
JUDGED = [
    ([PASS], [FAIL], Kind.FAIL),
    ([PASS], [ERROR], Kind.FAIL),
    ([SKIP], [FAIL], Kind.FAIL),
    ([PASS, FAIL], [FAIL, FAIL], Kind.FAIL),
    ([PASS], [MISS], Kind.MISSING),
    ([PASS], [None], Kind.MISSING),
    ([SKIP], [None], Kind.MISSING),
    ([FAIL], [None], Kind.MISSING),
    ([FAIL], [MISS], Kind.MISSING),
    ([PASS], [SKIP], Kind.SKIPPED),
    ([PASS, SKIP], [SKIP, SKIP], Kind.SKIPPED),
    ([None], [FAIL], Kind.NEW_FAIL),
    ([None], [MISS], Kind.NEW_FAIL),
    ([PASS], [PASS, FAIL], Kind.UNSTABLE),
    ([PASS], [PASS, None], Kind.UNSTABLE),
    ([SKIP], [PASS, SKIP], Kind.UNSTABLE),
    ([None], [PASS, FAIL], Kind.UNSTABLE),
    ([FAIL], [PASS], Kind.FIXED),
    ([SKIP], [PASS], Kind.FIXED),
    ([PASS, FAIL], [PASS, PASS], Kind.FIXED),
    ([None], [PASS], Kind.NEW),
    ([None], [SKIP], Kind.NEW),
    ([FAIL], [FAIL], Kind.BOTH),
    ([FAIL], [ERROR], Kind.BOTH),
    ([FAIL], [SKIP], Kind.BOTH),
    ([FAIL], [PASS, FAIL], Kind.BOTH),
    ([PASS, FAIL], [FAIL, PASS], Kind.BOTH),
    ([PASS, ERROR], [FAIL, PASS], Kind.BOTH),
    ([PASS, FAIL], [PASS, SKIP], Kind.BOTH),
    ([FAIL], [FAIL, SKIP], Kind.BOTH),
    ([PASS, SKIP], [PASS, FAIL], Kind.UNSTABLE),
    ([PASS, FAIL], [SKIP, FAIL], Kind.UNSTABLE),
    ([PASS, FAIL], [FAIL, None], Kind.UNSTABLE),
    ([PASS, FAIL], [PASS, None], Kind.UNSTABLE),
    ([FAIL], [FAIL, None], Kind.UNSTABLE),
    ([PASS] * 99 + [FAIL], [PASS] + [FAIL] * 99, Kind.UNSTABLE),
    ([PASS] * 99 + [SKIP], [PASS] + [SKIP] * 99, Kind.UNSTABLE),
    ([SKIP] * 99 + [FAIL], [SKIP] + [FAIL] * 99, Kind.UNSTABLE),
    ([PASS] * 97 + [FAIL] * 3, [PASS] * 95 + [FAIL] * 5, Kind.BOTH),
    ([PASS] + [FAIL] * 99, [PASS] * 99 + [FAIL], Kind.BOTH),
    ([MISS], [None], Kind.BOTH),
    ([MISS], [MISS], Kind.BOTH),
    ([MISS], [SKIP], Kind.BOTH),
    ([MISS], [PASS], Kind.FIXED),
    ([MISS], [FAIL], Kind.NEW_FAIL),
    ([MISS, MISS], [ERROR], Kind.NEW_FAIL),
    ([MISS], [PASS, FAIL], Kind.UNSTABLE),
    ([MISS, FAIL], [FAIL], Kind.BOTH),
    ([PASS], [PASS], None),
    ([PASS], [PASS, PASS], None),
    ([SKIP], [SKIP], None),
]
FAILING = {Kind.DIED, Kind.GONE, Kind.NO_PASS, Kind.REPORT, Kind.FAIL, Kind.NEW_FAIL, Kind.MISSING,
           Kind.SKIPPED, Kind.UNSTABLE, Kind.UNEXPECTED, Kind.EXPIRED, Kind.STALE}


@pytest.mark.parametrize(("was", "now", "kind"), JUDGED)
def test_a_case(was: list[Status | None], now: list[Status | None], kind: Kind | None) -> None:
    found = compare([boot(each, PASS) for each in was], [boot(each, PASS) for each in now])
    assert [(each.kind, each.name) for each in found] == ([(kind, "kmem_tiny.a")] if kind else [])
    assert fails(found) == (kind in FAILING)


def test_which_kinds_fail() -> None:
    assert {kind for kind in Kind if kind.fails} == FAILING


def test_what_a_finding_says() -> None:
    bad = [case("a", FAIL, log="EXPECTATION FAILED"), case("b")]
    base = [replace(boot(PASS, PASS), kernel="6.12.2", source="0123456789" * 4)]
    (found,) = compare(base, [run_of(bad)])
    assert found == Finding(
        Kind.FAIL, "6.12/plain", "kmem_tiny", "a", "", 0, "pass -> fail", "EXPECTATION FAILED",
        "6.12.2 (012345678901) of 2026-01-02",
        "tools/kmem-kunit run --kernel 6.12 --boot-args 'a=1 b' --filter kmem_tiny.a")
    times = [boot(PASS, PASS)] * 97 + [boot(FAIL, PASS)] * 3
    (found,) = compare(base, times)
    assert found.change == "pass -> unstable 3/100"
    (found,) = compare(base, [boot(SKIP, PASS), boot(FAIL, PASS), boot(SKIP, PASS)])
    assert found.change == "pass -> unstable 1/3"
    (found,) = compare([boot(FAIL, PASS)], [boot(FAIL, PASS), boot(None, PASS)])
    assert found.change == "fail -> fail or missing"
    (found,) = compare(base, [replace(boot(FAIL, PASS), command="kmem-kunit run --kernel 7.3")])
    assert found.command == "tools/kmem-kunit run --kernel 7.3 --filter kmem_tiny.a"
    (found,) = compare([replace(boot(PASS, PASS), start=gate.EPOCH)], [boot(None, PASS)])
    assert (found.change, found.since) == ("pass -> absent", "6.12.3")
    skipped = run_of([Case("kmem_tiny", "a", "", SKIP, reason="needs CONFIG_X=y"), case("b")])
    assert compare(base, [skipped])[0].log == "needs CONFIG_X=y"


@pytest.mark.parametrize(("command", "expected"), [
    ("kmem-kunit run", "tools/kmem-kunit run --filter x"),
    ("/a/b/kmem-kunit run --config=a --config b --junit --kernel",
     "tools/kmem-kunit run --config a --config b --kernel '' --filter x"),
    ("kmem-kunit run --kernel '; rm -rf ~'",
     "tools/kmem-kunit run --kernel '; rm -rf ~' --filter x"),
    ("kmem-kunit matrix", ""), ("rm run --kernel x", ""), ("kmem-kunit run 'x", ""), ("", ""),
])
def test_reproducer(command: str, expected: str) -> None:
    assert gate.reproducer(command, "x") == expected


def test_parameters_are_cases_of_their_own() -> None:
    base = run_of([case("a"), case("a", PASS, "1"), case("a", PASS, "2"), case("a", PASS, "2")])
    assert compare([base], [base]) == ()
    without = replace(base, result=Result(base.result.cases[:-1]))
    (found,) = compare([base], [without])
    assert (found.kind, found.param, found.number) == (Kind.MISSING, "2", 1)
    (found,) = compare([without], [base])
    assert (found.kind, found.param) == (Kind.NEW, "2")


def test_cells_that_come_and_go() -> None:
    plain, debug = boot(PASS, PASS), boot(PASS, FAIL, cell="6.12/debug")
    (found,) = compare([plain, debug], [plain])
    assert (found.kind, found.cell, found.change) == (Kind.GONE, "6.12/debug", "2 cases -> absent")
    assert kinds([plain], [plain, debug]) == [(Kind.NEW_FAIL, "kmem_tiny.b"), (Kind.NEW, "")]
    assert not fails(compare([plain], [plain, boot(PASS, cell="7.3/x")]))


def test_cells_can_be_matched_by_a_part_of_their_name() -> None:
    base, head = [boot(PASS, PASS)], [boot(PASS, FAIL, cell="7.3/plain")]
    (found,) = gate.compare(base, head, (), DAY, match=lambda name: name.partition("/")[2])
    assert (found.kind, found.cell) == (Kind.FAIL, "7.3/plain")
    assert Kind.GONE in {each.kind for each in compare(base, head)}


@pytest.mark.parametrize("kind", ["died", "panic", "hang", "truncated", "empty", "build"])
def test_a_death_is_never_as_before(kind: str) -> None:
    death = Problem(kind, "", "status 2 and no result")
    dead, good = run_of((), [death]), boot(PASS, PASS)
    (found,) = compare([good], [dead])
    assert (found.kind, found.change, found.log) == (Kind.DIED, kind, death.log)
    assert kinds([dead], [dead]) == [(Kind.DIED, "")]
    assert kinds([dead], [good]) == [(Kind.FIXED, ""), (Kind.NEW, "")]
    (found,) = compare([good], [good, dead])  # its cases are those of the boot that came to an end
    assert (found.kind, found.change) == (Kind.DIED, f"{kind} in 1/2 boots")


def splat(case_: str, text: str) -> Problem:
    return Problem("splat", case_, f"------------[ cut here ]------------\n{text}\nmore")


def test_a_report_that_the_base_lacks_fails_although_all_pass() -> None:
    good = boot(PASS, PASS)
    first = splat("kmem_tiny.a", "WARNING: CPU: 0 PID: 17 at mm/slub.c:123 f+0x12/0x40")
    again = splat("kmem_tiny.a", "WARNING: CPU: 1 PID: 9 at mm/slub.c:130 f+0x1a/0x48")
    other = splat("kmem_tiny.a", "WARNING: CPU: 0 PID: 17 at mm/slub.c:123 g+0x12/0x40")
    elsewhere = splat("kmem_tiny.b", first.log)
    before = replace(good, result=Result(good.result.cases, (first,)))
    (found,) = compare([good], [before])
    assert (found.kind, found.name, found.change) == (Kind.REPORT, "kmem_tiny.a", "splat")
    assert found.log == first.log and found.command.endswith("--filter kmem_tiny.a")
    for problem, kind in ((again, Kind.REPORTED), (other, Kind.REPORT), (elsewhere, Kind.REPORT)):
        after = replace(good, result=Result(good.result.cases, (problem,)))
        assert kind in [each.kind for each in compare([before], [after])]
        assert fails(compare([before], [after])) == (kind is Kind.REPORT)
    assert kinds([before], [good]) == [(Kind.FIXED, "kmem_tiny.a")]


def test_more_reports_than_before_are_new() -> None:
    good = boot(PASS, PASS)
    report = splat("kmem_tiny.a", "WARNING: CPU: 0 PID: 17 at mm/slub.c:123 f+0x12/0x40")
    once, thrice = (replace(good, result=Result(good.result.cases, (report,) * count))
                    for count in (1, 3))
    assert [each.kind for each in compare([once], [thrice])] == [
        Kind.REPORT, Kind.REPORT, Kind.REPORTED]
    assert [each.kind for each in compare([thrice], [once])] == [
        Kind.FIXED, Kind.FIXED, Kind.REPORTED]


def test_a_report_in_more_boots_than_chance_would_do_it_is_new() -> None:
    good = boot(PASS, PASS)
    bad = replace(good, result=Result(good.result.cases, (splat("kmem_tiny.a", "BUG: KASAN"),)))
    often, seldom = [bad] * 100, [bad] + [good] * 99
    (found,) = compare(seldom, often)
    assert (found.kind, found.change) == (Kind.REPORT, "splat in 1/100 -> 100/100 boots")
    assert [each.kind for each in compare(often, seldom)] == [Kind.REPORTED]
    assert [each.kind for each in compare(seldom, [bad] * 3 + [good] * 97)] == [Kind.REPORTED]
    assert [each.kind for each in compare([bad], often)] == [Kind.REPORTED]


CYCLE = """\
WARNING: possible circular locking dependency detected
6.12.3 #1 Tainted: G                 N
------------------------------------------------------
kunit_try_catch/117 is trying to acquire lock:
60a1c2d0 ({}){{+.+.}}-{{3:3}}, at: first+0x12/0x40
but task is already holding lock:
60a1c300 ({}){{....}}-{{2:2}}, at: second+0x12/0x40
"""


def test_another_cycle_of_locks_is_another_report() -> None:
    def having(*locks: str) -> Run:
        cycle = Problem("splat", "kmem_tiny.a", CYCLE.format(*locks))
        return run_of([case("a")], [cycle])

    before = having("&n->list_lock", "slab_mutex")
    assert [each.kind for each in compare([before], [before])] == [Kind.REPORTED]
    assert Kind.REPORT in [each.kind for each in compare([before], [having("a", "slab_mutex")])]
    assert gate.headline(before.result.problems[0].log) == (
        "WARNING: possible circular locking dependency detected (&n->list_lock, slab_mutex)")


OOPSES = [
    "general protection fault, probably for non-canonical address 0xdead: 0000 [#{n}] SMP\nCPU: {n}\n"
    "RIP: 0010:{f}+0x{n}/0x40\nCode: 00\nRIP: 0033:0x7f{n}",
    "BUG: kernel NULL pointer dereference, address: 0000000{n}\n#PF: x\nOops: 0000 [#{n}]\n"
    "RIP: 0010:{f}+0x{n}/0x40",
    "BUG: unable to handle page fault for address: f0000{n}\n#PF: x\nEIP: {f}+0x{n}/0x40",
    "Unable to handle kernel paging request at virtual address dead00{n}\n"
    "pstate: 60400005 (nZCv)\npc : {f}+0x{n}/0x40\nlr : x+0x1/0x2",
    "Unable to handle kernel paging request at virtual address dead00{n}\n"
    "epc : {f}+0x{n}/0x40\n ra : x+0x1/0x2",
    "Unable to handle kernel pointer dereference in virtual kernel address space\nOops: 0004 ilc:2 [#{n}]\n"
    "Krnl PSW : 0404c00180000000 0000000000abcde{n} ({f}+0x{n}/0x40)",
]


@pytest.mark.parametrize("form", OOPSES)
def test_another_function_is_another_oops(form: str) -> None:
    kfree, again, other = (gate.headline(form.format(f=f, n=n))
                           for f, n in (("kfree", 1), ("kfree", 2), ("new_slab", 1)))
    assert kfree == again and kfree.endswith(" (kfree)") and other.endswith(" (new_slab)")
    stall = "INFO: task x blocked\nRIP: 0010:{}+0x1/0x2"
    assert gate.headline(stall.format("one")) == gate.headline(stall.format("two"))


@pytest.mark.parametrize("same", [
    ("BUG kmalloc-64 (Not tainted): Poison", "BUG kmalloc-64 (Tainted: G                 N ): Poison",
     "BUG kmalloc-64 (Tainted: G    B            N): Poison"),
    ("WARNING: CPU: 0 PID: 1 at mm/slub.c:9 kfree+0x1/0x2",
     "WARNING: CPU: 0 PID: 1 at mm/slub.c:9 kfree.part.0+0x1/0x2",
     "WARNING: CPU: 0 PID: 1 at mm/slub.c:9 kfree.isra.12.cold+0x1/0x2",
     "WARNING: CPU: 0 PID: 1 at mm/slub.c:9 kfree.constprop.0.isra.1.part.2+0x1/0x2"),
    ("CPU: 0 PID: 1 Comm: x Not tainted 6.12.3 #1", "CPU: 0 PID: 1 Comm: x Tainted: G    B   N 6.12.3 #2"),
    ("Oops: 0 [#1]\nRIP: 0010:kfree+0x1/0x2", "Oops: 0 [#2]\nRIP: 0010:kfree.cold+0x1/0x2"),
])
def test_what_is_no_part_of_a_headline(same: tuple[str, ...]) -> None:
    assert len(set(map(gate.headline, same))) == 1
    assert len({gate.headline(text.replace("kfree", "kvfree").replace("BUG kmalloc", "BUG kmem").replace(
        "Comm: x", "Comm: y")) for text in same} | {gate.headline(same[0])}) == 2


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.text() | st.lists(st.sampled_from(["Tainted: G", "Not tainted", "(", ")", " ", "x.part.0", ":", "\n",
                                             "Oops [#1]", "RIP: 1:f+0x1", "x" * 195])).map("".join))
def test_a_headline_stays_what_it_is(text: str) -> None:
    assert gate.headline(gate.headline(text)) == gate.headline(text)


def test_a_cell_in_which_nothing_passes() -> None:
    skipped = [boot(SKIP, SKIP)]
    assert kinds(skipped, skipped) == [(Kind.NO_PASS, "")]
    assert compare(skipped, skipped)[0].change == "all skipped"
    assert (Kind.NO_PASS, "") in kinds([boot(FAIL, SKIP)], [boot(FAIL, SKIP)])
    assert kinds([boot(FAIL, SKIP, PASS)], [boot(FAIL, SKIP, PASS)]) == [(Kind.BOTH, "kmem_tiny.a")]
    assert kinds([boot(PASS)], [run_of(())]) == [(Kind.NO_PASS, "")]


@pytest.mark.parametrize(("was", "now", "slower"), [
    (0.5, 1.0, True), (0.0, 0.5, True), (0.5, 0.99, False), (2.0, 3.9, False), (0.2, 0.6, False),
    (None, 9.0, False), (0.1, None, False)])
def test_slower_suites(was: float | None, now: float | None, slower: bool) -> None:
    def timed(seconds: float | None) -> Run:
        half = None if seconds is None else seconds / 2
        return run_of([Case("s", "a", "", PASS, half), Case("s", "b", "", PASS, half),
                       Case("s", "b", "p", PASS, 99.0)])

    found = compare([timed(was)], [timed(now), timed(now and now * 9)])
    assert [each.kind for each in found] == ([Kind.SLOWER] if slower else [])
    assert not fails(found)


QUARANTINED = [
    ([FAIL], Kind.KNOWN), ([ERROR], Kind.KNOWN), ([PASS, FAIL], Kind.KNOWN),
    ([MISS], Kind.MISSING), ([FAIL, MISS], Kind.UNSTABLE), ([FAIL, None], Kind.UNSTABLE),
    ([PASS], Kind.UNEXPECTED), ([PASS, PASS], Kind.UNEXPECTED), ([SKIP], Kind.SKIPPED),
    ([None], Kind.MISSING),
]


@pytest.mark.parametrize(("was", "now", "kind"), [
    ([FAIL], [FAIL], Kind.KNOWN), ([MISS], [FAIL], Kind.KNOWN), ([None], [FAIL], Kind.KNOWN),
    ([FAIL], [SKIP], Kind.SKIPPED), ([MISS], [SKIP], Kind.SKIPPED), ([FAIL], [FAIL, SKIP], Kind.KNOWN),
    ([SKIP], [SKIP], None), ([None], [SKIP], Kind.NEW),
    ([FAIL], [PASS, SKIP], Kind.UNEXPECTED), ([SKIP], [PASS], Kind.UNEXPECTED),
    ([FAIL], [MISS], Kind.MISSING), ([MISS], [MISS], Kind.MISSING), ([FAIL], [None], Kind.MISSING),
    ([FAIL, MISS], [FAIL, MISS], Kind.MISSING), ([None], [MISS], Kind.NEW_FAIL),
])
def test_a_case_that_was_in_quarantine_before(
    was: list[Status | None], now: list[Status | None], kind: Kind | None
) -> None:
    found = kinds([boot(each, PASS) for each in was], [boot(each, PASS) for each in now], entry())
    found = [each for each in found if each[0] is not Kind.STALE]
    assert found == ([(kind, "kmem_tiny.a")] if kind else [])


@pytest.mark.parametrize(("now", "kind"), QUARANTINED)
def test_a_quarantined_case(now: list[Status | None], kind: Kind) -> None:
    head = [boot(each, PASS) for each in now]
    found = compare([boot(PASS, PASS)], head, entry())
    assert (kind, "kmem_tiny.a") in [(each.kind, each.name) for each in found]
    stale = [(Kind.STALE, "kmem_tiny.a")] if now == [None] else []
    assert len(found) == 1 + len(stale) and fails(found) == (kind is not Kind.KNOWN)
    if kind is Kind.KNOWN:  # and in another cell it is none
        assert fails(compare([boot(PASS, PASS)], head, entry(cells=["7.3/*"])))


def test_an_unstable_case_may_pass() -> None:
    both = [boot(PASS, PASS)]
    assert kinds(both, both, entry(unstable=False)) == [(Kind.UNEXPECTED, "kmem_tiny.a")]
    assert kinds(both, both, entry(unstable=True)) == []
    seldom = [boot(PASS, PASS), boot(SKIP, PASS)]
    assert kinds([boot(FAIL, PASS)], seldom, entry(unstable=True)) == [(Kind.BOTH, "kmem_tiny.a")]
    times = [boot(PASS, PASS), boot(FAIL, PASS)]
    (found,) = compare(both, times, entry(unstable=True))
    assert (found.kind, found.change) == (Kind.KNOWN, "pass -> unstable 1/2")


def test_a_parameter_that_passes_is_no_unexpected_pass() -> None:
    run = run_of([case("a", FAIL), case("a", FAIL, "1"), case("a", PASS, "2"), case("b")])
    assert {kind for kind, _ in kinds([run], [run], entry())} == {Kind.KNOWN}


def test_a_parameter_that_passed_beside_a_known_failure_is_no_known_failure() -> None:
    def having(*statuses: Status, cell: str = "6.12/plain") -> Run:
        whole = FAIL if FAIL in statuses else PASS
        params = (case("a", status, name) for name, status in zip("12", statuses))
        return run_of([case("a", whole), *params, case("b")], cell=cell)

    was, now = having(FAIL, PASS), having(FAIL, FAIL)
    found = [(each.kind, each.param) for each in compare([was], [now], entry())]
    assert found == [(Kind.FAIL, "2"), (Kind.KNOWN, ""), (Kind.KNOWN, "1")]
    for base in (now, having(PASS, PASS)):  # where it failed too, or nothing did
        assert not fails(compare([base], [now], entry()))
    assert not fails(compare([was], [now], entry(unstable=True)))
    older = having(FAIL, PASS, cell="6.1/plain")  # of which the entry says nothing
    assert not fails(gate.compare([older], [now], [entry()], DAY, match=lambda _: ""))
    assert not fails(compare([was], [was], entry()))


def test_an_expired_entry_excuses_nothing_and_fails() -> None:
    base, head = [boot(PASS, PASS)], [boot(FAIL, PASS)]
    old = entry(expires=DAY - datetime.timedelta(days=1))
    assert kinds(base, head, old) == [(Kind.FAIL, "kmem_tiny.a"), (Kind.EXPIRED, "kmem_tiny.a")]
    assert not fails(compare(base, head, entry(expires=DAY)))
    assert kinds(base, base, replace(old, cells=("9.9/*",))) == [(Kind.EXPIRED, "kmem_tiny.a")]


def test_an_entry_for_nothing_fails_if_its_cells_have_run() -> None:
    both = [boot(PASS, PASS)]
    assert kinds(both, both, entry("kmem_tiny.z")) == [(Kind.STALE, "kmem_tiny.z")]
    assert kinds(both, both, entry("kmem_tiny.z", ["7.3/*"])) == []
    assert gate.compare(both, both, [entry("kmem_tiny.z")], DAY, whole=False) == ()
    dead = [run_of((), [Problem("died", "", "")])]
    assert kinds(both, dead, entry("kmem_tiny.z")) == [(Kind.DIED, "")]


def test_an_entry_for_no_cell_fails_whatever_ran() -> None:
    both = [boot(FAIL, PASS)]
    typo = entry(cells=["6.12/*", "6.12/palin"])

    def found(*cells: str) -> list[tuple[Kind, str]]:
        return [(each.kind, each.change)
                for each in gate.compare(both, both, [typo], DAY, whole=False, cells=cells)]

    known = (Kind.KNOWN, "fail -> fail")
    assert found("6.12/plain", "6.12/palin") == [known]
    assert found("6.12/plain", "7.3/plain") == [
        (Kind.STALE, "no cell matches 6.12/palin"), known]


def test_the_worst_comes_first() -> None:
    found = kinds([boot(PASS, FAIL, PASS, cell="a/b"), boot(PASS)],
                  [boot(FAIL, PASS, None, PASS, cell="a/b")])
    assert found == [(Kind.GONE, ""), (Kind.FAIL, "kmem_tiny.a"), (Kind.MISSING, "kmem_tiny.c"),
                     (Kind.FIXED, "kmem_tiny.b"), (Kind.NEW, "kmem_tiny.d")]


names = st.text("ab.\0", max_size=2)
any_case = st.builds(Case, suite=names, name=names, param=names, status=st.sampled_from(Status),
                     duration=st.none() | st.floats(0, 9), known=st.sampled_from(["", "why"]))
good_case = any_case.map(lambda c: replace(c, status=PASS if c.bad else c.status, known=""))
any_run = st.builds(run_of, st.lists(any_case, max_size=8),
                    st.lists(st.builds(Problem, st.just("splat"), names, names), max_size=2),
                    st.sampled_from(["6.12/plain", "7.3/plain", ""]))
good_run = st.lists(good_case, max_size=8).map(lambda cases: run_of([*cases, case("ok")]))
good_runs = st.lists(
    st.builds(lambda run, cell: replace(run, cell=cell), good_run,
              st.sampled_from(["6.12/plain", "7.3/plain", ""])), min_size=1, max_size=3)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(good_runs)
def test_what_is_the_same_is_no_regression(runs: list[Run]) -> None:
    assert all(run.result.ok for run in runs)
    assert not fails(compare(runs, runs))


@settings(derandomize=True, max_examples=100, deadline=None)
@given(good_run, st.data())
def test_whatever_passed_is_missed(run: Run, data: st.DataObject) -> None:
    cases = run.result.cases
    passed = [number for number, each in enumerate(cases) if each.status is PASS]
    gone = data.draw(st.sampled_from(passed))
    assert fails(compare([run], [run_of([*cases[:gone], *cases[gone + 1:]])]))


@settings(derandomize=True, max_examples=100, deadline=None)
@given(good_run, any_case, st.sampled_from([FAIL, ERROR, MISS]), st.data())
def test_whatever_is_new_and_fails_is_told(
    run: Run, new: Case, status: Status, data: st.DataObject
) -> None:
    cases = list(run.result.cases)
    cases.insert(data.draw(st.integers(0, len(cases))), replace(new, status=status))
    assert fails(compare([run], [run_of(cases)]))


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.lists(any_run, max_size=4), st.lists(any_run, max_size=4))
def test_any_two_can_be_compared(base: list[Run], head: list[Run]) -> None:
    found = compare(base, head, entry("a.a"))
    assert list(found) == sorted(found, key=lambda each: list(Kind).index(each.kind))
    cells = {run.cell for run in (*base, *head)} | {""}
    assert {each.cell for each in found} <= cells
