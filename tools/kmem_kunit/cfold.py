# SPDX-License-Identifier: GPL-2.0-only
"""C whose conditions are known: what they choose, without them, as if nothing else had ever been there.

What is folded are the words true and false, where a condition has been replaced by one. All else of a text,
its comments and white space included, stays as it is.
"""
import os
import re
from collections.abc import Collection, Iterator, Mapping

from kmem_kunit import ctokens
from kmem_kunit.errors import UserError

_LAST_RETURN = re.compile(r"^(static (?:inline )?void .*(?:\n\t.*)*\n\{\n(?:.*\n)*?)\treturn;\n\}$", re.MULTILINE)
_JOINED = ("&&", "||", "==", "!=", "<=", ">=", "->")
_BEFORE = frozenset(("(", ",", "=", "return", "&&", "||", "?", ":", "{", ";", "}"))  # an operand
_AFTER = frozenset((")", ",", ";", "&&", "||", "?", ":", "}"))
_ENDS = frozenset((")", "]", "}", ",", ";", ":", "?"))  # an operand of && or ||
_BEGINS = frozenset(("(", "[", "{", "}", ",", ";", ":", "?", "=", "return"))
_LOOPS = frozenset(("for", "while", "switch"))
_WEAKER = frozenset((")", "&&", "||", "?", ","))  # operators than && and ||, or as weak
_COMPARING = frozenset(("==", "!=", "<", ">", "<=", ">=", "&", "|", "+", "-", "*", "/", "%"))
_DECLARATION = re.compile(r"\s*(?:const |static |struct |unsigned |bool |int |char |void \*|size_t |long )")
_LEAVES = frozenset(("return", "kunit_skip", "goto", "break", "continue"))


class _Code:
    """A text, and its tokens that are neither comments nor directives."""

    def __init__(self, text: str, file: str):
        self.text, self.file, self.words = text, file, list[ctokens.Token]()
        self.directives = list[int]()  # where they begin
        for token in ctokens.cut(text, file):
            if token.kind == "directive":
                self.directives.append(token.at)
            if token.kind in ("comment", "directive"):
                continue
            last = self.words[-1] if self.words else None
            if last and last.end == token.at and last.text + token.text in _JOINED:
                both = last.text + token.text
                self.words[-1] = last._replace(kind=both, text=both)
            else:
                self.words.append(token)

    def is_at(self, index: int, *texts: str) -> bool:
        return 0 <= index < len(self.words) and self.words[index].text in texts

    def closing(self, index: int) -> int:
        """Return the index of the bracket that closes the one at index."""
        return ctokens.closing(self.words, index, self.file)

    def opening(self, index: int) -> int:
        """Return the index of the bracket that the one at index closes."""
        return ctokens.opening(self.words, index, self.file)

    def forward(self, index: int, ends: frozenset[str]) -> int:
        """Return the index of the first word from index on that ends an operand."""
        while self.words[index].text not in ends:
            index = self.closing(index) if self.words[index].text in ("(", "{", "[") else index
            index += 1
        return index

    def backward(self, index: int, begins: frozenset[str]) -> int:
        """Return the index of the last word up to index that an operand comes after."""
        while True:
            if self.words[index].text in (")", "]"):
                index = self.opening(index)
            elif self.words[index].text in begins:
                return index
            index -= 1

    def statement(self, index: int) -> int:
        """Return the index of the last word of the statement that begins at index."""
        word = self.words[index].text
        if word == "{":
            return self.closing(index)
        if word == "if":
            last = self.statement(self.closing(index + 1) + 1)
            return self.statement(last + 2) if self.is_at(last + 1, "else") else last
        if word == "do":
            return self.forward(self.statement(index + 1), frozenset(";"))
        if self.words[index].kind == "word" and self.is_at(index + 1, "(") and word not in _LEAVES:
            after = self.closing(index + 1) + 1
            if word in _LOOPS or not (self.is_at(after, ";") or self.words[after].text in ("=", "->", ".", "[")):
                return self.statement(after)
        return self.forward(index, frozenset(";"))

    def without(self, start: int, end: int, instead: str = "") -> str:
        """Return the text without what lies between two offsets."""
        return self.text[:start] + instead + self.text[end:]


