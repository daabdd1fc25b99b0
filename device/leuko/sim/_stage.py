"""The way of the stage over a slide."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from leuko.errors import SettingsError
from leuko.sim._spec import SmearSpec


@dataclass(frozen=True, slots=True)
class StagePath:
    """View positions that cover a slide without lifting the objective.

    Attributes:
        positions: ``(x_um, y_um)`` of each view's upper left corner, in the order they are met.
    """

    positions: tuple[tuple[float, float], ...]

    def __iter__(self) -> Iterator[tuple[float, float]]:
        """The positions in order."""
        return iter(self.positions)

    def __len__(self) -> int:
        """How many views."""
        return len(self.positions)


def serpentine(
    spec: SmearSpec, *, view_width_um: float, view_height_um: float, overlap_um: float
) -> StagePath:
    """Rows of overlapping views, every second one backwards, that cover the whole slide.

    Args:
        spec: the slide.
        view_width_um: width of a view.
        view_height_um: height of a view.
        overlap_um: least overlap of neighbours; at least a cell's diameter, and each cell is
            whole in some view.

    Returns:
        The path; evenly spaced, the last view ends at the slide's edge.

    Raises:
        SettingsError: the overlap is negative or no smaller than the view.
    """
    if not 0 <= overlap_um < min(view_width_um, view_height_um):
        message = (
            f"overlap of {overlap_um} µm does not suit views of {view_width_um:g} x "
            f"{view_height_um:g} µm; give 0 or more, less than the view"
        )
        raise SettingsError(message)
    columns = _steps(spec.width_um, view_width_um, overlap_um)
    rows = _steps(spec.height_um, view_height_um, overlap_um)
    path = [(x, y) for i, y in enumerate(rows) for x in (columns if i % 2 == 0 else columns[::-1])]
    return StagePath(tuple(path))


def _steps(slide_um: float, view_um: float, overlap_um: float) -> list[float]:
    room = max(0.0, slide_um - view_um)
    count = int(np.ceil(room / (view_um - overlap_um) - 1e-9)) + 1
    return [float(step) for step in np.linspace(0, room, count)]
