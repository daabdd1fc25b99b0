"""The three steps put together: every leukocyte of a field, outlined and named."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from leuko.adaptation import SiteAdapter
from leuko.bundle import ModelBundle
from leuko.cells import Cell, CellClass, CellStatus, RGBImage
from leuko.inference import Engine
from leuko.pipeline._field import Field, seen_coarsely
from leuko.pipeline._finder import Find, Finder
from leuko.pipeline._namer import Look, Namer
from leuko.vision.focus import sharpness
from leuko.vision.laboratory import Laboratory
from leuko.vision.regions import overlap
from leuko.vision.tone import Tone, cell_tone
from leuko.vision.traits import cell_traits

_SAME_CELL = 0.5
"""Share of the smaller of two regions that both claim, from which they are one cell."""

_STRANGE = "unlike anything the models have learnt from"
_LEFT_OF_STRANGE = 0.001
"""Of how a strange cell's probabilities differ from equal ones."""


@dataclass(frozen=True, slots=True)
class ExaminedCell:
    """What an adaptation to a laboratory learns from one cell.

    Attributes:
        probabilities: ``(classes,)`` float64, what the bundle says, in `CellClass` order.
        traits: ``(traits,)`` float64, as of `leuko.vision.traits.cell_traits`.
        area_um2: of its outline, as large as the scale that was given makes it.
    """

    probabilities: NDArray[np.float64]
    traits: NDArray[np.float64]
    area_um2: float


Wanted = Callable[[float, float], bool]
"""Whether what lies at a row and column of the field is of interest."""


def everywhere(row: float, column: float) -> bool:
    """Return that what lies there is of interest, wherever it is."""
    del row, column
    return True


class Analyser(Protocol):
    """What finds and names leukocytes: a `FieldAnalyser`, or one that can change its backend."""

    def analyse(
        self, rgb: RGBImage, *, um_per_px: float, wanted: Wanted = everywhere
    ) -> tuple[Cell, ...]:
        """Return every leukocyte found; see `FieldAnalyser.analyse`."""

    @property
    def evens_laboratory(self) -> bool:
        """Whether what a laboratory's cells have in common is taken away before one is named."""

    def learn(self, rgb: RGBImage, *, um_per_px: float) -> int:
        """Get to know the laboratory by a field; see `FieldAnalyser.learn`."""

    def decide(self, probabilities: tuple[float, ...], area_um2: float) -> tuple[CellStatus, str]:
        """Return what becomes of a whole cell; see `FieldAnalyser.decide`."""