def folded(text: str, file: str) -> str:
    """Return a C source in which no true and no false decides anything any more."""
    while True:
        text = re.sub(r"(?<=if \()!!(?=[\w>.-]+\))", "", text)
        code = _Code(text, file)
        for index, word in enumerate(code.words):
            if word.text in ("true", "false"):
                made = _operator(code, index) or _choice(code, index) or _nothing(code, index)
                if made is not None:
                    text = _unwrapped(made, file, len(os.path.commonprefix((text, made))))
                    break
        else:
            made = _dead(code)
            if made is None:
                return tidy(text)
            text = made


def _operator(code: _Code, index: int) -> str | None:
    """Return the text without an operator of the constant at index; None if it has none."""
    words, value = code.words, code.words[index].text == "true"
    start, end = words[index].at, words[index].end
    if code.is_at(index - 1, "!"):
        return code.without(words[index - 1].at, end, "false" if value else "true")
    if words[index - 1].text not in _BEFORE or words[index + 1].text not in _AFTER:
        return None
    for operator, neutral, ends in (("&&", True, _ENDS | {"||"}), ("||", False, _ENDS)):
        begins = _BEGINS | {"||"} if operator == "&&" else _BEGINS
        if code.is_at(index + 1, operator):
            if value == neutral:
                return code.without(start, words[index + 2].at)
            return code.without(end, words[code.forward(index + 2, ends) - 1].end)
        if code.is_at(index - 1, operator):
            if value == neutral:
                return code.without(words[index - 2].end, end)
            return code.without(words[code.backward(index - 2, begins) + 1].at, start)
    if code.is_at(index - 1, "(") and code.is_at(index + 1, ")") and words[index - 2].kind != "word" \
            and not code.is_at(index - 2, ")", "]"):
        return code.without(words[index - 1].at, words[index + 1].end, words[index].text)
    return None


def _unwrapped(text: str, file: str, at: int) -> str:
    """Return a text without the parentheses around what is left of an expression, where it needs none.

    at is the offset of what was taken out of it.
    """
    code = _Code(text, file)
    inside = max((index for index, word in enumerate(code.words) if word.at < at), default=0)
    around, depth = inside + 1, 0
    while around > 0 and depth <= 0:
        around -= 1
        depth += (code.words[around].text in ("(", "{", "[")) - (code.words[around].text in (")", "}", "]"))
    for index in (around, inside, inside + 1):
        if not code.is_at(index, "(") or not code.is_at(index - 1, "(", "&&", "||", "!", "return", "="):
            continue
        last = code.closing(index)
        alone = code.is_at(index - 1, "(") and code.closing(index - 1) == last + 1
        logical = not code.is_at(index - 1, "!") and code.is_at(last + 1, "&&", "||", ";", ")")
        if alone or code.forward(index + 1, _WEAKER if logical else _WEAKER | _COMPARING) == last:
            word, end = code.words[index], code.words[last]
            return text[:word.at] + text[word.end:end.at] + text[end.end:]
    return text


def _choice(code: _Code, index: int) -> str | None:
    """Return the text with what the constant at index chooses, by ?: or if; None if it does not."""
    words, value = code.words, code.words[index].text == "true"
    if code.is_at(index + 1, "?") and words[index - 1].text in _BEFORE:
        middle = code.forward(index + 2, frozenset(":?"))
        while code.is_at(middle, "?"):  # one more of them within
            middle = code.forward(code.forward(middle + 1, frozenset(":")) + 1, frozenset(":?"))
        last = code.forward(middle + 1, frozenset((")", "]", "}", ",", ";"))) - 1
        first, end = (index + 2, middle - 1) if value else (middle + 1, last)
        return code.without(words[index].at, words[last].end, code.text[words[first].at:words[end].end])
    if not (code.is_at(index - 2, "if") and code.is_at(index - 1, "(") and code.is_at(index + 1, ")")):
        return None
    last = code.statement(index + 2)
    other = last + 2 if code.is_at(last + 1, "else") else None
    end = code.statement(other) if other is not None else last
    chosen = (index + 2, last) if value else (other, end) if other is not None else None
    nested = code.is_at(index - 3, "else")
    if chosen is None:
        first = index - 3 if nested else index - 2
        return _without_lines(code, words[first].at, words[end].end, keep_before=nested)
    start, stop = words[chosen[0]].at, words[chosen[1]].end
    if nested and not code.is_at(chosen[0], "if", "{"):
        indent = code.text[code.text.rfind("\n", 0, start):start]
        return code.without(words[index - 3].end, words[end].end, indent + code.text[start:stop])
    if nested or code.is_at(chosen[0], "if"):
        return code.without(words[index - 2].at, words[end].end, code.text[start:stop])
    return code.without(words[index - 2].at, words[end].end, _outdented(code, *chosen))


