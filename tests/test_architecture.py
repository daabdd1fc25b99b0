"""What the layer contracts of import-linter cannot see: what is really imported."""

import importlib
import os
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DEVICE = ROOT / "device"
DESKTOP_ONLY = ("keras", "matplotlib", "picamera2", "scipy", "sklearn", "tensorflow", "torch")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

LEUKO_MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages([str(DEVICE / "leuko")], "leuko.")
    if not module.name.endswith("__main__")
)


def python(code: str) -> str:
    """What a fresh interpreter prints that sees only the device package."""
    environment = os.environ | {"PYTHONPATH": str(DEVICE), "PYTHONWARNINGS": "error"}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def loaded_desktop_modules(*modules: str) -> list[str]:
    imports = "\n".join(f"import {name}" for name in modules)
    return python(
        f"{imports}\nimport sys\nprint(*(m for m in {DESKTOP_ONLY} if m in sys.modules))"
    ).split()


def test_the_command_line_loads_no_desktop_library() -> None:
    assert loaded_desktop_modules("leuko.cli") == []


def test_no_module_of_the_device_package_loads_a_desktop_library() -> None:
    assert loaded_desktop_modules(*LEUKO_MODULES) == []


def test_importing_the_device_package_prints_nothing() -> None:
    assert not python("\n".join(f"import {name}" for name in LEUKO_MODULES))


def test_a_desktop_library_would_be_noticed() -> None:
    assert loaded_desktop_modules("leuko", "matplotlib") == ["matplotlib"]


@pytest.mark.parametrize(
    "script", [DEVICE / "leuko" / "__main__.py", ROOT / "systemd/debian/leuko"]
)
def test_what_started_the_service_leaves_the_commands_out_of_a_camera_process(script: Path) -> None:
    code = f"import runpy, sys; runpy.run_path({str(script)!r}, run_name='__mp_main__')"
    assert python(f"{code}; print('leuko.cli' in sys.modules)").strip() == "False"


@pytest.mark.parametrize("target", PROJECT["scripts"].values())
def test_a_script_leads_to_a_function(target: str) -> None:
    module, _, function = target.partition(":")
    assert callable(getattr(importlib.import_module(module), function))
