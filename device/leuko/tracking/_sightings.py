"""One view of a cell, in the slide's coordinates."""

import cv2
import numpy as np

from leuko.cells import Cell
from leuko.tracking._positions import Position
from leuko.tracking._tracked import Decide, TrackedCell


def sighting(position: Position, cell: Cell, *, um_per_px: float, decide: Decide) -> TrackedCell:
    """Return what one view says of a cell; it has no number and no picture yet.

    Args:
        position: where the frame lies.
        cell: what was found in it.
        um_per_px: scale of the frame.
        decide: gives a cell its status from its probabilities and its area.
    """
    x, y = on_slide(position, *middle(cell), um_per_px=um_per_px)
    status, reason = decide(cell.probabilities, cell.region.area_um2)
    return TrackedCell(
        number=0,
        segment=position.segment,
        x_um=x,
        y_um=y,
        status=status,
        cell_class=cell.cell_class,
        probabilities=cell.probabilities,
        views=1,
        area_um2=cell.region.area_um2,
        sharpness=cell.sharpness,
        reason=reason,
    )


def on_slide(
    position: Position, row: float, column: float, *, um_per_px: float
) -> tuple[float, float]:
    """Return x and y on the slide, in µm, of a place in a frame, in pixels."""
    return position.x_um + column * um_per_px, position.y_um + row * um_per_px


def middle(cell: Cell) -> tuple[float, float]:
    """Return row and column of the centre of gravity, which a ragged outline moves least."""
    moments = cv2.moments(cell.region.mask.view(np.uint8), binaryImage=True)
    area = max(moments["m00"], 1.0)
    row, column = moments["m01"] / area, moments["m10"] / area
    return cell.region.box.y + row + 0.5, cell.region.box.x + column + 0.5
