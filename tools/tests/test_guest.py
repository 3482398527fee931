# SPDX-License-Identifier: GPL-2.0-only
"""A boot of User-Mode Linux, which here is a script."""
from pathlib import Path

import pytest

from kmem_kunit import guest
from kmem_kunit.errors import UserError


def script(folder: Path, text: str) -> Path:
    """Make a guest of a shell script."""
    path = folder / "linux"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_console_needs_no_disk(tmp_path: Path) -> None:
    binary = script(tmp_path, "seq 5; echo six >&2; echo 'reboot: System halted'")
    found = guest.boot(binary, tmp_path / "none", (), 60)
    assert found.lines == ["1", "2", "3", "4", "5", "six", "reboot: System halted"]
    assert (found.status, found.timed_out) == (0, False)


def test_console_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guest, "_LIMIT", 1 << 16)
    endless = "while :; do echo 0123456; done 2>&-"
    found = guest.boot(script(tmp_path, endless), tmp_path, (), 2)
    assert found.timed_out and set(found.lines) == {"0123456"} and len(found.lines) == 1 << 13
    whole = script(tmp_path, "head -c 65536 /dev/zero | tr '\\0' '\\n'")
    assert len(guest.boot(whole, tmp_path, (), 60).lines) == 1 << 16


@pytest.mark.parametrize(("text", "says"), [
    ("kill -9 $$", r"killed a kernel \(SIGKILL\): .* fewer --jobs"),
    ("kill -TERM $$", "SIGTERM"),
    ("echo '<3>Bus error - the host /dev/shm or /tmp mount likely just ran out of space'; kill -ABRT $$",
     "no room for the memory of kernels in /dev/shm"),
    ("exit 126", "does not boot here"),
])
def test_boot_that_says_nothing_about_the_kernel(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        guest.boot(script(tmp_path, text), tmp_path, (), 60)
    assert "\n" not in str(caught.value)


def test_kernel_that_cannot_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="does not boot here: .*No such file or directory"):
        guest.boot(tmp_path / "linux", tmp_path, (), 60)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="does not boot here: No such file or directory"):
        guest.boot(tmp_path / "linux", tmp_path, (), 60)


@pytest.mark.parametrize(("text", "ended", "died"), [
    ("echo 'reboot: System halted'", True, False), ("true", False, True), ("exit 1", False, True),
    ("echo 'Kernel panic - not syncing: x'; kill -ABRT $$", True, True), ("kill -SEGV $$", False, True),
    ("echo 'reboot: System halted'; exec sleep 60", True, True),
])
def test_how_a_kernel_ends(tmp_path: Path, text: str, ended: bool, died: bool) -> None:
    found = guest.boot(script(tmp_path, text), tmp_path, (), 1.004)
    assert (found.ended, found.died) == (ended, died)
    assert found.timed_out == text.endswith("60")


@pytest.mark.parametrize(("text", "timed_out"), [
    ("while :; do :; done", True), ("sleep 2; echo 'reboot: System halted'", False),
])
def test_kernel_that_works_for_too_long_is_ended(tmp_path: Path, text: str, timed_out: bool) -> None:
    found = guest.boot(script(tmp_path, text), tmp_path, (), 600, 1)
    assert (found.timed_out, found.died) == (timed_out, timed_out)
    assert (found.work > 0.9) == timed_out and found.took < 600
