"""What the progress page asks beyond the contract: limits before an upload, a memory graph, failures as a CSV file."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse

from importer.api.answers import json_answer, require_token, services_of
from importer.api.imports import JobId, find_job
from importer.config import Settings
from importer.database import results
from importer.database.results import Page
from importer.memory import read_memory
from importer.services import Services

GRAPH_POINTS = 240
CSV_PAGE = 1000
"""Rows of the CSV that are in memory at a time."""
_COLUMNS = ("position", "name", "reason", "detail")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

router = APIRouter(prefix="/api/import", dependencies=[Depends(require_token)])


@router.get("/limits")
async def limits(request: Request) -> Response:
    """Tell what an upload may hold, which formats are read, and which stages an import has here."""
    # Imported here: a process whose page nobody opens does not pay for the readers.
    from importer.readers import FORMATS

    settings = services_of(request).settings
    return json_answer(
        {
            "file_max_bytes": settings.upload_max_bytes,
            "max_files": settings.upload_max_files,
            "pdf_max_pages": settings.pdf_max_pages,
            "formats": [{"name": one.name, "suffixes": sorted(one.suffixes)} for one in FORMATS],
            "stages": stages(settings),
            "limit_bytes": read_memory().limit_bytes,
        }
    )


def stages(settings: Settings) -> list[str]:
    """Name the stages of an import under these settings, in order."""
    extract = ["extract"] if settings.extraction else []
    index = ["index"] if settings.index else []
    return ["read", "chunk", "embed", *extract, "store", *index]


@router.get("/memory/{job_id}")
async def memory(request: Request, job_id: JobId) -> Response:
    """Tell the memory of the newest attempt, from its start: pairs of Unix time and bytes."""
    await find_job(request, job_id)
    async with services_of(request).pool.connection() as connection:
        epoch, samples = await results.memory_history(connection, job_id, GRAPH_POINTS)
    return json_answer({"epoch": epoch, "samples": samples})


@router.get("/errors/{job_id}/csv")
async def errors_csv(request: Request, job_id: JobId) -> Response:
    """Answer with every document that failed, as a CSV file that spreadsheets read."""
    await find_job(request, job_id)
    headers = {"content-disposition": f'attachment; filename="failed-{job_id}.csv"', "cache-control": "no-store"}
    rows = _csv_pages(services_of(request), job_id)
    return StreamingResponse(rows, headers=headers, media_type="text/csv; charset=utf-8")


async def _csv_pages(services: Services, job_id: UUID) -> AsyncIterator[str]:
    # The byte order mark tells Excel that it is UTF-8.
    yield "\ufeff" + _csv_text([_COLUMNS])
    page = Page(CSV_PAGE, 0)
    while True:
        async with services.pool.connection() as connection:
            rows = await results.list_errors(connection, job_id, page)
        yield _csv_text([_cell(row[column]) for column in _COLUMNS] for row in rows)
        if len(rows) < CSV_PAGE:
            return
        page = Page(CSV_PAGE, page.offset + CSV_PAGE)


def _csv_text(rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """A spreadsheet runs a text that begins like a formula; an apostrophe before it makes it text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
