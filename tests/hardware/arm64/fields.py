"""Copies the real fields that are counted: of the folds that no model has seen, one a class.

usage: fields.py DATASETS FOLDER
"""

import csv
import shutil
import sys
from pathlib import Path

DATASET = "bccd"
HELD_OUT = "0"


def chosen(datasets: Path) -> list[Path]:
    """Return the first held-out field of each class."""
    first: dict[str, Path] = {}
    with (datasets / "splits.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["dataset"] == DATASET and row["fold"] == HELD_OUT:
                first.setdefault(row["label"], datasets / row["image"])
    return list(first.values())


def main() -> int:
    datasets, folder = Path(sys.argv[1]), Path(sys.argv[2])
    fields = chosen(datasets) if (datasets / "splits.csv").exists() else []
    if not fields:
        sys.stderr.write(f"there are no fields in {datasets}; do: make DATASETS=FOLDER\n")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    for path in fields:
        shutil.copyfile(path, folder / path.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
