"""The reports of the checks that take too long to run here: what they tell apart."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.hardware import check_deb, deb_bundles
from tests.hardware.watch_service import descendants, stop_frames

from leuko_converter.signing import make_keys, sign_bundle

ROOT = Path(__file__).parents[1]
HARDWARE = ROOT / "tests" / "hardware"
MACHINE = {"python": "3.11.2", "machine": "aarch64", "bundle": "b 1.0 0123", "program": "1a2b"}
DIFFERENTIAL = {
    "counts": {"neutrophil": 1},
    "excluded": 0,
    "unclassified": 0,
    "images": ["field"],
    "n": 1,
}
CELLS = "cell_class,status,p_neutrophil\nneutrophil,counted,0.9\n"
DOCTOR = (
    "ok      backend     cpu: LiteRT",
    "ok      bundle      b 1.0 0123 gives its golden outputs here",
    "ok      temperature 62 °C",
    "warning power       under-voltage since the start; use a stronger supply",
    "ok      accelerator no Edge TPU is plugged in",
)
ACCELERATORS = {
    "edgetpu": ["fault   libedgetpu.so.1 is not installed"],
    "gpu": ["fault   it would crash on this processor, which has no LSE atomics"],
}
PACKAGE = {
    "version": "leuko 0.1.0",
    "state": "leuko:leuko 750",
    "groups": ["gpio", "i2c", "input", "plugdev", "render", "spi", "video"],
    "doctor": list(DOCTOR),
    "kept": True,
    "left": [],
}


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def machine(folder: Path) -> None:
    """Write what the probe of one machine leaves behind."""
    models = ("locator", "outliner", "classifier")
    write(folder / "machine.json", MACHINE)
    write(folder / "reference.json", dict.fromkeys(models, "digest"))
    write(folder / "xnnpack.json", {m: {"largest_lsb": 1, "tolerance_lsb": 2} for m in models})
    write(folder / "doctor.json", DOCTOR)
    write(folder / "accelerators.json", ACCELERATORS)
    for part in ("reference", "count", "demo"):
        write(folder / part / "differential.json", DIFFERENTIAL)
        (folder / part / "cells.csv").write_text(CELLS, encoding="utf-8")


@pytest.fixture
def seen(tmp_path: Path) -> Path:
    """A folder in which a Raspberry Pi 4 did all that this machine did."""
    (tmp_path / "fields").mkdir()
    machine(tmp_path / "here")
    machine(tmp_path / "cortex-a72-bookworm")
    write(tmp_path / "package-bookworm.json", PACKAGE)
    return tmp_path


def state_of(pid: int) -> str:
    """Return the kernel's letter for what a process does; T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]


def compared(folder: Path) -> tuple[int, str]:
    """Return the exit status of the comparison, and the report."""
    report = folder / "report.md"
    command = (sys.executable, "-m", "tests.hardware.arm64.compare", str(folder), str(report))
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    return done.returncode, report.read_text(encoding="utf-8")


def test_a_machine_that_does_the_same_is_said_to(seen: Path) -> None:
    status, report = compared(seen)
    assert status == 0
    assert "| Raspberry Pi 4, Cortex-A72, Python 3.11.2 | same bits, same cells |" in report
    assert "tells the truth" in report
    assert "kept the sessions, left nothing" in report


def test_each_way_of_differing_is_told(seen: Path) -> None:
    other = seen / "cortex-a72-bookworm"
    write(other / "demo" / "differential.json", DIFFERENTIAL | {"excluded": 1})
    write(other / "reference.json", {"locator": "other", "outliner": "digest", "classifier": ""})
    write(other / "doctor.json", [line for line in DOCTOR if "power" not in line])
    write(seen / "package-bookworm.json", PACKAGE | {"left": ["/opt/leuko"], "groups": []})
    status, report = compared(seen)
    assert status == 1
    for fault in (
        "leuko demo gives another differential",
        "the reference kernels' locator differs",
        "leuko doctor does not say 'under-voltage since the start'",
        "the package for bookworm leaves /opt/leuko when it is purged",
        "the package for bookworm does not let leuko join gpio, i2c",
    ):
        assert fault in report


def test_what_has_not_run_is_not_called_the_same(seen: Path) -> None:
    (seen / "cortex-a72-bookworm" / "xnnpack.json").unlink()
    assert "not run yet" in compared(seen)[1]


def test_a_machine_that_ran_an_older_leuko_is_left_out(seen: Path) -> None:
    write(seen / "cortex-a72-bookworm" / "machine.json", MACHINE | {"program": "older"})
    status, report = compared(seen)
    assert status == 1
    assert "Raspberry Pi 4, Cortex" not in report


