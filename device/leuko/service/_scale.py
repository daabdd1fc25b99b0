"""The scale of the camera's pictures, found from their red cells while nothing is counted yet."""

from collections import deque

from leuko.cells import RGBImage
from leuko.errors import ScaleError
from leuko.vision.scale import estimate_scale

_FIELDS = 3
_EVERY = 15
"""Pictures from one field to the next: a hand has moved the slide by then."""
_LEAST_CONFIDENCE = 0.6


class ScaleFinder:
    """Collects fields until their red cells agree on a scale.

    Attributes:
        notice: what a person is told while it looks; empty before the first picture and after.
    """

    def __init__(self) -> None:
        """Begin without a field."""
        self._fields: deque[RGBImage] = deque(maxlen=_FIELDS)
        self._seen = 0
        self.notice = ""

    def see(self, rgb: RGBImage) -> float | None:
        """Take a sharp picture in; return µm per pixel once it is known.

        Args:
            rgb: ``(height, width, 3)`` uint8, RGB.
        """
        um_per_px = self._estimate(rgb)
        self.notice = "" if um_per_px else "finding the scale from the red cells"
        return um_per_px

    def _estimate(self, rgb: RGBImage) -> float | None:
        self._seen += 1
        if self._seen % _EVERY != 1:
            return None
        self._fields.append(rgb)
        if len(self._fields) < _FIELDS:
            return None
        try:
            estimate = estimate_scale(list(self._fields))
        except ScaleError:
            return None
        return estimate.um_per_px if estimate.confidence >= _LEAST_CONFIDENCE else None
