"""Plain text and Markdown: one file, one document, of any size."""

from collections.abc import Iterator
from functools import partial

from importer.documents import Document, UnreadableDocument
from importer.readers.encoding import decoded_pieces, survey
from importer.readers.format import Content, Outcome, ReadLimits, Unit
from importer.readers.record import undecodable


def units(content: Content, _limits: ReadLimits) -> Iterator[Unit]:
    """Yield the file as the one unit that it is."""
    yield partial(_read, content)


def _read(content: Content) -> Iterator[Outcome]:
    found = survey(content.stream)
    if found is None:
        yield undecodable(content.name, content.size_bytes)
    elif found.blank:
        yield UnreadableDocument(content.name, "empty", "It has no text.", content.size_bytes)
    else:
        pieces = decoded_pieces(content.stream, found.encoding)
        yield Document(content.name, "", found.digest, pieces, content.size_bytes)
