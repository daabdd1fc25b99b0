"""How dark nuclei and cytoplasms are, and the curve that makes laboratories alike."""

from collections.abc import Mapping

import numpy as np
import pytest

from leuko.cells import CellClass, Mask, RGBImage
from leuko.vision.preprocess import BACKGROUND_LEVEL
from leuko.vision.tone import (
    USUAL_TONE,
    USUAL_TONES,
    Tone,
    cell_tone,
    doubt_of_names,
    evened,
    laboratory_tone,
)

SIZE = 128
Named = tuple[CellClass, Tone]
FLAT = Tone(nucleus=0.6, cytoplasm=0.35)
"""As of a laboratory whose nuclei are hardly darker than its cytoplasms."""
STARK = Tone(nucleus=1.2, cytoplasm=0.15)


def discs() -> tuple[Mask, Mask]:
    rows, columns = np.mgrid[:SIZE, :SIZE] - SIZE / 2
    distance = np.hypot(rows, columns)
    return distance < 20, distance < 40


def drawn(tone: Tone) -> tuple[RGBImage, Mask]:
    """A round cell with a round nucleus of those densities, noisy, and the cell's mask."""
    nucleus, cell = discs()
    density = np.zeros((SIZE, SIZE, 1))
    density[cell], density[nucleus] = tone.cytoplasm, tone.nucleus
    light = (BACKGROUND_LEVEL + 1) * np.exp(-np.repeat(density, 3, axis=2)) - 1
    noise = np.random.default_rng(1).normal(0, 2, light.shape)
    return np.clip(np.rint(light + noise), 0, 255).astype(np.uint8), cell


def measured(image: RGBImage, mask: Mask) -> Tone:
    tone = cell_tone(image, mask)
    assert tone is not None
    return tone


@pytest.mark.parametrize("tone", [FLAT, STARK, USUAL_TONE])
def test_a_cell_s_two_densities_are_measured(tone: Tone) -> None:
    found = measured(*drawn(tone))
    assert found.nucleus == pytest.approx(tone.nucleus, abs=0.02)
    assert found.cytoplasm == pytest.approx(tone.cytoplasm, abs=0.02)


def test_what_has_no_two_parts_has_no_tone() -> None:
    plain, _ = drawn(Tone(0.6, 0.6))
    _, cell = discs()
    speck = np.zeros((SIZE, SIZE), bool)
    speck[60:64, 60:64] = True
    assert cell_tone(plain, cell) is None
    assert cell_tone(plain, speck) is None
    assert cell_tone(plain, np.zeros_like(speck)) is None


@pytest.mark.parametrize("tone", [FLAT, STARK])
def test_an_evened_cell_has_the_usual_tone(tone: Tone) -> None:
    image, cell = drawn(tone)
    found = measured(evened(image, tone), cell)
    assert found.nucleus == pytest.approx(USUAL_TONE.nucleus, rel=0.08)
    assert found.cytoplasm == pytest.approx(USUAL_TONE.cytoplasm, rel=0.08)


def test_the_usual_laboratory_and_the_background_are_left_as_they_are() -> None:
    image, cell = drawn(STARK)
    assert (evened(image, USUAL_TONE) == image).all()
    glass, after = image[~cell], evened(image, STARK)[~cell]
    assert after.mean() == pytest.approx(glass.mean(), abs=2)
    # The curve is steepest there, and straight, so that noise stays noise.
    assert after.std() < 3 * glass.std()


@pytest.mark.parametrize("tone", [Tone(0.5, 0.5), Tone(0.08, 0.04), Tone(4.0, 0.04), FLAT])
def test_darker_stays_darker_whatever_the_tone(tone: Tone) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, axis=2)
    levels = evened(ramp, tone)[:, 0, 0].astype(int)
    assert (np.diff(levels) >= 0).all()
    assert (levels[BACKGROUND_LEVEL:] == np.arange(BACKGROUND_LEVEL, 256)).all()


def of_classes(tones: Mapping[CellClass, Tone], factor: float, **counts: int) -> list[Named]:
    """So many cells of each class, all as much darker than those tones."""
    return [
        (name, Tone(factor * tones[name].nucleus, factor * tones[name].cytoplasm))
        for word, count in counts.items()
        for name in [CellClass(word)] * count
    ]


