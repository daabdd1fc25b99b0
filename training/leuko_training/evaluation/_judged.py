"""Regions without a mask that somebody has looked at: the annotators left leukocytes out."""

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from leuko.cells import Box
from leuko_training.errors import DatasetError

JUDGED_FILE = Path(__file__).parents[1] / "unmasked_leukocytes.toml"
"""The boxes judged so far, part of the package."""


class Verdict(StrEnum):
    """What a region that fits no mask is, to the eye."""

    LEUKOCYTE = "leukocyte"
    """A real leukocyte that nobody masked; not a false region."""
    NO_LEUKOCYTE = "no leukocyte"
    """A false region."""
    UNJUDGED = "not judged"
    """Nobody has looked yet; taken as false until then."""


class JudgedBox(BaseModel):
    """One judged place of one image."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: str
    """Path below the root of all data sets, with slashes."""
    x: Annotated[int, Field(ge=0)]
    """Left edge in pixels."""
    y: Annotated[int, Field(ge=0)]
    """Upper edge in pixels."""
    width: Annotated[int, Field(gt=0)]
    """Width in pixels."""
    height: Annotated[int, Field(gt=0)]
    """Height in pixels."""
    verdict: Verdict
    """What is there."""


class _JudgedFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    judged: tuple[JudgedBox, ...] = ()


def read_judged(path: Path = JUDGED_FILE) -> tuple[JudgedBox, ...]:
    """Return all judged boxes.

    Raises:
        DatasetError: the file is missing or not of this form.
    """
    try:
        return _JudgedFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).judged
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        first = str(error).splitlines()[0]
        raise DatasetError(f"{path} is no list of judged boxes ({first}); correct it") from error


def verdict_on(image: str, box: Box, judged: tuple[JudgedBox, ...]) -> Verdict:
    """Return what is known of a region: the verdict on the judged box that its middle is in.

    Another model draws another outline of the same cell, so boxes are not compared exactly.
    """
    row, column = box.centre
    for known in judged:
        inside_x = known.x <= column < known.x + known.width
        inside_y = known.y <= row < known.y + known.height
        if known.image == image and inside_x and inside_y:
            return known.verdict
    return Verdict.UNJUDGED
