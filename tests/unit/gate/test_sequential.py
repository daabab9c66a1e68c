"""The gate's decision: how rarely an unchanged commit fails, how surely a growth is seen, and with how many runs."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from harness.gate.metrics import METRICS, Measured
from harness.gate.sequential import FALSE_ALARMS, FEWEST_PAIRS, MOST_PAIRS, Before, Course, Plan, State, judge_pairs
from harness.memory.noise import Noise, floor_of

from .drawn_pairs import JUDGED, MB, Disturbed, Draw, Drawn, Without, heavy, normal, two_clusters

PLAN = Plan(len(JUDGED))
GATES = 1500


def _before(source: Drawn, runs: int) -> Before:
    pool = _rows([source.run(0.0) for _ in range(runs)])
    return Before(floors={one.name: floor_of(pool[one.name], one.resolution or 0.0) for one in JUDGED})


def _rows(runs: list[Measured]) -> dict[str, tuple[float, ...]]:
    return {one.name: tuple(float(run[one.name] or 0) for run in runs) for one in METRICS}


def _gates(draw: Draw, sd_bytes: float, growth_bytes: float, floor_runs: int, gates: int = GATES) -> Iterator[Course]:
    rng = random.Random(f"{draw.__name__} {growth_bytes} {floor_runs}")  # noqa: S311 - reproducible, not secret
    for _ in range(gates):
        source = Drawn(rng, draw, sd_bytes, growth_bytes)
        yield judge_pairs(METRICS, source, _before(source, floor_runs) if floor_runs else Before(), PLAN)


@pytest.mark.parametrize("floor_runs", [0, 12, 60])
@pytest.mark.parametrize("draw", [normal, heavy, two_clusters])
def test_an_unchanged_commit_fails_no_more_often_than_is_said(draw: Draw, floor_runs: int) -> None:
    """Over all metrics and looks together, for noise as in the books and for noise that is not."""
    failed = sum(bool(course.confirmed) for course in _gates(draw, MB / 2, 0.0, floor_runs))
    assert failed <= FALSE_ALARMS * GATES


def test_an_unchanged_commit_mostly_takes_the_fewest_pairs() -> None:
    """More only while undecided: a gate that always runs seven pairs is not switched on."""
    pairs = [len(course.pairs) for course in _gates(normal, MB / 2, 0.0, 60)]
    assert pairs.count(FEWEST_PAIRS) > 0.85 * GATES
    assert max(pairs) <= MOST_PAIRS


@pytest.mark.parametrize(("floor_runs", "at_least"), [(60, 0.99), (0, 0.97)])
def test_a_growth_of_three_megabytes_is_seen_with_seven_runs(floor_runs: int, at_least: float) -> None:
    """At four times the noise that the reference scenario has, whether or not its floor was recorded."""
    courses = list(_gates(normal, MB * 0.4, 3 * MB, floor_runs, 300))
    assert sum(bool(one.confirmed) for one in courses) >= at_least * 300
    assert max(len(one.pairs) for one in courses) <= MOST_PAIRS


def test_the_alarms_of_a_command_are_shared_by_its_scenarios() -> None:
    """Three scenarios at once are each judged three times as strictly."""
    assert Plan(9).alpha == pytest.approx(Plan(3).alpha / 3)
    looks = PLAN.last_look - FEWEST_PAIRS + 1
    assert PLAN.alpha * looks * len(JUDGED) == pytest.approx(FALSE_ALARMS)


def test_a_growth_that_the_fresh_pair_does_not_show_is_no_fail() -> None:
    """Three runs in a row that were disturbed do not fail a commit, and the result says that they were."""
    source = Disturbed(Drawn(random.Random(1), normal, MB / 10, 0.0), 3)  # noqa: S311
    course = judge_pairs(METRICS, source, Before(floors=_quiet()), PLAN)
    assert not course.confirmed
    assert "unreclaimable_peak_bytes" in course.refuted


def test_a_shrinkage_passes() -> None:
    """Less is never too much."""
    course = judge_pairs(METRICS, Drawn(random.Random(1), normal, MB / 10, -20 * MB), Before(), PLAN)  # noqa: S311
    assert not course.confirmed
    assert {one.state for one in course.looks} == {State.NOT_GROWN}


def test_one_oom_kill_too_many_fails_when_it_comes_again() -> None:
    """A kill has no noise; the fresh pair must show one as well."""
    killed = Drawn(random.Random(1), normal, MB / 10, 0.0, oom_kills=(1,) * 20)  # noqa: S311
    assert judge_pairs(METRICS, killed, Before(floors=_quiet()), PLAN).confirmed == {"oom_kills"}
    once = Drawn(random.Random(1), normal, MB / 10, 0.0, oom_kills=(1,))  # noqa: S311
    course = judge_pairs(METRICS, once, Before(floors=_quiet()), PLAN)
    assert not course.confirmed
    assert "oom_kills" in course.refuted


def test_recorded_runs_are_a_side_too() -> None:
    """Against a committed baseline only the head runs; a growth is seen and an unchanged commit passes."""
    recorded = Drawn(random.Random(3), normal, MB / 4)  # noqa: S311
    before = replace(_before(recorded, 12), base=_rows([recorded.run(0.0) for _ in range(12)]))
    for growth_bytes, confirmed in ((0.0, False), (3 * MB, True)):
        source = Drawn(random.Random(4), normal, MB / 4, growth_bytes, has_base=False)  # noqa: S311
        course = judge_pairs(METRICS, source, before, PLAN)
        assert bool(course.confirmed) is confirmed
        assert all(pair.base is None for pair in course.pairs)


def test_time_that_is_up_ends_it_but_never_below_three_pairs() -> None:
    """What was measured until then is judged."""
    source = Drawn(random.Random(5), normal, MB, 2.2 * MB, pairs_left=0)  # noqa: S311
    course = judge_pairs(METRICS, source, Before(floors={one.name: Noise(MB, 60) for one in JUDGED}), PLAN)
    assert len(course.pairs) in (FEWEST_PAIRS, FEWEST_PAIRS + 1)


def test_a_metric_that_a_run_does_not_tell_is_not_judged() -> None:
    """A scenario with one import tells no growth, and the rest is judged all the same."""
    source = Without(Drawn(random.Random(6), normal, MB / 10, 5 * MB), "growth_bytes_per_10000_chunks")  # noqa: S311
    course = judge_pairs(METRICS, source, Before(), PLAN)
    states = {one.metric.name: one.state for one in course.looks}
    assert states["growth_bytes_per_10000_chunks"] is State.UNKNOWN
    assert "unreclaimable_peak_bytes" in course.confirmed


def _quiet() -> dict[str, Noise]:
    return {one.name: Noise(MB / 8, 60) for one in JUDGED}
