"""What is kept of one quality check."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from leuko.calibration import Origin
from leuko.clock import Moment

Finite = Annotated[float, Field(allow_inf_nan=False)]


class Table(BaseModel):
    """What is read from a file: nothing unknown, nothing changed later."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Measured(Table):
    """What a check has measured; None where it could not be."""

    located_percent: Annotated[float, Field(ge=0, le=100)]
    """Leukocytes that were located, of all that a person sees."""
    sharpness: Finite
    """Sharpness of outlines, median over the fields; 1 is nothing but blur."""
    background: Finite
    """Level of the glass, mean of the channels, median over the fields."""
    nuclei_density: Finite | None
    """Optical density of nuclei, median over the cells."""
    scale_percent: Finite | None
    """Size of the red cells, in percent of what it is at the scale in use."""

    @property
    def values(self) -> dict[str, float]:
        """What could be measured, by name."""
        return {name: value for name, value in self.model_dump().items() if value is not None}


class CheckRecord(Table):
    """One quality check."""

    format: Literal[1] = 1
    """Version of this layout."""
    number: Annotated[int, Field(ge=1, le=999_999)]
    """Counts the checks of this device, from 1."""
    moment: Moment
    """When it was kept."""
    by: Annotated[str, Field(max_length=200)]
    """Who made it."""
    origin: Origin
    """From which pictures, camera and bundle."""
    calibration: int | None
    """Number of the calibration in use; None without one."""
    located: Annotated[int, Field(ge=0)]
    """Leukocytes that were located."""
    missed: Annotated[int, Field(ge=0)]
    """Leukocytes that a person saw and the device did not."""
    missed_in: tuple[Annotated[int, Field(ge=0)], ...] = ()
    """The same field by field, from the first on; empty where it was asked once of all."""
    measured: Measured
    """What is followed over the days."""
    failures: tuple[str, ...]
    """Why it failed, a sentence each; empty if it passed."""
    warnings: tuple[str, ...] = ()
    """What to keep an eye on, a sentence each."""

    @property
    def has_passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.failures
