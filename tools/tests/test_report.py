# SPDX-License-Identifier: GPL-2.0-only
"""The page of results: what it is made of, and what a real browser makes of it."""
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from kmem_kunit import bench, cli, kcidb, mutation_element, overlay, report_data, report_page, suites
from kmem_kunit.kcidb import Run
from kmem_kunit.result import Case, Number, Problem, Result, Status

PATIENCE = 120.0  # seconds
START = datetime(2026, 11, 30, tzinfo=timezone.utc)
HOSTILE = "</script><script>window.broken = 1</script><img src=x onerror='window.broken = 1'>"
CASES = [(suite.name, case.name) for suite in suites.load(overlay.REPO / "lib") if suite.name != bench.SUITE
         for case in suite.cases]
SOURCE = "int f(int x)\n{\n\treturn x;\n}\n\nint g(void)\n{\n\treturn 1;\n}\n"


def a_run(cell: str, cases: Sequence[Case], problems: Sequence[Problem] = (), day: int = 0) -> Run:
    """A boot of a cell."""
    series = cell.partition("/")[0]
    return Run(f"{series}.4", "abc", "um", "default", "gcc 12", f"kmem-kunit run --kernel {series}",
               START + timedelta(days=day), "", Result(tuple(cases), tuple(problems)), cell)


def some_cases() -> list[Case]:
    """A case of each outcome, and one with parameters."""
    outcomes = (Status.PASS, Status.FAIL, Status.SKIP, Status.MISS, Status.ERROR)
    cases = [Case(*CASES[number], "", status, log=f"says {HOSTILE}" if status is Status.FAIL else "",
                  reason="needs a thing" if status is Status.SKIP else "") for number, status in enumerate(outcomes)]
    known = Case(*CASES[5], "", Status.FAIL, known="a known bug")
    params = [Case(*CASES[6], param, status) for param, status in
              (("", Status.FAIL), ("one", Status.PASS), (HOSTILE, Status.FAIL))]
    return [*cases, known, *params, Case("kmem_hostile", HOSTILE, "", Status.PASS)]


def mutants(source: str = SOURCE) -> dict[str, Any]:
    """A report on four mutants of two functions, one of them alive."""
    return {"schemaVersion": "2", "thresholds": {"high": 95, "low": 80}, "framework": {"name": "kmem-kunit"},
            "files": {"mm/slub.c": {"language": "c", "source": source, "mutants": [
                {"id": str(number), "mutatorName": "constant", "replacement": HOSTILE, "status": status, "coveredBy": [],
                 "location": {"start": {"line": line, "column": 2}, "end": {"line": line, "column": 5}}}
                for number, (line, status) in enumerate(
                    ((3, "Killed"), (3, "Survived"), (8, "Timeout"), (8, "Ignored")))]}}}


LCOV = """SF:/x/linux/mm/slub.c
FN:1,f
FN:6,slub.c:g
DA:3,7
DA:8,0
DA:9,1
end_of_record
"""


def measured(kernel: str, value: float) -> Run:
    """A boot that counted."""
    number = Number(value, bench.INSTRUCTIONS)
    case = Case(bench.SUITE, "kmalloc_and_kfree", "8 hot", Status.PASS, number=number)
    return replace(a_run("7.3/plain", [case]), kernel=kernel)


def everything() -> str:
    """A page with all that it can show, but for the code of the element of mutants."""
    runs = [a_run("7.3/plain", some_cases(), [Problem("splat", "", f"BUG {HOSTILE}")]),
            a_run("6.12/plain", [Case(suite, name, "", Status.PASS) for suite, name in CASES[:7]]),
            a_run("6.12/plain", [Case(suite, name, "", Status.SKIP if name == CASES[0][1] else Status.PASS, reason="no")
                                 for suite, name in CASES[:7]], day=1),
            a_run("6.1/plain", (), [Problem("machine", "", "no KVM here")]),
            measured("7.2.1", 100), measured("7.3.1", 150)]
    data = report_data.document([(each, "a.json") for each in runs], [mutants()], LCOV.splitlines(), START)
    return report_page.page(data, [mutants()], "")


