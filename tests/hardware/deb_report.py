"""Writes what check_deb.sh saw of the packages of both releases.

usage: deb_report.py FOLDER DEBS REPORT      FOLDER has a RELEASE.json for each that was checked
"""

import json
import sys
from pathlib import Path
from typing import Any

RELEASES = ("bookworm", "trixie")
INTRODUCTION = """# Packages

Written by `make check-deb`: each package for amd64 in a container of its release that systemd has
booted, without a network. Times are of a machine that did other work meanwhile. What the packages
for arm64 do is in [arm64.md](arm64.md).

"""


def sizes(debs: Path) -> str:
    """Return the table of the packages that were built."""
    built = sorted(debs.glob("leuko_*.deb"))
    rows = (f"| `{path.name}` | {path.stat().st_size / 1e6:.0f} MB |\n" for path in built)
    return "| package | size |\n| --- | ---: |\n" + "".join(rows)


def steps(seen: dict[str, dict[str, Any]]) -> str:
    """Return the table of what each step came to, a column for each release."""
    heads = [f"{release}, Python {found['python']}" for release, found in seen.items()]
    names = dict.fromkeys(step for found in seen.values() for step in found["steps"])
    lines = [["step", *heads], ["---"] * (len(heads) + 1)]
    lines += [[name, *(found["steps"].get(name, "-") for found in seen.values())] for name in names]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def failures(seen: dict[str, dict[str, Any]]) -> list[str]:
    """Return which checks failed, and at what."""
    return [f"{release}: {found['failed']}" for release, found in seen.items() if found["failed"]]


def main() -> int:
    folder, debs, report = (Path(argument) for argument in sys.argv[1:])
    files = {release: folder / f"{release}.json" for release in RELEASES}
    seen = {
        release: json.loads(path.read_text(encoding="utf-8"))
        for release, path in files.items()
        if path.exists()
    }
    failed = "".join(f"\n**Failed** on {failure}\n" for failure in failures(seen))
    text = f"{INTRODUCTION}{steps(seen)}{failed}\nUnder 120 MB is asked:\n\n{sizes(debs)}"
    report.write_text(text, encoding="utf-8")
    return 1 if failed or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
