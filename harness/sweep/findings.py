"""What a sweep has found out, collected for its result."""

from dataclasses import dataclass, field

from harness.sweep.judging import Judged
from reports.sweep_body import CostModel, PlanAnswer, Recommendation, SmallestLimit, SweepCell


@dataclass(frozen=True, slots=True)
class Findings:
    """All of it; empty is what was not asked for, or could not be found."""

    claims: tuple[Judged, ...] = ()
    cells: tuple[SweepCell, ...] = ()
    model: CostModel = field(default_factory=CostModel)
    recommendation: Recommendation | None = None
    smallest_limit: SmallestLimit | None = None
    plans: PlanAnswer | None = None
    notes: tuple[str, ...] = ()
