"""The HNSW index of the chunks: dropped before a large import, built once no import is queued or running.

With the index in place Postgres stores some 230 vectors a second, without it more than 10,000. So an import above
`LARGE_UPLOAD_BYTES` drops it first (search scans exactly meanwhile), and cancels a build that is under way.
"""

import asyncio
import logging
from typing import Any

import psycopg
from psycopg import AsyncConnection, sql

from importer.database.jobs import RunningJob
from importer.database.pool import connect
from importer.database.queries import load_queries
from importer.database.vectors import INDEX_PREFIX, VectorSpace, vector_space
from importer.services import Services

_SQL = load_queries("index.sql")
_log = logging.getLogger(__name__)

LARGE_UPLOAD_BYTES = 2**20
"""Upload from which rebuilding the index is cheaper than feeding it: about 1,000 chunks, 5 s at 230 a second."""
_LOOK_EVERY_S = 1.0


async def keep_index(services: Services) -> None:
    """Build the index whenever it is missing and nobody imports, until cancelled."""
    while True:
        try:
            await _build_if_wanted(services)
        except psycopg.errors.QueryCanceled:
            _log.info("the index build gave way to an import")
        except psycopg.Error as error:
            _log.warning("the index is not built: %s", error)
        await asyncio.sleep(_LOOK_EVERY_S)


async def make_way(services: Services, job: RunningJob) -> None:
    """Cancel a build and drop the index before a large import; small ones feed it, slowly."""
    if not services.settings.index:
        return
    async with services.pool.connection() as connection:
        await connection.execute(_SQL["cancel_build"])
        if job.upload_bytes > LARGE_UPLOAD_BYTES:
            await _drop_all(connection)


async def index_state(connection: AsyncConnection[Any], services: Services) -> str:
    """Tell `off`, `missing` (search scans exactly), `building` or `ready`."""
    if not services.settings.index:
        return "off"
    row = await (await connection.execute(_SQL["state"], (vector_space(services.settings).index,))).fetchone()
    return str(row[0]) if row else "missing"


async def _build_if_wanted(services: Services) -> None:
    space = vector_space(services.settings)
    async with services.pool.connection() as connection:
        values = {"index": space.index, "model": space.model}
        row = await (await connection.execute(_SQL["wanted"], values)).fetchone()
    if row and row[0]:
        # A connection of its own: its end gives the lock back, whatever happens to us.
        async with await connect(services.settings.database_url, "index") as connection:
            await _build(connection, space, services.settings.index_build_memory_bytes)


async def _build(connection: AsyncConnection[Any], space: VectorSpace, memory_bytes: int) -> None:
    locked = await (await connection.execute(_SQL["lock"])).fetchone()
    if not (locked and locked[0]):
        return
    await connection.execute(sql.SQL("SET maintenance_work_mem = {}").format(f"{memory_bytes // 1024}kB"))
    await _drop_all(connection)
    await connection.execute(
        sql.SQL(_SQL["build"]).format(
            index=sql.Identifier(space.index),
            column=sql.Identifier(space.column),
            kind=space.kind_sql,
            operators=sql.Identifier(space.operators),
            model=space.model,
        )
    )


async def _drop_all(connection: AsyncConnection[Any]) -> None:
    names = await (await connection.execute(_SQL["indexes"], (INDEX_PREFIX,))).fetchall()
    for (name,) in names:
        await connection.execute(sql.SQL("DROP INDEX IF EXISTS {}").format(sql.Identifier(name)))
