# SPDX-License-Identifier: GPL-2.0-only
"""What the page of results is made of, as tools/report/report.js reads it."""
import bisect
import json
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from kmem_kunit import bench, cells, gate, matrix, overlay, proc, suites
from kmem_kunit.errors import UserError
from kmem_kunit.kcidb import Run
from kmem_kunit.mutant import FILES
from kmem_kunit.result import Case, Status

PLACEHOLDER = "CASE_TO_RUN"  # in a command, for a case
_LETTERS = {Status.PASS: "P", Status.FAIL: "F", Status.SKIP: "S", Status.MISS: "M", Status.ERROR: "E"}
_BAD = {Status.FAIL: "failed", Status.MISS: "missing", Status.ERROR: "in error"}
_KNOWN, _ABSENT = "K", "."
_CAUGHT, _LIVES = ("Killed", "Timeout"), ("Survived", "NoCoverage")
_CTAGS = ("ctags-universal", "--options=NONE", "--quiet", "--output-format=json", "--sort=no", "--language-force=C",
          "--fields=NneK", "--kinds-C=f", "-f-")
_LIMIT = 120.0  # seconds
_OUTPUT_LIMIT = 64 << 20  # bytes that ctags may print

Files = Sequence[tuple[Run, str]]


def document(runs: Files, mutants: Sequence[Mapping[str, Any]], lcov: Sequence[str], made: datetime) -> dict[str, Any]:
    """Return all that the page shows; runs come with the names of their files, mutants as their schema has them."""
    book = cells.load(overlay.REPO)
    judged = sorted(((each, file) for each, file in runs if not _measures(each)), key=lambda pair: pair[0].start)
    measured = [each for each, _ in runs if _measures(each)]
    cases = _cases([each for each, _ in judged])
    return {
        "made": made.isoformat(timespec="minutes"),
        "series": list(dict.fromkeys([*book.series, *(_cell(each)[0] for each, _ in judged)])),
        "variants": [{"name": name, "about": about} for name, about in _variants(book, [run for run, _ in judged])],
        "cells": [cell.name for cell in book.all()],
        "cases": list(cases.values()),
        "runs": [_run(each, file, list(cases)) for each, file in judged],
        "bench": _bench(measured),
        "functions": _functions(mutants, lcov),
        "placeholder": PLACEHOLDER,
    }


def _measures(run: Run) -> bool:
    return any(case.number for case in run.result.cases)


def _cell(run: Run) -> tuple[str, str]:
    """Return the series and the variant of a run, made of its parts if it is of no cell."""
    series, _, variant = run.cell.partition("/")
    if variant:
        return series, variant
    return ".".join(run.kernel.split(".")[:2]), f"{run.architecture}+{run.config}"


def _variants(book: cells.Book, runs: Sequence[Run]) -> Iterator[tuple[str, str]]:
    yield from ((name, str(values.get("about", ""))) for name, values in book.variants.items())
    yield from ((name, "") for name in dict.fromkeys(_cell(run)[1] for run in runs) if name not in book.variants)


def _cases(runs: Sequence[Run]) -> dict[str, dict[str, str]]:
    """Return all cases, by their paths: those that we know, in their order, and others that runs have."""
    found = {f"{suite.name}.{case.name}": {"id": f"{suite.name}.{case.name}", "suite": suite.name,
                                           "contract": case.contract, "source": case.source, "file": suite.file}
             for suite in suites.load(overlay.REPO / "lib") for case in suite.cases
             if suite.name != bench.SUITE}
    for run in runs:
        for case in run.result.cases:
            path = f"{case.suite}.{case.name}"
            found.setdefault(path, {"id": path, "suite": case.suite, "contract": "", "source": "", "file": ""})
    ran = {f"{case.suite}.{case.name}" for run in runs for case in run.result.cases}
    return {path: case for path, case in found.items() if path in ran}


def _run(run: Run, file: str, paths: Sequence[str]) -> dict[str, Any]:
    """Return a boot: a letter a case, in their order, and what there is to be told of those that have something."""
    cases: dict[str, list[Case]] = defaultdict(list)
    for case in run.result.cases:
        cases[f"{case.suite}.{case.name}"].append(case)
    letters, details = list[str](), dict[int, dict[str, Any]]()
    for number, path in enumerate(paths):
        letter, detail = _outcome(cases.get(path, ()))
        letters.append(letter)
        if detail:
            details[number] = detail
    series, variant = _cell(run)
    verdict, why = _verdict(run)
    return {
        "series": series, "variant": variant, "kernel": run.kernel, "arch": run.architecture, "config": run.config,
        "compiler": run.compiler, "command": run.command, "again": gate.reproducer(run.command, PLACEHOLDER),
        "start": "" if run.start == gate.EPOCH else run.start.isoformat(timespec="seconds"), "file": file,
        "accelerator": run.accelerator, "took": run.took, "source": run.source, "console": run.console,
        "verdict": verdict, "why": why, "outcomes": "".join(letters), "details": details,
        "problems": [{"kind": each.kind, "case": each.case, "log": each.log} for each in run.result.problems],
    }


