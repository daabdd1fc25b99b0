"""How dark the cells of each laboratory are, as the device would see it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from leuko.vision.tone import Tone, cell_tone, laboratory_tone
from leuko_training.crops import Crop, plain_cut

MOST_CELLS = 400
"""Cells of a laboratory that are gone by."""


def with_laboratories(crops: Iterable[Crop]) -> list[Crop]:
    """Return crops that know the tones of their sets; those that know them already keep them.

    Args:
        crops: of any sets; only those of one set together are one laboratory.
    """
    kept = list(crops)
    sets: defaultdict[str, list[Crop]] = defaultdict(list)
    for crop in kept:
        sets[crop.dataset].append(crop)
    tones = {name: tone_by_labels(members) for name, members in sets.items()}
    return [crop if crop.tone else replace(crop, tone=tones[crop.dataset]) for crop in kept]


def tone_by_labels(crops: Sequence[Crop]) -> Tone:
    """Return how dark crops of one laboratory are.

    The device goes by the classes that it has named, and believes them less.
    """
    cells = [crop for crop in crops if crop.label.is_counted]
    every = max(1, -(-len(cells) // MOST_CELLS))
    found = ((crop.label, cell_tone(*plain_cut(crop))) for crop in cells[::every])
    return laboratory_tone(((label, tone) for label, tone in found if tone), doubt=0.0)
