# SPDX-License-Identifier: GPL-2.0-only
"""What a shell offers for the words of the command, by argcomplete, where that is installed."""
import argparse
from collections.abc import Callable, Iterator

import argcomplete  # type: ignore[import]

from kmem_kunit import cells, config, fixes, overlay, suites, surface

_folders = argcomplete.completers.DirectoriesCompleter()


def offer(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that asks, and exit; do nothing otherwise."""
    for action in _actions(parser):
        if action.dest in _OFFERED:
            action.completer = _OFFERED[action.dest]  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:  # pylint: disable=protected-access
        yield action
        if isinstance(action, argparse._SubParsersAction):  # pylint: disable=protected-access
            for each in action.choices.values():
                yield from _actions(each)


def _kernels(prefix: str, **_: object) -> list[str]:
    return [*surface.SERIES, *_folders(prefix)]


def _cases(prefix: str, **_: object) -> list[str]:
    """Return the suites, or, behind a dot, the cases of one."""
    found = suites.load(overlay.REPO / "lib")
    return [f"{suite.name}.{case.name}" for suite in found for case in suite.cases] if "." in prefix \
        else [suite.name for suite in found]


_OFFERED: dict[str, Callable[..., list[str]]] = {
    "kernel": _kernels,
    "series": lambda **_: [*surface.SERIES],
    "filter": _cases,
    "case": _cases,
    "suites": _cases,
    "config": lambda **_: config.names(overlay.REPO),
    "group": lambda **_: [*cells.load(overlay.REPO).groups],
    "cells": lambda **_: [cell.name for cell in cells.load(overlay.REPO).all()],
    "fix": lambda **_: [*fixes.load(overlay.REPO)],
    "tree": lambda prefix, **_: [*_folders(prefix)],
}
