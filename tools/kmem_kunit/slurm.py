# SPDX-License-Identifier: GPL-2.0-only
"""Many machines: the jobs of a matrix as one array of Slurm's, and a last job that merges.

All that goes from machine to machine is in one folder of the cache, which they have to share:

    manifest.json        the jobs, each with the hash of what it is made from
    array.sh, merge.sh   what Slurm starts: "kmem-kunit matrix-job"
    N.out                what task N of the array said
    CELL.TIME.json       its result, which appears whole
    results.json         all of them, merged

A task may be started at any time, also twice and after a machine has failed in the middle of it: one
whose result is there ends at once, any other begins anew.
"""
import json
import os
import shlex
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from kmem_kunit import arch, cache, config, kcidb, kernel, matrix, overlay, progress, proc
from kmem_kunit.cells import Cell
from kmem_kunit.errors import UserError
from kmem_kunit.matrix import Job

MANIFEST = "manifest.json"
MERGED = "results.json"
_COMMANDS = ("sbatch", "squeue", "scancel", "scontrol")
_ASKING_LIMIT = 120.0  # seconds for one of them; they try for a minute themselves
_ARRAY_MINUTES = int(matrix.LIMIT / 60) + 10  # what a job has for itself, and then some
_MERGE_MINUTES = 10
_LOOK = 1.0  # seconds between looks into the folder
_ASK = 10.0  # seconds between questions to the controller
_LAG = 70.0  # seconds until a file is seen on all machines; NFS looks again after 60
_TAIL = 8192  # bytes of a task's output that are read


@dataclass(frozen=True)
class Order:
    """What a manifest says: the jobs, in the order of the array, and the filter of all.

    contents has the hash of what each cell is made from.
    """

    jobs: tuple[Job, ...]
    glob: str
    contents: Mapping[Cell, str]


def check() -> None:
    """Raise UserError, one line, unless this machine has Slurm and its controller answers."""
    lacking = [name for name in _COMMANDS if shutil.which(name) is None]
    if lacking:
        raise UserError(f"no Slurm here (there is no {lacking[0]}): run this where there is one, "
                        "or with --engine local")
    done = _ask("scontrol", "ping")
    if done.status:
        raise UserError(f"Slurm does not answer ({_reason(done)}): run this where it does, "
                        "or with --engine local")


@contextmanager
def folder(base: Path) -> Iterator[Path]:
    """Give the folder of one matrix in the cache, which goes when the block ends.

    It stays if we are killed: the tasks go on without us, and MERGED will be in it.
    """
    path = base / "matrices" / cache.unique()
    path.mkdir()
    held = cache.hold(path)
    try:
        yield path
    finally:
        cache.remove(path)
        os.close(held)


def run(jobs: Sequence[Job], glob: str, workers: int, tell: matrix.State) -> list[kcidb.Run]:
    """Run jobs on the machines of a cluster, workers at once; return their results in that order.

    Their outputs are to be in folder(). Raises UserError where Slurm does not take them, or where no
    machine of it can write to the cache.
    """
    place = jobs[0].output.parent
    write(place / MANIFEST, jobs, glob)
    name = f"kmem-kunit-{place.name}"
    try:
        array = _submit(place, name, "array", '--index "$SLURM_ARRAY_TASK_ID"', _ARRAY_MINUTES,
                        f"--array=0-{len(jobs) - 1}%{workers}", "--output=%a.out")
        _submit(place, name, "merge", "--merge", _MERGE_MINUTES, f"--dependency=afterany:{array}",
                "--output=merge.out")
        progress.say(f"job {array} of Slurm has the {len(jobs)} cells; what they say is in {place}")
        if _wait(place, jobs, array, tell):
            runs = _merged(place, jobs)
        else:
            _ask("scancel", f"--name={name}")
            runs = _collected(place, jobs)
    except BaseException:
        _ask("scancel", f"--name={name}")
        raise
    for job, found in zip(jobs, runs):
        if not job.output.exists():
            tell(job, "done", found)
    return runs


