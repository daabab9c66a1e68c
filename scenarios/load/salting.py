"""Makes an upload whose every chunk is new, from documents of the corpus."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from harness.load.errand import Document

EVERY_CHARS = 200
"""A chunk is longer than this, so that none is without the salt."""
_SALTED = ("title", "abstract", "text")


@dataclass(frozen=True, slots=True)
class Upload:
    """The body of one upload and what is in it."""

    body: bytes
    content_type: str
    documents: int
    name: str


def salt_text(text: str, salt: str) -> str:
    """The text with the salt after at most every `EVERY_CHARS` characters, between two words, and at its end."""
    if not salt:
        return text
    parts, start = [], 0
    while len(text) - start > EVERY_CHARS:
        cut = text.rfind(" ", start + 1, start + EVERY_CHARS)
        cut = start + EVERY_CHARS if cut < 0 else cut
        parts += [text[start:cut], f" {salt}"]
        start = cut
    return "".join([*parts, text[start:], f" {salt}"])


def salt_line(line: str, salt: str, prefix: str) -> str:
    """A line of JSON Lines with its texts salted, and its title beginning with the prefix."""
    told = json.loads(line)
    for name in _SALTED:
        if isinstance(told.get(name), str) and told[name]:
            told[name] = salt_text(told[name], salt)
    if prefix and isinstance(told.get("title"), str):
        told["title"] = f"{prefix} {told['title']}"
    return json.dumps(told, ensure_ascii=False)


def make_upload(documents: Sequence[Document], salt: str, prefix: str, name: str, field: str) -> Upload:
    """One multipart body: the lines together in one file, each text in a file of its own."""
    lines = [
        salt_line(one.text, f"{salt}-{place}" if salt else "", prefix)
        for place, one in enumerate(documents)
        if one.suffix == "jsonl"
    ]
    files = [(f"{name}.jsonl", "\n".join(lines) + "\n")] if lines else []
    files += [
        (f"{name}-{place}.{one.suffix}", salt_text(one.text, f"{salt}-{place}" if salt else ""))
        for place, one in enumerate(documents)
        if one.suffix != "jsonl"
    ]
    return Upload(*_multipart(files, field, f"halfgig{name}"), len(documents), name)


def _multipart(files: Sequence[tuple[str, str]], field: str, boundary: str) -> tuple[bytes, str]:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
        f"Content-Type: application/octet-stream\r\n\r\n{text}\r\n"
        for name, text in files
    ]
    return "".join([*parts, f"--{boundary}--\r\n"]).encode(), f"multipart/form-data; boundary={boundary}"
