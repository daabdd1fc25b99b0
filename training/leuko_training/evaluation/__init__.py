"""Judging a bundle on images that it has never seen."""

from leuko_training.evaluation._fields import (
    SAME_LEUKOCYTE_IOU,
    FieldResult,
    FieldScore,
    UnmatchedRegion,
    score_fields,
)
from leuko_training.evaluation._findings import (
    Analyse,
    analyser_of,
    find_cells,
    name_in,
    true_regions,
    union_of,
)
from leuko_training.evaluation._judged import JudgedBox, Verdict, read_judged
from leuko_training.evaluation._markdown import percent, relative_words, table, words
from leuko_training.evaluation._name_report import matrices_of
from leuko_training.evaluation._names import Answer, NameResult, name_cells
from leuko_training.evaluation._outlines import OutlineResult, OutlineScore, score_outlines
from leuko_training.evaluation._pictures import write_pictures
from leuko_training.evaluation._record import record_of
from leuko_training.evaluation._report import render_report
from leuko_training.evaluation._run import Evaluation, Subject, evaluate, evaluate_analysis
from leuko_training.evaluation._scales import ScaleResult, score_scales, true_scales
from leuko_training.evaluation._targets import DICE, Goal, goals_of

__all__ = [
    "DICE",
    "SAME_LEUKOCYTE_IOU",
    "Analyse",
    "Answer",
    "Evaluation",
    "FieldResult",
    "FieldScore",
    "Goal",
    "JudgedBox",
    "NameResult",
    "OutlineResult",
    "OutlineScore",
    "ScaleResult",
    "Subject",
    "UnmatchedRegion",
    "Verdict",
    "analyser_of",
    "evaluate",
    "evaluate_analysis",
    "find_cells",
    "goals_of",
    "matrices_of",
    "name_cells",
    "name_in",
    "percent",
    "read_judged",
    "record_of",
    "relative_words",
    "render_report",
    "score_fields",
    "score_outlines",
    "score_scales",
    "table",
    "true_regions",
    "true_scales",
    "union_of",
    "words",
    "write_pictures",
]
