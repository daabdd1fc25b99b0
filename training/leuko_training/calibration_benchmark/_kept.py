"""Parts of the benchmark that were measured earlier, read from the results they were written to."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from leuko.bundle import ModelBundle
from leuko.errors import OutputError
from leuko_training.calibration_benchmark._cost import Cost
from leuko_training.calibration_benchmark._light import Light
from leuko_training.calibration_benchmark._red_cells import RedCellRow
from leuko_training.calibration_benchmark._rulers import RulerRow


class Kept(BaseModel):
    """What ``calibration.json`` holds; parts that it lacks are empty."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    bundle: str = ""
    """Label of the bundle that it was measured with."""
    light: Light | None = None
    """Flat fields."""
    rulers: tuple[RulerRow, ...] = ()
    """Errors of the scale in rendered pictures."""
    red_cells: tuple[RedCellRow, ...] = ()
    """Errors of the scale in real fields."""
    cost: Cost | None = None
    """Time and memory."""


def read_kept(folder: Path, bundle: ModelBundle) -> Kept:
    """Return what was measured before with the same bundle.

    Args:
        folder: that the tables went to.
        bundle: the models.

    Raises:
        OutputError: nothing was, or it cannot be read.
    """
    file = folder / "calibration.json"
    try:
        kept = Kept.model_validate_json(file.read_text("utf-8"))
    except (OSError, ValidationError) as error:
        raise OutputError(f"{file} has no earlier results; measure all parts") from error
    if kept.bundle != bundle.label:
        raise OutputError(f"{file} is of bundle {kept.bundle}; measure all parts")
    return kept
