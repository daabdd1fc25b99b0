"""The units, checked by systemd itself."""

import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "systemd" / "leuko.service"
PACKAGE = ROOT / "systemd" / "debian"

GENERATOR = Path("/usr/lib/systemd/system-generators/systemd-fstab-generator")

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def unit_settings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        name, is_setting, value = line.partition("=")
        if is_setting and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


@needs_systemd
def test_systemd_has_nothing_to_say_about_the_unit(tmp_path: Path) -> None:
    # The command is installed elsewhere here; all the rest is verified as it ships.
    unit = tmp_path / UNIT.name
    command = unit_settings()["ExecStart"][0].split()[0]
    text = UNIT.read_text(encoding="utf-8").replace(command, sys.executable)
    unit.write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
def test_the_unit_is_hardened() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=25", str(UNIT)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_the_service_may_ask_the_kernel_whether_its_clock_is_steered() -> None:
    settings = unit_settings()
    assert "ProtectClock" not in settings
    assert settings["SystemCallFilter"][-1].split() == ["adjtimex", "clock_adjtime"]
    # It may ask, and not set.
    assert settings["CapabilityBoundingSet"] == [""]


def test_the_unit_starts_a_program_that_the_package_installs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    program, argument = unit_settings()["ExecStart"][0].split()
    assert Path(program).name in project["project"]["scripts"]
    assert argument == "run"


def test_the_service_joins_only_groups_that_are_made_for_it() -> None:
    made = (ROOT / "systemd" / "leuko.sysusers").read_text(encoding="utf-8")
    for group in unit_settings()["SupplementaryGroups"][0].split():
        assert f"g {group} " in made
        assert f"m leuko {group}\n" in made


def test_both_ids_of_the_coral_stick_have_a_rule() -> None:
    rules = (ROOT / "systemd" / "60-leuko.rules").read_text(encoding="utf-8")
    # The device alone: its interfaces have neither a node nor these attributes.
    device = 'ENV{DEVTYPE}=="usb_device", ATTR{idVendor}=='
    assert f'{device}"1a6e", ATTR{{idProduct}}=="089a"' in rules
    assert f'{device}"18d1", ATTR{{idProduct}}=="9302"' in rules


def test_the_packaged_command_starts_nothing_when_a_camera_s_process_imports_it() -> None:
    runpy.run_path(str(PACKAGE / "leuko"), run_name="__mp_main__")


def test_the_package_s_scripts_are_shell_that_can_be_read() -> None:
    for script in ("build.sh", "postinst", "prerm", "postrm"):
        done = subprocess.run(["sh", "-n", str(PACKAGE / script)], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        assert (PACKAGE / script).stat().st_mode & 0o111


def test_the_package_brings_all_that_the_service_needs_of_the_system() -> None:
    build = (PACKAGE / "build.sh").read_text(encoding="utf-8")
    shipped = {path.name for path in UNIT.parent.iterdir() if path.is_file()} - {"README.md"}
    assert {name for name in shipped if f"/../{name}" not in build} == set()


@needs_systemd
def test_the_manual_s_line_lets_the_service_write_to_a_stick(tmp_path: Path) -> None:
    manual = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    (line,) = (line for line in manual.splitlines() if line.startswith("LABEL="))
    (tmp_path / "fstab").write_text(f"{line}\n", encoding="utf-8")
    environment = {"SYSTEMD_FSTAB": str(tmp_path / "fstab")}
    command = [str(GENERATOR), *3 * [str(tmp_path)]]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert (tmp_path / "local-fs.target.wants" / "media-leuko.automount").is_symlink()
    mount = (tmp_path / "media-leuko.mount").read_text(encoding="utf-8")
    assert "Options=uid=leuko,gid=leuko,umask=0007," in mount
    assert "-/media " in unit_settings()["ReadWritePaths"][0]
