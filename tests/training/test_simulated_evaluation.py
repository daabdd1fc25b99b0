"""Judging on simulated slides, by analyses that know what lies on them."""

import json
from pathlib import Path

import pytest

from leuko.bundle import load_bundle
from leuko.cells import LEUKOCYTES, Box, Cell, CellClass, CellRegion, CellStatus, RGBImage
from leuko.images import read_image
from leuko_training.errors import DatasetError
from leuko_training.evaluate import simulate_and_report, write_report, write_simulated
from leuko_training.evaluation import (
    SEEDS,
    Analysis,
    Evaluation,
    SimulatedResult,
    SimulatedSlide,
    Subject,
    score_simulated,
    simulated_slides,
)
from leuko_training.metrics import Proportion
from leuko_training.simulated import TRAINING_SEEDS
from leuko_training.uncarded import sha256_without_card

TINY_BUNDLE = Path(__file__).resolve().parents[1] / "golden" / "tiny-bundle"
REPORT = "# Evaluation\n\n## Names\n\nnames\n\n## How to read this\n\nwith care\n"


@pytest.fixture(scope="module")
def slide() -> SimulatedSlide:
    (slide,) = simulated_slides([2000])
    return slide


def cell(region: CellRegion, name: CellClass, probability: float = 0.93) -> Cell:
    rest = (1 - probability) / (len(CellClass) - 1)
    probabilities = tuple(probability if one is name else rest for one in CellClass)
    return Cell(region, name, probabilities, 100.0, CellStatus.COUNTED, "")


def judged(slide: SimulatedSlide, cells: list[Cell]) -> SimulatedResult:
    def analyse(rgb: RGBImage, um_per_px: float) -> tuple[Cell, ...]:
        assert rgb.shape == slide.rgb.shape
        assert um_per_px == pytest.approx(0.16)
        return tuple(cells)

    result = score_simulated([slide], lambda _: Analysis(analyse, 0.5))
    assert result
    return result


def all_right(slide: SimulatedSlide) -> list[Cell]:
    return [cell(region, name) for name, region in slide.truths]


def with_mistakes(slide: SimulatedSlide) -> list[Cell]:
    """The first leukocyte missed, the second misnamed, and one more where there is none."""
    (_, first), (name, second), *others = slide.truths
    wrong = next(one for one in LEUKOCYTES if one is not name)
    nowhere = CellRegion(Box(0, 0, 12, 12), first.mask[:1, :1].repeat(12, 0).repeat(12, 1), 3.7,
                         cut_by_border=True)  # fmt: skip
    known = [cell(region, truth) for truth, region in others]
    return [*known, cell(second, wrong), cell(nowhere, CellClass.NEUTROPHIL)]


def test_no_slide_that_is_judged_has_taught() -> None:
    assert not set(SEEDS) & set(TRAINING_SEEDS)


def test_an_analysis_that_sees_everything_makes_no_mistake(slide: SimulatedSlide) -> None:
    result = judged(slide, all_right(slide))
    assert result.found() == result.five_way.accuracy == Proportion(10, 10)
    assert {result.found(name).n for name in LEUKOCYTES} == {2}
    assert not result.false
    assert not result.mistakes


def test_what_is_missed_misnamed_or_made_up_is_held_against_it(slide: SimulatedSlide) -> None:
    result = judged(slide, with_mistakes(slide))
    assert result.found() == Proportion(9, 10)
    assert result.five_way.accuracy == Proportion(8, 10)
    assert result.false_per_field == result.false_counted_per_field == 1
    missed, misnamed = result.mistakes
    assert missed.cell is None
    assert misnamed.leukocyte_class is not misnamed.truth


def test_nothing_is_said_of_no_slide() -> None:
    nothing = Analysis(lambda _rgb, _um_per_px: (), 0.5)
    assert score_simulated([], lambda _: nothing) is None


@pytest.fixture
def results(tmp_path: Path) -> Path:
    (tmp_path / "evaluation.json").write_text('{"sha256": "ab", "goals": [1]}', encoding="utf-8")
    (tmp_path / "evaluation.md").write_text(REPORT, encoding="utf-8")
    return tmp_path


def test_one_part_of_an_evaluation_is_renewed_and_the_rest_stays(
    slide: SimulatedSlide, results: Path
) -> None:
    for cells in (all_right(slide), with_mistakes(slide)):
        write_simulated(judged(slide, cells), results, sha256="ab")
    text = (results / "evaluation.md").read_text(encoding="utf-8")
    assert text.count("## Simulated smears\n") == 1
    assert "| all | 10 | 90.0 % | 80.0 % (8 of 10), 44.4 – 97.5 |" in text
    assert "\n\n## How to read this\n\nwith care\n" in text
    assert text.startswith("# Evaluation\n\n## Names\n\nnames\n\n## Simulated")
    record = json.loads((results / "evaluation.json").read_text(encoding="utf-8"))
    assert record["goals"] == [1]
    assert [one["answer"] is None for one in record["simulated"]["mistakes"]] == [True, False]
    assert [one["status"] for one in record["simulated"]["false"]] == ["counted"]


def test_a_part_that_is_renewed_is_written_as_in_a_whole_evaluation(
    slide: SimulatedSlide, tmp_path: Path
) -> None:
    result = judged(slide, with_mistakes(slide))
    subject = Subject("disc finder", "ab", 0.6)
    whole = Evaluation(subject, tmp_path, "0", (), None, (), (), (), simulated=result)
    write_report(whole, tmp_path / "results", pictures=tmp_path / "pictures")
    files = [*(tmp_path / "results").iterdir()]
    before = [path.read_bytes() for path in files]
    assert len(files) == 3
    write_simulated(judged(slide, all_right(slide)), tmp_path / "results", sha256="ab")
    write_simulated(result, tmp_path / "results", sha256="ab")
    assert [path.read_bytes() for path in files] == before


def test_mistakes_are_drawn_small_and_always_alike_and_no_mistake_is_not_drawn(
    slide: SimulatedSlide, results: Path
) -> None:
    picture = results / "simulated-failures.png"
    drawn = []
    for _ in range(2):
        write_simulated(judged(slide, with_mistakes(slide)), results, sha256="ab")
        drawn.append(picture.read_bytes())
    assert drawn[0] == drawn[1]
    assert read_image(picture).shape == (190, 450, 3)
    write_simulated(judged(slide, all_right(slide)), results, sha256="ab")
    assert not picture.exists()


def test_a_part_is_not_put_into_the_evaluation_of_another_bundle(results: Path) -> None:
    with pytest.raises(DatasetError, match="holds another bundle's evaluation"):
        simulate_and_report(TINY_BUNDLE, results)
    (results / "evaluation.md").unlink()
    with pytest.raises(DatasetError, match="holds no evaluation"):
        simulate_and_report(TINY_BUNDLE, results)


def test_a_bundle_can_be_judged_on_slides_alone(results: Path) -> None:
    sha256 = sha256_without_card(load_bundle(TINY_BUNDLE))
    (results / "evaluation.json").write_text(json.dumps({"sha256": sha256}), encoding="utf-8")
    simulate_and_report(TINY_BUNDLE, results, seeds=[2001])
    record = json.loads((results / "evaluation.json").read_text(encoding="utf-8"))
    assert record["simulated"]["seeds"] == [2001]
    assert record["simulated"]["found"]["n"] == 10
