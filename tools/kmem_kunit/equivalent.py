# SPDX-License-Identifier: GPL-2.0-only
"""Mutants that change nothing: those whose object code is that of the source without them."""
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from kmem_kunit import proc, schemata
from kmem_kunit.errors import UserError
from kmem_kunit.mutant import FILES, UNITS, Mutant, acts

_LIMIT = 600.0  # seconds for one compilation
# instead of the switch of a mutant, a call of a function whose name has its number
_MARK = "-Dkmem_mutant_code(id)=({ extern int kmem_mutant_code_##id(void); kmem_mutant_code_##id(); })"
_MARKED = re.compile(rb"\bkmem_mutant_code_(\d+)\0")


class Comparison:
    """Compiles sources of a kernel as they are and with a mutant."""

    def __init__(self, source: Path, build: Path, commands: Mapping[str, Sequence[str]],
                 folder: Path, mutants: Iterable[Mutant]) -> None:
        """source is the kernel's own tree, build where its commands run; folder is for what we need.

        mutants are those that may be compared. What they are of is read once: its edits of later on are
        not compared.
        """
        self._build, self._commands, self._folder = build, commands, folder
        self._texts = {file: (source / file).read_bytes() for file in FILES if (source / file).is_file()}
        self._plain: dict[str, bytes] = {}
        self._numbers = {each: number for number, each in enumerate(mutants)}
        self._marked: dict[tuple[str, str], frozenset[int]] = {}

    def same(self, mutant: Mutant) -> bool:
        """Say whether a mutant's object code is the same as without it; one that fails is another.

        Of a header's mutants, that of all in which they act has to be the same.
        """
        text = self._texts[mutant.file]
        edited = text[: mutant.start] + mutant.text(text) + text[mutant.end :]
        units = [mutant.file] if mutant.file in UNITS else (
            unit for unit, command in self._commands.items()
            if acts(mutant.file, command) and self._numbers[mutant] in self._compiled(unit, mutant.file))
        return all(self._object(unit, {mutant.file: edited}) == self._without(unit) for unit in units)

    def _compiled(self, unit: str, file: str) -> frozenset[int]:
        """Return which mutants of a header a source has code for: what it does not call has none."""
        if (unit, file) not in self._marked:
            here = {number: each for each, number in self._numbers.items() if each.file == file}
            text, _ = schemata.render(self._texts[file], here, "kmem_mutant_code")
            _, _, text = text.partition(b"#line 1\n")
            made = self._object(unit, {file: text}, _MARK)
            self._marked[unit, file] = frozenset(map(int, _MARKED.findall(made))) if made else frozenset(here)
        return self._marked[unit, file]

    def _without(self, unit: str) -> bytes:
        """Return the object code of a source without mutants."""
        if unit not in self._plain:
            self._plain[unit] = self._object(unit, {})
            if not self._plain[unit]:
                raise UserError(f"{unit} cannot be compiled as it was in {self._build}")
        return self._plain[unit]

    def _object(self, unit: str, texts: dict[str, bytes], *options: str) -> bytes:
        """Compile a source with these texts for some files; b"" if that fails."""
        words = list(self._commands[unit])
        root = Path(words[-1]).parents[len(Path(unit).parents) - 1]
        with TemporaryDirectory(dir=self._folder) as name:
            here = Path(name)
            files = []
            for number, (file, text) in enumerate((self._texts | texts).items()):
                content = here / str(number)
                content.write_bytes(text)
                files.append({"type": "file", "name": str(root / file),
                              "external-contents": str(content)})
            overlay = here / "overlay.json"
            overlay.write_text(json.dumps({"version": 0, "use-external-names": False, "roots": files}))
            made = here / "object"
            words = [word for word in words if not word.startswith("-Wp,-M")]
            words[words.index("-o") + 1] = str(made)
            done = proc.run([*words, *options, "-ivfsoverlay", overlay], cwd=self._build, timeout=_LIMIT)
            return made.read_bytes() if done.status == 0 else b""
