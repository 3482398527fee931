# SPDX-License-Identifier: GPL-2.0-only
"""Patches for kernels that deviate from the contract, and the cases that fail without them.

The patches are Documentation/findings/NAME.patch. tools/fixes.toml says what proves them, under User-Mode Linux:

    [[fix]]
    name = "kvrealloc-red-zone"
    cases = ["kmem_kvrealloc_zero.what_lies_behind_is_not_handed_on"]
    config = ["smp"]                 # fragments of tools/configs, if that takes any
    boot = "slab_debug=FZPU"         # kernel arguments, if any
"""
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from kmem_kunit import git, listed
from kmem_kunit.errors import UserError
from kmem_kunit.kernel import Kernel

FILE = "tools/fixes.toml"
_KEYS = {"name": str, "cases": list, "config": list, "boot": str}
_PATCHED = re.compile(r"^\+\+\+ b/(\S+)$", re.MULTILINE)
_MESSAGE = re.compile(r"\ASubject: \[PATCH\] ([^\n]+)\n\n(.*?)\n---\n", re.DOTALL)


@dataclass(frozen=True)
class Fix:
    """A patch, its message and the whole of it, and what proves it.

    That is cases, as "suite.case", of a kernel that is built with configs and booted with arguments.
    """

    name: str
    subject: str
    body: str
    text: str
    cases: tuple[str, ...]
    configs: tuple[str, ...]
    arguments: tuple[str, ...]

    @property
    def suites(self) -> frozenset[str]:
        """The suites of its cases."""
        return frozenset(case.partition(".")[0] for case in self.cases)

    def patched(self, kernel: Kernel, folder: Path) -> dict[str, str]:
        """Return the files that it changes, as they are then; folder is an empty one to work in.

        Raises UserError where it does not apply to the kernel.
        """
        names = _PATCHED.findall(self.text)
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if (kernel.path / name).is_file():
                shutil.copyfile(kernel.path / name, folder / name)
        (folder / "patch").write_text(self.text, encoding="utf-8")
        try:
            git.ask(folder, "-C", folder, "apply", "patch", variables={"GIT_CEILING_DIRECTORIES": str(folder.parent)})
        except UserError as error:
            raise UserError(f"{self.name} is not for Linux {kernel.release}: {error}") from error
        return {name: (folder / name).read_text(encoding="utf-8") for name in names}


def load(repo: Path) -> dict[str, Fix]:
    """Return the fixes of a repository, by name; raises UserError for what is not of the form above."""
    found = dict[str, Fix]()
    for values, where in listed.entries(repo / FILE, "fix"):
        if not isinstance(values, dict) or not {"name", "cases"} <= values.keys() <= _KEYS.keys() or any(
                not isinstance(value, _KEYS[key]) for key, value in values.items()):
            raise UserError(f"{where}: a fix has {', '.join(_KEYS)}")
        path = repo / "Documentation/findings" / f"{values['name']}.patch"
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        message = _MESSAGE.match(text)
        if message is None or not _PATCHED.search(text):
            raise UserError(f"{where}: {path} is no patch with a subject")
        found[values["name"]] = Fix(values["name"], message[1], message[2], text, tuple(values["cases"]),
                                    tuple(values.get("config", ())), tuple(values.get("boot", "").split()))
    return found


def find(repo: Path, name: str) -> Fix:
    """Return the fix of that name; raises UserError, naming those there are, if there is none."""
    found = load(repo)
    if name not in found:
        raise UserError(f"no fix {name!r}; there are: {', '.join(found)}")
    return found[name]
