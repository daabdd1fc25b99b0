"""A stage moved by hand is followed, lost, found again; no place is made up."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko.errors import ImageError, SettingsError
from leuko.tracking import (
    Keyframe,
    Located,
    Overview,
    Position,
    SegmentJoin,
    SlideTracker,
    Track,
)

WIDTH, HEIGHT = 320, 240
UM_PER_PX = 0.24
Place = tuple[float, float]


@dataclass
class Stage:
    """A camera over a slide; places are in pixels of the slide."""

    slide: RGBImage
    light: NDArray[np.float32]
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def photograph(
        self, place: Place, *, blur: float = 0, gain: float = 1, way: Place = (0, 0)
    ) -> RGBImage:
        """The view with its corner there, smeared along the way that the stage makes."""
        to_slide = np.array([[1, 0, place[0]], [0, 1, place[1]]], np.float32)
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        view = cv2.warpAffine(self.slide, to_slide, (WIDTH, HEIGHT), flags=flags)
        view = cv2.GaussianBlur(view, (0, 0), blur) if blur else view
        lit = smeared(view.astype(np.float32), way) * self.light * gain
        noise = self.rng.standard_normal(lit.shape, np.float32) * 1.5
        picture: RGBImage = np.clip(lit + noise, 0, 255).astype(np.uint8)
        return picture


@dataclass
class Visit:
    """What a tracker said along a way.

    Attributes:
        places: true places in pixels.
        located: what it said.
    """

    places: list[Place]
    located: list[Located]

    @property
    def tracks(self) -> list[Track]:
        return [one.track for one in self.located]

    def errors_um(self) -> NDArray[np.float64]:
        """Distance from the truth of all frames with a place, by the first frame's place."""
        found = [
            (
                one.position.x_um - UM_PER_PX * x,
                one.position.y_um - UM_PER_PX * y,
            )
            for one, (x, y) in zip(self.located, self.places, strict=True)
            if one.position
        ]
        offsets = np.array(found)
        distances: NDArray[np.float64] = np.hypot(*(offsets - offsets[0]).T)
        return distances


def smeared(view: NDArray[np.float32], way: Place) -> NDArray[np.float32]:
    length = float(np.hypot(*way))
    if length < 1:
        return view
    reach = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for part in np.linspace(-0.5, 0.5, 4 * int(length) + 8):
        kernel[round(reach + way[1] * part), round(reach + way[0] * part)] += 1
    return cv2.filter2D(view, -1, kernel / kernel.sum()).astype(np.float32)


def optics() -> NDArray[np.float32]:
    """Vignetting and dust, fixed in the frame."""
    rng = np.random.default_rng(5)
    dust = np.ones((HEIGHT, WIDTH), np.float32)
    for _ in range(25):
        middle = (int(rng.integers(WIDTH)), int(rng.integers(HEIGHT)))
        cv2.circle(dust, middle, int(rng.integers(1, 5)), float(rng.uniform(0.5, 0.85)), cv2.FILLED)
    row, column = np.mgrid[0:HEIGHT, 0:WIDTH]
    distance2 = ((row - 130) ** 2 + (column - 150) ** 2) / (WIDTH / 2) ** 2
    light: NDArray[np.float32] = (dust * (1 - 0.12 * distance2))[..., None].astype(np.float32)
    return light


def line(*corners: Place, step: float = 14, pause: int = 4) -> list[Place]:
    """A way through corners with a pause at each."""
    places: list[Place] = []
    for (x0, y0), (x1, y1) in pairwise(corners):
        steps = max(1, int(np.hypot(x1 - x0, y1 - y0) / step))
        places += [(x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps) for i in range(steps)]
        places += [(x1, y1)] * pause
    return places


