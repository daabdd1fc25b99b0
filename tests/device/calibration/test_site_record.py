"""What a kept adaptation to a laboratory says, and what one that is damaged does not."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leuko.adaptation import SiteAdapter
from leuko.calibration import CalibrationHistory, Circumstances, SitePart
from leuko.cells import CellClass
from leuko.errors import CalibrationError
from leuko.vision.traits import TRAITS

FEATURES = TRAITS + len(CellClass)
CLASSES = (CellClass.NEUTROPHIL, CellClass.LYMPHOCYTE)


@pytest.fixture
def history(tmp_path: Path) -> CalibrationHistory:
    return CalibrationHistory(tmp_path / "calibration")


def kept(history: CalibrationHistory, circumstances: Circumstances, **said: Any) -> SiteAdapter:  # ruff: ignore[any-type] - as pydantic takes them
    rows = np.concatenate([np.zeros((1, FEATURES)), np.eye(FEATURES), np.zeros((2, FEATURES))])
    content = rows.astype("<f4").tobytes()
    part = SitePart(
        origin=circumstances.origin([], shape=(480, 640)),
        sha256=hashlib.sha256(content).hexdigest(),
        classes=CLASSES,
        lacking=(),
        strength=1.0,
        typical=1.0,
        cells=20,
        right_before=10,
        right_after=18,
        **said,
    )
    history.keep({"site": part}, cause="site", by="Ada", site=content)
    found = history.current()
    assert found is not None
    assert found.adapter is not None
    return found.adapter


def test_it_keeps_how_common_classes_are_and_how_far_it_is_trusted(
    history: CalibrationHistory, circumstances: Circumstances
) -> None:
    adapter = kept(history, circumstances, priors=(1.7, 1.5), trust=0.8)
    assert (adapter.priors.tolist(), adapter.trust) == ([1.7, 1.5], 0.8)


def test_one_from_before_takes_all_classes_alike_and_is_trusted_alone(
    history: CalibrationHistory, circumstances: Circumstances
) -> None:
    adapter = kept(history, circumstances)
    assert (adapter.priors.tolist(), adapter.trust) == ([1.0, 1.0], 1.0)


def test_one_with_a_prior_too_many_is_refused(
    history: CalibrationHistory, circumstances: Circumstances
) -> None:
    with pytest.raises(CalibrationError, match="3 priors for 2 classes"):
        kept(history, circumstances, priors=(1.0, 1.0, 1.0))
