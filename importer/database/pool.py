"""The connections of a process, named after it so that a take-over can find the sessions of a stale runner."""

from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

CONNECT_TIMEOUT_S = 5
_SESSION = "-c client_connection_check_interval=1000"
"""Postgres looks every second (ms) whether we are alive: a killed process leaves no statement and no lock behind."""


def conninfo(database_url: str, application_name: str) -> str:
    """Add our session settings to `database_url`, without losing options that it has itself."""
    given = psycopg.conninfo.conninfo_to_dict(database_url)
    options = f"{given.get('options') or ''} {_SESSION}".strip()
    return make_conninfo(
        database_url, application_name=application_name, connect_timeout=CONNECT_TIMEOUT_S, options=options
    )


def make_pool(database_url: str, instance: str, most_connections: int) -> AsyncConnectionPool:
    """Make the pool of a process; it still has to be opened."""
    return AsyncConnectionPool(
        conninfo(database_url, f"importer:{instance}"),
        min_size=1,
        max_size=most_connections,
        open=False,
        configure=_autocommit,
        timeout=10,
        reconnect_timeout=5,
        max_idle=60,
        num_workers=1,
    )


async def connect(database_url: str, purpose: str) -> AsyncConnection[Any]:
    """Open a connection of its own, for what may take long (an upload, an index build)."""
    return await AsyncConnection.connect(conninfo(database_url, f"importer-{purpose}"), autocommit=True)


async def _autocommit(connection: AsyncConnection[Any]) -> None:
    # Procrastinate opens its listening connection with the pool's own arguments and autocommit=True beside them.
    await connection.set_autocommit(True)
