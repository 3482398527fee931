# SPDX-License-Identifier: GPL-2.0-only
"""What is sent: the suites as patches, or a fix with its cases, and what the patches and the cover letter say."""
import re
import shlex
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kmem_kunit import config, evidence, intree, overlay, patchset, suites, upstream
from kmem_kunit.arch import UML
from kmem_kunit.fixes import Fix
from kmem_kunit.intree import Place, Suite
from kmem_kunit.kernel import Kernel
from kmem_kunit.patchset import Patch

_SUBJECT = "slab/kunit: "
_FAULTS = 5  # told in a patch
_FUNCTIONS = 8  # likewise
_WIDTH = 75  # columns of a message
_TRAILERS = re.compile(r"\n\n(?:[A-Z][a-z]+(?:-[a-z]+)*: .+\n?)+\Z")
_INCLUDED = re.compile(r'^#include "(kmem_\w+\.h)"', re.MULTILINE)


@dataclass(frozen=True)
class Series:
    """What is exported: the patches, what they change as the kernel has it, and cases that are left out."""

    patches: Sequence[Patch]
    base: Mapping[str, str]
    left_out: Sequence[upstream.Skipped]
    place: Place
    cover: tuple[str, str]  # the subject and the text of the letter


def subtree(the_kernel: Kernel) -> Series:
    """Return the patch that makes a kernel build this repository, where it is a subtree of it, and how that is done."""
    base = {name: (the_kernel.path / name).read_bytes() for name in overlay.HOOKED}
    hooked = {name: overlay.hook(name, text).decode() for name, text in base.items()}
    patch = Patch("lib: build the suites of kmem-kunit", _wrapped(
        f"They are in {overlay.PLACE}, a subtree that is the repository of kmem-kunit."), hooked)
    text = (f"{_wrapped('To carry the repository of kmem-kunit in a kernel, where URL and REVISION name it:')}\n\n"
            f"  git subtree add --squash --prefix={overlay.PLACE} URL REVISION\n"
            "  git am 0001-lib-build-the-suites-of-kmem-kunit.patch\n"
            f"  ./tools/testing/kunit/kunit.py run --kunitconfig={overlay.PLACE}\n\n"
            "And to update it:\n\n"
            f"  git subtree pull --squash --prefix={overlay.PLACE} URL REVISION")
    return Series(_assisted([patch], the_kernel), {name: text.decode() for name, text in base.items()}, [],
                  intree.place(the_kernel.path), ("kmem-kunit as a subtree", text))


def _assisted(patches: Iterable[Patch], the_kernel: Kernel) -> list[Patch]:
    """Return patches that say how they were made, in the form that a kernel asks for.

    That is in Documentation/process/coding-assistants.rst, where there is one, and checkpatch.pl knows it.
    """
    checkpatch = (the_kernel.path / "scripts/checkpatch.pl").read_text(encoding="utf-8", errors="replace")
    trailer = "Assisted-by: LLM" + (":unspecified" if "AGENT_NAME:MODEL_VERSION" in checkpatch else "")
    return [replace(patch, body=patch.body + ("\n" if _TRAILERS.search(patch.body) else "\n\n") + trailer)
            for patch in patches]


@dataclass(frozen=True)
class _Known:
    """What messages tell, by suite: functions that no other test calls, and faults that were noticed."""

    untested: Mapping[str, Sequence[str]]
    noticed: Mapping[str, Sequence[str]]


def suites_of(patch: Patch) -> list[str]:
    """Return the suites that a patch brings."""
    return [each.name for path, text in patch.files.items() if path.endswith("_kunit.c")
            for each in suites.scan(text, path)]


def made(the_kernel: Kernel, folder: Path, fix: Fix | None) -> Series:
    """Return the patches for a kernel: all suites, or a fix and the suites of its cases.

    folder is an empty one to work in. Raises UserError for a fix that is not for this kernel.
    """
    repo, tree = overlay.REPO, the_kernel.path
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted((repo / "lib").glob("kmem_*.[ch]"))
             if not path.name.startswith("kmem_bench")}
    work = folder / "c"
    work.mkdir()
    files, left_out = upstream.exported(texts, tree, the_kernel.series, work)
    where = intree.place(tree)
    ours = {name: (repo / name).read_text(encoding="utf-8") for name in ("Kconfig", "lib/Makefile")}
    found = intree.suites(ours["Kconfig"], ours["lib/Makefile"], files)
    if fix is not None:
        (folder / "fix").mkdir()
        fixed = fix.patched(the_kernel, folder / "fix")
        other = {suite.file for suite in found
                 if not fix.suites & {each.name for each in suites.scan(files[suite.file], suite.file)}}
        found = [suite for suite in found if suite.file not in other]
        files = _included({name: text for name, text in files.items() if name not in other})
        left_out = []
    changed = (where.makefile, intree.KCONFIG, intree.MAINTAINERS, intree.INDEX, *(fixed if fix else ()))
    base = {name: (tree / name).read_text(encoding="utf-8") for name in changed}
    known = _Known(evidence.untested(the_kernel), evidence.noticed(the_kernel.series))
    patches = _assisted(_patches(found, files, ours, base, where, the_kernel, fix.configs if fix else (), known),
                        the_kernel)
    if fix is None:
        return Series(patches, base, left_out, where, _cover(patches, where, the_kernel, known))
    mending = _assisted([Patch(fix.subject, fix.body, fixed)], the_kernel)
    return Series([*mending, *patches], base, left_out, where, _fix_cover(fix, where))


