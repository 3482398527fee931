# SPDX-License-Identifier: GPL-2.0-only
"""The command line: each verb is a short composition of the steps in the other modules."""
import argparse
import errno
import os
import re
import shlex
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timezone
from pathlib import Path
from types import FrameType
from typing import NoReturn

from kmem_kunit import (
    arch,
    benching,
    bisect,
    boot,
    cache,
    cells,
    config,
    coverage,
    exporting,
    deaths,
    gating,
    host,
    image,
    kcidb,
    kernel,
    matrix,
    matrix_slurm,
    mutating_slurm,
    overlay,
    progress,
    quarantine,
    report,
    reporting,
    slurm,
    suites,
    surface,
    tree,
    usage,
)
from kmem_kunit.errors import UserError
from kmem_kunit.result import Case

_SHOWN = 200  # characters of an error that nobody has foreseen
_PLACES = 8  # of ours that it has come through
_FILTER = re.compile(r"[A-Za-z0-9_.*?\[\]!-]*\Z")


def _run(options: argparse.Namespace) -> int:
    """Kernel -> tree -> image -> log -> result."""
    began = time.monotonic()
    # read what our sources hold beside the build, but see first that a filter matches something
    reader = ThreadPoolExecutor(1)
    planned = reader.submit(_planned, options.filter)
    reader.shutdown(wait=False)
    if options.filter:
        planned.result()
    book, known = cells.load(overlay.REPO), quarantine.load(overlay.REPO)
    arguments = boot.arguments(options.boot_args)
    _check_outputs(options.json, options.junit)
    if options.dry_run:
        return _dry_run(options, arguments)
    base, request = _prepare(options)
    the_image = image.build(base, request)
    started = datetime.now(timezone.utc)
    built = the_image.built(planned.result())
    log, died = _boot(base, the_image, options, built)
    label = "+".join((the_image.arch.label, *options.config))
    series = request.kernel.series
    cell = book.name_of(series, the_image.arch.label, options.config, arguments)
    today = started.astimezone().date()
    result = boot.judge(log, built)
    result = quarantine.applied(deaths.merged(result, died), cell, known, today)
    if not result.ok:
        log = boot.kept(base, log)
    run = kcidb.Run(
        kernel=the_image.release,
        source=the_image.source,
        architecture=the_image.arch.name,
        config="+".join(options.config) or "default",
        compiler=the_image.compiler,
        command=shlex.join(["kmem-kunit", *sys.argv[1:]]),
        start=started,
        comment=f"{the_image.release} {label}",
        result=result,
        cell=cell,
        console="" if result.ok else str(log.path),
        accelerator=log.accelerator,
        took=round(time.monotonic() - began, 3),
    )
    lines = list(report.lines(result, f"{the_image.release} {label}", log))
    try:
        for line in lines[-1:] if options.raw and result.ok else lines:
            print(line)
    finally:  # also if nobody reads
        _write(options, run)
    return 0 if result.ok else 1


def _boot(
    base: Path,
    the_image: image.Image,
    options: argparse.Namespace,
    planned: Mapping[str, Sequence[str]],
) -> tuple[boot.Log, list[Case]]:
    """Boot once for all cases, and beside it once for each that shall stop the kernel."""
    arguments = boot.arguments(options.boot_args)
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        dying = deaths.cases(the_image, planned)
        died = pool.submit(
            deaths.run, base, the_image, arguments, options.filter, dying, stop.is_set
        )
        try:
            log = boot.boot(
                base,
                the_image,
                arguments,
                options.filter,
                cases=sum(len(names) for names in planned.values()),
                on_line=(lambda line: print(progress.clean(line))) if options.raw else None,
            )
            return log, died.result()
        finally:
            stop.set()


def _planned(glob: str) -> dict[str, list[str]]:
    """Return what a filter selects; raises UserError for none, and for what is no filter."""
    _check_filter(glob)
    return suites.select(suites.load(overlay.REPO / "lib"), glob)


def _check_filter(glob: str) -> None:
    if not _FILTER.match(glob) or glob.startswith("-"):
        raise UserError(f"{glob!r} is no filter such as 'kmem_strdup' or 'kmem_strdup.*empty*'")


