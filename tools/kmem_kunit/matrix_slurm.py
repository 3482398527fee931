# SPDX-License-Identifier: GPL-2.0-only
"""The engine of the matrix that has its jobs done by a cluster, and a last one that merges.

In the folder of the array there are, besides what slurm has in it:

    CELL.TIME.json   the result of a job
    results.json     all of them, merged
"""
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from kmem_kunit import arch, cache, kcidb, matrix, progress, slurm
from kmem_kunit.cells import Cell
from kmem_kunit.errors import UserError
from kmem_kunit.matrix import Job

MERGED = "results.json"
_VERB = "matrix-job"


@dataclass(frozen=True)
class Order:
    """What a manifest says: the jobs, in order, the filter of all, and how many tasks the array has.

    Task N does the jobs N, N + tasks, and so on: a cluster may not take as many tasks as there are
    jobs. contents has the hash of each thing that a cell is made from.
    """

    jobs: tuple[Job, ...]
    glob: str
    tasks: int
    contents: Mapping[Cell, Mapping[str, str]]


def run(jobs: Sequence[Job], glob: str, workers: int, tell: matrix.State) -> list[kcidb.Run]:
    """Run jobs on the machines of a cluster, workers at once; return their results in that order.

    Their outputs are to be in slurm.folder(). Raises UserError where Slurm does not take them, or
    where no machine of it can write to the cache.
    """
    place = jobs[0].output.parent
    tasks = min(len(jobs), slurm.most())
    write(place / slurm.MANIFEST, jobs, glob, tasks)
    with slurm.cancelling(place):
        array = slurm.submit(place, _VERB, tasks, workers, -(-len(jobs) // tasks))
        slurm.submit_last(place, _VERB, "merge", array)
        progress.say(f"job {array} of Slurm has the {len(jobs)} cells; what they say is in {place}")
        for index, what in slurm.watched(place, array, tasks, _outputs(jobs), MERGED):
            done = what == slurm.DONE
            tell(jobs[index], what, _found(jobs[index]) if done else None)
        merged = _merged(place, jobs)
        if merged is None:
            slurm.cancel(place)
        runs = _collected(place, jobs, tasks) if merged is None else merged
    for job, found in zip(jobs, runs):
        if not job.output.exists():
            tell(job, slurm.DONE, found)
    return runs


def _outputs(jobs: Sequence[Job]) -> list[str]:
    return [job.output.name for job in jobs]


def _found(job: Job, why: str = "") -> kcidb.Run:
    return matrix.collect(job, why, datetime.now(timezone.utc))


def _merged(place: Path, jobs: Sequence[Job]) -> list[kcidb.Run] | None:
    """Return what the last job has merged, one for each job; None if that is not there, and whole."""
    try:
        runs = kcidb.load(place / MERGED)
    except UserError:
        return None
    return list(runs) if [each.cell for each in runs] == [job.cell.name for job in jobs] else None


def _collected(place: Path, jobs: Sequence[Job], tasks: int) -> list[kcidb.Run]:
    """Return the result of each job, made up for those that left none.

    Raises UserError if none of them left anything at all.
    """
    slurm.check_shared(place, _outputs(jobs))
    return [_collect(place, index % tasks, job) for index, job in enumerate(jobs)]


def _collect(place: Path, task: int, job: Job) -> kcidb.Run:
    words = slurm.last_words(place, task)[-matrix.KEPT:]
    return _found(job, "\n".join([f"no result in {place}", *words]))


def perform(manifest: Path, index: int) -> int:
    """Be a task of the array: run its jobs of a manifest, but for those whose result is there.

    Returns 0 if the results are as they should be and 1 if not. Raises UserError, after the others are
    done, for a job whose result cannot be written, or that is made from what is not any more what it was
    when it was submitted.
    """
    order = read(manifest)
    if not 0 <= index < order.tasks:
        raise UserError(f"{manifest} has no task {index}")
    good: list[bool] = []
    wrong: list[UserError] = []
    for job in order.jobs[index :: order.tasks]:
        try:
            good.append(_perform(order, job))
        except UserError as error:
            wrong.append(error)
    if wrong:
        raise wrong[0]
    return 0 if all(good) else 1


def _perform(order: Order, job: Job) -> bool:
    found = _finished(job)
    if found is None:
        slurm.check_contents(order.contents[job.cell], _contents(job.cell))
        found = matrix.run(job, order.glob, slurm.processors(), lambda line: print(line, flush=True))
        if not job.output.exists():
            kcidb.write(job.output, [found])
    return found.result.ok


def _finished(job: Job) -> kcidb.Run | None:
    """Return the result of a job if it is there, and whole."""
    try:
        return matrix.left(job) if job.output.exists() else None
    except UserError:
        job.output.unlink(missing_ok=True)
        return None


def merge(manifest: Path) -> int:
    """Be the last job: merge the results of all jobs of a manifest into one file beside it."""
    order = read(manifest)
    kcidb.write(manifest.parent / MERGED, _collected(manifest.parent, order.jobs, order.tasks))
    return 0


def write(path: Path, jobs: Sequence[Job], glob: str, tasks: int) -> None:
    """Write the manifest of jobs for so many tasks, getting the source of each kernel into the cache on the way."""
    contents = {cell: _contents(cell) for cell in dict.fromkeys(job.cell for job in jobs)}
    entries = [
        {
            "name": job.cell.name, "kernel": job.cell.kernel, "arch": job.cell.arch.label,
            "configs": job.cell.configs, "arguments": job.cell.arguments,
            "output": job.output.name, "time": job.time, "contents": contents[job.cell],
        }
        for job in jobs
    ]
    cache.write(path, json.dumps({"filter": glob, "tasks": tasks, "jobs": entries}, indent=1) + "\n")


def read(path: Path) -> Order:
    """Return what a manifest says; raises UserError, one line, for a file that is none."""
    with slurm.manifest(path) as data:
        jobs = tuple(_job(path.parent, entry) for entry in data["jobs"])
        contents = {job.cell: dict(entry["contents"]) for job, entry in zip(jobs, data["jobs"])}
        return Order(jobs, str(data["filter"]), int(data["tasks"]), contents)


def _contents(cell: Cell) -> dict[str, str]:
    return slurm.contents(cell.kernel, cell.arch, cell.configs)


def _job(place: Path, entry: Mapping[str, Any]) -> Job:
    cell = Cell(entry["name"], entry["kernel"], arch.find(entry["arch"]),
                tuple(entry["configs"]), tuple(entry["arguments"]))
    return Job(cell, place / Path(entry["output"]).name, entry["time"])
