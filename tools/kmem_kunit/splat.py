# SPDX-License-Identifier: GPL-2.0-only
"""Finds a kernel's complaints on its console: panics, oopses, warnings, sanitizers' reports."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_REPORTS = 100  # kept of one log
MAX_LINES = 60  # kept of one report
MAX_KEPT_LINE = 160  # characters kept of one line
MAX_LENGTH = 200  # lines that one report may go on for

_PANIC = re.compile(r"\bKernel panic - not syncing")
_CUT_HERE = "------------[ cut here ]"
_END_TRACE = "---[ end trace"
_ANYWHERE = re.compile(r"\[ cut here \]|\bBUG: (?:KASAN|KCSAN|KFENCE|KMSAN)\b|\bkernel BUG at ")
_AT_START = re.compile(r"""
    (?:[\w.-]+:\ )? (?:
        (?:\[\ )? (?:BUG|WARNING):
      | BUG\ \S.*\ \(                                     # SLUB: BUG <cache> (Not tainted): ...
      | (?:UBSAN|KASAN|KFENCE|KCSAN|KMSAN):
      | Oops\b | Internal\ error: | Unable\ to\ handle\ kernel
      | general\ protection\ fault | .*\[\#\d+\](?:\ |$)  # die()'s counter
      | INFO:\ (?:task\ .*\ blocked|rcu|.*\ stall|possible\ |suspicious\ |trying\ to\ register)
      | .*\bdetected\ stalls?\b
      | unreferenced\ object | .*\bnew\ suspected\ memory\ leaks
      | .*:\ page\ allocation\ failure\b | .*\ invoked\ oom-killer: | Out\ of\ memory:
      | Call\ Trace: | Modules\ linked\ in: | CPU:\ \d+\ .*\bPID:\ \d+\ Comm:
    )""", re.VERBOSE)


@dataclass(frozen=True)
class Report:
    """One complaint: its `kind` (panic or splat) and an excerpt."""

    kind: str
    log: str


def is_panic(text: str) -> bool:
    """True if `text` announces a kernel panic."""
    return bool(_PANIC.search(text))


def is_splat(text: str) -> bool:
    """True if a report of the kernel's begins with the line `text`."""
    return bool(is_panic(text) or _ANYWHERE.search(text) or _AT_START.match(text))


class Scanner:
    """Collects reports from the lines of a console: the first MAX_REPORTS, and all panics.

    A report goes on until the next line that is not the kernel's own (see interrupt()), the end
    of its trace, or the beginning of another.
    """

    def __init__(self) -> None:
        self._kind = ""  # of the report that is open
        self._lines: list[str] = []
        self._length = 0
        self._found: list[Report] = []
        self._kept = self._dropped = 0
        self._stopped = False

    def feed(self, text: str) -> bool:
        """Take one line; True if it belongs to a report."""
        if self._stopped:
            return False
        begins = is_splat(text)
        if self._length >= MAX_LENGTH or (_CUT_HERE in text and self._kind == "splat"):
            self.interrupt()
        if not self._kind:
            if not begins:
                return False
            self._kind = "splat"
        if is_panic(text):
            self._kind = "panic"
        self._length += 1
        if len(self._lines) < MAX_LINES:
            self._lines.append(text[:MAX_KEPT_LINE])
        if text.startswith(_END_TRACE):
            self.interrupt()
        return True

    def interrupt(self) -> None:
        """End the report that is open, if any."""
        if self._kind:
            if self._kept < MAX_REPORTS or self._kind == "panic":
                self._kept += 1
                self._found.append(Report(self._kind, "\n".join(self._lines)))
            else:
                self._dropped += 1
        self._kind, self._lines, self._length = "", [], 0

    def take(self) -> list[Report]:
        """Return the reports that have ended since the last call."""
        found, self._found = self._found, []
        return found

    def finish(self) -> None:
        """End the report that is open, if any; how many were not kept is one more."""
        self.interrupt()
        if self._dropped:
            self._found.append(Report("splat", f"{self._dropped} more report{'s' * (self._dropped > 1)}"))

    def stop(self) -> None:
        """Look at no further line."""
        self.interrupt()
        self._stopped = True
