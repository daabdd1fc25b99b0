"""The differential: how many of each class, how sure that is, and how many more cells it takes."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Self

from leuko.cells import LEUKOCYTES, Cell, CellClass, CellStatus

CONFIDENCE = 0.95
"""Share of counts whose interval holds the true percentage, as the Rümke table has it."""

STATEMENT = (
    "Assists a person trained in haematology, who checks every cell; "
    "not a diagnosis and not the sole basis of one."
)
"""What every result says of itself."""

NOT_RECOGNISED = "Smudge cells are not recognised; tally them by eye."
"""What no result holds although a differential may want it: no data set on hand names them."""


class Interval(NamedTuple):
    """A range of percentages, both ends included."""

    low: float
    high: float


class Entry(NamedTuple):
    """What the differential needs to know of one cell."""

    cell_class: CellClass
    status: CellStatus
    cut_by_border: bool = False


@dataclass(frozen=True, slots=True)
class DifferentialCount:
    """A leukocyte differential.

    Attributes:
        counts: counted leukocytes of each of the five classes, in reporting order.
        excluded: cells set aside of each of the eight classes, those at the border included.
        beside: whole cells of the classes outside the differential, such as erythroblasts.
        unclassified: leukocytes of uncertain class; never in the denominator.
        smudge_cells: smudge cells that a person has tallied by eye; no model names them.
    """

    counts: Mapping[CellClass, int]
    excluded: Mapping[CellClass, int]
    beside: Mapping[CellClass, int]
    unclassified: int
    smudge_cells: int = 0

    @classmethod
    def from_cells(cls, cells: Iterable[Cell]) -> Self:
        """Return the differential of cells, in whatever order they come."""
        return cls.from_entries(
            Entry(cell.cell_class, cell.status, cell.region.cut_by_border) for cell in cells
        )

    @classmethod
    def from_entries(cls, entries: Iterable[Entry]) -> Self:
        """Return the differential of cells of which only class and fate are known.

        >>> neutrophil = Entry(CellClass.NEUTROPHIL, CellStatus.COUNTED)
        >>> DifferentialCount.from_entries([neutrophil] * 9).n
        9
        """
        return cls.from_tally(Counter(entries))

    @classmethod
    def from_tally(cls, tally: Mapping[Entry, int], *, smudge_cells: int = 0) -> Self:
        """Return the differential of cells of which it is known how many there are of each kind.

        Args:
            tally: how many cells there are of each kind.
            smudge_cells: how many of those a person has tallied by eye.
        """
        tally = Counter(tally)
        outside = [cell_class for cell_class in CellClass if not cell_class.is_counted]
        whole = {name: tally[Entry(name, CellStatus.EXCLUDED)] for name in CellClass}
        cut = {
            name: tally[Entry(name, CellStatus.EXCLUDED, cut_by_border=True)] for name in CellClass
        }
        return cls(
            counts=MappingProxyType({
                name: _with_status(tally, name, CellStatus.COUNTED) for name in LEUKOCYTES
            }),
            excluded=MappingProxyType({name: whole[name] + cut[name] for name in CellClass}),
            beside=MappingProxyType({name: whole[name] for name in outside}),
            unclassified=sum(
                _with_status(tally, name, CellStatus.UNCLASSIFIED) for name in CellClass
            ),
            smudge_cells=smudge_cells,
        )

    @property
    def n(self) -> int:
        """Counted leukocytes: the denominator of every percentage."""
        return sum(self.counts.values())

    @property
    def percent(self) -> Mapping[CellClass, float]:
        """Share of each of the five classes, 0 to 100; all zero when nothing is counted."""
        n = max(1, self.n)
        return {name: 100 * count / n for name, count in self.counts.items()}

    @property
    def interval95(self) -> Mapping[CellClass, Interval]:
        """Exact 95 % interval of each percentage; 0 to 100 when nothing is counted."""
        return {name: exact_interval(count, self.n) for name, count in self.counts.items()}

    @property
    def beside_per_100(self) -> Mapping[CellClass, float | None]:
        """Cells outside the differential per 100 counted leukocytes; None when none is counted.

        Cells cut by the border are left out, as they are of the denominator.
        """
        return {
            name: 100 * count / self.n if self.n else None for name, count in self.beside.items()
        }

    @property
    def cut_or_too_large(self) -> int:
        """Cells set aside for where they lie or how large they are, whatever they may be."""
        return sum(self.excluded.values()) - sum(self.beside.values())

    @property
    def smudge_per_100(self) -> float | None:
        """Smudge cells per 100 counted leukocytes; None when none is counted."""
        return 100 * self.smudge_cells / self.n if self.n else None

    def more_cells_needed(self, cell_class: CellClass, *, half_width: float) -> int:
        """Return how many more leukocytes to count until a class is known to ± ``half_width``.

        Supposes that the share stays as it is; with nothing counted yet, the worst case of 50 %.

        Args:
            cell_class: one of the five classes.
            half_width: half the width of the interval wanted, in percentage points.
        """
        percent = self.percent[cell_class] if self.n else 50.0
        return max(0, cells_needed(percent, half_width=half_width) - self.n)


def exact_interval(count: int, n: int, *, confidence: float = CONFIDENCE) -> Interval:
    """Return the exact binomial interval of ``count`` in ``n``, in percent.

    The interval of Clopper and Pearson (Biometrika 26:404, 1934), which the Rümke table prints.
    It speaks of the chance in counting alone, not of errors in naming the cells.

    >>> low, high = exact_interval(9, 100)
    >>> round(low, 1), round(high, 1)
    (4.2, 16.4)

    Args:
        count: cells of the class.
        n: all cells counted; with none, everything from 0 to 100 is possible.
        confidence: share of such intervals that hold the true percentage.

    Raises:
        ValueError: the count is negative or above ``n``.
    """
    if not 0 <= count <= n:
        raise ValueError(f"{count} of {n} is no count")
    return _interval(float(count), float(n), confidence)


def cells_needed(percent: float, *, half_width: float, confidence: float = CONFIDENCE) -> int:
    """Return how many cells to count so that a share is known to ± ``half_width``.

    Args:
        percent: the share expected, 0 to 100.
        half_width: half the width of the interval wanted, in percentage points, above 0.
        confidence: as in `exact_interval`.

    Raises:
        ValueError: the percentage is none, or the half width is not positive.
    """
    if not 0 <= percent <= 100 or half_width <= 0:
        raise ValueError(f"no count gives {percent} % ± {half_width}")

    def is_enough(n: int) -> bool:
        # A share of n cells need not be whole here, else the answer would jump up and down in n.
        low, high = _interval(percent / 100 * n, float(n), confidence)
        return high - low <= 2 * half_width

    most = 1
    while not is_enough(most):
        most *= 2
    least = most // 2
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if is_enough(middle) else (middle, most)
    return most


def _with_status(tally: Counter[Entry], name: CellClass, status: CellStatus) -> int:
    return sum(tally[Entry(name, status, cut_by_border=cut)] for cut in (False, True))


def _interval(count: float, n: float, confidence: float) -> Interval:
    tail = (1 - confidence) / 2
    low = 0.0 if count <= 0 else _beta_quantile(tail, count, n - count + 1)
    high = 1.0 if count >= n else _beta_quantile(1 - tail, count + 1, n - count)
    return Interval(100 * low, 100 * high)


def _beta_quantile(share: float, a: float, b: float) -> float:
    least, most, middle = 0.0, 1.0, a / (a + b)
    log_scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    for _ in range(60):
        excess = _beta_share(middle, a, b) - share
        least, most = (middle, most) if excess < 0 else (least, middle)
        log_density = log_scale + (a - 1) * math.log(middle) + (b - 1) * math.log1p(-middle)
        # Newton's step where it stays inside, else a halving; six times as fast as halvings.
        step = middle - excess / max(math.exp(log_density), 1e-300)
        following = step if least < step < most else (least + most) / 2
        if abs(following - middle) <= 1e-15:
            break
        middle = following
    return middle


def _beta_share(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b), 0 <= x <= 1."""
    if x <= 0:
        return 0.0
    # The fraction converges fast only below the mean (DLMF 8.17.4 turns it round above).
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_share(1 - x, b, a)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    log_front += a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) / (a * _beta_fraction(x, a, b))


def _beta_fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of DLMF 8.17.22, by Lentz' method (Appl. Opt. 15:668, 1976)."""
    tiny = 1e-300
    value, upper, lower = 1.0, 1.0, 0.0
    for step in range(1, 10_000):
        m, is_odd = divmod(step, 2)
        if is_odd:
            d = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            d = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        lower = 1 / ((1 + d * lower) or tiny)
        upper = (1 + d / upper) or tiny
        value *= upper * lower
        if abs(upper * lower - 1) < 1e-15:
            break
    return value
