# SPDX-License-Identifier: GPL-2.0-only
"""Boots: what is kept, when we end them, and what then counts as having happened."""
import os
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import GOOD_CONSOLE, behave, calls

from kmem_kunit import boot, cache, image, kernel, qemu
from kmem_kunit.errors import UserError
from kmem_kunit.result import Status

PLANNED = {"kmem_tiny": ["first", "second"]}


@pytest.fixture
def base(cache_root: Path) -> Path:
    """The cache."""
    return cache.root()


@pytest.fixture
def made(base: Path, fake_kernel: Path, repo: Path) -> image.Image:
    """An image of the fake kernel."""
    found = image.build(base, image.Request(kernel.from_tree(str(fake_kernel)), repo))
    calls(fake_kernel)
    return found


def prints(linux: Path, made: image.Image, code: str) -> None:
    """Let the guest of a fake kernel do something else than print a good log."""
    behave(linux, f"if verb == 'exec':\n    {code}\n    sys.exit(0)")


def test_a_good_boot(base: Path, made: image.Image, fake_kernel: Path) -> None:
    seen: list[str] = []
    log = boot.boot(base, made, ("a=b", "-c"), "kmem_tiny.*", on_line=seen.append)
    assert log.path.read_text() == GOOD_CONSOLE == "".join(f"{line}\n" for line in seen)
    assert not log.timed_out and log.path.is_relative_to(base / "runs")
    (call,) = calls(fake_kernel)
    assert call[0] == "exec" and call[-1] == "kmem_tiny.*"
    assert call.count("--raw_output=all") == 1
    arguments = [word for word in call if word.startswith("--kernel_args=")]
    assert arguments == [f"--kernel_args={word}" for word in
                         ("lpj=10000000", "printk.time=1", "a=b", "-c")]
    result = boot.judge(log, PLANNED)
    assert result.ok
    assert [case.path for case in result.cases] == ["kmem_tiny.first", "kmem_tiny.second"]
    assert [case.status for case in result.cases] == [Status.PASS] * 2


def test_memory_has_the_last_word(base: Path, made: image.Image, fake_kernel: Path) -> None:
    made.binary.write_text('#!/bin/sh\nprintf "<%s>" "$@"\n')
    made.binary.chmod(0o755)
    prints(fake_kernel, made, "import subprocess\n"
           "    subprocess.run([build / 'linux', 'a  b*', 'mem=1G'], check=True)")
    log = boot.boot(base, made, memory="64M")
    assert log.path.read_text() == "<a  b*><mem=1G><mem=64M>\n"


def test_boots_do_not_share_a_folder(base: Path, made: image.Image) -> None:
    folders = {boot.boot(base, made).path.parent for _ in range(3)}
    assert len(folders) == 3
    for folder in folders:
        assert os.path.samefile(folder / "linux", made.binary)


def test_a_boot_outlives_its_image(base: Path, made: image.Image) -> None:
    log = boot.boot(base, made)
    cache.remove(made.path)
    assert (log.path.parent / "linux").is_file()


def test_slow_machines_have_more_time() -> None:
    usual = boot.time_limit("", ["slab_debug=F"])
    assert usual == boot.TIME_LIMIT
    assert boot.time_limit("", ["seccomp=on", "ncpus=2"]) == boot.time_limit(qemu.TCG, []) > usual


def test_a_hang_is_ended_and_told(base: Path, made: image.Image, fake_kernel: Path) -> None:
    part = GOOD_CONSOLE[: GOOD_CONSOLE.index("[    0.012000]")]
    prints(fake_kernel, made, f"print({part!r}, end='', flush=True); time.sleep(1000)")
    log = boot.boot(base, made, limit=0.7)
    assert log.timed_out and log.path.read_text() == part
    result = boot.judge(log, PLANNED)
    assert not result.ok
    (hang,) = [problem for problem in result.problems if problem.kind == "hang"]
    assert hang.case == "kmem_tiny.second" and "no end after 0.7 s" in hang.log
    assert {case.status for case in result.cases} == {Status.MISS}


