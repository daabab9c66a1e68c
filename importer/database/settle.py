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
    # Of documents with the same content the first stands for all.
    first = {one.id: one for one in reversed(documents) if one.id is not None}
    for document_id, one in first.items():
        for start in range(PAGE_BYTES, len(one.chunk_ids), PAGE_BYTES):
            page = {"first": start // ID_BYTES, "ids": one.chunk_ids[start : start + PAGE_BYTES]}
            await connection.execute(_SQL["add_chunks_beyond"], {"document": UUID(bytes=document_id), **page})
    rows, packed = _pack(documents, first)
    await connection.execute(_SQL["settle"], {"documents": orjson.dumps(rows).decode(), **packed, **progress})


def _pack(
    documents: Sequence[SettledDocument], first: Mapping[bytes, SettledDocument]
) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """Return a row a document, and the ids of their chunks and concepts that the rows refer to by place."""
    chunk_ids, concept_ids = bytearray(), bytearray()
    rows = []
    for one in documents:
        starts = {"chunks_start": len(chunk_ids) // ID_BYTES, "concepts_start": len(concept_ids) // ID_BYTES}
        is_first = one.id is not None and first[one.id] is one
        rows.append({"is_first": is_first, **starts, **_row(one)})
        if is_first:
            chunk_ids += one.chunk_ids[:PAGE_BYTES]
            concept_ids += b"".join(one.concept_ids)
    return rows, {"chunk_ids": bytes(chunk_ids), "concept_ids": bytes(concept_ids)}


def _row(document: SettledDocument) -> dict[str, Any]:
    return {
        "position": document.position,
        "name": document.name,
        "title": document.title,
        "id": document.id and document.id.hex(),
        "extraction_id": document.extraction_id and document.extraction_id.hex(),
        "chunk_count": len(document.chunk_ids) // ID_BYTES,
        "chunks_here": len(document.chunk_ids[:PAGE_BYTES]) // ID_BYTES,
        "concepts_here": len(document.concept_ids),
        "reason": document.reason,
        "detail": document.detail and document.detail.replace("\0", "")[:DETAIL_CHARS],
    }
