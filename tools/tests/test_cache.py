# SPDX-License-Identifier: GPL-2.0-only
"""The cache: nothing half-made stays, nothing in use goes, one at a time."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import TOOLS

from kmem_kunit import cache, cells, overlay
from kmem_kunit.errors import UserError


def child(code: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start Python code in a process that can import us; it prints "ready" when it is."""
    text = f"import sys; sys.path.insert(0, {str(TOOLS)!r})\n" + code
    argv = [sys.executable, "-c", text, *map(str, arguments)]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "ready\n"
    return process


def end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()


def temporaries(root: Path) -> list[Path]:
    return list(root.rglob(".tmp-*"))


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KMEM_KUNIT_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert cache.where() == tmp_path / ".cache/kmem-kunit"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.where() == tmp_path / "xdg/kmem-kunit"
    monkeypatch.setenv("KMEM_KUNIT_CACHE", str(tmp_path / "own"))
    assert cache.where() == tmp_path / "own"


@pytest.mark.parametrize("name", ["a b", "a:b", "a'b", "a$b", "ä"])
def test_a_path_that_kbuild_cannot_take(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KMEM_KUNIT_CACHE", str(tmp_path / name))
    with pytest.raises(UserError, match="KMEM_KUNIT_CACHE"):
        cache.root()
    assert not (tmp_path / name).exists()


def test_a_cache_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KMEM_KUNIT_CACHE", str(tmp_path / "file/cache"))
    with pytest.raises(UserError, match="KMEM_KUNIT_CACHE"):
        cache.root()


def test_digest_tells_where_parts_end() -> None:
    assert cache.digest("ab", "c") != cache.digest("a", "bc") != cache.digest("abc")
    assert cache.digest("x", b"y") == cache.digest(b"x", "y")


def test_placing(cache_root: Path) -> None:
    target = cache.root() / "images" / "one"
    with cache.placing(target) as folder:
        (folder / "file").write_text("all")
        assert not target.exists()
    assert (target / "file").read_text() == "all"
    assert not temporaries(cache_root)


def test_placing_leaves_nothing_after_an_error(cache_root: Path) -> None:
    target = cache.root() / "images" / "one"
    with pytest.raises(KeyboardInterrupt), cache.placing(target) as folder:
        (folder / "half").write_text("")
        raise KeyboardInterrupt
    assert not target.exists() and not temporaries(cache_root)


def test_the_first_to_place_wins(cache_root: Path) -> None:
    target = cache.root() / "images" / "one"
    with cache.placing(target) as second:
        (second / "by").write_text("second")
        with cache.placing(target) as first:
            (first / "by").write_text("first")
    assert (target / "by").read_text() == "first" and not temporaries(cache_root)


def test_leftovers_of_a_dead_run_go_and_work_in_progress_stays(cache_root: Path) -> None:
    base = cache.root()
    code = """
from pathlib import Path
from kmem_kunit import cache
with cache.placing(Path(sys.argv[1]) / "sources" / "x") as folder:
    (folder / "half").write_text("")
    print("ready", flush=True)
    sys.stdin.read()
"""
    dead, busy = child(code, base), child(code, base)
    end(dead)
    assert len(temporaries(base)) == 2
    cache.clean(base)
    left = temporaries(base)
    end(busy)
    assert len(left) == 1
    cache.clean(base)
    assert not temporaries(base)


def test_what_another_machine_has_is_left_to_it_for_a_day(
    cache_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock of a folder on NFS is not seen by other machines."""
    base = cache.root()
    monkeypatch.setattr(cache, "_HERE", "@far")
    names = {cache.unique() for _ in range(30)}
    assert len(names) == 30
    with cache.temporary(base / "images") as unfinished:
        for name in names:
            (base / "runs" / name).mkdir()
        monkeypatch.setattr(cache, "_HERE", "@here")
        kept = shutil.copytree(unfinished, unfinished.with_name(".tmp-x@far"))  # held by nobody here
        cache.clean(base)
        assert kept.is_dir() and len(list((base / "runs").iterdir())) == 30
        for path in (kept, *(base / "runs").iterdir()):
            os.utime(path, (0, 0))
        cache.clean(base)
        assert not kept.exists() and len(list((base / "runs").iterdir())) == 20


def test_only_the_last_runs_are_kept_and_those_in_use(cache_root: Path) -> None:
    base = cache.root()
    for number in range(25):
        (base / "runs" / str(number)).mkdir()
        os.utime(base / "runs" / str(number), (number, number))
    held = [cache.hold(base / "runs" / "0") for _ in range(2)]  # the first, as a command inherits it
    os.close(held[1])
    cache.clean(base)
    os.close(held[0])
    kept = {int(path.name) for path in (base / "runs").iterdir()}
    assert kept == {0, *range(5, 25)}


def test_a_build_in_use_is_kept(cache_root: Path) -> None:
    base = cache.root()
    for number in range(100):
        (base / "builds" / str(number)).mkdir()
        os.utime(base / "builds" / str(number), (number, number))
    with cache.lock(cache.lock_path(base, "builds-3"), "it", print):
        cache.clean(base)
    assert (base / "builds" / "3").exists() and not (base / "builds" / "4").exists()


def test_there_is_room_for_all_cells() -> None:
    """A matrix builds all its images first, and boots each of them again later."""
    images = {cell.image for cell in cells.load(overlay.REPO).all()}
    assert cache._KEEP["images"] >= 2 * len(images) and cache._KEEP["builds"] >= len(images)


def test_a_second_run_waits_and_says_for_whom(cache_root: Path) -> None:
    base = cache.root()
    path = cache.lock_path(base, "x")
    code = """
from pathlib import Path
from kmem_kunit import cache
with cache.lock(Path(sys.argv[1]), "it", print):
    print("ready", flush=True)
    sys.stdin.read()
"""
    first = child(code, path)
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        assert first.stdin
        first.stdin.close()  # only now, so the second really had to wait

    with cache.lock(path, "the build folder x", say):
        assert first.wait(30) == 0
    assert first.stdout
    first.stdout.close()
    assert said == [f"waiting for another run (pid {first.pid}) that is using the build folder x"]


def test_a_lock_of_a_dead_run_is_free(cache_root: Path) -> None:
    path = cache.lock_path(cache.root(), "x")
    code = """
from pathlib import Path
from kmem_kunit import cache
lock = cache.Lock(Path(sys.argv[1]), "it", print)
lock.take()
print("ready", flush=True)
sys.stdin.read()
"""
    end(child(code, path))
    with cache.lock(path, "it", pytest.fail):
        pass


def test_a_lock_is_held_until_the_commands_under_it_are_gone(cache_root: Path) -> None:
    """A run that is killed must not make room for the next while its make still dies."""
    path = cache.lock_path(cache.root(), "x")
    code = """
from pathlib import Path
from kmem_kunit import cache, proc
with cache.lock(Path(sys.argv[1]), "it", print):
    script = "trap '' TERM; echo up; while :; do sleep 0.01; done"
    proc.run(["sh", "-c", script], timeout=1000, grace=1.0,
             on_line=lambda line: print("ready", flush=True))
"""
    process = child(code, path)
    said: list[str] = []
    process.kill()
    with cache.lock(path, "it", said.append):
        pass
    process.communicate()
    assert len(said) == 1


def test_shared_locks_do_not_wait_for_each_other(cache_root: Path) -> None:
    path = cache.lock_path(cache.root(), "x")
    with cache.lock(path, "it", pytest.fail, shared=True):
        with cache.lock(path, "it", pytest.fail, shared=True):
            pass


def test_write_keeps_the_mode_and_leaves_no_temporary(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    file.chmod(0o640)
    cache.write(file, "new")
    assert file.read_text() == "new" and file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_write_that_fails_keeps_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError) as caught:
        cache.write(file, "new")
    assert caught.value.filename == str(file)  # the failing call may know only the number
    assert file.read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_remove_takes_the_name_away_first(cache_root: Path) -> None:
    base = cache.root()
    (base / "images" / "x" / "deep").mkdir(parents=True)
    cache.remove(base / "images" / "x")
    assert not list((base / "images").iterdir())




def test_what_another_run_has_removed_is_no_trouble(cache_root: Path) -> None:
    base = cache.root()
    cache.remove(base / "runs" / "gone")
    assert not list((base / "runs").iterdir())
