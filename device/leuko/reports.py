"""Results on disk: tables, overlays and label images, whole or not at all.

A folder of results is whole when it holds ``differential.json``. To keep that true whatever
happens, `ReportFolder` first removes the ``differential.json`` and ``cells.csv`` of an earlier
run, so that nobody takes them for the new ones; then writes every file into a hidden folder
beside the final places, flushed to the disk; and moves them into place only when all are there,
``differential.json`` last. A full disk, an exception or Ctrl-C leaves none of the new files; a
power cut leaves at most files without a ``differential.json``, and the next run clears up.
"""

import contextlib
import csv
import io
import json
import os
import shutil
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.bundle import ModelBundle
from leuko.cells import Cell, CellClass, RGBImage
from leuko.counting import STATEMENT, DifferentialCount
from leuko.errors import OutputError
from leuko.vision.overlay import draw_overlay

CSV_COLUMNS = (
    "image",
    "cell",
    "x",
    "y",
    "width",
    "height",
    "area_um2",
    "cell_class",
    "probability",
    "status",
    "reason",
    "um_per_px",
    "sharpness",
    *(f"p_{name}" for name in CellClass),
)
"""Columns of ``cells.csv``: one row a cell, its box in pixels of the image as stored."""

_UNFINISHED = ".leuko-unfinished"
_CELLS, _DIFFERENTIAL = "cells.csv", "differential.json"


@dataclass(frozen=True, slots=True)
class FieldReport:
    """One analysed image.

    Attributes:
        image: how the results call it, unique among the run's images.
        name: what its overlay and its mask are called by, unique too.
        shape: height and width in pixels.
        um_per_px: scale it was analysed at.
        scale_confidence: 0 to 1 for a scale found from red cells, None for a given one.
        cells: what was found, in reading order; the first is cell 1.
    """

    image: str
    name: str
    shape: tuple[int, int]
    um_per_px: float
    scale_confidence: float | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class FailedImage:
    """An image that was left out.

    Attributes:
        image: how the results call it.
        reason: why, in a sentence.
    """

    image: str
    reason: str


def name_images(paths: Sequence[Path]) -> list[tuple[str, str]]:
    """Return for each path what the results call the image, and what its pictures are named by.

    That is the file's name and its stem, with as many parent folders and as much of the suffix
    as it takes to tell the images of one run apart.

    >>> name_images([Path("a/1.png"), Path("b/1.png"), Path("b/2.png"), Path("b/2.jpg")])
    [('a/1.png', 'a_1'), ('b/1.png', 'b_1'), ('2.png', '2.png'), ('2.jpg', '2.jpg')]
    """
    parts = [path.absolute().parts for path in paths]
    depths = [1] * len(paths)
    while clashes := _repeated(["/".join(p[-d:]) for p, d in zip(parts, depths, strict=True)]):
        depths = [depth + (index in clashes) for index, depth in enumerate(depths)]
    images = ["/".join(p[-d:]) for p, d in zip(parts, depths, strict=True)]
    return list(zip(images, _file_names(images), strict=True))


class ReportFolder:
    """A folder that receives the results of one run; a context manager.

    Inside it, add fields, then `finish`. Leaving it without having finished leaves no result.
    """

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is touched before the context is entered."""
        self._folder = folder
        self._staged = folder / _UNFINISHED
        self._rows = io.StringIO()
        self._images: list[dict[str, object]] = []

    def __enter__(self) -> Self:
        """Make the folder and clear it of an earlier result.

        Raises:
            OutputError: it cannot be made or written to.
        """
        with _translated(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            _remove_tree(self._staged)
            self._staged.mkdir()
            for stale in (_DIFFERENTIAL, _CELLS):
                (self._folder / stale).unlink(missing_ok=True)
            self._append(",".join(CSV_COLUMNS) + "\n")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove whatever was not finished."""
        with contextlib.suppress(OSError):
            _remove_tree(self._staged)

    def add_field(self, field: FieldReport) -> None:
        """Add the cells of one image to ``cells.csv``.

        Raises:
            OutputError: it cannot be written.
        """
        rows = io.StringIO()
        writer = csv.writer(rows, lineterminator="\n")
        writer.writerows(_row(field, number, cell) for number, cell in enumerate(field.cells, 1))
        with _translated(self._folder):
            self._append(rows.getvalue())
        self._images.append(_image_entry(field))

    def add_overlay(self, field: FieldReport, rgb: RGBImage) -> None:
        """Add ``<name>-overlay.png``, the image with its cells outlined and named.

        Raises:
            OutputError: it cannot be written.
        """
        drawn = draw_overlay(rgb, field.cells)
        self._stage(f"{field.name}-overlay.png", _png(drawn[..., ::-1]))

    def add_mask(self, field: FieldReport) -> None:
        """Add ``<name>-mask.png``: uint16, 0 for background, else the cell's number in the table.

        Raises:
            OutputError: it cannot be written.
        """
        self._stage(f"{field.name}-mask.png", _png(label_image(field.cells, field.shape)))

    def finish(
        self, count: DifferentialCount, failed: Sequence[FailedImage], bundle: ModelBundle
    ) -> None:
        """Write ``differential.json`` and move everything into place.

        Afterwards the folder holds a whole result.

        Raises:
            OutputError: something cannot be written; then there is no result.
        """
        summary = differential_summary(count, self._images, failed, bundle)
        text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
        self._stage(_DIFFERENTIAL, text.encode(errors="backslashreplace"))
        with _translated(self._folder):
            _flush(self._staged / _CELLS)
            others = (path for path in self._staged.iterdir() if path.name != _DIFFERENTIAL)
            for path in sorted(others):
                path.replace(self._folder / path.name)
            _flush(self._folder)
            (self._staged / _DIFFERENTIAL).replace(self._folder / _DIFFERENTIAL)
            _flush(self._folder)

    def _append(self, text: str) -> None:
        with (self._staged / _CELLS).open("ab") as table:
            table.write(text.encode(errors="backslashreplace"))

    def _stage(self, name: str, content: bytes) -> None:
        with _translated(self._folder):
            (self._staged / name).write_bytes(content)
            _flush(self._staged / name)


