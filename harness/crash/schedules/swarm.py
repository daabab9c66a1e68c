"""`random`: a swarm of cycles with one to three points each, which the seed alone decides."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from harness.crash.baseline import Recorded
from harness.crash.cycle import Outcome
from harness.crash.faults.database_harmed import OWN_SERVER
from harness.crash.faults.registry import FAULTS, WHILE_RUNNING
from harness.crash.schedules.schedule import Choice, Job
from harness.dependencies.boundary.messages import EDGES, Message
from harness.dependencies.boundary.points import CrashPoint

_CYCLES = 100
_POINTS_WEIGHTS = (6, 3, 1)
"""How often a cycle has one, two or three points."""
_SIGKILL_SHARE = 0.5
_EARLY = 4
"""A second point counts from a restart, whose messages are fewer: it is drawn among the first of its kind."""


@dataclass(frozen=True, slots=True)
class Swarm:
    """Draws from the kinds of messages that were recorded, and never from their times."""

    name: str = "random"

    def first(self, recorded: Sequence[Recorded], choice: Choice) -> Sequence[Job]:
        """As many cycles as were asked for."""
        rng = random.Random(choice.seed)  # noqa: S311 - replayable, not secret
        count = choice.cycles or choice.sample or _CYCLES
        return [_job(rng, recorded) for _ in range(count)]

    def then(self, job: Job, outcome: Outcome, choice: Choice) -> Sequence[Job]:  # noqa: ARG002
        """Nothing follows: the seed has said all."""
        return ()


def _job(rng: random.Random, recorded: Sequence[Recorded]) -> Job:
    turn = rng.randrange(len(recorded))
    pairs = recorded[turn].points
    count = rng.choices((1, 2, 3), _POINTS_WEIGHTS)[0]
    early = [(message, edge) for message, edge in pairs if message.n <= _EARLY and message.wire != "client"]
    chosen = [rng.choice(pairs), *(rng.choice(early or pairs) for _ in range(count - 1))]
    return Job(turn, tuple(_point(rng, message) for message, _ in chosen), first_counts=True)


def _point(rng: random.Random, message: Message) -> CrashPoint:
    offered = [
        (fault, edge)
        for fault in FAULTS
        for edge in EDGES
        if fault.name not in (*OWN_SERVER, *WHILE_RUNNING, "oom") and fault.fits(message, edge)
    ]
    kills = [(fault, edge) for fault, edge in offered if fault.name == "sigkill"]
    fault, edge = rng.choice(kills if rng.random() < _SIGKILL_SHARE else offered)
    return CrashPoint(Message(message.wire, message.kind, message.n), edge, fault.name)
