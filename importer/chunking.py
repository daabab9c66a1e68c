"""Cuts a stream of text into chunks at sentence ends, holding no more of it than one piece and one chunk.

Runs of blanks and newlines become one space, so a chunk is a single line and what it is cut into depends on the
text alone, never on how the text came in pieces.
"""

import re
from collections.abc import Iterable, Iterator

_SENTENCES = re.compile(
    r"""(?s).*(?:[.!?…]["'”’»)\]]*(?=\ )|[。！？｡]["'”’」』）》]*(?=.))"""  # noqa: RUF001 (full-width on purpose)
)
"""As much as possible that ends with a sentence; more text must follow, so that a cut never leaves nothing."""
_TO_SPACES = "".join(" " if chr(code).isspace() else chr(code) for code in range(128))


def chunk_text(pieces: Iterable[str], chunk_chars: int) -> Iterator[str]:
    """Yield chunks of at most `chunk_chars` characters, none blank; joined, they hold every word of the text."""
    text, gap = "", False
    for piece in pieces:
        words = _single_spaced(piece)
        if words:
            apart = text and (gap or piece[0].isspace())
            text = f"{text} {words}" if apart else text + words
        gap = piece[-1:].isspace() or (gap and not words)
        start = 0
        while len(text) - start > chunk_chars:
            end = _cut(text, start, start + chunk_chars)
            yield text[start:end]
            start = end + (text[end] == " ")
        text = text[start:]
    if text:
        yield text


def _single_spaced(text: str) -> str:
    if not text.isascii():
        return " ".join(text.split())
    # A third of the time of splitting into words, and no object for each of them.
    spaced = text.translate(_TO_SPACES)
    while "  " in spaced:
        spaced = spaced.replace("  ", " ")
    return spaced.strip(" ")


def _cut(text: str, start: int, limit: int) -> int:
    """Where the chunk from `start` ends: at most `limit`, which is before the end of the text."""
    middle = (start + limit) // 2
    if found := _SENTENCES.match(text, middle, limit + 1):
        return found.end()
    blank = text.rfind(" ", middle, limit + 1)
    return limit if blank < 0 else blank
