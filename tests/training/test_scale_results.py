"""How well the scale is found: by slide for BCISC, by annotated boxes for BCCD."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leuko.cells import RGBImage
from leuko.sim import SimulatedSmear, SmearSpec
from leuko_training.datasets import LabelledImage
from leuko_training.evaluation import score_scales

SLIDE_1_PX = 110.9 / 2
"""Median red cell of BCISC's slide 1 in a field of half the usual width."""


def smear(width: int, height: int, um_per_px: float) -> RGBImage:
    spec = SmearSpec(seed=5, width_um=200, height_um=150, leukocytes=3)
    return SimulatedSmear(spec).render(5, 5, width_px=width, height_px=height, um_per_px=um_per_px)


def item(path: Path, rgb: RGBImage, dataset: str, group: str) -> LabelledImage:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgb).save(path)
    return LabelledImage(dataset, path, None, None, group, "0", 0.1)


def test_each_field_of_a_slide_is_judged_alone_and_a_blank_one_is_refused(tmp_path: Path) -> None:
    field = smear(1024, 768, 7.2 / SLIDE_1_PX)
    blank = np.full((768, 1024, 3), 230, np.uint8)
    items = [
        item(tmp_path / "1-1.png", field, "bcisc_fields", "1"),
        item(tmp_path / "1-2.png", blank, "bcisc_fields", "1"),
        item(tmp_path / "99-1.png", blank, "bcisc_fields", "99"),
    ]
    (result,) = score_scales(items, tmp_path)
    assert result.group == "bcisc_fields, slide 1"
    assert (len(result.errors), result.refused, result.pooled) == (2, 1, None)
    assert result.median == result.percentile95 == pytest.approx(0, abs=0.1)


def test_boxes_of_whole_red_cells_tell_the_scale_of_bccd(tmp_path: Path) -> None:
    rgb = smear(640, 480, 7.2 / 45)
    items = [item(tmp_path / "BloodImage_00001.jpg", rgb, "bccd", "0")]
    assert score_scales(items, tmp_path) == ()
    annotations = tmp_path / "bccd" / "BCCD" / "Annotations"
    annotations.mkdir(parents=True)
    boxes = [("RBC", 100, 100, 150, 150), ("RBC", 0, 0, 20, 20), ("WBC", 200, 200, 400, 400)]
    (annotations / "BloodImage_00001.xml").write_text(
        f"<annotation>{''.join(map(box, boxes))}</annotation>", encoding="utf-8"
    )
    (result,) = score_scales(items, tmp_path)
    assert result.group == "bccd"
    assert result.pooled == result.median == pytest.approx(0, abs=0.1)


def box(values: tuple[str, int, int, int, int]) -> str:
    name, *corners = values
    edges = zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)
    inner = "".join(f"<{edge}>{value}</{edge}>" for edge, value in edges)
    return f"<object><name>{name}</name><bndbox>{inner}</bndbox></object>"
