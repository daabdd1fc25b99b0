"""Options that several commands share, and what is read from them."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from leuko.bundle import ModelBundle
    from leuko.installation import InstalledBundles
    from leuko.settings import Settings


def _checked_backend(value: str | None) -> str | None:
    from leuko.settings import BACKENDS

    return _one_of(BACKENDS, value, "a backend")


def checked_camera(value: str | None) -> str | None:
    """Refuse a camera's driver that is not there."""
    from leuko.cameras import list_cameras

    # A driver that is not registered is named with its module.
    is_named = value is not None and ":" in value
    return value if is_named else _one_of(list_cameras(), value, "a camera's driver")


def checked_display(value: str | None) -> str | None:
    """Refuse a display's driver that is not there."""
    from leuko.displays import list_displays

    return _one_of(("none", *list_displays()), value, "a display's driver")


def _one_of(known: Sequence[str], value: str | None, what: str) -> str | None:
    if value is not None and value not in known:
        raise typer.BadParameter(f"{value!r} is not {what}; choose one of {', '.join(known)}")
    return value


class WrongUseError(typer.BadParameter):
    """Options do not go together, or one is missing: no value that was given is invalid."""

    def format_message(self) -> str:
        """Return the sentence alone."""
        return self.message


def refuse_to_ask(undone: str, *, json: bool, yes: bool) -> None:
    """Refuse, before anything is done, what would end in a question to a script.

    Args:
        undone: what was not done, as in "nothing was ...".
        json: whether a script reads what is printed.
        yes: whether it says that nothing is to be asked.

    Raises:
        WrongUseError: a script does not say so.
    """
    if json and not yes:
        raise WrongUseError(f"nothing was {undone}: --json asks nothing; say --yes as well")


def _checked_scale(value: str | None) -> str | None:
    try:
        is_scale = value in {None, "auto"} or 0.02 <= float(value or "") <= 1.0
    except ValueError:
        is_scale = False
    if not is_scale:
        raise typer.BadParameter(
            f"{value!r} is neither auto nor a scale from 0.02 to 1 µm{_pointed(str(value))}"
        )
    return value


def number_from(least: float, most: float) -> Callable[[str | float], float]:
    """Return what reads a decimal number from least to most, and says how one is written."""

    def number(given: str | float) -> float:
        try:
            found = float(given)
        except ValueError:
            raise typer.BadParameter(f"{given!r} is no number{_pointed(str(given))}") from None
        if not least <= found <= most:
            raise typer.BadParameter(f"{given} is not from {least:g} to {most:g}")
        return found

    return number


def session_number(given: str | int) -> int:
    """Return the number of a session; a specimen's id is none."""
    try:
        number = int(given)
    except ValueError:
        number = 0
    if number < 1:
        raise typer.BadParameter(
            f"{given!r} is no number of a session; leuko session list names them with their "
            "specimens"
        )
    return number


_GROUPED = 3
"""Digits that a comma parts off a large number."""


def _pointed(given: str) -> str:
    """Return how a number with a decimal comma is written; empty for anything else."""
    whole, _, digits = given.partition(",")
    plain = f"{whole}.{digits}"
    # Of 1,000 nobody can tell whether a thousand is meant; of 0,065 everybody can.
    is_decimal = digits and (len(digits) != _GROUPED or whole == "0")
    return f"; write a decimal point: {plain}" if is_decimal and _is_number(plain) else ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def named_folder(given: str | Path) -> Path:
    """Return a folder for results; a name that is empty, as of a variable not set, is none."""
    if not str(given).strip():
        raise typer.BadParameter("it names no folder; name one, or . for the one you are in")
    return Path(given)


BundleOption = Annotated[
    Path | None,
    typer.Option("--bundle", help="Folder or zip of the models; else the active bundle."),
]
CellScaleOption = Annotated[
    str | None,
    typer.Option(
        "--um-per-px",
        metavar="X",
        callback=_checked_scale,
        help="Scale of the pictures in µm per pixel; else the calibrated one.",
    ),
]
ScaleOption = Annotated[
    str | None,
    typer.Option(
        "--um-per-px",
        metavar="X|auto",
        callback=_checked_scale,
        help="Scale of the images in µm per pixel; auto finds it from the red cells.",
    ),
]
JSONOption = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
SocketOption = Annotated[
    Path | None, typer.Option("--socket", help="Where the service listens, if elsewhere.")
]
BundleArgument = Annotated[
    Path | None, typer.Argument(help="Folder, zip, or an installed bundle; else the active one.")
]
BackendOption = Annotated[
    str | None,
    typer.Option(
        "--backend",
        callback=_checked_backend,
        help="What runs the models: auto, edgetpu, gpu or cpu.",
    ),
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", min=1, max=64, help="CPU threads for each model.")
]


def chosen_bundle(path: Path | None, **options: object) -> tuple["ModelBundle", "Settings"]:
    """Return the bundle that option or settings name, else the active one, and the settings."""
    from leuko.bundle import load_bundle
    from leuko.settings import load_settings

    settings = load_settings(os.environ, bundle=path, **options)
    if settings.bundle:
        return load_bundle(settings.bundle), settings
    return installed_bundles(settings).active(), settings


def installed_bundles(settings: "Settings") -> "InstalledBundles":
    """Return what is installed where the settings say."""
    from leuko.installation import InstalledBundles

    return InstalledBundles(settings.state_dir, settings.trusted_keys)
