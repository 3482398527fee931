# SPDX-License-Identifier: GPL-2.0-only
"""A cluster that is not there: what Slurm is told, and what a job does. See also test_slurm_real."""
import json
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from conftest import behave

from kmem_kunit import arch, cache, cells, cli, host, kcidb, matrix, matrix_slurm, overlay, slurm
from kmem_kunit.errors import UserError
from kmem_kunit.result import Case, Result, Status

Add = Callable[[str, str], Path]
PATIENCE = 30.0  # seconds until something that must happen is given up


def quiet(*_: object) -> None:
    """Take what the engine tells."""


@pytest.fixture
def jobs(fake_kernel: Path, repo: Path, cache_root: Path) -> Iterator[list[matrix.Job]]:
    """Three jobs, two of one cell, in a folder as the verb makes it."""
    plain = cells.Cell("6.12/plain", str(fake_kernel))
    debug = cells.Cell("6.12/debug", str(fake_kernel), configs=("debug",), arguments=("a='b c'",))
    with slurm.folder(cache.root()) as folder:
        jobs = matrix.plan([plain, debug], folder, 2)[:3]
        matrix_slurm.write(folder / slurm.MANIFEST, jobs, "kmem_tiny*", 3)
        yield jobs


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: list[matrix.Job]) -> Path:
    """Replace the command that a job runs by one that copies a good result; return its calls."""
    good, script, called = tmp_path / "good.json", tmp_path / "command", tmp_path / "called"
    kcidb.write(good, [kcidb.Run("6.12.3", "x", "um", "default", "gcc", "run",
                                 datetime.now(timezone.utc), "c",
                                 Result((Case("kmem_tiny", "first", "", Status.PASS),)))])
    script.write_text("import os, shutil, sys\nprint('kmem-kunit: building Linux ...')\n"
                      f"print(*sys.argv[1:], file=open({str(called)!r}, 'a'))\n"
                      "output = sys.argv[sys.argv.index('--json') + 1]\n"
                      f"os.replace(shutil.copy({str(good)!r}, output + '~'), output)\n")
    monkeypatch.setattr(matrix, "_COMMAND", script)
    return called


def manifest(jobs: list[matrix.Job]) -> Path:
    return jobs[0].output.parent / slurm.MANIFEST


def test_a_manifest_says_all_of_a_job(jobs: list[matrix.Job]) -> None:
    order = matrix_slurm.read(manifest(jobs))
    assert list(order.jobs) == jobs and order.glob == "kmem_tiny*"
    assert [job.command("x", 1) for job in order.jobs] == [job.command("x", 1) for job in jobs]
    assert set(order.contents) == {job.cell for job in jobs}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"jobs": [{}], "filter": ""}', "\xff"])
def test_what_is_no_manifest(tmp_path: Path, text: str) -> None:
    path = tmp_path / "manifest.json"
    with pytest.raises(UserError, match="all machines share"):
        matrix_slurm.read(path)
    path.write_text(text, encoding="latin-1")
    with pytest.raises(UserError, match="is no manifest"):
        matrix_slurm.read(path)


def test_a_job_is_done_once(jobs: list[matrix.Job], command: Path) -> None:
    assert matrix_slurm.perform(manifest(jobs), 1) == 0
    (words,) = command.read_text().splitlines()
    assert "--config debug --boot-args a='b c'" in words and "--filter kmem_tiny*" in words
    assert kcidb.load(jobs[1].output)[0].result.ok
    assert matrix_slurm.perform(manifest(jobs), 1) == 0
    assert len(command.read_text().splitlines()) == 1
    jobs[1].output.write_text(jobs[1].output.read_text()[:99])  # begun, and then the machine died
    assert matrix_slurm.perform(manifest(jobs), 1) == 0
    assert len(command.read_text().splitlines()) == 2 and kcidb.load(jobs[1].output)
    with pytest.raises(UserError, match="has no task 3"):
        matrix_slurm.perform(manifest(jobs), 3)


@pytest.mark.parametrize(("given", "compilers"), [("2", 2), ("9", 4), ("0", 1), ("", 4), ("2(x3)", 4)])
def test_a_job_has_the_processors_that_slurm_gave_it(
    jobs: list[matrix.Job], command: Path, monkeypatch: pytest.MonkeyPatch, given: str, compilers: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(4))
    monkeypatch.setenv("SLURM_CPUS_ON_NODE", given)
    matrix_slurm.perform(manifest(jobs), 0)
    assert f"--jobs {compilers} " in command.read_text()


