"""What a process holds for its whole life, handed to routes and jobs as one frozen object."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import gethostname
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from importer.counters import Counters
from importer.database.migrate import migrate
from importer.database.pool import connect, make_pool
from importer.llm_cache import LLMCache

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx
    from psycopg_pool import AsyncConnectionPool

    from importer.config import Settings


@dataclass(slots=True)
class _HttpHolder:
    client: httpx.AsyncClient | None = None


def _memory_group() -> str:
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    ours = [line for line in lines if line.startswith("0::") or ":memory:" in line]
    return " ".join([gethostname(), *sorted(ours)])


@dataclass(frozen=True, slots=True)
class Services:
    """Settings, database pool, provider HTTP client, counters and LLM cache of this process."""

    settings: Settings
    pool: AsyncConnectionPool
    """Connections in autocommit mode: a transaction is `async with connection.transaction()`."""
    instance: str
    """A uuid that names this process: `heartbeats.runner`, and `importer:<instance>` as application_name."""
    counters: Counters
    cache: LLMCache
    memory_group: str = field(default_factory=_memory_group)
    """Names the machine and memory cgroup of this process, whose OOM kills `read_memory` counts."""
    running: set[UUID] = field(default_factory=set)
    """Imports that run in this process now."""
    _http: _HttpHolder = field(default_factory=_HttpHolder)

    @property
    def http(self) -> httpx.AsyncClient:
        """The one HTTP client of the process, made at its first use: its TLS context alone costs megabytes."""
        if self._http.client is None:
            from importer.provider_http import open_http

            self._http.client = open_http(self.settings)
        return self._http.client

    async def close_http(self) -> None:
        """Close the HTTP client, if it was ever used."""
        if self._http.client is not None:
            await self._http.client.aclose()


def most_connections(settings: Settings) -> int:
    """Bound the pool: per import one that writes, one that reads and one that beats; the rest serve requests."""
    return 5 + 3 * settings.max_running_imports


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Migrate the database, open the pool, and close all of it at the end."""
    async with await connect(settings.database_url, "migrate") as connection:
        await migrate(connection)
    instance = str(uuid4())
    pool = make_pool(settings.database_url, instance, most_connections(settings))
    counters = Counters()
    cache = LLMCache(settings.llm_cache_max_size, settings.llm_cache_ttl_s, counters)
    services = Services(settings, pool, instance, counters, cache)
    async with pool:
        try:
            yield services
        finally:
            await services.close_http()
