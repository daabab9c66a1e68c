"""The one way to write for a running job: in a transaction that holds the job's row while it is still its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from importer.database.jobs import RunningJob
from importer.database.queries import load_queries
from importer.errors import Fenced

_SQL = load_queries("store.sql")


@dataclass(frozen=True, slots=True)
class FencedTransaction:
    """An open transaction that holds the job's row, and what the row said when it was locked."""

    connection: AsyncConnection[Any]
    settled: int
    """Documents settled so far: the checkpoint."""


@asynccontextmanager
async def fenced(pool: AsyncConnectionPool, job: RunningJob) -> AsyncIterator[FencedTransaction]:
    """Open a transaction and lock the job's row; Fenced when it is no longer run under this epoch.

    It commits at the end of the block. Whoever takes the job over or cancels it waits for that, or comes first.
    """
    # The pool hands out connections in autocommit mode, and commits or rolls back what was begun on them.
    async with pool.connection() as connection:
        async with connection.pipeline():
            await connection.execute("BEGIN")
            cursor = await connection.execute(_SQL["lock_job"], (job.id, job.epoch))
        row = await cursor.fetchone()
        if row is None:
            raise fenced_error(job)
        yield FencedTransaction(connection, row[0])


def fenced_error(job: RunningJob) -> Fenced:
    """Return the error that says that the job has moved on."""
    return Fenced(f"import {job.id} is no longer run under epoch {job.epoch}")
