# SPDX-License-Identifier: GPL-2.0-only
"""What the gate found as people and machines get it, and text that is out to break each form."""
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema  # type: ignore[import]
import pytest
import test_gate
from hypothesis import given, settings
from hypothesis import strategies as st
from test_gate import DAY, FAIL, PASS, SKIP, boot, case, compare, entry, run_of

from kmem_kunit import annotate, gate, junit, overlay
from kmem_kunit.gate import Finding, Kind
from kmem_kunit.kcidb import Run
from kmem_kunit.result import Case, Problem, Status

PLACES = {("kmem_tiny", ""): ("lib/kmem_tiny_kunit.c", 1),
          ("kmem_tiny", "a"): ("lib/kmem_tiny_kunit.c", 7)}
HOSTILE = "".join(map(chr, range(32))) + (
    "\x7f\x9b::error::x%0A\r\n##[error]y]]><\u202e\ud800\u2028|`")


def table(base: Sequence[Run], head: Sequence[Run]) -> list[str]:
    return list(annotate.lines(compare(base, head), head))


def test_the_table() -> None:
    base = [boot(PASS, PASS, FAIL), boot(PASS, PASS, FAIL, cell="6.12/debug")]
    log = "\n\n# a: EXPECTATION FAILED at lib/x.c:7\n1 == 2\n3\n4\n5"
    head = [run_of([case("a", FAIL, log=log), case("b"), case("c")]),
            run_of([case("a", FAIL, log=log), case("b"), case("c", FAIL)], cell="6.12/debug")]
    assert table(base, head) == [
        "FAILS            kmem_tiny.a  pass -> fail  6.12/debug, 6.12/plain"
        "  since 6.12.3 of 2026-01-02",
        "    | # a: EXPECTATION FAILED at lib/x.c:7", "    | 1 == 2", "    | 3", "    | 4",
        "    tools/kmem-kunit run --kernel 6.12 --boot-args 'a=1 b' --filter kmem_tiny.a",
        "fixed            kmem_tiny.c  fail -> pass  6.12/plain  since 6.12.3 of 2026-01-02",
        "as before        kmem_tiny.c  fail -> fail  6.12/debug  since 6.12.3 of 2026-01-02",
        "2 cells, 6 cases: 1 regression, 1 fixed, 1 as before"]
    assert table(base, base)[-1] == "2 cells, 6 cases: no regression, 1 as before"
    assert table([boot(PASS)], [boot(PASS)]) == ["1 cell, 1 case: no regression"]


def test_the_console_of_what_failed() -> None:
    """That of the boot in which it did, and of nothing else in it."""
    base = [boot(PASS, PASS, FAIL, FAIL)]
    problem = Problem("hang", "", "it hangs")
    head = [boot(PASS, PASS, PASS, FAIL), run_of([]),
            replace(boot(PASS, FAIL, PASS, FAIL), console="/failed\n"),
            replace(run_of([case(name) for name in "abc"], [problem]), console="/hung")]
    lines = table(base, head)
    assert lines.index("    console /hung") == 2 and "DIED" in lines[0]
    assert lines[lines.index("    console /failed\\n") - 1].startswith("UNSTABLE         kmem_tiny.b")
    found = annotate.document(compare(base, head), base, head)["findings"]
    assert [(each["kind"], each["case"], each["console"]) for each in found] == [
        ("died", "", "/hung"), ("unstable", "b", "/failed\n"), ("unstable", "d", "/failed\n"),
        ("fixed", "c", "")]


def test_what_is_much_is_shortened() -> None:
    cells = [f"6.12/{number}" for number in range(6)]
    base = [boot(PASS, PASS, cell=cell) for cell in cells]
    (row, *_, closing) = table(base, [boot(None, PASS, cell=cell) for cell in cells])
    assert "6.12/0, 6.12/1, 6.12/2, 6.12/3 and 2 more" in row
    assert closing == "6 cells, 6 cases: 1 regression"
    many = run_of([case(f"c{number}") for number in range(30)])
    lines = table([many], [run_of([case("c0")])])
    assert len([line for line in lines if line.startswith("MISSING  ")]) == 20
    assert lines[-2].endswith("... and 9 more, which --json names")
    params = [case("a"), *(case("a", PASS, str(number)) for number in range(5))]
    (row, *_) = table([run_of(params)], [run_of(params[:1])])
    assert "kmem_tiny.a [0] [1] [2] and 2 more  pass -> absent" in row


