# SPDX-License-Identifier: GPL-2.0-only
"""What the command line may say: verbs, options, and how help describes them."""
import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from kmem_kunit import arch, gating, kernel
from kmem_kunit.errors import UserError
from kmem_kunit.mutant import OPERATORS
from kmem_kunit.suites import OURS

Verb = Callable[[argparse.Namespace], int]  # returns the exit status
_EXAMPLES = {
    "run": "kmem-kunit run --kernel 7.3 --filter 'kmem_strdup.*' --junit results.xml",
    "matrix": "kmem-kunit matrix --group quick --json results.json",
    "gate": "kmem-kunit gate --tree ~/src/linux v7.2 HEAD\n"
    "  kmem-kunit gate --baseline --group ci",
    "bisect": "kmem-kunit bisect --tree ~/src/linux --good v6.12 --bad HEAD --case 'kmem_strdup.*'",
    "export": "kmem-kunit export --kernel ~/src/linux --author 'A Developer <a@example.org>' --output patches",
    "fetch": "kmem-kunit fetch 6.1 6.12 7.2 7.3",
    "list": "kmem-kunit list --kernel ~/src/linux",
    "surface": "kmem-kunit surface --kernel ~/src/linux",
    "doctor": "kmem-kunit doctor",
    "mutate": "kmem-kunit mutate --kernel ~/src/linux --since v7.2 --json mutants.json",
    "coverage": "kmem-kunit coverage --kernel 7.3 --lcov kmem.lcov",
    "bench": "kmem-kunit bench --kernel 6.12 --kernel 7.3 --pattern 'kmalloc_and_kfree.64 *'\n"
    "  kmem-kunit bench --tree ~/src/linux --base v7.2 --head HEAD",
    "report": "kmem-kunit report result.json mutants.json kmem.lcov bench.json -o result.html",
    "apply": "kmem-kunit apply --tree ~/src/linux\n"
    "  cd ~/src/linux && tools/testing/kunit/kunit.py run --kunitconfig=lib/kmem_kunit",
    "unapply": "kmem-kunit unapply --tree ~/src/linux",
}

EXIT_STATUS = "0 as expected; 1 a failure; 2 wrong use or unusable machine"
ENVIRONMENT = {
    "KMEM_KUNIT_CACHE": "where sources, builds and images are kept, instead of ~/.cache/kmem-kunit",
    "NO_COLOR": "if it is set, nothing is coloured",
}
_FIRST = """first steps:
  kmem-kunit doctor                    what this machine lacks
  kmem-kunit run                       build, boot and judge Linux 6.12
  kmem-kunit run --kernel ~/src/linux  the same of a kernel of yours
  kmem-kunit list                      what each case proves"""

_PARTS = {  # what the jobs of --engine slurm run
    "matrix-job": "Be one job of a matrix on a cluster: run a cell, or merge the results of all.",
    "mutate-job": "Be one job of mutate on a cluster: judge some of the mutants.",
}


