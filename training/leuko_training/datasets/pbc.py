"""PBC: leukocyte crops of a CellaVision DM96 in Barcelona, eight classes.

Layout: ``pbc/PBC_dataset_normal_DIB/neutrophil/BNE_101234.jpg``; boxes of the central cell, by
the name of the image: ``pbc/boxes_medmabcf/{train,val,test}/labels/BNE_101234.txt`` (YOLO).

Scale: red cells of 45.8 px in images shrunk to 224 px (median of 2,713 circles in 300 images;
42 to 50 between images), that is 73.6 px in the published ones of 360x363 px, hence 0.098 µm/px
±5 %. The boxes of neutrophils are then 14.5 µm wide, of lymphocytes 10.9, of monocytes 16.9.
Images of another size are taken for shrunk copies of the published ones.
"""

from collections.abc import Mapping
from pathlib import Path

from leuko.cells import CellClass
from leuko_training.datasets._base import DatasetSpec, LabelledImage
from leuko_training.datasets._files import image_size, images_in
from leuko_training.datasets._labels import class_from_word
from leuko_training.errors import DatasetError

FOLDER = "pbc/PBC_dataset_normal_DIB"
BOX_FOLDER = "pbc/boxes_medmabcf"
UM_PER_PX = 0.098
"""Of the published images, whose long side is `PUBLISHED_SIDE_PX`."""

PUBLISHED_SIDE_PX = 363

EXPECTED = {
    CellClass.BASOPHIL: 1218,
    CellClass.EOSINOPHIL: 3117,
    CellClass.ERYTHROBLAST: 1551,
    CellClass.IMMATURE_GRANULOCYTE: 2895,
    CellClass.LYMPHOCYTE: 1214,
    CellClass.MONOCYTE: 1420,
    CellClass.NEUTROPHIL: 3329,
    CellClass.PLATELET_OR_ARTEFACT: 2348,
}
_YOLO_FIELDS = 5


def read(root: Path) -> list[LabelledImage]:
    """The crops of every class folder; each is a group of its own, no patient is told."""
    boxes = {path.stem: path for path in (root / BOX_FOLDER).glob("*/labels/*.txt")}
    return [
        _crop(image, boxes)
        for folder in sorted((root / FOLDER).iterdir())
        for image in images_in(folder, ".jpg")
    ]


def _crop(image: Path, boxes: Mapping[str, Path]) -> LabelledImage:
    size = image_size(image)
    annotation = boxes.get(image.stem)
    return LabelledImage(
        dataset="pbc",
        image=image,
        mask=None,
        label=class_from_word(image.parent.name),
        group=image.stem,
        fold="",
        um_per_px=UM_PER_PX * max(PUBLISHED_SIDE_PX / max(size), 1),
        box=_yolo_box(annotation, size) if annotation else None,
    )


def _yolo_box(path: Path, size: tuple[int, int]) -> tuple[int, int, int, int]:
    # YOLO: class, then centre and size as fractions of the image, so a shrunk image fits too.
    fields = path.read_text(encoding="ascii").split()
    if len(fields) != _YOLO_FIELDS:
        message = f"{path} holds {len(fields)} numbers instead of 5; unpack the boxes again"
        raise DatasetError(message)
    x, y, width, height = (float(number) for number in fields[1:])
    left, top = (x - width / 2) * size[0], (y - height / 2) * size[1]
    return round(left), round(top), round(width * size[0]), round(height * size[1])


SPECS = (
    DatasetSpec(
        name="pbc",
        title="PBC_dataset_normal_DIB (Barcelona)",
        citation="Acevedo et al., Data in Brief 30 (2020) 105474, doi 10.1016/j.dib.2020.105474",
        licence="CC BY 4.0",
        layout=(f"{FOLDER}/*/*.jpg",),
        remedy=f"get Mendeley Data snkd93bnjr and unpack its class folders into {FOLDER}",
        read=read,
        expected_images=sum(EXPECTED.values()),
        expected_labels=EXPECTED,
    ),
)
