"""Transactions that fail: which are run again, as what number, and which interrupt the job with what code."""

import psycopg
import pytest
from psycopg.errors import (
    AdminShutdown,
    CannotConnectNow,
    DeadlockDetected,
    DiskFull,
    ReadOnlySqlTransaction,
    SerializationFailure,
    UndefinedTable,
    UniqueViolation,
)
from psycopg_pool import PoolTimeout

from importer.database.outage import MOST_CONFLICTS, through_outages
from importer.errors import Fenced, Interrupted


class Transaction:
    """A transaction that fails as told, one fault a run."""

    def __init__(self, *faults: Exception) -> None:
        self._faults = list(faults)
        self.numbers: list[int] = []

    async def __call__(self, number: int) -> str:
        """Run it."""
        self.numbers.append(number)
        if self._faults:
            raise self._faults.pop(0)
        return "stored"


@pytest.mark.parametrize(
    "fault",
    [
        SerializationFailure(),
        DeadlockDetected(),
        UniqueViolation(),
        AdminShutdown(),
        CannotConnectNow(),
        psycopg.OperationalError("server closed the connection unexpectedly"),
        psycopg.InterfaceError("the connection is closed"),
        PoolTimeout(),
    ],
    ids=lambda fault: type(fault).__name__,
)
async def test_what_may_pass_is_run_again_and_told_so(fault: psycopg.Error) -> None:
    """A later run knows that it is not the first: the one before may have committed."""
    transaction = Transaction(fault, fault)
    assert await through_outages(transaction, 60) == "stored"
    assert transaction.numbers == [0, 1, 2]


@pytest.mark.parametrize(
    ("fault", "code"),
    [(DiskFull(), "disk_full"), (ReadOnlySqlTransaction(), "read_only"), (AdminShutdown(), "database_unavailable")],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_needs_a_person_interrupts(fault: psycopg.Error, code: str) -> None:
    """A full disk or a read-only database at once, an outage after its time."""
    transaction = Transaction(fault)
    with pytest.raises(Interrupted) as raised:
        await through_outages(transaction, 0)
    assert raised.value.code == code
    assert transaction.numbers == [0]


async def test_conflicts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A conflict that never ends interrupts the job instead of spinning."""
    monkeypatch.setattr("importer.database.outage.FIRST_DELAY_S", 0.0)
    transaction = Transaction(*[SerializationFailure() for _ in range(MOST_CONFLICTS + 5)])
    with pytest.raises(Interrupted) as raised:
        await through_outages(transaction, 60)
    assert raised.value.code == "conflict"
    assert len(transaction.numbers) == MOST_CONFLICTS


@pytest.mark.parametrize("fault", [UndefinedTable(), Fenced("taken over"), ValueError("a bug")], ids=str)
async def test_anything_else_goes_through(fault: Exception) -> None:
    """Neither a bug nor a fence is retried."""
    with pytest.raises(type(fault)):
        await through_outages(Transaction(fault), 60)
