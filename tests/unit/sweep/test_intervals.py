"""Intervals: they hold the truth as often as they say, and say nothing where nothing is known."""

import random

import pytest

from harness.sweep.intervals import Interval, mean_interval, pooled, repeats_for, spread, t_factor


def test_an_interval_holds_the_true_mean_in_ninety_five_of_a_hundred() -> None:
    """Over a thousand samples of three, 93 to 97 % of the intervals hold the mean that they were drawn around."""
    rng = random.Random(7)  # noqa: S311
    held = 0
    for _ in range(1000):
        found = mean_interval([rng.gauss(50, 4) for _ in range(3)])
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 50 <= found.high
    assert 930 <= held <= 970


def test_one_value_has_no_interval() -> None:
    """A single run tells nothing of its spread."""
    assert mean_interval([7.0]) == Interval(7.0)


def test_repeats_of_other_settings_give_a_single_run_an_interval() -> None:
    """The spread that settings have in common counts for all of them."""
    common = pooled([[10.0, 12.0], [100.0, 102.0], [55.0]])
    assert (common.degrees, round(common.deviation, 3)) == (2, 1.414)
    found = common.interval([55.0])
    assert found.high == pytest.approx(55 + t_factor(2) * 2**0.5)
    assert pooled([[1.0], [2.0]]).interval([1.0]) == Interval(1.0)


def test_known_factors_of_student() -> None:
    """The table's values for two and ten degrees of freedom."""
    assert t_factor(2) == pytest.approx(4.303, abs=0.001)
    assert t_factor(10) == pytest.approx(2.228, abs=0.001)


def test_how_many_repeats_an_interval_takes() -> None:
    """A quarter of the width takes many times as many; no number makes it nothing."""
    assert spread([1.0]) == 0.0
    few, many = repeats_for(1.0, 1.0), repeats_for(1.0, 0.25)
    assert few is not None
    assert many is not None
    assert few == 7
    assert many > 8 * few
    assert repeats_for(1.0, 0.0) is None
    assert repeats_for(1.0, 0.001) is None
