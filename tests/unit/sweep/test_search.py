"""The search finds a setting nearly as fast as the best of a grid, in a quarter of its trials, whatever the surface."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from harness.sweep.cells import cells_of, settings_of
from harness.sweep.choosing import choose_cell
from harness.sweep.search import design, search_size, search_tasks
from harness.sweep.surrogate import places_of, predict
from harness.sweep.trial import Task, Trial

from .made_trials import LIFTED_BYTES, MB, scenario, trial

AXES = {
    "openai_batch_size": ("10", "20", "46", "96"),
    "embed_concurrency": ("1", "2", "4", "8"),
    "window": ("64", "256", "1024"),
}
Surface = Callable[[float, float, float], tuple[float, float]]


def _by_latency(batch: float, slots: float, window: float) -> tuple[float, float]:
    """What latency makes of batching: a window that is too small starves the slots."""
    under_way = min(slots * batch, window / 2)
    return 75 + 0.012 * window + 0.03 * slots * batch, under_way / (0.3 + 0.001 * batch)


def _by_cpu(batch: float, slots: float, window: float) -> tuple[float, float]:
    """The same, but no more than the CPU can do."""
    peak, rate = _by_latency(batch, slots, window)
    return peak, 1 / (1 / rate + 1 / 700)


def _thrashing(batch: float, slots: float, window: float) -> tuple[float, float]:
    """Too many at once make it slower again."""
    peak, rate = _by_latency(batch, slots, window)
    return peak, rate / (1 + (slots / 5) ** 3)


def _left(tasks: list[Task], done: list[Trial]) -> list[Task]:
    keys = {one.task.key for one in done}
    return [one for one in tasks if one.key not in keys]


def _run(surface: Surface, seed: int, budget_mb: float) -> tuple[list[Trial], Mapping[str, str], float]:
    """Search, and give the trials, the answer, and the best rate that the whole grid has within the budget."""
    rng = np.random.default_rng(seed)
    base = replace(scenario(axes=AXES, mode="search", seed=seed), budget_bytes=int(budget_mb * MB))
    done: list[Trial] = []
    while tasks := _left(search_tasks(base, done, LIFTED_BYTES), done):
        task = tasks[0]
        peak, rate = surface(*(float(task.setting[axis]) for axis in AXES))
        made = trial(task.setting, peak * rng.normal(1, 0.005), rate * rng.normal(1, 0.02), number=len(done))
        done.append(replace(made, task=task))
        assert len(done) <= len(settings_of(AXES))
    best = choose_cell(cells_of(done), base.budget_bytes).best
    assert best is not None
    values = [surface(*(float(one[axis]) for axis in AXES)) for one in settings_of(AXES)]
    return done, best.setting, max(rate for peak, rate in values if peak <= budget_mb)


@pytest.mark.parametrize(
    ("surface", "budget_mb"),
    [(_by_latency, 95), (_by_latency, 150), (_by_cpu, 95), (_by_cpu, 150), (_thrashing, 150)],
)
def test_a_quarter_of_the_trials_finds_nearly_the_best(surface: Surface, budget_mb: float) -> None:
    """In 8 of 10 seeds 95 % of the best rate within the budget, on 48 cells, in 12 trials."""
    good = 0
    for seed in range(10):
        done, answer, best_rate = _run(surface, seed, budget_mb)
        assert len(done) <= search_size(48) <= 48 / 4
        rate = surface(*(float(answer[axis]) for axis in AXES))[1]
        good += rate >= 0.95 * best_rate
    assert good >= 8


def _drawn(seed: int) -> tuple[Surface, float]:
    """A surface of chance: latency, CPU, thrashing, what each knob holds; and a budget that bites, or hardly."""
    rng = np.random.default_rng(1000 + seed)
    starving, most_rate, thrash = rng.uniform(1, 3), rng.choice([300, 500, 700, 2000]), rng.choice([0, 0, 0.2])
    latency_s, of_window, of_inputs = rng.uniform(0.05, 0.5), rng.uniform(0.002, 0.02), rng.uniform(0.005, 0.05)

    def surface(batch: float, slots: float, window: float) -> tuple[float, float]:
        rate = min(slots * batch, window / starving) / (latency_s + 0.001 * batch)
        peak = 70 + of_window * window + of_inputs * slots * batch
        return peak, 1 / (1 / rate + 1 / most_rate) / (1 + (slots * thrash) ** 3)

    peaks = sorted(surface(*(float(one[axis]) for axis in AXES))[0] for one in settings_of(AXES))
    return surface, 1.02 * peaks[int(rng.choice([15, 24, 34, 47]))]


def test_surfaces_of_chance_are_searched_well() -> None:
    """Of 40 drawn surfaces and budgets the answer has 95 % of the best rate in 30, and 85 % of it in 36.

    The best is one that stays a hundredth below its budget: nearer than that no upper bound can be told.
    """
    shares = []
    for seed in range(40):
        surface, budget_mb = _drawn(seed)
        _, answer, _ = _run(surface, seed, budget_mb)
        figures = [surface(*(float(one[axis]) for axis in AXES)) for one in settings_of(AXES)]
        best_rate = max(rate for peak, rate in figures if peak <= 0.99 * budget_mb)
        shares.append(surface(*(float(answer[axis]) for axis in AXES))[1] / best_rate)
    assert sum(one >= 0.95 for one in shares) >= 30
    assert sum(one >= 0.85 for one in shares) >= 36


def test_the_first_design_shows_what_each_axis_does() -> None:
    """The middle, each axis alone at its far end, and all of them together."""
    middle, *ends, last = places_of(design(settings_of(AXES), AXES), AXES)
    assert [int((end != middle).sum()) for end in ends] == [1, 1, 1]
    assert list(last) == [1, 1, 1]


def test_the_surrogate_goes_through_what_it_knows() -> None:
    """At a known point it is sure, far away it is not."""
    known = np.array([[0.0], [0.5], [1.0]])
    at, far = predict(known, [1.0, 2.0, 3.0], np.array([[0.5], [5.0]]))
    assert at.mean == pytest.approx(2.0, abs=0.1)
    assert at.deviation < 0.1 < far.deviation


def test_values_stand_by_their_size() -> None:
    """Powers of two are evenly apart, words side by side."""
    places = places_of(
        settings_of({"a": ("1", "2", "4", "8"), "b": ("x", "y")}), {"a": ("1", "2", "4", "8"), "b": ("x", "y")}
    )
    assert sorted({round(float(one), 3) for one in places[:, 0]}) == [0.0, 0.333, 0.667, 1.0]
    assert {float(one) for one in places[:, 1]} == {0.0, 1.0}
