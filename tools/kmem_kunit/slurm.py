# SPDX-License-Identifier: GPL-2.0-only
"""Many machines: an array of jobs of Slurm's, and the folder through which its tasks are heard.

All that goes from machine to machine is in one folder of the cache, which they have to share:

    manifest.json   what each task is to do, and the hash of what that is made from
    NAME.sh         what Slurm starts: "kmem-kunit VERB"
    N.out           what task N of the array said

A task may be started at any time, also twice and after a machine has failed in the middle of it. Its
output is a file that appears whole: where that is there, the task ends at once, else it begins anew.
"""
import json
import os
import re
import shlex
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kmem_kunit import cache, cells, config, image, kernel, overlay, progress, proc
from kmem_kunit.arch import Arch
from kmem_kunit.errors import UserError

MANIFEST = "manifest.json"
DONE = "done"  # what a task is doing whose output is there
WAITING = "waiting"  # ... that has not begun
_MOST = 1001  # tasks of an array, unless the cluster says otherwise
_LIMITS = re.compile(r"^MaxArraySize\s*=\s*(\d+)|\bmax_array_tasks=(\d+)", re.MULTILINE)
_COMMANDS = ("sbatch", "squeue", "scancel", "scontrol")
_MINUTES = 250  # for a task: what a cell has for itself, and then some
_ASKING_LIMIT = 120.0  # seconds for one of them; they try for a minute themselves
_LOOK = 1.0  # seconds between looks into the folder
_ASK = 10.0  # seconds between questions to the controller
_PATIENCE = 3600.0  # seconds without an answer, nor an output
_PASSING = {"None", "Priority", "Resources", "JobArrayTaskLimit", "BeginTime"}  # reasons to wait
_ADVICE = {"PartitionTimeLimit": " (SBATCH_TIMELIMIT=MINUTES asks for less time)"}
_LAG = 70.0  # seconds until a file is seen on all machines; NFS looks again after 60
_TAIL = 8192  # bytes of a task's output that are read


class Unanswered(UserError):
    """The controller has not answered for _PATIENCE; what was submitted goes on."""


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
    """Give the folder of one array in the cache, which goes when the block ends.

    It stays if we are killed or Unanswered: the tasks go on without us, and leave their outputs in it.
    """
    path = base / "matrices" / cache.unique()
    path.mkdir()
    held, goes = cache.hold(path), True
    try:
        yield path
    except Unanswered:
        goes = False
        raise
    finally:
        if goes:
            cache.remove(path)
        os.close(held)


def left(base: Path, pattern: str) -> list[Path]:
    """Return the files of such a name in the folders that there are, as of a caller that was killed."""
    return sorted((base / "matrices").glob(f"*/{pattern}"))


@contextmanager
def cancelling(place: Path) -> Iterator[None]:
    """Take what was submitted of a folder, and nothing else, out of the queue if the block fails.

    If it was Unanswered, that would get no answer either.
    """
    try:
        yield
    except Unanswered:
        raise
    except BaseException:
        cancel(place)
        raise


def cancel(place: Path) -> None:
    """End the jobs of a folder that have not ended."""
    _ask("scancel", f"--name={_name(place)}")


def most() -> int:
    """Return how many tasks the cluster takes in one array: MaxArraySize, or less, of slurm.conf(5)."""
    found = _LIMITS.findall(_ask("scontrol", "show", "config").output)
    return max(1, min((int(size or tasks) for size, tasks in found), default=_MOST))


def submit(place: Path, verb: str, tasks: int, workers: int, each: int = 1) -> str:
    """Submit an array of tasks, workers of them at once; return its number.

    Task N does "kmem-kunit VERB --manifest FILE --index N", and has _MINUTES for each of its outputs,
    or what SBATCH_TIMELIMIT says. Raises UserError where Slurm does not take it.
    """
    return _submit(place, "array", verb, '--index "$SLURM_ARRAY_TASK_ID"', _MINUTES * each,
                   f"--array=0-{tasks - 1}%{workers}", "--output=%a.out")


def submit_last(place: Path, verb: str, name: str, array: str) -> str:
    """Submit "kmem-kunit VERB --manifest FILE --NAME" for when an array has ended; return its number."""
    return _submit(place, name, verb, f"--{name}", _MINUTES, f"--dependency=afterany:{array}",
                   f"--output={name}.out")


def _submit(place: Path, script: str, verb: str, what: str, minutes: int, *options: str) -> str:
    command = shlex.join([sys.executable, str(overlay.REPO / "tools/kmem-kunit"), verb,
                          "--manifest", str(place / MANIFEST)])
    path = place / f"{script}.sh"
    cache.write(path, f"#!/bin/sh\nexec {command} {what}\n")
    # an option would overrule the variable
    limit = () if os.environ.get("SBATCH_TIMELIMIT") else (f"--time={minutes}",)
    done = _ask("sbatch", "--parsable", f"--job-name={_name(place)}", *limit, "--requeue",
                "--export=ALL", "--open-mode=append", f"--chdir={place}", *options, str(path))
    number = done.output.strip().rpartition("\n")[2].partition(";")[0]
    if done.status or not number.isdecimal():
        raise UserError(f"Slurm does not take the job: {_reason(done)}")
    return number


def _name(place: Path) -> str:
    return f"kmem-kunit-{place.name}"


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


