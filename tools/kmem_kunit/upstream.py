# SPDX-License-Identifier: GPL-2.0-only
"""The suites in the form that a kernel would have them: its own API and behaviour, and no other.

What the preprocessor can see of a kernel decides each place where the series differ. What lib/kmem_compat.h and
lib/kmem_series.h add is put where it is used, and a case that could only be skipped is left out.
"""
import itertools
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from kmem_kunit import cfold, cprune, proc, told
from kmem_kunit.errors import UserError

COMPAT, SERIES, SHARED = "kmem_compat.h", "kmem_series.h", "kmem_kunit.h"
_LIMIT = 60.0  # seconds for one file
_CONDITION = re.compile(r"^([ \t]*#[ \t]*(?:el)?if[ \t]+)((?:[^\n\\]|\\\n|\\.)*?)([ \t]*/\*.*\*/)?$", re.MULTILINE)
_DEFINED = re.compile(r"\bdefined\((\w+)\)")
_PROBED = re.compile(r"^[ \t]*#[ \t]*ifn?def[ \t]+(\w+)|\bdefined\((\w+)\)", re.MULTILINE)
_SINGLE = re.compile(r"^#if (!?)\(?defined\((\w+)\)\)?$", re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_INCLUDE = re.compile(r"^#include <([\w/.]+)>[ \t]*(?:/\* (.*) \*/)?$", re.MULTILINE)
_INCLUDED = re.compile(r"(?:^#include [<\"].*\n)+(?!(?:.*\n)*?^#include )", re.MULTILINE)
_HEADER = re.compile(r'__has_include\("([\w/.-]+)"\)')
_OPEN = re.compile(r"CONFIG_\w+|MODULE|_KMEM_\w+_H")  # not for a series to decide
_SKIP = re.compile(r'kunit_skip\(test, "((?:\\.|[^"\\])*)"')
_CASE = re.compile(r"^\tKUNIT_CASE\w*\((\w+)[^;{}]*?\),\n", re.MULTILINE)


@dataclass(frozen=True)
class Skipped:
    """A case that a kernel can only skip, and what it says then."""

    suite: str
    case: str
    reason: str


def probed(texts: Mapping[str, str]) -> set[str]:
    """Return the names that C files ask the preprocessor for, but for those that are no matter of a series."""
    found = {name for text in texts.values() for pair in _PROBED.findall(text) for name in pair if name}
    return {name for name in found if not _OPEN.fullmatch(name)}


def defined(tree: Path, names: Collection[str]) -> set[str]:
    """Return those of the names that a kernel's headers define as macros."""
    define = re.compile(rf"^[ \t]*#[ \t]*define[ \t]+({'|'.join(map(re.escape, sorted(names)))})\b", re.MULTILINE)
    found = set[str]()
    for folder in ("include/linux", "include/kunit", "mm"):
        for path in sorted((tree / folder).rglob("*.h")):
            found.update(define.findall(path.read_text(encoding="utf-8", errors="replace")))
    return found


def reduced(texts: Mapping[str, str], tree: Path, known: Mapping[str, bool], folder: Path) -> dict[str, str]:
    """Return C files with only those conditions in them that no kernel decides.

    known has the names that are probed, and whether the kernel of tree defines them; folder is one for
    unifdef to work in. Raises UserError for what it does not understand.
    """
    for name, text in texts.items():
        decided = _CONDITION.sub(partial(_decided, file=name, tree=tree, known=known), text)
        (folder / name).write_text(decided, encoding="utf-8")
    flags = [f"-{'D' if is_there else 'U'}{name}" for name, is_there in sorted(known.items())]
    done = proc.run(["unifdef", "-m", "-k", "-B", *flags, *texts], timeout=_LIMIT, cwd=folder)
    if done.status not in (0, 1):
        raise UserError(f"unifdef: {done.output.strip()}")
    return {name: _SINGLE.sub(lambda match: f"#if{'n' if match[1] else ''}def {match[2]}",
                              (folder / name).read_text(encoding="utf-8")) for name in texts}


def _decided(match: re.Match[str], file: str, tree: Path, known: Mapping[str, bool]) -> str:
    """Return the directive of a condition with what a kernel decides of it decided."""
    def header(found: re.Match[str]) -> str:
        return str(any((tree / folder / found[1]).is_file() for folder in ("include", "."))).lower()

    expression = _HEADER.sub(header, match[2].replace("\\\n", " "))
    expression = _DEFINED.sub(lambda name: str(known[name[1]]).lower() if name[1] in known else name[0], expression)
    if not re.search(r"\b(?:true|false)\b", expression):
        return match[0]
    made = " ".join(cfold.folded(f"x = ({expression});", file).split())
    made = re.sub(r"^\((.*)\)$", r"\1", made.removeprefix("x = ").removesuffix(";"))
    line = match[1] + {"true": "1", "false": "0"}.get(made, made) + (match[3] or "")
    return line if len(line) <= 80 else line.replace(" && ", " && \\\n\t")


_Macros = dict[str, tuple[list[str] | None, str]]
_MACRO = re.compile(r"#define (\w+)(?:\(([^)]*)\))?[ \t]+(.*)", re.DOTALL)
_FUNCTION = re.compile(r"static inline [\w \t*]*?(\w+)\(([^)]*)\)\s*\{\s*return ([^;{}]*);\s*\}", re.DOTALL)
_CONSTANT = re.compile(r"(?:/\*(?:(?!\*/).)*\*/\s*)?static (?:inline )?(?:bool|void) (\w+)\(([^)]*)\)\s*"
                       r"\{\s*(?:return (true|false);\s*)?\}", re.DOTALL)
_VARIABLE = re.compile(r"^\t(?:const )?bool (?:[^;]*?, )?(\w+) = (true|false)(?=[,;])", re.MULTILINE)
_LOCAL = re.compile(r"^(\t+(?!return |goto |else |case )(?:const )?(?:struct |enum |unsigned )?\w+ "
                    r"\**(\w+)(?: = [^;(),]*)?;)$", re.MULTILINE)
_CALLED = re.compile(r"^\t(?!return |goto |else |case )(?:const )?(?:struct |enum |unsigned )?\w+ "
                     r"\**(\w+) = (\w+\([^;]*\);)$", re.MULTILINE)
_ALIAS = re.compile(r"(\w+)\(\w+\)")
_OPERAND = r"(?:[^(),]|\((?:[^()]|\([^()]*\))*\))+"
_IGNORED = re.compile(r"\(void\)\(\w+\),\s*")
_PLAIN = re.compile(r"\w+(?:\([\w, ]*\))?|\(\(?[\w()&>. =!\[\]-]+\)\)?|\w+\([\w()&>, -]+\)")


def replaceable(text: str, file: str) -> _Macros:
    """Return, of what a header defines, what need not be there: by name, its parameters and what it stands for.

    That is what is always true or false, another name, or a call of one other function.
    """
    found: _Macros = {}
    for item in cprune.items(text, file):
        bare = _bare(text[item.start:item.end])
        if match := _MACRO.fullmatch(bare):
            parameters = None if match[2] is None else [each.strip() for each in match[2].split(",") if each.strip()]
            body = " ".join(match[3].replace("\\\n", " ").split())
            if body.startswith("((void)"):
                body = re.sub(r"^\((.*)\)$", r"\1", _IGNORED.sub("", body))
            if _PLAIN.fullmatch(body):
                found[match[1]] = parameters, re.sub(r"^\((\(\w+\)[^()]* = .*)\)$", r"\1", body)
        elif match := _FUNCTION.fullmatch(bare):
            parameters = [each.split()[-1].lstrip("*") for each in match[2].split(",") if each.strip() != "void"]
            body = " ".join(match[3].split())
            simple = ("true", "false", *parameters, *(f"!{each}" for each in parameters))
            if body in simple or re.fullmatch(rf"\w+\({', '.join(parameters)}\)", body):
                found[match[1]] = parameters, body
    return found


def settled(texts: Mapping[str, str], series: str) -> dict[str, str]:
    """Return C files with what lib/kmem_compat.h and lib/kmem_series.h say put where it is used."""
    both = "".join(_unguarded(texts[name]) for name in (COMPAT, SERIES))
    macros = replaceable(both, COMPAT)
    while True:
        both = cfold.folded(_expanded(both, COMPAT, macros), COMPAT)
        more = replaceable(both, COMPAT)
        if more.keys() <= macros.keys():
            break
        macros |= more
    rest = [Given(told.for_series(both[item.start:item.end], COMPAT, series, explains=True), item.names)
            for item in cprune.items(both, COMPAT)
            if not item.names & macros.keys() and not _bare(both[item.start:item.end]).startswith("#include")]
    made = {name: _settled(text, name, macros) for name, text in texts.items() if name not in (COMPAT, SERIES)}
    made[SHARED] = made[SHARED].replace(f'#include "{COMPAT}"\n', "")
    _give(made, rest, both)
    return {name: cfold.renamed(text, r"\bkmem_compat_", "kmem_") for name, text in made.items()}


class Given(NamedTuple):
    """What lib/kmem_compat.h or lib/kmem_series.h defines for the suites, as text, and by which names."""

    text: str
    names: frozenset[str]


def _give(files: dict[str, str], given: Sequence[Given], both: str) -> None:
    """Put what is given into the file that uses it, or into the header of all where several do."""
    words = {file: cprune.words(text) for file, text in files.items()}
    users = [{file for file, used in words.items() if used & each.names} for each in given]
    inner = [cprune.words(each.text) for each in given]
    for _ in given:
        for at, each in enumerate(given):
            users[at].update(*(found for found, used in zip(users, inner)
                               if used is not inner[at] and used & each.names))
    needs = _INCLUDE.findall(both)
    for file, used in words.items():  # which of the kernel's own functions have a header of theirs
        files[file] = _with_includes(files[file], [header for header, of in needs
                                                   if used & set(re.findall(r"(\w+)\(\)", of))])
    for file in {SHARED, *(file for found in users if len(found) == 1 for file in found)}:
        mine = [each for each, found in zip(given, users)
                if (found == {file} and not (_is_prototype(each) and file.endswith(".c")))
                or (file == SHARED and (len(found) > 1 or not each.names or (found and _is_prototype(each))))]
        names = frozenset[str]().union(*(each.names for each in mine))
        wanted = [header for header, of in needs if names & set(of.split())]
        files[file] = _with_includes(files[file], wanted)
        includes = _INCLUDED.search(files[file])
        end = includes.end() if includes else 0
        if mine:
            files[file] = files[file][:end] + "\n" + "\n\n".join(each.text for each in mine) + "\n" + files[file][end:]


def _bare(text: str) -> str:
    """Return C without its comments."""
    return _COMMENT.sub("", text).strip()


def _is_prototype(given: Given) -> bool:
    bare = _bare(given.text)
    return bare.endswith(");") and not bare.startswith(("#", "DEFINE_")) and "{" not in bare


def _with_includes(text: str, headers: Collection[str]) -> str:
    """Return a C file that includes these, too, in their order."""
    for header in headers:
        line = f"#include <{header}>\n"
        if line in text:
            continue
        found = list(re.finditer(r"^#include <.*>\n", text, re.MULTILINE))
        after = [each for each in found if each[0] < line]
        at = after[-1].end() if after else found[0].start()
        text = text[:at] + line + text[at:]
    return text


def _unguarded(text: str) -> str:
    """Return a header without what keeps it from being read twice."""
    return re.sub(r"^#ifndef (\w+)\n#define \1\n(.*)^#endif /\* \1 \*/$", r"\2", text, flags=re.MULTILINE | re.DOTALL)


def _expanded(text: str, file: str, macros: _Macros) -> str:
    """Return a C file with macros replaced, but for where they are defined."""
    for item in reversed(list(cprune.items(text, file))):
        if not item.names & macros.keys() and not _bare(text[item.start:item.end]).startswith("#include"):
            text = text[:item.start] + cfold.expanded(text[item.start:item.end], file, macros) + text[item.end:]
    return text


def _settled(text: str, file: str, macros: _Macros) -> str:
    """Return a C file without those macros, nor what is left of its own functions that does nothing any more."""
    for name, (parameters, says) in macros.items():
        if parameters and (alias := _ALIAS.fullmatch(says)):
            text = text.replace(f"__free({name})", f"__free({alias[1]})")
    was = text
    before = {name for item in cprune.items(text, file) if _always(text[item.start:item.end]) for name in item.names}
    while True:
        text = cfold.folded(_local(cfold.expanded(text, file, macros)), file)
        macros = {}
        for item in reversed(list(cprune.items(text, file))):
            own = _always(text[item.start:item.end])
            if own and own[0] not in before and not re.search(rf"\b{own[0]}\b(?!\()", text):
                macros[own[0]] = own[1:]
                text = text[:item.start] + text[item.end:].lstrip("\n")
        if not macros:
            return _compared(_declared(text, was))
        for name in [name for name, (_, says) in macros.items() if not says]:
            text = cfold.without_calls(text, file, name)
            del macros[name]


def _always(text: str) -> tuple[str, list[str], str] | None:
    """Return the name, the parameters and the answer of a function that always says true or false, or does nothing."""
    match = _CONSTANT.fullmatch(text)
    if match is None:
        return None
    parameters = [each.split()[-1].lstrip("*") for each in match[2].split(",") if each.strip() != "void"]
    return match[1], parameters, match[3] or ""


def _local(text: str) -> str:
    """Return a C file with true or false instead of variables of a function that are never anything else."""
    def body(match: re.Match[str]) -> str:
        found = match[0]
        for name, value in _VARIABLE.findall(found):
            if re.search(rf"&{name}\b|\b{name} [-+|&^]?= ", _VARIABLE.sub("", found)):
                continue
            found = re.sub(rf"^\t(?:const )?bool {name} = {value};\n", "", found, flags=re.MULTILINE)
            found = re.sub(rf"(^\t(?:const )?bool [^;]*?)(?:, {name} = {value}|(?<=bool ){name} = {value}, )",
                           r"\1", found, flags=re.MULTILINE)
            found = re.sub(rf"(?<![\w.>]){name}\b(?!\()", value, found)
        return found

    return re.sub(r"^\{\n.*?^\}", body, text, flags=re.MULTILINE | re.DOTALL)


def _declared(text: str, before: str) -> str:
    """Return a C file without variables that nothing uses any more; before is what it was when they were used."""
    def body(match: re.Match[str]) -> str:
        found = match[0]
        for line, name in _LOCAL.findall(found):
            if not re.search(rf"\b{name}\b", found.replace(line, "", 1)) and line + "\n" in before:
                found = found.replace(line + "\n", "", 1)
        for match in list(_CALLED.finditer(found)):
            used = re.search(rf"\b{match[1]}\b", found.replace(match[0], "", 1)) or match[0] not in before
            if not used and re.search(rf"^{re.escape(match[0])}\n(?:\n|}})", found, re.MULTILINE):  # the last one
                found = found.replace(match[0], f"\n\t{match[2]}", 1).replace("{\n\n", "{\n", 1)
        return found

    return cfold.tidy(re.sub(r"^\{\n.*?^\}", body, text, flags=re.MULTILINE | re.DOTALL))


def _compared(text: str) -> str:
    """Return a C file with the expectation for truth where it was for one of two values."""
    for value, words in (("true", ("TRUE", "NOT_NULL", "1")), ("false", ("FALSE", "NULL", "0"))):
        begin, end = r"\b(KUNIT_(?:EXPECT|ASSERT)_)EQ((?:_MSG)?\(test, )", rf", {value}(?=[,)])"
        text = re.sub(rf",\n\t+ *{value}(?=[,)])", f", {value}", text)
        text = cfold.renamed(text, rf"{begin}!!({_OPERAND}){end}", rf"\1{words[1]}\2\3")
        text = cfold.renamed(text, rf"{begin}((?:is|has)_{_OPERAND}){end}", rf"\1{words[0]}\2\3")
        text = cfold.renamed(text, rf"{begin}({_OPERAND}){end}", rf"\1EQ\2\3, {words[2]}")
    return text


def skipping(text: str, file: str) -> dict[str, str]:
    """Return the functions of a C file that skip whatever calls them, and what they say then."""
    bodies = {name: text[item.start:item.end] for item in cprune.items(text, file) for name in item.names
              if not _bare(text[item.start:item.end]).startswith("#")}
    found = dict[str, str]()
    for _ in range(len(bodies)):
        more = {name: reason for name, body in bodies.items() if name not in found
                if (reason := _skips(body, found)) is not None}
        if not more:
            break
        found |= more
    return found


def _skips(body: str, known: Mapping[str, str], depth: int = 1) -> str | None:
    """Return what a function says that begins with a skip, or with a call of one that is known to skip.

    What it may say before, under a condition, does not matter. depth is that of its lines, in tabs.
    """
    lines = [(len(tabs), line) for tabs, line in re.findall(r"^(\t*)([^\t\n].*)$", body, re.MULTILINE)]
    for at, (tabs, line) in enumerate(lines):
        if tabs != depth and not line.startswith("#"):
            continue
        inner = [*itertools.takewhile(lambda each: each[0] > depth, lines[at + 1:])]
        if match := _SKIP.match(line):
            return match[1]
        if re.match(r"for \(.*< ARRAY_SIZE\(", line):  # at least once
            return _skips("\n".join(tabs * "\t" + text for tabs, text in inner), known, depth + 1)
        if line.startswith("if (") and inner and all(_SKIP.match(text) for _, text in inner):
            continue
        if re.match(r"#|(?:if|for|while|do|switch|else|return;)\b", line):
            return None
        for name in re.findall(r"\b(\w+)\(", line):
            if name in known:
                return known[name]
    return None


def _known(texts: Mapping[str, str], tree: Path, folder: Path) -> dict[str, bool]:
    """Return what the preprocessor sees of a kernel, and of what the headers make of that."""
    probes = probed(texts)
    there = defined(tree, probes)
    known = {name: name in there for name in probes if not name.startswith("KMEM_")}
    headers = reduced({name: texts[name] for name in (COMPAT, SERIES)}, tree, known, folder)
    for name in probes - known.keys():
        says = [_bare(text[item.start:item.end]) for text in map(_unguarded, headers.values())
                for item in cprune.items(text, COMPAT) if name in item.names]
        if not any(each.startswith("#if") for each in says):
            known[name] = bool(says)
    return known


def exported(texts: Mapping[str, str], tree: Path, series: str, folder: Path) -> tuple[dict[str, str], list[Skipped]]:
    """Return the C of the suites as the kernel of tree would have it, and the cases that are left out.

    texts are those of lib/, by name; folder is an empty one to work in.
    """
    before = cprune.unused(texts)
    made = settled(reduced(texts, tree, _known(texts, tree, folder), folder), series)
    left_out = list[Skipped]()
    for file in [file for file in made if file.endswith("_kunit.c")]:
        skips = skipping(made[file], file)
        suite = re.search(r'\.name = "(\w+)"', made[file])
        init = re.search(r"\.init = (\w+)", made[file])
        for case in _CASE.findall(made[file]):
            reason = skips.get(case) or (skips.get(init[1]) if init else None)
            if reason is not None:
                left_out.append(Skipped(suite[1] if suite else "", case, reason))
                made[file] = re.sub(rf"^\tKUNIT_CASE\w*\({case}\b[^;{{}}]*?\),\n", "", made[file], flags=re.MULTILINE)
        if not _CASE.search(made[file]):
            del made[file]
    return {name: told.for_series(text, name, series)
            for name, text in cprune.pruned(made, before).items()}, left_out
