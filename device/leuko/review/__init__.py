"""Cells of a finished session whose classes a person confirms or corrects, one after another.

What a person says of a cell is on the disk before the next is shown (`Review`), and is what
`leuko.calibration.measure_site` learns from (`cells_of_reviews`).
"""

from leuko.review._candidates import Candidate, candidates_of
from leuko.review._kept import FOLDER_NAME, Review, Reviewed, load_review, load_reviews, reviewing
from leuko.review._labelled import ReviewedCells, cells_of_reviews
from leuko.review._order import WANTED, next_candidate
from leuko.review._screen import Turn, review_cells

__all__ = [
    "FOLDER_NAME",
    "WANTED",
    "Candidate",
    "Review",
    "Reviewed",
    "ReviewedCells",
    "Turn",
    "candidates_of",
    "cells_of_reviews",
    "load_review",
    "load_reviews",
    "next_candidate",
    "review_cells",
    "reviewing",
]
