# SPDX-License-Identifier: GPL-2.0-only
"""The engine of "mutate" that has mutants judged by a cluster, some of them by each task of an array.

In the folder of the array there is, besides what slurm has in it:

    NAME.N   the verdicts of task N, in a file as the caller keeps all of them in, under the same name

The caller has made the kernel, and booted it without a mutant. What that has shown is in the manifest,
so that tasks have nothing to do but to boot mutants.
"""
import json
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kmem_kunit import (
    arch,
    cache,
    campaign,
    deaths,
    image,
    progress,
    slurm,
)
from kmem_kunit.campaign import Campaign, Verdict
from kmem_kunit.equivalent import Comparison
from kmem_kunit.errors import UserError
from kmem_kunit.guest import Way
from kmem_kunit.mutant import Mutant
from kmem_kunit.result import Case, Status
from kmem_kunit.watching import Map

if TYPE_CHECKING:  # it needs clang, and tasks do not
    from kmem_kunit.mutation import Made

_VERB = "mutate-job"
_LARGEST = 32  # mutants of a task
_TURNS = 4  # tasks, one after the other, that each worker should have at least
_SHOWN = 12  # last lines of a task that died
_NAMED = 12  # tasks that are named in a line


@dataclass(frozen=True)
class Order:
    """What a manifest says to one task: which mutants, what to judge them by, where verdicts go.

    kernel is a series or a path, and contents has the hash of each thing that verdicts are made from.
    """

    numbers: Sequence[int]
    mutants: Mapping[int, Mutant]
    maps: Sequence[Map]
    measured: frozenset[str]
    binary: Path
    source: Path
    build: Path
    commands: Mapping[str, Sequence[str]]
    output: Path
    kernel: str
    arch: str
    configs: Sequence[str]
    contents: Mapping[str, str]


def run(output: Path, request: image.Request, made: "Made", judge: Campaign, numbers: Sequence[int],
        workers: int, tell: Callable[[Verdict], None]) -> None:
    """Judge mutants on the machines of a cluster, in workers tasks at once; tell gets each verdict.

    output is, in slurm.folder(), what the names of outputs begin with. A task that leaves none is
    told of, and its mutants get no verdict. Raises UserError where Slurm does not take them, or
    where no machine of it can write to the cache.
    """
    place, covered = output.parent, set(filter(judge.covered, numbers))
    for number in numbers:
        if number not in covered:  # which takes no boot
            tell(judge.judge(number))
    parts = _parts([number for number in numbers if number in covered], workers, slurm.most())
    if not parts:
        return
    write(output, request, made, judge, parts)
    names = [_output(output, index).name for index in range(len(parts))]
    missing = dict(enumerate(parts))

    def take(index: int) -> None:
        verdicts = _verdicts(place / names[index], missing.get(index, ()))
        for verdict in verdicts:
            tell(verdict)
        if verdicts:
            del missing[index]

    with slurm.cancelling(place):
        array = slurm.submit(place, _VERB, len(parts), workers)
        progress.say(f"job {array} of Slurm has {len(covered)} mutants in {len(parts)} parts; "
                     f"what they say is in {place}")
        for index, what in slurm.watched(place, array, len(parts), names):
            if what == slurm.DONE:
                take(index)
        for index in list(missing):
            take(index)
    if missing:
        slurm.cancel(place)
        slurm.check_shared(place, names)
        _tell_of(place, missing, len(parts))


