#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Break the kernel on purpose, one line at a time, and see which cases notice.

    tools/tests/faults.py [--kernel SERIES]... [--fault TEXT]

Each entry of faults.toml is made in a tree of links beside the kernel's source, which is not
touched, and run as any other kernel. Answers are kept under the hash of the fault and the suites, so
that an interrupted run goes on where it was. Without --fault, they become Documentation/faults.rst.
Exit status 1: a fault was not noticed by the cases that it names.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
``make faults`` made these edits, built each kernel, ran the suites and wrote this table; the edits
themselves are in ``tools/tests/faults.toml``. A case that a dying kernel did not reach was run in a
boot of its own. "and N others" counts cases of other suites.

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
    """Return the faults of faults.toml."""
    with open(Path(__file__).with_name("faults.toml"), "rb") as file:
        entries: list[dict[str, Any]] = tomllib.load(file)["fault"]
    return [
        Fault(**{name: tuple(value) if isinstance(value, list) else value
                 for name, value in entry.items()})
        for entry in entries
    ]


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


def run(tree: Path, fault: Fault, results: Path, only: str = "") -> Result:
    """Build and run the tree as a user would, all suites or only some; return the result."""
    results.unlink(missing_ok=True)
    command = [str(REPO / "tools/kmem-kunit"), "run", f"--kernel={tree}", f"--json={results}"]
    command += [f"--config={name}" for name in fault.config]
    command += [f"--boot-args={fault.boot}", f"--filter={only}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=LIMIT,
                          stdin=subprocess.DEVNULL)
    if not results.exists():
        raise UserError(f"{fault.breaks}: {done.stderr.strip()[-500:] or done.stdout[-500:]}")
    return kcidb.load(results)[0].result


def noticed(result: Result) -> list[str]:
    """Return suite.case of each that failed, or was running when the kernel died."""
    failed = [f"{case.suite}.{case.name}" for case in result.cases
              if case.status in (Status.FAIL, Status.ERROR) and not case.param]
    running = [".".join(problem.case.split(".")[:2]) for problem in result.problems]
    return list(dict.fromkeys(name for name in failed + running if "." in name))


def noticed_alone(tree: Path, fault: Fault, results: Path, names: Sequence[str]) -> list[str]:
    """Return those of the fault's cases that notice it only when nothing runs before them."""
    cases = [f"{fault.suite}.{case}" for case in fault.cases]
    lacking = [case for case in cases if case not in names]
    return [case for case in lacking if case in noticed(run(tree, fault, results, case))]


def answer(base: Path, source: kernel.Kernel, fault: Fault, files: Iterable[str]) -> list[str]:
    """Return the cases that notice a fault, from the last time if nothing has changed since."""
    key = cache.digest(source.name, source.version, repr(fault),
                       overlay.digest(overlay.files(REPO)))
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


def cell(fault: Fault, names: Sequence[str]) -> str:
    """Return what the table says of one fault in one series."""
    own = [name.partition(".")[2] for name in names if name.startswith(f"{fault.suite}.")]
    others = len(names) - len(own)
    return ", ".join(own) + (f" and {others} others" if others else "")


def table(rows: Sequence[tuple[Fault, str, Sequence[str]]]) -> str:
    """Return the table as reStructuredText."""
    lines = [HEAD + ".. list-table::", "   :header-rows: 1", "   :widths: 12 28 10 50", ""]
    for row in [("Suite", "What was broken", "Linux", "Noticed by"), *(
        (fault.suite, f"{fault.breaks} (``{fault.function or fault.file}``)",
         " ".join([series, *fault.config, fault.boot]).strip(), cell(fault, names))
        for fault, series, names in rows
    )]:
        lines += [f"   * - {row[0]}", *(f"     - {text}" for text in row[1:])]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Make the faults."""
    parser = argparse.ArgumentParser(description="Break the kernel and see which cases notice.")
    parser.add_argument("--kernel", action="append", choices=SERIES, help="default: all of them")
    parser.add_argument("--fault", default="", help="only those whose description has this text")
    options = parser.parse_args()
    base = cache.root() / "faults"
    rows, unnoticed = [], 0
    for series in options.kernel or SERIES:
        source = kernel.resolve(series)
        faults = [fault for fault in load() if series in fault.series]
        files = sorted({fault.file for fault in faults})
        # what rebuilds most comes last
        faults.sort(key=lambda fault: (fault.config, fault.file.endswith(".h")))
        for fault in [fault for fault in faults if options.fault in fault.breaks]:
            names = answer(base, source, fault, files)
            lacking = [c for c in fault.cases if f"{fault.suite}.{c}" not in names]
            unnoticed += bool(lacking)
            verdict = f"NOT by {', '.join(lacking)}; " if lacking else ""
            print(f"{series} {fault.suite}: {fault.breaks}: {verdict}{cell(fault, names)}",
                  flush=True)
            rows.append((fault, series, names))
    if not options.fault and not unnoticed:
        TABLE.write_text(table(sorted(rows, key=lambda row: (row[0].suite, row[0].breaks))))
    return 1 if unnoticed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(f"faults: {error}")
