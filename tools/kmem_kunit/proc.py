# SPDX-License-Identifier: GPL-2.0-only
"""Subprocesses: an argument list, a time limit, bounded output, and no process that outlives us.

Each command runs under guardian.py, which ends it and all that it started when we stop waiting:
at the time limit, on an exception (Ctrl-C), and when we are killed.
"""
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kmem_kunit import guardian
from kmem_kunit.errors import UserError

_GUARDIAN = Path(guardian.__file__)
_LINE_MAX = 64 * 1024  # bytes; a longer line is delivered in pieces
_KEEP_MAX = 4 * 1024 * 1024  # bytes of output that Done carries
_TICK = 0.1  # seconds between calls of on_tick
_KEPT_VARIABLES = (
    *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TERM"),
    *("SOURCE_DATE_EPOCH", "CCACHE_DIR", "KCFLAGS"),
)


@dataclass(frozen=True)
class Done:
    """How a command ended: status is its exit status, or 128+N for signal N.

    output is the first 4 MiB of stdout and stderr together. timed_out and overflow say that we
    ended it, for its time or for the amount of its output; clean, that it then left by itself.
    """

    status: int
    output: str
    timed_out: bool = False
    overflow: bool = False
    clean: bool = True


class _Stopped(Exception):
    """The command has to be ended: for its time, or else for the amount of its output."""

    def __init__(self, timed_out: bool) -> None:
        super().__init__()
        self.timed_out = timed_out


def environment(**extra: str) -> dict[str, str]:
    """Return the environment for children: the few variables that they may see, and extra.

    What the caller's make or shell has set (MAKEFLAGS, ARCH, CC, KBUILD_*, a locale) would change
    a build behind our back, so only named variables and proxies pass.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT_VARIABLES or name.lower().endswith("_proxy")
    }
    return {**kept, "LC_ALL": "C.UTF-8", **extra}


def run(
    argv: Sequence[str | Path],
    *,
    timeout: float,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    grace: float = 2.0,
    limit: int | None = None,
    stdin: Path | None = None,
    on_line: Callable[[str], None] | None = None,
    on_tick: Callable[[], None] | None = None,
    on_stop: Callable[[bool], None] | None = None,
) -> Done:
    """Run a command to its end, or end it after timeout seconds or limit bytes of output.

    stdin is a file that it reads, if it reads any. on_line gets each line (without its newline),
    on_tick is called about ten times a second. A command that is ended gets SIGTERM, and SIGKILL
    after grace seconds; so it does on an exception here. on_stop is then told whether all of it left
    before SIGKILL. Raises UserError where argv[0] does not exist.
    """
    control_read, control_write = os.pipe()
    child: subprocess.Popen[bytes] | None = None
    reader = _Reader(on_line, limit)
    stopped: _Stopped | None = None
    ended = False
    os.set_inheritable(control_read, True)
    try:
        with open(stdin or os.devnull, "rb") as read:
            child = subprocess.Popen(
                [sys.executable, "-I", "-S", _GUARDIAN, str(control_read), str(grace), *argv],
                cwd=cwd,
                env=environment() if env is None else env,
                stdin=read,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                close_fds=False,  # locks are held by the guardian too: see cache.lock()
            )
        os.close(control_read)
        control_read = -1
        try:
            _follow(child, reader, time.monotonic() + timeout, on_tick)
            ended = True
        except _Stopped as stop:
            stopped = stop
    finally:
        status = _finish(child, control_read, control_write)
        if on_stop is not None and not ended:
            on_stop(status == guardian.STOPPED)
    reader.finish()
    if status == 127 and reader.output.startswith(f"cannot run {argv[0]}:"):
        raise UserError(reader.output.strip())
    return Done(
        status=status,
        output=reader.output,
        timed_out=stopped is not None and stopped.timed_out,
        overflow=stopped is not None and not stopped.timed_out,
        clean=ended or status == guardian.STOPPED,
    )


def _finish(child: subprocess.Popen[bytes] | None, control_read: int, control_write: int) -> int:
    """End what still runs and return the guardian's exit status."""
    if control_read >= 0:
        os.close(control_read)
    os.close(control_write)
    if child is None:
        return guardian.KILLED
    if child.stdout is not None:
        child.stdout.close()
    return child.wait()


def _follow(
    child: subprocess.Popen[bytes],
    reader: "_Reader",
    deadline: float,
    on_tick: Callable[[], None] | None,
) -> None:
    """Read the command's output to its end; raises _Stopped at the deadline or at the limit."""
    assert child.stdout is not None
    fd = child.stdout.fileno()
    next_tick = 0.0
    while True:
        now = time.monotonic()
        if now >= deadline:
            raise _Stopped(timed_out=True)
        if on_tick is not None and now >= next_tick:
            on_tick()
            next_tick = now + _TICK
        wait = min(_TICK, deadline - now) if on_tick else deadline - now
        if not select.select([fd], [], [], wait)[0]:
            continue
        chunk = os.read(fd, _LINE_MAX)
        if not chunk:
            return
        if not reader.feed(chunk):
            raise _Stopped(timed_out=False)


class _Reader:
    """Cuts bytes into lines, hands them on, and keeps the first of them."""

    def __init__(self, on_line: Callable[[str], None] | None, limit: int | None) -> None:
        self._on_line = on_line
        self._limit = limit
        self._seen = 0
        self._rest = b""
        self._kept = bytearray()

    @property
    def output(self) -> str:
        return self._kept.decode(errors="backslashreplace")

    def feed(self, chunk: bytes) -> bool:
        """Take bytes; return False once there are more than the limit."""
        self._seen += len(chunk)
        self._kept += chunk[: _KEEP_MAX - len(self._kept)]
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._emit(line)
        if len(self._rest) > _LINE_MAX:
            self._emit(self._rest)
            self._rest = b""
        return self._limit is None or self._seen <= self._limit

    def finish(self) -> None:
        """Hand on a last line that has no newline."""
        if self._rest:
            self._emit(self._rest)
            self._rest = b""

    def _emit(self, line: bytes) -> None:
        if self._on_line is not None:
            self._on_line(line.decode(errors="backslashreplace"))
