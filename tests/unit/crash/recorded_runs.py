"""A recorded run that was never made: enough for schedules, which look at points and messages only."""

from collections.abc import Sequence
from dataclasses import replace

from harness.client import JobStatus
from harness.crash.baseline import Recorded
from harness.crash.evidence import Baseline
from harness.dependencies.boundary.messages import EDGES, Message
from harness.dependencies.boundary.points import enumerate_points
from harness.dependencies.boundary.recorder import Passage
from harness.scenario import Overrides, Scenario, load_scenario

NAMES = (
    "client.upload#1", "postgres.insert#1", "postgres.commit#1", "postgres.commit#2", "openai.embeddings#1",
    "postgres.copy#1", "postgres.commit#3", "openai.chat#1", "openai.embeddings#2", "postgres.copy#2",
    "postgres.commit#4", "postgres.update#1",
)  # fmt: skip
DONE = JobStatus("completed", 1.0, "store", 3, 0, 24, 0, resumable=False, error=None, attempt=1)


def scenario() -> Scenario:
    """The crash scenario, with the first of its providers."""
    loaded = load_scenario("crash", Overrides(knobs=("embedding_provider=openai",)))
    return replace(loaded, crash=replace(loaded.crash, in_turn={}))


def recorded(names: Sequence[str] = NAMES) -> Recorded:
    """One run of these messages, each with its three edges, in their order."""
    messages = [_message(name) for name in names]
    passages = tuple(
        Passage(float(place) + edge_place / 10, message, edge)
        for place, message in enumerate(messages)
        for edge_place, edge in enumerate(EDGES)
    )
    baseline = Baseline(None, {}, frozenset(), DONE, 3, passages, 4, 1.0, 3.0)
    return Recorded(scenario(), baseline, enumerate_points((one.message, one.edge) for one in passages))


def _message(name: str) -> Message:
    wire, _, rest = name.partition(".")
    kind, _, number = rest.partition("#")
    return Message(wire, kind, int(number))
