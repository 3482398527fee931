# SPDX-License-Identifier: GPL-2.0-only
"""The suites as patches: what is folded and left out, comments for one series, and where all of it goes."""
import re
import shlex
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from kmem_kunit import cfold, cli, cprune, fixes, intree, kernel, overlay, patchset, proc, suites, told, tree, upstream
from kmem_kunit.errors import UserError

WHO = patchset.sender("A Developer <a@example.org>")

def folded(body: str) -> str:
    """A function's body, folded."""
    text = cfold.folded(f"static int f(void)\n{{\n{body}}}\n", "x.c")
    return text.removeprefix("static int f(void)\n{\n").removesuffix("}\n")


@pytest.mark.parametrize("before, after", [
    ("\ta(!true);\n", "\ta(false);\n"),
    ("\tif (!false && x)\n\t\ta();\n", "\tif (x)\n\t\ta();\n"),
    ("\tif (x && true)\n\t\ta();\n", "\tif (x)\n\t\ta();\n"),
    ("\tif (x &&\n\t    (y || false))\n\t\ta();\n", "\tif (x &&\n\t    y)\n\t\ta();\n"),
    ("\tif (x && (true && y == 1))\n\t\ta();\n", "\tif (x && y == 1)\n\t\ta();\n"),
    ("\tif (x && (true && (y || z)))\n\t\ta();\n", "\tif (x && (y || z))\n\t\ta();\n"),
    ("\tif (x && false)\n\t\ta();\n\tb();\n", "\tb();\n"),
    ("\tif (x || y && false)\n\t\ta();\n", "\tif (x)\n\t\ta();\n"),
    ("\tif (x || true)\n\t\ta();\n", "\ta();\n"),
    ("\tx = true ? a : b;\n", "\tx = a;\n"),
    ("\tg(false ? a : c ? d : e, z);\n", "\tg(c ? d : e, z);\n"),
    ("\tx = y ? true : z;\n", "\tx = y ? true : z;\n"),
    ("\tg(x == true);\n", "\tg(x == true);\n"),
    ("\t/* of a */\n\tif (false)\n\t\ta();\n\tb();\n", "\tb();\n"),
    ("\tif (true) {\n\t\ta();\n\n\t\tb();\n\t} else {\n\t\tc();\n\t}\n", "\ta();\n\n\tb();\n"),
    ("\tif (x)\n\t\ta();\n\telse if (true)\n\t\tb();\n\telse\n\t\tc();\n", "\tif (x)\n\t\ta();\n\telse\n\t\tb();\n"),
    ("\tif (x)\n\t\ta();\n\telse if (false)\n\t\tb();\n", "\tif (x)\n\t\ta();\n"),
    ("\tif (true)\n\t\treturn 1;\n\ta();\n\treturn 2;\n", "\treturn 1;\n"),
    ("\tx |= false;\n\ty |= true;\n", "\ty |= true;\n"),
    ("#ifdef MODULE\n\treturn 1;\n#else\n\treturn 2;\n#endif\n", "#ifdef MODULE\n\treturn 1;\n#else\n\treturn 2;\n#endif\n"),
    ("\treturn (struct x){\n\t\t1,\n\t};\n", "\treturn (struct x){\n\t\t1,\n\t};\n"),
    ("\tswitch (x) {\n\tcase 1:\n\t\treturn 1;\n\tcase 2:\n\t\treturn 2;\n\t}\n",
     "\tswitch (x) {\n\tcase 1:\n\t\treturn 1;\n\tcase 2:\n\t\treturn 2;\n\t}\n"),
    ("\tfor (;;)\n\t\tif (x)\n\t\t\treturn 1;\n\ta();\n", "\tfor (;;)\n\t\tif (x)\n\t\t\treturn 1;\n\ta();\n"),
])
def test_what_is_known_is_folded(before: str, after: str) -> None:
    assert folded(before) == after


def test_a_block_with_variables_of_its_own_is_refused() -> None:
    with pytest.raises(UserError, match="declares what it uses: int x"):
        folded("\tif (true) {\n\t\tint x;\n\n\t\ta(&x);\n\t}\n")


