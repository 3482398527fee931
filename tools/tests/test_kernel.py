# SPDX-License-Identifier: GPL-2.0-only
"""Kernels by series and by path: what is taken, what is refused, and what a failed fetch leaves."""
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import make_kernel, snapshot

from kmem_kunit import apt, cache, kernel
from kmem_kunit.errors import UserError

Add = Callable[[str, str], Path]


def test_a_tree(fake_kernel: Path) -> None:
    before = snapshot(fake_kernel)
    found = kernel.resolve(str(fake_kernel))
    assert (found.release, found.series, found.version) == ("6.12.3", "6.12", "")
    assert found.path == fake_kernel and snapshot(fake_kernel) == before


@pytest.mark.parametrize("release, series", [("7.0.0-rc3", "7.0"), ("6.1.192", "6.1")])
def test_series_of_a_release(release: str, series: str) -> None:
    assert kernel.Kernel("x", Path(), release).series == series


def test_extraversion(fake_kernel: Path) -> None:
    text = (fake_kernel / "Makefile").read_text()
    (fake_kernel / "Makefile").write_text(text.replace("EXTRAVERSION =", "EXTRAVERSION = -rc2"))
    assert kernel.from_tree(str(fake_kernel)).release == "6.12.3-rc2"


@pytest.mark.parametrize("name", ["Kconfig", "mm", "lib/Kconfig.debug", "init"])
def test_not_a_kernel_tree(name: str, fake_kernel: Path) -> None:
    (fake_kernel / name).rename(fake_kernel.parent / "away")
    with pytest.raises(UserError, match=f"is not a kernel tree: it has no {name}"):
        kernel.from_tree(str(fake_kernel))


def test_a_makefile_of_something_else(fake_kernel: Path) -> None:
    (fake_kernel / "Makefile").write_text("all:\n\tVERSION = 6\n")
    with pytest.raises(UserError, match="states no version"):
        kernel.from_tree(str(fake_kernel))


@pytest.mark.parametrize("name", ["lib/kunit/Kconfig", "tools/testing/kunit/kunit.py"])
def test_a_kernel_without_kunit(name: str, fake_kernel: Path) -> None:
    (fake_kernel / name).unlink()
    with pytest.raises(UserError, match=f"has no KUnit: it has no {name}"):
        kernel.from_tree(str(fake_kernel))


@pytest.mark.parametrize(
    "name", [".config", "include/config/auto.conf", "arch/x86/include/generated/asm/x.h"]
)
def test_leftovers_of_a_build_in_the_tree(name: str, fake_kernel: Path) -> None:
    (fake_kernel / name).parent.mkdir(parents=True, exist_ok=True)
    (fake_kernel / name).write_text("")
    with pytest.raises(UserError, match="make -C .* mrproper.*git -C .* worktree add") as caught:
        kernel.from_tree(str(fake_kernel))
    assert "\n" not in str(caught.value)
    assert kernel.check_tree(str(fake_kernel))  # apply takes it all the same


@pytest.mark.parametrize("spec", ["v6.12", "6.12.1", "", "no/such/folder", "a\0b", "~nobody/x"])
def test_neither_series_nor_folder(
    spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError):
        kernel.resolve(spec)


def test_identity_follows_every_change(fake_kernel: Path) -> None:
    found = kernel.from_tree(str(fake_kernel))

    def now() -> str:
        return kernel.identity(found).digest

    seen = [now()]
    assert now() == seen[0]
    (fake_kernel / "mm/slub.c").write_text("/* slub! */\n")
    seen.append(now())
    (fake_kernel / "mm/new.c").write_text("")
    seen.append(now())
    (fake_kernel / "mm/new.c").rename(fake_kernel / "mm/newer.c")
    seen.append(now())
    (fake_kernel / "mm/link.c").symlink_to("slub.c")
    seen.append(now())
    (fake_kernel / "mm/link.c").unlink()
    (fake_kernel / "mm/link.c").symlink_to("newer.c")
    seen.append(now())
    assert len(set(seen)) == len(seen)
    (fake_kernel / ".git").mkdir()
    (fake_kernel / ".git/HEAD").write_text("elsewhere")
    assert now() == seen[-1]


