"""What a person said of a session's cells, on the disk: one table a session, always whole."""

import contextlib
import csv
import fcntl
import io
import os
import re
from collections import Counter
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from leuko.cells import CellClass
from leuko.clock import Moment
from leuko.durable import flush, write_whole
from leuko.errors import CalibrationError, OutputError

FOLDER_NAME = "reviews"
"""Folder in the state directory."""

_NAME = re.compile(r"session-(\d{6,})\.csv")
_COLUMNS = (
    "number",
    "class",
    "proposed",
    "picture_sha256",
    "by",
    "boot_id",
    "monotonic_s",
    "wall",
    "clock_is_set",
)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a person said of a cell.

    Attributes:
        cell_class: what it is; None if the person could not tell.
        proposed: what the count had called it.
        sha256: of the picture that was shown.
        by: who said it.
        moment: when.
    """

    cell_class: CellClass | None
    proposed: CellClass
    sha256: str
    by: str
    moment: Moment


class Review:
    """What was said of one session's cells."""

    def __init__(self, file: Path, session: int, answers: Mapping[int, Reviewed]) -> None:
        """Take up what was said; `load_review` reads it.

        Args:
            file: the table, which need not be there yet.
            session: which session.
            answers: by the cell's number, in the order in which they were first given.
        """
        self.file = file
        self.session = session
        self._answers = dict(answers)

    @property
    def answers(self) -> Mapping[int, Reviewed]:
        """What was said, by the cell's number, in the order in which it was first said."""
        return self._answers

    @property
    def confirmed(self) -> Counter[CellClass]:
        """How many cells of each class a person has confirmed."""
        return Counter(one.cell_class for one in self._answers.values() if one.cell_class)

    def keep(self, answers: Mapping[int, Reviewed]) -> None:
        """Have answers on the disk before returning; later ones take the place of earlier ones.

        Raises:
            OutputError: the disk does not take them; those before are still kept.
        """
        kept = self._answers | dict(answers)
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.file, _table(kept))
        except OSError as error:
            raise OutputError(
                f"{self.file} does not take the answer ({error.strerror or error}); make room or "
                "run it as the service's user, and go on: all earlier answers are kept"
            ) from error
        self._answers = kept


@contextlib.contextmanager
def reviewing(folder: Path) -> Generator[None]:
    """Keep other reviews out of a folder meanwhile: two would undo each other's answers.

    Raises:
        CalibrationError: another one is under way.
        OutputError: the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        flush(folder.parent)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be used ({error.strerror or error}); run it as the service's user"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise CalibrationError("another review is under way; stop that one first") from error
    finally:
        os.close(descriptor)


def load_review(folder: Path, session: int) -> Review:
    """Return what was said of a session's cells; nothing yet if it was not reviewed.

    Raises:
        CalibrationError: its table cannot be read.
    """
    file = folder / f"session-{session:06}.csv"
    try:
        with file.open(encoding="utf-8", newline="") as table:
            answers = {int(row["number"]): _answer(row) for row in csv.DictReader(table)}
    except FileNotFoundError:
        answers = {}
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise CalibrationError(
            f"{file} is no review of leuko's ({error}); move it away, or bring back a copy"
        ) from error
    return Review(file, session, answers)


def load_reviews(folder: Path) -> list[Review]:
    """Return what was said of all sessions, by their numbers.

    Raises:
        CalibrationError: a table cannot be read.
    """
    files = folder.iterdir() if folder.is_dir() else ()
    names = (_NAME.fullmatch(file.name) for file in files)
    return [load_review(folder, session) for session in sorted(int(one[1]) for one in names if one)]


def _table(answers: Mapping[int, Reviewed]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for number, one in answers.items():
        moment = one.moment
        writer.writerow([
            number,
            one.cell_class or "",
            one.proposed,
            one.sha256,
            one.by,
            moment.boot_id,
            f"{moment.monotonic_s:.3f}",
            moment.wall.isoformat(),
            "yes" if moment.clock_is_set else "no",
        ])
    return text.getvalue().encode()


def _answer(row: Mapping[str, str]) -> Reviewed:
    moment = Moment(
        boot_id=row["boot_id"],
        monotonic_s=float(row["monotonic_s"]),
        wall=datetime.fromisoformat(row["wall"]),
        clock_is_set=row["clock_is_set"] == "yes",
    )
    return Reviewed(
        cell_class=CellClass(row["class"]) if row["class"] else None,
        proposed=CellClass(row["proposed"]),
        sha256=row["picture_sha256"],
        by=row["by"],
        moment=moment,
    )
