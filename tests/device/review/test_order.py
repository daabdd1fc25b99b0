"""Which cell a person is asked about next."""

from collections import Counter
from itertools import starmap

from leuko.cells import LEUKOCYTES, CellClass
from leuko.clock import now
from leuko.review import WANTED, Candidate, Reviewed, next_candidate

N, L, M, E, B = LEUKOCYTES
ARTEFACT = CellClass.PLATELET_OR_ARTEFACT


def cell(
    number: int, name: CellClass, *, sure: float = 0.9, unclassified: bool = False
) -> Candidate:
    return Candidate(number, name, sure, unclassified, "0" * 64)


def said(candidate: Candidate, name: CellClass | None) -> Reviewed:
    return Reviewed(name, candidate.proposed, candidate.sha256, "Ada", now())


def asked(cells: list[Candidate], truth: dict[int, CellClass | None]) -> list[Candidate]:
    """The cells in the order in which a person is asked who knows the truth."""
    answers: dict[int, Reviewed] = {}
    order = []
    while one := next_candidate(cells, answers):
        answers[one.number] = said(one, truth.get(one.number, one.proposed))
        order.append(one)
    return order


def test_classes_take_turns_and_of_each_the_least_certain_comes_first() -> None:
    cells = [
        cell(1, N),
        cell(2, N, sure=0.6),
        cell(3, L),
        cell(4, N, sure=0.7, unclassified=True),
        cell(5, L, sure=0.5),
    ]
    assert [one.number for one in asked(cells, {})] == [4, 5, 2, 3, 1]


def test_twenty_of_each_class_are_reached_before_a_common_class_goes_on() -> None:
    names = [N] * 300 + [L] * 120 + [M] * 30 + [E] * 22 + [B] * 20 + [ARTEFACT] * 40
    cells = list(starmap(cell, enumerate(names)))
    order = asked(cells, {})
    assert Counter(one.proposed for one in order) == dict.fromkeys(LEUKOCYTES, WANTED)


def test_a_class_that_is_rare_leaves_its_room_to_others_up_to_a_hundred() -> None:
    names = [N] * 300 + [L] * 30 + [B] * 2 + [ARTEFACT] * 3
    order = asked(list(starmap(cell, enumerate(names))), {})
    found = Counter(one.proposed for one in order)
    assert len(order) == 100
    assert (found[B], found[ARTEFACT]) == (2, 3)
    assert found[L] == 30
    # Those that stay out of the differential come when every class has enough.
    first = [one.proposed for one in order].index(ARTEFACT)
    assert Counter(one.proposed for one in order[:first]) == {N: WANTED, L: WANTED, B: 2}


def test_a_class_that_is_always_proposed_wrongly_does_not_hold_up_the_others() -> None:
    cells = [cell(number, B, unclassified=True) for number in range(50)]
    cells += [cell(number, N) for number in range(50, 100)]
    order = asked(cells, dict.fromkeys(range(50), ARTEFACT))
    assert Counter(one.proposed for one in order[:20]) == {B: 10, N: 10}


def test_what_cannot_be_told_is_not_asked_again_and_does_not_count() -> None:
    cells = [cell(number, N) for number in range(130)]
    order = asked(cells, dict.fromkeys(range(20)))
    assert len(order) == 120
    assert len({one.number for one in order}) == 120
