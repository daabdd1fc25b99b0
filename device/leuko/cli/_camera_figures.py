"""What ``leuko calibrate`` says of a camera's controls."""

from leuko.calibration import BackdropAdvice, ExposurePart, Part, WhiteBalancePart


def camera_figures(part: Part) -> str:
    """Return what a camera is locked at, and what its background then looks like."""
    if isinstance(part, ExposurePart):
        gain = f" and a gain of {part.analogue_gain:.2f}" if part.analogue_gain else ""
        return (
            f"{part.exposure_us} µs{gain} show the background at {part.level:.0f} of 255, "
            f"{part.clipped_percent:.2f} % clipped"
        )
    if isinstance(part, WhiteBalancePart):
        shown = "/".join(f"{level:.0f}" for level in part.background)
        gains = f"red {part.red_gain}, blue {part.blue_gain}"
        set_to = f"{part.kelvin} K" if part.kelvin else gains
        return f"{set_to} show the background at {shown} (red/green/blue)"
    return "measured"


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
    needed = [f"{name} {factor:.2f} times" for name, factor in changes.items() if _is_far(factor)]
    return [seen, f"make {', '.join(needed)} as large" if needed else "leave it as it is"]


def _is_far(factor: float) -> bool:
    return not 0.95 < factor < 1.05
