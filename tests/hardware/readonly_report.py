"""Writes what check_readonly.sh saw, a line for each boot; a failure makes it fail.

usage: readonly_report.py SEEN REPORT
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

INTRODUCTION = """# A root that forgets, sessions that last

Written by `make check-readonly`: the package for trixie in a container that systemd has booted
three times, over its root an overlay that lies in memory, as `raspi-config` makes it, and the
journal in memory too. No Raspberry Pi and no SD card took part.

"""


def lines(seen: dict[str, dict[str, Any]]) -> Iterator[tuple[bool, str]]:
    """Yield whether each boot was as it must be, and what was seen."""
    first, again, without = (seen.get(step, {}) for step in ("first", "again", "without"))
    is_kept = first.get("counted", 0) >= 3 and first.get("state") == "leuko 750"
    yield is_kept, f"A new ext4 at `/var/lib/leuko`: {told(first)}"
    went_on = again.get("went on from", -1) >= first.get("counted", 0)
    yield went_on and again.get("the root forgot", False), f"Booted again: {told(again)}"
    is_refused = without.get("service") == "inactive" and without.get("needs its mount", False)
    yield is_refused, f"That medium missing, mounted with `nofail`: {told(without)}"


def told(boot: dict[str, Any]) -> str:
    words = {
        what: {"True": "yes", "False": "no"}.get(str(seen), seen) for what, seen in boot.items()
    }
    return "; ".join(f"{what}: {seen}" for what, seen in words.items()) or "did not get there"


def main() -> int:
    seen = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    found = list(lines(seen))
    text = "".join(f"- {'' if is_well else '**Not so.** '}{line}\n" for is_well, line in found)
    Path(sys.argv[2]).write_text(INTRODUCTION + text, encoding="utf-8")
    sys.stdout.write(text)
    return 0 if all(is_well for is_well, _ in found) else 1


if __name__ == "__main__":
    sys.exit(main())
