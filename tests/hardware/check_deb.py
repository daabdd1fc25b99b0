"""Install, use, upgrade and purge the package inside a booted container without a network.

Runs inside the container of check_deb.sh, which brings its parts along, and writes what it saw as
JSON.
"""

import contextlib
import json
import platform
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.hardware.deb_bundles import BUNDLE_STEPS
from tests.hardware.deb_commands import (
    CHECK,
    PATIENCE_S,
    STATE,
    counted,
    is_active,
    restart,
    run,
    wait,
)

REPORT = Path("/var/check-deb.json")
SETTINGS = Path("/etc/leuko/leuko.toml")
ELSEWHERE = Path("/srv/leuko")
DROP_IN = Path("/etc/systemd/system/leuko.service.d/elsewhere.conf")
LEFT_BY_NOTHING = ("/opt/leuko", "/etc/leuko", "/var/lib/leuko", "/run/leuko", "/usr/bin/leuko")


def install() -> str:
    with contextlib.suppress(OSError), socket.create_connection(("192.0.2.1", 80), timeout=1):
        raise RuntimeError("there is a network")
    begun = time.monotonic()
    run("dpkg", "--install", str(CHECK / "first.deb"))
    return f"{time.monotonic() - begun:.0f} s, without a network"


def start() -> str:
    wait("the service is active", PATIENCE_S, is_active)
    wait("it is enabled", 1, lambda: "enabled" in run("systemctl", "is-enabled", "leuko"))
    process = run("systemctl", "show", "--property=MainPID", "--value", "leuko").strip()
    user = run("stat", "-c", "%U", f"/proc/{process}").strip()
    return f"enabled, and active as the user `{user}`, with the simulated camera"


def count() -> str:
    wait("a session can begin", PATIENCE_S, lambda: bool(run("leuko", "session", "start", "check")))
    took = wait("three cells are counted", PATIENCE_S, lambda: counted() >= 3)
    return f"three counted {took:.1f} s after the session's start"


def upgrade() -> str:
    before = counted()
    run("dpkg", "--install", str(CHECK / "second.deb"))
    wait("the service is active again", PATIENCE_S, is_active)
    wait("it answers", PATIENCE_S, lambda: counted() >= before)
    wait("the count goes on", PATIENCE_S, lambda: counted() > before)
    version = run("dpkg-query", "--show", "--showformat=${Version}", "leuko")
    return f"to {version}; the session went on from its {before} cells"


def elsewhere() -> str:
    """Keep the sessions in another place, as docs/deployment.md says."""
    kept = SETTINGS.read_text(encoding="utf-8")
    ELSEWHERE.mkdir()
    shutil.chown(ELSEWHERE, "leuko", "leuko")
    DROP_IN.write_text(
        f"[Unit]\nRequiresMountsFor={ELSEWHERE}\n[Service]\nReadWritePaths={ELSEWHERE}\n",
        encoding="utf-8",
    )
    SETTINGS.write_text(f'state_dir = "{ELSEWHERE}"\n{kept}', encoding="utf-8")
    restart()
    wait("a session can begin", PATIENCE_S, lambda: bool(run("leuko", "session", "start", "there")))
    wait("a cell is counted", PATIENCE_S, lambda: counted() >= 1)
    is_there = (ELSEWHERE / "sessions.db").exists()
    DROP_IN.unlink()
    SETTINGS.write_text(kept, encoding="utf-8")
    restart()
    if not is_there:
        raise RuntimeError(f"there are no sessions in {ELSEWHERE}")
    return f"counted into {ELSEWHERE} with the two lines for its unit"


def remove() -> str:
    run("dpkg", "--remove", "leuko")
    if not (STATE / "sessions.db").exists():
        raise RuntimeError("removing took the sessions")
    return "kept the sessions"


def install_again() -> str:
    run("dpkg", "--install", str(CHECK / "second.deb"))
    wait("the service is active again", PATIENCE_S, is_active)
    wait("it is enabled", 1, lambda: "enabled" in run("systemctl", "is-enabled", "leuko"))
    return "enabled and active again"


def purge() -> str:
    run("dpkg", "--purge", "leuko")
    left = [path for path in LEFT_BY_NOTHING if Path(path).exists()]
    user = subprocess.run(["getent", "passwd", "leuko"], capture_output=True, check=False)
    if left or not user.returncode:
        raise RuntimeError(f"left after purging: {', '.join(left) or 'the user'}")
    return "left nothing"


STEPS: dict[str, Callable[[], str]] = {
    "install": install,
    "service": start,
    "cells": count,
    "upgrade": upgrade,
    "sessions elsewhere": elsewhere,
    **BUNDLE_STEPS,
    "remove": remove,
    "install again": install_again,
    "purge": purge,
}


def main() -> None:
    steps: dict[str, str] = {}
    seen = {"python": platform.python_version(), "steps": steps, "failed": "not to its end"}
    try:
        for name, step in STEPS.items():
            steps[name] = step()
            REPORT.write_text(json.dumps(seen, indent=2), encoding="utf-8")
    except (RuntimeError, ValueError, OSError, KeyError) as error:
        seen["failed"] = f"{name}: {error}"
    else:
        seen["failed"] = ""
    REPORT.write_text(json.dumps(seen, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
