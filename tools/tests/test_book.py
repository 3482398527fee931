# SPDX-License-Identifier: GPL-2.0-only
"""The book and the manual page."""
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import made

from kmem_kunit import book, checkers, overlay, suites

REPO = overlay.REPO


def test_the_book_is_made_without_a_warning(tmp_path: Path) -> None:
    assert not made("tools/book", "html", tmp_path / "book")
    pages = {path.stem for path in (tmp_path / "book").glob("*.html")}
    assert pages >= {path.stem for path in (REPO / "Documentation").glob("*.rst")} | {"contracts", "command", "tutorial"}
    assert "strscpy" in (tmp_path / "book/tutorial.html").read_text()


def test_the_book_stands_in_a_kernel_tree(kernel_source: Callable[[str], Path], tmp_path: Path) -> None:
    source, root = kernel_source("7.3"), tmp_path / "linux"
    (root / "Documentation").mkdir(parents=True)
    for entry in source.iterdir():
        if entry.name != "Documentation":
            (root / entry.name).symlink_to(entry)
    for entry in (source / "Documentation").iterdir():
        (root / "Documentation" / entry.name).symlink_to(entry)
    (root / "Documentation/kmem-kunit").mkdir()
    book.write(root / "Documentation/kmem-kunit")
    (root / "Documentation/kmem-kunit/conf.py").unlink()  # the kernel's own is used
    done = checkers.pages(root, tmp_path / "docs", "kmem-kunit")
    assert not [line for line in done.output.splitlines() if "Documentation/kmem-kunit/" in line], done.output
    assert [*(tmp_path / "docs").rglob("contracts.html")], done.output


def test_each_contract_is_told(tmp_path: Path) -> None:
    book.write(tmp_path)
    text = " ".join((tmp_path / "contracts.rst").read_text().split())
    for suite in suites.load(REPO / "lib"):
        for case in suite.cases:
            assert suite.name == "kmem_bench" or f"``{case.name}`` {book.escaped(case.contract)}" in text, case.name
    assert re.search(r"``bucket_serves_every_size`` [^`]* \*Holds:\* 6.12, 7.2, 7.3. \*Not\* in 6.1: needs \S+", text)
    assert re.search(r"\*Broken\* in 7.3: a cache whose name sysfs has no memory for cannot be destroyed", text)


@pytest.mark.parametrize("text, told", [
    ("a*b", r"a\*b"), ("`x`", r"\`x\`"), ("end_ and in_word", r"end\_ and in_word"), ("a|b\\c", r"a\|b\\c"), ("x<y>", "x<y>"),
])
def test_what_would_be_markup_is_escaped(text: str, told: str) -> None:
    assert book.escaped(text) == told


def test_the_manual_has_each_verb(tmp_path: Path) -> None:
    made("tools/book", "man", tmp_path / "man")
    text = made("man", "-l", "--warnings", tmp_path / "man/kmem-kunit.1")
    for verb in re.findall(r"^    (\w+) ", made("tools/kmem-kunit", "--help"), re.MULTILINE):
        assert f"KMEM-KUNIT {verb.upper()}" in text
    assert "KMEM_KUNIT_CACHE" in text and "default: by the number of processors" in " ".join(text.split())


@pytest.mark.parametrize("words", [["html"], ["pdf", "x"], ["html", "."]])
def test_wrong_use_of_the_book_is_told(words: list[str]) -> None:
    done = subprocess.run(["tools/book", *words], cwd=REPO, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
