"""What an import has stored, and the one transaction that stores more: rows, settled documents and checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from importer.database.copy_rows import RowFormat, VectorRow, binary_pieces
from importer.database.fence import fenced, fenced_error
from importer.database.outage import through_outages
from importer.database.queries import load_queries
from importer.database.settle import SettledDocument, settle

if TYPE_CHECKING:
    from psycopg import AsyncConnection
    from psycopg_pool import AsyncConnectionPool

    from importer.config import Settings
    from importer.database.jobs import RunningJob

_SQL = load_queries("store.sql")


@dataclass(frozen=True, slots=True)
class ExtractionRow:
    """The concepts that an LLM found for a prompt."""

    id: bytes
    concepts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Portion:
    """What one transaction stores; the documents follow one another by position."""

    chunks: Sequence[VectorRow]
    concepts: Sequence[VectorRow]
    extractions: Sequence[ExtractionRow]
    documents: Sequence[SettledDocument]
    stage: str
    upload_done_bytes: int


class Store:
    """The tables of an import, as its runner uses them; every method goes on after an outage that passes."""

    def __init__(self, pool: AsyncConnectionPool, job: RunningJob, settings: Settings) -> None:
        self._pool = pool
        self._job = job
        self._model = settings.embedding_model
        self._chat_model = settings.openai_chat_model
        self._rows = RowFormat(job.id, settings.embedding_model, settings.halfvec)
        self._copy = {table: _SQL[f"copy_{table}_half" if settings.halfvec else f"copy_{table}"] for table in _TABLES}
        self._give_up_after_s = settings.database_retry_s

    async def known(self, chunks: Sequence[bytes], concepts: Sequence[bytes]) -> tuple[set[bytes], set[bytes]]:
        """Return which of these chunks and concepts are stored; Fenced when the job has moved on."""

        async def read(_: int) -> tuple[set[bytes], set[bytes]]:
            async with self._pool.connection() as connection:
                return await self._known(connection, chunks, concepts)

        return await through_outages(read, self._give_up_after_s)

    async def check_fence(self) -> None:
        """Fenced when the job has moved on: asked before a request that no look-up of its own precedes."""
        await self.known((), ())

    async def known_extraction(self, extraction_id: bytes) -> tuple[str, ...] | None:
        """Return the concepts stored under this id, or None; Fenced when the job has moved on."""
        values = {"job": self._job.id, "epoch": self._job.epoch, "id": UUID(bytes=extraction_id)}

        async def read(_: int) -> Any:
            async with self._pool.connection() as connection:
                return await (await connection.execute(_SQL["known_extraction"], values)).fetchone()

        is_ours, concepts = await through_outages(read, self._give_up_after_s)
        if not is_ours:
            raise fenced_error(self._job)
        return None if concepts is None else tuple(concepts)

    async def commit(self, portion: Portion) -> int:
        """Store a portion, none of it twice; how many chunks were new."""

        async def write(number: int) -> int:
            async with fenced(self._pool, self._job) as transaction:
                documents = [one for one in portion.documents if one.position >= transaction.settled]
                rest = replace(portion, documents=documents)
                if number > 0:
                    rest = await self._without_known(transaction.connection, rest)
                await self._write(transaction.connection, rest)
                return len(rest.chunks)

        return await through_outages(write, self._give_up_after_s)

    async def _known(
        self, connection: AsyncConnection[Any], chunks: Sequence[bytes], concepts: Sequence[bytes]
    ) -> tuple[set[bytes], set[bytes]]:
        values = {
            "job": self._job.id,
            "epoch": self._job.epoch,
            "chunks": b"".join(chunks),
            "concepts": b"".join(concepts),
        }
        row = await (await connection.execute(_SQL["known"], values)).fetchone()
        if row is None or not row[0]:
            raise fenced_error(self._job)
        return {one.bytes for one in row[1]}, {one.bytes for one in row[2]}

    async def _without_known(self, connection: AsyncConnection[Any], portion: Portion) -> Portion:
        chunks, concepts = await self._known(
            connection, [row.id for row in portion.chunks], [row.id for row in portion.concepts]
        )
        return replace(
            portion,
            chunks=[row for row in portion.chunks if row.id not in chunks],
            concepts=[row for row in portion.concepts if row.id not in concepts],
        )

    async def _write(self, connection: AsyncConnection[Any], portion: Portion) -> None:
        await self._copy_rows(connection, "chunks", portion.chunks)
        await self._copy_rows(connection, "concepts", portion.concepts)
        async with connection.pipeline():
            for row in portion.extractions:
                values = (UUID(bytes=row.id), self._job.id, self._chat_model, list(row.concepts))
                await connection.execute(_SQL["add_extraction"], values)
            progress = {"job": self._job.id, "stage": portion.stage, "chunks": len(portion.chunks)}
            if portion.documents:
                await settle(
                    connection,
                    portion.documents,
                    {**progress, "model": self._model, "upload": portion.upload_done_bytes},
                )
            else:
                await connection.execute(_SQL["progress"], progress)

    async def _copy_rows(self, connection: AsyncConnection[Any], table: str, rows: Sequence[VectorRow]) -> None:
        if not rows:
            return
        async with connection.cursor() as cursor, cursor.copy(self._copy[table]) as copy:
            for piece in binary_pieces(rows, self._rows):
                await copy.write(piece)


_TABLES = ("chunks", "concepts")
