import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from leuko.bundle import default_bundle_path, load_bundle
from leuko.cameras import CameraOptions
from leuko.cells import CellClass, CellStatus
from leuko.live import LiveUpdate
from leuko.sim.camera import Scene
from leuko.status import Guidance
from leuko.tracking import LedgerChange, Located, Position, Track, TrackedCell
from leuko.vision.quality import Quality
from leuko_training.benchmark import Machine
from leuko_training.cli import app
from leuko_training.datasets import LabelledImage
from leuko_training.live_benchmark.account import Account, CountingResult
from leuko_training.live_benchmark.counting import WatchedAnalyser, count_slide
from leuko_training.live_benchmark.course import Course, CoursePlan, run_course
from leuko_training.live_benchmark.durability import DurabilityTrial
from leuko_training.live_benchmark.extent import QUICK, Extent, extent_for
from leuko_training.live_benchmark.faults import FaultTrial, try_fault
from leuko_training.live_benchmark.faulty_cameras import FAULTS
from leuko_training.live_benchmark.fields import lay_out
from leuko_training.live_benchmark.report import write_bench
from leuko_training.live_benchmark.results import Bench, Growth, Place, RealCount, Speed
from leuko_training.live_benchmark.targets import goals_of
from leuko_training.parts import Parts

TINY_BUNDLE = Path(__file__).resolve().parents[1] / "golden" / "tiny-bundle"
SMALL = CameraOptions("smear:5:8", 480, 360, frames_per_s=0, um_per_px=0.25, seed=1)
GOOD = Quality(Guidance.NONE, 2.5, 1.0, 220.0, 0.0, 0.5, 0.3, 0.2)


def no_tick(_done: int, _of: int) -> None:
    pass


def tracked(number: int, x_um: float, y_um: float) -> TrackedCell:
    probabilities = tuple(float(name is CellClass.NEUTROPHIL) for name in CellClass)
    return TrackedCell(
        number=number,
        segment=1,
        x_um=x_um,
        y_um=y_um,
        status=CellStatus.COUNTED,
        cell_class=CellClass.NEUTROPHIL,
        probabilities=probabilities,
        views=3,
        area_um2=120.0,
        sharpness=100.0,
    )


def account_of(*changes: LedgerChange) -> tuple[Scene, CountingResult]:
    """The account of a still stage, where the track's coordinates are those of the slide."""
    scene = Scene.set_up(SMALL)
    look = scene.hand.look(0)
    scale = scene.hand.um_per_px
    located = Located(Track.FOLLOWED, Position(1, look.x_px * scale, look.y_px * scale), 0.0)
    account = Account(scene)
    for change in changes:
        account.note(0, LiveUpdate(located, GOOD, Guidance.NONE, change, was_analysed=True), ())
    return scene, account.result(seed=1, frames=range(len(scene.hand)), registration_ms=5.0)


def place_of_a_leukocyte() -> tuple[float, float]:
    scene = Scene.set_up(SMALL)
    scale = scene.hand.um_per_px
    cell = next(one for one in scene.cells if one.cell_class and one.cell_class.is_counted)
    return cell.x_px * scale, cell.y_px * scale


def test_every_cell_of_a_small_smear_is_counted_once() -> None:
    analyser = WatchedAnalyser(load_bundle(default_bundle_path()))
    result = count_slide(SMALL, analyser, most_frames=80, tick=no_tick)
    assert result.shown > 0
    assert result.missed == ()
    assert result.doubles == ()
    assert result.elsewhere == ()
    assert result.frames <= 80
    assert result.registration_ms > 0


def test_a_cell_counted_under_two_numbers_is_a_double() -> None:
    x_um, y_um = place_of_a_leukocyte()
    twice = LedgerChange(new=(tracked(1, x_um, y_um), tracked(2, x_um + 1, y_um)))
    _, result = account_of(twice)
    assert [spot.number for spot in result.doubles] == [2]
    assert result.counted == 2


def test_two_numbers_that_are_merged_are_one_cell() -> None:
    x_um, y_um = place_of_a_leukocyte()
    twice = LedgerChange(new=(tracked(1, x_um, y_um), tracked(2, x_um + 1, y_um)))
    _, result = account_of(twice, LedgerChange(merged={2: 1}))
    assert result.doubles == ()
    assert result.counted == 1


def test_a_cell_where_none_is_known_is_told_with_its_place_and_may_be_a_double_too() -> None:
    scene = Scene.set_up(SMALL)
    far_um = max(cell.x_px for cell in scene.cells) * scene.hand.um_per_px + 100
    _, result = account_of(LedgerChange(new=(tracked(1, far_um, 5.0), tracked(2, far_um, 6.0))))
    assert [spot.x_um for spot in result.elsewhere] == [pytest.approx(far_um)]
    assert [spot.number for spot in result.doubles] == [2]


def test_a_missed_cell_tells_what_became_of_its_good_frames() -> None:
    scene, result = account_of()
    assert len(result.missed) == result.shown > 0
    assert {missed.cell_class for missed in result.missed} <= set(CellClass)
    _, searched = account_of(LedgerChange())
    assert sum(sum(missed.frames.values()) for missed in searched.missed) <= len(scene.cells)
    assert searched.fates == {"searched": 1}


