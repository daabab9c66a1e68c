"""A study: each task counts exactly once, whoever takes it, whoever dies, and whenever."""

import threading
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from harness.errors import DependencyError
from harness.sweep.storage import close_storage, open_storage, shown, storage_url
from harness.sweep.study import Study
from harness.sweep.trial import Measured, Task, to_text

AXES = {"window": ("64", "256"), "batch": ("20", "96")}
SETTINGS = [{"window": window, "batch": batch} for window in AXES["window"] for batch in AXES["batch"]]
TASKS = [Task("grid", setting, repeat, 2**30, whole=False) for setting in SETTINGS for repeat in (0, 1)]
SEEN = Measured("whole", passed=True, peak_bytes=80 * 2**20, chunks_per_s=200.0, calls_per_1000_inputs=20.0)
Join = Callable[..., Study]


@pytest.fixture
def join(tmp_path: Path) -> Join:
    """Another participant of the same study, in a SQLite file."""
    url = storage_url(None, tmp_path)

    def one(owner: str, stale_s: float = 30.0) -> Study:
        return Study(open_storage(url), "study", AXES, owner, stale_s)

    return one


def _in_optuna(study: Study) -> list[FrozenTrial]:
    """The trials as anybody with Optuna sees them."""
    storage = open_storage(study.url)
    try:
        return optuna.load_study(study_name=study.name, storage=storage).trials
    finally:
        close_storage(storage)


def _work(study: Study) -> list[str]:
    """Take and finish tasks until there is none left."""
    keys = []
    while (taken := study.take(TASKS)) is not None:
        keys.append(taken.task.key)
        assert study.finish(taken, SEEN)
    return keys


def test_participants_share_the_tasks(join: Join) -> None:
    """Four at once, each with a connection of its own: every task counts once, and none is left."""
    found: list[str] = []
    threads = [threading.Thread(target=lambda n=n: found.extend(_work(join(f"p{n}")))) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found) == sorted(one.key for one in TASKS)
    done = join("reader").done()
    assert sorted(one.task.key for one in done) == sorted(one.key for one in TASKS)
    assert {one.measured for one in done} == {SEEN}


def test_a_dead_participants_task_is_taken_over(join: Join) -> None:
    """Its half-done trial counts for nothing; the task counts once, by who took it over."""
    dead = join("dead").take(TASKS[:1])
    assert dead is not None
    heir = join("heir", stale_s=0.0)
    taken = heir.take(TASKS[:1])
    assert taken is not None
    assert taken.task == dead.task
    assert heir.finish(taken, SEEN)
    assert [one.participant for one in heir.done()] == ["heir"]
    states = [one.state for one in _in_optuna(heir)]
    assert sorted(states) == sorted([TrialState.FAIL, TrialState.COMPLETE])


def test_a_participant_that_comes_back_too_late_counts_for_nothing(join: Join) -> None:
    """It was only slow: whoever has taken its task over has the say."""
    slow_study = join("slow")
    slow = slow_study.take(TASKS[:1])
    heir = join("heir", stale_s=0.0)
    taken = heir.take(TASKS[:1])
    assert slow is not None
    assert taken is not None
    assert not slow_study.finish(slow, SEEN)
    assert heir.finish(taken, SEEN)
    assert len(heir.done()) == 1


def test_a_participant_that_is_at_work_keeps_its_task(join: Join) -> None:
    """A heartbeat is enough, and a task that is done is never taken again."""
    worker, other = join("worker"), join("other", stale_s=30.0)
    taken = worker.take(TASKS[:1])
    assert taken is not None
    with worker.beating(taken):
        assert other.take(TASKS[:1]) is None
        assert other.others == 1
    assert worker.finish(taken, SEEN)
    assert join("late", stale_s=0.0).take(TASKS[:1]) is None


def test_a_task_that_was_given_back_is_free(join: Join) -> None:
    """After Ctrl-C nobody has to wait until its participant is silent for long enough."""
    first, second = join("first"), join("second")
    taken = first.take(TASKS[:1])
    assert taken is not None
    first.give_back(taken)
    again = second.take(TASKS[:1])
    assert again is not None
    assert again.task == TASKS[0]
    assert not second.done()


def test_a_death_between_counting_and_closing_is_put_right(join: Join) -> None:
    """The lease is the only word on what counts; Optuna's trial follows it."""
    study = join("dies")
    taken = study.take(TASKS[:1])
    assert taken is not None
    study._storage.set_trial_user_attr(taken.trial_id, "measured", to_text(SEEN))
    assert study._leases.finish(taken.lease)
    other = join("other")
    assert len(other.done()) == 1
    other.settle()
    assert [one.state for one in _in_optuna(other)] == [TrialState.COMPLETE]


def test_a_killed_trial_is_no_number(join: Join) -> None:
    """It is done, it has no values in Optuna, and it is not run again."""
    study = join("one")
    taken = study.take(TASKS[:1])
    assert taken is not None
    assert study.finish(taken, Measured("killed", "Out of memory"))
    assert study.take(TASKS[:1]) is None
    assert [one.state for one in _in_optuna(study)] == [TrialState.FAIL]
    assert [one.measured.end for one in study.done()] == ["killed"]


def test_notes_are_for_all(join: Join) -> None:
    """What one participant notes down another one reads."""
    join("one").note("lifted_bytes", "7")
    assert join("two").read("lifted_bytes") == "7"
    assert join("two").read("closed") is None


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "postgresql://user:hunter2@127.0.0.1:9/x"])
def test_a_storage_that_cannot_be_used_is_one_sentence(url: str, tmp_path: Path) -> None:
    """What is wrong with it, and no password."""
    with pytest.raises(DependencyError) as told:
        open_storage(storage_url(url, tmp_path))
    assert "storage" in str(told.value)
    assert "hunter2" not in str(told.value)


def test_a_password_is_not_shown() -> None:
    """Results and reports name the storage."""
    assert shown("postgresql+psycopg://me:secret@host/db") == "postgresql://me:***@host/db"
