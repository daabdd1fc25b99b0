"""The commands of ``leuko calibrate`` that measure something."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import wraps
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec

import typer

from leuko.cli._calibration_options import (
    ByOption,
    FromOption,
    JSONOption,
    StateOption,
    YesOption,
    name_of,
)
from leuko.cli._live import CameraOption, SourceOption
from leuko.cli._options import BundleOption, chosen_bundle
from leuko.errors import CalibrationError, LeukoError

if TYPE_CHECKING:
    from leuko.bundle import ModelBundle
    from leuko.calibration import Calibration, CalibrationHistory, Circumstances, Part, Shot
    from leuko.cameras import CameraProcess
    from leuko.settings import Settings
    from leuko.wizard import Wizard

_P = ParamSpec("_P")


@dataclass(frozen=True, slots=True)
class Measuring:
    """What all measuring commands need."""

    shots: Iterator["Shot"]
    circumstances: "Circumstances"
    history: "CalibrationHistory"
    stated_um_per_px: float | None
    bundle: "ModelBundle"
    wizard: "Wizard"
    camera: "CameraProcess | None" = None


class Again(typer.Abort):
    """A person wants it to be measured once more."""


def again_if_wanted(command: Callable[_P, None]) -> Callable[_P, None]:
    """Return a command that starts anew as often as the person wants it to."""

    @wraps(command)
    def repeated(*arguments: _P.args, **options: _P.kwargs) -> None:
        while True:
            try:
                return command(*arguments, **options)
            except Again:
                continue

    return repeated


def flat_field(
    *,
    folder: FromOption = None,
    fields: Annotated[
        int, typer.Option(min=2, max=200, help="Pictures to take; two of empty glass will do.")
    ] = 20,
    camera: CameraOption = None,
    camera_source: SourceOption = None,
    by: ByOption = None,
    yes: YesOption = False,
    json: JSONOption = False,
    state_dir: StateOption = None,
) -> None:
    """Even out light and colour, from about twenty places of a smear or from empty glass."""
    from leuko.calibration import measure_light
    from leuko.terminal import progress_bar

    with measuring(
        folder,
        state_dir,
        by,
        guide="flat_field",
        is_asked=not (yes or json),
        camera=camera,
        camera_source=camera_source,
    ) as bench:
        with progress_bar() as progress:
            found = measure_light(
                bench.shots,
                bench.circumstances,
                wanted=fields,
                told=lambda done, of: _told(bench, progress, done, of),
            )
        for reason in found.left_out:
            typer.echo(f"leuko: left out {reason}", err=True)
        if not json:
            part = found.part
            typer.echo(
                f"light from {len(part.origin.frames)} pictures ({part.method}): uneven by "
                f"{part.before_percent:.2f} %, corrected by {part.after_percent:.2f} %"
            )
        figures = (
            f"uneven {found.part.before_percent:.1f} %",
            f"corrected {found.part.after_percent:.2f} %",
        )
        offer(bench, "flat_field", found.part, gain=found.gain, yes=yes, json=json, figures=figures)


def scale(
    *,
    micrometer: Annotated[
        bool, typer.Option("--micrometer", help="The pictures show a stage micrometer's lines.")
    ] = False,
    division_um: Annotated[
        float, typer.Option(min=0.5, max=1000, help="Distance of its lines in µm.")
    ] = 10.0,
    folder: FromOption = None,
    camera: CameraOption = None,
    camera_source: SourceOption = None,
    by: ByOption = None,
    yes: YesOption = False,
    json: JSONOption = False,
    state_dir: StateOption = None,
) -> None:
    """Measure µm per pixel with a stage micrometer or, where there is none, by red cells."""
    from leuko.calibration import measure_by_red_cells, measure_with_ruler

    with measuring(
        folder,
        state_dir,
        by,
        guide="scale",
        is_asked=not (yes or json),
        camera=camera,
        camera_source=camera_source,
    ) as bench:
        part = (
            measure_with_ruler(bench.shots, bench.circumstances, division_um=division_um)
            if micrometer
            else measure_by_red_cells(bench.shots, bench.circumstances)
        )
        if not json:
            typer.echo(
                f"{part.um_per_px:.5f} µm per pixel, within {part.within_percent:.2g} % (95 %), "
                f"from {part.measured} {'lines' if micrometer else 'red cells'}"
            )
        figures = (f"{part.um_per_px:.4f} µm/px", f"within {part.within_percent:.2g} %")
        offer(bench, "scale", part, gain=None, yes=yes, json=json, figures=figures)


def focus(
    *,
    pictures: Annotated[int, typer.Option(min=7, max=200, help="Pictures of the sweep.")] = 40,
    folder: FromOption = None,
    camera: CameraOption = None,
    camera_source: SourceOption = None,
    by: ByOption = None,
    yes: YesOption = False,
    json: JSONOption = False,
    state_dir: StateOption = None,
) -> None:
    """Measure what sharp means, while the focus is turned through the film and out again."""
    from leuko.calibration import measure_focus

    with measuring(
        folder,
        state_dir,
        by,
        guide="focus",
        is_asked=not (yes or json),
        camera=camera,
        camera_source=camera_source,
    ) as bench:
        part = measure_focus(
            bench.shots,
            bench.circumstances,
            um_per_px=known_scale(bench),
            wanted=pictures,
            told=lambda sharpness: bench.wizard.tell(f"sharpness {sharpness:.2f}"),
        )
        if not json:
            typer.echo(
                f"in focus {part.best_sharpness:.2f}, at the softest {part.softest:.2f}: a frame "
                f"counts from {part.least_sharpness:.2f}"
            )
        figures = (f"in focus {part.best_sharpness:.2f}", f"counts from {part.least_sharpness:.2f}")
        offer(bench, "focus", part, gain=None, yes=yes, json=json, figures=figures)


def wbc_factor(
    *,
    known: Annotated[
        float, typer.Option(min=0.1, max=1000, help="The specimen's leukocytes, 10⁹ a litre.")
    ],
    folder: Annotated[
        Path, typer.Option("--from", metavar="FOLDER", help="Saved pictures of the camera.")
    ],
    by: ByOption = None,
    yes: YesOption = False,
    json: JSONOption = False,
    bundle: BundleOption = None,
    state_dir: StateOption = None,
) -> None:
    """Find what one leukocyte a field stands for, from fields of a specimen with a known count."""
    from leuko.calibration import CalibratedFrames, measure_wbc_factor
    from leuko.inference import LiteRTEngine
    from leuko.pipeline import FieldAnalyser

    with measuring(
        folder, state_dir, by, bundle=bundle, guide="wbc_factor", is_asked=not (yes or json)
    ) as bench:
        analyser, um_per_px = FieldAnalyser(bench.bundle, LiteRTEngine()), known_scale(bench)
        present = bench.history.current()
        frames = CalibratedFrames(present) if present else None
        part = measure_wbc_factor(
            bench.shots,
            bench.circumstances,
            find=lambda rgb: analyser.analyse(
                frames.calibrated(rgb) if frames else rgb, um_per_px=um_per_px
            ),
            known=known,
        )
        if not json:
            typer.echo(
                f"{part.cells} leukocytes in {part.fields} fields: {part.per_cell:.2f} × 10⁹ a "
                f"litre for one a field, within {part.within_percent:.0f} % by chance, an estimate"
            )
        figures = (f"{part.per_cell:.2f} × 10⁹/l for 1", f"± {part.within_percent:.0f} % by chance")
        offer(bench, "wbc_factor", part, gain=None, yes=yes, json=json, figures=figures)


def _told(bench: Measuring, progress: Callable[[str, int, int], None], done: int, of: int) -> None:
    progress("pictures: move the slide on", done, of)
    bench.wizard.tell(f"picture {done} of {of}")


@contextmanager
def measuring(
    folder: Path | None,
    state_dir: Path | None,
    by: str | None,
    *,
    bundle: Path | None = None,
    guide: str = "",
    is_asked: bool = False,
    longest_s: float = 120.0,
    **camera: str | None,
) -> Generator[Measuring]:
    """Yield what a measuring command needs; the camera is closed behind it.

    Args:
        folder: saved pictures; None for the camera.
        state_dir: folder that the device keeps its state in; None for that of the settings.
        by: who measures; None for the user.
        bundle: folder or zip of the models; None for the active ones.
        guide: name of the part, for the words on the display.
        is_asked: whether a person at the bench is to be asked.
        longest_s: how long a person may take to show the camera what is asked for.
        **camera: settings of the camera that options go before.

    Raises:
        Again: what was refused is to be measured once more.
        LeukoError: it was refused.
    """
    from leuko.calibration import (
        FILES,
        FOLDER_NAME,
        CalibrationHistory,
        Circumstances,
        shots_of_camera,
        shots_of_folder,
    )
    from leuko.cameras import CameraProcess
    from leuko.clock import now
    from leuko.service import camera_options, display_options
    from leuko.wizard import GUIDES, open_wizard

    models, settings = chosen_bundle(bundle, state_dir=state_dir, **camera)
    circumstances = Circumstances(
        by=name_of(by),
        moment=now(),
        bundle=models.label,
        bundle_sha256=models.sha256,
        driver=FILES if folder else settings.camera,
        source="" if folder else settings.camera_source,
    )
    kept = CalibrationHistory(settings.state_dir / FOLDER_NAME)
    stated = None if settings.um_per_px == "auto" else settings.um_per_px
    with ExitStack() as stack:
        wizard = stack.enter_context(
            open_wizard(
                settings,
                display_options(settings),
                GUIDES.get(guide),
                say=lambda line: typer.echo(line, err=True),
                is_asked=is_asked,
            )
        )
        opened = None
        if not folder:
            opened = CameraProcess(
                settings.camera, camera_options(settings, _fitting(kept, settings))
            )
            stack.enter_context(closing(opened))
        pictures = (
            shots_of_camera(opened, longest_s=longest_s)
            if opened
            else shots_of_folder(folder or Path())
        )
        shots = wizard.watched(pictures)
        try:
            yield Measuring(shots, circumstances, kept, stated, models, wizard, opened)
        except LeukoError as error:
            if wizard.asks_again(str(error)):
                raise Again from error
            raise


def _fitting(history: "CalibrationHistory", settings: "Settings") -> "Calibration | None":
    """Return the present calibration if it is of this camera: what it locks, others lack."""
    from leuko.calibration import camera_used, check_camera

    present = history.current()
    try:
        if present:
            check_camera(present, camera_used(settings))
    except CalibrationError:
        return None
    return present


def known_scale(bench: Measuring) -> float:
    """Return the scale that is stated or calibrated, in µm per pixel.

    Raises:
        CalibrationError: it is not known.
    """
    present = bench.history.current()
    scale = present.record.scale if present else None
    if found := bench.stated_um_per_px or (scale.um_per_px if scale else None):
        return found
    raise CalibrationError(
        "sharpness is judged at a known scale; run leuko calibrate scale first, or set um_per_px"
    )


def offer(
    bench: Measuring,
    name: str,
    part: "Part",
    *,
    gain: bytes | None,
    yes: bool,
    json: bool,
    figures: Sequence[str] = (),
) -> None:
    """Keep what was measured if a person, or the command line, wants it.

    Args:
        bench: what it was measured with.
        name: of the part.
        part: what was measured.
        gain: the flat field's PNG, where that is the part.
        yes: keep it without asking.
        json: ask nothing, and print JSON.
        figures: what the display shows of it, a short line each.

    Raises:
        Again: it is to be measured once more.
        Abort: it is not to be kept.
    """
    number = None
    if yes or (not json and _is_wanted(bench, figures)):
        cause = name.replace("_", "-")
        kept = bench.history.keep({name: part}, cause=cause, by=part.origin.by, gain=gain)
        number = kept.record.number
    if json:
        typer.echo(dumps({"kept": number, name: part.model_dump(mode="json")}))
    else:
        typer.echo(f"calibration {number} is kept; restart the service to count with it")


def _is_wanted(bench: Measuring, figures: Sequence[str]) -> bool:
    from leuko.control import Answer

    answer = bench.wizard.ask("keep this calibration?", *figures)
    if answer is Answer.AGAIN:
        raise Again
    if answer is Answer.NO:
        raise typer.Abort
    return True