@pytest.mark.parametrize(
    "last, case",
    [
        ("    # Subtest: kmem_tiny", "kmem_tiny.first"),
        ("    # module: kmem_tiny_kunit", "kmem_tiny.first"),
        ("    1..2", "kmem_tiny.second"),  # its "ok 1 first" is in the kernel's buffer
        ("    ok 1 first", ""),
        ("something that first prints\n", "kmem_tiny.first"),
    ],
)
def test_who_hung(last: str, case: str) -> None:
    lines = ["KTAP version 1", "    # Subtest: kmem_tiny"]
    if last.startswith("    ok") or last.startswith("    1.."):
        lines.append("    1..2")
    assert boot._hanging([*(f"[    0.100000] {line}\n" for line in lines), last], PLANNED) == case


def test_a_guest_that_prints_for_ever(
    base: Path, made: image.Image, fake_kernel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boot, "OUTPUT_LIMIT", 1 << 20)
    prints(fake_kernel, made, "while True: print('for ever and ever')")
    log = boot.boot(base, made, limit=60)
    assert log.overflow and not log.timed_out and log.path.stat().st_size < 4 << 20
    result = boot.judge(log, PLANNED)
    assert "hang" in {problem.kind for problem in result.problems} and not result.ok


def test_a_panic(base: Path, made: image.Image, fake_kernel: Path) -> None:
    part = GOOD_CONSOLE[: GOOD_CONSOLE.index("[    0.013000]")]
    part += "[    0.012500] Kernel panic - not syncing: as asked\n"
    prints(fake_kernel, made, f"print({part!r}, end='', flush=True); os.kill(0, 15)")
    log = boot.boot(base, made)
    assert log.path.read_text() == part
    result = boot.judge(log, PLANNED)
    assert ("panic", "kmem_tiny.second") in {(p.kind, p.case) for p in result.problems}
    assert [case.status for case in result.cases] == [Status.PASS, Status.MISS]


@pytest.mark.parametrize("code", ["pass", "print('[    0.1] nothing to see')", "1/0"])
def test_a_boot_without_results_is_no_pass(
    code: str, base: Path, made: image.Image, fake_kernel: Path
) -> None:
    prints(fake_kernel, made, code)
    result = boot.judge(boot.boot(base, made), PLANNED)
    assert not result.ok
    assert {case.status for case in result.cases} == {Status.MISS}


def test_bytes_that_are_no_text(base: Path, made: image.Image, fake_kernel: Path) -> None:
    prints(fake_kernel, made, r"sys.stdout.buffer.write(b'\xff\x00\x1b[31m\n')")
    log = boot.boot(base, made)
    assert not boot.judge(log, PLANNED).ok


def test_listing(base: Path, made: image.Image, fake_kernel: Path) -> None:
    lines = ("[ 0.1] TAP version 14", "[ 0.1] kmem_tiny.first", "kmem_tiny.second", "[ 0.2] a.b c")
    prints(fake_kernel, made, f"print(*{lines}, sep=chr(10))")
    assert boot.listed(base, made) == [("kmem_tiny", "first"), ("kmem_tiny", "second")]
    assert "--kernel_args=kunit.action=list" in calls(fake_kernel)[0]
    prints(fake_kernel, made, "print('nothing')")
    with pytest.raises(UserError, match="lists no cases"):
        boot.listed(base, made)


def test_boot_arguments() -> None:
    assert boot.arguments(" slub_debug=P,kmem  x ") == ("slub_debug=P,kmem", "x")
    for text in ("a\x1bb", "ä"):
        with pytest.raises(UserError):
            boot.arguments(text)


def test_only_the_last_runs_are_kept(base: Path, made: image.Image) -> None:
    for number in range(25):
        folder = base / "runs" / f"old-{number}"
        folder.mkdir()
        os.utime(folder, (number, number))
    log = boot.boot(base, replace(made))
    cache.clean(base)
    assert log.path.exists() and len(list((base / "runs").iterdir())) == 20
