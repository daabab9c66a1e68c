"""Documents to import: each of one chunk, and no two of them alike, so that every input is billed for itself."""

import json
import secrets
from collections.abc import Iterator
from itertools import product
from string import ascii_lowercase

from playwright.sync_api import FilePayload

_WORDS = (
    "embedding",
    "memory",
    "window",
    "limit",
    "kernel",
    "import",
    "document",
    "stage",
    "budget",
    "vector",
    "ledger",
)


def papers(count: int, name: str = "papers.jsonl", title: str = "Paper") -> FilePayload:
    """A JSON Lines file of `count` new documents, as Playwright takes files."""
    return {"name": name, "mimeType": "application/jsonl", "buffer": "".join(_lines(count, title)).encode()}


def _lines(count: int, title: str) -> Iterator[str]:
    # No word stands in two documents, so that each concept is one document's. Words are letters only.
    salt = "".join(secrets.choice(ascii_lowercase) for _ in range(6))
    for number, letters in zip(range(count), product(ascii_lowercase, repeat=3), strict=False):
        text = " ".join(word + salt + "".join(letters) for word in _WORDS)
        yield json.dumps({"title": f"{title} {number}", "text": text}) + "\n"


def plain(name: str, text: str) -> FilePayload:
    """A file with this text."""
    return {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
