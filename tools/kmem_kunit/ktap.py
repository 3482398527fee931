# SPDX-License-Identifier: GPL-2.0-only
"""A strict reader of KTAP as KUnit prints it on a console: text in, tree or Result out.

kunit_tool ignores indentation and takes the next line that looks like a result. Here a result
line counts only at the right depth, with the next number and, where a "# Subtest" has named it,
with that name; anything else is an error, so a line that a case or the rest of the kernel prints
cannot pass for a verdict. No input raises an exception, and what is kept of it is bounded.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from kmem_kunit.result import Case, Problem, Result, Status, segment
from kmem_kunit.splat import Report, Scanner, is_panic

MAX_LINE = 2048  # characters looked at in one line
MAX_RESULT = 1024  # characters of a result line that KUnit could have printed
MAX_TESTS = 50_000  # tests and groups in one log
MAX_DEPTH = 8
MAX_PLAN = MAX_TESTS
MAX_ERRORS = 20  # kept of one test
MAX_PROBLEMS = 500  # kept of one run
MAX_KEPT_LINE = 400  # characters kept of one diagnostic line
MAX_KEPT_HEAD = MAX_KEPT_TAIL = 40  # diagnostic lines kept of one test
MAX_KEPT = 8 << 20  # characters of diagnostic lines kept of one log
TAIL = 25  # last lines of the console, kept to show how a log ended

CUT = "the log ends before its result line"

_STAMP = re.compile(r"\[(?=[ \d]{5,}\.)( *\d{1,9})\.(\d{6})\](?:\[ *[TC]\d+[^\]]{0,40}\])? ?")
_START = re.compile(r"(.*?)(KTAP|TAP) version (\d{1,9})")
_VERSION = re.compile(r"(KTAP|TAP) version (\d{1,9})")
_SUBTEST = re.compile(r"# Subtest: (.*)")
_PLAN = re.compile(r"1\.\.(\d{1,9})(?:\s*#.*)?")
_RESULT = re.compile(r"(ok|not ok) (\d{1,9})(?: (.*))?")
_LIKE_RESULT = re.compile(r"(?:not )?ok\s+\d")
_DIRECTIVE = re.compile(r"(SKIP\w*|TIMEOUT|ERROR)\b:? ?(.*)", re.IGNORECASE)
_STATS = re.compile(r"# (.+): pass:(\d{1,9}) fail:(\d{1,9}) skip:(\d{1,9}) total:(\d{1,9})")
_ATTRIBUTE = re.compile(r"# (?:module: \S+|\S+\.speed: \w+|\S+\.is_init: \w+|is_init: \w+)")
_FAILED = re.compile(r"# \w+: (?:EXPECTATION|ASSERTION) FAILED at ")
_HINT = re.compile(r"# (\w+): ")
_WORST_FIRST = (Status.ERROR, Status.FAIL, Status.PASS, Status.SKIP)
_END = re.compile(r"List of all partitions:|Kernel panic - not syncing: VFS:|reboot: System halted")


@dataclass(frozen=True)
class Test:
    """One test as the log shows it; a suite or parametrised case has `children`."""

    name: str
    status: Status  # of its result line; ERROR if it has none, or if it cannot be believed
    reason: str = ""  # what follows a directive such as SKIP
    duration: float | None = None  # seconds
    log: tuple[str, ...] = ()  # its diagnostic lines; of the root, the console's last lines
    children: tuple[Test, ...] = ()
    plan: int | None = None
    group: bool = False  # it has a header of its own
    finished: bool = True  # the log goes on to its result line
    errors: tuple[str, ...] = ()
    reports: tuple[Report, ...] = ()  # splats that came while it ran

    @property
    def missing(self) -> int:
        """How many children the plan promises and the log lacks."""
        return max(0, (self.plan or 0) - len(self.children))

    @property
    def untested(self) -> bool:
        """True for a group that says it passed with nothing in it."""
        return (self.group and self.finished and self.status is Status.ERROR
                and not self.children and not self.missing)


class _Excerpt:
    """The first and last lines of a text of any length."""

    def __init__(self) -> None:
        self.head: list[str] = []
        self.tail: deque[str] = deque(maxlen=MAX_KEPT_TAIL)
        self.count = 0

    def add(self, line: str) -> None:
        self.count += 1
        kept = self.head if len(self.head) < MAX_KEPT_HEAD else self.tail
        kept.append(line[:MAX_KEPT_LINE])

    def lines(self) -> tuple[str, ...]:
        left_out = self.count - len(self.head) - len(self.tail)
        note = [f"[{left_out} lines left out]"] if left_out else []
        return (*self.head, *note, *self.tail)


class _Group:
    """A test whose children are being read."""

    def __init__(self, name: str, indent: int, start: float | None, mark: float | None) -> None:
        self.name = name
        self.indent = indent  # of its header
        self.start = start  # when it began
        self.mark = mark  # when its last child ended
        self.child_indent: int | None = None
        self.number = 0  # of its last child
        self.plan: int | None = None
        self.children: list[Test] = []
        self.log: tuple[str, ...] = ()
        self.errors: list[str] = []
        self.reports: list[Report] = []

    @property
    def fresh(self) -> bool:
        return not self.children and self.plan is None

    def error(self, text: str) -> None:
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(text)


@dataclass(frozen=True)
class _Line:
    """A result line, taken apart."""

    status: Status
    number: int
    name: str
    reason: str
    errors: tuple[str, ...] = ()


def _result_line(text: str) -> _Line | None:
    """Take a result line (without its indentation) apart; None if it is not a whole one."""
    match = _RESULT.fullmatch(text)
    if not match or len(text) > MAX_RESULT or not text.isprintable():
        return None
    rest = match[3] or ""
    name, _, directive = (" " + rest).partition(" #")
    name = name[1:]
    name = name[2:] if name.startswith("- ") else name
    if "#" in name:
        return None
    ok = match[1] == "ok"
    status = Status.PASS if ok else Status.FAIL
    errors: tuple[str, ...] = ()
    found = _DIRECTIVE.match(directive.strip())
    if found and found[1].upper().startswith("SKIP"):
        status = Status.SKIP
    elif found and ok:
        status, errors = Status.ERROR, (f"says ok and {found[1]} at once",)
    return _Line(status, int(match[2]), name, found[2] if found else "", errors)


def _leaves(tests: Iterable[Test]) -> Counter[Status]:
    leaves = (leaf for test in tests for leaf in (test.children if test.group else (test,)))
    return Counter(leaf.status for leaf in leaves)


class _Reader:
    """The state of parse(): the groups that are open, and what awaits its owner."""

    def __init__(self) -> None:
        self.stack: list[_Group] = []  # the root first
        self.base = ""  # white space in front of every line
        self.pending = _Excerpt()  # diagnostic lines of the next test to end
        self.scanner = Scanner()
        self.tail: deque[str] = deque(maxlen=TAIL)
        self.kept = 0
        self.tests = 0
        self.ended = False  # past the last line that may hold a result

    def feed(self, line: str) -> None:
        """Take one line, with or without its newline; it may hold several printk records."""
        line = line[:MAX_LINE].rstrip()
        stamps = list(_STAMP.finditer(line))
        if not stamps or line[: stamps[0].start()].strip():
            self._record(line[: stamps[0].start()] if stamps else line, None)
        ends = [stamp.start() for stamp in stamps[1:]] + [len(line)]
        for stamp, end in zip(stamps, ends):
            self._record(line[stamp.end() : end], float(f"{stamp[1].strip()}.{stamp[2]}"))

    def _record(self, text: str, now: float | None) -> None:
        text = text.rstrip()
        self.tail.append(text[:MAX_KEPT_LINE])
        if not self.stack:
            self._before(text, now)
            return
        text = text.removeprefix(self.base)
        body = text.lstrip(" \t")
        indent = len(text[: len(text) - len(body)].expandtabs(4))
        if self.ended or not self._structure(body, indent, now):
            self._other(text, body, indent)

    def _before(self, text: str, now: float | None) -> None:
        match = _START.fullmatch(text)
        if not match:
            self.scanner.feed(text)
            return
        self.scanner.interrupt()
        root = _Group("main", 0, now, now)
        root.child_indent = 0
        root.reports = self.scanner.take()
        self.base = match[1] if not match[1].strip() else ""
        self.stack.append(root)
        self._check_version(match[2], int(match[3]))

    def _structure(self, body: str, indent: int, now: float | None) -> bool:
        """Handle `body` if it is a line of KTAP's own, and say whether it was."""
        top = self.stack[-1]
        if match := _VERSION.fullmatch(body):
            self._header(None, indent, now)
            self._check_version(match[1], int(match[2]))
        elif match := _SUBTEST.fullmatch(body):
            self._header(match[1], indent, now)
        elif match := _PLAN.fullmatch(body):
            plan = int(match[1])
            if not top.fresh or indent < top.indent or plan > MAX_PLAN:
                top.error(f"unexpected plan 1..{plan}")
            else:
                top.plan = plan
        elif _LIKE_RESULT.match(body):
            self.scanner.interrupt()
            line = _result_line(body)
            if line:
                self._result(line, indent, now)
            else:
                top.error(f"malformed result line {body[:200]!r}")
        elif body.startswith("Bail out!"):
            top.error(body[:200])
        else:
            return False
        return True

    def _other(self, text: str, body: str, indent: int) -> None:
        if _END.match(body):
            root = self.stack[0]
            complete = len(self.stack) == 1 and root.plan in (None, len(root.children))
            self.ended = True
            if complete and is_panic(body):
                self.scanner.stop()
        if body.startswith("#"):
            self.scanner.interrupt()
            if self._statistics(body, indent) or _ATTRIBUTE.fullmatch(body):
                return
        elif self.scanner.feed(text):
            return
        if len(self.stack) > 1 and body and not self.ended:
            self.pending.add(text)

    def _check_version(self, family: str, number: int) -> None:
        if number not in ((1,) if family == "KTAP" else (13, 14)):
            self.stack[-1].error(f"unknown version of {family}: {number}")

    def _statistics(self, body: str, indent: int) -> bool:
        """Hold KUnit's own count of a group's results against those that the log shows."""
        match = _STATS.fullmatch(body)
        if not match:
            return False
        top = self.stack[-1]
        if match[1] == top.name and indent < top.indent:
            seen = Counter(child.status for child in top.children)
        elif match[1] == "Totals" and len(self.stack) == 2:
            seen = _leaves(top.children)
        else:
            return True
        passed, failed, skipped, total = (int(match[group]) for group in (2, 3, 4, 5))
        fine = seen[Status.PASS] + seen[Status.SKIP]  # 6.1 says "ok" of a skipped parameter
        if (passed + skipped, failed, total) != (fine, seen[Status.FAIL], sum(seen.values())):
            top.error(f"its results are not what the kernel counted: {body[:200]}")
        elif match[1] == top.name and skipped == total:
            top.children = [replace(child, status=Status.SKIP) for child in top.children]
        return True

    def _header(self, name: str | None, indent: int, now: float | None) -> None:
        """Open a group for a version line (`name` None) or a "# Subtest" line."""
        self.scanner.interrupt()
        top = self.stack[-1]
        if indent == top.indent and len(self.stack) > 1 and top.fresh and not top.name and name:
            top.name = name
            return
        same = indent == top.indent and top.fresh and name in (None, top.name)
        if indent <= 0 or same or len(self.stack) > MAX_DEPTH:
            top.error(f"unexpected header {name or 'version line'!r}"[:200])
            return
        while indent <= self.stack[-1].indent:
            self._close_cut()
        self.tests += 1
        if self.tests > MAX_TESTS:
            self.stack[-1].error(f"more than {MAX_TESTS} tests")
            return
        parent = self.stack[-1]
        group = _Group(name or "", indent, parent.mark if parent.mark is not None else now, now)
        group.log = self._take_log()
        group.reports = self.scanner.take()
        self.stack.append(group)

    def _result(self, line: _Line, indent: int, now: float | None) -> None:
        top = self.stack[-1]
        at = top.child_indent
        if indent == at or (at is None and indent >= top.indent):
            top.child_indent = indent
            self.tests += 1
            if self.tests > MAX_TESTS:
                top.error(f"more than {MAX_TESTS} tests")
                return
            self._end(Test(line.name, line.status, log=self._take_log(),
                           reports=tuple(self.scanner.take())), line, top.mark, now)
            return
        for depth in range(len(self.stack) - 1, 0, -1):
            parent, group = self.stack[depth - 1], self.stack[depth]
            at = parent.child_indent
            if indent == at or (at is None and parent.indent <= indent < group.indent):
                if group.name and group.name != line.name:
                    break
                while len(self.stack) > depth + 1:
                    self._close_cut()
                parent.child_indent = indent
                self._end(self._close(line.status), line, group.start, now)
                return
        top.error(f"result line out of place: {line.number} {line.name!r}"[:200])

    def _end(self, test: Test, line: _Line, start: float | None, now: float | None) -> None:
        """Give the innermost group the child `test`, which ends with `line`."""
        parent = self.stack[-1]
        errors = [*test.errors, *line.errors]
        if line.number != parent.number + 1:
            errors.append(f"result number {line.number} where {parent.number + 1} was due")
        if parent.plan is not None and len(parent.children) >= parent.plan:
            errors.append(f"more results than the plan 1..{parent.plan}")
        status = test.status
        if status is Status.SKIP and any(_FAILED.match(text.lstrip()) for text in test.log):
            errors.append("says SKIP though it had failed before")  # which KUnit forgets
            status = Status.FAIL
        if len(errors) > len(test.errors) and status is not Status.FAIL:
            status = Status.ERROR
        duration = None
        if start is not None and now is not None and now >= start:
            duration = round(now - start, 6)
        parent.children.append(replace(
            test, name=line.name, status=status, reason=line.reason, errors=tuple(errors),
            duration=duration))
        parent.number = line.number
        parent.mark = now

    def _close(self, status: Status, finished: bool = True) -> Test:
        """Take the innermost group off the stack as a Test, found consistent or in error."""
        group = self.stack.pop()
        children = group.children
        test = Test(group.name, status, log=group.log + self._take_log(),
                    children=tuple(children), plan=group.plan, group=True, finished=finished,
                    reports=(*group.reports, *self.scanner.take()))
        kinds = Counter(child.status for child in children)
        bad = kinds[Status.FAIL] + kinds[Status.ERROR]
        if finished and test.missing:
            group.error(f"{len(children)} results where the plan says {test.plan}")
        void = finished and status is Status.PASS and not children and not test.missing
        if void:
            group.error("no test ran")
        if status in (Status.PASS, Status.SKIP) and bad:
            group.error(f"says {status.value} though {bad} of its results do not")
        if status is Status.SKIP and kinds[Status.PASS]:
            group.error("says SKIP though some of it passed")
        broken = any(child.status is Status.ERROR and not child.untested for child in children)
        if test.missing or broken or void:
            status = Status.ERROR
        return replace(test, status=status, errors=tuple(group.errors))

    def _close_cut(self) -> None:
        """End the innermost group without a result line."""
        self.stack[-1].error(CUT)
        test = self._close(Status.ERROR, finished=False)
        self.stack[-1].children.append(test)
        self.stack[-1].number += 1

    def _take_log(self) -> tuple[str, ...]:
        lines, self.pending = self.pending.lines(), _Excerpt()
        self.kept += sum(map(len, lines))
        return lines if self.kept <= MAX_KEPT else ("[left out: the whole log is too long]",)

    def finish(self) -> Test:
        """Return the tree; a group that is still open becomes an unfinished test."""
        tail = tuple(self.tail)
        if not self.stack:
            self.scanner.finish()
            return Test("main", Status.ERROR, errors=("no KTAP output",), log=tail, group=True,
                        finished=False, reports=tuple(self.scanner.take()))
        self.scanner.interrupt()
        top = self.stack[-1]
        more = self.pending.count if top.plan is None else len(top.children) < top.plan
        if more:
            top.children.append(Test("", Status.ERROR, log=self._take_log(), finished=False,
                                     reports=tuple(self.scanner.take())))
        while len(self.stack) > 1:
            self._close_cut()
        self.scanner.finish()
        test = self._close(Status.PASS, finished=all(c.finished for c in self.stack[0].children))
        errors = [error for error in test.errors if not error.startswith("says PASS")]
        return replace(test, status=_summary(test), log=tail,
                       errors=tuple(errors + ([] if test.finished else [CUT])))


