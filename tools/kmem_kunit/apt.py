# SPDX-License-Identifier: GPL-2.0-only
"""Debian's kernel sources by apt, without root and without changing the system.

apt gets a sources file and folders of its own, below the cache. Mirrors and keys are those of the
machine's configuration; only suites are added. apt verifies all signatures.
"""
import os
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from kmem_kunit import cache, proc, progress
from kmem_kunit.errors import UserError

SUITES = ("bookworm", "trixie", "trixie-backports", "sid")
_STATES = ("oldoldstable", "oldstable", "stable", "testing", "unstable")
_MAIN_SUITES = (*_STATES, "bullseye", "bookworm", "trixie", "forky", "duke", "sid")
_NO_NETWORK = re.compile(
    r"Could not (resolve|connect)|Unable to connect|Temporary failure|[Uu]nreachable"
    r"|[Tt]imed out|Connection (failed|refused|reset)"
)
_BAD_SUITE = re.compile(  # it does not exist, is expired (a stale mirror), or signed by a newer key
    r"The repository '(?P<uri>\S+) (?P<suite>\S+) (?:In)?Release' (?P<why>.*)"
    r"|Release file for (?P<uri2>\S+)/dists/(?P<suite2>\S+)/(?:In)?Release (?P<why2>is .*)"
)
_UPDATE_LIMIT = 600.0  # seconds
_DOWNLOAD_LIMIT = 3600.0
_UNPACKED = 12.5  # times the size of the package: itself, the archive in it, the unpacked source


class Offline(UserError):
    """The mirror cannot be reached."""


@dataclass(frozen=True)
class Source:
    """A mirror's suite, and what it is signed by ("" for the machine's default keys)."""

    uri: str
    suite: str
    signed_by: str


@dataclass(frozen=True)
class Package:
    """A package that the mirror has: its name, version, and size in bytes."""

    name: str
    version: str
    size: int


def package_name(series: str) -> str:
    """Return the name of the package with the kernel source of a series."""
    return f"linux-source-{series}"


def update(base: Path) -> None:
    """Refresh the package lists in the cache folder base.

    A suite that the mirror lacks, or that apt does not trust, is left out. Raises Offline where no
    mirror answers, UserError where the lists cannot be had otherwise.
    """
    sources = _sources()
    while True:
        _sources_file(base).write_text(_as_text(sources), encoding="utf-8")
        done = _apt(base, "apt-get", "update", timeout=_UPDATE_LIMIT)
        if done.status == 0:
            return
        bad = {} if _NO_NETWORK.search(done.output) else _bad_suites(done.output)
        kept = [source for source in sources if (source.uri.rstrip("/"), source.suite) not in bad]
        if not kept or len(kept) == len(sources):
            raise _failure("cannot refresh the package lists", done)
        for (uri, suite), why in sorted(bad.items()):
            progress.say(f"going on without the suite {suite} of {uri}, which {why}")
        sources = kept


def _bad_suites(output: str) -> dict[tuple[str, str], str]:
    """Return the suites (URI, name) that apt refuses, and why."""
    found = {}
    for match in _BAD_SUITE.finditer(output):
        uri, suite = match["uri"] or match["uri2"], match["suite"] or match["suite2"]
        why = (match["why"] or match["why2"]).partition(". ")[0].rstrip(".")
        found[uri.rstrip("/"), suite] = why
    return found


def find(base: Path, series: str) -> Package:
    """Return the kernel source package of a series; raises UserError naming what there is."""
    name = package_name(series)
    done = _apt(base, "apt-get", "download", "--print-uris", name, timeout=120)
    for line in done.output.splitlines():
        if match := re.match(r"'\S+' (\S+)_(\S+)_\w+\.deb (\d+)", line):
            return Package(match[1], unquote(match[2]), int(match[3]))
    raise UserError(f"the mirror has no {name}; it has Linux {', '.join(available(base)) or '-'}")


def available(base: Path) -> list[str]:
    """Return the series that the mirror has, oldest first."""
    pattern = "^linux-source-[0-9]+[.][0-9]+$"
    done = _apt(base, "apt-cache", "search", "--names-only", pattern, timeout=120)
    found = re.findall(r"^linux-source-(\d+)\.(\d+) - ", done.output, re.MULTILINE)
    return [f"{major}.{minor}" for major, minor in sorted((int(a), int(b)) for a, b in found)]


