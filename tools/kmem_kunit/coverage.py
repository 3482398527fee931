# SPDX-License-Identifier: GPL-2.0-only
"""The verb "coverage": which lines, branches and functions of the allocator are reached, and by whom.

clang counts in the kernel itself. What a boot without any case reaches is counted apart: it says nothing
of the cases.
"""
import argparse
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from kmem_kunit import (
    arch,
    cache,
    deaths,
    guest,
    image,
    ktap,
    proc,
    progress,
    quarantine,
    result,
    suites,
)
from kmem_kunit.errors import UserError
from kmem_kunit.mutant import FILES
from kmem_kunit.suites import OURS
from kmem_kunit.table import aligned, percent

CONFIGS = ("in_tree", "coverage")
_NONE = "kunit.filter_glob=none"  # runs nothing
_LIMIT = 900.0  # seconds for a boot, or for one of LLVM's tools
_TOLD = 40  # failures
KINDS = ("lines", "branches", "functions")
_SUMS = ("FNF", "FNH", "BRF", "BRH", "LF", "LH")


@dataclass(frozen=True)
class Counts:
    """What there is of a kind in a file, and what was reached, each by where it is."""

    there: frozenset[str]
    reached: frozenset[str]


_NOTHING = Counts(frozenset(), frozenset())
Reach = Mapping[tuple[str, str], Counts]  # by file, and by kind of KINDS


def measure(base: Path, request: image.Request, options: argparse.Namespace) -> int:
    """Do what the command line asks for; return the exit status."""
    the_image = image.build(base, replace(request, configs=(*request.configs, *CONFIGS)))
    globs = list(dict.fromkeys(options.suites or [OURS]))
    with cache.temporary(base / "runs") as folder:
        plans = [_alone(request), *(_with(request, glob) for glob in globs)]
        wrong, texts = list[str](), list[list[str]]()
        for number, each in enumerate(plans):
            here, profile = folder / str(number), folder / f"{number}.profdata"
            wrong += _booted(the_image, request, here, each, profile)
            texts.append(_exported(the_image, profile).splitlines())
        boot, *of_suites = map(read, texts)
        own = folder / "lcov"
        own.write_text("\n".join(beyond(texts[1], boot)) + "\n", encoding="utf-8")
        if options.lcov is not None:
            result.save(options.lcov, own.read_bytes())
        if options.html is not None:
            _tool("genhtml", "--quiet", "--branch-coverage", "--title", globs[0], "--prefix", the_image.tree,
                  "--output-directory", options.html, own)
    for line in table(boot, dict(zip(globs, of_suites))):
        print(line)
    for line in wrong[:_TOLD]:
        print(progress.clean(line))
    if wrong:
        print(f"{len(wrong)} failures: what did not run to its end may be missing above")
    return 1 if wrong else 0


@dataclass(frozen=True)
class _Plan:
    """A boot to come: the cell whose way it is, its arguments, and whether cases of ours run in it.

    dies is the case of deaths.SUITE that it is for, or "".
    """

    cell: str
    arguments: Sequence[str]
    cases: bool
    dies: str = ""

    def wrong(self, seen: guest.Boot, known: Sequence[quarantine.Entry]) -> list[str]:
        """Return a line for each thing that should not have been in the boot, as it was."""
        if self.dies:
            died = deaths.judge(self.dies, seen.lines, "")
            return [f"{died.status.value} {died.path}"] if died.bad else []
        found = quarantine.applied(ktap.read(seen.lines), self.cell, known, date.today())
        lines = [f"{case.status.value} {case.path}" for case in found.cases
                 if case.bad and not case.known and not case.param]
        lines += [f"{each.kind} in {each.case or 'no case'}" for each in found.problems
                  if self.cases or each.kind in ("panic", "splat")]
        if seen.timed_out:
            lines.append(f"no end after {_LIMIT:.0f} s")
        elif seen.status and not any(each.kind == "panic" for each in found.problems):
            lines.append(f"the kernel ended with status {seen.status}")
        return [f"{line}, booted as {self.cell}" for line in lines]


def _alone(request: image.Request) -> list[_Plan]:
    """Return the boots that no case runs in, one in each way."""
    series = request.kernel.series
    return [_Plan(f"{series}/{way.name}", (*way.arguments, _NONE), False) for way in guest.ways(series)]


def _with(request: image.Request, glob: str) -> list[_Plan]:
    """Return the boots of the suites of a pattern, in each way, and those of the fatal cases."""
    series = request.kernel.series
    dying = []
    if fnmatchcase(deaths.SUITE, glob):
        dying = suites.select(suites.load(request.repo / "lib"), deaths.SUITE)[deaths.SUITE]
    return [*(_Plan(f"{series}/{way.name}", (*way.arguments, f"kunit.filter_glob={glob}"), True)
              for way in guest.ways(series)),
            *(_Plan("", (f"kunit.filter_glob={deaths.SUITE}.{name}", deaths.ARGUMENT), True, name)
              for name in dying)]


