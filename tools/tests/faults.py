#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Break the kernel on purpose, one line at a time, and see which cases notice.

    tools/tests/faults.py [--kernel SERIES]... [--fault TEXT]

Each entry of tools/faults/<suite>.toml is made in a tree of links beside the kernel's source, which
is not touched, and the suite is run on it as on any other kernel. Answers are kept under the hash of
the fault and the suite, so that an interrupted run goes on where it was. Without --fault, they become
Documentation/faults.rst. Exit status 1: a fault was not noticed by the cases that it names.

An entry says:

breaks    what a maintainer would say went wrong
file      the kernel's, and
function  the function in it (without: anywhere in the file) in which
find      stands exactly once, to be replaced by
replace
series    where (default: all that are run)
config    fragments of tools/configs to build with
boot      kernel arguments
cases     those that must notice

IN_TEST in a replacement is true in the task of a case: a kernel that breaks for all does not boot,
which would prove nothing.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tools"))

from kmem_kunit import cache, kcidb, kernel, overlay  # noqa: E402  pylint: disable=wrong-import-position
from kmem_kunit.errors import UserError  # noqa: E402  pylint: disable=wrong-import-position
from kmem_kunit.result import Result, Status  # noqa: E402  pylint: disable=wrong-import-position

SERIES = ("6.12", "7.3")
LIMIT = 3600.0  # seconds for one build and run
TABLE = REPO / "Documentation/faults.rst"
HEAD = """.. SPDX-License-Identifier: GPL-2.0-only

======================
Proof that cases fail
======================

Each row is one deliberate break of the kernel, a single small edit, and the cases that noticed it.
``make faults`` made these edits, built each kernel, ran the suite and wrote this table; the edits
themselves are in ``tools/faults/``. A case that a dying kernel did not reach was run in a boot of
its own.

"""


@dataclass(frozen=True)
class Fault:
    """One edit: in a function of a file (or anywhere in it), find is replaced."""

    suite: str
    breaks: str
    file: str
    find: str
    replace: str
    cases: tuple[str, ...]
    function: str = ""
    series: tuple[str, ...] = SERIES
    config: tuple[str, ...] = ()
    boot: str = ""


def load() -> list[Fault]:
    """Return the faults of tools/faults/."""
    found = []
    for path in sorted((REPO / "tools/faults").glob("*.toml")):
        entries: list[dict[str, Any]] = tomllib.loads(path.read_text())["fault"]
        for entry in entries:
            values = {name: tuple(value) if isinstance(value, list) else value
                      for name, value in entry.items()}
            found.append(Fault(suite=path.stem, **values))
    return found


def broken(source: str, fault: Fault) -> str:
    """Return source with a fault in it; raises UserError unless its place is found once."""
    start, end = 0, len(source)
    if fault.function:
        head = rf"^(?:[a-z_][^;{{}}#]*?[\s*])?{fault.function}\([^;{{}}]*\)\s*\n{{\n"
        found = list(re.finditer(head, source, re.MULTILINE))
        bodies = [(m.start(), source.index("\n}\n", m.end() - 1)) for m in found]
        bodies = [(a, b) for a, b in bodies if fault.find in source[a:b]]
        if len(bodies) != 1:
            raise UserError(f"{fault.file}: {fault.find!r} is in {len(bodies)} {fault.function}()")
        start, end = bodies[0]
    if source.count(fault.find, start, end) != 1:
        raise UserError(f"{fault.file} has {fault.find!r} {source.count(fault.find)} times")
    at = source.index(fault.find, start, end)
    replacement = fault.replace.replace("IN_TEST", "(current->kunit_test != NULL)")
    return source[:at] + replacement + source[at + len(fault.find):]


def link_tree(source: Path, tree: Path, files: Iterable[str]) -> None:
    """Make tree a tree of links to source in which the files are copies."""
    real = {parent for file in files for parent in Path(file).parents}
    for folder in sorted(real):
        if (tree / folder).is_symlink():
            (tree / folder).unlink()  # or what is written below it would be written to source
        (tree / folder).mkdir(parents=True, exist_ok=True)
        for entry in os.scandir(source / folder):
            path = folder / entry.name
            if path not in real and not (tree / path).exists():
                (tree / path).symlink_to(source / path)
    for file in files:
        put(tree / file, (source / file).read_text())