def _nothing(code: _Code, index: int) -> str | None:
    """Return the text without a statement that the constant at index makes one without effect, such as x |= false."""
    neutral = {"|": "false", "&": "true"}.get(code.words[index - 2].text)
    if code.words[index].text == neutral and code.is_at(index - 1, "=") and code.is_at(index + 1, ";") \
            and code.is_at(index - 4, ";", "{", "}"):
        return _without_lines(code, code.words[index - 3].at, code.words[index + 1].end)
    return None


def _outdented(code: _Code, first: int, last: int) -> str:
    """Return a statement, or those of a block, one step to the left."""
    words = code.words
    if code.is_at(first, "{"):
        if last == first + 1:
            return ";"
        start, stop = words[first].end, words[last].at
        if _DECLARATION.match(code.text[start:stop]):
            said = code.text[start:stop].split(";")[0].strip()
            raise UserError(f"{code.file}: a block that is always entered declares what it uses: {said}")
    else:
        start, stop = words[first].at, words[last].end
    text = re.sub(r"^\t", "", code.text[start:stop], flags=re.MULTILINE)
    return text.strip()


def _without_lines(code: _Code, start: int, end: int, *, keep_before: bool = False) -> str:
    """Return the text without what lies between, its lines, and a comment of its own above it."""
    text = code.text
    if keep_before:
        return text[:start].rstrip() + text[end:]
    start = text.rfind("\n", 0, start) + 1
    above = re.search(r"(?:^|(?<=\n))[ \t]*/\*(?:(?!\*/).)*\*/[ \t]*\n\Z", text[:start], re.DOTALL)
    start = above.start() if above else start
    end = text.find("\n", end) + 1
    return text[:start] + text[end:]


def _dead(code: _Code) -> str | None:
    """Return the text without statements that nothing comes to; None if there are none."""
    words = code.words
    for index, word in enumerate(words):
        if word.text not in _LEAVES or not code.is_at(index - 1, "{", "}", ";"):
            continue
        last = code.statement(index)
        if code.is_at(last + 1, "}", "case", "default") or code.is_at(last + 2, ":"):
            continue
        block = _block(code, index)
        end = code.closing(block)
        if code.is_at(block - 1, ")") and code.is_at(code.opening(block - 1) - 1, "switch"):
            continue
        if any(words[last].at < at < words[end].at for at in code.directives):
            continue
        return code.without(words[last].end, words[end - 1].end)
    return None


def _block(code: _Code, index: int) -> int:
    """Return the index of the brace that opens the block that the word at index is in."""
    depth = 0
    while depth >= 0:
        index -= 1
        depth += (code.words[index].text == "}") - (code.words[index].text == "{")
    return index


def without_calls(text: str, file: str, name: str) -> str:
    """Return a C source without the statements that call a function which does nothing.

    Raises UserError where that leaves a condition with an else.
    """
    while True:
        code = _Code(text, file)
        for index, word in enumerate(code.words):
            if word.text != name or not code.is_at(index + 1, "(") \
                    or not code.is_at(index - 1, "{", "}", ";", ")", "else"):
                continue
            first, last = index, code.statement(index)
            while code.is_at(first - 1, ")") and code.is_at(code.opening(first - 1) - 1, "if"):
                first = code.opening(first - 1) - 1
                if code.is_at(last + 1, "else"):
                    raise UserError(f"{file}: {name}() does nothing here, and has an else")
            nested = code.is_at(first - 1, "else")
            if code.is_at(first - 1, ")"):
                raise UserError(f"{file}: {name}() does nothing here, in a loop")
            text = _without_lines(code, code.words[first - nested].at, code.words[last].end, keep_before=nested)
            break
        else:
            return text


