"""One session of the live count as a folder of files, whole or not there at all."""

import contextlib
import csv
import itertools
import json
import os
import shutil
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path

from leuko.counting import DifferentialCount
from leuko.durable import flush
from leuko.errors import LeukoError, OutputError
from leuko.images import with_scale
from leuko.reports._session_content import (
    LOG_CSV_COLUMNS,
    SESSION_CSV_COLUMNS,
    session_cell_row,
    session_folder_name,
    session_log_row,
    session_summary,
)
from leuko.store import CellRecord, LogEntry, SessionRecord
from leuko.tracking import PICTURE_UM_PER_PX

_UNFINISHED = ".leuko-unfinished"
_PICTURES = "cells"
_PNG = b"\x89PNG"


def export_session(
    session: SessionRecord,
    folder: Path,
    *,
    count: DifferentialCount,
    cells: Iterable[CellRecord],
    log: Iterable[LogEntry],
    changes: Sequence[str] = (),
    stain: Mapping[str, object] | None = None,
    wbc: Mapping[str, object] | None = None,
    pictures: bool = False,
    overview: bytes = b"",
) -> Path:
    """Write a session to a new folder within ``folder`` and return that.

    It appears under its name only when every file of it is on the medium. A folder that is there
    already is left alone: the new one gets ``-2``, ``-3`` and so on behind its name.

    Args:
        session: which one.
        folder: an existing folder, such as a USB stick's; one export at a time.
        count: its differential.
        cells: its cells, read one by one; those that were merged into others are left out.
        log: its log, read one by one.
        changes: what was no longer as at its beginning when it went on, a sentence each.
        stain: how far its stain was from the calibrated one; None if nothing was said of it.
        wbc: estimate of the leukocytes in blood; None without one.
        pictures: whether the cells' pictures are written too; PNG files say their scale, see
            `leuko.images.scale_in`.
        overview: PNG of its slide, written to ``overview.png``; empty without one.

    Raises:
        OutputError: it cannot be written; nothing of it is left there if that can be helped.
    """
    with _translated(session, folder), _staged(folder) as staged:
        _write_cells(staged, cells, pictures=pictures)
        if overview:
            (staged / "overview.png").write_bytes(overview)
        _write_rows(staged / "log.csv", LOG_CSV_COLUMNS, map(session_log_row, log))
        content = session_summary(session, count, changes=changes, stain=stain, wbc=wbc)
        summary = json.dumps(content, indent=2, ensure_ascii=False)
        (staged / "differential.json").write_bytes(f"{summary}\n".encode(errors="backslashreplace"))
        _flush_tree(staged)
        return _moved(staged, folder / session_folder_name(session))


@contextlib.contextmanager
def _staged(folder: Path) -> Generator[Path]:
    staged = folder / _UNFINISHED
    _clear(staged)
    staged.mkdir()
    try:
        yield staged
    finally:
        with contextlib.suppress(OSError):
            _clear(staged)


def _write_cells(staged: Path, cells: Iterable[CellRecord], *, pictures: bool) -> None:
    if pictures:
        (staged / _PICTURES).mkdir()

    def rows() -> Generator[list[object]]:
        for cell in cells:
            if cell.merged_into is None:
                yield session_cell_row(cell, _write_picture(staged, cell) if pictures else "")

    _write_rows(staged / "cells.csv", SESSION_CSV_COLUMNS, rows())


def _write_picture(staged: Path, cell: CellRecord) -> str:
    if cell.picture is None:
        return ""
    is_png = cell.picture.startswith(_PNG)
    name = f"{_PICTURES}/{cell.number:05d}-{cell.cell_class}.{'png' if is_png else 'jpg'}"
    content = with_scale(cell.picture, PICTURE_UM_PER_PX) if is_png else cell.picture
    (staged / name).write_bytes(content)
    return name


def _write_rows(path: Path, columns: Iterable[str], rows: Iterable[list[object]]) -> None:
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _moved(staged: Path, wanted: Path) -> Path:
    others = (wanted.with_name(f"{wanted.name}-{number}") for number in itertools.count(2))
    free = next(path for path in itertools.chain([wanted], others) if not os.path.lexists(path))
    staged.rename(free)
    flush(free.parent)
    return free


def _flush_tree(folder: Path) -> None:
    # Everything is written by now, so the medium takes it in one go and not file by file.
    for path in sorted(folder.rglob("*"), reverse=True):
        flush(path)
    flush(folder)


def _clear(staged: Path) -> None:
    if staged.exists():
        shutil.rmtree(staged)


@contextlib.contextmanager
def _translated(session: SessionRecord, folder: Path) -> Generator[None]:
    try:
        yield
    except LeukoError:
        # A store that cannot be read is an OSError too, and no fault of the stick.
        raise
    except OSError as error:
        # Not made here: where no stick is mounted, a new folder would fill the device's own disk.
        remedy = (
            "make room there or choose another place"
            if folder.is_dir()
            else "plug the stick in, or make that folder,"
        )
        raise OutputError(
            f"session {session.id} cannot be exported to {folder}: "
            f"{error.strerror or error}; it is kept on the device; {remedy} and export it again"
        ) from error
