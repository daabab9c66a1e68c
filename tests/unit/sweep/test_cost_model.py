"""The cost model finds planted costs, tells peaks that do not coincide from a sum, and refuses what is neither."""

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from harness.sweep.cost_model import model_of
from harness.sweep.trial import Trial
from reports.sweep_body import CostModel

from .made_trials import trial

Planted = Callable[[Mapping[str, float]], float]
AXES = {"x": ("1", "4", "8", "12"), "y": ("1", "3", "6")}


def _trials(planted: Planted, axes: Mapping[str, Sequence[str]], seed: int, noise_mb: float = 0.3) -> list[Trial]:
    rng = np.random.default_rng(seed)
    settings = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    return [
        trial(one, planted({axis: float(value) for axis, value in one.items()}) + rng.normal(0, noise_mb))
        for one in settings
    ]


def _model(planted: Planted, seed: int, axes: Mapping[str, Sequence[str]] = AXES, noise_mb: float = 0.3) -> CostModel:
    return model_of(_trials(planted, axes, seed, noise_mb), axes, {})


def _holds(model: CostModel, knob: str, truth_mb: float, width: float = 0.1) -> bool:
    found = [one for one in model.coefficients if one.knob == knob and not one.level]
    if len(found) != 1:
        return False
    low, high = found[0].interval_bytes
    truth = truth_mb * 2**20
    return low <= truth <= high and high - low <= 2 * width * truth


def test_costs_of_a_sum_are_found() -> None:
    """In 18 of 20 seeds every interval holds the planted cost and is no wider than a tenth of it on each side."""
    models = [_model(lambda one: 2 * one["x"] + 3 * one["y"] + 20, seed) for seed in range(20)]
    assert sum(_holds(one, "x", 2) and _holds(one, "y", 3) for one in models) >= 18
    assert sum(one.form == "sum" for one in models) >= 18


def test_peaks_that_do_not_coincide_are_told_from_a_sum() -> None:
    """Where the larger of two peaks counts, both costs are found, and the model says that they do not add up."""
    models = [_model(lambda one: max(20 + 4 * one["x"], 20 + 6 * one["y"]), seed) for seed in range(20)]
    assert sum(_holds(one, "x", 4) and _holds(one, "y", 6) for one in models) >= 18
    assert all(one.form == "largest of 2 peaks" for one in models)
    assert all("do not add up" in one.why for one in models)


def test_two_trials_of_a_peak_tell_its_cost_where_the_floor_is_common() -> None:
    """On nine cells one of the peaks may be the larger one in two: the floor of the other one tells the rest."""
    axes = {"x": ("1", "5", "10"), "y": ("1", "4", "8")}
    models = [_model(lambda one: 30 + max(2 * one["x"], 6 * one["y"]), seed, axes, 0.05) for seed in range(20)]
    assert sum(_holds(one, "x", 2) and _holds(one, "y", 6) for one in models) >= 18
    assert [len(one.floors) for one in models].count(1) >= 18
    assert all(one.coefficients[0].stage != one.coefficients[1].stage for one in models)


def test_peaks_with_floors_of_their_own_are_told_from_those_above_one() -> None:
    """The second peak starts 3 MB higher: one floor for both would put that into the costs."""
    axes = {"x": ("1", "3", "6", "10"), "y": ("1", "3", "5", "8")}
    models = [_model(lambda one: max(30 + 2.2 * one["x"], 33 + 4.5 * one["y"]), seed, axes, 0.05) for seed in range(20)]
    assert sum(_holds(one, "x", 2.2) and _holds(one, "y", 4.5) for one in models) >= 18
    assert all([one.stage for one in model.floors] == [1, 2] for model in models)


def test_knobs_that_multiply_are_found() -> None:
    """Requests at once times inputs of each: the product has the cost."""
    models = [_model(lambda one: 20 + one["x"] * one["y"], seed) for seed in range(20)]
    assert sum(_holds(one, "x x y", 1) for one in models) >= 18


def test_what_costs_nothing_is_not_given_a_cost() -> None:
    """Of pure noise no coefficient's interval leaves out zero more often than chance has it, and none is refused."""
    models = [_model(lambda _: 50.0, seed, noise_mb=1.0) for seed in range(40)]
    assert all(one.fitted for one in models)
    plain = [one for model in models for one in model.coefficients]
    outside = sum(not one.interval_bytes[0] <= 0 <= one.interval_bytes[1] for one in plain)
    assert outside <= 0.12 * len(plain)


def test_a_fit_that_is_poor_is_refused() -> None:
    """What follows neither a sum nor a largest of sums gets no coefficients, and the reason with its figures."""
    model = _model(lambda one: 20 + 40 * ((one["x"] > 5) != (one["y"] > 2)) + 25 * np.sin(3 * one["x"]), 1)
    assert not model.fitted
    assert not model.coefficients
    assert "left out is missed by" in model.why


def test_a_value_that_stands_apart_gets_a_cost_of_its_own() -> None:
    """window=0 means no bound at all: each value has its cost then, and no line is drawn through them."""
    axes = {"window": ("0", "64", "256", "1024"), "batch": ("20", "48", "96")}
    model = _model(lambda one: (300 if one["window"] == 0 else 80) + 0.2 * one["batch"], 3, axes)
    assert model.form == "sum of a cost for each value"
    assert {one.level for one in model.coefficients if one.knob == "window"} == {"64", "256", "1024"}


def test_killed_trials_are_censored() -> None:
    """A killed trial changes no coefficient; it is counted."""
    trials = _trials(lambda one: 2 * one["x"] + 3 * one["y"] + 20, AXES, 5)
    killed = [trial({"x": "12", "y": "6"}, None, None, end="killed") for _ in range(3)]
    without, with_them = model_of(trials, AXES, {}), model_of([*trials, *killed], AXES, {})
    assert with_them.coefficients == without.coefficients
    assert (without.censored, with_them.censored) == (0, 3)


def test_words_as_values_have_levels() -> None:
    """A knob that is no number costs what its value costs over the first one."""
    axes = {"index": ("false", "true"), "batch": ("20", "48", "96")}
    trials = [
        *_trials(lambda _: 0.0, {}, 0),
        *(
            trial({"index": index, "batch": batch}, 60 + 8 * (index == "true") + 0.1 * float(batch) + 0.05 * place)
            for place, (index, batch) in enumerate(itertools.product(*axes.values()))
        ),
    ]
    model = model_of([one for one in trials if one.task.setting], axes, {})
    found = next(one for one in model.coefficients if one.knob == "index")
    assert found.level == "true"
    assert found.bytes_per_unit == pytest.approx(8 * 2**20, rel=0.05)


@pytest.mark.parametrize("trials", [1, 2, 4])
def test_too_few_trials_are_said_so(trials: int) -> None:
    """Without trials beyond the coefficients there is no interval, and so no model."""
    model = model_of(_trials(lambda one: one["x"], AXES, 1)[:trials], AXES, {})
    assert not model.fitted
    assert model.why


def test_the_curve_goes_through_the_plane() -> None:
    """What is drawn over a knob is the model around the setting that was asked for."""
    planted = model_of(_trials(lambda one: 2 * one["x"] + 3 * one["y"] + 20, AXES, 2), AXES, {"x": "4", "y": "6"})
    curve = next(one for one in planted.curves if one.knob == "x")
    assert curve.others == {"y": "6"}
    assert curve.points[1].peak_bytes / 2**20 == pytest.approx(2 * 4 + 3 * 6 + 20, abs=0.8)
    assert all(one.low_bytes < one.peak_bytes < one.high_bytes for one in curve.points)
