"""What every command of ``leuko calibrate`` that measures stands on."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from leuko.cli._calibration_options import Asked, name_of
from leuko.cli._opening import bench_camera, bench_wizard, tell_person
from leuko.cli._options import chosen_bundle
from leuko.errors import CalibrationError, LeukoError, NoControlError
from leuko.remedies import with_state_dir

if TYPE_CHECKING:
    from leuko.bundle import ModelBundle
    from leuko.calibration import CalibrationHistory, Circumstances, Shot
    from leuko.cameras import CameraProcess
    from leuko.cells import RGBImage
    from leuko.pipeline import FieldAnalyser
    from leuko.settings import Settings
    from leuko.wizard import Wizard

USUAL_S = 120.0
"""How long a person may take to show the camera what is asked for."""
LONG_S = 900.0
"""How long a person may take who looks for one leukocyte after the other."""
_OF_SOME = frozenset(["scale"])
"""Measured in some of a folder's pictures, whatever their order: they are from all over it."""


@dataclass(frozen=True, slots=True)
class Measuring:
    """What all measuring commands need.

    Attributes:
        asked: what the command was given.
        shots: the pictures, each shown to the person.
        circumstances: who measures, when and with what.
        history: of calibrations.
        stated_um_per_px: scale in the settings; None if it is to be found.
        bundle: the models.
        wizard: the person at display and keys.
        camera: what gives the pictures; None where a folder does.
        is_one_of_all: whether other parts are measured after it.
    """

    asked: Asked
    shots: Iterator["Shot"]
    circumstances: "Circumstances"
    history: "CalibrationHistory"
    stated_um_per_px: float | None
    bundle: "ModelBundle"
    wizard: "Wizard"
    camera: "CameraProcess | None" = None
    is_one_of_all: bool = False

    def say(self, line: str) -> None:
        """Print a line for a person; scripts that want JSON get none."""
        if not self.asked.json:
            typer.echo(line)

    def even(self) -> "Callable[[RGBImage], RGBImage]":
        """Return what evens out a picture's light, as far as that is calibrated."""
        from leuko.calibration import CalibratedFrames

        present = self.history.current()
        return CalibratedFrames(present).calibrated if present else lambda rgb: rgb

    def analyser(self, *, is_adapted: bool = True, is_toned: bool = True) -> "FieldAnalyser":
        """Return what finds leukocytes on the processor and names them as a live count would.

        Args:
            is_adapted: whether by the adaptation that is kept.
            is_toned: whether it begins with how dark this laboratory's cells are, as calibrated.
        """
        from leuko.calibration import adapter_for, calibrated_tone
        from leuko.inference import LiteRTEngine
        from leuko.pipeline import FieldAnalyser
        from leuko.vision.laboratory import Laboratory

        present = self.history.current()
        adapter, _ = adapter_for(present, self.bundle.sha256)
        return FieldAnalyser(
            self.bundle,
            LiteRTEngine(),
            adapter=adapter if is_adapted else None,
            laboratory=Laboratory(calibrated=calibrated_tone(present) if is_toned else None),
        )


class Again(typer.Abort):
    """A person wants it to be measured once more."""


@contextmanager
def measuring(
    guide: str,
    asked: Asked,
    *,
    is_asked: bool | None = None,
    longest_s: float = USUAL_S,
    wizard: "Wizard | None" = None,
) -> Generator[Measuring]:
    """Yield what a measuring command needs; the camera is closed behind it.

    Args:
        guide: name of the part, for the words on the display.
        asked: what the command was given.
        is_asked: whether a person at the bench is asked anything; None if the options alone say so.
        longest_s: how long a person may take to show the camera what is asked for.
        wizard: at which other parts are measured as well; None to open one.

    Raises:
        Again: what was refused is to be measured once more.
        NoControlError: the camera has no such control.
        LeukoError: it was refused.
    """
    from leuko.calibration import FOLDER_NAME, CalibrationHistory

    models, settings = chosen_bundle(
        asked.bundle,
        state_dir=asked.state_dir,
        camera=asked.camera,
        camera_source=asked.camera_source,
    )
    kept = CalibrationHistory(settings.state_dir / FOLDER_NAME)
    is_one_of_all = wizard is not None
    with ExitStack() as stack:
        # First: beside a running service neither its display nor its keys may be opened.
        camera = (
            None if asked.folder else stack.enter_context(closing(bench_camera(settings, kept)))
        )
        if wizard is None:
            is_asked = asked.is_open if is_asked is None else is_asked
            wizard = stack.enter_context(
                bench_wizard(settings, guide, is_asked=is_asked, is_of_files=bool(asked.folder))
            )
        bench = Measuring(
            asked=asked,
            shots=wizard.watched(
                _pictures(
                    camera,
                    asked,
                    longest_s,
                    is_told=is_one_of_all,
                    is_of_some=guide in _OF_SOME,
                )
            ),
            circumstances=_circumstances(asked, models, settings),
            history=kept,
            stated_um_per_px=None if settings.um_per_px == "auto" else settings.um_per_px,
            bundle=models,
            wizard=wizard,
            camera=camera,
            is_one_of_all=is_one_of_all,
        )
        try:
            yield bench
        except NoControlError:
            # No second try gives a camera a control.
            raise
        except LeukoError as error:
            if wizard.asks_again(with_state_dir(str(error), asked.state_dir)):
                raise Again from error
            raise


def _pictures(
    camera: "CameraProcess | None",
    asked: Asked,
    longest_s: float,
    *,
    is_told: bool,
    is_of_some: bool,
) -> Iterator["Shot"]:
    """Yield the pictures; of a folder's, say what is not read unless that was told before."""
    from leuko.calibration import from_all_over, shots_of_camera, shots_of_folder

    if camera:
        yield from shots_of_camera(camera, longest_s=longest_s)
        return
    folder = asked.folder or Path()
    order = from_all_over if is_of_some else list
    for shot in shots_of_folder(folder, left_out=tell_left_out, order=order):
        if not is_told:
            tell_unread(folder)
            is_told = True
        yield shot


def tell_left_out(reason: str) -> None:
    """Say why a picture is not used; going on without it is no reason to stop a script."""
    tell_person(f"leuko: left out: {reason}")


def tell_unread(folder: Path) -> None:
    """Say which images of a folder are of a kind that is not read, or in folders within it."""
    from leuko.images import unread_folders, unread_images

    for line in (*unread_images([folder]), *unread_folders([folder])):
        tell_person(f"leuko: {line}")


def _circumstances(asked: Asked, models: "ModelBundle", settings: "Settings") -> "Circumstances":
    from leuko.calibration import FILES, Circumstances
    from leuko.clock import now

    return Circumstances(
        by=name_of(asked.by),
        moment=now(),
        bundle=models.label,
        bundle_sha256=models.sha256,
        driver=FILES if asked.folder else settings.camera,
        source="" if asked.folder else settings.camera_source,
    )


def known_scale(bench: Measuring, what: str) -> float:
    """Return the scale that is stated or calibrated, in µm per pixel.

    Args:
        bench: what is measured with.
        what: needs it, in a few words.

    Raises:
        CalibrationError: it is not known.
    """
    from leuko.calibration import calibrated_scale

    if found := bench.stated_um_per_px or calibrated_scale(bench.history.current()):
        return found
    raise CalibrationError(
        f"{what} a known scale; run leuko calibrate scale first, or set um_per_px"
    )
