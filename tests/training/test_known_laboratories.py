"""What the cells of each laboratory that teaches have in common."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from leuko.cells import CellClass
from leuko.vision.tone import USUAL_TONE, Tone, evened
from leuko_training.crops import USUAL_STYLE, Crop, SharedLook, ViewStyle, draw_view, plain_view
from leuko_training.laboratories import shared_look, with_laboratories
from leuko_training.simulated import simulated_crops

EVEN = replace(USUAL_STYLE, even=True)
FLAT = Tone(nucleus=0.6, cytoplasm=0.3)
"""As of a camera that hardly tells nuclei from cytoplasms."""


@pytest.fixture(scope="module")
def slide() -> list[Crop]:
    return simulated_crops(1)


def flat_twin(crop: Crop) -> Crop:
    """The crop in another laboratory, flatter in tone."""
    assert crop.shared is not None
    # From the usual tone to the flat one is from the flat one to the usual, turned round.
    levels = np.arange(256)
    ramp = np.repeat(levels.astype(np.uint8)[:, None, None], 3, axis=2)
    steeper = evened(ramp, FLAT)[:, 0, 0]
    flatter = np.interp(levels, steeper, levels).round().astype(np.uint8)
    usual = evened(crop.image, crop.shared.tone)
    return replace(crop, image=flatter[usual], dataset="flat", shared=None)


def test_every_slide_and_every_set_has_a_look_of_its_own(slide: list[Crop]) -> None:
    (own,) = {crop.shared for crop in slide}
    both = with_laboratories([*slide, *map(flat_twin, slide)])
    looks = {crop.dataset: crop.shared for crop in both}
    assert looks["simulated"] == own
    assert looks["flat"] is not None
    flat = looks["flat"].tone
    assert flat.nucleus == pytest.approx(FLAT.nucleus, rel=0.15)
    assert flat.cytoplasm == pytest.approx(FLAT.cytoplasm, rel=0.25)
    assert flat.nucleus / flat.cytoplasm < 0.85 * USUAL_TONE.nucleus / USUAL_TONE.cytoplasm


def test_artefacts_alone_have_no_common_look(slide: list[Crop]) -> None:
    artefacts = [crop for crop in slide if crop.label is CellClass.PLATELET_OR_ARTEFACT]
    assert artefacts
    assert shared_look(artefacts) is None


def test_two_laboratories_look_alike_once_they_are_evened(slide: list[Crop]) -> None:
    def apart(twins: Sequence[Crop], style: ViewStyle) -> float:
        views = [
            (plain_view(one, style=style), plain_view(two, style=style))
            for one, two in zip(slide, twins, strict=True)
        ]
        return float(np.mean([np.abs(a.astype(float) - b).mean() for a, b in views]))

    measured = with_laboratories(map(flat_twin, slide))
    sizes = [crop.shared.size for crop in measured if crop.shared]
    known = [
        replace(crop, shared=SharedLook(FLAT, size))
        for crop, size in zip(measured, sizes, strict=True)
    ]
    assert apart(known, EVEN) < 0.05 * apart(known, USUAL_STYLE)
    assert apart(measured, EVEN) < 0.9 * apart(measured, USUAL_STYLE)


def test_training_views_go_a_part_of_the_way(slide: list[Crop]) -> None:
    twin = next(iter(with_laboratories(map(flat_twin, slide))))
    still = replace(EVEN, strength=0.0, zoom=0.0, whole_share=1.0)
    darkest = [
        np.percentile(draw_view(twin, np.random.default_rng(seed), style=still), 2)
        for seed in range(24)
    ]
    # From the flat nucleus to one as dark as usual.
    assert max(darkest) - min(darkest) > 20


def test_the_cells_of_a_laboratory_with_large_cells_are_shown_as_large_as_usual(
    slide: list[Crop],
) -> None:
    # The same pixels, of a microscope that is said to magnify less.
    large = [
        replace(crop, um_per_px=crop.um_per_px * 1.15, dataset="large", shared=None)
        for crop in slide
    ]
    looks = {crop.shared for crop in with_laboratories(large)}
    (own,), (found,) = {crop.shared for crop in slide}, looks
    assert own is not None
    assert found is not None
    assert found.size / own.size == pytest.approx(1.15, rel=0.01)
    assert found.tone.nucleus == pytest.approx(own.tone.nucleus, rel=0.05)

    def seen_px(crops: Sequence[Crop]) -> float:
        views = [plain_view(crop, style=EVEN) for crop in with_laboratories(crops)]
        return float(np.mean([(view.min(axis=2) < 225).sum() for view in views]))

    assert seen_px(large) == pytest.approx(seen_px(slide), rel=0.05)
