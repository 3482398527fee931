# SPDX-License-Identifier: GPL-2.0-only
"""The checks of exported patches: what is right passes, and what is wrong is told."""
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from kmem_kunit import cache, checkers, config, export_check, intree, kernel, overlay, patchset, series
from kmem_kunit.arch import UML
from kmem_kunit.errors import UserError
from kmem_kunit.patchset import Patch
from kmem_kunit.result import Status

WHO = patchset.sender("A Developer <a@example.org>")
BAD = """// SPDX-License-Identifier: GPL-2.0-only
/* What must be told. */
#include <kunit/test.h>

int kmem_bad_global;

static int kmem_bad_zero = 0;

static void passes(struct kunit *test)
{
	int set_but_not_used;

	set_but_not_used = kmem_bad_zero;
	KUNIT_SUCCEED(test);
}

static void fails(struct kunit *test)
{
	KUNIT_FAIL(test, "it does");
}

static struct kunit_case cases[] = {
	KUNIT_CASE(passes),
	KUNIT_CASE(fails),
	{}
};

static struct kunit_suite suite = { .name = "kmem_bad", .test_cases = cases };
kunit_test_suite(suite);

MODULE_DESCRIPTION("What must be told");
MODULE_LICENSE("GPL");
"""


@pytest.mark.parametrize("name", ["6.12", "7.3"])
def test_the_series_passes_its_checks(name: str, kernel_source: Callable[[str], Path], tmp_path: Path) -> None:
    found = kernel.from_tree(str(kernel_source(name)))
    (tmp_path / "work").mkdir()
    made = series.made(found, tmp_path / "work", None)
    files = patchset.write(made.patches, made.base, WHO, made.cover, tmp_path / "work", tmp_path / "out", None)
    checked = export_check.Checked(found, made, files[1:], WHO, None, 2)
    assert not [*export_check.complaints(cache.root(), checked, full=False)]


def test_what_a_patch_has_changed_is_built_anew_without_it(kernel_source: Callable[[str], Path], tmp_path: Path) -> None:
    newest = kernel.from_tree(str(kernel_source("7.3")))
    where, name = intree.place(newest.path), "mm/util.c"
    text = (newest.path / name).read_text(encoding="utf-8")
    checks = []
    for number, patch in enumerate((Patch("mm: say more", "It does.", {name: text + "/* more */\n"}),
                                    Patch("mm: say it", "It does.", {"mm/said.h": "/* it */\n"}))):
        base = {each: text for each in patch.files if each == name}
        (tmp_path / f"work{number}").mkdir()
        files = patchset.write([patch], base, WHO, ("more", "More."), tmp_path / f"work{number}", tmp_path / f"out{number}",
                               None)
        checks.append(export_check.Checked(newest, series.Series([patch], base, [], where, ("more", "More.")), files[1:],
                                           WHO, None, 2))
    with export_check.opened(cache.root(), checks[0]) as work:
        work.apply(*checks[0].files)
        patched = (work.root / name).stat()
        assert (work.root / name).read_text(encoding="utf-8").endswith("/* more */\n")
    with export_check.opened(cache.root(), checks[1]) as work:
        assert (work.root / name).read_text(encoding="utf-8") == text
        assert (work.root / name).stat().st_mtime_ns > patched.st_mtime_ns
        work.apply(*checks[1].files)
    with export_check.opened(cache.root(), checks[0]) as work:
        assert not (work.root / "mm/said.h").exists()
    assert (newest.path / name).read_text(encoding="utf-8") == text


def test_what_is_wrong_is_told(kernel_source: Callable[[str], Path], tmp_path: Path) -> None:
    newest = kernel.from_tree(str(kernel_source("7.3")))
    where = intree.place(newest.path)
    base = {name: (newest.path / name).read_text(encoding="utf-8") for name in (where.makefile, intree.KCONFIG)}
    patch = Patch("slab/kunit: add a bad one", "It is bad.", {
        f"{where.folder}/kmem_bad_kunit.c": BAD,
        where.makefile: intree.with_objects(base[where.makefile], "obj-$(CONFIG_KMEM_BAD_KUNIT_TEST) += kmem_bad_kunit.o\n", ""),
        intree.KCONFIG: intree.with_options(base[intree.KCONFIG], 'config KMEM_BAD_KUNIT_TEST\n\ttristate "Bad"\n'
                                            "\tdepends on KUNIT\n\thelp\n\t  It is bad.\n", ""),
        where.kunitconfig: config.merged(overlay.REPO, newest.series, UML, ()) + "CONFIG_KMEM_BAD_KUNIT_TEST=y\n"})
    (tmp_path / "work").mkdir()
    files = patchset.write([patch], base, WHO, ("bad", "Bad."), tmp_path / "work", tmp_path / "out", None)
    made = series.Series([patch], base, [], where, ("bad", "Bad."))
    checked = export_check.Checked(newest, made, files[1:], WHO, None, 2)
    wanted: dict[tuple[str, ...], dict[str, Status]] = {
        (): {"kmem_bad.passes": Status.PASS, "kmem_bad.fails": Status.PASS, "kmem_bad.more": Status.PASS}}
    with export_check.opened(cache.root(), checked) as work:
        told = "\n".join([*work.steps(wanted), "==", *work.whole(UML, wanted), *checkers.checkpatch(work.root, files[1:])])
        with pytest.raises(UserError, match="patch does not apply|Patch failed|already exists"):
            work.apply(*files[1:])
    step, _, whole = told.partition("==")
    outcomes = ["kmem_bad.fails: FAIL instead of PASS", "kmem_bad.more: not there instead of PASS"]
    assert all(f"0001-slab-kunit-add-a-bad-one.patch: {line}" in step and f"uml: {line}" in whole for line in outcomes)
    assert re.search(r"uml: \S+kmem_bad_kunit.c:\d+:\d+: warning: variable .set_but_not_used. set but not used", whole)
    assert re.search(r"uml: \S+kmem_bad_kunit.c:\d+:\d+: warning: symbol 'kmem_bad_global' was not declared", whole)
    assert "ERROR:INITIALISED_STATIC" in whole and "passes: " not in told


def test_a_checker_that_dies_does_not_pass(tmp_path: Path) -> None:
    (tmp_path / "uml").mkdir()
    assert [*checkers.checkpatch(tmp_path, [])] == ["checkpatch.pl ended with status 2"]
    assert "coccicheck ended with status 2" in [*checkers.coccicheck(tmp_path, tmp_path, [], 1)][0]
    assert "htmldocs ended with status 2" in [*checkers.htmldocs(tmp_path, tmp_path)][0]


def test_what_coccicheck_may_say_is_counted() -> None:
    known = [checkers.Allowed("a.c", "free on line", 2, "so")]
    said = [("a.c", "ERROR: free on line 3"), ("a.c", "ERROR: free on line 4")]
    assert not [*checkers.beyond(said, known)]
    assert [*checkers.beyond([*said, said[0], ("b.c", "ERROR: free on line 3")], known)] == [
        "a.c: coccicheck: ERROR: free on line 3", "b.c: coccicheck: ERROR: free on line 3"]
    for each in checkers.allowed():
        assert (overlay.REPO / "lib" / each.file).is_file() and each.reason and each.count > 0
