# SPDX-License-Identifier: GPL-2.0-only
"""A result in words: each case, each problem, a closing line."""
from collections.abc import Iterator

from kmem_kunit.boot import Log
from kmem_kunit.progress import clean, paint
from kmem_kunit.result import Case, Problem, Result, Status

_WORDS = {
    Status.PASS: ("pass", "green"),
    Status.FAIL: ("FAIL", "red"),
    Status.SKIP: ("skip", "yellow"),
    Status.MISS: ("MISS", "red"),
    Status.ERROR: ("ERROR", "red"),
}
_COUNTED = {
    Status.PASS: "passed",
    Status.FAIL: "failed",
    Status.SKIP: "skipped",
    Status.MISS: "missing",
    Status.ERROR: "errors",
}
_ALWAYS = (Status.PASS, Status.FAIL, Status.SKIP)
_LOG_LINES = 40


def details(result: Result) -> Iterator[str]:
    """Yield the lines that tell a person of each case and each problem."""
    shown = [case for case in result.cases if not case.param or case.status is not Status.PASS]
    width = max((len(_name(case)) for case in shown), default=0)
    for case in shown:
        yield from _case(case, width)
    for problem in result.problems:
        yield from _problem(problem)


def lines(result: Result, label: str, log: Log) -> Iterator[str]:
    """Yield the lines that tell a person what a boot came to; the last one sums it up."""
    yield from details(result)
    counts = result.counts
    words = [
        f"{counts[status]} {word}"
        for status, word in _COUNTED.items()
        if status in _ALWAYS or counts[status]
    ]
    if result.known:
        words.append(f"{result.known} known failure{'s' * (result.known > 1)}")
    if result.problems:
        words.append(f"{len(result.problems)} problem{'s' * (len(result.problems) > 1)}")
    by = f" with {log.accelerator}" if log.accelerator else ""
    text = f"{label}: {', '.join(words)} in {log.took:.2f} s{by} (log {log.path})"
    yield paint(clean(text), "green" if result.ok else "red")


def _name(case: Case) -> str:
    return clean(f"{case.suite}.{case.name}" + (f" [{case.param}]" if case.param else ""))


def _case(case: Case, width: int) -> Iterator[str]:
    word, colour = ("known", "yellow") if case.known else _WORDS[case.status]
    took = "" if case.duration is None else f"{case.duration * 1000:8.2f} ms"
    why = case.known or case.reason
    reason = f"  {clean(why)}" if why else ""
    yield f"{paint(f'{word:5}', colour)} {_name(case):{width}} {took:11}{reason}".rstrip()
    if case.bad:
        yield from _excerpt(case.log)


def _problem(problem: Problem) -> Iterator[str]:
    where = f" in {problem.case}" if problem.case else ""
    yield paint(clean(f"{problem.kind}{where}:"), "red")
    yield from _excerpt(problem.log)


def _excerpt(log: str) -> Iterator[str]:
    found = log.splitlines()
    for line in found[:_LOG_LINES]:
        yield f"      {clean(line)}"
    if len(found) > _LOG_LINES:
        yield f"      ... {len(found) - _LOG_LINES} lines more in the log"
