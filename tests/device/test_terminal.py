"""What leuko prints for people, line by line."""

import pytest

from leuko.cells import CellClass, CellStatus
from leuko.counting import DifferentialCount, Entry
from leuko.terminal import beside_lines, print_differential, scale_lines
from leuko.vision.scale import ScaleEstimate


def test_a_stated_scale_is_printed_as_such() -> None:
    assert scale_lines(0.2, {}) == ["scale 0.2000 µm per pixel, as stated"]
    calibrated = scale_lines(0.2, {}, is_calibrated=True)
    assert calibrated == ["scale 0.2000 µm per pixel, as calibrated"]


def test_every_scale_that_was_found_is_printed_with_what_it_is_worth() -> None:
    common, own = ScaleEstimate(0.2, 0.91, 60), ScaleEstimate(0.125, 0.62, 14)
    assert scale_lines(None, {common: ["a.png", "b.png"], own: ["c.png"]}) == [
        "scale 0.2000 µm per pixel in 2 images, from 60 red cells (confidence 0.91)",
        "scale 0.1250 µm per pixel in c.png, from 14 red cells (confidence 0.62)",
    ]
    assert scale_lines(None, {common: ["a.png", "b.png"]}) == [
        "scale 0.2000 µm per pixel, from 60 red cells (confidence 0.91)"
    ]


@pytest.mark.parametrize(
    ("n", "few", "more"),
    [
        (
            1,
            "1 leukocyte was counted, fewer than the usual 100",
            "more leukocytes would bring every",
        ),
        (
            20,
            "20 leukocytes were counted, fewer than the usual",
            "more leukocytes would bring every",
        ),
        (60, "60 leukocytes were counted, fewer than the usual 100", "would bring neutrophil to ±"),
        (100, "", "more leukocytes would bring neutrophil to ± 3 percentage points"),
    ],
)
def test_a_small_count_is_called_small_and_told_how_many_more_it_takes(
    capsys: pytest.CaptureFixture[str], n: int, few: str, more: str
) -> None:
    halves = (CellClass.NEUTROPHIL, CellClass.LYMPHOCYTE)
    print_differential(
        DifferentialCount.from_entries(
            Entry(halves[cell % 2], CellStatus.COUNTED) for cell in range(n)
        )
    )
    shown = capsys.readouterr().out
    assert more in shown
    assert few in shown
    assert ("fewer than the usual" in shown) == bool(few)


@pytest.mark.parametrize(
    ("name", "one", "more"),
    [
        (CellClass.IMMATURE_GRANULOCYTE, "1 immature granulocyte", "5 immature granulocytes"),
        (CellClass.ERYTHROBLAST, "1 erythroblast", "5 erythroblasts"),
        (CellClass.PLATELET_OR_ARTEFACT, "1 platelet or artefact", "5 platelets or artefacts"),
    ],
)
def test_what_stays_out_of_the_differential_is_named_in_its_number(
    name: CellClass, one: str, more: str
) -> None:
    for number, words in ((1, one), (5, more)):
        entries = [Entry(name, CellStatus.EXCLUDED)] * number
        assert beside_lines(DifferentialCount.from_entries(entries)) == [
            f"beside the differential: {words}"
        ]
