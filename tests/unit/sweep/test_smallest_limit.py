"""The smallest limit: found by bisection whatever the start, three times, and never below a limit that killed."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.sweep.smallest_limit import SEARCHES, answers_of, bracket_of, limit_tasks
from harness.sweep.trial import Trial

from .made_trials import MB, scenario, trial

SETTING = {"window": "256"}


def _search(survives: Callable[[int, int], bool], peak_mb: float | None) -> list[Trial]:
    """Probe until nothing is wanted; `survives` is asked with the limit in bytes and the number of the probe."""
    done: list[Trial] = []
    while tasks := limit_tasks(scenario(), SETTING, done, None if peak_mb is None else peak_mb * MB):
        task = tasks[0]
        end = "whole" if survives(task.limit_bytes, len(done)) else "killed"
        done.append(replace(trial(SETTING, 1, end=end, number=len(done)), task=task))  # type: ignore[arg-type]
        assert len(done) < 120
    return done


@pytest.mark.parametrize("needed_mb", [20, 71.3, 84, 300, 900])
@pytest.mark.parametrize("peak_mb", [None, 80, 400])
def test_it_is_found_from_any_start(needed_mb: float, peak_mb: float | None) -> None:
    """Within a hundredth, or a megabyte, and as often as it is searched."""
    done = _search(lambda limit, _: limit >= needed_mb * MB, peak_mb)
    answers = answers_of(SETTING, done)
    assert len(answers) == SEARCHES
    for answer in answers:
        assert 0 <= answer / MB - needed_mb <= max(1.3, 0.012 * needed_mb)


def test_few_probes_when_the_peak_is_known() -> None:
    """A trial is seconds: three searches from the peak take no more than two dozen."""
    assert len(_search(lambda limit, _: limit >= 84 * MB, 82)) <= 24


def test_a_limit_that_once_killed_is_not_the_answer() -> None:
    """Where survival is chance, the answer is above every limit that killed in that search."""
    done = _search(lambda limit, probe: limit >= 90 * MB or (limit >= 84 * MB and probe % 2 == 0), 82)
    for number in range(SEARCHES):
        bracket, _ = bracket_of(SETTING, done, number)
        assert bracket.killed_bytes is not None
        assert bracket.survived_bytes is not None
        assert bracket.survived_bytes > bracket.killed_bytes


def test_probes_end_where_nothing_survives() -> None:
    """A service that never works makes no endless search."""
    done = _search(lambda _limit, _: False, 80)
    assert answers_of(SETTING, done) == ()
    assert len(done) <= 30
