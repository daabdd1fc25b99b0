"""``leuko snap``: the camera's fields as plain pictures."""

# Commands import what they need, so that --help and --version stay quick on a small device.

import os
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._calibration_options import CAMERA, Asked, asking
from leuko.cli._keeping import same_places
from leuko.cli._measuring import LONG_S
from leuko.cli._moving_smear import fields_of_smear
from leuko.cli._opening import bench_camera, bench_wizard, fitting_calibration, misfit
from leuko.errors import CalibrationError
from leuko.remedies import with_state_dir

if TYPE_CHECKING:
    from leuko.calibration import Calibration, ScalePart, Shot
    from leuko.cli._field_files import FieldFiles
    from leuko.settings import Settings
    from leuko.wizard import Wizard

_EMPTY_FIELDS = 2
"""Even light needs no more of empty glass."""


@asking(*CAMERA, "json", "state_dir")
def snap(
    asked: Asked,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Gets field-001.png and so on.")],
    *,
    fields: Annotated[int, typer.Option(min=1, max=999, help="Pictures to take.")] = 20,
    sweep: Annotated[
        bool,
        typer.Option("--sweep", help="Take two a second, whatever they show, as for the focus."),
    ] = False,
) -> None:
    """Save the camera's fields, one whenever the slide has moved and rests; overwrites nothing."""
    from leuko.calibration import FOLDER_NAME, CalibrationHistory, shots_of_camera
    from leuko.cli._field_files import FieldFiles
    from leuko.settings import load_settings

    settings = load_settings(
        os.environ,
        state_dir=asked.state_dir,
        camera=asked.camera,
        camera_source=asked.camera_source,
    )
    history = CalibrationHistory(settings.state_dir / FOLDER_NAME)
    present = fitting_calibration(history, settings)
    um_per_px = _scale(settings, present)
    with (
        closing(bench_camera(settings, history)) as camera,
        bench_wizard(settings, "sweep" if sweep else "snap", is_asked=not asked.json) as wizard,
    ):
        files = FieldFiles(folder)
        shots = wizard.watched(shots_of_camera(camera, longest_s=LONG_S))
        _save(
            _in_a_row(shots, wizard, wanted=fields)
            if sweep
            else fields_of_smear(
                shots,
                wizard,
                wanted=fields,
                empty=_EMPTY_FIELDS,
                present=present,
                um_per_px=um_per_px,
            ),
            files,
        )
    told = {"folder": str(folder), "fields": files.names, "wanted": fields}
    typer.echo(dumps(told) if asked.json else _saved(files))
    if um_per_px is None and not sweep:
        typer.echo(f"leuko: {_scale_unknown(asked, settings, history.current())}", err=True)


def _in_a_row(shots: Iterator["Shot"], wizard: "Wizard", *, wanted: int) -> Iterator["Shot"]:
    for number, shot in enumerate(islice(shots, wanted), start=1):
        yield shot
        wizard.tell(f"picture {number} of {wanted}")


def _scale(settings: "Settings", present: "Calibration | None") -> float | None:
    from leuko.calibration import calibrated_scale

    if settings.um_per_px != "auto":
        return settings.um_per_px
    return calibrated_scale(present)


def _scale_unknown(asked: Asked, settings: "Settings", kept: "Calibration | None") -> str:
    """Return what comes of a scale that is not known, and what is to be done about it."""
    told = "so fields may overlap, and cells in two would count twice"
    scale = kept.record.scale if kept else None
    if kept is None or scale is None:
        command = f"leuko calibrate scale{same_places(asked, 'scale')}"
        return (
            f"the scale is not known, {told}; run {command} before fields are taken to be counted"
        )
    reason = f"{misfit(kept, settings)}{_other_size(kept, scale, settings)}"
    return with_state_dir(
        f"the scale is known, but not for these pictures, {told}: {reason}", asked.state_dir
    )


def _other_size(kept: "Calibration", scale: "ScalePart", settings: "Settings") -> str:
    """Return that the camera may be set to the scale's size, if all would fit then."""
    made = scale.origin.camera
    size = {"frame_width": made.width, "frame_height": made.height}
    # Files are of the size that they are.
    if settings.camera == "replay" or misfit(kept, settings.model_copy(update=size)):
        return ""
    return f", or set frame_width to {made.width} and frame_height to {made.height}"


def _save(shots: Iterator["Shot"], files: "FieldFiles") -> None:
    try:
        for shot in shots:
            files.add(shot.rgb)
    except CalibrationError as error:
        if not files.names:
            raise
        raise CalibrationError(f"{_saved(files)}; {error}") from error
    if not files.names:
        raise CalibrationError(
            "no field was taken, for the view never came to rest on one; move on, and rest for a "
            "second"
        )


def _saved(files: "FieldFiles") -> str:
    return f"fields saved in {files.folder}: {len(files.names)}"
