# SPDX-License-Identifier: GPL-2.0-only
"""Runs one command and outlives it: when the command or its caller ends, nothing of it is left.

usage: python3 guardian.py CONTROL GRACE COMMAND [ARGUMENT]...

The caller holds the write end of the pipe CONTROL and nobody else does, so its end of file means
"stop", also when the caller was killed. Processes that left the command's group or session (as
User-Mode Linux does) are found all the same: orphans become children of the guardian.

Exit status: the command's (128+N if signal N killed it); after a stop, STOPPED if all of it went
by itself within GRACE seconds of SIGTERM, KILLED otherwise.
"""
import ctypes
import os
import select
import signal
import sys
import time

STOPPED = 0
KILLED = 137
_NOT_RUN = 127
_PR_SET_CHILD_SUBREAPER = 36
_PATIENCE = 60.0  # seconds to wait for processes that may not be killed (sudo's)


def _start(argv: list[str]) -> int:
    """Fork and run argv in a process group of its own; return its pid."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setpgid(0, 0)
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(name, signal.SIG_DFL)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.execvp(argv[0], argv)
    except OSError as error:
        os.write(2, f"cannot run {argv[0]}: {error.strerror}\n".encode())
    os._exit(_NOT_RUN)


def _parents() -> dict[int, int]:
    """Every process of the machine, with its parent."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as stat:
                    fields = stat.read().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] not in "ZX":
                found[int(name)] = int(fields[1])
    return found


def _descendants() -> list[int]:
    """The processes that descend from this one and are not yet dead."""
    parents = _parents()
    found: list[int] = []
    generation = {os.getpid()}
    while generation:
        generation = {pid for pid, parent in parents.items() if parent in generation}
        found += generation
    return found


def _signal_all(number: signal.Signals) -> None:
    for pid in _descendants():
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            pass


def _reap() -> bool:
    """Collect dead children; return whether any child is left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _gone(seconds: float) -> bool:
    """Wait for all children to end; return whether they did within that time."""
    end = time.monotonic() + seconds
    while _reap():
        if time.monotonic() >= end:
            return False
        time.sleep(0.01)
    return True


def _kill() -> None:
    end = time.monotonic() + _PATIENCE
    while _reap() and time.monotonic() < end:
        _signal_all(signal.SIGKILL)
        time.sleep(0.005)


def main(argv: list[str]) -> int:
    """Run argv[3:] under control of the pipe argv[1] with a grace of argv[2] seconds."""
    control, grace = int(argv[1]), float(argv[2])
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(name, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = _start(argv[3:])
    exited = os.pidfd_open(child)
    ready, _, _ = select.select([control, exited], [], [])
    if exited in ready:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        _kill()
        return status if status >= 0 else 128 - status
    _signal_all(signal.SIGTERM)
    if _gone(grace):
        return STOPPED
    _kill()
    return KILLED


if __name__ == "__main__":
    sys.exit(main(sys.argv))
