# SPDX-License-Identifier: GPL-2.0-only
"""The verb gate: gets the two sides, has them compared, and tells everybody."""
import argparse
import datetime
import json
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from kmem_kunit import (
    annotate,
    baseline,
    cache,
    cells,
    gate,
    host,
    kcidb,
    matrix,
    overlay,
    progress,
    quarantine,
    result,
    revisions,
    suites,
)
from kmem_kunit.errors import UserError
from kmem_kunit.gate import Finding
from kmem_kunit.kcidb import Run

GROUP = "quick"


@dataclass(frozen=True)
class _Sides:
    """What is compared, and what cells of both sides have in common."""

    base: Sequence[Run]
    head: Sequence[Run]
    match: Callable[[str], str] = str


def run(options: argparse.Namespace) -> int:
    """Do what the options of "gate" say and return the exit status.

    Raises UserError for options that contradict each other, for what cannot be compared, and, when
    all else is told, for a cell that this machine could not run.
    """
    options.baseline |= options.update
    _check(options)
    if not options.cells:
        options.group = options.group or GROUP
    entries, book = quarantine.load(overlay.REPO), cells.load(overlay.REPO)
    if options.junit is not None:
        host.ensure(host.SHOWING)
    if options.update:
        return _update(options, book)
    if options.baseline:
        sides = _baselines(options, book)
    elif options.tree is not None:
        sides = _revisions(options, book)
    else:
        for name in (options.base, options.head):
            if not Path(name).exists():
                raise UserError(f"there is no file {name!r}; a git revision needs --tree")
        sides = _Sides(kcidb.load(Path(options.base)), kcidb.load(Path(options.head)))
    unable = [each for each in (*sides.base, *sides.head) if matrix.unable(each)]
    sides = _without(sides, {sides.match(each.cell) for each in unable})
    known = [*(cell.name for cell in book.all()), *(each.cell for each in sides.head)]
    findings = gate.compare(sides.base, sides.head, entries, datetime.date.today(),
                            match=sides.match, whole=not (options.filter or unable), cells=known)
    try:
        if options.baseline and sides.head:
            print(matrix.closing(sides.head))
        for line in annotate.lines(findings, sides.head) if sides.head or not unable else ():
            print(line)
        if options.github:
            for line in annotate.github(findings, annotate.places(overlay.REPO)):
                print(line)
    finally:  # also if nobody reads
        if not unable:  # or they would say that all is well
            _write(options, findings, sides)
    matrix.check(unable)
    return 1 if any(each.kind.fails for each in findings) else 0


def _without(sides: _Sides, names: Collection[str]) -> _Sides:
    """Return both sides without the cells that match calls so."""
    base, head = ([run for run in side if sides.match(run.cell) not in names]
                  for side in (sides.base, sides.head))
    return replace(sides, base=base, head=head)


def _check(options: argparse.Namespace) -> None:
    """Raise UserError for options that do not go together."""
    both = options.base is not None and options.head is not None
    if options.baseline and (options.base is not None or options.tree is not None):
        raise UserError("--baseline and --update are about the baselines: name no BASE, HEAD or --tree")
    if not options.baseline and not both:
        raise UserError("gate needs BASE and HEAD, --baseline, or --update")
    if options.cells and not options.baseline:
        raise UserError("--cells needs --baseline or --update")
    runs_cells = options.baseline or options.tree is not None
    for name in ("group", "filter"):
        if getattr(options, name) and not runs_cells:
            raise UserError(f"--{name} needs --tree or --baseline: files are compared as they are")
    if options.update:
        for name in ("filter", "json", "junit", "github", "gitlab"):
            if getattr(options, name):
                raise UserError(f"--update only writes baselines, whole ones: leave out --{name}")


def _write(options: argparse.Namespace, findings: Sequence[Finding], sides: _Sides) -> None:
    """Write the files that were asked for."""
    if options.json is not None:
        _write_json(options.json, annotate.document(findings, sides.base, sides.head))
    if options.gitlab is not None:
        _write_json(options.gitlab, annotate.gitlab(findings, annotate.places(overlay.REPO)))
    if options.junit is not None:
        from kmem_kunit import junit  # needs junitparser, which host.ensure() installs

        junit.write(options.junit, annotate.judged(findings, sides.head))


