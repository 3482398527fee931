# SPDX-License-Identifier: GPL-2.0-only
"""The cache folder: content hashes, placement of finished things only, locks, housekeeping.

    sources/NAME_VERSION/  kernel sources as the distribution ships them
    trees/HASH/            shadow trees: a kernel with the suites in it
    builds/HASH/           kunit.py's build folders, kept for incremental builds
    images/HASH/           finished kernels
    runs/ID/               the folder handed to "kunit.py exec", and the console's log
    revisions/COMMIT/      kernel sources out of a git repository of the user's
    results/HASH/          what a cell of such a revision came to
    bisects/HASH/          bisections that are not finished
    exports/HASH/          trees with exported patches, and what was built of them
    matrices/ID/           what there is of a matrix, or on a cluster of mutants, until that has ended
    mutants/               trees with mutants, and what was found in them
    verdicts/              what became of mutants, a file for each part that was asked for
    apt/                   package lists
    locks/                 what runs hold while they use the above

Whatever is made is made under a temporary name in the same folder and renamed when it is complete.
A temporary folder is locked by the run that fills it, so that a later run can tell the leftovers
of one that died from work in progress. Machines that share the cache may not see such locks of each
other (NFS has them for files only), so what bears another machine's name is left to it for a day.
"""
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kmem_kunit.errors import UserError

_TEMPORARY = ".tmp-"
_PARTS = (
    *("sources", "trees", "builds", "images", "runs", "failures", "matrices"),
    *("bisects", "revisions", "results", "mutants", "verdicts", "exports", "apt", "locks"),
)
_KEEP = {
    **{"runs": 20, "failures": 100, "matrices": 20, "images": 160, "builds": 80, "trees": 24},
    **{"revisions": 4, "results": 400, "mutants": 24, "verdicts": 400, "exports": 8},
}
_HERE = "@" + re.sub(r"[^A-Za-z0-9-]", "_", os.uname().nodename)
_LEFT_ALONE = 24 * 3600.0  # seconds for which another machine's things are
_SAFE = re.compile(r"[A-Za-z0-9@%+=,./_-]+\Z")


def root() -> Path:
    """Return the cache folder, made if need be; raises UserError where it cannot be used."""
    path = where()
    if not is_safe(path):
        raise UserError(
            f"the kernel's build cannot work below {path}: set KMEM_KUNIT_CACHE to a folder whose "
            "path has only letters, digits and @ % + = , . / _ -"
        )
    try:
        for part in _PARTS:
            (path / part).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot make {error.filename}: {error.strerror}; "
            "set KMEM_KUNIT_CACHE to a folder that can be written"
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise UserError(f"cannot write to {path}: set KMEM_KUNIT_CACHE to another folder")
    return path


def where() -> Path:
    """Return the path of the cache folder, without looking at it."""
    if chosen := os.environ.get("KMEM_KUNIT_CACHE"):
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "kmem-kunit"


def is_safe(path: Path) -> bool:
    """Say whether kbuild, make and a kernel command line can live with this path."""
    return _SAFE.match(str(path)) is not None and "tools/testing/kunit" not in str(path)


def digest(*parts: str | bytes) -> str:
    """Return the hash of a sequence of strings, as 16 hexadecimal digits."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(b"%d:" % len(data) + data)
    return total.hexdigest()[:16]


def write(path: Path, data: str | bytes) -> None:
    """Write a file so that nobody ever sees a part of it; its permissions stay as they are."""
    path = path.resolve()
    handle, name = tempfile.mkstemp(prefix=_TEMPORARY, suffix=_HERE, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        if path.exists():
            shutil.copymode(path, name)
            with suppress(PermissionError):
                os.chown(name, path.stat().st_uid, path.stat().st_gid)
        else:
            os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException as error:
        with suppress(FileNotFoundError):
            os.unlink(name)
        if isinstance(error, OSError) and error.filename is None:  # as of write()
            error.filename = str(path)
        raise


def _umask() -> int:
    """Return the umask, which os.umask() cannot tell without changing it for all threads."""
    for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("Umask:"):
            return int(line.split()[1], 8)
    return 0o022


@contextmanager
def placing(target: Path) -> Iterator[Path]:
    """Give a temporary folder that becomes target when the block ends well, and goes otherwise.

    If another run has placed target in the meantime, that one stays.
    """
    with temporary(target.parent) as path:
        yield path
        path.chmod(0o777 & ~_umask())
        try:
            path.rename(target)
        except OSError:
            if not target.is_dir():
                raise


@contextmanager
def temporary(parent: Path) -> Iterator[Path]:
    """Give a folder in one of the cache's, which goes when the block ends, or with a later run."""
    with _opened(parent) as folder:
        fcntl.flock(folder, fcntl.LOCK_EX)  # against clean(), between the next two
        path = _made(parent)
        held = hold(path)
    try:
        yield path
    finally:
        if path.exists():
            remove(path)
        os.close(held)


