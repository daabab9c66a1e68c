"""What passes between the stages of an import: inputs to embed, documents under way, answers to store."""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from importer.database.copy_rows import VectorRow
from importer.database.store import ExtractionRow

Kind = Literal["chunk", "concept"]


@dataclass(frozen=True, slots=True)
class Input:
    """A text that needs a vector: a chunk, or the name of a concept."""

    kind: Kind
    id: bytes
    text: str

    @property
    def prompt(self) -> str:
        """What the provider is sent."""
        return self.text if self.kind == "chunk" else f"concept: {self.text}"

    @property
    def key(self) -> tuple[Kind, bytes]:
        """What tells it from other inputs: a chunk and a concept of the same text have the same id."""
        return self.kind, self.id


@dataclass(frozen=True, slots=True)
class Opened:
    """A document begins."""

    name: str
    title: str
    id: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """All chunks of the document that was opened last have been read; `head` is the beginning of its text."""

    head: str
    upload_offset: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A document that had no text to begin with."""

    name: str
    reason: str
    detail: str
    upload_offset: int


ReadEvent = Opened | Input | Closed | Failed


@dataclass(slots=True, eq=False)
class PendingDocument:
    """A document that is read but not settled; only the ledger changes it."""

    position: int
    name: str
    title: str
    id: bytes | None
    is_read: bool = False
    is_extracted: bool = False
    missing: int = 0
    """Its inputs that are not stored yet."""
    upload_offset: int = 0
    """Bytes of the upload that are done once it is settled."""
    chunk_ids: bytearray = field(default_factory=bytearray)
    """16 bytes a chunk: all that stays of a document however long it is."""
    concept_ids: tuple[bytes, ...] = ()
    extraction_id: bytes | None = None
    failure: tuple[str, str] | None = None
    """Reason and detail."""

    @property
    def is_complete(self) -> bool:
        """Whether everything that it needs is stored."""
        return self.is_read and self.is_extracted and not self.missing


@dataclass(slots=True, eq=False)
class Answer:
    """What one provider request brought, on its way into the store; `stored` is set when all of it is committed."""

    vectors: list[tuple[Input, bytes]] = field(default_factory=list)
    rejected: list[tuple[Input, str]] = field(default_factory=list)
    extraction: ExtractionRow | None = None
    stored: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def rows(self) -> int:
        """Rows that it still has to store."""
        return len(self.vectors) + (self.extraction is not None)


def vector_row(one: tuple[Input, bytes]) -> VectorRow:
    """Return the row of an embedded input."""
    return VectorRow(one[0].id, one[0].text, one[1])
