# SPDX-License-Identifier: GPL-2.0-only
"""Bisection: which commit of a kernel's history made cases fail, as "git bisect run" finds it.

    bisects/KEY/kmem-kunit-KEY/     the worktree in which git checks commits out: always the same, so
                                    that make builds only what differs between two of them
    bisects/KEY/HASH/COMMIT.json    what came of a commit, judged with suites and tools of that hash

These files are all that is known. A run, be it the first or one after another was killed, tells git
what they say ("git bisect replay") and lets it go on; so git's own state need not survive anything.
The user's checkout and branches are left alone: git keeps HEAD, the index and the state of a
bisection apart for each worktree.
"""
import functools
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from kmem_kunit import boot, cache, deaths, git, host, image, kcidb, kernel, overlay, proc, progress
from kmem_kunit import report
from kmem_kunit.arch import Arch
from kmem_kunit.bisect_verdict import Verdict, died, verdict
from kmem_kunit.errors import UserError
from kmem_kunit.result import Problem, Result, Status

_GIT_LIMIT = 1800.0  # seconds for one command of git's: a checkout on a slow disk
_LIMIT = 30 * 86400.0  # seconds for all of a bisection
_CITED, _WIDTH = 12, 200  # lines of a log in a mail, and characters of each
_GRACE = 10.0  # seconds that builds get to come to an end
_SAID = "kmem-kunit: "
_TROUBLE = "cannot go on: "
_ABORT = 128  # makes "git bisect run" stop; 1 to 124 would mean bad
_STATUS = {Verdict.GOOD: 0, Verdict.BAD: 1, Verdict.UNKNOWN: 125}
_HASH = re.compile(r"^[0-9a-f]{40,64}$", re.MULTILINE)


class Trouble(UserError):
    """This machine cannot go on for now: it is nothing to hold against a commit."""


@dataclass(frozen=True)
class Question:
    """What is asked of each commit: whether the cases of a glob hold in a kernel made like this.

    planned is what the glob selects: suite -> cases.
    """

    case: str
    configs: tuple[str, ...]
    arguments: tuple[str, ...]
    arch: Arch
    planned: Mapping[str, Sequence[str]]

    @property
    def words(self) -> list[str]:
        """The options of the command line that say so."""
        return [*([f"--case={self.case}"] if self.case else []), *self._how]

    @property
    def reproducer(self) -> str:
        """The command line, for people, that asks it of the kernel in the current folder."""
        words = ["kmem-kunit", "run", "--kernel", ".",
                 *([f"--filter={self.case}"] if self.case else []), *self._how]
        flags = os.environ.get("KCFLAGS", "")
        return progress.clean((f"KCFLAGS={shlex.quote(flags)} " if flags else "") + shlex.join(words))

    @property
    def _how(self) -> list[str]:
        return [
            *(f"--config={name}" for name in self.configs),
            *([f"--boot-args={' '.join(self.arguments)}"] if self.arguments else []),
            f"--arch={self.arch.label}",
        ]


@dataclass(frozen=True)
class _Hunt:
    """One bisection: the user's tree, the two commits, the question, and where it is kept.

    git_dir is what all worktrees have in common; bases are the newest ancestors of both commits:
    the good one, or, where it is on another branch, those that git wants judged first.
    """

    tree: Path
    git_dir: Path
    good: str
    bad: str
    bases: tuple[str, ...]
    question: Question
    folder: Path
    results: Path

    @property
    def worktree(self) -> Path:
        """Where git checks commits out; its name is also that of its entry in git_dir."""
        return self.folder / f"kmem-kunit-{self.folder.name}"


@dataclass(frozen=True)
class _Judged:
    """What came of a commit, and what it means."""

    verdict: Verdict
    why: str
    run: kcidb.Run


@dataclass(frozen=True)
class _Answer:
    """The end of a bisection.

    The first bad commit is one of suspects, oldest first: the last of them is bad, and the others
    cannot be judged. before is a good commit just before them.
    """

    suspects: tuple[str, ...]
    before: str
    known: Mapping[str, _Judged]


