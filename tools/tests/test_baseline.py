# SPDX-License-Identifier: GPL-2.0-only
"""Baselines: gate --baseline and --update as a user meets them, and the files."""
import datetime
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import BROKEN, GOOD_CONSOLE, behave, changed, make_kernel
from test_cli import ONLY_FIRST, Outcome, one_line
from test_gate import FAIL, PASS, SKIP, boot, case, run_of
from test_gating import git, run

from kmem_kunit import baseline, cells, config, gate, matrix, overlay, quarantine, suites
from kmem_kunit.errors import UserError
from kmem_kunit.result import Case, Problem, Result, Status

__all__ = ["run"]  # the fixture


@pytest.fixture
def series(cache_root: Path, repo: Path) -> Path:
    """A series 6.12 in the cache, whose kernel is a fake, and an open quick group."""
    return make_kernel(cache_root / "sources/linux-source-6.12_6.12.3-1")


def prints(linux: Path, console: str) -> None:
    """Let a fake kernel of the cache print that, and be built anew."""
    behave(linux, f"console = {console!r}")
    for part in ("images", "builds"):
        for path in (linux.parents[1] / part).glob("*"):
            subprocess.run(["rm", "-r", path], check=True)


def test_baselines(run: Callable[..., Outcome], series: Path, repo: Path) -> None:
    prints(series, GOOD_CONSOLE)
    file = repo / "tools/baselines/6.12/plain.json"
    assert f"{file} is not there (gate --update --group quick writes it)" in one_line(
        run("--baseline"))
    status, out, err = run("--update")
    assert status == 0, err
    assert out.splitlines() == [
        "--- /dev/null", "+++ tools/baselines/6.12/plain.json", "@@ -0,0 +1,4 @@",
        "+kernel 6.12.3", "+compiler ", "+kmem_tiny.first PASS", "+kmem_tiny.second PASS",
        "1 cell: 1 baseline changed, 0 died"]
    first = file.read_bytes()
    assert run("--update")[:2] == (0, "1 cell: 0 baselines changed, 0 died\n")
    assert file.read_bytes() == first
    status, out, _ = run("--baseline")
    assert (status, out.splitlines()) == (
        0, ["1 cell: 2 passed, 0 failed, 0 skipped", "1 cell, 2 cases: no regression"])

    prints(series, changed(*BROKEN))
    status, out, _ = run("--baseline")
    assert status == 1 and out.splitlines()[:2] == [
        "1 cell: 1 passed, 1 failed, 0 skipped",
        "FAILS            kmem_tiny.second  pass -> fail  6.12/plain  since 6.12.3"]
    assert file.read_bytes() == first
    status, out, _ = run("--baseline", "--filter", "kmem_tiny.*", "--group", "quick")
    assert status == 1
    status, out, _ = run("--update")
    assert status == 0 and out.splitlines()[2:] == [
        "@@ -4 +4 @@", "-kmem_tiny.second PASS", "+kmem_tiny.second FAIL",
        "1 cell: 1 baseline changed, 0 died"]
    before, after = first.decode().splitlines(), file.read_text().splitlines()
    changes = [a for a, b in zip(before, after) if a != b]
    assert len(before) == len(after) and len(changes) == 2  # with the digest
    assert '"digest"' in changes[0] and "kmem_tiny.second" in changes[1]
    status, out, _ = run("--baseline")
    assert status == 0 and "1 as before" in out


def test_a_baseline_is_of_the_day_of_its_last_commit(
    run: Callable[..., Outcome], series: Path, repo: Path
) -> None:
    prints(series, GOOD_CONSOLE)
    run("--update")
    prints(series, changed(*BROKEN))
    git(repo, "init", "-q")
    assert run("--baseline")[1].splitlines()[1].endswith("since 6.12.3")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "baselines", "--date", "2020-01-01T00:00:00Z")
    (repo / "more").touch()
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "something else")
    assert run("--baseline")[1].splitlines()[1].endswith("since 6.12.3 of 2020-01-01")


