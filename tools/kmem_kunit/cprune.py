# SPDX-License-Identifier: GPL-2.0-only
"""C files without what nothing of them uses: what is defined, what uses it, and what is left of it."""
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from kmem_kunit import ctokens
from kmem_kunit.errors import UserError

_WORD = re.compile(r"[A-Za-z_]\w*")
_TEXT = re.compile(r'"(?:\\.|[^"\\\n])*"|/\*.*?\*/', re.DOTALL)
_DIRECTIVE = re.compile(r"\s*#\s*(\w+)\s*(\w*)")
_ROOT = re.compile(r"kunit_test_suites?|MODULE_\w+|module_\w+")
_GIVES = {"KUNIT_ARRAY_PARAM": "_gen_params", "KUNIT_ARRAY_PARAM_DESC": "_gen_params"}  # after its first word


class Item(NamedTuple):
    """What stands at the top level of a file: text[start:end], its comment included, and what it defines."""

    start: int
    end: int
    names: frozenset[str]
    root: bool  # kept, whatever uses it


@dataclass(frozen=True)
class _Piece:
    file: str
    item: Item
    words: frozenset[str]
    shared: bool  # known to other files


def items(text: str, file: str) -> Iterator[Item]:
    """Yield what stands at the top level of a C file; a conditional group is one, but for a header's guard."""
    tokens = list(ctokens.cut(text, file))
    guard = _guard(text)
    index, above = 0, None
    while index < len(tokens):
        token = tokens[index]
        if token.kind == "comment":
            above, index = (token if token.line > 2 else None), index + 1  # not the file's own
            continue
        start = above.at if above and above.last + 1 == token.line else token.at
        if token.kind == "directive":
            match = _DIRECTIVE.match(token.text)
            word, name = (match[1], match[2]) if match else ("", "")
            if word in ("if", "ifdef", "ifndef") and name != guard:
                last = _group(tokens, index, file)
                names = frozenset(each for inner in _inside(text, tokens[index + 1:last], file) for each in inner)
                yield Item(start, tokens[last].end, names, not names)
                index = last + 1
            else:
                yield Item(start, token.end, frozenset([name] if word == "define" else []),
                           word != "define" or name == guard)
                index += 1
        else:
            last = _declaration(tokens, index, file)
            names, root = _defines(tokens[index:last + 1])
            yield Item(start, tokens[last].end, names, root)
            index = last + 1
        above = None


def _guard(text: str) -> str | None:
    match = re.search(r"^#ifndef (\w+)\n#define \1$", text, re.MULTILINE)
    return match[1] if match else None


def _group(tokens: list[ctokens.Token], index: int, file: str) -> int:
    depth = 0
    for at in range(index, len(tokens)):
        if tokens[at].kind == "directive":
            match = _DIRECTIVE.match(tokens[at].text)
            word = match[1] if match else ""
            depth += (word in ("if", "ifdef", "ifndef")) - (word == "endif")
            if depth == 0:
                return at
    raise UserError(f"{file}:{tokens[index].line}: nothing ends this condition")


def _inside(text: str, tokens: list[ctokens.Token], file: str) -> Iterator[frozenset[str]]:
    if tokens:
        for item in items(re.sub(r"(?m)^\s*#\s*(else|elif\b.*)$", "", text[tokens[0].at:tokens[-1].end]), file):
            yield item.names


def _declaration(tokens: list[ctokens.Token], index: int, file: str) -> int:
    """Return the index of the last token of the declaration or definition that begins at index."""
    first, kinds = index, set()
    while index < len(tokens):
        kind = tokens[index].kind
        if kind == ";":
            return index
        if kind == "directive":
            return index - 1
        if kind in ("(", "{", "["):
            second, last = index == first + 1, ctokens.closing(tokens, index, file)
            if kind == "{" and ")" in kinds and "=" not in kinds:
                return last
            kinds.add(")" if kind == "(" else "]")
            index = last
            after = tokens[last + 1].kind if last + 1 < len(tokens) else ""
            if kind == "(" and second and tokens[first].text.isupper() \
                    and after in ("word", "comment", "directive", ""):
                return last  # a macro that wants no semicolon
        else:
            kinds.add(kind)
        index += 1
    return len(tokens) - 1


