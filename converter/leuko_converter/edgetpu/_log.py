"""What ``edgetpu_compiler`` prints, read back.

The form is that of compilers 2.0 to 16.0, as the documentation and the issues of
google-coral/edgetpu show it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_MAPPED = "Mapped to Edge TPU"
_UNITS: Mapping[str, int] = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_SIZE = r"\s*([\d.]+)\s*([KMG]?i?B)"
_ON_CHIP = re.compile(rf"On-chip memory used for caching model parameters:{_SIZE}")
_OFF_CHIP = re.compile(
    rf"Off-chip memory used for streaming uncached (?:model )?parameters:{_SIZE}"
)
_OPERATOR = re.compile(r"^([A-Za-z][\w-]*)[ \t]+(\d+)[ \t]+(\S.*?)\s*$", re.MULTILINE)
_COUNTS = (
    re.compile(r"^Number of operations that will run on Edge TPU: (\d+)", re.MULTILINE),
    re.compile(r"^Number of operations that will run on CPU: (\d+)", re.MULTILINE),
)
_TOTAL = re.compile(r"^Total number of operations: (\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LoggedOperator:
    """A row of the compiler's table.

    Attributes:
        name: TFLite's name.
        count: how many of them share the status.
        status: where they run, in the compiler's words.
    """

    name: str
    count: int
    status: str

    @property
    def is_mapped(self) -> bool:
        """Whether they run on the Edge TPU."""
        return self.status == _MAPPED


@dataclass(frozen=True, slots=True)
class CompiledModel:
    """What the compiler says of one model.

    Attributes:
        model: the file that was given.
        compiled: the file that was written.
        mapped: operators on the Edge TPU.
        operators: operators in all.
        on_chip_bytes: parameters cached on the chip.
        off_chip_bytes: parameters sent anew at every run.
        rows: the table; empty if the compiler printed none.
    """

    model: str
    compiled: str
    mapped: int
    operators: int
    on_chip_bytes: int
    off_chip_bytes: int
    rows: tuple[LoggedOperator, ...]

    @property
    def share_mapped(self) -> float:
        """Share of operators on the Edge TPU, 0 to 1."""
        return self.mapped / self.operators if self.operators else 0.0


def parse_log(text: str) -> tuple[CompiledModel, ...]:
    """Return what the compiler printed of each model; nothing if none was compiled.

    Args:
        text: its output, or the content of a ``*_edgetpu.log``.
    """
    blocks = re.split(r"^(?=Input(?: model)?: )", text, flags=re.MULTILINE)
    return tuple(_block(block) for block in blocks if block.startswith("Input"))


def _block(block: str) -> CompiledModel:
    rows = tuple(
        LoggedOperator(name, int(count), status)
        for name, count, status in _OPERATOR.findall(block.partition("Operator ")[2])
    )
    mapped, operators = _counts(block, rows)
    return CompiledModel(
        model=_named(block, "Input"),
        compiled=_named(block, "Output"),
        mapped=mapped,
        operators=operators,
        on_chip_bytes=_bytes(_ON_CHIP, block),
        off_chip_bytes=_bytes(_OFF_CHIP, block),
        rows=rows,
    )


def _counts(block: str, rows: tuple[LoggedOperator, ...]) -> tuple[int, int]:
    if rows:
        mapped = sum(row.count for row in rows if row.is_mapped)
        return mapped, sum(row.count for row in rows)
    numbers = [int(match[1]) for pattern in _COUNTS if (match := pattern.search(block))]
    if len(numbers) == 2:
        return numbers[0], sum(numbers)
    # Nothing is said of the CPU where all is mapped.
    total = _TOTAL.search(block)
    return (int(total[1]), int(total[1])) if total else (0, 0)


def _named(block: str, what: str) -> str:
    match = re.search(rf"^{what}(?: model)?: (.+)$", block, re.MULTILINE)
    return match[1].strip() if match else ""


def _bytes(pattern: re.Pattern[str], block: str) -> int:
    match = pattern.search(block)
    return round(float(match[1]) * _UNITS[match[2]]) if match else 0
