"""Outlines in laboratories that the segmenter has not seen, whatever names their cells."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from statistics import mean

from leuko.errors import OutputError
from leuko_training.certainty import read_certainty
from leuko_training.datasets import LabelledImage
from leuko_training.errors import DatasetError
from leuko_training.evaluation import table
from leuko_training.masks import teaches_masks
from leuko_training.parts import Parts
from leuko_training.runs import SEGMENTER_SCHEDULE
from leuko_training.transfer._figures import WholeFigures
from leuko_training.transfer._laboratories import LABORATORIES, sets_of
from leuko_training.transfer._places import Places, read_all
from leuko_training.transfer._report import outline_cells
from leuko_training.transfer._whole import (
    SEGMENTER,
    convert,
    judge_whole,
    segmenter_without,
)

Judged = Mapping[str, Sequence[WholeFigures]]
"""Figures of each data set by laboratory."""


def outlines_and_report(left_out: Sequence[str], places: Places, *, classifier: Path) -> None:
    """Leave laboratories out of the segmenter's training, and write how their cells are outlined.

    A laboratory that was left out before is not trained without again.

    Args:
        left_out: laboratories; all that have masks where none is named.
        places: where everything lies; kept in ``outlines`` below its folder.
        classifier: trained Keras classifier that completes the bundles; it plays no other part.

    Raises:
        DatasetError: a laboratory is unknown or has no masks, or a data set is missing.
        OutputError: the results cannot be written.
    """
    items, kept = read_all(places.root), Parts(places.folder / "outlines")
    masked = _with_masks(items)
    for name in sorted(set(left_out) - {*masked, *_known(kept)}):
        sets_of([name])
        raise DatasetError(f"{name} has no masks to be judged by; leave out {', '.join(masked)}")
    for name in left_out or masked:
        judged = partial(_judge, name, items, places, classifier=classifier)
        kept.once(name, list[WholeFigures], judged)
        _write(_known(kept), places.results)


def _known(kept: Parts) -> Judged:
    """Return what was found in each laboratory that was judged."""
    return {name: kept.read(name, list[WholeFigures]) for name in LABORATORIES if kept.has(name)}


def render_outlines(known: Judged) -> str:
    """Return the report on laboratories that were left out.

    Args:
        known: what was found and outlined in each.
    """
    return "\n".join([*_head(), *_rows(known)])


def _with_masks(items: Sequence[LabelledImage]) -> list[str]:
    taught = {item.dataset for item in items if item.mask and teaches_masks(item)}
    return [name for name, sets in LABORATORIES.items() if taught & set(sets)]


def _judge(
    name: str, items: Sequence[LabelledImage], places: Places, *, classifier: Path
) -> list[WholeFigures]:
    absent = sets_of([name])
    out = convert(
        segmenter_without([name], items, places),
        classifier,
        read_certainty(places.certainty),
        source="laboratories left out, this one among them",
        left_out=[name],
        root=places.root,
        folder=places.folder / "outlines" / name,
    )
    return list(judge_whole(out, [one for one in items if one.dataset in absent], places.root))


def _head() -> Iterator[str]:
    length = f"{SEGMENTER.epochs} epochs of {SEGMENTER.steps} batches of {SEGMENTER.batch_size}"
    batches = SEGMENTER_SCHEDULE.epochs * SEGMENTER_SCHEDULE.steps
    share = SEGMENTER.epochs * SEGMENTER.steps / batches
    yield from (
        "# Outlines in laboratories left out",
        "",
        "Written by `leuko-train outlines`. A segmenter is trained without a laboratory, on folds",
        f"1 to 4 of the others ({length}, seed {SEGMENTER.seed}; {share:.0%} of",
        "the shipped one's batches). It is converted to int8 with the images of the others, and",
        "run as the device runs it on all images of the laboratory. No checkpoint was picked.",
        "*False* regions touch no mask in an image with its own mirror image around it; in full",
        "fields they fit none. In brackets: 95 % intervals.",
        "",
    )


def _rows(known: Judged) -> Iterator[str]:
    judged = [one for sets in known.values() for one in sets]
    rows = [[one.dataset, str(one.images), *outline_cells(one)] for one in judged]
    if dices := [one.dice.mean for one in judged if one.dice]:
        rows.append(["mean", "", "", "", f"**{mean(dices):.3f}**"])
    yield from table(["set", "images", "found", "false", "Dice"], rows)


def _write(known: Judged, results: Path) -> None:
    record = {name: [_record(one) for one in sets] for name, sets in known.items()}
    text = json.dumps(record, indent=1, ensure_ascii=False)
    try:
        results.mkdir(parents=True, exist_ok=True)
        (results / "outlines.json").write_text(text + "\n", encoding="utf-8")
        (results / "outlines.md").write_text(render_outlines(known), encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{results} cannot be written ({error}); choose another folder"
        ) from error


def _record(one: WholeFigures) -> dict[str, object]:
    """Return what the segmenter alone decides: the classifier has learnt from the laboratory."""
    wanted = ("dataset", "images", "found", "false", "dice")
    return {name: value for name, value in asdict(one).items() if name in wanted}
