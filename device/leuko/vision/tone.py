"""How dark a laboratory's nuclei and cytoplasms are, and one curve that makes laboratories alike.

Stain, stray light and a camera's own curve change how much darker a nucleus is than its cytoplasm:
in one laboratory ten times in optical density, in another hardly twice, and there a classifier
takes neutrophils for eosinophils. One curve for all three channels gives every laboratory the same
two densities and leaves its colours, which differ between cells of different classes, alone.

Optical densities here are natural logarithms of background over pixel, mean of the channels.
"""

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import CellClass, Mask, RGBImage
from leuko.vision.preprocess import BACKGROUND_LEVEL

ToneCurve = NDArray[np.uint8]
"""What each grey level becomes, ``(256,)`` uint8."""


@dataclass(frozen=True, slots=True)
class Tone:
    """How dark nuclei and cytoplasms are, of one cell or of a laboratory.

    Attributes:
        nucleus: optical density.
        cytoplasm: optical density.
    """

    nucleus: float
    cytoplasm: float


USUAL_TONE = Tone(nucleus=0.83, cytoplasm=0.28)
"""What curves lead to: a laboratory in the middle of the training sets."""

USUAL_TONES: Mapping[CellClass, Tone] = MappingProxyType({
    CellClass.NEUTROPHIL: Tone(0.907, 0.243),
    CellClass.LYMPHOCYTE: Tone(0.869, 0.364),
    CellClass.MONOCYTE: Tone(0.636, 0.230),
    CellClass.EOSINOPHIL: Tone(0.738, 0.365),
    CellClass.BASOPHIL: Tone(0.886, 0.515),
})
"""Tones of each class in that laboratory: the classes' part when logarithms of the medians of
eight laboratories' classes are taken apart into laboratory and class by least squares."""

USUAL_SMEAR = Tone(0.885, 0.268)
"""Medians over all leukocytes of a healthy adult's smear there, estimated from the
classes'; from their cells, `leuko-train laboratories` finds 0.846 and 0.277."""

_LOOKS_OF_TONE = 6
"""Looks at cells that the usual laboratory is worth: each is looked at three times or more, and
cells' contrasts vary, squared, twice as much as laboratories' do (logarithms: 0.40 and 0.31)."""
_LOOKS_OF_CALIBRATED = 24
"""Looks that a calibrated laboratory is worth: four times as many as the usual one, for its slides
differ among one another at most half as much as laboratories do."""
_LOOKS_OF_NAMES = 60
"""Looks from which sure names are worth as much as the mix of a healthy adult."""
_DOUBTED_NAMES = 0.4
"""Share that doubted names come to: what forty looks give them. With more, a laboratory whose
neutrophils were taken for eosinophils is never set right."""
_FIRST_DOUBTS, _ALL_DOUBTS = 2 / 3, 0.9
"""Eosinophils among neutrophils and eosinophils from which names are doubted, and wholly: beside
two of a patient's eosinophils there is nearly always a neutrophil."""
_DOUBTED_CELLS = (9, 1)
"""Eosinophils and neutrophils that are thought to be there before any was seen: names are wholly
doubted first."""

_DENSITIES = -np.log((np.arange(256, dtype=np.float32) + 1) / (BACKGROUND_LEVEL + 1))
_STEPS = 100.0
"""Steps of a density of 1 while nucleus and cytoplasm are parted; 8 bits end at 2.5."""
_INNER = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
"""Keeps the rim, which the background shines into, out of the cytoplasm."""
_FEWEST_PX = 25
_SMALLEST_SHARE = 0.08
"""Of a cell's pixels that must be nucleus, and as many cytoplasm, to tell them apart."""
_PALEST_NUCLEUS, _PALEST_CYTOPLASM = 0.08, 0.04
_LEAST_CONTRAST = 1.15
_STEEPEST = 2.0
_STRAIGHT_BELOW = 0.05
"""Density below which the curve is straight: a power would blow up the noise of the background."""