def bisect(tree: str, good: str, bad: str, question: Question, jobs: int) -> int:
    """Find the first bad commit between two, tell it, and return the exit status.

    It is 0 if it was found, 1 if all that is left are commits that cannot be judged. Raises
    UserError if good is not good or bad not bad, Trouble if the same call may go on later.
    """
    base = cache.root()
    cache.clean(base)
    hunt = _hunt(base, tree, good, bad, question)
    with cache.lock(cache.lock_path(base, f"bisects-{hunt.folder.name}"), "this bisection",
                    progress.say):
        try:
            answer = _search(hunt, jobs)
            for line in _lines(hunt, answer):
                print(line)
            sys.stdout.flush()
        except KeyboardInterrupt:
            drop = ["git", "-C", str(hunt.tree), "worktree", "remove", "--force", "--force",
                    str(hunt.worktree)]
            progress.say(f"the same command goes on from here; to give up: {shlex.join(drop)}")
            raise
        except Trouble as error:
            raise Trouble(f"{error}; the same command goes on from here, later") from error
        except UserError:
            _close(hunt)
            raise
        _close(hunt)
    return 0 if len(answer.suspects) == 1 else 1


def _hunt(base: Path, spec: str, good: str, bad: str, question: Question) -> _Hunt:
    """Return the bisection that is asked for; raises UserError if it makes no sense."""
    try:
        tree = Path(spec).expanduser().resolve()
        if not tree.is_dir():
            raise UserError(f"{spec!r} is not a folder")
    except (OSError, RuntimeError, ValueError) as error:
        raise UserError(f"cannot read {spec!r}: {error}") from error
    done = _git(tree, "rev-parse", "--path-format=absolute", "--git-common-dir")
    if done.status != 0:
        raise UserError(f"cannot bisect in {tree}: {git.reason(done)}")
    git_dir = Path(git.answer(done))
    first, last = _commit(tree, "--good", good), _commit(tree, "--bad", bad)
    done = _git(tree, "merge-base", "--all", first, last)
    bases = tuple(_HASH.findall(done.output))
    if done.status != 0 or not bases:
        raise UserError(f"--good {good} and --bad {bad} have no history in common")
    if last in bases:
        older = "are one commit" if first == last else "look exchanged: bad is the older one"
        raise UserError(f"--good {good} and --bad {bad} {older}")
    key = cache.digest(os.fsencode(git_dir), first, last, *question.words)
    folder = base / "bisects" / key
    results = folder / _judges(overlay.REPO, question.arch)
    return _Hunt(tree, git_dir, first, last, bases, question, folder, results)


def _judges(repo: Path, arch: Arch) -> str:
    """Return the hash of what judges a kernel, all but itself: verdicts hold as long as it stays."""
    parts: list[str | bytes] = [overlay.program(), os.environ.get("KCFLAGS", "")]
    parts += [image.toolchain(arch), image.emulator(arch)]
    for name, content in sorted(overlay.files(repo).items()):
        parts += [name, content]
    for path in sorted((repo / "tools/configs").glob("*.config")):
        parts += [path.name, path.read_bytes()]
    return cache.digest(*parts)


def _git(tree: Path, *words: str | Path) -> proc.Done:
    return proc.run(_git_command(tree, *words), timeout=_GIT_LIMIT)


def _git_command(tree: Path, *words: str | Path) -> list[str | Path]:
    return git.command("-C", tree, *words)


def _ask(tree: Path, *words: str) -> str:
    """Return what git answers; raises Trouble if it does not."""
    done = _git(tree, *words)
    if done.status != 0:
        raise Trouble(f"git {words[0]} in {tree}: {git.reason(done)}")
    return done.output


