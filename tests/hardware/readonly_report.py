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


def judged(seen: dict[str, dict[str, Any]]) -> Iterator[tuple[bool, str]]:
    """Yield whether each boot was as it must be, and what was seen, in words."""
    first, again, without = (seen.get(step, {}) for step in ("first", "again", "without"))
    cells, owner = first.get("counted", 0), first.get("owner")
    told = f"{cells} cells counted into it, the folder `{owner}`"
    yield (cells >= 3 and owner == "leuko 750", f"A new ext4 at `/var/lib/leuko`: {told}.")
    came_to, is_forgotten = again.get("counted", -1), again.get("forgotten", False)
    told = f"the session at {came_to} cells; the root forgot: {'yes' if is_forgotten else 'no'}"
    yield (came_to >= cells and is_forgotten, f"Booted again: {told}.")
    service, said = without.get("service"), without.get("said", "")
    told = f"the service stays {service}, and systemctl says {said!r}"
    is_refused = service == "inactive" and "ependency" in said
    yield (is_refused, f"That medium missing, mounted with `nofail`: {told}")
    yield from ((False, boot["failed"]) for boot in seen.values() if "failed" in boot)


def main() -> int:
    seen = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    found = list(judged(seen))
    text = "".join(f"- {'' if is_well else '**Not so.** '}{line}\n" for is_well, line in found)
    Path(sys.argv[2]).write_text(INTRODUCTION + text, encoding="utf-8")
    sys.stdout.write(text)
    return 0 if all(is_well for is_well, _ in found) else 1


if __name__ == "__main__":
    sys.exit(main())
