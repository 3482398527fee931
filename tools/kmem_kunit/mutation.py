# SPDX-License-Identifier: GPL-2.0-only
"""A kernel with all mutants in it, each of which a boot may choose.

It is built by clang from a tree of links beside the kernel's source, which is not touched. What
does not compile with a choice at run time is taken out again: what must be known to the compiler.
"""
import json
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from clang import cindex  # type: ignore[import]  # it has no types

from kmem_kunit import cache, folding, host, image, kernel, mutant, mutants, progress, schemata, tree
from kmem_kunit.errors import UserError
from kmem_kunit.mutant import FILES, UNITS, Mutant

_OURS = {
    "include/linux/kmem_mutant.h": "tools/mutation/kmem_mutant.h",
    "mm/kmem_mutant.c": "tools/mutation/kmem_mutant.c",
}
_COMMON = "include/linux/slab.h"  # included by most of the kernel
_MAKEFILE, _KUNIT = "mm/Makefile", "lib/kunit/test.c"
_PRINTS = re.compile(r"^static void kunit_print_ok_not_ok\(.*?^\}\n", re.MULTILINE | re.DOTALL)
_ENDED = """\
	if (test_level == KUNIT_LEVEL_CASE)
		kmem_case_ended(status == KUNIT_FAILURE);
"""
_CONFIGS = ("in_tree", "mutants")
_ROUNDS = 10  # of compiling and taking out what does not compile
_ERROR = re.compile(r"([^\s:]+):(\d+):(\d+): error: ")
_BOOK = "mutants.json"


@dataclass(frozen=True)
class _Book:
    """What is kept of the search: mutants by number, and, as single, those that no boot can choose.

    The numbers of the latter are behind all others. texts has the hashes of the files that they are of.
    """

    mutants: Mapping[int, Mutant]
    single: Mapping[int, Mutant]
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Made(_Book):
    """An image of a kernel with mutants in it; source is the kernel's own tree.

    place is the tree with its mutants, and build the folder in which the commands are to be run. These
    say, by source, how it was compiled: what is mutated, or includes a header whose mutants act there.
    """

    commands: Mapping[str, Sequence[str]]
    image: image.Image
    source: Path
    place: Path
    build: Path

    def check(self) -> None:
        """Raise UserError if what the mutants are of has been edited since they were made."""
        now = hashes(self.source)
        if edited := [file for file, text in self.texts.items() if now[file] != text]:
            raise UserError(f"{', '.join(edited)} of {self.source} changed while its mutants were judged:"
                            " run the same command again")


def hashes(source: Path) -> dict[str, str]:
    """Return the hash of each file of a kernel that is mutated; "" of one that is not there."""
    return {file: cache.digest((source / file).read_bytes()) if (source / file).is_file() else ""
            for file in FILES}


def configured(request: image.Request) -> image.Request:
    """Return a request with what kernels with mutants are configured with besides."""
    return replace(request, configs=(*request.configs, *_CONFIGS))


def make(base: Path, request: image.Request, without: Sequence[str]) -> Made:
    """Return the kernel of a request, by clang, with all mutants in it but those of operators without.

    Raises UserError where it cannot be built, or is not as we know kernels.
    """
    request = configured(request)
    source = request.kernel
    folder = base / "mutants" / cache.digest(str(source.path), str(request.repo), *request.configs)
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    place = folder / "tree"
    with cache.lock(cache.lock_path(base, f"mutants-{folder.name}"), str(folder), progress.say):
        texts = hashes(source.path)
        key = _key(image.plan(base, request), request, without)
        known, book = _read(folder / _BOOK)
        if book is None or known != key:
            kept = _kept(request, book) if book and book.texts[_COMMON] == texts[_COMMON] else {}
            chosen, single, the_image = _searched(base, request, place, without, kept)
            book = _Book(chosen, single, texts)
            _write(folder / _BOOK, key, book)
        else:
            the_image = _mutated(base, request, place, book.mutants)
        build = image.plan(base, _of(request, place)).build_dir
        if not (build / ".config").is_file():  # only the image is left
            cache.remove(the_image.path)
            the_image = _mutated(base, request, place, book.mutants)
        return Made(**vars(book), commands=_commands(build), image=the_image, source=source.path,
                    place=place, build=build)


def edited(base: Path, request: image.Request, made: Made, each: Mutant) -> image.Image:
    """Return the kernel with a mutant in it as a plain edit, the naive way, beside what made has.

    What a boot chooses are cases only. Raises image.BuildFailed if it does not compile.
    """
    request = configured(request)
    text = (made.source / each.file).read_bytes()
    content = text[: each.start] + each.text(text) + text[each.end :]
    return _built(base, request, made.place.with_name("edited"), {
        **_runtime(request, max(made.mutants)), each.file: content.decode()})


def _key(plan: image.Plan, request: image.Request, without: Sequence[str]) -> str:
    """Return the hash of all that the mutants are made of."""
    ours = [Path(module.__file__ or "").read_bytes() for module in (folding, mutant, mutants, schemata)]
    ours += [Path(__file__).read_bytes(), *((request.repo / name).read_bytes()
                                            for name in _OURS.values())]
    return cache.digest(kernel.identity(request.kernel).digest, image.toolchain(request.arch),
                        plan.kunitconfig, plan.compiler_options, *ours, *sorted(without))


