# SPDX-License-Identifier: GPL-2.0-only
"""Which cases reach which mutants: boots in which none acts, and all are watched."""
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kmem_kunit import deaths, guest, ktap
from kmem_kunit.errors import UserError
from kmem_kunit.guest import Way
from kmem_kunit.result import Case, Result, Status

_WATCH = ("kmem_mutant=watch", "log_buf_len=16M")
_ROW = re.compile(r"(?:\[[ \d.]+\] )?kmem_mutants (\d+) (\d+) ([0-9a-f]+)\s*\Z")
_LONG = 600.0  # seconds for a boot of all cases


@dataclass(frozen=True)
class Map:
    """What a boot without a mutant has shown: its cases, in their order, and who reaches what.

    reach has, for each mutant, the numbers of the cases that reach it, and fatal the names of those that
    stop the kernel; booting has what is reached before any case. empty is the seconds of
    processor time that no case takes. noisy has the paths of cases and suites in which the kernel
    complains, "" if it does so outside.
    """

    way: Way
    cases: Sequence[Case]
    reach: Mapping[int, Sequence[int]]
    fatal: Mapping[int, Sequence[str]]
    booting: frozenset[int]
    empty: float
    noisy: frozenset[str] = frozenset()


def watch(binary: Path, folder: Path, way: Way, dying: Sequence[str]) -> Map:
    """Boot without a mutant, and learn which cases reach which one; dying are those of deaths.SUITE."""
    empty = guest.boot(binary, folder, (*way.arguments, chosen(())), _LONG)
    seen = guest.boot(binary, folder, (*way.arguments, *_WATCH), _LONG)
    rows, lines = told(seen.lines)
    result = ktap.read(lines)
    cases = [case for case in result.cases if not case.param]
    # a suite without results would give the numbers of its cases to others
    lost = any(problem.kind in ("suite", "malformed", "truncated") for problem in result.problems)
    if empty.died or seen.timed_out or lost or not cases or len(rows) < 2 or max(rows) > len(cases):
        raise UserError(f"the kernel with mutants does not boot with {' '.join(way.arguments)!r}")
    reach: dict[int, list[int]] = defaultdict(list)
    for row in sorted(rows.keys() - {0}):
        for number in rows[row]:
            reach[number].append(row - 1)
    fatal: dict[int, list[str]] = defaultdict(list)
    died = []
    for name in () if way.other else dying:
        seen = guest.boot(binary, folder, (*way.arguments, *_WATCH, *alone(name)), _LONG)
        mine, lines = told(seen.lines)
        died.append(deaths.judge(name, lines, ""))
        if died[-1].status is Status.PASS:
            for number in mine[1]:
                fatal[number].append(name)
    return Map(way, deaths.merged(Result(tuple(cases)), died).cases, reach, fatal, frozenset(rows[0]),
               empty.work, frozenset(each.case for each in result.problems if each.kind == "splat"))


def told(lines: Sequence[str]) -> tuple[dict[int, set[int]], list[str]]:
    """Return the mutants that were reached, by rows of tools/mutation/kmem_mutant.c, and all other lines."""
    rows: dict[int, set[int]] = defaultdict(set)
    others = []
    for line in lines:
        if match := _ROW.match(line):
            row, first = int(match[1]), int(match[2])
            for at, byte in enumerate(bytes.fromhex(match[3])):
                rows[row] |= {first + 8 * at + bit for bit in range(8) if byte >> bit & 1}
        else:
            others.append(line)
    return rows, others


def alone(name: str) -> tuple[str, ...]:
    """Return the kernel arguments for a case that shall stop the kernel."""
    return (f"kunit.filter_glob={deaths.SUITE}.{name}", deaths.ARGUMENT)


def chosen(cases: Sequence[int]) -> str:
    """Return the kernel argument that lets only these cases run."""
    digits = [0] * (max(cases, default=0) // 4 + 1)
    for case in cases:
        digits[case // 4] |= 1 << case % 4
    return "kmem_cases=" + "".join(f"{digit:x}" for digit in digits)
