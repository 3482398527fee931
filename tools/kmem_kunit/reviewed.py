# SPDX-License-Identifier: GPL-2.0-only
"""Survivors that somebody has looked into: tools/survivors.toml, which says of each why it is none.

    [[reviewed]]
    function = "mm/slub.c:check_object"     # or several, ["mm/slub.c:check_object", ...]
    change = "s->object_size > *"           # a pattern of "old -> new", as a survivor's line has it
    line = "if (s->object_size > *"         # one of the line's text, if change alone matches on others
    verdict = "equivalent"                  # or "unreachable", or "no contract"
    reason = "no byte is checked where the sizes are the same"
    cell = "7.3/numa"                       # only if unreachable: where it can be reached

Equivalent ones change nothing that could be noticed, though their object code differs; unreachable
ones do, but not under User-Mode Linux with one CPU; what has no contract may be as it likes. An entry
without line is about the mutants of one text, or, with "*", about all of a function: one that matches
on lines of another text, too, excuses none.
"""
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from kmem_kunit import listed
from kmem_kunit.errors import UserError
from kmem_kunit.mutant import Mutant
from kmem_kunit.table import percent

FILE = "tools/survivors.toml"
VERDICTS = ("equivalent", "unreachable", "no contract")
_TEXTS = {"change", "verdict", "reason"}
_FUNCTION = re.compile(r"[\w/.-]+\.[ch]:\w+")
_ALL = "*"
_TOLD = 20  # entries that are told of


@dataclass(frozen=True)
class Edit:
    """A mutant as reviews see it: its file:function, "old -> new", and the text of its lines.

    White space counts as one space.
    """

    function: str
    change: str
    line: str


@dataclass(frozen=True)
class Review:
    """One entry, for one function: which survivors are meant, and what they are, and why.

    cell is where an unreachable one can be reached, else "". line may be "".
    """

    function: str
    change: str
    verdict: str
    reason: str
    cell: str = ""
    line: str = ""

    @property
    def excused(self) -> bool:
        """Whether nothing that runs here could notice it."""
        return self.verdict != "no contract"

    def matches(self, edit: Edit) -> bool:
        """Say whether it is about a mutant."""
        return (edit.function == self.function and fnmatchcase(edit.change, self.change)
                and fnmatchcase(edit.line, self.line or _ALL))


def edit_of(mutant: Mutant, text: bytes) -> Edit:
    """Return what reviews see of a mutant of a file with this text."""
    first = text.rfind(b"\n", 0, mutant.start) + 1
    last = text.find(b"\n", mutant.end)
    old, line = text[mutant.start : mutant.end], text[first : last if last >= 0 else len(text)]
    return Edit(f"{mutant.file}:{mutant.function}",
                f"{_flat(old)} -> {' '.join((mutant.replacement or '(left out)').split())}", _flat(line))


def _flat(text: bytes) -> str:
    return " ".join(text.decode(errors="replace").split())


class Reviews:
    """What entries say of the mutants of one kernel."""

    def __init__(self, entries: Sequence[Review], source: Path, numbered: Mapping[int, Mutant]) -> None:
        """source is the tree that has the texts of the mutants."""
        texts = {file: (source / file).read_bytes() for file in {each.file for each in numbered.values()}}
        self.edits = {number: edit_of(each, texts[each.file]) for number, each in numbered.items()}
        places: dict[str, list[int]] = defaultdict(list)
        for number, edit in self.edits.items():
            places[edit.function].append(number)
        self._matched = {
            entry: frozenset(n for n in places[entry.function] if entry.matches(self.edits[n]))
            for entry in entries}

    def of(self, number: int) -> Review | None:
        """Return the first entry that is about a mutant, and about none that is unlike it."""
        return next((entry for entry, matched in self._matched.items()
                     if number in matched and not self._unclear(entry)), None)

    def complaints(self, survivors: Collection[int], whole: bool) -> Iterator[str]:
        """Yield a line for each entry, but not too many, with which something is wrong.

        That of those that are for no survivor it is so, is told only if whole: if all mutants were
        judged, by all cases of ours.
        """
        found = []
        for entry, matched in self._matched.items():
            hit = matched.intersection(survivors)
            if self._unclear(entry) and (hit or whole):
                found.append((entry, "matches on unlike lines, so it excuses none: give it the line of one"))
            elif whole and not hit:
                found.append((entry, "no such mutant survived" if matched else "there is no such mutant"))
        for entry, what in found[:_TOLD]:
            yield f"{FILE}: {entry.function}, {entry.change!r}: {what}"
        if found[_TOLD:]:
            yield f"{FILE}: so it is with {len(found) - _TOLD} others"

    def _unclear(self, entry: Review) -> bool:
        lines = {self.edits[number].line for number in self._matched[entry]}
        return len(lines) > 1 and not entry.line and entry.change != _ALL


def load(repo: Path) -> tuple[Review, ...]:
    """Return the entries of tools/survivors.toml; raises UserError for what it may not say."""
    return tuple(review for values, where in listed.entries(repo / FILE, "reviewed")
                 for review in _reviews(values, where))


def _reviews(values: object, where: str) -> Iterator[Review]:
    """Yield an entry, once for each of its functions."""
    if not isinstance(values, dict) or set(values) - {"cell", "line"} != _TEXTS | {"function"}:
        raise UserError(f"{where} needs function, change, verdict and reason, no others but line and cell")
    functions = values.pop("function")
    functions = functions if isinstance(functions, list) else [functions]
    if not functions or not all(isinstance(each, str) and _FUNCTION.fullmatch(each) for each in functions):
        raise UserError(f"{where}: function must be such as 'mm/slub.c:kfree', or a list of such")
    for name, value in values.items():
        if not isinstance(value, str) or not value.strip():
            raise UserError(f"{where}: {name} must be a text")
    if values["verdict"] not in VERDICTS:
        raise UserError(f"{where}: verdict must be one of {', '.join(VERDICTS)}")
    if ("cell" in values) != (values["verdict"] == "unreachable"):
        raise UserError(f"{where}: cell belongs to what is unreachable, and to nothing else")
    for function in functions:
        yield Review(function=function, **values)


def summary(reviews: Sequence[Review | None], noticed: int, could: int) -> str:
    """Return a line on survivors, each with its review if there is one, and the score without them."""
    counts = Counter(each.verdict for each in reviews if each)
    out = sum(each.excused for each in reviews if each)
    looked = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
    return (f"{len(reviews)} unnoticed: {looked} ({FILE}), {reviews.count(None)} not looked into;"
            f" without the first two, {noticed} of {could - out} noticed ({percent(noticed, could - out)})")
