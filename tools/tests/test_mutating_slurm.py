# SPDX-License-Identifier: GPL-2.0-only
"""Mutants judged by a cluster that is not there, in a kernel that is a script. See test_slurm_real."""
import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from conftest import behave
from test_campaign import CONDITIONS, GUEST, INIT, PLAIN, SUITES
from test_slurm import PATIENCE, Add, cluster, lines_of, wait_for

from kmem_kunit import (
    arch,
    cache,
    campaign,
    cli,
    guest,
    image,
    kernel,
    mutating,
    mutating_slurm,
    mutation,
    overlay,
    slurm,
    usage,
    watching,
)
from kmem_kunit.campaign import Campaign, Fate, Verdict
from kmem_kunit.equivalent import Comparison
from kmem_kunit.errors import UserError
from kmem_kunit.mutant import Mutant

__all__ = ["cluster"]  # a fixture

SURVIVORS = (8, 11, 12, 13, 14)  # the last of which has the same object code
NUMBERS = (1, 2, 3, 4, 6, 8, 9, 10, 11, 12, 13, 14)  # the tenth is not covered
# a compiler that drops spaces and parentheses, and waits for a file, where it is told of one
COMPILER = """\
#!/usr/bin/python3
import json, os, sys, time
source, made, overlay = sys.argv[4], sys.argv[2], sys.argv[6]
waits = WAITS
if waits:
    open(os.path.join(waits, "booted", str(os.getpid())), "w").close()
    while not os.path.exists(os.path.join(waits, "go")): time.sleep(0.05)
roots = json.load(open(overlay))["roots"]
path = next(each["external-contents"] for each in roots if each["name"] == source)
open(made, "w").write(open(path).read().translate(dict.fromkeys(b" ()")))
"""
FATAL = """\
/* The kernel stops. (mm/slub.c) */
static void stops(struct kunit *test)
{
}

static struct kunit_case fatal_cases[] = { KUNIT_CASE(stops), {} };

static struct kunit_suite fatal = { .name = "kmem_fatal", .test_cases = fatal_cases };
kunit_test_suite(fatal);
"""


def make_kernel_with_mutants(folder: Path, linux: Path, waits: str = "") -> mutation.Made:
    """Return a kernel of a fake tree: a script, as test_campaign has it, in which more survive.

    Its compiler makes a file in waits/booted, if that is given, and waits for waits/go.
    """
    binary = folder / "image/linux"
    binary.parent.mkdir(parents=True)
    reached = ", ".join(map(str, SURVIVORS))
    binary.write_text(GUEST.replace("8, 9);", f"{reached}, 9);")
                      + SUITES.replace("CONDITIONS", CONDITIONS))
    compiler = folder / "compiler"
    compiler.write_text(COMPILER.replace("WAITS", repr(waits)))
    for path in (binary, compiler):
        path.chmod(0o755)
    numbered = {number: Mutant("mm/slub.c", 3, 7, "statement", f"mutant{number}", 1, 4, f"f{number}")
                for number in NUMBERS}
    numbered[SURVIVORS[-1]] = replace(numbered[SURVIVORS[-1]], replacement="sl ub")
    commands = {"mm/slub.c": [str(compiler), "-o", "x", "-c", str(linux / "mm/slub.c")]}
    made = image.Image(binary.parent, linux, "6.12.3", "", arch.find("uml-clang"))
    return mutation.Made(numbered, {}, mutation.hashes(linux), commands, made, linux, linux, folder)


def request_for(linux: Path, repo: Path) -> image.Request:
    """Return what a fake kernel with mutants is made of, completing a fake checkout."""
    for name in ("in_tree", "mutants"):
        (repo / f"tools/configs/{name}.config").write_text(f"CONFIG_{name.upper()}=y\n")
    (repo / "lib/kmem_fatal_kunit.c").write_text(FATAL)
    return image.Request(kernel.from_tree(str(linux)), repo, jobs=2, arch=arch.find("uml-clang"))


