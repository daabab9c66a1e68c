"""Stores an upload: its job, files, parts and queue job appear together, or not at all."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

from psycopg import AsyncConnection

from importer.database import jobs
from importer.database.queries import load_queries
from importer.uploads import FilePart, FileStart, UploadEvent

_SQL = load_queries("uploads.sql")


async def store_upload(connection: AsyncConnection[Any], events: AsyncIterator[UploadEvent]) -> UUID:
    """Write the upload as it arrives, in one transaction that ends with its queue job; return the job's id."""
    job_id = uuid4()
    async with connection.transaction():
        await connection.execute(_SQL["new_job"], (job_id,))
        async for event in events:
            await _write(connection, job_id, event)
        await connection.execute(_SQL["upload_size"], (job_id,))
        await jobs.defer(connection, job_id)
    return job_id


async def _write(connection: AsyncConnection[Any], job_id: UUID, event: UploadEvent) -> None:
    match event:
        case FilePart(ordinal, part, data):
            await connection.execute(_SQL["new_part"], (job_id, ordinal, part, data))
        case FileStart(ordinal, name):
            await connection.execute(_SQL["new_file"], (job_id, ordinal, name))
        case _:
            await connection.execute(_SQL["file_size"], (event.size_bytes, job_id, event.ordinal))
