"""Judging a bundle on images that it has never seen."""

from leuko_training.evaluation._fields import (
    SAME_LEUKOCYTE_IOU,
    FieldResult,
    FieldScore,
    UnmatchedRegion,
)
from leuko_training.evaluation._findings import (
    Analyse,
    analyser_of,
    name_in,
    true_regions,
    union_of,
)
from leuko_training.evaluation._judged import JudgedBox, Verdict, read_judged
from leuko_training.evaluation._markdown import relative_words, table
from leuko_training.evaluation._name_report import matrices_of
from leuko_training.evaluation._names import Answer, NameResult
from leuko_training.evaluation._outlines import OutlineResult, OutlineScore
from leuko_training.evaluation._pictures import write_pictures
from leuko_training.evaluation._record import record_of
from leuko_training.evaluation._report import render_report
from leuko_training.evaluation._run import Evaluation, Subject, evaluate, evaluate_analysis
from leuko_training.evaluation._scales import ScaleResult, score_scales
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
    "goals_of",
    "matrices_of",
    "name_in",
    "read_judged",
    "record_of",
    "relative_words",
    "render_report",
    "score_scales",
    "table",
    "true_regions",
    "union_of",
    "write_pictures",
]