def test_what_is_long_is_cut() -> None:
    """But for the command that runs it."""
    long = "x" * 16000
    base = run_of([Case(long, long, "", PASS), Case(long, long, long, PASS)], cell=long)
    head = run_of([Case(long, long, "", FAIL, log=long), Case(long, long, long, FAIL)],
                  [Problem(long, f"{long}.{long}", long)], cell=long)
    head = replace(head, console=long)
    found = [replace(each, command="") for each in compare([base], [head])]
    lines = list(annotate.lines(found, [head]))
    assert "x..." in lines[0] and max(map(len, lines)) < 2000
    assert max(map(len, annotate.github(found, PLACES))) < 4000
    assert max(len(each["description"]) for each in annotate.gitlab(found, PLACES)) < 4000


def test_cells_without_a_name() -> None:
    (row, *_) = table([boot(PASS, PASS, cell="")], [boot(FAIL, PASS, cell="")])
    assert "pass -> fail  a nameless cell  since" in row
    head = [boot(PASS, cell="")]
    found = gate.compare(head, head, [entry("kmem_tiny.z", ["*"])], DAY)
    assert list(annotate.judged(found, head)) == ["", "quarantine"]
    assert next(annotate.lines(found, head)) == (
        "QUARANTINE OF NOTHING  kmem_tiny.z  no such case in *  tools/quarantine.toml")


def test_only_equal_changes_are_one_row() -> None:
    base = [boot(PASS, PASS, PASS), boot(PASS, PASS, PASS, cell="6.12/debug")]
    head = [boot(FAIL, PASS, PASS), boot(SKIP, PASS, PASS, cell="6.12/debug")]
    assert [(row.kind, row.cells) for row in annotate.rows(compare(base, head))] == [
        (Kind.FAIL, ("6.12/plain",)), (Kind.SKIPPED, ("6.12/debug",))]


def test_only_equal_reports_are_one_row() -> None:
    def having(cell: str, *functions: str) -> Run:
        return run_of([case("a")], [
            Problem("splat", "kmem_tiny.a", f"WARNING: CPU: {n} at mm/slub.c:{n}11 {function}+0x{n}/0x40")
            for n, function in enumerate(functions)], cell)

    base = [boot(PASS), boot(PASS, cell="6.12/debug")]
    found = compare(base, [having("6.12/plain", "kfree", "new_slab", "kfree"),
                           having("6.12/debug", "new_slab", "kfree")])
    kfree, again = [row for row in annotate.rows(found) if "kfree" in row.log]
    (new_slab,) = [row for row in annotate.rows(found) if "new_slab" in row.log]
    assert new_slab.cells == ("6.12/debug", "6.12/plain") and kfree.cells == ("6.12/debug",)
    assert again.cells == ("6.12/plain",)
    assert len({each["fingerprint"] for each in annotate.gitlab(found, PLACES)}) == 3
    assert len(annotate.github(found, PLACES)) == 3


def hostile_findings() -> tuple[Sequence[Finding], list[Run], list[Run]]:
    """Return findings whose every text is hostile, and what they are of."""
    run = run_of([Case(HOSTILE, HOSTILE, "", PASS), Case(HOSTILE, HOSTILE, HOSTILE, PASS)],
                 cell=HOSTILE)
    bad = run_of([Case(HOSTILE, HOSTILE, "", FAIL, log=HOSTILE),
                  Case(HOSTILE, HOSTILE, HOSTILE, FAIL, log=HOSTILE), Case("x", "y", "", PASS)],
                 [Problem(HOSTILE, f"{HOSTILE}.{HOSTILE}", HOSTILE)], cell=HOSTILE)
    bad = replace(bad, console=HOSTILE)
    found = [*compare([run], [bad]),
             Finding(Kind.STALE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, 0, *[HOSTILE] * 5)]
    return found, [run], [bad]


def test_nothing_in_the_table_is_more_than_text() -> None:
    found, _, head = hostile_findings()
    lines = list(annotate.lines(found, head))
    assert len(lines) > 8
    for line in lines:
        assert line.replace("\t", "").isprintable() and "##[" not in line, line
        assert not line.lstrip().startswith(("::", "#")), line
        line.encode("utf-8")


