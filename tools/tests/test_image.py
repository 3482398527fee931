# SPDX-License-Identifier: GPL-2.0-only
"""Images: what is built, when nothing is, and how a build that does not work is told."""
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import TOOLS, behave, calls, make_kernel, make_repo, snapshot

from kmem_kunit import cache, config, host, image, kernel
from kmem_kunit.arch import UML, find
from kmem_kunit.errors import UserError


@pytest.fixture
def base(cache_root: Path) -> Path:
    """The cache."""
    return cache.root()


@pytest.fixture
def request_(fake_kernel: Path, repo: Path) -> image.Request:
    """A request for the fake kernel with the fake checkout."""
    return image.Request(kernel.from_tree(str(fake_kernel)), repo, (), 3)


def verbs(linux: Path) -> list[str]:
    return [call[0] for call in calls(linux)]


def edit(path: Path, more: str = "/* edited */\n") -> None:
    path.write_text(path.read_text() + more)


def test_merged_configuration(repo: Path) -> None:
    assert config.names(repo) == ["debug", "other"]
    first = "CONFIG_KUNIT=y\nCONFIG_KMEM_TINY_KUNIT_TEST=y\n"
    assert config.merged(repo, "7.3", UML, ()) == first + "# CONFIG_SWAP is not set\n"
    assert "CONFIG_ONLY_IN_6_12=y" in config.merged(repo, "6.12", UML, ())
    text = config.merged(repo, "7.3", UML, ("debug", "other"))
    assert text == first + "CONFIG_SWAP=y\n# CONFIG_SLUB_DEBUG is not set\n"
    assert "CONFIG_SLUB_DEBUG=y" in config.merged(repo, "7.3", UML, ("other", "debug"))


def test_an_architecture_of_its_own(base: Path, request_: image.Request) -> None:
    (request_.repo / "tools/configs/arch-x86_64.config").write_text("CONFIG_SMP=y\n")
    assert config.names(request_.repo) == ["debug", "other"]
    native, other = request_, replace(request_, arch=find("x86_64"))
    assert "CONFIG_SMP=y" in config.merged(request_.repo, "6.12", other.arch, ())
    plans = [image.plan(base, each) for each in (native, other)]
    assert plans[0].build_dir != plans[1].build_dir
    assert "--arch=x86_64" in plans[1].build_command
    assert not [word for word in plans[0].build_command if word.startswith("--arch")]
    behave(request_.kernel.path, "Path(build / 'arch/x86/boot').mkdir(parents=True, exist_ok=True)\n"
           "Path(build / 'arch/x86/boot/bzImage').write_text('kernel')")
    made = [image.build(base, each) for each in (native, other)]
    assert made[0].path != made[1].path and made[1].binary.read_text() == "kernel"
    assert made[1].binary == made[1].path / "arch/x86/boot/bzImage"


def test_a_suite_that_is_turned_off_is_not_missed(base: Path, request_: image.Request) -> None:
    planned = {"kmem_tiny": ["one"], "kmem_other": ["two"]}
    assert image.build(base, request_).built(planned) == planned
    text = "# CONFIG_KMEM_TINY_KUNIT_TEST is not set\n"
    (request_.repo / "tools/configs/debug.config").write_text(text)
    made = image.build(base, replace(request_, configs=("debug",)))
    assert made.built(planned) == {"kmem_other": ["two"]}
    with pytest.raises(UserError, match="^this configuration turns off kmem_tiny$"):
        made.built({"kmem_tiny": ["one"]})


def test_a_compiler_of_its_own(base: Path, request_: image.Request) -> None:
    requests = [request_, replace(request_, arch=find("uml-clang"))]
    plans = [image.plan(base, each) for each in requests]
    assert plans[0].build_dir != plans[1].build_dir
    for command in (plans[1].config_command, plans[1].build_command):
        assert "--make_options=LLVM=-22" in command and "--arch=um" not in command
    made = [image.build(base, each) for each in requests]
    assert made[0].path != made[1].path and made[0].binary.name == made[1].binary.name == "linux"


