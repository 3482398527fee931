# SPDX-License-Identifier: GPL-2.0-only
"""What the gate found, for whoever reads it: people, and CI systems in their own forms.

Names and logs are foreign text. None of it may act on a terminal, or be taken for a command by a
CI system that reads our output.
"""
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kmem_kunit import ctokens, gate, suites
from kmem_kunit.errors import UserError
from kmem_kunit.gate import Finding, Kind
from kmem_kunit.kcidb import MAX_EXCERPT, Run
from kmem_kunit.progress import clean, paint
from kmem_kunit.result import Case, Problem, Result, Status

VERSION = 1  # of the findings document
_ROWS = 20  # of one kind that people are shown
_CELLS = 4  # named in one row
_PARAMS = 3
_LOG_LINES = 4
_LENGTH = 300  # characters of a name, a change or a line
_COLOURS = {Kind.FIXED: "green", Kind.NEW: "green"}
_REPORTS = (Kind.DIED, Kind.REPORT, Kind.REPORTED)  # what the kernel said tells one from another
_ENTRIES = (Kind.EXPIRED, Kind.STALE)  # what is said of entries of the quarantine
_QUARANTINE = "tools/quarantine.toml"
_CELLS_FILE = "tools/cells.toml"

Places = Mapping[tuple[str, str], tuple[str, int]]


def _short(text: str) -> str:
    """Return foreign text as it may be shown, and no more of it than people will read."""
    shown = clean(text[: _LENGTH + 1])
    return shown if len(shown) <= _LENGTH else f"{shown[: _LENGTH - 3]}..."


@dataclass(frozen=True)
class Row:
    """Findings that are one for people: the same of one case, in several cells.

    headline is that of a report; params are those of the case's that are concerned, "" for the case
    itself.
    """

    kind: Kind
    change: str
    headline: str
    suite: str
    case: str
    params: tuple[str, ...]
    cells: tuple[str, ...]
    since: tuple[str, ...]
    command: str
    log: str
    console: str

    @property
    def name(self) -> str:
        """The case, with some of its parameters, for people."""
        params = [param for param in self.params if param]
        more = len(params) - _PARAMS
        name = _short(".".join(part for part in (self.suite, self.case) if part))
        text = "".join(f" [{_short(param)}]" for param in params[:_PARAMS])
        return name + text + (f" and {more} more" if more > 0 else "")

    @property
    def where(self) -> str:
        """The cells, for people."""
        if self.kind in _ENTRIES:
            return _QUARANTINE
        more = len(self.cells) - _CELLS
        names = ", ".join(_short(cell) or "a nameless cell" for cell in self.cells[:_CELLS])
        return names + (f" and {more} more" if more > 0 else "")


def rows(findings: Sequence[Finding]) -> list[Row]:
    """Return findings as rows, in their order."""
    cases: dict[tuple[Kind, str, str, str, str, str], list[Finding]] = {}
    for each in findings:
        headline = gate.headline(each.log) if each.kind in _REPORTS else ""
        key = (each.kind, each.change, headline, each.suite, each.case, each.cell)
        cases.setdefault(key, []).append(each)
    same: dict[tuple[Kind, str, str, str, str, tuple[str, ...]], list[Finding]] = {}
    for (kind, change, headline, suite, case, _), found in cases.items():
        params = tuple(each.param for each in found)
        same.setdefault((kind, change, headline, suite, case, params), []).append(found[0])
    return [
        Row(
            *key,
            tuple(each.cell for each in found),
            tuple(dict.fromkeys(each.since for each in found if each.since)),
            found[0].command,
            found[0].log,
            next((each.console for each in found if each.console), ""),
        )
        for key, found in same.items()
    ]


