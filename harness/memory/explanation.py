"""From a capture, and what else was seen of its run, to the trace that is kept."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from harness.memory.account import Measured, make_account
from harness.memory.attribution import AtPeak, OverTime, attribute_peak, attribute_time, packages_of
from harness.memory.capture import Capture, open_capture
from harness.memory.flamegraph import write_flamegraph
from harness.memory.idle import Idle
from harness.memory.mappings import Look
from harness.memory.moments import Moments, ticks_of
from harness.memory.places import remembered
from reports.observations import Event, Sample
from reports.trace import TRACE_VERSION, Attributed, Site, Trace


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a traced run from outside; times are seconds since its start."""

    started_s: float = 0.0
    """Its start, in seconds since the epoch."""
    moments: Moments = field(default_factory=Moments)
    peak: Sample | None = None
    """The sample with the most unreclaimable memory."""
    anon_bytes: int | None = None
    ready_bytes: int | None = None
    look: Look | None = None
    idle: Idle | None = None
    cpu_s: float | None = None
    oom_kills: int | None = None
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class AnonSeen:
    """Sampled anonymous memory: the largest, and when the service was ready."""

    peak: Sample | None
    anon_bytes: int | None
    ready_bytes: int | None


def anon_of(samples: Iterable[Sample], events: Iterable[Event]) -> AnonSeen:
    """The peak, the largest anon, and anon between the service's being ready and the first upload."""
    uploaded_s = next((event.t for event in events if event.kind == "upload"), None)
    peak, anon_bytes, ready_bytes = None, None, None
    for one in samples:
        if peak is None or one.unreclaimable > peak.unreclaimable:
            peak = one
        anon_bytes = max(anon_bytes or 0, one.anon)
        if uploaded_s is not None and one.t <= uploaded_s:
            ready_bytes = one.anon
    return AnonSeen(peak, anon_bytes, ready_bytes)


def explain(path: Path, seen: Seen, flamegraph: Path | None) -> Trace:
    """Read the capture at `path`; memray's flame graph of it is drawn where that is wanted."""
    place = remembered(_is_package)
    with open_capture(path) as capture:
        ticks = ticks_of(
            capture.timeline,
            seen.started_s,
            seen.moments,
            seen.peak.t if seen.peak and seen.look else None,
            seen.look.t if seen.look else None,
        )
        at_peak = attribute_peak(capture.held(), place)
        over_time = attribute_time(capture.lived(), ticks, place)
        if flamegraph:
            write_flamegraph(flamegraph, capture.reader)
        trace = _trace(capture, at_peak, over_time, seen)
    if seen.peak is None or seen.look is None or seen.idle is None:
        return trace
    return replace(trace, account=make_account(Measured(seen.peak, seen.look, seen.idle), over_time, place))


def _is_package(folder: PurePosixPath) -> bool:
    return Path(folder, "__init__.py").is_file()


def _trace(capture: Capture, at_peak: AtPeak, over_time: OverTime, seen: Seen) -> Trace:
    named_bytes = sum(site.bytes for site in at_peak.sites) - over_time.early_bytes
    return Trace(
        version=TRACE_VERSION,
        mode="exact" if capture.exact else "cheap",
        memray=capture.memray,
        python=seen.idle.python if seen.idle else "",
        heap_peak_bytes=capture.heap_peak_bytes,
        attributed=Attributed(max(named_bytes, 0), seen.anon_bytes, seen.ready_bytes),
        unattributed_bytes=at_peak.unattributed_bytes,
        sites=tuple(_sites(at_peak, over_time)),
        packages=packages_of(at_peak.sites),
        stages=over_time.stages,
        account=None,
        cpu_s=seen.cpu_s,
        oom_kills=seen.oom_kills,
        revision=seen.revision,
        hook_reason=seen.idle.hook_reason if seen.idle else None,
    )


def _sites(at_peak: AtPeak, over_time: OverTime) -> Iterator[Site]:
    """Every site of the peak, and behind them those that held something at other times only."""
    left = dict(over_time.held_bytes)
    for site in at_peak.sites:
        yield replace(site, held_bytes=round(left.pop((site.function, site.file), 0)))
    for key, held in sorted(left.items(), key=lambda one: (-one[1], one[0])):
        if round(held):
            yield Site(*key, 0, 0, 0, round(held), over_time.packages[key])