def _of(request: image.Request, place: Path) -> image.Request:
    # a mutant may well compare what is always true: that is not to be warned of
    return replace(request, kernel=kernel.from_tree(str(place)), options="-w")


def _source(path: Path) -> str:
    """Return a file of the kernel; raises UserError if it is not UTF-8, as all of the kernel is."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8: {error.reason} at {error.start}") from error


def _built(base: Path, request: image.Request, place: Path, contents: Mapping[str, str]) -> image.Image:
    """Build the tree with these files in it.

    What is a file of its own in one kernel is so in both: make goes by their times, and a header that
    only one had would have it compile all of the other again.
    """
    source = request.kernel.path
    names = [*FILES, _MAKEFILE, _KUNIT]
    plain = {name: _source(source / name) for name in names}
    ours = {name: (request.repo / path).read_text(encoding="utf-8") for name, path in _OURS.items()}
    tree.edited(source, place, plain | ours | contents)
    return image.build(base, _of(request, place))


def _mutated(base: Path, request: image.Request, place: Path,
             numbered: Mapping[int, Mutant]) -> image.Image:
    texts = _rendered(request.kernel.path, FILES, numbered)
    contents = {file: text.decode() for file, (text, _) in texts.items()}
    return _built(base, request, place, contents | _runtime(request, max(numbered)))


def _commands(build: Path) -> dict[str, list[str]]:
    """Return how the sources were compiled that have mutants, or in which those of a header act."""
    found = {unit: _command(build, unit) for unit in UNITS}
    for noted in sorted(build.rglob(".*.o.cmd")):
        text = noted.read_bytes()
        unit = str(noted.relative_to(build).with_name(noted.name[1 : -len(".o.cmd")] + ".c"))
        headers = [file for file in mutant.SWITCHES if f"/{file} ".encode() in text]
        if headers and unit not in found:
            command = _command(build, unit)
            # what was taken out of the kernel since then may still be noted
            if any(mutant.acts(file, command) for file in headers) and Path(command[-1]).is_file():
                found[unit] = command
    return found


def _command(build: Path, unit: str) -> list[str]:
    """Return how a source was compiled, which its build folder has noted."""
    noted = build / Path(unit).parent / f".{Path(unit).stem}.o.cmd"
    match = re.match(r"(?:saved)?cmd_\S+ := (.*)", noted.read_text(encoding="utf-8"))
    if not match:
        raise UserError(f"{noted} does not say how {unit} was compiled")
    # as scripts/clang-tools/gen_compile_commands.py reads it; objtool may follow
    return shlex.split(re.sub(r"\$\(pound\)|\\#", "#", match[1]).partition(" ; ")[0])


def _kept(request: image.Request, book: _Book) -> dict[str, str]:
    """Return the header that most of the kernel includes with its mutants of before, and what chooses them.

    Without it, make would compile all that for a search, and once more for what was found.
    """
    (text, _), = _rendered(request.kernel.path, (_COMMON,), book.mutants).values()
    return {_COMMON: text.decode(), **_runtime(request, max(book.mutants))}


def _searched(base: Path, request: image.Request, place: Path, without: Sequence[str],
              kept: Mapping[str, str]) -> tuple[dict[int, Mutant], dict[int, Mutant], image.Image]:
    """Find the mutants, and build a kernel with those that can be chosen when it boots.

    kept is what the kernel without may have of the one before. Returns both kinds as _Book has them.
    """
    plain = _built(base, request, place, kept)
    plan = image.plan(base, _of(request, place))
    if not (plan.build_dir / ".config").is_file():
        cache.remove(plain.path)
        _built(base, request, place, kept)
    numbered, single = dict[int, Mutant](), list[Mutant]()
    for unit, files in UNITS.items():
        with progress.step(f"looking for mutants of {', '.join(files)}"):
            clang = _Unit(_command(plan.build_dir, unit), plan)
            data = {file: (request.kernel.path / file).read_bytes() for file in files}
            whole = clang.whole({place / file: text for file, text in data.items()})
            found = [each for each in mutants.find(whole, place, data) if each.operator not in without]
            if not found:
                raise UserError(f"{request.kernel.path / unit} has nothing to mutate")
            fixed = folding.folding(whole, place, data, found)
            single += (each for each in found if each in fixed)
            here = dict(enumerate((each for each in found if each not in fixed),
                                  max(numbered, default=0) + 1))
            for _ in range(_ROUNDS):
                texts = _rendered(request.kernel.path, files, here)
                refused = _refused(clang, place, texts)
                if not refused:
                    break
                single += (here.pop(number) for number in sorted(refused))
            numbered |= here
    for _ in range(_ROUNDS):
        try:
            the_image = _mutated(base, request, place, numbered)
            return numbered, dict(enumerate(single, max(numbered) + 1)), the_image
        except image.BuildFailed as error:
            texts = _rendered(request.kernel.path, FILES, numbered)
            refused = _named(error.lines, texts)
            if not refused:
                raise
            single += (numbered.pop(number) for number in sorted(refused))
    raise UserError("the kernel with mutants does not build: the compiler refuses ever more of them")


_Rendered = Mapping[str, tuple[bytes, Sequence[schemata.Region]]]


def _rendered(source: Path, files: Sequence[str], numbered: Mapping[int, Mutant]) -> _Rendered:
    """Return the text of files with mutants, and where they are in it."""
    return {file: schemata.render((source / file).read_bytes(), {
        number: each for number, each in numbered.items() if each.file == file
    }, mutant.SWITCHES.get(file, "kmem_mutant")) for file in files}


def _runtime(request: image.Request, highest: int) -> dict[str, str]:
    """Return the files of the kernel that choose and tell mutants."""
    source = request.kernel.path
    makefile, kunit = (_source(source / name) for name in (_MAKEFILE, _KUNIT))
    prints = _PRINTS.search(kunit)
    if not prints:
        raise UserError(f"{source / _KUNIT} has no kunit_print_ok_not_ok() that we know")
    return {
        _MAKEFILE: f"{makefile}\nobj-y += kmem_mutant.o\n"
                       f"CFLAGS_kmem_mutant.o += -DKMEM_MUTANTS={highest}\n",
        _KUNIT: "#include <linux/kmem_mutant.h>\n#line 1\n" + kunit[: prints.end() - 2] + _ENDED
                + kunit[prints.end() - 2 :],
    }


def _refused(clang: "_Unit", place: Path, texts: _Rendered) -> set[int]:
    """Return the mutants at which clang reports an error, if that can be told, in a source's texts."""
    refused: set[int] = set()
    paths = {os.path.realpath(place / file): file for file in texts}
    unit = clang.parsed({place / file: text for file, (text, _) in texts.items()})
    for diagnostic in unit.diagnostics:
        if diagnostic.severity < diagnostic.Error:
            continue
        path, offset = mutants.located(diagnostic.location)
        if path not in paths and diagnostic.location.file:  # a macro's text: where it is used
            path, offset = os.path.realpath(diagnostic.location.file.name), diagnostic.location.offset
        if path in paths:
            text, regions = texts[paths[path]]
            refused |= set(schemata.at(regions, offset) or _on_line(text, regions, offset))
    return refused


