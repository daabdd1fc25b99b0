"""Judging a bundle on images that it has never seen."""

from leuko_training.evaluation._fields import (
    FieldResult,
    FieldScore,
    UnmatchedRegion,
    score_fields,
)
from leuko_training.evaluation._findings import (
    Analyse,
    AnalyseAt,
    Analysis,
    analysis_of,
    find_cells,
    name_in,
    pictures_of,
    true_regions,
    union_of,
)
from leuko_training.evaluation._judged import JudgedBox, Verdict, read_judged
from leuko_training.evaluation._markdown import percent, relative_words, table, words
from leuko_training.evaluation._matching import SAME_LEUKOCYTE_IOU
from leuko_training.evaluation._name_report import matrices_of
from leuko_training.evaluation._names import Answer, NameResult, name_cells
from leuko_training.evaluation._outlines import OutlineResult, OutlineScore, score_outlines
from leuko_training.evaluation._pictures import write_pictures
from leuko_training.evaluation._record import record_of
from leuko_training.evaluation._report import render_report, with_simulated
from leuko_training.evaluation._run import (
    Evaluation,
    Subject,
    evaluate,
    evaluate_analysis,
    subject_of,
)
from leuko_training.evaluation._scales import ScaleResult, score_scales, true_scales
from leuko_training.evaluation._simulated import (
    SEEDS,
    SimulatedResult,
    SimulatedSlide,
    score_simulated,
    simulated_slides,
)
from leuko_training.evaluation._simulated_report import (
    record_of_simulated,
    write_failures,
)
from leuko_training.evaluation._targets import DICE, Goal, goals_of
from leuko_training.uncarded import FAILURES_FILE

__all__ = [
    "DICE",
    "FAILURES_FILE",
    "SAME_LEUKOCYTE_IOU",
    "SEEDS",
    "Analyse",
    "AnalyseAt",
    "Analysis",
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
    "SimulatedResult",
    "SimulatedSlide",
    "Subject",
    "UnmatchedRegion",
    "Verdict",
    "analysis_of",
    "evaluate",
    "evaluate_analysis",
    "find_cells",
    "goals_of",
    "matrices_of",
    "name_cells",
    "name_in",
    "percent",
    "pictures_of",
    "read_judged",
    "record_of",
    "record_of_simulated",
    "relative_words",
    "render_report",
    "score_fields",
    "score_outlines",
    "score_scales",
    "score_simulated",
    "simulated_slides",
    "subject_of",
    "table",
    "true_regions",
    "true_scales",
    "union_of",
    "with_simulated",
    "words",
    "write_failures",
    "write_pictures",
]
