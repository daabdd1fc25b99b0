"""A simulated blood smear with perfect truth, for demonstrations, tests and training."""

from leuko.sim._optics import Optics
from leuko.sim._spec import SmearSpec, TrueCell, laboratory
from leuko.sim._stage import StagePath, serpentine
from leuko.sim._stain import Stain
from leuko.sim.smear import SimulatedSmear

__all__ = [
    "Optics",
    "SimulatedSmear",
    "SmearSpec",
    "StagePath",
    "Stain",
    "TrueCell",
    "laboratory",
    "serpentine",
]