def test_a_filter_leaves_cases_out_of_both_sides(
    run: Callable[..., Outcome], series: Path
) -> None:
    prints(series, GOOD_CONSOLE)
    assert run("--update")[0] == 0
    prints(series, changed(*ONLY_FIRST))
    status, out, _ = run("--baseline", "--filter", "kmem_tiny.f*")
    assert status == 0 and out.endswith("\n1 cell, 1 case: no regression\n")
    status, out, _ = run("--baseline")
    assert status == 1 and "\nMISSING " in out


def test_a_cell_that_died_keeps_its_baseline(
    run: Callable[..., Outcome], series: Path, repo: Path
) -> None:
    prints(series, GOOD_CONSOLE)
    run("--update")
    file = repo / "tools/baselines/6.12/plain.json"
    first = file.read_bytes()
    behave(series, "if verb == 'build': print('x.c:1: error: no'); sys.exit(1)")
    for path in (series.parents[1] / "images").glob("*"):
        subprocess.run(["rm", "-r", path], check=True)
    status, out, err = run("--update")
    assert status == 1 and out == "1 cell: 0 baselines changed, 1 died\n"
    assert "6.12/plain died: its baseline stays as it is" in err and file.read_bytes() == first


def test_a_cell_that_this_machine_cannot_run(
    run: Callable[..., Outcome], series: Path, repo: Path
) -> None:
    prints(series, GOOD_CONSOLE)
    run("--update")
    first = (repo / "tools/baselines/6.12/plain.json").read_bytes()
    behave(series, "if verb == 'build': print('ld: Read-only file system'); sys.exit(1)")
    for path in (series.parents[1] / "images").glob("*"):
        subprocess.run(["rm", "-r", path], check=True)
    status, _, err = run("--update")
    assert status == 2 and err.splitlines()[-1].endswith(": ld: Read-only file system")
    assert (repo / "tools/baselines/6.12/plain.json").read_bytes() == first


def test_a_cell_that_is_no_more(run: Callable[..., Outcome], series: Path, repo: Path) -> None:
    prints(series, GOOD_CONSOLE)
    run("--update")
    gone = repo / "tools/baselines/6.12/gone.json"
    kept = baseline.load(repo, "6.12/plain")
    gone.write_text(baseline.text(boot(PASS, cell="6.12/gone")))
    debug = repo / "tools/baselines/6.12/debug.json"  # of another group
    debug.write_text(baseline.text(boot(PASS, cell="6.12/debug")))
    status, out, _ = run("--baseline")
    assert status == 1 and "\nCELL GONE        the cell  1 case -> absent  6.12/gone" in out
    status, out, _ = run("--update")
    assert status == 0 and "-kmem_tiny.a PASS" in out and "+++ /dev/null" in out
    assert not gone.exists() and debug.exists() and baseline.load(repo, "6.12/plain") == kept
    assert run("--baseline")[0] == 0


def test_some_cells_only(run: Callable[..., Outcome], series: Path, repo: Path) -> None:
    prints(series, GOOD_CONSOLE)
    said = one_line(run("--baseline", "--cells", "*/deb*"))
    assert said.endswith("debug.json is not there (gate --update --cells '*/deb*' writes it)")
    gone = baseline.path(repo, "6.12/gone")
    gone.parent.mkdir(parents=True)
    gone.write_text(baseline.text(boot(PASS, cell="6.12/gone")))
    status, out, _ = run("--update", "--cells", "*/deb*")  # which is not in the group quick
    assert status == 0 and out.endswith("1 cell: 1 baseline changed, 0 died\n")
    assert gone.exists() and baseline.recorded(repo) == ["6.12/debug", "6.12/gone"]
    status, out, _ = run("--baseline", "--cells", "6.12/debug")
    assert status == 0 and out.endswith("\n1 cell, 2 cases: no regression\n")
    status, out, _ = run("--update", "--group", "quick", "--cells", "*")
    assert status == 0 and baseline.recorded(repo) == ["6.12/debug", "6.12/gone", "6.12/plain"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), UserError("it cannot be read")])
