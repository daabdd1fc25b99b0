"""Which bundle the service counts with."""

from leuko.bundle import load_bundle
from leuko.inference import Engine
from leuko.installation import InstalledBundles, Started, open_at_start
from leuko.settings import Settings


def bundle_of(settings: Settings, engine: Engine) -> Started:
    """Return the bundle that the settings name, else the active one or what it falls back to.

    A bundle that the settings name by its place is the operator's own choice: nothing takes its
    place, and nobody need have signed it.

    Raises:
        BundleError: it cannot be used.
        EngineError: the engine cannot run a model.
    """
    if settings.bundle:
        return Started(load_bundle(settings.bundle), "")
    return open_at_start(InstalledBundles(settings.state_dir, settings.trusted_keys), engine)
