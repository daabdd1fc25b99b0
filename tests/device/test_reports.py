"""Results on disk: right, and whole or not there."""

import csv
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from leuko.bundle import ModelBundle, load_bundle
from leuko.cells import LEUKOCYTES, Box, Cell, CellClass, CellRegion, CellStatus
from leuko.class_colours import BESIDE_COLOURS, CLASS_COLOURS
from leuko.counting import DifferentialCount
from leuko.errors import OutputError
from leuko.reports import FailedImage, FieldReport, ReportFolder, label_image, name_images
from leuko.vision.overlay import draw_overlay

SHAPE = (120, 160)
LEADING = "image,cell,x,y,width,height,area_um2,cell_class,probability,status,reason,um_per_px"


@pytest.fixture
def bundle(tiny_bundle: Path) -> ModelBundle:
    return load_bundle(tiny_bundle)


def cell(
    cell_class: CellClass,
    x: int,
    y: int,
    *,
    status: CellStatus = CellStatus.COUNTED,
    reason: str = "",
) -> Cell:
    rows, columns = np.mgrid[-15:16, -15:16]
    mask = rows**2 + columns**2 <= 15**2
    probabilities = [0.01] * 8
    probabilities[list(CellClass).index(cell_class)] = 0.93
    region = CellRegion(Box(x, y, 31, 31), mask, 28.27, cut_by_border="border" in reason)
    return Cell(region, cell_class, tuple(probabilities), 12.5, status, reason)


CELLS = (
    cell(CellClass.NEUTROPHIL, 10, 20),
    cell(CellClass.EOSINOPHIL, 100, 60),
    cell(CellClass.LYMPHOCYTE, 60, 0, status=CellStatus.EXCLUDED, reason='at the "border", cut'),
)


def field(image: str = "a.png", cells: Sequence[Cell] = CELLS) -> FieldReport:
    return FieldReport(image, image.removesuffix(".png"), SHAPE, 0.2, None, tuple(cells))


def write(
    folder: Path, bundle: ModelBundle, *fields: FieldReport, failed: Sequence[FailedImage] = ()
) -> None:
    with ReportFolder(folder) as report:
        for one in fields:
            report.add_field(one)
            report.add_overlay(one, np.full((*SHAPE, 3), 220, np.uint8))
            report.add_mask(one)
        cells = [cell for one in fields for cell in one.cells]
        report.finish(DifferentialCount.from_cells(cells), failed, bundle)


def test_the_table_of_cells_has_one_row_a_cell(out_dir: Path, bundle: ModelBundle) -> None:
    write(out_dir, bundle, field("a.png"), field("b.png"))
    text = (out_dir / "cells.csv").read_text()
    assert text.startswith(LEADING + ",")
    rows = list(csv.DictReader(text.splitlines()))
    assert [(row["image"], row["cell"]) for row in rows] == [
        (image, str(number)) for image in ("a.png", "b.png") for number in (1, 2, 3)
    ]
    first = {key: rows[0][key] for key in LEADING.split(",")}
    assert first == {
        "image": "a.png",
        "cell": "1",
        "x": "10",
        "y": "20",
        "width": "31",
        "height": "31",
        "area_um2": "28.27",
        "cell_class": "neutrophil",
        "probability": "0.9300",
        "status": "counted",
        "reason": "",
        "um_per_px": "0.2",
    }
    assert rows[2]["reason"] == 'at the "border", cut'


def test_the_differential_says_all_that_it_should(out_dir: Path, bundle: ModelBundle) -> None:
    write(out_dir, bundle, field(), failed=[FailedImage("b.png", "truncated")])
    found = json.loads((out_dir / "differential.json").read_text())
    assert found["n"] == 2
    assert found["counts"] == {
        "neutrophil": 1,
        "lymphocyte": 0,
        "monocyte": 0,
        "eosinophil": 1,
        "basophil": 0,
    }
    assert found["percent"]["neutrophil"] == 50
    assert found["interval95"]["neutrophil"] == pytest.approx([1.26, 98.74], abs=0.01)
    assert found["excluded"]["lymphocyte"] == 1
    assert found["excluded_per_100"]["erythroblast"] == 0
    assert found["unclassified"] == 0
    assert [image["image"] for image in found["images"]] == ["a.png"]
    assert found["failed_images"] == [{"image": "b.png", "reason": "truncated"}]
    assert found["bundle"] == {"id": "leuko-tiny", "version": "1", "sha256": bundle.sha256}
    assert found["um_per_px"] == pytest.approx(0.2)
    assert "not a diagnosis" in found["statement"]


