# SPDX-License-Identifier: GPL-2.0-only
"""Verdicts on mutants: each kind of end of a boot, made by a guest that is a script."""
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from kmem_kunit import campaign, deaths, guest, watching
from kmem_kunit.campaign import Campaign, Fate, Verdict
from kmem_kunit.errors import UserError
from kmem_kunit.guest import Boot, Way
from kmem_kunit.result import Case, Status
from kmem_kunit.watching import Map

# a kernel with four cases, the last of which is fatal; MUTANT, CASES and WATCH are its arguments'
GUEST = """\
#!/usr/bin/python3
import os, re, sys, time
words = dict(word.partition("=")[::2] for word in sys.argv[1:])
class Mutants(str):
    def __eq__(self, other): return other in self.split(",")
    def __ne__(self, other): return not self == other
mutant, mask = Mutants(words.get("kmem_mutant", "0")), words.get("kmem_cases")
cases = ["early", "late", "slow", "stops"]
chosen = [n for n in range(4) if mask is None or n // 4 < len(mask) and int(mask[n // 4], 16) >> n % 4 & 1]
die = "kmem_fatal_kunit.die" in words
def say(text): print(f"[    0.000001] {text}", flush=True)
def row(number, *mutants):
    value = sum(1 << each for each in mutants)
    say(f"kmem_mutants {number} 0 {value.to_bytes(2, 'little').hex()}")
def panic():
    say("Kernel panic - not syncing: must be")
    if mutant == "watch" and die: row(0, 1); row(1, 9)
    sys.exit(1)
def rows():
    row(0, 1, 2); row(1, 1, 2, 3, 4, 5, 6, 7, 8, 9); row(2, 3, 4, 8); row(3, 8)
"""
SUITES = """\
if mutant == "2": panic()
say("KTAP version 1")
if die: suites = {"kmem_fatal": [3]}
else: suites = {"kmem_a": [n for n in chosen if n < 3], "kmem_fatal": [n for n in chosen if n == 3]}
suites = {name: members for name, members in suites.items() if members}
say(f"1..{len(suites)}")
for number, (name, members) in enumerate(suites.items(), 1):
    say("    KTAP version 1"); say(f"    # Subtest: {name}"); say(f"    1..{len(members)}")
    bad = False
    for at, member in enumerate(members, 1):
        case, fails = cases[member], False
        if case == "stops":
            if die:
                say("    # stops: must stop the kernel: must be")
                if mutant != "9": panic()
                bad = True; say(f"    not ok {at} stops"); continue
            say(f"    ok {at} stops # SKIP needs a boot of its own"); continue
        CONDITIONS
        bad |= fails
        say(f"    {'not ' if fails else ''}ok {at} {case}")
        if fails:
            say("reboot: System halted"); sys.exit(0)
    say(f"{'not ' if bad else ''}ok {number} {name}")
if mutant == "watch": rows()
else: row(0, *map(int, mutant.split(",")))
say("reboot: System halted")
"""
CONDITIONS = """\
fails = mutant == "3" and case == "late"
        if mutant == "4": panic()
        if mutant == "5": time.sleep(60)
        if mutant == "6":
            say("------------[ cut here ]------------"); say("WARNING: CPU: 0 PID: 1 at mm/slub.c:1 f()")
            say("---[ end trace 0000000000000000 ]---")
        if mutant == "7":
            mark = os.path.join(os.path.dirname(sys.argv[0]), "once")
            fails = not os.path.exists(mark)
            open(mark, "w").close()
        if mutant == "1" and case == "early": fails = "init_on_alloc" in words"""
PLAIN, INIT = Way("plain"), Way("init", ("init_on_alloc=1",))


def make_guest(folder: Path, conditions: str = CONDITIONS, head: str = GUEST, suites: str = SUITES) -> Path:
    """Make a guest in a folder that writes down, in "boots", the arguments of each boot."""
    path = folder / "linux"
    wrote = f"print(sys.argv, file=open({str(folder / 'boots')!r}, 'a'))\n"
    path.write_text(head + wrote + suites.replace("CONDITIONS", conditions))
    path.chmod(0o755)
    return path


