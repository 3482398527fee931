# SPDX-License-Identifier: GPL-2.0-only
"""Coverage: an lcov tracefile read, what booting alone reaches taken away."""
from kmem_kunit import coverage

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
    row = next(line for line in coverage.table(reach(1, 0), reach(5, 5)) if line.startswith("mm/slub.c"))
    # of 4 lines, booting reaches 2 and all together 3; of the 2 that are left, the cases reach 1
    assert row.split()[1:8] == ["4", "50.0", "%", "75.0", "%", "50.0", "%"]
    other = next(line for line in coverage.table({}, reach(1, 0)) if line.startswith("mm/util.c"))
    assert set(other.split()[1:]) == {"0", "-"}


def test_share_of_nothing_is_no_share() -> None:
    row = next(line for line in coverage.table(reach(1, 1), reach(1, 1)) if line.startswith("mm/slub.c"))
    assert row.split()[1:8] == ["4", "75.0", "%", "75.0", "%", "0.0", "%"]
