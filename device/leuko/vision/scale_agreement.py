"""Whether the scales that single fields tell can all be of one microscope.

Single fields of one microscope lie 3 to 6 % about its scale, those of one donor's slide up to
15 % away from another's, so that little is to be learnt from two fields. Limits were chosen on
fields of seven laboratories, drawn at random: three fields or more of each of two microscopes 16 %
apart are told apart in nine draws of ten, two folders of one microscope in fewer than one of 100.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from leuko.vision.scale import ScaleEstimate

FEWEST_FIELDS = 3
"""On either side: fewer of them are not compared."""
_COMPARABLE = 0.5
"""Confidence from which the scale of a single field says something beside those of others."""
_LEAST_APART = float(np.log(1.1))
"""Two smears on one microscope may differ by less: their donors' red cells do by 4 %."""
_LEAST_SPREAD = 0.035
"""Spread of single fields' log scales about their microscope's, however few there are."""
_ERRORS = 4
"""Standard errors by which two folders of one microscope do not differ."""
_LEAST_PARTED = 0.15
_LEAST_GAP = 0.08
"""In log scale: what lies between the fields of two microscopes that nobody has told apart."""
_LEAST_SHARE = 0.4
"""Of the fewer ones: here and there a field of one microscope is far off."""


def comparable_scale(estimate: ScaleEstimate | None) -> float | None:
    """Return the scale of a single field; None if it says too little to be compared."""
    return estimate.um_per_px if estimate and estimate.confidence >= _COMPARABLE else None


def contradict(one: Sequence[float], other: Sequence[float]) -> bool:
    """Return whether two folders' fields cannot be of one microscope.

    Args:
        one: µm per pixel of each field of the first.
        other: those of the second.
    """
    fewest = min(len(one), len(other))
    if fewest < FEWEST_FIELDS:
        return False
    ours, theirs = np.log(one), np.log(other)
    apart = abs(float(np.median(ours) - np.median(theirs)))
    spread = max(_LEAST_SPREAD, _spread(ours, theirs))
    error = spread * math.sqrt(1 / len(one) + 1 / len(other))
    return apart >= max(_LEAST_APART, _ERRORS * error)


def parted(scales: Mapping[str, float]) -> str:
    """Return what two kinds of fields say that cannot be of one microscope; empty if there is one.

    Args:
        scales: µm per pixel by the field's name, of fields that nobody has told apart.
    """
    names = sorted(scales, key=scales.__getitem__)
    logs = np.log([scales[name] for name in names])
    least = max(FEWEST_FIELDS, int(np.ceil(_LEAST_SHARE * len(logs))))
    if len(logs) < 2 * least:
        return ""
    gaps = np.diff(logs)[least - 1 : len(logs) - least]
    split = least + int(np.argmax(gaps))
    finer, coarser = (float(np.median(part)) for part in (logs[:split], logs[split:]))
    if gaps.max() < _LEAST_GAP or coarser - finer < _LEAST_PARTED:
        return ""
    return (
        f"the red cells of {split} images (such as {names[0]}) say about {np.exp(finer):.3g} µm "
        f"per pixel, those of {len(logs) - split} (such as {names[-1]}) about {np.exp(coarser):.3g}"
    )


def _spread(*parts: NDArray[np.float64]) -> float:
    """Robust standard deviation about each part's own median."""
    rests = np.concatenate([part - np.median(part) for part in parts])
    return float(1.4826 * np.median(np.abs(rests)))
