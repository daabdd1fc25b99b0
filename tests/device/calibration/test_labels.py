"""Pictures of confirmed cells: which are taken, at which scale, and how much of each."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leuko.calibration import MOST_CELLS, FrameUsed, LabelledCell, cells_of_folder, middle_of
from leuko.cells import CellClass, RGBImage
from leuko.errors import CalibrationError
from leuko.images import plain_png, with_scale


def test_pictures_that_say_their_scale_are_read_at_it_and_the_others_as_told(
    tmp_path: Path, disc_field: RGBImage
) -> None:
    folder = tmp_path / "neutrophil"
    folder.mkdir()
    png = plain_png(disc_field)
    for name, content in (
        ("camera.png", png),
        ("device.png", with_scale(png, 0.2)),
        ("odd.png", with_scale(png, 17)),
    ):
        (folder / name).write_bytes(content)
    found = [cell.um_per_px for cell in cells_of_folder(tmp_path, um_per_px=0.1)]
    assert found == pytest.approx([0.1, 0.2, 0.1])
    with pytest.raises(CalibrationError, match=r"camera\.png, does not tell its scale; give --um"):
        list(cells_of_folder(tmp_path, um_per_px=None))


@pytest.mark.parametrize(
    ("um_per_px", "shape", "kept", "kept_um_per_px"),
    [
        (0.2, (900, 1100), (200, 200), 0.2),
        (0.2, (150, 1100), (150, 200), 0.2),
        (0.04, (1100, 1200), (480, 480), 40 / 480),
    ],
)
def test_of_a_whole_photograph_the_middle_is_kept_and_the_rest_let_go(
    um_per_px: float, shape: tuple[int, int], kept: tuple[int, int], kept_um_per_px: float
) -> None:
    rgb = np.zeros((*shape, 3), np.uint8)
    rgb[shape[0] // 2 - 8 : shape[0] // 2 + 8, shape[1] // 2 - 8 : shape[1] // 2 + 8] = 255
    used = FrameUsed(name="x", sha256="0" * 64)
    middle = middle_of(LabelledCell(rgb, um_per_px, CellClass.MONOCYTE, used))
    assert middle.rgb.shape == (*kept, 3)
    assert middle.um_per_px == pytest.approx(kept_um_per_px)
    assert middle_of(middle).stated_um_per_px == pytest.approx(um_per_px)
    assert middle.rgb[kept[0] // 2, kept[1] // 2].all()
    assert not np.shares_memory(middle.rgb, rgb)


def test_of_many_cells_a_hundred_are_taken_evenly(tmp_path: Path) -> None:
    blank = Image.fromarray(np.full((40, 40, 3), 235, np.uint8))
    for name, number in (("Neutrophil", 130), ("monocytes", 7)):
        (tmp_path / name).mkdir()
        for one in range(number):
            blank.save(tmp_path / name / f"{one:03}.png")
    cells = list(cells_of_folder(tmp_path, um_per_px=0.1))
    taken = [cell.cell_class for cell in cells]
    assert len(taken) == MOST_CELLS
    assert taken.count(CellClass.MONOCYTE) == 7
    # Names begin with the slide more often than not: no end of them may be left out.
    names = [cell.used.name for cell in cells if cell.cell_class is CellClass.NEUTROPHIL]
    assert (names[0], names[-1]) == ("Neutrophil/000.png", "Neutrophil/128.png")
    assert sum("/000" <= name[10:] < "/065" for name in names) == 47
    assert len(set(names)) == 93


def test_a_picture_that_cannot_be_read_is_left_out_and_named(
    tmp_path: Path, disc_field: RGBImage
) -> None:
    (tmp_path / "monocyte").mkdir()
    (tmp_path / "monocyte" / "a.png").write_text("hello", "utf-8")
    (tmp_path / "monocyte" / "b.png").write_bytes(plain_png(disc_field))
    (tmp_path / "monocyte" / "within").mkdir()
    (tmp_path / "monocyte" / "within" / "c.png").write_bytes(plain_png(disc_field))
    reasons: list[str] = []
    unread: list[str] = []
    cells = list(
        cells_of_folder(tmp_path, um_per_px=0.1, left_out=reasons.append, unread=unread.append)
    )
    assert [cell.used.name for cell in cells] == ["monocyte/b.png"]
    (reason,) = reasons
    assert "a.png is no PNG" in reason
    folder = tmp_path / "monocyte"
    assert unread == [f"a folder with images in {folder} is not looked into (within)"]
