"""Images by their folders: which are looked at, and what is said where microscopes differ."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from statistics import median

from leuko.pipeline import spread_out
from leuko.vision.scale_agreement import FEWEST_FIELDS, contradict, parted


@dataclass(frozen=True, slots=True)
class FieldScale:
    """The scale of one of several images of a size.

    Attributes:
        said: µm per pixel that its red cells say by themselves; None if that is worth too little.
        used: µm per pixel that it was analysed at.
        is_own: whether that is what its red cells say, and not what those of all images do.
    """

    said: float | None
    used: float
    is_own: bool


@dataclass(frozen=True, slots=True)
class Disagreement:
    """That images of one size need a scale for each microscope.

    Attributes:
        sentence: for the reader.
        images: what it is said of.
    """

    sentence: str
    images: frozenset[Path]


Fields = Mapping[Path, FieldScale]


def from_all_folders(images: Iterable[Path], most: int) -> list[Path]:
    """Return so many images at most, from as many folders as can be."""
    folders: dict[Path, list[Path]] = {}
    for path in images:
        folders.setdefault(path.parent, []).append(path)
    rounds = zip_longest(*map(spread_out, spread_out(list(folders.values()))))
    return list(islice((path for one in rounds for path in one if path), most))


def disagreements(fields: Fields, labels: Mapping[Path, str]) -> list[Disagreement]:
    """Return why images of one size need a scale for each microscope; nothing if one will do.

    Args:
        fields: all images of that size.
        labels: what the results call each image.
    """
    folders: dict[Path, dict[Path, FieldScale]] = {}
    for path, field in fields.items():
        folders.setdefault(path.parent, {})[path] = field
    names = {folder: f"in {folder}, " if len(folders) > 1 else "" for folder in folders}
    mixed = {
        folder: found
        for folder, own in folders.items()
        if (found := _mixed(own, labels, where=names[folder]))
    }
    of_one = {folder: own for folder, own in folders.items() if folder not in mixed}
    told = [*mixed.values(), *_apart(of_one)]
    if told or all(len(_said(own)) >= FEWEST_FIELDS for own in folders.values()):
        return told
    # A folder for each slide, with a field or two: none of them says much, but all together do.
    return [found] if (found := _mixed(fields, labels)) else []


def _said(fields: Fields) -> list[float]:
    return [field.said for field in fields.values() if field.said]


def _mixed(fields: Fields, labels: Mapping[Path, str], *, where: str = "") -> Disagreement | None:
    """Return that images which nobody has told apart are of two microscopes, if they are."""
    told = parted({labels[path]: field.said for path, field in fields.items() if field.said})
    if not told:
        return None
    return Disagreement(
        f"{where}{told}, and {_done(fields)}; count the images of each microscope by themselves",
        frozenset(fields),
    )


def _apart(folders: Mapping[Path, Fields]) -> list[Disagreement]:
    """Return that folders do not fit the largest, if any do not."""
    said = {folder: own for folder, fields in folders.items() if (own := _said(fields))}
    if not said:
        return []
    most = max(said, key=lambda folder: len(said[folder]))
    others = [folder for folder, own in said.items() if contradict(own, said[most])]
    if not others:
        return []
    named = " and ".join(f"{folder} ({median(said[folder]):.3g})" for folder in others)
    do = "does" if len(others) == 1 else "do"
    fields = {path: field for folder in (most, *others) for path, field in folders[folder].items()}
    return [
        Disagreement(
            f"{named} {do} not fit {most} ({median(said[most]):.3g} µm per pixel): their red cells "
            f"say different scales, and {_done(fields)}; count each folder by itself",
            frozenset(fields),
        )
    ]


def _done(fields: Fields) -> str:
    """Return at which scale the images were analysed."""
    shared: Sequence[float] = [field.used for field in fields.values() if not field.is_own]
    if not shared:
        return "each image was analysed at its own scale"
    if len(shared) == len(fields):
        return f"all were analysed at {shared[0]:.3g}"
    return (
        f"{len(fields) - len(shared)} of these {len(fields)} images were analysed at their own "
        f"scale, the others at {shared[0]:.3g}"
    )
