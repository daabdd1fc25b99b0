"""How well leukocytes are outlined and named when something is done to their fields first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from rich.progress import track

from leuko.bundle import ModelBundle
from leuko.cells import Mask, RGBImage
from leuko_training.datasets import LabelledImage, load_mask
from leuko_training.evaluation import analysis_of, union_of
from leuko_training.images import read_rgb
from leuko_training.metrics import score_masks

View = Callable[[RGBImage], RGBImage]
"""What is done to a field before it is looked at."""


@dataclass(frozen=True, slots=True)
class Score:
    """Outlines and names over a set of fields.

    Attributes:
        dice: mean Dice of all that was outlined, against the mask.
        named: fields in which the leukocyte was found and named rightly.
        fields: how many there are.
        elsewhere: regions that were outlined where the mask has none.
    """

    dice: float
    named: int
    fields: int
    elsewhere: int


class Outlining:
    """Outlines the leukocytes of fields with the models of one bundle."""

    def __init__(self, bundle: ModelBundle) -> None:
        """Load the models.

        Args:
            bundle: the models.
        """
        self._analyse = analysis_of(bundle).cells_of

    def scores(self, items: Sequence[LabelledImage], views: Mapping[str, View]) -> dict[str, Score]:
        """Return the score of each view of the same fields.

        Args:
            items: fields with a mask and a class.
            views: what is done to them, by name.
        """
        rows: dict[str, list[tuple[float, bool, int]]] = {name: [] for name in views}
        for item in track(items, "outlining           "):
            rgb, truth = read_rgb(item.image), load_mask(item)
            for name, view in views.items():
                rows[name].append(self._scored(view(rgb), truth, item))
        return {name: _mean(scored) for name, scored in rows.items() if scored}

    def _scored(self, rgb: RGBImage, truth: Mask, item: LabelledImage) -> tuple[float, bool, int]:
        cells = self._analyse(rgb, item.um_per_px)
        shared = [int((union_of([cell], truth.shape) & truth).sum()) for cell in cells]
        dice = score_masks(truth, union_of(cells, truth.shape)).dice
        best = max(zip(shared, cells, strict=True), key=itemgetter(0), default=None)
        is_named = best is not None and best[0] > 0 and best[1].cell_class is item.label
        return dice, is_named, sum(not pixels for pixels in shared)


def _mean(scored: Sequence[tuple[float, bool, int]]) -> Score:
    count = len(scored)
    return Score(
        dice=sum(dice for dice, _, _ in scored) / count,
        named=sum(is_named for _, is_named, _ in scored),
        fields=count,
        elsewhere=sum(elsewhere for _, _, elsewhere in scored),
    )
