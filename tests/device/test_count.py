"""Counting sets of images: which are used, at what scale, and what is written."""

import csv
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps

from leuko.bundle import ModelBundle, default_bundle_path, load_bundle
from leuko.calibration import (
    Calibration,
    CalibrationRecord,
    Circumstances,
    FlatFieldPart,
    ScalePart,
    coded_gain,
    packed,
    unpacked,
)
from leuko.cells import LEUKOCYTES, Cell, CellClass, RGBImage
from leuko.clock import now
from leuko.count import CountResult, Pictures, count_images
from leuko.errors import ImageError, OutputError, ScaleError
from leuko.inference import LiteRTEngine
from leuko.pipeline import FieldAnalyser, Wanted, everywhere
from leuko.sim import SimulatedSmear, SmearSpec
from leuko.vision.flat_field import FlatField

UM_PER_PX = 0.2


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Path) -> ModelBundle:
    return load_bundle(tiny_bundle)


@pytest.fixture(scope="module")
def smear() -> SimulatedSmear:
    return SimulatedSmear(SmearSpec(seed=4, width_um=200, height_um=150, leukocytes=5))


def view(smear: SimulatedSmear, width: int, height: int, um_per_px: float) -> Image.Image:
    pixels = smear.render(10, 10, width_px=width, height_px=height, um_per_px=um_per_px)
    return Image.fromarray(pixels)


def count(
    paths: list[Path],
    out: Path,
    bundle: ModelBundle,
    *,
    um_per_px: float | None = UM_PER_PX,
    calibration: Calibration | None = None,
    pictures: Pictures = Pictures(),  # ruff: ignore[function-call-in-default-argument]
) -> CountResult:
    return count_images(
        paths,
        out,
        bundle=bundle,
        analyser=FieldAnalyser(bundle, LiteRTEngine()),
        um_per_px=um_per_px,
        calibration=calibration,
        pictures=pictures,
    )


def rows(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((out / "cells.csv").read_text().splitlines()))


class Noting(FieldAnalyser):
    """Notes in what order pictures are learnt from and analysed."""

    notes: list[str]

    def learn(self, rgb: RGBImage, *, um_per_px: float) -> int:
        self.notes.append("learnt")
        return super().learn(rgb, um_per_px=um_per_px)

    def analyse(
        self, rgb: RGBImage, *, um_per_px: float, wanted: Wanted = everywhere
    ) -> tuple[Cell, ...]:
        self.notes.append("analysed")
        return super().analyse(rgb, um_per_px=um_per_px, wanted=wanted)


@pytest.mark.parametrize(("fields", "is_compared"), [(1, False), (4, True)])
def test_the_result_says_whether_cells_were_compared_with_each_other(
    tmp_path: Path, *, fields: int, is_compared: bool
) -> None:
    shipped = load_bundle(default_bundle_path())
    spec = shipped.manifest.classifier
    assert spec.own_cells is not None
    (tmp_path / "fields").mkdir()
    for seed in range(fields):
        smear = SimulatedSmear(SmearSpec(seed=seed, width_um=120, height_um=90, leukocytes=9))
        rgb = smear.render(0, 0, width_px=800, height_px=600, um_per_px=0.15)
        Image.fromarray(rgb).save(tmp_path / "fields" / f"{seed}.png")
    count([tmp_path / "fields"], tmp_path / "out", shipped, um_per_px=0.15)
    names = json.loads((tmp_path / "out" / "differential.json").read_text())["names"]
    below = (spec.own_cells if is_compared else spec).unclassified_below
    assert names == {
        "compared": is_compared,
        "eosinophils_doubted": False,
        "unclassified_below": below,
    }


@pytest.mark.parametrize("evens_laboratory", [True, False])
def test_a_laboratory_is_known_before_its_first_cell_is_named(
    tmp_path: Path, disc_folder: Path, bundle: ModelBundle, *, evens_laboratory: bool
) -> None:
    spec = bundle.manifest.classifier.model_copy(update={"evens_laboratory": evens_laboratory})
    manifest = bundle.manifest.model_copy(update={"classifier": spec})
    analyser = Noting(replace(bundle, manifest=manifest), LiteRTEngine())
    analyser.notes = []
    found = count_images(
        [disc_folder], tmp_path / "out", bundle=bundle, analyser=analyser, um_per_px=UM_PER_PX
    )
    analysed = found.images * ["analysed"]
    learnt = [*analysed, *found.images * ["learnt"]] if evens_laboratory else []
    assert analyser.notes == [*learnt, *analysed]


