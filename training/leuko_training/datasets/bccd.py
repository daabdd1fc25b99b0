"""BCCD: fields of 640x480 px with boxes of red cells, leukocytes and platelets.

Layout: ``bccd/BCCD/JPEGImages/BloodImage_00000.jpg``, ``Annotations/BloodImage_00000.xml`` (VOC),
``bccd/labels.csv`` (Image, Category: the class of each image). Masks of the same photographs,
0 background, about 155 cytoplasm, 255 nucleus, are Banik's: ``banik-nucleus/
wbc_nucleus_seg_localz/Datasets/Ground Truth/BCCD/BloodImage_Mask_00000.png``.

Scale: red cells of 92.3 px (median of 3,060 circles in 362 fields; 84 to 102 between fields),
hence 0.078 µm/px ±8 %. The boxes of 1,468 round red cells have a median side of 104 px, but they
are drawn with a margin; taken literally they would give 0.069. Neutrophils are then 14.4 µm
(median equal-area diameter of the masks), lymphocytes 9.2, monocytes 16.6.
"""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET  # ruff: ignore[suspicious-xml-etree-import] - local files

from leuko.cells import Box, CellClass
from leuko_training.datasets._base import DatasetSpec, LabelledImage
from leuko_training.datasets._files import csv_rows, existing, images_in
from leuko_training.datasets._labels import class_from_word
from leuko_training.errors import DatasetError

FOLDER = "bccd"
MASK_FOLDER = "banik-nucleus/wbc_nucleus_seg_localz/Datasets/Ground Truth/BCCD"
UM_PER_PX = 0.078
RUN_LENGTH = 5
"""Neighbouring numbers are often the same field moved; five of them are kept together."""


def read(root: Path) -> list[LabelledImage]:
    """The fields, grouped in runs of neighbouring numbers."""
    labels = _labels_of_images(root / FOLDER / "labels.csv")
    images = images_in(root / FOLDER / "BCCD" / "JPEGImages", ".jpg")
    return [_field(image, root / MASK_FOLDER, labels) for image in images]


def _labels_of_images(path: Path) -> Mapping[int, CellClass | None]:
    if not path.is_file():  # labels.csv comes with the Kaggle copy, not with the repository
        return {}
    return {
        int(row["Image"]): class_from_word(row["Category"])
        for row in csv_rows(path)
        if row["Image"].strip()
    }


def _field(image: Path, masks: Path, labels: Mapping[int, CellClass | None]) -> LabelledImage:
    digits = image.stem.removeprefix("BloodImage_")
    return LabelledImage(
        dataset="bccd",
        image=image,
        mask=existing(masks / f"BloodImage_Mask_{digits}.png"),
        label=labels.get(int(digits)),
        group=str(int(digits) // RUN_LENGTH),
        fold="",
        um_per_px=UM_PER_PX,
        box=_only_leukocyte(image),
    )


def _only_leukocyte(image: Path) -> tuple[int, int, int, int] | None:
    annotation = existing(annotation_of(image))
    boxes = read_boxes(annotation).get("WBC", ()) if annotation else ()
    if len(boxes) != 1:
        return None
    return boxes[0].x, boxes[0].y, boxes[0].width, boxes[0].height


def annotation_of(image: Path) -> Path:
    """The file with the boxes of a field, whether or not it is there."""
    return image.parents[1] / "Annotations" / f"{image.stem}.xml"


def read_boxes(annotation: Path) -> Mapping[str, tuple[Box, ...]]:
    """All boxes of a VOC annotation by name: ``RBC``, ``WBC``, ``Platelets``.

    Args:
        annotation: VOC XML file, whose corners are in pixels and inclusive.

    Raises:
        DatasetError: The file is missing or no VOC annotation.
    """
    boxes: dict[str, list[Box]] = defaultdict(list)
    try:
        for element in ET.parse(annotation).getroot().iter("object"):  # ruff: ignore[suspicious-xml-element-tree-usage] - local file
            boxes[element.findtext("name", "")].append(_box(element))
    except (OSError, ET.ParseError, ValueError) as error:
        message = f"{annotation} is missing or no VOC annotation; clone BCCD_Dataset again"
        raise DatasetError(message) from error
    return {name: tuple(found) for name, found in boxes.items()}


def _box(element: ET.Element) -> Box:
    left, top, right, bottom = (
        int(element.findtext(f"bndbox/{corner}", "")) for corner in ("xmin", "ymin", "xmax", "ymax")
    )
    return Box(x=left, y=top, width=right - left, height=bottom - top)


SPECS = (
    DatasetSpec(
        name="bccd",
        title="BCCD with the masks of Banik et al.",
        citation=(
            "BCCD_Dataset (Shenggan); masks: Banik, Saha, Kim, Expert Syst. Appl. 149 (2020) "
            "113211, doi 10.1016/j.eswa.2020.113211"
        ),
        licence="MIT",
        layout=(f"{FOLDER}/BCCD/JPEGImages/*.jpg", f"{FOLDER}/BCCD/Annotations/*.xml"),
        remedy=(
            f"clone the GitHub repository Shenggan/BCCD_Dataset as {FOLDER}, and put the masks of "
            f"Banik et al. into {MASK_FOLDER}"
        ),
        read=read,
        expected_images=364,
        expected_labels={
            CellClass.NEUTROPHIL: 205,
            CellClass.EOSINOPHIL: 87,
            CellClass.LYMPHOCYTE: 33,
            CellClass.MONOCYTE: 20,
            CellClass.BASOPHIL: 3,
        },
        same_photographs_as=("kaggle_blood_cells",),
    ),
)
