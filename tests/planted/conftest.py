"""The ground that all planted cycles share, and the sound importer's run that they are compared with."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.crash.baseline import Recorded, record
from harness.crash.cycle import Setup, run_cycle
from harness.crash.evidence import Evidence
from harness.crash.ground import Ground, open_ground, turns
from harness.dependencies.boundary.points import parse_points
from harness.scenario import Overrides, load_scenario, with_knobs
from harness.target import Target

BOUND_S = 10.0
"""Enough for a sound resume of three documents, many times over; a bug that never ends costs the test this long."""
PATIENT = {"provider_timeout_s": "20"}
"""A process that was stopped takes the answer that waits for it, instead of giving up the request as too slow."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The real importer's run without a crash, and the ground that it ran on."""

    ground: Ground
    recorded: Recorded

    def crash(self, points: str, target: Target | None = None) -> Evidence:
        """One cycle of that target, else of the real one; every point must have fired."""
        scenario = self.recorded.scenario
        plan = replace(scenario.crash, bound_s=BOUND_S)
        chosen = with_knobs(replace(scenario, crash=plan, target=target or scenario.target), PATIENT)
        outcome = run_cycle(Setup(self.ground, chosen, parse_points(points)), self.recorded.baseline)
        assert not outcome.not_exercised
        return outcome.evidence


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sound]:
    """The real importer, run once."""
    run_dir: Path = tmp_path_factory.mktemp("planted")
    with open_ground(load_scenario("crash", Overrides()), run_dir, None) as ground:
        yield Sound(ground, record(ground, turns(ground.scenario)[0]))
