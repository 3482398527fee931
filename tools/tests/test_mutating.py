# SPDX-License-Identifier: GPL-2.0-only
"""The verb "mutate": what is asked for, and what is kept of an interrupted run."""
import argparse
import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_campaign import PLAIN
from test_mutating_slurm import make_kernel_with_mutants, options_of, request_for
from test_mutation_report import NUMBER, RETURN, SOURCE, WHOLE

from kmem_kunit import (
    arch,
    cache,
    campaign,
    changes,
    cli,
    guest,
    image,
    kernel,
    mutating,
    mutation,
    overlay,
    progress,
    usage,
)
from kmem_kunit.campaign import Fate, Verdict
from kmem_kunit.changes import Changes
from kmem_kunit.errors import UserError
from kmem_kunit.mutant import FILES, line_starts
from kmem_kunit.mutating import Wish
from kmem_kunit.reviewed import Review, Reviews

VERDICTS = [Verdict(1, Fate.ASSERTION, "plain", "kmem_a.one", 3, 0.25), Verdict(2, Fate.SURVIVED)]


@pytest.fixture(name="made")
def _made(tmp_path: Path) -> mutation.Made:
    the_image = image.Image(tmp_path / "image", tmp_path, "7.3", "", arch.UML)
    return mutation.Made({1: WHOLE, 2: NUMBER}, {3: RETURN}, {}, {}, the_image, tmp_path, tmp_path, tmp_path)


@pytest.fixture(name="request_of_none")
def _request_of_none(tmp_path: Path) -> image.Request:
    return image.Request(kernel.Kernel("7.3", tmp_path, "7.3", version="7.3.4"), tmp_path)


def kept(base: Path, made: mutation.Made, wish: Wish, verdicts: list[Verdict], resume: bool) -> Path:
    """Keep verdicts as a run does; return the file."""
    for part in ("verdicts", "locks"):
        (base / part).mkdir(exist_ok=True)
    with mutating.Store(base, made, wish).opened(resume) as (_, keep):
        for verdict in verdicts:
            keep(verdict)
    (path,) = (base / "verdicts").iterdir()
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
    changes = [Changes({}, frozenset({"kmem_a.one"})), *(
        Changes({"mm/slub.c": lines}, frozenset()) for lines in (frozenset({1}), frozenset({2, 1})))]
    for changed in changes:
        assert mutating.Store(tmp_path, made, Wish(changes=changed)).read() == {}
    names = {mutating.Store(tmp_path, made, Wish(changes=changed)).path for changed in changes}
    assert len(names) == len(changes)
    again = Changes({"mm/slub.c": frozenset({1, 2})}, frozenset())
    assert mutating.Store(tmp_path, made, Wish(changes=again)).path in names


