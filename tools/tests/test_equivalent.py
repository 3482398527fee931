# SPDX-License-Identifier: GPL-2.0-only
"""Equivalent mutants are those, and only those, whose object code is the same."""
from pathlib import Path

import pytest

from kmem_kunit import arch, image
from kmem_kunit.equivalent import Comparison
from kmem_kunit.errors import UserError
from kmem_kunit.mutant import Mutant
from kmem_kunit.mutation import Made

SOURCE = '#include "slab.h"\nint f(int a)\n{\n\treturn a + zero() + 1;\n}\n'
HEADER = "static inline int zero(void)\n{\n\treturn 0;\n}\n"


@pytest.fixture(name="made")
def _made(tmp_path: Path) -> Made:
    (tmp_path / "mm").mkdir()
    (tmp_path / "mm/slub.c").write_text(SOURCE)
    (tmp_path / "mm/slab.h").write_text(HEADER)
    clang = f"clang{arch.find('uml-clang').llvm}"
    command = [clang, "-O2", "-Wp,-MMD,x.d", "-c", "-o", "mm/slub.o", str(tmp_path / "mm/slub.c")]
    the_image = image.Image(tmp_path, tmp_path, "7.3", "", arch.UML)
    return Made({}, [], {"mm/slub.c": command}, the_image, tmp_path, tmp_path)


def edit(file: str, text: str, old: str, new: str | None) -> Mutant:
    """Return the mutant that puts new in the place of old."""
    start = text.index(old)
    return Mutant(file, start, start + len(old), "constant", new, 1, 1, "f")


@pytest.mark.parametrize(("old", "new", "same"), [
    ("a + zero()", "a - zero()", True),
    ("a + zero() + 1", "a + 1 + zero()", True),
    ("+ 1", "+ 2", False),
    ("a + zero()", "a + nowhere", False),
])
def test_object_code_decides(made: Made, tmp_path: Path, old: str, new: str, same: bool) -> None:
    comparison = Comparison(made, tmp_path)
    assert comparison.same(edit("mm/slub.c", SOURCE, old, new)) is same
    assert (tmp_path / "mm/slub.c").read_text() == SOURCE
    assert not (tmp_path / "x.d").exists()


def test_no_mutant_of_a_header_is_equivalent(made: Made, tmp_path: Path) -> None:
    assert not Comparison(made, tmp_path).same(edit("mm/slab.h", HEADER, "return 0", "return 1 - 1"))


def test_what_cannot_be_compiled_at_all_is_equal_to_nothing(made: Made, tmp_path: Path) -> None:
    (tmp_path / "mm/slab.h").unlink()
    with pytest.raises(UserError, match="mm/slub.c cannot be compiled as it was"):
        Comparison(made, tmp_path).same(edit("mm/slub.c", SOURCE, "+ 1", "+ 2"))
