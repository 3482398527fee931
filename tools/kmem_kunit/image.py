# SPDX-License-Identifier: GPL-2.0-only
"""A kernel with the suites in it, configured and built by its own kunit.py."""
import json
import os
import re
import shlex
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from kmem_kunit import cache, config, host, overlay, progress, proc, tree
from kmem_kunit.arch import UML, Arch
from kmem_kunit.errors import UserError
from kmem_kunit.kernel import Identity, Kernel, identity, lock_name

KUNITCONFIG = "kmem-kunit.kunitconfig"
_STAMP = "kmem-kunit.json"
# what a kernel's version says of its build: its random numbers begin with it, and what they decide
_SAME = {"KBUILD_BUILD_TIMESTAMP": "Thu Jan 1 00:00:00 UTC 1970", "KBUILD_BUILD_VERSION": "1",
         "KBUILD_BUILD_USER": "kmem", "KBUILD_BUILD_HOST": "kunit"}
_CONFIG_LIMIT = 600.0  # seconds
_BUILD_LIMIT = 4 * 3600.0
_ATTEMPTS = 3
_AHEAD = 5.0  # seconds that another machine's clock may be
_KCONFIG_FILE = re.compile(r"^\t(\S+) \\$", re.MULTILINE)  # in kbuild's list of what .config is made of
_AWKWARD = re.compile(r"[^\w/.,+=@~^-]")  # what gcc escapes in a list of prerequisites, and more
_LINES = 60  # of the compiler's output that are shown
_MACHINE = re.compile(
    r"No space left on device|Disk quota exceeded|Read-only file system|Input/output error"
    r"|Cannot allocate memory|out of memory allocating|LLVM ERROR: out of memory"
    r"|Killed signal terminated program|terminated with signal 9\b|unable to execute command: Killed"
)
# make's words of a command that a signal ended; what says why it failed, as it does in any other way
_CUT = re.compile(r"\*\*\* .*\] (?:Killed|Terminated|Error 1(?:37|43))$", re.MULTILINE)
_WHY = re.compile(r"\*\*\*|error|^Missing: ", re.MULTILINE | re.IGNORECASE)
_NOT_WHY = re.compile(r"^(?:ERROR:root:|\$ make .*)", re.MULTILINE)


class BuildFailed(Exception):
    """The kernel or a suite does not build; lines is what the compiler says."""

    def __init__(self, what: str, lines: Sequence[str]) -> None:
        super().__init__(what)
        self.lines = tuple(lines)


class NotBuilt(UserError):
    """A build that failed for this machine's sake, which says nothing of the kernel."""


class _Changed(Exception):
    """The source is not what it was when its build began: objects may be of either."""


@dataclass(frozen=True)
class Request:
    """What to build: a kernel, the suites of repo, --config names; build_dir if the user has one.

    jobs is how many compilers run at once, and options are for each of them. If only is a suite, no
    other one is built. What variant adds to configs is so little that both are built in one folder.
    """

    kernel: Kernel
    repo: Path
    configs: tuple[str, ...] = ()
    jobs: int = 1
    build_dir: Path | None = None
    arch: Arch = UML
    options: str = ""
    only: str = ""
    variant: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """How a request is carried out: the folders, and the kunit.py command lines.

    compiler_options are for the compiler of the kernel: kbuild's KCFLAGS.
    """

    tree: Path
    build_dir: Path
    kunitconfig: str
    jobs: int
    arch: Arch
    compiler_options: str = ""

    def _command(self, verb: str) -> list[str]:
        return [
            sys.executable,
            str(self.tree / "tools/testing/kunit/kunit.py"),
            verb,
            *self.arch.options(),
            f"--build_dir={self.build_dir}",
            f"--kunitconfig={self.build_dir / KUNITCONFIG}",
        ]

    @property
    def configured(self) -> bool:
        """Say whether the build folder has been configured so; "kunit.py build" looks again."""
        has_config = (self.build_dir / ".config").is_file()
        return has_config and _text_of(self.build_dir / KUNITCONFIG) == self.kunitconfig

    @property
    def config_command(self) -> list[str]:
        """The kunit.py command line that configures."""
        return self._command("config")

    @property
    def build_command(self) -> list[str]:
        """The kunit.py command line that builds, after the one that configures if that is due.

        Its "make olddefconfig" is seconds of work; where it would change nothing, make is told to
        leave that be (-o). The build itself looks at what Kconfig reads once more.
        """
        skip = not self.configured or self._settled
        options = self.compiler_options
        return [
            *self._command("build"),
            f"--jobs={self.jobs}",
            *(["--make_options=--old-file=olddefconfig"] if skip else []),
            *([f"--make_options=KCFLAGS={options}"] if options else []),
        ]

    @property
    def _settled(self) -> bool:
        """Say whether the last build began after all changes of .config and of Kconfig files."""
        made = self.build_dir / "include/config/auto.conf"
        try:
            read = made.with_name("auto.conf.cmd").read_text(encoding="utf-8")
            paths = [self.tree / name for name in _KCONFIG_FILE.findall(read)]
            changed = max(os.stat(path).st_mtime_ns for path in (*paths, self.build_dir / ".config"))
            return bool(paths) and changed < os.stat(made).st_mtime_ns
        except (OSError, ValueError):
            return False


