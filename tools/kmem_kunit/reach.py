# SPDX-License-Identifier: GPL-2.0-only
"""Our C, read for what each case reaches: the names that it, its tables and helpers mention.

The compiler's preprocessor expands our own macros, so that what a family of functions or a table is
made of is seen exactly; the kernel's headers are left out, so that its names stay as they are
written. What #if asks of the kernel is answered for the kernel in hand, and each CONFIG_ is on.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kmem_kunit import headers, proc, suites
from kmem_kunit.ctokens import Token, closing, cut
from kmem_kunit.errors import UserError
from kmem_kunit.kernel import Kernel

_LIMIT = 60.0  # seconds for one file
_OUTPUT_LIMIT = 4 * 1024 * 1024  # bytes of one file expanded, which is what proc.run() keeps
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<[^\n]*$", re.MULTILINE)
_CONDITION = re.compile(r"^[ \t]*#[ \t]*(?:el)?if(?:n?def)?\b((?:\\\n|[^\n])*)", re.MULTILINE)
_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)(?:\\\n|[^\n])*", re.MULTILINE)

_SHARED = 1000  # steps to what is in another file

Case = tuple[str, str]  # suite, case


@dataclass(frozen=True)
class Source:
    """A C file of ours: what is defined in it, and the identifiers that each definition mentions.

    made is what macros of the kernel define: by the beginning of the names. cases is what stands
    in KUNIT_CASE…() of a case. shared are the names that other files may use.
    """

    defined: dict[str, list[str]] = field(default_factory=dict)
    made: dict[str, list[str]] = field(default_factory=dict)
    cases: dict[str, list[str]] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)


def reached(lib: Path, kernel: Kernel, api: Collection[str]) -> dict[Case, dict[str, int]]:
    """Return which functions of api each case of the folder lib reaches, and how closely.

    A function that the case itself mentions is one step away, what a helper of it mentions is two;
    what only helpers in other files mention comes after all that.
    """
    found = suites.load(lib)
    sources = {name: scan(text, name) for name, text in _expanded(lib, kernel, api).items()}
    files = {name: file for file, source in sources.items() for name in source.shared}

    def resolve(file: str, word: str) -> tuple[str, Sequence[str]] | None:
        return _resolve(sources, files, file, word)

    return {
        (suite.name, case.name): _walk(
            suite.file, sources[suite.file].cases.get(case.name, []), api, resolve
        )
        for suite in found
        for case in suite.cases
    }


def _walk(
    file: str,
    words: Sequence[str],
    api: Collection[str],
    resolve: Callable[[str, str], tuple[str, Sequence[str]] | None],
) -> dict[str, int]:
    """Return the functions of api within reach of some words in a file, and their distances."""
    distances: dict[str, int] = {}
    seen: set[tuple[str, str]] = set()
    level = [(file, word) for word in words]
    steps = 0
    while level:
        following: list[tuple[str, str]] = []
        for place in level:
            if place in seen:
                continue
            seen.add(place)
            name = place[1] if place[1] in api else ""
            if not name and (target := resolve(*place)):
                following += [(target[0], word) for word in target[1]]
            elif name or (name := headers.public(place[1])) in api:
                distance = steps + _SHARED * (place[0] != file)
                distances[name] = min(distance, distances.get(name, distance))
        level = following
        steps += 1
    return distances


def _resolve(
    sources: Mapping[str, Source], files: Mapping[str, str], file: str, word: str
) -> tuple[str, Sequence[str]] | None:
    """Return where a word that is used in a file is defined, and what is mentioned there."""
    source = sources[file]
    if word in source.defined:
        return file, source.defined[word]
    if word in files:
        return files[word], sources[files[word]].defined[word]
    beginnings = [made for made in source.made if word == made or word.startswith(made + "_")]
    if beginnings:
        return file, source.made[max(beginnings, key=len)]
    return None


def _expanded(lib: Path, kernel: Kernel, api: Collection[str]) -> dict[str, str]:
    """Return the C files of a folder, their own macros expanded, by name."""
    paths = sorted([*lib.glob("*.c"), *lib.glob("*.h")])
    texts = {path.name: _read(path) for path in paths}
    flags = _flags(kernel, texts.values())
    with tempfile.TemporaryDirectory(prefix="kmem-kunit-") as folder:
        for name, text in texts.items():
            (Path(folder) / name).write_text(_own(text, api), encoding="utf-8")
        return {
            name: _preprocessed(Path(folder), name, flags)
            for name in texts
            if name.endswith(".c")
        }


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"cannot read {str(path)!r}: {error.strerror}") from error


def _own(text: str, api: Collection[str]) -> str:
    """Return our C without the kernel's headers, and without stand-ins for what the kernel has."""

    def keep(match: re.Match[str]) -> str:
        stands_in = match[1] in api or match[1].startswith("KUNIT_CASE")
        return "" if stands_in else match[0]

    return _DEFINE.sub(keep, _INCLUDE.sub("", text))


