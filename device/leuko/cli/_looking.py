"""What a person sees and says of each field of a quality check."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from leuko.cli._measuring import Measuring
from leuko.errors import CalibrationError, OutputError
from leuko.plurals import counted

if TYPE_CHECKING:
    from leuko.calibration import Shot
    from leuko.cells import RGBImage
    from leuko.checks import CheckedField, CheckMeasurement
    from leuko.status import Guidance

_QUESTION = "how many were missed?"
_NOBODY = "nobody answered; say with --missed how many were missed"


class Looking:
    """Shows each field with what was located outlined, and asks what was missed.

    Where there are keys it is asked of each field while that is shown and under the lens; else
    once, in the terminal, of them all.
    """

    def __init__(self, bench: Measuring, folder: Path | None, *, missed: int | None) -> None:
        """Begin without a field.

        Args:
            bench: has the display, the keys and the terminal.
            folder: gets a picture of each field, numbered from 1; None for none.
            missed: leukocytes that were missed, if that need not be asked.
        """
        self._bench = bench
        self._folder = folder
        self._given = missed
        self._missed: list[int] = []
        self._fields = 0

    def told(self, shot: "Shot", guidance: "Guidance") -> None:
        """Say what is wrong with a picture, if anything is."""
        if self._bench.camera:
            self._bench.wizard.instruct(guidance)
        elif guidance:
            typer.echo(f"leuko: left out {shot.used.name}: {guidance}", err=True)

    def seen(self, field: "CheckedField") -> None:
        """Show a field, write it, and ask for what was missed in it where keys can answer.

        Raises:
            CalibrationError: the person has stopped it, or answers no more.
            OutputError: its picture cannot be written.
        """
        self._fields += 1
        figures = (f"seen {len(field.cells)}", f"field {self._fields}")
        drawn = field.drawn()
        wizard = self._bench.wizard
        wizard.see(drawn, *figures)
        self._write(drawn)
        if self._given is None and wizard.keys().yes:
            missed = wizard.ask_number(_QUESTION, "missed", *figures)
            # Once the keys are gone it is asked of all fields, in the terminal.
            if missed is None and wizard.keys().yes:
                raise CalibrationError(_NOBODY)
            self._missed += [] if missed is None else [missed]
            if missed:
                self._write(field.drawn(missed=missed))

    def missed_in(self, found: "CheckMeasurement") -> tuple[int, ...]:
        """Return how many were missed in each field; nothing unless it was asked of every one."""
        return tuple(self._missed) if len(self._missed) == found.fields else ()

    def missed_of(self, found: "CheckMeasurement") -> int:
        """Return how many were missed in all fields, asking once more for those not asked about.

        Which fields of a folder that is asked of is said first: not all may have been needed.

        Raises:
            CalibrationError: the person has stopped it, or nobody answers.
        """
        if self._bench.camera is None:
            self._bench.say(f"fields used: {', '.join(found.names)}")
        if self._given is not None:
            return self._given
        if missed_in := self.missed_in(found):
            return sum(missed_in)
        where = f"; see {self._folder}" if self._folder else ""
        typer.echo(
            f"{counted(found.located, 'leukocyte')} located in "
            f"{counted(found.fields, 'field')}{where}"
        )
        typer.echo("leave out cells that the border of a field cuts")
        missed = self._bench.wizard.ask_number(
            _QUESTION,
            "missed",
            f"located {found.located}",
            f"fields {found.fields}",
            start=sum(self._missed),
        )
        if missed is None:
            raise CalibrationError(_NOBODY)
        return missed

    def _write(self, drawn: "RGBImage") -> None:
        """Write the field seen last, in place of what was written of it before."""
        from leuko.images import result_png

        if self._folder is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / f"checked-{self._fields:03}.png").write_bytes(result_png(drawn))
        except OSError as error:
            raise OutputError(
                f"{self._folder} takes no pictures ({error.strerror or error}); name another folder"
            ) from error
