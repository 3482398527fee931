# SPDX-License-Identifier: GPL-2.0-only
"""What a diff changes: lines of the kernel's files, and cases of ours."""
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from unidiff import PatchSet, UnidiffParseError  # type: ignore[import]  # it has no types

from kmem_kunit import overlay, proc, suites
from kmem_kunit.errors import UserError
from kmem_kunit.mutant import FILES

_LIMIT = 64 << 20  # bytes of a diff that are read
_GIT_LIMIT = 600.0  # seconds
_OURS = re.compile(rf"(?:{overlay.PLACE}/)?lib/(kmem_\w+_kunit\.c)")
_CASE = re.compile(r"^static void (\w+)\(struct kunit \*\w+\)\n\{\n.*?^\}", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Changes:
    """The lines of the kernel's files that are new, and the paths ("suite.case") of cases that are."""

    lines: Mapping[str, frozenset[int]]
    cases: frozenset[str]


def since(tree: Path, revision: str, repo: Path) -> Changes:
    """Return what has changed since a revision in a kernel's git tree or, if it is none, in ours.

    Raises UserError if that is no git tree, or knows no such revision.
    """
    where = tree if (tree / ".git").exists() else repo
    if revision.startswith("-"):
        raise UserError(f"{revision!r} is no revision")
    command = ["git", "-C", str(where), "diff", "--no-color", "--no-ext-diff", "--relative", revision]
    done = proc.run([*command, "--", *FILES, overlay.PLACE, "lib/kmem_*_kunit.c"],
                    timeout=_GIT_LIMIT, env=proc.environment(GIT_OPTIONAL_LOCKS="0"))
    if done.status != 0:
        said = (done.output.strip().splitlines() or [f"git ended with status {done.status}"])[0]
        raise UserError(f"{where}: {said.removeprefix('fatal: ')}")
    return _read(done.output, repo, f"what git says of {where}")


def of_file(path: Path, repo: Path) -> Changes:
    """Return what the diff in a file changes; raises UserError if it cannot be read as one."""
    try:
        with open(path, "rb") as file:
            text = file.read(_LIMIT).decode(errors="replace")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    return _read(text, repo, str(path))


def _read(text: str, repo: Path, what: str) -> Changes:
    try:
        patch = PatchSet(text)
    except UnidiffParseError as error:
        raise UserError(f"{what} is no diff: {error}") from error
    if not patch:
        raise UserError(f"{what} changes nothing")
    known = {suite.file: suite for suite in suites.load(repo / "lib")}
    lines: dict[str, frozenset[int]] = {}
    cases: set[str] = set()
    for file in patch:
        changed = frozenset(_lines(file))
        match = _OURS.fullmatch(file.path)
        if match and match[1] in known:
            cases |= _cases(known[match[1]], (repo / "lib" / match[1]).read_text(), changed)
        else:
            lines[file.path] = lines.get(file.path, frozenset()) | changed
    return Changes(lines, frozenset(cases))


def _lines(file: PatchSet) -> set[int]:
    """Return the lines of the new file that are new, or stand where others were taken out."""
    found, following = set(), 1
    for hunk in file:
        following = hunk.target_start
        for line in hunk:
            if line.is_removed:
                found.add(max(following, 1))
            else:
                if line.is_added:
                    found.add(line.target_line_no)
                following = line.target_line_no + 1
    return found


def _cases(suite: suites.Suite, text: str, changed: frozenset[int]) -> set[str]:
    """Return the cases of a suite on whose lines a change is; all, where it is on nobody's."""
    bounds = {}
    for match in _CASE.finditer(text):
        first = text.count("\n", 0, match.start()) + 1
        bounds[match[1]] = range(first, first + match[0].count("\n") + 1)
    names = {case.name for case in suite.cases}
    hit = {name for name in names & bounds.keys() if changed.intersection(bounds[name])}
    inside = {line for name in hit for line in bounds[name]}
    return {f"{suite.name}.{name}" for name in (hit if changed <= inside else names)}