def made_of(folder: Path, conditions: str = "fails = False", ways: Sequence[Way] = (PLAIN,), **others: str
            ) -> Campaign:
    """Return the campaign of a guest of one's own."""
    binary = make_guest(folder, conditions, **others)
    maps = [watching.watch(binary, folder, way, ["stops"]) for way in ways]
    (folder / "boots").unlink()
    return Campaign(binary, folder, maps, lambda _: True, lambda _: False)


def boots_of(folder: Path, *words: str) -> list[str]:
    """Return the boots of a guest that had all of these arguments."""
    lines = (folder / "boots").read_text().splitlines()
    return [line for line in lines if all(f"'{word}'" in line for word in words)]


@pytest.fixture(name="guest")
def _guest(tmp_path: Path) -> Path:
    return make_guest(tmp_path)


Judge = Callable[..., Verdict]


@pytest.fixture(name="judge")
def _judge(guest: Path, tmp_path: Path) -> Judge:
    maps = [watching.watch(guest, tmp_path, way, ["stops"]) for way in (PLAIN, INIT)]

    def judge(number: int, measures: str = "", same: bool = False) -> Verdict:
        made = Campaign(guest, tmp_path, maps, lambda case: measures in case, lambda _: same)
        return made.judge(number)

    return judge


def test_map_says_who_reaches_what(guest: Path, tmp_path: Path) -> None:
    found = watching.watch(guest, tmp_path, PLAIN, ["stops"])
    assert [case.path for case in found.cases] == [
        "kmem_a.early", "kmem_a.late", "kmem_a.slow", "kmem_fatal.stops"]
    assert found.reach[8] == [0, 1, 2] and found.reach[3] == [0, 1]
    assert found.booting == {1, 2}
    assert found.fatal == {9: ["stops"]}


def test_kernel_that_tells_nothing_is_refused(guest: Path, tmp_path: Path) -> None:
    guest.write_text("#!/bin/sh\necho nothing\n")
    with pytest.raises(UserError, match="does not boot with 'init_on_alloc=1'"):
        watching.watch(guest, tmp_path, INIT, [])


@pytest.mark.parametrize(("script", "says"), [
    ("echo one; echo no memory; exit 1", "no memory"),
    ("exec sleep 60", "in 6 s: it says nothing"),
    ("echo no end", "no end"),
    (None, "No such file or directory"),
])
def test_machine_on_which_nothing_boots_is_told_from_a_mutant(
        guest: Path, tmp_path: Path, script: str | None, says: str) -> None:
    maps = [Map(PLAIN, [], {}, {}, frozenset(), 0.1)]
    made = Campaign(guest, tmp_path, maps, lambda _: True, lambda _: False)
    made.check()
    guest.unlink()
    if script is not None:
        guest.write_text(f"#!/bin/sh\n{script}\n")
        guest.chmod(0o755)
    with pytest.raises(UserError, match=f"does not boot here.* {says}$"):
        made.check()


@pytest.mark.parametrize(("number", "fate", "way", "case"), [
    (1, Fate.ASSERTION, "init", "kmem_a.early"),
    (2, Fate.BOOT, "plain", ""),
    (3, Fate.ASSERTION, "plain", "kmem_a.late"),
    (4, Fate.PANIC, "plain", "kmem_a.early"),
    (5, Fate.TIMEOUT, "plain", "kmem_a.early"),
    (6, Fate.REPORT, "plain", "kmem_a.early"),
    (7, Fate.UNSTABLE, "plain", "kmem_a.early"),
    (8, Fate.SURVIVED, "", ""),
    (9, Fate.ASSERTION, "plain", f"{deaths.SUITE}.stops"),
    (10, Fate.NOT_COVERED, "", ""),
])
def test_each_end_of_a_boot_is_told_apart(judge: Judge, number: int, fate: Fate, way: str,
                                           case: str) -> None:
    verdict = judge(number)
    assert (verdict.fate, verdict.way, verdict.case) == (fate, way, case)
    assert verdict.number == number
    assert verdict.fate.killed == (number in (1, 3, 4, 5, 6, 9))


