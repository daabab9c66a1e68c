"""How much memory each hot stage holds at its peak; a second of these results is a byte."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from .peak_clock import PeakClock
from .stages import STAGES, Stage


@pytest.mark.benchmark(timer=PeakClock())
@pytest.mark.parametrize("stage", STAGES, ids=lambda one: one.name)
def test_peak(benchmark: BenchmarkFixture, stage: Stage) -> None:
    """One portion of the stage after two that filled every cache."""
    with stage.open() as portion:
        benchmark.pedantic(portion, rounds=5, warmup_rounds=2)  # type: ignore[no-untyped-call]
