# SPDX-License-Identifier: GPL-2.0-only
"""The verb "report": results of all kinds, as one page that needs nothing else."""
import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from kmem_kunit import baseline, cache, evidence, host, kcidb, mutation_element, report_data, result
from kmem_kunit.errors import UserError
from kmem_kunit.kcidb import Run

_LIMIT = 256 << 20  # bytes of a report on mutants, or of a tracefile
_LCOV = (b"TN:", b"SF:")


@dataclass(frozen=True)
class Given:
    """What there is to show: boots, each with its file, mutants as their schema has them, and lines of lcov."""

    runs: Sequence[tuple[Run, str]]
    mutants: Sequence[Mapping[str, Any]]
    lcov: Sequence[str]


def run(options: argparse.Namespace) -> int:
    """Do what the command line asks for; return the exit status."""
    given = read(options.results)
    host.ensure((*host.READING, *host.RENDERING, *(host.PAGES if given.mutants else ())))
    from kmem_kunit import report_page  # needs jinja2, which host.ensure() installs

    element = mutation_element.script(cache.root()) if given.mutants else ""
    data = report_data.document(given.runs, given.mutants, given.lcov, datetime.now(timezone.utc))
    text = report_page.page(data, given.mutants, element)
    result.save(options.output, text.encode())
    print(f"{len(given.runs)} boots, {sum(len(each['outcomes']) for each in data['runs'])} outcomes: {options.output}")
    return 0


def read(paths: Sequence[Path]) -> Given:
    """Return what is in files, or in tools/baselines if there are none; raises UserError for what is no result."""
    if not paths:
        return Given([(each, f"{baseline.FOLDER}/{each.cell}.json") for each in evidence.on_record()], [], [])
    runs, mutants, lcov = list[tuple[Run, str]](), list[Mapping[str, Any]](), list[str]()
    for path in paths:
        start = _start(path)
        if start.startswith(_LCOV):
            lcov += _whole(path).decode(errors="replace").splitlines()
        elif b'"schemaVersion"' in start:
            mutants.append(_mutants(path))
        else:
            runs += [(each, path.name) for each in kcidb.load(path)]
    if len(mutants) > 1:
        raise UserError("there can be one report on mutants only: leave out the others")
    return Given(runs, mutants, lcov)


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4096)
    except OSError as error:
        raise UserError(f"cannot read {str(path)!r}: {error.strerror}") from error


def _whole(path: Path) -> bytes:
    with path.open("rb") as file:
        raw = file.read(_LIMIT + 1)
    if len(raw) > _LIMIT:
        raise UserError(f"{str(path)!r} is too large: {_LIMIT >> 20} MiB can be read")
    return raw


def _mutants(path: Path) -> Mapping[str, Any]:
    """Return a report on mutants; raises UserError unless it has what is read of it."""
    try:
        data = json.loads(_whole(path))
        for file in data["files"].values():
            for each in file["mutants"]:
                if not isinstance(each["location"]["start"]["line"], int) or not isinstance(each["status"], str):
                    raise TypeError
            if not isinstance(file["source"], str):
                raise TypeError
    except (ValueError, RecursionError) as error:
        raise UserError(f"{str(path)!r} is not whole JSON; make it anew") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{str(path)!r} is no report of mutation-testing-report-schema; make it anew") from error
    found: Mapping[str, Any] = data
    return found
