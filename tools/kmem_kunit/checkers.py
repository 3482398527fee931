# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own checkers, and what they say of patches to it."""
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kmem_kunit import intree, listed, overlay, proc, progress
from kmem_kunit.errors import UserError

ALLOWED = "tools/cocci.toml"
_LIMIT = 2 * 3600.0  # seconds for one of them
_CHECKPATCH = re.compile(r": (?:ERROR|WARNING|CHECK):")
_COCCI = re.compile(r"(?:^|/)(kmem_\w+\.[ch]):\d+:\d+-\d+: (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Allowed:
    """What coccicheck may say of a file, how often, and why that is no mistake."""

    file: str
    says: str
    count: int
    reason: str


def checkpatch(root: Path, patches: Sequence[Path]) -> Iterator[str]:
    """Yield what checkpatch.pl says of patches to a tree; the last one has the lines of MAINTAINERS."""
    words: list[str | Path] = ["perl", root / "scripts/checkpatch.pl", "--strict", "--terse", "-q", "--show-types",
                               "--no-signoff", "--ignore", "FILE_PATH_CHANGES"]
    with progress.step("checkpatch.pl"):
        done = proc.run([*words, *(path.absolute() for path in patches)], timeout=_LIMIT, cwd=root)
    found = [line for line in done.output.splitlines() if _CHECKPATCH.search(line)]
    yield from found
    if done.status != 0 and not found:
        yield f"checkpatch.pl ended with status {done.status}"


def allowed() -> list[Allowed]:
    """Return what coccicheck may say; raises UserError for what is not of that form."""
    found = list[Allowed]()
    for values, where in listed.entries(overlay.REPO / ALLOWED, "allowed"):
        try:
            found.append(Allowed(**values))  # type: ignore[arg-type]
        except TypeError as error:
            raise UserError(f"{where}: it has file, says, count and reason") from error
    return found


def coccicheck(root: Path, folder: Path, sources: Sequence[str], jobs: int) -> Iterator[str]:
    """Yield what coccicheck says of sources in a tree, but for what is allowed; folder is one to work in."""
    work = folder / "cocci"  # it takes all of a folder, and others have files where these are
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    (work / "Makefile").touch()
    for name in sources:
        shutil.copyfile(root / name, work / Path(name).name)
    with progress.step("coccicheck"):
        done = proc.run(["make", "-s", "-C", root, "coccicheck", "MODE=report", f"M={work}", f"J={jobs}", "ARCH=um",
                         f"O={folder / 'uml'}"], timeout=_LIMIT, cwd=root)
    if done.status != 0:
        yield f"coccicheck ended with status {done.status}: {done.output.strip().rpartition(chr(10))[2]}"
    yield from beyond(_COCCI.findall(done.output), allowed())


def beyond(said: Sequence[tuple[str, str]], known: Sequence[Allowed]) -> Iterator[str]:
    """Yield what is said of files more often than it may be."""
    left = {(each.file, each.says): each.count for each in known}
    for file, text in said:
        for name, says in left:
            if name == file and says in text and left[name, says]:
                left[name, says] -= 1
                break
        else:
            yield f"{file}: coccicheck: {text}"


def htmldocs(root: Path, folder: Path) -> Iterator[str]:
    """Yield what Sphinx says of our page in a tree; folder is one to work in."""
    page = f"{Path(intree.PAGE).stem}.html"
    for old in (folder / "docs").rglob(page):
        old.unlink()
    with progress.step("htmldocs"):
        done = pages(root, folder / "docs", Path(intree.PAGE).parent.name)
    yield from (line for line in done.output.splitlines() if intree.PAGE in line and re.search("WARNING|ERROR", line))
    if not [*(folder / "docs").rglob(page)]:
        yield f"htmldocs ended with status {done.status}, and made no {page}"


def pages(root: Path, output: Path, name: str) -> proc.Done:
    """Have the kernel's Sphinx make pages of a folder of its Documentation, by its name."""
    return proc.run(["make", "-s", "-C", root, f"SPHINXDIRS={name}", f"O={output}", "htmldocs"], timeout=_LIMIT, cwd=root,
                    env=proc.environment(PYTHONDONTWRITEBYTECODE="1"))  # its modules are the kernel's
