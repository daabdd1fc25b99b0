"""What ``leuko calibrate`` says of saved pictures' light."""

from leuko.calibration import BackdropAdvice


def advice_lines(found: BackdropAdvice) -> list[str]:
    """Return what saved pictures show, and what to change of the camera."""
    shown = "/".join(f"{level:.0f}" for level in found.background)
    seen = (
        f"the background is at {shown} of 255 (red/green/blue), {found.wanted_level:.0f} is "
        f"wanted; {found.clipped_percent:.2f} % of the worst channel clips"
    )
    changes = {
        "the light": found.exposure_factor,
        "the red gain": found.red_gain_factor,
        "the blue gain": found.blue_gain_factor,
    }
    needed = [f"{name} {factor:g} times" for name, factor in changes.items() if _is_far(factor)]
    right = [name for name, factor in changes.items() if not _is_far(factor)]
    advice = []
    if needed:
        advice.append(f"make {_joined(needed)} as large")
    if right:
        are = "it is" if len(right) == 1 else "they are"
        advice.append(f"leave {_joined(right)} as {are}")
    return [seen, "; ".join(advice), "saved pictures set no camera: nothing is kept"]


def _joined(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _is_far(factor: float) -> bool:
    return not 0.95 < factor < 1.05
