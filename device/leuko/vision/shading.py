"""The light of an empty field, found from ordinary fields of a moving smear.

Lamp, condenser and small camera modules light a field unevenly and colour its corners. What stays
the same from field to field while the cells change is that light (retrospective correction; Peng
et al., Nature Communications 8:14836, 2017). Where a field is empty it is what the camera sees.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from leuko.cells import RGBImage
from leuko.errors import ImageError
from leuko.vision.flat_field import FlatField, Floats

FIT_SIDE = 256
"""Pixels of the longer side at which light is measured; dust that is finer stays as it is."""
LARGEST_GAIN = 4.0
"""Factor beyond which a corner holds more noise than picture."""
FEWEST_FIELDS = 4
"""Fields of a smear that light can be told from at all."""

_FULL = 253
"""Level from which a reduced pixel was saturated, at least in part."""
_BRIGHT_SHARE = 0.8
"""Quantile, of a pixel over the fields or of a field, that is background wherever cells move."""
_BAND = 0.05
"""Logarithm of light within which a pixel is as bright as the background; red cells hold back
0.15 and more of the green."""
_SPREADS = (16.0, 8.0, 5.0, 3.0, 2.0, 2.0, 2.0)
"""Standard deviations of the smoothing, in reduced pixels, from coarse to fine."""
_DOUBT = np.float32(0.05)
_NEIGHBOURHOOD = 6.0
"""Standard deviation, in reduced pixels, of what counts as the same place: half a red cell."""
_LEAST_SEEN = 0.5
"""Fields that must have shown background at a place; below it, its light is a guess."""
_ALIKE = 0.6
"""Correlation from which two fields show the same cells in the same place."""
_AROUND = 10.0
"""Standard deviation, in reduced pixels, of what a cell is compared with."""
_SPECK = 0.04
_MOST_SPECKS = 0.02
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue (ITU-R BT.601)."""


@dataclass(frozen=True, slots=True)
class ReducedField:
    """What is kept of a field while light is measured.

    Attributes:
        logs: ``(rows, columns, 3)`` float32, logarithm of the levels at `FIT_SIDE`.
        shape: height and width of the field.
        clipped: share of its pixels in which a channel is saturated.
    """

    logs: Floats
    shape: tuple[int, int]
    clipped: float

    @property
    def level(self) -> float:
        """Level of its background in its darkest channel, 0 to 255."""
        return float(np.exp(np.quantile(self.logs, _BRIGHT_SHARE, axis=(0, 1)).min()))


