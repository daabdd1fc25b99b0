"""What the cells of each laboratory that teaches have in common, as the device would see it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from leuko.vision.laboratory import diameter_um, laboratory_size
from leuko.vision.tone import cell_tone, laboratory_tone
from leuko_training.crops import Crop, SharedLook, plain_cut

MOST_CELLS = 400
"""Cells of a laboratory that are gone by."""


def with_laboratories(crops: Iterable[Crop]) -> list[Crop]:
    """Return crops that know what is common to their sets; those that know it already keep it.

    Args:
        crops: of any sets; only those of one set together are one laboratory.
    """
    kept = list(crops)
    sets: defaultdict[str, list[Crop]] = defaultdict(list)
    for crop in kept:
        sets[crop.dataset].append(crop)
    shared = {name: shared_look(members) for name, members in sets.items()}
    return [crop if crop.shared else replace(crop, shared=shared[crop.dataset]) for crop in kept]


def shared_look(crops: Sequence[Crop]) -> SharedLook | None:
    """Return what is common to crops of one laboratory; None if no leukocyte is among them.

    The device takes the classes that it has named for those that are labelled here.
    """
    cells = [crop for crop in crops if crop.label.is_counted]
    every = max(1, -(-len(cells) // MOST_CELLS))
    asked = cells[::every]
    found = ((crop.label, cell_tone(*plain_cut(crop))) for crop in asked)
    tone = laboratory_tone((label, tone) for label, tone in found if tone)
    size = laboratory_size((crop.label, _diameter_um(crop)) for crop in asked)
    return SharedLook(tone, size) if tone and size else None


def _diameter_um(crop: Crop) -> float:
    return diameter_um(float((crop.mask > 127).sum()) * crop.um_per_px**2)
