"""How a laboratory gets known by the cells that were named."""

from collections.abc import Iterable
from dataclasses import dataclass

from leuko.adaptation import features_of
from leuko.cells import Cell, CellClass, RGBImage
from leuko.pipeline._comparing import Floats
from leuko.pipeline._namer import Look
from leuko.vision.laboratory import Laboratory
from leuko.vision.tone import cell_tone
from leuko.vision.traits import cell_traits


@dataclass(frozen=True, slots=True)
class NamedCell:
    """A cell with what led to its name.

    Attributes:
        cell: the cell.
        told: ``(classes,)`` float64, what the bundle says of it.
        said: ``(classes,)`` float64, what is said of it whatever the others are.
        look: how it was seen.
        teaches: whether the laboratory is known by it: a single leukocyte that is not strange.
    """

    cell: Cell
    told: Floats
    said: Floats
    look: Look
    teaches: bool


class Learner:
    """Lets a laboratory be known by what was seen, if the bundle wants that."""

    def __init__(self, laboratory: Laboratory, *, evens: bool, compares: bool) -> None:
        """Begin to learn.

        Args:
            laboratory: what gets known.
            evens: whether what its cells have in common is taken away before one is named.
            compares: whether they tell of each other.
        """
        self._laboratory, self._evens, self._compares = laboratory, evens, compares

    def shown(self, look: Look) -> RGBImage:
        """Return a cell's crop as it would look in the usual laboratory."""
        return self._laboratory.evened(look.crop) if self._evens else look.crop

    def learn_tone(self, look: Look, name: CellClass, *, as_it_is: CellClass) -> None:
        """Take in how dark a leukocyte is, and what it is named.

        Args:
            look: at the leukocyte, as it is.
            name: that it was given.
            as_it_is: its name where it is not made like the usual laboratory's.
        """
        if not self._evens:
            return
        if tone := cell_tone(look.crop, look.mask):
            self._laboratory.add(name, tone)
        if self._laboratory.wants_unevened:
            self._laboratory.add_unevened(as_it_is)

    def learn_traits(self, named: Iterable[NamedCell]) -> None:
        """Take in what is measured of cells, each of which comes once."""
        for one in named:
            if self._compares and one.teaches:
                traits = cell_traits(one.look.crop, one.look.mask)
                self._laboratory.take_in(one.said, features_of(traits, one.told))
