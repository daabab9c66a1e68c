"""What a campaign counts: points that fired, points that did not, and pairs whose second message was not there."""

import pytest

from harness.crash.judged_cycle import CycleResult, Figures
from harness.crash.schedules.schedule import Job
from harness.crash.tally import Campaign, body_of, verdict_of
from harness.dependencies.boundary.points import CrashPoint, parse_points
from reports.crash_body import PointCounts
from reports.result import Verdict

from .recorded_runs import recorded

PAIR = parse_points("postgres.commit#1@unacknowledged/sigkill+openai.chat#1@unacknowledged/sigkill")
CAMPAIGN = Campaign("pairs", 1, 1, ("halfgig", "crash"), (recorded(),), 60.0)


TWICE = parse_points("postgres.commit#1@unacknowledged/sigkill+postgres.commit#1@unacknowledged/sigkill")


def _result(
    fired: tuple[CrashPoint, ...], *, points: tuple[CrashPoint, ...] = PAIR, may_lack: bool = True
) -> CycleResult:
    figures = Figures(fired, 0, (), 1.0, {})
    invalid = "" if fired == points else "it was never reached"
    return CycleResult(Job(0, points, last_may_lack=may_lack), figures, (), {}, invalid, ())


def test_a_pair_whose_second_message_was_not_there_is_told_and_not_counted() -> None:
    """One of forty: how far the first run came decides what its resume still has to send."""
    body = body_of(CAMPAIGN, [_result(PAIR) for _ in range(39)] + [_result(PAIR[:1])], 0)
    assert body.points == PointCounts(39, 39, 0)
    assert any("no such message" in note and "openai.chat#1" in note for note in body.notes)
    assert verdict_of(body)[0] is Verdict.PASS


@pytest.mark.parametrize(("times", "lacks"), [(0, False), (1, True), (2, False)])
def test_a_pair_of_equal_points_lacks_its_last_when_only_one_of_them_fired(times: int, lacks: bool) -> None:  # noqa: FBT001
    """Numbering begins anew at a restart, so both messages of a pair may bear one name."""
    assert _result(TWICE[:times], points=TWICE).lacks_last is lacks


@pytest.mark.parametrize(
    "lacking",
    [
        [_result(PAIR[:1]) for _ in range(3)],
        [_result(())],
        [_result(PAIR[:1], may_lack=False)],
    ],
    ids=["too many", "the first did not fire", "a pair that was asked for by name"],
)
def test_what_was_not_exercised_is_no_pass(lacking: list[CycleResult]) -> None:
    """The allowance is for few, for second messages, and for pairs that a schedule found."""
    body = body_of(CAMPAIGN, [_result(PAIR) for _ in range(39)] + lacking, 0)
    assert body.points.not_exercised == len(lacking)
    assert verdict_of(body)[0] is Verdict.INVALID
