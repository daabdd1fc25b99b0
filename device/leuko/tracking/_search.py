"""A search for the place in view among all keyframes, a few with each frame."""

import cv2
import numpy as np

from leuko.tracking._keyframes import Keyframes
from leuko.vision.imprints import Plane
from leuko.vision.registration import overlap_weights

_TRIED_PER_FRAME = 20
"""Keyframes compared in one frame; 0.1 ms each."""
_PASSED_PER_FRAME = 400
"""Keyframes looked at in one frame, those of the present segment included."""
_EVIDENCE = 8.0
"""Least evidence of a sketch that is worth a closer look; half an overlap gives 16 or more."""


class PlaceSearch:
    """Goes round all keyframes, from the newest to the oldest and on from the newest."""

    def __init__(self, keyframes: Keyframes) -> None:
        """Begin with the newest keyframe of a slide."""
        self._keyframes = keyframes
        self._next = -1
        self._left = 0

    @property
    def is_complete(self) -> bool:
        """Whether every keyframe has been tried since the search was begun."""
        return self._left <= 0

    def begin(self) -> None:
        """Begin a round with the newest keyframe."""
        self._next = len(self._keyframes) - 1
        self._left = len(self._keyframes)

    def step(self, view: Plane, *, leaving_out: int | None) -> list[int]:
        """Compare a view with the next few keyframes.

        Args:
            view: ``(rows, columns)`` float32, the view's sketch; it should be of the same place in
                the frames of one round.
            leaving_out: segment in which the view has its place already; None if it is lost.

        Returns:
            Numbers of keyframes worth a closer look, the likeliest first, at most two.
        """
        rows, columns = view.shape
        padded = np.zeros((2 * rows, 2 * columns), np.float32)
        padded[:rows, :columns] = view
        spectrum = cv2.dft(padded, nonzeroRows=rows).astype(np.float32, copy=False)
        scale = max(cv2.norm(view), 1e-6)
        found = [
            (self._evidence(number, spectrum) / scale, number) for number in self._turn(leaving_out)
        ]
        return [number for evidence, number in sorted(found)[:-3:-1] if evidence >= _EVIDENCE]

    def _turn(self, leaving_out: int | None) -> list[int]:
        turn: list[int] = []
        for _ in range(min(_PASSED_PER_FRAME, len(self._keyframes))):
            if self._next < 0:
                self._next = len(self._keyframes) - 1
            if self._keyframes[self._next].position.segment != leaving_out:
                turn.append(self._next)
            self._next -= 1
            self._left -= 1
            if len(turn) == _TRIED_PER_FRAME:
                break
        return turn

    def _evidence(self, number: int, spectrum: Plane) -> float:
        sketch = self._keyframes.sketch(number)
        rows, columns = sketch.shape
        padded = np.zeros((2 * rows, 2 * columns), np.float32)
        padded[:rows, :columns] = sketch
        other = cv2.dft(padded, nonzeroRows=rows)
        product = cv2.mulSpectrums(other, spectrum, 0, conjB=True)
        surface = cv2.idft(product, flags=cv2.DFT_SCALE) * overlap_weights(rows, columns)
        return float(surface.max()) / max(cv2.norm(sketch), 1e-6)
