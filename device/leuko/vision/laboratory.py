"""What the cells of one laboratory have in common: how dark they are.

Stain and camera make one laboratory's cells darker than another's (`leuko.vision.tone`). That tells
nothing of a single cell, so it is taken away before one is named.
"""

import contextlib
from collections import deque
from collections.abc import Generator

from leuko.cells import CellClass, RGBImage
from leuko.vision.tone import Tone, evened, laboratory_tone, measured_tone

_MOST_CELLS = 200
"""Newest cells that are gone by; a live count looks at each several times."""


class Laboratory:
    """One laboratory, known by its leukocytes and what they were named.

    The fewer of them are known, the more it is taken for the one that was calibrated, or else for
    the usual one.
    """

    def __init__(self, *, calibrated: Tone | None = None) -> None:
        """Begin with a laboratory none of whose cells has been seen.

        Args:
            calibrated: how dark its cells were when it was calibrated; None if it never was.
        """
        self._calibrated = calibrated
        self._tones: deque[tuple[CellClass, Tone]] = deque(maxlen=_MOST_CELLS)

    @property
    def looks(self) -> int:
        """How many looks at cells it is known by; the same cell may be among them twice."""
        return len(self._tones)

    @contextlib.contextmanager
    def learning(self) -> Generator[None]:
        """Forget what is taken in meanwhile if that is cut short: then all of it comes again."""
        before, is_whole = self._tones.copy(), False
        try:
            yield
            is_whole = True
        finally:
            if not is_whole:
                self._tones = before

    def add(self, cell_class: CellClass, tone: Tone) -> None:
        """Take in how dark a leukocyte is, and what it was named."""
        self._tones.append((cell_class, tone))

    @property
    def tone(self) -> Tone:
        """How dark its cells are."""
        return laboratory_tone(self._tones, calibrated=self._calibrated)

    @property
    def measured_tone(self) -> Tone | None:
        """How dark the cells taken in are, whatever was expected; None without one."""
        return measured_tone(self._tones)

    def evened(self, crop: RGBImage) -> RGBImage:
        """Return a crop as if the laboratory's tone were the usual one.

        Args:
            crop: ``(height, width, 3)`` uint8, RGB, white balanced; left as it is.
        """
        return evened(crop, self.tone) if self._tones or self._calibrated else crop
