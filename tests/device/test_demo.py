"""The demo: each cell of the slide counts once, and the truth stands beside the count."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from leuko.bundle import ModelBundle, load_bundle
from leuko.cells import Box, Cell, CellClass, CellRegion, CellStatus, Mask, RGBImage
from leuko.demo import (
    Comparison,
    Fields,
    SlideTally,
    SlideView,
    compare,
    demo_smear,
    demo_views,
    run_demo,
)
from leuko.errors import ImageError, OutputError
from leuko.images import find_images, read_image
from leuko.sim import TrueCell

SEED, TARGET = 7, 6
UM_PER_PX = 0.15
FIRST, SECOND = SlideView(1, 0.0, 0.0), SlideView(2, 60.0, 0.0)

Naming = Callable[[CellClass], CellClass]


class TruthfulAnalyser:
    """Sees the demo's views with the eyes of the smear, and names the cells as it is told to."""

    def __init__(self, naming: Naming | None = None) -> None:
        self._smear = demo_smear(SEED, TARGET)
        self._views = iter(demo_views(self._smear))
        self._naming = naming

    def analyse(self, rgb: RGBImage, *, um_per_px: float) -> tuple[Cell, ...]:
        view, (height, width) = next(self._views), rgb.shape[:2]
        labels = self._smear.leukocyte_mask(
            view.x_um, view.y_um, width_px=width, height_px=height, um_per_px=um_per_px
        )
        return tuple(self._cell(labels, int(number)) for number in np.unique(labels)[1:])

    def _cell(self, labels: np.ndarray, number: int) -> Cell:
        true = self._smear.cells[number - 1].cell_class
        return cell_of(labels == number, self._naming(true) if self._naming else true)


def cell_of(mask: Mask, cell_class: CellClass) -> Cell:
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    is_cut = bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())
    region = CellRegion(
        Box(x, y, width, height),
        mask[y : y + height, x : x + width],
        float(mask.sum()) * UM_PER_PX**2,
        is_cut,
    )
    probabilities = tuple(0.93 if name is cell_class else 0.01 for name in CellClass)
    is_counted = cell_class.is_counted and not is_cut
    status = CellStatus.COUNTED if is_counted else CellStatus.EXCLUDED
    return Cell(region, cell_class, probabilities, 50.0, status, "")


def disc(
    view: SlideView, x_um: float, y_um: float, cell_class: CellClass = CellClass.LYMPHOCYTE
) -> Cell:
    """A cell of 10 µm that a view shows at a place of the slide."""
    mask = np.zeros((720, 960), np.uint8)
    middle = (round((x_um - view.x_um) / UM_PER_PX), round((y_um - view.y_um) / UM_PER_PX))
    cv2.circle(mask, middle, 33, 1, cv2.FILLED)
    return cell_of(mask.astype(bool), cell_class)


def true_disc(x_um: float, y_um: float, cell_class: CellClass = CellClass.LYMPHOCYTE) -> TrueCell:
    return TrueCell(x_um, y_um, 10.0, cell_class)


def quiet() -> Console:
    return Console(file=io.StringIO(), width=120)


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Path) -> ModelBundle:
    return load_bundle(tiny_bundle)


@pytest.fixture(scope="module")
def run(bundle: ModelBundle, tmp_path_factory: pytest.TempPathFactory) -> tuple[Comparison, Path]:
    """A finished run of an analyser that is always right, and its folder."""
    out = tmp_path_factory.mktemp("demo") / "out"
    comparison = run_demo(
        out,
        analyser=TruthfulAnalyser(),
        bundle=bundle,
        seed=SEED,
        target=TARGET,
        console=quiet(),
    )
    return comparison, out


def test_a_cell_that_two_views_show_is_counted_once() -> None:
    tally = SlideTally(10)
    assert len(tally.take(FIRST, [disc(FIRST, 100, 50)])) == 1
    assert tally.take(SECOND, [disc(SECOND, 101, 50)]) == []
    assert tally.count.n == 1


def test_touching_cells_are_two() -> None:
    tally = SlideTally(10)
    tally.take(FIRST, [disc(FIRST, 100, 50)])
    tally.take(SECOND, [disc(SECOND, 100, 50), disc(SECOND, 109.8, 50)])
    assert tally.count.n == 2


def test_a_cell_that_the_border_cuts_waits_for_the_view_that_shows_it_whole() -> None:
    tally = SlideTally(10)
    assert tally.take(FIRST, [disc(FIRST, 142, 50)]) == []
    assert len(tally.take(SECOND, [disc(SECOND, 142, 50)])) == 1


def test_the_count_stops_at_the_target() -> None:
    tally = SlideTally(2)
    tally.take(FIRST, [disc(FIRST, x, 50) for x in (20, 40, 60)])
    assert tally.is_complete
    assert tally.count.n == 2
    assert len(tally.passed_over) == 1


