"""``leuko calibrate site``: the classifier adapted to this laboratory's cells."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._calibration_options import KEEPING, Asked, asking, name_of
from leuko.cli._keeping import tell_kept
from leuko.cli._options import CellScaleOption, chosen_bundle

if TYPE_CHECKING:
    from leuko.bundle import ModelBundle
    from leuko.calibration import CalibrationHistory, LabelledCell, SiteMeasurement
    from leuko.settings import Settings


@asking(*KEEPING, "bundle")
def site(
    asked: Asked,
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
    reviewed: Annotated[
        bool, typer.Option("--reviewed", help="Take the reviewed cells of this or all sessions.")
    ] = False,
    um_per_px: CellScaleOption = None,
) -> None:
    """Adapt the classifier to this laboratory, by up to 100 cells that a person has confirmed."""
    from leuko.calibration import FOLDER_NAME, CalibrationHistory
    from leuko.cli._part_figures import site_lines

    models, settings = chosen_bundle(asked.bundle, state_dir=asked.state_dir, um_per_px=um_per_px)
    history = CalibrationHistory(settings.state_dir / FOLDER_NAME)
    left_out: tuple[str, ...] = ()
    if reviewed:
        if folder or labels:
            raise typer.BadParameter("--reviewed takes no FOLDER and no --labels")
        cells, left_out = _reviewed(session, settings)
    else:
        cells = _cells(folder, session, labels, settings=settings, history=history)
    _tell_left_out(left_out)
    found = _measured(cells, models, name_of(asked.by))
    _tell_left_out(found.left_out)
    part, number = found.part, None
    if not asked.json:
        for line in site_lines(part):
            typer.echo(line)
    if asked.yes or (not asked.json and typer.confirm("keep this calibration?", abort=True)):
        kept = history.keep({"site": part}, cause="site", by=part.origin.by, site=found.content)
        number = kept.record.number
    tell_kept(number, "site", part, json=asked.json)


def _tell_left_out(reasons: tuple[str, ...]) -> None:
    for reason in reasons:
        typer.echo(f"leuko: left out {reason}", err=True)


def _measured(cells: Iterator["LabelledCell"], models: "ModelBundle", by: str) -> "SiteMeasurement":
    from leuko.calibration import FILES, Circumstances, measure_site
    from leuko.clock import now
    from leuko.inference import LiteRTEngine
    from leuko.pipeline import FieldAnalyser

    circumstances = Circumstances(by, now(), models.label, models.sha256, FILES)
    return measure_site(
        list(cells),
        circumstances,
        analyser=FieldAnalyser(models, LiteRTEngine()),
        class_weights=models.manifest.classifier.class_weights,
    )


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
        raise typer.BadParameter("give a FOLDER, or --session and --labels, or --reviewed")
    return cells_of_session(
        settings.state_dir / STORE_NAME,
        session,
        read_labels(labels),
        um_per_px=PICTURE_UM_PER_PX,
    )


def _reviewed(
    session: int | None, settings: "Settings"
) -> tuple[Iterator["LabelledCell"], tuple[str, ...]]:
    from leuko.review import FOLDER_NAME, cells_of_reviews, load_review, load_reviews
    from leuko.service import STORE_NAME
    from leuko.tracking import PICTURE_UM_PER_PX

    folder = settings.state_dir / FOLDER_NAME
    reviews = load_reviews(folder) if session is None else [load_review(folder, session)]
    store = settings.state_dir / STORE_NAME
    found = cells_of_reviews(store, reviews, um_per_px=PICTURE_UM_PER_PX)
    return found.cells, found.left_out


def _scale(settings: "Settings", history: "CalibrationHistory") -> float | None:
    if settings.um_per_px != "auto":
        return settings.um_per_px
    present = history.current()
    return present.record.scale.um_per_px if present and present.record.scale else None
