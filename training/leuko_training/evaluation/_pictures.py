"""Pictures to judge by eye. They hold pixels of data sets: never for the repository."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import Box, Cell, CellRegion, Mask, RGBImage
from leuko.errors import OutputError
from leuko_training.datasets import LabelledImage, load_mask
from leuko_training.evaluation._fields import FieldResult
from leuko_training.evaluation._findings import union_of
from leuko_training.evaluation._names import Answer, NameResult
from leuko_training.evaluation._outlines import OutlineResult
from leuko_training.evaluation._run import Evaluation
from leuko_training.images import read_rgb

WORST = 10
"""Cases on a contact sheet."""

_TRUTH, _FOUND = (0, 170, 0), (230, 0, 0)
_SIDE, _CAPTION, _COLUMNS = 300, 40, 5
_REACH_UM = 14.0


def write_pictures(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Write contact sheets of the worst cases and crops of unmatched regions.

    Truth is outlined green, what was found red.

    Args:
        evaluation: what was measured.
        folder: made if it is not there; must be out of the repository or ignored by it.

    Returns:
        The files written.
    """
    sheets = {
        **{f"worst/{r.dataset}-outlines.png": _outline_tiles(r) for r in evaluation.outlines},
        **{f"worst/{r.dataset}-names.png": _name_tiles(r) for r in evaluation.names},
    }
    if evaluation.fields:
        sheets["worst/bcisc_fields-missed.png"] = _missed_tiles(evaluation.fields)
        sheets["worst/bcisc_fields-unmatched.png"] = _unmatched_tiles(evaluation.fields)
        for number, tile in enumerate(_unmatched_tiles(evaluation.fields), start=1):
            sheets[f"unmatched/{number:03d}.png"] = [tile]
    _remove_former(folder)
    return [_write(folder / name, _sheet(tiles)) for name, tiles in sheets.items() if tiles]


def _remove_former(folder: Path) -> None:
    # Fewer unmatched regions than last time must not leave last time's pictures behind.
    try:
        for picture in (*folder.glob("worst/*.png"), *folder.glob("unmatched/[0-9]*.png")):
            picture.unlink()
    except OSError as error:
        raise OutputError(f"{folder} cannot be cleared ({error}); choose another folder") from error


@dataclass(frozen=True, slots=True)
class _Scene:
    """An image with what is there and what was found, as masks of its size."""

    rgb: RGBImage
    truth: Mask
    found: Mask


def _outline_tiles(result: OutlineResult) -> list[RGBImage]:
    tiles = []
    for image in result.worst(WORST):
        scene = _scene(image.item, image.cells)
        caption = (image.item.image.stem, f"Dice {image.score.dice:.3f}")
        tiles.append(_tile(scene, _view_of(scene.truth | scene.found), caption))
    return tiles


def _name_tiles(result: NameResult) -> list[RGBImage]:
    tiles = []
    for answer in result.worst(WORST):
        scene = _scene(answer.item, [answer.cell] if answer.cell else [])
        view = _around(answer.cell.region, answer.item) if answer.cell else _view_of(scene.truth)
        caption = (f"{answer.item.image.stem}: {answer.truth}", _said(answer))
        tiles.append(_tile(scene, view, caption))
    return tiles


def _said(answer: Answer) -> str:
    if answer.cell is None:
        return "not found"
    of_eight = f"{answer.cell_class} {answer.cell.probability:.2f}"
    if answer.leukocyte_class is answer.cell_class:
        return of_eight
    return f"{answer.leukocyte_class} (of eight: {of_eight})"


def _missed_tiles(result: FieldResult) -> list[RGBImage]:
    tiles = []
    for field in result.fields:
        for region in field.missed:
            scene = _scene(field.item, [unmatched.cell for unmatched in field.unmatched])
            caption = (_field_name(field.item), _place(region.box))
            tiles.append(_tile(scene, _around(region, field.item), caption))
    return tiles


def _unmatched_tiles(result: FieldResult) -> list[RGBImage]:
    tiles = []
    for region in result.unmatched:
        scene = _scene(region.item, [region.cell])
        caption = (
            f"{_field_name(region.item)} {_place(region.cell.region.box)}",
            f"{region.cell.cell_class} {region.cell.probability:.2f} {region.verdict}",
        )
        tiles.append(_tile(scene, _around(region.cell.region, region.item), caption))
    return tiles


def _scene(item: LabelledImage, cells: Sequence[Cell]) -> _Scene:
    rgb = read_rgb(item.image)
    shape = (rgb.shape[0], rgb.shape[1])
    truth = load_mask(item) if item.mask else np.zeros(shape, np.bool_)
    return _Scene(rgb, truth, union_of(cells, shape))


def _field_name(item: LabelledImage) -> str:
    return f"{item.image.parent.name}/{item.image.stem}"


def _place(box: Box) -> str:
    return f"{box.x},{box.y} {box.width}x{box.height}"


def _around(region: CellRegion, item: LabelledImage) -> Box:
    return _square(region.box, reach=round(_REACH_UM / item.um_per_px))


def _view_of(mask: Mask) -> Box:
    if not mask.any():
        return Box(0, 0, mask.shape[1], mask.shape[0])
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return _square(Box(x, y, width, height), reach=round(0.65 * max(width, height)))


def _square(box: Box, *, reach: int) -> Box:
    row, column = box.centre
    return Box(round(column) - reach, round(row) - reach, 2 * reach, 2 * reach)


def _tile(scene: _Scene, view: Box, caption: tuple[str, str]) -> RGBImage:
    """Return a square view with both outlines and two lines of text above it."""
    how = cv2.INTER_AREA if view.width > _SIDE else cv2.INTER_CUBIC
    picture = cv2.resize(_cut(scene.rgb, view), (_SIDE, _SIDE), interpolation=how)
    for mask, colour in ((scene.truth, _TRUTH), (scene.found, _FOUND)):
        small = cv2.resize(_cut(mask.astype(np.uint8), view), (_SIDE, _SIDE))
        contours, _ = cv2.findContours(small, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, contours, -1, colour, 1)
    tile = np.full((_SIDE + _CAPTION, _SIDE, 3), 255, np.uint8)
    tile[_CAPTION:] = picture
    for line, text in enumerate(caption):
        place, font = (3, 15 + 17 * line), cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(tile, text[:46], place, font, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    return tile


def _cut(image: NDArray[np.uint8], view: Box) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    canvas = np.zeros((view.height, view.width, *image.shape[2:]), np.uint8)
    left, top = max(view.x, 0), max(view.y, 0)
    right, bottom = min(view.x + view.width, width), min(view.y + view.height, height)
    canvas[top - view.y : bottom - view.y, left - view.x : right - view.x] = image[
        top:bottom, left:right
    ]
    return canvas


def _sheet(tiles: Sequence[RGBImage]) -> RGBImage:
    columns = min(_COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    blank = np.full_like(tiles[0], 255)
    padded = [*tiles, *[blank] * (rows * columns - len(tiles))]
    lines = [np.hstack(padded[row * columns : (row + 1) * columns]) for row in range(rows)]
    return np.vstack(lines)


def _write(path: Path, rgb: RGBImage) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        encoded = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1]
        path.write_bytes(encoded.tobytes())
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error}); choose another folder") from error
    return path
