"""From a run's events to the ticks of its capture."""

from harness.memory.capture import Timeline
from harness.memory.moments import Moments, read_moments, ticks_of
from reports.observations import Event

STARTED_S = 1_000.0
TIMELINE = Timeline(tuple(STARTED_S + tick for tick in range(1, 11)), (10, 20, 20, 30, 60, 50, 90, 40, 40, 40))


def _event(t: float, kind: str, **fields: object) -> Event:
    return Event(t, kind, fields)


EVENTS = (
    _event(0.5, "start"),
    _event(2.0, "ready"),
    _event(2.1, "upload"),
    _event(3.0, "stage", stage="read"),
    _event(4.9, "stage", stage="embed"),
    _event(6.0, "stage", stage="read"),
    _event(9.0, "end"),
)


def test_moments_are_the_first_readiness_and_upload_and_the_last_end() -> None:
    """A stage ends with the next one, or with the import."""
    moments = read_moments((*EVENTS, _event(9.5, "ready")))
    assert (moments.ready_s, moments.uploaded_s, moments.over_s) == (2.0, 2.1, 9.0)
    assert moments.stages == (("read", 3.0, 4.9), ("embed", 4.9, 6.0), ("read", 6.0, 9.0))


def test_a_killed_run_ends_with_its_kill() -> None:
    """The stage at the kill ends there too."""
    moments = read_moments((*EVENTS[:5], _event(5.5, "oom_kill")))
    assert moments.over_s == 5.5
    assert moments.stages[-1] == ("embed", 4.9, 5.5)


def test_ticks_are_where_the_moments_are() -> None:
    """A moment is at its tick or at the next one; each stage is asked about where its heap was highest."""
    ticks = ticks_of(TIMELINE, STARTED_S, read_moments(EVENTS), account_s=6.5, look_s=11.0)
    assert (ticks.peak, ticks.ready, ticks.account, ticks.look) == (6, 1, 6, TIMELINE.end)
    assert ticks.stages == {"read": 6, "embed": 4}
    assert ticks.late == range(5, 8)


def test_a_capture_alone_is_asked_about_its_second_half() -> None:
    """Without events nothing is known of readiness or stages."""
    ticks = ticks_of(TIMELINE, 0.0, Moments(), None, None)
    assert (ticks.ready, ticks.account, dict(ticks.stages)) == (-1, None, {})
    assert ticks.late == range(5, 10)


def test_a_capture_without_a_tick_has_an_end() -> None:
    """A process that was killed at once."""
    ticks = ticks_of(Timeline((), ()), STARTED_S, Moments(), None, None)
    assert (ticks.peak, ticks.late) == (0, range(1))
