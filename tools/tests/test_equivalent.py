# SPDX-License-Identifier: GPL-2.0-only
"""Equivalent mutants are those, and only those, whose object code is the same."""
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kmem_kunit import arch, proc
from kmem_kunit.equivalent import Comparison
from kmem_kunit.errors import UserError
from kmem_kunit.mutant import Mutant

OTHER = '#include <linux/slab.h>\n#include "slab.h"\nint g(void)\n{\n\treturn one() + zero() + two();\n}\n'
SOURCE = '#include <linux/slab.h>\n#include "slab.h"\nint f(int a)\n{\n\treturn a + zero() + 1;\n}\n'
HEADER = """\
static inline int zero(void)
{
	return 0;
}

static inline int one(void)
{
	return 1;
}
"""
LINUX = "static inline int two(void)\n{\n\treturn 2;\n}\n"


@pytest.fixture(name="comparison")
def _comparison(tmp_path: Path) -> Comparison:
    (tmp_path / "mm").mkdir()
    (tmp_path / "mm/slub.c").write_text(SOURCE)
    (tmp_path / "mm/slab.h").write_text(HEADER)
    (tmp_path / "include/linux").mkdir(parents=True)
    (tmp_path / "include/linux/slab.h").write_text(LINUX)
    (tmp_path / "mm/other.c").write_text(OTHER)
    return compared(tmp_path, "mm/other")


def compared(folder: Path, name: str) -> Comparison:
    """Return what compares; name is what the second source says that it is."""
    clang = f"clang{arch.find('uml-clang').llvm}"
    commands = {unit: [clang, "-O2", "-Wp,-MMD,x.d", f"-I{folder}/include",
                       f'-DKBUILD_MODFILE="{called}"', "-c", "-o", "object.o", str(folder / unit)]
                for unit, called in (("mm/slub.c", "mm/slub"), ("mm/other.c", name))}
    return Comparison(folder, folder, commands, folder)


def edit(file: str, text: str, old: str, new: str | None) -> Mutant:
    """Return the mutant that puts new in the place of old."""
    start = text.index(old)
    return Mutant(file, start, start + len(old), "constant", new, 1, 1, "f")


@pytest.mark.parametrize(("old", "new", "same"), [
    ("a + zero()", "a - zero()", True),
    ("a + zero() + 1", "a + 1 + zero()", True),
    ("1", "2", False),
    ("a + zero()", "a + nowhere", False),
])
def test_object_code_decides(comparison: Comparison, tmp_path: Path, old: str, new: str,
                             same: bool) -> None:
    assert comparison.same(edit("mm/slub.c", SOURCE, old, new)) is same
    assert (tmp_path / "mm/slub.c").read_text() == SOURCE
    assert not (tmp_path / "x.d").exists()


@pytest.mark.parametrize(("old", "new", "same"), [
    ("0", "1 - 1", True),
    ("0", "1", False),
    ("1", "2", False),  # mm/slub.c does not use it
])
def test_of_a_header_all_that_includes_it_decides(comparison: Comparison, old: str, new: str,
                                                  same: bool) -> None:
    assert comparison.same(edit("mm/slab.h", HEADER, old, new)) is same


@pytest.mark.usefixtures("comparison")
def test_suite_that_includes_a_header_does_not_decide(tmp_path: Path) -> None:
    assert compared(tmp_path, "lib/tests/slub_kunit").same(edit("mm/slab.h", HEADER, "1", "2"))


@pytest.mark.usefixtures("comparison")
def test_of_what_is_mutated_in_suites_these_decide(tmp_path: Path) -> None:
    more, less = (edit("include/linux/slab.h", LINUX, "2", new) for new in ("3", "1 + 1"))
    for name, same in (("lib/tests/slub_kunit", False), ("mm/other", True)):
        comparison = compared(tmp_path, name)
        assert comparison.same(more) is same and comparison.same(less)


@pytest.mark.usefixtures("comparison")
def test_suite_that_differed_is_compared_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clang = f"clang{arch.find('uml-clang').llvm}"
    commands = {}
    for number in range(9):
        source = tmp_path / f"mm/{number}_kunit.c"
        source.write_text(OTHER if number == 7 else SOURCE)
        commands[f"mm/{source.name}"] = [clang, "-O1", f"-I{tmp_path}/include", "-c", "-o", "x.o",
                                         f'-DKBUILD_MODFILE="mm/{source.stem}"', str(source)]
    comparison = Comparison(tmp_path, tmp_path, commands, tmp_path)
    assert not comparison.same(edit("include/linux/slab.h", LINUX, "2", "3"))
    run, compiled = proc.run, list[str]()

    def noted(words: Sequence[str | Path], **more: Any) -> proc.Done:
        compiled.append(str(words[-3]))
        return run(words, **more)

    monkeypatch.setattr(proc, "run", noted)
    assert not comparison.same(edit("include/linux/slab.h", LINUX, "2", "4"))
    assert compiled == [str(tmp_path / "mm/7_kunit.c")]


def test_edits_of_later_on_are_not_compared(comparison: Comparison, tmp_path: Path) -> None:
    (tmp_path / "mm/slub.c").write_text(f"int more;\n{SOURCE}")
    (tmp_path / "mm/slab.h").write_text(HEADER.replace("return 0", "return 5"))
    assert comparison.same(edit("mm/slub.c", SOURCE, "a + zero()", "a - zero()"))


def test_what_cannot_be_compiled_at_all_is_equal_to_nothing(comparison: Comparison,
                                                             tmp_path: Path) -> None:
    (tmp_path / "mm/other.c").unlink()
    with pytest.raises(UserError, match="mm/other.c cannot be compiled as it was"):
        comparison.same(edit("mm/slab.h", HEADER, "0", "1 - 1"))
