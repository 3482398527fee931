# SPDX-License-Identifier: GPL-2.0-only
"""What a mutation run tells: people, and programs that read Stryker's format."""
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import excluded
import jsonschema  # type: ignore[import]
import pytest

from kmem_kunit import mutation_element, mutation_report, proc
from kmem_kunit.campaign import Fate, Verdict
from kmem_kunit.errors import UserError
from kmem_kunit.mutant import Mutant
from kmem_kunit.reviewed import Review, Reviews
from kmem_kunit.table import percent

SCHEMA = "mutation-testing-report-schema@3.8.4"
SOURCE = "int f(int a)\n{\n\treturn a +\n\t       1;\n}\n"
WHOLE = Mutant("mm/x.c", 23, 36, "arithmetic", "a -\n\t       1", 3, 11, "f")
NUMBER = Mutant("mm/x.c", 35, 36, "constant", "0", 4, 9, "f")
RETURN = Mutant("mm/x.c", 16, 36, "statement", None, 3, 2, "f")
NUMBERED = {1: WHOLE, 2: NUMBER, 3: RETURN, 4: NUMBER, 5: NUMBER, 6: NUMBER, 7: NUMBER}
VERDICTS = [
    Verdict(1, Fate.ASSERTION, "plain", "kmem_a.one", 3, 0.25),
    Verdict(2, Fate.SURVIVED, cases=7, took=2.0),
    Verdict(3, Fate.TIMEOUT, "debug", "kmem_a.two", 1, 9.0),
    Verdict(4, Fate.NOT_COVERED),
    Verdict(5, Fate.BOOT, "plain", "", 1, 0.1),
    Verdict(6, Fate.UNSTABLE, "plain", "kmem_a.one", 1, 0.1),
]


@pytest.fixture(name="source")
def _source(tmp_path: Path) -> Path:
    (tmp_path / "mm").mkdir()
    (tmp_path / "mm/x.c").write_text(SOURCE)
    return tmp_path


@pytest.fixture(name="document")
def _document(source: Path) -> dict[str, Any]:
    reach = {1: ["kmem_a.one"], 2: ["kmem_a.one", "kmem_a.two"], 3: ["kmem_a.two"]}
    return mutation_report.document(source, NUMBERED, VERDICTS, reach, {8: RETURN}, {})


def test_score_leaves_out_what_could_not_be_noticed() -> None:
    assert mutation_report.score(VERDICTS) == (2, 4)
    assert mutation_report.score([]) == (0, 0)


def test_share_is_never_rounded_up() -> None:
    assert percent(9999, 10000) == "99.9 %"
    assert percent(5, 5) == "100.0 %"
    assert percent(0, 0) == "-"


def test_pace_is_of_those_that_were_booted() -> None:
    verdicts = [replace(VERDICTS[0], boots=3), replace(VERDICTS[1], boots=2), VERDICTS[3]]
    assert mutation_report.pace(verdicts, 2.0) == "booted 2 mutants, 5 times in all, in 2 s: 3600 an hour"
    assert mutation_report.pace(VERDICTS[3:4], 2.0) == ""


def test_survivors_are_lines_of_a_compiler(source: Path) -> None:
    found = mutation_report.survivors(NUMBERED, VERDICTS, Reviews([], source, NUMBERED))
    assert list(mutation_report.survivor_lines(NUMBERED, found)) == [
        "mm/x.c:4:9: survived: [constant] 1 -> 0 in f(), 7 cases",
        "mm/x.c:4:9: unstable: [constant] 1 -> 0 in f(), 1 cases"]


def test_source_cannot_speak_to_the_terminal(source: Path) -> None:
    (source / "mm/x.c").write_bytes(SOURCE.replace("1;", "\x1b\x9b;").encode())
    number = replace(NUMBER, end=NUMBER.end + 2, replacement="\x1b]0;owned\x07" + "x" * 200)
    found = mutation_report.survivors({2: number}, VERDICTS[1:2], Reviews([], source, {2: number}))
    (line,) = mutation_report.survivor_lines({2: number}, found)
    assert line.isprintable() and r"\x1b\x9b -> \x1b]0;owned\x07" in line and len(line) < 200