def _write_json(path: Path, data: object) -> None:
    result.save(path, (json.dumps(data, indent=1, allow_nan=False) + "\n").encode())


def _chosen(options: argparse.Namespace, book: cells.Book) -> list[cells.Cell]:
    """Return the cells of --group, or of all, that --cells selects."""
    found = book.of_group(options.group) if options.group else book.all()
    return cells.select(found, options.cells) if options.cells else found


def _prepare(chosen: Sequence[cells.Cell]) -> Path:
    """Get all that running cells needs; return the cache folder."""
    needs = [need for cell in chosen for need in host.building_for(cell.arch)]
    host.ensure((*host.FETCHING, *host.BUILDING, *host.CACHING, *host.SHOWING, *needs))
    base = cache.root()
    cache.clean(base)
    return base


def _run_cells(options: argparse.Namespace, chosen: Sequence[cells.Cell], done: dict[str, Run]) -> None:
    """Run cells once each, as "matrix" does; done gets the result of each, by its name, when it is there."""
    with cache.temporary(_prepare(chosen) / "runs") as folder:
        jobs = matrix.plan(chosen, folder, 1)
        with matrix.shown(jobs) as tell:

            def kept(job: matrix.Job, what: str, run: Run | None) -> None:
                tell(job, what, run)
                if run is not None:
                    done[job.cell.name] = run

            matrix.local(jobs, options.filter, options.jobs, kept)


def _revisions(options: argparse.Namespace, book: cells.Book) -> _Sides:
    """Run the cells of two revisions, or take what the cache has of them; one may be a file.

    Their cells are compared by variant, as the series of the revisions may differ.
    """
    chosen = book.of_group(options.group)
    variants = list(dict.fromkeys(cell.variant for cell in chosen))
    host.ensure(host.BISECTING)
    tree = Path(options.tree).expanduser().absolute()
    names = (options.base, options.head)
    files = [_file(tree, name) for name in names]
    if all(files):
        raise UserError("BASE and HEAD are files: leave out --tree")
    base = _prepare(chosen)
    with ExitStack() as stack:
        both = [None if file else stack.enter_context(revisions.unpacked(base, tree, name))
                for file, name in zip(files, names)]
        series = next(revision.kernel.series for revision in both if revision)
        runs = [_of_series(kcidb.load(file), series, file) if file else [] for file in files]
        sides = [cells.with_cases(overlay.REPO, revisions.cells(book, variants, revision),
                                  options.filter) if revision else [] for revision in both]
        have = [{cell.variant for cell in side} | {_variant(run.cell) for run in those}
                for side, those in zip(sides, runs)]
        shared = have[0] & have[1] & set(variants)
        if not shared:
            raise UserError(f"no cell of {options.group} is in both {names[0]} and {names[1]}")
        known = dict.fromkeys((*variants, *(_variant(run.cell) for those in runs for run in those)))
        if single := [name for name in known if name not in shared]:
            progress.say(f"not in both, and left out: {', '.join(single)}"[:500])
        wanted = [(revision, cell) for revision, side in zip(both, sides) if revision
                  for cell in side if cell.variant in shared]
        made = revisions.run(base, wanted, options.filter, options.jobs)
    for those, revision in zip(runs, both):
        if revision:
            those += made[:len(shared)]
            del made[:len(shared)]
    before, after = ([_filtered(run, options.filter) for run in those if _variant(run.cell) in shared]
                     for those in runs)
    return _Sides(before, after, _variant)


def _variant(name: str) -> str:
    return name.partition("/")[2]


def _file(tree: Path, name: str) -> Path | None:
    """Return the file of that name, None if a repository knows it as a revision, or there is none."""
    try:
        revisions.commit(tree, name)
    except UserError:
        return Path(name) if Path(name).is_file() else None
    return None


def _of_series(runs: Sequence[Run], series: str, file: Path) -> list[Run]:
    """Return the runs of one series: that of the other side, or the only one there is.

    Raises UserError if there are several others.
    """
    by_series = gate.by_cell(runs, lambda name: name.partition("/")[0])
    if series in by_series:
        return by_series[series]
    if len(by_series) > 1:
        raise UserError(f"{file} has cells of {', '.join(sorted(by_series))}, and none of {series}")
    return list(runs)