def test_a_file_with_an_old_time_is_noticed(fake_kernel: Path) -> None:
    """make would not see a file that rsync or cp -p brought in after the last build."""
    found = kernel.from_tree(str(fake_kernel))
    for path in fake_kernel.rglob("*"):
        os.utime(path, (1000, 1000))
    time.sleep(0.02)
    since = time.time()
    time.sleep(0.02)
    assert not kernel.identity(found, since).backdated
    (fake_kernel / "mm/slub.c").write_text("/* new */\n")
    os.utime(fake_kernel / "mm/slub.c", (2000, 2000))
    assert kernel.identity(found, since).backdated
    (fake_kernel / "mm/slub.c").write_text("/* newer */\n")
    assert not kernel.identity(found, since).backdated


def test_identity_while_files_vanish(fake_kernel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, scandir = kernel.from_tree(str(fake_kernel)), os.scandir

    @contextmanager
    def vanishing(folder: str) -> Iterator[list["os.DirEntry[str]"]]:
        with scandir(folder) as entries:
            listed = list(entries)
        if folder == str(fake_kernel):
            shutil.rmtree(fake_kernel / "init", ignore_errors=True)
        elif str(folder).endswith("/mm"):
            (fake_kernel / "mm/slub.c").unlink()
        yield listed

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", vanishing)
        seen = kernel.identity(found)
    assert seen == kernel.identity(found)
    shutil.rmtree(fake_kernel)
    with pytest.raises(FileNotFoundError):
        kernel.identity(found)


def test_identity_of_a_fetched_source_is_its_version(tmp_path: Path) -> None:
    one = kernel.Kernel("6.12", tmp_path, "6.12.3", version="6.12.3-1")
    other = kernel.Kernel("6.12", tmp_path, "6.12.3", version="6.12.3-2")
    assert kernel.identity(one) == kernel.identity(one) != kernel.identity(other)


# Fetching, with an apt that only pretends.

APT_GET = """
case "$*" in
*indextargets*)
    printf 'Debian\\thttp://mirror.invalid/debian/\\tbookworm\\t{entry}\\tmain\\n'
    printf 'Other\\thttp://other.invalid/\\tbookworm\\t{entry}\\tmain\\n' ;;
*update*) {update} ;;
*--print-uris*)
    case "$*" in
    *linux-source-6.12*) echo "'http://x' linux-source-6.12_6.12.3-1_all.deb 1000 SHA256:0" ;;
    *) echo "E: Unable to locate package" ; exit 100 ;;
    esac ;;
*download*) {download} ;;
esac
"""
OFFLINE = (
    "echo 'E: Failed to fetch http://mirror.invalid/x  Temporary failure resolving mirror.invalid';"
    " exit 100"
)


@pytest.fixture
def mirror(tmp_path: Path, fake_bin: Add, cache_root: Path) -> Callable[..., None]:
    """Give a function that sets up the pretended apt, which has Linux 6.12.3 to download."""
    source = make_kernel(tmp_path / "src" / "linux-source-6.12")
    root = tmp_path / "package"
    (root / "usr/src").mkdir(parents=True)
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN/control").write_text(
        "Package: linux-source-6.12\nVersion: 6.12.3-1\nArchitecture: all\nMaintainer: x\n"
        "Description: x\n"
    )
    archive = root / "usr/src/linux-source-6.12.tar.xz"
    subprocess.run(["tar", "-cJf", archive, "-C", source.parent, source.name], check=True)
    deb = tmp_path / "linux-source-6.12_6.12.3-1_all.deb"
    subprocess.run(["dpkg-deb", "-b", root, deb], check=True, stdout=subprocess.DEVNULL)
    entry = tmp_path / "debian.sources"
    entry.write_text("# comment\nTypes: deb\nURIs: x\n\nTypes: deb\nSigned-By: /my/key.gpg\n")

    def set_up(update: str = "true", download: str = f"cp {deb} .") -> None:
        fake_bin(
            "apt-get", APT_GET.format(entry=f"{entry}:2", update=update, download=download)
        )
        fake_bin("apt-cache", "echo 'linux-source-6.1 - x'; echo 'linux-source-6.12 - x'")

    set_up()
    return set_up