def test_outcomes_are_told_in_letters() -> None:
    data = report_data.document([(a_run("7.3/plain", some_cases()), "a.json")], [], [], START)
    run, = data["runs"]
    by_case = dict(zip((each["id"] for each in data["cases"]), run["outcomes"]))
    assert [by_case[".".join(each)] for each in CASES[:7]] == [*"PFSMEKF"]
    details = {data["cases"][number]["id"]: detail for number, detail in run["details"].items()}
    assert details[".".join(CASES[2])] == {"reason": "needs a thing"}
    assert details[".".join(CASES[5])] == {"known": "a known bug"}
    assert [each["outcome"] for each in details[".".join(CASES[6])]["params"]] == ["P", "F"]
    assert (run["verdict"], run["why"]) == ("bad", "2 failed, 1 missing, 1 in error")
    assert run["again"] == "tools/kmem-kunit run --kernel 7.3 --filter CASE_TO_RUN"
    first = next(each for each in data["cases"] if each["id"] == ".".join(CASES[0]))
    assert first["contract"].endswith(".") and first["source"] and first["file"].endswith("_kunit.c")


def test_functions_have_their_mutants_and_lines() -> None:
    first, second = report_data.document([], [mutants()], LCOV.splitlines(), START)["functions"]
    assert (first["name"], first["caught"], first["mutants"], first["reached"], first["lines"]) == ("f", 1, 2, 1, 1)
    assert [each["line"] for each in first["survivors"]] == [3]
    assert (second["name"], second["caught"], second["mutants"], second["reached"], second["lines"]) == ("g", 1, 1, 1, 2)


def test_numbers_stand_side_by_side() -> None:
    runs = [(measured("7.2.1", 100), "a"), (measured("7.3.1", 150), "b")]
    table, = report_data.document(runs, [], [], START)["bench"]
    assert table["columns"] == ["7.2.1", "7.3.1"]
    assert table["rows"] == [{"name": "kmalloc_and_kfree.8 hot", "values": [100, 150]}]


def open_page(browser: webdriver.Chrome, path: Path, text: str) -> None:
    """Write a page and load it anew."""
    path.write_text(text)
    browser.get("about:blank")
    browser.get(path.as_uri())


def said(browser: webdriver.Chrome) -> str:
    """All text of the view."""
    return browser.find_element(By.ID, "main").text


def clean(browser: webdriver.Chrome) -> None:
    """Nothing was wrong, nothing was loaded from elsewhere, and nothing hostile was run."""
    assert not browser.get_log("browser")  # type: ignore[no-untyped-call]
    assert browser.execute_script(  # type: ignore[no-untyped-call]
        "return [window.broken === undefined, performance.getEntriesByType('resource').length]") == [True, 0]


VIEWS = {
    "cells": ("✗ bad", "2 failed, 1 missing", "– skipped", "no KVM here", "· missing", "no such cell", "✓ good"),
    "cases": (".".join(CASES[0]), "7.3/plain", "kmem_hostile"),
    "contracts": ("what the kernel promises", "Source:"),
    "history": ("6.12/plain", "passed → skipped"),
    "functions": ("mm/slub.c:1", "50.0 % (1 of 2)", "100.0 % (1 of 1)"),
    "bench": ("kmalloc_and_kfree.8 hot", "150.00", "+50.0 %"),
}


def test_each_view_is_shown_by_a_browser(browser: webdriver.Chrome, tmp_path: Path) -> None:
    open_page(browser, tmp_path / "page.html", everything())
    for name, words in VIEWS.items():
        browser.find_element(By.CSS_SELECTOR, f"nav a[data-view={name}]").click()
        text = said(browser)
        assert all(word in text for word in words), name
        assert browser.find_element(By.CSS_SELECTOR, "nav a[aria-current=page]").get_attribute("data-view") == name
        assert browser.save_screenshot(str(tmp_path / f"{name}.png"))
        for control in browser.find_elements(By.CSS_SELECTOR, "#main input, #main select, #main button"):
            assert control.accessible_name, name
        clean(browser)
    for name, words in (("case/" + ".".join(CASES[1]), ("✗ failed", f"says {HOSTILE}", "--filter " + ".".join(CASES[1]))),
                        ("case/" + ".".join(CASES[6]), ("one", HOSTILE, "--filter " + ".".join(CASES[6]))), ("case/nothing", ("no such case",)),
                        ("run/0", ("splat", f"BUG {HOSTILE}", "gcc 12")), ("run/99", ("no such result",)),
                        ("nonsense/%zz", ("Cells",)), ("__proto__", ("Cells",))):
        browser.get(f"{(tmp_path / 'page.html').as_uri()}#{name}")
        text = said(browser)
        assert all(word in text for word in words), name
        clean(browser)


