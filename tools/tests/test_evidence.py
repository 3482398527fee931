# SPDX-License-Identifier: GPL-2.0-only
"""What speaks for the suites: other tests' calls, faults that were noticed, outcomes on record."""
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from kmem_kunit import baseline, evidence, kernel, overlay
from kmem_kunit.result import Status


def test_only_what_no_kunit_test_of_the_kernel_calls_is_untested(fake_kernel: Path) -> None:
    api = {"kstrdup", "kzalloc", "kmemdup", "vmalloc", "kfree", "strndup_user"}
    include = "#include <kunit/test.h>\n"
    texts = {
        "lib/string_kunit.c": include + "a(kstrdup(x)); /* kmemdup() */ // vmalloc(1)\n",
        "lib/tests/helper.h": include + "kzalloc (3);\n",
        "lib/tests/other.c": "vmalloc(2);\n",  # no KUnit
        "mm/test_name.c": include + "xkfree(); kfree;\n",
        "mm/used.c": include + "vmalloc(4);\n",  # not a test
        "lib/kmem_kunit/own_kunit.c": include + "strndup_user(5);\n",
    }
    for name, text in texts.items():
        (fake_kernel / name).parent.mkdir(parents=True, exist_ok=True)
        (fake_kernel / name).write_text(text)
    assert evidence.called(fake_kernel, api) == {"kstrdup", "kzalloc"}


def test_what_no_other_test_of_a_real_kernel_calls(kernel_source: Callable[[str], Path]) -> None:
    found = evidence.untested(kernel.from_tree(str(kernel_source("7.3"))))
    assert "kstrdup_const" in found["kmem_strdup"] and "kmem_cache_zalloc" in found["kmem_zero"]
    assert not any({"kmalloc", "kfree", "kzalloc", "kmem_cache_create"} & {*names} for names in found.values())


def test_faults_on_record_are_told_by_suite_and_series() -> None:
    text = "   * - kmem_a\n     - it breaks (``f``)\n     - 7.3 slub_debug=P\n     - one, two\n"
    assert [*evidence.faults(text)] == [(("kmem_a", "it breaks (``f``)", "7.3 slub_debug=P"), ["one", "two"])]
    old, new = (evidence.noticed(series) for series in ("6.1", "7.3"))
    fault = "an object that is on its list is added again (__list_lru_add)"
    assert fault in new["kmem_accounted"] and old != new


def test_outcomes_are_those_of_the_very_release(kernel_source: Callable[[str], Path]) -> None:
    newest = kernel.from_tree(str(kernel_source("7.3")))
    counts = baseline.load(overlay.REPO, "7.3/plain").result.counts
    plain = next(each for each in evidence.outcomes(newest) if not each.setting)
    assert (plain.passed, len(plain.failed), plain.skipped) == (
        counts[Status.PASS], counts[Status.FAIL], counts[Status.SKIP])
    assert all(plain.failed.values())
    assert not [*evidence.outcomes(replace(newest, release="7.3.999"))]
