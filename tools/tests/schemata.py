# SPDX-License-Identifier: GPL-2.0-only
"""Deliberate breaks of the kernel as edits of its source: one alone, or all of them in one kernel.

In a kernel with all of them, the body of a function stands once for each of its faults and once as
it was, and the argument kmem_fault=N of the boot says which runs. A fault outside of a function's
body cannot be chosen so, and is made alone.
"""
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kmem_kunit.errors import UserError

SERIES = ("6.12", "7.3")
HOME = "mm/slab_common.c"  # where the kernel's choice is defined
CHOICE = """
int kmem_fault;

static int __init kmem_fault_setup(char *text)
{
	return kstrtoint(text, 10, &kmem_fault);
}
early_param("kmem_fault", kmem_fault_setup);
"""


@dataclass(frozen=True)
class Fault:
    """One edit: in a function of a file (or anywhere in it), find is replaced."""

    suite: str
    breaks: str
    file: str
    find: str
    replace: str
    cases: tuple[str, ...]
    function: str = ""
    series: tuple[str, ...] = SERIES
    config: tuple[str, ...] = ()
    boot: str = ""

    @property
    def replacement(self) -> str:
        """The text that takes the place of find."""
        return self.replace.replace("IN_TEST", "(current->kunit_test != NULL)")


def place(source: str, fault: Fault) -> int:
    """Return where in source the fault's text stands; raises UserError unless that is one place."""
    start, end = 0, len(source)
    if fault.function:
        head = rf"^(?:[a-z_][^;{{}}#]*?[\s*])?{fault.function}\([^;{{}}]*\)\s*\n{{\n"
        found = list(re.finditer(head, source, re.MULTILINE))
        bodies = [(m.start(), source.index("\n}\n", m.end() - 1)) for m in found]
        bodies = [(a, b) for a, b in bodies if fault.find in source[a:b]]
        if len(bodies) != 1:
            raise UserError(f"{fault.file}: {fault.find!r} is in {len(bodies)} {fault.function}()")
        start, end = bodies[0]
    if source.count(fault.find, start, end) != 1:
        raise UserError(f"{fault.file} has {fault.find!r} {source.count(fault.find)} times")
    return source.index(fault.find, start, end)


def body(source: str, fault: Fault) -> tuple[int, int] | None:
    """Return where the function's body begins and ends that holds all of a fault's text, if any."""
    at = place(source, fault)
    start = source.rfind("\n{\n", 0, at + 2) + 3
    end = source.find("\n}\n", start - 1) + 1
    return (start, end) if 3 <= start <= at and at + len(fault.find) <= end else None


def broken(source: str, fault: Fault) -> str:
    """Return source with that fault in it."""
    at = place(source, fault)
    return source[:at] + fault.replacement + source[at + len(fault.find):]


def with_all(source: str, numbered: Mapping[int, Fault]) -> str:
    """Return source with all of these faults in it, each to be chosen by its number."""
    bodies: dict[tuple[int, int], list[str]] = {}
    for number, fault in numbered.items():
        where = body(source, fault)
        if not where:
            raise UserError(f"{fault.file}: {fault.find!r} is not in a function's body")
        start, end = where
        at = place(source, fault)
        text = source[start:at] + fault.replacement + source[at + len(fault.find):end]
        bodies.setdefault(where, []).append(f"if (kmem_fault == {number}) {_block(text)} else ")
    for (start, end), choices in sorted(bodies.items(), reverse=True):
        source = f"{source[:start]}{''.join(choices)}{_block(source[start:end])}\n{source[end:]}"
    return "extern int kmem_fault;\n" + source


def _block(text: str) -> str:
    """Statements as a block whose labels are its own."""
    labels: Iterable[str] = dict.fromkeys(re.findall(r"\bgoto (\w+);", text))
    return "{" + "".join(f"__label__ {label}; " for label in labels) + "\n" + text + "}"
