#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draw mutants that do not count, to be looked at by hand: from a report of mutate --json.

Prints, in the order of the sources, those of a seeded sample: place, operator, what it changes the text
to, why it does not count, and its line. How many of each reason there are is the last line.
"""
import argparse
import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

_COUNT = ("Killed", "Timeout", "Survived", "Pending")


def excluded(report: dict[str, Any]) -> list[tuple[str, int, int, str, str]]:
    """Return the place, the reason and the description of each mutant that does not count, in order."""
    found = []
    for name, file in report["files"].items():
        lines = file["source"].splitlines()
        for each in file["mutants"]:
            if each["status"] not in _COUNT:
                place = each["location"]["start"]
                reason = each.get("statusReason") or each["status"]
                told = f"[{each['mutatorName']}] -> {each['replacement']!r}: {lines[place['line'] - 1].strip()}"
                found.append((name, place["line"], place["column"], reason, told))
    return sorted(found)


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("report", type=Path)
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found = excluded(json.loads(options.report.read_text(encoding="utf-8")))
    for name, line, column, reason, told in sorted(
            random.Random(options.seed).sample(found, min(options.sample, len(found)))):
        print(f"{name}:{line}:{column}: {reason}: {told}")
    counts = Counter(reason.partition(",")[0].partition(":")[0] for _, _, _, reason, _ in found)
    print(f"{len(found)} do not count: {', '.join(f'{n} {reason}' for reason, n in counts.most_common())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
