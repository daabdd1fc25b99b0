"""What the settings choose: looked at as a whole before anything is opened."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from leuko.adaptation import SiteAdapter
from leuko.bundle import ModelBundle
from leuko.calibration import (
    FOLDER_NAME,
    Calibration,
    CalibrationHistory,
    adapter_for,
    calibrated_scale,
    camera_used,
    check_camera,
    other_bundles,
    summary_for,
)
from leuko.checks import FOLDER_NAME as CHECKS_NAME
from leuko.checks import CheckHistory, InUse, lockout
from leuko.control import parse_target
from leuko.errors import SettingsError
from leuko.inference import LiteRTEngine
from leuko.service._bundle import bundle_of
from leuko.settings import Settings
from leuko.status import Target
from leuko.store import SessionSpec

logger = logging.getLogger(__name__)

_SERIAL = Path("/proc/device-tree/serial-number")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the service counts with.

    Attributes:
        settings: that chose it.
        bundle: the models.
        calibration: of the camera; None without one.
        adapter: of this bundle to this laboratory; None without one that fits.
        spec: what sessions are begun with, but for specimen, operator and scale.
        notice: what a person must know of bundle and adaptation; empty if there is nothing.
    """

    settings: Settings
    bundle: ModelBundle
    calibration: Calibration | None
    adapter: SiteAdapter | None
    spec: SessionSpec
    notice: str

    @classmethod
    def by(cls, settings: Settings) -> Self:
        """Return what the settings choose.

        Raises:
            SettingsError: the target is none.
            BundleError: no bundle can be used.
            EngineError: no model can be run.
            CalibrationError: the calibration is damaged, or that of another camera.
        """
        target = _target(settings)
        started = bundle_of(settings, LiteRTEngine())
        calibration = _calibration(settings, started.bundle)
        adapter, problem = adapter_for(calibration, started.bundle.sha256)
        if problem:
            logger.warning("%s", problem)
        return cls(
            settings=settings,
            bundle=started.bundle,
            calibration=calibration,
            adapter=adapter,
            spec=_spec(settings, started.bundle, target, calibration),
            notice="; ".join(filter(None, (started.notice, problem))),
        )

    @property
    def um_per_px(self) -> float | None:
        """Scale of the frames; None to find it from the red cells."""
        if self.settings.um_per_px != "auto":
            return self.settings.um_per_px
        return calibrated_scale(self.calibration)

    def lockout(self) -> str:
        """Return why no session may begin, a sentence; empty if one may."""
        return lockout(
            CheckHistory(self.settings.state_dir / CHECKS_NAME),
            self.settings.check_lockout,
            in_use=InUse(
                bundle_sha256=self.bundle.sha256,
                calibration=self.calibration.record.number if self.calibration else None,
                driver=self.settings.camera,
            ),
            every_h=self.settings.check_every_h,
        )


def _target(settings: Settings) -> Target:
    try:
        return parse_target(settings.target)
    except SettingsError as error:
        raise SettingsError(f"the setting target: {error}") from error


def _calibration(settings: Settings, bundle: ModelBundle) -> Calibration | None:
    calibration = CalibrationHistory(settings.state_dir / FOLDER_NAME).current()
    if calibration is None:
        return None
    check_camera(calibration, camera_used(settings))
    number = calibration.record.number
    logger.info("calibration %d is in use", number)
    if parts := other_bundles(calibration, bundle.sha256):
        logger.warning(
            "calibration %d: %s was measured with another bundle", number, ", ".join(parts)
        )
    return calibration


def _spec(
    settings: Settings, bundle: ModelBundle, target: Target, calibration: Calibration | None
) -> SessionSpec:
    return SessionSpec(
        specimen="",
        target=target,
        bundle=bundle.label,
        bundle_sha256=bundle.sha256,
        settings=settings.model_dump(mode="json"),
        calibration=summary_for(calibration, bundle.sha256),
        device_serial=_serial(),
    )


def _serial(path: Path = _SERIAL) -> str:
    try:
        return path.read_text(encoding="ascii").strip("\0\n ")
    except OSError:
        return ""
