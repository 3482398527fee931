# SPDX-License-Identifier: GPL-2.0-only
"""QEMU with an accelerator of our choice, whatever kunit.py asks for.

kunit.py of 7.x prefers KVM, which on some machines opens and does not work: the guest hangs. So what
it starts is a script of ours, in front of all else in its PATH, which passes all arguments on but
those that choose an accelerator.
"""
import os
import platform
import shlex
import shutil
from pathlib import Path

from kmem_kunit.arch import Arch
from kmem_kunit.errors import UserError

KVM, TCG = "kvm", "tcg"

_SCRIPT = """#!/bin/sh
# Made by kmem-kunit: QEMU with another accelerator than kunit.py asks for.
left=$#
while [ "$left" -gt 0 ]; do
	argument=$1
	shift
	left=$((left - 1))
	if [ "$argument" = -accel ]; then
		shift
		left=$((left - 1))
	else
		set -- "$@" "$argument"
	fi
done
exec {qemu} -accel {accelerator} "$@"
"""


def may_accelerate(arch: Arch) -> bool:
    """Say whether KVM is worth a try: it opens, and the guest is of the host's kind."""
    return arch.name == platform.machine() and os.access("/dev/kvm", os.R_OK | os.W_OK)


def put_first(folder: Path, arch: Arch, accelerator: str) -> str:
    """Write the script for an architecture's emulator into folder; return the PATH that has it first.

    Raises UserError where there is no such emulator.
    """
    path = os.environ.get("PATH", os.defpath)
    real = shutil.which(arch.qemu)
    if real is None:
        raise UserError(f"{arch.qemu} is not installed, which emulates {arch.label}")
    script = folder / arch.qemu
    script.write_text(_SCRIPT.format(qemu=shlex.quote(real), accelerator=accelerator))
    script.chmod(0o755)
    return f"{folder}{os.pathsep}{path}"
