# SPDX-License-Identifier: GPL-2.0-only
"""Shadow trees leave the kernel alone; apply and unapply leave it byte for byte as it was."""
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import contents, make_kernel, make_repo, snapshot
from hypothesis import given
from hypothesis import strategies as st

from kmem_kunit import cache, kernel, overlay, proc, tree
from kmem_kunit.errors import UserError

MAKE_HOOK = "obj-$(CONFIG_KUNIT) += kmem_kunit/"
KCONFIG_HOOK = 'source "lib/kmem_kunit/Kconfig"'


def the(path: Path) -> kernel.Kernel:
    return kernel.from_tree(str(path))


def test_a_shadow_has_all_of_the_kernel_and_the_suites(
    cache_root: Path, fake_kernel: Path, repo: Path
) -> None:
    before = snapshot(fake_kernel)
    with tree.shadow(cache.root(), the(fake_kernel), repo) as shadow:
        root = shadow.path
        assert (root / "mm").readlink() == fake_kernel / "mm"
        assert (root / "lib/string.c").readlink() == fake_kernel / "lib/string.c"
        assert (root / "tools/perf").readlink() == fake_kernel / "tools/perf"
        assert MAKE_HOOK in (root / "lib/Makefile").read_text().splitlines()
        lines = (root / "lib/Kconfig.debug").read_text().splitlines()
        assert lines.index(KCONFIG_HOOK) == lines.index('source "lib/kunit/Kconfig"') + 1
        tool = root / "tools/testing/kunit/kunit.py"
        assert tool.resolve() == tool
        suite = root / "lib/kmem_kunit/lib/kmem_tiny_kunit.c"
        assert suite.read_bytes() == (repo / "lib/kmem_tiny_kunit.c").read_bytes()
        assert not (root / "lib/kmem_kunit/tools").exists()
    assert snapshot(fake_kernel) == before


def test_an_unchanged_shadow_is_not_touched(
    cache_root: Path, fake_kernel: Path, repo: Path
) -> None:
    base = cache.root()
    with tree.shadow(base, the(fake_kernel), repo) as shadow:
        first = snapshot(shadow.path)
    os.utime(repo / "lib/kmem_tiny_kunit.c")  # as git checkout does
    with tree.shadow(base, the(fake_kernel), repo) as shadow:
        assert snapshot(shadow.path) == first


def test_bytecode_stays_in_the_shadow(cache_root: Path, fake_kernel: Path, repo: Path) -> None:
    before = snapshot(fake_kernel)
    with tree.shadow(cache.root(), the(fake_kernel), repo) as shadow:
        name = "tools/testing/kunit/qemu_configs/x86_64.py"
        load = "import importlib.util as u, sys; s = u.spec_from_file_location('c', sys.argv[1]); " \
               "s.loader.exec_module(u.module_from_spec(s))"  # as kunit.py does
        subprocess.run([sys.executable, "-c", load, shadow.path / name], check=True, env=proc.environment())
        assert (shadow.path / name).parent.joinpath("__pycache__").is_dir()
    assert snapshot(fake_kernel) == before


def test_a_shadow_follows_the_kernel_and_the_suites(
    cache_root: Path, fake_kernel: Path, repo: Path
) -> None:
    base = cache.root()
    with tree.shadow(base, the(fake_kernel), repo) as shadow:
        before, root = shadow.digest, shadow.path
    (fake_kernel / "rust").mkdir()
    (fake_kernel / "lib/string.c").unlink()
    (fake_kernel / "lib/new.c").write_text("")
    with open(fake_kernel / "lib/Makefile", "a", encoding="utf-8") as file:
        file.write("obj-y += new.o\n")
    old = repo / "lib/kmem_tiny_kunit.c"
    old.write_text(old.read_text() + "/* more */\n")
    os.utime(old, (1, 1))  # an older time must not hide the edit from make
    (repo / "lib/kmem_more_kunit.c").write_text("/* more */\n")
    with tree.shadow(base, the(fake_kernel), repo) as shadow:
        assert shadow.path == root and shadow.digest != before
        assert (root / "rust").is_symlink() and (root / "lib/new.c").is_symlink()
        assert not os.path.lexists(root / "lib/string.c")
        assert "obj-y += new.o" in (root / "lib/Makefile").read_text()
        assert (root / "lib/kmem_kunit/lib/kmem_more_kunit.c").is_file()
        assert (root / "lib/kmem_kunit/lib/kmem_tiny_kunit.c").stat().st_mtime > 1
    (repo / "lib/kmem_more_kunit.c").unlink()
    with tree.shadow(base, the(fake_kernel), repo):
        assert not (root / "lib/kmem_kunit/lib/kmem_more_kunit.c").exists()


def test_what_a_build_made_in_the_checkout_is_not_copied(
    cache_root: Path, fake_kernel: Path, repo: Path
) -> None:
    base = cache.root()
    with tree.shadow(base, the(fake_kernel), repo) as shadow:
        before = shadow.digest
    for name in ("kmem_tiny_kunit.o", "kmem_tiny_kunit.mod.c", ".kmem_tiny_kunit.o.cmd", "x.ko"):
        (repo / "lib" / name).write_text("")
    with tree.shadow(base, the(fake_kernel), repo) as shadow:
        assert shadow.digest == before


