"""How a laboratory's own cells change what a classifier says: fitted, cross-validated, applied.

A cell is measured (`leuko.vision.traits`), and named again by the confirmed cells it is nearest
to. All is computed from arrays; nothing is read or kept here.
"""

from leuko.adaptation._adapter import SiteAdapter
from leuko.adaptation._confirmed import Confirmed
from leuko.adaptation._fit import FEWEST_OF_CLASS, adaptable, fit_adapter
from leuko.adaptation._validation import BeforeAndAfter, cross_validated

__all__ = [
    "FEWEST_OF_CLASS",
    "BeforeAndAfter",
    "Confirmed",
    "SiteAdapter",
    "adaptable",
    "cross_validated",
    "fit_adapter",
]