def test_macros_are_replaced_with_their_arguments() -> None:
    macros: dict[str, tuple[list[str] | None, str]] = {
        "resize": (["p", "old", "size"], "kvrealloc(p, size)"), "unlock": (["list"], "spin_unlock(&(list)->lock)"),
        "set": (["args", "n"], "(args)->capacity = (n)"), "HEAD": (None, "kvfree_rcu_head")}
    assert cfold.expanded("a = resize(p, f(1, 2), g(3, 4));", "x.c", macros) == "a = kvrealloc(p, g(3, 4));"
    assert cfold.expanded("unlock(l); set(&x, a + b); set(y->z, n);", "x.c", macros) == \
        "spin_unlock(&l->lock); x.capacity = (a + b); y->z->capacity = n;"
    assert cfold.expanded("struct HEAD x; resize = HEADS;", "x.c", macros) == "struct kvfree_rcu_head x; resize = HEADS;"
    with pytest.raises(UserError, match=r"resize\(\) has 1 arguments"):
        cfold.expanded("resize(p);", "x.c", macros)


def test_a_call_that_does_nothing_goes_with_its_condition() -> None:
    assert cfold.without_calls("{\n\tif (a)\n\t\tif (b)\n\t\t\tf(x);\n\tg();\n}\n", "x.c", "f") == "{\n\tg();\n}\n"
    assert cfold.without_calls("{\n\tif (a)\n\t\tg();\n\telse\n\t\tf();\n}\n", "x.c", "f") == "{\n\tif (a)\n\t\tg();\n}\n"
    assert cfold.without_calls("{\n\tx = f();\n}\n", "x.c", "f") == "{\n\tx = f();\n}\n"
    for body in ("if (a)\n\t\tf();\n\telse\n\t\tg();", "for (;;)\n\t\tf();"):
        with pytest.raises(UserError, match="does nothing here"):
            cfold.without_calls(f"{{\n\t{body}\n}}\n", "x.c", "f")


def test_a_line_is_broken_at_commas() -> None:
    line = "\t\tKUNIT_EXPECT_EQ(test, function(" + "a" * 20 + ", " + "b" * 20 + "), " + "c" * 30 + ");"
    assert cfold.wrapped(line) == ("\t\tKUNIT_EXPECT_EQ(test, function(" + "a" * 20 + ", " + "b" * 20 + "),\n"
                                   + "\t\t\t\t" + "c" * 30 + ");")
    assert cfold.wrapped("\tshort(a, b);") == "\tshort(a, b);"


def test_what_is_aligned_moves_along() -> None:
    assert cfold.renamed("\tlong_name(a,\n\t\t  b);\n\tc();\n", "long_name", "name") == "\tname(a,\n\t     b);\n\tc();\n"


SUITE = """#include <a.h>

/* used */
static int used(void)
{
	return 1;
}

/* not used */
static int other(void)
{
	return used();
}

#ifdef MODULE
static void group(void) { }
#endif

static const struct row { int x; } rows[] = { { 1 } };

KUNIT_ARRAY_PARAM_DESC(row, rows, name);

static void contract(struct kunit *test)
{
	used();
}

static struct kunit_case cases[] = {
	KUNIT_CASE(contract),
	{}
};

static struct kunit_suite suite = { .name = "s", .test_cases = cases };
kunit_test_suite(suite);
"""


def test_what_nothing_uses_is_left_out() -> None:
    (text,) = cprune.pruned({"x.c": SUITE}, ()).values()
    assert "used" in text and "other" not in text and "not used" not in text
    assert "group" not in text and "rows" not in text and "KUNIT_ARRAY" not in text
    assert text.count("\n\n\n") == 0 and "kunit_test_suite(suite)" in text and "#include" in text


def test_what_was_not_used_before_stays() -> None:
    assert cprune.pruned({"x.c": SUITE}, cprune.unused({"x.c": SUITE})) == {"x.c": SUITE}


