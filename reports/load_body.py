"""What a result of kind `load` has beside the header: thresholds, requests, stages, memory, and who measured."""

from dataclasses import dataclass
from typing import Literal

ThresholdVerdict = Literal["PASS", "FAIL", "INVALID"]


@dataclass(frozen=True, slots=True)
class ThresholdResult:
    """One threshold and what was measured for it."""

    name: str
    """`search.p95`, `upload@spike.errors`, `memory.slope`."""
    sign: str
    limit: float
    unit: str
    """`s`, `share`, `1/s`, `count`, `bytes`, `bytes/h`, `min`."""
    measured: float | None
    """None where nothing was, or where the percentile falls on a request that was never answered."""
    verdict: ThresholdVerdict
    samples: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RequestFigures:
    """Requests of one name; percentiles are exact, over the answered ones and the failed as the slowest."""

    name: str
    stage: str | None
    """None: all counted stages together."""
    requests: int
    errors: int
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    max_s: float | None
    """Of the good ones."""
    rate_per_s: float | None
    """Good answers a second."""


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """How often a request failed in the same way."""

    name: str
    error: str
    count: int


@dataclass(frozen=True, slots=True)
class LoadStage:
    """A stage as it was: from when its users were there."""

    name: str
    users: int
    counted: bool
    begin_s: float | None
    end_s: float | None
    rate_offered_per_s: float | None = None
    rate_achieved_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class LoadMemory:
    """The service's unreclaimable memory, or what its metrics tell of it."""

    source: str = ""
    """`samples` of the container, or the address of the metrics."""
    before_bytes: int | None = None
    """Ready, and nothing asked yet."""
    peak_bytes: int | None = None
    left_bytes: int | None = None
    """Once the load was gone and every import over."""
    slope_bytes_per_hour: float | None = None
    slope_interval: tuple[float, ...] | None = None
    """95 %, bytes an hour."""
    slope_over_s: float | None = None
    minutes_to_limit: float | None = None
    """At that slope; None where it does not rise."""
    minutes_to_limit_at_worst: float | None = None
    """At the upper end of the interval."""
    per_request_bytes: float | None = None
    """What the load took beyond the idle service at its peak, for each request that was under way at most."""
    in_flight_most: int | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which the service was not there: killed, and until it was ready again."""

    kind: str
    """`oom`, `sigkill`, or `exit` where it ended by itself."""
    start_s: float
    end_s: float | None
    planned: bool
    """Whether the scenario asked for it: then what failed meanwhile is counted apart."""
    requests_failed: int = 0


@dataclass(frozen=True, slots=True)
class GeneratorFigures:
    """How well the load was made."""

    workers: int = 1
    lost: int = 0
    cpu_share_max: float | None = None
    """The busiest five seconds of any of its processes, of one CPU."""
    lag_p95_s: float | None = None
    """How late a process of it woke up."""
    arrivals: int = 0
    turned_away: int = 0
    """Arrivals for which no user was free."""


@dataclass(frozen=True, slots=True)
class LoadImports:
    """What became of the imports that the service acknowledged."""

    accepted: int = 0
    complete: int = 0
    unfinished: int = 0
    lost: int = 0
    """Unknown later, or complete without all of their documents."""
    documents: int = 0
    chunks_stored: int = 0


@dataclass(frozen=True, slots=True)
class LoadInvariant:
    """What the crash oracle says of the whole run."""

    name: str
    sentence: str
    outcome: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LoadBody:
    """The fields of kind `load`."""

    thresholds: tuple[ThresholdResult, ...] = ()
    requests: int = 0
    errors: int = 0
    users_peak: int = 0
    rate_offered_per_s: float | None = None
    """None in a closed loop: there nobody comes unless somebody is done."""
    rate_achieved_per_s: float | None = None
    """Arrivals done well a second; in a closed loop, good answers."""
    memory: LoadMemory = LoadMemory()
    by_request: tuple[RequestFigures, ...] = ()
    error_counts: tuple[ErrorCount, ...] = ()
    shape: str = ""
    stages: tuple[LoadStage, ...] = ()
    gaps: tuple[Gap, ...] = ()
    generator: GeneratorFigures = GeneratorFigures()
    imports: LoadImports = LoadImports()
    inputs_billed_new: int | None = None
    """Inputs of uploads that the provider had not been asked before."""
    invariants: tuple[LoadInvariant, ...] = ()
    broke_at: str | None = None
    """Of the shape `break`: the first stage that missed a threshold."""
    host: str | None = None
    """Where the load went, when not into a container of ours."""
    oom_kills: int | None = None
    notes: tuple[str, ...] = ()
    not_exercised: tuple[str, ...] = ()
