# SPDX-License-Identifier: GPL-2.0-only
"""C cut into tokens, as far as reading our own sources needs it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kmem_kunit.errors import UserError


@dataclass(frozen=True)
class Token:
    """A token; `kind` is word, string, character, comment, directive, or the punctuation itself."""

    kind: str
    text: str
    line: int  # of its first character
    last: int  # line of its last character


_LEXEMES = re.compile(r"""
    (?P<space> (?: \s | \\\n )+ )
  | (?P<comment> /\*.*?\*/ | //(?: \\\n | [^\n] )* )
  | (?P<string> "(?: \\. | [^"\\\n] )*" )
  | (?P<character> '(?: \\. | [^'\\\n] )*' )
  | (?P<word> \w+ )
  | (?P<other> . )
    """, re.VERBOSE | re.DOTALL)
_DIRECTIVE = re.compile(r"(?:^|(?<=\n))[ \t]*\#(?: \\\n | /\*.*?\*/ | [^\n] )*",
                        re.VERBOSE | re.DOTALL)


def cut(text: str, file: str) -> Iterator[Token]:
    """Yield the tokens of a C source without white space, a directive as one token."""
    place, line = 0, 1
    while place < len(text):
        match = _DIRECTIVE.match(text, place) or _LEXEMES.match(text, place)
        assert match
        lexeme = match[0]
        kind = match.lastgroup or "directive"
        last = line + lexeme.count("\n")
        if kind == "other":
            if lexeme in "\"'" or text.startswith("/*", place):
                raise UserError(f"{file}:{line}: this comment, string or character has no end")
            kind = lexeme
        if kind != "space":
            yield Token(kind, lexeme, line, last)
        place, line = match.end(), last


def closing(tokens: Sequence[Token], start: int, file: str) -> int:
    """The index of the bracket that closes the one at index `start`."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += (tokens[index].kind in "({[") - (tokens[index].kind in ")}]")
        if depth == 0:
            return index
    raise UserError(f"{file}:{tokens[start].line}: nothing closes this {tokens[start].kind}")