def test_a_static_name_is_of_its_file() -> None:
    other = "static int used(void)\n{\n\treturn 2;\n}\n"
    assert cprune.pruned({"x.c": SUITE, "y.c": other}, ())["y.c"].strip() == ""
    user = cprune.pruned({"x.c": SUITE, "y.c": SUITE.replace("KUNIT_CASE(contract)", "KUNIT_CASE_PARAM(contract, row_gen_params)")}, ())
    assert "KUNIT_ARRAY" in user["y.c"] and "KUNIT_ARRAY" not in user["x.c"]
    header = cprune.pruned({"x.c": SUITE.replace("used();", "shared();"), "y.h": "void shared(void);\n"}, ())
    assert "shared" in header["y.h"] and "used" not in header["x.c"]


@pytest.mark.parametrize("word, version, series, so", [
    ("on", "6.x", "6.12", True), ("On", "7.x", "6.12", False), ("on", "6.1", "6.12", False), ("On", "6.12", "6.12", True),
    ("Since", "6.12", "6.12", True), ("since", "7.0", "6.12", False), ("up to", "6.x", "6.12", True),
    ("Up to", "6.11", "6.12", False), ("before", "6.8", "6.1", True), ("Before", "7.0", "7.2", False), ("up to", "6.x", "7.2", False),
])
def test_a_series_is_one_of_those(word: str, version: str, series: str, so: bool) -> None:
    assert told.holds(word, version, series) is so


COMMENT = """/*
 * It is reported. On 6.x, each time. Since 7.0, once. Source: old() in mm/slab.h
 * (6.x), fresh() (7.x), "a text"; name() (6.x: before()), last().
 */
"""


def test_a_comment_is_told_for_one_series() -> None:
    assert " ".join(told.for_series(COMMENT, "x.c", "6.12").replace("*", "").split()) == \
        '/ It is reported. Each time. Source: old() in mm/slab.h, "a text"; before(), last(). /'
    assert " ".join(told.for_series(COMMENT, "x.c", "7.3").replace("*", "").split()) == \
        '/ It is reported. Once. Source: fresh(), "a text"; name(), last(). /'


def test_a_comment_that_holds_nowhere_else_is_gone() -> None:
    assert told.for_series("int a;\n/* On 6.x, so */\nint b;\t/* On 6.x, not */\n", "x.c", "7.2") == "int a;\nint b;\n"
    with pytest.raises(UserError, match="x.c:2: this does not say for which series it holds"):
        told.for_series("\n/* as 6.12 does */\n", "x.c", "7.2")
    assert told.for_series("/* 6.8 brought it. It is good. */\n", "x.c", "7.2", explains=True) == "/* It is good. */\n"


def test_a_case_that_always_skips_is_known() -> None:
    text = ('static void need(struct kunit *test)\n{\n\tkunit_skip(test, "needs a thing");\n}\n\n'
            "static void a(struct kunit *test)\n{\n\tint x;\n\n\tneed(test);\n\tx = 1;\n}\n\n"
            'static void b(struct kunit *test)\n{\n\tif (x)\n\t\tneed(test);\n}\n\n'
            'static void c(struct kunit *test)\n{\n#ifdef MODULE\n\tneed(test);\n#endif\n}\n\n'
            'static void d(struct kunit *test)\n{\n\tif (x)\n\t\tkunit_skip(test, "needs x");\n\tneed(test);\n}\n\n'
            'static void e(struct kunit *test)\n{\n\tfor (i = 0; i < ARRAY_SIZE(x); i++) {\n\t\tneed(test);\n\t}\n}\n\n'
            'static void f(struct kunit *test)\n{\n\tfor (i = 0; i < ARRAY_SIZE(x); i++)\n\t\tx();\n'
            '\tif (x)\n\t\tneed(test);\n}\n\n'
            'static void g(struct kunit *test)\n{\n\tfor (i = 0; i < x; i++)\n\t\tneed(test);\n}\n')
    assert upstream.skipping(text, "x.c") == dict.fromkeys(("need", "a", "d", "e"), "needs a thing")


SETTLED = """/* Of a test. */

#include "kmem_kunit.h"

static void clean(void *object)
{
	if (kmem_leaks())
		put(object);
}

static void contract(struct kunit *test)
{
	int a = 1;
	void *object = take(test, a);

	clean(object);
}

static void scope(void *object)
{
	void *scoped __free(new_free) = object;
}
"""


