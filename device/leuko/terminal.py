"""What leuko prints for people: the differential as a table, progress, what a bundle holds."""

import contextlib
from collections.abc import Callable, Generator, Mapping, Sequence
from operator import itemgetter

from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from leuko.adaptation import FEWEST_CELLS
from leuko.bundle import ModelBundle
from leuko.cells import LEUKOCYTES, CellClass
from leuko.counting import NOT_RECOGNISED, STATEMENT, DifferentialCount, Interval, cells_needed
from leuko.plurals import counted
from leuko.verification import GoldenReport
from leuko.vision.scale import ScaleEstimate

PRECISION = 3.0
"""Half width, in percentage points, to which the table says how many more cells it takes."""

_PRECISELY = f"± {PRECISION:g} percentage points"
_BAR_COLUMNS = 30


@contextlib.contextmanager
def progress_bar() -> Generator[Callable[[str, int, int], None]]:
    """Show progress on stderr; yields what to call with activity, steps done and steps in all."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda doing, done, of: bar.update(task, description=doing, completed=done, total=of)


def print_differential(count: DifferentialCount) -> None:
    """Print the differential, what stayed out of it, and what it is worth."""
    console = Console(highlight=False)
    console.print(differential_table(count))
    for line in (*beside_lines(count), *_advice(count), NOT_RECOGNISED, STATEMENT):
        console.print(line, markup=False, soft_wrap=True)


def differential_table(count: DifferentialCount) -> Group:
    """Return number, percent and 95 % interval of each class, the interval drawn as a bar."""
    # A table's own title is padded to the table's width.
    title = Text(f"Leukocyte differential, n = {count.n}", style="table.title")
    table = Table()
    table.add_column("class")
    table.add_column("n", justify="right")
    table.add_column("%", justify="right")
    table.add_column("95 % interval", justify="right", no_wrap=True)
    table.add_column("0 %" + "100 %".rjust(_BAR_COLUMNS - 3), no_wrap=True)
    percent, intervals = count.percent, count.interval95
    for name in LEUKOCYTES:
        low, high = intervals[name]
        table.add_row(
            str(name),
            str(count.counts[name]),
            f"{percent[name]:.1f}" if count.n else "–",
            f"{low:.1f}–{high:.1f}",
            _bar(percent[name] if count.n else None, intervals[name]),
        )
    return Group(title, table)


FEWEST_TO_PLAN = 50
"""Leukocytes below which the percentages seen are no basis for planning how many more to count."""
USUAL = 100
"""Leukocytes that a differential by eye counts at least."""


_ALWAYS_TOLD = (CellClass.ERYTHROBLAST, CellClass.IMMATURE_GRANULOCYTE)
"""Classes of which none is a finding, too."""
_PLURALS = {CellClass.PLATELET_OR_ARTEFACT: "platelets or artefacts"}


def beside_lines(count: DifferentialCount) -> list[str]:
    """Return what stayed out of the differential, one line each."""
    lines = []
    for name, number in count.beside.items():
        share = count.beside_per_100[name]
        rate = "" if share is None else f" ({share:.1f} per 100 leukocytes)"
        if number or (count.n and name in _ALWAYS_TOLD):
            lines.append(f"beside the differential: {_numbered(number, name)}{rate}")
    if count.smudge_cells:
        share = count.smudge_per_100
        rate = "" if share is None else f" ({share:.1f} per 100 leukocytes)"
        cells = "1 smudge cell" if count.smudge_cells == 1 else f"{count.smudge_cells} smudge cells"
        lines.append(f"tallied by eye: {cells}{rate}")
    if count.cut_or_too_large:
        lines.append(f"cut by the border of a field, or too large: {count.cut_or_too_large}")
    if count.unclassified:
        lines.append(f"unclassified, not in the denominator: {count.unclassified}")
    return lines


def few_lines(count: DifferentialCount) -> list[str]:
    """Return what is to be said of a count of few leukocytes; nothing of one of none."""
    if not 0 < count.n < USUAL:
        return []
    number = "1 leukocyte was" if count.n == 1 else f"{count.n} leukocytes were"
    return [f"{number} counted, fewer than the usual {USUAL}; count more fields"]


def scale_lines(
    stated: float | None,
    found: Mapping[ScaleEstimate, Sequence[str]],
    *,
    is_calibrated: bool = False,
) -> list[str]:
    """Return what scales a count used, one line each.

    Args:
        stated: µm per pixel that the user or a calibration gave, if any.
        found: what was found from red cells instead, and what the images of each are called.
        is_calibrated: whether the stated one is the calibration's.
    """
    if stated is not None:
        origin = "calibrated" if is_calibrated else "stated"
        return [f"scale {stated:.4f} µm per pixel, as {origin}"]
    return [
        f"scale {one.um_per_px:.4f} µm per pixel{_where(images) if len(found) > 1 else ''}, from "
        f"{one.red_cells} red cells (confidence {one.confidence:.2f})"
        for one, images in found.items()
    ]


def _where(images: Sequence[str]) -> str:
    return f" in {images[0]}" if len(images) == 1 else f" in {counted(len(images), 'image')}"


def print_bundle(bundle: ModelBundle) -> None:
    """Print what a bundle says of itself."""
    manifest = bundle.manifest
    segmenter, classifier = manifest.segmenter, manifest.classifier
    rows = {
        "bundle": bundle.label,
        "path": str(bundle.path),
        "sha256": bundle.sha256,
        "classes": ", ".join(manifest.classes),
        "locator": f"{segmenter.tile_height} x {segmenter.tile_width} pixels of "
        f"{segmenter.locate_um_per_px} µm",
        "outliner": f"{segmenter.window} x {segmenter.window} pixels of "
        f"{segmenter.outline_um_per_px} µm",
        "classifier": f"{classifier.size} x {classifier.size} pixels of "
        f"{classifier.um_per_px} µm, unclassified below {classifier.unclassified_below}",
        "quantisation": f"input {manifest.quantisation.input}; weights "
        f"{manifest.quantisation.weights}; activations {manifest.quantisation.activations}",
        "held out": manifest.split.held_out,
    }
    if own := classifier.own_cells:
        rows["own cells"] = (
            f"tell of each other from {FEWEST_CELLS} leukocytes on, unclassified below "
            f"{own.unclassified_below} then"
        )
    rows |= {name: f"{len(content)} bytes" for name, content in bundle.files.items()}
    rows |= {
        f"trained on {one.name}": f"{one.images} images, {one.licence}: {one.title}"
        for one in manifest.training_sets
    }
    _print_rows(rows)


def print_verification(bundle: ModelBundle, report: GoldenReport, *, signer: str) -> None:
    """Print how far every model lies from its golden outputs here, and who vouches for them."""
    rows = {"bundle": bundle.label, "files": f"{len(bundle.files)} whole", "engine": report.engine}
    rows["signed by"] = signer
    rows |= {
        one.model: f"{'ok' if one.is_within_tolerance else 'NOT ok'}: largest difference "
        f"{one.largest_lsb} LSB over {counted(one.images, 'image')}, {one.tolerance_lsb} allowed"
        for one in report.differences
    }
    _print_rows(rows)


def _print_rows(rows: dict[str, str]) -> None:
    console, width = Console(highlight=False), max(map(len, rows))
    for name, value in rows.items():
        console.print(f"{name.ljust(width)}  {value}", markup=False, soft_wrap=True)


def _advice(count: DifferentialCount) -> list[str]:
    if not count.n:
        return ["no leukocyte was counted"]
    return [*few_lines(count), *_more_lines(count)]


def _more_lines(count: DifferentialCount) -> list[str]:
    if count.n < FEWEST_TO_PLAN:
        # The share that takes most cells, for nothing better is known.
        number = cells_needed(50, half_width=PRECISION) - count.n
        return [f"{number} more leukocytes would bring every class to {_PRECISELY}"]
    more = {
        name: count.more_cells_needed(name, half_width=PRECISION)
        for name in LEUKOCYTES
        if count.counts[name]
    }
    name, number = max(more.items(), key=itemgetter(1))
    if not number:
        return []
    return [f"{number} more leukocytes would bring {name} to {_PRECISELY}"]


def _bar(percent: float | None, interval: Interval) -> Text:
    low, high = (_column(value) for value in interval)
    marks = ["─" if low <= position <= high else " " for position in range(_BAR_COLUMNS)]
    if percent is not None:
        marks[_column(percent)] = "●"
    return Text("".join(marks))


def _numbered(number: int, name: CellClass) -> str:
    if number != 1:
        return f"{number} {_PLURALS.get(name, f'{name}s').replace('_', ' ')}"
    return f"1 {name.replace('_', ' ')}"


def _column(percent: float) -> int:
    return min(_BAR_COLUMNS - 1, int(percent / 100 * _BAR_COLUMNS))
