# SPDX-License-Identifier: GPL-2.0-only
"""Patches as those who get them see them: applied, built and run one by one, and read by the kernel's checkers."""
import os
import re
import shutil
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kmem_kunit import (
    arch,
    boot,
    cache,
    checkers,
    git,
    host,
    image,
    intree,
    overlay,
    patchset,
    proc,
    progress,
    series,
    tree,
)
from kmem_kunit.arch import UML, Arch
from kmem_kunit.errors import UserError
from kmem_kunit.fixes import Fix
from kmem_kunit.kernel import Kernel
from kmem_kunit.patchset import Patch, Sender
from kmem_kunit.result import Result, Status
from kmem_kunit.series import Series

CLANG = arch.find("uml-clang")
BOOTS = ((), ("slub_debug=FZPU",))  # kernel arguments; all series know the old name of that
_KUNIT = "tools/testing/kunit"
_LIMIT = 4 * 3600.0  # seconds for one build
# for a kernel that asks for a newer sparse than there is: what that would know of GCC
_SPARSE = "-D__typeof_unqual__=__typeof__ '-D__builtin_strlen(s)=(sizeof(s)-1)'"
_SYMBOL = re.compile(r"^config (KMEM_\w+_KUNIT_TEST)$", re.MULTILINE)
_WARNING = re.compile(r"\b(?:warning|error)\b", re.IGNORECASE)
_SHOWN = 20  # lines of one command that says what is wrong


@dataclass(frozen=True)
class Checked:
    """What is checked: patches, the files that git has written of them, and the fix that is among them, if one is."""

    kernel: Kernel
    series: Series
    files: Sequence[Path]
    who: Sender
    fix: Fix | None
    jobs: int

    @cached_property
    def sources(self) -> list[str]:
        """The C that is theirs alone."""
        names = {name for patch in self.series.patches for name in patch.files}
        return sorted(name for name in names - self.series.base.keys() if name.endswith((".c", ".h")))

    @cached_property
    def ours(self) -> re.Pattern[str]:
        """What names one of their files in a line of a compiler or of a checker."""
        names = {name for patch in self.series.patches for name in patch.files} - {intree.MAINTAINERS, intree.INDEX}
        return re.compile("|".join(rf"\b{re.escape(name)}\b" for name in sorted(names)))

    def says(self, output: str) -> list[str]:
        """Return the warnings and errors in an output that name one of their files."""
        found = [line for line in output.splitlines() if self.ours.search(line) and _WARNING.search(line)]
        return list(dict.fromkeys(found))


_Wanted = Mapping[tuple[str, ...], Mapping[str, Status]]  # by kernel arguments, what cases have to come to


def complaints(base: Path, checked: Checked, *, full: bool) -> Iterator[str]:
    """Yield what is wrong with patches, a line each, as it is found; base is the cache folder.

    If full, they are built and run one by one, by clang too, and all of the kernel's checkers read them.
    Raises UserError for a patch that does not apply.
    """
    with opened(base, checked) as work:
        wanted = yield from _wanted(base, checked)
        if full:
            yield from work.steps(wanted)
        else:
            work.apply(*checked.files)
        yield from work.whole(UML, wanted)
        if full:
            yield from work.whole(CLANG, wanted)
        yield from checkers.checkpatch(work.root, checked.files)
        if full:
            yield from checkers.coccicheck(work.root, work.folder, checked.sources, checked.jobs)
            yield from checkers.htmldocs(work.root, work.folder)


@contextmanager
def opened(base: Path, checked: Checked) -> Iterator["Work"]:
    """Give a tree without the patches, alone, with what was built of it before."""
    folder = base / "exports" / cache.digest(str(checked.kernel.path), str(overlay.REPO))
    folder.mkdir(exist_ok=True)
    os.utime(folder)
    with cache.lock(cache.lock_path(base, f"exports-{folder.name}"), str(folder), progress.say):
        work = Work(base, checked, folder)
        work.reset()
        yield work


