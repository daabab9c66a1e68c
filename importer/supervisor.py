"""Looks after jobs whose process is gone: silent runners, lost queue jobs, and what they left behind.

Every instance does this, at its start too. It never touches a job whose heartbeat is recent by the database's clock.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg import AsyncConnection

from importer.database import jobs
from importer.database.garbage import collect_garbage
from importer.database.jobs import Ending, StalledJob
from importer.memory import MemoryState, read_memory
from importer.services import Services

_log = logging.getLogger(__name__)

_NEARLY_FULL = 0.9
"""Share of the limit from which a silent death is put down to memory."""
MEMORY_CODES = ("killed_memory", "probably_memory")
LOST_CODES = (*MEMORY_CODES, "lost_worker")
"""What is told of a job whose process is gone."""


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is written of a stalled job."""

    ending: Ending
    memory_kills: int
    halvings: int


async def supervise(services: Services) -> None:
    """Look after jobs at every heartbeat interval, until cancelled; a database that is away is tried again."""
    while True:
        try:
            await interrupt_silent(services)
            await _requeue_lost(services)
            await _tidy(services)
        except psycopg.Error as error:
            _log.warning("supervision has to wait: %s", error)
            await services.pool.check()
        except Exception:
            # Without supervision a dead runner's job would stay running for ever.
            _log.exception("supervision goes on after an error")
        await asyncio.sleep(services.settings.heartbeat_interval_s)


async def interrupt_silent(services: Services) -> None:
    """Mark running jobs whose runner is silent as interrupted, with what is known of its death."""
    silence_s = services.settings.stalled_after_s
    async with services.pool.connection() as connection:
        for job_id, epoch in await jobs.stalled(connection, silence_s, services.running):
            await jobs.end_stale_sessions(connection, job_id, silence_s, services.instance)
            try:
                await _interrupt(connection, services, job_id, epoch)
            except psycopg.errors.LockNotAvailable:
                _log.warning("import %s is silent, but its row is locked; tried again later", job_id)


async def _interrupt(connection: AsyncConnection[Any], services: Services, job_id: UUID, epoch: int) -> None:
    async with connection.transaction():
        job = await jobs.lock_stalled(connection, job_id, epoch, services.settings.stalled_after_s)
        if job is not None:
            after = aftermath(job, read_memory(), services.memory_group)
            await jobs.interrupt_stalled(connection, job, after.ending, after.memory_kills, after.halvings)
            _log.warning("import %s: %s", job_id, after.ending.text)


def aftermath(job: StalledJob, memory: MemoryState, memory_group: str) -> Aftermath:
    """Decide what became of a stalled job: the second memory kill in a row without a commit ends it."""
    code, text = cause_of_death(job, memory, memory_group)
    if code not in MEMORY_CODES:
        return Aftermath(Ending("interrupted", code, text), job.memory_kills, 0)
    kills = 1 if job.has_committed else job.memory_kills + 1
    if kills >= 2:
        text = "memory killed it twice without progress: it needs a larger limit"
        return Aftermath(Ending("failed", "memory", text), kills, 1)
    return Aftermath(Ending("interrupted", code, text), kills, 1)


def cause_of_death(job: StalledJob, memory: MemoryState, memory_group: str) -> tuple[str, str]:
    """Name what is known of the silence: proved by the group's counter, probable by the last heartbeat, or nothing."""
    if job.memory_group == memory_group and job.oom_kills is not None and memory.oom_kills > job.oom_kills:
        return "killed_memory", "killed for memory: the kernel's counter of OOM kills went up"
    share = job.memory_bytes / job.limit_bytes if job.memory_bytes and job.limit_bytes else 0.0
    if share >= _NEARLY_FULL:
        return "probably_memory", f"probably killed for memory: last seen at {share:.0%} of its limit"
    return "lost_worker", "its worker stopped answering"


async def _requeue_lost(services: Services) -> None:
    async with services.pool.connection() as connection:
        for job_id, epoch in await jobs.lost(connection, services.settings.stalled_after_s):
            if await jobs.requeue(connection, job_id, epoch, "queued", attempts=0):
                _log.warning("import %s was queued but nobody would have run it; queued again", job_id)


async def _tidy(services: Services) -> None:
    async with services.pool.connection() as connection:
        await jobs.drop_stale_queue_jobs(connection)
        await collect_garbage(connection)