def _booted(the_image: image.Image, request: image.Request, folder: Path, plans: Sequence[_Plan],
            target: Path) -> list[str]:
    """Boot as planned, and merge the profiles into target; return a line for each failure."""
    folder.mkdir()
    known, wrong = quarantine.load(request.repo), list[str]()
    with progress.step(f"running Linux {the_image.release}", "boots") as tick:
        for number, plan in enumerate(plans):
            profile = folder / f"{number}.profraw"
            seen = guest.boot(the_image.binary, folder, plan.arguments, _LIMIT,
                              LLVM_PROFILE_FILE=str(profile))
            ran = any("# Subtest: " in line for line in seen.lines)
            if plan.cases and not ran and not seen.status and not seen.timed_out:
                words = " ".join(plan.arguments)
                raise UserError(f"Linux {the_image.release} has run no case with {words!r}")
            wrong += plan.wrong(seen, known)
            if not profile.exists() and not seen.status and not seen.timed_out:
                wrong.append(f"nothing was counted, booted as {plan.cell}")
            tick(number + 1, len(plans))
    found = sorted(folder.glob("*.profraw"))
    if not found:
        said = f"Linux {the_image.release} has counted nothing"
        raise UserError(f"{said} (clang does so from 6.12 on): {wrong[0]}")
    _tool(_llvm("profdata"), "merge", "--sparse", "-o", target, *found)
    return wrong


def _llvm(name: str) -> str:
    return f"llvm-{name}{arch.find('uml-clang').llvm}"


def _tool(name: str, *words: str | Path) -> str:
    """Run a tool; return what it prints."""
    done = proc.run([name, *words], timeout=_LIMIT)
    if done.status != 0:
        raise UserError(f"{name}: {(done.output.strip().splitlines() or ['failed'])[-1]}")
    return done.output


def _exported(the_image: image.Image, profile: Path) -> str:
    return _tool(_llvm("cov"), "export", "--format=lcov", f"--instr-profile={profile}",
                 the_image.binary, *(the_image.tree / file for file in FILES))




@dataclass(frozen=True)
class _Entry:
    """A line of an lcov tracefile: of which file of ours, or "", and of which kind of thing, or "".

    count is how often that was reached, if the line says it.
    """

    line: str
    file: str
    kind: str
    where: str = ""
    count: str = ""


def _entries(lines: Sequence[str]) -> Iterator[_Entry]:
    file = ""
    for line in lines:
        tag, _, rest = line.partition(":")
        if tag == "SF":
            file = next((each for each in FILES if rest.endswith(f"/{each}")), "")
        first, _, last = rest.rpartition(",") if tag == "BRDA" else rest.partition(",")
        if tag in ("DA", "BRDA"):  # LINE,COUNT and LINE,BLOCK,BRANCH,COUNT
            yield _Entry(line, file, "lines" if tag == "DA" else "branches", first, last)
        elif tag in ("FN", "FNDA"):  # LINE,NAME and COUNT,NAME
            name = re.sub(r"\A.*:", "", last)
            yield _Entry(line, file, "functions", name, first if tag == "FNDA" else "")
        elif tag not in _SUMS:
            yield _Entry(line, file, "")


def read(lines: Sequence[str]) -> Reach:
    """Return what an lcov tracefile says, each file by its path in the kernel."""
    there: dict[tuple[str, str], set[str]] = defaultdict(set)
    reached: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in _entries(lines):
        if each.file and each.kind:
            there[each.file, each.kind].add(each.where)
            if each.count not in ("", "0", "-"):
                reached[each.file, each.kind].add(each.where)
    return {key: Counts(frozenset(all_), frozenset(reached[key])) for key, all_ in there.items()}


def beyond(lines: Sequence[str], boot: Reach) -> Iterator[str]:
    """Yield the lines of an lcov tracefile but for what boot has reached, and for sums, as readers make these."""
    for each in _entries(lines):
        if each.file and each.where not in boot.get((each.file, each.kind), _NOTHING).reached:
            yield each.line


def table(boot: Reach, of_suites: Mapping[str, Reach]) -> Iterator[str]:
    """Yield what people are told of each file and kind: what booting reaches, and what suites do, by their globs.

    beyond is their share of what booting does not reach.
    """
    rows = [["file", "kind", "there", "boot", *(word for glob in of_suites for word in (glob, "beyond"))]]
    for file in FILES:
        for kind in KINDS:
            there = set[str]().union(*(each.get((file, kind), _NOTHING).there for each in of_suites.values()))
            alone = boot.get((file, kind), _NOTHING).reached
            row = [file, kind, str(len(there)), percent(len(alone), len(there))]
            for each in of_suites.values():
                reached = each.get((file, kind), _NOTHING).reached
                row += [percent(len(reached), len(there)), percent(len(reached - alone), len(there - alone))]
            rows.append(row)
    yield from aligned(rows)
