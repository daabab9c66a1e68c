"""Drops what no job refers to any more, once no import is running."""

from typing import Any

from psycopg import AsyncConnection

from importer.database.queries import load_queries

_SQL = load_queries("garbage.sql")


async def request_collection(connection: AsyncConnection[Any]) -> None:
    """Ask for a collection, in the transaction that made the garbage."""
    await connection.execute(_SQL["request"])


async def collect_garbage(connection: AsyncConnection[Any]) -> bool:
    """Collect if that was asked for and no import is running; True when something was collected."""
    async with connection.transaction():
        locked = await (await connection.execute(_SQL["lock"])).fetchone()
        if not (locked and locked[0]) or not await (await connection.execute(_SQL["take_requests"])).fetchall():
            return False
        await connection.execute(_SQL["collect"])
        return True