def test_cells_after_the_target_are_not_missed() -> None:
    tally = SlideTally(2)
    tally.take(FIRST, [disc(FIRST, x, 50) for x in (20, 40, 60)])
    cells = [true_disc(x, 50) for x in (20, 40, 60)]
    comparison = compare(tally, cells, views=[FIRST])
    assert comparison.missed == ()
    assert comparison.true.n == 2


def test_a_cell_of_the_views_that_no_region_lies_on_is_missed() -> None:
    tally = SlideTally(10)
    tally.take(FIRST, [disc(FIRST, 20, 50)])
    cells = [true_disc(20, 50), true_disc(60, 50), true_disc(400, 50)]
    comparison = compare(tally, cells, views=[FIRST])
    assert comparison.missed == (cells[1],)
    assert comparison.found == 1


def test_a_region_on_no_cell_is_false_unless_it_is_named_an_artefact() -> None:
    tally = SlideTally(10)
    artefact = disc(FIRST, 60, 50, CellClass.PLATELET_OR_ARTEFACT)
    tally.take(FIRST, [disc(FIRST, 20, 50), artefact])
    comparison = compare(tally, [true_disc(100, 50)], views=[FIRST])
    assert comparison.false_regions == 2
    assert comparison.seen_through == 1
    assert comparison.miscounted == 1


def test_a_cell_outlined_in_two_parts_is_found_once() -> None:
    tally = SlideTally(10)
    half = disc(FIRST, 20, 50)
    parts = [
        replace(half, region=replace(half.region, box=replace(half.region.box, x=x)))
        for x in (half.region.box.x - 20, half.region.box.x + 20)
    ]
    tally.take(FIRST, parts)
    comparison = compare(tally, [true_disc(20, 50)], views=[FIRST])
    assert (comparison.found, comparison.false_regions) == (1, 1)


def test_an_unclassified_cell_is_found_but_not_named_right() -> None:
    tally = SlideTally(10)
    tally.take(FIRST, [replace(disc(FIRST, 20, 50), status=CellStatus.UNCLASSIFIED)])
    comparison = compare(tally, [true_disc(20, 50)], views=[FIRST])
    assert (comparison.found, comparison.named_right, comparison.unclassified) == (1, 0, 1)
    assert comparison.counted.n == 0


@pytest.mark.parametrize("target", [1, 100])
def test_every_cell_of_the_slide_is_whole_in_some_view(target: int) -> None:
    smear = demo_smear(SEED, target)
    views = demo_views(smear)
    assert all(any(view.shows_whole(cell) for view in views) for cell in smear.cells)


def test_the_slide_has_more_leukocytes_than_are_to_be_counted() -> None:
    cells = demo_smear(SEED, 1000).cells
    assert sum(cell.cell_class.is_counted for cell in cells) > 1200


def test_other_seeds_are_other_patients() -> None:
    one, other = demo_smear(1, 100).spec, demo_smear(2, 100).spec
    assert one.class_counts() != other.class_counts()
    assert one.stain != other.stain


def test_an_analyser_that_is_always_right_gives_the_true_differential(
    run: tuple[Comparison, Path],
) -> None:
    comparison, _ = run
    assert comparison.counted.n == TARGET
    assert comparison.true.counts == comparison.counted.counts
    assert comparison.true.beside == comparison.counted.beside
    assert comparison.named_right == comparison.found == len(comparison.matches)
    assert comparison.missed == ()


def test_the_results_are_those_of_a_count_with_each_cell_once(
    run: tuple[Comparison, Path],
) -> None:
    _, out = run
    rows = list(csv.DictReader((out / "cells.csv").read_text(encoding="utf-8").splitlines()))
    differential = json.loads((out / "differential.json").read_text(encoding="utf-8"))
    assert sum(row["status"] == "counted" for row in rows) == differential["n"] == TARGET
    assert sum(image["cells"] for image in differential["images"]) == len(rows)
    assert all(image["image"].startswith("simulated") for image in differential["images"])


def test_the_first_views_and_a_sheet_of_all_cells_are_pictures_in_the_folder(
    run: tuple[Comparison, Path],
) -> None:
    _, out = run
    names = sorted(path.name for path in out.glob("*.png"))
    assert names[0] == "cells-by-class.png"
    assert names[1] == "simulated-view-001-overlay.png"
    assert all(picture(out / name).shape[1] >= 960 for name in names)


def test_its_first_view_lies_there_unmarked(run: tuple[Comparison, Path]) -> None:
    first, *_ = find_images([run[1] / "fields"])
    assert first.stem == demo_views(demo_smear(SEED, TARGET))[0].name
    assert read_image(first).shape == (720, 960, 3)


