#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Judge a sample of mutants the naive way, too: edit, make, boot; the verdicts must be the same.

    tools/tests/plain_edits.py [--kernel SERIES] [--sample N] [--seed N]

Prints each mutant with both verdicts, and how many could be judged in an hour in either way, by the
time that each took, one mutant after the other. The exit status is 1 if a verdict differs.
"""
import argparse
import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tools"))

from kmem_kunit import arch, cache, deaths, guest, host, image, kernel  # noqa: E402
from kmem_kunit import mutating, suites, watching  # noqa: E402
from kmem_kunit.campaign import Campaign, Verdict  # noqa: E402
from kmem_kunit.errors import UserError  # noqa: E402


def compare(series: str, size: int, seed: int) -> int:
    """Judge size mutants in both ways, one after the other; return how many differ."""
    from kmem_kunit import mutation  # needs what host.ensure() installs

    base, jobs = cache.root(), os.cpu_count() or 1
    request = image.Request(kernel.resolve(series), REPO, arch=arch.find("uml-clang"), jobs=jobs)
    image.check(request)
    made = mutation.make(base, request, ())
    dying = suites.select(suites.load(REPO / "lib"), deaths.SUITE)[deaths.SUITE]
    with cache.temporary(base / "runs") as folder:
        with ThreadPoolExecutor(jobs) as pool:
            watch = partial(watching.watch, made.image.binary, folder, dying=dying)
            maps = list(pool.map(watch, guest.ways(request.kernel.series)))

        def on(binary: Path) -> Campaign:
            return Campaign(binary, folder, maps, mutating.Wish().measures, lambda _: False,
                            made.image.binary)

        def edited(number: int) -> str:
            """Return a verdict of the naive way."""
            try:
                built = mutation.edited(base, request, made, made.mutants[number])
            except image.BuildFailed as error:
                return "does not build: " + next((e for e in error.lines if "error:" in e), "?")
            verdict = on(built.binary).judge(number)
            cache.remove(built.path)
            return shown(verdict)

        chosen = on(made.image.binary)
        took = {"chosen at boot": 0.0, "edited": 0.0}
        differ = 0
        # as a plain edit, one of what acts in suites only would act in all of the kernel
        numbers = [number for number, each in made.mutants.items()
                   if each.file != "include/linux/slab.h" and chosen.reached(number)]
        for number in random.Random(seed).sample(numbers, size):
            verdicts = []
            for way, judge in zip(took, (lambda each: shown(chosen.judge(each)), edited)):
                started = time.monotonic()
                verdicts.append(judge(number))
                took[way] += time.monotonic() - started
            same = verdicts[0] == verdicts[1]
            differ += not same
            mutant = made.mutants[number]
            print(f"{'same' if same else 'DIFFER'} {mutant.file}:{mutant.line}:{mutant.column}"
                  f" [{mutant.operator}] {mutant.function}(): {'; '.join(verdicts)}", flush=True)
    for way, seconds in took.items():
        print(f"{way}: {size} in {seconds:.0f} s, {3600 * size / seconds:.0f} an hour")
    print(f"{size} mutants of {made.image.release}, seed {seed}: {differ} differ")
    return differ


def shown(verdict: Verdict) -> str:
    """Return a verdict as text: what became of the mutant, and the case that noticed."""
    return f"{verdict.fate.value} {verdict.way} {verdict.case}".rstrip()


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernel", default="7.3")
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    host.ensure(host.ALL)
    os.environ["PATH"] = host.cached_path()
    return 1 if compare(options.kernel, options.sample, options.seed) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(f"plain_edits: {error}")
