"""What was measured of each part of a calibration, in one line of words."""

from collections.abc import Iterator
from functools import singledispatch

from leuko.calibration import (
    ExposurePart,
    FlatFieldPart,
    FocusPart,
    Part,
    ScalePart,
    SitePart,
    StainPart,
    WBCFactorPart,
    WhiteBalancePart,
)
from leuko.counting import exact_interval


@singledispatch
def part_figures(part: Part) -> str:
    """Return what was measured of a part."""
    raise NotImplementedError(type(part).__name__)


@part_figures.register
def _scale(part: ScalePart) -> str:
    return f"{part.um_per_px:.5f} µm per pixel within {part.within_percent:.2g} %, {part.method}"


@part_figures.register
def _light(part: FlatFieldPart) -> str:
    return (
        f"light uneven by {part.before_percent:.2f} %, {part.after_percent:.2f} % after "
        f"correction, {part.method}"
    )


@part_figures.register
def _focus(part: FocusPart) -> str:
    return (
        f"sharp from {part.least_sharpness:.2f}, in focus {part.best_sharpness:.2f}, out of it "
        f"{part.softest:.2f}"
    )


@part_figures.register
def _wbc_factor(part: WBCFactorPart) -> str:
    return (
        f"{part.per_cell:.2f} × 10⁹ a litre for one leukocyte a field, within "
        f"{part.within_percent:.0f} % by chance, an estimate"
    )


@part_figures.register
def _exposure(part: ExposurePart) -> str:
    gain = f" and a gain of {part.analogue_gain:.2f}" if part.analogue_gain else ""
    return (
        f"{part.exposure_us} µs{gain} show the background at {part.level:.0f} of 255, "
        f"{part.clipped_percent:.2f} % clipped"
    )


@part_figures.register
def _white_balance(part: WhiteBalancePart) -> str:
    shown = "/".join(f"{level:.0f}" for level in part.background)
    gains = f"red {part.red_gain}, blue {part.blue_gain}"
    set_to = f"{part.kelvin} K" if part.kelvin else gains
    return f"{set_to} show the background at {shown} (red/green/blue)"


@part_figures.register
def _stain(part: StainPart) -> str:
    return (
        f"{part.cells} neutrophils and lymphocytes in {part.fields} fields, nuclei vary by "
        f"{part.nuclei_spread_percent:.0f} %, background "
        f"{', '.join(f'{level:.0f}' for level in part.background)}{_darkness(part)}"
    )


def _darkness(part: StainPart) -> str:
    if part.tone is None:
        return ""
    nuclei, cytoplasms = part.tone
    return f", optical density of nuclei {nuclei:.2f}, of cytoplasms {cytoplasms:.2f}"


@part_figures.register
def _site(part: SitePart) -> str:
    return "; ".join(site_lines(part))


def site_lines(part: SitePart) -> Iterator[str]:
    """Yield what an adaptation is worth, and which classes it leaves alone."""
    before, after = (_share(right, part.cells) for right in (part.right_before, part.right_after))
    yield f"of {part.cells} confirmed cells, named right before: {before}; adapted: {after}"
    if part.lacking:
        names = ", ".join(part.lacking)
        yield f"too few confirmed cells of: {names}; these stay as the bundle names them"


def _share(right: int, cells: int) -> str:
    low, high = exact_interval(right, cells)
    return f"{right} ({100 * right / cells:.0f} %; 95 %: {low:.0f} to {high:.0f})"
