# SPDX-License-Identifier: GPL-2.0-only
"""Coverage: an lcov tracefile read, what booting alone reaches taken away."""
import argparse
import re
from pathlib import Path

import pytest

from kmem_kunit import arch, coverage, guest, image, kernel, proc
from kmem_kunit.errors import UserError
from kmem_kunit.guest import Way
from kmem_kunit.mutant import FILES

GUEST = """\
#!/usr/bin/python3
import os, sys, time
from pathlib import Path
words, glob = sys.argv[1:], [w.partition("=")[2] for w in sys.argv[1:] if "filter_glob" in w][-1]
profile = Path(os.environ["LLVM_PROFILE_FILE"])
def say(text): print(f"[    0.000001] {text}", flush=True)
def died():
    say("Kernel panic - not syncing: must be"); sys.exit(134)
def run(*cases):
    say("KTAP version 1"); say("1..1"); say("    KTAP version 1"); say("    # Subtest: kmem_tiny")
    say(f"    1..{len(cases)}")
    for number, case in enumerate(cases, 1): say(f"    {case} {number} c{number}")
    say(("not " if "not ok" in cases else "") + "ok 1 kmem_tiny")
def none():
    say("KTAP version 1"); say("1..0")
if glob == "none": none()
else:
    BEHAVE
say("reboot: System halted")
profile.write_text("counted")
"""
WAYS = [Way("plain"), Way("debug", ("slab_debug=FZPU",))]
KNOWN = """\
[[known]]
case = "kmem_tiny.c2"
cells = ["7.3/plain"]
reason = "so it is"
link = "x"
owner = "x"
expires = 9999-01-01
"""

HEAD = """\
warning: 3 functions have mismatched data
SF:/shadow/trees/1/mm/slub.c
FN:10,f
FN:20,slub.c:g
FNDA:{f},f
FNDA:{g},slub.c:g
DA:10,{f}
DA:11,{f}
DA:20,{g}
DA:21,0
BRDA:11,0,0,{f}
BRDA:11,0,1,-
end_of_record
SF:/shadow/trees/1/mm/other.c
DA:1,1
end_of_record
"""


def reach(f: int, g: int) -> coverage.Reach:
    """Return what a trace says in which two functions were reached so often."""
    return coverage.read(HEAD.format(f=f, g=g).splitlines())


def test_trace_is_read_by_kind() -> None:
    found = reach(7, 0)
    assert found.keys() == {("mm/slub.c", kind) for kind in ("lines", "branches", "functions")}
    lines = found["mm/slub.c", "lines"]
    assert lines.there == {"10", "11", "20", "21"} and lines.reached == {"10", "11"}
    assert found["mm/slub.c", "functions"].there == {"f", "g"}
    branches = found["mm/slub.c", "branches"]
    assert len(branches.there) == 2 and len(branches.reached) == 1


def test_what_booting_reaches_is_taken_away() -> None:
    rows = list(coverage.table(reach(1, 0), {"kmem_*": reach(5, 5), "[!k]*": reach(2, 0)}))
    # of 4 lines, booting reaches 2 and ours with it 3; of the 2 that are left, ours reach 1, and others none
    assert [row.split() for row in rows[:2]] == [
        ["file", "kind", "there", "boot", "kmem_*", "beyond", "[!k]*", "beyond"],
        ["mm/slub.c", "lines", "4", "50.0", "%", "75.0", "%", "50.0", "%", "50.0", "%", "0.0", "%"]]
    other = next(row for row in coverage.table({}, {"kmem_*": reach(1, 0)}) if row.startswith("mm/util.c"))
    assert set(other.split()[2:]) == {"0", "-"}


def test_share_of_nothing_is_no_share() -> None:
    functions = list(coverage.table(reach(1, 1), {"kmem_*": reach(1, 1)}))[3]
    assert functions.split()[1:] == ["functions", "2", "100.0", "%", "100.0", "%", "-"]