def test_a_half_made_shadow_is_completed(cache_root: Path, fake_kernel: Path, repo: Path) -> None:
    base = cache.root()
    path = tree.shadow_path(base, the(fake_kernel), repo)
    (path / "lib").mkdir(parents=True)
    (path / "mm").write_text("not a link")
    with tree.shadow(base, the(fake_kernel), repo):
        assert (path / "mm").is_symlink() and (path / "lib/kmem_kunit/Kconfig").is_file()


def test_paths_with_spaces(cache_root: Path, tmp_path: Path) -> None:
    linux = make_kernel(tmp_path / "my linux: the 'tree'")
    repo = make_repo(tmp_path / "my repo")
    with tree.shadow(cache.root(), the(linux), repo) as shadow:
        assert " " not in str(shadow.path)
        assert (shadow.path / "mm/slub.c").is_file()


def test_git_is_not_shadowed(cache_root: Path, fake_kernel: Path, repo: Path) -> None:
    """kbuild would ask git about a tree that is all links, and rebuild at each commit."""
    (fake_kernel / ".git").mkdir()
    with tree.shadow(cache.root(), the(fake_kernel), repo) as shadow:
        assert not (shadow.path / ".git").exists()


def test_a_checkout_that_is_not_complete(fake_kernel: Path, repo: Path) -> None:
    (repo / "Kconfig").unlink()
    with pytest.raises(UserError, match="no Kconfig"):
        tree.apply(fake_kernel, repo)


def test_apply_and_unapply(fake_kernel: Path, repo: Path) -> None:
    before = contents(fake_kernel)
    assert tree.apply(fake_kernel, repo) == ["lib/kmem_kunit", *overlay.HOOKED]
    assert (fake_kernel / "lib/kmem_kunit/.kunitconfig").is_file()
    assert not (fake_kernel / "lib/kmem_kunit").is_symlink()
    applied = snapshot(fake_kernel)
    assert not tree.apply(fake_kernel, repo)
    assert snapshot(fake_kernel) == applied
    assert tree.unapply(fake_kernel) == [*overlay.HOOKED, "lib/kmem_kunit"]
    assert contents(fake_kernel) == before
    after = snapshot(fake_kernel)
    assert not tree.unapply(fake_kernel)
    assert snapshot(fake_kernel) == after


def test_sha256sum_agrees_with_what_apply_notes(fake_kernel: Path, repo: Path) -> None:
    tree.apply(fake_kernel, repo)
    place = fake_kernel / "lib/kmem_kunit"
    subprocess.run(["sha256sum", "-c", "--quiet", ".applied.sha256"], cwd=place, check=True)


def test_apply_again_brings_the_new_version(fake_kernel: Path, repo: Path) -> None:
    before = contents(fake_kernel)
    tree.apply(fake_kernel, repo)
    (repo / "lib/kmem_tiny_kunit.c").write_text("/* new */\n")
    (repo / "lib/kmem_gone_kunit.c").write_text("")
    tree.apply(fake_kernel, repo)
    (repo / "lib/kmem_gone_kunit.c").unlink()
    assert tree.apply(fake_kernel, repo) == ["lib/kmem_kunit"]
    assert (fake_kernel / "lib/kmem_kunit/lib/kmem_tiny_kunit.c").read_text() == "/* new */\n"
    assert not (fake_kernel / "lib/kmem_kunit/lib/kmem_gone_kunit.c").exists()
    tree.unapply(fake_kernel)
    assert contents(fake_kernel) == before


@pytest.mark.parametrize("how", ["edited", "added"])
@pytest.mark.parametrize("verb", ["apply", "unapply"])
def test_what_the_user_wrote_is_not_lost(
    how: str, verb: str, fake_kernel: Path, repo: Path
) -> None:
    tree.apply(fake_kernel, repo)
    name = "lib/kmem_tiny_kunit.c" if how == "edited" else "lib/notes.txt"
    (fake_kernel / "lib/kmem_kunit" / name).write_text("my work\n")
    before = snapshot(fake_kernel)
    with pytest.raises(UserError, match=name):
        tree.apply(fake_kernel, repo) if verb == "apply" else tree.unapply(fake_kernel)
    assert snapshot(fake_kernel) == before


def test_a_folder_of_somebody_elses(fake_kernel: Path, repo: Path) -> None:
    (fake_kernel / "lib/kmem_kunit").symlink_to(repo)
    before = snapshot(fake_kernel)
    with pytest.raises(UserError, match="was not put there"):
        tree.apply(fake_kernel, repo)
    with pytest.raises(UserError, match="was not put there"):
        tree.unapply(fake_kernel)
    assert snapshot(fake_kernel) == before


