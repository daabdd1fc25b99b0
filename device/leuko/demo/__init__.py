"""A running differential on a simulated smear, whose true differential is known."""

from leuko.demo._fields import Fields
from leuko.demo._run import Analyser, run_demo
from leuko.demo._slide import SlideView, demo_smear, demo_views
from leuko.demo._tally import Sighting, SlideTally
from leuko.demo._truth import Comparison, compare

__all__ = [
    "Analyser",
    "Comparison",
    "Fields",
    "Sighting",
    "SlideTally",
    "SlideView",
    "compare",
    "demo_smear",
    "demo_views",
    "run_demo",
]
