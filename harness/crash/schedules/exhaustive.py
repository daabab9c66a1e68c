"""`exhaustive`: SIGKILL at every edge of every message, and on beyond the last until nothing fires."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.crash.baseline import Recorded
from harness.crash.cycle import Outcome
from harness.crash.schedules.schedule import Choice, Job, drawn, last_of_each_kind
from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.points import CrashPoint

FAULT = "sigkill"


@dataclass(frozen=True, slots=True)
class Exhaustive:
    """Crashes at the k-th message of each kind for k = 1, 2, … until a run in which nothing fired."""

    name: str = "exhaustive"

    def first(self, recorded: Sequence[Recorded], choice: Choice) -> Sequence[Job]:
        """Every point that was recorded, and one look beyond the last message of each kind."""
        jobs = [
            Job(turn, (CrashPoint(message, edge, FAULT),))
            for turn, one in enumerate(recorded)
            for message, edge in one.points
        ]
        if choice.sample is not None:
            return drawn(jobs, choice, choice.sample)
        return [*jobs, *(job for turn, one in enumerate(recorded) for job in _beyond(turn, one))]

    def then(self, job: Job, outcome: Outcome, choice: Choice) -> Sequence[Job]:  # noqa: ARG002
        """Where a look beyond has fired, there is one message more: the next one is looked for too."""
        if not job.beyond or not outcome.evidence.fired:
            return ()
        point = job.points[0]
        message = replace(point.message, n=point.message.n + 1)
        return (replace(job, points=(replace(point, message=message),)),)


def _beyond(turn: int, recorded: Recorded) -> Sequence[Job]:
    return [
        Job(turn, (CrashPoint(Message(wire, kind, n + 1), Edge.BEFORE, FAULT),), beyond=True)
        for (wire, kind), n in last_of_each_kind(recorded.points).items()
    ]
