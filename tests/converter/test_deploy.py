import os
import stat
import sys
from pathlib import Path

import pytest

from leuko.bundle import load_bundle
from leuko_converter.cli import main
from leuko_converter.deploy import put_on_stick, send_over_ssh
from leuko_converter.errors import DeploymentError

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "tests" / "golden" / "tiny-bundle"

SCP = 'cp "$2" "${3#*:}"'
SSH = (
    'echo "$2" >> "$DEVICE_LOG"; [ "$1" = pi@leuko ] || { echo "no route to host" >&2; exit 255; }'
)
# Another user sees only what others may read.
SUDO = """
[ "$1" != -u ] || shift 2
[ "$1" != leuko ] || [ -n "$(find "$4" -perm -004)" ] || { echo "$4: denied" >&2; exit 1; }
exec "$@"
"""
LEUKO = 'exec "$DEVICE_PYTHON" -m leuko "$@"'


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A device that one logs in to without a network: leuko itself, behind stand-ins for ssh."""
    scripts = {"scp": SCP, "ssh": f'{SSH}; sh -c "$2"', "sudo": SUDO, "leuko": LEUKO}
    scripts["systemctl"] = ":"
    (tmp_path / "bin").mkdir()
    for name, script in scripts.items():
        file = tmp_path / "bin" / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "device"))
    monkeypatch.setenv("DEVICE_PYTHON", sys.executable)
    monkeypatch.setenv("DEVICE_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("LEUKO_STATE_DIR", str(tmp_path / "state"))
    return tmp_path


def test_a_bundle_sent_over_ssh_is_installed_and_active_there(device: Path) -> None:
    said = send_over_ssh(TINY, "pi@leuko", allow_unsigned=True)
    name = next(iter((device / "state" / "bundles").glob("leuko-tiny-*"))).name
    assert f"{name} is active" in said
    assert load_bundle(device / "state" / "bundles" / name).sha256 == load_bundle(TINY).sha256
    install, restart, remove = (device / "log").read_text().splitlines()
    assert restart == "sudo systemctl restart leuko"
    assert not Path(remove.split()[-1]).exists()
    assert "sudo -u leuko leuko bundle install /tmp/leuko-bundle-" in install


@pytest.mark.usefixtures("device")
def test_a_login_that_keeps_its_files_to_itself_lets_the_service_read_the_bundle() -> None:
    before = os.umask(0o077)
    try:
        assert "is active" in send_over_ssh(TINY, "pi@leuko", allow_unsigned=True)
    finally:
        os.umask(before)


def test_what_the_device_refuses_is_quoted_and_removed_there(device: Path) -> None:
    with pytest.raises(DeploymentError, match="is not signed"):
        send_over_ssh(TINY, "pi@leuko")
    assert not (device / "state" / "bundles").exists()
    assert not Path((device / "log").read_text().split()[-1]).exists()


@pytest.mark.usefixtures("device")
def test_a_host_that_is_none_or_away_is_named() -> None:
    with pytest.raises(DeploymentError, match="is no host"):
        send_over_ssh(TINY, "-oProxyCommand=evil")
    with pytest.raises(DeploymentError, match="ssh: no route to host"):
        send_over_ssh(TINY, "pi@away")


def test_without_ssh_it_is_said_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeploymentError, match="apt install openssh-client"):
        send_over_ssh(TINY, "pi@leuko")


def test_a_stick_carries_the_same_bundle(tmp_path: Path) -> None:
    assert load_bundle(put_on_stick(TINY, tmp_path)).sha256 == load_bundle(TINY).sha256
    with pytest.raises(DeploymentError, match="plug the stick in"):
        put_on_stick(TINY, tmp_path / "none")


def test_the_stick_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for options, code in ((("--stick", str(tmp_path)), "0"), ((), "2")):
        monkeypatch.setattr("sys.argv", ["leuko-convert", "deploy", str(TINY), *options])
        with pytest.raises(SystemExit, match=code):
            main()
    assert "bundle install STICK/leuko-bundle-" in capsys.readouterr().out
