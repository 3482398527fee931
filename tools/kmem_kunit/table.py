# SPDX-License-Identifier: GPL-2.0-only
"""Tables of text, and the shares in them."""
from collections.abc import Iterator, Sequence


def percent(part: int, whole: int) -> str:
    """Return a share as people read it, rounded down: 100 % is all of it."""
    return f"{part * 1000 // whole / 10:.1f} %" if whole else "-"


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the rows with their columns aligned, the first to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        first, *others = (cell.ljust(width) if n == 0 else cell.rjust(width)
                          for n, (cell, width) in enumerate(zip(row, widths)))
        yield "  ".join([first, *others])
