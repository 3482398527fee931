# SPDX-License-Identifier: GPL-2.0-only
"""Many cells: each is a "kmem-kunit run" of its own, whose result is one file that appears whole.

An engine carries the commands out: local() as processes here, matrix_slurm as jobs of a cluster.
"""
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from kmem_kunit import cache, gate, host, kcidb, overlay, proc, progress, quarantine, slurm
from kmem_kunit.cells import Cell
from kmem_kunit.errors import UserError
from kmem_kunit.result import Case, Problem, Result, Status

if TYPE_CHECKING:
    from rich.console import Group

_UNABLE = 2  # the exit status of a command that this machine cannot carry out
_MACHINE = "machine"  # the kind of problem that a cell has then
LIMIT = 4 * 3600.0  # seconds for one cell, with its build
_COMMAND = overlay.REPO / "tools/kmem-kunit"
_SHOWN = 12  # lines of a failure
_RUNNING, _FAILED = "running", "FAILED"
_RESULTS = "*_*.json"  # how the files of plan() are called, and no other in their folder
KEPT = 40  # last lines of a cell's output that are shown if it died


@dataclass(frozen=True)
class Job:
    """A cell to be run, for the time-th time, with its result to be written to output."""

    cell: Cell
    output: Path
    time: int = 1

    def command(self, glob: str, jobs: int) -> list[str]:
        """Return the words behind "kmem-kunit" that run it."""
        more = ["--jobs", str(jobs), "--json", str(self.output)]
        return self.cell.command(*(["--filter", glob] if glob else []), *more)


State = Callable[[Job, str, kcidb.Run | None], None]


def plan(cells: Sequence[Cell], folder: Path, repeat: int) -> list[Job]:
    """Return the jobs of cells, each repeat times, with their results in folder.

    Those that have to build something come first, so that no two wait for one image.
    """
    def output(cell: Cell, time_: int) -> Path:
        return folder / f"{cell.name.replace('/', '_')}.{time_}.json"

    jobs = [Job(cell, output(cell, n), n) for n in range(1, repeat + 1) for cell in cells]
    first: dict[tuple[str, ...], Job] = {}
    for job in jobs:
        first.setdefault(job.cell.image, job)
    builders = list(first.values())
    return builders + [job for job in jobs if job not in builders]


