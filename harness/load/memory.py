"""What the memory did under load: before it, at its peak, while it did not change, and once it was gone."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.load.figures import most_in_flight
from harness.load.rows import Request, StageSeen
from harness.load.slope import Slope, slope_of
from reports.observations import Sample

Span = tuple[float, float]
_LEVEL_S = 2.0
"""Memory before and after is the median over so long."""


@dataclass(frozen=True, slots=True)
class Moments:
    """When the load was, on the clock of the run."""

    ready_s: float
    """The service was ready, and nothing was asked yet."""
    begin_s: float
    drained_s: float | None
    """Every import was over; None where that was not reached."""
    end_s: float


@dataclass(frozen=True, slots=True)
class MemorySeen:
    """The figures; what there were too few samples for is None."""

    source: str
    samples: int
    before_bytes: int | None
    peak_bytes: int | None
    left_bytes: int | None
    slope: Slope | None
    in_flight_most: int

    @property
    def per_request_bytes(self) -> float | None:
        """What the load took beyond the idle service at its peak, for each request that was under way at most."""
        if self.peak_bytes is None or self.before_bytes is None or not self.in_flight_most:
            return None
        return max(self.peak_bytes - self.before_bytes, 0) / self.in_flight_most

    @property
    def growth_bytes(self) -> int | None:
        """What stays after the load beyond what was there before it."""
        return None if self.left_bytes is None or self.before_bytes is None else self.left_bytes - self.before_bytes


def memory_seen(
    source: str, samples: Sequence[Sample], moments: Moments, plateau: Span | None, requests: Sequence[Request]
) -> MemorySeen:
    """Work the figures out of all samples of a run."""
    drained = moments.drained_s
    return MemorySeen(
        source=source,
        samples=len(samples),
        before_bytes=_level(_between(samples, moments.begin_s - _LEVEL_S, moments.begin_s)),
        peak_bytes=max((one.unreclaimable for one in samples), default=None),
        left_bytes=None if drained is None else _level(_between(samples, moments.end_s - _LEVEL_S, moments.end_s)),
        slope=_slope(samples, plateau),
        in_flight_most=most_in_flight(requests),
    )


def _slope(samples: Sequence[Sample], plateau: Span | None) -> Slope | None:
    return slope_of(_between(samples, *plateau)) if plateau else None


def plateau_of(stages: Sequence[StageSeen], gaps: Sequence[Span]) -> Span | None:
    """The longest time with as many users throughout, in which the service was not started anew."""
    stretches = [part for one in stages for part in _whole(one, sorted(gaps))]
    return max(stretches, key=lambda span: span[1] - span[0], default=None)


def _whole(stage: StageSeen, gaps: Sequence[Span]) -> list[Span]:
    if stage.begin_s is None or stage.end_s is None:
        return []
    inside = [(start, end) for start, end in gaps if end > stage.begin_s and start < stage.end_s]
    edges = [stage.begin_s, *(edge for gap in inside for edge in gap), stage.end_s]
    return [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if end > start]


def _between(samples: Sequence[Sample], start_s: float, end_s: float) -> Sequence[Sample]:
    return [one for one in samples if start_s <= one.t <= end_s]


def _level(samples: Sequence[Sample]) -> int | None:
    ordered = sorted(one.unreclaimable for one in samples)
    return ordered[len(ordered) // 2] if ordered else None
