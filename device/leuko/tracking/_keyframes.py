"""Views with a known place, found by place; their pictures lie in an archive."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from leuko.tracking._positions import Position, SegmentJoin
from leuko.vision.registration import Imprint, Plane, imprint, restored, sketch, stored

_IN_MEMORY = 24
"""Imprints kept ready, 180 kB each: those around the stage and a few that were searched."""
_SKETCH_STEPS = 40.0


class KeyframeArchive(Protocol):
    """Keeps pictures of keyframes, at most 20 kB each, for as long as the tracker lives."""

    def put(self, number: int, picture: bytes) -> None:
        """Keep a picture; called when a keyframe is added, and again when a sharper one is seen."""

    def get(self, number: int) -> bytes:
        """Return the picture that was put last under a number."""


class MemoryArchive:
    """An archive without a disk, for short sessions and tests."""

    def __init__(self) -> None:
        """Begin empty."""
        self._pictures: dict[int, bytes] = {}

    def put(self, number: int, picture: bytes) -> None:
        """Keep a picture."""
        self._pictures[number] = picture

    def get(self, number: int) -> bytes:
        """Return the picture that was put last under a number."""
        return self._pictures[number]


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


class Keyframes:
    """All keyframes of a slide; what a call costs does not depend on how many there are."""

    def __init__(self, archive: KeyframeArchive, *, width_um: float, height_um: float) -> None:
        """Begin without any.

        Args:
            archive: where pictures go.
            width_um: width of a frame.
            height_um: height of a frame.
        """
        self._archive = archive
        self._size = (width_um, height_um)
        self._all: list[Keyframe] = []
        self._sketches: list[NDArray[np.int8]] = []
        self._cells: dict[tuple[int, int, int], list[int]] = {}
        self._ready: OrderedDict[int, Imprint] = OrderedDict()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._all)

    def __getitem__(self, number: int) -> Keyframe:
        """The keyframe of that number."""
        return self._all[number]

    def in_segment(self, segment: int) -> list[Keyframe]:
        """Return the keyframes of a segment; the one call that looks at all of them."""
        return [one for one in self._all if one.position.segment == segment]

    def add(self, position: Position, density: Plane, *, sharpness: float) -> None:
        """Keep a view as a keyframe.

        Args:
            position: its place.
            density: ``(rows, columns)`` float32, without what is fixed in the optics; not kept.
            sharpness: compared with its neighbours.
        """
        self._sketches.append(np.zeros((0, 0), np.int8))
        self._all.append(Keyframe(len(self._all), position, sharpness))
        self._file(self._all[-1], density)

    def improve(self, number: int, position: Position, density: Plane, *, sharpness: float) -> None:
        """Put a sharper view of nearly the same place in a keyframe's stead."""
        self._cells[self._cell(self._all[number].position)].remove(number)
        self._all[number] = Keyframe(number, position, sharpness)
        self._file(self._all[number], density)

    def imprint(self, number: int) -> Imprint:
        """Return what can be recognised of a keyframe."""
        if number not in self._ready:
            picture = np.frombuffer(self._archive.get(number), np.uint8)
            columns = 4 * self._sketches[number].shape[1]
            self._ready[number] = imprint(restored(picture.reshape(-1, columns)))
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
            self._cells.setdefault(self._cell(self._all[one.number].position), []).append(
                one.number
            )

    def _file(self, one: Keyframe, density: Plane) -> None:
        picture = stored(density)
        self._archive.put(one.number, picture.tobytes())
        steps = sketch(restored(picture)) * np.float32(_SKETCH_STEPS)
        self._sketches[one.number] = np.rint(steps).astype(np.int8)
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
