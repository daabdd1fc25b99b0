"""Real fields, photographed one by one: told apart, and recognised where they overlap."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from leuko.cells import RGBImage
from leuko.sim import SimulatedSmear, SmearSpec
from leuko.tracking import FieldMap

UM_PER_PX = 0.05
LARGE = (1536, 2048)


@pytest.fixture(scope="module")
def real_fields(datasets: Path) -> list[RGBImage]:
    paths = sorted((datasets / "bcisc" / "original-images").glob("*/*.jpg"))[::12]
    read = [cv2.imread(str(path))[..., ::-1] for path in paths]  # type: ignore[index]
    return [np.asarray(rgb, np.uint8) for rgb in read if rgb.shape[:2] == LARGE][:8]


def test_fields_of_different_places_have_nothing_in_common_but_the_flare(
    real_fields: list[RGBImage],
) -> None:
    fields = FieldMap(um_per_px=UM_PER_PX)
    placed = [fields.place(rgb) for rgb in real_fields]
    assert len({one.position.segment for one in placed}) == len(real_fields) == 8
    assert not any(one.known.any() for one in placed)


def test_a_map_of_fields_that_share_nothing_takes_the_next_once_the_slide_is_far_enough() -> None:
    smear = SimulatedSmear(SmearSpec(seed=4, width_um=400, height_um=150, leukocytes=10))
    fields = FieldMap(um_per_px=0.25, most_shared=0.1)
    placed = [
        fields.place(smear.render(left, 5, width_px=400, height_px=300, um_per_px=0.25))
        for left in (0, 30, 60, 110, 160, 220)
    ]
    assert [one.is_new for one in placed] == [True, False, False, True, False, True]


@pytest.mark.parametrize("share", [0.7, 0.4])
def test_another_picture_of_nearly_the_same_place_is_recognised(
    real_fields: list[RGBImage], share: float
) -> None:
    rng = np.random.default_rng(4)
    height, width = LARGE[0] // 2, LARGE[1] // 2
    across = round((1 - share) * width)
    fields = FieldMap(um_per_px=UM_PER_PX)
    for rgb in real_fields[:3]:
        first, second = rgb[:height, :width], rgb[:height, across : across + width]
        dimmer = np.clip(0.9 * second + rng.normal(0, 4, second.shape), 0, 255).astype(np.uint8)
        one, other = fields.place(first), fields.place(dimmer)
        assert one.is_new
        assert other.is_new
        way_um = other.position.x_um - one.position.x_um
        assert way_um == pytest.approx(across * UM_PER_PX, abs=0.5)
        assert other.known.mean() == pytest.approx(share, abs=0.01)
