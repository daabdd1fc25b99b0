"""What a calibration says, part by part.

A part that a later version adds is a further optional table here, with its own files beside the
record.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from leuko.calibration._lines import Line
from leuko.calibration._origin import Count, Origin, Sha256, Table
from leuko.cells import CellClass
from leuko.clock import Moment
from leuko.vision.tone import Tone

FORMAT = 1
"""The format of calibrations that this device reads and writes."""

Percent = Annotated[float, Field(ge=0, le=1000)]
Sharpness = Annotated[float, Field(ge=0, le=20)]


class Part(Table):
    """One thing that was measured."""

    origin: Origin
    """Where it comes from."""


class FlatFieldPart(Part):
    """How the light of an empty field is evened out."""

    file: Literal["flat-field.png"] = "flat-field.png"
    """The factors: 16 bits a channel, 8192 stands for 1."""
    sha256: Sha256
    """Hash of that file."""
    rows: Annotated[int, Field(ge=1, le=512)]
    """Rows of the factors."""
    columns: Annotated[int, Field(ge=1, le=512)]
    """Columns of the factors."""
    method: Literal["empty glass", "fields of a smear"]
    """What the light was found from."""
    before_percent: Percent
    """Unevenness of the light over half of the pictures, without correction."""
    after_percent: Percent
    """The same with a correction found from the other half."""


class ScalePart(Part):
    """How large a pixel is."""

    um_per_px: Annotated[float, Field(ge=0.02, le=1.0)]
    """Scale of the pictures, in µm per pixel."""
    within_percent: Percent
    """By how much it may be off, two standard errors."""
    method: Literal["stage micrometer", "red cells"]
    """What it was read from."""
    measured: Count
    """How many lines or red cells."""


class FocusPart(Part):
    """What sharp means for this optic."""

    least_sharpness: Sharpness
    """Sharpness of outlines below which a frame is not counted."""
    best_sharpness: Sharpness
    """Sharpness in focus; 1 is nothing but blur."""
    softest: Sharpness
    """Sharpness of the softest picture of the sweep."""


class WBCFactorPart(Part):
    """From leukocytes in a field to leukocytes in blood; only ever an estimate."""

    per_cell: Annotated[float, Field(gt=0, le=1000)]
    """10⁹ leukocytes a litre for each leukocyte that a field shows on average."""
    within_percent: Percent
    """By how much it may be off by chance alone, at 95 %."""
    cells: Count
    """Leukocytes that were counted."""
    fields: Count
    """In how many fields."""
    um_per_px: Annotated[float, Field(ge=0.02, le=1.0)] | None = None
    """Scale of these fields, in µm per pixel; None in older records: then nothing is estimated."""


Level = Annotated[float, Field(ge=0, le=255)]


class ExposurePart(Part):
    """How long a picture is exposed, so that the background has the level that bundles expect."""

    exposure_us: Annotated[int, Field(ge=1, le=10_000_000)]
    """Exposure time to lock, in µs."""
    analogue_gain: Annotated[float, Field(ge=0, le=1000)] | None = None
    """Gain to lock; None where the camera has none that is known."""
    level: Level
    """Level of the background that it gives, in its brightest channel."""
    clipped_percent: Percent
    """Share of the pixels that were saturated, in the worst channel."""


class WhiteBalancePart(Part):
    """What shows the background without colour."""

    red_gain: Annotated[float, Field(gt=0, le=1000)] | None = None
    """Red gain to lock; None where the camera has a colour temperature instead."""
    blue_gain: Annotated[float, Field(gt=0, le=1000)] | None = None
    """Blue gain to lock."""
    kelvin: Annotated[int, Field(ge=500, le=50_000)] | None = None
    """Colour temperature to lock; None where the camera has gains instead."""
    background: tuple[Level, Level, Level]
    """Red, green and blue of the background that it gives."""


_OpticalDensity = Annotated[float, Field(ge=0, le=3)]
_Darkness = Annotated[float, Field(ge=0.02, le=5.5)]
StainDensity = tuple[_OpticalDensity, _OpticalDensity, _OpticalDensity]
BackgroundLevel = Annotated[float, Field(ge=1, le=255)]


class StainPart(Part):
    """How this laboratory's smears are stained."""

    background: tuple[BackgroundLevel, BackgroundLevel, BackgroundLevel]
    """Red, green and blue of the glass, median over the fields."""
    background_spread_percent: Percent
    """By how much it differs from field to field, one standard deviation."""
    neutrophils: StainDensity
    """Optical density of neutrophils' nuclei in red, green and blue, median over the cells."""
    lymphocytes: StainDensity
    """The same of lymphocytes' nuclei."""
    red_cells: StainDensity
    """The same of the red cells beside them."""
    nuclei_spread_percent: Percent
    """By how much nuclei differ in density from cell to cell, one standard deviation."""
    cells: Count
    """Neutrophils and lymphocytes that were measured."""
    fields: Count
    """In how many fields."""
    tone: tuple[_Darkness, _Darkness] | None = None
    """Optical density of leukocytes' nuclei and of their cytoplasms, as `leuko.vision.tone` takes
    them; none in records of before, and of bundles that do not ask for it."""

    @model_validator(mode="after")
    def _nuclei_are_darker(self) -> Self:
        if self.tone and self.tone[0] <= self.tone[1]:
            raise ValueError("cytoplasms are darker than nuclei")
        return self

    def with_tone(self, tone: Tone) -> Self:
        """Return the same with how dark the cells are."""
        known = (round(tone.nucleus, 4), round(tone.cytoplasm, 4))
        # A copy that pydantic makes is not validated.
        return type(self).model_validate({**self.model_dump(), "tone": known})


