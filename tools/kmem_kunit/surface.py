# SPDX-License-Identifier: GPL-2.0-only
"""Each public function of the allocator's API with the cases that exercise it, or why none does."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kmem_kunit import headers, reach
from kmem_kunit.errors import UserError
from kmem_kunit.kernel import Kernel
from kmem_kunit.progress import clean, paint

# that the suites are made for; a waiver has to concern one of them
SERIES = ("6.1", "6.12", "7.2", "7.3")
WAIVERS = "tools/surface.toml"
_NAMED = 2  # cases of a function that the table names


@dataclass(frozen=True)
class Function:
    """A function; cases are "suite.case", the closest to the function first."""

    name: str
    header: str
    cases: tuple[str, ...] = ()
    waiver: str = ""

    @property
    def uncovered(self) -> bool:
        """Whether it has neither a case nor a waiver."""
        return not self.cases and not self.waiver

    @property
    def stale(self) -> bool:
        """Whether it has both."""
        return bool(self.cases and self.waiver)


def survey(repo: Path, kernel: Kernel) -> list[Function]:
    """Return the functions of a kernel, by header and name."""
    waived = waivers(repo)
    api = headers.functions(kernel.path)
    cases: dict[str, list[tuple[int, str]]] = {name: [] for name in api}
    for case, distances in reach.reached(repo / "lib", kernel, api).items():
        for name, distance in distances.items():
            cases[name].append((distance, ".".join(case)))
    return [
        Function(
            name,
            header,
            tuple(case for _, case in sorted(cases[name], key=lambda found: found[0])),
            waived.get(name, ""),
        )
        for name, header in api.items()
    ]


def waivers(repo: Path) -> dict[str, str]:
    """Return the functions that need no case, each with its reason; raises UserError."""
    path = repo / WAIVERS
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {str(path)!r}: {error.strerror}") from error
    except ValueError as error:  # no TOML, or no UTF-8
        raise UserError(f"{WAIVERS}: {error}") from error
    table = found.pop("waivers", {})
    if found or not isinstance(table, dict):
        raise UserError(f"{WAIVERS}: it holds [waivers] and nothing else")
    for name, reason in table.items():
        if not isinstance(reason, str) or not reason.strip():
            raise UserError(f"{WAIVERS}: the waiver of {name} has no reason")
    return table


def strays(waived: Collection[str], kernels: Iterable[Kernel]) -> list[str]:
    """Return the waivers for functions that none of some kernels has."""
    left = set(waived)
    for kernel in kernels:
        if left:
            left -= headers.functions(kernel.path).keys()
    return sorted(left)


def lines(functions: Sequence[Function], stray: Sequence[str], label: str) -> Iterator[str]:
    """Yield the lines that tell a person what a survey found; the last one sums it up.

    stray are the waivers for functions that there are nowhere.
    """
    covered = [each for each in functions if each.cases]
    waived = [each for each in functions if each.waiver and not each.cases]
    uncovered = [each for each in functions if each.uncovered]
    width = max((len(each.name) for each in functions), default=0)
    for each in covered:
        yield f"{_place(each, width)} {len(each.cases):4}  {_some(each.cases)}"
    yield from _group("waived:", "bold", [f"{_place(e, width)}  {e.waiver}" for e in waived])
    yield from _group(
        "with neither a case nor a waiver:", "red", [_place(e, width) for e in uncovered]
    )
    yield from _group(
        f"waived in {WAIVERS}, and yet with cases:", "red", [e.name for e in functions if e.stale]
    )
    yield from _group(f"waived in {WAIVERS}, and in no kernel:", "red", stray)
    text = (
        f"{label}: {len(functions)} functions, {len(covered)} with cases, "
        f"{len(waived)} waived, {len(uncovered)} with neither"
    )
    yield paint(clean(text), "green" if passes(functions, stray) else "red")


def passes(functions: Sequence[Function], stray: Sequence[str]) -> bool:
    """Say whether each function has either a case or a waiver, and each waiver a function."""
    return not stray and not any(each.uncovered or each.stale for each in functions)


def _place(function: Function, width: int) -> str:
    return f"{clean(function.name):{width}}  {clean(function.header):16}"


def _some(cases: Sequence[str]) -> str:
    return clean(", ".join(cases[:_NAMED]) + (", ..." if len(cases) > _NAMED else ""))


def _group(title: str, colour: str, members: Sequence[str]) -> Iterator[str]:
    if members:
        yield paint(title, colour)
    for member in members:
        yield f"  {clean(member)}".rstrip()
