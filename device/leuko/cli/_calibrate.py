"""``leuko calibrate``: fit the device to its microscope, and look after what was measured."""

# Commands import what they need, so that --help and --version stay quick on a small device.

import os
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._calibrate_all import calibrate_all
from leuko.cli._calibration_options import (
    ByOption,
    JSONOption,
    StateOption,
    YesOption,
    name_of,
)
from leuko.cli._camera_controls import exposure, white_balance
from leuko.cli._check import check
from leuko.cli._flat_field import flat_field
from leuko.cli._groups import CommandGroup
from leuko.cli._keeping import COUNTS_WITH_IT, again_if_wanted, confirm
from leuko.cli._optics import focus, scale
from leuko.cli._options import refuse_to_ask
from leuko.cli._review import review
from leuko.cli._site import site
from leuko.cli._staining import stain
from leuko.cli._wbc_factor import wbc_factor
from leuko.errors import CalibrationError
from leuko.remedies import with_state_dir

if TYPE_CHECKING:
    from leuko.calibration import Calibration, CalibrationHistory, Entry

calibrate_app = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Fit the device to its microscope and camera, and look after what was measured.",
)
calibrate_app.command("all")(calibrate_all)
calibrate_app.command("flat-field")(again_if_wanted(flat_field))
calibrate_app.command("white-balance")(again_if_wanted(white_balance))
calibrate_app.command()(again_if_wanted(exposure))
calibrate_app.command()(again_if_wanted(scale))
calibrate_app.command()(again_if_wanted(focus))
calibrate_app.command("wbc-factor")(again_if_wanted(wbc_factor))
calibrate_app.command()(again_if_wanted(stain))
calibrate_app.command()(again_if_wanted(check))
calibrate_app.command()(review)
calibrate_app.command()(again_if_wanted(site))


@calibrate_app.command()
def show(*, json: JSONOption = False, state_dir: StateOption = None) -> None:
    """Print the calibration in use."""
    from leuko.cli._calibration_tables import print_calibration

    present = _history(state_dir).current()
    if json:
        typer.echo(dumps(present.record.model_dump(mode="json") if present else None))
    else:
        print_calibration(present)


@calibrate_app.command()
def history(*, json: JSONOption = False, state_dir: StateOption = None) -> None:
    """Print every calibration that was kept, the newest first."""
    from leuko.cli._calibration_tables import print_history

    entries = _history(state_dir).entries()
    if json:
        typer.echo(dumps([_entry(one) for one in entries]))
    else:
        print_history(entries)


@calibrate_app.command()
def undo(
    *,
    by: ByOption = None,
    yes: YesOption = False,
    json: JSONOption = False,
    state_dir: StateOption = None,
) -> None:
    """Go back to the calibration before; the history keeps both."""
    kept = _history(state_dir)
    refuse_to_ask("undone", json=json, yes=yes)
    if not yes:
        kept.refuse_to_undo()
        confirm("go back to the calibration before?")
    found = kept.undo(by=name_of(by))
    _say_kept(found.record.number, found.record.cause, json=json)


@calibrate_app.command()
def forget(
    parts: Annotated[
        list[str] | None,
        typer.Argument(metavar="PART", help="Parts to drop, as show names them; else all."),
    ] = None,
    *,
    by: ByOption = None,
    yes: YesOption = False,
    json: JSONOption = False,
    state_dir: StateOption = None,
) -> None:
    """Drop parts of the calibration, or all of it; the history keeps them, undo goes back."""
    refuse_to_ask("dropped", json=json, yes=yes)
    kept = _history(state_dir)
    if not yes:
        kept.refuse_to_forget(parts or ())
        confirm(f"drop {' '.join(parts or ['the whole calibration'])}?")
    found = kept.forget(parts or (), by=name_of(by))
    _say_kept(found.record.number, found.record.cause, json=json)


@calibrate_app.command("export")
def export_calibration(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write, a zip.")],
    *,
    state_dir: StateOption = None,
) -> None:
    """Write the calibration in use to one file."""
    found = _history(state_dir).export(file)
    typer.echo(f"calibration {found.record.number} is in {file}")


@calibrate_app.command("import")
def import_calibration(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File that export has written.")],
    *,
    by: ByOption = None,
    yes: YesOption = False,
    json: JSONOption = False,
    state_dir: StateOption = None,
) -> None:
    """Take over a calibration from a file, once it is found whole."""
    from leuko.calibration import load_calibration
    from leuko.cli._calibration_tables import print_calibration

    offered = load_calibration(file)
    refuse_to_ask("imported", json=json, yes=yes)
    _tell_if_of_another_camera(offered, state_dir)
    if not yes:
        print_calibration(offered)
        confirm("take it over in place of the present one?")
    found = _history(state_dir).import_file(file, by=name_of(by))
    _say_kept(found.record.number, found.record.cause, json=json)


def _tell_if_of_another_camera(offered: "Calibration", state_dir: Path | None) -> None:
    from leuko.calibration import camera_used, check_camera
    from leuko.settings import load_settings

    try:
        check_camera(offered, camera_used(load_settings(os.environ, state_dir=state_dir)))
    except CalibrationError as error:
        told = with_state_dir(str(error), state_dir)
        typer.echo(f"leuko: the service will not start with it: {told}", err=True)


def _history(state_dir: Path | None) -> "CalibrationHistory":
    from leuko.calibration import FOLDER_NAME, CalibrationHistory
    from leuko.settings import load_settings

    settings = load_settings(os.environ, state_dir=state_dir)
    return CalibrationHistory(settings.state_dir / FOLDER_NAME)


def _say_kept(number: int, cause: str, *, json: bool) -> None:
    told = f"calibration {number} ({cause}) is in use; {COUNTS_WITH_IT}"
    typer.echo(dumps({"kept": number, "cause": cause}) if json else told)


def _entry(entry: "Entry") -> dict[str, object]:
    if entry.calibration is None:
        return {"number": entry.number, "problem": entry.problem}
    record = entry.calibration.record
    return {
        "number": entry.number,
        "cause": record.cause,
        "by": record.by,
        "wall": record.moment.wall.isoformat(),
        "clock_is_set": record.moment.clock_is_set,
        "before": record.before,
        "parts": list(record.parts),
        "sha256": entry.calibration.sha256,
    }
