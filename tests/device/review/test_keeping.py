"""What a person says of cells: kept at once, taken up again, corrected."""

import contextlib
import csv
import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from leuko.calibration import read_labels
from leuko.cells import LEUKOCYTES, CellClass, RGBImage
from leuko.clock import now
from leuko.errors import CalibrationError, OutputError, SessionError
from leuko.review import (
    FOLDER_NAME,
    Review,
    Turn,
    candidates_of,
    load_review,
    load_reviews,
    review_cells,
    reviewing,
)
from leuko.service import STORE_NAME
from leuko.shown import ReviewStep
from leuko.status import SessionState
from leuko.store import CellRecord, SessionSpec, Store

N, L, M, E, B = LEUKOCYTES
Seen = tuple[CellClass, float, RGBImage | None]
Session = Callable[[Sequence[Seen]], int]
IG = CellClass.IMMATURE_GRANULOCYTE


class PowerCutError(Exception):
    """Ends the program between two answers."""


class Person:
    """Answers in turn; the power is cut when nothing is left to be answered."""

    def __init__(self, *answers: CellClass | Turn) -> None:
        self._answers = list(answers)
        self.shown: list[ReviewStep] = []

    def ask(self, step: ReviewStep) -> CellClass | Turn:
        self.shown.append(step)
        if not self._answers:
            raise PowerCutError
        return self._answers.pop(0)

    @property
    def proposals(self) -> list[CellClass]:
        return [step.proposed for step in self.shown]


def reviewed(state: Path, session: int, person: Person) -> Review:
    """What is on the disk when the person has stopped, or the power was cut."""
    with Store.reading(state / STORE_NAME) as reader:
        cells = candidates_of(reader, session)
    review = load_review(state / FOLDER_NAME, session)
    with contextlib.suppress(PowerCutError):
        review_cells(review, cells, picture=_picture, ask=person.ask, by="Ada", clock=now)
    return load_review(state / FOLDER_NAME, session)


def _picture(number: int) -> RGBImage:
    return np.full((96, 96, 3), number, np.uint8)


def classes(review: Review) -> dict[int, CellClass | None]:
    return {number: one.cell_class for number, one in review.answers.items()}


def test_every_answer_is_on_the_disk_before_the_next_cell_is_shown(state: Path, five: int) -> None:
    person = Person(N, M)
    kept = reviewed(state, five, person)
    assert classes(kept) == {1: N, 2: M}
    first = kept.answers[1]
    with Store.reading(state / STORE_NAME) as reader:
        shown = reader.cell(five, 1)
    assert shown is not None
    assert shown.picture is not None
    digest = hashlib.sha256(shown.picture).hexdigest()
    assert (first.proposed, first.sha256, first.by) == (N, digest, "Ada")
    assert [(step.number, step.of) for step in person.shown] == [(1, 5), (2, 5), (3, 5)]


def test_a_review_goes_on_where_it_stopped(state: Path, five: int) -> None:
    reviewed(state, five, Person(N, Turn.SKIP))
    person = Person(Turn.STOP)
    reviewed(state, five, person)
    assert person.proposals == [M]
    assert person.shown[0].number == 2
    assert person.shown[0].of == 4
    assert person.shown[0].confirmed == {N: 1}


def test_going_back_corrects_the_cell_before_and_goes_on_with_a_new_one(
    state: Path, five: int
) -> None:
    person = Person(N, L, Turn.BACK, Turn.BACK, Turn.BACK, IG)
    kept = reviewed(state, five, person)
    assert person.proposals == [N, L, M, L, N, N, M]
    assert [step.remark for step in person.shown[:5]] == [
        "30 %, unsure",
        "40 %, unsure",
        "70 %",
        "your answer",
        "your answer",
    ]
    assert classes(kept) == {1: IG, 2: L}
    with kept.file.open(encoding="utf-8") as table:
        assert [row["number"] for row in csv.DictReader(table)] == ["1", "2"]


def test_an_answer_can_be_taken_back(state: Path, five: int) -> None:
    kept = reviewed(state, five, Person(N, Turn.BACK, Turn.SKIP))
    assert classes(kept) == {1: None}
    person = Person(Turn.BACK)
    reviewed(state, five, person)
    assert [step.remark for step in person.shown] == ["40 %, unsure", "skipped"]


def test_a_review_that_has_all_it_can_have_shows_its_last_cell_again(
    state: Path, five: int
) -> None:
    reviewed(state, five, Person(N, L, M, E, B))
    again = Person(Turn.BACK, N)
    kept = reviewed(state, five, again)
    assert again.proposals == [B, E]
    assert classes(kept) == {1: N, 2: L, 3: M, 4: N, 5: B}


def test_what_was_reviewed_is_a_table_that_an_adaptation_reads(state: Path, five: int) -> None:
    kept = reviewed(state, five, Person(N, Turn.SKIP, IG))
    assert read_labels(kept.file) == {1: N, 3: IG}


def test_a_disk_that_takes_no_answer_is_said_and_earlier_answers_are_kept(
    state: Path, five: int
) -> None:
    kept = reviewed(state, five, Person(N))
    # The file that is prepared beside it cannot be written any more.
    kept.file.with_name(f".{kept.file.name}.new").mkdir()
    with pytest.raises(OutputError, match=r"make room .* all earlier answers are kept"):
        kept.keep({2: kept.answers[1]})
    assert classes(load_review(state / FOLDER_NAME, five)) == {1: N}
    assert list(kept.answers) == [1]


def test_two_reviews_at_once_are_refused(tmp_path: Path) -> None:
    with reviewing(tmp_path / "reviews"), pytest.raises(CalibrationError, match="under way"):
        enter(reviewing(tmp_path / "reviews"))
    enter(reviewing(tmp_path / "reviews"))
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be used"):
        enter(reviewing(tmp_path / "file"))


def enter(context: AbstractContextManager[None]) -> None:
    with context:
        pass


@pytest.mark.parametrize(
    "text",
    ["number,class\n1,basophil\n", "\x00\xff", "number,class,proposed\nx,,\n"],
    ids=["columns missing", "no text", "no number"],
)
def test_a_table_that_is_no_review_is_named_and_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "session-000003.csv"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(CalibrationError, match=r"session-000003\.csv is no review"):
        load_reviews(tmp_path)
    assert file.read_bytes() == text.encode("latin-1")


def test_an_open_session_is_not_reviewed_nor_cells_without_a_picture(
    state: Path,
    session: Session,
    grey: Callable[[int], RGBImage],
    record: Callable[[int, Seen], CellRecord],
) -> None:
    closed = session([(N, 0.9, grey(9)), (L, 0.9, None)])
    with Store.opened(state / STORE_NAME) as store:
        assert [cell.number for cell in candidates_of(store, closed)] == [1]
        begun = store.start_session(SessionSpec(specimen="S-8"))
        store.save_cells(begun.id, [record(n, (N, 0.9, grey(n))) for n in (1, 2)])
        with pytest.raises(SessionError, match=r"is counting, so .* finish it first"):
            candidates_of(store, begun.id)
        store.save_cells(begun.id, [], merged={2: 1})
        store.set_state(begun.id, SessionState.DISCARDED)
        assert [cell.number for cell in candidates_of(store, begun.id)] == [1]
