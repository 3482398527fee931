# SPDX-License-Identifier: GPL-2.0-only
"""A boot of User-Mode Linux, which here is a script."""
from pathlib import Path

import pytest

from kmem_kunit import guest


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
