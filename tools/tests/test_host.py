# SPDX-License-Identifier: GPL-2.0-only
"""What a machine lacks: installed when that needs no question, else one line that says how."""
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kmem_kunit import arch, host
from kmem_kunit.errors import UserError

Add = Callable[[str, str], Path]
NEEDS = (
    host.Need("flex", "x", "flex", lambda: shutil.which("flex") is not None),
    host.Need("ld", "x", "binutils", lambda: shutil.which("ld") is not None),
    host.Need("as", "x", "binutils", lambda: shutil.which("as") is not None),
)


def command(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def installs(folder: Path, when: str = "true") -> str:
    """A package manager that notes what it is called with, and puts the commands there."""
    return (
        f'echo "$@" >> {folder}/called\n'
        f"if [ $1 = install ] && {when}; then\n"
        f"  for name in flex ld as; do echo > {folder}/$name; chmod_x {folder}/$name; done\n"
        "fi"
    ).replace("chmod_x", "/bin/chmod +x")


@pytest.mark.parametrize(("label", "packages"), [
    ("uml", []),
    ("uml-clang", ["clang-22", "lld-22", "llvm-22"]),
    ("x86_64", ["qemu-system-x86", "libelf-dev"]),
    ("i386", ["gcc-i686-linux-gnu", "qemu-system-x86", "libelf-dev"]),
    ("arm64", ["gcc-aarch64-linux-gnu", "qemu-system-arm", "libelf-dev"]),
    ("riscv64", ["gcc-riscv64-linux-gnu", "qemu-system-misc", "libelf-dev"]),
    ("s390x", ["gcc-s390x-linux-gnu", "qemu-system-misc", "libelf-dev"]),
])
def test_what_an_architecture_needs(label: str, packages: list[str]) -> None:
    assert [need.package for need in host.building_for(arch.find(label))] == packages


def test_nothing_missing_nothing_done(only_bin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("flex", "ld", "as"):
        command(only_bin, name, "")
    host.ensure(NEEDS)
    assert capsys.readouterr().err == ""


def test_the_line_that_installs(only_bin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = host.missing(NEEDS)
    assert [need.name for need in lacking] == ["flex", "ld", "as"]
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    expected = "apt-get install -y --no-install-recommends flex binutils"
    assert host.instruction(lacking) == f"sudo {expected}"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert host.instruction(lacking) == expected


def test_root_installs_and_says_so(
    only_bin: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    command(only_bin, "apt-get", installs(only_bin))
    host.ensure(NEEDS)
    called = (only_bin / "called").read_text().splitlines()
    assert called == ["install -y --no-install-recommends flex binutils"]
    assert "running apt-get install" in capsys.readouterr().err


def test_package_lists_that_are_empty(only_bin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    updated = f"[ -e {only_bin}/updated ]"
    script = installs(only_bin, updated)
    script += f"\n[ $1 = update ] && echo > {only_bin}/updated\n{updated}"
    command(only_bin, "apt-get", script)
    host.ensure(NEEDS)
    verbs = [line.split()[0] for line in (only_bin / "called").read_text().splitlines()]
    assert verbs == ["install", "update", "install"]


def test_sudo_that_asks_nothing(only_bin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    command(only_bin, "apt-get", installs(only_bin))
    command(only_bin, "sudo", '[ "$1" = -n ] || exit 1; shift; exec "$@"')
    host.ensure(NEEDS)
    assert (only_bin / "called").exists()


@pytest.mark.parametrize("sudo", [None, "echo 'a password is required' >&2; exit 1"])
def test_no_right_to_install(
    sudo: str | None, only_bin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    command(only_bin, "apt-get", installs(only_bin))
    if sudo is not None:
        command(only_bin, "sudo", sudo)
    with pytest.raises(UserError, match="lacks flex, ld, as: run sudo apt-get install") as caught:
        host.ensure(NEEDS)
    assert "\n" not in str(caught.value) and not (only_bin / "called").exists()


def test_a_package_that_cannot_be_had(only_bin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    command(only_bin, "apt-get", "echo 'E: Unable to locate package flex'; exit 100")
    with pytest.raises(UserError, match=r"Unable to locate package flex\): run apt-get install"):
        host.ensure(NEEDS)


def test_a_machine_without_apt(only_bin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(UserError, match="apt-get to install them"):
        host.ensure(NEEDS)
