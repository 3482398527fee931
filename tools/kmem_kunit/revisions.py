# SPDX-License-Identifier: GPL-2.0-only
"""Revisions of a user's git repository as kernels of their own, and the results that they had.

The repository is only read: a revision is unpacked into the cache, and what a cell of it came to is
kept there under the hash of all that went into it.
"""
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from kmem_kunit import boot, cache, gate, git, image, kcidb, kernel, matrix, overlay, proc, progress
from kmem_kunit.cells import Book, Cell
from kmem_kunit.errors import UserError
from kmem_kunit.kernel import Kernel

_INDEX = ".kmem-kunit.index"
_RESULT = "result.json"


@dataclass(frozen=True)
class Revision:
    """A revision of a git repository, and the kernel that it is; commit is its full hash."""

    commit: str
    kernel: Kernel

    @property
    def short(self) -> str:
        """The commit as people see it."""
        return self.commit[:12]


def repository(tree: Path) -> str:
    """Return the option that names a folder's repository, all of it also from a folder in it."""
    found = git.ask(tree, "-C", str(tree), "rev-parse", "--absolute-git-dir")
    return f"--git-dir={found}"


def commit(tree: Path, name: str) -> str:
    """Return the hash of the commit that a repository knows by that name.

    Raises UserError if there is no repository, or it has none.
    """
    if not tree.is_dir():
        raise UserError(f"{str(tree)!r} is not a folder")
    where = repository(tree)
    try:
        return git.ask(tree, where, "rev-parse", "--verify", "--quiet", "--end-of-options",
                    f"{name}^{{commit}}")
    except UserError as error:
        raise UserError(f"{tree} has no revision {name!r}") from error


@contextmanager
def unpacked(base: Path, tree: Path, name: str) -> Iterator[Revision]:
    """Give a revision, unpacked in the cache folder base, which stays while the block runs.

    Raises UserError for a name that is no revision, and for one that is no usable kernel.
    """
    the_commit = commit(tree, name)
    target = base / "revisions" / the_commit
    lock = cache.lock_path(base, f"revisions-{target.name}")
    with cache.lock(lock, f"revision {name}", progress.say, shared=True) as held:
        while not target.is_dir():
            # who waited for it here would wait for the one who unpacks, and then for all its use
            if held.take_if_alone() and not target.is_dir():
                with cache.placing(target) as folder:
                    _unpack(tree, the_commit, name, folder)
            held.take(shared=True)
        os.utime(target)
        yield Revision(the_commit, kernel.from_tree(str(target)))


def _unpack(tree: Path, the_commit: str, name: str, folder: Path) -> None:
    """Write a commit's files into folder, if they are a kernel's.

    All of them, with an index of our own: git archive leaves out, and edits, what attributes say.
    """
    index = folder / _INDEX
    where = (repository(tree), f"--work-tree={folder}")
    with progress.step(f"unpacking {name} of {tree}"):
        for words in (("read-tree", the_commit), ("checkout-index", "--all")):
            git.ask(tree, *where, *words, variables={"GIT_INDEX_FILE": str(index)})
    index.unlink()
    try:
        kernel.from_tree(str(folder))
    except UserError as error:
        raise UserError(str(error).replace(str(folder), f"{name} of {tree}")) from error


def cells(book: Book, variants: Sequence[str], revision: Revision) -> list[Cell]:
    """Return the cells that a revision has of variants, named SERIES/VARIANT."""
    series, source = revision.kernel.series, str(revision.kernel.path)
    found = (book.cell(variant, series, source) for variant in variants)
    return [cell for cell in found if cell]


def run(base: Path, wanted: Sequence[tuple[Revision, Cell]], glob: str, workers: int
        ) -> list[kcidb.Run]:
    """Return the results of cells of revisions, those that the cache has not from running them.

    A result is kept as soon as it is there, unless the boot did not come to its end.
    """
    places = [_place(base, revision, cell, glob) for revision, cell in wanted]
    known = {place: found for place in places if (found := _kept(place))}
    made: dict[Cell, tuple[Path, Revision, Cell]] = {}
    for place, (revision, cell) in zip(places, wanted):
        if place not in known:
            made[replace(cell, name=f"{revision.short}/{cell.variant}")] = place, revision, cell
    if len(known) and made:
        progress.say(f"{len(known)} of {len(set(places))} results are in the cache")
    with cache.temporary(base / "runs") as folder:
        jobs = matrix.plan(list(made), folder, 1)
        with matrix.shown(jobs) as tell:

            def kept(job: matrix.Job, what: str, result: kcidb.Run | None) -> None:
                tell(job, what, result)
                if result is not None:
                    place, revision, cell = made[job.cell]
                    known[place] = replace(result, source=revision.commit, cell=cell.name)
                    _keep(place, known[place])

            matrix.local(jobs, glob, workers, kept)
    return [known[place] for place in places]


def _place(base: Path, revision: Revision, cell: Cell, glob: str) -> Path:
    """Return where the result of a cell is kept, if it is: by all that it depends on."""
    request = image.Request(revision.kernel, overlay.REPO, cell.configs, arch=cell.arch)
    plan = image.plan(base, request)
    ours = overlay.digest(overlay.files(overlay.REPO))
    of_image = (revision.commit, ours, plan.kunitconfig, plan.compiler_options,
                image.toolchain(cell.arch), repr(cell.arch))
    of_boot = (boot.accelerator_to_try(base, cell.arch), image.emulator(cell.arch), overlay.program())
    key = cache.digest(*of_image, "\n".join(cell.arguments), glob, *of_boot)
    return base / "results" / key


def _kept(place: Path) -> kcidb.Run | None:
    """Return the result that is kept at a place; what cannot be read there goes."""
    if not place.is_dir():
        return None
    try:
        (found,) = kcidb.load(place / _RESULT)
        os.utime(place)
        return found
    except (UserError, ValueError):
        cache.remove(place)
        return None


def _keep(place: Path, result: kcidb.Run) -> None:
    if not gate.died(result) and not place.exists():
        with cache.placing(place) as folder:
            kcidb.write(folder / _RESULT, [result])