def cell_tone(crop: RGBImage, mask: Mask) -> Tone | None:
    """Return how dark a cell's nucleus and cytoplasm are; None if they can't be told apart.

    They are parted by Otsu's threshold (IEEE Trans. SMC 9:62, 1979).

    Args:
        crop: ``(height, width, 3)`` uint8, RGB, white balanced, at the classifier's scale.
        mask: ``(height, width)`` bool, true on the cell.
    """
    inner = cv2.erode(mask.view(np.uint8), _INNER).view(np.bool_)
    # Every fourth pixel gives the same medians in a third of the time.
    densities = _DENSITIES[crop[::2, ::2][inner[::2, ::2]]].mean(axis=1)
    if len(densities) < _FEWEST_PX:
        return None
    steps = np.clip(densities * _STEPS, 0, 255).astype(np.uint8)
    threshold, _ = cv2.threshold(steps[:, None], 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    is_nucleus = steps > threshold
    if not _SMALLEST_SHARE < is_nucleus.mean() < 1 - _SMALLEST_SHARE:
        return None
    nucleus = max(float(np.median(densities[is_nucleus])), _PALEST_NUCLEUS)
    cytoplasm = max(float(np.median(densities[~is_nucleus])), _PALEST_CYTOPLASM)
    # Noise can always be parted in two.
    return Tone(nucleus, cytoplasm) if nucleus > _LEAST_CONTRAST * cytoplasm else None


def doubt_of_names(unevened: Iterable[CellClass]) -> float:
    """Return how far names are doubted when a laboratory's tone is guessed, 0 to 1.

    A laboratory whose neutrophils are taken for eosinophils gives itself away by hardly any
    neutrophil beside many eosinophils. Where hardly any cell is named either, nothing speaks
    against that, and names stay doubted.

    Args:
        unevened: what cells of the laboratory are named as they are, no curve being applied.
    """
    names = list(unevened)
    eosinophils, neutrophils = (
        names.count(name) + before
        for name, before in zip(
            (CellClass.EOSINOPHIL, CellClass.NEUTROPHIL), _DOUBTED_CELLS, strict=True
        )
    )
    share = eosinophils / (eosinophils + neutrophils)
    return float(np.interp(share, (_FIRST_DOUBTS, _ALL_DOUBTS), (0.0, 1.0)))


def measured_tone(cells: Iterable[tuple[CellClass, Tone]], *, doubt: float) -> Tone | None:
    """Return how dark a laboratory's cells are by those that are known; None without one.

    Two guesses are put together. One takes all cells for those of a healthy adult, so it is misled
    by a smear with many eosinophils. The other compares each with the usual cell of its class, so
    it is misled by wrong names: a neutrophil taken for an eosinophil looks as dark as an eosinophil
    should. The second weighs the more the more cells there are, and the less names are doubted.

    Args:
        cells: class and tone of each; only the five leukocyte classes tell anything.
        doubt: of the names, 0 to 1.
    """
    known = _told_by(cells)
    return _tone(_guess(known, doubt)) if known else None


def laboratory_tone(
    cells: Iterable[tuple[CellClass, Tone]],
    *,
    doubt: float,
    calibrated: Tone | None = None,
) -> Tone:
    """Return the tone of the laboratory that cells come from, without cells what is expected.

    Args:
        cells: as for `measured_tone`; the fewer they are, the nearer the tone is to the expected.
        doubt: as for `measured_tone`; 0 where a person has given the names.
        calibrated: what is expected: how dark its cells were when it was calibrated; None for the
            usual laboratory.
    """
    expected, known = calibrated or USUAL_TONE, _told_by(cells)
    if not known:
        return expected
    looks = len(known)
    seen = looks / (looks + (_LOOKS_OF_CALIBRATED if calibrated else _LOOKS_OF_TONE))
    guess = _guess(known, doubt)
    return _tone(seen * guess + (1 - seen) * _logs(expected))


def _guess(known: list[tuple[float, float, float, float]], doubt: float) -> NDArray[np.float64]:
    logs, count = np.log(np.array(known)), len(known)
    by_mix = np.median(logs[:, :2], axis=0) - _logs(USUAL_SMEAR)
    by_name = np.median(logs[:, :2] - logs[:, 2:], axis=0)
    most = 1 - doubt * (1 - _DOUBTED_NAMES)
    named = min(most, count / (count + _LOOKS_OF_NAMES))
    return np.asarray(_logs(USUAL_TONE) + (1 - named) * by_mix + named * by_name)


def _told_by(cells: Iterable[tuple[CellClass, Tone]]) -> list[tuple[float, float, float, float]]:
    """Return each cell's densities beside the usual ones of its class."""
    return [
        (tone.nucleus, tone.cytoplasm, usual.nucleus, usual.cytoplasm)
        for name, tone in cells
        if (usual := USUAL_TONES.get(name))
    ]


def _tone(logs: NDArray[np.float64]) -> Tone:
    return Tone(*np.exp(logs).tolist())


def _logs(tone: Tone) -> NDArray[np.float64]:
    return np.log([tone.nucleus, tone.cytoplasm])


def evened(image: RGBImage, tone: Tone) -> RGBImage:
    """Return an image of a laboratory as if its tone were the usual one.

    Args:
        image: ``(height, width, 3)`` uint8, RGB, white balanced; left as it is.
        tone: of the laboratory.
    """
    return np.asarray(cv2.LUT(image, _curve(tone)), np.uint8)


@functools.lru_cache(maxsize=512)
def _curve(tone: Tone) -> ToneCurve:
    """Return the power of the density that leads both densities to the wanted ones.

    Where the power would be steeper than allowed, their geometric mean still gets there.
    """
    has = math.log(max(tone.nucleus / tone.cytoplasm, _LEAST_CONTRAST))
    wanted = math.log(USUAL_TONE.nucleus / USUAL_TONE.cytoplasm)
    power = min(max(wanted / has, 1 / _STEEPEST), _STEEPEST)
    middle = math.sqrt(tone.nucleus * tone.cytoplasm)
    gain = math.sqrt(USUAL_TONE.nucleus * USUAL_TONE.cytoplasm) / middle**power
    densities = np.maximum(_DENSITIES, 0).astype(np.float64)
    straight = _STRAIGHT_BELOW ** (power - 1) * densities
    curved = gain * np.where(densities < _STRAIGHT_BELOW, straight, densities**power)
    levels = (BACKGROUND_LEVEL + 1) * np.exp(-curved) - 1
    # What is brighter than the background stays as it is.
    levels[BACKGROUND_LEVEL:] = np.arange(BACKGROUND_LEVEL, 256)
    return np.asarray(np.clip(np.rint(levels), 0, 255), np.uint8)
