# SPDX-License-Identifier: GPL-2.0-only
"""Subprocesses: what they see, what is kept of them, and above all that they end with us."""
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import TOOLS

from kmem_kunit import proc
from kmem_kunit.errors import UserError

PATIENCE = 30.0  # seconds until something that must happen is given up


def alive(pid: int) -> bool:
    """Say whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_for(condition, what: str) -> None:  # type: ignore[no-untyped-def]
    """Wait until a condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.01)


def pids(path: Path, count: int) -> list[int]:
    """Return the process ids in a file, once that many are there."""
    wait_for(lambda: path.exists() and len(path.read_text().split()) >= count, f"{path}")
    return [int(word) for word in path.read_text().split()]


# A command that starts children every way there is: in its group, in another, and in a session
# of its own whose parent is gone, as User-Mode Linux does; some of them ignore SIGTERM.
FAMILY = """
note() {{ echo $$ >> {0}; }}
sh -c 'echo $$ >> {0}; exec sleep 1000' &
sh -c 'setsid sh -c "echo \\$\\$ >> {0}; exec sleep 1000" &' &
sh -c 'trap "" TERM; echo $$ >> {0}; while :; do sleep 1000; done' &
note
wait
"""


def test_output_status_and_lines() -> None:
    lines: list[str] = []
    done = proc.run(["sh", "-c", "echo one; echo two >&2; printf three; exit 7"], timeout=PATIENCE,
                    on_line=lines.append)
    assert (done.status, done.output) == (7, "one\ntwo\nthree")
    assert lines == ["one", "two", "three"]
    assert not done.timed_out and not done.overflow


def test_death_by_signal_is_told() -> None:
    assert proc.run(["sh", "-c", "kill -SEGV $$"], timeout=PATIENCE).status == 128 + signal.SIGSEGV


def test_a_command_that_is_not_there() -> None:
    with pytest.raises(UserError, match="cannot run no-such-command: "):
        proc.run(["no-such-command"], timeout=PATIENCE)


def test_arguments_are_not_for_a_shell(tmp_path: Path) -> None:
    evil = f"$(touch {tmp_path}/x); `id` 'a\"b"
    assert proc.run(["printf", "%s", evil], timeout=PATIENCE).output == evil
    assert not (tmp_path / "x").exists()


def test_the_callers_make_and_locale_do_not_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAKEFLAGS", "ARCH", "KBUILD_OUTPUT", "CC", "LANG", "LC_MESSAGES", "PYTHONPATH"):
        monkeypatch.setenv(name, "spoilt")
    monkeypatch.setenv("https_proxy", "http://proxy.invalid")
    seen = proc.run(["env"], timeout=PATIENCE).output.splitlines()
    assert not [line for line in seen if "spoilt" in line]
    assert "https_proxy=http://proxy.invalid" in seen


def test_standard_input_is_empty_and_descriptors_are_closed() -> None:
    read, write = os.pipe()
    os.set_inheritable(write, True)
    try:
        done = proc.run(["sh", "-c", "cat; ls /proc/self/fd"], timeout=PATIENCE)
        assert len(done.output.split()) == 4  # 0, 1, 2, and ls's own
    finally:
        os.close(read)
        os.close(write)


def test_output_that_is_no_text_and_lines_without_end() -> None:
    lines: list[str] = []
    script = r"printf '\377\n'; head -c 200000 /dev/zero | tr '\0' x"
    proc.run(["sh", "-c", script], timeout=PATIENCE, on_line=lines.append)
    assert lines[0] == "\\xff"
    assert sum(map(len, lines[1:])) == 200000 and max(map(len, lines)) <= 2 * 64 * 1024


def test_time_limit_ends_the_whole_family(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    done = proc.run(["sh", "-c", FAMILY.format(file)], timeout=1.5, grace=0.2)
    assert done.timed_out and not done.clean
    found = pids(file, 4)
    assert not [pid for pid in found if alive(pid)]


def test_amount_limit(tmp_path: Path) -> None:
    script = f"echo $$ > {tmp_path}/p; exec yes"
    done = proc.run(["sh", "-c", script], timeout=PATIENCE, limit=100_000)
    assert done.overflow and not done.timed_out
    assert not alive(pids(tmp_path / "p", 1)[0])


def test_what_a_command_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    script = f"setsid sh -c 'echo $$ > {tmp_path}/p; exec sleep 1000' >/dev/null 2>&1 & " \
             f"while [ ! -s {tmp_path}/p ]; do sleep 0.01; done; exit 3"
    assert proc.run(["sh", "-c", script], timeout=PATIENCE).status == 3
    assert not alive(pids(tmp_path / "p", 1)[0])


def test_an_exception_ends_the_whole_family(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    stops: list[bool] = []

    def tick() -> None:
        if file.exists() and len(file.read_text().split()) >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        proc.run(["sh", "-c", FAMILY.format(file)], timeout=PATIENCE, grace=0.2, on_tick=tick,
                 on_stop=stops.append)
    assert not [pid for pid in pids(file, 4) if alive(pid)]
    assert stops == [False]  # one of them ignored SIGTERM


def test_a_polite_command_may_clean_up(tmp_path: Path) -> None:
    stops: list[bool] = []
    script = f"trap 'echo gone > {tmp_path}/gone; exit' TERM; echo up; while :; do sleep 0.01; done"

    def line(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        proc.run(["sh", "-c", script], timeout=PATIENCE, on_line=line, on_stop=stops.append)
    assert (tmp_path / "gone").exists() and stops == [True]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_survives_our_own_death(tmp_path: Path, number: signal.Signals) -> None:
    file = tmp_path / "pids"
    code = f"import sys; sys.path.insert(0, {str(TOOLS)!r})\n" \
           "from kmem_kunit import proc\n" \
           "proc.run(['sh', '-c', sys.argv[1]], timeout=1000, grace=0.2)\n"
    with subprocess.Popen([sys.executable, "-c", code, FAMILY.format(file)]) as us:
        found = pids(file, 4)
        assert all(alive(pid) for pid in found)
        us.send_signal(number)
    wait_for(lambda: not [pid for pid in found if alive(pid)], "the end of all")
