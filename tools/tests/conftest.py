# SPDX-License-Identifier: GPL-2.0-only
"""What the tests share: real kernel sources, and small fake kernels and commands for the rest."""
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

TOOLS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOOLS))

from kmem_kunit import kernel  # noqa: E402

_CACHE_VARIABLES = ("KMEM_KUNIT_CACHE", "XDG_CACHE_HOME", "HOME")
_REAL_CACHE = {name: os.environ.get(name) for name in _CACHE_VARIABLES}

_KUNIT = '''\
#!/usr/bin/env python3
"""Stands in for kunit.py; behaviour.py in the kernel's root says what happens."""
import os, sys, time
from pathlib import Path

verb, options = sys.argv[1], dict(a.lstrip("-").split("=", 1) for a in sys.argv[2:] if "=" in a)
build = Path(options["build_dir"])
with open(Path(os.environ["TMPDIR"]) / "calls", "a") as file:
    print(*sys.argv[1:], sep="\\t", file=file)
behave = Path(__file__).parents[3] / "behaviour.py"
console = ""
exec(behave.read_text() if behave.exists() else '')
if verb == "config":
    (build / ".config").write_text(Path(options["kunitconfig"]).read_text())
elif verb == "build":
    (build / "one.o").write_text("object")
    (build / "linux").write_text(console)
elif verb == "exec":
    print((build / "linux").read_text(), end="")
'''


@pytest.fixture(scope="session")
def kernel_source() -> Callable[[str], Path]:
    """Return the source folder of a kernel series, fetched as the command does it if need be."""

    def find(series: str) -> Path:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in _REAL_CACHE.items():
                if value is None:
                    patch.delenv(name, raising=False)
                else:
                    patch.setenv(name, value)
            return kernel.resolve(series).path

    return find


@pytest.fixture
def browser() -> Iterator[webdriver.Chrome]:
    """A real browser, without a window, that keeps what pages complain of."""
    options = Options()
    options.add_argument("--headless=new")  # type: ignore[no-untyped-call]
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if os.geteuid() == 0:  # who cannot have it
        options.add_argument("--no-sandbox")  # type: ignore[no-untyped-call]
    driver = shutil.which("chromedriver")
    assert driver is not None
    found = webdriver.Chrome(service=Service(driver), options=options)
    yield found
    found.quit()


@pytest.fixture
def cache_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder of this test's own."""
    path = tmp_path / "cache"
    monkeypatch.setenv("KMEM_KUNIT_CACHE", str(path))
    return path


def make_kernel(path: Path, release: str = "6.12.3") -> Path:
    """Write a folder that looks like a kernel tree, with a kunit.py that only pretends."""
    names = ("VERSION", "PATCHLEVEL", "SUBLEVEL", "EXTRAVERSION")
    numbers = (*release.split("."), "")
    files = {
        "Makefile": "".join(f"{name} = {number}\n" for name, number in zip(names, numbers)),
        "Kconfig": 'source "lib/Kconfig.debug"\n',
        "lib/Makefile": "obj-y += kunit/\n",
        "lib/Kconfig.debug": 'menu "Testing"\n\nsource "lib/kunit/Kconfig"\n\nendmenu\n',
        "lib/kunit/Kconfig": "config KUNIT\n\tbool\n",
        "lib/string.c": "/* strings */\n",
        "mm/slub.c": "/* slub */\n",
        "init/main.c": "/* main */\n",
        "arch/um/Makefile": "",
        "tools/perf/Makefile": "",
        "tools/testing/selftests/Makefile": "",
        "tools/testing/kunit/kunit.py": _KUNIT,
        "tools/testing/kunit/configs/default.config": "CONFIG_KUNIT=y\n",
        "tools/testing/kunit/qemu_configs/x86_64.py": "",
    }
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


@pytest.fixture
def fake_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kernel tree that make_kernel() made, whose kernel prints GOOD_CONSOLE."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    path = make_kernel(tmp_path / "linux")
    behave(path, "")
    return path


def behave(linux: Path, code: str) -> None:
    """Run code in each call of a fake kernel's kunit.py, with verb, build, options defined."""
    (linux / "behaviour.py").write_text(f"console = {GOOD_CONSOLE!r}\n{code}\n")


def calls(linux: Path) -> list[list[str]]:
    """Return the command lines that a fake kernel's kunit.py got, and forget them."""
    path = linux.parent / "calls"
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return [line.split("\t") for line in lines]