def test_a_mask_numbers_the_cells_as_the_table_does(out_dir: Path, bundle: ModelBundle) -> None:
    write(out_dir, bundle, field())
    mask = cv2.imread(str(out_dir / "a-mask.png"), cv2.IMREAD_UNCHANGED)
    assert mask is not None
    assert mask.dtype == np.uint16
    assert mask.shape == SHAPE
    for number, one in enumerate(CELLS, 1):
        rows, columns = np.nonzero(mask == number)
        assert len(rows) == one.region.mask.sum()
        box = one.region.box
        assert (columns.min(), rows.min()) == (box.x, box.y)


def test_where_regions_overlap_the_earlier_keeps_its_pixels() -> None:
    overlapping = (cell(CellClass.BASOPHIL, 10, 10), cell(CellClass.BASOPHIL, 20, 10))
    labels = label_image(overlapping, SHAPE)
    assert (labels == 1).sum() == overlapping[0].region.mask.sum()
    assert 0 < (labels == 2).sum() < overlapping[1].region.mask.sum()


@pytest.mark.parametrize("name", LEUKOCYTES)
def test_an_overlay_has_the_colours_of_the_displays(name: CellClass) -> None:
    drawn = draw_overlay(np.full((*SHAPE, 3), 220, np.uint8), [cell(name, 60, 60)])
    assert (drawn == CLASS_COLOURS[name]).all(axis=2).sum() > 100


def test_labels_stop_growing_with_the_picture() -> None:
    heights = []
    for side in (900, 3600, 7200):
        drawn = draw_overlay(np.full((side, 600, 3), 220, np.uint8), [cell(LEUKOCYTES[0], 90, 300)])
        is_label = (drawn == CLASS_COLOURS[LEUKOCYTES[0]]).all(axis=2).sum(axis=1) > 80
        heights.append(int(is_label.sum()))
    assert heights[0] < heights[1] == heights[2]


def test_a_label_is_small_enough_for_a_narrow_picture() -> None:
    name, heights = CellClass.IMMATURE_GRANULOCYTE, []
    for width in (80, 100):
        drawn = draw_overlay(np.full((300, width, 3), 220, np.uint8), [cell(name, 5, 80)])
        # Labels begin at the left border here, with a margin.
        heights.append(int((drawn[:, 1] == BESIDE_COLOURS[name]).all(axis=1).sum()))
    assert 0 < heights[0] < heights[1]


def test_an_overlay_leaves_the_field_as_it_was_away_from_cells() -> None:
    rgb = np.full((*SHAPE, 3), 220, np.uint8)
    drawn = draw_overlay(rgb, CELLS)
    assert rgb.min() == 220
    assert (drawn[20:51, 10:41] != 220).any()
    np.testing.assert_array_equal(drawn[100:, :50], rgb[100:, :50])


@pytest.mark.parametrize("side", [32, 300, 3000])
def test_an_overlay_can_be_drawn_at_any_size(side: int) -> None:
    drawn = draw_overlay(np.full((side, side, 3), 220, np.uint8), [cell(CellClass.MONOCYTE, 0, 0)])
    assert drawn.shape == (side, side, 3)
    assert (drawn != 220).any()


def test_images_of_one_name_get_results_of_their_own(out_dir: Path, bundle: ModelBundle) -> None:
    paths = [Path("left/a.png"), Path("right/a.png"), Path("b.png"), Path("b.jpg"), Path("c.bmp")]
    names = name_images(paths)
    assert [image for image, _ in names] == ["left/a.png", "right/a.png", "b.png", "b.jpg", "c.bmp"]
    fields = [FieldReport(image, name, SHAPE, 0.2, None, CELLS) for image, name in names]
    write(out_dir, bundle, *fields)
    assert len(list(out_dir.glob("*-mask.png"))) == len(list(out_dir.glob("*-overlay.png"))) == 5
    assert (out_dir / "c-mask.png").exists()


def test_no_choice_of_names_makes_two_results_one() -> None:
    paths = [Path("x/a.png"), Path("y/a.png"), Path("x_a.png"), Path("X_A.png"), Path("x_a.tif")]
    names = [name.casefold() for _, name in name_images(paths)]
    assert len(set(names)) == len(paths)


