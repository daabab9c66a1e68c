"""Schedules: what they enumerate, what a seed decides, and that every point can be done and replayed."""

import pytest

from harness.crash.faults.registry import FAULTS, check_point
from harness.crash.schedules.exhaustive import Exhaustive
from harness.crash.schedules.matrix import Matrix, stages
from harness.crash.schedules.pairs import Pairs
from harness.crash.schedules.registry import SCHEDULES
from harness.crash.schedules.schedule import Choice, Job, drawn
from harness.crash.schedules.swarm import Swarm
from harness.dependencies.boundary.points import parse_points

from .recorded_runs import NAMES, recorded

RUNS = (recorded(), recorded())


def test_exhaustive_crashes_at_every_edge_of_every_message() -> None:
    """Each recorded pair once a turn, and one look beyond the last message of each kind."""
    jobs = Exhaustive().first(RUNS, Choice())
    inside = [job for job in jobs if not job.beyond]
    assert len(inside) == 2 * 3 * len(NAMES)
    assert {(job.turn, str(job)) for job in inside} == {
        (turn, f"{name}@{edge}/sigkill") for turn in (0, 1) for name in NAMES
        for edge in ("before", "unacknowledged", "after")
    }  # fmt: skip
    beyond = {str(job) for job in jobs if job.beyond}
    assert beyond == {
        "client.upload#2@before/sigkill", "postgres.insert#2@before/sigkill", "postgres.commit#5@before/sigkill",
        "openai.embeddings#3@before/sigkill", "openai.chat#2@before/sigkill", "postgres.copy#3@before/sigkill",
        "postgres.update#2@before/sigkill",
    }  # fmt: skip


def test_pairs_begin_at_lost_answers_of_commits_and_providers() -> None:
    """What loses an answer that matters is crashed first."""
    points = {str(job) for job in Pairs().first(RUNS, Choice())}
    assert points == {
        f"{name}@unacknowledged/sigkill" for name in NAMES if "commit" in name or name.startswith("openai")
    }


def test_the_matrix_has_every_fault_but_those_that_the_scenario_leaves_out() -> None:
    """A fault without a cell would never be exercised, and nobody would know."""
    used = {point.fault for job in Matrix().first(RUNS, Choice()) for point in job.points}
    assert used == {fault.name for fault in FAULTS} - set(RUNS[0].scenario.crash.without)


def test_stages_know_whether_an_import_runs() -> None:
    """Before the upload is acknowledged, and after the last provider's answer, nothing is there to be taken over."""
    running = {message.name: is_running for message, is_running in stages(RUNS[0]).items()}
    assert not running["client.upload#1"]
    assert running["openai.embeddings#2"]
    assert not running["postgres.commit#4"]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda one: one.name)
def test_every_point_of_every_schedule_can_be_done_and_replayed(schedule: object) -> None:
    """The text of a job is a crash point that the command line takes, and its fault fits where it is done."""
    for found in SCHEDULES:
        if found is schedule:
            for job in found.first(RUNS, Choice(seed=7, cycles=200)):
                assert parse_points(str(job)) == job.points
                for point in job.points:
                    check_point(point)


def test_the_same_seed_gives_the_same_points_and_another_one_others() -> None:
    """A swarm is replayed by its seed alone."""
    first = Swarm().first(RUNS, Choice(seed=1, cycles=50))
    assert Swarm().first(RUNS, Choice(seed=1, cycles=50)) == first
    assert Swarm().first(RUNS, Choice(seed=2, cycles=50)) != first
    assert len(first) == 50


def test_a_message_more_or_less_in_a_recorded_run_changes_no_point() -> None:
    """How commits are grouped varies from run to run; the points of a seed do not, and each of them is reached."""
    runs = [recorded(("client.upload#1", *(f"postgres.commit#{n}" for n in range(1, count + 1)))) for count in (70, 75)]
    few, many = (Swarm().first((one,), Choice(seed=1, cycles=50)) for one in runs)
    assert few == many
    assert max(job.points[0].message.n for job in few) <= 64


def test_a_longer_swarm_begins_with_the_shorter_one() -> None:
    """So that the n-th cycle of a seed is the same, however many are asked for."""
    assert Swarm().first(RUNS, Choice(seed=1, cycles=50))[:20] == Swarm().first(RUNS, Choice(seed=1, cycles=20))


def test_a_sample_is_drawn_by_the_seed_and_keeps_its_order() -> None:
    """A part of a schedule can be run again."""
    jobs = [Job(0, parse_points(f"postgres.commit#{n}@after/sigkill")) for n in range(1, 40)]
    sample = drawn(jobs, Choice(seed=3), 10)
    assert sample == drawn(jobs, Choice(seed=3), 10)
    assert list(sample) == sorted(sample, key=jobs.index)
    assert len(drawn(jobs, Choice(seed=3), None)) == len(jobs)
