"""What a bundle's ``manifest.toml`` says, key by key."""

import difflib
import re
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from leuko.cells import CellClass


def _inside(name: str) -> str:
    pure = PurePosixPath(name)
    if not name or pure.is_absolute() or ".." in pure.parts or re.search(r"[\\:\0]", name):
        msg = f"names a file outside the bundle: {name!r}"
        raise ValueError(msg)
    return name


FileName = Annotated[str, AfterValidator(_inside)]
"""Name of a file inside the bundle, with slashes, never leading out of it."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Length = Annotated[int, Field(gt=0, le=4096)]
Scale = Annotated[float, Field(gt=0, le=10)]
Probability = Annotated[float, Field(ge=0, le=1)]
ClassWeight = Annotated[float, Field(ge=0.01, le=100)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class SegmenterSpec(_Table):
    """How leukocytes are located and outlined."""

    locator: FileName
    """Model that finds cells on the whole field, coarsely."""
    outliner: FileName
    """Model that outlines one cell in a window around it."""
    locate_um_per_px: Scale
    """Scale that the locator sees, in µm per pixel."""
    outline_um_per_px: Scale
    """Scale that the outliner sees, in µm per pixel."""
    tile_height: Length
    """Height of the locator's input, in pixels."""
    tile_width: Length
    """Width of the locator's input, in pixels."""
    tile_overlap: Annotated[int, Field(ge=0)]
    """By how many pixels neighbouring tiles overlap."""
    window: Length
    """Side of the outliner's square input, in pixels."""
    threshold: Probability
    """Probability from which a pixel belongs to a leukocyte."""
    smallest_area_um2: Annotated[float, Field(ge=0)]
    """Regions smaller than this are no leukocytes, in µm²."""
    largest_area_um2: Annotated[float, Field(gt=0)]
    """Regions larger than this are more than one leukocyte or none, in µm²."""

    @model_validator(mode="after")
    def _sides_fit(self) -> Self:
        if 2 * self.tile_overlap >= min(self.tile_height, self.tile_width):
            msg = f"tile_overlap = {self.tile_overlap} is half a tile or more"
            raise ValueError(msg)
        if self.smallest_area_um2 >= self.largest_area_um2:
            msg = "smallest_area_um2 is not below largest_area_um2"
            raise ValueError(msg)
        return self


class OwnCellsSpec(_Table):
    """How a laboratory's own cells tell of each other's names."""

    usual: FileName
    """NumPy archive of how leukocytes lie to each other elsewhere, see
    `leuko.adaptation.UsualCells`."""
    unclassified_below: Probability
    """Once the laboratory's own cells are known: a cell whose likeliest class is less probable
    than this is unclassified."""


class ClassifierSpec(_Table):
    """How a cell is named."""

    model: FileName
    """Model that gives one cell its class probabilities and its embedding."""
    um_per_px: Scale
    """Scale that the classifier sees, in µm per pixel."""
    size: Length
    """Side of the classifier's square input, in pixels."""
    margin: Annotated[int, Field(ge=0)]
    """Width of the rim that stays visible around the cell, in pixels."""
    embedding: Length
    """Length of the embedding."""
    unclassified_below: Probability
    """A cell whose likeliest class is less probable than this is unclassified."""
    temperature: Annotated[float, Field(ge=0.25, le=4.0)] = 1.0
    """Temperature that makes the probabilities fit what laboratories never seen have shown."""
    class_weights: tuple[ClassWeight, ...] = (1.0,) * len(CellClass)
    """What each class's probability is multiplied by: how much commoner it is than where it was
    learnt."""

    evens_laboratory: bool = False
    """Whether cells are to be shown as if their laboratory's tone were usual, see
    `leuko.vision.laboratory`, and as they are, which has a tenth of a say."""

    familiarity: FileName | None = None
    """NumPy archive of what embeddings of known cells look like; a bundle may have none."""

    own_cells: OwnCellsSpec | None = None
    """How a laboratory's own cells tell of each other's names; a bundle may not want it."""

    @model_validator(mode="after")
    def _own_cells_are_evened(self) -> Self:
        if self.own_cells and not self.evens_laboratory:
            msg = "has own_cells without evens_laboratory, which makes a laboratory known"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _every_class_has_a_weight(self) -> Self:
        if len(self.class_weights) != len(CellClass):
            msg = f"has {len(self.class_weights)} class_weights for {len(CellClass)} classes"
            raise ValueError(msg)
        return self


