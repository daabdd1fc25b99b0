#!/usr/bin/python3
"""Watch the booted service: ready, counting, its frames stopped, killed, back with its count.

Runs inside the container of check_systemd.sh and writes what it saw to a file.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

REPORT = Path("/var/watch-service.txt")
LEUKO = "/opt/leuko/bin/leuko"
READY_S = 3.0
"""Time from the service's start to its being ready."""


def show(name: str) -> str:
    command = ["systemctl", "show", "--property", name, "--value", "leuko.service"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def leuko(*arguments: str) -> str:
    command = [LEUKO, "session", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def wait(what: str, seconds: float, is_so: Callable[[], bool]) -> float:
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        # While it starts anew, it does not answer.
        with contextlib.suppress(RuntimeError):
            if is_so():
                return time.monotonic() - begun
        time.sleep(0.1)
    raise RuntimeError(f"not within {seconds:g} s: {what}")


def counted() -> int:
    return int(json.loads(leuko("status"))["differential"]["n"])


def check(say: Callable[[str], None]) -> None:
    wait("the service is active", 60, lambda: show("ActiveState") == "active")
    started, ready = (
        int(show(name)) / 1e6
        for name in ("ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic")
    )
    say(f"ready {ready - started:.2f} s after its start (at most {READY_S:g})")
    leuko("start", "check", "--target", "400")
    took = wait("five cells are counted", 60, lambda: counted() >= 5)
    say(f"five cells counted {took:.1f} s after the session's start")
    main = int(show("MainPID"))
    before = counted()
    os.kill(main, signal.SIGSTOP)
    say(f"frames stopped at {before} cells")
    wait("the watchdog has killed it", 30, lambda: int(show("NRestarts")) >= 1)
    wait("the service is active again", 60, lambda: show("ActiveState") == "active")
    after = counted()
    say(f"back after its watchdog's kill, with {after} cells")
    if after < before:
        raise RuntimeError(f"{before - after} cells lost")
    wait("the count goes on", 60, lambda: counted() > after)
    say("the count goes on")
    if ready - started > READY_S:
        raise RuntimeError("all but this: it was ready too late")


def main() -> None:
    with REPORT.open("w", encoding="utf-8") as file:

        def say(line: str) -> None:
            print(line, file=file, flush=True)

        try:
            check(say)
        except (RuntimeError, ValueError, OSError, subprocess.CalledProcessError) as error:
            say(f"failed: {error}")
        else:
            say("all is well")


if __name__ == "__main__":
    main()
