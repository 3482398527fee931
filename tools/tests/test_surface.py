# SPDX-License-Identifier: GPL-2.0-only
"""The list of the allocator's functions, its waivers, and the rule that nothing is left out."""
from collections.abc import Callable
from pathlib import Path

import pytest

from kmem_kunit import kernel, overlay, surface
from kmem_kunit.errors import UserError
from kmem_kunit.surface import Function

FUNCTIONS = (
    Function("kmalloc", "slab.h", ("kmem_a.one", "kmem_a.two", "kmem_b.three")),
    Function("kmem_cache_init", "slab.h", (), "runs in boot"),
    Function("kfree\x1b[2J", "new\nline.h"),
    Function("kfree_bulk", "slab.h", ("kmem_a.one",), "no reason any more"),
)


def test_lines() -> None:
    assert list(surface.lines(FUNCTIONS, ["kgone"], "Linux 6.12.3")) == [
        "kmalloc          slab.h              3  kmem_a.one, kmem_a.two, ...",
        "kfree_bulk       slab.h              1  kmem_a.one",
        "waived:",
        "  kmem_cache_init  slab.h            runs in boot",
        "with neither a case nor a waiver:",
        r"  kfree\x1b[2J     new\nline.h",
        "waived in tools/surface.toml, and yet with cases:",
        "  kfree_bulk",
        "waived in tools/surface.toml, and in no kernel:",
        "  kgone",
        "Linux 6.12.3: 4 functions, 2 with cases, 1 waived, 1 with neither",
    ]


def test_what_passes() -> None:
    assert surface.passes(FUNCTIONS[:2], [])
    assert not surface.passes(FUNCTIONS[:2], ["kgone"])
    assert not surface.passes(FUNCTIONS[:3], [])
    assert not surface.passes((*FUNCTIONS[:2], FUNCTIONS[3]), [])


@pytest.mark.parametrize(("text", "says"), [
    (b"[waivers]\nkfree = ''\n", "the waiver of kfree has no reason"),
    (b"[waivers]\nkfree = 1\n", "the waiver of kfree has no reason"),
    (b"[waivers]\nkfree = 'a'\nkfree = 'b'\n", "surface.toml: Cannot overwrite"),
    (b"kfree = 'a'\n", "nothing else"),
    (b"waivers = 'a'\n", "nothing else"),
    (b"[waivers]\nkfree = '\xff'\n", "surface.toml: "),
    (None, "No such file"),
])
def test_waivers_that_are_none(tmp_path: Path, text: bytes | None, says: str) -> None:
    (tmp_path / "tools").mkdir()
    if text is not None:
        (tmp_path / surface.WAIVERS).write_bytes(text)
    with pytest.raises(UserError) as caught:
        surface.waivers(tmp_path)
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_survey(repo: Path, fake_kernel: Path) -> None:
    write_headers(fake_kernel)
    exercise(repo, "kfree(kmalloc(8, GFP_KERNEL))")
    (repo / surface.WAIVERS).write_text("[waivers]\nkfree = 'x'\nkzalloc = 'y'\nkgone = 'z'\n")
    found = surface.survey(repo, kernel.opened(str(fake_kernel)))
    assert found == [
        Function("kfree", "slab.h", ("kmem_tiny.first",), "x"),
        Function("kmalloc", "slab.h", ("kmem_tiny.first",)),
        Function("kvfree", "slab.h"),
        Function("kzalloc", "slab.h", (), "y"),
    ]
    assert [each.name for each in found if each.uncovered] == ["kvfree"]
    assert [each.name for each in found if each.stale] == ["kfree"]
    assert surface.strays(surface.waivers(repo), [kernel.opened(str(fake_kernel))]) == ["kgone"]
    assert surface.strays({}, []) == []


def write_headers(linux: Path) -> None:
    """Give a fake kernel an API of four functions."""
    (linux / "include/linux").mkdir(parents=True, exist_ok=True)
    (linux / "include/linux/slab.h").write_text(
        "#define kmalloc(...) alloc_hooks(kmalloc_noprof(__VA_ARGS__))\n"
        "void kfree(const void *p);\nextern void kvfree(const void *p);\n"
        "static inline void *kzalloc(size_t n, gfp_t f) { return kmalloc(n, f | __GFP_ZERO); }\n"
    )


def exercise(repo: Path, statement: str) -> None:
    """Let the first case of a small checkout do something."""
    path = repo / "lib/kmem_tiny_kunit.c"
    path.write_text(path.read_text().replace("{\n}", f"{{\n\t{statement};\n}}", 1))


@pytest.mark.parametrize("series", surface.SERIES)
def test_every_function_has_a_case_or_a_waiver(
    series: str, kernel_source: Callable[[str], Path]
) -> None:
    functions = surface.survey(overlay.REPO, kernel.opened(str(kernel_source(series))))
    assert len(functions) > 100
    uncovered = [each.name for each in functions if each.uncovered]
    assert not uncovered, " ".join(uncovered)
    stale = [f"{each.name}: {each.cases[0]}" for each in functions if each.stale]
    assert not stale, ", ".join(stale)


def test_every_waiver_has_a_function(kernel_source: Callable[[str], Path]) -> None:
    kernels = [kernel.opened(str(kernel_source(name))) for name in surface.SERIES]
    assert surface.strays(surface.waivers(overlay.REPO), kernels) == []
