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
from fnmatch import fnmatchcase
from pathlib import Path

from kmem_kunit import arch, cache, deaths, guest, image, mutant, proc, progress, result, suites
from kmem_kunit.errors import UserError
from kmem_kunit.table import aligned, percent

FILES = (*mutant.FILES, "include/linux/slab.h")
CONFIGS = ("in_tree", "coverage")
_NONE = "kunit.filter_glob=none"  # runs nothing
_LIMIT = 900.0  # seconds for a boot, or for one of LLVM's tools
_KINDS = {"lines": "DA", "branches": "BRDA", "functions": "FNDA"}


@dataclass(frozen=True)
class Counts:
    """What there is of a kind in a file, and what was reached, each by where it is."""

    there: frozenset[str]
    reached: frozenset[str]


_NOTHING = Counts(frozenset(), frozenset())
Reach = Mapping[tuple[str, str], Counts]  # by file, and by kind of _KINDS


def measure(base: Path, request: image.Request, options: argparse.Namespace) -> int:
    """Do what the command line asks for; return the exit status."""
    the_image = image.build(base, replace(request, configs=(*request.configs, *CONFIGS)))
    with cache.temporary(base / "runs") as folder:
        boot, cases = folder / "boot.profdata", folder / "cases.profdata"
        _merge(_booted(the_image, request, folder / "alone", options.suites, cases=False), boot)
        _merge(_booted(the_image, request, folder / "with", options.suites, cases=True), cases)
        texts = {name: _exported(the_image, profile)
                 for name, profile in (("boot", boot), ("cases", cases))}
        if options.lcov is not None:
            result.save(options.lcov, texts["cases"].encode())
        if options.html is not None:
            _shown(the_image, cases, options.html)
    reach = {name: read(text.splitlines()) for name, text in texts.items()}
    for line in table(reach["boot"], reach["cases"]):
        print(line)
    return 0


def _booted(the_image: image.Image, request: image.Request, folder: Path, glob: str, *, cases: bool
            ) -> list[Path]:
    """Boot in each way, with or without cases; return the profiles, the fatal cases' among them."""
    folder.mkdir()
    boots = [way.arguments if cases else (*way.arguments, _NONE) for way in guest.ways(request.kernel.series)]
    if cases:
        boots = [(*arguments, f"kunit.filter_glob={glob}") for arguments in boots]
        planned = suites.select(suites.load(request.repo / "lib"), "*")
        dying = planned[deaths.SUITE] if fnmatchcase(deaths.SUITE, glob) else []
        boots += [(f"kunit.filter_glob={deaths.SUITE}.{name}", deaths.ARGUMENT) for name in dying]
    with progress.step(f"running Linux {the_image.release}", "boots") as tick:
        for number, arguments in enumerate(boots):
            seen = guest.boot(the_image.binary, folder, arguments, _LIMIT,
                              LLVM_PROFILE_FILE=str(folder / f"{number}.profraw"))
            if cases and not any("# Subtest: " in line for line in seen.lines):
                raise UserError(f"Linux {the_image.release} has no case of {glob!r}")
            if seen.timed_out:
                raise UserError(f"Linux {the_image.release} did not end with {' '.join(arguments)!r}")
            tick(number + 1, len(boots))
    found = sorted(folder.glob("*.profraw"))
    if not found:
        raise UserError(f"Linux {the_image.release} has counted nothing: clang does so from 6.12 on")
    return found


def _tool(name: str, *words: str | Path) -> str:
    """Run one of LLVM's tools; return what it prints."""
    done = proc.run([f"{name}{arch.find('uml-clang').llvm}", *words], timeout=_LIMIT)
    if done.status != 0:
        raise UserError(f"{name}: {(done.output.strip().splitlines() or ['failed'])[-1]}")
    return done.output


def _merge(profiles: Sequence[Path], target: Path) -> None:
    _tool("llvm-profdata", "merge", "--sparse", "-o", target, *profiles)


def _exported(the_image: image.Image, profile: Path) -> str:
    return _tool("llvm-cov", "export", "--format=lcov", f"--instr-profile={profile}",
                 the_image.binary, *_sources(the_image))


def _shown(the_image: image.Image, profile: Path, target: Path) -> None:
    _tool("llvm-cov", "show", "--format=html", "--show-branches=count", f"--output-dir={target}",
          f"--instr-profile={profile}", the_image.binary, *_sources(the_image))


def _sources(the_image: image.Image) -> list[Path]:
    return [the_image.tree / file for file in FILES]


def read(lines: Sequence[str]) -> Reach:
    """Return what an lcov tracefile says, each file by its path in the kernel."""
    there: dict[tuple[str, str], set[str]] = defaultdict(set)
    reached: dict[tuple[str, str], set[str]] = defaultdict(set)
    file = ""
    for line in lines:
        tag, _, rest = line.partition(":")
        if tag == "SF":
            file = next((each for each in FILES if rest.endswith(f"/{each}")), "")
        for kind, wanted in _KINDS.items():
            if file and tag == wanted:
                count, where = _entry(kind, rest)
                there[file, kind].add(where)
                if count not in ("0", "-"):
                    reached[file, kind].add(where)
    return {key: Counts(frozenset(all_), frozenset(reached[key])) for key, all_ in there.items()}


def _entry(kind: str, rest: str) -> tuple[str, str]:
    """Return how often an entry was reached, and what it stands for."""
    if kind == "lines":  # LINE,COUNT
        where, _, count = rest.partition(",")
        return count, where
    if kind == "branches":  # LINE,BLOCK,BRANCH,COUNT
        where, _, count = rest.rpartition(",")
        return count, where
    count, _, where = rest.partition(",")  # COUNT,NAME
    return count, re.sub(r"\A.*:", "", where)


def table(boot: Reach, cases: Reach) -> Iterator[str]:
    """Yield what people are told: of each file and kind, what booting and what the cases reach."""
    rows = [["file"]]
    rows[0] += (word for kind in _KINDS for word in (kind, "boot", "all", "cases"))
    for file in FILES:
        row = [file]
        for kind in _KINDS:
            there = cases.get((file, kind), _NOTHING)
            alone = boot.get((file, kind), _NOTHING).reached
            left = there.there - alone
            row += [str(len(there.there)), percent(len(alone), len(there.there)),
                    percent(len(there.reached), len(there.there)),
                    percent(len(there.reached & left), len(left))]
        rows.append(row)
    yield from aligned(rows)
