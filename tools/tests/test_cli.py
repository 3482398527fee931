# SPDX-License-Identifier: GPL-2.0-only
"""The command as a user meets it: verdicts, files, and a clear line for every wrong use."""
import functools
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import types
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from conftest import GOOD_CONSOLE, TOOLS, behave, calls, contents, make_kernel, make_repo, snapshot

from kmem_kunit import boot, cache, cli, gating, host, kcidb, overlay
from kmem_kunit.errors import UserError

COMMAND = TOOLS / "kmem-kunit"
Outcome = tuple[int, str, str]


@pytest.fixture
def run(
    cache_root: Path,
    repo: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Outcome]:
    """Give a function that runs the command and returns (status, stdout, stderr)."""
    monkeypatch.setattr(host, "BUILDING", ())  # the fake kernels need no compiler
    monkeypatch.setattr(host, "SHOWING", ())
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}

    def call(*argv: object) -> Outcome:
        capsys.readouterr()
        try:
            status = cli.main([str(word) for word in argv])
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def one_line(outcome: Outcome) -> str:
    """Check that a command was refused with one line, and return it."""
    status, out, err = outcome
    assert status == 2 and out == "", (status, out, err)
    lines = [line for line in err.splitlines() if not line.endswith("...")]
    assert len(lines) == 1 and lines[0].startswith("kmem-kunit: "), err
    return lines[0]


def console(linux: Path, *changes: tuple[str, str]) -> None:
    """Let a fake kernel print the good log with some changes."""
    text = GOOD_CONSOLE
    for old, new in changes:
        text = text.replace(old, new)
    behave(linux, f"console = {text!r}")


ONLY_FIRST = (
    ("[    0.013000]     ok 2 second\n", ""),
    ("1..2", "1..1"),
    ("pass:2", "pass:1"),
    ("total:2", "total:1"),
)


def test_a_good_run(run: Callable[..., Outcome], fake_kernel: Path) -> None:
    before = snapshot(fake_kernel)
    status, out, err = run("run", "--kernel", fake_kernel)
    assert status == 0 and snapshot(fake_kernel) == before
    lines = out.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [
        ["pass", "kmem_tiny.first"],
        ["pass", "kmem_tiny.second"],
    ]
    assert "2.00 ms" in lines[0] and "1.00 ms" in lines[1]
    closing = r"6.12.3 uml: 2 passed, 0 failed, 0 skipped in \d+\.\d\d s \(log .*\)"
    assert re.fullmatch(closing, lines[2])
    assert "\x1b" not in out + err
    calls(fake_kernel)
    status, out, err = run("run", "--kernel", fake_kernel)
    assert status == 0 and [call[0] for call in calls(fake_kernel)] == ["exec"]