def contrast(tone: Tone) -> float:
    return tone.nucleus / tone.cytoplasm


def test_a_dark_laboratory_is_known_by_many_cells_and_hardly_by_two() -> None:
    many = of_classes(USUAL_TONES, 1.5, neutrophil=120, lymphocyte=60, monocyte=12)
    two = of_classes(USUAL_TONES, 1.5, neutrophil=2)
    assert laboratory_tone(many, doubt=1.0).nucleus == pytest.approx(
        1.5 * USUAL_TONE.nucleus, rel=0.1
    )
    assert laboratory_tone(two, doubt=1.0).nucleus < 1.2 * USUAL_TONE.nucleus
    assert laboratory_tone([], doubt=1.0) == USUAL_TONE


def test_a_smear_of_a_third_eosinophils_is_no_other_laboratory() -> None:
    smear = of_classes(USUAL_TONES, 1.0, neutrophil=60, lymphocyte=30, monocyte=8, eosinophil=50)
    assert (
        0.8 * contrast(USUAL_TONE)
        < contrast(laboratory_tone(smear, doubt=1.0))
        < contrast(USUAL_TONE)
    )


def test_a_person_s_names_are_believed_more_than_a_classifier_s() -> None:
    eosinophils = of_classes(USUAL_TONES, 1.0, eosinophil=150)
    taken_for_neutrophils = [(CellClass.NEUTROPHIL, tone) for _, tone in eosinophils]
    usual = contrast(USUAL_TONE)
    assert 0.8 * usual < contrast(laboratory_tone(eosinophils, doubt=0.0)) < usual
    assert 0.7 * usual < contrast(laboratory_tone(eosinophils, doubt=1.0)) < 0.8 * usual
    assert contrast(laboratory_tone(taken_for_neutrophils, doubt=1.0)) < 0.7 * usual


def test_a_flat_laboratory_is_known_though_its_neutrophils_are_taken_for_eosinophils() -> None:
    looks = USUAL_TONES[CellClass.EOSINOPHIL]
    for many in (40, 200):
        named = [(CellClass.EOSINOPHIL, looks)] * many
        assert contrast(laboratory_tone(named, doubt=1.0)) < 0.85 * contrast(USUAL_TONE)


def test_names_are_believed_unless_there_is_hardly_a_neutrophil_beside_many_eosinophils() -> None:
    def doubt(**counts: int) -> float:
        names = [CellClass(word) for word, count in counts.items() for _ in range(count)]
        return doubt_of_names(names)

    assert doubt(neutrophil=30, lymphocyte=15, eosinophil=2) == pytest.approx(0.0)
    assert doubt(neutrophil=12, lymphocyte=12, eosinophil=12) == pytest.approx(0.0)
    assert doubt(neutrophil=24, eosinophil=40) == pytest.approx(0.0)
    assert doubt(neutrophil=18, eosinophil=40) > 0
    assert doubt(lymphocyte=20, eosinophil=40) == pytest.approx(1.0)
    assert 0 < doubt(neutrophil=10, eosinophil=35) < 1
    # Before anything was seen they are doubted, and where there are lymphocytes alone.
    assert doubt(lymphocyte=60) == doubt_of_names([]) == pytest.approx(1.0)
    assert 0 < doubt(neutrophil=2) < 1


def test_a_smear_of_all_classes_alike_is_no_flat_laboratory_if_names_are_believed() -> None:
    alike = {name.value: 40 for name in USUAL_TONES}
    smear, usual = of_classes(USUAL_TONES, 1.0, **alike), contrast(USUAL_TONE)
    assert contrast(laboratory_tone(smear, doubt=1.0)) < 0.9 * usual
    assert contrast(laboratory_tone(smear, doubt=0.0)) > 0.9 * usual


def test_what_is_no_leukocyte_of_the_five_classes_tells_nothing() -> None:
    assert laboratory_tone([(CellClass.ERYTHROBLAST, FLAT)], doubt=1.0) == USUAL_TONE
