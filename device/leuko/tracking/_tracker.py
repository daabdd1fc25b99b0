"""Each frame's place on the slide, from what it shows."""

from dataclasses import replace
from math import hypot, inf
from typing import Final

import numpy as np

from leuko.cells import RGBImage
from leuko.errors import ImageError, SettingsError
from leuko.tracking._keyframes import KeyframeArchive, MemoryArchive
from leuko.tracking._overview import Overview
from leuko.tracking._positions import Located, Position, SegmentJoin, Track
from leuko.tracking._slide_map import LEAST_CONTRAST, Placed, SlideMap, View
from leuko.tracking._stretches import StretchSearch
from leuko.vision.imprints import COLUMNS
from leuko.vision.registration import FOLLOWING

_FEWEST_ROWS: Final = 120
_PATIENCE = 6
"""Lost frames before a new segment may begin; 0.3 s of a fast or a blurred stage."""
_CLEAR = 0.4
_PATIENCE_WITH_BLUR = 60
"""The same while contrast is below 0.4 of the usual: somebody is focusing, or blood is sparse."""
_TRIED = 3
"""Keyframes about the last place that are tried for each frame."""
_LEAP = 0.2
"""Share of the frame's width."""
_SHARPNESS_OF_A_LEAP = 0.7
_NO_PICTURE: Final[RGBImage] = np.empty((0, 0, 3), np.uint8)


