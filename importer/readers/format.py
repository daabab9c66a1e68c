"""What the formats share: the content that they read, the limits, and the units that they cut it into.

A unit is one document that has not been read yet: a function whose iterator yields exactly one outcome. Cutting
is cheap, so counting and skipping only cut; what a unit holds open (a text spooled from a PDF) lives until the
iterator is asked to go on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from importer.documents import Document, UnreadableDocument

Outcome = Document | UnreadableDocument
Unit = Callable[[], Iterator[Outcome]]

PIECE_CHARS = 64 * 1024
"""Longest piece of a document's text; also the block that files are read in, in bytes."""


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What one document, or one archive, may cost."""

    record_max_bytes: int
    """Largest line, row or entry; in decoded formats, characters."""
    pdf_max_pages: int
    pdf_timeout_s: float
    pdf_memory_bytes: int
    archive_max_bytes: int = 2**30
    """What the members of one zip may unpack to, in all."""


@dataclass(frozen=True, slots=True)
class Content:
    """One file, or one member of an archive, open for reading."""

    name: str
    size_bytes: int
    stream: BinaryIO
    head: bytes
    """Its first 64 KiB, to know its format by."""

    @property
    def suffix(self) -> str:
        """What follows the last dot of its name, in small letters; empty where it has no dot."""
        _, dot, suffix = self.name.rpartition("/")[2].rpartition(".")
        return suffix.lower() if dot else ""


@dataclass(frozen=True, slots=True)
class Format:
    """One format: how its content is known, and how it is cut into units."""

    name: str
    suffixes: frozenset[str]
    units: Callable[[Content, ReadLimits], Iterator[Unit]]
    recognises: Callable[[Content], bool]
    """True where the content can be nothing else, whatever the suffix says."""
    resembles: Callable[[Content], bool]
    """True where the content looks like it; asked only where the suffix says nothing."""


def content_of(name: str, size_bytes: int, stream: BinaryIO) -> Content:
    """Take the head of a stream that stands at its start, and put it back."""
    head = stream.read(PIECE_CHARS)
    stream.seek(0)
    return Content(name, size_bytes, stream, head)


def failed(name: str, reason: str, detail: str, end_offset: int) -> Unit:
    """Make a unit that is known to be unreadable before it is read."""
    return partial(_one, UnreadableDocument(name, reason, detail, end_offset))


def _one(outcome: Outcome) -> Iterator[Outcome]:
    yield outcome


def never(_content: Content) -> bool:
    """Say no: for formats that content alone does not give away."""
    return False