class SitePart(Part):
    """How the classifier is adapted to this laboratory's cells; holds for one bundle."""

    file: Literal["site.f32"] = "site.f32"
    """Offset, whitening and means of a `SiteAdapter`: float32, little-endian, row by row."""
    sha256: Sha256
    """Hash of that file."""
    classes: Annotated[tuple[CellClass, ...], Field(min_length=2, max_length=8)]
    """The classes that are named by this laboratory's cells, in the order of `CellClass`."""
    lacking: tuple[CellClass, ...]
    """Classes of the differential with too few confirmed cells: named as the bundle does."""
    strength: Annotated[float, Field(gt=0, le=100)]
    """What half a squared distance counts for."""
    typical: Annotated[float, Field(ge=0, le=1e9)]
    """Squared distance that is typical of the confirmed cells."""
    priors: tuple[Annotated[float, Field(gt=0, le=100)], ...] = ()
    """How common each of the classes is taken to be; none in records of before: all alike."""
    trust: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Share of the logarithms of what is likely that is the adaptation's and not the bundle's."""
    cells: Annotated[int, Field(ge=1, le=10_000_000)]
    """Confirmed cells."""
    right_before: Count
    """Of these, named right by the bundle."""
    right_after: Count
    """Of these, named right when left out of the adaptation."""

    @model_validator(mode="after")
    def _check_right(self) -> Self:
        if max(self.right_before, self.right_after) > self.cells:
            raise ValueError(f"of {self.cells} cells more are said to be named right")
        return self


class CalibrationRecord(Table):
    """Everything that was measured of one microscope, as of one moment."""

    format: Literal[1] = 1
    """Version of this layout."""
    number: Annotated[int, Field(ge=1, le=999_999)]
    """Counts the calibrations of this device, from 1."""
    before: Annotated[int, Field(ge=1)] | None = None
    """Number of the one that `undo` goes back to; None for none."""
    cause: Line
    """What was done: a part's name, an import or an undo."""
    moment: Moment
    """When it was kept."""
    by: Line
    """Who kept it."""
    flat_field: FlatFieldPart | None = None
    """Evenness of light."""
    scale: ScalePart | None = None
    """Size of a pixel."""
    focus: FocusPart | None = None
    """Sharpness."""
    wbc_factor: WBCFactorPart | None = None
    """Leukocytes a field."""
    exposure: ExposurePart | None = None
    """Exposure time and gain."""
    white_balance: WhiteBalancePart | None = None
    """Colour of the background."""
    stain: StainPart | None = None
    """Colours of background and stain."""
    site: SitePart | None = None
    """Adaptation of the classifier."""

    @property
    def framed(self) -> dict[str, Part]:
        """The parts that hold for the frames of one camera: all but the adaptation to cells."""
        return {name: part for name, part in self.parts.items() if not isinstance(part, SitePart)}

    @property
    def parts(self) -> dict[str, Part]:
        """What has been measured, by its name here."""
        named = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: part for name, part in named.items() if isinstance(part, Part)}
