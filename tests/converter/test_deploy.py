import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

from leuko.bundle import load_bundle
from leuko_converter.cli import main
from leuko_converter.deploy import install_command, put_on_stick, send_over_ssh
from leuko_converter.errors import DeploymentError
from leuko_converter.signing import make_keys, sign_bundle

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "tests" / "golden" / "tiny-bundle"

SCP = """
case "$2" in pi@leuko:*) exec cp "$1" "${2#*:}" ;; esac
printf 'ssh: connect to host away port 22: No route to host\\r\\nscp: Connection closed\\n' >&2
exit 255
"""
SSH = 'echo "$2" >> "$DEVICE_LOG"'
# Another user sees only what others may read.
SUDO = """
[ "$1" != -u ] || shift 2
[ "$3" != install ] || [ -n "$(find "$4" -perm -004)" ] || { echo "$4: denied" >&2; exit 1; }
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
    assert said.endswith(f"leuko was restarted: {name} counts on pi@leuko")
    install, restart, _, remove = (device / "log").read_text().splitlines()
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


GIVEN_UP = """
rm "$LEUKO_STATE_DIR"/bundles/leuko-tiny-*/locator.tflite
exec "$DEVICE_PYTHON" -c "
import os
from pathlib import Path
from leuko.inference import LiteRTEngine
from leuko.installation import InstalledBundles, open_at_start
state = Path(os.environ['LEUKO_STATE_DIR'])
open_at_start(InstalledBundles(state, state), LiteRTEngine())
"
"""


def test_a_device_that_fell_back_at_its_restart_is_an_error(device: Path) -> None:
    (device / "bin" / "systemctl").write_text(f"#!/bin/sh\n{GIVEN_UP}\n")
    with pytest.raises(DeploymentError, match=r"does not count on pi@leuko: .*built-in counts"):
        send_over_ssh(TINY, "pi@leuko", allow_unsigned=True)


def test_a_device_whose_settings_name_another_bundle_says_so(
    device: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEUKO_BUNDLE", str(device / "other"))
    said = send_over_ssh(TINY, "pi@leuko", allow_unsigned=True)
    assert said.endswith(f"the settings name {device / 'other'}, which goes before the active one")


@pytest.mark.skipif(not shutil.which("scp"), reason="has no OpenSSH")
def test_the_real_scp_s_reason_is_shown() -> None:
    with pytest.raises(DeploymentError, match=r"leuko\.invalid.*; look at the device"):
        send_over_ssh(TINY, "pi@leuko.invalid")


@pytest.mark.usefixtures("device")
def test_a_host_that_is_none_or_away_is_named() -> None:
    with pytest.raises(DeploymentError, match="is no host"):
        send_over_ssh(TINY, "-oProxyCommand=evil")
    with pytest.raises(DeploymentError, match=r"^ssh: connect to host away port 22: No route"):
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


def signed_tiny(folder: Path) -> Path:
    """The tiny bundle as a hospital signed it."""
    signed = Path(shutil.copytree(TINY, folder / "signed"))
    key, _ = make_keys(folder / "hospital")
    sign_bundle(signed, key)
    return signed


def test_a_signed_bundle_on_a_stick_is_not_replaced_by_the_same_one_unsigned(
    tmp_path: Path,
) -> None:
    signed, stick = signed_tiny(tmp_path), tmp_path / "stick"
    stick.mkdir()
    file = put_on_stick(TINY, stick)
    assert put_on_stick(signed, stick) == file
    with pytest.raises(DeploymentError, match=r"is signed and .* is not; sign it"):
        put_on_stick(TINY, stick)
    assert load_bundle(file).signature == load_bundle(signed).signature


def test_half_a_bundle_on_a_stick_is_replaced_and_a_whole_one_stays_whole(
    tmp_path: Path,
) -> None:
    file = put_on_stick(TINY, tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:1000])
    with file.open("rb") as older:
        assert put_on_stick(TINY, tmp_path).read_bytes() == whole
        # Written beside and renamed: whoever reads the older file still has all of it.
        assert older.read() == whole[:1000]
    assert [one.name for one in tmp_path.iterdir()] == [file.name]


def test_the_stick_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def deploy(*options: str) -> str:
        monkeypatch.setattr("sys.argv", ["leuko-convert", "deploy", str(TINY), *options])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == (0 if options else 2)
        return capsys.readouterr().out

    on_stick = "--stick", str(tmp_path)
    assert "bundle install STICK/leuko-bundle-" in (said := deploy(*on_stick))
    assert "--allow-unsigned" not in said
    assert "it is not signed, and devices refuse it" in said
    assert deploy(*on_stick, "--allow-unsigned").endswith(" --activate --allow-unsigned\n")
    deploy()


def test_a_file_whose_name_has_blanks_is_quoted() -> None:
    assert "bundle install 'STICK/my lab.zip' --activate" in install_command("STICK/my lab.zip")
