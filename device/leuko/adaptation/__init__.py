"""How a laboratory's own cells change what a classifier says: fitted, cross-validated, applied.

A cell is measured (`leuko.vision.traits`), and named again by the confirmed cells it is nearest
to or, where nobody has confirmed any, by the heaps that the laboratory's cells lie in. All is
computed from arrays; nothing is read or kept here.
"""

from leuko.adaptation._adapter import SiteAdapter, features_of
from leuko.adaptation._confirmed import Confirmed
from leuko.adaptation._fit import FEWEST_OF_CLASS, adaptable, fit_adapter
from leuko.adaptation._mixture import FEWEST_CELLS, Mixture, fit_mixture
from leuko.adaptation._usual_cells import UsualCells
from leuko.adaptation._validation import BeforeAndAfter, cross_validated

__all__ = [
    "FEWEST_CELLS",
    "FEWEST_OF_CLASS",
    "BeforeAndAfter",
    "Confirmed",
    "Mixture",
    "SiteAdapter",
    "UsualCells",
    "adaptable",
    "cross_validated",
    "features_of",
    "fit_adapter",
    "fit_mixture",
]
