"""What the cells of one laboratory have in common."""

import numpy as np
import pytest

from leuko.adaptation import FEWEST_CELLS, Mixture, UsualCells
from leuko.cells import CellClass
from leuko.errors import EngineError
from leuko.vision.laboratory import Laboratory
from leuko.vision.tone import USUAL_TONE, USUAL_TONES, Tone, evened

NEUTROPHIL = USUAL_TONES[CellClass.NEUTROPHIL]
PALE = Tone(nucleus=0.6 * NEUTROPHIL.nucleus, cytoplasm=0.6 * NEUTROPHIL.cytoplasm)
DARK = Tone(nucleus=1.4 * NEUTROPHIL.nucleus, cytoplasm=1.4 * NEUTROPHIL.cytoplasm)
NUCLEUS = np.full((8, 8, 3), 129, np.uint8)
ALIKE = np.full(5, 0.2, np.float32)


def known(*tones: Tone) -> Laboratory:
    laboratory = Laboratory()
    for tone in tones:
        laboratory.add(CellClass.NEUTROPHIL, tone)
    return laboratory


def with_neutrophils() -> Laboratory:
    """One whose cells, as they are, are neutrophils."""
    laboratory = Laboratory()
    for _ in range(40):
        laboratory.add_unevened(CellClass.NEUTROPHIL)
    return laboratory


def usual_of(features: int) -> UsualCells:
    return UsualCells(
        np.zeros((5, features), np.float32),
        np.eye(features, dtype=np.float32),
        ALIKE,
    )


def level(laboratory: Laboratory) -> int:
    return int(laboratory.evened(NUCLEUS)[0, 0, 0])


def test_in_a_laboratory_that_nothing_is_known_of_a_cell_is_left_as_it_is() -> None:
    assert (Laboratory().evened(NUCLEUS) == NUCLEUS).all()


def test_a_laboratory_is_taken_for_usual_the_less_the_more_of_its_cells_are_known() -> None:
    levels = [level(known(*[PALE] * count)) for count in (0, 4, 8, 200)]
    assert 129 == levels[0] > levels[1] > levels[2] > levels[3]
    tone = Tone(0.6 * USUAL_TONE.nucleus, 0.6 * USUAL_TONE.cytoplasm)
    assert levels[3] == pytest.approx(int(evened(NUCLEUS, tone)[0, 0, 0]), abs=5)


def test_a_field_that_was_cut_short_teaches_nothing() -> None:
    laboratory = known(PALE)
    before = level(laboratory)

    def learn(error: EngineError | None = None) -> None:
        for _ in range(9):
            laboratory.add(CellClass.NEUTROPHIL, PALE)
            laboratory.add_unevened(CellClass.NEUTROPHIL)
        if error:
            raise error

    with pytest.raises(EngineError), laboratory.learning():
        learn(EngineError("unplugged"))
    assert level(laboratory) == before
    assert laboratory.looks == 1
    assert laboratory.doubt == pytest.approx(1.0)
    for _ in range(200):
        assert laboratory.wants_unevened
        laboratory.add_unevened(CellClass.EOSINOPHIL)
    with laboratory.learning():
        learn()
    assert level(laboratory) < before


def test_names_that_a_person_has_confirmed_are_believed_more() -> None:
    named, confirmed = Laboratory(), Laboratory()
    for _ in range(100):
        named.add(CellClass.EOSINOPHIL, USUAL_TONES[CellClass.EOSINOPHIL])
        confirmed.confirm(CellClass.EOSINOPHIL, USUAL_TONES[CellClass.EOSINOPHIL])

    assert contrast(named.tone) < 0.92 * contrast(confirmed.tone)
    assert named.measured_tone
    assert contrast(named.measured_tone) < 0.92 * contrast(confirmed.tone)


def contrast(tone: Tone) -> float:
    return tone.nucleus / tone.cytoplasm


def test_names_are_believed_by_what_cells_are_named_as_they_are() -> None:
    doubted, believed = Laboratory(), Laboratory()
    for _ in range(200):
        for laboratory, unevened in (
            (doubted, CellClass.EOSINOPHIL),
            (believed, CellClass.NEUTROPHIL),
        ):
            laboratory.add(CellClass.EOSINOPHIL, USUAL_TONES[CellClass.EOSINOPHIL])
            laboratory.add_unevened(unevened)
    assert contrast(doubted.tone) < 0.9 * contrast(believed.tone)
    assert doubted.measured_tone
    assert believed.measured_tone
    assert contrast(doubted.measured_tone) < 0.9 * contrast(believed.measured_tone)


def test_two_hundred_names_of_each_specimen_s_cells_as_they_are_are_taken_in() -> None:
    laboratory = Laboratory()
    for _ in range(2):
        for _ in range(200):
            assert laboratory.wants_unevened
            laboratory.add_unevened(CellClass.NEUTROPHIL)
        assert not laboratory.wants_unevened
        laboratory.begin_specimen()
    assert laboratory.wants_unevened