def test_survivor_has_been_run_in_all_ways(judge: Judge) -> None:
    assert judge(8).cases == 6
    assert judge(10).cases == 0


def test_survivor_of_the_same_code_is_equivalent(judge: Judge) -> None:
    assert judge(8, same=True).fate is Fate.EQUIVALENT
    assert judge(3, same=True).fate is Fate.ASSERTION


def test_only_cases_that_are_measured_count(judge: Judge) -> None:
    assert judge(3, "kmem_a.early").fate is Fate.SURVIVED
    assert judge(9, "kmem_a").fate is Fate.SURVIVED
    assert judge(9, "kmem_b").fate is Fate.NOT_COVERED


def test_boots_of_a_mutant_are_counted(guest: Path, tmp_path: Path) -> None:
    maps = [watching.watch(guest, tmp_path, PLAIN, ["stops"])]
    booted = tmp_path / "booted"
    head, rest = guest.read_text().split("\n", 1)
    guest.write_text(f"{head}\nimport sys\nprint(*sys.argv, file=open({str(booted)!r}, 'a'))\n{rest}")
    told: list[Verdict] = []
    campaign.run(Campaign(guest, tmp_path, maps, lambda _: True, lambda _: False), [3, 4, 8, 10], 3,
                 told.append)
    for verdict in told:
        assert verdict.boots == booted.read_text().count(f"kmem_mutant={verdict.number} ")
        assert bool(verdict.boots) == (verdict.number != 10)


def test_cases_that_may_notice_are_named(guest: Path, tmp_path: Path) -> None:
    maps = [watching.watch(guest, tmp_path, way, ["stops"]) for way in (PLAIN, INIT)]
    early, late, *others = maps[0].cases
    maps[0] = replace(maps[0], cases=[early, replace(late, status=Status.FAIL), *others])
    made = Campaign(guest, tmp_path, maps[:1], lambda path: path != "kmem_a.slow", lambda _: False)
    assert made.noticing(8) == ["kmem_a.early"]
    assert made.noticing(9) == ["kmem_a.early", f"{deaths.SUITE}.stops"]
    made = Campaign(guest, tmp_path, maps, lambda _: True, lambda _: False)
    assert made.noticing(8) == ["kmem_a.early", "kmem_a.late", "kmem_a.slow"]
    assert not made.noticing(10)


def test_quick_cases_are_tried_first(tmp_path: Path) -> None:
    cases = [Case("kmem_a", name, "", Status.PASS, duration)
             for name, duration in (("a", 2.0), ("b", 0.01), ("c", 0.3), ("d", 0.01))]
    the_map = Map(PLAIN, cases, {1: [0, 1, 2, 3]}, {}, frozenset(), 0.1)
    tried: list[str] = []
    guest = tmp_path / "linux"
    guest.write_text('#!/bin/sh\necho "$@" >> "$(dirname "$0")/tried"\necho reboot: System halted\n')
    guest.chmod(0o755)
    Campaign(guest, tmp_path, [the_map], lambda _: True, lambda _: False).judge(1)
    for line in (tmp_path / "tried").read_text().splitlines():
        tried += [word for word in line.split() if word.startswith("kmem_cases=")]
    assert tried[0] == "kmem_cases=a"


