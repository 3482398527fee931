# SPDX-License-Identifier: GPL-2.0-only
"""What the compiler has to know: mutants of it cannot be chosen by a boot.

kmalloc_index() ends in BUILD_BUG(), which the compiler refuses unless it sees that this is never
reached: for each constant it is called with, all that leads there has to fold. That it does not is said
of no mutant, as each alone may do no harm, but of the suites that call it.
"""
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from clang.cindex import CursorKind as Kind  # type: ignore[import]  # it has no types

from kmem_kunit.mutant import Mutant
from kmem_kunit.mutants import located

_NEVER_REACHED = re.compile(rb"\bBUILD_BUG(?:_ON(?:_MSG)?\(1[,)]|\(\))")
_Range = tuple[int, int]


def folding(unit: Any, source: Path, data: Mapping[str, bytes],
            found: Sequence[Mutant]) -> set[Mutant]:
    """Return those mutants, found in such files of a translation unit, of what has to fold.

    data has the text of each file below source. What has to fold is all of a function that has what must never be reached and, in what calls it, all before the
    call but what is returned there, and what it is called with.
    """
    functions = dict(_functions(unit, source, data))
    ends = {name for (file, name), cursor in functions.items()
            if _NEVER_REACHED.search(data[file], *_range(cursor))}
    if not ends:
        return set()
    parts = {key: _parts(cursor, ends) for key, cursor in functions.items()}
    return {each for each in found
            if each.function in ends or _decides(each, *parts[each.file, each.function])}


def _functions(unit: Any, source: Path, files: Iterable[str]) -> Iterator[tuple[tuple[str, str], Any]]:
    """Yield the definitions in files, by these and by their names."""
    paths = {str((source / file).resolve()): file for file in files}
    for cursor in unit.cursor.get_children():
        if cursor.kind == Kind.FUNCTION_DECL and cursor.is_definition():
            path, _ = located(cursor.extent.start)
            if path in paths:
                yield (paths[path], cursor.spelling), cursor


def _range(cursor: Any) -> _Range:
    return located(cursor.extent.start)[1], located(cursor.extent.end)[1]


def _parts(function: Any, ends: set[str]) -> tuple[list[_Range], list[_Range]]:
    """Return where a function calls one of these, up to what it hands to it, and what it returns."""
    calls, returned = list[_Range](), list[_Range]()
    for cursor in function.walk_preorder():
        if cursor.kind == Kind.CALL_EXPR and cursor.spelling in ends:
            start, _ = _range(cursor)  # a macro's call does not say where it ends
            calls.append((start, max((_range(part)[1] for part in cursor.get_arguments()), default=start)))
        elif cursor.kind == Kind.RETURN_STMT:
            returned += map(_range, cursor.get_children())
    return calls, returned


def _decides(each: Mutant, calls: Sequence[_Range], returned: Sequence[_Range]) -> bool:
    """Say whether a mutant changes when these calls are made, or with what."""
    here = any(start <= each.start < end for start, end in returned)
    return any(start < each.start and each.end <= end or each.end <= start and not here
               for start, end in calls)
