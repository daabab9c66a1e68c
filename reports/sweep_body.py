"""What a result of kind `sweep` has beside the header: trials, cells, cost model, recommendation, limit, claims."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

TrialEnd = Literal["whole", "stopped_early", "killed", "failed", "not_started"]
ClaimVerdict = Literal["CONFIRMED", "REFUTED", "UNDECIDED"]
Decision = Literal["DECIDED", "UNDECIDED"]
Interval = tuple[float, ...]
"""Low and high; empty where nothing is known of the spread."""


@dataclass(frozen=True, slots=True)
class SweepAxis:
    """One thing that was varied."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SweepTrial:
    """One run of one setting."""

    number: int
    part: str
    """What it was for: grid, search, claim, survival, verify, limit."""
    setting: Mapping[str, str]
    repeat: int
    limit_bytes: int
    end: TrialEnd
    """A killed one is censored: it has no peak."""
    why: str
    peak_bytes: int | None
    chunks_per_s: float | None
    requests: int | None
    calls_per_1000_inputs: float | None
    duration_s: float
    participant: str
    directory: str
    """Where its timeline is, as seen from the run directory; empty where it is on another machine."""


@dataclass(frozen=True, slots=True)
class SweepCell:
    """One setting, over its repeats."""

    setting: Mapping[str, str]
    trials: int
    killed: int
    peak_bytes: float | None
    peak_interval_bytes: Interval
    chunks_per_s: float | None
    chunks_per_s_interval: Interval
    calls_per_1000_inputs: float | None
    within_budget: bool | None
    pareto: bool


@dataclass(frozen=True, slots=True)
class Coefficient:
    """What one unit of a knob costs, or one of its values where it is no number."""

    knob: str
    """Two knobs joined by ` x ` are an interaction."""
    level: str
    """The value that this is the cost of, where the knob is not a number."""
    stage: int
    """Which of the peaks it adds to; 0 where there is one."""
    bytes_per_unit: float
    interval_bytes: Interval


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What the model says of one value."""

    value: str
    peak_bytes: float
    low_bytes: float
    high_bytes: float


@dataclass(frozen=True, slots=True)
class Curve:
    """What the model says over one axis, the other axes as `others` has them."""

    knob: str
    others: Mapping[str, str]
    points: tuple[CurvePoint, ...]


@dataclass(frozen=True, slots=True)
class CostModel:
    """Peak as a function of the knobs, or why none is given."""

    fitted: bool = False
    form: str = ""
    """`sum`, `sum with interactions`, `largest of 2 peaks`, `sum of a cost for each value`."""
    why: str = ""
    """Why it is refused, or what to know about it."""
    floors: tuple[Coefficient, ...] = ()
    coefficients: tuple[Coefficient, ...] = ()
    left_out_error_bytes: float | None = None
    """How far a trial is off, predicted by the others: root mean square."""
    left_out_r2: float | None = None
    trials: int = 0
    censored: int = 0
    curves: tuple[Curve, ...] = ()


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another setting of the Pareto front."""

    knobs: Mapping[str, str]
    peak_bytes: float
    chunks_per_s: float
    calls_per_1000_inputs: float | None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The fastest setting whose upper bound stays within the budget, and whether runs under the limit bear it out."""

    knobs: Mapping[str, str]
    peak_bytes: float
    peak_interval_bytes: Interval
    chunks_per_s: float
    chunks_per_s_interval: Interval
    calls_per_1000_inputs: float | None
    verified_runs: int
    """Whole runs under the real limit that it passed."""
    verify_runs: int
    """How many it had to pass."""
    decision: Decision
    text: str
    environment: tuple[str, ...]
    """Lines for a shell."""
    neighbours: tuple[Neighbour, ...] = ()


@dataclass(frozen=True, slots=True)
class SmallestLimit:
    """The smallest limit under which a setting survives, found several times over."""

    knobs: Mapping[str, str]
    bytes: int
    """The largest of the answers."""
    answers_bytes: tuple[int, ...]
    probes: int
    resolution_bytes: int


@dataclass(frozen=True, slots=True)
class PlanRow:
    """An instance plan, and whether it holds the need."""

    name: str
    memory_bytes: int
    cpus: float | None
    usd_a_month: float
    dated: str
    holds: bool


@dataclass(frozen=True, slots=True)
class PlanAnswer:
    """Which plan the measured need asks for."""

    need_bytes: int
    need_is: str
    needed_bytes: int
    """The need, with the headroom that the budget leaves."""
    chosen: str | None
    text: str
    plans: tuple[PlanRow, ...]


@dataclass(frozen=True, slots=True)
class MeasuredElsewhere:
    """The same change on other code."""

    source: str
    saved_bytes: int | None = None
    peak_from_bytes: int | None = None
    peak_to_bytes: int | None = None
    calls_from: int | None = None
    calls_to: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A change that is said to save memory, as it was found."""

    name: str
    on: str
    """Which variant of the target it was measured on."""
    knob: tuple[str, ...]
    from_: tuple[str, ...]
    to: tuple[str, ...]
    claimed_bytes: int | tuple[int, ...] | None
    """A size, lowest and highest of an estimate, or null where none was claimed."""
    measured_bytes: float | None
    interval_bytes: Interval
    threshold_bytes: float
    """What the saving was held against."""
    verdict: ClaimVerdict
    why: str
    rounds: int
    peak_from_bytes: float | None
    peak_to_bytes: float | None
    requests_from: float | None
    requests_to: float | None
    embedding_requests_from: float | None
    embedding_requests_to: float | None
    import_from_s: float | None
    import_to_s: float | None
    survives_from: bool | None
    survives_to: bool | None
    elsewhere: MeasuredElsewhere | None = None


@dataclass(frozen=True, slots=True)
class EarlyStopping:
    """What stopping at the plateau spared, and what it would have said of the trials that were run whole."""

    stopped: int = 0
    whole: int = 0
    spared_s: float = 0.0
    checked: int = 0
    """Whole trials in which the rule would have stopped."""
    peak_error: float | None = None
    """The most that a whole trial's peak was above what the rule would have said, as a share."""
    rate_error: float | None = None
    """The most that its rate differed, as a share."""


@dataclass(frozen=True, slots=True)
class SweepBody:
    """The fields of kind `sweep`."""

    mode: str = "grid"
    study: str = ""
    storage: str = ""
    participants: int = 1
    complete: bool = False
    """Nothing that was asked for is left; the same command goes on otherwise."""
    axes: tuple[SweepAxis, ...] = ()
    lifted_bytes: int | None = None
    """The generous limit of the trials that are measured."""
    trials: tuple[SweepTrial, ...] = ()
    cells: tuple[SweepCell, ...] = ()
    model: CostModel = CostModel()
    recommendation: Recommendation | None = None
    smallest_limit_bytes: int | None = None
    smallest_limit: SmallestLimit | None = None
    plans: PlanAnswer | None = None
    claims: tuple[Claim, ...] = ()
    early_stopping: EarlyStopping = EarlyStopping()
    provider: Mapping[str, float] = field(default_factory=dict)
    """How the provider answered: `latency_request_ms` and the like."""
    notes: tuple[str, ...] = ()
