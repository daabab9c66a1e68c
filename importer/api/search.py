"""The search route: proof that what was imported is usable."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from importer.api.answers import json_answer, require_token, services_of
from importer.database.vectors import nearest_chunks, vector_space

router = APIRouter(prefix="/api", dependencies=[Depends(require_token)])


@router.get("/search")
async def search(
    request: Request,
    q: Annotated[str, Query(min_length=1, max_length=2000)],
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> Response:
    """Return the chunks nearest to `q` by cosine distance, nearest first, each with a document that has it."""
    # Imported here: the provider's SDK is not loaded before somebody embeds.
    from importer.embedding import embed_query

    services = services_of(request)
    vector = await embed_query(services, q)
    async with services.pool.connection() as connection:
        rows = await nearest_chunks(connection, vector_space(services.settings), vector, limit)
    return json_answer({"query": q, "results": rows})
