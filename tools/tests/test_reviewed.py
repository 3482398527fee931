# SPDX-License-Identifier: GPL-2.0-only
"""Reviewed survivors: what tools/survivors.toml may say, and what follows from it."""
from pathlib import Path

import pytest

from kmem_kunit import cells, overlay, reviewed
from kmem_kunit.errors import UserError
from kmem_kunit.mutant import FILES, Mutant
from kmem_kunit.reviewed import Edit, Review, Reviews

ENTRY = """\
[[reviewed]]
function = "mm/slub.c:f"
change = "a < * -> *"
verdict = "equivalent"
reason = "b is never a"
"""
SOURCE = b"""\
int f(int a)
{
	if (a < b &&
	    a < 1)
		a = 0;
	return a < b;
}
"""


def mutant(text: str, replacement: str, after: int = 0, function: str = "f") -> Mutant:
    """Return an edit of a text that stands in SOURCE, behind an offset."""
    start = SOURCE.index(text.encode(), after)
    return Mutant("mm/slub.c", start, start + len(text), "relational", replacement, 1, 1, function)


FIRST, SECOND = mutant("a < b", "a <= b"), mutant("a < b", "a <= b", SOURCE.index(b"return"))
BOTH, ZERO = mutant("a < b &&\n\t    a < 1", "a < 1"), mutant("0", "1")
ELSEWHERE = mutant("a < b", "a <= b", function="g")


def reviews(folder: Path, text: str, *mutants: Mutant) -> Reviews:
    """Return what a list says of mutants, which are numbered from 1 on."""
    (folder / "mm").mkdir(exist_ok=True)
    (folder / "mm/slub.c").write_bytes(SOURCE)
    return Reviews(reviewed.load(written(folder, text)), folder, dict(enumerate(mutants, 1)))


def written(folder: Path, text: str) -> Path:
    """Return a repo with this list."""
    path = folder / reviewed.FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return folder


def test_entry_is_about_what_its_patterns_match(tmp_path: Path) -> None:
    found = reviews(tmp_path, ENTRY, FIRST, ELSEWHERE, ZERO)
    assert [bool(found.of(number)) for number in (1, 2, 3)] == [True, False, False]
    assert (entry := found.of(1)) and entry.excused
    assert found.edits[1] == Edit("mm/slub.c:f", "a < b -> a <= b", "if (a < b &&")
    found = reviews(tmp_path, ENTRY.replace('"mm/slub.c:f"', '["mm/slub.c:h", "mm/slub.c:g"]'), FIRST, ELSEWHERE)
    assert [bool(found.of(number)) for number in (1, 2)] == [False, True]


def test_mutant_of_several_lines_is_known_by_their_text(tmp_path: Path) -> None:
    found = reviews(tmp_path, ENTRY.replace("a < *", "a < b && *"), BOTH, FIRST)
    assert found.edits[1].line == "if (a < b && a < 1)" and found.of(1) and not found.of(2)


def test_entry_that_matches_on_unlike_lines_excuses_none_without_the_line_of_one(tmp_path: Path) -> None:
    found = reviews(tmp_path, ENTRY, FIRST, SECOND)
    assert not found.of(1) and not found.of(2)
    says = ("tools/survivors.toml: mm/slub.c:f, 'a < * -> *': matches on unlike lines, so it excuses none: "
            "give it the line of one")
    assert list(found.complaints({1}, False)) == list(found.complaints(set(), True)) == [says]
    assert not list(found.complaints(set(), False))
    found = reviews(tmp_path, ENTRY + 'line = "return a < *"\n', FIRST, SECOND)
    assert not found.of(1) and found.of(2) and not list(found.complaints({1, 2}, True))
    found = reviews(tmp_path, ENTRY.replace("a < * -> *", "*"), FIRST, SECOND, ZERO)
    assert found.of(1) and found.of(2) and found.of(3)


def test_whole_run_tells_of_what_is_no_more(tmp_path: Path) -> None:
    text = ENTRY + "".join(ENTRY.replace("c:f", f"c:f{number}") for number in range(30))
    found = reviews(tmp_path, text, FIRST)
    assert not list(found.complaints({1}, False))
    said = list(found.complaints({1}, True))
    assert said[0] == "tools/survivors.toml: mm/slub.c:f0, 'a < * -> *': there is no such mutant"
    assert len(said) == 21 and said[-1] == "tools/survivors.toml: so it is with 10 others"
    assert next(found.complaints(set(), True)).endswith("mm/slub.c:f, 'a < * -> *': no such mutant survived")


def test_no_list_is_an_empty_one(tmp_path: Path) -> None:
    assert not reviewed.load(tmp_path)


@pytest.mark.parametrize(("text", "message"), [
    (ENTRY.replace("c:f", "c:f*"), "entry 1: function must be such as 'mm/slub.c:kfree', or a list"),
    (ENTRY.replace('"mm/slub.c:f"', '["mm/slub.c:f", 7]'), "entry 1: function must be such as"),
    (ENTRY.replace('"mm/slub.c:f"', "[]"), "entry 1: function must be such as"),
    (ENTRY + "line = 7\n", "entry 1: line must be a text"),
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
        assert entry.function.partition(":")[0] in FILES, entry
        assert not entry.cell or entry.cell in names, entry
