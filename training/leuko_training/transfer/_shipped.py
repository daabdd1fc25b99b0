"""What the shipped recipe makes of each laboratory that it alone has not seen."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from leuko_training.answers import Answers
from leuko_training.certainty import PRIOR_STRENGTH, confusion_beside_prior, judged_elsewhere
from leuko_training.figures import plot_confusion
from leuko_training.metrics import ConfusionMatrix
from leuko_training.recipes import RECIPES, SHIPPED
from leuko_training.small_pictures import shrink
from leuko_training.transfer._laboratories import LABORATORIES
from leuko_training.transfer._run import Tried
from leuko_training.uncarded import CONFUSIONS_FILE

_COLUMNS = 4


def record_of_shipped(tried: Sequence[Tried]) -> dict[str, dict[str, object]]:
    """Return what the shipped recipe makes of each laboratory, as values that JSON knows.

    Empty while there are fewer than two.
    """
    joined, known = _by_laboratory(tried), shipped_trials(tried)
    is_short = any(one.trial.is_short for one in known)
    judged = judged_elsewhere(joined) if len(joined) > 1 else {}
    confusions = shipped_confusions(tried)
    return {
        name: {
            "n": one.five_way.n,
            "five_way": one.five_way.percent or 0.0,
            "unclassified": one.unclassified.percent or 0.0,
            "classified": one.right.percent or 0.0,
            "short": is_short,
            "trainings": sum(name in other.trial.left_out for other in known),
            "confusion": confusions[name].table,
        }
        for name, (_, one) in judged.items()
    }


def shipped_confusions(tried: Sequence[Tried]) -> dict[str, ConfusionMatrix]:
    """Return five-way confusions with the device's prior, by the laboratory that was left out."""
    return {
        name: confusion_beside_prior(answers, PRIOR_STRENGTH)
        for name, answers in _by_laboratory(tried).items()
    }


def write_confusions(confusions: Mapping[str, ConfusionMatrix], folder: Path) -> None:
    """Draw ``transfer-confusions.png``, if there is anything to draw.

    Raises:
        OutputError: it cannot be written.
    """
    if confusions:
        title = "Laboratories left out, five-way"
        plot_confusion(confusions, folder / CONFUSIONS_FILE, title=title, columns=_COLUMNS)
        shrink(folder / CONFUSIONS_FILE)


def confusion_lines() -> Iterator[str]:
    """Yield the report's lines that show the picture."""
    yield from (
        "Which class is taken for which, with the device's prior and all seeds together:",
        "",
        f"![Confusion in each laboratory left out]({CONFUSIONS_FILE})",
        "",
    )


def shipped_trials(tried: Sequence[Tried]) -> list[Tried]:
    """Return the shipped recipe's long trials, or its short ones while a long one is missing."""
    shipped = [
        one
        for one in tried
        if RECIPES[one.trial.recipe] is SHIPPED and not one.trial.is_raabin_alone
    ]
    long = [one for one in shipped if not one.trial.is_short]
    short = [one for one in shipped if one.trial.is_short]
    has_all = set(LABORATORIES) <= {name for one in long for name in one.trial.left_out}
    return long if has_all or not short else short


def _by_laboratory(tried: Sequence[Tried]) -> dict[str, Answers]:
    known = shipped_trials(tried)
    return {
        name: Answers.joined([one.of(*sets) for one in answers])
        for name, sets in LABORATORIES.items()
        if (answers := [one.answers for one in known if name in one.trial.left_out])
    }
