# SPDX-License-Identifier: GPL-2.0-only
"""The verb gate as a user meets it: result files, and revisions of a repository."""
import datetime
import json
import os
import signal
import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import BROKEN, GOOD_CONSOLE, TOOLS, behave, calls, changed, make_kernel, snapshot
from test_cli import Outcome, full_of_results, one_line
from test_gate import boot, run_of

from kmem_kunit import boot as boot_
from kmem_kunit import (
    cache,
    cells,
    cli,
    host,
    image,
    kcidb,
    matrix,
    overlay,
    quarantine,
    result,
    revisions,
)
from kmem_kunit.result import Case, Problem, Status

PASS, FAIL = Status.PASS, Status.FAIL
COMMAND = """\
import sys; sys.path.insert(0, {tools!r})
from pathlib import Path
from kmem_kunit import cli, host, overlay
host.FETCHING = host.BUILDING = host.SHOWING = host.CACHING = ()
overlay.REPO = Path({repo!r})
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.fixture
def run(cache_root: Path, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Give a function that runs "gate" and returns (status, stdout, stderr)."""
    for name in ("FETCHING", "BUILDING", "SHOWING", "CACHING"):
        monkeypatch.setattr(host, name, ())
    script = tmp_path / "command"
    script.write_text(COMMAND.format(tools=str(TOOLS), repo=str(repo)))
    monkeypatch.setattr(matrix, "_COMMAND", script)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}

    def call(*argv: object) -> Outcome:
        capsys.readouterr()
        try:
            status = cli.main(["gate", *map(str, argv)])
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Two result files, the second with a failure in lib/kmem_tiny_kunit.c."""
    base, head = tmp_path / "base.json", tmp_path / "head.json"
    good = Case("kmem_tiny", "first", "", PASS)
    kcidb.write(base, [run_of([good, Case("kmem_tiny", "second", "", PASS)])])
    kcidb.write(head, [run_of([good, Case("kmem_tiny", "second", "", FAIL, log="why")])])
    return base, head


def test_two_files(run: Callable[..., Outcome], files: tuple[Path, Path]) -> None:
    base, head = files
    assert run(base, base)[:2] == (0, "1 cell, 2 cases: no regression\n")
    status, out, _ = run(base, head)
    assert status == 1 and out.splitlines() == [
        "FAILS            kmem_tiny.second  pass -> fail  6.12/plain  since 6.12.3 of 2026-01-02",
        "    | why",
        "    tools/kmem-kunit run --kernel 6.12 --boot-args 'a=1 b' --filter kmem_tiny.second",
        "1 cell, 2 cases: 1 regression"]
    status, out, _ = run(head, base)
    assert status == 0 and out.splitlines()[-1] == "1 cell, 2 cases: no regression, 1 fixed"


def test_machine_outputs(run: Callable[..., Outcome], files: tuple[Path, Path], tmp_path: Path
                         ) -> None:
    made = {name: tmp_path / name for name in ("json", "junit", "gitlab")}
    options = [word for name, path in made.items() for word in (f"--{name}", path)]
    status, out, _ = run(*files, *options, "--github")
    assert status == 1
    (command,) = [line for line in out.splitlines() if line.startswith("::")]
    assert command.startswith("::error file=lib/kmem_tiny_kunit.c,line=8,title=")
    assert json.loads(made["json"].read_text())["findings"][0]["kind"] == "fail"
    assert ElementTree.parse(made["junit"]).getroot().get("failures") == "1"
    (entry,) = json.loads(made["gitlab"].read_text())
    assert entry["location"] == {"path": "lib/kmem_tiny_kunit.c", "lines": {"begin": 8}}
    status, out, _ = run(files[0], files[0], *options, "--github")
    assert status == 0 and "::" not in out
    assert json.loads(made["gitlab"].read_text()) == []
    assert json.loads(made["json"].read_text())["ok"] is True


def test_a_disk_that_is_full_of_results(
    run: Callable[..., Outcome], files: tuple[Path, Path], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(result, "save", full_of_results)
    status, out, err = run(*files, "--json", tmp_path / "x")
    assert status == 2 and out.endswith("1 cell, 2 cases: 1 regression\n")
    assert err.endswith("No space left on device\n")


def test_the_quarantine(run: Callable[..., Outcome], files: tuple[Path, Path], repo: Path) -> None:
    base, head = files
    expires = datetime.date.today() + datetime.timedelta(days=1)
    text = ('[[known]]\ncase = "kmem_tiny.second"\ncells = ["6.12/*"]\nreason = "odd"\n'
            'link = "l"\nowner = "us"\nexpires = {}\n')
    (repo / quarantine.FILE).write_text(text.format(expires))
    status, out, _ = run(base, head)
    assert status == 0 and "1 known failure" in out
    status, out, _ = run(base, base)
    assert status == 1 and out.startswith("UNEXPECTED PASS")
    (repo / quarantine.FILE).write_text(text.format("2020-01-01"))
    status, out, _ = run(base, base)
    assert status == 1 and "expired on 2020-01-01  tools/quarantine.toml" in out
    (repo / quarantine.FILE).write_text(
        text.format(expires).replace('["6.12/*"]', '["6.12/*", "6.12/palin"]'))
    status, out, _ = run(base, head)
    assert status == 1 and "no cell matches 6.12/palin  tools/quarantine.toml" in out
    (repo / quarantine.FILE).write_text("[[known]")
    assert "quarantine.toml" in one_line(run(base, base))


@pytest.mark.parametrize(("argv", "said"), [
    ([], "needs BASE and HEAD, --baseline, or --update"),
    (["x.json"], "needs BASE and HEAD"),
    (["--tree", "."], "needs BASE and HEAD"),
    (["x", "y", "--baseline"], "name no BASE"),
    (["--baseline", "--tree", "."], "name no BASE"),
    (["x", "y", "--update"], "name no BASE"),
    (["--update", "--filter", "kmem_tiny"], "leave out --filter"),
    (["--update", "--github"], "leave out --github"),
    (["x", "y", "--filter", "kmem_tiny"], "--filter needs --tree or --baseline"),
    (["x", "y", "--group", "quick"], "--group needs --tree or --baseline"),
    (["x", "y", "--cells", "*"], "--cells needs --baseline or --update"),
    (["--tree", ".", "x", "y", "--cells", "*"], "--cells needs --baseline or --update"),
    (["--update", "--cells", ""], "--cells: it is empty"),
    (["--update", "--cells", "7.9/*"], "no cell matches '7.9/*'; there are: 6.12/plain, 6.12/debug"),
    (["--baseline", "--group", "quick", "--cells", "*/debug"], "no cell matches '*/debug'; there are"),
    (["x", "y"], "there is no file 'x'; a git revision needs --tree"),
    ([".", "."], "cannot read '.': Is a directory"),
    (["/proc/version", "/proc/version"], "is not whole JSON"),
    (["x", "y", "--json", "/no/such/file"], "cannot write"),
    (["--baseline", "--filter", "nobody"], "no case matches"),
    (["--baseline", "--group", "slow"], "no group 'slow'"),
    (["--tree", "/no/such", "a", "b"], "is not a folder"),
    (["--tree", "/proc", "a", "b"], "/proc: not a git repository"),
])
def test_wrong_use(argv: list[str], said: str, run: Callable[..., Outcome], files: tuple[Path, Path]
                   ) -> None:
    assert said in one_line(run(*argv))


def git(tree: Path, *words: str) -> str:
    argv = ["git", "-C", str(tree), "-c", "user.name=a", "-c", "user.email=b", *words]
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}
    return subprocess.run(argv, check=True, capture_output=True, text=True, env=env).stdout.strip()


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A git repository of three fake kernels: good, one whose second case fails, good again."""
    tree = make_kernel(tmp_path / "linux")
    git(tree, "init", "-q")
    for tag, text in (("good", GOOD_CONSOLE), ("bad", changed(*BROKEN)), ("mended", GOOD_CONSOLE)):
        behave(tree, f"console = {text!r}  # {tag}")
        git(tree, "add", "-A")
        git(tree, "commit", "-qm", tag)
        git(tree, "tag", tag)
    return tree