def _included(files: Mapping[str, str]) -> dict[str, str]:
    """Return files without the headers that none of them includes."""
    names = {name for name in files if name.endswith(".c")}
    while more := {name for each in names for name in _INCLUDED.findall(files[each]) if name in files} - names:
        names |= more
    return {name: text for name, text in files.items() if name in names}


def _patches(found: Sequence[Suite], files: Mapping[str, str], ours: Mapping[str, str],
             base: Mapping[str, str], where: Place, the_kernel: Kernel, configs: Sequence[str], known: _Known) -> Iterator[Patch]:
    """Yield what all suites share, each suite, and what names them all; configs are for its kunitconfig."""
    own = {suite.file for suite in found}
    objects, options = intree.helpers(ours["lib/Makefile"], ours["Kconfig"])
    makefile = intree.with_objects(base[where.makefile], objects, "")
    kconfig = intree.with_options(base[intree.KCONFIG], options, "")
    yield Patch(f"{_SUBJECT}add what tests of kernel memory share", _wrapped(
        "Private caches that go with their case, a quiet capture of what the kernel reports, deliberate bad accesses, "
        "allocations that fail on demand, and what /proc and sysfs tell of a cache. The suites that use it follow."),
        {**{f"{where.folder}/{name}": intree.source(text, where) for name, text in files.items() if name not in own},
         where.makefile: makefile, intree.KCONFIG: kconfig})
    for suite in found:
        makefile = intree.with_objects(makefile, suite.makefile, objects)
        kconfig = intree.with_options(kconfig, suite.kconfig, options)
        objects, options = suite.makefile, suite.kconfig
        text = intree.source(files[suite.file], where)
        yield Patch(f"{_SUBJECT}add {suite.prompt.removeprefix('KUnit ')}",
                    _message(suite, text, known),
                    {f"{where.folder}/{suite.file}": text, where.makefile: makefile, intree.KCONFIG: kconfig})
    symbols = [suite.symbol for suite in found]
    yield Patch(f"{_SUBJECT}say how to run the tests of kernel memory, and who looks after them", _wrapped(
        "A configuration that has all of the suites, a page that says what they are, and their files in MAINTAINERS."),
        {where.kunitconfig: intree.kunitconfig(config.merged(overlay.REPO, the_kernel.series, UML, configs), symbols),
         intree.PAGE: _page(found, files, where, the_kernel), intree.INDEX: intree.with_page(base[intree.INDEX]),
         intree.MAINTAINERS: intree.with_maintainers(base[intree.MAINTAINERS], [f"{where.folder}/kmem*", intree.PAGE])})


def _about(text: str) -> str:
    """Return what a suite's file says of itself, without how to run it."""
    comment = re.search(r"/\*\n((?: \*.*\n)*?) \*/", text)
    lines = [line.removeprefix(" *").removeprefix(" ") for line in (comment[1] if comment else "").splitlines()]
    paragraphs = "\n".join(lines).strip().split("\n\n")
    return "\n\n".join(each for each in paragraphs if "kunit.py" not in each)


def _message(suite: Suite, text: str, known: _Known) -> str:
    """Return what a suite's patch says: what is tested, what no other test calls, and faults that it noticed."""
    parts = [_wrapped(each) for each in _about(text).split("\n\n")]
    names = [each.name for each in suites.scan(text, suite.file)]
    calls = sorted({name for each in names for name in known.untested.get(each, ())})
    if calls:
        parts.append(_wrapped(f"No KUnit test that this kernel has calls {_functions(calls)}."))
    faults = [fault for each in names for fault in known.noticed.get(each, ())]
    cases = sum(len(each.cases) for each in suites.scan(text, suite.file))
    parts.append(f"There are {cases} cases.")
    if faults:
        parts[-1] = _wrapped(f"{parts[-1]} Each of these faults, planted in this kernel, made some of them fail:")
        parts.append("\n".join(_wrapped(f"- {fault}", "  ") for fault in faults[:_FAULTS]))
    return "\n\n".join(parts)


def _functions(names: Sequence[str]) -> str:
    """Return functions as a sentence names them, not too many."""
    shown = [f"{name}()" for name in names[:_FUNCTIONS]]
    if len(names) > _FUNCTIONS:
        shown.append(f"{len(names) - _FUNCTIONS} more")
    return " or ".join([", ".join(shown[:-1]), shown[-1]] if shown[1:] else shown)


def _wrapped(text: str, indent: str = "") -> str:
    """Return a paragraph of a message in lines."""
    return textwrap.fill(" ".join(text.split()), _WIDTH, subsequent_indent=indent, break_long_words=False,
                         break_on_hyphens=False)


