#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Break the kernel on purpose, one line at a time, and see which cases notice.

    tools/tests/faults.py [--kernel SERIES]... [--fault TEXT] [--missing]

The entries of tools/faults/<suite>.toml are made in a tree of links beside the kernel's source, which
is not touched: all that can be in one kernel, with a boot for each, and the others alone. A macro of
a header is broken for the suite only, which is where it is expanded. The suite is run on it as on any
other kernel. Answers are kept under the hash of the fault and the suite, so that an interrupted run
goes on where it was. They take their places in the table of Documentation/faults.rst; the rows of
faults that were not made this time stay as they are, those of faults that are gone go.
Exit status 1: a fault was not noticed by the cases that it names.

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
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tools"))

from kmem_kunit import boot, cache, deaths, evidence, host, image  # noqa: E402  pylint: disable=wrong-import-position
from kmem_kunit import kernel, overlay, proc, suites, tree  # noqa: E402  pylint: disable=wrong-import-position
from kmem_kunit.errors import UserError  # noqa: E402  pylint: disable=wrong-import-position
from kmem_kunit.result import Result, Status  # noqa: E402  pylint: disable=wrong-import-position
from schemata import CHOICE, HOME, SERIES, Fault, body, broken, with_all  # noqa: E402

LIMIT = 60.0  # seconds for one boot, of which it needs one
BUILD_LIMIT = 3600.0  # seconds
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


def built_for_suite(source: kernel.Kernel, folder: Path, fault: Fault,
                    header: str) -> image.Image:
    """Return a kernel in which the fault's suite is compiled with that text for the fault's header.

    It is included before all else, so that the true one is not read after it. The image is in folder.
    """
    request = image.Request(source, REPO, fault.config)
    plain, plan = image.build(cache.root(), request), image.plan(cache.root(), request)
    folder.mkdir(exist_ok=True)
    cache.write(folder / "broken.h", header)
    option = f"--make_options=CFLAGS_{fault.suite}_kunit.o=-include {folder / 'broken.h'}"
    lock = cache.lock_path(cache.root(), f"builds-{plan.build_dir.name}")
    with cache.lock(lock, str(plan.build_dir), print):
        done = proc.run([*plan.build_command, option], timeout=BUILD_LIMIT)
        if done.status:
            raise UserError(f"{fault.breaks}: the suite does not build\n{done.output}")
        for path in (plain.kunitconfig, plan.build_dir / plain.arch.binary):
            shutil.copy2(path, folder / path.name)
    return replace(plain, path=folder)


def built(place: Path, config: tuple[str, ...]) -> image.Image:
    """Return the image of a tree, built as for any user."""
    request = image.Request(kernel.resolve(str(place)), REPO, config)
    image.check(request)
    return image.build(cache.root(), request)


def run(the_image: image.Image, fault: Fault, arguments: str, case: str = "*") -> Result:
    """Boot an image with the fault's suite or one case of it; return the result."""
    glob = f"{fault.suite}.{case}"
    log = boot.boot(cache.root(), the_image, boot.arguments(arguments), glob, limit=LIMIT)
    return boot.judge(log, suites.select(suites.load(REPO / "lib"), glob))


def noticed(result: Result) -> list[str]:
    """Return the names of the cases that failed, or were running when the kernel died."""
    failed = [case.name for case in result.cases
              if case.status in (Status.FAIL, Status.ERROR) and not case.param]
    running = [problem.case.split(".")[1] for problem in result.problems if "." in problem.case]
    return list(dict.fromkeys(failed + running))


def noticing(the_image: image.Image, fault: Fault, arguments: str) -> list[str]:
    """Return the cases that notice a fault, alone if a dying kernel kept them from it."""
    if fault.suite == deaths.SUITE:
        planned = suites.select(suites.load(REPO / "lib"), fault.suite)
        died = deaths.run(cache.root(), the_image, boot.arguments(arguments), "",
                          planned[fault.suite], lambda: False)
        return [case.name for case in died if case.bad]
    names = noticed(run(the_image, fault, arguments))
    return names + [case for case in lacks(fault, names)
                    if case in noticed(run(the_image, fault, arguments, case))]


def answer(base: Path, source: kernel.Kernel, fault: Fault) -> Path:
    """Return where the answer is kept: under all that it depends on."""
    used = re.compile(rf"lib/(?:.*\.h|{fault.suite}_kunit\.c|(?!.*_kunit\.c).*\.c)")
    content = {name: text for name, text in overlay.files(REPO).items() if used.fullmatch(name)}
    key = cache.digest(source.name, source.version, repr(fault), overlay.digest(content))
    return base / f"{key}.json"


def kernel_with_all(source: Path, numbered: Mapping[int, Fault]) -> dict[str, str]:
    """Return the files of a kernel with all of these faults, to be chosen by number."""
    contents = {}
    for file in {fault.file for fault in numbered.values()} | {HOME}:
        here = {number: fault for number, fault in numbered.items() if fault.file == file}
        text = with_all((source / file).read_text(), here)
        contents[file] = text + (CHOICE if file == HOME else "")
    return contents


