"""Evaluation, on a small folder of data sets in their published layouts.

The cells are flat discs. Their red level tells the class, so that an analysis that sees
everything can be written in a few lines and must get every figure right.
"""

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from leuko.bundle import load_bundle
from leuko.cells import Box, Cell, CellClass, CellRegion, CellStatus, RGBImage
from leuko.errors import LeukoError
from leuko_training.datasets import read_dataset
from leuko_training.errors import DatasetError
from leuko_training.evaluate import evaluate, evaluate_analysis, write_report
from leuko_training.evaluation import (
    Analyse,
    Analysis,
    Evaluation,
    JudgedBox,
    Subject,
    Verdict,
    goals_of,
    read_judged,
    true_regions,
)
from leuko_training.metrics import Proportion

SUBJECT = Subject(label="disc finder", sha256="", unclassified_below=0.6)
BACKGROUND, STEP = 235, 20
TINY_BUNDLE = Path(__file__).resolve().parents[1] / "golden" / "tiny-bundle"
FIELD = "bcisc/original-images/neut/1-1.jpg"
UNMASKED = JudgedBox(image=FIELD, x=300, y=200, width=180, height=180, verdict=Verdict.LEUKOCYTE)


def draw(image: RGBImage, middle: tuple[int, int], radius: int, cell_class: CellClass) -> None:
    red = STEP * list(CellClass).index(cell_class)
    cv2.circle(image, middle, radius, (red, 40, 120), -1)


def blank(width: int, height: int) -> RGBImage:
    return np.full((height, width, 3), BACKGROUND, np.uint8)


def save(path: Path, image: RGBImage) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Colours would bleed at the edge of a disc if they were stored at half the resolution.
    options = [cv2.IMWRITE_JPEG_QUALITY, 100, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]
    how = options if path.suffix == ".jpg" else []
    assert cv2.imwrite(str(path), image[..., ::-1] if image.ndim == 3 else image, how)


