# SPDX-License-Identifier: GPL-2.0-only
"""Mutants: small edits of C, found in clang's view of it and stated as edits of its text.

A mutant takes the place of an expression, which it is an alternative to, or leaves a statement out.
What a macro makes has no text of its own and is left alone; what is handed to one has.
"""
import ctypes
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from clang import cindex  # type: ignore[import]  # it has no types
from clang.cindex import CursorKind as Kind  # type: ignore[import]
from clang.cindex import TypeKind

from kmem_kunit.mutant import Mutant, line_and_column, line_starts

_RELATIONAL = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"),
               "==": ("!=",), "!=": ("==",)}
_ARITHMETIC = {"+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "%": ("*",)}
_BITWISE = {"&": ("|",), "|": ("&",), "^": ("&",), "<<": (">>",), ">>": ("<<",)}
_LOGICAL = {"&&": ("||",), "||": ("&&",)}
_BINARY = {
    **{operator: ("relational", others) for operator, others in _RELATIONAL.items()},
    **{operator: ("arithmetic", others) for operator, others in _ARITHMETIC.items()},
    **{operator: ("bitwise", others) for operator, others in _BITWISE.items()},
    **{operator: ("logical", others) for operator, others in _LOGICAL.items()},
    **{f"{operator}=": (name, tuple(f"{other}=" for other in others))
       for name, table in (("arithmetic", _ARITHMETIC), ("bitwise", _BITWISE))
       for operator, others in table.items()},
}
_FLAG = re.compile(r"(__|SLAB_)[A-Z0-9_]+\Z")
_INSTEAD = {"gfp_t": ("__GFP_ZERO", "__GFP_NOWARN"),
            "slab_flags_t": ("SLAB_HWCACHE_ALIGN", "SLAB_RECLAIM_ACCOUNT")}
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)\Z")
# what gives a literal its type: of another one, an expression with it may be wider
_SUFFIX = {TypeKind.INT: "", TypeKind.LONG: "L", TypeKind.LONGLONG: "LL",
           TypeKind.UINT: "U", TypeKind.ULONG: "UL", TypeKind.ULONGLONG: "ULL"}
_SIGNED = {TypeKind.INT, TypeKind.LONG, TypeKind.LONGLONG}
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_CONSTANT_ONLY = re.compile(r"BUILD_BUG|static_assert|_Static_assert|IS_ENABLED|__is_defined")
_WORD = re.compile(rb"[A-Za-z_]\w*")
_BRACKET = re.compile(rb"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|/\*.*?\*/|//[^\n]*|[][(){},]", re.DOTALL)
# what clang evaluates at compile time, or does not evaluate at all
_NOT_RUN = {Kind.CXX_UNARY_EXPR, Kind.STATIC_ASSERT, Kind.ASM_STMT, Kind.TYPE_REF, Kind.STRUCT_DECL,
            Kind.UNION_DECL, Kind.ENUM_DECL}
_FLAG_KINDS = {Kind.PAREN_EXPR, Kind.CSTYLE_CAST_EXPR, Kind.INTEGER_LITERAL, Kind.BINARY_OPERATOR}
_OF_CONSTANTS = {"__builtin_constant_p", "__builtin_return_address", "__builtin_frame_address"}
_JUMPS = {Kind.BREAK_STMT, Kind.CONTINUE_STMT, Kind.GOTO_STMT}
_EXPRESSIONS = {Kind.CALL_EXPR, Kind.BINARY_OPERATOR, Kind.COMPOUND_ASSIGNMENT_OPERATOR,
                Kind.UNARY_OPERATOR}
_ENDS_AS_ITS_LAST = {Kind.BINARY_OPERATOR, Kind.COMPOUND_ASSIGNMENT_OPERATOR, Kind.UNARY_OPERATOR,
                     Kind.CONDITIONAL_OPERATOR, Kind.CSTYLE_CAST_EXPR, Kind.PAREN_EXPR,
                     Kind.UNEXPOSED_EXPR, Kind.INTEGER_LITERAL}
_INTEGERS = {TypeKind.INT, TypeKind.UINT, TypeKind.LONG, TypeKind.ULONG, TypeKind.SHORT,
             TypeKind.USHORT, TypeKind.LONGLONG, TypeKind.ULONGLONG, TypeKind.CHAR_U, TypeKind.UCHAR,
             TypeKind.CHAR_S, TypeKind.SCHAR, TypeKind.ENUM}


