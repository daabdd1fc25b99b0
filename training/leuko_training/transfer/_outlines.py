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
from leuko_training.evaluation import table
from leuko_training.masks import teaches_masks
from leuko_training.parts import Parts
from leuko_training.transfer._figures import WholeFigures
from leuko_training.transfer._laboratories import LABORATORIES, sets_of
from leuko_training.transfer._places import Places, read_all
from leuko_training.transfer._report import with_interval
from leuko_training.transfer._whole import (
    SEGMENTER,
    convert,
    judge_whole,
    segmenter_without,
)

ByLaboratory = Mapping[str, Sequence[WholeFigures]]


def outlines_and_report(left_out: Sequence[str], places: Places, *, classifier: Path) -> None:
    """Leave laboratories out of the segmenter's training, and write how their cells are outlined.

    A laboratory that was left out before is not trained without again.

    Args:
        left_out: laboratories; all that have masks where none is named.
        places: where everything lies; kept in ``outlines`` below its folder.
        classifier: trained Keras classifier that completes the bundles; it plays no other part.

    Raises:
        DatasetError: a laboratory is unknown, or a data set is missing.
        OutputError: the results cannot be written.
    """
    items = read_all(places.root)
    folder = places.folder / "outlines"
    kept = Parts(folder)
    for name in left_out or _with_masks(items):
        judged = partial(_judge, name, items, places, classifier=classifier)
        kept.once(name, list[WholeFigures], judged)
        known = {one: kept.read(one, list[WholeFigures]) for one in LABORATORIES if kept.has(one)}
        _write(known, places.results)


def render_outlines(known: ByLaboratory) -> str:
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
    folder = places.folder / "outlines" / name
    out = convert(
        segmenter_without([name], items, folder / "segmenter", shipped=places.segmenter),
        classifier,
        read_certainty(places.certainty),
        left_out=[name],
        root=places.root,
        folder=folder,
    )
    return list(judge_whole(out, [one for one in items if one.dataset in absent], places.root))


def _head() -> Iterator[str]:
    schedule = f"{SEGMENTER.epochs} epochs of {SEGMENTER.steps} batches of {SEGMENTER.batch_size}"
    yield from (
        "# Outlines in laboratories left out",
        "",
        "Written by `leuko-train outlines`. A segmenter is trained without a laboratory, on folds",
        f"1 to 4 of the others ({schedule} views,",
        f"seed {SEGMENTER.seed}; about a fifth of the shipped one's training), converted to int8",
        "with the images of the others, and run as the device runs it on all images of it.",
        "No checkpoint was picked. *False* regions touch no mask in an image with its own mirror",
        "image around it; in full fields they fit none. In brackets: 95 % intervals.",
        "",
    )


def _rows(known: ByLaboratory) -> Iterator[str]:
    sets = [one for figures in known.values() for one in figures]
    rows = [
        [
            one.dataset,
            str(one.images),
            with_interval(one.found),
            "–" if one.false is None else f"{one.false:.2f}",
            f"{dice.mean:.3f} ({dice.low:.3f} – {dice.high:.3f})" if (dice := one.dice) else "–",
        ]
        for one in sets
    ]
    if dices := [one.dice.mean for one in sets if one.dice]:
        rows.append([f"mean of {len(dices)}", "", "", "", f"**{mean(dices):.3f}**"])
    yield from table(["set", "images", "found", "false", "Dice"], rows)


def _write(known: ByLaboratory, results: Path) -> None:
    record = {name: [asdict(one) for one in figures] for name, figures in known.items()}
    text = json.dumps(record, indent=1, ensure_ascii=False)
    try:
        results.mkdir(parents=True, exist_ok=True)
        (results / "outlines.json").write_text(text + "\n", encoding="utf-8")
        (results / "outlines.md").write_text(render_outlines(known), encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{results} cannot be written ({error}); choose another folder"
        ) from error
