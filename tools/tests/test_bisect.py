# SPDX-License-Identifier: GPL-2.0-only
"""Bisection: the commit that is found, what is skipped, and what is left of it: nothing."""
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import GOOD_CONSOLE, TOOLS, behave, calls, contents, make_kernel, make_repo

from kmem_kunit import bisect, boot, deaths, image, ktap
from kmem_kunit.arch import UML
from kmem_kunit.bisect_verdict import Verdict, verdict
from kmem_kunit.result import Case, Problem, Result, Status

PLANNED = {"kmem_tiny": ["first", "second"]}
FAILS = (
    ("    ok 2 second", "    # second: EXPECTATION FAILED at lib/x.c:7\n    not ok 2 second"),
    ("ok 1 kmem_tiny", "not ok 1 kmem_tiny"),
    ("pass:2 fail:0", "pass:1 fail:1"),
)
PANICS = (
    ("[    0.013000]     ok 2 second", "[    0.012500] Kernel panic - not syncing: oops\n\0"),
)
DEAD = (("[    0.010000] KTAP version 1", "[    0.001000] Kernel panic - not syncing: early\n\0"),)
ONLY_FIRST = (
    ("[    0.013000]     ok 2 second\n", ""), ("1..2", "1..1"),
    ("kmem_tiny: pass:2", "kmem_tiny: pass:1"), ("total:2", "total:1"),
    ("Totals: pass:2", "Totals: pass:1"), ("total:2", "total:1"),
)
LISTS = ("if verb == 'build': "
         "print(*build.glob('*.o'), file=open(Path(os.environ['TMPDIR'], 'found'), 'a'))")
NO_CASE = "console = 'KTAP version 1\\n1..0\\n'"
FULL = ("if verb == 'build' and not Path(os.environ['TMPDIR'], 'mended').exists(): "
        "print('ld: final link failed: No space left on device'); sys.exit(1)")
REFUSED = "if verb == 'build': print('mm/slub.c:7:1: error: nonsense'); sys.exit(1)"


def printing(*changes: tuple[str, str]) -> str:
    """Return the behaviour of a kernel that prints the good log with changes, cut at a NUL."""
    text = GOOD_CONSOLE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return f"console = {text.partition(chr(0))[0]!r}"


GOOD, BAD = printing(), printing(*FAILS)


def git(linux: Path, *words: str) -> str:
    """Run git as the user does it."""
    who = ("-c", "user.name=A U Thor", "-c", "user.email=author@example.org")
    argv = ("git", "-C", str(linux), *who, *words)
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


@dataclass(frozen=True)
class Bench:
    """A kernel's history, and a checkout of this project of its own to bisect it with."""

    linux: Path
    repo: Path

    def argv(self, *more: str) -> list[str]:
        """Return the command line of a bisection of all of the history."""
        return [str(self.repo / "tools/kmem-kunit"), "bisect", "--tree", str(self.linux),
                "--good", "first", "--bad", "HEAD", *more]

    def run(self, *more: str) -> "subprocess.CompletedProcess[str]":
        """Bisect."""
        return subprocess.run(self.argv(*more), capture_output=True, text=True, timeout=300)

    def history(self, behaviours: Sequence[str]) -> list[str]:
        """Commit one kernel for each behaviour; return the hashes."""
        git(self.linux, "init", "--quiet", "--initial-branch=master")
        made = []
        for number, behaviour in enumerate(behaviours):
            made.append(self.commit(behaviour, f"mm: change {number}"))
        git(self.linux, "tag", "first", made[0])
        git(self.linux, "pack-refs", "--all")
        return made

    def commit(self, behaviour: str, subject: str) -> str:
        """Commit a kernel that behaves so."""
        behave(self.linux, f"{behaviour}\n# {subject}")
        git(self.linux, "add", "--all")
        git(self.linux, "commit", "--quiet", "--message", subject)
        return git(self.linux, "rev-parse", "HEAD")

    def booted(self) -> int:
        """Return how many kernels were booted since the last call."""
        return [call[0] for call in calls(self.linux)].count("exec")

    def state(self) -> object:
        """Return all that there is of the user's repository and checkout."""
        listed = git(self.linux, "worktree", "list"), git(self.linux, "for-each-ref")
        return listed, contents(self.linux)