def test_the_accelerator_and_the_time_are_told(
    run: Callable[..., Outcome], fake_kernel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, result = boot.boot, tmp_path / "result.json"
    monkeypatch.setattr(boot, "boot", lambda *a, **k: replace(plain(*a, **k), accelerator="tcg"))
    _, out, _ = run("run", "--kernel", fake_kernel, "--json", result)
    assert re.search(r" skipped in \d+\.\d\d s with tcg \(log ", out.splitlines()[-1])
    (found,) = kcidb.load(result)
    assert found.accelerator == "tcg" and found.took


def test_a_failure(
    run: Callable[..., Outcome], fake_kernel: Path, tmp_path: Path, cache_root: Path
) -> None:
    broken = "# second: EXPECTATION FAILED at lib/x.c:7\n[    0.013000]     not ok 2 second"
    console(
        fake_kernel,
        ("    ok 2 second", "    " + broken),
        ("ok 1 kmem_tiny", "not ok 1 kmem_tiny"),
        ("pass:2 fail:0", "pass:1 fail:1"),
    )
    result = tmp_path / "result.json"
    status, out, _ = run("run", "--kernel", fake_kernel, "--json", result)
    assert status == 1
    assert re.search(r"FAIL +kmem_tiny\.second .*\n +.*EXPECTATION FAILED at lib/x.c:7", out)
    closing = out.splitlines()[-1]
    assert "1 passed, 1 failed, 0 skipped" in closing
    log = re.search(r"\(log (.*)\)", closing)
    assert log and kcidb.load(result)[0].console == log[1]
    cache.remove(cache_root / "runs")
    assert "EXPECTATION FAILED" in Path(log[1]).read_text()


def test_a_missing_case(run: Callable[..., Outcome], fake_kernel: Path) -> None:
    console(fake_kernel, *ONLY_FIRST)
    status, out, _ = run("run", "--kernel", fake_kernel)
    assert status == 1 and re.search(r"MISS +kmem_tiny\.second", out) and "1 missing" in out


def test_all_skipped_is_no_pass(run: Callable[..., Outcome], fake_kernel: Path) -> None:
    console(
        fake_kernel,
        ("first", "first # SKIP needs CONFIG_X=y"),
        ("second", "second # SKIP"),
        ("pass:2 fail:0 skip:0", "pass:0 fail:0 skip:2"),
        ("1 kmem_tiny", "1 kmem_tiny # SKIP"),
    )
    status, out, _ = run("run", "--kernel", fake_kernel)
    assert status == 1
    assert re.search(r"skip +kmem_tiny\.first .*needs CONFIG_X=y", out)


def test_a_splat_and_a_hostile_console(run: Callable[..., Outcome], fake_kernel: Path) -> None:
    evil = "BUG: sleeping function called \x1b]0;owned\x07\x1b[2J"
    second = "[    0.013000]     ok 2"
    console(fake_kernel, (second, f"[    0.012100] {evil}\n{second}"))
    status, out, _ = run("run", "--kernel", fake_kernel)
    assert status == 1 and "\x1b" not in out and "\x07" not in out
    assert "splat in kmem_tiny.second" in out and "1 problem" in out.splitlines()[-1]


def test_a_hang(
    run: Callable[..., Outcome], fake_kernel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boot, "boot", functools.partial(boot.boot, limit=0.5))
    part = GOOD_CONSOLE[:100]
    behave(fake_kernel, f"if verb == 'exec': print({part!r}, flush=True); time.sleep(999)")
    status, out, _ = run("run", "--kernel", fake_kernel)
    assert status == 1 and "hang" in out and "no end after 0.5 s" in out


def test_raw(run: Callable[..., Outcome], fake_kernel: Path) -> None:
    status, out, _ = run("run", "--kernel", fake_kernel, "--raw")
    assert status == 0 and out.startswith(GOOD_CONSOLE)
    assert len(out.splitlines()) == len(GOOD_CONSOLE.splitlines()) + 1


def test_json_and_junit(run: Callable[..., Outcome], fake_kernel: Path, tmp_path: Path) -> None:
    files = (tmp_path / "r.json", tmp_path / "r.xml")
    assert run("run", "--kernel", fake_kernel, "--json", files[0], "--junit", files[1])[0] == 0
    tests = json.loads(files[0].read_text())["tests"]
    assert [test["path"] for test in tests] == ["kmem_tiny.first", "kmem_tiny.second"]
    cases = ElementTree.parse(files[1]).getroot().iter("testcase")
    assert [case.get("name") for case in cases] == ["first", "second"]


def test_filter_and_boot_args_reach_the_kernel(
    run: Callable[..., Outcome], fake_kernel: Path
) -> None:
    console(fake_kernel, *ONLY_FIRST)
    more = ("--filter", "kmem_*.f*", "--boot-args", "a=1 b")
    status, _, _ = run("run", "--kernel", fake_kernel, *more)
    assert status == 0
    last = calls(fake_kernel)[-1]
    assert last[-1] == "kmem_*.f*" and {"--kernel_args=a=1", "--kernel_args=b"} <= set(last)


@pytest.mark.parametrize("glob", ["nothing*", "kmem_tiny.third", "a b", "-x", "a;b", "kunit.x=1"])
def test_a_filter_that_matches_nothing(
    glob: str, run: Callable[..., Outcome], fake_kernel: Path, cache_root: Path
) -> None:
    one_line(run("run", "--kernel", fake_kernel, f"--filter={glob}"))
    assert not cache_root.exists()


def test_dry_run(run: Callable[..., Outcome], fake_kernel: Path, cache_root: Path) -> None:
    before = snapshot(fake_kernel.parent)
    status, out, _ = run("run", "--kernel", fake_kernel, "--dry-run", "--boot-args", "x=1")
    assert status == 0 and snapshot(fake_kernel.parent) == before and not cache_root.exists()
    lines = out.splitlines()
    assert len(lines) == 3 and all(line.startswith("python3 /") for line in lines)
    run("run", "--kernel", fake_kernel)
    seen = calls(fake_kernel)
    assert [line.split()[2:] for line in lines[:2]] == seen[:2]
    for line in lines:  # they can be run by hand
        subprocess.run(line, shell=True, check=True, stdout=subprocess.DEVNULL)


def test_dry_run_of_a_series_that_is_not_in_the_cache(
    run: Callable[..., Outcome], cache_root: Path
) -> None:
    status, out, err = run("run", "--kernel", "7.3", "--dry-run")
    assert status == 0 and len(out.splitlines()) == 3 and "fetches it first" in err
    assert not cache_root.exists()
    make_kernel(cache_root / "sources/linux-source-7.3_7.3.4-1", "7.3.4")
    assert run("run", "--kernel", "7.3", "--dry-run")[1] == out


def test_configs(run: Callable[..., Outcome], fake_kernel: Path, cache_root: Path) -> None:
    status, out, _ = run("run", "--kernel", fake_kernel, "--config", "debug", "--config", "other")
    assert status == 0 and "6.12.3 uml+debug+other: " in out
    (config,) = cache_root.glob("builds/*/kmem-kunit.kunitconfig")
    assert "CONFIG_SWAP=y" in config.read_text()
    assert "there are: debug, other" in one_line(run("run", "--config", "kasan"))


def test_a_compile_error(run: Callable[..., Outcome], fake_kernel: Path) -> None:
    behave(fake_kernel, "if verb == 'build': print('ERROR:root:x.c:1: error: no'); sys.exit(1)")
    status, out, err = run("run", "--kernel", fake_kernel)
    assert status == 1 and out == "" and "x.c:1: error: no" in err
    assert err.splitlines()[-1] == "kmem-kunit: Linux 6.12.3 does not build"


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["frobnicate"],
        ["run", "--kernle", "6.12"],
        ["run", "--jobs", "0"],
        ["run", "--jobs", "-1"],
        ["run", "--kernel", "v6.12"],
        ["run", "--kernel", "/"],
        ["run", "--json", "/no/such/folder/x.json"],
        ["run", "--junit", "/"],
        ["fetch"],
        ["fetch", "6.12;id"],
        ["apply"],
        ["apply", "--tree", "/etc"],
        ["unapply", "--tree", "no such"],
        ["list", "--kernel", "/etc/passwd"],
    ],
)
def test_wrong_use(argv: list[str], run: Callable[..., Outcome]) -> None:
    one_line(run(*argv))