def hand(places: list[Place], *, seed: int = 0) -> list[Place]:
    """The same way with the hand's slow starts and its tremor."""
    rng = np.random.default_rng(seed)
    window = np.hanning(9)[1:-1] / np.hanning(9).sum()
    padded = np.pad(np.array(places), ((3, 3), (0, 0)), mode="edge")
    smooth = np.stack([np.convolve(padded[:, i], window, "valid") for i in (0, 1)], axis=1)
    smooth += rng.normal(0, 0.15, smooth.shape)
    return [(float(x), float(y)) for x, y in smooth]


def moved(tracker: SlideTracker, stage: Stage, places: Iterable[Place]) -> Visit:
    visit = Visit([], [])
    before: Place | None = None
    for place in places:
        way = (place[0] - before[0], place[1] - before[1]) if before else (0.0, 0.0)
        picture = stage.photograph(place, way=(0.3 * way[0], 0.3 * way[1]))
        visit.places.append(place)
        visit.located.append(tracker.locate(picture))
        before = place
    return visit


def dwell(place: Place, frames: int = 12) -> list[Place]:
    return [(place[0] + 3 * np.sin(i / 3), place[1] + 2 * np.sin(i / 4)) for i in range(frames)]


@pytest.fixture(scope="module")
def slide() -> RGBImage:
    """Red cells and a few purple nuclei on 1500 x 900 pixels, 360 x 216 µm."""
    rng = np.random.default_rng(7)
    rgb = np.full((900, 1500, 3), 225, np.uint8)
    for _ in range(1500):
        middle = (int(rng.integers(1500)), int(rng.integers(900)))
        cv2.circle(rgb, middle, int(rng.integers(12, 16)), (205, 140, 140), cv2.FILLED, cv2.LINE_AA)
        cv2.circle(rgb, middle, 5, (215, 175, 175), cv2.FILLED, cv2.LINE_AA)
    for _ in range(30):
        middle = (int(rng.integers(1500)), int(rng.integers(900)))
        cv2.circle(rgb, middle, 24, (110, 60, 140), cv2.FILLED, cv2.LINE_AA)
    return rgb


@pytest.fixture(scope="module")
def real_fields(datasets: Path) -> list[RGBImage]:
    """Eight fields at a quarter of the camera's resolution, 512 x 384 pixels, 0.24 µm each."""
    paths = sorted((datasets / "bcisc" / "original-images").glob("*/*.jpg"))
    read = [cv2.imread(str(path), cv2.IMREAD_REDUCED_COLOR_4) for path in paths[4::15]]
    return [
        np.ascontiguousarray(one[..., ::-1]) for one in read if one is not None and len(one) > 300
    ]


@pytest.fixture
def stage(slide: RGBImage) -> Stage:
    return Stage(slide, optics())


@pytest.fixture
def tracker() -> SlideTracker:
    return SlideTracker(um_per_px=UM_PER_PX)


def test_a_way_with_returns_is_followed(stage: Stage, tracker: SlideTracker) -> None:
    corners: list[Place] = [(20, 20), (700, 40), (690, 300), (40, 270), (20, 24), (400, 60)]
    way = hand(line(*corners, step=24))
    visit = moved(tracker, stage, way)
    assert visit.tracks == [Track.NEW] + [Track.FOLLOWED] * (len(way) - 1)
    assert np.median(visit.errors_um()) < 0.3
    assert visit.errors_um().max() < 1.0


def test_a_place_met_again_has_its_coordinates_again(stage: Stage, tracker: SlideTracker) -> None:
    out = moved(tracker, stage, line((20, 20), (900, 20), (900, 560), (20, 560), (20, 24), step=40))
    first, last = out.located[0].position, out.located[-1].position
    assert first is not None
    assert last is not None
    assert last.segment == first.segment
    assert abs(last.x_um - first.x_um) < 0.3
    assert last.y_um - first.y_um == pytest.approx(4 * UM_PER_PX, abs=0.3)


