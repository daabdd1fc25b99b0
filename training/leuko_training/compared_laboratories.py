"""How dark and how large the cells of each laboratory are, apart from what class they are of.

Where the constants of `leuko.vision.tone` come from.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from leuko.cells import LEUKOCYTES, CellClass
from leuko.errors import OutputError
from leuko.vision.tone import cell_tone
from leuko_training.certainty import COMMON
from leuko_training.crops import Crop, plain_cut
from leuko_training.cut_cells import labelled_cells
from leuko_training.datasets import available_datasets, read_dataset
from leuko_training.errors import DatasetError
from leuko_training.evaluation import table

REPORT_FILE = "laboratories.md"
MOST_OF_CLASS = 150
"""Cells of a class of a set that are measured."""
FEWEST_OF_CLASS = 5
"""Cells of a class of a set from which their median is one."""

Measures = Mapping[tuple[str, CellClass], NDArray[np.float64]]
"""By set and class: ``(cells, 3)`` density of nucleus and cytoplasm, and diameter in µm."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Medians of sets' classes taken apart into factors of the set and of the class.

    Attributes:
        classes: ``(3,)`` density of nucleus, of cytoplasm, and diameter in µm, by class.
        sets: ``(3,)`` factors by set; their geometric mean is 1.
        smear: ``(3,)`` medians over a healthy adult's leukocytes, sets' factors taken away.
        cells: how many cells were measured, by set.
    """

    classes: Mapping[CellClass, NDArray[np.float64]]
    sets: Mapping[str, NDArray[np.float64]]
    smear: NDArray[np.float64]
    cells: Mapping[str, int]


def compare_and_report(root: Path, results: Path, *, segmenter: Path) -> Compared:
    """Measure the cells of all sets, write the table, and return it.

    Args:
        root: folder of all data sets.
        results: folder that the table goes to.
        segmenter: trained Keras segmenter that outlines cells where there is no mask.

    Raises:
        DatasetError: the segmenter is missing, or no set with named cells is there.
        OutputError: the table cannot be written.
    """
    if not segmenter.is_file():
        raise DatasetError(f"{segmenter} is missing; train the segmenter first")
    items = [item for name in available_datasets(root) for item in read_dataset(name, root)]
    outlines = keras.saving.load_model(segmenter, compile=False)
    found = compared(measured([cell.crop for cell in labelled_cells(items, outlines)]))
    try:
        results.mkdir(parents=True, exist_ok=True)
        (results / REPORT_FILE).write_text("\n".join(_lines(found)) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{results} cannot be written ({error}); choose another folder"
        ) from error
    return found


def measured(crops: Sequence[Crop]) -> Measures:
    """Return what is measured of the leukocytes of each set, spread over all there are."""
    groups: defaultdict[tuple[str, CellClass], list[Crop]] = defaultdict(list)
    for crop in crops:
        if crop.label.is_counted:
            groups[crop.dataset, crop.label].append(crop)
    found: dict[tuple[str, CellClass], NDArray[np.float64]] = {}
    for key, members in groups.items():
        every = -(-len(members) // MOST_OF_CLASS)
        rows = [row for crop in members[::every] if (row := _row(crop))]
        if len(rows) >= FEWEST_OF_CLASS:
            found[key] = np.array(rows)
    return found


def compared(measures: Measures) -> Compared:
    """Take medians apart into sets and classes by least squares of their logarithms.

    Raises:
        DatasetError: nothing was measured.
    """
    if not measures:
        raise DatasetError("no set with named leukocytes is there; name the folder of all sets")
    sets = sorted({name for name, _ in measures})
    classes = [one for one in LEUKOCYTES if any(one is label for _, label in measures)]
    rows = np.zeros((len(measures) + 1, len(sets) + len(classes)))
    medians = np.zeros((len(measures) + 1, 3))
    for index, ((name, label), values) in enumerate(measures.items()):
        rows[index, [sets.index(name), len(sets) + classes.index(label)]] = 1
        medians[index] = np.log(np.median(values, axis=0))
    rows[-1, : len(sets)] = 1
    parts = np.exp(np.linalg.lstsq(rows, medians, rcond=None)[0])
    factors = dict(zip(sets, parts, strict=False))
    return Compared(
        dict(zip(classes, parts[len(sets) :], strict=True)),
        factors,
        _of_healthy_adult(measures, factors),
        {
            one: sum(len(rows) for (name, _), rows in measures.items() if name == one)
            for one in sets
        },
    )


def _of_healthy_adult(
    measures: Measures, factors: Mapping[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return medians over all cells, each class weighing as much as it is common."""
    sizes = {
        label: sum(len(rows) for (_, other), rows in measures.items() if other is label)
        for _, label in measures
    }
    values = np.concatenate([rows / factors[name] for (name, _), rows in measures.items()])
    weights = np.concatenate([
        np.full(len(rows), COMMON[label] / sizes[label]) for (_, label), rows in measures.items()
    ])
    order = values.argsort(axis=0)
    heavier = np.cumsum(weights[order], axis=0) >= weights.sum() / 2
    return np.take_along_axis(values, order, axis=0)[heavier.argmax(axis=0), range(3)]


def _row(crop: Crop) -> tuple[float, float, float] | None:
    tone = cell_tone(*plain_cut(crop))
    if tone is None:
        return None
    area_um2 = float((crop.mask > 127).sum()) * crop.um_per_px**2
    return tone.nucleus, tone.cytoplasm, 2 * math.sqrt(area_um2 / math.pi)


def _lines(found: Compared) -> Iterator[str]:
    yield from (
        "# What the cells of a laboratory have in common",
        "",
        "Written by `leuko-train laboratories`. Medians of each class in each set, as logarithms,",
        "are taken apart by least squares into what is the class's and what is the set's.",
        f"Up to {MOST_OF_CLASS} cells of each class of each set, all folds. Densities are natural",
        "logarithms of background over pixel, mean of red, green and blue.",
        "",
        "The classes' part; `leuko.vision.tone` holds its densities, within 3 % from another draw",
        "of the cells:",
        "",
    )
    yield from table(
        ["class", "nucleus", "cytoplasm", "diameter"],
        [
            [str(label), f"{part[0]:.3f}", f"{part[1]:.3f}", f"{part[2]:.1f} µm"]
            for label, part in (*found.classes.items(), ("healthy adult's smear", found.smear))
        ],
    )
    yield "The sets' part, as factors; *contrast* is that of nucleus over that of cytoplasm:"
    yield ""
    yield from table(
        ["set", "cells", "nucleus", "cytoplasm", "contrast", "diameter"],
        [
            [
                name,
                str(found.cells[name]),
                *(f"{value:.2f}" for value in (part[0], part[1], part[0] / part[1], part[2])),
            ]
            for name, part in found.sets.items()
        ],
    )
