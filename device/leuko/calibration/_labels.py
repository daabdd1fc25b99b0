"""Confirmed cells: from a folder with a sub-folder per class, or from a session."""

import difflib
import hashlib
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from leuko.calibration._lines import as_line
from leuko.calibration._origin import FrameUsed
from leuko.cells import CellClass, RGBImage
from leuko.errors import CalibrationError, ImageError
from leuko.images import (
    decoded_picture,
    file_digest,
    find_images,
    read_image,
    scale_in,
    unread_folders,
    unread_images,
)
from leuko.store import CellRecord, Store

MOST_CELLS = 100
"""Confirmed cells that are used; of more, as many of each class as there can be."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LabelledCell:
    """A cell whose class a person has confirmed.

    Attributes:
        rgb: ``(height, width, 3)`` uint8, RGB, the cell in the middle.
        um_per_px: scale of the picture.
        cell_class: the confirmed class.
        used: the picture's name and hash.
        shrunk: by how much it was made smaller since its scale was stated.
    """

    rgb: RGBImage
    um_per_px: float
    cell_class: CellClass
    used: FrameUsed
    shrunk: float = 1.0

    @property
    def stated_um_per_px(self) -> float:
        """Scale that was stated of the picture as it came."""
        return self.um_per_px / self.shrunk


def cells_of_folder(
    folder: Path,
    *,
    um_per_px: float | None,
    left_out: Callable[[str], None] = lambda _reason: None,
    unread: Callable[[str], None] = lambda _sentence: None,
) -> Iterator[LabelledCell]:
    """Yield the pictures in a folder's sub-folders, each named as the class of its cells.

    Args:
        folder: holds ``neutrophil/``, ``lymphocyte/`` and so on.
        um_per_px: scale of the pictures that do not say their own, as those of an exported session
            do; None if that is not known.
        left_out: told why a picture cannot be read, a sentence.
        unread: told what is not looked at beside the pictures, a sentence for each folder.

    Raises:
        CalibrationError: there is no such folder, it cannot be read, one in it has no class's
            name, or the scale of a picture is not known.
        ImageError: a folder has no pictures.
    """
    try:
        images = _images_by_class(folder)
    except OSError as error:
        raise CalibrationError(
            f"{error.filename or folder} cannot be read: {error.strerror}; check the path and its "
            "permissions"
        ) from error
    folders = [image.parent for _, image in images]
    for told in (*unread_images(folders), *unread_folders(folders)):
        unread(told)
    for cell_class, image in _spread(images):
        try:
            rgb, digest = read_image(image), file_digest(image)
        except ImageError as error:
            left_out(str(error))
            continue
        name = as_line(f"{image.parent.name}/{image.name}")
        used = FrameUsed(name=name, sha256=digest)
        yield LabelledCell(rgb, _scale(image, um_per_px), cell_class, used)


def cells_of_session(
    store: Path, session: int, labels: Mapping[int, CellClass], *, um_per_px: float
) -> Iterator[LabelledCell]:
    """Yield the cells of a session that have a label.

    Args:
        store: file of the sessions.
        session: which session.
        labels: confirmed classes by the cell's number.
        um_per_px: scale of the pictures that are kept of cells.

    Raises:
        CalibrationError: a cell that has a label is not among the session's, or has no picture.
        SessionError: there is no such session.
        StoreError: the sessions cannot be read.
    """
    wanted = {
        number: name for name, number in evenly((name, number) for number, name in labels.items())
    }
    missing = set(wanted)
    with Store.reading(store) as reader:
        reader.session(session)
        for cell in reader.cells(session):
            if cell.merged_into is None and cell.number in missing:
                missing.discard(cell.number)
                yield _labelled(session, cell, wanted[cell.number], um_per_px)
    if missing:
        raise CalibrationError(
            f"session {session} has no cell {min(missing)}; give the numbers of its cells.csv"
        )


def refuse_own_names(store: Path, session: int, labels: Mapping[int, CellClass]) -> None:
    """Refuse labels that are what a session's cells were named, all of them: nobody confirmed any.

    Args:
        store: file of the sessions.
        session: which session.
        labels: confirmed classes by the cell's number.

    Raises:
        CalibrationError: so they are.
        SessionError: there is no such session.
        StoreError: the sessions cannot be read.
    """
    with Store.reading(store) as reader:
        reader.session(session)
        cells = reader.cells(session, pictures=False)
        named = {cell.number: cell.cell_class for cell in cells if cell.merged_into is None}
    if named and dict(labels) == named:
        raise CalibrationError(
            f"every cell of session {session} has the class that Leuko gave it itself; correct "
            "wrong classes and delete the rows of cells that you have not looked at (where all "
            "are right, there is nothing to adapt to)"
        )


def class_named(name: str) -> CellClass:
    """Return the class that a person calls so, whatever the case and the spaces.

    Raises:
        CalibrationError: no class is called so.
    """
    plain = name.strip().lower().replace(" ", "_").replace("-", "_")
    found = next((one for one in CellClass if plain in {one, f"{one}s"}), None)
    if found:
        return found
    near = difflib.get_close_matches(plain, list(CellClass), n=1)
    meant = f"did you mean {near[0]}?" if near else f"choose among {', '.join(CellClass)}"
    raise CalibrationError(f"no class is called {name.strip()[:40]!r}; {meant}")


def evenly(named: Iterable[tuple[CellClass, T]]) -> list[tuple[CellClass, T]]:
    """Return at most `MOST_CELLS` of what has a class, the first of every class to begin with."""
    places = [
        (place, (cell_class, one))
        for cell_class, own in _by_class(named).items()
        for place, one in enumerate(own)
    ]
    places.sort(key=operator.itemgetter(0))
    return [one for _, one in places[:MOST_CELLS]]


def _images_by_class(folder: Path) -> list[tuple[CellClass, Path]]:
    if not folder.is_dir():
        raise CalibrationError(f"there is no folder {folder}; check the path")
    named = {path: class_named(path.name) for path in sorted(folder.iterdir()) if path.is_dir()}
    if not named:
        raise CalibrationError(
            f"{folder} has no folders named as classes; sort the pictures into neutrophil, "
            "lymphocyte and so on"
        )
    return [
        (cell_class, image)
        for path, cell_class in named.items()
        for image in (find_images([path]) if any(path.iterdir()) else ())
    ]


def _scale(image: Path, um_per_px: float | None) -> float:
    if found := scale_in(image) or um_per_px:
        return found
    raise CalibrationError(
        f"a cell alone, as in {image}, does not tell its scale; give --um-per-px, or run leuko "
        "calibrate scale first"
    )


def _spread(named: Iterable[tuple[CellClass, T]]) -> list[tuple[CellClass, T]]:
    """Return as many of each class as `evenly` does, but from its first to its last.

    The first pictures by name are often those of one slide.
    """
    by_class = _by_class(named)
    everything = [(name, one) for name, own in by_class.items() for one in own]
    wanted = Counter(name for name, _ in evenly(everything))
    return evenly(
        (name, by_class[name][place * len(by_class[name]) // most])
        for name, most in wanted.items()
        for place in range(most)
    )


def _by_class(named: Iterable[tuple[CellClass, T]]) -> dict[CellClass, list[T]]:
    by_class: dict[CellClass, list[T]] = {}
    for cell_class, one in named:
        by_class.setdefault(cell_class, []).append(one)
    return by_class


def _labelled(
    session: int, cell: CellRecord, cell_class: CellClass, um_per_px: float
) -> LabelledCell:
    rgb = decoded_picture(cell.picture)
    if rgb is None:
        raise CalibrationError(
            f"there is no picture of cell {cell.number} of session {session}; leave its row out"
        )
    digest = hashlib.sha256(cell.picture or b"").hexdigest()
    used = FrameUsed(name=f"session {session}, cell {cell.number}", sha256=digest)
    return LabelledCell(rgb, um_per_px, cell_class, used)