def test_every_disc_is_counted_as_what_it_is(
    disc_folder: Path, out_dir: Path, bundle: ModelBundle
) -> None:
    result = count([disc_folder], out_dir, bundle)
    assert all(number == 1 for number in result.count.counts.values())
    assert result.count.n == 5
    for outside in (CellClass.ERYTHROBLAST, CellClass.IMMATURE_GRANULOCYTE):
        assert result.count.beside[outside] == 1
    assert (result.images, result.failed) == (1, ())


def test_boxes_are_in_pixels_of_the_image(
    disc_folder: Path, out_dir: Path, bundle: ModelBundle
) -> None:
    count([disc_folder], out_dir, bundle)
    lymphocyte = next(row for row in rows(out_dir) if row["cell_class"] == "lymphocyte")
    x, y, width, height = (int(lymphocyte[key]) for key in ("x", "y", "width", "height"))
    assert (x + width / 2, y + height / 2) == pytest.approx((200, 100), abs=4)
    assert (width, height) == pytest.approx((67, 67), abs=6)


def test_a_cell_cut_by_the_border_is_in_the_mask_but_not_in_the_count(
    disc_folder: Path, out_dir: Path, bundle: ModelBundle
) -> None:
    result = count([disc_folder], out_dir, bundle, pictures=Pictures(masks=True))
    cut = next(row for row in rows(out_dir) if "border" in row["reason"])
    mask = cv2.imread(str(out_dir / "one-mask.png"), cv2.IMREAD_UNCHANGED)
    assert mask is not None
    assert mask[200, 5] == int(cut["cell"])
    assert mask.max() == len(rows(out_dir))
    assert result.count.excluded[CellClass.NEUTROPHIL] == 1


def test_tables_and_differential_agree(
    disc_folder: Path, out_dir: Path, bundle: ModelBundle
) -> None:
    count([disc_folder], out_dir, bundle)
    found = json.loads((out_dir / "differential.json").read_text())
    statuses = [row["status"] for row in rows(out_dir)]
    assert statuses.count("counted") == found["n"]
    assert statuses.count("excluded") == sum(found["excluded"].values())
    assert statuses.count("unclassified") == found["unclassified"]


def test_the_order_of_images_does_not_change_the_count(
    disc_folder: Path, disc_field: RGBImage, tmp_path: Path, bundle: ModelBundle
) -> None:
    Image.fromarray(disc_field[:220]).save(disc_folder / "two.png")
    one, two = disc_folder / "one.png", disc_folder / "two.png"
    forwards = count([one, two], tmp_path / "forwards", bundle)
    backwards = count([two, one], tmp_path / "backwards", bundle)
    assert forwards.count == backwards.count
    assert forwards.count.n > 5