@pytest.mark.parametrize("what", ["kmem_kunit/campaign.py", "cells.toml"])
def test_verdicts_of_another_version_do_not_count(
        made: mutation.Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    ours = overlay.REPO / "tools"
    (tmp_path / "tools/kmem_kunit").mkdir(parents=True)
    for path in (*(ours / "kmem_kunit").glob("*.py"), ours / "cells.toml"):
        (tmp_path / "tools" / path.relative_to(ours)).write_bytes(path.read_bytes())
    monkeypatch.setattr(overlay, "__file__", str(tmp_path / "tools/kmem_kunit/overlay.py"))
    monkeypatch.setattr(overlay, "REPO", tmp_path)
    before = mutating.Store(tmp_path, made, Wish()).path
    assert mutating.Store(tmp_path, made, Wish()).path == before
    with open(tmp_path / "tools" / what, "a", encoding="utf-8") as file:
        file.write("# mended\n")
    assert mutating.Store(tmp_path, made, Wish()).path != before


def test_two_runs_keep_the_same_one_after_the_other(
        made: mutation.Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(tmp_path, made, Wish(), [], False)
    store, waits, said = mutating.Store(tmp_path, made, Wish()), threading.Event(), list[str]()

    def second() -> dict[int, Verdict]:
        with store.opened(True) as (known, keep):
            keep(VERDICTS[1])
            return known

    def say(line: str) -> None:
        said.append(line)
        waits.set()

    monkeypatch.setattr(progress, "say", say)
    with ThreadPoolExecutor(1) as pool:
        with store.opened(False) as (_, keep):
            future = pool.submit(second)
            future.add_done_callback(lambda _: waits.set())
            waits.wait()
            keep(VERDICTS[0])
        assert future.result() == {1: VERDICTS[0]}
    assert store.read() == {1: VERDICTS[0], 2: VERDICTS[1]}
    assert "waiting for another run" in said[0] and "the verdicts on these mutants" in said[0]


def test_parts_push_out_neither_each_other_nor_the_kernel(
        made: mutation.Made, request_of_none: image.Request, cache_root: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    base = cache.root()
    (cache_root / ".config").touch()
    found = mutation._Book(made.mutants, made.single, {})
    for name, value in (("_key", ""), ("_read", ("", found)), ("_of", None), ("_mutated", made.image),
                        ("_commands", made.commands)):
        monkeypatch.setattr(mutation, name, lambda *_, value=value: value)
    monkeypatch.setattr(image, "plan", lambda *_: argparse.Namespace(build_dir=cache_root))
    mutation.make(base, request_of_none, ())
    (folder,) = (base / "mutants").iterdir()
    os.utime(folder, (0, 0))  # when its mutants were searched
    for number in range(30):
        (base / "mutants" / str(number)).mkdir()
        os.utime(base / "mutants" / str(number), (number, number))
    mutation.make(base, request_of_none, ())
    stores = [mutating.Store(base, made, Wish(shard=(part, 50))) for part in range(1, 51)]
    for store in stores:
        with store.opened(False) as (_, keep):
            keep(VERDICTS[0])
    cache.clean(base)
    assert folder.is_dir() and len(list(folder.parent.iterdir())) == 24
    assert all(store.read() for store in stores)
    monkeypatch.setitem(cache._KEEP, "verdicts", 0)
    with stores[0].opened(True):
        cache.clean(base)
    assert list((base / "verdicts").iterdir()) == [stores[0].path]


def test_what_was_found_in_a_kernel_is_read_back(made: mutation.Made, tmp_path: Path) -> None:
    found = mutation._Book(made.mutants, made.single, {"mm/x.c": "hash"})
    mutation._write(tmp_path / "book", "key", found)
    assert mutation._read(tmp_path / "book") == ("key", found)
    assert mutation._read(tmp_path / "none") == ("", None)


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
    assert {way.name for way in guest.ways("6.12")} == (
        {way.name for way in found} - {"mempool_debug"} | {"keep_orders"})
    assert found[0].arguments == ()
    assert found[1].arguments == ("init_on_alloc=1", "init_on_free=1", "mem=256M")
    assert found[2].arguments == ("slab_debug",)


@pytest.mark.usefixtures("cache_root")
def test_source_that_is_no_text_is_refused(fake_kernel: Path, repo: Path) -> None:
    base, request = cache.root(), request_for(fake_kernel, repo)
    for path in (*FILES, "mm/Makefile", "lib/kunit/test.c"):
        (fake_kernel / path).parent.mkdir(parents=True, exist_ok=True)
        (fake_kernel / path).write_text("\n")
    for repo_path in mutation._OURS.values():
        (repo / repo_path).parent.mkdir(parents=True, exist_ok=True)
        (repo / repo_path).write_text("\n")
    (fake_kernel / "mm/util.c").write_bytes(b"/* caf\xe9 */\n")
    with pytest.raises(UserError, match=r"/mm/util.c is not UTF-8: invalid continuation byte at 6$"):
        mutation.make(base, request, ())


Part = Callable[..., tuple[list[str], dict[str, Any]]]
FOUR = "one one\ntwo two\nthree three\nfour four\n"


@pytest.fixture(name="part")
def _part(fake_kernel: Path, repo: Path, cache_root: Path, tmp_path: Path,  # pylint: disable=unused-argument
          monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Part:
    """Give what judges mutants 10 on line 1, which no case reaches, 3 and 4 on line 2, and 12 on line 3.

    13, on line 4, no boot can choose. It takes what the options are, and the status has to be 0.
    """
    base, request = cache.root(), request_for(fake_kernel, repo)
    (fake_kernel / "mm/slub.c").write_text(FOUR)
    made = make_kernel_with_mutants(tmp_path / "made", fake_kernel)
    places = {10: (0, 1), 3: (8, 2), 4: (8, 2), 12: (16, 3), 13: (28, 4)}
    moved = {number: replace(made.mutants[number], start=start, end=start + 3, line=line)
             for number, (start, line) in places.items()}
    made = replace(made, single={13: moved.pop(13)}, mutants=moved)
    monkeypatch.setattr(mutation, "make", lambda *_: made)
    monkeypatch.setattr(guest, "ways", lambda _: [PLAIN])

    def part(**options: object) -> tuple[list[str], dict[str, Any]]:
        """Return the lines that were printed, and what is written of each mutant: its state."""
        path = tmp_path / "mutants.json"
        assert mutating.mutate(base, request, options_of(path, engine="local", **options)) == 0
        files = json.loads(path.read_text())["files"]
        entries = [each for file in files.values() for each in file["mutants"]]
        states = {each["id"]: each["status"] for each in entries}
        said, booted = capsys.readouterr(), sum(each in ("Killed", "Survived") for each in states.values())
        assert (f": booted {booted} mutants, " in said.err) == (" an hour\n" in said.err) == bool(booted)
        return said.out.splitlines(), states

    return part


def change(monkeypatch: pytest.MonkeyPatch, *others: str, **lines: int) -> None:
    """Let what has changed be a line of a file of mm/ each."""
    found = Changes({f"mm/{file}.c": frozenset({line}) for file, line in lines.items()}, frozenset(), others)
    monkeypatch.setattr(changes, "since", lambda *_: found)


def test_whole_of_a_kernel(part: Part) -> None:
    told, states = part()
    assert states == {"10": "NoCoverage", "3": "Killed", "4": "Killed", "12": "Survived", "13": "Ignored"}
    assert told[-1].startswith("1 unnoticed") and not [line for line in told if "changed" in line]
    assert told[-2] == ("6.12.3: 4 mutants, 2 of 3 noticed that could be (66.6 %); "
                        "1 more cannot be chosen at boot")


def test_other_suites_are_compared_but_not_written(part: Part) -> None:
    told, states = part(suites=["kmem_a", "kmem_*"])
    assert states == {"10": "NoCoverage", "3": "Killed", "4": "Killed", "12": "Survived", "13": "Ignored"}
    assert [line.split() for line in told[-3:]] == [
        ["file", "mutants", "could", "be", "kmem_a", "share", "kmem_*", "share"],
        *([what, "4", "3", "2", "66.6", "%", "2", "66.6", "%"] for what in ("mm/slub.c", "all"))]


def test_lines_that_no_case_reaches_are_an_answer(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    change(monkeypatch, "mm/new.c", "x.h", slub=1, util=7)
    told, states = part(since="HEAD")
    assert states == {"10": "NoCoverage"}
    assert told[-4:] == [
        "mm/slub.c: 1 lines changed, 1 mutants on them, 1 of which no case reaches",
        "mm/util.c: 1 lines changed, no mutant on them",
        "not mutated: mm/new.c, x.h",
        "6.12.3: 1 mutants, 0 of 0 noticed that could be (-); 0 more cannot be chosen at boot"]


def test_only_what_is_asked_for_is_written(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    change(monkeypatch, slub=2)
    told, states = part(since="HEAD")
    assert states == {"3": "Killed", "4": "Killed"}
    assert "2 mutants on them, 0 of which no case reaches" in told[-2]
    change(monkeypatch, slub=4)
    told, states = part(since="HEAD")
    assert states == {"13": "Ignored"} and told[-1].endswith("; 1 more cannot be chosen at boot")


@pytest.mark.parametrize(("shard", "expected"), [
    ((13, 5000), {"13": "Ignored"}),  # no mutant, but one that no boot can choose
    ((10, 5000), {"10": "NoCoverage"}),
    ((3, 9), {"3": "Killed", "12": "Survived"}),
    ((4, 9), {"4": "Killed", "13": "Ignored"}),
    ((2, 9), {}),
])
def test_any_part_is_an_answer(part: Part, shard: tuple[int, int], expected: dict[str, str]) -> None:
    told, states = part(shard=shard)
    assert states == expected
    assert f"{sum(state != 'Ignored' for state in expected.values())} mutants" in "".join(told[-2:])


def test_what_cannot_be_answered_is_refused(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "run", lambda *_: pytest.fail("was judged"))
    with pytest.raises(UserError, match="passes without one, of those of 'kmem_b'$"):
        part(suites=["kmem_a", "kmem_b"])
    change(monkeypatch, util=7)
    with pytest.raises(UserError, match="no mutant is on the lines that were changed in mm/util.c$"):
        part(since="HEAD")
    cases = Changes({}, frozenset({"kmem_a.none", "kmem_a.gone"}))
    monkeypatch.setattr(changes, "since", lambda *_: cases)
    with pytest.raises(UserError, match="passes without one, of the 2 that were changed$"):
        part(since="HEAD")


def options(**chosen: object) -> argparse.Namespace:
    """Return the options of "mutate" without any, and those chosen."""
    parsed = usage.parser(dict.fromkeys(cli._VERBS, lambda _: 0)).parse_args(["mutate"])
    return argparse.Namespace(**{**vars(parsed), **chosen})


def test_what_was_found_is_told_before_a_file_that_cannot_be_written(
        made: mutation.Made, request_of_none: image.Request, tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mm").mkdir()
    (tmp_path / "mm/x.c").write_text(SOURCE)
    outcome = mutating.Outcome(made, {}, VERDICTS, Reviews([], tmp_path, made.mutants), False)
    monkeypatch.setattr(mutating, "run", lambda *_: [outcome])
    with pytest.raises(UserError, match="cannot write"):
        mutating.mutate(tmp_path, request_of_none, options(json=Path("/dev/full")))
    assert "mm/x.c:4:9: survived: [constant] 1 -> 0" in capsys.readouterr().out


def test_stale_reviews_are_told_of_after_a_whole_run(
        made: mutation.Made, request_of_none: image.Request, tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mm").mkdir()
    (tmp_path / "mm/x.c").write_text(SOURCE)
    entries = [Review(f"mm/x.c:{function}", "1 -> *", "equivalent", "so it is") for function in "fg"]
    outcome = mutating.Outcome(made, {}, VERDICTS, Reviews(entries, tmp_path, made.mutants), True)
    for run, told in ((outcome, 1), (replace(outcome, lost=[1]), 0), (replace(outcome, whole=False), 0)):
        monkeypatch.setattr(mutating, "run", lambda *_, run=run: [run])
        mutating.mutate(tmp_path, request_of_none, options())
        said = capsys.readouterr()
        assert said.err.count("mm/x.c:g, '1 -> *': there is no such mutant") == told
        assert "in f(), 0 cases (reviewed as equivalent: so it is)" in said.out


def test_whole_is_what_leaves_nothing_out() -> None:
    assert Wish().whole and Wish(resume=True).whole
    for part in (Wish(suites="kmem_a"), Wish(without=("flag",)), Wish(shard=(1, 2)),
                 Wish(changes=Changes({}, frozenset()))):
        assert not part.whole
