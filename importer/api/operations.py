"""Routes for whoever operates the service: readiness and metrics."""

import psycopg
from fastapi import APIRouter, Request
from fastapi.responses import Response

from importer.api.answers import json_answer, services_of
from importer.database import jobs
from importer.database.migrate import is_current
from importer.index import index_state
from importer.memory import read_memory
from importer.metrics import collect, read_rss_bytes, render

router = APIRouter()


@router.get("/health")
async def health(request: Request, nonce: str = "") -> Response:
    """Tell whether the database is there and migrated; `nonce` comes back, so that a proxy cannot answer for us."""
    services = services_of(request)
    status, index = "ok", "unknown"
    try:
        async with services.pool.connection(timeout=2) as connection:
            if await is_current(connection):
                index = await index_state(connection, services)
            else:
                status = "not_migrated"
    except psycopg.OperationalError:
        status = "database_unavailable"
        await services.pool.check()
    answer = {"status": status, "environment": services.settings.environment, "nonce": nonce, "index": index}
    return json_answer(answer, 200 if status == "ok" else 503)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Answer with Prometheus text."""
    services = services_of(request)
    async with services.pool.connection() as connection:
        by_status = await jobs.count_by_status(connection)
        index = await index_state(connection, services)
    text = render(collect(services.counters, read_memory(), by_status, index, read_rss_bytes()))
    return Response(text, media_type="text/plain; version=0.0.4")
