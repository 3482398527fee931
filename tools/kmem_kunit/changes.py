# SPDX-License-Identifier: GPL-2.0-only
"""What a diff changes: lines of the kernel's files, and cases of ours."""
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from unidiff import PatchedFile, PatchSet, UnidiffParseError  # type: ignore[import]  # it has no types

from kmem_kunit import overlay, proc, progress, suites
from kmem_kunit.errors import UserError
from kmem_kunit.mutant import FILES

_LIMIT = 64 << 20  # bytes of a diff
_GIT_LIMIT = 600.0  # seconds
_GIT_SAYS = 4 << 20  # bytes, which are all that proc keeps
_KEPT = ("lib/kmem_*", "lib/tests/kmem_*")  # where our sources may be; the first is overlay.PLACE, too
_PLAIN = ("--no-color", "--no-ext-diff", "--no-textconv", "--text", "--relative",
          "--src-prefix=a/", "--dst-prefix=b/")  # whatever the user has configured
_COMBINED = re.compile(r"^@@@+ -", re.MULTILINE)
_CRLF = re.compile(r"^\+\+\+ .*\r$", re.MULTILINE)
_NAMED = 5  # files in a line
_SHOWN = 200  # characters of what is wrong with a diff
_OURS = re.compile(rf"(?:{overlay.PLACE}/)?lib/(?:tests/)?(kmem_\w+\.[ch])")
_INCLUDE = re.compile(r'^#include "(kmem_\w+\.h)"', re.MULTILINE)
_CASE = re.compile(r"^static void (\w+)\(struct kunit \*\w+\)\n\{\n.*?^\}", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Changes:
    """The lines of what is mutated that are new, by file, and the paths ("suite.case") of such cases.

    others are the files that are changed and neither mutated nor cases.
    """

    lines: Mapping[str, frozenset[int]]
    cases: frozenset[str]
    others: Sequence[str] = ()

    def other_files(self) -> str:
        """Return the names of the others in one line, of no more than some of them."""
        more = f" and {len(self.others) - _NAMED} more" if len(self.others) > _NAMED else ""
        return progress.clean(", ".join(self.others[:_NAMED]) + more)


def since(tree: Path, revision: str, repo: Path) -> Changes:
    """Return what has changed since a revision in a kernel's git tree or, if it is none, in ours.

    Raises UserError if that is no git tree, or knows no such revision.
    """
    where = tree if _is_git(tree) else repo
    if revision.startswith("-"):
        raise UserError(f"{revision!r} is no revision")
    text = _git(where, "diff", *_PLAIN, revision, "--", *FILES, *_KEPT)
    new = _git(repo, "ls-files", "--others", "--exclude-standard", "--", *_KEPT) if where == repo else ""
    return _read(text, f"the difference of {where} to {revision}", tree, repo, new.split())


def _is_git(tree: Path) -> bool:
    """Say whether a kernel's tree is in a git repository, and not just lies in one."""
    if not any((folder / ".git").exists() for folder in (tree, *tree.resolve().parents)):
        return False
    return bool(_git(tree, "ls-files", "--", FILES[0]))


def _git(where: Path, *words: str) -> str:
    """Return what git says in a folder; raises UserError if it fails, or says too much."""
    done = proc.run(["git", "-C", str(where), *words],
                    timeout=_GIT_LIMIT, limit=_GIT_SAYS, env=proc.environment(GIT_OPTIONAL_LOCKS="0"))
    if done.overflow:
        raise UserError(f"{where}: git {words[0]} says more than {_GIT_SAYS >> 20} MiB: "
                        "take a later revision")
    if done.status != 0:
        said = (done.output.strip().splitlines() or [f"git ended with status {done.status}"])[0]
        raise UserError(f"{where}: {said.removeprefix('fatal: ')}")
    return done.output


def of_file(path: Path, tree: Path, repo: Path) -> Changes:
    """Return what the diff in a file has changed in a kernel's tree and in ours.

    Raises UserError if it cannot be read as one, or if it is not applied.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(_LIMIT + 1)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    if len(data) > _LIMIT:
        raise UserError(f"{path} has more than {_LIMIT >> 20} MiB: leave in it what is mutated, or cases")
    return _read(data.decode(errors="backslashreplace"), str(path), tree, repo)


def _parsed(text: str, what: str) -> PatchSet:
    if _COMBINED.search(text):
        raise UserError(f"{what} is of a merge, against several commits at once: compare with one of them")
    if _CRLF.search(text):
        text = text.replace("\r\n", "\n")
    try:
        return PatchSet(text)
    except UnboundLocalError as error:
        raise UserError(f"{what} is no diff: it has a +++ without a ---") from error
    except (UnidiffParseError, ValueError) as error:
        raise UserError(f"{what} is no diff: {str(error)[:_SHOWN].rstrip()}") from error


def _read(text: str, what: str, tree: Path, repo: Path, new: Sequence[str] = ()) -> Changes:
    """Return what a diff changes; new are files of ours, by their paths, that git does not know yet."""
    lines: dict[str, frozenset[int]] = {}
    ours, others = list[tuple[str, PatchedFile]](), dict[str, None]()
    for file in _parsed(text, what):
        gone = file.is_removed_file or not file.target_file
        name = _name(file.source_file if gone else file.target_file)
        match = _OURS.fullmatch(name)
        if name in FILES and not gone:
            if changed := _lines(file, tree / name, what):
                lines[name] = lines.get(name, frozenset()) | changed
        elif match and (repo / "lib" / match[1]).is_file() and not gone:
            ours.append((match[1], file))
        else:
            others[name] = None
    cases: set[str] = set()
    if not lines:  # or all cases are measured
        known = suites.load(repo / "lib")
        for name, file in ours:
            cases |= _cases(known, repo / "lib" / name, _lines(file, repo / "lib" / name, what))
        for match in filter(None, map(_OURS.fullmatch, new)):
            cases |= _all(known, _users(repo / "lib" / match[1]))
    found = Changes(lines, frozenset(cases), tuple(others))
    if not lines and not cases:
        raise UserError(f"{what} changes no line that is mutated and no case"
                        + (f", only {found.other_files()}" if others else ""))
    return found


def _name(path: str) -> str:
    """Return a diff's path as that of a tree: as with patch -p1 or, if that is nothing to us, -p0."""
    stripped = path.partition("/")[2] or path
    return path if path in FILES or _OURS.fullmatch(path) else stripped


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="backslashreplace")  # as proc reads git
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error


