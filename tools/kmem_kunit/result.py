# SPDX-License-Identifier: GPL-2.0-only
"""What one run yields: the verdict on each case, and whatever went wrong outside the cases."""

from __future__ import annotations

import enum
import os
import re
import stat
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kmem_kunit.errors import UserError

MAX_SEGMENT = 200


class Status(enum.Enum):
    """A case's verdict, in KCIDB's words."""

    PASS = "PASS"
    FAIL = "FAIL"
    SKIP = "SKIP"
    MISS = "MISS"
    ERROR = "ERROR"


def segment(name: str) -> str:
    """Return `name` as one part of a KCIDB path: letters, digits, "_" and "-", never empty.

    Different names may come out equal; whoever needs them apart must number them.
    """
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name[:MAX_SEGMENT]) or "_"


@dataclass(frozen=True)
class Number:
    """What was measured, in a unit such as "instructions/operation"."""

    value: float
    unit: str


@dataclass(frozen=True)
class Case:
    """The verdict on one case (`param` empty) or on one parameter of it.

    `known` says why a failure was to be expected, and is "" where it was not. `number` is there where
    something was measured and not judged.
    """

    suite: str
    name: str
    param: str
    status: Status
    duration: float | None = None  # seconds
    log: str = ""
    reason: str = ""
    known: str = ""
    number: Number | None = None

    @property
    def bad(self) -> bool:
        """True unless it passed or was skipped."""
        return self.status not in (Status.PASS, Status.SKIP)

    @property
    def path(self) -> str:
        """The KCIDB path: suite.case, or suite.case.param."""
        parts = [self.suite, self.name] + ([self.param] if self.param else [])
        return ".".join(segment(part) for part in parts)


@dataclass(frozen=True)
class Problem:
    """Something that fails the run without being a verdict on a case.

    `kind` is one word: panic, splat, hang, truncated (the log ends in the middle), malformed
    (the log contradicts itself or the plan), suite (a suite failed outside its cases),
    empty (no result at all), died (a cell left no result), or machine (this one cannot do it,
    which says nothing of the kernel). `case` is the path of the case (or suite) that was running, or "".
    """

    kind: str
    case: str
    log: str


@dataclass(frozen=True)
class Result:
    """All that one boot has shown."""

    cases: tuple[Case, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        """True if something passed, and nothing failed, is missing or went wrong unexpectedly."""
        unexpected = any(case.bad and not case.known for case in self.cases)
        passed = any(case.status is Status.PASS for case in self.cases)
        return passed and not unexpected and not self.problems

    @property
    def counts(self) -> Mapping[Status, int]:
        """How many cases have each status, known failures aside; one with parameters is one."""
        found = Counter(case.status for case in self.cases if not case.param and not case.known)
        return {status: found[status] for status in Status}

    @property
    def known(self) -> int:
        """How many cases failed as was to be expected."""
        return sum(1 for case in self.cases if case.known and not case.param)


def save(path: Path, data: bytes) -> None:
    """Write `data` to the file `path`, which then holds all of it or what it held before.

    Raises UserError if it cannot be written. A pipe or device is written to as it is.
    """
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            path.write_bytes(data)
            return
        target = path.resolve()
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(file.fileno(), 0o644)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"cannot write {str(path)!r}: {reason}") from error