def test_unapply_after_a_build_in_the_tree(fake_kernel: Path, repo: Path) -> None:
    before = contents(fake_kernel)
    tree.apply(fake_kernel, repo)
    made = ("built-in.a", "modules.order", "lib/x.o", "lib/.x.o.cmd", "lib/x.mod.c", "lib/x.ko")
    for name in made:
        (fake_kernel / "lib/kmem_kunit" / name).write_text("")
    tree.unapply(fake_kernel)
    assert contents(fake_kernel) == before


def test_a_shadow_of_a_tree_that_the_suites_are_applied_to(
    cache_root: Path, fake_kernel: Path, repo: Path
) -> None:
    tree.apply(fake_kernel, repo)
    before = snapshot(fake_kernel)
    with tree.shadow(cache.root(), the(fake_kernel), repo) as shadow:
        assert (shadow.path / "lib/Makefile").read_text().count(MAKE_HOOK) == 1
        assert (shadow.path / "lib/Kconfig.debug").read_text().count(KCONFIG_HOOK) == 1
        assert not (shadow.path / "lib/kmem_kunit").is_symlink()
        assert not (shadow.path / "lib/kmem_kunit/.applied.sha256").exists()
    assert snapshot(fake_kernel) == before


ENDS = st.sampled_from([b"\n", b"\r\n"])
LINE = st.sampled_from([b"obj-y += a.o", b"", b"ifdef X", b"endif", b"\tindented", b"# caf\xe9"])


@st.composite
def texts(draw: st.DrawFn, anchor: bytes = b"") -> bytes:
    """A file with any mix of line ends, and perhaps none at the end."""
    lines = draw(st.lists(LINE, max_size=6))
    if anchor:
        lines.insert(draw(st.integers(0, len(lines))), anchor)
    text = b"".join(line + draw(ENDS) for line in lines)
    return text.rstrip(b"\r\n") if draw(st.booleans()) else text


@given(texts())
def test_the_makefile_comes_back_byte_for_byte(text: bytes) -> None:
    hooked = overlay.hook("lib/Makefile", text)
    assert hooked != text and overlay.hook("lib/Makefile", hooked) == hooked
    assert overlay.unhook("lib/Makefile", hooked) == text


@given(texts(anchor=b'source "lib/kunit/Kconfig"'))
def test_the_kconfig_file_comes_back_byte_for_byte(text: bytes) -> None:
    hooked = overlay.hook("lib/Kconfig.debug", text)
    assert hooked != text and overlay.hook("lib/Kconfig.debug", hooked) == hooked
    assert overlay.unhook("lib/Kconfig.debug", hooked) == text


@given(texts(), texts())
def test_edits_in_between_survive(text: bytes, more: bytes) -> None:
    hooked = overlay.hook("lib/Makefile", text)
    if hooked.endswith(b"\n"):
        assert overlay.unhook("lib/Makefile", hooked + more) == text + more
    assert overlay.unhook("lib/Makefile", b"first\n" + hooked) == b"first\n" + text


def test_a_kernel_whose_kconfig_knows_no_kunit() -> None:
    with pytest.raises(UserError, match="lib/kunit/Kconfig"):
        overlay.hook("lib/Kconfig.debug", b"config A\n")


@pytest.mark.parametrize("series", ["6.12", "7.3"])
def test_hooks_of_the_real_kernels_stand_where_they_should(
    series: str, kernel_source: Callable[[str], Path]
) -> None:
    """No if block hides our entries: they stand where KUnit's own do."""
    for name in overlay.HOOKED:
        text = (kernel_source(series) / name).read_bytes()
        hooked = overlay.hook(name, text)
        assert overlay.unhook(name, hooked) == text
    before, _, _ = hooked.partition(KCONFIG_HOOK.encode())
    words = [line.split()[0] for line in before.decode().splitlines() if line and line[0].isalpha()]
    assert words.count("if") == words.count("endif")
    menu = [line for line in before.decode().splitlines() if line.startswith("menu ")][-1]
    assert menu == 'menu "Kernel Testing and Coverage"'


def test_edited_tree_never_leads_a_write_to_its_source(tmp_path: Path) -> None:
    source, root = tmp_path / "source", tmp_path / "tree"
    names = ["mm/x.c", "include/linux/x.h"]
    for name in names:
        (source / name).parent.mkdir(parents=True)
        (source / name).write_text("whole")
    for files in (names[:1], names, names[1:], names[:1]):
        tree.edited(source, root, dict.fromkeys(files, "broken"))
        for name in names:
            assert (source / name).read_text() == "whole"
            assert (root / name).read_text() == ("broken" if name in files else "whole")


def test_edited_tree_leaves_what_is_right_alone(tmp_path: Path) -> None:
    source, root = tmp_path / "source", tmp_path / "tree"
    (source / "mm").mkdir(parents=True)
    (source / "mm/x.c").write_text("whole")
    (source / "mm/y.c").write_text("whole")
    tree.edited(source, root, {"mm/x.c": "broken"})
    before = {name: (root / name).lstat().st_mtime_ns for name in ("mm/x.c", "mm/y.c")}
    tree.edited(source, root, {"mm/x.c": "broken"})
    assert before == {name: (root / name).lstat().st_mtime_ns for name in before}