def lines(findings: Sequence[Finding], head: Sequence[Run]) -> Iterator[str]:
    """Yield the table for people; the last line sums it up."""
    table = rows(findings)
    by_kind: dict[Kind, list[Row]] = {}
    for row in table:
        by_kind.setdefault(row.kind, []).append(row)
    width = max((len(row.name) for row in table), default=0)
    for kind, found in by_kind.items():
        for row in found[:_ROWS]:
            yield from _row(row, min(width, 60))
        if len(found) > _ROWS:
            yield f"{kind.value:15}  ... and {len(found) - _ROWS} more, which --json names"
    counts = Counter(row.kind for row in table)
    cells = gate.by_cell(head)
    cases = sum(1 for runs in cells.values() for key in gate.outcomes(runs) if not key.param)
    worse = sum(count for kind, count in counts.items() if kind.fails)
    named = [f"{count} {kind.value}" for kind, count in counts.items() if not kind.fails]
    text = (f"{len(cells)} cell{'s' * (len(cells) != 1)}, {cases} case{'s' * (cases != 1)}: "
            f"{worse or 'no'} regression{'s' * (worse > 1)}")
    yield paint(", ".join((text, *named)), "red" if worse else "green")


def _row(row: Row, width: int) -> Iterator[str]:
    word = row.kind.value
    colour = "red" if row.kind.fails else _COLOURS.get(row.kind, "yellow")
    shown = [f"{row.name or 'the cell':{width}}", _short(row.change), row.where]
    if row.since:
        shown.append(f"since {_short(', '.join(row.since))}")
    label = paint(f"{word.upper() if row.kind.fails else word:15}", colour)
    yield "  ".join((label, *shown))
    if not row.kind.fails:
        return
    for line in _excerpt(row):
        yield f"    | {_short(line)}"
    if row.console:
        yield f"    console {_short(row.console)}"
    if row.command:
        yield f"    {clean(row.command)}"


def _excerpt(row: Row) -> list[str]:
    """Return the lines of a log that say most: the first, but of a tool that died the last."""
    found = [line for line in row.log.splitlines() if line.strip() and "[ cut here ]" not in line]
    if row.kind is Kind.DIED and row.change.startswith("died"):
        return [*found[:1], *found[1:][1 - _LOG_LINES :]]
    return found[:_LOG_LINES]


def document(
    findings: Sequence[Finding], base: Sequence[Run], head: Sequence[Run]
) -> dict[str, Any]:
    """Return all findings as a JSON document, with what was compared."""
    return {
        "version": VERSION,
        "ok": not any(each.kind.fails for each in findings),
        "base": [_described(run) for run in base],
        "head": [_described(run) for run in head],
        "findings": [
            {
                "kind": each.kind.name.lower(),
                "fails": each.kind.fails,
                **{name: getattr(each, name)
                   for name in ("cell", "suite", "case", "param", "number", "change", "since",
                                "command", "console")},
                "log": each.log[:MAX_EXCERPT],
            }
            for each in findings
        ],
    }


def _described(run: Run) -> dict[str, str]:
    return {"cell": run.cell, "kernel": run.kernel, "source": run.source,
            "start": run.start.isoformat(), "accelerator": run.accelerator}


def judged(findings: Sequence[Finding], head: Sequence[Run]) -> dict[str, Result]:
    """Return the results of head's cells as the gate sees them, to be written as JUnit XML.

    A case fails if the gate fails for it, and a failure that is no news is a known one. What is no
    case's is a problem, below "quarantine" if it is of no cell.
    """
    runs = gate.by_cell(head)
    by_label: dict[str, list[Finding]] = {cell: [] for cell in runs}
    for each in findings:
        label = "quarantine" if each.kind in _ENTRIES else each.cell
        by_label.setdefault(label, []).append(each)
    return {
        label: _result(found, gate.outcomes(runs.get(label, [])))
        for label, found in by_label.items()
    }


def _result(findings: Sequence[Finding], outcomes: Mapping[gate.Key, list[Case]]) -> Result:
    cases = {key: _shown(found) for key, found in outcomes.items()}
    problems = []
    for each in findings:
        key = gate.Key(each.suite, each.case, each.param, each.number)
        if each.kind in _OF_CASES:
            cases[key] = _with_finding(cases.get(key, Case(*key[:3], Status.MISS)), each)
        elif each.kind.fails:
            text = f"{each.change}\n{each.log}".rstrip()
            problems.append(Problem(each.kind.value, each.name, text))
    return Result(tuple(cases.values()), tuple(problems))


