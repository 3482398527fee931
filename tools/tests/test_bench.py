# SPDX-License-Identifier: GPL-2.0-only
"""What operations cost: reading it, that boots must agree, and the gate."""
import datetime
import re
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kmem_kunit import boot as boot_step
from kmem_kunit import arch, bench, benching, cli, host, image, kcidb, overlay, qemu, suites
from kmem_kunit.boot import Log
from kmem_kunit.errors import UserError
from kmem_kunit.kcidb import Run
from kmem_kunit.kernel import Kernel
from kmem_kunit.result import Case, Number, Result, Status

HOT, BURST = ("kmalloc", "64 hot"), ("kmalloc", "64 burst")


def case(counts: str, events: str = "", name: tuple[str, str] = HOT) -> Case:
    log = "".join(f"# {name[0]}: {line}\n" for line in (f"events {events}" if events else "", counts) if line)
    return Case("kmem_bench", *name, Status.PASS, log=log)


def boot(*cases: Case) -> dict[tuple[str, str], bench.Counted]:
    return bench.read(Result(cases))


def run_of(numbers: Mapping[str, float], kernel: str = "7.3.4", setting: str = "plain",
           unit: str = bench.INSTRUCTIONS, events: Mapping[str, float] = {}) -> Run:
    def measured(name: str, value: float, of: str) -> Case:
        family, _, pattern = name.partition(".")
        return Case("kmem_bench", family, pattern, Status.PASS, number=Number(value, of))

    cases = [measured(name, value, unit) for name, value in numbers.items()]
    cases += [measured(name, value, bench.EVENTS) for name, value in events.items()]
    now = datetime.datetime(2026, 11, 30, tzinfo=datetime.timezone.utc)
    return Run(kernel, "s", "x86_64", "bench", "gcc 12", "kmem-kunit bench", now, "",
               Result(tuple(cases)), cell=f"{kernel.rpartition('.')[0]}/{setting}")


def test_counts_are_read_with_their_events() -> None:
    found = boot(case("counts ticks=-7 ns=40 operations=8", "operations=32 alloc_slab=3 sheaf_flush=-1"),
                 Case("kmem_bench", "kmalloc", "", Status.PASS),
                 Case("kmem_bench", "kmalloc", "skipped", Status.SKIP))
    assert found == {HOT: bench.Counted(-7, 40, 8, {"alloc_slab": 3, "sheaf_flush": -1}, 32)}


@pytest.mark.parametrize("line", ["", "counts ticks=1 ns=2 operations=0", "counts ticks=1 ns=2",
                                  "counts ticks=1 ns=2 operations=1 more", "counts ticks=x ns=2 operations=1"])
def test_a_pattern_without_counts_is_told(line: str) -> None:
    with pytest.raises(UserError, match="kmem_bench.kmalloc.64_hot does not say what it counted"):
        boot(case(line))


def test_a_pattern_that_is_skipped_has_no_counts() -> None:
    # a kernel that says "ok" of it, without the directive
    assert boot(Case("kmem_bench", *HOT, Status.PASS, log="# kmalloc: not counted\n")) == {}


def test_numbers_are_per_operation() -> None:
    one = boot(case("counts ticks=1001 ns=1 operations=8", "operations=32 alloc_slab=8"))
    assert list(bench.agreed([one] * 5, [one] * 5, "")) == [
        Case("kmem_bench", *HOT, Status.PASS, number=Number(125.125, bench.INSTRUCTIONS)),
        Case("kmem_bench", "kmalloc", "64 hot: alloc_slab", Status.PASS, number=Number(0.25, bench.EVENTS))]


