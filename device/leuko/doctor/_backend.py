"""What runs the models: every accelerator is put on trial as the service would."""

from collections.abc import Sequence

from leuko.backends import ACCELERATORS, Accelerator, open_backend
from leuko.bundle import load_bundle
from leuko.doctor._finding import Finding, broken, doubtful, sound
from leuko.errors import AcceleratorError, BundleError, EngineError, SettingsError
from leuko.installation import InstalledBundles
from leuko.settings import Settings
from leuko.status import Level


def examine_backend(
    settings: Settings, accelerators: Sequence[Accelerator] = ACCELERATORS
) -> Finding:
    """Find the backend that the settings lead to on this device, and say why.

    Args:
        settings: which backend and bundle are chosen.
        accelerators: those there may be.
    """
    part = "backend"
    installed = InstalledBundles(settings.state_dir, settings.trusted_keys)
    try:
        bundle = load_bundle(settings.bundle) if settings.bundle else installed.active()
        with open_backend(
            bundle, settings.backend, threads=settings.threads, accelerators=accelerators
        ) as analyser:
            analyser.settle()
            runs_on, health = analyser.runs_on, analyser.health
    except AcceleratorError as error:
        return broken(part, f"{settings.backend} was asked for, the processor works: {error}")
    except (BundleError, EngineError, SettingsError) as error:
        return broken(part, str(error))
    if health.level is Level.OK:
        return sound(part, f"{runs_on.backend}: {runs_on.text}")
    return doubtful(part, health.text, "see docs/backends.md")
