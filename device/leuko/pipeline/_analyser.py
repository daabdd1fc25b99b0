"""The three steps put together: every leukocyte of a field, outlined and named."""

import numpy as np

from leuko.adaptation import SiteAdapter
from leuko.bundle import ModelBundle
from leuko.cells import Cell, CellClass, CellStatus, RGBImage
from leuko.inference import Engine
from leuko.pipeline._comparing import Comparer
from leuko.pipeline._deciding import as_of_strange, decided
from leuko.pipeline._field import Field
from leuko.pipeline._finder import Find, Finder
from leuko.pipeline._learner import Learner, NamedCell
from leuko.pipeline._namer import Namer
from leuko.pipeline._protocol import ExaminedCell, Wanted, everywhere
from leuko.vision.focus import sharpness
from leuko.vision.laboratory import Laboratory
from leuko.vision.tone import Tone, cell_tone
from leuko.vision.traits import cell_traits


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
        self._laboratory = laboratory or Laboratory()
        self._comparer = Comparer(bundle, adapter, self._laboratory)
        self._segmenter = bundle.manifest.segmenter
        locator, outliner = (
            bundle.files[name] for name in (self._segmenter.locator, self._segmenter.outliner)
        )
        self._finder = Finder(self._segmenter, locator, outliner, engine)
        self._namer = Namer(bundle, engine)
        self.evens_laboratory = bundle.manifest.classifier.evens_laboratory
        self._learner = Learner(
            self._laboratory, evens=self.evens_laboratory, compares=self.compares_cells
        )

    @property
    def unclassified_below(self) -> float:
        """Probability of the likeliest class below which a cell is unclassified now."""
        return self._comparer.unclassified_below

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
        field, finds = self._finder.found(rgb, um_per_px=um_per_px, wanted=wanted)
        with self._laboratory.learning():
            return tuple(self._name(field, find).cell for find in finds)

    @property
    def is_comparing(self) -> bool:
        """Whether the laboratory's own cells tell of each other by now."""
        return self._comparer.is_comparing

    @property
    def doubts_eosinophils(self) -> bool:
        """Whether eosinophils are taken to be few, for neutrophils look like them here."""
        return self._comparer.doubts_eosinophils

    @property
    def compares_cells(self) -> bool:
        """Whether the laboratory's own cells tell of each other, once there are enough."""
        return self.evens_laboratory and self._comparer.has_own_cells

    def begin_specimen(self) -> None:
        """Go on with another specimen of the same laboratory."""
        self._laboratory.begin_specimen()

    def settle_tone(self) -> None:
        """Stay with how dark the laboratory is known to be, unless that is hardly known."""
        self._laboratory.settle_tone()

    def learn(self, rgb: RGBImage, *, um_per_px: float) -> int:
        """Get to know the laboratory by a field, whose cells are to come here once.

        `analyse` learns how dark the laboratory's cells are, too; how they lie to each other is
        learnt here alone.

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
        field, finds = self._finder.found(rgb, um_per_px=um_per_px)
        with self._laboratory.learning():
            named = [self._name(field, find) for find in finds]
            # Of a cell that the border cuts, neither size nor nucleus is known.
            self._learner.learn_traits(one for one in named if not one.cell.region.cut_by_border)
        return sum(one.cell.cell_class.is_counted for one in named)

    def learn_cell(self, picture: RGBImage, *, um_per_px: float) -> None:
        """Get to know the laboratory by the cell in the middle of a picture, which comes once.

        Args:
            picture: ``(height, width, 3)`` uint8, RGB, with some background around the cell.
            um_per_px: its scale.

        Raises:
            ImageError: the picture covers more of a smear than there is memory for.
            EngineError: the engine failed.
        """
        if self.evens_laboratory:
            field, find = self._finder.in_the_middle(picture, um_per_px=um_per_px)
            with self._laboratory.learning():
                # The picture may cut a large cell; in its field it was whole.
                self._learner.learn_traits([self._name(field, find)] if find else [])

    def confirm_cell(self, picture: RGBImage, cell_class: CellClass, *, um_per_px: float) -> None:
        """Get to know how dark the laboratory's cells are by one that a person has confirmed.

        Args:
            picture: ``(height, width, 3)`` uint8, RGB, with the cell in its middle.
            cell_class: what it is.
            um_per_px: scale of the picture.

        Raises:
            ImageError: the picture covers more of a smear than there is memory for.
            EngineError: the engine failed.
        """
        field, find = self._finder.in_the_middle(picture, um_per_px=um_per_px)
        look = self._namer.look(field, find.region) if find else None
        if look and (tone := cell_tone(look.crop, look.mask)):
            self._laboratory.confirm(cell_class, tone)

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
        field, find = self._finder.in_the_middle(rgb, um_per_px=um_per_px)
        if find is None:
            return None
        look = self._namer.look(field, find.region)
        told = self._namer.told(look, self._learner.shown(look))
        return ExaminedCell(
            told.probabilities, cell_traits(look.crop, look.mask), find.region.area_um2
        )

    def _is_single(self, find: Find) -> bool:
        """Return whether a find may be a single cell; a clump is none."""
        return find.is_whole and find.region.area_um2 <= self._segmenter.largest_area_um2

    def _name(self, field: Field, find: Find) -> NamedCell:
        look = self._namer.look(field, find.region)
        told = self._namer.told(look, self._learner.shown(look))
        said, likely = self._comparer.compared(told.probabilities, look)
        best = list(CellClass)[int(np.argmax(likely))]
        teaches = best.is_counted and not told.is_strange and self._is_single(find)
        if teaches:
            self._learner.learn_tone(look, best, as_it_is=told.name_as_it_is)
        if told.is_strange and best.is_counted:
            likely = as_of_strange(likely)
        probabilities = tuple(likely.tolist())
        status, reason = self._status(find, probabilities)
        focus = sharpness(look.crop, look.mask)
        cell = Cell(find.region, best, probabilities, focus, status, reason)
        return NamedCell(cell, told.probabilities, said, look, teaches)

    def decide(self, probabilities: tuple[float, ...], area_um2: float) -> tuple[CellStatus, str]:
        """Return what becomes of a whole cell, and why if it is not counted.

        Args:
            probabilities: one per `CellClass`, in its order.
            area_um2: its area.
        """
        if area_um2 > self._segmenter.largest_area_um2:
            return CellStatus.EXCLUDED, "larger than any single leukocyte"
        return decided(probabilities, unclassified_below=self.unclassified_below)

    def _status(self, find: Find, probabilities: tuple[float, ...]) -> tuple[CellStatus, str]:
        if find.region.cut_by_border:
            return CellStatus.EXCLUDED, "cut by the border of the field"
        if not find.is_whole:
            return CellStatus.EXCLUDED, "larger than the outliner's window"
        return self.decide(probabilities, find.region.area_um2)
