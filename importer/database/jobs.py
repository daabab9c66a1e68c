"""Rows of `jobs`: claim, heartbeat, take-over, outcome. Every write of a runner is fenced by its epoch."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from importer.database.queries import load_queries

_SQL = load_queries("jobs.sql")

MIN_WINDOW = 32
"""Chunks below which memory kills do not push the window."""


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """One file of an upload, in the order in which it was sent."""

    ordinal: int
    name: str
    size_bytes: int
    documents: int | None
    """Documents in it, once they were counted (`upload_files.documents`)."""


@dataclass(frozen=True, slots=True)
class RunningJob:
    """A job as its runner claimed it; the epoch is its fencing token."""

    id: UUID
    epoch: int
    attempt: int
    window: int
    """Chunks held at once: the setting, halved by each memory kill (at least 32); 0 holds the whole job."""
    files: tuple[UploadedFile, ...]
    settled: int
    """Documents settled by earlier attempts (rows of `job_documents`): where to go on."""
    upload_bytes: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a runner tells of itself; memory is of its cgroup, None where it is not known."""

    runner: str
    memory_group: str
    memory_bytes: int | None
    limit_bytes: int | None
    oom_kills: int | None


@dataclass(frozen=True, slots=True)
class StalledJob:
    """A running job whose runner is silent: its last heartbeat and what it has committed since its claim."""

    id: UUID
    epoch: int
    memory_group: str | None
    memory_bytes: int | None
    limit_bytes: int | None
    oom_kills: int | None
    memory_kills: int
    has_committed: bool


