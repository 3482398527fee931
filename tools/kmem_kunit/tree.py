# SPDX-License-Identifier: GPL-2.0-only
"""Kernel trees with the suites in them: shadows, which leave the original alone, and apply."""
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kmem_kunit import cache, overlay, progress
from kmem_kunit.errors import UserError
from kmem_kunit.kernel import Kernel

_KUNIT_TOOL = "tools/testing/kunit"
_NOT_SHADOWED = {".git", "__pycache__"}
_MANIFEST = ".applied.sha256"
_BUILT = re.compile(
    r"\..*\.(cmd|d)\Z|.*\.(o|a|ko|mod|mod\.c|su|gcno|gcda|order|symvers|o\.d)\Z"
)


@dataclass(frozen=True)
class Shadow:
    """A shadow tree as it stands while its lock is held: its root and the overlay's hash."""

    path: Path
    digest: str


def shadow_path(base: Path, kernel: Kernel, repo: Path) -> Path:
    """Return where the shadow of a kernel with the suites of repo is, made or not.

    A fetched series keeps its shadow's place from one Debian version to the next.
    """
    source = kernel.name if kernel.version else str(kernel.path)
    return base / "trees" / cache.digest(source, str(repo))


@contextmanager
def shadow(base: Path, kernel: Kernel, repo: Path) -> Iterator[Shadow]:
    """Give a shadow tree that is up to date and stays as it is while the block runs.

    It has a link for each entry of the kernel's root and of its lib/, but files of its own where
    the overlay needs them: lib/Makefile, lib/Kconfig.debug, lib/kmem_kunit/, and kunit.py, which
    finds its kernel by its own real path, and folders of its own where Python leaves bytecode. Files keep their times while their content stays.
    """
    path = shadow_path(base, kernel, repo)
    lock = cache.lock_path(base, f"trees-{path.name}")
    what = f"the tree of Linux {kernel.release}"
    with cache.lock(lock, what, progress.say, shared=True) as held:
        while True:
            content = overlay.files(repo)
            wanted = _layout(kernel.path, content)
            changes = _changes(path, wanted)
            if not changes:
                break
            held.take()
            _apply_changes(path, wanted)
            held.take(shared=True)
        yield Shadow(path, overlay.digest(content))


# What a path in a shadow is: a link to a path, a file with that content, or (None) a folder.
_Layout = dict[str, Path | bytes | None]


def _layout(kernel: Path, content: dict[str, bytes]) -> _Layout:
    """Return all of what the shadow of a kernel consists of, by relative path."""
    found: _Layout = {}

    def link_all(folder: str) -> None:
        if folder:
            found[folder] = None
        for entry in os.scandir(kernel / folder):
            if entry.name not in _NOT_SHADOWED:
                found[os.path.join(folder, entry.name)] = kernel / folder / entry.name

    for folder in ("", "lib", "tools", "tools/testing", _KUNIT_TOOL, f"{_KUNIT_TOOL}/qemu_configs"):
        link_all(folder)
    for name in [name for name in found if Path(name).parent == Path(_KUNIT_TOOL)]:
        if (kernel / name).is_file():
            found[name] = (kernel / name).read_bytes()
    for name in overlay.HOOKED:
        found[name] = overlay.hook(name, (kernel / name).read_bytes())
    found[overlay.PLACE] = None
    for name, data in content.items():
        full = f"{overlay.PLACE}/{name}"
        for parent in Path(full).parents:
            if overlay.PLACE in str(parent):
                found[str(parent)] = None
        found[full] = data
    return found


def _is(path: Path, wanted: Path | bytes | None) -> bool:
    """Say whether path is what is wanted."""
    try:
        if isinstance(wanted, Path):
            return os.readlink(path) == str(wanted)
        if path.is_symlink():
            return False
        return path.is_dir() if wanted is None else path.read_bytes() == wanted
    except OSError:
        return False


def _superfluous(root: Path, wanted: _Layout) -> list[Path]:
    folders = [name for name, what in wanted.items() if what is None]
    found = []
    for folder in ("", *folders):
        if (root / folder).is_dir() and not (root / folder).is_symlink():
            for entry in os.scandir(root / folder):
                if os.path.join(folder, entry.name) not in wanted and entry.name != "__pycache__":
                    found.append(Path(entry.path))
    return found


