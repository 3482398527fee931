#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prove that bench counts: plant costs in a kernel, and changes that cost nothing, and compare.

    tools/tests/planted_costs.py [--kernel SERIES] [--pattern GLOB]

Four copies of the kernel are compared with it: one with a comment and a renamed variable; one that is built
in a cache of another path and dated another day; one with an instruction more in the fast
path; and one that takes each 64th object of a cache by its slow path. The first two may change no number;
the third must cost exactly one instruction more wherever an object is allocated that way, hot, in the plain
setting; the fourth must be told by its events. Prints what bench says; the exit status is 1 if it says otherwise.
"""
import argparse
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tools"))

from kmem_kunit import cache, kernel, proc  # noqa: E402
from kmem_kunit.errors import UserError  # noqa: E402

_FILE = "mm/slub.c"
_HEAD = re.compile(r"^static [^;{}]*\bslab_alloc_node\([^;{}]*\)\n\{\n", re.MULTILINE)
_LIMIT = 4 * 3600.0  # seconds for one comparison, with its builds
_EXTRA = '\tasm volatile("nop");\n'
_TURN = "static unsigned int kmem_kunit_turn;\n\n"


@dataclass(frozen=True)
class Planted:
    """A copy of the kernel: edits of mm/slub.c, where it is built, and what bench must say of it."""

    name: str
    text: str
    elsewhere: bool
    says: str
    status: int


def copies(text: str) -> list[Planted]:
    """Return the copies of a kernel whose mm/slub.c has this text."""
    head = _HEAD.search(text)
    if head is None or "alloc_from_pcs(s, gfpflags" not in text:
        raise UserError(f"{_FILE} has no fast path that this knows: try 7.3")
    at = head.end()
    body = text.index("\n}\n", at)
    fast = re.sub(r"\bobject = alloc_from_pcs\((.*)\);", r"object = ++kmem_kunit_turn % 64 ? alloc_from_pcs(\1) : NULL;",
                  text[at:body])
    renamed = re.sub(r"\bobject\b", "kmem_kunit_renamed", text[at:body])
    same = r": \d+ patterns, 0 numbers differ, 0 regressions"
    return [
        Planted("comment", f"{text[:at]}\t/* A change of nothing. */\n{renamed}{text[body:]}", False, same, 0),
        Planted("elsewhere", text, True, same, 0),
        Planted("instruction", text[:at] + _EXTRA + text[at:], False,
                r"differs +plain +kmalloc_and_kfree\.64 hot .*\+1 \(", 0),
        Planted("slow", text[: head.start()] + _TURN + text[head.start() : at] + fast + text[body:], False,
                r"REGRESSION +plain +kmalloc_and_kfree\.64 hot: slow allocations ", 1),
    ]


def compare(series: str, pattern: str, planted: Planted, folder: Path) -> bool:
    """Compare a copy with the kernel; return whether bench says what it must."""
    source = kernel.resolve(series).path
    copy = folder / planted.name
    shutil.copytree(source, copy, symlinks=True, copy_function=os.link)
    (copy / _FILE).unlink()
    (copy / _FILE).write_text(planted.text, encoding="utf-8")
    numbers = folder / "base.json"
    more = {"KMEM_KUNIT_CACHE": str(folder / "another"),
            "KBUILD_BUILD_TIMESTAMP": "Sun Feb 3 04:05:06 UTC 2030"} if planted.elsewhere else {}
    if not numbers.exists():
        _bench("--kernel", series, "--json", str(numbers), "--pattern", pattern)
    done = _bench("--base", str(numbers), "--head", str(copy), "--pattern", pattern, **more)
    good = done.status == planted.status and re.search(planted.says, done.output) is not None
    print(f"== {planted.name}: {'as it must be' if good else f'WRONG, status {done.status}'}\n{done.output}", flush=True)
    return good


def _bench(*words: str, **env: str) -> proc.Done:
    return proc.run([REPO / "tools/kmem-kunit", "bench", *words], timeout=_LIMIT, env=proc.environment(**env))


def main() -> int:
    """Plant all of it, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--kernel", default="7.3")
    parser.add_argument("--pattern", default="*")
    options = parser.parse_args()
    text = (kernel.resolve(options.kernel).path / _FILE).read_text(encoding="utf-8")
    with cache.temporary(cache.root() / "runs") as folder:
        good = [compare(options.kernel, options.pattern, each, folder) for each in copies(text)]
    print(f"{sum(good)} of {len(good)} as they must be")
    return 0 if all(good) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        print(f"kmem-kunit: {error}", file=sys.stderr)
        sys.exit(2)
