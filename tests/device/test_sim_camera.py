"""The simulated camera: its frames show the slide where the truth says, at the camera's pace."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from leuko.cameras import CameraOptions, Frame, Locks
from leuko.cells import CellClass, RGBImage
from leuko.errors import CameraError
from leuko.sim.camera import HandHabits, Scene, SimCamera

WIDTH, HEIGHT = 320, 240
STILL = HandHabits(
    tremor_um=0, drift_um=0, knocks_per_min=0, blurs_per_min=0, dropped_share=0, jump_share=0
)


def options(source: str = "smear:3:12", **changes: object) -> CameraOptions:
    values = {"width": WIDTH, "height": HEIGHT, "frames_per_s": 0.0, "um_per_px": 0.2, "seed": 1}
    return CameraOptions(source=source, **(values | changes))  # type: ignore[arg-type]


def frames_of(camera: SimCamera, count: int) -> list[Frame]:
    frames = []
    for _ in range(count):
        frame = camera.read()
        assert frame is not None
        frames.append(frame)
    return frames


def speckled(height: int, width: int, *, seed: int) -> RGBImage:
    """A picture that can be registered to a hundredth of a pixel."""
    noise = np.random.default_rng(seed).normal(0, 1, (height, width, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    return np.asarray(np.clip(150 + 40 * smooth / smooth.std(), 0, 255), np.uint8)


@pytest.fixture
def fields(tmp_path: Path) -> Path:
    """Two fields of 640 x 480, one of them with a mask of two cells and a speck."""
    folder = tmp_path / "fields"
    (folder / "day two").mkdir(parents=True)
    Image.fromarray(speckled(480, 640, seed=1)).save(folder / "a.tif")
    Image.fromarray(speckled(480, 640, seed=2)).save(folder / "day two" / "b.tif")
    mask = np.zeros((480, 640), np.uint8)
    cv2.ellipse(mask, (200, 150), (40, 30), 0, 0, 360, 255, -1)
    cv2.ellipse(mask, (500, 300), (35, 35), 0, 0, 360, 255, -1)
    mask[20:23, 20:23] = 255
    Image.fromarray(mask).save(folder / "a.png")
    return folder


def test_equal_options_give_equal_frames_whenever_they_are_read() -> None:
    first, second = (frames_of(SimCamera.opened(options()), 4) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert one.number == other.number
        assert np.array_equal(one.rgb, other.rgb)


def test_a_frame_has_the_size_that_was_asked_for() -> None:
    (frame,) = frames_of(SimCamera.opened(options(width=321, height=243)), 1)
    assert frame.rgb.shape == (243, 321, 3)
    assert frame.rgb.dtype == np.uint8


def test_no_frame_repeats_another_even_at_rest() -> None:
    scene = Scene.set_up(options(), habits=STILL)
    frames = frames_of(SimCamera(scene), 4)
    assert scene.hand.look(3).speed_um_s < 1
    difference = frames[0].rgb.astype(int) - frames[1].rgb.astype(int)
    assert 1 < difference.std() < 5


def test_dropped_frames_are_gaps_between_the_numbers() -> None:
    scene = Scene.set_up(options(), habits=HandHabits(dropped_share=0.3))
    numbers = [frame.number for frame in frames_of(SimCamera(scene), 15)]
    arrived = [look.number for look in scene.hand if not look.is_dropped]
    assert numbers == arrived[:15]
    assert numbers != list(range(15))


def test_the_path_ends_with_none() -> None:
    camera = SimCamera.opened(options("smear:3:1", um_per_px=0.4, frames_per_s=5.0))
    unhurried = SimCamera(camera.scene)
    last = -1
    while frame := unhurried.read():
        assert frame.number > last
        last = frame.number
    assert last >= len(camera.scene.hand) - 5
    assert unhurried.read() is None


def test_a_closed_camera_gives_nothing_more() -> None:
    camera = SimCamera.opened(options())
    frames_of(camera, 1)
    camera.close()
    camera.close()
    assert camera.read() is None


def test_a_frame_lies_on_the_slide_where_the_hand_says(fields: Path) -> None:
    scene = Scene.set_up(options(f"fields:{fields}"))
    camera = SimCamera(scene)
    for frame in frames_of(camera, 12):
        look = scene.hand.look(frame.number)
        if look.speed_um_s > 60 or look.defocus_px > 0.5:
            continue
        x, y = round(look.x_px), round(look.y_px)
        expected = scene.slide.view(x, y, width=WIDTH, height=HEIGHT)
        dx, dy = small_shift(expected, frame.rgb)
        assert (x + dx, y + dy) == pytest.approx((look.x_px, look.y_px), abs=0.03)


def small_shift(picture: RGBImage, shifted: RGBImage) -> tuple[float, float]:
    """Where the second picture's corner lies in the first, below a pixel, by least squares."""
    level = picture[..., 1].astype(float)
    down, across = np.gradient(level)
    columns = [part[2:-2, 2:-2].ravel() for part in (across, down, level, np.ones_like(level))]
    values = shifted[2:-2, 2:-2, 1].astype(float).ravel()
    dx, dy, *_ = np.linalg.lstsq(np.stack(columns, axis=1), values)[0]
    return float(dx), float(dy)


