# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's accelerator: chosen by us, and not trusted before it was seen to work."""
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import GOOD_CONSOLE

from kmem_kunit import boot, cache, image, kernel, qemu
from kmem_kunit.arch import UML, find
from kmem_kunit.errors import UserError

Add = Callable[[str, str], Path]
X86_64 = find("x86_64")


def test_arguments_pass_but_for_the_accelerators(tmp_path: Path, fake_bin: Add) -> None:
    fake_bin("qemu-system-x86_64", 'printf "<%s>\\n" "$@"')
    folder = tmp_path / "it's here"
    folder.mkdir()
    path = qemu.put_first(folder, X86_64, "tcg")
    argv = ["qemu-system-x86_64", "-accel", "kvm", "-append", "a  b='c' *", "-accel", "tcg", ""]
    done = subprocess.run(argv, env={"PATH": path}, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["<-accel>", "<tcg>", "<-append>", "<a  b='c' *>", "<>"]


def test_no_emulator(tmp_path: Path, only_bin: Path) -> None:
    with pytest.raises(UserError, match="qemu-system-x86_64 is not installed"):
        qemu.put_first(tmp_path, X86_64, "tcg")


@pytest.fixture
def made(cache_root: Path, fake_kernel: Path, repo: Path) -> image.Image:
    """An image for x86_64 whose kernel is a console to be printed."""
    base = cache.root()
    found = image.build(base, image.Request(kernel.from_tree(str(fake_kernel)), repo))
    found = replace(found, arch=X86_64)
    found.binary.parent.mkdir(parents=True)
    found.binary.write_text("kernel")
    (fake_kernel / "behaviour.py").write_text(
        "import subprocess\nif verb == 'exec':\n"
        "    sys.exit(subprocess.call(['qemu-system-x86_64', '-accel', 'kvm', '-accel', 'tcg']))\n")
    return found


def emulator(fake_bin: Add, kvm: str) -> None:
    """A QEMU that prints a good log, and with KVM does something else."""
    fake_bin("qemu-system-x86_64",
             f'if [ "$2" = kvm ]; then {kvm}; exit; fi\ncat <<EOF\n{GOOD_CONSOLE}EOF')


@pytest.mark.parametrize(("opens", "kvm", "chosen"), [
    (False, "echo untouched", "tcg"),
    (True, "echo Decompressing Linux; sleep 60", "tcg"),
    (True, "echo no ktap", "tcg"),
    (True, "cat good", "kvm"),
])
def test_kvm_has_to_prove_itself(made: image.Image, fake_bin: Add, opens: bool, kvm: str,
                                 chosen: str, tmp_path: Path,
                                 monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "good").write_text(GOOD_CONSOLE)
    emulator(fake_bin, kvm.replace("good", str(tmp_path / "good")))
    monkeypatch.setattr(qemu, "may_accelerate", lambda arch: opens)
    monkeypatch.setattr(boot, "_PROBE_LIMIT", 2.0)
    log = boot.boot(cache.root(), made)
    assert log.accelerator == chosen
    assert log.limit == boot.time_limit(chosen, []) and boot.time_limit("tcg", []) > boot.time_limit("kvm", [])
    assert boot.judge(log, {"kmem_tiny": ["first", "second"]}).ok


def test_a_guest_that_hung_is_remembered(made: image.Image, fake_bin: Add, tmp_path: Path,
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    emulator(fake_bin, f"echo asked >> {tmp_path / 'asked'}; sleep 60")
    monkeypatch.setattr(qemu, "may_accelerate", lambda arch: True)
    monkeypatch.setattr(boot, "_PROBE_LIMIT", 2.0)
    for name, asked in (("first", 1), ("second", 1), ("third", 2)):
        if asked == 2:  # the machine was started again
            (cache.root() / "kvm-hung").write_text("another")
        assert boot._proved(cache.root(), replace(made, release=name)) == "tcg"
        assert len((tmp_path / "asked").read_text().splitlines()) == asked


def test_user_mode_linux_has_none(made: image.Image) -> None:
    os.remove(made.binary)
    assert boot._proved(cache.root(), replace(made, arch=UML)) == ""
