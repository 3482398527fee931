# SPDX-License-Identifier: GPL-2.0-only
"""Comments that speak of several kernel series, told for one of them.

What holds of some series only is a sentence that begins with "On 6.x," or "Since 6.12,", or "Up to 6.11,", or
"Before 6.8,"; and in a sentence that begins with "Source:", what a series is behind in parentheses.
"""
import re
import textwrap
from collections.abc import Iterator

from kmem_kunit import ctokens
from kmem_kunit.errors import UserError

_VERSION = r"\d\.(?:x|\d+)"
MENTIONED = re.compile(rf"(?<![\w.^$-]){_VERSION}(?![\w%])|\bLinux \d")
_LEAD = re.compile(rf"(On|Since|Up to|Before) ({_VERSION}), ")
# "name() (6.x)" is of those series alone; "name() (6.x: other())" has another name there
_TAGGED = re.compile(rf"(.*?) \((?:(up to|before|since) )?({_VERSION})(?:: (.*))?\)", re.DOTALL)
_TAB = "\t"
_WIDTH = 90  # columns of a comment


def _number(version: str) -> tuple[int, int | None]:
    major, _, minor = version.partition(".")
    return int(major), None if minor == "x" else int(minor)


def holds(word: str, version: str, series: str) -> bool:
    """Say whether what is so "on", "since", "up to" or "before" a version is so on a series."""
    mine, other = _number(series), _number(version)
    at = tuple(part for part, exact in zip(mine, other) if exact is not None)
    exact = tuple(part for part in other if part is not None)
    return {"on": at == exact, "since": at >= exact, "up to": at <= exact,
            "before": at < exact}[word.lower()]


def for_series(text: str, file: str, series: str, *, explains: bool = False) -> str:
    """Return a C file whose comments are told for one series.

    If it explains how series differ, a sentence that does not say where it holds is left out; else UserError
    is raised for it.
    """
    made, at = "", 0
    for token in ctokens.cut(text, file):
        if token.kind == "comment" and MENTIONED.search(token.text):
            start = text.rfind("\n", 0, token.at) + 1
            told = _comment(token.text, text[start:token.at], series, explains)
            if MENTIONED.search(told):
                raise UserError(f"{file}:{token.line}: this does not say for which series it holds")
            end = token.at + len(token.text)
            if told:
                made += text[at:token.at] + told
            elif not text[start:token.at].strip() and text[end:end + 1] == "\n":
                made, end = made + text[at:start], end + 1
            else:
                made += text[at:token.at].rstrip()
            at = end
    return made + text[at:]


def _comment(comment: str, before: str, series: str, explains: bool) -> str:
    """Return a comment for one series, without its signs if it is only one line; "" if nothing is left of it."""
    if "\n" not in comment:
        body = _prose(comment.removeprefix("/*").removesuffix("*/").strip(), series, explains)
        return f"/* {body} */" if body else ""
    indent = before if not before.strip() else ""
    opening, *lines, closing = comment.split("\n")
    lines = [line.strip().removeprefix("*").removeprefix(" ") for line in lines]
    if opening.strip() != "/*" and opening.strip() != "/**":
        lines.insert(0, opening.strip().removeprefix("/*").strip())
        opening = "/*"
    paragraphs = list[str]()
    for paragraph in "\n".join(lines).split("\n\n"):
        told = "\n".join(_part(part, series, explains, len(indent.expandtabs(8))) for part in _parts(paragraph))
        if told.strip():
            paragraphs.append(told)
    if not paragraphs:
        return ""
    body = "\n".join(f"{indent} *{'' if line[:1] == _TAB else ' '}{line}".rstrip()
                     for line in "\n\n".join(paragraphs).split("\n"))
    return f"{opening}\n{body}\n{indent} */"


def _parts(paragraph: str) -> Iterator[str]:
    """Yield what is wrapped by itself: a kernel-doc line with what continues it, an indented line, prose."""
    part = list[str]()
    for line in paragraph.split("\n"):
        continues = line.startswith((" ", "\t")) and part and part[0].startswith("@")
        if re.match(r"@|\s|\w+\(\) - |Return:|\d+\. ", line) and not continues:
            if part:
                yield "\n".join(part)
            part = []
        part.append(line)
    if part:
        yield "\n".join(part)


def _part(part: str, series: str, explains: bool, indent: int) -> str:
    if not MENTIONED.search(part):
        return part
    lead = re.match(r"@[^:\n]*: *|\w+\(\) - |Return: ", part)
    head = lead[0] if lead else ""
    prose = head + _prose(" ".join(part[len(head):].split()), series, explains)
    return textwrap.fill(prose, _WIDTH - indent - 3, break_long_words=False, break_on_hyphens=False)


def _prose(text: str, series: str, explains: bool) -> str:
    """Return sentences, those that hold on a series."""
    found = list[str]()
    for sentence in re.split(r"(?<=[.:?!])(?<!e\.g\.)(?<!i\.e\.)\s+(?=[A-Z(\"]|Source:)", text):
        if not MENTIONED.search(sentence):
            found.append(sentence)
        elif sentence.startswith("Source:"):
            found.append(sentence)
        elif match := _LEAD.match(sentence):
            if holds(match[1], match[2], series):
                rest = sentence[match.end():]
                found.append(rest[0].upper() + rest[1:] if not re.match(r"\w+\(", rest) else rest)
        elif not explains:
            found.append(sentence)
    joined = " ".join(found)
    begin = joined.find("Source:")
    return joined if begin < 0 else joined[:begin] + _sources(joined[begin:], series)


def _sources(text: str, series: str) -> str:
    """Return a sentence of sources, those of a series."""
    kept = list[str]()
    for piece in re.split(r"(?<=[,;]) |(?<=\)) (?=and )", text.removeprefix("Source:").strip().removesuffix(".")):
        sign = piece[-1] if piece[-1:] in (",", ";") else ""
        bare = piece.removesuffix(sign) if sign else piece
        if match := _TAGGED.fullmatch(bare):
            is_here = holds(match[2] or "on", match[3], series)
            if match[4]:
                bare = match[4] if is_here else match[1]
            elif is_here:
                bare = match[1]
            else:
                continue
        kept.append(bare + sign)
    if kept:
        kept[0] = kept[0].removeprefix("and ")
        kept[-1] = kept[-1].rstrip(",;")
    return f"Source: {' '.join(kept)}." if kept else ""

