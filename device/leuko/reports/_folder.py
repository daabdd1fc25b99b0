"""Writing results so that they are whole or not there."""

import contextlib
import csv
import errno
import io
import json
import shutil
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from leuko.bundle import ModelBundle
from leuko.cells import RGBImage
from leuko.counting import DifferentialCount
from leuko.durable import flush, write, write_whole
from leuko.errors import OutputError
from leuko.images import result_png
from leuko.reports._content import (
    CSV_COLUMNS,
    FailedImage,
    FieldReport,
    cell_row,
    differential_summary,
    image_entry,
    label_image,
)
from leuko.vision.overlay import draw_overlay

_UNFINISHED = ".leuko-unfinished"
_CELLS, _DIFFERENTIAL = "cells.csv", "differential.json"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_result(file: Path, content: bytes) -> None:
    """Write a file that is whole or not there; one of that name gives way to it.

    Raises:
        OutputError: it cannot be written.
    """
    with _translated(file.parent):
        write_whole(file, content)


class ReportFolder:
    """A folder that receives the results of one run; a context manager.

    Inside it, add fields, then `finish`. Leaving it without having finished leaves no result, and
    no folder that was not there before.
    """

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is touched before the context is entered."""
        self._folder = folder
        self._staged = folder / _UNFINISHED
        self._images: list[dict[str, object]] = []
        self._made: tuple[Path, ...] = ()
        self._replaces = False

    @property
    def replaces(self) -> bool:
        """Whether the folder had an earlier result when it was entered."""
        return self._replaces

    def __enter__(self) -> Self:
        """Make the folder and clear it of an earlier result and the files that this lists.

        Raises:
            OutputError: it cannot be made or written to.
        """
        with contextlib.ExitStack() as undo, _translated(self._folder):
            undo.push(self.__exit__)
            places = (self._folder, *self._folder.parents)
            self._made = tuple(path for path in places if not path.exists())
            self._folder.mkdir(parents=True, exist_ok=True)
            _remove_tree(self._staged)
            self._staged.mkdir()
            self._replaces = (self._folder / _DIFFERENTIAL).exists()
            _remove_result(self._folder)
            self._append(",".join(CSV_COLUMNS) + "\n")
            undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove whatever was not finished, and the folders that were made for nothing."""
        with contextlib.suppress(OSError):
            _remove_tree(self._staged)
        for path in self._made:
            # One that holds a result, or what somebody else put there, is not empty and stays.
            with contextlib.suppress(OSError):
                path.rmdir()

    def add_field(self, field: FieldReport) -> None:
        """Add the cells of one image to ``cells.csv``.

        Raises:
            OutputError: it cannot be written.
        """
        rows = io.StringIO()
        writer = csv.writer(rows, lineterminator="\n")
        writer.writerows(
            cell_row(field, number, cell) for number, cell in enumerate(field.cells, 1)
        )
        with _translated(self._folder):
            self._append(rows.getvalue())
        self._images.append(image_entry(field))

    def add_overlay(self, field: FieldReport, rgb: RGBImage) -> None:
        """Add ``<name>-overlay.png``, the image with its cells outlined and named.

        Raises:
            OutputError: it cannot be written.
        """
        drawn = draw_overlay(rgb, field.cells, is_sharp=field.is_sharp)
        self._stage(f"{field.name}-overlay.png", result_png(drawn))

    def add_picture(self, name: str, rgb: RGBImage) -> None:
        """Add ``<name>.png``, a picture of the whole run.

        Raises:
            OutputError: it cannot be written.
        """
        self._stage(f"{name}.png", result_png(rgb))

    def add_mask(self, field: FieldReport) -> None:
        """Add ``<name>-mask.png``: uint16, 0 for background, else the cell's number in the table.

        Raises:
            OutputError: it cannot be written.
        """
        self._stage(f"{field.name}-mask.png", result_png(label_image(field.cells, field.shape)))

    def finish(
        self,
        count: DifferentialCount,
        failed: Sequence[FailedImage],
        bundle: ModelBundle,
        *,
        calibration: Mapping[str, object] | None = None,
        stain: Mapping[str, object] | None = None,
        wbc: Mapping[str, object] | None = None,
        scale: Mapping[str, object] | None = None,
        names: Mapping[str, object] | None = None,
    ) -> None:
        """Write ``differential.json``, which lists the other files, and move all into place.

        Afterwards the folder holds a whole result.

        Raises:
            OutputError: something cannot be written; then there is no result.
        """
        with _translated(self._folder):
            others = sorted(self._staged.iterdir())
        summary = differential_summary(
            count,
            self._images,
            failed,
            bundle,
            files=[path.name for path in others],
            calibration=calibration,
            stain=stain,
            wbc=wbc,
            scale=scale,
            names=names,
        )
        text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
        self._stage(_DIFFERENTIAL, text.encode(errors="backslashreplace"))
        with _translated(self._folder):
            flush(self._staged / _CELLS)
            for path in others:
                path.replace(self._folder / path.name)
            flush(self._folder)
            (self._staged / _DIFFERENTIAL).replace(self._folder / _DIFFERENTIAL)
            flush(self._folder)

    def _append(self, text: str) -> None:
        with (self._staged / _CELLS).open("ab") as table:
            table.write(text.encode(errors="backslashreplace"))

    def _stage(self, name: str, content: bytes) -> None:
        with _translated(self._folder):
            write(self._staged / name, content)


def _remove_result(folder: Path) -> None:
    stale = _listed_files(folder / _DIFFERENTIAL) | {_CELLS}
    (folder / _DIFFERENTIAL).unlink(missing_ok=True)
    # Going by the folder's own entries, no list can lead out of it.
    for path in list(folder.iterdir()):
        if path.name in stale and (path.is_symlink() or not path.is_dir()):
            path.unlink()


def _listed_files(differential: Path) -> set[str]:
    try:
        summary = json.loads(differential.read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return set()
    listed = summary.get("files") if isinstance(summary, dict) else None
    return {name for name in listed if isinstance(name, str)} if isinstance(listed, list) else set()


def _remove_tree(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


@contextlib.contextmanager
def _translated(folder: Path) -> Generator[None]:
    try:
        yield
    except FileExistsError as error:
        raise OutputError(
            f"cannot write results to {folder}: it is no folder; choose another place with --out"
        ) from error
    except OSError as error:
        room = "make room there, or " if error.errno in _NO_ROOM else ""
        raise OutputError(
            f"cannot write results to {folder}: {error.strerror or error}; "
            f"{room}choose another place with --out"
        ) from error
