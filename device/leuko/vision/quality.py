"""Whether a frame may be counted, and what the person at the microscope should do if not."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from leuko.cells import RGBImage
from leuko.status import Guidance
from leuko.vision._edge_blur import edge_sharpness
from leuko.vision._film_density import FilmDensity, film_density

_EDGES_UM_PER_PX = 0.28
"""Coarsest scale at which edges are judged."""
_FILM_UM_PER_PX = 0.56
"""Coarsest scale at which the film's density is judged."""
_GLASS_SHARE = 0.9
"""Quantile of the levels that is glass wherever there is some."""
_FULL = 254
"""Level from which a channel is saturated; averaging over pixels takes the last step away."""


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """What a frame must fulfil; the sharpness belongs to an optic and may be calibrated.

    Attributes:
        darkest: level of the glass, 0 to 255, below which there is too little light.
        most_clipped: share of channel values that may be saturated.
        longest_step: movement since the last frame, in shares of the shorter side of the view,
            above which the track is about to be lost.
        least_sharpness: `Quality.sharpness` below which the frame is not sharp.
        least_smear: `Quality.smear` from which a frame that is not sharp was smeared by motion.
        moving_um: movement since the last frame from which a frame that is not sharp was, too.
        still_um: movement since the last frame below which it was not, whatever its smear.
        bare_contrast: contrast below which there is nothing that could be focused on.
        least_contrast: contrast of a sharp field below which it shows no red cells.
        least_cover: share of the field under cells below which the film is too thin.
        most_overlap: `Quality.overlap` above which the film is too thick.
        most_cover: share of the field under cells above which it is too thick, too.
    """

    darkest: float = 100.0
    most_clipped: float = 0.2
    longest_step: float = 0.35
    least_sharpness: float = 1.6
    least_smear: float = 1.17
    moving_um: float = 2.0
    still_um: float = 0.2
    bare_contrast: float = 0.03
    least_contrast: float = 0.05
    least_cover: float = 0.25
    most_overlap: float = 0.34
    most_cover: float = 0.85


DEFAULT_LIMITS = QualityLimits()
"""Limits that the sharp fields of four laboratories meet."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What the gate measured.

    Attributes:
        guidance: what to do; `Guidance.NONE` if the frame may be counted.
        sharpness: of the outlines in the direction in which they are softest; 1 is nothing but
            blur, 2 to 3 is in focus.
        smear: how much sharper the outlines are across that direction; 1 is not at all.
        background: level of the glass in green, 0 to 255.
        clipped: share of channel values that are saturated.
        cover: share of the field under cells.
        contrast: logarithm of the green light that red cells hold back.
        overlap: outlines that run inside other cells, about 0.2 where cells just touch.
    """

    guidance: Guidance
    sharpness: float
    smear: float
    background: float
    clipped: float
    cover: float
    contrast: float
    overlap: float

    @property
    def is_good(self) -> bool:
        """Whether cells may be counted in the frame."""
        return self.guidance is Guidance.NONE


def judge(
    rgb: RGBImage, *, um_per_px: float, moved_um: float, limits: QualityLimits = DEFAULT_LIMITS
) -> Quality:
    """Return what is wrong with a frame, the gravest first, with all that was measured.

    Args:
        rgb: ``(height, width, 3)`` uint8, RGB; a shrunk picture of at most 0.28 µm per pixel
            will do.
        um_per_px: its scale.
        moved_um: how far the slide moved since the frame before; infinite if unknown.
        limits: what is asked of it.
    """
    fine, fine_um = _shrunk(rgb, um_per_px, _EDGES_UM_PER_PX)
    coarse, coarse_um = _shrunk(fine, fine_um, _FILM_UM_PER_PX)
    edges = edge_sharpness(fine[..., 1], um_per_px=fine_um)
    film = film_density(coarse, um_per_px=coarse_um)
    levels = np.sort(coarse[::8, ::8, 1], axis=None)
    background = float(levels[int(_GLASS_SHARE * (levels.size - 1))])
    clipped = float(np.count_nonzero(coarse >= _FULL) / coarse.size)
    smear = edges.most / edges.least
    way = moved_um if math.isfinite(moved_um) else None
    guidance = (
        _light(background, clipped, limits)
        or _too_far(way, min(rgb.shape[:2]) * um_per_px, limits)
        or (Guidance.TOO_THIN if film.contrast < limits.bare_contrast else Guidance.NONE)
        or _sharpness(edges.least, smear, way, limits)
        or _film(film, limits)
    )
    return Quality(
        guidance=guidance,
        sharpness=edges.least,
        smear=smear,
        background=background,
        clipped=clipped,
        cover=film.cover,
        contrast=film.contrast,
        overlap=film.overlap,
    )


def _light(background: float, clipped: float, limits: QualityLimits) -> Guidance:
    if background < limits.darkest:
        return Guidance.TOO_DARK
    return Guidance.TOO_BRIGHT if clipped > limits.most_clipped else Guidance.NONE


def _too_far(way_um: float | None, view_um: float, limits: QualityLimits) -> Guidance:
    is_far = way_um is not None and way_um > limits.longest_step * view_um
    return Guidance.SLOWER if is_far else Guidance.NONE


def _sharpness(
    sharpness: float, smear: float, way_um: float | None, limits: QualityLimits
) -> Guidance:
    if sharpness >= limits.least_sharpness:
        return Guidance.NONE
    is_smeared = smear >= limits.least_smear
    if way_um is not None:
        is_smeared = way_um >= limits.moving_um or (is_smeared and way_um >= limits.still_um)
    return Guidance.SLOWER if is_smeared else Guidance.FOCUS


def _film(film: FilmDensity, limits: QualityLimits) -> Guidance:
    if film.contrast < limits.least_contrast or film.cover < limits.least_cover:
        return Guidance.TOO_THIN
    is_thick = film.overlap > limits.most_overlap or film.cover > limits.most_cover
    return Guidance.TOO_THICK if is_thick else Guidance.NONE


def _shrunk(rgb: RGBImage, um_per_px: float, coarsest: float) -> tuple[RGBImage, float]:
    """Return the picture halved as often as its scale stays below the coarsest, and its scale."""
    while 2 * um_per_px <= coarsest and min(rgb.shape[:2]) > 1:
        half = (rgb.shape[1] // 2, rgb.shape[0] // 2)
        rgb = np.asarray(cv2.resize(rgb, half, interpolation=cv2.INTER_AREA), np.uint8)
        um_per_px *= 2
    return rgb, um_per_px
