"""Fields that are photographed one by one: where those lie that overlap others."""

from dataclasses import dataclass

import numpy as np

from leuko.cells import Mask, RGBImage
from leuko.errors import ImageError
from leuko.tracking._keyframes import MemoryArchive
from leuko.tracking._positions import Position, SegmentJoin
from leuko.tracking._search import PlaceSearch
from leuko.tracking._slide_map import Placed, SlideMap, View
from leuko.vision.imprints import COLUMNS, sketch
from leuko.vision.registration import SEARCHING

_FEWEST_ROWS = 120
_SAME_PLACE = 0.85
"""Share of a field that another shows too, from which nothing new is in it."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacedField:
    """A field in its place.

    Attributes:
        position: its place, after ``joined``; alone in its segment if it overlaps no other field.
        joined: segments that turn out to be one by this field, in this order.
        known: ``(height, width)`` bool, what of it other fields have shown.
        is_new: whether anything is in it that no other field has shown; where it is not, it joins
            segments all the same.
    """

    position: Position
    joined: tuple[SegmentJoin, ...]
    known: Mask
    is_new: bool = True


class FieldMap:
    """Places fields by all those before them, whatever lay between; computes only.

    A `SlideTracker` follows a stage frame by frame; here the stage may have been anywhere
    meanwhile, so that every field is compared with all others: 0.1 ms each.
    """

    def __init__(self, *, um_per_px: float, most_shared: float = _SAME_PLACE) -> None:
        """Begin with a slide that has not been looked at.

        Args:
            um_per_px: scale of the fields.
            most_shared: share of a field, 0 to 1, from which another that shows it, too, makes it
                none that is new.
        """
        self._um_per_px = um_per_px
        self._most_shared = most_shared
        self._shape: tuple[int, ...] = ()
        self._map: SlideMap
        self._search: PlaceSearch

    def place(self, rgb: RGBImage) -> PlacedField:
        """Return where a field lies; one that shows the same place as another is not kept.

        Args:
            rgb: ``(height, width, 3)`` uint8, RGB, sharp; not kept.

        Raises:
            ImageError: it is smaller than 160 x 120 pixels, or of another size than those before.
        """
        self._check(rgb.shape)
        view = self._map.view(rgb)
        placed = self._found(view)
        if placed is None:
            segment = len(self._map.keyframes) + 1
            position = self._map.begin(view, segment)
            return PlacedField(position, (), np.zeros(rgb.shape[:2], np.bool_))
        placed, joined = self._joined(view, placed)
        near = self._map.keyframes.around(placed.position)
        known = self._known(placed.position, [one.position for _, one in near])
        is_new = not near or near[0][0] < self._most_shared
        if is_new:
            self._map.add(view, placed)
        return PlacedField(placed.position, joined, known, is_new=is_new)

    def _check(self, shape: tuple[int, ...]) -> None:
        if not self._shape:
            self._begin(shape)
        if shape != self._shape:
            raise ImageError(
                f"field of {shape[1]} x {shape[0]} pixels came after fields of {self._shape[1]} x "
                f"{self._shape[0]}; give fields of one camera"
            )

    def _begin(self, shape: tuple[int, ...]) -> None:
        if shape[1] < COLUMNS or shape[0] < _FEWEST_ROWS:
            raise ImageError(
                f"field of {shape[1]} x {shape[0]} pixels is too small to be compared with others; "
                f"give {COLUMNS} x {_FEWEST_ROWS} or more"
            )
        self._shape = shape
        self._map = SlideMap(MemoryArchive(), um_per_px=self._um_per_px, shape=shape)
        self._search = PlaceSearch(self._map.keyframes)

    def _found(self, view: View) -> Placed | None:
        """Return the place by the field before, which is the likeliest, else by any other."""
        newest = len(self._map.keyframes) - 1
        placed = self._map.placed(view, newest, SEARCHING) if newest >= 0 else None
        return placed or self._searched(view, leaving_out=None)

    def _searched(self, view: View, *, leaving_out: int | None) -> Placed | None:
        self._search.begin()
        while not self._search.is_complete:
            for number in self._search.step(sketch(view.density), leaving_out=leaving_out):
                if placed := self._map.placed(view, number, SEARCHING):
                    return placed
        return None

    def _joined(self, view: View, placed: Placed) -> tuple[Placed, tuple[SegmentJoin, ...]]:
        """Make one segment of all that the view shows something of."""
        joined: list[SegmentJoin] = []
        position = placed.position
        while other := self._searched(view, leaving_out=position.segment):
            joined.append(_join(position, other.position))
            self._map.join(joined[-1])
            position = joined[-1].applied(position)
        return Placed(position, placed.sharpness), tuple(joined)

    def _known(self, position: Position, others: list[Position]) -> Mask:
        known = np.zeros(self._shape[:2], np.bool_)
        for other in others:
            rows = _shared(other.y_um - position.y_um, known.shape[0], self._um_per_px)
            known[rows, _shared(other.x_um - position.x_um, known.shape[1], self._um_per_px)] = True
        return known


def _join(one: Position, other: Position) -> SegmentJoin:
    """Return what makes one place of two in different segments; the older segment stays."""
    gone, into = (one, other) if other.segment < one.segment else (other, one)
    return SegmentJoin(gone.segment, into.segment, into.x_um - gone.x_um, into.y_um - gone.y_um)


def _shared(offset_um: float, side: int, um_per_px: float) -> slice:
    """Return what of a side another field shows that lies so far to the right, or below."""
    offset = round(offset_um / um_per_px)
    return slice(max(0, offset), max(0, side + min(0, offset)))
