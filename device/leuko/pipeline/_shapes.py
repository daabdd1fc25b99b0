"""Whether a model takes what its manifest says."""

from leuko.errors import BundleError
from leuko.inference import Model


def check_input(name: str, model: Model, size: tuple[int, int]) -> None:
    """Refuse a model that takes another image than ``(1, height, width, 3)``.

    Args:
        name: of the model's file.
        model: loaded.
        size: height and width that the manifest says.

    Raises:
        BundleError: it takes another.
    """
    found, wanted = model.input_shape, (1, *size, 3)
    if found != wanted:
        msg = f"{name} takes {found}, the manifest says {wanted}; convert the bundle again"
        raise BundleError(msg)
