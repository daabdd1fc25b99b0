"""Where a transfer experiment finds and leaves things."""

from dataclasses import dataclass
from pathlib import Path

from leuko_training.datasets import LabelledImage, available_datasets, read_dataset

KEPT = "transfer-answers"
"""Folder among the results of what classifiers answered."""


@dataclass(frozen=True, slots=True)
class Places:
    """Files and folders of the experiment.

    Attributes:
        root: folder of all data sets.
        folder: of all trainings.
        results: folder that the tables go to.
        segmenter: trained Keras segmenter that outlines cells where there is no mask.
        certainty: file for the shipped recipe's temperature and threshold.
    """

    root: Path
    folder: Path
    results: Path
    segmenter: Path
    certainty: Path

    @property
    def kept(self) -> Path:
        """Folder of what classifiers answered, for reports when the trainings are gone."""
        return self.results / KEPT

    def own_cells(self, laboratory: str) -> Path:
        """Return the file of how leukocytes lie to each other in all laboratories but one."""
        return self.folder / "own-cells" / f"{laboratory}.npz"


def read_all(root: Path) -> list[LabelledImage]:
    """Return the images of every set below a root, of all folds."""
    return [item for name in available_datasets(root) for item in read_dataset(name, root)]
