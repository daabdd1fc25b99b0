"""A simulated camera that notes which frames it gave: it draws them on the cores it shares."""

import os
from array import array
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from leuko.cameras import CameraOptions, Frame
from leuko.sim.camera import SimCamera

DRIVER = "leuko_training.live_benchmark.given_camera:GivenCamera"
PATIENCE_S, OPENING_S = 10.0, 75.0
"""What a source that is drawn is given; one that is named by its class is taken for hardware."""
_ITEM = "q"


class GivenCamera(SimCamera):
    """A `SimCamera` whose source is ``FILE|SOURCE``; the numbers of its frames go to the file.

    A slide that is drawn too late for its pace loses frames before anybody could take them.
    """

    _notes = -1

    @classmethod
    def opened(cls, options: CameraOptions) -> Self:
        """See `SimCamera.opened`.

        Raises:
            CameraError: as there.
            OSError: the file cannot be written.
        """
        file, _, source = options.source.partition("|")
        camera = super().opened(replace(options, source=source))
        camera.note_in(file)
        return camera

    def note_in(self, file: str) -> None:
        """Note frames at the end of a file from now on.

        Raises:
            OSError: it cannot be written.
        """
        self._notes = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def read(self) -> Frame | None:
        """See `SimCamera.read`."""
        frame = super().read()
        if frame is not None:
            os.write(self._notes, array(_ITEM, [frame.number]).tobytes())
        return frame

    def close(self) -> None:
        """See `SimCamera.close`."""
        super().close()
        if self._notes >= 0:
            os.close(self._notes)
            self._notes = -1


def given(file: Path, taken: Sequence[int]) -> int:
    """Return how many frames the camera gave from the first to the last that was taken.

    Args:
        file: with its notes.
        taken: numbers of the frames that were taken.
    """
    numbers = array(_ITEM)
    numbers.frombytes(file.read_bytes())
    return sum(taken[0] <= number <= taken[-1] for number in numbers)