def test_a_fast_stage_smears_the_frame_along_its_way(fields: Path) -> None:
    scene = Scene.set_up(options(f"fields:{fields}", locks=Locks(exposure_us=30_000)), habits=STILL)
    fastest = max(scene.hand, key=lambda look: abs(look.dx_px) - 3 * abs(look.dy_px))
    assert abs(fastest.dx_px) > 15
    camera = SimCamera(scene, lamp=4 / 30)
    taken = {frame.number: frame.rgb for frame in frames_of(camera, fastest.number + 1)}

    def contrast(number: int) -> tuple[float, float]:
        green = taken[number][..., 1].astype(float)
        return float(np.diff(green, axis=1).std()), float(np.diff(green, axis=0).std())

    along, across = contrast(fastest.number)
    along_at_rest, across_at_rest = contrast(0)
    assert along < 0.6 * along_at_rest
    assert along / across < 0.75 * along_at_rest / across_at_rest


def test_a_lost_focus_softens_the_frame(fields: Path) -> None:
    habits = HandHabits(blurs_per_min=60, blur_um=1.0, tremor_um=0)
    scene = Scene.set_up(options(f"fields:{fields}"), habits=habits)
    frames = frames_of(SimCamera(scene), 60)
    slow = [f for f in frames if scene.hand.look(f.number).speed_um_s < 20]
    softest = max(slow, key=lambda f: scene.hand.look(f.number).defocus_px)
    sharpest = min(slow, key=lambda f: scene.hand.look(f.number).defocus_px)
    contrast = [np.diff(f.rgb[..., 1].astype(float), axis=1).std() for f in (softest, sharpest)]
    assert contrast[0] < 0.7 * contrast[1]


def test_windows_of_the_rendered_smear_agree_where_they_overlap() -> None:
    slide = Scene.set_up(options()).slide
    first = slide.view(-30, -20, width=700, height=600)
    second = slide.view(471, 450, width=300, height=200)
    assert np.array_equal(first[470:, 501:], second[:130, :199])


def test_every_true_cell_of_the_smear_is_dark_where_the_truth_says() -> None:
    scene = Scene.set_up(options("smear:4:12"))
    assert len(scene.cells) == 12
    for cell in scene.cells:
        left, top = round(cell.x_px - cell.width_px / 2), round(cell.y_px - cell.height_px / 2)
        box = scene.slide.view(left, top, width=round(cell.width_px), height=round(cell.height_px))
        around = scene.slide.view(left - 60, top - 60, width=200, height=200)
        assert np.percentile(box[..., 1], 15) < np.median(around[..., 1]) - 50


