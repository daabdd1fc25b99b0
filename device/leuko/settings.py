"""Settings of this device: the only reader of TOML files and of the environment.

``/etc/leuko/leuko.toml`` holds what stays the same from count to count, such as the scale of a
microscope's fixed camera. A ``LEUKO_*`` variable goes before the file, an option of the command
line before both.
"""

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from leuko.choices import choices_of
from leuko.errors import SettingsError

SETTINGS_FILE = Path("/etc/leuko/leuko.toml")
"""Where the settings are read from unless ``LEUKO_SETTINGS`` names another file."""

_PREFIX = "LEUKO_"
_ENVIRONMENT = "the environment (LEUKO_*)"
_DEFAULT = "the default"
_OTHERS = ("LEUKO_SETTINGS", "LEUKO_DATASETS")
"""Variables that are no settings: this file's place, and the desktop tools' datasets."""


BackendName = Literal["auto", "edgetpu", "gpu", "cpu"]
BACKENDS: tuple[str, ...] = get_args(BackendName)
"""What can be chosen to run the models."""


class Settings(BaseModel):
    """What can be set once for a device."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    bundle: Path | None = None
    """Folder or zip of the model bundle; without it, the installed one that is active."""
    um_per_px: Annotated[float, Field(ge=0.02, le=1.0)] | Literal["auto"] = "auto"
    """Scale of the camera's images in µm per pixel, or "auto" to find it from the red cells."""
    backend: BackendName = "auto"
    """What runs the models; auto takes an accelerator that is sound and faster than the CPU."""
    threads: Annotated[int, Field(ge=1, le=64)] | Literal["auto"] = "auto"
    """CPU threads for each model, or "auto" to measure how many are fastest."""

    camera: str = "picamera2"
    """Camera driver: picamera2, opencv (USB), replay or sim."""
    camera_source: str = ""
    """Which camera, folder, video or slide, as the driver understands it; empty is the first."""
    frame_width: Annotated[int, Field(ge=160, le=4096)] = 1280
    """Columns of a camera picture."""
    frame_height: Annotated[int, Field(ge=120, le=4096)] = 960
    """Rows of a camera picture."""
    frames_per_s: Annotated[float, Field(ge=0, le=120)] = 20.0
    """Pictures a second asked of the camera; 0 is as fast as possible."""
    exposure_us: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Exposure time to lock in µs; else the calibrated one, else what the camera finds at start."""
    display: str = "none"
    """Display driver: framebuffer, luma (SPI and I2C panels), terminal, png, or none."""
    display_device: str = ""
    """Which display: a framebuffer, bus address or folder, as the driver understands it."""
    display_model: str = ""
    """Controller of a panel, such as ili9341 or ssd1306."""
    display_width: Annotated[int, Field(ge=0, le=4096)] = 0
    """Columns of the display; 0 asks the driver."""
    display_height: Annotated[int, Field(ge=0, le=4096)] = 0
    """Rows of the display; 0 asks the driver."""
    display_rotate: Annotated[int, Field(ge=0, le=3)] = 0
    """Quarter turns of the display."""
    keypad: str = "none"
    """USB keypad or keyboard at the bench: auto, an input device, or none."""
    buttons: str = ""
    """GPIO buttons as command=pin, separated by commas, such as start=17,finish=27."""
    operator: Annotated[str, Field(max_length=64)] = ""
    """Who counts in the sessions that are begun with keypad, scanner or button."""
    target: str = "100"
    """When a count is complete: a number of leukocytes, or an interval such as ±5."""
    check_lockout: Literal["off", "failed", "due"] = "off"
    """What locks out new sessions: nothing, a failed quality check, or also one that is due."""
    check_every_h: Annotated[float, Field(gt=0, le=8760)] = 24.0
    """Hours after which a quality check is due again."""
    state_dir: Path = Path("/var/lib/leuko")
    """Where the sessions and the installed bundles are kept."""
    trusted_keys: Path = Path("/etc/leuko/trusted-keys")
    """Folder of the public keys whose bundles this device takes."""
    control_socket: Path = Path("/run/leuko/control.sock")
    """Where the running service listens for commands."""


def load_settings(environment: Mapping[str, str], **options: object) -> Settings:
    """Return the settings as `read_settings` does, once the state directory may be one.

    Args:
        environment: the process's variables.
        **options: values from the command line by the setting's name; None where not given.

    Raises:
        SettingsError: the file cannot be read, a setting is unknown or out of range, or the state
            directory is no folder.
    """
    sources = _sources(environment, options)
    settings = _merged(sources)
    source = next((name for name in reversed(sources) if "state_dir" in sources[name]), _DEFAULT)
    _refuse_file(settings.state_dir, source)
    return settings


def read_settings(environment: Mapping[str, str], **options: object) -> Settings:
    """Return the settings: packaged defaults, then the file, the environment and the options.

    Args:
        environment: the process's variables.
        **options: values from the command line by the setting's name; None where not given.

    Raises:
        SettingsError: the file cannot be read, or a setting is unknown or out of range.
    """
    return _merged(_sources(environment, options))


def file_in_place_of(folder: Path) -> Path | None:
    """Return the file that lies where a folder, or one above it, would; None without one."""
    found = next((path for path in (folder, *folder.parents) if _is_there(path)), None)
    return None if found is None or found.is_dir() else found


def _sources(
    environment: Mapping[str, str], options: Mapping[str, object]
) -> dict[str, Mapping[str, Any]]:
    """Return what is set, by what sets it: what goes before the others comes last."""
    file = Path(environment.get("LEUKO_SETTINGS") or SETTINGS_FILE)
    is_wanted = bool(environment.get("LEUKO_SETTINGS"))
    variables = {
        name.removeprefix(_PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(_PREFIX) and name not in _OTHERS
    }
    return {
        str(file): _read(file, is_wanted=is_wanted),
        _ENVIRONMENT: variables,
        "the command line": {name: one for name, one in options.items() if one is not None},
    }


def _merged(sources: Mapping[str, Mapping[str, Any]]) -> Settings:
    merged: dict[str, Any] = {}
    for source, table in sources.items():
        _validate(table, source)
        merged |= table
    return _validate(merged, "the settings")


def _read(file: Path, *, is_wanted: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not is_wanted:
            return {}
        raise SettingsError(
            f"settings file {file} cannot be read: {error.strerror}; "
            "check LEUKO_SETTINGS and the file's permissions"
        ) from error
    except ValueError as error:
        raise SettingsError(f"{file} is not valid TOML: {error}; correct it") from error


def _validate(table: Mapping[str, Any], source: str) -> Settings:
    try:
        return Settings.model_validate(dict(table))
    except ValidationError as error:
        raise SettingsError(_sentence(error, source)) from error


def _refuse_file(state_dir: Path, source: str) -> None:
    """Refuse a file in the place of the state directory, once for all that is kept in there."""
    if (file := file_in_place_of(state_dir)) is None:
        return
    which = "" if file == state_dir else f"lies below {file}, which "
    told = f"'{state_dir}', which {which}is a file and no folder; "
    if source == _DEFAULT:
        raise SettingsError(
            f"{source} of state_dir is {told}name a folder with --state-dir or state_dir"
        )
    raise SettingsError(
        f"{source} sets state_dir to {told}give a folder, or a place where one can be made"
    )


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        # Whoever opens what is kept there says that this user may not.
        return False


def _sentence(error: ValidationError, source: str) -> str:
    problem = error.errors(include_url=False)[0]
    key = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, Settings.model_fields, n=1)
        remedy = (
            f"did you mean {near[0]}?" if near else f"known: {', '.join(Settings.model_fields)}"
        )
        if source == _ENVIRONMENT:
            remedy = f"unset {_PREFIX}{key.upper()}; {remedy}"
        return f"{source} has the unknown setting {key}; {remedy}"
    fitting = choices_of(Settings.model_json_schema()["properties"][key])
    return f"{source} sets {key} to {problem['input']!r}, which it cannot be; give {fitting}"
