"""How much the live benchmark measures."""

import hashlib
from dataclasses import dataclass, replace

from leuko_training.live_benchmark.faulty_cameras import FAULTS


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured.

    Attributes:
        fields: most real fields of each count; None for all.
        held_out_paths: paths of the hand over the fields that no model has seen.
        every_paths: paths of the hand over all fields.
        frames: of each counted slide at most; None for its whole path.
        smears: seeds of the rendered smears that are counted.
        leukocytes: on each of them.
        speed_frames: frames at each pace.
        compared_frames: frames of the session with and the session without cells before.
        course_frames: frames of the long course.
        cells_before: cells that a session has already.
        kills: how often a counting process is killed.
        power_cuts: how often its file system is shut down.
        faults: which faults of a camera are tried, in words.
        size: width and height of a frame.
        field_um_per_px: scale of the frames of real fields.
        smear_um_per_px: scale of the frames of smears.
    """

    fields: int | None = None
    held_out_paths: int = 3
    every_paths: int = 1
    frames: int | None = None
    smears: tuple[int, ...] = (11, 12, 13)
    leukocytes: int = 200
    speed_frames: int = 1200
    compared_frames: int = 1200
    course_frames: int = 20_000
    cells_before: int = 10_000
    kills: int = 50
    power_cuts: int = 20
    faults: tuple[str, ...] = tuple(FAULTS)
    size: tuple[int, int] = (1280, 960)
    field_um_per_px: float = 0.063
    smear_um_per_px: float = 0.1

    @property
    def fingerprint(self) -> str:
        """A short name for how much is measured."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:8]


QUICK = Extent(
    fields=4,
    held_out_paths=1,
    frames=300,
    smears=(11,),
    leukocytes=60,
    speed_frames=200,
    compared_frames=200,
    course_frames=400,
    kills=3,
    power_cuts=2,
    faults=("hangs", "is unplugged"),
)
"""A look at whether everything runs; its figures prove nothing."""


def extent_for(frames: int | None, *, is_quick: bool) -> Extent:
    """Return how much a command asks for.

    Args:
        frames: of the long course; None for the usual.
        is_quick: whether only to see that everything runs.
    """
    extent = QUICK if is_quick else Extent()
    return replace(extent, course_frames=frames) if frames else extent
