# SPDX-License-Identifier: GPL-2.0-only
"""Known failures and unstable cases: tools/quarantine.toml, which excuses them, with a reason.

    [[known]]
    case = "kmem_zero.recycled_*"          # a pattern of suite.case
    cells = ["6.12/debug", "7.?/debug"]    # patterns of the names of cells
    reason = "kvrealloc() copies what ksize() says"
    link = "https://..."                   # or a file of the repo
    owner = "Name <address>"
    expires = 2027-06-30                   # the last day on which it excuses anything
    unstable = true                        # it passes at times (default: it never does)

A quarantined case runs and is shown; its failure does not fail the run.
"""
import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from kmem_kunit import listed
from kmem_kunit.errors import UserError
from kmem_kunit.result import Case, Result, Status

FILE = "tools/quarantine.toml"
_TEXTS = ("case", "reason", "link", "owner")


@dataclass(frozen=True)
class Entry:
    """One entry: which case in which cells, why, where to read on, whose it is, until when.

    unstable says that it is no news if the case passes.
    """

    case: str
    cells: tuple[str, ...]
    reason: str
    link: str
    owner: str
    expires: datetime.date
    unstable: bool = False

    def covers(self, cell: str) -> bool:
        """Say whether the cell of that name is one of those meant."""
        return any(fnmatchcase(cell, each) for each in self.cells)

    def matches(self, cell: str, case: Case) -> bool:
        """Say whether a case of the cell of that name is meant."""
        return fnmatchcase(f"{case.suite}.{case.name}", self.case) and self.covers(cell)

    def expired(self, today: datetime.date) -> bool:
        """Say whether it excuses nothing any more."""
        return today > self.expires


def load(repo: Path) -> tuple[Entry, ...]:
    """Return the entries of tools/quarantine.toml; raises UserError for what it may not say."""
    return tuple(_entry(values, where) for values, where in listed.entries(repo / FILE, "known"))


def _entry(values: object, where: str) -> Entry:
    needed = {*_TEXTS, "cells", "expires"}
    if not isinstance(values, dict) or set(values) - {"unstable"} != needed:
        raise UserError(f"{where} needs case, cells, reason, link, owner and expires, no others"
                        " but unstable")
    for name in _TEXTS:
        if not isinstance(values[name], str) or not values[name].strip():
            raise UserError(f"{where}: {name} must be a text")
    cells = values["cells"]
    if not isinstance(cells, list) or not cells or not all(isinstance(c, str) for c in cells):
        raise UserError(f"{where}: cells must be a list of patterns such as 7.3/debug")
    if type(values["expires"]) is not datetime.date:
        raise UserError(f"{where}: expires must be a date such as 2027-06-30")
    if not isinstance(values.get("unstable", False), bool):
        raise UserError(f"{where}: unstable must be true or false")
    fields: dict[str, Any] = {**values, "cells": tuple(cells)}
    return Entry(**fields)


def applied(result: Result, cell: str, entries: Sequence[Entry], today: datetime.date) -> Result:
    """Return the result of a cell in which each failure that an entry excuses says why.

    That a case has no result is no failure of it, and is not excused.
    """
    valid = [entry for entry in entries if not entry.expired(today)]

    def excused(case: Case) -> Case:
        if case.status not in (Status.FAIL, Status.ERROR):
            return case
        entry = next((each for each in valid if each.matches(cell, case)), None)
        return replace(case, known=entry.reason) if entry else case

    return replace(result, cases=tuple(excused(case) for case in result.cases))