@dataclass(frozen=True)
class Image:
    """A finished kernel: its folder, the tree whose kunit.py boots it, and what its source is."""

    path: Path
    tree: Path
    release: str
    source: str
    arch: Arch

    @property
    def binary(self) -> Path:
        """The kernel itself."""
        return self.path / self.arch.binary

    @property
    def kunitconfig(self) -> Path:
        """What it was configured with."""
        return self.path / KUNITCONFIG

    def built(self, planned: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
        """Return those of the suites planned, by name, that its configuration does not turn off.

        Raises UserError if it turns off all of them.
        """
        off = config.turned_off(self.kunitconfig.read_text(encoding="utf-8"), planned)
        left = {suite: cases for suite, cases in planned.items() if suite not in off}
        if not left:
            raise UserError(f"this configuration turns off {', '.join(planned)}")
        return left

    @property
    def compiler(self) -> str:
        """The compiler's own words on what it is."""
        text = (self.path / "config").read_text(encoding="utf-8", errors="replace")
        match = re.search(r'^CONFIG_CC_VERSION_TEXT="(.*)"$', text, re.MULTILINE)
        return match[1] if match else ""


def plan(base: Path, request: Request) -> Plan:
    """Return how to build what is requested, without doing or writing anything."""
    kernel = request.kernel
    configs = (*request.configs, *request.variant)
    text = config.merged(request.repo, kernel.series, request.arch, configs, request.only)
    shadow = tree.shadow_path(base, kernel, request.repo)
    # not of the text: after a change of .kunitconfig, kunit.py configures anew and make goes on
    name = cache.digest(str(shadow), *request.configs, toolchain(request.arch), request.arch.name)
    cached = base / "builds" / name
    return Plan(
        shadow,
        request.build_dir or cached,
        text,
        request.jobs,
        request.arch,
        _compiler_options(request, text),
    )


def _compiler_options(request: Request, text: str) -> str:
    options = []
    # most of a build is GCC's work, and this is a tenth less; FORTIFY_SOURCE needs what it leaves
    # out, and of other configurations nobody knows
    plain = request.arch == UML and not request.configs
    if plain and "CONFIG_FORTIFY_SOURCE=y" not in text.splitlines():
        options.append("-O1")
    # GCC names a header behind symbolic links by its real path, and kbuild cannot read such a one
    if not request.arch.llvm and _AWKWARD.search(os.path.realpath(request.kernel.path)):
        options.append("-fno-canonical-system-headers")
    # what we pass hides what make would find itself
    return " ".join([*options, *request.options.split(), *os.environ.get("KCFLAGS", "").split()])


def build(base: Path, request: Request) -> Image:
    """Return the image for a request, building only what is not there yet.

    Raises BuildFailed where the compiler or the linker refuses, NotBuilt where this machine lacks
    room or memory for them, UserError where the configuration cannot be had or the build folder not
    used.
    """
    kernel = request.kernel
    the_plan = plan(base, request)
    with _source_kept(base, kernel):
        for _ in range(_ATTEMPTS):
            with tree.shadow(base, kernel, request.repo) as shadow:
                before = identity(kernel)
                image = _image(base, the_plan, request, shadow, before)
                if _is_ready(image, request):
                    return image
                with _build_dir(base, the_plan, request) as stamp:
                    if _is_ready(image, request):  # thanks to the run that we waited for
                        return image
                    try:
                        return _place(the_plan, image, _make(base, the_plan, request, stamp, before))
                    except _Changed:
                        progress.say(f"{kernel.path} changed during the build: building again")
    raise UserError(f"{kernel.path} keeps changing while it is built: try again later")


def _is_ready(image: Image, request: Request) -> bool:
    """Say whether an image can be used as it is; who names a build folder wants it made."""
    if request.build_dir is not None or not image.binary.is_file():
        return False
    os.utime(image.path)
    return True


def toolchain(arch: Arch) -> str:
    """Return what tells one compiler from another, without running it; ccache changes nothing."""
    return _commands(arch.tools)


def emulator(arch: Arch) -> str:
    """Return what tells one QEMU from another, without running it; "" where none is needed."""
    return _commands([arch.qemu] if arch.qemu else [])


def _commands(names: Sequence[str]) -> str:
    found = []
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    search = os.pathsep.join(folder for folder in folders if folder != host.CCACHE)
    for name in names:
        if path := shutil.which(name, path=search):
            stat = os.stat(path)
            found.append(f"{os.path.realpath(path)} {stat.st_size} {stat.st_mtime_ns}")
    return "\n".join(found)


@contextmanager
def _source_kept(base: Path, kernel: Kernel) -> Iterator[None]:
    """Keep a fetched source from being replaced by a newer one meanwhile."""
    if not kernel.version:
        yield
        return
    path = cache.lock_path(base, lock_name(kernel.name))
    with cache.lock(path, f"the source of Linux {kernel.name}", progress.say, shared=True):
        yield


def _image(
    base: Path, the_plan: Plan, request: Request, shadow: tree.Shadow, source: Identity
) -> Image:
    """Return where the image for these inputs is, made or not."""
    arch = request.arch
    name = cache.digest(
        source.digest,
        shadow.digest,
        the_plan.kunitconfig,
        the_plan.compiler_options,
        toolchain(arch),
        arch.name,
    )
    return Image(base / "images" / name, shadow.path, request.kernel.release, source.digest, arch)


@dataclass(frozen=True)
class _Stamp:
    """What a build folder was last used for.

    A build that does not end well, or whose source changes meanwhile, leaves finished False: make
    would trust an object that is newer than an edit, though it was begun before. started is when
    its last build began, in seconds; newest, the time of its newest file.
    """

    source: str
    started: float
    finished: bool
    objects: int = 0
    newest: float = 0.0


@contextmanager
def _build_dir(base: Path, the_plan: Plan, request: Request) -> Iterator[_Stamp | None]:
    """Give the build folder to the block, alone: locked, and fit for an incremental build.

    Yields what it was used for before, None if it is new.
    """
    path = the_plan.build_dir
    lock = cache.lock_path(base, f"builds-{path.name}")
    if request.build_dir is not None:
        check(request)
        path.mkdir(parents=True, exist_ok=True)
        lock = path / ".kmem-kunit.lock"
    with cache.lock(lock, f"the build folder {path}", progress.say):
        stamp = _read_stamp(path)
        if stamp is not None and (reason := _unfit(stamp, request.kernel)):
            if request.build_dir is not None:
                raise UserError(f"{path} {reason}: remove it, or name another --build-dir")
            progress.say(f"{path} {reason}: building from scratch")
            cache.remove(path)
            stamp = None
        path.mkdir(parents=True, exist_ok=True)
        os.utime(path)
        yield stamp


def _unfit(stamp: _Stamp, kernel: Kernel) -> str:
    """Say why make cannot go on from a build folder, "" if it can."""
    if not stamp.finished:
        return "was left by a build that did not end, or whose source changed meanwhile"
    if stamp.source != str(kernel.path):
        return f"was built from {stamp.source}"
    if max(stamp.started, stamp.newest) > time.time():  # make would take for old what has been edited since
        return "is newer than now (the clock has been put back)"
    if not kernel.version and identity(kernel, since=stamp.started).backdated:
        return f"cannot be brought up to date (files in {kernel.path} have old times)"
    return ""


def check(request: Request) -> None:
    """Raise UserError unless --build-dir can become, or is, a build folder of kunit.py's."""
    path = request.build_dir
    if path is None:
        return
    if not cache.is_safe(path):
        raise UserError(f"kbuild cannot work in {str(path)!r}: name another --build-dir")
    if path.resolve().is_relative_to(request.kernel.path):
        raise UserError(f"{path} is in the kernel's tree, which is never written to")
    try:
        if path.exists() and not path.is_dir():
            raise UserError(f"{path} is not a folder: name another --build-dir")
        known = (_STAMP, ".kmem-kunit.lock", "last_used_kunitconfig")
        if path.is_dir() and any(path.iterdir()):
            if not any((path / name).exists() for name in known):
                raise UserError(f"{path} is not empty and no build folder: name a new one")
        nearest = next(p for p in (path, *path.parents) if p.exists())
        if not os.access(nearest, os.R_OK | os.W_OK | os.X_OK):
            raise UserError(f"cannot use the build folder {path}: Permission denied")
    except OSError as error:
        raise UserError(f"cannot use the build folder {path}: {error.strerror}") from error


def _read_stamp(path: Path) -> _Stamp | None:
    try:
        return _Stamp(**json.loads((path / _STAMP).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, TypeError, ValueError):
        return _Stamp("", 0.0, finished=False)


def _write_stamp(path: Path, stamp: _Stamp) -> None:
    cache.write(path / _STAMP, json.dumps(stamp.__dict__) + "\n")


def _make(
    base: Path, the_plan: Plan, request: Request, before: _Stamp | None, source: Identity
) -> int:
    """Configure and build; return how many objects the build folder then has.

    Raises _Changed if the kernel is not source any more.
    """
    folder, kernel = the_plan.build_dir, request.kernel
    stamp = _Stamp(str(kernel.path), time.time(), finished=False)
    _write_stamp(folder, stamp)

    def finish(objects: int = 0) -> bool:
        newest = _newest(folder)
        # by the clock of a file server, which may be ahead: from then on, edits are newer than all of it
        if 0 < (ahead := newest - time.time()) <= _AHEAD:
            time.sleep(ahead)
        finished = identity(kernel).digest == source.digest
        _write_stamp(folder, replace(stamp, finished=finished, objects=objects, newest=newest))
        return finished

    def settle(clean: bool) -> None:
        """After a stop: make removes what it was making if it is given the time."""
        if clean:
            finish()

    done, build_command = None, the_plan.build_command
    if not the_plan.configured:
        cache.write(folder / KUNITCONFIG, the_plan.kunitconfig)
        with progress.step(f"configuring Linux {kernel.release}"):
            done = proc.run(the_plan.config_command, timeout=_CONFIG_LIMIT, on_stop=settle,
                            env=proc.environment(**_SAME))
    if done is None or done.status == 0:
        counter = _Counter(folder, before.objects if before else _usual_count(base))
        with progress.step(f"building Linux {kernel.release}", "objects") as tick:
            done = proc.run(
                build_command,
                timeout=_BUILD_LIMIT,
                env=proc.environment(**_SAME),
                on_tick=None if tick is progress.unseen else lambda: counter.show(tick),
                on_stop=settle,
            )
    if done.timed_out:
        raise UserError(f"building Linux {kernel.release} took too long, and was ended")
    if _killed(done):
        raise NotBuilt(f"building Linux {kernel.release} was killed: run the same command again")
    objects = len(_objects(folder))
    if not finish(objects):
        raise _Changed
    _judge(done, the_plan, request)
    return objects


def _killed(done: proc.Done) -> bool:
    """Say whether a signal ended kunit.py or make, and with it what it had started: see guardian.py."""
    if not 0 <= done.status < 128:
        return True
    said = _NOT_WHY.sub("", done.output)
    silent = not (_WHY.search(said) or _MACHINE.search(said))
    return done.status != 0 and (silent or _CUT.search(done.output) is not None)


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None


def _is_off(wanted: str, config: list[str]) -> bool:
    name = wanted.removeprefix("# ").removesuffix(" is not set")
    return name != wanted and not any(line.startswith(f"{name}=") for line in config)


def _judge(done: proc.Done, the_plan: Plan, request: Request) -> None:
    """Show what the compiler says of the suites; raise if kunit.py failed."""
    kernel = request.kernel
    lines = [
        line.removeprefix("ERROR:root:")
        .replace(f"{the_plan.tree}/{overlay.PLACE}/", f"{request.repo}/")
        .replace(f"{the_plan.tree}/", f"{kernel.path}/")
        for line in done.output.splitlines()
    ]
    if done.status == 0 and (the_plan.build_dir / request.arch.binary).is_file():
        ours = [line for line in lines if "warning:" in line and str(request.repo) in line]
        for line in ours[:_LINES]:
            progress.say(line)
        return
    for line in lines:
        if line.startswith("Missing: "):
            missing = sorted(line.removeprefix("Missing: ").split(", "))
            config = (_text_of(the_plan.build_dir / ".config") or "").splitlines()
            # kunit.py names options that this kernel does not know with those that it turned on
            missing = [each for each in missing if not _is_off(each, config)]
            raise UserError(f"Linux {kernel.release} cannot be configured with {', '.join(missing)}")
        if _MACHINE.search(line):
            raise NotBuilt(f"this machine cannot build Linux {kernel.release}: {line}")
    noise = ("make", "$ make", "[", "Building with", "Populating config", "Generating .config")
    shown = [line for line in lines if line and not line.startswith(noise)]
    shown = shown or lines or [f"kunit.py ended with status {done.status}"]
    raise BuildFailed(f"Linux {kernel.release} does not build", _excerpt(shown))


def _excerpt(lines: Sequence[str]) -> list[str]:
    if len(lines) <= _LINES:
        return list(lines)
    return [*lines[:_LINES], f"... and {len(lines) - _LINES} lines more"]


def _objects(folder: Path) -> list[str]:
    """Return the object files below a folder."""
    return [
        os.path.join(place, name)
        for place, _, names in os.walk(folder)
        for name in names
        if name.endswith(".o")
    ]


def _newest(folder: Path) -> float:
    """Return the time of the newest file below a folder, in seconds, 0 if there is none."""
    paths = (os.path.join(place, name) for place, _, names in os.walk(folder) for name in names)
    return max((os.lstat(path).st_mtime for path in paths), default=0.0)


def _usual_count(base: Path) -> int:
    """Guess from the newest build there is how many objects a build has, 0 if there is none."""
    stamps = [_read_stamp(path) for path in (base / "builds").iterdir()]
    done = [stamp for stamp in stamps if stamp is not None and stamp.objects]
    return max(done, key=lambda stamp: stamp.started).objects if done else 0


class _Counter:
    """Counts the objects that a build has made so far, twice a second."""

    def __init__(self, folder: Path, usual: int) -> None:
        self._folder, self._next = folder, 0.0
        self._total = usual if not _objects(folder) else None
        self._since = time.time_ns()

    def show(self, tick: progress.Tick) -> None:
        """Tell tick the count, if it is time to."""
        if (now := time.monotonic()) < self._next:
            return
        self._next = now + 0.5
        made = 0
        for name in _objects(self._folder):
            try:
                made += os.stat(name).st_mtime_ns >= self._since
            except OSError:
                continue
        tick(made, self._total)


def _place(the_plan: Plan, image: Image, objects: int) -> Image:
    """Copy what was built to its place among the images."""
    if not image.binary.is_file():
        with cache.placing(image.path) as folder:
            (folder / image.arch.binary).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(the_plan.build_dir / image.arch.binary, folder / image.arch.binary)
            shutil.copy2(the_plan.build_dir / ".config", folder / "config")
            cache.write(folder / KUNITCONFIG, the_plan.kunitconfig)
            meta = {"release": image.release, "objects": objects, "built": str(the_plan.build_dir)}
            cache.write(folder / "meta.json", json.dumps(meta, indent=1) + "\n")
    return image


def shown(command: Sequence[str]) -> str:
    """Return a command line as a person would type it."""
    return shlex.join(["python3", *command[1:]] if command[0] == sys.executable else command)
