"""What ``leuko-train datasets`` tells: what is there, what is missing, what leaks.

Images shared between folds or between sets make a test figure too good. They are looked for
by the bytes of the file and by how the picture looks: a difference hash, eight comparisons of
neighbouring grey levels in each of eight rows, which survives scaling and compression.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from leuko.cells import CellClass
from leuko_training.datasets import DATASETS, available_datasets, read_dataset
from leuko_training.datasets._base import DatasetSpec, LabelledImage
from leuko_training.datasets._fingerprints import Fingerprint, fingerprint, look_alikes
from leuko_training.datasets.splits import SplitRow, read_splits

SHOWN_CASES = 8
"""Cases shown of each kind of fault."""


@dataclass(frozen=True, slots=True)
class SetAudit:
    """What was found of one data set.

    Attributes:
        spec: the set.
        images: number of images found; 0 when its layout is incomplete.
        listed: number of images that ``splits.csv`` lists, 0 without that file.
        masks: number of images with a mask.
        labels: images of each class.
        groups: number of groups.
        folds: images of each fold.
    """

    spec: DatasetSpec
    images: int
    listed: int
    masks: int
    labels: Mapping[CellClass, int]
    groups: int
    folds: Mapping[str, int]

    @property
    def extent(self) -> str:
        """How much of the set is there, in words."""
        if not self.images:
            return "missing"
        if self.images == self.spec.expected_images:
            return "complete"
        if self.images == self.listed:
            return "the part in splits.csv"
        return "incomplete"


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of fault, with every case of it, worded for the reader."""

    fault: str
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """All sets below a root, and the faults found in them."""

    root: Path
    sets: tuple[SetAudit, ...]
    findings: tuple[Finding, ...]


def run_audit(root: Path) -> Audit:
    """Look through all data sets: counts, and images that are missing or shared.

    Reads every image once, which takes about half a minute for ten thousand of them. A damaged
    image, table or ``splits.csv`` is a `DatasetError`; a set that is not there is no error.

    Args:
        root: folder of all data sets.
    """
    splits = read_splits(root)
    present = available_datasets(root)
    items = {name: read_dataset(name, root) if name in present else [] for name in DATASETS}
    found = [item for images in items.values() for item in images]
    sets = tuple(_set_audit(spec, items[name], splits) for name, spec in DATASETS.items())
    return Audit(root=root, sets=sets, findings=_findings(found, splits, root))


def _set_audit(
    spec: DatasetSpec, items: Sequence[LabelledImage], splits: Mapping[str, SplitRow]
) -> SetAudit:
    return SetAudit(
        spec=spec,
        images=len(items),
        listed=sum(row.dataset == spec.name for row in splits.values()),
        masks=sum(item.mask is not None for item in items),
        labels=Counter(item.label for item in items if item.label),
        groups=len({item.group for item in items}),
        folds=Counter(item.fold for item in items),
    )


def _findings(
    items: Sequence[LabelledImage], splits: Mapping[str, SplitRow], root: Path
) -> tuple[Finding, ...]:
    prints = [fingerprint(item) for item in items]
    kinds = (
        Finding("listed in splits.csv but not there", _missing(items, splits, root)),
        Finding("group spans folds", _spanning_groups(items)),
        Finding("sets of the same photographs, split differently", _split_apart(items)),
        Finding("same file in several places", _same_files(prints, root)),
        Finding("look-alikes across folds or sets", _look_alikes(prints, root)),
    )
    return tuple(kind for kind in kinds if kind.cases)


def _missing(
    items: Iterable[LabelledImage], splits: Mapping[str, SplitRow], root: Path
) -> tuple[str, ...]:
    paths = {path for item in items for path in (item.image, item.mask) if path}
    there = {path.relative_to(root).as_posix() for path in paths}
    listed = [path for row in splits.values() for path in (row.image, row.mask) if path]
    return tuple(path for path in listed if path not in there)


def _spanning_groups(items: Iterable[LabelledImage]) -> tuple[str, ...]:
    folds: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for item in items:
        folds[item.dataset, item.group][item.fold] += 1
    return tuple(
        f"{dataset} {group}: {_tally(counts)}"
        for (dataset, group), counts in folds.items()
        if len(counts) > 1
    )


def _tally(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} in fold {fold}" for fold, count in sorted(counts.items()))


def _split_apart(items: Iterable[LabelledImage]) -> tuple[str, ...]:
    folds: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for item in items:
        folds[item.dataset][item.group].add(item.fold)
    return tuple(
        f"{name} and {other}: train on neither when testing on the other"
        for name in folds
        for other in DATASETS[name].same_photographs_as
        if name < other and other in folds and not _agree(folds[name], folds[other])
    )


def _agree(one: Mapping[str, set[str]], other: Mapping[str, set[str]]) -> bool:
    return one.keys() == other.keys() and all(one[group] == other[group] for group in one)


def _same_files(prints: Iterable[Fingerprint], root: Path) -> tuple[str, ...]:
    places: dict[bytes, list[LabelledImage]] = defaultdict(list)
    for one in prints:
        places[one.digest].append(one.item)
    return tuple(
        " = ".join(_place(item, root) for item in items)
        for items in places.values()
        if len(items) > 1
    )


def _look_alikes(prints: Sequence[Fingerprint], root: Path) -> tuple[str, ...]:
    return tuple(
        f"{_place(one.item, root)} ~ {_place(other.item, root)}"
        for one, other in look_alikes(prints)
        if one.digest != other.digest
        and (one.item.dataset, one.item.fold) != (other.item.dataset, other.item.fold)
    )


def _place(item: LabelledImage, root: Path) -> str:
    return f"{item.image.relative_to(root).as_posix()} (fold {item.fold or 'none'})"


def render_audit(audit: Audit, console: Console) -> None:
    """Print a table of the sets, then the faults with examples.

    Args:
        audit: what `run_audit` found.
        console: where to print.
    """
    console.print(_table(audit))
    for found in audit.sets:
        if not found.images:
            console.print(f"{found.spec.name} is not there: {found.spec.remedy}", markup=False)
    for kind in audit.findings:
        _print_finding(kind, console)


def _table(audit: Audit) -> Table:
    table = Table(title=f"Data sets in {audit.root}", title_style="bold")
    for column in ("set", "images", "of", "masks", "groups", "folds", "classes", "licence"):
        table.add_column(column, overflow="fold")
    for found in audit.sets:
        table.add_row(*_row(found))
    return table


def _row(found: SetAudit) -> tuple[str, ...]:
    folds = " ".join(f"{fold or 'none'}:{count}" for fold, count in sorted(found.folds.items()))
    return (
        found.spec.name,
        f"{found.images} ({found.extent})",
        str(found.spec.expected_images),
        str(found.masks),
        str(found.groups),
        folds,
        _classes(found),
        found.spec.licence,
    )


def _classes(found: SetAudit) -> str:
    counted = [
        name for name in CellClass if name in found.labels.keys() | found.spec.expected_labels
    ]
    return ", ".join(
        f"{name.value} {found.labels.get(name, 0)}/{found.spec.expected_labels.get(name, 0)}"
        for name in counted
    )


def _print_finding(kind: Finding, console: Console) -> None:
    console.print(f"Warning: {kind.fault}: {len(kind.cases)}", style="yellow", markup=False)
    for case in kind.cases[:SHOWN_CASES]:
        console.print(f"  {case}", markup=False, highlight=False)
    if len(kind.cases) > SHOWN_CASES:
        console.print(f"  and {len(kind.cases) - SHOWN_CASES} more")
