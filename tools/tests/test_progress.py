# SPDX-License-Identifier: GPL-2.0-only
"""What a person sees while it runs."""
import io
import sys

import pytest

from kmem_kunit import progress


class Terminal(io.StringIO):
    """Notes each piece that it gets; between two pieces, another thread can put its own."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        self.pieces += [text] if text else []
        return len(text)


def test_a_line_is_said_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    progress.say("one\nline\x1b")
    assert terminal.pieces == ["kmem-kunit: one\\x0aline\\x1b\n"]
