#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Bisect a real history: the versions of Linux 6.1 that the mirror has, and twenty commits on top.

    tools/tests/real_bisect.py

One of the twenty has a fault, with which the kernel boots, and two others do not compile. Each
version is a download of 140 MB; the oldest and the newest are built in full, the others incrementally.
Exit status 1: the wrong commit was found, or something was left in the repository.
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tools"))

from kmem_kunit import apt, cache, host, kernel, progress  # noqa: E402
from kmem_kunit.errors import UserError  # noqa: E402

SERIES = "6.1"
COMMITS, FAULT, BROKEN = 20, 13, (9, 10)  # where git looks first if the mirror has one version only
EDITED = ("mm/slub.c", "mm/util.c", "mm/slab_common.c", "mm/mempool.c")
TERMINATES = "\t\tmemcpy(buf, s, len);\n\t\tbuf[len] = '\\0';\n"  # of kstrndup() and kmemdup_nul()
ONE_LESS = "\t\tmemcpy(buf, s, len);\n\t\tbuf[len ? len - 1 : 0] = '\\0';\n"
WHO = ("-c", "user.name=A U Thor", "-c", "user.email=author@example.org")
QUICK = ("-c", "core.looseCompression=0", "-c", "gc.auto=0", "-c", "core.autocrlf=false")


def git(linux: Path, *words: str) -> str:
    """Run git as the user does it, and return what it prints."""
    argv = ["git", "-C", str(linux), *WHO, *QUICK, *words]
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def commit(linux: Path, subject: str) -> str:
    """Commit all that there is, also what the kernel's .gitignore leaves out."""
    git(linux, "add", "--all", "--force")
    git(linux, "commit", "--quiet", "--message", subject)
    return git(linux, "rev-parse", "HEAD")


def offered(base: Path) -> list[apt.Package]:
    """Return the versions that the mirror has, oldest first."""
    lists = apt.lock(base)
    try:
        lists.take()
        apt.update(base)
        name = apt.package_name(SERIES)
        done = apt._apt(base, "apt-cache", "show", name, timeout=120)
    finally:
        lists.close()
    found = {}
    for text in done.output.split("\n\n"):
        fields = dict(re.findall(r"^(Version|Size): (\S+)$", text, re.MULTILINE))
        if len(fields) == 2:
            found[fields["Version"]] = apt.Package(name, fields["Version"], int(fields["Size"]))
    return list(reversed(found.values()))


def import_version(base: Path, linux: Path, package: apt.Package) -> str:
    """Commit a version as the successor of what is there."""
    for path in linux.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    have = kernel.cached(SERIES)
    if have is not None and have.version == package.version:
        shutil.copytree(have.path, linux, symlinks=True, dirs_exist_ok=True)
    else:
        kernel._unpack(base, package, linux)
    progress.say(f"importing {package.name} {package.version}")
    return commit(linux, f"Linux {package.version}")


def change(linux: Path, number: int) -> str:
    """Make one of the commits on top; return its hash."""
    path = linux / EDITED[number % len(EDITED)]
    path.write_text(path.read_text() + f"/* edit {number} */\n")
    util, slub = linux / "mm/util.c", linux / "mm/slub.c"
    if number == FAULT:
        text = util.read_text()
        assert TERMINATES in text
        util.write_text(text.replace(TERMINATES, ONE_LESS, 1))
    if number == BROKEN[0]:
        slub.write_text(slub.read_text() + "#error does not compile\n")
    if number == BROKEN[-1] + 1:
        slub.write_text(slub.read_text().replace("#error does not compile\n", ""))
    return commit(linux, f"mm: edit {number}")


def state(linux: Path) -> list[str]:
    """Return what must be the same afterwards."""
    commands = (("rev-parse", "HEAD"), ("for-each-ref",), ("worktree", "list"),
                ("status", "--porcelain"))
    return [git(linux, *words) for words in commands]


def main() -> int:
    """Make the history, bisect it, and judge the answer."""
    host.ensure((*host.FETCHING, *host.BUILDING, *host.BISECTING))
    base = cache.root()
    with cache.temporary(base / "sources") as folder:
        linux = folder / "linux"
        linux.mkdir()
        git(linux, "init", "--quiet")
        versions = [import_version(base, linux, package) for package in offered(base)]
        if not versions:
            raise UserError(f"the mirror has no Linux {SERIES}")
        made = [change(linux, number) for number in range(COMMITS)]
        before = state(linux)
        done = subprocess.run(
            [REPO / "tools/kmem-kunit", "bisect", "--tree", linux, "--good", versions[0],
             "--bad", "HEAD", "--case", "kmem_strdup.*"], stdout=subprocess.PIPE, text=True)
        print(done.stdout)
        problems = [] if state(linux) == before else ["the repository is not as it was"]
        if done.returncode != 0 or f"  commit   {made[FAULT]}\n" not in done.stdout:
            problems.append(f"status {done.returncode}; it should have found {made[FAULT]}")
        if left := list((base / "bisects").iterdir()):
            problems.append(f"left behind: {left}")
    print("\n".join(problems) or f"found among {len(versions)} versions and {COMMITS} commits")
    return 1 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        progress.say(str(error))
        sys.exit(2)
