"""Rows of chunks and concepts as binary COPY sends them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from importer.embedding.answers import halfvec_field, vector_field

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_FIVE_FIELDS = (5).to_bytes(2, "big")
PIECE_BYTES = 96 * 1024
"""Each write of psycopg's costs as much as copying 50 kB; beyond 128 kB it would cut a piece again."""


@dataclass(frozen=True, slots=True)
class VectorRow:
    """A chunk or a concept: its id, its text or name, and its vector as little-endian float32."""

    id: bytes
    text: str
    vector: bytes


@dataclass(frozen=True, slots=True)
class RowFormat:
    """What all rows of a job have in common."""

    job_id: UUID
    model: str
    halfvec: bool


def binary_pieces(rows: Iterable[VectorRow], form: RowFormat) -> Iterator[bytes]:
    """Yield a binary COPY of `rows` (id, job_id, model, text, vector) in pieces that psycopg sends as they are."""
    vector_of = halfvec_field if form.halfvec else vector_field
    shared = _field(form.job_id.bytes) + _field(form.model.encode())
    piece, size = [_SIGNATURE], 0
    for row in rows:
        vector, text = vector_of(row.vector), row.text.encode()
        piece += (_FIVE_FIELDS, _field(row.id), shared, _size(text), text, _size(vector), vector)
        size += len(text) + len(vector)
        if size >= PIECE_BYTES:
            yield b"".join(piece)
            piece, size = [], 0
    piece.append(_END)
    yield b"".join(piece)


def _field(value: bytes) -> bytes:
    return _size(value) + value


def _size(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big")