def _commit(tree: Path, option: str, revision: str) -> str:
    """Return the hash of the commit that a revision of the user's names."""
    if not revision or revision.startswith("-"):
        raise UserError(f"{option}: {revision!r} is no revision")
    done = _git(tree, "rev-parse", "--verify", "--quiet", revision + "^{commit}")
    found = _HASH.findall(done.output)
    if done.status != 0 or not found:
        raise UserError(f"{option}: {tree} has no commit {revision!r}")
    return str(found[-1])


@functools.cache
def _described(tree: Path, commit: str) -> str:
    """Return a commit as the kernel's people cite it: 12 digits ("subject")."""
    return _log(tree, commit, '%h ("%s")')[0]


def _head(tree: Path) -> tuple[str, str]:
    """Return the hash of the commit that is checked out, and the commit as people cite it."""
    commit, described = _log(tree, "HEAD", "%H", '%h ("%s")')
    return commit, described


def _log(tree: Path, commit: str, *layout: str) -> list[str]:
    """Return some lines on a commit, fit to be shown."""
    told = _ask(tree, "log", "-1", "--date=iso", f"--format={'%n'.join(layout)}", commit)
    return [progress.clean(line) for line in told.rstrip("\n").split("\n")[-len(layout) :]]


def _search(hunt: _Hunt, jobs: int) -> _Answer:
    """Judge commits until there is an answer."""
    if answer := _answer(hunt):
        return answer
    _open(hunt)
    _check(hunt, "--good", hunt.good, Verdict.GOOD, jobs)
    _check(hunt, "--bad", hunt.bad, Verdict.BAD, jobs)
    if answer := _answer(hunt):
        return answer
    said = _drive(hunt, jobs)
    if answer := _answer(hunt):
        return answer
    raise Trouble(f"git bisect: {said}")


def _known(hunt: _Hunt) -> dict[str, _Judged]:
    """Return what is known of commits; what cannot be read goes, to be found out again."""
    found = {}
    for path in hunt.results.glob("*.json"):
        try:
            run = kcidb.load(path)[0]
        except UserError:
            progress.say(f"the verdict on {path.stem[:12]} cannot be read: it goes")
            path.unlink()
            continue
        found[path.stem] = _Judged(*verdict(run.result, hunt.question.planned), run)
    return found


def _of(known: Mapping[str, _Judged], wanted: Verdict) -> list[str]:
    return [commit for commit, judged in known.items() if judged.verdict is wanted]


def _first_bad(hunt: _Hunt, known: Mapping[str, _Judged]) -> str:
    """Return the oldest bad commit that is known: git asks only for ancestors of a bad one."""
    bads = _of(known, Verdict.BAD)
    if len(bads) == 1:
        return bads[0]
    return str(_HASH.findall(_ask(hunt.tree, "merge-base", "--octopus", *bads))[-1])


def _answer(hunt: _Hunt) -> _Answer | None:
    """Return the answer, None if more commits have to be judged for it."""
    known = _known(hunt)
    ends = [known[commit].verdict for commit in (hunt.good, hunt.bad) if commit in known]
    if ends != [Verdict.GOOD, Verdict.BAD]:
        return None
    first, goods = _first_bad(hunt, known), _of(known, Verdict.GOOD)
    how = ("--topo-order", "--boundary", f"--max-count={len(known) + 1}")
    listed = _ask(hunt.tree, "rev-list", *how, first, "--not", *goods)
    suspects = _HASH.findall(listed)
    before = re.findall(r"^-([0-9a-f]+)$", listed, re.MULTILINE)
    if not suspects:
        where = _described(hunt.tree, first)
        raise UserError(f"{where}, where --good and --bad part, is bad, so --good has a remedy: "
                        "bisect with a good ancestor of it")
    if not known.keys() >= {*suspects, *hunt.bases}:
        return None
    judged = [commit for commit in before if commit in goods]
    return _Answer(tuple(reversed(suspects)), [*judged, hunt.good][0], known)


