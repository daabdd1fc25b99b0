#!/usr/bin/python3
"""Watch the booted service: ready, counting, its frames stopped, killed, back with its count.

Runs inside the container of check_systemd.sh and writes what it saw to a file. Only processes that
the service spawned are stopped, its camera's being all there are in the container, never the
service's own: one whose watchdog is fed by anything but frames would live on.
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
STILL_S = 2.0
"""Time in which a count would grow if frames still came."""


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


def descendants(ancestor: int) -> set[int]:
    """The processes that a process has started, and those that they have."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        # It may have ended meanwhile. Its name, in brackets, may hold anything.
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found, newest = set(), {ancestor}
    while newest:
        newest = {pid for pid, parent in parents.items() if parent in newest}
        found |= newest
    return found


def spawned(main: int) -> set[int]:
    """The descendants that work for it: not the resource tracker, which every spawning brings."""
    found = set()
    for pid in descendants(main):
        with contextlib.suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.add(pid)
    return found


def stop_frames(main: int) -> set[int]:
    """Stop the camera's process, and whatever was started in its place; the service runs on."""
    cameras = spawned(main)
    for pid in cameras:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    return cameras


def check_stillness() -> int:
    """Return the count of a service that answers, and that gets no frames any more."""
    still = counted()
    time.sleep(STILL_S)
    if (later := counted()) != still:
        raise RuntimeError(f"frames still come: {later - still} cells more")
    return still


def was_killed_by_watchdog() -> bool:
    command = ["journalctl", "--boot", "--unit=leuko.service", "--output=cat", "--no-pager"]
    journal = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return "Watchdog timeout" in journal


def check_start(say: Callable[[str], None]) -> float:
    """Return how long the service took to be ready; it counts afterwards."""
    wait("the service is active", 60, lambda: show("ActiveState") == "active")
    started, ready = (
        int(show(name)) / 1e6
        for name in ("ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic")
    )
    say(f"ready {ready - started:.2f} s after its start (at most {READY_S:g})")
    leuko("start", "check", "--target", "400")
    took = wait("five cells are counted", 60, lambda: counted() >= 5)
    say(f"five cells counted {took:.1f} s after the session's start")
    return ready - started


def check_watchdog(say: Callable[[str], None]) -> int:
    """Return how many cells were counted when the frames stopped."""
    main = int(show("MainPID"))
    if not stop_frames(main):
        raise RuntimeError("the camera has no process of its own")
    before = check_stillness()
    say(f"frames stopped at {before} cells, and the service answers still")

    def has_started_anew() -> bool:
        stop_frames(main)
        return int(show("NRestarts")) >= 1

    took = wait("the watchdog has killed it", 30, has_started_anew)
    if not was_killed_by_watchdog():
        raise RuntimeError("it ended, but not by its watchdog")
    say(f"killed by its watchdog {STILL_S + took:.1f} s after its frames stopped")
    return before


def check_return(before: int, say: Callable[[str], None]) -> None:
    """See that the session goes on with every cell that it had."""
    wait("the service is active again", 60, lambda: show("ActiveState") == "active")
    after = counted()
    say(f"back with {after} cells")
    if after < before:
        raise RuntimeError(f"{before - after} cells lost")
    wait("the count goes on", 60, lambda: counted() > after)
    say("the count goes on")


def check(say: Callable[[str], None]) -> None:
    ready_s = check_start(say)
    check_return(check_watchdog(say), say)
    if ready_s > READY_S:
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
