# SPDX-License-Identifier: GPL-2.0-only
"""The page that shows a mutation run: Stryker's own element, with the report in it, in one file."""
import base64
import hashlib
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kmem_kunit import cache, proc
from kmem_kunit.errors import UserError

_PACKAGE = "mutation-testing-elements@3.9.0"
_SHA512 = "3G4GhBO8Wc/ZrqOJ5uT8AbM1h/ew9kfX0MIlpy59gWu/amMZyKH3TreKAOMwwXNibhZMOL7A3n5nFvhYWLdtYQ=="
_MEMBER = "package/dist/mutation-test-elements.js"
_LIMIT = 300.0  # seconds for the download
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mutants</title>
</head>
<body>
<mutation-test-report-app title-postfix="kmem-kunit"></mutation-test-report-app>
<script>%s</script>
<script>document.querySelector("mutation-test-report-app").report = %s;</script>
</body>
</html>
"""


def script(base: Path) -> str:
    """Return the element's code, which npm fetches into the cache once.

    Raises UserError if it cannot be had, or is not what it was when this was written.
    """
    kept = base / "mutants" / f"{_PACKAGE}.js"
    if not kept.is_file():
        with cache.temporary(base / "runs") as folder:
            done = proc.run(["npm", "pack", "--silent", _PACKAGE], cwd=folder, timeout=_LIMIT)
            packed = next(folder.glob("*.tgz"), None)
            if done.status != 0 or packed is None:
                said = (done.output.strip().splitlines() or [f"npm ended with status {done.status}"])[0]
                raise UserError(f"cannot get {_PACKAGE}: {said}")
            if base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode() != _SHA512:
                raise UserError(f"{_PACKAGE} is not what it should be: it was not used")
            with tarfile.open(packed) as archive:
                member = archive.extractfile(_MEMBER)
                assert member is not None
                cache.write(kept, member.read())
    return kept.read_text(encoding="utf-8")


def page(document: Mapping[str, Any], code: str) -> str:
    """Return the page for a report: nothing in it can end the script that it is in."""
    return _PAGE % (code.replace("</script", "<\\/script"), json.dumps(document).replace("<", "\\u003c"))
