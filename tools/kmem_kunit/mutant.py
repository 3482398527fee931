# SPDX-License-Identifier: GPL-2.0-only
"""A mutant: a small edit of C, by its place in a file's text."""
import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass

# each source that is compiled, with what is mutated in its compilation
UNITS = {
    "mm/slub.c": ("mm/slub.c", "mm/slab.h", "include/linux/slab.h"),
    "mm/slab_common.c": ("mm/slab_common.c",),
    "mm/util.c": ("mm/util.c",),
    "mm/mempool.c": ("mm/mempool.c",),
    "lib/kasprintf.c": ("lib/kasprintf.c",),
}
# what chooses the mutants of a header: they act outside of the suites, or in them only
_INSIDE = "kmem_mutant_inside"
SWITCHES = {"mm/slab.h": "kmem_mutant_outside", "include/linux/slab.h": _INSIDE}
FILES = tuple(file for files in UNITS.values() for file in files)
OPERATORS = {
    "relational": "another comparison",
    "arithmetic": "another arithmetic operator",
    "bitwise": "another bitwise operator",
    "logical": "&& instead of ||, and the other way round; ! left out",
    "condition": "a negated condition",
    "constant": "0, one more or one less instead of a number",
    "statement": "a call, an assignment or a jump left out",
    "flag": "a flag of gfp_t or slab_flags_t dropped, or another one instead",
    "result": "NULL, 0 or the opposite returned",
    "argument": "two arguments of one type swapped",
}
_LITERAL_OR_COMMENT = re.compile(
    r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|/\*.*?\*/|//[^\n]*|\\?\n", re.DOTALL)


def in_suite(command: Sequence[str]) -> bool:
    """Say whether an object is a suite's, by how it is compiled: what kmem_mutant.h calls a suite."""
    names = [word.partition("=")[2].strip('"') for word in command if word.startswith("-DKBUILD_MODFILE=")]
    return any(name.startswith("lib/kmem_kunit/") or name.endswith("_kunit") for name in names)


def acts(file: str, command: Sequence[str]) -> bool:
    """Say whether the mutants of a header act in an object, by how that is compiled."""
    return in_suite(command) is (SWITCHES[file] == _INSIDE)


@dataclass(frozen=True, order=True)
class Mutant:
    """An edit of a file: the text from start to end, in bytes, becomes replacement.

    line and column, from 1, say where it differs. A mutant without replacement leaves a statement out.
    """

    file: str
    start: int
    end: int
    operator: str
    replacement: str | None
    line: int
    column: int
    function: str

    @property
    def edit(self) -> str:
        """What takes the place of its range, on one line: an operand, wherever that is."""
        return "" if self.replacement is None else f"({on_a_line(self.replacement)})"

    def text(self, data: bytes) -> bytes:
        """Return what takes the place of its range of a file's text, on as many lines."""
        lines = data.count(b"\n", self.start, self.end)
        return self.edit.encode() + b"\n" * lines

    def lines(self, starts: Sequence[int]) -> range:
        """Return the lines of its range, given where each line of the file begins."""
        return range(line_and_column(starts, self.start)[0], line_and_column(starts, self.end - 1)[0] + 1)


def on_a_line(text: str) -> str:
    """Return a piece of C without comments and newlines."""
    def put(match: re.Match[str]) -> str:
        return match[0] if match[0][0] in "\"'" else " "

    return _LITERAL_OR_COMMENT.sub(put, text)


def line_starts(data: bytes) -> list[int]:
    """Return where each line of a text begins, in bytes."""
    return [0, *(match.end() for match in re.finditer(rb"\n", data))]


def line_and_column(starts: Sequence[int], offset: int) -> tuple[int, int]:
    """Return in which line and column, from 1, an offset is."""
    line = bisect.bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1