def test_real_fields_become_a_slide_whose_places_lead_back_to_the_images(tmp_path: Path) -> None:
    items = []
    for number, column in enumerate((100, 220)):
        image, mask = tmp_path / f"{number}.jpg", tmp_path / f"{number}.png"
        white = np.zeros((240, 320), np.uint8)
        cv2.circle(white, (column, 120), 20, 255, -1)
        cv2.imwrite(str(image), np.full((240, 320, 3), 200, np.uint8))
        cv2.imwrite(str(mask), white)
        items.append(LabelledImage("bcisc_fields", image, mask, None, "1", "0", 0.25))
    slide = lay_out(items, tmp_path / "slide", tmp_path)
    options = CameraOptions(slide.source, 160, 120, frames_per_s=0, um_per_px=0.25)
    scene = Scene.set_up(options)
    assert slide.leukocytes == len(scene.cells) == 2
    places = [slide.place(scene, cell.x_px * 0.25, cell.y_px * 0.25) for cell in scene.cells]
    assert places == ["0.jpg at 100, 120", "1.jpg at 220, 120"]


@pytest.fixture(scope="module")
def course() -> Course:
    plan = CoursePlan(
        str(TINY_BUNDLE), ("smear:5:8",), 12, cells_before=30, um_per_px=0.25, width=480, height=360
    )
    return run_course(plan, tick=no_tick)


def test_the_whole_service_is_measured_in_a_process_without_desktop_libraries(
    course: Course,
) -> None:
    assert course.frames == len(course.cpu_s) == len(course.worked_s) == 12
    assert course.cells >= 30
    assert course.late_s
    assert course.given >= 12
    assert "thread" in course.engine
    assert 20 < course.resident_mb[0] <= course.peak_mb < 250


@pytest.mark.slow
def test_an_unplugged_camera_is_shown_and_survived() -> None:
    fault = "is unplugged"
    trial = try_fault(
        fault, FAULTS[fault], load_bundle(TINY_BUNDLE), slide="smear:5:8", size=(320, 240),
        um_per_px=0.4,
    )  # fmt: skip
    assert trial.is_passed
    assert "plug it in" in trial.shown


def bench(course: Course, fault: FaultTrial, lost: int = 0) -> Bench:
    _, nothing = account_of()
    paced = Speed(20.0, replace(course, given=13), due=15)
    return Bench(
        bundle=load_bundle(TINY_BUNDLE),
        command="`make bench-live`",
        seed=1,
        size=(480, 360),
        real=(),
        smears=(nothing,),
        speeds=(paced,),
        growth=Growth(30, course, course, course),
        kills=DurabilityTrial(3, 100, lost, 0, 50),
        power_cuts=None,
        no_power_cut="only root can mount a file system",
        faults=(fault,),
        machine=Machine("abacus", 1, "3.11.0", 0.5),
    )


def test_the_report_says_what_falls_short_and_what_was_not_measured(
    course: Course, tmp_path: Path
) -> None:
    fault = FaultTrial("hangs", None, None, "", 3, 2, 10, 0)
    write_bench(bench(course, fault, lost=1), tmp_path / "results")
    text = (tmp_path / "results" / "live.md").read_text(encoding="utf-8")
    record = json.loads((tmp_path / "results" / "live.json").read_text(encoding="utf-8"))
    assert "| stale or spoilt pictures searched for cells | 0 | 2 | **short** |" in text
    assert "1, 0 (3 times, 100 told) | **short** |" in text
    assert "no power was cut: only root" in text
    assert "92.3 % | **short** |" in text
    assert "At 20 a second the camera gave 13 of 15 frames that were due" in text
    assert "no real fields were counted" in text
    assert record["faults"][0]["stale"] == 2
    assert (tmp_path / "results" / "live-course.png").stat().st_size > 0


def test_what_keeps_its_bound_passes(course: Course) -> None:
    fault = FaultTrial("hangs", 1.9, 4.0, "no pictures", 0, 0, 10, 10)
    goals = {goal.what: goal.is_met for goal in goals_of(bench(course, fault))}
    assert goals["stale or spoilt pictures searched for cells"]
    assert goals["kill -9: shown cells lost, unsound stores"]
    assert goals["rendered smears: missed of the cells shown long enough"] is False


def test_a_quick_look_takes_less_than_the_proof() -> None:
    assert extent_for(None, is_quick=False) == Extent()
    assert extent_for(None, is_quick=True) == QUICK
    assert extent_for(500, is_quick=False).course_frames == 500
    assert set(Extent().faults) == set(FAULTS)


def test_the_command_is_in_the_help() -> None:
    assert "bench-live" in CliRunner().invoke(app, ["--help"]).output


def test_a_part_is_measured_once_and_again_when_it_was_forgotten(tmp_path: Path) -> None:
    measured: list[int] = []

    def measure() -> DurabilityTrial:
        measured.append(1)
        return DurabilityTrial(rounds=3, acknowledged=len(measured), lost=0, unsound=0, cells=7)

    first = Parts(tmp_path).once("kills", DurabilityTrial, measure)
    kept = Parts(tmp_path).once("kills", DurabilityTrial, measure)
    assert kept == first
    parts = Parts(tmp_path)
    parts.forget("kill")
    assert parts.once("kills", DurabilityTrial, measure).acknowledged == 2


def test_a_count_with_its_places_survives_being_kept(tmp_path: Path) -> None:
    _, result = account_of()
    count = RealCount("a slide", True, 1, result, (Place(1.5, 2.5, "a.png, 3, 4"),))
    parts = Parts(tmp_path)
    parts.once("count", RealCount, lambda: count)
    assert parts.once("count", RealCount, lambda: pytest.fail("measured twice")) == count


def test_a_part_of_another_version_is_measured_anew(tmp_path: Path) -> None:
    (tmp_path / "kills.json").write_text('{"rounds": 3}')
    trial = DurabilityTrial(rounds=3, acknowledged=1, lost=0, unsound=0, cells=7)
    assert Parts(tmp_path).once("kills", DurabilityTrial, lambda: trial) == trial
