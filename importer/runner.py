"""Runs one import: claims it, beats for it while the pipeline works, and records how it ended."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID

import psycopg

from importer.cancellation import end_tasks
from importer.database import jobs
from importer.database.jobs import Ending, Heartbeat, RunningJob
from importer.errors import Fenced, ImporterError, Interrupted
from importer.index import make_way
from importer.memory import read_memory
from importer.services import Services

_log = logging.getLogger(__name__)

RunImport = Callable[[RunningJob, Services, asyncio.Event], Awaitable[None]]

_RECORD_RETRY_S = 0.2
_SQLSTATES = {
    "53100": ("disk_full", "the database's disk is full"),
    "25006": ("read_only", "the database is read-only"),
    "40001": ("conflict", "the database could not serialize a transaction"),
    "40P01": ("conflict", "the database found a deadlock"),
}


async def run_job(job_id: UUID, epoch: int, services: Services, stop: asyncio.Event, run_import: RunImport) -> None:
    """Run the import if it is still queued under this epoch; else its queue job is stale and nothing happens."""
    settings = services.settings
    async with services.pool.connection() as connection:
        job = await jobs.claim(connection, job_id, epoch, settings.window, _heartbeat(services))
    if job is None:
        return
    services.running.add(job_id)
    try:
        ending = await _ending_of(job, services, stop, run_import)
        await _record(job, services, ending)
    except Fenced:
        _log.info("import %s: epoch %d was taken over", job_id, epoch)
    finally:
        services.running.discard(job_id)


def _heartbeat(services: Services) -> Heartbeat:
    memory = read_memory()
    return Heartbeat(services.instance, services.memory_group, memory.usage_bytes, memory.limit_bytes, memory.oom_kills)


async def _ending_of(job: RunningJob, services: Services, stop: asyncio.Event, run_import: RunImport) -> Ending | None:
    """Run to the end: None when everything is settled, else how it stopped; Fenced goes through."""
    try:
        await _beside_heartbeat(job, services, stop, run_import)
    except Fenced:
        raise
    except Interrupted as error:
        return Ending("interrupted", error.code, str(error))
    except Exception as error:  # a bug or a fault that nobody foresaw ends this job only
        return _unexpected(job, error)
    return None


def _unexpected(job: RunningJob, error: Exception) -> Ending:
    state = getattr(error, "sqlstate", None)
    if state in _SQLSTATES:
        return Ending("interrupted", *_SQLSTATES[state])
    if isinstance(error, psycopg.OperationalError):
        return Ending("interrupted", "database_unavailable", "the connection to the database was lost")
    _log.error("import %s failed", job.id, exc_info=error)
    # The text of a foreign error may hold an address or a key; its type never does.
    text = str(error) if isinstance(error, ImporterError) else f"an error of the importer: {type(error).__name__}"
    return Ending("failed", "internal", text)


async def _beside_heartbeat(job: RunningJob, services: Services, stop: asyncio.Event, run_import: RunImport) -> None:
    pipeline = asyncio.ensure_future(_work(job, services, stop, run_import))
    beating = asyncio.create_task(_beat(job, services))
    grace = asyncio.create_task(_out_of_grace(stop, services.settings.shutdown_grace_s))
    tasks: set[asyncio.Future[None]] = {pipeline, beating, grace}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        first = next(task for task in (pipeline, beating, grace) if task.done())
        first.result()
    finally:
        await end_tasks(tasks)


async def _work(job: RunningJob, services: Services, stop: asyncio.Event, run_import: RunImport) -> None:
    await make_way(services, job)
    await run_import(job, services, stop)


async def _beat(job: RunningJob, services: Services) -> None:
    while True:
        await asyncio.sleep(services.settings.heartbeat_interval_s)
        try:
            async with services.pool.connection() as connection:
                if not await jobs.beat(connection, job.id, job.epoch, _heartbeat(services)):
                    raise Fenced(f"import {job.id} is no longer run under epoch {job.epoch}")
        except psycopg.Error as error:
            # The pipeline meets the same outage and decides; silence for too long makes the job interrupted.
            _log.warning("import %s: no heartbeat: %s", job.id, error)


async def _out_of_grace(stop: asyncio.Event, grace_s: float) -> None:
    await stop.wait()
    await asyncio.sleep(grace_s)
    raise Interrupted("shutdown", "the service was shut down; the batch in hand did not finish in time")


async def _record(job: RunningJob, services: Services, ending: Ending | None) -> None:
    """Write the outcome, through an outage that ends before the job counts as stalled; then others write it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(services.settings.stalled_after_s):
            while not await _try_record(job, services, ending):
                await asyncio.sleep(_RECORD_RETRY_S)


async def _try_record(job: RunningJob, services: Services, ending: Ending | None) -> bool:
    stage = "index" if services.settings.index else "store"
    try:
        async with services.pool.connection() as connection:
            if ending is None:
                await jobs.complete(connection, job.id, job.epoch, stage)
            else:
                await jobs.end(connection, job.id, job.epoch, ending)
    except psycopg.Error as error:
        _log.warning("import %s: its outcome is not recorded yet: %s", job.id, error)
        return False
    return True
