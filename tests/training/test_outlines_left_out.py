"""The report on segmenters that a laboratory was left out of."""

import json
from pathlib import Path

import pytest

from leuko_training.errors import DatasetError
from leuko_training.metrics import Estimate, Proportion
from leuko_training.parts import Parts
from leuko_training.transfer import (
    Places,
    WholeFigures,
    outlines_and_report,
    render_outlines,
)

NOTHING = Proportion(0, 0)


def figures(name: str, dice: float | None) -> WholeFigures:
    return WholeFigures(
        dataset=name,
        images=50,
        found=Proportion(49, 50),
        false=0.25,
        dice=Estimate(dice, dice - 0.01, dice + 0.01, 50) if dice else None,
        named=NOTHING,
        unclassified=NOTHING,
        right=NOTHING,
        gaps=(),
        by_chance=None,
    )


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A folder where two laboratories were left out before, and no data set at all."""
    kept = Parts(tmp_path / "runs" / "outlines")
    bcisc = [figures("bcisc_crops", 0.91), figures("bcisc_fields", None)]
    kept.once("bccd", list[WholeFigures], lambda: [figures("bccd", 0.95)])
    kept.once("bcisc", list[WholeFigures], lambda: bcisc)
    return Places(
        root=tmp_path,
        folder=tmp_path / "runs",
        results=tmp_path / "results",
        segmenter=tmp_path / "segmenter.keras",
        certainty=tmp_path / "certainty.json",
    )


def test_the_report_has_a_row_for_each_set_and_the_means_of_what_is_masked() -> None:
    judged = [figures("bcisc_crops", 0.9), figures("bcisc_fields", None), figures("bccd", 0.94)]
    report = render_outlines({"all": judged})
    rows = [line for line in report.splitlines() if line.startswith("| b")]
    assert rows[0] == "| bcisc_crops | 50 | 98.0 (89.4 – 99.9) % | 0.25 | 0.900 (0.890 – 0.910) |"
    assert rows[1].endswith("| 0.25 | – |")
    assert "| mean |  |  |  | **0.920** |" in report


def test_what_was_left_out_before_is_not_trained_again(places: Places) -> None:
    outlines_and_report(["bccd"], places, classifier=places.root / "classifier.keras")
    report = (places.results / "outlines.md").read_text("utf-8")
    assert "| mean |  |  |  | **0.930** |" in report
    record = json.loads((places.results / "outlines.json").read_text("utf-8"))
    assert list(record) == ["bcisc", "bccd"]
    # The classifier that completes the bundles has learnt from all laboratories.
    assert "named" not in record["bccd"][0]


def test_a_laboratory_without_masks_is_refused(places: Places) -> None:
    with pytest.raises(DatasetError, match="raabin has no masks to be judged by; leave out"):
        outlines_and_report(["raabin"], places, classifier=places.root / "classifier.keras")


def test_an_unknown_laboratory_is_one_sentence(places: Places) -> None:
    with pytest.raises(DatasetError, match="no laboratory is called 'mine'; choose among"):
        outlines_and_report(["mine"], places, classifier=places.root / "classifier.keras")
