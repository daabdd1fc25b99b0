"""Views with a known place, found by place; their pictures lie in an archive."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko.tracking._positions import Position, SegmentJoin
from leuko.tracking._thumbnails import CODED_BYTES, coded, decoded
from leuko.vision.imprints import COLUMNS, Imprint, Plane, imprint, restored, sketch, stored

_IN_MEMORY = 24
"""Imprints kept ready, 180 kB each: those around the stage and a few that were searched."""
_SKETCH_STEPS = 40.0


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A view that others are placed by.

    Attributes:
        number: in the order of their making, from 0.
        position: its place.
        sharpness: about 1, and less if it is blurred compared with its neighbours.
    """

    number: int
    position: Position
    sharpness: float


class KeyframeArchive(Protocol):
    """Keeps keyframes, pictures of some 22 kB each, as long as the tracker lives or longer."""

    def begin(self, picture_bytes: int) -> Sequence[Keyframe]:
        """Return what an earlier tracker put there, by number; called once, before the rest.

        Args:
            picture_bytes: size of every picture; one that kept others begins anew, empty.
        """

    def put(self, keyframe: Keyframe, picture: bytes) -> None:
        """Keep a keyframe; called when one is added, and again when a sharper one is seen."""

    def move(self, keyframe: Keyframe) -> None:
        """Keep that a keyframe has another position now; its picture stays."""

    def get(self, number: int) -> bytes:
        """Return the picture that was put last under a number.

        One that cannot be read is all zero, which is like no view: counting goes on.
        """


class MemoryArchive:
    """An archive without a disk, for short sessions and tests."""

    def __init__(self) -> None:
        """Begin empty."""
        self._pictures: dict[int, bytes] = {}

    def begin(self, picture_bytes: int) -> Sequence[Keyframe]:
        """Return nothing: there was no earlier tracker."""
        del picture_bytes
        return ()

    def put(self, keyframe: Keyframe, picture: bytes) -> None:
        """Keep a picture."""
        self._pictures[keyframe.number] = picture

    def move(self, keyframe: Keyframe) -> None:
        """Nothing to do: nobody asks for positions."""

    def get(self, number: int) -> bytes:
        """Return the picture that was put last under a number."""
        return self._pictures[number]


class Keyframes:
    """All keyframes of a slide; what a call costs does not depend on how many there are."""

    def __init__(
        self,
        archive: KeyframeArchive,
        *,
        rows: int,
        size_um: tuple[float, float],
        show: Callable[[RGBImage, Position], None],
    ) -> None:
        """Begin with those that the archive has from an earlier tracker.

        Args:
            archive: where pictures go: the density, then the thumbnail.
            rows: of a shrunk density.
            size_um: width and height of a frame.
            show: told what each of those looks like, and its place.
        """
        self._archive = archive
        self._plane_bytes = rows * COLUMNS
        self._size = size_um
        self._all: list[Keyframe] = []
        self._sketches: list[NDArray[np.int8]] = []
        self._cells: dict[tuple[int, int, int], list[int]] = {}
        self._ready: OrderedDict[int, Imprint] = OrderedDict()
        for one in archive.begin(self._plane_bytes + CODED_BYTES):
            self._all.append(one)
            picture = archive.get(one.number)
            self._lay(one, self._plane(picture))
            small = decoded(picture[self._plane_bytes :])
            if small is not None:
                show(small, one.position)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._all)

    def __getitem__(self, number: int) -> Keyframe:
        """The keyframe of that number."""
        return self._all[number]

    @property
    def segments(self) -> set[int]:
        """The segments that have any."""
        return {one.position.segment for one in self._all}

    def in_segment(self, segment: int) -> list[Keyframe]:
        """Return the keyframes of a segment; the one call that looks at all of them."""
        return [one for one in self._all if one.position.segment == segment]

    def add(self, position: Position, density: Plane, small: RGBImage, *, sharpness: float) -> None:
        """Keep a view as a keyframe.

        Args:
            position: its place.
            density: ``(rows, columns)`` float32, without what is fixed in the optics; not kept.
            small: its thumbnail; not kept.
            sharpness: compared with its neighbours.
        """
        self._all.append(Keyframe(len(self._all), position, sharpness))
        self._file(self._all[-1], density, small)

    def improve(self, keyframe: Keyframe, density: Plane, small: RGBImage) -> None:
        """Put a sharper view of nearly the same place in the stead of the one of that number."""
        number = keyframe.number
        self._cells[self._cell(self._all[number].position)].remove(number)
        self._all[number] = keyframe
        self._file(keyframe, density, small)

    def imprint(self, number: int) -> Imprint:
        """Return what can be recognised of a keyframe."""
        if number not in self._ready:
            self._ready[number] = imprint(restored(self._plane(self._archive.get(number))))
            if len(self._ready) > _IN_MEMORY:
                self._ready.popitem(last=False)
        self._ready.move_to_end(number)
        return self._ready[number]

    def sketch(self, number: int) -> Plane:
        """Return the coarsest relief of a keyframe."""
        return self._sketches[number].astype(np.float32) * np.float32(1 / _SKETCH_STEPS)

    def around(self, position: Position) -> list[tuple[float, Keyframe]]:
        """Return keyframes that overlap a frame there with their overlap, largest first."""
        near = [(self.overlap(position, one.position), one) for one in self._neighbours(position)]
        return sorted((pair for pair in near if pair[0] > 0), key=lambda pair: -pair[0])

    def overlap(self, a: Position, b: Position) -> float:
        """Return the share of a frame that two frames in one segment both show."""
        width, height = self._size
        across = max(0.0, 1 - abs(a.x_um - b.x_um) / width)
        return across * max(0.0, 1 - abs(a.y_um - b.y_um) / height)

    def join(self, join: SegmentJoin) -> None:
        """Move the keyframes of a segment that is gone into the one it is part of."""
        for one in self.in_segment(join.gone):
            self._cells.pop(self._cell(one.position), None)
            self._all[one.number] = replace(one, position=join.applied(one.position))
            moved = self._all[one.number]
            self._cells.setdefault(self._cell(moved.position), []).append(one.number)
            self._archive.move(moved)

    def _file(self, one: Keyframe, density: Plane, small: RGBImage) -> None:
        plane = stored(density)
        self._archive.put(one, plane.tobytes() + coded(small))
        self._lay(one, plane)

    def _lay(self, one: Keyframe, plane: NDArray[np.uint8]) -> None:
        steps = np.rint(sketch(restored(plane)) * np.float32(_SKETCH_STEPS)).astype(np.int8)
        self._sketches[one.number : one.number + 1] = [steps]
        self._ready.pop(one.number, None)
        self._cells.setdefault(self._cell(one.position), []).append(one.number)

    def _cell(self, position: Position) -> tuple[int, int, int]:
        width, height = self._size
        return (
            position.segment,
            int(np.floor(position.x_um / width)),
            int(np.floor(position.y_um / height)),
        )

    def _neighbours(self, position: Position) -> Iterator[Keyframe]:
        segment, column, row = self._cell(position)
        for i in (-1, 0, 1):
            for j in (-1, 0, 1):
                for number in self._cells.get((segment, column + i, row + j), ()):
                    yield self._all[number]

    def _plane(self, picture: bytes) -> NDArray[np.uint8]:
        return np.frombuffer(picture, np.uint8, self._plane_bytes).reshape(-1, COLUMNS)
