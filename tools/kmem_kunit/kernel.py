# SPDX-License-Identifier: GPL-2.0-only
"""Where a kernel's source is: a series that the distribution has, or a tree that the user names."""
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kmem_kunit import apt, cache, proc, progress
from kmem_kunit.errors import UserError

DEFAULT = "6.12"
_SERIES = re.compile(r"\d+\.\d+\Z")
_RECORD = 10240  # bytes that tar counts as one record
_CHECKPOINT = re.compile(r"(?:tar: )?(\d+)\Z")
_NEEDED = ("Makefile", "Kconfig", "lib/Kconfig.debug", "lib/Makefile", "mm", "init")
_KUNIT = ("lib/kunit/Kconfig", "tools/testing/kunit/kunit.py")
_LEFTOVERS = (".config", "include/config", "include/generated")


@dataclass(frozen=True)
class Kernel:
    """A kernel source: name is what the user calls it, release is like "6.12.117".

    version is the Debian version of a fetched source, and "" for a tree of the user's.
    """

    name: str
    path: Path
    release: str
    version: str = ""

    @property
    def series(self) -> str:
        """The first two numbers of the release."""
        return ".".join(self.release.split(".")[:2]).partition("-")[0]


def is_series(spec: str) -> bool:
    """Say whether spec names a series, and not a path."""
    return _SERIES.match(spec) is not None


def resolve(spec: str) -> Kernel:
    """Return the kernel for SERIES or PATH; a series that is not in the cache is fetched.

    A series that is in the cache never needs the network. Raises UserError for what is no usable
    kernel.
    """
    if not is_series(spec):
        return from_tree(spec)
    return cached(spec) or fetch([spec])[0]


def opened(spec: str) -> Kernel:
    """Return the kernel for SERIES or PATH only to read it: a build in its tree does no harm."""
    if is_series(spec):
        return resolve(spec)
    path = check_tree(spec)
    release = _release(path)
    return Kernel(release, path, release)


def cached(series: str) -> Kernel | None:
    """Return the kernel of a series if the cache has it."""
    found = [
        path
        for path in (cache.where() / "sources").glob(f"{apt.package_name(series)}_*")
        if (path / "Makefile").is_file()
    ]
    if not found:
        return None
    path = max(found, key=lambda p: p.stat().st_mtime)
    return Kernel(series, path, _release(path), version=path.name.partition("_")[2])


def cached_series() -> list[str]:
    """Return the series that the cache has, oldest first."""
    names = (path.name for path in (cache.where() / "sources").glob("linux-source-*_*"))
    found = {re.sub(r"linux-source-|_.*", "", name) for name in names}
    return sorted(filter(is_series, found), key=lambda s: [int(n) for n in s.split(".")])


def fetch(wanted: Iterable[str]) -> list[Kernel]:
    """Bring the newest source of each series into the cache; return them.

    Raises UserError for a series that the mirror lacks, and where the mirror cannot be reached.
    """
    base = cache.root()
    wanted = list(dict.fromkeys(wanted))
    for series in wanted:
        if not is_series(series):
            raise UserError(f"{series!r} is no kernel series such as {DEFAULT}")
    lists = apt.lock(base)
    try:
        lists.take()
        try:
            with progress.step("refreshing the package lists"):
                apt.update(base)
        except apt.Offline as error:
            have = ", ".join(cached_series()) or "no kernel"
            raise UserError(f"{error}; the cache has {have}") from error
        packages = [apt.find(base, series) for series in wanted]
        return [_place(base, series, package) for series, package in zip(wanted, packages)]
    finally:
        lists.close()


def lock_name(series: str) -> str:
    """Return the name of the lock that guards the source of a series."""
    return f"sources-{series}"


def _place(base: Path, series: str, package: apt.Package) -> Kernel:
    """Download and unpack a package unless the cache has it; drop older versions of it."""
    target = base / "sources" / f"{package.name}_{package.version}"
    lock = cache.lock_path(base, lock_name(series))
    with cache.lock(lock, f"the source of Linux {series}", progress.say):
        if not target.is_dir():
            with cache.placing(target) as folder:
                _unpack(base, package, folder)
        os.utime(target)
        for path in target.parent.glob(f"{package.name}_*"):
            if path != target:
                cache.remove(path)
    found = cached(series)
    assert found is not None
    return found