def make_repo(path: Path) -> Path:
    """Write a small checkout of this project: one suite with two cases."""
    files = {
        "Kconfig": "config KMEM_TINY_KUNIT_TEST\n\ttristate\n",
        "Makefile": "obj-y += lib/\n",
        ".kunitconfig": "CONFIG_KUNIT=y\nCONFIG_KMEM_TINY_KUNIT_TEST=y\n# CONFIG_SWAP is not set\n",
        "COPYING": "GPL-2.0\n",
        "lib/Makefile": "obj-y += kmem_tiny_kunit.o\n",
        "lib/kmem_tiny_kunit.c": TINY_SUITE,
        "tools/surface.toml": "[waivers]\n",
        "tools/cells.toml": CELLS,
        "tools/configs/debug.config": "CONFIG_SLUB_DEBUG=y\n",
        "tools/configs/other.config": "CONFIG_SLUB_DEBUG=n\nCONFIG_SWAP=y\n",
        "tools/configs/series-6.12.config": "CONFIG_ONLY_IN_6_12=y\n",
    }
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


def make_checkout(path: Path) -> Path:
    """Write a checkout as make_repo() does, with this command in it; return the command."""
    make_repo(path)
    shutil.copytree(TOOLS / "kmem_kunit", path / "tools/kmem_kunit",
                    ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(TOOLS / "kmem-kunit", path / "tools/kmem-kunit")
    return path / "tools/kmem-kunit"


CELLS = """\
series = ["6.12"]

[variants.plain]
about = "nothing special"

[variants.debug]
config = ["debug"]
boot = "slab_debug=FZPU"

[groups]
quick = ["*/plain"]
"""

TINY_SUITE = """\
// SPDX-License-Identifier: GPL-2.0-only
/* The first holds. (mm/slub.c) */
static void first(struct kunit *test)
{
}

/* The second holds as well. */
static void second(struct kunit *test)
{
}

static struct kunit_case tiny_cases[] = { KUNIT_CASE(first), KUNIT_CASE(second), {} };

static struct kunit_suite tiny = { .name = "kmem_tiny", .test_cases = tiny_cases };
kunit_test_suite(tiny);
"""

GOOD_CONSOLE = """\
[    0.010000] KTAP version 1
[    0.010000] 1..1
[    0.010000]     KTAP version 1
[    0.010000]     # Subtest: kmem_tiny
[    0.010000]     1..2
[    0.012000]     ok 1 first
[    0.013000]     ok 2 second
[    0.013000] # kmem_tiny: pass:2 fail:0 skip:0 total:2
[    0.013000] # Totals: pass:2 fail:0 skip:0 total:2
[    0.013000] ok 1 kmem_tiny
[    0.014000] reboot: System halted
"""


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small checkout that stands in for this one."""
    from kmem_kunit import overlay

    path = make_repo(tmp_path / "repo")
    monkeypatch.setattr(overlay, "REPO", path)
    return path


@pytest.fixture
def fake_bin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Give a function that puts a shell script before all other commands."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def add(name: str, script: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return add


@pytest.fixture
def only_bin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An otherwise empty PATH: a folder with the few commands that everything needs."""
    folder = tmp_path / "only-bin"
    folder.mkdir()
    for name in ("sh", "env", "cat", "true", "false", "echo", "sleep"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
    return folder


def contents(root: Path) -> dict[str, tuple[object, int]]:
    """Return all that a folder holds, but for times, to be compared later."""
    return {name: entry[:2] for name, entry in snapshot(root).items()}


def snapshot(root: Path) -> dict[str, tuple[object, int, int]]:
    """Return all that a folder holds, to be compared later: contents, links, modes, times."""
    found: dict[str, tuple[object, int, int]] = {}
    for path in sorted(root.rglob("*")):
        stat = path.lstat()
        if path.is_symlink():
            content: object = os.readlink(path)
        else:
            content = path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(root))] = (content, stat.st_mode, stat.st_mtime_ns)
    return found

BROKEN = (
    ("    ok 2 second",
     "    # second: EXPECTATION FAILED at lib/x.c:7\n[    0.013000]     not ok 2 second"),
    ("ok 1 kmem_tiny", "not ok 1 kmem_tiny"),
    ("pass:2 fail:0", "pass:1 fail:1"),
)


def changed(*changes: tuple[str, str]) -> str:
    """Return the good console with some changes."""
    text = GOOD_CONSOLE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def made(*words: str | Path) -> str:
    """What a command of ours prints, which has to succeed and complain of nothing."""
    done = subprocess.run(words, cwd=TOOLS.parent, capture_output=True, text=True, check=False, timeout=1800)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout
