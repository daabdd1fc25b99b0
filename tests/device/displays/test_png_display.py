"""The display that is a PNG file."""

from pathlib import Path

import pytest
from PIL import Image

from leuko.displays import DisplayOptions, draw
from leuko.displays.png import PNGDisplay
from leuko.errors import DisplayError
from leuko.status import LiveStatus


def test_the_newest_picture_is_there_and_nothing_else(tmp_path: Path, status: LiveStatus) -> None:
    display = PNGDisplay.opened(DisplayOptions(device=str(tmp_path), width=480, height=320))
    for _ in range(3):
        display.show(status)
    display.close()
    assert [path.name for path in tmp_path.iterdir()] == ["display.png"]
    with Image.open(tmp_path / "display.png") as picture:
        assert picture.tobytes() == draw(status, (480, 320), is_mono=False).tobytes()


def test_pictures_are_numbered_where_the_name_asks_for_it(
    tmp_path: Path, status: LiveStatus
) -> None:
    display = PNGDisplay.opened(DisplayOptions(device=str(tmp_path / "at-%03d.png")))
    for _ in range(3):
        display.show(status)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["at-001.png", "at-002.png", "at-003.png"]


def test_the_mono_model_draws_in_black_and_white(tmp_path: Path, status: LiveStatus) -> None:
    options = DisplayOptions(device=str(tmp_path), model="mono", width=128, height=64)
    PNGDisplay.opened(options).show(status)
    with Image.open(tmp_path / "display.png") as picture:
        assert picture.mode == "1"


@pytest.mark.parametrize("name", ["%s-%d.png", "%q.png", "100%.png"])
def test_a_name_that_takes_no_number_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DisplayError, match="does not number pictures"):
        PNGDisplay.opened(DisplayOptions(device=str(tmp_path / name)))


def test_a_folder_that_is_gone_is_told(tmp_path: Path, status: LiveStatus) -> None:
    display = PNGDisplay.opened(DisplayOptions(device=str(tmp_path / "pictures")))
    (tmp_path / "pictures").rmdir()
    with pytest.raises(DisplayError, match="cannot be written"):
        display.show(status)
