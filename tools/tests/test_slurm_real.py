# SPDX-License-Identifier: GPL-2.0-only
"""The matrix, and mutants, on a real Slurm: one controller and two machines, all of them this one.

Debian's slurmd is built with --enable-multiple-slurmd, so that two of them can run here, each with a
name, a port and a folder of its own. They run as whoever runs the tests, root or not, listen on the
loopback only, and trust each other through a munged of their own. They take fewer tasks in an array
than a run has jobs. Two of Slurm's times make this quick: a machine that does not answer is given up
after SlurmdTimeout (usually 300 s), and a job that is put back into the queue waits for cred_expire
(at least 5 s, usually 120).
"""
import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import test_mutating_slurm
from conftest import GOOD_CONSOLE, behave, make_checkout, make_kernel
from test_campaign import INIT, PLAIN

from kmem_kunit import cache, guest, kcidb, mutating, mutation, overlay, proc
from kmem_kunit.campaign import Fate, Verdict

PATIENCE = 120.0  # seconds until something that must happen is given up
PROGRAMS = ("munged", "mungekey", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin"))
_LACKING = [name for name in PROGRAMS if shutil.which(name, path=_PATH) is None]

pytestmark = pytest.mark.skipif(
    bool(_LACKING), reason=f"no {', '.join(_LACKING)}: apt-get install slurm-wlm munge"
)

CONF = """\
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={home}/munged/socket,cred_expire=5
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPidFile={home}/slurmctld.pid
SlurmdPidFile={home}/%n.pid
StateSaveLocation={home}/slurmctld
SlurmdSpoolDir={home}/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
MaxArraySize=5
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=bf_interval=1,sched_interval=1
SlurmdParameters=config_overrides
SlurmdTimeout=5
MessageTimeout=5
ReturnToService=2
KillWait=2
NodeName=node1 NodeHostname=localhost NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2
NodeName=node2 NodeHostname=localhost NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2
PartitionName=all Nodes=node1,node2 Default=YES MaxTime=600 State=UP
"""


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.1)


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback on which nobody listens."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@dataclass
class Cluster:
    """A Slurm that runs; home has its folders, a log for each of its parts, and slurm.conf."""

    home: Path
    env: dict[str, str]
    parts: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start(self, name: str, *argv: object) -> None:
        """Start a part of it in the foreground, in the folder of its name."""
        (self.home / name).mkdir(mode=0o755, exist_ok=True)
        with (self.home / f"{name}.log").open("ab") as log:
            self.parts[name] = subprocess.Popen(
                [*map(str, argv)], env=self.env, cwd=self.home / name,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def start_nodes(self) -> None:
        """Start the machines that do not run, and wait until there is nothing to do for any."""
        for node in ("node1", "node2"):
            if node not in self.parts or self.parts[node].poll() is not None:
                self.start(node, "slurmd", "-D", "-N", node, "-f", self.home / "slurm.conf")
        wait_for(lambda: self.ask("sinfo", "-hNo", "%t").split() == ["idle"] * 2, "the cluster")

    def ask(self, *argv: str) -> str:
        """Return what a command of Slurm's says."""
        return proc.run(argv, timeout=PATIENCE, env=self.env).output

    def steps(self, node: str) -> list[int]:
        """Return the processes that belong to the jobs of a machine, and not to the machine.

        The slurmstepd of a job has left slurmd, but not its folder.
        """
        parents = _parents()
        found = {pid for pid in parents if _folder(pid) == self.home / node}
        found -= {self.parts[node].pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return sorted(found)

    def kill_node(self, node: str) -> None:
        """Let a machine and all that runs on it end at once, as without power."""
        self.parts[node].kill()
        for pid in self.steps(node):
            _kill(pid)
        self.parts[node].wait()

    def stop(self) -> None:
        """End all of it."""
        for node in self.parts.keys() & {"node1", "node2"}:
            self.kill_node(node)
        for part in reversed(self.parts.values()):
            part.terminate()
        for part in self.parts.values():
            try:
                part.wait(timeout=20)
            except subprocess.TimeoutExpired:
                part.kill()
                part.wait()


def _parents() -> dict[int, int]:
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    return found


def _folder(pid: int) -> Path | None:
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return None


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster of two machines with two CPUs each, for all tests of this module."""
    home = Path(tempfile.mkdtemp(prefix="kmem-", dir="/tmp"))  # short, for a socket's path
    home.chmod(0o755)
    env = {**os.environ, "PATH": _PATH, "SLURM_CONF": str(home / "slurm.conf")}
    conf = CONF.format(ports=free_ports(3), user=getpass.getuser(), home=home)
    (home / "slurm.conf").write_text(conf)
    made = Cluster(home, env)
    munge = home / "munged"
    try:
        munge.mkdir(mode=0o755)
        subprocess.run(["mungekey", "--create", f"--keyfile={munge}/key"], check=True, env=env)
        made.start("munged", "munged", "--foreground", f"--key-file={munge}/key",
                   f"--socket={munge}/socket", f"--pid-file={munge}/pid",
                   f"--log-file={munge}/log", f"--seed-file={munge}/seed", "--num-threads=2")
        wait_for((munge / "socket").exists, "munged")
        made.start("slurmctld", "slurmctld", "-D", "-f", home / "slurm.conf")
        made.start_nodes()
        yield made
    finally:
        made.stop()
        shutil.rmtree(home)


@dataclass(frozen=True)
class Checkout:
    """This project on a fake kernel that boots once folder/go is there; booted/ has who waits."""

    folder: Path
    command: Path
    linux: Path
    env: dict[str, str]

    def argv(self, engine: str) -> list[str]:
        """Return the command that runs six jobs, four at once, and writes ENGINE.json."""
        return [str(self.command), "matrix", "--engine", engine, "--repeat", "3", "--jobs", "4",
                "--json", str(self.result(engine))]

    def result(self, engine: str) -> Path:
        """Return the file of results of an engine."""
        return self.folder / f"{engine}.json"

    @contextmanager
    def started(self) -> Iterator["subprocess.Popen[str]"]:
        """Start the six jobs on the cluster."""
        with subprocess.Popen(self.argv("slurm"), env=self.env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                yield process
            finally:
                process.kill()

    def go(self) -> None:
        """Let all boots come to their end."""
        (self.folder / "go").touch()

    def hold(self) -> None:
        """Let all boots from now on wait."""
        for path in (self.folder / "booted").iterdir():
            path.unlink()
        (self.folder / "go").unlink(missing_ok=True)

    def running(self) -> int:
        """Return how many jobs have come to their kernel's boot so far."""
        return len(list((self.folder / "booted").iterdir()))


FAILED = GOOD_CONSOLE.replace("    ok 2", "    # second: EXPECTATION FAILED at x.c:7\n    not ok 2")
FAILED = FAILED.replace("ok 1 kmem_tiny", "not ok 1 kmem_tiny").replace("2 fail:0", "1 fail:1")
BEHAVIOUR = """
if verb == "exec":
    (Path(os.environ["TMPDIR"]) / "booted" / build.name).touch()
    while not (Path(os.environ["TMPDIR"]) / "go").exists():
        time.sleep(0.05)
    if "--kernel_args=slab_debug=FZPU" in sys.argv:
        (build / "linux").unlink()
        (build / "linux").write_text({failed!r})
"""


@pytest.fixture(scope="module")
def checkout(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout, and in local.json what its cells come to without a cluster."""
    folder = tmp_path_factory.mktemp("slurm")
    env = {**cluster.env, "KMEM_KUNIT_CACHE": str(folder / "cache"), "TMPDIR": str(folder)}
    linux = make_kernel(folder / "cache/sources/linux-source-6.12_6.12.3-1")
    made = Checkout(folder, make_checkout(folder / "repo"), linux, env)
    (folder / "booted").mkdir()
    made.go()
    behave(linux, BEHAVIOUR.format(failed=FAILED))
    done = subprocess.run(made.argv("local"), env=env, capture_output=True, text=True)
    assert done.returncode == 1 and "FAIL kmem_tiny.second 3/3" in done.stdout, done.stderr
    assert "2 cells: 9 passed, 3 failed, 0 skipped" in done.stdout
    return made


@pytest.fixture(autouse=True)
def none_booted(cluster: Cluster, checkout: Checkout) -> None:
    """Begin with two machines and no job, and with boots that wait."""
    cluster.start_nodes()
    checkout.hold()
    checkout.result("slurm").unlink(missing_ok=True)


def essence(path: Path) -> list[kcidb.Run]:
    """Return results without what differs from time to time: durations, dates, and file names."""
    def without(run: kcidb.Run) -> kcidb.Run:
        cases = tuple(replace(case, duration=None) for case in run.result.cases)
        return replace(run, start=run.start.min, command="", console="", took=None,
                       result=replace(run.result, cases=cases))

    return [without(run) for run in kcidb.load(path)]


def agrees(checkout: Checkout, process: "subprocess.Popen[str]") -> str:
    """Check that a run on the cluster ends with the results of one without; return what it said."""
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, err
    assert "2 cells: 9 passed, 3 failed, 0 skipped" in out
    assert essence(checkout.result("slurm")) == essence(checkout.result("local"))
    assert not list((checkout.folder / "cache/matrices").iterdir())
    return err


def test_a_cluster_comes_to_the_same(checkout: Checkout) -> None:
    checkout.go()
    with checkout.started() as process:
        said = agrees(checkout, process)
    assert "job " in said and said.count("FAILED 1/1/0") == 3 and said.count("ok 2/0/0") == 3


def test_an_interrupt_ends_our_jobs_and_no_others(cluster: Cluster, checkout: Checkout) -> None:
    other = cluster.ask("sbatch", "--parsable", "--hold", "--wrap", "true").strip()
    with checkout.started() as process:
        wait_for(lambda: checkout.running() == 4, "four boots")
        assert cluster.steps("node1") and cluster.steps("node2")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130 and err.endswith("kmem-kunit: interrupted\n")
    wait_for(lambda: cluster.ask("squeue", "-ho", "%i").split() == [other], "the end of ours")
    wait_for(lambda: not cluster.steps("node1") + cluster.steps("node2"), "their processes' end")
    cluster.ask("scancel", other)


def test_why_a_job_waits_is_told(cluster: Cluster, checkout: Checkout) -> None:
    """The partition gives less time than the user wants."""
    env = {**checkout.env, "SBATCH_TIMELIMIT": "601"}
    with subprocess.Popen(checkout.argv("slurm"), env=env, text=True, stderr=subprocess.PIPE) as process:
        limit = threading.Timer(PATIENCE, process.kill)
        limit.start()
        try:
            assert process.stderr
            assert any("lets tasks wait: PartitionTimeLimit" in line for line in process.stderr)
            process.send_signal(signal.SIGINT)
            assert process.stderr.read().endswith("kmem-kunit: interrupted\n")
        finally:
            limit.cancel()
            process.kill()
    wait_for(lambda: not cluster.ask("squeue", "-h"), "an empty queue")


def test_a_killed_caller_finds_the_merged_results(cluster: Cluster, checkout: Checkout) -> None:
    with checkout.started() as process:
        wait_for(lambda: checkout.running() >= 2, "two boots")
        process.kill()
        process.communicate()
    checkout.go()
    matrices = checkout.folder / "cache/matrices"
    wait_for(lambda: list(matrices.glob("*/results.json")), "the merge")
    (merged,) = matrices.glob("*/results.json")
    assert essence(merged) == essence(checkout.result("local"))
    shutil.rmtree(merged.parent)
    wait_for(lambda: not cluster.ask("squeue", "-h"), "an empty queue")


def test_a_machine_that_dies_in_the_middle(cluster: Cluster, checkout: Checkout) -> None:
    """What ran on it is put back into the queue, and runs on the other."""
    with checkout.started() as process:
        wait_for(lambda: checkout.running() == 4, "four boots")
        cluster.kill_node("node1")
        checkout.go()
        agrees(checkout, process)
    assert "due to failure of node node1" in (cluster.home / "slurmctld.log").read_text()


Judge = Callable[[int | None], list[Verdict]]


@pytest.fixture
def judge(cluster: Cluster, checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
          ) -> Judge:
    """Give a function that judges the mutants of a fake kernel, here or in so many tasks at once.

    Of survivors the object code is looked at, by a compiler that waits as boots of the matrix do.
    """
    for name in ("PATH", "SLURM_CONF"):
        monkeypatch.setenv(name, cluster.env[name])
    monkeypatch.setenv("KMEM_KUNIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(overlay, "REPO", make_checkout(tmp_path / "repo").parents[1])
    linux = make_kernel(tmp_path / "linux")
    request = test_mutating_slurm.request_for(linux, overlay.REPO)
    made = test_mutating_slurm.make_kernel_with_mutants(tmp_path / "made", linux, str(checkout.folder))
    monkeypatch.setattr(mutation, "make", lambda *_: made)
    monkeypatch.setattr(guest, "ways", lambda _: [PLAIN, INIT])

    def judged(tasks: int | None) -> list[Verdict]:
        (outcome,) = mutating.run(cache.root(), request, [mutating.Wish()], tasks)
        assert not outcome.lost and not list((tmp_path / "cache/matrices").iterdir())
        return test_mutating_slurm.essence(outcome.verdicts)

    return judged


def test_mutants_fare_the_same_on_a_cluster(checkout: Checkout, judge: Judge) -> None:
    checkout.go()
    local = judge(None)
    assert [each.number for each in local] == list(test_mutating_slurm.NUMBERS)
    assert len({each.fate for each in local}) == 7 and local[-1].fate is Fate.EQUIVALENT
    assert judge(4) == local


def test_mutants_on_a_machine_that_dies_in_the_middle(
    cluster: Cluster, checkout: Checkout, judge: Judge
) -> None:
    """Those that it was given are judged by the other, and none is missed."""
    checkout.go()
    local = judge(None)
    checkout.hold()
    said = (cluster.home / "slurmctld.log").read_text()
    with ThreadPoolExecutor(1) as pool:
        far = pool.submit(judge, 4)
        try:
            wait_for(lambda: checkout.running() == 4 or far.done(), "four compilations")
            assert cluster.steps("node1") and cluster.steps("node2")
            cluster.kill_node("node1")
        finally:
            checkout.go()
        assert far.result(PATIENCE) == local
    more = (cluster.home / "slurmctld.log").read_text().removeprefix(said)
    assert "due to failure of node node1" in more


def test_a_controller_that_is_not_there(cluster: Cluster, checkout: Checkout) -> None:
    text = (cluster.home / "slurm.conf").read_text()
    port = f"SlurmctldPort={free_ports(1)[0]}"
    lines = [port if line.startswith("SlurmctldPort") else line for line in text.splitlines()]
    (checkout.folder / "dead.conf").write_text("\n".join(lines) + "\n")
    env = {**checkout.env, "SLURM_CONF": str(checkout.folder / "dead.conf")}
    done = subprocess.run(checkout.argv("slurm"), env=env, capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("kmem-kunit: Slurm does not answer (Slurmctld(primary) at ")
    assert done.stderr.count("\n") == 1
