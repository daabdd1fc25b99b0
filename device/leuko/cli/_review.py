"""``leuko calibrate review``: a person says what the cells of a session are."""

# Commands import what they need, so that --help and --version stay quick on a small device.

import os
import sys
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._calibration_options import KEEPING, Asked, asking, name_of
from leuko.cli._keeping import confirm, same_places
from leuko.cli._options import refuse_to_ask, session_number
from leuko.errors import CalibrationError
from leuko.plurals import counted

if TYPE_CHECKING:
    from leuko.cells import RGBImage
    from leuko.review import Candidate, Review
    from leuko.settings import Settings
    from leuko.store import StoreReader


@asking(*KEEPING)
def review(
    asked: Asked,
    session: Annotated[
        int,
        typer.Argument(
            metavar="SESSION", parser=session_number, help="Whose cells; it must be finished."
        ),
    ],
    *,
    labels: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Take the classes of a CSV instead: number, class."),
    ] = None,
) -> None:
    """Confirm or correct the classes of a session's cells, one after the other, at the bench."""
    from leuko.review import FOLDER_NAME, candidates_of, load_review, reviewing
    from leuko.service import STORE_NAME
    from leuko.settings import load_settings
    from leuko.store import Store

    settings = load_settings(os.environ, state_dir=asked.state_dir)
    folder = settings.state_dir / FOLDER_NAME
    with Store.reading(settings.state_dir / STORE_NAME) as reader:
        candidates = candidates_of(reader, session)
        if not candidates:
            raise CalibrationError(f"session {session} has no cell to be shown; name another one")
        if labels is None and asked.json:
            _tell(load_review(folder, session), candidates, json=True)
            return
        with reviewing(folder):
            kept = load_review(folder, session)
            if labels is None:
                _at_the_bench(kept, candidates, reader, settings, by=name_of(asked.by))
            else:
                _from_table(kept, candidates, labels, asked)
    _tell(kept, candidates, json=asked.json)
    if kept.confirmed and not asked.json:
        places = same_places(asked, "site")
        typer.echo(f"adapt the classifier to it: leuko calibrate site --reviewed{places}")


def _at_the_bench(
    kept: "Review",
    candidates: "list[Candidate]",
    reader: "StoreReader",
    settings: "Settings",
    *,
    by: str,
) -> None:
    from leuko.clock import now
    from leuko.displays.terminal import print_review
    from leuko.review import review_cells
    from leuko.service import display_options
    from leuko.wizard import AT_ONCE, GUIDES, ReviewScreen, open_wizard

    with open_wizard(
        settings,
        display_options(settings),
        GUIDES["review"],
        say=lambda line: typer.echo(line, err=True),
        is_asked=True,
        at_once=AT_ONCE,
    ) as wizard:
        screen = ReviewScreen(wizard, lambda step: print_review(step, sys.stderr))
        review_cells(
            kept,
            candidates,
            picture=lambda number: _picture(reader, kept.session, number),
            ask=screen.ask,
            by=by,
            clock=now,
        )


def _picture(reader: "StoreReader", session: int, number: int) -> "RGBImage":
    from leuko.images import decoded_picture

    cell = reader.cell(session, number)
    rgb = decoded_picture(cell.picture) if cell else None
    if rgb is None:
        raise CalibrationError(
            f"the picture of cell {number} of session {session} is gone; run it again, the answers "
            "given are kept"
        )
    return rgb


def _from_table(kept: "Review", candidates: "list[Candidate]", labels: Path, asked: Asked) -> None:
    """Take the classes of a table, if a person, or the command line, wants it.

    Raises:
        WrongUseError: nothing says whether they are to be kept, and nobody is asked.
        CalibrationError: it names a cell that the session has not.
        Exit: they are not to be kept.
    """
    from leuko.calibration import read_labels
    from leuko.clock import now
    from leuko.review import Reviewed

    named, cells = read_labels(labels), {cell.number: cell for cell in candidates}
    if missing := sorted(set(named) - set(cells)):
        raise CalibrationError(
            f"session {kept.session} has no cell {missing[0]} with a picture; give the numbers of "
            "its cells.csv"
        )
    before = {number: one.cell_class for number, one in kept.answers.items()}
    new = {number: name for number, name in named.items() if before.get(number) is not name}
    replaced = sum(number in before for number in new)
    refuse_to_ask("kept", json=asked.json, yes=asked.yes)
    if not asked.yes:
        typer.echo(
            f"classes that are new or differ: {len(new)}, {replaced} of them answered before"
        )
        confirm("keep these answers?")
    by, moment = name_of(asked.by), now()
    kept.keep({
        number: Reviewed(name, cells[number].proposed, cells[number].sha256, by, moment)
        for number, name in new.items()
    })


def _tell(kept: "Review", candidates: "list[Candidate]", *, json: bool) -> None:
    from leuko.cells import LEUKOCYTES
    from leuko.review import WANTED

    confirmed, answers = kept.confirmed, kept.answers
    left = sum(cell.number not in answers for cell in candidates)
    lacking = {name: WANTED - confirmed[name] for name in LEUKOCYTES if confirmed[name] < WANTED}
    if json:
        told = {
            "session": kept.session,
            "file": str(kept.file),
            "confirmed": dict(confirmed),
            "skipped": sum(one.cell_class is None for one in answers.values()),
            "left": left,
            "lacking": lacking,
        }
        typer.echo(dumps(told))
        return
    cells = counted(confirmed.total(), "cell")
    typer.echo(f"confirmed of session {kept.session}: {cells}, {left} left")
    if lacking:
        classes = ", ".join(counted(number, name) for name, number in lacking.items())
        typer.echo(f"for {WANTED} of each class this session lacks: {classes}")
