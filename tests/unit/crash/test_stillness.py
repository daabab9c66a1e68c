"""Standstills of the machine: noticed where they were long, and a cycle that seems to fail in one is run again."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.crash import judged_cycle as module
from harness.crash.judged_cycle import CycleResult, judged_cycle
from harness.crash.schedules.schedule import Job
from harness.crash.stillness import Stillness
from harness.dependencies.boundary.points import parse_points

JOB = Job(0, parse_points("postgres.commit#1@after/sigkill"))
FAILED = CycleResult(JOB, None, (), {"rebilling_bounded": "10 inputs billed twice"}, "", ())
PASSED = CycleResult(JOB, None, (), {}, "", ())


def test_a_tick_that_comes_late_is_a_standstill() -> None:
    """Two seconds without a tick are noted, the ticks before and after are not."""
    found = Stillness()
    times = iter((0.0, 0.05, 0.1, 2.1, 2.15))
    over = iter((False, False, False, False, True))
    found.look(lambda _: next(over), lambda: next(times))
    assert [(round(ended_s, 2), round(lasted_s, 2)) for ended_s, lasted_s in found.pauses] == [(2.1, 2.0)]


def test_only_what_ended_since_then_counts() -> None:
    """A cycle is not excused by a standstill before it."""
    found = Stillness([(10.0, 3.0), (20.0, 1.0)])
    assert (found.longest_s(5.0), found.longest_s(15.0), found.longest_s(25.0)) == (3.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("pauses", "results", "expected"),
    [
        ([], [FAILED, PASSED], (FAILED, 1, ())),
        ([(1e12, 2.3)], [FAILED, PASSED], (PASSED, 2, (2.3,))),
        ([(1e12, 2.3)], [FAILED, FAILED, FAILED, PASSED], (FAILED, 3, (2.3, 2.3))),
        ([(1e12, 2.3)], [PASSED, FAILED], (PASSED, 1, ())),
    ],
)
def test_a_cycle_fails_unless_the_machine_stood_still_in_it(
    monkeypatch: pytest.MonkeyPatch,
    pauses: list[tuple[float, float]],
    results: list[CycleResult],
    expected: tuple[CycleResult, int, tuple[float, ...]],
) -> None:
    """It is run again for a standstill alone, told, and not for ever."""
    left = list(results)
    monkeypatch.setattr(module, "_judged", lambda *_: left.pop(0))
    ground = cast("Any", SimpleNamespace(stillness=Stillness(pauses)))
    found = judged_cycle(ground, cast("Any", None), JOB)
    assert (found.broken, len(results) - len(left), found.pauses_s) == (expected[0].broken, *expected[1:])
