# SPDX-License-Identifier: GPL-2.0-only
"""KCIDB documents: valid by the schema, and the same runs when read back."""

from __future__ import annotations

import copy
import json
import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmem_kunit import kcidb
from kmem_kunit.errors import UserError
from kmem_kunit.result import Case, Number, Problem, Result, Status

TEXT = {"type": "string", "pattern": "^[^\0]*$"}
ID = {"type": "string", "pattern": "^kmem_kunit:[A-Za-z0-9_.:-]+$"}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?[+-]\d\d:\d\d$"}
ORIGIN = {"const": "kmem_kunit"}
STATUS = {"enum": ["FAIL", "ERROR", "MISS", "PASS", "DONE", "SKIP"]}


def record(required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required.split(),
            "additionalProperties": False}


def listed(entry: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": entry}


SCHEMA = record(
    "version checkouts builds tests",
    version={"const": {"major": 5, "minor": 3}},
    checkouts=listed(record(
        "id origin", id=ID, origin=ORIGIN, comment=TEXT, start_time=TIME,
        git_commit_hash={"type": "string", "pattern": "^[0-9a-f]{40}$"},
        valid={"type": "boolean"}, misc={"type": "object"})),
    builds=listed(record(
        "id origin checkout_id", id=ID, origin=ORIGIN, checkout_id=ID, start_time=TIME,
        architecture={"type": "string", "pattern": "^[a-z0-9_]*$"}, config_name=TEXT,
        compiler=TEXT, command=TEXT, status=STATUS)),
    tests=listed(record(
        "id origin build_id", id=ID, origin=ORIGIN, build_id=ID, start_time=TIME, comment=TEXT,
        path={"type": "string", "pattern": r"^([a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*)?$"},
        status=STATUS, duration={"type": "number", "minimum": 0},
        number=record("value", value={"type": "number"}, unit=TEXT),
        log_excerpt={**TEXT, "maxLength": 16384}, misc={"type": "object"})))

RUN = kcidb.Run(
    "6.12.117", "0123456789abcdef" * 4, "um", "default", "gcc 12.2.0", "kunit.py exec --timeout=1",
    datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc), "", Result((
        Case("kmem_strdup", "kstrdup_copies", "", Status.PASS, 0.0015),
        Case("kmem_strdup", "sizes", "", Status.FAIL, 0.25, "# sizes: EXPECTATION FAILED\n  no"),
        Case("kmem_strdup", "sizes", "len=0", Status.PASS, 0.0),
        Case("kmem_strdup", "sizes", "len 0", Status.FAIL),
        Case("kmem_strdup", "sizes", "len=0", Status.ERROR),
        Case("kmem_zero", "big", "", Status.SKIP, reason="needs CONFIG_SMP=y"),
        Case("kmem_zero", "absent", "", Status.MISS),
        Case("kmem_zero", "cost", "hot", Status.PASS, number=Number(189.5, "instructions/operation")),
    ), (Problem("splat", "kmem_strdup.sizes", "BUG: KASAN"), Problem("splat", "", "WARNING: "),
        Problem("panic", "", "Kernel panic"))), console="failures/1.log", accelerator="tcg",
    took=76.5)


def check(document: dict[str, Any]) -> None:
    """What KCIDB demands of a document: its schema, unique ids, and no loose reference."""
    jsonschema.validate(document, SCHEMA)
    ids = {kind: [entry["id"] for entry in document[kind]]
           for kind in ("checkouts", "builds", "tests")}
    for kind, found in ids.items():
        assert len(set(found)) == len(found), kind
    assert {build["checkout_id"] for build in document["builds"]} <= set(ids["checkouts"])
    assert {test["build_id"] for test in document["tests"]} <= set(ids["builds"])
    json.dumps(document, allow_nan=False)


def test_document() -> None:
    document = kcidb.document([RUN])
    check(document)
    paths = {test["path"]: test for test in document["tests"]}
    assert list(paths) == [
        "kmem_strdup.kstrdup_copies", "kmem_strdup.sizes", "kmem_strdup.sizes.len_0",
        "kmem_strdup.sizes.len_0-2", "kmem_strdup.sizes.len_0-3", "kmem_zero.big",
        "kmem_zero.absent", "kmem_zero.cost.hot", "boot.splat", "boot.splat-2",
        "boot.panic"]
    assert paths["kmem_strdup.sizes"]["log_excerpt"].startswith("# sizes: EXPECTATION FAILED")
    assert paths["kmem_strdup.kstrdup_copies"]["duration"] == 0.0015
    assert "duration" not in paths["kmem_zero.absent"]
    assert paths["boot.splat"]["misc"]["case"] == "kmem_strdup.sizes"
    assert paths["boot.panic"]["status"] == "ERROR"


def test_a_commit_is_told_as_such() -> None:
    document = kcidb.document([replace(RUN, source="a1" * 20)])
    check(document)
    assert document["checkouts"][0]["git_commit_hash"] == "a1" * 20


def test_write_and_load(tmp_path: Path) -> None:
    path = tmp_path / "result file.json"
    runs = (RUN, replace(RUN, config="kasan"), replace(RUN, kernel="7.3.4", comment="again"), RUN)
    kcidb.write(path, runs)
    check(json.loads(path.read_text(encoding="utf-8")))
    assert kcidb.load(path) == runs
    assert [entry.name for entry in tmp_path.iterdir()] == ["result file.json"]


def test_the_results_of_thousands_of_boots_can_be_read_back(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    many = tuple(
        Case("kmem_of_some_name", f"case_whose_name_says_what_it_proves_{number // 3}",
             f"parameter_{number}" if number % 3 else "", Status.PASS, 0.01)
        for number in range(2750))
    run = replace(RUN, result=Result(many), cell="7.3/plain", comment="7.3.4 uml")
    runs = [replace(run, start=RUN.start + timedelta(seconds=number)) for number in range(5)]
    kcidb.write(path, runs)
    assert kcidb.load(path) == tuple(runs)
    assert path.stat().st_size / len(runs) * 2500 < kcidb.MAX_FILE
    lines = [line for line in path.read_text().splitlines() if '"path"' in line]
    assert len(lines) == len(runs) * len(many)  # one each, for grep and diff


texts = st.text(max_size=40)
cases = st.builds(
    Case, suite=texts, name=texts, param=texts, status=st.sampled_from(Status),
    duration=st.none() | st.floats(0, 1e6), log=texts.map(lambda text: text.replace("\0", "")),
    reason=texts)
problems = st.builds(Problem, kind=texts, case=texts,
                     log=texts.map(lambda text: text.replace("\0", "")))


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.lists(cases, min_size=1, max_size=6), st.lists(problems, max_size=3))
def test_any_names_survive(many: list[Case], wrong: list[Problem]) -> None:
    run = replace(RUN, result=Result(tuple(many), tuple(wrong)))
    document = kcidb.document([run])
    check(document)
    text = json.dumps(document)
    # pylint: disable-next=protected-access
    assert kcidb._runs(json.loads(text)) == (run,)


def test_numbers_are_given_in_order_and_found_at_once() -> None:
    class Names(dict[str, int]):
        """Counts how often somebody looks."""

        looks = 0

        def __contains__(self, name: object) -> bool:
            self.looks += 1
            return super().__contains__(name)

    names, wanted = Names(), ["a-3", *["a"] * 500, *["a-3"] * 500, "a-502"]
    # pylint: disable-next=protected-access
    found = [kcidb._unused(name, names) for name in wanted]
    assert found[:5] == ["a-3", "a", "a-2", "a-4", "a-5"] and found[500:503] == ["a-501", "a-3-2", "a-3-3"]
    assert found[-1] == "a-502" and len(set(found)) == len(wanted)
    assert names.looks < 3 * len(wanted)


def test_long_and_hostile_text() -> None:
    log = "first\n" + "x\0\x1b[31m" * 10_000 + "\nlast"
    document = kcidb.document([replace(RUN, comment="\0", result=Result(
        (Case("a" * 5000, "b\n", "c/../d", Status.FAIL, log=log),), (Problem("p\0", "", log),)))])
    check(document)
    excerpt = document["tests"][0]["log_excerpt"]
    assert excerpt.startswith("first") and excerpt.endswith("last") and "[...]" in excerpt


def test_every_cut_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    kcidb.write(path, [RUN])
    whole = path.read_bytes()
    for end in range(0, len(whole.rstrip()), 7):
        path.write_bytes(whole[:end])
        with pytest.raises(UserError) as caught:
            kcidb.load(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", [
    "", "[]", "null", "{}", '{"version": {"major": 4, "minor": 0}}', "\x7fELF", "[" * 100_000,
    '{"version": {"major": 5, "minor": 4}, "checkouts": [], "builds": [], "tests": []}',
    '{"version": {"major": 5, "minor": 3}, "checkouts": [], "builds": [], "tests": []}',
    '{"version": {"major": 5, "minor": 3}}', '{"version": {"major": 5, "minor": "3"}}', "NaN",
    '{"version": {"major": 5, "minor": 3}, "checkouts": [1], "builds": [], "tests": [2]}',
    '{"version": {"major": 5, "minor": 3}, "checkouts": [], "builds": [], "tests": [{"misc": 1}]}',
])
def test_a_foreign_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "result.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        kcidb.load(path)
    assert "result.json" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(("kind", "field", "value"), [
    ("tests", "status", "DONE"), ("tests", "status", None), ("tests", "status", "pass"),
    ("tests", "path", "a..b"), ("tests", "path", 3), ("tests", "duration", -1),
    ("tests", "duration", True), ("tests", "duration", "1"), ("tests", "duration", 1e999),
    ("tests", "duration", 10**400),
    ("tests", "misc", []), ("tests", "misc", {}), ("tests", "log_excerpt", 1),
    pytest.param("tests", "log_excerpt", "x" * 16385, id="long log"),
    pytest.param("tests", "misc", {"suite": "x" * 3_000_000, "boot": "x"}, id="long name"),
    ("tests", "misc", {"suite": "s", "case": "c", "boot": "b", "took": "long"}),
    ("tests", "build_id", "kmem_kunit:none"), ("tests", "start_time", "yesterday"),
    ("builds", "checkout_id", "kmem_kunit:none"), ("builds", "compiler", None),
    ("builds", "id", []), ("checkouts", "misc", {}), ("checkouts", "misc", "x"),
])
def test_a_wrong_field_is_refused(tmp_path: Path, kind: str, field: str, value: object) -> None:
    document = copy.deepcopy(kcidb.document([RUN]))
    document[kind][0][field] = value
    path = tmp_path / "result.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        kcidb.load(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_the_memory_does_not_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "result.json"
    kcidb.write(path, [RUN])
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 1, "SC_PHYS_PAGES": 4 * path.stat().st_size}.get)
    with pytest.raises(UserError, match="result.json' is too large: this machine can read 0 MiB"):
        kcidb.load(path)


def test_files_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        kcidb.load(tmp_path / "absent")
    with pytest.raises(UserError, match="directory"):
        kcidb.load(tmp_path)
    with pytest.raises(UserError, match="cannot write"):
        kcidb.write(tmp_path / "absent/file", [RUN])
    with pytest.raises(UserError, match="cannot write"):
        kcidb.write(tmp_path, [RUN])
    assert not list(tmp_path.iterdir())
