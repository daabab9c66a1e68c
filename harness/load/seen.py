"""All that a load run was seen to do: plain data between collecting and judging."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.containers.container import Exit
from harness.crash.oracle.judgement import Judged
from harness.load.errand import Stage
from harness.load.figures import Spread, of_name, spread
from harness.load.kills import Crash
from harness.load.memory import MemorySeen
from harness.load.plan import LoadPlan
from harness.load.rows import Arrival, Request, Rows, StageSeen

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class JobEnd:
    """What the service says of an acknowledged import once the load is over."""

    job_id: str
    documents: int
    """As they were uploaded."""
    state: str | None
    """None: it does not know the import any more."""
    settled: int | None
    """Documents stored or failed with a reason; None where it does not tell."""
    chunks_stored: int = 0
    duplicates: int = 0
    told: bool = True
    """False where the service could not be asked about it any more."""

    @property
    def is_complete(self) -> bool:
        """Whether it says that all is done."""
        return self.state in ("completed", "completed_with_errors")

    @property
    def is_lost(self) -> bool:
        """Whether something that was acknowledged is not there."""
        short = self.settled is not None and self.settled != self.documents
        return self.told and (self.state is None or (self.is_complete and short))


@dataclass(frozen=True, slots=True)
class Provided:
    """What the provider saw; None where there is no ledger to look into."""

    new_inputs: int
    """First billings of inputs that are no query of a search."""
    unknown_endpoints: tuple[str, ...] = ()
    outbound: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadSeen:
    """One run; `rows` are all of it, counted or not."""

    plan: LoadPlan
    rows: Rows
    workers: int
    crashes: tuple[Crash, ...] = ()
    aborted: str | None = None
    stopped: str | None = None
    """Why whoever looks after the place where the load goes ended it."""
    unread: str | None = None
    """Why not all of the memory is known."""
    lost: tuple[str, ...] = ()
    gone: Exit | None = None
    hung: bool = False
    unreached: bool = False
    broke_at: str | None = None
    drained: bool = True
    memory: MemorySeen | None = None
    limit_bytes: int | None = None
    ends: tuple[JobEnd, ...] = ()
    provided: Provided | None = None
    outbound: tuple[str, ...] = ()
    oom_kills: int = 0
    killed: tuple[str, ...] = ()
    invariants: tuple[Judged, ...] = ()
    judged_stages: int | None = None
    """The shape `break` is judged by so many of its stages; None: by all."""

    @cached_property
    def counted(self) -> frozenset[int]:
        """Places of the stages whose figures count."""
        whole = [place for place, one in enumerate(self.plan.stages) if one.counted]
        return frozenset(whole if self.judged_stages is None else whole[: self.judged_stages])

    @cached_property
    def planned_gaps(self) -> tuple[Span, ...]:
        """When the service was not there because the scenario asked for it."""
        return tuple((one.start_s, one.ready_s or float("inf")) for one in self.crashes if one.planned and one.struck)

    @cached_property
    def requests(self) -> Sequence[Request]:
        """Counted requests: of counted stages, and not of a planned gap."""
        return [one for one in self.rows.requests if one.stage in self.counted and not self.in_gap(one)]

    def in_gap(self, one: Request) -> bool:
        """Whether the service was taken away while this request was under way."""
        return any(one.start_s < end_s and one.end_s > start_s for start_s, end_s in self.planned_gaps)

    def stages_seen(self) -> Sequence[StageSeen]:
        """The counted stages that were begun."""
        return [one for one in self.rows.stages if one.place in self.counted and one.begin_s is not None]

    def place_of(self, name: str) -> int | None:
        """The place of the stage of that name."""
        return next((place for place, one in enumerate(self.plan.stages) if one.name == name), None)

    def seconds_of(self, place: int | None) -> float:
        """How long a stage was on, planned gaps left out; None: all counted ones."""
        chosen = [one for one in self.stages_seen() if place in (None, one.place)]
        return sum(self._length(one) for one in chosen)

    def _length(self, one: StageSeen) -> float:
        begin_s, end_s = one.begin_s or 0.0, one.end_s if one.end_s is not None else self._last_s
        gaps = sum(max(min(end, end_s) - max(start, begin_s), 0.0) for start, end in self.planned_gaps)
        return max(end_s - begin_s - gaps, 0.0)

    @cached_property
    def _last_s(self) -> float:
        return max((one.end_s for one in self.rows.requests), default=0.0)

    def spread(self, name: str, stage: str | None) -> Spread:
        """The counted requests of a name, in one stage or in all."""
        place = self.place_of(stage) if stage else None
        chosen = [one for one in self.requests if place in (None, one.stage)]
        return spread(of_name(chosen, name), self.seconds_of(place))

    def arrivals_in(self, place: int | None) -> Sequence[Arrival]:
        """Arrivals that were due while that stage was on, or any counted one; not those of a planned gap."""
        spans = [
            (one.begin_s or 0.0, one.end_s if one.end_s is not None else self._last_s)
            for one in self.stages_seen()
            if place in (None, one.place)
        ]
        return [
            one
            for one in self.rows.arrivals
            if any(start <= one.due_s < end for start, end in spans)
            and not any(start <= one.due_s < end for start, end in self.planned_gaps)
        ]

    def was_struck(self, one: Arrival) -> bool:
        """Whether the service was taken away while it was at that arrival."""
        end_s = one.due_s + (one.seconds or 0.0)
        return any(one.due_s < start <= end_s for start, _ in self.planned_gaps)

    def stage(self, place: int) -> Stage:
        """The stage as it was wished for."""
        return self.plan.stages[place]
