# SPDX-License-Identifier: GPL-2.0-only
"""The verb "mutate": a kernel with all mutants -> boots -> verdicts -> what is told of them."""
import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

from kmem_kunit import (
    cache,
    campaign,
    changes,
    deaths,
    guest,
    image,
    mutating_slurm,
    mutation,
    mutation_report,
    progress,
    result,
    reviewed,
    slurm,
    suites,
    watching,
)
from kmem_kunit.campaign import Campaign, Verdict
from kmem_kunit.changes import Changes
from kmem_kunit.equivalent import Comparison
from kmem_kunit.errors import UserError
from kmem_kunit.mutant import Mutant, line_starts
from kmem_kunit.reviewed import Reviews
from kmem_kunit.suites import OURS
from kmem_kunit.table import percent


@dataclass(frozen=True)
class Wish:
    """What is asked for: suites, operators that are left out, which part of the mutants, of how many.

    changes limits it to mutants on the lines that were changed, or that changed cases reach; of the
    latter, to what these cases notice.
    """

    suites: str = OURS
    without: tuple[str, ...] = ()
    shard: tuple[int, int] = (1, 1)
    resume: bool = False
    changes: Changes | None = None

    @property
    def whole(self) -> bool:
        """Whether it is for all that our suites notice."""
        return replace(self, resume=False) == Wish()

    def measures(self, case: str) -> bool:
        """Say whether a case, by its path, may notice mutants."""
        mine = fnmatchcase(case.partition(".")[0], self.suites)
        return mine and (not self.cases or case in self.cases)

    def wants(self, mutant: Mutant, lines: range, reached: bool) -> bool:
        """Say whether a mutant is asked for; lines are its own, reached is whether a case reaches it."""
        if self.changes is None:
            return True
        if self.cases:
            return reached
        return not self.changes.lines.get(mutant.file, frozenset()).isdisjoint(lines)

    def part(self, numbered: Mapping[int, Mutant]) -> dict[int, Mutant]:
        """Return those of mutants, by number, that are of the part that is asked for."""
        part, parts = self.shard
        return {number: each for number, each in numbered.items() if number % parts == part % parts}

    def changed(self) -> list[Sequence[object]]:
        """Return the changes in order: the lines of each file, and the cases."""
        if self.changes is None:
            return []
        lines = sorted((file, *sorted(numbers)) for file, numbers in self.changes.lines.items())
        return [*lines, sorted(self.changes.cases)]

    @property
    def cases(self) -> frozenset[str]:
        """The cases that were changed, if nothing that is mutated was: these alone are measured."""
        if self.changes is None or self.changes.lines:
            return frozenset()
        return self.changes.cases


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    made has only mutants that were asked for, reach the cases that may notice each, and whole says that
    all were asked for. lost are the mutants on which machines that died have left no verdict, and told
    is what is to be said of what has changed.
    """

    made: mutation.Made
    reach: Mapping[int, Sequence[str]]
    verdicts: Sequence[Verdict]
    reviews: Reviews
    whole: bool
    lost: Sequence[int] = ()
    told: Sequence[str] = ()

    def survivors(self) -> list[mutation_report.Survivor]:
        """Return the mutants that nothing has noticed, each with its review if there is one."""
        return mutation_report.survivors(self.made.mutants, self.verdicts, self.reviews)

    def complaints(self) -> Iterator[str]:
        """Yield a line for each entry of the list of reviews with which something is wrong."""
        survived = {each.number for each in self.verdicts if each.fate is campaign.Fate.SURVIVED}
        return self.reviews.complaints(survived, self.whole and not self.lost)

    def document(self) -> dict[str, Any]:
        """Return it in the format of mutation-testing-report-schema."""
        reviews = {verdict.number: review for verdict, _, review in self.survivors() if review}
        return mutation_report.document(
            self.made.source, self.made.mutants, self.verdicts, self.reach, self.made.single, reviews)


def mutate(base: Path, request: image.Request, options: argparse.Namespace) -> int:
    """Do what the command line asks for; return the exit status."""
    changed = None
    if options.since is not None:
        changed = changes.since(request.kernel.path, options.since, request.repo)
    elif options.diff is not None:
        changed = changes.of_file(options.diff, request.kernel.path, request.repo)
    wishes = [Wish(glob, tuple(options.without), options.shard, options.resume, changed)
              for glob in dict.fromkeys(options.suites or [OURS])]
    tasks = None
    if options.engine == "slurm":  # what is made before its tasks is made here, with what is here
        tasks = request.jobs
        request = replace(request, jobs=min(tasks, len(os.sched_getaffinity(0))))
    outcomes = run(base, request, wishes, tasks)
    outcome = outcomes[0]
    try:
        for line in lines(outcome):
            print(line)
        for line in side_by_side(wishes, outcomes):
            print(line)
        sys.stdout.flush()
        for line in outcome.complaints():
            progress.say(line)
    finally:  # also if nobody reads
        if options.json is not None:
            result.save(options.json, json.dumps(outcome.document(), indent=1).encode())
    return 1 if any(each.lost for each in outcomes) else 0


def run(base: Path, request: image.Request, wishes: Sequence[Wish], tasks: int | None = None
        ) -> list[Outcome]:
    """Make the kernel, and judge its mutants that are asked for, by the suites of each wish in turn.

    They are judged by this machine, or by so many tasks at once of a cluster. wishes differ in their suites
    alone.
    """
    entries = reviewed.load(request.repo)
    made = mutation.make(base, request, wishes[0].without)
    reviews = Reviews(entries, made.source, made.mutants)
    with cache.temporary(base / "runs") as folder:
        with progress.step("finding out which cases reach which mutants"):
            dying = suites.select(suites.load(request.repo / "lib"), deaths.SUITE)[deaths.SUITE]
            with ThreadPoolExecutor(min(request.jobs, len(os.sched_getaffinity(0)))) as pool:
                maps = list(pool.map(partial(watching.watch, made.image.binary, folder, dying=dying),
                                     guest.ways(request.kernel.series)))
        comparison = Comparison(made.source, made.build, made.commands, folder,
                                made.mutants.values())
        judges = [Campaign(made.image.binary, folder, maps, wish.measures,
                           lambda number: comparison.same(made.mutants[number])) for wish in wishes]
        parts = [asked(made, wish, judge.reached) for wish, judge in zip(wishes, judges)]
        judges[0].check()
        outcomes = []
        for wish, judge, part in zip(wishes, judges, parts):
            judge.tell()
            outcomes.append(_judged(base, request, part, wish, judge, reviews, tasks))
    made.check()
    return outcomes


def _judged(base: Path, request: image.Request, made: mutation.Made, wish: Wish, judge: Campaign,
            reviews: Reviews, tasks: int | None) -> Outcome:
    """Judge a kernel's mutants, which are those that are asked for in all parts."""
    told = list(of_changes(made.mutants, wish.changes, judge.reached))
    made = replace(made, mutants=wish.part(made.mutants), single=wish.part(made.single))
    wanted = list(made.mutants)
    store = Store(base, made, wish)
    step = f"booting mutants, for {wish.suites}"
    with store.opened(wish.resume) as (known, keep), progress.step(step, "mutants") as tick:
        missing = [number for number in wanted if number not in known]
        started = time.monotonic()

        def tell(verdict: Verdict) -> None:
            known[verdict.number] = verdict
            keep(verdict)
            tick(len(known), len(wanted))

        if tasks is None:
            campaign.run(judge, missing, request.jobs, tell)
        else:
            with slurm.folder(base) as place:
                mutating_slurm.run(place / store.path.name, mutation.configured(request), made,
                                   judge, missing, tasks, tell)
    judged = [known[number] for number in missing if number in known]
    if said := mutation_report.pace(judged, time.monotonic() - started):
        progress.say(said)
    reach = {number: judge.noticing(number) for number in wanted}
    return Outcome(made, reach, [known[number] for number in wanted if number in known], reviews,
                   wish.whole, [number for number in wanted if number not in known], told)