def _parts(numbers: Sequence[int], workers: int, most: int) -> list[Sequence[int]]:
    """Part mutants among tasks, which are most at the most; neighbours, which are mostly of one source, stay together."""
    size = min(_LARGEST, -(-len(numbers) // (_TURNS * workers)))
    size = max(1, size, -(-len(numbers) // most))
    return [numbers[at : at + size] for at in range(0, len(numbers), size)]


def _output(output: Path, index: int) -> Path:
    return output.with_name(f"{output.name}.{index}")


def _verdicts(path: Path, numbers: Sequence[int]) -> list[Verdict]:
    """Return the verdicts on mutants in an output, none if it is not whole."""
    found = campaign.kept(path)
    return [found[number] for number in numbers] if found.keys() >= set(numbers) else []


def _tell_of(place: Path, missing: Mapping[int, Sequence[int]], of: int) -> None:
    """Tell which tasks have left no output, and what they said last; those that said the same at once."""
    alike: dict[tuple[str, ...], list[int]] = {}
    for index in missing:
        alike.setdefault(tuple(slurm.last_words(place, index)[-_SHOWN:]), []).append(index)
    for words, tasks in alike.items():
        count = sum(len(missing[index]) for index in tasks)
        named = ", ".join(map(str, tasks[:_NAMED])) + (", ..." if tasks[_NAMED:] else "")
        progress.say(f"{len(tasks)} of {of} parts ({named}) died, and {count} mutants have no verdict; "
                     "the last that was said:")
        for line in words:
            progress.say(f"    {line}")


def perform(manifest: Path, index: int) -> int:
    """Be a task of the array: judge its mutants, unless the verdicts are there; return the exit status.

    Raises UserError if what they are judged by is not any more what it was when it was submitted, or
    if the kernel does not boot on this machine.
    """
    order = read(manifest, index)
    if _verdicts(order.output, order.numbers):
        return 0
    slurm.check_contents(order.contents,
                         slurm.contents(order.kernel, arch.find(order.arch), order.configs))
    progress.say(f"judging {len(order.numbers)} mutants on {os.uname().nodename}")
    lines: list[str] = []

    def tell(verdict: Verdict) -> None:
        lines.append(verdict.line())
        progress.say(f"mutant {verdict.number}: {verdict.fate.value}")

    with cache.temporary(cache.root() / "runs") as folder:
        comparison = Comparison(order.source, order.build, order.commands, folder,
                                order.mutants.values())
        judge = Campaign(order.binary, folder, order.maps, order.measured.__contains__,
                         lambda number: comparison.same(order.mutants[number]))
        judge.check()
        campaign.run(judge, order.numbers, slurm.processors(), tell)
    cache.write(order.output, "\n".join([*lines, ""]))
    return 0


def write(output: Path, request: image.Request, made: "Made", judge: Campaign,
          parts: Sequence[Sequence[int]]) -> None:
    """Write the manifest of tasks, each of which has a part of the mutants."""
    the_kernel = request.kernel
    numbers = [number for part in parts for number in part]
    cases = {case.path for each in judge.maps for case in each.cases}
    cases |= {f"{deaths.SUITE}.{name}" for each in judge.maps for names in each.fatal.values()
              for name in names}
    spec = the_kernel.name if the_kernel.version else str(the_kernel.path)
    cache.write(output.with_name(slurm.MANIFEST), json.dumps({
        "kernel": spec,
        "arch": request.arch.label,
        "configs": request.configs,
        "contents": slurm.contents(spec, request.arch, request.configs),
        "output": output.name,
        "binary": str(made.image.binary),
        "source": str(made.source),
        "build": str(made.build),
        "commands": made.commands,
        "measured": sorted(filter(judge.measures, cases)),
        "maps": [_packed(each, numbers) for each in judge.maps],
        "mutants": {number: asdict(made.mutants[number]) for number in numbers},
        "parts": parts,
    }))


def read(path: Path, index: int) -> Order:
    """Return what a manifest says to a task; raises UserError, one line, for a file that is none."""
    with slurm.manifest(path) as data:
        if not 0 <= index < len(data["parts"]):
            raise UserError(f"{path} has no part {index}")
        numbers = [int(number) for number in data["parts"][index]]
        return Order(
            numbers=numbers,
            mutants={number: Mutant(**data["mutants"][str(number)]) for number in numbers},
            maps=[_unpacked(each, numbers) for each in data["maps"]],
            measured=frozenset(data["measured"]),
            binary=Path(data["binary"]),
            source=Path(data["source"]),
            build=Path(data["build"]),
            commands=dict(data["commands"]),
            output=_output(path.parent / Path(data["output"]).name, index),
            kernel=data["kernel"],
            arch=data["arch"],
            configs=tuple(data["configs"]),
            contents=dict(data["contents"]),
        )


def _packed(each: Map, numbers: Collection[int]) -> dict[str, Any]:
    """Return what a map says of mutants; the many cases that reach one as the digits of a bitmap."""
    return {
        "way": asdict(each.way),
        "cases": [(case.suite, case.name, case.status.value, case.duration) for case in each.cases],
        "reach": {number: f"{sum(1 << case for case in each.reach[number]):x}"
                  for number in numbers if number in each.reach},
        "fatal": {number: each.fatal[number] for number in numbers if number in each.fatal},
        "booting": sorted(each.booting.intersection(numbers)),
        "empty": each.empty,
        "noisy": sorted(each.noisy),
    }


def _unpacked(values: Mapping[str, Any], numbers: Collection[int]) -> Map:
    way, reach = values["way"], values["reach"]
    bitmaps = {number: int(reach[str(number)], 16) for number in numbers if str(number) in reach}
    return Map(
        way=Way(way["name"], tuple(way["arguments"]), way["other"]),
        cases=[Case(suite, name, "", Status(status), duration)
               for suite, name, status, duration in values["cases"]],
        reach={number: [case for case in range(bitmap.bit_length()) if bitmap >> case & 1]
               for number, bitmap in bitmaps.items()},
        fatal={number: values["fatal"][str(number)] for number in numbers
               if str(number) in values["fatal"]},
        booting=frozenset(values["booting"]),
        empty=values["empty"],
        noisy=frozenset(values["noisy"]),
    )
