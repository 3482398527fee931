# SPDX-License-Identifier: GPL-2.0-only
"""What a person sees while it runs."""
import io
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    assert terminal.pieces == ["kmem-kunit: one\\nline\\x1b\n"]


PARTS = ["##[error]", "::stop-commands::x", " ", "\t", "\x1b[31m", "\r\n", "\u2028", "\xa0", "\u202e", "x"]


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(st.characters()) | st.lists(st.sampled_from(PARTS)).map("".join))
def test_clean_text_is_one_harmless_line(text: str) -> None:
    shown = progress.clean(text)
    assert len(shown.splitlines()) <= 1 and "##[" not in shown and "\x1b" not in shown
    assert not shown.strip().startswith("::")
    shown.encode("utf-8")


def test_clean_text_of_people_stays_as_it_is() -> None:
    text = "\tat mm/slub.c:12: std::x [ü] ## [x] :x"
    assert progress.clean(text) == text
