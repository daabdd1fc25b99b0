"""Finding and reading image files, sound and broken."""

import contextlib
import os
import random
import re
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from leuko.cells import RGBImage
from leuko.errors import ImageError
from leuko.images import (
    LARGEST_SIDE,
    SMALLEST_SIDE,
    find_images,
    image_size,
    plain_png,
    read_image,
    result_png,
    unread_folders,
    unread_images,
)

COLOUR = (200, 120, 160)


@pytest.fixture
def picture() -> RGBImage:
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 256, (48, 64, 3)).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 3), np.uint8)


def refusal(path: Path) -> str:
    with pytest.raises(ImageError) as caught:
        read_image(path)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert ";" in sentence
    assert path.name in sentence
    return sentence


def flat(mode: str, colour: float | tuple[int, ...]) -> Image.Image:
    return Image.new(mode, (64, 48), colour)


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.tiff", "a.PNG"])
def test_a_lossless_image_is_read_as_it_was_written(
    tmp_path: Path, picture: RGBImage, name: str
) -> None:
    Image.fromarray(picture).save(tmp_path / name)
    read = read_image(tmp_path / name)
    assert read.dtype == np.uint8
    assert read.flags.writeable
    np.testing.assert_array_equal(read, picture)
    assert image_size(tmp_path / name) == (48, 64)


def test_a_jpeg_is_read_almost_as_it_was_written(tmp_path: Path, picture: RGBImage) -> None:
    Image.fromarray(picture).save(tmp_path / "a.jpg", quality=95)
    difference = read_image(tmp_path / "a.jpg").astype(int) - picture
    assert np.abs(difference).mean() < 2


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (flat("L", 77), (77, 77, 77)),
        (flat("1", 1), (255, 255, 255)),
        (flat("RGB", COLOUR).quantize(4), COLOUR),
        (flat("RGBA", (*COLOUR, 255)), COLOUR),
        (flat("RGBA", (200, 120, 160, 0)), (255, 255, 255)),
        (flat("RGBA", (200, 100, 0, 128)), (227, 177, 127)),
        (flat("LA", (0, 128)), (127, 127, 127)),
    ],
)
def test_other_kinds_of_png_become_rgb_on_white(
    tmp_path: Path, image: Image.Image, expected: tuple[int, int, int]
) -> None:
    image.save(tmp_path / "a.png")
    read = read_image(tmp_path / "a.png")
    assert read.shape == (48, 64, 3)
    np.testing.assert_array_equal(read[0, 0], expected)


def test_a_transparent_palette_colour_becomes_white(tmp_path: Path) -> None:
    flat("RGB", COLOUR).quantize(4).save(tmp_path / "a.png", transparency=0)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png")[0, 0], (255, 255, 255))


def test_a_cmyk_image_becomes_rgb(tmp_path: Path) -> None:
    flat("CMYK", (0, 255, 0, 0)).save(tmp_path / "a.tif")
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif")[0, 0], (255, 0, 255))


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("bits", [10, 12, 14, 16])
@pytest.mark.parametrize("is_grey", [False, True])
def test_deep_images_keep_the_bits_that_they_use(
    tmp_path: Path, suffix: str, bits: int, *, is_grey: bool
) -> None:
    rng = np.random.default_rng(bits)
    deep = rng.integers(0, 2**bits, (48, 64) if is_grey else (48, 64, 3)).astype(np.uint16)
    deep[0, 0] = 2**bits - 1
    path = tmp_path / f"a.{suffix}"
    cv2.imwrite(str(path), deep if is_grey else deep[..., ::-1])
    expected = (deep >> (bits - 8)).astype(np.uint8)
    expected = np.dstack([expected] * 3) if is_grey else expected
    np.testing.assert_array_equal(read_image(path), expected)


def test_a_deep_transparent_image_becomes_rgb_on_white(tmp_path: Path) -> None:
    deep = np.full((48, 64, 4), 65535, np.uint16)
    deep[..., :3] = 0
    deep[:, :32, 3] = 0
    cv2.imwrite(str(tmp_path / "a.png"), deep)
    read = read_image(tmp_path / "a.png")
    assert read[:, :32].min() == 255
    assert read[:, 32:].max() == 0


def test_an_image_of_floating_point_numbers_is_refused(tmp_path: Path) -> None:
    flat("F", 0.5).save(tmp_path / "a.tif")
    assert "32 bits" in refusal(tmp_path / "a.tif")


def test_pixels_stay_where_they_are_stored_whatever_exif_says(
    tmp_path: Path, picture: RGBImage
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(picture).save(tmp_path / "a.jpg", exif=exif)
    assert read_image(tmp_path / "a.jpg").shape == (48, 64, 3)


def test_of_several_pages_the_first_is_read(tmp_path: Path, picture: RGBImage) -> None:
    pages = [Image.fromarray(picture), Image.fromarray(255 - picture)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), picture)


@pytest.mark.parametrize("size", [(1, 1), (SMALLEST_SIDE - 1, 400), (400, SMALLEST_SIDE - 1)])
def test_an_image_too_small_for_a_leukocyte_is_refused(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    Image.new("RGB", size).save(tmp_path / "a.png")
    assert f"{size[0]} x {size[1]} pixels, too small" in refusal(tmp_path / "a.png")


@pytest.mark.parametrize("size", [(20_000, 40), (40, LARGEST_SIDE + 1), (8000, 8000)])
def test_an_image_too_large_for_memory_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("1", size).save(tmp_path / "a.png")
    assert f"too large ({size[0]} x {size[1]} pixels)" in refusal(tmp_path / "a.png")


@pytest.mark.parametrize("side", [10_000, 60_000])
def test_a_decompression_bomb_is_refused_unopened(tmp_path: Path, side: int) -> None:
    Image.new("1", (100, 100)).save(tmp_path / "a.bmp")
    content = bytearray((tmp_path / "a.bmp").read_bytes())
    content[18:26] = side.to_bytes(4, "little") * 2
    (tmp_path / "a.bmp").write_bytes(content)
    assert "too large" in refusal(tmp_path / "a.bmp")


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tif"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_truncated_image_is_refused(
    tmp_path: Path, picture: RGBImage, suffix: str, share: float
) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(picture).save(path)
    os.truncate(path, int(share * path.stat().st_size))
    assert "truncated or damaged" in (sentence := refusal(path)) or "no PNG" in sentence


