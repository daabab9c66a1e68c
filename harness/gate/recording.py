"""A/A runs: the same tree again and again, recorded as a baseline and as the floor below which nothing is told."""

from collections.abc import Iterator

from harness.environment import open_server
from harness.errors import GateError
from harness.gate.baseline import Baseline, baseline_of
from harness.gate.pairs import Ground, Unusable, run_once
from harness.scenario import Scenario
from reports.quantities import format_bytes
from reports.result import Result, Verdict


def record(scenario: Scenario, runs: int, commit: str, postgres_url: str | None, ground: Ground) -> Baseline:
    """Run the scenario so many times; GateError as soon as one run cannot be a baseline."""
    with open_server(postgres_url) as server:
        ground = Ground(ground.run_dir, server.url, ground.command, ground.deadline_s, ground.tell)
        return baseline_of(list(_results(scenario, runs, ground)), commit)


def _results(scenario: Scenario, runs: int, ground: Ground) -> Iterator[Result]:
    for number in range(1, runs + 1):
        try:
            result = run_once(scenario, ground, f"{number:03d}")
        except Unusable as unusable:
            raise GateError(f"nothing was recorded: {unusable}") from None
        if result.header.verdict is Verdict.INVALID or result.body.oom_kills:
            said = result.header.reasons[0].text if result.header.reasons else result.header.verdict
            raise GateError(f"nothing was recorded, because run {number} is no baseline: {said}")
        ground.tell(f"{scenario.name}: run {number} of {runs}, {format_bytes(result.body.peak.unreclaimable_bytes)}")
        yield result
