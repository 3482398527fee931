# SPDX-License-Identifier: GPL-2.0-only
"""Many cells: run as processes of their own, collected whole, told plainly."""
import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timezone
from pathlib import Path

import pytest
from conftest import GOOD_CONSOLE, behave
from test_cli import full_of_results

from kmem_kunit import (
    cache,
    cells,
    cli,
    gate,
    host,
    kcidb,
    matrix,
    overlay,
    progress,
    quarantine,
    report,
)
from kmem_kunit.errors import UserError
from kmem_kunit.result import Case, Problem, Result, Status

PLAIN = cells.Cell("6.12/plain", "6.12")
DEBUG = cells.Cell("6.12/debug", "6.12", arguments=("slab_debug=FZPU",))
KASAN = cells.Cell("7.3/kasan", "7.3", configs=("kasan",))


def run_of(cell: cells.Cell, *cases: Case, problems: tuple[Problem, ...] = ()) -> kcidb.Run:
    return kcidb.Run("6.12.3", "x", "um", "default", "gcc", "run", datetime.now(timezone.utc), "c",
                     Result(cases, problems), cell.name)


def case(name: str, status: Status = Status.PASS, log: str = "") -> Case:
    return Case("kmem_tiny", name, "", status, log=log)


def test_who_builds_comes_first(tmp_path: Path) -> None:
    jobs = matrix.plan([PLAIN, DEBUG, KASAN], tmp_path, 2)
    assert [(job.cell.name, job.time) for job in jobs] == [
        ("6.12/plain", 1), ("7.3/kasan", 1), ("6.12/debug", 1),
        ("6.12/plain", 2), ("6.12/debug", 2), ("7.3/kasan", 2)]
    assert len({job.output for job in jobs}) == 6


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give a function that replaces the command by a script with argv and output defined."""
    script = tmp_path / "command"
    monkeypatch.setattr(matrix, "_COMMAND", script)

    def set_to(code: str) -> None:
        script.write_text("import sys, time\nargv = sys.argv[1:]\n"
                          f"output = argv[argv.index('--json') + 1]\n{code}\n")

    return set_to


def test_results_come_in_the_order_of_the_jobs(tmp_path: Path, command: Callable[[str], None]
                                               ) -> None:
    path = tmp_path / "good.json"
    kcidb.write(path, [run_of(PLAIN, case("first"))])
    command(f"time.sleep(0.5 if 'kasan' not in argv else 0)\n"
            f"print('kmem-kunit: building Linux ...')\n"
            f"open(output, 'w').write(open({str(path)!r}).read())")
    told: list[tuple[str, str]] = []
    jobs = matrix.plan([PLAIN, KASAN, DEBUG], tmp_path, 1)
    runs = matrix.local(jobs, "", 3, lambda job, what, run: told.append((job.cell.name, what)))
    assert [run.cell for run in runs] == ["6.12/plain", "7.3/kasan", "6.12/debug"]
    assert all(run.result.ok for run in runs)
    assert ("7.3/kasan", "building Linux") in told and ("7.3/kasan", "done") in told


@pytest.mark.parametrize(("workers", "compilers"), [(1, "1"), (2, "2"), (4, "2"), (9, "6")])
def test_builds_share_the_compilers(
    tmp_path: Path, command: Callable[[str], None], workers: int, compilers: str
) -> None:
    """Three images of four cells, so that not more are built at once."""
    called = tmp_path / "called"
    command(f"print(argv[argv.index('--jobs') + 1], file=open({str(called)!r}, 'a'))")
    init = replace(PLAIN, name="6.12/init", arguments=("init_on_alloc=1",))
    tiny = replace(KASAN, name="7.3/slub_tiny", configs=("slub_tiny",))
    matrix.local(matrix.plan([PLAIN, init, KASAN, tiny], tmp_path, 1), "", workers, lambda *_: None)
    assert called.read_text().split() == 4 * [compilers]


def test_compilers_are_called_through_ccache(
    tmp_path: Path, command: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    cached, called = tmp_path / "ccache", tmp_path / "called"
    cached.mkdir()
    (cached / "gcc").write_text(f"#!/bin/sh\necho ccache >> {called}\n")
    (cached / "gcc").chmod(0o755)
    monkeypatch.setattr(host, "CCACHE", str(cached))
    command("import subprocess; subprocess.run(['gcc', '--version'])")
    matrix.local(matrix.plan([PLAIN, KASAN], tmp_path, 1), "", 1, lambda *_: None)
    assert called.read_text().split() == ["ccache"] * 2


def test_a_cell_that_dies_is_a_problem(tmp_path: Path, command: Callable[[str], None]) -> None:
    command("print('kmem-kunit: no kernel for you'); sys.exit(1)")
    (run,) = matrix.local(matrix.plan([DEBUG], tmp_path, 1), "", 1, lambda *_: None)
    (problem,) = run.result.problems
    assert problem.kind == "died" and "status 1" in problem.log and "no kernel" in problem.log
    assert run.cell == "6.12/debug" and not run.result.ok
    assert kcidb._runs(kcidb.document([run]))[0].result == run.result


def test_a_cell_that_this_machine_cannot_run(tmp_path: Path, command: Callable[[str], None]) -> None:
    command("if 'kasan' in argv: print('kmem-kunit: no room'); sys.exit(2)")
    runs = matrix.local(matrix.plan([KASAN, PLAIN], tmp_path, 1), "", 1, lambda *_: None)
    assert [matrix.unable(run) for run in runs] == [True, False]
    assert kcidb._runs(kcidb.document(runs[:1]))[0].result == runs[0].result
    matrix.check(runs[1:])
    with pytest.raises(UserError, match="^7.3/kasan: no room$"):
        matrix.check(runs)


@pytest.mark.parametrize(("more", "said"), [
    ("open(output, 'w').write('{')", "is not whole JSON"),
    ("open(output, 'w').write(twice)", "holds 2 boots, not one"),
])
def test_a_result_that_cannot_be_read_costs_no_other(
    tmp_path: Path, command: Callable[[str], None], more: str, said: str
) -> None:
    good, twice = tmp_path / "good", tmp_path / "twice"
    kcidb.write(good, [run_of(PLAIN, case("first"))])
    kcidb.write(twice, [run_of(PLAIN, case("first"))] * 2)
    command(f"good, twice = (open(name).read() for name in {[str(good), str(twice)]!r})\n"
            f"if 'kasan' in argv: {more}\nelse: open(output, 'w').write(good)")
    bad, other = matrix.local(matrix.plan([KASAN, PLAIN], tmp_path, 1), "", 1, lambda *_: None)
    (problem,) = bad.result.problems
    assert bad.cell == "7.3/kasan" and problem.kind == "died" and said in problem.log
    assert other.result.ok


def test_what_fails_us_ends_the_others(tmp_path: Path, command: Callable[[str], None]) -> None:
    def tell(_: matrix.Job, __: str, run: kcidb.Run | None) -> None:
        if run:
            raise UserError("no room")

    command("time.sleep(60 if 'kasan' in argv else 0.2)")
    before = threading.active_count()
    with pytest.raises(UserError, match="no room"):
        matrix.local(matrix.plan([PLAIN, KASAN], tmp_path, 1), "", 2, tell)
    assert threading.active_count() == before


def test_summary() -> None:
    good, bad = case("first"), case("second", Status.FAIL, "EXPECTATION FAILED\x1b[2J")
    failed = replace(run_of(PLAIN, good, bad), console="failures/1.log")
    runs = [run_of(PLAIN, good, case("second")), failed, run_of(DEBUG, good),
            run_of(KASAN, good, problems=(Problem("panic", "kmem_tiny.first", "oops"),))]
    lines = list(matrix.summary(runs))
    assert lines[0].split() == ["6.12/plain", "1/2", "ok", "3/1/0"]
    assert lines[1].strip() == "FAIL kmem_tiny.second unstable 1/2"
    assert "\x1b" not in "".join(lines)
    assert [line.strip() for line in lines if "console" in line] == ["console failures/1.log"]
    assert "    panic kmem_tiny.first" in lines
    assert lines[-1] == "3 cells: 5 passed, 2 failed, 0 skipped"


def test_the_time_of_a_cell_is_told(
    tmp_path: Path, command: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    took = replace(run_of(PLAIN, case("first")), took=75.3)
    assert list(matrix.summary([took]))[0].split() == ["6.12/plain", "ok", "1/0/0,", "75", "s"]
    assert list(matrix.summary([took] * 2))[0].split()[-2:] == ["151", "s"]
    kcidb.write(tmp_path / "good", [took])
    command(f"if 'kasan' not in argv: open(output, 'w').write(open({str(tmp_path / 'good')!r}).read())")
    jobs = matrix.plan([PLAIN, KASAN], tmp_path, 1)
    with matrix.shown(jobs) as tell:
        good, died = matrix.local(jobs, "", 1, tell)
    assert good.took == 75.3 and died.took is not None and died.took > 0
    told = capsys.readouterr().err.splitlines()
    assert "kmem-kunit: 6.12/plain: ok 1/0/0, 75 s" in told
    assert f"kmem-kunit: 7.3/kasan: FAILED 0/0/0, {died.took:.0f} s" in told


def test_the_accelerator_of_a_cell_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slow, fast = (replace(run_of(PLAIN, case("first")), took=3.0, accelerator=name)
                  for name in ("tcg\x1b", "kvm"))
    assert list(matrix.summary([slow, fast]))[0].endswith("2/0/0, 6 s with tcg\\x1b, kvm")
    (job,) = matrix.plan([PLAIN], tmp_path, 1)
    with matrix.shown([job]) as tell:
        tell(job, "", fast)
    assert capsys.readouterr().err == "kmem-kunit: 6.12/plain: ok 1/0/0, 3 s with kvm\n"
    table = matrix._Table([job])
    table.tell(job, "", slow)
    assert rendered(table, 24)[1].split()[1:5] == ["ok", "with", "tcg\\x1b", "1/0/0"]


def test_a_log_cannot_command_a_ci_system() -> None:
    log = "::stop-commands::x\n##[error]y"
    bad = Result((case("a", Status.FAIL, log=log),), (Problem("splat", "", log),))
    run = replace(run_of(PLAIN), result=bad)
    for line in (*matrix.summary([run]), *report.details(bad)):
        assert "##[" not in line and not line.strip().startswith("::"), line


def test_known_failures_are_shown() -> None:
    bad = replace(case("second", Status.FAIL, "EXPECTATION FAILED"), known="it is broken")
    lines = list(matrix.summary([run_of(PLAIN, case("first"), bad), run_of(DEBUG, case("first"))]))
    assert lines[0].split(maxsplit=2) == ["6.12/plain", "ok", "1/0/0, 1 known failure"]
    assert [line.strip() for line in lines[1:3]] == ["known kmem_tiny.second", "it is broken"]
    assert lines[-1] == "2 cells: 2 passed, 0 failed, 0 skipped, 1 known failure"
    steady = list(matrix.summary([run_of(PLAIN, case("first"), bad)] * 2))
    assert steady[1].strip() == "known kmem_tiny.second 2/2"


def test_what_is_skipped_at_times_is_unstable() -> None:
    skipped = replace(case("second", Status.SKIP), reason="no memory")
    small = replace(case("third"), param="x")
    twice = [small, replace(small, status=Status.SKIP)]  # two parameters of one name
    runs = [run_of(PLAIN, case("first"), case("second"), *twice),
            run_of(PLAIN, case("first"), skipped, *twice), run_of(PLAIN, case("first"))]
    lines = [line.strip() for line in matrix.summary(runs)]
    assert lines[1:-1] == ["SKIP kmem_tiny.second unstable 1/3", "no memory"]
    assert list(matrix.summary(runs[1:]))[1:-1] == []


EXCUSE = quarantine.Entry("kmem_tiny.second", ("6.12/plain",), "it is broken", "x", "y",
                          date(2030, 1, 1), unstable=True)


@pytest.mark.parametrize(("status", "known", "entries", "told"), [
    (Status.SKIP, "", (), "unstable"),
    (Status.SKIP, "", (EXCUSE,), "unstable"),  # that excuses failures
    (Status.FAIL, "it is broken", (EXCUSE,), "2/2 ok"),
    (Status.PASS, "", (), "2/2 ok"),
])
def test_a_cell_is_not_good_if_it_is_unstable(
    monkeypatch: pytest.MonkeyPatch, status: Status, known: str,
    entries: tuple[quarantine.Entry, ...], told: str
) -> None:
    """As the gate says."""
    monkeypatch.setattr(progress, "paint", lambda text, colour: f"{colour} {text}")
    second = replace(case("second", status), known=known)
    runs = [run_of(PLAIN, case("first"), case("second")), run_of(PLAIN, case("first"), second)]
    assert all(run.result.ok for run in runs)
    unstable = matrix.unstable(runs, entries, date(2029, 1, 1))
    failing = any(each.kind.fails for each in gate.compare((), runs, entries, date(2029, 1, 1)))
    assert bool(unstable) == failing == (told == "unstable")
    line, *_ = matrix.summary(runs, unstable)
    assert line.startswith(f"{'red' if unstable else 'green'} {'6.12/plain':20} {told} ")


def test_parameters_tell_what_failed() -> None:
    whole = case("first", Status.FAIL)
    small, large = replace(whole, param="small", log="EXPECTATION FAILED"), replace(whole, param="large")
    passing = replace(large, status=Status.PASS)
    lines = list(matrix.summary([run_of(PLAIN, small, passing, whole)]))
    assert [line.strip() for line in lines[1:-1]] == ["FAIL kmem_tiny.first.small", "EXPECTATION FAILED"]


def test_a_parameter_that_is_not_there_at_times_is_unstable() -> None:
    x, y = (Case("kmem_tiny", "a", param, Status.PASS) for param in "xy")
    dead = run_of(PLAIN, case("a", Status.MISS))
    times = [run_of(PLAIN, case("a"), x, y), run_of(PLAIN, case("a"), x), dead,
             run_of(PLAIN, case("a"), x, x, y)]
    assert [line for line in matrix.summary(times) if "kmem" in line] == [
        "    MISS kmem_tiny.a.x unstable 2/4", "    MISS kmem_tiny.a.y unstable 1/4",
        "    MISS kmem_tiny.a unstable 1/4"]
    skipped = run_of(PLAIN, case("a", Status.SKIP))
    assert not [line for line in matrix.summary([times[0], times[0]]) if "kmem" in line]
    assert [line for line in matrix.summary([times[0], skipped]) if "kmem" in line] == [
        "    SKIP kmem_tiny.a unstable 1/2"]


def test_a_failure_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (job,) = matrix.plan([PLAIN], tmp_path, 1)
    bad = case("second", Status.FAIL, "EXPECTATION FAILED\x1b[2J")
    with matrix.shown([job]) as tell:
        tell(job, "", run_of(PLAIN, case("first"), bad))
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "kmem-kunit: 6.12/plain: FAILED 1/1/0"
    assert told[1] == "kmem-kunit: 6.12/plain: FAIL kmem_tiny.second"
    assert "EXPECTATION FAILED" in told[2] and "\x1b" not in told[2]


def rendered(table: matrix._Table, height: int) -> list[str]:
    """Return what a terminal of so many lines shows of a table."""
    from rich.console import Console

    console = Console(file=io.StringIO(), width=72, height=height)
    with console.capture() as capture:
        console.print(table.rendered(height))
    return capture.get().splitlines()


def test_a_live_table_has_all_jobs(tmp_path: Path) -> None:
    jobs = matrix.plan([PLAIN, DEBUG, KASAN], tmp_path, 1)
    by_name = {job.cell.name: job for job in jobs}
    table = matrix._Table(jobs)
    table.tell(by_name["6.12/plain"], "started", None)
    table.tell(by_name["6.12/plain"], "done", run_of(PLAIN, case("first")))
    table.tell(by_name["7.3/kasan"], f"building [red]x\x1b {'y' * 99}", None)
    head, *rows = (line.split(maxsplit=1) for line in rendered(table, 24))
    assert head[1].split() == ["state", "passed/failed/skipped", "time"]
    assert [name for name, _ in rows] == [job.cell.name for job in jobs]
    states = {name: rest.strip() for name, rest in rows}
    assert states["6.12/plain"].split() == ["ok", "1/0/0", "0", "s"]
    assert states["6.12/debug"] == "waiting"
    assert states["7.3/kasan"].startswith("building [red]x\\x1b yy")


def test_a_live_table_is_no_longer_than_the_terminal(tmp_path: Path) -> None:
    """The ones that matter are in it, wherever they are among the others."""
    jobs = matrix.plan([replace(PLAIN, name=f"6.12/v{n}") for n in range(500)], tmp_path, 4)
    table = matrix._Table(jobs)
    for job in jobs[:900]:
        table.tell(job, "started", None)
        table.tell(job, "done", run_of(PLAIN, case("first")))
    for job in jobs[1000:1030]:
        table.tell(job, "done", run_of(PLAIN, case("first", Status.FAIL)))
    for job in jobs[1500:1505]:
        table.tell(job, "running Linux", None)
    table.tell(jobs[1600], "waiting", None)
    lines = rendered(table, 24)
    assert len(lines) == 24
    states = [line.split()[1] for line in lines[1:-1]]
    assert states == ["FAILED"] * 17 + ["running"] * 5
    assert lines[-1].strip() == "and 900 ok, 1065 waiting, 13 FAILED"


@pytest.fixture
def verb(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the verb work in a repo of the test's, and need nothing of this machine."""
    for name in ("FETCHING", "BUILDING", "SHOWING", "CACHING"):
        monkeypatch.setattr(host, name, ())
    monkeypatch.setattr(overlay, "REPO", repo)


