"""When a check fails: fixed limits from the first day, Westgard's rules from the tenth."""

from collections.abc import Callable

import pytest

from leuko.checks import CheckRecord, judged, limits_of, series_of

Check = Callable[..., CheckRecord]

# Mean 0.90, standard deviation 0.03 at the least.
DENSITIES = (0.90, 0.94, 0.86, 0.92, 0.88) * 4


@pytest.fixture
def series(check: Check) -> list[CheckRecord]:
    return [check(number, nuclei_density=value) for number, value in enumerate(DENSITIES, start=1)]


def verdict(check: CheckRecord, series: list[CheckRecord]) -> tuple[tuple[str, ...], ...]:
    return judged(check.measured, series)


def test_a_usual_check_passes_without_a_warning(check: Check, series: list[CheckRecord]) -> None:
    assert verdict(check(21), series) == ((), ())


def test_one_value_beyond_three_deviations_fails(check: Check, series: list[CheckRecord]) -> None:
    failures, _ = verdict(check(21, nuclei_density=0.80), series)
    assert failures == ("stain density 0.8 is -3.3 SD from its mean 0.9 (rule 1-3s)",)


def test_two_in_a_row_beyond_two_deviations_on_one_side_fail(
    check: Check, series: list[CheckRecord]
) -> None:
    failures, warnings = verdict(check(21, nuclei_density=0.97), series)
    assert not failures
    assert "stain density" in warnings[0]
    series.append(check(21, nuclei_density=0.97))
    assert "rule 2-2s" in verdict(check(22, nuclei_density=0.98), series)[0][0]
    assert not verdict(check(22, nuclei_density=0.83), series)[0]


def test_few_cells_located_fail_from_the_first_day(check: Check) -> None:
    failures, _ = verdict(check(1, located_percent=85.0), [])
    assert failures == ("located % 85 is below 90, which is needed",)


def test_there_are_no_limits_before_ten_checks_have_passed(
    check: Check, series: list[CheckRecord]
) -> None:
    assert limits_of(series[:9], "nuclei_density") is None
    failed = check(10, failures=("sharpness",), nuclei_density=0.2)
    assert limits_of([*series[:9], failed], "nuclei_density") is None
    assert limits_of([*series[:9], failed, series[9]], "nuclei_density") is not None


def test_limits_stay_those_of_the_first_twenty(check: Check, series: list[CheckRecord]) -> None:
    before = limits_of(series, "nuclei_density")
    after = limits_of(
        [*series, *(check(30, nuclei_density=0.7) for _ in range(20))], "nuclei_density"
    )
    assert before == after


def test_limits_are_never_narrower_than_chance(check: Check) -> None:
    same = [check(number) for number in range(1, 15)]
    limits = limits_of(same, "located_percent")
    assert limits is not None
    assert (limits.mean, limits.sd) == (100, 2.5)
    assert not verdict(check(15, located_percent=95.2), same)[0]


def test_another_calibration_camera_or_bundle_begins_a_new_series(
    check: Check, series: list[CheckRecord]
) -> None:
    for changed in (check(21, calibration=2), check(21, driver="sim"), check(21, bundle="c")):
        assert series_of([*series, changed]) == [changed]
        assert series_of([*series, changed], like=series[0]) == series
    assert series_of([]) == []


def test_what_could_not_be_measured_is_not_judged(check: Check, series: list[CheckRecord]) -> None:
    assert verdict(check(21, nuclei_density=None, scale_percent=None), series) == ((), ())
