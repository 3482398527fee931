# SPDX-License-Identifier: GPL-2.0-only
"""What operations cost: read from the logs of kmem_bench, set side by side, and gated.

A number is a case of a result, so that files of them are KCIDB's: what a pattern costs is the case
"CASE.PARAMETER", in instructions an operation, and an event of SLUB's in it "CASE.PARAMETER: EVENT",
in events an operation.
"""
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from kmem_kunit import listed
from kmem_kunit.errors import UserError
from kmem_kunit.kcidb import Run
from kmem_kunit.result import Case, Number, Result, Status
from kmem_kunit.table import aligned

SUITE = "kmem_bench"
INSTRUCTIONS, EVENTS, TIME = "instructions/operation", "events/operation", "ns/operation"
DECLARED = "tools/declared.toml"
SHARE, FEWEST, RAREST = 0.01, 2.0, 0.001  # above which a number is a regression; see worse()

# events that cost, in the words of all series: those of 6.x and of 7.x that make up each
SLOW = {
    "slow allocations": ("alloc_slowpath",),
    "slow frees": ("free_slowpath",),
    "slabs taken": ("alloc_slab",),
    "slabs given back": ("free_slab",),
    "refills": ("alloc_from_partial", "cpu_partial_alloc", "alloc_refill", "barn_get"),
    "flushes": ("cpuslab_flush", "cpu_partial_drain", "deactivate_full", "barn_put"),
    "objects refilled": ("sheaf_refill",),
    "objects flushed": ("sheaf_flush",),
}
_COUNTS = re.compile(r" *# \w+: counts ticks=(-?\d+) ns=(-?\d+) operations=(\d+)\s*\Z")
_SKIPPED = re.compile(r" *# \w+: not counted\s*\Z")  # 6.1 says of all parameters that they passed
_EVENTS = re.compile(r" *# \w+: events operations=(\d+)((?: \w+=-?\d+)*)\s*\Z")


@dataclass(frozen=True)
class Counted:
    """What one boot says of a pattern: ticks and nanoseconds of so many operations; events of others."""

    ticks: int
    ns: int
    operations: int
    events: Mapping[str, int]
    of_events: int


@dataclass(frozen=True)
class Declared:
    """A pattern, or several, that may cost more than it did: by most percent, for a reason."""

    pattern: str
    most: float
    reason: str


def read(result: Result) -> dict[tuple[str, str], Counted]:
    """Return what one boot counted, by case and parameter.

    Raises UserError for a parameter that passed, was not skipped, and does not say what it counted.
    """
    found = {}
    for case in result.cases:
        if not case.param or case.status is not Status.PASS:
            continue
        lines = case.log.splitlines()
        counts = next(filter(None, map(_COUNTS.match, lines)), None)
        events = next(filter(None, map(_EVENTS.match, lines)), None)
        if any(map(_SKIPPED.match, lines)):
            continue
        if counts is None or int(counts[3]) == 0 or (events and int(events[1]) == 0):
            raise UserError(f"{case.path} does not say what it counted: is the kernel's log cut?")
        pairs = (each.split("=") for each in events[2].split()) if events else ()
        found[case.name, case.param] = Counted(
            int(counts[1]), int(counts[2]), int(counts[3]),
            {name: int(count) for name, count in pairs}, int(events[1]) if events else 0)
    return found


def agreed(counts: Sequence[Mapping[tuple[str, str], Counted]],
           events: Sequence[Mapping[tuple[str, str], Counted]], glob: str) -> Iterator[Case]:
    """Yield the numbers of the patterns that glob selects, from several boots for each kind.

    A pattern whose boots do not all say the same has none, and is an ERROR.
    """
    for key in dict.fromkeys(key for boot in counts for key in boot):
        if not fnmatchcase(".".join(key), glob or "*"):
            continue
        seen = [(boot[key].ticks, boot[key].operations) if key in boot else None for boot in counts]
        told = [(boot[key].events, boot[key].of_events) if key in boot else None for boot in events]
        if differ := _differ(seen) or _differ(told):
            yield Case(SUITE, key[0], key[1], Status.ERROR, reason=f"boots differ: {differ}"[:500])
            continue
        ticks, operations = counts[0][key].ticks, counts[0][key].operations
        yield Case(SUITE, key[0], key[1], Status.PASS, number=Number(round(ticks / operations, 3), INSTRUCTIONS))
        if told and told[0]:
            for name, count in told[0][0].items():
                number = Number(round(count / told[0][1], 4), EVENTS)
                yield Case(SUITE, key[0], f"{key[1]}: {name}", Status.PASS, number=number)


