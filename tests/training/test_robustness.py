"""Pictures altered in one way each, and what that costs a bundle."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from leuko.bundle import default_bundle_path, load_bundle
from leuko_training.datasets import LabelledImage
from leuko_training.errors import DatasetError
from leuko_training.images import read_rgb
from leuko_training.metrics import Proportion
from leuko_training.robustness import (
    CHANGES,
    Change,
    Judged,
    alter_and_report,
    by_lot,
    judge_altered,
    write_robustness,
)
from leuko_training.transfer import Places

MakeItem = Callable[..., LabelledImage]

UM_PER_PX = 0.12


def named(change: str) -> Change:
    return next(one for one in CHANGES if one.words == change)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.words)
def test_a_picture_is_altered_or_its_scale_misjudged_and_keeps_its_size(
    change: Change, make_item: MakeItem
) -> None:
    rgb = read_rgb(make_item(0).image)
    altered = change.alter(rgb, UM_PER_PX)
    assert altered.shape == rgb.shape
    assert altered.dtype == np.uint8
    is_same = bool((altered == rgb).all())
    assert is_same == (change.words.startswith(("as it is", "scale")))
    assert (change.misjudged != 1) == change.words.startswith("scale")
    assert (altered == change.alter(rgb, UM_PER_PX)).all()


def test_a_stain_changes_densities_and_leaves_the_background() -> None:
    smear = np.full((80, 80, 3), 240, np.uint8)
    smear[30:50, 30:50] = 60
    pale = named("stain at 60 %").alter(smear, UM_PER_PX)
    assert pale[0, 0].tolist() == [240] * 3
    assert pale[40, 40, 0] == pytest.approx(240 * (60 / 240) ** 0.6, abs=2)


def test_a_camera_whose_pixels_are_large_already_is_left_as_it_is(make_item: MakeItem) -> None:
    rgb = read_rgb(make_item(0).image)
    assert (named("pixels of 0.3 µm").alter(rgb, 0.31) == rgb).all()


def test_hues_turn_and_greys_stay() -> None:
    smear = np.full((80, 80, 3), 240, np.uint8)
    smear[30:40, 30:50], smear[40:50, 30:50] = 100, (180, 60, 140)
    turned = named("hues turned by 20°").alter(smear, UM_PER_PX)
    assert np.ptp(turned[35, 40].astype(int)) <= 1
    assert np.abs(turned[45, 40].astype(int) - smear[45, 40]).max() > 10


def test_cells_are_found_and_named_in_altered_pictures(make_item: MakeItem) -> None:
    items = [make_item(index, group=str(index)) for index in range(4)]
    bundle = load_bundle(default_bundle_path())
    as_it_is, dark = (
        judge_altered(bundle, "simulated", items, named(words))
        for words in ("as it is", "half the light")
    )
    assert as_it_is.found == Proportion(4, 4)
    assert dark.found == Proportion(4, 4)
    assert as_it_is.dice is not None
    assert as_it_is.dice > 0.9
    assert (dark.images, dark.change) == (4, "half the light")


def test_cells_in_a_black_picture_are_not_found(make_item: MakeItem) -> None:
    black = Change("black", lambda rgb, _: np.zeros_like(rgb))
    judged = judge_altered(load_bundle(default_bundle_path()), "x", [make_item(0)], black)
    assert (judged.found, judged.named) == (Proportion(0, 1), Proportion(0, 1))


def test_images_are_drawn_by_lot_the_same_each_time(make_item: MakeItem) -> None:
    items = [make_item(0, group=str(number)) for number in range(30)]
    items += [make_item(1, label=None), make_item(2, dataset="bcisc_fields")]
    drawn = by_lot(items, most=10)
    assert len({item.group for item in drawn}) == 10
    assert drawn == by_lot(items, most=10)
    assert len(by_lot(items, most=100)) == 30


def judged(laboratory: str, change: str, right: int, dice: float | None) -> Judged:
    return Judged(
        laboratory,
        change,
        images=10,
        found=Proportion(10, 10),
        named=Proportion(right, 10),
        unclassified=Proportion(1, 10),
        right=Proportion(8, 9),
        dice=dice,
    )


def test_the_report_says_which_laboratory_lost_most(tmp_path: Path) -> None:
    known = [
        judged("a", "as it is", 9, 0.9),
        judged("a", "dark", 8, 0.8),
        judged("b", "as it is", 8, None),
        judged("b", "dark", 5, None),
    ]
    write_robustness(known, tmp_path)
    lines = (tmp_path / "robustness.md").read_text("utf-8").splitlines()
    assert "| as it is | 100.0 % | 0.900 | 85.0 % | 85.0 % | – | 10.0 % | 88.9 % |" in lines
    assert "| dark | 100.0 % | 0.800 | 65.0 % | 65.0 % | -30.0 (b) | 10.0 % | 88.9 % |" in lines
    assert "Images, and cells of the five classes among them: a 10 (10), b 10 (10)." in lines
    assert "| dark | 80.0 | 50.0 |" in lines
    assert json.loads((tmp_path / "robustness.json").read_text("utf-8"))[3]["named"]["hits"] == 5
    assert (tmp_path / "robustness.png").stat().st_size > 5000


def test_without_bundles_it_says_what_to_run(tmp_path: Path) -> None:
    places = Places(tmp_path, tmp_path, tmp_path, tmp_path / "s", tmp_path / "c")
    with pytest.raises(DatasetError, match=r"no whole bundle without segmentation_wbc_1, .*; run"):
        alter_and_report(places, tmp_path)
