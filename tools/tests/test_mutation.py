# SPDX-License-Identifier: GPL-2.0-only
"""A kernel with mutants is searched by clang, and again where that may find others."""
from collections.abc import Iterator
from pathlib import Path

import pytest

from kmem_kunit import arch, image, kernel, mutation
from kmem_kunit.errors import UserError
from kmem_kunit.mutant import FILES, UNITS, in_suite

ARCH = arch.find("uml-clang")
SOURCES = {file: "static int one(int a)\n{\n\treturn a + 1;\n}\n" for file in FILES} | {
    "include/linux/compiler.h": "#define unlikely(x) (x)\n#define __always_inline inline\n",
    "include/linux/types.h": "typedef _Bool bool;\n",
    "mm/Makefile": "obj-y += slub.o\n",
    "lib/kunit/test.c": "static void kunit_print_ok_not_ok(void)\n{\n}\n",
}
SLAB = """\
#define BUILD_BUG_ON_MSG(cond, msg) ((void)(cond))
#define kmalloc_index(s) __kmalloc_index(s)
static inline int __kmalloc_index(int size)
{
	if (size <= 8)
		return 3;
	BUILD_BUG_ON_MSG(1, "unexpected");
	return -1;
}

static inline int kmalloc(int size, int flags)
{
	if (size > 4)
		return size + 1;
	flags = kmalloc_index(size + 2);
	return flags + 3;
}
"""


@pytest.fixture(name="request_")
def _request(fake_kernel: Path, repo: Path, monkeypatch: pytest.MonkeyPatch,
             cache_root: Path) -> Iterator[image.Request]:
    """What a fake kernel with mutants is made of, whose build only notes how it compiles."""
    for name, text in SOURCES.items():
        (fake_kernel / name).parent.mkdir(parents=True, exist_ok=True)
        (fake_kernel / name).write_text(text)
    (fake_kernel / "include/linux/slab.h").write_text(SLAB)
    (fake_kernel / "mm/slub.c").write_text(
        '#include <linux/slab.h>\n#include "slab.h"\n' + SOURCES["mm/slub.c"].replace("one", "two"))
    for name in ("in_tree", "mutants"):
        (repo / f"tools/configs/{name}.config").write_text(f"CONFIG_{name.upper()}=y\n")
    (repo / "tools/mutation").mkdir()
    for path in mutation._OURS.values():
        (repo / path).write_bytes((Path(__file__).parents[2] / path).read_bytes())
    for name in ("mutants", "locks"):
        (cache_root / name).mkdir(parents=True)
    monkeypatch.setattr(image, "build", built)
    yield image.Request(kernel.from_tree(str(fake_kernel)), repo, arch=ARCH)


def built(base: Path, request: image.Request) -> image.Image:
    """Stand in for image.build()."""
    plan = image.plan(base, request)
    place = request.kernel.path
    for unit in UNITS:
        made = plan.build_dir / unit
        made.parent.mkdir(parents=True, exist_ok=True)
        made.with_name(f".{made.stem}.o.cmd").write_text(
            f"savedcmd_{made.stem}.o := clang{ARCH.llvm} -I{place}/include"
            f""" -DKBUILD_MODFILE='"{made.stem}"' -c -o x.o {place / unit}\n""")
    (plan.build_dir / ".config").touch()
    return image.Image(base / "images/x", place, request.kernel.release, "", ARCH)


def searched(capsys: pytest.CaptureFixture[str]) -> bool:
    """Say whether a kernel was searched since the last call."""
    return "looking for mutants" in capsys.readouterr().err


