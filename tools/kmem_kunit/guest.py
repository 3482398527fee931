# SPDX-License-Identifier: GPL-2.0-only
"""A boot of User-Mode Linux without kunit.py, which needs longer for that than the kernel does to boot.

Its console is a file: it drops what a pipe has no room for. The file is in memory, where no full disk cuts
it short, and has an end.
"""
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kmem_kunit import cells, overlay, proc, splat
from kmem_kunit.errors import UserError

_ALWAYS = ("mem=1G", "console=tty", "printk.time=1", "kunit.enable=1", "kunit.filter_glob=*.*",
           "kunit_shutdown=halt")
_WAYS = ("plain", "init", "debug")  # cells
_OTHER_WAYS = ("mempool_debug", "nokmem", "selective", "exceptions", "nomerge", "orders", "free",
               "keep_orders")
_LIMIT = 16 << 20  # bytes of a console: all that a watched boot may tell; of more, the kernel is told EPERM
_NOT_RUN = (125, 126, 127)  # statuses of timeout(1)
_FROM_OUTSIDE = (*(signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT),
                 *(signal.SIGXCPU, signal.SIGXFSZ))
_NO_ROOM = "Bus error - the host /dev/shm or /tmp mount likely just ran out of space"
_HALTED = "reboot: System halted"
_SHOWN = 200  # characters of a line of a boot that was none
_SEEN = 0.5  # of the processor time that is the limit, what is told at least: ticks are counted, or nanoseconds


@dataclass(frozen=True)
class Way:
    """A way to boot: its name, and kernel arguments.

    other says that it is there for the sake of the few cases that can run in no way before it.
    """

    name: str
    arguments: tuple[str, ...] = ()
    other: bool = False


@dataclass(frozen=True)
class Boot:
    """A boot that is over: what it printed, its exit status, whether it had to be ended.

    took is in seconds, and so is work, which is processor time.
    """

    lines: Sequence[str]
    status: int
    timed_out: bool
    took: float
    work: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether the kernel has said that it ends: that it halts, or that it panics."""
        return any(_HALTED in line or splat.is_panic(line) for line in reversed(self.lines))

    @property
    def died(self) -> bool:
        """Whether it has come to another end than that of a kernel that halts."""
        return self.timed_out or self.status != 0 or not self.ended


def ways(series: str) -> list[Way]:
    """Return the ways to boot, as tools/cells.toml has them for a series."""
    book = cells.load(overlay.REPO)
    found = [cell for name in (*_WAYS, *_OTHER_WAYS) if (cell := book.cell(name, series, series))]
    # what is free is cleared first, and takes longer than all cases if there is much
    little = {cell.name: ("mem=256M",) for cell in found if "init_on_free=1" in cell.arguments}
    return [Way(cell.variant, (*cell.arguments, *little.get(cell.name, ())),
                cell.variant in _OTHER_WAYS) for cell in found]


def boot(binary: Path, folder: Path, arguments: Sequence[str], limit: float, work: int | None = None,
         **variables: str) -> Boot:
    """Boot once, for limit seconds and, if work is given, as many seconds of processor time, at most.

    folder is for what the guest needs while it runs. arguments come behind ours, so that they have the
    last word. Whatever becomes of us, timeout(1) ends the guest and all of its processes. Raises
    UserError for what says nothing about the kernel: it could not be started, had no room for its
    memory, or was killed, and not by us.
    """
    bound = f"{limit:.2f}"
    bounded = ["prlimit", f"--cpu={work}"] if work else []
    with _console() as console:
        started = time.monotonic()
        try:
            child = subprocess.Popen(
                ["timeout", "--signal=KILL", bound, *bounded,
                 binary, *_ALWAYS, f"uml_dir={folder}/", *arguments],
                stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
                env=proc.environment(**variables), start_new_session=True)
        except OSError as error:
            raise UserError(f"the kernel does not boot here: {error.strerror}") from error
        try:
            _, ended, usage = os.wait4(child.pid, 0)
            child.returncode = status = os.waitstatus_to_exitcode(ended)
        finally:
            try:
                os.killpg(child.pid, signal.SIGKILL)  # User-Mode Linux has processes of its own
            except ProcessLookupError:
                pass
            child.wait()
        took = time.monotonic() - started
        size = os.lseek(console, 0, os.SEEK_CUR)
        lines = os.pread(console, size, 0).decode(errors="backslashreplace").splitlines()
    number = -status if status < 0 else status - 128  # timeout(1) may end itself, too
    done = usage.ru_utime + usage.ru_stime
    timed_out = number == signal.SIGKILL and (took >= float(bound) or bool(work and done >= work * _SEEN))
    if status in _NOT_RUN:
        raise UserError(f"the kernel does not boot here: {''.join(lines[-1:])[-_SHOWN:]}")
    if number in _FROM_OUTSIDE and not timed_out:
        raise UserError(f"something has killed a kernel ({signal.Signals(number).name}): "
                        "where memory runs out, try fewer --jobs")
    if any(_NO_ROOM in line for line in lines):
        raise UserError("there is no room for the memory of kernels in /dev/shm or TMPDIR: try fewer --jobs")
    return Boot(lines, status, timed_out, took, done)


@contextmanager
def _console() -> Iterator[int]:
    """Give the descriptor of a file that can hold _LIMIT bytes, and no more."""
    console = os.memfd_create("console", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(console, _LIMIT)
        fcntl.fcntl(console, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW)
        yield console
    finally:
        os.close(console)
