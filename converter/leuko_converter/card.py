"""The model card: what a reader should know of a bundle's models, from its manifest and figures."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w

from leuko.bundle import MANIFEST_FILE, SIGNATURE_FILE, ModelBundle, load_bundle
from leuko.cells import LEUKOCYTES
from leuko.counting import STATEMENT
from leuko.errors import OutputError
from leuko_converter.card_failures import CardPicture, failure_list, failure_pictures
from leuko_converter.errors import ConversionError
from leuko_converter.parity import markdown_table
from leuko_training.uncarded import CARD_FILE, CARD_PICTURES, sha256_without_card, without_card

__all__ = ["CARD_FILE", "add_card", "model_card"]

_ELSEWHERE = ("five_way", "unclassified", "classified")


def add_card(folder: Path, evaluation_file: Path, transfer_file: Path | None = None) -> ModelBundle:
    """Write a card into a bundle's folder, in the place of an older one, and list it.

    Pictures that the figures' commands left beside them go with it. The models keep their bytes,
    the manifest gets a new hash, so an old signature is removed.

    Args:
        folder: the bundle.
        evaluation_file: ``evaluation.json`` that ``leuko-train evaluate`` wrote of it.
        transfer_file: ``transfer.json`` that ``leuko-train transfer`` wrote of its recipe.

    Raises:
        BundleError: the folder holds no valid bundle.
        ConversionError: the figures or their pictures cannot be read, or are of another bundle.
        OutputError: the folder cannot be written to.
    """
    bundle = load_bundle(folder)
    figures = _figures(evaluation_file, {bundle.sha256, sha256_without_card(bundle)})
    elsewhere = _shipped(transfer_file) if transfer_file else {}
    beside = (evaluation_file.parent, (transfer_file or evaluation_file).parent)
    pictures = failure_pictures(figures, elsewhere, beside)
    card = model_card(bundle, figures, elsewhere, pictures).encode()
    _put(folder, without_card(bundle), {CARD_FILE: card, **{p.name: p.content for p in pictures}})
    return load_bundle(folder)


def _put(folder: Path, table: dict[str, Any], files: Mapping[str, bytes]) -> None:
    table["model_card"] = CARD_FILE
    # Last, so that taking them out again leaves the manifest that the figures are about.
    table["files"].update({
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    })
    try:
        for old in (SIGNATURE_FILE, *CARD_PICTURES):
            (folder / old).unlink(missing_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        (folder / MANIFEST_FILE).write_text(tomli_w.dumps(table), encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written ({error.strerror}); free space or choose another place"
        ) from error


def model_card(
    bundle: ModelBundle,
    figures: Mapping[str, Any],
    elsewhere: Mapping[str, Any],
    pictures: Sequence[CardPicture] = (),
) -> str:
    """Return the card as Markdown; equal input gives an equal card.

    Args:
        bundle: what it is about.
        figures: content of ``evaluation.json``.
        elsewhere: what ``transfer.json`` says of the shipped recipe; may be empty.
        pictures: of failures, which lie beside the card.
    """
    manifest = bundle.manifest
    parts = [
        f"# Model card: {manifest.id} {manifest.version}",
        (
            "Finds leukocytes in fields of stained blood smears, outlines them, and names them: "
            f"{', '.join(name.value for name in manifest.classes)}.\n{STATEMENT}"
        ),
        f"## Learnt from\n\n{_training_table(bundle)}",
        "The licences of these sets bind whoever passes the models on.",
        (
            f"## Kept apart\n\n- never trained nor tuned on: {manifest.split.held_out}\n"
            f"- thresholds were chosen on: {manifest.split.validation}\n"
            f"- table: {manifest.split.file}"
        ),
        f"## Against the targets\n\n{_goal_table(figures['goals'])}",
        f"## Right names by laboratory\n\n{_laboratory_table(figures['names'])}",
        f"## Right names by class and laboratory\n\n{_class_table(figures['names'])}",
        *_elsewhere(elsewhere, has_own_cells=manifest.classifier.own_cells is not None),
        f"## Known failures\n\n{failure_list(figures, elsewhere)}",
        *(picture.markdown for picture in pictures),
    ]
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def _figures(file: Path, known: set[str]) -> dict[str, Any]:
    figures = _json(file, "leuko-train evaluate", key="sha256")
    made_of = figures["sha256"]
    if made_of not in known:
        raise ConversionError(
            f"{file} is about the bundle {made_of[:8]}, not about this one; evaluate this one"
        )
    return figures


def _shipped(file: Path) -> Mapping[str, Any]:
    shipped: Mapping[str, Any] = _json(file, "leuko-train transfer", key="shipped")["shipped"]
    return shipped


def _json(file: Path, command: str, *, key: str) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConversionError(
            f"{file} holds no figures ({error}); write them with {command}"
        ) from error
    if not isinstance(content, dict) or key not in content:
        raise ConversionError(f"{file} holds no figures of {key}; write them with {command}")
    return content


def _training_table(bundle: ModelBundle) -> str:
    rows = [
        (one.name, one.title, one.licence, str(one.images), one.folds)
        for one in bundle.manifest.training_sets
    ]
    return markdown_table(("set", "title", "licence", "images", "folds"), rows)


def _goal_table(goals: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            goal["what"],
            goal["target"],
            goal["measured"],
            goal["interval"],
            goal["n"],
            "pass" if goal["is_met"] else "**short**",
        )
        for goal in goals
    ]
    return markdown_table(("what", "target", "measured", "95 % interval", "n", ""), rows)


def _laboratory_table(names: Mapping[str, Any]) -> str:
    rows = [
        (name, str(one["five_way"]["n"]), _percent(one["five_way"]), _percent(one["unclassified"]))
        for name, one in names.items()
    ]
    return markdown_table(("laboratory", "cells", "five-way right", "unclassified"), rows)


def _class_table(names: Mapping[str, Any]) -> str:
    rows = [
        (name, *(_share(one["confusion_of_five"], str(cell_class)) for cell_class in LEUKOCYTES))
        for name, one in names.items()
    ]
    return markdown_table(("laboratory", *map(str, LEUKOCYTES)), rows)


_LONG_TRAININGS = "as long, but without the laboratory"
_SHORT_TRAININGS = "a sixteenth as long, without the laboratory and one to three others"


_OWN_CELLS = (
    "Each cell is named by itself there. In use, from twenty leukocytes of a laboratory on, they "
    "tell of each other's names, which makes more of them right: docs/results/own-cells.md of the "
    "project."
)


def _elsewhere(laboratories: Mapping[str, Any], *, has_own_cells: bool) -> list[str]:
    if not laboratories:
        return []
    rows = [
        (name, str(one["n"]), *(f"{one[key]:.1f} %" for key in _ELSEWHERE))
        for name, one in laboratories.items()
    ]
    is_short = any(one.get("short") for one in laboratories.values())
    how = _SHORT_TRAININGS if is_short else _LONG_TRAININGS
    headings = ("left out", "answers", "five-way right", "unclassified", "right of the classified")
    trainings = max(int(one.get("trainings", 1)) for one in laboratories.values())
    asked = f", asked {trainings} times, once of each training" if trainings > 1 else ""
    return [
        "## In a laboratory it has not seen",
        (
            f"Classifiers trained like this one, {how}; float, on every cell of it{asked}, with "
            "temperature and threshold from the others. The prior, and this way of training among "
            "others, were chosen on all of them: expect a little less than this, not the table "
            "above, under another microscope or stain."
        ),
        markdown_table(headings, rows),
        *([_OWN_CELLS] if has_own_cells else []),
    ]


def _percent(one: Mapping[str, Any]) -> str:
    low, high = one["interval95"]
    return f"{one['percent']:.1f} % ({low:.1f} – {high:.1f})"


def _share(confusion: Mapping[str, Mapping[str, int]], cell_class: str) -> str:
    row = confusion.get(cell_class, {})
    total = sum(row.values())
    return f"{row[cell_class]} of {total}" if total else "–"
