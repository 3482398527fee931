# SPDX-License-Identifier: GPL-2.0-only
"""What a mutation run came to: for people, for compilers' readers, and in Stryker's JSON format.

The format is https://github.com/stryker-mutator/mutation-testing-elements, schema version 2.
"""
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kmem_kunit import progress
from kmem_kunit.campaign import Fate, Verdict
from kmem_kunit.mutant import OPERATORS, Mutant, line_and_column, line_starts
from kmem_kunit.reviewed import Review, Reviews
from kmem_kunit.table import aligned, percent

_STATUS = {
    Fate.ASSERTION: "Killed",
    Fate.REPORT: "Killed",
    Fate.PANIC: "Killed",
    Fate.TIMEOUT: "Timeout",
    Fate.SKIP: "Killed",
    Fate.SURVIVED: "Survived",
    Fate.NOT_COVERED: "NoCoverage",
    Fate.BOOT: "RuntimeError",
    Fate.UNSTABLE: "Survived",
    Fate.EQUIVALENT: "Ignored",
}
_THRESHOLDS = {"high": 95, "low": 80}  # percent: what is green, and what is red
_SHOWN = 120  # characters of a change in a line


def score(verdicts: Sequence[Verdict]) -> tuple[int, int]:
    """Return how many mutants were noticed, of how many that could be.

    Those could that are run and that are not equivalent, nor fatal to the boot.
    """
    return (sum(each.fate.killed for each in verdicts),
            sum(_could_be_noticed(each) for each in verdicts))


def _could_be_noticed(verdict: Verdict) -> bool:
    return verdict.fate not in (Fate.NOT_COVERED, Fate.BOOT, Fate.EQUIVALENT)


def pace(verdicts: Sequence[Verdict], seconds: float) -> str:
    """Return a line on how fast mutants were judged, "" if none of them took a boot."""
    booted = [each.boots for each in verdicts if each.boots]
    if not booted:
        return ""
    return (f"booted {len(booted)} mutants, {sum(booted):.0f} times in all, in {seconds:.0f} s: "
            f"{len(booted) * 3600 / max(seconds, 0.001):.0f} an hour")


