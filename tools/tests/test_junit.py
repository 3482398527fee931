# SPDX-License-Identifier: GPL-2.0-only
"""JUnit XML: what its readers look for, and text that is out to break it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import junitparser  # type: ignore[import]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmem_kunit import junit
from kmem_kunit.errors import UserError
from kmem_kunit.result import Case, Problem, Result, Status

RESULT = Result((
    Case("kmem_strdup", "copies", "", Status.PASS, 0.0015),
    Case("kmem_strdup", "sizes", "", Status.FAIL, 0.25, "# sizes: EXPECTATION FAILED\n  1 < 0 & 2"),
    Case("kmem_strdup", "sizes", "len=0", Status.PASS, 0.125),
    Case("kmem_zero", "big", "", Status.SKIP, reason="needs CONFIG_SMP=y"),
    Case("kmem_zero", "absent", "", Status.MISS),
    Case("kmem_zero", "odd", "", Status.ERROR),
), (Problem("splat", "kmem_strdup.sizes", "BUG: KASAN: x\nmore"),))


def tree(results: dict[str, Result]) -> ElementTree.Element:
    return ElementTree.fromstring(junit.document(results))


def test_document() -> None:
    root = tree({"6.12 default": RESULT})
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == [
        "6.12 default: kmem_strdup", "6.12 default: kmem_zero", "6.12 default: boot"]
    assert [(suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped"))
            for suite in suites] == [
        ("3", "1", "0", "0"), ("3", "0", "2", "1"), ("1", "0", "1", "0")]
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert list(cases) == ["copies", "sizes", "sizes[len=0]", "big", "absent", "odd",
                           "splat in kmem_strdup.sizes"]
    assert cases["copies"].get("classname") == "kmem_strdup"
    assert float(cases["copies"].get("time", "")) == 0.0015
    assert not list(cases["copies"])
    failure = cases["sizes"].find("failure")
    assert failure is not None and failure.text == "# sizes: EXPECTATION FAILED\n  1 < 0 & 2"
    assert failure.get("message") == "# sizes: EXPECTATION FAILED"
    skipped = cases["big"].find("skipped")
    assert skipped is not None and skipped.get("message") == "needs CONFIG_SMP=y"
    for name, kind in (("absent", "MISS"), ("odd", "ERROR"),
                       ("splat in kmem_strdup.sizes", "splat")):
        error = cases[name].find("error")
        assert error is not None and error.get("type") == kind and error.get("message")


def test_one_unnamed_result() -> None:
    assert [suite.get("name") for suite in tree({"": RESULT}).findall("testsuite")] == [
        "kmem_strdup", "kmem_zero", "boot"]
    assert not tree({"": Result()}).findall("testsuite")


def test_junitparser_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    junit.write(path, {"a": RESULT, "b": RESULT})
    xml = junitparser.JUnitXml.fromfile(str(path))
    assert (xml.tests, xml.failures, xml.errors, xml.skipped) == (14, 2, 6, 2)
    with pytest.raises(UserError, match="cannot write"):
        junit.write(tmp_path / "no/where", {})


HOSTILE = "".join(map(chr, range(32))) + "\x7f\x9b]]><!--&amp;\"'\ud800\udfff\ufffe\uffff\U0001f600"


def test_hostile_text() -> None:
    case = Case(HOSTILE, HOSTILE, HOSTILE, Status.FAIL, None, "x\n" + HOSTILE)
    skip = Case(HOSTILE, HOSTILE, "", Status.SKIP, reason=HOSTILE)
    root = tree({HOSTILE: Result((case, skip), (Problem(HOSTILE, HOSTILE, HOSTILE),))})
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None and failure.text is not None
    assert r"\x00\x01" in failure.text and r"\x1b" in failure.text and r"\ud800" in failure.text
    assert "]]><!--&amp;\"'" in failure.text and failure.text.endswith("\U0001f600")


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(st.characters()), st.sampled_from(Status))
def test_any_text_parses_back(text: str, status: Status) -> None:
    root = tree({text: Result((Case(text, text, text, status, 1.0, text, text),),
                              (Problem(text, text, text),))})
    assert len(list(root.iter("testcase"))) == 2