def tell(source: kernel.Kernel, fault: Fault, names: Sequence[str]) -> None:
    """Print who noticed a fault."""
    lacking = lacks(fault, names)
    verdict = f"NOT by {', '.join(lacking)}; " if lacking else ""
    print(f"{source.name} {fault.suite}: {fault.breaks}: {verdict}{', '.join(names)}", flush=True)


Cells = tuple[str, str, str]  # the first three of a row: suite, what was broken, kernel


def cells_of(fault: Fault, series: str) -> Cells:
    """Return what a row of the table says of a fault in a kernel."""
    return (fault.suite, f"{fault.breaks} (``{fault.function or fault.file}``)",
            " ".join([series, *fault.config, fault.boot]).strip())


def table(rows: Mapping[Cells, Sequence[str]]) -> str:
    """Return the table as reStructuredText, with those of the rows whose faults there are."""
    known = [(fault, series) for fault in load() for series in fault.series]
    lines = [HEAD + ".. list-table::", "   :header-rows: 1", "   :widths: 12 28 10 50", "",
             "   * - Suite", "     - What was broken", "     - Linux", "     - Noticed by"]
    for fault, series in sorted(known, key=lambda pair: (pair[0].suite, pair[0].breaks, pair[1])):
        cells = cells_of(fault, series)
        if cells in rows and not lacks(fault, rows[cells]):
            lines += [f"   * - {cells[0]}", *(f"     - {text}" for text in cells[1:]),
                      f"     - {', '.join(rows[cells])}"]
    return "\n".join(lines) + "\n"


Row = tuple[Fault, str, list[str]]  # a fault, a series, and the cases that noticed it


def make(source: kernel.Kernel, wanted: Callable[[Fault, str], bool]) -> list[Row]:
    """Make the faults of a kernel that are wanted, and say what noticed them."""
    faults = [fault for fault in load() if source.name in fault.series]
    rows = []
    for config in sorted({fault.config for fault in faults}):
        rows += make_in(source, [fault for fault in faults if fault.config == config], wanted)
    return rows


def make_in(source: kernel.Kernel, faults: Sequence[Fault],
            is_wanted: Callable[[Fault, str], bool]) -> list[Row]:
    """Make the faults of one configuration: all that can be in one kernel, then the others alone."""
    base = cache.root() / "faults"
    sources = {fault.file: (source.path / fault.file).read_text() for fault in faults}
    together = {number: fault for number, fault in enumerate(faults, 1)
                if body(sources[fault.file], fault)}
    wanted = [(number, fault) for number, fault in enumerate(faults, 1)
              if is_wanted(fault, source.name)]
    missing = [pair for pair in wanted if not answer(base, source, pair[1]).exists()]
    place = base / source.name
    if together.keys() & {number for number, _ in missing}:
        tree.edited(source.path, place, kernel_with_all(source.path, together))
        with_all_faults = built(place, faults[0].config)
    for number, fault in sorted(missing, key=lambda pair: pair[0] not in together):
        if number in together:
            names = noticing(with_all_faults, fault, f"{fault.boot} kmem_fault={number}")
        else:
            names = noticing(built_alone(source, place, sources, fault), fault, fault.boot)
        cache.write(answer(base, source, fault), json.dumps(names))
        tell(source, fault, names)
    return [(fault, source.name, json.loads(answer(base, source, fault).read_text()))
            for _, fault in wanted]


def built_alone(source: kernel.Kernel, place: Path, sources: Mapping[str, str],
                fault: Fault) -> image.Image:
    """Return a kernel with one fault in it."""
    edited = broken(sources[fault.file], fault)
    if fault.file.endswith(".h"):
        return built_for_suite(source, place.with_name(f"{place.name}-image"), fault, edited)
    tree.edited(source.path, place, {**sources, fault.file: edited})
    return built(place, fault.config)


def lacks(fault: Fault, names: Sequence[str]) -> list[str]:
    """Return which of the cases that must notice a fault are not among names."""
    return [case for case in fault.cases if case not in names]


def main() -> int:
    """Make the faults, of each series in a thread of its own."""
    parser = argparse.ArgumentParser(description="Break the kernel and see which cases notice.")
    parser.add_argument("--kernel", action="append", choices=SERIES, help="default: all of them")
    parser.add_argument("--fault", default="", help="only those whose description has this text")
    parser.add_argument("--missing", action="store_true",
                        help="only those of which the table has no row")
    options = parser.parse_args()
    host.ensure(host.ALL)
    known = dict(evidence.faults(TABLE.read_text()))

    def wanted(fault: Fault, series: str) -> bool:
        new = not options.missing or cells_of(fault, series) not in known
        return options.fault in fault.breaks and new

    os.environ["PATH"] = host.cached_path()  # a fault in a macro changes few of all the objects
    sources = [kernel.resolve(series) for series in options.kernel or SERIES]
    with ThreadPoolExecutor() as pool:
        parts = pool.map(lambda source: make(source, wanted), sources)
    rows = list(chain.from_iterable(parts))
    made = {cells_of(fault, series): names for fault, series, names in rows}
    TABLE.write_text(table({**known, **made}))
    return 1 if any(lacks(fault, names) for fault, _, names in rows) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(f"faults: {error}")