def test_a_broken_image_is_left_out_and_named(
    disc_folder: Path, out_dir: Path, bundle: ModelBundle
) -> None:
    sound = (disc_folder / "one.png").read_bytes()
    (disc_folder / "broken.png").write_bytes(sound[: len(sound) // 2])
    result = count([disc_folder], out_dir, bundle)
    assert [failed.image for failed in result.failed] == ["broken.png"]
    assert result.count.n == 5
    found = json.loads((out_dir / "differential.json").read_text())
    assert "truncated" in found["failed_images"][0]["reason"]


def test_a_picture_that_lies_there_twice_is_counted_once_and_named(
    disc_folder: Path, disc_field: RGBImage, out_dir: Path, bundle: ModelBundle
) -> None:
    (disc_folder / "copy of one.png").write_bytes((disc_folder / "one.png").read_bytes())
    Image.fromarray(disc_field).save(disc_folder / "two.tif")
    result = count([disc_folder], out_dir, bundle)
    assert [failed.image for failed in result.failed] == ["one.png", "two.tif"]
    assert result.failed[0].reason == (
        "it is the same picture as copy of one.png; its cells count once"
    )
    assert (result.images, result.count.n) == (1, 5)


def test_of_the_same_picture_twice_the_first_counts_whatever_was_learnt_from(
    tmp_path: Path, smear: SimulatedSmear
) -> None:
    (tmp_path / "in").mkdir()
    for number in range(12):
        part = view(smear, 200 + 2 * number, 150, UM_PER_PX)
        part.save(tmp_path / "in" / f"{number:02}.png")
        part.save(tmp_path / "in" / f"{number:02} copy.png")
    shipped = load_bundle(default_bundle_path())
    result = count([tmp_path / "in"], tmp_path / "out", shipped)
    assert [one.image for one in result.failed] == [f"{number:02}.png" for number in range(12)]


def test_a_name_too_long_for_a_picture_beside_it_loses_its_beginning(
    disc_folder: Path, out_dir: Path, bundle: ModelBundle
) -> None:
    name = "z" * 244 + "-7.png"
    (disc_folder / "one.png").rename(disc_folder / name)
    count([disc_folder], out_dir, bundle, pictures=Pictures(overlay=True, masks=True))
    pictures = sorted(path.name for path in out_dir.glob("*.png"))
    assert [len(name) < 256 and "-7-" in name for name in pictures] == [True, True]
    assert {row["image"] for row in rows(out_dir)} == {name}


def test_a_reason_does_not_name_the_picture_again(
    disc_folder: Path, out_dir: Path, bundle: ModelBundle
) -> None:
    (disc_folder / "text.png").write_text("no image")
    count([disc_folder], out_dir, bundle)
    (failed,) = json.loads((out_dir / "differential.json").read_text())["failed_images"]
    assert failed["image"] == "text.png"
    assert failed["reason"].startswith("it is no PNG, JPEG, TIFF or BMP image; ")


def test_pages_that_are_not_counted_are_named(
    disc_folder: Path, tmp_path: Path, bundle: ModelBundle
) -> None:
    disc = Image.open(disc_folder / "one.png").convert("RGB")
    thumbnail = disc.resize((48, 36))
    (pages := tmp_path / "pages").mkdir()
    disc.save(pages / "fields.tif", save_all=True, append_images=[disc, thumbnail])
    ImageOps.mirror(disc).save(pages / "one.tif", save_all=True, append_images=[thumbnail])
    result = count([pages], tmp_path / "out", bundle)
    assert result.count.n == 10
    assert [warning.partition(";")[0] for warning in result.warnings] == [
        "fields.tif has 2 pages and only the first is counted"
    ]


def test_that_an_earlier_result_is_replaced_is_told(
    disc_folder: Path, out_dir: Path, bundle: ModelBundle
) -> None:
    first, second = (count([disc_folder], out_dir, bundle) for _ in range(2))
    told = f"the earlier result in {out_dir} is replaced; give each count a folder of its own"
    assert told not in first.warnings
    assert told in second.warnings


def test_pictures_of_an_earlier_result_are_left_out(
    disc_folder: Path, out_dir: Path, tmp_path: Path, bundle: ModelBundle
) -> None:
    count([disc_folder], out_dir, bundle, pictures=Pictures(overlay=True, masks=True))
    result = count([disc_folder, out_dir], tmp_path / "again", bundle)
    assert [failed.image for failed in result.failed] == ["one-mask.png", "one-overlay.png"]
    assert "was written by leuko itself" in result.failed[0].reason
    assert result.count.n == 5


def test_the_overlay_of_a_blurred_picture_says_so(
    smear: SimulatedSmear, tmp_path: Path, bundle: ModelBundle
) -> None:
    sharp = view(smear, 640, 480, 0.2)
    sharp.save(tmp_path / "a.png")
    sharp.filter(ImageFilter.GaussianBlur(6)).save(tmp_path / "b.png")
    count([tmp_path], tmp_path / "out", bundle, pictures=Pictures(overlay=True))
    corners = [
        np.asarray(Image.open(tmp_path / "out" / f"{name}-overlay.png"))[0, 0] for name in "ab"
    ]
    assert [corner.tolist() == [190, 0, 30] for corner in corners] == [False, True]


def test_a_black_picture_is_left_out(
    tmp_path: Path, bundle: ModelBundle, disc_folder: Path
) -> None:
    mask = np.zeros((200, 300, 3), np.uint8)
    mask[50:90, 60:110] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    result = count([disc_folder, tmp_path / "mask.png"], tmp_path / "out", bundle)
    assert [failed.image for failed in result.failed] == ["mask.png"]
    assert "most of it is black (level 0 of 255)" in result.failed[0].reason


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["mask.png"], "mask.png: most of it is black"),
        # The second is a copy of the first.
        (["a.png", "b.png"], r"none of 2 images can be used; all of them, such as a\.png: most"),
    ],
)
def test_black_pictures_alone_are_named(
    tmp_path: Path, bundle: ModelBundle, names: list[str], told: str
) -> None:
    for name in names:
        Image.fromarray(np.zeros((200, 300, 3), np.uint8)).save(tmp_path / name)
    with pytest.raises(ImageError, match=f"^{told}"):
        count([tmp_path], tmp_path / "out", bundle)


