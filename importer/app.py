"""create_app(): the HTTP service around one set of services, and the tasks that live as long as it does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

from fastapi import FastAPI

from importer.api import events, imports, operations, page_data, pages, search
from importer.api.answers import HANDLERS
from importer.api.events import Topics
from importer.auto_resume import resume_interrupted
from importer.cancellation import end_tasks
from importer.config import Settings
from importer.database.jobs import RunningJob
from importer.index import keep_index
from importer.runner import RunImport
from importer.services import Services
from importer.supervisor import supervise
from importer.worker import run_worker


async def run_pipeline(job: RunningJob, services: Services, stop: asyncio.Event) -> None:
    """Run an import with the real pipeline, which is loaded by the first one."""
    # In a thread: it takes half a second and more, in which the job's heart must go on beating.
    run_import = await asyncio.to_thread(_load_pipeline, services.settings)
    await run_import(job, services, stop)


def _load_pipeline(settings: Settings) -> RunImport:
    from importer.pipeline import run_import

    import_module(f"importer.embedding.{settings.embedding_provider}")
    if settings.extraction:
        import_module("importer.extract_stage")
        import_module("importer.extraction")
    return run_import


def create_app(services: Services, stop: asyncio.Event, run_import: RunImport = run_pipeline) -> FastAPI:
    """Make the application; `stop` ends its worker, with the batch in hand committed."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with background(services, stop, run_import):
            yield

    app = FastAPI(title="importer", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.services = services
    app.state.stop = stop
    app.state.upload_slots = asyncio.Semaphore(imports.UPLOADS_AT_ONCE)
    app.state.topics = Topics(services, stop)
    for one in (imports, events, page_data, search, operations, pages):
        app.include_router(one.router)
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    return app


@asynccontextmanager
async def background(services: Services, stop: asyncio.Event, run_import: RunImport) -> AsyncIterator[None]:
    """Supervise jobs, and run them and keep the index where this process has a worker, while the body runs."""
    tasks = [asyncio.create_task(supervise(services))]
    if services.settings.auto_resume:
        tasks.append(asyncio.create_task(resume_interrupted(services)))
    worker = None
    if services.settings.worker:
        worker = asyncio.create_task(run_worker(services, stop, run_import))
        if services.settings.index:
            tasks.append(asyncio.create_task(keep_index(services)))
    try:
        yield
    finally:
        stop.set()
        if worker is not None:
            await asyncio.wait({worker})
        await end_tasks(tasks)
