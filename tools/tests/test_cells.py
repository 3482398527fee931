# SPDX-License-Identifier: GPL-2.0-only
"""Cells as cells.toml composes them, and each mistake in it told in a line."""
from pathlib import Path

import pytest

from kmem_kunit import cells, overlay
from kmem_kunit.errors import UserError

GOOD = """
series = ["6.1", "6.12", "7.3"]
[variants.plain]
[variants.debug]
boot = "slab_debug=FZPU a=b"
on."6.1" = { boot = "slub_debug=FZPU" }
[variants.late]
arch = "x86_64"
config = ["debug"]
since = "6.12"
until = "6.12"
[groups]
quick = ["*/plain"]
more = ["6.1/*", "7.3/debug"]
"""


@pytest.fixture
def book(repo: Path) -> cells.Book:
    (repo / cells.FILE).write_text(GOOD)
    return cells.load(repo)


def names(found: list[cells.Cell]) -> list[str]:
    return [cell.name for cell in found]


def test_all_cells(book: cells.Book) -> None:
    assert names(book.all()) == ["6.1/plain", "6.1/debug", "6.12/plain", "6.12/debug", "6.12/late",
                                 "7.3/plain", "7.3/debug"]
    assert names(book.of_group("quick")) == ["6.1/plain", "6.12/plain", "7.3/plain"]
    assert names(book.of_group("more")) == ["6.1/plain", "6.1/debug", "7.3/debug"]
    assert names(cells.select(book.all(), "6.12/[pl]*")) == ["6.12/plain", "6.12/late"]


def test_commands(book: cells.Book) -> None:
    found = {cell.name: cell for cell in book.all()}
    assert found["7.3/plain"].reproducer == "tools/kmem-kunit run --kernel 7.3"
    assert found["6.1/debug"].arguments == ("slub_debug=FZPU",)
    assert found["7.3/debug"].reproducer.endswith("--boot-args 'slab_debug=FZPU a=b'")
    late = found["6.12/late"].command("--json", "x")
    assert late == ["run", "--kernel", "6.12", "--arch", "x86_64", "--config", "debug",
                    "--json", "x"]
    images = {cell.image for cell in book.all()}
    assert len(images) == 4  # plain and debug of a series share one


def test_a_run_finds_its_name(book: cells.Book) -> None:
    assert book.name_of("7.3", "uml", [], []) == "7.3/plain"
    assert book.name_of("6.1", "uml", [], ["slub_debug=FZPU"]) == "6.1/debug"
    assert book.name_of("7.3", "uml", [], ["slab_debug=FZPU"]) == "7.3/uml+slab_debug=FZPU"
    assert book.name_of("9.9", "uml", [], []) == "9.9/plain"


@pytest.mark.parametrize(("old", "new", "said"), [
    ('series = ["6.1", "6.12", "7.3"]', "", "needs series, variants and groups"),
    ("[groups]", "[other]\nx = 1\n[groups]", "'other' is not known"),
    ('arch = "x86_64"', 'arch = "vax"', "no architecture 'vax'; there are: uml, uml-clang, x86_64"),
    ('config = ["debug"]', 'config = ["bug"]', "no configuration 'bug'"),
    ('config = ["debug"]', 'config = "debug"', "config = 'debug' is not understood"),
    ('since = "6.12"', 'sincs = "6.12"', "sincs = '6.12' is not understood"),
    ('{ boot = "slub_debug=FZPU" }', '{ boat = "x" }', "on.6.1: boat = 'x' is not understood"),
    ('since = "6.12"', 'since = "new"', "needs series"),
    ('quick = ["*/plain"]', 'quick = ["*/plan"]', r"groups.quick: no cell matches '\*/plan'"),
    ("[groups]", "[groups", "cells.toml"),
])
def test_mistakes(repo: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    (repo / cells.FILE).write_text(GOOD.replace(old, new))
    with pytest.raises(UserError, match=said) as caught:
        cells.load(repo)
    assert "\n" not in str(caught.value)


def test_unknown_names(book: cells.Book) -> None:
    with pytest.raises(UserError, match="no group 'x'; there are: quick, more"):
        book.of_group("x")
    with pytest.raises(UserError, match="no cell matches '8/x'; there are: 6.1/plain, "):
        cells.select(book.all(), "8/x")


def test_the_projects_own() -> None:
    book = cells.load(overlay.REPO)
    assert {"quick", "ci", "full"} <= set(book.groups)
    assert all("about" in values for values in book.variants.values())
    assert len({cell.name for cell in book.all()}) == len(book.all())
