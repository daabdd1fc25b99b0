"""What speaks against confirmed cells as they were given: another scale, exchanged names."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType

import numpy as np

from leuko.adaptation import FEWEST_OF_CLASS
from leuko.calibration._labels import LabelledCell
from leuko.cells import CellClass
from leuko.errors import CalibrationError
from leuko.pipeline import ExaminedCell

_USUAL_UM: Mapping[CellClass, float] = MappingProxyType({
    CellClass.NEUTROPHIL: 14.4,
    CellClass.LYMPHOCYTE: 11.0,
    CellClass.MONOCYTE: 16.0,
    CellClass.EOSINOPHIL: 14.8,
    CellClass.BASOPHIL: 13.3,
})
"""Median diameter of a circle as large as the default bundle's outline, over nine sets of seven
laboratories at their nominal scales; on dried smears books have 12 to 15, 10 to 16, 12 to 20, 12 to
17 and 10 to 14 µm."""
_MOST_OFF = 1.5
"""Factor by which cells may differ from the usual ones: those nine sets do by up to 1.2, and by 1.6
or more at half their scale or twice."""
_FEWEST = 2 * FEWEST_OF_CLASS


@dataclass(frozen=True, slots=True)
class ConfirmedCell:
    """A confirmed cell and what was found in its picture.

    Attributes:
        cell: it, with its class and scale.
        examined: what the bundle says of it.
    """

    cell: LabelledCell
    examined: ExaminedCell


def refuse_wrong_scale(confirmed: Sequence[ConfirmedCell]) -> None:
    """Refuse cells that are far smaller or larger than leukocytes are.

    Raises:
        CalibrationError: they are.
    """
    known = [one for one in confirmed if one.cell.cell_class in _USUAL_UM]
    if len(known) < _FEWEST:
        return
    widths = [2 * math.sqrt(one.examined.area_um2 / math.pi) for one in known]
    usual = [_USUAL_UM[one.cell.cell_class] for one in known]
    factor = float(np.median(np.divide(usual, widths)))
    if 1 / _MOST_OFF <= factor <= _MOST_OFF:
        return
    given = float(np.median([one.cell.stated_um_per_px for one in known]))
    raise CalibrationError(
        f"at {given:.4g} µm per pixel the confirmed cells are {np.median(widths):.1f} µm wide, "
        f"where leukocytes of their classes have {np.median(usual):.0f}; {factor:.1f} times that "
        f"scale would fit: give --um-per-px {given * factor:.2g}, or for cells of a session "
        "calibrate the scale and count again"
    )


def doubt_of_names(confirmed: Sequence[ConfirmedCell]) -> str:
    """Return a sentence on two classes whose names seem exchanged; empty where none do.

    That is no more than a doubt: another laboratory's stain can make the bundle err so.
    """
    known = Counter(one.cell.cell_class for one in confirmed)
    taken = Counter((one.cell.cell_class, _most_likely(one.examined)) for one in confirmed)
    common = [name for name in CellClass if known[name] >= FEWEST_OF_CLASS]
    for one, other in combinations(common, 2):
        if 2 * taken[one, other] > known[one] and 2 * taken[other, one] > known[other]:
            return (
                f"to the bundle most {one}s are {other}s and most {other}s {one}s; check that the "
                "two names were not exchanged"
            )
    return ""


def _most_likely(examined: ExaminedCell) -> CellClass:
    return list(CellClass)[int(examined.probabilities.argmax())]
