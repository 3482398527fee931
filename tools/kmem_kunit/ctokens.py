# SPDX-License-Identifier: GPL-2.0-only
"""C cut into tokens, as far as reading our own sources needs it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kmem_kunit.errors import UserError


class Token(NamedTuple):
    """A token; `kind` is word, string, character, comment, directive, or the punctuation itself."""

    kind: str
    text: str
    line: int  # of its first character
    last: int  # line of its last character
    at: int  # offset of its first character

    @property
    def end(self) -> int:
        """The offset behind its last character."""
        return self.at + len(self.text)


_LEXEMES = re.compile(r"""
    (?P<directive> (?: ^ | (?<=\n) ) [ \t]* \# (?: \\\n | /\*.*?\*/ | [^\n] )* )
  | (?P<space> (?: \s | \\\n )+ )
  | (?P<comment> /\*.*?\*/ | //(?: \\\n | [^\n] )* )
  | (?P<string> "(?: \\. | [^"\\\n] )*" )
  | (?P<character> '(?: \\. | [^'\\\n] )*' )
  | (?P<word> \w+ )
  | (?P<other> . )
    """, re.VERBOSE | re.DOTALL)


def cut(text: str, file: str) -> Iterator[Token]:
    """Yield the tokens of a C source without white space, a directive as one token."""
    line = 1
    for match in _LEXEMES.finditer(text):
        lexeme, kind = match[0], match.lastgroup or ""
        last = line + lexeme.count("\n")
        if kind == "other":
            if lexeme in "\"'" or text.startswith("/*", match.start()):
                raise UserError(f"{file}:{line}: this comment, string or character has no end")
            kind = lexeme
        if kind != "space":
            yield Token(kind, lexeme, line, last, match.start())
        line = last


def closing(tokens: Sequence[Token], start: int, file: str) -> int:
    """The index of the bracket that closes the one at index `start`."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += (tokens[index].kind in "({[") - (tokens[index].kind in ")}]")
        if depth == 0:
            return index
    raise UserError(f"{file}:{tokens[start].line}: nothing closes this {tokens[start].kind}")


def opening(tokens: Sequence[Token], end: int, file: str) -> int:
    """The index of the bracket that the one at index `end` closes."""
    depth = 0
    for index in range(end, -1, -1):
        depth += (tokens[index].kind in ")}]") - (tokens[index].kind in "({[")
        if depth == 0:
            return index
    raise UserError(f"{file}:{tokens[end].line}: nothing opens this {tokens[end].kind}")
