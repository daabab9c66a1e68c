"""Planted costs, drawn by seeds: the model's intervals hold the truth, and are narrow."""

import logging
import random
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from harness.dependencies.postgres import PostgresServer
from harness.scenario import Overrides, Scenario, load_scenario
from harness.sweep.asking import StudyOptions, ask
from reports.sweep_body import Coefficient, CostModel

from .conftest import Planted

pytestmark = pytest.mark.sweep
_LOG = logging.getLogger(__name__)

MB = 2**20
SEEDS = 20
WIDTH = 0.10
GRID = "[sweep]\nrepeats = 1\nparallel = 3\n[sweep.vary]\nx = [1, 5, 10]\ny = [1, 4, 8]\n"
Shape = Literal["sum", "peaks"]


def _ask(scenario: Scenario, folder: Path, postgres: PostgresServer) -> CostModel:
    options = StudyOptions(folder, postgres.url, None, fresh=False, command="test")
    answered = ask(scenario, options)
    assert answered.result.body.complete
    return answered.result.body.model


def _idle_mb(path: Path, folder: Path, postgres: PostgresServer) -> float:
    """What the service holds besides what is planted."""
    scenario = load_scenario(str(path), Overrides(knobs=("a=0", "b=0", "c=0")))
    single = replace(scenario, sweep=replace(scenario.sweep, axes={"x": ("1",)}))
    options = StudyOptions(folder, postgres.url, None, fresh=False, command="test")
    peaks = [one.peak_bytes for one in ask(single, options).result.body.trials]
    return max(one for one in peaks if one is not None) / MB


def _holds(found: list[Coefficient], truth_mb: float) -> bool:
    """Whether each interval holds the truth, and is no wider than a tenth of it to each side."""
    truth = truth_mb * MB
    intervals = [one.interval_bytes for one in found]
    return bool(intervals) and all(low <= truth <= high and high - low <= 2 * WIDTH * truth for low, high in intervals)


@pytest.mark.parametrize("shape", ["sum", "peaks"])
def test_intervals_hold_what_was_planted(
    shape: Shape, planted: Planted, tmp_path: Path, postgres: PostgresServer
) -> None:
    """In 18 of 20 seeds every cost and every floor, whether the peaks coincide or not."""
    path = planted(GRID)
    idle_mb = _idle_mb(path, tmp_path / "idle", postgres)
    good, told = 0, []
    for seed in range(SEEDS):
        rng = random.Random(f"{shape} {seed}")  # noqa: S311 - reproducible, not secret
        a, b, c = rng.uniform(2, 6), rng.uniform(2, 6), rng.uniform(10, 40)
        knobs = tuple(f"{knob}={value:.3f}" for knob, value in (("a", a), ("b", b), ("c", c)))
        model = _ask(
            load_scenario(str(path), Overrides(knobs=(*knobs, f"shape={shape}"))), tmp_path / f"{seed}", postgres
        )
        costs = {knob: [one for one in model.coefficients if one.knob == knob] for knob in ("x", "y")}
        held = (_holds(costs["x"], a), _holds(costs["y"], b), _holds(list(model.floors), c + idle_mb))
        good += all(held)
        told.append(f"seed {seed}: {model.form or model.why}, a b floor held: {held}")
    _LOG.info("\n".join(told))
    assert good >= 18, "\n".join(told)
