"""The calibration benchmark as Markdown and JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from leuko.bundle import ModelBundle
from leuko.errors import OutputError
from leuko_training.benchmark import Machine
from leuko_training.calibration_benchmark._cost import Cost
from leuko_training.calibration_benchmark._light import FITTED, Draw, Light
from leuko_training.calibration_benchmark._red_cells import POOLED, TARGET_PERCENT, RedCellRow
from leuko_training.calibration_benchmark._rulers import RulerRow
from leuko_training.evaluation import table

EVENER, EVEN_PERCENT = 5.0, 2.0
"""Least that the light's unevenness must fall by, and most that may remain."""
DICE_LOSS = 0.01
SECONDS, PEAK_MB = 60.0, 250.0


@dataclass(frozen=True, slots=True)
class CalibrationBench:
    """Everything that was measured.

    Attributes:
        bundle: the models.
        light: flat fields; None where BCISC is missing.
        rulers: errors of the scale in rendered pictures.
        red_cells: errors of the scale in real fields, by set.
        cost: time and memory; None where BCISC is missing.
        machine: what was measured on.
    """

    bundle: ModelBundle
    light: Light | None
    rulers: tuple[RulerRow, ...]
    red_cells: tuple[RedCellRow, ...]
    cost: Cost | None
    machine: Machine


def write_bench(bench: CalibrationBench, folder: Path) -> None:
    """Write ``calibration.md`` and ``calibration.json``.

    Args:
        bench: what was measured.
        folder: made if it is not there.

    Raises:
        OutputError: the folder or a file in it cannot be written.
    """
    record = {
        "bundle": bench.bundle.label,
        "light": asdict(bench.light) if bench.light else None,
        "rulers": [asdict(row) for row in bench.rulers],
        "red_cells": [asdict(row) for row in bench.red_cells],
        "cost": asdict(bench.cost) if bench.cost else None,
        "machine": asdict(bench.machine),
    }
    text = "\n".join(_lines(bench))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "calibration.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")
        (folder / "calibration.md").write_text(text, "utf-8")
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error}); choose another folder") from error


def _lines(bench: CalibrationBench) -> Iterator[str]:
    machine = bench.machine
    yield "# Calibration\n"
    yield "- command: `make bench-calibration`"
    yield f"- bundle: {bench.bundle.label}, manifest sha256 `{bench.bundle.sha256}`"
    yield f"- machine: {machine.processor}, {machine.cores} cores, Python {machine.python}"
    yield f"- load at the end: {machine.load:g}; models and OpenCV on one thread\n"
    if bench.light:
        yield from _light(bench.light)
    yield "## Size of a pixel\n"
    yield from table(("what", "pictures", "mean error", "worst", "target", ""), _rulers(bench))
    yield "Micrometers are drawn at 20 to 110 pixels a division and any angle, 1280 × 960 pixels,"
    yield "with longer lines at every fifth and tenth division and uneven light.\n"
    if bench.red_cells:
        yield from _real_red_cells(bench.red_cells)
    if bench.cost:
        yield from _cost(bench.cost)


def _light(light: Light) -> Iterator[str]:
    yield f"## Even light, BCISC: from {FITTED} ordinary fields, on fields they have not seen\n"
    yield from table(
        ("light", "draw", "fields", "uneven before", "after", "evener by", "target", ""),
        (*_draws("as it was", light.draws), *_draws("pink corners, green centre", light.shaded)),
    )
    yield "Uneven: 1.4826 × median absolute deviation / median of the luminance of the light that"
    yield "all fields of a row have in common, found again from fields that the correction was not"
    yield "fitted to. Fields of ten slides with exposure and white balance of their own; those with"
    yield "more than 2 % of saturated pixels are left out. In the flare's core the camera itself is"
    yield "saturated in green and blue; there no factor brings red back. `leuko calibrate"
    yield "flat-field` prints a smaller ratio: it tries halves of its pictures, often ten against"
    yield "ten, and what ten leave uncertain counts as unevenness after correction, twice.\n"
    yield "## Outlines and names, fields of fold 0, which no model and no flat field has seen\n"
    heads = (
        "fields",
        "Dice",
        "against as it is",
        "named rightly",
        "regions elsewhere",
        "target",
        "",
    )
    yield from table(heads, _scores(light))