def _late(_: object) -> NoReturn:
    pytest.fail("it was not refused")


@pytest.mark.parametrize("words", [
    "run --kernel", "run --json", "run --junit", "run --build-dir", "list --kernel", "surface --kernel",
    "matrix --list --group", "matrix --list --json", "gate --baseline --group", "gate a b --tree",
    "gate --baseline --json", "gate --baseline --junit", "gate --baseline --gitlab", "gate", "gate a",
    "bisect --good a --bad b --tree", "mutate --kernel", "mutate --diff", "mutate --json",
    "coverage --kernel", "coverage --lcov", "coverage --html", "apply --tree", "unapply --tree",
    "matrix-job --merge --manifest", "mutate-job --index 1 --manifest",
])
def test_an_empty_path_is_not_the_current_folder(
    run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setattr(cli, "_VERBS", dict.fromkeys(cli._VERBS, _late))
    assert ": it is empty (see kmem-kunit " in one_line(run(*words.split(), ""))


@pytest.mark.parametrize(("words", "says"), [
    ("run --json new --junit ../repo/new", "../repo/new would be written twice"),
    ("run --json link --junit old", "old would be written twice"),
    ("gate --baseline --junit new --gitlab new", "new would be written twice"),
    ("gate old a --json ../repo/old", "../repo/old is read, and would be overwritten"),
    ("gate a link --junit old", "old is read, and"),
    ("gate --tree . old HEAD --gitlab link", "link is read, and"),
    ("mutate --diff old --json old", "old is read, and"),
    ("report old -o old", "old is read, and"),
    ("coverage --lcov new --html new", "new would be written twice"),
])
def test_no_output_is_written_over(
    run: Callable[..., Outcome], repo: Path, cache_root: Path, monkeypatch: pytest.MonkeyPatch,
    words: str, says: str
) -> None:
    monkeypatch.chdir(repo)
    for name in ("_prepare", "_measurable"):
        monkeypatch.setattr(cli, name, _late)
    monkeypatch.setattr(gating, "run", _late)
    (repo / "old").write_text("old")
    (repo / "link").symlink_to("old")
    assert says in one_line(run(*words.split()))
    assert (repo / "old").read_text() == "old" and not (repo / "new").exists()
    assert not cache_root.exists()


def test_a_device_takes_all_outputs(run: Callable[..., Outcome], fake_kernel: Path) -> None:
    null = "/dev/null"
    assert run("run", "--kernel", fake_kernel, "--json", null, "--junit", null)[0] == 0


def test_what_is_missing_is_told_before_anything_is_done(
    run: Callable[..., Outcome], fake_kernel: Path, cache_root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    need = host.Need("gcc", "compiles the kernel", "gcc", lambda: False)
    monkeypatch.setattr(host, "BUILDING", (need,))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(host, "_sudo_is_silent", lambda: False)
    line = one_line(run("run", "--kernel", fake_kernel))
    assert "lacks gcc: run sudo apt-get install -y --no-install-recommends gcc" in line
    assert not cache_root.exists()


def test_a_cache_path_with_a_space(
    run: Callable[..., Outcome], fake_kernel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMEM_KUNIT_CACHE", str(tmp_path / "my cache"))
    assert "KMEM_KUNIT_CACHE" in one_line(run("run", "--kernel", fake_kernel))


def test_a_full_disk(
    run: Callable[..., Outcome], fake_kernel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "/x/y")

    monkeypatch.setattr(shutil, "copy2", full)
    status, out, err = run("run", "--kernel", fake_kernel)
    assert status == 2 and out == ""
    assert err.splitlines()[-1] == "kmem-kunit: /x/y: No space left on device"


def full_of_results(*_: object) -> None:
    raise UserError("cannot write it: No space left on device")


def test_a_disk_that_is_full_of_results(
    run: Callable[..., Outcome], fake_kernel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kcidb, "save", full_of_results)
    status, out, err = run("run", "--kernel", fake_kernel, "--json", tmp_path / "x")
    assert status == 2 and "2 passed, 0 failed" in out and err.endswith("No space left on device\n")


def test_a_result_of_which_nobody_reads(
    run: Callable[..., Outcome], fake_kernel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> list[str]:
        raise BrokenPipeError

    monkeypatch.setattr(os, "dup2", lambda *_: None)
    monkeypatch.setattr(sys, "stdout", types.SimpleNamespace(
        write=gone, flush=lambda: None, isatty=lambda: False, fileno=lambda: 1))
    assert cli.main(["run", "--kernel", str(fake_kernel), "--json", str(tmp_path / "x")]) == 2
    assert kcidb.load(tmp_path / "x")[0].result.ok


def test_list(run: Callable[..., Outcome], fake_kernel: Path) -> None:
    status, out, _ = run("list")
    assert status == 0
    assert out == "kmem_tiny\n  first   The first holds.\n  second  The second holds as well.\n"
    behave(fake_kernel, "console = 'kmem_tiny.first\\nother.case\\n'")
    status, out, _ = run("list", "--kernel", fake_kernel)
    assert status == 0 and "  first  The first holds.\n" in out and "other\n  case\n" in out
    assert "not in Linux 6.12.3: kmem_tiny.second" in out


def test_surface(run: Callable[..., Outcome], fake_kernel: Path, repo: Path) -> None:
    before = snapshot(fake_kernel)
    assert "no include/linux/slab.h" in one_line(run("surface", "--kernel", fake_kernel))
    assert snapshot(fake_kernel) == before
    (fake_kernel / "include/linux").mkdir(parents=True)
    slab = fake_kernel / "include/linux/slab.h"
    slab.write_text("void kfree(const void *p);\n")
    (fake_kernel / ".config").write_text("")  # built in its tree: here it may be
    status, out, err = run("surface", "--kernel", fake_kernel)
    assert status == 1 and "  kfree  slab.h\n" in out
    assert out.endswith("Linux 6.12.3: 1 functions, 0 with cases, 0 waived, 1 with neither\n")
    assert "\x1b" not in out + err
    waivers = repo / "tools/surface.toml"
    waivers.write_text("[waivers]\nkfree = 'no use'\n")
    status, out, _ = run("surface", "--kernel", fake_kernel)
    assert status == 0 and re.search(r"waived:\n  kfree  slab.h +no use\n", out)
    waivers.write_text("[waivers]\nkfree = ''\n")
    assert "has no reason" in one_line(run("surface", "--kernel", fake_kernel))
    assert "not a folder" in one_line(run("surface", "--kernel", "no-such-kernel"))
    one_line(run("surface", "--json", "x"))


def test_surface_knows_a_waiver_for_nothing(
    run: Callable[..., Outcome], repo: Path, cache_root: Path
) -> None:
    waivers = "[waivers]\nkold = 'x'\nkfree = 'y'\n"
    (repo / "tools/surface.toml").write_text(waivers + "kgone = 'z'\n")
    for series in ("6.1", "6.12", "7.2", "7.3"):
        place = cache_root / f"sources/linux-source-{series}_{series}.4-1"
        path = make_kernel(place, f"{series}.4")
        (path / "include/linux").mkdir(parents=True)
        old = "void kold(void);\n" if series == "6.1" else ""
        (path / "include/linux/slab.h").write_text(f"{old}void kfree(const void *p);\n")
        if series == "6.12":  # as long as the others are not there, nobody can tell
            assert run("surface", "--kernel", series)[0] == 0
    status, out, _ = run("surface", "--kernel", "7.3")
    assert status == 1 and "and in no kernel:\n  kgone\nLinux 7.3.4: 1 functions" in out
    (repo / "tools/surface.toml").write_text(waivers)
    assert run("surface", "--kernel", "7.3")[0] == 0
    closing = "Linux 6.12.4: 1 functions, 0 with cases, 1 waived, 0 with neither\n"
    assert run("surface")[1].endswith(closing)


def _deep(number: int) -> int:
    return _deep(number + 1)


@pytest.mark.parametrize(("fail", "says"), [
    (lambda _: b"\xff".decode(), "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff "),
    (lambda _: int("\n\x1b" + "9" * 9000), "ValueError: "),
    (_deep, "RecursionError: maximum recursion depth exceeded "),
])
def test_what_nobody_has_foreseen_is_one_line_and_no_verdict(
    run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch, fail: Callable[[int], int], says: str
) -> None:
    monkeypatch.setattr(cli, "_show_suite", lambda *_: fail(0))
    line = one_line(run("list"))
    assert f"a fault of ours: {says}" in line and len(line) < 400
    assert re.search(r" \(cli\.py:\d+, cli\.py:\d+\)$", line)


def test_doctor(run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch) -> None:
    there = host.Need("make", "builds", "make", lambda: True)
    monkeypatch.setattr(host, "ALL", (there,))
    monkeypatch.setattr(host.missing, "__defaults__", ((there,),))
    assert run("doctor")[0] == 0
    lacking = host.Need("bison", "parses", "bison", lambda: False)
    monkeypatch.setattr(host, "ALL", (there, lacking))
    monkeypatch.setattr(host.missing, "__defaults__", ((there, lacking),))
    status, out, _ = run("doctor")
    assert status == 2 and "MISSING" in out and "apt-get install" in out.splitlines()[-1]


def test_apply_and_unapply(run: Callable[..., Outcome], fake_kernel: Path) -> None:
    before = contents(fake_kernel)
    assert "wrote lib/kmem_kunit, lib/Makefile" in run("apply", "--tree", fake_kernel)[1]
    assert "in it already" in run("apply", "--tree", fake_kernel)[1]
    assert "restored" in run("unapply", "--tree", fake_kernel)[1]
    assert "not in it" in run("unapply", "--tree", fake_kernel)[1]
    assert contents(fake_kernel) == before


@pytest.mark.parametrize("verb", ["run", "fetch", "list", "surface", "doctor", "apply", "unapply"])
def test_help_shows_an_example(verb: str) -> None:
    done = subprocess.run([COMMAND, verb, "--help"], capture_output=True, text=True, check=True)
    assert f"example:\n  kmem-kunit {verb}" in done.stdout


def test_help_needs_no_libraries(tmp_path: Path) -> None:
    """On a fresh machine the command itself has to start, or it could install nothing."""
    code = (
        "import sys\n"
        "for name in ('rich', 'junitparser', 'jsonschema', 'clang', 'unidiff'): sys.modules[name] = None\n"
        f"sys.path.insert(0, {str(TOOLS)!r})\n"
        "from kmem_kunit import cli\n"
        "sys.exit(cli.main(['list']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_reader_that_goes_away(run: Callable[..., Outcome], tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", f"'{COMMAND}' doctor | true"], capture_output=True, text=True
    )
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr


START = f"""
import sys; sys.path.insert(0, {str(TOOLS)!r})
from pathlib import Path
from kmem_kunit import cli, host, overlay
host.BUILDING = host.SHOWING = ()
overlay.REPO = Path(sys.argv[1])
sys.exit(cli.main(sys.argv[2:]))
"""


def survivors(folder: Path) -> list[str]:
    """Return the command lines of processes that have to do with a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line and str(os.getpid()) != path.parent.name:
            found.append(line)
    return found


@pytest.mark.parametrize("verb", ["config", "build", "exec"])
@pytest.mark.parametrize(
    "number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_interrupted(
    verb: str,
    number: signal.Signals,
    status: int,
    fake_kernel: Path,
    cache_root: Path,
    tmp_path: Path,
) -> None:
    repo = make_repo(tmp_path / "repo")
    stall = "(build / 'stalled').write_text(''); time.sleep(1000)"
    behave(fake_kernel, f"if verb == {verb!r}: {stall}")
    argv = [sys.executable, "-c", START, str(repo), "run", "--kernel", str(fake_kernel)]
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        end = time.monotonic() + 30
        while not list(cache_root.glob("*/*/stalled")):
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate()
    assert process.returncode == status and out == "" and "Traceback" not in err
    if number != signal.SIGKILL:
        assert err.splitlines()[-1] == "kmem-kunit: interrupted"
        assert not survivors(tmp_path)
        assert not list(cache_root.rglob(".tmp-*"))
    while survivors(tmp_path):
        assert time.monotonic() < end
        time.sleep(0.01)
    behave(fake_kernel, "")
    again = subprocess.run(argv, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert not list(cache_root.rglob(".tmp-*"))


def test_our_own_checkout_is_complete() -> None:
    content = overlay.files(overlay.REPO)
    assert {"Kconfig", "Makefile", ".kunitconfig"} <= set(content)


@pytest.mark.parametrize(("words", "says"), [
    ("mutate --shard 5/4", "'5/4' is not a part such as 1/4"),
    ("mutate --shard 0/4", "'0/4' is not a part such as 1/4"),
    ("mutate --without magic", "invalid choice: 'magic'"),
    ("mutate --since v1 --diff x", "not allowed with argument"),
    ("mutate --json /nowhere/at/all", "there is no folder /nowhere/at"),
    ("mutate --kernel /nowhere", "/nowhere"),
    ("coverage --lcov /nowhere/at/all", "there is no folder /nowhere/at"),
    ("coverage --kernel /nowhere", "/nowhere"),
    ("coverage --html /nowhere/at/all", "there is no folder /nowhere/at"),
    ("coverage --html {repo}/Kconfig", "Kconfig is a file, not a folder to write"),
    ("coverage --suites kmem_*\\ mem=8M", "'kmem_* mem=8M' is no filter"),
    ("coverage --kernel {linux} --suites kmem_tniy", "no suite matches 'kmem_tniy': ours are kmem_tiny, "),
    ("mutate --suites -x", "expected one argument"),
    ("mutate --kernel {linux} --suites ''", "no suite matches '':"),
    ("mutate --kernel {linux} --suites kmem_tniy", "no suite matches 'kmem_tniy':"),
])
def test_what_cannot_be_measured_is_told_before_anything_is_made(
    run: Callable[..., Outcome], cache_root: Path, fake_kernel: Path, repo: Path, words: str, says: str
) -> None:
    assert says in one_line(run(*shlex.split(words.format(linux=fake_kernel, repo=repo))))
    assert not list(cache_root.glob("mutants/*")) and not list(cache_root.glob("images/*"))