def essence(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return verdicts in order, without what they took: who shares boots is another matter."""
    return sorted((replace(each, cases=0, took=0.0, boots=0) for each in verdicts), key=lambda each: each.number)


@dataclass(frozen=True)
class Array:
    """Mutants that wait to be judged, in four parts; output is as run() takes it."""

    output: Path
    request: image.Request
    made: mutation.Made
    judge: Campaign

    @property
    def manifest(self) -> Path:
        """The manifest of the parts."""
        return self.output.with_name(slurm.MANIFEST)

    def output_of(self, index: int) -> Path:
        """Return the output of a task."""
        return self.output.with_name(f"{self.output.name}.{index}")

    def write(self, *parts: Sequence[int]) -> None:
        """Write the manifest of parts."""
        mutating_slurm.write(self.output, mutation.configured(self.request), self.made, self.judge, parts)

    def local(self) -> list[Verdict]:
        """Return the verdicts of the local engine."""
        found: list[Verdict] = []
        campaign.run(self.judge, NUMBERS, 2, found.append)
        return essence(found)

    def run(self, tell: Callable[[Verdict], None], workers: int = 1) -> None:
        """Have all of them judged by the cluster."""
        mutating_slurm.run(self.output, mutation.configured(self.request), self.made, self.judge,
                           NUMBERS, workers, tell)


@contextmanager
def machines(cluster: Path, do: Callable[[], None]) -> Iterator[None]:
    """Let the machines of a cluster do something once an array is submitted, beside the block.

    Then the queue is empty: whoever waits for more waits no longer, whatever went wrong.
    """
    def done() -> None:
        try:
            wait_for(lambda: lines_of(cluster, "sbatch"), "an array")
            do()
        finally:
            (cluster.parent / "queue").write_text("")

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(done)
        yield
        future.result()


@pytest.fixture
def array(fake_kernel: Path, repo: Path, cache_root: Path, tmp_path: Path) -> Iterator[Array]:
    """A kernel with mutants, and what boots without one have shown, with the folder of an array."""
    request = request_for(fake_kernel, repo)
    made = make_kernel_with_mutants(tmp_path / "made", fake_kernel)
    maps = [replace(watching.watch(made.image.binary, tmp_path, way, ["stops"]), noisy=frozenset({"kmem_b"}))
            for way in (PLAIN, INIT)]
    comparison = Comparison(made.source, made.build, made.commands, tmp_path,
                            made.mutants.values())
    judge = Campaign(made.image.binary, tmp_path, maps, lambda case: case != "kmem_a.slow",
                     lambda number: comparison.same(made.mutants[number]))
    with slurm.folder(cache.root()) as place:
        yield Array(place / "verdicts-x", request, made, judge)


def test_a_task_knows_what_its_mutants_are_judged_by(array: Array) -> None:
    array.write((1, 2), (3, 9, 8))
    order = mutating_slurm.read(array.manifest, 1)
    assert list(order.numbers) == [3, 9, 8] and order.output == array.output_of(1)
    assert order.mutants == {number: array.made.mutants[number] for number in (3, 9, 8)}
    for mine, whole in zip(order.maps, array.judge.maps):
        assert (mine.way, mine.empty, mine.noisy) == (whole.way, whole.empty, whole.noisy)
        assert [(case.path, case.status, case.duration) for case in mine.cases] == [
            (case.path, case.status, case.duration) for case in whole.cases]
        assert mine.reach == {number: whole.reach[number] for number in (3, 9, 8)}
        assert mine.fatal == {9: ["stops"]}
    assert mutating_slurm.read(array.manifest, 0).maps[0].booting == {1, 2}
    assert order.measured == {"kmem_a.early", "kmem_a.late", "kmem_fatal.stops"}
    with pytest.raises(UserError, match="has no part 2"):
        mutating_slurm.read(array.manifest, 2)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"parts": [[1]]}', '{"parts": 7}', "\xff"])
def test_what_is_no_manifest(tmp_path: Path, text: str) -> None:
    path = tmp_path / "manifest.json"
    with pytest.raises(UserError, match="all machines share"):
        mutating_slurm.read(path, 0)
    path.write_text(text, encoding="latin-1")
    with pytest.raises(UserError, match="is no manifest"):
        mutating_slurm.read(path, 0)


def test_a_task_is_done_once(array: Array) -> None:
    array.write((3, 8, 14), (4,))
    assert mutating_slurm.perform(array.manifest, 0) == 0
    verdicts = campaign.kept(array.output_of(0))
    assert {number: each.fate for number, each in verdicts.items()} == {
        3: Fate.ASSERTION, 8: Fate.SURVIVED, 14: Fate.EQUIVALENT}
    before = array.output_of(0).stat().st_mtime_ns
    assert mutating_slurm.perform(array.manifest, 0) == 0
    assert array.output_of(0).stat().st_mtime_ns == before
    text = array.output_of(0).read_text()
    for half in (text[:-30], text.partition("\n")[0], ""):  # begun, and then the machine died
        array.output_of(0).write_text(half)
        assert mutating_slurm.perform(array.manifest, 0) == 0
        assert essence(list(campaign.kept(array.output_of(0)).values())) == essence(
            list(verdicts.values()))
    assert not array.output_of(1).exists()


@pytest.mark.parametrize(("what", "says"), [
    ("kernel", "the source of Linux 6.12"), ("suites", "the suites"),
    ("configuration", "their configuration"), ("compiler", "the compiler"), ("ours", "kmem-kunit")])
def test_what_has_changed_since_is_not_judged(
    array: Array, fake_bin: Add, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, says: str
) -> None:
    array.write((3,))
    if what == "kernel":
        behave(array.made.source, "pass")
    elif what == "suites":
        (array.request.repo / "lib/kmem_tiny_kunit.c").write_text("/* else */")
    elif what == "configuration":
        (array.request.repo / "tools/configs/mutants.config").write_text("CONFIG_MUTANTS=n\n")
    elif what == "compiler":
        fake_bin(array.request.arch.tools[0], "")
    else:
        monkeypatch.setattr(overlay, "__file__", str(tmp_path / "else/x.py"))
    with pytest.raises(UserError, match=f"^not what it was where this was submitted: {says}; submit"):
        mutating_slurm.perform(array.manifest, 0)
    assert not array.output_of(0).exists()


def test_a_machine_that_cannot_boot_kills_no_mutant(array: Array) -> None:
    array.write((3,))
    array.made.image.binary.write_text("#!/bin/sh\necho no memory; exit 1\n")
    with pytest.raises(UserError, match="does not boot here .* no memory$"):
        mutating_slurm.perform(array.manifest, 0)
    assert not array.output_of(0).exists()


def test_a_task_boots_as_many_mutants_as_it_has_processors(
    array: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    array.write((3, 4))
    seen: list[int] = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8))
    monkeypatch.setenv("SLURM_CPUS_ON_NODE", "3")
    monkeypatch.setattr(campaign, "run", lambda judge, numbers, workers, tell: seen.append(workers))
    mutating_slurm.perform(array.manifest, 0)
    assert seen == [3]


@pytest.mark.parametrize(("count", "workers", "parts", "largest"), [
    (1, 1, 1, 1), (12, 1, 4, 3), (12, 4096, 12, 1), (100, 2, 8, 13), (6000, 4, 188, 32),
    (6000, 4096, 858, 7)])
def test_parts_are_even_and_not_too_many(count: int, workers: int, parts: int, largest: int) -> None:
    found = mutating_slurm._parts(range(7, 7 + count), workers, 999)
    assert [number for part in found for number in part] == list(range(7, 7 + count))
    assert len(found) == parts and max(map(len, found)) == largest


def test_a_cluster_comes_to_the_same(
    array: Array, cluster: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Verdicts are told as they come, and when all are there it is over."""
    monkeypatch.setattr(slurm, "_LAG", PATIENCE)
    found: list[Verdict] = []

    def do() -> None:
        for index, told in ((3, 3), (0, 6), (2, 9), (1, 12)):
            mutating_slurm.perform(array.manifest, index)
            wait_for(lambda: len(found) == told, f"{told} verdicts")

    started = time.monotonic()
    with machines(cluster, do):
        array.run(found.append)
        assert time.monotonic() < started + PATIENCE
    assert [each.number for each in found] == [10, 13, 14, 1, 2, 3, 9, 11, 12, 4, 6, 8]
    assert essence(found) == array.local()
    assert {each.fate for each in found} == {
        Fate.ASSERTION, Fate.BOOT, Fate.PANIC, Fate.REPORT, Fate.SURVIVED, Fate.NOT_COVERED,
        Fate.EQUIVALENT}
    (told,) = lines_of(cluster, "sbatch")
    for word in ("--parsable", "--array=0-3%1", "--requeue", "--time=250", "--output=%a.out",
                 f"--chdir={array.output.parent}", f"--job-name=kmem-kunit-{array.output.parent.name}"):
        assert word in told.split()
    script = array.output.with_name("array.sh").read_text()
    assert "mutate-job --manifest" in script and script.endswith(' --index "$SLURM_ARRAY_TASK_ID"\n')
    assert not lines_of(cluster, "scancel")
    assert "job 7 of Slurm has 11 mutants in 4 parts" in capsys.readouterr().err


def test_nothing_is_submitted_of_what_takes_no_boot(array: Array, cluster: Path) -> None:
    found: list[Verdict] = []
    for numbers in ((), (10,)):
        mutating_slurm.run(array.output, array.request, array.made, array.judge, numbers, 1, found.append)
    assert found == [Verdict(10, Fate.NOT_COVERED)] and not lines_of(cluster, "sbatch")


def test_a_task_that_dies_is_told_of(
    array: Array, cluster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its mutants have no verdict, and the others have theirs."""
    (cluster.parent / "queue").write_text("")
    for index, words in enumerate((b"", b"x" * 20000 + b"\n\x1b\xff\nTIME LIMIT\n", b"no\n", b"no\n")):
        array.output.with_name(f"{index}.out").write_bytes(words)
    array.write((1, 2, 3), (4, 6, 8), (9, 11, 12), (13, 14))
    mutating_slurm.perform(array.manifest, 0)
    array.output_of(2).write_text(Verdict(9, Fate.ASSERTION).line())  # not whole
    capsys.readouterr()
    found: list[Verdict] = []
    array.run(found.append)
    assert sorted(each.number for each in found) == [1, 2, 3, 10]
    said = capsys.readouterr().err.splitlines()
    assert said[1:] == [
        "kmem-kunit: 1 of 4 parts (1) died, and 3 mutants have no verdict; the last that was said:",
        said[2], "kmem-kunit:     \\x1b\\xff", "kmem-kunit:     TIME LIMIT",
        "kmem-kunit: 2 of 4 parts (2, 3) died, and 5 mutants have no verdict; the last that was said:",
        "kmem-kunit:     no"]
    assert lines_of(cluster, "scancel")


def test_what_is_whole_late_is_read(array: Array, cluster: Path) -> None:
    array.write((1, 2, 3), (4, 6, 8), (9, 11, 12), (13, 14))
    for index in range(4):
        mutating_slurm.perform(array.manifest, index)
    whole, found = array.output_of(0).read_text(), list[Verdict]()
    array.output_of(0).write_text("")

    def tell(verdict: Verdict) -> None:
        found.append(verdict)
        if verdict.number == 4:
            array.output_of(0).write_text(whole)

    array.run(tell)
    assert [each.number for each in found] == [10, 4, 6, 8, 9, 11, 12, 13, 14, 1, 2, 3]


def test_machines_that_do_not_share_the_cache(array: Array, cluster: Path) -> None:
    (cluster.parent / "queue").write_text("")
    with pytest.raises(UserError, match="KMEM_KUNIT_CACHE to a folder that all of them share"):
        array.run(lambda _: None)


def test_an_interrupt_cancels_our_jobs_and_no_others(array: Array, cluster: Path) -> None:
    def tell(verdict: Verdict) -> None:
        if verdict.fate is not Fate.NOT_COVERED:
            raise KeyboardInterrupt

    done: list[int] = []
    with machines(cluster, lambda: done.append(mutating_slurm.perform(array.manifest, 0))):
        with pytest.raises(KeyboardInterrupt):
            array.run(tell)
    (cancelled,) = lines_of(cluster, "scancel")
    assert cancelled == f"scancel --name=kmem-kunit-{array.output.parent.name}"


def test_the_verb_of_the_tasks(array: Array, capsys: pytest.CaptureFixture[str]) -> None:
    array.write((4,))
    where = ["mutate-job", "--manifest", str(array.manifest)]
    assert cli.main([*where, "--index", "0"]) == 0
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("kmem-kunit: judging 1 mutants on ") and second == "kmem-kunit: mutant 4: panic"
    assert campaign.kept(array.output_of(0))[4].fate is Fate.PANIC
    for wrong in ("", "--index 1", "--index x", "--index 0 --merge"):
        assert cli.main([*where, *wrong.split()]) == 2


def options_of(json_path: Path, **others: object) -> argparse.Namespace:
    """Return the options of a run on the cluster that writes a file, and others."""
    words = ["mutate", "--engine", "slurm", "--suites", "kmem_*", "--json", str(json_path)]
    parsed = usage.parser(dict.fromkeys(cli._VERBS, lambda _: 0)).parse_args(words)
    return argparse.Namespace(**{**vars(parsed), **others})


def test_mutants_without_a_verdict_fail_a_run_that_another_ends(
    array: Array, cluster: Path, cache_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mutation, "make", lambda *_: array.made)
    monkeypatch.setattr(guest, "ways", lambda _: [PLAIN, INIT])
    configs: list[Sequence[str]] = []

    def do() -> None:
        (place,) = (path for path in (cache_root / "matrices").iterdir() if path != array.output.parent)
        configs.append(mutating_slurm.read(place / slurm.MANIFEST, 0).configs)
        mutating_slurm.perform(place / slurm.MANIFEST, 0)  # and the others die

    path, request = tmp_path / "mutants.json", replace(array.request, jobs=1)
    with machines(cluster, do):
        assert mutating.mutate(cache_root, request, options_of(path)) == 1
    assert configs == [("in_tree", "mutants")]
    told = capsys.readouterr().out.splitlines()
    lost = [line for line in told if "no verdict" in line]
    assert lost == [*(f"mm/slub.c:1:4: no verdict: [statement] in f{n}()" for n in
                      (11, 12, 13, 4, 6, 8, 9, 14)),
                    "8 mutants have no verdict: try these again with --resume"]
    states = [each["status"] for each in json.loads(path.read_text())["files"]["mm/slub.c"]["mutants"]]
    assert states == ["RuntimeError" if n == 2 else "NoCoverage" if n == 10 else
                      "Killed" if n < 4 else "Pending" for n in NUMBERS]

    boots, binary = tmp_path / "boots", array.made.image.binary
    first, rest = binary.read_text().split("\n", 1)
    binary.write_text(f"{first}\nimport sys\nprint(sys.argv, file=open({str(boots)!r}, 'a'))\n{rest}")
    assert mutating.mutate(cache_root, request, options_of(path, engine="local", resume=True)) == 0
    assert "no verdict" not in capsys.readouterr().out and "Pending" not in path.read_text()
    told_of = json.loads(path.read_text())
    names = {each["id"]: each["name"] for each in told_of["testFiles"]["lib/kmem_kunit"]["tests"]}
    (dead,) = (each for each in told_of["files"]["mm/slub.c"]["mutants"] if each["id"] == "9")
    assert [[names[each] for each in dead[by]] for by in ("coveredBy", "killedBy")] == [
        ["kmem_a.early", "kmem_fatal.stops"], ["kmem_fatal.stops"]]
    assert "kmem_mutant=4'" in boots.read_text() and "kmem_mutant=3'" not in boots.read_text()
    assert not [each for each in (cache_root / "matrices").iterdir() if each != array.output.parent]


def test_source_that_was_edited_meanwhile_ends_a_run(
    array: Array, cache_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lines are not those that were judged."""
    monkeypatch.setattr(mutation, "make", lambda *_: array.made)
    monkeypatch.setattr(guest, "ways", lambda _: [PLAIN])
    source = array.made.source / "mm/slub.c"
    source.write_text(f"{source.read_text()}int more;\n")
    with pytest.raises(UserError, match="^mm/slub.c of .* changed while"):
        mutating.mutate(cache_root, array.request, options_of(tmp_path / "x.json", engine="local"))
    assert not (tmp_path / "x.json").exists()
    assert not [each for each in (cache_root / "matrices").iterdir() if each != array.output.parent]


def test_cases_that_are_not_measured_are_told(
    array: Array, cache_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    binary = array.made.image.binary
    text = binary.read_text().replace('fails = mutant == "3"', 'fails = mutant in "3watch"')
    binary.write_text(text.replace("if fails:", "if fails and mutant != 'watch':"))
    monkeypatch.setattr(mutation, "make", lambda *_: array.made)
    monkeypatch.setattr(guest, "ways", lambda _: [PLAIN])
    mutating.run(cache_root, array.request, [mutating.Wish(suites="kmem_a", shard=(4, 5000))])
    said = "booted plain, these fail or complain without a mutant, and do not count: kmem_a.late\n"
    assert said in capsys.readouterr().err