def test_a_pattern_is_refused_whose_boots_differ() -> None:
    one = boot(case("counts ticks=1000 ns=1 operations=8", "operations=32 alloc_slab=8"),
               case("counts ticks=8 ns=1 operations=8", name=BURST))
    other = boot(case("counts ticks=1001 ns=1 operations=8", "operations=32 alloc_slab=8"),
                 case("counts ticks=8 ns=2 operations=8", name=BURST))  # the clock does not count
    refused, good = bench.agreed([one, one, other], [one], "")
    assert refused.status is Status.ERROR and refused.number is None
    assert refused.reason == "boots differ: (1000, 8), (1000, 8), (1001, 8)"
    assert good.number == Number(1, bench.INSTRUCTIONS)
    more = boot(case("counts ticks=1000 ns=1 operations=8", "operations=32 alloc_slab=9"))
    (refused,) = bench.agreed([one], [one, more], "*.64 hot")
    assert refused.status is Status.ERROR and "'alloc_slab': 9" in refused.reason
    (refused,) = bench.agreed([one, {}], [], "*.64 hot")
    assert refused.reason == "boots differ: (1000, 8), None"


def test_times_are_told_with_their_spread() -> None:
    boots = [boot(case(f"counts ticks=1 ns={ns} operations=10")) for ns in (300, 100, 120)]
    assert list(bench.timed(boots, "")) == [
        Case("kmem_bench", *HOT, Status.PASS, number=Number(12.0, bench.TIME),
             reason="10.0 to 30.0 in 3 boots")]
    table = "\n".join(bench.table([run_of({"kmalloc.64 hot": 12.0}, unit=bench.TIME)]))
    assert "ns/operation" in table
    times = run_of({"kmalloc.64 hot": 12.0}, unit=bench.TIME)
    with pytest.raises(UserError, match="times are never gated"):
        bench.compare([run_of({"kmalloc.64 hot": 12.0})], [times], ())


@pytest.mark.parametrize("base, head, unit, is_worse", [
    (100, 102, bench.INSTRUCTIONS, False), (100, 102.01, bench.INSTRUCTIONS, True),
    (1000, 1010, bench.INSTRUCTIONS, False), (1000, 1010.1, bench.INSTRUCTIONS, True),
    (1, 3.1, bench.INSTRUCTIONS, True), (100, 50, bench.INSTRUCTIONS, False),
    (0, 0.001, bench.EVENTS, False), (0, 0.0011, bench.EVENTS, True), (1, 1.02, bench.EVENTS, True),
])
def test_what_is_worse(base: float, head: float, unit: str, is_worse: bool) -> None:
    assert bench.worse(base, head, unit) is is_worse


def kinds(before: Run, after: Run, *allowed: bench.Declared) -> list[tuple[str, str]]:
    return [(each.kind, each.name) for each in bench.compare([before], [after], allowed)]


def test_the_gate_names_what_differs() -> None:
    before = run_of({"kmalloc.8 hot": 100, "kmalloc.16 hot": 100, "kmalloc.32 hot": 100, "kmalloc.64 hot": 100,
                     "kmalloc.96 hot": 100})
    after = run_of({"kmalloc.8 hot": 101, "kmalloc.16 hot": 100, "kmalloc.32 hot": 103, "kmalloc.64 hot": 90,
                    "kmalloc.128 hot": 1})
    found = kinds(before, after)
    assert found[:2] == [("REGRESSION", "kmalloc.32 hot"), ("GONE", "kmalloc.96 hot")]
    assert sorted(found[2:])[:3] == [("cheaper", "kmalloc.64 hot"), ("differs", "kmalloc.8 hot"),
                                     ("new", "kmalloc.128 hot")]
    assert not kinds(before, before)


def test_a_slow_path_is_a_regression_though_it_costs_few_instructions() -> None:
    before = run_of({"kmalloc.8 hot": 1000}, events={"kmalloc.8 hot: alloc_fastpath": 1})
    after = run_of({"kmalloc.8 hot": 1001}, events={"kmalloc.8 hot: alloc_fastpath": 0.9,
                                                   "kmalloc.8 hot: alloc_slowpath": 0.1})
    assert ("REGRESSION", "kmalloc.8 hot: slow allocations") in kinds(before, after)
    assert not [name for _, name in kinds(before, after) if "fastpath" in name]