def test_a_copy_of_a_picture_that_cannot_be_used_has_that_ones_fault(
    tmp_path: Path, bundle: ModelBundle, disc_folder: Path
) -> None:
    (tmp_path / "black").mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(np.zeros((200, 300, 3), np.uint8)).save(tmp_path / "black" / name)
    result = count([disc_folder, tmp_path / "black"], tmp_path / "out", bundle)
    first, second = (failed.reason for failed in result.failed)
    assert first == second
    assert first.startswith("most of it is black")


def test_a_file_is_no_place_for_results(
    tmp_path: Path, bundle: ModelBundle, disc_folder: Path
) -> None:
    taken = tmp_path / "notes.txt"
    taken.write_text("mine", "utf-8")
    told = r"notes\.txt: it is no folder; choose another place with --out$"
    with pytest.raises(OutputError, match=told):
        count([disc_folder], taken, bundle)
    assert taken.read_text("utf-8") == "mine"


def test_broken_images_alone_give_no_result(tmp_path: Path, bundle: ModelBundle) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"nothing")
    told = r"none of 2 images .* used; all of them, for example: \S+a\.png is no PNG"
    with pytest.raises(ImageError, match=told) as refused:
        count([tmp_path], tmp_path / "out", bundle)
    assert isinstance(refused.value.__cause__, ImageError)
    assert not (tmp_path / "out").exists()


def test_the_reasons_are_named_for_which_no_image_can_be_used(
    tmp_path: Path, bundle: ModelBundle
) -> None:
    for number in range(3):
        black = np.full((200 + number, 300, 3), number, np.uint8)
        Image.fromarray(black).save(tmp_path / f"black-{number}.png")
    for number in range(2):
        (tmp_path / f"text-{number}.png").write_bytes(b"nothing")
    Image.new("RGB", (4, 4)).save(tmp_path / "small.png")
    Image.new("RGB", (20_000, 100)).save(tmp_path / "large.png")
    with pytest.raises(ImageError) as refused:
        count([tmp_path], tmp_path / "out", bundle)
    first, *reasons = str(refused.value).split("; also ")
    whole, dark = first.split("; ", maxsplit=1)
    assert whole == "none of 7 images can be used"
    assert dark.startswith("3 of them, such as black-0.png: most of it is black (level 0 of")
    assert reasons[0].startswith(f"2 of them, for example: {tmp_path / 'text-0.png'} is no PNG")
    assert reasons[1].startswith("1 of them")
    assert reasons[1].count("large.png") == 1
    assert reasons[2:] == ["1 of them for other reasons"]


def test_a_missing_scale_is_named_before_what_else_is_wrong(
    tmp_path: Path, bundle: ModelBundle
) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"nothing")
    Image.new("RGB", (640, 480), (235, 235, 235)).save(tmp_path / "empty.png")
    with pytest.raises(
        ScaleError, match=r"used; 1 of them, empty\.png: .*; also 2 of them, for example: "
    ):
        count([tmp_path], tmp_path / "out", bundle, um_per_px=None)


def test_the_scale_is_found_for_each_camera(
    smear: SimulatedSmear, tmp_path: Path, bundle: ModelBundle
) -> None:
    view(smear, 640, 480, 0.2).save(tmp_path / "a.png")
    view(smear, 960, 720, 0.125).save(tmp_path / "b.png")
    result = count([tmp_path], tmp_path / "out", bundle, um_per_px=None)
    found = json.loads((tmp_path / "out" / "differential.json").read_text())
    scales = [image["um_per_px"] for image in found["images"]]
    assert scales == pytest.approx([0.2, 0.125], rel=0.1)
    assert found["um_per_px"] is None
    assert len(result.scales) == 2


