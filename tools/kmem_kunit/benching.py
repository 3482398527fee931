# SPDX-License-Identifier: GPL-2.0-only
"""The verb bench: builds kernels that count what allocations cost, boots them, and has the numbers told."""
import argparse
import functools
import os
import re
import shlex
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from pathlib import Path

from kmem_kunit import (
    arch,
    bench,
    boot,
    cache,
    config,
    gate,
    host,
    image,
    kcidb,
    kernel,
    overlay,
    progress,
    qemu,
    revisions,
    suites,
)
from kmem_kunit.bench import SUITE
from kmem_kunit.errors import UserError
from kmem_kunit.kcidb import Run
from kmem_kunit.kernel import Kernel
from kmem_kunit.result import Case, Result, Status

BOOTS = 5  # which have to agree
_SOURCE = "lib/kmem_bench_patterns.c"
_CONFIG, _STATS = "bench", "slub_stats"  # fragments
_LIMIT, _WALL_LIMIT = 900.0, 60.0  # seconds for one boot; KVM may open and hang
_TWO = "kfree_elsewhere"  # the case for two CPUs
# code stays where it is, with the prefixes that several CPUs need; under QEMU's -icount, the calibration of
# the APIC's timer takes ten times as long as all the rest of a boot
_FIXED, _COUNTING = ("nokaslr", "noreplace-smp"), ("nolapic_timer",)
_FEW = "kmem_bench.most=256"  # bursts of objects each of which takes long
# from here on a CPU that starts another one pauses while it waits, without which QEMU 7.2's -icount gives
# all time to the one that waits
_TOGETHER = (6, 5)
_GLOB = re.compile(r"[\w*?\[\]!-]+")


class _Stopped(Exception):
    """Somebody wants it to end."""


@dataclass(frozen=True)
class Setting:
    """A way to build and boot: fragments, kernel arguments, CPUs, and the only cases that are run then."""

    name: str
    configs: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    cpus: int = 1
    only: str = "*"


def settings(series: str) -> tuple[Setting, ...]:
    """Return all settings of a kernel series."""
    version = tuple(map(int, series.split(".")))
    two = Setting("two_cpus", cpus=2, only=_TWO)
    return (
        Setting("plain"),
        Setting("hardened", configs=("hardened",)),
        Setting("init", arguments=("init_on_alloc=1", "init_on_free=1", _FEW)),
        Setting("debug", arguments=(f"{'slab' if version >= (6, 9) else 'slub'}_debug=FZPU", _FEW)),
        *([two] if version >= _TOGETHER else []),
    )


def run(options: argparse.Namespace) -> int:
    """Do what the options of "bench" say and return the exit status.

    Raises UserError for options that contradict each other, and for what cannot be counted.
    """
    _check(options)
    allowed = bench.declared(overlay.REPO)
    config.check(overlay.REPO, options.config)
    with ExitStack() as stack:
        names = [options.base, options.head] if options.base else options.kernel or [kernel.DEFAULT]
        sides = [_side(options, name, stack) for name in names]
    runs = sides[1] if options.base else [run for side in sides for run in side]
    if options.json is not None:
        kcidb.write(options.json, runs)
    if options.svg is not None:
        from kmem_kunit import bench_plot  # needs matplotlib, which host.ensure() installs

        bench_plot.write(options.svg, runs)
    differences = bench.compare(sides[0], sides[1], allowed) if options.base else []
    for line in bench.told(differences, sides[0], sides[1]) if options.base else bench.table(runs):
        print(progress.clean(line))
    bad = [(each, problem) for side in sides for each in side for problem in each.result.problems]
    for each, problem in bad:
        print(progress.clean(f"{each.kernel} {each.cell}: {problem.kind} {gate.headline(problem.log)}"))
    ok = all(each.result.ok for side in sides for each in side)
    return 0 if ok and not any(each.fails for each in differences) else 1


def _check(options: argparse.Namespace) -> None:
    if (options.base is None) != (options.head is None):
        raise UserError("--base needs --head, and --head needs --base")
    if options.base is not None and options.kernel:
        raise UserError("--kernel is not for --base and --head, which name what is compared")
    if options.tree is not None and options.base is None:
        raise UserError("--tree needs --base and --head, revisions of it")
    if options.wall and options.base is not None:
        raise UserError("--wall is not for --base and --head: times are never gated")
    if options.wall and not qemu.may_accelerate(arch.hosted(1)):
        raise UserError("--wall needs /dev/kvm, on x86_64: times under emulation say nothing")


def _kernel(options: argparse.Namespace, spec: str, stack: ExitStack) -> Kernel:
    """Return the kernel that a series, a tree, or with --tree a revision is."""
    if options.tree is not None:
        host.ensure(host.BISECTING)
        tree = Path(options.tree).expanduser().absolute()
        return stack.enter_context(revisions.unpacked(_prepare(), tree, spec)).kernel
    uncached = kernel.is_series(spec) and kernel.cached(spec) is None
    if not kernel.is_series(spec):
        kernel.from_tree(spec)
    host.ensure(host.FETCHING if uncached else ())
    return kernel.resolve(spec)


