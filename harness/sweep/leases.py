"""Which participant works on which task: taken by one statement, kept by a heartbeat, counted exactly once.

Optuna keeps the trials; whose they are to run, and whether they count, is decided here, because two participants may
get the same cell from a sampler, and on SQLite the same waiting trial from a study.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from sqlalchemy import Engine, text

from harness.target import named_queries

_CLOCKS = {
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgresql": "extract(epoch FROM clock_timestamp())",
}


@dataclass(frozen=True, slots=True)
class Lease:
    """A task that is ours until we are silent for too long; `before` is the trial of whom it was taken over from."""

    task: str
    epoch: int
    before: int | None


@dataclass(frozen=True, slots=True)
class Held:
    """A task that somebody works on, and since when nothing was heard of it."""

    task: str
    owner: str
    silent_s: float


class Leases:
    """The leases of one study for one participant; may be used from any thread."""

    def __init__(self, engine: Engine, study: str, owner: str, stale_s: float) -> None:
        self._engine = engine
        self._who = {"study": study, "owner": owner}
        self.stale_s = stale_s
        """Silence after which a task may be taken over."""
        self._sql = _queries(engine)

    def create_table(self) -> None:
        """Make the table where it is not there yet."""
        self._change("create", {})

    def take(self, task: str) -> Lease | None:
        """Take a task that is free, or whose owner is silent; None when it is held or done."""
        with self._engine.begin() as connection:
            row = connection.execute(
                text(self._sql["take"]), {**self._who, "task": task, "stale_s": self.stale_s}
            ).first()
        return None if row is None else Lease(task, row.epoch, row.trial_id)

    def name_trial(self, lease: Lease, trial_id: int) -> bool:
        """Say which trial it is; False when it is ours no more."""
        return self._change("name_trial", {**_of(lease), "trial_id": trial_id})

    def beat(self, lease: Lease) -> bool:
        """Say that we are at it; False when it is ours no more."""
        return self._change("beat", _of(lease))

    def finish(self, lease: Lease) -> bool:
        """Count its trial; False when it is ours no more, and the trial counts for nothing."""
        return self._change("finish", _of(lease))

    def give_back(self, lease: Lease) -> None:
        """Leave the task to whoever comes next."""
        self._change("give_back", _of(lease))

    def done(self) -> dict[str, int]:
        """Every task that is counted, and its trial."""
        return {row.task: row.trial_id for row in self._rows("done")}

    def held(self) -> tuple[Held, ...]:
        """Every task that is not done, and who has it."""
        return tuple(Held(row.task, row.owner, float(row.silent_s)) for row in self._rows("held"))

    def _change(self, name: str, values: Mapping[str, object]) -> bool:
        with self._engine.begin() as connection:
            return bool(connection.execute(text(self._sql[name]), {**self._who, **values}).rowcount)

    def _rows(self, name: str) -> list[Any]:
        with self._engine.connect() as connection:
            return list(connection.execute(text(self._sql[name]), self._who))


def create_table(engine: Engine) -> None:
    """Make the table of leases where it is not there yet."""
    with engine.begin() as connection:
        connection.execute(text(_queries(engine)["create"]))


def _queries(engine: Engine) -> dict[str, str]:
    source = resources.files(__package__).joinpath("leases.sql").read_text(encoding="utf-8")
    clock = _CLOCKS[engine.dialect.name]
    return {name: query.replace("{now}", clock) for name, query in named_queries(source, "leases.sql").items()}


def _of(lease: Lease) -> dict[str, object]:
    return {"task": lease.task, "epoch": lease.epoch}