class QuantisationSpec(_Table):
    """How real numbers became integers, in words."""

    input: str
    """How a pixel stands for a real number."""
    weights: str
    """Type and granularity of the weights."""
    activations: str
    """Type of the activations."""


class TrainingSet(_Table):
    """A dataset that the models learnt from."""

    name: str
    """Short name, as in the split."""
    title: str
    """Title and authors, as they wish to be cited."""
    licence: str
    """Licence, which the models inherit conditions from."""
    images: Annotated[int, Field(ge=0)]
    """How many images of it were used."""
    folds: str
    """Which folds of the split were used."""


class SplitSpec(_Table):
    """Which images were kept away from training."""

    file: FileName
    """Table of the split; it need not be part of the bundle."""
    held_out: str
    """What was never trained nor tuned on."""
    validation: str
    """What thresholds were tuned on."""


class Tolerance(_Table):
    """How far a device's outputs may lie from the golden ones, in steps of uint8."""

    segmenter_lsb: Annotated[int, Field(ge=0, le=255)]
    """For the locator and the outliner."""
    classifier_lsb: Annotated[int, Field(ge=0, le=255)]
    """For the classifier."""


class GoldenSpec(_Table):
    """Inputs whose outputs are known."""

    file: FileName
    """NumPy archive with ``<model>_input`` and ``<model>_output_<i>``, all uint8."""
    tolerance: Tolerance
    """How far this device may be off."""


class EdgeTPUSpec(_Table):
    """Twins of the models, compiled together for the Edge TPU."""

    locator: FileName
    """Twin of the segmenter's locator."""
    outliner: FileName
    """Twin of the segmenter's outliner."""
    classifier: FileName
    """Twin of the classifier's model."""

    @property
    def names(self) -> tuple[str, str, str]:
        """The files, in the order of a field's way."""
        return self.locator, self.outliner, self.classifier


class Manifest(_Table):
    """A bundle's ``manifest.toml``."""

    format: Literal[1]
    """Version of this layout."""
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")]
    """Name of the bundle."""
    version: Annotated[str, Field(min_length=1)]
    """Version of the bundle's content."""
    classes: tuple[CellClass, ...]
    """The classifier's outputs, in order."""
    segmenter: SegmenterSpec
    """Locator and outliner."""
    classifier: ClassifierSpec
    """Classifier."""
    quantisation: QuantisationSpec
    """Quantisation."""
    training_sets: tuple[TrainingSet, ...]
    """What the models learnt from."""
    split: SplitSpec
    """What was kept away from training."""
    golden: GoldenSpec
    """Golden inputs and outputs."""
    edgetpu: EdgeTPUSpec | None = None
    """Twins for the Edge TPU; a bundle may have none."""
    files: dict[FileName, Sha256]
    """The sha256 of every file of the bundle."""
    model_card: FileName | None = None
    """What a reader should know of the models, as Markdown; a bundle may have none."""

    @model_validator(mode="after")
    def _classes_are_ours(self) -> Self:
        if self.classes != tuple(CellClass):
            msg = f"lists the classes {', '.join(self.classes)}, not {', '.join(CellClass)}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _named_files_are_listed(self) -> Self:
        segmenter, classifier = self.segmenter, self.classifier
        named = [segmenter.locator, segmenter.outliner, classifier.model, self.golden.file]
        named += self.edgetpu.names if self.edgetpu else ()
        usual = classifier.own_cells.usual if classifier.own_cells else None
        optional = (classifier.familiarity, usual, self.model_card)
        named += [name for name in optional if name is not None]
        for name in named:
            if name not in self.files:
                msg = f"uses {name} but does not list its sha256 under [files]"
                raise ValueError(msg)
        return self


def first_problem(error: ValidationError) -> str:
    """Return what is wrong with a manifest, as the predicate of a sentence."""
    problem = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(problem["loc"][-1]), _known_keys(), n=1)
        return f"has the unknown key {key}" + (f" (did you mean {near[0]}?)" if near else "")
    if problem["type"] == "missing":
        return f"has no {key}"
    if "ctx" in problem and "error" in problem["ctx"]:
        reason = str(problem["ctx"]["error"])
        return f"has a wrong {key}: it {reason}" if key else reason
    return f"has a wrong {key} ({problem['input']!r}: {problem['msg'].lower()})"


def _known_keys() -> list[str]:
    tables = (*_Table.__subclasses__(),)
    return sorted({key for table in tables for key in table.model_fields})