def _wanted(base: Path, checked: Checked) -> Generator[str, None, _Wanted]:
    """Yield which cases of a fix do not fail without it; return what must come out with the patches."""
    fix = checked.fix
    request = image.Request(checked.kernel, overlay.REPO, fix.configs if fix else (), jobs=checked.jobs)
    built = image.build(base, request)
    if fix is None:
        without = {f"{each.suite}.{each.case}" for each in checked.series.left_out}
        return {arguments: {case.path: case.status for case in _ran(base, built, arguments).cases
                            if f"{case.suite}.{case.name}" not in without} for arguments in BOOTS}
    for case in fix.cases:
        if any(found.path == case and not found.bad for found in _ran(base, built, fix.arguments, case).cases):
            yield f"{case}: does not fail without the fix"
    return {fix.arguments: {case: Status.PASS for case in fix.cases}}


class Work:
    """A tree that patches are applied to, and what is built of it."""

    def __init__(self, base: Path, checked: Checked, folder: Path) -> None:
        self.root = folder / "tree"
        self._base, self._checked, self.folder = base, checked, folder

    def reset(self) -> None:
        """Make the tree what the kernel is, with files of its own where patches change something."""
        source, files = self._checked.kernel.path, self._checked.series.base
        own = {f"{_KUNIT}/{path.name}": path.read_text(encoding="utf-8") for path in (source / _KUNIT).glob("*.py")}
        shutil.rmtree(self.folder / "git", ignore_errors=True)
        for place, _, names in os.walk(self.root):  # not into links: what they name is the kernel's
            for path in (Path(place, name) for name in names if not Path(place, name).is_symlink()):
                name = str(path.relative_to(self.root))
                if (source / name).is_file():  # a link would be older than what was built of a patched one
                    own[name] = (source / name).read_text(encoding="utf-8")
                else:
                    path.unlink()  # what other patches have brought
        tree.edited(source, self.root, {**own, **files})
        (self.root / ".git").unlink(missing_ok=True)  # the tree is not what that is of
        git.ask(self.folder, self._repo, "init", "-q", "--bare")
        patchset.commit(self._repo, patchset.BASE, [Patch("base", "", files)], self._checked.who, "", self.folder)
        self._ask("checkout", "-q", "-f", "-b", "work", patchset.BASE)

    @property
    def _repo(self) -> str:
        # not in the tree: kbuild would take it for one of the kernel's
        return f"--git-dir={self.folder / 'git'}"

    def _ask(self, *words: str | Path) -> None:
        git.ask(self.root, self._repo, f"--work-tree={self.root}", "-C", self.root, "-c", "core.bare=false", *words,
                variables=self._checked.who.variables)

    def apply(self, *files: Path) -> None:
        """Make commits of patches; raises UserError where one does not apply."""
        self._ask("am", "-q", "--no-gpg-sign", *(file.absolute() for file in files))

    def steps(self, wanted: _Wanted) -> Iterator[str]:
        """Apply, build and run patch after patch; yield what is wrong."""
        arguments, outcomes = next(iter(wanted.items()))
        patches = self._checked.series.patches
        for at, (patch, file) in enumerate(zip(patches, self._checked.files), 1):
            with progress.step(f"patch {at} of {len(patches)}: {patch.subject}"):
                self.apply(file)
                found = self._built(UML) or [
                    line for suite in series.suites_of(patch) for line in self._other(UML, arguments, suite, outcomes)]
            yield from (f"{file.name}: {line}" for line in found)

    def whole(self, architecture: Arch, wanted: _Wanted) -> Iterator[str]:
        """Build with all patches, look for warnings, and run all suites; yield what is wrong."""
        with progress.step(f"building all with {architecture.label}"):
            found = self._built(architecture)
        if not found:
            with progress.step(f"compiling with all warnings of {architecture.label}"):
                found = self._warnings(architecture)
            for arguments, outcomes in wanted.items():
                with progress.step(f"running all of {architecture.label} {' '.join(arguments)}"):
                    found += self._other(architecture, arguments, "", outcomes)
        yield from (f"{architecture.label}: {line}" for line in found)

    def _built(self, architecture: Arch) -> list[str]:
        """Build, with those of the suites that the tree has; return what is wrong with that."""
        build_dir, made = self._build_dir(architecture), self._checked.series
        build_dir.mkdir(exist_ok=True)
        symbols = _SYMBOL.findall((self.root / intree.KCONFIG).read_text(encoding="utf-8"))
        kunitconfig = intree.kunitconfig(made.patches[-1].files[made.place.kunitconfig], symbols)
        cache.write(build_dir / image.KUNITCONFIG, kunitconfig)
        return self._said(self._run(
            sys.executable, str(self.root / _KUNIT / "kunit.py"), "build", *architecture.options(),
            f"--build_dir={build_dir}", f"--kunitconfig={build_dir / image.KUNITCONFIG}",
            f"--jobs={self._checked.jobs}"))

    def _warnings(self, architecture: Arch) -> list[str]:
        """Compile the C once more, by what GCC and sparse, or clang, may warn of; return what they do."""
        if architecture.llvm:
            options = [f"LLVM={architecture.llvm}"]
        else:
            valid = (self.root / "scripts/checker-valid.sh").is_file()
            options = ["C=2", *([f"CF={_SPARSE}"] if valid else [])]
        objects = [name.removesuffix(".c") + ".o" for name in self._checked.sources if name.endswith(".c")]
        done = self._run("make", "-s", "-k", "-C", str(self.root), f"O={self._build_dir(architecture)}", "ARCH=um",
                         "W=1", *options, f"-j{self._checked.jobs}", *objects)
        return self._said(done) + [line for line in done.output.splitlines() if "sparse is not available" in line]

    def _said(self, done: proc.Done) -> list[str]:
        """Return what a build says of files of the patches, or why it failed."""
        return self._checked.says(done.output) or (["does not build", *_excerpt(done.output)] if done.status else [])

    def _other(self, architecture: Arch, arguments: tuple[str, ...], suite: str,
               wanted: Mapping[str, Status]) -> list[str]:
        """Run a suite, or all; return where that comes to something else than is wanted."""
        the_image = image.Image(self._build_dir(architecture), self.root, self._checked.kernel.release, "",
                                architecture)
        result = _ran(self._base, the_image, arguments, suite)
        found = {case.path: case.status for case in result.cases if not self._checked.fix or case.path in wanted}
        expected = {path: status for path, status in wanted.items() if not suite or path.startswith(f"{suite}.")}
        return [*(f"{problem.kind} {problem.case}" for problem in result.problems), *_compared(expected, found)]

    def _build_dir(self, architecture: Arch) -> Path:
        return self.folder / architecture.label

    def _run(self, *words: str) -> proc.Done:
        return proc.run(words, timeout=_LIMIT, cwd=self.root, env=proc.environment(PATH=host.cached_path()))


def _ran(base: Path, the_image: image.Image, arguments: tuple[str, ...], glob: str = "") -> Result:
    return boot.judge(boot.boot(base, the_image, arguments, glob, on_tick=progress.unseen))


def _compared(wanted: Mapping[str, Status], found: Mapping[str, Status]) -> Iterator[str]:
    """Yield where outcomes are others than they are here."""
    for path in sorted({*wanted, *found}):
        here, there = (each[path].value if path in each else "not there" for each in (wanted, found))
        if here != there:
            yield f"{path}: {there} instead of {here}"


def _excerpt(output: str) -> list[str]:
    """Return the lines of an output that tell most of why a build failed."""
    lines = [line for line in output.splitlines() if _WARNING.search(line) or "***" in line]
    return (lines or output.splitlines()[-1:])[:_SHOWN]
