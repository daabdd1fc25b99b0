"""What every display says, whatever it is made of: the words, and how urgent they are."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from leuko.cells import LEUKOCYTES, CellClass
from leuko.counting import DifferentialCount, Interval, exact_interval
from leuko.shown import CalibrationStep
from leuko.status import Guidance, Health, LastCell, Level, LiveStatus, SessionState

SHORT_NAMES: Mapping[CellClass, str] = {
    CellClass.NEUTROPHIL: "NEUT",
    CellClass.LYMPHOCYTE: "LYMPH",
    CellClass.MONOCYTE: "MONO",
    CellClass.EOSINOPHIL: "EOS",
    CellClass.BASOPHIL: "BASO",
    CellClass.IMMATURE_GRANULOCYTE: "IG",
    CellClass.ERYTHROBLAST: "NRBC",
    CellClass.PLATELET_OR_ARTEFACT: "PLT/ART",
}
"""What haematology analysers print for the classes."""

PART_LABELS = {"camera": "cam", "accelerator": "acc", "disk": "disk", "clock": "clock"}
"""What the parts of the device are called where there is little room."""

SHORT_STATEMENT = "assists, not a diagnosis"
"""`leuko.counting.STATEMENT`, where there is no room for it."""

_MOST_WRITTEN_OUT = 2
"""Parts at fault whose names fit into a headline."""

WHOLE_PERCENT_UP_TO = 100
"""Leukocytes up to which a decimal of a percentage would be made up."""


class Urgency(StrEnum):
    """How soon a person has to do something."""

    CALM = "calm"
    """All goes well."""
    DONE = "done"
    """The count is complete."""
    PAUSED = "paused"
    """Nothing is counted until a person lets it go on."""
    RESTING = "resting"
    """No session is open."""
    ACT = "act"
    """The person at the microscope has to do something."""
    FAULT = "fault"
    """Nothing is counted until something is repaired."""


@dataclass(frozen=True, slots=True)
class Headline:
    """The one thing that a person must read, be it from the other end of the bench."""

    text: str
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class Share:
    """One of the five percentages.

    Attributes:
        cell_class: whose.
        percent: 0 to 100; None when nothing is counted yet.
        interval: its 95 % interval.
        text: the percentage as it is shown, with no more decimals than it is worth.
    """

    cell_class: CellClass
    percent: float | None
    interval: Interval
    text: str

    @property
    def interval_text(self) -> str:
        """The interval as it is shown; empty when nothing is counted yet."""
        if self.percent is None:
            return ""
        return f"{self.interval.low:.0f}-{self.interval.high:.0f}"


def headline(status: LiveStatus) -> Headline:
    """Return the headline: a fault, else the state, else the instruction."""
    if names := faults(status):
        is_short = len(names) > _MOST_WRITTEN_OUT
        text = brief_faults(names) if is_short else f"check the {' and '.join(names)}"
        return Headline(text, Urgency.FAULT)
    if status.state is SessionState.PAUSED:
        return Headline(status.state.value, Urgency.PAUSED)
    if status.state in _RESTING:
        return Headline(_RESTING[status.state], Urgency.RESTING)
    if status.state is SessionState.REACHED or status.guidance is Guidance.DONE:
        return Headline(Guidance.DONE.value, Urgency.DONE)
    if status.guidance is Guidance.NONE:
        return Headline("move on", Urgency.CALM)
    is_fault = status.guidance is Guidance.NO_CAMERA
    return Headline(status.guidance.value, Urgency.FAULT if is_fault else Urgency.ACT)


def step_urgency(step: CalibrationStep) -> Urgency:
    """Return how soon a person has to do something for a calibration."""
    if step.refusal:
        return Urgency.FAULT
    return Urgency.ACT if step.answers or step.is_urgent else Urgency.CALM


def remarks(status: LiveStatus) -> list[str]:
    """Return what else a person should read, the gravest first."""
    broken, doubtful = (
        [
            f"{name}: {health.text}"
            for name, health in parts(status).items()
            if health.level is level
        ]
        for level in (Level.FAULT, Level.WARNING)
    )
    bench = [health.text for health in status.bench.values() if health.level is not Level.OK]
    return [*broken, *filter(None, [status.stain, status.notice]), *bench, *doubtful]


def parts(status: LiveStatus) -> dict[str, Health]:
    """Return the health of each part of the device by its name, the most needed first."""
    return {
        "camera": status.camera,
        "accelerator": status.accelerator,
        "disk": status.disk,
        "clock": status.clock,
    }


def faults(status: LiveStatus) -> list[str]:
    """Return the names of the parts that do not work, in the order of `parts`."""
    return [name for name, health in parts(status).items() if health.level is Level.FAULT]


def brief_faults(names: list[str]) -> str:
    """Return what to do about parts that do not work, where there is little room."""
    return f"check {', '.join(PART_LABELS[name] for name in names)}"


def shares(count: DifferentialCount) -> list[Share]:
    """Return the five percentages in the order they are reported."""
    return [_share(count, name) for name in LEUKOCYTES]


def tallies(count: DifferentialCount) -> str:
    """Return what stays outside the differential: a number, and rates per 100 leukocytes."""
    unclassified = f"unclassified {count.unclassified}"
    if not count.n:
        return unclassified
    rates = ", ".join(
        f"{SHORT_NAMES[name]} {count.beside_per_100[name]:.1f}"
        for name in (CellClass.ERYTHROBLAST, CellClass.IMMATURE_GRANULOCYTE)
    )
    # Without any, nobody may have looked for them.
    smudge = count.smudge_per_100 if count.smudge_cells else None
    by_eye = "" if smudge is None else f", by eye: smudge {smudge:.1f}"
    return f"{unclassified} · per 100: {rates}{by_eye}"


def wbc_text(status: LiveStatus) -> str:
    """Return what the count lets one guess of the leukocytes in blood; empty if nothing."""
    wbc = status.estimated_wbc
    if wbc is None:
        return ""
    return f"estimate: {wbc.per_litre:.1f} × 10⁹ leukocytes/l ±{wbc.within_percent:.0f} %"


def target_text(status: LiveStatus) -> str:
    """Return what stands behind the number of cells counted."""
    return f"of {status.target}" if status.target.cells is not None else f"to {status.target}"


def specimen_text(status: LiveStatus) -> str:
    """Return whose blood it is, or that there is no session."""
    if status.state is SessionState.IDLE:
        return "no session"
    return status.specimen or "no id"


def last_name(last: LastCell, *, is_short: bool) -> str:
    """Return what the cell counted last is called."""
    if last.cell_class is None:
        return "?" if is_short else "unclassified"
    return SHORT_NAMES[last.cell_class] if is_short else last.cell_class.replace("_", " ")


_RESTING: Mapping[SessionState, str] = {
    SessionState.IDLE: "ready to start",
    SessionState.FINISHED: "finished",
    SessionState.DISCARDED: "discarded",
}


def _share(count: DifferentialCount, name: CellClass) -> Share:
    interval = _interval(count.counts[name], count.n)
    if not count.n:
        return Share(name, None, interval, "-")
    percent = count.percent[name]
    decimals = 0 if count.n <= WHOLE_PERCENT_UP_TO else 1
    return Share(name, percent, interval, f"{percent:.{decimals}f}")


# The exact intervals of five classes take 10 ms, the drawing less.
_interval = functools.lru_cache(maxsize=256)(exact_interval)
