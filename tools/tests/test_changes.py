# SPDX-License-Identifier: GPL-2.0-only
"""What a diff changes: lines of the kernel, and cases of ours."""
import subprocess
from pathlib import Path

import pytest

from kmem_kunit import changes
from kmem_kunit.errors import UserError

KERNEL_DIFF = """\
diff --git a/mm/slub.c b/mm/slub.c
--- a/mm/slub.c
+++ b/mm/slub.c
@@ -10,4 +10,5 @@ static void f(void)
 one
-two
+TWO
+and more
 three
 four
@@ -40,3 +41,2 @@ static void g(void)
 five
-six
 seven
"""
SUITE = """\
#include <kunit/test.h>

static int helper(void)
{
	return 1;
}

/* One is one. */
static void one(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, helper(), 1);
}

/* Two is two. */
static void two(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 2, 2);
}

static struct kunit_case kmem_few_cases[] = { KUNIT_CASE(one), KUNIT_CASE(two), {} };

static struct kunit_suite kmem_few = { .name = "kmem_few", .test_cases = kmem_few_cases };
"""


PLACES = [f"{folder}/kmem_few_kunit.c" for folder in ("lib", "lib/tests", "lib/kmem_kunit/lib")]
# what it makes of a file
SLUB = "".join([
    *(f"line {number}\n" for number in range(1, 10)), "one\n", "TWO\n", "and more\n", "three\n", "four\n",
    *(f"line {number}\n" for number in range(15, 41)), "five\n", "seven\n"])


@pytest.fixture(name="ours")
def _ours(tmp_path: Path) -> Path:
    for name in ("lib", "fetched"):
        (tmp_path / name).mkdir()
    (tmp_path / "lib/kmem_few_kunit.c").write_text(SUITE)
    return tmp_path


def diff_of(folder: Path, path: str, line: int) -> Path:
    """Return a file with a diff that changes a line of our suite."""
    text = SUITE.splitlines()
    body = f" {text[line - 2]}\n-old\n+{text[line - 1]}\n {text[line]}\n"  # which has been applied
    file = folder / "change.diff"
    file.write_text(f"--- a/{path}\n+++ b/{path}\n@@ -{line - 1},3 +{line - 1},3 @@\n{body}")
    return file


@pytest.fixture(name="linux")
def _linux(tmp_path: Path) -> Path:
    """A kernel's tree in which KERNEL_DIFF has been applied."""
    (tmp_path / "linux/mm").mkdir(parents=True)
    (tmp_path / "linux/mm/slub.c").write_text(SLUB)
    return tmp_path / "linux"


def read(ours: Path, linux: Path, text: str) -> changes.Changes:
    """Return what a diff changes."""
    (ours / "x.diff").write_bytes(text.encode())
    return changes.of_file(ours / "x.diff", linux, ours)


def test_new_lines_and_gaps_are_changed(ours: Path, linux: Path) -> None:
    found = read(ours, linux, KERNEL_DIFF)
    assert found.lines == {"mm/slub.c": frozenset({11, 12, 42})}
    assert not found.cases


def test_gap_without_context_is_where_the_next_line_is(ours: Path, linux: Path) -> None:
    found = read(ours, linux, "--- a/mm/slub.c\n+++ b/mm/slub.c\n@@ -41 +41,0 @@\n-six\n")
    assert found.lines == {"mm/slub.c": frozenset({42})}


def test_end_of_a_file_without_newline(ours: Path, linux: Path) -> None:
    (linux / "mm/slub.c").write_text("one\ntwo")
    none = "\\ No newline at end of file\n"
    found = read(ours, linux, "--- a/mm/slub.c\n+++ b/mm/slub.c\n@@ -1,2 +1,2 @@\n"
                              f" one\n-2\n{none}+two\n{none}")
    assert found.lines == {"mm/slub.c": frozenset({2})}