def _flags(kernel: Kernel, texts: Collection[str]) -> list[str]:
    """Return the options that answer what the #if of some C asks of a kernel."""
    asked = {
        word
        for text in texts
        for condition in _CONDITION.finditer(text)
        for word in re.findall(r"[A-Za-z_]\w*", condition[1])
    }
    known = headers.defined(kernel.path, asked)
    numbers = re.match(r"([0-9]+)\.([0-9]+)\.([0-9]+)", kernel.release)
    major, minor, patch = map(int, numbers.groups()) if numbers else (0, 0, 0)
    version = (major << 16) + (minor << 8) + min(patch, 255)
    return [
        *(f"-D{name}=1" for name in sorted(asked) if name.startswith("CONFIG_")),
        *(f"-D{name}={name}" for name in sorted(known) if not name.startswith("CONFIG_")),
        f"-DLINUX_VERSION_CODE={version}",
        "-DKERNEL_VERSION(a,b,c)=(((a)<<16)+((b)<<8)+(c))",
    ]


def _preprocessed(folder: Path, name: str, flags: Sequence[str]) -> str:
    argv = ["gcc", "-E", "-P", "-w", "-undef", "-nostdinc", *flags, "-iquote", ".", f"./{name}"]
    done = proc.run(argv, timeout=_LIMIT, cwd=folder, limit=_OUTPUT_LIMIT)
    if done.status != 0 or done.overflow:
        errors = [line for line in done.output.splitlines() if "error:" in line]
        reason = errors[0] if errors else "its macros expand to too much"
        raise UserError(f"cannot read lib/{name}: {reason.removeprefix('./')}")
    return done.output


def scan(text: str, file: str) -> Source:
    """Return what a C file defines, after preprocessing. Raises UserError if it is not clear."""
    source = Source()
    for head, body in _definitions(list(cut(text, file)), file):
        words = _words([*head, *body])
        if _is_call(head):
            if len(head) > 3 and head[2].kind == "word" and head[3].kind in (",", ")"):
                source.made.setdefault(head[2].text, []).extend(_words(head[3:]))
            continue
        name = _name(head)
        if not body or not name:
            continue
        source.defined.setdefault(name, []).extend(word for word in words if word != name)
        if "static" not in words:
            source.shared.add(name)
        if "kunit_case" in words:
            source.cases.update(_cases(body, file))
    return source


def _definitions(
    tokens: Sequence[Token], file: str
) -> Iterator[tuple[list[Token], list[Token]]]:
    """Yield what stands at file level: what names it, and the braces or value that it has."""
    tokens = [token for token in tokens if token.kind not in ("directive", "comment")]
    start = index = 0
    value = 0  # index of the "=" or of a function's brace
    while index < len(tokens):
        kind = tokens[index].kind
        ends = kind == ";"
        if kind == "=":
            value = value or index
        elif kind in ("(", "{", "["):
            close = closing(tokens, index, file)
            if kind == "{" and not value and ")" in {t.kind for t in tokens[start:index]}:
                value, ends = index, True
            if kind == "(" and index == start + 1 and close + 1 < len(tokens):
                ends = tokens[close + 1].kind == "word"
            index = close
        index += 1
        if ends:
            split = value or index
            yield list(tokens[start:split]), list(tokens[split:index])
            start, value = index, 0


def _is_call(head: Sequence[Token]) -> bool:
    """Say whether this is a macro of the kernel at file level, such as MODULE_LICENSE("GPL")."""
    return len(head) > 1 and head[0].kind == "word" and head[1].kind == "("


def _name(head: Sequence[Token]) -> str:
    """Return the name that a definition gives, or ""."""
    depth = 0
    called = plain = pointer = ""
    for index, token in enumerate(head):
        following = head[index + 1].kind if index + 1 < len(head) else ""
        if token.kind == "word" and not token.text.startswith("__"):
            if depth == 0 and following == "(":
                called = token.text
            elif depth == 0:
                plain = token.text
            elif depth == 1 and not pointer and head[index - 1].kind == "*" and following == ")":
                pointer = token.text
        depth += (token.kind in "({[") - (token.kind in ")}]")
    return called or pointer or plain


def _cases(body: Sequence[Token], file: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each case of an array of struct kunit_case, and what stands in its KUNIT_CASE…()."""
    for index, token in enumerate(body[:-1]):
        if token.text.startswith("KUNIT_CASE") and body[index + 1].kind == "(":
            words = _words(body[index + 2 : closing(body, index + 1, file)])
            if words:
                yield words[0], words


def _words(tokens: Sequence[Token]) -> list[str]:
    """Return the identifiers among some tokens but for the names of members."""
    found = []
    before = older = ""
    for token in tokens:
        member = before == "." or (older, before) == ("-", ">")
        if token.kind == "word" and not member:
            found.append(token.text)
        older, before = before, token.kind
    return list(dict.fromkeys(found))
