# SPDX-License-Identifier: GPL-2.0-only
"""Results as JUnit XML, for the CI systems that read nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import junitparser  # type: ignore[import]

from kmem_kunit.result import Case, Problem, Result, Status, save

# What XML 1.0 has no way to write.
_FORBIDDEN = re.compile(
    "[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")


def _text(text: str) -> str:
    """`text` with what XML cannot hold spelled out, such as \\x1b."""
    return _FORBIDDEN.sub(lambda match: ascii(match[0])[1:-1], text)


def _outcome(case: Case) -> list[junitparser.JUnitXml]:
    log = _text(case.log)
    first = log.partition("\n")[0]
    if case.status is Status.PASS:
        return []
    if case.status is Status.SKIP:
        return [junitparser.Skipped(_text(case.reason) or "skipped")]
    if case.known:
        outcome = junitparser.Skipped(_text(f"known failure: {case.known}"))
        outcome.text = log
        return [outcome]
    if case.status is Status.FAIL:
        outcome = junitparser.Failure(first or "failed", "FAIL")
    elif case.status is Status.MISS:
        outcome = junitparser.Error("planned, but the log has no result of it", "MISS")
    else:
        outcome = junitparser.Error(first or "its result cannot be believed", "ERROR")
    outcome.text = log
    return [outcome]


def _testcase(case: Case) -> junitparser.TestCase:
    name = f"{case.name}[{case.param}]" if case.param else case.name
    entry = junitparser.TestCase(_text(name), _text(case.suite), case.duration or 0.0)
    entry.result = _outcome(case)
    return entry


def _problem(problem: Problem) -> junitparser.TestCase:
    name = f"{problem.kind} in {problem.case}" if problem.case else problem.kind
    entry = junitparser.TestCase(_text(name), "boot", 0.0)
    outcome = junitparser.Error(_text(problem.log.partition("\n")[0]), _text(problem.kind))
    outcome.text = _text(problem.log)
    entry.result = [outcome]
    return entry


def document(results: Mapping[str, Result]) -> bytes:
    """Return JUnit XML of `results`, each under the name of what ran, such as "6.12 default".

    A suite is a testsuite whose name says both; a problem is an error in the suite "boot".
    """
    xml = junitparser.JUnitXml("kmem-kunit")
    for label, result in results.items():
        suites: dict[str, list[junitparser.TestCase]] = {}
        for case in result.cases:
            suites.setdefault(case.suite, []).append(_testcase(case))
        if result.problems:
            suites.setdefault("boot", []).extend(map(_problem, result.problems))
        for name, entries in suites.items():
            suite = junitparser.TestSuite(_text(f"{label}: {name}" if label else name))
            suite.add_testcases(entries)
            xml.add_testsuite(suite)
    xml.update_statistics()
    return bytes(xml.tostring())


def write(path: Path, results: Mapping[str, Result]) -> None:
    """Write JUnit XML of `results` to the file `path`, all or nothing; UserError if that fails."""
    save(path, document(results))
