"""One study: tasks that are claimed once, and their trials in Optuna, whoever ran them."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.exceptions import DuplicatedStudyError, UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from harness.sweep.leases import Lease, Leases
from harness.sweep.storage import close_storage
from harness.sweep.trial import Measured, Task, Trial, measured_of, task_of, to_text

DIRECTIONS = (StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE)
"""Peak in bytes, chunks a second, provider calls for 1,000 inputs."""
BEAT_S = 2.0
_TASK, _MEASURED, _OWNER, _END = "task", "measured", "participant", "end"


@dataclass(frozen=True, slots=True)
class Taken:
    """A task that is ours to run."""

    task: Task
    lease: Lease
    trial_id: int
    number: int


class Study:
    """One participant's hold of a study; used from one thread, beats apart."""

    def __init__(
        self, storage: RDBStorage, name: str, axes: Mapping[str, Sequence[str]], owner: str, stale_s: float
    ) -> None:
        self.name, self.url, self._storage, self._owner = name, storage.url, storage, owner
        self._leases = Leases(storage.engine, name, owner, stale_s)
        self._axes: dict[str, BaseDistribution] = {
            axis: CategoricalDistribution(list(values)) for axis, values in axes.items()
        }
        with suppress(DuplicatedStudyError):
            storage.create_new_study(DIRECTIONS, name)
        self._study_id = storage.get_study_id_from_name(name)

    def take(self, tasks: Iterable[Task]) -> Taken | None:
        """Take the first task that nobody has; None when all of them are held or done."""
        busy = {one.task for one in self._leases.held() if one.silent_s < self._leases.stale_s} | set(self.finished())
        for task in tasks:
            lease = None if task.key in busy else self._leases.take(task.key)
            if lease is not None:
                return self._begin(task, lease)
        return None

    def finish(self, taken: Taken, measured: Measured) -> bool:
        """Count the trial; False when the task was taken over meanwhile, and its trial counts for nothing."""
        try:
            self._storage.set_trial_user_attr(taken.trial_id, _MEASURED, to_text(measured))
            self._storage.set_trial_user_attr(taken.trial_id, _END, measured.end)
        except UpdateFinishedTrialError:
            return False  # whoever took the task over has closed it
        if not self._leases.finish(taken.lease):
            self._close(taken.trial_id, None)
            return False
        self._close(taken.trial_id, _values(measured))
        return True

    def give_back(self, taken: Taken) -> None:
        """Leave the task to others: it was not run to where it says something."""
        self._leases.give_back(taken.lease)
        self._close(taken.trial_id, None)

    @contextmanager
    def beating(self, taken: Taken) -> Iterator[None]:
        """Say now and then that we are at it, as long as the block runs."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(BEAT_S):
                with suppress(Exception):  # the storage may be away for a while; being silent too long has its price
                    self._leases.beat(taken.lease)

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def done(self) -> tuple[Trial, ...]:
        """Every trial that counts, in the order of their numbers."""
        finished = set(self.finished().values())
        frozen = self._storage.get_all_trials(self._study_id, deepcopy=False)
        return tuple(_trial(one) for one in frozen if one._trial_id in finished)

    def finished(self) -> dict[str, int]:
        """Tasks that count, with their trials."""
        return self._leases.done()

    @property
    def others(self) -> int:
        """Tasks that somebody works on now."""
        return sum(one.silent_s < self._leases.stale_s for one in self._leases.held())

    def settle(self) -> None:
        """Put right what participants that died have left between counting a trial and closing it."""
        # In this order: whoever runs a trial holds its task by then, and has it among the finished ones afterwards.
        running = self._storage.get_all_trials(self._study_id, deepcopy=False, states=(TrialState.RUNNING,))
        held = {one.owner for one in self._leases.held()}
        finished = set(self.finished().values())
        for one in running:
            if one._trial_id in finished:
                self._close(one._trial_id, _values(measured_of(one.user_attrs[_MEASURED])))
            elif one.user_attrs.get(_OWNER) not in held:
                self._close(one._trial_id, None)

    def close(self) -> None:
        """Give back its connections."""
        close_storage(self._storage)

    def read(self, key: str) -> str | None:
        """What some participant noted down for all."""
        found = self._storage.get_study_user_attrs(self._study_id).get(key)
        return None if found is None else str(found)

    def note(self, key: str, value: str) -> None:
        """Note something down for all participants."""
        self._storage.set_study_user_attr(self._study_id, key, value)

    def _begin(self, task: Task, lease: Lease) -> Taken:
        if lease.before is not None:
            self._close(lease.before, None)
        inside = {axis: value for axis, value in task.setting.items() if self._knows(axis, value)}
        template = create_trial(
            state=TrialState.WAITING,
            params=inside,
            distributions={axis: self._axes[axis] for axis in inside},
            user_attrs={_TASK: to_text(task), _OWNER: self._owner},
        )
        template.state, template.datetime_start = TrialState.RUNNING, datetime.now()  # noqa: DTZ005 - as Optuna has it
        trial_id = self._storage.create_new_trial(self._study_id, template)
        self._leases.name_trial(lease, trial_id)
        return Taken(task, lease, trial_id, self._storage.get_trial_number_from_id(trial_id))

    def _knows(self, axis: str, value: str) -> bool:
        choices = self._axes.get(axis)
        return isinstance(choices, CategoricalDistribution) and value in choices.choices

    def _close(self, trial_id: int, values: Sequence[float] | None) -> None:
        with suppress(UpdateFinishedTrialError):
            state = TrialState.FAIL if values is None else TrialState.COMPLETE
            self._storage.set_trial_state_values(trial_id, state, values)


def _values(measured: Measured) -> tuple[float, float, float] | None:
    """What Optuna compares; None where a figure is missing: a killed trial is no number."""
    calls = measured.calls_per_1000_inputs
    if measured.end not in ("whole", "stopped_early") or not (measured.peak_bytes and measured.chunks_per_s and calls):
        return None
    return float(measured.peak_bytes), measured.chunks_per_s, calls


def _trial(frozen: FrozenTrial) -> Trial:
    attributes = frozen.user_attrs
    return Trial(frozen.number, attributes[_OWNER], task_of(attributes[_TASK]), measured_of(attributes[_MEASURED]))
