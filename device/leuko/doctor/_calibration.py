"""The calibration in use: its parts, how old they are, whether they fit camera and bundle."""

from leuko.bundle import load_bundle
from leuko.calibration import (
    FOLDER_NAME,
    Calibration,
    CalibrationHistory,
    StainPart,
    adapter_for,
    camera_used,
    check_camera,
    other_bundles,
)
from leuko.doctor._finding import Finding, broken, doubtful, sound
from leuko.errors import BundleError, CalibrationError
from leuko.installation import InstalledBundles
from leuko.settings import Settings

_PART = "calibration"


def examine_calibration(settings: Settings, *, is_served: bool = False) -> Finding:
    """Look at the calibration that the service would count with.

    Args:
        settings: where it is kept, and which camera and bundle are chosen.
        is_served: whether a service runs: it has compared the camera, which may be another than the
            settings of who asks say.
    """
    history = CalibrationHistory(settings.state_dir / FOLDER_NAME)
    try:
        present = history.current()
        if present is None or not present.record.parts:
            return sound(_PART, "none; leuko calibrate fits this microscope")
        if not is_served:
            check_camera(present, camera_used(settings))
        newest = history.entries()[0]
    except CalibrationError as error:
        return broken(_PART, str(error))
    told = _told(present)
    if newest.problem:
        remedy = "calibrate again, or import the export of it"
        return doubtful(_PART, f"{told}; the newer one is not whole: {newest.problem}", remedy)
    return _with_bundle(present, told, settings)


def _told(calibration: Calibration) -> str:
    """Return number and parts; a part's age is by how many calibrations it came earlier."""
    record = calibration.record
    parts = ", ".join(
        f"{name.replace('_', '-')} {_age(record.number - part.origin.number)}"
        for name, part in record.parts.items()
    )
    return f"number {record.number}: {parts}"


def _age(calibrations: int) -> str:
    return f"({calibrations} before)" if calibrations > 0 else "(newest)"


def _with_bundle(calibration: Calibration, told: str, settings: Settings) -> Finding:
    installed = InstalledBundles(settings.state_dir, settings.trusted_keys)
    try:
        bundle = load_bundle(settings.bundle) if settings.bundle else installed.active()
    except BundleError:
        # What is wrong with the bundle is said of the bundle.
        return sound(_PART, told)
    _, left_aside = adapter_for(calibration, bundle.sha256)
    if left_aside:
        return doubtful(_PART, f"{told}; {left_aside}", "leuko calibrate site")
    if foreign := other_bundles(calibration, bundle.sha256):
        names = ", ".join(name.replace("_", "-") for name in foreign)
        return doubtful(_PART, f"{told}; with another bundle: {names}", "measure them again")
    if bundle.manifest.classifier.evens_laboratory and _lacks_darkness(calibration.record.stain):
        lack = "its stain does not say how dark cells are"
        remedy = "leuko calibrate stain, with fields in which nuclei stand out"
        return doubtful(_PART, f"{told}; {lack}", remedy)
    return sound(_PART, told)


def _lacks_darkness(stain: StainPart | None) -> bool:
    return stain is not None and stain.tone is None