def test_what_is_not_mutated_is_told(ours: Path, linux: Path) -> None:
    text = "--- a/include/linux/gfp.h\n+++ b/include/linux/gfp.h\n@@ -1 +1 @@\n-one\n+two\n"
    found = read(ours, linux, KERNEL_DIFF + text)
    assert found.lines and found.others == ("include/linux/gfp.h",)


@pytest.mark.parametrize("old, new", [
    ("a/", "b/"), ("c/", "w/"), ("", ""), ("linux.orig/", "linux/"), ("./", "./")])
def test_any_prefix_will_do(ours: Path, linux: Path, old: str, new: str) -> None:
    text = KERNEL_DIFF.replace("a/mm", f"{old}mm").replace("b/mm", f"{new}mm")
    for each in (text, text.partition("\n")[2], text.replace("\n", "\r\n")):
        assert read(ours, linux, each).lines == {"mm/slub.c": frozenset({11, 12, 42})}


def test_prefix_of_a_case_may_lack(ours: Path) -> None:
    (ours / "x.diff").write_text(diff_of(ours, "lib/kmem_few_kunit.c", 11).read_text()
                                 .replace("a/lib", "lib").replace("b/lib", "lib"))
    assert changes.of_file(ours / "x.diff", ours, ours).cases == {"kmem_few.one"}


@pytest.mark.parametrize(("text", "line"), [
    (SLUB.replace("TWO\nand more\n", "two\n"), 11),
    (f"a line more\n{SLUB}", 10),
    (SLUB.replace("seven\n", ""), 42),
    ("", 10),
])
def test_diff_that_is_not_applied_is_refused(ours: Path, linux: Path, text: str, line: int) -> None:
    (linux / "mm/slub.c").write_text(text)
    with pytest.raises(UserError, match=rf"/mm/slub.c:{line} is not as .*x.diff has it: apply that first"):
        read(ours, linux, KERNEL_DIFF)
    (linux / "mm/slub.c").unlink()
    with pytest.raises(UserError, match="cannot read .*/mm/slub.c: No such file"):
        read(ours, linux, KERNEL_DIFF)


@pytest.mark.parametrize("path", PLACES)
def test_change_of_a_case_that_is_not_applied_to_ours_is_refused(ours: Path, path: str) -> None:
    file = diff_of(ours, path, 11)
    (ours / "lib/kmem_few_kunit.c").write_text(f"/* new */\n{SUITE}")
    with pytest.raises(UserError, match=r"/lib/kmem_few_kunit.c:10 is not as"):
        changes.of_file(file, ours, ours)


@pytest.mark.parametrize("path", PLACES)
def test_change_in_a_case_is_that_case(ours: Path, path: str) -> None:
    found = changes.of_file(diff_of(ours, path, 11), ours, ours)
    assert found.cases == {"kmem_few.one"}
    assert not found.lines


def test_change_in_a_helper_is_all_cases(ours: Path) -> None:
    found = changes.of_file(diff_of(ours, "lib/kmem_few_kunit.c", 5), ours, ours)
    assert found.cases == {"kmem_few.one", "kmem_few.two"}


ONE = "@@ -1 +1 @@\n-old\n+new\n"
SHARED = {
    "kmem_text.h": "new\n",
    "kmem_outer.h": 'new\n#include "kmem_text.h"\n',
    "kmem_slab.c": 'new\n#include "kmem_outer.h"\n',
    "kmem_lone.h": "new\n",
    "kmem_few_kunit.c": f'#include "kmem_outer.h"\n{SUITE}',
    "kmem_other_kunit.c": SUITE.replace("kmem_few", "kmem_other"),
}


@pytest.mark.parametrize("name", ["kmem_text.h", "kmem_outer.h", "kmem_slab.c"])
def test_shared_code_is_all_cases_that_use_it(ours: Path, name: str) -> None:
    for file, text in SHARED.items():
        (ours / "lib" / file).write_text(text)
    found = read(ours, ours, f"--- a/lib/{name}\n+++ b/lib/{name}\n{ONE}")
    assert found.cases == {"kmem_few.one", "kmem_few.two"} and not found.others
    with pytest.raises(UserError, match="no line that is mutated and no case$"):
        read(ours, ours, f"--- a/lib/kmem_lone.h\n+++ b/lib/kmem_lone.h\n{ONE}")