def _check_outputs(
    *files: Path | None, folder: Path | None = None, inputs: Sequence[str | Path | None] = ()
) -> None:
    """Raise UserError now if one of what is to be written cannot be, or would replace another, or an input.

    Devices and pipes may be named again.
    """
    read = {Path(each).resolve() for each in inputs if each and os.path.isfile(each)}
    written = set()
    for path in filter(None, (*files, folder)):
        _check_output(path, is_folder=path is folder)
        place = path.resolve()
        if place in read:
            raise UserError(f"{path} is read, and would be overwritten: name another file to write")
        if place in written:
            raise UserError(f"{path} would be written twice: name a file for each")
        if not path.exists() or path.is_file():
            written.add(place)


def _check_output(path: Path, *, is_folder: bool) -> None:
    """Raise UserError now rather than after the run if a file, or folder, cannot be written."""
    folder = path.absolute().parent
    if path.exists() and path.is_dir() != is_folder:
        raise UserError(f"{path} is a {'file, not a folder' if is_folder else 'folder, not a file'} to write")
    if not folder.is_dir():
        raise UserError(f"cannot write {path}: there is no folder {folder}")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UserError(f"cannot write {path}: Permission denied")


def _request(options: argparse.Namespace, the_kernel: kernel.Kernel) -> image.Request:
    chosen = getattr(options, "build_dir", None)
    build_dir = chosen.expanduser().absolute() if chosen else None
    return image.Request(
        the_kernel,
        overlay.REPO,
        tuple(options.config),
        options.jobs,
        build_dir,
        arch.find(options.arch),
    )


def _prepare(options: argparse.Namespace) -> tuple[Path, image.Request]:
    """Get all that a build needs: packages, the cache, the kernel's source."""
    config.check(overlay.REPO, options.config)
    spec = options.kernel
    uncached = kernel.is_series(spec) and kernel.cached(spec) is None
    if not kernel.is_series(spec):
        kernel.from_tree(spec)
    host.ensure(
        (
            *(host.FETCHING if uncached else ()),
            *host.BUILDING,
            *host.building_for(arch.find(options.arch)),
            *host.SHOWING,
        )
    )
    base = cache.root()
    cache.clean(base)
    request = _request(options, kernel.resolve(spec))
    image.check(request)
    return base, request