def test_cases_that_took_no_tick_take_time_all_the_same(tmp_path: Path) -> None:
    cases = [Case("kmem_a", f"c{n}", "", Status.PASS, 0.0) for n in range(1000)]
    made = Campaign(tmp_path, tmp_path, [Map(PLAIN, cases, {}, {}, frozenset(), 0.1)], lambda _: True,
                    lambda _: False)
    first = made._first(0, frozenset(range(1000)))
    assert [len(batch) for batch in first] == pytest.approx([50, 500], abs=1)
    assert made._limit(0, first[1]) == pytest.approx(4.0, abs=0.01)


def test_other_ways_run_only_what_could_not_run_before(guest: Path, tmp_path: Path) -> None:
    def seen(way: Way, *statuses: Status) -> Map:
        cases = [Case("kmem_a", name, "", status, 0.0)
                 for name, status in zip(("early", "late", "slow"), statuses)]
        return Map(way, cases, {8: [0, 1, 2]}, {}, frozenset(), 0.1)

    other = Way("nomerge", ("slab_nomerge",), other=True)
    maps = [seen(PLAIN, Status.PASS, Status.SKIP, Status.FAIL),
            seen(other, Status.PASS, Status.PASS, Status.SKIP)]
    for some, cases in ((maps[:1], 1), (maps[1:], 2), (maps, 2)):
        verdict = Campaign(guest, tmp_path, some, lambda _: True, lambda _: False).judge(8)
        assert (verdict.fate, verdict.cases) == (Fate.SURVIVED, cases)
    maps[0], maps[1] = replace(maps[0], reach={}), replace(maps[1], reach={}, booting=frozenset({8}))
    verdict = Campaign(guest, tmp_path, maps, lambda _: True, lambda _: False).judge(8)
    assert (verdict.fate, verdict.cases) == (Fate.SURVIVED, 2)  # no way before runs it
    assert not watching.watch(guest, tmp_path, other, ["stops"]).fatal


@pytest.mark.parametrize(("conditions", "acting", "fates", "shared"), [
    ("fails = False", "True", {}, 2),
    ("fails = mutant == '4' and case == 'late'", "True", {4: Fate.ASSERTION}, 3),
    ("fails = mutant == '4' and case == 'early'", "True", {4: Fate.ASSERTION}, 2),
    ("fails = mutant in ('3', '4', '8') and case == 'late'", "True",
     {3: Fate.ASSERTION, 4: Fate.ASSERTION, 8: Fate.ASSERTION}, 1),
    ("if mutant == '4' and chosen[-1] > 0: bad = True\n        fails = False", "True",
     {4: Fate.ASSERTION}, 3),  # no case fails, but the suite
    ("fails = mutant == '4' and mutant == '8' and case == 'late'", "True", {}, 4),  # none alone
    ("fails = mutant == '8' and mutant != '4' and case == 'late'", "n != 8 or mutant != '4'",
     {8: Fate.ASSERTION}, 2),  # another hides it
])
def test_mutants_that_no_first_case_notices_share_boots(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, conditions: str, acting: str,
        fates: dict[int, Fate], shared: int) -> None:
    monkeypatch.setattr(Campaign, "_first", lambda _, __, cases: [(0,)])
    made = made_of(tmp_path, conditions, (PLAIN, INIT), suites=SUITES.replace(
        '*map(int, mutant.split(","))', f"*(n for n in map(int, mutant.split(',')) if {acting})"))
    found: dict[int, Verdict] = {}
    campaign.run(made, [3, 5, 4, 8], 1, lambda each: found.update({each.number: each}))
    assert {number: each.fate for number, each in found.items()} == {
        **dict.fromkeys((3, 4, 5, 8), Fate.SURVIVED), **fates}
    boots = boots_of(tmp_path)
    assert sum("," in boot.partition("kmem_mutant=")[2].partition("'")[0] for boot in boots) == shared
    mine = len(boots) - len(boots_of(tmp_path, "kmem_mutant=0"))
    assert sum(each.boots for each in found.values()) == pytest.approx(mine)
    assert all(each.cases for each in found.values())