def test_github() -> None:
    head = [run_of([case("a", FAIL, log="50% off\nsecond"), case("b")])]
    (line,) = annotate.github(compare([boot(PASS, PASS)], head), PLACES)
    match = re.fullmatch(r"::error file=lib/kmem_tiny_kunit\.c,line=7,title=([^:,]*)::(.*)", line)
    assert match and unquote(match[1]) == "kmem-kunit: fails"
    assert "50%25 off%0A| second" in line
    assert unquote(match[2]).splitlines() == [
        "kmem_tiny.a: fails: pass -> fail in 6.12/plain (since 6.12.3 of 2026-01-02)",
        "| 50% off", "| second",
        "reproduce: tools/kmem-kunit run --kernel 6.12 --boot-args 'a=1 b' --filter kmem_tiny.a"]
    assert annotate.github(compare([boot(FAIL, PASS)], [boot(PASS, PASS, PASS)]), PLACES) == []


def test_github_commands_cannot_be_forged() -> None:
    found, _, _ = hostile_findings()
    places = {(HOSTILE, HOSTILE): ("lib/a,b:c%\n.c", 1)}
    lines = annotate.github(found, places)
    assert len(lines) == 3  # the case, the report, the entry
    for line in lines:
        form = r"::error file=[^:,\r\n]*,line=\d+,title=[^:,\r\n]*::[ -~\t]*"
        assert re.fullmatch(form, line), line
        assert "##[" not in line
        assert re.fullmatch(r"([^%]|%25|%0A|%0D|%3A|%2C)*", line), line
    assert sum("file=lib/a%2Cb%3Ac%25%0A.c," in line for line in lines) == 2


CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string"},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object", "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^[^/.]"},
                    "lines": {"type": "object", "required": ["begin"],
                              "properties": {"begin": {"type": "integer", "minimum": 1}}}}}}}}


def places_of(found: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(each["location"]["path"], each["location"]["lines"]["begin"]) for each in found]


def test_gitlab() -> None:
    base = [boot(PASS, PASS, PASS), boot(PASS, cell="6.12/debug")]
    head = [run_of([case("a", FAIL), case("b", FAIL), case("c"), Case("new", "a", "", FAIL)])]
    found = annotate.gitlab(gate.compare(base, head, [entry("kmem_tiny.z")], DAY), PLACES)
    jsonschema.validate(found, CODE_QUALITY)
    assert places_of(found) == [
        ("tools/cells.toml", 1), ("lib/kmem_tiny_kunit.c", 7), ("lib/kmem_tiny_kunit.c", 1),
        ("tools/cells.toml", 1), ("tools/quarantine.toml", 1)]
    assert len({each["fingerprint"] for each in found}) == 5
    assert found[0]["check_name"] == "kmem-kunit cell gone"
    head[0] = run_of([case("a", FAIL, log="another"), *head[0].result.cases[1:]])
    again = annotate.gitlab(gate.compare(base, head, [entry("kmem_tiny.z")], DAY), PLACES)
    assert [each["fingerprint"] for each in again] == [each["fingerprint"] for each in found]
    assert annotate.gitlab(compare(base, base), PLACES) == []


def test_hostile_gitlab_and_json() -> None:
    found, base, head = hostile_findings()
    jsonschema.validate(annotate.gitlab(found, {}), CODE_QUALITY)
    for data in (annotate.gitlab(found, {}), annotate.document(found, base, head)):
        text = json.dumps(data, allow_nan=False)
        assert text.isascii() and json.loads(text) == data


def test_document() -> None:
    base = [replace(boot(PASS, PASS), accelerator="kvm")]
    head = [replace(run_of([case("a", FAIL, log="x" * 99999), case("b")]), accelerator="tcg")]
    data = annotate.document(compare(base, head), base, head)
    assert data["version"] == 1 and data["ok"] is False
    for side, accelerator in (("base", "kvm"), ("head", "tcg")):
        assert data[side] == [
            {"cell": "6.12/plain", "kernel": "6.12.3", "source": "x",
             "start": "2026-01-02T03:04:00+00:00", "accelerator": accelerator}]
    (found,) = data["findings"]
    assert found.pop("log") == "x" * 16384
    assert found == {
        "kind": "fail", "fails": True, "cell": "6.12/plain", "suite": "kmem_tiny", "case": "a",
        "param": "", "number": 0, "change": "pass -> fail", "since": "6.12.3 of 2026-01-02",
        "command": "tools/kmem-kunit run --kernel 6.12 --boot-args 'a=1 b' --filter kmem_tiny.a",
        "console": ""}
    assert annotate.document(compare(base, base), base, base)["ok"] is True


