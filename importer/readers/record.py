"""A document from a record that is held whole: a line, a row or an entry."""

import hashlib
from collections.abc import Iterable

from importer.documents import Document, UnreadableDocument
from importer.readers.format import PIECE_CHARS, Outcome


def record_document(name: str, title: str, parts: Iterable[str], end_offset: int) -> Outcome:
    """Join the parts that are not blank by blank lines; a lone surrogate stands for an undecodable byte."""
    present = [part for raw in parts if (part := raw.replace("\0", "").strip())]
    if not present:
        return UnreadableDocument(name, "empty", "It has no title, abstract or text.", end_offset)
    text = "\n\n".join(present)
    try:
        digest = hashlib.sha256(text.encode()).digest()
    except UnicodeEncodeError:
        return undecodable(name, end_offset)
    pieces = (text,) if len(text) <= PIECE_CHARS else tuple(_cut(text))
    return Document(name, title.replace("\0", "").strip(), digest, pieces, end_offset)


def undecodable(name: str, end_offset: int) -> UnreadableDocument:
    """Say that a record has bytes that are not text."""
    return UnreadableDocument(name, "encoding", "It has bytes that are not text in a known encoding.", end_offset)


def _cut(text: str) -> Iterable[str]:
    return (text[start : start + PIECE_CHARS] for start in range(0, len(text), PIECE_CHARS))
