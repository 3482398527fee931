# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's headers, read for the public functions of the allocator's API."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from kmem_kunit import proc
from kmem_kunit.errors import UserError

INCLUDE = "include/linux"
# all that these declare is the API's
OWN = ("slab.h", "mempool.h")
# what belongs to it in other headers, wherever a series has it
FAMILY = re.compile(
    r"(?:devm_)?k[a-z]*(?:dup|alloc|free|printf)\w*"
    r"|v?mem(?:dup|_dump)\w*|strndup_user|kmem_\w+",
    re.ASCII,
)
# other subsystems' functions with names like these, and a second declaration for hardening
_ELSEWHERE = ("bpfptr.h", "fortify-string.h", "fs.h", "skbuff.h", "skmsg.h", "sockptr.h")
_INTERNAL = re.compile(r"(?:DECL|PASS)_\w+_PARAMS?\Z")
_CTAGS = (
    "ctags-universal",
    "--options=NONE",
    "--quiet",
    "--output-format=json",
    "--sort=no",
    "--language-force=C",
    "--fields=NFKS",
    "--kinds-C=dpf",  # macros, prototypes, functions
    # these stand at file level without a semicolon, and would swallow what follows
    "-IDEFINE_FREE+,DEFINE_CLASS+,DEFINE_GUARD+",
    "-f-",
)
_BYTE = re.compile(r"(?<!\\)\\x[0-9a-f]{2}")  # how proc.run() shows what is no UTF-8
_LIMIT = 120.0  # seconds
_SIZE_LIMIT = 4 * 1024 * 1024  # bytes of a header; the API's have some 50 kB
_OUTPUT_LIMIT = 64 * 1024 * 1024  # bytes that ctags may print


def public(name: str) -> str:
    """Return the public function that a name belongs to; "" for parts of slab.h's own macros.

    What starts with "_" or ends in "_noprof" (in 6.1, "_trace") is the inside of the function
    called so without. kvfree_rcu_arg_1(), _arg_2() and kvfree_call_rcu() are the inside of
    kvfree_rcu(), and so for their like.
    """
    name = name.lstrip("_")
    if _INTERNAL.match(name):
        return ""
    return re.sub(r"(?:_noprof|_trace|_arg_\d+)\Z", "", name.replace("_call_rcu", "_rcu"))


def functions(root: Path) -> dict[str, str]:
    """Return the public functions and function-like macros of a kernel, with the header of each.

    A name that is internal by its form, and whose public form no header declares, is not part of
    the API. Raises UserError for what is no kernel with an include/linux/slab.h.
    """
    folder = root / INCLUDE
    if not _text(folder / OWN[0]):
        raise UserError(f"{root} is no kernel tree: it has no {INCLUDE}/{OWN[0]} to read")
    found: dict[str, str] = {}
    for header, name in _declared(folder, _candidates(folder)):
        if public(name) == name and (header in OWN or FAMILY.fullmatch(name)):
            found.setdefault(name, header)
    order = {name: _rank(header) for name, header in found.items()}
    return {name: found[name] for name in sorted(found, key=lambda n: (order[n], n))}


def _rank(header: str) -> tuple[int, str]:
    return (OWN.index(header) if header in OWN else len(OWN), header)


def _candidates(folder: Path) -> list[str]:
    """Return the headers that may declare a function of the API, the API's own first."""
    call = re.compile(rf"\b(?:{FAMILY.pattern})[ \t]*\(", re.ASCII)
    found = []
    for path in folder.rglob("*.h"):
        name = path.relative_to(folder).as_posix()
        if name not in _ELSEWHERE and (call.search(text := _text(path)) or name in OWN and text):
            found.append(name)
    return sorted(found, key=_rank)


def _text(path: Path) -> str:
    """Return a header's text, whatever its encoding; "" for what is no readable, sane header."""
    try:
        if path.is_file() and path.stat().st_size <= _SIZE_LIMIT:
            return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        pass
    return ""


def _declared(folder: Path, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield (header, name) of each function and function-like macro, in both branches of #if."""
    lines: list[str] = []
    argv = [*_CTAGS, *(f"./{name}" for name in names)]
    done = proc.run(
        argv, timeout=_LIMIT, limit=_OUTPUT_LIMIT, cwd=folder, on_line=lines.append
    )
    if done.status != 0:
        said = [line for line in lines if not line.startswith("{") and "Notice" not in line]
        reason = said[-1] if said else f"ctags ended with status {done.status}"
        raise UserError(f"cannot read the headers in {folder}: {reason}")
    for line in lines:
        if not line.startswith("{"):  # a notice
            continue
        tag = json.loads(_BYTE.sub("?", line))
        if tag["kind"] != "macro" or "signature" in tag:
            yield tag["path"].removeprefix("./"), tag["name"]


def defined(root: Path, wanted: Collection[str]) -> set[str]:
    """Return those of some names that the kernel's headers define as macros."""
    found: set[str] = set()
    for folder in (root / INCLUDE, root / "include/kunit"):
        for path in folder.rglob("*.h"):
            found.update(re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", _text(path), re.MULTILINE))
    return found.intersection(wanted)
