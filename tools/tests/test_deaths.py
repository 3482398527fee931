# SPDX-License-Identifier: GPL-2.0-only
"""Expected deaths: passed for just the words announced, in just that case, and for nothing else."""
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import behave, calls

from kmem_kunit import boot, cache, deaths, image, kernel
from kmem_kunit.arch import find
from kmem_kunit.result import Case, Result, Status

HEAD = """\
[    0.010000] KTAP version 1
[    0.010000] 1..1
[    0.010000]     KTAP version 1
[    0.010000]     # Subtest: kmem_fatal
[    0.010000]     1..1
"""
MARKER = "[    0.020000]     # dies: must stop the kernel: exposure 'x' (offset 1)!\n"
WORDS = "[    0.020000] usercopy: Kernel memory exposure 'x' (offset 1)!\n"
BUG = "[    0.020000] BUG: failure at mm/usercopy.c:102/usercopy_abort()!\n"
PANIC = "[    0.020000] Kernel panic - not syncing: BUG!\n[    0.020000] Call Trace:\n"
OK = "[    0.030000]     ok 1 dies\n[    0.030000] ok 1 kmem_fatal\n"
HALTED = "[    0.040000] reboot: System halted\n"
GOOD = HEAD + MARKER + WORDS + BUG + PANIC
OUT_OF_MEMORY = "[    0.020000] Kernel panic - not syncing: Out of memory, no killable processes\n"


def verdict(text: str) -> Case:
    return deaths.judge("dies", text.splitlines(), "(log somewhere)")


def test_a_good_death() -> None:
    case = verdict(GOOD)
    assert (case.status, case.path, case.log) == (Status.PASS, "kmem_fatal.dies", "")


BY_BUG = HEAD + MARKER.replace("exposure 'x' (offset 1)!", "/mempool_resize()!")
BY_PANIC = HEAD + MARKER.replace("exposure 'x' (offset 1)!", "Failed to create 'x'. Error -22")
BY_TAINT = HEAD + MARKER.replace("exposure 'x' (offset 1)!", "panic_on_taint set")

BY_MEMORY = HEAD + MARKER.replace("exposure 'x' (offset 1)!", "of memory")
OTHER_BUG = BUG.replace("mm/usercopy.c:102/usercopy_abort", "mm/slub.c:1/other")


@pytest.mark.parametrize("text", [
    HEAD + MARKER.replace(" (offset 1)!", "") + WORDS + BUG + PANIC,
    BY_BUG + BUG.replace("usercopy_abort", "mempool_resize") + PANIC,
    BY_PANIC + PANIC.replace("BUG!", "kmem_cache_create: Failed to create 'x'. Error -22"),
    BY_TAINT + "[    0.020000] BUG x (Tainted: G): objects 57 > max 56\n"
    + PANIC.replace("BUG!", "panic_on_taint set ..."),
    HEAD + MARKER.replace("exposure 'x' ", "")
    + WORDS.replace("exposure", "exposure attempt detected from SLUB object") + BUG + PANIC,
    HEAD + MARKER.replace("exposure 'x' ", "overwrite attempt detected to SLUB object 'x' ")
    + WORDS.replace("exposure", "overwrite attempt detected to SLUB object") + BUG + PANIC,
    BY_MEMORY + OUT_OF_MEMORY.replace("Out of", "dies: of"),
])
def test_good_deaths_of_other_kinds(text: str) -> None:
    assert verdict(text).status is Status.PASS


@pytest.mark.parametrize(("text", "said"), [
    (HEAD + MARKER + WORDS + OUT_OF_MEMORY, "has not said"),
    (HEAD + MARKER + WORDS.replace("usercopy:", "    # dies:") + OUT_OF_MEMORY, "has not said"),
    (HEAD + MARKER + WORDS.replace("usercopy:", "    # dies:") + BUG + PANIC, "has not said"),
    (HEAD + MARKER + WORDS.replace("usercopy:", "x: no") + BUG + PANIC, "has not said"),
    (HEAD + MARKER + BUG + PANIC + WORDS, "has not said"),
    (HEAD + MARKER + OUT_OF_MEMORY + WORDS + BUG + PANIC, "ended with one panic"),
    (HEAD + MARKER + WORDS + BUG.replace("usercopy_abort", "other") + PANIC, "has not said"),
    (HEAD + MARKER + WORDS + OTHER_BUG + BUG + PANIC, "has not said"),
    (BY_BUG + BUG.replace("usercopy_abort", "mempool_resize") + OTHER_BUG + PANIC, "has not said"),
    (BY_BUG + BUG.replace("usercopy_abort", "mempool_resize") + BUG + PANIC, "has not said"),
    (BY_BUG + BUG.replace("usercopy_abort", "x/mempool_resize") + PANIC, "has not said"),
    (BY_BUG + WORDS.replace("exposure 'x' (offset 1)!", "/mempool_resize()!") + PANIC, "has not said"),
    (BY_MEMORY + OUT_OF_MEMORY, "has not said"),
    (BY_MEMORY + OUT_OF_MEMORY.replace("Out ", "x: Out "), "has not said"),
    (BY_PANIC + PANIC.replace("BUG!", "xFailed to create 'x'. Error -22"), "has not said"),
    (HEAD + MARKER + WORDS.replace("exposure", "no exposure") + BUG + PANIC, "has not said"),
    (GOOD + OUT_OF_MEMORY, "ended with one panic"),
    (GOOD + OK + HALTED, "has gone on"),
    (GOOD + OK.replace("ok", "not ok") + HALTED, "has gone on"),
    (GOOD + OK.replace("dies", "lives"), "ended with one panic"),
    (GOOD + "[    0.030000]     # dies: EXPECTATION FAILED at lib/x.c:1\n", "has gone on"),
    (GOOD + HALTED, "has gone on"),
    (BY_PANIC + PANIC.replace("BUG!", "Failed to create 'x'. Error -220"), "has not said"),
    (HEAD + WORDS + BUG + PANIC, "has not announced"),
    (HEAD + MARKER + BUG + PANIC, "has not said"),
    (HEAD + WORDS + MARKER + BUG + PANIC, "has not said"),
    (HEAD + MARKER + WORDS.replace("offset 1", "offset 10") + BUG + PANIC, "has not said"),
    (HEAD + MARKER + WORDS + BUG, "ended with one panic"),
    (HEAD + MARKER + WORDS + OK, "ended with one panic"),
    (HEAD + PANIC + MARKER, "has gone on"),
    (HEAD + MARKER.replace("# dies", "# lives") + WORDS + BUG + PANIC, "has not announced"),
    (MARKER + WORDS + BUG + PANIC, "ended with one panic"),
    ("[    0.005000] WARNING: before\n" + GOOD, "ended with one panic"),
    (HEAD.replace("kmem_fatal", "kmem_other") + MARKER + WORDS + BUG + PANIC, "kernel"),
    ("", "has not announced"),
])
def test_no_good_death(text: str, said: str) -> None:
    case = verdict(text)
    assert case.status is Status.FAIL and said in case.log and "(log somewhere)" in case.log