def _open(hunt: _Hunt) -> None:
    """Have a worktree with a commit in it, and nothing else."""
    with progress.step("checking out"):
        if _restored(hunt):
            return
        _remove_worktree(hunt)
        hunt.folder.mkdir(parents=True, exist_ok=True)
        done = _git(hunt.tree, "worktree", "add", "--force", "--detach", hunt.worktree, hunt.good)
        if done.status != 0:
            raise Trouble(f"cannot add a worktree to {hunt.tree}: {git.reason(done)}")


def _restored(hunt: _Hunt) -> bool:
    """Undo what a git that was killed left half done; return whether there is a usable worktree."""
    if not hunt.worktree.is_dir():
        return False
    done = _git(hunt.worktree, "rev-parse", "--show-toplevel", "--absolute-git-dir")
    lines = done.output.splitlines()
    if done.status != 0 or len(lines) != 2 or lines[0] != str(hunt.worktree.resolve()):
        return False
    for left in Path(lines[1]).rglob("*.lock"):
        left.unlink()
    commands = (("reset", "--hard", "--quiet"), ("clean", "-ffdxq"), ("bisect", "reset", "HEAD"))
    return all(_git(hunt.worktree, *words).status == 0 for words in commands)


def _remove_worktree(hunt: _Hunt) -> None:
    """Remove the worktree, also what is left of one that a killed git was making or removing."""
    if hunt.worktree.exists():
        cache.remove(hunt.worktree)
    entries, ours = hunt.git_dir / "worktrees", f"{hunt.worktree.name}*"
    if any(entries.glob(ours)):
        _git(hunt.tree, "worktree", "remove", "--force", "--force", hunt.worktree)
    for half in entries.glob(ours):
        shutil.rmtree(half, ignore_errors=True)
    with suppress(OSError):  # others of the user's are in it, or git removed it
        entries.rmdir()


def _close(hunt: _Hunt) -> None:
    """Leave nothing of a bisection behind; what is known of commits goes last."""
    _remove_worktree(hunt)
    if hunt.folder.exists():
        cache.remove(hunt.folder)


def _check(hunt: _Hunt, option: str, commit: str, wanted: Verdict, jobs: int) -> None:
    """Judge an end of the range; raises UserError if it is not what it is said to be."""
    judged = _known(hunt).get(commit)
    if judged is None:
        _ask(hunt.worktree, "checkout", "--quiet", "--detach", commit)
        _check_kernel(hunt, f"{option} {_described(hunt.tree, commit)}")
        said = _carry_out(_step_command(hunt, jobs))
        judged = _known(hunt).get(commit)
        if judged is None:
            raise Trouble(said)
    if judged.verdict is not wanted:
        which = f"{option} {_described(hunt.tree, commit)}"
        raise UserError(f"{which} is {judged.verdict.value}, not {wanted.value}: {judged.why}")


def _check_kernel(hunt: _Hunt, name: str) -> None:
    """Raise UserError, which calls it name, unless what is checked out is a kernel that has KUnit."""
    try:
        kernel.check_tree(str(hunt.worktree))
    except UserError as error:
        where = str(hunt.worktree.resolve())
        raise UserError(str(error).replace(where, f"{name} of {hunt.tree}")) from error


def _drive(hunt: _Hunt, jobs: int) -> str:
    """Tell git what is known, and let it judge commits until it knows; return its last words."""
    known = _known(hunt)
    lines = ["git bisect start", f"git bisect bad {_first_bad(hunt, known)}"]
    lines += [f"git bisect good {commit}" for commit in _of(known, Verdict.GOOD)]
    lines += [f"git bisect skip {commit}" for commit in _of(known, Verdict.UNKNOWN)]
    log = hunt.folder / "bisect.log"
    cache.write(log, "\n".join(lines) + "\n")
    _carry_out(_git_command(hunt.worktree, "bisect", "replay", log))
    return _carry_out(_git_command(hunt.worktree, "bisect", "run", *_step_command(hunt, jobs)))


def _step_command(hunt: _Hunt, jobs: int) -> list[str]:
    """Return the command that judges the commit which is checked out."""
    command = [sys.executable, str(overlay.REPO / "tools/kmem-kunit"), "bisect-step"]
    where = [f"--tree={hunt.worktree}", f"--results={hunt.results}", f"--jobs={jobs}"]
    return [*command, *where, *hunt.question.words]


def _carry_out(argv: Sequence[str | Path]) -> str:
    """Run a command that judges commits, show how it goes on, and return its last words.

    Raises Trouble if a step of it finds that it cannot go on.
    """
    last = ""

    def on_line(line: str) -> None:
        nonlocal last
        last = line or last
        said = line.removeprefix(_SAID)
        if said.startswith(_TROUBLE):
            raise Trouble(said.removeprefix(_TROUBLE))
        if said != line or line.startswith("Bisecting: "):
            progress.say(said)

    env = proc.environment(KMEM_KUNIT_CACHE=str(cache.where()), PATH=host.cached_path())
    done = proc.run(argv, timeout=_LIMIT, env=env, grace=_GRACE, on_line=on_line)
    return git.reason(done) if done.status else last


def step(tree: Path, results: Path, question: Question, jobs: int) -> int:
    """Judge the commit that is checked out in tree; return what "git bisect run" wants to know.

    Its result is kept in results, and no commit is judged twice.
    """
    try:
        commit, described = _head(tree)
        path = results / f"{commit}.json"
        if not path.exists():
            results.mkdir(parents=True, exist_ok=True)
            run = _run(tree, commit, question, jobs)
            if results.name != _judges(overlay.REPO, question.arch):
                raise Trouble("the suites or the tools have changed in between")
            kcidb.write(path, [run])
        found, why = verdict(kcidb.load(path)[0].result, question.planned)
        progress.say(f"{described} is {found.value}: {why}")
        return _STATUS[found]
    except Exception as error:  # or git would take our exit status for a verdict
        known = isinstance(error, (UserError, OSError))
        progress.say(f"{_TROUBLE}{error if known else repr(error)}")
        return _ABORT


def _run(tree: Path, commit: str, question: Question, jobs: int) -> kcidb.Run:
    """Build and boot what is checked out; that it cannot be built is a problem of its result.

    Raises Trouble where that may be the machine's fault.
    """
    started = datetime.now(timezone.utc)
    release = compiler = ""
    try:
        base = cache.root()
        cache.clean(base)
        the_kernel = kernel.from_tree(str(tree))
        release = the_kernel.release
        request = image.Request(the_kernel, overlay.REPO, question.configs, jobs,
                                arch=question.arch)
        made = image.build(base, request)
        compiler = made.compiler
        result = _booted(base, made, question)
    except image.NotBuilt as error:
        raise Trouble(str(error)) from error
    except image.BuildFailed as error:
        text = "\n".join(error.lines).replace(f"{tree}/", "")
        result = Result((), (Problem("build", "", text),))
    except UserError as error:
        if isinstance(error.__cause__, OSError):
            raise
        result = Result((), (Problem("build", "", str(error).replace(str(tree.resolve()), "it")),))
    return kcidb.Run(
        kernel=release,
        source=commit,
        architecture=question.arch.name,
        config="+".join(question.configs) or "default",
        compiler=compiler,
        command=shlex.join(["kmem-kunit", "bisect-step", *question.words]),
        start=started,
        comment=f"commit {commit}",
        result=result,
    )


def _booted(base: Path, made: image.Image, question: Question) -> Result:
    """Boot an image for the cases, and once more for each that waits for a boot to stop in."""
    planned = made.built(question.planned)
    cases = sum(len(names) for names in planned.values())
    log = boot.boot(base, made, question.arguments, question.case, cases=cases)
    result = boot.judge(log, planned)
    waiting = {case.name for case in result.cases
               if case.suite == deaths.SUITE and case.status is Status.SKIP}
    dying = [name for name in deaths.cases(made, planned) if name in waiting]
    dead = deaths.run(base, made, question.arguments, question.case, dying, lambda: False)
    return deaths.merged(result, dead)