def test_masks_beside_the_fields_tell_where_cells_are(fields: Path) -> None:
    scene = Scene.set_up(options(f"fields:{fields}@0.1", width=160, height=120))
    first, second = sorted(scene.cells, key=lambda cell: cell.x_px)
    assert (first.x_px, first.y_px) == pytest.approx((100, 75), abs=1)
    assert (first.width_px, first.height_px) == pytest.approx((40, 30), abs=1)
    assert (second.x_px, second.y_px) == pytest.approx((250, 150), abs=1)
    assert first.cell_class is None


def test_fields_are_brought_to_the_camera_s_scale(fields: Path) -> None:
    (half, _) = Scene.set_up(options(f"fields:{fields}@0.1", width=160)).slide.stretches
    (own, _) = Scene.set_up(options(f"fields:{fields}")).slide.stretches
    assert (half.width_px, half.height_px) == (320, 240)
    assert (own.width_px, own.height_px) == (640, 480)


def test_a_table_beside_the_fields_goes_before_their_masks(fields: Path) -> None:
    lines = ("image,x,y,cell_class", "a.tif,120,140,monocyte", "day two/b.tif,300,200,")
    (fields / "cells.csv").write_text("\n".join(lines), encoding="utf-8")
    scene = Scene.set_up(options(f"fields:{fields}"))
    stretch_of_b = scene.slide.stretches[1]
    named, unknown = scene.cells
    assert (named.x_px, named.y_px, named.cell_class) == (120, 140, CellClass.MONOCYTE)
    assert named.width_px * 0.2 == pytest.approx(15)
    assert (unknown.x_px, unknown.y_px) == (stretch_of_b.x_px + 300, 200)
    assert unknown.cell_class is None


def test_beyond_a_field_lies_its_mirror_image(fields: Path) -> None:
    slide = Scene.set_up(options(f"fields:{fields}")).slide
    view = slide.view(-10, -10, width=100, height=100)
    assert np.array_equal(view[:10], view[20:10:-1])
    assert np.array_equal(view[:, :10], view[:, 20:10:-1])


