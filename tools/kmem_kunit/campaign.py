# SPDX-License-Identifier: GPL-2.0-only
"""Which mutants the cases notice: for each, boots of the cases that reach it, and what these show."""
import json
import math
import random
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from kmem_kunit import deaths, guest, ktap, progress, watching
from kmem_kunit.errors import UserError
from kmem_kunit.result import Result, Status
from kmem_kunit.watching import Map

_KEPT = 64 << 20  # bytes of a file of verdicts that are read
_FAIR = 5.0  # how many times as long as without a mutant a boot may take, of processor time and of any
_SPARE = 1.0  # seconds more, as the machine may be busy
_BRISK = 2.0  # how many times as long if it is but to be seen which mutants are to be booted alone
_PATIENT = 4.0  # how many times as long when a time-out is confirmed
_SHOWN = 200  # characters of a line of a boot that went wrong
_NAMED = 6  # cases that are named in a line
_BATCHES = (0.05, 0.5)  # seconds that the first cases need: most mutants are noticed soon
_LEAST = 0.001  # seconds that a case takes: the kernel's clock has ticks, and many take none
_TOGETHER = 8  # mutants in one boot


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

    cases is how many were run for it, in so many boots, and took, in seconds, how long these took; of a
    boot that others shared it has a share.
    """

    number: int
    fate: Fate
    way: str = ""
    case: str = ""
    cases: int = 0
    took: float = 0.0
    boots: float = 0

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
class _Notice:
    """How a boot has shown that a mutant is there, and in which case, or ""."""

    fate: Fate
    case: str


_What = tuple[int, ...] | str  # what a boot is for: cases, or the name of one that stops the kernel


class _Plan(NamedTuple):
    """What to boot a mutant for: the first cases, of which most are noticed, and all else."""

    first: Sequence[_What]
    later: Sequence[_What]


@dataclass
class _Spent:
    """What a mutant has cost, as its verdict says."""

    cases: int = 0
    took: float = 0.0
    boots: float = 0

    def add(self, other: "_Spent", share: int) -> None:
        """Add what was spent on so many mutants at once."""
        self.cases += other.cases
        self.took += other.took / share
        self.boots += other.boots / share


@dataclass
class _Trial:
    """A mutant that is judged: in which way to boot now, what it has cost, and what it is as far as known.

    left says that the first cases of that way have not noticed it.
    """

    number: int
    at: int = 0
    left: bool = False
    over: bool = False
    spent: _Spent = field(default_factory=_Spent)
    fate: Fate = Fate.SURVIVED
    way: str = ""
    case: str = ""

    def learn(self, way: str, notice: _Notice | None) -> None:
        """Take in what a way to boot has shown: a kill, or what is not quite one."""
        if notice and (notice.fate.killed or self.fate is Fate.SURVIVED
                       or notice.fate is Fate.BOOT and self.fate is Fate.UNSTABLE):
            self.fate, self.way, self.case = notice.fate, way, notice.case

    def verdict(self) -> Verdict:
        """Return what has become of it."""
        return Verdict(self.number, self.fate, self.way, self.case, **vars(self.spent))


class _Over(Exception):
    """The run has ended."""


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
        self.over = threading.Event()  # no more boots, then
        self._lock = threading.Lock()
        self._controls: dict[tuple[int, _What], Future[_Notice | None]] = {}
        self._misled: set[tuple[int, str]] = set()  # cases by their paths, each in a way
        self._usable: list[frozenset[int]] = []
        self._new: list[frozenset[int]] = []  # those of them that can run in no way before
        self._useless: list[list[str]] = []
        known: set[str] = set()
        for each in maps:
            cases = {n: case for n, case in enumerate(each.cases) if measures(case.path)}
            useless = {n for n, case in cases.items() if case.bad or case.path in each.noisy}
            usable = {n for n, case in cases.items() if case.status is Status.PASS
                      and case.suite != deaths.SUITE} - useless
            self._usable.append(frozenset(usable))
            self._new.append(frozenset(n for n in usable if cases[n].path not in known))
            self._useless.append([cases[n].path for n in sorted(useless)
                                  if not (each.way.other and cases[n].path in known)])
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
        seen = guest.boot(self._plain, self._folder, (*self.maps[0].way.arguments, watching.chosen(())), limit)
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

    def _cases(self, at: int, number: int) -> frozenset[int]:
        """Return the cases that are run for a mutant in a way to boot, if they reach it or the boot does.

        In a way that is there for few cases, these are all, unless no way before runs the mutant.
        """
        known = any(number in each.booting or not usable.isdisjoint(each.reach.get(number, ()))
                    for each, usable in zip(self.maps[:at], self._usable))
        return (self._new if self.maps[at].way.other and known else self._usable)[at]

    def _reaching(self, at: int, number: int) -> frozenset[int]:
        return self._cases(at, number).intersection(self.maps[at].reach.get(number, ()))

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
        """Return what becomes of a mutant that shares no boot with others."""
        trial = self.begin(number)
        while not trial.over:
            self.first(trial)
            if trial.left:
                self.later([trial])
        return trial.verdict()

    def begin(self, number: int) -> _Trial:
        """Return a mutant that is to be judged, unless it is never run."""
        if self.covered(number):
            return _Trial(number)
        return _Trial(number, over=True, fate=Fate.NOT_COVERED)

    def first(self, trial: _Trial) -> list[_Trial]:
        """Boot a mutant with the first cases of a way to boot, which most do not survive."""
        at, number = trial.at, trial.number
        plan = self._plan(at, number)
        spoils = self._only_boots(at, number) or trial.fate is Fate.BOOT and number in self.maps[at].booting
        if any(plan) and spoils and self._spoils_boot(at, number, trial.spent):
            trial.learn(self.maps[at].way.name, _Notice(Fate.BOOT, ""))
        elif not self._try(at, trial, plan.first) and plan.later:
            trial.left = True
            return [trial]
        self._leave(trial)
        return [trial]

    def later(self, trials: Sequence[_Trial]) -> Sequence[_Trial]:
        """Boot mutants, together where they are several, with all other cases of a way to boot."""
        at = trials[0].at
        for trial in self._apart(at, trials):
            self._try(at, trial, self._plan(at, trial.number).later)
        for trial in trials:
            self._leave(trial)
        return trials

    def _leave(self, trial: _Trial) -> None:
        """Go on with the next way to boot, unless no other could change what is known."""
        if trial.at == 0 and trial.fate in (Fate.SURVIVED, Fate.UNSTABLE) and self._same(trial.number):
            trial.fate, trial.way, trial.case = Fate.EQUIVALENT, "", ""
        trial.at += 1
        trial.left = False
        trial.over = trial.fate.killed or trial.fate is Fate.EQUIVALENT or trial.at == len(self.maps)

    def _try(self, at: int, trial: _Trial, attempts: Sequence[_What]) -> bool:
        """Boot a mutant until an attempt shows what becomes of it in a way to boot; say whether one does."""
        for what in attempts:
            notice = self._attempt(at, trial.number, what, trial.spent)
            trial.learn(self.maps[at].way.name, notice)
            if notice and notice.fate is not Fate.UNSTABLE:
                return True
        return False

    def _apart(self, at: int, trials: Sequence[_Trial]) -> list[_Trial]:
        """Boot mutants together; return those that have to be booted on their own.

        Where something is noticed, each is booted with the case in question, and what notices one then
        has noticed it. If that is none, halves are booted. A mutant that was not reached, as another has
        hidden it, is returned, too.
        """
        together, reached = list(trials), set[int]()
        attempts = self._attempts(at, together)
        while attempts and len(together) > 1:
            if not (what := self._counted(at, attempts.pop())):
                continue
            seen = self._boot_all(at, together, what)
            rows, lines = watching.told(seen.lines)
            reached |= rows[0]
            if not (notice := self._notice(at, what, seen)):
                continue
            noticing = self._noticing(at, what, notice)
            named = [trial for trial in together
                     if self._has(at, trial.number, noticing) and self._try(at, trial, [noticing])]
            if not named:
                middle = len(together) // 2
                return self._apart(at, together[:middle]) + self._apart(at, together[middle:])
            together = [trial for trial in together if trial not in named]
            attempts.append(self._not_passed(at, what, lines))
        if len(together) < 2:
            return together
        return [trial for trial in together if trial.number not in reached]

    def _attempts(self, at: int, trials: Sequence[_Trial]) -> list[_What]:
        """Return what mutants are booted for together, the last one first: all of their cases at once."""
        plans = [self._plan(at, trial.number).later for trial in trials]
        names = dict.fromkeys(what for plan in plans for what in plan if isinstance(what, str))
        cases = {case for plan in plans for what in plan if not isinstance(what, str) for case in what}
        return [*names, *([tuple(sorted(cases))] if cases else [])]

    def _boot_all(self, at: int, trials: Sequence[_Trial], what: _What) -> guest.Boot:
        spent = _Spent(len(what) if isinstance(what, tuple) else 1)
        seen = self._boot(at, [trial.number for trial in trials], what, self._limit(at, what), spent)
        for trial in trials:
            trial.spent.add(spent, len(trials))
        return seen

    def _noticing(self, at: int, what: _What, notice: _Notice) -> _What:
        """Return the case that has noticed something, if it is one of those that were booted."""
        if isinstance(what, str):
            return what
        return next(((case,) for case, path in zip(what, self._paths(at, what)) if path == notice.case), ())

    def _has(self, at: int, number: int, what: _What) -> bool:
        """Say whether a mutant was booted for the sake of this, or of some of it."""
        later = self._plan(at, number).later
        return what in later or any(not set(each).isdisjoint(what) for each in later
                                    if not isinstance(each, str) and not isinstance(what, str))

    def _not_passed(self, at: int, what: _What, lines: Sequence[str]) -> _What:
        """Return what is left to be booted of cases some of which have passed."""
        if isinstance(what, str):
            return what
        passed = {case.path for case in ktap.read(lines).cases if case.status is Status.PASS}
        return tuple(case for case, path in zip(what, self._paths(at, what)) if path not in passed)

    def _only_boots(self, at: int, number: int) -> bool:
        """Say whether a boot runs a mutant, and no case that is measured does, in any way of booting."""
        return number in self.maps[at].booting and not self.reached(number)

    def _spoils_boot(self, at: int, number: int, spent: _Spent) -> bool:
        """Say whether the kernel dies of a mutant, or complains, without any case."""
        return self._show(at, number, (), _PATIENT * self._limit(at, ()), spent) is not None

    def _plan(self, at: int, number: int) -> _Plan:
        """Return what to try: the cases that reach a mutant, and, if the boot does, all others.

        What it has done there may last, and show in any.
        """
        reaching = self._reaching(at, number)
        cases = self._cases(at, number) if number in self.maps[at].booting else reaching
        first = self._first(at, reaching or cases)
        rest = cases.difference(*first)
        names = self._dying(at) if self._only_boots(at, number) else self._deadly(at, number)
        return _Plan(first, [*([tuple(sorted(rest))] if rest else []), *names])

    def _first(self, at: int, cases: frozenset[int]) -> list[tuple[int, ...]]:
        """Return the quickest of cases, as those that are tried first, and those that are then."""
        costs = sorted((self._cost(at, case), case) for case in cases)
        found = []
        for bound in _BATCHES:
            batch, spent = list[int](), 0.0
            while costs and (not batch or spent + costs[0][0] <= bound):
                cost, case = costs.pop(0)
                batch.append(case)
                spent += cost
            if batch:
                found.append(tuple(batch))
        return found

    def _limit(self, at: int, what: _What) -> float:
        """Return how many seconds a boot may take."""
        return _SPARE + _FAIR * self._needs(at, what)

    def _needs(self, at: int, what: _What) -> float:
        """Return how many seconds a boot without a mutant takes."""
        cases = () if isinstance(what, str) else what
        return self.maps[at].empty + sum(self._cost(at, case) for case in cases)

    def _cost(self, at: int, case: int) -> float:
        """Return how many seconds a case takes without a mutant."""
        return max(self.maps[at].cases[case].duration or 0.0, _LEAST)

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
        return self._notice(at, what, self._boot(at, [number], what, limit, spent))

    def _notice(self, at: int, what: _What, seen: guest.Boot) -> _Notice | None:
        """Return what is wrong in a boot, if something is."""
        _, lines = watching.told(seen.lines)
        if isinstance(what, str):
            verdict = deaths.judge(what, lines, "")
            if verdict.status is Status.PASS:
                return None
            skips = verdict.status is Status.SKIP
            return _Notice(Fate.TIMEOUT if seen.timed_out else Fate.SKIP if skips else Fate.ASSERTION,
                           verdict.path)
        planned: dict[str, list[str]] = {}
        for case in map(self.maps[at].cases.__getitem__, sorted(what)):
            planned.setdefault(case.suite, []).append(case.name)
        return _notice(seen, ktap.read(lines, planned), self.maps[at].noisy)

    def _boot(self, at: int, numbers: Sequence[int], what: _What, limit: float, spent: _Spent) -> guest.Boot:
        if self.over.is_set():
            raise _Over
        fair = _FAIR if len(numbers) == 1 else _BRISK
        words = (*self.maps[at].way.arguments, f"kmem_mutant={','.join(map(str, numbers))}",
                 *(watching.alone(what) if isinstance(what, str) else (watching.chosen(what),)))
        seen = guest.boot(self._binary if any(numbers) else self._plain, self._folder, words, limit,
                          math.ceil(fair * self._needs(at, what)))
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
    ready = []
    for trial in map(campaign.begin, numbers):
        if trial.over:
            tell(trial.verdict())
        else:
            ready.append(trial)
    random.Random(0).shuffle(ready)  # of neighbours one often hides another: they should share no boot
    left: dict[int, list[_Trial]] = defaultdict(list)  # by the way to boot

    def next_boots() -> Callable[[], Sequence[_Trial]] | None:
        """Return what is to be done now: of those that share boots as many as can, if others can be had."""
        most = max(left, key=lambda at: len(left[at]), default=0)
        if len(left[most]) < _TOGETHER and ready:
            return partial(campaign.first, ready.pop())
        if not left[most]:
            return None
        group, left[most] = left[most][:_TOGETHER], left[most][_TOGETHER:]
        return partial(campaign.later, group)

    running: set[Future[Sequence[_Trial]]] = set()
    with ThreadPoolExecutor(workers) as pool:
        try:
            while True:
                while len(running) < workers and (boots := next_boots()):
                    running.add(pool.submit(boots))
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for trial in (trial for each in done for trial in each.result()):
                    if trial.over:
                        tell(trial.verdict())
                    elif trial.left:
                        left[trial.at].append(trial)
                    else:
                        ready.append(trial)
        except BaseException:
            campaign.over.set()
            raise