@dataclass(frozen=True, slots=True)
class LockedJob:
    """A job whose row the caller has locked; the limit is that of its last runner."""

    status: str
    epoch: int
    error_code: str | None
    limit_bytes: int | None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job stopped short of completion."""

    status: str
    code: str
    text: str


def reduced_window(window: int, halvings: int) -> int:
    """Halve `window` as often as memory killed the job, down to 32; 0 (the whole job) stays 0."""
    return max(min(window, MIN_WINDOW), window >> halvings)


async def claim(
    connection: AsyncConnection[Any], job_id: UUID, epoch: int, window: int, beat: Heartbeat
) -> RunningJob | None:
    """Take a queued job of this epoch, or None: it is no longer queued, or another epoch has taken its place."""
    async with connection.transaction():
        await connection.execute(_SQL["lock_claims"])
        cursor = await connection.execute(_SQL["claim"], {"id": job_id, "epoch": epoch})
        row = await cursor.fetchone()
        if row is None:
            return None
        await connection.execute(_SQL["start_heartbeat"], _claim_values(job_id, epoch, beat))
        cursor = await connection.execute(_SQL["files"], {"id": job_id})
        files = tuple(UploadedFile(*file) for file in await cursor.fetchall())
    attempt, halvings, upload_bytes, settled = row
    return RunningJob(job_id, epoch, attempt, reduced_window(window, halvings), files, settled, upload_bytes)


def _claim_values(job_id: UUID, epoch: int, beat: Heartbeat) -> dict[str, Any]:
    return _beat_values(job_id, epoch, beat) | {"runner": beat.runner, "group": beat.memory_group}


async def beat(connection: AsyncConnection[Any], job_id: UUID, epoch: int, heartbeat: Heartbeat) -> bool:
    """Record a sign of life; False when the job has moved on and its runner must stop."""
    cursor = await connection.execute(_SQL["beat"], _beat_values(job_id, epoch, heartbeat))
    return await cursor.fetchone() is not None


def _beat_values(job_id: UUID, epoch: int, heartbeat: Heartbeat) -> dict[str, Any]:
    return {
        "id": job_id,
        "epoch": epoch,
        "memory": heartbeat.memory_bytes,
        "limit": heartbeat.limit_bytes,
        "oom_kills": heartbeat.oom_kills,
    }


async def complete(connection: AsyncConnection[Any], job_id: UUID, epoch: int, stage: str) -> None:
    """Record that everything is settled; nothing happens when the job has moved on."""
    await connection.execute(_SQL["complete"], {"id": job_id, "epoch": epoch, "stage": stage})


async def end(connection: AsyncConnection[Any], job_id: UUID, epoch: int, ending: Ending) -> None:
    """Record that the job stopped and why; nothing happens when it has moved on."""
    values = {"id": job_id, "epoch": epoch, "status": ending.status, "code": ending.code, "text": ending.text}
    await connection.execute(_SQL["end"], values)


async def stalled(connection: AsyncConnection[Any], silence_s: float, own: Collection[UUID]) -> list[tuple[UUID, int]]:
    """Return id and epoch of running jobs silent for `silence_s`, except those that this process runs (`own`)."""
    cursor = await connection.execute(_SQL["stalled"], {"silence_s": silence_s, "own": list(own)})
    return await cursor.fetchall()


async def interrupted(connection: AsyncConnection[Any], codes: Sequence[str] | None) -> list[UUID]:
    """Return interrupted jobs, oldest first, whose last attempt was the first or has committed; None: of any code."""
    rows = await (await connection.execute(_SQL["interrupted"], {"codes": list(codes) if codes else None})).fetchall()
    return [row[0] for row in rows]


async def end_stale_sessions(connection: AsyncConnection[Any], job_id: UUID, silence_s: float, instance: str) -> None:
    """End open transactions of the job's silent runner: a stopped process may hold the job's row."""
    await connection.execute(_SQL["end_stale_sessions"], {"id": job_id, "silence_s": silence_s, "self": instance})


async def lock_stalled(
    connection: AsyncConnection[Any], job_id: UUID, epoch: int, silence_s: float
) -> StalledJob | None:
    """Lock the job if it is still running and silent; for use in a transaction."""
    values = {"id": job_id, "epoch": epoch, "silence_s": silence_s}
    await connection.execute("SET LOCAL lock_timeout = '2s'")
    row = await (await connection.execute(_SQL["lock_stalled"], values)).fetchone()
    return None if row is None else StalledJob(job_id, epoch, *row)


async def interrupt_stalled(
    connection: AsyncConnection[Any], job: StalledJob, ending: Ending, memory_kills: int, halvings: int
) -> None:
    """Write what became of a stalled job that `lock_stalled` holds."""
    values = {"id": job.id, "epoch": job.epoch, "status": ending.status, "code": ending.code, "text": ending.text}
    values |= {"memory_kills": memory_kills, "halvings": halvings}
    await connection.execute(_SQL["interrupt_stalled"], values)


async def lost(connection: AsyncConnection[Any], silence_s: float) -> list[tuple[UUID, int]]:
    """Return id and epoch of queued jobs that no worker will ever claim."""
    cursor = await connection.execute(_SQL["lost"], {"silence_s": silence_s})
    return await cursor.fetchall()


async def requeue(connection: AsyncConnection[Any], job_id: UUID, epoch: int, status: str, attempts: int) -> bool:
    """Queue the job again under a new epoch with a new queue job, if it still is as the caller saw it."""
    async with connection.transaction():
        values = {"id": job_id, "epoch": epoch, "status": status, "attempts": attempts}
        row = await (await connection.execute(_SQL["requeue"], values)).fetchone()
        if row is not None:
            await defer(connection, job_id)
    return row is not None


async def defer(connection: AsyncConnection[Any], job_id: UUID) -> None:
    """Put the queue job of the job's present epoch into Procrastinate's table; commits with the caller."""
    await connection.execute(_SQL["defer"], {"id": job_id})


async def drop_stale_queue_jobs(connection: AsyncConnection[Any]) -> None:
    """Delete queue jobs that killed workers left behind."""
    await connection.execute(_SQL["drop_stale_queue_jobs"])


async def lock(connection: AsyncConnection[Any], job_id: UUID) -> LockedJob | None:
    """Lock the job's row for the caller's transaction; None when there is no such job."""
    await connection.execute("SET LOCAL lock_timeout = '5s'")
    row = await (await connection.execute(_SQL["lock"], {"id": job_id})).fetchone()
    return None if row is None else LockedJob(*row)


async def has_source(connection: AsyncConnection[Any], job_id: UUID) -> bool:
    """Tell whether the upload is still there to be read again."""
    row = await (await connection.execute(_SQL["has_source"], {"id": job_id})).fetchone()
    return bool(row and row[0])


async def cancel(connection: AsyncConnection[Any], job_id: UUID) -> None:
    """Cancel a job that the caller has locked; its runner is fenced by the new epoch."""
    await connection.execute(_SQL["cancel"], {"id": job_id})


async def delete(connection: AsyncConnection[Any], job_id: UUID) -> None:
    """Delete a job that the caller has locked, with its upload and its list of documents."""
    await connection.execute(_SQL["delete"], {"id": job_id})


async def is_busy(connection: AsyncConnection[Any]) -> bool:
    """Tell whether any import is queued or running, in whatever process."""
    row = await (await connection.execute(_SQL["busy"])).fetchone()
    return bool(row and row[0])


async def count_by_status(connection: AsyncConnection[Any]) -> dict[str, int]:
    """Count jobs by status."""
    return dict(await (await connection.execute(_SQL["count_by_status"])).fetchall())
