#!/usr/bin/python3
"""Install, use, upgrade and purge the package inside a booted container without a network.

Runs inside the container of check_deb.sh and writes what it saw as JSON.
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

REPORT = Path("/var/check-deb.json")
CHECK = Path("/check")
STATE = Path("/var/lib/leuko")
TRUSTED_KEYS = Path("/etc/leuko/trusted-keys")
SETTINGS = Path("/etc/leuko/leuko.toml")
ELSEWHERE = Path("/srv/leuko")
DROP_IN = Path("/etc/systemd/system/leuko.service.d/elsewhere.conf")
AS_LEUKO = ("runuser", "--user", "leuko", "--")
PATIENCE_S = 600.0
"""The check may run beside other work."""
LEFT_BY_NOTHING = ("/opt/leuko", "/etc/leuko", "/var/lib/leuko", "/run/leuko", "/usr/bin/leuko")


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


def restart() -> None:
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", "leuko")
    wait("the service is active", PATIENCE_S, is_active)


def unsigned_bundle() -> str:
    return refused_as("is not signed", CHECK / "unsigned")


def foreign_signed_bundle() -> str:
    return refused_as("is signed with none of the keys trusted here", CHECK / "foreign")


def refused_as(reason: str, bundle: Path) -> str:
    """Let verify and install refuse a bundle, which leaves none behind."""
    for command in ("verify", "install"):
        said = refused(*AS_LEUKO, "leuko", "bundle", command, str(bundle))
        if reason not in said:
            raise RuntimeError(f"leuko bundle {command} {bundle} does not say why: {said}")
    if bundles() != ["built-in"]:
        raise RuntimeError(f"a bundle that was refused is there: {', '.join(bundles())}")
    return "refused by verify and install"


def bundles() -> list[str]:
    """Return the installed bundles' names, the active one first."""
    lines = run(*AS_LEUKO, "leuko", "bundle", "list").splitlines()
    known = [line.split()[0] for line in lines if line.endswith(")") or " " not in line]
    (active,) = (line.split()[0] for line in lines if line.endswith("(active)"))
    return [active, *(name for name in known if name != active)]


def signed_bundle() -> str:
    """Take a bundle from a stick, once its signer is trusted."""
    shutil.copy(CHECK / "hospital.pem", TRUSTED_KEYS)
    (stick,) = (CHECK / "stick").glob("leuko-bundle-*.zip")
    said = run(*AS_LEUKO, "leuko", "bundle", "verify", str(stick))
    if "hospital" not in said:
        raise RuntimeError(f"leuko bundle verify names no signer: {said}")
    run(*AS_LEUKO, "leuko", "bundle", "install", str(stick), "--activate")
    return f"taken from a stick on its signer's key; {counting()}"


def rolled_back() -> str:
    given_up = bundles()[0]
    run(*AS_LEUKO, "leuko", "bundle", "rollback")
    said = counting()
    if bundles()[0] != "built-in":
        raise RuntimeError(f"{bundles()[0]} is active after leuko bundle rollback")
    (TRUSTED_KEYS / "hospital.pem").unlink()
    refused(*AS_LEUKO, "leuko", "bundle", "activate", given_up)
    return f"{said}; the other is not taken again once its key is gone"


def allowed_bundle() -> str:
    install = (*AS_LEUKO, "leuko", "bundle", "install", str(CHECK / "unsigned"))
    run(*install, "--allow-unsigned", "--activate")
    return f"taken on the operator's word; {counting()}"


def counting() -> str:
    """Start the service again and return that the active bundle counts, with no other instead."""
    chosen = bundles()[0]
    restart()
    wait("it answers", PATIENCE_S, lambda: "notice" in status())
    if bundles()[0] != chosen or chosen in str(status()["notice"]):
        raise RuntimeError(f"{chosen} does not count: {status()['notice']}")
    return f"{'the one built in' if chosen == 'built-in' else 'it'} counts after the next start"


def damaged_bundle() -> str:
    (model,) = (STATE / "bundles").glob("*/outliner.tflite")
    with model.open("r+b") as file:
        file.seek(3000)
        file.write(b"scratched")
    restart()
    wait("it says so", PATIENCE_S, lambda: "was given up" in str(status()["notice"]))
    doctor = subprocess.run(["leuko", "doctor"], capture_output=True, text=True, check=False).stdout
    if not any(" bundle " in line and "was given up" in line for line in doctor.splitlines()):
        raise RuntimeError(f"leuko doctor says nothing of it: {doctor}")
    run(*AS_LEUKO, "leuko", "bundle", "activate", "built-in")
    return "given up at the next start, told in status and doctor; the one built in counts"


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
    "unsigned bundle": unsigned_bundle,
    "foreign-signed bundle": foreign_signed_bundle,
    "signed bundle": signed_bundle,
    "`leuko bundle rollback`": rolled_back,
    "unsigned with `--allow-unsigned`": allowed_bundle,
    "that bundle damaged": damaged_bundle,
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
