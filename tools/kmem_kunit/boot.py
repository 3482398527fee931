# SPDX-License-Identifier: GPL-2.0-only
"""One boot of an image by its own kunit.py: the console's log, and what it says."""
import functools
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from kmem_kunit import cache, ktap, progress, proc, qemu
from kmem_kunit.arch import Arch
from kmem_kunit.errors import UserError
from kmem_kunit.image import KUNITCONFIG, Image
from kmem_kunit.result import Problem, Result

TIME_LIMIT = 300.0  # seconds for one boot, as kunit.py has it
_SLOW = 12  # how many times as long one may take; see time_limit()
OUTPUT_LIMIT = 64 * 1024 * 1024  # bytes of console
_ALWAYS = ("printk.time=1",)  # the reader takes the durations of cases from the times of lines
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_HUNG = "kvm-hung"  # in the cache: this start of the machine, if a guest hung in it
_PROBE, _PROBE_LIMIT = "kmem_example", 60.0  # what an accelerator must be able to run, in seconds
_MARGIN = 30  # seconds that kunit.py's own limit is above ours
_TIME = r"(?:\[[ \d.]+\] )?"
_CASE_LINE = re.compile(_TIME + r"    (?:not )?ok (\d+) ")
_SUITE_LINE = re.compile(_TIME + r"    # Subtest: (\w+)")
_PLAN_LINE = re.compile(_TIME + r"    1\.\.\d+")
_LISTED = re.compile(_TIME + r"([\w-]+)\.([\w-]+)")


@dataclass(frozen=True)
class Log:
    """The console of one boot, and how it ended; took and limit are in seconds.

    accelerator is QEMU's, "" where there is no QEMU.
    """

    path: Path
    took: float
    timed_out: bool
    overflow: bool
    limit: float
    accelerator: str = ""


def command(
    tree: Path,
    build_dir: Path,
    arch: Arch,
    arguments: Sequence[str] = (),
    glob: str = "",
    limit: float = TIME_LIMIT,
    isolated: int = 0,
) -> list[str]:
    """Return the kunit.py command line that boots the kernel of an architecture in build_dir.

    If isolated, that is once for each of so many cases, which glob selects.
    """
    return [
        sys.executable,
        str(tree / "tools/testing/kunit/kunit.py"),
        "exec",
        *arch.options(),
        *arch.boot_options(),
        f"--build_dir={build_dir}",
        f"--kunitconfig={build_dir / KUNITCONFIG}",
        f"--timeout={int(limit) + (0 if isolated else _MARGIN)}",
        "--raw_output=all",
        *(["--run_isolated=test"] if isolated else []),
        *(f"--kernel_args={argument}" for argument in (*_ALWAYS, *arguments)),
        *([glob] if glob else []),
    ]


def time_limit(accelerator: str, arguments: Sequence[str]) -> float:
    """Return how many seconds a boot may take.

    Longer where QEMU translates each instruction (accelerator is TCG), and under User-Mode Linux with
    several CPUs, where each cache that goes waits some ticks for RCU.
    """
    several = any(word.startswith("ncpus=") for word in arguments)
    return TIME_LIMIT * (_SLOW if accelerator == qemu.TCG or several else 1)


def boot(
    base: Path,
    image: Image,
    arguments: Sequence[str] = (),
    glob: str = "",
    *,
    limit: float | None = None,
    cases: int | None = None,
    on_line: Callable[[str], None] | None = None,
    accelerator: str | None = None,
    on_tick: progress.Tick | None = None,
    isolated: int = 0,
    memory: str = "",
) -> Log:
    """Boot an image once with kernel arguments and a filter, for limit seconds at most.

    Without a limit, that is time_limit(). The guest and everything around it is ended at the limit,
    or when it has printed too much. The log is kept in the cache. cases is how many are expected;
    on_line gets the console's lines. accelerator is QEMU's, by default the best one that is proved to
    work. on_tick is told, in the user's place, how many cases have run. If isolated, each of so many
    cases has a boot of its own, and each of them the limit. memory is what User-Mode Linux has, such
    as "64M", if not all that kunit.py gives it.
    """
    if accelerator is None:
        accelerator = _proved(base, image)
    if limit is None:
        limit = time_limit(accelerator, arguments)
    folder = _run_folder(base, image, memory)
    held = cache.hold(folder)
    path = folder / "console.log"
    start = time.monotonic()
    seen = 0
    try:
        with (
            open(path, "w", encoding="utf-8", errors="backslashreplace") as log,
            _shown(image, on_tick) as tick,
        ):

            def take(line: str) -> None:
                nonlocal seen
                print(line, file=log, flush=True)
                if _CASE_LINE.match(line):
                    seen += 1
                if on_line is not None:
                    on_line(line)

            done = proc.run(
                command(image.tree, folder, image.arch, arguments, glob, limit, isolated),
                env=_environment(folder, image.arch, accelerator),
                timeout=limit + (limit + _MARGIN) * isolated,
                limit=OUTPUT_LIMIT,
                on_line=take,
                on_tick=lambda: tick(seen, cases),
            )
    finally:
        os.close(held)
    took = time.monotonic() - start
    return Log(path, took, done.timed_out, done.overflow, limit, accelerator)


