"""Slides of the data sets as a device sees their stain: neutrophils and lymphocytes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import track

from leuko.calibration import FEWEST_SEEN
from leuko.cells import Box, Cell, CellClass, CellRegion, CellStatus
from leuko.tracking import PICTURE_UM_PER_PX, CellPictures
from leuko.vision.stain import JUDGED, CellStain, cell_stain
from leuko_training.datasets import LabelledImage, available_datasets, load_mask, read_dataset
from leuko_training.images import read_rgb

WITH_SLIDES = ("bcisc_crops", "raabin")
"""Sets whose file names carry the slide."""
WITHOUT_SLIDES = (
    "raabin_test_b",
    "krd-wbc",
    "bccd",
    "segmentation_wbc_1",
    "segmentation_wbc_2",
    "pbc",
)
"""Sets whose cells are dealt into batches instead."""
BATCH = 30
_MOST_CELLS = 300
_OTHER_CAMERA = "2019"
"""Raabin's slides of these days are of another microscope."""

Slide = tuple[tuple[CellClass, CellStain], ...]


@dataclass(frozen=True, slots=True)
class Laboratory:
    """What is known of one laboratory's stain.

    Attributes:
        name: the data set.
        slides: cells of each slide or batch.
        has_slides: whether they are slides.
    """

    name: str
    slides: tuple[Slide, ...]
    has_slides: bool


def read_laboratories(root: Path, *, seed: int, every: int = 1) -> Iterator[Laboratory]:
    """Yield the laboratories that are there, slides with too few cells left out.

    Args:
        root: folder of all data sets.
        seed: of the batches.
        every: which share of the images is read; 1 is all.
    """
    there = available_datasets(root)
    for name in (*WITH_SLIDES, *WITHOUT_SLIDES):
        if name not in there:
            continue
        items = [item for item in read_dataset(name, root) if _is_judged(item)][::every]
        has_slides = name in WITH_SLIDES
        groups = _by_slide(items) if has_slides else _dealt(items, seed)
        slides = [
            tuple((item.label, _stain(item)) for item in group if item.label)
            for group in track(groups, f"{name:20}")
        ]
        yield Laboratory(name, tuple(slides), has_slides)


def _is_judged(item: LabelledImage) -> bool:
    is_elsewhere = item.dataset == "raabin" and item.image.stem.startswith(_OTHER_CAMERA)
    has_place = item.dataset != "bccd" or item.mask is not None or item.box is not None
    return item.label in JUDGED and has_place and not is_elsewhere


def _by_slide(items: Sequence[LabelledImage]) -> list[list[LabelledImage]]:
    slides: dict[str, list[LabelledImage]] = {}
    for item in items:
        # Raabin's folds keep more together than one slide.
        slide = item.image.stem.partition("_")[0] if item.dataset == "raabin" else item.group
        slides.setdefault(slide, []).append(item)
    return [slide for slide in slides.values() if len(slide) >= FEWEST_SEEN]


def _dealt(items: Sequence[LabelledImage], seed: int) -> list[list[LabelledImage]]:
    order = np.random.default_rng(seed).permutation(len(items))[:_MOST_CELLS]
    batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    return [[items[index] for index in batch] for batch in batches if len(batch) == BATCH]


def _stain(item: LabelledImage) -> CellStain:
    rgb = read_rgb(item.image)
    picture = CellPictures(rgb, item.um_per_px).of(_cell_at(_box(item, rgb.shape[:2])))
    return cell_stain(picture, um_per_px=PICTURE_UM_PER_PX)


def _box(item: LabelledImage, shape: tuple[int, ...]) -> Box:
    if item.box:
        return Box(*item.box)
    mask = load_mask(item) if item.mask else None
    if mask is None or not mask.any():
        # A crop has its cell in the middle.
        return Box(0, 0, shape[1], shape[0])
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    left, top = int(columns[0]), int(rows[0])
    return Box(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)


def _cell_at(box: Box) -> Cell:
    """Return a cell of which only the place is known."""
    region = CellRegion(box, np.ones((1, 1), np.bool_), 0.0, cut_by_border=False)
    return Cell(region, CellClass.NEUTROPHIL, (), 0.0, CellStatus.COUNTED, "")