def test_all_verdicts_are_told_one_after_the_other(judge: Judge, guest: Path, tmp_path: Path) -> None:
    maps = [watching.watch(guest, tmp_path, PLAIN, [])]
    made = Campaign(guest, tmp_path, maps, lambda _: True, lambda _: False)
    told: list[Verdict] = []
    campaign.run(made, [2, 3, 4, 8, 10], 3, told.append)
    assert {each.number: each.fate for each in told} == {
        2: Fate.BOOT, 3: Fate.ASSERTION, 4: Fate.PANIC, 8: Fate.SURVIVED, 10: Fate.NOT_COVERED}
    assert judge(3).fate is Fate.ASSERTION


def test_first_error_ends_the_run(guest: Path, tmp_path: Path) -> None:
    maps = [watching.watch(guest, tmp_path, PLAIN, [])]
    made = Campaign(guest, tmp_path, maps, lambda _: True, lambda _: False)

    def full(_: Verdict) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        campaign.run(made, [8, 10, 3], 2, full)


@pytest.mark.parametrize(("leans", "wrong"), [
    ("2 not in chosen", "alone"),  # it needs the one that is slow, which reaches no third mutant
    ("mask == '3'", "with 1 more"),
])
def test_case_that_fails_without_a_mutant_kills_none(
        tmp_path: Path, capsys: pytest.CaptureFixture[str], leans: str, wrong: str) -> None:
    made = made_of(tmp_path, f"fails = case == 'late' and {leans} or mutant == '4' and case == 'early'")
    for _ in range(2):
        assert made.judge(3).fate is Fate.SURVIVED
    assert made.judge(4).case == "kmem_a.early"
    assert capsys.readouterr().err == (
        "kmem-kunit: booted plain, kmem_a.late does not count: "
        f"run {wrong} and without a mutant, it ends in: assertion\n")


def test_death_that_is_not_the_mutants_kills_none(tmp_path: Path) -> None:
    made = made_of(tmp_path, suites=SUITES.replace('mutant != "9"', 'mutant == "watch"'))
    assert made.judge(9).fate is Fate.SURVIVED


def test_kill_is_compared_with_the_same_boot_once(tmp_path: Path) -> None:
    made = made_of(tmp_path, "fails = mutant in '345' and case == 'early'")
    told: list[Verdict] = []
    campaign.run(made, [3, 4, 5], 3, told.append)
    assert {each.fate for each in told} == {Fate.ASSERTION}
    assert len(boots_of(tmp_path, "kmem_mutant=0", "kmem_cases=1")) == 1


def test_machine_that_broke_is_not_blamed_on_a_case(tmp_path: Path) -> None:
    made = made_of(tmp_path, "fails = mutant == '8'")
    make_guest(tmp_path, "fails = True", suites=SUITES.replace("rows()", "sys.exit(1)").replace(
        'say("reboot', 'sys.exit(1)\nsay("reboot'))
    with pytest.raises(UserError, match="does not boot here"):
        made.judge(8)


