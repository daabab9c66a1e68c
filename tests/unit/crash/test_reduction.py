"""A failing run with several crash points is reduced to the fewest that still break the same invariant."""

from harness.crash.campaign import reduced
from harness.crash.judged_cycle import CycleResult
from harness.crash.schedules.schedule import Job
from harness.dependencies.boundary.points import parse_points

ALL = "postgres.commit#1@before/sigkill+postgres.copy#2@before/sigkill+postgres.update#3@before/sigkill"


def _result(job: Job, broken: dict[str, str]) -> CycleResult:
    return CycleResult(job, None, (), broken, "", ())


def _breaks_with(needed: set[str], job: Job) -> CycleResult:
    kinds = {point.message.kind for point in job.points}
    return _result(job, {"nothing_lost": "a chunk is gone"} if needed <= kinds else {})


def test_what_one_point_breaks_is_reduced_to_it() -> None:
    """The others were no part of it."""
    job = Job(0, parse_points(ALL))
    found, cycles = reduced(_breaks_with({"copy"}, job), lambda one: _breaks_with({"copy"}, one))
    assert [point.message.kind for point in found.job.points] == ["copy"]
    assert 2 <= cycles <= 5


def test_what_two_points_break_together_keeps_both() -> None:
    """Neither of them breaks it alone."""
    job = Job(0, parse_points(ALL))
    found, _ = reduced(_breaks_with({"commit", "update"}, job), lambda one: _breaks_with({"commit", "update"}, one))
    assert [point.message.kind for point in found.job.points] == ["commit", "update"]


def test_another_invariant_is_not_the_same_failure() -> None:
    """A smaller run that breaks something else does not explain the first one."""
    job = Job(0, parse_points(ALL))
    first = _result(job, {"nothing_lost": ""})
    found, _ = reduced(first, lambda one: _result(one, {"no_leaks": ""}))
    assert found is first


def test_a_single_point_needs_no_reduction() -> None:
    """It is as small as it can be, and no cycle is spent on it."""
    job = Job(0, parse_points("postgres.commit#1@before/sigkill"))
    first = _result(job, {"nothing_lost": ""})
    assert reduced(first, lambda one: _result(one, {})) == (first, 0)
