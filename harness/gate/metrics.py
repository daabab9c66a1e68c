"""What the gate decides on: each metric's name, its unit, and how a run's result tells it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.quantities import MIB
from reports.result import Import, Result

PER_CHUNKS = 10_000
Measured = Mapping[str, float | None]
"""One run's figure of each metric by its name; None where the run could not tell it."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a run that must not grow."""

    name: str
    unit: str
    resolution: float | None
    """Less than this is never called a growth; None for a count, where one more is one too many."""
    read: Callable[[Result], float | None]


def measured(result: Result) -> Measured:
    """Every metric of a run."""
    return {one.name: one.read(result) for one in METRICS}


def _growth(result: Result) -> float | None:
    """How the high-water mark rose from the end of the first import to that of the last, for 10,000 chunks."""
    imports = [one for one in result.body.imports if one.chunks_stored and one.unreclaimable_peak_bytes is not None]
    if len(imports) < 2:
        return None
    chunks = sum(one.chunks_stored or 0 for one in imports[1:])
    return PER_CHUNKS * (_mark(imports[-1]) - _mark(imports[0])) / chunks


def _mark(one: Import) -> int:
    return one.unreclaimable_peak_bytes or 0


METRICS = (
    Metric("unreclaimable_peak_bytes", "bytes", MIB / 8, lambda run: run.body.peak.unreclaimable_bytes),
    Metric("rss_peak_bytes", "bytes", MIB / 8, lambda run: run.body.peak.rss_bytes),
    Metric("growth_bytes_per_10000_chunks", "bytes for 10,000 chunks", MIB / 8, _growth),
    Metric("oom_kills", "kills", None, lambda run: run.body.oom_kills),
)