def test_a_declared_regression_is_one_no_more_up_to_what_is_declared() -> None:
    before, after = run_of({"kmalloc.8 hot": 100}), run_of({"kmalloc.8 hot": 105})
    allowed = bench.Declared("kmalloc.8 *", 5, "it checks more")
    assert kinds(before, after, allowed) == [("declared", "kmalloc.8 hot")]
    assert kinds(before, run_of({"kmalloc.8 hot": 105.1}), allowed) == [("REGRESSION", "kmalloc.8 hot")]
    lines = list(bench.told(bench.compare([before], [after], [allowed]), [before], [after]))
    assert "(it checks more)" in lines[0]
    assert lines[-1] == "7.3.4 -> 7.3.4: 1 patterns, 1 numbers differ, 0 regressions"


def test_settings_are_compared_each_with_its_own_and_some_must_be_shared() -> None:
    before = [run_of({"kmalloc.8 hot": 100}, "7.2.1"), run_of({"kmalloc.8 hot": 200}, "7.2.1", "debug")]
    after = [run_of({"kmalloc.8 hot": 200}, setting="debug"), run_of({"kmalloc.8 hot": 1}, setting="init")]
    assert not bench.compare(before[1:], after, ())
    (gone,) = bench.compare(before, after, ())
    assert gone.fails and (gone.setting, gone.name) == ("plain", "all patterns")
    for other in (after, [run_of({"bulk.16": 1})], [run_of({})]):
        with pytest.raises(UserError, match="no pattern in common"):
            bench.compare(before[:1], other, ())
    with pytest.raises(UserError, match="several kernels"):
        bench.compare([*before, run_of({"kmalloc.8 hot": 100})], after, ())


def test_who_has_another_compiler_is_told() -> None:
    before = run_of({"kmalloc.8 hot": 100})
    lines = list(bench.told([], [before], [replace(before, compiler="gcc 13")]))
    assert "these are of different compilers: gcc 12, gcc 13" in lines


def test_numbers_survive_a_file(tmp_path: Path) -> None:
    runs = [run_of({"kmalloc.8 hot": 100.125}, events={"kmalloc.8 hot: alloc_slab": 0.5})]
    kcidb.write(tmp_path / "x.json", runs)
    assert kcidb.load(tmp_path / "x.json") == tuple(runs)
    test = kcidb.document(runs)["tests"][0]
    assert test["status"] == "DONE" and test["number"] == {"value": 100.125, "unit": bench.INSTRUCTIONS}
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    for wrong, told in (('"value": "1"', "value is not a number"), ('"value": true', "value is not a number"),
                        ('"value": 1e999', "value is not a number")):
        (tmp_path / "x.json").write_text(text.replace('"value": 100.125', wrong), encoding="utf-8")
        with pytest.raises(UserError, match=told):
            kcidb.load(tmp_path / "x.json")


@pytest.mark.parametrize("text, told", [
    ('[[declared]]\npattern = "x"\nmost = 5\n', "entry 1 needs pattern, most and reason"),
    ('[[declared]]\npattern = "x"\nmost = 0\nreason = "y"\n', "most must be percent"),
    ('[[declared]]\npattern = "x"\nmost = true\nreason = "y"\n', "most must be percent"),
    ('[[declared]]\npattern = "x"\nmost = 5\nreason = " "\n', "must be texts"),
    ("[[other]]\n", "may only have"),
])
def test_what_is_declared_has_a_reason(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / bench.DECLARED).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=told):
        bench.declared(tmp_path)


def test_our_own_list_is_well() -> None:
    bench.declared(overlay.REPO)