def _lines(file: PatchedFile, path: Path, what: str) -> frozenset[int]:
    """Return the lines of a file that are new, or stand where others were taken out.

    Raises UserError unless the file is what the diff has made of it.
    """
    there = _text(path).split("\n")
    found = set()
    for hunk in file:
        following = hunk.target_start + (hunk.target_length == 0)
        for line in hunk:
            if line.is_removed:
                found.add(following)
            elif line.is_added or line.is_context:  # and not said to have no newline
                number = line.target_line_no
                if there[number - 1 : number] != [line.value.rstrip("\n")]:
                    raise UserError(
                        f"{path}:{number} is not as {what} has it: apply that first, as in a tree "
                        "of git worktree, or have --since ask git what has changed")
                if line.is_added:
                    found.add(number)
                following = number + 1
    return frozenset(found)


def _cases(known: Sequence[suites.Suite], path: Path, changed: frozenset[int]) -> set[str]:
    """Return the cases of a file of ours on whose lines a change is.

    Where it is on nobody's, these are all that use the file.
    """
    bounds = {}
    text = _text(path)
    for match in _CASE.finditer(text):
        first = text.count("\n", 0, match.start()) + 1
        bounds[match[1]] = range(first, first + match[0].count("\n") + 1)
    own = {case.name: suite.name for suite in known if suite.file == path.name for case in suite.cases}
    hit = {name for name in own.keys() & bounds.keys() if changed.intersection(bounds[name])}
    inside = {line for name in hit for line in bounds[name]}
    if changed <= inside:
        return {f"{own[name]}.{name}" for name in hit}
    return _all(known, _users(path))


def _all(known: Sequence[suites.Suite], files: Collection[str]) -> set[str]:
    """Return all cases of suites in files of these names."""
    return {f"{suite.name}.{case.name}" for suite in known if suite.file in files for case in suite.cases}


def _users(path: Path) -> set[str]:
    """Return the names of files that may use what is in one of ours: all that include it, and itself.

    What is in code that several suites share is used by whatever includes a header that it does.
    """
    includes = {each.name: set(_INCLUDE.findall(_text(each))) for each in path.parent.glob("kmem_*.[ch]")}
    found = {path.name}
    if not fnmatchcase(path.name, suites.FILES) and path.suffix == ".c":
        found |= includes.get(path.name, set())
    while more := {name for name, headers in includes.items() if headers & found} - found:
        found |= more
    return found
