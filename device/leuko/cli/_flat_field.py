"""``leuko calibrate flat-field``: even light."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._calibration_options import KEEPING, PICTURES, Asked, asking
from leuko.cli._keeping import offer
from leuko.cli._measuring import Measuring, measuring, tell_left_out
from leuko.plurals import counted

if TYPE_CHECKING:
    from leuko.status import Guidance


@asking(*PICTURES, *KEEPING)
def flat_field(
    asked: Asked,
    *,
    fields: Annotated[
        int, typer.Option(min=2, max=200, help="Pictures to take; two of empty glass will do.")
    ] = 20,
) -> None:
    """Even out light and colour, from about twenty places of a smear or from empty glass."""
    with measuring("flat_field", asked) as bench:
        calibrate_flat_field(bench, fields=fields)


def calibrate_flat_field(bench: Measuring, *, fields: int = 20) -> None:
    """Measure the light, and keep what evens it out if that is wanted; see `offer`.

    Args:
        bench: what it is measured with.
        fields: pictures to take.

    Raises:
        LeukoError: it is refused.
    """
    from leuko.calibration import measure_light
    from leuko.terminal import progress_bar

    with progress_bar() as progress:
        found = measure_light(
            bench.shots,
            bench.circumstances,
            wanted=fields,
            is_live=bench.camera is not None,
            told=lambda done, of, guidance: _told(bench, progress, done, of, guidance=guidance),
        )
    for reason in found.left_out:
        tell_left_out(reason)
    part = found.part
    bench.say(
        f"light from {counted(len(part.origin.frames), 'picture')} ({part.method}): uneven by "
        f"{part.before_percent:.2f} %, {part.after_percent:.2f} % after correction"
    )
    figures = (f"uneven {part.before_percent:.1f} %", f"then {part.after_percent:.2f} %")
    offer(bench, "flat_field", part, gain=found.gain, figures=figures)


def _told(
    bench: Measuring,
    progress: Callable[[str, int, int], None],
    done: int,
    of: int,
    *,
    guidance: "Guidance",
) -> None:
    progress("pictures: move the slide on" if bench.camera else "pictures", done, of)
    if bench.camera:
        bench.wizard.instruct(guidance)
    bench.wizard.tell(f"picture {done} of {of}")
