# SPDX-License-Identifier: GPL-2.0-only
"""Our C, read for its suites, their cases, and the contract that each case states."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from kmem_kunit.ctokens import Token, closing, cut
from kmem_kunit.errors import UserError

FILES = "kmem_*_kunit.c"
OURS = "kmem_*"  # all suites of these files, by their names
_KERNELS = re.compile(r'struct kunit_suite \w+ = \{[^}]*?\.name\s*=\s*"([^"]+)"')
_BODY = re.compile(r"^\{\n(?:(?!\}).*\n)*\}$", re.MULTILINE)  # of a function, in the kernel's style


@dataclass(frozen=True)
class CaseInfo:
    """A case as the source states it; `contract` is "" where no comment stands above it."""

    name: str
    contract: str
    parametrised: bool
    slow: bool
    source: str = ""  # where the contract is from, as the comment has it


class _Stated(NamedTuple):
    """What the comment above a case says."""

    contract: str
    source: str


@dataclass(frozen=True)
class Suite:
    """A suite; `file` is the name of its source file."""

    name: str
    file: str
    cases: tuple[CaseInfo, ...]


def _declarations(tokens: Sequence[Token], file: str) -> Iterator[tuple[str, list[Token]]]:
    """Yield each top-level declaration or definition, and the comment directly above it."""
    comment: Token | None = None
    start = index = 0

    def declaration() -> tuple[str, list[Token]]:
        above = comment and comment.last + 1 == tokens[start].line
        return (comment.text if comment and above else "",
                [t for t in tokens[start:index] if t.kind not in ("comment", "directive")])

    while index < len(tokens):
        kind = tokens[index].kind
        if kind in ("comment", "directive"):
            after = next((t.kind for t in tokens[index:] if t.kind != kind), "")
            macro = index > start and tokens[index - 1].kind == ")" and after == "word"
            if macro:  # one that wants no semicolon
                yield declaration()
            if macro or index == start:
                comment = tokens[index] if kind == "comment" else None
                start = index + 1
        ends = kind == ";"
        if kind in ("(", "{", "["):
            kinds = {t.kind for t in tokens[start:index]}
            ends = kind == "{" and ")" in kinds and "=" not in kinds
            index = closing(tokens, index, file)
        index += 1
        if ends:
            yield declaration()
            comment, start = None, index


def sentence(comment: str) -> str:
    """Return the first sentence of a C comment, on one line."""
    text = re.sub(r"^/\*+|\*+/$", "", comment) if comment.startswith("/*") else comment
    stripped = [re.sub(r"^\s*(?:\*(?!\w)|//)?\s?", "", line).strip() for line in text.split("\n")]
    paragraph = re.split(r"\n\n", "\n".join(stripped).strip())[0]
    text = " ".join(paragraph.split())
    end = re.search(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bvs)[.!?](?=\s|$)", text)
    return text[: end.end()] if end else text


def source(comment: str) -> str:
    """Return what a C comment says behind "Source:", on one line."""
    text = " ".join(re.sub(r"^\s*\*(?!\w)", "", line).strip() for line in comment.rstrip("*/ \n").split("\n"))
    found = re.search(r"\bSources?: (.*)", text)
    return " ".join(found[1].split()).removesuffix(".") if found else ""


def _initialised(tokens: list[Token], kind: str) -> tuple[str, list[Token]] | None:
    """The name and the braces' content of a definition `struct <kind> name… = { … }`."""
    texts = [t.text for t in tokens]
    at = texts.index("=") if "=" in texts else 0
    if texts[at + 1 : at + 2] != ["{"] or ("struct", kind) not in zip(texts[:at], texts[1:at]):
        return None
    name = [t.text for t in tokens[:at] if t.kind == "word"][-1]
    return name, tokens[at + 2 : len(tokens) - 1 - texts[::-1].index("}")]


def _cases(content: list[Token], stated: Mapping[str, _Stated], file: str) -> list[CaseInfo]:
    """The cases in an array of struct kunit_case."""
    cases = []
    index = 0
    while index < len(content):
        token = content[index]
        if token.kind == ",":
            index += 1
        elif token.kind == "{" and content[index + 1].kind == "}":
            index += 2
        elif token.text.startswith("KUNIT_CASE") and content[index + 1].kind == "(":
            close = closing(content, index + 1, file)
            arguments = content[index + 2 : close]
            name = arguments[0].text if arguments else ""
            slow = "SLOW" in token.text or any("SLOW" in t.text for t in arguments)
            says = stated.get(name, _Stated("", ""))
            cases.append(CaseInfo(name, says.contract, "PARAM" in token.text, slow, says.source))
            index = close + 1
        else:
            raise UserError(f"{file}:{token.line}: {token.text!r} is no KUNIT_CASE…()")
    return cases


def _field(content: list[Token], name: str, file: str) -> str:
    """The value of the initialiser `.name = value` of a suite: a word or strings."""
    for index in range(len(content) - 3):
        if [t.text for t in content[index : index + 3]] == [".", name, "="]:
            value = content[index + 3 :]
            if value[0].kind == "word":
                return value[0].text
            strings = []
            while value and value[0].kind == "string":
                strings.append(value.pop(0).text[1:-1])
            return "".join(strings)
    line = content[0].line if content else 0
    raise UserError(f"{file}:{line}: this suite has no .{name}")


