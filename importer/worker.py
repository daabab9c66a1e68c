"""The Procrastinate worker of a process: fetches queue jobs and hands them to the runner."""

import asyncio
import logging
from uuid import UUID

from importer.cancellation import end_tasks
from importer.runner import RunImport, run_job
from importer.services import Services

_log = logging.getLogger(__name__)

QUEUE = "imports"
_POLL_S = 0.25
"""A notification starts a job at once; polling finds what was queued before the worker listened."""
_RESTART_AFTER_S = 0.5
_LAST_WRITES_S = 2.0
"""Time beyond the grace for recording outcomes; afterwards the process ends with or without Procrastinate."""


async def run_worker(services: Services, stop: asyncio.Event, run_import: RunImport) -> None:
    """Work until `stop` is set and the jobs in hand have ended; a database that goes away is waited for."""
    while not stop.is_set():
        worker = asyncio.create_task(_work(services, stop, run_import))
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({worker, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            _log.warning("the worker starts again: %s", worker.exception())
            await end_tasks([stopped])
            await asyncio.sleep(_RESTART_AFTER_S)
            continue
        # Procrastinate takes a cancellation as a stop: it fetches no more and waits for what runs.
        worker.cancel()
        await asyncio.wait({worker}, timeout=services.settings.shutdown_grace_s + _LAST_WRITES_S)
        await end_tasks([worker])


async def _work(services: Services, stop: asyncio.Event, run_import: RunImport) -> None:
    # Imported here: a process that only serves the API does not pay for it.
    from procrastinate import App, PsycopgConnector

    app = App(connector=PsycopgConnector())

    @app.task(name="import", queue=QUEUE)
    async def import_task(job_id: str, epoch: int) -> None:
        await run_job(UUID(job_id), epoch, services, stop, run_import)

    async with app.open_async(pool=services.pool):
        await app.run_worker_async(
            queues=[QUEUE],
            concurrency=services.settings.max_running_imports,
            install_signal_handlers=False,
            fetch_job_polling_interval=_POLL_S,
            delete_jobs="always",
        )
