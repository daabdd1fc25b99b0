"""The numbers of an adaptation as a file of their own: float32 in rows, checked on reading."""

import hashlib

import numpy as np

from leuko.adaptation import SiteAdapter
from leuko.calibration._record import SitePart
from leuko.cells import CellClass
from leuko.vision.traits import TRAITS

SITE = "site.f32"

_FEATURES = TRAITS + len(CellClass)
_LARGEST = 1e6
"""Numbers of a fitted adaptation stay far below; sums of larger ones would overflow."""


def coded_site(adapter: SiteAdapter) -> bytes:
    """Return an adapter's arrays as the content of a file: offset, whitening, means."""
    rows = np.concatenate([adapter.offset[None], adapter.whitening, adapter.means])
    return rows.astype("<f4").tobytes()


def read_site(content: bytes | None, part: SitePart | None) -> SiteAdapter | None:
    """Return the adapter that a part and its file describe; None if there is neither.

    Raises:
        ValueError: they do not belong together, or hold no adapter.
    """
    if content is None or part is None:
        if content is not None or part is not None:
            raise ValueError(f"its record and its {SITE} do not belong together")
        return None
    if hashlib.sha256(content).hexdigest() != part.sha256:
        raise ValueError(f"{SITE} is not the one that its record lists")
    rows = 1 + _FEATURES + len(part.classes)
    if len(content) != 4 * rows * _FEATURES:
        raise ValueError(f"{SITE} is no adaptation to {len(part.classes)} classes")
    values = np.frombuffer(content, "<f4").astype(np.float64).reshape(rows, _FEATURES)
    if part.priors and len(part.priors) != len(part.classes):
        raise ValueError(
            f"its record has {len(part.priors)} priors for {len(part.classes)} classes"
        )
    if not (np.abs(values) < _LARGEST).all():
        raise ValueError(f"{SITE} holds what are no numbers of an adaptation")
    return SiteAdapter(
        classes=tuple(list(CellClass).index(name) for name in part.classes),
        offset=values[0],
        whitening=values[1 : 1 + _FEATURES],
        means=values[1 + _FEATURES :],
        strength=part.strength,
        typical=part.typical,
        priors=np.array(part.priors or [1.0] * len(part.classes)),
        trust=part.trust,
    )
