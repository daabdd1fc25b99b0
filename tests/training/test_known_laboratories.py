"""What the cells of each laboratory that teaches have in common."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from leuko.cells import CellClass
from leuko.vision.tone import USUAL_TONE, Tone, evened
from leuko_training.crops import USUAL_STYLE, Crop, ViewStyle, draw_view, plain_view
from leuko_training.laboratories import tone_by_labels, with_laboratories
from leuko_training.simulated import simulated_crops

EVEN = replace(USUAL_STYLE, even=True)
FLAT = Tone(nucleus=0.6, cytoplasm=0.3)
"""As of a camera that hardly tells nuclei from cytoplasms."""


@pytest.fixture(scope="module")
def slide() -> list[Crop]:
    return simulated_crops(1)


def flat_twin(crop: Crop) -> Crop:
    """The crop in another laboratory, flatter in tone."""
    # From the usual tone to the flat one is from the flat one to the usual, turned round.
    levels = np.arange(256)
    ramp = np.repeat(levels.astype(np.uint8)[:, None, None], 3, axis=2)
    steeper = evened(ramp, FLAT)[:, 0, 0]
    flatter = np.interp(levels, steeper, levels).round().astype(np.uint8)
    assert crop.tone is not None
    usual = evened(crop.image, crop.tone)
    return replace(crop, image=flatter[usual], dataset="flat", tone=None)


def test_every_slide_and_every_set_has_a_tone_of_its_own(slide: list[Crop]) -> None:
    (own,) = {crop.tone for crop in slide}
    both = with_laboratories([*slide, *map(flat_twin, slide)])
    tones = {crop.dataset: crop.tone for crop in both}
    assert tones["simulated"] == own
    flat = tones["flat"]
    assert flat is not None
    assert flat.nucleus == pytest.approx(FLAT.nucleus, rel=0.15)
    assert flat.cytoplasm == pytest.approx(FLAT.cytoplasm, rel=0.25)
    assert flat.nucleus / flat.cytoplasm < 0.85 * USUAL_TONE.nucleus / USUAL_TONE.cytoplasm


def test_artefacts_alone_tell_nothing(slide: list[Crop]) -> None:
    artefacts = [crop for crop in slide if crop.label is CellClass.PLATELET_OR_ARTEFACT]
    assert artefacts
    assert tone_by_labels(artefacts) == USUAL_TONE


def test_two_laboratories_look_alike_once_they_are_evened(slide: list[Crop]) -> None:
    def apart(twins: Sequence[Crop], style: ViewStyle) -> float:
        views = [
            (plain_view(one, style=style), plain_view(two, style=style))
            for one, two in zip(slide, twins, strict=True)
        ]
        return float(np.mean([np.abs(a.astype(float) - b).mean() for a, b in views]))

    measured = with_laboratories(map(flat_twin, slide))
    known = [replace(crop, tone=FLAT) for crop in measured]
    assert apart(known, EVEN) < 0.05 * apart(known, USUAL_STYLE)
    assert apart(measured, EVEN) < 0.9 * apart(measured, USUAL_STYLE)


def test_training_views_are_left_as_the_laboratory_took_them(slide: list[Crop]) -> None:
    twin = next(iter(with_laboratories(map(flat_twin, slide))))
    views = [draw_view(twin, np.random.default_rng(1), style=one) for one in (EVEN, USUAL_STYLE)]
    assert (views[0] == views[1]).all()


def test_a_recipe_may_even_a_share_of_its_training_views(slide: list[Crop]) -> None:
    twin = next(iter(with_laboratories(map(flat_twin, slide))))
    darkest = {
        share: [
            float(np.percentile(draw_view(twin, np.random.default_rng(seed), style=style), 2))
            for seed in range(8)
        ]
        for share in (0.0, 1.0)
        for style in [replace(EVEN, strength=0.0, whole_share=1.0, even_views=share)]
    }
    # A flat laboratory's nuclei are paler than usual.
    assert np.mean(darkest[0.0]) - np.mean(darkest[1.0]) > 10