class _Parser(argparse.ArgumentParser):
    """Reports wrong use as every other error is reported."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message} (see {self.prog} --help)")


def parser(functions: Mapping[str, Verb]) -> argparse.ArgumentParser:
    """Return what reads the command line; functions has what each verb does."""
    made = _Parser(
        prog="kmem-kunit",
        description="Run the KUnit suites for the kernel's dynamic-memory API on any kernel.",
        epilog="\n\n".join((_FIRST, "environment:\n" + "\n".join(f"  {name:19}{says}" for name, says in
                                                                   ENVIRONMENT.items()), f"exit status: {EXIT_STATUS}")),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verbs = made.add_subparsers(dest="verb", metavar="VERB", required=True)

    def verb(name: str, does: str) -> _Parser:
        each: _Parser = verbs.add_parser(
            name,
            help=does,
            description=does[0].upper() + does[1:] + ".",
            epilog=f"example:\n  {_EXAMPLES[name]}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        each.set_defaults(function=functions[name])
        return each

    run = verb("run", "build a kernel with the suites, boot it, and judge what it prints")
    _add_kernel(run, kernel.DEFAULT)
    run.add_argument("--filter", default="", metavar="GLOB", help="suites or suite.case to run")
    run.add_argument("--boot-args", default="", metavar='"..."', help="kernel arguments")
    run.add_argument("--json", type=_path, metavar="FILE", help="write the results as KCIDB JSON")
    run.add_argument("--junit", type=_path, metavar="FILE", help="write the results as JUnit XML")
    run.add_argument("--build-dir", type=_path, metavar="DIR", help="build there, not in the cache")
    run.add_argument("--dry-run", action="store_true", help="only print the kunit.py command lines")
    run.add_argument("--raw", action="store_true", help="show the console as it is")

    many = verb("matrix", "run many cells: kernels, each built and booted in some way")
    many.add_argument("--group", type=_given, metavar="NAME", help="cells of a group (default: all)")
    many.add_argument("--cells", default="*", metavar="GLOB", help="of them, those of this name")
    many.add_argument("--filter", default="", metavar="GLOB", help="suites or suite.case to run")
    many.add_argument("--list", action="store_true", help="only list the cells")
    many.add_argument("--dry-run", action="store_true", help="only print the commands of the cells")
    many.add_argument("--repeat", type=_positive, default=1, metavar="N", help="run each N times")
    many.add_argument("--json", type=_path, metavar="FILE", help="write all results as KCIDB JSON")
    _add_engine(many)
    _add_jobs(many, "cells, and compilers, at once")

    for name, does in _PARTS.items():
        part = verbs.add_parser(name, allow_abbrev=False, description=does)
        part.set_defaults(function=functions[name])
        part.add_argument("--manifest", required=True, type=_path, metavar="FILE",
                          help="what the jobs are, as who submits them has written it")
        which = part.add_mutually_exclusive_group(required=True)
        which.add_argument("--index", type=int, metavar="N", help="do the N-th, unless it has been done")
        if name == "matrix-job":
            which.add_argument("--merge", action="store_true", help="write all results into one file")

    _add_gate(verb("gate", "compare two results, two revisions, or cells with their baselines, case by case"))

    find = verb("bisect", "find the commit that made cases fail")
    find.add_argument("--tree", required=True, type=_given, metavar="PATH",
                      help="a kernel's git tree; its checkout is not touched")
    find.add_argument("--good", required=True, metavar="REV", help="a commit in which they pass")
    find.add_argument("--bad", required=True, metavar="REV", help="a later one, in which one fails")
    step = verbs.add_parser("bisect-step", allow_abbrev=False)  # what "git bisect run" runs for us
    step.set_defaults(function=functions["bisect-step"])
    step.add_argument("--tree", required=True, type=_path)
    step.add_argument("--results", required=True, type=_path)
    for each in (find, step):
        each.add_argument("--case", default="", metavar="GLOB", help="suites or suite.case to run")
        each.add_argument("--boot-args", default="", metavar='"..."', help="kernel arguments")
        _add_building(each)

    _add_mutate(verb("mutate", "change the allocator in many small ways, and count what goes unnoticed"))

    cover = verb("coverage", "count which lines, branches and functions the suites reach")
    _add_mutable(cover)
    _add_measured(cover)
    cover.add_argument("--lcov", type=_path, metavar="FILE", help="write an lcov tracefile")
    cover.add_argument("--html", type=_path, metavar="DIR", help="write pages with the sources")
    _add_jobs(cover, "compilers at once")

    _add_export(verb("export", "write the suites as patches for a kernel, to be sent upstream"))
    _add_bench(verb("bench", "count what allocations cost, to the instruction, and compare it"))

    page = verb("report", "write one page, for a browser, of all that results say")
    page.add_argument("results", nargs="*", type=_path, metavar="RESULT",
                      help="a result as KCIDB JSON, also of bench, mutants as JSON, or an lcov tracefile "
                      "(default: the baselines of this repository)")
    page.add_argument("-o", "--output", type=_path, default=Path("kmem-kunit.html"), metavar="FILE",
                      help="where to (default: %(default)s)")

    fetch = verb("fetch", "bring the newest source of kernel series into the cache")
    fetch.add_argument("series", nargs="+", metavar="SERIES", help="such as 6.12")

    listing = verb("list", "list suites, cases and what each case proves")
    _add_kernel(listing, None)

    whole = verb("surface", "list the allocator's functions, each with its cases")
    whole.add_argument(
        "--kernel", type=_given, default=kernel.DEFAULT, metavar="SERIES|PATH",
        help=f"whose headers to read: a series such as 6.1, or a tree (default: {kernel.DEFAULT})",
    )

    verb("doctor", "say what this machine lacks, and what installs it")

    apply = verb("apply", "put the suites into a kernel tree as lib/kmem_kunit/")
    unapply = verb("unapply", "take the suites out of a kernel tree again")
    for each in (apply, unapply):
        each.add_argument("--tree", required=True, type=_given, metavar="PATH", help="the kernel tree")
    return made


def _add_kernel(parser: argparse.ArgumentParser, default: str | None) -> None:
    note = f" (default: {default})" if default else ": what is in its image"
    parser.add_argument(
        "--kernel",
        type=_given,
        default=default,
        metavar="SERIES|PATH",
        help=f"a series such as 6.1, or a kernel tree, which is not written to{note}",
    )
    _add_building(parser)


def _add_mutable(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(arch="uml-clang", config=[])
    parser.add_argument("--kernel", type=_given, default=kernel.DEFAULT, metavar="SERIES|PATH",
                        help=f"a series such as 7.3, or a kernel tree (default: {kernel.DEFAULT})")


def _add_measured(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--suites", action="append", default=[], metavar="GLOB",
                        help=f"the suites that are measured (default: {OURS}); may be repeated, to compare them")


def _add_mutate(mutate: argparse.ArgumentParser) -> None:
    _add_mutable(mutate)
    _add_measured(mutate)
    mutate.add_argument("--without", action="append", default=[], choices=list(OPERATORS),
                        metavar="OPERATOR", help="leave out the mutants of an operator; may be repeated")
    changed = mutate.add_mutually_exclusive_group()
    changed.add_argument("--since", metavar="REV", help="only mutants on lines changed since then")
    changed.add_argument("--diff", type=_path, metavar="FILE",
                         help="only mutants on the lines of a patch that is applied")
    mutate.add_argument("--shard", type=_shard, default=(1, 1), metavar="K/N",
                        help="only the K-th of N parts of the mutants")
    mutate.add_argument("--resume", action="store_true", help="go on with a run that was interrupted")
    mutate.add_argument("--json", type=_path, metavar="FILE",
                        help="write the verdicts as mutation-testing-report-schema has it")
    _add_engine(mutate)
    # a third of a boot is spent waiting
    _add_jobs(mutate, "mutants, and compilers, at once", 2 * _processors())


def _add_building(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        action="append",
        default=[],
        metavar="NAME",
        help="add tools/configs/NAME.config; may be repeated",
    )
    parser.add_argument(
        "--arch", default=arch.UML.label, choices=arch.names(), help="default: %(default)s"
    )
    _add_jobs(parser, "compilers at once")


def _add_gate(gate: argparse.ArgumentParser) -> None:
    gate.add_argument("base", nargs="?", type=_given, metavar="BASE",
                      help="a result file, or a git revision")
    gate.add_argument("head", nargs="?", type=_given, metavar="HEAD",
                      help="another, to be no worse than it")
    gate.add_argument("--tree", type=_given, metavar="PATH",
                      help="the git repository of the revisions, which is only read")
    gate.add_argument("--baseline", action="store_true", help="compare with tools/baselines")
    gate.add_argument("--update", action="store_true", help="rewrite the baselines, and say how")
    gate.add_argument("--group", type=_given, metavar="NAME",
                      help=f"the cells to run (default: {gating.GROUP})")
    gate.add_argument("--cells", type=_given, metavar="GLOB",
                      help="of them, or of all, those of this name; for --baseline and --update")
    gate.add_argument("--filter", default="", metavar="GLOB", help="suites or suite.case to run")
    gate.add_argument("--json", type=_path, metavar="FILE", help="write the findings as JSON")
    gate.add_argument("--junit", type=_path, metavar="FILE", help="write the verdicts as JUnit XML")
    gate.add_argument("--gitlab", type=_path, metavar="FILE", help="write a Code Quality report")
    gate.add_argument("--github", action="store_true", help="print GitHub's workflow commands")
    _add_jobs(gate, "cells, and compilers, at once")


def _add_export(export: argparse.ArgumentParser) -> None:
    export.add_argument("--kernel", type=_given, metavar="SERIES|PATH",
                        help=f"for which: a series such as 7.3, or a kernel tree (default: {kernel.DEFAULT})")
    export.add_argument("--author", required=True, metavar="'NAME <ADDRESS>'", help="whose patches they are")
    export.add_argument("--output", type=_path, metavar="DIR", help="write them as files, in a new folder")
    export.add_argument("--fix", metavar="NAME",
                        help="write Documentation/findings/NAME.patch and what proves it instead")
    export.add_argument("--subtree", action="store_true",
                        help="write the patch that builds this repository as a subtree, and say how to carry it so")
    export.add_argument("--previous", type=_path, metavar="DIR",
                        help="tell what has changed since the version in that folder, and be the next one")
    export.add_argument("--check", choices=("quick", "full"),
                        help="apply, build and run them all, and let sparse and checkpatch.pl read them; or one by "
                        "one, by clang too, and let coccicheck and Sphinx read them as well")
    _add_jobs(export, "compilers at once")
    export.add_argument("--branch", metavar="NAME", help="write them as commits instead, on a new branch")
    export.add_argument("--tree", type=_path, metavar="PATH", help="of that repository, for the kernel it has checked out")


def _add_bench(bench: argparse.ArgumentParser) -> None:
    bench.add_argument("--kernel", action="append", type=_given, metavar="SERIES|PATH",
                       help=f"a series such as 7.3, or a kernel tree (default: {kernel.DEFAULT}); may be repeated")
    bench.add_argument("--config", action="append", default=[], metavar="NAME",
                       help="add tools/configs/NAME.config; may be repeated")
    bench.add_argument("--pattern", default="", metavar="GLOB", help="show and compare only patterns of this name")
    bench.add_argument("--base", type=_given, metavar="WHAT",
                       help="a result file, a series, a kernel tree, or with --tree a revision of it")
    bench.add_argument("--head", type=_given, metavar="WHAT", help="another, to cost no more than that")
    bench.add_argument("--tree", type=_given, metavar="PATH",
                       help="the git repository of the revisions, which is only read")
    bench.add_argument("--json", type=_path, metavar="FILE",
                       help="write the numbers, those of --head, as KCIDB JSON")
    bench.add_argument("--svg", type=_path, metavar="DIR", help="write a plot of each family of patterns")
    bench.add_argument("--wall", action="store_true",
                       help="show times instead, with their spread; needs KVM, and is never gated")
    _add_jobs(bench, "boots, and compilers, at once")


def _add_engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", default="local", choices=("local", "slurm"),
                        help="slurm: on the machines of a cluster that share the cache")


def _processors() -> int:
    return len(os.sched_getaffinity(0))


def _add_jobs(parser: argparse.ArgumentParser, what: str, default: int | None = None) -> None:
    parser.add_argument("--jobs", type=_positive, default=default or _processors(), metavar="N",
                        help=f"{what} (default: %(default)s)")


def _given(text: str) -> str:
    if not text:  # as of an unset variable: not all, nor the default, nor the current folder
        raise argparse.ArgumentTypeError("it is empty")
    return text


def _path(text: str) -> Path:
    return Path(_given(text))


def _positive(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 4096:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 4096")
    return int(text)


def _shard(text: str) -> tuple[int, int]:
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 0 < int(part) <= int(parts) <= 10000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a part such as 1/4")
    return int(part), int(parts)