def asked(made: mutation.Made, wish: Wish, reached: Callable[[int], bool]) -> mutation.Made:
    """Return a kernel with those of its mutants only that are asked for, in all parts.

    Raises UserError if no case can notice any mutant, or if no mutant is asked for.
    """
    if not any(map(reached, made.mutants)):
        measured = f"the {len(wish.cases)} that were changed" if wish.cases else f"those of {wish.suites!r}"
        raise UserError(f"no mutant is reached by a case that passes without one, of {measured}")
    files = {each.file for each in (*made.mutants.values(), *made.single.values())}
    starts = {file: line_starts((made.source / file).read_bytes()) for file in files}
    mutants, single = ({
        number: each for number, each in numbered.items()
        if wish.wants(each, each.lines(starts[each.file]), reached(number))
    } for numbered in (made.mutants, made.single))
    if wish.changes and not mutants and not single:
        raise UserError(f"no mutant is on the lines that were changed in {', '.join(wish.changes.lines)}")
    return replace(made, mutants=mutants, single=single)


def of_changes(mutants: Mapping[int, Mutant], changed: Changes | None, reached: Callable[[int], bool]
               ) -> Iterator[str]:
    """Yield lines that say which changes mutants stand for, and which none does."""
    if changed is None:
        return
    for file, places in changed.lines.items():
        here = [number for number, each in mutants.items() if each.file == file]
        unseen = sum(not reached(number) for number in here)
        yield f"{file}: {len(places)} lines changed, " + (
            f"{len(here)} mutants on them, {unseen} of which no case reaches" if here
            else "no mutant on them")
    if changed.others:
        yield f"not mutated: {changed.other_files()}"