def _unpack(base: Path, package: apt.Package, folder: Path) -> None:
    """Download a package and leave the kernel source in folder, and nothing else."""
    aside = folder / ".package"
    aside.mkdir()
    deb = apt.download(base, package, aside)
    _unpack_step(["dpkg-deb", "-x", deb, aside], package)
    deb.unlink()
    archives = list(aside.glob(f"usr/src/{package.name}.tar.xz"))
    if len(archives) != 1:
        raise UserError(f"{package.name} {package.version} has no /usr/src/{package.name}.tar.xz")
    size = _unpacked_size(archives[0])
    unpack = ("tar", "-x", "-I", "xz -T0", "-f", archives[0], "-C", folder)
    how = ["--strip-components=1", "--no-same-owner"]
    report = ["--checkpoint=2000", "--checkpoint-action=echo=%u"]
    with progress.step(f"unpacking Linux {package.version}", "MB") as tick:

        def on_line(line: str) -> None:
            if records := _CHECKPOINT.match(line):
                tick(int(records[1]) * _RECORD // 1_000_000, size // 1_000_000 or None)

        _unpack_step([*unpack, *how, *report], package, on_line)
    cache.remove(aside)
    _release(folder)


def _unpack_step(
    argv: Sequence[str | Path],
    package: apt.Package,
    on_line: Callable[[str], None] | None = None,
) -> None:
    done = proc.run(argv, timeout=1800, on_line=on_line)
    if done.status != 0:
        lines = [line for line in done.output.splitlines() if not _CHECKPOINT.match(line)]
        reason = lines[0] if lines else f"{argv[0]} failed"
        raise UserError(f"cannot unpack {package.name} {package.version}: {reason}")


def _unpacked_size(archive: Path) -> int:
    """Return the size in bytes of an .xz file's content, 0 if it cannot be told."""
    done = proc.run(["xz", "--robot", "--list", archive], timeout=60)
    match = re.search(r"^totals\t\d+\t\d+\t\d+\t(\d+)", done.output, re.MULTILINE)
    return int(match[1]) if match else 0


def from_tree(spec: str) -> Kernel:
    """Return the kernel at a path, if it is one that the suites can be built with."""
    path = check_tree(spec)
    left = [path / name for name in _LEFTOVERS]
    left += path.glob("arch/*/include/generated")
    if found := [str(entry.relative_to(path)) for entry in left if os.path.lexists(entry)]:
        raise UserError(
            f"{path} holds an in-tree build ({', '.join(found)}), which the kernel's build "
            f'refuses: run "make -C {path} mrproper", or, to keep that build, '
            f'"git -C {path} worktree add ../clean" and name that folder'
        )
    release = _release(path)
    return Kernel(release, path, release)


def check_tree(spec: str) -> Path:
    """Return the absolute path of a kernel tree that has KUnit; raises UserError otherwise."""
    try:
        path = Path(spec).expanduser().resolve()
        if not path.is_dir():
            hint = "" if "/" in spec else ", nor a kernel series such as 6.12"
            raise UserError(f"{spec!r} is not a folder{hint}")
        lacking = [name for name in _NEEDED if not (path / name).exists()]
        if lacking:
            raise UserError(f"{path} is not a kernel tree: it has no {lacking[0]}")
        _release(path)
        for name in _KUNIT:
            if not (path / name).exists():
                raise UserError(f"the kernel in {path} has no KUnit: it has no {name}")
    except (OSError, RuntimeError, ValueError) as error:
        raise UserError(f"cannot read {spec!r}: {error}") from error
    return path


def _release(path: Path) -> str:
    """Return the release that a kernel's Makefile states."""
    try:
        with open(path / "Makefile", encoding="utf-8", errors="replace") as file:
            head = file.read(4096)
    except OSError as error:
        raise UserError(f"cannot read {path}/Makefile: {error.strerror}") from error
    pattern = r"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION)[ \t]*=[ \t]*([\w.+-]*)[ \t]*$"
    values: dict[str, str] = dict(re.findall(pattern, head, re.MULTILINE))
    numbers = [values.get(name, "") for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL")]
    if not all(number.isdigit() for number in numbers):
        raise UserError(f"{path} is not a kernel tree: its Makefile states no version")
    return ".".join(numbers) + values.get("EXTRAVERSION", "")


@dataclass(frozen=True)
class Identity:
    """What a source is: equal digests are equal sources.

    backdated says that something changed after a given time and yet carries an older time of
    modification, which make would overlook.
    """

    digest: str
    backdated: bool = False


def identity(kernel: Kernel, since: float | None = None) -> Identity:
    """Return the identity of a kernel; since is the time (seconds) of the last build from it.

    A fetched source is known by its version, any other tree by its path and the name, size and time
    of all its files, of which those of two revisions may be equal; what vanishes meanwhile, as in a
    git checkout, is no part of it.
    """
    if kernel.version:
        return Identity(cache.digest(kernel.name, kernel.version))
    total = hashlib.sha256(os.fsencode(kernel.path))
    newest = since if since is not None else float("inf")
    backdated = False
    folders = [(str(kernel.path), "")]
    while folders:
        folder, below = folders.pop()
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            if not below:
                raise
            continue
        for entry in entries:
            if entry.name == ".git":
                continue
            try:
                stat = entry.stat(follow_symlinks=False)
                link = os.readlink(entry.path) if entry.is_symlink() else ""
            except FileNotFoundError:
                continue
            if stat.st_ctime > newest > stat.st_mtime:
                backdated = True
            name = f"{below}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                folders.append((entry.path, name))
                continue
            line = f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\0{stat.st_mode:o}\0{link}\n"
            total.update(line.encode(errors="surrogateescape"))
    return Identity(total.hexdigest()[:16], backdated)
