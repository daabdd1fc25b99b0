"""Real microscope fields with their masked leukocytes, as a slide for the simulated camera."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from leuko.cells import CellRegion
from leuko.errors import OutputError
from leuko.sim.camera import Scene
from leuko_training.datasets import LabelledImage, available_datasets, load_mask, read_dataset
from leuko_training.datasets.bcisc import FIELD_UM_PER_PX
from leuko_training.evaluation import name_in, true_regions
from leuko_training.partition import TEST_FOLD

_DATASET = "bcisc_fields"
_SMALLEST_UM2 = 25.0
"""Specks of a mask that are no cell, as for the simulated slide; a lymphocyte has about 40 µm²."""
_COLUMNS = ("image", "x", "y", "cell_class", "width", "height")


@dataclass(frozen=True, slots=True)
class RealSlide:
    """A folder that the simulated camera takes for a slide.

    Attributes:
        folder: links to the images, and the table of their leukocytes.
        um_per_px: scale of the images.
        images: names of the images below the root of all data sets, in the slide's order.
        leukocytes: rows of the table.
    """

    folder: Path
    um_per_px: float
    images: tuple[str, ...]
    leukocytes: int

    @property
    def source(self) -> str:
        """The slide as the simulated camera is asked for it."""
        return f"fields:{self.folder}@{self.um_per_px}"

    def place(self, scene: Scene, x_um: float, y_um: float) -> str:
        """Return a place of the slide as an image and a pixel in it.

        Args:
            scene: of this slide.
            x_um: column on the slide.
            y_um: row on the slide.
        """
        x_px, y_px = x_um / scene.hand.um_per_px, y_um / scene.hand.um_per_px
        stretches = scene.slide.stretches
        number = max(n for n, s in enumerate(stretches) if s.x_px <= max(x_px, stretches[0].x_px))
        scale = scene.hand.um_per_px / self.um_per_px
        column, row = (x_px - stretches[number].x_px) * scale, y_px * scale
        return f"{self.images[number]} at {column:.0f}, {row:.0f}"


def masked_fields(root: Path) -> list[LabelledImage]:
    """Return the fields of BCISC that have a mask and the usual scale; none where it is missing.

    Args:
        root: folder of all data sets.

    Raises:
        DatasetError: the set is there but not in its published layout.
    """
    if _DATASET not in available_datasets(root):
        return []
    items = read_dataset(_DATASET, root)
    return [item for item in items if item.mask and item.um_per_px == FIELD_UM_PER_PX]


def held_out(items: Sequence[LabelledImage]) -> list[LabelledImage]:
    """Return those that no model was trained on."""
    return [item for item in items if item.fold == TEST_FOLD]


def lay_out(items: Sequence[LabelledImage], folder: Path, root: Path) -> RealSlide:
    """Link the images into a folder, and write the table of their leukocytes beside them.

    Args:
        items: fields with masks, all of one scale; they keep their order.
        folder: made if it is not there.
        root: folder of all data sets.

    Raises:
        OutputError: the folder cannot be written.
        DatasetError: a mask cannot be read.
    """
    links = [folder / f"{number:04d}{item.image.suffix}" for number, item in enumerate(items)]
    rows = [
        _row(link.name, region)
        for link, item in zip(links, items, strict=True)
        for region in _leukocytes(item)
    ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for link, item in zip(links, items, strict=True):
            link.symlink_to(item.image.resolve())
        with (folder / "cells.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([_COLUMNS, *rows])
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error}); choose another folder") from error
    names = tuple(name_in(root, item) for item in items)
    return RealSlide(folder, items[0].um_per_px, names, len(rows))


def _leukocytes(item: LabelledImage) -> Iterator[CellRegion]:
    regions = true_regions(load_mask(item), um_per_px=item.um_per_px)
    return (region for region in regions if region.area_um2 >= _SMALLEST_UM2)


def _row(image: str, region: CellRegion) -> tuple[str, ...]:
    row, column = region.box.centre
    # A field's class is that of the one cell it was taken for; others may lie beside it.
    return image, f"{column}", f"{row}", "", f"{region.box.width}", f"{region.box.height}"