@dataclass(frozen=True)
class _Text:
    """A file's text, in bytes, with which ranges of it macros that take constants only have.

    macros says of each macro, by name, whether it has arguments.
    """

    file: str
    data: bytes
    lines: Sequence[int]
    constant: Sequence[tuple[int, int]]
    macros: Mapping[str, bool]

    def of(self, start: int, end: int) -> str:
        return self.data[start:end].decode("utf-8", "replace")

    def is_constant(self, start: int, end: int) -> bool:
        return any(a <= start and end <= b for a, b in self.constant)

    def end_of_macro(self, start: int) -> int | None:
        """Return where the use of a macro ends that begins there, if one does."""
        word = _WORD.match(self.data, start)
        arguments = self.macros.get(word[0].decode()) if word else None
        if not word or arguments is None or self.data[start - 1 : start].isalnum():
            return None
        if not arguments:
            return word.end()
        opened = re.compile(rb"\s*\(").match(self.data, word.end())
        return _closing(self.data, opened.end()) if opened else None

    def is_whole(self, start: int, end: int) -> bool:
        """Say whether a text may be an expression: no half of one, and not several."""
        text = self.data[start:end]
        if b"," not in text and text.count(b"(") == text.count(b")"):
            return True
        depth = 0
        for each in _BRACKET.findall(text):
            depth += (each in b"([{") - (each in b")]}") if len(each) == 1 else 0
            if depth < 0 or each == b"," and not depth:
                return False
        return not depth


def _closing(data: bytes, start: int) -> int | None:
    """Return the end of the parenthesis that is open at start."""
    depth = 1
    for match in _BRACKET.finditer(data, start):
        depth += (match[0] == b"(") - (match[0] == b")")
        if not depth:
            return match.end()
    return None


def located(location: Any) -> tuple[str, int]:
    """Where a location is in a file's text, also if it is in what is handed to a macro."""
    file = cindex.c_object_p()
    line, column, offset = ctypes.c_uint(), ctypes.c_uint(), ctypes.c_uint()
    cindex.conf.lib.clang_getFileLocation(  # pylint: disable=no-member
        location, ctypes.byref(file), ctypes.byref(line), ctypes.byref(column), ctypes.byref(offset))
    return (os.path.realpath(cindex.File(file).name) if file else "", offset.value)


def _core(cursor: Any) -> Any:
    """Return what is in the parentheses of an expression, and in what clang adds to it."""
    while cursor.kind in (Kind.UNEXPOSED_EXPR, Kind.PAREN_EXPR):
        inner = list(cursor.get_children())
        if len(inner) != 1:
            break
        cursor = inner[0]
    return cursor


def _is_zero(cursor: Any) -> bool:
    """Say whether an expression is the name of an enumeration's 0."""
    named = cursor.referenced if cursor.kind == Kind.DECL_REF_EXPR else None
    return named is not None and named.kind == Kind.ENUM_CONSTANT_DECL and named.enum_value == 0


