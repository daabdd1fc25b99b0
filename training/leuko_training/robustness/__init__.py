"""How whole bundles bear pictures unlike those that any laboratory of theirs took."""

import hashlib
from functools import partial
from pathlib import Path

from leuko.bundle import ModelBundle, load_bundle
from leuko_training.datasets import LabelledImage
from leuko_training.errors import DatasetError
from leuko_training.parts import Parts
from leuko_training.robustness._changes import CHANGES, Change
from leuko_training.robustness._judging import Judged, by_lot, judge_altered
from leuko_training.robustness._report import write_robustness
from leuko_training.transfer import LABORATORIES, Places, read_all, sets_of, whole_bundle

__all__ = [
    "CHANGES",
    "Change",
    "Judged",
    "alter_and_report",
    "by_lot",
    "judge_altered",
    "write_robustness",
]


def alter_and_report(places: Places, runs: Path) -> None:
    """Judge whole bundles on altered images of laboratories that they have not seen.

    A run that was cut goes on.

    Args:
        places: where data sets, bundles and results lie.
        runs: folder of all trainings; kept in ``robustness`` below it.

    Raises:
        DatasetError: a bundle or a data set is missing.
        OutputError: the results cannot be written.
    """
    paths = {name: whole_bundle(name, places) for name in LABORATORIES}
    if missing := [name for name, path in paths.items() if not path.is_dir()]:
        raise DatasetError(
            f"there is no whole bundle without {', '.join(missing)}; "
            "run leuko-train transfer --recipe slides --whole first"
        )
    items, kept = read_all(places.root), Parts(runs / "robustness")
    judged: list[Judged] = []
    for name, path in paths.items():
        bundle, absent = load_bundle(path), sets_of([name])
        mine = by_lot([item for item in items if item.dataset in absent])
        part = f"{name}-{bundle.sha256[:8]}-{_digest_of_changes()}"
        judged += kept.once(part, list[Judged], partial(_judge, name, bundle, mine))
    write_robustness(judged, places.results)
    # The device's code is judged, too, and nothing here tells when that changes.
    kept.forget("")


def _digest_of_changes() -> str:
    words = "/".join(change.words for change in CHANGES)
    return hashlib.sha256(words.encode()).hexdigest()[:8]


def _judge(name: str, bundle: ModelBundle, items: list[LabelledImage]) -> list[Judged]:
    if not items:
        raise DatasetError(f"no image of {name} is there; name the folder of all data sets")
    return [judge_altered(bundle, name, items, change) for change in CHANGES]
