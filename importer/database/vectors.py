"""How vectors are stored and compared: one description that the search and the index share."""

from dataclasses import dataclass
from typing import Any
from zlib import crc32

from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from importer.config import Settings
from importer.database.queries import load_queries

INDEX_PREFIX = "chunks_hnsw_"
_VECTOR_INDEX_MAX = 2000
"""Numbers that pgvector indexes as `vector`; `halfvec` goes to 4,000, so longer ones are indexed as that."""


@dataclass(frozen=True, slots=True)
class VectorSpace:
    """The vectors of one model: search and index must use the very same expression for it."""

    model: str
    column: str
    kind: str
    operators: str

    @property
    def kind_sql(self) -> sql.SQL:
        """The type as SQL; it is made of a fixed word and a number."""
        return sql.SQL(self.kind)

    @property
    def expression(self) -> sql.Composed:
        """The column, cast to the indexed type."""
        return sql.SQL("({}::{})").format(sql.Identifier(self.column), self.kind_sql)

    @property
    def index(self) -> str:
        """The name of its HNSW index, which tells it from that of another model, length or type."""
        return f"{INDEX_PREFIX}{crc32(f'{self.model} {self.column} {self.kind}'.encode()):08x}"


def vector_space(settings: Settings) -> VectorSpace:
    """Describe the vectors that these settings make."""
    size = settings.embedding_dimensions
    half = settings.halfvec or size > _VECTOR_INDEX_MAX
    return VectorSpace(
        settings.embedding_model,
        "embedding_half" if settings.halfvec else "embedding",
        f"halfvec({size})" if half else f"vector({size})",
        "halfvec_cosine_ops" if half else "vector_cosine_ops",
    )


async def nearest_chunks(
    connection: AsyncConnection[Any], space: VectorSpace, vector: str, limit: int
) -> list[dict[str, Any]]:
    """Return the chunks nearest to `vector` (`[1,2,…]`) by cosine distance, each with a document that has it."""
    statement = sql.SQL(load_queries("results.sql")["search"]).format(
        vector=space.expression,
        column=sql.Identifier(space.column),
        operator=sql.SQL("<=>"),
        query=sql.Literal(vector),
        kind=space.kind_sql,
        model=sql.Literal(space.model),
        limit=sql.Literal(limit),
    )
    async with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        # An HNSW scan yields at most ef_search rows; without an index the setting does nothing.
        await cursor.execute(sql.SQL("SET LOCAL hnsw.ef_search = {}").format(max(40, limit)))
        return await (await cursor.execute(statement, prepare=False)).fetchall()