def test_new_suite_that_git_does_not_know_is_all_its_cases(ours: Path) -> None:
    git(ours, "init")
    git(ours, "commit", "--allow-empty", "-m", "one")
    (ours / ".gitignore").write_text("*.mod.c\n")
    (ours / "lib/kmem_few.mod.c").write_text("\n")
    assert changes.since(ours / "fetched", "HEAD", ours).cases == {"kmem_few.one", "kmem_few.two"}


def test_cases_beside_a_change_of_the_kernel_do_not_matter(ours: Path, linux: Path) -> None:
    stale = f"--- a/lib/kmem_few_kunit.c\n+++ b/lib/kmem_few_kunit.c\n{ONE}"
    found = read(ours, linux, KERNEL_DIFF + stale)
    assert found.lines and not found.cases and not found.others


@pytest.mark.parametrize(("text", "says"), [
    ("", "x.diff changes no line that is mutated and no case$"),
    ("no diff at all\n", "changes no line that is mutated and no case$"),
    ("Binary files a/mm/slub.c differ\n", "and no case, only mm/slub.c$"),
    ("diff --git a/mm/slub.c b/mm/slub.c\nold mode 100644\nnew mode 100755\n", "and no case$"),
    ("--- a/mm/util.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n", "and no case, only mm/util.c$"),
    ("".join(f"--- a/{n}\x1b\n+++ b/{n}\x1b\n@@ -0,0 +1 @@\n+one\n" for n in range(7)),
     r"and no case, only 0\\x1b, 1\\x1b, 2\\x1b, 3\\x1b, 4\\x1b and 2 more$"),
    ("--- a/mm/x.c\n+++ b/mm/x.c\n@@ -1,9 +1,9 @@\n one\n", "is no diff"),
    ("diff --cc mm/slub.c\n--- a/mm/slub.c\n+++ b/mm/slub.c\n@@@ -1,1 -1,1 +1,1 @@@\n--one\n++two\n",
     "of a merge"),
    ("+++ b/mm/slub.c\n@@ -1 +1 @@\n-one\n+two\n", "is no diff"),
    (f"--- a/mm/x.c\n+++ b/mm/x.c\n@@ -1 +{'9' * 5000} @@\n-one\n+two\n", "is no diff"),
])
def test_what_is_no_diff_is_refused(ours: Path, linux: Path, text: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        read(ours, linux, text)


def test_diff_is_read_whole_or_not_at_all(ours: Path, linux: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = "--- a/drivers/x.c\n+++ b/drivers/x.c\n@@ -1 +1 @@\n-one\n+two\n"
    monkeypatch.setattr(changes, "_LIMIT", len(other + KERNEL_DIFF))
    assert read(ours, linux, other + KERNEL_DIFF).lines
    monkeypatch.setattr(changes, "_LIMIT", len(other))
    with pytest.raises(UserError, match="x.diff has more than 0 MiB"):
        read(ours, linux, other + KERNEL_DIFF)


def test_what_git_says_is_read_whole_or_not_at_all(ours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(ours, "init")
    git(ours, "add", "lib")
    git(ours, "commit", "-m", "one")
    (ours / "lib/kmem_few_kunit.c").write_text(SUITE.replace("2, 2", "1 + 1, 2"))
    monkeypatch.setattr(changes, "_GIT_SAYS", 200)
    with pytest.raises(UserError, match="git diff says more than 0 MiB: take a later"):
        changes.since(ours / "fetched", "HEAD", ours)


def test_file_that_is_not_there_is_refused(ours: Path) -> None:
    with pytest.raises(UserError, match="cannot read .*gone.diff: No such file"):
        changes.of_file(ours / "gone.diff", ours, ours)


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=A U Thor", "-c", "user.email=author@example.org")
    subprocess.run(["git", "-C", folder, *who, *words], check=True, capture_output=True)


def test_since_reads_the_kernels_repository(ours: Path, tmp_path: Path) -> None:
    linux = tmp_path / "linux"
    (linux / "mm").mkdir(parents=True)
    git(linux, "init")
    (linux / "mm/slub.c").write_text("one\ntwo\n")
    git(linux, "add", "mm")
    git(linux, "commit", "-m", "one")
    (linux / "mm/slub.c").write_text("one\n2\n")
    assert changes.since(linux, "HEAD", ours).lines == {"mm/slub.c": frozenset({2})}
    with pytest.raises(UserError, match="ambiguous argument 'v9.9'|bad revision 'v9.9'"):
        changes.since(linux, "v9.9", ours)
    git(linux, "commit", "-a", "-m", "two")
    with pytest.raises(UserError, match="^the difference of .*/linux to HEAD changes no line that is"):
        changes.since(linux, "HEAD", ours)
    (linux / "lib/kmem_kunit/lib").mkdir(parents=True)
    (linux / "lib/kmem_kunit/lib/kmem_few_kunit.c").write_text(SUITE)
    git(linux, "add", "lib")
    assert changes.since(linux, "HEAD", ours).cases == {"kmem_few.one", "kmem_few.two"}
    with pytest.raises(UserError, match="'--output=x' is no revision"):
        changes.since(linux, "--output=x", ours)


def test_since_reads_the_repository_that_has_the_kernel_in_a_folder(ours: Path, tmp_path: Path) -> None:
    git(ours, "init")
    git(ours, "add", "lib")
    git(ours, "commit", "-m", "ours")
    outer = tmp_path / "outer"
    (outer / "linux/mm").mkdir(parents=True)
    (outer / "linux/mm/slub.c").write_text("one\ntwo\n")
    git(outer, "init")
    git(outer, "commit", "--allow-empty", "-m", "one")
    with pytest.raises(UserError, match=f"^the difference of {ours} to HEAD"):
        changes.since(outer / "linux", "HEAD", ours)  # which only lies there
    git(outer, "add", ".")
    git(outer, "commit", "-m", "two")
    (outer / "linux/mm/slub.c").write_text("one\n2\n")
    assert changes.since(outer / "linux", "HEAD", ours).lines == {"mm/slub.c": frozenset({2})}


def test_since_is_not_what_the_user_has_configured(ours: Path, tmp_path: Path) -> None:
    linux = tmp_path / "linux"
    (linux / "mm").mkdir(parents=True)
    git(linux, "init")
    for name, value in (("diff.mnemonicPrefix", "true"), ("diff.noprefix", "true"),
                        ("diff.c.textconv", "true"), ("diff.external", "true")):
        git(linux, "config", name, value)
    (linux / ".gitattributes").write_text("mm/slub.c diff=c\nmm/util.c -diff\n")
    for name in ("slub.c", "util.c"):
        (linux / "mm" / name).write_text("one\ntwo\n")
    git(linux, "add", ".")
    git(linux, "commit", "-m", "one")
    for name in ("slub.c", "util.c"):
        (linux / "mm" / name).write_text("one\n2\n")
    assert changes.since(linux, "HEAD", ours).lines == {
        "mm/slub.c": frozenset({2}), "mm/util.c": frozenset({2})}


def test_since_reads_ours_where_the_kernel_has_none(ours: Path, tmp_path: Path) -> None:
    git(ours, "init")
    git(ours, "add", "lib")
    git(ours, "commit", "-m", "one")
    path = ours / "lib/kmem_few_kunit.c"
    path.write_text(SUITE.replace("2, 2", "1 + 1, 2"))
    assert changes.since(tmp_path / "fetched", "HEAD", ours).cases == {"kmem_few.two"}
