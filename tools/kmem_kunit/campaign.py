# SPDX-License-Identifier: GPL-2.0-only
"""Which mutants the cases notice: for each, boots of the cases that reach it, and what these show."""
import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from kmem_kunit import deaths, guest, ktap, progress
from kmem_kunit.errors import UserError
from kmem_kunit.guest import Way
from kmem_kunit.result import Case, Result, Status

_WATCH = ("kmem_mutant=watch", "log_buf_len=16M")
_ROW = re.compile(r"(?:\[[ \d.]+\] )?kmem_mutants (\d+) (\d+) ([0-9a-f]+)\s*\Z")
_KEPT = 64 << 20  # bytes of a file of verdicts that are read
_LONG = 600.0  # seconds for a boot of all cases without a mutant
_FAIR, _SPARE = 5.0, 1.0  # how many times as long as that a mutant may take, and seconds more
_PATIENT = 4.0  # how many times as long when a time-out is confirmed
_SHOWN = 200  # characters of a line of a boot that went wrong
_NAMED = 6  # cases that are named in a line
_BATCHES = (0.05, 0.5)  # seconds that the first cases need: most mutants are noticed soon


class Fate(Enum):
    """What became of a mutant. The first five are kills, by how it was noticed."""

    ASSERTION = "assertion"
    REPORT = "report"
    PANIC = "panic"
    TIMEOUT = "time-out"
    SKIP = "skip"
    SURVIVED = "survived"
    NOT_COVERED = "not covered"
    BOOT = "boot"
    UNSTABLE = "unstable"
    EQUIVALENT = "equivalent"

    @property
    def killed(self) -> bool:
        """Whether the cases have noticed it."""
        return self in (Fate.ASSERTION, Fate.REPORT, Fate.PANIC, Fate.TIMEOUT, Fate.SKIP)


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant: in which way of booting, and the case that noticed it, or "".

    cases is how many were run for it, in so many boots, and took, in seconds, how long these took.
    """

    number: int
    fate: Fate
    way: str = ""
    case: str = ""
    cases: int = 0
    took: float = 0.0
    boots: int = 0

    def line(self) -> str:
        """Return it as a line of a file."""
        return json.dumps({**asdict(self), "fate": self.fate.value})


def kept(path: Path) -> dict[int, Verdict]:
    """Return the verdicts of a file, by mutant; a line that was being written when a run died is none."""
    found = {}
    for line in _lines(path):
        try:
            values: dict[str, Any] = json.loads(line)
            verdict = Verdict(fate=Fate(values.pop("fate")), **values)
            found[verdict.number] = verdict
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def _lines(path: Path) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(_KEPT).splitlines()
    except FileNotFoundError:
        return []


@dataclass(frozen=True)
class Map:
    """What a boot without a mutant has shown: its cases, in their order, and who reaches what.

    reach has, for each mutant, the numbers of the cases that reach it, and fatal the names of those that
    stop the kernel; booting has what is reached before any case. empty is the seconds that no case takes.
    noisy has the paths of cases and suites in which the kernel complains, "" if it does so outside.
    """

    way: Way
    cases: Sequence[Case]
    reach: Mapping[int, Sequence[int]]
    fatal: Mapping[int, Sequence[str]]
    booting: frozenset[int]
    empty: float
    noisy: frozenset[str] = frozenset()


def watch(binary: Path, folder: Path, way: Way, dying: Sequence[str]) -> Map:
    """Boot without a mutant, and learn which cases reach which one; dying are those of deaths.SUITE."""
    empty = guest.boot(binary, folder, (*way.arguments, _chosen(())), _LONG)
    seen = guest.boot(binary, folder, (*way.arguments, *_WATCH), _LONG)
    result = ktap.read(line for line in seen.lines if not _ROW.match(line))
    cases = [case for case in result.cases if not case.param]
    rows = _rows(seen.lines)
    # a suite without results would give the numbers of its cases to others
    lost = any(problem.kind in ("suite", "malformed", "truncated") for problem in result.problems)
    if empty.died or seen.timed_out or lost or not cases or len(rows) < 2 or max(rows) > len(cases):
        raise UserError(f"the kernel with mutants does not boot with {' '.join(way.arguments)!r}")
    reach: dict[int, list[int]] = defaultdict(list)
    for row in sorted(rows.keys() - {0}):
        for number in rows[row]:
            reach[number].append(row - 1)
    fatal: dict[int, list[str]] = defaultdict(list)
    died = []
    for name in () if way.other else dying:
        alone = guest.boot(binary, folder, (*way.arguments, *_WATCH, *_alone(name)), _LONG)
        lines = [line for line in alone.lines if not _ROW.match(line)]
        died.append(deaths.judge(name, lines, ""))
        if died[-1].status is Status.PASS:
            for number in _rows(alone.lines).get(1, ()):
                fatal[number].append(name)
    return Map(way, deaths.merged(Result(tuple(cases)), died).cases, reach, fatal, frozenset(rows[0]),
               empty.took, frozenset(each.case for each in result.problems if each.kind == "splat"))


def _rows(lines: Sequence[str]) -> dict[int, set[int]]:
    """Return the mutants that were reached: before KUnit began (0), and by each case, from 1 on."""
    rows: dict[int, set[int]] = defaultdict(set)
    for match in filter(None, map(_ROW.match, lines)):
        row, first = int(match[1]), int(match[2])
        for at, byte in enumerate(bytes.fromhex(match[3])):
            rows[row] |= {first + 8 * at + bit for bit in range(8) if byte >> bit & 1}
    return rows


def _alone(name: str) -> tuple[str, ...]:
    """Return the kernel arguments for a case that shall stop the kernel."""
    return (f"kunit.filter_glob={deaths.SUITE}.{name}", deaths.ARGUMENT)


def _chosen(cases: Sequence[int]) -> str:
    """Return the kernel argument that lets only these cases run."""
    digits = [0] * (max(cases, default=0) // 4 + 1)
    for case in cases:
        digits[case // 4] |= 1 << case % 4
    return "kmem_cases=" + "".join(f"{digit:x}" for digit in digits)


@dataclass(frozen=True)
class _Notice:
    """How a boot has shown that a mutant is there, and in which case, or ""."""

    fate: Fate
    case: str


_What = tuple[int, ...] | str  # what a boot is for: cases, or the name of one that stops the kernel


@dataclass
class _Spent:
    """What a mutant has cost, as its verdict says."""

    cases: int = 0
    took: float = 0.0
    boots: int = 0


class Campaign:
    """The boots of a kernel with mutants, from what its maps say."""

    def __init__(self, binary: Path, folder: Path, maps: Sequence[Map],
                 measures: Callable[[str], bool], same: Callable[[int], bool],
                 plain: Path | None = None) -> None:
        """measures says whether a case, by its path, counts; same, whether a mutant is equivalent.

        plain is what boots without a mutant, if binary cannot.
        """
        self.maps, self.measures = maps, measures
        self._binary, self._folder, self._same = binary, folder, same
        self._plain = plain or binary
        self._lock = threading.Lock()
        self._controls: dict[tuple[int, _What], Future[_Notice | None]] = {}
        self._misled: set[tuple[int, str]] = set()  # cases by their paths, each in a way
        self._usable: list[frozenset[int]] = []
        self._useless: list[list[str]] = []
        known: set[str] = set()
        for each in maps:
            cases = {n: case for n, case in enumerate(each.cases)
                     if measures(case.path) and not (each.way.other and case.path in known)}
            useless = {n for n, case in cases.items() if case.bad or case.path in each.noisy}
            usable = {n for n, case in cases.items() if case.status is Status.PASS
                      and case.suite != deaths.SUITE} - useless
            self._usable.append(frozenset(usable))
            self._useless.append([cases[n].path for n in sorted(useless)])
            known.update(cases[n].path for n in usable)

    def tell(self) -> None:
        """Tell which cases are not measured, as they fail or complain without a mutant."""
        for each, useless in zip(self.maps, self._useless):
            if useless:
                progress.say(f"booted {each.way.name}, these fail or complain without a mutant, and do not "
                             f"count: {_names(useless)}")

    def check(self) -> None:
        """Raise UserError unless the kernel boots here without a mutant, as it did for the maps.

        Where it does not, all that its mutants do would be taken for their doing.
        """
        limit = _PATIENT * self._limit(0, ())
        seen = guest.boot(self._plain, self._folder, (*self.maps[0].way.arguments, _chosen(())), limit)
        if seen.died:
            said = seen.lines[-1][:_SHOWN] if seen.lines else "it says nothing"
            raise UserError(f"the kernel with mutants does not boot here in {limit:.0f} s: {said}")

    def _dying(self, at: int) -> list[str]:
        """Return the names of the cases that stop the kernel, and are measured."""
        return [case.name for case in self.maps[at].cases
                if case.suite == deaths.SUITE and case.status is Status.PASS and self.measures(case.path)]

    def covered(self, number: int) -> bool:
        """Say whether a mutant is ever run, by a case that is measured or while booting."""
        return self.reached(number) or any(number in each.booting for each in self.maps)

    def reached(self, number: int) -> bool:
        """Say whether a case that is measured reaches a mutant, in any way of booting."""
        return any(self._reaching(at, number) or self._deadly(at, number) for at in range(len(self.maps)))

    def _reaching(self, at: int, number: int) -> frozenset[int]:
        return self._usable[at].intersection(self.maps[at].reach.get(number, ()))

    def _deadly(self, at: int, number: int) -> list[str]:
        """Return those that reach a mutant of the cases that stop the kernel."""
        names = self.maps[at].fatal.get(number, ())
        return [name for name in self._dying(at) if name in names]

    def noticing(self, number: int) -> list[str]:
        """Return the paths of the cases that are measured and reach a mutant, in any way of booting."""
        return sorted({path for at, each in enumerate(self.maps) for path in (
            *(each.cases[case].path for case in self._reaching(at, number)),
            *(f"{deaths.SUITE}.{name}" for name in self._deadly(at, number)))})

    def judge(self, number: int) -> Verdict:
        """Return what becomes of a mutant."""
        if not self.covered(number):
            return Verdict(number, Fate.NOT_COVERED)
        spent = _Spent()
        found = Verdict(number, Fate.SURVIVED)
        for at, each in enumerate(self.maps):
            notice = self._in_way(at, number, spent, found.fate is Fate.BOOT)
            if notice:
                verdict = Verdict(number, notice.fate, each.way.name, notice.case, **vars(spent))
                if notice.fate.killed:
                    return verdict
                if found.fate is Fate.SURVIVED or notice.fate is Fate.BOOT and found.fate is Fate.UNSTABLE:
                    found = verdict
            if at == 0 and found.fate is not Fate.BOOT and self._same(number):
                return Verdict(number, Fate.EQUIVALENT, **vars(spent))
        return replace(found, **vars(spent))

    def _in_way(self, at: int, number: int, spent: _Spent, spoils: bool) -> _Notice | None:
        """Return what gives a mutant away in a way of booting: a kill, or else what is not quite one.

        spoils says that it spoils the boot in another way, and so it likely does in this one.
        """
        unstable, attempts = None, list(self._attempts(at, number))
        first = self._only_boots(at, number) or spoils and number in self.maps[at].booting
        if attempts and first and self._spoils_boot(at, number, spent):
            return _Notice(Fate.BOOT, "")
        for what in attempts:
            notice = self._attempt(at, number, what, spent)
            if notice and notice.fate is not Fate.UNSTABLE:
                return notice
            unstable = unstable or notice
        return unstable

    def _only_boots(self, at: int, number: int) -> bool:
        """Say whether a boot runs a mutant, and no case that is measured does, in any way of booting."""
        return number in self.maps[at].booting and not self.reached(number)

    def _spoils_boot(self, at: int, number: int, spent: _Spent) -> bool:
        """Say whether the kernel dies of a mutant, or complains, without any case."""
        return self._show(at, number, (), _PATIENT * self._limit(at, ()), spent) is not None

    def _attempts(self, at: int, number: int) -> Iterator[_What]:
        """Yield what to try: the cases that reach a mutant, then, if the boot does, all others.

        What it has done there may last, and show in any.
        """
        reaching = self._reaching(at, number)
        yield from self._batches(at, reaching)
        yield from self._deadly(at, number)
        if number in self.maps[at].booting:
            yield from self._batches(at, self._usable[at] - reaching)
            if self._only_boots(at, number):
                yield from self._dying(at)

    def _batches(self, at: int, cases: frozenset[int]) -> Iterator[_What]:
        """Part cases into those that are tried at once, the quickest, then those that take longer."""
        batch, spent, bounds = list[int](), 0.0, iter(_BATCHES)
        bound = next(bounds)
        known = self.maps[at].cases
        for cost, case in sorted((known[case].duration or 0.0, case) for case in cases):
            if batch and bound and spent + cost > bound:
                yield tuple(batch)
                batch, bound = [], next(bounds, 0.0)
            batch.append(case)
            spent += cost
        if batch:
            yield tuple(batch)

    def _limit(self, at: int, what: _What) -> float:
        """Return how many seconds a boot may take."""
        each = self.maps[at]
        cases = () if isinstance(what, str) else what
        return _SPARE + _FAIR * (
            each.empty + sum(each.cases[case].duration or 0.0 for case in cases))

    def _attempt(self, at: int, number: int, what: _What, spent: _Spent) -> _Notice | None:
        """Return what gives a mutant away, if something does, and what that has come to."""
        while what := self._counted(at, what):
            limit = self._limit(at, what)
            spent.cases += 1 if isinstance(what, str) else len(what)
            notice = self._show(at, number, what, limit, spent)
            if notice is None:
                return None
            if fate := self._confirmed(at, number, notice, what, limit, spent):
                return _Notice(fate, notice.case)
        return None

    def _counted(self, at: int, what: _What) -> _What:
        """Return what is left of it without cases that do not count."""
        if isinstance(what, str):
            return what if (at, self._paths(at, what)[0]) not in self._misled else ""
        return tuple(case for case, path in zip(what, self._paths(at, what))
                     if (at, path) not in self._misled)

    def _paths(self, at: int, what: _What) -> list[str]:
        if isinstance(what, str):
            return [f"{deaths.SUITE}.{what}"]
        return [self.maps[at].cases[case].path for case in what]

    def _confirmed(self, at: int, number: int, notice: _Notice, what: _What, limit: float,
                   spent: _Spent) -> Fate | None:
        """Make sure of a kill: that the cases earn it, and that it comes again, with the mutant alone.

        limit is the one of the boot that has shown it. Returns None if that was a case's own doing,
        which then counts no more.
        """
        each = self.maps[at]
        boots = number in each.booting
        if boots and notice.fate is not Fate.ASSERTION and self._spoils_boot(at, number, spent):
            return Fate.BOOT
        tries = [what]
        if not isinstance(what, str):
            tries[:0] = [(case,) for case in what if each.cases[case].path == notice.case]
        for again in tries:
            same = self._show(at, number, again, max(limit, _PATIENT * self._limit(at, again)), spent)
            if same:
                wrong = self._control(at, again)
                if wrong is None:
                    return same.fate
                self._leave_out(at, again, wrong)
                return None
        return Fate.UNSTABLE

    def _control(self, at: int, what: _What) -> _Notice | None:
        """Return what a boot shows without a mutant. It is made once."""
        with self._lock:
            mine = (at, what) not in self._controls
            control = self._controls.setdefault((at, what), Future())
        if mine:
            try:
                limit = _PATIENT * self._limit(at, what)
                control.set_result(self._show(at, 0, what, limit, _Spent()))
            except BaseException as error:
                control.set_exception(error)
        return control.result()

    def _leave_out(self, at: int, what: _What, wrong: _Notice) -> None:
        """Let the case that is noticed without a mutant, or all if it is none of them, count no more."""
        self.check()
        paths = self._paths(at, what)
        blamed = [wrong.case] if wrong.case in paths else paths
        with self._lock:
            new = {(at, path) for path in blamed} - self._misled
            self._misled |= new
        if new:
            others = f"with {len(paths) - 1} more" if len(paths) > 1 else "alone"
            progress.say(f"booted {self.maps[at].way.name}, {_names(blamed)} does not count: "
                         f"run {others} and without a mutant, it ends in: {wrong.fate.value}")

    def _show(self, at: int, number: int, what: _What, limit: float, spent: _Spent) -> _Notice | None:
        """Boot once with a mutant, or with none, which is 0; return what gives it away, if something does."""
        seen = self._boot(at, number, what, limit, spent)
        if isinstance(what, str):
            verdict = deaths.judge(what, seen.lines, "")
            if verdict.status is Status.PASS:
                return None
            skips = verdict.status is Status.SKIP
            return _Notice(Fate.TIMEOUT if seen.timed_out else Fate.SKIP if skips else Fate.ASSERTION,
                           verdict.path)
        planned: dict[str, list[str]] = {}
        for case in map(self.maps[at].cases.__getitem__, sorted(what)):
            planned.setdefault(case.suite, []).append(case.name)
        return _notice(seen, ktap.read(seen.lines, planned), self.maps[at].noisy)

    def _boot(self, at: int, number: int, what: _What, limit: float, spent: _Spent) -> guest.Boot:
        words = (*self.maps[at].way.arguments, f"kmem_mutant={number}",
                 *(_alone(what) if isinstance(what, str) else (_chosen(what),)))
        seen = guest.boot(self._binary if number else self._plain, self._folder, words, limit)
        if not seen.timed_out and not seen.ended:  # a mutant may do that, and so may the machine
            self.check()
        spent.took += seen.took
        spent.boots += 1
        return seen


def _names(paths: Sequence[str]) -> str:
    """Return the names of cases, as many as a line has room for."""
    return ", ".join(paths[:_NAMED]) + (f" and {len(paths) - _NAMED} more" if paths[_NAMED:] else "")


def _notice(seen: guest.Boot, result: Result, noisy: frozenset[str]) -> _Notice | None:
    """Return what is wrong in a boot of cases that pass elsewhere, as the gate would say."""
    first: dict[str, str] = {}  # where there is one: of each status of a case, and of each kind of problem
    for each in result.cases:
        if not each.param:
            first.setdefault(each.status.value, each.path)
    for problem in result.problems:
        if not (problem.kind == "splat" and problem.case in noisy):
            first.setdefault(problem.kind, problem.case)
    running = next((problem.case for problem in result.problems if problem.case), "")
    for wrong, fate, case in (
        ("FAIL" in first, Fate.ASSERTION, first.get("FAIL")),
        (seen.timed_out, Fate.TIMEOUT, running),
        (seen.died or "panic" in first, Fate.PANIC, running),
        ("suite" in first, Fate.ASSERTION, first.get("suite")),
        ("MISS" in first, Fate.PANIC, running),
        ("ERROR" in first, Fate.ASSERTION, first.get("ERROR")),
        ("splat" in first, Fate.REPORT, first.get("splat")),
        ("SKIP" in first, Fate.SKIP, first.get("SKIP")),
    ):
        if wrong:
            return _Notice(fate, case or "")
    return None


def run(campaign: Campaign, numbers: Sequence[int], workers: int,
        tell: Callable[[Verdict], None]) -> None:
    """Judge mutants, several at once; tell gets each verdict, one after the other.

    Raises UserError where the machine is at fault. No verdict is told after that.
    """
    lock, broken = threading.Lock(), threading.Event()

    def judge(number: int) -> None:
        try:
            verdict = campaign.judge(number)
        except BaseException:
            broken.set()
            raise
        with lock:
            if not broken.is_set():
                tell(verdict)

    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(judge, number) for number in numbers]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
