# SPDX-License-Identifier: GPL-2.0-only
"""The book: the pages of Documentation, and those that are made of the code and of what is on record."""
import argparse
import re
import shutil
import textwrap
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from kmem_kunit import bench, cells, evidence, overlay, suites, usage
from kmem_kunit.result import Case, Status
from kmem_kunit.suites import CaseInfo

PAGES = "Documentation"
EXAMPLES = "lib/kmem_example_kunit.c"  # which the tutorial shows
_WIDTH = 100  # columns
_SPECIAL = re.compile(r"[\\*`|]|_(?=\W|$)")  # what reStructuredText would take for markup


def write(folder: Path) -> None:
    """Write the sources of the book into an empty folder, as Sphinx reads them, alone or in a kernel tree."""
    for page in sorted((overlay.REPO / PAGES).glob("*.rst")):
        shutil.copyfile(page, folder / page.name)
    shutil.copyfile(overlay.REPO / PAGES / "conf.py", folder / "conf.py")
    shutil.copyfile(overlay.REPO / EXAMPLES, folder / Path(EXAMPLES).name)
    (folder / "contracts.rst").write_text("\n".join(_contracts()) + "\n", encoding="utf-8")
    (folder / "command.rst").write_text("\n".join(_command()) + "\n", encoding="utf-8")


def escaped(text: str) -> str:
    """Return plain text as reStructuredText."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def _title(text: str, line: str) -> Iterator[str]:
    if line == "*":
        yield line * len(text)
    yield from (text, line * len(text), "")


def _contracts() -> Iterator[str]:
    """Yield the lines of the page of contracts: each sentence, where it is from, and where it holds."""
    yield ".. SPDX-License-Identifier: GPL-2.0-only"
    yield ""
    yield from _title("The contracts", "*")
    yield from _paragraph(
        "What the kernel promises, as the cases state it: a sentence, where it is from, and the series in which it "
        "holds, that is, in which the case passed in a cell that is on record. This page is made of the comments of "
        "the cases, and of the results in tools/baselines.")
    recorded = _recorded()
    for suite in suites.load(overlay.REPO / "lib"):
        if suite.name == bench.SUITE:
            continue
        yield from _title(suite.name, "=")
        for case in suite.cases:
            yield f"``{case.name}``"
            yield from _paragraph(_contract(case, recorded.get(f"{suite.name}.{case.name}", {})), "   ")


def _contract(case: CaseInfo, outcomes: Mapping[str, Sequence[Case]]) -> str:
    parts = [escaped(case.contract)]
    if case.source:
        parts.append(f"*Source:* {escaped(case.source)}.")
    holds = [series for series, seen in outcomes.items() if any(each.status is Status.PASS for each in seen)]
    parts.append(f"*Holds:* {', '.join(holds)}." if holds else "*Holds:* nowhere that is on record.")
    for series, seen in outcomes.items():
        broken = sorted({each.known or "it fails" for each in seen if each.status is Status.FAIL})
        if broken:
            parts.append(f"*Broken* in {series}: {escaped('; '.join(broken))}.")
        elif series not in holds:
            reason = next((each.reason for each in seen if each.reason), "it was not run")
            parts.append(f"*Not* in {series}: {escaped(reason)}.")
    return " ".join(parts)


def _recorded() -> dict[str, dict[str, list[Case]]]:
    """Return what is on record of each case, by series."""
    found: dict[str, dict[str, list[Case]]] = {}
    series = cells.load(overlay.REPO).series
    for run in evidence.on_record():
        for case in run.result.cases:
            of = found.setdefault(f"{case.suite}.{case.name}", {each: [] for each in series})
            of.setdefault(run.cell.partition("/")[0], []).append(case)
    return found


def _command() -> Iterator[str]:
    """Yield the lines of the page of the command, which is its manual, too: what --help of each verb says."""
    parser = usage.parser(defaultdict(lambda: lambda options: 0))
    yield ".. SPDX-License-Identifier: GPL-2.0-only"
    yield ""
    yield from _title("kmem-kunit", "*")
    yield from _paragraph(escaped(parser.description or ""))
    yield from _title("Synopsis", "=")
    yield from ("**kmem-kunit** *VERB* [*OPTION*...]", "")
    verbs = next(action for action in parser._actions  # pylint: disable=protected-access
                 if isinstance(action, argparse._SubParsersAction))  # pylint: disable=protected-access
    for shown in verbs._choices_actions:  # pylint: disable=protected-access
        name, verb = shown.dest, verbs.choices[shown.dest]
        yield from _title(f"kmem-kunit {name}", "=")
        yield from _paragraph(escaped(verb.description or ""))
        for action in verb._actions:  # pylint: disable=protected-access
            if action.dest != "help" and action.help != argparse.SUPPRESS:
                yield from _option(verb, action)
        example = (verb.epilog or "").removeprefix("example:\n")
        yield from ("Example::", "", *(f"   {line.strip()}" for line in example.splitlines()), "")
    yield from _title("Exit status", "=")
    yield from _paragraph(f"{usage.EXIT_STATUS}.")
    yield from _title("Environment", "=")
    for variable, says in usage.ENVIRONMENT.items():
        yield f"``{variable}``"
        yield from _paragraph(escaped(says), "   ")


def _option(verb: argparse.ArgumentParser, action: argparse.Action) -> Iterator[str]:
    formatter = verb._get_formatter()  # pylint: disable=protected-access
    yield f"``{formatter._format_action_invocation(action)}``"  # pylint: disable=protected-access
    says = formatter._expand_help(action)  # pylint: disable=protected-access
    if action.dest == "jobs":
        says = re.sub(r"default: \d+", "default: by the number of processors", says)  # not those of who made the book
    yield from _paragraph(escaped(says), "   ")


def _paragraph(text: str, indent: str = "") -> Iterator[str]:
    yield from textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False,
                             break_on_hyphens=False)
    yield ""
