"""Calibrations drawn from one laboratory's slides, tried on its others and on foreign ones."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from leuko.vision.stain import SPREADS, StainDifference, colours_of, stain_difference
from leuko_training.stain_benchmark._slides import Laboratory

CALIBRATED_FROM = 3
"""Slides that a calibration is drawn from."""

Values = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """Comparisons of one laboratory's slides with another one's calibrations.

    Attributes:
        calibrated: the laboratory that the calibrations are of.
        seen: the laboratory that the slides are of.
        slides: how many slides there are.
        values: one row a comparison: hue and density of nuclei, hue and density of red cells.
    """

    calibrated: str
    seen: str
    slides: int
    values: tuple[Values, ...]

    def alarms(self, limit: float, spreads: Sequence[float] = SPREADS) -> float:
        """Return the share of the comparisons with an alarm.

        Args:
            limit: score from which a stain differs.
            spreads: standard deviations of the four values.
        """
        scores = [
            math.hypot(*(value / spread for value, spread in zip(row, spreads, strict=True)))
            for row in self.values
        ]
        return sum(score >= limit for score in scores) / len(scores)

    @property
    def spreads(self) -> Values:
        """Root mean square of each of the four values."""
        return tuple(np.sqrt(np.square(self.values).mean(axis=0)).tolist())


def tried(laboratories: Sequence[Laboratory], *, draws: int, seed: int) -> Iterator[Tried]:
    """Yield every laboratory against every other and itself.

    Args:
        laboratories: all that are there.
        draws: calibrations of each.
        seed: of the draws.
    """
    for lab in laboratories:
        if len(lab.slides) <= CALIBRATED_FROM:
            continue
        rng = np.random.default_rng(seed)
        orders = [rng.permutation(len(lab.slides)) for _ in range(draws)]
        for other in laboratories:
            rows = [
                difference.values
                for order in orders
                for difference in _differences(lab, other, order.tolist())
            ]
            if rows:
                yield Tried(lab.name, other.name, len(other.slides), tuple(rows))


def _differences(
    lab: Laboratory, other: Laboratory, order: Sequence[int]
) -> Iterator[StainDifference]:
    chosen, rest = order[:CALIBRATED_FROM], order[CALIBRATED_FROM:]
    calibrated = colours_of(cell for index in chosen for cell in lab.slides[index])
    slides = [lab.slides[index] for index in rest] if other is lab else other.slides
    for slide in slides:
        seen = colours_of(slide)
        difference = stain_difference(seen, calibrated) if seen and calibrated else None
        if difference:
            yield difference
