"""Where a run's memory was, as memray saw it: `trace.json`, and the `trace` of a run's result.

A capture can be read by the memray version that wrote it and by no other; this can be read by anybody, for ever.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from reports.decoding import decode
from reports.errors import ResultError

TRACE_VERSION = 1
TRACE, FLAMEGRAPH = "trace.json", "flamegraph.html"
TRACE_MAX_BYTES = 256 * 2**20

Mode = Literal["cheap", "exact"]
"""`exact` records each Python object; `cheap` the blocks of memory that Python's allocator takes for them."""


@dataclass(frozen=True, slots=True)
class TopSite:
    """A function and the bytes that it held."""

    function: str
    file: str
    """Relative to the folder that its package is imported from, so that it is the same in every check-out."""
    line: int
    """The line with most of the bytes."""
    bytes: int


@dataclass(frozen=True, slots=True)
class Site:
    """The innermost Python function of some allocations, and what it held."""

    function: str
    file: str
    line: int
    bytes: int
    """At the heap's peak."""
    allocations: int
    held_bytes: int
    """On average in the second half of the import: what a comparison goes by, since a peak is a coincidence."""
    package: str
    stack: tuple[str, ...] = ()
    """Who called it, innermost first: the way that most of its bytes came."""


@dataclass(frozen=True, slots=True)
class PackageBytes:
    """A package and the bytes that its functions held."""

    package: str
    bytes: int


@dataclass(frozen=True, slots=True)
class StageHeap:
    """The most that the heap held while the import was in a stage, and who held it then."""

    stage: str
    heap_bytes: int
    top: tuple[TopSite, ...]


RowKind = Literal[
    "interpreter", "tracing", "imports", "heap", "allocator", "children", "shared", "kernel", "unexplained", "cache"
]


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One line of the account."""

    kind: RowKind
    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Account:
    """What the peak of unreclaimable memory of the traced run consists of; the rows add up to it."""

    peak_bytes: int
    rows: tuple[AccountRow, ...]
    """The last one is `unexplained`; it can be below zero."""
    file_cache: tuple[AccountRow, ...]
    """What else was charged at that moment; the kernel gives it back when memory is short."""
    named_share: float
    """1 less the share that is not explained; to explain too much is as wrong as to explain too little."""


@dataclass(frozen=True, slots=True)
class Attributed:
    """The figures of `attributed_share`."""

    named_bytes: int
    """Heap bytes of the peak that were allocated after the service was ready, by a named function in a file."""
    anon_bytes: int | None
    """The largest sampled anon of the traced run; of a killed one, the last."""
    ready_bytes: int | None
    """Anon when the service was ready, before the first upload: interpreter, imports, the tracer."""

    @property
    def share(self) -> float | None:
        """`named_bytes` of what came after the imports."""
        if self.anon_bytes is None or self.ready_bytes is None or self.anon_bytes <= self.ready_bytes:
            return None
        return self.named_bytes / (self.anon_bytes - self.ready_bytes)


@dataclass(frozen=True, slots=True)
class Trace:
    """The attribution of one traced run."""

    version: int
    mode: Mode
    memray: str
    python: str
    """The interpreter that ran the target."""
    heap_peak_bytes: int
    attributed: Attributed
    unattributed_bytes: int
    """Of the heap's peak: allocations without any Python function."""
    sites: tuple[Site, ...]
    """Every site, the one with the most at the heap's peak first."""
    packages: tuple[PackageBytes, ...]
    stages: tuple[StageHeap, ...]
    account: Account | None
    cpu_s: float | None
    """CPU time of the traced run."""
    oom_kills: int | None
    revision: str | None = None
    """The git revision of the target's code."""
    hook_reason: str | None = None
    """Why memray's own hook followed the stack, at a higher cost; None where it did not."""


@dataclass(frozen=True, slots=True)
class TraceCost:
    """What tracing cost the target, against the untraced run beside it; None where a kill cut one of them short."""

    cpu_ratio: float | None = None
    extra_bytes: int | None = None
    """Difference of the peaks of anon."""
    ready_extra_bytes: int | None = None
    """Difference of anon when the service was ready; known of a killed run too."""
    hook_reason: str | None = None
    """Why memray's own hook followed the stack, which takes more CPU time; None where it did not."""


@dataclass(frozen=True, slots=True)
class TraceBody:
    """The `trace` of a result of kind `run`."""

    mode: Mode
    heap_peak_bytes: int
    attributed_share: float | None
    attributed: Attributed
    unattributed_bytes: int
    top: tuple[TopSite, ...]
    by_package: tuple[PackageBytes, ...]
    by_stage: tuple[StageHeap, ...]
    account: Account | None
    cost: TraceCost
    oom_kills: int | None
    """Of the traced run."""


TOP_MOST, PACKAGES_MOST = 20, 20


def trace_body(trace: Trace, cost: TraceCost) -> TraceBody:
    """What a result tells of a trace."""
    share = trace.attributed.share
    return TraceBody(
        mode=trace.mode,
        heap_peak_bytes=trace.heap_peak_bytes,
        attributed_share=None if share is None else round(share, 4),
        attributed=trace.attributed,
        unattributed_bytes=trace.unattributed_bytes,
        top=tuple(TopSite(one.function, one.file, one.line, one.bytes) for one in trace.sites[:TOP_MOST]),
        by_package=trace.packages[:PACKAGES_MOST],
        by_stage=trace.stages,
        account=trace.account,
        cost=cost,
        oom_kills=trace.oom_kills,
    )


def write_trace(path: Path, trace: Trace) -> None:
    """Write `trace.json`."""
    path.write_text(json.dumps(asdict(trace), ensure_ascii=True, allow_nan=False) + "\n", encoding="utf-8")


def read_trace(path: Path) -> Trace:
    """Read a `trace.json`; ResultError where it is missing, too large or not what it should be."""
    try:
        if path.stat().st_size > TRACE_MAX_BYTES:
            raise ResultError(f"{path}: larger than {TRACE_MAX_BYTES} bytes, so not a trace")
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ResultError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise ResultError(f"{path}: not JSON ({error})") from error
    if not isinstance(value, dict) or value.get("version") != TRACE_VERSION:
        raise ResultError(f"{path}: not a trace of version {TRACE_VERSION}, which this halfgig reads")
    return decode(Trace, value, str(path))
