"""A calibration in use: checked against the camera, and applied to every frame first of all."""

from dataclasses import replace
from typing import Protocol

from leuko.adaptation import SiteAdapter
from leuko.calibration._archive import Calibration
from leuko.calibration._lines import as_line
from leuko.calibration._origin import CameraUsed
from leuko.calibration._parts import spoken
from leuko.calibration._record import Part
from leuko.calibration._shots import FILES
from leuko.cameras import Locks
from leuko.cells import RGBImage
from leuko.errors import CalibrationError, ImageError
from leuko.vision.flat_field import FlatFieldCorrection
from leuko.vision.quality import DEFAULT_LIMITS, QualityLimits
from leuko.vision.tone import Tone

_CALIBRATE = "calibrate this one after leuko calibrate forget"
_SLIDES = ("replay", "sim")
"""Drivers whose source is what lies under the lens, not which camera it is."""


def quality_limits(calibration: Calibration | None) -> QualityLimits:
    """Return what is asked of a frame: sharpness as it was measured, or as usual."""
    focus = calibration.record.focus if calibration else None
    if focus is None:
        return DEFAULT_LIMITS
    return replace(DEFAULT_LIMITS, least_sharpness=focus.least_sharpness)


def calibrated_scale(calibration: Calibration | None) -> float | None:
    """Return µm per pixel as it was measured; None if it was not."""
    scale = calibration.record.scale if calibration else None
    return scale.um_per_px if scale else None


class CalibratedFrames:
    """Makes of a camera's frames what everything after it is to see."""

    def __init__(self, calibration: Calibration, *, otherwise: str = _CALIBRATE) -> None:
        """Prepare the correction.

        Args:
            calibration: of the camera.
            otherwise: what is to be done with pictures of another size, but for giving others.
        """
        self._otherwise = otherwise
        parts = calibration.record.framed.values()
        self._shapes = {(p.origin.camera.height, p.origin.camera.width) for p in parts}
        flat_field = calibration.flat_field
        self._correction = FlatFieldCorrection(flat_field) if flat_field else None

    def calibrated(self, rgb: RGBImage) -> RGBImage:
        """Return a frame under even light; the same array where no light was measured.

        Args:
            rgb: ``(height, width, 3)`` uint8, RGB; left as it is.

        Raises:
            ImageError: it is of another size than the pictures of the calibration.
        """
        shape = (rgb.shape[0], rgb.shape[1])
        other = next((known for known in self._shapes if known != shape), None)
        if other:
            raise ImageError(
                f"the picture is {shape[1]} x {shape[0]} pixels, the calibration is for "
                f"{other[1]} x {other[0]}; give pictures of the calibrated camera, or "
                f"{self._otherwise}"
            )
        return self._correction.corrected(rgb) if self._correction else rgb


def calibrated_locks(calibration: Calibration) -> Locks:
    """Return what a camera's controls are to be locked at; open where it was not calibrated."""
    exposure, balance = calibration.record.exposure, calibration.record.white_balance
    locks = Locks()
    if exposure:
        locks = Locks(exposure_us=exposure.exposure_us, analogue_gain=exposure.analogue_gain)
    if balance and balance.red_gain and balance.blue_gain:
        locks = Locks(gains=(balance.red_gain, balance.blue_gain)).over(locks)
    if balance and balance.kelvin:
        locks = Locks(white_balance_k=balance.kelvin).over(locks)
    return locks


class ChosenCamera(Protocol):
    """What is asked of `leuko.settings.Settings`, which desktop tools do not know."""

    @property
    def camera(self) -> str:
        """The driver's name."""

    @property
    def camera_source(self) -> str:
        """Which camera, as the driver understands it."""

    @property
    def frame_width(self) -> int:
        """Columns of a picture."""

    @property
    def frame_height(self) -> int:
        """Rows of a picture."""


def camera_used(chosen: ChosenCamera) -> CameraUsed:
    """Return the camera that the settings choose, as a calibration names it."""
    return CameraUsed(
        driver=as_line(chosen.camera),
        source=as_line(chosen.camera_source),
        width=chosen.frame_width,
        height=chosen.frame_height,
    )


def check_camera(calibration: Calibration, camera: CameraUsed) -> None:
    """Refuse a calibration that was measured with another camera.

    Args:
        calibration: that is to be used.
        camera: that will give the frames.

    Raises:
        CalibrationError: size, driver or source differ.
    """
    differences = {
        name: difference
        for name, part in calibration.record.framed.items()
        if (difference := _difference(part, camera))
    }
    if differences:
        name, difference = next(iter(differences.items()))
        raise CalibrationError(
            f"calibration {calibration.record.number} does not fit: its {name.replace('_', ' ')} "
            f"is of {difference}; drop what is of another camera with leuko calibrate forget "
            f"{spoken(differences)} and calibrate this one, or go back with leuko calibrate undo"
        )


def adapter_for(
    calibration: Calibration | None, bundle_sha256: str
) -> tuple[SiteAdapter | None, str]:
    """Return what adapts a bundle to this laboratory, or a sentence on why it is left aside.

    Args:
        calibration: in use; None for none.
        bundle_sha256: hash of the manifest of the bundle that is to be adapted.
    """
    site = calibration.record.site if calibration else None
    if calibration is None or site is None:
        return None, ""
    if site.origin.bundle_sha256 == bundle_sha256:
        return calibration.adapter, ""
    return None, (
        f"the adaptation to this laboratory was made for the bundle {site.origin.bundle} and is "
        "not used with another; run leuko calibrate site again"
    )


def calibrated_tone(calibration: Calibration | None) -> Tone | None:
    """Return how dark this laboratory's cells were when its stain was measured; None if unknown."""
    stain = calibration.record.stain if calibration else None
    return Tone(*stain.tone) if stain and stain.tone else None


def summary_for(calibration: Calibration | None, bundle_sha256: str) -> dict[str, object]:
    """Return what is kept of a calibration with each session; nothing without one.

    An adaptation that `adapter_for` leaves aside is not in it, for nothing was named by it.

    Args:
        calibration: in use; None for none.
        bundle_sha256: hash of the manifest of the bundle that counts.
    """
    if calibration is None:
        return {}
    adapter, _ = adapter_for(calibration, bundle_sha256)
    summary = calibration.summary
    return {name: part for name, part in summary.items() if name != "site" or adapter}


def other_bundles(calibration: Calibration, bundle_sha256: str) -> tuple[str, ...]:
    """Return the names of the parts that were measured while another bundle was in use.

    The adaptation is not among them: `adapter_for` has its own word for that.
    """
    parts = calibration.record.framed.items()
    return tuple(name for name, part in parts if part.origin.bundle_sha256 != bundle_sha256)


def _difference(part: Part, camera: CameraUsed) -> str:
    made = part.origin.camera
    if (made.width, made.height) != (camera.width, camera.height):
        return (
            f"{made.width} x {made.height} pixels, the camera gives "
            f"{camera.width} x {camera.height}"
        )
    if FILES in {made.driver, camera.driver}:
        return ""
    if made.driver != camera.driver:
        return f"the camera {made.driver}, not {camera.driver}"
    is_named = made.source and camera.source and camera.driver not in _SLIDES
    if is_named and made.source != camera.source:
        return f"the camera {made.source}, not {camera.source}"
    return ""