def test_what_is_left_of_a_kernel_is_its_own_c() -> None:
    texts = {upstream.COMPAT: "#define new_free(p)\told_free(p)\nDEFINE_FREE(new_free, void *, old_free(_T))\n",
             upstream.SERIES: "static inline bool kmem_leaks(void) { return false; }\n",
             upstream.SHARED: f'#include "{upstream.COMPAT}"\n', "x_kunit.c": SETTLED}
    made = upstream.settled(texts, "6.12")["x_kunit.c"]
    assert "\tint a = 1;\n\n\ttake(test, a);\n}\n" in made and "clean" not in made
    assert "void *scoped __free(old_free) = object;" in made


MAKEFILE = "obj-$(CONFIG_BITS_TEST) += bits.o\nobj-$(CONFIG_SHDI3_KUNIT_TEST) += shdi3.o\nobj-$(CONFIG_HASH_KUNIT_TEST) += hash.o\n" \
    "CFLAGS_list.o := x\nobj-$(CONFIG_LIST_KUNIT_TEST) += list.o\nobj-$(CONFIG_UUID_KUNIT_TEST) += uuid.o\n"


def test_entries_go_where_people_would_look() -> None:
    lines = intree.with_objects(MAKEFILE, "ours\n", "").splitlines()
    assert lines[2:5] == ["obj-$(CONFIG_HASH_KUNIT_TEST) += hash.o", "ours", "CFLAGS_list.o := x"]
    assert intree.with_objects("a\nb\nc\n", "ours\n", "b\n") == "a\nb\nours\nc\n"
    assert "F:\tmm/slab.h\nF:\tmm/slub.c\n" in intree.with_maintainers(
        "SLAB ALLOCATOR\nM:\tA\nF:\tinclude/a.h\nF:\tmm/slub.c\n\nNEXT\n", ["mm/slab.h"])
    with pytest.raises(UserError, match="no section of the slab allocator"):
        intree.with_maintainers("NOTHING\n", [])
    with pytest.raises(UserError, match="no page of the slab allocator"):
        intree.with_page("title\n")


@pytest.mark.parametrize("words, said", [
    (["--author", "nobody"], "'nobody' is no author"), (["--author", "A <a@b>\nBcc: x"], "is no author"),
    (["--author", "A <a@b>", "--kernel", "/nonexistent"], "nonexistent"),
    (["--author", "A <a@b>", "--fix", "none", "--subtree"], "a subtree has all of the suites"),
    (["--author", "A <a@b>", "--fix", "none"], "there are: first-free-pointer, "),
    (["--author", "A <a@b>", "--fix", "split-folio", "--kernel", "6.1"], "split-folio is not for Linux 6.1."),
    (["--author", "A <a@b>", "--previous", "/nonexistent"], "has no patches with a cover letter"),
    (["--author", "A <a@b>", "--branch", "b", "--tree", "/nonexistent"], "say where the patches go"),
])
def test_wrong_use_is_one_line(words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["export", *words, "--output", str(tmp_path / "new")]) == 2
    assert said in capsys.readouterr().err.strip().splitlines()[-1] and not (tmp_path / "new").exists()


def test_a_folder_with_something_in_it_is_not_written_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("mine", encoding="utf-8")
    assert cli.main(["export", "--author", "A <a@b>", "--output", str(tmp_path)]) == 2
    assert "name a new folder" in capsys.readouterr().err and [*tmp_path.iterdir()] == [tmp_path / "mine"]


