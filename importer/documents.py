"""What readers yield: a document, or the reason why there is none."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Document:
    """One document of an upload; its text can be iterated once."""

    name: str
    """Where it stands: `papers.jsonl:17` (line), `refs.bib:smith2020`, `thesis.pdf`, `all.zip/notes.txt`."""
    title: str
    """Title where the format has one, else empty; for display only (it is part of `pieces` as well)."""
    digest: bytes
    """SHA-256 (32 bytes) of its text in UTF-8: the identity of its content."""
    pieces: Iterable[str]
    """Its text in order, in pieces of at most 64 Ki characters: clean (no NUL, no lone surrogate)."""
    end_offset: int
    """Bytes of the upload file that are consumed once this document is done; it never goes back."""


@dataclass(frozen=True, slots=True)
class UnreadableDocument:
    """A document that failed before it had a text; it fails alone."""

    name: str
    reason: str
    """Machine-readable: `empty`, `malformed`, `encrypted`, `timeout`, `memory`, …"""
    detail: str
    """One sentence for a person."""
    end_offset: int


@dataclass(frozen=True, slots=True)
class UploadSource:
    """One uploaded file, as the readers see it."""

    name: str
    size_bytes: int
    open: Callable[[], BinaryIO]
    """A fresh seekable binary stream at each call, at its start."""
