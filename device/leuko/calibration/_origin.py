"""Where anything that is measured comes from: when, by whom, from which pictures."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from leuko.calibration._lines import Line
from leuko.clock import Moment

MOST_FRAMES = 1000
"""Pictures that an origin names."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Side = Annotated[int, Field(ge=32, le=16_000)]
Count = Annotated[int, Field(ge=0, le=10_000_000)]


class Table(BaseModel):
    """What is read from a file: nothing unknown, nothing changed later."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CameraUsed(Table):
    """The camera that pictures came from."""

    driver: Line
    """Driver's name; ``files`` for pictures from a folder."""
    source: Line = ""
    """Which camera, as the driver understands it."""
    width: Side
    """Columns of a picture."""
    height: Side
    """Rows of a picture."""


class FrameUsed(Table):
    """A picture that something was measured from."""

    name: Line
    """File name, or the picture's number."""
    sha256: Sha256
    """Hash of the file, or of the pixels of a picture that no file holds."""


class Origin(Table):
    """When, by whom and from what a part was measured."""

    number: Count = 0
    """Number of the calibration that the part came with; orders parts of one device."""
    moment: Moment
    """When, with whether the clock was set."""
    by: Line
    """Who."""
    frames: Annotated[tuple[FrameUsed, ...], Field(max_length=MOST_FRAMES)]
    """From which pictures; of more the first."""
    camera: CameraUsed
    """From which camera."""
    bundle: Line
    """Name and version of the model bundle in use."""
    bundle_sha256: Sha256
    """Hash of its manifest."""
