# SPDX-License-Identifier: GPL-2.0-only
"""Architectures and compilers: kunit.py's names for them, and what building and booting one needs."""
from dataclasses import dataclass, replace

from kmem_kunit.errors import UserError

# in a tick, of a delay: User-Mode Linux counts them for longer than it does anything else in a boot
_LOOPS = "lpj=10000000"
# a kernel that panics starts again at once, which ends QEMU: it would stay until its time is up
_DEATH = "panic=-1"


@dataclass(frozen=True)
class Arch:
    """An architecture, and the compiler for it: name is kunit.py's, label what people see and type.

    binary is the kernel's file in a build folder; qemu the command that emulates a machine, "" for
    User-Mode Linux, which needs none, and qemu_args what kunit.py shall add to its arguments.
    llvm is kbuild's LLVM=, the end of the names of LLVM's tools, "" for GNU's; cross is how the names
    of GNU's begin, "" for those that compile for this machine.
    """

    name: str
    label: str
    binary: str
    qemu: str = ""
    qemu_args: str = ""
    llvm: str = ""
    cross: str = ""

    @property
    def tools(self) -> tuple[str, ...]:
        """The commands that decide what comes out of a build."""
        if self.llvm:
            return (f"clang{self.llvm}", f"ld.lld{self.llvm}")
        return (f"{self.cross}gcc", f"{self.cross}as", f"{self.cross}ld")

    def options(self) -> list[str]:
        """Return the options of kunit.py that choose it."""
        return [
            *([f"--arch={self.name}"] if self.qemu else []),
            *([f"--cross_compile={self.cross}"] if self.cross else []),
            *([f"--make_options=LLVM={self.llvm}"] if self.llvm else []),
        ]

    def boot_options(self) -> list[str]:
        """Return those that kunit.py needs besides, to boot it."""
        if self.qemu:
            return [f"--qemu_args={self.qemu_args}", f"--kernel_args={_DEATH}"]
        return [f"--kernel_args={_LOOPS}"]


UML = Arch("um", "uml", "linux")
_CLANG = Arch("um", "uml-clang", "linux", llvm="-22")
_X86_64 = Arch("x86_64", "x86_64", "arch/x86/boot/bzImage", "qemu-system-x86_64", "-smp 4")
_X86_64_CLANG = replace(_X86_64, label="x86_64-clang", llvm=_CLANG.llvm)
_I386 = Arch("i386", "i386", "arch/x86/boot/bzImage", "qemu-system-i386",
             "-smp 2 -bios qboot.rom",  # the usual one tells the kernel of one CPU
             cross="i686-linux-gnu-")
_ARM64 = Arch("arm64", "arm64", "arch/arm64/boot/Image.gz", "qemu-system-aarch64", "-smp 2",
              cross="aarch64-linux-gnu-")
_RISCV64 = Arch("riscv", "riscv64", "arch/riscv/boot/Image", "qemu-system-riscv64", "-smp 2",
                cross="riscv64-linux-gnu-")
_S390X = Arch("s390", "s390x", "arch/s390/boot/bzImage", "qemu-system-s390x", "-smp 2",
              cross="s390x-linux-gnu-")
# one instruction takes one nanosecond, and nothing but the guest decides what comes next; what rdrand gives is
# always the same, without which the kernel's generator has no seed in time, and each number costs thousands
_COUNTING = ("-icount shift=0,sleep=off -cpu qemu64,+rdrand,-rdseed -seed 20261130"
             " -rtc base=2026-01-01,clock=vm -smp {}")
_KNOWN = (UML, _CLANG, _X86_64, _X86_64_CLANG, _I386, _ARM64, _RISCV64, _S390X)


def counting(cpus: int) -> Arch:
    """Return a machine, for TCG, whose time-stamp counter counts instructions."""
    return replace(_X86_64, qemu_args=_COUNTING.format(cpus))


def hosted(cpus: int) -> Arch:
    """Return a machine, for KVM, that is the host's."""
    return replace(_X86_64, qemu_args=f"-cpu host -smp {cpus}")


def names() -> list[str]:
    """Return the names that --arch takes."""
    return [each.label for each in _KNOWN]


def find(label: str) -> Arch:
    """Return the architecture of that label; raises UserError, naming those there are."""
    for each in _KNOWN:
        if each.label == label:
            return each
    raise UserError(f"no architecture {label!r}; there are: {', '.join(names())}")
