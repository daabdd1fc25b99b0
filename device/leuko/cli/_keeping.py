"""Whether what was measured is kept, and what is said of that."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from collections.abc import Callable, Sequence
from functools import wraps
from json import dumps
from shlex import quote
from typing import TYPE_CHECKING, ParamSpec

import typer

from leuko.cli._calibration_options import Asked
from leuko.cli._measuring import Again, Measuring
from leuko.cli._opening import tell_person

if TYPE_CHECKING:
    from leuko.calibration import Part
    from leuko.shown import TrendChart

_P = ParamSpec("_P")

ORDER = ("exposure", "white_balance", "flat_field", "scale", "focus", "stain")
"""Parts in the order in which they are measured: each stands on those before."""

COUNTS_WITH_IT = "the service counts with it from its next start on, leuko count with --calibration"
"""When a calibration begins to count."""


class UnansweredError(typer.Exit):
    """Nobody has answered, and nobody would what is asked next."""

    def __init__(self, what: str) -> None:
        """Leave with an error.

        Args:
            what: was asked, as in "whether to ...".
        """
        super().__init__(1)
        self.what = what


def again_if_wanted(command: Callable[_P, None]) -> Callable[_P, None]:
    """Return a command that starts anew as often as the person wants it to."""

    @wraps(command)
    def repeated(*arguments: _P.args, **options: _P.kwargs) -> None:
        while True:
            try:
                return command(*arguments, **options)
            except Again:
                continue

    return repeated


def offer(
    bench: Measuring,
    name: str,
    part: "Part",
    *,
    gain: bytes | None = None,
    site: bytes | None = None,
    figures: Sequence[str] = (),
) -> None:
    """Keep what was measured if a person, or the command line, wants it.

    Args:
        bench: what it was measured with.
        name: of the part.
        part: what was measured.
        gain: the flat field's PNG, where that is the part.
        site: the adaptation's numbers, where that is the part.
        figures: what the display shows of it, a short line each.

    Raises:
        Again: it is to be measured once more.
        Exit: it is not to be kept.
    """
    number = None
    if bench.asked.yes or (not bench.asked.json and _is_wanted(bench, part, figures)):
        cause = name.replace("_", "-")
        by = part.origin.by
        kept = bench.history.keep({name: part}, cause=cause, by=by, gain=gain, site=site)
        number, part = kept.record.number, kept.record.parts[name]
    tell_kept(number, name, part, json=bench.asked.json)
    if not (bench.asked.json or bench.is_one_of_all):
        _tell_next(name, bench)


def _is_wanted(bench: Measuring, part: "Part", figures: Sequence[str]) -> bool:
    from leuko.cli._part_figures import part_figures

    try:
        return is_wanted(bench, *figures)
    except UnansweredError:
        # It may have been half an hour's work by hand.
        tell_person(f"leuko: dropped, for nobody answered: {part_figures(part)}")
        raise


def _tell_next(name: str, bench: Measuring) -> None:
    """Name the parts that come later and were never measured, and how to go on with the next."""
    present = bench.history.current()
    if name not in ORDER or present is None:
        return
    later = ORDER[ORDER.index(name) + 1 :]
    if left := [one.replace("_", "-") for one in later if one not in present.record.parts]:
        command = f"leuko calibrate {left[0]}{same_places(bench.asked, left[0], after=name)}"
        typer.echo(f"still to come: {', '.join(left)}; to go on with {left[0]}, run: {command}")


def same_places(asked: Asked, part: str, *, after: str = "") -> str:
    """Return the options that make a part's command look and keep where this one did.

    Args:
        asked: what this one was given.
        part: name of the part, as commands have it.
        after: the part that this one measured, if it did.
    """
    # Fields are no sweep, and a sweep is no fields.
    is_elsewhere = asked.folder and "focus" in {part, after}
    places = {
        "--from": "FOLDER" if is_elsewhere else asked.folder,
        "--camera": asked.camera,
        "--camera-source": asked.camera_source,
        "--state-dir": asked.state_dir,
    }
    return "".join(f" {name} {quote(str(given))}" for name, given in places.items() if given)


def tell_kept(number: int | None, name: str, part: "Part", *, json: bool) -> None:
    """Print what was measured as JSON, or that it is kept.

    Args:
        number: of the calibration that has it; None if it is not kept.
        name: of the part.
        part: what was measured.
        json: whether a script reads it.
    """
    if json:
        typer.echo(dumps({"kept": number, name: part.model_dump(mode="json")}))
    else:
        typer.echo(f"calibration {number} is kept; {COUNTS_WITH_IT}")


def confirm(question: str) -> None:
    """Ask in the terminal whether something is to be changed.

    Args:
        question: what is asked.

    Raises:
        Exit: it is not, or nobody can answer; that is said.
    """
    try:
        is_meant = typer.confirm(question)
    # Nobody is there, or Ctrl-C was pressed.
    except typer.Abort:
        is_meant = False
    if not is_meant:
        typer.echo("nothing was changed")
        raise typer.Exit(1)


def is_wanted(
    bench: Measuring, *figures: str, beside: "TrendChart | None" = None, what: str = "calibration"
) -> bool:
    """Return that a person wants to keep what was measured.

    Args:
        bench: what it was measured with.
        *figures: what the display shows of it, a short line each.
        beside: what it shows in place of that.
        what: was measured.

    Raises:
        Again: it is to be measured once more.
        Exit: it is not to be kept.
        UnansweredError: nobody has said so.
    """
    from leuko.control import Answer

    question = f"keep this {what}?"
    wizard = bench.wizard
    answer = wizard.ask_beside(beside, question) if beside else wizard.ask(question, *figures)
    if answer is Answer.AGAIN:
        raise Again
    if answer is None:
        bench.say(f"nobody answered: this {what} is not kept")
        raise UnansweredError("to keep")
    if answer is not Answer.YES:
        bench.say(f"this {what} is not kept")
        raise typer.Exit(1)
    return True
