"""Every cell of the count on one sheet, those that are named wrong marked."""

from collections import Counter
from dataclasses import dataclass

from leuko.cells import CellClass, CellStatus, RGBImage
from leuko.certainty import in_percent
from leuko.demo._slide import UM_PER_PX
from leuko.demo._tally import Sighting
from leuko.demo._truth import Comparison
from leuko.sim import TrueCell
from leuko.vision.sheet import (
    GROUPS,
    MOST_SHOWN,
    Group,
    Portrait,
    draw_sheet,
    group_of,
    portrait_picture,
)


@dataclass(frozen=True, slots=True)
class _Kept:
    sighting: Sighting
    picture: RGBImage


class Gallery:
    """The portraits of a slide's cells, at most `MOST_SHOWN` a class."""

    def __init__(self) -> None:
        """Start with no portrait."""
        self._kept: list[_Kept] = []
        self._seen: Counter[str] = Counter()

    def add(self, sighting: Sighting, rgb: RGBImage) -> None:
        """Keep a cell's portrait.

        Args:
            sighting: the cell.
            rgb: the view that showed it.
        """
        group = group_of(sighting.cell)
        self._seen[group] += 1
        if self._seen[group] <= MOST_SHOWN:
            box = sighting.cell.region.box
            self._kept.append(_Kept(sighting, portrait_picture(rgb, box, um_per_px=UM_PER_PX)))

    def sheet(self, comparison: Comparison) -> RGBImage:
        """Return the portraits in rows, the wrongly named marked with what they truly are."""
        truth = {id(sighting): cell for sighting, cell in comparison.matches}
        groups = []
        for group in GROUPS:
            members = [one for one in self._kept if group_of(one.sighting.cell) == group]
            portraits = [_portrait(one, truth[id(one.sighting)]) for one in members]
            groups.append(Group(group, self._seen[group], portraits))
        title = "Cells of a simulated smear by the class they were given"
        return draw_sheet(title, groups, nothing="no cell was met")


def _portrait(kept: _Kept, truth: TrueCell | None) -> Portrait:
    cell = kept.sighting.cell
    right = truth.cell_class if truth else CellClass.PLATELET_OR_ARTEFACT
    given, is_named = cell.cell_class.replace("_", " "), cell.status is not CellStatus.UNCLASSIFIED
    if cell.cell_class is right:
        first = given if is_named else f"maybe: {given}"
        return Portrait(kept.picture, first, in_percent(cell.probability))
    name = truth.cell_class.replace("_", " ") if truth else "no leukocyte"
    first = f"{'named' if is_named else 'maybe'}: {given}"
    return Portrait(kept.picture, first, f"truly: {name}", is_wrong=True)
