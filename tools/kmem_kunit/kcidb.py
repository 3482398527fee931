# SPDX-License-Identifier: GPL-2.0-only
"""Results as KCIDB v5.3 JSON, the form in which they are kept and exchanged, and back."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from kmem_kunit.errors import UserError
from kmem_kunit.result import Case, Number, Problem, Result, Status, save, segment

ORIGIN = "kmem_kunit"
VERSION = {"major": 5, "minor": 3}
MAX_EXCERPT = 16384  # characters, by KCIDB's schema
MAX_FILE = 4 << 30  # bytes: some 3000 boots of all suites
_MEASURED = "DONE"  # the status of what judges nothing
_MEMORY = 6  # bytes of it that reading one byte of a file takes

_PATH = re.compile(r"[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Run:
    """One boot: what ran, and what came of it."""

    kernel: str  # the release, such as 6.12.117
    source: str  # what identifies the source: a commit or a content hash
    architecture: str
    config: str  # the configuration's name
    compiler: str
    command: str
    start: datetime  # with a time zone
    comment: str
    result: Result
    cell: str = ""  # its name, such as 7.3/debug
    console: str = ""  # the file that has it, if the run is not as it should be
    accelerator: str = ""  # QEMU's
    took: float | None = None  # seconds, with the build


def _text(text: str) -> str:
    return text.replace("\0", "\\0")


def _excerpt(text: str) -> str:
    """`text` cut to KCIDB's limit, its middle left out."""
    text = _text(text)
    if len(text) <= MAX_EXCERPT:
        return text
    note = "\n[...]\n"
    half = (MAX_EXCERPT - len(note)) // 2
    return text[:half] + note + text[-half:]


