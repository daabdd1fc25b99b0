"""The middle of a picture of a cell: all that is looked at, in little memory."""

from dataclasses import replace

import cv2
import numpy as np

from leuko.calibration._labels import LabelledCell

MIDDLE_UM = 40.0
"""Side of what is kept: the largest leukocyte and a half, with background around it; what a session
keeps of a cell is smaller."""
_MOST_PX = 480
"""Pixels of that side at most: 0.083 µm each, half of what models and traits look at a cell with.
A hundred are 69 MB."""


def middle_of(cell: LabelledCell) -> LabelledCell:
    """Return a confirmed cell with the middle of its picture alone; the rest can be let go.

    Args:
        cell: in a picture of any size, which may be a whole photograph.
    """
    side = max(1, round(MIDDLE_UM / cell.um_per_px))
    height, width = cell.rgb.shape[:2]
    if max(height, width) <= min(side, _MOST_PX):
        return cell
    top, left = max(0, (height - side) // 2), max(0, (width - side) // 2)
    middle = cell.rgb[top : top + side, left : left + side]
    factor = min(1.0, _MOST_PX / max(middle.shape))
    if factor == 1:
        return replace(cell, rgb=middle.copy())
    size = (round(middle.shape[1] * factor), round(middle.shape[0] * factor))
    shrunk = np.asarray(cv2.resize(middle, size, interpolation=cv2.INTER_AREA), np.uint8)
    return replace(cell, rgb=shrunk, um_per_px=cell.um_per_px / factor, shrunk=cell.shrunk / factor)
