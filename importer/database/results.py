"""What the API tells: jobs, and what they stored so far."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row, dict_row

from importer.database.queries import load_queries

_SQL = load_queries("results.sql")


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the API reads it; memory is that of the last heartbeat, `pace_…` what the 30 s before it brought."""

    id: UUID
    status: str
    stage: str
    epoch: int
    attempt: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    last_chunk_at: datetime | None
    upload_bytes: int
    upload_done_bytes: int
    documents_total: int | None
    documents_done: int
    documents_failed: int
    duplicates: int
    chunks_stored: int
    error_code: str | None
    error: str | None
    window_halvings: int
    memory_bytes: int | None
    limit_bytes: int | None
    beat_at: datetime | None
    pace_s: float | None
    pace_upload_bytes: int | None
    pace_documents: int | None
    pace_chunks: int | None
    file_name: str | None
    files: int | None
    has_source: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a list are wanted."""

    limit: int
    offset: int


async def find_job(connection: AsyncConnection[Any], job_id: UUID) -> JobRow | None:
    """Return one job, or None when there is no such job."""
    values = {"id": job_id, "statuses": None, "first": None, "limit": 1, "offset": 0}
    return next(iter(await _jobs(connection, values)), None)


async def list_jobs(
    connection: AsyncConnection[Any], statuses: list[str] | None, first: str | None, page: Page
) -> tuple[list[JobRow], int]:
    """Return a page of the jobs in these statuses (None: all), and how many there are in all.

    Newest first, but those whose status is `first` before all others.
    """
    values = {"id": None, "statuses": statuses, "first": first, "limit": page.limit, "offset": page.offset}
    cursor = await connection.execute(_SQL["count_jobs"], {"statuses": statuses})
    total = await cursor.fetchone()
    return await _jobs(connection, values), total[0] if total else 0


async def _jobs(connection: AsyncConnection[Any], values: dict[str, Any]) -> list[JobRow]:
    async with connection.cursor(row_factory=class_row(JobRow)) as cursor:
        return await (await cursor.execute(_SQL["jobs"], values)).fetchall()


async def memory_history(
    connection: AsyncConnection[Any], job_id: UUID, points: int
) -> tuple[int | None, list[tuple[float, int]]]:
    """Return the newest epoch that beat, and its memory in at most `points` pairs of Unix time and bytes."""
    row = await (await connection.execute(_SQL["last_epoch"], {"id": job_id})).fetchone()
    epoch = row[0] if row else None
    values = {"id": job_id, "epoch": epoch, "points": points}
    return epoch, await (await connection.execute(_SQL["memory"], values)).fetchall()


async def list_documents(connection: AsyncConnection[Any], job_id: UUID, page: Page) -> list[dict[str, Any]]:
    """Return a page of the documents that the job stored, in the order of the upload."""
    return await _rows(connection, "documents", job_id, page)


async def list_errors(connection: AsyncConnection[Any], job_id: UUID, page: Page) -> list[dict[str, Any]]:
    """Return a page of the documents that failed, and why."""
    return await _rows(connection, "errors", job_id, page)


async def _rows(connection: AsyncConnection[Any], name: str, job_id: UUID, page: Page) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        values = {"id": job_id, "limit": page.limit, "offset": page.offset}
        return await (await cursor.execute(_SQL[name], values)).fetchall()