def _outcome(cases: Sequence[Case]) -> tuple[str, dict[str, Any]]:
    """Return the letter of a case, from its verdict and those on its parameters, and what else is told of it."""
    if not cases:
        return _ABSENT, {}
    whole = next((case for case in cases if not case.param), None)
    worst = whole or min(cases, key=lambda case: "FEMSP".index(_LETTERS[case.status]))
    letter = _KNOWN if worst.known else _LETTERS[worst.status]
    detail: dict[str, Any] = {name: value for name, value in (
        ("reason", worst.reason), ("known", worst.known), ("log", worst.log)) if value}
    params = [{"param": case.param, "outcome": _KNOWN if case.known else _LETTERS[case.status],
               "reason": case.reason, "log": case.log} for case in cases if case.param]
    if params:
        detail["params"] = params
    return letter, detail


def _verdict(run: Run) -> tuple[str, str]:
    """Return good, bad or unable, and in a few words why it is not good."""
    if matrix.unable(run):
        return "unable", run.result.problems[0].log.strip()
    if run.result.ok:
        return "good", ""
    counts = run.result.counts
    words = [f"{counts[status]} {word}" for status, word in _BAD.items() if counts[status]]
    kinds = Counter(problem.kind for problem in run.result.problems)
    return "bad", ", ".join([*words, *(f"{count} {kind}" for kind, count in kinds.items())]) or "nothing passed"


def _bench(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return the numbers, a table a setting and unit: its columns, and rows of a name and its numbers or None."""
    tables = []
    for setting in dict.fromkeys(bench.setting(run) for run in runs):
        some = [run for run in runs if bench.setting(run) == setting]
        for unit in (bench.INSTRUCTIONS, bench.TIME):
            of = [bench.numbers(run, unit) for run in some]
            names = list(dict.fromkeys(name for each in of for name in each))
            if names:
                tables.append({"setting": setting, "unit": unit, "columns": [run.kernel for run in some],
                               "rows": [{"name": name, "values": [each.get(name) for each in of]} for name in names]})
    return tables


def _functions(mutants: Sequence[Mapping[str, Any]], lcov: Sequence[str]) -> list[dict[str, Any]]:
    """Return the functions of which mutants or lines are told: how many of them are caught, and reached."""
    found: dict[tuple[str, str], dict[str, Any]] = {}

    def entry(file: str, name: str, line: int) -> dict[str, Any]:
        return found.setdefault((file, name), {"file": file, "name": name, "line": line, "caught": 0, "mutants": 0,
                                               "survivors": [], "reached": 0, "lines": 0})

    for document_ in mutants:
        for file, content in document_["files"].items():
            spans = list(_spans(content["source"]))
            for mutant in content["mutants"]:
                line = mutant["location"]["start"]["line"]
                name, first = next(((name, first) for name, first, last in spans if first <= line <= last), ("", line))
                if mutant["status"] in (*_CAUGHT, *_LIVES):
                    each = entry(file, name or "(none)", first)
                    each["mutants"] += 1
                    each["caught"] += mutant["status"] in _CAUGHT
                    if mutant["status"] in _LIVES:
                        each["survivors"].append({"line": line, "text": str(mutant.get("replacement", ""))[:200]})
    for file, name, line, counts in _covered(lcov):
        each = entry(file, name, line)
        each["lines"] += len(counts)
        each["reached"] += sum(1 for count in counts if count > 0)
    return sorted(found.values(), key=lambda each: (each["file"], each["line"]))


def _spans(source: str) -> Iterator[tuple[str, int, int]]:
    """Yield the functions of a C source: the name, the first line and the last one."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", errors="replace", suffix=".c") as file:
        file.write(source)
        file.flush()
        done = proc.run([*_CTAGS, file.name], timeout=_LIMIT, limit=_OUTPUT_LIMIT)
    if done.status != 0:
        raise UserError(f"cannot read the sources of the mutants: ctags ended with status {done.status}")
    for line in done.output.splitlines():
        if line.startswith("{"):
            tag = json.loads(line)
            yield str(tag["name"]), int(tag["line"]), int(tag.get("end", tag["line"]))


def _covered(lines: Iterable[str]) -> Iterator[tuple[str, str, int, list[int]]]:
    """Yield the functions of an lcov tracefile: file, name, line, and how often each of its lines was reached."""
    for text in "\n".join(lines).split("end_of_record"):
        file = re.search(r"^SF:(.*)$", text, re.MULTILINE)
        if file is None:
            continue
        path = next((each for each in FILES if file[1].endswith(f"/{each}")), file[1])
        starts = sorted({(int(line), re.sub(r"\A.*:", "", name))
                         for line, name in re.findall(r"^FN:(\d{1,9}),(?:\d+,)?(.+)$", text, re.MULTILINE)})
        counts = sorted({int(line): int(count) for line, count in re.findall(
            r"^DA:(\d{1,9}),(\d{1,18})", text, re.MULTILINE)}.items())
        for (line, name), (end, _) in zip(starts, [*starts[1:], (1 << 31, "")]):
            first, last = (bisect.bisect_left(counts, (at, 0)) for at in (line, end))
            yield path, name, line, [count for _, count in counts[first:last]]
