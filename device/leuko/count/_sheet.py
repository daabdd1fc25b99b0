"""The cells of a run on one sheet, by class, those first whose names are least sure."""

from collections import Counter
from dataclasses import dataclass

from leuko.cells import Cell, CellStatus, RGBImage
from leuko.certainty import in_percent
from leuko.reports import FieldReport
from leuko.vision.sheet import (
    GROUPS,
    MOST_SHOWN,
    Group,
    Portrait,
    draw_sheet,
    group_of,
    portrait_picture,
    shortened,
)


@dataclass(frozen=True, slots=True)
class _Kept:
    probability: float
    portrait: Portrait


class RunSheet:
    """Keeps the least sure cells of each class; cells that are cut or too large are left away."""

    def __init__(self) -> None:
        self._kept: dict[str, list[_Kept]] = {}
        self._seen: Counter[str] = Counter()

    def add(self, field: FieldReport, rgb: RGBImage) -> None:
        """Keep the cells of an image that a second reader would look at."""
        for number, cell in enumerate(field.cells, 1):
            if _is_shown(cell):
                group = group_of(cell)
                self._seen[group] += 1
                self._keep(self._kept.setdefault(group, []), field, number, rgb)

    def drawn(self) -> RGBImage:
        """Return the sheet, ``(height, width, 3)`` uint8."""
        groups = [self._group(name) for name in GROUPS]
        title = "Cells by the class they were given, the least sure first"
        return draw_sheet(title, groups, nothing="no cell was found")

    def _keep(self, kept: list[_Kept], field: FieldReport, number: int, rgb: RGBImage) -> None:
        cell = field.cells[number - 1]
        if len(kept) == MOST_SHOWN and cell.probability >= kept[-1].probability:
            return
        picture = portrait_picture(rgb, cell.region.box, um_per_px=field.um_per_px)
        # As the table has them.
        where = shortened(field.image, f" #{number}")
        kept.append(_Kept(cell.probability, Portrait(picture, where, _sure(cell))))
        kept.sort(key=lambda one: one.probability)
        del kept[MOST_SHOWN:]

    def _group(self, name: str) -> Group:
        portraits = [one.portrait for one in self._kept.get(name, [])]
        return Group(name, self._seen[name], portraits, which="least sure")


def _is_shown(cell: Cell) -> bool:
    is_set_aside = cell.status is CellStatus.EXCLUDED and cell.cell_class.is_counted
    return not (is_set_aside or cell.region.cut_by_border)


def _sure(cell: Cell) -> str:
    sure = in_percent(cell.probability)
    if cell.status is CellStatus.UNCLASSIFIED:
        return f"{cell.cell_class.replace('_', ' ')}? {sure}"
    return sure