def renamed(text: str, pattern: str, new: str) -> str:
    """Return a C source with what matches a pattern replaced, and what is aligned to it moved along."""
    lines, moved, depth = text.split("\n"), 0, 0
    for at, line in enumerate(lines):
        if depth > 0 and moved:
            bare = line.lstrip()
            column = len(line[:len(line) - len(bare)].expandtabs(8)) + moved
            line = "\t" * (column // 8) + " " * (column % 8) + bare
        made = re.sub(pattern, new, line)
        if depth <= 0:
            moved, depth = _open(made) - _open(line), 0
        depth += made.count("(") - made.count(")")
        lines[at] = made
    return "\n".join(lines)


def _open(line: str) -> int:
    """Return where the last bracket of a line is that the line does not close."""
    opened = list[int]()
    for at, char in enumerate(line):
        if char == "(":
            opened.append(at)
        elif char == ")" and opened:
            opened.pop()
    return opened[-1] if opened else 0


def tidy(text: str) -> str:
    """Return a text without the empty lines that are left where something was taken out."""
    text = re.sub(r"\n{3,}", "\n\n", text)
    text = re.sub(r"\{\n\n+", "{\n", text)
    text = re.sub(r"\n\n+(\t*\})", r"\n\1", text)
    return _LAST_RETURN.sub(r"\1}", text)


def expanded(text: str, file: str, macros: Mapping[str, tuple[Collection[str] | None, str]]) -> str:
    """Return a C source with macros replaced by what they stand for.

    macros has, by name, the parameters, or None where it has no parentheses, and the text.
    """
    while True:
        code = _Code(text, file)
        for index in range(len(code.words) - 1, -1, -1):
            word = code.words[index]
            if word.kind != "word" or word.text not in macros:
                continue
            parameters, body = macros[word.text]
            if parameters is None:
                text = code.without(word.at, word.end, body)
            elif code.is_at(index + 1, "("):
                last = code.closing(index + 1)
                given = _arguments(code, index + 2, last)
                if len(given) != len(parameters):
                    raise UserError(f"{file}: {word.text}() has {len(given)} arguments")
                text = code.without(word.at, code.words[last].end, _filled(body, dict(zip(parameters, given))))
                start = text.rfind("\n", 0, word.at) + 1
                end = text.find("\n", word.at)
                end = len(text) if end < 0 else end
                text = text[:start] + wrapped(text[start:end]) + text[end:]
            else:
                continue
            break
        else:
            return text


def _arguments(code: _Code, first: int, last: int) -> list[str]:
    """Return the texts between the words first and last, cut at commas."""
    found = []
    while first < last:
        end = code.forward(first, frozenset((",", ")")))
        found.append(code.text[code.words[first].at:code.words[end - 1].end])
        first = end + 1
    return found


def _filled(body: str, given: Mapping[str, str]) -> str:
    """Return a macro's body with arguments for its parameters, without parentheses that it needs no more."""
    def argument(match: re.Match[str]) -> str:
        text = given[match[1] or match[3]]
        if match[2] and text.startswith("&") and text[1:].isidentifier():
            return f"{text[1:]}."
        bare = match[3] or re.fullmatch(r"\w+(?:(?:->|\.)\w+|\[\w+\])*(?:\(\))?", text) is not None
        return (text if bare else f"({text})") + (match[2] or "")

    names = "|".join(map(re.escape, given)) or r"(?!)"
    return re.sub(rf"(?<![\w)\]])\(({names})\)(->)?|(?<!\w)({names})(?!\w)", argument, body)


def wrapped(line: str, width: int = 100) -> str:
    """Return a line of C as several ones of at most width columns, broken at commas, if it can be."""
    made, opened = list[str](), list[int]()
    while len(line.expandtabs(8)) > width:
        breaks = list(_breaks(line, opened, width))
        if not breaks:
            break
        at, opened = breaks[-1]
        made.append(line[:at])
        indent = opened[-1]
        line = "\t" * (indent // 8) + " " * (indent % 8) + line[at:].lstrip()
    return "\n".join((*made, line))


def _breaks(line: str, opened: list[int], width: int) -> Iterator[tuple[int, list[int]]]:
    """Yield where a line can be broken: behind a comma, and the columns behind the brackets that are open there.

    opened has those that are open where the line begins.
    """
    opened, quoted = list(opened), False
    for at, char in enumerate(line):
        column = len(line[:at + 1].expandtabs(8))
        if char == '"' and line[at - 1] != "\\":
            quoted = not quoted
        elif quoted:
            continue
        elif char in "([{":
            opened.append(column)
        elif char in ")]}" and opened:
            opened.pop()
        elif char == "," and opened and column <= width and line[at + 1:].strip():
            yield at + 1, list(opened)
