"""The parts that the settings choose: camera, display, models, disk."""

import os
import queue
import threading
import time
from contextlib import closing

from leuko.backends import cpu_engine
from leuko.bundle import ModelBundle, load_bundle
from leuko.cameras import CameraOptions, CameraProcess
from leuko.displays import DisplayOptions, RecordingDisplay, load_display
from leuko.doctor._finding import Finding, broken, doubtful, sound, told
from leuko.errors import BundleError, DisplayError, EngineError, SettingsError
from leuko.installation import InstalledBundles
from leuko.settings import Settings, file_in_place_of
from leuko.shown import CalibrationStep
from leuko.signature import read_trusted_keys
from leuko.status import Health, Level
from leuko.store import STORE_NAME, store_health
from leuko.verification import replay_golden

_REMEDY_FOLLOWS = "; "
"""Stands in a sentence, an error's for one, that says itself what to do."""
_TRIAL = CalibrationStep("leuko doctor", "", "this display works")


def examine_camera(settings: Settings, options: CameraOptions) -> Finding:
    """Open the camera in a process of its own and wait for one picture."""
    part = "camera"
    try:
        camera = CameraProcess(settings.camera, options)
    except SettingsError as error:
        return broken(part, str(error))
    try:
        begun = time.monotonic()
        while time.monotonic() - begun < camera.opening_s:
            frame = camera.read(0.5)
            if frame is not None:
                height, width = frame.rgb.shape[:2]
                waited = time.monotonic() - begun
                return sound(part, f"{camera.name}: {width} x {height} after {waited:.1f} s")
            if camera.health.level is Level.FAULT:
                break
        if camera.health.level is not Level.FAULT:
            return broken(part, f"{camera.name} gives no picture", camera.remedy)
        return broken(part, camera.health.text, _without_one(settings))
    finally:
        camera.close()


def examine_display(
    settings: Settings, options: DisplayOptions, *, patience_s: float = 10.0
) -> Finding:
    """Open the display and draw on it once: many a fault is only met with a picture.

    Args:
        settings: which display is chosen.
        options: how it is opened.
        patience_s: time after which one that is neither drawn on nor at fault hangs.
    """
    part = "display"
    if settings.display == "none":
        return sound(part, "none chosen")
    found: queue.SimpleQueue[Finding] = queue.SimpleQueue()
    threading.Thread(
        target=lambda: found.put(_drawn_on(settings.display, options)), daemon=True
    ).start()
    try:
        return found.get(timeout=patience_s)
    except queue.Empty:
        return broken(part, f"{settings.display} hangs", "look at its cable")


def _drawn_on(driver: str, options: DisplayOptions) -> Finding:
    part = "display"
    try:
        with closing(load_display(driver, options)) as display:
            if isinstance(display, RecordingDisplay):
                display.try_out(_TRIAL)
            else:
                display.show(_TRIAL)
            return sound(part, display.name)
    except (DisplayError, SettingsError) as error:
        return broken(part, str(error))


def examine_bundle(settings: Settings) -> Finding:
    """Load the models and replay their golden inputs on this device."""
    part = "bundle"
    installed = InstalledBundles(settings.state_dir, settings.trusted_keys)
    try:
        bundle = load_bundle(settings.bundle) if settings.bundle else installed.active()
        report = replay_golden(bundle, cpu_engine(bundle, settings.threads))
        fallen = "" if settings.bundle else installed.state.fallen
        unusable = read_trusted_keys(settings.trusted_keys).unusable
    except (BundleError, EngineError, SettingsError) as error:
        return broken(part, str(error))
    if not report.is_ok:
        return broken(part, _deviation(bundle), "install another version of ai-edge-litert")
    if fallen:
        return doubtful(part, fallen, "install a sound bundle, or choose one: leuko bundle list")
    if unusable:
        remedy = "its bundles count as foreign; put the right key there"
        return doubtful(part, "; ".join(unusable), remedy)
    return sound(part, f"{bundle.label} gives its golden outputs here")


def examine_disk(settings: Settings) -> Finding:
    """Look at the file system that the sessions are kept on."""
    part, folder = "disk", settings.state_dir
    if file := file_in_place_of(folder):
        remedy = "name a folder with --state-dir or state_dir"
        return broken(part, f"{file} is a file and no folder to keep sessions in", remedy)
    if not folder.exists():
        remedy = "start the service, which makes it, or set state_dir"
        return doubtful(part, f"there is no folder {folder} yet", remedy)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        remedy = "ask as its user: sudo -u leuko leuko doctor"
        return broken(part, f"this user may not write to {folder}", remedy)
    return disk_finding(store_health(folder / STORE_NAME))


def disk_finding(health: Health) -> Finding:
    """Say what to do about a disk.

    Args:
        health: of the file system that the sessions are kept on.
    """
    if _REMEDY_FOLLOWS in health.text:
        return told("disk", health)
    remedy = (
        "export old sessions, then drop their pictures: leuko session slim"
        if health.level is Level.WARNING
        else "look at the disk, or free some of it: leuko session slim"
    )
    return told("disk", health, remedy)


def _without_one(settings: Settings) -> str:
    # Whoever has not chosen a driver may have no camera yet, as in a checkout.
    is_default = settings.camera == Settings().camera
    return "to try leuko without one: --camera sim" if is_default else ""


def _deviation(bundle: ModelBundle) -> str:
    return f"{bundle.label} does not give its golden outputs on this device"