def local(jobs: Sequence[Job], glob: str, workers: int, tell: State) -> list[kcidb.Run]:
    """Run jobs as processes of this machine, some at once; return their results in that order.

    Those that build at once share twice as many compilers, so that the last ones are not left with
    one each. tell is told what each job is doing, and its result when it has one.
    """
    stop = threading.Event()
    results: dict[int, kcidb.Run] = {}
    builds = len({job.cell.image for job in jobs})
    compilers = min(workers, max(1, 2 * workers // max(1, min(workers, builds))))
    with ThreadPoolExecutor(workers) as pool:
        made = {
            pool.submit(_run, job, glob, compilers, tell, stop): number
            for number, job in enumerate(jobs)
        }
        try:
            for future in as_completed(made):
                results[made[future]] = future.result()
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return [results[number] for number in range(len(jobs))]


class _Stopped(Exception):
    """Somebody wants the matrix to end."""


def _run(job: Job, glob: str, compilers: int, tell: State, stop: threading.Event) -> kcidb.Run:
    """Run one job, telling what it does, until stop is set."""
    def on_line(line: str) -> None:
        if said := progress.said(line):
            tell(job, said, None)

    def on_tick() -> None:
        if stop.is_set():
            raise _Stopped

    tell(job, "started", None)
    result = run(job, glob, compilers, on_line, on_tick)
    tell(job, "done", result)
    return result


def run(
    job: Job,
    glob: str,
    compilers: int,
    on_line: Callable[[str], None],
    on_tick: Callable[[], None] | None = None,
) -> kcidb.Run:
    """Run one job as a process of this machine, with LIMIT, and return its result.

    on_line gets what it says, on_tick is called now and then. A result is made up if it left none.
    """
    last: list[str] = []

    def take(line: str) -> None:
        last.append(line)
        del last[:-KEPT]
        on_line(line)

    started, began = datetime.now(timezone.utc), time.monotonic()
    argv: list[str | Path] = [sys.executable, _COMMAND, *job.command(glob, compilers)]
    env = proc.environment(**_variables())
    done = proc.run(argv, timeout=LIMIT, env=env, on_line=take, on_tick=on_tick, grace=10.0)
    why = "\n".join([f"status {done.status} and no result", *last])
    found = collect(job, why, started, _MACHINE if done.status == _UNABLE else "died")
    return replace(found, took=time.monotonic() - began) if found.took is None else found


def _variables() -> dict[str, str]:
    """Return what a cell needs of our environment, and ccache in front of the compilers."""
    names = ("KMEM_KUNIT_CACHE", "XDG_CACHE_HOME")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {**kept, "PATH": host.cached_path()}


def collect(job: Job, why: str, started: datetime, kind: str = "died") -> kcidb.Run:
    """Return a job's result; one that left none has a problem of that kind, and why says of what.

    So has one whose result cannot be read, and then the file says why.
    """
    if job.output.exists():
        try:
            return left(job)
        except UserError as error:
            why = str(error)
    problem = Problem(kind, "", why)
    return kcidb.Run(
        kernel=job.cell.series,
        source="",
        architecture=job.cell.arch.name,
        config="+".join(job.cell.configs) or "default",
        compiler="",
        command=job.cell.reproducer,
        start=started,
        comment=job.cell.name,
        result=Result((), (problem,)),
        cell=job.cell.name,
    )


def left(job: Job) -> kcidb.Run:
    """Return the result that a job has left; raises UserError if it cannot be read."""
    found = kcidb.load(job.output)
    if len(found) > 1:
        raise UserError(f"{str(job.output)!r} holds {len(found)} boots, not one")
    return replace(found[0], cell=job.cell.name, command=job.cell.reproducer)


def unable(run: kcidb.Run) -> bool:
    """Say whether a cell could not be run where it was tried, which says nothing of its kernel."""
    return any(problem.kind == _MACHINE for problem in run.result.problems)


def check(runs: Sequence[kcidb.Run]) -> None:
    """Raise UserError, with its words, if one of the cells could not be run."""
    for run in filter(unable, runs):
        *_, last = run.result.problems[0].log.splitlines() or [_MACHINE]
        raise UserError(f"{run.cell}: {progress.said(last) or last}")


@contextmanager
def folder(base: Path) -> Iterator[Path]:
    """Give a folder of the cache folder base for the results of jobs, which goes when the block ends.

    If the block fails, or we are killed, what there is of them stays; a line says where.
    """
    with slurm.folder(base) as place:
        try:
            yield place
        except slurm.Unanswered:  # that says where, and they still come
            raise
        except BaseException:
            if any(place.glob(_RESULTS)):
                kept = place.rename(place.with_name(cache.unique()))
                progress.say(f"the results of the cells that have ended are in {kept}")
            raise


@contextmanager
def shown(jobs: Sequence[Job]) -> Iterator[State]:
    """Show what the jobs come to, live on a terminal, a line each elsewhere; gives what to tell it."""
    if not (sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"):
        yield _say
        return
    from rich.console import Console
    from rich.live import Live

    table, console = _Table(jobs), Console(stderr=True)
    with Live(get_renderable=lambda: table.rendered(console.height), console=console,
              refresh_per_second=4, transient=True):
        yield table.tell


@dataclass(frozen=True)
class _Row:
    """What one job does; kind is one of few words for it, begun and took are in seconds."""

    kind: str = slurm.WAITING
    state: str = slurm.WAITING
    counts: str = ""
    begun: float = 0.0
    took: float | None = None


class _Table:
    """What jobs do. Who renders it and those who tell may be different threads."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._rows = {job: _Row() for job in jobs}  # gets no more, so that one may go through it

    def tell(self, job: Job, what: str, run: kcidb.Run | None) -> None:
        """Be a State."""
        row, now = self._rows[job], time.monotonic()
        if what == slurm.WAITING:
            self._rows[job] = _Row()
            return
        begun = row.begun or now
        if run is None:
            self._rows[job] = _Row(_RUNNING, what, begun=begun)
        else:
            word = _verdict(run)
            self._rows[job] = _Row(word, word + _accelerated([run]), _counts([run]), begun, now - begun)

    def rendered(self, height: int) -> "Group":
        """Return a table of no more lines than height.

        If not all jobs fit, it has those that failed last, those that run, and how many others there are.
        """
        from rich.console import Group
        from rich.table import Column, Table
        from rich.text import Text

        shown, rest = self._chosen(max(1, height - 2))
        now = time.monotonic()
        columns = ("cell", "state", "passed/failed/skipped", "time")
        # a column that may wrap is the one that is made narrower
        made = Table(*(Column(name, no_wrap=name != "state") for name in columns), box=None)
        for job, row in shown:
            took = now - row.begun if row.took is None else row.took
            made.add_row(job.cell.name, Text(progress.clean(row.state), no_wrap=True, overflow="ellipsis"),
                         row.counts, f"{took:.0f} s" if row.begun else "")
        more = ", ".join(f"{count} {kind}" for kind, count in rest.items())
        return Group(made, *([Text(f" and {more}", no_wrap=True)] if more else []))

    def _chosen(self, room: int) -> tuple[list[tuple[Job, _Row]], Counter[str]]:
        """Return the rows that are shown, and of which kinds the others are."""
        rows = list(self._rows.items())
        if len(rows) <= room:
            return rows, Counter()
        running = [each for each in rows if each[1].kind == _RUNNING]
        failed = [each for each in rows if each[1].kind == _FAILED]
        failed.sort(key=lambda each: each[1].begun + (each[1].took or 0.0))
        shown = [*failed[-max(room // 2, room - len(running)):], *running][:room]
        kinds = Counter(row.kind for _, row in rows)
        kinds.subtract(row.kind for _, row in shown)
        return shown, +kinds


def _say(job: Job, what: str, run: kcidb.Run | None) -> None:
    text = what if run is None else f"{_verdict(run)} {_figures([run])}"
    progress.say(f"{job.cell.name}: {text}".rstrip())
    # again in the summary, but that may be hours away, or never come
    for line in _remarks([run] if run else []):
        progress.say(f"{job.cell.name}: {line}")


def _verdict(run: kcidb.Run) -> str:
    return "ok" if run.result.ok else _FAILED


def _figures(runs: Sequence[kcidb.Run]) -> str:
    """Return what is counted of runs of a cell, cases and seconds, and by what QEMU ran them."""
    took = [run.took for run in runs if run.took is not None]
    return _counts(runs) + (f", {sum(took):.0f} s" if took else "") + _accelerated(runs)


def _accelerated(runs: Sequence[kcidb.Run]) -> str:
    names = dict.fromkeys(run.accelerator for run in runs if run.accelerator)
    return progress.clean(f" with {', '.join(names)}") if names else ""


def _counts(runs: Sequence[kcidb.Run]) -> str:
    counts = _total(runs)
    failed = sum(counts[status] for status in (Status.FAIL, Status.MISS, Status.ERROR))
    return f"{counts[Status.PASS]}/{failed}/{counts[Status.SKIP]}{_known(runs)}"


def _total(runs: Sequence[kcidb.Run]) -> Counter[Status]:
    return sum((Counter(run.result.counts) for run in runs), Counter())


def _known(runs: Sequence[kcidb.Run]) -> str:
    known = sum(run.result.known for run in runs)
    return f", {known} known failure{'s' * (known > 1)}" if known else ""


def unstable(
    runs: Sequence[kcidb.Run], entries: Sequence[quarantine.Entry], today: date
) -> set[str]:
    """Return the names of cells in whose runs a case came out in two ways, as gate judges that."""
    findings = gate.compare((), runs, entries, today)
    return {each.cell for each in findings if each.kind is gate.Kind.UNSTABLE}


def summary(runs: Sequence[kcidb.Run], unsteady: Collection[str] = ()) -> Iterator[str]:
    """Yield what many runs came to: what failed in each cell, what is unstable, the sum of all.

    unsteady has the names of cells that are not good though each of their runs is.
    """
    by_cell = gate.by_cell(runs)
    for cell, times in by_cell.items():
        good = sum(run.result.ok for run in times)
        of = f"{good}/{len(times)} ok" if len(times) > 1 else _verdict(times[0])
        colour = "green" if good == len(times) else "red"
        if colour == "green" and cell in unsteady:
            of, colour = "unstable", "red"
        yield progress.paint(f"{cell:20} {of:10} {_figures(times)}", colour)
        yield from (f"    {line}" for line in _remarks(times))
    yield closing(runs)


def closing(runs: Sequence[kcidb.Run]) -> str:
    """Return the line that sums up many runs."""
    total = _total(runs)
    failed = total[Status.FAIL] + total[Status.MISS] + total[Status.ERROR]
    failed += sum(len(run.result.problems) for run in runs)
    cells = len(gate.by_cell(runs))
    return (f"{cells} cell{'s' * (cells != 1)}: {total[Status.PASS]} passed, {failed} failed, "
            f"{total[Status.SKIP]} skipped{_known(runs)}")


def _remarks(times: Sequence[kcidb.Run]) -> Iterator[str]:
    """Yield what is to be said of the runs of a cell: problems, cases that failed, or did at times.

    Of a case with parameters, these are named instead. A case that is skipped at times is unstable.
    """
    seen: dict[str, list[str]] = {}
    unsteady = _unsteady(times)
    for run, cases in zip(times, _with_absent(times)):
        told = [case for case in cases if case.bad or case.path in unsteady]
        told = [case for case in told if case.status is not Status.PASS]
        by_parameter = {(case.suite, case.name) for case in told if case.param}
        for case in told:
            if case.param or (case.suite, case.name) not in by_parameter:
                word = "known" if case.known else case.status.value
                why = case.known or (case.log if case.bad else case.reason)
                seen.setdefault(f"{word} {case.path}", []).append(why)
        for problem in run.result.problems:
            seen.setdefault(f"{problem.kind} {problem.case}".rstrip(), []).append(problem.log)
    for name, logs in seen.items():
        often = "" if len(times) == 1 else (
            f" {len(logs)}/{len(times)}" if len(logs) == len(times)
            else f" unstable {len(logs)}/{len(times)}")
        yield progress.clean(name) + often
        for line in logs[0].splitlines()[-_SHOWN:]:
            yield f"    {progress.clean(line)}"
    yield from (f"console {progress.clean(run.console)}" for run in times if run.console)


def _with_absent(times: Sequence[kcidb.Run]) -> list[list[Case]]:
    """Return the cases of each run of a cell, with the parameters that a case has only in others."""
    found = [gate.keyed(run.result.cases) for run in times]
    params = dict.fromkeys(key for each in found for key in each if key.param)
    return [
        [*each.values(), *(Case(*key[:3], Status.MISS) for key in params if key not in each
                           and (case := each.get(gate.Key(*key[:2], "", 0)))
                           and case.status is Status.PASS)]
        for each in found
    ]


def _unsteady(times: Sequence[kcidb.Run]) -> set[str]:
    """Return the paths of cases that passed in some of the runs of a cell, and were skipped in others."""
    passed: list[Counter[str]] = []
    for run in times:
        sound = [case for case in run.result.cases if not case.bad]
        passed.append(Counter(case.path for case in sound if case.status is Status.PASS))
        passed[-1].update({case.path: 0 for case in sound})
    most = Counter[str]()
    for each in passed:
        most |= each
    return {path for path in most for each in passed if path in each and each[path] < most[path]}