def test_a_package_that_fails_in_one_container_is_told_with_its_step(tmp_path: Path) -> None:
    sound = {"python": "3.11.2", "steps": {"install": "13 s", "purge": "left nothing"}}
    write(tmp_path / "bookworm.json", sound | {"failed": ""})
    broken = {"python": "3.13.5", "steps": {"install": "12 s"}, "failed": "purge: left the user"}
    write(tmp_path / "trixie.json", broken)
    (tmp_path / "leuko_1+deb12_amd64.deb").write_bytes(bytes(1_400_000))
    report = tmp_path / "report.md"
    command = (sys.executable, str(HARDWARE / "deb_report.py"), *[str(tmp_path)] * 2, str(report))
    assert subprocess.run(command, check=False).returncode == 1
    text = report.read_text(encoding="utf-8")
    assert "| step | bookworm, Python 3.11.2 | trixie, Python 3.13.5 |" in text
    assert "| purge | left nothing | - |" in text
    assert "**Failed** on trixie: purge: left the user" in text
    assert "| `leuko_1+deb12_amd64.deb` | 1 MB |" in text


@pytest.fixture
def trusted_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of trusted keys, for the steps of a package's check on this program."""
    keys = tmp_path / "trusted-keys"
    keys.mkdir()
    monkeypatch.setattr(deb_bundles, "CHECK", tmp_path)
    monkeypatch.setattr(deb_bundles, "TRUSTED_KEYS", keys)
    monkeypatch.setattr(deb_bundles, "AS_LEUKO", (sys.executable, "-m"))
    monkeypatch.setenv("LEUKO_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("LEUKO_TRUSTED_KEYS", str(keys))
    return keys


def test_the_packages_check_wants_bundles_of_strangers_refused_with_the_reason(
    trusted_keys: Path, tmp_path: Path
) -> None:
    for name in ("unsigned", "foreign"):
        shutil.copytree(ROOT / "tests" / "golden" / "tiny-bundle", tmp_path / name)
    private, public = make_keys(tmp_path / "stranger")
    sign_bundle(tmp_path / "foreign", private)
    steps = deb_bundles.BUNDLE_STEPS
    assert steps["unsigned bundle"]() == "refused by verify and install"
    assert steps["foreign-signed bundle"]() == "refused by verify and install"
    assert deb_bundles.bundles() == ["built-in"]
    shutil.copy(public, trusted_keys)
    with pytest.raises(RuntimeError, match="was not refused"):
        steps["foreign-signed bundle"]()


def test_the_packages_check_finds_all_its_parts_in_the_container(tmp_path: Path) -> None:
    unit = (HARDWARE / "check-deb.service").read_text(encoding="utf-8")
    (folder,) = re.findall(r"^WorkingDirectory=/(.+)$", unit, re.MULTILINE)
    (module,) = re.findall(r"^ExecStart=.* -m (.+)$", unit, re.MULTILINE)
    script = (HARDWARE / "check_deb.sh").read_text(encoding="utf-8")
    (place,) = re.findall(rf"^parts=\$root/({folder}/.+)$", script, re.MULTILINE)
    (tmp_path / place).mkdir(parents=True)
    for part, name in re.findall(r'"\$here/(\w+\.py)" "\$parts/(\w+\.py)"', script):
        shutil.copy(HARDWARE / part, tmp_path / place / name)
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"from {module} import STEPS; print(*STEPS, sep='\\n')"],
        cwd=tmp_path / folder,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    assert done.stdout.splitlines() == list(check_deb.STEPS)


@pytest.mark.parametrize("script", sorted(HARDWARE.rglob("*.sh")), ids=lambda path: path.name)
def test_a_check_is_shell_that_can_be_read(script: Path) -> None:
    done = subprocess.run(["sh", "-n", str(script)], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_scripts_call_only_scripts_that_are_there() -> None:
    for script in HARDWARE.rglob("*.sh"):
        text = script.read_text(encoding="utf-8")
        called = re.findall(r'"\$here/([\w/]+\.(?:sh|py))"', text)
        assert [name for name in called if not (script.parent / name).exists()] == []


SPAWNING = """
import sys, time
from multiprocessing import get_context, resource_tracker
resource_tracker.ensure_running()
if len(sys.argv) > 1:
    get_context("spawn").Process(target=time.sleep, args=(600,), daemon=True).start()
print("up", flush=True)
sys.stdin.read()
"""


@contextmanager
def service(*arguments: str) -> Generator[int]:
    """The process of a service that spawns a camera if it is given one."""
    command = [sys.executable, "-c", SPAWNING, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as main:
        assert main.stdout
        assert main.stdout.readline() == b"up\n"
        try:
            yield main.pid
        finally:
            # It waits for its camera, which may be stopped.
            for pid in descendants(main.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


def test_frames_are_stopped_without_stopping_the_service() -> None:
    with service("camera") as main:
        (camera,) = stop_frames(main)
        until_s = time.monotonic() + 60
        while state_of(camera) != "T":
            assert time.monotonic() < until_s, "it was never stopped"
            time.sleep(0.001)
        (tracker,) = descendants(main) - {camera}
        assert "T" not in {state_of(main), state_of(tracker)}


def test_a_service_that_spawned_nothing_has_no_camera_to_stop() -> None:
    with service() as main:
        assert descendants(main)
        assert not stop_frames(main)