def test_a_compiler_for_another_machine(base: Path, request_: image.Request) -> None:
    other = image.plan(base, replace(request_, arch=find("s390x")))
    for command in (other.config_command, other.build_command):
        assert {"--arch=s390", "--cross_compile=s390x-linux-gnu-"} <= set(command)
    assert find("s390x").tools[0] == "s390x-linux-gnu-gcc"


def test_a_configured_folder_is_not_configured_again(base: Path, request_: image.Request) -> None:
    image.build(base, request_)
    edit(request_.repo / "lib/kmem_tiny_kunit.c")
    calls(request_.kernel.path)
    image.build(base, request_)
    assert verbs(request_.kernel.path) == ["build"]  # which configures again by itself if need be
    edit(request_.repo / ".kunitconfig", "CONFIG_MORE=y\n")
    image.build(base, replace(request_, build_dir=image.plan(base, request_).build_dir))
    assert verbs(request_.kernel.path) == ["config", "build"]


def test_ccache_is_no_other_compiler(
    base: Path, request_: image.Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = os.environ["PATH"].split(os.pathsep)
    plain = os.pathsep.join(part for part in found if part != host.CCACHE)
    monkeypatch.setenv("PATH", plain)
    before = image.plan(base, request_).build_dir
    folder = tmp_path / "ccache"
    folder.mkdir()
    (folder / "gcc").write_text("#!/bin/sh\n")
    (folder / "gcc").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{plain}")
    assert image.plan(base, request_).build_dir != before
    monkeypatch.setattr(host, "CCACHE", str(folder))
    assert image.plan(base, request_).build_dir == before


def test_an_unknown_configuration(repo: Path) -> None:
    with pytest.raises(UserError, match="no configuration 'series-6.12'; there are: debug, other"):
        config.merged(repo, "6.12", UML, ("series-6.12",))


def test_a_fragment_with_a_mistake(repo: Path) -> None:
    (repo / "tools/configs/debug.config").write_text("CONFIG_A=y\nSLUB_DEBUG=y\n")
    with pytest.raises(UserError, match="debug.config: 'SLUB_DEBUG=y' is not a setting"):
        config.merged(repo, "6.12", UML, ("debug",))


def test_a_build(base: Path, request_: image.Request) -> None:
    linux = request_.kernel.path
    before = snapshot(linux)
    plan = image.plan(base, request_)
    planned = [plan.config_command[2:], plan.build_command[2:]]
    made = image.build(base, request_)
    assert snapshot(linux) == before
    assert made.binary.is_file() and made.release == "6.12.3"
    assert made.kunitconfig.read_text() == config.merged(request_.repo, "6.12", UML, ())
    seen = calls(linux)
    assert planned == seen
    assert f"--build_dir={plan.build_dir}" in seen[0] and "--jobs=3" in seen[1]
    assert not list(base.rglob(".tmp-*"))


def test_olddefconfig_only_where_it_may_change_something(
    base: Path, request_: image.Request
) -> None:
    plan = image.plan(base, request_)

    def skips() -> bool:
        return "--make_options=--old-file=olddefconfig" in plan.build_command

    assert skips()  # the command that configures comes first, and runs it
    image.build(base, request_)
    assert not skips()  # nobody knows what .config was made of

    now = time.time()
    kept = plan.build_dir / "include/config"
    kept.mkdir(parents=True)
    (kept / "auto.conf.cmd").write_text(
        "autoconfig := include/config/auto.conf\n\n"
        "deps_config := \\\n\tlib/kmem_kunit/Kconfig \\\n\tlib/Kconfig.debug \\\n\n"
        "$(autoconfig): $(deps_config)\n"
    )
    (kept / "auto.conf").touch()
    kconfig = plan.tree / "lib/kmem_kunit/Kconfig"
    for path in (kconfig, plan.tree / "lib/Kconfig.debug", plan.build_dir / ".config"):
        os.utime(path, (now - 10, now - 10))
    os.utime(kept / "auto.conf", (now - 5, now - 5))
    assert skips()
    for path in (kconfig, plan.build_dir / ".config"):
        os.utime(path)
        assert not skips()
        os.utime(path, (now - 10, now - 10))
        assert skips()
    kconfig.unlink()
    assert not skips()


def test_nothing_changed_nothing_built(base: Path, request_: image.Request) -> None:
    first = image.build(base, request_)
    calls(request_.kernel.path)
    assert image.build(base, request_) == first
    assert verbs(request_.kernel.path) == []


def test_an_edited_suite_is_built_in_the_same_folder(base: Path, request_: image.Request) -> None:
    first = image.build(base, request_)
    suite = request_.repo / "lib/kmem_tiny_kunit.c"
    old = suite.read_text()
    edit(suite)
    second = image.build(base, request_)
    assert second.path != first.path and len(list((base / "builds").iterdir())) == 1
    calls(request_.kernel.path)
    suite.write_text(old)
    assert image.build(base, request_).path == first.path
    assert verbs(request_.kernel.path) == []


def test_a_changed_kernel_is_built_again(base: Path, request_: image.Request) -> None:
    first = image.build(base, request_)
    edit(request_.kernel.path / "mm/slub.c")
    assert image.build(base, request_).path != first.path
    assert len(list((base / "builds").iterdir())) == 1


def test_configurations_have_folders_of_their_own(base: Path, request_: image.Request) -> None:
    first = image.build(base, request_)
    second = image.build(base, replace(request_, configs=("debug",)))
    assert first.path != second.path and len(list((base / "builds").iterdir())) == 2


def test_another_compiler_is_another_build(
    base: Path, request_: image.Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = image.build(base, request_)
    monkeypatch.setattr(image, "toolchain", lambda _: "gcc of tomorrow")
    assert image.build(base, request_).path != first.path


# the compiler has read slub.c when somebody edits it; slub.o is newer, and make trusts it for that
EDITED = """
slub, slub_o = Path({slub!r}), build / "slub.o"
if verb == "build":
    edited = False
    if not slub_o.exists() or slub_o.stat().st_mtime_ns < slub.stat().st_mtime_ns:
        text = slub.read_text()
        if edited := "edited" not in text:
            slub.write_text("/* edited meanwhile */")
        slub_o.write_text(text)
    if edited and {status}:
        print("make: *** [x] Error 1")
        sys.exit({status})
    console = slub_o.read_text()
"""


@pytest.mark.parametrize("status", [0, 1])
def test_a_kernel_that_changes_during_the_build(
    status: int, base: Path, request_: image.Request
) -> None:
    """What is kept, or said, of a source must come of a build from that source."""
    linux = request_.kernel.path
    slub = linux / "mm/slub.c"
    behave(linux, EDITED.format(slub=str(slub), status=status))
    made = image.build(base, request_)
    assert made.binary.read_text() == slub.read_text() == "/* edited meanwhile */"
    assert verbs(linux) == ["config", "build", "config", "build"]


def test_a_kernel_that_keeps_changing(base: Path, request_: image.Request) -> None:
    linux = request_.kernel.path
    behave(linux, f"if verb == 'build': print('x', file=open({str(linux / 'mm/slub.c')!r}, 'a'))")
    with pytest.raises(UserError, match=f"^{linux} keeps changing while it is built: try again"):
        image.build(base, request_)
    assert verbs(linux) == ["config", "build"] * 3
    assert not list((base / "images").iterdir())


def test_a_compile_error(base: Path, request_: image.Request) -> None:
    linux = request_.kernel.path
    shadow = image.plan(base, request_).tree
    behave(linux, f"""
if verb == "build":
    print("Building with:\\n$ make all")
    print("ERROR:root:" + {str(shadow)!r} + "/lib/kmem_kunit/lib/x.c:3:1: error: no such thing")
    print({str(shadow)!r} + "/mm/slub.c:9:1: note: seen from here")
    print("make[3]: *** [Makefile:1: x.o] Error 1")
    sys.exit(1)
""")
    with pytest.raises(image.BuildFailed, match="Linux 6.12.3 does not build") as caught:
        image.build(base, request_)
    assert caught.value.lines == (
        f"{request_.repo}/lib/x.c:3:1: error: no such thing",
        f"{linux}/mm/slub.c:9:1: note: seen from here",
    )
    assert not list((base / "images").iterdir())
    behave(linux, "")
    calls(linux)
    image.build(base, request_)
    assert len(list((base / "builds").iterdir())) == 1


@pytest.mark.parametrize("line", [
    "x.c:1: fatal error: error writing to /tmp/x.s: No space left on device",
    "OSError: [Errno 28] No space left on device: '/build/.config'",
    "gcc: fatal error: Killed signal terminated program cc1",
    "cc1: error: x.c: Input/output error",
    "ld: final link failed: Cannot allocate memory",
    "collect2: fatal error: ld terminated with signal 9 [Killed]",
    "clang: error: unable to execute command: Killed",
    "LLVM ERROR: out of memory",
    "cc1: out of memory allocating 65536 bytes after a total of 1234567 bytes",
    "x.c:1: fatal error: error writing to x.o: Disk quota exceeded",
    "ld: cannot open output file vmlinux: Read-only file system",
])
def test_a_machine_that_cannot(line: str, base: Path, request_: image.Request) -> None:
    behave(request_.kernel.path, f"if verb == 'build': print({line!r}, 'more', sep='\\n'); sys.exit(1)")
    with pytest.raises(image.NotBuilt) as caught:
        image.build(base, request_)
    assert str(caught.value) == f"this machine cannot build Linux 6.12.3: {line}"


def test_endless_errors_are_cut(base: Path, request_: image.Request) -> None:
    behave(request_.kernel.path, "if verb == 'build': print('x: error\\n' * 9999); sys.exit(1)")
    with pytest.raises(image.BuildFailed) as caught:
        image.build(base, request_)
    assert len(caught.value.lines) < 100 and "lines more" in caught.value.lines[-1]


def test_an_option_that_the_kernel_lacks(base: Path, request_: image.Request) -> None:
    behave(request_.kernel.path, """
if verb == "config":
    print("ERROR:root:Not all Kconfig options selected in kunitconfig were in the generated")
    print("This is probably due to unsatisfied dependencies.")
    print("Missing: CONFIG_Z=y, CONFIG_A=y")
    sys.exit(1)
""")
    with pytest.raises(UserError, match="cannot be configured with CONFIG_A=y, CONFIG_Z=y$"):
        image.build(base, request_)


def test_an_option_that_the_kernel_turns_on(base: Path, request_: image.Request) -> None:
    behave(request_.kernel.path, """
if verb == "config":
    (build / ".config").write_text("CONFIG_ON=y\\nCONFIG_ONCE=y\\n# CONFIG_OFF is not set\\n")
    print("Missing: # CONFIG_NOT_THERE is not set, # CONFIG_ON is not set, # CONFIG_OFF is not set")
    sys.exit(1)
""")
    with pytest.raises(UserError, match="cannot be configured with # CONFIG_ON is not set$"):
        image.build(base, request_)


def test_a_build_that_says_it_worked_and_made_nothing(base: Path, request_: image.Request) -> None:
    behave(request_.kernel.path, "if verb == 'build': sys.exit(0)")
    with pytest.raises(image.BuildFailed):
        image.build(base, request_)


RUN = f"""
import sys; sys.path.insert(0, {str(TOOLS)!r})
from pathlib import Path
from kmem_kunit import cache, image, kernel
base, repo, linux = map(Path, sys.argv[1:])
try:
    image.build(base, image.Request(kernel.from_tree(str(linux)), repo, (), 1))
except KeyboardInterrupt:
    sys.exit(130)
"""
STALL = "if verb == 'build': (build / 'stalled').write_text(''); time.sleep(1000)"


def start(base: Path, request_: image.Request) -> "subprocess.Popen[bytes]":
    """Start a build in another process; return when it is in its make."""
    argv = [sys.executable, "-c", RUN]
    argv += map(str, (base, request_.repo, request_.kernel.path))
    process = subprocess.Popen(argv, stderr=subprocess.PIPE)
    end = time.monotonic() + 30
    while not list(base.glob("builds/*/stalled")):
        assert time.monotonic() < end
        time.sleep(0.01)
    return process


def running(linux: Path) -> list[str]:
    """Return the command lines of the processes that still work on a fake kernel's build."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return [line for line in found if "kunit.py" in line and str(linux.parent) in line]


@pytest.mark.parametrize("number, edits, fresh", [(2, False, False), (2, True, True), (9, False, True)])
def test_a_build_that_is_stopped(
    number: int, edits: bool, fresh: bool, base: Path, request_: image.Request
) -> None:
    """After Ctrl-C make goes on where it was, unless what it had begun is of an older source.

    After kill -9 nobody knows what is half-written.
    """
    linux = request_.kernel.path
    behave(linux, STALL)
    process = start(base, request_)
    if edits:
        edit(linux / "mm/slub.c")
    process.send_signal(number)
    process.communicate()
    end = time.monotonic() + 30
    while running(linux):
        assert time.monotonic() < end, "something survived"
        time.sleep(0.01)
    assert not list((base / "images").iterdir())
    behave(linux, "")
    made = image.build(base, request_)
    assert made.binary.is_file()
    assert bool(list(base.glob("builds/*/stalled"))) != fresh


def test_all_builds_say_the_same_of_themselves(base: Path, request_: image.Request,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's random numbers begin with its version, and that with when it was built."""
    linux = request_.kernel.path
    behave(linux, "(build / f'version.{verb}').write_text(' '.join(os.environ[f'KBUILD_BUILD_{name}'] "
                  "for name in ('TIMESTAMP', 'VERSION', 'USER', 'HOST')))")
    monkeypatch.setenv("KBUILD_BUILD_TIMESTAMP", "today")
    image.build(base, request_)
    for verb in ("config", "build"):
        (path,) = base.glob(f"builds/*/version.{verb}")
        assert path.read_text(encoding="utf-8") == "Thu Jan 1 00:00:00 UTC 1970 1 kmem kunit"


def test_a_build_whose_kunit_py_is_killed(
    base: Path, request_: image.Request, capfd: pytest.CaptureFixture[str]
) -> None:
    """With it, all compilers are: an object may be cut, and newer than its source."""
    linux = request_.kernel.path
    behave(linux, "if verb == 'build': (build / 'one.o').touch(); os.kill(os.getpid(), 9)")
    with pytest.raises(UserError, match="^building Linux 6.12.3 was killed: run the same"):
        image.build(base, request_)
    behave(linux, "if verb == 'build' and (build / 'one.o').exists(): sys.exit(1)")
    assert image.build(base, request_).binary.is_file()
    said = capfd.readouterr().err
    assert "was left by a build that did not end, or whose source changed" in said


@pytest.mark.parametrize("said", [
    "ERROR:root:",  # of make that was killed: any other failure has a line with ***
    "ERROR:root:x.c:1:1: warning: unused variable",
    "ERROR:root:make[2]: *** [Makefile:1166: vmlinux] Killed",
    "ERROR:root:link-vmlinux.sh: line 113: 42 Killed  ld -o vmlinux\nmake: *** [vmlinux] Error 137",
    "ERROR:root:make: *** [Makefile:248: __sub-make] Terminated",
])
def test_a_build_whose_make_is_killed(said: str, base: Path, request_: image.Request) -> None:
    """With it, all compilers are, and it removes nothing of what they were making."""
    linux = request_.kernel.path
    told = "Building with:\n$ make all O=/error\n" + said
    behave(linux, f"if verb == 'build': print({told!r}); (build / 'cut.o').touch(); sys.exit(1)")
    with pytest.raises(image.NotBuilt, match="^building Linux 6.12.3 was killed: run the same"):
        image.build(base, request_)
    behave(linux, "if verb == 'build' and (build / 'cut.o').exists(): sys.exit(1)")
    assert image.build(base, request_).binary.is_file()


def test_two_runs_at_once_on_one_build_folder(
    base: Path, request_: image.Request, capfd: pytest.CaptureFixture[str]
) -> None:
    linux = request_.kernel.path
    behave(linux, "if verb == 'build': (build / 'stalled').write_text(''); time.sleep(1)")
    process = start(base, request_)
    made = image.build(base, request_)
    process.communicate()
    assert process.returncode == 0 and made.binary.is_file()
    said = capfd.readouterr().err
    assert f"waiting for another run (pid {process.pid}) that is using" in said


def test_a_new_version_of_a_series_is_built_from_scratch(
    base: Path, request_: image.Request, tmp_path: Path
) -> None:
    """Its files are older than the objects, so make would not see that they changed."""
    made = []
    for version in ("6.12.3-1", "6.12.4-1"):
        path = make_kernel(tmp_path / version, version[:6])
        behave(path, f"open(build / 'made-{version}', 'w')")
        source = kernel.Kernel("6.12", path, version[:6], version=version)
        made.append(image.build(base, replace(request_, kernel=source)))
    assert made[0].path != made[1].path and made[0].tree == made[1].tree
    (build,) = (base / "builds").iterdir()
    assert [path.name for path in build.glob("made-*")] == ["made-6.12.4-1"]


def test_a_file_with_an_old_time_means_from_scratch(
    base: Path, request_: image.Request, capfd: pytest.CaptureFixture[str]
) -> None:
    image.build(base, request_)
    slub = request_.kernel.path / "mm/slub.c"
    slub.write_text("/* restored from a backup */\n")
    os.utime(slub, (1000, 1000))
    image.build(base, request_)
    assert "building from scratch" in capfd.readouterr().err


def test_a_build_folder_of_the_users(base: Path, request_: image.Request, tmp_path: Path) -> None:
    mine = replace(request_, build_dir=tmp_path / "deep" / "mine")
    assert image.build(base, mine).binary.is_file()
    assert (tmp_path / "deep/mine/linux").is_file() and not list((base / "builds").iterdir())
    calls(mine.kernel.path)
    image.build(base, mine)
    assert verbs(mine.kernel.path) == ["build"]  # its objects are wanted, so it is made


@pytest.mark.parametrize("name", ["with space", "co:lon", "linux/build", "full", "file", "file/x"])
def test_a_build_folder_that_cannot_be_used(
    name: str, base: Path, request_: image.Request, tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/.config").write_text("CONFIG_MINE=y\n")
    (tmp_path / "file").write_text("")
    before = snapshot(tmp_path / "full")
    with pytest.raises(UserError) as caught:
        image.build(base, replace(request_, build_dir=tmp_path / name))
    assert "\n" not in str(caught.value) and snapshot(tmp_path / "full") == before


def test_an_unreadable_build_folder(
    base: Path, request_: image.Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir(mode=0)
    if os.geteuid() == 0:  # to whom nothing is unreadable
        monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(UserError, match="Permission denied"):
        image.build(base, replace(request_, build_dir=tmp_path / "mine"))


def test_a_build_folder_of_the_users_that_was_left_half_built(
    base: Path, request_: image.Request, tmp_path: Path
) -> None:
    mine = replace(request_, build_dir=tmp_path / "mine")
    image.build(base, mine)
    (tmp_path / "mine/kmem-kunit.json").write_text("{")
    with pytest.raises(UserError, match="remove it, or name another --build-dir"):
        image.build(base, mine)
    assert (tmp_path / "mine/linux").is_file()


def test_progress_counts_objects(base: Path, request_: image.Request) -> None:
    folder = base / "builds" / "x"
    folder.mkdir()
    (folder / "old.o").write_text("")
    os.utime(folder / "old.o", (1, 1))
    seen: list[tuple[int, int | None]] = []
    counter = image._Counter(folder, 100)
    (folder / "new.o").write_text("")
    future = time.time() + 5
    os.utime(folder / "new.o", (future, future))
    counter.show(lambda done, total: seen.append((done, total)))
    assert seen == [(1, None)]  # how much of an incremental build is to do is not known
    shutil.rmtree(folder)
    folder.mkdir()
    counter = image._Counter(folder, 100)
    counter.show(lambda done, total: seen.append((done, total)))
    assert seen[-1] == (0, 100)


def test_paths_with_spaces(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    linux = make_kernel(tmp_path / "my linux")
    behave(linux, "")
    repo = make_repo(tmp_path / "my repo")
    request = image.Request(kernel.from_tree(str(linux)), repo)
    made = image.build(base, request)
    assert made.binary.is_file()
    assert not [word for call in calls(tmp_path / "x") for word in call if "my " in word]
    for_gcc = "-fno-canonical-system-headers"
    assert for_gcc in image.plan(base, request).compiler_options
    link = tmp_path / "link"
    link.symlink_to(linux)
    linked = replace(request, kernel=replace(request.kernel, path=link))
    assert for_gcc in image.plan(base, linked).compiler_options
    by_clang = replace(request, arch=find("uml-clang"))
    plain = replace(request, kernel=replace(request.kernel, path=tmp_path / "linux-7.3.4_1~b+1"))
    for other in (by_clang, plain):
        assert for_gcc not in image.plan(base, other).compiler_options


def test_a_clock_that_is_put_back(
    base: Path, request_: image.Request, capfd: pytest.CaptureFixture[str]
) -> None:
    later = time.time() + 3600
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: later)
        image.build(base, request_)
    folder = image.plan(base, request_).build_dir
    source = next((request_.repo / "lib").glob("*.c"))

    def edit() -> None:
        with source.open("a", encoding="utf-8") as file:
            file.write("/* edited */\n")
        (folder / "leftover.o").touch()

    edit()
    assert image.build(base, request_).binary.is_file()
    assert "the clock has been put back): building from scratch" in capfd.readouterr().err
    assert not (folder / "leftover.o").exists()
    edit()
    assert image.build(base, request_).binary.is_file()
    assert "put back" not in capfd.readouterr().err and (folder / "leftover.o").exists()


@pytest.mark.parametrize("edited", [False, True])
def test_a_file_server_whose_clock_is_ahead(
    edited: bool, base: Path, request_: image.Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has stored is waited for, so that make sees an edit of just after; or that is seen."""
    linux, slept = request_.kernel.path, time.sleep
    behave(linux, "later = time.time() + 2\nif verb == 'build':\n"
           "    (build / 'slub.o').touch()\n    os.utime(build / 'slub.o', (later, later))")

    def sleep(seconds: float) -> None:
        slept(seconds)
        if edited and "edited" not in (linux / "mm/slub.c").read_text():
            edit(linux / "mm/slub.c")

    monkeypatch.setattr(time, "sleep", sleep)
    image.build(base, request_)
    assert verbs(linux) == ["config", "build"] * (2 if edited else 1)
    edit(linux / "mm/slub.c")
    assert (linux / "mm/slub.c").stat().st_mtime > (
        image.plan(base, request_).build_dir / "slub.o").stat().st_mtime
    image.build(base, request_)
    assert verbs(linux) == ["build"]


def test_a_clock_that_jumps_during_a_build(
    base: Path, request_: image.Request, capfd: pytest.CaptureFixture[str]
) -> None:
    """What came of it is newer than any edit after it, so make would overlook these."""
    linux = request_.kernel.path
    behave(linux, "if verb == 'config':\n"
           "    (build / 'auto.conf').touch()\n    os.utime(build / 'auto.conf', (9e9, 9e9))")
    image.build(base, request_)
    behave(linux, "if (build / 'auto.conf').exists(): sys.exit(1)")
    assert image.build(base, request_).binary.is_file()
    assert "the clock has been put back): building from scratch" in capfd.readouterr().err


def test_only_a_plain_kernel_is_compiled_in_haste(
    base: Path, request_: image.Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KCFLAGS", raising=False)
    quick = image.plan(base, request_)
    assert "--make_options=KCFLAGS=-O1" in quick.build_command
    others = [
        replace(request_, configs=("debug",)),
        replace(request_, arch=find("uml-clang")),
        replace(request_, arch=find("x86_64")),
    ]
    for other in others:
        assert image.plan(base, other).compiler_options == ""
    made = image.build(base, request_)
    monkeypatch.setenv("KCFLAGS", "-O2 -g")
    assert image.plan(base, request_).compiler_options == "-O1 -O2 -g"
    assert image.build(base, request_).path != made.path
    with (request_.repo / ".kunitconfig").open("a", encoding="utf-8") as file:
        file.write("CONFIG_FORTIFY_SOURCE=y\n")
    assert image.plan(base, request_).compiler_options == "-O2 -g"
