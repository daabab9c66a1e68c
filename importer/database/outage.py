"""Goes on after what a database does now and then: conflicts, a lost connection, a COMMIT without an answer."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg
from psycopg.errors import DiskFull, ReadOnlySqlTransaction, UniqueViolation

from importer.errors import Interrupted

T = TypeVar("T")

MOST_CONFLICTS = 20
FIRST_DELAY_S = 0.02
LONGEST_DELAY_S = 0.5

_CONFLICTS = frozenset({"40001", "40P01"})
_OUTAGES = frozenset({"57P01", "57P02", "57P03", "53300"})
"""Shut down by an administrator, crashed, starting up, too many connections; class 08 is about the connection."""


async def through_outages(transaction: Callable[[int], Awaitable[T]], give_up_after_s: float) -> T:
    """Return what `transaction` returns; it is handed its number, from 0, and run again after a fault that may pass.

    From number 1 on it must read what is there before it writes: the one before may have committed, although no
    answer came. Interrupted when the fault does not pass (20 conflicts, or an outage of `give_up_after_s`), or
    needs a person: a full disk, a read-only database.
    """
    conflicts, lost_at_s, number = 0, 0.0, 0
    while True:
        try:
            return await transaction(number)
        except psycopg.Error as error:
            if _is_conflict(error):
                conflicts += 1
            elif _is_outage(error):
                lost_at_s = lost_at_s or time.monotonic()
            _raise_if_final(error, conflicts, lost_at_s, give_up_after_s)
        await asyncio.sleep(min(FIRST_DELAY_S * 2.0**number, LONGEST_DELAY_S) * random.uniform(0.5, 1))  # noqa: S311
        number += 1


def _raise_if_final(error: psycopg.Error, conflicts: int, lost_at_s: float, give_up_after_s: float) -> None:
    if isinstance(error, DiskFull):
        raise Interrupted("disk_full", "the database's disk is full") from error
    if isinstance(error, ReadOnlySqlTransaction):
        raise Interrupted("read_only", "the database is read-only") from error
    if _is_conflict(error):
        if conflicts >= MOST_CONFLICTS:
            raise Interrupted("conflict", f"the database refused a transaction {conflicts} times: {error}") from error
    elif not _is_outage(error):
        raise error
    elif time.monotonic() - lost_at_s >= give_up_after_s:
        raise Interrupted("database_unavailable", f"no database for {give_up_after_s:g} s: {error}") from error


def _is_conflict(error: psycopg.Error) -> bool:
    return isinstance(error, UniqueViolation) or error.sqlstate in _CONFLICTS


def _is_outage(error: psycopg.Error) -> bool:
    state = error.sqlstate
    if state is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return state.startswith("08") or state in _OUTAGES
