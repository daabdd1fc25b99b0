"""How dark nuclei and cytoplasms are, and the curve that makes laboratories alike."""

import numpy as np
import pytest

from leuko.cells import CellClass, Mask, RGBImage
from leuko.vision.preprocess import BACKGROUND_LEVEL
from leuko.vision.tone import (
    USUAL_TONE,
    USUAL_TONES,
    Tone,
    cell_tone,
    evened,
    laboratory_tone,
)

SIZE = 128
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


def test_half_of_the_way_lies_between() -> None:
    image, cell = drawn(FLAT)
    half = measured(evened(image, FLAT, share=0.5), cell)
    assert FLAT.nucleus < half.nucleus < USUAL_TONE.nucleus
    assert USUAL_TONE.cytoplasm < half.cytoplasm < FLAT.cytoplasm


def test_none_of_the_way_leaves_the_image_and_all_of_it_the_background() -> None:
    image, cell = drawn(STARK)
    unchanged = evened(image, STARK, share=0.0).astype(int)
    assert np.abs(unchanged - image).max() <= 1
    glass, after = image[~cell], evened(image, STARK)[~cell]
    assert after.mean() == pytest.approx(glass.mean(), abs=2)
    # The curve is steepest there, and straight, so that noise stays noise.
    assert after.std() < 3 * glass.std()


@pytest.mark.parametrize("tone", [Tone(0.5, 0.5), Tone(0.01, 0.0), Tone(4.0, 0.001), FLAT])
def test_darker_stays_darker_whatever_the_tone(tone: Tone) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, axis=2)
    levels = evened(ramp, tone)[:, 0, 0].astype(int)
    assert (np.diff(levels) >= 0).all()
    assert (levels[BACKGROUND_LEVEL:] == np.arange(BACKGROUND_LEVEL, 256)).all()


def test_a_smear_with_more_lymphocytes_is_no_other_laboratory() -> None:
    usual = list(USUAL_TONES.items())
    lymphocyte = (CellClass.LYMPHOCYTE, USUAL_TONES[CellClass.LYMPHOCYTE])
    for cells in (usual, [*usual, *[lymphocyte] * 20]):
        assert laboratory_tone(cells) == USUAL_TONE


def test_a_laboratory_s_tone_is_what_most_of_its_cells_say() -> None:
    pale = [
        (name, Tone(tone.nucleus / 2, tone.cytoplasm / 3)) for name, tone in USUAL_TONES.items()
    ]
    odd = (CellClass.NEUTROPHIL, Tone(4.0, 0.05))
    found = laboratory_tone([*pale, odd])
    assert found is not None
    assert found.nucleus == pytest.approx(USUAL_TONE.nucleus / 2)
    assert found.cytoplasm == pytest.approx(USUAL_TONE.cytoplasm / 3)


def test_what_is_no_leukocyte_of_the_five_classes_tells_nothing() -> None:
    assert laboratory_tone([]) is None
    assert laboratory_tone([(CellClass.ERYTHROBLAST, FLAT)]) is None
