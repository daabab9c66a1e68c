"""Job states, and what a person may do to a job: resume, cancel, delete.

    queued -> running -> completed | completed_with_errors
    running -> interrupted | failed | cancelled -> (resume) queued
    queued -> cancelled

Every take-over raises the job's epoch: whoever runs under an older one is fenced and writes nothing more.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from importer.database import jobs
from importer.database.garbage import collect_garbage, request_collection
from importer.errors import ImporterError
from importer.memory import read_memory
from importer.services import Services
from importer.supervisor import interrupt_silent

RESUMABLE = ("interrupted", "failed", "cancelled")
CANCELLABLE = ("queued", "running")
COMPLETE = ("completed", "completed_with_errors")
STATUSES = (*CANCELLABLE, *RESUMABLE, *COMPLETE)


class JobRefused(ImporterError):
    """What was asked cannot be done to this job; `status` is the HTTP status, `code` is machine-readable."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a job cannot be resumed."""

    code: str
    text: str


def why_not_resumable(
    status: str, error_code: str | None, old_limit_bytes: int | None, limit_bytes: int | None
) -> Refusal | None:
    """Tell why a job in this state cannot go on, or None when it can (given that its upload is still there)."""
    if status in CANCELLABLE:
        return Refusal(status, f"the import is {status} already")
    if status in COMPLETE:
        return Refusal("complete", "the import is complete; there is nothing to resume")
    if error_code == "memory" and not _has_grown(old_limit_bytes, limit_bytes):
        return Refusal("memory", "memory killed the import twice without progress; it needs a larger limit")
    return None


def _has_grown(old_limit_bytes: int | None, limit_bytes: int | None) -> bool:
    return old_limit_bytes is not None and (limit_bytes is None or limit_bytes > old_limit_bytes)


async def _lock(connection: AsyncConnection[Any], job_id: UUID) -> jobs.LockedJob:
    job = await jobs.lock(connection, job_id)
    if job is None:
        raise JobRefused(404, "unknown_job", "there is no such import")
    return job


async def resume(services: Services, job_id: UUID) -> None:
    """Queue a job that stopped under a new epoch; of concurrent calls exactly one succeeds, the others are refused."""
    await interrupt_silent(services)
    async with services.pool.connection() as connection, connection.transaction():
        job = await _lock(connection, job_id)
        limit = read_memory().limit_bytes
        refusal = why_not_resumable(job.status, job.error_code, job.limit_bytes, limit)
        if refusal is None and not await jobs.has_source(connection, job_id):
            refusal = Refusal("source_gone", "the upload is no longer stored; upload the files again")
        if refusal is not None:
            raise JobRefused(409, refusal.code, refusal.text)
        await jobs.requeue(connection, job_id, job.epoch, job.status, attempts=1)


async def cancel(services: Services, job_id: UUID) -> None:
    """Cancel a job that is queued or running; its runner is fenced at once and stops at its next heartbeat."""
    async with services.pool.connection() as connection, connection.transaction():
        job = await _lock(connection, job_id)
        if job.status not in CANCELLABLE:
            raise JobRefused(409, job.status, f"the import is {job.status}; only a queued or running one is cancelled")
        await jobs.cancel(connection, job_id)


async def delete(services: Services, job_id: UUID) -> None:
    """Remove a job that does not run, its upload, and soon the documents that no other job refers to."""
    async with services.pool.connection() as connection:
        async with connection.transaction():
            job = await _lock(connection, job_id)
            if job.status == "running":
                raise JobRefused(409, "running", "the import is running; cancel it first")
            await jobs.delete(connection, job_id)
            await request_collection(connection)
        await collect_garbage(connection)