def test_a_broken_compressed_tiff_prints_nothing(
    tmp_path: Path, picture: RGBImage, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(picture).save(path, compression="tiff_lzw")
    content = bytearray(path.read_bytes())
    content[600:900] = bytes(300)
    path.write_bytes(content)
    refusal(path)
    assert not capfd.readouterr().err


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tif"])
def test_whatever_is_wrong_with_a_file_it_is_read_or_refused(
    tmp_path: Path, picture: RGBImage, suffix: str
) -> None:
    dice = random.Random(suffix)  # ruff: ignore[suspicious-non-cryptographic-random-usage] - damage, not secrets
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(picture).save(path)
    sound = path.read_bytes()
    for _ in range(60):
        content = bytearray(sound)
        for _ in range(dice.choice((1, 3, 20))):
            content[dice.randrange(min(400, len(content)))] = dice.randrange(256)
        path.write_bytes(content)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with contextlib.suppress(ImageError):
                assert read_image(path).dtype == np.uint8


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"hello, this is text"])
def test_a_file_that_is_no_image_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    assert "no PNG, JPEG, TIFF or BMP" in refusal(tmp_path / "a.png")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path / "a.png")


def test_a_folder_gives_its_images_sorted_without_those_of_other_folders(tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    for name in ("b.png", "a.JPG", "c.bmp", "d.tif", "deeper/e.png", "notes.txt", ".f.png"):
        (tmp_path / name).touch()
    assert [path.name for path in find_images([tmp_path])] == ["a.JPG", "b.png", "c.bmp", "d.tif"]


def test_a_file_given_twice_is_found_once(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).touch()
    again = tmp_path / "." / "b.png"
    assert [path.name for path in find_images([again, tmp_path, again])] == ["b.png", "a.png"]


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ImageError, match="no images in"):
        find_images([tmp_path])


def test_a_folder_with_nothing_but_folders_names_them(tmp_path: Path) -> None:
    for name in ("neutrophil", "lymphocyte", ".hidden"):
        (tmp_path / name).mkdir()
    told = r"name one of the 2 folders in it instead \(lymphocyte, neutrophil\)"
    with pytest.raises(ImageError, match=told):
        find_images([tmp_path])


def test_a_folder_with_one_folder_names_that(tmp_path: Path) -> None:
    (tmp_path / "neutrophil").mkdir()
    with pytest.raises(ImageError, match=r"name the folder in it instead \(neutrophil\)"):
        find_images([tmp_path])


def test_folders_of_images_that_are_not_looked_into_are_told(tmp_path: Path) -> None:
    for name in ("a.png", "b/1.png", "c/2.JPG", "d/notes.txt", "e/3.png", "e/differential.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    told = f"2 folders with images in {tmp_path} are not looked into (b, c)"
    assert unread_folders([tmp_path]) == [told]
    told = f"a folder with images in {tmp_path} is not looked into (c)"
    assert unread_folders([tmp_path, tmp_path / "b"]) == [told]
    assert unread_folders([tmp_path, tmp_path / "b", tmp_path / "c"]) == []


def test_folders_without_an_image_that_could_be_counted_are_not_told(tmp_path: Path) -> None:
    for name in ("hidden/._a.jpg", "folder/x.png/notes.txt", "own/1.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    (tmp_path / "own" / "1.png").write_bytes(result_png(np.zeros((40, 40, 3), np.uint8)))
    assert unread_folders([tmp_path]) == []
    (tmp_path / "own" / "2.png").write_bytes(plain_png(np.zeros((40, 40, 3), np.uint8)))
    assert unread_folders([tmp_path]) == [
        f"a folder with images in {tmp_path} is not looked into (own)"
    ]


def test_images_of_a_kind_that_is_not_read_are_told_with_those_that_are(tmp_path: Path) -> None:
    for name in ("b.HEIC", "a.webp", ".c.gif", "notes.txt"):
        (tmp_path / name).touch()
    told = f"2 files in {tmp_path} are not read (such as a.webp): only PNG, JPEG, TIFF and BMP are"
    assert unread_images([tmp_path, tmp_path]) == [told]
    with pytest.raises(ImageError, match=re.escape(f"{told}; save them as one of these")):
        find_images([tmp_path])
    (tmp_path / "a.webp").unlink()
    told = r"1 file in .* is not read \(b\.HEIC\): only PNG, .* BMP are; save it as one of these"
    with pytest.raises(ImageError, match=told):
        find_images([tmp_path])


def test_a_path_to_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="there is no image at"):
        find_images([tmp_path / "nothing.png"])


def test_a_path_that_the_system_refuses_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="cannot be read: File name too long; check the path"):
        find_images([tmp_path / ("a" * 300)])


def test_an_image_that_pillow_itself_finds_too_large_is_told_its_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flat("RGB", COLOUR).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert "a.png is too large (3072 pixels); cut it" in refusal(tmp_path / "a.png")
