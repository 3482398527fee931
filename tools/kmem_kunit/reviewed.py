# SPDX-License-Identifier: GPL-2.0-only
"""Survivors that somebody has looked into: tools/survivors.toml, which says of each why it is none.

    [[reviewed]]
    function = "mm/slub.c:check_object"     # a pattern of file:function
    change = "s->object_size > *"           # a pattern of "old -> new", as a survivor's line has it
    verdict = "equivalent"                  # or "unreachable", or "no contract"
    reason = "no byte is checked where the sizes are the same"
    cell = "7.3/numa"                       # only if unreachable: where it can be reached

Equivalent ones change nothing that could be noticed, though their object code differs; unreachable
ones do, but not under User-Mode Linux with one CPU; what has no contract may be as it likes.
"""
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from kmem_kunit import listed
from kmem_kunit.errors import UserError
from kmem_kunit.table import percent

FILE = "tools/survivors.toml"
VERDICTS = ("equivalent", "unreachable", "no contract")
_TEXTS = {"function", "change", "verdict", "reason"}


@dataclass(frozen=True)
class Review:
    """One entry: which survivors are meant, and what they are, and why.

    cell is where an unreachable one can be reached, else "".
    """

    function: str
    change: str
    verdict: str
    reason: str
    cell: str = ""

    @property
    def excused(self) -> bool:
        """Whether nothing that runs here could notice it."""
        return self.verdict != "no contract"

    def matches(self, function: str, change: str) -> bool:
        """Say whether it is about a mutant, by its file:function and what it changes."""
        return fnmatchcase(function, self.function) and fnmatchcase(change, self.change)


def load(repo: Path) -> tuple[Review, ...]:
    """Return the entries of tools/survivors.toml; raises UserError for what it may not say."""
    return tuple(_review(values, where) for values, where in listed.entries(repo / FILE, "reviewed"))


def _review(values: object, where: str) -> Review:
    if not isinstance(values, dict) or set(values) - {"cell"} != _TEXTS:
        raise UserError(f"{where} needs function, change, verdict and reason, no others but cell")
    for name, value in values.items():
        if not isinstance(value, str) or not value.strip():
            raise UserError(f"{where}: {name} must be a text")
    if values["verdict"] not in VERDICTS:
        raise UserError(f"{where}: verdict must be one of {', '.join(VERDICTS)}")
    if ("cell" in values) != (values["verdict"] == "unreachable"):
        raise UserError(f"{where}: cell belongs to what is unreachable, and to nothing else")
    return Review(**values)


def summary(reviews: Sequence[Review | None], noticed: int, could: int) -> str:
    """Return a line on survivors, each with its review if there is one, and the score without them."""
    counts = Counter(each.verdict for each in reviews if each)
    out = sum(each.excused for each in reviews if each)
    looked = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
    return (f"{len(reviews)} unnoticed: {looked} ({FILE}), {reviews.count(None)} not looked into;"
            f" without the first two, {noticed} of {could - out} noticed ({percent(noticed, could - out)})")
