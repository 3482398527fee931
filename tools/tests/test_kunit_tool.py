# SPDX-License-Identifier: GPL-2.0-only
"""The KTAP reader agrees with kunit_tool on kunit_tool's own logs, and sees where they are cut."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from test_ktap import LOG

from kmem_kunit import ktap
from kmem_kunit.ktap import lines, parse, read
from kmem_kunit.result import Status

SERIES = ("6.12", "7.3")


@contextlib.contextmanager
def kunit_parser(kernel: Path) -> Iterator[ModuleType]:
    """The module kunit_parser of a kernel tree, which is not written to."""
    names = ("kunit_parser", "kunit_printer")
    before = {name: sys.modules.pop(name, None) for name in names}
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(kernel / "tools/testing/kunit"))
    try:
        yield importlib.import_module("kunit_parser")
    finally:
        sys.path.pop(0)
        sys.dont_write_bytecode = bytecode
        for name, module in before.items():
            sys.modules.pop(name, None)
            if module:
                sys.modules[name] = module


def kernel_folder(series: str, request: pytest.FixtureRequest) -> Path:
    """The source folder of a series, from conftest's `kernel_source` or the environment."""
    if "KMEM_KUNIT_TEST_KERNELS" in os.environ:
        folder = Path(os.environ["KMEM_KUNIT_TEST_KERNELS"]) / f"linux-source-{series}"
    else:
        try:
            folder = Path(request.getfixturevalue("kernel_source")(series))
        except pytest.FixtureLookupError:
            pytest.fail("set KMEM_KUNIT_TEST_KERNELS to a folder that holds "
                        "linux-source-6.12 and linux-source-7.3")
    if not (folder / "tools/testing/kunit/kunit_parser.py").is_file():
        pytest.fail(f"{folder} has no tools/testing/kunit/kunit_parser.py")
    return folder


def their_tree(module: ModuleType, path: Path) -> Any:
    """kunit_tool's own reading of a log."""
    with path.open(encoding="utf-8") as file, contextlib.redirect_stdout(io.StringIO()):
        text = file.readlines()
        if "printer" in inspect.signature(module.parse_run_tests).parameters:
            return module.parse_run_tests(text, module.Printer(io.StringIO()))
        return module.parse_run_tests(text)


STATUS = {"SUCCESS": "PASS", "FAILURE": "FAIL", "SKIPPED": "SKIP", "TEST_CRASHED": "ERROR",
          "NO_TESTS": "ERROR", "FAILURE_TO_PARSE_TESTS": "ERROR"}


def from_kunit(test: Any) -> tuple[Any, ...]:
    """kunit_tool's Test in common terms.

    That is: name, status, plan of a test with children, children, how many tests it lacks,
    (passed, failed, crashed, skipped), and whether there is any error in it.
    """
    children = [child for child in test.subtests if child.name or child.status.name == "SKIPPED"]
    lacks = len(test.subtests) - len(children)
    counts = test.counts
    return ("main" if test.name == "<missing>" else test.name, STATUS[test.status.name],
            test.expected_count if test.subtests else None,
            [from_kunit(child) for child in children], lacks,
            (counts.passed, counts.failed, counts.crashed, counts.skipped), counts.errors > 0)


def from_ours(test: ktap.Test) -> tuple[Any, ...]:
    """Our Test in the same terms; the counts follow kunit_tool's rules."""
    unnamed = [c for c in test.children if not c.name and not c.finished]
    children = [from_ours(c) for c in test.children if c not in unnamed]
    lacks = test.missing + len(unnamed)
    passed, failed, crashed, skipped = (sum(c[5][n] for c in children) for n in range(4))
    crashed += lacks
    unread = test.name == "main" and not test.finished and not test.children
    if not passed + failed + crashed + skipped and not test.untested and not unread:
        passed, failed, crashed, skipped = (
            int(test.status is status)
            for status in (Status.PASS, Status.FAIL, Status.ERROR, Status.SKIP))
    elif test.status is Status.FAIL and passed and not failed + crashed and test.name != "main":
        failed += 1
    wrong = bool(test.errors) or any(c[6] for c in children)
    return (test.name, test.status.value, test.plan if test.children else None, children, lacks,
            (passed, failed, crashed, skipped), wrong)


@pytest.mark.parametrize("series", SERIES)
def test_agrees_with_kunit_tool(series: str, request: pytest.FixtureRequest) -> None:
    folder = kernel_folder(series, request)
    logs = sorted((folder / "tools/testing/kunit/test_data").glob("*.log"))
    assert len(logs) > 20
    with kunit_parser(folder) as module:
        for log in logs:
            with log.open("rb") as file:
                ours = parse(lines(file))
            assert from_ours(ours) == from_kunit(their_tree(module, log)), log.name


@pytest.mark.parametrize("series", SERIES)
def test_agrees_with_kunit_tool_on_a_log_of_ours(
    series: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    path.write_text("".join(LOG[4:]), encoding="utf-8")
    with kunit_parser(kernel_folder(series, request)) as module:
        assert from_ours(parse(LOG)) == from_kunit(their_tree(module, path))


@pytest.mark.parametrize("series", SERIES)
def test_mutilated_logs_of_the_kernel(series: str, request: pytest.FixtureRequest) -> None:
    """kunit_tool's own logs, cut at every line and bereft of every line."""
    folder = kernel_folder(series, request) / "tools/testing/kunit/test_data"
    for path in sorted(folder.glob("*.log")):
        log = path.read_text(encoding="utf-8").splitlines(keepends=True)
        tree = read(log)
        planned: dict[str, list[str]] = {}
        for case in tree.cases:
            if not case.param:
                planned.setdefault(case.suite, []).append(case.name)
        for at in range(len(log)):
            for text in (log[:at], log[:at] + log[at + 1 :], log[:at] + [log[at][:-2]]):
                result = read(text, planned)
                fewer = result.counts[Status.PASS] < tree.counts[Status.PASS]
                assert not (result.ok and fewer), (path.name, at)
