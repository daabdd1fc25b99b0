"""The parts of one calibration beside each other: named by people, numbered, of one size."""

from collections.abc import Iterable, Mapping

from leuko.calibration._record import Part, SitePart
from leuko.errors import CalibrationError


def spoken(names: Iterable[str]) -> str:
    """Return parts' names as a command takes them.

    >>> spoken(["flat_field", "scale"])
    'flat-field scale'
    """
    return " ".join(name.replace("_", "-") for name in names)


def named_parts(names: Iterable[str], parts: Mapping[str, Part]) -> tuple[str, ...]:
    """Return what the record calls the parts that a person names.

    Args:
        names: as a person writes them.
        parts: that there are.

    Raises:
        CalibrationError: one of them is not there.
    """
    found = {name: name.strip().lower().replace("-", "_") for name in names}
    missing = next((name for name, plain in found.items() if plain not in parts), None)
    if missing is not None:
        raise CalibrationError(
            f"the calibration in use has no part {missing!r}; it has {spoken(parts) or 'none'}"
        )
    return tuple(found.values())


def numbered(parts: Mapping[str, Part], number: int) -> dict[str, Part]:
    """Return parts as those that came with a calibration."""
    return {
        name: part.model_copy(update={"origin": part.origin.model_copy(update={"number": number})})
        for name, part in parts.items()
    }


def refuse_other_size(present: Mapping[str, Part], added: Mapping[str, Part]) -> None:
    """Refuse parts of pictures of another size than those that stay beside them.

    Args:
        present: what is in use.
        added: what is to be added, or to take the place of some of it.

    Raises:
        CalibrationError: their sizes differ.
    """
    together = {**present, **added}
    sizes = {name: size for name, part in together.items() if (size := _size(part))}
    if len(set(sizes.values())) > 1:
        new = {sizes.get(name) for name in added}
        others = spoken(name for name, size in sizes.items() if size not in new)
        raise CalibrationError(
            "one calibration cannot be of pictures of "
            f"{' and of '.join(sorted(set(sizes.values())))}; use pictures of the size that is "
            f"counted, or drop the others first with leuko calibrate forget {others}"
        )


def _size(part: Part) -> str:
    camera = part.origin.camera
    return "" if isinstance(part, SitePart) else f"{camera.width} x {camera.height}"