def test_a_view_is_filtered_and_its_address_says_so(browser: webdriver.Chrome, tmp_path: Path) -> None:
    open_page(browser, tmp_path / "page.html", everything())
    browser.find_element(By.TAG_NAME, "body").send_keys("/")
    search = WebDriverWait(browser, PATIENCE).until(lambda found: found.find_element(By.ID, "q"))
    WebDriverWait(browser, PATIENCE).until(lambda found: found.switch_to.active_element == search)
    search.send_keys(CASES[1][1])
    assert "1 of 8 cases in 3 cells" in said(browser)
    address = browser.current_url
    assert f"#cases?q={CASES[1][1]}" in address
    search.send_keys(Keys.ESCAPE)
    browser.find_element(By.TAG_NAME, "body").send_keys("j")
    assert browser.switch_to.active_element.text == ".".join(CASES[1])
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    WebDriverWait(browser, PATIENCE).until(lambda found: "/case/" in found.current_url.replace("#", "/"))
    assert "✗ failed" in said(browser)
    browser.get("about:blank")
    browser.get(address)  # as somebody else would
    assert "1 of 8 cases in 3 cells" in said(browser)
    browser.get(f"{(tmp_path / 'page.html').as_uri()}#cases?status=bad")
    assert "4 of 8 cases" in said(browser)
    browser.get(f"{(tmp_path / 'page.html').as_uri()}#contracts?differs=1")
    assert ".".join(CASES[0]) in said(browser)
    clean(browser)


SHOWN = """
    function text(node) {
        if (["STYLE", "SCRIPT"].includes(node.nodeName)) return "";
        if (node.nodeType === 3) return node.textContent;
        const inner = node.shadowRoot ? [node.shadowRoot, ...node.childNodes] : [...node.childNodes];
        return inner.map(text).join(" ");
    }
    return text(document.body).replace(/\\s+/g, " ");
"""  # all that is shown, with what is in shadow trees


def test_mutants_are_shown_by_the_standard_element(browser: webdriver.Chrome, cache_root: Path, tmp_path: Path) -> None:
    for name in ("mutants", "runs"):
        (cache_root / name).mkdir(parents=True)
    document, path = mutants(f"int kmem_source(void);\n/* {HOSTILE} */\n"), tmp_path / "page.html"
    statuses = ("Killed", "Survived", "NoCoverage")  # of two files, the second with a name that is no good
    document["files"]["mm/slub.c"]["mutants"] = [
        {**document["files"]["mm/slub.c"]["mutants"][0], "id": str(number), "status": status, "statusReason": HOSTILE,
         "location": {"start": {"line": 1, "column": 1}, "end": {"line": 1, "column": 4}}, "coveredBy": ["0"]}
        for number, status in enumerate(statuses)]
    document["files"][f"lib/{HOSTILE}"] = document["files"]["mm/slub.c"]
    document["testFiles"] = {"lib/kmem_kunit": {"tests": [{"id": "0", "name": HOSTILE}]}}
    data = report_data.document([], [document], [], START)
    open_page(browser, path, report_page.page(data, [document], mutation_element.script(cache_root)))
    browser.find_element(By.CSS_SELECTOR, "nav a[data-view=mutant]").click()
    for address, words in (("", ("mm/slub.c", "Mutation Score", "33.33", "50.00", "window.broken")),
                           ("#mutant/mm/slub.c", ("kmem_source", "window.broken"))):
        if address:
            browser.get(f"{path.as_uri()}{address}")

        def shown(_: object, words: tuple[str, ...] = words) -> bool:
            text = browser.execute_script(SHOWN)  # type: ignore[no-untyped-call]
            return all(word in text for word in words)

        WebDriverWait(browser, PATIENCE).until(shown)
        assert browser.save_screenshot(str(tmp_path / f"mutant{len(address)}.png"))
    browser.find_element(By.CSS_SELECTOR, "nav a[data-view=functions]").click()
    assert "mm/slub.c:1" in said(browser) and HOSTILE in said(browser)
    assert not browser.find_elements(By.TAG_NAME, "mutation-test-report-app")
    clean(browser)


def test_what_the_page_shows_cannot_break_out_of_it() -> None:
    document = mutants("</script><script>alert(1)</script><!--")
    text = report_page.page(report_data.document([], [document], [], START), [document], "let a = '</script>';")
    assert text.count("</script>") == 4 and "<!--" not in text
    assert json.loads(re.search(r'id="mutants">(.*?)</script>', text)[1]) == document  # type: ignore[index]