class Time:
    """A clock that goes on only when somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def paced(time: Time) -> SimCamera:
    scene = Scene.set_up(options(frames_per_s=20.0), habits=STILL)
    return SimCamera(scene, frames_per_s=20, clock=time.clock, sleep=time.sleep)


def test_frames_come_at_the_pace_that_was_asked_for() -> None:
    camera = paced(Time())
    frames = frames_of(camera, 5)
    camera.close()
    assert [frame.number for frame in frames] == [0, 1, 2, 3, 4]
    taken_s = [frame.captured_s for frame in frames]
    assert taken_s == pytest.approx([100, 100.05, 100.1, 100.15, 100.2])


def test_what_a_slow_reader_does_not_fetch_in_time_is_lost() -> None:
    time = Time()
    camera = paced(time)
    frames_of(camera, 2)
    time.sleep(0.52)
    (frame,) = frames_of(camera, 1)
    camera.close()
    assert frame.number == 11
    assert frame.captured_s == pytest.approx(time.now_s)


def test_the_name_says_what_lies_under_the_camera(fields: Path) -> None:
    assert SimCamera.opened(options()).name == "simulated camera, rendered smear 3"
    assert str(fields) in SimCamera.opened(options(f"fields:{fields}")).name


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("slide", "no source 'slide'; give smear"),
        ("fields:", "no source 'fields:'"),
        ("smear:blue", "give whole numbers"),
        ("smear:-1", "give a seed from 0"),
        ("smear:1:0", "cells from 1"),
        ("fields:/nowhere/at all", "there is no folder /nowhere/at all"),
        ("fields:/nowhere@5", "scale 5 of .* give 0.01 to 2"),
    ],
)
def test_a_source_that_is_none_is_refused_with_the_remedy(source: str, words: str) -> None:
    with pytest.raises(CameraError, match=words) as caught:
        SimCamera.opened(options(source))
    assert "\n" not in str(caught.value)


def test_a_scale_that_no_microscope_has_is_refused() -> None:
    with pytest.raises(CameraError, match="scale 5"):
        SimCamera.opened(options(um_per_px=5.0))


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="no images in"):
        SimCamera.opened(options(f"fields:{tmp_path}"))


def test_a_field_smaller_than_the_frame_is_refused(fields: Path) -> None:
    remedy = "set frame_width to 640 and frame_height to 240 or less"
    with pytest.raises(CameraError, match=rf"a\.tif has 640 x 480 .* frame of 700 x 240; {remedy}"):
        SimCamera.opened(options(f"fields:{fields}", width=700))


def test_of_fields_smaller_than_the_frame_the_smallest_is_named_with_what_fits_all(
    fields: Path,
) -> None:
    Image.fromarray(speckled(200, 300, seed=1)).save(fields / "c.jpg")
    remedy = "set frame_width to 300 and frame_height to 200 or less"
    with pytest.raises(CameraError, match=rf"c\.jpg has 300 x 200 .* of 700 x 240; {remedy}"):
        SimCamera.opened(options(f"fields:{fields}", width=700))
    SimCamera.opened(options(f"fields:{fields}", width=300, height=200)).close()


def test_a_frame_smaller_than_any_is_no_remedy(fields: Path) -> None:
    Image.fromarray(speckled(110, 300, seed=1)).save(fields / "c.jpg")
    with pytest.raises(CameraError, match=r"c\.jpg has 300 x 110 .*; leave the image out$"):
        SimCamera.opened(options(f"fields:{fields}"))


def test_a_file_that_is_no_image_is_refused(fields: Path) -> None:
    (fields / "c.jpg").write_bytes(b"no image")
    with pytest.raises(CameraError, match=r"c\.jpg is no PNG"):
        SimCamera.opened(options(f"fields:{fields}"))


def test_a_mask_that_is_damaged_is_refused(fields: Path) -> None:
    mask = fields / "a.png"
    mask.write_bytes(mask.read_bytes()[:200])
    with pytest.raises(CameraError, match=r"the mask .*a\.png"):
        SimCamera.opened(options(f"fields:{fields}"))


def test_a_field_that_is_damaged_is_told_when_it_comes_into_view(tmp_path: Path) -> None:
    picture = tmp_path / "a.jpg"
    Image.fromarray(speckled(480, 640, seed=1)).save(picture)
    picture.write_bytes(picture.read_bytes()[:9000])
    camera = SimCamera.opened(options(f"fields:{tmp_path}"))
    with pytest.raises(CameraError, match=r"the field .* truncated or damaged"):
        camera.read()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("image,x,y,cell_class\nz.tif,1,2,monocyte", "line 2 names the image 'z.tif'"),
        ("image,x,y,cell_class\na.tif,1,2,blast", "line 2 is no cell .*blast"),
        ("image,x,y,cell_class\na.tif,left,2,", "line 2 is no cell .*left"),
        ("image,cell_class\na.tif,monocyte", "line 2 is no cell"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(fields: Path, table: str, words: str) -> None:
    (fields / "cells.csv").write_text(table, encoding="utf-8")
    with pytest.raises(CameraError, match=words):
        SimCamera.opened(options(f"fields:{fields}"))


def test_real_fields_pass_under_the_camera(datasets: Path, tmp_path: Path) -> None:
    neutrophils = datasets / "bcisc" / "original-images" / "neut"
    images = sorted(neutrophils.glob("*.jpg"))[:2]
    for image in images:
        (tmp_path / image.name).symlink_to(image.resolve())
        mask = image.with_suffix(".png")
        (tmp_path / mask.name).symlink_to(mask.resolve())
    source = f"fields:{tmp_path}@0.063"
    camera = SimCamera.opened(options(source, width=1280, height=960, um_per_px=0.063))
    assert len(camera.truth) == len(images)
    assert all(10 < cell.width_px * 0.063 < 25 for cell in camera.truth)
    assert all(showing.frames >= 5 for showing in camera.scene.shown())
    (frame,) = frames_of(camera, 1)
    assert frame.rgb.shape == (960, 1280, 3)