def test_two_revisions(run: Callable[..., Outcome], history: Path, cache_root: Path) -> None:
    (history / "mm/slub.c").write_text("edited, and not committed\n")
    before = snapshot(history)
    status, out, err = run("--tree", history, "good", "bad")
    assert status == 1, err
    first, log, console, command, closing = out.splitlines()
    label, _, path = console.strip().partition(" ")
    assert label == "console" and "not ok 2 second" in Path(path).read_text()
    good, bad = git(history, "rev-parse", "good"), git(history, "rev-parse", "bad")
    assert first.startswith(f"FAILS            kmem_tiny.second  pass -> fail  6.12/plain  "
                            f"since 6.12.3 ({good[:12]}) of 20")
    assert "EXPECTATION FAILED at lib/x.c:7" in log
    source = cache_root / "revisions" / bad
    assert command == f"    tools/kmem-kunit run --kernel {source} --filter kmem_tiny.second"
    assert closing == "1 cell, 2 cases: 1 regression"
    assert f"{good[:12]}/plain: ok 2/0/0" in err and f"{bad[:12]}/plain: FAILED 1/1/0" in err
    assert "edited" not in (source / "mm/slub.c").read_text()
    assert not list(source.glob(".*"))
    assert snapshot(history) == before
    assert [call[0] for call in calls(history)].count("exec") == 2

    status, out, err = run("--tree", history, "good", "bad")  # from the cache
    assert status == 1 and out.splitlines() == [first, log, console, command, closing]
    assert calls(history) == [] and "unpacking" not in err
    status, out, err = run("--tree", history / "mm", "bad", "HEAD")  # all of it
    assert status == 0 and "1 fixed" in out and "1 of 2 results are in the cache" in err
    assert [call[0] for call in calls(history)].count("exec") == 1
    assert run("--tree", history, "mended", "HEAD")[0] == 0  # one and the same
    assert calls(history) == []
    assert snapshot(history) == before


