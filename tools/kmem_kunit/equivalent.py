# SPDX-License-Identifier: GPL-2.0-only
"""Mutants that change nothing: those whose object code is that of the source without them."""
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from kmem_kunit import proc
from kmem_kunit.errors import UserError
from kmem_kunit.mutant import FILES, UNITS, Mutant, acts

_LIMIT = 600.0  # seconds for one compilation


class Comparison:
    """Compiles sources of a kernel as they are and with a mutant."""

    def __init__(self, source: Path, build: Path, commands: Mapping[str, Sequence[str]],
                 folder: Path) -> None:
        """source is the kernel's own tree, build where its commands run; folder is for what we need.

        What mutants are of is read once: its edits of later on are not compared.
        """
        self._build, self._commands, self._folder = build, commands, folder
        self._texts = {file: (source / file).read_bytes() for file in FILES if (source / file).is_file()}
        self._plain: dict[str, bytes] = {}
        self._differed: dict[str, str] = {}

    def same(self, mutant: Mutant) -> bool:
        """Say whether a mutant's object code is the same as without it; one that fails is another.

        Of a header's mutants, that of all in which they act has to be the same. Most of these do not call
        its function: the one in which another mutant of it was another is compared first.
        """
        text = self._texts[mutant.file]
        edited = text[: mutant.start] + mutant.text(text) + text[mutant.end :]
        units = [mutant.file] if mutant.file in UNITS else [
            unit for unit, command in self._commands.items() if acts(mutant.file, command)]
        first = self._differed.get(mutant.function)
        for unit in sorted(units, key=lambda unit: unit != first):
            if self._object(unit, {mutant.file: edited}) != self._without(unit):
                self._differed[mutant.function] = unit
                return False
        return True

    def _without(self, unit: str) -> bytes:
        """Return the object code of a source without mutants."""
        if unit not in self._plain:
            self._plain[unit] = self._object(unit, {})
            if not self._plain[unit]:
                raise UserError(f"{unit} cannot be compiled as it was in {self._build}")
        return self._plain[unit]

    def _object(self, unit: str, texts: dict[str, bytes]) -> bytes:
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
            done = proc.run([*words, "-ivfsoverlay", overlay], cwd=self._build, timeout=_LIMIT)
            return made.read_bytes() if done.status == 0 else b""
