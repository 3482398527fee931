# SPDX-License-Identifier: GPL-2.0-only
"""Reviewed survivors: what tools/survivors.toml may say, and what follows from it."""
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from kmem_kunit import cells, overlay, reviewed
from kmem_kunit.errors import UserError
from kmem_kunit.mutant import FILES
from kmem_kunit.reviewed import Review

ENTRY = """\
[[reviewed]]
function = "mm/slub.c:f*"
change = "a < * -> *"
verdict = "equivalent"
reason = "b is never a"
"""


def written(folder: Path, text: str) -> Path:
    """Return a repo with this list."""
    path = folder / reviewed.FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return folder


def test_entry_is_about_what_its_patterns_match(tmp_path: Path) -> None:
    (entry,) = reviewed.load(written(tmp_path, ENTRY))
    assert entry.matches("mm/slub.c:free", "a < b -> a <= b")
    assert not entry.matches("mm/slub.c:alloc", "a < b -> a <= b")
    assert not entry.matches("mm/slub.c:free", "a > b -> a >= b")
    assert entry.excused


def test_no_list_is_an_empty_one(tmp_path: Path) -> None:
    assert not reviewed.load(tmp_path)


@pytest.mark.parametrize(("text", "message"), [
    ("[[reviewed]", "survivors.toml: "),
    ("more = 1\n" + ENTRY, "may only have"),
    (ENTRY + 'owner = "x"\n', "entry 1 needs function, change, verdict and reason"),
    (ENTRY.replace("reason = ", "why = "), "entry 1 needs function, change, verdict and reason"),
    (ENTRY.replace('"b is never a"', '" "'), "entry 1: reason must be a text"),
    (ENTRY.replace('"equivalent"', '"fine"'), "verdict must be one of equivalent, unreachable, no con"),
    (ENTRY + 'cell = "7.3/numa"\n', "cell belongs to what is unreachable"),
    (ENTRY.replace('"equivalent"', '"unreachable"'), "cell belongs to what is unreachable"),
])
def test_what_it_may_not_say_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        reviewed.load(written(tmp_path, text))


def test_summary_leaves_out_what_nothing_could_notice() -> None:
    reviews = [Review("", "", "equivalent", ""), Review("", "", "unreachable", "", "x"),
               Review("", "", "no contract", ""), None, None]
    assert reviewed.summary(reviews, 95, 100) == (
        "5 unnoticed: 1 equivalent, 1 unreachable, 1 no contract (tools/survivors.toml), 2 not looked"
        " into; without the first two, 95 of 98 noticed (96.9 %)")


def test_the_projects_own_list() -> None:
    names = {cell.name for cell in cells.load(overlay.REPO).all()}
    for entry in reviewed.load(overlay.REPO):
        assert any(fnmatchcase(file, entry.function.partition(":")[0]) for file in FILES), entry
        assert not entry.cell or entry.cell in names, entry
