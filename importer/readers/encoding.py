"""Finds out how a text is encoded by decoding all of it, one block at a time, before any of it is used.

Byte order marks decide first, then the escape sequences of ISO 2022, then UTF-8. What is none of these is guessed from
a sample around the first byte that is not UTF-8 (charset-normalizer, then our own look at the East Asian encodings,
which it gives up on for short or odd texts), and a guess counts only when the whole text decodes.
"""

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from importer.readers.format import PIECE_CHARS

_SAMPLE_BYTES = 32 * 1024
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ESCAPES = ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$B", "iso2022_jp"), (b"\x1b$@", "iso2022_jp"), (b"\x1b(J", "iso2022_jp"))
_EAST_ASIAN = ("cp949", "johab", "cp932", "euc_jp", "gb18030", "big5")
_PLAUSIBLE = 0.6
"""Share of the letters beyond ASCII that must be ones that people write, or else the guess is noise."""
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_WRITTEN = re.compile("[\uac00-\ud7a3\u3040-\u30ff\u3131-\u318e\u2460-\u24ff\u3000-\u303f\u3200-\u32ff\uff00-\uffef]")
_IDEOGRAPH = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec and what it does with bytes that it cannot decode."""

    name: str
    errors: str = "surrogatepass"
    """Surrogates that stand alone come through, and `clean` replaces them."""


UTF_8 = Encoding("utf-8-sig")
TOLERANT = Encoding("utf-8-sig", "surrogateescape")
"""For records: each undecodable byte comes through as a lone surrogate, and its record alone fails."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What decoding a whole text has shown."""

    encoding: Encoding
    digest: bytes
    """SHA-256 of the cleaned text in UTF-8."""
    blank: bool


@dataclass(frozen=True, slots=True)
class _Fault:
    offset: int
    """Of the first byte that does not decode."""


def clean(text: str) -> str:
    """Remove NULs and replace surrogates that stand alone by U+FFFD."""
    text = text.replace("\0", "")
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def decoded_pieces(stream: BinaryIO, encoding: Encoding) -> Iterator[str]:
    """Yield the cleaned text from the start of the stream; UnicodeDecodeError where it is not in this encoding."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding.name)(encoding.errors)
    while block := stream.read(PIECE_CHARS):
        if piece := clean(decoder.decode(block)):
            yield piece
    if piece := clean(decoder.decode(b"", final=True)):
        yield piece


def survey(stream: BinaryIO) -> Survey | None:
    """Decode the whole stream in the first encoding that fits; None where none does."""
    stream.seek(0)
    head = stream.read(PIECE_CHARS)
    certain = marked(head) or _escaped(head)
    found = _attempt(stream, certain or UTF_8)
    if isinstance(found, Survey):
        return found
    for guess in () if certain else _guesses(_sample(stream, found.offset)):
        legacy = _attempt(stream, guess)
        if isinstance(legacy, Survey):
            return legacy
    return None


def survey_utf_8(stream: BinaryIO) -> Survey | None:
    """Decode a stream of our own making; None where it is not the UTF-8 that it should be."""
    found = _attempt(stream, UTF_8)
    return found if isinstance(found, Survey) else None


def marked(head: bytes) -> Encoding | None:
    """Tell UTF-16 and UTF-32 by their byte order marks."""
    return next((Encoding(name) for mark, name in _MARKS if head.startswith(mark)), None)


def _escaped(head: bytes) -> Encoding | None:
    return next((Encoding(name, "strict") for escape, name in _ESCAPES if escape in head), None)


def _attempt(stream: BinaryIO, encoding: Encoding) -> Survey | _Fault:
    digest, blank = hashlib.sha256(), True
    try:
        for piece in decoded_pieces(stream, encoding):
            digest.update(piece.encode())
            blank = blank and piece.isspace()
    except UnicodeDecodeError as error:
        return _Fault(max(0, stream.tell() - len(error.object)) + error.start)
    return Survey(encoding, digest.digest(), blank)


def _sample(stream: BinaryIO, offset: int) -> bytes:
    """Whole lines (or words, of long lines) from around `offset`, so that no character is cut in two."""
    start = max(0, offset - _SAMPLE_BYTES // 4)
    stream.seek(start)
    sample = stream.read(_SAMPLE_BYTES)
    for blank in (b"\n", b" "):
        first = sample.find(blank, 0, offset - start) + 1 if start else 0
        last = sample.rfind(blank, offset - start) + 1 if len(sample) == _SAMPLE_BYTES else len(sample)
        if last:
            return sample[first:last]
    return sample


def _guesses(sample: bytes) -> Iterator[Encoding]:
    """Legacy encodings, the likeliest first; none for binary data and for UTF-8 that is damaged."""
    if b"\0" in sample or _is_damaged_utf_8(sample):
        return
    from charset_normalizer import from_bytes  # 5 MB that only such files cost

    telling = b"".join(line for line in sample.splitlines(keepends=True) if not line.isascii())
    for match in from_bytes(telling):
        yield Encoding(match.encoding, "strict")
    plausible = [(_plausibility(telling, name), name) for name in _EAST_ASIAN]
    for share, name in sorted(plausible, key=lambda pair: -pair[0]):
        if share >= _PLAUSIBLE:
            yield Encoding(name, "strict")


def _is_damaged_utf_8(sample: bytes) -> bool:
    """Whether more characters beyond ASCII are whole than bytes are stray; legacy texts have hardly any whole ones."""
    text = sample.decode("utf-8", "surrogateescape")
    stray = len(_LONE_SURROGATE.findall(text))
    return sum(not char.isascii() for char in text) - stray > stray


def _plausibility(sample: bytes, name: str) -> float:
    """Share of what people write among the characters beyond ASCII; syllables say more than ideographs do."""
    try:
        text = sample.decode(name)
    except UnicodeDecodeError:
        return 0.0
    beyond = sum(not char.isascii() for char in text)
    written = len(_WRITTEN.findall(text)) + 0.5 * len(_IDEOGRAPH.findall(text))
    return written / beyond if beyond else 0.0
