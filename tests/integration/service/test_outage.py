"""The service outlives its database."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.dependencies.postgres import PostgresServer, fresh_database, start_embedded
from tests.integration.service.conftest import DEADLINE_S, StartService


@dataclass(slots=True)
class OwnPostgres:
    """A server that a test may crash; `server` is the one that runs now."""

    server: PostgresServer

    def crash_and_restart(self) -> None:
        """Take it through a crash and its recovery."""
        self.server.stop_immediately()
        self.server = self.server.restart()


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[OwnPostgres]:
    """A server of this test alone."""
    own = OwnPostgres(start_embedded(tmp_path / "server"))
    yield own
    own.server.stop()


@pytest.fixture
def database_url(own_postgres: OwnPostgres) -> Iterator[str]:
    """A database on it."""
    with fresh_database(own_postgres.server) as url:
        yield url


async def test_service_survives_a_crash_of_postgres(own_postgres: OwnPostgres, start_service: StartService) -> None:
    """While Postgres is away the answer is 503; afterwards the same process takes and finishes imports again."""
    service = await start_service()
    await service.until(await service.upload(b"before"), "completed")
    restart = asyncio.create_task(asyncio.to_thread(own_postgres.crash_and_restart))
    async with asyncio.timeout(DEADLINE_S):
        while (await service.client.get("/health")).status_code != 503:
            await asyncio.sleep(0.005)
    await restart
    async with asyncio.timeout(DEADLINE_S):
        while (await service.client.get("/health")).status_code != 200:
            await asyncio.sleep(0.05)
    await service.until(await service.upload(b"after"), "completed")