def test_the_way_since_the_frame_before_is_told(stage: Stage, tracker: SlideTracker) -> None:
    visit = moved(tracker, stage, [(50, 50), (50, 50), (80, 90)])
    ways = [one.moved_um for one in visit.located]
    assert ways[0] == np.inf
    assert ways[1:] == pytest.approx([0, 50 * UM_PER_PX], abs=0.1)


def test_half_a_frame_in_one_step_is_followed(stage: Stage, tracker: SlideTracker) -> None:
    places: list[Place] = [(10, 10), (170, 10), (330, 10), (490, 10), (650, 10), (810, 10)]
    located = [tracker.locate(stage.photograph(place)) for place in places]
    assert [one.track for one in located[1:]] == [Track.FOLLOWED] * 5
    assert Visit(places, located).errors_um().max() < 0.3


def test_nothing_drifts_at_rest(stage: Stage, tracker: SlideTracker) -> None:
    visit = moved(tracker, stage, [(100, 100)] * 60)
    assert visit.errors_um().max() < 0.05


def test_the_same_picture_again_is_at_the_same_place(stage: Stage, tracker: SlideTracker) -> None:
    picture = stage.photograph((100, 100))
    located = [tracker.locate(picture) for _ in range(5)]
    assert [one.moved_um for one in located[2:]] == pytest.approx([0] * 3, abs=0.01)


def test_steps_of_brightness_do_not_matter(stage: Stage, tracker: SlideTracker) -> None:
    gains = [1.0, 0.6, 1.1, 0.5, 0.9]
    located = [
        tracker.locate(stage.photograph((100 + 5 * i, 80), gain=gain))
        for i, gain in enumerate(gains)
    ]
    assert [one.track for one in located[1:]] == [Track.FOLLOWED] * 4
    places = [(100.0 + 5 * i, 80.0) for i in range(5)]
    assert Visit(places, located).errors_um().max() < 0.3


def test_a_jump_begins_a_new_segment_and_the_way_back_regains_the_old(
    stage: Stage, tracker: SlideTracker
) -> None:
    here = moved(tracker, stage, dwell((40, 40)))
    there = moved(tracker, stage, dwell((1100, 600)))
    assert there.tracks[0] is Track.LOST
    assert there.tracks.count(Track.NEW) == 1
    assert there.located[-1].position
    assert there.located[-1].position.segment == 2
    back = moved(tracker, stage, dwell((90, 80)))
    assert back.tracks[0] is Track.REGAINED
    both = Visit(here.places + back.places, here.located + back.located)
    assert {one.position.segment for one in both.located if one.position} == {1}
    assert both.errors_um().max() < 0.5


def test_no_place_is_told_while_lost(stage: Stage, tracker: SlideTracker) -> None:
    visit = moved(tracker, stage, dwell((40, 40)) + dwell((1100, 600), 5))
    lost = [one for one in visit.located if one.track is Track.LOST]
    assert len(lost) == 5
    assert all(one.position is None for one in lost)


def test_segments_that_meet_become_one(stage: Stage, tracker: SlideTracker) -> None:
    moved(tracker, stage, line((20, 40), (400, 40)))
    there = moved(tracker, stage, dwell((1150, 60)))
    place = there.located[-1].position
    assert place is not None
    assert place.segment == 2
    back = moved(tracker, stage, line(there.places[-1], (300, 60)))
    joins = [one.joined for one in back.located if one.joined]
    assert len(joins) == 1
    assert (joins[0].gone, joins[0].into) == (2, 1)
    assert back.located[-1].position is not None
    assert back.located[-1].position.segment == 1
    x, y = there.places[-1]
    truth = ((x - 20) * UM_PER_PX, (y - 40) * UM_PER_PX)
    after = joins[0].applied(place)
    assert after.segment == 1
    assert (after.x_um, after.y_um) == pytest.approx(truth, abs=0.7)


