# SPDX-License-Identifier: GPL-2.0-only
"""The page of results, rendered."""
from collections.abc import Mapping, Sequence
from typing import Any

import jinja2

from kmem_kunit import overlay

TEMPLATES = "tools/report"


def page(data: Mapping[str, Any], mutants: Sequence[Mapping[str, Any]], element: str) -> str:
    """Return the page; element is the code of what shows mutants, if there are any."""
    folder = overlay.REPO / TEMPLATES
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
                                     lstrip_blocks=True, loader=jinja2.FileSystemLoader(folder))
    script, style = ((folder / name).read_text(encoding="utf-8") for name in ("report.js", "report.css"))
    return environment.get_template("report.html").render(
        data=data, mutants=mutants[0] if mutants else None, script=script, style=style,
        element=element.replace("</script", "<\\/script").replace("<!--", "<\\!--"))