def scan(text: str, file: str) -> tuple[Suite, ...]:
    """Return the suites in a C source. Raises UserError, with file and line, if it is not clear."""
    stated: dict[str, _Stated] = {}
    arrays: dict[str, list[CaseInfo]] = {}
    suites = []
    text = _BODY.sub(lambda body: "{" + "\n" * body[0].count("\n") + "}", text)  # not of interest
    for comment, tokens in _declarations(list(cut(text, file)), file):
        if array := _initialised(tokens, "kunit_case"):
            arrays[array[0]] = _cases(array[1], stated, file)
        elif suite := _initialised(tokens, "kunit_suite"):
            cases = _field(suite[1], "test_cases", file)
            if cases not in arrays:
                raise UserError(f"{file}: the array {cases!r} of {suite[0]} is not to be found")
            suites.append(Suite(_field(suite[1], "name", file), file, tuple(arrays[cases])))
        elif comment:
            opening = next((n for n, t in enumerate(tokens) if t.kind == "("), 0)
            names = [tokens[opening - 1].text] if opening else []
            if [t.kind for t in tokens[opening + 2 : opening + 3]] in ([","], [")"]):
                names.append(tokens[opening + 1].text)  # CASE_OF_A_FAMILY(name, …) { … }
            for name in names:
                stated.setdefault(name, _Stated(sentence(comment), source(comment)))
    return tuple(suites)


def load(lib: Path) -> tuple[Suite, ...]:
    """Return the suites of the folder `lib`, by file name. Raises UserError if one is unclear."""
    suites: list[Suite] = []
    for path in sorted(lib.glob(FILES)):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise UserError(f"cannot read {str(path)!r}: {error.strerror}") from error
        found = scan(text, path.name)
        if not found:
            raise UserError(f"{str(path)!r} has no struct kunit_suite")
        suites += found
    if not suites:
        raise UserError(f"{str(lib)!r} has no {FILES}")
    return tuple(suites)


def problems(suites: Sequence[Suite]) -> list[str]:
    """Return a line for each breach of our own rules: names, contracts, duplicates."""
    found = [f"two suites are called {name}"
             for name, count in Counter(suite.name for suite in suites).items() if count > 1]
    for suite in suites:
        names = Counter(case.name for case in suite.cases)
        found += [f"{suite.file}: {suite.name}.{name} is listed {count} times"
                  for name, count in names.items() if count > 1]
        found += [f"{suite.file}: {name!r} is no name for a suite or case: letters, digits and _, "
                  'without "test"' for name in [suite.name, *names]
                  if "test" in name.lower().split("_") or not re.fullmatch(r"[a-z]\w*", name, re.ASCII)]
        found += [f"{suite.file}: {suite.name}.{case.name} has no contract above it"
                  for case in suite.cases if not case.contract]
        if not suite.cases:
            found.append(f"{suite.file}: {suite.name} has no case")
    return found


def _pattern(glob: str) -> re.Pattern[str]:
    """A regular expression that matches what the kernel's glob_match() does with `glob`."""
    made, index = "", 0
    while index < len(glob):
        char = glob[index]
        index += 1
        group = re.compile(r"(!?)(\]?[^\]]*)\]").match(glob, index) if char == "[" else None
        if group and group[2]:
            inside = re.sub(r"([\\\[\]&~|^])", r"\\\1", group[2])
            made += f"[{'^' if group[1] else ''}{inside}]"
            index = group.end()
        elif char == "\\" and index < len(glob):
            made += re.escape(glob[index])
            index += 1
        else:
            made += {"*": ".*", "?": "."}.get(char, re.escape(char))
    try:
        return re.compile(made, re.DOTALL)
    except re.error as error:
        raise UserError(f"{glob!r} is no pattern that KUnit understands") from error


def select(suites: Sequence[Suite], glob: str) -> dict[str, list[str]]:
    """Return suite -> cases that KUnit runs when given `glob` as its filter_glob.

    `glob` is "suite_glob", "suite_glob.case_glob" or "" for all. Raises UserError if nothing
    matches.
    """
    suite_glob, dot, case_glob = (glob or "*").partition(".")
    of_suite, of_case = _pattern(suite_glob), _pattern(case_glob if dot else "*")
    chosen = {}
    for suite in suites:
        cases = [case.name for case in suite.cases if of_case.fullmatch(case.name)]
        if cases and of_suite.fullmatch(suite.name):
            chosen[suite.name] = cases
    if not chosen:
        names = ", ".join(suite.name for suite in suites)
        raise UserError(f"no case matches {glob!r}; the suites are {names}")
    return chosen


def of_kernel(linux: Path) -> set[str]:
    """Return the names of the suites that a kernel has itself, beside what they test, in lib/ and mm/."""
    texts = (path.read_text(encoding="utf-8", errors="replace")
             for part in ("lib", "mm") for path in (linux / part).rglob("*.c") if path.is_file())
    return {match[1] for text in texts if "kunit_suite" in text for match in _KERNELS.finditer(text)}


def check_measured(suites: Sequence[Suite], linux: Path, glob: str) -> None:
    """Raise UserError unless `glob`, which may be of cases, matches a suite of ours or of a kernel."""
    matches = _pattern(glob.partition(".")[0]).fullmatch
    if not any(map(matches, (suite.name for suite in suites))) and not any(map(matches, of_kernel(linux))):
        names = ", ".join(suite.name for suite in suites)
        raise UserError(f"no suite matches {glob!r}: ours are {names}, and others {linux}'s")
