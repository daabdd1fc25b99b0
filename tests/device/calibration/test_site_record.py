"""What a kept adaptation to a laboratory says, and what one that is damaged does not."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from leuko.adaptation import SiteAdapter
from leuko.calibration import CalibrationHistory, Circumstances, load_calibration
from leuko.errors import CalibrationError

Kept = Callable[..., SiteAdapter]


@pytest.fixture
def kept(tmp_path: Path, circumstances: Circumstances, keep_site: Callable[..., None]) -> Kept:
    history = CalibrationHistory(tmp_path / "calibration")
    origin = circumstances.origin([], shape=(480, 640))

    def keep(**said: object) -> SiteAdapter:
        keep_site(history, origin, **said)
        found = history.current()
        assert found is not None
        assert found.adapter is not None
        return found.adapter

    return keep


def test_it_keeps_how_common_classes_are_and_how_far_it_is_trusted(kept: Kept) -> None:
    adapter = kept(priors=(1.7, 1.5), trust=0.8)
    assert (adapter.priors.tolist(), adapter.trust) == ([1.7, 1.5], 0.8)


def test_one_from_before_takes_all_classes_alike_and_is_trusted_alone(kept: Kept) -> None:
    adapter = kept()
    assert (adapter.priors.tolist(), adapter.trust) == ([1.0, 1.0], 1.0)


def test_one_with_a_prior_too_many_is_refused(kept: Kept) -> None:
    with pytest.raises(CalibrationError, match="3 priors for 2 classes"):
        kept(priors=(1.0, 1.0, 1.0))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"cells": 0, "right_before": 0, "right_after": 0}, "site.cells: .*greater than or equal"),
        ({"cells": 12, "right_before": 10, "right_after": 13}, "of 12 cells more are said to be"),
        ({"cells": 12, "right_before": 13, "right_after": 10}, "of 12 cells more are said to be"),
    ],
)
def test_one_that_names_more_cells_right_than_there_were_is_refused(
    kept: Kept, tmp_path: Path, said: dict[str, int], sentence: str
) -> None:
    kept()
    with zipfile.ZipFile(tmp_path / "calibration" / "calibration-000001.zip") as archive:
        record, numbers = archive.read("calibration.json"), archive.read("site.f32")
    told = json.loads(record)
    told["site"] |= said
    with zipfile.ZipFile(tmp_path / "edited.zip", "w") as archive:
        archive.writestr("calibration.json", json.dumps(told))
        archive.writestr("site.f32", numbers)
    with pytest.raises(CalibrationError, match=sentence):
        load_calibration(tmp_path / "edited.zip")