def test_tables_have_a_column_a_kernel_or_a_setting() -> None:
    events = {"kmalloc.8 hot: alloc_slab": 0.5, "kmalloc.8 hot: sheaf_refill": 2}
    two = [run_of({"kmalloc.8 hot": 100}, "7.2.1", events=events), run_of({"kmalloc.8 hot": 90.5})]
    lines = list(bench.table(two))
    assert re.fullmatch(r"plain, instructions/operation +7.2.1 +7.3.4", lines[0])
    assert re.fullmatch(r"kmalloc.8 hot +100.00 +90.50", lines[1])
    assert any(re.fullmatch(r"kmalloc.8 hot +- +- +500.0 +- +- +- +2000.0 +-", line) for line in lines)
    one = [run_of({"kmalloc.8 hot": 100}), run_of({"kmalloc.8 hot": 200}, setting="debug")]
    assert re.fullmatch(r"Linux 7.3.4, instructions/operation +plain +debug", list(bench.table(one))[0])


def test_plots_are_svg_and_the_same_each_time(tmp_path: Path) -> None:
    host.ensure(host.PLOTTING)
    from kmem_kunit import bench_plot

    runs = [run_of({"kmalloc.<b>$x": 100, "bulk.16": 2}), run_of({"kmalloc.<b>$x": 90}, setting="debug")]
    for folder in ("a", "b"):
        bench_plot.write(tmp_path / folder, runs)
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["bulk.svg", "kmalloc.svg"]
    drawn = (tmp_path / "a/kmalloc.svg").read_text(encoding="utf-8")
    assert ET.fromstring(drawn).tag.endswith("svg") and "<b>" not in drawn and "&lt;b&gt;$x" in drawn
    assert "7.3.4, debug" in drawn and (tmp_path / "b/kmalloc.svg").read_text(encoding="utf-8") == drawn


@pytest.mark.parametrize("words, told", [
    (["--base", "7.3"], "--base needs --head"), (["--head", "7.3"], "--head needs --base"),
    (["--base", "a", "--head", "b", "--kernel", "7.3"], "--kernel is not for"),
    (["--tree", "."], "--tree needs --base"), (["--wall", "--base", "a", "--head", "b"], "never gated"),
    (["--config", "nonsense"], "no configuration 'nonsense'"), (["--pattern", "a b"], "is no pattern such as"),
    (["--pattern", "nonsense"], "no case matches 'kmem_bench.nonsense'"),
    (["--kernel", "/nonexistent"], "nonexistent"), (["--json", "/nonexistent/x"], "cannot write"),
])
def test_wrong_use_is_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str],
                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qemu, "may_accelerate", lambda _: True)
    assert cli.main(["bench", *words]) == 2
    assert told in capsys.readouterr().err.strip().splitlines()[-1]


def test_wall_needs_kvm(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qemu, "may_accelerate", lambda _: False)
    assert cli.main(["bench", "--wall"]) == 2
    assert "--wall needs /dev/kvm" in capsys.readouterr().err


def test_files_are_compared_without_a_kernel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kcidb.write(tmp_path / "a", [run_of({"kmalloc.8 hot": 100, "bulk.16": 5})])
    kcidb.write(tmp_path / "b", [run_of({"kmalloc.8 hot": 110, "bulk.16": 9})])
    words = ["bench", "--base", str(tmp_path / "a"), "--head"]
    assert cli.main([*words, str(tmp_path / "a")]) == 0
    assert cli.main([*words, str(tmp_path / "b")]) == 1
    capsys.readouterr()
    assert cli.main([*words, str(tmp_path / "b"), "--pattern", "bulk.*"]) == 1
    printed = capsys.readouterr().out
    assert "bulk.16" in printed and "kmalloc" not in printed
    one = run_of({"bulk.16": 5})
    kcidb.write(tmp_path / "a", [one, run_of({"kmalloc.8 hot": 100}, setting="debug")])
    kcidb.write(tmp_path / "b", [one])
    assert cli.main([*words, str(tmp_path / "b"), "--pattern", "bulk.*"]) == 0
    assert cli.main([*words, str(tmp_path / "b")]) == 1


