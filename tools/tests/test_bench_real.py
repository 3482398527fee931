# SPDX-License-Identifier: GPL-2.0-only
"""bench on a real kernel, with two CPUs: boots agree, and so do two runs."""
from pathlib import Path

from kmem_kunit import bench, kcidb, overlay, proc

_LIMIT = 1500.0  # seconds, most of which is two builds, if they are not in the cache


def test_the_same_kernel_costs_the_same_again(tmp_path: Path) -> None:
    first, again = tmp_path / "first.json", tmp_path / "again.json"
    command: list[str | Path] = [overlay.REPO / "tools/kmem-kunit", "bench", "--kernel", "7.3",
                                 "--pattern", "kfree_elsewhere.kfree [hb]*", "--json"]
    for path in (first, again):
        done = proc.run([*command, path], timeout=_LIMIT)
        assert done.status == 0, done.output
    (run,) = kcidb.load(first)
    numbers = bench.numbers(run, bench.INSTRUCTIONS)
    assert set(numbers) == {f"kfree_elsewhere.kfree {shape}"
                            for shape in ("hot", "burst of 256", "burst of 10000")}
    # an object of another CPU is freed by the same few instructions, until there is no room for them
    assert 20 < numbers["kfree_elsewhere.kfree hot"] <= numbers["kfree_elsewhere.kfree burst of 256"]
    assert numbers["kfree_elsewhere.kfree burst of 256"] < numbers["kfree_elsewhere.kfree burst of 10000"]
    slow = bench.slow(run)["kfree_elsewhere.kfree burst of 10000"]
    assert slow["slabs taken"] > 0 and slow["objects flushed"] > 0
    done = proc.run([overlay.REPO / "tools/kmem-kunit", "bench", "--base", first, "--head", again], timeout=60)
    assert done.status == 0 and "3 patterns, 0 numbers differ, 0 regressions" in done.output, done.output