def _identity(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _unused(wanted: str, used: dict[str, int]) -> str:
    """`wanted`, or with the first number that makes it differ from all in `used`; adds it.

    `used` has the last number that each name was given.
    """
    name = wanted
    while name in used:
        used[wanted] += 1
        name = f"{wanted}-{used[wanted]}"
    used[name] = 1
    return name


def document(runs: Sequence[Run]) -> dict[str, Any]:
    """Return `runs` as a KCIDB document: a checkout a source, a build a configuration of it, a
    test a case.

    A problem becomes a test with status ERROR below the path "boot".
    """
    checkouts: dict[str, dict[str, Any]] = {}
    builds: dict[str, dict[str, Any]] = {}
    tests: list[dict[str, Any]] = []
    boots: dict[str, int] = {}
    for run in runs:
        start = run.start.isoformat()
        checkout_id = f"{ORIGIN}:{_identity(run.kernel, run.source)}"
        commit = {"git_commit_hash": run.source} if _COMMIT.fullmatch(run.source) else {}
        checkouts.setdefault(checkout_id, {
            "id": checkout_id, "origin": ORIGIN, **commit, "comment": _text(f"Linux {run.kernel}"),
            "start_time": start, "valid": True,
            "misc": {"kernel": run.kernel, "source": run.source}})
        build_id = f"{ORIGIN}:" + _identity(
            checkout_id, run.architecture, run.config, run.compiler, run.command)
        builds.setdefault(build_id, {
            "id": build_id, "checkout_id": checkout_id, "origin": ORIGIN, "start_time": start,
            "architecture": re.sub(r"[^a-z0-9_]", "_", run.architecture.lower()),
            "config_name": _text(run.config), "compiler": _text(run.compiler),
            "command": _text(run.command), "status": "PASS"})
        boot = _unused(_identity(build_id, start, run.comment), boots)
        tests += _tests(run, {"origin": ORIGIN, "build_id": build_id, "start_time": start}, boot)
    return {"version": dict(VERSION), "checkouts": list(checkouts.values()),
            "builds": list(builds.values()), "tests": tests}


def _tests(run: Run, common: dict[str, Any], boot: str) -> list[dict[str, Any]]:
    used: dict[str, int] = {}
    tests = []
    for case in run.result.cases:
        test: dict[str, Any] = {"status": _MEASURED if case.number else case.status.value}
        misc = {"suite": case.suite, "case": case.name}
        misc |= {"param": case.param} if case.param else {}
        misc |= {"reason": case.reason} if case.reason else {}
        misc |= {"known": case.known} if case.known else {}
        test |= {"duration": case.duration} if case.duration is not None else {}
        test |= {"log_excerpt": _excerpt(case.log)} if case.log else {}
        test |= {"number": vars(case.number)} if case.number else {}
        tests.append((case.path, test, misc))
    for problem in run.result.problems:
        test = {"status": "ERROR", "log_excerpt": _excerpt(problem.log)}
        tests.append((f"boot.{segment(problem.kind)}", test,
                      {"problem": problem.kind, "case": problem.case}))
    took: dict[str, Any] = {} if run.took is None else {"took": run.took}
    entries = []
    for wanted, test, misc in tests:
        path = _unused(wanted, used)
        test |= {"comment": _text(run.comment)} if run.comment else {}
        misc |= {"console": run.console} if run.console else {}
        misc |= {"accelerator": run.accelerator} if run.accelerator else {}
        entries.append({**common, "id": f"{ORIGIN}:{boot}:{path}", "path": path, **test,
                        "misc": {**misc, **took, "boot": boot, "cell": run.cell}})
    return entries


def text(data: Mapping[str, Any]) -> str:
    """Return a document as JSON, with a line for each checkout, build and test."""
    blocks = [f' "version": {json.dumps(data["version"])}']
    for name in ("checkouts", "builds", "tests"):
        entries = ",\n".join(f"  {json.dumps(entry, allow_nan=False)}" for entry in data[name])
        blocks.append(f' "{name}": [\n{entries}\n ]')
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def write(path: Path, runs: Sequence[Run]) -> None:
    """Write `runs` to the file `path`, all or nothing. Raises UserError if that fails."""
    save(path, text(document(runs)).encode())


class _Invalid(Exception):
    """A document is not what document() makes; the text says where."""


def _wrong(where: str, expected: str) -> NoReturn:
    raise _Invalid(f"{where} is not {expected}")


def _field(entry: dict[str, Any], where: str, name: str, default: str | None = None) -> str:
    value = entry.get(name, default)
    if not isinstance(value, str) or len(value) > MAX_EXCERPT:
        _wrong(f"{where}.{name}", f"a string of at most {MAX_EXCERPT} characters")
    return value


def _seconds(entry: dict[str, Any], where: str, name: str) -> float | None:
    value = entry.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) \
            or not 0 <= value <= sys.float_info.max:
        _wrong(f"{where}.{name}", "a number of seconds")
    return float(value)


def _number(test: dict[str, Any], where: str) -> Number | None:
    number = _object(test, where, "number")
    if not number:
        return None
    value = number.get("value")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= sys.float_info.max:
        _wrong(f"{where}.number.value", "a number")
    return Number(float(value), _field(number, f"{where}.number", "unit"))


def _entries(data: dict[str, Any], name: str) -> list[tuple[str, dict[str, Any]]]:
    value = data.get(name)
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        _wrong(name, "a list of objects")
    return [(f"{name}[{number}]", entry) for number, entry in enumerate(value)]


def _object(entry: dict[str, Any], where: str, name: str) -> dict[str, Any]:
    value = entry.get(name, {})
    if not isinstance(value, dict):
        _wrong(f"{where}.{name}", "an object")
    return value


