# SPDX-License-Identifier: GPL-2.0-only
"""The verb export: the suites as a series of patches for a kernel, as if they had been written for it."""
import argparse
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path

from kmem_kunit import cache, git, host, intree, kernel, listed, overlay, proc, progress, suites, upstream
from kmem_kunit.errors import UserError
from kmem_kunit.intree import Place, Suite
from kmem_kunit.kernel import Kernel

_LIMIT = 600.0  # seconds for one command
_SUBJECT = "slab/kunit: "
_FAULTS = 5  # told in a patch
_TRAILER = "Assisted-by: LLM"  # as Documentation/process/coding-assistants.rst asks
# whose maintainers are to get it: what is tested, what tests it, and what is changed for that
_CONCERNED = ("mm/slub.c", "lib/kunit/test.c", intree.KCONFIG, intree.INDEX)
_WIDTH = 75  # columns of a message


@dataclass(frozen=True)
class Patch:
    """A commit: its message, and what the files are that it changes."""

    subject: str
    body: str
    files: Mapping[str, str]


@dataclass(frozen=True)
class Series:
    """What is exported: the patches, what they change as the kernel has it, and cases that are left out."""

    patches: Sequence[Patch]
    base: Mapping[str, str]
    left_out: Sequence[upstream.Skipped]
    place: Place


def run(options: argparse.Namespace) -> int:
    """Do what the options of "export" say and return the exit status.

    Raises UserError for an author without an address, and for a folder that is not empty.
    """
    if "@" not in parseaddr(options.author)[1] or "\n" in options.author:
        raise UserError(f"{options.author!r} is no author such as 'Name <name@example.org>'")
    output: Path = options.output
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UserError(f"{str(output)!r} is there already: name a new folder, or an empty one")
    uncached = kernel.is_series(options.kernel) and kernel.cached(options.kernel) is None
    host.ensure((*host.EXPORTING, *(host.FETCHING if uncached else ())))
    the_kernel = kernel.resolve(options.kernel)
    base = cache.root()
    with cache.temporary(base / "runs") as folder:
        with progress.step(f"writing the suites for Linux {the_kernel.release}"):
            series = made(the_kernel, folder)
        written = _written(series, the_kernel, options.author, folder, output)
    for line in _told(series, the_kernel, written):
        print(progress.clean(line))
    return 0


def made(the_kernel: Kernel, folder: Path) -> Series:
    """Return the patches for a kernel; folder is an empty one to work in."""
    repo, tree = overlay.REPO, the_kernel.path
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted((repo / "lib").glob("kmem_*.[ch]"))
             if not path.name.startswith("kmem_bench")}
    work = folder / "c"
    work.mkdir()
    files, left_out = upstream.exported(texts, tree, the_kernel.series, work)
    where = intree.place(tree)
    ours = {name: (repo / name).read_text(encoding="utf-8") for name in ("Kconfig", "lib/Makefile", ".kunitconfig")}
    found = intree.suites(ours["Kconfig"], ours["lib/Makefile"], files)
    names = (where.makefile, intree.KCONFIG, intree.MAINTAINERS, intree.INDEX)
    base = {name: (tree / name).read_text(encoding="utf-8") for name in names}
    patches = list(_patches(found, files, ours, base, where, the_kernel))
    return Series(patches, base, left_out, where)


def _patches(found: Sequence[Suite], files: Mapping[str, str], ours: Mapping[str, str],
             base: Mapping[str, str], where: Place, the_kernel: Kernel) -> Iterator[Patch]:
    """Yield what all suites share, each suite, and what names them all."""
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
                    _message(suite, text, the_kernel),
                    {f"{where.folder}/{suite.file}": text, where.makefile: makefile, intree.KCONFIG: kconfig})
    symbols = [suite.symbol for suite in found]
    yield Patch(f"{_SUBJECT}say how to run the tests of kernel memory, and who looks after them", _wrapped(
        "A configuration that has all of the suites, a page that says what they are, and their files in MAINTAINERS."),
        {where.kunitconfig: intree.kunitconfig(ours[".kunitconfig"], symbols),
         intree.PAGE: _page(found, files, where), intree.INDEX: intree.with_page(base[intree.INDEX]),
         intree.MAINTAINERS: intree.with_maintainers(base[intree.MAINTAINERS], [f"{where.folder}/kmem*", intree.PAGE])})


def _about(text: str) -> str:
    """Return what a suite's file says of itself, without how to run it."""
    comment = re.search(r"/\*\n((?: \*.*\n)*?) \*/", text)
    lines = [line.removeprefix(" *").removeprefix(" ") for line in (comment[1] if comment else "").splitlines()]
    paragraphs = "\n".join(lines).strip().split("\n\n")
    return "\n\n".join(each for each in paragraphs if "kunit.py" not in each)