def _named(lines: Sequence[str], texts: _Rendered) -> set[int]:
    """Return the mutants of the lines of which the compiler reports errors."""
    refused: set[int] = set()
    for line in lines:
        match = _ERROR.match(line)
        file = next((file for file in texts if match and match[1].endswith(f"/{file}")), None)
        if match and file:
            text, regions = texts[file]
            # in front of the file's own first line there is a line of ours
            starts = [found.end() for found in re.finditer(rb"\n", text)]
            offset = starts[int(match[2])] + int(match[3]) - 1
            refused |= set(schemata.at(regions, offset) or _on_line(text, regions, offset))
    return refused


def _on_line(text: bytes, regions: Sequence[schemata.Region], offset: int) -> set[int]:
    """Return the mutants of the line that has an offset."""
    start, end = text.rfind(b"\n", 0, offset) + 1, text.find(b"\n", offset)
    return {number for region in regions if start <= region.start < end for number in region.mutants}


class _Unit:
    """A source as clang sees it, with other texts for some of the files."""

    def __init__(self, command: Sequence[str], plan: image.Plan) -> None:
        if not cindex.Config.loaded:
            cindex.Config.set_library_file(str(host.LIBCLANG))
        words = list(command)
        self._source = words[-1]
        at = words.index("-o")
        self._words = [word for n, word in enumerate(words[1:-1], 1) if n not in (at, at + 1)]
        self._build = plan.build_dir

    def whole(self, texts: Mapping[Path, bytes]) -> Any:
        """Return clang's view of it; raises UserError unless it has understood all of it."""
        unit = self.parsed(texts)
        for each in unit.diagnostics:
            if each.severity >= each.Error:
                raise UserError(progress.clean(f"clang cannot read {each.location.file or self._source}:"
                                               f"{each.location.line}: {each.spelling}"))
        return unit

    def parsed(self, texts: Mapping[Path, bytes]) -> Any:
        """Return clang's view of it."""
        options = [word for word in self._words if word != "-c" and not word.startswith("-Wp,-M")]
        return cindex.TranslationUnit.from_source(
            self._source,
            [*options, f"-working-directory={self._build}", "-ferror-limit=0", "-w"],
            options=cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD,
            unsaved_files=[(str(path), text.decode()) for path, text in texts.items()],
        )


def _write(path: Path, key: str, book: _Book) -> None:
    cache.write(path, json.dumps({"key": key, **asdict(book)}))


def _read(path: Path) -> tuple[str, _Book | None]:
    """Return what was found before, and for which key."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        numbered, single = ({int(number): Mutant(**each) for number, each in data[name].items()}
                            for name in ("mutants", "single"))
        return str(data["key"]), _Book(numbered, single, data["texts"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "", None
