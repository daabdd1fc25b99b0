"""The stain of a run's images, compared with the calibrated one."""

from collections.abc import Iterator, Sequence

from leuko.calibration import STAIN_DIFFERS, Calibration, StainWatch
from leuko.cells import Cell, RGBImage


class RunStain:
    """Looks at the stain of every image; says what is to be said when all are done."""

    def __init__(self, calibration: Calibration | None) -> None:
        part = calibration.record.stain if calibration else None
        self._watch = StainWatch(part) if part else None

    def see(self, rgb: RGBImage, cells: Sequence[Cell], *, um_per_px: float) -> None:
        """Take in an image with its cells."""
        if self._watch:
            self._watch.samples.add_field(rgb, cells, um_per_px=um_per_px)

    def detail(self) -> dict[str, object] | None:
        """Return how far the stain is from the calibrated one; None if that is not known."""
        difference = self._watch.judge() if self._watch else None
        return self._watch.detail(difference) if self._watch and difference else None

    def warnings(self) -> Iterator[str]:
        """Yield what the reader should look at again, a sentence each."""
        detail = self.detail()
        if detail and detail["differs"]:
            yield f"{STAIN_DIFFERS} ({detail['most']}, from {detail['cells']} cells)"
