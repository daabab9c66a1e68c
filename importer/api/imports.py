"""Routes of imports: upload, status, lists, resume, cancel, delete."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from importer import jobs
from importer.api.answers import ApiError, job_id_of, json_answer, page_of, require_token, services_of
from importer.api.views import job_view
from importer.database import results
from importer.database.pool import connect
from importer.database.results import Page
from importer.database.uploads import store_upload
from importer.memory import read_memory
from importer.uploads import UploadLimits, read_upload

UPLOADS_AT_ONCE = 4
"""Uploads that are written at the same time in a process; each has a connection and up to 1 MB of memory."""

UPLOAD_SILENCE_S = 60
"""Silence of a client after which its upload is given up, so that it does not hold a slot for ever."""

router = APIRouter(prefix="/api/import", dependencies=[Depends(require_token)])

JobId = Annotated[UUID, Depends(job_id_of)]
Paged = Annotated[Page, Depends(page_of)]


@router.post("")
async def upload(request: Request) -> Response:
    """Store the files of a multipart form and queue their import; the answer comes once both are durable."""
    settings = services_of(request).settings
    limits = UploadLimits(settings.upload_max_bytes, settings.upload_max_files)
    slots: asyncio.Semaphore = request.app.state.upload_slots
    try:
        async with slots, await connect(settings.database_url, "upload") as connection:
            files = read_upload(_unless_silent(request.stream()), request.headers.get("content-type", ""), limits)
            job_id = await store_upload(connection, files)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody reads it, and nothing was stored
    return json_answer({"job_id": job_id, "status": "queued"}, 202)


async def _unless_silent(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(UPLOAD_SILENCE_S):
                chunk = await anext(body, None)
        except TimeoutError:
            raise ApiError(408, "upload_stalled", f"nothing was received for {UPLOAD_SILENCE_S} s") from None
        if chunk is None:
            return
        yield chunk


@router.get("/status/{job_id}")
async def status(request: Request, job_id: JobId) -> Response:
    """Describe one job."""
    services = services_of(request)
    return json_answer(job_view(await find_job(request, job_id), services.settings, read_memory().limit_bytes))


@router.get("/jobs")
async def list_jobs(
    request: Request, page: Paged, status: Annotated[list[str] | None, Query()] = None, first: str | None = None
) -> Response:
    """List jobs, newest first, those in status `first` on top; `status` may come several times or with commas."""
    wanted = [one for text in status or () for one in text.split(",") if one]
    if not {*wanted, *([first] if first else [])} <= set(jobs.STATUSES):
        raise ApiError(422, "invalid_parameter", f"status is one of {', '.join(jobs.STATUSES)}")
    services = services_of(request)
    async with services.pool.connection() as connection:
        rows, total = await results.list_jobs(connection, wanted or None, first, page)
    limit_bytes = read_memory().limit_bytes
    views = [job_view(row, services.settings, limit_bytes) for row in rows]
    return json_answer({"jobs": views, "total": total, "limit": page.limit, "offset": page.offset})


@router.get("/results/{job_id}")
async def list_results(request: Request, job_id: JobId, page: Paged) -> Response:
    """List the documents stored so far, in the order of the upload, with their chunks."""
    job = await find_job(request, job_id)
    async with services_of(request).pool.connection() as connection:
        rows = await results.list_documents(connection, job_id, page)
    total = job.documents_done
    return json_answer({"documents": rows, "total": total, "limit": page.limit, "offset": page.offset})


@router.get("/errors/{job_id}")
async def list_errors(request: Request, job_id: JobId, page: Paged) -> Response:
    """List the documents that failed, and why."""
    job = await find_job(request, job_id)
    async with services_of(request).pool.connection() as connection:
        rows = await results.list_errors(connection, job_id, page)
    return json_answer({"errors": rows, "total": job.documents_failed, "limit": page.limit, "offset": page.offset})


@router.post("/resume/{job_id}")
async def resume(request: Request, job_id: JobId) -> Response:
    """Go on with an import that stopped."""
    await jobs.resume(services_of(request), job_id)
    return json_answer({"job_id": job_id, "status": "queued"}, 202)


@router.post("/cancel/{job_id}")
async def cancel(request: Request, job_id: JobId) -> Response:
    """Stop an import; what is stored stays."""
    await jobs.cancel(services_of(request), job_id)
    return json_answer({"job_id": job_id, "status": "cancelled"}, 202)


@router.delete("/{job_id}")
async def delete(request: Request, job_id: JobId) -> Response:
    """Remove an import and what only it has stored."""
    await jobs.delete(services_of(request), job_id)
    return json_answer({"job_id": job_id, "status": "deleted"})


async def find_job(request: Request, job_id: UUID) -> results.JobRow:
    """Return the job; 404 when there is no such import."""
    async with services_of(request).pool.connection() as connection:
        job = await results.find_job(connection, job_id)
    if job is None:
        raise ApiError(404, "unknown_job", "there is no such import")
    return job
