"""Different fields of a smear that a person moves on, with what they are told meanwhile."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leuko.calibration import Shot
    from leuko.cells import RGBImage
    from leuko.wizard import Wizard


def fields_of_smear(
    shots: Iterator["Shot"],
    wizard: "Wizard",
    *,
    wanted: int,
    flaw: "Callable[[RGBImage], str]",
) -> Iterator["Shot"]:
    """Yield the camera's pictures that each show another place at rest.

    Args:
        shots: of the camera.
        wizard: shows how many fields there are, and what keeps the next from being taken.
        wanted: fields.
        flaw: says what else is wrong with a picture.
    """
    from leuko.calibration import MOVING, SHOWN, different_fields

    def told(fields: int, reason: str) -> None:
        # What a person does anyway is no instruction.
        wizard.instruct("" if reason in {MOVING, SHOWN} else reason)
        wizard.tell(f"field {fields} of {wanted}", reason or "taken")

    return different_fields(shots, wanted=wanted, flaw=flaw, told=told)