def watched(place: Path, array: str, tasks: int, outputs: Sequence[str],
            last: str = "") -> Iterator[tuple[int, str]]:
    """Yield the numbers of outputs as they come, each with what its task is doing, DONE when it is there.

    Task N of the array has the outputs N, N + tasks, and so on, one after the other. Why tasks wait is
    told, once, where it may be for ever, as for more time than the partition gives. This ends when the
    file last is there or, without one, all outputs are; or when nothing more has come long after the
    tasks have ended. Raises Unanswered, one line, if for _PATIENCE nothing comes, nor an answer.
    """
    finished: set[int] = set()
    states: dict[int, str] = {}
    reasons: set[str] = set(_PASSING)
    asked, running, told_of_silence = 0.0, True, False
    ended = heard = time.monotonic()
    while True:
        names = set(os.listdir(place))
        for index, output in enumerate(outputs):
            if output in names and index not in finished:
                finished.add(index)
                heard = time.monotonic()
                yield index, DONE
        all_there = len(finished) == len(outputs)
        if last in names if last else all_there:
            return
        now = time.monotonic()
        if now >= asked + _ASK:
            asked, queue = now, _queue(array)
            running = queue is None or bool(queue)
            if queue is not None:
                heard = now
            elif now >= heard + _PATIENCE:
                raise Unanswered(f"Slurm has not answered for {_PATIENCE / 60:.0f} minutes: the tasks "
                                 f"go on, and what they come to appears in {place / last}")
            elif not told_of_silence:
                told_of_silence = True
                progress.say("Slurm does not answer; what the tasks leave is looked at all the same")
            for task, (state, machine, reason) in sorted((queue or {}).items()):
                if state == "PENDING" and reason not in reasons:
                    reasons.add(reason)
                    progress.say(f"Slurm lets tasks wait: {reason}{_ADVICE.get(reason, '')}")
                told = _told(place, task, state, machine)
                to_come = [n for n in range(task, len(outputs), tasks) if n not in finished]
                if to_come and states.get(to_come[0]) != told:
                    states[to_come[0]] = told
                    yield to_come[0], told
        if running and not all_there:
            ended = now
        elif now >= ended + _LAG:
            return
        time.sleep(_LOOK)


def _queue(array: str) -> dict[int, tuple[str, str, str]] | None:
    """Return state, machine and why they wait, of the tasks that have not ended, None if nobody can tell."""
    done = _ask("squeue", "--noheader", "--array", f"--jobs={array}", "--format=%K|%T|%N|%r")
    if done.status:
        return {} if "Invalid job id" in done.output else None
    rows = (line.split("|") for line in done.output.splitlines())
    return {int(row[0]): (row[1], row[2], row[3]) for row in rows
            if len(row) == 4 and row[0].isdecimal()}


def _told(place: Path, index: int, state: str, machine: str) -> str:
    """Return what a task is doing, for people."""
    if state != "RUNNING":
        return WAITING if state == "PENDING" else state.lower()
    steps = [step for line in _tail(place, index) if (step := progress.said(line))]
    return f"{machine}: {steps[-1] if steps else 'started'}"


def _tail(place: Path, index: int) -> list[str]:
    try:
        with (place / f"{index}.out").open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
            return file.read().decode(errors="backslashreplace").splitlines()
    except FileNotFoundError:
        return []


def last_words(place: Path, index: int) -> list[str]:
    """Return the last lines that a task has said, which are there to tell why it left no output."""
    return _tail(place, index) or ["and nothing said: do all machines share this folder of "
                                   "KMEM_KUNIT_CACHE?"]


def processors() -> int:
    """Return how many processors a task has, which sees more of them where Slurm does not bind it."""
    seen, given = len(os.sched_getaffinity(0)), os.environ.get("SLURM_CPUS_ON_NODE", "")
    return max(1, min(seen, int(given))) if given.isdecimal() else seen


def check_shared(place: Path, outputs: Sequence[str]) -> None:
    """Raise UserError if no task has left anything at all: an output, or a word."""
    if not any((place / output).exists() or _tail(place, n) for n, output in enumerate(outputs)):
        raise UserError(f"no machine of the cluster has written anything to {place}: set "
                        "KMEM_KUNIT_CACHE to a folder that all of them share")


@contextmanager
def manifest(path: Path) -> Iterator[Any]:
    """Give what a manifest holds to the block that reads it.

    Raises UserError, one line, where there is none, and for what the block does not find in it.
    """
    try:
        yield json.loads(path.read_bytes())
    except OSError as error:
        raise UserError(f"cannot read {path} ({error.strerror}): KMEM_KUNIT_CACHE must be in a "
                        "folder that all machines share") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is no manifest of an array: {error!r}") from error


def contents(spec: str, arch: Arch, configs: Sequence[str]) -> dict[str, str]:
    """Return, by name, the hash of each thing that results on a kernel, a series or a path, are made from."""
    the_kernel = kernel.resolve(spec)
    return {
        f"the source of Linux {the_kernel.series}": kernel.identity(the_kernel).digest,
        "the suites": overlay.digest(overlay.files(overlay.REPO)),
        "their configuration": cache.digest(
            config.merged(overlay.REPO, the_kernel.series, arch, configs)),
        "the compiler": cache.digest(image.toolchain(arch)),
        "KCFLAGS": cache.digest(os.environ.get("KCFLAGS", "")),
        "QEMU": cache.digest(image.emulator(arch)),
        "kmem-kunit": program(),
    }


def program() -> str:
    """Return the hash of what makes results of boots: this program, and its ways to boot."""
    return cache.digest(overlay.program(), (overlay.REPO / cells.FILE).read_bytes())


def check_contents(submitted: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Raise UserError, naming what has changed, unless contents() are what they were."""
    stale = [name for name, content in submitted.items() if now.get(name) != content]
    if stale:
        raise UserError(f"not what it was where this was submitted: {', '.join(stale)}; submit it again")