def reduce_field(rgb: RGBImage) -> ReducedField:
    """Return what light is measured from, to be kept in the field's place.

    Args:
        rgb: ``(height, width, 3)`` uint8, RGB, as the camera gave it.
    """
    height, width = rgb.shape[:2]
    factor = min(1.0, FIT_SIDE / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    clipped = float((small >= _FULL).any(axis=2).mean())
    logs = np.log(np.maximum(small, 1).astype(np.float32))
    return ReducedField(logs, (height, width), clipped)


def show_the_same(one: ReducedField, other: ReducedField) -> bool:
    """Return whether the slide lay in the same place: nothing new is learnt from the other."""
    first, second = _texture(one), _texture(other)
    norm = float(np.linalg.norm(first) * np.linalg.norm(second))
    return norm > 0 and float(np.vdot(first, second)) > _ALIKE * norm


def fit_flat_field(fields: Sequence[ReducedField]) -> FlatField:
    """Return what evens out the light that lay on the fields.

    Args:
        fields: of one camera with locked exposure: `FEWEST_FIELDS` or more of different places of
            a smear, twenty are better; or one of empty glass.

    Raises:
        ImageError: the fields are too few, of several sizes, without background somewhere, or lit
            so unevenly that no correction helps.
    """
    _check(fields)
    light, seen = _fitted_light(np.stack([field.logs for field in fields]))
    if float(seen.min()) < _LEAST_SEEN:
        raise ImageError(
            f"no background was seen in the {_where(seen)} of the field; go to a thinner part of "
            "the smear, or give more fields"
        )
    gain = np.exp(np.median(light, axis=(0, 1)) - light).astype(np.float32)
    if float(gain.max()) > LARGEST_GAIN:
        raise ImageError(
            f"the light falls to 1/{gain.max():.1f} in the {_where(-gain.max(axis=2))} of the "
            "field; centre the condenser and the lamp first"
        )
    return FlatField(gain, fields[0].shape)


def unevenness(flat_field: FlatField, *, corrected_by: FlatField | None = None) -> float:
    """Return how uneven a light is: the robust coefficient of variation of its luminance.

    That is 1.4826 times the median absolute deviation, over the median.

    Args:
        flat_field: of the light.
        corrected_by: a correction that was found from other fields; None leaves the light as it
            is.
    """
    gain = np.float32(1) if corrected_by is None else corrected_by.gain
    light = (gain / flat_field.gain) @ _LUMINANCE
    middle = float(np.median(light))
    return float(1.4826 * np.median(np.abs(light - middle)) / middle)


def is_empty(field: ReducedField) -> bool:
    """Return whether a field is empty glass: hardly anything is darker than what lies around."""
    return bool(np.mean(_texture(field) < -_SPECK) < _MOST_SPECKS)


def _check(fields: Sequence[ReducedField]) -> None:
    shapes = {field.shape for field in fields}
    if len(shapes) > 1:
        named = " and ".join(f"{width} x {height}" for height, width in sorted(shapes))
        raise ImageError(f"the fields are of several sizes ({named}); give those of one camera")
    if len(fields) < FEWEST_FIELDS and not (fields and all(map(is_empty, fields))):
        raise ImageError(
            f"{len(fields)} fields are too few to tell light from cells; give {FEWEST_FIELDS} or "
            "more of different places, or one of empty glass"
        )


def _fitted_light(logs: Floats) -> tuple[Floats, Floats]:
    """Return the logarithm of the light, and how often background was seen at each pixel.

    Args:
        logs: ``(fields, rows, columns, 3)``.
    """
    levels = np.quantile(logs[:, ::3, ::3], _BRIGHT_SHARE, axis=(1, 2), keepdims=True)
    rest = np.asarray(logs - levels, np.float32)
    brightest = np.sort(rest, axis=0)[int(_BRIGHT_SHARE * (len(rest) - 1))]
    light = _smooth(brightest.astype(np.float32), 4.0)
    count = np.zeros(light.shape[:2], np.float32)
    for spread in _SPREADS:
        rest = logs - light
        rest -= _background_levels(rest)
        # Red cells hold back green most of all; what a flare does to red must not hide it.
        is_background = np.abs(rest[..., 1]) < _BAND
        count = is_background.sum(axis=0, dtype=np.float32)
        total = (rest * is_background[..., None]).sum(axis=0)
        # What was hardly seen here keeps what the coarser rounds have told of its neighbourhood.
        seen = _smooth(count, spread) + _DOUBT
        light += _smooth(total, spread) / seen[..., None]
    return light, _smooth(count, _NEIGHBOURHOOD)


def _background_levels(rest: Floats) -> Floats:
    """Return each field's background, ``(fields, 1, 1, 3)``: the mode next to its brightest."""
    # A ninth of the pixels tells it as well, in a ninth of the time.
    fields = rest[:, ::3, ::3].reshape(len(rest), -1, 3)
    levels = np.quantile(fields, _BRIGHT_SHARE, axis=1)
    for _ in range(4):
        for index, field in enumerate(fields):
            near = np.abs(field[:, 1] - levels[index, 1]) < _BAND
            if near.any():
                levels[index] = np.median(field[near], axis=0)
    return levels[:, None, None].astype(np.float32)


def _texture(field: ReducedField) -> Floats:
    """Return the logarithm of green against what lies around it, single noisy pixels aside."""
    green = cv2.medianBlur(np.ascontiguousarray(field.logs[..., 1]), 3)
    return np.asarray(green - _smooth(np.asarray(green, np.float32), _AROUND), np.float32)


def _smooth(plane: Floats, spread: float) -> Floats:
    smooth = cv2.GaussianBlur(plane, (0, 0), spread, borderType=cv2.BORDER_REFLECT)
    return np.asarray(smooth, np.float32)


def _where(plane: Floats) -> str:
    """Return in words where a plane is lowest."""
    row, column = np.unravel_index(int(np.argmin(plane)), plane.shape)
    down, across = (
        int(3 * at / length) for at, length in zip((row, column), plane.shape, strict=True)
    )
    names = (("upper left", "top", "upper right"), ("left", "middle", "right"))
    return (*names, ("lower left", "bottom", "lower right"))[down][across]