def _seen(test: Test) -> set[Status]:
    """The statuses of a tree's leaves, where a leaf is a test without a tested child."""
    seen: set[Status] = set().union(*(_seen(child) for child in test.children))
    if test.missing:
        seen.add(Status.ERROR)
    if test.status is Status.FAIL or not (seen or test.untested):
        seen.add(test.status)
    return seen


def _summary(root: Test) -> Status:
    seen = _seen(replace(root, status=Status.ERROR))
    return next((status for status in _WORST_FIRST if status in seen), Status.ERROR)


def lines(stream: BinaryIO) -> Iterator[str]:
    """Yield the lines of a console, split at newlines only, each cut to a bounded length."""
    whole = True
    while piece := stream.readline(4 * MAX_LINE):
        if whole:
            yield piece.decode(errors="backslashreplace")
        whole = piece.endswith(b"\n")


def parse(console: Iterable[str]) -> Test:
    """Read a console's lines into a tree, whose root is called "main".

    What is wrong is told by `errors` in the tree; no input raises an exception.
    """
    reader = _Reader()
    for line in console:
        reader.feed(line)
    return reader.finish()


class _Judge:
    """The Result of a tree, as it is put together."""

    def __init__(self, tree: Test, planned: Mapping[str, Sequence[str]] | None) -> None:
        self.tree = tree
        self.planned = planned
        self.cases: dict[tuple[str, str], Case] = {}
        self.params: dict[tuple[str, str], list[Case]] = {}
        self.problems: list[Problem] = []

    def problem(self, kind: str, case: str, log: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(kind, case, log))
        elif len(self.problems) == MAX_PROBLEMS:
            self.problems.append(Problem("malformed", "", "more problems than can be told"))

    def troubles(self, test: Test, path: str) -> None:
        """Turn the errors and reports of `test` itself, not of its children, into problems."""
        for report in test.reports:
            self.problem(report.kind, path, report.log)
        for error in test.errors:
            if error != CUT:
                self.problem("malformed", path, error)

    def suite(self, suite: Test) -> None:
        path = segment(suite.name)
        self.troubles(suite, path)
        if self.planned is not None and suite.name not in self.planned:
            self.problem("malformed", path, "this suite is not planned")
        if not suite.group:
            if suite.status is Status.SKIP:
                for name in (self.planned or {}).get(suite.name, ()):
                    self.add(Case(suite.name, name, "", Status.SKIP, reason=suite.reason))
            else:
                self.problem("suite", path, "\n".join(("it ran none of its cases", *suite.log)))
            return
        if suite.plan is None:
            self.problem("malformed", path, "the suite has no plan")
        for test in suite.children:
            self.case(suite, test)
        failed = any(test.status in (Status.FAIL, Status.ERROR) for test in suite.children)
        if suite.status is Status.FAIL and not failed:
            log = ("the suite failed outside its cases", *suite.log)
            self.problem("suite", path, "\n".join(log))

    def case(self, suite: Test, test: Test) -> None:
        name = test.name
        if not name:
            self.troubles(test, self.running(suite, test))
            return
        path = Case(suite.name, name, "", test.status).path
        self.troubles(test, path)
        if name not in (self.planned or {}).get(suite.name, (name,)):
            self.problem("malformed", path, "this case is not planned")
        if (suite.name, name) in self.cases:
            self.problem("malformed", path, "this case has more than one result")
        self.add(_case(suite.name, name, "", test))
        for param in test.children:
            label = param.name or "(unfinished)"
            self.troubles(param, path)
            self.params.setdefault((suite.name, name), []).append(
                _case(suite.name, name, label, param))

    def add(self, case: Case) -> None:
        """Keep `case`; where there are several of its name, as one that did not pass."""
        key = (case.suite, case.name)
        earlier = self.cases.get(key)
        if earlier:
            failed = Status.FAIL in (earlier.status, case.status)
            case = replace(case, status=Status.FAIL if failed else Status.ERROR)
        self.cases[key] = case

    def running(self, suite: Test, test: Test) -> str:
        """The path of the case of `suite` that was running when the log ended: `test`."""
        known = (self.planned or {}).get(suite.name, ())
        hints = [match[1] for line in test.log if (match := _HINT.match(line.lstrip()))]
        names = [hint for hint in hints[-1:] if not known or hint in known]
        names += known[len(suite.children) - 1 :][:1]
        name = names[0] if names else ""
        return f"{segment(suite.name)}.{segment(name)}" if name else segment(suite.name)

    def end(self) -> None:
        """Judge how the log ended."""
        log = "\n".join(self.tree.log)
        if not self.tree.children:
            self.problem("empty", "", "\n".join((*self.tree.errors, log)))
        elif not self.tree.finished and not any(p.kind == "panic" for p in self.problems):
            suite = self.tree.children[-1]
            path = segment(suite.name) if suite.name else ""
            if suite.children and not suite.children[-1].finished:
                last = suite.children[-1]
                path = (Case(suite.name, last.name, "", last.status).path
                        if last.name else self.running(suite, last))
            self.problem("truncated", path, log)

    def result(self) -> Result:
        root = self.tree if self.tree.children else replace(self.tree, errors=())
        self.troubles(root, "")
        if self.tree.children and self.tree.plan is None:
            self.problem("malformed", "", "the run has no plan")
        for suite in self.tree.children:
            if suite.name:
                self.suite(suite)
            else:
                self.troubles(suite, "")
        self.end()
        for name, names in (self.planned or {}).items():
            for missed in names:
                self.cases.setdefault((name, missed), Case(name, missed, "", Status.MISS))
        cases: list[Case] = []
        for key, case in self.cases.items():
            cases += [case, *self.params.get(key, ())]
        return Result(tuple(cases), tuple(self.problems))


def _case(suite: str, name: str, param: str, test: Test) -> Case:
    wrong = test.errors and test.status is Status.PASS
    return Case(suite, name, param, Status.ERROR if wrong else test.status, test.duration,
                textwrap.dedent("\n".join(test.log)), test.reason)


def read(
    console: Iterable[str], planned: Mapping[str, Sequence[str]] | None = None
) -> Result:
    """Read a console's lines into the Result of the boot.

    `planned` maps each suite to the cases that the boot should have run, in their order. A case
    that is planned and has no result is MISS; a result that is not planned is a problem.
    """
    return _Judge(parse(console), planned).result()
