"""What a leukocyte is called, and how much that is worth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leuko.bundle import ClassifierSpec, ModelBundle, read_arrays
from leuko.cells import CellClass, CellRegion, Mask, RGBImage
from leuko.certainty import believed
from leuko.errors import BundleError
from leuko.familiarity import Familiarity
from leuko.inference import Engine, Model
from leuko.pipeline._field import Field
from leuko.pipeline._shapes import check_input
from leuko.vision.preprocess import isolate
from leuko.vision.regions import mask_in_window


@dataclass(frozen=True, slots=True)
class Look:
    """A cell as the classifier sees it, before all else is taken away.

    Attributes:
        crop: ``(size, size, 3)`` uint8, RGB, white balanced, with what surrounds the cell.
        mask: ``(size, size)`` bool, true on the cell.
    """

    crop: RGBImage
    mask: Mask


class Namer:
    """Names cells with a bundle's classifier."""

    def __init__(self, bundle: ModelBundle, engine: Engine) -> None:
        """Load the classifier, and what it is familiar with.

        Args:
            bundle: the models.
            engine: runs them.

        Raises:
            BundleError: the model's input or outputs, or the familiarity, are not what the
                manifest says.
            EngineError: the engine cannot run the model.
        """
        self._spec = bundle.manifest.classifier
        self._model = engine.load(bundle.files[self._spec.model])
        _check(self._spec, self._model)
        shapes = self._model.output_shapes
        self._probabilities = shapes.index((1, len(CellClass)))
        self._embedding = shapes.index((1, self._spec.embedding))
        self._familiarity = _familiarity(bundle)

    def look(self, field: Field, region: CellRegion) -> Look:
        """Return a region of a field as the classifier sees it."""
        spec = self._spec
        window = field.window(*region.box.centre, um_per_px=spec.um_per_px, size=spec.size)
        return Look(field.cut(window), mask_in_window(region, window))

    def named(self, look: Look) -> tuple[NDArray[np.float64], bool]:
        """Return what the bundle says of a cell, and whether the cell is strange to it.

        Returns:
            ``(classes,)`` float64 in `CellClass` order, and true where nothing like the cell was
            learnt from.
        """
        spec = self._spec
        outputs = self._model.run(isolate(look.crop, look.mask, margin=spec.margin))
        quantisations = self._model.output_quantisations
        real = quantisations[self._probabilities].real(outputs[self._probabilities])[0]
        embedding = quantisations[self._embedding].real(outputs[self._embedding])[0]
        worth = believed(real, class_weights=spec.class_weights, temperature=spec.temperature)
        is_strange = self._familiarity is not None and self._familiarity.is_strange(embedding)
        return worth, is_strange


def _familiarity(bundle: ModelBundle) -> Familiarity | None:
    spec = bundle.manifest.classifier
    if spec.familiarity is None:
        return None
    return Familiarity.from_arrays(read_arrays(bundle, spec.familiarity), length=spec.embedding)


def _check(spec: ClassifierSpec, model: Model) -> None:
    check_input(spec.model, model, (spec.size, spec.size))
    found, wanted = model.output_shapes, ((1, len(CellClass)), (1, spec.embedding))
    if sorted(found) != sorted(wanted):
        msg = (
            f"{spec.model} gives {found}, the manifest says {len(CellClass)} classes and an "
            f"embedding of {spec.embedding}; convert the bundle again"
        )
        raise BundleError(msg)