def test_confirming_boot_has_as_long_as_the_one_that_was_too_slow(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [Case("kmem_a", f"c{n}", "", Status.PASS, 1.0) for n in range(40)]
    the_map = Map(PLAIN, cases, {1: range(40)}, {}, frozenset(), 0.1)
    limits: list[float] = []

    def boot(_: Path, __: Path, arguments: Sequence[str], limit: float, ___: int) -> Boot:
        lines = ["KTAP version 1", "1..1", "    KTAP version 1", "    # Subtest: kmem_a", "    1..1"]
        if "kmem_mutant=0" in arguments:
            return Boot([*lines, "    ok 1 c7", "ok 1 kmem_a", "reboot: System halted"], 0, False, 0.0)
        limits.append(limit)
        return Boot([*lines, "    # c7: begins"], 137, True, limit)

    monkeypatch.setattr(guest, "boot", boot)
    monkeypatch.setattr(Campaign, "_first", lambda *_: [tuple(range(40))])
    made = Campaign(tmp_path, tmp_path, [the_map], lambda _: True, lambda _: False)
    assert made.judge(1).case == "kmem_a.c7"
    assert len(limits) == 2 and limits[0] > 100 and limits[1] >= limits[0]


NOISE = """say("------------[ cut here ]------------"); say("WARNING: CPU: 0 PID: 1 at mm/slub.c:1 f()")
        """


def test_case_that_is_bad_without_a_mutant_is_not_measured(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noisy = NOISE.replace("say", "if case == 'late': say", 1).replace("; say", "; case == 'late' and say")
    bad = f"""fails = case == 'early' and mutant == 'watch'
        {noisy}"""
    goes_on = SUITES.replace("if fails:", "if fails and mutant != 'watch':")
    made = made_of(tmp_path, bad, (PLAIN, INIT), suites=goes_on.replace('== "2"', '== "2" or die'))
    assert (made.judge(8).fate, made.judge(8).cases) == (Fate.SURVIVED, 2)
    assert made.judge(3).fate is Fate.NOT_COVERED
    made.tell()
    assert capsys.readouterr().err.splitlines() == [
        f"kmem-kunit: booted {way}, these fail or complain without a mutant, and do not count: "
        "kmem_a.early, kmem_a.late, kmem_fatal.stops" for way in ("plain", "init")]


@pytest.mark.parametrize("what", ["cut", "gone", "killed"])
def test_broken_machine_ends_the_run(tmp_path: Path, what: str) -> None:
    """The console is cut short, the image is gone, or somebody kills the kernel."""
    dies = f'os.path.exists({str(tmp_path / "broken")!r}) and os.kill(os.getpid(), 9)'
    made = made_of(tmp_path, CONDITIONS, suites=SUITES.replace('say("KTAP', f'{dies}\nsay("KTAP', 1))
    told: list[Verdict] = []

    def tell(verdict: Verdict) -> None:
        told.append(verdict)
        if what == "cut":
            make_guest(tmp_path, suites="sys.exit()\n")
        elif what == "gone":
            (tmp_path / "linux").unlink()
        (tmp_path / "broken").touch()

    with pytest.raises(UserError, match="not boot here|SIGKILL"):
        campaign.run(made, [8, 3, 9, 8], 1, tell)
    assert [each.number for each in told] == [8]


def test_kernel_that_dies_without_a_word_is_the_mutants_doing(tmp_path: Path) -> None:
    made = made_of(tmp_path, "fails = mutant == '8' and os._exit(0)")
    assert made.judge(8).fate is Fate.PANIC
    assert boots_of(tmp_path, "kmem_cases=0")


def test_no_verdict_is_told_after_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def first(_: Campaign, trial: campaign._Trial) -> list[campaign._Trial]:
        if begun:
            raise UserError("no room")
        begun.append(trial)
        return [replace(trial, over=True)]

    begun: list[campaign._Trial] = []
    monkeypatch.setattr(Campaign, "first", first)
    monkeypatch.setattr(Campaign, "covered", lambda *_: True)
    made = Campaign(tmp_path, tmp_path, [], lambda _: True, lambda _: False)
    told: list[Verdict] = []
    with pytest.raises(UserError, match="no room"):
        campaign.run(made, range(1, 5000), 1, told.append)
    assert [each.number for each in told] == [begun[0].number]


AT_BOOT = {
    "": "", "10": 'if mutant == "10": panic()',
    "10 complains": """if mutant == "10":
    say("------------[ cut here ]------------"); say("WARNING: CPU: 0 PID: 1 at mm/slub.c:1 f()")
    say("---[ end trace 0000000000000000 ]---")""",
}


@pytest.mark.parametrize(("conditions", "dies", "fate", "cases"), [
    ("fails = False", "", Fate.SURVIVED, 8),
    ("fails = mutant == '10' and case == 'slow'", "", Fate.ASSERTION, 3),
    ("if mutant == '10' and case == 'late': panic()\n        fails = False", "", Fate.PANIC, 3),
    ("fails = mutant == '10'", "10", Fate.BOOT, 0),
    ("fails = mutant == '10'", "10 complains", Fate.BOOT, 0),
])
def test_mutant_that_only_the_boot_runs_is_booted(
        tmp_path: Path, conditions: str, dies: str, fate: Fate, cases: int) -> None:
    made = made_of(tmp_path, conditions, (PLAIN, INIT),
                   head=GUEST.replace("row(0, 1, 2)", "row(0, 1, 2, 10)"),
                   suites=SUITES.replace('if mutant == "2": panic()', AT_BOOT[dies]))
    assert made.covered(10) and not made.reached(10)
    verdict = made.judge(10)
    assert (verdict.fate, verdict.cases) == (fate, cases)
    assert "'kmem_cases=0'" in (tmp_path / "boots").read_text().splitlines()[0]


def test_what_a_mutant_does_to_the_boot_may_show_in_any_case(tmp_path: Path) -> None:
    made = made_of(tmp_path, "fails = mutant in '18' and case == 'slow'",
                   head=GUEST.replace("row(3, 8)", "row(3)"))
    assert made.noticing(1) == ["kmem_a.early"] and "kmem_a.slow" not in made.noticing(8)
    verdict = made.judge(1)
    assert (verdict.fate, verdict.case, verdict.cases) == (Fate.ASSERTION, "kmem_a.slow", 3)
    assert made.judge(8).fate is Fate.SURVIVED  # the boot does not run it


def test_boot_counts_where_it_runs_the_mutant(tmp_path: Path) -> None:
    rows = "row(0, 1, 2, *([10] if 'init_on_alloc' in words else []))"
    made = made_of(tmp_path, "fails = mutant == '10' and case == 'late'", (PLAIN, INIT),
                   head=GUEST.replace("row(0, 1, 2)", rows))
    verdict = made.judge(10)
    assert (verdict.fate, verdict.way, verdict.case) == (Fate.ASSERTION, "init", "kmem_a.late")
    assert boots_of(tmp_path, "kmem_mutant=10") == boots_of(tmp_path, "kmem_mutant=10", "init_on_alloc=1")


ONCE = """mark = os.path.join(os.path.dirname(sys.argv[0]), "once")
        once = mutant == "8" and not os.path.exists(mark)
        if mutant == "8": open(mark, "w").close()
        """
DEBUG = Way("debug", ("slab_debug=FZPU",))


@pytest.mark.parametrize(("conditions", "fate", "way"), [
    ("fails = mutant == '1' and 'slab_debug' in words", Fate.ASSERTION, "debug"),
    ("fails = False", Fate.BOOT, "init"),
    ("fails = False\n        if mutant == '1' and 'slab_debug' in words: panic()", Fate.PANIC, "debug"),
])
def test_other_ways_go_on_if_the_kernel_dies_in_one(
        tmp_path: Path, conditions: str, fate: Fate, way: str) -> None:
    made = made_of(tmp_path, conditions, (PLAIN, INIT, DEBUG), suites=SUITES.replace(
        'if mutant == "2"', 'if mutant == "1" and "init_on_alloc" in words'))
    verdict = made.judge(1)
    assert (verdict.fate, verdict.way) == (fate, way)
    assert verdict.cases >= 3


def test_kernel_that_dies_without_a_case_is_booted_once_in_each_other_way(tmp_path: Path) -> None:
    made = made_of(tmp_path, ways=(PLAIN, INIT, DEBUG),
                   suites=SUITES.replace('if mutant == "2"', 'if mutant == "1"'))
    assert made.judge(1).fate is Fate.BOOT
    assert len(boots_of(tmp_path, "kmem_mutant=1")) == 4
    for way in (INIT, DEBUG):
        assert len(boots_of(tmp_path, "kmem_mutant=1", "kmem_cases=0", *way.arguments)) == 1


@pytest.mark.parametrize(("conditions", "fate", "way"), [
    ("fails = once or mutant == '8' and 'init_on_alloc' in words", Fate.ASSERTION, "init"),
    ("fails = once", Fate.UNSTABLE, "plain"),
    ("fails = once and case == 'early' or mutant == '8' and case == 'slow'", Fate.ASSERTION, "plain"),
])
def test_the_rest_goes_on_after_what_was_noticed_once(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, conditions: str, fate: Fate, way: str) -> None:
    monkeypatch.setattr(Campaign, "_first", lambda _, __, cases: [(case,) for case in sorted(cases)])
    made = made_of(tmp_path, ONCE + conditions, (PLAIN, INIT))
    verdict = made.judge(8)
    assert (verdict.fate, verdict.way) == (fate, way)


def test_kernel_that_dies_without_a_case_counts_more_than_what_was_noticed_once(tmp_path: Path) -> None:
    conditions = ONCE.replace('"8"', '"1"') + "fails = once"
    made = made_of(tmp_path, conditions, (PLAIN, INIT), suites=SUITES.replace(
        'if mutant == "2"', 'if mutant == "1" and "init_on_alloc" in words'))
    verdict = made.judge(1)
    assert (verdict.fate, verdict.way) == (Fate.BOOT, "init")


RESULT = """say(f"    {'not ' if fails else ''}ok {at} {case}")"""
SUITE_RESULT = """say(f"{'not ' if bad else ''}ok {number} {name}")"""
BEGINS = '    say("    KTAP version 1")'


@pytest.mark.parametrize(("old", "new", "fate", "case"), [
    (RESULT, RESULT[:-1] + " + ' # SKIP no cache' * (mutant == '8'))", Fate.SKIP, "kmem_a.early"),
    (RESULT, RESULT[:-1] + " + ' # TIMEOUT' * (mutant == '8'))", Fate.ASSERTION, "kmem_a.early"),
    (SUITE_RESULT, SUITE_RESULT.replace("bad", "mutant == '8'"), Fate.ASSERTION, "kmem_a"),
    (BEGINS, f"    if mutant == '8': say(f'not ok {{number}} {{name}}'); continue\n{BEGINS}",
     Fate.ASSERTION, "kmem_a"),
    (BEGINS, f"    if mutant == '8': say(f'ok {{number}} {{name}} # SKIP'); continue\n{BEGINS}",
     Fate.SKIP, "kmem_a.early"),
    ('say("KTAP version 1")\nif', f"""if mutant == '8':
        {NOISE}
say("KTAP version 1")\nif""", Fate.REPORT, ""),
])
def test_what_the_gate_would_say_is_noticed(
        tmp_path: Path, old: str, new: str, fate: Fate, case: str) -> None:
    suites = SUITES.replace(old, new, 1)
    assert suites != SUITES
    verdict = made_of(tmp_path, suites=suites).judge(8)
    assert (verdict.fate, verdict.case) == (fate, case)
    assert fate.killed
    (tmp_path / "linux").unlink()
    always = made_of(tmp_path, suites=suites.replace("mutant == '8'", "mutant in '08'"))
    assert always.judge(8).fate is Fate.SURVIVED


def test_case_that_should_die_may_not_skip(tmp_path: Path) -> None:
    verdict = made_of(tmp_path, suites=SUITES.replace("if die:\n", "if die and mutant != '9':\n")).judge(9)
    assert (verdict.fate, verdict.case) == (Fate.SKIP, "kmem_fatal.stops")


def test_noise_outside_of_cases_without_a_mutant_kills_none(tmp_path: Path) -> None:
    begins = 'say("KTAP version 1")\nif die'
    made = made_of(tmp_path, "fails = mutant == '3'", suites=SUITES.replace(
        begins, f"{NOISE.rstrip()}\n{begins}", 1))
    assert (made.judge(8).fate, made.judge(3).fate) == (Fate.SURVIVED, Fate.ASSERTION)
