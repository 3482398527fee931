# SPDX-License-Identifier: GPL-2.0-only
"""git, whatever a user or a repository has set, and what it says."""
import os
from collections.abc import Mapping
from pathlib import Path

from kmem_kunit import proc
from kmem_kunit.errors import UserError

_LIMIT = 1800.0  # seconds
_SETTINGS = {  # others would change what git does, or what a checkout is
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.abbrev": "12",
    "core.autocrlf": "false",
    "core.sparseCheckout": "false",
    "core.splitIndex": "false",
    "core.symlinks": "true",
    "gc.auto": "0",
    "i18n.logOutputEncoding": "UTF-8",
    "maintenance.auto": "false",
    "log.showSignature": "false",
    "submodule.recurse": "false",
}


def command(*words: str | Path) -> list[str | Path]:
    """Return the command line of git with these words, and with settings of ours."""
    return ["git", *(word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")),
            *words]


def answer(done: proc.Done) -> str:
    """Return the line that git answers with; what it warns of comes before."""
    return done.output.rstrip("\n").rpartition("\n")[2]


def reason(done: proc.Done) -> str:
    """Return git's own words on why it failed, as one line."""
    if done.timed_out:
        return "git takes too long"
    lines = [line for line in done.output.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    line = (told or lines or [f"git ended with status {done.status}"])[-1]
    return line.removeprefix("fatal: ").removeprefix("error: ")


def ask(tree: Path, *words: str | Path, stdin: Path | None = None, variables: Mapping[str, str] | None = None) -> str:
    """Return the line that git answers with, which reads stdin and has variables in its environment, too.

    Raises UserError with its own words, and the tree, where it fails.
    """
    env = proc.environment(GIT_OPTIONAL_LOCKS="0", **(variables or {}))  # not even its index is refreshed
    done = proc.run(command(*words), timeout=_LIMIT, env=env, stdin=stdin)
    if done.status != 0:
        raise UserError(f"{tree}: {reason(done)}")
    return answer(done)
