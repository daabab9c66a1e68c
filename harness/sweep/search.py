"""Search: a quarter of a grid's trials or less, each where it promises most.

After a first design that shows what each axis does, each trial is the setting that is expected to be fastest within
the budget; every fourth one is what Optuna's multi-objective sampler (peak, chunks/s, provider calls) proposes among
those that promise most, which fills the Pareto front.
"""

import math
import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution
from optuna.trial import TrialState, create_trial

from harness.scenario import Scenario
from harness.sweep.cells import Cell, cells_of, settings_of
from harness.sweep.choosing import choose_cell
from harness.sweep.study import DIRECTIONS
from harness.sweep.surrogate import Predicted, places_of, predict, sizes_of
from harness.sweep.trial import Task, Trial

SHARE_OF_GRID = 0.25
_SMALLEST = 8
_ANCHORS = (2, 4)
"""After how many trials the first setting is run again: without a spread no upper bound is known."""
_OPTUNA_EVERY = 4
PROMISING = 0.25
"""Of the settings that are left: a proposal from beyond is not worth one of a dozen trials."""

Setting = Mapping[str, str]


def search_size(cells: int) -> int:
    """How many trials a search of so many cells takes, repeats included."""
    return max(_SMALLEST, math.floor(SHARE_OF_GRID * cells))


def search_tasks(scenario: Scenario, done: Sequence[Trial], lifted_bytes: int) -> list[Task]:
    """What to run next, the most promising first; the second is for a second participant."""
    axes = scenario.sweep.axes
    settings, tried = settings_of(axes), [one for one in done if one.task.part == "search"]
    left = search_size(len(settings)) - len(tried)
    if left <= 0:
        return []
    if left == 1:
        return _again(scenario, done, lifted_bytes)
    seen = [one.task.setting for one in tried]
    first = design(settings, axes)
    designed = [one for one in first if one not in seen]
    order = designed or _promising(scenario, done, [one for one in settings if one not in seen])
    tasks = [Task("search", one, 0, lifted_bytes, whole=False) for one in order[:left]]
    anchors = sum(place <= len(tried) for place in _ANCHORS)
    again = [Task("search", first[0], number, lifted_bytes, whole=False) for number in range(1, anchors + 1)]
    return again + tasks


def design(settings: Sequence[Setting], axes: Mapping[str, Sequence[str]]) -> list[Setting]:
    """The middle of all axes, each axis at its far end from there, and all of them at it: what each one does alone."""
    places = places_of(settings, axes)
    middle = int(np.argmin(((places - 0.5) ** 2).sum(axis=1)))
    wished = [places[middle].copy() for _ in range(places.shape[1])]
    for axis, place in enumerate(wished):
        place[axis] = 1.0
    wished.append(np.ones(places.shape[1]))
    nearest = [middle, *(int(np.argmin(((places - place) ** 2).sum(axis=1))) for place in wished)]
    return [settings[one] for one in dict.fromkeys(nearest)]


def expected_gain(rate: Predicted, peak: Predicted, best: float, log_budget: float) -> float:
    """Expected improvement of the logarithm of the rate, by the chance that the peak stays within the budget."""
    deviation = max(rate.deviation, 1e-6)
    z = (rate.mean - best) / deviation
    gain = deviation * (z * _normal(z) + math.exp(-z * z / 2) / math.sqrt(2 * math.pi))
    return gain * _normal((log_budget - peak.mean) / max(peak.deviation, 0.02))


def _promising(scenario: Scenario, done: Sequence[Trial], left: Sequence[Setting]) -> list[Setting]:
    """The settings that were not run, the most promising first."""
    axes = scenario.sweep.axes
    cells = [one for one in cells_of(done).all if one.rate and one.peak]
    if len(cells) < 3 or not left:
        return list(left)
    known = [one.setting for one in cells]
    log_rates = [math.log(one.rate.mean) for one in cells if one.rate]
    log_peaks = [math.log(one.peak_most or 1) for one in cells]
    rates = predict(places_of(known, axes), log_rates, places_of(left, axes))
    peaks = predict(sizes_of(known, axes), log_peaks, sizes_of(left, axes))
    best = _best_log_rate(cells, scenario.budget_bytes)
    log_budget = math.log(scenario.budget_bytes)
    gains = [expected_gain(rate, peak, best, log_budget) for rate, peak in zip(rates, peaks, strict=True)]
    order = [left[place] for place in np.argsort(gains)[::-1]]
    if len(done) % _OPTUNA_EVERY == 0:
        proposed = proposed_by_optuna(axes, done, scenario.sweep.seed)
        if proposed in order[: math.ceil(PROMISING * len(order))]:
            order.remove(proposed)
            order.insert(0, proposed)
    return order


def proposed_by_optuna(axes: Mapping[str, Sequence[str]], done: Sequence[Trial], seed: int) -> dict[str, str]:
    """What Optuna's sampler for several objectives would run next, from the same trials."""
    distributions = {axis: CategoricalDistribution(list(values)) for axis, values in axes.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sampler = optuna.samplers.TPESampler(seed=seed + len(done), n_startup_trials=1, multivariate=True)
        study = optuna.create_study(directions=DIRECTIONS, sampler=sampler)
        for one in done:
            figures = one.measured
            calls = figures.calls_per_1000_inputs
            if one.task.part == "search" and figures.peak_bytes and figures.chunks_per_s and calls:
                values = [float(figures.peak_bytes), figures.chunks_per_s, calls]
                study.add_trial(
                    create_trial(
                        state=TrialState.COMPLETE, params=dict(one.task.setting), distributions=distributions,  # type: ignore[arg-type]
                        values=values,
                    )
                )  # fmt: skip
        return {str(axis): str(value) for axis, value in study.ask(distributions).params.items()}  # type: ignore[arg-type]


def _again(scenario: Scenario, done: Sequence[Trial], lifted_bytes: int) -> list[Task]:
    """The best once more, or who comes next to it: an answer that was seen once is none."""
    cells = cells_of(done)
    choice = choose_cell(cells, scenario.budget_bytes)
    ranked = [one for one in (choice.best, *choice.rivals, *cells.all) if one is not None]
    fewest = sorted(ranked[:2], key=lambda one: len(one.trials))
    return [Task("search", one.setting, len(one.trials), lifted_bytes, whole=False) for one in fewest]


def _best_log_rate(cells: Sequence[Cell], budget_bytes: float) -> float:
    rates = [math.log(one.rate.mean) for one in cells if one.rate and one.fits(budget_bytes)]
    return max(rates, default=min(math.log(one.rate.mean) for one in cells if one.rate))


def _normal(z: float) -> float:
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))
