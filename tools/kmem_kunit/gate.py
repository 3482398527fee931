# SPDX-License-Identifier: GPL-2.0-only
"""A against B: two sets of results compared cell by cell and case by case, without any I/O.

Several boots of one cell are the outcomes of its cases: one that comes out in two ways is unstable.
"""
import datetime
import enum
import math
import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from kmem_kunit.kcidb import Run
from kmem_kunit.quarantine import Entry
from kmem_kunit.result import Case, Problem, Status

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)  # the start of a baseline
SLOWER = 2.0, 0.5  # a suite is that takes so many times, and so many seconds more
WORSE = 0.001  # an unstable case is that fares so by chance more rarely
_DEATHS = ("died", "machine", "panic", "hang", "truncated", "empty", "build")  # behind which nothing ran
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_CHANCE = re.compile(r"(?:0x)?\b[0-9a-f]{6,}\b|0x[0-9a-f]+|\d+")  # differs from boot to boot
_TAINT = re.compile(r"\s*\(?(?:Not tainted|Tainted:[A-Z ]*)\)?\s*")  # by whatever came before
_SUFFIX = re.compile(r"(?:\.(?:part|isra|constprop|cold)(?:\.\d+)?)+\b")  # as compilers split functions
_LOCK = re.compile(r"\((\S{1,60})\)\{[-.+?]+\}")  # as lockdep names one
_OOPS = re.compile(r"\bOops\b|\[#\d+\]|general protection fault|nable to handle|Internal error:"
                   r"|kernel NULL pointer")
_PLACE = re.compile(  # where it happened: x86_64, i386, arm64 and riscv64, s390x
    r"^\s*(?:RIP: \w+:|EIP: |e?pc : |Krnl PSW : \w+ \w+ \()([\w.]{1,100})\+0x", re.MULTILINE)
_Rate = tuple[int, int]  # in how many boots, of how many
_WAYS = ("--kernel", "--arch", "--config", "--boot-args")  # options that say how to run


class Kind(enum.Enum):
    """What a finding says, the worst first; those before FIXED fail the gate."""

    DIED = "died"
    GONE = "cell gone"
    NO_PASS = "nothing passed"
    REPORT = "new report"
    FAIL = "fails"
    NEW_FAIL = "new, fails"
    MISSING = "missing"
    SKIPPED = "skipped"
    UNSTABLE = "unstable"
    UNEXPECTED = "unexpected pass"
    EXPIRED = "quarantine expired"
    STALE = "quarantine of nothing"
    FIXED = "fixed"
    NEW = "new"
    KNOWN = "known failure"
    BOTH = "as before"  # not passing in either
    REPORTED = "report as before"
    SLOWER = "slower"

    @property
    def fails(self) -> bool:
        """Say whether it fails the gate."""
        kinds = list(Kind)
        return kinds.index(self) < kinds.index(Kind.FIXED)


@dataclass(frozen=True)
class Finding:
    """One thing that a person has to know of: in which cell, and about what in it.

    case is "" for a suite's, suite for a cell's, and cell for an entry of the quarantine. number is
    as in a Key, change how it was and is, log what the head says of it, since what the base was,
    command what runs it, console the file with the head's, "" if none was kept or it says nothing of it.
    """

    kind: Kind
    cell: str
    suite: str = ""
    case: str = ""
    param: str = ""
    number: int = 0
    change: str = ""
    log: str = ""
    since: str = ""
    command: str = ""
    console: str = ""

    @property
    def name(self) -> str:
        """The suite and the case, without the parameter."""
        return ".".join(part for part in (self.suite, self.case) if part)


class Key(NamedTuple):
    """What tells a case of a cell from all others; number counts those of one name."""

    suite: str
    case: str
    param: str
    number: int


def keyed(cases: Sequence[Case]) -> dict[Key, Case]:
    """Return cases by what they are known by."""
    seen: Counter[tuple[str, str, str]] = Counter()
    found = {}
    for case in cases:
        name = (case.suite, case.name, case.param)
        found[Key(*name, seen[name])] = case
        seen[name] += 1
    return found


def outcomes(runs: Sequence[Run]) -> dict[Key, list[Case]]:
    """Return what came of each case in the runs of a cell: one of each run that had any case.

    Where only some of them had it, it is missing from the others.
    """
    boots = [keyed(run.result.cases) for run in runs if run.result.cases]
    keys = dict.fromkeys(key for boot in boots for key in boot)
    return {
        key: [boot.get(key) or Case(*key[:3], Status.MISS) for boot in boots] for key in keys
    }