def test_an_update_that_is_ended_keeps_what_is_done(
    run: Callable[..., Outcome], series: Path, repo: Path, monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    prints(series, GOOD_CONSOLE)
    gone = baseline.path(repo, "6.12/gone")
    gone.parent.mkdir(parents=True)
    gone.write_text("a record")
    (repo / cells.FILE).write_text((repo / cells.FILE).read_text().replace('["*/plain"]', '["*"]'))
    whole = matrix.local

    def ended(jobs: list[matrix.Job], *rest: Any) -> None:
        whole(jobs[:1], *rest)
        raise error

    monkeypatch.setattr(matrix, "local", ended)
    status, out, _ = run("--update")
    assert status == (2 if isinstance(error, UserError) else 130)
    assert "+kmem_tiny.second PASS" in out and out.endswith("1 of 2 cells: 1 baseline changed, 0 died\n")
    assert baseline.recorded(repo) == ["6.12/gone", "6.12/plain"] and gone.read_text() == "a record"


WRONG = [
    (lambda text: text[: len(text) // 2], "is not whole JSON"),
    (lambda text: "", "is not whole JSON"),
    (lambda text: "<<<<<<< HEAD\n" + text, "is not whole JSON"),
    (lambda text: text.replace('"minor": 3', '"minor": 4'), "version 5.4 of KCIDB, not 5.3"),
    (lambda text: text.replace('"major": 5', '"major": 6'), "version 6.3 of KCIDB, not 5.3"),
    (lambda text: text.replace('"PASS", "c', '"GOOD", "c'), "tests[0].status is not one of"),
    (lambda text: text.replace('"path": "kmem_tiny.f', '"path": "kmem_tiny.g', 1), "line 10 is"),
    (lambda text: text.replace('"case": "first"', '"case": "fast"', 1), "line 4 is not"),
    (lambda text: text.replace('"boot": "6.12_plain"', '"boot": "x"', 1),
     "and has 2, of 6.12/plain"),
    (lambda text: text.replace('"cell": "6.12/plain"', '"cell": "7.3/plain"'), "of 7.3/plain"),
    (lambda text: text.replace('"build_id": "kmem_kunit:6.12_plain"', '"build_id": "x"', 1),
     "tests[0].build_id"),
    (lambda text: text.replace('"build_id": "kmem_kunit:6.12_plain"', '"build_id": "x"')
     .replace('"build_id": "x"', '"build_id": "kmem_kunit:6.12_plain"', 1), "line 11 is not"),
    (lambda text: "\n".join(line for line in text.splitlines() if ".first" not in line
                            and ".second" not in line), "it holds no test"),
    (lambda text: "[]", "is not a KCIDB document"),
    (lambda text: text.replace('"PASS", "c', '"FAIL", "c', 1), "line 4 is not"),
    (lambda text: text.replace("3 parameters", "0 parameters"), "line 4 is not"),
    (lambda text: text.replace("{", '{"more": 1, ', 1), "line 1 is not"),
    (lambda text: "".join(line for line in text.splitlines(True) if ".first" not in line),
     "line 4 is not"),
    (lambda text: text.replace("\n", "\r\n"), "line 1 is not"),
    (lambda text: text + "\n", "line 15 is not"),
]


def twice(text: str) -> str:
    """Return a baseline in which one line stands twice."""
    (line,) = [each for each in text.splitlines() if ":kmem_tiny.first" in each]
    return text.replace(line, f"{line}\n{line}")


@pytest.mark.parametrize(("edit", "said"), [*WRONG, (twice, "line 4 is not")])
def test_a_wrong_baseline(
    edit: Callable[[str], str], said: str, run: Callable[..., Outcome], repo: Path,
    cache_root: Path
) -> None:
    good = run_of([Case("kmem_tiny", "first", "", PASS),
                   Case("kmem_tiny", "second", "", PASS, reason="3 parameters passed")])
    file = baseline.path(repo, "6.12/plain")
    file.parent.mkdir(parents=True)
    text = baseline.text(good)
    assert edit(text) != text
    file.write_text(edit(text))
    line = one_line(run("--baseline"))
    assert str(file) in line and said in line
    assert line.endswith("(gate --update --group quick writes it)")
    assert not cache_root.exists()  # before anything is built


def test_a_wrong_baseline_can_be_made_anew(
    run: Callable[..., Outcome], series: Path, repo: Path
) -> None:
    prints(series, GOOD_CONSOLE)
    run("--update")
    file = baseline.path(repo, "6.12/plain")
    first = file.read_bytes()
    file.write_bytes(first[:100])
    status, out, err = run("--update")
    assert status == 0 and "it is replaced" in err and "+kmem_tiny.first PASS" in out
    assert file.read_bytes() == first


@pytest.mark.parametrize("path", ["tools/baselines", "tools/baselines/6.12"])
@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("nowhere")])
def test_baselines_that_cannot_be_written_are_told_before_anything_is_run(
    run: Callable[..., Outcome], repo: Path, cache_root: Path, path: str, make: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (repo / path).parent.mkdir(exist_ok=True)
    make(repo / path)
    monkeypatch.setattr(matrix, "local", lambda *_: [])
    assert one_line(run("--update")).endswith(f"plain.json: {repo / path} is not a folder")
    assert not cache_root.exists()


def test_a_folder_of_baselines_that_is_not_ours(
    run: Callable[..., Outcome], repo: Path, cache_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = repo / "tools/baselines/6.12"
    folder.mkdir(parents=True)
    monkeypatch.setattr(matrix, "local", lambda *_: [])
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != folder and may(path, mode))
    assert one_line(run("--update")).endswith(f"{folder} may not be written to")
    monkeypatch.undo()
    assert not cache_root.exists()


CELL = cells.Cell("6.12/plain", "6.12")


def expects(before: list[Case], after: list[Case]) -> list[tuple[gate.Kind, str, str]]:
    """Compare a result with the baseline made of another."""
    head = [run_of(after)]
    base = baseline.expanded(baseline.reduced(run_of(before), CELL), head)
    found = gate.compare([base], head, (), datetime.date.today())
    return [(each.kind, each.name, each.param) for each in found]


PARAMS = [case("a"), *(case("a", PASS, str(number)) for number in range(3)), case("b")]


def test_parameters_that_passed_are_only_counted() -> None:
    kept = baseline.reduced(run_of(PARAMS), CELL).result.cases
    assert [(each.name, each.param, each.reason) for each in kept] == [
        ("a", "", "3 parameters passed"), ("b", "", "")]
    assert expects(PARAMS, PARAMS) == []
    fewer = [*PARAMS[:3], case("b")]
    assert expects(PARAMS, fewer) == [(gate.Kind.MISSING, "kmem_tiny.a", "1 of 3 parameters")]
    bad = [case("a", FAIL), case("a", FAIL, "0"), *PARAMS[2:]]
    assert expects(PARAMS, bad) == [(gate.Kind.FAIL, "kmem_tiny.a", ""),
                                    (gate.Kind.FAIL, "kmem_tiny.a", "0")]
    assert expects(bad, PARAMS) == [(gate.Kind.FIXED, "kmem_tiny.a", ""),
                                    (gate.Kind.FIXED, "kmem_tiny.a", "0")]
    assert expects(bad, bad) == [(gate.Kind.BOTH, "kmem_tiny.a", ""),
                                 (gate.Kind.BOTH, "kmem_tiny.a", "0")]
    one = [case("a"), case("a", PASS, "x"), case("b")]
    assert expects(one, [case("a"), case("b")]) == [
        (gate.Kind.MISSING, "kmem_tiny.a", "1 of 1 parameters")]


def test_parameters_of_one_name() -> None:
    same = [case("a", FAIL), case("a", PASS, "x"), case("a", FAIL, "x"), case("a", PASS, "y"),
            case("b")]
    kept = baseline.reduced(run_of(same), CELL).result.cases
    assert [(each.param, each.status) for each in kept if each.param] == [("x", PASS), ("x", FAIL)]
    assert {kind for kind, _, _ in expects(same, same)} == {gate.Kind.BOTH}


def test_a_baseline_reads_back(repo: Path) -> None:
    problems = [Problem("splat", "kmem_tiny.a", "WARNING: CPU: 3 at mm/slub.c:17"),
                Problem("splat", "kmem_tiny.a", "WARNING: CPU: 1 at mm/slub.c:19")]
    run = run_of([case("b", FAIL, log="why"), Case("kmem_tiny", "a", "", SKIP, 0.5, "", "no X"),
                  Case("kmem\0", "a\n", "\ud800", FAIL)], problems)
    kept = baseline.reduced(run, CELL)
    assert kept.result == Result((
        Case("kmem\0", "a\n", "\ud800", FAIL), Case("kmem_tiny", "a", "", SKIP, reason="no X"),
        case("b", FAIL)), (Problem("splat", "kmem_tiny.a", "WARNING: CPU: # at mm/slub.c:#"),) * 2)
    assert (kept.start, kept.command, kept.comment, kept.cell) == (
        gate.EPOCH, "tools/kmem-kunit run --kernel 6.12", "", "6.12/plain")
    path = baseline.path(repo, "6.12/plain")
    path.parent.mkdir(parents=True)
    path.write_text(baseline.text(kept))
    assert baseline.load(repo, "6.12/plain") == kept
    assert baseline.recorded(repo) == ["6.12/plain"]
    assert gate.compare([kept], [run], (), datetime.date.today())[-1].kind is gate.Kind.REPORTED


def test_order_and_chance_change_nothing() -> None:
    run = run_of([case("b"), Case("kmem_tiny", "a", "", PASS, 0.1)])
    other = replace(run_of([Case("kmem_tiny", "a", "", PASS, 0.7), case("b", log="x")]),
                    console="failures/1.log", accelerator="kvm", took=7.5)
    assert baseline.text(baseline.reduced(run, CELL)) == baseline.text(
        baseline.reduced(other, CELL))


def test_the_projects_own_baselines() -> None:
    known = {cell.name for cell in cells.load(overlay.REPO).all()}
    for name in baseline.recorded(overlay.REPO):
        assert name in known and baseline.load(overlay.REPO, name).result.cases
    with pytest.raises(UserError, match="is not there"):
        baseline.load(overlay.REPO, "0.0/none")


def test_each_of_the_projects_own_cells_has_a_baseline() -> None:
    """One that is run at each landing is whole; to others, a case may be new, but none may be gone."""
    repo = overlay.REPO
    book, recorded = cells.load(repo), baseline.recorded(repo)
    assert {*recorded} >= {cell.name for group in ("land", "ci") for cell in book.of_group(group)}
    planned = suites.select(suites.load(repo / "lib"), "")
    landing = {cell.name for cell in book.of_group("land")}
    for cell in (each for each in book.all() if each.name in recorded):
        text = config.merged(repo, cell.series, cell.arch, cell.configs)
        off = config.turned_off(text, planned)
        expected = {(suite, name) for suite, names in planned.items() if suite not in off for name in names}
        found = {(each.suite, each.name) for each in baseline.load(repo, cell.name).result.cases}
        assert found <= expected, cell.name
        assert found == expected or cell.name not in landing, cell.name


def test_each_case_runs_in_some_cell() -> None:
    """One that is skipped wherever it is recorded guards nothing, but one that fails there is known."""
    repo = overlay.REPO
    passed = {(each.suite, each.name) for name in baseline.recorded(repo)
              for each in baseline.load(repo, name).result.cases if each.status is Status.PASS}
    failing = {tuple(each.case.split(".")) for each in quarantine.load(repo)}
    planned = suites.select(suites.load(repo / "lib"), "")
    assert {(suite, name) for suite, names in planned.items() for name in names} <= passed | failing


def test_the_projects_own_baselines_and_quarantine_agree() -> None:
    runs = [baseline.load(overlay.REPO, name) for name in baseline.recorded(overlay.REPO)]
    found = gate.compare(runs, runs, quarantine.load(overlay.REPO), datetime.date(2026, 1, 1))
    assert [each for each in found if each.kind.fails] == []
