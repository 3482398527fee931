# SPDX-License-Identifier: GPL-2.0-only
"""What this machine has to have, what it lacks, and installing that."""
import importlib.util
import os
import shlex
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kmem_kunit import progress, proc
from kmem_kunit.arch import Arch
from kmem_kunit.errors import UserError

_INSTALL_LIMIT = 3600.0  # seconds
_GRACE = 120.0  # seconds that a package manager gets to come to an end
_PACKAGE_OF = {  # QEMU
    "x86_64": "qemu-system-x86",
    "i386": "qemu-system-x86",
    "arm64": "qemu-system-arm",
    "riscv": "qemu-system-misc",
    "s390": "qemu-system-misc",
}
_OPTIONS = ("install", "-y", "--no-install-recommends")


@dataclass(frozen=True)
class Need:
    """Something the machine has to have: what for, the Debian package, and how to tell."""

    name: str
    use: str
    package: str
    present: Callable[[], bool]


def _command(name: str, use: str, package: str = "") -> Need:
    return Need(name, use, package or name, lambda: shutil.which(name) is not None)


def _module(name: str, use: str, package: str) -> Need:
    return Need(name, use, package, lambda: importlib.util.find_spec(name) is not None)


def _has_all_of_perl() -> bool:
    return bool(list(Path("/usr/share/perl").glob("5*/Term/ANSIColor.pm")))


FETCHING = (
    _command("apt-get", "gets kernel sources", "apt"),
    _command("dpkg-deb", "unpacks them", "dpkg"),
    _command("tar", "unpacks them"),
    _command("xz", "unpacks them", "xz-utils"),
)
BUILDING = (
    _command("gcc", "compiles the kernel"),
    _command("ld", "links the kernel", "binutils"),
    Need("libc headers", "User-Mode Linux", "libc6-dev", Path("/usr/include/stdlib.h").is_file),
    _command("make", "builds the kernel"),
    _command("flex", "builds the kernel's Kconfig"),
    _command("bison", "builds the kernel's Kconfig"),
    _command("bc", "builds the kernel"),
    _command("perl", "builds the kernel", "perl-base"),
)
READING = (
    BUILDING[0],
    Need(
        "ctags",
        "reads the kernel's headers",
        "universal-ctags",
        lambda: shutil.which("ctags-universal") is not None,
    ),
)
CCACHE = "/usr/lib/ccache"  # where Debian's ccache stands in for compilers
CACHING = (Need("ccache", "keeps what was compiled", "ccache", Path(CCACHE, "gcc").exists),)
LIBCLANG = Path("/usr/lib/llvm-22/lib/libclang-22.so.1")
MUTATING = (
    Need("libclang", "finds what can be mutated", "python3-clang-22",
         lambda: LIBCLANG.exists() and importlib.util.find_spec("clang") is not None),
    _module("unidiff", "reads diffs", "python3-unidiff"),
)
COVERING = (
    _command("llvm-cov-22", "shows what was reached", "llvm-22"),
    Need("compiler-rt", "counts what is reached", "libclang-rt-22-dev",
         lambda: bool(list(Path("/usr/lib/llvm-22/lib/clang").glob("*/lib/linux/*profile*")))),
)
DRAWING = (_command("genhtml", "makes pages of what was reached", "lcov"),)
PLOTTING = (_module("matplotlib", "draws what operations cost", "python3-matplotlib"),)
PAGES = (_command("npm", "gets what shows mutants"),)
RENDERING = (_module("jinja2", "makes the page of results", "python3-jinja2"),)
EXPORTING = (
    _command("git", "writes patches"),
    _command("unifdef", "leaves out what is of other kernels"),
    Need("all of perl", "runs get_maintainer.pl", "perl", _has_all_of_perl),
)
CHECKING = (_command("sparse", "checks the types of the C"),)
_SPHINX = _command("sphinx-build", "makes pages of the documentation", "python3-sphinx")
WRITING = (
    _SPHINX,
    _command("register-python-argcomplete", "completes the command in a shell", "python3-argcomplete"),
)
CHECKERS = (
    _command("spatch", "looks for patterns of mistakes", "coccinelle"),
    _command("ocamlfind", "runs some of them", "ocaml-findlib"),
    _command("ocaml", "runs some of them", "ocaml-nox"),
    _SPHINX,
    _module("yaml", "reads what some pages are made of", "python3-yaml"),
)
BISECTING = (_command("git", "tells one commit from another"),)
SHOWING = (
    _module("rich", "shows progress", "python3-rich"),
    _module("junitparser", "writes JUnit", "python3-junitparser"),
)
ALL = tuple(dict.fromkeys((*FETCHING, *BUILDING, *CACHING, *READING, *BISECTING, *MUTATING,
                           *COVERING, *DRAWING, *PLOTTING, *RENDERING, *EXPORTING, *CHECKING, *PAGES, *SHOWING)))
