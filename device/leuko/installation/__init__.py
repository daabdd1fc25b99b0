"""Bundles installed on this device: which there are, which one counts, and the way back.

They lie in ``bundles/`` of the state directory, each in a folder of its own, beside
``state.json``, which says which one is active. Every change of that file is one rename, so a
power cut leaves either the old state or the new one.
"""

from leuko.installation._installed import FOLDER_NAME, SIGNER_BUILT_IN, InstalledBundles
from leuko.installation._start import Started, open_at_start
from leuko.installation._state import BUILT_IN, State

__all__ = [
    "BUILT_IN",
    "FOLDER_NAME",
    "SIGNER_BUILT_IN",
    "InstalledBundles",
    "Started",
    "State",
    "open_at_start",
]