@pytest.mark.parametrize("series", ["6.1", "6.12", "7.2", "7.3"])
def test_the_suites_are_exported(series: str, kernel_source: Callable[[str], Path], tmp_path: Path,
                                 capsys: pytest.CaptureFixture[str]) -> None:
    source, patches = kernel_source(series), tmp_path / "patches"
    assert cli.main(["export", "--kernel", str(source), "--author", "A Developer <a@example.org>",
                     "--output", str(patches)]) == 0
    printed = capsys.readouterr().out
    assert "To: " in printed and "Cc: linux-mm@kvack.org" in printed and "Signed-off-by" in printed
    found = sorted(patches.glob("*.patch"))
    texts = [path.read_text(encoding="utf-8") for path in found]
    for text in texts[1:]:
        assert not re.search(r"kmem_compat|kmem_series|Signed-off-by", text) and "\nAssisted-by: " in text
        added = [line for line in text.splitlines() if line.startswith("+") and not line.startswith("+++")]
        comments = [line for line in added if re.match(r"\+\s*\*|.*/\*", line)]
        assert not [line for line in comments if told.MENTIONED.search(line)]
    tree = tmp_path / "tree"  # as far as the patches need it
    for name in {name for text in texts for name in re.findall(r"^--- a/(\S+)", text, re.MULTILINE)}:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_file():
            (tree / name).write_bytes((source / name).read_bytes())
    done = subprocess.run(["git", "apply", *found[1:]], cwd=tree, check=False, capture_output=True, text=True,
                          env=proc.environment(GIT_CEILING_DIRECTORIES=str(tmp_path)))
    assert done.returncode == 0, done.stderr
    assisted = {each for text in texts for each in re.findall(r"^Assisted-by: .*", text, re.MULTILINE)}
    assert assisted == {"Assisted-by: LLM" if series == "7.3" else "Assisted-by: LLM:unspecified"}
    where = intree.place(source)
    assert len([*(tree / where.folder).glob("kmem_*_kunit.c")]) == len(found) - 3
    assert "CONFIG_KMEM_STRDUP_KUNIT_TEST=y" in (tree / where.kunitconfig).read_text(encoding="utf-8")


def checkout(source: Path, folder: Path, names: Iterable[str]) -> Path:
    """A git repository of a kernel, as far as these files go; all else is a link to it."""
    root = folder / "linux"
    tree.edited(source, root, {name: (source / name).read_text(encoding="utf-8") for name in names})
    for words in (["init", "-q", "-b", "main"], ["add", "-f", *names], ["commit", "-q", "-m", "base"]):
        subprocess.run(["git", *words], cwd=root, check=True, env=proc.environment(**WHO.variables))
    return root


def test_a_branch_has_them_as_commits(kernel_source: Callable[[str], Path], tmp_path: Path,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    root = checkout(kernel_source("7.3"), tmp_path, ("MAINTAINERS", "lib/tests/Makefile", "lib/Kconfig.debug",
                                                     "Documentation/mm/index.rst", "mm/util.c"))
    words = ["export", "--author", "A <a@b.c>", "--tree", str(root), "--branch", "b4/kmem"]
    assert cli.main([*words, "--fix", "split-folio"]) == 0
    assert "4 commits on the branch b4/kmem" in capsys.readouterr().out

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True).stdout

    assert "unfaithful" in git("log", "-p", "main..b4/kmem") and git("log", "--format=%ae", "-1", "b4/kmem") == "a@b.c\n"
    assert git("config", "branch.b4/kmem.description").startswith("mm/util: know the page behind a split head")
    assert git("status", "--porcelain", "-b", "-uno") == "## main\n"
    assert cli.main(words) == 2 and "has a branch b4/kmem already" in capsys.readouterr().err
    (root / "mm/util.c").write_text("/* mine */\n", encoding="utf-8")
    assert cli.main([*words[:-1], "other"]) == 2 and "changes that are not committed" in capsys.readouterr().err
    assert cli.main([*words[:-1], "a..b"]) == 2 and "'a..b' is not a valid branch name" in capsys.readouterr().err
    assert git("branch", "--format=%(refname:short)") == "b4/kmem\nmain\n"


