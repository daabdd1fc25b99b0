"""What the results of a run call its images."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

_LONGEST = 200
"""Bytes of a name, which leaves room for what is put behind it: file systems end at 255."""


def name_images(paths: Sequence[Path]) -> list[tuple[str, str]]:
    """Return for each path what the results call the image, and what its pictures are named by.

    That is the file's name and its stem, with as many parent folders and as much of the suffix
    as it takes to tell the images of one run apart.

    >>> name_images([Path("a/1.png"), Path("b/1.png"), Path("b/2.png"), Path("b/2.jpg")])
    [('a/1.png', 'a_1'), ('b/1.png', 'b_1'), ('2.png', '2.png'), ('2.jpg', '2.jpg')]
    """
    parts = [path.absolute().parts for path in paths]
    depths = [1] * len(paths)
    while clashes := _repeated(["/".join(p[-d:]) for p, d in zip(parts, depths, strict=True)]):
        depths = [depth + (index in clashes) for index, depth in enumerate(depths)]
    images = ["/".join(p[-d:]) for p, d in zip(parts, depths, strict=True)]
    return list(zip(images, _file_names(images), strict=True))


def _file_names(images: Sequence[str]) -> list[str]:
    whole = [image.strip("/").replace("/", "_") for image in images]
    stems = [str(Path(name).with_suffix("")) for name in whole]
    # Some file systems do not tell capital letters from small ones.
    clashes = _repeated([stem.casefold() for stem in stems])
    names = [_ending(whole[i] if i in clashes else stem) for i, stem in enumerate(stems)]
    if _repeated([name.casefold() for name in names]):
        return [f"{number}-{name}" for number, name in enumerate(names, 1)]
    return names


def _ending(name: str) -> str:
    """Return a name's end if it is too long: pictures of one run differ in the ends of names."""
    encoded = os.fsencode(name)
    return name if len(encoded) <= _LONGEST else encoded[-_LONGEST:].decode(errors="ignore")


def _repeated(names: Sequence[str]) -> set[int]:
    times = Counter(names)
    return {index for index, name in enumerate(names) if times[name] > 1}