FILTERS = """
    const took = [performance.now()];
    location.hash = "#cases";
    return new Promise(done => setTimeout(() => {
        const search = document.getElementById("q");
        const rows = [document.querySelectorAll("#main tbody tr").length];
        for (const text of ["case_99", ""]) {
            search.value = text;
            search.dispatchEvent(new Event("input"));
            rows.push(document.querySelectorAll("#main tbody tr").length);
        }
        took.push(performance.now());
        dispatchEvent(new Event("beforeprint"));
        rows.push(document.querySelectorAll("#main tbody tr").length);
        done([rows, took[1] - took[0]]);
    }, 500));"""


def test_twenty_thousand_results_are_drawn_bit_by_bit(browser: webdriver.Chrome, tmp_path: Path) -> None:
    cases = [Case("kmem_many", f"case_{number}", "", Status.FAIL if number % 100 == 7 else Status.PASS,
                  log="a line\n" * 20) for number in range(1000)]
    runs = [(a_run(f"{series}/variant{number}", cases), "many.json")
            for series in ("6.1", "6.12", "7.2", "7.3") for number in range(5)]
    open_page(browser, tmp_path / "page.html", report_page.page(report_data.document(runs, [], [], START), [], ""))
    took = browser.execute_script(FILTERS)  # type: ignore[no-untyped-call]
    (first, some, again, printed), spent = took
    print(f"a view and two filters of 20000 results: {spent - 500:.0f} ms")
    assert first <= 200 and some == 11 and again <= 200 and printed == 1000
    clean(browser)


@pytest.mark.parametrize("scheme", [0, 1])
def test_colours_have_contrast(scheme: int) -> None:
    style = (overlay.REPO / "tools/report/report.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[scheme]))

    def light(name: str) -> float:
        parts = [int(colours[name][at:at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else float(((part + 0.055) / 1.055) ** 2.4) for part in parts]
        return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722)))

    pairs = [("ink", "paper"), ("ink", "raised"), ("dim", "paper"), ("dim", "raised"), ("link", "paper"),
             ("link", "raised"), ("paper", "link"),
             *((name, f"{name}-paper") for name in ("good", "bad", "skip", "none"))]
    for pair in pairs:
        low, high = sorted(map(light, pair))
        assert (high + 0.05) / (low + 0.05) >= 4.5, pair


def test_the_command_writes_what_is_on_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "page.html"
    assert cli.main(["report", "-o", str(output)]) == 0
    assert re.search(r"\d+ boots, \d{5} outcomes: ", capsys.readouterr().out)
    data = json.loads(re.search(r'id="data">(.*?)</script>', output.read_text())[1])  # type: ignore[index]
    assert all(run["verdict"] == "good" for run in data["runs"])


@pytest.mark.parametrize("text, complaint", [
    (None, "cannot read"), ("", "is not whole JSON"), ("{}", "is no result of kmem-kunit"),
    ('{"schemaVersion": "2"', "is not whole JSON"), ('{"schemaVersion": "2"}', "mutation-testing-report-schema"),
    ('{"schemaVersion": "2", "files": {"a": {"source": 1, "mutants": []}}}', "mutation-testing-report-schema"),
])
def test_what_is_no_result_is_told(text: str | None, complaint: str, tmp_path: Path,
                                   capsys: pytest.CaptureFixture[str]) -> None:
    given, output = tmp_path / "given", tmp_path / "page.html"
    if text is not None:
        given.write_text(text)
    assert cli.main(["report", str(given), "-o", str(output)]) == 2
    assert complaint in capsys.readouterr().err and not output.exists()


def test_a_page_for_no_place_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = tmp_path / "given.json"
    kcidb.write(given, [a_run("7.3/plain", some_cases())])
    before = given.read_bytes()
    for output, says in ((tmp_path, "is a folder"), (tmp_path / "none" / "page.html", "there is no folder"),
                         (given, "is read, and would be overwritten")):
        assert cli.main(["report", str(given), "-o", str(output)]) == 2
        assert says in capsys.readouterr().err
    assert given.read_bytes() == before


def test_a_result_given_is_shown(tmp_path: Path) -> None:
    given, output = tmp_path / "given.json", tmp_path / "page.html"
    kcidb.write(given, [a_run("7.3/plain", some_cases())])
    assert cli.main(["report", str(given), "-o", str(output)]) == 0
    assert "given.json" in output.read_text() and HOSTILE not in output.read_text()