# for this project's own tests, not for its users
TESTING = (
    *WRITING,
    _command("shellcheck", "checks shell scripts"),
    _command("mypy", "checks the types of the Python"),
    _command("pylint", "looks for errors in the Python"),
    Need("all of perl", "runs checkpatch.pl", "perl", _has_all_of_perl),
    _module("pytest", "runs the tests of the Python", "python3-pytest"),
    _module("hypothesis", "makes inputs for them", "python3-hypothesis"),
    _module("jsonschema", "checks what they write", "python3-jsonschema"),
    _command("chromedriver", "drives a browser", "chromium-driver"),
    _module("selenium", "tells it what to do", "python3-selenium"),
    _command("man", "shows the manual page", "man-db"),
    _command("dpkg-buildpackage", "makes the package", "dpkg-dev"),
    _command("dh", "makes the package", "debhelper"),
    _command("dh_python3", "makes the package", "dh-python"),
    _command("lintian", "checks the package"),
    Need("Slurm", "is the cluster of one test", "slurm-wlm", Path("/usr/sbin/slurmctld").exists),
    Need("MUNGE", "lets its parts trust each other", "munge", Path("/usr/sbin/munged").exists),
)


def building_for(arch: Arch) -> tuple[Need, ...]:
    """Return what building and booting an architecture needs besides BUILDING."""
    needs: list[Need] = []
    if arch.llvm:
        needs += (
            _command(f"{name}{arch.llvm}", "builds with LLVM", f"{package}{arch.llvm}")
            for name, package in (("clang", "clang"), ("ld.lld", "lld"), ("llvm-ar", "llvm"))
        )
    if arch.cross:
        compiler = f"{arch.cross}gcc"
        needs.append(_command(compiler, f"builds for {arch.label}", f"gcc-{arch.cross[:-1]}"))
    if arch.qemu:
        needs.append(_command(arch.qemu, f"runs {arch.label} kernels", _PACKAGE_OF[arch.name]))
        needs.append(Need("libelf", "builds them", "libelf-dev", Path("/usr/include/libelf.h").is_file))
    return tuple(needs)


def cached_path() -> str:
    """Return the PATH in which ccache stands before the compilers."""
    return os.pathsep.join((CCACHE, os.environ.get("PATH", os.defpath)))


def missing(needs: Sequence[Need] = ALL) -> list[Need]:
    """Return what this machine lacks of needs."""
    return [need for need in needs if not need.present()]


def install_command(lacking: Sequence[Need]) -> list[str]:
    """Return the command, for root, that installs what is lacking."""
    packages = list(dict.fromkeys(need.package for need in lacking))
    return ["apt-get", *_OPTIONS, *packages]


def instruction(lacking: Sequence[Need]) -> str:
    """Return the line that the user can type to install what is lacking."""
    command = install_command(lacking)
    return shlex.join(["sudo", *command] if os.geteuid() else command)


def ensure(needs: Sequence[Need]) -> None:
    """Install what is lacking of needs, if that works without asking the user anything.

    Raises UserError naming the command to run where it does not.
    """
    lacking = missing(needs)
    if not lacking:
        return
    prefix: list[str] = []
    names = ", ".join(need.name for need in lacking)
    if os.geteuid() != 0:
        if not _sudo_is_silent():
            raise UserError(f"this machine lacks {names}: run {instruction(lacking)}")
        prefix = ["sudo", "-n"]
    if shutil.which("apt-get") is None:
        raise UserError(f"this machine lacks {names}, and apt-get to install them")
    command = [*prefix, *install_command(lacking)]
    progress.say(f"this machine lacks {names}; running {shlex.join(command)}")
    done = _install(command)
    if done.status != 0:  # the lists may be empty, or older than what the mirror has
        _install([*prefix, "apt-get", "update"])
        done = _install(command)
    importlib.invalidate_caches()
    still = missing(needs)
    if done.status != 0 or still:
        errors = [line for line in done.output.splitlines() if line.startswith("E: ")]
        reason = errors[-1] if errors else f"status {done.status}"
        raise UserError(f"cannot install {names} ({reason}): run {instruction(lacking)}")


def _install(command: list[str]) -> proc.Done:
    with progress.step(shlex.join(command)):
        return proc.run(
            command,
            timeout=_INSTALL_LIMIT,
            grace=_GRACE,
            env=proc.environment(DEBIAN_FRONTEND="noninteractive"),
        )


def _sudo_is_silent() -> bool:
    if shutil.which("sudo") is None:
        return False
    return proc.run(["sudo", "-n", "true"], timeout=10).status == 0