def _submit(place: Path, name: str, script: str, what: str, minutes: int, *options: str) -> str:
    """Submit a job that does a part of the manifest, and return its number."""
    command = shlex.join([sys.executable, str(overlay.REPO / "tools/kmem-kunit"), "matrix-job",
                          "--manifest", str(place / MANIFEST)])
    path = place / f"{script}.sh"
    cache.write(path, f"#!/bin/sh\nexec {command} {what}\n")
    done = _ask("sbatch", "--parsable", f"--job-name={name}", f"--time={minutes}", "--requeue",
                "--export=ALL", "--open-mode=append", f"--chdir={place}", *options, str(path))
    number = done.output.strip().rpartition("\n")[2].partition(";")[0]
    if done.status or not number.isdecimal():
        raise UserError(f"Slurm does not take the job: {_reason(done)}")
    return number


def _ask(*argv: str) -> proc.Done:
    """Run a command of Slurm's; what it sees of our environment is all that a job will see.

    Slurm's own variables pass: they say where its controller is, and with SBATCH_PARTITION or
    SBATCH_ACCOUNT the user says where jobs go.
    """
    own = {name: value for name, value in os.environ.items()
           if name.startswith("SBATCH_") or name == "SLURM_CONF"}
    env = proc.environment(**own, KMEM_KUNIT_CACHE=str(cache.where()))
    return proc.run(argv, timeout=_ASKING_LIMIT, env=env)


def _reason(done: proc.Done) -> str:
    """Return the one line that says why a command of Slurm's has failed."""
    lines = [line for line in done.output.splitlines() if line.strip("* ")]
    telling = [line for line in lines if "error:" in line or "fatal:" in line or "DOWN" in line]
    return progress.clean((telling or lines or [f"status {done.status}"])[-1])


def _wait(place: Path, jobs: Sequence[Job], array: str, tell: matrix.State) -> bool:
    """Wait for the merged results, telling what each job does; return whether they are there.

    They are not if the job that merges has not come long after the others have ended.
    """
    finished: set[Job] = set()
    states: dict[Job, str] = {}
    asked, running, ended = 0.0, True, time.monotonic()
    while True:
        names = set(os.listdir(place))
        for job in jobs:
            if job.output.name in names and job not in finished:
                finished.add(job)
                tell(job, "done", matrix.collect(job, "", datetime.now(timezone.utc)))
        if MERGED in names:
            return True
        now = time.monotonic()
        if now >= asked + _ASK:
            asked, queue = now, _queue(array)
            running = queue is None or bool(queue)
            for index, state in sorted((queue or {}).items()):
                job, told = jobs[index], _told(place, index, *state)
                if job not in finished and states.get(job) != told:
                    states[job] = told
                    tell(job, told, None)
        if running and len(finished) < len(jobs):
            ended = now
        elif now >= ended + _LAG:
            return False
        time.sleep(_LOOK)


def _queue(array: str) -> dict[int, tuple[str, str]] | None:
    """Return state and machine of the tasks that have not ended, None if nobody can tell."""
    done = _ask("squeue", "--noheader", "--array", f"--jobs={array}", "--format=%K|%T|%N")
    if done.status:
        return {} if "Invalid job id" in done.output else None
    rows = (line.split("|") for line in done.output.splitlines())
    return {int(row[0]): (row[1], row[2]) for row in rows if len(row) == 3 and row[0].isdecimal()}


def _told(place: Path, index: int, state: str, machine: str) -> str:
    """Return what a task is doing, for people."""
    if state != "RUNNING":
        return "waiting" if state == "PENDING" else state.lower()
    steps = [step for line in _tail(place, index) if (step := progress.said(line))]
    return f"{machine}: {steps[-1] if steps else 'started'}"


def _tail(place: Path, index: int) -> list[str]:
    """Return the last lines that a task has said."""
    try:
        with (place / f"{index}.out").open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
            text = file.read().decode(errors="backslashreplace")
    except FileNotFoundError:
        return []
    return text.splitlines()[-matrix.KEPT:]


def _merged(place: Path, jobs: Sequence[Job]) -> list[kcidb.Run]:
    """Return what the last job has merged, one for each job."""
    runs = kcidb.load(place / MERGED)
    if [each.cell for each in runs] != [job.cell.name for job in jobs]:
        raise UserError(f"{place / MERGED} has not one result for each cell; run it again")
    return list(runs)


