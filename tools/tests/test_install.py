# SPDX-License-Identifier: GPL-2.0-only
"""The command where it is installed: the package, and what a shell completes."""
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import made

from kmem_kunit import overlay

REPO = overlay.REPO


@pytest.mark.parametrize("line, wanted", [
    ("kmem-kunit ex", {"export "}), ("kmem-kunit run --arch s3", {"s390x "}), ("kmem-kunit gate --git", {"--github", "--gitlab"}),
    ("kmem-kunit run --filter kmem_strd", {"kmem_strdup "}),
    ("kmem-kunit run --filter kmem_strdup.copy_is_e", {"kmem_strdup.copy_is_exact "}),
    ("kmem-kunit matrix --group qu", {"quick "}), ("kmem-kunit export --fix split", {"split-folio "}),
    ("kmem-kunit run --kernel 6.", {"6.1", "6.12"}), ("kmem-kunit run --config unh", {"unhardened "}),
])
def test_words_are_completed(line: str, wanted: set[str], tmp_path: Path) -> None:
    script = tmp_path / "completion"
    script.write_text(made("register-python-argcomplete", "kmem-kunit"))
    said = made("bash", "-c", f'source {script}; PATH=$PWD/tools:$PATH COMP_LINE="$0" COMP_POINT=${{#0}} COMP_TYPE=9; '
                'COMP_WORDBREAKS=" "; _python_argcomplete kmem-kunit; printf "%s\\n" "${COMPREPLY[@]}"', line)
    assert {*said.split("\n")} - {""} == wanted


def test_the_package_is_made_and_works(tmp_path: Path) -> None:
    source, root = tmp_path / "kmem-kunit-0.1", tmp_path / "root"
    shutil.copytree(REPO, source, ignore=shutil.ignore_patterns(".git", "__pycache__", "build", ".*_cache", "tests"))
    done = subprocess.run(["dpkg-buildpackage", "-us", "-uc", "-b"], cwd=source, capture_output=True, text=True,
                          check=False, timeout=1800)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    package, = tmp_path.glob("*.deb")
    told = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", package], capture_output=True, text=True,
                          check=False, timeout=600)
    assert told.returncode == 0, told.stdout
    made("dpkg-deb", "-x", package, root)
    assert not [*root.rglob("__pycache__")] and not [*root.rglob("test_*")]
    assert {path.name for path in root.rglob("*kmem-kunit*") if path.is_file()} >= {
        "kmem-kunit", "kmem-kunit.1.gz"}
    assert made(root / "usr/bin/kmem-kunit", "list") == made("tools/kmem-kunit", "list")  # last: it leaves bytecode
