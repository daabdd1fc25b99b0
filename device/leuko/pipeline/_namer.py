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

_AS_IT_IS = 0.1
"""Share of what is answered of a cell as it is. A flat laboratory's lymphocytes, made like the
usual one's, pass for basophils, and as they are for themselves; from a twentieth to three tenths
name as many right (decision 8)."""


def both_ways(evened: NDArray[np.floating], as_it_is: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return what a classifier answers of cells both ways, put together.

    Args:
        evened: ``(..., classes)``, its answers where they were made like the usual laboratory's.
        as_it_is: the same of them as they are.
    """
    return np.asarray((1 - _AS_IT_IS) * evened.astype(np.float64) + _AS_IT_IS * as_it_is)


@dataclass(frozen=True, slots=True)
class Look:
    """A cell as the classifier sees it, before all else is taken away.

    Attributes:
        crop: ``(size, size, 3)`` uint8, RGB, white balanced, with what surrounds the cell.
        mask: ``(size, size)`` bool, true on the cell.
    """

    crop: RGBImage
    mask: Mask


@dataclass(frozen=True, slots=True)
class Told:
    """What the bundle says of a cell.

    Attributes:
        probabilities: ``(classes,)`` float64 in `CellClass` order, adding up to 1.
        name_as_it_is: its name where it is not made like the usual laboratory's.
        is_strange: whether nothing like the cell was learnt from.
    """

    probabilities: NDArray[np.float64]
    name_as_it_is: CellClass
    is_strange: bool


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

    def told(self, look: Look, shown: RGBImage) -> Told:
        """Return what the bundle says of a cell.

        Args:
            look: at the cell.
            shown: its crop as it would look in the usual laboratory; where nothing is taken away,
                the look's own crop, which is then looked at once.
        """
        answered, is_strange = self._answered(shown, look.mask)
        as_it_is = answered
        if shown is not look.crop:
            as_it_is, _ = self._answered(look.crop, look.mask)
        name = list(CellClass)[int(np.argmax(self._worth(as_it_is)))]
        return Told(self._worth(both_ways(answered, as_it_is)), name, is_strange)

    def _answered(self, crop: RGBImage, mask: Mask) -> tuple[NDArray[np.float32], bool]:
        """Return the classifier's probabilities, and whether the crop is strange to it."""
        outputs = self._model.run(isolate(crop, mask, margin=self._spec.margin))
        quantisations = self._model.output_quantisations
        real = quantisations[self._probabilities].real(outputs[self._probabilities])[0]
        embedding = quantisations[self._embedding].real(outputs[self._embedding])[0]
        is_strange = self._familiarity is not None and self._familiarity.is_strange(embedding)
        return real, is_strange

    def _worth(self, answered: NDArray[np.floating]) -> NDArray[np.float64]:
        spec = self._spec
        return believed(answered, class_weights=spec.class_weights, temperature=spec.temperature)


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