def _collected(place: Path, jobs: Sequence[Job]) -> list[kcidb.Run]:
    """Return the result of each job, made up for those that left none.

    Raises UserError if none of them left anything at all.
    """
    if not any(job.output.exists() or _tail(place, n) for n, job in enumerate(jobs)):
        raise UserError(f"no machine of the cluster has written anything to {place}: set "
                        "KMEM_KUNIT_CACHE to a folder that all of them share")
    return [_collect(place, index, job) for index, job in enumerate(jobs)]


def _collect(place: Path, index: int, job: Job) -> kcidb.Run:
    said = _tail(place, index) or ["and nothing said: do all machines share this folder of "
                                   "KMEM_KUNIT_CACHE?"]
    why = "\n".join([f"no result in {place}", *said])
    return matrix.collect(job, why, datetime.now(timezone.utc))


def perform(manifest: Path, index: int) -> int:
    """Be a task of the array: run a job of a manifest, unless its result is there.

    Returns 0 if the result is as it should be and 1 if not; raises UserError if what the job is made
    from is not any more what it was when it was submitted.
    """
    order = read(manifest)
    if not 0 <= index < len(order.jobs):
        raise UserError(f"{manifest} has no job {index}")
    job = order.jobs[index]
    found = _finished(job)
    if found is None:
        if _content(job.cell) != order.contents[job.cell]:
            raise UserError(f"the suites or the source of Linux {job.cell.kernel} have changed "
                            "since this was submitted; submit it again")
        compilers = len(os.sched_getaffinity(0))
        found = matrix.run(job, order.glob, compilers, lambda line: print(line, flush=True))
        if not job.output.exists():
            kcidb.write(job.output, [found])
    return 0 if found.result.ok else 1


def _finished(job: Job) -> kcidb.Run | None:
    """Return the result of a job if it is there, and whole."""
    try:
        return matrix.collect(job, "", datetime.now(timezone.utc)) if job.output.exists() else None
    except UserError:
        job.output.unlink(missing_ok=True)
        return None


def merge(manifest: Path) -> int:
    """Be the last job: merge the results of all jobs of a manifest into one file beside it."""
    jobs = read(manifest).jobs
    kcidb.write(manifest.parent / MERGED, _collected(manifest.parent, jobs))
    return 0


def write(path: Path, jobs: Sequence[Job], glob: str) -> None:
    """Write the manifest of jobs, getting the source of each kernel into the cache on the way."""
    contents = {cell: _content(cell) for cell in dict.fromkeys(job.cell for job in jobs)}
    entries = [
        {
            "name": job.cell.name, "kernel": job.cell.kernel, "arch": job.cell.arch.label,
            "configs": job.cell.configs, "arguments": job.cell.arguments,
            "output": job.output.name, "time": job.time, "content": contents[job.cell],
        }
        for job in jobs
    ]
    cache.write(path, json.dumps({"filter": glob, "jobs": entries}, indent=1) + "\n")


def read(path: Path) -> Order:
    """Return what a manifest says; raises UserError, one line, for a file that is none."""
    try:
        data = json.loads(path.read_bytes())
        jobs = tuple(_job(path.parent, entry) for entry in data["jobs"])
        contents = {job.cell: str(entry["content"]) for job, entry in zip(jobs, data["jobs"])}
        return Order(jobs, str(data["filter"]), contents)
    except OSError as error:
        raise UserError(f"cannot read {path} ({error.strerror}): KMEM_KUNIT_CACHE must be in a "
                        "folder that all machines share") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is no manifest of a matrix: {error!r}") from error


def _job(place: Path, entry: Mapping[str, Any]) -> Job:
    cell = Cell(entry["name"], entry["kernel"], arch.find(entry["arch"]),
                tuple(entry["configs"]), tuple(entry["arguments"]))
    return Job(cell, place / Path(entry["output"]).name, entry["time"])


def _content(cell: Cell) -> str:
    """Return the hash of what a cell is made from: the kernel, the suites, and how it is run."""
    the_kernel = kernel.resolve(cell.kernel)
    return cache.digest(
        kernel.identity(the_kernel).digest,
        overlay.digest(overlay.files(overlay.REPO)),
        config.merged(overlay.REPO, the_kernel.series, cell.arch, cell.configs),
        *cell.command(),
    )
