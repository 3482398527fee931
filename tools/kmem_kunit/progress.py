# SPDX-License-Identifier: GPL-2.0-only
"""What a person sees while it runs: a live line on a terminal, plain lines in a pipe."""
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Tick = Callable[[int, int | None], None]

_COMMAND = re.compile(r"##\[|^\s*::")  # how one to GitHub's runner begins; the first does anywhere
_SAID = re.compile(r"kmem-kunit: (.*?)(?: \.\.\.)?\Z")
_COLOURS = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "dim": "2"}


def unseen(_: int, __: int | None) -> None:
    """The Tick of who is not watched: counting is not worth it."""


def clean(text: str) -> str:
    """Return foreign text as one line that nothing but people will understand.

    What cannot be printed is spelled out, and so is what a CI system would take for a command.
    """
    shown = text if text.isprintable() else "".join(
        char if char.isprintable() or char == "\t" else ascii(char)[1:-1] for char in text)
    return _COMMAND.sub(lambda match: f"{match[0][:-1]}\\x{ord(match[0][-1]):x}", shown)


def say(line: str) -> None:
    """Tell the user something on stderr, in one line."""
    # with its end in one piece, as other threads say something too
    print(f"kmem-kunit: {clean(line)}\n", end="", file=sys.stderr, flush=True)


def said(line: str) -> str:
    """Return what another kmem-kunit has said in a line of its output, "" if that is not its own."""
    match = _SAID.match(line)
    return match[1] if match else ""


def coloured() -> bool:
    """Say whether stdout is a terminal whose user wants colours."""
    return (
        sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM", "dumb") != "dumb"
    )


def paint(text: str, colour: str) -> str:
    """Return text in a colour (or bold, dim), if stdout shows colours."""
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if coloured() else text


@contextmanager
def step(label: str, unit: str = "") -> Iterator[Tick]:
    """Show one step of the work; give a function that is told (done, total or None) of unit.

    On a terminal it is a live line that goes away; elsewhere, one line at the start. Either way
    the last line says how long it took, if it was long enough to matter.
    """
    start = time.monotonic()
    if sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        with _live(label, unit) as tick:
            yield tick
    else:
        say(f"{label} ...")
        yield unseen
    seconds = time.monotonic() - start
    if seconds >= 2:
        say(f"{label}: took {seconds:.0f} s")


@contextmanager
def _live(label: str, unit: str) -> Iterator[Tick]:
    """A live line by rich, or a plain one while rich is not installed yet."""
    try:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
    except ImportError:
        say(f"{label} ...")
        yield unseen
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[amount]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None, amount="")

        def tick(done: int, total: int | None) -> None:
            of_total = f" of about {total}" if total else ""
            bar.update(
                task,
                completed=min(done, total) if total else done,
                total=total or None,
                amount=f"{done}{of_total} {unit}" if unit else "",
            )

        yield tick
