"""Running the analyser over labelled images."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from rich.progress import track

from leuko.bundle import ModelBundle
from leuko.cells import Box, Cell, CellRegion, Mask, RGBImage
from leuko.inference import LiteRTEngine
from leuko.pipeline import MOST_FIELDS, FieldAnalyser, Picture, learn_laboratory, spread_out
from leuko.vision.regions import overlap
from leuko_training.datasets import LabelledImage
from leuko_training.images import read_rgb

Analyse = Callable[[RGBImage, float], tuple[Cell, ...]]
"""The cells of a field, from its pixels and its scale in µm per pixel."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """An analysis of fields at one laboratory.

    Attributes:
        cells_of: the analysis.
        unclassified_below: probability below which it leaves a cell unclassified there.
    """

    cells_of: Analyse
    unclassified_below: float


AnalyseAt = Callable[[Iterable[Picture]], Analysis]
"""An analysis at a laboratory, which some of its fields make known."""

SMALLEST_TRUE_UM2 = 5.0
"""Area from which a part of a true mask is a leukocyte; smaller ones are slips of the brush."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One labelled image and what was found in it.

    Attributes:
        item: the image.
        shape: its height and width in pixels.
        cells: every leukocyte found, those at the border included.
    """

    item: LabelledImage
    shape: tuple[int, int]
    cells: tuple[Cell, ...]


def analysis_of(bundle: ModelBundle, laboratory: Iterable[Picture] = ()) -> Analysis:
    """Return the analysis as the device does it, on one thread.

    Args:
        bundle: the models.
        laboratory: fields that make its stain known, as `leuko count` looks at some first.
    """
    cv2.setNumThreads(1)
    analyser = FieldAnalyser(bundle, LiteRTEngine(threads=1))
    pictures = list(islice(laboratory, MOST_FIELDS)) if analyser.evens_laboratory else []
    learn_laboratory(analyser, lambda: pictures)
    return Analysis(
        lambda rgb, um_per_px: analyser.analyse(rgb, um_per_px=um_per_px),
        analyser.unclassified_below,
    )


def pictures_of(items: Sequence[LabelledImage]) -> Iterator[Picture]:
    """Yield the images as `leuko count` looks at them first, each with its scale.

    `leuko count` passes over blurred ones.
    """
    for item in spread_out(items):
        yield read_rgb(item.image), item.um_per_px


def find_cells(items: Sequence[LabelledImage], analyse: Analyse, title: str) -> Iterator[Finding]:
    """Yield what is found in each image, with a progress bar.

    Args:
        items: images to analyse.
        analyse: the analysis.
        title: what the progress bar says.
    """
    for item in track(items, f"{title:<20}"):
        rgb = read_rgb(item.image)
        yield Finding(item, (rgb.shape[0], rgb.shape[1]), analyse(rgb, item.um_per_px))


def union_of(cells: Sequence[Cell], shape: tuple[int, int]) -> Mask:
    """Return the pixels of all cells, those cut by the border included."""
    return union_of_regions([cell.region for cell in cells], shape)


def union_of_regions(regions: Sequence[CellRegion], shape: tuple[int, int]) -> Mask:
    """Return the pixels of all regions."""
    mask = np.zeros(shape, np.bool_)
    for region in regions:
        box = region.box
        mask[box.y : box.y + box.height, box.x : box.x + box.width] |= region.mask
    return mask


def true_regions(mask: Mask, *, um_per_px: float) -> tuple[CellRegion, ...]:
    """Return the connected parts of a true mask that are large enough to be leukocytes."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    regions = []
    for label in range(1, count):
        x, y, width, height, pixels = (int(value) for value in stats[label])
        area_um2 = pixels * um_per_px**2
        if area_um2 >= SMALLEST_TRUE_UM2:
            part = labels[y : y + height, x : x + width] == label
            cut = _touches_border(Box(x, y, width, height), mask.shape)
            regions.append(CellRegion(Box(x, y, width, height), part, area_um2, cut))
    return tuple(regions)


def iou(first: CellRegion, second: CellRegion) -> float:
    """Return intersection over union, 0 to 1."""
    sizes = int(first.mask.sum()), int(second.mask.sum())
    shared = overlap(first, second) * min(sizes)
    return shared / (sum(sizes) - shared)


def name_in(root: Path, item: LabelledImage) -> str:
    """Return the image's path below the root of all data sets, with slashes."""
    return item.image.relative_to(root).as_posix()


def _touches_border(box: Box, shape: tuple[int, ...]) -> bool:
    height, width = shape
    right, bottom = box.x + box.width, box.y + box.height
    return box.x == 0 or box.y == 0 or right == width or bottom == height
