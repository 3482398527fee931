# SPDX-License-Identifier: GPL-2.0-only
"""Patch sets: what git makes of them, messages that keep their names, and what a version says of the one before."""
import re
import subprocess
from pathlib import Path

import pytest

from kmem_kunit import patchset, proc
from kmem_kunit.errors import UserError
from kmem_kunit.patchset import Patch

BASE = {"lib/Makefile": "a\nb\n", "MAINTAINERS": "x\n"}
PATCHES = [Patch("slab: add one", "It is new.", {"lib/one.c": "int one;\n", "lib/Makefile": "a\none\nb\n"}),
           Patch("slab: add two", "So is it.\n\nFixes: 0123456789ab (\"slab: a thing\")", {"lib/two.c": "int two;\n"})]
WHO = patchset.sender("A Dév <a@example.org>")


def written(patches: list[Patch], folder: Path, before: patchset.Previous | None = None) -> list[Path]:
    """The files of patches."""
    folder.mkdir()
    (folder / "work").mkdir()
    return patchset.write(patches, BASE, WHO, ("slab: add things", "Two of them."), folder / "work", folder / "out", before)


def ids(files: list[Path]) -> list[str]:
    """The Message-IDs of files."""
    return [re.findall(r"^Message-I[Dd]: <(.*)>$", path.read_text(encoding="utf-8"), re.MULTILINE)[0] for path in files]


@pytest.mark.parametrize("text", ["nobody", "A <a b@c>", "A <a@b>\nBcc: x", "<>", "a@b@c"])
def test_an_author_has_an_address(text: str) -> None:
    with pytest.raises(UserError, match="is no author such as"):
        patchset.sender(text)


def test_they_are_applied_as_they_were_meant(tmp_path: Path) -> None:
    files = written(PATCHES, tmp_path / "a")
    assert [path.name for path in files] == ["0000-cover-letter.patch", "0001-slab-add-one.patch", "0002-slab-add-two.patch"]
    cover, one, two = (path.read_text(encoding="utf-8") for path in files)
    assert "Subject: [PATCH 0/2] slab: add things" in cover and "\nTwo of them.\n" in cover and "***" not in cover
    assert f"In-Reply-To: <{ids(files)[0]}>" in one and f"References: <{ids(files)[0]}>" in two
    assert "\nIt is new.\n---\n" in one and '\nFixes: 0123456789ab ("slab: a thing")\n---\n' in two
    tree = tmp_path / "tree"
    for name, text in BASE.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")
    applying: list[list[str]] = [["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "base"],
                                 ["am", "-q", "--signoff", *map(str, files[1:])]]
    for words in applying:
        subprocess.run(["git", *words], cwd=tree, check=True, env=proc.environment(**WHO.variables))
    assert (tree / "lib/Makefile").read_text(encoding="utf-8") == "a\none\nb\n" and (tree / "lib/two.c").is_file()
    log = subprocess.run(["git", "log", "-1", "--format=%an <%ae>%n%b"], cwd=tree, check=True, capture_output=True, text=True)
    assert log.stdout.startswith("A Dév <a@example.org>\n") and "Signed-off-by: A Dév" in log.stdout


def test_a_message_keeps_its_name_while_it_says_the_same(tmp_path: Path) -> None:
    first = ids(written(PATCHES, tmp_path / "a"))
    assert len(set(first)) == 3 and all(each.endswith("@example.org") for each in first)
    assert ids(written(PATCHES, tmp_path / "b")) == first
    other = ids(written([Patch("slab: add one", "It is newer.", PATCHES[0].files), PATCHES[1]], tmp_path / "c"))
    assert other[1] != first[1] and other[2] == first[2]


def test_a_version_tells_what_has_changed(tmp_path: Path) -> None:
    first = written(PATCHES, tmp_path / "a")
    changed = [Patch("slab: add one", "It is new.", {**PATCHES[0].files, "lib/one.c": "long one;\n"}),
               Patch("slab: add three", "It is third.", {"lib/three.c": "int three, it, is;\n/* quite another */\n"})]
    second = written(changed, tmp_path / "b", patchset.previous(first[0].parent))
    cover = second[0].read_text(encoding="utf-8")
    assert second[1].name == "v2-0001-slab-add-one.patch" and "[PATCH v2 0/2]" in cover
    assert ("Changes since v1:\n- changed: slab: add one\n- dropped: slab: add two\n- new: slab: add three\n"
            f"- Link to v1: https://lore.kernel.org/r/{ids(first)[0]}\n") in cover
    assert "Range-diff against v1:" in cover and "-+int one;" in cover and "++long one;" in cover
    third = written(changed, tmp_path / "c", patchset.previous(second[0].parent))
    assert "Changes since v2:\n- none\n" in third[0].read_text(encoding="utf-8") and third[0].name.startswith("v3-")


def test_a_version_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no patches with a cover letter"):
        patchset.previous(tmp_path)
    files = written(PATCHES, tmp_path / "a")
    text = files[1].read_text(encoding="utf-8")
    files[1].write_text(text.replace("\n a\n+one", "\n z\n+one"), encoding="utf-8")
    with pytest.raises(UserError, match="these patches are not for this kernel"):
        written(PATCHES, tmp_path / "b", patchset.previous(files[0].parent))


def test_commits_leave_a_checkout_alone(tmp_path: Path) -> None:
    for words in (["init", "-q", "-b", "main"], ["commit", "-q", "--allow-empty", "-m", "base"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, env=proc.environment(**WHO.variables))
    work = tmp_path / "work"
    work.mkdir()
    patchset.commit(f"--git-dir={tmp_path / '.git'}", "refs/heads/topic", PATCHES, WHO, "refs/heads/main", work)
    shown = subprocess.run(["git", "log", "--format=%s", "topic"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert shown.stdout.split("\n") == ["slab: add two", "slab: add one", "base", ""]
    status = subprocess.run(["git", "status", "--porcelain", "-uno", "-b"], cwd=tmp_path, check=True, capture_output=True,
                            text=True)
    assert status.stdout == "## main\n"
