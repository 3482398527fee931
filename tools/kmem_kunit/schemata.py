# SPDX-License-Identifier: GPL-2.0-only
"""Mutant schemata: all mutants of a file in one text, each an alternative that a boot may choose.

An expression e with the mutants 7 and 8 becomes

    (kmem_mutant(7) ? (mutated) : kmem_mutant(8) ? (mutated) : (e))

where e has the alternatives of its own parts; a statement that 9 leaves out becomes

    do { if (!kmem_mutant(9)) { statement; } } while (0);

All stays on its line, so that what the kernel reports is the same.
"""
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kmem_kunit.mutant import Mutant

_PREFIX = b"#include <linux/kmem_mutant.h>\n#line 1\n"


@dataclass
class _Piece:
    """A range of a text with its mutants, by number, and the pieces inside of it."""

    start: int
    end: int
    mutants: dict[int, Mutant] = field(default_factory=dict)
    inside: list["_Piece"] = field(default_factory=list)


@dataclass(frozen=True)
class Region:
    """Where in a rendered text some mutants are: from start to end, in bytes."""

    start: int
    end: int
    mutants: tuple[int, ...]


def _pieces(numbered: Mapping[int, Mutant]) -> Iterator[_Piece]:
    """Yield the outermost pieces; a mutant whose range crosses that of another one is left out."""
    top: list[_Piece] = []
    stack: list[_Piece] = []
    ordered = sorted(numbered.items(), key=lambda pair: (pair[1].start, -pair[1].end,
                                                         pair[1].replacement is not None, pair[0]))
    for number, mutant in ordered:
        while stack and stack[-1].end <= mutant.start:
            stack.pop()
        if stack and mutant.end > stack[-1].end:
            continue
        same = stack and (stack[-1].start, stack[-1].end) == (mutant.start, mutant.end)
        leaves_out = mutant.replacement is None
        first = next(iter(stack[-1].mutants.values())) if same else None
        if first is None or (first.replacement is None) != leaves_out:
            piece = _Piece(mutant.start, mutant.end)
            (stack[-1].inside if stack else top).append(piece)
            stack.append(piece)
        stack[-1].mutants[number] = mutant
    yield from top


class _Renderer:
    def __init__(self, data: bytes, switch: str) -> None:
        self.data, self.switch = data, switch
        self.out = bytearray(_PREFIX)
        self.regions: list[Region] = []

    def body(self, start: int, end: int, pieces: Sequence[_Piece]) -> None:
        for piece in pieces:
            self.out += self.data[start : piece.start]
            self.piece(piece)
            start = piece.end
        self.out += self.data[start:end]

    def piece(self, piece: _Piece) -> None:
        begin = len(self.out)
        leaving = [number for number, mutant in piece.mutants.items() if mutant.replacement is None]
        if leaving:
            text = self.data[piece.start : piece.end]
            jump = re.match(rb"(break|continue|goto|return)\b", text)
            condition = " && ".join(f"!{self.switch}({number})" for number in leaving).encode()
            self.out += b"if (%s) " % condition if jump else b"do { if (%s) { " % condition
            self.body(piece.start, piece.end, piece.inside)
            self.out += b"" if jump else b"; } } while (0)"
        else:
            self.out += b"("
            for number, mutant in piece.mutants.items():
                self.out += f"{self.switch}({number}) ? ".encode()
                at = len(self.out)
                self.out += mutant.edit.encode()
                self.regions.append(Region(at, len(self.out), (number,)))
                self.out += b" : "
            self.out += b"("
            self.body(piece.start, piece.end, piece.inside)
            self.out += b"))"
        self.regions.append(Region(begin, len(self.out), tuple(piece.mutants)))


def render(data: bytes, numbered: Mapping[int, Mutant], switch: str = "kmem_mutant"
           ) -> tuple[bytes, list[Region]]:
    """Return a file's text with mutants, each to be chosen by its number, and where they are in it.

    switch is what says, of a number, whether that mutant acts.
    """
    renderer = _Renderer(data, switch)
    renderer.body(0, len(data), list(_pieces(numbered)))
    return bytes(renderer.out), renderer.regions


def at(regions: Sequence[Region], offset: int) -> tuple[int, ...]:
    """Return the mutants of the smallest region that has an offset."""
    around = [region for region in regions if region.start <= offset <= region.end]
    return min(around, key=lambda region: region.end - region.start).mutants if around else ()
