# SPDX-License-Identifier: GPL-2.0-only
"""Cells as cells.toml composes them, and each mistake in it told in a line."""
import re
from pathlib import Path

import pytest

from kmem_kunit import boot, cells, config, overlay
from kmem_kunit.errors import UserError

GOOD = """
series = ["6.1", "6.12", "7.3"]
[variants.plain]
[variants.debug]
boot = "slub_debug=FZPU"
from."6.9" = { boot = "slab_debug=FZPU a=b" }
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
    ('arch = "x86_64"', 'arch = "vax"', "cells.toml: variants.late: no architecture 'vax'; there are: uml, "),
    ('config = ["debug"]', 'config = ["bug"]', "cells.toml: variants.late: no configuration 'bug'"),
    ('{ boot = "slab_debug=FZPU a=b" }', '{ config = ["bug"] }', "variants.debug.from.6.9: no configuration"),
    ('config = ["debug"]', 'config = "debug"', "config = 'debug' is not understood"),
    ('since = "6.12"', 'sincs = "6.12"', "sincs = '6.12' is not understood"),
    ('series = ["6.1", "6.12", "7.3"]', 'series = ["6.1", "6.12", "6.1"]', "series: 6.1 is there twice"),
    ('series = ["6.1", ', 'series = ["6.1/..", ', "series: '6.1/..' is not a series such as 6.12"),
    ('{ boot = "slab_debug=FZPU a=b" }', '{ boat = "x" }', "from.6.9: boat = 'x' is not understood"),
    ('{ boot = "slab_debug=FZPU a=b" }', '{ since = "7.3" }', "since = '7.3' is not understood"),
    ('from."6.9"', 'from."7.4"', "debug.from.7.4: there is no such series, nor one after it"),
    ('from."6.9" =', 'from."6.8" = {}\nfrom."6.9" =', "debug.from.6.8: there is no such series"),
    ('from."6.9"', 'from."6_9"', "debug.from: '6_9' is not a series"),
    ('boot = "slub_debug=FZPU"', 'boot = "a\\u001bb"', "boot = .* is not understood"),
    ('boot = "slub_debug=FZPU"', 'boot = "gr\u00fcn"', "boot = .* is not understood"),
    ("[variants.late]", '[variants."l/te"]', "'l/te' must be of letters, digits, _ and -"),
    ('since = "6.12"', 'since = "new"', "'new' is not a series"),
    ('quick = ["*/plain"]', "quick = []", "groups.quick is empty"),
    ('quick = ["*/plain"]', 'quick = ["*/plan"]', r"groups.quick: no cell matches '\*/plan'"),
    ('quick = ["*/plain"]', 'quick = "*"', r"groups.quick: '\*' is not a list of patterns"),
    ('since = "6.12"', 'since = "7.3"', "variants.late: no series has it"),
    ('since = "6.12"', 'since = "7.4"', "variants.late: no series has it"),
    ("[groups]", "[groups", "cells.toml"),
])
def test_mistakes(repo: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    (repo / cells.FILE).write_text(GOOD.replace(old, new))
    with pytest.raises(UserError, match=said) as caught:
        cells.load(repo)
    assert "\n" not in str(caught.value)


def test_series_that_the_book_has_not() -> None:
    """They are as the last one before them, of which the book says something."""
    book = cells.load(overlay.REPO)

    def words(variant: str, series: str) -> str:
        cell = book.cell(variant, series, series)
        return " ".join(cell.command()[3:]) if cell else ""

    assert words("debug", "6.1") == words("debug", "6.6") == "--boot-args slub_debug=FZPU"
    assert words("debug", "6.9") == words("debug", "6.12") == "--boot-args slab_debug=FZPU"
    assert words("partition", "6.18") == words("partition", "7.1") == "--config random_kmalloc"
    assert words("partition", "7.2") == words("partition", "7.4") == "--config partition"
    assert words("kasan", "6.2").startswith("--config") and "uml-clang" in words("kasan", "6.6")


def test_cells_without_the_cases_are_left_out(
    repo: Path, book: cells.Book, capsys: pytest.CaptureFixture[str]
) -> None:
    (repo / "tools/configs/debug.config").write_text("# CONFIG_KMEM_TINY_KUNIT_TEST is not set\n")
    assert cells.with_cases(repo, book.all(), "") == book.all()
    assert not capsys.readouterr().err
    left = cells.with_cases(repo, book.all(), "kmem_t*.first")
    assert names(left) == [name for name in names(book.all()) if name != "6.12/late"]
    said = "left out, as the configuration turns off kmem_tiny: 6.12/late"
    assert capsys.readouterr().err == f"kmem-kunit: {said}\n"
    with pytest.raises(UserError, match="the configuration of 6.12/late turns off kmem_tiny"):
        cells.with_cases(repo, cells.select(book.all(), "*/late"), "kmem_tiny")


def test_a_malformed_configuration_is_told_before_anything_is_run(repo: Path, book: cells.Book) -> None:
    (repo / "tools/configs/debug.config").write_text("SLUB_DEBUG=y\n")
    with pytest.raises(UserError, match="debug.config: 'SLUB_DEBUG=y' is not a setting"):
        cells.with_cases(repo, book.all(), "")
    others = cells.select(book.all(), "*/plain")
    assert cells.with_cases(repo, others, "") == others


def test_unknown_names(book: cells.Book) -> None:
    with pytest.raises(UserError, match="no group 'x'; there are: quick, more"):
        book.of_group("x")
    with pytest.raises(UserError, match="no cell matches '8/x'; there are: 6.1/plain, "):
        cells.select(book.all(), "8/x")


CI = {"7.3": ["plain", "init", "debug", "debian", "kasan", "slub_tiny", "two_cpus", "clang", "x86_64"],
      "6.1": ["plain"], "6.12": ["plain"], "7.2": ["plain"]}
FULL = [*CI["7.3"], "lockdep", "kcsan", "kfence", "numa", "arm64", "i386", "riscv64", "s390x"]
LATER = {"two_cpus": "7.2", "slub_tiny": "6.12"}  # the first series that have them


def test_the_projects_own() -> None:
    """Its groups have at least what a developer is promised of them."""
    book = cells.load(overlay.REPO)
    assert all("about" in values for values in book.variants.values())
    assert len({cell.name for cell in book.all()}) == len(book.all())
    assert names(book.of_group("quick")) == ["6.12/plain", "7.3/plain"]
    ci = {f"{series}/{variant}" for series, variants in CI.items() for variant in variants}
    assert ci <= set(names(book.of_group("ci")))
    full = {f"{series}/{variant}" for series in book.series for variant in FULL
            if variant not in LATER or cells._number(series) >= cells._number(LATER[variant])}
    full |= {"6.1/slab", "6.1/slob", "7.3/partition_typed", "7.3/preempt_rt"}
    assert full <= set(names(book.of_group("full")))


PROMISES = {  # what a variant must have (patterns of arguments, settings and options), by the words about it
    "zeroed when it is allocated": ["init_on_alloc=1"],
    "when it is freed": ["init_on_free=1"],
    "freed is checked, and zeroed": ["sl[au]b_debug=F", "init_on_free=1"],
    "every check of SLUB's": ["sl[au]b_debug(=FZPU)?", "CONFIG_SLUB_DEBUG=y"],
    "none for caches that would need larger slabs": ["sl[au]b_debug=FZPUO", "CONFIG_SLUB_DEBUG=y"],
    "no hardened freelist": ["# CONFIG_SLAB_FREELIST_HARDENED is not set"],
    "mempools keep is poisoned": ["mempool_debug"],
    "do not account kernel memory": ["cgroup.memory=nokmem", "CONFIG_MEMCG=y"],
    "slab_debug= for some caches": ["slab_debug=[A-Z]+,.+"],
    "slab_debug= for all caches, but for some": ["slab_debug=[A-Z-]+;.+"],
    "compiled with clang": ["--make_options=LLVM=.*"],
    "no two caches share": ["slab_nomerge"],
    "four pages at least and sixteen at most": ["sl[au]b_min_order=2", "sl[au]b_max_order=4"],
    "as many objects as fit, up to 64": ["sl[au]b_min_objects=64"],
    "address sanitizer": ["CONFIG_KASAN=y", "kasan_multi_shot"],
    "User-Mode Linux with two CPUs": ["seccomp=on", "ncpus=2", "CONFIG_SMP=y"],
    "Debian hardens": ["CONFIG_FORTIFY_SOURCE=y", "CONFIG_INIT_ON_ALLOC_DEFAULT_ON=y",
                       "CONFIG_HARDENED_USERCOPY=y", "CONFIG_SLAB_FREELIST_HARDENED=y"],
    "smallest machines": ["CONFIG_SLUB_TINY=y"],
    "lock validator": ["CONFIG_PROVE_LOCKING=y"],
    "objects in freed memory": ["CONFIG_DEBUG_OBJECTS=y", "CONFIG_DEBUG_OBJECTS_FREE=y"],
    "chosen by the caller": ["CONFIG_(RANDOM_KMALLOC_CACHES|KMALLOC_PARTITION_RANDOM)=y"],
    "chosen by the type": ["CONFIG_KMALLOC_PARTITION_TYPED=y", "--make_options=LLVM=-22"],
    "debugfs": ["CONFIG_DEBUG_FS=y"],
    "SLAB instead": ["CONFIG_SLAB=y", "# CONFIG_SLUB is not set"],
    "SLOB instead": ["CONFIG_SLOB=y", "# CONFIG_SLUB is not set"],
    "four CPUs under QEMU": ["--qemu_args=-smp 4( .*)?", "CONFIG_SMP=y"],
    "two CPUs under QEMU": ["--qemu_args=-smp 2( .*)?", "CONFIG_SMP=y"],
    "two nodes of memory": ["numa=fake=2", "CONFIG_NUMA_EMU=y"],
    "in a millisecond is KFENCE's": ["kfence.sample_interval=1", "CONFIG_KFENCE=y"],
    "spinlocks sleep": ["CONFIG_PREEMPT_RT=y"],
    "data race detector": ["CONFIG_KCSAN=y"],
    "a word has 32 bits": ["--arch=i386"],
    "most significant byte comes first": ["--arch=s390"],
}


def test_cells_are_what_is_said_about_them() -> None:
    book, kept = cells.load(overlay.REPO), set()
    for cell in book.all():
        about = book.variants[cell.variant]["about"]
        if about == "the smallest kernel, no argument":
            assert cell.command() == ["run", "--kernel", cell.series]
            continue
        called = boot.command(Path(), Path(), cell.arch)
        have = [*cell.arguments, *called,
                *config.merged(overlay.REPO, cell.series, cell.arch, cell.configs).splitlines()]
        given = [words for words in PROMISES if words in about]
        assert given, f"{cell.name}: what must it have, if it is about {about!r}?"
        for pattern in (pattern for words in given for pattern in PROMISES[words]):
            assert any(re.fullmatch(pattern, each) for each in have), f"{cell.name} has no {pattern}"
        kept.update(given)
    assert kept == PROMISES.keys()
