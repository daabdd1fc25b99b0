"""What is said where not one image of a run can be used."""

from collections.abc import Sequence
from dataclasses import dataclass

from leuko.errors import ImageError, ScaleError
from leuko.plurals import counted

_KINDS = 3
"""Reasons that one message gives; a reader puts right the most frequent first."""


@dataclass(frozen=True, slots=True)
class RefusedImage:
    """An image that cannot be used.

    Attributes:
        name: what the results call it.
        is_named: whether the error's sentence names it already.
        error: the reason.
    """

    name: str
    is_named: bool
    error: ImageError


def refusal_of_all(images: Sequence[RefusedImage]) -> ImageError:
    """Return the error that says why no image of a run can be used, and for how many that holds.

    Args:
        images: all of the run, one at least.
    """
    first, *others = kinds = _by_remedy(images)
    kind = type(first[0].error)
    if len(images) == 1:
        return kind(_of_one(images[0]))
    told = [_of_some(alike, len(images)) for alike in kinds[:_KINDS]]
    if left := sum(len(alike) for alike in others[_KINDS - 1 :]):
        told.append(f"{left} of them for other reasons")
    return kind(f"none of {counted(len(images), 'image')} can be used; {'; also '.join(told)}")


def _by_remedy(images: Sequence[RefusedImage]) -> list[list[RefusedImage]]:
    """Return the images by what is to be done about them, those of a scale first, then by number.

    The sentences tell levels and sizes, which differ between images that lack the same.
    """
    kinds: dict[str, list[RefusedImage]] = {}
    for one in images:
        kinds.setdefault(str(one.error).rpartition("; ")[2], []).append(one)
    # A scale can be stated; a broken file among images without one matters less.
    return sorted(
        kinds.values(), key=lambda alike: (not isinstance(alike[0].error, ScaleError), -len(alike))
    )


def _of_one(image: RefusedImage) -> str:
    # A scale is that of all images of a size.
    is_clear = image.is_named or isinstance(image.error, ScaleError)
    return str(image.error) if is_clear else f"{image.name}: {image.error}"


def _of_some(alike: Sequence[RefusedImage], of: int) -> str:
    number = "all" if len(alike) == of else str(len(alike))
    return f"{number} of them{_example(alike)}: {alike[0].error}"


def _example(alike: Sequence[RefusedImage]) -> str:
    first = alike[0]
    if len(alike) == 1:
        return "" if first.is_named else f", {first.name}"
    return ", for example" if first.is_named else f", such as {first.name}"
