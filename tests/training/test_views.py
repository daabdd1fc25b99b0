"""What the two models see while they train."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from leuko.cells import CellClass, Mask, RGBImage
from leuko.vision.preprocess import BACKGROUND_LEVEL, background_colour, white_balance
from leuko_training.crops import (
    Crop,
    crop_of,
    draw_view,
    load_crop,
    plain_view,
)
from leuko_training.cut_cells import red_cell_crops
from leuko_training.dark_spots import dark_spot
from leuko_training.datasets import LabelledImage, load_mask
from leuko_training.images import read_rgb
from leuko_training.masks import MaskSampler, load_specimen
from leuko_training.masks import draw_view as draw_masked_view
from leuko_training.sampling import CropSampler
from leuko_training.scales import CLASSIFIER_SIZE, CLASSIFY_UM_PER_PX, SEGMENTER_SIZE
from leuko_training.simulated import simulated_crops

MakeItem = Callable[..., LabelledImage]


def marked(item: LabelledImage, _: RGBImage) -> Mask:
    return load_mask(item)


def empty(_: LabelledImage, image: RGBImage) -> Mask:
    return np.zeros(image.shape[:2], np.bool_)


def test_a_masked_view_shows_the_leukocyte_under_its_mask(make_item: MakeItem) -> None:
    specimen = load_specimen(make_item())
    rng = np.random.default_rng(1)
    darker = []
    for _ in range(30):
        view, mask = draw_masked_view(specimen, rng)
        assert view.shape == (SEGMENTER_SIZE, SEGMENTER_SIZE, 3)
        if (mask > 127).sum() > 100:
            darker.append(view[mask > 127].mean() < view[mask <= 127].mean())
    assert len(darker) > 10
    assert np.mean(darker) > 0.9


def test_masked_views_are_the_same_for_the_same_seed(make_item: MakeItem) -> None:
    sampler = MaskSampler([make_item()])
    first, again = (sampler.draw(np.random.default_rng(7)) for _ in range(2))
    assert (first[0] == again[0]).all()
    assert (first[1] == again[1]).all()


def test_a_platelet_image_teaches_that_nothing_is_there(platelet: LabelledImage) -> None:
    sampler = MaskSampler([platelet])
    rng = np.random.default_rng(1)
    assert len(sampler) == 1
    assert all(sampler.draw(rng)[1].max() == 0 for _ in range(5))


def test_an_image_without_a_mask_teaches_the_segmenter_nothing(make_item: MakeItem) -> None:
    assert len(MaskSampler([make_item(), make_item(1, mask=None)])) == 1


def test_the_plain_view_shows_the_cell_in_the_middle_on_background(make_item: MakeItem) -> None:
    item = make_item()
    crop = load_crop(item, CellClass.NEUTROPHIL, marked)
    assert crop is not None
    view = plain_view(crop)
    assert view.shape == (CLASSIFIER_SIZE, CLASSIFIER_SIZE, 3)
    assert view[54:74, 54:74].mean() < 200
    assert view[:6, :6].mean() == pytest.approx(BACKGROUND_LEVEL, abs=1)


def test_the_plain_view_has_the_classifier_s_scale(make_item: MakeItem) -> None:
    item = make_item()
    mask = load_mask(item)
    crop = load_crop(item, CellClass.NEUTROPHIL, marked)
    assert crop is not None
    seen = (plain_view(crop).min(axis=2) < 225).sum() * CLASSIFY_UM_PER_PX**2
    true = mask.sum() * item.um_per_px**2
    # The visible rim of a micrometre and pale cytoplasm are the allowance.
    assert 0.7 * true < seen < 1.6 * true


def test_an_image_without_a_cell_gives_no_crop(make_item: MakeItem) -> None:
    nothing = load_crop(make_item(), CellClass.NEUTROPHIL, empty)
    assert nothing is None


def blank_crops(label: CellClass, count: int, *, dataset: str = "a", slide: str = "") -> list[Crop]:
    image = np.full((200, 200, 3), BACKGROUND_LEVEL, np.uint8)
    mask = np.zeros((200, 200), bool)
    mask[80:120, 80:120] = True
    crop = crop_of(image, mask, um_per_px=0.12, label=label, dataset=dataset)
    return [replace(crop, slide=slide)] * count


def test_classes_are_drawn_by_their_share_and_not_by_their_number() -> None:
    neutrophils = blank_crops(CellClass.NEUTROPHIL, 300)
    sampler = CropSampler([*neutrophils, *blank_crops(CellClass.BASOPHIL, 3)])
    rng = np.random.default_rng(1)
    drawn = Counter(sampler.draw(rng).label for _ in range(200))
    assert 0.25 < drawn[list(CellClass).index(CellClass.BASOPHIL)] / 200 < 0.6


def test_a_sample_says_how_often_each_class_is_drawn_of_its_data_set() -> None:
    sampler = CropSampler([
        *blank_crops(CellClass.NEUTROPHIL, 16, dataset="a"),
        *blank_crops(CellClass.NEUTROPHIL, 4, dataset="b"),
        *blank_crops(CellClass.BASOPHIL, 4, dataset="b"),
    ])
    rng = np.random.default_rng(1)
    shares = {sample.shares.tobytes(): sample.shares for sample in map(sampler.draw, [rng] * 100)}
    neutrophil, basophil = map(list(CellClass).index, (CellClass.NEUTROPHIL, CellClass.BASOPHIL))
    fewest, most = sorted(shares.values(), key=lambda one: float(one[neutrophil]))
    # Of all that is drawn 17 in 29 are neutrophils, every third of them of b.
    both = np.array([17 / 29, 12 / 29])
    of_b = np.array([17 / 3, 12]) / (17 / 3 + 12)
    assert most[[neutrophil, basophil]] == pytest.approx([0.9, 0] + 0.1 * both, abs=1e-3)
    assert fewest[[neutrophil, basophil]] == pytest.approx(0.9 * of_b + 0.1 * both, abs=1e-3)
    assert most[list(CellClass).index(CellClass.ERYTHROBLAST)] == pytest.approx(1 / 8)


def test_a_slide_is_drawn_by_the_root_of_its_size_and_tells_its_own_shares() -> None:
    crops = [
        *blank_crops(CellClass.EOSINOPHIL, 400, slide="crowded"),
        *blank_crops(CellClass.EOSINOPHIL, 16, slide="usual"),
        *blank_crops(CellClass.NEUTROPHIL, 16, slide="usual"),
    ]
    eosinophil = list(CellClass).index(CellClass.EOSINOPHIL)
    rng = np.random.default_rng(1)

    def share_and_part(*, by_slide: bool) -> tuple[float, float]:
        sampler = CropSampler(crops, by_slide=by_slide)
        drawn = [one for one in map(sampler.draw, [rng] * 300) if one.label == eosinophil]
        most = max(float(one.shares[eosinophil]) for one in drawn)
        return most, sum(one.shares[eosinophil] == most for one in drawn) / len(drawn)

    most, part = share_and_part(by_slide=True)
    assert most > 0.9
    assert part == pytest.approx(20 / 24, abs=0.08)
    assert share_and_part(by_slide=False)[0] < 0.6


def test_a_drawn_view_is_the_same_for_the_same_seed(make_item: MakeItem) -> None:
    crop = load_crop(make_item(), CellClass.NEUTROPHIL, marked)
    assert crop is not None
    first, again = (draw_view(crop, np.random.default_rng(3)) for _ in range(2))
    assert (first == again).all()


def test_the_dark_spot_nearest_to_the_middle_is_the_cell_there(make_item: MakeItem) -> None:
    item = make_item()
    image = read_rgb(item.image)
    spot = dark_spot(white_balance(image, background_colour(image)), 160, 160)
    assert (spot & load_mask(item)).sum() > 0.3 * load_mask(item).sum()


def test_red_cells_for_the_artefact_class_keep_away_from_leukocytes(make_item: MakeItem) -> None:
    crops = red_cell_crops([make_item(index) for index in range(4)], per_image=6, seed=1)
    assert crops
    assert {crop.label for crop in crops} == {CellClass.PLATELET_OR_ARTEFACT}


def test_simulated_slides_give_every_class() -> None:
    assert {crop.label for crop in simulated_crops(1)} == set(CellClass)
