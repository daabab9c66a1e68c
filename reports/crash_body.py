"""What a result of kind `crash` has beside the header: points, cycles, failures, and the matrix of cells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

CellVerdict = Literal["PASS", "FAIL", "INVALID"]


@dataclass(frozen=True, slots=True)
class PointCounts:
    """Crash points of the schedule: how many there were, at how many the fault was done, and at how many not."""

    enumerated: int = 0
    fired: int = 0
    not_exercised: int = 0


@dataclass(frozen=True, slots=True)
class CrashFailure:
    """An invariant that did not hold in a cycle."""

    invariant: str
    point: str
    """The cycle's crash points as the command line takes them, joined by `+`."""
    fault: str
    detail: str
    replay: str
    """The command that runs this cycle again."""
    around: tuple[str, ...] = ()
    """The messages around the last crash, in order; the line of the crash itself begins with `>`."""


@dataclass(frozen=True, slots=True)
class CrashCell:
    """One cycle in the matrix of point and fault."""

    message: str
    edge: str
    fault: str
    turn: str
    """The values of the knobs that a scenario takes in turn: `embedding_provider=openai`."""
    verdict: CellVerdict
    detail: str = ""
    """What broke, or why it was not exercised."""


@dataclass(frozen=True, slots=True)
class InvariantCount:
    """In how many cycles an invariant held, broke, or could not be judged (and why, the last time)."""

    name: str
    sentence: str
    held: int = 0
    broken: int = 0
    not_judged: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class FirstCommit:
    """Seconds from a start to its first new commit, the stall time-out left out; medians."""

    cold_s: float | None = None
    resumed_s: float | None = None
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class CrashBody:
    """The fields of kind `crash`."""

    schedule: str = ""
    seed: int | None = None
    points: PointCounts = PointCounts()
    cycles: int = 0
    cycles_per_minute: float | None = None
    parallel: int = 1
    failures: tuple[CrashFailure, ...] = ()
    inputs_billed_twice_max: int | None = None
    """The most inputs that were billed twice in any one cycle."""
    invariants: tuple[InvariantCount, ...] = ()
    cells: tuple[CrashCell, ...] = ()
    first_commit: FirstCommit = FirstCommit()
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Where the time of a cycle went, by phase, on average."""
    not_exercised: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