def _message(suite: Suite, text: str, the_kernel: Kernel) -> str:
    """Return what a suite's patch says: what is tested, and faults that its cases were seen to notice."""
    parts = [_wrapped(each) for each in _about(text).split("\n\n")]
    faults = [fault["breaks"] for fault, _ in listed.entries(
        overlay.REPO / "tools/faults" / f"{suite.file.removesuffix('_kunit.c')}.toml", "fault")
        if isinstance(fault, dict) and the_kernel.series in fault.get("series", ())]
    cases = sum(len(each.cases) for each in suites.scan(text, suite.file))
    parts.append(f"There are {cases} cases.")
    if faults:
        parts[-1] = _wrapped(f"{parts[-1]} Each of these faults, planted in this kernel, made some of them fail:")
        parts.append("\n".join(_wrapped(f"- {fault}", "  ") for fault in faults[:_FAULTS]))
    return "\n\n".join(parts)


def _wrapped(text: str, indent: str = "") -> str:
    """Return a paragraph of a message in lines."""
    return textwrap.fill(" ".join(text.split()), _WIDTH, subsequent_indent=indent, break_long_words=False,
                         break_on_hyphens=False)


def _page(found: Sequence[Suite], files: Mapping[str, str], where: Place) -> str:
    """Return the page of the documentation."""
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
            f"\t{command} --kernel_args=slab_debug=FZPU\n\n"
            f"Suites\n======\n\n{listed_}\n")


def _written(series: Series, the_kernel: Kernel, author: str, folder: Path, output: Path) -> list[Path]:
    """Write the patches as git does, from a repository that has no more than they change; return their paths."""
    repo = folder / "git"
    repo.mkdir()
    name, address = parseaddr(author)
    who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER")
           for part, value in (("NAME", name or address), ("EMAIL", address))}
    git.ask(repo, "-C", str(repo), "init", "-q")
    for patch in (Patch("base", "", series.base), *series.patches):
        for path, text in patch.files.items():
            (repo / path).parent.mkdir(parents=True, exist_ok=True)
            (repo / path).write_text(text, encoding="utf-8")
        git.ask(repo, "-C", str(repo), "add", "-A")
        message = folder / "message"
        message.write_text(f"{patch.subject}\n\n{patch.body}\n\n{_TRAILER}\n", encoding="utf-8")
        git.ask(repo, "-C", str(repo), "commit", "-q", "--no-verify", "--no-gpg-sign", "-F", str(message), **who)
    output.mkdir(parents=True, exist_ok=True)
    git.ask(repo, "-C", str(repo), "format-patch", "-q", "--cover-letter", "--thread=shallow", "--no-signature",
         f"--output-directory={output.absolute()}", f"HEAD~{len(series.patches)}", **who)
    found = sorted(output.glob("*.patch"))
    cover = found[0].read_text(encoding="utf-8")
    cover = cover.replace("*** SUBJECT HERE ***", f"{_SUBJECT}tests of what allocates memory")
    found[0].write_text(cover.replace("*** BLURB HERE ***", _cover(series, the_kernel)), encoding="utf-8")
    return found


def _cover(series: Series, the_kernel: Kernel) -> str:
    """Return what the cover letter says."""
    count = sum(len(each.cases) for patch in series.patches for path, text in patch.files.items()
                if path.endswith("_kunit.c") for each in suites.scan(text, path))
    parts = [
        f"These are KUnit suites for the kernel's dynamic-memory API, {count} cases in "
        f"{len(series.patches) - 2} suites, written for Linux {the_kernel.release}. They call what allocates, copies, "
        "resizes and frees memory, and assert what it promises: exact copies, zeroing, alignment, constructors, "
        "reports of wrong use, and failure without a trace.",
        f"The first patch has what they share, each of the next ones a suite, and the last one "
        f"{series.place.kunitconfig}, with which kunit.py runs them all.",
        "An open question: they are where the tests of lib/ are, as slub_kunit.c is. Is mm/tests/ preferred?",
    ]
    return "\n\n".join(map(_wrapped, parts))


def _told(series: Series, the_kernel: Kernel, written: Sequence[Path]) -> Iterator[str]:
    """Yield what people are told: what is there, who is to get it, and what is left to them."""
    for each in series.left_out:
        yield f"left out: {each.suite}.{each.case}: {each.reason}"
    yield f"{len(series.patches)} patches and a cover letter in {written[0].parent}"
    for field, options in (("To", ("--no-r", "--no-l")), ("Cc", ("--no-m",))):
        words = ("scripts/get_maintainer.pl", "--no-git", "--no-git-fallback", "--no-rolestats", *options, "-f")
        done = proc.run(["perl", *words, *_CONCERNED], timeout=_LIMIT, cwd=the_kernel.path)
        if done.status != 0:
            yield f"{field}: get_maintainer.pl ended with status {done.status}: ask it yourself"
        yield from (f"{field}: {line}" for line in done.output.splitlines() if done.status == 0 and "@" in line)
    yield "left to you: read them, run them, and add your Signed-off-by, as in git am --signoff"