def _made(parent: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix=_TEMPORARY, suffix=_HERE, dir=parent))


def unique() -> str:
    """Return a name, beginning with the time, that no other run takes, on this or any machine."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}{_HERE}"


def hold(path: Path) -> int:
    """Mark a folder as in use until the descriptor returned is closed and its users have ended."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    # shared: a command that another thread starts just now may inherit, and keep, an earlier one
    fcntl.flock(fd, fcntl.LOCK_SH)
    os.set_inheritable(fd, True)  # to the guardians of our commands
    return fd


def remove(path: Path) -> None:
    """Remove a folder of the cache: first its name, then, at leisure, what is in it."""
    away = path
    if not path.name.startswith(_TEMPORARY):
        away = _made(path.parent) / path.name
        with suppress(FileNotFoundError):  # another run that cleans up was faster
            path.rename(away)
        away = away.parent
    for _ in range(5):  # something may still be dying in it
        shutil.rmtree(away, ignore_errors=True)
        if not away.exists():
            return


class Lock:
    """A lock held; its mode can be changed while it is."""

    def __init__(self, path: Path, what: str, say: Callable[[str], None]) -> None:
        self._what, self._say = what, say
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise UserError(f"cannot use {path.parent}: {error.strerror}") from error
        os.set_inheritable(self._fd, True)

    def take(self, *, shared: bool = False) -> None:
        """Take the lock, or change its mode; waits, and says so, while another run has it."""
        operation = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(self._fd, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._fd, 32, 0).decode("ascii", "replace").strip()
            other = f" (pid {holder})" if holder.isdigit() else ""
            self._say(f"waiting for another run{other} that is using {self._what}")
            fcntl.flock(self._fd, operation)
        self._sign()

    def take_if_alone(self) -> bool:
        """Take the lock if nobody else has it, or else let it go; return whether it was taken."""
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._sign()
        return True

    def _sign(self) -> None:
        os.pwrite(self._fd, f"{os.getpid():<31}\n".encode(), 0)

    def close(self) -> None:
        """Let the lock go."""
        os.close(self._fd)


@contextmanager
def lock(
    path: Path, what: str, say: Callable[[str], None], *, shared: bool = False
) -> Iterator[Lock]:
    """Hold the lock file path; what names, for people, the thing that it protects.

    It is held until the block ends and every command that was started in it has ended, also when
    this process is killed.
    """
    held = Lock(path, what, say)
    try:
        held.take(shared=shared)
        yield held
    finally:
        held.close()


def lock_path(base: Path, name: str) -> Path:
    """Return the lock file of a thing in the cache folder base."""
    return base / "locks" / name


def clean(base: Path) -> None:
    """Remove what dead runs left behind, and the oldest runs, images and builds not in use."""
    for part in _PARTS:
        folder = base / part
        with _opened(folder) as fd:
            fcntl.flock(fd, fcntl.LOCK_EX)
            for path in folder.glob(_TEMPORARY + "*"):
                if _unused(path):
                    _discard(path)
        entries = [path for path in folder.iterdir() if not path.name.startswith(_TEMPORARY)]
        for path in sorted(entries, key=_used, reverse=True)[_KEEP.get(part, len(entries)) :]:
            if _unused(path) and _unused(lock_path(base, f"{part}-{path.name}")):
                remove(path)


def _used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _unused(path: Path) -> bool:
    """Say whether nobody holds path; what does not exist is not held."""
    elsewhere = "@" in path.name and not path.name.endswith(_HERE)
    if elsewhere and time.time() - _used(path) < _LEFT_ALONE:
        return False
    try:
        with _opened(path) as fd:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def _discard(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        yield fd
    finally:
        os.close(fd)
