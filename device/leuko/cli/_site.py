"""``leuko calibrate site``: the classifier adapted to this laboratory's cells."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from collections.abc import Iterator
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._calibration_options import ByOption, JSONOption, StateOption, YesOption, name_of
from leuko.cli._options import BundleOption, ScaleOption, chosen_bundle
from leuko.errors import CalibrationError

if TYPE_CHECKING:
    from leuko.calibration import CalibrationHistory, LabelledCell
    from leuko.settings import Settings


def site(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Pictures of single cells, a folder for each class."),
    ] = None,
    *,
    session: Annotated[
        int | None, typer.Option(min=1, metavar="SESSION", help="Take cells of a session instead.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV with their confirmed classes: number, class."),
    ] = None,
    um_per_px: ScaleOption = None,
    by: ByOption = None,
    yes: YesOption = False,
    json: JSONOption = False,
    bundle: BundleOption = None,
    state_dir: StateOption = None,
) -> None:
    """Adapt the classifier to this laboratory, by up to 100 cells that a person has confirmed."""
    from leuko.calibration import (
        FILES,
        FOLDER_NAME,
        CalibrationHistory,
        Circumstances,
        measure_site,
    )
    from leuko.cli._part_figures import site_lines
    from leuko.clock import now
    from leuko.inference import LiteRTEngine
    from leuko.pipeline import FieldAnalyser

    models, settings = chosen_bundle(bundle, state_dir=state_dir, um_per_px=um_per_px)
    history = CalibrationHistory(settings.state_dir / FOLDER_NAME)
    cells = _cells(folder, session, labels, settings=settings, history=history)
    circumstances = Circumstances(name_of(by), now(), models.label, models.sha256, FILES)
    analyser = FieldAnalyser(models, LiteRTEngine())
    found = measure_site(
        cells,
        circumstances,
        examine=lambda rgb, scale: analyser.examine(rgb, um_per_px=scale),
    )
    for reason in found.left_out:
        typer.echo(f"leuko: left out {reason}", err=True)
    number = None
    if not json:
        for line in site_lines(found.part):
            typer.echo(line)
    if yes or (not json and typer.confirm("keep this calibration?", abort=True)):
        part = found.part
        kept = history.keep({"site": part}, cause="site", by=part.origin.by, site=found.content)
        number = kept.record.number
    if json:
        typer.echo(dumps({"kept": number, "site": found.part.model_dump(mode="json")}))
    else:
        typer.echo(f"calibration {number} is kept; restart the service to count with it")


def _cells(
    folder: Path | None,
    session: int | None,
    labels: Path | None,
    *,
    settings: "Settings",
    history: "CalibrationHistory",
) -> Iterator["LabelledCell"]:
    from leuko.calibration import cells_of_folder, cells_of_session, read_labels
    from leuko.service import STORE_NAME
    from leuko.tracking import PICTURE_UM_PER_PX

    if folder and session is None and labels is None:
        return cells_of_folder(folder, um_per_px=_scale(settings, history))
    if folder or session is None or labels is None:
        raise typer.BadParameter("give a FOLDER, or both --session and --labels")
    return cells_of_session(
        settings.state_dir / STORE_NAME,
        session,
        read_labels(labels),
        um_per_px=PICTURE_UM_PER_PX,
    )


def _scale(settings: "Settings", history: "CalibrationHistory") -> float:
    if settings.um_per_px != "auto":
        return settings.um_per_px
    present = history.current()
    if present and present.record.scale:
        return present.record.scale.um_per_px
    raise CalibrationError(
        "a cell alone does not tell its scale; give --um-per-px, or run leuko calibrate scale first"
    )