def _changes(root: Path, wanted: _Layout) -> bool:
    """Say whether the shadow is not what it should be."""
    return not all(_is(root / name, what) for name, what in wanted.items()) or bool(
        _superfluous(root, wanted)
    )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _apply_changes(root: Path, wanted: _Layout) -> None:
    """Bring the shadow up to date, touching only what differs."""
    for path in _superfluous(root, wanted):
        _remove(path)
    root.mkdir(exist_ok=True)
    for name, what in sorted(wanted.items()):  # a folder comes before what is in it
        path = root / name
        if _is(path, what):
            continue
        if what is None or isinstance(what, Path) or path.is_symlink() or path.is_dir():
            _remove(path)
        if what is None:
            path.mkdir()
        elif isinstance(what, Path):
            path.symlink_to(what)
        else:
            cache.write(path, what)


def edited(source: Path, root: Path, contents: Mapping[str, str]) -> None:
    """Make root a tree of links to source in which some files are others, with these contents.

    What is there already stays as it is, with its times, if it is right.
    """
    real = {parent for file in contents for parent in Path(file).parents}
    for folder in sorted(real):
        if (root / folder).is_symlink():
            (root / folder).unlink()  # or what is written below it would be written to source
        (root / folder).mkdir(parents=True, exist_ok=True)
        for entry in os.scandir(source / folder):
            path = folder / entry.name
            if path not in real and str(path) not in contents and not (root / path).is_symlink():
                _remove(root / path)
                (root / path).symlink_to(source / path)
    for file, text in contents.items():
        if not _is(root / file, text.encode()):
            _remove(root / file)
            cache.write(root / file, text)


def apply(root: Path, repo: Path) -> list[str]:
    """Put the suites into a kernel tree for good; return the paths that were written.

    Raises UserError, with nothing changed, where lib/kmem_kunit/ is not as apply left it.
    """
    place = root / overlay.PLACE
    content = overlay.files(repo)
    content[_MANIFEST] = _manifest(content)
    hooked = {name: (root / name).read_bytes() for name in overlay.HOOKED}
    wanted = {name: overlay.hook(name, text) for name, text in hooked.items()}
    written = []
    if os.path.lexists(place):
        _check_ours(place)
    if _content_of(place) != content:
        _replace(place, content)
        written.append(overlay.PLACE)
    for name, text in wanted.items():
        if text != hooked[name]:
            cache.write(root / name, text)
            written.append(name)
    return written


def unapply(root: Path) -> list[str]:
    """Take the suites out of a kernel tree; return the paths that were changed.

    The rest stays byte for byte as it is. Raises UserError, with nothing changed, if somebody
    has edited files of lib/kmem_kunit/ or added some.
    """
    place = root / overlay.PLACE
    if os.path.lexists(place):
        _check_ours(place)
    changed = []
    for name in overlay.HOOKED:
        text = (root / name).read_bytes()
        if (without := overlay.unhook(name, text)) != text:
            cache.write(root / name, without)
            changed.append(name)
    if place.is_dir():
        shutil.rmtree(place)
        changed.append(overlay.PLACE)
    return changed


def _manifest(content: dict[str, bytes]) -> bytes:
    """Return the list of the files as sha256sum writes it."""
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in content.items()]
    return "".join(sorted(lines)).encode()


def _content_of(place: Path) -> dict[str, bytes]:
    """Return the files of a folder by relative name, without what a build made."""
    return {
        str(path.relative_to(place)): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file() and not _BUILT.match(path.name)
    }


def _check_ours(place: Path) -> None:
    """Raise UserError unless lib/kmem_kunit/ is just what apply once put there."""
    if place.is_symlink() or not (place / _MANIFEST).is_file():
        raise UserError(f"{place} was not put there by kmem-kunit apply: move it away first")
    content = _content_of(place)
    listed = dict(
        (name, digest)
        for digest, _, name in (
            line.partition("  ")
            for line in content.pop(_MANIFEST).decode(errors="replace").splitlines()
        )
    )
    edited = [
        name
        for name, data in sorted(content.items())
        if listed.get(name) != hashlib.sha256(data).hexdigest()
    ]
    if edited:
        names = ", ".join(edited[:5]) + (", ..." if len(edited) > 5 else "")
        raise UserError(f"{place} has changes of yours ({names}): save them, then remove them")


def _replace(place: Path, content: dict[str, bytes]) -> None:
    """Put content in the place of a folder that is ours or does not exist, all of it at once."""
    aside = Path(tempfile.mkdtemp(prefix=".kmem_kunit-", dir=place.parent))
    try:
        for name, data in content.items():
            path = aside / "new" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if place.exists():
            place.rename(aside / "old")
        (aside / "new").rename(place)
    finally:
        shutil.rmtree(aside)
