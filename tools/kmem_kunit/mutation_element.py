# SPDX-License-Identifier: GPL-2.0-only
"""What shows mutants in the page of results: Stryker's own element."""
import base64
import hashlib
import tarfile
from pathlib import Path

from kmem_kunit import cache, proc
from kmem_kunit.errors import UserError

_PACKAGE = "mutation-testing-elements@3.9.0"
_SHA512 = "3G4GhBO8Wc/ZrqOJ5uT8AbM1h/ew9kfX0MIlpy59gWu/amMZyKH3TreKAOMwwXNibhZMOL7A3n5nFvhYWLdtYQ=="
_MEMBER = "package/dist/mutation-test-elements.js"
_LIMIT = 300.0  # seconds for the download


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
