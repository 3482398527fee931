#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prove that bench counts: plant costs in a kernel, and changes that cost nothing, and compare.

    tools/tests/planted_costs.py [--kernel SERIES]

What freeing costs is compared with that of a copy of the kernel: with a comment and a renamed variable; with
an instruction more in slab_free(); with each 64th object freed by the slow path; and unchanged, but built anew
in a cache of another path. The first and the last may change no number; the second must cost
one instruction more, for each of the patterns; the third must be told by its events. Prints what bench says;
the exit status is 1 if it says otherwise.
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
_PATTERN = "kfree_elsewhere.*"  # of the setting with the fewest builds
_HEAD = re.compile(r"^void slab_free\([^;{}]*\)\n\{\n", re.MULTILINE)
_FAST = "likely(free_to_pcs(s, object, true))"
_TURN = "\tstatic unsigned int kmem_kunit_turn;\n\n"
_LIMIT = 4 * 3600.0  # seconds for one comparison, with its builds


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
    if head is None or _FAST not in text:
        raise UserError(f"{_FILE} has no slab_free() that this knows: try 7.3")
    begin, at, end = head.start(), head.end(), text.index("\n}\n", head.end())
    renamed = re.sub(r"\bobject\b", "kmem_kunit_renamed", text[begin:end])
    slower = text[at:end].replace(_FAST, f"likely(++kmem_kunit_turn % 64) && {_FAST}")
    same = r": 3 patterns, 0 numbers differ, 0 regressions"
    return [
        Planted("comment", f"{text[:begin]}/* A change of nothing. */ {renamed}{text[end:]}", False, same, 0),
        Planted("instruction", f'{text[:at]}\tasm volatile("nop");\n{text[at:]}', False,
                r"(differs +two_cpus +kfree_elsewhere\.kfree .* \+1 \(.*\n){3}", 0),
        Planted("slow path", f"{text[:at]}{_TURN}{slower}{text[end:]}", False,
                r"REGRESSION +two_cpus +kfree_elsewhere\.kfree burst of 256: slow frees ", 1),
        Planted("elsewhere", text, True, same, 0),
    ]


def compare(series: str, planted: Planted, folder: Path) -> bool:
    """Compare a copy with the kernel; return whether bench says what it must."""
    source = kernel.resolve(series).path
    copy = folder / "linux"  # one after the other, so that little is built anew
    if not copy.exists():
        shutil.copytree(source, copy, symlinks=True, copy_function=os.link)
    (copy / _FILE).unlink()
    (copy / _FILE).write_text(planted.text, encoding="utf-8")
    numbers = folder / "base.json"
    more = {"KMEM_KUNIT_CACHE": str(folder / "another")} if planted.elsewhere else {}
    if not numbers.exists():
        _bench("--kernel", series, "--json", str(numbers))
    done = _bench("--base", str(numbers), "--head", str(copy), **more)
    good = done.status == planted.status and re.search(planted.says, done.output) is not None
    print(f"== {planted.name}: {'as it must be' if good else f'WRONG, status {done.status}'}\n{done.output}", flush=True)
    return good


def _bench(*words: str, **env: str) -> proc.Done:
    return proc.run([REPO / "tools/kmem-kunit", "bench", "--pattern", _PATTERN, *words], timeout=_LIMIT, env=proc.environment(**env))


def main() -> int:
    """Plant all of it, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--kernel", default="7.3")
    options = parser.parse_args()
    text = (kernel.resolve(options.kernel).path / _FILE).read_text(encoding="utf-8")
    with cache.temporary(cache.root() / "runs") as folder:
        good = [compare(options.kernel, each, folder) for each in copies(text)]
    print(f"{sum(good)} of {len(good)} as they must be")
    return 0 if all(good) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        print(f"kmem-kunit: {error}", file=sys.stderr)
        sys.exit(2)
