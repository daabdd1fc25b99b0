"""The classifier adapted to this laboratory's cells, of which a person has confirmed some."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from leuko.adaptation import (
    FEWEST_OF_CLASS,
    BeforeAndAfter,
    Confirmed,
    SiteAdapter,
    adaptable,
    cross_validated,
    fit_adapter,
)
from leuko.calibration._circumstances import Circumstances
from leuko.calibration._labels import LabelledCell
from leuko.calibration._origin import FrameUsed
from leuko.calibration._record import SitePart
from leuko.calibration._site_checks import ConfirmedCell, doubt_of_names, refuse_wrong_scale
from leuko.calibration._site_file import coded_site
from leuko.cells import LEUKOCYTES, CellClass
from leuko.errors import CalibrationError
from leuko.images import pixel_digest
from leuko.pipeline import ExaminedCell, FieldAnalyser

_SMALLEST_SIDE = 32


@dataclass(frozen=True, slots=True)
class SiteMeasurement:
    """An adaptation that helps.

    Attributes:
        part: what goes into the record.
        content: what goes into its file.
        left_out: cells that could not be used, with the reason, a sentence each.
        doubt: what seems wrong with the names of the others, a sentence; empty if nothing does.
    """

    part: SitePart
    content: bytes
    left_out: tuple[str, ...]
    doubt: str


def measure_site(
    cells: Sequence[LabelledCell],
    circumstances: Circumstances,
    *,
    analyser: FieldAnalyser,
    class_weights: Sequence[float],
) -> SiteMeasurement:
    """Return the adaptation to confirmed cells, if it names cells it has not seen better.

    Args:
        cells: confirmed cells, one picture each; copies of a picture are left out.
        circumstances: who calibrates, when and with what.
        analyser: measures the cell in the middle of a picture, once it knows the laboratory.
        class_weights: how common each `CellClass` is taken to be, as the bundle says.

    Raises:
        CalibrationError: there are too few cells, they are no leukocytes at their scale, or the
            adaptation does not help.
        ImageError: a picture cannot be analysed.
        EngineError: the engine failed.
    """
    found = _Found()
    once = found.each_once(cells)
    for cell in once:
        analyser.confirm_cell(cell.rgb, cell.cell_class, um_per_px=cell.um_per_px)
    for cell in once:
        found.take(cell, analyser.examine(cell.rgb, um_per_px=cell.um_per_px))
    refuse_wrong_scale(found.cells)
    adapter, worth = _helpful(found.confirmed(), class_weights)
    content = coded_site(adapter)
    names = tuple(list(CellClass)[index] for index in adapter.classes)
    part = SitePart(
        origin=circumstances.origin(found.frames, shape=found.shape),
        sha256=hashlib.sha256(content).hexdigest(),
        classes=names,
        lacking=tuple(name for name in LEUKOCYTES if name not in names),
        strength=adapter.strength,
        typical=adapter.typical,
        priors=tuple(adapter.priors.tolist()),
        trust=adapter.trust,
        cells=worth.cells,
        right_before=worth.before,
        right_after=worth.after,
    )
    return SiteMeasurement(part, content, tuple(found.left_out), doubt_of_names(found.cells))


class _Found:
    def __init__(self) -> None:
        self.frames: list[FrameUsed] = []
        self.left_out: list[str] = []
        self.shape = (_SMALLEST_SIDE, _SMALLEST_SIDE)
        self.cells: list[ConfirmedCell] = []

    def each_once(self, cells: Iterable[LabelledCell]) -> list[LabelledCell]:
        alike: dict[bytes, list[LabelledCell]] = {}
        for cell in cells:
            alike.setdefault(pixel_digest(cell.rgb), []).append(cell)
        return [copies[0] for copies in alike.values() if self._is_of_one_class(*copies)]

    def _is_of_one_class(self, first: LabelledCell, *copies: LabelledCell) -> bool:
        of_one = all(copy.cell_class is first.cell_class for copy in copies)
        learnt = "it is learnt once" if of_one else "their classes differ, so neither is learnt"
        self.left_out += [
            f"{copy.used.name}: it is the same picture as {first.used.name}; {learnt}"
            for copy in copies
        ]
        return of_one

    def take(self, cell: LabelledCell, examined: ExaminedCell | None) -> None:
        if examined is None:
            self.left_out.append(f"{cell.used.name}: there is no leukocyte in its middle")
            return
        rows, columns = self.shape
        self.shape = (max(rows, cell.rgb.shape[0]), max(columns, cell.rgb.shape[1]))
        self.frames.append(cell.used)
        self.cells.append(ConfirmedCell(cell, examined))

    def confirmed(self) -> Confirmed:
        if not self.cells:
            raise CalibrationError("there is no confirmed cell; give pictures of single leukocytes")
        return Confirmed(
            traits=np.array([one.examined.traits for one in self.cells]),
            probabilities=np.array([one.examined.probabilities for one in self.cells]),
            classes=np.array([list(CellClass).index(one.cell.cell_class) for one in self.cells]),
        )


def _helpful(
    confirmed: Confirmed, class_weights: Sequence[float]
) -> tuple[SiteAdapter, BeforeAndAfter]:
    adapter = fit_adapter(confirmed, adaptable(confirmed), class_weights=class_weights)
    if adapter is None:
        raise CalibrationError(
            f"{len(confirmed)} confirmed cells are too few: give {FEWEST_OF_CLASS} or more of two "
            "classes, better 20 of each"
        )
    worth = cross_validated(confirmed, class_weights=class_weights)
    if not worth.helps:
        raise CalibrationError(
            f"adapting does not help: of {worth.cells} confirmed cells {worth.before} are named "
            f"right without it and {worth.after} with it; nothing is changed"
        )
    return adapter, worth