@pytest.mark.usefixtures("verb")
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_what_has_ended_survives_an_interruption(
    tmp_path: Path, cache_root: Path, command: Callable[[str], None],
    capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    kcidb.write(tmp_path / "good", [run_of(PLAIN, case("first"))])
    command(f"import os\nif '--config' in argv: os.kill({os.getpid()}, 15), time.sleep(60)\n"
            f"open(output, 'w').write(open({str(tmp_path / 'good')!r}).read())")
    out = tmp_path / "all.json"
    assert cli.main(["matrix", "--jobs", "1", *more, *([str(out)] if more else [])]) == 128 + 15
    (left,) = (cache_root / "matrices").iterdir()
    captured = capsys.readouterr()
    assert captured.err.splitlines()[-2:] == [
        f"kmem-kunit: the results of the cells that have ended are in {left}",
        "kmem-kunit: interrupted"]
    assert not captured.out and not out.exists()
    (result,) = left.iterdir()
    assert [run.cell for run in kcidb.load(result)] == ["6.12/plain"]
    command(f"os = __import__('os'); os.kill({os.getpid()}, 15), time.sleep(60)")
    assert cli.main(["matrix", "--jobs", "1"]) == 128 + 15  # nothing has ended: nothing is left
    assert "results" not in capsys.readouterr().err
    assert list((cache_root / "matrices").iterdir()) == [left]


def test_what_has_ended_survives_a_kill(cache_root: Path) -> None:
    code = ("import os, pathlib; from kmem_kunit import cache, matrix\n"
            "with matrix.folder(cache.root()) as place:\n"
            "    (place / '6.12_plain.1.json').write_text('x'); os.kill(os.getpid(), 9)")
    subprocess.run([sys.executable, "-c", code], cwd=overlay.REPO / "tools", check=False)
    cache.clean(cache.root())
    assert [path.name for path in cache_root.glob("matrices/*/*")] == ["6.12_plain.1.json"]


@pytest.mark.usefixtures("verb")
def test_an_unstable_cell_fails_the_matrix(
    tmp_path: Path, command: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    ways = [replace(run_of(PLAIN, case("first"), case("second", status)), took=3.0)
            for status in (Status.PASS, Status.SKIP)]
    for name, run in zip(("good.1", "good.2"), ways):
        kcidb.write(tmp_path / name, [run])
    command(f"n = output.split('.')[-2] if '--config' in argv else '1'\n"
            f"open(output, 'w').write(open({str(tmp_path / 'good.')!r} + n).read())")
    assert cli.main(["matrix", "--repeat", "2"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{'6.12/plain':20} 2/2 ok     4/0/0, 6 s",
        f"{'6.12/debug':20} unstable   3/0/1, 6 s",
        "    SKIP kmem_tiny.second unstable 1/2",
        "2 cells: 7 passed, 0 failed, 1 skipped"]


@pytest.mark.usefixtures("verb")
def test_the_verb(tmp_path: Path, fake_kernel: Path, repo: Path, cache_root: Path,
                  monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    behave(fake_kernel, f"console = {GOOD_CONSOLE!r}")
    assert cli.main(["matrix", "--group", "quick", "--list"]) == 0
    assert capsys.readouterr().out == f"{'6.12/plain':20} nothing special\n"
    assert cli.main(["matrix", "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "tools/kmem-kunit run --kernel 6.12",
        "tools/kmem-kunit run --kernel 6.12 --config debug --boot-args slab_debug=FZPU"]
    assert cli.main(["matrix", "--dry-run", "--repeat", "2", "--filter", "kmem_*.f*"]) == 0
    assert capsys.readouterr().out.splitlines() == 2 * [
        "tools/kmem-kunit run --kernel 6.12 --filter 'kmem_*.f*'",
        "tools/kmem-kunit run --kernel 6.12 --config debug --boot-args slab_debug=FZPU "
        "--filter 'kmem_*.f*'"]
    (repo / "tools/configs/debug.config").write_text("# CONFIG_KMEM_TINY_KUNIT_TEST is not set\n")
    assert cli.main(["matrix", "--filter", "kmem_tiny", "--list"]) == 0
    assert capsys.readouterr().out == f"{'6.12/plain':20} nothing special\n"
    assert cli.main(["matrix", "--group", "slow"]) == 2
    assert "no group 'slow'; there are: quick" in capsys.readouterr().err
    assert cli.main(["matrix", "--filter", "nobody"]) == 2
    out = tmp_path / "all.json"
    script = tmp_path / "command"
    kcidb.write(tmp_path / "one.json", [run_of(PLAIN, case("first"))])
    script.write_text("import sys, shutil\nargv = sys.argv\n"
                      f"shutil.copy({str(tmp_path / 'one.json')!r}, argv[argv.index('--json') + 1])")
    monkeypatch.setattr(matrix, "_COMMAND", script)
    assert cli.main(["matrix", "--repeat", "2", "--json", str(out)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 cells: 4 passed, 0 failed, 0 skipped"
    assert [run.cell for run in kcidb.load(out)] == ["6.12/plain", "6.12/debug"] * 2
    assert not list((cache_root / "matrices").iterdir())
    whole = script.read_text()
    script.write_text(f"{whole} if '--config' not in argv else sys.exit(2)")
    assert cli.main(["matrix", "--json", str(out)]) == 2  # this machine cannot run one of them
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == "2 cells: 1 passed, 1 failed, 0 skipped"
    assert captured.err.splitlines()[-1] == "kmem-kunit: 6.12/debug: status 2 and no result"
    assert [run.result.ok for run in kcidb.load(out)] == [True, False]
    script.write_text(whole)
    monkeypatch.setattr(kcidb, "save", full_of_results)
    assert cli.main(["matrix", "--json", str(out)]) == 2
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == "2 cells: 2 passed, 0 failed, 0 skipped"
    (left,) = (cache_root / "matrices").iterdir()
    where, why = captured.err.splitlines()[-2:]
    assert where == f"kmem-kunit: the results of the cells that have ended are in {left}"
    assert why.endswith("No space left on device")
    assert all(kcidb.load(left / f"6.12_{name}.1.json")[0].result.ok for name in ("plain", "debug"))
