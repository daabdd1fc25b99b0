"""``leuko calibrate all``: one part after the other, each kept on its own."""

# Commands import what they need, so that --help and --version stay quick on a small device.

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from json import dumps
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._calibration_options import KEEPING, PICTURES, Asked, asking
from leuko.cli._camera_controls import calibrate_exposure, calibrate_white_balance
from leuko.cli._flat_field import calibrate_flat_field
from leuko.cli._keeping import ORDER, UnansweredError, same_places
from leuko.cli._measuring import LONG_S, USUAL_S, Again, Measuring, measuring, tell_unread
from leuko.cli._opening import bench_wizard, refuse_beside_a_service, tell_person
from leuko.cli._optics import calibrate_focus, calibrate_scale
from leuko.cli._options import refuse_to_ask
from leuko.cli._staining import calibrate_stain
from leuko.errors import CalibrationError, ImageError, NoControlError
from leuko.remedies import with_state_dir

if TYPE_CHECKING:
    from leuko.wizard import Wizard

_PARTS: dict[str, Callable[[Measuring], None]] = {
    "exposure": calibrate_exposure,
    "white_balance": calibrate_white_balance,
    "flat_field": calibrate_flat_field,
    "scale": calibrate_scale,
    "focus": calibrate_focus,
    "stain": calibrate_stain,
}
_NOT_OF_FILES = {
    "exposure": "saved pictures set no camera",
    "white_balance": "saved pictures set no camera",
    "focus": "its pictures are a sweep; run leuko calibrate focus with a folder of their own",
}
"""Why a part cannot be measured from saved fields."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of a part that was not kept: why it was left out, or why it was refused.

    Attributes:
        left_out: the reason, if it was.
        refused: the reason, if it was.
        is_unanswered: whether nobody said to begin with it, or to keep it, so that all was broken
            off there.
    """

    left_out: str = ""
    refused: str = ""
    is_unanswered: bool = False


_SKIPPED = _Outcome("skipped")
_UNANSWERED = _Outcome(is_unanswered=True)


def _checked_parts(names: list[str] | None) -> list[str] | None:
    known = [_typed(one) for one in ORDER]
    wanted = [_typed(one.lower()) for one in names or ()]
    if strange := [one for one in wanted if one not in known]:
        raise typer.BadParameter(f"{strange[0]!r} is no part; choose among {', '.join(known)}")
    return wanted


@asking(*PICTURES, *KEEPING, "bundle")
def calibrate_all(
    asked: Asked,
    *,
    skip: Annotated[
        list[str] | None,
        typer.Option(metavar="PART", callback=_checked_parts, help="Leave a part out; repeatable."),
    ] = None,
) -> None:
    """Measure exposure, white balance, even light, scale, focus and stain, one after the other."""
    from leuko.settings import load_settings

    refuse_to_ask("measured", json=asked.json, yes=asked.yes)
    settings = load_settings(os.environ, state_dir=asked.state_dir, camera=asked.camera)
    if asked.folder:
        tell_unread(asked.folder)
    else:
        refuse_beside_a_service(settings)
    with bench_wizard(
        settings, ORDER[0], is_asked=asked.is_open, is_of_files=bool(asked.folder)
    ) as wizard:
        outcomes = _outcomes(asked, wizard, skip=skip or ())
    _finish(outcomes, asked)


def _outcomes(asked: Asked, wizard: "Wizard", *, skip: Sequence[str]) -> dict[str, _Outcome | None]:
    """Measure the parts until nobody answers; return why each is not kept, None if it is."""
    outcomes: dict[str, _Outcome | None] = {}
    for name in ORDER:
        try:
            outcomes[name] = _outcome(name, asked, wizard, skip=skip)
        except UnansweredError as error:
            tell_person(
                f"leuko: nobody answered whether {error.what} {_typed(name)}, so neither it nor "
                "any part after it is kept; answer in the terminal, with keypad or buttons, or "
                "have nothing asked with --yes"
            )
            outcomes[name] = _UNANSWERED
            break
    return outcomes


def _outcome(name: str, asked: Asked, wizard: "Wizard", *, skip: Sequence[str]) -> _Outcome | None:
    """Measure a part; return why it is not kept, None if it is."""
    found = _SKIPPED if _typed(name) in skip else _tried(name, asked, wizard)
    if found is None:
        return None
    if asked.json:
        why = {"refused": found.refused} if found.refused else {"left_out": found.left_out}
        typer.echo(dumps({"kept": None, name: None, **why}))
    elif found.refused:
        tell_person(f"leuko: {_typed(name)} is refused: {found.refused}")
    else:
        tell_person(f"leuko: left out {_typed(name)}: {found.left_out}")
    return found


def _tried(name: str, asked: Asked, wizard: "Wizard") -> _Outcome | None:
    if asked.folder and name in _NOT_OF_FILES:
        return _Outcome(with_state_dir(_NOT_OF_FILES[name], asked.state_dir))
    try:
        return None if _is_measured(name, asked, wizard) else _SKIPPED
    except NoControlError as error:
        return _Outcome(with_state_dir(str(error), asked.state_dir))
    except (CalibrationError, ImageError) as error:
        return _Outcome(refused=with_state_dir(str(error), asked.state_dir))
    except UnansweredError:
        raise
    except typer.Exit:
        return _Outcome("what was measured is not kept")


def _is_measured(name: str, asked: Asked, wizard: "Wizard") -> bool:
    """Measure a part as often as the person wants; return whether it was begun with at all."""
    from leuko.wizard import guide_for

    is_begun = not asked.is_open
    longest_s = LONG_S if name == "stain" else USUAL_S
    while True:
        wizard.turn_to(guide_for(name, is_of_files=bool(asked.folder)))
        try:
            # The camera is opened anew, locked as it is calibrated by now.
            with measuring(name, asked, wizard=wizard, longest_s=longest_s) as bench:
                is_begun = is_begun or _is_wanted(name, bench)
                if is_begun:
                    _PARTS[name](bench)
                return is_begun
        except Again:
            continue


def _is_wanted(name: str, bench: Measuring) -> bool:
    from leuko.calibration import shots_of_camera
    from leuko.control import Answer

    number = f"part {ORDER.index(name) + 1} of {len(ORDER)}"
    shots = shots_of_camera(bench.camera, longest_s=math.inf) if bench.camera else iter(())
    answer = bench.wizard.asks_to_begin(number, shots, longest_s=LONG_S)
    if answer is None:
        raise UnansweredError("to begin with")
    return answer is not Answer.NO


def _finish(outcomes: dict[str, _Outcome | None], asked: Asked) -> None:
    """Say what is kept, and leave with 1 if a part was refused, it was broken off, or none is."""
    kept = [_typed(name) for name, found in outcomes.items() if found is None]
    if not asked.json:
        typer.echo(f"kept: {', '.join(kept) or 'nothing; the calibration is as it was'}")
        if refused := [_typed(name) for name, found in outcomes.items() if found and found.refused]:
            alone = f"leuko calibrate {refused[0]}{same_places(asked, refused[0])}"
            typer.echo(f"refused: {', '.join(refused)}; run each alone, {alone}")
    if not kept or any(one and (one.refused or one.is_unanswered) for one in outcomes.values()):
        raise typer.Exit(1)


def _typed(name: str) -> str:
    """Return what a person types for a part."""
    return name.replace("_", "-")
