#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Boot a kernel once for each case, with nothing but that case: none may lean on another.

    tools/tests/alone.py [--kernel SERIES]... [--boot-args "..."] [--filter GLOB]

Prints the cases that failed; the exit status is 1 if there are any. The cases of kmem_fatal, which
never run with others, are not among them.
"""
import argparse
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tools"))

from kmem_kunit import boot, cache, deaths, host, image, kernel, ktap, suites  # noqa: E402
from kmem_kunit.errors import UserError  # noqa: E402
from kmem_kunit.result import Status  # noqa: E402

LIMIT = 60.0  # seconds for one boot


def verdict(alone: deaths.Alone) -> tuple[Status, str]:
    """Return how the case of a boot fared, and, if badly, what the console says of it."""
    result = ktap.read(alone.lines, {alone.suite: [alone.case]})
    said = [f"{case.path} {case.status.value}\n{case.log}" for case in result.cases if case.bad]
    said += [f"{problem.kind} in {problem.case}\n{problem.log}" for problem in result.problems]
    if said:
        return Status.FAIL, "\n".join(said)
    return next(case.status for case in result.cases if not case.param), ""


def run(series: str, arguments: tuple[str, ...], glob: str) -> Counter[Status]:
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
    found: Counter[Status] = Counter()
    for name in names:
        status, why = verdict(boots[name]) if name in boots else (Status.MISS, "")
        found[status] += 1
        if status not in (Status.PASS, Status.SKIP):
            print(f"{series} {name}: {status.value} (log {log.path})\n{why}", flush=True)
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
    bad = [counts.total() - counts[Status.PASS] - counts[Status.SKIP] for counts in found]
    for name, counts, failed in zip(names, found, bad):
        print(f"Linux {name}, each case alone: {counts[Status.PASS]} passed, {failed} failed, "
              f"{counts[Status.SKIP]} skipped")
    return 1 if any(bad) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(f"alone: {error}")
