# SPDX-License-Identifier: GPL-2.0-only
"""Cells: kernel x architecture x configuration x boot arguments, as tools/cells.toml composes them.

The file has a table for each variant, which is all of a cell but its kernel, the series that cells
are made of, and the groups: lists of patterns of the names of cells, "SERIES/VARIANT".

    series = ["6.12", "7.3"]

    [variants.debug]
    about = "every check of SLUB's"       # for people
    arch = "x86_64"                       # default: uml
    config = ["kasan"]                    # fragments of tools/configs
    boot = "slub_debug=FZPU"              # kernel arguments
    since = "6.12"                        # the first and the last
    until = "7.3"                         # series that have it
    from."6.9" = { boot = "slab_debug=FZPU" }  # that series and the later ones

    [groups]
    quick = ["*/debug"]
"""
import re
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from kmem_kunit import config, progress, suites
from kmem_kunit.arch import UML, Arch, find
from kmem_kunit.errors import UserError

FILE = "tools/cells.toml"
_FROM = {"arch": str, "config": list, "boot": str}  # what a series may have otherwise
_KEYS = {"about": str, **_FROM, "since": str, "until": str, "from": dict}
_SERIES = re.compile(r"[0-9]+\.[0-9]+")
_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Cell:
    """One kernel, built and booted in one way; kernel is a series or a path.

    Its name is "SERIES/VARIANT".
    """

    name: str
    kernel: str
    arch: Arch = UML
    configs: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()

    @property
    def series(self) -> str:
        """That of its kernel."""
        return self.name.partition("/")[0]

    @property
    def variant(self) -> str:
        """What it is but for its kernel."""
        return self.name.partition("/")[2]

    @property
    def image(self) -> tuple[str, ...]:
        """What cells have in common that share an image."""
        return (self.kernel, self.arch.label, *self.configs)

    def command(self, *more: str) -> list[str]:
        """Return the words behind "kmem-kunit" that run it, with more options of "run"."""
        words = ["run", "--kernel", self.kernel]
        words += ["--arch", self.arch.label] if self.arch is not UML else []
        words += [word for name in self.configs for word in ("--config", name)]
        words += ["--boot-args", " ".join(self.arguments)] if self.arguments else []
        return [*words, *more]

    @property
    def reproducer(self) -> str:
        """The command line, for people, that runs it."""
        return shlex.join(["tools/kmem-kunit", *self.command()])


@dataclass(frozen=True)
class Book:
    """What tools/cells.toml says: the series, the variants by name, the groups by name."""

    series: tuple[str, ...]
    variants: Mapping[str, Mapping[str, Any]]
    groups: Mapping[str, tuple[str, ...]]

    def cell(self, variant: str, series: str, kernel: str) -> Cell | None:
        """Return the cell of a variant on a kernel of a series, None if the series has none."""
        values = dict(self.variants[variant])
        if not _number(values.get("since", "0.0")) <= _number(series):
            return None
        if "until" in values and _number(series) > _number(values["until"]):
            return None
        for first, more in sorted(values.get("from", {}).items(), key=lambda each: _number(each[0])):
            values |= more if _number(first) <= _number(series) else {}
        return Cell(
            f"{series}/{variant}",
            kernel,
            find(values.get("arch", UML.label)),
            tuple(values.get("config", ())),
            tuple(values.get("boot", "").split()),
        )

    def all(self) -> list[Cell]:
        """Return every cell, series by series."""
        found = (self.cell(name, series, series) for series in self.series for name in self.variants)
        return [cell for cell in found if cell]

    def of_group(self, group: str) -> list[Cell]:
        """Return the cells of a group; raises UserError, naming the groups, if it is not one."""
        if group not in self.groups:
            raise UserError(f"no group {group!r}; there are: {', '.join(self.groups)}")
        patterns = self.groups[group]
        return [cell for cell in self.all() if any(fnmatchcase(cell.name, p) for p in patterns)]

    def name_of(self, series: str, label: str, configs: Sequence[str],
                arguments: Sequence[str]) -> str:
        """Return the name of the cell that is built and booted so, or one made of its parts."""
        for variant in self.variants:
            cell = self.cell(variant, series, series)
            if cell and (cell.arch.label, cell.configs, cell.arguments) == (
                label, tuple(configs), tuple(arguments)
            ):
                return cell.name
        return f"{series}/" + "+".join((label, *configs, *arguments))


