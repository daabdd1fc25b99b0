"""What the report says of the installed packages: what package.py saw, judged."""

import json
from pathlib import Path
from typing import Any

GROUPS = {"gpio", "i2c", "input", "plugdev", "render", "spi", "video"}
HEADING = """
Installed by `dpkg` in a copy of that root, as on a device, its maintainer scripts run by the
emulated processor; then removed and purged. `leuko --version` and `leuko doctor` are those of the
installed command.

| package for | `leuko --version` | state folder | `leuko doctor` | removed and purged |
| --- | --- | --- | --- | --- |
"""


def installed(folder: Path) -> tuple[str, list[str]]:
    """Return the table of the packages that were installed, and what is not as it must be."""
    rows, faults = [], []
    for path in sorted(folder.glob("package-*.json")):
        release = path.stem.removeprefix("package-")
        seen = json.loads(path.read_text(encoding="utf-8"))
        rows.append(row(release, seen))
        faults += [f"the package for {release} {fault}" for fault in faults_of(seen)]
    return (HEADING + "".join(rows) if rows else ""), faults


def row(release: str, seen: dict[str, Any]) -> str:
    purged = "kept the sessions, left nothing" if not seen["left"] else ", ".join(seen["left"])
    golden = "golden outputs" if has_golden_outputs(seen) else "**no golden outputs**"
    cells = (release, seen["version"], seen["state"], golden, purged)
    return f"| {' | '.join(cells)} |\n"


def faults_of(seen: dict[str, Any]) -> list[str]:
    faults = []
    if seen["state"] != "leuko:leuko 750":
        faults.append(f"makes a state folder {seen['state']}")
    if lacking := GROUPS - set(seen["groups"]):
        faults.append(f"does not let leuko join {', '.join(sorted(lacking))}")
    if not has_golden_outputs(seen):
        faults.append(f"has a doctor that says {seen['doctor']}")
    if not seen["kept"]:
        faults.append("takes the sessions when it is removed")
    if seen["left"]:
        faults.append(f"leaves {', '.join(seen['left'])} when it is purged")
    return faults


def has_golden_outputs(seen: dict[str, Any]) -> bool:
    """Return whether the installed doctor finds that the bundle works."""
    said = [line for line in seen["doctor"] if line.split()[1:2] == ["bundle"]]
    return any(line.startswith("ok") and "gives its golden outputs here" in line for line in said)
