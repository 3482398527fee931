# SPDX-License-Identifier: GPL-2.0-only
"""The page of a mutation run, in a browser."""
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.support.wait import WebDriverWait

from kmem_kunit import mutation_page

PATIENCE = 120.0  # seconds
# all that is shown, with what is in shadow trees
SHOWN = """
    function text(node) {
        if (["STYLE", "SCRIPT"].includes(node.nodeName)) return "";
        if (node.nodeType === 3) return node.textContent;
        const inner = node.shadowRoot ? [node.shadowRoot, ...node.childNodes] : [...node.childNodes];
        return inner.map(text).join(" ");
    }
    return text(document.body).replace(/\\s+/g, " ");
"""
HOSTILE = "<img src=x onerror='window.broken = 1'></script><script>window.broken = 1</script>"


def document(*files: str) -> dict[str, Any]:
    """Return a report in which each of these files has three mutants, two of which count."""
    mutants = [{
        "id": str(number), "mutatorName": "constant", "replacement": "(0)", "status": status,
        "statusReason": HOSTILE, "coveredBy": ["0"],
        "location": {"start": {"line": 1, "column": 1}, "end": {"line": 1, "column": 4}},
    } for number, status in enumerate(("Killed", "Survived", "NoCoverage"))]
    file = {"language": "c", "source": f"int kmem_source(void);\n/* {HOSTILE} */\n", "mutants": mutants}
    return {
        "schemaVersion": "2", "thresholds": {"high": 95, "low": 80}, "framework": {"name": "kmem-kunit"},
        "files": dict.fromkeys(files, file),
        "testFiles": {"lib/kmem_kunit": {"tests": [{"id": "0", "name": HOSTILE}]}},
    }


def test_page_shows_a_run_and_needs_nothing_else(
        browser: webdriver.Chrome, cache_root: Path, tmp_path: Path) -> None:
    for name in ("mutants", "runs"):
        (cache_root / name).mkdir(parents=True)
    path = tmp_path / "page.html"
    path.write_text(mutation_page.page(document("mm/slub.c", f"lib/{HOSTILE}"),
                                       mutation_page.script(cache_root)))
    for address, words in (("", ("mm/slub.c", "Mutation Score", "33.33", "50.00", "window.broken")),
                           ("#mutant/mm/slub.c", ("kmem_source", "window.broken"))):
        browser.get(f"{path.as_uri()}{address}")

        def shown(_: object, words: tuple[str, ...] = words) -> bool:
            text = browser.execute_script(SHOWN)  # type: ignore[no-untyped-call]
            return all(word in text for word in words)

        WebDriverWait(browser, PATIENCE).until(shown)
    assert not browser.execute_script("return window.broken")  # type: ignore[no-untyped-call]
    loaded = browser.execute_script(  # type: ignore[no-untyped-call]
        "return performance.getEntriesByType('resource').map(each => each.name)")
    assert not [each for each in loaded if not each.startswith("data:")]
    log = browser.get_log("browser")  # type: ignore[no-untyped-call]
    assert not [each for each in log if each["level"] == "SEVERE"]
