"""What the Debian package does when it comes and goes, without dpkg, root or systemd."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "systemd" / "debian"
OLD = "0.1.0"
LINK = "etc/systemd/system/multi-user.target.wants/leuko.service"

SYSTEMCTL = """
echo "$*" >> "$ROOT/log"
link=$ROOT/etc/systemd/system/multi-user.target.wants/leuko.service
case "$1" in
    enable) mkdir -p "${link%/*}" && ln -sf /usr/lib/systemd/system/leuko.service "$link" ;;
    disable) rm -f "$link" ;;
    is-enabled) [ -L "$link" ] ;;
esac
"""
LOGGED = 'echo "${0##*/} $*" >> "$ROOT/log"'
PROGRAMS = {
    "systemctl": SYSTEMCTL,
    "getent": "exit 0",
    # As it refuses a folder that something is mounted on.
    "rmdir": "echo 'Device or resource busy' >&2; exit 1",
    **dict.fromkeys(("systemd-sysusers", "systemd-tmpfiles", "udevadm", "userdel"), LOGGED),
    "groupdel": LOGGED,
}

Call = Callable[..., list[str]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A system with systemd running and sessions kept on a medium of their own."""
    for folder in ("run/systemd/system", "run/leuko", "etc/leuko", "opt/leuko/lib"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "var/lib/leuko/bundles").mkdir(parents=True)
    (tmp_path / "var/lib/leuko/lost+found").mkdir()
    (tmp_path / "var/lib/leuko/sessions.db").touch()
    return tmp_path


@pytest.fixture
def call(root: Path) -> Call:
    """Runs one of the package's scripts there, and gives the lines of what it called."""
    bin_folder = root / "bin"
    bin_folder.mkdir()
    for name, script in PROGRAMS.items():
        (bin_folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (bin_folder / name).chmod(0o755)
    environment = {**os.environ, "ROOT": str(root), "PATH": f"{bin_folder}:{os.environ['PATH']}"}

    def run(script: str, *arguments: str) -> list[str]:
        text = (SCRIPTS / script).read_text(encoding="utf-8")
        there = re.sub(r"(?<![\w/])/(?=(?:etc|opt|run|var)/)", f"{root}/", text)
        (root / "log").write_text("", encoding="utf-8")
        command = ["sh", "-c", there, script, *arguments]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        return (root / "log").read_text(encoding="utf-8").splitlines()

    return run


def remove(call: Call) -> list[str]:
    return call("prerm", "remove") + call("postrm", "remove")


def test_the_service_that_was_removed_runs_again_once_it_is_installed_again(
    call: Call, root: Path
) -> None:
    assert "restart leuko.service" in call("postinst", "configure", "")
    assert "stop leuko.service" in remove(call)
    assert (root / "var/lib/leuko/sessions.db").exists()
    assert "restart leuko.service" in call("postinst", "configure", OLD)


def test_what_the_administrator_turned_off_stays_off(call: Call, root: Path) -> None:
    call("postinst", "configure", "")
    (root / LINK).unlink()
    call("prerm", "upgrade", "0.2.0")
    for again in (("configure", OLD), ("abort-upgrade", OLD), ("abort-remove",)):
        assert "restart leuko.service" not in call("postinst", *again)
    remove(call)
    assert "restart leuko.service" not in call("postinst", "configure", OLD)


def test_in_an_image_that_is_being_built_it_is_turned_on_and_not_started(
    call: Call, root: Path
) -> None:
    (root / "run/systemd/system").rmdir()
    called = call("postinst", "configure", "")
    assert called[-1] == "enable --quiet leuko.service"
    assert (root / LINK).is_symlink()


def test_purging_ends_where_the_sessions_folder_is_a_medium_of_its_own(
    call: Call, root: Path
) -> None:
    call("postinst", "configure", "")
    remove(call)
    assert call("postrm", "purge")[1:] == ["userdel leuko", "groupdel leuko"]
    assert [path.name for path in (root / "var/lib/leuko").iterdir()] == ["lost+found"]
    assert not (root / "etc/leuko").exists()
    assert not (root / LINK).is_symlink()
    assert "restart leuko.service" in call("postinst", "configure", "")
