"""Installs the package, asks it what it is, and purges it; writes what was seen as JSON.

Runs inside the emulated root, by the system's own Python: that of the package goes with it.

usage: package.py PACKAGE REPORT
"""

import grp
import json
import os
import pwd
import subprocess
import sys
from pathlib import Path

STATE = Path("/var/lib/leuko")
LEFT_BY_NOTHING = ("/opt/leuko", "/etc/leuko", "/var/lib/leuko", "/run/leuko", "/usr/bin/leuko")
DOCTOR = {"LEUKO_THREADS": "1", "LEUKO_CAMERA": "sim"}


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {(done.stdout + done.stderr).strip()}")
    return done.stdout


def doctor() -> list[str]:
    """Return what the doctor says; a doctor that finds faults fails, and that is well."""
    command = ("leuko", "doctor")
    environment = dict(os.environ) | DOCTOR
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return done.stdout.splitlines() or [done.stderr]


def install(package: str) -> dict[str, object]:
    # Flushing every file is for a machine whose power may be cut.
    run("dpkg", "--force-unsafe-io", "--install", package)
    state = STATE.stat()
    return {
        "version": run("leuko", "--version").strip(),
        "state": f"{STATE.owner()}:{STATE.group()} {state.st_mode & 0o7777:o}",
        "groups": sorted(group.gr_name for group in grp.getgrall() if "leuko" in group.gr_mem),
        "doctor": doctor(),
    }


def purge() -> dict[str, object]:
    (STATE / "sessions.db").touch()
    run("dpkg", "--remove", "leuko")
    kept = (STATE / "sessions.db").exists()
    run("dpkg", "--purge", "leuko")
    users = {user.pw_name for user in pwd.getpwall()}
    left = [path for path in LEFT_BY_NOTHING if Path(path).exists()]
    return {"kept": kept, "left": left + (["the user"] if "leuko" in users else [])}


def main() -> None:
    found = install(sys.argv[1]) | purge()
    Path(sys.argv[2]).write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