def _draws(name: str, draws: Sequence[Draw]) -> Iterator[tuple[str, ...]]:
    for draw in draws:
        ratio = draw.before / draw.after
        is_met = ratio >= EVENER and 100 * draw.after <= EVEN_PERCENT
        yield (
            name,
            str(draw.seed),
            str(draw.others),
            f"{100 * draw.before:.2f} %",
            f"{100 * draw.after:.2f} %",
            f"{ratio:.1f}",
            f"≥ {EVENER:g}, ≤ {EVEN_PERCENT:g} %",
            _mark(is_met=is_met),
        )


def _scores(light: Light) -> Iterator[tuple[str, ...]]:
    first = light.scores.get("as it is")
    for name, score in light.scores.items():
        change = score.dice - first.dice if first else 0.0
        has_target = name.endswith("corrected")
        yield (
            name,
            f"{score.dice:.4f}",
            f"{change:+.4f}",
            f"{score.named} of {score.fields}",
            str(score.elsewhere),
            f"≥ −{DICE_LOSS:g}" if has_target else "",
            _mark(is_met=change >= -DICE_LOSS) if has_target else "",
        )


def _rulers(bench: CalibrationBench) -> Iterator[tuple[str, ...]]:
    for row in bench.rulers:
        yield (
            row.what,
            str(row.pictures),
            f"{row.mean_percent:.3f} %",
            f"{row.worst_percent:.3f} %",
            f"≤ {row.target_percent:g} %",
            _mark(is_met=row.worst_percent <= row.target_percent),
        )


def _real_red_cells(rows: Sequence[RedCellRow]) -> Iterator[str]:
    yield "## Red cells of real fields of known scale\n"
    heads = ("set", "fields", "refused", "median error", "target", "", f"{POOLED} together")
    yield from table(heads, map(_red_cell_cells, rows))
    yield "Known: the scale at which a slide's red cells, measured apart, have a median of 7.2 µm:"
    yield "by Otsu's threshold (BCISC, by slide), by annotated boxes (BCCD), as circles, one"
    yield "diameter for each zoom, ±6 % from field to field (KRD). What donors differ by is not in"
    yield "it. Evenly chosen fields, each alone, as `leuko count` has them when there is but one;"
    yield f"and the median error of {POOLED} together, as `leuko calibrate scale` takes them."
    yield "The target of real sets is thus one against the median of 7.2 µm that the device"
    yield "assumes as well; physical scale is tested on rendered smears and micrometers alone.\n"


def _red_cell_cells(row: RedCellRow) -> tuple[str, ...]:
    median, pooled = row.median_percent, row.pooled_percent
    is_met = median is not None and median <= TARGET_PERCENT
    return (
        row.dataset,
        str(row.fields),
        str(row.refused),
        "-" if median is None else f"{median:.2f} %",
        f"≤ {TARGET_PERCENT:g} %",
        _mark(is_met=is_met),
        "-" if pooled is None else f"{pooled:.2f} % ({row.groups} times)",
    )


def _cost(cost: Cost) -> Iterator[str]:
    peak = cost.peak_bytes / 1e6
    timely, lean = cost.processor_s <= SECONDS, peak <= PEAK_MB
    rows = (
        (
            f"flat field from {cost.pictures} fields of 2048 × 1536, reading included",
            f"≤ {SECONDS:g} s",
            f"{cost.processor_s:.1f} s on the processor ({cost.seconds:.0f} s beside other work)",
            _mark(is_met=timely),
        ),
        ("its peak memory", f"≤ {PEAK_MB:g} MB", f"{peak:.0f} MB", _mark(is_met=lean)),
        ("correcting a frame of 1280 × 960", "", f"{cost.frame_ms:.1f} ms on the processor", ""),
    )
    yield "## Time and memory, one thread\n"
    yield from table(("what", "target", "measured", ""), rows)


def _mark(*, is_met: bool) -> str:
    return "pass" if is_met else "**short**"
