"""Uploads of the pipeline's tests: small scholarly-looking records, each with words of its own."""

import json
from collections.abc import Iterable

SENTENCE = "Study {document} shows in part {part} that method {word} is sound."


def records(count: int, sentences: int = 6, first: int = 0) -> tuple[str, bytes]:
    """Return a JSONL file of `count` documents of about `sentences` / 2 chunks of 100 characters."""
    return jsonl(
        {
            "title": f"Document {number}",
            "text": " ".join(
                SENTENCE.format(document=number, part=part, word=(number * 7 + part) % 23) for part in range(sentences)
            ),
        }
        for number in range(first, first + count)
    )


def jsonl(documents: Iterable[dict[str, str]]) -> tuple[str, bytes]:
    """Return a JSONL file."""
    return "papers.jsonl", b"".join(json.dumps(one).encode() + b"\n" for one in documents)
