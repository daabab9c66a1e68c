"""The only place that orders the stages of an import: read > chunk > embed > extract > store.

All of them run at once, on what `Flow` holds: at most `window` chunks from reading to commit, whatever the upload.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from importer.cancellation import end_tasks
from importer.database.bookends import clear_up, recompute_relations, record_totals
from importer.database.store import Store
from importer.embed_stage import EmbedStage
from importer.embedding import open_provider
from importer.errors import Fenced, Interrupted
from importer.flow import Flow
from importer.read_stage import ReadStage
from importer.settlement import Ledger
from importer.store_stage import StoreStage
from importer.unbounded import UnboundedStage
from importer.upload_reading import UploadReader, count_files

if TYPE_CHECKING:
    from importer.database.jobs import RunningJob
    from importer.embed_stage import Sink
    from importer.extract_stage import ExtractStage
    from importer.services import Services


async def run_import(job: RunningJob, services: Services, stop: asyncio.Event) -> None:
    """Run a job until all of its documents are settled.

    Raises Interrupted when it cannot go on now (`stop` was set, a provider or the database is out), Fenced when it
    is no longer this runner's; whatever was answered before that is committed, where it may be.
    """
    flow = Flow(job.window)
    store = Store(services.pool, job, services.settings)
    with _reading_thread() as thread:
        stopping = asyncio.create_task(_halt_on(stop, flow))
        try:
            counts = await _count(job, services, thread)
            await _run_stages(job, services, flow, store, thread, counts)
        finally:
            stopping.cancel()
    if flow.halted:
        raise flow.halted
    if services.settings.extraction:
        await recompute_relations(services.pool, job, services.settings.database_retry_s)
    await clear_up(services.pool, job, services.settings.database_retry_s)


async def _run_stages(
    job: RunningJob,
    services: Services,
    flow: Flow,
    store: Store,
    thread: ThreadPoolExecutor,
    counts: dict[int, int],
) -> None:
    settings = services.settings
    ledger = Ledger(job.settled)
    reader = UploadReader(job, settings, counts)
    store_stage = StoreStage(flow, ledger, store, settings, services.counters)
    sink = store_stage if flow.window else UnboundedStage(flow, store_stage, settings)
    provider = open_provider(settings, services.http)
    embed = EmbedStage(flow, ledger, store, sink, provider, settings, services.counters)
    stages: list[Coroutine[Any, Any, None]] = [ReadStage(flow, ledger, reader, thread, settings).run()]
    stages += [embed.run() for _ in range(settings.embed_concurrency)]
    if settings.extraction:
        extract = _extract_stage(flow, ledger, store, sink, services)
        stages += [extract.run() for _ in range(settings.extract_concurrency)]
    try:
        await _together(flow, stages, sink.run())
    finally:
        thread.submit(reader.close)


def _extract_stage(flow: Flow, ledger: Ledger, store: Store, sink: Sink, services: Services) -> ExtractStage:
    # Imported here: with extraction off, the modules and OpenAI's SDK stay out of memory.
    from importer.extract_stage import ExtractStage
    from importer.extraction import ConceptExtractor

    extractor = ConceptExtractor(services.settings, services.http)
    return ExtractStage(flow, ledger, store, sink, extractor, services.cache, services.settings, services.counters)


async def _together(flow: Flow, stages: list[Coroutine[Any, Any, None]], last: Coroutine[Any, Any, None]) -> None:
    """Run the stages and, until they have ended and nothing is left, the last one; the first error ends all."""
    flow.stages = len(stages)
    tasks = [asyncio.create_task(last), *(asyncio.create_task(_counted(flow, stage)) for stage in stages)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        errors = [error for task in tasks if task.done() and (error := task.exception())]
    finally:
        await end_tasks(tasks)
    if errors:
        # Being fenced counts most, then what can be resumed.
        raise min(errors, key=lambda error: (not isinstance(error, Fenced), not isinstance(error, Interrupted)))


async def _counted(flow: Flow, stage: Coroutine[Any, Any, None]) -> None:
    try:
        await stage
    finally:
        flow.stages -= 1
        flow.changed()


async def _count(job: RunningJob, services: Services, thread: ThreadPoolExecutor) -> dict[int, int]:
    """Return the documents of each file; counted and recorded at the first attempt."""
    loop = asyncio.get_running_loop()
    counts = await loop.run_in_executor(thread, count_files, job, services.settings)
    if any(file.documents is None for file in job.files):
        await record_totals(services.pool, job, counts, services.settings.database_retry_s)
    return counts


async def _halt_on(stop: asyncio.Event, flow: Flow) -> None:
    await stop.wait()
    flow.halt(Interrupted("shutdown", "the service is shutting down"))


@contextmanager
def _reading_thread() -> Iterator[ThreadPoolExecutor]:
    """One thread for all reading of the job; at an early end it is not waited for."""
    thread = ThreadPoolExecutor(1, "read")
    try:
        yield thread
    finally:
        thread.shutdown(wait=False)
