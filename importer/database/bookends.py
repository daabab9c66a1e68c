"""What an import writes before its first and after its last document."""

from collections.abc import Mapping
from uuid import UUID

from psycopg_pool import AsyncConnectionPool

from importer.database.fence import fenced
from importer.database.garbage import request_collection
from importer.database.jobs import RunningJob
from importer.database.outage import through_outages
from importer.database.queries import load_queries

_SQL = load_queries("store.sql")

PAGE_SOURCES = 1000
"""Concepts whose relations are recomputed in one transaction, which holds the job's row meanwhile."""


async def record_totals(
    pool: AsyncConnectionPool, job: RunningJob, counts: Mapping[int, int], give_up_after_s: float
) -> None:
    """Record how many documents the files have (by ordinal) and the whole upload has."""

    async def write(_: int) -> None:
        async with fenced(pool, job) as transaction, transaction.connection.pipeline():
            for ordinal, count in counts.items():
                await transaction.connection.execute(_SQL["set_file_documents"], (count, job.id, ordinal))
            await transaction.connection.execute(_SQL["set_documents_total"], (sum(counts.values()), job.id))

    await through_outages(write, give_up_after_s)


async def recompute_relations(pool: AsyncConnectionPool, job: RunningJob, give_up_after_s: float) -> None:
    """Count, for each pair of concepts that a document of this job mentions together, all documents that do."""
    last = UUID(int=0)

    async def write_page(_: int) -> list[UUID]:
        async with fenced(pool, job) as transaction:
            connection = transaction.connection
            await connection.execute(_SQL["lock_relations"])
            values = {"job": job.id, "after": last, "limit": PAGE_SOURCES}
            sources = [one for (one,) in await (await connection.execute(_SQL["touched_sources"], values)).fetchall()]
            if sources:
                await connection.execute(_SQL["recompute_relations"], {"job": job.id, "sources": sources})
        return sources

    while sources := await through_outages(write_page, give_up_after_s):
        last = sources[-1]


async def clear_up(pool: AsyncConnectionPool, job: RunningJob, give_up_after_s: float) -> None:
    """Ask for what documents left behind that failed half-way to be dropped."""

    async def write(_: int) -> None:
        async with fenced(pool, job) as transaction:
            row = await (await transaction.connection.execute(_SQL["has_remains"], (job.id,))).fetchone()
            if row and row[0]:
                await request_collection(transaction.connection)

    await through_outages(write, give_up_after_s)
