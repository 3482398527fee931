# SPDX-License-Identifier: GPL-2.0-only
"""What the command must survive: being killed at any moment, a full disk, another one beside it.

The kernels are fake, all else is real: the command as users start it, with its processes, and make. See also
test_cli (interrupts), test_image (builds that are stopped, trees that change), test_boot and test_ktap
(what a guest may print), test_slurm_real (machines that die).
"""
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from conftest import behave, calls, make_checkout, make_kernel

from kmem_kunit import kcidb
from kmem_kunit.guardian import _parents
from kmem_kunit.result import Status

KILLS = 50  # seeds, each of them a moment and a victim
PATIENCE = 60.0  # seconds until something that must happen is given up
MAKEFILE = r"""
.DELETE_ON_ERROR:
linux: a.o b.o c.o d.o
	head -c 100 console > $@
	sleep 0.05
	cat console > $@
%.o:
	printf 'half of ' > $@
	sleep 0.05
	echo an object >> $@
"""
SLOW = f"""
import subprocess
if verb == "build":
    (build / "console").write_text(console)
    (build / "Makefile").write_text({MAKEFILE!r})
    try:
        subprocess.run(["make", f"--jobs={{options['jobs']}}"], cwd=build, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    except subprocess.CalledProcessError as error:
        print("ERROR:root:" + error.stderr.decode())
        sys.exit(1)
    sys.exit(0)
elif verb == "exec":
    guest = 'while IFS= read -r line; do echo "$line"; sleep 0.02; done'
    sys.exit(subprocess.run(["sh", "-c", guest], stdin=open(build / "linux")).returncode)
"""


