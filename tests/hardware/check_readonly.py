#!/usr/bin/python3
"""Look at the service on a root that forgets everything, once for each boot.

Runs inside the container of check_readonly.sh, which tells the step and keeps what is written.
"""

import contextlib
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

CHECK = Path("/run/check")
REPORT = CHECK / "report.json"
PATIENCE_S = 900.0
"""The check may run beside other work."""
WRITTEN_TO_ROOT = Path("/etc/written-to-the-root")


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {(done.stdout + done.stderr).strip()}")
    return done.stdout


def counted() -> int:
    return int(json.loads(run("leuko", "session", "status", "--json"))["differential"]["n"])


def state(unit: str = "leuko") -> str:
    return run("systemctl", "show", "--property=ActiveState", "--value", unit).strip()


def wait(what: str, is_so: Callable[[], bool]) -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE_S:
        with contextlib.suppress(RuntimeError):
            if is_so():
                return
        time.sleep(0.2)
    raise RuntimeError(f"not within {PATIENCE_S:g} s: {what}")


def first() -> dict[str, object]:
    wait("the service is active", lambda: state() == "active")
    wait("a session can begin", lambda: bool(run("leuko", "session", "start", "check")))
    wait("three cells are counted", lambda: counted() >= 3)
    WRITTEN_TO_ROOT.touch()
    run("systemctl", "stop", "leuko")
    run("systemctl", "start", "leuko")
    wait("it answers again", lambda: counted() >= 3)
    owner = run("stat", "-c", "%U %a", "/var/lib/leuko").strip()
    return {"counted": counted(), "owner": owner}


def again() -> dict[str, object]:
    wait("the service is active", lambda: state() == "active")
    wait("it answers", lambda: counted() >= 0)
    return {"counted": counted(), "forgotten": not WRITTEN_TO_ROOT.exists()}


def without() -> dict[str, object]:
    wait("its mount has failed", lambda: state("var-lib-leuko.mount") == "failed")
    said = subprocess.run(
        ["systemctl", "start", "leuko"], capture_output=True, text=True, check=False
    ).stderr
    return {"service": state(), "said": said.partition("\n")[0]}


def main() -> None:
    step = (CHECK / "step").read_text(encoding="utf-8").strip()
    seen = json.loads(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else {}
    try:
        seen[step] = {"first": first, "again": again, "without": without}[step]()
    except (RuntimeError, ValueError, OSError, KeyError) as error:
        seen[step] = {"failed": str(error)}
    REPORT.write_text(json.dumps(seen, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
