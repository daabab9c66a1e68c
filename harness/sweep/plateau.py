"""Early stopping: when the peak and the rate of an import no longer change, the rest of it would say nothing new.

The rule looks at one trial alone and at nothing of the target but its status and its memory:
commits come steadily, and over the second half of the time since the first one the peak has not risen by more than
`PEAK_RISE`, nor the rate changed by more than `RATE_CHANGE`. A service that holds the whole job commits nothing until
its end, so it is never stopped early.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from reports.progress import Progress

SHORTEST_S = 2.0
"""Of steady commits."""
COMMITS = 4
"""Of each half, that the service was seen to make: fewer are no rate."""
PEAK_RISE = 0.01
RATE_CHANGE = 0.15
SHARES = (0.05, 0.85)
"""Of the documents that are done: before the first one nothing is known of how they end, after the last one it is not
worth it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen after one poll."""

    t: float
    done: int
    """Chunks stored; documents where the service does not tell its chunks."""
    peak_bytes: int
    share: float
    """Of the documents."""


@dataclass(slots=True)
class Watch:
    """Collects the looks of one trial; used by one thread."""

    looks: list[Look] = field(default_factory=list)
    reached: Look | None = None
    """Where the plateau was established first."""

    def see(self, progress: Progress) -> bool:
        """Take in what is known now; whether the plateau is established."""
        look = _look_of(progress)
        if look is None:
            return False
        self.looks.append(look)
        if self.reached is None and is_plateau(self.looks):
            self.reached = look
        return self.reached is not None


def is_plateau(looks: Sequence[Look]) -> bool:
    """Whether the looks establish a plateau."""
    steady = [one for one in looks if one.done > 0]
    if not steady or steady[-1].t - steady[0].t < SHORTEST_S or not SHARES[0] <= steady[-1].share <= SHARES[1]:
        return False
    first, last = steady[0], steady[-1]
    middle = steady[bisect_left(steady, (first.t + last.t) / 2, key=lambda one: one.t)]
    before, after = _rate(first, middle), _rate(middle, last)
    return (
        last.peak_bytes <= middle.peak_bytes * (1 + PEAK_RISE)
        and min(_commits(steady, first, middle), _commits(steady, middle, last)) >= COMMITS
        and abs(after - before) <= RATE_CHANGE * before
    )


@dataclass(frozen=True, slots=True)
class Projected:
    """What a whole import would be, by the steady part of it."""

    import_s: float
    chunks_per_s: float


def project(looks: Sequence[Look]) -> Projected | None:
    """The whole import: what it took to its first commit, and the rest at the steady rate."""
    steady = [one for one in looks if one.done > 0]
    if not steady or not steady[-1].share or steady[-1].done <= steady[0].done:
        return None
    first, last = steady[0], steady[-1]
    total = _total(steady)
    import_s = (first.t - looks[0].t) + (total - first.done) / _rate(first, last)
    return Projected(import_s, total / import_s)


def _total(steady: Sequence[Look]) -> float:
    """What the whole import will store, by the documents that are done.

    Chunks of documents that are not done yet are stored as well, so that documents lag behind, and catch up in leaps:
    the smallest of the estimates is the nearest. Early ones are left out, as few documents need not be like the rest.
    """
    return min(one.done / one.share for one in steady if one.share >= steady[-1].share / 2)


def _look_of(progress: Progress) -> Look | None:
    documents, total = progress.documents_done or 0, progress.documents_total
    if not total or progress.peak_bytes is None:
        return None
    return Look(progress.elapsed_s, progress.chunks or documents, progress.peak_bytes, documents / total)


def _rate(first: Look, last: Look) -> float:
    return (last.done - first.done) / (last.t - first.t) if last.t > first.t else 0.0


def _commits(steady: Sequence[Look], first: Look, last: Look) -> int:
    return len({one.done for one in steady if first.t < one.t <= last.t})
