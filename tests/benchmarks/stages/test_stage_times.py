"""How long each hot stage takes; nothing is traced here."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from .stages import STAGES, Stage


@pytest.mark.parametrize("stage", STAGES, ids=lambda one: one.name)
def test_time(benchmark: BenchmarkFixture, stage: Stage) -> None:
    """One portion of the stage, again and again."""
    with stage.open() as portion:
        benchmark.pedantic(portion, rounds=40, warmup_rounds=3)  # type: ignore[no-untyped-call]
