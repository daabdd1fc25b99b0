"""Unmarked views of the demo's slide, for a count of one's own."""

from pathlib import Path

from leuko.cells import RGBImage
from leuko.demo._slide import HEIGHT_UM, WIDTH_UM, SlideView
from leuko.errors import OutputError
from leuko.images import plain_png
from leuko.reports import write_result

FOLDER_NAME = "fields"
"""Where they lie in the demo's folder."""
_MOST = 12
"""A megabyte each on the disk, two in memory."""


class Fields:
    """The views that share no ground, for a cell that two pictures show is counted twice."""

    def __init__(self) -> None:
        """Start with none."""
        self._kept: list[tuple[SlideView, RGBImage]] = []

    def add(self, view: SlideView, rgb: RGBImage) -> None:
        """Keep a view if there is room, and if it shows nothing of those that are kept."""
        is_apart = all(_are_apart(view, other) for other, _ in self._kept)
        if is_apart and len(self._kept) < _MOST:
            self._kept.append((view, rgb))

    def write(self, out: Path) -> None:
        """Write them as PNG files in place of those of an earlier demo.

        Raises:
            OutputError: they cannot be written.
        """
        folder = out / FOLDER_NAME
        try:
            folder.mkdir(exist_ok=True)
            for stale in folder.glob("simulated-view-*.png"):
                stale.unlink()
        except OSError as error:
            raise OutputError(
                f"{folder} takes no pictures ({error.strerror}); choose another place with --out"
            ) from error
        for view, rgb in self._kept:
            write_result(folder / f"{view.name}.png", plain_png(rgb))


def _are_apart(one: SlideView, other: SlideView) -> bool:
    return abs(one.x_um - other.x_um) >= WIDTH_UM or abs(one.y_um - other.y_um) >= HEIGHT_UM
