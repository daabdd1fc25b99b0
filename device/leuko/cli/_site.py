"""``leuko calibrate site``: the classifier adapted to this laboratory's cells."""

# Commands import what they need, so that --help and --version stay quick on a small device.

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._calibration_options import KEEPING, Asked, asking
from leuko.cli._keeping import offer
from leuko.cli._measuring import Measuring, measuring, tell_left_out
from leuko.cli._opening import tell_person
from leuko.cli._options import CellScaleOption, WrongUseError, session_number

if TYPE_CHECKING:
    from leuko.calibration import LabelledCell, SiteMeasurement


@asking(*KEEPING, "bundle")
def site(
    asked: Asked,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Pictures of single cells, a folder for each class."),
    ] = None,
    *,
    session: Annotated[
        int | None,
        typer.Option(
            parser=session_number, metavar="SESSION", help="Take cells of a session instead."
        ),
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
    source = _Source(folder, session, labels, um_per_px, is_reviewed=reviewed)
    source.check()
    # What was saved is measured: the camera stays closed.
    with measuring("site", replace(asked, folder=folder or Path())) as bench:
        _adapt(bench, _cells(source, bench, _state_dir(asked)))


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the confirmed cells are, as the options say."""

    folder: Path | None
    session: int | None
    labels: Path | None
    um_per_px: str | None
    is_reviewed: bool

    def check(self) -> None:
        """Refuse options that do not go together."""
        if self.is_reviewed and (self.folder or self.labels):
            raise WrongUseError("--reviewed takes no FOLDER and no --labels")
        is_table = self.session is not None and self.labels is not None
        has_any = self.session is not None or self.labels is not None
        if not (self.is_reviewed or (not has_any if self.folder else is_table)):
            raise WrongUseError("give a FOLDER, or --session and --labels, or --reviewed")


def _adapt(bench: Measuring, cells: Iterator["LabelledCell"]) -> None:
    """Fit the adaptation, and keep it if that is wanted."""
    from leuko.cli._part_figures import site_lines

    found = _measured(bench, cells)
    _tell_left_out(found.left_out)
    if found.doubt:
        typer.echo(f"leuko: {found.doubt}", err=True)
    part = found.part
    for line in site_lines(part):
        bench.say(line)
    figures = (
        # First: a small display has room for two.
        *(("names exchanged?",) if found.doubt else ()),
        f"{part.cells} cells, right:",
        f"before {part.right_before}",
        f"adapted {part.right_after}",
    )
    offer(bench, "site", part, site=found.content, figures=figures)


def _measured(bench: Measuring, cells: Iterator["LabelledCell"]) -> "SiteMeasurement":
    from leuko.calibration import measure_site, middle_of

    middles: list[LabelledCell] = []
    for cell in cells:
        bench.wizard.see(cell.rgb, f"cell {len(middles) + 1}")
        middles.append(middle_of(cell))
    return measure_site(
        middles,
        bench.circumstances,
        # What an earlier adaptation says of the cells must not be learnt from.
        analyser=bench.analyser(is_adapted=False),
        class_weights=bench.bundle.manifest.classifier.class_weights,
    )


def _cells(source: _Source, bench: Measuring, state_dir: Path) -> Iterator["LabelledCell"]:
    from leuko.calibration import (
        cells_of_folder,
        cells_of_session,
        read_labels,
        refuse_own_names,
    )
    from leuko.service import STORE_NAME
    from leuko.tracking import PICTURE_UM_PER_PX

    if source.is_reviewed:
        return _reviewed(source.session, state_dir)
    if source.session is not None and source.labels:
        store, labels = state_dir / STORE_NAME, read_labels(source.labels)
        refuse_own_names(store, source.session, labels)
        return cells_of_session(store, source.session, labels, um_per_px=PICTURE_UM_PER_PX)
    return cells_of_folder(
        source.folder or Path(),
        um_per_px=_scale(bench, source.um_per_px),
        left_out=tell_left_out,
        unread=lambda told: tell_person(f"leuko: {told}"),
    )


def _reviewed(session: int | None, state_dir: Path) -> Iterator["LabelledCell"]:
    """Return the reviewed cells; name those that cannot be had."""
    from leuko.review import FOLDER_NAME, cells_of_reviews, load_review, load_reviews
    from leuko.service import STORE_NAME
    from leuko.tracking import PICTURE_UM_PER_PX

    folder = state_dir / FOLDER_NAME
    reviews = load_reviews(folder) if session is None else [load_review(folder, session)]
    found = cells_of_reviews(state_dir / STORE_NAME, reviews, um_per_px=PICTURE_UM_PER_PX)
    _tell_left_out(found.left_out)
    return found.cells


def _tell_left_out(reasons: tuple[str, ...]) -> None:
    for reason in reasons:
        tell_left_out(reason)


def _state_dir(asked: Asked) -> Path:
    from leuko.settings import load_settings

    return load_settings(os.environ, state_dir=asked.state_dir).state_dir


def _scale(bench: Measuring, given: str | None) -> float | None:
    from leuko.calibration import calibrated_scale

    stated = bench.stated_um_per_px if given is None else _number(given)
    return stated or calibrated_scale(bench.history.current())


def _number(given: str) -> float | None:
    return None if given == "auto" else float(given)