class FieldAnalyser:
    """Finds, outlines and names the leukocytes of a field with the models of one bundle.

    If the bundle wants it, the laboratory is known by the cells named so far, so an analyser is for
    the fields of one laboratory.
    """

    def __init__(
        self,
        bundle: ModelBundle,
        engine: Engine,
        *,
        adapter: SiteAdapter | None = None,
        laboratory: Laboratory | None = None,
    ) -> None:
        """Load the bundle's models.

        Args:
            bundle: the models.
            engine: runs them.
            adapter: of this bundle to this laboratory; None to name cells as the bundle does.
            laboratory: shared with analysers on other engines; None for one that nothing is known
                of.

        Raises:
            BundleError: a model's input or outputs, or the familiarity, are not what the manifest
                says.
            EngineError: the engine cannot run a model.
        """
        self._adapter = adapter
        self._laboratory = laboratory or Laboratory()
        self.evens_laboratory = bundle.manifest.classifier.evens_laboratory
        self._segmenter = bundle.manifest.segmenter
        self._least = bundle.manifest.classifier.unclassified_below
        locator, outliner = (
            bundle.files[name] for name in (self._segmenter.locator, self._segmenter.outliner)
        )
        self._finder = Finder(self._segmenter, locator, outliner, engine)
        self._namer = Namer(bundle, engine)

    def analyse(
        self, rgb: RGBImage, *, um_per_px: float, wanted: Wanted = everywhere
    ) -> tuple[Cell, ...]:
        """Return every leukocyte found, in reading order, those at the border included.

        Args:
            rgb: ``(height, width, 3)`` uint8, RGB, as the camera gave it; left as it is.
            um_per_px: scale of the field.
            wanted: says of the place where a leukocyte was located whether it is worth outlining
                and naming.

        Raises:
            ImageError: the field covers more of a smear than there is memory for.
            EngineError: the engine failed.
        """
        field, coarse = self._seen(rgb, um_per_px)
        finds: list[Find] = []
        for row, column in self._finder.located(coarse, field):
            find = self._finder.outlined(field, row, column) if wanted(row, column) else None
            if find and all(overlap(find.region, one.region) < _SAME_CELL for one in finds):
                finds.append(find)
        finds.sort(key=lambda find: (find.region.box.y, find.region.box.x))
        with self._laboratory.learning():
            return tuple(self._name(field, find) for find in finds)

    def learn(self, rgb: RGBImage, *, um_per_px: float) -> int:
        """Get to know the laboratory by a field, ahead of the cells that are to be named.

        Args:
            rgb: ``(height, width, 3)`` uint8, RGB, as the camera gave it; left as it is.
            um_per_px: scale of the field.

        Returns:
            How many leukocytes of the five classes it has.

        Raises:
            ImageError: the field covers more of a smear than there is memory for.
            EngineError: the engine failed.
        """
        if not self.evens_laboratory:
            return 0
        cells = self.analyse(rgb, um_per_px=um_per_px)
        return sum(cell.cell_class.is_counted for cell in cells)

    @property
    def measured_tone(self) -> Tone | None:
        """How dark the cells named so far are; None without one, or if the bundle asks for none."""
        return self._laboratory.measured_tone

    def examine(self, rgb: RGBImage, *, um_per_px: float) -> ExaminedCell | None:
        """Return what is measured of the cell in the middle of a picture; None without one.

        Args:
            rgb: ``(height, width, 3)`` uint8, RGB, with some background around the cell.
            um_per_px: its scale.

        Raises:
            ImageError: the picture covers more of a smear than there is memory for.
            EngineError: the engine failed.
        """
        field, _ = self._seen(rgb, um_per_px)
        find = self._finder.outlined(field, rgb.shape[0] / 2, rgb.shape[1] / 2)
        if find is None:
            return None
        look = self._namer.look(field, find.region)
        named, _ = self._namer.named(self._shown(look))
        return ExaminedCell(named, cell_traits(look.crop, look.mask), find.region.area_um2)

    def _shown(self, look: Look) -> Look:
        """Return a cell as it would look in the usual laboratory."""
        if not self.evens_laboratory:
            return look
        return Look(self._laboratory.evened(look.crop), look.mask)

    def _learn(self, find: Find, look: Look, named: CellClass) -> None:
        """Get to know the laboratory by what may be a single cell; a clump is none."""
        is_single = find.is_whole and find.region.area_um2 <= self._segmenter.largest_area_um2
        if is_single and (tone := cell_tone(look.crop, look.mask)):
            self._laboratory.add(named, tone)

    def _seen(self, rgb: RGBImage, um_per_px: float) -> tuple[Field, RGBImage]:
        scale = self._segmenter.locate_um_per_px
        return seen_coarsely(rgb, um_per_px=um_per_px, coarse_um_per_px=scale)

    def _name(self, field: Field, find: Find) -> Cell:
        look = self._namer.look(field, find.region)
        likely, is_strange = self._namer.named(self._shown(look))
        if self._adapter:
            traits = cell_traits(look.crop, look.mask)
            likely = self._adapter.adapted(likely[None], traits[None])[0]
        best = list(CellClass)[int(np.argmax(likely))]
        if self.evens_laboratory and best.is_counted and not is_strange:
            self._learn(find, look, best)
        if is_strange and best.is_counted:
            # Hardly anything is known of it, but which class comes first: beside other views of
            # the same cell this one weighs next to nothing.
            likely = 1 / likely.size + _LEFT_OF_STRANGE * (likely - 1 / likely.size)
        probabilities = tuple(likely.tolist())
        status, reason = self._status(find, probabilities)
        focus = sharpness(look.crop, look.mask)
        return Cell(find.region, best, probabilities, focus, status, reason)

    def decide(self, probabilities: tuple[float, ...], area_um2: float) -> tuple[CellStatus, str]:
        """Return what becomes of a whole cell, and why if it is not counted.

        Args:
            probabilities: one per `CellClass`, in its order.
            area_um2: its area.
        """
        if area_um2 > self._segmenter.largest_area_um2:
            return CellStatus.EXCLUDED, "larger than any single leukocyte"
        probability, least = max(probabilities), self._least
        if probability <= 1 / len(probabilities) + _LEFT_OF_STRANGE:
            return CellStatus.UNCLASSIFIED, _STRANGE
        if probability < least:
            return CellStatus.UNCLASSIFIED, f"probability {probability:.2f} is below {least:.2f}"
        if not list(CellClass)[probabilities.index(probability)].is_counted:
            return CellStatus.EXCLUDED, "not one of the five leukocyte classes"
        return CellStatus.COUNTED, ""

    def _status(self, find: Find, probabilities: tuple[float, ...]) -> tuple[CellStatus, str]:
        if find.region.cut_by_border:
            return CellStatus.EXCLUDED, "cut by the border of the field"
        if not find.is_whole:
            return CellStatus.EXCLUDED, "larger than the outliner's window"
        return self.decide(probabilities, find.region.area_um2)