def test_a_scale_from_a_handful_of_red_cells_is_used_and_doubted(
    smear: SimulatedSmear, tmp_path: Path, bundle: ModelBundle
) -> None:
    view(smear, 640, 480, 0.2).save(tmp_path / "many.png")
    view(smear, 320, 240, 0.11).save(tmp_path / "few.png")
    result = count([tmp_path], tmp_path / "out", bundle, um_per_px=None)
    (doubt,) = result.warnings
    assert doubt.startswith("the scale of the 320 x 240 images is uncertain: ")
    assert doubt.endswith("; state it with --um-per-px, or give more fields")
    assert len(result.scales) == 2


def test_images_of_one_camera_share_a_scale(
    smear: SimulatedSmear, tmp_path: Path, bundle: ModelBundle
) -> None:
    view(smear, 640, 480, 0.2).save(tmp_path / "a.png")
    Image.new("RGB", (640, 480), (235, 235, 235)).save(tmp_path / "empty.png")
    count([tmp_path], tmp_path / "out", bundle, um_per_px=None)
    found = json.loads((tmp_path / "out" / "differential.json").read_text())
    assert found["um_per_px"] == pytest.approx(0.2, rel=0.1)
    assert len(found["images"]) == 2


def test_an_image_of_another_objective_is_analysed_at_its_own_scale_and_named(
    smear: SimulatedSmear, tmp_path: Path, bundle: ModelBundle
) -> None:
    for number, name in enumerate("abcd"):
        field = view(smear, 640, 480, 0.2)
        field.putpixel((0, 0), (number, 0, 0))
        field.save(tmp_path / f"{name}.png")
    view(smear, 640, 480, 0.12).save(tmp_path / "e.png")
    result = count([tmp_path], tmp_path / "out", bundle, um_per_px=None)
    found = json.loads((tmp_path / "out" / "differential.json").read_text())
    scales = [image["um_per_px"] for image in found["images"]]
    assert scales == pytest.approx([0.2] * 4 + [0.12], rel=0.1)
    (warning,) = result.warnings
    assert warning.startswith("e.png does not fit the images of its size")


def test_images_of_two_objectives_that_contradict_each_other_have_a_scale_each(
    smear: SimulatedSmear, tmp_path: Path, bundle: ModelBundle
) -> None:
    view(smear, 640, 480, 0.2).save(tmp_path / "a.png")
    view(smear, 640, 480, 0.12).save(tmp_path / "b.png")
    Image.new("RGB", (640, 480), (235, 235, 235)).save(tmp_path / "empty.png")
    result = count([tmp_path], tmp_path / "out", bundle, um_per_px=None)
    found = json.loads((tmp_path / "out" / "differential.json").read_text())
    scales = {image["image"]: image["um_per_px"] for image in found["images"]}
    assert [scales["a.png"], scales["b.png"]] == pytest.approx([0.2, 0.12], rel=0.1)
    assert len(scales) + len(result.failed) == 3


def fields_of(smear: SimulatedSmear, folder: Path, um_per_px: float, places: Sequence[int]) -> Path:
    """A folder of fields of one size, taken at a scale."""
    folder.mkdir()
    for x in places:
        pixels = smear.render(x, 5, width_px=400, height_px=400, um_per_px=um_per_px)
        Image.fromarray(pixels).save(folder / f"{x}.png")
    return folder


def test_folders_of_two_microscopes_with_one_picture_size_are_told_apart(
    smear: SimulatedSmear, tmp_path: Path, bundle: ModelBundle
) -> None:
    one = fields_of(smear, tmp_path / "one", 0.2, (5, 30, 55, 80))
    other = fields_of(smear, tmp_path / "other", 0.17, (10, 40, 70))
    result = count([one, other], tmp_path / "out", bundle, um_per_px=None)
    (warning,) = result.warnings
    assert re.match(
        rf"{other} \(0\.1[67]\d\) does not fit {one} \(0\.\d+ µm per pixel\): their red cells say",
        warning,
    )
    assert re.search(
        r"scales, and all were analysed at 0\.\d+; count each folder by itself$", warning
    )
    scale = json.loads((tmp_path / "out" / "differential.json").read_text())["scale"]
    assert scale == {"origin": "red cells", "doubts": [warning]}