def test_kernel_is_searched_once_for_each_configuration(
        request_: image.Request, cache_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = mutation.make(cache_root, request_, ())
    assert {each.file for each in made.mutants.values()} == set(FILES)
    assert searched(capsys)
    assert mutation.make(cache_root, request_, ()).mutants == made.mutants and not searched(capsys)
    with open(request_.repo / ".kunitconfig", "a", encoding="utf-8") as file:
        print("CONFIG_SLUB_STATS=y", file=file)
    mutation.make(cache_root, request_, ())
    assert searched(capsys)


def test_what_has_to_fold_cannot_be_chosen(request_: image.Request, cache_root: Path) -> None:
    made = mutation.make(cache_root, request_, ())
    places = [[(each.line, each.operator) for each in found.values() if each.file == "include/linux/slab.h"]
              for found in (made.mutants, made.single)]
    assert set(places[0]) == {
        *((line, operator) for line in (14, 16) for operator in ("arithmetic", "constant", "result")),
        (15, "statement")}
    assert {line for line, _ in places[1]} == {5, 6, 8, 13, 14, 15}
    assert (14, "statement") in places[1] and (15, "arithmetic") in places[1]


def test_sources_are_noted_in_which_mutants_of_a_header_act(
        request_: image.Request, cache_root: Path) -> None:
    mutation.make(cache_root, request_, ())
    place = next((cache_root / "mutants").iterdir()) / "tree"
    build = image.plan(cache_root, mutation._of(mutation.configured(request_), place)).build_dir
    for unit, header in (("mm/swap.c", "mm/slab.h"), ("mm/page.c", "include/linux/slab.h"),
                         ("mm/x_kunit.c", "include/linux/slab.h"), ("mm/y_kunit.c", "mm/slab.h"),
                         ("mm/gone_kunit.c", "include/linux/slab.h")):
        noted = build / f"mm/.{Path(unit).stem}.o.cmd"
        source = request_.kernel.path / unit
        source.touch()
        noted.write_text(f"savedcmd_x.o := clang -DKBUILD_MODFILE='\"{unit[:-2]}\"' -c -o x.o {source}\n"
                         f"deps_x.o := \\\n  {source.parents[1] / header} \\\n")
    (request_.kernel.path / "mm/gone_kunit.c").unlink()
    commands = mutation.make(cache_root, request_, ()).commands
    assert set(commands) == {*UNITS, "mm/swap.c", "mm/x_kunit.c"}
    assert [unit for unit in commands if in_suite(commands[unit])] == ["mm/x_kunit.c"]


def test_header_of_most_of_the_kernel_stays_as_it_is(
        request_: image.Request, cache_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or make would compile most of the kernel, twice, for each edit."""
    seen, linux = list[bytes](), request_.kernel.path

    def noted(base: Path, request: image.Request) -> image.Image:
        seen.append((request.kernel.path / "include/linux/slab.h").read_bytes())
        links = b"kmem_mutant.o" in (request.kernel.path / "mm/Makefile").read_bytes()
        assert links or b"kmem_mutant_inside" not in seen[-1]
        return built(base, request)

    monkeypatch.setattr(image, "build", noted)
    first = mutation.make(cache_root, request_, ())
    plain, rendered = seen
    assert plain == SLAB.encode() and b"kmem_mutant_inside(1)" in rendered
    with open(linux / "mm/util.c", "a", encoding="utf-8") as file:
        print("static int more(int a)\n{\n\treturn a - 1;\n}", file=file)
    again = mutation.make(cache_root, request_, ())
    assert seen[2:] == [rendered, rendered] and len(again.mutants) > len(first.mutants)
    for kernel_ in (first, again):
        assert [each for each in kernel_.mutants.values() if each.file == "include/linux/slab.h"] == [
            each for each in first.mutants.values() if each.file == "include/linux/slab.h"]
    (linux / "include/linux/slab.h").write_text(f"\n{SLAB}")
    mutation.make(cache_root, request_, ())
    assert seen[4] == f"\n{SLAB}".encode() and seen[5] not in (rendered, seen[4])


def test_source_that_clang_cannot_read_is_an_error(request_: image.Request, cache_root: Path) -> None:
    """Or code would have no mutants, and nobody would know."""
    with open(request_.kernel.path / "mm/util.c", "a", encoding="utf-8") as file:
        print('#include "gone.h"\nint f(void) { return 1; }', file=file)
    with pytest.raises(UserError, match=r"^clang cannot read .*mm/util\.c:5: 'gone\.h' file not found$"):
        mutation.make(cache_root, request_, ())
