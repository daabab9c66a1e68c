"""Many samples into few: in each column of a picture the lowest and the highest stay, so that no peak is drawn away."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from operator import itemgetter

from reports.observations import Sample

COLUMNS = 800
_ROUND = 16 * COLUMNS
_UNRECLAIMABLE, _TOTAL = (itemgetter(Sample._fields.index(name)) for name in ("unreclaimable", "total"))


def downsample(samples: Iterable[Sample], columns: int = COLUMNS) -> tuple[Sample, ...]:
    """At most three samples a column, in order of time; holds a bounded number however many come."""
    stream, kept = iter(samples), list[Sample]()
    while batch := list(islice(stream, _ROUND)):
        # What was thinned before is thinned again with what is new: the extremes of extremes are the extremes.
        kept = list(_thin(sorted(chain(kept, batch)), columns))
    return tuple(kept)


def _thin(samples: list[Sample], columns: int) -> Iterator[Sample]:
    first, span = samples[0].t, samples[-1].t - samples[0].t
    start = 0
    for column in range(1, columns + 1):
        end = bisect_left(samples, (first + span * column / columns,), start) if column < columns else len(samples)
        if start < end:
            part = samples[start:end]
            yield from sorted({max(part, key=_UNRECLAIMABLE), min(part, key=_UNRECLAIMABLE), max(part, key=_TOTAL)})
        start = end