def put(path: Path, text: str) -> None:
    """Make path a file with that text, and leave it alone if it is."""
    if path.is_symlink():
        path.unlink()
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def run(tree: Path, fault: Fault, results: Path, case: str = "*") -> Result:
    """Build the tree as a user would, run the fault's suite or one case; return the result."""
    results.unlink(missing_ok=True)
    command = [str(REPO / "tools/kmem-kunit"), "run", f"--kernel={tree}", f"--json={results}"]
    command += [f"--config={name}" for name in fault.config]
    command += [f"--boot-args={fault.boot}", f"--filter={fault.suite}.{case}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=LIMIT,
                          stdin=subprocess.DEVNULL)
    if not results.exists():
        raise UserError(f"{fault.breaks}: {done.stderr.strip()[-500:] or done.stdout[-500:]}")
    return kcidb.load(results)[0].result


def noticed(result: Result) -> list[str]:
    """Return the names of the cases that failed, or were running when the kernel died."""
    failed = [case.name for case in result.cases
              if case.status in (Status.FAIL, Status.ERROR) and not case.param]
    running = [problem.case.split(".")[1] for problem in result.problems if "." in problem.case]
    return list(dict.fromkeys(failed + running))


def noticed_alone(tree: Path, fault: Fault, results: Path, names: Sequence[str]) -> list[str]:
    """Return those of the fault's cases that notice it only when nothing runs before them."""
    return [case for case in lacks(fault, names) if case in noticed(run(tree, fault, results, case))]


def answer(base: Path, source: kernel.Kernel, fault: Fault, files: Iterable[str]) -> list[str]:
    """Return the cases that notice a fault, from the last time if nothing has changed since."""
    used = re.compile(rf"lib/(?:.*\.h|{fault.suite}_kunit\.c|(?!.*_kunit\.c).*\.c)")
    content = {name: text for name, text in overlay.files(REPO).items() if used.fullmatch(name)}
    key = cache.digest(source.name, source.version, repr(fault), overlay.digest(content))
    kept = base / f"{key}.json"
    if kept.exists():
        names: list[str] = json.loads(kept.read_text())
        return names
    tree, results = base / source.name, base / f"{source.name}.json"
    link_tree(source.path, tree, files)
    put(tree / fault.file, broken((source.path / fault.file).read_text(), fault))
    names = noticed(run(tree, fault, results))
    names += noticed_alone(tree, fault, results, names)
    cache.write(kept, json.dumps(names))
    return names


def table(rows: Sequence[tuple[Fault, str, Sequence[str]]]) -> str:
    """Return the table as reStructuredText."""
    lines = [HEAD + ".. list-table::", "   :header-rows: 1", "   :widths: 12 28 10 50", ""]
    for row in [("Suite", "What was broken", "Linux", "Noticed by"), *(
        (fault.suite, f"{fault.breaks} (``{fault.function or fault.file}``)",
         " ".join([series, *fault.config, fault.boot]).strip(), ", ".join(names))
        for fault, series, names in rows
    )]:
        lines += [f"   * - {row[0]}", *(f"     - {text}" for text in row[1:])]
    return "\n".join(lines) + "\n"


def make(source: kernel.Kernel, text: str) -> list[tuple[Fault, str, list[str]]]:
    """Make the faults of a kernel that have text in their description, and say what noticed them."""
    faults = [fault for fault in load() if source.name in fault.series]
    files = sorted({fault.file for fault in faults})
    # what rebuilds most comes last
    faults.sort(key=lambda fault: (fault.config, fault.file.endswith(".h")))
    rows = []
    for fault in [fault for fault in faults if text in fault.breaks]:
        names = answer(cache.root() / "faults", source, fault, files)
        lacking = lacks(fault, names)
        verdict = f"NOT by {', '.join(lacking)}; " if lacking else ""
        print(f"{source.name} {fault.suite}: {fault.breaks}: {verdict}{', '.join(names)}",
              flush=True)
        rows.append((fault, source.name, names))
    return rows


def lacks(fault: Fault, names: Sequence[str]) -> list[str]:
    """Return which of the cases that must notice a fault are not among names."""
    return [case for case in fault.cases if case not in names]


def main() -> int:
    """Make the faults, of each series in a thread of its own."""
    parser = argparse.ArgumentParser(description="Break the kernel and see which cases notice.")
    parser.add_argument("--kernel", action="append", choices=SERIES, help="default: all of them")
    parser.add_argument("--fault", default="", help="only those whose description has this text")
    options = parser.parse_args()
    sources = [kernel.resolve(series) for series in options.kernel or SERIES]
    with ThreadPoolExecutor() as pool:
        parts = pool.map(lambda source: make(source, options.fault), sources)
    rows = sorted(chain.from_iterable(parts), key=lambda row: (row[0].suite, row[0].breaks))
    unnoticed = any(lacks(fault, names) for fault, _, names in rows)
    if not options.fault and not options.kernel and not unnoticed:
        TABLE.write_text(table(rows))
    return 1 if unnoticed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(f"faults: {error}")
