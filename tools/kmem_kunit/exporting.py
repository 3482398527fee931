# SPDX-License-Identifier: GPL-2.0-only
"""The verb export: the suites as a series of patches for a kernel, as if they had been written for it."""
import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from kmem_kunit import (
    cache,
    export_check,
    fixes,
    git,
    host,
    intree,
    kernel,
    overlay,
    patchset,
    proc,
    progress,
    revisions,
    series,
)
from kmem_kunit.errors import UserError
from kmem_kunit.kernel import Kernel
from kmem_kunit.series import Series

_LIMIT = 600.0  # seconds for one command
_CONCERNED = {"mm/slub.c", "lib/kunit/test.c"}  # whose maintainers are to get it, besides those of what is changed


def run(options: argparse.Namespace) -> int:
    """Do what the options of "export" say and return the exit status.

    Raises UserError for an author without an address, and for a place where they cannot go.
    """
    who = patchset.sender(options.author)
    spec = _checked(options)
    uncached = kernel.is_series(spec) and kernel.cached(spec) is None
    host.ensure((*host.EXPORTING, *_needed(options.check), *(host.FETCHING if uncached else ())))
    start = _start(options.tree, options.branch) if options.branch else ""
    before = patchset.previous(options.previous) if options.previous else None
    fix = fixes.find(overlay.REPO, options.fix) if options.fix else None
    the_kernel = kernel.resolve(spec)
    base = cache.root()
    with cache.temporary(base / "runs") as folder:
        with progress.step(f"writing the suites for Linux {the_kernel.release}"):
            made = series.subtree(the_kernel) if options.subtree else series.made(the_kernel, folder, fix)
        if options.branch:
            repo = revisions.repository(options.tree)
            patchset.commit(repo, f"refs/heads/{options.branch}", made.patches, who, start, folder)
            git.ask(options.tree, repo, "config", f"branch.{options.branch}.description", "\n\n".join(made.cover))
            where = f"{len(made.patches)} commits on the branch {options.branch}, and a cover letter as its description"
        else:
            files = patchset.write(made.patches, made.base, who, made.cover, folder, options.output, before)
            several = "es" if len(made.patches) > 1 else ""
            where = f"{len(made.patches)} patch{several} and a cover letter in {options.output}"
    for line in (where, "", *made.cover[1].splitlines()) if options.subtree else _told(made, the_kernel, where):
        print(progress.clean(line))
    if not options.check:
        return 0
    checked = export_check.Checked(the_kernel, made, files[1:], who, fix, options.jobs)
    return _check(base, checked, options.check == "full")


def _needed(check: str | None) -> Sequence[host.Need]:
    """Return what a check needs of this machine."""
    if check is None:
        return ()
    return (*host.BUILDING, *host.CACHING, *host.CHECKING,
            *((*host.building_for(export_check.CLANG), *host.CHECKERS) if check == "full" else ()))


def _check(base: Path, checked: export_check.Checked, full: bool) -> int:
    """Tell what is wrong with patches, and return the exit status."""
    count = 0
    for line in export_check.complaints(base, checked, full=full):
        print(progress.clean(line), flush=True)
        count += 1
    print(progress.paint(f"{len(checked.files)} patches, {count} complaints", "red" if count else "green"))
    return 1 if count else 0


def _checked(options: argparse.Namespace) -> str:
    """Return the kernel that options name; raises UserError unless they say where the patches are to go."""
    if (options.output is None) == (options.branch is None) or (options.branch is None) != (options.tree is None):
        raise UserError("say where the patches go: --output DIR, or --branch NAME --tree PATH")
    if options.branch is not None and (options.kernel or options.previous or options.check):
        raise UserError("a branch is for the kernel of --tree, and its commits are not files: "
                        "leave out --kernel, --previous and --check")
    if options.subtree and (options.fix or options.check or options.previous or options.branch):
        raise UserError("a subtree has all of the suites, as they are, and its patch is a file: "
                        "leave out --fix, --check, --previous and --branch")
    output: Path | None = options.output
    if output and output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UserError(f"{str(output)!r} is there already: name a new folder, or an empty one")
    return str(options.tree or options.kernel or kernel.DEFAULT)


def _start(tree: Path, branch: str) -> str:
    """Return the commit that a new branch of a repository begins with; raises UserError if there can be none."""
    start, repo = revisions.commit(tree, "HEAD"), revisions.repository(tree)
    git.ask(tree, repo, "check-ref-format", "--branch", branch)
    if git.ask(tree, repo, "for-each-ref", f"refs/heads/{branch}"):
        raise UserError(f"{tree} has a branch {branch} already: name a new one")
    try:
        git.ask(tree, "-C", tree, "diff", "--quiet", "HEAD")
    except UserError as error:
        raise UserError(f"{tree} has changes that are not committed: commit them, or stash them") from error
    return start


def _told(made: Series, the_kernel: Kernel, where: str) -> Iterator[str]:
    """Yield what people are told: what is there, who is to get it, and what is left to them."""
    for each in made.left_out:
        yield f"left out: {each.suite}.{each.case}: {each.reason}"
    yield where
    concerned = sorted({*made.base, *_CONCERNED} - {intree.MAINTAINERS})
    told = set[str]()
    for field, options in (("To", ("--no-r", "--no-l")), ("Cc", ("--no-m",))):
        words = ("scripts/get_maintainer.pl", "--no-git", "--no-git-fallback", "--no-rolestats", *options, "-f")
        done = proc.run(["perl", *words, *concerned], timeout=_LIMIT, cwd=the_kernel.path)
        if done.status != 0:
            yield f"{field}: get_maintainer.pl ended with status {done.status}: ask it yourself"
            continue
        found = [line for line in done.output.splitlines() if "@" in line and line not in told]
        yield from (f"{field}: {line}" for line in found)
        told.update(found)
    yield "left to you: read them, run them, and add your Signed-off-by, as in git am --signoff"
