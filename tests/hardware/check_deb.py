#!/usr/bin/python3
"""Install, use, upgrade and purge the package inside a booted container without a network.

Runs inside the container of check_deb.sh and writes what it saw to a file.
"""

import contextlib
import json
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

REPORT = Path("/var/check-deb.txt")
CHECK = Path("/check")
STATE = Path("/var/lib/leuko")
LEFT_BY_NOTHING = ("/opt/leuko", "/etc/leuko", "/var/lib/leuko", "/run/leuko", "/usr/bin/leuko")
Say = Callable[[str], None]


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


def install(say: Say) -> None:
    with contextlib.suppress(OSError), socket.create_connection(("192.0.2.1", 80), timeout=1):
        raise RuntimeError("there is a network")
    begun = time.monotonic()
    run("dpkg", "--install", str(CHECK / "first.deb"))
    say(f"installed without a network in {time.monotonic() - begun:.0f} s")
    wait("the service is active", 300, is_active)
    wait("it is enabled", 1, lambda: "enabled" in run("systemctl", "is-enabled", "leuko"))
    say(f"the service is active as the user {run('stat', '-c', '%U', str(STATE)).strip()}")


def count(say: Say) -> None:
    wait("a session can begin", 300, lambda: bool(run("leuko", "session", "start", "check")))
    took = wait("three cells are counted", 300, lambda: counted() >= 3)
    say(f"three cells counted {took:.1f} s after the session's start")


def upgrade(say: Say) -> None:
    before = counted()
    run("dpkg", "--install", str(CHECK / "second.deb"))
    wait("the service is active again", 300, is_active)
    wait("it answers", 300, lambda: counted() >= before)
    wait("the count goes on", 300, lambda: counted() > before)
    version = run("dpkg-query", "--show", "--showformat=${Version}", "leuko")
    say(f"upgraded to {version}; the session went on from {before} cells")


def bad_bundle(say: Say) -> None:
    tiny = str(CHECK / "tiny-bundle")
    say(f"refused: {refused('leuko', 'bundle', 'install', tiny)}")
    said = run("leuko", "bundle", "install", tiny, "--allow-unsigned", "--activate")
    name = said.split()[1]
    say(f"taken on the operator's word: {name}")
    with (STATE / "bundles" / name / "outliner.tflite").open("r+b") as file:
        file.seek(3000)
        file.write(b"scratched")
    run("systemctl", "restart", "leuko")
    wait("the service is active with the bundle built in", 300, is_active)
    wait("it says so", 300, lambda: "was given up" in str(status()["notice"]))
    say(f"notice: {status()['notice']}")
    doctor = subprocess.run(["leuko", "doctor"], capture_output=True, text=True, check=False).stdout
    say(next(line for line in doctor.splitlines() if " bundle " in line))
    run("leuko", "bundle", "activate", "built-in")


def purge(say: Say) -> None:
    run("dpkg", "--remove", "leuko")
    if not (STATE / "sessions.db").exists():
        raise RuntimeError("removing took the sessions")
    run("dpkg", "--purge", "leuko")
    left = [path for path in LEFT_BY_NOTHING if Path(path).exists()]
    user = subprocess.run(["getent", "passwd", "leuko"], capture_output=True, check=False)
    if left or not user.returncode:
        raise RuntimeError(f"left after purging: {', '.join(left) or 'the user'}")
    say("removing kept the sessions, purging left nothing")


def main() -> None:
    with REPORT.open("w", encoding="utf-8") as file:

        def say(line: str) -> None:
            print(line, file=file, flush=True)

        try:
            for step in (install, count, upgrade, bad_bundle, purge):
                step(say)
        except (RuntimeError, ValueError, OSError, KeyError, StopIteration) as error:
            say(f"failed: {error}")
        else:
            say("all is well")


if __name__ == "__main__":
    main()
