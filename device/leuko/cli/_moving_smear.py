"""Different fields of a smear that a person moves on, with what they are told meanwhile."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from leuko.cli._live_gate import live_gate

if TYPE_CHECKING:
    from leuko.calibration import Calibration, Shot
    from leuko.cells import RGBImage
    from leuko.wizard import Wizard

_MOST_SHARED = 0.1
"""Share of a field that another may show, too: more would count many a cell twice."""


def fields_of_smear(
    shots: Iterator["Shot"],
    wizard: "Wizard",
    *,
    wanted: int,
    empty: int = 0,
    present: "Calibration | None",
    um_per_px: float | None,
) -> Iterator["Shot"]:
    """Yield the camera's pictures that each show another place at rest.

    Args:
        shots: of the camera.
        wizard: shows how many fields there are, and what keeps the next from being taken.
        wanted: fields.
        empty: fields of empty glass that are taken.
        present: the calibration in use.
        um_per_px: scale of the pictures; None if it is not known, so that nobody can say what is
            sharp and what overlaps.
    """
    from leuko.calibration import MOVING, SHOWN, different_fields

    def told(fields: int, reason: str) -> None:
        # What a person does anyway is no instruction.
        wizard.instruct("" if reason in {MOVING, SHOWN} else reason)
        wizard.tell(f"field {fields} of {wanted}", reason or "taken")

    flaw = _flaw(present, um_per_px) if um_per_px else lambda _rgb: ""
    return different_fields(shots, wanted=wanted, empty=empty, flaw=flaw, told=told)


def _flaw(present: "Calibration | None", um_per_px: float) -> "Callable[[RGBImage], str]":
    from leuko.calibration import SHOWN, CalibratedFrames
    from leuko.tracking import FieldMap

    frames = CalibratedFrames(present) if present else None
    gate = live_gate(present, um_per_px)
    ground = FieldMap(um_per_px=um_per_px, most_shared=_MOST_SHARED)

    def flaw(rgb: "RGBImage") -> str:
        even = frames.calibrated(rgb) if frames else rgb
        return gate(even) or ("" if ground.place(even).is_new else SHOWN)

    return flaw
