"""`pairs`: a second crash during the resume from a first one; both where an answer is lost."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from harness.crash.baseline import Recorded
from harness.crash.cycle import Outcome
from harness.crash.evidence import CRASHED
from harness.crash.schedules.schedule import Choice, Job, drawn
from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.points import CrashPoint

FAULT = "sigkill"
_SECONDS_MOST = 10
_SECONDS_SAMPLED = 3


@dataclass(frozen=True, slots=True)
class Pairs:
    """First crashes at commits and provider messages, times the first ten such messages of each one's resume."""

    name: str = "pairs"

    def first(self, recorded: Sequence[Recorded], choice: Choice) -> Sequence[Job]:
        """The first crashes by themselves: what their resumes send gives the second ones."""
        jobs = [
            Job(turn, (CrashPoint(message, edge, FAULT),))
            for turn, one in enumerate(recorded)
            for message, edge in one.points
            if _counts(message) and edge is Edge.UNACKNOWLEDGED
        ]
        return drawn(jobs, choice, None if choice.sample is None else -(-choice.sample // (1 + _SECONDS_SAMPLED)))

    def then(self, job: Job, outcome: Outcome, choice: Choice) -> Sequence[Job]:
        """The second crashes behind a first one, of which a sample takes a few."""
        if len(job.points) > 1 or not outcome.evidence.fired:
            return ()
        jobs = [
            Job(job.turn, (*job.points, CrashPoint(message, Edge.UNACKNOWLEDGED, FAULT)), last_may_lack=True)
            for message in _of_the_resume(outcome)
        ]
        if choice.sample is None or len(jobs) <= _SECONDS_SAMPLED:
            return jobs
        return random.Random(f"{choice.seed} {job}").sample(jobs, _SECONDS_SAMPLED)  # noqa: S311 - replayable


def _of_the_resume(outcome: Outcome) -> Sequence[Message]:
    crashed_t = next((one.t for one in outcome.evidence.snapshots if one.moment == CRASHED), float("inf"))
    ended_t = next((one.t for one in outcome.evidence.snapshots if one.moment == "finished"), float("inf"))
    found = [
        one.message
        for one in outcome.passages
        if one.edge is Edge.UNACKNOWLEDGED and _counts(one.message) and crashed_t < outcome.origin_t + one.t < ended_t
    ]
    return found[:_SECONDS_MOST]


def _counts(message: Message) -> bool:
    return message.kind == "commit" or message.is_to_provider