def left_over(root: Path) -> list[Path]:
    return [*root.rglob(".tmp-*"), *(root / "sources").iterdir(), *root.rglob("*.deb")]


def test_two_trees_with_equal_sizes_and_times(tmp_path: Path) -> None:
    """As git archive and tar make of two commits of one second."""
    found = []
    for name, text in (("old", "a < b"), ("new", "a > b")):
        tree = make_kernel(tmp_path / name)
        (tree / "mm/slub.c").write_text(text)
        for path in tree.rglob("*"):
            os.utime(path, (1000, 1000))
        found.append(kernel.identity(kernel.from_tree(str(tree))).digest)
    assert found[0] != found[1]


def test_fetch(mirror: Callable[..., None], cache_root: Path) -> None:
    found = kernel.resolve("6.12")
    assert (found.name, found.release, found.version) == ("6.12", "6.12.3", "6.12.3-1")
    assert found.path == cache_root / "sources/linux-source-6.12_6.12.3-1"
    assert kernel.check_tree(str(found.path)) == found.path
    assert {path.name for path in found.path.iterdir()} == {
        path.name for path in make_kernel(cache_root / "other").iterdir()
    }
    assert not list(cache_root.rglob("*.deb"))


def test_sources_are_the_machines_own_mirror_and_keys(
    mirror: Callable[..., None], cache_root: Path
) -> None:
    kernel.resolve("6.12")
    text = (cache_root / "apt/kmem-kunit.sources").read_text()
    assert set(re.findall("URIs: (.*)", text)) == {"http://mirror.invalid/debian/"}
    assert set(re.findall("Suites: (.*)", text)) == set(apt.SUITES)
    assert set(re.findall("Signed-By: (.*)", text)) == {"/my/key.gpg"}


def test_a_cached_series_needs_no_network(mirror: Callable[..., None], cache_root: Path) -> None:
    kernel.resolve("6.12")
    mirror(update="exit 99", download="exit 99")
    assert kernel.resolve("6.12").version == "6.12.3-1"


def test_fetch_replaces_an_older_version(mirror: Callable[..., None], cache_root: Path) -> None:
    old = cache.root() / "sources/linux-source-6.12_6.12.2-9"
    make_kernel(old, "6.12.2")
    assert kernel.resolve("6.12").release == "6.12.2"
    assert kernel.fetch(["6.12"])[0].release == "6.12.3"
    assert kernel.resolve("6.12").release == "6.12.3" and not old.exists()


def test_an_unknown_series(mirror: Callable[..., None], cache_root: Path) -> None:
    with pytest.raises(UserError, match=r"no linux-source-9.9; it has Linux 6.1, 6.12$"):
        kernel.resolve("9.9")
    with pytest.raises(UserError, match="'../x' is no kernel series"):
        kernel.fetch(["../x"])
    assert not left_over(cache_root)


def test_no_network(mirror: Callable[..., None], cache_root: Path) -> None:
    mirror(update=OFFLINE)
    with pytest.raises(UserError, match="Temporary failure resolving.*; the cache has no kernel"):
        kernel.resolve("6.12")
    make_kernel(cache_root / "sources/linux-source-6.1_6.1.9-1", "6.1.9")
    with pytest.raises(UserError, match="the cache has 6.1$"):
        kernel.resolve("6.12")
    assert len(left_over(cache_root)) == 1