def test_a_vendor_carries_and_updates_a_subtree(kernel_source: Callable[[str], Path], tmp_path: Path,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    source, out, ours = kernel_source("7.3"), tmp_path / "out", tmp_path / "ours"
    assert cli.main(["export", "--kernel", str(source), "--author", "A <a@b.c>", "--subtree", "--output", str(out)]) == 0
    add, am, run, pull = (shlex.split(line) for line in capsys.readouterr().out.splitlines() if line.startswith("  "))
    assert run == ["./tools/testing/kunit/kunit.py", "run", f"--kunitconfig={overlay.PLACE}"]
    (tmp_path / "vendor").mkdir()
    root = checkout(source, tmp_path / "vendor", overlay.HOOKED)
    for name, data in overlay.files(overlay.REPO).items():
        (ours / name).parent.mkdir(parents=True, exist_ok=True)
        (ours / name).write_bytes(data)

    def git(folder: Path, *words: str) -> None:
        subprocess.run(["git", *words], cwd=folder, check=True, env=proc.environment(**WHO.variables))

    def commit() -> None:
        git(ours, "add", "-A")
        git(ours, "commit", "-q", "-m", "change")

    git(ours, "init", "-q", "-b", "main")
    commit()
    named = {"URL": str(ours), "REVISION": "main", am[-1]: str(out / am[-1])}
    for words in (add, am):
        git(root, *(named.get(word, word) for word in words[1:]))
    wanted = overlay.files(overlay.REPO)
    assert {name: (root / overlay.PLACE / name).read_bytes() for name in wanted} == wanted
    for name in overlay.HOOKED:
        assert (root / name).read_bytes() == overlay.hook(name, (source / name).read_bytes())
    (ours / "lib/kmem_kunit.h").write_text("/* newer */\n", encoding="utf-8")
    commit()
    git(root, *(named.get(word, word) for word in pull[1:]))
    assert (root / overlay.PLACE / "lib/kmem_kunit.h").read_text(encoding="utf-8") == "/* newer */\n"
    assert (root / "lib/Makefile").read_bytes() == overlay.hook("lib/Makefile", (source / "lib/Makefile").read_bytes())


def test_a_fix_comes_with_what_proves_it(kernel_source: Callable[[str], Path], tmp_path: Path) -> None:
    assert cli.main(["export", "--kernel", str(kernel_source("7.3")), "--author", "A <a@b.c>", "--fix", "uncounted-slabs",
                     "--output", str(tmp_path / "out")]) == 0
    cover, *texts = (path.read_text(encoding="utf-8") for path in sorted((tmp_path / "out").glob("*.patch")))
    assert "\nAssisted-by: LLM\n---\n" in texts[0] and " mm/slub.c " in texts[0] and "lib/" not in texts[0].split("\n---\n")[1]
    assert not [text for text in texts[1:] if re.search(r"^\+\+\+ b/mm/", text, re.MULTILINE)]
    for case in fixes.find(overlay.REPO, "uncounted-slabs").cases:
        name = case.partition(".")[2]
        assert case in cover and any(re.search(rf"^\+\tKUNIT_CASE\w*\({name}\b", text, re.MULTILINE) for text in texts[2:])
    assert "+CONFIG_SLUB_TINY=y" in texts[-1]


def test_each_fix_is_for_the_newest_series(kernel_source: Callable[[str], Path], tmp_path: Path) -> None:
    newest = kernel.from_tree(str(kernel_source("7.3")))
    for fix in fixes.load(overlay.REPO).values():
        (tmp_path / fix.name).mkdir()
        for name, text in fix.patched(newest, tmp_path / fix.name).items():
            assert text != (newest.path / name).read_text(encoding="utf-8")


def test_each_finding_with_a_patch_is_one_that_is_proved() -> None:
    patches = {path.stem for path in (overlay.REPO / "Documentation/findings").glob("*.patch")}
    assert {*fixes.load(overlay.REPO)} == patches
    known = {f"{suite.name}.{case.name}" for suite in suites.load(overlay.REPO / "lib") for case in suite.cases}
    assert {case for fix in fixes.load(overlay.REPO).values() for case in fix.cases} <= known


def test_contracts_are_those_of_all_series() -> None:
    cases = [case for suite in suites.load(overlay.REPO / "lib") for case in suite.cases]
    assert len(cases) > 900
    assert not [case.name for case in cases if re.match(r"(On|Since|Up to|Before) \d", case.contract)]


def test_an_export_names_all_suites() -> None:
    files = {path.name: "" for path in (overlay.REPO / "lib").glob("kmem_*_kunit.c")}
    found = intree.suites((overlay.REPO / "Kconfig").read_text(encoding="utf-8"),
                          (overlay.REPO / "lib/Makefile").read_text(encoding="utf-8"), files)
    assert {each.file for each in found} == files.keys() and all(each.prompt for each in found)