def test_a_skip_stays_one() -> None:
    text = HEAD + OK.replace("dies\n", "dies # SKIP needs CONFIG_X=y\n").replace(
        "kmem_fatal\n", "kmem_fatal # SKIP\n")
    case = verdict(text)
    assert (case.status, case.reason) == (Status.SKIP, "needs CONFIG_X=y")


def test_verdicts_take_the_place_of_skips() -> None:
    skipped = Case("kmem_fatal", "dies", "", Status.SKIP)
    others = (Case("kmem_fatal", "lives", "", Status.SKIP), Case("kmem_x", "dies", "", Status.PASS))
    died = Case("kmem_fatal", "dies", "", Status.FAIL)
    assert deaths.merged(Result((skipped, *others)), [died]).cases == (died, *others)


@pytest.fixture
def made(cache_root: Path, fake_kernel: Path, repo: Path) -> image.Image:
    """An image of a fake kernel; its "kunit.py exec" prints DEATHS."""
    base = cache.root()
    found = image.build(base, image.Request(kernel.from_tree(str(fake_kernel)), repo))
    prints(fake_kernel, DEATHS)
    calls(fake_kernel)
    return found


def prints(linux: Path, text: str) -> None:
    behave(linux, f"if verb == 'exec':\n    print({text!r})\n    sys.exit(0)")


def one(number: int, name: str, text: str) -> str:
    """What kunit.py prints of one boot of several."""
    globs = " ".join(f"kunit.filter_glob=kmem_fatal.{each}" for each in ("x", "y", name)[3 - number:])
    return (f"[08:32:0{number}] Starting KUnit Kernel ({number}/3)...\n"
            f"[    0.000000] Kernel command line: printk.time=1 {globs} kunit.enable=1\n{text}\n")


DEATHS = (one(1, "dies", GOOD) + one(2, "lives", GOOD)
          + one(3, "other", GOOD.replace("# dies", "# other")))


def test_each_is_judged_by_the_boot_of_its_own(made: image.Image, fake_kernel: Path) -> None:
    base = cache.root()
    names = ["other", "dies", "lives", "gone"]
    found = deaths.run(base, made, ("a=b",), "kmem*.?[aeiou]*", names, lambda: False)
    assert [(case.name, case.status) for case in found] == [
        ("other", Status.PASS), ("dies", Status.PASS), ("lives", Status.FAIL),
        ("gone", Status.FAIL)]
    (call,) = calls(fake_kernel)
    assert call[-1] == "kmem_fatal.?[aeiou]*" and "--run_isolated=test" in call
    assert "--kernel_args=kmem_fatal_kunit.die=1" in call and "--kernel_args=a=b" in call
    assert len(list((base / "runs").iterdir())) == 1


def test_no_log_of_good_deaths(made: image.Image) -> None:
    deaths.run(cache.root(), made, (), "", ["dies", "other"], lambda: False)
    assert not list((cache.root() / "runs").iterdir())


def test_none_is_no_boot(made: image.Image, fake_kernel: Path) -> None:
    assert deaths.run(cache.root(), made, (), "kmem_fatal", [], lambda: False) == []
    assert calls(fake_kernel) == []


def test_stopping(made: image.Image, fake_kernel: Path) -> None:
    behave(fake_kernel, "if verb == 'exec':\n    time.sleep(60)")
    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    with pytest.raises(deaths._Stopped):
        deaths.run(cache.root(), made, (), "", ["dies", "other"], stop.is_set)


def test_a_hang_is_no_death(made: image.Image, fake_kernel: Path,
                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deaths, "_LIMIT", 0.1)
    monkeypatch.setattr(boot, "_MARGIN", 0)
    hanging = one(1, "dies", HEAD + MARKER + WORDS)
    behave(fake_kernel, f"if verb == 'exec':\n    print({hanging!r}, flush=True)\n"
           "    time.sleep(60)")
    (case,) = deaths.run(cache.root(), made, (), "", ["dies"], lambda: False)
    assert case.status is Status.FAIL


def test_not_in_every_boot(made: image.Image) -> None:
    planned = {"kmem_fatal": ["dies"], "kmem_x": ["y"]}
    assert deaths.cases(made, planned) == ["dies"]
    assert deaths.cases(made, {"kmem_x": ["y"]}) == []
    assert deaths.cases(replace(made, arch=find("x86_64")), planned) == []