def test_reviewed_survivor_says_why(source: Path) -> None:
    reviews = [Review("mm/x.c:g", "*", "equivalent", "another function"),
               Review("mm/x.c:f", "1 -> 0", "unreachable", "only 2 is ever added", "7.3/numa"),
               Review("mm/x.c:f", "*", "no contract", "too late")]
    found = mutation_report.survivors(NUMBERED, VERDICTS, Reviews(reviews, source, NUMBERED))
    assert [(each.number, review) for each, _, review in found] == [(2, reviews[1]), (6, None)]
    assert next(mutation_report.survivor_lines(NUMBERED, found)).endswith(
        "7 cases (reviewed as unreachable: only 2 is ever added)")
    document = mutation_report.document(source, NUMBERED, VERDICTS, {}, {}, {2: reviews[1]})
    entry = document["files"]["mm/x.c"]["mutants"][1]
    assert (entry["status"], entry["statusReason"]) == (
        "Ignored", "reviewed as unreachable: only 2 is ever added")
    document = mutation_report.document(source, NUMBERED, VERDICTS, {}, {}, {2: reviews[2]})
    assert document["files"]["mm/x.c"]["mutants"][1]["status"] == "Survived"


def test_tables_add_up() -> None:
    table = list(mutation_report.summary(NUMBERED, VERDICTS))
    assert table[0].split()[:3] == ["operator", "mutants", "assertion"]
    assert table[-1].split()[:2] == ["all", "6"]
    assert table[-1].endswith("50.0 %")
    assert list(mutation_report.by_function(NUMBERED, VERDICTS))[1].split() == [
        "mm/x.c:f()", "6", "2", "1", "1", "50.0", "%"]


def test_suites_are_compared_on_what_any_of_them_could_notice() -> None:
    others = [Verdict(n, Fate.NOT_COVERED) for n in (1, 2)] + [Verdict(4, Fate.PANIC), Verdict(5, Fate.SURVIVED)]
    numbered = {**NUMBERED, 5: replace(NUMBER, file="mm/y.c")}
    table = mutation_report.side_by_side(numbered, {"kmem_*": VERDICTS, "[!k]*": others})
    assert [line.split() for line in table] == [
        ["file", "mutants", "could", "be", "kmem_*", "share", "[!k]*", "share"],
        ["mm/x.c", "6", "5", "2", "40.0", "%", "1", "20.0", "%"],
        ["mm/y.c", "1", "1", "0", "0.0", "%", "0", "0.0", "%"],
        ["all", "7", "6", "2", "33.3", "%", "1", "16.6", "%"],
    ]


def test_document_has_each_mutant_with_its_place(document: dict[str, Any]) -> None:
    entries = {each["id"]: each for each in document["files"]["mm/x.c"]["mutants"]}
    assert {number: each["status"] for number, each in entries.items()} == {
        "1": "Killed", "2": "Survived", "3": "Timeout", "4": "NoCoverage", "5": "RuntimeError",
        "6": "Survived", "7": "Pending", "8": "Ignored"}
    assert [entries[each]["replacement"] for each in "123"] == ["(a - \t       1)", "(0)", ""]
    assert entries["1"]["location"] == {"start": {"line": 3, "column": 9},
                                        "end": {"line": 4, "column": 10}}
    names = {each["id"]: each["name"] for each in document["testFiles"]["lib/kmem_kunit"]["tests"]}
    assert [names[each] for each in entries["1"]["killedBy"]] == ["kmem_a.one"]
    assert [names[each] for each in entries["2"]["coveredBy"]] == ["kmem_a.one", "kmem_a.two"]


def test_what_does_not_count_can_be_drawn(document: dict[str, Any]) -> None:
    found = excluded.excluded(document)
    assert {name for name, *_ in found} == {"mm/x.c"}
    assert sorted(reason for *_, reason, _ in found) == [
        "boot, booted plain", "does not compile as a choice", "not covered"]


def test_document_is_as_its_schema_wants_it(document: dict[str, Any], tmp_path: Path) -> None:
    done = subprocess.run(["npm", "pack", "--silent", SCHEMA], cwd=tmp_path, check=True,
                          capture_output=True, text=True)
    subprocess.run(["tar", "xzf", done.stdout.strip()], cwd=tmp_path, check=True)
    (found,) = tmp_path.glob("package/dist/**/mutation-testing-report-schema.json")
    jsonschema.validate(document, json.loads(found.read_text()))


def test_element_is_fetched_once_and_checked(cache_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cache_root / "mutants").mkdir(parents=True)
    (cache_root / "runs").mkdir()
    code = mutation_element.script(cache_root)
    assert "mutation-test-report-app" in code
    monkeypatch.setattr(proc, "run", lambda *_, **__: pytest.fail("was fetched again"))
    assert mutation_element.script(cache_root) == code


def test_element_that_was_changed_is_not_used(cache_root: Path,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    (cache_root / "mutants").mkdir(parents=True)
    (cache_root / "runs").mkdir()
    monkeypatch.setattr(mutation_element, "_SHA512", "another")
    with pytest.raises(UserError, match="is not what it should be"):
        mutation_element.script(cache_root)
    assert not list((cache_root / "mutants").iterdir())