def test_unmarked_views_share_no_ground_and_replace_those_of_an_earlier_demo(
    tmp_path: Path,
) -> None:
    views = {view.name: view for view in demo_views(demo_smear(SEED, 30))}
    picture = np.zeros((40, 40, 3), np.uint8)
    (tmp_path / "fields").mkdir()
    (tmp_path / "fields" / "simulated-view-002.png").write_bytes(b"of an earlier demo")
    fields = Fields()
    for view in views.values():
        fields.add(view, picture)
    fields.write(tmp_path)
    kept = [views[path.stem] for path in find_images([tmp_path / "fields"])]
    assert len(kept) > 3
    ground = [
        (column, row)
        for view in kept
        for column in range(round(view.x_um), round(view.x_um) + 143)
        for row in range(round(view.y_um), round(view.y_um) + 107)
    ]
    assert len(set(ground)) == len(ground)


def test_what_the_demo_drew_is_not_counted_as_a_field(run: tuple[Comparison, Path]) -> None:
    for path in run[1].glob("*.png"):
        with pytest.raises(ImageError, match=f"{path.name} was written by leuko itself"):
            read_image(path)


def test_the_sheet_marks_only_cells_that_are_named_wrong(
    run: tuple[Comparison, Path], bundle: ModelBundle, out_dir: Path
) -> None:
    run_demo(
        out_dir,
        analyser=TruthfulAnalyser(lambda _: CellClass.BASOPHIL),
        bundle=bundle,
        seed=SEED,
        target=2,
        console=quiet(),
    )
    assert red_pixels(run[1]) == 0
    assert red_pixels(out_dir) > 500


def red_pixels(folder: Path) -> int:
    sheet = picture(folder / "cells-by-class.png")
    return int((sheet == (190, 0, 30)).all(axis=2).sum())


def picture(path: Path) -> RGBImage:
    with Image.open(path) as image:
        return np.array(image)


def test_equal_seeds_give_equal_results(
    run: tuple[Comparison, Path], bundle: ModelBundle, out_dir: Path
) -> None:
    run_demo(
        out_dir,
        analyser=TruthfulAnalyser(),
        bundle=bundle,
        seed=SEED,
        target=TARGET,
        console=quiet(),
    )
    first, second = (
        {path.name: path.read_bytes() for path in folder.rglob("*.*")}
        for folder in (run[1], out_dir)
    )
    assert first == second


def test_without_a_terminal_it_prints_plain_lines(bundle: ModelBundle, out_dir: Path) -> None:
    console = quiet()
    run_demo(
        out_dir,
        analyser=TruthfulAnalyser(),
        bundle=bundle,
        seed=SEED,
        target=1,
        console=console,
    )
    text = printed(console)
    assert "\x1b" not in text
    assert "1 of 1; neutrophil" in text
    assert "True and counted differential" in text
    assert "This smear is simulated" in text
    assert "not a diagnosis" in text


def test_it_says_of_regions_that_are_no_leukocyte_which_were_counted(
    bundle: ModelBundle, out_dir: Path
) -> None:
    console = quiet()
    run_demo(
        out_dir,
        analyser=SeesMore(),
        bundle=bundle,
        seed=SEED,
        target=TARGET,
        console=console,
    )
    assert re.search(
        r"regions that are no leukocyte: (\d+); \1 wrongly counted, 0 set aside as artefacts, "
        r"0 set aside otherwise",
        printed(console),
    )


class SeesMore(TruthfulAnalyser):
    """Sees a lymphocyte in the corner of every view, too."""

    def analyse(self, rgb: RGBImage, *, um_per_px: float) -> tuple[Cell, ...]:
        corner = disc(FIRST, 6, 6)
        return (corner, *super().analyse(rgb, um_per_px=um_per_px))


def test_in_a_wide_terminal_it_draws_the_view_beside_the_differential(
    bundle: ModelBundle, out_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR")
    text = live_text(bundle, out_dir, width=140)
    assert "▀" in text
    assert "1 of 1 leukocytes, view" in text
    assert "last cell: " in text


def test_in_a_narrow_terminal_it_shows_the_differential_alone(
    bundle: ModelBundle, out_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    text = live_text(bundle, out_dir, width=80)
    assert "▀" not in text
    assert "95 % interval" in text
    assert "beside it, per 100: " in text


def live_text(bundle: ModelBundle, out: Path, *, width: int) -> str:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=True, color_system="truecolor"
    )
    run_demo(out, analyser=TruthfulAnalyser(), bundle=bundle, seed=SEED, target=1, console=console)
    return printed(console)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_slide_that_ends_before_the_target_is_said(bundle: ModelBundle, out_dir: Path) -> None:
    console = quiet()
    comparison = run_demo(
        out_dir,
        analyser=TruthfulAnalyser(lambda _: CellClass.ERYTHROBLAST),
        bundle=bundle,
        seed=SEED,
        target=1,
        console=console,
    )
    assert comparison.counted.n == 0
    assert "the slide ended at 0 of 1 leukocytes" in printed(console)


def test_a_folder_that_cannot_be_made_is_refused_before_anything_is_counted(
    bundle: ModelBundle, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot write results"):
        run_demo(
            tmp_path / "file",
            analyser=TruthfulAnalyser(),
            bundle=bundle,
            seed=SEED,
            target=1,
            console=quiet(),
        )