def test_a_settled_tone_stays_as_it_is_unless_hardly_anything_is_known_of_it() -> None:
    laboratory = known(*[PALE] * 119)
    laboratory.settle_tone()
    assert laboratory.wants_unevened
    before = laboratory.tone
    laboratory.add(CellClass.NEUTROPHIL, PALE)
    assert laboratory.tone != before
    laboratory.settle_tone()
    assert not laboratory.wants_unevened
    before = laboratory.tone
    for _ in range(50):
        laboratory.add(CellClass.NEUTROPHIL, DARK)
    assert laboratory.tone == before
    assert laboratory.looks == 120
    # What a person says of it stands.
    for _ in range(200):
        laboratory.confirm(CellClass.NEUTROPHIL, DARK)
    assert laboratory.tone.nucleus > before.nucleus


def test_cells_tell_of_each_other_once_there_are_enough_and_anew_with_every_tenth_more() -> None:
    laboratory, rng = Laboratory(), np.random.default_rng(4)
    usual = usual_of(10)

    def take_in(count: int) -> Mixture | None:
        for _ in range(count):
            laboratory.take_in(rng.dirichlet(np.ones(8)), rng.normal(size=10))
        return laboratory.mixture(usual)

    assert take_in(FEWEST_CELLS - 1) is None
    first = take_in(1)
    assert first is not None
    assert take_in(1) is first
    assert take_in(1) is not first


def test_a_specimen_s_classes_are_as_common_as_its_own_cells_say_not_those_before() -> None:
    laboratory, usual = with_neutrophils(), usual_of(10)
    lymphocyte, neutrophil = np.eye(8)[1] * 0.93 + 0.01, np.eye(8)[0] * 0.93 + 0.01

    def shares() -> list[float]:
        mixture = laboratory.mixture(usual)
        assert mixture is not None
        return [round(float(share), 2) for share in mixture.shares]

    for _ in range(90):
        laboratory.take_in(lymphocyte, np.zeros(10))
    assert shares()[1] > 0.8
    laboratory.begin_specimen()
    assert shares() == [0.2] * 5
    for _ in range(90):
        laboratory.take_in(neutrophil, np.ones(10))
    assert shares()[0] > 0.8


def test_what_cells_tell_is_found_anew_for_every_forty_at_the_latest_however_long_it_runs() -> None:
    laboratory, rng, usual = Laboratory(), np.random.default_rng(5), usual_of(10)

    def take_in(count: int) -> Mixture | None:
        for _ in range(count):
            laboratory.take_in(rng.dirichlet(np.ones(8)), rng.normal(size=10))
        return laboratory.mixture(usual)

    long_ago = take_in(2000)
    assert take_in(39) is long_ago
    assert take_in(1) is not long_ago


def test_what_is_measured_in_a_field_that_was_cut_short_comes_again() -> None:
    laboratory = Laboratory()
    usual = usual_of(9)

    def learn() -> None:
        for _ in range(40):
            laboratory.take_in(np.full(8, 1 / 8), np.zeros(9))
        raise EngineError("unplugged")

    with pytest.raises(EngineError), laboratory.learning():
        learn()
    assert laboratory.mixture(usual) is None


def test_an_old_slide_is_forgotten() -> None:
    assert level(known(*[DARK] * 200, *[PALE] * 200)) == level(known(*[PALE] * 200))


def test_a_calibrated_laboratory_is_known_from_its_first_cell_on_and_may_be_stained_otherwise() -> (
    None
):
    tone = Tone(0.6 * USUAL_TONE.nucleus, 0.6 * USUAL_TONE.cytoplasm)
    laboratory = Laboratory(calibrated=tone)
    assert level(laboratory) == int(evened(NUCLEUS, tone)[0, 0, 0]) < 129
    assert laboratory.measured_tone is None
    for _ in range(200):
        laboratory.add(CellClass.NEUTROPHIL, DARK)
    assert level(laboratory) > 129


def test_few_cells_move_a_calibrated_laboratory_less_than_one_that_nothing_is_known_of() -> None:
    calibrated, unknown = Laboratory(calibrated=USUAL_TONE), Laboratory()
    for laboratory in (calibrated, unknown):
        for _ in range(6):
            laboratory.add(CellClass.NEUTROPHIL, PALE)
    assert 129 > level(calibrated) > level(unknown)
    assert calibrated.measured_tone == unknown.measured_tone
    assert calibrated.measured_tone is not None
    assert calibrated.measured_tone.nucleus < unknown.tone.nucleus


@pytest.mark.parametrize("confirmed", [0.0, 50.0])
def test_where_names_are_doubted_eosinophils_are_few_unless_cells_were_confirmed(
    confirmed: float,
) -> None:
    eosinophil, neutrophil = np.eye(8)[3] * 0.43 + 0.07, np.eye(8)[0] * 0.43 + 0.07

    def eosinophils_of(laboratory: Laboratory) -> float:
        rng = np.random.default_rng(5)
        for said in (eosinophil, neutrophil) * 20:
            laboratory.take_in(said, rng.normal(size=10))
        mixture = laboratory.mixture(usual_of(10), confirmed=confirmed)
        assert mixture is not None
        return float(mixture.shares[3])

    doubted = Laboratory()
    for _ in range(40):
        doubted.add_unevened(CellClass.EOSINOPHIL)
    assert (eosinophils_of(doubted) < 0.5 * eosinophils_of(with_neutrophils())) == (not confirmed)
