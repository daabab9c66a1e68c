"""Imports run by the pipeline itself, on a real database, with a provider inside the test."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio

from importer.config import Settings
from importer.database.jobs import RunningJob, UploadedFile
from importer.pipeline import run_import
from importer.services import Services, open_services
from tests.integration.pipeline.provider import DIMENSIONS, FakeProvider

DEADLINE_S = 30

CONTENT = """
SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
    SELECT concat('chunk ', model, text, embedding, embedding_half) AS line FROM chunks
    UNION ALL SELECT concat('document ', id, name, title, model, chunk_count, extraction_id) FROM documents
    UNION ALL SELECT concat('part ', document_id, ordinal, chunk_id) FROM document_chunks
    UNION ALL SELECT concat('extraction ', id, model, concepts) FROM extractions
    UNION ALL SELECT concat('concept ', id, model, name, embedding, embedding_half) FROM concepts
    UNION ALL SELECT concat('mention ', document_id, concept_id) FROM mentions
    UNION ALL SELECT concat('relation ', source, target, documents) FROM relations
    UNION ALL SELECT concat('outcome ', position, name, outcome, document_id, reason) FROM job_documents
) AS content
"""
"""An order-independent digest of all that is stored."""


@dataclass
class Importing:
    """One database, one provider, and imports that run on them."""

    services: Services
    provider: FakeProvider
    settings: Settings
    stack: AsyncExitStack
    files: dict[UUID, tuple[tuple[str, bytes], ...]] = field(default_factory=dict)

    async def upload(self, *files: tuple[str, bytes]) -> UUID:
        """Store an upload whose job a runner has claimed."""
        job_id = uuid4()
        size = sum(len(data) for _, data in files)
        await self.execute("INSERT INTO jobs (id, status, upload_bytes) VALUES (%s, 'running', %s)", job_id, size)
        for ordinal, (name, data) in enumerate(files):
            await self.execute(
                "INSERT INTO upload_files VALUES (%s, %s, %s, %s, NULL)", job_id, ordinal, name, len(data)
            )
            await self.execute("INSERT INTO upload_parts VALUES (%s, %s, 0, %s)", job_id, ordinal, data)
        return job_id

    async def run(self, job_id: UUID, stop: asyncio.Event | None = None, **changes: Any) -> None:
        """Run the pipeline on a job as its present epoch finds it, with settings of its own."""
        services = replace(self.services, settings=replace(self.settings, **changes))
        job = await self.claimed(job_id, services.settings.window)
        async with asyncio.timeout(DEADLINE_S):
            await run_import(job, services, stop or asyncio.Event())

    async def claimed(self, job_id: UUID, window: int) -> RunningJob:
        """Return the job as a runner that claims it would see it."""
        query = "SELECT epoch, documents_done + documents_failed, upload_bytes FROM jobs WHERE id = %s"
        ((epoch, settled, size),) = await self.execute(query, job_id)
        query = "SELECT ordinal, name, size_bytes, documents FROM upload_files WHERE job_id = %s ORDER BY ordinal"
        files = tuple(UploadedFile(*row) for row in await self.execute(query, job_id))
        return RunningJob(job_id, epoch, 1, window, files, settled, size)

    async def take_over(self, job_id: UUID) -> None:
        """Raise the job's epoch, as whoever resumes it does."""
        await self.execute("UPDATE jobs SET epoch = epoch + 1 WHERE id = %s", job_id)

    async def execute(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Run SQL; return the rows, if it makes any."""
        async with self.services.pool.connection() as connection:
            cursor = await connection.execute(query, values)
            return await cursor.fetchall() if cursor.description else []

    async def content(self) -> str:
        """Return a digest of all that is stored."""
        return str((await self.execute(CONTENT))[0][0])

    async def counts(self, job_id: UUID) -> dict[str, int]:
        """Return the job's own counts."""
        names = ("documents_total", "documents_done", "documents_failed", "duplicates", "chunks_stored")
        row = (await self.execute(f"SELECT {', '.join(names)} FROM jobs WHERE id = %s", job_id))[0]  # noqa: S608
        return dict(zip(names, row, strict=True))

    async def failures(self, job_id: UUID) -> Sequence[tuple[str, str]]:
        """Return name and reason of the documents that failed."""
        query = "SELECT name, reason FROM job_documents WHERE job_id = %s AND outcome = 'failed' ORDER BY position"
        return [(name, reason) for name, reason in await self.execute(query, job_id)]


@pytest.fixture
def provider() -> FakeProvider:
    """Return a provider that answers everything."""
    return FakeProvider()


@pytest_asyncio.fixture
async def importing(database_url: str, provider: FakeProvider) -> AsyncIterator[Importing]:
    """Open a migrated database and a provider for a test."""
    settings = Settings(
        database_url=database_url,
        openai_base_url="http://provider/v1",
        cohere_base_url="http://provider",
        embedding_dimensions=DIMENSIONS,
        openai_batch_size=8,
        cohere_batch_size=8,
        embedding_batch_size=8,
        store_batch_size=16,
        window=64,
        chunk_chars=100,
        database_retry_s=5.0,
    )
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(open_services(settings))
        client = await stack.enter_async_context(httpx.AsyncClient(transport=provider.transport()))
        services._http.client = client  # where the process keeps its one client
        yield Importing(services, provider, settings, stack)