@pytest.mark.parametrize(
    "error, why",
    [
        (
            "The repository 'http://mirror.invalid/debian trixie-backports Release' "
            "does not have a Release file.",
            "does not have a Release file",
        ),
        (
            "The repository 'http://mirror.invalid/debian trixie-backports InRelease' "
            "is not signed.",
            "is not signed",
        ),
        (
            "Release file for http://mirror.invalid/debian/dists/trixie-backports/InRelease "
            "is expired (invalid since 16d 14h 57min 1s). Updates will not be applied.",
            "is expired (invalid since 16d 14h 57min 1s)",
        ),
    ],
)
def test_a_suite_that_cannot_be_used(
    error: str,
    why: str,
    mirror: Callable[..., None],
    cache_root: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    mirror(
        update=f"""
for word in "$@"; do case $word in *SourceList=*) list=${{{{word#*SourceList=}}}} ;; esac; done
if grep -q 'Suites: trixie-backports' "$list"; then
    echo "E: {error}"
    exit 100
fi""".format()
    )
    assert kernel.resolve("6.12").release == "6.12.3"
    expected = "going on without the suite trixie-backports of http://mirror.invalid/debian, which "
    assert f"{expected}{why}\n" in capfd.readouterr().err


def test_no_suite_can_be_used(mirror: Callable[..., None], cache_root: Path) -> None:
    suites = " ".join(apt.SUITES)
    mirror(
        update=f"for s in {suites}; do "
        "echo \"E: The repository 'http://mirror.invalid/debian $s InRelease' is not signed.\";"
        " done; exit 100"
    )
    with pytest.raises(UserError, match="cannot refresh the package lists: .*is not signed"):
        kernel.resolve("6.12")


@pytest.mark.parametrize(
    "download, says",
    [
        ("head -c 300 {deb} > linux-source-6.12_6.12.3-1_all.deb", "cannot unpack"),
        ("echo 'E: Failed to fetch x  404  Not Found'; exit 100", "404  ?Not Found"),
        ("echo 'E: You do not have enough free space in .'; exit 100", "enough free space"),
        ("true", "left no linux-source-6.12"),
    ],
)
def test_a_download_that_fails_leaves_nothing(
    download: str, says: str, mirror: Callable[..., None], cache_root: Path, tmp_path: Path
) -> None:
    mirror(download=download.format(deb=tmp_path / "linux-source-6.12_6.12.3-1_all.deb"))
    with pytest.raises(UserError, match=says) as caught:
        kernel.resolve("6.12")
    assert "\n" not in str(caught.value) and not left_over(cache_root)


def test_a_disk_that_fills_while_unpacking(
    mirror: Callable[..., None], cache_root: Path, fake_bin: Add
) -> None:
    fake_bin(
        "tar",
        "echo 'tar: mm/slub.c: Cannot write: No space left on device' >&2\n"
        "echo 'tar: Exiting with failure status due to previous errors' >&2; exit 2",
    )
    with pytest.raises(UserError, match="No space left on device"):
        kernel.resolve("6.12")
    assert not left_over(cache_root)


def test_a_disk_that_is_too_small_from_the_start(
    mirror: Callable[..., None], cache_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10}))
    mirror(download="exit 99")
    with pytest.raises(UserError, match="needs .* GB in .*KMEM_KUNIT_CACHE"):
        kernel.resolve("6.12")
    assert not left_over(cache_root)


def test_ctrl_c_while_downloading(
    mirror: Callable[..., None], cache_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror(download="echo half > linux-source-6.12_6.12.3-1_all.deb; sleep 1000")

    def interrupt(folder: Path) -> int:
        if any(folder.iterdir()):
            raise KeyboardInterrupt
        return 0

    monkeypatch.setattr(apt, "_size", interrupt)
    with pytest.raises(KeyboardInterrupt):
        kernel.resolve("6.12")
    assert not left_over(cache_root)


def test_a_machine_without_debian_sources(cache_root: Path, fake_bin: Add) -> None:
    fake_bin("apt-get", "true")
    with pytest.raises(UserError, match="no Debian mirror"):
        kernel.resolve("6.12")


def test_signed_by_of_a_line(tmp_path: Path) -> None:
    file = tmp_path / "x.list"
    file.write_text("# first\ndeb [arch=amd64 signed-by=/a/b.gpg] http://x bookworm main\n")
    assert apt._signed_by(f"{file}:2") == "/a/b.gpg"
    assert apt._signed_by(f"{file}:1") == apt._signed_by(f"{file}:9") == apt._signed_by("x") == ""


def test_a_key_within_the_sources_file(tmp_path: Path) -> None:
    key = "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n -----END PGP PUBLIC KEY BLOCK-----"
    file = tmp_path / "x.sources"
    file.write_text(f"Types: deb\nSigned-By:{key}\nURIs: x\n")
    assert apt._signed_by(f"{file}:1") == key
