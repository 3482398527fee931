# SPDX-License-Identifier: GPL-2.0-only
"""What operations cost, drawn: an SVG file for each family of patterns."""
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import matplotlib  # type: ignore[import]
from matplotlib.figure import Figure  # type: ignore[import]

from kmem_kunit import bench, result
from kmem_kunit.errors import UserError
from kmem_kunit.kcidb import Run

_ROW = 0.16  # inches that a bar takes
_SIDE = 0.8  # of what a pattern has, for its bars


def write(folder: Path, runs: Sequence[Run]) -> None:
    """Write FAMILY.svg for each case of the suite into a folder, with a bar a run and pattern.

    Raises UserError if that cannot be done.
    """
    unit = bench.TIME if any(bench.numbers(run, bench.TIME) for run in runs) else bench.INSTRUCTIONS
    of = {f"{run.kernel}, {bench.setting(run)}": bench.numbers(run, unit) for run in runs}
    names = list(dict.fromkeys(name for numbers in of.values() for name in numbers))
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot write {folder}: {error.strerror}") from error
    for family in dict.fromkeys(name.partition(".")[0] for name in names):
        some = [name for name in names if name.partition(".")[0] == family]
        shown = {label: numbers for label, numbers in of.items() if any(name in numbers for name in some)}
        target = folder / f"{result.segment(family)}.svg"
        result.save(target, _drawn(family, some, shown, unit))


def _drawn(family: str, names: Sequence[str], of: dict[str, dict[str, float]], unit: str) -> bytes:
    figure = Figure(figsize=(9, 1.2 + _ROW * len(names) * (len(of) + 1)), layout="constrained")
    axes = figure.add_subplot()
    width = _SIDE / len(of)
    for number, (label, numbers) in enumerate(of.items()):
        there = [(place, numbers[name]) for place, name in enumerate(names) if name in numbers]
        axes.barh([place + number * width for place, _ in there], [value for _, value in there],
                  height=width, label=label)
    axes.set_yticks([place + _SIDE / 2 - width / 2 for place in range(len(names))],
                    [name.partition(".")[2].replace("$", r"\$") for name in names])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel(unit)
    axes.set_title(family)
    axes.legend(fontsize="small")
    text = BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "kmem-kunit", "svg.fonttype": "none"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()