def test_the_suite_has_the_cases_that_are_named() -> None:
    path = overlay.REPO / "lib/kmem_bench_patterns.c"
    (suite,) = suites.scan(path.read_text(encoding="utf-8"), path.name)
    assert suite.name == bench.SUITE and all(case.contract and case.parametrised for case in suite.cases)
    names = {case.name for case in suite.cases}
    assert {each.only for each in benching.settings("7.3")} - {"*"} <= names
    assert "slab_debug=FZPU" in benching.settings("6.9")[3].arguments
    assert "slub_debug=FZPU" in benching.settings("6.1")[3].arguments


def test_the_machine_counts_and_nothing_else_decides() -> None:
    words = arch.counting(2).qemu_args
    for each in ("-icount shift=0,sleep=off", "-smp 2", "-rdseed", "-seed ", "clock=vm", "base=2026-01-01"):
        assert each in words


def ktap(counts: str, events: str = "") -> str:
    """A console of kmem_bench with one case, of one parameter."""
    lines = ["KTAP version 1", "1..1", "    KTAP version 1", "    # Subtest: kmem_bench", "    1..1",
             "        KTAP version 1", "        # Subtest: kfree_elsewhere",
             *([f"    # kfree_elsewhere: events {events}"] if events else []),
             f"    # kfree_elsewhere: counts {counts}", "        ok 1 kfree hot",
             "    ok 1 kfree_elsewhere", "ok 1 kmem_bench"]
    return "\n".join(f"[    0.100000] {line}" for line in lines) + "\n"


