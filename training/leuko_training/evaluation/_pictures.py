"""Pictures to judge by eye. They hold pixels of data sets: never for the repository."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from leuko.cells import Box, Cell, CellRegion, Mask, RGBImage
from leuko.errors import OutputError
from leuko_training.datasets import LabelledImage, load_mask
from leuko_training.evaluation._fields import FieldResult
from leuko_training.evaluation._findings import union_of
from leuko_training.evaluation._names import Answer, NameResult
from leuko_training.evaluation._outlines import OutlineResult
from leuko_training.evaluation._run import Evaluation
from leuko_training.evaluation._tiles import Scene, sheet, square, tile, write_picture
from leuko_training.images import read_rgb

WORST = 10
"""Cases on a contact sheet."""

_COLUMNS = 5
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
        for number, one in enumerate(_unmatched_tiles(evaluation.fields), start=1):
            sheets[f"unmatched/{number:03d}.png"] = [one]
    _remove_former(folder)
    return [
        write_picture(folder / name, sheet(tiles, columns=_COLUMNS))
        for name, tiles in sheets.items()
        if tiles
    ]


def _remove_former(folder: Path) -> None:
    # Fewer unmatched regions than last time must not leave last time's pictures behind.
    try:
        for picture in (*folder.glob("worst/*.png"), *folder.glob("unmatched/[0-9]*.png")):
            picture.unlink()
    except OSError as error:
        raise OutputError(f"{folder} cannot be cleared ({error}); choose another folder") from error


def _outline_tiles(result: OutlineResult) -> list[RGBImage]:
    tiles = []
    for image in result.worst(WORST):
        scene = _scene(image.item, image.cells)
        caption = (image.item.image.stem, f"Dice {image.score.dice:.3f}")
        tiles.append(tile(scene, _view_of(scene.truth | scene.found), caption))
    return tiles


def _name_tiles(result: NameResult) -> list[RGBImage]:
    tiles = []
    for answer in result.worst(WORST):
        scene = _scene(answer.item, [answer.cell] if answer.cell else [])
        view = _around(answer.cell.region, answer.item) if answer.cell else _view_of(scene.truth)
        caption = (f"{answer.item.image.stem}: {answer.truth}", _said(answer))
        tiles.append(tile(scene, view, caption))
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
            tiles.append(tile(scene, _around(region, field.item), caption))
    return tiles


def _unmatched_tiles(result: FieldResult) -> list[RGBImage]:
    tiles = []
    for region in result.unmatched:
        scene = _scene(region.item, [region.cell])
        caption = (
            f"{_field_name(region.item)} {_place(region.cell.region.box)}",
            f"{region.cell.cell_class} {region.cell.probability:.2f} {region.verdict}",
        )
        tiles.append(tile(scene, _around(region.cell.region, region.item), caption))
    return tiles


def _scene(item: LabelledImage, cells: Sequence[Cell]) -> Scene:
    rgb = read_rgb(item.image)
    shape = (rgb.shape[0], rgb.shape[1])
    truth = load_mask(item) if item.mask else np.zeros(shape, np.bool_)
    return Scene(rgb, truth, union_of(cells, shape))


def _field_name(item: LabelledImage) -> str:
    return f"{item.image.parent.name}/{item.image.stem}"


def _place(box: Box) -> str:
    return f"{box.x},{box.y} {box.width}x{box.height}"


def _around(region: CellRegion, item: LabelledImage) -> Box:
    return square(region.box, reach=round(_REACH_UM / item.um_per_px))


def _view_of(mask: Mask) -> Box:
    if not mask.any():
        return Box(0, 0, mask.shape[1], mask.shape[0])
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return square(Box(x, y, width, height), reach=round(0.65 * max(width, height)))