def test_two_commits_of_one_second_and_one_size(
    run: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = make_kernel(tmp_path / "linux")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z")
    git(tree, "init", "-q")
    for number in range(2):
        behave(tree, f"if {number}: console = {changed(*BROKEN)!r}")
        git(tree, "add", "-A")
        git(tree, "commit", "-qm", str(number))
    status, out, _ = run("--tree", tree, "HEAD~1", "HEAD")
    assert status == 1 and out.startswith("FAILS            kmem_tiny.second  pass -> fail")


def test_what_a_kept_result_depends_on(
    run: Callable[..., Outcome], history: Path, cache_root: Path, repo: Path,
    monkeypatch: pytest.MonkeyPatch
) -> None:
    def runs() -> int:
        calls(history)
        assert run("--tree", history, "mended", "mended", "--filter", glob)[0] == 0
        return [call[0] for call in calls(history)].count("exec")

    glob = ""
    assert (runs(), runs()) == (1, 0)
    glob = "kmem_tiny"
    assert (runs(), runs()) == (1, 0)
    glob = ""
    assert runs() == 0
    source = repo / "lib/kmem_tiny_kunit.c"
    source.write_text(source.read_text() + "/* more */\n")
    assert (runs(), runs()) == (1, 0)
    (repo / ".kunitconfig").write_text((repo / ".kunitconfig").read_text() + "CONFIG_X=y\n")
    assert (runs(), runs()) == (1, 0)
    (repo / cells.FILE).write_text((repo / cells.FILE).read_text().replace(
        'about = "nothing special"', 'boot = "a=1"'))
    assert (runs(), runs()) == (1, 0)
    with monkeypatch.context() as patch:
        patch.setattr(image, "toolchain", lambda _: "gcc of tomorrow")
        assert (runs(), runs()) == (1, 0)
    with monkeypatch.context() as patch:
        patch.setenv("KCFLAGS", "-g")
        assert (runs(), runs()) == (1, 0)
    plain = Path.read_bytes
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda path: plain(path) + b"#" * (path.name == "arch.py"))
        assert (runs(), runs()) == (1, 0)
    for what in ("emulator", "accelerator_to_try"):
        with monkeypatch.context() as patch:
            patch.setattr(boot_ if what == "accelerator_to_try" else image, what, lambda *_: "another")
            assert (runs(), runs()) == (1, 0)
    assert runs() == 0
    for file in (cache_root / "results").glob("*/*.json"):
        file.write_text("{")
    assert (runs(), runs()) == (1, 0)


