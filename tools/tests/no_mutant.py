#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Boot the kernel with all mutants, of which none acts, and the one without: both must say the same.

    tools/tests/no_mutant.py [--kernel SERIES]

All cases are run in each way to boot, and the consoles compared line by line, without what differs from
boot to boot of one kernel as well, times, addresses and the compiler's date, and without how large it is.
Prints the lines that differ. The exit status is 1 if there are any.
"""
import argparse
import dataclasses
import difflib
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tools"))

from kmem_kunit import arch, cache, guest, host, image, kernel  # noqa: E402
from kmem_kunit.errors import UserError  # noqa: E402

_LIMIT = 600.0  # seconds, of which a boot needs some ten
_OWN = re.compile(r"Linux version |Memory: |Kernel command line: |Calibrating delay loop|"
                  # where its image ends
                  r"to account for exec-shield gap|pages in unavailable ranges|Total pages: ")
_CHANGING = re.compile(r"^\[ *\d+\.\d+\]|\b0x[0-9a-f]+\b|\b[0-9a-f]{8,16}\b|\b\d+(?:\.\d+)? ?(?:ms|s|us)\b")


def said(lines: Sequence[str]) -> list[str]:
    """Return what a console says of a kernel, and not of a boot."""
    plain = (_CHANGING.sub("N", line) for line in lines)
    return [line for line in plain if not _OWN.search(line)]


def compare(series: str) -> int:
    """Return how many lines differ."""
    from kmem_kunit import mutation  # needs what host.ensure() installs

    base, jobs = cache.root(), os.cpu_count() or 1
    request = image.Request(kernel.resolve(series), REPO, arch=arch.find("uml-clang"), jobs=jobs)
    image.check(request)
    made = mutation.make(base, request, ())
    # an edit that leaves all as it is
    some = next(each for each in made.mutants.values() if each.operator == "relational")
    text = (made.source / some.file).read_bytes()[some.start : some.end].decode()
    without = mutation.edited(base, request, made, dataclasses.replace(some, replacement=text))
    differ = 0
    with cache.temporary(base / "runs") as folder:
        for way in guest.ways(request.kernel.series):
            booted = [guest.boot(each.binary, folder, way.arguments, _LIMIT)
                      for each in (without, made.image)]
            if any(each.died for each in booted):
                raise UserError(f"a kernel does not get to its end, booted {way.name}")
            before, after = (said(each.lines) for each in booted)
            found = [line for line in difflib.unified_diff(before, after, n=0, lineterm="")
                     if not line.startswith(("---", "+++", "@@"))]
            differ += len(found)
            print(f"{way.name}: {len(booted[0].lines)} lines, {len(found)} differ", *found, sep="\n    ",
                  flush=True)
    print(f"{len(made.mutants)} mutants of {made.image.release}, none chosen: {differ} lines differ")
    return differ


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernel", default="7.3")
    options = parser.parse_args()
    host.ensure(host.ALL)
    os.environ["PATH"] = host.cached_path()
    return 1 if compare(options.kernel) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(f"no_mutant: {error}")