def test_folders_of_one_microscope_are_not_told_apart(
    smear: SimulatedSmear, tmp_path: Path, bundle: ModelBundle
) -> None:
    one = fields_of(smear, tmp_path / "one", 0.2, (5, 30, 55))
    other = fields_of(smear, tmp_path / "other", 0.2, (10, 40, 70))
    assert count([one, other], tmp_path / "out", bundle, um_per_px=None).warnings == ()


def test_a_folder_with_fields_of_two_microscopes_is_doubted(
    smear: SimulatedSmear, tmp_path: Path, bundle: ModelBundle
) -> None:
    folder = fields_of(smear, tmp_path / "mixed", 0.2, (5, 40, 75))
    fields_of(smear, tmp_path / "other", 0.17, (10, 45, 80))
    for path in (tmp_path / "other").iterdir():
        path.rename(folder / path.name)
    (warning,) = count([folder], tmp_path / "out", bundle, um_per_px=None).warnings
    assert warning.startswith("the red cells of 3 images (such as ")
    assert ", and all were analysed at 0." in warning
    assert warning.endswith("; count the images of each microscope by themselves")


def test_a_folder_with_fields_of_two_microscopes_is_doubted_beside_others_too(
    smear: SimulatedSmear, tmp_path: Path, bundle: ModelBundle
) -> None:
    mixed = fields_of(smear, tmp_path / "mixed", 0.2, (5, 40, 75))
    for path in fields_of(smear, tmp_path / "other", 0.17, (10, 45, 80)).iterdir():
        path.rename(mixed / path.name)
    alone = fields_of(smear, tmp_path / "alone", 0.2, (20,))
    (warning,) = count([mixed, alone], tmp_path / "out", bundle, um_per_px=None).warnings
    assert warning.startswith(f"in {mixed}, the red cells of 3 images (such as ")


def test_folders_with_a_field_each_are_compared_all_together(
    smear: SimulatedSmear, tmp_path: Path, bundle: ModelBundle
) -> None:
    slides = [
        fields_of(smear, tmp_path / str(x), 0.2 if x < 40 else 0.17, (x,))
        for x in (5, 20, 35, 50, 65, 80)
    ]
    (warning,) = count(slides, tmp_path / "out", bundle, um_per_px=None).warnings
    assert warning.startswith("the red cells of 3 images (such as ")
    assert count(slides[:3], tmp_path / "one", bundle, um_per_px=None).warnings == ()


@pytest.mark.parametrize("um_per_px", [0.15, 0.1])
def test_folders_far_apart_are_told_once_with_the_scales_that_they_were_analysed_at(
    smear: SimulatedSmear, tmp_path: Path, bundle: ModelBundle, *, um_per_px: float
) -> None:
    one = fields_of(smear, tmp_path / "one", 0.2, (5, 30, 55, 80))
    other = fields_of(smear, tmp_path / "other", um_per_px, (10, 40, 70))
    (warning,) = count([one, other], tmp_path / "out", bundle, um_per_px=None).warnings
    assert warning.startswith(f"{other} (0.1")
    assert warning.endswith("; count each folder by itself")
    found = json.loads((tmp_path / "out" / "differential.json").read_text())["images"]
    scales = [image["um_per_px"] for image in found]
    shared = max(scales, key=scales.count)
    own = sum(scale != shared for scale in scales)
    told = f"{own} of these 7 images were analysed at their own scale, the others at {shared:.3g};"
    assert f"different scales, and {told} count each" in warning


def test_folders_of_two_microscopes_are_told_apart_beside_a_stated_scale(
    smear: SimulatedSmear, tmp_path: Path, bundle: ModelBundle
) -> None:
    one = fields_of(smear, tmp_path / "one", 0.2, range(0, 97, 12))
    other = fields_of(smear, tmp_path / "other", 0.1, (10, 40, 70))
    (warning,) = count([one, other], tmp_path / "out", bundle, um_per_px=0.2).warnings
    assert warning.startswith(f"{other} (0.")
    assert "and all were analysed at 0.2; count each folder by itself" in warning
    assert count([one], tmp_path / "alone", bundle, um_per_px=0.2).warnings == ()