class _Function:
    """One function's definition, searched for mutants."""

    def __init__(self, text: _Text, cursor: Any, path: str) -> None:
        self.text, self.cursor, self.path = text, cursor, path
        self.name: str = cursor.spelling
        self.range = self._range(cursor) or (0, 0)
        self.found: dict[tuple[int, int, str | None], Mutant] = {}
        self.divisors: set[tuple[int, int]] = set()
        self.flags: set[tuple[int, int]] = set()
        self.last_return = 0  # without one in front of it, a function still returns something

    def search(self) -> list[Mutant]:
        for child in self.cursor.get_children():
            if child.kind == Kind.COMPOUND_STMT:
                last = child
                while last.kind in (Kind.COMPOUND_STMT, Kind.LABEL_STMT) and list(last.get_children()):
                    *_, last = last.get_children()
                if last.kind == Kind.RETURN_STMT:
                    self.last_return = (self._range(last) or (0,))[0]
                self._visit(child)
        return sorted(self.found.values(), key=lambda mutant: (mutant.start, -mutant.end))

    def _range(self, cursor: Any) -> tuple[int, int] | None:
        """Where a cursor's text is.

        If an expression in what is handed to a macro ends in a macro, libclang has it end where that
        one begins, or where the outer one ends.
        """
        (first, start), (last, end) = (located(cursor.extent.start), located(cursor.extent.end))
        if not first == last == self.path:
            return None
        if cursor.kind.is_expression():
            end = self.text.end_of_macro(end) or end
            if not self.text.is_whole(start, end):
                if cursor.kind not in _ENDS_AS_ITS_LAST:
                    return None
                parts = [place[1] for place in map(self._range, cursor.get_children()) if place]
                end = max(self.text.end_of_macro(start) or start, *parts, start)
                if not self.text.is_whole(start, end):
                    return None
        return (start, end) if start < end else None

    def _inside(self, cursor: Any) -> tuple[int, int] | None:
        """Where a cursor's text is, if it is all in this function and may be chosen at run time."""
        place = self._range(cursor)
        if not place or not (self.range[0] <= place[0] and place[1] <= self.range[1]):
            return None
        if b"\n#" in self.text.data[place[0] : place[1]] or self.text.is_constant(*place):
            return None
        return place

    def _add(self, place: tuple[int, int], operator: str, replacement: str | None,
             at: int | None = None) -> None:
        if replacement is not None and _CONSTANT_ONLY.search(self.text.of(*place)):
            return
        line, column = line_and_column(self.text.lines, place[0] if at is None else at)
        self.found.setdefault((*place, replacement), Mutant(
            self.text.file, *place, operator, replacement, line, column, self.name))

    def _visit(self, cursor: Any) -> None:
        kind = cursor.kind
        if kind in _NOT_RUN:
            return
        children = list(cursor.get_children())
        if kind == Kind.CASE_STMT:
            children = children[1:]
        if kind == Kind.VAR_DECL and cursor.storage_class == cindex.StorageClass.STATIC:
            return
        if kind == Kind.CALL_EXPR and cursor.spelling in _OF_CONSTANTS:
            return
        if find := _FINDERS.get(kind):
            find(self, cursor, children)
        self._flag(cursor)
        self._statements(cursor, children)
        for child in children:
            self._visit(child)

    def _binary(self, cursor: Any, children: Sequence[Any]) -> None:
        if len(children) != 2:
            return
        place, left, right = self._inside(cursor), *map(self._inside, children)
        if not place or not left or not right or left[1] > right[0]:
            return
        if left[0] < place[0] or right[1] > place[1]:
            return
        between = self.text.of(left[1], right[0])
        operator = _COMMENT.sub("", between).strip()
        if operator not in _BINARY or cursor.kind == Kind.BINARY_OPERATOR and operator[-1:] == "=" \
                and operator not in _RELATIONAL:
            return
        if operator in ("/", "%", "/=", "%="):
            self.divisors.add(self._inside(_core(children[1])) or right)
        name, others = _BINARY[operator]
        if operator == "-" and all(child.type.get_canonical().kind == TypeKind.POINTER for child in children):
            return  # no two pointers have a sum
        at = left[1] + len(between.partition(operator)[0].encode())
        for other in others:
            text = self.text.of(place[0], at) + other + self.text.of(at + len(operator), place[1])
            self._add(place, name, text, at)

    def _unary(self, cursor: Any, children: Sequence[Any]) -> None:
        place, inner = self._inside(cursor), self._inside(children[0]) if children else None
        if not place or not inner:
            return
        text, opposite = self.text.of(*place), {"++": "--", "--": "++"}
        before, behind = self.text.of(place[0], inner[0]), self.text.of(inner[1], place[1])
        if before == "!" and not behind and not text.startswith("!!"):
            self._add(place, "logical", f"!{text}")
        elif before in opposite and not behind:
            self._add(place, "arithmetic", opposite[before] + text[2:])
        elif behind in opposite and not before:
            self._add(place, "arithmetic", text[:-2] + opposite[behind], inner[1])

    def _number(self, cursor: Any, _: Sequence[Any]) -> None:
        place = self._inside(cursor)
        match = _NUMBER.match(self.text.of(*place) if place else "")
        if place and match and cursor.type.kind in _SUFFIX:
            value = int(match[1], 0 if match[1][:2].lower() == "0x" or match[1] == "0" else
                        8 if match[1][0] == "0" else 10)
            kind, bits = cursor.type.kind, cursor.type.get_size() * 8
            written = "#x" if match[1][:2].lower() == "0x" and value > 1 else "d"
            for other in dict.fromkeys((0, value + 1, value - 1)):
                # by 0 nothing is divided: clang would take it that this is never reached
                if other != value and (other or place not in self.divisors) and \
                        other < 1 << bits - (kind in _SIGNED):
                    self._add(place, "constant", f"{other:{written if other else 'd'}}{_SUFFIX[kind]}")

    def _condition(self, cursor: Any, children: Sequence[Any]) -> None:
        index = {Kind.DO_STMT: -1}.get(cursor.kind, 0)
        if cursor.kind == Kind.FOR_STMT:
            whole = self._condition_of_for(cursor)
        else:
            whole = children[index] if children else None
        if whole is None:
            return
        place = self._inside(whole)
        if not place or not self._is_own(cursor, place):
            return
        core = _core(whole)
        text = self.text.of(*place)
        if self._is_negation(core) or core.kind == Kind.BINARY_OPERATOR and any(
                mutant.operator == "relational" for mutant in self._of(core)):
            return  # whose own mutants have the opposite
        self._add(place, "condition", f"!({text})")

    def _is_negation(self, cursor: Any) -> bool:
        """Say whether an expression has a "!" that is left out."""
        place = self._inside(cursor)
        return place is not None and cursor.kind == Kind.UNARY_OPERATOR and any(
            mutant.operator == "logical" for mutant in self._of(cursor))

    def _is_own(self, cursor: Any, condition: tuple[int, int]) -> bool:
        """Say whether a condition is written as such, and not what a macro has made of its text."""
        place = self._inside(cursor)
        if not place:
            return False
        if cursor.kind == Kind.CONDITIONAL_OPERATOR:
            behind = _COMMENT.sub("", self.text.of(condition[1], place[1])).lstrip(" \t\n)")
            return place[0] <= condition[0] and behind.startswith("?")
        return re.match(r"(if|while|do|for)\b", self.text.of(*place)) is not None

    def _condition_of_for(self, cursor: Any) -> Any:
        place = self._inside(cursor)
        match = re.match(rb"for\s*\(", self.text.data[slice(*place)]) if place else None
        if not place or not match:
            return None
        for child in cursor.get_children():
            there = self._inside(child)
            if there and self.text.data[: there[0]].rstrip()[-1:] == b";" and \
                    self.text.data[there[1] :].lstrip()[:1] == b";":
                return child
        return None

    def _of(self, cursor: Any) -> list[Mutant]:
        """The mutants of just one expression."""
        place = self._inside(cursor)
        children = list(cursor.get_children())
        if place and cursor.kind in (Kind.BINARY_OPERATOR, Kind.UNARY_OPERATOR):
            _FINDERS[cursor.kind](self, cursor, children)
        return [mutant for mutant in self.found.values() if (mutant.start, mutant.end) == place]

    def _result(self, _: Any, children: Sequence[Any]) -> None:
        place = self._inside(children[0]) if children else None
        if not place:
            return
        text, kind = self.text.of(*place), self.cursor.result_type.get_canonical().kind
        if kind == TypeKind.POINTER and text != "NULL":
            self._add(place, "result", "NULL")
        elif kind == TypeKind.BOOL and not self._is_negation(_core(children[0])):
            self._add(place, "result", f"!({text})")
        elif kind in _INTEGERS and not _NUMBER.match(text) and not _is_zero(_core(children[0])):
            self._add(place, "result", "0")

    def _call(self, cursor: Any, _: Sequence[Any]) -> None:
        place, arguments = self._inside(cursor), list(cursor.get_arguments())
        places = [self._inside(argument) for argument in arguments]
        if not place or not places or not places[0] or not re.search(
                rf"\b{re.escape(cursor.spelling.removesuffix('_noprof'))}(_noprof)?\s*\(\s*\Z",
                self.text.of(place[0], places[0][0])):
            return
        typed = [(each.type.get_canonical().spelling, there) for each, there in zip(arguments, places)]
        several = {there for there in places if places.count(there) > 1}  # what a macro makes of one text
        for (one, a), (two, b) in combinations(typed, 2):
            if not a or not b or one != two or {a, b} & several or \
                    not place[0] < a[0] < a[1] <= b[0] < b[1] < place[1]:
                continue
            first, second = self.text.of(*a), self.text.of(*b)
            if first != second:
                text = (self.text.of(place[0], a[0]) + second + self.text.of(a[1], b[0]) + first
                        + self.text.of(b[1], place[1]))
                self._add(place, "argument", text, a[0])

    def _flag(self, cursor: Any) -> None:
        """Drop a flag, or have another one of its type instead; one that is a number is just dropped."""
        place = self._inside(cursor) if cursor.kind in _FLAG_KINDS else None
        if not place or place in self.flags or not _FLAG.match(self.text.of(*place)):
            return
        self.flags.add(place)
        name, of = self.text.of(*place), cursor.type.spelling
        if of in _INSTEAD:
            one, other = _INSTEAD[of]
            self._add(place, "flag", f"({of})0")
            self._add(place, "flag", other if name == one else one)
        elif name.startswith("SLAB_") and not name.endswith("_DEFAULT"):  # which is 0
            self._add(place, "flag", "0")

    def _statements(self, cursor: Any, children: Sequence[Any]) -> None:
        kind, place = cursor.kind, self._inside(cursor)
        head = self.text.of(*place) if place else ""
        if not re.match(r"\{|(if|while|for|do|case|default)\b|\w+\s*:", head):
            return  # a macro's
        bodies = {Kind.COMPOUND_STMT: 0, Kind.IF_STMT: 1, Kind.WHILE_STMT: 1, Kind.LABEL_STMT: 0,
                  Kind.CASE_STMT: 0, Kind.DEFAULT_STMT: 0}
        if kind == Kind.FOR_STMT:
            children = children[-1:]
        elif kind == Kind.DO_STMT:
            children = children[:1]
        elif kind in bodies:
            children = children[bodies[kind] :]
        else:
            return
        for child in children:
            self._statement(child)

    def _statement(self, cursor: Any) -> None:
        place = self._inside(cursor)
        if not place or self.text.data[place[1] : place[1] + 1] != b";":
            return
        text = self.text.of(*place)
        plain = cursor.kind in _EXPRESSIONS or cursor.kind == Kind.UNEXPOSED_EXPR
        macro = cursor.kind in (Kind.DO_STMT, Kind.StmtExpr, Kind.PAREN_EXPR, Kind.CSTYLE_CAST_EXPR) \
            and re.match(r"[A-Za-z_]\w*\s*\(", text) and not re.match(r"(do|while|for|if)\b", text)
        jump = cursor.kind in _JUMPS or text == "return" or cursor.kind == Kind.RETURN_STMT and \
            place[1] < self.last_return
        behind = _COMMENT.sub("", self.text.of(place[1] + 1, place[1] + 200)).lstrip()
        # without braces, "else" would belong to what it is chosen by
        if plain or macro or jump and not re.match(r"else\b", behind):
            self._add(place, "statement", None)


