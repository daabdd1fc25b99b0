"""What the steps of check_deb.py ask the container, and where they look."""

import contextlib
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

CHECK = Path("/check")
STATE = Path("/var/lib/leuko")
PATIENCE_S = 600.0
"""The check may run beside other work."""


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {(done.stdout + done.stderr).strip()}")
    return done.stdout


def refused(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.returncode:
        raise RuntimeError(f"{' '.join(command)} was not refused")
    return done.stderr.strip()


def status() -> dict[str, object]:
    return dict(json.loads(run("leuko", "session", "status", "--json")))


def counted() -> int:
    return int(json.loads(run("leuko", "session", "status", "--json"))["differential"]["n"])


def is_active() -> bool:
    return (
        run("systemctl", "show", "--property=ActiveState", "--value", "leuko").strip() == "active"
    )


def wait(what: str, seconds: float, is_so: Callable[[], bool]) -> float:
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        with contextlib.suppress(RuntimeError):
            if is_so():
                return time.monotonic() - begun
        time.sleep(0.2)
    raise RuntimeError(f"not within {seconds:g} s: {what}")


def restart() -> None:
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", "leuko")
    wait("the service is active", PATIENCE_S, is_active)
