# SPDX-License-Identifier: GPL-2.0-only
"""A patch set: commits that git makes of it, and the messages that it writes of them."""
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path

from kmem_kunit import cache, git, proc
from kmem_kunit.errors import UserError

BASE, HEAD, PREVIOUS = "refs/heads/base", "refs/heads/head", "refs/heads/previous"
_LIMIT = 600.0  # seconds to compare two versions
_VERSION = re.compile(r"^Subject: \[PATCH(?: v(\d+))? +0+/\d+\]", re.MULTILINE)
_ID = re.compile(r"^Message-I[Dd]: <([^<>\s]+)>$", re.MULTILINE)
# what is of one export, and not of the patches: where and when they were committed, and other messages
_PASSING = re.compile(r"^From [0-9a-f]{40} .*\n|^(?:Date|Message-I[Dd]|In-Reply-To|References): .*\n(?:[ \t].*\n)*"
                      r"|\b[0-9a-f]{12}\b", re.MULTILINE)
_COMPARED = re.compile(r"^ *(?:\d+|-): +\S+ ([=!<>]) +(?:\d+|-): +\S+ (.*)$", re.MULTILINE)
_CHANGES = {"!": "changed", ">": "new", "<": "dropped"}


@dataclass(frozen=True)
class Patch:
    """A commit: its message, and what the files are that it changes."""

    subject: str
    body: str
    files: Mapping[str, str]


@dataclass(frozen=True)
class Sender:
    """Whose patches they are."""

    name: str
    address: str

    @property
    def variables(self) -> dict[str, str]:
        """What tells git who it is that commits."""
        return {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER")
                for part, value in (("NAME", self.name), ("EMAIL", self.address))}


@dataclass(frozen=True)
class Previous:
    """An earlier version: its patches but for the cover letter, its number, and the cover letter's Message-ID."""

    patches: Sequence[Path]
    version: int
    message: str


def sender(text: str) -> Sender:
    """Return the sender that "Name <address>" names; raises UserError for what is none."""
    name, address = parseaddr(text)
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", address) or re.search(r"[\n<>]", name):
        raise UserError(f"{text!r} is no author such as 'Name <name@example.org>'")
    return Sender(name or address, address)


def previous(folder: Path) -> Previous:
    """Return the version that is in a folder; raises UserError if there is none."""
    found = sorted(folder.glob("*.patch"))
    cover = found[0].read_text(encoding="utf-8", errors="replace") if found else ""
    version, message = _VERSION.search(cover), _ID.search(cover)
    if version is None or message is None or len(found) < 2:
        raise UserError(f"{str(folder)!r} has no patches with a cover letter: name a folder that export has written")
    return Previous(found[1:], int(version[1] or 1), message[1])


def commit(repo: str, ref: str, patches: Sequence[Patch], who: Sender, start: str, folder: Path) -> None:
    """Make commits of patches, on top of a commit if start names one, and call the last one ref.

    repo is the option that names the repository to git. Nothing but its objects and that reference changes.
    """
    now = int(time.time())
    person = f"{who.name} <{who.address}> {now} +0000"
    stream = folder / "commits"
    with open(stream, "wb") as file:
        for patch in patches:
            message = f"{patch.subject}\n\n{patch.body}\n"
            file.write(f"commit {ref}\nauthor {person}\ncommitter {person}\n{_data(message)}".encode())
            file.write(f"from {start}\n".encode() if start else b"")
            start = ""
            for path, text in patch.files.items():
                file.write(f"M 100644 inline {path}\n{_data(text)}".encode())
    git.ask(folder, repo, "fast-import", "--quiet", stdin=stream)


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def write(patches: Sequence[Patch], base: Mapping[str, str], who: Sender, cover: tuple[str, str], folder: Path,
          output: Path, before: Previous | None) -> list[Path]:
    """Write patches to files of base, as git does, with a cover letter; return their paths.

    cover is the subject and the text of that, folder is one to work in. What has changed since before is
    told in the cover letter. Messages have the same Message-ID each time, as long as they are the same.
    """
    repo = f"--git-dir={folder / 'git'}"
    git.ask(folder, repo, "init", "-q", "--bare")
    commit(repo, BASE, [Patch("base", "", base)], who, "", folder)
    commit(repo, HEAD, patches, who, BASE, folder)
    subject, text = cover
    more = []
    if before is not None:
        _apply(before, who, folder)
        text += "\n\n" + _changes(before, folder)
        more = ["-v", str(before.version + 1), f"--range-diff={BASE}..{PREVIOUS}"]
    output.mkdir(parents=True, exist_ok=True)
    git.ask(folder, repo, "format-patch", "-q", "--cover-letter", "--thread=shallow", "--no-signature", *more,
            f"--output-directory={output.absolute()}", f"{BASE}..{HEAD}", variables=who.variables)
    found = sorted(output.glob("*.patch"))
    letter = found[0].read_text(encoding="utf-8").replace("*** SUBJECT HERE ***", subject)
    found[0].write_text(letter.replace("*** BLURB HERE ***", text), encoding="utf-8")
    _name(found, who)
    return found


def _apply(before: Previous, who: Sender, folder: Path) -> None:
    """Make commits of an earlier version, in the repository of write()."""
    tree = folder / "previous"
    tree.mkdir()
    where = (f"--git-dir={folder / 'git'}", "-C", tree, f"--work-tree={tree}", "-c", "core.bare=false")
    try:
        git.ask(tree, *where, "checkout", "-q", "--no-track", "-b", "previous", BASE)
        git.ask(tree, *where, "am", "-q", "--no-gpg-sign", *(path.absolute() for path in before.patches),
                variables=who.variables)
    except UserError as error:
        raise UserError(f"{before.patches[0].parent}: these patches are not for this kernel: "
                        "export without --previous") from error


def _changes(before: Previous, folder: Path) -> str:
    """Return what is different now from an earlier version, patch by patch."""
    words = git.command(f"--git-dir={folder / 'git'}", "range-diff", "--no-color", "--no-patch",
                        f"{BASE}..{PREVIOUS}", f"{BASE}..{HEAD}")
    done = proc.run(words, timeout=_LIMIT)
    if done.status != 0:
        raise UserError(f"cannot compare with {before.patches[0].parent}: {git.reason(done)}")
    lines = [f"- {_CHANGES[sign]}: {subject}" for sign, subject in _COMPARED.findall(done.output) if sign in _CHANGES]
    return "\n".join((f"Changes since v{before.version}:", *(lines or ["- none"]),
                      f"- Link to v{before.version}: https://lore.kernel.org/r/{before.message}"))


def _name(found: Sequence[Path], who: Sender) -> None:
    """Give messages Message-IDs that depend on nothing but what they say."""
    texts = [path.read_text(encoding="utf-8") for path in found]
    names = {match[1]: f"{cache.digest(_PASSING.sub('', text))}.{at}.kmem-kunit@{who.address.partition('@')[2]}"
             for at, text in enumerate(texts) if (match := _ID.search(text))}
    for path, text in zip(found, texts):
        head, _, rest = text.partition("\n\n")
        for old, new in names.items():
            head = head.replace(f"<{old}>", f"<{new}>")
        path.write_text(f"{head}\n\n{rest}", encoding="utf-8")
