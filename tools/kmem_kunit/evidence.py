# SPDX-License-Identifier: GPL-2.0-only
"""What speaks for the suites in a kernel: what no other test calls, faults they noticed, outcomes on record."""
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kmem_kunit import baseline, cells, headers, overlay, quarantine, reach, suites
from kmem_kunit.arch import UML
from kmem_kunit.gate import EPOCH
from kmem_kunit.kcidb import Run
from kmem_kunit.kernel import Kernel
from kmem_kunit.result import Status

FAULTS = "Documentation/faults.rst"
_FAULT = re.compile(r"^   \* - (.*)\n     - (.*)\n     - (.*)\n     - (.*)$", re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_CALL = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
_TEST = re.compile(r"test|kunit", re.IGNORECASE)
_SIZE_LIMIT = 4 * 1024 * 1024  # bytes of a test's file


def untested(kernel: Kernel) -> dict[str, list[str]]:
    """Return, by suite, the functions of the API that its cases call and no KUnit test of the kernel does."""
    api = headers.functions(kernel.path)
    other = called(kernel.path, api)
    found: dict[str, set[str]] = {}
    for (suite, _), distances in reach.reached(overlay.REPO / "lib", kernel, api).items():
        near = {name for name, distance in distances.items() if distance == 1}
        found.setdefault(suite, set()).update(near - other)
    return {suite: sorted(names) for suite, names in found.items()}


def called(root: Path, api: Collection[str]) -> set[str]:
    """Return the functions of an API that the kernel's KUnit tests call, known by their names and includes."""
    found = set[str]()
    for place, folders, names in os.walk(root):
        inside = _TEST.search(os.path.relpath(place, root)) is not None
        folders[:] = [name for name in folders if name not in (".git", overlay.PLACE.rpartition("/")[2])]
        for path in (Path(place, name) for name in names if inside or _TEST.search(name)):
            if path.suffix in (".c", ".h") and path.is_file():
                with path.open(encoding="utf-8", errors="replace") as file:
                    text = file.read(_SIZE_LIMIT)
                if "<kunit/" in text:
                    found.update(_CALL.findall(_COMMENT.sub(" ", text)))
    return found & set(api)


def faults(text: str) -> Iterator[tuple[tuple[str, str, str], list[str]]]:
    """Yield the rows of the table of faults: suite, what was broken and where, and the cases that noticed it."""
    for suite, what, where, names in _FAULT.findall(text):
        yield (suite, what, where), names.split(", ")


def noticed(series: str) -> dict[str, list[str]]:
    """Return, by suite, the faults of a series that were made, and that its cases noticed."""
    found: dict[str, list[str]] = {}
    for (suite, what, where), _ in faults((overlay.REPO / FAULTS).read_text(encoding="utf-8")):
        if where.split()[0] == series:
            found.setdefault(suite, []).append(what.replace("``", ""))
    return found


@dataclass(frozen=True)
class Outcome:
    """What all of the cases came to in a cell: its setting, how many passed and were skipped, and which failed, why."""

    setting: str  # architecture if not UML, configuration, kernel arguments
    passed: int
    skipped: int
    failed: Mapping[str, str]


def on_record() -> Iterator[Run]:
    """Yield the baselines, their failures with the reason that the quarantine gives, in the order of cells."""
    entries, recorded = quarantine.load(overlay.REPO), baseline.recorded(overlay.REPO)
    for cell in (each for each in cells.load(overlay.REPO).all() if each.name in recorded):
        run = baseline.load(overlay.REPO, cell.name)
        yield replace(run, result=quarantine.applied(run.result, cell.name, entries, EPOCH.date()))


def outcomes(kernel: Kernel) -> Iterator[Outcome]:
    """Yield what is on record of this very release."""
    total = sum(len(suite.cases) for suite in suites.load(overlay.REPO / "lib"))
    of = {cell.name: cell for cell in cells.load(overlay.REPO).all()}
    for run in on_record():
        cell = of[run.cell]
        passed, skipped = (run.result.counts[status] for status in (Status.PASS, Status.SKIP))
        failed = {case.path: case.known for case in run.result.cases if case.bad and not case.param}
        if run.kernel == kernel.release and passed + skipped + len(failed) == total:
            place = () if cell.arch == UML else (cell.arch.label,)
            yield Outcome(" ".join([*place, *cell.configs, *cell.arguments]), passed, skipped, failed)
