# SPDX-License-Identifier: GPL-2.0-only
"""The deliberate breaks: each still has its place in the kernel, and names cases that there are."""
import subprocess
from collections.abc import Callable
from pathlib import Path

import faults
import pytest
import schemata

from kmem_kunit import quarantine, suites
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


def fault(**changes: str) -> schemata.Fault:
    """Return a fault of SOURCE."""
    entry = {"suite": "kmem_tiny", "breaks": "one", "file": "mm/x.c", "function": "one",
             "find": "a + 1", "replace": "a"}
    return schemata.Fault(**{**entry, **changes}, cases=("some",))  # type: ignore[arg-type]


def test_edit_is_made_in_its_function_only() -> None:
    assert schemata.broken(SOURCE, fault()) == SOURCE.replace("a + 1", "a", 1)
    assert schemata.broken(SOURCE, fault(function="two")).endswith("return a;\n}\n")


@pytest.mark.parametrize("changes", [{"function": "three"}, {"find": "b"}, {"function": ""}])
def test_edit_without_a_place_of_its_own_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(UserError):
        schemata.broken(SOURCE, fault(**changes))


JUMPING = """\
static int no_fault(int a);

int one(int a)
{
	if (a)
		goto out;
	a = 2;
out:
	return a + 1;
}

struct ops all = {
	.one = one,
};
"""


def test_kernel_with_all_faults_behaves_as_its_choice_says(tmp_path: Path) -> None:
    chosen = {3: fault(replace="a + 5"), 7: fault(find="a = 2", replace="a = 4")}
    text = schemata.with_all(JUMPING.replace("struct ops all = {\n\t.one = one,\n};\n", ""), chosen)
    text += ("int kmem_fault;\nint main(int argc, char **argv)\n{\n\tkmem_fault = argc - 1;\n"
             "\treturn one(0) * 16 + one(1);\n}\n")
    (tmp_path / "x.c").write_text(text)
    subprocess.run(["gcc", "-o", tmp_path / "x", tmp_path / "x.c"], check=True)
    answers = [subprocess.run([tmp_path / "x", *"." * number], check=False).returncode
               for number in (0, 3, 7)]
    assert answers == [0x32, 0x76, 0x52]


@pytest.mark.parametrize("find", ["no_fault(int a)", ".one = one", "a + 1;\n}\n\nstruct"])
def test_edit_outside_of_a_body_cannot_be_chosen(find: str) -> None:
    outside = fault(find=find, function="")
    assert schemata.body(JUMPING, outside) is None
    with pytest.raises(UserError):
        schemata.with_all(JUMPING, {1: outside})


@pytest.mark.parametrize("series", schemata.SERIES)
def test_faults_fit_the_kernel(series: str, kernel_source: Callable[[str], Path]) -> None:
    source = kernel_source(series)
    for each in faults.load():
        if series in each.series:
            text = (source / each.file).read_text()
            assert schemata.broken(text, each) != text


def test_every_case_is_shown_to_fail() -> None:
    named = {f"{each.suite}.{case}" for each in faults.load() for case in each.cases}
    known = {f"{suite.name}.{case.name}"
             for suite in suites.load(faults.REPO / "lib") for case in suite.cases}
    by_released_kernels = {entry.case for entry in quarantine.load(faults.REPO)}
    assert known - named <= by_released_kernels and named <= known