@pytest.mark.parametrize(("stated", "warnings"), [(0.2, 0), (0.1, 1)])
def test_a_stated_scale_that_the_red_cells_contradict_is_used_and_doubted(
    smear: SimulatedSmear, tmp_path: Path, bundle: ModelBundle, *, stated: float, warnings: int
) -> None:
    view(smear, 640, 480, 0.2).save(tmp_path / "a.png")
    result = count([tmp_path], tmp_path / "out", bundle, um_per_px=stated)
    assert (result.um_per_px, result.scales) == (stated, {})
    assert len(result.warnings) == warnings
    assert all(f"{stated:g} µm per pixel is stated" in warning for warning in result.warnings)
    scale = json.loads((tmp_path / "out" / "differential.json").read_text())["scale"]
    assert scale == {"origin": "stated", "doubts": list(result.warnings)}


def test_a_calibrated_scale_that_the_red_cells_contradict_is_doubted_as_such(
    smear: SimulatedSmear, tmp_path: Path, bundle: ModelBundle
) -> None:
    view(smear, 640, 480, 0.2).save(tmp_path / "a.png")
    calibration = scale_calibration(0.1, (480, 640))
    out = tmp_path / "out"
    result = count([tmp_path], out, bundle, um_per_px=None, calibration=calibration)
    assert (result.um_per_px, result.is_calibrated) == (0.1, True)
    (warning,) = result.warnings
    assert "0.1 µm per pixel is calibrated, but the red cells say" in warning
    assert "or run leuko calibrate scale again" in warning
    scale = json.loads((out / "differential.json").read_text())["scale"]
    assert scale == {"origin": "calibrated", "doubts": [warning]}


def test_an_image_that_is_not_sharp_is_counted_and_named(
    smear: SimulatedSmear, tmp_path: Path, bundle: ModelBundle
) -> None:
    sharp = view(smear, 640, 480, 0.2)
    sharp.save(tmp_path / "a.png")
    sharp.filter(ImageFilter.GaussianBlur(6)).save(tmp_path / "b.png")
    # A crop has too few outlines to tell.
    sharp.crop((0, 0, 128, 128)).filter(ImageFilter.GaussianBlur(6)).save(tmp_path / "c.png")
    result = count([tmp_path], tmp_path / "out", bundle, um_per_px=0.2)
    assert result.blurred == ("b.png",)
    found = json.loads((tmp_path / "out" / "differential.json").read_text())
    assert [image["is_sharp"] for image in found["images"]] == [True, False, True]


def test_an_image_that_covers_too_much_at_its_scale_is_left_out(
    disc_folder: Path, out_dir: Path, bundle: ModelBundle
) -> None:
    Image.new("RGB", (6000, 6000), (235, 235, 235)).save(disc_folder / "scan.png")
    result = count([disc_folder], out_dir, bundle, um_per_px=1.0)
    assert [failed.image for failed in result.failed] == ["scan.png"]
    assert "more than the" in result.failed[0].reason


def test_without_red_cells_no_scale_is_made_up(tmp_path: Path, bundle: ModelBundle) -> None:
    Image.new("RGB", (640, 480), (235, 235, 235)).save(tmp_path / "empty.png")
    with pytest.raises(ScaleError, match="scale of the 640 x 480 images"):
        count([tmp_path], tmp_path / "out", bundle, um_per_px=None)
    assert not (tmp_path / "out" / "differential.json").exists()


def test_a_camera_without_red_cells_is_left_out_beside_one_with(
    smear: SimulatedSmear, tmp_path: Path, bundle: ModelBundle
) -> None:
    view(smear, 640, 480, 0.2).save(tmp_path / "a.png")
    Image.new("RGB", (320, 240), (235, 235, 235)).save(tmp_path / "empty.png")
    result = count([tmp_path], tmp_path / "out", bundle, um_per_px=None)
    assert [failed.image for failed in result.failed] == ["empty.png"]
    assert "320 x 240" in result.failed[0].reason


def test_results_among_the_images_are_refused(disc_folder: Path, bundle: ModelBundle) -> None:
    with pytest.raises(OutputError, match="among the images"):
        count([disc_folder], disc_folder / ".." / disc_folder.name, bundle)
    assert [path.name for path in disc_folder.iterdir()] == ["one.png"]


def test_results_where_links_lead_in_a_circle_are_refused(
    disc_folder: Path, tmp_path: Path, bundle: ModelBundle
) -> None:
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OutputError, match="choose another"):
        count([disc_folder], tmp_path / "circle", bundle)