def test_a_new_segment_is_searching_until_all_keyframes_were_tried(
    stage: Stage, tracker: SlideTracker
) -> None:
    moved(tracker, stage, line((20, 20), (1100, 20), (1100, 640), (20, 640), step=40))
    there = moved(tracker, stage, dwell((560, 330), 30))
    new = there.tracks.index(Track.NEW) if Track.NEW in there.tracks else None
    if new is not None:
        assert there.located[new].is_searching
    assert not there.located[-1].is_searching


def test_the_first_segment_searches_nothing(stage: Stage, tracker: SlideTracker) -> None:
    visit = moved(tracker, stage, dwell((40, 40)))
    assert not any(one.is_searching for one in visit.located)


def test_a_defocused_stage_is_lost_rather_than_misplaced(
    stage: Stage, tracker: SlideTracker
) -> None:
    blurs = np.concatenate([np.zeros(8), np.linspace(0, 9, 12), np.linspace(9, 0, 12), np.zeros(8)])
    places: list[Place] = [(80 + 20 * np.sin(i / 6), 80) for i in range(len(blurs))]
    located = [
        tracker.locate(stage.photograph(place, blur=float(blur)))
        for place, blur in zip(places, blurs, strict=True)
    ]
    visit = Visit(places, located)
    assert Track.LOST in visit.tracks
    assert visit.tracks[-8:] == [Track.FOLLOWED] * 8
    assert {one.position.segment for one in located if one.position} == {1}
    assert visit.errors_um().max() < 0.5


def test_empty_glass_has_no_place(tracker: SlideTracker) -> None:
    glass = Stage(np.full((900, 1500, 3), 228, np.uint8), np.ones((1, 1, 1), np.float32))
    visit = moved(tracker, glass, line((10, 10), (300, 10)))
    assert set(visit.tracks) == {Track.LOST}


def test_a_frame_of_another_size_is_refused(stage: Stage, tracker: SlideTracker) -> None:
    tracker.locate(stage.photograph((10, 10)))
    with pytest.raises(ImageError, match="640 x 480 pixels came after frames of 320 x 240"):
        tracker.locate(np.zeros((480, 640, 3), np.uint8))
    assert tracker.locate(stage.photograph((10, 10))).track is Track.FOLLOWED


def test_a_frame_too_small_to_be_followed_is_refused(tracker: SlideTracker) -> None:
    with pytest.raises(ImageError, match="set the camera to 160 x 120 or more"):
        tracker.locate(np.zeros((64, 64, 3), np.uint8))


@pytest.mark.parametrize("scale", [0.0, -0.1, float("nan"), float("inf")])
def test_a_scale_that_is_none_is_refused(scale: float) -> None:
    with pytest.raises(SettingsError, match="is no scale"):
        SlideTracker(um_per_px=scale)


def test_segments_are_numbered_on_from_the_first(stage: Stage) -> None:
    located = SlideTracker(um_per_px=UM_PER_PX, first_segment=5).locate(stage.photograph((10, 10)))
    assert located.position == Position(5, 0, 0)