def _dry_run(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    spec = options.kernel
    found = kernel.cached(spec) if kernel.is_series(spec) else kernel.from_tree(spec)
    if found is None:
        progress.say(f"Linux {spec} is not in the cache: a run fetches it first")
        found = kernel.Kernel(spec, Path(), spec, version="?")
    request = _request(options, found)
    image.check(request)
    plan = image.plan(cache.where(), request)
    for command in (
        *(() if plan.configured else (plan.config_command,)),
        plan.build_command,
        boot.command(plan.tree, plan.build_dir, plan.arch, arguments, options.filter),
    ):
        print(image.shown(command))
    return 0


def _write(options: argparse.Namespace, run: kcidb.Run) -> None:
    """Write the files that were asked for."""
    if options.json:
        kcidb.write(options.json, [run])
    if options.junit:
        from kmem_kunit import junit  # needs junitparser, which host.ensure() installs

        junit.write(options.junit, {run.comment: run.result})


def _matrix(options: argparse.Namespace) -> int:
    """Cells -> a run each -> one file of results."""
    book, known = cells.load(overlay.REPO), quarantine.load(overlay.REPO)
    chosen = book.of_group(options.group) if options.group else book.all()
    _planned(options.filter)
    chosen = cells.with_cases(overlay.REPO, cells.select(chosen, options.cells), options.filter)
    _check_outputs(options.json)
    if options.list:
        for cell in chosen:
            print(f"{cell.name:20} {book.variants[cell.variant].get('about', '')}".rstrip())
        return 0
    if options.dry_run:
        more = f" --filter {shlex.quote(options.filter)}" if options.filter else ""
        for cell in chosen * options.repeat:
            print(f"{cell.reproducer}{more}")
        return 0
    far = options.engine == "slurm"
    if far:
        slurm.check()
    for cell in chosen:
        host.ensure((*host.FETCHING, *host.BUILDING, *host.CACHING, *host.building_for(cell.arch),
                     *host.SHOWING))
    base = cache.root()
    engine = matrix_slurm.run if far else matrix.local
    runs: list[kcidb.Run] = []
    try:
        with matrix.folder(base) as folder:
            jobs = matrix.plan(chosen, folder, options.repeat)
            with matrix.shown(jobs) as tell:
                runs = engine(jobs, options.filter, options.jobs, tell)
            if options.json is not None:
                kcidb.write(options.json, runs)
    finally:  # also if that cannot be written
        unstable = matrix.unstable(runs, known, date.today())
        for line in matrix.summary(runs, unstable) if runs else ():
            print(line)
    matrix.check(runs)
    return 0 if all(run.result.ok for run in runs) and not unstable else 1


def _matrix_job(options: argparse.Namespace) -> int:
    """One job of a cluster's: a cell -> its result, or all results -> one file of them."""
    manifest = options.manifest.absolute()
    if options.merge:
        return matrix_slurm.merge(manifest)
    return matrix_slurm.perform(manifest, options.index)


def _question(options: argparse.Namespace) -> bisect.Question:
    planned = _planned(options.case)
    config.check(overlay.REPO, options.config)
    return bisect.Question(
        options.case,
        tuple(options.config),
        boot.arguments(options.boot_args),
        arch.find(options.arch),
        planned,
    )


def _bisect(options: argparse.Namespace) -> int:
    """Two commits -> those between, one by one -> the first bad one."""
    question = _question(options)
    host.ensure((*host.BISECTING, *host.BUILDING, *host.CACHING,
                 *host.building_for(question.arch), *host.SHOWING))
    return bisect.bisect(options.tree, options.good, options.bad, question, options.jobs)


def _bisect_step(options: argparse.Namespace) -> int:
    return bisect.step(options.tree, options.results, _question(options), options.jobs)


def _gate(options: argparse.Namespace) -> int:
    """Results, or revisions, or baselines -> findings -> whoever reads them."""
    _check_outputs(options.json, options.junit, options.gitlab, inputs=(options.base, options.head))
    _planned(options.filter)
    return gating.run(options)


def _measurable(options: argparse.Namespace) -> tuple[Path, image.Request]:
    """Do as _prepare(), but raise UserError if there is no suite to be measured."""
    for glob in options.suites:
        _check_filter(glob)
    base, request = _prepare(options)
    for glob in options.suites:
        suites.check_measured(suites.load(overlay.REPO / "lib"), request.kernel.path, glob)
    return base, request


def _mutate(options: argparse.Namespace) -> int:
    """Kernel -> mutants -> boots -> verdicts."""
    _check_outputs(options.json, inputs=(options.diff,))
    if options.engine == "slurm":
        slurm.check()
    base, request = _measurable(options)
    host.ensure((*host.MUTATING, *host.CACHING, *host.BISECTING))
    from kmem_kunit import mutating  # needs clang, which that installs

    os.environ["PATH"] = host.cached_path()
    return mutating.mutate(base, request, options)


def _mutate_job(options: argparse.Namespace) -> int:
    """One job of a cluster's: some mutants -> boots -> verdicts."""
    os.environ["PATH"] = host.cached_path()
    return mutating_slurm.perform(options.manifest.absolute(), options.index)


def _coverage(options: argparse.Namespace) -> int:
    """Kernel -> image that counts -> boots -> what they reach."""
    _check_outputs(options.lcov, folder=options.html)
    base, request = _measurable(options)
    host.ensure((*host.COVERING, *(host.DRAWING if options.html else ())))
    return coverage.measure(base, request, options)


def _bench(options: argparse.Namespace) -> int:
    """Kernels -> images that count -> boots -> numbers, told or compared."""
    _check_outputs(options.json, folder=options.svg, inputs=(options.base, options.head))
    host.ensure(host.PLOTTING if options.svg else ())
    return benching.run(options)


def _fetch(options: argparse.Namespace) -> int:
    host.ensure(host.FETCHING)
    cache.clean(cache.root())
    for found in kernel.fetch(options.series):
        print(f"{found.name}: Linux {found.version} in {found.path}")
    return 0


def _list(options: argparse.Namespace) -> int:
    known = suites.load(overlay.REPO / "lib")
    if options.kernel is None:
        for suite in known:
            _show_suite(suite.name, [(case.name, case.contract) for case in suite.cases])
        return 0
    base, request = _prepare(options)
    contracts = {
        (suite.name, case.name): case.contract for suite in known for case in suite.cases
    }
    found = boot.listed(base, image.build(base, request))
    for name in dict.fromkeys(suite for suite, _ in found):
        cases = [(case, contracts.get((name, case), "")) for suite, case in found if suite == name]
        _show_suite(name, cases)
    for lacking in sorted(set(contracts) - set(found)):
        print(f"not in Linux {request.kernel.release}: {'.'.join(lacking)}")
    return 0


def _show_suite(name: str, cases: Sequence[tuple[str, str]]) -> None:
    print(progress.paint(name, "bold"))
    width = max((len(case) for case, _ in cases), default=0)
    for case, contract in cases:
        print(f"  {case:{width}}  {contract}".rstrip())


def _surface(options: argparse.Namespace) -> int:
    """Kernel -> its API's functions -> those of our cases that reach each."""
    spec = options.kernel
    uncached = kernel.is_series(spec) and kernel.cached(spec) is None
    host.ensure((*(host.FETCHING if uncached else ()), *host.READING))
    the_kernel = kernel.opened(spec)
    others = [found for series in surface.SERIES if (found := kernel.cached(series))]
    stray: list[str] = []
    with progress.step("reading the kernel's headers and the suites"):
        functions = surface.survey(overlay.REPO, the_kernel)
        if len(others) == len(surface.SERIES):  # or there is no telling
            known = {each.name for each in functions}
            stray = surface.strays(surface.waivers(overlay.REPO).keys() - known, others)
    for line in surface.lines(functions, stray, f"Linux {the_kernel.release}"):
        print(line)
    return 0 if surface.passes(functions, stray) else 1


def _doctor(_: argparse.Namespace) -> int:
    lacking = host.missing()
    for need in host.ALL:
        state = progress.paint("MISSING", "red") if need in lacking else "ok     "
        print(f"{state}  {need.name:12}  {need.use} ({need.package})")
    folder = cache.where()
    print(f"cache: {folder}; kernels in it: {', '.join(kernel.cached_series()) or 'none'}")
    if lacking:
        print(f"to install what is missing: {host.instruction(lacking)}")
    return 2 if lacking else 0


def _apply(options: argparse.Namespace) -> int:
    root = kernel.check_tree(options.tree)
    written = tree.apply(root, overlay.REPO)
    print(f"{root}: {'wrote ' + ', '.join(written) if written else 'the suites are in it already'}")
    return 0


def _unapply(options: argparse.Namespace) -> int:
    root = kernel.check_tree(options.tree)
    changed = tree.unapply(root)
    print(f"{root}: {'restored ' + ', '.join(changed) if changed else 'the suites are not in it'}")
    return 0


def _report(options: argparse.Namespace) -> int:
    _check_outputs(options.output, inputs=options.results)
    return reporting.run(options)


_VERBS = {
    "run": _run,
    "matrix": _matrix,
    "matrix-job": _matrix_job,
    "gate": _gate,
    "bisect": _bisect,
    "bisect-step": _bisect_step,
    "mutate": _mutate,
    "mutate-job": _mutate_job,
    "coverage": _coverage,
    "bench": _bench,
    "export": exporting.run,
    "report": _report,
    "fetch": _fetch,
    "list": _list,
    "surface": _surface,
    "doctor": _doctor,
    "apply": _apply,
    "unapply": _unapply,
}


def _interrupt(number: int, _: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt(number)


def _unforeseen(error: Exception) -> str:
    """Return a line on an error that nobody has foreseen: what it says, and where in our code it was."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).parent == Path(__file__).parent]
    places = ", ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in ours[: -_PLACES - 1 : -1])
    said = " ".join(str(error).split())[:_SHOWN]
    return f"a fault of ours: {type(error).__name__}: {said} ({places})"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        parser = usage.parser(_VERBS)
        if "_ARGCOMPLETE" in os.environ:  # a shell asks for words
            from kmem_kunit import completing  # needs argcomplete, without which none asks

            completing.offer(parser)
        options = parser.parse_args(argv)
        status: int = options.function(options)
        sys.stdout.flush()
        return int(status)
    except UserError as error:
        progress.say(str(error))
    except image.BuildFailed as error:
        for line in error.lines:
            print(progress.clean(line), file=sys.stderr)
        progress.say(str(error))
        return 1
    except KeyboardInterrupt as error:
        progress.say("interrupted")
        return 128 + int(error.args[0] if error.args else signal.SIGINT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        where = error.filename or (cache.where() if error.errno == errno.ENOSPC else "")
        progress.say(": ".join(filter(None, (str(where), str(error.strerror or error)))))
    except Exception as error:  # pylint: disable=broad-exception-caught  # or the status were 1
        progress.say(_unforeseen(error))
    return 2
