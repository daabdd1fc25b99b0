"""What a model card says and shows of failures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leuko_converter.errors import ConversionError
from leuko_training.uncarded import CARD_PICTURES

LARGEST_PICTURE_BYTES = 150_000
"""A bundle goes over slow networks; both pictures together stay far below its models."""

_SIMULATED, _ELSEWHERE = CARD_PICTURES
_CONFUSED_HERE = 0.1
_CONFUSED_ELSEWHERE = 0.15
_FEWEST_ELSEWHERE = 10


@dataclass(frozen=True, slots=True)
class CardPicture:
    """A picture that a card shows.

    Attributes:
        name: of its file, beside the card.
        content: PNG.
        caption: what is to be seen.
    """

    name: str
    content: bytes
    caption: str

    @property
    def markdown(self) -> str:
        """The picture with its caption above it."""
        return f"{self.caption}\n\n![{self.caption.partition(':')[0]}]({self.name})"


def failure_pictures(
    figures: Mapping[str, Any], elsewhere: Mapping[str, Any], beside: tuple[Path, Path]
) -> tuple[CardPicture, ...]:
    """Return the pictures that belong to the figures; figures without failures have none.

    Args:
        figures: content of ``evaluation.json``.
        elsewhere: what ``transfer.json`` says of the shipped recipe; may be empty.
        beside: the folders that both files are in.

    Raises:
        ConversionError: a picture is missing, or too large for a bundle.
    """
    of_slides, of_laboratories = beside
    pictures = []
    simulated = figures.get("simulated") or {}
    if simulated.get("mistakes") or simulated.get("false"):
        caption = _simulated_caption(simulated)
        pictures.append(_picture(of_slides / _SIMULATED, caption, "leuko-train evaluate"))
    if any("confusion" in one for one in elsewhere.values()):
        caption = "Which class is taken for which in each laboratory left out: number of cells."
        pictures.append(_picture(of_laboratories / _ELSEWHERE, caption, "leuko-train transfer"))
    return tuple(pictures)


def failure_list(figures: Mapping[str, Any], elsewhere: Mapping[str, Any]) -> str:
    """Return targets missed, and classes taken for others, as a Markdown list."""
    short = [
        f"- {goal['what']}: {goal['measured']}, {goal['target']} wanted"
        for goal in figures["goals"]
        if not goal["is_met"]
    ]
    here = [
        f"- {laboratory}: {count} of {total} {truth} called {called}"
        for laboratory, one in figures["names"].items()
        for truth, called, count, total in _confused(one["confusion_of_five"], _CONFUSED_HERE)
    ]
    left_out = [
        f"- {laboratory}, left out: {count} of {total} {truth}s called {called}"
        for laboratory, one in elsewhere.items()
        for truth, called, count, total in _confused(one.get("confusion", {}), _CONFUSED_ELSEWHERE)
        if total >= _FEWEST_ELSEWHERE
    ]
    return "\n".join([*short, *here, *left_out]) or "- none of the targets was missed"


def _confused(
    confusion: Mapping[str, Mapping[str, int]], above: float
) -> Iterator[tuple[str, str, int, int]]:
    """Yield truth, wrong answer, how often, and of how many, where it is a larger share."""
    for truth, row in confusion.items():
        total = sum(row.values())
        for called, count in row.items():
            if called != truth and count > above * total:
                yield truth, called, count, total


def _simulated_caption(simulated: Mapping[str, Any]) -> str:
    found, right = simulated["found"], simulated["five_way"]
    return (
        f"Simulated smears that taught no model: of {found['n']} leukocytes on "
        f"{len(simulated['seeds'])} slides {found['hits']} were found and {right['hits']} named "
        f"right of five classes; {len(simulated['false'])} regions are no leukocyte. Missed, "
        "misnamed and false ones, rendered: leukocytes outlined green, what was found red; above "
        "it what it is with the slide's seed, and what it was called."
    )


def _picture(file: Path, caption: str, command: str) -> CardPicture:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConversionError(
            f"{file} cannot be read ({error.strerror}); write it with {command}"
        ) from error
    if len(content) > LARGEST_PICTURE_BYTES:
        raise ConversionError(
            f"{file} has {len(content)} bytes, a bundle's picture may have "
            f"{LARGEST_PICTURE_BYTES}; write it with {command}"
        )
    return CardPicture(file.name, content, caption)