def download(base: Path, package: Package, folder: Path) -> Path:
    """Download a package into folder; return the path of the .deb."""
    free = shutil.disk_usage(folder).free
    needed = int(package.size * _UNPACKED)
    if free < needed:
        raise UserError(
            f"{package.name} needs {needed / 1e9:.1f} GB in {base}, which has {free / 1e9:.1f} GB "
            "free: make room, or set KMEM_KUNIT_CACHE to another folder"
        )
    with progress.step(f"downloading {package.name} {package.version}", "MB") as tick:
        done = _apt(
            base,
            "apt-get",
            "download",
            f"{package.name}={package.version}",
            timeout=_DOWNLOAD_LIMIT,
            cwd=folder,
            on_tick=lambda: tick(_size(folder) // 1_000_000, package.size // 1_000_000),
        )
    if done.status != 0:
        raise _failure(f"cannot download {package.name}", done)
    packages = list(folder.glob("*.deb"))
    if len(packages) != 1:
        raise UserError(f"apt-get download left no {package.name} behind: try again")
    return packages[0]


def _size(folder: Path) -> int:
    return sum(entry.stat().st_size for entry in os.scandir(folder) if entry.is_file())


def _sources_file(base: Path) -> Path:
    return base / "apt" / "kmem-kunit.sources"


def _apt(
    base: Path,
    command: str,
    *arguments: str,
    timeout: float,
    cwd: Path | None = None,
    on_tick: Callable[[], None] | None = None,
) -> proc.Done:
    """Run an apt command on our own lists."""
    folder = base / "apt"
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    options = [
        f"Dir::Etc::SourceList={_sources_file(base)}",
        "Dir::Etc::SourceParts=/dev/null",
        f"Dir::State::Lists={folder}/lists",
        f"Dir::Cache={folder}/cache",
        "Dir::Cache::pkgcache=",
        "Dir::Cache::srcpkgcache=",
        "Acquire::Languages=none",
        "APT::Update::Error-Mode=any",
        "quiet=1",
    ]
    if os.geteuid() == 0:
        options.append("APT::Sandbox::User=root")  # its usual user cannot enter our folders
    argv = [command, *(word for option in options for word in ("-o", option)), *arguments]
    return proc.run(argv, timeout=timeout, cwd=cwd, on_tick=on_tick)


def _failure(what: str, done: proc.Done) -> UserError:
    """Say in one line why apt failed."""
    if done.timed_out:
        return Offline(f"{what}: the mirror does not answer in time")
    errors = [line for line in done.output.splitlines() if line.startswith(("E: ", "Err:"))]
    reason = " ".join((errors or done.output.splitlines() or ["no reason given"])[-1].split())
    for line in done.output.splitlines():
        if _NO_NETWORK.search(line):
            return Offline(f"{what}: {' '.join(line.removeprefix('E: ').split())}")
    return UserError(f"{what}: {reason.removeprefix('E: ')}")


def _sources() -> list[Source]:
    """Return the machine's Debian suites, and ours on the same mirror."""
    rows = _targets("$(ORIGIN)")
    configured = {row[1:] for row in rows if row[0] == "Debian"}
    if not configured:  # no package lists yet, which know the origin
        rows = _targets("-", "--no-release-info")
        configured = {row[1:] for row in rows if row[2].partition("-")[0] in _MAIN_SUITES}
    found: dict[tuple[str, str], Source] = {}
    for uri, suite, entry in sorted(configured):
        found[uri, suite] = Source(uri, suite, _signed_by(entry))
    for source in list(found.values()):
        if source.suite in _MAIN_SUITES:
            for suite in SUITES:
                found.setdefault((source.uri, suite), Source(source.uri, suite, source.signed_by))
    if not found:
        raise UserError("apt knows no Debian mirror on this machine: see sources.list(5)")
    return list(found.values())


def _targets(first: str, *options: str) -> list[tuple[str, str, str, str]]:
    """Ask apt what it is configured to fetch: (first, URI, suite, where that is configured)."""
    layout = "\t".join((first, "$(REPO_URI)", "$(RELEASE)", "$(SOURCESENTRY)", "$(COMPONENT)"))
    argv = ["apt-get", "indextargets", *options, "--format", layout, "Identifier: Packages"]
    done = proc.run(argv, timeout=60)
    if done.status != 0:
        raise UserError(f"apt does not tell its mirrors: {done.output.strip()[-200:]}")
    rows = [line.split("\t") for line in done.output.splitlines()]
    return [(r[0], r[1], r[2], r[3]) for r in rows if len(r) == 5 and r[4] == "main"]


def _signed_by(entry: str) -> str:
    """Return the Signed-By of a sources entry ("FILE:N"), "" if it has none."""
    name, _, number = entry.rpartition(":")
    try:
        text = Path(name).read_text(encoding="utf-8")
        if name.endswith(".sources"):
            stanzas = re.split(r"\n(?:[ \t]*\n)+", re.sub(r"(?m)^#.*\n", "", text).strip("\n"))
            match = re.search(
                r"^Signed-By:[ \t]*(.*(?:\n[ \t].*)*)", stanzas[int(number) - 1], re.M | re.I
            )
            return match[1] if match else ""
        match = re.search(r"signed-by=([^\]\s]+)", text.splitlines()[int(number) - 1])
        return match[1] if match else ""
    except (OSError, ValueError, IndexError):
        return ""


def _as_text(sources: Sequence[Source]) -> str:
    """Return the deb822 sources file."""
    return "\n".join(
        "Types: deb\n"
        f"URIs: {source.uri}\n"
        f"Suites: {source.suite}\n"
        "Components: main\n"
        "Targets: Packages\n" + (f"Signed-By: {source.signed_by}\n" if source.signed_by else "")
        for source in sources
    )


def lock(base: Path) -> cache.Lock:
    """Open the lock of the package lists; the caller takes and closes it."""
    return cache.Lock(cache.lock_path(base, "apt"), "the package lists", progress.say)