class SlideTracker:
    """Places the frames of a stage that a hand moves; computes only, one frame after the other.

    Every frame is placed by a keyframe, not by the frame before, so that nothing drifts while the
    stage rests or comes back. The slide may be shifted, not turned. A frame costs the same however
    much of the slide is known.
    """

    def __init__(
        self, *, um_per_px: float, archive: KeyframeArchive | None = None, first_segment: int = 1
    ) -> None:
        """Begin with what the archive has of the slide.

        Args:
            um_per_px: scale of the frames, and of those that the archive was filled from.
            archive: where keyframes go, 22 kB each; None keeps them in memory.
            first_segment: number of the first segment; a session that goes on gives one that it
                has not used.

        Raises:
            SettingsError: the scale is not positive.
        """
        if not 0 < um_per_px < inf:
            raise SettingsError(f"scale {um_per_px} µm/px is no scale; give one above 0")
        self._um_per_px = um_per_px
        self._archive = archive or MemoryArchive()
        self._next_segment = first_segment
        self._shape: tuple[int, ...] = ()
        self._map: SlideMap
        self._stretches: StretchSearch
        self._newest: View | None = None
        self._placed: View | None = None
        self._last: Position | None = None
        self._velocity = (0.0, 0.0)
        self._lost = 0
        self._is_new = False

    def locate(self, rgb: RGBImage) -> Located:
        """Return where a frame is.

        Args:
            rgb: ``(height, width, 3)`` uint8, RGB; not kept, not changed. Frames are given in the
                order they were taken; some may be missing.

        Raises:
            ImageError: the frame is smaller than 160 x 120 pixels, or of another size than those
                before.
        """
        self._check(rgb)
        view = self._map.view(rgb)
        placed = self._followed(view)
        located = self._found(view, placed, Track.FOLLOWED) if placed else self._looked_for(view)
        self._newest = replace(view, rgb=_NO_PICTURE)
        if located.position:
            self._placed = self._newest
        return located

    def finish_search(self) -> SegmentJoin | None:
        """Return what became one segment by comparing the newest placed frame with all keyframes.

        Those that it was compared with already are left out, unless the place was lost since. That
        costs 0.1 ms a keyframe: it is for the end of a session, not for between two frames.
        """
        view, position = self._placed, self._last
        if view is None or position is None or len(self._stretches.segments) < 2:
            return None
        if self._lost:
            # The round went on with frames that have no place.
            self._stretches.begin()
        join = None
        while self._is_new and join is None:
            join = self._stretches.join(view, position)
            self._is_new = join is None and not self._stretches.is_complete
        if join:
            self._stretches.carry_out(join)
            self._last = join.applied(position)
        return join

    def overview(self) -> Overview | None:
        """Return a copy of what was seen of the segment seen last; None before there was any."""
        if not self._shape:
            return None
        return self._map.mosaic.overview(None if self._lost else self._last)

    def _check(self, rgb: RGBImage) -> None:
        height, width = rgb.shape[:2]
        if not self._shape:
            self._begin(rgb.shape)
        if rgb.shape != self._shape:
            raise ImageError(
                f"frame of {width} x {height} pixels came after frames of {self._shape[1]} x "
                f"{self._shape[0]}; keep the camera's size while a slide is counted"
            )

    def _begin(self, shape: tuple[int, ...]) -> None:
        if shape[1] < COLUMNS or shape[0] < _FEWEST_ROWS:
            raise ImageError(
                f"frame of {shape[1]} x {shape[0]} pixels is too small to be followed over a "
                f"slide; set the camera to {COLUMNS} x {_FEWEST_ROWS} or more"
            )
        self._shape = shape
        self._map = SlideMap(self._archive, um_per_px=self._um_per_px, shape=shape)
        self._stretches = StretchSearch(self._map)
        known = self._stretches.segments
        self._next_segment = max(self._next_segment, *(one + 1 for one in known), 0)

    def _followed(self, view: View) -> Placed | None:
        """The place of a view near the last one."""
        if self._last is None:
            return None
        predicted = self._last.moved(*self._velocity)
        likely = self._map.references(predicted)[:1] + self._map.references(self._last)
        for number in list(dict.fromkeys(likely))[:_TRIED]:
            placed = self._map.placed(view, number, FOLLOWING)
            if placed:
                return placed
        return self._leapt(view, self._last)

    def _leapt(self, view: View, last: Position) -> Placed | None:
        """The place of a view that left all keyframes within one frame, by the frame before.

        A small step by the frame before alone is not believed: it may be that of the dust.
        """
        way = None if self._lost else self._way(view)
        if way is None or hypot(*way) < _LEAP * self._map.width_um:
            return None
        return Placed(last.moved(*way), _SHARPNESS_OF_A_LEAP)

    def _way(self, view: View) -> tuple[float, float] | None:
        """Way in µm from the frame before, by what both show."""
        return self._map.way_um(self._newest.imprint, view.imprint) if self._newest else None

    def _found(self, view: View, placed: Placed, track: Track) -> Located:
        self._velocity, moved_um = self._motion(view, placed.position)
        if self._lost and self._is_new:
            # The round went on with frames that have no place.
            self._stretches.begin()
        position = self._map.keep(view, placed)
        join = self._stretches.join(view, position)
        if join:
            track = Track.REGAINED if join.gone == position.segment else track
            self._stretches.carry_out(join)
            position = join.applied(position)
        self._last, self._lost = position, 0
        self._is_new = self._is_new and not join and not self._stretches.is_complete
        return Located(track, position, moved_um, join, self._is_new)

    def _motion(self, view: View, position: Position) -> tuple[tuple[float, float], float]:
        """Way from the frame before, as far as it foretells the next, and its length in µm."""
        if self._lost or self._last is None:
            way = self._way(view)
            return (0.0, 0.0), hypot(*way) if way else inf
        way = (position.x_um - self._last.x_um, position.y_um - self._last.y_um)
        return way, hypot(*way)

    def _looked_for(self, view: View) -> Located:
        """Find a view whose place is not near the last one; else begin a segment, or wait."""
        if not self._lost:
            self._stretches.begin()
        self._lost += 1
        self._velocity = (0.0, 0.0)
        placed = self._stretches.place(view)
        if placed:
            self._is_new = False
            return self._found(view, placed, Track.REGAINED)
        way = self._way(view)
        moved_um = hypot(*way) if way else inf
        if self._may_begin(view, follows=way is not None):
            return self._new(view, moved_um)
        return Located(Track.LOST, None, moved_um)

    def _may_begin(self, view: View, *, follows: bool) -> bool:
        """Whether the view is worth a new segment; one that is followed by others is."""
        contrast = view.imprint.contrast
        if not self._stretches.segments or contrast < LEAST_CONTRAST:
            return contrast >= LEAST_CONTRAST
        is_clear = contrast >= _CLEAR * self._map.usual_contrast
        return follows and self._lost > (_PATIENCE if is_clear else _PATIENCE_WITH_BLUR)

    def _new(self, view: View, moved_um: float) -> Located:
        segment = self._next_segment
        self._next_segment += 1
        # The new segment's own keyframe is no part of this round.
        self._stretches.begin()
        self._is_new = not self._stretches.is_complete
        self._last, self._lost = self._map.begin(view, segment), 0
        self._stretches.add_segment(self._last)
        return Located(Track.NEW, self._last, moved_um, None, self._is_new)