def _baselines(options: argparse.Namespace, book: cells.Book) -> _Sides:
    """Run the chosen cells, and take their baselines, and those of cells that are no more."""
    chosen = cells.with_cases(overlay.REPO, _chosen(options, book), options.filter)
    try:
        before = {name: baseline.load(overlay.REPO, name)
                  for name in (*(cell.name for cell in chosen), *_gone(options, book))}
    except UserError as error:
        which = [word for name in ("group", "cells") if (value := getattr(options, name))
                 for word in (f"--{name}", value)]
        raise UserError(f"{error} (gate --update {shlex.join(which)} writes it)") from error
    done: dict[str, Run] = {}
    _run_cells(options, chosen, done)
    head = [done[cell.name] for cell in chosen]
    base = [
        replace(baseline.expanded(run, [done[name]] if name in done else []),
                start=baseline.committed(overlay.REPO, name))
        for name, run in before.items()
    ]
    return _Sides([_filtered(run, options.filter) for run in base], head)


def _filtered(the_run: Run, glob: str) -> Run:
    """Return a result without the cases that a filter leaves out."""
    cases = the_run.result.cases
    found: dict[str, dict[str, suites.CaseInfo]] = {}
    for case in cases:
        info = suites.CaseInfo(case.name, "", False, False)
        found.setdefault(case.suite, {})[case.name] = info
    known = [suites.Suite(name, "", tuple(infos.values())) for name, infos in found.items()]
    try:
        chosen = suites.select(known, glob)
    except UserError:  # it has none of them
        chosen = {}
    kept = tuple(case for case in cases if case.name in chosen.get(case.suite, ()))
    return replace(the_run, result=replace(the_run.result, cases=kept))


def _gone(options: argparse.Namespace, book: cells.Book) -> list[str]:
    """Return the cells that have a baseline and that cells.toml has no more; --cells selects none."""
    if options.cells:
        return []
    known = {cell.name for cell in book.all()}
    return [name for name in baseline.recorded(overlay.REPO) if name not in known]


def _update(options: argparse.Namespace, book: cells.Book) -> int:
    """Write the baselines of the chosen cells anew, and say what that changes.

    That of a cell that died stays as it is, and the status is 1; if all is ended before its time, those
    of the cells that are done are written. Raises UserError if they cannot be written, and, when all
    else is done, for a cell that this machine could not run.
    """
    chosen = _chosen(options, book)
    for name in (*(cell.name for cell in chosen), *_gone(options, book)):
        baseline.check_writable(overlay.REPO, name)
    done: dict[str, Run] = {}
    try:
        _run_cells(options, chosen, done)
    finally:  # also if not all are: each may have taken hours
        dead = _record(options, book, chosen, done) if done else 0
    matrix.check([done[cell.name] for cell in chosen])
    return 1 if dead else 0


def _record(options: argparse.Namespace, book: cells.Book, chosen: Sequence[cells.Cell],
            done: Mapping[str, Run]) -> int:
    """Write the baselines of those of the chosen cells that are done; return how many of these died."""
    dead = written = 0
    for cell in (cell for cell in chosen if cell.name in done):
        if gate.died(done[cell.name]):
            progress.say(f"{cell.name} died: its baseline stays as it is")
            dead += 1
        else:
            written += _rewrite(cell.name, baseline.reduced(done[cell.name], cell))
    whole = len(done) == len(chosen)
    for name in _gone(options, book) if whole else ():
        written += _rewrite(name, None)
    print(f"{len(done)}{'' if whole else f' of {len(chosen)}'} cell{'s' * (len(chosen) != 1)}: "
          f"{written} baseline{'s' * (written != 1)} changed, {dead} died")
    return dead


def _rewrite(name: str, new: Run | None) -> bool:
    """Make a baseline what it shall be, None for no file; say if it changes, and print how."""
    path = baseline.path(overlay.REPO, name)
    old = None
    try:
        old = baseline.load(overlay.REPO, name) if path.exists() else None
    except UserError as error:
        progress.say(f"{error}; it is replaced")
    before = path.read_bytes() if path.exists() else None
    after = baseline.text(new).encode() if new else None
    if before == after:
        return False
    for line in baseline.changes(old, new, name):
        print(progress.clean(line))
    if after is None:
        path.unlink()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        result.save(path, after)
    return True