class Machine:
    """What was booted, a line each, and which boot counts one instruction more."""

    def __init__(self) -> None:
        self.booted: list[str] = []
        self.unlike = 0


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A kernel whose boots print one pattern."""
    made = Machine()

    def build(base: Path, request: image.Request) -> image.Image:
        assert request.only == "kmem_bench"
        folder = tmp_path / "-".join(("image", *request.configs, *request.variant))
        folder.mkdir(exist_ok=True)
        (folder / "config").write_text('CONFIG_CC_VERSION_TEXT="gcc 12"\n', encoding="utf-8")
        return image.Image(folder, tmp_path, "7.3.4", "s", request.arch)

    def fake(base: Path, the_image: image.Image, arguments: Sequence[str], glob: str, **named: Any) -> Log:
        made.booted.append(" ".join((the_image.path.name, the_image.arch.qemu_args, *arguments, glob,
                                named["accelerator"])))
        path = tmp_path / f"{len(made.booted)}.log"
        stats = "slub_stats" in the_image.path.name
        text = ktap(f"ticks=1024 ns={len(made.booted)}000 operations=10",
                    "operations=40 alloc_slab=4" if stats else "")
        path.write_text(text.replace("ticks=1024", f"ticks={1024 + (len(made.booted) == made.unlike)}"), encoding="utf-8")
        return Log(path, 1.0, False, False, 1.0)

    monkeypatch.setattr(image, "build", build)
    monkeypatch.setattr(boot_step, "boot", fake)
    monkeypatch.setattr(boot_step, "kept", lambda base, log: log)
    monkeypatch.setattr(benching, "_prepare", lambda: tmp_path)
    monkeypatch.setattr(benching, "_kernel", lambda options, spec, stack: Kernel("7.3", tmp_path, "7.3.4"))
    monkeypatch.setattr(qemu, "may_accelerate", lambda _: True)
    return made


PATTERN = ["--pattern", "kfree_elsewhere.*"]


def test_each_image_is_booted_five_times(machine: Machine, tmp_path: Path,
                                         capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", *PATTERN, "--json", str(tmp_path / "x.json")]) == 0
    assert sorted(each.split()[0] for each in machine.booted) == ["image-bench"] * 5 + ["image-bench-slub_stats"] * 5
    for each in machine.booted:
        assert "-icount shift=0" in each and "-smp 2" in each and "nokaslr" in each
        assert each.endswith("kmem_bench.kfree_elsewhere tcg")
    (run,) = kcidb.load(tmp_path / "x.json")
    assert bench.numbers(run, bench.INSTRUCTIONS) == {"kfree_elsewhere.kfree hot": 102.4}
    assert bench.slow(run)["kfree_elsewhere.kfree hot"]["slabs taken"] == 0.1
    assert run.cell == "7.3/two_cpus" and run.compiler == "gcc 12"
    assert "102.40" in capsys.readouterr().out


def test_a_pattern_is_not_reported_if_one_boot_differs(
        machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.unlike = 3
    assert cli.main(["bench", *PATTERN, "--jobs", "1"]) == 1
    printed = capsys.readouterr().out
    assert "two_cpus: kfree_elsewhere.kfree hot: boots differ: (1024, 10), (1024, 10), (1025, 10)" in printed
    assert "102." not in printed


def test_wall_boots_the_host_and_shows_the_spread(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", *PATTERN, "--wall", "--jobs", "1"]) == 0
    assert len(machine.booted) == 5 and all("-cpu host" in each and each.endswith(" kvm") for each in machine.booted)
    assert re.search(r"kfree hot +300\.00 +100\.0 to 500\.0 in 5 boots", capsys.readouterr().out)


def test_that_all_is_skipped_is_told(machine: Machine, capsys: pytest.CaptureFixture[str],
                                     monkeypatch: pytest.MonkeyPatch) -> None:
    result = Result((Case("kmem_bench", *HOT, Status.SKIP, reason="needs CONFIG_X=n"),))
    monkeypatch.setattr(boot_step, "judge", lambda log, planned: result)
    assert cli.main(["bench", *PATTERN]) == 2
    assert "7.3/two_cpus: all patterns are skipped: needs CONFIG_X=n" in capsys.readouterr().err


def test_a_boot_that_cannot_be_made_ends_the_others(machine: Machine, capsys: pytest.CaptureFixture[str],
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    first, hangs, ended = iter([True]), threading.Event(), threading.Event()

    def fake(*_: object, on_tick: Callable[[int, int | None], None], **__: object) -> Log:
        if next(first, False):
            hangs.wait(60)
            raise UserError("no space left")
        hangs.set()
        try:
            while True:  # as a guest that hangs
                on_tick(0, None)
                time.sleep(0.01)
        finally:
            ended.set()

    monkeypatch.setattr(boot_step, "boot", fake)
    assert cli.main(["bench", *PATTERN, "--jobs", "2"]) == 2
    assert ended.is_set() and "no space left" in capsys.readouterr().err


def test_a_series_without_the_setting_is_told(machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benching, "_kernel", lambda options, spec, stack: Kernel("6.1", tmp_path, "6.1.9"))
    assert cli.main(["bench", *PATTERN]) == 2
    assert "6.1 has no pattern 'kfree_elsewhere.*'" in capsys.readouterr().err and not machine.booted


def test_revisions_are_told_by_the_tree(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[object, str]] = []

    def kernel_of(options: Any, spec: str, stack: object) -> Kernel:
        seen.append((options.tree, spec))
        return Kernel("7.3", tmp_path, "7.3.4")

    monkeypatch.setattr(benching, "_kernel", kernel_of)
    assert cli.main(["bench", *PATTERN, "--tree", "linux", "--base", "v1", "--head", "HEAD"]) == 0
    assert seen == [("linux", "v1"), ("linux", "HEAD")] and len(machine.booted) == 20


def test_a_pattern_that_no_case_has_is_told(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "--pattern", "kfree_elsewhere.nonsense"]) == 2
    assert "7.3 has no pattern 'kfree_elsewhere.nonsense'" in capsys.readouterr().err