def by_cell(runs: Sequence[Run], match: Callable[[str], str] = str) -> dict[str, list[Run]]:
    """Return runs by what match makes of the names of their cells."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(match(run.cell), []).append(run)
    return found


def compare(
    base: Sequence[Run],
    head: Sequence[Run],
    entries: Sequence[Entry],
    today: datetime.date,
    *,
    match: Callable[[str], str] = str,
    whole: bool = True,
    cells: Sequence[str] = (),
) -> tuple[Finding, ...]:
    """Return what there is to say of head against base, the worst first.

    Cells are compared of whose names match makes the same; the entries of the quarantine are for
    head's. whole says that no case was left out on purpose; cells are the names of all that an
    entry may be for; if none are given, that is not looked at.
    """
    before, after = by_cell(base, match), by_cell(head, match)
    valid = [entry for entry in entries if not entry.expired(today)]
    found: list[Finding] = []
    for name in dict.fromkeys((*before, *after)):
        pair = _Pair(before.get(name, []), after.get(name, []))
        if pair.head:
            found += [*_problems(pair), *_cases(pair, valid), *_slower(pair)]
            if not any(each.kind is Kind.DIED and each.cell == pair.cell for each in found):
                found += _all_in_vain(pair)
        else:
            found.append(pair.finding(Kind.GONE, change=f"{_size(pair.base)} -> absent"))
    found += _quarantine(head, entries, today, whole, cells)
    order = list(Kind)
    return tuple(sorted(found, key=lambda f: (order.index(f.kind), f.name, f.param, f.cell)))


@dataclass(frozen=True)
class _Pair:
    """The runs of one cell before and after; a side that lacks the cell has none."""

    base: Sequence[Run]
    head: Sequence[Run]

    @property
    def cell(self) -> str:
        """The name of the cell."""
        return (self.head or self.base)[0].cell

    def finding(
        self, kind: Kind, suite: str = "", case: str = "", param: str = "", number: int = 0, *,
        change: str = "", log: str = "", console: str = "",
    ) -> Finding:
        """Return a finding about this cell, or a suite or case of it."""
        glob = ".".join(part for part in (suite, case) if part)
        command = reproducer((self.head or self.base)[0].command, glob)
        since = _since(self.base[0]) if self.base else ""
        return Finding(kind, self.cell, suite, case, param, number, change, log, since, command, console)


def _since(run: Run) -> str:
    """Say what a run was of: the kernel, its commit if it has one, the day of the run."""
    commit = f" ({run.source[:12]})" if _COMMIT.fullmatch(run.source) else ""
    day = f" of {run.start:%Y-%m-%d}" if run.start != EPOCH else ""
    return f"{run.kernel}{commit}{day}"


def reproducer(command: str, glob: str) -> str:
    """Return the command line that runs the cases of glob as command did.

    command is a Run's; if it is none of "kmem-kunit run", the answer is "".
    """
    try:
        words = shlex.split(command)
    except ValueError:
        return ""
    if len(words) < 2 or Path(words[0]).name != "kmem-kunit" or words[1] != "run":
        return ""
    kept = ["tools/kmem-kunit", "run"]
    rest = iter(words[2:])
    for word in rest:
        name, equal, value = word.partition("=")
        if name in _WAYS:
            kept += [name, value if equal else next(rest, "")]
    return shlex.join([*kept, *(["--filter", glob] if glob else [])])


def _size(runs: Sequence[Run]) -> str:
    count = sum(1 for key in outcomes(runs) if not key.param)
    return f"{count} case{'s' * (count != 1)}"


def headline(log: str) -> str:
    """Return the first line of a report that says something, without what differs by chance.

    One of lockdep's has the first two locks behind it, which tell one cycle from another, and an oops
    the function that it is in.
    """
    first, *rest = [line.strip() for line in log.splitlines()
                    if line.strip() and "[ cut here ]" not in line] or [""]
    more = _LOCK.findall("\n".join(rest))[:2]
    if _OOPS.search(first):
        more += _PLACE.findall("\n".join(rest))[:1]
    text = _SUFFIX.sub("", f"{first} ({', '.join(more)})" if more else first)
    return _CHANCE.sub("#", _TAINT.sub(" ", text))[:200].strip()


def _signature(problem: Problem) -> tuple[str, str, str]:
    """Return what two boots have in common that have the same problem."""
    return problem.kind, problem.case, headline(problem.log)


def _seen(runs: Sequence[Run]) -> dict[tuple[tuple[str, str, str], int], list[Problem]]:
    """Return the problems of runs, each signature with a number that counts it in its run."""
    found: dict[tuple[tuple[str, str, str], int], list[Problem]] = {}
    for run in runs:
        seen: Counter[tuple[str, str, str]] = Counter()
        for problem in run.result.problems:
            signature = _signature(problem)
            found.setdefault((signature, seen[signature]), []).append(problem)
            seen[signature] += 1
    return found


def died(run: Run) -> bool:
    """Say whether a boot had not come to its end."""
    return any(problem.kind in _DEATHS for problem in run.result.problems)


def _problems(pair: _Pair) -> Iterator[Finding]:
    """Yield what went wrong outside of the cases. A death is never as before: nothing is judged."""
    before, after = _seen(pair.base), _seen(pair.head)
    for signature in dict.fromkeys((*before, *after)):
        found = after.get(signature, [])
        problem = (found or before[signature])[0]
        if not found:
            kind = Kind.FIXED
        elif problem.kind in _DEATHS:
            kind = Kind.DIED
        else:
            kind = Kind.REPORTED if signature in before else Kind.REPORT
        change = problem.kind + ("" if found else " -> none")
        was, now = (len(before.get(signature, [])), len(pair.base)), (len(found), len(pair.head))
        if kind is Kind.REPORTED and _chance(was, now) < WORSE:
            kind = Kind.REPORT
            change += f" in {was[0]}/{was[1]} -> {now[0]}/{now[1]} boots"
        elif 0 < len(found) < len(pair.head):
            change += f" in {now[0]}/{now[1]} boots"
        suite, case = (*problem.case.split("."), "", "")[:2]
        consoles = (run.console for run in pair.head if {*found} & {*run.result.problems} and run.console)
        yield pair.finding(kind, suite, case, change=change, log=problem.log if found else "",
                           console=next(consoles, ""))


def _all_in_vain(pair: _Pair) -> Iterator[Finding]:
    """Yield that a cell is no success, though nothing in it need be worse than before."""
    statuses = [case.status for found in outcomes(pair.head).values() for case in found]
    if Status.PASS not in statuses:
        skipped = bool(statuses) and set(statuses) == {Status.SKIP}
        yield pair.finding(Kind.NO_PASS, change="all skipped" if skipped else "no case passes")


def _cases(pair: _Pair, entries: Sequence[Entry]) -> Iterator[Finding]:
    """Yield what there is to say of each case; a cell without any has no case to speak of."""
    before, after = outcomes(pair.base), outcomes(pair.head)
    if not after:
        return
    if not before:
        yield pair.finding(Kind.NEW, change=f"absent -> {_size(pair.head)}")
    for key in dict.fromkeys((*before, *after)):
        was, now = before.get(key, []), after.get(key, [])
        kind = _judged([case.status for case in was], [case.status for case in now])
        entry = next((e for e in entries if now and e.matches(pair.cell, now[0])), None)
        change, log = f"{_words(was)} -> {_words(now)}", _telling(now)
        if entry and not (key.param and _is_news(pair, entry, before, key)):
            kind = _quarantined(kind, was, now, unstable=entry.unstable or bool(key.param))
        if entry and kind is Kind.KNOWN:
            log = f"{entry.reason} ({entry.link})"
        elif entry and kind is Kind.UNEXPECTED:
            log = f"quarantined by {entry.owner}: {entry.reason}"
        if kind is None or (kind is Kind.NEW and not before):
            continue
        yield pair.finding(kind, *key, change=change, log=log, console=_console(pair.head, now))


def _is_news(pair: _Pair, entry: Entry, before: Mapping[Key, Sequence[Case]], key: Key) -> bool:
    """Say whether it is not a known failure if a parameter fails now.

    It is not if it passed in the base while the case failed there, with others, as the entry says.
    """
    the_case = before.get(key._replace(param="", number=0), ())
    return (not entry.unstable and bool(pair.base) and entry.covers(pair.base[0].cell)
            and any(case.status in (Status.FAIL, Status.ERROR) for case in the_case)
            and {case.status for case in before.get(key, ())} == {Status.PASS})


def _quarantined(
    kind: Kind | None, was: Sequence[Case], now: Sequence[Case], *, unstable: bool
) -> Kind | None:
    """Return what it means for a case in quarantine that it would be of this kind elsewhere.

    That it fails is known, and nothing else is; unstable says that it may pass.
    """
    before, after = {case.status for case in was}, {case.status for case in now}
    if Status.MISS in after:
        return kind if kind and kind.fails else Kind.MISSING
    if any(case.bad for case in now):
        return Kind.KNOWN
    if kind and kind.fails or Status.PASS in after and unstable:
        return kind
    if Status.PASS in after:
        return Kind.UNEXPECTED
    return Kind.SKIPPED if before - {Status.SKIP} else kind


def _judged(was: Sequence[Status], now: Sequence[Status]) -> Kind | None:
    """Return what it means that a case came out so, was in the base and now in the head.

    An empty sequence is a case that is not there; None means that all is as it was.
    """
    before, after = set(was), set(now)
    unknown = before <= {Status.MISS}
    never = bool(before) and before.isdisjoint((Status.PASS, Status.SKIP))
    if after <= {Status.MISS} and before - {Status.MISS}:
        return Kind.MISSING
    if len(after) > 1:
        stable = len(before) < 2 and not never
        return Kind.UNSTABLE if unknown or stable or _worse(was, now) else Kind.BOTH
    if after == {Status.PASS}:
        if before == after:
            return None
        return Kind.FIXED if before else Kind.NEW
    if after == {Status.SKIP}:
        if Status.PASS in before:
            return Kind.SKIPPED
        if before == after:
            return None
        return Kind.BOTH if before else Kind.NEW
    if unknown and after - before:
        return Kind.NEW_FAIL
    return Kind.BOTH if never else Kind.FAIL


def _worse(was: Sequence[Status], now: Sequence[Status]) -> bool:
    """Say whether a case that was no success in each boot has become worse.

    It has if it fails in a new way, passes no more, or fails or does not pass more often than can be
    chance.
    """
    bad = {Status.FAIL, Status.ERROR, Status.MISS}
    if Status.MISS in now and Status.MISS not in was or bad & {*now} and not bad & {*was}:
        return True
    if Status.PASS in was and Status.PASS not in now:
        return True

    def rate(statuses: Sequence[Status], wrong: set[Status]) -> _Rate:
        return sum(status in wrong for status in statuses), len(statuses)

    return any(
        _chance(rate(was, wrong), rate(now, wrong)) < WORSE for wrong in (bad, bad | {Status.SKIP})
    )


def _chance(was: _Rate, now: _Rate) -> float:
    """Return how likely so many of now, or more, are if it is as it was (Fisher's exact test)."""
    those, before = was
    these, after = now
    both = those + these
    ways = (math.comb(after, n) * math.comb(before, both - n)
            for n in range(these, min(both, after) + 1))
    return sum(ways) / math.comb(before + after, both)


def _words(cases: Sequence[Case]) -> str:
    """Say how a case came out; n/m of one that is unstable is how often it did not pass."""
    found = dict.fromkeys(case.status for case in cases)
    if not found:
        return "absent"
    if len(found) == 1 or all(case.bad for case in cases):
        return " or ".join("missing" if status is Status.MISS else status.value.lower()
                           for status in found)
    wrong = sum(case.status is not Status.PASS for case in cases)
    if Status.PASS not in found:
        wrong = sum(case.bad for case in cases)
    return f"unstable {wrong}/{len(cases)}"


def _telling(cases: Sequence[Case]) -> str:
    """Return what the log says of the first case that did not pass."""
    bad = [case for case in cases if case.bad] or [case for case in cases if case.reason]
    return bad[0].log or bad[0].reason if bad else ""


def _console(runs: Sequence[Run], cases: Sequence[Case]) -> str:
    """Return the first console of runs in which a case, as outcomes() has it of them, was bad."""
    ran = [run for run in runs if run.result.cases]
    return next((run.console for run, case in zip(ran, cases) if case.bad and run.console), "")


def _durations(runs: Sequence[Run]) -> dict[str, float]:
    """Return the seconds that the cases of each suite took, in the fastest of runs."""
    fastest: dict[str, float] = {}
    for run in runs:
        sums: dict[str, float] = {}
        for case in run.result.cases:
            if case.duration is not None and not case.param:
                sums[case.suite] = sums.get(case.suite, 0.0) + case.duration
        for suite, seconds in sums.items():
            fastest[suite] = min(seconds, fastest.get(suite, seconds))
    return fastest


def _slower(pair: _Pair) -> Iterator[Finding]:
    before, after = _durations(pair.base), _durations(pair.head)
    times, more = SLOWER
    for suite in sorted(before.keys() & after.keys()):
        was, now = before[suite], after[suite]
        if now >= times * was and now - was >= more:
            yield pair.finding(Kind.SLOWER, suite, change=f"{was:.2f} s -> {now:.2f} s")


def _quarantine(
    head: Sequence[Run], entries: Sequence[Entry], today: datetime.date, whole: bool,
    cells: Sequence[str],
) -> Iterator[Finding]:
    """Yield the entries that have to go: expired ones, and those for a cell or case that is none."""
    for entry in entries:
        if entry.expired(today):
            yield _of_entry(Kind.EXPIRED, entry, f"expired on {entry.expires}")
            continue
        for pattern in entry.cells:
            if cells and not any(fnmatchcase(cell, pattern) for cell in cells):
                yield _of_entry(Kind.STALE, entry, f"no cell matches {pattern}")
        ran = [run for run in head if run.result.cases and entry.covers(run.cell)]
        matched = any(entry.matches(run.cell, each) for run in ran for each in run.result.cases)
        if whole and ran and not matched:
            yield _of_entry(Kind.STALE, entry, f"no such case in {', '.join(entry.cells)}")


def _of_entry(kind: Kind, entry: Entry, change: str) -> Finding:
    suite, _, case = entry.case.partition(".")
    return Finding(kind, "", suite, case, change=change, log=f"{entry.reason} ({entry.owner})")
