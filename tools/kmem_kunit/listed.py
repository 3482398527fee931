# SPDX-License-Identifier: GPL-2.0-only
"""Our own lists in TOML: a file with one array of tables, and nothing else."""
import tomllib
from collections.abc import Iterator
from pathlib import Path

from kmem_kunit.errors import UserError


def entries(path: Path, name: str) -> Iterator[tuple[object, str]]:
    """Yield each [[name]] of a file, and where it stands, for messages; none if there is no file.

    Raises UserError for a file that cannot be read, or has anything else.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: {error}") from error
    found = data.pop(name, [])
    if data or not isinstance(found, list):
        raise UserError(f"{path} may only have [[{name}]]")
    for number, values in enumerate(found, 1):
        yield values, f"{path}: entry {number}"
