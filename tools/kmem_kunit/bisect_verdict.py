# SPDX-License-Identifier: GPL-2.0-only
"""What a result says of a commit: a bisection goes on by that."""
import enum
from collections.abc import Mapping, Sequence

from kmem_kunit.result import Case, Problem, Result, Status, segment

_NAMED = 3  # cases that a line names
_DEATHS = ("panic", "hang", "truncated", "splat", "suite")


class Verdict(enum.Enum):
    """What a commit is."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "not to be judged"


def verdict(result: Result, planned: Mapping[str, Sequence[str]]) -> tuple[Verdict, str]:
    """Return what a result says of the cases planned, and why in a few words.

    Bad is a kernel in which one of them fails or is missing, or which dies or complains in one.
    """
    if build := [problem for problem in result.problems if problem.kind == "build"]:
        return Verdict.UNKNOWN, f"it does not build: {_complaint(build[0].log)}"
    ran = [case for case in _cases(result) if case.status is not Status.MISS]
    deaths = died(result, planned)
    if not ran and not deaths:
        kinds = {problem.kind for problem in result.problems}
        silent = any("no KTAP output" in problem.log for problem in result.problems)
        why = "it does not boot" if silent or kinds & {*_DEATHS} else "it has no such case"
        return Verdict.UNKNOWN, why
    if wrong := [f"{case.path} fails" for case in ran if case.status is Status.FAIL]:
        return Verdict.BAD, _some(wrong)
    if deaths:
        return Verdict.BAD, _some([f"{problem.kind} in {problem.case}" for problem in deaths])
    if wrong := [f"{case.path} is missing" for case in _cases(result) if case not in ran]:
        return Verdict.BAD, _some(wrong)
    problems = [p for p in result.problems if p.kind == "malformed"]
    if problems or any(case.status is Status.ERROR for case in ran):
        return Verdict.UNKNOWN, "its log cannot be believed"
    if all(case.status is Status.SKIP for case in ran):
        return Verdict.UNKNOWN, _some([f"{case.path} is skipped" for case in ran])
    return Verdict.GOOD, "all that was asked for passes"


def died(result: Result, planned: Mapping[str, Sequence[str]]) -> list[Problem]:
    """Return the panics and the like that came in the suites planned, not before or after them."""
    ours = {segment(name) for name in planned}
    return [problem for problem in result.problems
            if problem.kind in _DEATHS and problem.case.partition(".")[0] in ours]


def _cases(result: Result) -> list[Case]:
    return [case for case in result.cases if not case.param]


def _complaint(log: str) -> str:
    """Return the line of a compiler's output that says most."""
    lines = log.splitlines() or ["nobody says why"]
    return next((line for line in lines if "error:" in line), lines[0])


def _some(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _NAMED} more" if len(texts) > _NAMED else ""
    return ", ".join(texts[:_NAMED]) + more
