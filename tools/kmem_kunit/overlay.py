# SPDX-License-Identifier: GPL-2.0-only
"""What the suites add to a kernel: the files of lib/kmem_kunit/ and two hook lines."""
import re
from collections.abc import Mapping
from pathlib import Path

from kmem_kunit import cache
from kmem_kunit.errors import UserError

REPO = Path(__file__).resolve().parents[2]
PLACE = "lib/kmem_kunit"

_TOP = ("Kconfig", "Makefile", ".kunitconfig", "COPYING")
_NAMES = ("Kconfig", "Makefile", "Kbuild")
_SUFFIXES = (".c", ".h")

_MAKE_HOOK = b"obj-$(CONFIG_KUNIT) += kmem_kunit/"
_KCONFIG_HOOK = b'source "lib/kmem_kunit/Kconfig"'
_KCONFIG_ANCHOR = re.compile(rb'^[ \t]*source[ \t]+"lib/kunit/Kconfig"[ \t]*\r?$', re.MULTILINE)
HOOKED = ("lib/Makefile", "lib/Kconfig.debug")


def files(repo: Path) -> dict[str, bytes]:
    """Return the content of lib/kmem_kunit/ by relative name; raises UserError without suites."""
    found = {name: repo / name for name in _TOP if (repo / name).is_file()}
    for path in sorted((repo / "lib").rglob("*")):
        wanted = path.suffix in _SUFFIXES and not path.name.endswith(".mod.c")
        if (wanted or path.name in _NAMES) and path.is_file():
            found[str(path.relative_to(repo))] = path
    for name in ("Kconfig", "Makefile", ".kunitconfig"):
        if name not in found:
            raise UserError(f"{repo} has no {name}: this checkout is not complete")
    return {name: path.read_bytes() for name, path in found.items()}


def digest(content: Mapping[str, bytes]) -> str:
    """Return the hash of those of the files that the kernel's build reads."""
    parts: list[str | bytes] = []
    for name in sorted(set(content) - {".kunitconfig", "COPYING"}):
        parts += [name, content[name]]
    return cache.digest(*parts)


def program() -> str:
    """Return the hash of this program itself, which makes a result of what a kernel does."""
    return cache.digest(*(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))))


def hook(name: str, text: bytes) -> bytes:
    """Return the kernel file name (one of HOOKED) with our line in it, once."""
    if name == "lib/Makefile":
        return _hook_makefile(text)
    return _hook_kconfig(text)


def unhook(name: str, text: bytes) -> bytes:
    """Return the kernel file name (one of HOOKED) without our line, else byte for byte as it is."""
    line = _MAKE_HOOK if name == "lib/Makefile" else _KCONFIG_HOOK
    lines = text.splitlines(keepends=True)
    if lines and lines[-1] == line:  # hook() found a file whose last line did not end
        return _without_end(b"".join(lines[:-1]))
    return b"".join(each for each in lines if each.rstrip(b"\r\n") != line)


def _lines(text: bytes) -> list[bytes]:
    return [line.rstrip(b"\r\n") for line in text.splitlines()]


def _without_end(text: bytes) -> bytes:
    return text.removesuffix(b"\n").removesuffix(b"\r")


def _hook_makefile(text: bytes) -> bytes:
    if _MAKE_HOOK in _lines(text):
        return text
    end = b"\r\n" if text.endswith(b"\r\n") else b"\n"
    if not text or text.endswith(b"\n"):
        return text + _MAKE_HOOK + end
    return text + end + _MAKE_HOOK


def _hook_kconfig(text: bytes) -> bytes:
    """Put our entries behind KUnit's own, in the menu "Kernel Testing and Coverage"."""
    if _KCONFIG_HOOK in _lines(text):
        return text
    anchor = _KCONFIG_ANCHOR.search(text)
    if anchor is None:
        raise UserError('the kernel\'s lib/Kconfig.debug does not source "lib/kunit/Kconfig"')
    end = b"\r\n" if anchor[0].endswith(b"\r") else b"\n"
    if anchor.end() == len(text):
        return text + end + _KCONFIG_HOOK
    at = anchor.end() + 1
    return text[:at] + _KCONFIG_HOOK + end + text[at:]