def _shown(image: Image, on_tick: progress.Tick | None) -> AbstractContextManager[progress.Tick]:
    """Show a boot to the user, unless somebody else wants to be told of it."""
    if on_tick is None:
        return progress.step(f"running Linux {image.release}", "cases")
    return nullcontext(on_tick)


def accelerator_to_try(base: Path, arch: Arch) -> str:
    """Return QEMU's accelerator that a boot tries first, "" where there is no QEMU."""
    if not arch.qemu:
        return ""
    hung, this_boot = base / _HUNG, _BOOT_ID.read_text(encoding="ascii")
    known = hung.is_file() and hung.read_text(encoding="utf-8", errors="replace") == this_boot
    return qemu.TCG if known or not qemu.may_accelerate(arch) else qemu.KVM


@functools.cache
def _proved(base: Path, image: Image) -> str:
    """Return the accelerator to boot an image with: none is trusted that was not seen to work.

    That a guest hung is kept for as long as this machine runs, as to find it out takes time.
    """
    if (first := accelerator_to_try(base, image.arch)) != qemu.KVM:
        return first
    log = boot(base, image, glob=_PROBE, limit=_PROBE_LIMIT, accelerator=qemu.KVM)
    if judge(log).ok:
        return qemu.KVM
    if log.timed_out:
        cache.write(base / _HUNG, _BOOT_ID.read_text(encoding="ascii"))
    progress.say("/dev/kvm opens but does not run this kernel: going on without")
    return qemu.TCG


def _environment(folder: Path, arch: Arch, accelerator: str) -> dict[str, str]:
    """Return the environment of kunit.py exec."""
    found = proc.environment(PYTHONUNBUFFERED="1")
    return found | {"PATH": qemu.put_first(folder, arch, accelerator)} if arch.qemu else found


def _run_folder(base: Path, image: Image, memory: str) -> Path:
    """Make the build folder for one "kunit.py exec": the image, under the name it looks for.

    kunit.py has the last word on memory, so where it shall not, that name is a script's.
    """
    folder = base / "runs" / cache.unique()
    with cache.placing(folder) as making:
        shutil.copyfile(image.kunitconfig, making / KUNITCONFIG)
        binary = making / image.arch.binary
        binary.parent.mkdir(parents=True, exist_ok=True)
        if memory:
            binary.write_text(f'#!/bin/sh\nexec "$0.real" "$@" mem={memory}\n')
            binary.chmod(0o755)
            binary = binary.with_name(f"{binary.name}.real")
        try:
            os.link(image.binary, binary)
        except OSError:
            shutil.copy2(image.binary, binary)
    return folder


def kept(base: Path, log: Log) -> Log:
    """Return the log of a boot that failed, where later boots do not take its place so soon."""
    path = base / "failures" / f"{log.path.parent.name}.log"
    try:
        os.link(log.path, path)
    except OSError:
        shutil.copyfile(log.path, path)
    return replace(log, path=path)


def judge(log: Log, planned: Mapping[str, Sequence[str]] | None = None) -> Result:
    """Read a log into the Result; a boot that we had to end is a problem of its own."""
    with open(log.path, "rb") as stream:
        result = ktap.read(ktap.lines(stream), planned)
    if not (log.timed_out or log.overflow):
        return result
    why = f"more than {OUTPUT_LIMIT >> 20} MiB of console"
    if log.timed_out:
        why = f"no end after {log.limit:g} s"
    cut = [problem for problem in result.problems if problem.kind == "truncated"]
    with open(log.path, "rb") as stream:
        case = _hanging(ktap.lines(stream), planned or {}) or (cut[0].case if cut else "")
    hang = Problem("hang", case, "\n".join([why, *(problem.log for problem in cut)]))
    return replace(result, problems=(hang, *(p for p in result.problems if p not in cut)))


def _hanging(console: Iterable[str], planned: Mapping[str, Sequence[str]]) -> str:
    """Return the path of the case that was running when a log without an end breaks off.

    KUnit prints its lines without a newline, and the kernel shows such a line only when it prints
    the next one, so one more line of KUnit's has been printed than the log has.
    """
    suite, done, last = "", 0, ""
    for line in console:
        if match := _SUITE_LINE.match(line):
            suite, done = match[1], 0
        elif match := _CASE_LINE.match(line):
            done = int(match[1])
        last = line.rstrip() or last
    hidden = bool(_CASE_LINE.match(last) or _PLAN_LINE.match(last))
    cases = planned.get(suite, ())
    return f"{suite}.{cases[done + hidden]}" if done + hidden < len(cases) else ""


def listed(base: Path, image: Image) -> list[tuple[str, str]]:
    """Return the (suite, case) pairs that an image has, as its own kernel lists them."""
    log = boot(base, image, ("kunit.action=list",), limit=60)
    found: list[tuple[str, str]] = []
    with open(log.path, "rb") as stream:
        for line in ktap.lines(stream):
            if match := _LISTED.fullmatch(line.rstrip("\r\n")):
                found.append((match[1], match[2]))
    if not found:
        raise UserError(f"Linux {image.release} lists no cases: see {log.path}")
    return found


def arguments(text: str) -> tuple[str, ...]:
    """Split --boot-args; raises UserError for what a kernel command line cannot hold."""
    words = text.split()
    for word in words:
        if not word.isascii() or not word.isprintable():
            raise UserError(f"{word!r} cannot be on a kernel's command line")
    return tuple(words)