def _page(found: Sequence[Suite], files: Mapping[str, str], where: Place, the_kernel: Kernel) -> str:
    """Return the page of the documentation."""
    slub = (the_kernel.path / "mm/slub.c").read_text(encoding="utf-8", errors="replace")
    option = "slab_debug" if '"slab_debug"' in slub else "slub_debug"  # until 6.8
    title = "Tests of the dynamic-memory API"
    command = f"./tools/testing/kunit/kunit.py run --kunitconfig={where.kunitconfig}"
    listed_ = "\n\n".join(f"``{where.folder}/{suite.file}``\n" + "\n".join(
        f"   {line}" for line in _wrapped(_about(files[suite.file]).split("\n\n")[0]).splitlines()) for suite in found)
    return (f".. SPDX-License-Identifier: GPL-2.0-only\n\n{'=' * len(title)}\n{title}\n{'=' * len(title)}\n\n"
            "KUnit suites that call what allocates and frees memory in the kernel, and assert what it\n"
            "promises: exact copies, zeroing, alignment, constructors, reports of wrong use, and failure\n"
            "without a trace.\n\n"
            f"To run them all under User-Mode Linux::\n\n\t{command}\n\n"
            "A case states its contract, and where that is from, in the comment above it. What a kernel\n"
            "cannot do, for its configuration or its command line, is skipped, and the reason says what it\n"
            "would take. Many checks of SLUB are off unless a boot asks for them::\n\n"
            f"\t{command} --kernel_args={option}=FZPU\n\n"
            f"Suites\n======\n\n{listed_}\n")


def _cover(patches: Sequence[Patch], where: Place, the_kernel: Kernel, known: _Known) -> tuple[str, str]:
    """Return the subject and the text of the cover letter of all suites."""
    found = [each for patch in patches for path, text in patch.files.items() if path.endswith("_kunit.c")
             for each in suites.scan(text, path)]
    count = sum(len(each.cases) for each in found)
    calls = {name for each in found for name in known.untested.get(each.name, ())}
    faults = sum(len(known.noticed.get(each.name, ())) for each in found)
    parts = [
        f"These are KUnit suites for the kernel's dynamic-memory API, {count} cases in {len(patches) - 2} files, "
        f"written for Linux {the_kernel.release}. They call what allocates, copies, "
        "resizes and frees memory, and assert what it promises: exact copies, zeroing, alignment, constructors, "
        "reports of wrong use, and failure without a trace.",
        f"Of the functions that they call, {len(calls)} are called by no KUnit test that this kernel has. Each patch "
        "names those that its cases call." if calls else "",
        f"{faults} times, one thing was broken in a kernel of this series on purpose, and a case noticed it. Each "
        "patch tells some of that." if faults else "",
        "The first patch has what they share, each of the next ones a suite, and the last one "
        f"{where.kunitconfig}, with which kunit.py runs them all.",
        "An open question: they are where the tests of lib/ are, as slub_kunit.c is. Is mm/tests/ preferred?",
    ]
    text = "\n\n".join([*map(_wrapped, filter(None, parts[:-1])), *_runs(the_kernel), _wrapped(parts[-1])])
    return f"{_SUBJECT}tests of what allocates memory", text


def _runs(the_kernel: Kernel) -> Iterator[str]:
    """Yield the paragraphs that tell what the cases came to, where this release is on record."""
    outcomes = [*evidence.outcomes(the_kernel)]
    if not outcomes:
        return
    yield _wrapped(f"On Linux {the_kernel.release}, built out of tree, the cases, with those that are for other series "
                   "only, and so skipped, came to this:")
    yield "\n".join(["passed  failed  skipped  (under User-Mode Linux, if nothing else is said)", *(
        f"{each.passed:6}  {len(each.failed):6}  {each.skipped:7}  {each.setting or 'without kernel arguments'}"
        for each in outcomes)])
    failed = {case: reason for each in outcomes for case, reason in each.failed.items()}
    if failed:
        yield "Those that fail are known:"
        yield "\n".join(_wrapped(f"- {case}: {reason or 'no reason is on record'}", "  ")
                        for case, reason in sorted(failed.items()))


def _fix_cover(fix: Fix, where: Place) -> tuple[str, str]:
    """Return the subject and the text of the cover letter of a fix."""
    command = ["./tools/testing/kunit/kunit.py", "run", f"--kunitconfig={where.kunitconfig}",
               *(f"--kernel_args={argument}" for argument in fix.arguments)]
    several = len(fix.cases) > 1
    parts = [
        _wrapped("The first patch is a fix. The others bring KUnit cases, of which "
                 f"{'these fail' if several else 'this one fails'} without it, and {'pass' if several else 'passes'} "
                 "with it:"),
        "\n".join(f"  {case}" for case in fix.cases),
        "To see that, under User-Mode Linux:",
        "\n".join(f"  {shlex.join([*command, case])}" for case in fix.cases),
    ]
    return f"{fix.subject}, with {'cases' if several else 'a case'}", "\n\n".join(parts)