def _side(options: argparse.Namespace, name: str, stack: ExitStack) -> list[Run]:
    """Return what a file has, or a kernel costs."""
    if options.base is None or not Path(name).is_file():
        return measure(_kernel(options, name, stack), options)

    def kept(case: Case) -> bool:
        pattern = case.param.rpartition(": ")[0] or case.param
        return fnmatchcase(f"{case.name}.{pattern}", options.pattern or "*")

    runs = [replace(run, result=replace(run.result, cases=tuple(filter(kept, run.result.cases))))
            for run in kcidb.load(Path(name))]
    return [run for run in runs if run.result.cases or run.result.problems]


@functools.cache
def _prepare() -> Path:
    """Get all that counting needs; return the cache folder."""
    host.ensure((*host.BUILDING, *host.CACHING, *host.building_for(arch.counting(1)), *host.SHOWING))
    os.environ["PATH"] = host.cached_path()
    base = cache.root()
    cache.clean(base)
    return base


def measure(the_kernel: Kernel, options: argparse.Namespace) -> list[Run]:
    """Return what the patterns cost on a kernel, in each setting that has some of them.

    Raises UserError if no pattern is of that name.
    """
    base = _prepare()
    glob = options.pattern.partition(".")[0] or "*"
    if not _GLOB.fullmatch(glob):
        raise UserError(f"{options.pattern!r} is no pattern such as 'kmalloc_and_kfree.64 *'")
    known = suites.scan((overlay.REPO / _SOURCE).read_text(encoding="utf-8"), _SOURCE)
    wanted = suites.select(known, f"{SUITE}.{glob}")[SUITE]
    # all of a setting is run, whatever is wanted of it, as a pattern leaves traces in those behind it
    runs = [_measure(base, the_kernel, each, suites.select(known, f"{SUITE}.{each.only}")[SUITE], options)
            for each in settings(the_kernel.series)
            if any((case == _TWO) == (each.only == _TWO) for case in wanted)]
    if not any(run.result.cases or run.result.problems for run in runs):
        raise UserError(f"{the_kernel.series} has no pattern {options.pattern!r}: without --pattern, bench shows all")
    return [run for run in runs if run.result.cases or run.result.problems]


def _images(base: Path, the_kernel: Kernel, each: Setting, options: argparse.Namespace
            ) -> list[image.Image]:
    """Return what is booted: the image that is counted, BOOTS times, and as often that with events."""
    machine = (arch.hosted if options.wall else arch.counting)(each.cpus)
    request = image.Request(the_kernel, overlay.REPO, (_CONFIG, *options.config), options.jobs,
                            arch=machine, only=SUITE, variant=each.configs)
    images = [image.build(base, request)] * BOOTS
    if not options.wall:
        images += [image.build(base, replace(request, variant=(*each.configs, _STATS)))] * BOOTS
    return images


def _measure(base: Path, the_kernel: Kernel, each: Setting, cases: Sequence[str],
             options: argparse.Namespace) -> Run:
    """Return what the patterns of a setting's cases cost, as far as they are wanted."""
    started = datetime.now(timezone.utc)
    images = _images(base, the_kernel, each, options)
    label = f"{the_kernel.series}/{each.name}"

    stop = threading.Event()

    def on_tick(_: int, __: int | None) -> None:
        if stop.is_set():
            raise _Stopped

    def booted(the_image: image.Image) -> Result:
        arguments = (*_FIXED, *(() if options.wall else _COUNTING), *each.arguments)
        log = boot.boot(base, the_image, arguments, f"{SUITE}.{each.only}", on_tick=on_tick,
                        limit=_WALL_LIMIT if options.wall else _LIMIT,
                        accelerator=qemu.KVM if options.wall else qemu.TCG)
        result = boot.judge(log, {SUITE: cases})
        if not result.ok:
            progress.say(f"{label}: console {boot.kept(base, log).path}")
        return result

    with progress.step(f"counting {label}"), ThreadPoolExecutor(options.jobs) as pool:
        try:
            results = list(pool.map(booted, images))
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    found = [bench.read(result) for result in results]
    numbers = (bench.timed(found, options.pattern) if options.wall
               else bench.agreed(found[:BOOTS], found[BOOTS:], options.pattern))
    skipped = [case.reason for result in results for case in result.cases if case.status is Status.SKIP]
    if skipped and not any(found):
        raise UserError(f"{label}: all patterns are skipped: {skipped[0]}")
    bad = dict.fromkeys(case for result in results for case in result.cases if case.bad)
    problems = dict.fromkeys(problem for result in results for problem in result.problems)
    return Run(
        kernel=images[0].release, source=images[0].source, architecture=images[0].arch.name,
        config="+".join((_CONFIG, *options.config, *each.configs)), compiler=images[0].compiler,
        command=shlex.join(["kmem-kunit", *sys.argv[1:]]), start=started, comment="",
        result=Result((*numbers, *bad), tuple(problems)), cell=label,
        accelerator=qemu.KVM if options.wall else qemu.TCG)
