# SPDX-License-Identifier: GPL-2.0-only
"""What git says, of which its warnings are a part."""
from kmem_kunit import proc


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