def mask_of(image: RGBImage) -> RGBImage:
    return np.where(image[..., 1] < 128, 255, 0).astype(np.uint8)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("datasets")
    rows = [*crops(folder), *fields(folder), *other_microscope(folder)]
    with (folder / "splits.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["dataset", "image", "mask", "group", "label", "fold"])
        writer.writerows(rows)
    return folder


def crops(root: Path) -> Iterator[list[str]]:
    folder = root / "segmentation_wbc"
    for number, cell_class in enumerate(("neutrophil", "lymphocyte", "monocyte"), start=1):
        image = blank(120, 110)
        draw(image, (60, 55), 30, CellClass(cell_class))
        name = f"Dataset 1/{number:03d}"
        save(folder / f"{name}.bmp", image)
        save(folder / f"{name}.png", mask_of(image))
        fold = "0" if number < 3 else "1"
        yield ["segmentation_wbc_1", f"segmentation_wbc/{name}.bmp", "", name, cell_class, fold]
    table = "image ID,class label\n1,1\n2,2\n3,3\n"
    (folder / "Class Labels of Dataset 1.csv").write_text(table, encoding="utf-8")


def fields(root: Path) -> Iterator[list[str]]:
    image = blank(500, 400)
    draw(image, (130, 120), 80, CellClass.NEUTROPHIL)
    masked = mask_of(image)
    draw(image, (390, 290), 80, CellClass.MONOCYTE)
    save(root / FIELD, image)
    save((root / FIELD).with_suffix(".png"), masked)
    save(root / "bcisc/original-images/eosi/1-2.jpg", image)
    yield ["bcisc_fields", FIELD, "", "1", "neutrophil", "0"]
    yield ["bcisc_fields", "bcisc/original-images/eosi/1-2.jpg", "", "1", "eosinophil", "0"]


def other_microscope(root: Path) -> Iterator[list[str]]:
    image = blank(96, 96)
    draw(image, (48, 48), 18, CellClass.LYMPHOCYTE)
    draw(image, (6, 6), 5, CellClass.NEUTROPHIL)
    name = "raabin/archive/Test-B/Lymphocyte/1.jpg"
    save(root / name, image)
    yield ["raabin_test_b", name, "", "Test-B", "lymphocyte", "transfer"]


def seeing(rgb: RGBImage, um_per_px: float) -> tuple[Cell, ...]:
    """Every disc, its outline and its class."""
    regions = true_regions(rgb[..., 1] < 128, um_per_px=um_per_px)
    return tuple(named(rgb, region) for region in regions)


def named(rgb: RGBImage, region: CellRegion) -> Cell:
    box = region.box
    level = np.median(rgb[box.y : box.y + box.height, box.x : box.x + box.width, 0][region.mask])
    cell_class = list(CellClass)[round(float(level) / STEP)]
    return cell_of(region, cell_class, 0.93)


def cell_of(region: CellRegion, cell_class: CellClass, probability: float) -> Cell:
    rest = (1 - probability) / (len(CellClass) - 1)
    probabilities = tuple(probability if name is cell_class else rest for name in CellClass)
    return Cell(region, cell_class, probabilities, 100.0, CellStatus.COUNTED, "")


def blind(_rgb: RGBImage, _um_per_px: float) -> tuple[Cell, ...]:
    return ()


def shifted(rgb: RGBImage, um_per_px: float) -> tuple[Cell, ...]:
    """Every disc, two thirds of its width too far to the right."""
    return tuple(
        replace(cell, region=replace(cell.region, box=moved(cell.region.box, rgb.shape[1])))
        for cell in seeing(rgb, um_per_px)
    )


def moved(box: Box, width: int) -> Box:
    return replace(box, x=min(box.x + 2 * box.width // 3, width - box.width))


def unsure(rgb: RGBImage, um_per_px: float) -> tuple[Cell, ...]:
    return tuple(cell_of(c.region, c.cell_class, 0.5) for c in seeing(rgb, um_per_px))


def judge(analyse: Analyse, root: Path, *judged: JudgedBox) -> Evaluation:
    analysis = Analysis(analyse, SUBJECT.unclassified_below)
    return evaluate_analysis(lambda _: analysis, SUBJECT, root, judged=judged)


def test_an_analysis_that_sees_everything_reaches_every_target(root: Path) -> None:
    evaluation = judge(seeing, root, UNMASKED)
    assert [result.mean("dice").mean for result in evaluation.outlines] == [1]
    assert [result.accuracy for result in evaluation.names] == [Proportion(1, 1), Proportion(2, 2)]
    goals = goals_of(evaluation)
    assert len(goals) == 4
    assert all(goal.is_met for goal in goals)


def test_a_blind_analysis_reaches_nothing(root: Path) -> None:
    evaluation = judge(blind, root)
    assert evaluation.fields
    assert [result.mean("dice").mean for result in evaluation.outlines] == [0]
    assert all(result.accuracy.hits == result.found.hits == 0 for result in evaluation.names)
    assert evaluation.fields.found == Proportion(0, 1)
    met = [goal.what for goal in goals_of(evaluation) if goal.is_met]
    assert met == ["false regions per field, bcisc_fields"]


def test_only_the_held_out_fold_is_judged(root: Path) -> None:
    (result,) = judge(seeing, root).outlines
    assert [image.item.image.stem for image in result.images] == ["001", "002"]


def test_an_unmasked_leukocyte_counts_as_false_until_somebody_has_looked(root: Path) -> None:
    before, after = judge(seeing, root).fields, judge(seeing, root, UNMASKED).fields
    assert before
    assert after
    assert (before.false_per_field, after.false_per_field) == (1, 0)
    assert [region.verdict for region in after.unmatched] == [Verdict.LEUKOCYTE]


def test_a_field_without_masks_is_left_out_of_the_count(root: Path) -> None:
    fields = judge(seeing, root).fields
    assert fields
    assert len(fields.fields) == 1
    assert fields.without_mask == 1


def test_a_region_beside_its_leukocyte_is_false_and_the_leukocyte_missed(root: Path) -> None:
    fields = judge(shifted, root).fields
    assert fields
    assert fields.found == Proportion(0, 1)
    assert [region.verdict for region in fields.unmatched] == [Verdict.UNJUDGED] * 2
    assert 0 < fields.unmatched[0].best_iou < 0.5


def test_a_second_region_on_one_leukocyte_is_false(root: Path) -> None:
    def twice(rgb: RGBImage, um_per_px: float) -> tuple[Cell, ...]:
        return seeing(rgb, um_per_px) * 2

    fields = judge(twice, root, UNMASKED).fields
    assert fields
    assert fields.found == Proportion(1, 1)
    assert fields.false_per_field == 1


def test_the_cell_in_the_middle_is_the_one_that_is_named(root: Path) -> None:
    result = judge(seeing, root).names[0]
    assert result.dataset == "raabin_test_b"
    assert result.answers[0].cell_class is CellClass.LYMPHOCYTE


def test_a_cell_far_from_the_labelled_one_does_not_stand_for_it(root: Path) -> None:
    def only_the_first(rgb: RGBImage, um_per_px: float) -> tuple[Cell, ...]:
        return seeing(rgb, um_per_px)[:1]

    result = judge(only_the_first, root).names[0]
    assert result.found == Proportion(0, 1)
    assert result.five_way.counts.tolist() == [[0, 0, 0, 0, 0, 1]]


def test_unsure_cells_are_unclassified_but_their_likeliest_class_is_still_judged(
    root: Path,
) -> None:
    result = judge(unsure, root).names[1]
    assert result.unclassified == Proportion(2, 2)
    assert result.accuracy == Proportion(2, 2)
    assert result.accuracy_of_classified.percent is None


def test_the_likeliest_of_five_may_be_right_where_that_of_eight_is_not(root: Path) -> None:
    def calls_all_platelets(rgb: RGBImage, um_per_px: float) -> tuple[Cell, ...]:
        cells = seeing(rgb, um_per_px)
        return tuple(
            replace(c, cell_class=CellClass.PLATELET_OR_ARTEFACT, probabilities=(
                *(p / 3 for p in c.probabilities[:-1]), 1 - sum(c.probabilities[:-1]) / 3))
            for c in cells
        )  # fmt: skip

    result = judge(calls_all_platelets, root).names[1]
    assert result.accuracy == Proportion(2, 2)
    assert result.accuracy_of_eight == Proportion(0, 2)


@pytest.fixture
def written(root: Path, tmp_path: Path) -> Path:
    write_report(judge(shifted, root), tmp_path / "results", pictures=tmp_path / "pictures")
    return tmp_path


def test_the_report_puts_the_figure_beside_its_target(written: Path) -> None:
    text = (written / "results" / "evaluation.md").read_text(encoding="utf-8")
    assert re.search(r"\| masked leukocytes found, bcisc_fields \| ≥ 98 % \| 0\.0 % \|", text)
    assert re.search(r"\| Dice, segmentation_wbc_1 \| ≥ 0\.98 \| 0\.\d{4} \|.*short", text)
    assert "not judged, because not there" in text
    assert "make evaluate" in text


def test_the_report_names_no_path_of_this_machine(written: Path, root: Path) -> None:
    texts = [path.read_text(encoding="utf-8") for path in written.glob("results/evaluation.*")]
    assert len(texts) == 2
    assert not any(str(root) in text or str(written) in text for text in texts)


def test_the_record_holds_every_image(written: Path) -> None:
    record = json.loads((written / "results" / "evaluation.json").read_text(encoding="utf-8"))
    dice = record["outlines"]["segmentation_wbc_1"]["dice_of_image"]
    assert sorted(dice) == [f"segmentation_wbc/Dataset 1/00{number}.bmp" for number in (1, 2)]
    assert len(record["fields"]["unmatched"]) == 2


def test_pixels_of_data_sets_stay_out_of_the_results(written: Path) -> None:
    results = {path.name for path in (written / "results").iterdir()}
    assert results == {
        "evaluation.md",
        "evaluation.json",
        "dice.png",
        "confusion-raabin_test_b.png",
        "confusion-segmentation_wbc_1.png",
    }
    pictures = {path.name for path in (written / "pictures").rglob("*.png")}
    assert {"segmentation_wbc_1-outlines.png", "bcisc_fields-missed.png", "001.png"} <= pictures


def test_pictures_of_a_former_run_do_not_linger(root: Path, written: Path) -> None:
    write_report(judge(blind, root), written / "results", pictures=written / "pictures")
    assert not list((written / "pictures" / "unmatched").iterdir())


def test_the_same_evaluation_writes_the_same_report(root: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_report(judge(seeing, root), tmp_path / name, pictures=tmp_path / "pictures")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_bundle_is_judged_as_the_device_runs_it(root: Path) -> None:
    bundle = load_bundle(TINY_BUNDLE)
    evaluation = evaluate(bundle, root)
    assert evaluation.subject.label == bundle.label
    assert evaluation.subject.sha256 == bundle.sha256
    assert {result.dataset for result in evaluation.names} == {
        "segmentation_wbc_1",
        "raabin_test_b",
    }


def test_a_folder_without_data_sets_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="name the folder of all data sets"):
        judge(seeing, tmp_path)


def test_results_that_cannot_be_written_are_told_in_one_sentence(
    root: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(LeukoError, match="choose another folder"):
        write_report(judge(blind, root), tmp_path / "file", pictures=tmp_path / "pictures")


@pytest.mark.parametrize("text", ["judged = 3", "[[judged]]\nimage = 'a'", "x", "other = []"])
def test_a_broken_list_of_judged_boxes_is_told_in_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "judged.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match="no list of judged boxes"):
        read_judged(path)


def test_every_judged_box_lies_in_a_held_out_field(datasets: Path) -> None:
    items = read_dataset("bcisc_fields", datasets)
    held_out = {i.image.relative_to(datasets).as_posix() for i in items if i.fold == "0"}
    assert {judged.image for judged in read_judged()} <= held_out


def test_evaluation_does_without_the_training_framework() -> None:
    code = (
        "import sys, leuko_training.evaluate, leuko_training.benchmark\n"
        "print(*{'tensorflow', 'keras', 'torch'} & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\nsys.path[:] = {sys.path}\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stdout.strip()
