"""What a schedule is: the cycles to run, and what follows from what one of them has shown."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.crash.baseline import Recorded
from harness.crash.cycle import Outcome
from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.points import CrashPoint, format_points


@dataclass(frozen=True, slots=True)
class Job:
    """One cycle that is to be run: the place of its turn among the recorded ones, and its points."""

    turn: int
    points: tuple[CrashPoint, ...]
    beyond: bool = False
    """A look beyond the last message of its kind: it is expected not to fire."""
    first_counts: bool = False
    """Whether it is enough that the first point fires: the later ones were drawn without knowing what would come."""
    last_may_lack: bool = False
    """Whether its last message was seen in one resume only: another one, with more done before it, may not have it."""

    def __str__(self) -> str:
        return format_points(self.points)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the command line chooses of a schedule."""

    seed: int = 1
    cycles: int | None = None
    """How many cycles `random` runs."""
    sample: int | None = None
    """How many cycles of a schedule are drawn; None runs all."""


class Schedule(Protocol):
    """One way to go through the crash points."""

    @property
    def name(self) -> str:
        """What `--schedule` calls it."""

    def first(self, recorded: Sequence[Recorded], choice: Choice) -> Sequence[Job]:
        """The jobs to begin with."""

    def then(self, job: Job, outcome: Outcome, choice: Choice) -> Sequence[Job]:
        """The jobs that follow from what one has shown."""


def last_of_each_kind(points: Sequence[tuple[Message, Edge]]) -> dict[tuple[str, str], int]:
    """The number of the last message of each kind, by wire and kind, in the order in which kinds came first."""
    last: dict[tuple[str, str], int] = {}
    for message, _ in points:
        last[message.wire, message.kind] = max(message.n, last.get((message.wire, message.kind), 0))
    return last


def drawn(jobs: Sequence[Job], choice: Choice, count: int | None) -> Sequence[Job]:
    """All jobs, or `count` of them as the seed draws them, in their order."""
    if count is None or count >= len(jobs):
        return jobs
    rng = random.Random(f"{choice.seed}")  # noqa: S311 - replayable, not secret
    return [jobs[place] for place in sorted(rng.sample(range(len(jobs)), count))]