class Shelf:
    """An archive on disk that notes what is asked of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.sizes: dict[int, int] = {}
        self.asked = 0

    def begin(self, picture_bytes: int) -> tuple[Keyframe, ...]:
        del picture_bytes
        return ()

    def put(self, keyframe: Keyframe, picture: bytes) -> None:
        self.sizes[keyframe.number] = len(picture)
        (self._folder / str(keyframe.number)).write_bytes(picture)

    def move(self, keyframe: Keyframe) -> None:
        pass

    def get(self, number: int) -> bytes:
        self.asked += 1
        return (self._folder / str(number)).read_bytes()


def test_keyframes_go_to_the_archive_and_are_fetched_when_they_are_met_again(
    stage: Stage, tmp_path: Path
) -> None:
    shelf = Shelf(tmp_path)
    tracker = SlideTracker(um_per_px=UM_PER_PX, archive=shelf)
    corners: list[Place] = [(20, 20), (1100, 20), (1100, 240), (20, 240), (20, 450), (1100, 450)]
    way = line(*corners, (20, 30), step=40, pause=1)
    visit = moved(tracker, stage, way)
    assert visit.errors_um().max() < 1.5
    assert len(shelf.sizes) > 24
    assert max(shelf.sizes.values()) <= 23_000
    # Few frames need a picture that is not in memory.
    assert shelf.asked < len(way)


def test_the_overview_shows_the_stretch_and_knows_where_it_lies(
    stage: Stage, tracker: SlideTracker
) -> None:
    assert tracker.overview() is None
    moved(tracker, stage, line((20, 20), (1100, 20), (1100, 600), step=60))
    overview = tracker.overview()
    assert overview is not None
    height, width = overview.picture.shape[:2]
    assert max(height, width) <= 512
    assert width / height == pytest.approx((1080 + WIDTH) / (580 + HEIGHT), rel=0.1)
    assert overview.view is not None
    assert (overview.segment, overview.view.segment) == (1, 1)
    assert overview.view_um == (WIDTH * UM_PER_PX, HEIGHT * UM_PER_PX)
    # The view is at the lower right.
    right_um = overview.left_um + width * overview.um_per_px
    bottom_um = overview.top_um + height * overview.um_per_px
    assert overview.view.x_um + WIDTH * UM_PER_PX == pytest.approx(right_um, abs=15)
    assert overview.view.y_um + HEIGHT * UM_PER_PX == pytest.approx(bottom_um, abs=15)
    unseen = overview.picture[-height // 4 :, : width // 4]
    assert (unseen == Overview.BARE).all()
    seen = overview.picture[: height // 6, : width // 6]
    assert seen[..., 0].mean() > seen[..., 1].mean() > 100


def test_an_overview_shrinks_as_the_stretch_grows(slide: RGBImage) -> None:
    wide = Stage(np.concatenate([slide, slide[::-1], slide[:, ::-1]], axis=1), optics())
    tracker = SlideTracker(um_per_px=UM_PER_PX)
    sizes = set()
    for place in line((10, 10), (4100, 10), step=130, pause=1):
        tracker.locate(wide.photograph(place))
        overview = tracker.overview()
        assert overview is not None
        sizes.add(overview.picture.shape[:2])
    assert max(max(size) for size in sizes) <= 512
    assert min(height for height, _ in sizes) < 60


def test_a_join_moves_only_what_is_gone() -> None:
    join = SegmentJoin(gone=3, into=1, dx_um=10, dy_um=-5)
    assert join.applied(Position(3, 1, 2)) == Position(1, 11, -3)
    assert join.applied(Position(2, 1, 2)) == Position(2, 1, 2)


def test_a_hand_is_followed_over_real_fields(real_fields: list[RGBImage]) -> None:
    for seed, one in enumerate(real_fields[:2]):
        tracker = SlideTracker(um_per_px=UM_PER_PX)
        corners = [(5, 5), (185, 20), (180, 135), (10, 120), (100, 60), (8, 8)]
        visit = moved(tracker, Stage(one, optics()), hand(line(*corners, step=10), seed=seed))
        assert visit.tracks == [Track.NEW] + [Track.FOLLOWED] * (len(visit.tracks) - 1)
        assert np.median(visit.errors_um()) < 0.1
        assert visit.errors_um().max() < 0.5


def test_jumps_between_real_fields_are_noticed_and_every_return_is_found(
    real_fields: list[RGBImage],
) -> None:
    tracker, light = SlideTracker(um_per_px=UM_PER_PX), optics()
    stages = [Stage(one, light) for one in real_fields]
    for number, one in enumerate(stages, start=1):
        last = moved(tracker, one, dwell((60, 60), 8)).located[-1]
        assert last.position is not None
        assert last.position.segment == number
    for number, one in enumerate(stages, start=1):
        back = moved(tracker, one, dwell((130, 90), 3))
        assert Track.NEW not in back.tracks
        position = back.located[-1].position
        assert position is not None
        assert position.segment == number
        assert back.errors_um().max() < 0.5
