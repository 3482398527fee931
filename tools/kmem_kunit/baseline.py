# SPDX-License-Identifier: GPL-2.0-only
"""What is expected of each cell: tools/baselines/SERIES/VARIANT.json, a KCIDB document a cell.

It is a result without what differs from one boot to the next, a line a case, so that a change of
what is expected is a small change of the file: no logs, no durations, one start time for all, and
of a case with parameters only those that do not pass, with the number of those that do. A digest of
all cases tells a file from which some were taken.
"""
import datetime
import difflib
import itertools
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from kmem_kunit import cache, gate, kcidb, proc
from kmem_kunit.cells import Cell
from kmem_kunit.errors import UserError
from kmem_kunit.kcidb import Run
from kmem_kunit.result import Case, Problem, Result, Status

FOLDER = "tools/baselines"
_GIT_LIMIT = 60.0  # seconds
_COUNTED = re.compile(r"(\d+) parameters? passed")


def path(repo: Path, cell: str) -> Path:
    """Return the file of the cell of that name."""
    return repo / FOLDER / f"{cell}.json"


def recorded(repo: Path) -> list[str]:
    """Return the names of the cells that have a file."""
    folder = repo / FOLDER
    files = folder.glob("*/*.json")
    return sorted(str(file.relative_to(folder).with_suffix("")) for file in files)


def reduced(run: Run, cell: Cell) -> Run:
    """Return what is worth keeping of a cell's result."""
    cases = run.result.cases
    names = Counter((case.suite, case.name, case.param) for case in cases)
    passed = Counter((c.suite, c.name, c.param) for c in cases if c.status is Status.PASS)
    dropped = {name for name, count in names.items() if name[2] and passed[name] == count}
    count = Counter(name[:2] for name in names.elements() if name in dropped)

    def kept(case: Case) -> Case:
        number = 0 if case.param else count[case.suite, case.name]
        told = f"{number} parameter{'s' * (number > 1)} passed" if number else ""
        return Case(case.suite, case.name, case.param, case.status, reason=told or case.reason)

    left = [kept(case) for case in cases if (case.suite, case.name, case.param) not in dropped]
    left.sort(key=lambda case: (case.suite, case.name, case.param))
    problems = [Problem(p.kind, p.case, gate.headline(p.log)) for p in run.result.problems]
    ordered = sorted(problems, key=lambda p: (p.kind, p.case, p.log))
    return replace(run, command=cell.reproducer, start=gate.EPOCH, comment="", cell=cell.name,
                   console="", accelerator="", took=None,
                   result=Result(tuple(left), tuple(ordered)))


def expanded(base: Run, head: Sequence[Run]) -> Run:
    """Return a baseline with the parameters that it only counts, named as they are in head.

    If head has fewer of them, the others are one parameter that head lacks.
    """
    known, ran = gate.keyed(base.result.cases), gate.outcomes(head)
    more: list[Case] = []
    for case in base.result.cases:
        match = None if case.param else _COUNTED.fullmatch(case.reason)
        if match is None:
            continue
        found = [key for key in ran
                 if key.param and key not in known and key[:2] == (case.suite, case.name)]
        more += [Case(*key[:3], Status.PASS) for key in found]
        lacking = int(match[1]) - len(found)
        if lacking > 0:
            name = f"{lacking} of {match[1]} parameters"
            more.append(Case(case.suite, case.name, name, Status.PASS))
    return replace(base, result=replace(base.result, cases=(*base.result.cases, *more)))


def text(run: Run) -> str:
    """Return the content of a baseline's file: KCIDB, with short ids, and a digest of its tests."""
    data = kcidb.document([run])
    (checkout,), (build,) = data["checkouts"], data["builds"]
    boot = run.cell.replace("/", "_")
    checkout["id"] = build["checkout_id"] = build["id"] = f"{kcidb.ORIGIN}:{boot}"
    for test in data["tests"]:
        test["id"] = f"{kcidb.ORIGIN}:{boot}:{test['path']}"
        test["build_id"], test["misc"]["boot"] = build["id"], boot
    checkout["misc"]["digest"] = cache.digest(json.dumps(data["tests"]))
    return kcidb.text(data)


def load(repo: Path, cell: str) -> Run:
    """Return the baseline of the cell of that name.

    Raises UserError, one line, if there is none, and for one that is not as text() makes it.
    """
    file = path(repo, cell)
    if not file.exists():
        raise UserError(f"{file} is not there")
    runs = kcidb.load(file)
    if len(runs) != 1 or runs[0].cell != cell:
        names = ", ".join(run.cell or "a nameless cell" for run in runs[:3])
        told = f"{file} must have one boot of {cell}, and has {len(runs)}, of {names}"
        raise UserError(told[:500])
    have, wanted = file.read_bytes().split(b"\n"), text(runs[0]).encode().split(b"\n")
    for number, (line, own) in enumerate(itertools.zip_longest(have, wanted), 1):
        if line != own:
            raise UserError(f"{file}: line {number} is not what gate writes of these cases")
    return runs[0]


def check_writable(repo: Path, cell: str) -> None:
    """Raise UserError, before anything is run, if the file of that cell could not be written."""
    file = path(repo, cell)
    folder = next(each for each in file.parents if os.path.lexists(each))
    if file.is_dir():
        raise UserError(f"cannot write {file}: it is a folder")
    if not folder.is_dir():
        raise UserError(f"cannot write {file}: {folder} is not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(f"cannot write {file}: {folder} may not be written to")


def committed(repo: Path, cell: str) -> datetime.datetime:
    """Return when a cell's file was last changed by a commit, gate.EPOCH if git does not know."""
    try:
        done = proc.run(["git", "-C", repo, "log", "-1", "--format=%aI", "--", path(repo, cell)],
                        timeout=_GIT_LIMIT, env=proc.environment(GIT_OPTIONAL_LOCKS="0"))
        return datetime.datetime.fromisoformat(done.output.strip())
    except (UserError, ValueError):  # there is no git, it complains, or it has nothing to say
        return gate.EPOCH


def changes(before: Run | None, after: Run | None, cell: str) -> Iterator[str]:
    """Yield how one baseline differs from another, as a unified diff has it; None is no file."""
    name = f"{FOLDER}/{cell}.json"
    yield from difflib.unified_diff(
        _lines(before), _lines(after), name if before else "/dev/null",
        name if after else "/dev/null", n=0, lineterm="")


def _lines(run: Run | None) -> list[str]:
    """Return what a person wants to know of a baseline, a line each."""
    if run is None:
        return []
    found = [f"kernel {run.kernel}", f"compiler {run.compiler}"]
    for case in run.result.cases:
        name = f"{case.suite}.{case.name}" + (f" [{case.param}]" if case.param else "")
        found.append(f"{name} {case.status.value}" + (f" ({case.reason})" if case.reason else ""))
    return found + [f"{p.kind} {p.case} {p.log}".rstrip() for p in run.result.problems]
