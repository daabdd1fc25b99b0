"""What is known of a slide: keyframes in their places, their mosaic, and what is not the slide."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from leuko.cells import RGBImage
from leuko.tracking._flat_field import FlatField
from leuko.tracking._keyframes import Keyframe, KeyframeArchive, Keyframes
from leuko.tracking._mosaic import Mosaic
from leuko.tracking._positions import Position, SegmentJoin
from leuko.vision.imprints import Imprint, Plane, imprint, shrunk_density
from leuko.vision.registration import FOLLOWING, Demand, Shift, match

LEAST_CONTRAST: Final = 0.012
"""Below is empty glass, or nothing in focus; noise gives 0.005, blood 0.05 and more."""
_KEYFRAME_OVERLAP = 0.6
"""A frame that overlaps every keyframe by less becomes one."""
_TRUSTED_OVERLAP = 0.5
"""Of keyframes that overlap by as much, the oldest places a frame: what is met again on the way
back has the coordinates it had before, however far the way drifted."""
_LEAST_OVERLAP = 0.2
_SHARP = 0.5
"""Least sharpness of a keyframe; a stage that smears by 50 pixels of the camera reaches it."""
_FORGETTING = 0.9
"""Power that brings a keyframe's sharpness back to 1, lest the errors of a long chain add up."""
_SHARPER = 1.25
_SAME_PLACE = 0.85
_TIES = 3
"""Keyframes that a new one is tied to."""
_SLACK = 0.03
"""Share of the frame's width by which neighbours may disagree and still be averaged."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One frame as the tracker sees it.

    Attributes:
        rgb: ``(height, width, 3)`` uint8, RGB, the camera's own.
        raw: ``(rows, 160)`` float32, its density.
        density: the same without what is fixed in the optics.
        imprint: what can be recognised of it.
    """

    rgb: RGBImage
    raw: Plane
    density: Plane
    imprint: Imprint


@dataclass(frozen=True, slots=True)
class Placed:
    """A place, and how sharp the view is that was given it.

    Attributes:
        position: the place.
        sharpness: about 1, and less if the view is blurred compared with the keyframes.
    """

    position: Position
    sharpness: float


class SlideMap:
    """Places views by keyframes, and makes keyframes of views with a place.

    Attributes:
        width_um: width of a frame.
        height_um: height of a frame.
        keyframes: the views that others are placed by.
        mosaic: picture of the slide.
        usual_contrast: of the last keyframes; 0 without any.
    """

    def __init__(
        self, archive: KeyframeArchive, *, um_per_px: float, shape: tuple[int, ...]
    ) -> None:
        """Begin with an unknown slide.

        Args:
            archive: where pictures of keyframes go.
            um_per_px: scale of the frames.
            shape: of the frames.
        """
        self.width_um, self.height_um = shape[1] * um_per_px, shape[0] * um_per_px
        rows = shrunk_density(np.zeros(shape, np.uint8)).shape[0]
        size = (self.width_um, self.height_um)
        self.keyframes = Keyframes(archive, rows=rows, width_um=size[0], height_um=size[1])
        self.mosaic = Mosaic(width_um=self.width_um, height_um=self.height_um)
        self.usual_contrast = 0.0
        self._flat_field = FlatField()

    def view(self, rgb: RGBImage) -> View:
        """Return a frame as it is compared with others."""
        raw = shrunk_density(rgb)
        density = self._flat_field.removed(raw)
        return View(rgb, raw, density, imprint(density))

    def way_um(self, reference: Imprint, view: Imprint) -> tuple[float, float] | None:
        """Return how far a view lies to the right of and below another, in µm; None if unsure."""
        shift = match(reference, view)
        return self._in_um(shift, view) if shift else None

    def placed(self, view: View, number: int, demand: Demand) -> Placed | None:
        """Return where a view is by one keyframe; None if that cannot be said surely."""
        shift = match(self.keyframes.imprint(number), view.imprint, demand)
        if shift is None:
            return None
        one = self.keyframes[number]
        position = one.position.moved(*self._in_um(shift, view.imprint))
        return Placed(position, one.sharpness * shift.sharpness)

    def references(self, position: Position) -> list[int]:
        """Return keyframes by which a view near there is to be placed, the best first."""
        near = self.keyframes.around(position)
        trusted = sorted(one.number for overlap, one in near if overlap >= _TRUSTED_OVERLAP)
        close = [one.number for overlap, one in near if overlap >= _LEAST_OVERLAP]
        return list(dict.fromkeys(trusted[:1] + close))

    def begin(self, view: View, segment: int) -> Position:
        """Begin a segment with a view and return its place."""
        position = Position(segment, 0.0, 0.0)
        self.add(view, Placed(position, 1.0))
        return position

    def add(self, view: View, placed: Placed) -> None:
        """Make a keyframe of a view."""
        sharpness = min(1.0, placed.sharpness) ** _FORGETTING
        self.keyframes.add(placed.position, view.density, sharpness=sharpness)
        self.mosaic.add(view.rgb, placed.position)
        self._flat_field.learn(view.raw)
        contrast = view.imprint.contrast
        self.usual_contrast += (contrast - self.usual_contrast) / min(len(self.keyframes), 8)

    def keep(self, view: View, placed: Placed) -> Position:
        """Make a keyframe of a view if one is wanting there, or if it is sharper than the old.

        Returns:
            The view's place; a new keyframe's is balanced between its neighbours.
        """
        near = self.keyframes.around(placed.position)
        overlap = near[0][0] if near else 0.0
        if overlap >= _SAME_PLACE and placed.sharpness > _SHARPER * near[0][1].sharpness:
            sharpness = min(1.0, placed.sharpness)
            number = near[0][1].number
            self.keyframes.improve(number, placed.position, view.density, sharpness=sharpness)
            self.mosaic.add(view.rgb, placed.position)
        if overlap >= _KEYFRAME_OVERLAP or placed.sharpness < _SHARP:
            return placed.position
        position = self._balanced(view, placed.position, near)
        self.add(view, Placed(position, placed.sharpness))
        return position

    def join(self, join: SegmentJoin) -> None:
        """Make one segment part of another."""
        self.keyframes.join(join)
        self.mosaic.join(join)

    def _in_um(self, shift: Shift, view: Imprint) -> tuple[float, float]:
        rows, columns = view.fine.shape
        return shift.dx * self.width_um / columns, shift.dy * self.height_um / rows

    def _balanced(
        self, view: View, position: Position, near: list[tuple[float, Keyframe]]
    ) -> Position:
        slack = _SLACK * self.width_um
        places, weights = [], []
        for overlap, one in near[:_TIES]:
            tie = self.placed(view, one.number, FOLLOWING) if overlap >= _LEAST_OVERLAP else None
            if tie and distance_um(tie.position, position) <= slack:
                places.append((tie.position.x_um, tie.position.y_um))
                weights.append(overlap)
        if not places:
            return position
        x, y = np.average(places, axis=0, weights=weights)
        return Position(position.segment, float(x), float(y))


def distance_um(a: Position, b: Position) -> float:
    """Return how far apart two places of one segment are."""
    return float(np.hypot(a.x_um - b.x_um, a.y_um - b.y_um))