def test_junit() -> None:
    base = [boot(PASS, PASS, FAIL, PASS), boot(PASS, cell="6.12/gone")]
    head = [run_of([case("a", FAIL, log="why"), case("b"), case("c", FAIL), case("e", SKIP)],
                   [Problem("splat", "kmem_tiny.b", "BUG: x")])]
    found = gate.compare(base, head, [entry("kmem_tiny.z")], DAY)
    root = ElementTree.fromstring(junit.document(annotate.judged(found, head)))
    cases = {f"{each.get('classname')}.{each.get('name')}": each for each in root.iter("testcase")}
    kinds = {name: [child.tag for child in each] for name, each in cases.items()}
    assert kinds == {
        "kmem_tiny.a": ["failure"], "kmem_tiny.b": [], "kmem_tiny.c": ["skipped"],
        "kmem_tiny.d": ["failure"], "kmem_tiny.e": ["skipped"],
        "boot.new report in kmem_tiny.b": ["error"], "boot.cell gone": ["error"],
        "boot.quarantine of nothing in kmem_tiny.z": ["error"]}
    assert cases["kmem_tiny.a"][0].text == "fails: pass -> fail\nwhy"
    assert cases["kmem_tiny.c"][0].get("message") == "known failure: fail -> fail"
    assert [suite.get("name") for suite in root] == [
        "6.12/plain: kmem_tiny", "6.12/plain: boot", "6.12/gone: boot", "quarantine: boot"]
    stale = [run_of([Case("kmem_tiny", "a", "", FAIL, known="once"), case("b")])]
    (result,) = annotate.judged(compare(base[:1], stale), stale).values()
    assert result.cases[0].bad and not result.cases[0].known  # the quarantine has gone
    hostile, _, head = hostile_findings()
    assert len(list(ElementTree.fromstring(
        junit.document(annotate.judged(hostile, head))).iter("testcase"))) == 5


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.lists(test_gate.any_run, min_size=1, max_size=3),
       st.lists(test_gate.any_run, min_size=1, max_size=3), st.booleans())
def test_junit_fails_if_and_only_if_the_gate_does(
    base: list[Run], head: list[Run], quarantined: bool
) -> None:
    entries = [entry("a.*", ["*"])] if quarantined else []
    found = gate.compare(base, head, entries, DAY)
    judged = annotate.judged(found, head)
    bad = [each for result in judged.values() for each in result.cases
           if each.bad and not each.known]
    problems = [each for result in judged.values() for each in result.problems]
    assert bool(bad or problems) == test_gate.fails(found)
    assert all(each.bad for result in judged.values() for each in result.cases if each.known)
    failing = {(each.kind, each.change, each.name) for each in found if each.kind.fails}
    assert len(annotate.gitlab(found, {})) >= len(failing)


def test_places(repo: Path) -> None:
    known = annotate.places(repo)
    text = (repo / "lib/kmem_tiny_kunit.c").read_text().splitlines()
    for name in ("first", "second"):
        file, line = known["kmem_tiny", name]
        assert file == "lib/kmem_tiny_kunit.c"
        assert text[line - 1] == f"static void {name}(struct kunit *test)"
    assert known["kmem_tiny", ""] == ("lib/kmem_tiny_kunit.c", 1)
    (repo / "lib/kmem_tiny_kunit.c").write_text('"')
    assert annotate.places(repo) == {}


def test_places_of_our_own() -> None:
    known = annotate.places(overlay.REPO)
    assert len(known) > 300
    for (_, name), (file, line) in known.items():
        assert name in (overlay.REPO / file).read_text().splitlines()[line - 1]


@pytest.mark.parametrize("status", [Status.FAIL, Status.ERROR])
def test_a_death_is_critical(status: Status) -> None:
    found = compare([boot(PASS, PASS)], [run_of([case("a", status), case("b")],
                                                [Problem("panic", "kmem_tiny.a", "oops")])])
    assert [each["severity"] for each in annotate.gitlab(found, {})] == ["critical", "major"]