def test_a_job_that_dies_says_of_what(
    jobs: list[matrix.Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "command"
    script.write_text("import sys; print('no compiler'); sys.exit(2)")
    monkeypatch.setattr(matrix, "_COMMAND", script)
    assert matrix_slurm.perform(manifest(jobs), 0) == 1
    (run,) = kcidb.load(jobs[0].output)
    assert run.result.problems[0].log == "status 2 and no result\nno compiler"


@pytest.mark.parametrize(("what", "says"), [
    ("kernel", "the source of Linux 6.12"), ("suites", "the suites"),
    ("configuration", "their configuration"), ("compiler", "the compiler"), ("KCFLAGS", "KCFLAGS"),
    ("QEMU", "QEMU"), ("ours", "kmem-kunit"), ("cells", "kmem-kunit")])
def test_what_has_changed_since_is_not_run(
    what: str, says: str, jobs: list[matrix.Job], command: Path, fake_kernel: Path, repo: Path,
    tmp_path: Path, fake_bin: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    if what == "QEMU":
        cell = replace(jobs[0].cell, arch=arch.find("s390x"))
        matrix_slurm.write(manifest(jobs), [replace(jobs[0], cell=cell)], "", 1)
    if what == "kernel":
        behave(fake_kernel, "pass")
    elif what == "suites":
        (repo / "lib/kmem_tiny_kunit.c").write_text("/* else */")
    elif what == "configuration":
        (repo / ".kunitconfig").write_text("CONFIG_KUNIT=y\n")
    elif what in ("compiler", "QEMU"):
        fake_bin("gcc" if what == "compiler" else "qemu-system-s390x", "")
    elif what == "KCFLAGS":
        monkeypatch.setenv("KCFLAGS", "-g")
    elif what == "ours":
        monkeypatch.setattr(overlay, "__file__", str(tmp_path / "else/x.py"))
    else:
        (repo / cells.FILE).write_text("series = []\n")
    with pytest.raises(UserError, match=f"^not what it was where this was submitted: {says}; submit"):
        matrix_slurm.perform(manifest(jobs), 0)
    assert not command.exists() and not jobs[0].output.exists()


def test_merging(jobs: list[matrix.Job], command: Path) -> None:
    folder = manifest(jobs).parent
    with pytest.raises(UserError, match="set KMEM_KUNIT_CACHE to a folder that all of them share"):
        matrix_slurm.merge(manifest(jobs))
    matrix_slurm.perform(manifest(jobs), 2)
    (folder / "1.out").write_bytes(b"x" * 20000 + b"\n\xff\nCANCELLED DUE TO TIME LIMIT\n")
    assert matrix_slurm.merge(manifest(jobs)) == 0
    runs = kcidb.load(folder / matrix_slurm.MERGED)
    assert [run.cell for run in runs] == [job.cell.name for job in jobs]
    assert [run.result.ok for run in runs] == [False, False, True]
    assert "KMEM_KUNIT_CACHE" in runs[0].result.problems[0].log
    assert runs[1].result.problems[0].log.endswith("\\xff\nCANCELLED DUE TO TIME LIMIT")


@pytest.fixture
def cluster(fake_bin: Add, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands that look like Slurm's and note their calls in the file returned."""
    called = tmp_path / "slurm"
    note = f'echo "$(basename $0) $*" >> {called}\n'
    fake_bin("sbatch", note + f'case "$*" in *--array*) env > {tmp_path}/env; echo "7;far";; '
                              "*) echo 8;; esac")
    fake_bin("squeue", note + f"cat {tmp_path}/queue")
    fake_bin("scancel", note)
    (tmp_path / "config").write_text("MaxArraySize            = 1001\nMaxDBDMsgs = 20008\n")
    fake_bin("scontrol", note + f'case "$1" in show) cat {tmp_path}/config;; '
                                "*) echo 'Slurmctld(primary) at far is UP';; esac")
    (tmp_path / "queue").write_text(
        "0|RUNNING|node1|None\n1|PENDING||PartitionTimeLimit\n2|PENDING||JobArrayTaskLimit\n")
    for name, seconds in (("_LOOK", 0.01), ("_ASK", 0.05), ("_LAG", 0.3)):
        monkeypatch.setattr(slurm, name, seconds)
    return called


def lines_of(called: Path, name: str) -> list[str]:
    """Return the calls of one of the commands so far."""
    found = called.read_text().splitlines() if called.exists() else []
    return [line for line in found if line.startswith(f"{name} ")]


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.01)


def test_what_slurm_is_told(
    jobs: list[matrix.Job], command: Path, cluster: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(slurm, "_LAG", PATIENCE)  # the merge comes, be it late
    monkeypatch.setenv("MAKEFLAGS", "spoilt")
    monkeypatch.setenv("KCFLAGS", "-g")
    monkeypatch.setenv("SBATCH_PARTITION", "fast")
    path, told = manifest(jobs), list[tuple[str, int, str]]()
    (path.parent / "0.out").write_text("kmem-kunit: building Linux ...\nkmem-kunit: took 3 s\nx\n")

    def machines() -> None:
        wait_for(lambda: len(lines_of(cluster, "squeue")) > 2, "questions")
        for index in range(3):
            matrix_slurm.perform(path, index)
        matrix_slurm.merge(path)

    far = threading.Thread(target=machines)
    far.start()
    runs = matrix_slurm.run(jobs, "kmem_tiny*", 2,
                            lambda job, what, run: told.append((job.cell.name, job.time, what)))
    far.join()
    assert [run.cell for run in runs] == ["6.12/plain", "6.12/debug", "6.12/plain"]
    assert all(run.result.ok for run in runs)
    assert ("6.12/plain", 1, "node1: took 3 s") in told and ("6.12/debug", 1, "waiting") in told
    assert sum(what == "done" for _, _, what in told) == 3
    array, last = lines_of(cluster, "sbatch")
    for word in ("--parsable", "--array=0-2%2", "--requeue", "--time=250", "--output=%a.out",
                 f"--chdir={path.parent}", str(path.parent / "array.sh")):
        assert word in array.split()
    waiting = [line for line in capsys.readouterr().err.splitlines() if "lets tasks wait" in line]
    assert waiting == ["kmem-kunit: Slurm lets tasks wait: PartitionTimeLimit "
                       "(SBATCH_TIMELIMIT=MINUTES asks for less time)"]
    assert "--dependency=afterany:7" in last.split() and "--output=merge.out" in last.split()
    seen = (tmp_path / "env").read_text()
    assert "spoilt" not in seen and "SBATCH_PARTITION=fast" in seen
    assert f"KMEM_KUNIT_CACHE={cache.where()}" in seen and "KCFLAGS=-g\n" in seen
    assert not lines_of(cluster, "scancel")


@pytest.mark.parametrize("merged", ["", "{", "of another"])
def test_results_outlive_a_merge_that_is_of_no_use(
    merged: str, jobs: list[matrix.Job], command: Path, cluster: Path
) -> None:
    path = manifest(jobs)
    for index in range(3):
        matrix_slurm.perform(path, index)
    place = path.parent / matrix_slurm.MERGED
    if merged == "of another":
        kcidb.write(place, kcidb.load(jobs[1].output))
    else:
        place.write_text(merged)
    runs = matrix_slurm.run(jobs, "kmem_tiny*", 2, lambda *_: None)
    assert [(run.cell, run.result.ok) for run in runs] == [(job.cell.name, True) for job in jobs]


def test_a_job_script_is_safe_from_its_words(
    jobs: list[matrix.Job], cluster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = tmp_path / "it's; $(touch evil) `id`\n\""
    tool = checkout / "tools/kmem-kunit"
    tool.parent.mkdir(parents=True)
    tool.write_text("import json, sys; print(json.dumps(sys.argv))")
    monkeypatch.setattr(overlay, "REPO", checkout)
    place = manifest(jobs).parent
    monkeypatch.setenv("SBATCH_TIMELIMIT", "30")
    slurm.submit(place, "matrix-job", 3, 2)
    assert "--time" not in lines_of(cluster, "sbatch")[0]
    done = subprocess.run(["sh", place / "array.sh"], capture_output=True, text=True, cwd=tmp_path,
                          env={**os.environ, "SLURM_ARRAY_TASK_ID": "5"}, check=True)
    assert json.loads(done.stdout) == [str(tool), "matrix-job", "--manifest", str(manifest(jobs)),
                                       "--index", "5"]
    assert not (tmp_path / "evil").exists()
    first, second = (place / "array.sh").read_text().split("\n", 1)
    assert first == "#!/bin/sh" and shlex.split(second)[:2] == ["exec", sys.executable]


def test_an_interrupt_cancels_our_jobs_and_no_others(
    jobs: list[matrix.Job], cluster: Path
) -> None:
    def tell(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        matrix_slurm.run(jobs, "", 2, tell)
    (cancelled,) = lines_of(cluster, "scancel")
    name = f"--name=kmem-kunit-{manifest(jobs).parent.name}"
    assert cancelled == f"scancel {name}"
    assert all(f"--job-{name[2:]}" in line for line in lines_of(cluster, "sbatch"))


def test_a_merge_that_does_not_come(
    jobs: list[matrix.Job], command: Path, cluster: Path, tmp_path: Path
) -> None:
    for index in (0, 1):
        matrix_slurm.perform(manifest(jobs), index)
    (jobs[0].output.parent / "2.out").write_text("killed")
    (tmp_path / "queue").write_text("")
    told: list[tuple[matrix.Job, bool]] = []
    runs = matrix_slurm.run(jobs, "", 2,
                            lambda job, _, run: told.append((job, run.result.ok)) if run else None)
    assert [run.result.ok for run in runs] == [True, True, False]
    assert sorted(told, key=lambda each: jobs.index(each[0])) == [*zip(jobs, (True, True, False))]
    assert runs[2].result.problems[0].log.endswith("\nkilled")
    assert lines_of(cluster, "scancel")


def test_machines_that_do_not_share_the_cache(
    jobs: list[matrix.Job], cluster: Path, fake_bin: Add
) -> None:
    fake_bin("squeue", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1")
    with pytest.raises(UserError, match="KMEM_KUNIT_CACHE to a folder that all of them share"):
        matrix_slurm.run(jobs, "", 2, quiet)


def test_a_controller_that_is_away_for_a_while(
    jobs: list[matrix.Job], command: Path, cluster: Path, fake_bin: Add, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Jobs that nobody can ask for are not taken for ended, however long that takes."""
    asked = cluster.parent / "asked"
    monkeypatch.setattr(slurm, "_PATIENCE", PATIENCE)
    fake_bin("squeue", f"echo x >> {asked}; echo 'Unable to contact slurm controller'; exit 1")

    def machines() -> None:
        wait_for(lambda: asked.exists() and len(asked.read_text()) > 20, "ten questions")
        for index in range(3):
            matrix_slurm.perform(manifest(jobs), index)

    far = threading.Thread(target=machines)
    far.start()
    assert all(run.result.ok for run in matrix_slurm.run(jobs, "", 2, quiet))
    far.join()
    assert capsys.readouterr().err.count("Slurm does not answer") == 1


def test_a_controller_that_does_not_come_back(
    cluster: Path, fake_bin: Add, cache_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was submitted may go on, so that it is not cancelled, and keeps its folder."""
    monkeypatch.setattr(slurm, "_PATIENCE", 0.2)
    fake_bin("squeue", "echo 'Unable to contact slurm controller'; exit 1")
    with pytest.raises(UserError) as caught, slurm.folder(cache.root()) as place:
        with slurm.cancelling(place):
            assert not list(slurm.watched(place, "7", 1, ["a"], "all"))
    assert str(caught.value).endswith(f"the tasks go on, and what they come to appears in {place}/all")
    assert place.is_dir() and not lines_of(cluster, "scancel")


def test_a_job_that_slurm_does_not_take(
    jobs: list[matrix.Job], cluster: Path, fake_bin: Add
) -> None:
    fake_bin("sbatch", "echo 'sbatch: error: Batch job submission failed: No account' >&2; exit 1")
    with pytest.raises(UserError, match="does not take the job: sbatch: error: .*No account$"):
        matrix_slurm.run(jobs, "", 2, quiet)


@pytest.mark.parametrize(("config", "most"), [
    ("MaxArraySize            = 1001\nSchedulerParameters = (null)\n", 1001),
    ("MaxArraySize = 5000\nSchedulerParameters     = bf_interval=1,max_array_tasks=40,x=1\n", 40),
    ("MaxArraySize = 30\nSchedulerParameters = max_array_tasks=40\n", 30),
    ("slurm_load_ctl_conf error: Unable to contact slurm controller\n", 1001)])
def test_how_many_tasks_an_array_may_have(cluster: Path, tmp_path: Path, config: str, most: int) -> None:
    (tmp_path / "config").write_text(config)
    assert slurm.most() == most


def test_more_jobs_than_slurm_takes_in_an_array(
    jobs: list[matrix.Job], command: Path, cluster: Path, tmp_path: Path
) -> None:
    """Its two tasks share three jobs: the first does the first one and the last."""
    (tmp_path / "config").write_text("MaxArraySize = 2\n")
    told: list[tuple[int, str]] = []

    def machines() -> None:
        try:
            wait_for(lambda: lines_of(cluster, "sbatch"), "an array")
            (tmp_path / "queue").write_text("0|RUNNING|node1|None\n1|PENDING||JobArrayTaskLimit\n")
            wait_for(lambda: (0, "node1: started") in told, "the first job")
            assert matrix_slurm._perform(matrix_slurm.read(manifest(jobs)), jobs[0])
            wait_for(lambda: (2, "node1: started") in told, "its second job")
            assert matrix_slurm.perform(manifest(jobs), 0) == 0
            assert jobs[2].output.exists() and not jobs[1].output.exists()
            with pytest.raises(UserError, match="has no task 2"):
                matrix_slurm.perform(manifest(jobs), 2)
            assert matrix_slurm.perform(manifest(jobs), 1) == 0
            assert len(command.read_text().splitlines()) == 3
            matrix_slurm.merge(manifest(jobs))
        finally:
            (tmp_path / "queue").write_text("")  # and the array ends

    with ThreadPoolExecutor() as pool:
        far = pool.submit(machines)
        runs = matrix_slurm.run(jobs, "", 2, lambda job, what, _: told.append((jobs.index(job), what)))
        far.result()
    assert [(run.cell, run.result.ok) for run in runs] == [(job.cell.name, True) for job in jobs]
    array = lines_of(cluster, "sbatch")[0].split()
    assert "--array=0-1%2" in array and "--time=500" in array


def test_a_job_that_fails_a_task_leaves_it_the_others(
    jobs: list[matrix.Job], command: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix_slurm.write(manifest(jobs), jobs, "", 1)
    contents = slurm.contents
    monkeypatch.setattr(slurm, "contents", lambda kernel, arch, configs: {} if configs else
                        contents(kernel, arch, configs))
    with pytest.raises(UserError, match="^not what it was"):
        matrix_slurm.perform(manifest(jobs), 0)
    assert [job.output.exists() for job in jobs] == [True, False, True]


def test_the_task_of_a_job_that_left_nothing_is_heard(
    jobs: list[matrix.Job], command: Path, cluster: Path, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("MaxArraySize = 2\n")
    (tmp_path / "queue").write_text("")
    (manifest(jobs).parent / "0.out").write_text("killed")
    runs = matrix_slurm.run(jobs, "", 2, quiet)
    assert [run.result.problems[0].log.endswith("\nkilled") for run in runs] == [True, False, True]


@pytest.mark.parametrize("verb", ["matrix", "mutate"])
def test_no_slurm(
    only_bin: Path, repo: Path, cache_root: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    assert cli.main([verb, "--engine", "slurm"]) == 2
    assert capsys.readouterr().err == (
        "kmem-kunit: no Slurm here (there is no sbatch): run this where there is one, "
        "or with --engine local\n")
    assert not cache_root.exists()


@pytest.mark.parametrize("verb", ["matrix", "mutate"])
def test_no_controller(
    cluster: Path, fake_bin: Add, repo: Path, cache_root: Path, capsys: pytest.CaptureFixture[str],
    verb: str,
) -> None:
    fake_bin("scontrol", "echo 'Slurmctld(primary) at far is DOWN'; echo '*****'; exit 1")
    assert cli.main([verb, "--engine", "slurm"]) == 2
    assert capsys.readouterr().err == (
        "kmem-kunit: Slurm does not answer (Slurmctld(primary) at far is DOWN): run this where it "
        "does, or with --engine local\n")
    assert not cache_root.exists()


def test_who_submits_has_what_cells_are_made_with(
    cluster: Path, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or there is nothing that the compilers of the machines could be compared with."""
    asked: list[host.Need] = []

    def ensure(needs: Sequence[host.Need]) -> None:
        asked.extend(needs)
        raise UserError("this machine lacks them")

    monkeypatch.setattr(host, "ensure", ensure)
    assert cli.main(["matrix", "--engine", "slurm"]) == 2
    assert {*host.BUILDING} <= {*asked} and not lines_of(cluster, "sbatch")


def test_the_verb_of_the_jobs(
    jobs: list[matrix.Job], command: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["matrix-job", "--manifest", str(manifest(jobs))]
    assert cli.main([*where, "--index", "0"]) == 0
    assert capsys.readouterr().out == "kmem-kunit: building Linux ...\n"
    assert cli.main([*where, "--merge"]) == 0
    for wrong in ("", "--index 9", "--index 0 --merge", "--index x"):
        assert cli.main([*where, *wrong.split()]) == 2


def test_the_folder_goes_and_is_not_taken_for_a_leftover(cache_root: Path) -> None:
    base = cache.root()
    with slurm.folder(base) as path:
        for number in range(30):
            (base / "matrices" / str(number)).mkdir()
        os.utime(path, (0, 0))
        cache.clean(base)
        assert path.is_dir() and len(list((base / "matrices").iterdir())) == 21
    assert not path.exists()