def test_tracefile_is_of_what_booting_does_not_reach(tmp_path: Path) -> None:
    text = HEAD.format(f=5, g=5).replace("end_of", "LF:4\nLH:3\nend_of").splitlines()
    left = list(coverage.beyond(text, reach(1, 0)))
    assert left == ["SF:/shadow/trees/1/mm/slub.c", "FN:20,slub.c:g", "FNDA:5,slub.c:g", "DA:20,5", "DA:21,0",
                    "BRDA:11,0,1,-", "end_of_record"]
    (tmp_path / "mm").mkdir()
    (tmp_path / "mm/slub.c").write_text("line\n" * 30)
    (tmp_path / "lcov").write_text("\n".join(left).replace("/shadow/trees/1", str(tmp_path)) + "\n")
    done = proc.run(["genhtml", "--branch-coverage", "--output-directory", tmp_path / "pages",
                     tmp_path / "lcov"], timeout=60)
    assert done.status == 0 and re.search(r"lines\.*: 50.0% \(1 of 2 lines\)", done.output)
    assert (tmp_path / "pages/mm/slub.c.gcov.html").is_file()


def measured(folder: Path, patch: pytest.MonkeyPatch, behave: str) -> int:
    """Measure a kernel that is a script, with tools of LLVM that do nothing; return the exit status."""
    for name, text in (("image/linux", GUEST.replace("BEHAVE", behave)), ("runs/x", ""), ("lib/x", ""),
                       ("tools/quarantine.toml", KNOWN)):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / "image/linux").chmod(0o755)
    made = image.Image(folder / "image", folder, "7.3.4", "", arch.find("uml-clang"))
    patch.setattr(image, "build", lambda *_: made)
    patch.setattr(guest, "ways", lambda _: WAYS)
    patch.setattr(coverage, "_tool", lambda *_: "")
    request = image.Request(kernel.Kernel("7.3", folder, "7.3", version="7.3.4"), folder)
    return coverage.measure(folder, request, argparse.Namespace(suites=["kmem_tiny"], lcov=None, html=None))


@pytest.mark.parametrize(("behave", "says"), [
    ("run('ok', 'ok')", []),
    ("run('ok', 'not ok')", ["FAIL kmem_tiny.c2, booted as 7.3/debug"]),
    ("run('not ok', 'ok')", [f"FAIL kmem_tiny.c1, booted as 7.3/{way.name}" for way in WAYS]),
    ("run('ok'); 'slab_debug=FZPU' in words and died()", ["panic in no case, booted as 7.3/debug"]),
    ("run('ok'); 'slab_debug=FZPU' in words and sys.exit(3)",
     ["the kernel ended with status 3, booted as 7.3/debug"]),
    ("run('ok'); 'slab_debug=FZPU' in words and sys.exit(0)",
     ["nothing was counted, booted as 7.3/debug"]),
])
def test_failures_are_told_beside_the_table(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
        behave: str, says: list[str]) -> None:
    assert measured(tmp_path, monkeypatch, behave) == bool(says)
    told = capsys.readouterr().out.splitlines()
    at = len(FILES) * len(coverage.KINDS) + 1
    assert told[0].split()[0] == "file" and told[at : at + len(says)] == says
    assert told[at + len(says) :] == ([f"{len(says)} failures: what did not run to its end may be "
                                       "missing above"] if says else [])


def test_time_out_is_a_failure_of_one_boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(coverage, "_LIMIT", 5.0)
    behave = "run('ok')\n    if 'slab_debug=FZPU' in words: time.sleep(600)"
    assert measured(tmp_path, monkeypatch, behave) == 1
    assert "no end after 5 s, booted as 7.3/debug" in capsys.readouterr().out


def test_kernel_without_such_cases_is_told_from_one_that_dies(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="7.3.4 has run no case with 'kunit.filter_glob=kmem_tiny'"):
        measured(tmp_path, monkeypatch, "none()")
    with pytest.raises(UserError, match="has counted nothing .*: panic in no case, booted as 7.3/plain"):
        measured(tmp_path / "image", monkeypatch, "pass\ndied()")


def test_fatal_case_that_survives_is_a_failure() -> None:
    plan = coverage._Plan("", (), True, "stops")
    assert plan.wrong(guest.Boot([], 0, False, 1.0), ()) == ["FAIL kmem_fatal.stops"]
