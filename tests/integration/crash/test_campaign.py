"""Whole crash cycles of the real importer: a part of the schedules, judged by the whole oracle."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from harness.crash.baseline import Recorded, record
from harness.crash.ground import Ground, open_ground, turns
from harness.crash.judged_cycle import CycleResult, judged_cycle
from harness.crash.schedules.schedule import Job
from harness.dependencies.boundary.points import parse_points
from harness.scenario import Overrides, load_scenario

pytestmark = pytest.mark.crash
SIGKILLS = (
    "client.upload#1@before", "postgres.commit#1@unacknowledged", "postgres.copy#2@before",
    "openai.embeddings#2@unacknowledged", "postgres.commit#6@unacknowledged", "postgres.commit#9@after",
)  # fmt: skip
OTHERS = (
    "openai.embeddings#3@unacknowledged/zombie", "postgres.copy#3@before/oom",
    "postgres.commit#6@before/serialization", "openai.chat#2@before/sessions-terminated",
    "openai.embeddings#2@before/400-poison", "openai.embeddings#3@unacknowledged/nan-vector",
    "postgres.commit#5@unacknowledged/sigkill+postgres.commit#2@unacknowledged/sigkill",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prepared:
    """The ground, and two recordings of the same work."""

    ground: Ground
    recordings: Sequence[Recorded]

    def crash(self, points: str) -> CycleResult:
        """One judged cycle."""
        return judged_cycle(self.ground, self.recordings[0], Job(0, parse_points(points)))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """One server and one boundary for all cycles of this file."""
    scenario = load_scenario("crash", Overrides())
    with open_ground(scenario, tmp_path_factory.mktemp("crash"), None) as ground:
        first = turns(scenario)[0]
        yield Prepared(ground, [record(ground, first) for _ in range(2)])


def test_two_recordings_have_the_same_points(prepared: Prepared) -> None:
    """What comes by the clock is told apart, and a seed means the same on every day; there are at least 60 points."""
    first, second = ({f"{message.name}@{edge.value}" for message, edge in one.points} for one in prepared.recordings)
    assert first == second
    assert len(first) >= 60


@pytest.mark.parametrize("place", SIGKILLS)
def test_a_sigkill_loses_nothing_and_doubles_nothing(prepared: Prepared, place: str) -> None:
    """Upload, its commit, data, a provider's answer, and commits of the middle: every invariant holds."""
    result = prepared.crash(f"{place}/sigkill")
    assert not result.invalid
    assert not result.broken


@pytest.mark.parametrize("points", OTHERS)
def test_other_faults_are_survived_too(prepared: Prepared, points: str) -> None:
    """Two of each family, and a crash during the resume from a crash; each one really happened."""
    result = prepared.crash(points)
    if result.invalid and "no kernel enforces" in result.invalid:
        pytest.skip("not on this machine: the limit is only simulated")
    assert not result.invalid
    assert not result.broken
    assert result.figures is not None
    assert len(result.figures.fired) == len(parse_points(points))


def test_a_message_that_does_not_come_is_not_exercised(prepared: Prepared) -> None:
    """Nothing fired: that says nothing, and never counts as a pass."""
    job = Job(0, parse_points("postgres.commit#900@before/sigkill"), beyond=True)
    result = judged_cycle(prepared.ground, prepared.recordings[0], job)
    assert result.outcome is not None
    assert not result.outcome.evidence.fired
    assert result.outcome.not_exercised == {str(job): "it was never reached"}