def summary(numbered: Mapping[int, Mutant], verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Yield the lines that say what became of how many mutants, by operator."""
    rows = [["operator", "mutants", *(fate.value for fate in Fate), "score"]]
    for name in (*OPERATORS, "all"):
        group = [each for each in verdicts if name in (numbered[each.number].operator, "all")]
        if group:
            counts = Counter(each.fate for each in group)
            rows.append([name, str(len(group)), *(str(counts[fate]) for fate in Fate),
                         percent(*score(group))])
    yield from aligned(rows)


def by_function(numbered: Mapping[int, Mutant], verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Yield a line for each function: how many of its mutants were noticed."""
    groups: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        mutant = numbered[verdict.number]
        groups[mutant.file, mutant.function].append(verdict)
    rows = [["function", "mutants", "killed", "survived", "not covered", "score"]]
    for (file, function), group in sorted(groups.items()):
        counts = Counter(each.fate for each in group)
        rows.append([f"{file}:{function}()", str(len(group)), str(score(group)[0]),
                     str(counts[Fate.SURVIVED]), str(counts[Fate.NOT_COVERED]), percent(*score(group))])
    yield from aligned(rows)


def side_by_side(numbered: Mapping[int, Mutant], of_suites: Mapping[str, Sequence[Verdict]]) -> Iterator[str]:
    """Yield a line for each file: how many of its mutants some suites have noticed, and others, by globs.

    The shares are of those that could be noticed by any of them.
    """
    could = {each.number for verdicts in of_suites.values() for each in verdicts if _could_be_noticed(each)}
    rows = [["file", "mutants", "could be", *(word for name in of_suites for word in (name, "share"))]]
    for file in (*dict.fromkeys(each.file for each in sorted(numbered.values())), "all"):
        here = {number for number, each in numbered.items() if file in (each.file, "all")}
        row = [file, str(len(here)), str(len(here & could))]
        for verdicts in of_suites.values():
            noticed = sum(each.fate.killed for each in verdicts if each.number in here)
            row += [str(noticed), percent(noticed, len(here & could))]
        rows.append(row)
    yield from aligned(rows)


Survivor = tuple[Verdict, str, Review | None]  # with what it changes: "old -> new"


def survivors(numbered: Mapping[int, Mutant], verdicts: Sequence[Verdict], reviews: Reviews
              ) -> list[Survivor]:
    """Return the mutants that nothing has noticed, by their places, each with its review."""
    return [(verdict, reviews.edits[verdict.number].change,
             reviews.of(verdict.number) if verdict.fate is Fate.SURVIVED else None)
            for verdict in sorted(verdicts, key=lambda each: numbered[each.number])
            if verdict.fate in (Fate.SURVIVED, Fate.UNSTABLE)]


def survivor_lines(numbered: Mapping[int, Mutant], found: Sequence[Survivor]) -> Iterator[str]:
    """Yield a line, as a compiler prints it, for each survivor."""
    for verdict, change, review in found:
        each = numbered[verdict.number]
        yield (f"{each.file}:{each.line}:{each.column}: {verdict.fate.value}: [{each.operator}] "
               f"{_short(change)} in {each.function}(), {verdict.cases} cases"
               + (f" (reviewed as {review.verdict}: {review.reason})" if review else ""))


def lost_lines(numbered: Mapping[int, Mutant], lost: Sequence[int]) -> Iterator[str]:
    """Yield a line, as a compiler prints it, for each mutant on which there is no verdict."""
    for each in sorted(numbered[number] for number in lost):
        yield f"{each.file}:{each.line}:{each.column}: no verdict: [{each.operator}] in {each.function}()"


def _short(text: str) -> str:
    text = progress.clean(text)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def document(source: Path, numbered: Mapping[int, Mutant], verdicts: Sequence[Verdict],
             reach: Mapping[int, Sequence[str]], single: Mapping[int, Mutant],
             reviews: Mapping[int, Review]) -> dict[str, Any]:
    """Return all of it as the format has it; reach names the cases that may notice each mutant.

    reviews are of survivors. single are those that were not made, as no boot can choose them. All of
    these are by number. What of numbered has no verdict is to have one yet.
    """
    by_number = {each.number: each for each in verdicts}
    files: dict[str, dict[str, Any]] = {}
    starts: dict[str, list[int]] = {}
    names = sorted({name for each in reach.values() for name in each}
                   | {verdict.case for verdict in verdicts if verdict.case})
    ids = {name: str(n) for n, name in enumerate(names)}
    for number, mutant in (*numbered.items(), *single.items()):
        if mutant.file not in files:
            text = (source / mutant.file).read_text(encoding="utf-8", errors="replace")
            files[mutant.file] = {"language": "c", "source": text, "mutants": []}
            starts[mutant.file] = line_starts((source / mutant.file).read_bytes())
        entry: dict[str, Any] = {
            "id": str(number),
            "mutatorName": mutant.operator,
            "replacement": mutant.edit,
            "description": OPERATORS[mutant.operator],
            "location": {"start": _at(starts[mutant.file], mutant.start),
                         "end": _at(starts[mutant.file], mutant.end)},
            "coveredBy": [ids[name] for name in reach.get(number, ())],
        }
        verdict = by_number.get(number)
        if number in single:
            entry |= {"status": "Ignored", "statusReason": "does not compile as a choice"}
        elif verdict is None:
            entry |= {"status": "Pending"}
        else:
            entry |= {"status": _STATUS[verdict.fate], "statusReason": _reason(verdict),
                      "testsCompleted": verdict.cases, "duration": round(verdict.took * 1000),
                      "killedBy": [ids[verdict.case]] if verdict.case else []}
            if review := reviews.get(number):
                entry |= {"status": "Ignored" if review.excused else "Survived",
                          "statusReason": f"reviewed as {review.verdict}: {review.reason}"}
        files[mutant.file]["mutants"].append(entry)
    tests = [{"id": ids[name], "name": name} for name in names]
    return {
        "schemaVersion": "2",
        "thresholds": _THRESHOLDS,
        "framework": {"name": "kmem-kunit"},
        "files": dict(sorted(files.items())),
        "testFiles": {"lib/kmem_kunit": {"tests": tests}},
    }


def _reason(verdict: Verdict) -> str:
    return f"{verdict.fate.value}, booted {verdict.way}" if verdict.way else verdict.fate.value


def _at(starts: Sequence[int], offset: int) -> dict[str, int]:
    line, column = line_and_column(starts, offset)
    return {"line": line, "column": column}
