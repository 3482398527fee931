# SPDX-License-Identifier: GPL-2.0-only
"""The values that a run yields."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from kmem_kunit.errors import UserError
from kmem_kunit.result import Case, Problem, Result, Status, save, segment


def case(status: Status, name: str = "a", param: str = "") -> Case:
    return Case("kmem_zero", name, param, status)


@pytest.mark.parametrize(("statuses", "ok"), [
    ([], False), ([Status.PASS], True), ([Status.SKIP], False), ([Status.PASS, Status.SKIP], True),
    ([Status.PASS, Status.FAIL], False), ([Status.PASS, Status.MISS], False),
    ([Status.PASS, Status.ERROR], False),
])
def test_ok(statuses: list[Status], ok: bool) -> None:
    cases = tuple(case(status) for status in statuses)
    assert Result(cases).ok == ok
    assert not Result(cases, (Problem("splat", "", "BUG"),)).ok


def test_a_failed_parameter_is_not_ok() -> None:
    assert not Result((case(Status.PASS), case(Status.FAIL, param="1"))).ok


def test_counts_take_a_parametrised_case_once() -> None:
    result = Result((case(Status.PASS), case(Status.PASS, param="1"), case(Status.PASS, param="2"),
                     case(Status.MISS, "b")))
    assert result.counts == {Status.PASS: 1, Status.MISS: 1, Status.FAIL: 0, Status.SKIP: 0,
                             Status.ERROR: 0}


def test_paths() -> None:
    assert case(Status.PASS).path == "kmem_zero.a"
    assert case(Status.PASS, param="size=8, GFP_KERNEL").path == "kmem_zero.a.size_8_GFP_KERNEL"
    for name in ("", ".", "a.b", "é", "x" * 9999, "\0\n", "..", "-"):
        assert re.fullmatch("[a-zA-Z0-9_-]{1,200}", segment(name))


def test_save_replaces_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "out.xml"
    for data in (b"one", b"two"):
        save(path, data)
        assert path.read_bytes() == data
    link = tmp_path / "link"
    link.symlink_to(path)
    save(link, b"three")
    assert link.is_symlink() and path.read_bytes() == b"three"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["link", "out.xml"]


def test_save_leaves_a_device_a_device(tmp_path: Path) -> None:
    save(Path("/dev/null"), b"gone")
    assert Path("/dev/null").is_char_device()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    save(pipe, b"through")
    assert os.read(reader, 100) == b"through" and pipe.is_fifo()
    os.close(reader)


def test_save_says_why_it_cannot(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for path in (tmp_path / "file/below", tmp_path / "no/where", tmp_path, tmp_path / "\0"):
        with pytest.raises(UserError, match="cannot write") as caught:
            save(path, b"")
        assert "\n" not in str(caught.value)
