"""Ids that derive from content: the same content is the same row, whoever stores it and however often."""

from collections.abc import Callable
from hashlib import sha256

ID_BYTES = 16
"""An id is the first 16 bytes of a SHA-256 digest, stored as a uuid."""


def content_id(*parts: bytes | str) -> bytes:
    """Return the id of `parts`, which are kept apart by NUL."""
    return sha256(b"\0".join(part.encode() if isinstance(part, str) else part for part in parts)).digest()[:ID_BYTES]


def text_ids(model: str) -> Callable[[str], bytes]:
    """Return the function that gives the id of a text (a chunk, a concept's name) embedded by `model`."""
    start = sha256(model.encode() + b"\0")

    def text_id(text: str) -> bytes:
        digest = start.copy()
        digest.update(text.encode())
        return digest.digest()[:ID_BYTES]

    return text_id


def document_id(digest: bytes, model: str, chunk_chars: int, chat_model: str | None) -> bytes:
    """Return the id of a document: its text, and all that decides what is stored of it."""
    return content_id(digest, model, str(chunk_chars), chat_model or "")
