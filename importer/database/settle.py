"""Settles documents: what was read of them, what they consist of, and the checkpoint, for one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from psycopg import AsyncConnection

from importer.database.queries import load_queries
from importer.identity import ID_BYTES

_SQL = load_queries("store.sql")

DETAIL_CHARS = 500
"""Longest explanation kept of a document that failed."""
PAGE_BYTES = 50_000 * ID_BYTES
"""Chunk ids of a document that are sent in one statement: it may have any number of chunks."""


@dataclass(frozen=True, slots=True)
class SettledDocument:
    """What became of a document; without an id it failed, for `reason`."""

    position: int
    name: str
    title: str
    id: bytes | None
    chunk_ids: bytes
    concept_ids: tuple[bytes, ...]
    extraction_id: bytes | None
    reason: str | None
    detail: str | None


async def settle(
    connection: AsyncConnection[Any], documents: Sequence[SettledDocument], progress: Mapping[str, Any]
) -> None:
    """Write what belongs to the documents and their outcomes, and add to the job's counts, `progress` among it."""
    for one in documents:
        for first in range(PAGE_BYTES, len(one.chunk_ids), PAGE_BYTES):
            page = {"document": one.id and UUID(bytes=one.id), "first": first // ID_BYTES}
            ids = one.chunk_ids[first : first + PAGE_BYTES]
            await connection.execute(_SQL["add_chunks_beyond"], {**page, "ids": ids})
    chunk_ids, concept_ids = bytearray(), bytearray()
    seen: set[bytes] = set()
    rows = []
    for one in documents:
        rows.append(_row(one, one.id is not None and one.id not in seen, len(chunk_ids), len(concept_ids)))
        if one.id is not None and one.id not in seen:
            seen.add(one.id)
            chunk_ids += one.chunk_ids[:PAGE_BYTES]
            concept_ids += b"".join(one.concept_ids)
    packed = {"chunk_ids": bytes(chunk_ids), "concept_ids": bytes(concept_ids)}
    await connection.execute(_SQL["settle"], {"documents": orjson.dumps(rows).decode(), **packed, **progress})


def _row(document: SettledDocument, is_first: bool, chunks_start: int, concepts_start: int) -> dict[str, Any]:
    return {
        "position": document.position,
        "name": document.name,
        "title": document.title,
        "id": document.id and document.id.hex(),
        "is_first": is_first,
        "extraction_id": document.extraction_id and document.extraction_id.hex(),
        "chunk_count": len(document.chunk_ids) // ID_BYTES,
        "chunks_start": chunks_start // ID_BYTES,
        "chunks_here": len(document.chunk_ids[:PAGE_BYTES]) // ID_BYTES,
        "concepts_start": concepts_start // ID_BYTES,
        "concepts_here": len(document.concept_ids),
        "reason": document.reason,
        "detail": document.detail and document.detail.replace("\0", "")[:DETAIL_CHARS],
    }