_FINDERS: dict[Any, Callable[[_Function, Any, Sequence[Any]], None]] = {
    Kind.BINARY_OPERATOR: _Function._binary,
    Kind.COMPOUND_ASSIGNMENT_OPERATOR: _Function._binary,
    Kind.UNARY_OPERATOR: _Function._unary,
    Kind.INTEGER_LITERAL: _Function._number,
    Kind.IF_STMT: _Function._condition,
    Kind.WHILE_STMT: _Function._condition,
    Kind.DO_STMT: _Function._condition,
    Kind.FOR_STMT: _Function._condition,
    Kind.CONDITIONAL_OPERATOR: _Function._condition,
    Kind.RETURN_STMT: _Function._result,
    Kind.CALL_EXPR: _Function._call,
}


def _texts(unit: Any, paths: Mapping[str, str], data: Mapping[str, bytes]) -> dict[str, _Text]:
    """Return the texts of files, by their paths."""
    macros: dict[str, bool] = {}
    constant: dict[str, list[tuple[int, int]]] = {path: [] for path in paths}
    for cursor in unit.cursor.get_children():
        if cursor.kind == Kind.MACRO_DEFINITION:
            macros[cursor.spelling] = bool(
                cindex.conf.lib.clang_Cursor_isMacroFunctionLike(cursor))  # pylint: disable=no-member
        elif cursor.kind == Kind.MACRO_INSTANTIATION and _CONSTANT_ONLY.match(cursor.spelling):
            (first, start), (_, end) = located(cursor.extent.start), located(cursor.extent.end)
            if first in constant:
                constant[first].append((start, end))
    return {path: _Text(file, data[file], line_starts(data[file]), constant[path], macros)
            for path, file in paths.items()}


def find(unit: Any, source: Path, data: Mapping[str, bytes]) -> Iterator[Mutant]:
    """Yield the mutants of the functions that a translation unit defines in files below source.

    data has the text of each file, as the unit was read with it.
    """
    texts = _texts(unit, {os.path.realpath(source / file): file for file in data}, data)
    for cursor in unit.cursor.get_children():
        if cursor.kind == Kind.FUNCTION_DECL and cursor.is_definition():
            path, _ = located(cursor.extent.start)
            function = _Function(texts[path], cursor, path) if path in texts else None
            if function and texts[path].of(*function.range).endswith("}"):  # else it is made by a macro
                yield from function.search()
