"""Trends over the days, compared with pictures that people have looked at."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leuko.displays import draw
from leuko.shown import Trend, TrendChart, TrendPoint

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "trends"
SIZES = [(128, 64), (320, 240), (800, 480)]
MEANS = {
    "located %": (98.0, 2.5),
    "sharpness": (2.4, 0.05),
    "background": (231.0, 2.0),
    "stain density": (0.92, 0.03),
    "scale %": (100.3, 0.5),
}


def trends(checks: int, *, has_limits: bool) -> tuple[Trend, ...]:
    rng = np.random.default_rng(3)
    found = []
    for title, (mean, sd) in MEANS.items():
        values = [*rng.normal(mean, sd, checks - 1).tolist(), mean - 3.4 * sd]
        is_failed = has_limits and title == "stain density"
        points = [TrendPoint(value) for value in values[:-1]]
        points.append(TrendPoint(values[-1] if is_failed else mean, has_failed=is_failed))
        limits = (mean, sd) if has_limits else (None, None)
        found.append(Trend(title, tuple(points), *limits))
    return tuple(found)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("state", ["failed", "first"])
def test_trends_look_as_agreed(size: tuple[int, int], state: str, *, update_golden: bool) -> None:
    has_failed = state == "failed"
    shown = trends(30 if has_failed else 5, has_limits=has_failed)
    title = "check 30 failed: stain density" if has_failed else "check 5 passed"
    chart = TrendChart(title, shown, has_failed=has_failed)
    picture = draw(chart, size, is_mono=size == (128, 64))
    path = GOLDEN / f"{size[0]}x{size[1]}-{state}.png"
    if update_golden:
        picture.save(path, optimize=True)
    with Image.open(path) as agreed:
        difference = np.abs(np.asarray(picture, int) - np.asarray(agreed, int))
    assert np.mean(difference > 64) <= 0.002


def test_a_value_far_outside_stays_on_the_picture_and_one_that_is_missing_is_said() -> None:
    far = Trend("sharpness", (TrendPoint(1.0), TrendPoint(1e9, has_failed=True)), 1.0, 0.1)
    chart = TrendChart("x", (far, Trend("scale %", ())))
    picture = draw(chart, (320, 240), is_mono=False)
    assert picture.size == (320, 240)
    red = np.all(np.asarray(picture) == (255, 70, 70), axis=2)
    assert red[:, 300:].any()
