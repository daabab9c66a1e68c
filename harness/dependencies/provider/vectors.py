"""Vectors that mean something: hashed bags of words, so that texts with common words are near each other.

Each word adds its weight (its length, as a stand-in for its rarity) to one dimension. A little noise that the
text's own digest picks comes on top of every dimension, so that no two texts share a vector, and no vector is
mostly zeros, which would be shorter in JSON than a real one. All sums are of whole numbers that a
double holds exactly, so that a vector is the same bit for bit in every batch, order and machine.
"""

import binascii
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

GROUP_BYTES = 1 << 16
"""Most bytes of text that are hashed at once, so that the work stays in the processor's cache; also the share of
a longer text whose words count."""

WORD_UNIT = 256
NOISE_PLACES = 1 << 16
LARGEST_DIMENSIONS = 16_000
LONGEST_WEIGHT = 12
_MULTIPLIER = 0x9E3779B97F4A7C15

# ASCII letters in lower case, digits and every byte above ASCII make words; all else parts them.
_WORD_BYTES = bytes(
    c + 32 if 65 <= c <= 90 else c if 97 <= c <= 122 or 48 <= c <= 57 or c >= 128 else 32 for c in range(256)
)


def _powers(base: int) -> NDArray[np.uint64]:
    values = np.full(GROUP_BYTES, base, dtype=np.uint64)
    values[0] = 1
    return np.multiply.accumulate(values)


# The hash of a word is the sum of byte * m^i over its bytes, i counted from the start of the group; multiplied by
# m^-start it no longer depends on where the word stands. (m is odd: it has an inverse modulo 2^64.)
_FORWARD = _powers(_MULTIPLIER)
_BACKWARD = _powers(pow(_MULTIPLIER, -1, 1 << 64))


def embed(texts: Sequence[bytes], digests: Sequence[bytes], dimensions: int) -> NDArray[np.float32]:
    """One unit-length row a text; `texts` in UTF-8, `digests` their SHA-256."""
    rows = np.empty((len(texts), dimensions), dtype="<f4")
    for first, group in _groups(texts):
        raw = _word_sums(group, dimensions)
        _add_noise(raw, digests[first : first + len(group)])
        norms = np.sqrt(np.einsum("ij,ij->i", raw, raw))
        np.divide(raw, norms[:, None], out=rows[first : first + len(group)], casting="same_kind")
    return rows


def to_base64(rows: NDArray[np.float32]) -> list[bytes]:
    """Each row's little-endian float32 numbers in base64, as both providers send them."""
    return [binascii.b2a_base64(row, newline=False) for row in rows]


def _groups(texts: Sequence[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """Cut `texts` into groups of at most GROUP_BYTES, each with the position of its first text."""
    group: list[bytes] = []
    first, size = 0, 0
    for position, text in enumerate(texts):
        shown = text[: GROUP_BYTES - 1]
        if group and size + len(shown) + 1 > GROUP_BYTES:
            yield first, group
            first, group, size = position, [], 0
        group.append(shown)
        size += len(shown) + 1
    if group:
        yield first, group


def _word_sums(group: Sequence[bytes], dimensions: int) -> NDArray[np.float64]:
    """Weights of the words of each text, added up by dimension."""
    letters = np.frombuffer((b" ".join(group) + b" ").translate(_WORD_BYTES), dtype=np.uint8)
    edges = np.flatnonzero(np.diff(letters != 32, prepend=False))
    starts, ends = edges[0::2], edges[1::2]
    if not len(starts):
        return np.zeros((len(group), dimensions))
    hashes = _hash_words(letters, starts)
    text_ends = np.cumsum([len(text) + 1 for text in group])
    cells = np.searchsorted(text_ends, starts, side="right") * dimensions
    cells += ((hashes >> np.uint64(33)) % np.uint64(dimensions)).astype(np.int64)
    weights = np.minimum(ends - starts, LONGEST_WEIGHT) * WORD_UNIT
    sums: NDArray[np.float64] = np.bincount(cells, weights, minlength=len(group) * dimensions).astype(
        np.float64, copy=False
    )
    return sums.reshape(len(group), dimensions)


def _hash_words(letters: NDArray[np.uint8], starts: NDArray[Any]) -> NDArray[np.uint64]:
    """A hash of each word; the spaces after it count as 0."""
    numbers = np.where(letters == 32, 0, letters).astype(np.uint64)
    numbers *= _FORWARD[: len(letters)]
    hashes: NDArray[np.uint64] = np.add.reduceat(numbers, starts) * _BACKWARD[starts]
    # The upper bits of a product depend on all bits below them: the cell is taken from there.
    hashes *= np.uint64(_MULTIPLIER)
    return hashes


def _noise_source() -> NDArray[np.float64]:
    """Whole numbers from -15 to 15 without a pattern (splitmix64 over 0, 1, 2, ...), the same on every machine."""
    mixed = np.arange(NOISE_PLACES + LARGEST_DIMENSIONS, dtype=np.uint64) * np.uint64(_MULTIPLIER)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return ((mixed >> np.uint64(33)) % np.uint64(31)).astype(np.float64) - 15


_NOISE = _noise_source()


def _add_noise(raw: NDArray[np.float64], digests: Sequence[bytes]) -> None:
    """Add two stretches of the noise to each row, from where the text's digest says."""
    width = raw.shape[1]
    for row, digest in zip(raw, digests, strict=True):
        first, second = int.from_bytes(digest[:2]), int.from_bytes(digest[2:4])
        np.add(row, _NOISE[first : first + width], out=row)
        np.add(row, _NOISE[second : second + width], out=row)
