# SPDX-License-Identifier: GPL-2.0-only
"""Expected deaths: cases whose right outcome is that the kernel stops, each in a boot of its own.

Such a case announces the words that the kernel must say, and has passed if it then says them and
panics, in this very case and for no other reason. It skips in any boot without ARGUMENT.
"""
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kmem_kunit import boot, cache, ktap, splat
from kmem_kunit.arch import UML
from kmem_kunit.image import Image
from kmem_kunit.result import Case, Result, Status

SUITE = "kmem_fatal"
ARGUMENT = "kmem_fatal_kunit.die=1"

_MEMORY = "64M"  # a boot takes as long as there is memory to set up, or to clear for init_on_free=1
_LIMIT = 60.0  # seconds for one boot, of which it needs one
_SHOWN = 40  # lines of a log that show why a case failed
_START = re.compile(r"\[\d\d:\d\d:\d\d\] Starting KUnit Kernel \(\d+/\d+\)\.\.\.")
_TIME = r"(?:\[[ \d.]+\] )?"
_PANIC = _TIME + r"Kernel panic - not syncing: "
_BUG = _TIME + r"BUG: failure at \S+?:\d+"  # behind which User-Mode Linux panics with "BUG!"
_USERCOPY = _TIME + r"usercopy: Kernel memory "
_BY_BUG = re.compile(f"{_PANIC}BUG!")
_BEFORE_BUG = re.compile(f"{_BUG}|{_USERCOPY}")
_OF_BUG = re.compile(rf"^(?:{_USERCOPY}.*\n{_BUG}/usercopy_abort\(\)!|{_BUG}.*)\Z", re.MULTILINE)
_BEFORE_WORDS = (  # of each of these lines, what is no part of the words
    rf"{_PANIC}(?:\w+: )?|{_BUG}|{_USERCOPY}(?:\w+ attempt detected \w+ \w+ object '[^']*' )?"
)
_ALIVE = re.compile(_TIME + r"\s*(?:# |reboot: )")  # a case that goes on, or the end of all cases
_COMMAND = re.compile(  # kunit.py of 6.1 adds to its arguments in each boot: the last one counts
    _TIME + r"Kernel command line: .*kunit\.filter_glob=(\w+)\.(\w+)(?= |$)"
)


class _Stopped(Exception):
    """Nobody waits for the verdicts any more."""


@dataclass(frozen=True)
class Alone:
    """What one of the boots has printed: the suite and the case that it was for, and its lines."""

    suite: str
    case: str
    lines: tuple[str, ...]


def cases(image: Image, planned: Mapping[str, Sequence[str]]) -> list[str]:
    """Return which of the planned cases shall die: none where a BUG() kills a thread only."""
    return list(planned.get(SUITE, ())) if image.arch.name == UML.name else []


def run(base: Path, image: Image, arguments: Sequence[str], glob: str, names: Sequence[str],
        stopped: Callable[[], bool]) -> list[Case]:
    """Boot an image once for each of the cases names, which glob selects; return their verdicts.

    Raises an exception if stopped() becomes true.
    """
    def tick(_: int, __: int | None) -> None:
        if stopped():
            raise _Stopped

    if not names:
        return []
    glob = f"{SUITE}.{glob.partition('.')[2] or '*'}"
    log = boot.boot(base, image, (*arguments, ARGUMENT), glob, limit=_LIMIT, on_tick=tick,
                    isolated=len(names), memory=_MEMORY)
    said = {alone.case: alone.lines for alone in split(log)}
    verdicts = [judge(name, said.get(name, ()), f"(log {log.path})") for name in names]
    if not any(case.bad for case in verdicts):
        cache.remove(log.path.parent)
    return verdicts


def split(log: boot.Log) -> list[Alone]:
    """Return the boots of a log that kunit.py made one after the other, each for a case."""
    boots: list[list[str]] = []
    with open(log.path, "rb") as stream:
        for line in (line.rstrip() for line in ktap.lines(stream)):
            if _START.fullmatch(line):
                boots.append([])
            elif boots:
                boots[-1].append(line)
    found = []
    for lines in boots:
        first = next((match for line in lines if (match := _COMMAND.match(line))), None)
        found += [Alone(first[1], first[2], tuple(lines))] if first else []
    return found


def judge(name: str, lines: Sequence[str], where: str) -> Case:
    """Return the verdict on a case from the lines that the boot that was its own has printed.

    where says to people where all of it is kept.
    """
    result = ktap.read(lines, {SUITE: [name]})
    case = next(each for each in result.cases
                if (each.suite, each.name, each.param) == (SUITE, name, ""))
    if case.status is Status.SKIP:
        return case
    wrong = _wrong(result, case, lines)
    text = "\n".join([wrong, *lines[-_SHOWN:], where]) if wrong else ""
    return Case(SUITE, name, "", Status.FAIL if wrong else Status.PASS, log=text)


def _wrong(result: Result, case: Case, lines: Sequence[str]) -> str:
    """Say what is wrong with how the kernel ended, "" if it ended as the case has announced."""
    marker = re.compile(rf"{_TIME}\s*# {re.escape(case.name)}: must stop the kernel: (.*)")
    at = next(((n, match[1]) for n, line in enumerate(lines) if (match := marker.match(line))), None)
    if at is None:
        return "the case has not announced how the kernel must end"
    number, words = at
    panics = [n for n, line in enumerate(lines) if splat.is_panic(line)]
    if [problem.kind for problem in result.problems] != ["panic"] or len(panics) != 1:
        return "the kernel has not ended with one panic and nothing else"
    if result.problems[0].case != f"{SUITE}.{case.name}":
        return f"the kernel stopped in {result.problems[0].case or 'no case'}"
    if case.status is not Status.MISS or any(map(_ALIVE.match, lines[panics[0] :])):
        return "the kernel has gone on after it said that it stops"
    said = re.compile(rf"(?:{_BEFORE_WORDS}){re.escape(words)}(?!\w)")
    if not any(map(said.match, _last_words(lines[number + 1 : panics[0] + 1]))):
        return f"the kernel has not said {words!r}"
    return ""


def _last_words(lines: Sequence[str]) -> list[str]:
    """Return those in which the kernel says why it stops; the last of the lines is the panic's.

    Of a BUG() that is its own line, and one of usercopy has said why in the line before it.
    """
    found = [*lines[-1:]]
    if found and _BY_BUG.fullmatch(found[0]):
        match = _OF_BUG.search("\n".join([*filter(_BEFORE_BUG.match, lines)][-2:]))
        found += match[0].split("\n") if match else []
    return found


def merged(result: Result, died: Sequence[Case]) -> Result:
    """Return a result with the verdicts on those that died in place of their being skipped."""
    verdicts = {case.name: case for case in died}
    return replace(result, cases=tuple(
        verdicts.get(case.name, case) if case.suite == SUITE else case for case in result.cases))