def _by_id(data: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    return {_field(entry, where, "id"): entry for where, entry in _entries(data, name)}


def load(path: Path) -> tuple[Run, ...]:
    """Read the runs back from a file that write() has made.

    Raises UserError, one line, for a file that is cut, wrong, another program's, or too large for the
    memory of this machine.
    """
    most = min(MAX_FILE, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // _MEMORY)
    try:
        with path.open("rb") as file:
            raw = file.read(most + 1)
        if len(raw) > most:
            raise UserError(f"{str(path)!r} is too large: this machine can read {most >> 20} MiB")
        data = json.loads(raw, parse_constant=lambda word: _wrong(word, "a number"))
        return _runs(data)
    except OSError as error:
        raise UserError(f"cannot read {str(path)!r}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{str(path)!r} is not whole JSON; make it anew") from error
    except _Invalid as error:
        raise UserError(f"{str(path)!r} is no result of kmem-kunit: {error}"[:500]) from error


def _runs(data: Any) -> tuple[Run, ...]:
    if not isinstance(data, dict) or not isinstance(data.get("version"), dict):
        raise _Invalid("it is not a KCIDB document")
    major, minor = data["version"].get("major"), data["version"].get("minor", 0)
    known = major == VERSION["major"] and isinstance(minor, int) and minor <= VERSION["minor"]
    if not known:
        raise _Invalid(f"it has version {major!r}.{minor!r} of KCIDB, not 5.3")
    checkouts, builds = _by_id(data, "checkouts"), _by_id(data, "builds")
    boots: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for where, test in _entries(data, "tests"):
        boot = _field(_object(test, where, "misc"), f"{where}.misc", "boot")
        boots.setdefault(boot, []).append((where, test))
    if not boots:
        raise _Invalid("it holds no test")
    return tuple(_run(tests, builds, checkouts) for tests in boots.values())


def _run(tests: list[tuple[str, dict[str, Any]]], builds: dict[str, dict[str, Any]],
         checkouts: dict[str, dict[str, Any]]) -> Run:
    where, first = tests[0]
    build = builds.get(_field(first, where, "build_id"))
    if build is None:
        _wrong(f"{where}.build_id", "that of a build in the file")
    checkout = checkouts.get(_field(build, "build", "checkout_id"))
    if checkout is None:
        _wrong("build.checkout_id", "that of a checkout in the file")
    source = _object(checkout, "checkout", "misc")
    try:
        start = datetime.fromisoformat(_field(first, where, "start_time"))
    except ValueError:
        _wrong(f"{where}.start_time", "a time")
    cases = tuple(_case(at, test) for at, test in tests if "problem" not in test["misc"])
    problems = tuple(_problem(at, test) for at, test in tests if "problem" in test["misc"])
    architecture, config, compiler, command = (
        _field(build, "build", name)
        for name in ("architecture", "config_name", "compiler", "command"))
    return Run(_field(source, "checkout.misc", "kernel"), _field(source, "checkout.misc", "source"),
               architecture, config, compiler, command, start,
               _field(first, where, "comment", ""), Result(cases, problems),
               _field(first["misc"], f"{where}.misc", "cell", ""),
               _field(first["misc"], f"{where}.misc", "console", ""),
               _field(first["misc"], f"{where}.misc", "accelerator", ""),
               _seconds(first["misc"], f"{where}.misc", "took"))


def _status(where: str, test: dict[str, Any]) -> Status:
    path = _field(test, where, "path")
    if not _PATH.fullmatch(path):
        _wrong(f"{where}.path", "a KCIDB path")
    if (status := _field(test, where, "status")) == _MEASURED and "number" in test:
        return Status.PASS
    try:
        return Status(status)
    except ValueError:
        _wrong(f"{where}.status", "one of " + ", ".join(status.value for status in Status))


def _case(where: str, test: dict[str, Any]) -> Case:
    misc = test["misc"]
    at = f"{where}.misc"
    return Case(_field(misc, at, "suite"), _field(misc, at, "case"), _field(misc, at, "param", ""),
                _status(where, test), _seconds(test, where, "duration"),
                _field(test, where, "log_excerpt", ""),
                _field(misc, at, "reason", ""), _field(misc, at, "known", ""), _number(test, where))


def _problem(where: str, test: dict[str, Any]) -> Problem:
    _status(where, test)
    misc = test["misc"]
    return Problem(_field(misc, f"{where}.misc", "problem"), _field(misc, f"{where}.misc", "case"),
                   _field(test, where, "log_excerpt", ""))
