"""The service's bundle at its start: the active one, or the one it falls back to."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile

from leuko.bundle import ModelBundle
from leuko.errors import BundleError, EngineError, OutputError, SettingsError
from leuko.inference import Engine
from leuko.installation._installed import InstalledBundles, require_sound
from leuko.installation._state import BUILT_IN, State

logger = logging.getLogger(__name__)

_STARTS = 2
"""Starts that may break off before a bundle is given up; a power cut alone must not do that."""


@dataclass(frozen=True, slots=True)
class Started:
    """What the service counts with.

    Attributes:
        bundle: the bundle, checked on this device.
        notice: what a person must know of it; empty if it is the one that was chosen.
    """

    bundle: ModelBundle
    notice: str


def open_at_start(installed: InstalledBundles, engine: Engine) -> Started:
    """Return the active bundle, or if it fails, the one before it, or else the one built in.

    A bundle that makes the process crash or hang fails too: each start is noted before the
    models are run, and after two notes without a success the bundle is given up.

    Args:
        installed: the bundles of this device.
        engine: replays golden inputs.

    Raises:
        BundleError: not even the bundle built in can be used.
        EngineError: the engine cannot run any model.
    """
    state, reason = _begun(installed)
    chosen = dict.fromkeys((state.active, state.previous))
    names = list(takewhile(lambda name: name != BUILT_IN, chosen))
    # The one before it may crash as well, and then the one built in has its turn.
    given_up = max(0, state.starts - 1) // _STARTS
    if given_up:
        reason = f"{_STARTS} starts broke off with it"
        names = names[given_up:]
    for name in names:
        try:
            bundle = installed.open(name)
            require_sound(bundle, engine)
        except (BundleError, EngineError, SettingsError) as error:
            logger.warning("bundle %s cannot be used: %s", name, error)
            reason = reason or str(error)
        else:
            return Started(bundle, _settled(installed, state, name, reason))
    return Started(installed.open(BUILT_IN), _settled(installed, state, BUILT_IN, reason))


def _begun(installed: InstalledBundles) -> tuple[State, str]:
    try:
        state = installed.state
    except BundleError as error:
        return State(), str(error)
    if state.active == BUILT_IN:
        return state, ""
    return _noted(installed, _with_one_more_start) or state, ""


def _with_one_more_start(state: State) -> State:
    return state.model_copy(update={"starts": state.starts + 1})


def _settled(installed: InstalledBundles, begun: State, name: str, reason: str) -> str:
    """Note what the start came to, and return what a person must know."""
    fallen = begun.fallen
    if reason:
        gone = "" if begun.active == name else f"bundle {begun.active} was given up: "
        fallen = f"{gone}{reason}; {name} counts instead"
        logger.warning("%s", fallen)

    def settled(state: State) -> State:
        # Somebody may have chosen another one meanwhile.
        if state.active != begun.active:
            return state
        return state.model_copy(update={"active": name, "starts": 0, "fallen": fallen})

    if reason or begun.starts:
        _noted(installed, settled)
    return fallen


def _noted(installed: InstalledBundles, change: Callable[[State], State]) -> State | None:
    try:
        return installed.change(change)
    except OutputError as error:
        # On a full disk the count must start all the same.
        logger.warning("the start cannot be noted: %s", error)
        return None