@dataclass(frozen=True)
class Place:
    """A checkout of this project, a cache, and in it a fake kernel; all below folder."""

    folder: Path
    command: Path
    linux: Path

    @property
    def env(self) -> dict[str, str]:
        """The environment that the command is to have."""
        return {**os.environ, "KMEM_KUNIT_CACHE": str(self.cache), "TMPDIR": str(self.folder)}

    @property
    def cache(self) -> Path:
        """The cache."""
        return self.folder / "cache"

    def argv(self, verb: str, output: Path) -> list[str]:
        """Return a command that runs one cell, or two cells at once, and writes output."""
        words = ["run", "--kernel", "6.12"] if verb == "run" else ["matrix"]
        return [str(self.command), *words, "--jobs", "2", "--json", str(output)]

    def run(self, verb: str, output: Path) -> "subprocess.CompletedProcess[str]":
        """Run such a command to its end."""
        return subprocess.run(self.argv(verb, output), env=self.env, capture_output=True, text=True,
                              timeout=PATIENCE)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of a checkout that all tests here may use."""
    return make_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture
def place(tmp_path: Path, checkout: Path) -> Place:
    """An empty cache with a fake kernel that takes its time."""
    linux = make_kernel(tmp_path / "cache/sources/linux-source-6.12_6.12.3-1")
    behave(linux, SLOW)
    return Place(tmp_path, checkout, linux)


def essence(path: Path) -> list[kcidb.Run]:
    """Return results without what differs from time to time: durations, dates, and file names."""
    def without(run: kcidb.Run) -> kcidb.Run:
        cases = tuple(replace(case, duration=None) for case in run.result.cases)
        return replace(run, start=run.start.min, command="", console="", took=None,
                       result=replace(run.result, cases=cases))

    return [without(run) for run in kcidb.load(path)]


def quiet(runs: list[kcidb.Run]) -> list[kcidb.Run]:
    """Return results without logs, where a shell tells of a child of its own that was killed."""
    def without(run: kcidb.Run) -> kcidb.Run:
        cases = tuple(replace(case, log="") for case in run.result.cases)
        return replace(run, result=replace(run.result, cases=cases))

    return [without(run) for run in runs]


@dataclass(frozen=True)
class Undisturbed:
    """What a command comes to if nothing happens to it, and in how many seconds."""

    runs: list[kcidb.Run]
    took: float


@pytest.fixture(scope="module")
def undisturbed(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Undisturbed]:
    """What each verb comes to, each with a cache of its own."""
    found = {}
    for verb in ("run", "matrix"):
        folder = tmp_path_factory.mktemp(verb)
        linux = make_kernel(folder / "cache/sources/linux-source-6.12_6.12.3-1")
        behave(linux, SLOW)
        start = time.monotonic()
        done = Place(folder, checkout, linux).run(verb, folder / "good.json")
        assert done.returncode == 0, done.stderr
        found[verb] = Undisturbed(essence(folder / "good.json"), time.monotonic() - start)
    return found


def family(root: int) -> list[int]:
    """Return a process and all that descend from it."""
    parents = _parents()
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def command_of(pid: int) -> str:
    """Return the command line of a process, "" if there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def kill(pids: list[int]) -> None:
    """Kill processes, if they are still there."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def strike(tool: int, victim: str, luck: random.Random) -> str:
    """Kill the tool, all of its processes as if without power, or any one that does its work.

    Returns who that one is: "builder", "worker" or "nobody"; else the victim.
    """
    if victim == "tool":
        kill([tool])
    elif victim == "all":
        os.kill(tool, signal.SIGSTOP)  # it starts no more of them
        kill([*reversed(family(tool))])
    else:
        below = family(tool)[1:]
        builders = {each for pid in below if re.search(r"kunit\.py (config|build) ", command_of(pid))
                    and "guardian.py" not in command_of(pid) for each in family(pid)}
        workers = [pid for pid in below if "guardian.py" not in command_of(pid)]
        chosen = luck.choice([workers, [*builders] or workers])
        if not chosen:
            return "nobody"
        kill([pid := luck.choice(chosen)])
        return "builder" if pid in builders else "worker"
    return victim


def survivors(folder: Path) -> list[str]:
    """Return the command lines of processes that have to do with a folder."""
    lines = map(command_of, _parents())
    return [line for line in lines if str(folder) in line]


@pytest.mark.parametrize("seed", range(KILLS))
def test_killed_at_any_moment(
    seed: int, place: Place, undisturbed: dict[str, Undisturbed], tmp_path: Path
) -> None:
    """Whoever was killed, and when: no wrong verdict, nothing left, and the next run is as ever."""
    luck = random.Random(seed)
    verb = luck.choice(["run", "matrix"])
    victim = luck.choice(["tool", "all", "worker", "worker"])
    expected = undisturbed[verb]
    output = tmp_path / "killed.json"
    with subprocess.Popen(place.argv(verb, output), env=place.env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        time.sleep(luck.uniform(0, expected.took))
        victim = strike(process.pid, victim, luck)
        _, err = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in err
    if victim == "worker":  # also the guest, or all that a cell has
        assert process.returncode in (0, 1, 2), err
    elif victim == "builder":  # which says nothing of the kernel
        assert process.returncode in (0, 2), err
    if victim == "worker" and process.returncode == 0:
        assert quiet(essence(output)) == quiet(expected.runs)
    elif process.returncode == 0 or output.exists() and victim in ("tool", "all", "nobody"):
        assert essence(output) == expected.runs
    elif output.exists():
        runs = kcidb.load(output)
        assert not all(run.result.ok for run in runs)
        assert not [case for run in runs for case in run.result.cases if case.status is Status.FAIL]
    end = time.monotonic() + PATIENCE
    while left := survivors(tmp_path):
        assert time.monotonic() < end, left
        time.sleep(0.05)
    again = place.run(verb, output)
    assert again.returncode == 0, again.stderr
    assert essence(output) == expected.runs
    assert not [path for path in place.cache.rglob(".tmp-*")]


def test_two_matrices_at_once_in_one_cache(
    place: Place, undisturbed: dict[str, Undisturbed], tmp_path: Path
) -> None:
    outputs = [tmp_path / "one.json", tmp_path / "two.json"]
    processes = [
        subprocess.Popen(place.argv("matrix", path), env=place.env, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for path in outputs
    ]
    for process, output in zip(processes, outputs):
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        assert essence(output) == undisturbed["matrix"].runs
    verbs = [call[0] for call in calls(tmp_path / "linux")]
    assert verbs.count("build") == 2 and verbs.count("exec") == 4  # each image once, each cell twice


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    path = tmp_path / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(path)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root can make a small file system")
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def fill(path: Path) -> None:
    """Write a file until the disk is full."""
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass


def test_a_disk_that_is_full_when_the_result_is_written(
    place: Place, small_disk: Path, undisturbed: dict[str, Undisturbed]
) -> None:
    output, filler = small_disk / "results.json", small_disk / "filler"
    kcidb.write(output, undisturbed["run"].runs)
    before = output.read_bytes()
    fill(filler)
    for verb in ("run", "matrix"):
        done = place.run(verb, output)
        assert done.returncode == 2
        told, last = done.stderr.splitlines()[-2:]
        assert last == f"kmem-kunit: cannot write '{output}': No space left on device"
        said, says, left = told.partition("the results of the cells that have ended are in ")
        assert bool(says) == (verb == "matrix")
        if says:
            assert said == "kmem-kunit: " and left
            kept = {run.cell: run for path in Path(left).glob("*.json") for run in essence(path)}
            assert kept == {run.cell: run for run in undisturbed[verb].runs}
        assert output.read_bytes() == before
        assert {path.name for path in small_disk.iterdir()} == {"results.json", "filler"}
    filler.unlink()
    assert place.run("run", output).returncode == 0
    assert essence(output) == undisturbed["run"].runs


def test_a_disk_that_is_full_elsewhere(place: Place, tmp_path: Path) -> None:
    """What the compiler could not write does not tell whether a kernel builds."""
    said = "x.c:1: fatal error: error writing to /tmp/x.s: No space left on device"
    behave(place.linux, f"if verb == 'build': print({said!r}); sys.exit(1)")
    done = place.run("run", tmp_path / "results.json")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == f"kmem-kunit: this machine cannot build Linux 6.12.3: {said}"


@pytest.mark.parametrize("where", ["sources", "config", "build", "image", "exec"])
def test_a_disk_that_is_full_on_the_way(
    where: str, place: Place, small_disk: Path, undisturbed: dict[str, Undisturbed], tmp_path: Path
) -> None:
    """It is told as such, it is nobody's failure, and with more room all is well."""
    shutil.copytree(place.cache, small_disk / "cache")
    full = replace(place, folder=small_disk, linux=small_disk / place.linux.relative_to(tmp_path))
    filler = small_disk / "filler"
    if where == "sources":
        fill(filler)
    else:
        stop = f"""
if verb == {where.replace("image", "build")!r}:
    if {where!r} == "image":
        (build / "linux").write_text(console)
        (build / "one.o").write_text("object")
        (build / ".config").touch()
    with open({str(filler)!r}, "wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096): pass
        except OSError: pass
    if {where!r} == "image":
        sys.exit(0)
    (build / "more").write_text("x" * 9999)
"""
        behave(full.linux, stop)
    output = tmp_path / "results.json"
    done = full.run("run", output)
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 2 and last.endswith("No space left on device"), done.stderr
    assert str(small_disk) in last
    filler.unlink()
    behave(full.linux, SLOW)
    again = full.run("run", output)
    assert again.returncode == 0, again.stderr
    assert essence(output) == undisturbed["run"].runs
