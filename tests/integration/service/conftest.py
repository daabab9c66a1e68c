"""A service in this process, on a database of its own, with whatever stands in for the pipeline."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest_asyncio

from importer.app import background, create_app
from importer.config import Settings
from importer.database.jobs import RunningJob
from importer.runner import RunImport
from importer.services import Services, open_services

DEADLINE_S = 20


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: a client that speaks to it, what it holds, and the event that ends its worker."""

    client: httpx.AsyncClient
    services: Services
    stop: asyncio.Event

    async def upload(self, *texts: bytes) -> str:
        """Upload one file for each text; return the job's id."""
        files = [("files", (f"{number}.txt", text)) for number, text in enumerate(texts)]
        answer = await self.client.post("/api/import", files=files)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    async def status(self, job_id: str) -> dict[str, Any]:
        """Return the job's status as the API tells it."""
        answer = await self.client.get(f"/api/import/status/{job_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def until(self, job_id: str, *statuses: str) -> dict[str, Any]:
        """Wait until the job is in one of these states."""
        async with asyncio.timeout(DEADLINE_S):
            while (status := await self.status(job_id))["status"] not in statuses:
                await asyncio.sleep(0.02)
        return status

    async def execute(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Run SQL beside the service; return the rows, if it makes any."""
        async with self.services.pool.connection() as connection:
            cursor = await connection.execute(query, values)
            return await cursor.fetchall() if cursor.description else []


StartService = Callable[..., Awaitable[Service]]


async def finish_at_once(job: RunningJob, services: Services, stop: asyncio.Event) -> None:
    """Stand in for the pipeline: everything is settled at once."""


@pytest_asyncio.fixture
async def start_service(database_url: str) -> AsyncIterator[StartService]:
    """Start services on one database; all end with the test."""
    async with AsyncExitStack() as stack:

        async def start(run_import: RunImport = finish_at_once, **changes: Any) -> Service:
            values = {"heartbeat_interval_s": 0.1, "stalled_after_s": 1.0, "shutdown_grace_s": 1.0} | changes
            services = await stack.enter_async_context(open_services(Settings(database_url=database_url, **values)))
            stop = asyncio.Event()
            await stack.enter_async_context(background(services, stop, run_import))
            app = create_app(services, stop, run_import)
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url="http://service")
            return Service(await stack.enter_async_context(client), services, stop)

        yield start