class Store:
    """The verdicts of a run, kept as they come, so that one that was interrupted can go on."""

    def __init__(self, base: Path, made: mutation.Made, wish: Wish) -> None:
        name = cache.digest(made.image.path.name, wish.suites, repr(wish.shard), repr(wish.changed()),
                            slurm.program())
        self._base, self.path = base, base / "verdicts" / f"verdicts-{name}"

    def read(self) -> dict[int, Verdict]:
        """Return what there is, and what tasks of a cluster have left for a caller that was killed."""
        found: dict[int, Verdict] = {}
        for path in (*slurm.left(self._base, f"{self.path.name}.*"), self.path):
            found |= campaign.kept(path)
        return found

    @contextmanager
    def opened(self, resume: bool) -> Iterator[tuple[dict[int, Verdict], Callable[[Verdict], None]]]:
        """Give the verdicts that there are, none unless a run goes on, and what keeps one.

        Waits for another run that keeps the same.
        """
        lock = cache.lock_path(self._base, f"verdicts-{self.path.name}")  # as cache.clean() has it
        with cache.lock(lock, "the verdicts on these mutants", progress.say):
            known = self.read() if resume else {}
            with open(self.path, "a" if resume else "w", encoding="utf-8") as file:

                def keep(verdict: Verdict) -> None:
                    print(verdict.line(), file=file, flush=True)

                print(file=file)  # ends the line that a run has left half written
                yield known, keep


def side_by_side(wishes: Sequence[Wish], outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield lines on what the suites of each wish have noticed, if there are several."""
    if len(wishes) > 1:
        mutants = {number: each for outcome in outcomes for number, each in outcome.made.mutants.items()}
        yield ""
        yield from mutation_report.side_by_side(
            mutants, {wish.suites: outcome.verdicts for wish, outcome in zip(wishes, outcomes)})
    for wish, outcome in list(zip(wishes, outcomes))[1:]:
        if outcome.lost:
            yield _without_verdict(outcome, f" of {wish.suites}")


def lines(outcome: Outcome) -> Iterator[str]:
    """Yield what people are told."""
    made, verdicts, survivors = outcome.made, outcome.verdicts, outcome.survivors()
    yield from mutation_report.survivor_lines(made.mutants, survivors)
    yield from mutation_report.lost_lines(made.mutants, outcome.lost)
    yield from mutation_report.by_function(made.mutants, verdicts)
    yield ""
    yield from mutation_report.summary(made.mutants, verdicts)
    yield from outcome.told
    killed, could = mutation_report.score(verdicts)
    yield (f"{made.image.release}: {len(verdicts)} mutants, {killed} of {could} noticed that could be"
           f" ({percent(killed, could)}); {len(made.single)} more cannot be chosen at boot")
    if survivors:
        yield reviewed.summary([review for _, _, review in survivors], killed, could)
    if outcome.lost:
        yield _without_verdict(outcome)


def _without_verdict(outcome: Outcome, of_suites: str = "") -> str:
    return f"{len(outcome.lost)} mutants have no verdict{of_suites}: try these again with --resume"
