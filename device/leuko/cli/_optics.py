"""``leuko calibrate scale`` and ``focus``: how large a pixel is, and what sharp means."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._calibration_options import KEEPING, PICTURES, Asked, asking
from leuko.cli._keeping import offer
from leuko.cli._measuring import Measuring, known_scale, measuring
from leuko.cli._opening import tell_person
from leuko.cli._options import WrongUseError, number_from

if TYPE_CHECKING:
    from leuko.calibration import ScalePart, Shot

_USUAL_DIVISION_UM = 10.0


@asking(*PICTURES, *KEEPING)
def scale(
    asked: Asked,
    *,
    micrometer: Annotated[
        bool, typer.Option("--micrometer", help="The pictures show a stage micrometer's lines.")
    ] = False,
    division_um: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            parser=number_from(0.5, 1000),
            help="Distance of its lines in µm, 0.5 to 1000; 10 unless told.",
        ),
    ] = None,
) -> None:
    """Measure µm per pixel with a stage micrometer or, where there is none, by red cells."""
    if division_um and not micrometer:
        raise WrongUseError("--division-um is of a micrometer's lines; say --micrometer, too")
    with measuring("scale", asked) as bench:
        calibrate_scale(
            bench, division_um=(division_um or _USUAL_DIVISION_UM) if micrometer else None
        )


@asking(*PICTURES, *KEEPING)
def focus(
    asked: Asked,
    *,
    pictures: Annotated[int, typer.Option(min=7, max=200, help="Pictures of the sweep.")] = 40,
) -> None:
    """Measure what sharp means, while the focus is turned through the film and out again."""
    with measuring("focus", asked) as bench:
        calibrate_focus(bench, pictures=pictures)


def calibrate_scale(bench: Measuring, *, division_um: float | None = None) -> None:
    """Measure the size of a pixel, and keep it if that is wanted; see `offer`.

    Args:
        bench: what it is measured with.
        division_um: distance of a stage micrometer's lines in µm; None for red cells.

    Raises:
        LeukoError: it is refused.
    """
    from leuko.calibration import measure_with_ruler

    part = (
        measure_with_ruler(bench.shots, bench.circumstances, division_um=division_um)
        if division_um
        else _by_red_cells(bench)
    )
    bench.say(
        f"{part.um_per_px:.5f} µm per pixel, within {part.within_percent:.2g} % (95 %), "
        f"from {part.measured} {'lines' if division_um else 'red cells'}"
    )
    figures = (f"{part.um_per_px:.4f} µm/px", f"within {part.within_percent:.2g} %")
    offer(bench, "scale", part, figures=figures)


def _by_red_cells(bench: Measuring) -> "ScalePart":
    from leuko.calibration import measure_by_red_cells, quality_limits
    from leuko.status import Guidance

    def told(shot: "Shot", reason: str) -> None:
        if bench.camera:
            # A slide at rest may give copies, which is nothing that a person should put right.
            bench.wizard.instruct(reason if reason in set(Guidance) else "")
        elif reason:
            typer.echo(f"leuko: left out {shot.used.name}: {reason}", err=True)

    return measure_by_red_cells(
        bench.shots,
        bench.circumstances,
        even=bench.even(),
        limits=quality_limits(bench.history.current()),
        is_live=bench.camera is not None,
        told=told,
        doubted=lambda sentence: tell_person(f"leuko: {sentence}"),
    )


def calibrate_focus(bench: Measuring, *, pictures: int = 40) -> None:
    """Measure what sharp means, and keep it if that is wanted; see `offer`.

    Args:
        bench: what it is measured with.
        pictures: of the sweep.

    Raises:
        LeukoError: it is refused.
    """
    from leuko.calibration import measure_focus

    part = measure_focus(
        bench.shots,
        bench.circumstances,
        even=bench.even(),
        um_per_px=known_scale(bench, "sharpness is judged at"),
        wanted=pictures,
        told=lambda sharpness: bench.wizard.tell(f"sharpness {sharpness:.2f}"),
    )
    bench.say(
        f"in focus {part.best_sharpness:.2f}, at the softest {part.softest:.2f}: a frame "
        f"counts from {part.least_sharpness:.2f}"
    )
    figures = (f"in focus {part.best_sharpness:.2f}", f"counts from {part.least_sharpness:.2f}")
    offer(bench, "focus", part, figures=figures)
