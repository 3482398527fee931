# SPDX-License-Identifier: GPL-2.0-only
"""Kconfig fragments: which ones a run consists of, and what they add up to.

A run starts from .kunitconfig. tools/configs/series-X.Y.config, where it exists, adds what only
kernels of that series have, tools/configs/arch-NAME.config what an architecture needs, and
tools/configs/NAME.config is what --config NAME adds. A later fragment overrides an earlier one.
"""
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from kmem_kunit.arch import Arch
from kmem_kunit.errors import UserError

_SET = re.compile(r"(CONFIG_\w+)=(\S+|\".*\")\Z")
_UNSET = re.compile(r"# (CONFIG_\w+) is not set\Z")
_SUITE = "CONFIG_{}_KUNIT_TEST"
_SERIES = "series-"
_ARCH = "arch-"


def names(repo: Path) -> list[str]:
    """Return the names that --config takes."""
    found = (path.stem for path in (repo / "tools/configs").glob("*.config"))
    return sorted(name for name in found if not name.startswith((_SERIES, _ARCH)))


def check(repo: Path, chosen: Sequence[str]) -> None:
    """Raise UserError, naming those there are, unless all --config names chosen exist."""
    known = names(repo)
    for name in chosen:
        if name not in known:
            raise UserError(f"no configuration {name!r}; there are: {', '.join(known) or 'none'}")


def merged(repo: Path, series: str, arch: Arch, chosen: Sequence[str], only: str = "") -> str:
    """Return the text of one kunitconfig for a series, an architecture and the names chosen.

    If only is a suite, no other one is in it.
    Raises UserError for a name that there is not, and for a fragment with other than settings.
    """
    check(repo, chosen)
    folder = repo / "tools/configs"
    fragments = [
        repo / ".kunitconfig",
        folder / f"{_SERIES}{series}.config",
        folder / f"{_ARCH}{arch.name}.config",
    ]
    fragments += [folder / f"{name}.config" for name in chosen]
    values: dict[str, str] = {}
    for path in fragments:
        if path.is_file():
            values.update(_read(path))
    if only:
        own = _SUITE.format(only.upper())
        values = {symbol: value for symbol, value in values.items()
                  if symbol == own or not fnmatchcase(symbol, _SUITE.format("KMEM_*"))}
    lines = [
        f"# {symbol} is not set" if value == "n" else f"{symbol}={value}"
        for symbol, value in values.items()
    ]
    return "\n".join(lines) + "\n"


def turned_off(text: str, suites: Iterable[str]) -> list[str]:
    """Return those of the suites, by name, that a kunitconfig turns off."""
    settings = text.splitlines()
    return [suite for suite in suites if f"# {_SUITE.format(suite.upper())} is not set" in settings]


def _read(path: Path) -> dict[str, str]:
    values = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        line = line.strip()
        if match := _SET.match(line):
            values[match[1]] = match[2]
        elif match := _UNSET.match(line):
            values[match[1]] = "n"
        elif line and not line.startswith("#"):
            raise UserError(f"{path}: {line!r} is not a setting such as CONFIG_KUNIT=y")
    return values
