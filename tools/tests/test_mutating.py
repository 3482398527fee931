# SPDX-License-Identifier: GPL-2.0-only
"""The verb "mutate": what is asked for, and what is kept of an interrupted run."""
from dataclasses import replace
from pathlib import Path

import pytest
from test_mutation_report import NUMBER, RETURN, SOURCE, WHOLE

from kmem_kunit import arch, guest, image, mutating, mutation
from kmem_kunit.campaign import Fate, Verdict
from kmem_kunit.changes import Changes
from kmem_kunit.mutant import line_starts
from kmem_kunit.mutating import Wish

VERDICTS = [Verdict(1, Fate.ASSERTION, "plain", "kmem_a.one", 3, 0.25), Verdict(2, Fate.SURVIVED)]


@pytest.fixture(name="made")
def _made(tmp_path: Path) -> mutation.Made:
    the_image = image.Image(tmp_path / "image", tmp_path, "7.3", "", arch.UML)
    return mutation.Made({1: WHOLE, 2: NUMBER}, [RETURN], {}, the_image, tmp_path, tmp_path, tmp_path)


def kept(base: Path, made: mutation.Made, wish: Wish, verdicts: list[Verdict], resume: bool) -> Path:
    """Keep verdicts as a run does; return the file."""
    (base / "mutants").mkdir(exist_ok=True)
    with mutating.Store(base, made, wish).opened(resume) as keep:
        for verdict in verdicts:
            keep(verdict)
    (path,) = (base / "mutants").iterdir()
    return path


def test_verdicts_come_back(made: mutation.Made, tmp_path: Path) -> None:
    kept(tmp_path, made, Wish(), VERDICTS, False)
    assert mutating.Store(tmp_path, made, Wish()).read() == {1: VERDICTS[0], 2: VERDICTS[1]}
    kept(tmp_path, made, Wish(), VERDICTS[:1], False)
    assert mutating.Store(tmp_path, made, Wish()).read() == {1: VERDICTS[0]}


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_half_a_line_is_no_verdict_and_costs_no_other(made: mutation.Made, tmp_path: Path,
                                                      cut: int) -> None:
    path = kept(tmp_path, made, Wish(), VERDICTS, False)
    path.write_bytes(path.read_bytes()[:-cut])
    assert mutating.Store(tmp_path, made, Wish()).read().keys() == ({1, 2} if cut == 1 else {1})
    kept(tmp_path, made, Wish(), [Verdict(3, Fate.PANIC)], True)
    assert mutating.Store(tmp_path, made, Wish()).read().keys() >= {1, 3}


@pytest.mark.parametrize("line", ["{}", "[]", "7", '{"number": 1, "fate": "eaten"}', "\0",
                                  '{"number": [], "fate": "boot"}'])
def test_strange_line_is_no_verdict(made: mutation.Made, tmp_path: Path, line: str) -> None:
    path = kept(tmp_path, made, Wish(), VERDICTS, False)
    path.write_text(f"{path.read_text()}{line}\n")
    assert mutating.Store(tmp_path, made, Wish()).read().keys() == {1, 2}


def test_runs_that_differ_keep_theirs_apart(made: mutation.Made, tmp_path: Path) -> None:
    kept(tmp_path, made, Wish(), VERDICTS, False)
    assert mutating.Store(tmp_path, made, Wish(suites="kmem_a")).read() == {}
    assert mutating.Store(tmp_path, made, Wish(shard=(1, 2))).read() == {}
    changed = Changes({}, frozenset({"kmem_a.one"}))
    assert mutating.Store(tmp_path, made, Wish(changes=changed)).read() == {}


def test_what_a_cluster_has_left_counts(made: mutation.Made, tmp_path: Path) -> None:
    """The caller was killed, and its tasks went on."""
    store = mutating.Store(tmp_path, made, Wish())
    kept(tmp_path, made, Wish(), VERDICTS[:1], False)
    for folder, name, number in (("a", store.path.name, 3), ("b", store.path.name, 4),
                                 ("b", "verdicts-else", 5)):
        (tmp_path / "matrices" / folder).mkdir(parents=True, exist_ok=True)
        path = tmp_path / "matrices" / folder / f"{name}.{number}"
        path.write_text(f"{Verdict(number, Fate.PANIC).line()}\n{Verdict(1, Fate.BOOT).line()}\n")
    assert store.read() == {1: VERDICTS[0], 3: Verdict(3, Fate.PANIC), 4: Verdict(4, Fate.PANIC)}


def test_all_is_wanted_unless_something_changed() -> None:
    assert Wish().wants(NUMBER, range(4, 5), False) and Wish().measures("kmem_a.one")
    assert not Wish(suites="kmem_b*").measures("kmem_a.one")


def test_changed_lines_want_their_mutants() -> None:
    wish = Wish(changes=Changes({WHOLE.file: frozenset({4})}, frozenset({"kmem_a.one"})))
    starts = line_starts(SOURCE.encode())
    assert (WHOLE.lines(starts), NUMBER.lines(starts)) == (range(3, 5), range(4, 5))
    for each in (WHOLE, NUMBER):
        assert wish.wants(each, each.lines(starts), False)
    assert not wish.wants(WHOLE, range(3, 4), True)
    assert not wish.wants(replace(WHOLE, file="mm/util.c"), range(3, 5), True)
    assert wish.measures("kmem_a.two")


def test_changed_cases_want_what_they_reach_and_are_measured_alone() -> None:
    wish = Wish(changes=Changes({}, frozenset({"kmem_a.one"})))
    assert wish.wants(NUMBER, range(4, 5), True) and not wish.wants(NUMBER, range(4, 5), False)
    assert wish.measures("kmem_a.one") and not wish.measures("kmem_a.two")


def test_ways_are_those_of_the_cells() -> None:
    found = guest.ways("7.3")
    assert [way.name for way in found if not way.other] == ["plain", "init", "debug"]
    assert [way.name for way in found if way.other] == [
        "mempool_debug", "nokmem", "selective", "exceptions", "nomerge", "orders", "free"]
    assert {way.name for way in guest.ways("6.12")} == {way.name for way in found} - {"mempool_debug"}
    assert found[0].arguments == ()
    assert found[1].arguments == ("init_on_alloc=1", "init_on_free=1", "mem=256M")
    assert found[2].arguments == ("slab_debug=FZPU",)