_OF_CASES = (Kind.FAIL, Kind.NEW_FAIL, Kind.MISSING, Kind.SKIPPED, Kind.UNSTABLE, Kind.UNEXPECTED,
             Kind.KNOWN, Kind.BOTH)


def _shown(found: Sequence[Case]) -> Case:
    """Return the first bad outcome of a case, or the first; a finding says later if it is known."""
    bad = [case for case in found if case.bad]
    return replace((bad or list(found))[0], known="")


def _with_finding(case: Case, finding: Finding) -> Case:
    """Return a case as a finding of it has it."""
    if not finding.kind.fails:
        why = finding.log if finding.kind is Kind.KNOWN else finding.change
        return replace(case, known=why) if case.bad else case
    log = f"{finding.kind.value}: {finding.change}\n{finding.log}".rstrip()
    return replace(case, status=Status.FAIL, log=log)


def places(repo: Path) -> Places:
    """Return where in the repo each case of our own is defined: a file and a line.

    What cannot be read has no place.
    """
    found = {}
    try:
        known = suites.load(repo / "lib")
        for file in dict.fromkeys(suite.file for suite in known):
            text = (repo / "lib" / file).read_text(encoding="utf-8", errors="replace")
            first: dict[str, int] = {}
            for token in ctokens.cut(text, file):
                if token.kind == "word":
                    first.setdefault(token.text, token.line)
            for suite in known:
                if suite.file == file:
                    found[suite.name, ""] = (f"lib/{file}", 1)
                    for case in suite.cases:
                        found[suite.name, case.name] = (f"lib/{file}", first.get(case.name, 1))
    except (UserError, OSError):
        pass
    return found


def _place(row: Row, known: Places) -> tuple[str, int]:
    """Return where to show a row: at its case, its suite, the quarantine or the cells."""
    if row.kind in _ENTRIES:
        return _QUARANTINE, 1
    found = known.get((row.suite, row.case)) or known.get((row.suite, ""))
    return found or (_CELLS_FILE, 1)


def _message(row: Row) -> list[str]:
    """Return a failing row as lines of text."""
    since = f" (since {_short(', '.join(row.since))})" if row.since else ""
    first = f"{row.name or 'the cell'}: {row.kind.value}: {_short(row.change)} in {row.where}{since}"
    command = [f"reproduce: {clean(row.command)}"] if row.command else []
    return [first, *(f"| {_short(line)}" for line in _excerpt(row)), *command]


def github(findings: Sequence[Finding], known: Places) -> list[str]:
    """Return a workflow command "::error" for each failing row."""
    found = []
    for row in rows(findings):
        if row.kind.fails:
            file, line = _place(row, known)
            title = f"kmem-kunit: {row.kind.value}"
            found.append(f"::error file={_property(file)},line={line},title={_property(title)}::"
                         + _data("\n".join(_message(row))))
    return found


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def gitlab(findings: Sequence[Finding], known: Places) -> list[dict[str, Any]]:
    """Return a GitLab Code Quality report: an entry for each failing row.

    The fingerprint of an entry is the same from one run to the next.
    """
    found = []
    for row in rows(findings):
        if row.kind.fails:
            file, line = _place(row, known)
            parts = (row.kind.name, row.change, row.headline, row.suite, row.case, *row.params)
            found.append({
                "description": "\n".join(_message(row)),
                "check_name": f"kmem-kunit {row.kind.value}",
                "fingerprint": hashlib.sha256(json.dumps(parts).encode()).hexdigest(),
                "severity": "critical" if row.kind in (Kind.DIED, Kind.REPORT) else "major",
                "location": {"path": file, "lines": {"begin": line}},
            })
    return found
