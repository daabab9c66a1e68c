"""The fields of kind `gate`."""

from dataclasses import dataclass
from typing import Literal

RowVerdict = Literal["PASS", "FAIL", "INVALID"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of one scenario, before and now; what is not known is None."""

    scenario: str
    metric: str
    unit: str
    baseline: float | None
    """The median of the runs of the other side."""
    measured: float | None
    """The median of the runs of this side."""
    threshold: float | None
    """What `measured` must exceed to be more than noise."""
    verdict: RowVerdict
    noise: float | None = None
    """Standard deviation between runs of one commit."""
    sees: float | None = None
    """The smallest true growth that so many runs see 95 times in 100."""
    wished: float | None = None
    """A growth that one may wish to see, and the runs of each side that it takes."""
    wished_runs: int | None = None
    baseline_runs: tuple[float, ...] = ()
    measured_runs: tuple[float, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class SiteGrowth:
    """What one function held more at the peak of the heap than before."""

    scenario: str
    function: str
    file: str
    delta_bytes: int


@dataclass(frozen=True, slots=True)
class GatedScenario:
    """How one scenario was measured."""

    scenario: str
    verdict: RowVerdict
    pairs: int
    duration_s: float
    noise_from: str
    """Where the noise floor comes from, in words."""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AcceptedGrowth:
    """A committed line that let a growth pass."""

    scenario: str
    metric: str
    up_to: float
    reason: str
    who: str
    until: str


@dataclass(frozen=True, slots=True)
class GateBody:
    """The fields of kind `gate`."""

    against: str | None = None
    """What it was compared with, in words."""
    base_commit: str | None = None
    false_alarm_rate: float = 0.0
    """For the whole command: every look at every metric of every scenario together."""
    comparisons: tuple[Comparison, ...] = ()
    diff: tuple[SiteGrowth, ...] = ()
    scenarios: tuple[GatedScenario, ...] = ()
    accepted: tuple[AcceptedGrowth, ...] = ()
    not_exercised: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
