"""`random`: a swarm of cycles with one to three points each, which the seed alone decides."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.crash.baseline import Recorded
from harness.crash.cycle import Outcome
from harness.crash.faults.database_harmed import OWN_SERVER
from harness.crash.faults.registry import FAULTS, WHILE_RUNNING
from harness.crash.schedules.schedule import Choice, Job, last_of_each_kind
from harness.dependencies.boundary.messages import EDGES, Edge, Message
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
    certain = _certain(recorded[turn].points)
    early = {kind: min(count, _EARLY) for kind, count in certain.items() if kind[0] != "client"}
    count = rng.choices((1, 2, 3), _POINTS_WEIGHTS)[0]
    chosen = [_message(rng, certain), *(_message(rng, early or certain) for _ in range(count - 1))]
    return Job(turn, tuple(_point(rng, message) for message in chosen), first_counts=True)


def _certain(points: Sequence[tuple[Message, Edge]]) -> Mapping[tuple[str, str], int]:
    """How many messages of each kind any run has, whatever the one that was recorded happened to have.

    How commits are grouped changes from run to run, and with it how many messages of a kind there are; the power of
    two below that changes seldom, and with it the points that a seed gives.
    """
    return {kind: 1 << (n.bit_length() - 1) for kind, n in sorted(last_of_each_kind(points).items())}


def _message(rng: random.Random, counts: Mapping[tuple[str, str], int]) -> Message:
    wire, kind = rng.choice(list(counts))
    return Message(wire, kind, 1 + int(rng.random() * counts[wire, kind]))


def _point(rng: random.Random, message: Message) -> CrashPoint:
    offered = [
        (fault, edge)
        for fault in FAULTS
        for edge in EDGES
        if fault.name not in (*OWN_SERVER, *WHILE_RUNNING, "oom") and fault.fits(message, edge)
    ]
    kills = [(fault, edge) for fault, edge in offered if fault.name == "sigkill"]
    fault, edge = rng.choice(kills if rng.random() < _SIGKILL_SHARE else offered)
    return CrashPoint(message, edge, fault.name)
