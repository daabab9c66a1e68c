"""`matrix`: every fault at every stage of an import."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.crash.baseline import Recorded
from harness.crash.cycle import Outcome
from harness.crash.faults.registry import FAULTS, WHILE_RUNNING
from harness.crash.schedules.schedule import Choice, Job, drawn
from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.points import CrashPoint

_PREFERRED = (Edge.UNACKNOWLEDGED, Edge.BEFORE, Edge.AFTER)
"""An answer that is lost is the hardest case; a refusal can only be in the place of the answer."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Stages are the kinds of messages; each is stood for by the one in its middle, commits by first and last too."""

    name: str = "matrix"

    def first(self, recorded: Sequence[Recorded], choice: Choice) -> Sequence[Job]:
        """Every fault at every stage where it can be done."""
        jobs = [
            Job(turn, (CrashPoint(message, edge, fault.name),))
            for turn, one in enumerate(recorded)
            for message, is_running in stages(one).items()
            for fault in FAULTS
            if fault.name not in one.scenario.crash.without and (is_running or fault.name not in WHILE_RUNNING)
            for edge in [next((edge for edge in _PREFERRED if fault.fits(message, edge)), None)]
            if edge is not None
        ]
        return drawn(jobs, choice, choice.sample)

    def then(self, job: Job, outcome: Outcome, choice: Choice) -> Sequence[Job]:  # noqa: ARG002
        """Nothing follows."""
        return ()


def stages(recorded: Recorded) -> Mapping[Message, bool]:
    """A message for each stage, and whether an import was acknowledged and not yet over when it came."""
    kinds: dict[tuple[str, str], list[Message]] = {}
    for message, edge in recorded.points:
        if edge is Edge.BEFORE:
            kinds.setdefault((message.wire, message.kind), []).append(message)
    chosen = [one for found in kinds.values() for one in _representatives(found)]
    came = {one.message: one.t for one in recorded.baseline.messages if one.edge is Edge.BEFORE}
    acknowledged_t = next(
        (one.t for one in recorded.baseline.messages if one.message.wire == "client" and one.edge is Edge.AFTER), 0.0
    )
    provider_t = [t for message, t in came.items() if message.is_to_provider]
    over_t = max(provider_t, default=0.0)
    return {one: acknowledged_t < came[one] <= over_t for one in chosen}


def _representatives(found: list[Message]) -> list[Message]:
    middle = found[len(found) // 2]
    return list(dict.fromkeys([found[0], middle, found[-1]] if middle.kind == "commit" else [middle]))
