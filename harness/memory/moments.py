"""Which moments of a capture a trace asks about, from the run's own events."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from harness.memory.attribution import Ticks
from harness.memory.capture import Timeline
from reports.observations import Event

_OVER = ("end", "exit", "oom_kill")
STAGES_MOST = 20


@dataclass(frozen=True, slots=True)
class Moments:
    """When things happened in a run, in seconds since its start; None is what never did."""

    ready_s: float | None = None
    uploaded_s: float | None = None
    """The first upload."""
    over_s: float | None = None
    """The last end of an import, or the end of the service."""
    stages: tuple[tuple[str, float, float], ...] = ()
    """Stage, from, to; a stage can come more than once."""


def read_moments(events: Iterable[Event]) -> Moments:
    """When the service was ready for the first time, what it imported when, and which stage was told."""
    found: dict[str, float] = {}
    stages, stage, since, over_s = [], "", 0.0, None
    for event in events:
        found.setdefault(event.kind, event.t)
        if event.kind == "stage" or event.kind in _OVER:
            if stage:
                stages.append((stage, since, event.t))
            stage, since = str(event.fields.get("stage") or "") if event.kind == "stage" else "", event.t
            over_s = event.t if event.kind in _OVER else over_s
    return Moments(found.get("ready"), found.get("upload"), over_s, tuple(stages))


def ticks_of(
    timeline: Timeline, started_s: float, moments: Moments, account_s: float | None, look_s: float | None
) -> Ticks:
    """The ticks of these moments; `started_s` is the run's start in seconds since the epoch."""
    at = _Grid([tick - started_s for tick in timeline.ticks_s])
    peak = max(range(timeline.end), key=timeline.heap_bytes.__getitem__, default=0)
    return Ticks(
        peak=peak,
        ready=-1 if moments.ready_s is None else at.tick(moments.ready_s),
        late=at.second_half(moments),
        account=None if account_s is None else at.tick(account_s),
        look=peak if look_s is None else at.tick(look_s),
        stages=_stages(timeline, at, moments),
    )


@dataclass(frozen=True, slots=True)
class _Grid:
    ticks_s: list[float]

    def tick(self, t: float) -> int:
        """The first tick at `t` or after it; behind the last one comes the end."""
        return bisect_left(self.ticks_s, t)

    def second_half(self, moments: Moments) -> range:
        """The ticks of the second half of the import; of the whole capture where it is not known."""
        end = len(self.ticks_s)
        first = 0 if moments.uploaded_s is None else self.tick(moments.uploaded_s)
        last = end if moments.over_s is None else self.tick(moments.over_s)
        return range(min((first + last) // 2, end), max(last, (first + last) // 2 + 1))


def _stages(timeline: Timeline, at: _Grid, moments: Moments) -> dict[str, int]:
    """For each stage the tick with the highest heap in any of its stretches, in the order of the stages."""
    found: dict[str, int] = {}
    for stage, since, until in moments.stages:
        if stage not in found and len(found) == STAGES_MOST:
            continue
        inside = [*range(at.tick(since), at.tick(until)), *([found[stage]] if stage in found else [])]
        if inside:
            found[stage] = max(inside, key=timeline.heap_bytes.__getitem__)
    return found
