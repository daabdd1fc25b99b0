"""Real large fields as a slide: each image a stretch of its own."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from leuko.cells import RGBImage
from leuko.errors import CameraError, ImageError
from leuko.images import SUFFIXES, image_size, read_image
from leuko.sim._field_truth import Field, true_cells
from leuko.sim._places import Stretch
from leuko.sim._stock import Stock

_GAP_PX = 1024
"""Between the stretches, so that a window's middle tells which one is meant."""
_KEPT_FIELDS = 3
_LEAST_FRAME = (160, 120)
"""Columns and rows of the smallest frame that can be set; see `leuko.settings`."""


class FieldsSlide:
    """The images of a folder, also of folders within, side by side; see `true_cells`."""

    def __init__(
        self,
        folder: Path,
        *,
        um_per_px: float,
        field_um_per_px: float | None,
        view_size: tuple[int, int],
    ) -> None:
        """Find the images and read their truth; pixels are read when they are looked at.

        Args:
            folder: where the images are.
            um_per_px: scale of the slide's pixels.
            field_um_per_px: scale of the images; None takes their pixels as they are.
            view_size: width and height of the window, which each field must fill.

        Raises:
            CameraError: the folder holds no image, one is unreadable or too small, or the truth
                does not fit.
        """
        self.name = f"fields of {folder}"
        scale = field_um_per_px / um_per_px if field_um_per_px else 1.0
        self._fields = _laid_out(folder, scale, view_size)
        self.stretches = tuple(field.stretch for field in self._fields)
        self.cells = true_cells(folder, self._fields, um_per_px=um_per_px)
        self._starts = [stretch.x_px - _GAP_PX / 2 for stretch in self.stretches]
        self._pictures = Stock(self._picture, kept=_KEPT_FIELDS)

    def view(self, x_px: int, y_px: int, *, width: int, height: int) -> RGBImage:
        """Return what lies in a window; beyond a field's edge lies its mirror image."""
        number = self._field_under(x_px + width / 2)
        picture, stretch = self._pictures.get(number), self.stretches[number]
        x, y = x_px - stretch.x_px, y_px - stretch.y_px
        right, bottom = x + width - picture.shape[1], y + height - picture.shape[0]
        inside = picture[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)]
        if min(x, y) >= 0 and max(right, bottom) <= 0:
            return inside
        sides = (max(-y, 0), max(bottom, 0), max(-x, 0), max(right, 0))
        return np.asarray(cv2.copyMakeBorder(inside, *sides, cv2.BORDER_REFLECT_101), np.uint8)

    def prepare(self, x_px: int, y_px: int, *, width: int, height: int) -> None:  # ruff: ignore[unused-method-argument]
        """Begin to read the window's field."""
        self._pictures.order([self._field_under(x_px + width / 2)])

    def close(self) -> None:
        """Read no more."""
        self._pictures.close()

    def _field_under(self, x_px: float) -> int:
        return max(0, int(np.searchsorted(self._starts, x_px)) - 1)

    def _picture(self, number: int) -> RGBImage:
        return _read(self._fields[number])


def _laid_out(folder: Path, scale: float, view_size: tuple[int, int]) -> tuple[Field, ...]:
    fields: list[Field] = []
    left = 0
    for path, mask in images_under(folder):
        width, height = (round(side * scale) for side in _size(path))
        fields.append(Field(path, mask, scale, Stretch(left, 0, width, height)))
        left += width + _GAP_PX
    _refuse_small(fields, view_size)
    return tuple(fields)


def _refuse_small(fields: Sequence[Field], view_size: tuple[int, int]) -> None:
    """Refuse fields that do not fill the window; the smallest is named, and what fits in all."""
    sizes = {one.path: (one.stretch.width_px, one.stretch.height_px) for one in fields}
    smallest = min(sizes, key=lambda path: _filled(sizes[path], view_size))
    columns, rows = (min(sides) for sides in zip(view_size, *sizes.values(), strict=True))
    if (columns, rows) == view_size:
        return
    width, height = sizes[smallest]
    can_be_set = columns >= _LEAST_FRAME[0] and rows >= _LEAST_FRAME[1]
    change = f"set frame_width to {columns} and frame_height to {rows} or less, or "
    raise CameraError(
        f"{smallest} has {width} x {height} pixels at the camera's scale, less than a frame of "
        f"{view_size[0]} x {view_size[1]}; {change if can_be_set else ''}leave the image out"
    )


def _filled(size: tuple[int, int], view_size: tuple[int, int]) -> float:
    """Return how much of the window a field fills, as a share."""
    return min(1.0, size[0] / view_size[0]) * min(1.0, size[1] / view_size[1])


def images_under(folder: Path) -> Iterator[tuple[Path, Path | None]]:
    """Each image with the mask beside it."""
    if not folder.is_dir():
        raise CameraError(f"there is no folder {folder}; give one with images of fields")
    paths = sorted(
        path for path in folder.rglob("[!.]*") if path.suffix.lower() in SUFFIXES and path.is_file()
    )
    photographs = {path.with_suffix("") for path in paths if path.suffix.lower() != ".png"}
    images = [
        p for p in paths if p.suffix.lower() != ".png" or p.with_suffix("") not in photographs
    ]
    if not images:
        raise CameraError(f"no images in {folder}; give a folder with images of fields")
    for path in images:
        mask = path.with_suffix(".png")
        yield path, mask if mask != path and mask.exists() else None


def _size(path: Path) -> tuple[int, int]:
    try:
        height, width = image_size(path)
    except ImageError as error:
        raise CameraError(f"the field {error}") from error
    return width, height


def _read(field: Field) -> RGBImage:
    try:
        picture = read_image(field.path)
    except ImageError as error:
        raise CameraError(f"the field {error}") from error
    if field.scale == 1:
        return picture
    size = (field.stretch.width_px, field.stretch.height_px)
    how = cv2.INTER_AREA if field.scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)
