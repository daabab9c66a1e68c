"""Decodes and checks what a provider answered: how many vectors, in which order, how long, all finite."""

import sys
from array import array
from binascii import Error as Base64Error
from collections.abc import Sequence
from math import isfinite
from struct import Struct, error

from pybase64 import b64decode

from importer.embedding.retries import WrongAnswer

FLOAT_BYTES = 4
_HEADER = Struct(">HH")
"""How a binary vector of pgvector begins: its length and a zero."""


def decode_vectors(encoded: Sequence[object], count: int, dimensions: int) -> list[bytes]:
    """Return `count` vectors of base64 as little-endian float32; WrongAnswer when they are not what was asked for."""
    if len(encoded) != count:
        raise WrongAnswer(f"{len(encoded)} vectors for {count} texts")
    return [_decode(one, dimensions) for one in encoded]


def in_order(entries: Sequence[object]) -> list[object]:
    """Return the `embedding` of OpenAI's entries by their `index`, which must be 0, 1, 2, … in whatever order."""
    found: list[object] = [None] * len(entries)
    for entry in entries:
        index = entry.get("index") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(index, int) or not 0 <= index < len(found):
            raise WrongAnswer("an entry without a valid index")
        if found[index] is not None:
            raise WrongAnswer(f"index {index} comes twice")
        found[index] = entry.get("embedding")
    return found


def by_text(vectors: list[bytes], told: object, asked: Sequence[str]) -> list[bytes]:
    """Return Cohere's vectors in the order of `asked`, where the texts that it tells with them are the same ones.

    A text that it normalised before telling cannot be found again: the order of the answer is then relied on.
    """
    if not isinstance(told, list) or len(told) != len(asked) or told == list(asked):
        return vectors
    places = {text: place for place, text in enumerate(told) if isinstance(text, str)}
    if len(places) != len(asked) or any(text not in places for text in asked):
        return vectors
    return [vectors[places[text]] for text in asked]


def vector_field(vector: bytes) -> bytes:
    """Return a vector as a binary value of pgvector's `vector`."""
    numbers = _numbers(vector)
    if sys.byteorder == "little":
        numbers.byteswap()
    return _HEADER.pack(len(numbers), 0) + numbers.tobytes()


def halfvec_field(vector: bytes) -> bytes:
    """Return a vector as a binary value of pgvector's `halfvec`; WrongAnswer when a number is too large for it."""
    numbers = _numbers(vector)
    try:
        return _HEADER.pack(len(numbers), 0) + Struct(f">{len(numbers)}e").pack(*numbers)
    except (OverflowError, error):
        raise WrongAnswer("a number too large for halfvec") from None


def as_text(vector: bytes) -> str:
    """Return a vector as pgvector writes it."""
    return f"[{','.join(map(str, _numbers(vector)))}]"


def to_floats(vector: bytes) -> list[float]:
    """Return a vector as a list of Python floats, 32 bytes a number."""
    return _numbers(vector).tolist()


def from_floats(numbers: Sequence[float]) -> bytes:
    """Return the little-endian float32 of `numbers`."""
    vector = array("f", numbers)
    if sys.byteorder == "big":
        vector.byteswap()
    return vector.tobytes()


def _decode(encoded: object, dimensions: int) -> bytes:
    if not isinstance(encoded, str):
        raise WrongAnswer("a vector that is not base64")
    try:
        vector = b64decode(encoded, validate=True)
    except (ValueError, Base64Error):
        raise WrongAnswer("a vector that is not base64") from None
    if len(vector) != dimensions * FLOAT_BYTES:
        raise WrongAnswer(f"a vector of {len(vector) // FLOAT_BYTES} numbers instead of {dimensions}")
    if not _is_finite(vector):
        raise WrongAnswer("a vector with a number that is not finite")
    return vector


def _is_finite(vector: bytes) -> bool:
    # A number that is not finite has an exponent of ones: its last byte is 7f or ff. Few vectors need the slow look.
    last_bytes = vector[3::FLOAT_BYTES]
    if b"\x7f" not in last_bytes and b"\xff" not in last_bytes:
        return True
    return all(map(isfinite, _numbers(vector)))


def _numbers(vector: bytes) -> "array[float]":
    numbers = array("f", vector)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