def _defines(tokens: list[ctokens.Token]) -> tuple[frozenset[str], bool]:
    """Return the names that a declaration defines, and whether it is kept whatever uses it."""
    code = [token for token in tokens if token.kind != "comment"]
    first = code[0].text
    if _ROOT.fullmatch(first):
        return frozenset(), True
    if len(code) > 2 and code[1].kind == "(" and first.isupper():  # a macro that declares its first word
        return frozenset([code[2].text + _GIVES.get(first, "")]), False
    names = set[str]()
    depth = 0
    for at, token in enumerate(code):
        if depth == 0 and token.kind == "word":
            after = code[at + 1].kind if at + 1 < len(code) else ";"
            tag = code[at - 1].text in ("struct", "union", "enum") if at else False
            if after == "{" and tag or after in ("[", "=", ";", ",") and not tag:
                names.add(token.text)
            elif after == "(" and not token.text.startswith("__"):
                pointer = code[at + 2].kind == "*"
                names.add(code[at + 3].text if pointer else token.text)
                break
        if depth == 1 and code[0].text == "enum" and token.kind == "word" and code[at - 1].kind in ("{", ","):
            names.add(token.text)
        if depth == 0 and token.kind == "=":
            break
        depth += (token.kind in ("(", "{", "[")) - (token.kind in (")", "}", "]"))
    return frozenset(names), False


def words(text: str) -> frozenset[str]:
    """Return the words of C, but for those of comments and strings."""
    return frozenset(_WORD.findall(_TEXT.sub(" ", text)))


def unused(files: Mapping[str, str]) -> frozenset[tuple[str, frozenset[str]]]:
    """Return what nothing of C files comes to, as far as can be told: by file, and by all names that it defines."""
    return frozenset((piece.file, piece.item.names) for piece in _unreached(files, frozenset()))


def pruned(files: Mapping[str, str], spared: Collection[tuple[str, frozenset[str]]]) -> dict[str, str]:
    """Return C files without what no suite of them comes to, except for what unused() has said of them before."""
    made = dict(files)
    for piece in reversed(_unreached(files, frozenset(spared))):
        text, item = made[piece.file], piece.item
        made[piece.file] = text[:item.start] + text[item.end:].lstrip("\n")
    return {file: re.sub(r"\n{3,}", "\n\n", text) for file, text in made.items()}


def _unreached(files: Mapping[str, str], spared: frozenset[tuple[str, frozenset[str]]]) -> list[_Piece]:
    """Return what stands at the top level of files, and nothing comes to, in its order."""
    pieces = [_piece(file, text, item) for file, text in files.items() for item in items(text, file)]
    by_name: dict[str, list[_Piece]] = {}
    for piece in pieces:
        for name in piece.item.names:
            by_name.setdefault(name, []).append(piece)
    todo = [piece for piece in pieces if piece.item.root or (piece.file, piece.item.names) in spared]
    kept = set(map(id, todo))
    while todo:
        user = todo.pop()
        for word in user.words:
            for piece in by_name.get(word, ()):
                if id(piece) not in kept and (piece.shared or piece.file == user.file):
                    kept.add(id(piece))
                    todo.append(piece)
    return [piece for piece in pieces if id(piece) not in kept]


def _piece(file: str, text: str, item: Item) -> _Piece:
    bare = _TEXT.sub(" ", text[item.start:item.end])
    own = re.match(r"\s*(?:static\b|#|struct\b[^(]*\{|enum\b|union\b|KUNIT_ARRAY_PARAM)", bare)
    return _Piece(file, item, words(bare), file.endswith(".h") or own is None)
