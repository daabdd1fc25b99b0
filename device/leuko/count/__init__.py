"""Counting a set of images: read, scale, analyse, report."""

from leuko.count._result import NO_PICTURES, CountResult, Pictures, Progress, named_few
from leuko.count._run import count_images
from leuko.count._scales import FIELDS_FOR_SCALE

__all__ = [
    "FIELDS_FOR_SCALE",
    "NO_PICTURES",
    "CountResult",
    "Pictures",
    "Progress",
    "count_images",
    "named_few",
]
