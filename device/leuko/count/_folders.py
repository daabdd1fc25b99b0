"""What is said where images of one size cannot be of one microscope."""

from collections.abc import Mapping
from pathlib import Path
from statistics import median

from leuko.vision.scale_agreement import contradict, parted


def disagreements(scales: Mapping[Path, float], labels: Mapping[Path, str]) -> list[str]:
    """Return why images of one size need a scale for each microscope; nothing if one will do.

    Args:
        scales: µm per pixel that the red cells of each image say by themselves.
        labels: what the results call each image.
    """
    folders: dict[Path, list[float]] = {}
    for path, um_per_px in scales.items():
        folders.setdefault(path.parent, []).append(um_per_px)
    if len(folders) > 1:
        return _of_folders(folders)
    told = parted({labels[path]: um_per_px for path, um_per_px in scales.items()})
    if not told:
        return []
    return [f"{told}; count the images of each microscope by themselves, or state --um-per-px"]


def _of_folders(folders: Mapping[Path, list[float]]) -> list[str]:
    most = max(folders, key=lambda folder: len(folders[folder]))
    others = [
        f"{folder} ({median(own):.3g})"
        for folder, own in folders.items()
        if contradict(own, folders[most])
    ]
    if not others:
        return []
    do = "does" if len(others) == 1 else "do"
    told = (
        f"{' and '.join(others)} {do} not fit {most} ({median(folders[most]):.3g} µm per pixel): "
        "their red cells say different scales, and one was found for all; count each folder by "
        "itself, or state --um-per-px"
    )
    return [told]