def test_options_for_the_compiler_reach_the_cells(
    run: Callable[..., Outcome], history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KCFLAGS", "-g")
    calls(history)
    run("--tree", history, "good", "good")
    (build,) = [call for call in calls(history) if call[0] == "build"]
    assert "--make_options=KCFLAGS=-O1 -g" in build


def test_what_died_is_not_kept(
    run: Callable[..., Outcome], history: Path, cache_root: Path
) -> None:
    behave(history, "if verb == 'build': print('x.c:1: error: no'); sys.exit(1)")
    git(history, "commit", "-qam", "broken")
    for _ in range(2):
        calls(history)
        status, out, _ = run("--tree", history, "good", "HEAD")
        assert status == 1 and out.startswith("DIED ") and "does not build" in out
        assert "build" in [call[0] for call in calls(history)]
    assert len(list((cache_root / "results").iterdir())) == 1


FULL = "No space left on device"


def test_what_this_machine_cannot_do_is_no_regression(
    run: Callable[..., Outcome], history: Path, repo: Path, cache_root: Path, tmp_path: Path
) -> None:
    """It is nobody's result, and what the other cells come to is told."""
    (repo / cells.FILE).write_text((repo / cells.FILE).read_text().replace('["*/plain"]', '["*"]'))
    behave(history, f"""if verb == 'build' and 'SLUB_DEBUG' in (build / '.config').read_text():
    print({FULL!r}); sys.exit(1)""")
    git(history, "commit", "-qam", "no room")
    status, out, err = run("--tree", history, "good", "HEAD", "--json", tmp_path / "all.json")
    last = f"kmem-kunit: 6.12/debug: this machine cannot build Linux 6.12.3: {FULL}"
    assert status == 2 and out == "1 cell, 2 cases: no regression\n" and err.splitlines()[-1] == last
    assert len(list((cache_root / "results").iterdir())) == 3 and not (tmp_path / "all.json").exists()
    behave(history, f"if verb == 'build': print({FULL!r}); sys.exit(1)")
    git(history, "commit", "-qam", "less")
    status, out, err = run("--tree", history, "good", "HEAD")
    assert (status, out) == (2, "") and FULL in err.splitlines()[-1]


def test_files_with_a_cell_that_could_not_be_run(
    run: Callable[..., Outcome], files: tuple[Path, Path], tmp_path: Path
) -> None:
    (good,) = kcidb.load(files[0])
    lacking = [run_of((), [Problem("machine", "", "status 2\nkmem-kunit: no room")], "6.12/debug")]
    partly = tmp_path / "partly.json"
    kcidb.write(partly, [good, *lacking])
    kcidb.write(files[0], [good, replace(good, cell="6.12/debug")])
    for sides in ((files[0], partly), (partly, files[0])):
        status, out, err = run(*sides)
        assert status == 2 and out == "1 cell, 2 cases: no regression\n"
        assert err == "kmem-kunit: 6.12/debug: no room\n"


def test_results_are_kept_as_they_come(
    run: Callable[..., Outcome], history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = matrix.local

    def interrupted(jobs: list[matrix.Job], *rest: Any) -> None:
        whole(jobs[:1], *rest)
        raise KeyboardInterrupt

    monkeypatch.setattr(matrix, "local", interrupted)
    assert run("--tree", history, "good", "bad")[0] == 130
    monkeypatch.setattr(matrix, "local", whole)
    status, _, err = run("--tree", history, "good", "bad")
    assert status == 1 and "1 of 2 results are in the cache" in err


def test_a_revision_stays_while_it_is_used(
    cache_root: Path, history: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(cache._KEEP, "revisions", 0)
    base = cache.root()
    together = threading.Barrier(2, timeout=60)
    lock = cache.lock

    @contextmanager
    def locked(*args: Any, **options: Any) -> Iterator[cache.Lock]:
        """Let both have it before one of them looks at what is there."""
        with lock(*args, **options) as held:
            together.wait()
            yield held

    monkeypatch.setattr(cache, "lock", locked)

    def use(_: int) -> Path:
        with revisions.unpacked(base, history, "good") as found:
            together.wait()
            cache.clean(base)
            assert (found.kernel.path / "Makefile").is_file()
            together.wait()
            return found.kernel.path

    with ThreadPoolExecutor(2) as pool:
        (path, other) = pool.map(use, range(2))
    assert path == other and capsys.readouterr().err.count("unpacking good") == 1
    cache.clean(base)
    assert not path.exists()


def test_revisions_of_different_series(
    run: Callable[..., Outcome], history: Path, repo: Path
) -> None:
    make_kernel(history, "7.3.1")
    behave(history, f"console = {changed(*BROKEN)!r}")
    git(history, "commit", "-qam", "newer")
    text = (repo / cells.FILE).read_text()
    (repo / cells.FILE).write_text(
        text.replace("[variants.plain]", '[variants.late]\nsince = "7.0"\n\n[variants.plain]')
        .replace('series = ["6.12"]', 'series = ["6.12", "7.3"]').replace('["*/plain"]', '["*"]'))
    status, out, err = run("--tree", history, "good", "HEAD")
    assert status == 1 and "pass -> fail  7.3/debug, 7.3/plain  since 6.12.3 (" in out
    assert "gone" not in out and "late" not in out
    assert "not in both, and left out: late" in err
    (repo / cells.FILE).write_text(
        (repo / cells.FILE).read_text().replace('["*"]', '["7.3/late"]'))
    assert "no cell of quick is in both good and HEAD" in one_line(run("--tree", history, "good", "HEAD"))


def test_a_file_against_a_revision(
    run: Callable[..., Outcome], history: Path, tmp_path: Path, repo: Path
) -> None:
    (repo / cells.FILE).write_text((repo / cells.FILE).read_text().replace('["*/plain"]', '["*"]'))
    good = [Case("kmem_tiny", name, "", PASS) for name in ("first", "second")]
    file = tmp_path / "good.json"
    kcidb.write(file, [run_of(good), run_of(good, cell="6.12/other")])
    status, out, err = run("--tree", history, file, "bad")
    assert status == 1 and out.startswith("FAILS            kmem_tiny.second  pass -> fail  6.12/plain")
    assert "1 cell, 2 cases: 1 regression" in out and "not in both, and left out: debug, other\n" in err
    status, out, _ = run("--tree", history, "bad", file)
    assert status == 0 and "1 cell, 2 cases: no regression, 1 fixed" in out
    status, out, _ = run("--tree", history, file, "bad", "--filter", "kmem_tiny.f*")
    assert "1 cell, 1 case: " in out and "pass -> " not in out
    (repo / cells.FILE).write_text((repo / cells.FILE).read_text().replace('["*"]', '["*/debug"]'))
    kcidb.write(file, [run_of(good, cell="6.12/debug"), run_of(good)])
    status, out, err = run("--tree", history, file, "mended")
    assert status == 0 and "1 cell, 2 cases: " in out and "not in both, and left out: plain\n" in err
    assert "leave out --tree" in one_line(run("--tree", history, file, file))


def test_a_file_of_several_series_and_a_revision(
    run: Callable[..., Outcome], history: Path, tmp_path: Path
) -> None:
    file = tmp_path / "good.json"
    good = [Case("kmem_tiny", name, "", PASS) for name in ("first", "second")]
    other = [Case("kmem_tiny", "first", "", PASS)]
    kcidb.write(file, [run_of(other, cell="7.3/plain"), run_of(good), run_of(other, cell="7.3/x")])
    status, out, _ = run("--tree", history, file, "mended")
    assert (status, out) == (0, "1 cell, 2 cases: no regression\n")
    kcidb.write(file, [run_of(other, cell="7.3/plain"), run_of(other, cell="7.2/plain")])
    assert "has cells of 7.2, 7.3, and none of 6.12" in one_line(run("--tree", history, file, "mended"))


def test_all_of_a_revision_is_unpacked(
    run: Callable[..., Outcome], history: Path, cache_root: Path
) -> None:
    """Attributes that only archives obey, a sparse checkout, and other settings change nothing."""
    (history / "mm/slub.c").write_text("/* $Format:%H$ */\n")
    (history / "mm/link").symlink_to("slub.c")
    git(history, "add", "-A")
    git(history, "commit", "-qm", "more")
    (history / ".git/info/attributes").write_text("lib/string.c export-ignore\nmm/slub.c export-subst\n")
    for setting in ("autocrlf true", "symlinks false", "splitIndex true"):
        git(history, "config", *f"core.{setting}".split())
    git(history, "sparse-checkout", "set", "init")
    before = snapshot(history / ".git")
    assert run("--tree", history, "HEAD", "HEAD")[0] == 0
    assert snapshot(history / ".git") == before
    (source,) = (cache_root / "revisions").iterdir()
    assert (source / "lib/string.c").read_bytes() == b"/* strings */\n"
    assert (source / "mm/slub.c").read_text() == "/* $Format:%H$ */\n"
    assert (source / "mm/link").is_symlink() and not list(source.glob(".*"))


def test_a_git_that_warns(
    run: Callable[..., Outcome], history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(history, "config", "core.fsync", "future-component")
    assert "warning: " in subprocess.run(["git", "-C", history, "rev-parse", "--verify", "HEAD"],
                                         check=True, capture_output=True, text=True).stderr
    assert run("--tree", history, "good", "bad")[0] == 1
    assert one_line(run("--tree", history, "good", "x")).endswith(f"{history} has no revision 'x'")


@pytest.mark.parametrize("name", ["nothing", "--help", "good:mm", "good^{tree}", "a b", "x;id"])
def test_what_is_no_revision(name: str, run: Callable[..., Outcome], history: Path) -> None:
    line = one_line(run("--tree", history, "--", "good", name))
    assert line.endswith(f"{history} has no revision {name!r}")


def test_a_revision_that_is_no_kernel(run: Callable[..., Outcome], history: Path, cache_root: Path
                                      ) -> None:
    git(history, "rm", "-q", "lib/Makefile")
    git(history, "commit", "-qm", "less")
    line = one_line(run("--tree", history, "good", "HEAD"))
    assert f"HEAD of {history} is not a kernel tree: it has no lib/Makefile" in line
    good = git(history, "rev-parse", "good")
    assert [path.name for path in (cache_root / "revisions").iterdir()] == [good]


def test_a_bare_repository_and_a_worktree(run: Callable[..., Outcome], history: Path, tmp_path: Path
                                          ) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(history), "bare.git")
    git(history, "worktree", "add", "-q", "--detach", str(tmp_path / "other"), "bad")
    assert run("--tree", tmp_path / "bare.git", "good", "bad")[0] == 1
    status, out, _ = run("--tree", tmp_path / "other", "good", "HEAD")
    assert status == 1 and "1 regression" in out


def test_cells_without_the_cases_are_not_run(
    run: Callable[..., Outcome], history: Path, repo: Path
) -> None:
    """They would build, and then come to nothing, as if they had died."""
    (repo / ".kunitconfig").write_text("CONFIG_KUNIT=y\n# CONFIG_KMEM_TINY_KUNIT_TEST is not set\n")
    for words in (("--baseline",), ("--tree", history, "mended", "mended")):
        status, _, err = run(*words, "--filter", "kmem_tiny.f*")
        assert status == 2
        assert err.splitlines()[-1].endswith("configuration of 6.12/plain turns off kmem_tiny")


def test_help_shows_an_example() -> None:
    done = subprocess.run([sys.executable, TOOLS / "kmem-kunit", "gate", "--help"],
                          capture_output=True, text=True, check=True)
    assert "example:\n  kmem-kunit gate" in done.stdout
    assert "or cells with their baselines" in done.stdout