def test_a_name_that_is_no_text_can_be_written(out_dir: Path, bundle: ModelBundle) -> None:
    image = b"gr\xfcn.png".decode(errors="surrogateescape")
    with ReportFolder(out_dir) as report:
        report.add_field(FieldReport(image, "green", SHAPE, 0.2, None, CELLS))
        report.finish(DifferentialCount.from_cells(CELLS), [], bundle)
    assert json.loads((out_dir / "differential.json").read_text())["images"]


def break_off(folder: Path) -> None:
    def breaks_off() -> None:
        with ReportFolder(folder) as report:
            report.add_field(field())
            report.add_mask(field())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        breaks_off()


def test_a_run_that_breaks_off_leaves_nothing_of_itself(out_dir: Path) -> None:
    break_off(out_dir / "slides" / "seven")
    assert not out_dir.exists()


def test_a_run_that_breaks_off_leaves_the_folders_of_others(out_dir: Path) -> None:
    out_dir.mkdir()
    break_off(out_dir / "slides")
    assert list(out_dir.iterdir()) == []
    break_off(out_dir)
    assert out_dir.is_dir()


def test_a_folder_that_somebody_removed_keeps_none_of_those_above_it(out_dir: Path) -> None:
    def breaks_off() -> None:
        with ReportFolder(out_dir / "slides" / "seven"):
            shutil.rmtree(out_dir / "slides" / "seven")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        breaks_off()
    assert not out_dir.exists()


def test_the_result_of_an_earlier_run_is_gone_once_a_new_one_starts(
    out_dir: Path, bundle: ModelBundle
) -> None:
    write(out_dir, bundle, field())
    with ReportFolder(out_dir):
        assert not (out_dir / "differential.json").exists()
        assert not (out_dir / "cells.csv").exists()


def test_what_a_power_cut_left_behind_is_cleared_away(out_dir: Path, bundle: ModelBundle) -> None:
    (out_dir / ".leuko-unfinished").mkdir(parents=True)
    (out_dir / ".leuko-unfinished" / "old-mask.png").touch()
    write(out_dir, bundle, field())
    assert sorted(path.name for path in out_dir.iterdir()) == [
        "a-mask.png",
        "a-overlay.png",
        "cells.csv",
        "differential.json",
    ]


def test_files_of_others_in_the_folder_are_left_alone(out_dir: Path, bundle: ModelBundle) -> None:
    out_dir.mkdir()
    (out_dir / "notes.txt").write_text("slide 7")
    write(out_dir, bundle, field())
    assert (out_dir / "notes.txt").read_text() == "slide 7"


def test_the_pictures_of_an_earlier_run_are_gone_once_a_new_one_starts(
    out_dir: Path, bundle: ModelBundle
) -> None:
    write(out_dir, bundle, field("a.png"), field("b.png"))
    listed = json.loads((out_dir / "differential.json").read_text())["files"]
    assert listed == ["a-mask.png", "a-overlay.png", "b-mask.png", "b-overlay.png", "cells.csv"]
    (out_dir / "c-mask.png").write_text("drawn by hand")
    with ReportFolder(out_dir):
        left = {path.name for path in out_dir.iterdir() if not path.name.startswith(".")}
        assert left == {"c-mask.png"}


@pytest.mark.parametrize(
    "summary",
    [
        '{"files": ["../notes.txt", "{place}/notes.txt", "..", "", "kept", "a\\u0000b", 7, []]}',
        '{"files": "notes.txt"}',
        '["notes.txt"]',
        "of an earlier slide",
    ],
)
def test_an_earlier_list_removes_nothing_but_files_of_the_folder(
    out_dir: Path, summary: str
) -> None:
    (out_dir / "kept").mkdir(parents=True)
    notes = out_dir.parent / "notes.txt"
    notes.write_text("slide 7")
    (out_dir / "differential.json").write_text(summary.replace("{place}", str(out_dir.parent)))
    with ReportFolder(out_dir):
        assert notes.exists()
        assert (out_dir / "kept").is_dir()


@pytest.mark.parametrize("place", ["/proc/leuko", "/dev/null/results"])
def test_a_folder_that_cannot_be_written_is_refused(place: str) -> None:
    with (
        pytest.raises(
            OutputError, match=f"cannot write results to {place}: .*; choose another place"
        ),
        ReportFolder(Path(place)),
    ):
        pass