@pytest.mark.parametrize("is_link", [False, True])
def test_results_beside_an_image_given_by_name_are_refused(
    disc_folder: Path, tmp_path: Path, bundle: ModelBundle, *, is_link: bool
) -> None:
    image = disc_folder / "one.png"
    (disc_folder / "one-mask.png").write_bytes(b"drawn by hand")
    if is_link:
        (tmp_path / "links").mkdir()
        image = tmp_path / "links" / "one.png"
        image.symlink_to(disc_folder / "one.png")
    with pytest.raises(OutputError, match="among the images"):
        count([image], disc_folder, bundle, pictures=Pictures(masks=True))
    assert (disc_folder / "one-mask.png").read_bytes() == b"drawn by hand"


def test_progress_is_told_for_every_image(
    disc_folder: Path, out_dir: Path, bundle: ModelBundle
) -> None:
    told: list[tuple[str, int, int]] = []
    count_images(
        [disc_folder],
        out_dir,
        bundle=bundle,
        analyser=FieldAnalyser(bundle, LiteRTEngine()),
        um_per_px=UM_PER_PX,
        progress=lambda doing, done, of: told.append((doing, done, of)),
    )
    assert told == [("one.png", 0, 1), ("done", 1, 1)]


def test_an_image_without_leukocytes_counts_nothing(tmp_path: Path, bundle: ModelBundle) -> None:
    Image.fromarray(np.full((100, 100, 3), 235, np.uint8)).save(tmp_path / "empty.png")
    result = count([tmp_path], tmp_path / "out", bundle)
    assert result.count.n == 0
    assert rows(tmp_path / "out") == []


def test_a_calibrated_count_evens_out_the_light_before_anything_else(
    disc_field: RGBImage, tmp_path: Path, bundle: ModelBundle
) -> None:
    height, width = disc_field.shape[:2]
    light = np.ones((1, width, 3), np.float32)
    light[0, :, 0] = np.linspace(1, 0.3, width)
    folder = tmp_path / "dim"
    folder.mkdir()
    Image.fromarray((disc_field * light).astype(np.uint8)).save(folder / "one.png")
    Image.fromarray(disc_field[:300]).save(folder / "two.png")
    gain = np.asarray(cv2.resize(1 / light, (256, 183)), np.float32)
    calibration = flat_field_calibration(FlatField(gain, (height, width)))
    dim = count([folder / "one.png"], tmp_path / "dim-out", bundle)
    lit = count([folder], tmp_path / "lit-out", bundle, calibration=calibration)
    assert named(dim) != named(lit)
    assert named(lit) == dict.fromkeys(LEUKOCYTES, 1)
    assert [failed.image for failed in lit.failed] == ["two.png"]
    assert "560 x 300 pixels, the calibration is for 560 x 400" in lit.failed[0].reason
    assert lit.failed[0].reason.endswith("camera, or count these without --calibration")


def named(result: CountResult) -> dict[CellClass, int]:
    return {name: number for name, number in result.count.counts.items() if number}


def flat_field_calibration(flat_field: FlatField) -> Calibration:
    gain = coded_gain(flat_field)
    origin = Circumstances("Ada", now(), "tiny", "b" * 64, "files").origin(
        [], shape=flat_field.shape
    )
    part = FlatFieldPart(
        origin=origin,
        sha256=hashlib.sha256(gain).hexdigest(),
        rows=flat_field.gain.shape[0],
        columns=flat_field.gain.shape[1],
        method="empty glass",
        before_percent=20,
        after_percent=1,
    )
    record = CalibrationRecord(
        number=1, cause="flat-field", moment=origin.moment, by="Ada", flat_field=part
    )
    return unpacked(packed(record, gain), "calibration.zip")


def scale_calibration(um_per_px: float, shape: tuple[int, int]) -> Calibration:
    origin = Circumstances("Ada", now(), "tiny", "b" * 64, "files").origin([], shape=shape)
    part = ScalePart(
        origin=origin,
        um_per_px=um_per_px,
        within_percent=1,
        method="stage micrometer",
        measured=40,
    )
    record = CalibrationRecord(number=1, cause="scale", moment=origin.moment, by="Ada", scale=part)
    return unpacked(packed(record, None), "calibration.zip")