def _differ(values: Sequence[object]) -> str:
    """Return the values, for people, unless they are all the same."""
    return ", ".join(map(str, values)) if any(each != values[0] for each in values) else ""


def timed(counts: Sequence[Mapping[tuple[str, str], Counted]], glob: str) -> Iterator[Case]:
    """Yield the median time of each pattern that glob selects, and from what to what its boots had it."""
    for key in dict.fromkeys(key for boot in counts for key in boot):
        if fnmatchcase(".".join(key), glob or "*"):
            found = sorted(boot[key].ns / boot[key].operations for boot in counts if key in boot)
            number = Number(round(found[len(found) // 2], 1), TIME)
            yield Case(SUITE, key[0], key[1], Status.PASS, number=number,
                       reason=f"{found[0]:.1f} to {found[-1]:.1f} in {len(found)} boots")


def setting(run: Run) -> str:
    """Return how a run's kernel was built and booted, the same word for all kernels."""
    return run.cell.partition("/")[2]


def numbers(run: Run, unit: str) -> dict[str, float]:
    """Return the numbers of a run that have a unit, by the pattern's name."""
    return {f"{case.name}.{case.param}": case.number.value for case in run.result.cases
            if case.number and case.number.unit == unit}


def slow(run: Run) -> dict[str, dict[str, float]]:
    """Return, for each pattern, how often an operation comes to what costs, in the words of SLOW."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for name in numbers(run, INSTRUCTIONS):
        found[name] = dict.fromkeys(SLOW, 0.0)
    for name, value in numbers(run, EVENTS).items():
        pattern, _, event = name.rpartition(": ")
        for kind, names in SLOW.items():
            if event in names and pattern in found:
                found[pattern][kind] += value
    return found


def worse(base: float, head: float, unit: str) -> bool:
    """Say whether a number is so much larger that it is a regression.

    That is more than a hundredth, and more than two instructions, or an event in a thousand operations.
    """
    return head - base > max(SHARE * base, FEWEST if unit == INSTRUCTIONS else RAREST) + 1e-9


def declared(repo: Path) -> tuple[Declared, ...]:
    """Return what tools/declared.toml allows; raises UserError for what it may not say."""
    found = []
    for values, where in listed.entries(repo / DECLARED, "declared"):
        if not isinstance(values, dict) or values.keys() != {"pattern", "most", "reason"}:
            raise UserError(f"{where} needs pattern, most and reason, no others")
        if not all(isinstance(values[key], str) and values[key].strip() for key in ("pattern", "reason")):
            raise UserError(f"{where}: pattern and reason must be texts")
        if isinstance(values["most"], bool) or not isinstance(values["most"], (int, float)) \
                or not 0 < values["most"] <= 1000:
            raise UserError(f"{where}: most must be percent, more than 0 and at most 1000")
        found.append(Declared(**values))
    return tuple(found)


@dataclass(frozen=True)
class Difference:
    """A number that is not what it was; None is one that is not there. kind is a word for people."""

    kind: str
    setting: str
    name: str
    unit: str
    base: float | None
    head: float | None
    reason: str = ""

    @property
    def fails(self) -> bool:
        """Say whether it is a regression."""
        return self.kind in ("REGRESSION", "GONE")


def compare(base: Sequence[Run], head: Sequence[Run], allowed: Sequence[Declared]) -> list[Difference]:
    """Return what differs between two results, setting by setting; regressions come first.

    Raises UserError if they have no pattern in common, for results of several kernels, and for times,
    which are never gated.
    """
    before, after = _by_setting(base), _by_setting(head)
    shared = [name for name in before if name in after]
    if not any(numbers(before[name], INSTRUCTIONS).keys() & numbers(after[name], INSTRUCTIONS).keys()
               or numbers(before[name], TIME) or numbers(after[name], TIME) for name in shared):
        raise UserError("they have no pattern in common: are both what bench has written?")
    found = [Difference("GONE", name, "all patterns", INSTRUCTIONS, None, None)
             for name in before if name not in after]
    for name in shared:
        if any(numbers(side[name], TIME) for side in (before, after)):
            raise UserError("times are never gated: one of them was made with --wall")
        costs = [numbers(side[name], INSTRUCTIONS) for side in (before, after)]
        slow_paths = [_flat(slow(side[name]), costs[0].keys() & costs[1].keys()) for side in (before, after)]
        for unit, (old, new) in ((INSTRUCTIONS, costs), (EVENTS, slow_paths)):
            for pattern in dict.fromkeys((*old, *new)):
                if old.get(pattern) != new.get(pattern):
                    each = Difference("", name, pattern, unit, old.get(pattern), new.get(pattern))
                    found.append(_judged(each, allowed))
    return sorted(found, key=lambda each: not each.fails)


def _by_setting(runs: Sequence[Run]) -> dict[str, Run]:
    found = {setting(run): run for run in runs}
    if len(found) < len(runs):
        raise UserError("one of them has several kernels: name a file that has one")
    return found


def _flat(of: Mapping[str, Mapping[str, float]], patterns: Collection[str]) -> dict[str, float]:
    return {f"{pattern}: {kind}": round(value, 4) for pattern, kinds in of.items() if pattern in patterns
            for kind, value in kinds.items()}


def _judged(each: Difference, allowed: Sequence[Declared]) -> Difference:
    if each.base is None:
        return replace(each, kind="new")
    if each.head is None:
        return replace(each, kind="GONE")
    if not worse(each.base, each.head, each.unit):
        better = worse(each.head, each.base, each.unit)
        return replace(each, kind="cheaper" if better else "differs")
    for one in allowed:
        if fnmatchcase(each.name, one.pattern) and each.head <= each.base * (1 + one.most / 100):
            return replace(each, kind="declared", reason=one.reason)
    return replace(each, kind="REGRESSION")


def told(differences: Sequence[Difference], base: Sequence[Run], head: Sequence[Run]) -> Iterator[str]:
    """Yield what people are told of a comparison."""
    def shown(value: float | None) -> str:
        return "-" if value is None else f"{value:.2f}" if value >= 10 else f"{value:.4g}"

    rows = []
    for each in differences:
        change = ""
        if each.base is not None and each.head is not None:
            change = f"{each.head - each.base:+.4g}"
            change += f" ({(each.head / each.base - 1) * 100:+.1f} %)" if each.base > 0 else ""
        rows.append([f"{each.kind:10}  {each.setting:9}  {each.name}", shown(each.base), "->",
                     shown(each.head), each.unit, change + (f"  ({each.reason})" if each.reason else "")])
    yield from (line.rstrip() for line in aligned(rows))
    count = sum(len(numbers(run, INSTRUCTIONS)) for run in base)
    fails = sum(each.fails for each in differences)
    compilers = {run.compiler for run in (*base, *head)}
    if len(compilers) > 1:
        yield f"these are of different compilers: {', '.join(sorted(compilers))}"
    yield (f"{base[0].kernel} -> {head[0].kernel}: {count} patterns, {len(differences)} numbers differ, "
           f"{fails} regression{'s' * (fails != 1)}")


def table(runs: Sequence[Run]) -> Iterator[str]:
    """Yield what the patterns cost: a table a setting, with a column a kernel, or one of all settings."""
    kernels = list(dict.fromkeys(run.kernel for run in runs))
    if len(kernels) == 1:
        yield from _costs(runs, [setting(run) for run in runs], f"Linux {kernels[0]}")
    else:
        for name in dict.fromkeys(setting(run) for run in runs):
            some = [run for run in runs if setting(run) == name]
            yield from _costs(some, [run.kernel for run in some], name)
    for run in runs:
        if setting(run) == setting(runs[0]):
            yield from _slow_paths(run)


def _costs(runs: Sequence[Run], columns: Sequence[str], title: str) -> Iterator[str]:
    unit = TIME if any(numbers(run, TIME) for run in runs) else INSTRUCTIONS
    of = [numbers(run, unit) for run in runs]
    spread = {f"{case.name}.{case.param}": case.reason for run in runs for case in run.result.cases}
    rows = [[f"{title}, {unit}", *columns]]
    for name in dict.fromkeys(name for each in of for name in each):
        cells = [f"{each[name]:.2f}" if name in each else "-" for each in of]
        rows.append([name, *cells, *([spread[name]] if unit == TIME and len(runs) == 1 else [])])
    if unit == TIME and len(runs) == 1:
        rows[0].append("spread")
    yield from aligned(rows)
    for run in runs:
        for case in run.result.cases:
            if case.bad:
                name = ".".join(filter(None, (case.name, case.param)))
                yield f"{setting(run)}: {name}: {case.reason or case.status.value}"
    yield ""


def _slow_paths(run: Run) -> Iterator[str]:
    """Yield how often an operation comes to what costs, for the patterns that do."""
    rows = [[f"Linux {run.kernel}, {setting(run)}, per 1000 operations", *SLOW]]
    rows += [[name, *(f"{1000 * value:.1f}" if value else "-" for value in kinds.values())]
             for name, kinds in slow(run).items() if any(kinds.values())]
    if rows[1:]:
        yield from aligned(rows)
        yield ""
