#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Boot a kernel once for each case, with nothing but that case: none may lean on another.

    tools/tests/alone.py [--kernel SERIES]... [--boot-args "..."] [--filter GLOB]

Prints the cases that failed; the exit status is 1 if there are any that tools/quarantine.toml does
not excuse. The cases of kmem_fatal, which never run with others, are not among them.
"""
import argparse
import datetime
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tools"))

from kmem_kunit import boot, cache, cells, deaths, host, image, kernel, ktap  # noqa: E402
from kmem_kunit import quarantine, suites  # noqa: E402
from kmem_kunit.errors import UserError  # noqa: E402
from kmem_kunit.result import Result, Status  # noqa: E402

LIMIT = 60.0  # seconds for one boot


def verdict(result: Result) -> tuple[str, str]:
    """Return how the case of a boot fared, and what the console says if that is bad."""
    bad = [case for case in result.cases if case.bad and not case.known]
    said = [f"{case.path} {case.status.value}\n{case.log}" for case in bad]
    said += [f"{problem.kind} in {problem.case}\n{problem.log}" for problem in result.problems]
    if said:
        return "failed", "\n".join(said)
    (case,) = [case for case in result.cases if not case.param]
    if case.known:
        return "known failure", ""
    return ("skipped" if case.status is Status.SKIP else "passed"), ""


def run(series: str, arguments: tuple[str, ...], glob: str) -> Counter[str]:
    """Boot each case of a kernel alone; print and count how they fared."""
    request = image.Request(kernel.resolve(series), REPO)
    image.check(request)
    made = image.build(cache.root(), request)
    planned = suites.select(suites.load(REPO / "lib"), glob)
    planned.pop(deaths.SUITE, None)
    names = [f"{suite}.{case}" for suite, cases in planned.items() for case in cases]
    log = boot.boot(cache.root(), made, arguments, glob, limit=LIMIT, isolated=len(names),
                    on_tick=lambda _, __: None)
    boots = {f"{alone.suite}.{alone.case}": alone for alone in deaths.split(log)}
    cell = cells.load(REPO).name_of(request.kernel.series, made.arch.label, (), arguments)
    known, today = quarantine.load(REPO), datetime.date.today()
    found: Counter[str] = Counter()
    for name in names:
        fared, why = "failed", "never ran"
        if name in boots:
            suite, case = name.split(".")
            result = ktap.read(boots[name].lines, {suite: [case]})
            fared, why = verdict(quarantine.applied(result, cell, known, today))
        found[fared] += 1
        if why:
            print(f"{series} {name} (log {log.path}): {why}", flush=True)
    return found


def main() -> int:
    """Run each series in a thread of its own."""
    parser = argparse.ArgumentParser(description="Boot each case alone.")
    parser.add_argument("--kernel", action="append", metavar="SERIES", help="default: 6.12")
    parser.add_argument("--boot-args", default="")
    parser.add_argument("--filter", default="")
    options = parser.parse_args()
    host.ensure(host.ALL)
    arguments = boot.arguments(options.boot_args)
    names = options.kernel or [kernel.DEFAULT]
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda name: run(name, arguments, options.filter), names))
    for name, counts in zip(names, found):
        told = ", ".join(f"{count} {fared}" for fared, count in sorted(counts.items()))
        print(f"Linux {name}, each case alone: {told}")
    return 1 if any(counts["failed"] for counts in found) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(f"alone: {error}")
