# SPDX-License-Identifier: GPL-2.0-only
"""Known failures: what an entry excuses, for how long, and what it must say."""
import datetime
import fnmatch
from pathlib import Path

import pytest

from kmem_kunit import cells, overlay, quarantine, suites
from kmem_kunit.errors import UserError
from kmem_kunit.result import Case, Result, Status

GOOD = """
[[known]]
case = "kmem_tiny.sec*"
cells = ["6.12/debug", "7.?/*"]
reason = "it is broken"
link = "Documentation/findings.rst"
owner = "us"
expires = 2027-06-30
"""
DAY = datetime.date(2027, 6, 30)


def result(status: Status) -> Result:
    return Result((Case("kmem_tiny", "first", "", Status.PASS),
                   Case("kmem_tiny", "second", "", status),
                   Case("kmem_tiny", "second", "size 1", status)))


@pytest.fixture
def entries(repo: Path) -> tuple[quarantine.Entry, ...]:
    (repo / quarantine.FILE).write_text(GOOD)
    return quarantine.load(repo)


def test_a_known_failure_is_shown_and_does_not_fail(
    entries: tuple[quarantine.Entry, ...]
) -> None:
    before = result(Status.FAIL)
    after = quarantine.applied(before, "7.3/debug", entries, DAY)
    assert not before.ok and after.ok and after.known == 1
    assert [case.known for case in after.cases] == ["", "it is broken", "it is broken"]
    assert [case.status for case in after.cases] == [case.status for case in before.cases]
    assert after.counts[Status.FAIL] == 0 and after.counts[Status.PASS] == 1


@pytest.mark.parametrize(("cell", "status", "day"), [
    ("6.12/plain", Status.FAIL, DAY),
    ("7.3/debug", Status.PASS, DAY),
    ("7.3/debug", Status.SKIP, DAY),
    ("7.3/debug", Status.MISS, DAY),
    ("7.3/debug", Status.FAIL, DAY + datetime.timedelta(days=1)),
])
def test_what_is_not_excused(
    entries: tuple[quarantine.Entry, ...], cell: str, status: Status, day: datetime.date
) -> None:
    assert quarantine.applied(result(status), cell, entries, day) == result(status)


def test_nothing_but_known_failures_is_no_pass(entries: tuple[quarantine.Entry, ...]) -> None:
    only = Result(result(Status.FAIL).cases[1:])
    assert not quarantine.applied(only, "7.3/debug", entries, DAY).ok


@pytest.mark.parametrize(("old", "new", "said"), [
    ('owner = "us"\n', "", "entry 1 needs case, cells, reason, link, owner and expires"),
    ('owner = "us"', 'owner = " "', "owner must be a text"),
    ('owner = "us"', 'owner = "us"\nretry = 3', "no others"),
    ('cells = ["6.12/debug", "7.?/*"]', "cells = []", "cells must be a list"),
    ("expires = 2027-06-30", 'expires = "2027-06-30"', "expires must be a date"),
    ("expires = 2027-06-30", "expires = 2027-06-30T10:00:00", "expires must be a date"),
    ("expires = 2027-06-30", 'expires = 2027-06-30\nunstable = "yes"', "unstable must be true or"),
    ("[[known]]", "[known]", r"may only have \[\[known\]\]"),
    ("[[known]]", "x = 1\n[[known]]", r"may only have \[\[known\]\]"),
    ("[[known]]", "[[known]", "quarantine.toml"),
])
def test_mistakes(repo: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    (repo / quarantine.FILE).write_text(GOOD.replace(old, new))
    with pytest.raises(UserError, match=said):
        quarantine.load(repo)


def test_unstable_is_said_or_not(repo: Path) -> None:
    for more, said in (("", False), ("unstable = false", False), ("unstable = true", True)):
        (repo / quarantine.FILE).write_text(f"{GOOD}{more}\n")
        assert [entry.unstable for entry in quarantine.load(repo)] == [said]


def test_none_is_none(repo: Path) -> None:
    assert quarantine.load(repo) == ()


def test_the_projects_own() -> None:
    known = {(suite.name, case.name) for suite in suites.load(overlay.REPO / "lib")
             for case in suite.cases}
    cases = [Case(suite, name, "", Status.FAIL) for suite, name in known]
    names = [cell.name for cell in cells.load(overlay.REPO).all()]
    for entry in quarantine.load(overlay.REPO):
        for pattern in entry.cells:
            (name, *_) = fnmatch.filter(names, pattern)
            assert any(entry.matches(name, case) for case in cases), entry
        assert not entry.expired(datetime.date(2026, 1, 1))