def label_image(cells: Sequence[Cell], shape: tuple[int, int]) -> NDArray[np.uint16]:
    """Return ``shape`` uint16: 0 for background, 1 for the first cell, and so on."""
    labels = np.zeros(shape, np.uint16)
    for number, cell in enumerate(cells, 1):
        box = cell.region.box
        view = labels[box.y : box.y + box.height, box.x : box.x + box.width]
        # Where two regions overlap the earlier keeps its pixels.
        view[cell.region.mask & (view == 0)] = number
    return labels


def differential_summary(
    count: DifferentialCount,
    images: Sequence[Mapping[str, Any]],
    failed: Sequence[FailedImage],
    bundle: ModelBundle,
) -> dict[str, Any]:
    """Return what ``differential.json`` says, percentages unrounded."""
    scales = {image["um_per_px"] for image in images}
    return {
        "statement": STATEMENT,
        "n": count.n,
        "counts": dict(count.counts),
        "percent": dict(count.percent),
        "interval95": {name: list(interval) for name, interval in count.interval95.items()},
        "excluded": dict(count.excluded),
        "excluded_per_100": dict(count.beside_per_100),
        "unclassified": count.unclassified,
        "images": list(images),
        "failed_images": [{"image": one.image, "reason": one.reason} for one in failed],
        "bundle": {
            "id": bundle.manifest.id,
            "version": bundle.manifest.version,
            "sha256": bundle.sha256,
        },
        # One number only where it is true of all; each image carries its own.
        "um_per_px": scales.pop() if len(scales) == 1 else None,
    }


def _image_entry(field: FieldReport) -> dict[str, object]:
    return {
        "image": field.image,
        "width": field.shape[1],
        "height": field.shape[0],
        "um_per_px": field.um_per_px,
        "scale_confidence": field.scale_confidence,
        "cells": len(field.cells),
    }


def _row(field: FieldReport, number: int, cell: Cell) -> list[object]:
    box = cell.region.box
    return [
        field.image,
        number,
        box.x,
        box.y,
        box.width,
        box.height,
        f"{cell.region.area_um2:.2f}",
        cell.cell_class,
        f"{cell.probability:.4f}",
        cell.status,
        cell.reason,
        f"{field.um_per_px:.6g}",
        f"{cell.sharpness:.2f}",
        *(f"{probability:.4f}" for probability in cell.probabilities),
    ]


def _png(image: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    _, encoded = cv2.imencode(".png", image)
    return encoded.tobytes()


def _file_names(images: Sequence[str]) -> list[str]:
    whole = [image.strip("/").replace("/", "_") for image in images]
    stems = [str(Path(name).with_suffix("")) for name in whole]
    # Some file systems do not tell capital letters from small ones.
    clashes = _repeated([stem.casefold() for stem in stems])
    names = [whole[i] if i in clashes else stem for i, stem in enumerate(stems)]
    if _repeated([name.casefold() for name in names]):
        return [f"{number}-{name}" for number, name in enumerate(names, 1)]
    return names


def _repeated(names: Sequence[str]) -> set[int]:
    times = Counter(names)
    return {index for index, name in enumerate(names) if times[name] > 1}


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_tree(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


@contextlib.contextmanager
def _translated(folder: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"cannot write results to {folder}: {error.strerror or error}; "
            "free or choose another place to write"
        ) from error