def _lines(hunt: _Hunt, answer: _Answer) -> Iterator[str]:
    """Yield the lines that tell a person what was found."""
    found = answer.suspects[-1]
    if len(answer.suspects) == 1:
        yield progress.paint("The first bad commit:", "bold")
        yield from _commit_lines(hunt.tree, found)
    else:
        count = len(answer.suspects)
        text = f"The first bad commit is one of these {count}, of which only the last can be judged:"
        yield progress.paint(text, "bold")
        yield from _judged_lines(hunt, answer.known, answer.suspects)
    after = _relevant(answer.known[found].run.result, hunt.question.planned)
    for when, commit, result in (
        ("Before", answer.before, _same(answer.known[answer.before].run.result, after)),
        ("After", found, after),
    ):
        yield ""
        yield progress.paint(f"{when}, {_described(hunt.tree, commit)}:", "bold")
        yield from (f"  {line}" for line in report.details(result))
    skipped = [c for c in _of(answer.known, Verdict.UNKNOWN) if c not in answer.suspects]
    if skipped:
        yield ""
        yield progress.paint("Skipped:", "bold")
        yield from _judged_lines(hunt, answer.known, skipped)
    yield ""
    yield progress.paint("For a mail:", "bold")
    yield ""
    yield from _mail(hunt, answer)


def _commit_lines(tree: Path, commit: str) -> Iterator[str]:
    values = _log(tree, commit, "%H", "%an <%ae>", "%ad", "%s")
    for name, value in zip(("commit", "author", "date", "subject"), values):
        yield f"  {name:8} {value}"


def _judged_lines(
    hunt: _Hunt, known: Mapping[str, _Judged], commits: Sequence[str]
) -> Iterator[str]:
    for commit in commits:
        yield f"  {_described(hunt.tree, commit)}: {progress.clean(known[commit].why)}"


def _relevant(result: Result, planned: Mapping[str, Sequence[str]]) -> Result:
    """Return what of a bad result made it bad."""
    bad = [case for case in result.cases if case.bad]
    there = [case for case in bad if case.status is not Status.MISS]
    return Result(tuple(there or bad), tuple(died(result, planned)))


def _same(result: Result, other: Result) -> Result:
    """Return what result says of the cases of other."""
    names = {(case.suite, case.name) for case in other.cases}
    kept = tuple(case for case in result.cases if (case.suite, case.name) in names)
    return replace(result, cases=kept or result.cases, problems=())


def _mail(hunt: _Hunt, answer: _Answer) -> Iterator[str]:
    """Yield what to put into the mail that reports it, which says all there is, and into its fix."""
    found, count = answer.suspects[-1], len(answer.suspects)
    judged, cited = answer.known[found], _described(hunt.tree, found)
    yield f"{progress.clean(judged.why)}, since{f' one of {count} commits up to' if count > 1 else ''}"
    yield f"commit {cited}"
    yield ""
    yield from _cited(_relevant(judged.run.result, hunt.question.planned))
    run = judged.run
    compiler = f", {run.compiler}" if run.compiler else ""
    yield progress.clean(f"Linux {run.kernel} for {hunt.question.arch.label}, configuration {run.config}"
                         f"{compiler}; to reproduce, in a tree of that commit:")
    yield ""
    yield f"    {hunt.question.reproducer}"
    yield ""
    if count > 1:
        yield f"#regzbot introduced: {answer.before}..{found}"
    else:
        yield f"Fixes: {cited}"
        yield f"#regzbot introduced: {found}"


def _cited(result: Result) -> Iterator[str]:
    """Yield the first lines of the first log that there is, none of which passes for one of the mail."""
    logs = [*(case.log for case in result.cases), *(problem.log for problem in result.problems)]
    found = next((log for log in logs if log.strip()), "").splitlines()
    for line in found[:_CITED]:
        yield f"    | {progress.clean(line[:_WIDTH])}"
    if len(found) > _CITED:
        yield f"    | ... {len(found) - _CITED} lines more"
    if found:
        yield ""
