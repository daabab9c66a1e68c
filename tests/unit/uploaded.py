"""Uploads made of bytes, for the tests of the readers."""

from dataclasses import replace
from io import BytesIO
from typing import Any

from importer.documents import Document, UploadSource
from importer.readers import ReadLimits, count_documents, read_documents

LIMITS = ReadLimits(record_max_bytes=100_000, pdf_max_pages=50, pdf_timeout_s=20, pdf_memory_bytes=192 * 2**20)


def uploaded(name: str, data: bytes) -> UploadSource:
    """Make an upload of one file."""
    return UploadSource(name, len(data), lambda: BytesIO(data))


def outcomes(name: str, data: bytes, skip: int = 0, **limits: Any) -> list[tuple[str, str]]:
    """Read a file: the name of each document with its text, or with `!` and the reason why it has none.

    On the way it holds what is true of every file: the count agrees, and offsets never go back or beyond the end.
    """
    source, bounds = uploaded(name, data), replace(LIMITS, **limits)
    found, offset = [], 0
    for one in read_documents(source, bounds, skip):
        assert offset <= one.end_offset <= len(data)
        offset = one.end_offset
        found.append((one.name, "".join(one.pieces) if isinstance(one, Document) else f"!{one.reason}"))
    assert skip + len(found) == max(skip, count_documents(source, bounds))
    return found
