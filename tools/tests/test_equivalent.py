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


@pytest.fixture(name="sources", autouse=True)
def _sources(tmp_path: Path) -> None:
    (tmp_path / "mm").mkdir()
    (tmp_path / "mm/slub.c").write_text(SOURCE)
    (tmp_path / "mm/slab.h").write_text(HEADER)
    (tmp_path / "include/linux").mkdir(parents=True)
    (tmp_path / "include/linux/slab.h").write_text(LINUX)
    (tmp_path / "mm/other.c").write_text(OTHER)


def compared(folder: Path, *mutants: Mutant, name: str = "mm/other") -> Comparison:
    """Return what compares mutants; name is what the second source says that it is."""
    return Comparison(folder, folder, {
        unit: command(folder / unit, called)
        for unit, called in (("mm/slub.c", "mm/slub"), ("mm/other.c", name))}, folder, mutants)


def command(source: Path, name: str) -> list[str]:
    """Return how a source is compiled."""
    clang = f"clang{arch.find('uml-clang').llvm}"
    return [clang, "-O2", "-Wp,-MMD,x.d", f"-I{source.parents[1]}/include", f'-DKBUILD_MODFILE="{name}"',
            "-c", "-o", "object.o", str(source)]


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
def test_object_code_decides(tmp_path: Path, old: str, new: str, same: bool) -> None:
    mutant = edit("mm/slub.c", SOURCE, old, new)
    assert compared(tmp_path, mutant).same(mutant) is same
    assert (tmp_path / "mm/slub.c").read_text() == SOURCE
    assert not (tmp_path / "x.d").exists()


@pytest.mark.parametrize(("old", "new", "same"), [
    ("0", "1 - 1", True),
    ("0", "1", False),
    ("1", "2", False),  # mm/slub.c does not use it
])
def test_of_a_header_all_that_includes_it_decides(tmp_path: Path, old: str, new: str, same: bool) -> None:
    mutant = edit("mm/slab.h", HEADER, old, new)
    assert compared(tmp_path, mutant).same(mutant) is same


def test_suite_that_includes_a_header_does_not_decide(tmp_path: Path) -> None:
    mutant = edit("mm/slab.h", HEADER, "1", "2")
    assert compared(tmp_path, mutant, name="lib/tests/slub_kunit").same(mutant)


def test_of_what_is_mutated_in_suites_these_decide(tmp_path: Path) -> None:
    more, less = (edit("include/linux/slab.h", LINUX, "2", new) for new in ("3", "1 + 1"))
    for name, same in (("lib/tests/slub_kunit", False), ("mm/other", True)):
        comparison = compared(tmp_path, more, less, name=name)
        assert comparison.same(more) is same and comparison.same(less)


def test_only_what_has_code_of_a_mutant_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = [tmp_path / f"mm/{number}_kunit.c" for number in range(5)]
    for source in sources:
        source.write_text(OTHER if source is sources[3] else SOURCE)
    mutants = [edit("include/linux/slab.h", LINUX, old, new)
               for old, new in (("2", "1 + 1"), ("2", "3"), ("return 2", None))]
    comparison = Comparison(tmp_path, tmp_path, {
        f"mm/{source.name}": command(source, f"mm/{source.stem}") for source in sources}, tmp_path, mutants)
    assert comparison.same(mutants[0])
    run, compiled = proc.run, list[str]()

    def noted(words: Sequence[str | Path], **more: Any) -> proc.Done:
        compiled.append(str(words[-3]))
        return run(words, **more)

    monkeypatch.setattr(proc, "run", noted)
    assert not comparison.same(mutants[1]) and not comparison.same(mutants[2])
    assert compiled == [str(sources[3])] * 2


def test_edits_of_later_on_are_not_compared(tmp_path: Path) -> None:
    mutant = edit("mm/slub.c", SOURCE, "a + zero()", "a - zero()")
    comparison = compared(tmp_path, mutant)
    (tmp_path / "mm/slub.c").write_text(f"int more;\n{SOURCE}")
    (tmp_path / "mm/slab.h").write_text(HEADER.replace("return 0", "return 5"))
    assert comparison.same(mutant)


def test_what_cannot_be_compiled_at_all_is_equal_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "mm/other.c").unlink()
    mutant = edit("mm/slab.h", HEADER, "0", "1 - 1")
    with pytest.raises(UserError, match="mm/other.c cannot be compiled as it was"):
        compared(tmp_path, mutant).same(mutant)
