# SPDX-License-Identifier: GPL-2.0-only
"""The deliberate breaks: each still has its place in the kernel, and names cases that there are."""
from collections.abc import Callable
from pathlib import Path

import faults
import pytest

from kmem_kunit import suites
from kmem_kunit.errors import UserError

SOURCE = """\
static int
one(int a)
{
	return a + 1;
}

int two(int a)
{
	return a + 1;
}
"""


def fault(**changes: str) -> faults.Fault:
    """Return a fault of SOURCE."""
    entry = {"suite": "kmem_tiny", "breaks": "one", "file": "mm/x.c", "function": "one",
             "find": "a + 1", "replace": "a"}
    return faults.Fault(**{**entry, **changes}, cases=("some",))  # type: ignore[arg-type]


def test_edit_is_made_in_its_function_only() -> None:
    assert faults.broken(SOURCE, fault()) == SOURCE.replace("a + 1", "a", 1)
    assert faults.broken(SOURCE, fault(function="two")).endswith("return a;\n}\n")


@pytest.mark.parametrize("changes", [{"function": "three"}, {"find": "b"}, {"function": ""}])
def test_edit_without_a_place_of_its_own_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(UserError):
        faults.broken(SOURCE, fault(**changes))


def test_tree_of_links_never_leads_a_write_to_its_source(tmp_path: Path) -> None:
    source, tree = tmp_path / "source", tmp_path / "tree"
    for name in ("mm/x.c", "include/linux/x.h"):
        (source / name).parent.mkdir(parents=True)
        (source / name).write_text(SOURCE)
    for files in (["mm/x.c"], ["mm/x.c", "include/linux/x.h"]):
        faults.link_tree(source, tree, files)
        for name in files:
            faults.put(tree / name, "broken")
            assert (source / name).read_text() == SOURCE
    faults.link_tree(source, tree, ["include/linux/x.h"])
    assert (tree / "include/linux/x.h").read_text() == SOURCE


@pytest.mark.parametrize("series", faults.SERIES)
def test_faults_fit_the_kernel(series: str, kernel_source: Callable[[str], Path]) -> None:
    source = kernel_source(series)
    for each in faults.load():
        if series in each.series:
            text = (source / each.file).read_text()
            assert faults.broken(text, each) != text


def test_every_case_is_shown_to_fail() -> None:
    named = {f"{each.suite}.{case}" for each in faults.load() for case in each.cases}
    known = {f"{suite.name}.{case.name}"
             for suite in suites.load(faults.REPO / "lib") for case in suite.cases}
    assert named == known