def select(cells: Sequence[Cell], glob: str) -> list[Cell]:
    """Return the cells whose name matches glob; raises UserError, naming some, if none does."""
    found = [cell for cell in cells if fnmatchcase(cell.name, glob)]
    if not found:
        names = ", ".join(cell.name for cell in cells[:12]) + (", ..." if cells[12:] else "")
        raise UserError(f"no cell matches {glob!r}; there are: {names}")
    return found


def with_cases(repo: Path, cells: Sequence[Cell], glob: str) -> list[Cell]:
    """Return the cells whose configuration does not turn off all suites that a filter selects.

    Those left out are told; raises UserError if that is all of them, and for a configuration that
    cannot be read, whatever the filter is.
    """
    texts = {cell: config.merged(repo, cell.series, cell.arch, cell.configs) for cell in cells}
    if not glob:
        return list(cells)
    planned = suites.select(suites.load(repo / "lib"), glob)
    left = [cell for cell in cells if len(config.turned_off(texts[cell], planned)) < len(planned)]
    without = ", ".join(cell.name for cell in cells if cell not in left)
    if cells and not left:
        raise UserError(f"the configuration of {without} turns off {', '.join(planned)}")
    if without:
        progress.say(f"left out, as the configuration turns off {', '.join(planned)}: {without}")
    return left


def load(repo: Path) -> Book:
    """Return what tools/cells.toml says; raises UserError, one line, for what it may not say."""
    path = repo / FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: {error}") from error
    try:
        series, variants, groups = data.pop("series"), data.pop("variants"), data.pop("groups")
        if data:
            raise UserError(f"{path}: {next(iter(data))!r} is not known")
        _check_series(series, f"{path}: series")
        for name, values in variants.items():
            if not _NAME.fullmatch(name):
                raise UserError(f"{path}: variants: {name!r} must be of letters, digits, _ and -")
            _check_variant(repo, values, f"{path}: variants.{name}", series)
        for group, patterns in groups.items():
            if not isinstance(patterns, list):
                raise UserError(f"{path}: groups.{group}: {patterns!r} is not a list of patterns")
        book = Book(tuple(series), variants, {name: tuple(each) for name, each in groups.items()})
        names = [cell.name for cell in book.all()]
        used = {cell.variant for cell in book.all()}
        for name in variants:
            if name not in used:
                raise UserError(f"{path}: variants.{name}: no series has it")
        for group, patterns in book.groups.items():
            if not patterns:
                raise UserError(f"{path}: groups.{group} is empty")
            for pattern in patterns:
                if not any(fnmatchcase(name, pattern) for name in names):
                    raise UserError(f"{path}: groups.{group}: no cell matches {pattern!r}")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{path} needs series, variants and groups: {error}") from error
    return book


def _check_series(series: Sequence[str], where: str) -> None:
    """Raise UserError unless each is a series, and none is there twice."""
    for number, each in enumerate(series):
        if not _SERIES.fullmatch(each):
            raise UserError(f"{where}: {each!r} is not a series such as 6.12")
        if each in series[:number]:
            raise UserError(f"{where}: {each} is there twice")


def _check_variant(
    repo: Path, values: Mapping[str, Any], where: str, series: Sequence[str]
) -> None:
    """Raise UserError for what a variant of a book with these series may not say."""
    _check_values(repo, values, where, _KEYS)
    for key in values.keys() & {"since", "until"}:
        _check_series([values[key]], f"{where}.{key}")
    later = values.get("from", {})
    _check_series(list(later), f"{where}.from")
    for first, more in later.items():
        _check_values(repo, more, f"{where}.from.{first}", _FROM)
        taken = [max((key for key in later if _number(key) <= _number(each)), key=_number, default="")
                 for each in series]
        if first not in taken:
            raise UserError(f"{where}.from.{first}: there is no such series, nor one after it")


def _check_values(
    repo: Path, values: Mapping[str, Any], where: str, keys: Mapping[str, type]
) -> None:
    """Raise UserError for other keys, values of another type, and what cannot be printed or used."""
    for key, value in values.items():
        good = key in keys and isinstance(value, keys[key])
        if good and isinstance(value, str):
            good = value.isprintable() and (key != "boot" or value.isascii())
        if not good:
            raise UserError(f"{where}: {key} = {value!r} is not understood")
    try:
        find(values.get("arch", UML.label))
        config.check(repo, values.get("config", ()))
    except UserError as error:
        raise UserError(f"{where}: {error}") from error


def _number(series: str) -> tuple[int, ...]:
    """Return a series as numbers, to be compared."""
    return tuple(int(part) for part in series.split("."))
