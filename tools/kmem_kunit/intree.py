# SPDX-License-Identifier: GPL-2.0-only
"""Where the suites stand in a kernel of their own: files, and lines of files that the kernel has already."""
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kmem_kunit.errors import UserError

KCONFIG, MAINTAINERS, INDEX = "lib/Kconfig.debug", "MAINTAINERS", "Documentation/mm/index.rst"
PAGE = "Documentation/mm/kmem-kunit.rst"
HELPERS = "KMEM_KUNIT_HELPERS"
_ENTRY = re.compile(r"^config (\w+)\n"
                    r"(?:(?!^(?:config|menuconfig|choice|endchoice|if|endif|menu|endmenu|source|comment)\b).*\n)*",
                    re.MULTILINE)
_OBJECT = re.compile(r"^obj-\$\(CONFIG_(\w+)\) \+= (\w+)\.o$")
_ANY_OBJECT = re.compile(r"^obj-\$\(CONFIG_(\w+)\)", re.MULTILINE)


@dataclass(frozen=True)
class Suite:
    """A suite's option, what it is built from, and its entries in Kconfig and in the Makefile."""

    symbol: str
    file: str
    kconfig: str
    makefile: str

    @property
    def prompt(self) -> str:
        """What the option says that it is: "KUnit tests for ..."."""
        match = re.search(r'(?:tristate|bool) "([^"]*)"', self.kconfig)
        return match[1] if match else ""


@dataclass(frozen=True)
class Place:
    """Where a kernel has tests of lib/."""

    folder: str

    @property
    def up(self) -> str:
        """The way from the folder up to the kernel's own."""
        return "/".join(".." for _ in self.folder.split("/"))

    @property
    def makefile(self) -> str:
        """The Makefile of that folder."""
        return f"{self.folder}/Makefile"

    @property
    def kunitconfig(self) -> str:
        """Where kunit.py finds the options of all suites."""
        return f"{self.folder}/kmem.kunitconfig"


def place(tree: Path) -> Place:
    """Return where a kernel has tests of lib/, in a folder of their own since 6.15."""
    return Place("lib/tests" if (tree / "lib/tests/Makefile").is_file() else "lib")


def suites(kconfig: str, makefile: str, files: Mapping[str, str]) -> list[Suite]:
    """Return the suites of our Kconfig and Makefile that have one of these files, in the order of their run."""
    blocks = {match[1]: match[0].rstrip("\n") + "\n" for match in _ENTRY.finditer(kconfig)}
    found = list[Suite]()
    comment = ""
    for line in makefile.splitlines():
        if line.startswith("#"):
            comment += line + "\n"
            continue
        match = _OBJECT.match(line)
        if match and f"{match[2]}.c" in files:
            if match[1] not in blocks:
                raise UserError(f"Kconfig has no {match[1]}")
            found.append(Suite(match[1], f"{match[2]}.c", blocks[match[1]], comment + line + "\n"))
        comment = ""
    return found


def source(text: str, where: Place) -> str:
    """Return a C file as it stands there: what it includes, and the command that runs it."""
    text = re.sub(r"#include <(mm/\w+\.h)>", rf'#include "{where.up}/\1"', text)
    return re.sub(r"(kunit\.py run --kunitconfig=)lib/kmem_kunit\b", rf"\1{where.kunitconfig}", text)


def helpers(makefile: str, kconfig: str) -> tuple[str, str]:
    """Return what the Makefile and Kconfig say of what all suites share."""
    parts = re.search(r"^kmem_kunit_helpers-y := .*\n", makefile, re.MULTILINE)
    block = next((match[0] for match in _ENTRY.finditer(kconfig) if match[1] == HELPERS), None)
    if parts is None or block is None:
        raise UserError(f"our Makefile and Kconfig do not say what {HELPERS} is")
    return f"{parts[0]}obj-$(CONFIG_{HELPERS}) += kmem_kunit_helpers.o\n", block.rstrip("\n") + "\n"


def _spot(keys: Sequence[str], key: str) -> int:
    """Return before which of the keys one comes, in a list that is sorted as far as people keep it so."""
    return min(range(len(keys) + 1), key=lambda at: (sum(each > key for each in keys[:at])
                                                     + sum(each < key for each in keys[at:]), -at))


def with_objects(text: str, entries: str, after: str) -> str:
    """Return a Makefile with entries of ours: at their sorted place, or after the line that ends with after."""
    if after:
        at = text.index(after) + len(after)
        return text[:at] + entries + text[at:]
    found = list(_ANY_OBJECT.finditer(text))
    spot = _spot([match[1] for match in found], "KMEM")
    if spot == len(found):
        return text.rstrip("\n") + "\n" + entries
    at = found[spot].start()
    while above := re.search(r"^(?:#|CFLAGS_|\w+-y :?=).*\n\Z", text[:at], re.MULTILINE):
        at = above.start()
    return text[:at] + entries + text[at:]


def with_options(text: str, block: str, after: str) -> str:
    """Return lib/Kconfig.debug with an entry of ours: at its sorted place among the tests, or after another one."""
    if after:
        at = text.index(after) + len(after)
        return f"{text[:at]}\n{block}{text[at:]}"
    begin = text.index("if RUNTIME_TESTING_MENU\n")
    found = [match for match in _ENTRY.finditer(text, begin)
             if "KUNIT" in match[1] and "\n\ttristate" in match[0]]
    spot = _spot([match[1] for match in found], "KMEM")
    at = found[spot].start() if spot < len(found) else text.index("endif # RUNTIME_TESTING_MENU")
    return f"{text[:at]}{block}\n{text[at:]}"


def with_maintainers(text: str, names: Sequence[str]) -> str:
    """Return MAINTAINERS with files in the section of the slab allocator, sorted among its own."""
    section = re.search(r"^SLAB ALLOCATOR\n(?:.+\n)+", text, re.MULTILINE)
    if section is None:
        raise UserError("MAINTAINERS has no section of the slab allocator")
    lines = section[0].splitlines(keepends=True)
    for name in names:
        line = f"F:\t{name}\n"
        spots = [at for at, each in enumerate(lines) if each.startswith("F:") and each < line]
        first = next(at for at, each in enumerate(lines) if each.startswith("F:"))
        lines.insert(max(spots, default=first - 1) + 1, line)
    return text[:section.start()] + "".join(lines) + text[section.end():]


def with_page(text: str) -> str:
    """Return the index of the memory management's pages with ours."""
    lines = text.splitlines(keepends=True)
    for at, line in enumerate(lines):
        if line.strip() in ("slab", "slub", "page_owner"):
            lines.insert(at, f"{line[:len(line) - len(line.lstrip())]}kmem-kunit\n")
            return "".join(lines)
    raise UserError(f"{INDEX} has no page of the slab allocator")


def kunitconfig(text: str, symbols: Sequence[str]) -> str:
    """Return our .kunitconfig with the suites of these symbols only."""
    kept = {f"CONFIG_{symbol}=y" for symbol in symbols}
    return "".join(line for line in text.splitlines(keepends=True)
                   if not re.match(r"CONFIG_KMEM_\w+_KUNIT_TEST=y", line) or line.strip() in kept)