@pytest.fixture
def bench(tmp_path: Path, cache_root: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A bench whose tools want neither compiler nor ccache."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    repo = make_repo(tmp_path / "repo")
    shutil.copytree(TOOLS / "kmem_kunit", repo / "tools/kmem_kunit",
                    ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(TOOLS / "kmem-kunit", repo / "tools/kmem-kunit")
    with open(repo / "tools/kmem_kunit/host.py", "a", encoding="utf-8") as file:
        file.write("\nBUILDING = CACHING = SHOWING = ()\n")
    return Bench(make_kernel(tmp_path / "linux"), repo)




EVIL = 'mm: \x1b]0;owned\x07 %s $(touch x) `y` "'


def twenty(bench: Bench) -> list[str]:
    """Make a history of twenty commits, of which number 13 has the fault."""
    odd = {3: REFUSED, 6: printing(*DEAD), 9: REFUSED, 10: REFUSED, 15: printing(*DEAD)}
    behaviours = [odd.get(n, GOOD if n < 13 else BAD) for n in range(20)]
    return bench.history(behaviours)


def one_line(done: "subprocess.CompletedProcess[str]") -> str:
    """Check that a bisection was refused with one line, and return it."""
    assert done.returncode == 2 and done.stdout == "", (done.stdout, done.stderr)
    return done.stderr.splitlines()[-1]


def is_left(bench: Bench, cache_root: Path) -> bool:
    """Say whether anything is left of a bisection."""
    places = [*(cache_root / "bisects").iterdir(), bench.linux / ".git/worktrees"]
    return any(path.exists() for path in places)


def test_found_among_twenty(
    bench: Bench, cache_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = twenty(bench)
    hook = bench.linux / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch \"$TMPDIR/hooked\"\n")
    hook.chmod(0o755)
    git(bench.linux, "config", "log.showSignature", "true")
    (bench.linux / "mm/slub.c").write_text("/* not committed */\n")
    (bench.linux / "mm/new.c").write_text("/* not even added */\n")
    git(bench.linux, "add", "mm/slub.c")
    before = bench.state()
    monkeypatch.setenv("KCFLAGS", "-g -O2")
    done = bench.run("--case", "kmem_tiny.*", "--boot-args", "-x=1 y", "--config", "debug")
    assert done.returncode == 0, done.stderr
    assert bench.state() == before and not is_left(bench, cache_root)
    out = done.stdout
    assert f"  commit   {commits[13]}\n  author   A U Thor <author@example.org>\n" in out
    assert "  subject  mm: change 13\n" in out
    parts = re.split(r"\n(?=Before|After|Skipped|For a mail)", out)
    parts_by_name = {part.split(",")[0].split(":")[0]: part for part in parts}
    assert f'Before, {commits[12][:12]} ("mm: change 12"):' in parts_by_name["Before"]
    assert "pass  kmem_tiny.second" in parts_by_name["Before"]
    assert "FAIL  kmem_tiny.second" in parts_by_name["After"]
    assert "EXPECTATION FAILED at lib/x.c:7" in parts_by_name["After"]
    cited = f'{commits[13][:12]} ("mm: change 13")'
    assert parts_by_name["For a mail"].splitlines() == [
        "For a mail:", "",
        "kmem_tiny.second fails, since", f"commit {cited}", "",
        "    | # second: EXPECTATION FAILED at lib/x.c:7", "",
        "Linux 6.12.3 for uml, configuration debug; to reproduce, in a tree of that commit:", "",
        "    KCFLAGS='-g -O2' kmem-kunit run --kernel . '--filter=kmem_tiny.*' --config=debug "
        "'--boot-args=-x=1 y' --arch=uml", "",
        f"Fixes: {cited}", f"#regzbot introduced: {commits[13]}"]
    skipped = parts_by_name["Skipped"].splitlines()[1:]
    assert skipped and all(": it does not b" in line for line in skipped)
    assert not (bench.linux.parent / "hooked").exists()
    boots = [call for call in calls(bench.linux) if call[0] == "exec"]
    assert len(boots) < 12 and {call[-1] for call in boots} == {"kmem_tiny.*"}
    assert all("--kernel_args=-x=1" in call for call in boots)


def test_one_build_goes_on_from_commit_to_commit(bench: Bench, cache_root: Path) -> None:
    commits = bench.history([f"{GOOD}\n{LISTS}", f"{GOOD}\n{LISTS}", REFUSED, f"{BAD}\n{LISTS}",
                             f"{BAD}\n{LISTS}"])
    done = bench.run()
    assert done.returncode == 1 and f"..{commits[3]}" in done.stdout, done.stderr
    builds = [word for call in calls(bench.linux) if call[0] == "build"
              for word in call if word.startswith("--build_dir=")]
    assert len(builds) == 5 and len({*builds}) == 1
    folder = Path(builds[0].partition("=")[2])
    assert folder.parent == cache_root / "builds"
    found = (bench.linux.parent / "found").read_text().splitlines()
    assert found == ["", *[str(folder / "one.o")] * 3]  # what was compiled before is still there


def test_a_range_where_the_neighbours_cannot_be_judged(bench: Bench, cache_root: Path) -> None:
    odd = {4: REFUSED, 5: printing(*DEAD)}
    commits = bench.history([odd.get(n, GOOD) for n in range(6)])
    commits.append(bench.commit(BAD, EVIL))
    commits.append(bench.commit(BAD, "mm: after it"))
    before = bench.state()
    done = bench.run()
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == ("The first bad commit is one of these 3, "
                        "of which only the last can be judged:")
    assert [line.split()[0] for line in lines[1:4]] == [commit[:12] for commit in commits[4:7]]
    assert "does not build" in lines[1] and "does not boot" in lines[2] and "fails" in lines[3]
    assert f"#regzbot introduced: {commits[3]}..{commits[6]}" in lines
    assert "Fixes:" not in done.stdout
    assert "    | # second: EXPECTATION FAILED at lib/x.c:7" in lines
    assert "    kmem-kunit run --kernel . --arch=uml" in lines
    assert not re.search("[\x1b\x07]", done.stdout + done.stderr)
    assert '("mm: \\x1b]0;owned\\x07 %s $(touch x) `y` "")' in lines[3]
    assert bench.state() == before and not is_left(bench, cache_root)


def test_merges_and_a_good_commit_on_another_branch(bench: Bench) -> None:
    bench.history([GOOD, GOOD])
    git(bench.linux, "checkout", "--quiet", "-b", "stable")
    good = bench.commit(GOOD, "mm: stable only")
    git(bench.linux, "checkout", "--quiet", "-b", "topic", "first")
    fault = bench.commit(BAD, "mm: in a topic")
    bench.commit(BAD, "mm: the topic goes on")
    git(bench.linux, "checkout", "--quiet", "master")
    git(bench.linux, "merge", "--quiet", "--strategy-option=theirs", "--no-edit", "topic")
    bench.commit(BAD, "mm: after the merge")
    done = bench.run("--good", good)
    assert done.returncode == 0 and f"commit   {fault}" in done.stdout, done.stderr


def test_a_checkout_of_a_part(bench: Bench, cache_root: Path) -> None:
    """git gives a new worktree the patterns of the user's, and so less than a kernel."""
    commits = bench.history([GOOD, BAD])
    git(bench.linux, "sparse-checkout", "set", "init")
    assert not (bench.linux / "lib/Kconfig.debug").exists()
    before = bench.state()
    done = bench.run()
    assert done.returncode == 0 and f"commit   {commits[1]}" in done.stdout, done.stderr
    assert bench.state() == before


def test_a_subject_is_told_in_utf_8(bench: Bench) -> None:
    bench.history([GOOD])
    bench.commit(BAD, "mm: für alle")
    git(bench.linux, "config", "i18n.logOutputEncoding", "ISO-8859-1")
    done = bench.run()
    assert re.search(r'^Fixes: \w{12} \("mm: für alle"\)$', done.stdout, re.MULTILINE), done.stdout


def test_a_good_commit_with_a_remedy(bench: Bench, cache_root: Path) -> None:
    bench.history([GOOD, BAD])
    git(bench.linux, "checkout", "--quiet", "-b", "stable")
    good = bench.commit(GOOD, "mm: remedy")
    git(bench.linux, "checkout", "--quiet", "master")
    bench.commit(BAD, "mm: no remedy")
    before = bench.state()
    line = one_line(bench.run("--good", good))
    assert '("mm: change 1"), where --good and --bad part, is bad' in line
    assert bench.state() == before and not is_left(bench, cache_root)


def killed(bench: Bench, ready: Callable[[], bool], number: signal.Signals) -> str:
    """Start a bisection, end all of its process group once it is ready; return what it said."""
    said = bench.linux.parent / "said"
    with open(said, "w", encoding="utf-8") as file, subprocess.Popen(
        bench.argv(), stdout=subprocess.DEVNULL, stderr=file, start_new_session=True
    ) as process:
        end = time.monotonic() + 120
        while not ready() and time.monotonic() < end and process.poll() is None:
            time.sleep(0.01)
        assert process.poll() is None, "it was over too early"
        os.killpg(process.pid, number)
        process.wait(60)
        assert process.returncode == (-number if number == signal.SIGKILL else 128 + number)
    return said.read_text()


def test_killed_and_resumed(bench: Bench, cache_root: Path) -> None:
    commits = twenty(bench)
    before = bench.state()
    log = bench.linux.parent / "calls"
    killed(bench, lambda: log.exists() and log.read_text().count("exec\t") > 4, signal.SIGKILL)
    wait_for_the_dead(cache_root)
    known = {path.stem[:12] for path in (cache_root / "bisects").glob("*/*/*.json")}
    assert len(known) >= 4 and is_left(bench, cache_root)
    done = bench.run()
    assert done.returncode == 0 and f"commit   {commits[13]}" in done.stdout, done.stderr
    assert bench.state() == before and not is_left(bench, cache_root)
    judged = re.findall(r": (\w{12}) .* is (?:good|bad|not to be judged): ", done.stderr)
    assert judged and not known & set(judged)


def test_interrupted_and_resumed(bench: Bench, cache_root: Path) -> None:
    commits = bench.history([GOOD, GOOD, BAD])
    before = bench.state()
    log = bench.linux.parent / "calls"
    said = killed(bench, lambda: log.exists() and "exec\t" in log.read_text(), signal.SIGINT)
    give_up = re.search("the same command goes on from here; to give up: (git .*)", said)
    assert give_up and bench.booted() == 1
    done = bench.run()
    assert done.returncode == 0 and f"commit   {commits[2]}" in done.stdout, done.stderr
    assert bench.state() == before and not is_left(bench, cache_root)


def wait_for_the_dead(cache_root: Path) -> None:
    """Wait until all that a killed run had started is gone: they hold its lock."""
    (lock,) = (cache_root / "locks").glob("bisects-*")
    subprocess.run(["flock", lock, "true"], check=True, timeout=60)


@pytest.mark.parametrize("what", ["checkout", "worktree", "entry", "half an entry"])
def test_what_a_killed_git_leaves(bench: Bench, cache_root: Path, what: str) -> None:
    commits = bench.history([f"{GOOD}\n{FULL}", BAD])
    before = bench.state()
    bench.run()
    (worktree,) = (cache_root / "bisects").glob("*/kmem-kunit-*")
    admin = bench.linux / ".git/worktrees" / worktree.name
    if what == "checkout":
        (admin / "index.lock").write_text("")
        (admin / "HEAD.lock").write_text("")
        (worktree / "behaviour.py").write_text("half a fi")
        (worktree / "mm/left.c").write_text("of another commit")
    else:
        shutil.rmtree(worktree if what == "worktree" else admin)
    if what == "half an entry":
        admin.mkdir(parents=True)
        (admin / "locked").write_text("initializing")
    (bench.linux.parent / "mended").touch()
    done = bench.run()
    assert done.returncode == 0 and f"commit   {commits[1]}" in done.stdout, done.stderr
    assert bench.state() == before and not is_left(bench, cache_root)


def test_a_damaged_result_is_made_again(bench: Bench, cache_root: Path) -> None:
    commits = bench.history([GOOD, f"{GOOD}\n{FULL}", BAD])
    one_line(bench.run())
    assert bench.booted() == 2
    (damaged,) = (cache_root / "bisects").glob(f"*/*/{commits[0]}.json")
    damaged.write_text("{")
    (bench.linux.parent / "mended").touch()
    done = bench.run()
    assert done.returncode == 0 and f"commit   {commits[2]}" in done.stdout, done.stderr
    assert f"the verdict on {commits[0][:12]} cannot be read: it goes" in done.stderr
    assert bench.booted() == 2


@pytest.mark.parametrize("what", ["lib/kmem_tiny_kunit.c", "tools/kmem_kunit/ktap.py", "KCFLAGS"])
def test_what_judges_otherwise_means_other_verdicts(
    what: str, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = bench.history([GOOD, f"{BAD}\n{FULL}"])
    bench.run()
    (bench.linux.parent / "mended").touch()
    assert bench.booted() == 1
    if what == "KCFLAGS":
        monkeypatch.setenv(what, "-g")
    else:
        with open(bench.repo / what, "a", encoding="utf-8") as file:
            file.write("\n")
    done = bench.run()
    assert done.returncode == 0 and f"commit   {commits[1]}" in done.stdout
    called = calls(bench.linux)
    assert [call[0] for call in called].count("exec") == 2
    assert any("-g" in word.split() for call in called for word in call) == (what == "KCFLAGS")


@pytest.mark.parametrize("behaviours, said", [
    ([BAD, BAD], r'--good \w{12} \("mm: change 0"\) is bad, not good: kmem_tiny.second fails'),
    ([GOOD, GOOD], r'--bad \w{12} \("mm: change 1"\) is good, not bad: all that was asked'),
    ([NO_CASE, BAD], "--good .* is not to be judged, not good: it has no such case"),
])
def test_ends_that_are_not_what_they_are_said_to_be(
    bench: Bench, cache_root: Path, behaviours: list[str], said: str
) -> None:
    bench.history(behaviours)
    before = bench.state()
    assert re.search(said, one_line(bench.run()))
    assert bench.state() == before and not is_left(bench, cache_root)


WRONG = (
    (("--good", "nonsense"), "has no commit 'nonsense'"),
    (("--good=--all",), "'--all' is no revision"),
    (("--bad=-x",), "'-x' is no revision"),
    (("--bad", ""), "'' is no revision"),
    (("--bad", "HEAD~1..HEAD"), "has no commit"),
    (("--bad", "first"), "are one commit"),
    (("--good", "HEAD", "--bad", "HEAD~1"), "bad is the older one"),
    (("--case", "kmem_tiny.third"), "no case matches 'kmem_tiny.third'"),
    (("--case", "a;b"), "is no filter"),
    (("--config", "nonsense"), "no configuration 'nonsense'"),
    (("--boot-args", "a\x1b"), "cannot be on a kernel's command line"),
    (("--tree", "/nowhere"), "is not a folder"),
)


def test_wrong_use(bench: Bench) -> None:
    bench.history([GOOD, BAD])
    before = bench.state()
    for more, said in WRONG:
        done = bench.run(*more)
        assert said in one_line(done) and len(done.stderr.splitlines()) == 1
        assert "\x1b" not in done.stderr
    assert bench.state() == before


def test_no_git_tree(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    done = bench.run("--tree", str(tmp_path / "plain"))
    assert f"cannot bisect in {tmp_path / 'plain'}: not a git repository" in one_line(done)


def test_no_kernel(bench: Bench, tmp_path: Path) -> None:
    other = Bench(tmp_path / "other", bench.repo)
    other.linux.mkdir()
    commits = other.history([GOOD, BAD])
    assert one_line(other.run()) == (f'kmem-kunit: --good {commits[0][:12]} ("mm: change 0") of '
                                     f"{other.linux} is not a kernel tree: it has no Makefile")


def test_a_commit_that_is_no_kernel(bench: Bench, cache_root: Path) -> None:
    bench.history([GOOD])
    text = (bench.linux / "Makefile").read_text()
    (bench.linux / "Makefile").unlink()
    bench.commit(GOOD, "mm: no kernel")
    (bench.linux / "Makefile").write_text(text)
    bench.commit(BAD, "mm: a kernel again")
    done = bench.run()
    assert done.returncode == 1, done.stderr
    assert re.search(r'^  \w{12} \("mm: no kernel"\): it does not build: '
                     "it is not a kernel tree: it has no Makefile$", done.stdout, re.MULTILINE)
    assert str(cache_root) not in done.stdout + done.stderr


def test_histories_that_have_nothing_in_common(bench: Bench) -> None:
    bench.history([GOOD, BAD])
    git(bench.linux, "checkout", "--quiet", "--orphan", "other")
    bench.commit(BAD, "mm: another beginning")
    assert "have no history in common" in one_line(bench.run())


def test_trouble_of_the_machine_is_held_against_no_commit(bench: Bench, cache_root: Path) -> None:
    commits = bench.history([GOOD, f"{GOOD}\n{FULL}", BAD])
    before = bench.state()
    line = one_line(bench.run())
    assert "No space left on device; the same command goes on from here, later" in line
    (bench.linux.parent / "mended").touch()
    bench.booted()
    done = bench.run()
    assert done.returncode == 0 and f"commit   {commits[2]}" in done.stdout
    assert bench.booted() == 1 and bench.state() == before and not is_left(bench, cache_root)


def test_a_step_that_is_wrong_itself_is_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bisect, "_git", lambda *words: 1 / 0)
    question = bisect.Question("", (), (), UML, PLANNED)
    assert bisect.step(tmp_path, tmp_path, question, 1) == 128
    assert "cannot go on: ZeroDivisionError" in capsys.readouterr().err


def read(behaviour: str) -> Result:
    """Return the result of a kernel of some behaviour."""
    names: dict[str, str] = {}
    exec(behaviour, names)
    return ktap.read(names["console"].splitlines(), PLANNED)


@pytest.mark.parametrize("behaviour, expected, why", [
    (GOOD, Verdict.GOOD, "passes"),
    (BAD, Verdict.BAD, "kmem_tiny.second fails"),
    (printing(*PANICS), Verdict.BAD, "panic in kmem_tiny.second"),
    (printing(*DEAD), Verdict.UNKNOWN, "does not boot"),
    ("console = ''", Verdict.UNKNOWN, "does not boot"),
    (NO_CASE, Verdict.UNKNOWN, "no such case"),
    (printing(*ONLY_FIRST), Verdict.BAD, "kmem_tiny.second is missing"),
    (printing(("ok 1 first", "ok 7 first")), Verdict.UNKNOWN, "cannot be believed"),
    (printing(("ok 1 first", "ok 1 first # SKIP"), ("ok 2 second", "ok 2 second # SKIP"),
              ("pass:2 fail:0 skip:0", "pass:0 fail:0 skip:2"),
              ("ok 1 kmem_tiny", "ok 1 kmem_tiny # SKIP")),
     Verdict.UNKNOWN, "is skipped"),
    (printing(("[    0.013000]     ok 2", "[    0.012] x\n[    0.012100] BUG: KASAN: bad\n"
               "[    0.013000]     ok 2")), Verdict.BAD, "splat in kmem_tiny.second"),
    (printing(("[    0.010000] KTAP", "[    0.001000] WARNING: CPU: 0 PID: 1 at x.c:1\n"
               "[    0.010000] KTAP")), Verdict.GOOD, "passes"),
])
def test_verdicts(behaviour: str, expected: Verdict, why: str) -> None:
    found, said = verdict(read(behaviour), PLANNED)
    assert found is expected and why in said


def test_a_hang_before_the_case_and_in_it(tmp_path: Path) -> None:
    def hanging(text: str) -> Result:
        path = tmp_path / "console.log"
        path.write_text(text)
        log = boot.Log(path, 1.0, timed_out=True, overflow=False, limit=1.0)
        return boot.judge(log, PLANNED)

    assert verdict(hanging("[    0.1] Linux\n"), PLANNED)[0] is Verdict.UNKNOWN
    cut = GOOD_CONSOLE.partition("[    0.013000]     ok 2")[0]
    found, why = verdict(hanging(cut), PLANNED)
    assert found is Verdict.BAD and "hang in kmem_tiny." in why


def test_cases_that_shall_stop_the_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = {deaths.SUITE: ["stops", "other"]}
    made = image.Image(tmp_path, tmp_path, "6.12.3", "", UML)
    made.kunitconfig.write_text("CONFIG_KUNIT=y\n")
    cases = tuple(Case(deaths.SUITE, name, "", status)
                  for name, status in (("stops", Status.SKIP), ("other", Status.MISS)))
    monkeypatch.setattr(boot, "boot", lambda *words, **more: None)
    monkeypatch.setattr(boot, "judge", lambda log, planned: Result(cases))
    failed = Case(deaths.SUITE, "stops", "", Status.FAIL)
    asked: list[str] = []

    def run(
        base: Path, made: object, arguments: object, glob: str, names: list[str], stopped: object
    ) -> list[Case]:
        asked.extend(names)
        return [failed]

    monkeypatch.setattr(deaths, "run", run)
    result = bisect._booted(tmp_path, made, bisect.Question("", (), (), UML, planned))
    assert asked == ["stops"] and result.cases == (failed, cases[1])
    assert verdict(result, planned) == (Verdict.BAD, "kmem_fatal.stops fails")


@pytest.mark.parametrize("behaviour, first", [
    (printing(*PANICS), "Kernel panic - not syncing: oops"),
    (printing(*ONLY_FIRST), ""),
])
def test_what_a_mail_cites(behaviour: str, first: str) -> None:
    cited = list(bisect._cited(bisect._relevant(read(behaviour), PLANNED)))
    assert cited == ([f"    | {first}", ""] if first else [])


def test_a_mail_cites_a_long_log_in_part() -> None:
    log = "\n".join(["#regzbot introduced: \x1b[0m", "x" * 9999, *"abcdefghijklmnop"])
    cases = (Case("a", "b", "", Status.FAIL, log="\n\n"), Case("a", "c", "", Status.FAIL, log=log))
    cited = list(bisect._cited(Result(cases)))
    assert cited[:2] == ["    | #regzbot introduced: \\x1b[0m", f"    | {'x' * 200}"]
    assert cited[11:] == ["    | j", "    | ... 6 lines more", ""]


def test_many_failures_are_not_all_named() -> None:
    cases = tuple(Case("kmem_tiny", f"case{n}", "", Status.FAIL) for n in range(9))
    said = verdict(Result(cases, (Problem("splat", "", ""),)), PLANNED)[1]
    assert said.count("fails") == 3 and said.endswith("and 6 more")
